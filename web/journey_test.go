package web_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"offshoot/web/webtest"
)

// The main job, end to end, as people do it in browsers of their own: a parent turns the feature on, adds a sub-account,
// whose user activates it; money goes there, is used in part and comes back; every report and file says the same;
// staff enter the account and are seen; it is deactivated and its user is out.
//
// ACC-1, ACC-2, ACC-3, ACC-4, ACC-8, ACC-9, ACC-11, ACC-12, ACC-15, PRV-1, BAL-1, BAL-2, BAL-11, REP-1, REP-2, REP-3, REP-5.
func TestTheMainJob(t *testing.T) {
	p := webtest.Open(t)
	sunrise := p.AddParent(t)
	chromium := p.Chromium(t)
	mara, ward, sam := chromium.Person(), chromium.Person(), chromium.Person()

	mara.SignIn(sunrise.Admin).Sees("Dashboard", "100.00 EUR", "Sub-accounts are not enabled yet")
	mara.Click("Sub-accounts").Sees("Sub-accounts are not enabled yet").Click("Enable in the Store")
	mara.Press("Enable").Sees("The Sub-account feature is enabled", "No sub-accounts yet")

	mara.Click("Add sub-account").Type("Account name", "West Ward").Type("Contact name", "Wim West").Type("Email", "wim@sunrise.example").
		Type("Mobile number", "085 012 3457").Tick("Manage Audience").Press("Add sub-account")
	mara.Sees("West Ward", "Pending", "wim@sunrise.example")

	password, code := p.OneTimePassword(t, "wim@sunrise.example"), p.Code(t, "+353850123457")
	chromium.Person().Open("/dev/outbox").Sees("wim@sunrise.example", password, code)

	ward.Open("/sign-in").Type("Email", "wim@sunrise.example").Type("Password", password).Press("Sign in")
	ward.Sees("+353").Type("Code", "000000").Press("Continue").Sees("This is not the code that we sent.")
	ward.Type("Code", code).Press("Continue")
	ward.Type("New password", "a ward of its own").Type("Repeat the new password", "a ward of its own").Press("Activate")
	ward.Sees("Dashboard", "West Ward", "0.00 EUR")

	mara.Open("/sub-accounts").Sees("West Ward", "Active").Click("West Ward").Click("Balance").Click("Transfer balance")
	mara.Type("Amount", "25.00").Sees("75.00 EUR").Press("Transfer balance").Sees("75.00 EUR", "25.00 EUR")
	ward.Open("/").Sees("25.00 EUR")

	sam.SignIn(p.Sam).Sees("Accounts").Open("/staff/accounts?q=West+Ward").Click("West Ward").Click("Record usage")
	sam.Choose("Destination country", "Germany").Type("Quantity", "50").Type("Parts", "50").Type("Price", "3.50").Type("Reference", "sms-2026-11-20").Press("Record usage")
	sam.Sees("21,50 EUR") // staff read figures as in Germany
	ward.Open("/statement").Sees("50 messages to Germany", "21.50 EUR")

	mara.Open("/sub-accounts").Click("West Ward").Click("Balance").Click("Transfer back")
	mara.Type("Amount", "21.51").Press("Transfer back").Sees("Only 21.50 EUR is available.")
	mara.Type("Amount", "21.50").Press("Transfer back").Sees("96.50 EUR", "0.00 EUR")

	mara.Open("/reports/usage").Click("Add column Account").Sees("West Ward", "3.50 EUR", "Europe/Dublin")
	usage := rows(t, mara.Download("Export CSV"))
	mara.Open("/sub-accounts")
	details := rows(t, mara.Download("Export details"))
	mara.Open("/action-log").Sees("25.00 EUR", "21.50 EUR")
	log := rows(t, mara.Download("Export CSV"))

	if want := []string{"Name", "Email", "Mobile number", "Status", "Sharing balance", "Remaining balance", "Remaining units"}; !slices.Equal(details[0], want) {
		t.Errorf("REP-2: columns %q", details[0])
	}
	if want := []string{"West Ward", "wim@sunrise.example", "+353850123457", "Active", "3.50", "0.00", "0"}; !slices.Equal(details[1], want) {
		t.Errorf("REP-2: %q", details[1])
	}
	if got := cell(usage, "Account", "West Ward", "Cost"); !strings.HasPrefix(got, "3.50") {
		t.Errorf("REP-1: cost %q in %q", got, usage)
	}
	for action, amount := range map[string]string{"transfer.posted": "25.00", "transfer.returned": "21.50", "usage.charged": "3.50"} {
		if got := cell(log, "Action", action, "Amount"); got != amount {
			t.Errorf("REP-3: %s has %q in %q", action, got, log)
		}
	}

	sam.Open("/staff/accounts?q=West+Ward").Click("West Ward").Click("Access account").Type("Reason", "Ticket 4711").Press("Access account")
	sam.Sees("sam@offshoot.example", "are in West Ward", "Ticket 4711", "left").Open("/statement").Sees("West Ward").Press("Return")
	sam.SeesNot("are in West Ward").Open("/staff/action-log").Sees("Ticket 4711")
	mara.Open("/action-log").Sees("sam@offshoot.example", "Ticket 4711")
	ward.Open("/access-log").Sees("sam@offshoot.example", "Ticket 4711")

	mara.Open("/sub-accounts").Click("West Ward")
	mara.Open(mara.Path()+"/deactivation").Type("Reason", "The ward is closed").Press("Deactivate").Sees("Deactivated", "The ward is closed")
	ward.Open("/").Sees("Sign in")
	ward.Type("Email", "wim@sunrise.example").Type("Password", "a ward of its own").Press("Sign in").Sees("deactivated")
}

func rows(t *testing.T, file string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%v: %s", err, file)
	}
	return all
}

// cell finds the row in which one column has a value, and returns what another column has there. Columns are named by how
// they begin, for some name a zone or a currency behind.
func cell(rows [][]string, column, value, wanted string) string {
	at := func(name string) int {
		return slices.IndexFunc(rows[0], func(head string) bool { return strings.HasPrefix(head, name) })
	}
	if at(column) < 0 || at(wanted) < 0 {
		return "no such column"
	}
	for _, row := range rows[1:] {
		if row[at(column)] == value {
			return row[at(wanted)]
		}
	}
	return "no such row"
}
