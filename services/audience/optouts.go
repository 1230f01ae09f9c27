package audience

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"

	"offshoot/models"
	"offshoot/services/store"
)

// undetermined is the language of names: none in particular.
var undetermined = language.Und

// ErrNotOptedOut is the answer to a number that may be written to already.
var ErrNotOptedOut = &models.Error{Kind: models.NotFound, Code: "not_opted_out", Message: "This number is not opted out."}

// OptedOut says which of the numbers, in E.164, asked one of the accounts not to be written to.
func OptedOut(ctx context.Context, tx *store.Tx, accounts []models.ID, numbers []string) (map[string]bool, error) {
	found := map[string]bool{}
	if len(numbers) == 0 {
		return found, nil
	}
	accounts = slices.DeleteFunc(slices.Clone(accounts), func(id models.ID) bool { return id == models.NoID })
	err := tx.Rows(ctx, func(rows pgx.Rows) error {
		var number string
		_, err := pgx.ForEachRow(rows, []any{&number}, func() error { found[number] = true; return nil })
		return err
	}, `SELECT number FROM opt_outs WHERE tenant_id = $1 AND account_id = ANY ($2::uuid[]) AND number = ANY ($3::text[])`, tx.Actor.Tenant, accounts, numbers)
	return found, err
}

// OptOut keeps within a change of another service that a number is not to be written to by an account any more, and says
// whether that is new.
func OptOut(tx *store.Tx, account models.ID, number string, source models.OptOutSource) (fresh bool, err error) {
	row := tx.Exec(`INSERT INTO opt_outs (tenant_id, account_id, number, source, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		tx.Actor.Tenant, account, number, source, tx.Now)
	return row.RowsAffected == 1, row.Error
}

// OptIn takes it back, and says whether there was anything to take back.
func OptIn(tx *store.Tx, account models.ID, number string) (was bool, err error) {
	row := tx.Exec(`DELETE FROM opt_outs WHERE tenant_id = ? AND account_id = ? AND number = ?`, tx.Actor.Tenant, account, number)
	return row.RowsAffected == 1, row.Error
}

// OptOuts returns a page of the numbers that are opted out from the actor's account.
// For: whoever views the audience. Refuses: missing privilege.
func (s *Service) OptOuts(ctx context.Context, actor models.Actor, q models.OptOutQuery) (models.OptOutList, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return models.OptOutList{}, err
	}
	var page models.OptOutList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		query, args := `SELECT number, source, since FROM opt_outs WHERE tenant_id = ? AND account_id = ?`, []any{actor.Tenant, actor.Account}
		if search := clean(q.Search); search != "" {
			prefixes, column := prefixesOf(tx, models.Group{Account: actor.Account}, search)
			if column != "c.number" {
				return nil // no number begins with letters
			}
			query += ` AND (false`
			for _, prefix := range prefixes {
				query, args = query+` OR number >= ? AND number < ?`, append(args, prefix, prefix+":")
			}
			query += `)`
		}
		if after := clean(q.After); after != "" {
			query, args = query+` AND number > ?`, append(args, after)
		}
		var rows []struct {
			Number string
			Source models.OptOutSource
			Since  time.Time
		}
		if err := tx.Raw(query+` ORDER BY number LIMIT `+strconv.Itoa(pageSize+1), args...).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			page.Next = rows[pageSize-1].Number
		}
		for _, r := range rows {
			page.Rows = append(page.Rows, models.OptOut{Number: r.Number, Country: countryOfNumber(r.Number), Source: r.Source, Since: r.Since})
		}
		return nil
	})
	return page, err
}

// countryOfNumber is that of a number in E.164.
func countryOfNumber(e164 string) string {
	parsed, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(parsed)
}

// AddOptOut keeps that a number is not to be written to by the actor's account any more.
// For: whoever manages the audience. Refuses: missing privilege; what is wrong with the number; one that is opted out already.
func (s *Service) AddOptOut(ctx context.Context, actor models.Actor, typed string) (Number, error) {
	if err := actor.Require(models.ManageAudience); err != nil {
		return Number{}, err
	}
	var number Number
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		country, err := countryOf(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		var problem string
		if number, problem = ReadNumber(typed, country); problem != "" {
			return models.Event{}, models.ErrCheckFields.At("number", problem)
		}
		fresh, err := OptOut(tx, actor.Account, number.E164, models.OptOutPage)
		if err == nil && !fresh {
			err = models.ErrCheckFields.At("number", "This number is opted out already.")
		}
		return models.Event{Action: models.OptOutAdded, Account: actor.Account,
			Details: map[string]string{"number": number.E164, "source": string(models.OptOutPage)}}, err
	})
	return number, err
}

// RemoveOptOut lets the actor's account write to a number again. For: whoever manages the audience.
// Refuses: missing privilege; a number that is not opted out.
func (s *Service) RemoveOptOut(ctx context.Context, actor models.Actor, number string) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		was, err := OptIn(tx, actor.Account, clean(number))
		if err == nil && !was {
			err = ErrNotOptedOut
		}
		return models.Event{Action: models.OptOutRemoved, Account: actor.Account,
			Details: map[string]string{"number": clean(number), "source": string(models.OptOutPage)}}, err
	})
	return err
}

// ExportOptOuts hands every number that is opted out from the actor's account to each. It streams.
// For: whoever views the audience. Refuses: missing privilege.
func (s *Service) ExportOptOuts(ctx context.Context, actor models.Actor, each func(models.OptOut) error) error {
	if err := actor.Require(models.ViewAudience); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var o models.OptOut
			_, err := pgx.ForEachRow(rows, []any{&o.Number, &o.Source, &o.Since}, func() error { return each(o) })
			return err
		}, `SELECT number, source, since FROM opt_outs WHERE tenant_id = $1 AND account_id = $2 ORDER BY number`, actor.Tenant, actor.Account)
	})
}
