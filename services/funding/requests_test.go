package funding_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/funding"
	"offshoot/services/storetest"
)

// moneyCame is what the ledger writes when a parent transfers balance.
func moneyCame(t *testing.T, w *storetest.World, a models.Account) {
	t.Helper()
	if _, err := w.Raw.Exec(context.Background(), `UPDATE wallets SET credited_at = $2 WHERE account_id = $1 AND kind = 'balance'`, a.ID, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// ACC-13: who may not ask, amounts that are none and notes that are too long: nothing is filed and nobody is told.
func TestRequestCreditRefused(t *testing.T) {
	w := storetest.NewWorld(t)
	c, ctx := w.Clinic, context.Background()
	before := w.Fingerprint(t)
	for what, r := range map[string]struct {
		actor models.Actor
		form  funding.CreditForm
		want  error
		field string
	}{
		"the parent itself": {c.Admin.Actor, funding.CreditForm{}, models.ErrMissingPrivilege, ""},
		"staff":             {w.Sam.Actor.In(c.ID), funding.CreditForm{}, models.ErrMissingPrivilege, ""},
		"nobody":            {models.Actor{}, funding.CreditForm{}, models.ErrMissingPrivilege, ""},
		"zero":              {c.Own.Actor, funding.CreditForm{Amount: "0"}, models.ErrCheckFields, "amount"},
		"below zero":        {c.Own.Actor, funding.CreditForm{Amount: "-5"}, models.ErrCheckFields, "amount"},
		"no number":         {c.Own.Actor, funding.CreditForm{Amount: "NaN"}, models.ErrCheckFields, "amount"},
		"a tenth of a cent": {c.Own.Actor, funding.CreditForm{Amount: "1.001"}, models.ErrCheckFields, "amount"},
		"a megabyte":        {c.Own.Actor, funding.CreditForm{Amount: strings.Repeat("9", 1<<20)}, models.ErrCheckFields, "amount"},
		"a long note":       {c.Own.Actor, funding.CreditForm{Note: strings.Repeat("ü", 201)}, models.ErrCheckFields, "note"},
		"unseen characters": {c.Own.Actor, funding.CreditForm{Note: "a\x00b"}, models.ErrCheckFields, "note"},
		"broken characters": {c.Own.Actor, funding.CreditForm{Note: "a\xffb"}, models.ErrCheckFields, "note"},
	} {
		err := w.Funding.RequestCredit(ctx, r.actor, r.form)
		var rule *models.Error
		if !errors.Is(err, r.want) || r.field != "" && (!errors.As(err, &rule) || rule.Fields[r.field] == "") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// ACC-13: fifty who ask at once are one request and one mail to each Admin; money answers it, and then one may ask again.
func TestRequestCreditOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	c, ctx := w.Clinic, context.Background()
	w.AddUser(t, c.Account, "second-admin@clinic.example", models.Admin)
	w.AddUser(t, c.Account, "user@clinic.example", models.Member)
	ask := func() (filed int) {
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				err := w.Funding.RequestCredit(ctx, c.Own.Actor, funding.CreditForm{Amount: "25.50", Note: "  for\nDecember  "})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					filed++
				} else if !errors.Is(err, funding.ErrCreditAsked) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		return filed
	}
	for round := 1; round <= 2; round++ {
		if filed := ask(); filed != 1 {
			t.Fatalf("round %d: %d were filed", round, filed)
		}
		got, err := w.Funding.CreditRequest(ctx, c.Admin.Actor, c.Own.Account.ID)
		if err != nil || !got.Open() || got.Amount.Text() != "25.50" || got.Note != "for December" || got.RequestedBy != c.Own.Email {
			t.Fatalf("%+v, %v", got, err)
		}
		for email, want := range map[string]int{c.Admin.Email: round, "second-admin@clinic.example": round, "user@clinic.example": 0, c.Own.Email: 0} {
			if n := w.Sent(t, email, "/sub-accounts/"+c.Own.Account.ID.String()+"/credit-request"); n != want {
				t.Errorf("%s has %d mails", email, n)
			}
		}
		w.Clock.Add(time.Hour)
		moneyCame(t, w, c.Own.Account)
		if got, err = w.Funding.CreditRequest(ctx, c.Own.Actor, c.Own.Account.ID); err != nil || got.Open() || !got.AnsweredAt.Equal(w.Clock.Now()) {
			t.Errorf("after money came: %+v, %v", got, err)
		}
		w.Clock.Add(time.Hour)
	}
}

// ACC-13: a parent declines with a reason, once; not one that money has answered, not another's, not without a reason.
func TestDismissCredit(t *testing.T) {
	w := storetest.NewWorld(t)
	c, ctx := w.Clinic, context.Background()
	if err := w.Funding.RequestCredit(ctx, c.Own.Actor, funding.CreditForm{}); err != nil {
		t.Fatal(err)
	}
	got, err := w.Funding.CreditRequest(ctx, c.Admin.Actor, c.Own.Account.ID)
	if err != nil || got.Amount != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	sub, id := c.Own.Account.ID, got.ID
	before := w.Fingerprint(t)
	for what, r := range map[string]struct {
		actor  models.Actor
		sub    models.ID
		id     models.ID
		reason string
		want   error
	}{
		"by itself":         {c.Own.Actor, sub, id, "no", models.ErrMissingPrivilege},
		"by another tenant": {w.Harbor.Admin.Actor, sub, id, "no", funding.ErrNoCreditRequest},
		"of a sibling":      {c.Admin.Actor, c.Shared.Account.ID, id, "no", funding.ErrNoCreditRequest},
		"of the parent":     {c.Admin.Actor, c.ID, id, "no", funding.ErrNoCreditRequest},
		"of nothing":        {c.Admin.Actor, sub, models.NoID, "no", funding.ErrNoCreditRequest},
		"without a reason":  {c.Admin.Actor, sub, id, "  ", models.ErrCheckFields},
		"with a long one":   {c.Admin.Actor, sub, id, strings.Repeat("x", 201), models.ErrCheckFields},
	} {
		if err := w.Funding.DismissCredit(ctx, r.actor, r.sub, r.id, r.reason); !errors.Is(err, r.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, actor := range []models.Actor{c.Shared.Actor, w.Harbor.Admin.Actor} {
		if got, err := w.Funding.CreditRequest(ctx, actor, sub); got != nil {
			t.Errorf("somebody else sees %+v, %v", got, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	dismissed := 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := w.Funding.DismissCredit(ctx, c.Admin.Actor, sub, id, "Next month"); err == nil {
				mu.Lock()
				defer mu.Unlock()
				dismissed++
			} else if !errors.Is(err, funding.ErrNoCreditRequest) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err = w.Funding.CreditRequest(ctx, c.Own.Actor, sub); err != nil || got.Open() || got.DismissedBecause != "Next month" || dismissed != 1 {
		t.Errorf("%d dismissed, %+v, %v", dismissed, got, err)
	}
	if w.Sent(t, c.Own.Email, "Next month") != 1 {
		t.Error("who asked is not told, or more than once")
	}
	w.Clock.Add(time.Hour)
	if err := w.Funding.RequestCredit(ctx, c.Own.Actor, funding.CreditForm{}); err != nil {
		t.Fatal(err)
	}
	got, _ = w.Funding.CreditRequest(ctx, c.Own.Actor, sub)
	w.Clock.Add(time.Hour)
	moneyCame(t, w, c.Own.Account)
	if err := w.Funding.DismissCredit(ctx, c.Admin.Actor, sub, got.ID, "too late"); !errors.Is(err, funding.ErrNoCreditRequest) {
		t.Errorf("one that money answered: %v", err)
	}
}
