// Package wording says in English what the action log and statements hold as codes. Pages and files say it with the same
// words. Amounts are left out: they stand in columns of their own, written as the reader's country writes them.
package wording

import (
	"slices"
	"strings"

	"offshoot/models"
)

// LogSentence is a line of the action log as a sentence without a full stop, beginning with a capital letter:
// "Balance transferred from Sunrise Health to North Clinic". An action it does not know it spells out.
func LogSentence(l models.LogLine) string {
	if say, ok := logSentences[l.Action]; ok {
		return say(l)
	}
	noun, verb, _ := strings.Cut(string(l.Action), ".")
	return strings.TrimSpace(capital(strings.ReplaceAll(noun, "_", " ")) + " " + strings.ReplaceAll(verb, "_", " "))
}

// Actor is who did it: an e-mail, or "System" for what the installation does by itself.
func Actor(l models.LogLine) string {
	if l.ActorEmail == "" {
		return "System"
	}
	return l.ActorEmail
}

type sentence func(models.LogLine) string

var logSentences = map[models.Action]sentence{
	models.GroupAdded:       grouped("Group ", " added"),
	models.GroupChanged:     groupChanged,
	models.GroupDeleted:     grouped("Group ", " deleted"),
	models.ContactAdded:     contact(" added to group "),
	models.ContactChanged:   contact(" changed in group "),
	models.ContactRemoved:   contact(" removed from group "),
	models.ImportStarted:    importStarted,
	models.ContactsImported: contactsImported,
	models.OptOutAdded:      optOut(" opted out from ", "their own answer"),
	models.OptOutRemoved:    optOut(" may be written to again by ", "their own answer"),
	models.RuleAdded:        replyRule(" added"),
	models.RuleChanged:      replyRule(" changed"),
	models.RuleDeleted:      replyRule(" deleted"),
	models.NumberAssigned:   number(" assigned to "),
	models.NumberReleased:   number(" released from "),

	models.TransferPosted: transferred,
	models.TransferredBack: func(l models.LogLine) string {
		return because(moved(l)+" transferred back from "+l.AccountName+to(l.OtherName), l.Details["note"])
	},
	models.MoneyReceived: func(l models.LogLine) string { return because("Money received for "+l.AccountName, l.Details["note"]) },
	models.UsageCharged:  charged,
	models.UsageRefunded: refunded,
	models.PurchasePaid:  func(l models.LogLine) string { return because("Purchase paid by "+l.AccountName, l.Details["note"]) },
	models.PackageUnitsIssued: func(l models.LogLine) string {
		return named("Units of package", l.Details["package"]) + " added to " + l.AccountName
	},
	models.PackageUnitsExpired: func(l models.LogLine) string {
		return named("Package", l.Details["package"]) + " of " + l.AccountName + " ended, what was left of its units is gone"
	},
	models.CreditLineChanged: about("Credit line of ", " changed"),
	models.RechargeSet:       rechargeSet,
	models.RechargeStopped:   rechargeStopped,
	models.RechargePaused: func(l models.LogLine) string {
		return about("Auto-recharge of ", " paused")(l) + in(pauses, l.Details["reason"])
	},
	models.RechargeResumed: about("Auto-recharge of ", " goes on"),
	models.LowNoticeSet:    lowNoticeSet,

	models.Installed: fixed("Installation set up"),
	models.ParentCreated: func(l models.LogLine) string {
		return "Parent account " + l.AccountName + " created" + in(plans, l.Details["plan"])
	},
	models.AccountActivated:  func(l models.LogLine) string { return "Parent account " + l.AccountName + " activated by its user" },
	models.ParentDeactivated: reasoned("Parent account ", " deactivated"),
	models.ParentReactivated: about("Parent account ", " activated again"),
	models.SubAccountAdded: func(l models.LogLine) string {
		said := "Sub-account " + l.AccountName + " added" + in(fundings, l.Details["funding"])
		if l.Details["method"] == string(models.ByHand) {
			said += ", its password handed over"
		}
		return said
	},
	models.SubAccountEdited:      edited,
	models.SubAccountActivated:   func(l models.LogLine) string { return l.AccountName + " activated by its user" },
	models.SubAccountDeactivated: reasoned("Sub-account ", " deactivated"),
	models.SubAccountReactivated: about("Sub-account ", " activated again"),
	models.SubAccountDeleted:     about("Sub-account ", " deleted"),
	models.FundingChanged:        funding,
	models.LimitChanged:          limitChanged,
	models.CapsChanged:           capsChanged,
	models.MonthStarted:          monthStarted,

	models.PrivilegesChanged: privileges,
	models.UserAdded:         user("", " added to "),
	models.UserChanged: func(l models.LogLine) string {
		return because(user("", " changed in ")(l), changesOf(l.Details))
	},
	models.UserDisabled:       user("", " disabled in "),
	models.UserEnabled:        user("", " enabled in "),
	models.InvitationSent:     user("Invitation of ", " sent again for "),
	models.InvitationAccepted: user("Invitation of ", " accepted for "),
	models.PasswordHandedOver: user("New password of ", " set by somebody else, to be replaced at the next sign-in, in "),
	models.ProfileChanged: func(l models.LogLine) string {
		return because(user("", " changed name or time zone in ")(l), changesOf(l.Details))
	},

	models.SendComposed:     about("Messages composed in ", ""),
	models.SendingStarted:   send("started"),
	models.SendingPaused:    send("paused"),
	models.SendingContinued: send("continued"),
	models.SendingBlocked:   send("blocked"),
	models.SendingCancelled: send("cancelled"),
	models.SendingDone:      send("handed over"),
	models.RateSet:          rateSet,
	models.RateDropped:      rateDropped,
	models.RatesImported:    ratesImported,
	models.OfferAdded:       offer(" put into the catalogue"),
	models.OfferChanged:     offer(" changed in the catalogue"),
	models.PackageBought:    parcel(" bought for "),
	models.PackageGranted:   parcel(" granted to "),
	models.PackageExpired:   parcel(" ended for "),
	models.PackageShared:    packageShared,

	models.FeatureEnabled:   fixed("Sub-account feature enabled"),
	models.FeatureRequested: fixed("Sub-account feature requested"),
	models.FeatureApproved:  fixed("Request for the Sub-account feature approved"),
	models.FeatureRefused: func(l models.LogLine) string {
		return because("Request for the Sub-account feature refused", l.Details["reason"])
	},
	models.FeatureModeChanged: func(l models.LogLine) string { return "Sub-account feature changed" + in(modes, l.Details["mode"]) },

	models.SharingChanged:    shared,
	models.SenderIDRequested: senderID("requested"),
	models.SenderIDDescribed: func(l models.LogLine) string {
		return because(named("Purpose of the Sender ID", quoted(l.Details["name"]))+" of "+l.AccountName+" changed", l.Details["purpose"])
	},
	models.SenderIDApproved:     senderID("approved"),
	models.SenderIDRefused:      senderID("refused"),
	models.SenderIDWithdrawn:    senderID("withdrawn"),
	models.FeatureAccessDrafted: about("Draft of the access of ", " to parts of the menu saved"),
	models.FeatureAccessChanged: func(l models.LogLine) string {
		return because("Access of "+l.AccountName+" to parts of the menu changed", l.Details["changed"])
	},
	models.FeatureAccessDropped: about("Draft of the access of ", " to parts of the menu discarded"),

	models.AccessStarted: reasoned("Access to ", " started"),
	models.AccessEnded: func(l models.LogLine) string {
		return "Access to " + l.AccountName + " ended" + in(ends, l.Details["how"])
	},

	models.StaffAccessTurnedOff: about("Staff access to ", " turned off"),
	models.StaffAccessTurnedOn:  about("Staff access to ", " turned on"),
	models.ConsentRequested:     reasoned("Consent to enter ", " requested"),
	models.ConsentGiven:         consent("given to"),
	models.ConsentRefused:       consent("refused to"),
	models.ConsentWithdrawn:     consent("withdrawn from"),

	models.SignedIn:              signedIn,
	models.SignInRefused:         func(l models.LogLine) string { return "Sign-in refused" + in(refusals, l.Details["why"]) + forEmail(l) },
	models.SignedOut:             func(l models.LogLine) string { return "Signed out of " + l.AccountName },
	models.SessionsEnded:         func(l models.LogLine) string { return "Signed out elsewhere" + forEmail(l) },
	models.PasswordSet:           passwordSet,
	models.PasswordRefused:       func(l models.LogLine) string { return "Wrong password entered while signed in" + forEmail(l) },
	models.SecondFactorTurnedOn:  func(l models.LogLine) string { return "Authenticator app set up" + forEmail(l) },
	models.SecondFactorTurnedOff: func(l models.LogLine) string { return "Authenticator app turned off" + forEmail(l) },
	models.SecondFactorReset:     func(l models.LogLine) string { return "Authenticator app reset" + forEmail(l) },
	models.SecondFactorRefused:   func(l models.LogLine) string { return "Wrong second-factor code entered" + forEmail(l) },
	models.RecoveryCodesMade:     func(l models.LogLine) string { return "New recovery codes made" + forEmail(l) },

	models.PasswordLinkAsked: fixed("Link for a forgotten password asked for"),
	models.PasswordLinkSent:  passwordLink,

	models.ActivationSent:   about("Activation of ", " sent again"),
	models.ActivationOpened: about("Activation link of ", " opened"),
	models.CodeSent:         func(l models.LogLine) string { return "New activation code sent to " + l.AccountName },
	models.CodeRefused:      func(l models.LogLine) string { return "Wrong activation code entered for " + l.AccountName },
	models.CodeAccepted:     func(l models.LogLine) string { return "Activation code accepted for " + l.AccountName },

	models.MailSent: func(l models.LogLine) string {
		return named("Mail", quoted(l.Details["subject"])) + " sent" + to(l.Details["to"])
	},
	models.MailFailed: func(l models.LogLine) string { return failed(named("Mail", quoted(l.Details["subject"])), l) },
	models.TextSent:   func(l models.LogLine) string { return "Text sent" + to(l.Details["to"]) },
	models.TextFailed: func(l models.LogLine) string { return failed("Text", l) },
	models.JobGivenUp: func(l models.LogLine) string { return named("Background work given up:", Work(l.Details["kind"])) },
	models.JobRetried: func(l models.LogLine) string {
		return firstOf(channels[l.Details["channel"]], Work(l.Details["kind"])) + to(l.Details["to"]) + " tried again"
	},
}

