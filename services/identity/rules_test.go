package identity_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/services/identity"
)

// ACC-4, ACC-11: what must not become a password, by length alone, never by which characters.
func TestNewPasswordRefused(t *testing.T) {
	for name, typed := range map[string]string{
		"nothing":                               "",
		"fourteen characters":                   strings.Repeat("x y", 4) + "zz",
		"fourteen that are many bytes":          strings.Repeat("ü", 14),
		"fifteen only before they are composed": strings.Repeat("u\u0308", 8),
		"129 characters":                        strings.Repeat("a b", 43),
		"a megabyte":                            strings.Repeat("a b ", 1<<18),
		"a control character":                   "four words make\x00one sentence",
		"a line break":                          "four words make\none sentence",
		"broken UTF-8":                          "four words make one \xff sentence",
		"the e-mail":                            "clara.klein@clinic.example",
		"the e-mail in capitals":                "  CLARA.KLEIN@CLINIC.EXAMPLE  ",
		"the e-mail with a year":                "clara.klein@clinic.example2026!",
		"the account's name and a year":         "North Clinic 2026!",
		"the account's name twice":              "northclinic-NorthClinic",
		"both":                                  "clara.klein North-Clinic",
		"one character":                         strings.Repeat("a", 15),
		"one character, 128 times":              strings.Repeat("!", 128),
		"spaces":                                strings.Repeat(" ", 20),
		"a letter of no list":                   strings.Repeat("ж", 20),
		"digits in a row":                       "123456789012345",
		"digits in a row and back":              "123456789987654321",
		"the alphabet":                          "abcdefghijklmno",
		"the alphabet backwards":                "zyxwvutsrqponml",
		"the keyboard":                          "qwertyuiopasdfgh",
		"a German keyboard":                     "qwertzuiopasdfgh",
		"columns of the keyboard":               "1qaz2wsx3edc4rfv",
		"a zigzag over the keyboard":            "q1w2e3r4t5y6u7i8",
		"a common password twice":               "passwordpassword",
		"a common password with digits":         "password1234567",
		"in disguise":                           "P@$$w0rd1234567!",
		"in disguise, twice":                    "L3tm31nL3tm31n!!",
		"padded with spaces":                    "monkey         ",
		"padded on both sides":                  "!!!!!dragon!!!!!",
		"a short thing over and over":           strings.Repeat("x7q", 9),
		"a short thing over and over, cut":      "k2p9k2p9k2p9k2p",
		"four signs over and over":              strings.Repeat("🐎🔋🧷📎", 8),
		"seasons and a year":                    "summer2026winter",
		"a date":                                "1990-01-01 1990-01-01",
		"words that go together":                "january february",
		"this portal's name":                    "Offshoot2026!!!",
	} {
		t.Run(name, func(t *testing.T) {
			field(t, identity.CheckNewPassword(typed, "clara.klein@clinic.example", "North Clinic", "Offshoot"), "password")
		})
	}
}

