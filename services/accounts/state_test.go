package accounts_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// ACC-9: foreign ids, the parent itself, actors without the privilege, reasons and names that are not right: nothing of it
// changes anything, and every way into a state says the same.
func TestStateRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	gone := w.AddPending(t, c, "Gone", "gone@clinic.example")
	_, err := w.Accounts.Delete(ctx, c.Admin.Actor, gone.ID, "Gone")
	must(t, err)
	type way = func(context.Context, models.Actor, models.ID) error
	ways := map[string]way{
		"Deactivate": func(ctx context.Context, a models.Actor, id models.ID) error {
			_, err := w.Accounts.Deactivate(ctx, a, id, "a reason")
			return err
		},
		"PreviewDeactivate": func(ctx context.Context, a models.Actor, id models.ID) error {
			_, err := w.Accounts.PreviewDeactivate(ctx, a, id)
			return err
		},
		"Reactivate": w.Accounts.Reactivate,
		"Delete": func(ctx context.Context, a models.Actor, id models.ID) error {
			_, err := w.Accounts.Delete(ctx, a, id, "North Clinic")
			return err
		},
		"PreviewDelete": func(ctx context.Context, a models.Actor, id models.ID) error {
			_, err := w.Accounts.PreviewDelete(ctx, a, id)
			return err
		},
	}
	for what, r := range map[string]struct {
		actor models.Actor
		id    models.ID
		want  error
	}{
		"by the sub-account":      {c.Own.Actor, c.Own.Account.ID, models.ErrMissingPrivilege},
		"by a sibling":            {c.Shared.Actor, c.Own.Account.ID, models.ErrMissingPrivilege},
		"by staff":                {w.Sam.Actor.In(c.ID), c.Own.Account.ID, models.ErrMissingPrivilege},
		"by nobody":               {models.Actor{}, c.Own.Account.ID, models.ErrMissingPrivilege},
		"by another tenant":       {w.Harbor.Admin.Actor, c.Own.Account.ID, accounts.ErrNoSuchAccount},
		"of another tenant's":     {c.Admin.Actor, w.Harbor.Own.Account.ID, accounts.ErrNoSuchAccount},
		"of another tenant":       {c.Admin.Actor, w.Harbor.ID, accounts.ErrNoSuchAccount},
		"of the operator":         {c.Admin.Actor, w.Sam.Account.ID, accounts.ErrNoSuchAccount},
		"of the parent itself":    {c.Admin.Actor, c.ID, accounts.ErrNoSuchAccount},
		"of one that was deleted": {c.Admin.Actor, gone.ID, accounts.ErrNoSuchAccount},
		"of nobody":               {c.Admin.Actor, models.NewID(), accounts.ErrNoSuchAccount},
		"of nothing":              {c.Admin.Actor, models.NoID, accounts.ErrNoSuchAccount},
	} {
		for name, do := range ways {
			t.Run(name+" "+what, func(t *testing.T) {
				unchanged(t, w, func() { refused(t, do(ctx, r.actor, r.id), r.want, "") })
			})
		}
	}
	unchanged(t, w, func() {
		for _, reason := range []string{"", " \t\n", strings.Repeat("ü", 201), "a\x00b", "a\xffb"} {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, reason)
			refused(t, err, models.ErrCheckFields, "reason")
			refused(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, c.ID, reason), models.ErrCheckFields, "reason")
		}
		for _, typed := range []string{"", "north clinic", "North Clinic ", "North  Clinic", "Night Ward", strings.Repeat("x", 1<<20)} {
			_, err := w.Accounts.Delete(ctx, c.Admin.Actor, c.Own.Account.ID, typed)
			refused(t, err, accounts.ErrNameNotTyped, "name")
		}
		refused(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, c.Own.Account.ID), accounts.ErrNotDeactivated, "")
	})
}

