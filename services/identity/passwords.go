package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/store"
)

// Hashing is what one password hash costs, and how many are made at the same time. Fifty sign-ins at once without a
// limit took a gigabyte and stopped everything else.
type Hashing struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
	AtOnce    int64 // 0: half of the processors
	Waiting   int64 // how many may wait for their turn; 0: 100 for each that is made at once, a few seconds' worth
}

const (
	saltLength    = 16
	keyLength     = 32
	longestSecret = 1024 // bytes of a password; more is refused before anything is computed of it
)

// derivation is Argon2, or a test that counts how often and how many at once.
type derivation func(password, salt []byte, cost Hashing) []byte

func argon2id(password, salt []byte, cost Hashing) []byte {
	return argon2.IDKey(password, salt, cost.Passes, cost.MemoryKiB, cost.Lanes, keyLength)
}

// HashPassword returns what users.password_hash keeps, a PHC string. It takes tens of milliseconds and waits for its
// turn, so it is called before a transaction is opened. For: whoever sets a password that CheckNewPassword let through
// or that OneTimePassword made. Refuses, at the field password, more than 1,024 bytes.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	if len(password) > longestSecret {
		return "", models.ErrCheckFields.At("password", tooLong)
	}
	salt := random(saltLength)
	key, err := s.inTurn(ctx, password, salt, s.hashing)
	if err != nil {
		return "", err
	}
	return s.hashing.encode(salt, key), nil
}

// PasswordIs says whether that is the user's password now: before a sensitive act, or to refuse the one-time password
// of the mail as the new one. An unknown user has none.
func (s *Service) PasswordIs(ctx context.Context, tenant, user models.ID, password string) (bool, error) {
	var hash string
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT password_hash FROM users WHERE tenant_id = ? AND id = ?`, tenant, user).Scan(&hash).Error
	})
	if err != nil {
		return false, err
	}
	return s.verify(ctx, password, hash)
}

// verify compares a password with a hash. Where there is no hash it does the same work with one that nothing matches, so
// that its time does not tell. A password too long to be anybody's costs nothing, whoever is asked for.
func (s *Service) verify(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > longestSecret {
		return false, nil
	}
	if hash == "" {
		hash = s.dummy
	}
	cost, salt, key, err := decode(hash)
	if err != nil {
		return false, err
	}
	got, err := s.inTurn(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// upToDate is the hash of a password that was right, made anew when the one that is kept was made at another cost.
func (s *Service) upToDate(ctx context.Context, password, kept string) (string, error) {
	cost, _, _, err := decode(kept)
	if err != nil {
		return "", err
	}
	if today := s.hashing; cost.MemoryKiB == today.MemoryKiB && cost.Passes == today.Passes && cost.Lanes == today.Lanes {
		return kept, nil
	}
	return s.HashPassword(ctx, password)
}

// inTurn derives a key when one of the places is free. Who gives up waiting gets the context's error, and ErrBusy who
// would have to wait behind too many.
//
// The same word can be written in several sequences of code points, depending on the keyboard; NFC makes them one.
func (s *Service) inTurn(ctx context.Context, password string, salt []byte, cost Hashing) ([]byte, error) {
	if s.waiting.Add(1) > s.hashing.AtOnce+s.hashing.Waiting {
		s.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer s.waiting.Add(-1)
	if err := s.turns.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("identity: waiting for a turn to hash: %w", err)
	}
	defer s.turns.Release(1)
	return s.derive(norm.NFC.AppendString(nil, password), salt, cost), nil
}

func (h Hashing) encode(salt, key []byte) string {
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.MemoryKiB, h.Passes, h.Lanes, text(salt), text(key))
}

// decode reads a PHC string with the cost that it was made at, which may be an earlier one than today's.
func decode(phc string) (cost Hashing, salt, key []byte, err error) {
	fail := func() (Hashing, []byte, []byte, error) {
		return Hashing{}, nil, nil, fmt.Errorf("identity: a password hash that is no argon2id PHC string")
	}
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return fail()
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &cost.Lanes); err != nil {
		return fail()
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(part[4])
	key, errKey := base64.RawStdEncoding.DecodeString(part[5])
	if errSalt != nil || errKey != nil || len(key) != keyLength || cost.Passes == 0 || cost.Lanes == 0 {
		return fail()
	}
	return cost, salt, key, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails; the program ends when the system has no randomness
	return b
}
