package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// keysSay runs a command of keys with a set, and returns the set it prints, "" for none, and what it says.
func keysSay(t *testing.T, database, set, command string) (status int, printed, said string) {
	t.Helper()
	status, said = runToEnd(t, []string{"DATABASE_URL=" + database, "OFFSHOOT_SECRET_KEYS=" + set}, "", "keys", command)
	lines := strings.Split(said, "\n")
	if last := lines[len(lines)-1]; status == 0 {
		if _, err := secrets.Parse(last); err == nil {
			printed = last
		}
	}
	return status, printed, said
}

// Keys are exchanged while two processes serve, one with the set of before and one with the next: whatever either seals, the
// other opens, at every step. A key goes only when nothing needs it.
func TestKeysAreExchanged(t *testing.T) {
	database := storetest.Database(t)
	status, first, said := keysSay(t, database, "", "new")
	if status != 0 || first == "" || strings.Contains(said, "\n") {
		t.Fatalf("new: %d, %q", status, said)
	}
	for _, command := range []string{"rotate", "drop-old"} { // bad input: a set with nothing to exchange
		if status, printed, said := keysSay(t, database, first, command); status != 1 || printed != "" || !strings.Contains(said, "one key only") {
			t.Errorf("%s of one key: %d, %q", command, status, said)
		}
	}
	if status, _, said := keysSay(t, database, "nonsense", "add"); status != 1 || !strings.Contains(said, "OFFSHOOT_SECRET_KEYS: ") || strings.Contains(said, "nonsense") {
		t.Errorf("add to nonsense: %d, %q", status, said)
	}
	_, added, _ := keysSay(t, database, first, "add")
	if status, printed, said := keysSay(t, database, added, "add"); status != 1 || printed != "" || !strings.Contains(said, "keys rotate") {
		t.Errorf("add twice: %d, %q", status, said)
	}
	if status, _, said := keysSay(t, database, added, "drop-old"); status != 1 || !strings.Contains(said, "keys rotate first") {
		t.Errorf("drop-old before rotate: %d, %q", status, said)
	}

	before, during := process(t, database, first), process(t, database, added)
	operator := install(t, before)
	mailSecret(t, before, operator)
	mailSecret(t, during, operator)
	readAll(t, 2, before, during)

	_, rotated, said := keysSay(t, database, added, "rotate")
	if rotated == "" || !strings.Contains(said, "2 secrets were sealed anew") {
		t.Fatalf("rotate: %q", said)
	}
	after := process(t, database, rotated)
	mailSecret(t, after, operator)
	mailSecret(t, during, operator) // one that has not got the new set yet
	readAll(t, 4, during, after)
	if status, printed, said := keysSay(t, database, rotated, "drop-old"); status != 1 || printed != "" || !strings.Contains(said, "1 secrets still need the key") {
		t.Errorf("drop-old too early: %d, %q", status, said)
	}
	status, again, said := keysSay(t, database, rotated, "rotate")
	if status != 0 || again != rotated || !strings.Contains(said, "1 secrets were sealed anew") {
		t.Errorf("rotate again: %d, %q", status, said)
	}
	_, last, said := keysSay(t, database, rotated, "drop-old")
	keys, err := secrets.Parse(last)
	if err != nil || len(keys.IDs()) != 1 {
		t.Fatalf("drop-old: %q", said)
	}
	readAll(t, 4, after, process(t, database, last))

	// Bad input: the set of another installation, and of this one as it was.
	stranger := process(t, database, textOf(secrets.Generate()))
	for name, p := range map[string]*house{"another": stranger, "the first": before} {
		if err := fitsKeys(t.Context(), p.store); err == nil || !strings.Contains(err.Error(), keys.Fingerprint().String()+" (4 values)") {
			t.Errorf("with %s set: %v", name, err)
		}
	}
	if status, _, said := keysSay(t, database, ownKeys(), "abandon"); status != 0 || !strings.Contains(said, "4 secrets were given up") {
		t.Errorf("abandon: %d, %q", status, said)
	}
	if err := fitsKeys(t.Context(), stranger.store); err != nil {
		t.Error(err)
	}
}

// process is the services of a process with a set of keys, in demo mode so that its outbox can be read.
func process(t *testing.T, database, set string) *house {
	t.Helper()
	c := good()
	c.SecretKeys, c.SMTPURL = set, ""
	h, err := openHouse(t.Context(), c, database, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func readAll(t *testing.T, want int, processes ...*house) {
	t.Helper()
	for i, p := range processes {
		page, err := p.notify.Outbox(t.Context(), 100, "")
		if err != nil || len(page.Messages) != want {
			t.Fatalf("process %d: %d messages, %v", i, len(page.Messages), err)
		}
		for _, m := range page.Messages {
			if m.Body != "one-time password" {
				t.Errorf("process %d reads %q", i, m.Body)
			}
		}
	}
}

// The keys that run makes for itself: once, for its owner's eyes, and never instead of others.
func TestKeyFile(t *testing.T) {
	c := config{Data: t.TempDir() + "/new"}
	made, err := c.keysInFile()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(c.keyFile()); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if again, err := c.keysInFile(); err != nil || again != made {
		t.Errorf("the second time: %v", err)
	}
	if entries, err := os.ReadDir(c.Data); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	for _, bad := range []string{"", "nonsense", made[:30]} {
		if err := os.WriteFile(c.keyFile(), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := c.keysInFile(); !errors.Is(err, secrets.ErrKeys) || text != "" || !strings.Contains(err.Error(), c.keyFile()) {
			t.Errorf("with %q in the file: %q, %v", bad, text, err)
		}
		if kept, err := os.ReadFile(c.keyFile()); err != nil || string(kept) != bad {
			t.Errorf("it was replaced by %q, %v", kept, err)
		}
	}
	set := config{Data: t.TempDir() + "/none", SecretKeys: made}
	if text, err := set.keysInFile(); err != nil || text != made {
		t.Errorf("keys that are set: %v", err)
	}
	if _, err := os.Stat(set.Data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder for keys that are set: %v", err)
	}

	many, texts := config{Data: t.TempDir()}, make(chan string, 20)
	for range cap(texts) {
		go func() {
			text, err := many.keysInFile()
			texts <- text + fmt.Sprint(err)
		}()
	}
	one := <-texts
	for range cap(texts) - 1 {
		if other := <-texts; other != one || !strings.HasSuffix(one, "<nil>") {
			t.Errorf("of many at once, one has %q and another %q", one, other)
		}
	}
}

// install makes the operator's account.
func install(t *testing.T, h *house) models.Account {
	t.Helper()
	operator, err := h.accounts.Install(t.Context(), accounts.Details{AccountName: "Acme", ContactName: "Kim Ode", Email: "kim@acme.test",
		Mobile: "0151 23456789", Country: "DE", TimeZone: "UTC"}, "EUR", "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	return operator
}

func mailSecret(t *testing.T, h *house, operator models.Account) {
	t.Helper()
	_, err := h.store.Change(t.Context(), models.System(operator.TenantID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.ActivationSent, Account: operator.ID},
			notify.Mail(ctx, tx, notify.Message{Account: operator.ID, To: operator.Email, Subject: "Welcome", Body: "one-time password", Secret: true})
	})
	if err != nil {
		t.Fatal(err)
	}
}
