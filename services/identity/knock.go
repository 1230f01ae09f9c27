package identity

import (
	"context"
	"errors"

	"offshoot/models"
)

// door is what a sign-in spends: at a browser that the user is known at its own tries, elsewhere those of the address and
// then those of the e-mail. An address that has none left spends none of an e-mail's.
type door struct{ first, then []budget }

func (s *Service) doorOf(ctx context.Context, order SignInOrder) (door, error) {
	email, isEmail := ParseEmail(order.Email)
	known, err := s.isKnown(ctx, order.Device, email)
	if known || err != nil {
		return door{first: []budget{{perDevice, string(deviceHash(order.Device, email))}}}, err
	}
	d := door{first: []budget{{perAddress, order.From.network()}}}
	if isEmail { // what is no e-mail is nobody's, and guesses nothing
		d.then = []budget{{perEmail, email}, {perEmailInARow, email}}
	}
	return d, nil
}

func (d door) all() []budget { return append(d.first[:len(d.first):len(d.first)], d.then...) }

// knock counts a sign-in before anybody is looked for and anything is computed of the password, and refuses with
// ErrTooManyTries. The first refusal of a while is logged, and those after it are not: they would be a way to fill the log,
// and to measure at leisure what is done for whom.
func (s *Service) knock(ctx context.Context, order SignInOrder) (door, error) {
	d, err := s.doorOf(ctx, order)
	if err != nil {
		return d, err
	}
	first, err := s.spend(ctx, d.first)
	if err == nil && len(d.then) > 0 {
		first, err = s.spend(ctx, d.then)
	}
	var over *models.Error
	if !errors.As(err, &over) {
		return d, err
	}
	over = over.Saying(over.Message + " A new password by mail, under “Forgotten password?”, lets you in at once.")
	if !first {
		return d, over
	}
	who, err := s.candidate(ctx, order.Email)
	if err != nil {
		return d, err
	}
	return d, s.refused(ctx, who, order.From, "too_many", over)
}

// welcome takes back what a right password has spent. The e-mail and the browser begin anew; of the address it is one try.
func (s *Service) welcome(ctx context.Context, d door) error {
	if len(d.then) == 0 { // a right password was somebody's, so it is a known browser
		return s.forgive(ctx, d.first...)
	}
	return errors.Join(s.takeBack(ctx, d.first...), s.forgive(ctx, d.then...))
}
