package accounts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/identity"
)

// Details are what the forms ask about an account, as typed.
type Details struct {
	AccountName string
	ContactName string
	Email       string
	Mobile      string // as people write it in Country
	Country     string // ISO 3166-1 alpha-2
	TimeZone    string // IANA name
}

// check reads the details: trimmed, the e-mail in small letters, the mobile in E.164. It collects a sentence for each
// field that is wrong.
func (d Details) check(p *models.Problems) Details {
	d.AccountName = checkName(p, "account_name", "Enter an account name.", d.AccountName)
	d.ContactName = checkName(p, "contact_name", "Enter a contact name.", d.ContactName)
	d.Email = checkEmail(p, d.Email)
	d.Country = strings.ToUpper(strings.TrimSpace(d.Country))
	if !models.IsCountry(d.Country) {
		p.Add("country", "Choose a country from the list.")
	} else {
		d.Mobile = checkMobile(p, d.Mobile, d.Country)
	}
	d.TimeZone = strings.TrimSpace(d.TimeZone)
	if !models.IsTimeZone(d.TimeZone) {
		p.Add("time_zone", "Choose a time zone from the list.")
	}
	return d
}

// checkName takes any script and any sign, for a name is only ever shown escaped. It wants a letter or a digit, one line,
// and no more than 60 characters. missing is what it says to an empty one. Spaces become single ones, and what can be
// written in several sequences of code points one of them: names that look the same are the same.
func checkName(p *models.Problems, field, missing, name string) string {
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

// checkEmail takes what identity takes, so that no account is made whose user could not be.
func checkEmail(p *models.Problems, text string) string {
	if strings.TrimSpace(text) == "" {
		p.Add("email", "Enter an e-mail address.")
		return ""
	}
	email, ok := identity.ParseEmail(text)
	if !ok {
		p.Add("email", "This is not an e-mail address.")
	}
	return email
}

// checkMobile returns the number in E.164. A number of another country is taken only when it is written with its +, and
// then it must be a number of that country.
func checkMobile(p *models.Problems, text, country string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		p.Add("mobile", "Enter a mobile number.")
		return ""
	}
	if len(text) > 40 {
		p.Add("mobile", "This is not a mobile number.")
		return text
	}
	number, err := phonenumbers.Parse(text, country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		p.Add("mobile", "This is not a mobile number of "+models.CountryName(country)+".")
		return text
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); region != country {
		p.Add("mobile", "This is a number of "+models.CountryName(region)+". Choose that country, or enter a number of "+models.CountryName(country)+".")
		return text
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PERSONAL_NUMBER:
	default:
		p.Add("mobile", "This number cannot receive texts. Enter a mobile number.")
		return text
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

func checkReason(p *models.Problems, reason string) string {
	reason = strings.TrimSpace(reason)
	switch n := utf8.RuneCountInString(reason); {
	case n == 0 || n > 200:
		p.Add("reason", "Give a reason, up to 200 characters.")
	case !utf8.ValidString(reason) || strings.ContainsRune(reason, 0): // PostgreSQL takes neither
		p.Add("reason", "Leave out characters that cannot be seen.")
	}
	return reason
}

func checkPrivileges(p *models.Problems, wanted []models.Privilege) {
	for _, w := range wanted {
		if !models.IsGrantable(w) {
			p.Add("privileges", "Choose privileges from the list.")
		}
	}
}
