package secrets

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
)

// Stamp signs data that leaves the installation and comes back, such as the names in a callback's address, for one purpose:
// a stamp of one purpose is none of another. Refuses with ErrNoKeys when k is nil.
//
// It is an HMAC under a key that is derived from the primary one; keys that replace it, or that it replaced, know it too.
func (k *Keys) Stamp(purpose string, data []byte) ([]byte, error) {
	if k == nil {
		return nil, ErrNoKeys
	}
	primary, err := k.set.Primary()
	if err != nil {
		return nil, err
	}
	key, is := primary.Key().(*aesgcm.Key)
	if !is {
		return nil, ErrKeys
	}
	return stamp(key, purpose, data)
}

// Stamped says whether a key of the set made the stamp, of that data and purpose.
func (k *Keys) Stamped(purpose string, data, given []byte) bool {
	if k == nil {
		return false
	}
	for i := range k.set.Len() {
		entry, err := k.set.Entry(i)
		if err != nil {
			return false
		}
		key, is := entry.Key().(*aesgcm.Key)
		if !is {
			return false
		}
		if made, err := stamp(key, purpose, data); err == nil && hmac.Equal(made, given) {
			return true
		}
	}
	return false
}

func stamp(key *aesgcm.Key, purpose string, data []byte) ([]byte, error) {
	secret := key.KeyBytes()
	derived, err := hkdf.Key(sha256.New, secret.Data(insecuresecretdataaccess.Token{}), nil, "offshoot stamp: "+purpose, sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, derived)
	mac.Write(data)
	return mac.Sum(nil), nil
}
