package localpg

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	hbaFile   = "pg_hba.conf"
	identFile = "pg_ident.conf"
	ownWords  = "# Written by Offshoot whenever it starts this server: changes made here are lost.\n"
)

// writeAccess decides who may connect: the account that the program runs as, known from the socket, without a password,
// under the two roles that it uses. It is written before every launch, so that neither an edit nor a change of the
// program's account outlasts a start.
func (s *Server) writeAccess() error {
	self, err := accountOf(os.Geteuid())
	if err != nil {
		return err
	}
	hba := ownWords + "local all all peer map=program\n"
	quoted := `"` + strings.ReplaceAll(self.name, `"`, `""`) + `"`
	ident := ownWords + fmt.Sprintf("program %s %s\nprogram %s %s\n", quoted, superuser, quoted, s.cfg.Name)
	if err := replaceIn(s.data, hbaFile, hba, s.account); err != nil {
		return err
	}
	return replaceIn(s.data, identFile, ident, s.account)
}

// ensureRole makes the application's role and its database, or finishes what a killed program began. The role is held to
// what it may be at every start.
func (s *Server) ensureRole(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.AdminDSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var role, database bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.cfg.Name).Scan(&role, &database)
	if err != nil {
		return err
	}
	name := pgx.Identifier{s.cfg.Name}.Sanitize()
	verb := "ALTER"
	if !role {
		verb = "CREATE"
	}
	if _, err := conn.Exec(ctx, verb+" ROLE "+name+" LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS"); err != nil {
		return err
	}
	if !database {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+name+" OWNER "+name)
	}
	return err
}
