package audience_test

import (
	"strings"
	"testing"

	"offshoot/services/audience"
)

// MSG-1, MSG-5: numbers of every malformed kind, each told.
func TestNumbersThatAreRefused(t *testing.T) {
	for typed, says := range map[string]string{
		"":                                 "no number",
		"   \t":                            "no number",
		"\u200f\u202a\ufeff":               "no number",
		"'":                                "no number",
		"+":                                "no number",
		"--":                               "no number",
		"abc":                              "letters",
		"0151CALLME12":                     "letters",
		"tel:+4915112345671":               "letters",
		"4.91511E+12":                      "spreadsheet",
		"4,91511E+12":                      "spreadsheet",
		"+4915112345671 x12":               "extension",
		"+49 151 12345671 ext. 3":          "extension",
		"+4915112345671#5":                 "extension",
		"0151 12345671 Durchwahl 4":        "extension",
		"+4915112345671,+4915112345672":    "more than one",
		"+4915112345671; +4915112345672":   "more than one",
		"+4915112345671/+4915112345672":    "more than one",
		"+4915112345671 +4915112345672":    "more than one",
		"015112345671 015112345672":        "more than one",
		"+4915112345671 or +4915112345672": "more than one",
		"0151 12345671 oder 0151 1234567":  "more than one",
		"+4915112345671\n+4915112345672":   "more than one",
		"+015112345671":                    "does not begin with 0",
		"+0":                               "does not begin with 0",
		"000151":                           "does not begin with 0",
		"+999123456789":                    "No country",
		"+1":                               "not a phone number",
		"+49151":                           "no such number",
		"0151123":                          "no such number",
		"+3361234567":                      "too short",
		"+336123456789":                    "too long",
		"33612345678":                      "Write it with its +",
		"447400123456":                     "Write it with its +",
		"12345":                            "too short",
		"110":                              "emergency",
		"112":                              "emergency",
		"११२":                              "emergency",
		"22033":                            "too short",
		"+49151123456712345":               "no such number",
		"015112345671234567":               "too long",
		"+491511234567123456789":           "too long",
		strings.Repeat("1", 1000):          "longer than",
		strings.Repeat("1 ", 40):           "longer than",
		strings.Repeat("\u200b", 10_000):   "longer than",
		"+49 900 1234567":                  "charges its callers",
		"+1 555 123 4567":                  "no such number",
		"+4400000000000":                   "no such number",
		"+800 1234 5678":                   "belongs to no country",
		"\xff\xfe+4915112345671":           "cannot be read",
		"+49*151*12345671":                 "not a phone number",
		"=+4915112345671":                  "not a phone number",
		"+4915112345671 😀":                 "not a phone number",
		"<script>015112345671":             "not a phone number",
		"\x000151":                         "not a phone number",
		"++4915112345671":                  "not a phone number",
		"4915112345671+":                   "not a phone number",
	} {
		n, problem := audience.ReadNumber(typed, "DE")
		if problem == "" || n != (audience.Number{}) {
			t.Errorf("%q was taken as %v", typed, n)
		} else if !strings.Contains(problem, says) {
			t.Errorf("%q: %s", typed, problem)
		}
	}
}

// MSG-5: numbers as people type them.
func TestNumbersThatAreRead(t *testing.T) {
	for typed, want := range map[string]string{
		"0151 12345671":                          "+4915112345671 DE",
		"0151/12345671":                          "+4915112345671 DE",
		"(0151) 123-456-71":                      "+4915112345671 DE",
		"+49 (0) 151 12345671":                   "+4915112345671 DE",
		"0049 151 12345671":                      "+4915112345671 DE",
		"4915112345671":                          "+4915112345671 DE",
		"'+4915112345671":                        "+4915112345671 DE",
		"０１５１１２３４５６７１":                           "+4915112345671 DE",
		"＋４９１５１１２３４５６７１":                         "+4915112345671 DE",
		"\u202a+49\u00a0151\u200912345671\u202c": "+4915112345671 DE",
		"\ufeff015112345671":                     "+4915112345671 DE",
		"+49‑151–12345671":                       "+4915112345671 DE",
		"\t0151.123.456.71 ":                     "+4915112345671 DE",
		"٠١٥١١٢٣٤٥٦٧١":                           "+4915112345671 DE",
		"+33 6 12 34 56 78":                      "+33612345678 FR",
		"+1 (202) 555-0143":                      "+12025550143 US",
		"+1 416 555 0143":                        "+14165550143 CA",
		"+7 701 123 4567":                        "+77011234567 KZ",
		"+44 7400 123456":                        "+447400123456 GB",
		"+39 02 1234 5678":                       "+390212345678 IT",
		"15112345671":                            "+4915112345671 DE",
	} {
		n, problem := audience.ReadNumber(typed, "DE")
		if got := n.E164 + " " + n.Country; got != want {
			t.Errorf("%q: %s %s, want %s", typed, got, problem, want)
		}
	}
	if n, problem := audience.ReadNumber("090-1234-5678", "JP"); n.E164 != "+819012345678" || n.Country != "JP" {
		t.Error(n, problem)
	}
	if n, problem := audience.ReadNumber("22033", "US"); n.E164 != "" || !strings.Contains(problem, "short") {
		t.Error(n, problem)
	}
}

// Whatever is typed, what comes out is a number in E.164 and a country, or a sentence.
func FuzzReadNumber(f *testing.F) {
	for _, seed := range []string{"0151 12345671", "+49", "００", "1,2", "\xff", "+1 x", "٠"} {
		f.Add(seed, "DE")
	}
	f.Fuzz(func(t *testing.T, typed, country string) {
		n, problem := audience.ReadNumber(typed, country)
		if (n.E164 == "") == (problem == "") {
			t.Fatalf("%q in %q: %v %q", typed, country, n, problem)
		}
		if n.E164 != "" && (n.E164[0] != '+' || len(n.E164) < 6 || len(n.E164) > 16 || strings.Trim(n.E164[1:], "0123456789") != "" || len(n.Country) != 2) {
			t.Fatalf("%q in %q: %v", typed, country, n)
		}
	})
}

func BenchmarkReadNumber(b *testing.B) {
	for b.Loop() {
		audience.ReadNumber("+4915112345671", "DE")
	}
}
