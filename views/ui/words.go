package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// lowerFirst writes a label within a sentence: "Password" → "password", but "API key" stays.
func lowerFirst(label string) string {
	first, size := utf8.DecodeRuneInString(label)
	if second, _ := utf8.DecodeRuneInString(label[size:]); unicode.IsUpper(second) {
		return label
	}
	return strings.ToLower(string(first)) + label[size:]
}
