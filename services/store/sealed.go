package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/secrets"
)

// Sealed is a column of a tenants' table whose values were sealed for the place of their row.
type Sealed struct {
	Table, Column string
	// GiveUp is what becomes of rows whose key is gone for good: the beginning of a statement, up to its conditions.
	GiveUp string
}

// SealedColumns are all there are. Whoever seals another column adds its line, so that its values follow the keys.
var SealedColumns = []Sealed{
	{"outbox", "sealed", `UPDATE outbox SET sealed = NULL, status = 'failed', last_error = 'The keys that it was sealed with are gone.' WHERE`},
	{"second_factors", "secret", `DELETE FROM second_factors WHERE`},
}

// Place is where the value of one row belongs.
func (s Sealed) Place(tenant, row models.ID) secrets.Place {
	return secrets.Place{Tenant: tenant, Row: row, Column: s.Table + "." + s.Column}
}

// UseKeys gives the store the keys that secrets are sealed with. It is called once, before the store is used.
func (s *Store) UseKeys(keys *secrets.Keys) { s.keys = keys }

// Keys are the store's keys, which seal and open nothing when it was given none.
func (s *Store) Keys() *secrets.Keys { return s.keys }

// Keys are the store's.
func (tx *Tx) Keys() *secrets.Keys { return tx.store.keys }

const resealBatch = 500

// Reseal seals anew, under the primary key, whatever was sealed under another one, tenant by tenant and in batches, and
// returns how many values it did and how many the keys do not open, which stay as they are. It may run while others read
// and write, any number of times: a value that changed in between is left alone. For: offshoot keys rotate.
func (s *Store) Reseal(ctx context.Context) (done, unreadable int64, err error) {
	for _, column := range SealedColumns {
		tenants, err := s.tenantsWhere(ctx, column.Table, column.other(1), secrets.SealedUnder(s.keys.Fingerprint()))
		if err != nil {
			return done, unreadable, err
		}
		for _, tenant := range tenants {
			d, u, err := s.reseal(ctx, column, tenant)
			done, unreadable = done+d, unreadable+u
			if err != nil {
				return done, unreadable, err
			}
		}
	}
	return done, unreadable, nil
}

// other is the condition of a value that begins with something else than the parameter.
func (s Sealed) other(parameter int) string {
	return fmt.Sprintf("%[1]s IS NOT NULL AND substring(%[1]s FROM 1 FOR 5) <> $%[2]d", s.Column, parameter)
}

// GiveUp gives up what no key of the store opens, and returns how many values that was. Messages count as failed, second
// factors have to be set up anew. For: offshoot keys abandon.
func (s *Store) GiveUp(ctx context.Context) (gone int64, err error) {
	var held [][]byte
	for _, id := range s.keys.IDs() {
		held = append(held, secrets.SealedUnder(id))
	}
	for _, column := range SealedColumns {
		const lost = "%[1]s IS NOT NULL AND substring(%[1]s FROM 1 FOR 5) <> ALL ($%[2]d::bytea[])"
		tenants, err := s.tenantsWhere(ctx, column.Table, fmt.Sprintf(lost, column.Column, 1), held)
		if err != nil {
			return gone, err
		}
		for _, tenant := range tenants {
			given, err := s.Note(ctx, tenant, column.GiveUp+" tenant_id = $1 AND "+fmt.Sprintf(lost, column.Column, 2), held)
			gone += given
			if err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}

type sealedRow struct {
	ID    models.ID
	Value []byte
}

func (s *Store) reseal(ctx context.Context, column Sealed, tenant models.ID) (done, unreadable int64, err error) {
	find := fmt.Sprintf(`SELECT id, %s AS value FROM %s WHERE tenant_id = $1 AND id > $2 AND %s ORDER BY id LIMIT $4`,
		column.Column, column.Table, column.other(3))
	replace := fmt.Sprintf(`UPDATE %[1]s t SET %[2]s = n.fresh FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) n (id, old, fresh)
		WHERE t.tenant_id = $1 AND t.id = n.id AND t.%[2]s = n.old`, column.Table, column.Column)
	for after := models.NoID; ; {
		var rows []sealedRow
		err := s.Read(ctx, models.System(tenant), func(ctx context.Context, tx *Tx) error {
			return tx.Rows(ctx, func(found pgx.Rows) (err error) {
				rows, err = pgx.CollectRows(found, pgx.RowToStructByName[sealedRow])
				return err
			}, find, tenant, after, secrets.SealedUnder(s.keys.Fingerprint()), resealBatch)
		})
		if err != nil || len(rows) == 0 {
			return done, unreadable, err
		}
		after = rows[len(rows)-1].ID
		var ids []models.ID
		var olds, fresh [][]byte
		for _, row := range rows {
			plain, err := s.keys.Open(row.Value, column.Place(tenant, row.ID))
			if err != nil {
				unreadable++
				continue
			}
			sealed, err := s.keys.Seal(plain, column.Place(tenant, row.ID))
			if err != nil {
				return done, unreadable, err
			}
			ids, olds, fresh = append(ids, row.ID), append(olds, row.Value), append(fresh, sealed)
		}
		changed, err := s.Note(ctx, tenant, replace, ids, olds, fresh)
		done += changed
		if err != nil {
			return done, unreadable, err
		}
	}
}

// KeysNeeded says how many values there are under each key, in all tenants. For: the check at a program's start, and for
// offshoot keys.
func (s *Store) KeysNeeded(ctx context.Context) (map[secrets.KeyID]int64, error) {
	needed := map[secrets.KeyID]int64{}
	err := s.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *Tx) error {
		for _, column := range SealedColumns {
			read := func(rows pgx.Rows) error {
				var begin []byte
				var count int64
				_, err := pgx.ForEachRow(rows, []any{&begin, &count}, func() error {
					id, _ := secrets.KeyOf(begin)
					needed[id] += count
					return nil
				})
				return err
			}
			count := fmt.Sprintf(`SELECT substring(%[2]s FROM 1 FOR 5), count(*) FROM %[1]s WHERE %[2]s IS NOT NULL GROUP BY 1`, column.Table, column.Column)
			if err := tx.Rows(ctx, read, count); err != nil {
				return err
			}
		}
		return nil
	})
	return needed, err
}
