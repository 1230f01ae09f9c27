package ui

import "github.com/nyaruka/phonenumbers"

// MobileText is a number in E.164 as people read it: "+49 1511 2345670". What is no number stays as it is.
func MobileText(e164 string) string {
	number, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return e164
	}
	return phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
}
