package ledger

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// Bill is what one sending asks to be paid at once: a slice of a send, a reply, a single message. Its items are paid in
// order, each from the first pocket that can pay the whole of it.
type Bill struct {
	Account   models.ID
	Reference string // charged once per account; up to 100 characters
	Items     []Item
}

// Item is one message of a bill.
type Item struct {
	Country string       // ISO 3166-1 alpha-2 of the destination
	Parts   int64        // what it takes of a package's units
	Price   models.Money // what it takes of a balance, all its parts together
}

// Paid is what became of one item.
type Paid struct {
	Payer    models.ID    // whose wallet it was
	Package  models.ID    // whose units paid; NoID: money
	Amount   models.Money // money, or units
	Transfer models.ID    // that took it, together with the bill's other items of the same pocket; NoID where it cost nothing
	Refused  *models.Error
}

// Receipt is what became of a bill: Items stand in the order of the bill's.
type Receipt struct {
	Items    []Paid
	Repeated bool // it was charged before under the same reference; Items are empty
}

// Pay charges bills within a change of another service, in order, and logs one line for each transfer. An item is paid by
// units of a package that covers its country (the account's own, then one that its parent shares with everybody), the one
// that ends first; else by the wallet that the account's funding says (MSG-2). An item that nothing can pay is refused by
// itself, with the rule's error; so are all items of an account that is not active, or whose parent is not. A bill of
// which nothing was paid does not stand under its reference.
//
// It reads what the accounts may pay with, decides what each item would take, locks the wallets that this touches, all at
// once, and decides again by what they hold then. Should that touch others, because somebody used up or brought units
// meanwhile, it locks those too; PostgreSQL finds out whom that kept waiting for each other, and the change runs again.
func Pay(ctx context.Context, tx *store.Tx, bills []Bill) ([]Receipt, error) {
	if len(bills) == 0 {
		return nil, nil
	}
	accounts := accountsOf(bills)
	purses := readPurses(tx, accounts, false)
	records := readUsed(tx, accounts)
	if err := tx.Answers(ctx); err != nil {
		return nil, err
	}
	h := &hold{wallets: map[models.ID]*wallet{}, standing: map[reference]bool{}}
	need := map[models.ID]bool{}
	for {
		plan := decide(tx.Now, bills, purses, h)
		if !plan.touches(tx.Now, bills, purses, records, h, need) {
			return plan.post(tx, bills, purses, records, h)
		}
		if err := records.open(ctx, tx, plan); err != nil {
			return nil, err
		}
		for _, used := range plan.used {
			need[records.of[used]] = true
		}
		if err := h.take(ctx, tx, need, bills); err != nil {
			return nil, err
		}
	}
}

func accountsOf(bills []Bill) []models.ID {
	var accounts []models.ID
	seen := map[models.ID]bool{}
	for _, b := range bills {
		if !seen[b.Account] {
			seen[b.Account] = true
			accounts = append(accounts, b.Account)
		}
	}
	return accounts
}

// reference is what an account is charged for once.
type reference struct {
	account models.ID
	text    string
}

// hold is what this transaction holds locked, and which references stood when it did.
type hold struct {
	wallets  map[models.ID]*wallet
	standing map[reference]bool
}

// take locks the wallets that are needed and not yet held.
func (h *hold) take(ctx context.Context, tx *store.Tx, need map[models.ID]bool, bills []Bill) error {
	var ids []models.ID
	for id := range need {
		if h.wallets[id] == nil {
			ids = append(ids, id)
		}
	}
	var locked []*wallet
	lockWallets(tx, ids, &locked)
	var account []models.ID
	var text []string
	for _, b := range bills {
		account, text = append(account, b.Account), append(text, b.Reference)
	}
	tx.Ask(func(rows pgx.Rows) error {
		var r reference
		_, err := pgx.ForEachRow(rows, []any{&r.account, &r.text}, func() error { h.standing[r] = true; return nil })
		return err
	}, `SELECT c.account_id, c.reference FROM unnest($2::uuid[], $3::text[]) b(account, reference)
		CROSS JOIN LATERAL (SELECT account_id, reference FROM charges
			WHERE tenant_id = $1 AND account_id = b.account AND reference = b.reference OFFSET 0) c`, tx.Actor.Tenant, account, text)
	if err := tx.Answers(ctx); err != nil {
		return err
	}
	for _, w := range locked {
		h.wallets[w.ID] = w
	}
	return nil
}

// counts is what an account has drawn by its wallets as they are held, else as they were read.
func (h *hold) counts(now time.Time, p *purse) counted {
	spent := h.wallets[p.spent]
	var pays *wallet
	if at := last(p.pockets); at != nil {
		pays = h.wallets[at.wallet]
	}
	if spent == nil {
		return p.counts.at(now, 0)
	}
	return spent.counted.at(when(now, spent, pays), spent.Entries)
}

