package accounts

import (
	"context"
	"strings"

	"offshoot/models"
	"offshoot/services/store"
)

// How much of a number somebody must type for it to be looked for as a number, and how many digits one has at most.
const (
	leastDigits = 4
	mostDigits  = 15
)

// mobileDigits is what of a text that may be a mobile number stands in every way of writing it: its digits without the 0
// or 00 before them. It is "" for a text that is no number.
func mobileDigits(text string) string {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "+") {
		text = strings.ReplaceAll(text, "(0)", "") // some write what is dialled within the country alone
	}
	digits := strings.TrimLeft(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\u00a0+-./()", r) {
			return -1
		}
		return r
	}, text), "0")
	if len(digits) < leastDigits || len(digits) > mostDigits || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	return digits
}

// FindUsers returns the people of the whole installation whose name or e-mail has the text in it, and those of accounts
// whose mobile it is, of accounts of one status where the query names it, fifty at most in order of e-mail; with no text, nobody. People of deleted accounts are left out.
// For: staff.
func (s *Service) FindUsers(ctx context.Context, actor models.Actor, q models.FindQuery) (models.FoundUsers, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.FoundUsers{}, err
	}
	pattern := searchPattern(q.Text)
	if pattern == "" {
		return models.FoundUsers{}, nil
	}
	where, args := `lower((u.name || ' ' || u.email) COLLATE "und-x-icu") LIKE lower(? COLLATE "und-x-icu")`, []any{pattern}
	if digits := mobileDigits(q.Text); digits != "" {
		where, args = `(`+where+` OR (u.tenant_id, u.account_id) IN (SELECT m.tenant_id, m.id FROM accounts m WHERE m.search LIKE ? AND m.mobile LIKE ?))`,
			append(args, "%"+digits+"%", "%"+digits+"%")
	}
	if q.Status != "" {
		where, args = where+` AND a.status = ?`, append(args, clean(string(q.Status)))
	}
	if at, ok := parseCursor(q.People); ok && orders["name"].reads(at.Key) {
		where, args = where+` AND (u.email, u.id) > (?, ?::uuid)`, append(args, at.Key, at.ID)
	}
	var page models.FoundUsers
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT u.tenant_id, u.id, u.account_id, u.name, u.email, u.role, u.owner, u.disabled_at IS NOT NULL AS disabled,
				a.name AS account_name, a.kind AS account_kind, p.name AS parent_name
			FROM users u JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id AND a.status <> 'deleted'
			JOIN accounts p ON p.tenant_id = u.tenant_id AND p.id = u.tenant_id
			WHERE `+where+` ORDER BY u.email, u.id LIMIT 51`, args...).Scan(&page.Users).Error
	})
	if len(page.Users) > pageSize {
		page.Users = page.Users[:pageSize]
		last := page.Users[pageSize-1]
		page.Next = cursorAt{last.Email, last.ID}.String()
	}
	return page, err
}
