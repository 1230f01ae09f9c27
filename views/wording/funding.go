package wording

import "offshoot/models"

func limitChanged(l models.LogLine) string {
	said := "Monthly limit of " + l.AccountName + " changed"
	if l.Details["limit"] != "" {
		said += " to " + l.Details["limit"]
	}
	if l.Details["priority"] != "" {
		said += ", priority " + l.Details["priority"]
	}
	return said
}

func capsChanged(l models.LogLine) string {
	said := "Caps of " + l.AccountName + " on the shared balance changed"
	switch day, month := l.Details["cap_day"], l.Details["cap_month"]; {
	case day == "" && month == "":
		return said + ": no cap"
	case month == "":
		return said + ": " + day + " a day"
	case day == "":
		return said + ": " + month + " a month"
	default:
		return said + ": " + day + " a day, " + month + " a month"
	}
}

func monthStarted(l models.LogLine) string {
	said := "Month started"
	if l.Details["period"] != "" {
		said = "Monthly limits for " + l.Details["period"] + ": " + l.Details["funded"] + " moved"
	}
	if short := l.Details["short"]; short != "" && short != "0" {
		said += ", " + short + " short, " + l.Details["missing"] + " missing"
	}
	return said
}
