package accounts_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/storetest"
)

// listed is a world whose first company has 122 sub-accounts with many ties in every column but name and e-mail. They are
// put there past the services, so the books of this world are not checked.
func listed(t *testing.T) *storetest.World {
	t.Helper()
	w := storetest.WorldOn(t, storetest.Unchecked(t))
	pool := w.Raw
	_, err := pool.Exec(ctx, grow, w.Clinic.ID, "few.example", "EUR", 120)
	must(t, err)
	for _, tie := range []string{
		`UPDATE wallets SET balance = (hashtext(id::text) & 7) * 1000000 WHERE tenant_id = $1 AND kind = 'balance' AND account_id <> tenant_id`,
		`UPDATE wallets SET last_at = timestamptz '2026-01-01 10:00:00.123456Z' + (hashtext(id::text) & 3) * interval '1 day'
			WHERE tenant_id = $1 AND kind = 'spent' AND hashtext(id::text) & 4 = 0`,
		`UPDATE wallets SET units_held = (hashtext(id::text) & 3) * 1000000 WHERE tenant_id = $1 AND kind = 'spent' AND account_id <> tenant_id`,
		`UPDATE wallets SET units_used_at = timestamptz '2026-01-02 11:00:00Z' WHERE tenant_id = $1 AND kind = 'spent' AND hashtext(id::text) & 8 = 0`,
		`UPDATE users SET last_login_at = timestamptz '2026-01-01 10:00:00Z' + (hashtext(id::text) & 3) * interval '1 hour'
			WHERE tenant_id = $1 AND hashtext(id::text) & 4 = 0`,
		`UPDATE accounts SET mobile = '+4915112345' || (hashtext(id::text) & 7) WHERE tenant_id = $1 AND kind = 'sub'`,
	} {
		_, err := pool.Exec(ctx, tie, w.Clinic.ID)
		must(t, err)
	}
	_, err = pool.Exec(ctx, "ANALYZE") // what autovacuum does after so many new rows; without it PostgreSQL plans for a handful
	must(t, err)
	return w
}

func list(t *testing.T, w *storetest.World, c storetest.Company, q models.AccountQuery) models.AccountList {
	t.Helper()
	page, err := w.Accounts.List(ctx, c.Admin.Actor, q)
	must(t, err)
	return page
}

func names(page models.AccountList) string {
	var all []string
	for _, r := range page.Rows {
		all = append(all, r.Name)
	}
	return strings.Join(all, ", ")
}

// sortKey is what a row is sorted by, as text that sorts the same.
func sortKey(r models.ListedAccount, column string) string {
	at := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	switch column {
	case "name":
		return "" // in the order of people, which bytes do not have; names are compared with SQL's
	case "email":
		return r.Email
	case "mobile":
		return r.Mobile
	case "status":
		return string(r.Status)
	case "funding":
		return string(r.Funding)
	case "balance":
		return fmt.Sprintf("%020d", r.Balance.Micros())
	case "units":
		return fmt.Sprintf("%020d", r.Units)
	case "last_login":
		return at(r.LastLogin)
	case "last_activity":
		return at(r.LastActivity)
	}
	panic(column)
}

// ACC-8: by every column, in both directions, the pages hold every row exactly once and in order, ties or not; going back
// shows the same pages; and the other direction is the exact reverse.
func TestListPages(t *testing.T) {
	w := listed(t)
	for _, column := range models.AccountColumns {
		var up []models.ID
		for _, desc := range []bool{false, true} {
			t.Run(fmt.Sprint(column, " desc ", desc), func(t *testing.T) {
				q := models.AccountQuery{Sort: column, Desc: desc}
				var pages []models.AccountList
				var ids []models.ID
				var keys []string
				for {
					page := list(t, w, w.Clinic, q)
					pages = append(pages, page)
					for _, r := range page.Rows {
						ids, keys = append(ids, r.ID), append(keys, sortKey(r, column))
					}
					if page.Sorted != column || page.Count != 122 || page.More || (page.Newer == "") != (len(pages) == 1) {
						t.Errorf("page %d: by %s, %d match, newer %q", len(pages), page.Sorted, page.Count, page.Newer)
					}
					if q.After = page.Older; q.After == "" || len(pages) > 9 {
						break
					}
				}
				if len(pages) != 3 || len(ids) != 122 || len(slices.Compact(slices.SortedFunc(slices.Values(ids), func(a, b models.ID) int { return strings.Compare(a.String(), b.String()) }))) != 122 {
					t.Fatalf("%d pages, %d rows", len(pages), len(ids))
				}
				if desc {
					slices.Reverse(keys)
				}
				if !slices.IsSorted(keys) {
					t.Error("not in order")
				}
				for i := len(pages) - 1; i > 0; i-- {
					back := list(t, w, w.Clinic, models.AccountQuery{Sort: column, Desc: desc, Before: pages[i].Newer})
					if names(back) != names(pages[i-1]) {
						t.Errorf("back from page %d: %s", i+1, names(back))
					}
					if back.Older != pages[i-1].Older || (back.Newer == "") != (i == 1) {
						t.Errorf("back on page %d the cursors are others", i)
					}
				}
				if !desc {
					up = ids
					return
				}
				if slices.Reverse(ids); !slices.Equal(up, ids) {
					t.Error("down is not the reverse of up")
				}
			})
		}
	}
	want := strings.Split(names(list(t, w, w.Clinic, models.AccountQuery{})), ", ")
	if got := names(list(t, w, w.Clinic, models.AccountQuery{Sort: "password_hash; DROP TABLE users"})); got != strings.Join(want, ", ") {
		t.Error("an unknown column is not the name")
	}
	if folded := slices.Clone(want); !slices.IsSortedFunc(folded, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		t.Errorf("names: %v", want)
	}
}

