package accounts_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/storetest"
)

const chosen = "four words of my own"

// pending is a sub-account that waits for its user, and the session that its one-time password opens.
func pending(t *testing.T) (*storetest.World, models.Account, identity.Session) {
	t.Helper()
	w := storetest.NewWorld(t)
	a := w.AddPending(t, w.Clinic, "Day Ward", "day@clinic.example")
	return w, a, signIn(t, w, a.Email, w.OneTimePassword(t, a.Email))
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func token(link string) string { _, t, _ := strings.Cut(link, "token="); return t }

// ACC-4: one-time password or link, then the code, then a password of one's own; after that the account is Active, the
// person is signed in, and what opened the activation opens nothing any more.
func TestActivation(t *testing.T) {
	for _, method := range []models.ActivationMethod{models.ByPassword, models.ByLink} {
		t.Run(string(method), func(t *testing.T) {
			w := storetest.NewWorld(t)
			a, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.Method = method }))
			must(t, err)
			var session identity.Session
			var oneTime, link string
			if method == models.ByPassword {
				oneTime = w.OneTimePassword(t, a.Email)
				session = signIn(t, w, a.Email, oneTime)
			} else {
				link = token(w.Link(t, a.Email))
				for range 2 { // a mail scanner was here first
					opened, err := w.Accounts.OpenLink(ctx, link, identity.Origin{})
					must(t, err)
					session = resolve(t, w, opened)
				}
			}
			if session.Stage != identity.StageActivation || session.Actor.Can(models.ViewAccount) {
				t.Errorf("before the code: %s may %v", session.Stage, session.Actor.Privileges)
			}
			said, err := w.Accounts.ActivationOf(ctx, session)
			if err != nil || said.CodeAccepted || said.Account.ID != a.ID || said.Mobile != "+49 •••• 79" {
				t.Errorf("shown: %+v %v", said, err)
			}
			unchanged(t, w, func() {
				_, err := w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
				refused(t, err, accounts.ErrCodeFirst, "")
			})
			code := w.Code(t, a.Mobile)
			must(t, w.Accounts.EnterCode(ctx, session, " "+code[:3]+"-"+code[3:]+" "))
			must(t, w.Accounts.EnterCode(ctx, session, "went back")) // accepted is accepted
			if said, _ := w.Accounts.ActivationOf(ctx, session); !said.CodeAccepted {
				t.Error("the code was not accepted")
			}
			for _, bad := range []string{"", "short", "day@clinic.example", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", strings.Repeat("x", 1<<20), oneTime} {
				unchanged(t, w, func() {
					_, err := w.Accounts.ChoosePassword(ctx, session, bad, identity.Origin{})
					refused(t, err, models.ErrCheckFields, "password")
				})
			}
			full, err := w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
			must(t, err)
			if got := resolve(t, w, full); got.Stage != identity.StageFull || got.Account.ID != a.ID || !got.Actor.Can(models.ViewAccount) {
				t.Errorf("afterwards: %+v", got.Actor)
			}
			if got := show(t, w, w.Clinic, a.ID); got.Status != models.Active || got.ActivatedAt == nil || got.Activation != nil {
				t.Errorf("afterwards: %+v", got.Account)
			}
			if w.Count(t, "sessions WHERE account_id = $1", a.ID) != 1 {
				t.Error("the session of the activation lives on")
			}
			signIn(t, w, a.Email, chosen)
			if method == models.ByPassword {
				_, err = w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: oneTime})
				refused(t, err, identity.ErrWrongSignIn, "")
			} else {
				_, err = w.Accounts.OpenLink(ctx, link, identity.Origin{})
				refused(t, err, accounts.ErrLinkExpired, "")
			}
			unchanged(t, w, func() {
				_, err := w.Accounts.ChoosePassword(ctx, session, chosen+"!", identity.Origin{})
				refused(t, err, accounts.ErrNotPending, "")
				refused(t, w.Accounts.EnterCode(ctx, session, code), accounts.ErrLinkExpired, "")
				refused(t, w.Accounts.ResendCode(ctx, session), accounts.ErrLinkExpired, "")
				refused(t, w.Accounts.Resend(ctx, w.Clinic.Admin.Actor, a.ID, models.ByPassword), accounts.ErrNotPending, "")
			})
		})
	}
}