// ACC-9: deactivating returns the balance once, ends the sessions at once and lets nothing move; reactivating gives the
// state back, Pending too, and moves nothing.
func TestDeactivateAndReactivate(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	waiting := w.AddPending(t, c, "Day Ward", "day@clinic.example")
	for _, a := range []models.Account{c.Own.Account, waiting} {
		transfer(t, w, c, a.ID, "30")
		password, state := storetest.Passphrase, show(t, w, c, a.ID).Status
		if state == models.Pending {
			password = w.OneTimePassword(t, a.Email)
		}
		in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: password})
		must(t, err)
		var said models.Returned
		unchanged(t, w, func() {
			said, err = w.Accounts.PreviewDeactivate(ctx, c.Admin.Actor, a.ID)
			must(t, err)
		})
		returned, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "  not <b>paid</b>  ")
		if err != nil || returned.Amount.Text() != "30.00" || !said.Amount.Equal(returned.Amount) || !said.To.After.Equal(returned.To.After) {
			t.Errorf("said %+v, did %+v, %v", said, returned, err)
		}
		if w.BalanceOf(t, a).Text() != "0.00" || w.BalanceOf(t, c.Account).Text() != "1000.00" {
			t.Error("the balance did not go back")
		}
		_, err = w.Identity.Resolve(ctx, in.Token)
		refused(t, err, identity.ErrNoSession, "")
		if w.Count(t, "sessions WHERE account_id = $1", a.ID) != 0 {
			t.Error("a session is kept")
		}
		_, err = w.Identity.SignIn(ctx, identity.SignInOrder{Email: a.Email, Password: password})
		refused(t, err, identity.ErrAccountDeactivated, "")
		if got := show(t, w, c, a.ID); got.Status != models.Deactivated || got.StatusReason != "not <b>paid</b>" {
			t.Errorf("deactivated: %+v", got.Account)
		}
		unchanged(t, w, func() {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, a.ID, "again")
			refused(t, err, accounts.ErrAlreadyDeactivated, "")
			_, err = w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: a.ID, Amount: storetest.Euros(t, "1")})
			refused(t, err, ledger.ErrAccountClosed, "")
		})
		must(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, a.ID))
		if got := show(t, w, c, a.ID); got.Status != state || got.StatusReason != "" || !got.Balance.Balance.IsZero() {
			t.Errorf("again %s, was %s: %+v", got.Status, state, got.Balance)
		}
		signIn(t, w, a.Email, password)
		unchanged(t, w, func() { refused(t, w.Accounts.Reactivate(ctx, c.Admin.Actor, a.ID), accounts.ErrNotDeactivated, "") })
		if got := w.Count(t, "action_log WHERE account_id = $1 AND action IN ('sub_account.deactivated', 'sub_account.reactivated', 'transfer.returned')", a.ID); got != 3 {
			t.Errorf("REP-3: %d lines", got)
		}
		transfer(t, w, c, a.ID, "1")
		_, err = w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: a.ID, All: true})
		must(t, err)
	}
}

// ACC-9, Always: fifty deactivations at once return the balance once; so do fifty deletions.
func TestStateFiftyAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account
	for what, run := range map[string]struct {
		work func() error
		late error
	}{
		"deactivate": {func() error { _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub.ID, "closed"); return err }, accounts.ErrAlreadyDeactivated},
		"reactivate": {func() error { return w.Accounts.Reactivate(ctx, c.Admin.Actor, sub.ID) }, accounts.ErrNotDeactivated},
		"delete":     {func() error { _, err := w.Accounts.Delete(ctx, c.Admin.Actor, sub.ID, sub.Name); return err }, accounts.ErrNoSuchAccount},
	} {
		w = storetest.NewWorld(t)
		if what == "reactivate" {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub.ID, "closed")
			must(t, err)
		} else {
			transfer(t, w, c, sub.ID, "30")
		}
		returns := w.Count(t, "transfers WHERE kind = 'transfer_back'")
		var n tally
		atOnce(func() { n.add(run.work(), run.late) })
		if n.of[nil] != 1 || n.of[run.late] != 49 {
			t.Errorf("%s: %v", what, n.of)
		}
		if what != "reactivate" && w.Count(t, "transfers WHERE kind = 'transfer_back'") != returns+1 || w.BalanceOf(t, c.Account).Text() != "1000.00" {
			t.Errorf("%s: the balance went back more than once", what)
		}
	}
}

