package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/store"
)

const (
	pageSize = 50
	// CountLimit is how far a list counts what matches: an exact count of 100,000 rows costs more than the page.
	CountLimit = 1000
)

// order is how one column sorts: by an expression that an index serves, ties broken by the account's id.
type order struct{ expr, id, cast string }

// nameOrder is how names sort: as people read them, in every script.
const nameOrder = `lower(a.name COLLATE "und-x-icu")`

var orders = map[string]order{
	"name":          {nameOrder, "a.id", "text"},
	"email":         {"a.email", "a.id", "text"},
	"mobile":        {"a.mobile", "a.id", "text"},
	"status":        {"a.status", "a.id", "text"},
	"funding":       {"a.funding", "a.id", "text"},
	"balance":       {"b.balance", "b.account_id", "bigint"},
	"last_login":    {"coalesce(u.last_login_at, '-infinity')", "u.account_id", "timestamptz"},
	"last_activity": {"coalesce(s.last_at, '-infinity')", "s.account_id", "timestamptz"},
}

// reads says whether a cursor's key is one of this order. A cursor of another order, or one that somebody made up, is
// none, and must not reach PostgreSQL, which would fail on it.
func (o order) reads(key string) bool {
	switch o.cast {
	case "bigint":
		_, err := strconv.ParseInt(key, 10, 64)
		return err == nil
	case "timestamptz":
		return key == "-infinity" || isTimestamp(key)
	}
	return !strings.ContainsRune(key, 0)
}

// isTimestamp says whether text is a time as PostgreSQL writes it, in a zone of +02 or of +05:30. Go reads more than
// PostgreSQL does: a year 0, zones a day away, fractions without end.
func isTimestamp(text string) bool {
	at, err := time.Parse("2006-01-02 15:04:05Z07", text)
	if err != nil {
		at, err = time.Parse("2006-01-02 15:04:05Z07:00", text)
	}
	_, offset := at.Zone()
	return err == nil && len(text) < 40 && at.Year() > 0 && max(offset, -offset) <= 15*60*60
}

const listFrom = ` FROM accounts a
	JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance'
	JOIN wallets s ON s.tenant_id = a.tenant_id AND s.account_id = a.id AND s.kind = 'spent'
	JOIN users u ON u.tenant_id = a.tenant_id AND u.account_id = a.id AND u.owner`

// List returns a page of the sub-accounts of the actor's account. For: a parent's users, staff at work in the tenant.
func (s *Service) List(ctx context.Context, actor models.Actor, q models.AccountQuery) (models.AccountList, error) {
	if err := actor.Require(models.ViewSubAccounts); err != nil && !actor.Can(models.SupportAccounts) {
		return models.AccountList{}, err
	}
	var page models.AccountList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		if err := countMatches(tx, q, &page); err != nil {
			return err
		}
		return listPage(tx, q, &page)
	})
	return page, err
}

// where is the filter of a list, for accounts a.
func where(q models.AccountQuery, tenant models.ID) (string, []any) {
	sql, args := `a.tenant_id = ? AND a.kind = 'sub' AND a.status <> 'deleted'`, []any{tenant}
	if q.Status != "" {
		sql, args = sql+` AND a.status = ?`, append(args, clean(string(q.Status)))
	}
	if q.Funding != "" {
		sql, args = sql+` AND a.funding = ?`, append(args, clean(string(q.Funding)))
	}
	if search := searchPattern(q.Search); search != "" {
		sql, args = sql+searched, append(args, search)
	}
	return sql, args
}

// searched holds the column search, which is in small letters, against a pattern. PostgreSQL makes the pattern's letters
// small, for Go's are others in some scripts; the index is in the default collation.
const (
	isLike   = `LIKE lower(? COLLATE "und-x-icu") COLLATE "default"`
	searched = ` AND a.search ` + isLike
)

// searchPattern finds text anywhere; % and _ are themselves.
func searchPattern(text string) string {
	text = strings.TrimSpace(norm.NFC.String(clean(text)))
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100])
	}
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// clean leaves out of text from outside what PostgreSQL would fail on, and what nobody searches for.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 1000)], ""), "\x00", "")
}

func countMatches(tx *store.Tx, q models.AccountQuery, page *models.AccountList) error {
	where, args := where(q, tx.Actor.Tenant)
	err := tx.Raw(`SELECT count(*) FROM (SELECT 1 FROM accounts a WHERE `+where+` LIMIT ?) x`, append(args, CountLimit+1)...).Scan(&page.Count).Error
	if page.Count > CountLimit {
		page.Count, page.More = CountLimit, true
	}
	return err
}

