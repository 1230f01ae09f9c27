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
	text := searchText(q.Text)
	if text == "" {
		return models.FoundUsers{}, nil
	}
	var page models.FoundUsers
	err := s.store.Survey(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		f := filter{sql: `a.status <> 'deleted'`}
		if err := f.anywhere(tx, "users_like", "u", `lower((u.name || ' ' || u.email) COLLATE "und-x-icu") COLLATE "default"`, text); err != nil {
			return err
		}
		if q.Status != "" {
			f.and(`a.status = ?`, clean(string(q.Status)))
		}
		if at, ok := parseCursor(q.People); ok && orders["name"].reads(at.Key) {
			f.and(`(u.email, u.id) > (?, ?::uuid)`, at.Key, at.ID)
		}
		return tx.Raw(`SELECT u.tenant_id, u.id, u.account_id, u.name, u.email, u.role, u.owner, u.disabled_at IS NOT NULL AS disabled,
				a.name AS account_name, a.kind AS account_kind, p.name AS parent_name
			FROM users u JOIN accounts a ON a.tenant_id = u.tenant_id AND a.id = u.account_id
			JOIN accounts p ON p.tenant_id = u.tenant_id AND p.id = u.tenant_id
			WHERE `+f.sql+` ORDER BY u.email, u.id LIMIT 51`, f.args...).Scan(&page.Users).Error
	})
	if len(page.Users) > pageSize {
		page.Users = page.Users[:pageSize]
		last := page.Users[pageSize-1]
		page.Next = cursorAt{last.Email, last.ID}.String()
	}
	return page, err
}

// anywhere narrows a survey to the rows of the table called as that hold a text anywhere in their search text, or the number that
// the text is. They are looked up by the function of that name, as filterOf does within a tenant: few are then all that is
// looked at; of many, a page is met soon in any order.
func (f *filter) anywhere(tx *store.Tx, function, as, search, text string) error {
	digits := mobileDigits(text)
	number := ""
	if digits != "" {
		number = "%" + digits + "%"
	}
	var found []struct{ TenantID, ID models.ID }
	err := tx.Raw(`SELECT tenant_id, id FROM `+function+`(lower(? COLLATE "und-x-icu") COLLATE "default", ?, ?)`, searchPattern(text), number, fewMatches+1).
		Scan(&found).Error
	if err != nil {
		return err
	}
	if len(found) > fewMatches {
		f.and(`(strpos(`+search+`, lower(? COLLATE "und-x-icu") COLLATE "default") > 0 OR ? <> '' AND strpos(`+search+`, ?) > 0)`, text, digits, digits)
		return nil
	}
	var tenants, ids []string
	for _, row := range found {
		tenants, ids = append(tenants, row.TenantID.String()), append(ids, row.ID.String())
	}
	f.and(`(`+as+`.tenant_id, `+as+`.id) IN (SELECT * FROM unnest(?::uuid[], ?::uuid[]))`, "{"+strings.Join(tenants, ",")+"}", "{"+strings.Join(ids, ",")+"}")
	return nil
}
