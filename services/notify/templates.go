package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// Every function here returns a message that is ready for Mail or, where it says so, for Text. Names are written as they
// are: a plain text has no markup that they could close.

// ActivationPassword welcomes the user of a new account: where to sign in, and with which one-time password (ACC-4).
// openedBy is who made the account, a parent's name or the installation's; expires is when the password dies.
func ActivationPassword(in Installation, a models.Account, openedBy, signInURL, oneTimePassword string, expires time.Time) Message {
	return secret(letter(in, a, "Your account "+a.Name+" at "+in.Name,
		opened(in, a, openedBy)+" To start using it, sign in here:",
		signInURL,
		"E-mail: "+a.Email+"\nOne-time password: "+oneTimePassword,
		"We are sending a 6-digit code to your mobile as well. Have it at hand: you enter it after signing in, and then "+
			"choose a password of your own.",
		"The one-time password is valid until "+moment(a, expires)+". If it has run out, ask for a new one where you got "+
			"this account from.",
		unexpected))
}

// ActivationLink is ActivationPassword for those who are to set their password through a link.
func ActivationLink(in Installation, a models.Account, openedBy, link string, expires time.Time) Message {
	return secret(letter(in, a, "Your account "+a.Name+" at "+in.Name,
		opened(in, a, openedBy)+" To start using it, set your password here:",
		link,
		"We are sending a 6-digit code to your mobile as well. Have it at hand: the page asks for it first.",
		"You sign in with "+a.Email+". The link works once, until "+moment(a, expires)+". If it has run out, ask for a "+
			"new one where you got this account from.",
		unexpected))
}

// ActivationCode is the text with the code that proves the account's mobile (ACC-4). It fits into one SMS: at most 160
// characters, all of the GSM alphabet, whatever the installation is called.
func ActivationCode(in Installation, a models.Account, code string, valid time.Duration) Message {
	return secret(Message{Account: a.ID, To: a.Mobile, Body: code + " is your activation code for " + smsName(in.Name) +
		". It is valid for " + minutes(valid) + ". Keep it to yourself: nobody will ever ask you for it."})
}

// Deactivated tells an account that it was switched off (ACC-9). reason may be empty.
func Deactivated(in Installation, a models.Account, reason string) Message {
	return letter(in, a, "Your account "+a.Name+" was deactivated",
		"Your account "+a.Name+" at "+in.Name+" was deactivated. You cannot sign in until it is activated again; nothing of "+
			"your history is lost.",
		because(reason),
		"If you have a question about this, please ask the person who manages your account.")
}

// Reactivated tells an account that it may be used again (ACC-9).
func Reactivated(in Installation, a models.Account, signInURL string) Message {
	return letter(in, a, "Your account "+a.Name+" is active again",
		"Good news: your account "+a.Name+" at "+in.Name+" is active again. You can sign in as before:",
		signInURL)
}

// PasswordChanged tells a user that the password was changed, so that a thief's change does not go unseen (ACC-11).
func PasswordChanged(in Installation, u models.User, zone *time.Location, at time.Time) Message {
	m := letter(in, models.Account{ID: u.AccountID, ContactName: u.Name, Email: u.Email}, "Your password was changed",
		"The password for "+u.Email+" at "+in.Name+" was changed on "+momentIn(zone, at)+".",
		"If it was you, all is well and there is nothing to do.",
		"If it was not, please tell the person who manages your account at once, so that nobody else can use it.")
	return m
}

// UserInvited welcomes one more user of an account: the link leads to a page where they set their password (ACC-10). by is
// the e-mail of whoever added them; expires is when the link dies.
func UserInvited(in Installation, a models.Account, u models.User, by, link string, expires time.Time) Message {
	return secret(letter(in, models.Account{ID: a.ID, ContactName: u.Name, Email: u.Email}, "You are invited to "+a.Name+" at "+in.Name,
		"Welcome! "+oneLine(by)+" has added you to the account "+a.Name+" at "+in.Name+". To start using it, set your password here:",
		link,
		"You sign in with "+u.Email+". The link works once, until "+momentIn(u.ZoneIn(a), expires)+". If it has run out, ask "+
			oneLine(by)+" to send another.",
		"If you did not expect this mail, you can ignore it: nothing happens before the password is set."))
}

// AdminAdded tells an account that somebody from outside added an Admin to it, so that it does not go unseen (ACC-10).
func AdminAdded(in Installation, a models.Account, by string, u models.User) Message {
	return letter(in, a, "A new Admin of "+a.Name,
		oneLine(by)+" has added "+oneLine(u.Name)+" ("+u.Email+") to your account "+a.Name+" at "+in.Name+" as an Admin, who may do whatever "+
			"the account may.",
		"If this is not what you agreed on, disable the user under Settings, Users, and tell the person who manages your account.")
}

// FeatureApproved tells a parent that staff granted what it asked for in the Store (ACC-1).
func FeatureApproved(in Installation, parent models.Account, feature, storeURL string) Message {
	return letter(in, parent, feature+" is enabled for "+parent.Name,
		"Good news: your request for "+feature+" was approved, and it is ready to use.",
		storeURL)
}

// FeatureRefused tells a parent that staff refused what it asked for in the Store (ACC-1). reason may be empty.
func FeatureRefused(in Installation, parent models.Account, feature, reason string) Message {
	return letter(in, parent, "Your request for "+feature,
		"Thank you for your interest in "+feature+". We have looked at your request and cannot enable it at the moment.",
		because(reason),
		"You are welcome to ask again when things have changed.")
}

