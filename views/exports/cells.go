package exports

import "regexp"

// text is a cell of words. Spreadsheets compute what begins with one of these signs, also in its full width; the
// apostrophe makes them show it instead.
func text(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return "'" + s
	case 0xef: // the first byte of ＝ ＋ － ＠
		if len(s) >= 3 && fullWidth[s[:3]] {
			return "'" + s
		}
	}
	return s
}

var fullWidth = map[string]bool{"＝": true, "＋": true, "－": true, "＠": true}

var e164 = regexp.MustCompile(`^\+[0-9]{5,15}$`)

// mobile is a cell with a phone number. One in E.164 stays as it is, so that the number can be read back with its +.
func mobile(s string) string {
	if e164.MatchString(s) {
		return s
	}
	return text(s)
}
