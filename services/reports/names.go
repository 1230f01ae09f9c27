package reports

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// AccountName returns the name of an account, for names of files and of filters. NoID is the reader's own account, for
// staff at work in a tenant its parent.
// For: whoever sees the account's reports. Refuses: missing privilege; an account out of sight (ErrNoSuchAccount).
func (s *Service) AccountName(ctx context.Context, actor models.Actor, id models.ID) (string, error) {
	r, err := reachOf(actor)
	if err != nil {
		return "", err
	}
	var a account
	err = s.read(ctx, actor, func(_ context.Context, tx *store.Tx) (err error) {
		a, err = find(tx, r, id)
		return err
	})
	return a.Name, err
}
