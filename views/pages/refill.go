package pages

import (
	"context"
	"strconv"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// isOn says whether there is a rule that is followed, or would be if it were not paused.
func (p Refill) isOn() bool { return p.Rule != nil && p.Rule.StoppedAt == nil }

func (p Refill) resumption() *ui.Action {
	if !p.May || p.Account.Status == models.Deactivated {
		return nil
	}
	return &ui.Action{Label: "Resume", Href: paths.SubAccountRechargeResumption(p.Account.ID), Post: true}
}

// whyPaused says why nothing is recharged, and when it goes on.
func (p Refill) whyPaused() string {
	switch p.Rule.Paused {
	case models.PausedShort:
		return "Paused: your balance was not enough. It goes on by itself when money comes in."
	case models.PausedTimes:
		return "Paused: it was recharged as often as it may be in a day. It goes on by itself tomorrow."
	case models.PausedAmount:
		return "Paused: it was recharged with as much as it may be in a day. It goes on by itself tomorrow."
	}
	return "Paused by hand. It goes on when somebody resumes it."
}

func (p Refill) whileDeactivated() string {
	return "Nothing is recharged while the account is deactivated. Activate it to go on."
}

// changeable says whether the reader may change the rule now.
func (p Refill) changeable() bool {
	return p.May && p.Rechargeable && p.Account.Status != models.Deactivated
}

func (p Refill) whyNotChangeable() string {
	if p.Account.Status == models.Deactivated {
		return "Activate the account to turn this on."
	}
	return "It is off."
}

// ruleTitle, ruleHelp and ruleAnchor are of the section with the form; while the rule is off, it is all there is of it.
func (p Refill) ruleTitle() string {
	if p.isOn() {
		return "Change auto-recharge"
	}
	return "Auto-recharge"
}

func (p Refill) ruleHelp() string {
	if p.isOn() {
		return ""
	}
	return "Off"
}

func (p Refill) ruleAnchor() string {
	if p.isOn() {
		return "auto-recharge-form"
	}
	return paths.RechargeCard
}

// lowNow says in a few words what the notice does.
func (p Refill) lowNow(ctx context.Context) string {
	switch {
	case p.Refill.Low == nil:
		return "Off"
	case p.LowSince != nil:
		return "It is below " + ui.MoneyText(ctx, *p.Refill.Low) + " since " + ui.TimeText(ctx, *p.LowSince)
	}
	return "A mail below " + ui.MoneyText(ctx, *p.Refill.Low)
}

func (p Refill) lowHelp() string {
	return "When it falls below this, your Admins and the owner of " + p.Account.Name + " get a mail, and again each day until there is more. Empty: nobody is told."
}

// RechargeFormOf is the form as it shows what is set; a rule that is turned off gives its figures.
func RechargeFormOf(rule *models.RechargeRule) models.RechargeForm {
	if rule == nil {
		return models.RechargeForm{Way: models.WayAmount}
	}
	form := models.RechargeForm{Below: rule.Below.Text(), Amount: rule.Amount.Text(), Way: models.WayAmount, MostTimes: strconv.Itoa(rule.MostTimes),
		MostAmount: rule.MostAmount.Text(), Version: rule.Version}
	if rule.UpTo {
		form.Way = models.WayUpTo
	}
	return form
}

// LowFormOf is the form as it shows what is set.
func LowFormOf(below *models.Money) models.LowForm {
	if below == nil {
		return models.LowForm{}
	}
	return models.LowForm{Below: below.Text(), Was: below.Text()}
}