// ACC-9, Always: transfers that race with deactivations and reactivations: whatever wins, a deactivated account has nothing
// and nothing is lost. The books are checked when the test ends.
func TestTransfersRaceWithDeactivation(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account.ID
	allowed := func(err error, named ...error) {
		for _, n := range named {
			if errors.Is(err, n) {
				return
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for range 10 {
		for range 3 {
			wg.Go(func() {
				_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub, Amount: storetest.Euros(t, "1")})
				allowed(err, ledger.ErrAccountClosed)
			})
		}
		wg.Go(func() {
			_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub, "race")
			allowed(err, accounts.ErrAlreadyDeactivated)
		})
		wg.Go(func() { allowed(w.Accounts.Reactivate(ctx, c.Admin.Actor, sub), accounts.ErrNotDeactivated) })
		wg.Go(func() {
			err := w.Accounts.SetFunding(ctx, c.Admin.Actor, sub, 0, models.FundingTerms{Funding: models.SharedBalance})
			allowed(err, accounts.ErrStale, ledger.ErrAccountClosed)
		})
	}
	wg.Wait()
	if _, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub, "end"); err != nil && !errors.Is(err, accounts.ErrAlreadyDeactivated) {
		t.Error(err)
	}
	if w.BalanceOf(t, c.Own.Account).Text() != "0.00" || w.BalanceOf(t, c.Account).Text() != "1000.00" {
		t.Errorf("left with %s, the parent has %s", w.BalanceOf(t, c.Own.Account), w.BalanceOf(t, c.Account))
	}
	if w.Count(t, "wallets WHERE account_id = $1 AND closed_at IS NULL", sub) != 0 {
		t.Error("a wallet of a deactivated account is open")
	}
}

// ACC-9: a delete says first what it returns, does exactly that, frees e-mail and name, and history stays.
func TestDelete(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	sub := c.Own.Account
	transfer(t, w, c, sub.ID, "30")
	in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: sub.Email, Password: storetest.Passphrase})
	must(t, err)
	lines := w.Count(t, "action_log WHERE account_id = $1", sub.ID)
	var said models.Returned
	unchanged(t, w, func() {
		said, err = w.Accounts.PreviewDelete(ctx, c.Admin.Actor, sub.ID)
		must(t, err)
	})
	did, err := w.Accounts.Delete(ctx, c.Admin.Actor, sub.ID, "North Clinic")
	if err != nil || said.Amount.Text() != "30.00" || !did.Amount.Equal(said.Amount) || !did.From.After.IsZero() || !did.To.After.Equal(said.To.After) {
		t.Errorf("said %+v, did %+v, %v", said, did, err)
	}
	if got := w.BalanceOf(t, c.Account).Text(); got != "1000.00" {
		t.Errorf("the parent has %s", got)
	}
	_, err = w.Identity.Resolve(ctx, in.Token)
	refused(t, err, identity.ErrNoSession, "")
	_, err = w.Identity.SignIn(ctx, identity.SignInOrder{Email: sub.Email, Password: storetest.Passphrase})
	refused(t, err, identity.ErrWrongSignIn, "")
	_, err = w.Accounts.Show(ctx, c.Admin.Actor, sub.ID)
	refused(t, err, accounts.ErrNoSuchAccount, "")
	if got := w.Count(t, "action_log WHERE account_id = $1", sub.ID); got != lines+2 { // the return and the deletion
		t.Errorf("%d lines of history, had %d", got, lines)
	}
	if w.Count(t, `action_log WHERE account_id = $1 AND action = 'sub_account.deleted' AND details @> '{"name": "North Clinic", "email": "ward@clinic.example"}'`, sub.ID) != 1 ||
		w.Count(t, "entries e JOIN wallets w ON w.id = e.wallet_id WHERE w.account_id = $1", sub.ID) != 2 {
		t.Error("history is gone")
	}
	again, err := w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.AccountName, o.Email = "north clinic", sub.Email }))
	must(t, err)
	if again.ID == sub.ID || !w.BalanceOf(t, again).IsZero() {
		t.Error("the new account is the old one")
	}
	signIn(t, w, again.Email, w.OneTimePassword(t, again.Email))
}

