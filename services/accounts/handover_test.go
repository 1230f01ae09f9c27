package accounts_test

import (
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

func byHand(change ...func(*accounts.SubAccountOrder)) accounts.SubAccountOrder {
	return order(append([]func(*accounts.SubAccountOrder){func(o *accounts.SubAccountOrder) { o.Method = models.ByHand }}, change...)...)
}

// ACC-5, bad input: what AddSubAccount refuses, and a bad password; all wrong fields at once, and nothing is written.
func TestAddAndHandOverRefuses(t *testing.T) {
	w := storetest.NewWorld(t)
	off := w.AddParent(t)
	for what, c := range map[string]struct {
		actor    models.Actor
		order    accounts.SubAccountOrder
		password string
		want     error
		field    string
	}{
		"by a sub-account":      {w.Clinic.Own.Actor, byHand(), "", models.ErrMissingPrivilege, ""},
		"by staff":              {w.Sam.Actor.In(w.Clinic.ID), byHand(), "", models.ErrMissingPrivilege, ""},
		"the feature is off":    {off.Admin.Actor, byHand(), "", accounts.ErrFeatureOff, ""},
		"a short password":      {w.Clinic.Admin.Actor, byHand(), "short", models.ErrCheckFields, "password"},
		"a megabyte":            {w.Clinic.Admin.Actor, byHand(), strings.Repeat("x", 1<<20), models.ErrCheckFields, "password"},
		"of its own e-mail":     {w.Clinic.Admin.Actor, byHand(), "day@clinic.example", models.ErrCheckFields, "password"},
		"of the contact's name": {w.Clinic.Admin.Actor, byHand(), "Dana Stein 123 !", models.ErrCheckFields, "password"},
		"a taken e-mail":        {w.Clinic.Admin.Actor, byHand(func(o *accounts.SubAccountOrder) { o.Email = w.Harbor.Own.Email }), "", identity.ErrEmailTaken, "email"},
		"a taken name":          {w.Clinic.Admin.Actor, byHand(func(o *accounts.SubAccountOrder) { o.AccountName = "north clinic" }), "", accounts.ErrNameTaken, "account_name"},
		"more than there is":    {w.Clinic.Admin.Actor, byHand(func(o *accounts.SubAccountOrder) { o.StartingAmount = "1000.01" }), "", ledger.ErrInsufficientBalance, "starting_amount"},
		"a name of signs":       {w.Clinic.Admin.Actor, byHand(func(o *accounts.SubAccountOrder) { o.AccountName = "— !" }), "", models.ErrCheckFields, "account_name"},
		"with a mail after all": {w.Clinic.Admin.Actor, order(), "", models.ErrCheckFields, "method"},
	} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				given, err := w.Accounts.AddAndHandOver(ctx, c.actor, c.order, c.password)
				refused(t, err, c.want, c.field)
				if given.Password != "" {
					t.Error("a password comes back")
				}
			})
		})
	}
	_, err := w.Accounts.AddAndHandOver(ctx, w.Clinic.Admin.Actor, byHand(func(o *accounts.SubAccountOrder) { o.Email = "x" }), "short")
	refused(t, err, models.ErrCheckFields, "email")
	refused(t, err, models.ErrCheckFields, "password")
	_, err = w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, byHand())
	refused(t, err, models.ErrCheckFields, "method")
}

// ACC-5: the account is Active at once, nothing is sent, the password comes back once and must be replaced; of fifty forms
// under one key one shows it. It stands nowhere as it is.
func TestAddAndHandOver(t *testing.T) {
	w := storetest.NewWorld(t)
	for i, typed := range []string{"", "!!! ??? ... --- ;;; "} { // seed B's rule of letters and digits is about names only
		mails := w.Count(t, "outbox")
		o := byHand(func(o *accounts.SubAccountOrder) {
			o.Key, o.AccountName, o.Email, o.StartingAmount = "form"+string(rune('a'+i)), "Ward "+string(rune('A'+i)), string(rune('a'+i))+"@day.example", "10"
			o.Privileges = []models.Privilege{models.ManageAudience}
		})
		var shown tally
		var password string
		atOnce(func() {
			given, err := w.Accounts.AddAndHandOver(ctx, w.Clinic.Admin.Actor, o, typed)
			if err != nil || given.Email != o.Email || given.Account.Name != o.AccountName || given.Account.Status != models.Active {
				t.Errorf("%+v, %v", given, err)
			}
			shown.Lock()
			defer shown.Unlock()
			if given.Password != "" {
				if password != "" {
					t.Error("shown twice")
				}
				password = given.Password
			}
		})
		if typed != "" && password != typed || len(password) < 20 {
			t.Errorf("the password is %q", password)
		}
		user, err := w.Identity.UserByEmail(ctx, o.Email)
		must(t, err)
		if is, err := w.Identity.PasswordIs(ctx, user.TenantID, user.ID, password); err != nil || !is {
			t.Errorf("it is not the user's: %v", err)
		}
		got := show(t, w, w.Clinic, user.AccountID)
		if got.Status != models.Active || got.ActivatedAt == nil || got.Activation != nil || got.Balance.Balance.Text() != "10.00" || !got.Owner.Owner {
			t.Errorf("account: %+v", got)
		}
		if w.Count(t, "accounts WHERE email = $1", o.Email) != 1 || w.Count(t, "outbox") != mails || w.Count(t, "activations WHERE account_id = $1", user.AccountID) != 0 {
			t.Error("not one account, or something is on its way")
		}
		if w.Count(t, "users WHERE id = $1 AND password_temporary", user.ID) != 1 {
			t.Error("it need not be replaced")
		}
		for _, table := range []string{"users", "accounts", "action_log", "outbox", "idempotency_keys"} {
			if w.Count(t, table+" x WHERE strpos(x::text, $1) > 0", password) != 0 {
				t.Errorf("the password stands in %s", table)
			}
		}
		if w.Count(t, "action_log WHERE action = 'sub_account.added' AND account_id = $1 AND details->>'method' = 'hand'", user.AccountID) != 1 {
			t.Error("the log does not tell of it")
		}
	}
}
