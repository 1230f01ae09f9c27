package identity

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/matching"
)

// A password must not be one that attackers try first (NIST SP 800-63B-4, 3.1.1.2). With fifteen characters that is seldom
// one word of a list; it is such a word repeated, doubled or padded, a run of the alphabet or the keyboard. So what is
// looked up is not the whole, but what it is made of: zxcvbn holds the lists (passwords found in leaks, names, English
// words) and finds the runs, and says how many guesses the cheapest way to compose the password needs.

// fewestGuesses is 2 to that power. Three common words need more; a common one with anything usual around it, less.
const fewestGuesses = 30

// walks are ways over the keyboard that turn corners, which zxcvbn does not follow, and words of this very place.
var walks = []string{"1qaz2wsx3edc4rfv5tgb", "1qaz2wsx3edc4rfv", "1qaz2wsx3edc", "1qaz2wsx", "qazwsxedcrfvtgb", "qazwsxedc", "qazwsx", "zaq12wsx",
	"zaq1xsw2cde3", "zaq1xsw2", "1qazxsw23edc", "1qazxsw2", "q1w2e3r4t5y6u7i8", "q1w2e3r4t5", "q1w2e3r4", "1q2w3e4r5t6y7u8i", "1q2w3e4r5t", "1q2w3e4r",
	"qwertz", "qwertzuiop", "asdfghjkl", "yxcvbnm", "azerty", "azertyuiop", "qsdfghjklm", "offshoot", "passphrase", "passwort",
	"motdepasse", "contrasena", "changeme", "letmein", "welcome", "portal", "account", "subaccount"}

// disguises are the characters that people write for letters. zxcvbn can look for them itself, in ways that double with
// each and take seconds for a long password.
var disguises = strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t", "8", "b", "9", "g")

// isEasilyGuessed says whether a password, of any length, is among the first that somebody would try. words are those of
// the place and the person.
func isEasilyGuessed(password string, words []string) bool {
	lower := strings.ToLower(password)
	known := append(append([]string{}, walks...), words...)
	for _, text := range []string{lower, disguises.Replace(lower)} {
		unit, times := repeated(text)
		if times > 1 && utf8.RuneCountInString(unit) < ownWordsApart {
			return true
		}
		if guessesOf(unit, known)+math.Log2(float64(times)) < fewestGuesses {
			return true
		}
	}
	return false
}

// guessesOf is how many guesses find a text, as a power of 2.
func guessesOf(text string, known []string) float64 {
	return zxcvbn.PasswordStrength(text, known, matching.FilterL33tMatcher).Entropy
}

// repeated returns what a text consists of when it is the same over and over, perhaps broken off at the end, and how often.
func repeated(text string) (unit string, times int) {
	runes := []rune(text)
	for n := 1; n <= len(runes)*2/3; n++ {
		same := true
		for i := n; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-n]
		}
		if same {
			return string(runes[:n]), (len(runes) + n - 1) / n
		}
	}
	return text, 1
}
