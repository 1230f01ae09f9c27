package audience_test

import (
	"context"
	"errors"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless err is the named refusal and, where a field is given, says something next to it.
func refused(t *testing.T, err, want error, field string) {
	t.Helper()
	var rule *models.Error
	switch {
	case !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	case field != "" && (!errors.As(err, &rule) || rule.Fields[field] == ""):
		t.Errorf("nothing is said next to %s: %v", field, rule)
	}
}
