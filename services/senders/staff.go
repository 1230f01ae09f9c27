package senders

import (
	"context"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// requestsPage is how many requests stand on a page: each is read before it is decided.
const requestsPage = 20

// Requests returns a page of the open requests of all accounts, oldest first, from where an earlier page said that the next
// begins. For: staff.
func (s *Service) Requests(ctx context.Context, actor models.Actor, after string) (models.SenderRequests, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.SenderRequests{}, err
	}
	var page models.SenderRequests
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		query := `SELECT ` + columns + `, p.name AS parent_name,
			coalesce((SELECT x.name FROM sender_ids n JOIN accounts x ON x.tenant_id = n.tenant_id AND x.id = n.account_id
				WHERE n.name_key = s.name_key AND n.status = 'approved' AND n.tenant_id <> s.tenant_id LIMIT 1), '') AS also_of
			FROM sender_ids s JOIN accounts o ON o.tenant_id = s.tenant_id AND o.id = s.account_id AND o.status <> 'deleted'
			JOIN accounts p ON p.tenant_id = s.tenant_id AND p.id = s.tenant_id
			WHERE s.status = 'requested'`
		var args []any
		if at, id, ok := parseAfter(after); ok {
			query, args = query+` AND (s.requested_at, s.id) > (?::timestamptz, ?::uuid)`, append(args, at, id)
		}
		if err := tx.Raw(query+` ORDER BY s.requested_at, s.id LIMIT ?`, append(args, requestsPage+1)...).Scan(&page.Rows).Error; err != nil {
			return err
		}
		if len(page.Rows) > requestsPage {
			page.Rows = page.Rows[:requestsPage]
			last := page.Rows[requestsPage-1]
			page.Next = last.RequestedAt.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()
		}
		return nil
	})
	return page, err
}

// parseAfter reads where a page begins. What somebody made up is the beginning.
func parseAfter(text string) (time.Time, models.ID, bool) {
	at, id, found := strings.Cut(text, "_")
	when, err := time.Parse(time.RFC3339Nano, at)
	last, known := models.ParseID(id)
	return when, last, found && known && err == nil && when.Year() > 0 && when.Year() < 10000
}

// Approve lets an account send from the Sender ID that it asked for. The account is told by mail.
//
// For: staff who manage parents. Refuses with ErrMissingPrivilege, ErrDecided.
func (s *Service) Approve(ctx context.Context, actor models.Actor, tenant, id models.ID) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	return s.decide(ctx, actor.In(tenant), id, models.SenderApproved, "")
}

// Refuse turns a request down, with a reason that the account reads.
//
// For: staff who manage parents. Refuses with ErrMissingPrivilege, ErrCheckFields (reason), ErrDecided.
func (s *Service) Refuse(ctx context.Context, actor models.Actor, tenant, id models.ID, reason string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	var p models.Problems
	if reason = checkReason(&p, reason); p.Err() != nil {
		return p.Err()
	}
	return s.decide(ctx, actor.In(tenant), id, models.SenderRefused, reason)
}

func (s *Service) decide(ctx context.Context, actor models.Actor, id models.ID, status models.SenderStatus, reason string) error {
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var row struct {
			AccountID models.ID
			Name      string
		}
		err := tx.Raw(`UPDATE sender_ids s SET status = ?, decided_by = ?, decided_as = ?, decided_at = ?, reason = ?, version = s.version + 1
			FROM accounts o WHERE s.tenant_id = ? AND s.id = ? AND s.status = 'requested'
				AND o.tenant_id = s.tenant_id AND o.id = s.account_id AND o.status <> 'deleted'
			RETURNING s.account_id, s.name`, status, actor.Email, actor.Entered(), tx.Now, reason, actor.Tenant, id).Scan(&row).Error
		if err != nil {
			return models.Event{}, err
		}
		if row.Name == "" {
			return models.Event{}, ErrDecided
		}
		var account models.Account
		err = tx.Raw(`SELECT tenant_id, id, name, contact_name, email, time_zone FROM accounts WHERE tenant_id = ? AND id = ?`,
			actor.Tenant, row.AccountID).Scan(&account).Error
		if err != nil {
			return models.Event{}, err
		}
		event := models.Event{Action: models.SenderIDApproved, Account: row.AccountID, Subject: id, Details: map[string]string{"name": row.Name}}
		mail := notify.SenderIDApproved(s.installation, account, row.Name, s.installation.Link("/sender-ids"))
		if status == models.SenderRefused {
			event.Action, event.Details["reason"] = models.SenderIDRefused, reason
			mail = notify.SenderIDRefused(s.installation, account, row.Name, reason)
		}
		return event, notify.Mail(ctx, tx, mail)
	})
	return err
}
