package identity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
)

// ACC-11: a password is kept as Argon2id with 19 MiB, two passes and one lane, salted, and nothing of it can be read.
func TestHashAtRest(t *testing.T) {
	service := identity.New(nil, identity.Options{})
	one, err := service.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	two, err := service.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(one, "words") {
		t.Errorf("kept as %q", one)
	}
	if one == two {
		t.Error("two people with one password have one hash")
	}
}

// ACC-11: a megabyte of password is refused before anything is computed of it.
func TestHashTooLong(t *testing.T) {
	service := identity.New(nil, cheap)
	service.Watch(func(hash func() []byte) []byte { t.Error("hashed"); return hash() })
	_, err := service.HashPassword(t.Context(), strings.Repeat("a", 1<<20))
	field(t, err, "password")
}

// ACC-11: a password typed on another keyboard, in other code points, is the same password; hashes of an earlier cost go
// on working; nobody's and a broken hash match nothing.
func TestPasswordIs(t *testing.T) {
	w := newWorld(t)
	kim, nora := w.person["kim"], w.person["nora"]
	set := func(u models.User, by *identity.Service, password string) {
		hash, err := by.HashPassword(w.ctx, password)
		w.ok(err)
		w.exec(`UPDATE users SET password_hash = $2 WHERE id = $1`, u.ID, hash)
	}
	is := func(u models.User, password string) bool {
		t.Helper()
		right, err := w.identity.PasswordIs(w.ctx, u.TenantID, u.ID, password)
		w.ok(err)
		return right
	}
	if is(kim, "") || is(kim, oneTime+" ") || is(kim, strings.ToUpper(oneTime)) || !is(kim, oneTime) {
		t.Error("the one-time password is not exactly the one-time password")
	}
	set(kim, w.identity, "zwölf Boxkämpfer jagen")
	if !is(kim, "zwo\u0308lf Boxka\u0308mpfer jagen") || is(kim, "zwolf Boxkampfer jagen") {
		t.Error("composed and decomposed letters are not the same")
	}
	set(kim, identity.New(w.store, identity.Options{Hashing: identity.Hashing{MemoryKiB: 128, Passes: 2, Lanes: 2}}), password)
	if !is(kim, password) {
		t.Error("a hash of another cost does not work any more")
	}
	foreign := nora
	foreign.TenantID = w.south
	if is(foreign, password) || is(models.User{}, password) || is(models.User{}, "") {
		t.Error("somebody who is not there has a password")
	}
	w.exec(`UPDATE users SET password_hash = '' WHERE id = $1`, kim.ID)
	if is(kim, "") || is(kim, password) {
		t.Error("a user without a password has one")
	}
	for _, broken := range []string{"x", "$argon2id$v=19$m=64,t=0,p=0$c2FsdA$", "$argon2i$v=19$m=64,t=1,p=1$c2FsdA$c2FsdA", "$$$$$"} {
		w.exec(`UPDATE users SET password_hash = $2 WHERE id = $1`, kim.ID, broken)
		if right, err := w.identity.PasswordIs(w.ctx, kim.TenantID, kim.ID, password); right || err == nil {
			t.Errorf("%q: %v, %v", broken, right, err)
		}
	}
}

