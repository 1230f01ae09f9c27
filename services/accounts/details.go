package accounts

import (
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

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
	d.AccountName = identity.CheckName(p, "account_name", "Enter an account name.", d.AccountName)
	d.ContactName = identity.CheckName(p, "contact_name", "Enter a contact name.", d.ContactName)
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