// send is what became of messages that are sent together, and how far they had come.
func send(verb string) sentence {
	return func(l models.LogLine) string {
		said := "Messages of " + l.AccountName
		if n := l.Details["recipients"]; n != "" {
			said += " to " + n + " recipients"
		}
		said += " " + verb
		if handled := l.Details["handled"]; handled != "" {
			said += " after " + handled
		}
		return because(said, l.Details["reason"])
	}
}

// senderID is what became of a Sender ID, with the reason where there is one.
func senderID(became string) sentence {
	return func(l models.LogLine) string {
		return because(named("Sender ID", quoted(l.Details["name"]))+" of "+l.AccountName+" "+became, l.Details["reason"])
	}
}

// shared says who may use a resource from now on.
func shared(l models.LogLine) string {
	said := named(firstOf(shareKinds[l.Details["kind"]], "Resource"), quoted(l.Details["name"])) + " shared" +
		in(shareSettings, l.Details["setting"])
	if n := l.Details["accounts"]; l.Details["setting"] == string(models.Custom) {
		said += ", sub-accounts: " + n
	}
	return said
}

var shareSettings = map[string]string{string(models.OnlyMe): "only me", string(models.Public): "public", string(models.Custom): "custom"}

var shareKinds = map[string]string{string(models.SharedSenderID): "Sender ID", string(models.SharedGroup): "Group", string(models.SharedPackage): "Package"}

