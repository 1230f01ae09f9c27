package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// person is what a column is called that points to a person, whoever it is to the row.
const person = `(_by|_email|_user|user_id|(helper|actor|person|admin|staff|author|creator|owner)_?(id|user_id|email)?)$`

// whose are the columns that point to a person and do not say who did something. Those that do are called <x>_by and have
// <x>_as beside them, or the column that is named here: the account that the person had entered.
var whose = map[string]string{
	"user_invitations.user_id": "", // who is invited
	"sends.user_id":            "created_as",
	"action_log.user_id":       "as_account_id",
	"action_log.user_email":    "as_account_id",
	"accesses.helper_user_id":  "account_id",
	"accesses.helper_email":    "account_id",
	"consents.helper_user_id":  "account_id",
	"consents.helper_email":    "account_id",
	"consents.decided_by":      "", // by an Admin at home: refused in an entered account, see TestDecideConsent
	"sessions.user_id":         "access_id",
	"activations.user_id":      "", // whose activation it is
	"login_emails.user_id":     "", // whose e-mail it is
	"second_factors.user_id":   "",
	"recovery_codes.user_id":   "",
	"devices.user_id":          "", // whose browser it is
	"password_links.user_id":   "",
	"users.owner":              "", // a yes or no
}

// ACC-12: every table that says who did something says it with both identities. The list comes from the catalogue, so that
// a new column without its companion fails here.
func TestBothIdentitiesEverywhere(t *testing.T) {
	w := newWorld(t)
	rows, err := w.raw.Query(w.ctx, `SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c
		JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'river%' AND c.table_name NOT LIKE 'goose%'`)
	w.ok(err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.ok(err)
	has := map[string]bool{}
	for _, column := range all {
		has[column] = true
	}
	rows, err = w.raw.Query(w.ctx, `SELECT name FROM unnest($1::text[]) name WHERE split_part(name, '.', 2) ~ $2`, all, person)
	w.ok(err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.ok(err)
	if len(found) < 10 {
		t.Fatalf("only %v", found)
	}
	for _, column := range found {
		table, name, _ := strings.Cut(column, ".")
		companion, known := whose[column]
		if !known {
			companion = strings.TrimSuffix(name, "_by") + "_as"
		}
		if companion != "" && !has[table+"."+companion] {
			t.Errorf("%s has no %s.%s beside it: who did it must be kept with the account that they had entered", column, table, companion)
		}
	}
	for column := range whose {
		if !has[column] {
			t.Errorf("there is no %s", column)
		}
	}
}

// ACC-12: if the program dies between the line in the log and the switch, the log says that somebody was about to enter,
// and nobody is in; the next round of the job closes it.
func TestAccessCrashBetween(t *testing.T) {
	w := newWorld(t)
	token := w.signIn("ann")
	w.exec(`CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is gone'; END $$`)
	w.exec(`CREATE TRIGGER crash BEFORE UPDATE ON sessions FOR EACH ROW WHEN (NEW.access_id IS NOT NULL) EXECUTE FUNCTION crash()`)
	w.exec(`CREATE TRIGGER crash BEFORE UPDATE ON accesses FOR EACH ROW EXECUTE FUNCTION crash()`) // nor can it be closed
	if _, err := w.tryAccess(token, w.north, w.clinic, "asked for help"); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Fatalf("got %v", err)
	}
	if s := w.resolve(token); s.Actor.Access != nil || s.Actor.Account != w.operator {
		t.Errorf("is in: %+v", s.Actor)
	}
	if w.count("action_log WHERE action = 'access.started'") != 1 || w.count("accesses WHERE ended_at IS NULL") != 1 {
		t.Error("there is no trace of it")
	}
	w.exec(`DROP TRIGGER crash ON accesses`)
	w.clock.pass(time.Minute)
	if n, err := w.identity.CloseAccesses(w.ctx); n != 1 || err != nil || w.count("accesses WHERE ended_at IS NULL") != 0 {
		t.Errorf("closed %d, %v", n, err)
	}
}