// ACC-4: every wrong code is counted although it is refused; after five not even the right one is taken.
func TestCodeTries(t *testing.T) {
	w, a, session := pending(t)
	code := w.Code(t, a.Mobile)
	for try, bad := range []string{wrong(code), "", "'; --", strings.Repeat("9", 1<<16), "٢٥٢٥٢٥"} {
		err := w.Accounts.EnterCode(ctx, session, bad)
		if try < accounts.CodeTries-1 {
			refused(t, err, accounts.ErrWrongCode, "code")
		} else {
			refused(t, err, accounts.ErrCodeSpent, "code")
		}
		if left := accounts.CodeTries - try - 1; left > 1 && !strings.Contains(saying(err, "code"), fmt.Sprint(left)) {
			t.Errorf("%d left, says %q", left, saying(err, "code"))
		}
		if got := w.Count(t, "activations WHERE account_id = $1 AND code_tries = $2", a.ID, try+1); got != 1 {
			t.Errorf("try %d was not counted", try+1)
		}
	}
	if got := w.Count(t, "action_log WHERE account_id = $1 AND action = 'code.refused'", a.ID); got != accounts.CodeTries {
		t.Errorf("%d lines", got)
	}
	unchanged(t, w, func() { refused(t, w.Accounts.EnterCode(ctx, session, code), accounts.ErrCodeSpent, "code") })
}

// ACC-4: fifty wrong codes at once are five tries.
func TestFiftyWrongCodes(t *testing.T) {
	w, a, session := pending(t)
	code := w.Code(t, a.Mobile)
	var c tally
	atOnce(func() {
		c.add(w.Accounts.EnterCode(ctx, session, wrong(code)), accounts.ErrWrongCode, accounts.ErrCodeSpent)
	})
	if c.of[accounts.ErrWrongCode] != accounts.CodeTries-1 || c.of[accounts.ErrCodeSpent] != 50-accounts.CodeTries+1 {
		t.Errorf("outcomes: %v", c.of)
	}
	refused(t, w.Accounts.EnterCode(ctx, session, code), accounts.ErrCodeSpent, "code")
	if w.Count(t, "activations WHERE account_id = $1 AND code_tries = $2", a.ID, accounts.CodeTries) != 1 {
		t.Error("the count is another")
	}
}

// ACC-4: a code expires; a new one kills the old, has tries of its own, is not sent again within the pause, nor without end.
func TestResendCode(t *testing.T) {
	w, a, session := pending(t)
	old := w.Code(t, a.Mobile)
	unchanged(t, w, func() { refused(t, w.Accounts.ResendCode(ctx, session), accounts.ErrCodePause, "") })
	w.Clock.Add(accounts.CodeTTL - time.Microsecond)
	refused(t, w.Accounts.EnterCode(ctx, session, wrong(old)), accounts.ErrWrongCode, "code") // still alive
	w.Clock.Add(time.Microsecond)
	unchanged(t, w, func() { refused(t, w.Accounts.EnterCode(ctx, session, old), accounts.ErrCodeExpired, "code") })

	must(t, w.Accounts.ResendCode(ctx, session))
	code := w.Code(t, a.Mobile)
	if code != old { // one time in a million they are equal
		refused(t, w.Accounts.EnterCode(ctx, session, old), accounts.ErrWrongCode, "code")
	}
	sent := 2
	for ; sent < accounts.CodesInAll; sent++ {
		w.Clock.Add(accounts.CodePause)
		must(t, w.Accounts.ResendCode(ctx, session))
	}
	w.Clock.Add(accounts.CodePause)
	unchanged(t, w, func() { refused(t, w.Accounts.ResendCode(ctx, session), accounts.ErrTooManyCodes, "") })
	if got := w.Count(t, "outbox WHERE recipient = $1 AND account_id = $2", a.Mobile, a.ID); got != accounts.CodesInAll {
		t.Errorf("%d texts", got)
	}
	if w.Count(t, "activations WHERE account_id = $1 AND code_tries = 0", a.ID) != 1 {
		t.Error("a new code has no tries of its own")
	}
	must(t, w.Accounts.EnterCode(ctx, session, w.Code(t, a.Mobile)))
}

