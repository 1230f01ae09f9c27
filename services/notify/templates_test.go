package notify_test

import (
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
)

var (
	north = models.Account{ID: models.NewID(), Name: "North Clinic", ContactName: "Noor North", Email: "noor@north.test",
		Mobile: "+4915112345678", TimeZone: "Asia/Tokyo"}
	evening = time.Date(2026, 3, 1, 20, 5, 0, 0, time.UTC)
)

const inTokyo = "Monday, 2 March 2026 at 05:05 (Asia/Tokyo)"

// ACC-4, ACC-1, ACC-9, ACC-11, ACC-12: every mail greets, says what it is about, goes to whom it is about and is signed;
// what holds a secret says so. Times are of the account's zone, which is named (REP-5).
func TestTemplates(t *testing.T) {
	user := models.User{AccountID: north.ID, Name: north.ContactName, Email: north.Email}
	for name, c := range map[string]struct {
		m      notify.Message
		secret bool
		has    []string
	}{
		"ActivationPassword": {notify.ActivationPassword(installation, north, "Acme Health", installation.Link("/sign-in"), "abcde-fghij", evening), true,
			[]string{"Acme Health has opened the account North Clinic for you", "\nhttps://portal.example.com/sign-in\n", "E-mail: noor@north.test\n", "One-time password: abcde-fghij\n", inTokyo}},
		"ActivationLink": {notify.ActivationLink(installation, north, "Acme Health", installation.Link("/activate/x"), evening), true,
			[]string{"Acme Health has opened the account North Clinic for you", "\nhttps://portal.example.com/activate/x\n", inTokyo}},
		"Deactivated":       {notify.Deactivated(installation, north, "Unpaid since May"), false, []string{"deactivated", "The reason given: Unpaid since May"}},
		"Reactivated":       {notify.Reactivated(installation, north, installation.Link("/sign-in")), false, []string{"active again", "/sign-in"}},
		"PasswordChanged":   {notify.PasswordChanged(installation, user, north.Zone(), evening), false, []string{"changed", inTokyo}},
		"SecondFactorOn":    {notify.SecondFactorOn(installation, user, north.Zone(), evening), false, []string{"asks for a code", inTokyo, "If this surprises you"}},
		"SecondFactorOff":   {notify.SecondFactorOff(installation, user, north.Zone(), evening), false, []string{"no code any more", inTokyo, "If this surprises you"}},
		"SecondFactorReset": {notify.SecondFactorReset(installation, user, north.Zone(), evening), false, []string{"signed out everywhere", inTokyo, "If this surprises you"}},
		"FeatureApproved":   {notify.FeatureApproved(installation, north, "Sub-accounts", installation.Link("/store")), false, []string{"Sub-accounts was approved", "/store"}},
		"FeatureRefused":    {notify.FeatureRefused(installation, north, "Sub-accounts", "Please pay first"), false, []string{"Sub-accounts", "The reason given: Please pay first"}},
		"AccessNotice": {notify.AccessNotice(installation, north, "sam@operator.test", "Ticket 7", evening, evening.Add(30*time.Minute)), false,
			[]string{"sam@operator.test entered", inTokyo, "05:35", "The reason given: Ticket 7"}},
	} {
		if c.m.Account != north.ID || c.m.To != north.Email || c.m.Secret != c.secret || c.m.Subject == "" {
			t.Errorf("%s: %+v", name, c.m)
		}
		for _, part := range append(c.has, "Hello Noor North,\n\n", "\n\nKind regards\nOffshoot\nhttps://portal.example.com\n") {
			if !strings.Contains(c.m.Body, part) {
				t.Errorf("%s lacks %q:\n%s", name, part, c.m.Body)
			}
		}
		if strings.Contains(c.m.Body, "\n\n\n") || strings.Contains(c.m.Body, "%!") {
			t.Errorf("%s:\n%s", name, c.m.Body)
		}
	}
	for _, m := range []notify.Message{notify.Deactivated(installation, north, " "), notify.FeatureRefused(installation, north, "Sub-accounts", "")} {
		if strings.Contains(m.Body, "reason") || strings.Contains(m.Body, "\n\n\n") {
			t.Errorf("a reason where there is none:\n%s", m.Body)
		}
	}
	nameless := north
	nameless.ContactName = ""
	if m := notify.Reactivated(installation, nameless, ""); !strings.HasPrefix(m.Body, "Hello North Clinic,\n") {
		t.Errorf("%q", m.Body)
	}
}

// gsm is the basic alphabet of GSM 03.38, whose letters count as one each.
const gsm = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// ACC-4: the code's text is one SMS, whatever the installation is called, and begins with the code.
func TestActivationCodeIsOneSMS(t *testing.T) {
	for name, called := range map[string]string{
		"Offshoot": "Offshoot", "Überblick & Söhne": "Uberblick & Sohne", "診療所": "your account", "[{~^|€}]\\`": "your account",
		"Evil\r\nSTOP 🏥": "EvilSTOP", strings.Repeat("Long ", 40): "Long Long Long Long Long Long", "": "your account", "ﬁn Inc.": "fin Inc",
	} {
		m := notify.ActivationCode(notify.Installation{Name: name}, north, "048291", 10*time.Minute)
		if !strings.HasPrefix(m.Body, "048291 is your activation code for "+called+". It is valid for 10 minutes.") {
			t.Errorf("%q: %q", name, m.Body)
		}
		if n := len([]rune(m.Body)); n > 160 {
			t.Errorf("%q: %d characters", name, n)
		}
		for _, r := range m.Body {
			if !strings.ContainsRune(gsm, r) {
				t.Errorf("%q: %q is not in the GSM alphabet", name, r)
			}
		}
		if m.To != north.Mobile || m.Account != north.ID || !m.Secret || m.Subject != "" {
			t.Errorf("%+v", m)
		}
	}
	if m := notify.ActivationCode(installation, north, "048291", time.Minute); !strings.Contains(m.Body, "valid for 1 minute.") {
		t.Errorf("%q", m.Body)
	}
}

// Links are made of the configured address and nothing else.
func TestLink(t *testing.T) {
	for base, want := range map[string]string{"https://portal.example.com": "https://portal.example.com/sign-in",
		"https://portal.example.com/": "https://portal.example.com/sign-in", "https://example.com/portal": "https://example.com/portal/sign-in"} {
		if got := (notify.Installation{PublicURL: base}).Link("/sign-in"); got != want {
			t.Errorf("%s: %s", base, got)
		}
	}
}
