package reports_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/messaging"
	"offshoot/services/reports"
)

// MSG-4: bad filters are refused with a sentence at each field; what is out of sight is not found.
func TestMessagesRefuse(t *testing.T) {
	w := newWorld(t)
	nora := w.Clinic.Admin.Actor
	hidden := w.Clinic.Own.Actor
	hidden.Privileges = map[models.Privilege]bool{models.ViewAccount: true}
	for what, c := range map[string]struct {
		actor  models.Actor
		filter reports.MessageFilter
		page   reports.Page
		want   *models.Error
		fields []string
	}{
		"nobody":              {models.Actor{Tenant: w.Clinic.ID}, reports.MessageFilter{}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"hidden by PRV-4":     {hidden, reports.MessageFilter{}, reports.Page{}, models.ErrMissingPrivilege, nil},
		"days the wrong way":  {nora, reports.MessageFilter{Days: models.Days{From: day("2026-11-02"), To: day("2026-11-01")}}, reports.Page{}, models.ErrCheckFields, []string{"to"}},
		"no status":           {nora, reports.MessageFilter{Status: "sent' OR 'a' = 'a"}, reports.Page{}, models.ErrCheckFields, []string{"status"}},
		"no number":           {nora, reports.MessageFilter{Number: "+49 151"}, reports.Page{}, models.ErrCheckFields, []string{"number"}},
		"a number of letters": {nora, reports.MessageFilter{Number: "+4915112345678x"}, reports.Page{}, models.ErrCheckFields, []string{"number"}},
		"another tenant's":    {nora, reports.MessageFilter{Account: w.Harbor.Own.Account.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"a sibling's":         {w.Clinic.Own.Actor, reports.MessageFilter{Account: w.Clinic.Shared.Account.ID}, reports.Page{}, reports.ErrNoSuchAccount, nil},
		"no send":             {nora, reports.MessageFilter{Send: models.NewID()}, reports.Page{}, reports.ErrNoSuchMessage, nil},
		"a broken cursor":     {nora, reports.MessageFilter{}, reports.Page{Older: "x"}, reports.ErrBadCursor, nil},
	} {
		_, err := w.reports.Messages(ctx, c.actor, c.filter, c.page)
		refused(t, what, err, c.want, c.fields...)
		if c.page == (reports.Page{}) {
			err = w.reports.ExportMessages(ctx, c.actor, c.filter, func(models.LoggedMessage) error { t.Errorf("%s: a message came out", what); return nil })
			refused(t, what+", exported", err, c.want, c.fields...)
		}
	}
	for what, actor := range map[string]models.Actor{"nobody": {Tenant: w.Clinic.ID}, "hidden": hidden} {
		_, err := w.reports.Message(ctx, actor, models.NewID())
		refused(t, what, err, models.ErrMissingPrivilege)
	}
	_, err := w.reports.Message(ctx, nora, models.NewID())
	refused(t, "no such message", err, reports.ErrNoSuchMessage)
}

// MSG-4: whatever was sent and is asked for, the pages of the log, one after another and back again, and its file, are the
// messages that a plain look at each finds, newest first.
func TestMessagesAreThoseAskedFor(t *testing.T) {
	b := newBooks(t)
	rapid.Check(t, func(rt *rapid.T) {
		b.t = rt
		tenant := b.parent("EUR", "Europe/Berlin")
		users := []models.ID{tenant, b.sub(tenant, "EUR", "Alpha"), b.sub(tenant, "EUR", "Beta")}
		b.post()
		berlin, err := time.LoadLocation("Europe/Berlin")
		must(rt, err)
		var log []*charge
		for range rapid.IntRange(0, 12).Draw(rt, "messages") {
			c := &charge{account: rapid.SampledFrom(users).Draw(rt, "account"), country: "DE", parts: 1, amount: 75_000,
				at: time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(-60*48, 60*24*50).Draw(rt, "minute")) * time.Minute)}
			b.send(tenant, c)
			b.move(tenant, c, rapid.SampledFrom(models.MessageStatuses).Draw(rt, "status"), false)
			log = append(log, c)
		}
		filter := reports.MessageFilter{Status: rapid.SampledFrom([]string{"", "", "sent", "failed", "queued"}).Draw(rt, "only status"),
			Number: rapid.SampledFrom([]string{"", "+4915112345678", "+4915112345679"}).Draw(rt, "only number"), Days: models.Days{Zone: berlin}}
		if rapid.Bool().Draw(rt, "from") {
			filter.Days.From = day("2026-10-24").AddDays(rapid.IntRange(0, 10).Draw(rt, "first day"))
		}
		if rapid.Bool().Draw(rt, "to") {
			filter.Days.To = day("2026-11-05").AddDays(rapid.IntRange(-5, 10).Draw(rt, "last day"))
		}
		if rapid.Bool().Draw(rt, "one account") {
			filter.Account = rapid.SampledFrom(users).Draw(rt, "only account")
		}
		reader := b.boss(tenant)
		if filter.Account != models.NoID && filter.Account != tenant && rapid.Bool().Draw(rt, "read by itself") {
			reader = b.member(tenant, filter.Account)
		}

		var want []models.ID
		for _, c := range log {
			d := models.DayOf(c.at, berlin)
			if (filter.Status == "" || filter.Status == string(c.status)) && filter.Number != "+4915112345679" && (filter.Account == models.NoID || filter.Account == c.account) &&
				(filter.Days.From.IsZero() || !d.Before(filter.Days.From)) && (filter.Days.To.IsZero() || !filter.Days.To.Before(d)) {
				want = append(want, c.message)
			}
		}
		slices.SortFunc(want, func(a, b models.ID) int { return strings.Compare(b.String(), a.String()) })

		var file []models.ID
		must(rt, b.reports.ExportMessages(ctx, reader, filter, func(m models.LoggedMessage) error { file = append(file, m.ID); return nil }))
		if !slices.Equal(file, want) {
			rt.Fatalf("the file has %v, not %v", file, want)
		}
		var paged []models.ID
		var pages []reports.MessagePage
		page := reports.Page{Size: 3}
		for {
			found, err := b.reports.Messages(ctx, reader, filter, page)
			must(rt, err)
			pages = append(pages, found)
			for _, m := range found.Messages {
				paged = append(paged, m.ID)
			}
			if page.Older = found.Older; page.Older == "" {
				break
			}
		}
		if !slices.Equal(paged, want) {
			rt.Fatalf("the pages have %v, not %v", paged, want)
		}
		for i := len(pages) - 1; i > 0; i-- {
			back, err := b.reports.Messages(ctx, reader, filter, reports.Page{Size: 3, Newer: pages[i].Newer})
			must(rt, err)
			if fmt.Sprint(back.Messages) != fmt.Sprint(pages[i-1].Messages) {
				rt.Fatalf("back from page %d: %v", i, back.Messages)
			}
		}
	})
}

// MSG-4, BAL-2, SHR-2: a sub-account sees what it paid itself, and units of packages; no price while it spends its parent's
// balance, nor of what its parent paid before. Its parent sees all prices. What was given back says so.
func TestPricesOfMessages(t *testing.T) {
	w := newWorld(t)
	b := &books{t: t, store: w.Store}
	own, shared := w.Clinic.Own, w.Clinic.Shared
	noon := at("2026-11-20T08:00:00Z")
	send := func(account models.ID, c charge) models.ID {
		c.account, c.at, c.country, c.parts = account, noon, "DE", 2
		b.send(w.Clinic.ID, &c)
		if c.refunded {
			b.move(w.Clinic.ID, &c, models.MessageFailed, true)
		}
		return c.message
	}
	paid := send(own.Account.ID, charge{amount: 150_000})
	before := send(own.Account.ID, charge{amount: 150_000, paidByParent: true})
	units := send(own.Account.ID, charge{amount: 2_000_000, units: true, paidByParent: true})
	parents := send(shared.Account.ID, charge{amount: 150_000, paidByParent: true})
	publics := send(shared.Account.ID, charge{amount: 2_000_000, units: true, paidByParent: true})
	given := charge{account: own.Account.ID, at: noon, country: "DE", parts: 2, amount: 150_000}
	b.send(w.Clinic.ID, &given)
	b.move(w.Clinic.ID, &given, models.MessageFailed, true)

	price := func(m models.LoggedMessage) string {
		said := "-"
		if m.Paid != nil {
			said = strings.Fields(m.Paid.Text())[0]
			if m.Paid.IsUnits() {
				said += " units"
			}
		}
		if m.Refunded {
			said += " refunded"
		}
		return said
	}
	for what, c := range map[string]struct {
		actor models.Actor
		shows bool
		want  map[models.ID]string
	}{
		"its own balance":      {own.Actor, true, map[models.ID]string{paid: "0.15", before: "-", units: "2 units", given.message: "0.15 refunded"}},
		"its parent's balance": {shared.Actor, false, map[models.ID]string{parents: "-", publics: "2 units"}},
		"the parent": {w.Clinic.Admin.Actor, true, map[models.ID]string{paid: "0.15", before: "0.15", units: "2 units", given.message: "0.15 refunded",
			parents: "0.15", publics: "2 units"}},
		"staff": {w.Sam.Actor.In(w.Clinic.ID), true, map[models.ID]string{paid: "0.15", before: "0.15", units: "2 units", given.message: "0.15 refunded",
			parents: "0.15", publics: "2 units"}},
	} {
		found, err := w.reports.Messages(ctx, c.actor, reports.MessageFilter{}, reports.Page{})
		must(t, err)
		got := map[models.ID]string{}
		for _, m := range found.Messages {
			got[m.ID] = price(m)
			one, err := w.reports.Message(ctx, c.actor, m.ID)
			must(t, err)
			if price(one.LoggedMessage) != got[m.ID] || one.Body != "Hello" {
				t.Errorf("%s: the page of a message says %s, its log %s", what, price(one.LoggedMessage), got[m.ID])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || found.ShowsPrice != c.shows {
			t.Errorf("%s sees %v", what, got)
		}
	}
	for what, c := range map[string]struct {
		actor models.Actor
		id    models.ID
	}{"a sibling's": {own.Actor, parents}, "another tenant's": {w.Harbor.Admin.Actor, paid}} {
		_, err := w.reports.Message(ctx, c.actor, c.id)
		refused(t, what, err, reports.ErrNoSuchMessage)
	}
}

// MSG-4: every month has a part of the messages' table before it begins; one that cannot have it any more is told of, and its
// messages are found nevertheless.
func TestMonthsHaveParts(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC()
	w.Clock.Set(now.AddDate(0, 6, 0))
	made, err := messaging.PrepareMonths(ctx, w.Store)
	if err != nil || len(made) != 4 {
		t.Errorf("made %v, %v", made, err)
	}
	if made, err = messaging.PrepareMonths(ctx, w.Store); err != nil || len(made) != 0 {
		t.Errorf("made again %v, %v", made, err)
	}
	b := &books{t: t, store: w.Store}
	far := charge{account: w.Clinic.ID, at: now.AddDate(1, 0, 0), country: "DE", parts: 1}
	b.send(w.Clinic.ID, &far)
	w.Clock.Set(now.AddDate(1, -1, 0))
	made, err = messaging.PrepareMonths(ctx, w.Store)
	if err == nil || !strings.Contains(err.Error(), far.at.Format("2006-01")) || len(made) != 3 {
		t.Errorf("made %v, %v", made, err)
	}
	if n, err := messaging.OutsideParts(ctx, w.Store); n != 1 || err != nil {
		t.Errorf("%d messages are outside, %v", n, err)
	}
	found, err := w.reports.Messages(ctx, w.Clinic.Admin.Actor, reports.MessageFilter{}, reports.Page{})
	if err != nil || len(found.Messages) != 1 {
		t.Errorf("%d messages are found, %v", len(found.Messages), err)
	}
}
