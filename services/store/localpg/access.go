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
// under the three roles that it uses. It is written before every launch, so that neither an edit nor a change of the
// program's account outlasts a start.
func (s *Server) writeAccess() error {
	self, err := accountOf(os.Geteuid())
	if err != nil {
		return err
	}
	hba := ownWords + "local all all peer map=program\n"
	quoted := `"` + strings.ReplaceAll(self.name, `"`, `""`) + `"`
	ident := ownWords + fmt.Sprintf("program %[1]s %[2]s\nprogram %[1]s %[3]s\nprogram %[1]s %[4]s\n", quoted, superuser, s.cfg.Name, s.application())
	if err := replaceIn(s.data, hbaFile, hba, s.account); err != nil {
		return err
	}
	return replaceIn(s.data, identFile, ident, s.account)
}

// application is the role that the portal works as.
func (s *Server) application() string { return s.cfg.Name + "_app" }

// ensureRoles makes the owner, its database and the application's role, or finishes what a killed program began. The roles
// are held to what they may be at every start.
func (s *Server) ensureRoles(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.AdminDSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := ensureRole(ctx, conn, s.cfg.Name, "CREATEDB"); err != nil {
		return err
	}
	if err := ensureRole(ctx, conn, s.application(), "NOCREATEDB"); err != nil {
		return err
	}
	var database bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.cfg.Name).Scan(&database); err != nil || database {
		return err
	}
	name := pgx.Identifier{s.cfg.Name}.Sanitize()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name+" OWNER "+name)
	return err
}

func ensureRole(ctx context.Context, conn *pgx.Conn, name, powers string) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, name).Scan(&exists); err != nil {
		return err
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	_, err := conn.Exec(ctx, verb+" ROLE "+pgx.Identifier{name}.Sanitize()+" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE "+powers)
	return err
}