// record names the wallet that keeps what an account has used of a package.
type record struct {
	account models.ID
	asset   string
}

// records are those wallets.
type records struct{ of map[record]models.ID }

func readUsed(tx *store.Tx, accounts []models.ID) *records {
	r := &records{of: map[record]models.ID{}}
	r.read(tx, accounts)
	return r
}

func (r *records) read(tx *store.Tx, accounts []models.ID) {
	tx.Ask(func(rows pgx.Rows) error {
		var id models.ID
		var at record
		_, err := pgx.ForEachRow(rows, []any{&id, &at.account, &at.asset}, func() error { r.of[at] = id; return nil })
		return err
	}, `SELECT id, account_id, asset FROM wallets WHERE tenant_id = $1 AND account_id = ANY($2) AND kind = 'used'`, tx.Actor.Tenant, accounts)
}

// open makes the wallets that a plan puts used units into and that are not there yet.
func (r *records) open(ctx context.Context, tx *store.Tx, p *plan) error {
	var missing []models.ID
	for _, at := range p.used {
		if _, there := r.of[at]; !there {
			pkg, _ := models.PackageOf(at.asset)
			openUnits(tx, at.account, usedWallet, pkg)
			missing = append(missing, at.account)
		}
	}
	if missing == nil {
		return nil
	}
	r.read(tx, missing)
	return tx.Answers(ctx)
}

// plan is which pocket pays each item of each bill, nil where none does.
type plan struct {
	pockets  [][]*pocket
	refused  [][]*models.Error
	repeated []bool
	used     []record
}

// decide asks the rules for each item in order, against what those before it left.
func decide(now time.Time, bills []Bill, purses map[models.ID]*purse, h *hold) *plan {
	p := &plan{pockets: make([][]*pocket, len(bills)), refused: make([][]*models.Error, len(bills)), repeated: make([]bool, len(bills))}
	taken := map[models.ID]int64{}
	counts := map[models.ID]counted{} // of each account, with what this set has drawn so far
	spare := func(at *pocket) int64 {
		if w := h.wallets[at.wallet]; w != nil {
			if w.ClosedAt != nil {
				return 0
			}
			return w.spare() - taken[at.wallet]
		}
		return at.spare - taken[at.wallet]
	}
	stood := map[reference]bool{}
	recorded := map[record]bool{}
	for b, bill := range bills {
		at := reference{bill.Account, bill.Reference}
		if h.standing[at] || stood[at] {
			p.repeated[b] = true
			continue
		}
		purse := purses[bill.Account]
		stopped := purse.stopped(now)
		if w := h.wallets[purse.spent]; stopped == nil && w != nil && w.ClosedAt != nil {
			stopped = ErrNotCharging // it was deactivated between the two looks at it
		}
		if _, known := counts[bill.Account]; !known {
			counts[bill.Account] = h.counts(now, purse)
		}
		p.pockets[b], p.refused[b] = make([]*pocket, len(bill.Items)), make([]*models.Error, len(bill.Items))
		for i, item := range bill.Items {
			if stopped != nil {
				p.refused[b][i] = stopped
				continue
			}
			drawn := counts[bill.Account]
			looked := purse.choose(now, item, drawn, spare)
			if len(looked) == 0 || looked[len(looked)-1].why != pays {
				p.refused[b][i] = purse.refuses(item, drawn, looked)
				continue
			}
			stood[at] = true
			pocket := looked[len(looked)-1].pocket
			p.pockets[b][i] = pocket
			needs := pocket.needs(item).Micros()
			taken[pocket.wallet] += needs
			if purse.isDrawn(pocket) {
				drawn.DrawnDay, drawn.DrawnMonth = drawn.DrawnDay+needs, drawn.DrawnMonth+needs
				counts[bill.Account] = drawn
			}
			if kept := (record{bill.Account, pocket.asset}); pocket.pkg != models.NoID && !recorded[kept] {
				recorded[kept] = true
				p.used = append(p.used, kept)
			}
		}
	}
	return p
}

// touches adds the wallets that the plan touches to need, but for those that are yet to be made, and says whether any of them
// is not held yet.
func (p *plan) touches(now time.Time, bills []Bill, purses map[models.ID]*purse, kept *records, h *hold, need map[models.ID]bool) bool {
	missing := false
	touch := func(id models.ID) {
		need[id] = true
		missing = missing || h.wallets[id] == nil
	}
	for b, bill := range bills {
		if purse := purses[bill.Account]; purse.stopped(now) == nil {
			touch(purse.spent)
		}
		for i, pocket := range p.pockets[b] {
			if pocket == nil && p.refused[b][i] != nil && p.refused[b][i].Code == ErrInsufficientBalance.Code {
				pocket = last(purses[bill.Account].pockets) // refused by what is there now, not by what was there before
			}
			if pocket != nil {
				touch(pocket.wallet)
			}
		}
	}
	for _, at := range p.used {
		if id, made := kept.of[at]; made {
			touch(id)
		} else {
			missing = true
		}
	}
	return missing
}

