package billing

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// RateOrder asks for a price of a part.
type RateOrder struct {
	Currency string
	Country  string
	Price    models.Money
	From     models.Day // in the operator's time zone; today or no day: at once
}

// Validate says what is wrong with the order by itself: currency, country, price.
func (o RateOrder) Validate() error {
	var p models.Problems
	if !models.IsCurrency(o.Currency) {
		p.Add("currency", "Choose a currency.")
	}
	if !models.IsCountry(o.Country) {
		p.Add("country", "Choose a country.")
	}
	if o.Price.IsNegative() || o.Price.Asset != o.Currency {
		p.Add("price", "Enter the price of one part.")
	}
	return p.Err()
}

// SetRate puts a price on the rate card, from the beginning of a day or at once. One that was planned for the same moment
// is replaced; what is in force stays until then.
// For: staff who manage the operator. Refuses: missing privilege; a bad order; a day that has passed.
func (s *Service) SetRate(ctx context.Context, actor models.Actor, order RateOrder) (models.Rate, error) {
	if err := actor.Require(models.ManageOperator); err != nil {
		return models.Rate{}, err
	}
	if err := order.Validate(); err != nil {
		return models.Rate{}, err
	}
	rate := models.Rate{Country: order.Country, Price: order.Price}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		zone, err := operatorZone(tx)
		if err != nil {
			return models.Event{}, err
		}
		from, past := momentOf(order.From, tx.Now, zone)
		if past {
			return models.Event{}, models.ErrCheckFields.At("from", passed(tx.Now, zone))
		}
		if err := oneAtATime(tx); err != nil {
			return models.Event{}, err
		}
		rate.From = from
		details := map[string]string{"country": order.Country, "currency": order.Currency, "price": order.Price.Text(), "from": from.In(zone).Format(time.RFC3339)}
		before, err := rateAt(tx, order.Currency, order.Country, from)
		if err != nil {
			return models.Event{}, err
		}
		if before != nil {
			details["before"] = before.Price.Text()
		}
		tx.QueueExactly(ErrRateInForce, putRate, order.Currency, order.Country, from, order.Price.Micros(), tx.Now)
		return models.Event{Action: models.RateSet, Account: actor.Account, Details: details}, nil
	})
	return rate, err
}

// putRate writes a line that is not in force yet, or comes into force now.
const putRate = `INSERT INTO rates (currency, country, effective_from, price) VALUES ($1, $2, $3, $4)
	ON CONFLICT (currency, country, effective_from) DO UPDATE SET price = excluded.price WHERE rates.effective_from >= $5`

// DropRate takes a planned price off the rate card.
// For: staff who manage the operator. Refuses: missing privilege; no such price (ErrNoSuchRate); one that has come into
// force (ErrRateInForce).
func (s *Service) DropRate(ctx context.Context, actor models.Actor, currency, country string, from time.Time) error {
	if err := actor.Require(models.ManageOperator); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var price []int64
		if err := tx.Raw(`DELETE FROM rates WHERE currency = ? AND country = ? AND effective_from = ? RETURNING price`,
			currency, country, from).Scan(&price).Error; err != nil {
			return models.Event{}, err
		}
		if len(price) == 0 {
			return models.Event{}, ErrNoSuchRate
		}
		if !from.After(tx.Now) {
			return models.Event{}, ErrRateInForce
		}
		zone, err := operatorZone(tx)
		return models.Event{Action: models.RateDropped, Account: actor.Account, Details: map[string]string{"country": country, "currency": currency,
			"price": models.FromMicros(price[0], currency).Text(), "from": from.In(zone).Format(time.RFC3339)}}, err
	})
	return err
}

// Rates returns a page of the rate card: what each country costs now in each currency, and what it will cost next.
// For: staff. Refuses: missing privilege.
func (s *Service) Rates(ctx context.Context, actor models.Actor, q models.RateQuery) (models.RateCard, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return models.RateCard{}, err
	}
	var card models.RateCard
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		currency, country, _ := strings.Cut(q.After, ".")
		card.Lines, err = standings(tx, q, currency, country, pageSize+1)
		return err
	})
	if len(card.Lines) > pageSize {
		card.Lines = card.Lines[:pageSize]
		last := card.Lines[pageSize-1]
		card.Next = last.Currency + "." + last.Country
	}
	return card, err
}

const pageSize = 50

func standings(tx *store.Tx, q models.RateQuery, currency, country string, limit int) ([]models.RateStanding, error) {
	var rows []struct {
		Currency, Country string
		Price, NextPrice  *int64
		Since, Next       *time.Time
	}
	where, args := "", []any{currency, country}
	if q.Currency != "" {
		where, args = " AND currency = ?", append(args, q.Currency)
	}
	if q.Country != "" {
		where, args = where+" AND country = ANY (string_to_array(?, ' ')::char(2)[])", append(args, strings.Join(countriesLike(q.Country), " "))
	}
	err := tx.Raw(`WITH lines AS (SELECT DISTINCT currency, country FROM rates WHERE (currency, country) > (?, ?)`+where+`
			ORDER BY currency, country LIMIT ?)
		SELECT l.currency, l.country, n.price, n.effective_from AS since, x.price AS next_price, x.effective_from AS next FROM lines l
		LEFT JOIN LATERAL (SELECT price, effective_from FROM rates r WHERE r.currency = l.currency AND r.country = l.country
			AND effective_from <= ? ORDER BY effective_from DESC LIMIT 1) n ON true
		LEFT JOIN LATERAL (SELECT price, effective_from FROM rates r WHERE r.currency = l.currency AND r.country = l.country
			AND effective_from > ? ORDER BY effective_from LIMIT 1) x ON true
		ORDER BY l.currency, l.country`, append(args, limit, tx.Now, tx.Now)...).Scan(&rows).Error
	lines := make([]models.RateStanding, 0, len(rows))
	for _, r := range rows {
		line := models.RateStanding{Country: r.Country, Currency: r.Currency}
		if r.Since != nil {
			line.Now = &models.Rate{Country: r.Country, Price: models.FromMicros(*r.Price, r.Currency), From: *r.Since}
		}
		if r.Next != nil {
			line.Next = &models.Rate{Country: r.Country, Price: models.FromMicros(*r.NextPrice, r.Currency), From: *r.Next}
		}
		lines = append(lines, line)
	}
	return lines, err
}

