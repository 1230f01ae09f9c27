package wording

import (
	"strings"

	"offshoot/models"
)

// What codes in the details of a line are called.
var (
	plans    = map[string]string{string(models.PrePay): models.PrePay.Label(), string(models.PostPay): models.PostPay.Label()}
	fundings = map[string]string{string(models.OwnBalance): "own balance", string(models.SharedBalance): "shared balance",
		string(models.MonthlyLimit): "monthly limit", string(models.ClientPays): "client pays"}
	modes    = map[string]string{string(models.OpenFeature): "open to every parent", string(models.OnRequestFeature): "on request"}
	channels = map[string]string{"mail": "Mail", "text": "Text"}
	ends     = map[string]string{"returned": "returned", "signed_out": "signed out", "time_over": "time was over", "ended": "ended",
		"not_permitted": "no longer permitted", "not_entered": "not entered", "helper_disabled": "helper disabled",
		"session_ended": "session ended"}
	refusals = map[string]string{"unknown": "unknown e-mail", "password": "wrong password", "disabled": "user disabled",
		"deleted": "account deleted", "deactivated": "account deactivated", "parent_deactivated": "parent account deactivated",
		"activation_expired": "activation expired", "password_expired": "password expired", "too_many": "too many tries"}
	stages      = map[string]string{"activation": "to activate it", "second_factor": "code awaited", "new_password": "new password awaited"}
	signInCodes = map[string]string{"app": "with a code of the app", "recovery": "with a recovery code"}
)

// works are the kinds of background work.
var works = map[string]string{"notify.deliver": "Delivering a mail or text", "sweep": "Clearing away what has expired",
	"access.close": "Closing accesses that are over", "sends.accept": "Sending messages", "sends.collect": "Collecting recipients from a group",
	"sends.cancel_rest":   "Cancelling messages",
	"packages.expire":     "Ending packages whose validity is over",
	"funding.month_start": "Starting the month of monthly limits", "ledger.money_arrived": "Giving money to those who wait for it",
	"books.check_new": "Checking what is new in the books", "books.check_whole": "Checking all books of an account",
	"books.tell_staff": "Telling staff of a fault in the books"}

// Work is what a kind of background work is called.
func Work(kind string) string {
	if kind == "" {
		return "Background work"
	}
	return capital(strings.ReplaceAll(word(works, kind), ".", " "))
}

// word is what a code is called, or the code itself in words.
func word(words map[string]string, code string) string {
	if known, ok := words[code]; ok {
		return known
	}
	return strings.ReplaceAll(code, "_", " ")
}

// in adds what a code is called in brackets.
func in(words map[string]string, code string) string {
	if code == "" {
		return ""
	}
	return " (" + word(words, code) + ")"
}
