package identity

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// The length of a password in characters, by NIST SP 800-63B-4 for passwords that are the only factor. There are no
// rules about which characters.
const (
	shortestPassword = 15
	longestPassword  = 128
	ownWordsApart    = 8 // characters that must remain when e-mail and names are taken out
)

const tooLong = "Use at most 128 characters."

// CheckNewPassword refuses, at the field password, what must not become a password: nothing, fewer than 15 characters or
// more than 128, control characters, what is little more than the e-mail or one of the names (of account, person or
// installation) with something around it, and what is easily guessed. Spaces count and stay, also at the ends.
func CheckNewPassword(password, email string, names ...string) error {
	no := func(sentence string) error { return models.ErrCheckFields.At("password", sentence) }
	if len(password) > longestSecret {
		return no(tooLong)
	}
	composed := norm.NFC.String(password)
	length := utf8.RuneCountInString(composed)
	switch {
	case password == "":
		return no("Choose a password.")
	case length < shortestPassword:
		return no("Use at least 15 characters. A few words together are easy to remember.")
	case length > longestPassword:
		return no(tooLong)
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return no("Use only characters that can be typed.")
	}
	own, _, _ := strings.Cut(email, "@")
	rest := plain(composed)
	before := len(rest)
	for _, word := range append([]string{email, own}, names...) {
		if word = plain(word); utf8.RuneCountInString(word) >= 3 {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	if len(rest) < before && utf8.RuneCountInString(rest) < ownWordsApart {
		return no("Choose a password that is not made of your e-mail or name.")
	}
	if isEasilyGuessed(composed, append([]string{email, own}, names...)) {
		return no("This is one of the first that somebody would guess: a common password, or one with something usual around it. " +
			"A few words that have nothing to do with each other are hard to guess.")
	}
	return nil
}

// plain leaves letters and digits, in lower case: "North-Clinic 1" and "northclinic1" are one word.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFC.String(text))
}

// oneTimeAlphabet has 32 characters, none of which looks like another: no 0 and o, no 1 and l.
const oneTimeAlphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// OneTimePassword makes a password for a mail: 100 random bits in four groups, like abcde-fghij-kmnpq-rstuv.
func OneTimePassword() string { return oneTimeText(20) }

// oneTimeText is so many random characters in groups of five.
func oneTimeText(length int) string {
	var b strings.Builder
	for i, r := range random(length) {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(oneTimeAlphabet[r%32])
	}
	return b.String()
}

var emailPattern = regexp.MustCompile(
	`^[a-z0-9!#$%&'*+/=?^_{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$`)

// ParseEmail reads an e-mail address as a person types it and returns it as it is kept: without space around it, in
// lower case. It takes ASCII addresses of at most 254 characters at a domain with a dot; letters that only look like
// ASCII ones are not taken, for two addresses must not look the same.
func ParseEmail(text string) (string, bool) {
	if len(text) > 1000 {
		return "", false
	}
	text = strings.TrimSpace(text)
	email := strings.Map(func(r rune) rune { // strings.ToLower would make k of the Kelvin sign
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
	local, _, _ := strings.Cut(email, "@")
	if len(email) > 254 || len(local) > 64 || !emailPattern.MatchString(email) {
		return "", false
	}
	return email, true
}
