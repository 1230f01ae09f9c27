package identity_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
)

// from is a sign-in from an address, in a browser that is known by its device cookie or, with an empty one, is not.
func (w *world) from(ip, device, email, typed string) (identity.SignedIn, error) {
	return w.identity.SignIn(w.ctx, identity.SignInOrder{Email: email, Password: typed, Device: device, From: identity.Origin{IP: ip, Request: "req-1"}})
}

// wait fails unless err is ErrTooManyTries, and returns its sentence and wait.
func (w *world) wait(err error) (string, time.Duration) {
	w.Helper()
	w.refused(err, identity.ErrTooManyTries)
	var said *models.Error
	errors.As(err, &said)
	return said.Message, said.After
}

// ACC-11: after ten wrong passwords an unknown browser waits, before anything is computed: the same sentence, the same
// work, whether the e-mail exists or not, also with the right password. It is let in again when it was told.
func TestLimitPerEmail(t *testing.T) {
	w := newWorld(t)
	var hashes atomic.Int64
	w.identity.Watch(func(hash func() []byte) []byte { hashes.Add(1); return hash() })
	said := map[string]string{}
	for i, email := range []string{"nora@north.example", "eve@evil.example"} {
		for n := range 10 {
			_, err := w.from(fmt.Sprintf("192.0.2.%d", 10*i+n), "", email, "wrong")
			w.refused(err, identity.ErrWrongSignIn)
		}
		hashes.Store(0)
		lines := w.count("action_log")
		for range 3 {
			_, err := w.from("198.51.100.1", "", email, password)
			sentence, after := w.wait(err)
			said[sentence] = email
			if after != 15*time.Minute {
				t.Errorf("%s waits %v", email, after)
			}
		}
		if hashes.Load() != 0 {
			t.Errorf("%s: %d hashes for refused tries", email, hashes.Load())
		}
		if n := w.count("action_log") - lines; n != 1 {
			t.Errorf("%s: %d lines for three refusals, want one", email, n)
		}
		all := w.log(models.SignInRefused)
		if last := all[len(all)-1]; last.Details["why"] != "too_many" {
			t.Errorf("%s: logged %+v", email, last)
		}
	}
	if len(said) != 1 || said["Too many tries. Try again in 15 minutes. A new password by mail, under “Forgotten password?”, lets you in at once."] == "" {
		t.Errorf("different e-mails are told different things: %v", said)
	}
	w.clock.pass(15*time.Minute - time.Second)
	_, err := w.from("198.51.100.2", "", "nora@north.example", password)
	if sentence, after := w.wait(err); after != time.Second || sentence != "Too many tries. Try again in a minute. A new password by mail, under “Forgotten password?”, lets you in at once." {
		t.Errorf("%q, %v: the while grew with the tries", sentence, after)
	}
	w.clock.pass(time.Second)
	_, err = w.from("198.51.100.2", "", "nora@north.example", password)
	w.ok(err)
}

// ACC-11: nobody locks somebody else out: what strangers try, however much and from wherever, stops neither the owner's own
// browser nor another e-mail; a browser's secret counts only for those who signed in there, and only for a while.
func TestNobodyLocksOthersOut(t *testing.T) {
	w := newWorld(t)
	known, err := w.from("203.0.113.5", "", "clara@clinic.example", password)
	w.ok(err)
	again, err := w.from("203.0.113.5", known.Device, "hank@harbour.example", password) // the same browser
	w.ok(err)
	if again.Device != known.Device || len(known.Device) != 43 {
		t.Fatalf("one browser has the secrets %q and %q", known.Device, again.Device)
	}
	for n := range 130 { // also from the owner's own address
		_, _ = w.from("203.0.113.5", "", []string{"clara@clinic.example", fmt.Sprintf("u%d@evil.example", n)}[n%2], "wrong")
	}
	_, err = w.from("203.0.113.5", "", "bea@bakery.example", password)
	w.wait(err) // the address has none left
	_, err = w.from("203.0.113.6", "", "clara@clinic.example", password)
	w.wait(err) // nor has the e-mail

	for name, device := range map[string]string{"made up": "x", "another's": again.Device[:42] + "_", "empty": "", "of a strange length": known.Device + known.Device,
		"no base64": known.Device[:42] + "\x00"} {
		if _, err := w.from("203.0.113.7", device, "clara@clinic.example", password); !errors.Is(err, identity.ErrTooManyTries) {
			t.Errorf("a browser whose secret is %s is known: %v", name, err)
		}
	}
	for range 3 {
		_, err = w.from("203.0.113.5", known.Device, "clara@clinic.example", "mistyped")
		w.refused(err, identity.ErrWrongSignIn)
	}
	_, err = w.from("203.0.113.5", known.Device, "clara@clinic.example", password)
	w.ok(err)
	_, err = w.from("203.0.113.5", known.Device, "hank@harbour.example", password)
	w.ok(err)
	if n := w.count("devices"); n != 2 {
		t.Errorf("%d rows for one browser of two people", n)
	}
	var equal bool
	w.scan(&equal, `SELECT count(DISTINCT hash) = 1 FROM devices`)
	if equal {
		t.Error("the rows of one browser show that it is one")
	}

	for range 11 {
		_, err = w.from("203.0.113.5", known.Device, "clara@clinic.example", "wrong")
	}
	w.wait(err) // a stolen browser has no endless tries
	w.clock.pass(identity.DeviceTTL)
	for range 10 {
		_, _ = w.from("203.0.113.8", "", "clara@clinic.example", "wrong")
	}
	_, err = w.from("203.0.113.5", known.Device, "clara@clinic.example", password)
	w.wait(err) // known no more
	if swept, err := w.identity.SweepDevices(w.ctx); err != nil || swept != 2 || w.count("devices") != 0 {
		t.Errorf("swept %d, %v", swept, err)
	}
}

