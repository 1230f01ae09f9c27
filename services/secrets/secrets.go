// Package secrets seals what the database must hold and nobody who reads the database may know: the body of a mail with a
// password in it, the secret of an authenticator app.
//
// A sealed value is bound to its place, so that one copied to another row, column or tenant does not open there. Keys come
// in a set: the primary seals, every key of the set opens. That is what makes them replaceable while the portal serves:
//
//	Add        a new key that only opens; give this set to every process
//	Promote    the new key seals; seal again what is old, give this set to every process
//	DropOld    the other keys go, once nothing needs them
package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"offshoot/models"
)

// Refusals.
var (
	ErrKeys     = errors.New("secrets: this is no set of keys: offshoot keys new prints one")
	ErrTestKeys = errors.New("secrets: these are the keys of tests, which everybody knows: offshoot keys new prints others")
	// ErrSealed does not tell a wrong place from a wrong key or a changed value: to the reader they are the same.
	ErrSealed = errors.New("secrets: this value was sealed for another place, under a key that is not in the set, or was changed")
	ErrNoKeys = errors.New("secrets: there are no keys to seal with: set OFFSHOOT_SECRET_KEYS")
	ErrNoNext = errors.New("secrets: the set has no newer key to promote")
)

// Place is where a sealed value belongs. Column is written table.column.
type Place struct {
	Tenant, Row models.ID
	Column      string
}

// bytes has two parts of fixed length before the one that varies, so no two places share it.
func (p Place) bytes() []byte {
	return slices.Concat(p.Tenant[:], p.Row[:], []byte(p.Column))
}

// KeyID names a key without telling anything of it.
type KeyID uint32

func (id KeyID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// Keys is a set of keys. It is safe for use by many at once, and never changes: what changes a set returns another.
type Keys struct {
	set  *keyset.Handle
	aead tink.AEAD
}

// Seal encrypts plain for one place. Refuses with ErrNoKeys when k is nil.
func (k *Keys) Seal(plain []byte, at Place) ([]byte, error) {
	if k == nil {
		return nil, ErrNoKeys
	}
	return k.aead.Encrypt(plain, at.bytes())
}

// Open decrypts what was sealed for the place. Refuses with ErrSealed, and with ErrNoKeys when k is nil.
func (k *Keys) Open(sealed []byte, at Place) ([]byte, error) {
	if k == nil {
		return nil, ErrNoKeys
	}
	plain, err := k.aead.Decrypt(sealed, at.bytes())
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// prefix is what a sealed value begins with: this byte and the key's ID, big end first.
const prefix = 1

// KeyOf is the key that a value was sealed under, as the value itself says; no key is needed to see it.
func KeyOf(sealed []byte) (KeyID, bool) {
	if len(sealed) < 5 || sealed[0] != prefix {
		return 0, false
	}
	return KeyID(binary.BigEndian.Uint32(sealed[1:5])), true
}

// SealedUnder is what every value that was sealed under the key begins with, for the database to compare.
func SealedUnder(id KeyID) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefix}, uint32(id))
}

// Generate makes a set of one new key.
func Generate() (*Keys, error) {
	set, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	return keysOf(set)
}

// Parse reads the text of a set, as Text writes it: base64 of tink's binary keyset in the clear, which may
// be broken into lines. It takes sets of enabled AES-256-GCM keys alone. Refuses with ErrKeys,
// which repeats nothing of the text, and with ErrTestKeys.
func Parse(text string) (*Keys, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrKeys
	}
	set, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, ErrKeys
	}
	for i := range set.Len() {
		if entry, err := set.Entry(i); err != nil || !isOurs(entry) {
			return nil, ErrKeys
		}
	}
	keys, err := keysOf(set)
	if err != nil {
		return nil, ErrKeys
	}
	if keys.Has(ForTests().Fingerprint()) {
		return nil, ErrTestKeys
	}
	return keys, nil
}

