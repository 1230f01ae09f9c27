package inbound

import (
	"strings"
	"unicode/utf8"

	"offshoot/models"
)

// rule is a models.ReplyRule with its keyword as it is compared.
type rule struct {
	models.ReplyRule
	key string
}

// verdict says what is made of a text that somebody writes to a number of an account. rules are the account's in their order.
func verdict(account, number, text string, optedOut bool, rules []rule) models.ReplyVerdict {
	switch wish := wishOf(text, optedOut); wish {
	case models.InboundStop:
		return models.ReplyVerdict{Meaning: wish, Reply: "You get no more messages from " + account + ". Reply START to get them again.",
			Why: "The message is a word that opts out. That comes before every keyword and rule."}
	case models.InboundStart:
		return models.ReplyVerdict{Meaning: wish, Reply: "You get messages from " + account + " again. Reply STOP to get no more.",
			Why: "The message is a word by which somebody who opted out comes back. That comes before every keyword and rule."}
	case models.InboundHelp:
		return models.ReplyVerdict{Meaning: wish, Reply: account + ": ask there for help. Reply STOP to get no more messages.",
			Why: "The message is a word that asks for help. That comes before every keyword and rule."}
	}
	if best := choose(rules, number, keyOf(text)); best != nil {
		return models.ReplyVerdict{Meaning: models.InboundRule, Rule: &best.ReplyRule, Reply: best.Reply, Why: why(best)}
	}
	return models.ReplyVerdict{Meaning: models.InboundNone, Why: "No keyword fits, and there is no default for this number. Nothing is answered."}
}

// choose is the rule that answers: one that is the text, then the longest that the text starts with, then a default, and of
// equals the first in order. Rules that are paused, or for another number, are none.
func choose(rules []rule, number, text string) (best *rule) {
	for i := range rules {
		r := &rules[i]
		if r.Paused || r.Number != "" && r.Number != number || !r.fits(text) {
			continue
		}
		if best == nil || r.rank() > best.rank() || r.rank() == best.rank() && utf8.RuneCountInString(r.key) > utf8.RuneCountInString(best.key) {
			best = r
		}
	}
	return best
}

func (r *rule) fits(text string) bool {
	switch r.Kind {
	case models.ExactRule:
		return text == r.key
	case models.PrefixRule:
		return strings.HasPrefix(text, r.key)
	}
	return true
}

func (r *rule) rank() int {
	switch r.Kind {
	case models.ExactRule:
		return 2
	case models.PrefixRule:
		return 1
	}
	return 0
}

func why(r *rule) string {
	switch r.Kind {
	case models.ExactRule:
		return "The message is exactly the keyword “" + r.Keyword + "”."
	case models.PrefixRule:
		return "No keyword is exactly the message. “" + r.Keyword + "” is the longest that it starts with."
	}
	return "No keyword fits, so the default answers."
}
