package demo

import (
	"context"
	"errors"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/ledger"
	"offshoot/services/messaging"
	"offshoot/services/store"
)

// write sends a text to people in one country or more, and lets the gateway do its part at once.
func (p *player) write(ctx context.Context, e event) error {
	writer, err := p.writerOf(ctx, e.sub)
	if err != nil {
		return err
	}
	order := messaging.NowOrder{Account: writer.Account, Body: e.letters[0].body, Reference: e.letters[0].reference}
	for _, l := range e.letters {
		for _, number := range l.to {
			order.To = append(order.To, audience.Number{E164: number, Country: l.country})
		}
	}
	var send models.ID
	err = p.store.Settle(ctx, p.tenant, func(ctx context.Context, tx *store.Tx) error {
		tx.Actor = writer
		made, refused, err := messaging.SendNow(ctx, tx, order)
		if send = made; refused != nil {
			return refused
		}
		return err
	})
	if errors.Is(err, ledger.ErrReferenceReused) || errors.Is(err, ledger.ErrNotCharging) { // it was sent before, or nobody may any more
		return p.carrier.Drain(ctx, p.tenant)
	}
	if err != nil {
		return err
	}
	if err := p.carrier.Drain(ctx, p.tenant); err != nil {
		return err
	}
	return p.messaging.Run(ctx, p.tenant, send)
}

// writerOf is who writes an account's messages: its owner.
func (p *player) writerOf(ctx context.Context, s *sub) (models.Actor, error) {
	if s == nil {
		return p.owner, nil
	}
	if writer, known := p.writers[s]; known {
		return writer, nil
	}
	user, err := p.people.UserByEmail(ctx, s.Email)
	if err != nil {
		return models.Actor{}, err
	}
	p.writers[s] = models.Actor{Tenant: user.TenantID, Account: user.AccountID, Kind: models.Sub, User: user.ID, Email: user.Email, Role: user.Role,
		Home: user.TenantID, HomeAcct: user.AccountID,
		Privileges: models.PrivilegesOf(models.Sub, user.Role, s.privileges)}
	return p.writers[s], nil
}
