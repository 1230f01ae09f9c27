package billing_test

import (
	"context"
	"errors"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type ctxt = context.Context

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refuses(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// field is the sentence of a refusal at a field.
func field(err error, name string) string {
	var rule *models.Error
	if errors.As(err, &rule) {
		return rule.Fields[name]
	}
	return ""
}

func price(t testing.TB, text, currency string) models.Money {
	t.Helper()
	m, err := models.ParsePrice(text, currency)
	must(t, err)
	return m
}
