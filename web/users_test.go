package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"offshoot/models"
	"offshoot/services/storetest"
	"offshoot/views/paths"
	"offshoot/web/webtest"
)

// row is the line of a table that names something.
func row(t *testing.T, v *webtest.Visitor, name string) *goquery.Selection {
	t.Helper()
	found := v.Page.Find("tbody tr").FilterFunction(func(_ int, r *goquery.Selection) bool { return strings.Contains(r.Text(), name) })
	if found.Length() != 1 {
		t.Fatalf("%d rows with %s: %s", found.Length(), name, v.Text())
	}
	return found
}

// press presses the button of a row's menu, as somebody without scripts does.
func press(t *testing.T, v *webtest.Visitor, name, button string) *webtest.Visitor {
	t.Helper()
	form := row(t, v, name).Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool {
		return strings.TrimSpace(f.Find("button").Text()) == button
	})
	if form.Length() != 1 {
		t.Fatalf("%d buttons %s for %s", form.Length(), button, name)
	}
	return v.Post(form.AttrOr("action", ""), url.Values{})
}

// ACC-10: an Admin, of the operator, a parent and a sub-account alike, adds a user, who comes in through the mail's link;
// changes them; disables them, which the user's next click feels; and enables them again.
func TestUsersOfOnesOwnAccount(t *testing.T) {
	p := webtest.Open(t)
	for i, who := range []storetest.Person{p.Sam, p.Clinic.Admin, p.Clinic.Own} {
		email := string(rune('a'+i)) + "-kim@new.example"
		settings := "/settings"
		if i == 0 {
			settings = "/staff/settings"
		}
		admin := p.As(t, who).Get(settings).Click("Users").Want(200).Sees("You", who.Email).Click("Add user").Want(200)
		admin.Fill("Name", "Kim Lee").Fill("Email", email).Tick("User").Fill("Time zone", "Asia/Tokyo").Press("Add user").Want(200).
			Sees("Kim Lee is added.", "A link to set a password went to "+email)
		if said := row(t, admin, email).Text(); !strings.Contains(said, "Invited") || !strings.Contains(said, "link good until") || !strings.Contains(said, "Asia/Tokyo") {
			t.Errorf("listed as %s", said)
		}
		kim := p.Visitor(t).Get(p.Link(t, email)).Want(200).Sees("Welcome to "+who.Account.Name, email)
		if got := kim.Header.Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("the link may leak: Referrer-Policy %s", got)
		}
		kim.Fill("New password", storetest.Passphrase).Fill("Repeat the new password", "another").Press("Set password and sign in").Want(422)
		kim.Fill("New password", storetest.Passphrase).Fill("Repeat the new password", storetest.Passphrase).Press("Set password and sign in").Want(200).
			Sees("From now on you sign in with " + email)
		kim.Get("/settings/users").Want(403)
		admin.Get("/settings/users").Click("Kim Lee").Want(200).Sees(email)
		admin.Fill("Name", "Kim B. Lee").Tick("Admin").Press("Save").Want(200).Sees("The user is saved.", "Kim B. Lee")
		kim.Get("/settings/users").Want(200)
		press(t, admin, email, "Disable").Want(200).Sees("Kim B. Lee is disabled and signed out everywhere.", "Disabled")
		if kim.Get("/settings"); !strings.HasPrefix(kim.Path, "/sign-in") {
			t.Errorf("a disabled user is at %s", kim.Path)
		}
		press(t, admin, email, "Enable").Want(200).Sees("can sign in again")
		p.Visitor(t).SignIn(email, storetest.Passphrase).Want(200).Sees("Kim B. Lee")
	}
}

// ACC-10, bad input: a wrong form comes back with a sentence at each field and what was typed; the last Admin stays, and
// nobody has a button against themselves.
func TestUserFormsRefuse(t *testing.T) {
	p := webtest.Open(t)
	admin := p.As(t, p.Clinic.Admin).Get("/settings/users/new").Fill("Name", "…").Fill("Email", "night@clinic").Press("Add user").Want(422)
	if admin.Problem("Name") == "" || admin.Problem("Email") == "" || admin.Value("Name") != "…" || admin.Value("Email") != "night@clinic" {
		t.Errorf("comes back as %s", admin.Text())
	}
	admin.Fill("Name", "Kim").Fill("Email", p.Harbor.Own.Email).Press("Add user").Want(422)
	if got := admin.Problem("Email"); got != "This e-mail is already used for another account." {
		t.Errorf("says %q", got)
	}
	path, form := admin.FormOf("Add user")
	form.Del("key")
	admin.Post(path, form).Want(422)
	form.Set("key", models.NewID().String())
	form.Set("role", "owner")
	admin.Post(path, form).Want(422).Sees("Choose a role.")

	own := paths.OwnUsers()
	nora := p.Clinic.Admin.Actor.User
	admin.Get(own.All()).Want(200)
	if row(t, admin, p.Clinic.Admin.Email).Find("form").Length() != 0 {
		t.Error("one has a button against oneself")
	}
	admin.Post(own.Disabling(nora), url.Values{}).Want(422).Sees("You cannot disable yourself")
	admin.Post(own.User(nora), url.Values{"version": {"1"}, "name": {"Nora"}, "role": {"user"}}).Want(422).Sees("You cannot disable yourself")
	ward := paths.SubAccountUsers(p.Clinic.Own.Account.ID)
	admin.Post(ward.Disabling(p.Clinic.Own.Actor.User), url.Values{}).Want(422).Sees("This is the last active Admin of the account.")
	admin.Get(ward.User(p.Clinic.Own.Actor.User)).Want(200).Tick("User").Press("Save").Want(422).Sees("This is the last active Admin of the account.")
	before := p.Fingerprint(t)
	admin.Post(own.User(nora), url.Values{"version": {"99"}, "name": {"Eve"}, "role": {"admin"}}).Want(422).Sees("Somebody changed this user")
	if got := admin.Value("Name"); got != "Team of North Clinic Group" && got != "Nora Weber" {
		t.Errorf("a stale form holds %q", got)
	}
	if p.Fingerprint(t) != before {
		t.Error("a stale form changed something")
	}
}

