package accounts_test

import (
	"slices"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// edit is the edit form of an account as it stands, with changes.
func edit(a models.Account, change ...func(*accounts.EditOrder)) accounts.EditOrder {
	o := accounts.EditOrder{SubAccount: a.ID, Version: a.Version, Details: accounts.Details{AccountName: a.Name, ContactName: a.ContactName,
		Mobile: a.Mobile, Country: a.Country, TimeZone: a.TimeZone}}
	for _, c := range change {
		c(&o)
	}
	return o
}

// ACC-2, ACC-3: refusals of the edit form; none of them changes anything.
func TestEditRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	a := w.AddPending(t, c, "Day Ward", "day@clinic.example")
	type change = func(*accounts.EditOrder)
	for what, r := range map[string]struct {
		actor  models.Actor
		change change
		want   error
		field  string
	}{
		"by the sub-account":    {c.Own.Actor, func(o *accounts.EditOrder) {}, models.ErrMissingPrivilege, ""},
		"by staff":              {w.Sam.Actor.In(c.ID), func(o *accounts.EditOrder) {}, models.ErrMissingPrivilege, ""},
		"by another tenant":     {w.Harbor.Admin.Actor, func(o *accounts.EditOrder) {}, accounts.ErrNoSuchAccount, ""},
		"of nobody":             {c.Admin.Actor, func(o *accounts.EditOrder) { o.SubAccount = models.NewID() }, accounts.ErrNoSuchAccount, ""},
		"of nothing":            {c.Admin.Actor, func(o *accounts.EditOrder) { o.SubAccount = models.NoID }, accounts.ErrNoSuchAccount, ""},
		"of the parent":         {c.Admin.Actor, func(o *accounts.EditOrder) { o.SubAccount = c.ID }, accounts.ErrNoSuchAccount, ""},
		"of another tenant's":   {c.Admin.Actor, func(o *accounts.EditOrder) { o.SubAccount = w.Harbor.Own.Account.ID }, accounts.ErrNoSuchAccount, ""},
		"an old form":           {c.Admin.Actor, func(o *accounts.EditOrder) { o.Version--; o.ContactName = "Late" }, accounts.ErrStale, ""},
		"a form of the future":  {c.Admin.Actor, func(o *accounts.EditOrder) { o.Version++ }, accounts.ErrStale, ""},
		"no contact":            {c.Admin.Actor, func(o *accounts.EditOrder) { o.ContactName = "" }, models.ErrCheckFields, "contact_name"},
		"no name":               {c.Admin.Actor, func(o *accounts.EditOrder) { o.AccountName = " " }, models.ErrCheckFields, "account_name"},
		"a name that is taken":  {c.Admin.Actor, func(o *accounts.EditOrder) { o.AccountName = "NORTH CLINIC" }, accounts.ErrNameTaken, "account_name"},
		"a landline":            {c.Admin.Actor, func(o *accounts.EditOrder) { o.Mobile = "030 1234567" }, models.ErrCheckFields, "mobile"},
		"a country without its": {c.Admin.Actor, func(o *accounts.EditOrder) { o.Country = "FR" }, models.ErrCheckFields, "mobile"},
		"no such zone":          {c.Admin.Actor, func(o *accounts.EditOrder) { o.TimeZone = "Local" }, models.ErrCheckFields, "time_zone"},
	} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.EditSubAccount(ctx, r.actor, edit(a, r.change))
				refused(t, err, r.want, r.field)
			})
		})
	}
	unchanged(t, w, func() { // what changes nothing is not logged
		if got, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(a)); err != nil || got.Version != a.Version {
			t.Errorf("nothing to change: %+v %v", got, err)
		}
	})
}

// ACC-3: the e-mail never changes, the account name until the activation. REP-3: the log says what it was and what it is.
func TestEdit(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	a := w.AddPending(t, c, "Day Ward", "day@clinic.example")
	got, err := w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(a, func(o *accounts.EditOrder) {
		o.AccountName, o.ContactName, o.Email = "Day Clinic", "Lena Ott", "other@clinic.example"
		o.Country, o.Mobile, o.TimeZone = "IE", "085 012 3456", "Europe/Dublin"
	}))
	must(t, err)
	read := show(t, w, c, a.ID)
	if read.Name != "Day Clinic" || read.ContactName != "Lena Ott" || read.Email != "day@clinic.example" || read.Mobile != "+353850123456" ||
		read.Country != "IE" || read.TimeZone != "Europe/Dublin" || read.Version != a.Version+1 || got != read.Account {
		t.Errorf("read %+v, answered %+v", read.Account, got)
	}
	if w.Count(t, `action_log WHERE account_id = $1 AND action = 'sub_account.edited' AND details->>'account name' = 'Day Ward → Day Clinic'`, a.ID) != 1 {
		t.Error("the log does not tell")
	}
	own := show(t, w, c, c.Own.Account.ID).Account
	got, err = w.Accounts.EditSubAccount(ctx, c.Admin.Actor, edit(own, func(o *accounts.EditOrder) { o.AccountName, o.ContactName = "Renamed", "Lena Ott" }))
	if err != nil || got.Name != "North Clinic" || got.ContactName != "Lena Ott" {
		t.Errorf("an Active account was renamed: %+v %v", got, err)
	}
}

