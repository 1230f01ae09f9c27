package audience

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/cases"

	"offshoot/models"
	"offshoot/services/store"
)

type contactRow struct {
	ID            models.ID
	Number        string
	Country, Name string
	NameKey       string
	Fields        string
	Since         *time.Time
	Version       int
	CreatedAt     time.Time
}

func (r contactRow) contact() models.Contact {
	c := models.Contact{ID: r.ID, Number: r.Number, Country: r.Country, Name: r.Name, OptedOut: r.Since, Version: r.Version, Since: r.CreatedAt}
	_ = json.Unmarshal([]byte(r.Fields), &c.Fields) // the database wrote it
	return c
}

const selectContacts = `SELECT c.id, c.number, c.country, c.name, c.name_key, c.fields::text AS fields, o.since, c.version, c.created_at
	FROM contacts c LEFT JOIN opt_outs o ON o.tenant_id = c.tenant_id AND o.account_id = c.account_id AND o.number = c.number`

// Contacts returns a group with a page of its contacts, in the order in which they came; those found by a search in the order of what
// was searched. For: whoever views the audience. Refuses: missing privilege; no such group.
func (s *Service) Contacts(ctx context.Context, actor models.Actor, id models.ID, q models.ContactQuery) (models.ShownGroup, models.ContactList, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return models.ShownGroup{}, models.ContactList{}, err
	}
	var group models.ShownGroup
	var page models.ContactList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if group, err = groupSeen(tx, id); err != nil {
			return err
		}
		page, err = contactsOf(tx, group.Group, q)
		return err
	})
	return group, page, err
}

// contactsOf finds a page. Without a search the group's own index leads; with one that of the account's contacts, by what the
// number or the name begins with.
func contactsOf(tx *store.Tx, g models.Group, q models.ContactQuery) (models.ContactList, error) {
	after, paged := parseCursor(q.After)
	search := clean(q.Search)
	key := `''`
	query := selectContacts + ` JOIN group_members m ON m.tenant_id = c.tenant_id AND m.contact_id = c.id AND m.group_id = ? WHERE c.tenant_id = ?`
	args := []any{g.ID, tx.Actor.Tenant}
	switch {
	case search == "":
		if paged {
			query, args = query+` AND m.contact_id > ?`, append(args, after.ID)
		}
		query += ` ORDER BY m.contact_id`
	default:
		prefixes, by := prefixesOf(tx, g, search)
		key = by
		query, args = query+` AND c.account_id = ? AND (`+strings.TrimSuffix(strings.Repeat(by+` >= ? AND `+by+` < ? OR `, len(prefixes)), ` OR `)+`)`, append(args, g.Account)
		for _, prefix := range prefixes {
			args = append(args, prefix, prefix+"\U0010ffff")
		}
		if paged {
			query, args = query+` AND (`+by+`, c.id) > (?, ?::uuid)`, append(args, after.Key, after.ID)
		}
		query += ` ORDER BY ` + by + `, c.id`
	}
	var rows []contactRow
	if err := tx.Raw(query+` LIMIT `+strconv.Itoa(pageSize+1), args...).Scan(&rows).Error; err != nil {
		return models.ContactList{}, err
	}
	var page models.ContactList
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		at := cursorAt{ID: last.ID}
		switch key {
		case "c.number":
			at.Key = last.Number
		case "c.name_key":
			at.Key = last.NameKey
		}
		page.Next = at.String()
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, r.contact())
	}
	return page, nil
}

// prefixesOf are what a search may mean, and the column that it is about: the beginning of a number, with its +, without, or
// nationally; or that of a name.
func prefixesOf(tx *store.Tx, g models.Group, search string) (prefixes []string, column string) {
	digits, problem := digitsOf(search)
	plain := strings.TrimPrefix(digits, "+")
	if problem != "" || plain == "" {
		return []string{cases.Lower(undetermined).String(search)}, "c.name_key"
	}
	if digits != plain {
		return []string{digits}, "c.number"
	}
	prefixes = []string{"+" + plain}
	if country, err := countryOf(tx, g.Account); err == nil {
		if code := phonenumbers.GetCountryCodeForRegion(country); code != 0 {
			if national := strings.TrimLeft(plain, "0"); national != "" {
				prefixes = append(prefixes, "+"+strconv.Itoa(code)+national)
			}
		}
	}
	return prefixes, "c.number"
}