// consent is what became of somebody's request to enter the account.
func consent(became string) sentence {
	return func(l models.LogLine) string {
		return "Consent to enter " + l.AccountName + " " + became + " " + firstOf(l.Details["helper"], "support")
	}
}

// signedIn says also what was still to be done, for then the session opened nothing yet.
func signedIn(l models.LogLine) string {
	if waits, pre := stages[l.Details["stage"]]; pre {
		return "Right password entered for " + l.AccountName + ", " + waits
	}
	return "Signed in to " + l.AccountName + in(signInCodes, l.Details["code"])
}

// fixed is a sentence that speaks of nobody.
func fixed(text string) sentence { return func(models.LogLine) string { return text } }

// about is a sentence around the account's name.
func about(before, after string) sentence {
	return func(l models.LogLine) string { return before + l.AccountName + after }
}

// reasoned is about with the reason that was given.
func reasoned(before, after string) sentence {
	return func(l models.LogLine) string { return because(before+l.AccountName+after, l.Details["reason"]) }
}

// user is a sentence about one of the account's users.
func user(before, after string) sentence {
	return func(l models.LogLine) string {
		return capital(before + named("user", l.Details["email"]) + after + l.AccountName)
	}
}

func transferred(l models.LogLine) string {
	said := moved(l) + " transferred"
	if l.OtherName != "" {
		said += " from " + l.OtherName
	}
	return because(said+" to "+l.AccountName, l.Details["note"])
}

