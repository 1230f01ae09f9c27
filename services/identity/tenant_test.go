package identity_test

import (
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
)

// ACC-12, ACC-11: no statement on people's tables depends on seeing two tenants at once: all works under row-level
// security that shows each transaction the rows of the tenant that it has set, and nothing where none is set.
func TestOneTenantAtATime(t *testing.T) {
	w := newWorld(t)
	var exempt bool
	w.scan(&exempt, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`)
	if exempt {
		t.Fatal("the role of the tests passes row-level security")
	}
	for _, table := range []string{"users", "sessions", "accesses", "activations", "privileges"} {
		w.exec(`ALTER TABLE ` + table + ` ENABLE ROW LEVEL SECURITY`)
		w.exec(`ALTER TABLE ` + table + ` FORCE ROW LEVEL SECURITY`)
		w.exec(`CREATE POLICY own_tenant ON ` + table + ` USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)`)
	}
	if w.count("sessions") != 0 || w.count("users") != 0 {
		t.Fatal("the policies do not hold")
	}
	token := w.access("ann", w.north, w.clinic)
	session := w.resolve(token)
	if session.Actor.Account != w.clinic || !session.Actor.Can(models.ManageAudience) {
		t.Errorf("acts as %+v", session.Actor)
	}
	w.clock.pass(2 * time.Minute)
	w.ok(w.identity.SetFlash(w.ctx, session, "Saved."))
	if text, err := w.identity.TakeFlash(w.ctx, w.resolve(token)); err != nil || text != "Saved." {
		t.Errorf("flash %q, %v", text, err)
	}
	page, err := w.identity.AccessesOf(w.ctx, w.resolve(w.signIn("clara")).Actor, w.clinic, models.NoID, 5)
	if err != nil || len(page.Lines) != 1 {
		t.Errorf("accesses %v, %v", page, err)
	}
	w.clock.pass(identity.AccessTTL)
	if home := w.resolve(token); home.Actor.Access != nil || home.Flash == "" {
		t.Errorf("after the access: %+v", home)
	}
	back, err := w.identity.EndAccess(w.ctx, w.resolve(w.access("nora", w.north, w.clinic)))
	w.ok(err)
	w.ok(w.identity.SignOut(w.ctx, w.resolve(back)))
	w.opensNothing(back)
}
