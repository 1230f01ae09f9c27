package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"offshoot/models"
)

// Token is the value of the session cookie: 64 characters that hold the tenant's id and a secret of 32 random bytes.
// The tenant is there so that a session is found by tenant like every row; the table keeps only the secret's SHA-256,
// so that whoever reads the table can open nothing.
type Token string

// LogValue keeps the token out of logs.
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

const secretLength = 32

var tokenText = base64.RawURLEncoding

func newToken(tenant models.ID) (Token, []byte) {
	secret := random(secretLength)
	hash := sha256.Sum256(secret)
	return Token(tokenText.EncodeToString(append(tenant[:], secret...))), hash[:]
}

// parse returns the tenant and the hash to look for. Anything but what newToken writes is no token.
func (t Token) parse() (tenant models.ID, hash []byte, ok bool) {
	const length = len(models.ID{}) + secretLength
	if len(t) != tokenText.EncodedLen(length) {
		return models.NoID, nil, false
	}
	raw, err := tokenText.DecodeString(string(t))
	if err != nil || len(raw) != length { // the decoder skips line breaks
		return models.NoID, nil, false
	}
	copy(tenant[:], raw)
	sum := sha256.Sum256(raw[len(tenant):])
	return tenant, sum[:], tenant != models.NoID
}
