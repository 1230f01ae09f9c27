package web_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func newTransfer(sub models.Account) string {
	return "/sub-accounts/" + sub.ID.String() + "/transfers/new"
}

func newTransferBack(sub models.Account) string {
	return "/sub-accounts/" + sub.ID.String() + "/transfers-back/new"
}

// BAL-1: 25.00 go to a sub-account, part of it comes back, then all the rest; both sides are shown before and after.
func TestTransferAndBack(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(newTransfer(own)).Want(200).Sees("You have 1.000,00 EUR available.", "0,00 EUR")
	v.Fill("Amount", "25.00").Fill("Note", "Winter").Press("Transfer balance").Want(200).
		Sees("25,00 EUR transferred to North Clinic.", "975,00 EUR", "Transfer from North Clinic Group: Winter", "+25,00 EUR")

	v.Get(newTransferBack(own)).Want(200).Sees("It has 25,00 EUR.", "Everything, 25,00 EUR").
		Fill("Amount", "12.5").Press("Transfer back").Want(200).Sees("12,50 EUR transferred back from North Clinic.", "987,50 EUR")
	v.Get(newTransferBack(own)).Tick("Everything, 12,50 EUR").Fill("Amount", "nonsense").Press("Transfer back").Want(200).
		Sees("12,50 EUR transferred back from North Clinic.", "1.000,00 EUR")
	v.Get(newTransferBack(own)).Want(200).Sees("North Clinic has nothing to transfer back.")
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
}

// BAL-1, Always, bad input: an amount that is none gets its sentence, what was typed stays, and nothing moves, either way.
func TestTransferBadAmounts(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "40.00")
	v := p.As(t, p.Clinic.Admin)
	for _, form := range []struct{ page, button, most string }{
		{newTransfer(own), "Transfer balance", "960.00"},
		{newTransferBack(own), "Transfer back", "40.00"},
	} {
		path, good := v.Get(form.page).Want(200).Fill("Note", "kept").FormOf(form.button)
		for amount, sentence := range badAmounts {
			sentence = strings.Replace(sentence, "1000.00", form.most, 1)
			bad := clone(good)
			bad.Set("amount", amount)
			v.Post(path, bad).Want(422)
			if got := v.Problem("Amount"); got != sentence {
				t.Errorf("%s of %.40q: %q, want %q", form.button, amount, got, sentence)
			}
			if v.Value("Amount") != amount || v.Value("Note") != "kept" {
				t.Errorf("%s of %.40q: what was typed is gone", form.button, amount)
			}
			if focus := v.Page.Find("[autofocus]"); focus.Length() != 1 || focus.AttrOr("href", "") != "#field-amount" {
				t.Errorf("%s of %.40q: the focus is not on the first error", form.button, amount)
			}
		}
		bad := clone(good)
		bad.Set("amount", "")
		v.Post(path, bad).Want(422)
		if got := v.Problem("Amount"); got != "Enter an amount." {
			t.Errorf("%s of nothing: %q", form.button, got)
		}
		bad.Set("amount", "1")
		bad.Set("note", strings.Repeat("ä", 201))
		v.Post(path, bad).Want(422)
		if got := v.Problem("Note"); got != "Keep the note under 200 characters." {
			t.Errorf("a long note: %q", got)
		}
	}
	if got := balances(t, p, p.Clinic.Account, own); got != "960.00 EUR, 40.00 EUR" {
		t.Error(got)
	}
	v.Get(newTransfer(own)).Fill("Amount", "960.01").Press("Transfer balance").Want(422).Sees("Only 960.00 EUR is available.")
	v.Fill("Amount", "960.00").Press("Transfer balance").Want(200) // exactly what there is, in the form that came back
	v.Get(newTransferBack(own)).Fill("Amount", "1000.00").Press("Transfer back").Want(200)
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
}

