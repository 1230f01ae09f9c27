package accounts

import (
	"github.com/google/uuid"

	"offshoot/models"
)

// keyedID makes the same ID of the same one-time key: a new tenant's form that is sent twice finds its first tenant, and
// with it the key. Without a key every call makes another.
func keyedID(home models.ID, key string) models.ID {
	if key == "" {
		return models.NewID()
	}
	return uuid.NewSHA1(home, []byte(key))
}
