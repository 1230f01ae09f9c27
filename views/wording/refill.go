package wording

import "offshoot/models"

// rechargeSet says all of a rule: "Auto-recharge of North Clinic set: below 5.00 EUR it gets 25.00 EUR, at most 3 times and
// 75.00 EUR a day".
func rechargeSet(l models.LogLine) string {
	said := "Auto-recharge of " + l.AccountName + " set"
	if l.Details["below"] == "" {
		return said
	}
	gets := " it gets "
	if l.Details["way"] == models.WayUpTo {
		gets = " it gets up to "
	}
	return said + ": below " + l.Details["below"] + gets + l.Details["amount"] + ", at most " + timesText(l.Details["times"]) +
		" and " + l.Details["most"] + " a day"
}

func timesText(times string) string {
	if times == "1" {
		return "once"
	}
	return times + " times"
}

func rechargeStopped(l models.LogLine) string {
	said := "Auto-recharge of " + l.AccountName + " turned off"
	if l.Details["funding"] != "" {
		said += ", since its funding was changed"
	}
	return said
}

// pauses are why an auto-recharge was paused.
var pauses = map[string]string{
	string(models.PausedShort):    "the balance of its parent is not enough",
	string(models.PausedTimes):    "recharged as often as it may today",
	string(models.PausedAmount):   "recharged by as much as it may today",
	string(models.PausedByPerson): "until somebody resumes it",
}

func lowNoticeSet(l models.LogLine) string {
	if l.Details["below"] == "" {
		return "Low-balance notice of " + l.AccountName + " turned off"
	}
	return "Low-balance notice of " + l.AccountName + " set: below " + l.Details["below"]
}