// ACC-11: anything else of 15 to 128 characters is taken as it is.
func TestNewPasswordTaken(t *testing.T) {
	for name, typed := range map[string]string{
		"fifteen characters":        "correct horse b",
		"only lower case":           "correcthorsebattery",
		"only digits":               "803174926518350",
		"spaces at both ends":       " correct horse ",
		"128 characters":            strings.Repeat("ab c", 28) + "and then sixteen",
		"128 of four bytes each":    strings.Repeat("🐎🔋🧷📎", 30) + "🧲🪁🛶🎈🧭🪵🫖🧦",
		"a line of a song":          "we all live in a yellow submarine",
		"the phrase of the comic":   "correct horse battery staple",
		"two languages":             "kirschkern umbrella",
		"from a password manager":   "fWq8!vR2#zLp0XkT",
		"another script":            "正確な馬の電池とホチキスの針を使う",
		"the name within much else": "north clinic correct horse",
	} {
		t.Run(name, func(t *testing.T) {
			if err := identity.CheckNewPassword(typed, "clara.klein@clinic.example", "North Clinic", "", "Jo"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// ACC-11: whatever is typed is judged, and soon: no text, however it is made, keeps a processor busy or ends the program.
func TestNewPasswordJudgedSoon(t *testing.T) {
	for _, nasty := range []string{strings.Repeat("4@8({[<369|1!0$5+7%2", 6) + "12345678", strings.Repeat("p@ssw0rd", 15) + "12345678",
		strings.Repeat("qwerty12", 15) + "12345679", strings.Repeat("1", 127) + "2", strings.Repeat("aB", 63) + "c", strings.Repeat("İ", 127) + "ẞ",
		strings.Repeat("1/1/", 31) + "1999", strings.Repeat("the", 42) + "se"} {
		began := time.Now()
		_ = identity.CheckNewPassword(nasty, "clara.klein@clinic.example", "North Clinic")
		if took := time.Since(began); took > 2*time.Second { // 50 ms on a machine that does nothing else
			t.Errorf("%.20q took %v", nasty, took)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		_ = identity.CheckNewPassword(rapid.StringN(15, 60, -1).Draw(t, "typed"), "clara@clinic.example", rapid.String().Draw(t, "name"))
	})
}

// ACC-4: a one-time password can be read aloud and typed, never comes twice, and is long enough to be a password.
func TestOneTimePassword(t *testing.T) {
	shape := regexp.MustCompile(`^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$`)
	seen, letters := map[string]bool{}, map[rune]bool{}
	for range 2000 {
		p := identity.OneTimePassword()
		if !shape.MatchString(p) || seen[p] {
			t.Fatalf("%q is badly made or came twice", p)
		}
		if err := identity.CheckNewPassword(p, "a@b.example"); err != nil {
			t.Fatal(err)
		}
		seen[p] = true
		for _, r := range p {
			letters[r] = true
		}
	}
	if len(letters) != 33 { // five bits a letter, and the hyphen
		t.Errorf("%d different characters, want 33", len(letters))
	}
}

// ACC-3: what is no login e-mail.
func TestEmailRefused(t *testing.T) {
	for name, typed := range map[string]string{
		"nothing":                "",
		"only space":             " \t ",
		"no at":                  "clara.clinic.example",
		"two at":                 "clara@north@clinic.example",
		"no domain":              "clara@",
		"no name":                "@clinic.example",
		"a domain without a dot": "root@localhost",
		"a name before it":       "Clara <clara@clinic.example>",
		"a comma and another":    "clara@clinic.example,eve@evil.example",
		"a header":               "clara@clinic.example\r\nBcc: eve@evil.example",
		"markup":                 `"<script>"@clinic.example`,
		"a NUL":                  "clara\x00@clinic.example",
		"broken UTF-8":           "clara\xff@clinic.example",
		"a Kelvin sign for k":    "\u212aim@kiosk.example",
		"a Cyrillic a":           "сlаrа@clinic.example",
		"two dots":               "clara..klein@clinic.example",
		"a hyphen first":         "clara@-clinic.example",
		"a long name":            strings.Repeat("a", 65) + "@clinic.example",
		"255 characters":         "clara@" + strings.Repeat("a.", 120) + "example99",
		"a megabyte":             strings.Repeat("a", 1<<20) + "@clinic.example",
	} {
		t.Run(name, func(t *testing.T) {
			if email, ok := identity.ParseEmail(typed); ok || email != "" {
				t.Fatalf("taken as %q", email)
			}
		})
	}
}

// ACC-3: an e-mail is one, however it is typed.
func TestEmailTaken(t *testing.T) {
	for typed, want := range map[string]string{
		" Clara@Clinic.EXAMPLE\n":        "clara@clinic.example",
		"o'hara+clinic_1@mail.x-y.co.uk": "o'hara+clinic_1@mail.x-y.co.uk",
		"1@2.example":                    "1@2.example",
	} {
		if email, ok := identity.ParseEmail(typed); !ok || email != want {
			t.Errorf("%q: got %q, want %q", typed, email, want)
		}
	}
}
