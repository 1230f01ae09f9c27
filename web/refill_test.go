package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

func balanceOf(a models.Account) string { return pageOf(a) + "/balance" }

// refilled has a sub-account use something, and the fall that this leads to worked on as its job would.
func refilled(t *testing.T, p *webtest.Portal, who storetest.Person, amount, reference string) {
	t.Helper()
	ctx := context.Background()
	if _, err := p.Ledger.Charge(ctx, p.Sam.Actor.In(who.Account.TenantID), ledger.ChargeOrder{Account: who.Account.ID, Kind: ledger.MessageUsage, Country: "DE",
		Quantity: 1, Parts: 1, Amount: storetest.Euros(t, amount), Reference: reference}); err != nil {
		t.Fatal(err)
	}
	p.Clock.Add(3 * time.Minute)
	if err := p.Refill.Turn(ctx); err != nil {
		t.Fatal(err)
	}
}

// BAL-8: auto-recharge is turned on, seen at work, paused for the day, resumed, paused by hand and turned off, all on the tab Balance.
func TestAutoRecharge(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	v := p.As(t, p.Clinic.Admin).Get(balanceOf(own.Account)).Want(200).Sees("Auto-recharge", "Off").SeesNot("Pause")
	v.Fill("When its balance is below", "5").Tick("A fixed amount").Fill("Amount", "20").Fill("Recharges a day, at most", "1").Fill("Amount a day, at most", "50").
		Press("Turn on auto-recharge").Want(200).Sees("Auto-recharge is set.", "When its balance is below 5,00 EUR, it gets 20,00 EUR of your balance.", "On", "0 of 1", "0,00 of 50,00 EUR")
	refilled(t, p, own, "6", "a")
	v.Get(balanceOf(own.Account)).Want(200).Sees("24,00 EUR", "Last recharges", "+20,00 EUR", "1 of 1", "20,00 of 50,00 EUR", "Transfer from North Clinic Group: Auto-recharge")
	if link := v.Page.Find("#auto-recharge table a").AttrOr("href", ""); link != "/transfers/"+p.NewestTransfer(t, own.Account).String() {
		t.Errorf("the recharge leads to %q", link)
	}
	refilled(t, p, own, "20", "b")
	v.Get(balanceOf(own.Account)).Want(200).Sees("Paused: it was recharged as often as it may be in a day.").
		Press("Resume").Want(422).Sees("It was recharged as often today as it may.", "Paused")
	v.Get(balanceOf(own.Account)).Fill("Recharges a day, at most", "3").Press("Save auto-recharge").Want(200).SeesNot("Paused:")
	refilled(t, p, own, "1", "c")
	v.Get(balanceOf(own.Account)).Want(200).Sees("23,00 EUR", "2 of 3").Press("Pause").Want(200).Sees("Auto-recharge is paused.", "Paused by hand.")
	v.Press("Resume").Want(200).Sees("Auto-recharge goes on.").SeesNot("Paused")
	v.Press("Turn off").Want(200).Sees("Auto-recharge is turned off.", "Turn on auto-recharge")
	if v.Value("When its balance is below") != "5.00" || v.Value("Recharges a day, at most") != "3" {
		t.Error("the figures of what was turned off are gone")
	}
	v.Get("/action-log").Want(200).Sees("Auto-recharge of North Clinic set: below 5.00 EUR it gets 20.00 EUR, at most once and 50.00 EUR a day",
		"Auto-recharge of North Clinic paused (recharged as often as it may today)", "Auto-recharge of North Clinic turned off")
}

