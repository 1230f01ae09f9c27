package main

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"offshoot/migrations"
	"offshoot/services/store"
	"offshoot/services/store/localpg"
)

// database is a PostgreSQL with the schema that this program needs: the one that DATABASE_URL names, or the private one in
// the data folder.
type database struct {
	dsn     string // as the role that the portal works as
	private *localpg.Server
}

// openDatabase brings the database up. Who owns its tables brings the schema up to date: that is the private one's owner, or
// whom DATABASE_OWNER_URL names; any number of programs may do so at once. Who does not is refused with an old schema, and
// so is a DATABASE_URL that names a role whom row-level security does not bind.
func openDatabase(ctx context.Context, c config, log *slog.Logger) (_ *database, err error) {
	db := &database{dsn: c.DatabaseURL}
	owner := c.OwnerURL
	if db.dsn == "" {
		if db.private, err = localpg.Start(ctx, localpg.Config{Dir: c.Data, Log: log}); err != nil {
			return nil, err
		}
		db.dsn, owner = db.private.DSN(""), db.private.OwnerDSN("")
	}
	if err := db.prepare(ctx, owner); err != nil {
		db.close(log)
		return nil, err
	}
	return db, nil
}

func (db *database) prepare(ctx context.Context, owner string) error {
	if owner != "" {
		if err := migrations.Up(ctx, owner, db.dsn); err != nil {
			return err
		}
	}
	st, err := store.Open(ctx, db.dsn, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Current(ctx); err != nil {
		return err
	}
	return st.Bound(ctx)
}

// close stops the private server. It comes last: whatever uses the database must have ended.
func (db *database) close(log *slog.Logger) {
	if db.private == nil {
		return
	}
	if err := db.private.Stop(); err != nil {
		log.Error("the private PostgreSQL did not end by itself", "error", err)
	}
}

// where is the database as a person may read it.
func (db *database) where() string {
	if db.private != nil {
		return "private PostgreSQL in " + db.private.Dir()
	}
	named, err := pgx.ParseConfig(db.dsn)
	if err != nil {
		return "PostgreSQL of DATABASE_URL"
	}
	return "PostgreSQL at " + named.Host + ", database " + named.Database
}

// connections is how many connections a portal or a worker process opens at most. pgx's own default is the number of
// processors, and mail on its way holds some of them.
const connections = "16"

// pooled is a DSN with a bound on its connections, unless it names one itself.
func pooled(dsn string) string { return with(dsn, "pool_max_conns", connections) }

// with is a DSN with one more setting, unless it has that already. A DSN is a URL or a line of words like host=….
func with(dsn, setting, value string) string {
	if strings.Contains(dsn, setting+"=") {
		return dsn
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " " + setting + "=" + value
	}
	query := u.Query()
	query.Set(setting, value)
	u.RawQuery = query.Encode()
	return u.String()
}
