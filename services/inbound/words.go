package inbound

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// What is taken for the wish to be left alone, to be written to again, and for help, where it is the whole of a message.
// Capitals, spaces, punctuation and accents make no difference. English, as carriers ask for it everywhere; then French,
// German and Scandinavian, Spanish, Portuguese, Italian and Dutch.
var (
	stopWords = words(`STOP STOPALL UNSUBSCRIBE CANCEL END QUIT OPTOUT REVOKE
		ARRET ARRETER DESABONNER STOPP ABMELDEN BAJA PARAR SAIR CANCELAR ANNULLA DISISCRIVI AFMELDEN`)
	startWords = words(`START UNSTOP YES OUI JA SI SIM`)
	helpWords  = words(`HELP AIDE HILFE AYUDA AJUDA AIUTO`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(list) {
		set[bare(word)] = true
	}
	return set
}

// bare leaves the letters and digits of a text, small and without accents.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFKD.String(cases.Fold().String(norm.NFKC.String(text))))
}

// wishOf is what the whole of a message says by one of the words above. Who is not opted out has nothing to start again, so
// that their YES is an answer like any other.
func wishOf(text string, optedOut bool) models.InboundMeaning {
	switch word := bare(text); {
	case stopWords[word]:
		return models.InboundStop
	case startWords[word] && optedOut:
		return models.InboundStart
	case helpWords[word]:
		return models.InboundHelp
	}
	return models.InboundNone
}

// keyOf is a text as keywords are compared: capitals make no difference, spaces count once, and what stands around it that is
// neither a letter nor a digit does not count.
func keyOf(text string) string {
	folded := cases.Fold().String(norm.NFKC.String(text))
	folded = strings.TrimFunc(folded, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.So) })
	return strings.Join(strings.Fields(folded), " ")
}
