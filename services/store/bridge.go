package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type commandTag = pgconn.CommandTag

// connPool lets GORM run on the connection whose transaction Tx began. It offers neither BeginTx nor Commit, so that GORM
// refuses Transaction; SavePoint and RollbackTo are statements like any other.
type connPool struct{ tx *Tx }

var errEnded = errors.New("store: used after its transaction ended")

func (p connPool) ready(ctx context.Context) error {
	if p.tx.ended {
		return errEnded
	}
	return p.tx.flush(ctx)
}

func (p connPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.ready(ctx); err != nil {
		return nil, err
	}
	return p.tx.conn.PrepareContext(ctx, query)
}

func (p connPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !p.tx.writable {
		return nil, ErrReadOnly
	}
	if err := p.ready(ctx); err != nil {
		return nil, err
	}
	return p.tx.conn.ExecContext(ctx, query, args...)
}

func (p connPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.ready(ctx); err != nil {
		return nil, err
	}
	return p.tx.conn.QueryContext(ctx, query, args...)
}

func (p connPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if p.ready(ctx) != nil { // a Row cannot hold an error of ours; a cancelled context makes it fail
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		return p.tx.conn.QueryRowContext(cancelled, query, args...)
	}
	return p.tx.conn.QueryRowContext(ctx, query, args...)
}

// lentTx is the transaction as River takes it. Ending it is not River's to do.
type lentTx struct{ conn *pgx.Conn }

var errNotYours = errors.New("store: only Change ends its transaction")

func (t lentTx) Begin(context.Context) (pgx.Tx, error) { return nil, errNotYours }
func (t lentTx) Commit(context.Context) error          { return errNotYours }
func (t lentTx) Rollback(context.Context) error        { return errNotYours }
func (t lentTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (t lentTx) Conn() *pgx.Conn                       { return t.conn }

func (t lentTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t lentTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t lentTx) Prepare(ctx context.Context, name, query string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, query)
}

func (t lentTx) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, query, args...)
}

func (t lentTx) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, query, args...)
}

func (t lentTx) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, query, args...)
}
