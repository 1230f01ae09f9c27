package senders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/sharing"
	"offshoot/services/store"
)

// Request is a form that asks for a Sender ID, as typed.
type Request struct {
	Name    string // up to 11 letters, digits and spaces, or a number as people of the account's country write it
	Purpose string
	Key     string // one-time key of the form
}

// Request asks for a Sender ID for the actor's account. It is used once staff have approved it.
//
// For: those with Add Sender IDs (PRV-2). Refuses with ErrMissingPrivilege, ErrCheckFields (name, purpose), ErrTooManyOpen.
func (s *Service) Request(ctx context.Context, actor models.Actor, form Request) (models.ID, error) {
	if err := actor.Require(models.AddSenderIDs); err != nil {
		return models.NoID, err
	}
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return request(tx, form)
	}, store.Once(form.Key, form))
	return done.Subject, err
}

func request(tx *store.Tx, form Request) (models.Event, error) {
	var account struct {
		Mobile, Country string
		Open            int
	}
	// held, so that requests of one account wait for each other and are counted
	err := tx.Raw(`SELECT mobile, country FROM accounts WHERE tenant_id = ? AND id = ? FOR NO KEY UPDATE`, tx.Actor.Tenant, tx.Actor.Account).Scan(&account).Error
	if err != nil {
		return models.Event{}, err
	}
	var p models.Problems
	name, purpose := checkName(&p, form.Name, account.Country), checkPurpose(&p, form.Purpose)
	if name == account.Mobile && name != "" {
		p.Add("name", "This is your registered mobile number. You can send from it without asking.")
	}
	if err := p.Err(); err != nil {
		return models.Event{}, err
	}
	err = tx.Raw(`SELECT count(*) FROM sender_ids WHERE tenant_id = ? AND account_id = ? AND status = 'requested'`,
		tx.Actor.Tenant, tx.Actor.Account).Scan(&account.Open).Error
	if err != nil {
		return models.Event{}, err
	}
	if account.Open >= mostOpen {
		return models.Event{}, ErrTooManyOpen
	}
	id := models.NewIDAt(tx.Now)
	row := tx.Exec(`INSERT INTO sender_ids (tenant_id, id, account_id, name, purpose, status, requested_by, requested_as, requested_at)
		VALUES (?, ?, ?, ?, ?, 'requested', ?, ?, ?) ON CONFLICT DO NOTHING`,
		tx.Actor.Tenant, id, tx.Actor.Account, name, purpose, tx.Actor.Email, tx.Actor.Entered(), tx.Now)
	if row.Error == nil && row.RowsAffected == 0 {
		return models.Event{}, models.ErrCheckFields.At("name", "You have this Sender ID already, or have asked for it.")
	}
	return models.Event{Action: models.SenderIDRequested, Account: tx.Actor.Account, Subject: id, Details: map[string]string{"name": name}}, row.Error
}

// Describe changes what a Sender ID is said to be for. version is that of the form.
//
// For: those with Add Sender IDs in the account that has it, or in one that may edit it. Refuses with ErrMissingPrivilege,
// ErrNoSuchSender, ErrCheckFields (purpose), ErrStale.
func (s *Service) Describe(ctx context.Context, actor models.Actor, id models.ID, version int, purpose string) error {
	if err := actor.Require(models.AddSenderIDs); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		found, err := one(tx, id)
		if err != nil {
			return models.Event{}, err
		}
		if found.May < models.MayEdit {
			return models.Event{}, models.ErrMissingPrivilege
		}
		var p models.Problems
		if purpose = checkPurpose(&p, purpose); p.Err() != nil {
			return models.Event{}, p.Err()
		}
		row := tx.Exec(`UPDATE sender_ids SET purpose = ?, version = version + 1 WHERE tenant_id = ? AND id = ? AND version = ? AND status <> 'withdrawn'`,
			purpose, tx.Actor.Tenant, id, version)
		if row.Error == nil && row.RowsAffected == 0 {
			return models.Event{}, ErrStale
		}
		return models.Event{Action: models.SenderIDDescribed, Account: found.AccountID, Subject: id,
			Details: map[string]string{"name": found.Name, "purpose": purpose}}, row.Error
	})
	return err
}

