package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/storetest"
	"offshoot/views/paths"
	"offshoot/web/webtest"
)

// approvedSender is a Sender ID of an account that staff have approved.
func approvedSender(t *testing.T, p *webtest.Portal, who models.Actor, name string) models.ID {
	t.Helper()
	id, err := p.Senders.Request(t.Context(), who, senders.Request{Name: name, Purpose: "Reminders"})
	if err == nil {
		err = p.Senders.Approve(t.Context(), p.Sam.Actor, who.Tenant, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// MSG-7: a Sender ID is asked for on its page, with what is wrong beside the field and what was typed kept; staff refuse and
// approve it on theirs; the account reads why, and gives it up.
func TestSenderIDFromRequestToWithdrawal(t *testing.T) {
	p := webtest.Open(t)
	v := p.As(t, p.Clinic.Admin).Get("/").Click("Sender IDs").Want(http.StatusOK).Sees("+49 1511 2345671", "Your registered mobile number", "Default")
	v.Click("Request Sender ID").Want(http.StatusOK)
	for typed, says := range map[string]string{"": "Enter a name or a number.", "Сlinic": "letters A to Z", "<b>Clinic</b>": "letters A to Z", "TwelveLetter": "up to 11 characters", "12345": "not a phone number"} {
		v.Fill("Name or number", typed).Fill("Purpose", "Reminders <b>daily</b>").Press("Request").Want(http.StatusUnprocessableEntity)
		if got := v.Problem("Name or number"); !strings.Contains(got, says) || v.Value("Name or number") != typed || v.Value("Purpose") != "Reminders <b>daily</b>" {
			t.Errorf("%q: %q, kept %q and %q", typed, got, v.Value("Name or number"), v.Value("Purpose"))
		}
	}
	v.Fill("Name or number", "North").Press("Request").Want(http.StatusOK).Sees("The Sender ID is requested.", "North", "Reminders <b>daily</b>", "Requested")
	bad, err := p.Senders.Request(t.Context(), p.Clinic.Admin.Actor, senders.Request{Name: "Bank", Purpose: "x"})
	if err != nil {
		t.Fatal(err)
	}
	staff := p.As(t, p.Sam).Get("/staff/requests").Want(http.StatusOK).Sees("Sender ID North", "North Clinic Group", "Reminders <b>daily</b>", p.Clinic.Admin.Email)
	staff.Press("Approve the Sender ID North of North Clinic Group").Want(http.StatusOK).Sees("The Sender ID is approved").SeesNot("Sender ID North")
	refusal := paths.StaffSenderRefusal(p.Clinic.ID, bad)
	staff.Post(refusal, url.Values{"reason": {" "}}).Want(http.StatusUnprocessableEntity).Sees("Give a reason.")
	staff.Post(refusal, url.Values{"reason": {"It is <i>not</i> yours"}}).Want(http.StatusOK).Sees("The Sender ID is refused", "No open requests")
	staff.Post(refusal, url.Values{"reason": {"Once more"}}).Want(http.StatusNotFound).Sees("no longer open")
	staff.Post(paths.StaffSenderApproval(p.Clinic.ID, bad), nil).Want(http.StatusNotFound)
	staff.Post(paths.StaffSenderApproval(p.Harbor.ID, models.NewID()), nil).Want(http.StatusNotFound)

	v.Get("/sender-ids?status=refused").Want(http.StatusOK).Sees("Bank").SeesNot("North Clinic Group North").Click("Bank").Want(http.StatusOK).Sees("It is <i>not</i> yours")
	v.Get("/sender-ids").Click("North").Want(http.StatusOK).Sees("Approved")
	v.Fill("What it is for", "Something else").Press("Save").Want(http.StatusOK).Sees("The purpose is saved.")
	if file := v.Get("/sender-ids.csv").Want(http.StatusOK).Body; !strings.Contains(file, "North,North Clinic Group,Approved,Something else,") || strings.Count(file, "\r\n") != 3 {
		t.Errorf("the file: %s", file)
	}
	v.Get("/sender-ids").Click("North").Press("Withdraw").Want(http.StatusOK).Sees("The Sender ID is withdrawn.").SeesNot("Something else")
	sender := v.Path
	v.Get(sender + "?" + url.Values{"status": {"' OR true --"}, "after": {"x"}}.Encode()).Want(http.StatusOK).Sees("Bank")
}

// SHR-1: the sharing form without scripts: a sub-account is found by a part of its name, or named, is in the form at once and
// counts once it is saved; taken out, it is gone. Somebody else's change in the meantime is said, and nothing is overwritten.
func TestSharingForm(t *testing.T) {
	p := webtest.Open(t)
	id := approvedSender(t, p, p.Clinic.Admin.Actor, "North")
	ward := p.As(t, p.Clinic.Own)
	ward.Get(paths.SenderIDs()).Want(http.StatusForbidden) // nothing is to see
	v := p.As(t, p.Clinic.Admin).Get(paths.SenderID(id)).Click("Share").Want(http.StatusOK).Sees("Only me", "Public", "Custom")
	stale := p.As(t, p.Clinic.Admin).Get(paths.Sharing(models.SharedSenderID, id))

	v.Fill("Add a sub-account", "nobody at all").Press("Add").Want(http.StatusUnprocessableEntity).Sees("No sub-account has exactly this name", "No sub-account has “nobody at all” in its name.")
	v.Fill("Add a sub-account", "pier").Press("Add").Want(http.StatusUnprocessableEntity).SeesNot("Pier One")
	v.Fill("Add a sub-account", "clinic").Press("Add").Want(http.StatusUnprocessableEntity).Sees("Choose the one to add")
	v.Press("Add North Clinic").Want(http.StatusOK).Sees("Not saved yet.")
	if v.Value("North Clinic") != pagesUse || p.Count(t, "sharings") != 0 {
		t.Error("adding has saved something, or not for use")
	}
	v.Fill("Add a sub-account", "night WARD").Press("Save").Want(http.StatusOK).Sees("The sharing is saved: Custom.")
	if n := p.Count(t, "shares"); n != 2 {
		t.Errorf("%d shares", n)
	}
	ward.Get("/").Click("Sender IDs").Want(http.StatusOK).Sees("North", "Shared with you: use", "Add Sender IDs").SeesNot("Request Sender ID", p.Clinic.Admin.Email)
	ward.Click("North").Want(http.StatusOK).SeesNot("Withdraw", "Sharing", "What it is for", p.Clinic.Admin.Email)

	v.Get(paths.Sharing(models.SharedSenderID, id)).Fill("North Clinic", "none").Fill("Night Ward", "edit").Press("Save").Want(http.StatusOK)
	if p.Count(t, "shares WHERE account_id = $1 AND may = 'edit'", p.Clinic.Shared.Account.ID) != 1 || p.Count(t, "shares") != 1 {
		t.Error("the choices were not saved")
	}
	ward.Get(paths.SenderID(id)).Want(http.StatusForbidden)

	stale.Press("Save").Want(http.StatusConflict).Sees("Somebody else has changed the sharing", "Night Ward")
	if p.Count(t, "shares") != 1 {
		t.Error("an old form has overwritten it")
	}
	stale.Press("Save").Want(http.StatusOK)

	// what is left in the field while another choice is saved says nothing
	v.Get(paths.Sharing(models.SharedSenderID, id)).Want(http.StatusOK)
	path, fields := v.FormOf("Save")
	fields.Set("setting", "public")
	fields.Set("add", "nobody")
	v.Post(path, fields).Want(http.StatusOK).Sees("The sharing is saved: Public.")
	ward.Get(paths.SenderID(id)).Want(http.StatusOK)
}

const pagesUse = "use"

// SHR-1: what the form is sent that it does not offer: each comes back with a sentence or is not found, and shares nothing.
func TestSharingFormRefusals(t *testing.T) {
	p := webtest.Open(t)
	id := approvedSender(t, p, p.Clinic.Admin.Actor, "North")
	foreign := approvedSender(t, p, p.Harbor.Admin.Actor, "Harbor")
	v := p.As(t, p.Clinic.Admin)
	ward := p.As(t, p.Clinic.Own)
	path := paths.Sharing(models.SharedSenderID, id)
	before := p.Fingerprint(t)
	harbors, subs := p.Harbor.Own.Account.ID.String(), p.Clinic.Own.Account.ID.String()
	for name, c := range map[string]struct {
		fields url.Values
		status int
	}{
		"nothing":                       {url.Values{}, 422},
		"a setting that is none":        {url.Values{"setting": {"everyone"}}, 422},
		"custom with nobody":            {url.Values{"setting": {"custom"}}, 422},
		"another company's sub-account": {url.Values{"setting": {"custom"}, "account": {harbors}, "may-" + harbors: {"use"}}, 422},
		"and by a button":               {url.Values{"setting": {"custom"}, "pick": {harbors}}, 422},
		"and by its name":               {url.Values{"setting": {"custom"}, "add": {"Pier One"}}, 422},
		"to do what is no choice":       {url.Values{"setting": {"custom"}, "account": {subs}, "may-" + subs: {"own"}}, 422},
		"no ids":                        {url.Values{"setting": {"custom"}, "account": {"' OR true --", "\x00", strings.Repeat("9", 100)}}, 422},
	} {
		if v.Post(path, c.fields); v.Status != c.status {
			t.Errorf("%s: %d", name, v.Status)
		}
	}
	for _, missing := range []string{paths.Sharing(models.SharedSenderID, foreign), paths.Sharing(models.SharedSenderID, models.NewID()), "/sender-ids/x/sharing",
		paths.SenderID(foreign), paths.SenderID(models.NewID()), "/sender-ids/x"} {
		v.Get(missing).Want(http.StatusNotFound)
		v.Post(missing, url.Values{"setting": {"public"}, "purpose": {"x"}}).Want(http.StatusNotFound)
	}
	v.Post(paths.SenderIDWithdrawal(foreign), nil).Want(http.StatusNotFound)
	v.Get(path + "?add=" + url.QueryEscape("\x00\xff<script>"+strings.Repeat("x", 5000))).Want(http.StatusOK)
	ward.Get(path).Want(http.StatusForbidden)
	ward.Post(path, url.Values{"setting": {"public"}}).Want(http.StatusForbidden)
	if p.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

// PRV-4: the tab Privileges narrows each part of the menu: as a draft, said to be one, until it is published; then open
// sessions lose page, post, file and menu at their next request, and have them back when it is published again.
func TestFeatureAccessPage(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "12.50")
	sub := p.As(t, p.Clinic.Own).Get("/").Want(http.StatusOK).Sees("Statement", "Reports")
	v := p.As(t, p.Clinic.Admin).Get(paths.SubAccountPrivileges(own.ID)).Want(http.StatusOK).Sees("Menu and features", "Needs the privilege Interactive Messages too.").
		SeesNot("There is a draft")
	choose := func(button string, access map[string]string) *webtest.Visitor {
		t.Helper()
		path, fields := v.Get(paths.SubAccountPrivileges(own.ID)).FormOf(button)
		for key, to := range access {
			fields.Set("feature-"+key, to)
		}
		return v.Post(path, fields)
	}
	statement := []string{"/statement", "/statement.csv", paths.Transfer(p.NewestTransfer(t, own))}
	reads := func(status int, menu bool) {
		t.Helper()
		for _, path := range statement {
			sub.Get(path).Want(status)
		}
		hrefs := strings.Join(menuOf(sub.Get("/").Want(http.StatusOK)), " ")
		if strings.Contains(hrefs, "/statement") != menu {
			t.Errorf("menu %s", hrefs)
		}
		if links := sub.Page.Find(`a[href^="/statement"], a[href^="/transfers"]`).Length() > 1; links != menu || strings.Contains(sub.Text(), "Latest entries") != menu {
			t.Errorf("the dashboard shows the statement: %v", links)
		}
	}
	choose("Save draft", map[string]string{"statement": "hidden"}).Want(http.StatusOK).Sees("The draft is saved.", "There is a draft", "Until it is published: Full")
	reads(http.StatusOK, true)
	choose("Discard draft", nil).Want(http.StatusOK).Sees("The draft is discarded.").SeesNot("There is a draft")
	choose("Save draft", map[string]string{"statement": "hidden"})
	choose("Save & Publish", nil).Want(http.StatusOK).Sees("The access is published.").SeesNot("There is a draft")
	reads(http.StatusForbidden, false)
	choose("Save & Publish", map[string]string{"statement": "view"}).Want(http.StatusOK)
	reads(http.StatusOK, true)
	choose("Save & Publish", map[string]string{"reports": "hidden"}).Want(http.StatusOK)
	sub.Get("/").Want(http.StatusOK).SeesNot("Usage of the last 30 days", "Messages in 30 days", "Reports")
	choose("Save & Publish", map[string]string{"reports": "full"}).Want(http.StatusOK)

	choose("Save & Publish", nil).Want(http.StatusUnprocessableEntity).Sees("There is no draft.")
	choose("Save draft", map[string]string{"reports": "sometimes"}).Want(http.StatusUnprocessableEntity).Sees("Reports: Choose Full, View only or Hidden.")
	path, fields := v.Get(paths.SubAccountPrivileges(own.ID)).FormOf("Save draft")
	choose("Save draft", map[string]string{"reports": "hidden"}).Want(http.StatusOK)
	fields.Set("feature-messages", "hidden")
	v.Post(path, fields).Want(http.StatusUnprocessableEntity).Sees("Somebody changed this account after you opened the form.")
	if n := p.Count(t, "feature_access WHERE feature = 'messages' AND (draft IS NOT NULL OR access <> 'full')"); n != 0 {
		t.Error("an old form has overwritten it")
	}
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	user := p.As(t, storetest.Person{Email: "user@clinic.example"}).Get(paths.SubAccountPrivileges(own.ID)).Want(http.StatusOK).Sees("Menu and features").SeesNot("Save & Publish")
	user.Post(path, fields).Want(http.StatusForbidden)
	user.Post(paths.FeatureAccessPublication(own.ID), fields).Want(http.StatusForbidden)
	other := p.As(t, p.Harbor.Admin)
	fields.Del("posted_in")
	for _, path := range []string{path, paths.FeatureAccessPublication(own.ID), paths.FeatureAccessDiscarding(own.ID)} {
		other.Post(path, fields).Want(http.StatusNotFound)
	}
}

// PRV-2: of two Sender IDs the one that is shared with it is all that a sub-account without Add Sender IDs sees, and nothing
// there lets it ask for one.
func TestSenderPagesWithoutAddSenderIDs(t *testing.T) {
	p := webtest.Open(t)
	id := approvedSender(t, p, p.Clinic.Admin.Actor, "Public")
	approvedSender(t, p, p.Clinic.Admin.Actor, "Private")
	if err := p.Sharing.Share(t.Context(), p.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedSenderID, ID: id, Setting: models.Public}); err != nil {
		t.Fatal(err)
	}
	v := p.As(t, p.Clinic.Own).Get(paths.SenderIDs()).Want(http.StatusOK).Sees("Public", "+49 1511 2345672").SeesNot("Private", "Request Sender ID")
	v.Get(paths.NewSenderID()).Want(http.StatusForbidden)
	v.Post(paths.SenderIDs(), url.Values{"name": {"Mine"}, "purpose": {"x"}, "key": {models.NewID().String()}}).Want(http.StatusForbidden)
	v.Post(paths.SenderID(id), url.Values{"purpose": {"x"}}).Want(http.StatusForbidden)
	v.Post(paths.SenderIDWithdrawal(id), nil).Want(http.StatusForbidden)
	if p.Count(t, "sender_ids") != 2 || p.Count(t, "sender_ids WHERE status = 'withdrawn'") != 0 {
		t.Error("something was done")
	}
}

// SHR-1: in a browser the names that match are offered while one types, and the page is not loaded again.
func TestSharingFormCompletes(t *testing.T) {
	p := webtest.Open(t)
	id := approvedSender(t, p, p.Clinic.Admin.Actor, "North")
	b := p.Chromium(t).Person().SignIn(p.Clinic.Admin).Look(375, true).Open(paths.Sharing(models.SharedSenderID, id))
	b.Tick("Custom").Type("Add a sub-account", "night").Until(`document.querySelector('#matches button') !== null`).Sees("Night Ward").SeesNot("North Clinic Ward")
	b.Axe().Press("Add Night Ward").Sees("Not saved yet.").Press("Save").Sees("The sharing is saved: Custom.")
	b.Open(paths.SubAccountPrivileges(p.Clinic.Own.Account.ID))
	var cut bool
	b.Value(`[...document.querySelectorAll('.table-wrap--plain')].some(t => t.scrollWidth > t.clientWidth)`, &cut)
	if cut {
		t.Error("a choice is out of sight on a phone")
	}
	if p.Count(t, "shares WHERE account_id = $1 AND may = 'use'", p.Clinic.Shared.Account.ID) != 1 {
		t.Error("it is not shared")
	}
}
