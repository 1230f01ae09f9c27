package reports

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
)

// scanLog hands each row of a query made by logQuery to each.
func scanLog(rows pgx.Rows, each func(models.LogLine) error) error {
	var (
		line             models.LogLine
		tenant, id, acct pgtype.UUID
		other, transfer  pgtype.UUID
		at               pgtype.Timestamptz
		action, asset    string
		amount, after    pgtype.Int8
		details          pgtype.DriverBytes
		seen             = detailsCache{}
	)
	targets := []any{&tenant, &line.TenantName, &id, &at, &line.ActorEmail, &line.ActingAs, &action, &acct, &line.AccountName,
		&other, &line.OtherName, &asset, &amount, &after, &transfer, &line.Reference, &details}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		line.Tenant, line.ID, line.Account, line.Other, line.Transfer = tenant.Bytes, id.Bytes, acct.Bytes, other.Bytes, transfer.Bytes
		line.At, line.Action = at.Time.UTC(), models.Action(action)
		line.Amount, line.BalanceAfter = moneyOrNil(amount, asset), moneyOrNil(after, asset)
		var err error
		if line.Details, err = seen.read(details); err != nil {
			return err
		}
		if err := each(line); err != nil {
			return err
		}
	}
	return rows.Err()
}

func moneyOrNil(micros pgtype.Int8, asset string) *models.Money {
	if !micros.Valid {
		return nil
	}
	m := models.FromMicros(micros.Int64, asset)
	return &m
}

// detailsCache reads the details of lines. Most lines of a log say one of a few things, so what was read is kept.
type detailsCache map[string]map[string]string

const detailsKept = 1000

func (c detailsCache) read(text []byte) (map[string]string, error) {
	if len(text) <= len("{}") {
		return nil, nil
	}
	if known, ok := c[string(text)]; ok {
		return known, nil
	}
	var read map[string]string
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	if len(c) < detailsKept {
		c[string(text)] = read
	}
	return read, nil
}
