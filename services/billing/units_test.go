package billing_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/sharing"
	"offshoot/services/storetest"
)

func share(w *storetest.World, c storetest.Company, pkg models.ID, sub models.Account, units int64, key string) error {
	return w.Billing.ShareUnits(ctx, c.Admin.Actor, billing.UnitsOrder{Package: pkg, SubAccount: sub.ID, Units: units, Key: key})
}

func takeBack(w *storetest.World, c storetest.Company, pkg models.ID, sub models.Account, units int64) error {
	_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub.ID, Amount: models.Units(units, pkg), All: units == 0})
	return err
}

// SHR-2: units that are not there, of somebody else, to somebody else, or below zero.
func TestShareUnitsRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg, theirs := w.AddPackage(t, w.Clinic, 100, 10), w.AddPackage(t, w.Harbor, 100, 10)
	own := w.Clinic.Own.Account
	closed := w.AddActive(t, w.Clinic, "Closed", "closed@clinic.example").Account
	_, err := w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, closed.ID, "Moved")
	must(t, err)
	before := w.Fingerprint(t)
	for what, c := range map[string]struct{ err, want error }{
		"more than is left":             {share(w, w.Clinic, pkg, own, 101, ""), ledger.ErrInsufficientUnits},
		"another tenant's package":      {share(w, w.Clinic, theirs, own, 1, ""), ledger.ErrNoSuchPackage},
		"nobody's package":              {share(w, w.Clinic, models.NewID(), own, 1, ""), ledger.ErrNoSuchPackage},
		"to another tenant":             {share(w, w.Clinic, pkg, w.Harbor.Own.Account, 1, ""), ledger.ErrNoSuchAccount},
		"to itself":                     {share(w, w.Clinic, pkg, w.Clinic.Account, 1, ""), ledger.ErrNoSuchAccount},
		"to nobody":                     {share(w, w.Clinic, pkg, models.Account{ID: models.NewID()}, 1, ""), ledger.ErrNoSuchAccount},
		"to a deactivated one":          {share(w, w.Clinic, pkg, closed, 1, ""), ledger.ErrAccountClosed},
		"taking back what nobody gave":  {takeBack(w, w.Clinic, pkg, own, 1), ledger.ErrInsufficientUnits},
		"public, of another tenant":     {w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, theirs, models.Public, 0), sharing.ErrNoSuchResource},
		"public, by a sub-account":      {w.Billing.SetSharing(ctx, w.Clinic.Own.Actor, pkg, models.Public, 0), models.ErrMissingPrivilege},
		"custom without a sub-account":  {w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.Custom, 0), models.ErrCheckFields},
		"shared by a sub-account":       {w.Billing.ShareUnits(ctx, w.Clinic.Own.Actor, billing.UnitsOrder{Package: pkg, SubAccount: own.ID, Units: 1}), models.ErrMissingPrivilege},
		"no such setting":               {w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, "everybody", 0), models.ErrCheckFields},
		"a setting of an earlier form":  {w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.Public, 3), sharing.ErrStale},
		"no units":                      {share(w, w.Clinic, pkg, own, 0, ""), models.ErrCheckFields},
		"units below zero":              {share(w, w.Clinic, pkg, own, -5, ""), models.ErrCheckFields},
		"more than any package has":     {share(w, w.Clinic, pkg, own, 1<<62, ""), models.ErrCheckFields},
		"no package":                    {share(w, w.Clinic, models.NoID, own, 1, ""), models.ErrCheckFields},
		"a page of another's package":   {second(w.Billing.ShowPackage(ctx, w.Clinic.Admin.Actor, theirs, "")), ledger.ErrNoSuchPackage},
		"a page, asked by sub-accounts": {second(w.Billing.ShowPackage(ctx, w.Clinic.Own.Actor, pkg, "")), models.ErrMissingPrivilege},
	} {
		refuses(t, what, c.err, c.want)
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

func second(_ billing.SharedPackage, err error) error { return err }

// SHR-2: Custom gives a number of units to a named sub-account: it uses them, its parent and others cannot, and what
// remains is taken back, but never more.
func TestUnitsGivenAreTheirs(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg := w.AddPackage(t, w.Clinic, 10, 10)
	own, shared := w.Clinic.Own, w.Clinic.Shared
	must(t, share(w, w.Clinic, pkg, own.Account, 6, "key"))
	must(t, share(w, w.Clinic, pkg, own.Account, 6, "key")) // the form sent twice
	refuses(t, "seven, of which four are left", share(w, w.Clinic, pkg, shared.Account, 7, ""), ledger.ErrInsufficientUnits)
	if paid := send(t, w, shared, 1, "a"); paid[0].Package != models.NoID {
		t.Error("another sub-account draws on it:", paid)
	}
	if paid := send(t, w, own, 5, "b"); paid[4].Package != pkg || paid[4].Payer != own.Account.ID {
		t.Error(paid)
	}
	refuses(t, "more than remains", takeBack(w, w.Clinic, pkg, own.Account, 2), ledger.ErrInsufficientUnits)
	shown, err := w.Billing.ShowPackage(ctx, w.Clinic.Admin.Actor, pkg, "")
	must(t, err)
	if shown.Setting != models.Custom || shown.Left != 4 || shown.Shared != 1 || shown.Used != 5 || shown.Units != 10 || len(shown.Holders.Rows) != 1 ||
		shown.Holders.Rows[0] != (models.PackageHolder{Account: own.Account.ID, Name: "North Clinic", Status: models.Active, Given: 6, Used: 5, Left: 1}) {
		t.Errorf("%+v", shown)
	}
	refuses(t, "Only me", w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.OnlyMe, shown.Version), billing.ErrUnitsGiven)
	must(t, takeBack(w, w.Clinic, pkg, own.Account, 0))
	must(t, w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.OnlyMe, shown.Version))
	if left(t, w, w.Clinic.Account, pkg) != 5 || left(t, w, own.Account, pkg) != 0 {
		t.Error("not taken back")
	}
}

