package notify

import (
	"time"

	"offshoot/models"
)

// SecondFactorOn tells a user that signing in asks for a code from now on (ACC-11).
func SecondFactorOn(in Installation, u models.User, zone *time.Location, at time.Time) Message {
	return aboutSignIn(in, u, "Your authenticator app is set up",
		"From now on, signing in at "+in.Name+" with "+u.Email+" asks for a code of your authenticator app. It was set up on "+momentIn(zone, at)+".",
		"Keep your recovery codes where you find them without your phone: each lets you in once.")
}

// SecondFactorOff tells a user that the password alone is enough again (ACC-11).
func SecondFactorOff(in Installation, u models.User, zone *time.Location, at time.Time) Message {
	return aboutSignIn(in, u, "Your authenticator app was turned off",
		"Signing in at "+in.Name+" with "+u.Email+" asks for no code any more. It was turned off on "+momentIn(zone, at)+".")
}

// SecondFactorReset tells a user that somebody who may took the second factor away (ACC-11).
func SecondFactorReset(in Installation, u models.User, zone *time.Location, at time.Time) Message {
	return aboutSignIn(in, u, "Your authenticator app was reset",
		"Somebody who manages your account reset the authenticator app for "+u.Email+" at "+in.Name+" on "+momentIn(zone, at)+
			". You were signed out everywhere. Your password alone lets you in now; please set the app up again under Settings, Security.")
}

// aboutSignIn is a mail about a person's sign-in: they must be able to object.
func aboutSignIn(in Installation, u models.User, subject string, paragraphs ...string) Message {
	paragraphs = append(paragraphs, "If this surprises you, please tell the person who manages your account at once.")
	return letter(in, models.Account{ID: u.AccountID, ContactName: u.Name, Email: u.Email}, subject, paragraphs...)
}
