package wording

import "offshoot/models"

// said is a detail of the line, or the words for one that it does not have.
func said(l models.LogLine, detail, missing string) string {
	if text := l.Details[detail]; text != "" {
		return text
	}
	return missing
}

// grouped is a sentence about a group: "Group Patients added".
func grouped(before, after string) sentence {
	return func(l models.LogLine) string { return before + said(l, "group", "a group") + after }
}

// contact is a sentence about a number in a group.
func contact(verb string) sentence {
	return func(l models.LogLine) string {
		return "Contact " + said(l, "number", "unknown") + verb + said(l, "group", "a group")
	}
}

func groupChanged(l models.LogLine) string {
	if was := l.Details["was"]; was != "" {
		return "Group " + was + " renamed to " + said(l, "group", "a group")
	}
	return "Fields of group " + said(l, "group", "a group") + " changed"
}

func contactsImported(l models.LogLine) string {
	return capital(said(l, "rows", "some")) + " rows of " + said(l, "file", "a file") + " imported into group " + said(l, "group", "a group") + ", " + said(l, "new", "some") + " contacts new in it"
}

func importStarted(l models.LogLine) string {
	return "Import of " + said(l, "rows", "some") + " rows of " + said(l, "file", "a file") + " into group " + said(l, "group", "a group") + " started"
}

// optOut says by whose doing a number opted out or in.
func optOut(verb, answered string) sentence {
	return func(l models.LogLine) string {
		sentence := "Number " + said(l, "number", "unknown") + verb + l.AccountName
		if l.Details["source"] == string(models.OptOutInbound) {
			sentence += ", by " + answered
		}
		return sentence
	}
}

func replyRule(verb string) sentence {
	return func(l models.LogLine) string {
		what := "Keyword " + l.Details["keyword"]
		if l.Details["keyword"] == "" {
			what = "Default answer"
		}
		if state := l.Details["state"]; state != "" {
			return what + " set to " + state
		}
		return what + verb
	}
}

func number(verb string) sentence {
	return func(l models.LogLine) string { return "Number " + said(l, "number", "unknown") + verb + l.AccountName }
}
