package web

import (
	"context"

	"offshoot/models"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) updateRecharge(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	form := models.RechargeForm{Below: v.field("recharge_below"), Way: v.field("recharge_way"), Amount: v.field("recharge_amount"),
		MostTimes: v.field("recharge_times"), MostAmount: v.field("recharge_most"), Version: v.version()}
	err = s.Refill.SetRule(v.ctx(), v.actor, id, form)
	if refused, ok := refusalOf(err); ok {
		return v.subAccountRefill(refused, pages.Refill{Form: form, Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.ShowRecharge(id), "Auto-recharge is set.")
}

func (s *Server) deleteRecharge(v *visit) error {
	return v.switchRecharge("Auto-recharge is turned off.", s.Refill.StopRule)
}

func (s *Server) createRechargePause(v *visit) error {
	return v.switchRecharge("Auto-recharge is paused.", s.Refill.Pause)
}

func (s *Server) createRechargeResumption(v *visit) error {
	return v.switchRecharge("Auto-recharge goes on.", s.Refill.Resume)
}

// rechargeChange is one that takes no form.
type rechargeChange func(context.Context, models.Actor, models.ID) error

// switchRecharge is a button of the card Auto-recharge.
func (v *visit) switchRecharge(done string, change rechargeChange) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	err = change(v.ctx(), v.actor, id)
	if refused, ok := refusalOf(err); ok {
		return v.subAccountRefill(refused, pages.Refill{Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.ShowRecharge(id), done)
}

func (s *Server) updateLowNotice(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	form := v.lowForm()
	err = s.Refill.SetLowNotice(v.ctx(), v.actor, id, form)
	if refused, ok := refusalOf(err); ok {
		return v.subAccountRefill(refused, pages.Refill{Low: form, LowRefused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountBalance(id), lowNoticeSaved(form))
}

// updateOwnLowNotice is for the parent's own balance.
func (s *Server) updateOwnLowNotice(v *visit) error {
	form := v.lowForm()
	err := s.Refill.SetLowNotice(v.ctx(), v.actor, v.actor.Account, form)
	if refused, ok := refusalOf(err); ok {
		return v.billing(formStatus(refused), &form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Billing(), lowNoticeSaved(form))
}

func (v *visit) lowForm() models.LowForm {
	return models.LowForm{Below: v.trimmed("low_below"), Was: v.field("was")}
}

func lowNoticeSaved(form models.LowForm) string {
	if form.Below == "" {
		return "The low-balance notice is turned off."
	}
	return "The low-balance notice is set."
}

// subAccountRefill is the tab Balance when a form of these cards comes back refused.
func (v *visit) subAccountRefill(refused *models.Error, cards pages.Refill) error {
	return v.subAccountBalanceTab(formStatus(refused), pages.SubAccountBalance{Refill: cards, Units: pages.UnitsForm{Key: newKey()}})
}

// fillRefill adds what is set to the cards; a form that came back refused keeps what was typed, unless it was stale.
func (v *visit) fillRefill(cards *pages.Refill, account models.ShownAccount, may bool) (err error) {
	if cards.Refill, err = v.server.Refill.Shown(v.ctx(), v.actor, account.ID); err != nil {
		return err
	}
	cards.Account, cards.May = account, may
	set, low := pages.RechargeFormOf(cards.Rule), pages.LowFormOf(cards.Refill.Low)
	if cards.Refused == nil || cards.Form == (models.RechargeForm{}) || isStale(cards.Refused) {
		cards.Form = set
	}
	if cards.LowRefused == nil || isStale(cards.LowRefused) {
		cards.Low = low
	}
	return nil
}

// ownLowNotice is the notice of the parent's own balance, as its form shows it.
func (v *visit) ownLowNotice(page *pages.Billing, typed *models.LowForm, refused *models.Error) error {
	below, err := v.server.Refill.LowNotice(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	form := pages.LowFormOf(below)
	if refused != nil && typed != nil && !isStale(refused) {
		form = *typed
	}
	page.Low, page.LowRefused, page.MayWatch = &form, refused, v.actor.Can(models.ManageSubAccounts)
	return nil
}
