package accounts_test

import (
	"fmt"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/storetest"
)

// PRV-4: a draft counts for nobody until it is published; it is shown as what it is, and can be discarded.
func TestFeatureAccessIsADraftFirst(t *testing.T) {
	w := storetest.NewWorld(t)
	nora, sub := w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID
	token := func() models.Actor { return signIn(t, w, w.Clinic.Own.Email, storetest.Passphrase).Actor }
	version := func() int { return show(t, w, w.Clinic, sub).Version }
	look := func() map[string]models.FeatureSetting {
		t.Helper()
		found, err := w.Accounts.FeatureAccess(ctx, nora, sub)
		must(t, err)
		by := map[string]models.FeatureSetting{}
		for _, f := range found {
			by[f.Key] = f
		}
		return by
	}
	want := map[string]models.FeatureAccess{"messages": models.ViewAccess, "reports": models.HiddenAccess, "statement": models.FullAccess}
	must(t, w.Accounts.DraftFeatureAccess(ctx, nora, sub, version(), want))
	if got := look(); got["messages"].Draft != models.ViewAccess || got["messages"].Access != models.FullAccess || got["statement"].Draft != "" || len(got) != len(models.MenuFeatures) {
		t.Errorf("the draft: %+v", got)
	}
	if may := token(); !may.Can(models.SendMessages) || !may.Can(models.ViewReports) {
		t.Error("a draft takes something away")
	}
	unchanged(t, w, func() { must(t, w.Accounts.DraftFeatureAccess(ctx, nora, sub, version(), want)) })
	must(t, w.Accounts.DiscardFeatureAccess(ctx, nora, sub, version()))
	unchanged(t, w, func() {
		refused(t, w.Accounts.DiscardFeatureAccess(ctx, nora, sub, version()), accounts.ErrNoDraft, "")
		refused(t, w.Accounts.PublishFeatureAccess(ctx, nora, sub, version(), nil), accounts.ErrNoDraft, "")
	})
	must(t, w.Accounts.DraftFeatureAccess(ctx, nora, sub, version(), want))
	must(t, w.Accounts.PublishFeatureAccess(ctx, nora, sub, version(), map[string]models.FeatureAccess{"store": models.HiddenAccess}))
	if got := look(); got["messages"].Access != models.ViewAccess || got["messages"].Draft != "" || got["store"].Access != models.HiddenAccess {
		t.Errorf("published: %+v", got)
	}
	may := token()
	for p, can := range map[models.Privilege]bool{models.ViewMessages: true, models.SendMessages: false, models.ViewReports: false, models.ViewStatement: true,
		models.ViewStore: false, models.ShopInStore: false, models.BillingPayments: true} {
		if may.Can(p) != can {
			t.Errorf("%s: %v", p, !can)
		}
	}
	// back to what counts is no draft
	must(t, w.Accounts.DraftFeatureAccess(ctx, nora, sub, version(), map[string]models.FeatureAccess{"messages": models.FullAccess}))
	must(t, w.Accounts.DraftFeatureAccess(ctx, nora, sub, version(), map[string]models.FeatureAccess{"messages": models.ViewAccess}))
	refused(t, w.Accounts.PublishFeatureAccess(ctx, nora, sub, version(), nil), accounts.ErrNoDraft, "")
	if n := w.Count(t, `action_log WHERE account_id = $1 AND action = 'feature_access.changed' AND details ->> 'changed' = 'Messages view only, Reports hidden, Store hidden'`, sub); n != 1 {
		t.Errorf("%d lines say what changed", n)
	}
}

// PRV-4: who may not, what is not there, and what is no choice changes nothing; of fifty who publish at once one does.
func TestFeatureAccessRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	nora, sub := w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID
	hide := map[string]models.FeatureAccess{"messages": models.HiddenAccess}
	member := nora
	member.Privileges = models.PrivilegesOf(models.Parent, models.Member, nil)
	version := show(t, w, w.Clinic, sub).Version
	unchanged(t, w, func() {
		for name, c := range map[string]struct {
			actor   models.Actor
			sub     models.ID
			version int
			wanted  map[string]models.FeatureAccess
			want    *models.Error
			field   string
		}{
			"a parent's User":              {member, sub, version, hide, models.ErrMissingPrivilege, ""},
			"the sub-account itself":       {w.Clinic.Own.Actor, sub, version, hide, models.ErrMissingPrivilege, ""},
			"another company":              {w.Harbor.Admin.Actor, sub, version, hide, accounts.ErrNoSuchAccount, ""},
			"the parent's own":             {nora, w.Clinic.ID, 1, hide, accounts.ErrNoSuchAccount, ""},
			"nobody's":                     {nora, models.NewID(), version, hide, accounts.ErrNoSuchAccount, ""},
			"an old form":                  {nora, sub, version - 1, hide, accounts.ErrStale, ""},
			"a part that is none":          {nora, sub, version, map[string]models.FeatureAccess{"settings": models.HiddenAccess}, models.ErrCheckFields, "settings"},
			"an access that is none":       {nora, sub, version, map[string]models.FeatureAccess{"messages": "none"}, models.ErrCheckFields, "messages"},
			"an access that is not chosen": {nora, sub, version, map[string]models.FeatureAccess{"messages": ""}, models.ErrCheckFields, "messages"},
		} {
			t.Run(name, func(t *testing.T) {
				refused(t, w.Accounts.DraftFeatureAccess(ctx, c.actor, c.sub, c.version, c.wanted), c.want, c.field)
				refused(t, w.Accounts.PublishFeatureAccess(ctx, c.actor, c.sub, c.version, c.wanted), c.want, c.field)
			})
		}
		_, err := w.Accounts.FeatureAccess(ctx, w.Harbor.Admin.Actor, sub)
		refused(t, err, accounts.ErrNoSuchAccount, "")
		_, err = w.Accounts.FeatureAccess(ctx, w.Clinic.Own.Actor, sub)
		refused(t, err, models.ErrMissingPrivilege, "")
	})
	var done tally
	atOnce(func() { done.add(w.Accounts.PublishFeatureAccess(ctx, nora, sub, version, hide), accounts.ErrStale) })
	if done.of[nil] != 1 || done.of[accounts.ErrStale] != 49 {
		t.Error(fmt.Sprint(done.of))
	}
}
