package notify

import (
	"time"

	"offshoot/models"
)

// PasswordLink is what somebody gets who forgot the password (ACC-11): a link by which they choose another, once, until it
// expires. account is the user's own, whose clock the mail reads.
func PasswordLink(in Installation, u models.User, account models.Account, link string, expires time.Time) Message {
	return secret(letter(in, addressee(u, account), "Choose a new password",
		"Somebody, hopefully you, said that the password for "+u.Email+" at "+in.Name+" is forgotten. Choose a new one here:",
		link,
		"The link works once, until "+moment(account, expires)+". A newer mail of this kind ends it.",
		"If it was not you, there is nothing to do: your password stays as it is, and only this mailbox can change it."))
}

// PasswordPending is what the user of an account gets who forgot a password before ever choosing one: how the account is
// activated (ACC-4).
func PasswordPending(in Installation, u models.User, account models.Account) Message {
	return letter(in, addressee(u, account), "Your account "+account.Name+" waits to be activated",
		"Somebody, hopefully you, said that the password for "+u.Email+" at "+in.Name+" is forgotten. You have not chosen one yet: "+
			"your account "+account.Name+" is still to be activated.",
		"To do so, look for the mail with which we welcomed you. It holds a one-time password or a link, and a code goes to your "+
			"mobile.",
		"If that mail is lost or too old, please ask the person who manages your account to send the activation again.")
}

// PasswordStopped is what somebody gets who forgot the password of an account that cannot be used, or in which they are
// disabled: that a new password would open nothing.
func PasswordStopped(in Installation, u models.User, account models.Account) Message {
	return letter(in, addressee(u, account), "You cannot sign in to "+in.Name+" at the moment",
		"Somebody, hopefully you, said that the password for "+u.Email+" at "+in.Name+" is forgotten.",
		"A new password would not help: your sign-in to the account "+account.Name+" is switched off. Nothing of its history is lost.",
		"Please ask the person who manages your account. When it is switched on again, you can choose a new password.")
}

// addressee is a user as letter greets them: by their own name, at their own address.
func addressee(u models.User, account models.Account) models.Account {
	account.ContactName, account.Email = u.Name, u.Email
	return account
}