// Withdraw gives a Sender ID up, or takes its request back; it is shared with nobody any more. Sends that use it stop.
//
// For: those with Add Sender IDs in the account that has it. Refuses with ErrMissingPrivilege, ErrNoSuchSender.
func (s *Service) Withdraw(ctx context.Context, actor models.Actor, id models.ID) error {
	if err := actor.Require(models.AddSenderIDs); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var name string
		err := tx.Raw(`UPDATE sender_ids SET status = 'withdrawn', version = version + 1
			WHERE tenant_id = ? AND account_id = ? AND id = ? AND status <> 'withdrawn' RETURNING name`, tx.Actor.Tenant, tx.Actor.Account, id).Scan(&name).Error
		if err != nil {
			return models.Event{}, err
		}
		if name == "" {
			return models.Event{}, ErrNoSuchSender
		}
		sharing.Forget(tx, models.SharedSenderID, id)
		return models.Event{Action: models.SenderIDWithdrawn, Account: tx.Actor.Account, Subject: id, Details: map[string]string{"name": name}}, nil
	})
	return err
}

const pageSize = 50

// columns are models.SenderID, for Sender IDs s and their accounts o; what the reader may comes from its own account.
const columns = `s.tenant_id, s.id, s.account_id, o.name AS account_name, s.name, s.purpose, s.status, s.reason, s.requested_by,
	s.requested_as IS NOT NULL AS entered, s.requested_at, s.decided_at, s.version`

// List returns a page of the Sender IDs that the actor's account may see: its own, those shared with it, and for a parent
// those of its sub-accounts. For: those with View Sender IDs.
func (s *Service) List(ctx context.Context, actor models.Actor, q models.SenderQuery) (models.SenderList, error) {
	if err := actor.Require(models.ViewSenderIDs); err != nil {
		return models.SenderList{}, err
	}
	var list models.SenderList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		err := tx.Raw(`SELECT a.mobile AS "default", `+granted+` AS granted FROM accounts a WHERE a.tenant_id = ? AND a.id = ?`,
			tx.Actor.Tenant, tx.Actor.Account).Row().Scan(&list.Default, &list.Granted)
		if err != nil {
			return fmt.Errorf("senders: %w", err)
		}
		query, args := selectSeen(tx, q)
		if err := tx.Raw(query+fmt.Sprintf(` LIMIT %d`, pageSize+1), args...).Scan(&list.Rows).Error; err != nil {
			return err
		}
		if len(list.Rows) > pageSize {
			list.Rows = list.Rows[:pageSize]
			list.Next = list.Rows[pageSize-1].ID
		}
		return complete(tx, list.Rows)
	})
	return list, err
}

// selectSeen is the query of all Sender IDs that the actor's account may see, newest first.
func selectSeen(tx *store.Tx, q models.SenderQuery) (string, []any) {
	c := store.Visible(tx.Viewer(), models.SharedSenderID, "s", models.MaySee)
	query := `SELECT ` + columns + ` FROM sender_ids s JOIN accounts o ON o.tenant_id = s.tenant_id AND o.id = s.account_id
		WHERE ` + c.SQL + ` AND (s.account_id = ? OR s.status = 'approved' OR ?)`
	// what is shared is shared once it is approved; what a sub-account waits for its parent sees too
	args := append(c.Args, tx.Actor.Account, tx.Actor.Kind == models.Parent)
	if q.Status != "" {
		query, args = query+` AND s.status = ?`, append(args, string(q.Status))
	}
	if q.After != models.NoID {
		query, args = query+` AND s.id < ?`, append(args, q.After)
	}
	return query + ` ORDER BY s.id DESC`, args
}

