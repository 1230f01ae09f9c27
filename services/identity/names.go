package identity

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// CheckName reads the name of an account or a person. It takes any script and any sign, for a name is only ever shown
// escaped. It wants a letter or a digit, one line, and no more than 60 characters; passwords have no such rule. missing is
// what it says, at the field, to an empty one. Spaces become single ones, and what can be written in several sequences of
// code points one of them: names that look the same are the same.
func CheckName(p *models.Problems, field, missing, name string) string {
	if len(name) > 1000 { // before anything is computed of it
		p.Add(field, "Keep the name under 60 characters.")
		return name
	}
	name = norm.NFC.String(strings.Join(strings.FieldsFunc(name, isSpace), " "))
	switch {
	case name == "":
		p.Add(field, missing)
	case len([]rune(name)) > 60:
		p.Add(field, "Keep the name under 60 characters.")
	case strings.ContainsFunc(name, isUnseen):
		p.Add(field, "Leave out characters that cannot be seen.")
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		p.Add(field, "Use at least one letter or digit.")
	}
	return name
}

func isSpace(r rune) bool { return unicode.Is(unicode.Zs, r) }

// isUnseen says whether a character shows nothing, or shows others in another order: two names that look alike would not
// be the same. Joiners stay, for Persian words and emoji are written with them.
func isUnseen(r rune) bool {
	if unicode.In(r, unicode.Join_Control, unicode.Prepended_Concatenation_Mark) { // the latter are Arabic signs of numbers
		return false
	}
	return r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}
