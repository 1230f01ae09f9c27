package proof

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/usage"
)

// Report is what a check of one tenant's books looked at and found.
type Report struct {
	Tenant models.ID
	Looked []Looked // in the order of Rules
	Took   time.Duration
}

// Looked is one rule of a check.
type Looked struct {
	Rule     Rule
	Rows     int64
	Faults   int64
	Examples []string // the first few of them
}

// Rows is how many rows the check held to a rule, each as often as there were rules for it.
func (r Report) Rows() (n int64) {
	for _, l := range r.Looked {
		n += l.Rows
	}
	return n
}

// Broken are the rules that do not hold.
func (r Report) Broken() (broken []Looked) {
	for _, l := range r.Looked {
		if l.Faults > 0 {
			broken = append(broken, l)
		}
	}
	return broken
}

// Freezes says whether an amount of the tenant cannot be trusted.
func (r Report) Freezes() bool {
	for _, l := range r.Broken() {
		if l.Rule.Freezes {
			return true
		}
	}
	return false
}

// String is the fault in one line.
func (l Looked) String() string {
	return fmt.Sprintf("%s: not so for %s", l.Rule.Says, exampled(l.Faults, l.Examples))
}

// exampled names some of so many.
func exampled(n int64, some []string) string {
	text := strings.Join(some, ", ")
	if more := n - int64(len(some)); more > 0 {
		text += " and " + strconv.FormatInt(more, 10) + " more"
	}
	return text
}

// fewExamples is how many faults of a rule are named.
const fewExamples = 5

// Check holds all of the books of the actor's tenant to every rule, or to those alone whose keys are named, within tx's snapshot.
// Nothing of the books comes here but counts and a few names, however many rows there are. For: whoever checks the books within
// a Read.
func Check(ctx context.Context, tx *store.Tx, only ...string) (Report, error) {
	return check(ctx, tx, nil, only...)
}

// window is what a check of what is new looks at.
type window struct{ since time.Time }

// logSlack is how much earlier than its transfer a log line may stand. They have their moment from the same transaction; this
// is for transfers whose id an earlier version made by the clock of a later moment of it.
const logSlack = 5 * time.Minute

func (w window) args(tenant models.ID) pgx.NamedArgs {
	return pgx.NamedArgs{"tenant": tenant, "movements": movements, "first": models.FirstIDAt(w.since), "logged": w.since.Add(-logSlack)}
}

// check is Check, or of what is new alone.
func check(ctx context.Context, tx *store.Tx, of *window, only ...string) (Report, error) {
	began := time.Now()
	sql, skip, args := wholeSQL, inNew, pgx.NamedArgs{"tenant": tx.Actor.Tenant, "movements": movements}
	if of != nil {
		sql, skip, args = newSQL, inWhole, of.args(tx.Actor.Tenant)
	}
	found := map[string]*Looked{}
	wanted := func(keys ...string) bool {
		return len(only) == 0 || slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(only, key) })
	}
	var walked []pass
	for _, p := range passes {
		if p.how != skip && wanted(p.rules...) {
			walked = append(walked, p)
			walk(tx, p, sql(p), args, found)
		}
	}
	if err := tx.Answers(ctx); err != nil {
		return Report{}, fmt.Errorf("books: %w", err)
	}
	for _, p := range walked {
		for i, key := range p.rules {
			if found[key].Faults > 0 {
				name(tx, i, len(p.rules), sql(p), args, found[key])
			}
		}
	}
	if err := tx.Answers(ctx); err != nil {
		return Report{}, fmt.Errorf("books: %w", err)
	}
	if of == nil && wanted("usage") {
		if err := checkUsage(ctx, tx, found); err != nil {
			return Report{}, fmt.Errorf("books: usage: %w", err)
		}
	}
	r := Report{Tenant: tx.Actor.Tenant, Took: time.Since(began)}
	for _, rule := range rules {
		if l := found[rule.Key]; l != nil {
			l.Rule = rule
			r.Looked = append(r.Looked, *l)
		}
	}
	return r, nil
}

// walk asks how many rows a pass looks at, and how many of them break each of its rules.
func walk(tx *store.Tx, p pass, sql string, args pgx.NamedArgs, found map[string]*Looked) {
	counts := make([]int64, 1+len(p.rules))
	into := make([]any, len(counts))
	count := "count(*)"
	for i := range counts {
		into[i] = &counts[i]
		if i > 0 {
			count += fmt.Sprintf(", count(*) FILTER (WHERE broken%d)", i)
		}
	}
	for _, key := range p.rules {
		found[key] = &Looked{}
	}
	tx.Ask(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, into, func() error {
			for i, key := range p.rules {
				found[key].Rows, found[key].Faults = counts[0], counts[i+1]
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", strings.Join(p.rules, ", "), err)
		}
		return nil
	}, "SELECT "+count+" FROM ("+sql+") "+named(len(p.rules)), args)
}

// name asks for the first few rows that break one rule of a pass.
func name(tx *store.Tx, rule, of int, sql string, args pgx.NamedArgs, found *Looked) {
	tx.Ask(func(rows pgx.Rows) (err error) {
		found.Examples, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, fmt.Sprintf("SELECT subject FROM (%s) %s WHERE broken%d ORDER BY subject LIMIT %d", sql, named(of), rule+1, fewExamples), args)
}

// named gives the columns of a pass their names.
func named(rules int) string {
	text := "x (subject"
	for i := range rules {
		text += fmt.Sprintf(", broken%d", i+1)
	}
	return text + ")"
}

// checkUsage holds the sums of usage against what they are of.
func checkUsage(ctx context.Context, tx *store.Tx, found map[string]*Looked) error {
	l := &Looked{}
	found["usage"] = l
	tx.Ask(func(rows pgx.Rows) (err error) {
		l.Rows, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
		return err
	}, `SELECT (SELECT count(*) FROM usage_sums WHERE tenant_id = $1) + (SELECT count(*) FROM usage_changes WHERE tenant_id = $1)`, tx.Actor.Tenant)
	faults, err := usage.Faults(ctx, tx)
	l.Faults, l.Examples = int64(len(faults)), faults[:min(len(faults), fewExamples)]
	return err
}
