package accounts_test

import (
	"errors"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// ACC-12: a parent's Admins, in their own account, turn staff access off and on; nobody else, staff least of all.
func TestSetStaffAccess(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := t.Context()
	member := w.Clinic.Admin.Actor
	member.Privileges = models.PrivilegesOf(models.Parent, models.Member, nil)
	before := w.Fingerprint(t)
	for _, on := range []bool{true, false} {
		for _, actor := range []models.Actor{member, w.Clinic.Own.Actor, w.Sam.Actor, w.Sam.Actor.In(w.Clinic.ID), models.System(w.Clinic.ID)} {
			if err := w.Accounts.SetStaffAccess(ctx, actor, on); !errors.Is(err, models.ErrMissingPrivilege) {
				t.Errorf("%s: %v", actor.Email, err)
			}
		}
	}
	admin := w.Clinic.Admin.Actor
	if err := w.Accounts.SetStaffAccess(ctx, admin, true); !errors.Is(err, accounts.ErrStaffAccessSo) {
		t.Errorf("on when it is on: %v", err)
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	if err := w.Accounts.SetStaffAccess(ctx, admin, false); err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.SetStaffAccess(ctx, admin, false); !errors.Is(err, accounts.ErrStaffAccessSo) {
		t.Errorf("off when it is off: %v", err)
	}
	if n := w.Count(t, "accounts WHERE staff_access_off IS NOT NULL"); n != 1 {
		t.Errorf("%d accounts have it off", n)
	}
	own := w.Clinic.Own.Account
	if err := w.Identity.AskConsent(ctx, w.Sam.Actor, own.TenantID, own.ID, "Ticket 4711"); err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.SetStaffAccess(ctx, admin, true); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(t, "consents WHERE status = 'requested'"); n != 0 {
		t.Error("a request is open that nobody needs")
	}
	if _, latest, err := w.Identity.ConsentFor(ctx, w.Sam.Actor, own.TenantID, own.ID); err != nil || latest != nil {
		t.Errorf("staff still wait: %+v, %v", latest, err)
	}
	for action, word := range map[models.Action]string{models.StaffAccessTurnedOff: "off", models.StaffAccessTurnedOn: "on"} {
		if n := w.Count(t, "action_log WHERE action = $1 AND tenant_id = $2 AND user_email = $3", string(action), w.Clinic.ID, admin.Email); n != 1 {
			t.Errorf("%s logged %d times", action, n)
		}
		if n := w.Count(t, "outbox WHERE recipient = $1 AND subject = $2", w.Clinic.Email, "Staff access to North Clinic Group was turned "+word); n != 1 {
			t.Errorf("%d mails say %s", n, word)
		}
	}
	w.Sam.Actor.Access = &models.Access{}
	if err := w.Identity.AskConsent(ctx, w.Sam.Actor, own.TenantID, own.ID, "x"); !errors.Is(err, identity.ErrConsentNotNeeded) {
		t.Errorf("asked for what is not needed: %v", err)
	}
}

// ACC-9: an account's owner is told when it is deactivated, with the reason, and when it is active again; one that nobody
// has activated yet is not, and a preview tells nobody.
func TestStateMails(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := t.Context()
	own, admin := w.Clinic.Own.Account, w.Clinic.Admin.Actor
	pending := w.AddPending(t, w.Clinic, "Kiosk", "kiosk@clinic.example")
	mails := func(to, subject string) int {
		return w.Count(t, "outbox WHERE recipient = $1 AND subject LIKE $2", to, subject)
	}
	if _, err := w.Accounts.PreviewDeactivate(ctx, admin, own.ID); err != nil {
		t.Fatal(err)
	}
	if n := mails(own.Email, "%was deactivated"); n != 0 {
		t.Errorf("a preview sent %d mails", n)
	}
	for _, id := range []models.ID{own.ID, pending.ID} {
		if _, err := w.Accounts.Deactivate(ctx, admin, id, "Moved out"); err != nil {
			t.Fatal(err)
		}
		if err := w.Accounts.Reactivate(ctx, admin, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Harbor.ID, "Unpaid"); err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.ReactivateParent(ctx, w.Sam.Actor, w.Harbor.ID); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{own.Email, w.Harbor.Email} {
		if mails(to, "%was deactivated") != 1 || mails(to, "%is active again") != 1 {
			t.Errorf("%s got %d and %d mails", to, mails(to, "%was deactivated"), mails(to, "%is active again"))
		}
	}
	if n := w.Count(t, "outbox WHERE recipient = $1 AND body LIKE '%The reason given: Moved out%'", own.Email); n != 1 {
		t.Errorf("%d mails name the reason", n)
	}
	if n := mails(pending.Email, "%deactivated%") + mails(pending.Email, "%active again%") + mails(w.Harbor.Own.Email, "%deactivated%"); n != 0 {
		t.Errorf("%d mails to people who can do nothing with them", n)
	}
}

// ACC-4: sending an activation again has a limit, for a sub-account and for a parent: one each half minute, ten a day.
func TestResendLimit(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := t.Context()
	sub := w.AddPending(t, w.Clinic, "Kiosk", "kiosk@clinic.example")
	parent, err := w.Accounts.CreateParent(ctx, w.Sam.Actor, accounts.ParentOrder{Details: accounts.Details{AccountName: "Sunrise", ContactName: "Mara Lind",
		Email: "mara@sunrise.example", Mobile: "+353850123456", Country: "IE", TimeZone: "Europe/Dublin"}, Currency: "EUR", Plan: models.PrePay, Method: models.ByLink})
	if err != nil {
		t.Fatal(err)
	}
	for name, resend := range map[string]func() error{
		"sub-account": func() error { return w.Accounts.Resend(ctx, w.Clinic.Admin.Actor, sub.ID, models.ByLink) },
		"parent":      func() error { return w.Accounts.ResendToParent(ctx, w.Sam.Actor, parent.ID, models.ByLink) },
	} {
		for i := range accounts.ResendsADay {
			if err := resend(); err != nil {
				t.Fatalf("%s, time %d: %v", name, i+1, err)
			}
			if i == 0 {
				if err := resend(); !errors.Is(err, accounts.ErrResendPause) {
					t.Errorf("%s, at once again: %v", name, err)
				}
			}
			w.Clock.Add(accounts.CodePause)
		}
		before := w.Fingerprint(t)
		if err := resend(); !errors.Is(err, accounts.ErrTooManyResends) {
			t.Errorf("%s, once more: %v", name, err)
		}
		if w.Fingerprint(t) != before {
			t.Errorf("%s: a refusal changed something", name)
		}
	}
	w.Clock.Add(accounts.ActivationTTL)
	if err := w.Accounts.Resend(ctx, w.Clinic.Admin.Actor, sub.ID, models.ByLink); err != nil {
		t.Errorf("a week later: %v", err)
	}
}