// ACC-8: cursors that somebody made up, or that belong to another order, show the first page and never fail.
func TestListMadeUpCursors(t *testing.T) {
	w := storetest.NewWorld(t)
	cursor := func(key string) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"Key":%q,"ID":%q}`, key, models.NewID()))
	}
	made := []string{"", "x", "%%%", "AAAA", strings.Repeat("A", 1<<16), base64.RawURLEncoding.EncodeToString([]byte("{}")), base64.RawURLEncoding.EncodeToString([]byte("null")),
		base64.RawURLEncoding.EncodeToString([]byte(`{"Key":"` + "\xff" + `","ID":"` + models.NewID().String() + `"}`)),
		base64.RawURLEncoding.EncodeToString([]byte(`{"Key":"\u0000","ID":"` + models.NewID().String() + `"}`)),
		base64.RawURLEncoding.EncodeToString([]byte(`{"Key":"\ud800","ID":"` + models.NewID().String() + `"}`)),
		base64.RawURLEncoding.EncodeToString([]byte(`{"Key":1,"ID":"` + models.NewID().String() + `"}`))}
	for _, key := range []string{"", "Ward 7", "9", "-9223372036854775808", "9223372036854775808", "1e9", "+5", "٢", "-infinity", "infinity", "now", "epoch",
		"2026-01-01 10:00:00+00", "2026-01-01 10:00:00+05:30", "2026-13-01 10:00:00+00", "0000-01-01 00:00:00+00", "0000-01-01 00:00:00Z", "9999-12-31 23:59:59+00",
		"2026-01-01 10:00:00+20", "2026-01-01 10:00:00+20:00", "2026-01-01 10:00:00-16:59", "2026-01-01 10:00:00." + strings.Repeat("1", 300) + "+00", "'; DROP TABLE accounts; --", strings.Repeat("x", 1<<16)} {
		made = append(made, cursor(key))
	}
	for _, column := range []string{"name", "balance", "last_login"} { // one of each type
		for _, c := range made {
			for _, q := range []models.AccountQuery{{Sort: column, After: c}, {Sort: column, Desc: true, After: c, Before: c}} {
				if _, err := w.Accounts.List(ctx, w.Clinic.Admin.Actor, q); err != nil {
					t.Errorf("by %s, cursor %.60q: %v", column, c, err)
				}
			}
		}
	}
	for _, c := range made {
		if _, _, err := w.Accounts.Find(ctx, w.Sam.Actor, models.FindQuery{After: c}); err != nil {
			t.Errorf("found after %.60q: %v", c, err)
		}
	}
	if got := list(t, w, w.Clinic, models.AccountQuery{Sort: "balance", After: cursor("2026-01-01 10:00:00+00")}); names(got) != "North Clinic, Night Ward" && names(got) != "Night Ward, North Clinic" {
		t.Error("a cursor of another order is not the first page")
	}
}

// ACC-8: search finds parts of name, contact, e-mail and mobile, whatever the capitals and the script; % and _ and \ are
// themselves.
func TestListSearch(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for i, name := range []string{"Ärzte SÜD", "100% Care", "a_b", `back\slash`, "ΟΔΟΣ Clinic", "Straße", "診療所 北", "İzmir"} {
		w.AddPending(t, c, name, fmt.Sprintf("search%d@clinic.example", i))
	}
	for text, want := range map[string]string{
		"ärzte":                  "Ärzte SÜD",
		"ÄRZTE":                  "Ärzte SÜD",
		"A\u0308rzte su\u0308d":  "Ärzte SÜD",
		"süd":                    "Ärzte SÜD",
		"%":                      "100% Care",
		"0%":                     "100% Care",
		"_":                      "a_b",
		`\`:                      `back\slash`,
		"οδος":                   "ΟΔΟΣ Clinic",
		"ΟΔΟΣ":                   "ΟΔΟΣ Clinic",
		"straße":                 "Straße",
		"診療":                     "診療所 北",
		"İz":                     "İzmir",
		"SEARCH2@":               "a_b",
		"robin frey":             "100% Care, a_b, Ärzte SÜD, back\\slash, İzmir, Straße, ΟΔΟΣ Clinic, 診療所 北",
		"  night ":               "Night Ward",
		"+4915112345673":         "Night Ward",
		"nobody":                 "",
		"a%b":                    "",
		"' OR 1=1":               "",
		"\x00night":              "Night Ward",
		"night\xff":              "Night Ward",
		"Lighthouse":             "", // another tenant's
		"North Clinic Group":     "", // the parent
		c.Email:                  "", // its e-mail
		strings.Repeat("x", 1e6): "",
	} {
		if got := list(t, w, c, models.AccountQuery{Search: text}); names(got) != want || got.Count != int64(len(got.Rows)) {
			t.Errorf("%.30q found %q, want %q", text, names(got), want)
		}
	}
}

// ACC-8: filters by status and funding, together with a search; what is no status shows nothing.
func TestListFilters(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	w.AddPending(t, c, "Day Ward", "day@clinic.example")
	for _, gone := range []string{"Closed", "Deleted"} {
		a := w.AddPending(t, c, gone, strings.ToLower(gone)+"@clinic.example")
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "closed")
		must(t, err)
		if gone == "Deleted" {
			_, err = w.Accounts.Delete(ctx, c.Admin.Actor, a.ID, gone)
			must(t, err)
		}
	}
	for _, r := range []struct {
		q    models.AccountQuery
		want string
	}{
		{models.AccountQuery{}, "Closed, Day Ward, Night Ward, North Clinic"},
		{models.AccountQuery{Status: models.Pending}, "Day Ward"},
		{models.AccountQuery{Status: models.Active}, "Night Ward, North Clinic"},
		{models.AccountQuery{Status: models.Deactivated}, "Closed"},
		{models.AccountQuery{Status: models.Deleted}, ""},
		{models.AccountQuery{Status: "no such\x00"}, ""},
		{models.AccountQuery{Funding: models.SharedBalance}, "Night Ward"},
		{models.AccountQuery{Funding: models.OwnBalance, Search: "ward"}, "Day Ward, North Clinic"}, // ward@clinic.example
		{models.AccountQuery{Funding: "x\xff"}, ""},
		{models.AccountQuery{Status: models.Active, Funding: models.OwnBalance, Search: "night"}, ""},
	} {
		if got := list(t, w, c, r.q); names(got) != r.want || got.Count != int64(len(got.Rows)) {
			t.Errorf("%+v: %s (%d), want %s", r.q, names(got), got.Count, r.want)
		}
	}
	if got := list(t, w, w.Harbor, models.AccountQuery{}); names(got) != "Lighthouse, Pier One" {
		t.Errorf("the other tenant has %s", names(got))
	}
	for what, actor := range map[string]models.Actor{"a sub-account": c.Own.Actor, "nobody": {}} {
		if got, err := w.Accounts.List(ctx, actor, models.AccountQuery{}); len(got.Rows) != 0 {
			t.Errorf("%s sees %s %v", what, names(got), err)
		} else {
			refused(t, err, models.ErrMissingPrivilege, "")
		}
		refused(t, w.Accounts.ExportDetails(ctx, actor, models.AccountQuery{}, nil), models.ErrMissingPrivilege, "")
	}
	if got, err := w.Accounts.List(ctx, w.Sam.Actor.In(c.ID), models.AccountQuery{}); err != nil || len(got.Rows) != 4 {
		t.Errorf("staff see %s %v", names(got), err)
	}
	if got, err := w.Accounts.List(ctx, w.Sam.Actor, models.AccountQuery{}); err != nil || len(got.Rows) != 0 {
		t.Errorf("staff at home see %s %v", names(got), err)
	}
}

// REP-2: the file holds what the list holds, all pages of it, filtered alike.
func TestExportIsTheList(t *testing.T) {
	w := listed(t)
	for _, q := range []models.AccountQuery{{}, {Search: "ward 1"}, {Status: models.Pending, Funding: models.SharedBalance}, {Search: "100% ' ?"}} {
		var want, got []string
		for page := q; ; {
			answer := list(t, w, w.Clinic, page)
			for _, r := range answer.Rows {
				want = append(want, fmt.Sprint(r.Name, r.Email, r.Mobile, r.Status, r.Balance))
			}
			if page.After = answer.Older; page.After == "" {
				break
			}
		}
		must(t, w.Accounts.ExportDetails(ctx, w.Clinic.Admin.Actor, q, func(d models.SubAccountDetails) error {
			got = append(got, fmt.Sprint(d.Name, d.Email, d.Mobile, d.Status, d.RemainingBalance))
			return nil
		}))
		if !slices.Equal(got, want) {
			t.Errorf("%+v: the file has %d rows, the list %d", q, len(got), len(want))
		}
	}
	stop := fmt.Errorf("the reader went away")
	rows := 0
	err := w.Accounts.ExportDetails(ctx, w.Clinic.Admin.Actor, models.AccountQuery{}, func(models.SubAccountDetails) error { rows++; return stop })
	if err != stop || rows != 1 {
		t.Errorf("went on for %d rows: %v", rows, err)
	}
}

// REP-2: Sharing balance is what the parent gave and has not taken back, Remaining balance what is there.
func TestExportBalances(t *testing.T) {
	w := storetest.NewWorld(t)
	transfer(t, w, w.Clinic, w.Clinic.Own.Account.ID, "30")
	must(t, w.Accounts.ExportDetails(ctx, w.Clinic.Admin.Actor, models.AccountQuery{Search: "north"}, func(d models.SubAccountDetails) error {
		if d.SharingBalance.String() != "30.00 EUR" || d.RemainingBalance.String() != "30.00 EUR" {
			t.Errorf("%+v", d)
		}
		return nil
	}))
}

// ACC-8: what a page shows of one account is shown to those who may see it, and to others there is no such account.
func TestWhoSeesAnAccount(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for what, r := range map[string]struct {
		actor models.Actor
		id    models.ID
		sees  bool
	}{
		"a parent its own":            {c.Admin.Actor, c.Own.Account.ID, true},
		"a parent itself":             {c.Admin.Actor, c.ID, true},
		"a sub-account itself":        {c.Own.Actor, c.Own.Account.ID, true},
		"staff at work there":         {w.Sam.Actor.In(c.ID), c.Own.Account.ID, true},
		"a sub-account a sibling":     {c.Own.Actor, c.Shared.Account.ID, false},
		"a sub-account its parent":    {c.Own.Actor, c.ID, false},
		"a parent another's":          {c.Admin.Actor, w.Harbor.Own.Account.ID, false},
		"a parent another":            {c.Admin.Actor, w.Harbor.ID, false},
		"a parent the operator":       {c.Admin.Actor, w.Sam.Account.ID, false},
		"a parent nobody":             {c.Admin.Actor, models.NewID(), false},
		"a parent nothing":            {c.Admin.Actor, models.NoID, false},
		"staff nothing":               {w.Sam.Actor.In(c.ID), models.NoID, false},
		"staff at work elsewhere":     {w.Sam.Actor.In(w.Harbor.ID), c.Own.Account.ID, false},
		"nobody":                      {models.Actor{}, c.Own.Account.ID, false},
		"nobody, with a tenant alone": {models.Actor{Tenant: c.ID}, c.Own.Account.ID, false},
	} {
		a, err := w.Accounts.Account(ctx, r.actor, r.id)
		shown, err2 := w.Accounts.Show(ctx, r.actor, r.id)
		if r.sees && (err != nil || err2 != nil || a.ID != r.id || shown.ID != r.id) {
			t.Errorf("%s: %v %v", what, err, err2)
		}
		if !r.sees {
			refused(t, err, accounts.ErrNoSuchAccount, "")
			refused(t, err2, accounts.ErrNoSuchAccount, "")
		}
	}
	for text, want := range map[string]models.ID{"north CLINIC": c.Own.Account.ID, c.Own.Account.ID.String(): c.Own.Account.ID, "North Clinic Group": c.ID,
		"Pier One": models.NoID, w.Harbor.Own.Account.ID.String(): models.NoID, "": models.NoID, "North": models.NoID, "a\x00": models.NoID, "\xff": models.NoID} {
		a, err := w.Accounts.Named(ctx, c.Admin.Actor, text)
		if want != models.NoID && (err != nil || a.ID != want) {
			t.Errorf("%q: %v %v", text, a.Name, err)
		}
		if want == models.NoID {
			refused(t, err, accounts.ErrNoSuchAccount, "")
		}
	}
}
