package demo

import (
	"context"
	"errors"
	"time"

	"offshoot/services/identity"
)

// guarded is the company that lets staff in only with its consent, and why one of them asks for it now.
var guarded = struct{ email, reason string }{"rania@petralogistics.example", "Ticket 5120: a message to Amman was charged twice, says Rania"}

// askForConsent has the guarded company turn staff access off, and staff ask to enter it. One that was interrupted goes on.
func (p *player) askForConsent(ctx context.Context) error {
	admin, err := p.signIn(ctx, guarded.email, parentPassword)
	if err != nil {
		return err
	}
	if admin.Account.StaffAccessOff == nil {
		if err := p.accounts.SetStaffAccess(ctx, admin.Actor, false); err != nil {
			return err
		}
	}
	p.clock.pass(20 * time.Minute)
	sam, err := p.signIn(ctx, operator.Email, staffPassword)
	if err != nil {
		return err
	}
	err = p.people.AskConsent(ctx, sam.Actor, admin.Home.TenantID, admin.Home.ID, guarded.reason)
	if err != nil && !errors.Is(err, identity.ErrConsentAsked) {
		return err
	}
	p.tenant = admin.Home.TenantID // whose mails are delivered now
	return p.deliver(ctx)
}
