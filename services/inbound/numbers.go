package inbound

import (
	"context"
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/store"
)

// Numbers returns a page of the numbers of all accounts, in order, those that begin with a search.
// For: staff. Refuses: missing privilege.
func (s *Service) Numbers(ctx context.Context, actor models.Actor, search, after string) (models.AssignedNumbers, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.AssignedNumbers{}, err
	}
	var page models.AssignedNumbers
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		query, args := `SELECT n.number, n.tenant_id AS tenant, n.account_id AS account, a.name AS account_name, p.name AS parent_name, n.assigned_by AS by,
			n.assigned_as IS NOT NULL AS entered, n.assigned_at AS at FROM inbound_numbers n
			JOIN accounts a ON a.tenant_id = n.tenant_id AND a.id = n.account_id JOIN accounts p ON p.tenant_id = n.tenant_id AND p.id = n.tenant_id WHERE true`, []any{}
		if digits := onlyDigits(search); digits != "" {
			query, args = query+` AND n.number >= ? AND n.number < ?`, append(args, "+"+digits, "+"+digits+":")
		}
		if after != "" {
			query, args = query+` AND n.number > ?`, append(args, plain(after, 20))
		}
		if err := tx.Raw(query+` ORDER BY n.number LIMIT `+strconv.Itoa(pageSize+1), args...).Scan(&page.Rows).Error; err != nil {
			return err
		}
		if len(page.Rows) > pageSize {
			page.Rows = page.Rows[:pageSize]
			page.Next = page.Rows[pageSize-1].Number
		}
		return nil
	})
	return page, err
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// NumberOrder gives a number to the account whose sign-in is an e-mail.
type NumberOrder struct {
	Number string // as people type it in the account's country
	Email  string
}

// AssignNumber gives a number to an account, which gets what is written to it from then on.
// For: staff who manage parents. Refuses: missing privilege; an e-mail that is nobody's; what is no number; one that an account has.
func (s *Service) AssignNumber(ctx context.Context, actor models.Actor, o NumberOrder) (models.AssignedNumber, error) {
	if err := actor.Require(models.ManageParents); err != nil {
		return models.AssignedNumber{}, err
	}
	var at struct {
		TenantID, AccountID models.ID
		Name, Country       string
	}
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT a.tenant_id, a.id AS account_id, a.name, a.country FROM login_emails l
			JOIN users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id
			WHERE l.email = ? AND a.kind IN ('parent', 'sub') AND a.status <> 'deleted'`, strings.ToLower(strings.TrimSpace(plain(o.Email, 254)))).Scan(&at).Error
	})
	if err != nil {
		return models.AssignedNumber{}, err
	}
	var p models.Problems
	country := at.Country
	if at.AccountID == models.NoID {
		p.Add("email", "No account signs in with this e-mail.")
		country = "ZZ"
	}
	number, problem := audience.ReadNumber(o.Number, country)
	if problem != "" {
		p.Add("number", problem)
	}
	if p.Err() != nil {
		return models.AssignedNumber{}, p.Err()
	}
	_, err = s.store.Change(ctx, actor.In(at.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		row := tx.Exec(`INSERT INTO inbound_numbers (number, tenant_id, account_id, assigned_by, assigned_as, assigned_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (number) DO NOTHING`, number.E164, at.TenantID, at.AccountID, actor.Email, actor.Entered(), tx.Now)
		if row.Error == nil && row.RowsAffected == 0 {
			return models.Event{}, models.ErrCheckFields.At("number", "An account has this number already. Release it first.")
		}
		return models.Event{Action: models.NumberAssigned, Account: at.AccountID, Details: map[string]string{"number": number.E164}}, row.Error
	})
	return models.AssignedNumber{Number: number.E164, Tenant: at.TenantID, Account: at.AccountID, AccountName: at.Name}, err
}

// ReleaseNumber takes a number from its account; what is written to it then is nobody's. Messages that came stay.
// For: staff who manage parents. Refuses: missing privilege; a number that the tenant's accounts do not have.
func (s *Service) ReleaseNumber(ctx context.Context, actor models.Actor, tenant models.ID, number string) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor.In(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var account string
		err := tx.Raw(`DELETE FROM inbound_numbers WHERE tenant_id = ? AND number = ? RETURNING account_id::text`, tenant, plain(number, 20)).Scan(&account).Error
		id, found := models.ParseID(account)
		if err == nil && !found {
			err = ErrNoSuchNumber
		}
		return models.Event{Action: models.NumberReleased, Account: id, Details: map[string]string{"number": plain(number, 20)}}, err
	})
	return err
}
