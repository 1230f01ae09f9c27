package wording

import (
	"strconv"
	"sync"

	"offshoot/models"
)

// kinds of usage, one and several, and how its country follows.
var kinds = map[string]struct{ one, several, country string }{
	"message": {"message", "messages", " to "},
	"call":    {"call", "calls", " to "},
	"number":  {"number", "numbers", " in "},
	"keyword": {"keyword", "keywords", " in "},
}

// UsageKind names usage with how much of it there was: "1 message", "3 calls".
func UsageKind(kind string, n int64) string {
	k, ok := kinds[kind]
	switch {
	case !ok && kind == "":
		return "usage"
	case !ok:
		return kind
	case n == 1:
		return "1 " + k.one
	}
	return strconv.FormatInt(n, 10) + " " + k.several
}

// usageTo names usage with the country it went to: "messages to Germany".
func usageTo(kind, country string) string {
	k, ok := kinds[kind]
	if !ok {
		return named("usage", kind)
	}
	return k.several + inCountry(kind, country)
}

func inCountry(kind, country string) string {
	if country == "" {
		return ""
	}
	return kinds[kind].country + countryName(country)
}

// countryNames are those said before: a file says a few of them many thousand times, and models looks through all.
var countryNames sync.Map

func countryName(code string) string {
	if name, ok := countryNames.Load(code); ok {
		return name.(string)
	}
	name := models.CountryName(code)
	if name != code { // what is no country is not kept, there is no end of it
		countryNames.Store(code, name)
	}
	return name
}

// EntrySentence says what an entry of a statement was for: "Transfer from Sunrise Health: Starting amount",
// "3 messages to Germany". The reference has a column of its own.
func EntrySentence(l models.StatementLine) string {
	return because(entry(l), l.Note)
}

func entry(l models.StatementLine) string {
	direction := " from "
	if l.Amount.IsNegative() {
		direction = " to "
	}
	with := ""
	if l.OtherName != "" {
		with = direction + l.OtherName
	}
	switch l.Kind {
	case models.Payment:
		return "Money received"
	case models.GivenOut:
		return "Transfer" + with
	case models.GivenBack:
		return "Transfer back" + with
	case models.UsageCharge:
		said := capital(UsageKind(l.UsageKind, l.Quantity)) + inCountry(l.UsageKind, l.Country)
		if l.OtherName != "" {
			said += " by " + l.OtherName
		}
		return said
	case models.Refund:
		return "Refund" + with
	case models.ReversalKind:
		return "Reversal" + with
	case models.UnitsIssued:
		return "Units added"
	case models.UnitsExpired:
		return "Ended unused"
	}
	return capital(string(l.Kind)) + with
}

// EntriesOf names all entries of one kind that came, or went, as a sum tells of them: "Transfers", "Usage".
func EntriesOf(kind models.TransferKind, came bool) string {
	switch kind {
	case models.Payment:
		return "Money received"
	case models.GivenOut:
		if came {
			return "Transfers from the parent account"
		}
		return "Transfers to sub-accounts"
	case models.GivenBack:
		if came {
			return "Transfers back from sub-accounts"
		}
		return "Transfers back to the parent account"
	case models.UsageCharge:
		return "Usage"
	case models.Refund:
		return "Refunds"
	case models.ReversalKind:
		return "Reversals"
	case models.Purchase:
		return "Purchases"
	case models.UnitsIssued:
		return "Units added"
	case models.UnitsExpired:
		return "Ended unused"
	}
	return capital(string(kind))
}
