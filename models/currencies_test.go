package models_test

import (
	"slices"
	"testing"

	"offshoot/models"
)

// ACC-15: an account's currency is money that people hold: no metals, no codes for tests or for nothing; and every one
// that can be chosen is taken.
func TestCurrencies(t *testing.T) {
	for code, want := range map[string]bool{"EUR": true, "JPY": true, "JOD": true, "XOF": true, "XCD": true,
		"XXX": false, "XTS": false, "XAU": false, "XDR": false, "eur": false, "": false, "EURO": false, "ZZZ": false, "978": false} {
		if models.IsCurrency(code) != want {
			t.Errorf("%q: %t", code, !want)
		}
	}
	var codes []string
	for _, c := range models.Currencies() {
		codes = append(codes, c.Code)
		if !models.IsCurrency(c.Code) || c.Name == "" {
			t.Errorf("%q is offered as %q", c.Code, c.Name)
		}
	}
	for _, code := range []string{"EUR", "XAF", "XOF", "XPF"} {
		if !slices.Contains(codes, code) {
			t.Errorf("%s cannot be chosen", code)
		}
	}
}
