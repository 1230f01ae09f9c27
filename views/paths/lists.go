package paths

import (
	"net/url"
	"slices"
	"strings"

	"offshoot/models"
)

// SubAccountList is the list of sub-accounts as a query finds it; all that the query says stands in the address.
func SubAccountList(q models.AccountQuery) string { return With(SubAccounts(), subAccountQuery(q)) }

// SubAccountsFile is the file of all sub-accounts that a query finds, on whatever page of the list.
func SubAccountsFile(q models.AccountQuery) string {
	return CSV(SubAccounts(), subAccountQuery(models.AccountQuery{Search: q.Search, Status: q.Status, Funding: q.Funding}))
}

// ParseSubAccountQuery is the query that an address of the list holds. What it does not know narrows nothing.
func ParseSubAccountQuery(from url.Values) models.AccountQuery {
	q := models.AccountQuery{Search: clip(from.Get("q")), After: from.Get("after"), Before: from.Get("before"), Sort: from.Get("sort")}
	if len(q.Sort) > 0 && q.Sort[0] == '-' {
		q.Sort, q.Desc = q.Sort[1:], true
	}
	switch status := models.AccountStatus(from.Get("status")); status {
	case models.Pending, models.Active, models.Deactivated:
		q.Status = status
	}
	if funding := models.Funding(from.Get("funding")); slices.Contains(models.Fundings, funding) {
		q.Funding = funding
	}
	return q
}

// SubAccountFields are the fields of a form that asks for the same list.
func SubAccountFields(q models.AccountQuery) map[string]string {
	fields := map[string]string{}
	for name, values := range subAccountQuery(q) {
		if values[0] != "" {
			fields[name] = values[0]
		}
	}
	return fields
}

// clip keeps as much of a search as any name has, so that an address cannot blow a page up.
func clip(search string) string {
	search = strings.ToValidUTF8(strings.ReplaceAll(search, "\x00", ""), "")
	if runes := []rune(search); len(runes) > 100 {
		return string(runes[:100])
	}
	return search
}

func subAccountQuery(q models.AccountQuery) url.Values {
	sort := q.Sort
	if sort != "" && q.Desc {
		sort = "-" + sort
	}
	return url.Values{"q": {q.Search}, "status": {string(q.Status)}, "funding": {string(q.Funding)}, "sort": {sort},
		"after": {q.After}, "before": {q.Before}}
}