// ACC-11: fifty sign-ins at once make no more hashes at a time than there are places, and all are answered; who gives up
// waiting makes none.
func TestHashesTakeTurns(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		w.user(w.north, w.clinic, fmt.Sprintf("p%d@clinic.example", i), models.Member)
	}
	bounded := cheap
	bounded.Hashing.AtOnce = 3
	service := identity.New(w.store, bounded)
	var now, most, all atomic.Int64
	service.Watch(func(hash func() []byte) []byte {
		all.Add(1)
		n := now.Add(1)
		defer now.Add(-1)
		for {
			if seen := most.Load(); n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
		return hash()
	})
	var in atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			typed := password
			if i%2 == 1 {
				typed = "wrong"
			}
			if _, err := service.SignIn(w.ctx, identity.SignInOrder{Email: fmt.Sprintf("p%d@clinic.example", i), Password: typed}); err == nil {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if most.Load() != 3 || all.Load() != 50 || in.Load() != 25 {
		t.Errorf("%d at once, want 3; %d hashes, want 50; %d signed in, want 25", most.Load(), all.Load(), in.Load())
	}

	bounded.Hashing.AtOnce = 1
	service = identity.New(w.store, bounded)
	busy, done := make(chan struct{}), make(chan struct{})
	var hashes atomic.Int64
	service.Watch(func(hash func() []byte) []byte {
		hashes.Add(1)
		close(busy)
		<-done
		return hash()
	})
	wg.Go(func() {
		if _, err := service.HashPassword(w.ctx, password); err != nil {
			t.Error(err)
		}
	})
	<-busy
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
	defer cancel()
	_, err := service.SignIn(ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: password})
	w.refused(err, context.DeadlineExceeded)
	close(done)
	wg.Wait()
	if hashes.Load() != 1 {
		t.Errorf("%d hashes, want 1: the one who gave up made one", hashes.Load())
	}
}

// ACC-11: no more wait for a hash than can be served soon; the others are told so at once, and it costs them no try.
func TestHashesDoNotPileUp(t *testing.T) {
	w := newWorld(t)
	bounded := cheap
	bounded.Hashing.AtOnce, bounded.Hashing.Waiting = 1, 4
	service := identity.New(w.store, bounded)
	var all atomic.Int64
	done := make(chan struct{})
	enough := sync.OnceFunc(func() { close(done) })
	defer time.AfterFunc(10*time.Second, enough).Stop() // where nobody is turned away, nobody would ever be let in
	service.Watch(func(hash func() []byte) []byte { all.Add(1); <-done; return hash() })
	try := func() error {
		_, err := service.SignIn(w.ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: password})
		return err
	}
	var busy, in atomic.Int64
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() {
			switch err := try(); {
			case errors.Is(err, identity.ErrBusy):
				if busy.Add(1) == 4 {
					enough()
				}
			case err == nil:
				in.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if busy.Load() != 4 || in.Load() != 5 || all.Load() != 5 {
		t.Errorf("%d busy, want 4; %d signed in and %d hashes, want 5", busy.Load(), in.Load(), all.Load())
	}
	if n := w.count("limits"); n != 1 { // of the address; those of the e-mail begin anew after the right password
		t.Errorf("%d counts are left", n)
	}
	if n := w.count("limits WHERE tries > 0"); n != 0 {
		t.Errorf("%d counts still hold tries of people who were right or turned away", n)
	}
	w.ok(try())
}

// ACC-11: a password hashed at an earlier cost is hashed anew when it is given, also by many at once, and nobody else's.
func TestHashKeepsUp(t *testing.T) {
	w := newWorld(t)
	costly := identity.New(w.store, identity.Options{Hashing: identity.Hashing{MemoryKiB: 128, Passes: 2, Lanes: 1, AtOnce: 5}})
	kept := func(name string) (hash string) {
		w.scan(&hash, `SELECT password_hash FROM users WHERE id = $1`, w.person[name].ID)
		return hash
	}
	old := kept("clara")
	_, err := costly.SignIn(w.ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: "wrong"})
	w.refused(err, identity.ErrWrongSignIn)
	if kept("clara") != old {
		t.Fatal("a wrong password was hashed")
	}
	var comparing atomic.Int64
	all := make(chan struct{})
	costly.Watch(func(hash func() []byte) []byte {
		if comparing.Add(1) == 5 { // all have read the old hash
			close(all)
		}
		<-all
		return hash()
	})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := costly.SignIn(w.ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: password})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	anew := kept("clara")
	if !strings.HasPrefix(anew, "$argon2id$v=19$m=128,t=2,p=1$") || !strings.HasPrefix(kept("bea"), "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("kept as %q and %q", anew, kept("bea"))
	}
	_, err = costly.SignIn(w.ctx, identity.SignInOrder{Email: "clara@clinic.example", Password: password})
	w.ok(err)
	if kept("clara") != anew {
		t.Error("hashed again at the same cost")
	}
}
