package accounts_test

import (
	"fmt"
	"slices"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// parentOrder is a parent's form, filled in well.
func parentOrder(change ...func(*accounts.ParentOrder)) accounts.ParentOrder {
	o := accounts.ParentOrder{Details: accounts.Details{AccountName: "Sunrise Health", ContactName: "Mara Lind", Email: "mara@sunrise.example",
		Mobile: "085 012 3456", Country: "IE", TimeZone: "Europe/Dublin"}, Currency: "EUR", Plan: models.PrePay, Method: models.ByPassword}
	for _, c := range change {
		c(&o)
	}
	return o
}

// ACC-15: what is refused when staff create a parent account, and to whom; nothing changes.
func TestCreateParentRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	support := w.Sam.Actor
	support.Role, support.Privileges = models.Member, models.PrivilegesOf(models.Operator, models.Member, nil)
	for what, actor := range map[string]models.Actor{"a parent": w.Clinic.Admin.Actor, "a sub-account": w.Clinic.Own.Actor, "staff without the right": support, "nobody": {}} {
		t.Run("by "+what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.CreateParent(ctx, actor, parentOrder())
				refused(t, err, models.ErrMissingPrivilege, "")
			})
		})
	}
	postPay := func(credit string) func(*accounts.ParentOrder) {
		return func(o *accounts.ParentOrder) { o.Plan, o.Credit = models.PostPay, credit }
	}
	for what, r := range map[string]struct {
		change func(*accounts.ParentOrder)
		want   error
		field  string
	}{
		"no name":                       {func(o *accounts.ParentOrder) { o.AccountName = "" }, models.ErrCheckFields, "account_name"},
		"no e-mail":                     {func(o *accounts.ParentOrder) { o.Email = "mara" }, models.ErrCheckFields, "email"},
		"an e-mail that is taken":       {func(o *accounts.ParentOrder) { o.Email = "WARD@clinic.example" }, identity.ErrEmailTaken, "email"},
		"a mobile of another country":   {func(o *accounts.ParentOrder) { o.Mobile = "+4915112345679" }, models.ErrCheckFields, "mobile"},
		"no zone":                       {func(o *accounts.ParentOrder) { o.TimeZone = "" }, models.ErrCheckFields, "time_zone"},
		"no currency":                   {func(o *accounts.ParentOrder) { o.Currency = "" }, models.ErrCheckFields, "currency"},
		"an unknown currency":           {func(o *accounts.ParentOrder) { o.Currency = "EUX" }, models.ErrCheckFields, "currency"},
		"gold":                          {func(o *accounts.ParentOrder) { o.Currency = "XAU" }, models.ErrCheckFields, "currency"},
		"no plan":                       {func(o *accounts.ParentOrder) { o.Plan = "" }, models.ErrCheckFields, "plan"},
		"no method":                     {func(o *accounts.ParentOrder) { o.Method = "" }, models.ErrCheckFields, "method"},
		"pre-pay with a credit line":    {func(o *accounts.ParentOrder) { o.Credit = "100" }, models.ErrCheckFields, "credit"},
		"a credit line below zero":      {postPay("-1"), models.ErrCheckFields, "credit"},
		"a credit line with an e":       {postPay("1e9"), models.ErrCheckFields, "credit"},
		"a credit line in Arabic":       {postPay("٢٥"), models.ErrCheckFields, "credit"},
		"a credit line of three digits": {postPay("1.001"), models.ErrCheckFields, "credit"},
	} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, parentOrder(r.change))
				refused(t, err, r.want, r.field)
			})
		})
	}
}

