package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// hidden stands in a log where something was that a log must not hold.
const hidden = "[hidden]"

// secretWords make an attribute secret when one of them is a word of its key, whoever logs it. Types that know that they are
// secret (identity.Token, secrets.Keys, config) hide themselves; this is for the day when somebody logs a plain string.
var secretWords = map[string]bool{"password": true, "passphrase": true, "passwd": true, "token": true, "secret": true, "secrets": true, "authorization": true,
	"cookie": true, "cookies": true, "code": true, "codes": true, "key": true, "otp": true, "pin": true, "dsn": true, "credential": true, "credentials": true,
	"body": true, "form": true, "headers": true}

// redact is what every attribute goes through on its way into the log.
func redact(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if isSecretKey(a.Key) {
			return slog.String(a.Key, shownAs(a.Value.String()))
		}
		return slog.String(a.Key, cleaned(a.Value.String()))
	case slog.KindAny:
		if isSecretKey(a.Key) {
			return slog.String(a.Key, hidden)
		}
		switch v := a.Value.Any().(type) {
		case error:
			return slog.String(a.Key, cleaned(v.Error()))
		case http.Header, url.Values, *http.Request, *http.Response, []byte, *http.Cookie, []*http.Cookie, *url.Userinfo:
			return slog.String(a.Key, hidden)
		case *url.URL:
			return slog.String(a.Key, cleaned(v.String()))
		case fmt.Stringer:
			return slog.String(a.Key, cleaned(v.String()))
		case []string:
			return slog.String(a.Key, cleaned(strings.Join(v, " ")))
		}
	}
	return a
}

func shownAs(secret string) string {
	if secret == "" {
		return ""
	}
	return hidden
}

// isSecretKey takes user_password, userPassword and User-Password apart alike. The settings are masked by themselves.
func isSecretKey(key string) bool {
	if _, isSetting := settingOf[key]; isSetting {
		return false
	}
	var word strings.Builder
	before := ' '
	for _, r := range key + " " {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && unicode.IsLower(before) {
			if secretWords[word.String()] {
				return true
			}
			word.Reset()
		}
		if unicode.IsLetter(r) {
			word.WriteRune(unicode.ToLower(r))
		}
		before = r
	}
	return false
}

// settingOf are the variables of the configuration, whose LogValue masks what is secret.
var settingOf = func() map[string]bool {
	all := map[string]bool{}
	for _, s := range settings {
		all[s.Tag.Get("env")] = true
	}
	return all
}()

// What gives secrets away within a text, such as an error of a library.
var (
	inURL     = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"']*):[^\s"']*@`)
	inWords   = regexp.MustCompile(`(?i)\b(password|passwd|pwd|passphrase|secret|token|code|otp|key)=('(?:[^'\\]|\\.)*'|"[^"]*"|[^\s&"']+)`)
	inHeaders = regexp.MustCompile(`(?i)\b(authorization|cookie|set-cookie):[^\r\n]+`)
)

// cleaned is text without the passwords of addresses, the values of secret parameters, and headers that sign people in.
func cleaned(text string) string {
	if !strings.ContainsAny(text, ":=") {
		return text
	}
	text = inURL.ReplaceAllString(text, "$1:"+hidden+"@")
	text = inWords.ReplaceAllString(text, "$1="+hidden)
	return inHeaders.ReplaceAllString(text, "$1: "+hidden)
}
