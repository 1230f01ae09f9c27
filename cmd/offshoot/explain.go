package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/store/localpg"
)

// explain is an error as a sentence for whoever typed the command.
func explain(err error) string {
	var refusal *models.Error
	var unreachable *pgconn.ConnectError
	switch {
	case errors.As(err, &refusal):
		return refusalText(refusal)
	case errors.Is(err, localpg.ErrInUse):
		return err.Error() + "; stop it, or use another folder with OFFSHOOT_DATA or --data"
	case errors.Is(err, store.ErrUnbound):
		return err.Error() + ". Name a role of its own in DATABASE_URL, such as postgres://offshoot_app:a-new-password@host/database, the one " +
			"that owns the tables in DATABASE_OWNER_URL, and run offshoot migrate once: it makes the role"
	case errors.As(err, &unreachable):
		return "the database does not answer: " + unreachable.Error()
	}
	return err.Error()
}

// refusalText lists what is wrong with single values by the names of the flags that gave them.
func refusalText(refusal *models.Error) string {
	if len(refusal.Fields) == 0 {
		return refusal.Message
	}
	var lines []string
	for field, sentence := range refusal.Fields {
		if flag, ok := fieldFlags[field]; ok {
			field = flag
		}
		lines = append(lines, "  "+strings.ReplaceAll(field, "_", "-")+": "+sentence)
	}
	sort.Strings(lines)
	return "please check:\n" + strings.Join(lines, "\n")
}

// cannotListen explains a failure to listen at addr.
func cannotListen(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program listens on %s already: stop it, or choose another address with OFFSHOOT_ADDR or --addr", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("this account may not listen on %s: choose a port from 1024 up with OFFSHOOT_ADDR or --addr", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine: choose one with OFFSHOOT_ADDR or --addr", addr)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}
