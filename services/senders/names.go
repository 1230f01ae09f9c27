package senders

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"offshoot/models"
)

// word is a name that every phone shows and every network carries: GSM's alphabet has more, but networks refuse it.
var word = regexp.MustCompile(`^[A-Za-z0-9]+( [A-Za-z0-9]+)*$`)

// longest is what the address of a short message has room for.
const longest = 11

// checkName reads the name of a Sender ID: up to 11 letters, digits and single spaces with a letter among them, or a number,
// which it returns in E.164. A letter of another alphabet that looks like one of ours is none of ours.
func checkName(p *models.Problems, text, country string) string {
	if len(text) > 200 { // before anything is computed of it
		p.Add("name", "Use up to 11 characters, or a phone number.")
		return text
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		p.Add("name", "Enter a name or a number.")
	case looksLikeNumber(text):
		return checkNumber(p, text, country)
	case !word.MatchString(text):
		p.Add("name", "Use the letters A to Z, digits and single spaces between them. Accents, signs and other alphabets do not reach every phone.")
	case len(text) > longest:
		p.Add("name", "Use up to 11 characters, or a phone number.")
	}
	return text
}

// looksLikeNumber says whether nothing but what numbers are written with stands in text.
func looksLikeNumber(text string) bool {
	digits := false
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits = true
		case !strings.ContainsRune("+()-./ ", r):
			return false
		}
	}
	return digits
}

func checkNumber(p *models.Problems, text, country string) string {
	number, err := phonenumbers.Parse(text, country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		p.Add("name", "This is not a phone number. Write it with + and its country's code, or use at least one letter.")
		return text
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// checkPurpose reads what a Sender ID is for, which is what staff decide by.
func checkPurpose(p *models.Problems, text string) string {
	return checkSentence(p, "purpose", "Say what you will send from it.", text)
}

// checkReason reads why staff refuse, which the account reads.
func checkReason(p *models.Problems, text string) string {
	return checkSentence(p, "reason", "Give a reason. The account reads it.", text)
}

func checkSentence(p *models.Problems, field, missing, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		p.Add(field, missing)
	case len(text) > 4*300 || utf8.RuneCountInString(text) > 300:
		p.Add(field, "Keep it under 300 characters.")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\u200d'
	}):
		p.Add(field, "Leave out line breaks and characters that cannot be seen.")
	}
	return text
}
