package messaging

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/senders"
	"offshoot/services/store"
)

// Draft is a send as it is composed.
type Draft struct {
	Sender  models.ID // a Sender ID; NoID: the account's registered mobile
	Group   models.ID // NoID: none
	Numbers string    // typed: one a line, or between commas and semicolons
	File    io.Reader // a table with numbers; nil: none
	Text    string
}

// Compose keeps a send that can be looked at and started, and returns it. Whom it goes to is read chunk by chunk, each in a
// transaction of its own; of a group the first chunk at once and the rest in the background, while the send is Collecting.
// For: those with SendMessages. Refuses, in order: missing privilege; a text that cannot be sent; nobody to send it to; a
// Sender ID that the account may not use; no such group; more numbers than MaxNumbers; a file that is no table; a list
// without anything in it.
func (s *Service) Compose(ctx context.Context, actor models.Actor, d Draft) (models.ID, error) {
	if err := actor.Require(models.SendMessages); err != nil {
		return models.NoID, err
	}
	d.Text = Tidy(d.Text)
	size, err := Measure(d.Text)
	if err != nil {
		return models.NoID, err
	}
	if strings.TrimSpace(d.Numbers) == "" && d.File == nil && d.Group == models.NoID {
		return models.NoID, models.ErrCheckFields.At("numbers", "Say whom this goes to: type numbers, upload a file, or choose a group.")
	}
	row := newSend{ID: models.NewIDAt(s.store.Now()), Draft: d, Sizing: size}
	if err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error { return row.look(ctx, tx) }); err != nil {
		return models.NoID, err
	}
	if err := s.insert(ctx, actor, row); err != nil {
		return models.NoID, err
	}
	if err := s.read(ctx, actor, row); err != nil {
		_, _ = s.store.Note(context.WithoutCancel(ctx), actor.Tenant, `DELETE FROM sends WHERE tenant_id = $1 AND id = $2`, row.ID) // else the sweep does it
		return models.NoID, err
	}
	if err := s.finish(ctx, actor, row); err != nil || d.Group == models.NoID {
		return row.ID, err
	}
	_, err = s.collect(ctx, actor.Tenant, row.ID)
	return row.ID, err
}

// read takes what was typed and uploaded.
func (s *Service) read(ctx context.Context, actor models.Actor, n newSend) error {
	c := &collector{service: s, tenant: actor.Tenant, send: n.ID, country: n.Country}
	if err := c.typed(ctx, n.Numbers); err != nil {
		return err
	}
	if n.File != nil {
		err := c.file(ctx, n.File)
		if refused, is := asRule(err); is {
			return refused.At("file", refused.Message)
		}
		if err != nil {
			return err
		}
	}
	if c.all == 0 && n.Group == models.NoID {
		return models.ErrCheckFields.At("numbers", "There is no number in this.")
	}
	return nil
}

// newSend is a send before it is kept.
type newSend struct {
	ID models.ID
	Draft
	models.Sizing
	SenderName string
	Country    string // of the account: in which its people write numbers
	Currency   string
}

// look finds out what the draft names, and refuses what the account may not use.
func (n *newSend) look(ctx context.Context, tx *store.Tx) error {
	sender, err := senders.MayUse(tx, tx.Actor.Account, n.Sender)
	if refused, is := asRule(err); is {
		return refused.At("from", refused.Message)
	}
	if err != nil {
		return err
	}
	n.SenderName = sender.Name
	if n.Group != models.NoID {
		_, err := audience.Usable(ctx, tx, n.Group)
		if refused, is := asRule(err); is {
			return models.ErrCheckFields.At("group", refused.Message)
		}
		if err != nil {
			return err
		}
	}
	return tx.Raw(`SELECT country, currency FROM accounts WHERE tenant_id = ? AND id = ?`, tx.Actor.Tenant, tx.Actor.Account).Row().
		Scan(&n.Country, &n.Currency)
}

// insert keeps a send that is unfinished: nobody sees it until finish.
func (s *Service) insert(ctx context.Context, actor models.Actor, n newSend) error {
	_, err := s.store.Note(ctx, actor.Tenant, `INSERT INTO sends (tenant_id, id, account_id, created_by, created_as, user_id, sender, sender_id, group_id,
			body, encoding, parts, status, currency, created_at, unfinished_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'collecting', $13, $14, $14)`,
		n.ID, actor.Account, actor.Email, actor.Entered(), orNull(actor.User), n.SenderName, orNull(n.Sender), orNull(n.Group),
		n.Text, string(n.Encoding), n.Parts, n.Currency, s.store.Now())
	return err
}