// ACC-15, ACC-4: a parent account is a tenant of its own, Pending, with its wallets and its credit line; its Admin gets the
// mail from the operator, and activates it as a sub-account's user does.
func TestCreateParent(t *testing.T) {
	w := storetest.NewWorld(t)
	for i, r := range []struct {
		plan         models.Plan
		credit, want string
	}{{models.PrePay, "", "0.00"}, {models.PostPay, "", "0.00"}, {models.PostPay, " 250.50 ", "250.50"}} {
		a, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, parentOrder(func(o *accounts.ParentOrder) {
			o.Email, o.Plan, o.Credit, o.Currency = fmt.Sprintf("mara%d@sunrise.example", i), r.plan, r.credit, "eur"
		}))
		must(t, err)
		shown, err := w.Accounts.Show(ctx, w.Sam.Actor.In(a.ID), a.ID)
		if err != nil || shown.Kind != models.Parent || shown.TenantID != a.ID || shown.Status != models.Pending || shown.Plan != r.plan || shown.Currency != "EUR" ||
			shown.Balance.Credit.Text() != r.want || !shown.Balance.Balance.IsZero() || shown.SubAccountsEnabled != nil {
			t.Errorf("%+v %v", shown, err)
		}
		session := signIn(t, w, a.Email, w.OneTimePassword(t, a.Email))
		must(t, w.Accounts.EnterCode(ctx, session, w.Code(t, a.Mobile)))
		full, err := w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
		must(t, err)
		if got := resolve(t, w, full); !got.Actor.Can(models.BuyInStore) || got.Account.Status != models.Active {
			t.Errorf("activated: %+v", got.Actor)
		}
		if w.Sent(t, a.Email, "Offshoot Support has opened") != 1 {
			t.Error("the mail does not say who opened the account")
		}
	}
	// The name is the parent's own affair: two companies may share one.
	if w.Count(t, "accounts WHERE name = 'Sunrise Health'") != 3 {
		t.Error("names")
	}
}

// ACC-15, BAL-9: a form posted twice, and fifty times at once, makes one parent.
func TestCreateParentOncePerKey(t *testing.T) {
	w := storetest.NewWorld(t)
	o := parentOrder(func(o *accounts.ParentOrder) { o.Key = "form" })
	ids := make(chan models.ID, 50)
	atOnce(func() {
		a, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, o)
		if err != nil {
			t.Error(err)
		}
		ids <- a.ID
	})
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Error("two parents")
		}
	}
	if w.Count(t, "accounts WHERE email = $1", o.Email) != 1 || w.Count(t, "outbox WHERE recipient = $1", o.Email) != 1 {
		t.Error("not one parent and one mail")
	}
	o.AccountName = "Other"
	unchanged(t, w, func() {
		_, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, o)
		refused(t, err, store.ErrKeyReused, "")
	})
}

// ACC-15: a credit line is a post-pay parent's, never below what is in use; what is no amount changes nothing.
func TestSetCreditLine(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Harbor
	_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, Amount: storetest.Yen(t, "20000")})
	must(t, err)
	unchanged(t, w, func() {
		for _, actor := range []models.Actor{c.Admin.Actor, c.Own.Actor, {}} {
			refused(t, w.Accounts.SetCreditLine(ctx, actor, c.ID, "60000"), models.ErrMissingPrivilege, "")
		}
		for _, id := range []models.ID{c.Own.Account.ID, models.NewID(), models.NoID} {
			refused(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, id, "60000"), accounts.ErrNoSuchAccount, "")
		}
		for _, bad := range []string{".", "...", "0.0.0", "-1", "\u22121", "1e9", "٢٥", "60000.5", "60,000", "abc"} {
			refused(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, c.ID, bad), models.ErrCheckFields, "credit")
		}
		refused(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, w.Clinic.ID, "5"), models.ErrCheckFields, "credit")
		for _, low := range []string{"19999", "0", "", "0.00"} {
			refused(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, c.ID, low), ledger.ErrCreditInUse, "credit")
		}
	})
	for _, amount := range []string{"20000", "60000"} {
		must(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, c.ID, amount))
		if got := show(t, w, c, c.ID).Balance.Credit.Text(); got != amount {
			t.Errorf("the line is %s", got)
		}
	}
	_, err = w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: c.Own.Account.ID, All: true})
	must(t, err)
	must(t, w.Accounts.SetCreditLine(ctx, w.Sam.Actor, c.ID, "0"))
	if got := show(t, w, c, c.ID).Balance.Credit; !got.IsZero() {
		t.Errorf("the line is %s", got)
	}
}

