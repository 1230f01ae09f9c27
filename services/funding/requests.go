package funding

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// The refusals of requests for credit.
var (
	ErrCreditAsked = &models.Error{Kind: models.Conflict, Code: "credit_asked",
		Message: "You have asked for credit already. You see here as soon as it comes, or is declined."}
	ErrNoCreditRequest = &models.Error{Kind: models.NotFound, Code: "credit_request_not_found",
		Message: "There is no such request, or it is answered already."}
)

// CreditForm is what somebody typed who asks for credit.
type CreditForm struct {
	Amount string // empty: whatever the parent thinks right
	Note   string
}

// maxNote is how many characters a note or a reason may have.
const maxNote = 200

func checkText(p *models.Problems, field, text, long string) string {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case utf8.RuneCountInString(text) > maxNote:
		p.Add(field, long)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0): // PostgreSQL takes neither
		p.Add(field, "Leave out characters that cannot be seen.")
	}
	return text
}

// RequestCredit asks the parent of the actor's sub-account for credit. The parent's Admins get a mail that leads to the
// transfer.
// For: whoever has models.RequestCredit, which of an ended trial is everybody. Refuses: missing privilege; an account that is no
// sub-account; what is no amount; a long note; while an earlier request is open, ErrCreditAsked.
func (s *Service) RequestCredit(ctx context.Context, actor models.Actor, form CreditForm) error {
	if err := actor.Require(models.RequestCredit); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		sub, parent, err := family(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		var p models.Problems
		var amount *models.Money
		var micros *int64
		if strings.TrimSpace(form.Amount) != "" {
			asked, err := models.ParseAmount(form.Amount, sub.Currency)
			if err != nil {
				p.Add("amount", sentenceOf(err))
			}
			amount = &asked
		}
		note := checkText(&p, "note", form.Note, "Keep the note under 200 characters.")
		if p.Err() != nil {
			return models.Event{}, p.Err()
		}
		if amount != nil {
			m := amount.Micros()
			micros = &m
		}
		if err := answerCredited(tx, sub.ID); err != nil {
			return models.Event{}, err
		}
		id := models.NewIDAt(tx.Now)
		made := tx.Exec(`INSERT INTO credit_requests (tenant_id, id, account_id, asset, amount, note, requested_by, requested_as, requested_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, tx.Actor.Tenant, id, sub.ID, sub.Currency, micros, note, actor.Email, actor.Entered(), tx.Now)
		if made.Error != nil {
			return models.Event{}, made.Error
		}
		if made.RowsAffected == 0 {
			return models.Event{}, ErrCreditAsked
		}
		event := models.Event{Action: models.CreditRequested, Account: sub.ID, Other: parent.ID, Subject: id, Amount: amount, Details: map[string]string{}}
		if note != "" {
			event.Details["note"] = note
		}
		return event, s.mailAdmins(ctx, tx, parent, func(to models.Account) notify.Message {
			said := ""
			if amount != nil {
				said = amount.String()
			}
			return notify.CreditRequested(s.installation, to, sub.Name, actor.Email, said, note, s.installation.Link("/sub-accounts/"+sub.ID.String()+"/credit-request"))
		})
	})
	return err
}

// answerCredited closes a request that money has answered.
func answerCredited(tx *store.Tx, sub models.ID) error {
	return tx.Exec(`UPDATE credit_requests r SET answered_at = w.credited_at FROM wallets w
		WHERE r.tenant_id = ? AND r.account_id = ? AND r.answered_at IS NULL
		AND w.tenant_id = r.tenant_id AND w.account_id = r.account_id AND w.kind = 'balance' AND w.credited_at > r.requested_at`, tx.Actor.Tenant, sub).Error
}

// AnswerRequest closes a sub-account's open request because what it asked for is settled in another way: its trial goes on. For: a
// change of another service.
func AnswerRequest(_ context.Context, tx *store.Tx, sub models.ID) error {
	return tx.Exec(`UPDATE credit_requests SET answered_at = ? WHERE tenant_id = ? AND account_id = ? AND answered_at IS NULL`, tx.Now, tx.Actor.Tenant, sub).Error
}

// CreditRequest returns the latest request of a sub-account, nil when there was none. One that money has answered says so.
// For: the sub-account's own people, and its parent's users. Refuses with ErrNoCreditRequest an account that is not theirs to see.
func (s *Service) CreditRequest(ctx context.Context, actor models.Actor, sub models.ID) (*models.CreditRequest, error) {
	if sub != actor.Account && !actor.Can(models.ViewSubAccounts) {
		return nil, ErrNoCreditRequest
	}
	var found *models.CreditRequest
	err := s.store.Read(ctx, actor, func(_ context.Context, tx *store.Tx) (err error) {
		found, err = latestRequest(tx, sub)
		return err
	})
	return found, err
}

func latestRequest(tx *store.Tx, sub models.ID) (*models.CreditRequest, error) {
	var row struct {
		ID               models.ID
		Asset            string
		Amount           *int64
		Note             string
		RequestedBy      string
		RequestedAt      time.Time
		AnsweredAt       *time.Time
		DismissedBecause string
	}
	err := tx.Raw(`SELECT r.id, r.asset, r.amount, r.note, r.requested_by, r.requested_at, r.dismissed_because,
			coalesce(r.answered_at, CASE WHEN w.credited_at > r.requested_at THEN w.credited_at END) AS answered_at
		FROM credit_requests r LEFT JOIN wallets w ON w.tenant_id = r.tenant_id AND w.account_id = r.account_id AND w.kind = 'balance'
		WHERE r.tenant_id = ? AND r.account_id = ? ORDER BY r.answered_at IS NULL DESC, r.id DESC LIMIT 1`, tx.Actor.Tenant, sub).Scan(&row).Error
	if err != nil || row.ID == models.NoID {
		return nil, err
	}
	found := &models.CreditRequest{ID: row.ID, Account: sub, Note: row.Note, RequestedBy: row.RequestedBy, RequestedAt: row.RequestedAt,
		AnsweredAt: row.AnsweredAt, DismissedBecause: row.DismissedBecause}
	if row.Amount != nil {
		amount := models.FromMicros(*row.Amount, row.Asset)
		found.Amount = &amount
	}
	return found, nil
}

// DismissCredit declines a sub-account's open request. Who asked gets a mail with the reason.
// For: a parent's Admins. Refuses: missing privilege; no reason, or a long one; ErrNoCreditRequest when it is not open, or money has
// come meanwhile.
func (s *Service) DismissCredit(ctx context.Context, actor models.Actor, sub, request models.ID, reason string) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	var p models.Problems
	if reason = checkText(&p, "reason", reason, "Keep the reason under 200 characters."); reason == "" {
		p.Add("reason", "Say why, so that whoever asked knows what to do.")
	}
	if p.Err() != nil {
		return p.Err()
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		account, parent, err := family(tx, sub)
		if err != nil {
			return models.Event{}, err
		}
		if err := answerCredited(tx, sub); err != nil {
			return models.Event{}, err
		}
		var by struct{ RequestedBy string }
		done := tx.Raw(`UPDATE credit_requests SET answered_at = ?, answered_by = ?, answered_as = ?, dismissed_because = ?
			WHERE tenant_id = ? AND account_id = ? AND id = ? AND answered_at IS NULL RETURNING requested_by`,
			tx.Now, actor.Email, actor.Entered(), reason, tx.Actor.Tenant, sub, request).Scan(&by)
		if done.Error != nil {
			return models.Event{}, done.Error
		}
		if done.RowsAffected == 0 {
			return models.Event{}, ErrNoCreditRequest
		}
		event := models.Event{Action: models.CreditDismissed, Account: sub, Subject: request, Details: map[string]string{"reason": reason}}
		if account.Status != models.Active {
			return event, nil
		}
		return event, notify.Mail(ctx, tx, notify.CreditDeclined(s.installation, account, parent.Name, reason))
	})
	return err
}

// family is a sub-account of the actor's tenant and its parent. It refuses with ErrNoCreditRequest any other account.
func family(tx *store.Tx, sub models.ID) (account, parent models.Account, err error) {
	var rows []models.Account
	err = tx.Raw(`SELECT tenant_id, id, kind, name, contact_name, email, time_zone, currency, status, funding FROM accounts
		WHERE tenant_id = ? AND id = ANY (ARRAY[?, ?]::uuid[]) AND status <> 'deleted'`, tx.Actor.Tenant, tx.Actor.Tenant, sub).Scan(&rows).Error
	for _, row := range rows {
		if row.ID == tx.Actor.Tenant {
			parent = row
		} else {
			account = row
		}
	}
	if err == nil && (account.Kind != models.Sub || parent.ID == models.NoID) {
		err = ErrNoCreditRequest
	}
	return account, parent, err
}

// mailAdmins sends a mail to each of the people who decide for a parent account: its Admins who can sign in.
func (s *Service) mailAdmins(ctx context.Context, tx *store.Tx, parent models.Account, message func(to models.Account) notify.Message) error {
	var admins []struct{ Name, Email string }
	err := tx.Raw(`SELECT name, email FROM users WHERE tenant_id = ? AND account_id = ? AND role = 'admin' AND disabled_at IS NULL
		ORDER BY id LIMIT 50`, tx.Actor.Tenant, parent.ID).Scan(&admins).Error
	if err != nil {
		return err
	}
	for _, admin := range admins {
		to := parent
		to.Email, to.ContactName = admin.Email, admin.Name
		if err := notify.Mail(ctx, tx, message(to)); err != nil {
			return err
		}
	}
	return nil
}

// sentenceOf is the message of one of our refusals.
func sentenceOf(err error) string {
	if e, ok := err.(*models.Error); ok {
		return e.Message
	}
	return err.Error()
}