// moved is what a movement is of.
func moved(l models.LogLine) string {
	if l.Amount != nil && l.Amount.IsUnits() {
		return named("Units of", l.Details["package"])
	}
	return "Balance"
}

func charged(l models.LogLine) string {
	said := l.AccountName + " charged for " + usageTo(l.Details["kind"], l.Details["country"])
	if l.Amount == nil {
		said = l.AccountName + " used " + usageTo(l.Details["kind"], l.Details["country"]) + ", free of charge"
	}
	if l.OtherName != "" {
		said += ", paid by " + l.OtherName
	}
	return said
}

func refunded(l models.LogLine) string {
	said := "Refund for what " + l.AccountName + " did not use"
	if l.OtherName != "" {
		said += to(l.OtherName)
	}
	return said
}

func edited(l models.LogLine) string {
	return because("Details of "+l.AccountName+" changed", changesOf(l.Details))
}

// changesOf lists what the details say of a change: what was changed, and how.
func changesOf(details map[string]string) string {
	changed := make([]string, 0, len(details))
	for what, how := range details {
		if what != "email" { // says who was changed
			changed = append(changed, what+" "+how)
		}
	}
	slices.Sort(changed)
	return strings.Join(changed, ", ")
}

func funding(l models.LogLine) string {
	said := "Funding of " + l.AccountName + " changed"
	if before := fundings[l.Details["before"]]; before != "" {
		said += " from " + before
	}
	return said + to(fundings[l.Details["funding"]])
}

func privileges(l models.LogLine) string {
	return because("Privileges of "+l.AccountName+" changed", l.Details["privileges"])
}

func failed(what string, l models.LogLine) string {
	said := what + to(l.Details["to"]) + " not delivered"
	if l.Details["next"] != "" {
		said += " yet"
	}
	return because(said, l.Details["reason"])
}

func passwordSet(l models.LogLine) string {
	said := "Password set for " + firstOf(l.Details["email"], l.AccountName)
	if l.Details["how"] == "link" {
		said = "Forgotten password set anew" + forEmail(l)
	}
	return said
}

func passwordLink(l models.LogLine) string {
	switch l.Details["why_not"] {
	case "pending":
		return "Mail about activation sent instead of a password link" + forEmail(l)
	case "stopped":
		return "Mail that the sign-in is switched off sent instead of a password link" + forEmail(l)
	}
	return "Link for a forgotten password sent" + forEmail(l)
}

func forEmail(l models.LogLine) string {
	if email := l.Details["email"]; email != "" {
		return " for " + email
	}
	return ""
}

// because adds a reason or a note that a person wrote.
func because(said, why string) string {
	if why == "" {
		return said
	}
	return said + ": " + why
}

func to(whom string) string {
	if whom == "" {
		return ""
	}
	return " to " + whom
}

func named(what, name string) string {
	if name == "" {
		return what
	}
	return what + " " + name
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "“" + text + "”"
}

func firstOf(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
