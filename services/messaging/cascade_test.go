package messaging_test

import (
	"testing"

	"offshoot/models"
	"offshoot/services/messaging"
	"offshoot/services/storetest"
)

// ACC-9: a deactivated parent stops its sub-account's send where it is: nothing more is accepted or paid, what was paid and not
// handed over waits, and nobody can continue it. Reactivated, the send is continued where it was, and what had waited goes out.
func TestDeactivatedParentStopsSends(t *testing.T) {
	w := storetest.NewWorld(t)
	who := w.Clinic.Own
	give(t, w, w.Clinic, "100")
	id := compose(t, w, who, messaging.Draft{Numbers: german(1200)})
	must(t, start(w, who, id))
	messaging.TakeSlice(t, w.Messaging, who.Account.TenantID, id)
	must(t, w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Clinic.ID, "unpaid"))
	paid := w.BalanceOf(t, who.Account)
	run(t, w, who, id)
	if got := progress(t, w, who, id); got.Status != models.SendBlocked || got.Problem != "parent_state" || got.Handled != 500 {
		t.Fatalf("%+v", got)
	}
	if err := w.Messaging.Continue(ctx, who.Actor, id); err == nil {
		t.Fatal("it was continued under a parent that is deactivated")
	}
	handOver(t, w, who)
	if n := w.Count(t, `messages WHERE send_id = $1 AND status = 'queued'`, id); n != 500 || !w.BalanceOf(t, who.Account).Equal(paid) {
		t.Errorf("%d of 500 wait, and it has %s, not %s", n, w.BalanceOf(t, who.Account), paid)
	}
	must(t, w.Accounts.ReactivateParent(ctx, w.Sam.Actor, w.Clinic.ID))
	must(t, w.Messaging.Continue(ctx, who.Actor, id))
	run(t, w, who, id)
	handOver(t, w, who)
	if got := progress(t, w, who, id); got.Handled != 1200 || w.Count(t, `messages WHERE send_id = $1 AND status = 'queued'`, id) != 0 {
		t.Errorf("%+v", got)
	}
}
