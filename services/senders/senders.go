// Package senders keeps Sender IDs: what messages come from beside an account's registered mobile (MSG-7). An account asks
// for one, staff approve or refuse it, and once approved it is used, by the account itself and, where it is a parent's, by
// those it is shared with. It alone writes sender_ids.
package senders

import (
	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is what pages ask.
type Service struct {
	store        *store.Store
	installation notify.Installation
}

// New returns the service. Mails call the installation by its name and lead to its address.
func New(s *store.Store, installation notify.Installation) *Service {
	return &Service{store: s, installation: installation}
}

// Refusals.
var (
	ErrNoSuchSender = &models.Error{Kind: models.NotFound, Code: "no_such_sender_id", Message: "This Sender ID does not exist."}
	// ErrDecided is for whoever decides what is decided already, or was withdrawn meanwhile.
	ErrDecided = &models.Error{Kind: models.NotFound, Code: "no_such_request",
		Message: "This request is no longer open: somebody has decided it, or it was withdrawn."}
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale",
		Message: "Somebody else has changed this Sender ID in the meantime. What you see now is how it is; make your change again."}
	ErrTooManyOpen = &models.Error{Kind: models.Conflict, Code: "too_many_requests",
		Message: "You have 20 requests that nobody has decided yet. Wait for those, or withdraw one."}
	// ErrSenderNotUsable is the refusal to send from something. Its sentence says why and who can change it.
	ErrSenderNotUsable = &models.Error{Kind: models.Conflict, Code: "sender_not_usable",
		Message: "This Sender ID can't be used."}
)

// mostOpen is how many requests of an account can wait at once.
const mostOpen = 20

// granted is whether an account may have Sender IDs of its own (PRV-2): a parent always, a sub-account while its parent
// permits it. It is an SQL expression about account a.
const granted = `(a.kind = 'parent' OR EXISTS (SELECT FROM privileges g WHERE g.tenant_id = a.tenant_id AND g.account_id = a.id
	AND g.privilege = 'sender_ids.add'))`

// Usable is what a message of the account may come from, in the order in which a form offers it: its registered mobile,
// its own approved Sender IDs while it may have any (PRV-2), and what is shared with it.
func Usable(tx *store.Tx, account models.ID) ([]models.Sender, error) {
	found, err := usable(tx, account, models.NoID)
	if err != nil {
		return nil, err
	}
	number, err := registered(tx, account)
	if err == nil && number.Name != "" {
		found = append([]models.Sender{number}, found...)
	}
	return found, err
}

// MayUse returns what a message of the account is to come from; id NoID is its registered mobile. It refuses with
// ErrSenderNotUsable. A send asks it anew for every slice: what is withdrawn meanwhile is used no more.
func MayUse(tx *store.Tx, account, id models.ID) (models.Sender, error) {
	if id == models.NoID {
		number, err := registered(tx, account)
		if err == nil && number.Name == "" {
			err = ErrSenderNotUsable.Saying("The account has no registered mobile number. Whoever manages the account can enter one.")
		}
		return number, err
	}
	found, err := usable(tx, account, id)
	if err != nil {
		return models.Sender{}, err
	}
	if len(found) == 0 {
		return models.Sender{}, whyNot(tx, account, id)
	}
	return found[0], nil
}

// registered is the account's mobile number. Its Name is "" where it has none.
func registered(tx *store.Tx, account models.ID) (models.Sender, error) {
	var number string
	err := tx.Raw(`SELECT mobile FROM accounts WHERE tenant_id = ? AND id = ? AND status <> 'deleted'`, tx.Actor.Tenant, account).Scan(&number).Error
	return models.Sender{Name: number, Account: account}, err
}

// mostOffered is how many a form offers: a list to choose from, not a directory.
const mostOffered = 500

// usable are the Sender IDs that the account may use, or the one of them that has the id.
func usable(tx *store.Tx, account, only models.ID) ([]models.Sender, error) {
	c := store.Visible(store.Viewer{Tenant: tx.Actor.Tenant, Account: account}, models.SharedSenderID, "s", models.MayUse)
	query := `SELECT s.id, s.name, s.account_id AS account, s.account_id <> a.id AS shared FROM sender_ids s
		JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = ?
		WHERE ` + c.SQL + ` AND s.status = 'approved' AND (s.account_id <> a.id OR ` + granted + `)`
	args := append([]any{account}, c.Args...)
	if only != models.NoID {
		query, args = query+` AND s.id = ?`, append(args, only)
	}
	var found []models.Sender
	err := tx.Raw(query+` ORDER BY shared, s.name_key, s.id LIMIT ?`, append(args, mostOffered)...).Scan(&found).Error
	return found, err
}

// whyNot is ErrSenderNotUsable with the rule that refuses, and who can change it.
func whyNot(tx *store.Tx, account, id models.ID) error {
	var row struct {
		Name   string
		Status models.SenderStatus
	}
	err := tx.Raw(`SELECT name, status FROM sender_ids WHERE tenant_id = ? AND account_id = ? AND id = ?`, tx.Actor.Tenant, account, id).Scan(&row).Error
	switch {
	case err != nil:
		return err
	case row.Name == "":
		return ErrSenderNotUsable.Saying("This Sender ID is not shared with the account, or not any more. Whoever manages the account can share it.")
	case row.Status == models.SenderApproved:
		return ErrSenderNotUsable.Saying("The account may not send from Sender IDs of its own any more. Whoever manages the account can permit it again with Add Sender IDs.")
	case row.Status == models.SenderRequested:
		return ErrSenderNotUsable.Saying("The Sender ID " + row.Name + " waits for approval by support.")
	}
	return ErrSenderNotUsable.Saying("The Sender ID " + row.Name + " was " + string(row.Status) + ". Request it again to use it.")
}