// ACC-10: a parent's Admin manages the users of its sub-accounts on their tab; its Users only read; staff see all and
// manage those of parents.
func TestUsersOfOthers(t *testing.T) {
	p := webtest.Open(t)
	p.AddUser(t, p.Clinic.Account, "user@clinic.example", models.Member)
	p.AddUser(t, p.Sam.Account, "helper@offshoot.example", models.Member)
	ward := paths.SubAccountUsers(p.Clinic.Own.Account.ID).All()
	admin := p.As(t, p.Clinic.Admin).Get(paths.SubAccount(p.Clinic.Own.Account.ID)).Click("Users").Want(200).Sees(p.Clinic.Own.Email)
	if admin.Path != ward || strings.TrimSpace(admin.Page.Find(".tabs__tab[aria-current]").Text()) != "Users" {
		t.Errorf("the tab leads to %s", admin.Path)
	}
	admin.Click("Add user").Fill("Name", "Kim Lee").Fill("Email", "kim@ward.example").Press("Add user").Want(200).Sees("Kim Lee is added.")
	if admin.Path != ward {
		t.Errorf("leads on to %s", admin.Path)
	}
	if rows := admin.Get(ward + "?q=KIM").Want(200).Sees("kim@ward.example").Page.Find("tbody tr").Length(); rows != 1 {
		t.Errorf("%d users found", rows)
	}
	admin.Get(ward + "?q=nobody").Want(200).Sees("No user matches")

	reader := p.As(t, storetest.Person{Email: "user@clinic.example"}).Get(ward).Want(200).Sees("kim@ward.example").SeesNot("Add user")
	if reader.Page.Find("tbody form, tbody a").Length() != 0 {
		t.Error("a parent's User is offered something")
	}
	staff := p.As(t, p.Sam).Get(staffPath(p.Clinic.ID, p.Clinic.ID)).Click("Users").Want(200).Sees("user@clinic.example")
	staff.Click("Add user").Fill("Name", "Ann").Fill("Email", "ann@clinic.example").Tick("Admin").Press("Add user").Want(200).Sees("Ann is added.")
	staff.Get(paths.StaffUsers(p.Clinic.ID, p.Clinic.Own.Account.ID).All()).Want(200).Sees("kim@ward.example").SeesNot("Add user")
	staff.Get(paths.StaffUsers(p.Clinic.ID, p.Clinic.Own.Account.ID).New()).Want(403)
	staff.Get(paths.StaffUsers(p.Clinic.ID, p.Clinic.Own.Account.ID).User(p.Clinic.Own.Actor.User)).Want(403)
	helper := p.As(t, storetest.Person{Email: "helper@offshoot.example"}).Get(paths.StaffUsers(p.Clinic.ID, p.Clinic.ID).All()).Want(200).SeesNot("Add user")
	helper.Get(paths.StaffUsers(p.Clinic.ID, p.Clinic.ID).New()).Want(403)
	for _, foreign := range []string{paths.StaffUsers(p.Harbor.ID, p.Clinic.Own.Account.ID).All(), paths.StaffUsers(p.Clinic.ID, p.Harbor.ID).All()} {
		staff.Get(foreign).Want(404)
	}
}

