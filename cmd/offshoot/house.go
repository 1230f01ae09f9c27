package main

import (
	"context"
	"fmt"

	"offshoot/services/accounts"
	"offshoot/services/audience"
	"offshoot/services/background"
	"offshoot/services/billing"
	"offshoot/services/funding"
	"offshoot/services/identity"
	"offshoot/services/inbound"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/notify"
	"offshoot/services/proof"
	"offshoot/services/refill"
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
	billing  *billing.Service
	carrier  *messaging.Carrier
	sends    *messaging.Service
	audience *audience.Service
	inbound  *inbound.Service
	funding  *funding.Service
	refill   *refill.Service
	proof    *proof.Service
}

// openHouse makes the services on a migrated database. demo keeps what was mailed and texted readable.
func openHouse(ctx context.Context, c config, dsn string, demo bool) (*house, error) {
	st, err := store.Open(ctx, pooled(dsn), clock())
	if err != nil {
		return nil, err
	}
	if err := c.giveKeys(st); err != nil {
		st.Close()
		return nil, err
	}
	gateway, err := c.openGateway(st)
	if err != nil {
		st.Close()
		return nil, err
	}
	leaving := c.mail(demo)
	leaving.Text = c.texts(gateway)
	mails, err := notify.New(st, leaving)
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
		billing:  billing.New(st),
		carrier:  messaging.NewCarrier(st, gateway),
		sends:    messaging.New(st),
		audience: audience.New(st),
		inbound:  inbound.New(st),
		funding:  funding.New(st, c.installation()),
		refill:   refill.New(st, c.installation()),
		proof:    proof.New(st, c.installation()),
	}, nil
}

func (h *house) close() { h.store.Close() }
