package audience

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"offshoot/models"
	"offshoot/services/sharing"
	"offshoot/services/store"
)

const pageSize = 50

type groupRow struct {
	ID, AccountID     models.ID
	AccountName, Name string
	NameKey           string
	Fields            string // as a JSON list
	Members           int64
	Version           int
	CreatedAt         time.Time
}

func (r groupRow) group() models.Group {
	g := models.Group{ID: r.ID, Account: r.AccountID, AccountName: r.AccountName, Name: r.Name, Members: r.Members, Version: r.Version, CreatedAt: r.CreatedAt}
	_ = json.Unmarshal([]byte(r.Fields), &g.Fields) // the database wrote it
	return g
}

const selectGroups = `SELECT g.id, g.account_id, a.name AS account_name, g.name, g.name_key, to_json(g.fields)::text AS fields, g.members, g.version, g.created_at
	FROM groups g JOIN accounts a ON a.tenant_id = g.tenant_id AND a.id = g.account_id WHERE `

// Groups returns a page of the groups that the actor's account may see, in order of name.
// For: whoever views the audience. Refuses: missing privilege.
func (s *Service) Groups(ctx context.Context, actor models.Actor, q models.GroupQuery) (models.GroupList, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return models.GroupList{}, err
	}
	var page models.GroupList
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		seen := store.Visible(tx.Viewer(), models.SharedGroup, "g", models.MaySee)
		query, args := selectGroups+seen.SQL, slices.Clip(seen.Args)
		if at, ok := parseCursor(q.After); ok {
			query, args = query+` AND (g.name_key, g.id) > (?, ?::uuid)`, append(args, at.Key, at.ID)
		}
		var rows []groupRow
		if err := tx.Raw(query+` ORDER BY g.name_key, g.id LIMIT `+strconv.Itoa(pageSize+1), args...).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			last := rows[pageSize-1]
			page.Next = cursorAt{last.NameKey, last.ID}.String()
		}
		return showGroups(tx, rows, &page)
	})
	return page, err
}

// showGroups says of each group what the reader may do with it.
func showGroups(tx *store.Tx, rows []groupRow, page *models.GroupList) error {
	var ids []models.ID
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	settings, err := sharing.Settings(tx, models.SharedGroup, ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		may, err := store.MayOf(tx, tx.Viewer(), models.SharedGroup, r.ID)
		if err != nil {
			return err
		}
		shown := models.ShownGroup{Group: r.group(), May: may, Setting: models.OnlyMe}
		if set, ok := settings[r.ID]; ok {
			shown.Setting = set
		}
		page.Rows = append(page.Rows, shown)
	}
	return nil
}

// Group returns one group. For: as Groups. Refuses: missing privilege; no such group.
func (s *Service) Group(ctx context.Context, actor models.Actor, id models.ID) (models.ShownGroup, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return models.ShownGroup{}, err
	}
	var found models.ShownGroup
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = groupSeen(tx, id)
		return err
	})
	return found, err
}

func groupSeen(tx *store.Tx, id models.ID) (models.ShownGroup, error) {
	may, err := store.MayOf(tx, tx.Viewer(), models.SharedGroup, id)
	if err != nil {
		return models.ShownGroup{}, err
	}
	var rows []groupRow
	if may > models.MayNothing {
		if err := tx.Raw(selectGroups+`g.tenant_id = ? AND g.id = ? AND g.deleted_at IS NULL`, tx.Actor.Tenant, id).Scan(&rows).Error; err != nil {
			return models.ShownGroup{}, err
		}
	}
	var page models.GroupList
	if err := showGroups(tx, rows, &page); err != nil || len(page.Rows) == 0 {
		return models.ShownGroup{}, orMissing(err, ErrNoSuchGroup)
	}
	return page.Rows[0], nil
}

func orMissing(err error, missing *models.Error) error {
	if err != nil {
		return err
	}
	return missing
}

// Usable returns a group that the actor's account may send to: its own, or one that its parent shares with it. Refuses
// with ErrNoSuchGroup; one that may only be seen is none.
func Usable(_ context.Context, tx *store.Tx, id models.ID) (models.Group, error) {
	return UsableBy(tx, tx.Viewer(), id)
}

