package accounts_test

import (
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// until is a trial up to and with a day.
func until(day string) *models.TrialTerms { return &models.TrialTerms{On: true, Until: day} }

// setTrial edits nothing but the trial.
func setTrial(t *testing.T, w *storetest.World, c storetest.Company, sub models.ID, terms *models.TrialTerms) models.Account {
	t.Helper()
	a, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, sub).Account, func(o *accounts.EditOrder) { o.Trial = terms }))
	must(t, err)
	return a
}

// credited is what the ledger writes when money comes to an account.
func credited(t *testing.T, w *storetest.World, a models.Account) {
	t.Helper()
	_, err := w.Raw.Exec(ctx, `UPDATE wallets SET credited_at = $2 WHERE account_id = $1 AND kind = 'balance'`, a.ID, w.Clock.Now())
	must(t, err)
}

// ACC-13: days that are none, that are past where the sub-account is, or years away, on add and on edit; nothing changes.
func TestTrialRefused(t *testing.T) {
	w := storetest.NewWorld(t) // it is 20 November 2026, 10:30 in Berlin
	c := w.Clinic
	for what, day := range map[string]string{"nothing": "", "a word": "tomorrow", "another order": "20.11.2026", "no such day": "2026-02-30",
		"29 February of no leap year": "2027-02-29", "yesterday": "2026-11-19", "far away": "2031-11-21", "very far away": "9998-12-31", "a thousand digits": "20260000000000-11-20"} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, c.Own.Account.ID).Account, func(o *accounts.EditOrder) { o.Trial = until(day) }))
				refused(t, err, models.ErrCheckFields, "trial_until")
				_, err = w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.Trial = *until(day) }))
				refused(t, err, models.ErrCheckFields, "trial_until")
			})
		})
	}
	unchanged(t, w, func() { // in Auckland it is the 20th too, but 13 hours later it is the 21st there alone
		w.Clock.Add(3 * time.Hour)
		_, err := w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
			o.Trial, o.TimeZone = *until("2026-11-20"), "Pacific/Auckland"
		}))
		refused(t, err, models.ErrCheckFields, "trial_until")
	})
}

// ACC-13: a trial ends with its last day in the sub-account's own zone, whatever its clocks do there, and moves with the zone.
func TestTrialEndsWithItsDay(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for _, at := range []struct{ zone, day, ends string }{
		{"Europe/Berlin", "2026-11-20", "2026-11-20T23:00:00Z"},      // today is the first that may be
		{"Pacific/Auckland", "2026-12-31", "2026-12-31T11:00:00Z"},   // summer there
		{"America/Havana", "2027-03-13", "2027-03-14T05:00:00Z"},     // the 14th has no midnight
		{"America/Havana", "2027-10-30", "2027-10-31T04:00:00Z"},     // the 31st has two hours from 0 to 1
		{"Asia/Kathmandu", "2028-02-29", "2028-02-29T18:15:00Z"},     // a quarter past
		{"Pacific/Kiritimati", "2031-11-20", "2031-11-20T10:00:00Z"}, // five years
	} {
		a, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, c.Own.Account.ID).Account, func(o *accounts.EditOrder) {
			o.Trial, o.TimeZone = until(at.day), at.zone
		}))
		must(t, err)
		got := show(t, w, c, a.ID)
		if got.Trial.EndsAt.UTC().Format(time.RFC3339) != at.ends || got.Trial.LastDay(got.Zone()).String() != at.day {
			t.Errorf("%s %s: ends %s", at.zone, at.day, got.Trial.EndsAt)
		}
		if got.Trial.Ended(got.Trial.EndsAt.Add(-time.Microsecond)) || !got.Trial.Ended(*got.Trial.EndsAt) {
			t.Error("it does not end at its end")
		}
	}
	unchanged(t, w, func() { // the same form again
		_, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, c.Own.Account.ID).Account, func(o *accounts.EditOrder) { o.Trial = until("2031-11-20") }))
		must(t, err)
	})
	added, err := w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.Trial = *until("2026-12-03") }))
	must(t, err)
	if got := show(t, w, c, added.ID); got.TrialEndsAt == nil || got.Trial.LastDay(got.Zone()).String() != "2026-12-03" {
		t.Errorf("added with %v", got.Trial)
	}
}