// countriesLike are the codes of the countries whose code is the text, or whose name has it.
func countriesLike(text string) []string {
	text = strings.ToLower(strings.TrimSpace(text))
	var codes []string
	for _, c := range models.Countries() {
		if strings.ToLower(c.Code) == text || strings.Contains(strings.ToLower(c.Name), text) {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// RateHistory returns all prices that a country has had and will have in a currency, newest first.
// For: staff. Refuses: missing privilege; none at all (ErrNoSuchRate).
func (s *Service) RateHistory(ctx context.Context, actor models.Actor, currency, country string) ([]models.Rate, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return nil, err
	}
	var lines []models.Rate
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var rows []struct {
			Price         int64
			EffectiveFrom time.Time
		}
		err := tx.Raw(`SELECT price, effective_from FROM rates WHERE currency = ? AND country = ? ORDER BY effective_from DESC LIMIT 1000`,
			currency, country).Scan(&rows).Error
		for _, r := range rows {
			lines = append(lines, models.Rate{Country: country, Price: models.FromMicros(r.Price, currency), From: r.EffectiveFrom.UTC()})
		}
		if err == nil && len(rows) == 0 {
			err = ErrNoSuchRate
		}
		return err
	})
	return lines, err
}

// RateCurrencies are the currencies that the rate card has prices in. For: staff.
func (s *Service) RateCurrencies(ctx context.Context, actor models.Actor) ([]string, error) {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return nil, err
	}
	var codes []string
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`WITH RECURSIVE c AS ((SELECT currency FROM rates ORDER BY currency LIMIT 1) UNION ALL
			SELECT (SELECT r.currency FROM rates r WHERE r.currency > c.currency ORDER BY r.currency LIMIT 1) FROM c WHERE c.currency IS NOT NULL)
			SELECT currency FROM c WHERE currency IS NOT NULL`).Scan(&codes).Error
	})
	return codes, err
}

// rateAt is the price that holds at a moment, nil where there is none.
func rateAt(tx *store.Tx, currency, country string, at time.Time) (*models.Rate, error) {
	var rows []struct {
		Price         int64
		EffectiveFrom time.Time
	}
	err := tx.Raw(`SELECT price, effective_from FROM rates WHERE currency = ? AND country = ? AND effective_from <= ?
		ORDER BY effective_from DESC LIMIT 1`, currency, country, at).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &models.Rate{Country: country, Price: models.FromMicros(rows[0].Price, currency), From: rows[0].EffectiveFrom}, nil
}

// oneAtATime lets one change of the rate card follow the other, so that each sees what the one before made of it.
func oneAtATime(tx *store.Tx) error {
	const rateCard = 0x0ff5_4a7e
	return tx.Exec(`SELECT pg_advisory_xact_lock(?)`, rateCard).Error
}

// operatorZone is the time zone of the account that staff belong to.
func operatorZone(tx *store.Tx) (*time.Location, error) {
	var zones []string
	err := tx.Raw(`SELECT time_zone FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, tx.Actor.Account).Scan(&zones).Error
	if err != nil || len(zones) == 0 {
		return time.UTC, err
	}
	return models.Account{TimeZone: zones[0]}.Zone(), nil
}

// momentOf is when a price that begins on a day comes into force: now for today and no day. It says whether the day has passed.
func momentOf(day models.Day, now time.Time, zone *time.Location) (from time.Time, past bool) {
	today := models.DayOf(now, zone)
	if day.IsZero() || day == today {
		return now, false
	}
	return day.Start(zone), day.Before(today)
}

func passed(now time.Time, zone *time.Location) string {
	return "This day has passed: a price holds from " + models.DayOf(now, zone).String() + " on, or later."
}

// ExportRates hands over every price of a query that is in force or planned, by currency, country and time.
// For: staff. Refuses: missing privilege.
func (s *Service) ExportRates(ctx context.Context, actor models.Actor, q models.RateQuery, each func(models.Rate) error) error {
	if err := actor.Require(models.SupportAccounts); err != nil {
		return err
	}
	var countries []string
	if q.Country != "" {
		countries = countriesLike(q.Country)
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			var currency, country string
			var price int64
			var from time.Time
			_, err := pgx.ForEachRow(rows, []any{&currency, &country, &price, &from}, func() error {
				return each(models.Rate{Country: country, Price: models.FromMicros(price, currency), From: from.UTC()})
			})
			return err
		}, `SELECT currency, country, price, effective_from FROM rates r
			WHERE ($1 = '' OR currency = $1) AND ($2 OR country = ANY ($3::char(2)[]))
				AND effective_from >= coalesce((SELECT effective_from FROM rates n WHERE n.currency = r.currency AND n.country = r.country
					AND n.effective_from <= $4 ORDER BY effective_from DESC LIMIT 1), '-infinity')
			ORDER BY currency, country, effective_from`, q.Currency, q.Country == "", countries, tx.Now)
	})
}
