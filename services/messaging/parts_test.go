package messaging

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"offshoot/models"
)

// MSG-1: parts are those of 3GPP TS 23.038 and 23.040, at every edge.
func TestMeasure(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		encoding models.Encoding
		length   int
		parts    int
	}{
		"one letter":                    {"a", models.GSM7, 1, 1},
		"all that fits in one":          {strings.Repeat("a", 160), models.GSM7, 160, 1},
		"one too many":                  {strings.Repeat("a", 161), models.GSM7, 161, 2},
		"two full":                      {strings.Repeat("a", 306), models.GSM7, 306, 2},
		"two full and one":              {strings.Repeat("a", 307), models.GSM7, 307, 3},
		"ten full":                      {strings.Repeat("a", 1530), models.GSM7, 1530, 10},
		"extension characters only":     {strings.Repeat("€", 80), models.GSM7, 160, 1},
		"one of them too many":          {strings.Repeat("€", 81), models.GSM7, 162, 2},
		"an escape is not cut":          {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), models.GSM7, 306, 3},
		"an escape at the very edge":    {strings.Repeat("a", 151) + "€" + strings.Repeat("a", 153), models.GSM7, 306, 2},
		"153 escapes":                   {strings.Repeat("{", 153), models.GSM7, 306, 3},
		"the whole default alphabet":    {"@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà", models.GSM7, 74, 1},
		"the whole extension table":     {"^{}\\[~]|€", models.GSM7, 18, 1},
		"a letter of no GSM table":      {"ç", models.UCS2, 1, 1},
		"a curly quote":                 {"it’s", models.UCS2, 4, 1},
		"UCS-2, all that fits":          {strings.Repeat("я", 70), models.UCS2, 70, 1},
		"UCS-2, one too many":           {strings.Repeat("я", 71), models.UCS2, 71, 2},
		"UCS-2, two full":               {strings.Repeat("я", 134), models.UCS2, 134, 2},
		"UCS-2, two full and one":       {strings.Repeat("я", 135), models.UCS2, 135, 3},
		"a pair is two units":           {strings.Repeat("😀", 35), models.UCS2, 70, 1},
		"a pair is not cut":             {strings.Repeat("я", 66) + "😀" + strings.Repeat("я", 66), models.UCS2, 134, 3},
		"pairs only":                    {strings.Repeat("😀", 67), models.UCS2, 134, 3},
		"one letter makes all of it":    {strings.Repeat("a", 159) + "я", models.UCS2, 160, 3},
		"two lines":                     {"a\nb", models.GSM7, 3, 1},
		"a backtick, which GSM has not": {"`", models.UCS2, 1, 1},
	} {
		got, err := Measure(c.body)
		if err != nil || got.Encoding != c.encoding || got.Length != c.length || got.Parts != c.parts {
			t.Errorf("%s: %+v %v, want %s %d in %d parts", name, got, err, c.encoding, c.length, c.parts)
		}
	}
}

// MSG-1, bad input: what cannot be sent is refused with a sentence at the text.
func TestMeasureRefuses(t *testing.T) {
	for body, says := range map[string]string{
		"":                              "Enter a text.",
		" \n ":                          "Enter a text.",
		"\u200b\u2060\ufeff":            "Enter a text.",
		"\u3164\u2800":                  "Enter a text.",
		"a\xffb":                        "not valid text",
		"a\x00":                         "Character 2 is a control character (U+0000)",
		"äb\x1b":                        "Character 3 is a control character (U+001B)",
		"a\u0085":                       "Character 2 is a control character (U+0085)",
		strings.Repeat("a", 10_000):     "66 parts with its 10000 characters; 10 parts is the most",
		strings.Repeat("a", 1531):       "11 parts",
		strings.Repeat("я", 671):        "11 parts",
		strings.Repeat("€", 10*153/2):   "11 parts", // 76 fit into a part
		strings.Repeat("x", 1_500_000):  "parts",
		strings.Repeat("\xff", 100_000): "not valid text",
	} {
		_, err := Measure(body)
		var refused *models.Error
		if !errors.As(err, &refused) || !errors.Is(err, ErrText) || !strings.Contains(refused.Fields["text"], says) {
			t.Errorf("%.20q: %v, want %q", body, err, says)
		}
	}
}

// reference counts parts by the letter of the two standards, one character after another.
func reference(body string) (models.Encoding, int) {
	cost := map[rune]int{}
	for _, r := range "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà" {
		cost[r] = 1
	}
	for _, r := range "\f^{}\\[~]|€" {
		cost[r] = 2
	}
	encoding, alone, joined := models.GSM7, 160, 153
	for _, r := range body {
		if cost[r] == 0 {
			encoding, alone, joined = models.UCS2, 70, 67
		}
	}
	fill := func(room int) int {
		parts, used := 1, 0
		for _, r := range body {
			size := cost[r]
			if encoding == models.UCS2 {
				size = utf16.RuneLen(r)
			}
			if used+size > room {
				parts, used = parts+1, 0
			}
			used += size
		}
		return parts
	}
	if fill(alone) == 1 {
		return encoding, 1
	}
	return encoding, fill(joined)
}

// MSG-1: for any text, the parts are what the standards' own words give.
func TestPartsOfAnyText(t *testing.T) {
	some := rapid.SampledFrom([]rune("aZ @ñ€{~\nя😀𝄞漢’é"))
	gsm := rapid.SampledFrom([]rune("ab€|[\nÄ"))
	rapid.Check(t, func(t *rapid.T) {
		letters := some
		if rapid.Bool().Draw(t, "gsm") {
			letters = gsm
		}
		body := string(rapid.SliceOfN(letters, 1, 700).Draw(t, "letters"))
		encoding, parts := reference(body)
		if got := sizing(body); got.Encoding != encoding || got.Parts != parts {
			t.Fatalf("%q: %+v, want %s in %d", body, got, encoding, parts)
		}
	})
}