// countryOf is the country in which an account's people type numbers.
func countryOf(tx *store.Tx, account models.ID) (string, error) {
	var country string
	err := tx.Raw(`SELECT country FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, account).Scan(&country).Error
	return country, err
}

// clean leaves out of a search what PostgreSQL would fail on, and what nobody searches for.
func clean(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 400)], ""), "\x00", ""))
	runes := []rune(text)
	return string(runes[:min(len(runes), 100)])
}

// ContactOrder is what the form of a contact asks.
type ContactOrder struct {
	Number  string // as people type it in the country of the group's account
	Name    string
	Fields  map[string]string // by the names of the group's fields
	Version int               // of the contact that the form was made from
}

func (o *ContactOrder) check(p *models.Problems, g models.Group, country string) Number {
	number, problem := ReadNumber(o.Number, country)
	if problem != "" {
		p.Add("number", problem)
	}
	if strings.TrimSpace(o.Name) != "" {
		o.Name = checkName(p, "name", "", o.Name)
	} else {
		o.Name = ""
	}
	fields := map[string]string{}
	for i, name := range g.Fields {
		value, problem := readText(o.Fields[name], longestValue)
		if problem != "" {
			p.Add("field_"+strconv.Itoa(i), problem)
		}
		fields[name] = value
	}
	o.Fields = fields
	return number
}

// AddContact puts a number into a group. Where the account has a contact of the number already it is that one, with the
// new name and fields. For: whoever manages the audience, in groups that the account may edit.
// Refuses: missing privilege; no such group; a group of others; what is wrong; a number that is in the group.
func (s *Service) AddContact(ctx context.Context, actor models.Actor, group models.ID, order ContactOrder) (models.Contact, error) {
	if err := actor.Require(models.ManageAudience); err != nil {
		return models.Contact{}, err
	}
	var added models.Contact
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, number, err := s.readOrder(tx, group, &order)
		if err != nil {
			return models.Event{}, err
		}
		added = models.Contact{Number: number.E164, Country: number.Country, Name: order.Name, Fields: order.Fields}
		fields, _ := json.Marshal(order.Fields)
		var row struct{ ID models.ID }
		err = tx.Raw(`INSERT INTO contacts (tenant_id, id, account_id, number, country, name, fields, created_at) VALUES (?, ?, ?, ?, ?, ?, ?::jsonb, ?)
			ON CONFLICT (tenant_id, account_id, number) DO UPDATE SET version = contacts.version + 1, country = excluded.country,
				name = CASE excluded.name WHEN '' THEN contacts.name ELSE excluded.name END, fields = contacts.fields || excluded.fields RETURNING id`,
			actor.Tenant, models.NewIDAt(tx.Now), g.Account, number.E164, number.Country, order.Name, string(fields), tx.Now).Scan(&row).Error
		if err != nil {
			return models.Event{}, err
		}
		added.ID = row.ID
		joined := tx.Exec(`INSERT INTO group_members (tenant_id, group_id, contact_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, actor.Tenant, group, row.ID)
		switch {
		case joined.Error != nil:
			return models.Event{}, joined.Error
		case joined.RowsAffected == 0:
			return models.Event{}, models.ErrCheckFields.At("number", "This number is in the group already.")
		}
		tx.Queue(`UPDATE groups SET members = members + 1 WHERE tenant_id = $1 AND id = $2`, actor.Tenant, group)
		return contactEvent(models.ContactAdded, g, number.E164), nil
	})
	return added, err
}

// readOrder locks the group that a contact's form is about and reads the form by its fields.
func (s *Service) readOrder(tx *store.Tx, group models.ID, order *ContactOrder) (models.Group, Number, error) {
	g, err := lockGroup(tx, group)
	if err != nil {
		return g, Number{}, err
	}
	country, err := countryOf(tx, g.Account)
	if err != nil {
		return g, Number{}, err
	}
	var p models.Problems
	number := order.check(&p, g, country)
	return g, number, p.Err()
}

func contactEvent(action models.Action, g models.Group, number string) models.Event {
	return models.Event{Action: action, Account: g.Account, Subject: g.ID, Details: map[string]string{"group": g.Name, "number": number}}
}

// Contact returns a contact of a group. For: as Contacts. Refuses: missing privilege; no such group or contact.
func (s *Service) Contact(ctx context.Context, actor models.Actor, group, contact models.ID) (models.ShownGroup, models.Contact, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return models.ShownGroup{}, models.Contact{}, err
	}
	var g models.ShownGroup
	var found models.Contact
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if g, err = groupSeen(tx, group); err != nil {
			return err
		}
		found, err = contactIn(tx, group, contact)
		return err
	})
	return g, found, err
}

