package accounts_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
)

// ACC-9, BAL-4: a deactivation and a deletion return everything once, whatever happens at the same moment: charges, transfers
// back, month starts, activations and each other, fifty at once, on a balance of its own and on a monthly limit. At the end nothing is
// left behind and nothing is missing.
func TestEverythingComesBackOnce(t *testing.T) {
	for _, funding := range []models.FundingTerms{{Funding: models.OwnBalance}, {Funding: models.MonthlyLimit, Limit: "60"}} {
		t.Run(string(funding.Funding), func(t *testing.T) {
			w := storetest.NewWorld(t)
			c, sub := w.Clinic, w.Clinic.Own.Account
			pkg := w.AddPackage(t, c, 100, 30, "DE")
			_, err := w.Ledger.Transfer(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub.ID, Amount: models.Units(40, pkg)})
			must(t, err)
			if funding.Funding == models.OwnBalance {
				transfer(t, w, c, sub.ID, "60")
			} else {
				must(t, w.Accounts.SetFunding(ctx, c.Admin.Actor, sub.ID, show(t, w, c, sub.ID).Version, funding))
			}
			w.Clock.Set(time.Date(2026, 12, 1, 0, 30, 0, 0, time.UTC)) // its month has turned
			before := w.BalanceOf(t, c.Account)
			var wg sync.WaitGroup
			var mu sync.Mutex
			spent, returned, sum := models.Zero("EUR"), 0, models.Zero("EUR")
			allowed := func(err error, named ...error) bool {
				for _, n := range named {
					if errors.Is(err, n) {
						return false
					}
				}
				if err != nil {
					t.Error(err)
				}
				return err == nil
			}
			for i := range 50 {
				wg.Go(func() {
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
					switch i % 6 {
					case 0:
						back, err := w.Accounts.Deactivate(ctx, c.Admin.Actor, sub.ID, "race")
						if allowed(err, accounts.ErrAlreadyDeactivated) {
							mu.Lock()
							returned++
							if back.ID != models.NoID {
								sum = sum.Add(back.Amount)
							}
							mu.Unlock()
						}
					case 1:
						_, err := w.Ledger.TransferBack(ctx, c.Admin.Actor, ledger.TransferOrder{SubAccount: sub.ID, Amount: storetest.Euros(t, "1")})
						allowed(err, ledger.ErrAccountClosed, ledger.ErrInsufficientBalance, ledger.ErrMonthlyLimit)
					case 2, 3:
						_, err := w.Ledger.Charge(ctx, w.Sam.Actor.In(c.ID), ledger.ChargeOrder{Account: sub.ID, Kind: ledger.MessageUsage, Country: "PL", Quantity: 1, Parts: 1,
							Amount: storetest.Euros(t, "2"), Reference: fmt.Sprint("race-", i)})
						if allowed(err, ledger.ErrNotCharging, ledger.ErrInsufficientBalance, ledger.ErrAccountClosed) {
							mu.Lock()
							spent = spent.Add(storetest.Euros(t, "2"))
							mu.Unlock()
						}
					case 4:
						allowed(w.Funding.StartMonths(ctx))
					case 5:
						allowed(w.Accounts.Reactivate(ctx, c.Admin.Actor, sub.ID), accounts.ErrNotDeactivated)
					}
				})
			}
			wg.Wait()
			gone := 0
			atOnce(func() {
				if _, err := w.Accounts.Delete(ctx, c.Admin.Actor, sub.ID, sub.Name); allowed(err, accounts.ErrNoSuchAccount) {
					mu.Lock()
					gone++
					mu.Unlock()
				}
			})
			if gone != 1 || !w.BalanceOf(t, sub).IsZero() {
				t.Errorf("deleted %d times, and %s is left", gone, w.BalanceOf(t, sub))
			}
			start := models.Zero("EUR")
			if before.Less(storetest.Euros(t, "1000")) { // what the sub-account had when it began
				start = storetest.Euros(t, "1000").Sub(before)
			}
			if has := w.BalanceOf(t, c.Account); !has.Equal(before.Add(start).Sub(spent)) {
				t.Errorf("the parent has %s, want %s with %s of the sub-account, less %s that was used; %d deactivations returned %s", has, before, start, spent, returned, sum)
			}
			if n := w.Count(t, `wallets WHERE account_id = $1 AND kind = 'units' AND balance <> 0`, sub.ID); n != 0 {
				t.Error("units are left behind")
			}
			if n := w.Count(t, `wallets WHERE account_id = $1 AND kind = 'units' AND balance = 100000000`, c.ID); n != 1 {
				t.Error("units are missing")
			}
		})
	}
}
