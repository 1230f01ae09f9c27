package identity

import (
	"crypto/sha256"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

const (
	recoveryCodes  = 10
	recoveryLength = 15 // characters of five bits: 75 bits cannot be guessed, so a plain hash of them is enough
)

// newRecoveryCodes replaces a user's recovery codes, and returns them: they are kept as hashes and can never be shown again.
func newRecoveryCodes(tx *store.Tx, user models.ID) []string {
	tx.Queue(`DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2`, tx.Actor.Tenant, user)
	codes := make([]string, recoveryCodes)
	for i := range codes {
		code := oneTimeText(recoveryLength)
		codes[i] = code
		tx.Queue(`INSERT INTO recovery_codes (tenant_id, id, user_id, code_hash, created_at) VALUES ($1, $2, $3, $4, $5)`,
			tx.Actor.Tenant, models.NewID(), user, recoveryHash(user, strings.ReplaceAll(code, "-", "")), tx.Now)
	}
	return codes
}

// useRecoveryCode takes a code once, and says how many are left.
func useRecoveryCode(tx *store.Tx, user models.ID, code string) (ok bool, left int, err error) {
	used := tx.Exec(`UPDATE recovery_codes SET used_at = ? WHERE tenant_id = ? AND user_id = ? AND code_hash = ? AND used_at IS NULL`,
		tx.Now, tx.Actor.Tenant, user, recoveryHash(user, code))
	if used.Error != nil || used.RowsAffected != 1 {
		return false, 0, used.Error
	}
	left, err = recoveryCodesLeft(tx, user)
	return true, left, err
}

func recoveryCodesLeft(tx *store.Tx, user models.ID) (left int, err error) {
	err = tx.Raw(`SELECT count(*) FROM recovery_codes WHERE tenant_id = ? AND user_id = ? AND used_at IS NULL`, tx.Actor.Tenant, user).Scan(&left).Error
	return left, err
}

// recoveryHash binds a code to its user, so that nobody finds out one of many users' at once.
func recoveryHash(user models.ID, code string) []byte {
	sum := sha256.Sum256(append(user[:], code...))
	return sum[:]
}

// typedCode is what somebody typed who was asked for a code: one of the app, or a recovery code. Spaces, hyphens and capitals
// do not matter. What is neither is no code.
func typedCode(text string) (app, recovery string) {
	if len(text) > 100 {
		return "", ""
	}
	code := strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\t' || r == '\u00a0':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, text)
	switch {
	case len(code) == appDigits && strings.Trim(code, "0123456789") == "":
		return code, ""
	case len(code) == recoveryLength && strings.Trim(code, oneTimeAlphabet) == "":
		return "", code
	}
	return "", ""
}
