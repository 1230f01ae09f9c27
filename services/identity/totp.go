package identity

import (
	"bytes"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

// What every authenticator app knows (RFC 6238): SHA-1, six digits, a new code each 30 seconds.
const (
	appSecretLength = 20
	stepSeconds     = 30
	appDigits       = 6
)

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// matchingStep returns the step whose code was typed: of now, of the one before, for a person takes their time, or of the
// one after, for clocks differ; and later than last, for a code is taken once.
func matchingStep(secret []byte, typed string, now time.Time, last int64) (step int64, ok bool) {
	current := now.Unix() / stepSeconds
	for try := current - 1; try <= current+1; try++ {
		code, err := hotp.GenerateCodeCustom(secretText.EncodeToString(secret), uint64(try), hotp.ValidateOpts{Digits: appDigits})
		if err == nil && subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 && try > last && !ok {
			step, ok = try, true
		}
	}
	return step, ok
}

// Setup is what an authenticator app must be told once.
type Setup struct {
	Secret string // to be typed, in groups of four
	key    *otp.Key
}

// newSetup names the entry in the app after the installation and the e-mail.
func newSetup(secret []byte, installation, email string) (Setup, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(installation, ":", " "), AccountName: email, Secret: secret})
	if err != nil {
		return Setup{}, fmt.Errorf("identity: %w", err)
	}
	return Setup{Secret: inFours(key.Secret()), key: key}, nil
}

// QR is the same as a picture, a PNG for the app to look at.
func (s Setup) QR() ([]byte, error) {
	const pixels = 232
	picture, err := s.key.Image(pixels, pixels)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return file.Bytes(), nil
}

func inFours(text string) string {
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(append(groups, text), " ")
}