// complete adds to the rows how they are shared, and what the actor's account may.
func complete(tx *store.Tx, rows []models.SenderID) error {
	var own, shared []models.ID
	for i, row := range rows {
		veil(tx, &rows[i])
		rows[i].Setting, rows[i].May = models.OnlyMe, models.MaySee
		switch {
		case row.AccountID == tx.Actor.Account:
			own, rows[i].May = append(own, row.ID), models.MayEdit
		case tx.Actor.Kind == models.Sub:
			shared, rows[i].May = append(shared, row.ID), models.MayUse
		}
	}
	settings, err := sharing.Settings(tx, models.SharedSenderID, own)
	if err != nil {
		return err
	}
	var editable []models.ID
	if len(shared) > 0 {
		c := store.Visible(tx.Viewer(), models.SharedSenderID, "s", models.MayEdit)
		if err := tx.Raw(`SELECT s.id FROM sender_ids s WHERE s.id IN ? AND `+c.SQL, append([]any{shared}, c.Args...)...).Scan(&editable).Error; err != nil {
			return err
		}
	}
	for i, row := range rows {
		if setting, ok := settings[row.ID]; ok {
			rows[i].Setting = setting
		}
		for _, id := range editable {
			if id == row.ID {
				rows[i].May = models.MayEdit
			}
		}
	}
	return nil
}

// veil leaves out what those with whom a Sender ID is shared need not know: who of its account asked for it.
func veil(tx *store.Tx, row *models.SenderID) {
	if tx.Actor.Kind == models.Sub && row.AccountID != tx.Actor.Account {
		row.RequestedBy, row.Entered = "", false
	}
}

// Export hands every Sender ID that List finds to each. It streams. For: as List.
func (s *Service) Export(ctx context.Context, actor models.Actor, q models.SenderQuery, each func(models.SenderID) error) error {
	if err := actor.Require(models.ViewSenderIDs); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		query, args := selectSeen(tx, models.SenderQuery{Status: q.Status})
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				var r models.SenderID
				if err := rows.Scan(&r.TenantID, &r.ID, &r.AccountID, &r.AccountName, &r.Name, &r.Purpose, &r.Status, &r.Reason, &r.RequestedBy,
					&r.Entered, &r.RequestedAt, &r.DecidedAt, &r.Version); err != nil {
					return err
				}
				veil(tx, &r)
				if err := each(r); err != nil {
					return err
				}
			}
			return nil
		}, store.Numbered(query), args...)
	})
}

// Show returns one Sender ID as List has it. For: as List. Refuses with ErrNoSuchSender.
func (s *Service) Show(ctx context.Context, actor models.Actor, id models.ID) (models.SenderID, error) {
	if err := actor.Require(models.ViewSenderIDs); err != nil {
		return models.SenderID{}, err
	}
	var found models.SenderID
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = one(tx, id)
		return err
	})
	return found, err
}

func one(tx *store.Tx, id models.ID) (models.SenderID, error) {
	may, err := store.MayOf(tx, tx.Viewer(), models.SharedSenderID, id)
	if err != nil {
		return models.SenderID{}, err
	}
	if may == models.MayNothing {
		return models.SenderID{}, ErrNoSuchSender
	}
	var rows []models.SenderID
	err = tx.Raw(`SELECT `+columns+` FROM sender_ids s JOIN accounts o ON o.tenant_id = s.tenant_id AND o.id = s.account_id
		WHERE s.tenant_id = ? AND s.id = ?`, tx.Actor.Tenant, id).Scan(&rows).Error
	if err == nil && (len(rows) == 0 || tx.Actor.Kind == models.Sub && rows[0].AccountID != tx.Actor.Account && rows[0].Status != models.SenderApproved) {
		err = ErrNoSuchSender
	}
	if err != nil {
		return models.SenderID{}, err
	}
	if err := complete(tx, rows); err != nil {
		return models.SenderID{}, err
	}
	rows[0].May = may
	return rows[0], nil
}
