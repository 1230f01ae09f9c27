package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/notify"
)

// origin is where everybody in the story sits: an address that documentation may use.
var origin = identity.Origin{IP: "203.0.113.24", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"}

func (p *player) signIn(ctx context.Context, email, password string) (identity.Session, error) {
	signedIn, err := p.people.SignIn(ctx, identity.SignInOrder{Email: email, Password: password, From: origin})
	if err != nil {
		return identity.Session{}, err
	}
	return p.people.Resolve(ctx, signedIn.Token)
}

// confirm goes through the activation of an account, as its person does it: by the mail, the code on the mobile, and a
// password of one's own.
func (p *player) confirm(ctx context.Context, s *sub) error {
	account, email := p.tenant, p.company.Email
	if s != nil {
		account, email = p.of[s], s.Email
	}
	before, err := p.accounts.Account(ctx, models.Actor{Tenant: p.tenant, Account: account}, account)
	if err != nil {
		return err
	}
	if before.Status == models.Pending {
		if err := p.activate(ctx, before, passwordOf(s)); err != nil {
			return err
		}
	}
	if s == nil {
		session, err := p.signIn(ctx, email, parentPassword)
		p.owner = session.Actor
		return err
	}
	return nil
}

func (p *player) activate(ctx context.Context, a models.Account, password string) error {
	mail, err := p.newest(ctx, notify.ByMail, a.Email)
	if err != nil {
		return err
	}
	session, err := p.follow(ctx, a, mail)
	if err != nil {
		return err
	}
	if p.clock.Now().Sub(mail.CreatedAt) > accounts.CodeTTL-2*time.Minute {
		if err := unless(p.accounts.ResendCode(ctx, session), accounts.ErrCodePause); err != nil {
			return err
		}
		if err := p.deliver(ctx); err != nil {
			return err
		}
	}
	text, err := p.newest(ctx, notify.ByText, a.Mobile)
	if err != nil {
		return err
	}
	p.clock.pass(40 * time.Second)
	if err := p.accounts.EnterCode(ctx, session, sixDigits.FindString(text.Body)); err != nil {
		return err
	}
	p.clock.pass(55 * time.Second)
	_, err = p.accounts.ChoosePassword(ctx, session, password, origin)
	return err
}

// invite adds a colleague to an account, as the company's Admin, and lets them come in.
func (p *player) invite(ctx context.Context, e event) error {
	account, c := p.tenant, e.colleague
	if e.sub != nil {
		account = p.of[e.sub]
	}
	_, err := p.people.InviteUser(ctx, p.owner, identity.InviteOrder{Account: account, Name: c.name, Email: c.email, Role: c.role, TimeZone: c.zone, Key: "demo-" + c.email})
	if err != nil || !c.comes {
		return err
	}
	p.clock.pass(7 * time.Minute)
	mail, err := p.newest(ctx, notify.ByMail, c.email)
	if err != nil {
		return err
	}
	address, err := url.Parse(link.FindString(mail.Body))
	if err != nil {
		return err
	}
	_, err = p.people.AcceptInvitation(ctx, identity.Token(address.Query().Get("token")), passwordOf(e.sub), origin)
	return unless(err, identity.ErrInvitationOver)
}

var (
	oneTimePassword = regexp.MustCompile(`\b[a-z2-9]{5}(-[a-z2-9]{5}){3}\b`)
	link            = regexp.MustCompile(`https?://\S+\?\S+`)
	sixDigits       = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// follow does what a mail asks for: it opens the link, or signs in with the one-time password.
func (p *player) follow(ctx context.Context, a models.Account, mail notify.Kept) (identity.Session, error) {
	if password := oneTimePassword.FindString(mail.Body); password != "" {
		return p.signIn(ctx, a.Email, password)
	}
	address, err := url.Parse(link.FindString(mail.Body))
	if err != nil {
		return identity.Session{}, err
	}
	token, err := p.accounts.OpenLink(ctx, address.Query().Get("token"), origin)
	if err != nil {
		return identity.Session{}, err
	}
	return p.people.Resolve(ctx, token)
}

// newest is the last message that somebody got.
func (p *player) newest(ctx context.Context, channel notify.Channel, to string) (notify.Kept, error) {
	for before := ""; ; {
		page, err := p.notify.Outbox(ctx, 200, before)
		if err != nil {
			return notify.Kept{}, err
		}
		for _, m := range page.Messages {
			if m.Tenant == p.tenant && m.Channel == channel && m.To == to {
				return m, nil
			}
		}
		if before = page.Next; before == "" {
			return notify.Kept{}, fmt.Errorf("nothing was sent to %s", to)
		}
	}
}

// deliver sends what the last event left in the company's outbox.
func (p *player) deliver(ctx context.Context) error {
	page, err := p.notify.Outbox(ctx, 200, "")
	if err != nil {
		return err
	}
	var problems []error
	for _, m := range page.Messages {
		if m.Tenant == p.tenant && m.Status == notify.Waiting {
			p.clock.pass(2 * time.Second)
			problems = append(problems, p.notify.Deliver(ctx, m.Tenant, m.ID))
		}
	}
	return errors.Join(problems...)
}