// ACC-10: of links that open nothing nobody learns more than that; in a browser where somebody else is signed in they are
// signed out, and what the browser held opens nothing any more.
func TestInvitationPages(t *testing.T) {
	p := webtest.Open(t)
	p.As(t, p.Clinic.Admin).Get("/settings/users/new").Fill("Name", "Kim <b>Lee</b>").Fill("Email", "kim@clinic.example").Press("Add user").Want(200)
	link := p.Link(t, "kim@clinic.example")
	for _, made := range []string{"/invitation", "/invitation?token=x", link + "A", "/invitation?token=" + strings.Repeat("A", 64)} {
		p.Visitor(t).Get(made).Want(404).Sees("This link no longer works")
	}
	v := p.As(t, p.Harbor.Admin)
	old := v.Clone()
	v.Get(link).Want(200).Sees("In this browser "+p.Harbor.Admin.Email+" is signed in.", "Kim <b>Lee</b>")
	path, form := v.FormOf("Set password and sign in")
	form.Set("password", storetest.Passphrase)
	form.Set("repeated", storetest.Passphrase)
	v.Post(path, form).Want(200).Sees("North Clinic Group")
	if n := p.Count(t, "sessions WHERE user_id = $1", p.Harbor.Admin.Actor.User); n != 0 {
		t.Errorf("%d sessions of the other", n)
	}
	old.Get("/settings").Want(200).Sees("kim@clinic.example")
	p.Visitor(t).Post(path, form).Want(404).Sees("This link no longer works")
	p.Visitor(t).Get(link).Want(404)
}

// ACC-10, REP-5: everybody sets their own name and zone, and reads times in it; in an account that is not theirs they read
// that account's, and have no profile.
func TestProfile(t *testing.T) {
	p := webtest.Open(t)
	for _, who := range []storetest.Person{p.Sam, p.Clinic.Admin, p.Clinic.Own} {
		v := p.As(t, who).Get("/settings").Click("Edit profile").Want(200)
		v.Fill("Name", " ").Press("Save").Want(422)
		if v.Problem("Name") != "Enter a name." {
			t.Errorf("says %q", v.Problem("Name"))
		}
		v.Fill("Name", "A New Name").Fill("Time zone", "Pacific/Auckland").Press("Save").Want(200).Sees("Your profile is saved.", "A New Name", "Pacific/Auckland")
		v.Get("/settings/profile").Fill("Time zone", "").Press("Save").Want(200).Sees("Europe/Berlin")
	}
	p.As(t, p.Clinic.Admin).Get("/settings/profile").Fill("Time zone", "Pacific/Auckland").Press("Save").Want(200)
	inside := enter(t, p, p.Clinic.Admin, paths.SubAccount(p.Clinic.Own.Account.ID)).Get("/settings").Want(200).Sees("Europe/Berlin").SeesNot("Edit profile", "Pacific/Auckland")
	inside.Get("/settings/profile").Want(403)
	inside.Get("/settings/users").Want(403)
}

// ACC-11: a parent's Admin helps a sub-account's user who has lost the phone: the user is signed out, signs in by password
// alone, and is told. Of a user who has no app, or of another account by the wrong path, nothing is offered or done.
func TestResetSecondFactorOfAUser(t *testing.T) {
	p := webtest.Open(t)
	theirs := p.As(t, p.Clinic.Own)
	setUpApp(t, p, theirs)
	ward := paths.SubAccountUsers(p.Clinic.Own.Account.ID)
	user := p.Clinic.Own.Actor.User
	admin := p.As(t, p.Clinic.Admin)
	before := p.Fingerprint(t)
	admin.Post(paths.SubAccountUsers(p.Clinic.Shared.Account.ID).SecondFactorReset(user), url.Values{}).Want(404)
	if p.Fingerprint(t) != before || p.Count(t, "second_factors") != 1 {
		t.Error("by the path of another account something was changed")
	}
	admin.Get(paths.SubAccountUsers(p.Clinic.Shared.Account.ID).All()).Want(200).SeesNot("Reset second factor")
	admin.Get(ward.All()).Want(200).Press("Reset second factor").Want(200).Sees("signs in by password alone")
	theirs.Get("/settings").Sees("Sign in")
	p.Visitor(t).SignIn(p.Clinic.Own.Email, storetest.Passphrase).Want(200).Sees("Dashboard")
	if p.Sent(t, p.Clinic.Own.Email, "authenticator app") == 0 {
		t.Error("the user is not told")
	}
}

// ACC-12: where a parent lets staff in only by consent, staff add no Admin to it either.
func TestStaffAddNobodyWithoutConsent(t *testing.T) {
	p := webtest.Open(t)
	if err := p.Accounts.SetStaffAccess(t.Context(), p.Clinic.Admin.Actor, false); err != nil {
		t.Fatal(err)
	}
	users := paths.StaffUsers(p.Clinic.ID, p.Clinic.ID)
	staff := p.As(t, p.Sam)
	staff.Get(users.All()).Want(200).SeesNot("Add user")
	before := p.Count(t, "users")
	staff.Post(users.All(), url.Values{"key": {models.NewID().String()}, "name": {"Eve"}, "email": {"eve@offshoot.example"}, "role": {"admin"}}).Want(403)
	staff.Post(users.Disabling(p.Clinic.Admin.Actor.User), url.Values{}).Want(403).Sees("only with its consent")
	if p.Count(t, "users") != before || p.Count(t, "users WHERE disabled_at IS NOT NULL") != 0 {
		t.Error("a user was added or disabled")
	}
	p.As(t, p.Clinic.Admin).Get(paths.OwnUsers().All()).Want(200).Sees("Add user")
}