// BAL-1: a currency's decimals are those of the currency, and a post-pay parent gives down to its credit line.
func TestTransferYen(t *testing.T) {
	p := webtest.Open(t)
	own := p.Harbor.Own.Account
	v := p.As(t, p.Harbor.Admin).Get(newTransfer(own)).Want(200).Sees("You have 50,000 JPY available.")
	v.Fill("Amount", "100.5").Press("Transfer balance").Want(422)
	if got := v.Problem("Amount"); got != "JPY has no decimals." {
		t.Error(got)
	}
	v.Fill("Amount", "50001").Press("Transfer balance").Want(422).Sees("Only 50000 JPY is available.")
	v.Fill("Amount", "50000").Press("Transfer balance").Want(200).Sees("50,000 JPY transferred to Pier One.")
	if got := balances(t, p, p.Harbor.Account, own); got != "-50000 JPY, 50000 JPY" {
		t.Error(got)
	}
}

// BAL-9: a form sent twice, or fifty times at once, moves once; with something else in it, it moves nothing.
func TestTransferTwice(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin)
	path, form := v.Get(newTransfer(own)).Fill("Amount", "10").FormOf("Transfer balance")
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if tab := v.Clone().Post(path, form); tab.Status != 200 {
				t.Errorf("status %d: %s", tab.Status, tab.Text())
			}
		})
	}
	wait.Wait()
	v.Post(path, form).Want(200)
	if got := balances(t, p, p.Clinic.Account, own); got != "990.00 EUR, 10.00 EUR" {
		t.Error(got)
	}
	form.Set("amount", "11")
	v.Post(path, form).Want(422).Sees("This form was already used for something else.")
	if got := balances(t, p, p.Clinic.Account, own); got != "990.00 EUR, 10.00 EUR" {
		t.Error(got)
	}
	form.Set("key", "")
	v.Post(path, form).Want(422)
	if got := balances(t, p, p.Clinic.Account, own); got != "990.00 EUR, 10.00 EUR" {
		t.Error(got)
	}
}

// BAL-1: fifty forms of different sub-accounts that each want the whole balance: one gets it, the others are told.
func TestTransferWholeBalanceAtOnce(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	var subs []models.Account
	for i := range 12 {
		subs = append(subs, addSub(t, p, "Ward "+string(rune('A'+i)), models.OwnBalance))
	}
	statuses := make(chan int, 100)
	var wait sync.WaitGroup
	for i := range 50 {
		sub := subs[i%len(subs)]
		form := url.Values{"amount": {"1000.00"}, "note": {""}, "key": {models.NewID().String()}}
		wait.Go(func() { statuses <- v.Clone().Post("/sub-accounts/"+sub.ID.String()+"/transfers", form).Status })
	}
	wait.Wait()
	close(statuses)
	done := map[int]int{}
	for status := range statuses {
		done[status]++
	}
	if done[200] != 1 || done[422] != 49 {
		t.Errorf("answers: %v", done)
	}
	if got := balances(t, p, p.Clinic.Account); got != "0.00 EUR" {
		t.Error(got)
	}
}

// BAL-1, Always: without scripts the server works out what both will have, and moves nothing.
func TestTransferPreview(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "40.00")
	v := p.As(t, p.Clinic.Admin)
	v.Get(newTransfer(own)).Fill("Amount", "12.34").Press("Show what both will have").Want(200).Sees("947,66 EUR", "52,34 EUR")
	v.Fill("Amount", "5000").Press("Show what both will have").Want(422).Sees("Only 960.00 EUR is available.")
	v.Get(newTransferBack(own)).Tick("Everything, 40,00 EUR").Press("Show what both will have").Want(200).Sees("1.000,00 EUR", "0,00 EUR")
	if got := balances(t, p, p.Clinic.Account, own); got != "960.00 EUR, 40.00 EUR" {
		t.Error(got)
	}
	v.Press("Transfer back").Want(200)
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
}

