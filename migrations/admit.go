package migrations

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// admit lets the application's role do what the portal does: read and add everywhere, change and remove where nothing is
// append-only. What an earlier step or version granted beyond that is taken back.
func admit(ctx context.Context, conn *pgx.Conn, application string) error {
	named, err := pgx.ParseConfig(application)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if named.User == conn.Config().User {
		return errors.New("migrations: the portal must not work as the role that owns its tables: row-level security would not bind it")
	}
	if err := ensureRole(ctx, conn, named.User, named.Password); err != nil {
		return fmt.Errorf("migrations: the role %s: %w", named.User, err)
	}
	if _, err := conn.Exec(ctx, "SELECT set_config('offshoot.role', $1, false)", named.User); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := conn.Exec(ctx, grants); err != nil {
		return fmt.Errorf("migrations: the grants of %s: %w", named.User, err)
	}
	return nil
}

// ensureRole makes a role that owns nothing and passes no check, and refuses one that could pass.
func ensureRole(ctx context.Context, conn *pgx.Conn, name, password string) error {
	var powerful bool
	err := conn.QueryRow(ctx, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1`, name).Scan(&powerful)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		var create string
		if err := conn.QueryRow(ctx, `SELECT format('CREATE ROLE %I LOGIN', $1::text) || CASE WHEN $2::text <> '' THEN format(' PASSWORD %L', $2::text) ELSE '' END`,
			name, password).Scan(&create); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, create)
		return err
	case err != nil:
		return err
	case powerful:
		return errors.New("it is a superuser or passes row-level security; name another in DATABASE_URL, and it is made")
	}
	return nil
}

// The steps' and the job queue's own records may be read, for the portal asks whether the schema is current.
const grants = `DO $$
DECLARE
    app text := current_setting('offshoot.role');
    t   record;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), app);
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', app);
    FOR t IN
        SELECT c.oid::regclass AS name, c.relname IN ('goose_db_version', 'river_migration') AS record,
            EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'append_only') AS append_only
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', t.name, app);
        EXECUTE format('GRANT %s ON %s TO %I', CASE WHEN t.record THEN 'SELECT' WHEN t.append_only THEN 'SELECT, INSERT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE' END, t.name, app);
    END LOOP;
END $$`
