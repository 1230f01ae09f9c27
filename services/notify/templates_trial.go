package notify

import (
	"time"

	"offshoot/models"
)

// TrialEnding tells a sub-account that its trial is about to end, and how to go on (ACC-13). until is its last day.
func TrialEnding(in Installation, a models.Account, parent string, until models.Day, signInURL string) Message {
	return letter(in, a, "Your trial of "+a.Name+" ends on "+dayText(until),
		"The trial of your account "+a.Name+" at "+in.Name+" ends on "+dayText(until)+", at the end of that day where you are ("+a.Zone().String()+").",
		"To go on without a break, ask "+oneLine(parent)+" for credit before then. What you have set up stays as it is.",
		signInURL)
}

// TrialEnded tells a sub-account that its trial is over. link leads to the page where it asks for credit.
func TrialEnded(in Installation, a models.Account, parent string, until models.Day, link string) Message {
	return letter(in, a, "Your trial of "+a.Name+" has ended",
		"The trial of your account "+a.Name+" at "+in.Name+" ended on "+dayText(until)+". Nothing of what you have set up is lost: everything is back as soon as credit comes.",
		"You can ask "+oneLine(parent)+" for it here:",
		link)
}

// TrialEndedUnder tells a parent that the trial of a sub-account is over. link leads to the sub-account's page.
func TrialEndedUnder(in Installation, parent, sub models.Account, until models.Day, link string) Message {
	return letter(in, parent, "The trial of "+sub.Name+" has ended",
		"The trial of your sub-account "+sub.Name+" at "+in.Name+" ended on "+dayText(until)+". Its people see nothing now but a page that says so, and nothing can be sent for it.",
		"To let it go on, transfer balance to it, set a later day, or set Trial to No:",
		link)
}

// CreditRequested tells an Admin of a parent that a sub-account asks for credit. amount may be empty, and so may the note;
// link leads to the request.
func CreditRequested(in Installation, to models.Account, sub, by, amount, note, link string) Message {
	asked := oneLine(by) + " asks you for credit for your sub-account " + oneLine(sub) + " at " + in.Name + "."
	if amount != "" {
		asked = oneLine(by) + " asks you for " + amount + " of credit for your sub-account " + oneLine(sub) + " at " + in.Name + "."
	}
	if note != "" {
		note = "The note with it: " + note
	}
	return letter(in, to, oneLine(sub)+" asks for credit", asked, note, "Transfer it, or decline it, here:", link)
}

// CreditDeclined tells whoever asked that the parent gives no credit now, and why.
func CreditDeclined(in Installation, to models.Account, parent, reason string) Message {
	return letter(in, to, "Your request for credit was declined",
		oneLine(parent)+" has declined your request for credit for "+to.Name+" at "+in.Name+".",
		because(reason),
		"You are welcome to ask again when things have changed.")
}

// dayText writes a day as a letter does.
func dayText(d models.Day) string { return d.Start(time.UTC).Format("Monday, 2 January 2006") }
