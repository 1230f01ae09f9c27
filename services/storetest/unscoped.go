package storetest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// unscopedVariable, when set, runs the tests of a package with every condition on a tenant taken out of what its services
// send: row-level security alone keeps tenants apart then, and all must hold as before.
const unscopedVariable = "OFFSHOOT_TEST_UNSCOPED"

// scope is a condition on a tenant, in a WHERE or in a join.
var scope = regexp.MustCompile(`(?i)((?:\b\w+\.)?\btenant_id) = (\$\d+|\w+\.\w+|@\w+)`)

// unscope makes every condition on a tenant one that all rows meet. The values stay where they are.
func unscope(sql string) string { return scope.ReplaceAllString(sql, "($1 = $2 OR true)") }

// unscoped stands between the services and the server at that address and rewrites each statement on its way.
func unscoped(server address) (address, io.Closer, error) {
	config, err := pgx.ParseConfig(string(server))
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", leftovers[:len(leftovers)-1])
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	network, to := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if filepath.IsAbs(config.Host) {
		network, to = "unix", filepath.Join(config.Host, ".s.PGSQL."+strconv.Itoa(int(config.Port)))
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, network, to)
		}
	}()
	between := url.URL{Scheme: "postgres", User: url.User(config.User), RawQuery: url.Values{"host": {dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()}
	if config.Password != "" {
		between.User = url.UserPassword(config.User, config.Password)
	}
	return address(between.String()), closing(func() error { return errors.Join(listener.Close(), os.RemoveAll(dir)) }), nil
}

type closing func() error

func (c closing) Close() error { return c() }

// pass carries one connection, answers as they are.
func pass(client net.Conn, network, to string) {
	defer client.Close()
	server, err := net.Dial(network, to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	// the first message has no kind; what follows is a kind, a length that counts itself, and a body
	for first := true; ; first = false {
		var kind [1]byte
		if !first {
			if _, err := io.ReadFull(client, kind[:]); err != nil {
				return
			}
		}
		var length [4]byte
		if _, err := io.ReadFull(client, length[:]); err != nil {
			return
		}
		body := make([]byte, max(0, int(binary.BigEndian.Uint32(length[:]))-len(length)))
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		message := append(length[:], body...)
		if !first {
			if message, err = rewritten(kind[0], body); err != nil {
				return
			}
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// rewritten is a message with the statement in it, if any, unscoped.
func rewritten(kind byte, body []byte) ([]byte, error) {
	switch kind {
	case 'P':
		var parse pgproto3.Parse
		if err := parse.Decode(body); err != nil {
			return nil, err
		}
		parse.Query = unscope(parse.Query)
		return parse.Encode(nil)
	case 'Q':
		var query pgproto3.Query
		if err := query.Decode(body); err != nil {
			return nil, err
		}
		query.String = unscope(query.String)
		return query.Encode(nil)
	}
	message := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return append(message, body...), nil
}

// Unscoped is a DSN whose statements lose their conditions on a tenant on the way, until t ends.
func Unscoped(t testing.TB, dsn string) string {
	t.Helper()
	between, end, err := unscoped(address(dsn))
	must(t, err)
	t.Cleanup(func() { _ = end.Close() })
	config, err := pgx.ParseConfig(dsn)
	must(t, err)
	return between.database(config.Database)
}