// ACC-9: an account that was deactivated first has returned everything; deleting it returns nothing more.
func TestDeleteDeactivated(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	transfer(t, w, c, c.Own.Account.ID, "30")
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Own.Account.ID, "closed")
	must(t, err)
	said, err := w.Accounts.PreviewDelete(ctx, c.Admin.Actor, c.Own.Account.ID)
	if err != nil || said.ID != models.NoID {
		t.Errorf("said %+v %v", said, err)
	}
	if did, err := w.Accounts.Delete(ctx, c.Admin.Actor, c.Own.Account.ID, "North Clinic"); err != nil || did.ID != models.NoID {
		t.Errorf("did %+v %v", did, err)
	}
	if got := w.BalanceOf(t, c.Account).Text(); got != "1000.00" {
		t.Errorf("the parent has %s", got)
	}
}

// ACC-9: a deactivated parent stops its sub-accounts without changing them; reactivated, each has its own earlier state.
func TestDeactivateParent(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.Clinic
	waiting := w.AddPending(t, c, "Day Ward", "day@clinic.example")
	oneTime := w.OneTimePassword(t, waiting.Email)
	transfer(t, w, c, c.Own.Account.ID, "30")
	_, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, c.Shared.Account.ID, "resting")
	must(t, err)
	var tokens []identity.Token
	for email, password := range map[string]string{c.Admin.Email: storetest.Passphrase, c.Own.Email: storetest.Passphrase, waiting.Email: oneTime} {
		in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: email, Password: password})
		must(t, err)
		tokens = append(tokens, in.Token)
	}
	unchanged(t, w, func() {
		for _, actor := range []models.Actor{c.Admin.Actor, c.Own.Actor, w.Harbor.Admin.Actor, {}} {
			for _, reason := range []string{"a reason", ""} {
				refused(t, w.Accounts.DeactivateParent(ctx, actor, c.ID, reason), models.ErrMissingPrivilege, "")
			}
			refused(t, w.Accounts.ReactivateParent(ctx, actor, c.ID), models.ErrMissingPrivilege, "")
		}
		for _, id := range []models.ID{c.Own.Account.ID, w.Sam.Account.ID, models.NewID(), models.NoID} {
			refused(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, id, "a reason"), accounts.ErrNoSuchAccount, "")
			refused(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, id), accounts.ErrNoSuchAccount, "")
		}
		refused(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, c.ID), accounts.ErrNotDeactivated, "")
	})
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, c.ID, "not paid"))
	unchanged(t, w, func() {
		refused(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, c.ID, "again"), accounts.ErrAlreadyDeactivated, "")
	})
	for _, token := range tokens {
		_, err := w.Identity.Resolve(ctx, token)
		refused(t, err, identity.ErrNoSession, "")
	}
	for email, password := range map[string]string{c.Admin.Email: storetest.Passphrase, c.Own.Email: storetest.Passphrase,
		c.Shared.Email: storetest.Passphrase, waiting.Email: oneTime} {
		_, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: email, Password: password})
		refused(t, err, identity.ErrAccountDeactivated, "")
	}
	if got := w.BalanceOf(t, c.Own.Account).Text(); got != "30.00" {
		t.Errorf("its sub-account has %s", got)
	}
	must(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, c.ID))
	for id, want := range map[models.ID]models.AccountStatus{c.ID: models.Active, c.Own.Account.ID: models.Active, c.Shared.Account.ID: models.Deactivated, waiting.ID: models.Pending} {
		if got := show(t, w, c, id).Status; got != want {
			t.Errorf("%s, was %s", got, want)
		}
	}
	for _, token := range tokens { // they ended; they were not only held up
		_, err := w.Identity.Resolve(ctx, token)
		refused(t, err, identity.ErrNoSession, "")
	}
	signIn(t, w, c.Own.Email, storetest.Passphrase)
	signIn(t, w, waiting.Email, oneTime)
}
