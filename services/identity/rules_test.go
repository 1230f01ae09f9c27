package identity_test

import (
	"regexp"
	"strings"
	"testing"

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
	} {
		t.Run(name, func(t *testing.T) {
			field(t, identity.CheckNewPassword(typed, "clara.klein@clinic.example", "North Clinic"), "password")
		})
	}
}

// ACC-11: anything else of 15 to 128 characters is taken as it is.
func TestNewPasswordTaken(t *testing.T) {
	for name, typed := range map[string]string{
		"fifteen characters":        "correct horse b",
		"only lower case":           "correcthorsebattery",
		"only digits":               "314159265358979",
		"spaces at both ends":       " correct horse ",
		"128 characters":            strings.Repeat("ab c", 32),
		"128 of four bytes each":    strings.Repeat("🐎🔋🧷📎", 32),
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
