// Package proof checks that the money is right: every rule of the books, tenant by tenant, from the beginning or since the
// last check. It freezes the money of a tenant whose books have a fault, and of no other. It alone writes book_checks and
// freezes; everything else it only reads. The rules stand in rules.go, what asks for them in passes.go.
//
// A whole check (Check) holds all of a tenant's books to every rule, within one snapshot. The server walks the tables and
// sends counts and a few names; nothing of the books is kept in memory here.
//
// A check of what is new (CheckNew) follows on a whole one, by induction: entries, transfers, charges and the log are
// append-only, so what was right stays right, and it is enough to hold to the rules what was written since and what that
// stands on. It begins where the last one is sure to have seen everything (the moment it began, or the beginning of the oldest
// transaction that had written something and was still open), ten minutes earlier for clocks that differ; and where the clock
// was set back, ten minutes before the present. From there on it sees every transfer with its entries, log lines, charges,
// messages and recharges, and of each wallet that they touched all entries from the first of those on, with the one before,
// and the balance. It costs in proportion to those, by index.
//
// What it cannot see, and the nightly whole check does:
//   - a row that was changed or removed past the triggers, of a wallet in which nothing has moved since, or older than the
//     window. Once something moves there, the entry after it does not follow on and is found;
//   - a log line, message or recharge without a transfer that is dated before the window; a message whose refund was changed;
//   - sums over all wallets (of an asset, of a package's units), the figure of what a parent has given, accounts, limits,
//     one-time keys, what wallets count beside their balances, and the sums of usage;
//   - what a transaction writes that had written nothing for ten minutes after it began, and what a clock writes that is back
//     by more than ten minutes between two checks and right again at both.
//
// Rules that are not about an amount are told and do not freeze.
package proof

import (
	"offshoot/services/notify"
	"offshoot/services/store"
)

// Service is proof as the command line, pages and jobs use it.
type Service struct {
	store        *store.Store
	installation notify.Installation
}

// New returns the service in that store. The installation signs its mails.
func New(s *store.Store, in notify.Installation) *Service {
	return &Service{store: s, installation: in}
}
