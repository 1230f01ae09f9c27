package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// limit is how often somebody may try something. Every try is counted before it is looked at, in PostgreSQL, on behalf of
// all processes; those that were right are taken back, so that what adds up is what was wrong.
type limit struct {
	name   string
	most   int
	within time.Duration
}

// The limits, and why they are as they are. A password has 15 characters or more and is none of those that everybody
// tries, so a few dozen tries a day find nothing; people who mistype need a handful.
var (
	// A browser that the user was never seen at. Those who know an e-mail can use its tries up; they stop nobody at the
	// browser that they always use, which has a count of its own, and a forgotten password is set by mail at any time.
	perEmail = limit{"sign-in e-mail", 10, 15 * time.Minute}
	// NIST SP 800-63B-4 allows a hundred wrong ones in a row; a right one begins anew. After that only known browsers are let
	// try, until a month is over or the password is set by mail, which makes a browser known.
	perEmailInARow = limit{"sign-in e-mail in a row", 100, 30 * 24 * time.Hour}
	// A browser at which the user once gave the right password: one budget a user and browser, whatever others do.
	perDevice = limit{"sign-in device", 10, 15 * time.Minute}
	// One address may be an office or a mobile network of many people; what stops there is trying many e-mails.
	perAddress = limit{"sign-in address", 100, 15 * time.Minute}

	// Mails that somebody else may cause to be sent. The while is shorter than the life of the link, so the owner of an e-mail
	// that is not sent another has one that works.
	linkPerEmail   = limit{"password link e-mail", 3, 15 * time.Minute}
	linkPerAddress = limit{"password link address", 20, 15 * time.Minute}

	// Links have 256 random bits; what is limited is work made by guessing.
	opensPerAddress = limit{"link address", 100, 15 * time.Minute}

	// Of somebody who has shown one secret already and is asked for another. At 10 tries in 15 minutes one of a million codes
	// would be found within months; so a hundred wrong in a row are the end of it, until a month is over or the password is
	// set by mail.
	perUserPassword  = limit{"password again", 10, 15 * time.Minute}
	perUserCode      = limit{"second factor", 10, 15 * time.Minute}
	perUserCodeInRow = limit{"second factor in a row", 100, 30 * 24 * time.Hour}
)

// ErrTooManyTries is a limit reached. It is one sentence for e-mails that exist and for those that do not.
var ErrTooManyTries = &models.Error{Kind: models.TooMany, Code: "too_many_tries", Message: "Too many tries. Try again later."}

// budget is a limit of somebody in particular.
type budget struct {
	limit limit
	of    string
}

func (b budget) key() []byte {
	sum := sha256.Sum256([]byte(b.limit.name + "\x00" + b.of))
	return sum[:]
}

// wrongPasswords are the tries at a password that somebody who is signed in is asked for again.
func wrongPasswords(user models.ID) []budget { return []budget{{perUserPassword, user.String()}} }

// wrongCodes are the tries at a code of the second factor.
func wrongCodes(user models.ID) []budget {
	return []budget{{perUserCode, user.String()}, {perUserCodeInRow, user.String()}}
}

// allow counts one try of each budget, in one statement, and refuses with ErrTooManyTries when one of them is spent. For:
// the beginning of whatever can be guessed, before it is looked at and outside of the store's doors.
func (s *Service) allow(ctx context.Context, budgets ...budget) error {
	_, err := s.spend(ctx, budgets)
	return err
}

// spend is allow, and says whether this try is the first that one of the budgets refuses.
func (s *Service) spend(ctx context.Context, budgets []budget) (first bool, err error) {
	var limits []store.Limit
	for _, b := range budgets {
		limits = append(limits, store.Limit{Key: b.key(), Most: b.limit.most, Within: b.limit.within})
	}
	tried, err := s.store.Try(ctx, limits...)
	if err != nil {
		return false, err
	}
	var until time.Time
	for _, t := range tried {
		if t.Over && t.EndsAt.After(until) {
			until = t.EndsAt
		}
		first = first || t.First
	}
	if until.IsZero() {
		return false, nil
	}
	return first, tooManyTries(until.Sub(s.store.Now()))
}

// forgive takes back all tries of the budgets: this one was right.
func (s *Service) forgive(ctx context.Context, budgets ...budget) error {
	return s.store.Forget(ctx, keys(budgets)...)
}

// takeBack takes back one try of each budget.
func (s *Service) takeBack(ctx context.Context, budgets ...budget) error {
	return s.store.Untry(ctx, keys(budgets)...)
}

func keys(budgets []budget) [][]byte {
	var keys [][]byte
	for _, b := range budgets {
		keys = append(keys, b.key())
	}
	return keys
}

// AllowLink counts a try of a link from a mail. For: services whose links open something for people who are not signed in.
// Refuses with ErrTooManyTries.
func (s *Service) AllowLink(ctx context.Context, from Origin) error {
	return s.allow(ctx, budget{opensPerAddress, from.network()})
}

// network is what counts as one address: of IPv6 the half that one customer has. Where it is none, everybody is one.
func (o Origin) network() string {
	ip, err := netip.ParseAddr(o.IP)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	half, _ := ip.Prefix(64)
	return half.String()
}

func tooManyTries(wait time.Duration) error {
	refusal := ErrTooManyTries.Saying("Too many tries. Try again in " + roughly(wait) + ".")
	refusal.After = wait
	return refusal
}

// roughly is a wait in words, rounded up, so that whoever waits as long is let in.
func roughly(wait time.Duration) string {
	count := func(unit time.Duration, one, many string) string {
		n := (wait + unit - 1) / unit
		if n <= 1 {
			return one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	switch {
	case wait <= 90*time.Minute:
		return count(time.Minute, "a minute", "minutes")
	case wait <= 48*time.Hour:
		return count(time.Hour, "an hour", "hours")
	}
	return count(24*time.Hour, "a day", "days")
}
