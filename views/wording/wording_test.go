package wording

import (
	"strings"
	"testing"

	"offshoot/models"
)

// REP-3: every action of the log has a sentence of its own, and none of them needs details to read well. That the groups
// hold every action is shown in package models.
func TestEveryActionHasASentence(t *testing.T) {
	var all []models.Action
	for _, group := range models.ActionGroups {
		all = append(all, group.Actions...)
	}
	for _, action := range all {
		if logSentences[action] == nil {
			t.Errorf("%s has no sentence", action)
			continue
		}
		for _, line := range []models.LogLine{
			{Action: action, AccountName: "North Clinic"},
			{Action: action, AccountName: "North Clinic", OtherName: "Sunrise Health"},
		} {
			said := LogSentence(line)
			if said == "" || strings.TrimSpace(said) != said || strings.Contains(said, "  ") || strings.HasSuffix(said, ".") ||
				strings.ContainsAny(said[:1], "=+-@ ") || strings.Contains(said, "_") {
				t.Errorf("%s reads %q", action, said)
			}
		}
	}
}

// REP-3: the sentence says what the line knows.
func TestLogSentence(t *testing.T) {
	amount := models.FromMicros(25_000_000, "EUR")
	for _, c := range []struct {
		line models.LogLine
		want string
	}{
		{models.LogLine{Action: models.TransferPosted, AccountName: "North Clinic", OtherName: "Sunrise", Details: map[string]string{"note": "=1+1"}},
			"Balance transferred from Sunrise to North Clinic: =1+1"},
		{models.LogLine{Action: models.TransferredBack, AccountName: "North Clinic", OtherName: "Sunrise"},
			"Balance transferred back from North Clinic to Sunrise"},
		{models.LogLine{Action: models.UsageCharged, AccountName: "Night Ward", OtherName: "Sunrise", Amount: &amount, Details: map[string]string{"kind": "message", "country": "DE"}},
			"Night Ward charged for messages to Germany, paid by Sunrise"},
		{models.LogLine{Action: models.UsageCharged, AccountName: "Night Ward", Details: map[string]string{"kind": "number", "country": "FR"}},
			"Night Ward used numbers in France, free of charge"},
		{models.LogLine{Action: models.SubAccountDeactivated, AccountName: "Night Ward", Details: map[string]string{"reason": "Left"}},
			"Sub-account Night Ward deactivated: Left"},
		{models.LogLine{Action: models.FundingChanged, AccountName: "Night Ward", Details: map[string]string{"before": "own", "funding": "shared"}},
			"Funding of Night Ward changed from own balance to shared balance"},
		{models.LogLine{Action: models.SubAccountEdited, AccountName: "Night Ward", Details: map[string]string{"time zone": "UTC → Asia/Amman", "country": "DE → JO"}},
			"Details of Night Ward changed: country DE → JO, time zone UTC → Asia/Amman"},
		{models.LogLine{Action: models.SignInRefused, AccountName: "Night Ward", Details: map[string]string{"why": "password", "email": "n@x.example"}},
			"Sign-in refused (wrong password) for n@x.example"},
		{models.LogLine{Action: models.SignInRefused, AccountName: "Night Ward", Details: map[string]string{"why": "too_many", "email": "n@x.example"}},
			"Sign-in refused (too many tries) for n@x.example"},
		{models.LogLine{Action: models.PasswordSet, AccountName: "Night Ward", Details: map[string]string{"how": "link", "email": "n@x.example"}},
			"Forgotten password set anew for n@x.example"},
		{models.LogLine{Action: models.PasswordLinkSent, AccountName: "Night Ward", Details: map[string]string{"email": "n@x.example"}},
			"Link for a forgotten password sent for n@x.example"},
		{models.LogLine{Action: models.PasswordLinkSent, AccountName: "Night Ward", Details: map[string]string{"why_not": "stopped", "email": "n@x.example"}},
			"Mail that the sign-in is switched off sent instead of a password link for n@x.example"},
		{models.LogLine{Action: models.AccessStarted, AccountName: "Night Ward", Details: map[string]string{"reason": "Ticket 7"}},
			"Access to Night Ward started: Ticket 7"},
		{models.LogLine{Action: models.AccessEnded, AccountName: "Night Ward", Details: map[string]string{"how": "time_over"}},
			"Access to Night Ward ended (time was over)"},
		{models.LogLine{Action: models.MailFailed, Details: map[string]string{"to": "n@x.example", "subject": "Welcome", "reason": "mailbox full", "next": "soon"}},
			"Mail “Welcome” to n@x.example not delivered yet: mailbox full"},
		{models.LogLine{Action: "number.leased"}, "Number leased"},
		{models.LogLine{}, ""},
	} {
		if got := LogSentence(c.line); got != c.want {
			t.Errorf("%s reads %q, not %q", c.line.Action, got, c.want)
		}
	}
	if who := Actor(models.LogLine{}); who != "System" {
		t.Errorf("nobody is called %q", who)
	}
}

// BAL-11: every entry says what it was for, from its own side.
func TestEntrySentence(t *testing.T) {
	in, out := models.FromMicros(1, "EUR"), models.FromMicros(-1, "EUR")
	for _, c := range []struct {
		line models.StatementLine
		want string
	}{
		{models.StatementLine{Kind: models.Payment, Amount: in, Note: "Cheque 7"}, "Money received: Cheque 7"},
		{models.StatementLine{Kind: models.GivenOut, Amount: out, OtherName: "North Clinic"}, "Transfer to North Clinic"},
		{models.StatementLine{Kind: models.GivenOut, Amount: in, OtherName: "Sunrise", Note: "Starting amount"}, "Transfer from Sunrise: Starting amount"},
		{models.StatementLine{Kind: models.GivenBack, Amount: in, OtherName: "North Clinic"}, "Transfer back from North Clinic"},
		{models.StatementLine{Kind: models.UsageCharge, Amount: out, UsageKind: "message", Country: "DE", Quantity: 3}, "3 messages to Germany"},
		{models.StatementLine{Kind: models.UsageCharge, Amount: out, UsageKind: "number", Country: "FR", Quantity: 1, OtherName: "Night Ward"}, "1 number in France by Night Ward"},
		{models.StatementLine{Kind: models.UsageCharge, Amount: out, UsageKind: "message", Quantity: 5}, "5 messages"},
		{models.StatementLine{Kind: models.UsageCharge, Amount: out}, "Usage"},
		{models.StatementLine{Kind: models.Refund, Amount: in}, "Refund"},
		{models.StatementLine{Kind: models.ReversalKind, Amount: in, OtherName: "Sunrise"}, "Reversal from Sunrise"},
		{models.StatementLine{Kind: "margin", Amount: in}, "Margin"},
	} {
		if got := EntrySentence(c.line); got != c.want {
			t.Errorf("%s reads %q, not %q", c.line.Kind, got, c.want)
		}
	}
}
