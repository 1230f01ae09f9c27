package reports_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/services/store"
)

// logged writes lines of the log at moments, in the books of a tenant.
func (w *world) logged(t testing.TB, actor models.Actor, moment time.Time, events ...models.Event) {
	t.Helper()
	before := w.Clock.Now()
	w.Clock.Set(moment)
	defer w.Clock.Set(before)
	_, err := w.Store.Change(ctx, actor, func(_ context.Context, tx *store.Tx) (models.Event, error) {
		for _, event := range events[1:] {
			if err := tx.Log(event); err != nil {
				return models.Event{}, err
			}
		}
		return events[0], nil
	})
	must(t, err)
}

// REP-3: bad filters and links are refused with a sentence; ids of another tenant are not found.
func TestActionLogRefuses(t *testing.T) {
	w := newWorld(t)
	nora := w.Clinic.Admin.Actor
	for what, c := range map[string]struct {
		actor  models.Actor
		filter reports.LogFilter
		page   reports.Page
		want   *models.Error
		fields []string
	}{
		"a sub-account":              {w.Clinic.Own.Actor, reports.LogFilter{}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"a sub-account about itself": {w.Clinic.Own.Actor, reports.LogFilter{Account: w.Clinic.Own.Account.ID}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"nobody":                     {models.Actor{Tenant: w.Clinic.ID}, reports.LogFilter{}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"days the wrong way":         {nora, reports.LogFilter{Days: models.Days{From: day("2026-11-02"), To: day("2026-11-01")}}, reports.Page{}, models.ErrCheckFields, []string{"to"}},
		"an unknown group":           {nora, reports.LogFilter{Group: "balance' OR true --"}, reports.Page{}, models.ErrCheckFields, []string{"group"}},
		"an unknown action":          {nora, reports.LogFilter{Action: "transfer"}, reports.Page{}, models.ErrCheckFields, []string{"action"}},
		"no text":                    {nora, reports.LogFilter{Who: "a\x00b"}, reports.Page{}, models.ErrCheckFields, []string{"who"}},
		"not UTF-8":                  {nora, reports.LogFilter{Who: "a\xff"}, reports.Page{}, models.ErrCheckFields, []string{"who"}},
		"a megabyte":                 {nora, reports.LogFilter{Who: strings.Repeat("a", 1<<20)}, reports.Page{}, models.ErrCheckFields, []string{"who"}},
		"another tenant's account":   {nora, reports.LogFilter{Account: w.Harbor.Own.Account.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"another tenant":             {nora, reports.LogFilter{Account: w.Harbor.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"no account at all":          {nora, reports.LogFilter{Account: models.NewID()}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"a broken cursor":            {nora, reports.LogFilter{}, reports.Page{Older: "x"}, reports.ErrBadCursor, nil},
		"a cursor of zeros":          {nora, reports.LogFilter{}, reports.Page{Newer: strings.Repeat("_", 32)}, reports.ErrBadCursor, nil},
		"a long cursor":              {nora, reports.LogFilter{}, reports.Page{Older: strings.Repeat("A", 33)}, reports.ErrBadCursor, nil},
	} {
		_, err := w.reports.ActionLog(ctx, c.actor, c.filter, c.page)
		refused(t, what, err, c.want, c.fields...)
		if c.page == (reports.Page{}) {
			err = w.reports.ExportActionLog(ctx, c.actor, c.filter, func(models.LogLine) error {
				t.Errorf("%s: a line came out", what)
				return nil
			})
			refused(t, what+", exported", err, c.want, c.fields...)
		}
	}
}

// REP-3: a parent reads the lines of its own books and nobody else's; staff read all, or one tenant's.
func TestActionLogReach(t *testing.T) {
	w := newWorld(t)
	w.give(t, w.Clinic, w.Clinic.Own, "25.00", "for =November")
	read := func(actor models.Actor, filter reports.LogFilter) []models.LogLine {
		t.Helper()
		page, err := w.reports.ActionLog(ctx, actor, filter, reports.Page{Size: 200})
		must(t, err)
		return page.Lines
	}
	of := func(lines []models.LogLine) (tenants []models.ID) {
		for _, l := range lines {
			if !slices.Contains(tenants, l.Tenant) {
				tenants = append(tenants, l.Tenant)
			}
		}
		return tenants
	}
	clinic, harbor := read(w.Clinic.Admin.Actor, reports.LogFilter{}), read(w.Harbor.Admin.Actor, reports.LogFilter{})
	if got := of(clinic); !reflect.DeepEqual(got, []models.ID{w.Clinic.ID}) {
		t.Errorf("the clinic reads the books of %v", got)
	}
	if got := of(harbor); !reflect.DeepEqual(got, []models.ID{w.Harbor.ID}) {
		t.Errorf("the harbor reads the books of %v", got)
	}
	everything := read(w.Sam.Actor, reports.LogFilter{})
	if n := w.Count(t, "action_log"); len(everything) != n || len(of(everything)) != 3 {
		t.Errorf("staff read %d lines of %d, of %d tenants", len(everything), n, len(of(everything)))
	}
	for _, l := range everything {
		if l.Tenant == w.Clinic.ID && l.TenantName != "North Clinic Group" {
			t.Errorf("a line of the clinic is said to be of %q", l.TenantName)
		}
	}
	if got := read(w.Sam.Actor.In(w.Harbor.ID), reports.LogFilter{}); len(got) != len(harbor) || len(of(got)) != 1 {
		t.Errorf("staff in the harbor read %d lines of %d", len(got), len(harbor))
	}
	if got := read(w.Sam.Actor, reports.LogFilter{Account: w.Harbor.ID}); len(got) == 0 || !reflect.DeepEqual(of(got), []models.ID{w.Harbor.ID}) {
		t.Errorf("staff who filter for the harbor read %d lines of %v", len(got), of(got))
	}
	if _, err := w.reports.ActionLog(ctx, w.Sam.Actor, reports.LogFilter{Account: w.Clinic.Own.Account.ID}, reports.Page{}); !errors.Is(err, reports.ErrNoSuchAccount) {
		t.Errorf("staff who name a sub-account without its tenant: %v", err)
	}

	given := clinic[0]
	if given.Action != models.TransferPosted || given.AccountName != "North Clinic" || given.OtherName != "North Clinic Group" || given.Other != w.Clinic.ID ||
		given.Amount.String() != "25.00 EUR" || given.BalanceAfter.String() != "25.00 EUR" || given.ActorEmail != "nora@clinic.example" ||
		given.Details["note"] != "for =November" || given.Transfer == models.NoID || !given.At.Equal(w.Clock.Now()) || given.ActingAs != "" {
		t.Errorf("the newest line is %+v", given)
	}
}

// ACC-12, REP-3: a line written while somebody was in an account that is not theirs names both.
func TestActionLogActingAs(t *testing.T) {
	w := newWorld(t)
	sam := w.Clinic.Own.Actor
	sam.User, sam.Email, sam.Home, sam.HomeAcct = w.Sam.Actor.User, w.Sam.Email, w.Sam.Actor.Home, w.Sam.Actor.HomeAcct
	sam.Access = &models.Access{ID: models.NewID(), Reason: "Ticket 7"}
	w.logged(t, sam, w.Clock.Now(), models.Event{Action: models.SubAccountEdited, Account: w.Clinic.Own.Account.ID})
	page, err := w.reports.ActionLog(ctx, w.Clinic.Admin.Actor, reports.LogFilter{}, reports.Page{Size: 1})
	must(t, err)
	if l := page.Lines[0]; l.ActorEmail != w.Sam.Email || l.ActingAs != "North Clinic" {
		t.Errorf("the line is by %q as %q", l.ActorEmail, l.ActingAs)
	}
}

// REP-3, REP-5: each filter passes what it names and nothing else, days being those of the reader's zone.
func TestActionLogFilters(t *testing.T) {
	w := newWorld(t)
	nora, beirut := w.Clinic.Admin.Actor, zone(t, "Asia/Beirut")
	ward := w.Clinic.Own.Account.ID
	w.give(t, w.Clinic, w.Clinic.Own, "25.00", "")
	other := nora
	other.Email = "100%_sure@clinic.example"
	// 29 March 2026 begins at 01:00 in Beirut, which is 22:00 UTC the day before
	w.logged(t, other, at("2026-03-28T21:59:59Z"), models.Event{Action: models.AccessStarted, Account: ward})
	w.logged(t, other, at("2026-03-28T22:00:00Z"), models.Event{Action: models.SignedIn, Account: ward})
	w.logged(t, nora, at("2026-03-29T20:59:59Z"), models.Event{Action: models.AccessEnded, Account: w.Clinic.ID})
	w.logged(t, nora, at("2026-03-29T21:00:00Z"), models.Event{Action: models.SignedOut, Account: w.Clinic.ID})

	spring := models.Days{From: day("2026-03-01"), To: day("2026-03-31"), Zone: beirut}
	for what, c := range map[string]struct {
		filter reports.LogFilter
		want   []models.Action
	}{
		"all of March":        {reports.LogFilter{Days: spring}, []models.Action{models.SignedOut, models.AccessEnded, models.SignedIn, models.AccessStarted}},
		"the short day":       {reports.LogFilter{Days: models.Days{From: day("2026-03-29"), To: day("2026-03-29"), Zone: beirut}}, []models.Action{models.AccessEnded, models.SignedIn}},
		"the same day, UTC":   {reports.LogFilter{Days: models.Days{From: day("2026-03-29"), To: day("2026-03-29")}}, []models.Action{models.SignedOut, models.AccessEnded}},
		"until the day":       {reports.LogFilter{Days: models.Days{To: day("2026-03-28"), Zone: beirut}}, []models.Action{models.AccessStarted}},
		"an account":          {reports.LogFilter{Account: ward, Days: spring}, []models.Action{models.SignedIn, models.AccessStarted}},
		"a group":             {reports.LogFilter{Group: "access", Days: spring}, []models.Action{models.AccessEnded, models.AccessStarted}},
		"a group, an account": {reports.LogFilter{Group: "access", Account: ward, Days: spring}, []models.Action{models.AccessStarted}},
		"an action":           {reports.LogFilter{Action: models.SignedIn, Days: spring}, []models.Action{models.SignedIn}},
		"of another group":    {reports.LogFilter{Action: models.SignedIn, Group: "access"}, nil},
		"of its group":        {reports.LogFilter{Action: models.AccessEnded, Group: "access"}, []models.Action{models.AccessEnded}},
		"who":                 {reports.LogFilter{Who: "SURE@clinic", Days: spring}, []models.Action{models.SignedIn, models.AccessStarted}},
		"who, literally":      {reports.LogFilter{Who: "0%_s", Days: spring}, []models.Action{models.SignedIn, models.AccessStarted}},
		"who, no pattern":     {reports.LogFilter{Who: "n%a", Days: spring}, nil},
		"who, no pattern _":   {reports.LogFilter{Who: "nor_@", Days: spring}, nil},
		`who, a \`:            {reports.LogFilter{Who: `\`, Days: spring}, nil},
		"money":               {reports.LogFilter{Group: "balance", Account: ward}, []models.Action{models.TransferPosted}},
	} {
		page, err := w.reports.ActionLog(ctx, nora, c.filter, reports.Page{})
		must(t, err)
		var got, exported []models.Action
		for _, l := range page.Lines {
			got = append(got, l.Action)
		}
		must(t, w.reports.ExportActionLog(ctx, nora, c.filter, func(l models.LogLine) error {
			exported = append(exported, l.Action)
			return nil
		}))
		if !slices.Equal(got, c.want) || !slices.Equal(exported, c.want) {
			t.Errorf("%s: %v, exported %v, not %v", what, got, exported, c.want)
		}
	}
}

// REP-3: turning pages in either direction shows every line once, in one order, however many happened in one moment, and
// whatever comes in at the front meanwhile. The export has the same lines in the same order.
func TestActionLogPages(t *testing.T) {
	w := newWorld(t)
	nora := w.Clinic.Admin.Actor
	for i := range 7 {
		var events []models.Event
		for range 1 + i%3*5 { // 1, 6 or 11 in one moment
			events = append(events, models.Event{Action: []models.Action{models.SignedIn, models.SignedOut, models.CodeSent}[i%3], Account: w.Clinic.ID,
				Details: map[string]string{"ip": "::1"}})
		}
		w.logged(t, nora, at("2026-11-01T10:00:00Z").Add(time.Duration(i)*time.Second), events...)
	}
	for _, filter := range []reports.LogFilter{
		{Days: models.Days{From: day("2026-11-01"), To: day("2026-11-01")}},
		{Days: models.Days{From: day("2026-11-01"), To: day("2026-11-01")}, Group: "sign_in"},
	} {
		var all []models.LogLine
		must(t, w.reports.ExportActionLog(ctx, nora, filter, func(l models.LogLine) error { all = append(all, l); return nil }))
		if len(all) < 14 {
			t.Fatalf("%d lines only", len(all))
		}
		for size := 1; size <= len(all)+1; size++ {
			var older []models.LogLine
			var pages []reports.LogPage
			next := ""
			for {
				page, err := w.reports.ActionLog(ctx, nora, filter, reports.Page{Older: next, Size: size})
				must(t, err)
				older, pages = append(older, page.Lines...), append(pages, page)
				if (page.Newer == "") != (len(pages) == 1) {
					t.Fatalf("page %d of size %d links to newer lines: %q", len(pages), size, page.Newer)
				}
				if next = page.Older; next == "" {
					break
				}
				if len(pages) > len(all) {
					t.Fatalf("pages of %d do not end", size)
				}
			}
			if !reflect.DeepEqual(older, all) {
				t.Fatalf("pages of %d show %d lines, not the %d of the export", size, len(older), len(all))
			}
			for i := len(pages) - 1; i > 0; i-- {
				page, err := w.reports.ActionLog(ctx, nora, filter, reports.Page{Newer: pages[i].Newer, Size: size})
				must(t, err)
				if !reflect.DeepEqual(page, pages[i-1]) {
					t.Fatalf("back from page %d of size %d is not page %d", i, size, i-1)
				}
			}
		}
	}

	// Who goes back finds the page they came from, and at the front a whole page with what came meanwhile.
	filter := reports.LogFilter{Days: models.Days{From: day("2026-11-01")}}
	read := func(page reports.Page) reports.LogPage {
		t.Helper()
		page.Size = 10
		found, err := w.reports.ActionLog(ctx, nora, filter, page)
		must(t, err)
		return found
	}
	first := read(reports.Page{})
	second := read(reports.Page{Older: first.Older})
	w.logged(t, nora, w.Clock.Now().Add(time.Minute), models.Event{Action: models.JobRetried, Account: w.Clinic.ID})
	back := read(reports.Page{Newer: second.Newer})
	if !reflect.DeepEqual(back.Lines, first.Lines) || back.Newer == "" {
		t.Errorf("back from the second page there are %d lines, and newer ones at %q", len(back.Lines), back.Newer)
	}
	front := read(reports.Page{Newer: back.Newer, Older: second.Older})
	if len(front.Lines) != 10 || front.Lines[0].Action != models.JobRetried || front.Lines[1].ID != first.Lines[0].ID || front.Newer != "" {
		t.Errorf("the front of the list has %d lines, the newest %s, and newer ones at %q", len(front.Lines), front.Lines[0].Action, front.Newer)
	}
}

// REP-3: an export ends with the error of whoever takes its lines.
func TestExportActionLogEnds(t *testing.T) {
	w := newWorld(t)
	enough, n := errors.New("enough"), 0
	err := w.reports.ExportActionLog(ctx, w.Clinic.Admin.Actor, reports.LogFilter{}, func(models.LogLine) error {
		if n++; n == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 2 {
		t.Errorf("after %d lines: %v", n, err)
	}
	if _, err := w.reports.ActionLog(ctx, w.Clinic.Admin.Actor, reports.LogFilter{}, reports.Page{}); err != nil {
		t.Errorf("reading on after that: %v", err)
	}
}