// ACC-13: after its end every user of the account has the one privilege to ask for credit, in sessions that are open and in new
// ones, and those who enter it have what they had; the first credit gives everything back with the next request.
func TestEndedTrialLeavesOnePrivilege(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	w.AddUser(t, c.Own.Account, "user@ward.example", models.Member)
	setTrial(t, w, c, c.Own.Account.ID, until("2026-11-20"))
	w.Clock.Set(time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC))
	open, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: c.Own.Email, Password: storetest.Passphrase})
	must(t, err)
	credited(t, w, c.Own.Account) // on trial: that does not count later
	before := resolve(t, w, open.Token)
	ends := *before.Account.TrialEndsAt
	w.Clock.Set(ends.Add(-time.Microsecond))
	if s := resolve(t, w, open.Token); s.TrialEnded || len(s.Actor.Privileges) != len(before.Actor.Privileges) {
		t.Fatal("it has ended before its end")
	}
	w.Clock.Set(ends)
	for what, s := range map[string]identity.Session{"open": resolve(t, w, open.Token), "user": signIn(t, w, "user@ward.example", storetest.Passphrase)} {
		if !s.TrialEnded || len(s.Actor.Privileges) != 1 || !s.Actor.Can(models.RequestCredit) || s.Stage != identity.StageFull {
			t.Errorf("%s: %+v", what, s.Actor.Privileges)
		}
	}
	parent := signIn(t, w, c.Admin.Email, storetest.Passphrase)
	if parent.TrialEnded || !parent.Actor.Can(models.ManageSubAccounts) {
		t.Error("the parent is on trial")
	}
	inside, err := w.Identity.StartAccess(ctx, parent, identity.AccessOrder{Tenant: c.ID, Account: c.Own.Account.ID, Reason: "to see"})
	must(t, err)
	if s := resolve(t, w, inside); !s.TrialEnded || !s.Actor.Can(models.ViewStatement) || !s.Actor.Can(models.EndAccess) {
		t.Errorf("who has entered: %+v", s.Actor.Privileges)
	}
	w.Clock.Add(time.Hour)
	credited(t, w, c.Own.Account)
	if s := resolve(t, w, open.Token); s.TrialEnded || len(s.Actor.Privileges) != len(before.Actor.Privileges) {
		t.Errorf("after the first credit: %+v", s.Actor.Privileges)
	}
	// a trial may end again, at a later day
	setTrial(t, w, c, c.Own.Account.ID, until("2026-11-22"))
	w.Clock.Add(3 * 24 * time.Hour)
	if s := signIn(t, w, c.Own.Email, storetest.Passphrase); !s.TrialEnded {
		t.Error("it does not end a second time")
	}
	setTrial(t, w, c, c.Own.Account.ID, &models.TrialTerms{})
	if s := signIn(t, w, c.Own.Email, storetest.Passphrase); s.TrialEnded {
		t.Error("without a trial it has ended")
	}
}

// ACC-13: a form in which only the contact changes keeps a trial that is past; its day cannot be chosen anew.
func TestEndedTrialIsKeptByOtherForms(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	setTrial(t, w, c, c.Own.Account.ID, until("2026-11-20"))
	w.Clock.Add(10 * 24 * time.Hour)
	for _, zone := range []string{"Europe/Berlin", "Asia/Tokyo"} {
		a, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, c.Own.Account.ID).Account, func(o *accounts.EditOrder) {
			o.ContactName, o.TimeZone, o.Trial = "Somebody "+zone[:4], zone, until("2026-11-20")
		}))
		if err != nil || !a.TrialEndsAt.Equal(time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %v, %v", zone, a.TrialEndsAt, err)
		}
	}
	unchanged(t, w, func() {
		_, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(show(t, w, c, c.Own.Account.ID).Account, func(o *accounts.EditOrder) { o.Trial = until("2026-11-25") }))
		refused(t, err, models.ErrCheckFields, "trial_until")
	})
}

