package pages

import (
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
		return "Paused: it was recharged as often as it may in one day. It goes on by itself the next day."
	case models.PausedAmount:
		return "Paused: it was recharged by as much as it may in one day. It goes on by itself the next day."
	}
	return "Paused by hand. It goes on when somebody resumes it."
}

func (p Refill) whileDeactivated() string {
	if p.isOn() {
		return "Nothing is recharged while the account is deactivated. Activate it to go on."
	}
	return "Activate the account to turn this on."
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
