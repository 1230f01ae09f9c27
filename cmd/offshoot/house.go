package main

import (
	"context"
	"fmt"

	"offshoot/services/accounts"
	"offshoot/services/background"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/notify"
	"offshoot/services/reports"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/services/usage"
)

// house is the services of one process, on one pool of connections.
type house struct {
	store    *store.Store
	people   *identity.Service
	accounts *accounts.Service
	ledger   *ledger.Service
	reports  *reports.Service
	notify   *notify.Service
	sharing  *sharing.Service
	senders  *senders.Service
	work     *background.Service
	usage    *usage.Service
}

// openHouse makes the services on a migrated database. demo keeps what was mailed and texted readable.
func openHouse(ctx context.Context, c config, dsn string, demo bool) (*house, error) {
	st, err := store.Open(ctx, pooled(dsn), nil)
	if err != nil {
		return nil, err
	}
	if err := c.giveKeys(st); err != nil {
		st.Close()
		return nil, err
	}
	mails, err := notify.New(st, c.mail(demo))
	if err != nil {
		st.Close()
		return nil, fmt.Errorf("mail: %w", err)
	}
	people := identity.New(st, identity.Options{Installation: c.installation()})
	return &house{
		store:    st,
		people:   people,
		accounts: accounts.New(st, people, c.installation()),
		ledger:   ledger.New(st),
		reports:  reports.New(st),
		notify:   mails,
		sharing:  sharing.New(st),
		senders:  senders.New(st, c.installation()),
		work:     background.New(st),
		usage:    usage.New(st),
	}, nil
}

func (h *house) close() { h.store.Close() }