func last(pockets []*pocket) *pocket {
	if len(pockets) == 0 {
		return nil
	}
	return pockets[len(pockets)-1]
}

// group is the items of a bill that one pocket pays, by their country.
type group struct {
	*pocket
	transfer  models.ID
	amount    int64
	items     []int
	countries []string // in the order in which they come
	by        map[string]*charge
}

// charge is one row of usage.
type charge struct{ quantity, parts, amount int64 }

// post writes the plan into the books.
func (p *plan) post(tx *store.Tx, bills []Bill, purses map[models.ID]*purse, kept *records, h *hold) ([]Receipt, error) {
	receipts := make([]Receipt, len(bills))
	var s sheet
	var rows chargeRows
	for b, bill := range bills {
		if receipts[b].Repeated = p.repeated[b]; p.repeated[b] {
			continue
		}
		receipts[b].Items = make([]Paid, len(bill.Items))
		line := 0
		for _, g := range p.groups(b, bill, receipts[b].Items) {
			to := h.wallets[purses[bill.Account].spent]
			if g.pkg != models.NoID {
				to = h.wallets[kept.of[record{bill.Account, g.asset}]]
			}
			event := models.Event{Action: models.UsageCharged, Account: bill.Account, Reference: bill.Reference, Details: g.details()}
			if g.payer != bill.Account {
				event.Other = g.payer
			}
			if g.amount > 0 {
				posted, err := s.move(tx.Now, movement{id: g.transfer, kind: models.UsageCharge, from: h.wallets[g.wallet], to: to,
					amount: models.FromMicros(g.amount, g.asset), reference: bill.Reference})
				if err != nil {
					return nil, err
				}
				event.Amount, event.BalanceAfter, event.Transfer = &posted.Amount, &posted.From.After, posted.ID
			}
			if err := tx.Log(event); err != nil {
				return nil, err
			}
			for _, country := range g.countries {
				line++
				c := g.by[country]
				paidBy := g.transfer
				if c.amount == 0 {
					paidBy = models.NoID
				}
				rows.add(chargeRow{id: models.NewID(), account: bill.Account, payer: g.payer, transfer: paidBy, kind: MessageUsage, country: country,
					quantity: c.quantity, parts: c.parts, asset: g.asset, amount: c.amount, reference: lineOf(bill.Reference, line), at: tx.Now})
			}
		}
	}
	rows.insert(tx, false)
	s.post(tx)
	return receipts, nil
}

// lineOf names a row of a bill: the first is the bill's reference itself, which is how it is found again.
func lineOf(reference string, line int) string {
	if line == 1 {
		return reference
	}
	return reference + "#" + strconv.Itoa(line)
}

// groups fills in what became of each item, and puts those together that one pocket pays.
func (p *plan) groups(b int, bill Bill, paid []Paid) []*group {
	var groups []*group
	of := map[models.ID]*group{}
	for i, item := range bill.Items {
		at := p.pockets[b][i]
		if at == nil {
			paid[i].Refused = p.refused[b][i]
			continue
		}
		g := of[at.wallet]
		if g == nil {
			g = &group{pocket: at, by: map[string]*charge{}}
			of[at.wallet] = g
			groups = append(groups, g)
		}
		amount := at.needs(item)
		micros := amount.Micros()
		if micros > 0 && g.transfer == models.NoID {
			g.transfer = models.NewID()
		}
		c := g.by[item.Country]
		if c == nil {
			c = &charge{}
			g.by[item.Country] = c
			g.countries = append(g.countries, item.Country)
		}
		c.quantity, c.parts, c.amount = c.quantity+1, c.parts+item.Parts, c.amount+micros
		g.amount += micros
		g.items = append(g.items, i)
		paid[i] = Paid{Payer: at.payer, Package: at.pkg, Amount: amount}
		if micros > 0 {
			paid[i].Transfer = g.transfer
		}
	}
	return groups
}

// details is what the log says of a transfer beside its amount.
func (g *group) details() map[string]string {
	d := map[string]string{"kind": MessageUsage, "quantity": strconv.Itoa(len(g.items))}
	if len(g.countries) == 1 {
		d["country"] = g.countries[0]
	} else {
		d["countries"] = strconv.Itoa(len(g.countries))
	}
	if g.pkg != models.NoID {
		d["package"] = g.name
	}
	return d
}
