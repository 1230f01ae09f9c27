// Package audience is whom an account writes to: the groups of its contacts, and who asked not to be written to any more. It
// alone writes groups, contacts, group_members, opt_outs, contact_imports and contact_import_rows.
//
// An account has one contact of a number, in any number of its groups; a contact that is in none is deleted. A group counts
// its members: whoever adds or removes one holds the group's row first, so that the count is exact.
//
// Services that send ask Usable, Members and OptedOut within their own transaction.
package audience

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is what pages ask.
type Service struct{ store *store.Store }

// New returns the service.
func New(s *store.Store) *Service { return &Service{store: s} }

var (
	// ErrNoSuchGroup is the answer to a group that is not there, or that the account may not see.
	ErrNoSuchGroup = &models.Error{Kind: models.NotFound, Code: "no_such_group", Message: "There is no such group."}
	// ErrNoSuchContact is the answer to a contact that is not in the group.
	ErrNoSuchContact = &models.Error{Kind: models.NotFound, Code: "no_such_contact", Message: "There is no such contact in this group."}
	// ErrNotYourGroup is the refusal to change what one may only see or use.
	ErrNotYourGroup = &models.Error{Kind: models.Forbidden, Code: "group_not_editable",
		Message: "You can use this group, but its contacts belong to another account. Ask the people there to change it."}
	// ErrStale is the refusal of a form that was opened before somebody else changed the same.
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale",
		Message: "Somebody else has changed this in the meantime. What you see now is how it is; make your change again."}
)

// What a group and a contact may have.
const (
	longestName  = 120
	mostFields   = 20
	longestField = 40  // the name of a custom field
	longestValue = 500 // what it holds
)

// checkName reads a name for the screen: one line in any script, with at least a letter or a digit.
func checkName(p *models.Problems, field, missing, name string) string {
	name, problem := readText(name, longestName)
	switch {
	case problem != "":
		p.Add(field, problem)
	case name == "":
		p.Add(field, missing)
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		p.Add(field, "Use at least one letter or digit.")
	}
	return name
}

// readText reads one line of text, its spaces made single ones.
func readText(text string, longest int) (string, string) {
	if len(text) > 4*longest+100 { // before anything is computed of it
		return "", tooLong(longest)
	}
	if !utf8.ValidString(text) {
		return "", "Leave out characters that cannot be read."
	}
	text = norm.NFC.String(strings.Join(strings.Fields(text), " "))
	switch {
	case utf8.RuneCountInString(text) > longest:
		return "", tooLong(longest)
	case strings.ContainsFunc(text, isUnseen):
		return "", "Leave out characters that cannot be seen."
	}
	return text, ""
}

func tooLong(longest int) string {
	if longest == longestName {
		return "Keep the name under 120 characters."
	}
	if longest == longestField {
		return "Keep the name of a field under 40 characters."
	}
	return "Keep each field under 500 characters."
}

// isUnseen leaves joiners, with which Persian words and emoji are written.
func isUnseen(r rune) bool {
	if unicode.In(r, unicode.Join_Control, unicode.Prepended_Concatenation_Mark) || r == '\ufe0f' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// checkFields reads the names of custom fields. Those that differ in capitals only are the same.
func checkFields(p *models.Problems, field string, names []string) []string {
	var fields []string
	for _, name := range names {
		name, problem := readText(name, longestField)
		switch {
		case problem != "":
			p.Add(field, problem)
		case name == "":
		case columnOf([]string{name}, numberHeads) == 0, columnOf([]string{name}, nameHeads) == 0:
			p.Add(field, "Number and name are there already. Call the field “"+name+"” something else.")
		case slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }):
			p.Add(field, "There are two fields called “"+name+"”.")
		default:
			fields = append(fields, name)
		}
	}
	if len(fields) > mostFields {
		p.Add(field, "A group can have 20 fields.")
	}
	return fields
}