func contactIn(tx *store.Tx, group, contact models.ID) (models.Contact, error) {
	var rows []contactRow
	err := tx.Raw(selectContacts+` JOIN group_members m ON m.tenant_id = c.tenant_id AND m.contact_id = c.id AND m.group_id = ?
		WHERE c.tenant_id = ? AND c.id = ?`, group, tx.Actor.Tenant, contact).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return models.Contact{}, orMissing(err, ErrNoSuchContact)
	}
	return rows[0].contact(), nil
}

// ChangeContact changes a contact of a group, in all groups that it is in. For: as AddContact.
// Refuses: missing privilege; no such group; a group of others; no such contact; a stale form; what is wrong; a number that another
// contact of the account has.
func (s *Service) ChangeContact(ctx context.Context, actor models.Actor, group, contact models.ID, order ContactOrder) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, number, wrong := s.readOrder(tx, group, &order)
		if g.ID == models.NoID {
			return models.Event{}, wrong
		}
		found, err := contactIn(tx, group, contact)
		switch {
		case err != nil:
			return models.Event{}, err
		case found.Version != order.Version:
			return models.Event{}, ErrStale
		case wrong != nil:
			return models.Event{}, wrong
		}
		fields, _ := json.Marshal(order.Fields)
		row := tx.Exec(`UPDATE contacts SET number = ?, country = ?, name = ?, fields = fields || ?::jsonb, version = version + 1
			WHERE tenant_id = ? AND id = ? AND version = ?`, number.E164, number.Country, order.Name, string(fields), actor.Tenant, contact, order.Version)
		if row.Error == nil && row.RowsAffected == 0 {
			return models.Event{}, ErrStale
		}
		return contactEvent(models.ContactChanged, g, number.E164), row.Error
	})
	if store.Violates(err, "contacts_tenant_id_account_id_number_key") {
		return models.ErrCheckFields.At("number", "Another contact has this number.")
	}
	return err
}

// RemoveContact takes a contact out of a group; one that is in no other is deleted. For: as AddContact.
// Refuses: missing privilege; no such group; a group of others; no such contact.
func (s *Service) RemoveContact(ctx context.Context, actor models.Actor, group, contact models.ID) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, err := lockGroup(tx, group)
		if err != nil {
			return models.Event{}, err
		}
		found, err := contactIn(tx, group, contact)
		if err != nil {
			return models.Event{}, err
		}
		left := tx.Exec(`DELETE FROM group_members WHERE tenant_id = ? AND group_id = ? AND contact_id = ?`, actor.Tenant, group, contact)
		switch {
		case left.Error != nil:
			return models.Event{}, left.Error
		case left.RowsAffected == 0:
			return models.Event{}, ErrNoSuchContact
		}
		tx.Queue(`UPDATE groups SET members = members - 1 WHERE tenant_id = $1 AND id = $2`, actor.Tenant, group)
		return contactEvent(models.ContactRemoved, g, found.Number), dropUngrouped(tx, "{"+contact.String()+"}")
	})
	return err
}

// Recipient is a member of a group as a send needs it.
type Recipient struct {
	Contact models.ID
	Number  string // E.164
	Country string // of the number
}

// Members returns members of a group in order of contact, from behind one on, at most so many. The caller has checked that
// the group may be used.
func Members(ctx context.Context, tx *store.Tx, group, after models.ID, limit int) ([]Recipient, error) {
	var found []Recipient
	err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Recipient])
		return err
	}, `SELECT c.id, c.number, c.country FROM group_members m JOIN contacts c ON c.tenant_id = m.tenant_id AND c.id = m.contact_id
		WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.contact_id > $3 ORDER BY m.contact_id LIMIT $4`, tx.Actor.Tenant, group, after, limit)
	return found, err
}

// ExportContacts hands every contact of a group to each, in the order in which they came. It streams.
// For: as Contacts. Refuses: missing privilege; no such group.
func (s *Service) ExportContacts(ctx context.Context, actor models.Actor, id models.ID, each func(models.Contact) error) error {
	if err := actor.Require(models.ViewAudience); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		if _, err := groupSeen(tx, id); err != nil {
			return err
		}
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				var r contactRow
				if err := rows.Scan(&r.Number, &r.Name, &r.Fields, &r.Since); err != nil {
					return err
				}
				if err := each(r.contact()); err != nil {
					return err
				}
			}
			return nil
		}, `SELECT c.number, c.name, c.fields::text, o.since FROM group_members m JOIN contacts c ON c.tenant_id = m.tenant_id AND c.id = m.contact_id
			LEFT JOIN opt_outs o ON o.tenant_id = c.tenant_id AND o.account_id = c.account_id AND o.number = c.number
			WHERE m.tenant_id = $1 AND m.group_id = $2 ORDER BY m.contact_id`, actor.Tenant, id)
	})
}
