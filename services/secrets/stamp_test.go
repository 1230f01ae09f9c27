package secrets_test

import (
	"bytes"
	"errors"
	"testing"

	"offshoot/services/secrets"
)

// MSG-3: a stamp holds for its data and its purpose alone, and through an exchange of keys.
func TestStamps(t *testing.T) {
	keys, err := secrets.Generate()
	if err != nil {
		t.Fatal(err)
	}
	made, err := keys.Stamp("reports", []byte("message 1"))
	if err != nil || !keys.Stamped("reports", []byte("message 1"), made) {
		t.Fatalf("its own stamp is refused, or %v", err)
	}
	other, err := secrets.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for what, stamped := range map[string]bool{
		"other data":    keys.Stamped("reports", []byte("message 2"), made),
		"other purpose": keys.Stamped("inbound", []byte("message 1"), made),
		"cut short":     keys.Stamped("reports", []byte("message 1"), made[:16]),
		"nothing":       keys.Stamped("reports", []byte("message 1"), nil),
		"other keys":    other.Stamped("reports", []byte("message 1"), made),
		"no keys":       (*secrets.Keys)(nil).Stamped("reports", []byte("message 1"), made),
	} {
		if stamped {
			t.Errorf("%s: the stamp is taken", what)
		}
	}
	if _, err := (*secrets.Keys)(nil).Stamp("reports", nil); !errors.Is(err, secrets.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}

	rotated, err := keys.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if !rotated.Stamped("reports", []byte("message 1"), made) {
		t.Error("after an exchange of keys, a message that was on its way has no report any more")
	}
	anew, err := rotated.Stamp("reports", []byte("message 1"))
	if err != nil || bytes.Equal(anew, made) {
		t.Errorf("the new key does not stamp, or %v", err)
	}
}
