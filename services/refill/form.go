package refill

import (
	"strconv"
	"strings"

	"offshoot/models"
)

// mostTimes is how many recharges a day somebody can allow.
const mostTimes = 1000

// check reads a rule as it was typed, in the currency of the sub-account. Refuses with models.ErrCheckFields at recharge_below,
// recharge_way, recharge_amount, recharge_times, recharge_most.
func check(form models.RechargeForm, currency string) (models.RechargeRule, error) {
	var p models.Problems
	r := models.RechargeRule{UpTo: form.Way == models.WayUpTo}
	below, belowStands := amount(&p, "recharge_below", form.Below, currency)
	if form.Way != models.WayAmount && form.Way != models.WayUpTo {
		p.Add("recharge_way", "Choose what is transferred.")
	}
	each, eachStands := amount(&p, "recharge_amount", form.Amount, currency)
	if belowStands && eachStands && each.Less(below) {
		p.Add("recharge_amount", "Enter at least "+below.String()+": with less, it could still be low after a recharge.")
	}
	times, err := strconv.Atoi(strings.TrimSpace(form.MostTimes))
	if err != nil || times < 1 || times > mostTimes {
		p.Add("recharge_times", "Enter a whole number from 1 to "+strconv.Itoa(mostTimes)+".")
	}
	most, mostStands := amount(&p, "recharge_most", form.MostAmount, currency)
	if eachStands && mostStands && most.Less(each) {
		p.Add("recharge_most", "Enter at least "+each.String()+": with less, not one recharge a day would be possible.")
	}
	r.Below, r.Amount, r.MostTimes, r.MostAmount = below, each, times, most
	return r, p.Err()
}

// amount reads one amount of a form, and says whether it is one.
func amount(p *models.Problems, field, typed, currency string) (models.Money, bool) {
	m, err := models.ParseAmount(typed, currency)
	if refused, ok := err.(*models.Error); ok {
		p.Add(field, refused.Message)
	}
	return m, err == nil
}

// described is a rule as the action log keeps it.
func described(r models.RechargeRule) map[string]string {
	d := map[string]string{"below": r.Below.String(), "amount": r.Amount.String(), "times": strconv.Itoa(r.MostTimes), "most": r.MostAmount.String()}
	if r.UpTo {
		d["way"] = models.WayUpTo
	}
	return d
}

// same says whether two rules ask for the same.
func same(a, b models.RechargeRule) bool {
	return a.Below.Equal(b.Below) && a.Amount.Equal(b.Amount) && a.UpTo == b.UpTo && a.MostTimes == b.MostTimes && a.MostAmount.Equal(b.MostAmount)
}
