package notify_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
)

// everything is all that the database keeps of messages and jobs, as a thief of it reads it.
func (w *world) everything() string {
	w.Helper()
	return one[string](w, `SELECT concat((SELECT string_agg(o::text, E'\n') FROM outbox o), (SELECT string_agg(l::text, E'\n') FROM action_log l),
		(SELECT string_agg(j::text, E'\n') FROM river_job j))`)
}

// What nobody but the recipient may know is in the database neither before it is sent, nor when it failed, nor afterwards
// (ACC-4). Other messages stay readable, for staff who look after them.
func TestSecretsAreSealed(t *testing.T) {
	w := newWorld(t, notify.Options{})
	id := w.mail(notify.Message{Subject: "Welcome", Body: "one-time password Xyzzy-42", Secret: true})
	open := w.mail(notify.Message{Subject: "Low balance", Body: "plain words"})
	if all := w.everything(); strings.Contains(all, "Xyzzy") || !strings.Contains(all, "plain words") {
		t.Errorf("waiting: %s", all)
	}
	if r := w.row(id); r.Body != "one-time password Xyzzy-42" {
		t.Errorf("sealed is %q", r.Body)
	}
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.Status != notify.Failed || r.Sealed == nil || strings.Contains(w.everything(), "Xyzzy") {
		t.Errorf("failed: %+v", r)
	}
	if r := w.row(open); r.Sealed != nil || r.Body != "plain words" {
		t.Errorf("in the open: %+v", r)
	}
}

// Without keys nothing secret is put into the outbox, and with keys of somebody else nothing is sent: it waits.
func TestDeliveryNeedsTheKeys(t *testing.T) {
	w := newWorld(t, demo)
	id := w.mail(notify.Message{Subject: "Welcome", Body: "one-time password", Secret: true})
	others, err := secrets.Generate()
	if err != nil {
		t.Fatal(err)
	}
	w.store.UseKeys(others)
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("with other keys: %v", err)
	}
	page, err := w.notify.Outbox(t.Context(), 10, "")
	if err != nil || len(page.Messages) != 1 || !strings.Contains(page.Messages[0].Body, "keys that this program does not have") {
		t.Errorf("%+v %v", page, err)
	}
	w.store.UseKeys(nil)
	if err := w.try(w.acme.ID, mailTo(w, notify.Message{Body: "one-time password", Secret: true})); !errors.Is(err, secrets.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	if err := w.try(w.acme.ID, mailTo(w, notify.Message{Body: "plain words"})); err != nil {
		t.Error(err)
	}
	w.store.UseKeys(secrets.ForTests())
	if r := w.row(id); r.Status != notify.Waiting || r.Tries != 0 {
		t.Errorf("%+v", r)
	}
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil || w.row(id).Status != notify.Sent {
		t.Error(err)
	}
}

// A message that the version before this one wrote still arrives, and leaves nothing.
func TestOldSecretsAreDelivered(t *testing.T) {
	server := newMailServer(t, nil, false)
	w := newWorld(t, over(server.addr))
	id := w.mail(notify.Message{Subject: "Welcome", Body: "x", Secret: true})
	_ = one[int](w, `WITH before AS (UPDATE outbox SET body = 'old one-time password', sealed = NULL WHERE id = $1 RETURNING 1) SELECT 1 FROM before`, id)
	if err := w.notify.Deliver(t.Context(), w.acme.ID, id); err != nil {
		t.Fatal(err)
	}
	if r := w.row(id); r.Status != notify.Sent || r.Body != "" || r.Sealed != nil {
		t.Errorf("%+v", r)
	}
	if mails := server.mails(); len(mails) != 1 || !strings.Contains(mails[0].raw, "old one-time password") {
		t.Errorf("%d mails", len(mails))
	}
}

// must is for what fails only when the machine does.
func must(t *testing.T, make func() (*secrets.Keys, error)) *secrets.Keys {
	t.Helper()
	keys, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func mailTo(w *world, m notify.Message) func(context.Context, *store.Tx) error {
	m.Account, m.To = w.clinic.ID, w.clinic.Email
	return func(ctx context.Context, tx *store.Tx) error { return notify.Mail(ctx, tx, m) }
}

// Keys are exchanged while messages wait: what was sealed before is sealed anew, and opens with the new key alone. What no
// key opens is counted and stays; when it is given up, the message has failed and trying again sends no empty mail.
func TestReseal(t *testing.T) {
	w := newWorld(t, demo)
	w.store.UseKeys(must(t, secrets.Generate))
	lost := w.mail(notify.Message{Body: "lost", Secret: true})
	old := must(t, secrets.Generate)
	w.store.UseKeys(old)
	var ids []models.ID
	for range 3 {
		ids = append(ids, w.mail(notify.Message{Body: "one-time password", Secret: true}))
	}
	w.mail(notify.Message{Body: "plain words"})
	fresh := must(t, old.Rotate)
	w.store.UseKeys(fresh)
	ids = append(ids, w.mail(notify.Message{Body: "one-time password", Secret: true}))
	needed, err := w.store.KeysNeeded(t.Context())
	if err != nil || len(needed) != 3 || needed[old.Fingerprint()] != 3 || needed[fresh.Fingerprint()] != 1 {
		t.Errorf("needed: %v, %v", needed, err)
	}
	if done, unreadable, err := w.store.Reseal(t.Context()); done != 3 || unreadable != 1 || err != nil {
		t.Errorf("sealed anew: %d, unreadable %d, %v", done, unreadable, err)
	}
	if done, unreadable, err := w.store.Reseal(t.Context()); done != 0 || unreadable != 1 || err != nil {
		t.Errorf("once more: %d, unreadable %d, %v", done, unreadable, err)
	}
	w.store.UseKeys(must(t, fresh.DropOld))
	for _, id := range ids {
		if r := w.row(id); r.Body != "one-time password" {
			t.Errorf("%+v", r)
		}
	}
	if gone, err := w.store.GiveUp(t.Context()); gone != 1 || err != nil {
		t.Errorf("given up: %d, %v", gone, err)
	}
	if r := w.row(lost); r.Status != notify.Failed || r.Sealed != nil {
		t.Errorf("given up: %+v", r)
	}
	if err := w.notify.Retry(t.Context(), w.staff, w.acme.ID, lost); err != nil {
		t.Fatal(err)
	}
	if err := w.notify.Deliver(t.Context(), w.acme.ID, lost); err != nil || w.row(lost).Status != notify.Failed {
		t.Errorf("tried again: %+v, %v", w.row(lost), err)
	}
}