// Always: of fifty that save the same form at once, one does.
func TestEditFiftyAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	a := w.AddPending(t, w.Clinic, "Day Ward", "day@clinic.example")
	var c tally
	atOnce(func() {
		_, err := w.Accounts.EditSubAccount(ctx, w.Clinic.Admin.Actor, edit(a, func(o *accounts.EditOrder) { o.ContactName = models.NewID().String() }))
		c.add(err, accounts.ErrStale)
	})
	if c.of[nil] != 1 || c.of[accounts.ErrStale] != 49 {
		t.Errorf("outcomes: %v", c.of)
	}
}

// ACC-4: a mobile that changes while the account is Pending gets a code of its own, and the old number's code is dead, even
// one that was accepted, and even where the account was deactivated meanwhile.
func TestMobileChangedWhilePending(t *testing.T) {
	for _, deactivated := range []bool{false, true} {
		w, a, session := pending(t)
		admin := w.Clinic.Admin.Actor
		old := w.Code(t, a.Mobile)
		must(t, w.Accounts.EnterCode(ctx, session, old))
		if deactivated {
			_, err := w.Accounts.Deactivate(ctx, admin, a.ID, "not yet")
			must(t, err)
		}
		now := show(t, w, w.Clinic, a.ID).Account
		_, err := w.Accounts.EditSubAccount(ctx, admin, edit(now, func(o *accounts.EditOrder) { o.Mobile = "0151 12345699" }))
		must(t, err)
		if deactivated {
			must(t, w.Accounts.Reactivate(ctx, admin, a.ID))
			session = signIn(t, w, a.Email, w.OneTimePassword(t, a.Email))
		}
		_, err = w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
		refused(t, err, accounts.ErrCodeFirst, "")
		if deactivated {
			refused(t, w.Accounts.EnterCode(ctx, session, old), accounts.ErrCodeExpired, "code")
			w.Clock.Add(accounts.CodePause)
			must(t, w.Accounts.ResendCode(ctx, session))
		}
		code := w.Code(t, "+4915112345699")
		if code != old { // one time in a million they are equal
			refused(t, w.Accounts.EnterCode(ctx, session, old), accounts.ErrWrongCode, "code")
		}
		must(t, w.Accounts.EnterCode(ctx, session, code))
	}
	w := storetest.NewWorld(t)
	own := show(t, w, w.Clinic, w.Clinic.Own.Account.ID).Account
	texts := w.Count(t, "outbox")
	_, err := w.Accounts.EditSubAccount(ctx, w.Clinic.Admin.Actor, edit(own, func(o *accounts.EditOrder) { o.Mobile = "0151 12345699" }))
	must(t, err)
	if w.Count(t, "outbox") != texts {
		t.Error("an Active account got a code")
	}
}

// PRV-1: privileges are exactly what was ticked: granted, taken away, and an open session has them at its next request.
func TestSetPrivileges(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account.ID
	in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: c.Own.Email, Password: storetest.Passphrase})
	must(t, err)
	version := func() int { return show(t, w, c, sub).Version }
	for _, ticked := range [][]models.Privilege{{models.APIApps}, {models.APIApps, models.AddSenderIDs, models.InteractiveMessages, models.ManageAudience, models.BillingPayments},
		{}, {models.BillingPayments, models.BillingPayments}} {
		must(t, w.Accounts.SetPrivileges(ctx, c.Admin.Actor, sub, version(), ticked))
		can := resolve(t, w, in.Token).Actor
		for _, g := range models.GrantablePrivileges {
			if can.Can(g.Privilege) != slices.Contains(ticked, g.Privilege) {
				t.Errorf("ticked %v: may %s is %t", ticked, g.Privilege, can.Can(g.Privilege))
			}
		}
	}
	now := version()
	unchanged(t, w, func() {
		must(t, w.Accounts.SetPrivileges(ctx, c.Admin.Actor, sub, now, []models.Privilege{models.BillingPayments})) // changes nothing
		for want, err := range map[error]error{
			models.ErrMissingPrivilege: w.Accounts.SetPrivileges(ctx, c.Own.Actor, sub, now, []models.Privilege{models.APIApps}),
			models.ErrCheckFields:      w.Accounts.SetPrivileges(ctx, c.Admin.Actor, sub, now, []models.Privilege{models.APIApps, models.RecordMoney}),
			accounts.ErrStale:          w.Accounts.SetPrivileges(ctx, c.Admin.Actor, sub, now-1, []models.Privilege{models.APIApps}),
			accounts.ErrNoSuchAccount:  w.Accounts.SetPrivileges(ctx, c.Admin.Actor, w.Harbor.Own.Account.ID, 1, []models.Privilege{models.APIApps}),
		} {
			refused(t, err, want, "")
		}
		refused(t, w.Accounts.SetPrivileges(ctx, c.Admin.Actor, c.ID, 2, nil), accounts.ErrNoSuchAccount, "")
		refused(t, w.Accounts.SetPrivileges(ctx, w.Sam.Actor.In(c.ID), sub, now, nil), models.ErrMissingPrivilege, "")
	})
	if w.Count(t, "action_log WHERE account_id = $1 AND action = 'privileges.changed'", sub) != 4 {
		t.Error("REP-3: not four lines")
	}
}

