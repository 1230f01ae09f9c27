package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"offshoot/models"
)

// Tx is one transaction: who is acting, a clock that stands still, and the database as GORM, as hand-written SQL and as
// the job queue sees it.
//
// Statements given to Queue and Ask wait and travel together with the next one that needs an answer, or with the commit: a
// transfer is two round trips, begin and lock, and everything else. Order is kept, so nothing ever reads past what was queued.
type Tx struct {
	*gorm.DB
	Actor models.Actor
	Now   time.Time

	store    *Store
	conn     *sql.Conn
	writable bool
	begun    bool // the server knows of it; before that its beginning is the first of what is queued
	ended    bool
	queued   []statement
	events   []loggedEvent
	claimed  models.ID // id that the first event must take
	later    []laterJob
}

type statement struct {
	sql  string
	args []any
	miss error // what it means when it does not change exactly one row; nil: any number will do
	read func(pgx.Rows) error
}

// door is how a transaction begins. Its settings hold for that transaction: whose rows it may touch, and for a change that
// its statements are planned once a connection. They find rows by their keys, so there is nothing to gain by looking at the
// values, and PostgreSQL, which compares costs only, would plan a transfer anew each time and spend longer on that than on
// the transfer.
type door struct {
	begin, settings string
	writable        bool
}

const beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

var (
	reading   = door{beginRead, `SELECT set_config('app.tenant', $1, true)`, false}
	surveying = door{beginRead, `SELECT set_config('app.tenant', $1, true), set_config('app.scope', 'installation', true)`, false}
	changing  = door{"BEGIN", `SELECT set_config('app.tenant', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true)`, true}
)

// Queue sends a statement with the next one that needs an answer, or with the commit. Its error comes up there.
func (tx *Tx) Queue(sql string, args ...any) {
	tx.queued = append(tx.queued, statement{sql: sql, args: args})
}

// QueueExactly is Queue for a statement that must change exactly one row; otherwise the transaction fails with miss.
// Its answer is awaited before the commit.
func (tx *Tx) QueueExactly(miss error, sql string, args ...any) {
	tx.queued = append(tx.queued, statement{sql: sql, args: args, miss: miss})
}

// Ask queues a hand-written query. read gets its rows when it travels, at the latest with Answers.
func (tx *Tx) Ask(read func(pgx.Rows) error, sql string, args ...any) {
	tx.queued = append(tx.queued, statement{sql: sql, args: args, read: read})
}

// Answers sends what is queued and waits until it is answered.
func (tx *Tx) Answers(ctx context.Context) error { return tx.flush(ctx) }

// Rows runs one hand-written query through pgx and hands over its rows, which it closes. Exports stream with it.
func (tx *Tx) Rows(ctx context.Context, read func(pgx.Rows) error, sql string, args ...any) error {
	tx.Ask(read, sql, args...)
	return tx.flush(ctx)
}

