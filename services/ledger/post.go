package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// Kinds of wallets, as the table has them.
const (
	balanceWallet = "balance"
	spentWallet   = "spent"
	outsideWallet = "outside"
	unitsWallet   = "units"
	usedWallet    = "used"
	issuedWallet  = "issued"
)

// place names a wallet by what it is for, which is how rules speak of it.
type place struct {
	account models.ID
	kind    string
	asset   string // of units; "" for the account's currency, in which it has one wallet of a kind
}

// wallet is a row that this transaction holds locked.
type wallet struct {
	ID        models.ID
	AccountID models.ID
	Kind      string
	Asset     string
	Balance   int64
	Floor     *int64
	Entries   int64
	LastAt    *time.Time
	ClosedAt  *time.Time
	watched
	counted
	Frozen bool // its tenant's books are
}

func (w wallet) balance() models.Money { return models.FromMicros(w.Balance, w.Asset) }

// spare is what can still be taken out: down to the floor, which is below zero where there is a credit line.
func (w wallet) spare() int64 {
	if w.Floor == nil {
		return w.Balance
	}
	return w.Balance - *w.Floor
}

func (w wallet) available() models.Money { return models.FromMicros(w.spare(), w.Asset) }

func (w wallet) side() models.Side { return models.Side{Account: w.AccountID, Before: w.balance()} }

// The zone is that of the parent's calendar, and is looked up only where something is counted by it: on a sub-account's record
// of spending. $1 is the tenant.
const walletColumns = `id, account_id, kind, asset, balance, floor, entries, last_at, closed_at, low_below, recharge_below, low_fall, recharge_fall, wakes,
	` + countedColumns + `, CASE WHEN kind = 'spent' AND account_id <> $1 THEN (SELECT time_zone FROM accounts WHERE tenant_id = $1 AND id = $1) END,
	EXISTS (SELECT FROM freezes WHERE tenant_id = $1)`

// into collects wallets as the queries below select them.
func into(found *[]*wallet) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*found, err = pgx.AppendRows(*found, rows, pgx.RowToAddrOfStructByPos[wallet])
		return err
	}
}

// lock takes the wallets at some places for the rest of the transaction, in the order of their ids, whatever the order of
// the places: opposite transfers cannot wait for each other. It refuses with ErrNoSuchAccount when the actor's tenant has
// no such wallet, and with ErrAccountClosed.
func lock(ctx context.Context, tx *store.Tx, places ...place) ([]*wallet, error) {
	return lockAsking(ctx, tx, func() {}, places...)
}

// lockAsking is lock together with questions that are asked once the wallets are held.
func lockAsking(ctx context.Context, tx *store.Tx, ask func(), places ...place) ([]*wallet, error) {
	locked, err := lockEven(ctx, tx, ask, places...)
	if err != nil {
		return nil, err
	}
	for _, w := range locked {
		if w.ClosedAt != nil {
			return nil, ErrAccountClosed
		}
	}
	return locked, nil
}

// lockEven is lockAsking for wallets that may be closed.
func lockEven(ctx context.Context, tx *store.Tx, ask func(), places ...place) ([]*wallet, error) {
	accounts, kinds, assets := make([]models.ID, len(places)), make([]string, len(places)), make([]string, len(places))
	for i, p := range places {
		accounts[i], kinds[i], assets[i] = p.account, p.kind, p.asset
	}
	var rows []*wallet
	tx.Ask(into(&rows), lockPlaces, tx.Actor.Tenant, accounts, kinds, assets)
	ask()
	if err := tx.Answers(ctx); err != nil {
		return nil, err
	}
	locked := make([]*wallet, len(places))
	for i, p := range places {
		at := slices.IndexFunc(rows, func(w *wallet) bool {
			return w.AccountID == p.account && w.Kind == p.kind && (p.asset == "" || w.Asset == p.asset)
		})
		if at < 0 {
			return nil, ErrNoSuchAccount
		}
		locked[i] = rows[at]
	}
	return locked, nil
}

const lockPlaces = `SELECT ` + walletColumns + ` FROM wallets w
	WHERE tenant_id = $1 AND account_id = ANY($2) AND EXISTS (SELECT 1 FROM unnest($2::uuid[], $3::text[], $4::text[]) p(account, kind, asset)
		WHERE p.account = w.account_id AND p.kind = w.kind AND (p.asset = w.asset OR p.asset = '')) ORDER BY id FOR NO KEY UPDATE`

// lockWallets takes wallets whose ids are known, as lock does, closed ones too; found has them with the transaction's next
// answer.
func lockWallets(tx *store.Tx, ids []models.ID, found *[]*wallet) {
	tx.Ask(into(found), lockByID, tx.Actor.Tenant, ids)
}

const lockByID = `SELECT ` + walletColumns + ` FROM wallets WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE`

// movement is one transfer about to be posted: an amount from one locked wallet to another.
type movement struct {
	id        models.ID // models.NoID: a new one
	kind      models.TransferKind
	from, to  *wallet
	amount    models.Money
	note      string
	reference string
	closed    bool // it may touch wallets of a closed account: what it paid is given back
	byRule    bool // nobody decided it: it is not the credit that a trial or a request waits for
}

