package accounts

import (
	"context"

	"offshoot/models"
	"offshoot/services/store"
)

// PrivilegeOverview is List with what each sub-account of the page was granted. For: as List.
func (s *Service) PrivilegeOverview(ctx context.Context, actor models.Actor, q models.AccountQuery) (models.PrivilegeOverview, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return models.PrivilegeOverview{}, err
	}
	found := models.PrivilegeOverview{Granted: map[models.ID][]models.Privilege{}}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		filter, err := filterOf(tx, q)
		if err != nil {
			return err
		}
		if err := listPage(tx, q, filter, &found.AccountList); err != nil || len(found.Rows) == 0 {
			return err
		}
		ids := make([]models.ID, 0, len(found.Rows))
		for _, row := range found.Rows {
			ids = append(ids, row.ID)
		}
		var granted []struct {
			AccountID models.ID
			Privilege models.Privilege
		}
		err = tx.Raw(`SELECT account_id, privilege FROM privileges WHERE tenant_id = ? AND account_id IN ?`, tx.Actor.Tenant, ids).Scan(&granted).Error
		for _, g := range granted {
			found.Granted[g.AccountID] = append(found.Granted[g.AccountID], g.Privilege)
		}
		return err
	})
	return found, err
}
