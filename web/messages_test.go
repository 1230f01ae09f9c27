package web_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
	"offshoot/web/webtest"
)

// text puts a message into the log that was accepted and paid, 0.075 EUR.
func text(t testing.TB, p *webtest.Portal, who storetest.Person, to, body string, status models.MessageStatus) models.ID {
	t.Helper()
	id := models.NoID
	err := p.Store.Settle(context.Background(), who.Account.TenantID, func(ctx context.Context, tx *store.Tx) error {
		id = models.NewIDAt(tx.Now)
		price := models.FromMicros(75_000, who.Account.Currency)
		receipts, err := ledger.Pay(ctx, tx, []ledger.Bill{{Account: who.Account.ID, Reference: id.String(), Items: []ledger.Item{{Country: "DE", Parts: 1, Price: price}}}})
		if err != nil {
			return err
		}
		paid := receipts[0].Items[0]
		if paid.Refused != nil {
			return paid.Refused
		}
		own := int64(0)
		if paid.Payer == who.Account.ID {
			own = 75_000
		}
		tx.Queue(`INSERT INTO messages (tenant_id, id, account_id, sender, recipient, country, body, encoding, parts, status, status_at, gateway, gateway_id, payer_id, asset, amount, charge_id, accepted_at)
			VALUES ($1, $2, $3, $4, $5, 'DE', $6, 'gsm7', 1, $7, $8, 'simulator', 'sim-1', $9, $10, 75000, $11, $8)`,
			who.Account.TenantID, id, who.Account.ID, "+4915112345672", to, body, string(status), tx.Now, paid.Payer, who.Account.Currency, paid.Transfer)
		usage.Count(tx, []usage.Change{{Account: who.Account.ID, Kind: "message", Country: "DE", Status: string(status), At: tx.Now,
			Amounts: usage.Amounts{Quantity: 1, Parts: 1, Cost: 75_000, OwnCost: own}}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// MSG-4: the log narrows by account, status, days and number, all in its address; its file has exactly what it shows. What is
// wrong in the filter is said beside the field, and keeps what was typed.
func TestMessageLog(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin)
	v.Get("/messages").Want(http.StatusOK).Sees("No message was sent yet")
	give(t, p, p.Clinic.Own.Account, "12.50")
	own := text(t, p, p.Clinic.Own, "+4915112345678", "=Your appointment is at <b>nine</b> "+strings.Repeat("tomorrow ", 20)+"bye", models.MessageDelivered)
	p.Clock.Add(time.Minute)
	text(t, p, p.Clinic.Shared, "+4915112345679", "Night shift", models.MessageSent)

	v.Get("/messages?number=nine&from=yesterday&status=lost").Want(http.StatusUnprocessableEntity)
	if v.Problem("Number") == "" || v.Problem("From") == "" || v.Value("Number") != "nine" || v.Value("From") != "yesterday" {
		t.Errorf("number %q, from %q", v.Problem("Number"), v.Problem("From"))
	}
	v.Get("/messages?account=Nobody").Want(http.StatusUnprocessableEntity).Sees("You have no account of this name.")
	v.Get("/messages?older=x").Want(http.StatusUnprocessableEntity).Sees("broken")
	v.Get("/messages?send=" + models.NewID().String()).Want(http.StatusNotFound)

	v.Get("/messages").Want(http.StatusOK).Sees("Log", "Sends", "North Clinic", "Night Ward", "+49 1511 2345678", "Delivered", "0,075 EUR", "Night shift", "<b>nine</b>").SeesNot("bye")
	for _, filter := range []string{"account=North+Clinic", "status=delivered", "number=0151+1234+5678", "number=%2B49+(1511)+2345678", "to=2026-11-20&from=2026-11-20&status=delivered"} {
		v.Get("/messages?"+filter).Want(http.StatusOK).Sees("appointment", "Clear all").SeesNot("Night shift")
		rows, err := csv.NewReader(strings.NewReader(v.Get("/messages.csv?" + filter).Want(http.StatusOK).Body)).ReadAll()
		if err != nil || len(rows) != 2 || fmt.Sprint(rows[0]) != "[Time (Europe/Berlin) Account From To Country Text Encoding Parts Status Status since (Europe/Berlin) Problem Asset Paid Refunded Message]" ||
			rows[1][1] != "North Clinic" || rows[1][3] != "+4915112345678" || !strings.HasPrefix(rows[1][5], "'=Your") || rows[1][12] != "0.075" || rows[1][14] != own.String() {
			t.Errorf("%s: the file is %q, %v", filter, rows, err)
		}
	}
	v.Get("/messages?from=2026-11-21").Want(http.StatusOK).Sees("No message matches")
	v.Get("/messages").Fill("Status", "sent").Press("Show").Want(http.StatusOK).Sees("Night shift").SeesNot("appointment")

	v.Get("/messages/"+own.String()).Want(http.StatusOK).Sees("Message to +49 1511 2345678", "bye", "It has arrived.", "0,075 EUR", "from the balance of North Clinic", "sim-1").
		Click("The transfer that took it").Want(http.StatusOK).Sees("Usage of North Clinic")
	v.Get("/sub-accounts/"+p.Clinic.Own.Account.ID.String()+"/activity").Want(http.StatusOK).Sees("appointment").SeesNot("Night shift").Click("Message log").Sees("appointment", "Clear all")
	v.Get("/messages/" + models.NewID().String()).Want(http.StatusNotFound)
	v.Get("/messages/x").Want(http.StatusNotFound)
}

// MSG-4, BAL-2, REP-5: a sub-account sees its own messages only; one that spends its parent's balance is shown no price, on no
// page and in no file. Times are those of the reader's zone.
func TestMessageLogOfASubAccount(t *testing.T) {
	p := webtest.Open(t)
	give(t, p, p.Clinic.Own.Account, "12.50")
	own := text(t, p, p.Clinic.Own, "+4915112345678", "Day shift", models.MessageSent)
	shared := text(t, p, p.Clinic.Shared, "+4915112345679", "Night shift", models.MessageSent)
	v := p.As(t, p.Clinic.Own)
	v.Get("/messages").Want(http.StatusOK).Sees("Day shift", "0,075 EUR", "10:30").SeesNot("Night shift", "North Clinic Group")
	v.Get("/messages/" + own.String()).Want(http.StatusOK).Sees("0,075 EUR")
	v.Get("/messages/" + shared.String()).Want(http.StatusNotFound)
	v = p.As(t, p.Clinic.Shared)
	for _, page := range []string{"/messages", "/messages.csv", "/messages/" + shared.String(), "/reports/usage?from=2026-11-01&to=2026-11-30", "/reports/usage.csv?from=2026-11-01&to=2026-11-30"} {
		v.Get(page).Want(http.StatusOK)
		if strings.Contains(v.Body, "0,075") || strings.Contains(v.Body, "0.075") || strings.Contains(v.Body, "EUR") {
			t.Errorf("%s shows a price: %s", page, v.Text())
		}
	}
	v.Get("/messages/" + own.String()).Want(http.StatusNotFound)
	p.As(t, p.Harbor.Admin).Get("/messages/" + own.String()).Want(http.StatusNotFound)
}

// REP-1: the usage report narrows by kind and status too, groups by status, and says which share was delivered.
func TestUsageReportOfMessages(t *testing.T) {
	p := webtest.Open(t)
	give(t, p, p.Clinic.Own.Account, "12.50")
	for _, status := range []models.MessageStatus{models.MessageDelivered, models.MessageDelivered, models.MessageFailed, models.MessageSent} {
		text(t, p, p.Clinic.Own, "+4915112345678", "Day shift", status)
	}
	v := p.As(t, p.Clinic.Admin)
	v.Get("/reports/usage?from=2026-11-20&to=2026-11-20&group=status").Want(http.StatusOK).Sees("Delivered", "Failed", "Sent", "66,6", "0,30")
	v.Get("/reports/usage?from=2026-11-20&to=2026-11-20&status=failed&column=account").Want(http.StatusOK).Sees("North Clinic", "0,075 EUR").SeesNot("0,30 EUR")
	v.Get("/reports/usage?from=2026-11-20&to=2026-11-20&kind=call").Want(http.StatusOK).Sees("Nothing was used")
	v.Get("/reports/usage?status=lost").Want(http.StatusUnprocessableEntity)
	v.Get("/reports/usage?kind=fax").Want(http.StatusUnprocessableEntity)
	rows, err := csv.NewReader(strings.NewReader(v.Get("/reports/usage.csv?from=2026-11-20&to=2026-11-20&group=status").Want(http.StatusOK).Body)).ReadAll()
	if err != nil || len(rows) != 4 || fmt.Sprint(rows[2]) != "[2026-11-20/2026-11-20 Delivered 2 100.0 2 0 0 EUR 0.15]" {
		t.Errorf("%q, %v", rows, err)
	}
}