// UsableBy is Usable for a job that works for an account.
func UsableBy(tx *store.Tx, viewer store.Viewer, id models.ID) (models.Group, error) {
	usable := store.Visible(viewer, models.SharedGroup, "g", models.MayUse)
	var rows []groupRow
	err := tx.Raw(selectGroups+usable.SQL+` AND g.id = ?`, append(slices.Clip(usable.Args), id)...).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return models.Group{}, orMissing(err, ErrNoSuchGroup)
	}
	return rows[0].group(), nil
}

// UsableGroups returns the groups that the actor's account may send to, in order of name, 500 at most.
func UsableGroups(_ context.Context, tx *store.Tx) ([]models.Group, error) {
	usable := store.Visible(tx.Viewer(), models.SharedGroup, "g", models.MayUse)
	var rows []groupRow
	err := tx.Raw(selectGroups+usable.SQL+` ORDER BY g.name_key, g.id LIMIT 500`, usable.Args...).Scan(&rows).Error
	var groups []models.Group
	for _, r := range rows {
		groups = append(groups, r.group())
	}
	return groups, err
}

// GroupOrder is what the form of a group asks.
type GroupOrder struct {
	Name    string
	Fields  []string // names of the custom fields; empty ones are none
	Version int      // of the group that the form was made from
	Key     string   // one-time key of a new group's form
}

func (o *GroupOrder) check() error {
	var p models.Problems
	o.Name = checkName(&p, "name", "Enter a name for the group.", o.Name)
	o.Fields = checkFields(&p, "fields", o.Fields)
	return p.Err()
}

// AddGroup makes a group of the actor's account. For: whoever manages the audience.
// Refuses: missing privilege; what is wrong with name or fields; a name that another group has.
func (s *Service) AddGroup(ctx context.Context, actor models.Actor, order GroupOrder) (models.ID, error) {
	if err := actor.Require(models.ManageAudience); err != nil {
		return models.NoID, err
	}
	if err := order.check(); err != nil {
		return models.NoID, err
	}
	done, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		id := models.NewIDAt(tx.Now)
		return models.Event{Action: models.GroupAdded, Account: actor.Account, Subject: id, Details: map[string]string{"group": order.Name}},
			tx.Exec(`INSERT INTO groups (tenant_id, id, account_id, name, fields, created_at) VALUES (?, ?, ?, ?, ?::text[], ?)`,
				actor.Tenant, id, actor.Account, order.Name, textArray(order.Fields), tx.Now).Error
	}, store.Once(order.Key, GroupOrder{Name: order.Name, Fields: order.Fields}))
	return done.Subject, nameTaken(err)
}

// ChangeGroup renames a group and changes the names of its fields; what contacts have in a field that is left out stays with
// them, unseen. For: whoever manages the audience, of groups that the account may edit.
// Refuses: missing privilege; what is wrong; no such group; a group of others; a stale form; a name that another group has.
func (s *Service) ChangeGroup(ctx context.Context, actor models.Actor, id models.ID, order GroupOrder) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	wrong := order.check()
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, err := lockGroup(tx, id)
		switch {
		case err != nil:
			return models.Event{}, err
		case wrong != nil:
			return models.Event{}, wrong
		case g.Version != order.Version:
			return models.Event{}, ErrStale
		}
		event := models.Event{Action: models.GroupChanged, Account: g.Account, Subject: id, Details: map[string]string{"group": order.Name}}
		if g.Name != order.Name {
			event.Details["was"] = g.Name
		}
		return event, tx.Exec(`UPDATE groups SET name = ?, fields = ?::text[], version = version + 1 WHERE tenant_id = ? AND id = ?`,
			order.Name, textArray(order.Fields), actor.Tenant, id).Error
	})
	return nameTaken(err)
}

func nameTaken(err error) error {
	if store.Violates(err, "groups_name_key") {
		return models.ErrCheckFields.At("name", "There is a group of this name already.")
	}
	return err
}

