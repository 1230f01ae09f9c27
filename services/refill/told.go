package refill

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// mostAdmins is how many Admins of a parent are mailed.
const mostAdmins = 50

// adminsOf are those who are told about a parent's sub-accounts, as mails address them: its Admins who can sign in.
func adminsOf(tx *store.Tx, parent models.Account) ([]models.Account, error) {
	var rows []struct{ Name, Email string }
	err := tx.Raw(`SELECT name, email FROM users WHERE tenant_id = ? AND account_id = ? AND role = 'admin' AND disabled_at IS NULL ORDER BY id LIMIT ?`,
		parent.TenantID, parent.ID, mostAdmins).Scan(&rows).Error
	admins := make([]models.Account, len(rows))
	for i, row := range rows {
		admins[i] = parent
		admins[i].ContactName, admins[i].Email = row.Name, row.Email
	}
	return admins, err
}

// mail is notify.Mail, but for an address that mail cannot be sent to: that keeps nobody from being recharged.
func mail(ctx context.Context, tx *store.Tx, m notify.Message) error {
	if err := notify.Mail(ctx, tx, m); !errors.Is(err, notify.ErrMailAddress) {
		return err
	}
	return nil
}

// tellPaused mails a parent's Admins that a sub-account is not recharged any more, why, and what would help.
func (s *Service) tellPaused(ctx context.Context, tx *store.Tx, admins []models.Account, r *following) error {
	for _, admin := range admins {
		if err := mail(ctx, tx, notify.RechargePaused(s.installation, admin, r.name, r.RechargeRule, s.balancePage(r.account))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) balancePage(sub models.ID) string {
	return s.installation.Link("/sub-accounts/" + sub.String() + "/balance")
}
