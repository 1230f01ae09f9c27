package identity_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/services/identity"
	"offshoot/services/secrets"
	"offshoot/services/store"
)

// counter stands between a store and its PostgreSQL and counts the statements that go by.
type counter struct{ statements atomic.Int64 }

// through returns an address of the database of dsn that leads through the counter.
func (c *counter) through(t *testing.T, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
			go func() { c.pass(client, server); _ = server.Close() }()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return fmt.Sprintf("host=127.0.0.1 port=%s user=%s password='%s' dbname=%s sslmode=disable", port, config.User, config.Password, config.Database)
}

// pass copies what a client says: a start without a kind, then messages of a kind, a length and a body. E executes a
// prepared statement, Q a plain one.
func (c *counter) pass(client io.Reader, server io.Writer) {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		if !first && (head[0] == 'E' || head[0] == 'Q') {
			c.statements.Add(1)
		}
		length := int64(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
		if _, err := server.Write(head); err != nil {
			return
		}
		if _, err := io.CopyN(server, client, length); err != nil {
			return
		}
	}
}

// ACC-11: what is done for an e-mail that exists and for one that does not is the same, statement by statement and hash by
// hash: at a wrong password, when the tries are used up, and at a forgotten password.
func TestSameWorkForEveryEmail(t *testing.T) {
	w := newWorld(t)
	var count counter
	counted, err := store.Open(w.ctx, count.through(t, w.dsn), w.clock.now)
	w.ok(err)
	t.Cleanup(counted.Close)
	counted.UseKeys(secrets.ForTests())
	service := identity.New(counted, cheap)
	var hashes atomic.Int64
	service.Watch(func(hash func() []byte) []byte { hashes.Add(1); return hash() })
	theirs, err := w.from("192.0.2.2", "", "clara@clinic.example", password)
	w.ok(err)
	device := theirs.Device // of the attacker
	type work struct{ statements, hashes int64 }
	signIn := func(email string) work {
		count.statements.Store(0)
		hashes.Store(0)
		_, err := service.SignIn(w.ctx, identity.SignInOrder{Email: email, Password: "wrong", Device: device, From: at("192.0.2.1")})
		if !errors.Is(err, identity.ErrWrongSignIn) && !errors.Is(err, identity.ErrTooManyTries) {
			t.Fatal(err)
		}
		return work{count.statements.Load(), hashes.Load()}
	}
	signIn("warm@up.example")
	signIn("bea@bakery.example")
	w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, w.person["ned"].ID)
	for n := 1; n <= 12; n++ {
		nobody := signIn("eve@evil.example")
		for _, email := range []string{"nora@north.example", "ned@north.example", "kim@kiosk.example", "ann@operator.example"} {
			if got := signIn(email); got != nobody {
				t.Errorf("try %d: %+v for %s, %+v for nobody", n, got, email, nobody)
			}
		}
		if want := int64(1); n > 10 && nobody.hashes != 0 || n <= 10 && nobody.hashes != want || nobody.statements < 5 {
			t.Errorf("try %d: %+v", n, nobody)
		}
		if n%10 == 1 {
			t.Logf("try %d: %+v", n, nobody)
		}
	}
	ask := func(email string) int64 {
		count.statements.Store(0)
		w.ok(service.AskForPasswordLink(w.ctx, email, at("198.51.100.1")))
		return count.statements.Load()
	}
	ask("warm@up.example")
	for n := 1; n <= 4; n++ {
		nobody := ask("eve@evil.example")
		for _, email := range []string{"nora@north.example", "ned@north.example", "kim@kiosk.example"} {
			if got := ask(email); got != nobody {
				t.Errorf("ask %d: %d statements for %s, %d for nobody", n, got, email, nobody)
			}
		}
	}
}
