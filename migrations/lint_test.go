package migrations

import (
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// firstServed is the first step that may be applied while the version before it serves. The steps before it are from the
// time when nobody had an installation.
const firstServed = 7

// harm is what a step must not do to tables that are in use: it breaks the version before, or holds everybody up.
var harm = []struct {
	pattern *regexp.Regexp
	because string
}{
	{regexp.MustCompile(`\bDROP TABLE\b`), "the version before reads the table"},
	{regexp.MustCompile(`\bDROP COLUMN\b`), "the version before reads the column"},
	{regexp.MustCompile(`\bRENAME\b`), "the version before knows the old name"},
	{regexp.MustCompile(`\bTYPE\b`), "a column of another type is written anew, while everybody waits"},
	{regexp.MustCompile(`\bSET NOT NULL\b`), "the version before may write nothing there, and all rows are looked at while everybody waits: add a CHECK, NOT VALID"},
	{regexp.MustCompile(`\bTRUNCATE\b`), "the rows are somebody's"},
	{regexp.MustCompile(`\bLOCK TABLE\b`), "everybody waits"},
	{regexp.MustCompile(`\bVACUUM FULL\b|\bCLUSTER\b|\bREINDEX (?:TABLE|INDEX) [^C]`), "everybody waits"},
	{regexp.MustCompile(`\bDISABLE TRIGGER\b|\bDISABLE ROW LEVEL SECURITY\b|\bNO FORCE ROW LEVEL SECURITY\b`), "the second line would be open"},
}

var (
	comment     = regexp.MustCompile(`(?m)--.*$`)
	created     = regexp.MustCompile(`\bCREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	addColumn   = regexp.MustCompile(`\bADD COLUMN (?:IF NOT EXISTS )?(\w+)([^,;]*)`)
	onTable     = regexp.MustCompile(`\bALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\w+)`)
	createIndex = regexp.MustCompile(`\bCREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?\w+ ON (?:ONLY )?(\w+)`)
	addRule     = regexp.MustCompile(`\bADD (?:CONSTRAINT \w+ )?(CHECK|FOREIGN KEY|UNIQUE|PRIMARY KEY|EXCLUDE)\b([^;]*)`)
)

// grows are the tables with rows for everything that happens, where making an index takes minutes. The others have rows for
// people and what is theirs: a hundred thousand are indexed within a tenth of a second.
var grows = map[string]bool{"transfers": true, "entries": true, "charges": true, "action_log": true, "idempotency_keys": true, "outbox": true}

// complaints are what is wrong with a step that is applied while the version before serves.
func complaints(step string) []string {
	var found []string
	outside := strings.Contains(step, "+goose NO TRANSACTION")
	text := comment.ReplaceAllString(step, "")
	fresh := map[string]bool{}
	for _, m := range created.FindAllStringSubmatch(text, -1) {
		fresh[m[1]] = true
	}
	for _, statement := range strings.Split(text, ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if m := onTable.FindStringSubmatch(statement); m != nil && fresh[m[1]] {
			continue // nobody else knows the table
		}
		upper := strings.ToUpper(statement)
		for _, h := range harm {
			if strings.HasPrefix(upper, "CREATE TABLE") || strings.HasPrefix(upper, "CREATE FUNCTION") {
				continue
			}
			if what := h.pattern.FindString(upper); what != "" {
				found = append(found, what+": "+h.because)
			}
		}
		for _, m := range addColumn.FindAllStringSubmatch(statement, -1) {
			kind := strings.ToUpper(m[2])
			if strings.Contains(kind, "NOT NULL") && !strings.Contains(kind, "DEFAULT") {
				found = append(found, m[1]+" is NOT NULL without a default: the version before does not fill it")
			}
			if strings.Contains(kind, "RANDOM") || strings.Contains(kind, "CLOCK_TIMESTAMP") || strings.Contains(kind, "GENERATED") {
				found = append(found, m[1]+" has a value of its own for each row: the table is written anew, while everybody waits")
			}
		}
		for _, m := range addRule.FindAllStringSubmatch(statement, -1) {
			if onTable.MatchString(statement) && !strings.Contains(strings.ToUpper(m[2]), "NOT VALID") && !strings.Contains(strings.ToUpper(m[2]), "USING INDEX") {
				found = append(found, "ADD "+m[1]+" looks at all rows while everybody waits: NOT VALID, and VALIDATE it by itself")
			}
		}
		if m := createIndex.FindStringSubmatch(statement); m != nil && grows[m[2]] {
			switch {
			case m[1] == "":
				found = append(found, "an index on "+m[2]+" without CONCURRENTLY: nobody can write meanwhile")
			case !outside:
				found = append(found, "CONCURRENTLY works only with +goose NO TRANSACTION")
			}
		}
	}
	return found
}

// Every step can be applied while the version before it serves (issue 3: operations).
func TestStepsAreSafeWhileOthersServe(t *testing.T) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) < firstServed-1 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		number, err := strconv.Atoi(strings.SplitN(name, "_", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		if number < firstServed {
			continue
		}
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range complaints(string(text)) {
			t.Errorf("%s: %s", name, c)
		}
		if !strings.HasPrefix(string(text), "-- ") {
			t.Errorf("%s does not begin with a sentence about what it is for", name)
		}
	}
}

// The rule refuses what it is there to refuse.
func TestStepRuleRefuses(t *testing.T) {
	for step, refused := range map[string]bool{
		"ALTER TABLE users DROP COLUMN name;":                               true,
		"DROP TABLE users;":                                                 true,
		"ALTER TABLE users RENAME COLUMN name TO full_name;":                true,
		"ALTER TABLE users ALTER COLUMN name TYPE varchar(10);":             true,
		"ALTER TABLE users ALTER name SET NOT NULL;":                        true,
		"ALTER TABLE users ADD COLUMN age integer NOT NULL;":                true,
		"ALTER TABLE users ADD COLUMN salt uuid DEFAULT gen_random_uuid();": true,
		"ALTER TABLE users ADD CONSTRAINT x CHECK (name <> '');":            true,
		"ALTER TABLE users ADD FOREIGN KEY (a) REFERENCES b (a);":           true,
		"CREATE INDEX x ON entries (amount);":                               true,
		"CREATE INDEX x ON users (name);":                                   false,
		"CREATE UNIQUE INDEX x ON outbox (id);":                             true,
		"CREATE INDEX CONCURRENTLY x ON outbox (id);":                       true,
		"TRUNCATE users;": true,
		"ALTER TABLE users DISABLE ROW LEVEL SECURITY;":                                              true,
		"-- +goose NO TRANSACTION\nCREATE INDEX CONCURRENTLY x ON outbox (id);":                      false,
		"-- DROP TABLE users\nALTER TABLE users ADD COLUMN age integer NOT NULL DEFAULT 0;":          false,
		"ALTER TABLE users ADD COLUMN age integer;":                                                  false,
		"ALTER TABLE users ADD CONSTRAINT x CHECK (name <> '') NOT VALID;":                           false,
		"ALTER TABLE users VALIDATE CONSTRAINT x;":                                                   false,
		"CREATE TABLE pets (id uuid NOT NULL, CHECK (id IS NOT NULL)); CREATE INDEX p ON pets (id);": false,
	} {
		if found := complaints(step); (len(found) > 0) != refused {
			t.Errorf("%s: %v", step, found)
		}
	}
}