// ACC-4: fifty clicks on Send a new code are one text.
func TestResendCodeFiftyAtOnce(t *testing.T) {
	w, a, session := pending(t)
	w.Clock.Add(accounts.CodePause)
	var c tally
	atOnce(func() { c.add(w.Accounts.ResendCode(ctx, session), accounts.ErrCodePause) })
	if c.of[nil] != 1 || c.of[accounts.ErrCodePause] != 49 || w.Count(t, "outbox WHERE recipient = $1 AND account_id = $2", a.Mobile, a.ID) != 2 {
		t.Errorf("outcomes: %v", c.of)
	}
}

// ACC-4: sending the mail again kills the old password, the old link, the old code and the sessions that they opened.
func TestResendMail(t *testing.T) {
	w, a, session := pending(t)
	admin := w.Clinic.Admin.Actor
	oneTime, code := w.OneTimePassword(t, a.Email), w.Code(t, a.Mobile)
	must(t, w.Accounts.EnterCode(ctx, session, code))
	w.Clock.Add(time.Minute)
	must(t, w.Accounts.Resend(ctx, admin, a.ID, models.ByLink))
	if w.Count(t, "sessions WHERE account_id = $1", a.ID) != 0 {
		t.Error("a session of the old activation lives on")
	}
	_, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: oneTime})
	refused(t, err, identity.ErrWrongSignIn, "")
	_, err = w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
	refused(t, err, accounts.ErrCodeFirst, "") // the old code's acceptance died with it

	first := token(w.Link(t, a.Email))
	_, err = w.Accounts.OpenLink(ctx, first, identity.Origin{})
	must(t, err)
	w.Clock.Add(time.Minute)
	must(t, w.Accounts.Resend(ctx, admin, a.ID, models.ByLink))
	_, err = w.Accounts.OpenLink(ctx, first, identity.Origin{})
	refused(t, err, accounts.ErrLinkExpired, "")
	second := token(w.Link(t, a.Email))
	_, err = w.Accounts.OpenLink(ctx, second, identity.Origin{})
	must(t, err)
	w.Clock.Add(accounts.ActivationTTL)
	_, err = w.Accounts.OpenLink(ctx, second, identity.Origin{})
	refused(t, err, accounts.ErrLinkExpired, "")

	must(t, w.Accounts.Resend(ctx, admin, a.ID, models.ByPassword))
	latest := w.OneTimePassword(t, a.Email)
	signIn(t, w, a.Email, latest)
	w.Clock.Add(accounts.ActivationTTL)
	_, err = w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: latest})
	refused(t, err, identity.ErrActivationExpired, "")
	if w.Count(t, "activations WHERE account_id = $1 AND ended_at IS NULL", a.ID) != 1 {
		t.Error("not one activation is open")
	}
}

// ACC-4, PRV-1: who may not send an activation again, and to whom it is not sent.
func TestResendRefused(t *testing.T) {
	w, a, _ := pending(t)
	c := w.Clinic
	gone := w.AddPending(t, c, "Gone", "gone@clinic.example")
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, gone.ID, "closed")
	must(t, err)
	for what, r := range map[string]struct {
		actor  models.Actor
		sub    models.ID
		method models.ActivationMethod
		want   error
	}{
		"by the sub-account":  {c.Own.Actor, a.ID, models.ByLink, models.ErrMissingPrivilege},
		"by staff":            {w.Sam.Actor.In(c.ID), a.ID, models.ByLink, models.ErrMissingPrivilege},
		"by another tenant":   {w.Harbor.Admin.Actor, a.ID, models.ByLink, accounts.ErrNoSuchAccount},
		"to nobody":           {c.Admin.Actor, models.NewID(), models.ByLink, accounts.ErrNoSuchAccount},
		"to an Active one":    {c.Admin.Actor, c.Own.Account.ID, models.ByLink, accounts.ErrNotPending},
		"to itself":           {c.Admin.Actor, c.ID, models.ByLink, accounts.ErrNotPending},
		"to a deactivated":    {c.Admin.Actor, gone.ID, models.ByLink, accounts.ErrNotPending},
		"by no known method":  {c.Admin.Actor, a.ID, "pigeon", models.ErrCheckFields},
		"by no method at all": {c.Admin.Actor, a.ID, "", models.ErrCheckFields},
	} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() { refused(t, w.Accounts.Resend(ctx, r.actor, r.sub, r.method), r.want, "") })
		})
	}
	unchanged(t, w, func() {
		refused(t, w.Accounts.ResendToParent(ctx, c.Admin.Actor, c.ID, models.ByLink), models.ErrMissingPrivilege, "")
		refused(t, w.Accounts.ResendToParent(ctx, w.Sam.Actor, c.ID, models.ByLink), accounts.ErrNotPending, "")
		refused(t, w.Accounts.ResendToParent(ctx, w.Sam.Actor, a.ID, models.ByLink), accounts.ErrNoSuchAccount, "")
	})
}