// BAL-2: what cannot be filled from here says so, and how to change it.
func TestTransferToSharedOrDeactivated(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	v.Get(newTransfer(p.Clinic.Shared.Account)).Want(200).Sees("Night Ward spends your balance.", "Change funding")
	v.Get(newTransferBack(p.Clinic.Shared.Account)).Want(200).Sees("Night Ward spends your balance.")

	path, form := v.Get(newTransfer(p.Clinic.Own.Account)).Fill("Amount", "5").FormOf("Transfer balance")
	if _, err := p.Accounts.Deactivate(context.Background(), p.Clinic.Admin.Actor, p.Clinic.Own.Account.ID, "test"); err != nil {
		t.Fatal(err)
	}
	v.Post(path, form).Want(422).Sees("This account is deactivated: nothing can be moved in or out.")
	v.Get(newTransfer(p.Clinic.Own.Account)).Want(200).Sees("North Clinic is deactivated", "Activate")
	if got := balances(t, p, p.Clinic.Account); got != "1000.00 EUR" {
		t.Error(got)
	}
}

// BAL-11: a transfer has a page with both sides for the parent; the sub-account sees it without what the parent has.
func TestShowTransfer(t *testing.T) {
	p := webtest.Open(t)
	posted := give(t, p, p.Clinic.Own.Account, "25.00")
	path := "/transfers/" + posted.ID.String()
	p.As(t, p.Clinic.Admin).Get(path).Want(200).Sees("Transfer to North Clinic", "1.000,00 EUR", "975,00 EUR", "25,00 EUR", posted.ID.String()).
		Click("North Clinic").Want(200).Sees("Statement")
	p.As(t, p.Clinic.Own).Get(path).Want(200).Sees("Transfer to North Clinic", "0,00 EUR", "25,00 EUR", "North Clinic Group").SeesNot("1.000,00 EUR", "975,00 EUR")
	for _, stranger := range []storetest.Person{p.Clinic.Shared, p.Harbor.Admin, p.Harbor.Own} {
		p.As(t, stranger).Get(path).Want(404).SeesNot("25,00")
	}

	charge, err := p.Ledger.Charge(context.Background(), p.Sam.Actor.In(p.Clinic.ID), ledger.ChargeOrder{Account: p.Clinic.Shared.Account.ID,
		Kind: ledger.MessageUsage, Country: "DE", Quantity: 3, Parts: 3, Amount: storetest.Euros(t, "0.30"), Reference: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	path = "/transfers/" + charge.Transfer.String()
	p.As(t, p.Clinic.Admin).Get(path).Want(200).Sees("Usage of Night Ward", "0,30 EUR", "974,70 EUR", "c1")
	p.As(t, p.Clinic.Shared).Get(path).Want(404) // BAL-2: it sees no price
}

// BAL-11: the Balance tab is the sub-account's statement, with any balance as of a moment, and its file.
func TestSubAccountBalance(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "25.00")
	p.Clock.Add(3600e9)
	give(t, p, own, "5.00")
	v := p.As(t, p.Clinic.Admin)
	page := "/sub-accounts/" + own.ID.String() + "/balance"
	v.Get(page).Want(200).Sees("970,00 EUR", "30,00 EUR", "+25,00 EUR", "+5,00 EUR")
	v.Get(page + "?at=2026-11-20T11:00").Want(200).Sees("25,00 EUR") // 10:00 UTC, between the two
	for _, bad := range []string{"?at=yesterday", "?from=2026-13-01", "?from=2026-11-21&to=2026-11-20", "?older=x"} {
		v.Get(page + bad).Want(422).Sees("Statement")
	}
	v.Get(page).Click("Export CSV").Want(200)
	if rows := rowsOf(t, v); len(rows) != 3 || !strings.Contains(v.Header.Get("Content-Disposition"), "north-clinic") {
		t.Errorf("%s: %q", v.Header.Get("Content-Disposition"), rows)
	}
}
