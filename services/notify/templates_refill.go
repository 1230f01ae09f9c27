package notify

import (
	"strconv"

	"offshoot/models"
)

// RechargePaused tells an Admin of a parent that a sub-account is not recharged any more, why, and when it goes on (BAL-8).
func RechargePaused(in Installation, to models.Account, sub string, rule models.RechargeRule, page string) Message {
	why, then := "", "It goes on by itself tomorrow. To have it recharged today, raise what it may take a day:"
	switch rule.Paused {
	case models.PausedShort:
		why = "Your balance is not enough to transfer what the rule asks for."
		then = "It goes on by itself as soon as money comes in. You find it here:"
	case models.PausedTimes:
		why = "It was recharged " + times(rule.MostTimes) + " today, as often as you allow."
	case models.PausedAmount:
		why = "With one more it would be recharged by more than the " + rule.MostAmount.String() + " a day that you allow."
	}
	return letter(in, to, "Auto-recharge of "+sub+" is paused",
		"The auto-recharge of "+oneLine(sub)+" at "+in.Name+" is paused. "+why,
		then,
		page)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// Low is a balance that is under its threshold.
type Low struct {
	Account models.ID
	Name    string
	Left    models.Money
	Below   models.Money
}

// LowBalance tells an Admin of a parent that a sub-account's balance is low (BAL-10).
func LowBalance(in Installation, to models.Account, low Low, page string) Message {
	return letter(in, to, low.Name+" is low on balance",
		oneLine(low.Name)+" at "+in.Name+" has "+low.Left.String()+" left, less than the "+low.Below.String()+" at which you asked to be told.",
		"You can transfer balance to it here:",
		page)
}

// listed is how many balances a mail names.
const listed = 20

// StillLow tells an Admin of a parent again which sub-accounts are low (BAL-10).
func StillLow(in Installation, to models.Account, subs []Low, page string) Message {
	if len(subs) == 1 {
		m := LowBalance(in, to, subs[0], page)
		m.Subject = oneLine(subs[0].Name + " is still low on balance")
		return m
	}
	lines := ""
	for i, low := range subs {
		if i == listed {
			lines += "\n- and " + strconv.Itoa(len(subs)-listed) + " more"
			break
		}
		lines += "\n- " + oneLine(low.Name) + ": " + low.Left.String() + " left, less than " + low.Below.String()
	}
	return letter(in, to, strconv.Itoa(len(subs))+" sub-accounts are still low on balance",
		"These sub-accounts at "+in.Name+" have less left than you asked to be told of:"+lines,
		"You can transfer balance to them here:",
		page)
}

// OwnBalanceLow tells those whose balance it is that it is low (BAL-10). manager is the name of the parent of a sub-account, of
// which nothing else is said; "" for a parent.
func OwnBalanceLow(in Installation, to models.Account, low Low, manager, page string) Message {
	next := "When it is used up, nothing can be sent any more. Please see that money comes in in time."
	if manager != "" {
		next = "When it is used up, nothing can be sent any more. If you need more, please ask " + oneLine(manager) + "."
	}
	return letter(in, to, "Your balance is low: "+low.Left.String(),
		"Your account "+oneLine(low.Name)+" at "+in.Name+" has "+low.Left.String()+" left, less than "+low.Below.String()+".",
		next,
		page)
}