// ACC-4: whatever is wrong with a link, the answer is the same.
func TestBadLinks(t *testing.T) {
	w, a, _ := pending(t)
	must(t, w.Accounts.Resend(ctx, w.Clinic.Admin.Actor, a.ID, models.ByLink))
	good := token(w.Link(t, a.Email))
	raw, err := base64.RawURLEncoding.DecodeString(good)
	must(t, err)
	elsewhere := append(w.Harbor.ID[:], raw[16:]...)
	for what, bad := range map[string]string{"none": "", "cut": good[:len(good)-1], "longer": good + "A", "not base64": "€" + good[1:],
		"another secret": good[:len(good)-6] + "AAAAAA", "another tenant": base64.RawURLEncoding.EncodeToString(elsewhere),
		"zeros": base64.RawURLEncoding.EncodeToString(make([]byte, 48)), "a megabyte": strings.Repeat("A", 1<<20)} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.OpenLink(ctx, bad, identity.Origin{})
				refused(t, err, accounts.ErrLinkExpired, "")
			})
		})
	}
}

// ACC-4, ACC-9: a deactivated account is not activated, neither by a session that was open nor by password or link; and a
// deleted one neither.
func TestActivationOfDeactivated(t *testing.T) {
	w, a, session := pending(t)
	oneTime := w.OneTimePassword(t, a.Email)
	must(t, w.Accounts.EnterCode(ctx, session, w.Code(t, a.Mobile)))
	linked := w.AddPending(t, w.Clinic, "Linked", "linked@clinic.example")
	must(t, w.Accounts.Resend(ctx, w.Clinic.Admin.Actor, linked.ID, models.ByLink))
	for _, sub := range []models.ID{a.ID, linked.ID} {
		_, err := w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, sub, "not needed")
		must(t, err)
	}
	unchanged(t, w, func() {
		_, err := w.Accounts.ChoosePassword(ctx, session, chosen, identity.Origin{})
		refused(t, err, accounts.ErrNotPending, "")
		_, err = w.Accounts.OpenLink(ctx, token(w.Link(t, linked.Email)), identity.Origin{})
		refused(t, err, accounts.ErrLinkExpired, "")
	})
	_, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: oneTime})
	refused(t, err, identity.ErrAccountDeactivated, "")
	_, err = w.Accounts.Delete(ctx, w.Clinic.Admin.Actor, linked.ID, "Linked")
	must(t, err)
	_, err = w.Accounts.OpenLink(ctx, token(w.Link(t, linked.Email)), identity.Origin{})
	refused(t, err, accounts.ErrLinkExpired, "")
}

// ACC-4: two browsers that choose a password at once: one of them does, and there is one password.
func TestChoosePasswordFiftyAtOnce(t *testing.T) {
	w, a, session := pending(t)
	must(t, w.Accounts.EnterCode(ctx, session, w.Code(t, a.Mobile)))
	var c tally
	atOnce(func() {
		_, err := w.Accounts.ChoosePassword(ctx, session, models.NewID().String(), identity.Origin{})
		c.add(err, accounts.ErrNotPending)
	})
	if c.of[nil] != 1 || c.of[accounts.ErrNotPending] != 49 || w.Count(t, "sessions WHERE account_id = $1", a.ID) != 1 {
		t.Errorf("outcomes: %v", c.of)
	}
}
