package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"offshoot/models"
)

// must is for what fails only when the machine does.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func somewhere() Place {
	return Place{Tenant: models.NewID(), Row: models.NewID(), Column: "outbox.sealed"}
}

// Bad input: what was moved, cut, changed, made up or sealed by others does not open, and nothing says why.
func TestOpenRefuses(t *testing.T) {
	keys, at := must[*Keys](t)(Generate()), somewhere()
	sealed := must[[]byte](t)(keys.Seal([]byte("one-time password"), at))

	for name, elsewhere := range map[string]Place{
		"another tenant": {models.NewID(), at.Row, at.Column}, "another row": {at.Tenant, models.NewID(), at.Column},
		"another column": {at.Tenant, at.Row, "users.totp"}, "row and tenant exchanged": {at.Row, at.Tenant, at.Column}, "nowhere": {},
	} {
		if _, err := keys.Open(sealed, elsewhere); !errors.Is(err, ErrSealed) {
			t.Errorf("it opens in %s: %v", name, err)
		}
	}
	for i := range sealed {
		tampered := bytes.Clone(sealed)
		tampered[i] ^= 1
		if _, err := keys.Open(tampered, at); !errors.Is(err, ErrSealed) {
			t.Errorf("it opens with byte %d changed: %v", i, err)
		}
	}
	for _, cut := range [][]byte{nil, {}, sealed[:4], sealed[:5], sealed[:len(sealed)-1], append(bytes.Clone(sealed), 0), []byte("one-time password")} {
		if _, err := keys.Open(cut, at); !errors.Is(err, ErrSealed) {
			t.Errorf("%d bytes of it open: %v", len(cut), err)
		}
	}
	if _, err := must[*Keys](t)(Generate()).Open(sealed, at); !errors.Is(err, ErrSealed) {
		t.Errorf("another set opens it: %v", err)
	}
	var none *Keys
	if _, err := none.Open(sealed, at); !errors.Is(err, ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := none.Seal([]byte("x"), at); !errors.Is(err, ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	if plain, err := keys.Open(sealed, at); err != nil || string(plain) != "one-time password" {
		t.Errorf("in its place it opens as %q, %v", plain, err)
	}
}

// Nobody sees that two values are the same, nor what an empty one is.
func TestSealHides(t *testing.T) {
	keys, at := ForTests(), somewhere()
	first, second := must[[]byte](t)(keys.Seal([]byte("same"), at)), must[[]byte](t)(keys.Seal([]byte("same"), at))
	if bytes.Equal(first, second) || bytes.Contains(first, []byte("same")) {
		t.Errorf("%x and %x", first, second)
	}
	empty := must[[]byte](t)(keys.Seal(nil, at))
	if plain, err := keys.Open(empty, at); err != nil || len(plain) != 0 {
		t.Errorf("nothing opens as %q, %v", plain, err)
	}
}

// Bad input: text that is no set of keys, and sets with keys that are too weak, of another kind, switched off or everybody's.
func TestParseRefuses(t *testing.T) {
	good := must[string](t)(must[*Keys](t)(Generate()).Text())
	bad := map[string]string{
		"nothing": "", "words": "change me", "spaces": strings.Repeat(" ", 64), "half": good[:len(good)/2], "more": good + "AAAA",
		"zeros": base64.StdEncoding.EncodeToString(make([]byte, 64)),
		"JSON":  base64.StdEncoding.EncodeToString([]byte(`{"primaryKeyId":1,"key":[]}`)),
	}
	for name, template := range map[string]*tinkpb.KeyTemplate{
		"AES-128": aead.AES128GCMKeyTemplate(), "ChaCha": aead.ChaCha20Poly1305KeyTemplate(), "no prefix": aead.AES256GCMNoPrefixKeyTemplate(),
		"AES-CTR": aead.AES256CTRHMACSHA256KeyTemplate(),
	} {
		bad[name] = must[string](t)((&Keys{set: must[*keyset.Handle](t)(keyset.NewHandle(template))}).Text())
	}
	m := keyset.NewManagerFromHandle(must[*Keys](t)(must[*Keys](t)(Generate()).Rotate()).set)
	off := must[*keyset.Handle](t)(m.Handle()).KeysetInfo().GetKeyInfo()[0].GetKeyId()
	if err := m.Disable(off); err != nil {
		t.Fatal(err)
	}
	bad["switched off"] = must[string](t)((&Keys{set: must[*keyset.Handle](t)(m.Handle())}).Text())
	for name, text := range bad {
		if keys, err := Parse(text); !errors.Is(err, ErrKeys) {
			t.Errorf("%s is taken as %v, %v", name, keys, err)
		}
	}
	everybodys := must[string](t)(ForTests().Text())
	if _, err := Parse(everybodys); !errors.Is(err, ErrTestKeys) {
		t.Errorf("the keys of tests: %v", err)
	}
	among := must[string](t)(must[*Keys](t)(ForTests().Rotate()).Text())
	if _, err := Parse(among); !errors.Is(err, ErrTestKeys) {
		t.Errorf("the keys of tests under another: %v", err)
	}
}

// The life of a key: it opens before it seals, so that no process ever meets a value that it cannot open.
func TestKeysInLife(t *testing.T) {
	at := somewhere()
	first := must[*Keys](t)(Generate())
	if _, err := first.Promote(); !errors.Is(err, ErrNoNext) {
		t.Errorf("a set without a newer key is promoted: %v", err)
	}
	added := reread(t, must[*Keys](t)(first.Add()))
	if added.Fingerprint() != first.Fingerprint() || len(added.IDs()) != 2 || len(first.IDs()) != 1 {
		t.Fatalf("after Add: %v, and the first set is %v", added, first)
	}
	promoted := reread(t, must[*Keys](t)(added.Promote()))
	if promoted.Fingerprint() == first.Fingerprint() || added.Fingerprint() != first.Fingerprint() {
		t.Fatalf("after Promote: %v, and the set before is %v", promoted, added)
	}
	old, fresh := must[[]byte](t)(first.Seal([]byte("x"), at)), must[[]byte](t)(promoted.Seal([]byte("x"), at))
	for name, keys := range map[string]*Keys{"added": added, "promoted": promoted} {
		for _, sealed := range [][]byte{old, fresh} {
			if _, err := keys.Open(sealed, at); err != nil {
				t.Errorf("the %s set does not open: %v", name, err)
			}
		}
	}
	last := reread(t, must[*Keys](t)(promoted.DropOld()))
	if _, err := last.Open(old, at); !errors.Is(err, ErrSealed) {
		t.Errorf("a key that was dropped still opens: %v", err)
	}
	if _, err := last.Open(fresh, at); err != nil {
		t.Error(err)
	}
	if id, ok := KeyOf(fresh); !ok || id != last.Fingerprint() || !bytes.HasPrefix(fresh, SealedUnder(id)) || last.Has(first.Fingerprint()) {
		t.Errorf("sealed under %v, the set is %v", id, last)
	}
	for _, none := range [][]byte{nil, {1, 2, 3, 4}, []byte("plain text")} {
		if id, ok := KeyOf(none); ok {
			t.Errorf("%q was sealed under %v", none, id)
		}
	}
	if once := must[*Keys](t)(first.Rotate()); len(once.IDs()) != 2 || once.Fingerprint() == first.Fingerprint() {
		t.Errorf("rotated in one: %v", once)
	}
}

func reread(t *testing.T, keys *Keys) *Keys {
	t.Helper()
	return must[*Keys](t)(Parse(must[string](t)(keys.Text())))
}

// Whatever prints a set shows its fingerprint, and nothing of a key.
func TestKeysAreNotPrinted(t *testing.T) {
	keys := ForTests()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keys", keys)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "keys", keys, "held", struct{ K *Keys }{keys})
	asJSON, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(asJSON) + fmt.Sprint(keys) + fmt.Sprintf("%v %+v %#v %s %q %x %d", keys, keys, keys, keys, keys, keys, keys) +
		fmt.Sprintf("%v %+v %#v", []*Keys{keys}, struct{ *Keys }{keys}, struct{ *Keys }{keys}) + (*Keys)(nil).String()
	text := must[string](t)(keys.Text())
	material := insecurecleartextkeyset.KeysetMaterial(keys.set).GetKey()[0].GetKeyData().GetValue()
	for _, secret := range []string{"test" + "test", text, fmt.Sprintf("%x", material), fmt.Sprint(material)} {
		if strings.Contains(printed, secret) {
			t.Errorf("a key is printed: %s", printed)
		}
	}
	if !strings.Contains(printed, keys.Fingerprint().String()) {
		t.Errorf("the fingerprint is not printed: %s", printed)
	}
	if kind := reflect.TypeFor[*Keys](); !kind.Implements(reflect.TypeFor[fmt.Formatter]()) || !kind.Implements(reflect.TypeFor[slog.LogValuer]()) {
		t.Error("keys print themselves")
	}
}