// ACC-13: mails some days before and at the end, to the sub-account, and at the end to its parent: each once, whoever asks how
// often, and again for another end.
func TestTrialMails(t *testing.T) {
	w := storetest.NewWorld(t)
	c, sub := w.Clinic, w.Clinic.Own.Email
	remind := func(want int) {
		t.Helper()
		told := 0
		for range 2 {
			n, err := w.Accounts.RemindOfTrials(ctx)
			must(t, err)
			told += n
		}
		if told != want {
			t.Errorf("told %d times, want %d", told, want)
		}
	}
	mails := func(ending, ended, under int) {
		t.Helper()
		if a, b, p := w.Sent(t, sub, "ends on"), w.Sent(t, sub, "has ended"), w.Sent(t, c.Admin.Email, "The trial of your sub-account"); a != ending || b != ended || p != under {
			t.Errorf("%d before, %d at the end, %d to the parent; want %d, %d, %d", a, b, p, ending, ended, under)
		}
	}
	ends := *setTrial(t, w, c, c.Own.Account.ID, until("2026-11-30")).TrialEndsAt
	remind(0)
	w.Clock.Set(ends.Add(-3*24*time.Hour - time.Microsecond))
	remind(0)
	w.Clock.Set(ends.Add(-3 * 24 * time.Hour))
	remind(1)
	mails(1, 0, 0)
	w.Clock.Set(ends)
	var told tally
	atOnce(func() {
		_, err := w.Accounts.RemindOfTrials(ctx)
		told.add(err)
	})
	if told.of[nil] != 50 {
		t.Errorf("%v", told.of)
	}
	mails(1, 1, 1)
	remind(0)
	setTrial(t, w, c, c.Own.Account.ID, until("2026-12-24")) // another end, of which they hear too
	w.Clock.Set(time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC))
	remind(1)
	credited(t, w, c.Own.Account)
	mails(2, 1, 1)
	w.Clock.Set(time.Date(2027, 1, 22, 0, 0, 0, 0, time.UTC)) // nobody looked for a month
	remind(1)
	mails(2, 2, 2)
	setTrial(t, w, c, c.Own.Account.ID, until("2027-01-24"))
	w.Clock.Set(time.Date(2027, 1, 25, 0, 0, 0, 0, time.UTC))
	credited(t, w, c.Own.Account) // before anybody looked: there is nothing to tell
	remind(0)
	mails(2, 2, 2)
}

// ACC-13: nobody is told of accounts that nobody can use; they are told once they can again.
func TestTrialMailsOfStoppedAccounts(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	setTrial(t, w, c, c.Own.Account.ID, until("2026-11-30"))
	w.Clock.Set(time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC))
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, "paused")
	must(t, err)
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, c.ID, "unpaid"))
	for step, again := range []func() error{
		func() error { return nil },
		func() error { return w.Accounts.ReactivateParent(ctx, w.Sam.Actor, c.ID) },
		func() error { return w.Accounts.Reactivate(ctx, c.Admin.Actor, c.Own.Account.ID) },
	} {
		must(t, again())
		n, err := w.Accounts.RemindOfTrials(ctx)
		if must(t, err); n != map[int]int{2: 1}[step] {
			t.Errorf("step %d: told %d", step, n)
		}
	}
}

// ACC-13: a request because of an ended trial is answered when the trial goes on, whether to a later day or without one.
func TestTrialThatGoesOnAnswersTheRequest(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	for _, terms := range []*models.TrialTerms{until("2027-02-01"), {}} {
		setTrial(t, w, c, c.Shared.Account.ID, until(models.DayOf(w.Clock.Now(), c.Zone()).String()))
		w.Clock.Add(48 * time.Hour)
		s := signIn(t, w, c.Shared.Email, storetest.Passphrase)
		must(t, w.Funding.RequestCredit(ctx, s.Actor, funding.CreditForm{Note: "more time"}))
		setTrial(t, w, c, c.Shared.Account.ID, terms)
		got, err := w.Funding.CreditRequest(ctx, c.Admin.Actor, c.Shared.Account.ID)
		if must(t, err); got == nil || got.Open() {
			t.Errorf("%+v: %+v", terms, got)
		}
		setTrial(t, w, c, c.Shared.Account.ID, &models.TrialTerms{})
	}
}
