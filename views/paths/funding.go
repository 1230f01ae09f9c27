package paths

import (
	"net/url"

	"offshoot/models"
)

// MonthStart is the rehearsal of the next month start, MonthNow how the month that runs has started.
func MonthStart(q models.MonthQuery) string { return With("/month-start", monthQuery(q)) }
func MonthNow(q models.MonthQuery) string {
	values := monthQuery(q)
	values.Set("month", "this")
	return With("/month-start", values)
}

// MonthStartFile is the file of the rehearsal.
func MonthStartFile() string { return CSV("/month-start", nil) }

// SubAccountPriority is where it is said who comes first at a month start.
func SubAccountPriority(id models.ID) string { return SubAccount(id) + "/priority" }

func monthQuery(q models.MonthQuery) url.Values {
	values := url.Values{"after": {q.After}}
	if q.OnlyShort {
		values.Set("show", "short")
	}
	return values
}

// ParseMonthQuery is the query that an address of a month start holds, and whether it is about the month that runs.
func ParseMonthQuery(from url.Values) (q models.MonthQuery, now bool) {
	return models.MonthQuery{OnlyShort: from.Get("show") == "short", After: from.Get("after")}, from.Get("month") == "this"
}

// ShowFunding leads to how a sub-account is funded, on its tab Balance.
func ShowFunding(id models.ID) string { return SubAccountBalance(id) + "#" + FundingCard }

// FundingCard is the section on the tab.
const FundingCard = "funding"
