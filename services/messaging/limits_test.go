package messaging_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func setCaps(t testing.TB, w *storetest.World, a models.Account, day, month *models.Money) {
	t.Helper()
	_, err := w.Store.Change(ctx, models.System(a.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.FundingChanged, Account: a.ID}, ledger.SetCaps(ctx, tx, a.ID, day, month)
	})
	must(t, err)
}

func broken(t testing.TB, w *storetest.World, actor models.Actor, a models.Account) (models.Rule, []models.Rule) {
	t.Helper()
	x, err := w.Messaging.Why(ctx, actor, messaging.Asked{Account: a.ID, To: "+4915112505000", Parts: 1})
	must(t, err)
	r, _ := x.Verdict.Broken()
	return r, x.Verdict.Rules
}

// BAL-3, MSG-2: what a cap leaves room for is sent; then the send is blocked by the cap, and what is paid goes out. The sub-account
// reads when it starts anew and who can change it, its parent the figures too. On the next day it goes on.
func TestBlockedByACap(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Shared
	day := storetest.Euros(t, "1")
	setCaps(t, w, who.Account, &day, nil)
	id := compose(t, w, who, messaging.Draft{Numbers: german(20)})
	p, err := w.Messaging.Quote(ctx, who.Actor, id)
	must(t, err)
	if !p.Quote.Missing {
		t.Error("the preview does not say that it is not enough")
	}
	must(t, start(w, who, id))
	run(t, w, who, id)
	got := progress(t, w, who, id)
	if got.Status != models.SendBlocked || got.Handled != 13 || got.Problem != "cap_reached" || strings.Contains(got.Reason, "EUR") ||
		!strings.Contains(got.Reason, "daily spending cap") || !strings.Contains(got.Reason, "21 November 2026 at 00:00 (Europe/Berlin)") || !strings.Contains(got.Reason, "North Clinic Group can change it") {
		t.Errorf("%+v", got)
	}
	handOver(t, w, who)
	if got = progress(t, w, who, id); got.ByStatus[models.MessageDelivered] != 13 {
		t.Errorf("what was paid did not go out: %+v", got)
	}
	if err := w.Messaging.Continue(ctx, who.Actor, id); !errors.Is(err, ledger.ErrCapReached) {
		t.Errorf("continued: %v", err)
	}
	if r, _ := broken(t, w, w.Clinic.Admin.Actor, who.Account); r.Code != "cap_reached" || !strings.Contains(r.Says, "is 1.00 EUR, and 0.975 EUR of that is used") {
		t.Errorf("%+v", r)
	}
	if r, _ := broken(t, w, who.Actor, who.Account); r.Code != "cap_reached" || strings.Contains(r.Says, "EUR") {
		t.Errorf("%+v", r)
	}
	w.Clock.Add(24 * time.Hour)
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	run(t, w, who, id)
	handOver(t, w, who)
	run(t, w, who, id)
	if got = progress(t, w, who, id); got.Status != models.SendDone || got.ByStatus[models.MessageDelivered] != 20 {
		t.Errorf("%+v", got)
	}
}

// ACC-13, MSG-2: the rules trial and cap have their lines, in their order, and count only for whom they are meant; frozen books are
// named too.
func TestVerdictAsksTrialAndCap(t *testing.T) {
	w := storetest.NewWorld(t)
	own, shared, nora := w.Clinic.Own.Account, w.Clinic.Shared.Account, w.Clinic.Admin.Actor
	give(t, w, w.Clinic, "1")
	line := func(a models.Account, code string) models.Rule {
		t.Helper()
		_, rules := broken(t, w, nora, a)
		var order []string
		var found models.Rule
		for _, r := range rules {
			order = append(order, r.Code)
			if r.Code == code {
				found = r
			}
		}
		if got := strings.Join(order, " "); got != "own_state parent_state trial feature_access sender_not_usable opted_out no_price units cap insufficient_balance" {
			t.Errorf("rules %s", got)
		}
		return found
	}
	if r := line(own, "trial"); !r.Moot || !r.Holds {
		t.Errorf("%+v", r)
	}
	if r := line(own, "cap"); !r.Moot {
		t.Errorf("%+v", r)
	}
	if r := line(shared, "cap"); r.Moot || !r.Holds {
		t.Errorf("%+v", r)
	}
	ends := w.Clock.Now().Add(time.Hour)
	_, err := w.Raw.Exec(ctx, `UPDATE accounts SET trial_ends_at = $2 WHERE id = $1`, own.ID, ends)
	must(t, err)
	if r := line(own, "trial"); r.Moot || !r.Holds || !strings.Contains(r.Says, "20 November 2026 at 11:30 (Europe/Berlin)") {
		t.Errorf("%+v", r)
	}
	id := compose(t, w, w.Clinic.Own, messaging.Draft{Numbers: german(2)})
	w.Clock.Set(ends)
	if r, _ := broken(t, w, nora, own); r.Code != "trial" || !strings.Contains(r.Who, "North Clinic Group") {
		t.Errorf("%+v", r)
	}
	if err := start(w, w.Clinic.Own, id); !errors.Is(err, ledger.ErrTrialEnded) {
		t.Errorf("started: %v", err)
	}
	give(t, w, w.Clinic, "1")
	if r, _ := broken(t, w, nora, own); r.Code != "" {
		t.Errorf("%+v", r)
	}
	_, err = w.Raw.Exec(ctx, `INSERT INTO freezes (tenant_id, frozen_at, reason) VALUES ($1, now(), 'test')`, w.Clinic.ID)
	must(t, err)
	if r, _ := broken(t, w, nora, own); r.Code != ledger.ErrFrozen.Code || !strings.Contains(r.Who, "Support") {
		t.Errorf("%+v", r)
	}
	if err := start(w, w.Clinic.Own, id); !errors.Is(err, ledger.ErrFrozen) {
		t.Errorf("started: %v", err)
	}
}

// BAL-4: under a post-pay parent a monthly limit draws from the parent's balance. Its people see the price and what is left of the
// limit, and not what their parent has.
func TestAPostPayLimitSeesItsLimit(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Harbor.Shared
	_, err := w.Raw.Exec(ctx, `UPDATE accounts SET funding = 'limit' WHERE id = $1`, who.Account.ID)
	must(t, err)
	month := storetest.Yen(t, "100")
	setCaps(t, w, who.Account, nil, &month)
	id := compose(t, w, who, messaging.Draft{Numbers: "+819012345699"})
	for actor, left := range map[*models.Actor]func(models.Money) bool{
		&who.Actor:            func(m models.Money) bool { return m.IsPositive() && m.Less(month) },
		&w.Harbor.Admin.Actor: func(m models.Money) bool { return month.Less(m) },
	} {
		p, err := w.Messaging.Quote(ctx, *actor, id)
		must(t, err)
		if p.Quote.NoPrices || len(p.Quote.Pockets) != 1 || !left(p.Quote.Pockets[0].Left) {
			t.Errorf("%s sees %+v", actor.Account, p.Quote)
		}
	}
}