// finish has what was typed and uploaded read: the send is ready, or its group is collected.
func (s *Service) finish(ctx context.Context, actor models.Actor, n newSend) error {
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		status := models.SendReady
		if n.Group != models.NoID {
			status = models.SendCollecting
			if err := tx.Enqueue(ctx, Collect{Tenant: actor.Tenant, Send: n.ID}, nil); err != nil {
				return models.Event{}, err
			}
		}
		tx.QueueExactly(ErrNoSuchSend, `UPDATE sends SET unfinished_since = NULL, status = $3 WHERE tenant_id = $1 AND id = $2 AND unfinished_since IS NOT NULL`,
			actor.Tenant, n.ID, string(status))
		return models.Event{Action: models.SendComposed, Account: actor.Account, Subject: n.ID, Details: map[string]string{"sender": n.SenderName}}, nil
	})
	return err
}

// Collect is the job that takes the numbers of a group into a send.
type Collect struct {
	Tenant models.ID `json:"tenant"`
	Send   models.ID `json:"send"`
}

// Kind is what the job queue calls it.
func (Collect) Kind() string { return "sends.collect" }

// InsertOpts puts it where long work cannot hold up the rest.
func (Collect) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: SendQueue} }

// CollectAll takes what is left of a send's group. For: the job, which may run any number of times.
func (s *Service) CollectAll(ctx context.Context, job Collect) error {
	for {
		if more, err := s.collect(ctx, job.Tenant, job.Send); err != nil || !more {
			return err
		}
	}
}

// collect takes the next members of a send's group, and says whether there may be more. A contact that another run has
// taken already is not taken again: the send says up to which one it has come.
func (s *Service) collect(ctx context.Context, tenant, send models.ID) (more bool, err error) {
	var row struct {
		AccountID models.ID
		GroupID   *models.ID
		Collected *models.ID
	}
	var members []audience.Recipient
	err = s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		found := tx.Raw(`SELECT account_id, group_id, collected FROM sends WHERE tenant_id = ? AND id = ? AND status = 'collecting' AND unfinished_since IS NULL`,
			tenant, send).Scan(&row)
		if found.Error != nil || found.RowsAffected == 0 || row.GroupID == nil {
			return found.Error
		}
		after := models.NoID
		if row.Collected != nil {
			after = *row.Collected
		}
		members, err = audience.Members(ctx, tx, *row.GroupID, after, chunk)
		return err
	})
	if err != nil || row.GroupID == nil {
		return false, err
	}
	if len(members) == 0 {
		_, err = s.store.Note(ctx, tenant, `UPDATE sends SET status = 'ready' WHERE tenant_id = $1 AND id = $2 AND status = 'collecting'`, send)
		return false, err
	}
	var r rows
	for _, m := range members {
		r.add(0, m.Number, m.Country, "")
	}
	before := models.NoID
	if row.Collected != nil {
		before = *row.Collected
	}
	if _, err := s.addRows(ctx, tenant, send, fromGroup, r, before, members[len(members)-1].Contact); err != nil {
		return false, err
	}
	if len(members) == chunk {
		return true, nil
	}
	return s.collect(ctx, tenant, send) // there are no more, unless somebody has just come in
}

// unfinishedFor is after how long a send whose upload was cut off is thrown away.
const unfinishedFor = time.Hour

// SweepUnfinished throws away the sends whose uploads were cut off, and returns how many. For: a periodic job.
func (s *Service) SweepUnfinished(ctx context.Context) (int64, error) {
	return s.store.Sweep(ctx, "sends", "unfinished_since", s.store.Now().Add(-unfinishedFor))
}

// Choices are what a message of the actor's account can come from, and the groups it can go to.
// For: those with SendMessages. Refuses: missing privilege.
func (s *Service) Choices(ctx context.Context, actor models.Actor) (from []models.Sender, groups []models.Group, err error) {
	if err := actor.Require(models.SendMessages); err != nil {
		return nil, nil, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if from, err = senders.Usable(tx, actor.Account); err != nil {
			return err
		}
		groups, err = audience.UsableGroups(ctx, tx)
		return err
	})
	return from, groups, err
}