// BAL-8, Always, bad input: each field gets its sentence with 422, and nothing that was typed is lost; a stale form is told.
func TestAutoRechargeBadInput(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	v := p.As(t, p.Clinic.Admin).Get(balanceOf(own)).Want(200)
	v.Fill("When its balance is below", "<b>5</b>").Tick("What is missing").Fill("Amount", "1e9").Fill("Recharges a day, at most", "lots").Fill("Amount a day, at most", "-3").
		Press("Turn on auto-recharge").Want(422)
	for label, sentence := range map[string]string{"When its balance is below": "Write the amount in digits with a point, like 25.00.", "Amount": "Write the amount in digits with a point, like 25.00.",
		"Recharges a day, at most": "Enter a whole number from 1 to 1000.", "Amount a day, at most": "Enter an amount above zero."} {
		if got := v.Problem(label); got != sentence {
			t.Errorf("%s: %q", label, got)
		}
	}
	if v.Value("When its balance is below") != "<b>5</b>" || v.Value("Amount") != "1e9" || v.Value("Recharges a day, at most") != "lots" {
		t.Error("what was typed is gone")
	}
	v.Fill("When its balance is below", "5").Fill("Amount", "4").Fill("Recharges a day, at most", "2").Fill("Amount a day, at most", "3").Press("Turn on auto-recharge").Want(422)
	if got := v.Problem("Amount"); !strings.HasPrefix(got, "Enter at least 5.00 EUR") {
		t.Error(got)
	}
	v.Fill("Amount", "25").Fill("Amount a day, at most", "100")
	other := p.As(t, p.Clinic.Admin).Get(balanceOf(own))
	v.Press("Turn on auto-recharge").Want(200)
	other.Fill("When its balance is below", "7").Fill("Amount", "8").Fill("Recharges a day, at most", "9").Fill("Amount a day, at most", "10").Press("Turn on auto-recharge").Want(422).Sees("Somebody changed this after you opened the form.")
	other.Press("Save auto-recharge").Want(200) // shows what is set now, which changes nothing
	if n := p.Count(t, "action_log WHERE action = 'recharge.set'"); n != 1 {
		t.Errorf("set %d times", n)
	}
	path, form := v.Get(balanceOf(own)).FormOf("Save auto-recharge")
	form.Del("recharge_way")
	v.Post(path, form).Want(422).Sees("Choose what is transferred.")
	form.Set("recharge_way", models.WayAmount)
	p.As(t, p.Clinic.Admin).Get(balanceOf(p.Clinic.Shared.Account)).Want(200).SeesNot("Auto-recharge", "Low-balance notice")
	p.As(t, p.Clinic.Admin).Post(pageOf(p.Clinic.Shared.Account)+"/recharge", form).Want(422).Sees("Only a sub-account with a balance of its own is recharged.")
	for _, to := range []string{"/recharge", "/recharge/removal", "/recharge/pause", "/recharge/resumption", "/low-notice"} {
		for _, id := range []string{p.Harbor.Own.Account.ID.String(), p.Clinic.ID.String(), models.NewID().String(), "1"} {
			good := url.Values{"recharge_below": {"5"}, "recharge_way": {"amount"}, "recharge_amount": {"5"}, "recharge_times": {"1"}, "recharge_most": {"5"}, "low_below": {"5"}, "version": {"0"}}
			if v.Post("/sub-accounts/"+id+to, good); v.Status != 404 {
				t.Errorf("POST %s of %s: %d", to, id, v.Status)
			}
		}
	}
}

// BAL-10: the notice of a sub-account stands on its tab Balance, that of the parent's own balance on Billing.
func TestLowNotices(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	v := p.As(t, p.Clinic.Admin).Get(balanceOf(own.Account)).Want(200)
	v.Fill("Send a mail below", "0,5").Press("Save notice").Want(422)
	if v.Problem("Send a mail below") != "Write the amount with a point: 0.5." || v.Value("Send a mail below") != "0,5" {
		t.Errorf("%q", v.Problem("Send a mail below"))
	}
	stale := p.As(t, p.Clinic.Admin).Get(balanceOf(own.Account))
	v.Fill("Send a mail below", "12").Press("Save notice").Want(200).Sees("The low-balance notice is set.", "It is below 12,00 EUR since")
	stale.Fill("Send a mail below", "3").Press("Save notice").Want(422).Sees("Somebody changed this after you opened the form.")
	v.Get(balanceOf(own.Account)).Fill("Send a mail below", "").Press("Save notice").Want(200).Sees("The low-balance notice is turned off.").SeesNot("It is below")

	v.Get("/billing").Want(200).Fill("Send a mail below", "x").Press("Save notice").Want(422)
	if v.Problem("Send a mail below") == "" {
		t.Error("no sentence")
	}
	v.Fill("Send a mail below", "100").Press("Save notice").Want(200).Sees("The low-balance notice is set.")
	if v.Value("Send a mail below") != "100.00" {
		t.Errorf("%q", v.Value("Send a mail below"))
	}
	p.As(t, own).Get("/billing").Want(200).SeesNot("Low-balance notice")
	p.As(t, own).Post("/billing/low-notice", url.Values{"low_below": {"1"}}).Want(403)
}
