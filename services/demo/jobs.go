package demo

import (
	"context"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/ledger"
	"offshoot/services/refill"
	"offshoot/services/store"
)

// remember finds out how far an earlier attempt has come.
func (p *player) remember(ctx context.Context) error {
	return p.store.Read(ctx, models.System(p.tenant), func(_ context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT max(at) FROM action_log WHERE tenant_id = ?`, p.tenant).Scan(&p.lived).Error
	})
}

// work does what the portal does by itself after an event, which its jobs do elsewhere. What an earlier attempt has lived through, but
// for its last hour, is not worked on again: the money is further by now than the clock.
func (p *player) work(ctx context.Context, e event) error {
	if e.at.Before(p.lived.Add(-time.Hour)) {
		return nil
	}
	switch e.does {
	case turned:
		return p.funding.StartMonth(ctx, p.tenant)
	case reminded:
		_, err := p.accounts.RemindOfTrials(ctx)
		return err
	case paid, tookBack, funded, deactivated, deleted:
		if err := p.funding.MoneyArrived(ctx, p.tenant); err != nil {
			return err
		}
		return p.refill.MoneyArrived(ctx, p.tenant)
	case used, automated, watched:
		if p.watched[e.sub] {
			return p.fall(ctx, e.sub)
		}
	}
	return nil
}

// fall does what has to be done when a balance has fallen.
func (p *player) fall(ctx context.Context, s *sub) error {
	var fallen []ledger.Fell
	err := p.store.Read(ctx, p.owner, func(ctx context.Context, tx *store.Tx) error {
		fallen = nil
		for _, kind := range []ledger.FallKind{ledger.RechargeFall, ledger.LowFall} {
			id, _, open, err := ledger.OpenFallOf(ctx, tx, p.of[s], kind)
			if err != nil {
				return err
			}
			if open {
				fallen = append(fallen, ledger.Fell{Tenant: p.tenant, Account: p.of[s], Fall: id, Of: kind})
			}
		}
		return nil
	})
	for _, fell := range fallen {
		if err == nil {
			err = p.refill.Fell(ctx, fell)
		}
	}
	return err
}

// fund changes how a sub-account is funded, or the terms of that.
func (p *player) fund(ctx context.Context, e event) error {
	now, err := p.accounts.Account(ctx, p.owner, p.of[e.sub])
	if err != nil {
		return err
	}
	return p.accounts.SetFunding(ctx, p.owner, now.ID, now.Version, e.terms)
}

// automate has a sub-account recharged by itself.
func (p *player) automate(ctx context.Context, e event) error {
	p.watched[e.sub] = true
	return unless(p.refill.SetRule(ctx, p.owner, p.of[e.sub], e.rule), refill.ErrStale)
}

// watch has the company told when a balance is low, its own or that of a sub-account.
func (p *player) watch(ctx context.Context, e event) error {
	account := p.tenant
	if e.sub != nil {
		p.watched[e.sub], account = true, p.of[e.sub]
	}
	return unless(p.refill.SetLowNotice(ctx, p.owner, account, models.LowForm{Below: e.amount.Text()}), refill.ErrStale)
}

// ask asks the company for credit, as the sub-account's owner.
func (p *player) ask(ctx context.Context, e event) error {
	session, err := p.signIn(ctx, e.sub.Email, subPassword)
	if err != nil {
		return err
	}
	return unless(p.funding.RequestCredit(ctx, session.Actor, funding.CreditForm{Amount: e.amount.Text(), Note: e.text}), funding.ErrCreditAsked)
}
