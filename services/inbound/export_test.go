package inbound

import "offshoot/models"

// Verdict is what is made of a text, for the tests of precedence.
func Verdict(number, text string, optedOut bool, rules []models.ReplyRule) models.ReplyVerdict {
	var compared []rule
	for _, r := range rules {
		key := keyOf(r.Keyword)
		if r.Kind == models.DefaultRule {
			key = ""
		}
		compared = append(compared, rule{r, key})
	}
	return verdict("North Clinic", number, text, optedOut, compared)
}

// KeyOf and Bare are how texts are compared.
var KeyOf, Bare = keyOf, bare