// BAL-2: what the old way of funding left goes back to the parent in the same transaction.
func TestSetFunding(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account
	transfer(t, w, c, sub.ID, "40")
	transfer(t, w, c, c.Shared.Account.ID, "7")
	fund := func(actor models.Actor, id models.ID, version int, f models.Funding) error {
		return w.Accounts.SetFunding(ctx, actor, id, version, models.FundingTerms{Funding: f})
	}
	now := show(t, w, c, sub.ID).Version
	unchanged(t, w, func() {
		must(t, fund(c.Admin.Actor, sub.ID, now, models.OwnBalance)) // changes nothing
		refused(t, fund(c.Own.Actor, sub.ID, now, models.SharedBalance), models.ErrMissingPrivilege, "")
		refused(t, fund(w.Sam.Actor.In(c.ID), sub.ID, now, models.SharedBalance), models.ErrMissingPrivilege, "")
		refused(t, fund(c.Admin.Actor, sub.ID, now, ""), models.ErrCheckFields, "funding")
		refused(t, fund(c.Admin.Actor, sub.ID, now, "card"), models.ErrCheckFields, "funding")
		for _, f := range []models.Funding{models.OwnBalance, models.SharedBalance} {
			refused(t, fund(c.Admin.Actor, sub.ID, now-1, f), accounts.ErrStale, "")
			refused(t, fund(c.Admin.Actor, c.ID, 2, f), accounts.ErrNoSuchAccount, "")
			refused(t, fund(c.Admin.Actor, models.NewID(), 1, f), accounts.ErrNoSuchAccount, "")
			refused(t, fund(c.Admin.Actor, w.Harbor.Own.Account.ID, 1, f), accounts.ErrNoSuchAccount, "")
			refused(t, fund(w.Harbor.Admin.Actor, sub.ID, now, f), accounts.ErrNoSuchAccount, "")
		}
	})
	must(t, fund(c.Admin.Actor, sub.ID, now, models.SharedBalance))
	if w.BalanceOf(t, sub).Text() != "0.00" || w.BalanceOf(t, c.Account).Text() != "993.00" || show(t, w, c, sub.ID).Funding != models.SharedBalance {
		t.Error("it kept what it had")
	}
	if w.Count(t, `action_log WHERE account_id = $1 AND action = 'funding.changed' AND details @> '{"returned": "40.00 EUR", "before": "own", "funding": "shared"}'`, sub.ID) != 1 ||
		w.Count(t, `action_log WHERE account_id = $1 AND action = 'transfer.returned' AND amount = 40000000`, sub.ID) != 1 {
		t.Error("REP-3: the log does not tell")
	}
	must(t, fund(c.Admin.Actor, sub.ID, show(t, w, c, sub.ID).Version, models.OwnBalance))
	if got := show(t, w, c, sub.ID); got.Funding != models.OwnBalance || !got.Balance.Balance.IsZero() {
		t.Errorf("back to its own: %+v", got.Balance)
	}
	for _, id := range []models.ID{sub.ID, c.Shared.Account.ID} {
		_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, id, "closed")
		must(t, err)
		version := show(t, w, c, id).Version
		unchanged(t, w, func() {
			refused(t, fund(c.Admin.Actor, id, version, models.SharedBalance), ledger.ErrAccountClosed, "")
			refused(t, fund(c.Admin.Actor, id, version, models.OwnBalance), ledger.ErrAccountClosed, "")
		})
	}
	_, err := w.Accounts.Delete(ctx, c.Admin.Actor, sub.ID, sub.Name)
	must(t, err)
	unchanged(t, w, func() {
		refused(t, fund(c.Admin.Actor, sub.ID, 9, models.SharedBalance), accounts.ErrNoSuchAccount, "")
		refused(t, fund(c.Admin.Actor, sub.ID, 9, models.OwnBalance), accounts.ErrNoSuchAccount, "")
	})
}
