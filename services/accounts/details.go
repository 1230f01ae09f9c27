package accounts

import (
	"net/mail"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"offshoot/models"
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
// and no more than 60 characters. missing is what it says to an empty one.
func checkName(p *models.Problems, field, missing, name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '\u00a0' }), " ")
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

// isUnseen says whether a character shows nothing, or shows others in another order: two names that look alike would not
// be the same. Joiners stay, for Persian words and emoji are written with them.
func isUnseen(r rune) bool {
	switch r {
	case unicode.ReplacementChar, '\u200b', '\u2060', '\ufeff':
		return true
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

func checkEmail(p *models.Problems, text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	address, err := mail.ParseAddress(text)
	_, domain, _ := strings.Cut(text, "@")
	switch {
	case text == "":
		p.Add("email", "Enter an e-mail address.")
	case err != nil || address.Address != text || len(text) > 254 || !strings.Contains(domain, ".") || strings.ContainsFunc(text, notASCII):
		p.Add("email", "This is not an e-mail address.")
	}
	return text
}

func notASCII(r rune) bool { return r <= ' ' || r > '~' }

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
	if n := len([]rune(reason)); n == 0 || n > 200 {
		p.Add("reason", "Give a reason, up to 200 characters.")
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