// sheet is a set of movements between wallets that this transaction has locked. Each is held to the rules in the order in
// which it comes, against what those before it left, and all are posted by one statement.
type sheet struct {
	transfers struct {
		id              []models.ID
		kind            []string
		note, reference []string
		at              []time.Time
	}
	entries struct {
		wallet, transfer []models.ID
		number           []int64 // within this sheet
		amount, running  []int64 // running: of the wallet, within this sheet
		at               []time.Time
	}
	touched []*touched
	of      map[models.ID]*touched
	held    map[models.ID]int64 // what sub-accounts' units changed by
	used    map[models.ID]bool  // sub-accounts that used units
}

// touched is a wallet as the sheet changes it.
type touched struct {
	*wallet
	amount, entries, allocated int64
	closed                     bool
	credited                   bool // by its parent, or from outside
	used                       bool // something was paid with it
}

func (s *sheet) touch(w *wallet) *touched {
	t, ok := s.of[w.ID]
	if !ok {
		if s.of == nil {
			s.of = map[models.ID]*touched{}
		}
		t = &touched{wallet: w}
		s.of[w.ID] = t
		s.touched = append(s.touched, t)
	}
	return t
}

// move writes one movement down. It refuses with ErrFrozen, ErrWrongCurrency, ErrCapReached, ErrInsufficientBalance and
// ErrInsufficientUnits, and then nothing is written.
func (s *sheet) move(now time.Time, m movement) (models.Transfer, error) {
	if m.from.Frozen || m.to.Frozen {
		return models.Transfer{}, ErrFrozen
	}
	if m.from.Asset != m.to.Asset || m.from.Asset != m.amount.Asset {
		return models.Transfer{}, ErrWrongCurrency
	}
	micros := m.amount.Micros()
	at := when(now, m.from, m.to)
	if m.kind == models.UsageCharge && m.from.AccountID != m.to.AccountID {
		if refused := m.to.counted.at(at, m.to.Entries).refuses(micros); refused != nil {
			return models.Transfer{}, refused
		}
	}
	if m.from.Floor != nil && m.from.spare() < micros {
		return models.Transfer{}, short(*m.from)
	}
	if m.id == models.NoID {
		m.id = models.NewIDAt(now)
	}
	posted := models.Transfer{ID: m.id, Kind: m.kind, Amount: m.amount, Note: m.note, Reference: m.reference, PostedAt: at, From: m.from.side(), To: m.to.side()}
	s.transfers.id, s.transfers.kind = append(s.transfers.id, m.id), append(s.transfers.kind, string(m.kind))
	s.transfers.note, s.transfers.reference = append(s.transfers.note, m.note), append(s.transfers.reference, m.reference)
	s.transfers.at = append(s.transfers.at, at)
	s.enter(m, m.from, m.to, -micros, at)
	s.enter(m, m.to, m.from, micros, at)
	posted.From.After, posted.To.After = m.from.balance(), m.to.balance()
	return posted, nil
}

// when is the moment at which something between wallets is posted: a wallet's entries never go back in time, whoever's clock
// was late. A wallet that is not held yet is nil.
func when(now time.Time, wallets ...*wallet) time.Time {
	for _, w := range wallets {
		if w != nil && w.LastAt != nil && w.LastAt.After(now) {
			now = w.LastAt.UTC()
		}
	}
	return now
}

// enter writes one side of a movement down.
func (s *sheet) enter(m movement, w, other *wallet, micros int64, at time.Time) {
	t := s.touch(w)
	t.amount, t.entries, t.closed = t.amount+micros, t.entries+1, t.closed || m.closed
	t.credited = t.credited || micros > 0 && !m.byRule && (m.kind == models.GivenOut || m.kind == models.Payment)
	t.used = t.used || micros < 0 && (m.kind == models.UsageCharge || m.kind == models.Purchase)
	if w.counts() {
		w.counted = w.counted.at(at, w.Entries)
		if other.Kind == balanceWallet && other.AccountID != w.AccountID {
			w.DrawnDay, w.DrawnMonth = w.DrawnDay+micros, w.DrawnMonth+micros
		}
	}
	w.Balance, w.Entries, w.LastAt = w.Balance+micros, w.Entries+1, &at
	if m.kind == models.GivenOut || m.kind == models.GivenBack {
		t.allocated += micros
	}
	if w.Kind == unitsWallet {
		if s.held == nil {
			s.held, s.used = map[models.ID]int64{}, map[models.ID]bool{}
		}
		s.held[w.AccountID] += micros
	}
	if w.Kind == usedWallet && m.kind == models.UsageCharge {
		if s.held == nil {
			s.held, s.used = map[models.ID]int64{}, map[models.ID]bool{}
		}
		s.used[w.AccountID] = true
	}
	e := &s.entries
	e.wallet, e.transfer, e.number = append(e.wallet, w.ID), append(e.transfer, m.id), append(e.number, t.entries)
	e.amount, e.running, e.at = append(e.amount, micros), append(e.running, t.amount), append(e.at, at)
}