// SHR-2: Public lets every sub-account draw on what the parent holds, with no limit of its own; units given stay given. A
// sub-account reads nothing of its parent's figures.
func TestPublicPackage(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg := w.AddPackage(t, w.Clinic, 10, 10)
	if seen, err := w.Billing.Usage(ctx, w.Clinic.Own.Actor); err != nil || len(seen) != 0 {
		t.Error("a package that is not shared is seen:", seen, err)
	}
	must(t, share(w, w.Clinic, pkg, w.Clinic.Own.Account, 2, ""))
	must(t, w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.Public, 1))
	must(t, share(w, w.Clinic, pkg, w.Clinic.Own.Account, 1, "")) // which leaves it to everybody
	if paid := send(t, w, w.Clinic.Shared, 3, "a"); paid[2].Package != pkg || paid[2].Payer != w.Clinic.ID {
		t.Error(paid)
	}
	if left(t, w, w.Clinic.Account, pkg) != 4 || left(t, w, w.Clinic.Own.Account, pkg) != 3 {
		t.Error("units")
	}
	seen, err := w.Billing.Usage(ctx, w.Clinic.Shared.Actor)
	must(t, err)
	if len(seen) != 1 || seen[0].Setting != models.Public || seen[0].Units != 0 || seen[0].Left != 0 || seen[0].Shared != 0 || seen[0].Used != 3 || seen[0].Given != 0 {
		t.Errorf("%+v", seen)
	}
	if elsewhere, err := w.Billing.Usage(ctx, w.Harbor.Own.Actor); err != nil || len(elsewhere) != 0 {
		t.Error(elsewhere, err)
	}
	// back to Custom: those who hold units are the named ones
	must(t, w.Billing.SetSharing(ctx, w.Clinic.Admin.Actor, pkg, models.Custom, 3))
	if paid := send(t, w, w.Clinic.Shared, 1, "b"); paid[0].Package != models.NoID {
		t.Error(paid)
	}
	if n := w.Count(t, "shares WHERE resource_id = $1", pkg); n != 1 {
		t.Error(n, "shares")
	}
}

// SHR-2: fifty share the last units at once: as many as there are, and no more.
func TestSharesRaceForTheLastUnits(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg := w.AddPackage(t, w.Clinic, 15, 10)
	var given atomic.Int64
	var waiting sync.WaitGroup
	for i := range 50 {
		to := w.Clinic.Own.Account
		if i%2 == 1 {
			to = w.Clinic.Shared.Account
		}
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			switch err := share(w, w.Clinic, pkg, to, 10, fmt.Sprint(i)); {
			case err == nil:
				given.Add(1)
			case !errors.Is(err, ledger.ErrInsufficientUnits):
				t.Error(err)
			}
		}()
	}
	waiting.Wait()
	if given.Load() != 1 || left(t, w, w.Clinic.Account, pkg) != 5 || left(t, w, w.Clinic.Own.Account, pkg)+left(t, w, w.Clinic.Shared.Account, pkg) != 10 {
		t.Error(given.Load(), "shares of ten out of fifteen")
	}
}

// SHR-3: what a sub-account has and what can be given to it, for the tab Balance; the list of holders pages by name.
func TestSubAccountUnits(t *testing.T) {
	w := storetest.NewWorld(t)
	pkg, ended := w.AddPackage(t, w.Clinic, 1000, 10), w.AddPackage(t, w.Clinic, 5, 1)
	must(t, share(w, w.Clinic, ended, w.Clinic.Own.Account, 1, ""))
	w.Clock.Add(25 * 3600e9)
	must(t, share(w, w.Clinic, pkg, w.Clinic.Own.Account, 7, ""))
	has, give, err := w.Billing.SubAccountUnits(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID)
	must(t, err)
	if len(has) != 2 || has[0].ID != pkg || has[0].Given != 7 || has[0].Left != 7 || has[1].Left != 0 || len(give) != 1 || give[0].ID != pkg || give[0].Left != 993 {
		t.Errorf("%+v\n%+v", has, give)
	}
	if has, give, err := w.Billing.SubAccountUnits(ctx, w.Harbor.Admin.Actor, w.Clinic.Own.Account.ID); err != nil || len(has)+len(give) != 0 {
		t.Error(has, give, err)
	}
	for i := range 51 {
		sub := w.AddActive(t, w.Clinic, fmt.Sprintf("ward %02d", i), fmt.Sprintf("w%d@clinic.example", i))
		must(t, share(w, w.Clinic, pkg, sub.Account, 1, ""))
	}
	seen, after := map[string]bool{}, ""
	for pages := 0; ; pages++ {
		shown, err := w.Billing.ShowPackage(ctx, w.Clinic.Admin.Actor, pkg, after)
		must(t, err)
		for _, h := range shown.Holders.Rows {
			seen[h.Name] = true
		}
		if after = shown.Holders.Next; after == "" {
			if pages != 1 || len(seen) != 52 {
				t.Error(pages, len(seen))
			}
			break
		}
	}
}
