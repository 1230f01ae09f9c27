package ledger

import (
	"context"
	"fmt"

	"offshoot/models"
	"offshoot/services/store"
)

// Explanation says what Pay would do with an item now, and why.
type Explanation struct {
	Paid    Paid   // Refused: nothing can pay it
	Rule    string // that refused: own_state, parent_state, books_frozen, trial, cap, balance; "": it is paid
	Pockets []Considered
}

// Considered is a pocket that was looked at, in the order in which they are.
type Considered struct {
	Payer   models.ID
	Package models.ID     // NoID: a balance
	Name    string        // of the package
	Has     *models.Money // nil: the reader may not know
	Needs   models.Money
	Why     string        // it cannot pay; "": it pays
	Short   bool          // it would pay if it had more, or if more of it could be drawn
	Left    *models.Money // that the account may still draw of it by its caps; nil: whatever there is, or the reader may not know
}

// Explain asks the rules that Pay asks for one item of an account, and tells what each pocket said. What the reader, who is
// the actor, may not know of its parent's balance it is not told.
func Explain(ctx context.Context, tx *store.Tx, account models.ID, item Item) (Explanation, error) {
	purses := readPurses(tx, []models.ID{account}, true)
	if err := tx.Answers(ctx); err != nil {
		return Explanation{}, err
	}
	p := purses[account]
	told := func(of models.ID) bool {
		return of == tx.Actor.Account || tx.Actor.Can(models.ViewSubAccounts) || tx.Actor.Can(models.SupportAccounts)
	}
	var e Explanation
	stopped := p.stopped(tx.Now)
	if stopped != nil {
		e.Rule, e.Paid.Refused = stopped.Code, stopped
		switch {
		case p.inactive() == nil:
		case p.account != p.tenant && p.parentStatus != models.Active:
			e.Rule = "parent_state"
		default:
			e.Rule = "own_state"
		}
	}
	counts := p.counts.at(tx.Now, 0)
	looked := p.choose(tx.Now, item, counts, func(at *pocket) int64 { return at.spare })
	for _, c := range looked {
		isPackage := c.pkg != models.NoID
		line := Considered{Payer: c.payer, Package: c.pkg, Name: c.name, Needs: c.needs(item), Short: c.why == hasTooLittle || c.why == overCap}
		if isPackage || told(c.payer) {
			has := models.FromMicros(c.spare, c.asset)
			line.Has = &has
		}
		if left, capped := counts.left(); capped && p.isDrawn(c.pocket) && told(c.payer) {
			least := models.FromMicros(max(left, 0), c.asset)
			line.Left = &least
		}
		switch {
		case c.why == hasEnded:
			line.Why = "It ended on " + c.ends.UTC().Format("2 January 2006") + "."
		case c.why == doesNotCover:
			line.Why = "It does not cover " + models.CountryName(item.Country) + "."
		case c.why == otherCurrency:
			line.Why = "The price is in another currency."
		case c.why == overCap:
			of, _ := counts.over(line.Needs.Micros())
			line.Why = counts.reached(of)
			if told(c.payer) {
				line.Why = counts.figures(of, c.asset) + " " + counts.anew(of)
			}
		case c.why == hasTooLittle && isPackage:
			line.Why = fmt.Sprintf("%s are left where %s are needed.", line.Has, line.Needs)
		case c.why == hasTooLittle && line.Has != nil:
			line.Why = fmt.Sprintf("%s is available where %s is needed.", line.Has, line.Needs)
		case c.why == hasTooLittle:
			line.Why = "It is not enough."
		case stopped == nil:
			e.Paid.Payer, e.Paid.Package, e.Paid.Amount = c.payer, c.pkg, line.Needs
		}
		e.Pockets = append(e.Pockets, line)
	}
	if stopped == nil && e.Paid.Payer == models.NoID {
		e.Rule, e.Paid.Refused = "balance", p.refuses(item, counts, looked)
		if e.Paid.Refused.Is(ErrCapReached) {
			e.Rule = "cap"
		}
	}
	return e, nil
}
