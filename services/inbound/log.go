package inbound

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

const pageSize = 50

type inboundRow struct {
	ID                   models.ID
	Number, Sender, Body string
	Meaning              models.InboundMeaning
	Keyword, Reply       string
	ReplyID              *models.ID
	Problem              string
}

func (r inboundRow) message() models.InboundMessage {
	m := models.InboundMessage{ID: r.ID, At: models.MomentOf(r.ID), Number: r.Number, Sender: r.Sender, Body: r.Body, Meaning: r.Meaning, Keyword: r.Keyword, Reply: r.Reply, Problem: r.Problem}
	if r.ReplyID != nil {
		m.ReplyID = *r.ReplyID
	}
	return m
}

// where is the condition of the messages that a filter finds, with values as $n.
func where(actor models.Actor, f models.InboundFilter) (string, []any) {
	var sql strings.Builder
	args := []any{actor.Tenant, actor.Account}
	sql.WriteString(` FROM inbound_messages WHERE tenant_id = $1 AND account_id = $2`)
	and := func(condition string, value any) {
		args = append(args, value)
		sql.WriteString(` AND ` + condition + ` $` + strconv.Itoa(len(args)))
	}
	if f.Sender != "" {
		and(`sender =`, f.Sender)
	}
	from, to := f.Days.Bounds()
	if !from.IsZero() {
		and(`id >=`, models.FirstIDAt(from))
	}
	if !to.IsZero() {
		and(`id <`, models.FirstIDAt(to))
	}
	if f.Before != models.NoID {
		and(`id <`, f.Before)
	}
	return sql.String(), args
}

const inboundColumns = `SELECT id, number, sender, body, meaning, keyword, reply, reply_id, problem`

// Messages returns a page of what came in for the actor's account, newest first.
// For: whoever views interactive messages. Refuses: missing privilege.
func (s *Service) Messages(ctx context.Context, actor models.Actor, f models.InboundFilter) (models.InboundPage, error) {
	if err := actor.Require(models.ViewInteractive); err != nil {
		return models.InboundPage{}, err
	}
	var page models.InboundPage
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		from, args := where(actor, f)
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[inboundRow])
			for i, r := range found {
				if i == pageSize {
					page.Older = page.Rows[i-1].ID
					break
				}
				page.Rows = append(page.Rows, r.message())
			}
			return err
		}, inboundColumns+from+` ORDER BY id DESC LIMIT `+strconv.Itoa(pageSize+1), args...)
	})
	return page, err
}

// ExportMessages hands every message that a filter finds to each, newest first. It streams. For: as Messages.
func (s *Service) ExportMessages(ctx context.Context, actor models.Actor, f models.InboundFilter, each func(models.InboundMessage) error) error {
	if err := actor.Require(models.ViewInteractive); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		f.Before = models.NoID
		from, args := where(actor, f)
		return tx.Rows(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				r, err := pgx.RowToStructByPos[inboundRow](rows)
				if err != nil {
					return err
				}
				if err := each(r.message()); err != nil {
					return err
				}
			}
			return nil
		}, inboundColumns+from+` ORDER BY id DESC`, args...)
	})
}
