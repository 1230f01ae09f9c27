package reports

import (
	"strings"
	"unicode/utf8"

	"offshoot/models"
)

// logQuery writes the SQL of the action log for one filter.
type logQuery struct {
	filter     LogFilter
	tenant     models.ID
	everywhere bool
}

// shown are the columns as scanLog takes them, of lines l with the names of the accounts that they speak of, and of
// their tenants where they are of several.
const shown = `SELECT l.tenant_id, %t, l.id, l.at, l.user_email, coalesce(w.name, ''), l.action, l.account_id, a.name,
	l.other_account_id, coalesce(o.name, ''), coalesce(l.asset, ''), l.amount, l.balance_after, l.transfer_id, l.reference, l.details
	FROM %l l
	JOIN accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
	LEFT JOIN accounts o ON o.tenant_id = l.tenant_id AND o.id = l.other_account_id
	LEFT JOIN accounts w ON w.tenant_id = l.tenant_id AND w.id = l.as_account_id`

const (
	newestFirst = " ORDER BY at DESC, id DESC"
	oldestFirst = " ORDER BY at, id"
)

// of shows the lines of a table or subquery.
func (q logQuery) of(lines string) string {
	tenant, join := "''", ""
	if q.everywhere {
		tenant, join = "t.name", " JOIN accounts t ON t.tenant_id = l.tenant_id AND t.id = l.tenant_id"
	}
	return strings.NewReplacer("%l", "("+lines+")", "%t", tenant).Replace(shown) + join
}

// narrow writes the filter, but for its actions.
func (q logQuery) narrow() *where {
	w := &where{}
	if !q.everywhere {
		w.and("tenant_id = ?", q.tenant)
	}
	if q.filter.Account != models.NoID {
		w.and("account_id = ?", q.filter.Account)
	}
	if q.filter.Who != "" {
		w.and("user_email LIKE ?", "%"+escapeLike(strings.ToLower(q.filter.Who))+"%")
	}
	from, until := q.filter.Days.Bounds()
	if !from.IsZero() {
		w.and("at >= ?", from)
	}
	if !until.IsZero() {
		w.and("at < ?", until)
	}
	return w
}

// all is the whole list.
func (q logQuery) all() (string, []any) {
	w := q.narrow()
	if actions := q.filter.actions(); actions != nil {
		w.and("action = ANY(?)", actions)
	}
	return q.of("SELECT * FROM action_log"+w.String()) + " ORDER BY l.at DESC, l.id DESC", w.args
}

// page is up to limit lines beside a cursor, the nearest first. Lines are chosen before names are joined to them.
//
// The lines of several actions are taken from each action's own end of the index and then merged: a group that happened
// long ago is found as fast as one that happens all the time.
func (q logQuery) page(cursor string, newer bool, limit int) (string, []any, error) {
	w := q.narrow()
	order := newestFirst
	if newer {
		order = oldestFirst
	}
	if cursor != "" {
		from, err := readMoment(cursor)
		if err != nil {
			return "", nil, err
		}
		if newer {
			w.and("(at, id) > (?, ?)", from.at, from.id)
		} else {
			w.and("(at, id) < (?, ?)", from.at, from.id)
		}
	}
	cut := order + " LIMIT " + w.arg(limit)
	lines := "SELECT * FROM action_log" + w.String() + cut
	if actions := q.filter.actions(); actions != nil {
		each := make([]string, 0, len(actions))
		for _, action := range actions {
			one := &where{conditions: w.conditions, args: w.args}
			one.and("action = ?", action)
			each, w.args = append(each, "(SELECT * FROM action_log"+one.String()+cut+")"), one.args
		}
		lines = "SELECT * FROM (" + strings.Join(each, " UNION ALL ") + ") several" + cut
	}
	sql := q.of(lines)
	if newer {
		return sql + " ORDER BY l.at, l.id", w.args, nil
	}
	return sql + " ORDER BY l.at DESC, l.id DESC", w.args, nil
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func escapeLike(text string) string { return likeEscapes.Replace(text) }

// isText says whether PostgreSQL takes it as text.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
