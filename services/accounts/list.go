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
	// fewMatches of a search are looked up before anything else.
	fewMatches = 5000
)

// order is how one column sorts: by an expression that an index serves, ties broken by the account's id.
type order struct{ expr, id, cast string }

// nameOrder is how names sort: as people read them, in every script.
const nameOrder = `a.name_key`

var orders = map[string]order{
	"name":          {nameOrder, "a.id", "text"},
	"email":         {"a.email", "a.id", "text"},
	"mobile":        {"a.mobile", "a.id", "text"},
	"status":        {"a.status", "a.id", "text"},
	"funding":       {"a.funding", "a.id", "text"},
	"balance":       {"b.balance", "b.account_id", "bigint"},
	"last_login":    {"coalesce(u.last_login_at, '-infinity')", "u.account_id", "timestamptz"},
	"units":         {"s.units_held", "s.account_id", "bigint"},
	"last_activity": {"coalesce(greatest(s.last_at, s.units_used_at), '-infinity')", "s.account_id", "timestamptz"},
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
		filter, err := filterOf(tx, q)
		if err != nil {
			return err
		}
		if err := countMatches(tx, filter, &page); err != nil {
			return err
		}
		return listPage(tx, q, filter, &page)
	})
	return page, err
}

// filter is what a list shows, for accounts a.
type filter struct {
	sql  string
	args []any
}

func (f *filter) and(sql string, args ...any) {
	f.sql, f.args = f.sql+" AND "+sql, append(f.args, args...)
}

// filterOf reads the query. What is searched for is looked up first, by the index that finds text anywhere: few matches
// are then all that the list looks at, whatever it sorts by. More than fewMatches are so many that a list in any order meets
// a page of them soon, and each row is held against the text.
func filterOf(tx *store.Tx, q models.AccountQuery) (filter, error) {
	f := filter{sql: `a.tenant_id = ? AND a.kind = 'sub' AND a.status <> 'deleted'`, args: []any{tx.Actor.Tenant}}
	if q.Status != "" {
		f.and(`a.status = ?`, clean(string(q.Status)))
	}
	if q.Funding != "" {
		f.and(`a.funding = ?`, clean(string(q.Funding)))
	}
	pattern := searchPattern(q.Search)
	if pattern == "" {
		return f, nil
	}
	var found []string
	err := tx.Raw(`SELECT sub_accounts_like(lower(? COLLATE "und-x-icu") COLLATE "default", ?)::text`, pattern, fewMatches+1).Scan(&found).Error
	if len(found) > fewMatches {
		// PostgreSQL would guess that LIKE finds next to nothing, and look at everything to sort it.
		f.and(`strpos(a.search, lower(? COLLATE "und-x-icu") COLLATE "default") > 0`, searchText(q.Search))
	} else {
		f.and(`a.id = ANY (?::uuid[])`, "{"+strings.Join(found, ",")+"}")
	}
	return f, err
}

// searchPattern finds text anywhere; % and _ are themselves.
func searchPattern(text string) string {
	if text = searchText(text); text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func searchText(text string) string {
	text = strings.TrimSpace(norm.NFC.String(clean(text)))
	if runes := []rune(text); len(runes) > 100 {
		text = string(runes[:100])
	}
	return text
}

// clean leaves out of text from outside what PostgreSQL would fail on, and what nobody searches for.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 1000)], ""), "\x00", "")
}

func countMatches(tx *store.Tx, f filter, page *models.AccountList) error {
	err := tx.Raw(`SELECT count(*) FROM (SELECT 1 FROM accounts a WHERE `+f.sql+` LIMIT ?) x`, append(slices.Clip(f.args), CountLimit+1)...).Scan(&page.Count).Error
	if page.Count > CountLimit {
		page.Count, page.More = CountLimit, true
	}
	return err
}

func listPage(tx *store.Tx, q models.AccountQuery, f filter, page *models.AccountList) error {
	by, known := orders[q.Sort]
	page.Sorted = q.Sort
	if !known {
		by, page.Sorted = orders["name"], "name"
	}
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
		f.and(fmt.Sprintf(`(%s, %s) %s (?::%s, ?::uuid)`, by.expr, by.id, compare, by.cast), at.Key, at.ID)
	}
	var rows []struct {
		ID, AccountID                    models.ID
		Name, ContactName, Email, Mobile string
		TimeZone                         string
		Status                           models.AccountStatus
		Funding                          models.Funding
		Asset                            string
		Balance, Units                   int64
		LastLoginAt, LastAt              *time.Time
		TrialEndsAt, CreditedAt          *time.Time
		SortKey                          string
	}
	query := fmt.Sprintf(`SELECT a.id, a.name, a.contact_name, a.email, a.mobile, a.status, a.funding, a.time_zone, a.trial_ends_at, b.credited_at, b.asset, b.balance,
		u.last_login_at, s.units_held / 1000000 AS units, greatest(s.last_at, s.units_used_at) AS last_at, (%[1]s)::text AS sort_key`+listFrom+` WHERE %[3]s ORDER BY %[1]s %[4]s, %[2]s %[4]s LIMIT %[5]d`,
		by.expr, by.id, f.sql, direction, pageSize+1)
	if err := tx.Raw(query, f.args...).Scan(&rows).Error; err != nil {
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
			Status: r.Status, Funding: r.Funding, Balance: models.FromMicros(r.Balance, r.Asset), Units: r.Units, LastLogin: r.LastLoginAt, LastActivity: r.LastAt,
			TimeZone: r.TimeZone, Trial: models.Trial{EndsAt: r.TrialEndsAt, CreditedAt: r.CreditedAt}})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := readLimits(tx, page.Rows); err != nil {
		return err
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
		f, err := filterOf(tx, q)
		if err != nil {
			return err
		}
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				var d models.SubAccountDetails
				var asset string
				var shared, remaining int64
				if err := rows.Scan(&d.Name, &d.Email, &d.Mobile, &d.Status, &asset, &shared, &remaining, &d.RemainingUnits); err != nil {
					return err
				}
				d.SharingBalance, d.RemainingBalance = models.FromMicros(shared, asset), models.FromMicros(remaining, asset)
				if err := each(d); err != nil {
					return err
				}
			}
			return nil
		}, `SELECT a.name, a.email, a.mobile, a.status, b.asset, b.allocated, b.balance, s.units_held / 1000000`+
			` FROM accounts a JOIN wallets b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.kind = 'balance'
			JOIN wallets s ON s.tenant_id = a.tenant_id AND s.account_id = a.id AND s.kind = 'spent'
			WHERE `+store.Numbered(f.sql)+` ORDER BY `+nameOrder+`, a.id`, f.args...)
	})
}
