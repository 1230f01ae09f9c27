package inbound_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/inbound"
)

func rule(kind models.RuleKind, keyword, reply string) models.ReplyRule {
	return models.ReplyRule{Kind: kind, Keyword: keyword, Reply: reply}
}

// MSG-6: exact word, then the longest that the text starts with, then the default; of equals the first.
func TestPrecedence(t *testing.T) {
	paused := rule(models.ExactRule, "PAUSED", "paused")
	paused.Paused = true
	elsewhere := rule(models.ExactRule, "ONLY", "of another number")
	elsewhere.Number = "+4915199999999"
	rules := []models.ReplyRule{
		rule(models.DefaultRule, "", "default"), rule(models.DefaultRule, "", "second default"),
		rule(models.PrefixRule, "IN", "in"), rule(models.PrefixRule, "INFO", "info…"), rule(models.PrefixRule, "info", "second info…"),
		rule(models.ExactRule, "INFO", "info!"), rule(models.ExactRule, "Info", "second info!"), rule(models.ExactRule, "Grüße", "grüße!"),
		rule(models.ExactRule, "TWO WORDS", "two"), rule(models.PrefixRule, "STOP BY", "come"), rule(models.ExactRule, "YES", "yes!"), paused, elsewhere,
	}
	for text, want := range map[string]string{
		"INFO": "info!", "info": "info!", " Info! ": "info!", "“info”": "info!", "ＩＮＦＯ": "info!", "info\n": "info!",
		"INFO 5": "info…", "information": "info…", "infa": "in", "in": "in", "i": "default", "": "default", "🙂": "default",
		"GRÜSSE": "grüße!", "gru\u0308ße": "grüße!", "grüsse": "grüße!", "two   words": "two", "twowords": "default",
		"paused": "default", "only": "default", "stop by tomorrow": "come", "yes": "yes!", "x stop": "default", "stopover": "default",
	} {
		if got := inbound.Verdict("+4915112345671", text, false, rules); got.Reply != want || got.Why == "" {
			t.Errorf("%q: %q (%s), want %q", text, got.Reply, got.Why, want)
		}
	}
	if got := inbound.Verdict("+4915199999999", "only", false, rules); got.Reply != "of another number" {
		t.Error(got)
	}
	if got := inbound.Verdict("+4915112345671", "x", false, nil); got.Meaning != models.InboundNone || got.Reply != "" {
		t.Error(got)
	}
}

// MSG-6: words that opt out, opt in and ask for help come before everything, when they are the whole message.
func TestWishesComeFirst(t *testing.T) {
	var rules []models.ReplyRule
	for _, word := range []string{"STOP", "START", "HELP", "YES"} {
		rules = append(rules, rule(models.ExactRule, word, "never"), rule(models.PrefixRule, word, "never"))
	}
	rules = append(rules, rule(models.DefaultRule, "", "never"))
	for text, want := range map[string]models.InboundMeaning{
		"STOP": models.InboundStop, "stop": models.InboundStop, " Stop. ": models.InboundStop, "S T O P": models.InboundStop, "STOP!!!": models.InboundStop, "“stop”": models.InboundStop,
		"ＳＴＯＰ": models.InboundStop, "stop\u200b": models.InboundStop, "STOP ALL": models.InboundStop, "stop-all": models.InboundStop, "unsubscribe": models.InboundStop, "Cancel": models.InboundStop,
		"end": models.InboundStop, "quit": models.InboundStop, "arrêt": models.InboundStop, "ARRET": models.InboundStop, "stopp": models.InboundStop, "baja": models.InboundStop,
		"START": models.InboundStart, "unstop": models.InboundStart, "Yes": models.InboundStart, "help": models.InboundHelp, "HILFE?": models.InboundHelp,
	} {
		if got := inbound.Verdict("+4915112345671", text, true, rules); got.Meaning != want || got.Reply == "never" || got.Reply == "" {
			t.Errorf("%q: %+v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"stop it", "please stop", "stopover", "no stop", "ends", ""} {
		if got := inbound.Verdict("+4915112345671", text, false, nil); got.Meaning != models.InboundNone {
			t.Errorf("%q: %s", text, got.Meaning)
		}
	}
	// who is not opted out has nothing to start again
	if got := inbound.Verdict("+4915112345671", "yes", false, rules); got.Meaning != models.InboundRule {
		t.Error(got)
	}
}

// MSG-6: the choice against a plain reading of the rule: sort by kind, length and order, take the first that fits.
func TestPrecedenceModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab]{1,4}`)
		var rules []models.ReplyRule
		for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
			r := models.ReplyRule{Kind: rapid.SampledFrom(models.RuleKinds).Draw(t, "kind"), Paused: rapid.Bool().Draw(t, "paused"),
				Number: rapid.SampledFrom([]string{"", "+4915112345671", "+4915112345672"}).Draw(t, "number"), Reply: string(rune('A' + i))}
			if r.Kind != models.DefaultRule {
				r.Keyword = word.Draw(t, "keyword")
			}
			rules = append(rules, r)
		}
		text, number := word.Draw(t, "text"), rapid.SampledFrom([]string{"+4915112345671", "+4915112345672"}).Draw(t, "to")
		sorted := slices.Clone(rules)
		slices.SortStableFunc(sorted, func(a, b models.ReplyRule) int {
			if a.Kind != b.Kind {
				return slices.Index(models.RuleKinds, a.Kind) - slices.Index(models.RuleKinds, b.Kind)
			}
			return len(b.Keyword) - len(a.Keyword)
		})
		want := ""
		for _, r := range sorted {
			fits := r.Kind == models.DefaultRule || r.Kind == models.ExactRule && text == r.Keyword || r.Kind == models.PrefixRule && strings.HasPrefix(text, r.Keyword)
			if fits && !r.Paused && (r.Number == "" || r.Number == number) {
				want = r.Reply
				break
			}
		}
		if got := inbound.Verdict(number, text, false, rules).Reply; got != want {
			t.Fatalf("%q to %s: %q, want %q of %v", text, number, got, want, rules)
		}
	})
}
