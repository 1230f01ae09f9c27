package reports

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// LogFilter says which lines of the action log. What is empty does not narrow.
type LogFilter struct {
	Account models.ID // what happened to this account
	Action  models.Action
	Group   string // key of models.ActionGroups
	Who     string // part of the e-mail of whoever did it, whatever its capitals
	Days    models.Days
}

// LogPage is a page of the action log, newest line first.
type LogPage struct {
	Lines []models.LogLine
	PageLinks
}

// MaxWho is how long the text that Who searches for may be.
const MaxWho = 254

func (f LogFilter) validate() error {
	var p models.Problems
	checkDays(&p, f.Days)
	if _, ok := models.ActionGroupOf(f.Group); f.Group != "" && !ok {
		p.Add("group", "Choose from the list.")
	}
	if f.Action != "" && !slices.ContainsFunc(models.ActionGroups, func(g models.ActionGroup) bool { return slices.Contains(g.Actions, f.Action) }) {
		p.Add("action", "Choose from the list.")
	}
	if len(f.Who) > MaxWho || strings.ContainsRune(f.Who, 0) || !isText(f.Who) {
		p.Add("who", "Enter part of an e-mail address.")
	}
	return p.Err()
}

// actions are those the filter lets pass; none: all.
func (f LogFilter) actions() []string {
	var names []string
	group, _ := models.ActionGroupOf(f.Group)
	for _, action := range group.Actions {
		if f.Action == "" || f.Action == action {
			names = append(names, string(action))
		}
	}
	if f.Group == "" && f.Action != "" {
		names = []string{string(f.Action)}
	}
	if f.Group != "" && len(names) == 0 {
		names = []string{""} // an action of another group: nothing is both
	}
	return names
}

// ActionLog returns a page of the action log.
// For: a parent's users, who see their tenant's; staff, who see the whole installation's, or that of the tenant they are
// at work in. Refuses: missing privilege; a bad filter; a bad cursor; an account that is not the tenant's
// (ErrNoSuchAccount). Staff who read the whole installation name a parent; a sub-account they name from its tenant.
func (s *Service) ActionLog(ctx context.Context, actor models.Actor, filter LogFilter, page Page) (LogPage, error) {
	var found LogPage
	err := s.readLog(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q logQuery) (err error) {
		found, err = logPage(ctx, tx, q, page)
		return err
	})
	return found, err
}

// ExportActionLog hands every line that ActionLog would show, page after page, to each. It holds one line at a time; what
// is in it may be kept, but for its Details, which the next line may share.
// For and refusals: as ActionLog. An error of each ends it.
func (s *Service) ExportActionLog(ctx context.Context, actor models.Actor, filter LogFilter, each func(models.LogLine) error) error {
	return s.readLog(ctx, actor, filter, func(ctx context.Context, tx *store.Tx, q logQuery) error {
		for _, setting := range streaming {
			tx.Queue(setting)
		}
		sql, args := q.all()
		return tx.Rows(ctx, func(rows pgx.Rows) error { return scanLog(rows, each) }, sql, args...)
	})
}

// streaming has PostgreSQL walk along the index and look names up on the way, so that a file of millions of lines begins
// at once: joined by hashing it takes no less time, all of it before the first line, to sort what it joined.
var streaming = []string{"SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off"}

func (s *Service) readLog(ctx context.Context, actor models.Actor, filter LogFilter, read func(context.Context, *store.Tx, logQuery) error) error {
	if !actor.Can(models.SupportAccounts) {
		if err := actor.Require(models.ViewActionLog); err != nil {
			return err
		}
	}
	if err := filter.validate(); err != nil {
		return err
	}
	q := logQuery{filter: filter}
	if q.everywhere = actor.Can(models.SupportAccounts) && actor.Tenant == actor.Account; q.everywhere && filter.Account != models.NoID {
		actor, q.everywhere = actor.In(filter.Account), false
	}
	door := s.read
	if q.everywhere {
		door = s.survey
	}
	return door(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		q.tenant = tx.Actor.Tenant
		if filter.Account != models.NoID {
			if _, err := find(tx, reach{}, filter.Account); err != nil {
				return err
			}
		}
		return read(ctx, tx, q)
	})
}

func logPage(ctx context.Context, tx *store.Tx, q logQuery, page Page) (LogPage, error) {
	lines, links, err := turn(page, func(cursor string, newer bool, limit int) ([]models.LogLine, error) {
		sql, args, err := q.page(cursor, newer, limit)
		if err != nil {
			return nil, err
		}
		lines := make([]models.LogLine, 0, limit)
		err = tx.Rows(ctx, func(rows pgx.Rows) error {
			return scanLog(rows, func(l models.LogLine) error { lines = append(lines, l); return nil })
		}, sql, args...)
		return lines, err
	}, func(l models.LogLine) string { return moment{l.At, l.ID}.cursor() })
	return LogPage{lines, links}, err
}