// Text is the set as its keeper stores it. Whoever has it can open everything.
func (k *Keys) Text() (string, error) {
	var raw bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.set, keyset.NewBinaryWriter(&raw)); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(raw.Bytes()), nil
}

// Fingerprint is the primary key's ID.
func (k *Keys) Fingerprint() KeyID { return KeyID(k.set.KeysetInfo().GetPrimaryKeyId()) }

// IDs are all keys of the set, oldest first.
func (k *Keys) IDs() []KeyID {
	var ids []KeyID
	for _, key := range k.set.KeysetInfo().GetKeyInfo() {
		ids = append(ids, KeyID(key.GetKeyId()))
	}
	return ids
}

// Has says whether the set opens what was sealed under the key.
func (k *Keys) Has(id KeyID) bool { return k != nil && slices.Contains(k.IDs(), id) }

// Add returns the set with one more key, which opens and does not seal yet.
func (k *Keys) Add() (*Keys, error) {
	m := keyset.NewManagerFromHandle(k.set)
	if _, err := m.Add(aead.AES256GCMKeyTemplate()); err != nil {
		return nil, err
	}
	return managed(m)
}

// Promote returns the set with its newest key as the one that seals. Refuses with ErrNoNext when it is that already.
func (k *Keys) Promote() (*Keys, error) {
	ids := k.IDs()
	newest := ids[len(ids)-1]
	if newest == k.Fingerprint() {
		return nil, ErrNoNext
	}
	m := keyset.NewManagerFromHandle(k.set)
	if err := m.SetPrimary(uint32(newest)); err != nil {
		return nil, err
	}
	return managed(m)
}

// Rotate returns the set with a new key that seals at once: for who is the only process there is.
func (k *Keys) Rotate() (*Keys, error) {
	more, err := k.Add()
	if err != nil {
		return nil, err
	}
	return more.Promote()
}

// DropOld returns the set with its primary key alone.
func (k *Keys) DropOld() (*Keys, error) {
	m := keyset.NewManagerFromHandle(k.set)
	for _, id := range k.IDs() {
		if id != k.Fingerprint() {
			if err := m.Delete(uint32(id)); err != nil {
				return nil, err
			}
		}
	}
	return managed(m)
}

// String keeps the keys out of whatever prints them.
func (k *Keys) String() string {
	if k == nil {
		return "no keys"
	}
	return fmt.Sprintf("%d keys, sealing under %s", k.set.Len(), k.Fingerprint())
}

// GoString is String: %#v would walk into the keys.
func (k *Keys) GoString() string { return k.String() }

// Format is for every other verb.
func (k *Keys) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// LogValue is the set as a log may hold it.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func managed(m *keyset.Manager) (*Keys, error) {
	set, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return keysOf(set)
}

func keysOf(set *keyset.Handle) (*Keys, error) {
	primitive, err := aead.New(set)
	if err != nil {
		return nil, err
	}
	return &Keys{set, primitive}, nil
}

// ForTests is a set that everybody knows. Parse refuses it, so no installation can run with it.
var ForTests = sync.OnceValue(func() *Keys {
	keys, err := known()
	if err != nil {
		panic(err) // of constants
	}
	return keys
})

func known() (*Keys, error) {
	p, err := aesgcm.NewParameters(aesgcm.ParametersOpts{KeySizeInBytes: keySize, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink})
	if err != nil {
		return nil, err
	}
	material := secretdata.NewBytesFromData(bytes.Repeat([]byte("test"), keySize/4), insecuresecretdataaccess.Token{})
	key, err := aesgcm.NewKey(material, 0x0ff57e57, p)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManager()
	id, err := m.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return managed(m)
}

const keySize = 32

// isOurs says whether an entry is of the only kind that Generate and Add make.
func isOurs(entry *keyset.Entry) bool {
	p, ok := entry.Key().Parameters().(*aesgcm.Parameters)
	return ok && p.KeySizeInBytes() == keySize && p.Variant() == aesgcm.VariantTink && entry.KeyStatus() == keyset.Enabled
}
