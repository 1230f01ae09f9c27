package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/ledger"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// endTrial puts an account on trial up to today and lets the day pass.
func endTrial(t *testing.T, p *webtest.Portal, c storetest.Company, a models.Account) {
	t.Helper()
	shown, err := p.Accounts.Show(t.Context(), c.Admin.Actor, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Accounts.EditSubAccount(t.Context(), c.Admin.Actor, accounts.EditOrder{SubAccount: a.ID, Version: shown.Version,
		Details: accounts.Details{AccountName: shown.Name, ContactName: shown.ContactName, Mobile: shown.Mobile, Country: shown.Country, TimeZone: shown.TimeZone},
		Trial:   &models.TrialTerms{On: true, Until: models.DayOf(p.Clock.Now(), shown.Zone()).String()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.Raw.Exec(t.Context(), `UPDATE accounts SET trial_ends_at = $2 WHERE id = $1`, a.ID, p.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// credit is what a transfer of its parent does to an ended trial.
func credit(t *testing.T, p *webtest.Portal, c storetest.Company, a models.Account) {
	t.Helper()
	if _, err := p.Ledger.Transfer(t.Context(), c.Admin.Actor, ledger.TransferOrder{SubAccount: a.ID, Amount: storetest.Euros(t, "5")}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Raw.Exec(t.Context(), `UPDATE wallets SET credited_at = $2 WHERE account_id = $1 AND kind = 'balance'`, a.ID, p.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// ACC-13: in a session that was open before, every page leads to the page that says that the trial has ended, every form is
// refused and changes nothing, in every route there is; the first credit gives everything back with the next request.
func TestEndedTrialShowsOnePage(t *testing.T) {
	p := webtest.Open(t)
	sub := p.As(t, p.Clinic.Own)
	sub.Get("/").Sees("Dashboard")
	endTrial(t, p, p.Clinic, p.Clinic.Own.Account)
	who := &persona{name: "trial ended", account: p.Clinic.Own.Account, open: sub.Cookie}
	before := p.Fingerprint(t)
	for _, r := range web.Routes() {
		if r.Needs == "" || r.Needs == models.RequestCredit {
			continue
		}
		status, location := who.ask(t, p, r.Method, who.path(t, p, r.Path, "own"), everything(p, "clinic"))
		if r.Method == http.MethodGet && (status != http.StatusSeeOther || location != "/trial-ended") || r.Method == http.MethodPost && status != http.StatusForbidden {
			t.Errorf("%s %s: %d %s", r.Method, r.Path, status, location)
		}
	}
	if p.Fingerprint(t) != before {
		t.Error("something was changed")
	}
	sub.Get("/").Want(http.StatusOK).Sees("Your trial has ended", "North Clinic Group", "Sign out").SeesNot("Dashboard", "Statement")
	sub.Get("/credit-requests/new").Sees("Your trial has ended")
	sub.Get("/sign-in").Sees("Your trial has ended")
	sub.Post("/settings/profile", url.Values{}).Want(http.StatusForbidden).Sees("Your trial has ended")
	again := p.As(t, p.Clinic.Own) // a new sign-in leads there too
	again.Get("/statement").Sees("Your trial has ended")
	p.Clock.Add(time.Minute)
	credit(t, p, p.Clinic, p.Clinic.Own.Account)
	sub.Get("/").Sees("Dashboard").SeesNot("Your trial has ended")
	sub.Get("/trial-ended").Sees("Dashboard")
}

// ACC-13: asking from the page, with what is wrong beside its field; the parent reads the request where its mail leads, and
// the transfer is filled in; the transfer answers it.
func TestAskForCredit(t *testing.T) {
	p := webtest.Open(t)
	endTrial(t, p, p.Clinic, p.Clinic.Own.Account)
	sub, parent := p.As(t, p.Clinic.Own), p.As(t, p.Clinic.Admin)
	id := p.Clinic.Own.Account.ID.String()
	parent.Get("/sub-accounts/" + id + "/credit-request").Sees("North Clinic has not asked for credit")
	sub.Get("/").Fill("Amount", "0").Fill("Note", "for <b>December</b>").Press("Add credit").Want(http.StatusUnprocessableEntity).Sees("Your trial has ended")
	if sub.Problem("Amount") == "" || sub.Value("Note") != "for <b>December</b>" {
		t.Error("the form does not say what is wrong, or forgets what was typed")
	}
	sub.Fill("Amount", "25.50").Press("Add credit").Want(http.StatusOK).Sees("You asked North Clinic Group for 25,50 EUR", "not answered yet").SeesNot("Note")
	sub.Post("/credit-requests", url.Values{"amount": {"7"}}).Want(http.StatusUnprocessableEntity).Sees("You have asked for credit already")
	if p.Sent(t, p.Clinic.Admin.Email, "/sub-accounts/"+id+"/credit-request") != 1 {
		t.Error("the parent has no mail, or several")
	}
	parent.Get("/sub-accounts/"+id+"/balance").Sees("North Clinic asks for 25,50", "for <b>December</b>").Click("Answer").Sees("Request for credit", "25,50", p.Clinic.Own.Email)
	parent.Click("Transfer balance").Sees("From North Clinic Group to North Clinic")
	if parent.Value("Amount") != "25.50" || parent.Value("Note") != "for <b>December</b>" {
		t.Errorf("filled in: %q, %q", parent.Value("Amount"), parent.Value("Note"))
	}
	p.Clock.Add(time.Minute)
	parent.Press("Transfer balance").Sees("25,50 EUR transferred")
	credit(t, p, p.Clinic, p.Clinic.Own.Account)
	parent.Get("/sub-accounts/" + id + "/credit-request").Sees("Answered on").SeesNot("Decline")
	parent.Get("/sub-accounts/" + id + "/balance").SeesNot("asks for")
	sub.Get("/").Sees("Dashboard")
}

// ACC-13, BAL-2: an account with a balance of its own asks from its menu; declined, it reads why.
func TestCreditDeclined(t *testing.T) {
	p := webtest.Open(t)
	sub, parent := p.As(t, p.Clinic.Own), p.As(t, p.Clinic.Admin)
	id := p.Clinic.Own.Account.ID.String()
	p.As(t, p.Clinic.Shared).Get("/").SeesNot("Add credit").Get("/credit-requests/new").Want(http.StatusForbidden)
	sub.Get("/").Click("Add credit").Fill("Note", "please").Press("Add credit").Sees("Your request went to North Clinic Group", "for credit")
	parent.Get("/sub-accounts/"+id+"/credit-request").Sees("as you think right", "please")
	parent.Press("Decline").Want(http.StatusUnprocessableEntity)
	if parent.Problem("Reason") == "" {
		t.Error("no reason was asked for")
	}
	parent.Fill("Reason", "Not this month").Press("Decline").Sees("The request is declined", "Declined: Not this month")
	sub.Get("/credit-requests/new").Sees("was declined: Not this month").Fill("Amount", "3").Press("Add credit").Sees("3,00 EUR")
	user := p.Visitor(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	user.SignIn("user@clinic.example", storetest.Passphrase).Get("/sub-accounts/"+id+"/credit-request").Sees("3,00").SeesNot("Decline", "Transfer balance")
	user.Post("/sub-accounts/"+id+"/credit-request/dismissal", url.Values{"reason": {"x"}}).Want(http.StatusForbidden)
}

// ACC-13: the trial on the forms that add and edit: refused beside its field, kept as typed, shown as a badge on list and page.
func TestTrialForms(t *testing.T) {
	p := webtest.Open(t)
	parent := p.As(t, p.Clinic.Admin)
	path := "/sub-accounts/" + p.Clinic.Own.Account.ID.String()
	_, fields := parent.Get(path + "/edit").Want(http.StatusOK).FormOf("Save")
	if fields.Get("trial") != "no" {
		t.Errorf("the form has trial %q", fields.Get("trial"))
	}
	fields.Set("trial", "yes")
	fields.Set("trial_until", "2026-11-01")
	parent.Post(path, fields).Want(http.StatusUnprocessableEntity).Sees("This day is past")
	if parent.Value("Last day") != "2026-11-01" {
		t.Error("what was typed is gone")
	}
	fields.Set("trial_until", "2026-12-03")
	parent.Post(path, fields).Sees("The account details are saved", "Trial until 3 Dec")
	parent.Get("/sub-accounts").Sees("Trial until 3 Dec")
	if _, fields = parent.Get(path + "/edit").FormOf("Save"); fields.Get("trial") != "yes" || fields.Get("trial_until") != "2026-12-03" {
		t.Errorf("%v", fields)
	}
	_, fields = parent.FormOf("Save")
	fields.Set("trial", "maybe")
	parent.Post(path, fields).Sees("Trial until 3 Dec") // what the form does not offer takes no trial away
	endTrial(t, p, p.Clinic, p.Clinic.Own.Account)
	parent.Get("/").Sees("The trial of North Clinic has ended", "Its last day was 20 Nov 2026. It can do nothing until credit comes.")
	parent.Get("/sub-accounts").Sees("Trial ended")
	parent.Get(path).Sees("Trial ended", "Your first transfer of balance lets it go on")
	inside := parent.Click("Access account").Fill("Reason", "to look").Press("Access account")
	inside.Sees("Dashboard", "The trial of North Clinic has ended")

	add := p.As(t, p.Clinic.Admin)
	_, fields = add.Get("/sub-accounts/new").FormOf("Add sub-account")
	for name, value := range map[string]string{"account_name": "Try Out", "contact_name": "Tara", "email": "try@clinic.example", "mobile": "+4915112345680",
		"trial": "yes", "trial_until": "tomorrow"} {
		fields.Set(name, value)
	}
	add.Post("/sub-accounts", fields).Want(http.StatusUnprocessableEntity).Sees("Enter a day like")
	fields.Set("trial_until", "2027-01-31")
	add.Post("/sub-accounts", fields).Want(http.StatusOK).Sees("Try Out is added", "Trial until 31 Jan 2027")
	if !strings.Contains(add.Get("/action-log").Text(), "Try Out") {
		t.Error("it is not logged")
	}
}

// BAL-7: staff change a parent's plan on its page, and read who is in the way.
func TestStaffChangePlan(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	page := "/staff/accounts/" + p.Clinic.ID.String() + "/" + p.Clinic.ID.String()
	staff.Get(page).Sees("North Clinic Group is Pre-pay")
	_, fields := staff.FormOf("Change to Post-pay")
	fields.Set("plan_credit", "12x")
	path := "/staff/accounts/" + p.Clinic.ID.String() + "/plan"
	staff.Post(path, fields).Want(http.StatusUnprocessableEntity).Sees("Write the amount in digits")
	fields.Set("plan_credit", "120")
	staff.Post(path, fields).Want(http.StatusUnprocessableEntity).Sees("2 sub-accounts are in use: Night Ward, North Clinic")
	for _, sub := range []models.Account{p.Clinic.Own.Account, p.Clinic.Shared.Account} {
		if _, err := p.Accounts.Deactivate(t.Context(), p.Clinic.Admin.Actor, sub.ID, "plan"); err != nil {
			t.Fatal(err)
		}
	}
	staff.Post(path, fields).Want(http.StatusOK).Sees("The account is Post-pay now", "120,00 EUR", "North Clinic Group is Post-pay")
	staff.Press("Change to Pre-pay").Sees("The account is Pre-pay now")
	p.As(t, p.Clinic.Admin).Post(path, fields).Want(http.StatusForbidden)
}