func listPage(tx *store.Tx, q models.AccountQuery, page *models.AccountList) error {
	by, known := orders[q.Sort]
	page.Sorted = q.Sort
	if !known {
		by, page.Sorted = orders["name"], "name"
	}
	where, args := where(q, tx.Actor.Tenant)
	cursor, backwards := q.After, false
	if q.Before != "" {
		cursor, backwards = q.Before, true
	}
	down := q.Desc != backwards
	compare, direction := ">", "ASC"
	if down {
		compare, direction = "<", "DESC"
	}
	at, valid := parseCursor(cursor)
	if valid = valid && by.reads(at.Key); valid {
		where += fmt.Sprintf(` AND (%s, %s) %s (?::%s, ?::uuid)`, by.expr, by.id, compare, by.cast)
		args = append(args, at.Key, at.ID)
	}
	var rows []struct {
		ID, AccountID                    models.ID
		Name, ContactName, Email, Mobile string
		Status                           models.AccountStatus
		Funding                          models.Funding
		Asset                            string
		Balance                          int64
		LastLoginAt, LastAt              *time.Time
		SortKey                          string
	}
	query := fmt.Sprintf(`SELECT a.id, a.name, a.contact_name, a.email, a.mobile, a.status, a.funding, b.asset, b.balance,
		u.last_login_at, s.last_at, (%[1]s)::text AS sort_key`+listFrom+` WHERE %[3]s ORDER BY %[1]s %[4]s, %[2]s %[4]s LIMIT %[5]d`,
		by.expr, by.id, where, direction, pageSize+1)
	if err := tx.Raw(query, args...).Scan(&rows).Error; err != nil {
		return err
	}
	more := len(rows) > pageSize
	if more {
		rows = rows[:pageSize]
	}
	if backwards {
		slices.Reverse(rows)
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, models.ListedAccount{ID: r.ID, Name: r.Name, ContactName: r.ContactName, Email: r.Email, Mobile: r.Mobile,
			Status: r.Status, Funding: r.Funding, Balance: models.FromMicros(r.Balance, r.Asset), LastLogin: r.LastLoginAt, LastActivity: r.LastAt})
	}
	if len(rows) == 0 {
		return nil
	}
	first, last := cursorAt{rows[0].SortKey, rows[0].ID}, cursorAt{rows[len(rows)-1].SortKey, rows[len(rows)-1].ID}
	if backwards && more || !backwards && valid {
		page.Newer = first.String()
	}
	if !backwards && more || backwards {
		page.Older = last.String()
	}
	return nil
}

// cursorAt names a row by what it is sorted by and its id.
type cursorAt struct {
	Key string
	ID  models.ID
}

func (c cursorAt) String() string {
	text, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(text string) (cursorAt, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || text == "" {
		return cursorAt{}, false
	}
	var c cursorAt
	return c, json.Unmarshal(raw, &c) == nil && c.ID != models.NoID
}

// ExportDetails hands every sub-account that the query finds to each, in order of name (REP-2). It streams.
// For: a parent's users.
func (s *Service) ExportDetails(ctx context.Context, actor models.Actor, q models.AccountQuery, each func(models.SubAccountDetails) error) error {
	if err := actor.Require(models.ViewSubAccounts); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		where, args := where(q, tx.Actor.Tenant)
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				var d models.SubAccountDetails
				var asset string
				var shared, remaining int64
				if err := rows.Scan(&d.Name, &d.Email, &d.Mobile, &d.Status, &asset, &shared, &remaining); err != nil {
					return err
				}
				d.SharingBalance, d.RemainingBalance = models.FromMicros(shared, asset), models.FromMicros(remaining, asset)
				if err := each(d); err != nil {
					return err
				}
			}
			return nil
		}, `SELECT a.name, a.email, a.mobile, a.status, b.asset, b.allocated, b.balance`+
			` FROM accounts a JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance'
			WHERE `+numbered(where)+` ORDER BY `+nameOrder+`, a.id`, args...)
	})
}

// numbered turns ? into $1, $2 …, which is how hand-written SQL has its values.
func numbered(sql string) string {
	var b strings.Builder
	n := 0
	for _, r := range sql {
		if r == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
