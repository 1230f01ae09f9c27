package web_test

import (
	"net/http"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// spoil goes around every trigger.
func spoil(t *testing.T, p *webtest.Portal, sql string, args ...any) {
	t.Helper()
	tx, err := p.Raw.Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`)
	}
	if err == nil {
		_, err = tx.Exec(t.Context(), sql, args...)
	}
	if err == nil {
		err = tx.Commit(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The proof on pages: a fault freezes one account's money. Its people are told and can read everything, a form that would move
// money comes back with what was typed; the neighbour notices nothing. Staff see what was found, have it checked, and unfreeze.
func TestFrozenMoney(t *testing.T) {
	p := webtest.Open(t)
	whole := func(tenant models.ID) {
		t.Helper()
		if _, _, err := p.Proof.CheckWhole(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
	}
	staff := p.As(t, p.Sam).Get("/staff/books").Want(http.StatusOK).Sees("North Clinic Group", "Harbor Media", "Not checked yet").SeesNot("With a fault, or frozen")
	parent, sub, neighbour := p.As(t, p.Clinic.Admin), p.As(t, p.Clinic.Own), p.As(t, p.Harbor.Admin)
	whole(p.Clinic.ID)
	spoil(t, p, `UPDATE wallets SET balance = balance + 1 WHERE kind = 'balance' AND account_id = $1`, p.Clinic.ID)
	parent.Get("/").SeesNot("No money or units move")
	whole(p.Clinic.ID)
	whole(p.Harbor.ID)

	const told = "No money or units move in this account for the moment"
	parent.Get("/").Want(http.StatusOK).Sees(told)
	sub.Get("/statement").Want(http.StatusOK).Sees(told)
	neighbour.Get("/").Want(http.StatusOK).SeesNot(told)
	path := "/sub-accounts/" + p.Clinic.Own.Account.ID.String()
	parent.Get(path + "/balance").Want(http.StatusOK)
	parent.Get(path + "/transfers/new").Want(http.StatusOK)
	to, form := parent.FormOf("Transfer balance")
	form.Set("amount", "5.00")
	form.Set("note", "For the weekend")
	parent.Post(to, form).Want(http.StatusConflict).Sees("no money moves until it is cleared up")
	if got, _ := parent.Page.Find("input[name=note]").Attr("value"); got != "For the weekend" {
		t.Errorf("what was typed is lost: %q", got)
	}

	staff.Get("/staff/accounts").Sees("The money of one account is frozen")
	staff.Get("/staff/books").Sees("With a fault, or frozen", "Frozen").SeesNot("The money of one account is frozen")
	book := "/staff/books/" + p.Clinic.ID.String()
	staff.Get(book).Want(http.StatusOK).Sees("A balance is what its entries say, counted and dated", "A balance was changed without a transfer.", "wallet ", "Freezes the money")
	p.AddUser(t, p.Sam.Account, "staff-user@offshoot.example", models.Member)
	p.Visitor(t).SignIn("staff-user@offshoot.example", storetest.Passphrase).Get(book).Want(http.StatusOK).Sees("A balance was changed").SeesNot("Check now", "Money moves again")
	unfreeze, form := staff.FormOf("Unfreeze")
	staff.Post(unfreeze, form).Want(http.StatusUnprocessableEntity).Sees("Say what was cleared up")
	form.Set("reason", "A balance was set by hand")
	staff.Post(unfreeze, form).Want(http.StatusUnprocessableEntity).Sees("The books still have a fault")
	if got, _ := staff.Page.Find("input[name=reason]").Attr("value"); got != "A balance was set by hand" {
		t.Errorf("the reason is lost: %q", got)
	}
	spoil(t, p, `UPDATE wallets SET balance = balance - 1 WHERE kind = 'balance' AND account_id = $1`, p.Clinic.ID)
	check, pressed := staff.FormOf("Check now")
	staff.Post(check, pressed).Want(http.StatusOK).Sees("All books of this account are being checked", "a whole check is under way")
	whole(p.Clinic.ID) // the job
	staff.Get(book).Sees("The last whole check found all faults gone")
	staff.Post(unfreeze, form).Want(http.StatusOK).Sees("Money moves again in this account", "In order").SeesNot("Frozen since")
	staff.Post(unfreeze, form).Want(http.StatusUnprocessableEntity).Sees("is not frozen")
	parent.Get(path + "/transfers/new").SeesNot(told)
	to, form = parent.FormOf("Transfer balance")
	form.Set("amount", "5.00")
	parent.Post(to, form).Want(http.StatusOK)
	parent.Get("/action-log").Sees("Money of North Clinic Group frozen by a check of its books", "Money of North Clinic Group unfrozen: A balance was set by hand")
	for _, odd := range []string{"x", models.NewID().String(), p.Clinic.Own.Account.ID.String()} {
		staff.Get("/staff/books/" + odd).Want(http.StatusNotFound)
		staff.Post("/staff/books/"+odd+"/checks", nil).Want(http.StatusNotFound)
		staff.Get("/staff/books?after=" + odd).Want(http.StatusOK)
	}
	if strings.Contains(staff.Body, "%!") {
		t.Error(staff.Body)
	}
}
