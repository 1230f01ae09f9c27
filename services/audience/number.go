package audience

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// Number is one that messages can go to.
type Number struct {
	E164    string
	Country string // ISO 3166-1 alpha-2 of the destination
}

// ReadNumber reads a number as people type it: nationally in a country, or with its + or 00. What it refuses it returns as
// a sentence for whoever typed it. Spaces, dots, dashes and brackets, signs that cannot be seen and digits of any script
// are read through; everything else is refused, so that nothing is sent to a number that nobody meant.
func ReadNumber(text, country string) (n Number, problem string) {
	digits, problem := digitsOf(text)
	if problem != "" {
		return Number{}, problem
	}
	if plain, abroad := strings.CutPrefix(digits, "+"); !abroad && len(plain) < 7 {
		return Number{}, shortNumber(digits, country)
	}
	parsed, err := phonenumbers.Parse(digits, country)
	if err != nil {
		return Number{}, unreadable(err, digits)
	}
	valid := phonenumbers.IsValidNumber(parsed)
	if digits[0] != '+' && (!valid || phonenumbers.GetNumberType(parsed) == phonenumbers.FIXED_LINE) {
		if parsed, problem = withoutPlus(parsed, valid, digits, country); problem != "" {
			return Number{}, problem
		}
		valid = valid || phonenumbers.IsValidNumber(parsed)
	}
	if !valid {
		return Number{}, invalid(parsed)
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return Number{}, "This is a number that charges its callers. Texts do not go there."
	case phonenumbers.VOICEMAIL, phonenumbers.PAGER:
		return Number{}, "This is a voicemail or a pager. Texts do not go there."
	}
	n = Number{E164: phonenumbers.Format(parsed, phonenumbers.E164), Country: phonenumbers.GetRegionCodeForNumber(parsed)}
	if len(n.Country) != 2 || n.Country == "ZZ" || len(n.E164) > 16 {
		return Number{}, "This number belongs to no country. Texts do not go there."
	}
	return n, ""
}

// withoutPlus looks at digits without a + that are no mobile number of the country: spreadsheets and other programs leave the
// + out. A mobile number of the same country is taken as that; what could be a number of another one is not guessed at.
func withoutPlus(national *phonenumbers.PhoneNumber, valid bool, digits, country string) (*phonenumbers.PhoneNumber, string) {
	abroad, err := phonenumbers.Parse("+"+digits, "ZZ")
	if err != nil || !phonenumbers.IsValidNumber(abroad) || digits[0] == '0' {
		return national, ""
	}
	region := phonenumbers.GetRegionCodeForNumber(abroad)
	switch mobile := phonenumbers.GetNumberType(abroad) != phonenumbers.FIXED_LINE; {
	case region == country && (mobile || !valid):
		return abroad, ""
	case mobile || !valid:
		return nil, "This may be a number of " + models.CountryName(region) + ". Write it with its +."
	}
	return national, ""
}

// longestTyped is more than a number has with everything that people put between its digits.
const longestTyped = 60

var (
	scientific = regexp.MustCompile(`^\+?[0-9][.,]?[0-9]*[eE]\+?[0-9]+$`)
	extension  = regexp.MustCompile(`(?i)[0-9)] *(;? *ext|;? *x|#|durchwahl|dw|poste|int\.)`)
	// what people put between two numbers
	between = regexp.MustCompile(`[0-9)] *(?:[,;/|&+\n]|or|oder|ou|und|and|et|y) *(\+|\(|[0-9])`)
)

// digitsOf leaves of a text its digits, with the + in front of those of another country.
func digitsOf(text string) (digits, problem string) {
	if len(text) > 4*longestTyped {
		return "", "This is longer than a phone number."
	}
	if isPlain(text) {
		return international(text, text)
	}
	if !utf8.ValidString(text) {
		return "", "This cannot be read. Save the file as CSV UTF-8."
	}
	text = strings.TrimSpace(visible(norm.NFKC.String(text)))
	text = strings.TrimPrefix(text, "'") // by which spreadsheets keep a number a text
	switch {
	case text == "":
		return "", "There is no number here."
	case utf8.RuneCountInString(text) > longestTyped:
		return "", "This is longer than a phone number."
	case scientific.MatchString(text):
		return "", "A spreadsheet has rounded this number. Make the column a text and enter the number again."
	case extension.MatchString(text):
		return "", "Texts do not go to extensions. Give the number alone."
	}
	var out strings.Builder
	for i, r := range text {
		switch {
		case unicode.IsDigit(r):
			out.WriteByte(byte('0' + digitValue(r)))
		case r == '+' && i == 0:
			out.WriteByte('+')
		case strings.ContainsRune(" -.()\t/", r) || unicode.Is(unicode.Pd, r):
		case unicode.IsLetter(r) && !between.MatchString(text):
			return "", "This has letters in it. Give the number in digits."
		case between.MatchString(text):
			return "", "There is more than one number here. Give each its own row."
		default:
			return "", "This is not a phone number."
		}
	}
	return international(out.String(), text)
}

// isPlain says whether there is nothing but digits behind a + or none, as in most files.
func isPlain(text string) bool {
	digits := strings.TrimPrefix(text, "+")
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return digits != "" && len(digits) <= longestTyped
}

// international tells a number with its country's code by a +, however it was typed.
func international(digits, text string) (string, string) {
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = "+" + rest
	}
	plain, abroad := strings.CutPrefix(digits, "+")
	switch {
	case plain == "":
		return "", "There is no number here."
	case abroad && plain[0] == '0':
		return "", "After the + comes the code of the country, which does not begin with 0."
	case len(plain) > 17 && strings.ContainsAny(text, " /"):
		return "", "There is more than one number here. Give each its own row."
	case len(plain) > 17:
		return "", "This number is too long."
	}
	return digits, ""
}

// visible leaves out what cannot be seen: marks of the direction of writing, joiners, byte order marks, soft hyphens.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, text)
}

// digitValue is that of a decimal digit of any script: they stand in tens, beginning with a zero.
func digitValue(r rune) int {
	for value := 0; value < 10; value++ {
		if zero := r - rune(value); !unicode.IsDigit(zero-1) || value == 9 {
			return value
		}
	}
	return 0
}

// shortNumber says why digits that are too few for a number are none.
func shortNumber(digits, country string) string {
	switch {
	case phonenumbers.IsEmergencyNumber(digits, country):
		return "This is an emergency number. Texts do not go there."
	case len(digits) >= 3:
		if parsed, err := phonenumbers.Parse(digits, country); err == nil {
			if phonenumbers.IsValidShortNumberForRegion(parsed, country) {
				return "This is a short number. Texts go to full numbers only."
			}
			if phonenumbers.IsValidNumber(parsed) { // some countries have no more digits
				return "Give this number with its + and the code of the country."
			}
		}
	}
	return "This number is too short."
}

func unreadable(err error, digits string) string {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode) && strings.HasPrefix(digits, "+"):
		return "No country has the code that this number begins with."
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "Give this number with its + and the code of the country."
	case errors.Is(err, phonenumbers.ErrTooShortAfterIDD), errors.Is(err, phonenumbers.ErrTooShortNSN):
		return "This number is too short."
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "This number is too long."
	}
	return "This is not a phone number."
}

func invalid(parsed *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(parsed) {
	case phonenumbers.TOO_SHORT:
		return "This number is too short."
	case phonenumbers.TOO_LONG:
		return "This number is too long."
	}
	region := phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))
	if name := models.CountryName(region); name != region {
		return "There is no such number in " + name + "."
	}
	return "There is no such number."
}
