package pages_test

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// ACC-8: the head says how many match, and where the count stops that there are more.
func TestSubAccountsHead(t *testing.T) {
	row := models.ListedAccount{ID: models.NewID(), Name: "North Clinic", Balance: models.Zero("EUR")}
	for want, list := range map[string]models.AccountList{
		"12":              {Count: 12, Rows: []models.ListedAccount{row}},
		"more than 1,000": {Count: 1000, More: true, Rows: []models.ListedAccount{row}},
	} {
		var page bytes.Buffer
		if err := (pages.SubAccounts{List: list}).View().Render(context.Background(), &page); err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(page.String(), `<span class="page-head__count">`)
		count, _, _ := strings.Cut(after, "</span>")
		for tag := strings.Index(count, "<"); tag >= 0; tag = strings.Index(count, "<") {
			count = count[:tag] + " " + count[tag+strings.Index(count[tag:], ">")+1:]
		}
		if got := strings.Join(strings.Fields(count), " "); got != want {
			t.Errorf("the head says %q, want %q", got, want)
		}
	}
}

// ACC-8: what the list shows stands in its address, and the address says the same again; the file has the filter alone.
func TestSubAccountAddresses(t *testing.T) {
	for _, q := range []models.AccountQuery{
		{},
		{Search: "a b&c=d", Status: models.Active, Funding: models.OwnBalance, Sort: "balance", Desc: true, After: "x"},
		{Search: "ä%", Sort: "name", Before: "y"},
	} {
		address := paths.SubAccountList(q)
		_, query, _ := strings.Cut(address, "?")
		if got := paths.ParseSubAccountQuery(parsed(t, query)); got != q {
			t.Errorf("%s says %+v, want %+v", address, got, q)
		}
		file := paths.SubAccountsFile(q)
		if !strings.HasPrefix(file, "/sub-accounts.csv") || strings.Contains(file, "after") || strings.Contains(file, "sort") {
			t.Errorf("the file is at %s", file)
		}
	}
}

func parsed(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