const postTransfers = `WITH moved AS (
		UPDATE wallets w SET balance = w.balance + x.amount, entries = w.entries + x.entries, last_at = x.at, allocated = w.allocated + x.allocated,
			credited_at = CASE WHEN x.credited THEN x.at ELSE w.credited_at END, wakes = w.wakes AND NOT x.woken,
			counted_day = coalesce(x.counted_day, w.counted_day), day_after = coalesce(x.day_after, w.day_after), month_after = coalesce(x.month_after, w.month_after),
			drawn_day = coalesce(x.drawn_day, w.drawn_day), drawn_month = coalesce(x.drawn_month, w.drawn_month)
		FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::boolean[], $19::boolean[], $20::boolean[], $21::date[],
			$22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[])
			AS x(id, amount, entries, at, allocated, closed, credited, woken, counted_day, day_after, month_after, drawn_day, drawn_month)
		WHERE w.tenant_id = $1 AND w.id = x.id AND (w.closed_at IS NULL OR x.closed) AND (w.floor IS NULL OR w.balance + x.amount >= w.floor)
		RETURNING w.id, w.asset, w.entries - x.entries AS number, w.balance - x.amount AS balance
	), posted AS (
		INSERT INTO transfers (tenant_id, id, kind, note, reference, posted_at)
		SELECT $1, * FROM unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])
	)
	INSERT INTO entries (tenant_id, wallet_id, number, transfer_id, asset, amount, balance_after, posted_at)
	SELECT $1, m.id, m.number + e.number, e.transfer, m.asset, e.amount, m.balance + e.running, e.at
	FROM unnest($13::uuid[], $14::bigint[], $15::uuid[], $16::bigint[], $17::bigint[], $18::timestamptz[]) AS e(wallet, number, transfer, amount, running, at)
	JOIN moved m ON m.id = e.wallet`

// post writes the sheet into the books. The statement travels with the commit; should it find other balances than were
// locked, the numbers of the entries, the floors or the zero sum refuse it in the database.
func (s *sheet) post(tx *store.Tx) {
	if len(s.touched) == 0 {
		return
	}
	n := len(s.touched)
	id, at, closed := make([]models.ID, n), make([]time.Time, n), make([]bool, n)
	amount, entries, allocated := make([]int64, n), make([]int64, n), make([]int64, n)
	credited, woken, counts := make([]bool, n), make([]bool, n), newCountedRows(n)
	for i, t := range s.touched {
		id[i], amount[i], entries[i], at[i], allocated[i], closed[i] = t.ID, t.amount, t.entries, *t.LastAt, t.allocated, t.closed
		credited[i], woken[i] = t.credited, t.Wakes && t.amount > 0
		if t.counts() {
			counts.set(i, t.counted)
		}
	}
	tx.Queue(postTransfers, tx.Actor.Tenant, id, amount, entries, at, allocated, closed,
		s.transfers.id, s.transfers.kind, s.transfers.note, s.transfers.reference, s.transfers.at,
		s.entries.wallet, s.entries.number, s.entries.transfer, s.entries.amount, s.entries.running, s.entries.at,
		credited, woken, counts.day, counts.dayAfter, counts.monthAfter, counts.drawnDay, counts.drawnMonth)
	for i, t := range s.touched {
		if woken[i] {
			t.wake(tx)
		}
		t.settle(tx, t.amount < 0, t.used)
	}
	s.summarize(tx)
	*s = sheet{}
}

// summarize keeps what the list of sub-accounts is sorted by, on wallets of kind spent that are locked like the others.
func (s *sheet) summarize(tx *store.Tx) {
	var account []models.ID
	var change []int64
	var used []bool
	add := func(id models.ID) {
		if id != tx.Actor.Tenant && !slices.Contains(account, id) {
			account, change, used = append(account, id), append(change, s.held[id]), append(used, s.used[id])
		}
	}
	for id := range s.held {
		add(id)
	}
	for id := range s.used {
		add(id)
	}
	if len(account) > 0 {
		tx.Queue(`UPDATE wallets w SET units_held = w.units_held + x.change, units_used_at = CASE WHEN x.used THEN $5 ELSE w.units_used_at END
			FROM unnest($2::uuid[], $3::bigint[], $4::boolean[]) AS x(account, change, used)
			WHERE w.tenant_id = $1 AND w.account_id = x.account AND w.kind = 'spent'`, tx.Actor.Tenant, account, change, used, tx.Now)
	}
}

// post moves an amount between two wallets that this transaction has locked, see sheet.
func post(tx *store.Tx, m movement) (models.Transfer, error) {
	var s sheet
	posted, err := s.move(tx.Now, m)
	if err != nil {
		return models.Transfer{}, err
	}
	s.post(tx)
	return posted, nil
}

// short says how much can be taken out of a wallet, when that is not enough.
func short(w wallet) error {
	if w.Kind == unitsWallet {
		says := "Only " + w.available().String() + " are left."
		return ErrInsufficientUnits.Saying(says).At("amount", says)
	}
	says := "Only " + w.available().String() + " is available."
	return ErrInsufficientBalance.Saying(says).At("amount", says)
}
