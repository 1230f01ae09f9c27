package web

import (
	"errors"
	"net/http"
	"slices"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/ledger"
	"offshoot/services/sharing"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) listPackages(v *visit) error {
	used, err := s.Billing.Usage(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Account usage")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.AccountUsage{Frame: frame, Packages: used, Now: s.Store.Now(), Parent: v.session.Parent.Name, MayShare: v.mayShare(),
		MayShop: v.actor.Can(models.ShopInStore), MayRead: v.actor.Can(models.ViewStatement)}.View())
}

// mayShare says whether there is somebody to share with, and a person who may.
func (v *visit) mayShare() bool {
	return v.actor.Can(models.ManageSubAccounts) && v.session.Account.SubAccountsEnabled != nil
}

// showPackage is where a package is shared. What is typed into the field of the sub-account completes its names.
func (s *Server) showPackage(v *visit) error {
	return v.sharedPackage(http.StatusOK, pages.UnitsForm{Account: v.QueryParam("account"), Key: newKey()}, "", nil)
}

func (s *Server) updatePackageSetting(v *visit) error {
	id, err := v.id("package")
	if err != nil {
		return err
	}
	setting := models.ShareSetting(v.field("setting"))
	err = s.Billing.SetSharing(v.ctx(), v.actor, id, setting, v.version())
	if refused, ok := refusalOf(err); ok {
		return v.sharedPackage(formStatus(refused), pages.UnitsForm{Key: newKey()}, setting, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Package(id), "The sharing setting is saved.")
}

func (s *Server) createUnits(v *visit) error {
	id, err := v.id("package")
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.UnitsForm{Account: v.trimmed("account"), Units: v.trimmed("units"), Key: key}
	order := billing.UnitsOrder{Package: id, Units: wholeNumber(form.Units), Key: key}
	var wrong models.Problems
	if form.Account != "" {
		sub, err := s.Sharing.Named(v.ctx(), v.actor, form.Account)
		switch {
		case errors.Is(err, sharing.ErrNoSuchSubAccount):
			wrong.Add("account", "You have no sub-account of this name. Choose one of those that are offered.")
		case err != nil:
			return err
		default:
			order.SubAccount, form.Account = sub.ID, sub.Name
		}
	}
	return v.giveUnits(order, wrong, func(refused *models.Error) error {
		form.Key = keyAfter(refused, key)
		return v.sharedPackage(formStatus(refused), form, "", refused)
	}, func() error {
		return v.done(paths.Package(id), v.unitsText(order.Units)+" shared with "+form.Account+".")
	})
}

// giveUnits shares units and answers. wrong is what could not be read.
func (v *visit) giveUnits(order billing.UnitsOrder, wrong models.Problems, again func(*models.Error) error, done func() error) error {
	err := order.Validate()
	for field, sentence := range wrong {
		err = atField(field, models.ErrCheckFields.Saying(sentence), err)
	}
	if err == nil {
		err = v.server.Billing.ShareUnits(v.ctx(), v.actor, order)
	}
	if refused, ok := refusalOf(err); ok {
		if sentence := refused.Fields["amount"]; sentence != "" { // as the ledger calls the field
			refused = refused.At("units", sentence)
			delete(refused.Fields, "amount")
		}
		return again(refused)
	}
	if err != nil {
		return err
	}
	return done()
}

func (s *Server) createUnitsBack(v *visit) error {
	id, err := v.id("package")
	if err != nil {
		return err
	}
	sub, _ := models.ParseID(v.field("sub_account"))
	return v.unitsBack(id, sub, paths.Package(id), func(refused *models.Error) error {
		return v.sharedPackage(formStatus(refused), pages.UnitsForm{Key: newKey()}, "", refused)
	})
}

// unitsBack takes back what a sub-account has left of a package, all of it.
func (v *visit) unitsBack(id, sub models.ID, onward string, again func(*models.Error) error) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	posted, err := v.server.Ledger.TransferBack(v.ctx(), v.actor, ledger.TransferOrder{SubAccount: sub, Amount: models.Zero(models.UnitsOf(id)), All: true, Key: key})
	if refused, ok := refusalOf(err); ok {
		return again(refused)
	}
	if err != nil {
		return err
	}
	return v.done(onward, v.unitsText(posted.Amount.Amount.IntPart())+" taken back.")
}

func (v *visit) sharedPackage(status int, form pages.UnitsForm, setting models.ShareSetting, refused *models.Error) error {
	id, err := v.id("package")
	if err != nil {
		return err
	}
	if !v.mayShare() {
		return models.ErrMissingPrivilege
	}
	shown, err := v.server.Billing.ShowPackage(v.ctx(), v.actor, id, v.QueryParam("after"))
	if err != nil {
		return err
	}
	names, err := v.server.Sharing.Complete(v.ctx(), v.actor, form.Account)
	if err == nil && len(names) == 0 {
		names, err = v.server.Sharing.Complete(v.ctx(), v.actor, "")
	}
	if err != nil {
		return err
	}
	page := pages.SharedPackage{Package: shown.UsedPackage, Version: shown.Version, Holders: shown.Holders, First: v.QueryParam("after") == "", Form: form,
		Setting: shown.Setting, Now: v.server.Store.Now(), Refused: refused}
	for _, name := range names {
		page.Names = append(page.Names, name.Name)
	}
	if setting != "" && slices.Contains(models.ShareSettings, setting) && !errors.Is(refused, sharing.ErrStale) {
		page.Setting = setting
	}
	if page.Frame, err = v.frame(shown.Name); err != nil {
		return err
	}
	return v.page(status, page.View())
}

// createSubAccountUnits is the other of the two ways to share units: from the sub-account's tab Balance (SHR-3).
func (s *Server) createSubAccountUnits(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.UnitsForm{Package: v.field("package"), Units: v.trimmed("units"), Key: key}
	order := billing.UnitsOrder{SubAccount: id, Units: wholeNumber(form.Units), Key: key}
	order.Package, _ = models.ParseID(form.Package)
	return v.giveUnits(order, nil, func(refused *models.Error) error {
		form.Key = keyAfter(refused, key)
		return v.subAccountUnits(formStatus(refused), form, refused)
	}, func() error { return v.done(paths.SubAccountBalance(id), v.unitsText(order.Units)+" given.") })
}

func (s *Server) createSubAccountUnitsBack(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	pkg, _ := models.ParseID(v.field("package"))
	return v.unitsBack(pkg, id, paths.SubAccountBalance(id), func(refused *models.Error) error {
		return v.subAccountUnits(formStatus(refused), pages.UnitsForm{Key: newKey()}, refused)
	})
}

// unitsText is a number of units within a sentence.
func (v *visit) unitsText(n int64) string {
	if n == 1 {
		return "1 unit"
	}
	return ui.CountText(ui.WithReader(v.ctx(), ui.Reader{Country: v.session.Account.Country}), n) + " units"
}
