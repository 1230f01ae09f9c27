package exports

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
)

// FileName names a file after what it holds, of whom, and of which days in which zone:
// offshoot-action-log_north-clinic_2026-10-01_2026-11-21_Europe-Berlin.csv. It is plain ASCII whatever the
// account is called. An account or a day that there is not is left out; zoneless days belong to a file
// without times.
func FileName(kind, account string, days models.Days) string {
	parts := []string{"offshoot-" + slug(kind)}
	for _, part := range []string{slug(account), days.From.String(), days.To.String()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if days.Zone != nil {
		parts = append(parts, strings.ReplaceAll(days.Zone.String(), "/", "-"))
	}
	return strings.Join(parts, "_") + ".csv"
}

// slug keeps letters and digits, without their accents.
func slug(name string) string {
	const longest = 60
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r): // an accent leaves no gap behind
			gap = true
		}
		if b.Len() >= longest {
			break
		}
	}
	return b.String()
}