// SenderIDApproved tells an account that it may send from a Sender ID now (MSG-7).
func SenderIDApproved(in Installation, a models.Account, name, sendersURL string) Message {
	return letter(in, a, "Your Sender ID "+name+" is approved",
		"The Sender ID "+name+" of your account "+a.Name+" at "+in.Name+" is approved. You can send from it now.",
		sendersURL)
}

// SenderIDRefused tells an account that staff refused a Sender ID (MSG-7).
func SenderIDRefused(in Installation, a models.Account, name, reason string) Message {
	return letter(in, a, "Your request for the Sender ID "+name,
		"We have looked at your request for the Sender ID "+name+" of your account "+a.Name+" at "+in.Name+" and cannot approve it.",
		because(reason),
		"You are welcome to ask for another one.")
}

// AccessNotice tells an account that somebody entered it, why, and until when at the latest (ACC-12).
func AccessNotice(in Installation, a models.Account, who, reason string, from, until time.Time) Message {
	return letter(in, a, who+" accessed your account "+a.Name,
		who+" entered your account "+a.Name+" at "+in.Name+" on "+moment(a, from)+", until "+moment(a, until)+" at the latest.",
		because(reason),
		"Everything done meanwhile stands in the action log under both names. If you did not expect this, please ask the "+
			"person who manages your account.")
}

// ConsentRequested tells an Admin of a parent that a member of staff asks to enter one of its accounts (ACC-12).
func ConsentRequested(in Installation, to models.Account, account, who, reason, settingsURL string) Message {
	return letter(in, to, "Support asks to enter "+account,
		"Support ("+who+") would like to enter the account "+account+" at "+in.Name+", once. Staff access to your accounts is turned off, so "+
			"it takes your consent.",
		because(reason),
		"Give your consent or refuse it here:",
		settingsURL)
}

// ConsentDecided tells the member of staff what became of the request; status is that of the consent.
func ConsentDecided(in Installation, to models.Account, account, by, status string) Message {
	next := "Nobody enters the account by it."
	if status == "given" {
		next = "You can enter the account once within 24 hours. Open it among the accounts, and press Access account."
	}
	return letter(in, to, "Consent to enter "+account+": "+status, by+": the consent to enter the account "+account+" at "+in.Name+" is "+status+".", next)
}

// StaffAccessChanged tells an account that its staff access was turned off or on.
func StaffAccessChanged(in Installation, a models.Account, by string, off bool) Message {
	now, then := "on", "Support can enter your accounts when they give a reason."
	if off {
		now, then = "off", "Support can enter your accounts only when one of your Admins gives consent, once each time."
	}
	return letter(in, a, "Staff access to "+a.Name+" was turned "+now, by+" has turned staff access to "+a.Name+" and its sub-accounts "+now+" at "+in.Name+".", then,
		"If you did not expect this, please talk to "+by+".")
}

// MonthShort tells an Admin of a parent that a month start left sub-accounts without their limit (BAL-5).
func MonthShort(in Installation, to models.Account, month string, accounts int, missing models.Money, link string) Message {
	who := "one sub-account was"
	if accounts != 1 {
		who = strconv.Itoa(accounts) + " sub-accounts were"
	}
	return letter(in, to, "Monthly limits for "+month+": "+missing.String()+" missing",
		"When "+month+" started, "+who+" not given the monthly limit, because the balance of "+to.Name+" was not enough. "+missing.String()+" is missing.",
		"Please add money to the balance. As soon as there is enough, the limits are moved by themselves, in your order of priority.",
		"Who waits, and for how much:",
		link)
}

const unexpected = "If you did not expect this mail, you can ignore it: without the code on your mobile nobody can use the account."

func opened(in Installation, a models.Account, by string) string {
	return "Welcome! " + oneLine(by) + " has opened the account " + a.Name + " for you at " + in.Name + "."
}

func because(reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return ""
	}
	return "The reason given: " + reason
}

// letter is a greeting, paragraphs, and who is writing. Empty paragraphs are left out.
func letter(in Installation, a models.Account, subject string, paragraphs ...string) Message {
	name := a.ContactName
	if name == "" {
		name = a.Name
	}
	body := []string{strings.TrimSpace("Hello "+oneLine(name)) + ","}
	for _, p := range paragraphs {
		if p != "" {
			body = append(body, p)
		}
	}
	body = append(body, "Kind regards\n"+in.Name+"\n"+in.PublicURL)
	return Message{Account: a.ID, To: a.Email, Subject: oneLine(subject), Body: strings.Join(body, "\n\n") + "\n"}
}

func secret(m Message) Message {
	m.Secret = true
	return m
}

// moment writes a time as the account's own clock shows it, with the zone's name (REP-5).
func moment(a models.Account, t time.Time) string { return momentIn(a.Zone(), t) }

func momentIn(zone *time.Location, t time.Time) string {
	return t.In(zone).Format("Monday, 2 January 2006 at 15:04") + " (" + zone.String() + ")"
}

func minutes(d time.Duration) string {
	n := int(d / time.Minute)
	if n == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", n)
}

// smsName spells a name with letters that the GSM alphabet has and that count as one: accents go, and what has no such
// letter. A single letter beyond it would cut the room for the text from 160 characters to 70.
func smsName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .-&'", r)) {
			b.WriteRune(r)
		}
		if b.Len() == 30 {
			break
		}
	}
	if short := strings.Join(strings.Fields(b.String()), " "); short != "" {
		return strings.TrimRight(short, ".")
	}
	return "your account"
}
