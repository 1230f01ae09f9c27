package messaging

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/warthog618/sms"
	"github.com/warthog618/sms/encoding/tpdu"

	"offshoot/models"
)

// MaxParts is how long a message may be. Phones put more together than this, but no network promises to.
const MaxParts = 10

// How much one part holds, by itself and as one of several, whose header takes its place from the text.
const (
	gsmAlone, gsmJoined = 160, 153 // septets
	ucsAlone, ucsJoined = 70, 67   // UTF-16 units
)

// ErrText is the refusal of a text that cannot be sent; its sentence says why.
var ErrText = &models.Error{Kind: models.Invalid, Code: "bad_text", Message: "This text cannot be sent."}

// Tidy makes of a text as a browser or a file gives it what is sent: lines end with a line feed, tabs are spaces, for
// phones know neither.
func Tidy(body string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(body)
}

// Measure says how a text travels: in the GSM 7-bit alphabet with its extension table when all of it is in there, else in
// UCS-2. A character is never cut in two by the end of a part, neither an escape from what it escapes nor a surrogate pair.
// The refusals stand at the field text, in order: invalid UTF-8, nothing in it, a control character, more than MaxParts.
func Measure(body string) (models.Sizing, error) {
	no := func(sentence string) (models.Sizing, error) {
		return models.Sizing{}, ErrText.Saying(sentence).At("text", sentence)
	}
	if !utf8.ValidString(body) {
		return no("This is not valid text: it has bytes that are no characters. Paste it again from where it comes from.")
	}
	if isBlank(body) {
		return no("Enter a text.")
	}
	if i := strings.IndexFunc(body, func(r rune) bool { return r != '\n' && unicode.Is(unicode.Cc, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(body[i:])
		return no(fmt.Sprintf("Character %d is a control character (U+%04X), which no phone shows. Remove it.", utf8.RuneCountInString(body[:i])+1, r))
	}
	size := sizing(body)
	if size.Parts > MaxParts {
		return no(fmt.Sprintf("This text takes %d parts with its %d characters; %d parts is the most. That is %d characters, or %d when some are not in the GSM alphabet.",
			size.Parts, utf8.RuneCountInString(body), MaxParts, MaxParts*gsmJoined, MaxParts*ucsJoined))
	}
	return size, nil
}

// isBlank says whether nothing of a text can be seen.
func isBlank(body string) bool {
	return !strings.ContainsFunc(body, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Cf, r) && !slices.Contains(unseen, r)
	})
}

// unseen are letters and signs by their category that show nothing.
var unseen = []rune{'\u115f', '\u1160', '\u3164', '\uffa0', '\u2800'}

// sizing has the parts made as they would go over the air, and counts them.
func sizing(body string) models.Sizing {
	pdus, err := sms.Encode([]byte(body))
	if err != nil || len(pdus) == 0 { // neither can be: nothing is asked for that a text could conflict with
		return models.Sizing{Encoding: models.UCS2}
	}
	size := models.Sizing{Encoding: models.GSM7, Parts: len(pdus)}
	unit, alone, joined := 1, gsmAlone, gsmJoined
	if alphabet, _ := pdus[0].Alphabet(); alphabet == tpdu.AlphaUCS2 {
		size.Encoding, unit, alone, joined = models.UCS2, 2, ucsAlone, ucsJoined
	}
	for _, p := range pdus {
		size.Length += len(p.UD) / unit
	}
	size.Left = alone
	if size.Parts > 1 {
		size.Left = joined
	}
	size.Left -= len(pdus[len(pdus)-1].UD) / unit
	return size
}
