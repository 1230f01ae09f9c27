package accounts_test

import (
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/storetest"
)

func feature(t *testing.T, w *storetest.World, c storetest.Company) models.Feature {
	t.Helper()
	f, err := w.Accounts.SubAccountFeature(ctx, c.Admin.Actor)
	must(t, err)
	return f
}

// member is a User of the same account, who is no Admin.
func member(c storetest.Company) models.Actor {
	a := c.Admin.Actor
	a.Role, a.Privileges = models.Member, models.PrivilegesOf(models.Parent, models.Member, nil)
	return a
}

// ACC-1: where it is open, one click of an Admin turns the feature on, once.
func TestFeatureOpen(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.AddParent(t)
	if f := feature(t, w, c); f.Mode != models.OpenFeature || f.EnabledAt != nil || f.RequestedAt != nil {
		t.Errorf("before: %+v", f)
	}
	unchanged(t, w, func() {
		for _, actor := range []models.Actor{member(c), w.Clinic.Own.Actor, w.Sam.Actor, w.Sam.Actor.In(c.ID), {}} {
			_, err := w.Accounts.EnableSubAccounts(ctx, actor)
			refused(t, err, models.ErrMissingPrivilege, "")
		}
		for _, actor := range []models.Actor{w.Clinic.Own.Actor, w.Sam.Actor, {}} {
			_, err := w.Accounts.SubAccountFeature(ctx, actor)
			refused(t, err, models.ErrMissingPrivilege, "")
		}
	})
	var n tally
	atOnce(func() {
		on, err := w.Accounts.EnableSubAccounts(ctx, c.Admin.Actor)
		if err == nil && !on {
			t.Error("it is not on")
		}
		n.add(err, accounts.ErrFeatureOn)
	})
	if n.of[nil] != 1 || n.of[accounts.ErrFeatureOn] != 49 {
		t.Errorf("outcomes: %v", n.of)
	}
	if f := feature(t, w, c); f.EnabledAt == nil || w.Count(t, "action_log WHERE account_id = $1 AND action = 'feature.enabled'", c.ID) != 1 {
		t.Errorf("after: %+v", f)
	}
	if _, err := w.Accounts.AddSubAccount(ctx, c.Admin.Actor, order()); err != nil {
		t.Errorf("it is on, and yet: %v", err)
	}
}

// ACC-1: on request: a request is filed once, staff refuse it with a reason, the parent asks again, staff approve it, and
// it is on; the parent gets a mail of each answer.
func TestFeatureOnRequest(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.AddParent(t)
	unchanged(t, w, func() {
		for _, actor := range []models.Actor{c.Admin.Actor, w.Clinic.Own.Actor, {}} {
			refused(t, w.Accounts.SetMode(ctx, actor, models.OnRequestFeature), models.ErrMissingPrivilege, "")
			_, err := w.Accounts.CurrentMode(ctx, actor)
			refused(t, err, models.ErrMissingPrivilege, "")
			_, err = w.Accounts.Requests(ctx, actor)
			refused(t, err, models.ErrMissingPrivilege, "")
		}
		refused(t, w.Accounts.SetMode(ctx, w.Sam.Actor, "never"), models.ErrCheckFields, "mode")
	})
	must(t, w.Accounts.SetMode(ctx, w.Sam.Actor, models.OnRequestFeature))
	if m, err := w.Accounts.CurrentMode(ctx, w.Sam.Actor); err != nil || m != models.OnRequestFeature {
		t.Errorf("mode %s %v", m, err)
	}
	ask := func() models.FeatureRequest {
		t.Helper()
		w.Clock.Add(time.Minute)
		var n tally
		atOnce(func() {
			on, err := w.Accounts.EnableSubAccounts(ctx, c.Admin.Actor)
			if on {
				t.Error("it is on without approval")
			}
			n.add(err, accounts.ErrRequested)
		})
		if n.of[nil] != 1 || n.of[accounts.ErrRequested] != 49 {
			t.Errorf("asked: %v", n.of)
		}
		if f := feature(t, w, c); f.EnabledAt != nil || f.RequestedAt == nil || !f.RequestedAt.Equal(w.Clock.Now()) || f.RefusedWhy != "" {
			t.Errorf("asked: %+v", f)
		}
		open, err := w.Accounts.Requests(ctx, w.Sam.Actor)
		if err != nil || len(open) != 1 || open[0].TenantID != c.ID || open[0].AccountName != c.Name || open[0].RequestedBy != c.Admin.Email {
			t.Fatalf("open: %+v %v", open, err)
		}
		return open[0]
	}
	first := ask()
	unchanged(t, w, func() {
		for _, actor := range []models.Actor{c.Admin.Actor, w.Clinic.Admin.Actor, {}} {
			refused(t, w.Accounts.Approve(ctx, actor, c.ID, first.ID), models.ErrMissingPrivilege, "")
			refused(t, w.Accounts.Refuse(ctx, actor, c.ID, first.ID, ""), models.ErrMissingPrivilege, "")
		}
		for _, reason := range []string{"", "  ", strings.Repeat("x", 201), "a\x00"} {
			refused(t, w.Accounts.Refuse(ctx, w.Sam.Actor, c.ID, first.ID, reason), models.ErrCheckFields, "reason")
		}
		for _, r := range [][2]models.ID{{w.Clinic.ID, first.ID}, {c.ID, models.NewID()}, {models.NoID, first.ID}} {
			refused(t, w.Accounts.Approve(ctx, w.Sam.Actor, r[0], r[1]), accounts.ErrNoSuchRequest, "")
			refused(t, w.Accounts.Refuse(ctx, w.Sam.Actor, r[0], r[1], "no"), accounts.ErrNoSuchRequest, "")
		}
	})
	must(t, w.Accounts.Refuse(ctx, w.Sam.Actor, c.ID, first.ID, " Tell us <b>more</b> "))
	if f := feature(t, w, c); f.RefusedWhy != "Tell us <b>more</b>" || f.RequestedAt != nil || f.EnabledAt != nil {
		t.Errorf("refused: %+v", f)
	}
	unchanged(t, w, func() {
		refused(t, w.Accounts.Approve(ctx, w.Sam.Actor, c.ID, first.ID), accounts.ErrNoSuchRequest, "")
		refused(t, w.Accounts.Refuse(ctx, w.Sam.Actor, c.ID, first.ID, "again"), accounts.ErrNoSuchRequest, "")
	})
	second := ask()
	var n tally
	atOnce(func() { n.add(w.Accounts.Approve(ctx, w.Sam.Actor, c.ID, second.ID), accounts.ErrNoSuchRequest) })
	if n.of[nil] != 1 || n.of[accounts.ErrNoSuchRequest] != 49 {
		t.Errorf("approved: %v", n.of)
	}
	if f := feature(t, w, c); f.EnabledAt == nil || f.RequestedAt != nil || f.RefusedWhy != "" {
		t.Errorf("approved: %+v", f)
	}
	if open, _ := w.Accounts.Requests(ctx, w.Sam.Actor); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
	if w.Count(t, "outbox WHERE recipient = $1 AND body LIKE '%Tell us <b>more</b>%'", c.Email) != 1 || w.Count(t, "outbox WHERE recipient = $1 AND subject LIKE '%is enabled%'", c.Email) != 1 {
		t.Error("the mails did not go out, once each")
	}
	if w.Count(t, "action_log WHERE account_id = $1 AND action IN ('feature.requested', 'feature.refused', 'feature.approved')", c.ID) != 4 {
		t.Error("REP-3: not in the log")
	}
}

