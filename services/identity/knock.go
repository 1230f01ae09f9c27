package identity

import (
	"context"
	"errors"
)

// door is what a sign-in spends: at a browser that the user is known at its own tries, elsewhere those of the address and
// then those of the e-mail. An address that has none left spends none of an e-mail's.
type door struct{ first, then []budget }

func (c candidate) door(order SignInOrder) door {
	if c.KnownDevice {
		return door{first: []budget{{perDevice, string(deviceHash(order.Device, c.User.ID))}}}
	}
	return door{first: []budget{{perAddress, order.From.network()}}, then: []budget{{perEmail, c.Email}, {perEmailInARow, c.Email}}}
}

func (d door) all() []budget { return append(d.first[:len(d.first):len(d.first)], d.then...) }

// knock counts a sign-in before anything is computed of its password, and refuses with ErrTooManyTries. The first refusal
// of a while is logged, and those after it are not: they would be a way to fill the log.
func (s *Service) knock(ctx context.Context, who candidate, d door, from Origin) error {
	first, err := s.spend(ctx, d.first)
	if err == nil && len(d.then) > 0 {
		first, err = s.spend(ctx, d.then)
	}
	if first && errors.Is(err, ErrTooManyTries) {
		return s.refused(ctx, who, from, "too_many", err)
	}
	return err
}

// welcome takes back what a right password has spent. The e-mail and the browser begin anew; of the address it is one try.
func (s *Service) welcome(ctx context.Context, d door) error {
	if len(d.then) == 0 {
		return s.forgive(ctx, d.first...)
	}
	return errors.Join(s.takeBack(ctx, d.first...), s.forgive(ctx, d.then...))
}