// DeleteGroup deletes a group of the actor's own account, with those of its contacts that are in no other group; the
// rows go in the background. For: whoever manages the audience.
// Refuses: missing privilege; no such group; a group of another account.
func (s *Service) DeleteGroup(ctx context.Context, actor models.Actor, id models.ID) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, err := lockGroup(tx, id)
		switch {
		case err != nil:
			return models.Event{}, err
		case g.Account != actor.Account:
			return models.Event{}, ErrNotYourGroup
		}
		tx.Queue(`UPDATE groups SET deleted_at = $3 WHERE tenant_id = $1 AND id = $2`, actor.Tenant, id, tx.Now)
		sharing.Forget(tx, models.SharedGroup, id)
		event := models.Event{Action: models.GroupDeleted, Account: g.Account, Subject: id,
			Details: map[string]string{"group": g.Name, "contacts": strconv.FormatInt(g.Members, 10)}}
		return event, tx.Enqueue(ctx, PurgeGroup{Tenant: actor.Tenant, Group: id}, nil)
	})
	return err
}

// lockGroup returns a group that the actor's account may edit, and nobody else changes it or its members until the transaction
// ends. Refuses: no such group; a group of others.
func lockGroup(tx *store.Tx, id models.ID) (models.Group, error) {
	may, err := store.MayOf(tx, tx.Viewer(), models.SharedGroup, id)
	switch {
	case err != nil:
		return models.Group{}, err
	case may == models.MayNothing:
		return models.Group{}, ErrNoSuchGroup
	case may < models.MayEdit:
		return models.Group{}, ErrNotYourGroup
	}
	return holdGroup(tx, id)
}

// holdGroup is lockGroup for the installation itself.
func holdGroup(tx *store.Tx, id models.ID) (models.Group, error) {
	var rows []groupRow
	err := tx.Raw(selectGroups+`g.tenant_id = ? AND g.id = ? AND g.deleted_at IS NULL FOR NO KEY UPDATE OF g`, tx.Actor.Tenant, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return models.Group{}, orMissing(err, ErrNoSuchGroup)
	}
	return rows[0].group(), nil
}

// PurgeGroup is the job that removes the rows of a deleted group.
type PurgeGroup struct {
	Tenant models.ID `json:"tenant"`
	Group  models.ID `json:"group"`
}

// Purge removes the members of a deleted group, and the contacts that are in no other, some thousands at a time.
// For: the job PurgeGroup.
func (s *Service) Purge(ctx context.Context, job PurgeGroup) error {
	for removed := int64(chunk); removed == chunk; {
		err := s.store.Settle(ctx, job.Tenant, func(ctx context.Context, tx *store.Tx) error {
			var contacts []string
			err := tx.Raw(`DELETE FROM group_members WHERE tenant_id = ? AND group_id = ? AND contact_id = ANY (ARRAY(SELECT m.contact_id FROM group_members m
				JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id AND g.deleted_at IS NOT NULL
				WHERE m.tenant_id = ? AND m.group_id = ? ORDER BY m.contact_id LIMIT ?)) RETURNING contact_id::text`,
				job.Tenant, job.Group, job.Tenant, job.Group, chunk).Scan(&contacts).Error
			removed = int64(len(contacts))
			if err != nil || removed == 0 {
				return err
			}
			return dropUngrouped(tx, "{"+strings.Join(contacts, ",")+"}")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropUngrouped deletes those of the contacts that are in no group any more. Their rows are locked before anybody looks for
// groups: whoever puts a contact into a group holds its row too.
func dropUngrouped(tx *store.Tx, contacts string) error {
	if err := tx.Exec(`SELECT FROM contacts WHERE tenant_id = ? AND id = ANY (?::uuid[]) ORDER BY id FOR UPDATE`, tx.Actor.Tenant, contacts).Error; err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM contacts c WHERE c.tenant_id = ? AND c.id = ANY (?::uuid[]) AND NOT EXISTS (SELECT FROM group_members m
		WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id)`, tx.Actor.Tenant, contacts).Error
}

// textArray is a list as PostgreSQL reads it from text.
func textArray(items []string) string {
	text, _ := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.TextFormatCode, append([]string{}, items...), nil)
	if text == nil {
		return "{}"
	}
	return string(text)
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
	if err != nil || text == "" || len(text) > 2000 {
		return cursorAt{}, false
	}
	var c cursorAt
	return c, json.Unmarshal(raw, &c) == nil && c.ID != models.NoID && !strings.ContainsRune(c.Key, 0)
}