// ACC-1: a request that is open when the operator opens the feature is answered by the parent's own click, and staff can no
// longer refuse what is on.
func TestFeatureOpenedMeanwhile(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.AddParent(t)
	must(t, w.Accounts.SetMode(ctx, w.Sam.Actor, models.OnRequestFeature))
	_, err := w.Accounts.EnableSubAccounts(ctx, c.Admin.Actor)
	must(t, err)
	open, err := w.Accounts.Requests(ctx, w.Sam.Actor)
	must(t, err)
	must(t, w.Accounts.SetMode(ctx, w.Sam.Actor, models.OpenFeature))
	if on, err := w.Accounts.EnableSubAccounts(ctx, c.Admin.Actor); err != nil || !on {
		t.Errorf("on %t, %v", on, err)
	}
	unchanged(t, w, func() {
		refused(t, w.Accounts.Refuse(ctx, w.Sam.Actor, c.ID, open[0].ID, "no"), accounts.ErrNoSuchRequest, "")
	})
	if f := feature(t, w, c); f.RequestedAt != nil || f.EnabledAt == nil {
		t.Errorf("%+v", f)
	}
}

// ACC-12: a request that staff file while they are in the account says so, and so does one that is answered so.
func TestFeatureRequestFromInside(t *testing.T) {
	w := storetest.NewWorld(t)
	c := w.AddParent(t)
	ctx := t.Context()
	inside := c.Admin.Actor
	inside.User, inside.Email, inside.Home, inside.HomeAcct = w.Sam.Actor.User, w.Sam.Email, w.Sam.Account.TenantID, w.Sam.Account.ID
	inside.Access = &models.Access{ID: models.NewID(), Reason: "Ticket 4711"}
	if err := w.Accounts.SetMode(ctx, w.Sam.Actor, models.OnRequestFeature); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accounts.EnableSubAccounts(ctx, inside); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(t, "feature_requests WHERE requested_by = $1 AND requested_as = $2 AND decided_as IS NULL", w.Sam.Email, c.ID); n != 1 {
		t.Errorf("%d requests carry both", n)
	}
	if found, err := w.Accounts.Requests(ctx, w.Sam.Actor); err != nil || len(found) != 1 || !found[0].Entered {
		t.Errorf("listed %+v, %v", found, err)
	}
	if err := w.Accounts.SetMode(ctx, w.Sam.Actor, models.OpenFeature); err != nil {
		t.Fatal(err)
	}
	if enabled, err := w.Accounts.EnableSubAccounts(ctx, inside); err != nil || !enabled {
		t.Fatal(enabled, err)
	}
	if n := w.Count(t, "feature_requests WHERE status = 'approved' AND decided_by = $1 AND decided_as = $2", w.Sam.Email, c.ID); n != 1 {
		t.Errorf("%d answers carry both", n)
	}
}