// ACC-15: staff find any account by name, contact, e-mail and mobile; without a text, the parents; others find nothing.
func TestFind(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	gone := w.AddPending(t, c, "Gone Ward", "gone@clinic.example")
	_, err := w.Accounts.Delete(ctx, c.Admin.Actor, gone.ID, "Gone Ward")
	must(t, err)
	w.AddPending(t, c, "Ärzte 100%", "praxis@clinic.example")
	for _, r := range []struct {
		q    models.FindQuery
		want []string
	}{
		{models.FindQuery{}, []string{"Harbor Media", "North Clinic Group"}},
		{models.FindQuery{Status: models.Pending}, nil},
		{models.FindQuery{Text: "clinic", Status: models.Pending}, []string{"Ärzte 100%"}},
		{models.FindQuery{Text: " NORTH clinic "}, []string{"North Clinic", "North Clinic Group"}},
		{models.FindQuery{Text: "haru sato"}, []string{"Harbor Media"}},
		{models.FindQuery{Text: "Light@Harbor"}, []string{"Lighthouse"}},
		{models.FindQuery{Text: "+819012345678"}, []string{"Harbor Media"}},
		{models.FindQuery{Text: "ÄRZTE"}, []string{"Ärzte 100%"}},
		{models.FindQuery{Text: "%"}, []string{"Ärzte 100%"}},
		{models.FindQuery{Text: "gone"}, nil},
		{models.FindQuery{Text: "Offshoot Support"}, nil},
		{models.FindQuery{Text: "\x00\xff"}, []string{"Harbor Media", "North Clinic Group"}},
		{models.FindQuery{Status: "x\x00"}, nil},
	} {
		found, next, err := w.Accounts.Find(ctx, w.Sam.Actor, r.q)
		var got []string
		for _, f := range found {
			got = append(got, f.Name)
		}
		if err != nil || next != "" || !slices.Equal(got, r.want) {
			t.Errorf("%+v: %v %v, want %v", r.q, got, err, r.want)
		}
	}
	found, _, err := w.Accounts.Find(ctx, w.Sam.Actor, models.FindQuery{Text: "pier one"})
	if err != nil || len(found) != 1 || found[0].ParentName != "Harbor Media" || found[0].TenantID != w.Harbor.ID || found[0].Balance.Asset != "JPY" || found[0].Kind != models.Sub {
		t.Errorf("%+v %v", found, err)
	}
	for what, actor := range map[string]models.Actor{"a parent": c.Admin.Actor, "a sub-account": c.Own.Actor, "nobody": {}} {
		found, _, err := w.Accounts.Find(ctx, actor, models.FindQuery{})
		refused(t, err, models.ErrMissingPrivilege, "")
		if len(found) != 0 {
			t.Errorf("%s found %+v", what, found)
		}
	}
}

// ACC-15: what staff find goes through pages of fifty, each account once.
func TestFindPages(t *testing.T) {
	w := listed(t)
	seen := map[models.ID]bool{}
	pages := 0
	for q := (models.FindQuery{Text: "few.example"}); ; pages++ {
		found, next, err := w.Accounts.Find(ctx, w.Sam.Actor, q)
		must(t, err)
		for _, f := range found {
			if seen[f.ID] {
				t.Errorf("%s twice", f.Name)
			}
			seen[f.ID] = true
		}
		if q.After = next; next == "" || pages > 5 {
			break
		}
	}
	if len(seen) != 120 || pages != 2 {
		t.Errorf("%d accounts, %d more pages", len(seen), pages)
	}
}

// An installation has one operator: a second is refused, also when fifty try at once, and wrong fields are.
func TestInstall(t *testing.T) {
	s := storetest.New(t)
	d := accounts.Details{AccountName: "Offshoot Support", ContactName: "Sam Rivera", Email: "sam@offshoot.example", Mobile: "+4915112345670", Country: "DE", TimeZone: "Europe/Berlin"}
	before := s.Fingerprint(t)
	bad := d
	bad.Email, bad.TimeZone = "sam", "Local"
	_, err := s.Accounts.Install(ctx, bad, "EUR", storetest.Passphrase)
	refused(t, err, models.ErrCheckFields, "email")
	refused(t, err, models.ErrCheckFields, "time_zone")
	_, err = s.Accounts.Install(ctx, d, "", storetest.Passphrase)
	refused(t, err, models.ErrCheckFields, "currency")
	_, err = s.Accounts.Install(ctx, d, "EUR", "short")
	refused(t, err, models.ErrCheckFields, "password")
	if s.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	var n tally
	atOnce(func() {
		_, err := s.Accounts.Install(ctx, d, "EUR", storetest.Passphrase)
		n.add(err, accounts.ErrInstalled)
	})
	if n.of[nil] != 1 || n.of[accounts.ErrInstalled] != 49 || s.Count(t, "accounts") != 1 || s.Count(t, "users") != 1 {
		t.Errorf("outcomes: %v", n.of)
	}
	in, err := s.Identity.SignIn(ctx, identity.SignInOrder{Email: d.Email, Password: storetest.Passphrase})
	must(t, err)
	if got, err := s.Identity.Resolve(ctx, in.Token); err != nil || !got.Actor.IsStaff() || !got.Actor.Can(models.ManageOperator) {
		t.Errorf("staff may %v %v", got.Actor.Privileges, err)
	}
}