// ACC-11: a hundred wrong passwords from one address end its tries, whatever the e-mails; right ones do not count. An IPv6
// customer has one address; a neighbour, and IPv4 written as IPv6, is who it is.
func TestLimitPerAddress(t *testing.T) {
	for name, c := range map[string]struct{ same, other func(n int) string }{
		"IPv4":         {func(int) string { return "192.0.2.1" }, func(int) string { return "192.0.2.2" }},
		"IPv4 in IPv6": {func(n int) string { return []string{"192.0.2.1", "::ffff:192.0.2.1"}[n%2] }, func(int) string { return "192.0.2.2" }},
		"IPv6 /64":     {func(n int) string { return fmt.Sprintf("2001:db8:0:1::%x", n) }, func(int) string { return "2001:db8:0:2::1" }},
		"no address":   {func(n int) string { return []string{"", "x", "\x00", "10.0.0.1:80"}[n%4] }, func(int) string { return "192.0.2.2" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for n := range 100 {
				_, err := w.from(c.same(n), "", fmt.Sprintf("u%d@evil.example", n), "wrong")
				w.refused(err, identity.ErrWrongSignIn)
				if n%10 == 0 {
					_, err := w.from(c.same(n), "", "nora@north.example", password)
					w.ok(err)
				}
			}
			_, err := w.from(c.same(1), "", "nora@north.example", password)
			w.wait(err)
			spent := w.count("limits")
			_, err = w.from(c.same(1), "", "fresh@evil.example", "wrong")
			w.wait(err)
			if w.count("limits") != spent {
				t.Error("an address without tries spends those of an e-mail")
			}
			_, err = w.from(c.other(1), "", "nora@north.example", password)
			w.ok(err)
		})
	}
}

// ACC-11: a hundred wrong passwords in a row, however slow, end what unknown browsers may try; a right one begins anew.
func TestLimitInARow(t *testing.T) {
	w := newWorld(t)
	wrong := func(times int) {
		for range times {
			_, err := w.from("192.0.2.1", "", "nora@north.example", "wrong")
			w.refused(err, identity.ErrWrongSignIn)
			w.clock.pass(2 * time.Minute)
		}
	}
	wrong(60)
	_, err := w.from("192.0.2.1", "", "nora@north.example", password)
	w.ok(err)
	wrong(100)
	w.clock.pass(time.Hour)
	_, err = w.from("192.0.2.1", "", "nora@north.example", password)
	if sentence, _ := w.wait(err); sentence != "Too many tries. Try again in 30 days. A new password by mail, under “Forgotten password?”, lets you in at once." {
		t.Errorf("says %q", sentence)
	}
	w.clock.pass(30 * 24 * time.Hour)
	wrong(1)
}

// ACC-11: fifty at once have no more tries than one after another, though two processes count.
func TestLimitFiftyAtOnce(t *testing.T) {
	w := newWorld(t)
	other := identity.New(w.store, cheap)
	var looked, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			service := []*identity.Service{w.identity, other}[i%2]
			_, err := service.SignIn(w.ctx, identity.SignInOrder{Email: "nora@north.example", Password: "wrong", From: identity.Origin{IP: fmt.Sprintf("192.0.2.%d", i)}})
			switch {
			case errors.Is(err, identity.ErrTooManyTries):
				refused.Add(1)
			case errors.Is(err, identity.ErrWrongSignIn):
				looked.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if looked.Load() != 10 || refused.Load() != 40 {
		t.Errorf("%d passwords were looked at, %d refused", looked.Load(), refused.Load())
	}
}

// ACC-11: counts say nothing of people, and are swept when they are over.
func TestLimitsAtRest(t *testing.T) {
	w := newWorld(t)
	for n := range 3 {
		_, _ = w.from("192.0.2.1", "", fmt.Sprintf("u%d@evil.example", n), "wrong")
	}
	var lengths int
	w.scan(&lengths, `SELECT count(*) FROM limits WHERE length(key) = 32`)
	if lengths != 7 || w.count("limits") != 7 { // an address, and two whiles of three e-mails
		t.Errorf("%d of %d keys are hashes", lengths, w.count("limits"))
	}
	if swept, err := w.store.SweepLimits(w.ctx); err != nil || swept != 0 {
		t.Errorf("swept %d too early, %v", swept, err)
	}
	w.clock.pass(15 * time.Minute)
	if swept, err := w.store.SweepLimits(w.ctx); err != nil || swept != 4 {
		t.Errorf("swept %d, %v, want 4", swept, err)
	}
	w.clock.pass(30 * 24 * time.Hour)
	if swept, err := w.store.SweepLimits(w.ctx); err != nil || swept != 3 || w.count("limits") != 0 {
		t.Errorf("swept %d, %v, want 3", swept, err)
	}
}