// Enqueue makes a job that exists if, and only if, this transaction commits.
func (tx *Tx) Enqueue(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) error {
	if !tx.writable {
		return ErrReadOnly
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	return tx.pgx(func(conn *pgx.Conn) error {
		_, err := tx.store.jobs.InsertTx(ctx, lentTx{conn}, args, opts)
		return err
	})
}

// Later is Enqueue for those whose statements wait too: the job is made with the commit.
func (tx *Tx) Later(args river.JobArgs, opts *river.InsertOpts) {
	tx.later = append(tx.later, laterJob{args, opts})
}

type laterJob struct {
	args river.JobArgs
	opts *river.InsertOpts
}

func (tx *Tx) insertLater(ctx context.Context) error {
	if len(tx.later) == 0 {
		return nil
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	return tx.pgx(func(conn *pgx.Conn) error {
		for _, job := range tx.later {
			if _, err := tx.store.jobs.InsertTx(ctx, lentTx{conn}, job.args, job.opts); err != nil {
				return err
			}
		}
		return nil
	})
}

// Log adds a line to the action log beside the one that the work returns: the return of a balance within a
// deactivation, say.
func (tx *Tx) Log(event models.Event) error { return tx.log(models.NewID(), tx.Actor, event) }

// LogAs is Log for what somebody else did, in the same tenant: a set that was taken together has a line for each.
func (tx *Tx) LogAs(actor models.Actor, event models.Event) error {
	return tx.log(models.NewID(), actor, event)
}

func (tx *Tx) begin(ctx context.Context, d door, claim *claim) error {
	tx.Queue(d.begin)
	tx.Queue(d.settings, tx.Actor.Tenant.String())
	if claim == nil {
		return nil
	}
	tx.claimed = models.NewID()
	batch := tx.batch()
	won := true
	claim.queue(batch, tx, func(rows int64) { won = rows == 1 })
	if err := tx.send(ctx, batch); err != nil {
		return err
	}
	if !won {
		return errors.Join(errClaimed, tx.rollback(ctx))
	}
	return nil
}

// commit sends what is queued, the log lines and COMMIT in one go. Statements that must change exactly one row are
// asked first, so that a miss never commits.
func (tx *Tx) commit(ctx context.Context) error {
	for _, s := range tx.queued {
		if s.miss != nil {
			if err := tx.flush(ctx); err != nil {
				return err
			}
			break
		}
	}
	if err := tx.insertLater(ctx); err != nil {
		return err
	}
	batch, counted := tx.batch(), tx.counted()
	tx.queueEvents(batch)
	var tag string
	batch.Queue("COMMIT").Exec(func(t commandTag) error { tag = t.String(); return nil })
	if err := tx.send(ctx, batch); err != nil {
		return err
	}
	tx.ended = true
	if tag != "COMMIT" { // PostgreSQL answers ROLLBACK when the transaction had failed before
		return fmt.Errorf("store: the transaction ended with %s", tag)
	}
	counted()
	return nil
}

// checkConstraints does what a commit would do before it commits.
func (tx *Tx) checkConstraints(ctx context.Context) error {
	if err := tx.flush(ctx); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	tx.queueEvents(batch)
	batch.Queue("SET CONSTRAINTS ALL IMMEDIATE")
	return tx.send(ctx, batch)
}

func (tx *Tx) rollback(ctx context.Context) error {
	tx.ended = true
	if !tx.begun {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return tx.pgx(func(conn *pgx.Conn) error {
		if conn.IsClosed() { // the server rolls back by itself
			return nil
		}
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			_ = conn.Close(ctx) // never give the pool a connection with a transaction in it
			return err
		}
		return nil
	})
}

// flush sends what is queued and waits for the answers.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.queued) == 0 {
		return nil
	}
	return tx.send(ctx, tx.batch())
}

func (tx *Tx) batch() *pgx.Batch {
	batch := &pgx.Batch{}
	for _, s := range tx.queued {
		queued := batch.Queue(s.sql, s.args...)
		if s.miss != nil {
			queued.Exec(func(t commandTag) error {
				if t.RowsAffected() != 1 {
					return s.miss
				}
				return nil
			})
		}
		if s.read != nil {
			queued.Query(s.read)
		}
	}
	tx.queued = nil
	return batch
}

func (tx *Tx) send(ctx context.Context, batch *pgx.Batch) error {
	tx.begun = true
	return tx.pgx(func(conn *pgx.Conn) error { return conn.SendBatch(ctx, batch).Close() })
}

// pgx lends the connection to hand-written SQL. GORM cannot use it at the same moment: sql.Conn sees to that.
func (tx *Tx) pgx(use func(*pgx.Conn) error) error {
	var err error
	if lost := tx.conn.Raw(func(driver any) error {
		err = use(driver.(*stdlib.Conn).Conn())
		return nil // a refusal is no reason for database/sql to drop the connection
	}); lost != nil {
		return lost
	}
	return err
}
