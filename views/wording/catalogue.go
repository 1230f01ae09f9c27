package wording

import (
	"strings"

	"offshoot/models"
)

// rateSet says which price holds from when.
func rateSet(l models.LogLine) string {
	d := l.Details
	said := "Price of a part" + to(country(d)) + " set"
	if d["before"] != "" {
		said += " from " + d["before"]
	}
	said += to(strings.TrimSpace(d["price"] + " " + d["currency"]))
	if d["from"] != "" {
		said += ", from " + d["from"] + " on"
	}
	return said
}

func rateDropped(l models.LogLine) string {
	d := l.Details
	said := named("Planned price of a part", strings.TrimSpace(d["price"]+" "+d["currency"])) + to(country(d)) + " dropped"
	if d["from"] != "" {
		said += ", which was to hold from " + d["from"] + " on"
	}
	return said
}

func country(details map[string]string) string {
	if details["country"] == "" {
		return ""
	}
	return models.CountryName(details["country"])
}

func ratesImported(l models.LogLine) string {
	said := "Rate card imported"
	if l.Details["new"] != "" {
		said += ": " + l.Details["new"] + " new, " + l.Details["changed"] + " changed"
	}
	return said
}

// offer is a sentence about a package on sale.
func offer(after string) sentence {
	return func(l models.LogLine) string {
		return because(named("Package", quoted(l.Details["name"]))+after, l.Details["changes"])
	}
}

// parcel is a sentence about a package of an account.
func parcel(after string) sentence {
	return func(l models.LogLine) string {
		said := named("Package", quoted(l.Details["name"]))
		if l.Details["units"] != "" {
			said += " of " + l.Details["units"] + " units"
		}
		return because(said+after+l.AccountName, l.Details["reason"])
	}
}

func packageShared(l models.LogLine) string {
	what := named("package", quoted(l.Details["name"]))
	if l.Details["units"] != "" {
		what = l.Details["units"] + " units of " + what
	}
	return capital(what) + " shared with " + l.AccountName
}
