package identity_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// team is the cast with what tests of users of an account need beside it.
type team struct {
	*storetest.World
	*testing.T
}

func newTeam(t *testing.T) *team { t.Helper(); return &team{storetest.NewWorld(t), t} }

func (w *team) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *team) refused(err, want error, field string) {
	w.Helper()
	var rule *models.Error
	if !errors.Is(err, want) || field != "" && (!errors.As(err, &rule) || rule.Fields[field] == "") {
		w.Errorf("got %v, want %v %s", err, want, field)
	}
}

// unchanged fails the test when work changes anything in the database.
func (w *team) unchanged(work func()) {
	w.Helper()
	before := w.Fingerprint(w.T)
	work()
	if w.Fingerprint(w.T) != before {
		w.Error("a refusal changed something")
	}
}

// invite adds a user through the mail's link, who then has everybody's password.
func (w *team) invite(by storetest.Person, a models.Account, email string, role models.Role) models.User {
	w.Helper()
	u, err := w.Identity.InviteUser(context.Background(), by.Actor.In(a.TenantID), identity.InviteOrder{Account: a.ID, Name: "Kim Lee", Email: email, Role: role})
	w.ok(err)
	_, err = w.Identity.AcceptInvitation(context.Background(), w.token(email), storetest.Passphrase, identity.Origin{})
	w.ok(err)
	return u
}

// token is that of the newest mail to an address.
func (w *team) token(email string) identity.Token {
	w.Helper()
	link, err := url.Parse(w.Link(w.T, email))
	w.ok(err)
	return identity.Token(link.Query().Get("token"))
}

func (w *team) signIn(email, password string) (identity.Session, error) {
	in, err := w.Identity.SignIn(context.Background(), identity.SignInOrder{Email: email, Password: password})
	if err != nil {
		return identity.Session{}, err
	}
	return w.Identity.Resolve(context.Background(), in.Token)
}

func (w *team) session(email string) identity.Session {
	w.Helper()
	s, err := w.signIn(email, storetest.Passphrase)
	w.ok(err)
	return s
}

func (w *team) listed(actor models.Actor, a models.Account, email string) models.ListedUser {
	w.Helper()
	list, err := w.Identity.Users(context.Background(), actor, a.ID, models.UserQuery{Search: email})
	w.ok(err)
	if len(list.Rows) != 1 {
		w.Fatalf("%s: %d users", email, len(list.Rows))
	}
	return list.Rows[0]
}

func (w *team) userOf(p storetest.Person) models.ListedUser {
	return w.listed(p.Actor, p.Account, p.Email)
}

// inside is somebody in an account that is not theirs.
func (w *team) inside(helper storetest.Person, a models.Account) models.Actor {
	w.Helper()
	token, err := w.Identity.StartAccess(context.Background(), w.session(helper.Email), identity.AccessOrder{Tenant: a.TenantID, Account: a.ID, Reason: "test"})
	w.ok(err)
	session, err := w.Identity.Resolve(context.Background(), token)
	w.ok(err)
	return session.Actor
}

// Who manages whose users, as everybody: ACC-10, ACC-12, PRV-1. "see" is the list; "change" is everything else.
func TestWhoManagesWhoseUsers(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	member := func(p storetest.Person, email string) models.Actor {
		w.AddUser(t, p.Account, email, models.Member)
		return w.session(email).Actor
	}
	clinic, ward, harbor := w.Clinic.Account, w.Clinic.Own.Account, w.Harbor.Account
	operator := w.Sam.Account
	missing, gone, inside := models.ErrMissingPrivilege, identity.ErrNoSuchAccount, identity.ErrNotWhileAccessing
	for name, c := range map[string]struct {
		actor       models.Actor
		account     models.Account
		see, change error
	}{
		"staff Admin, own":                   {w.Sam.Actor, operator, nil, nil},
		"staff Admin, a parent's":            {w.Sam.Actor.In(clinic.ID), clinic, nil, nil},
		"staff Admin, a sub-account's":       {w.Sam.Actor.In(clinic.ID), ward, nil, missing},
		"staff User, own":                    {member(w.Sam, "staff@offshoot.example"), operator, missing, missing},
		"staff User, a parent's":             {w.session("staff@offshoot.example").Actor.In(clinic.ID), clinic, nil, missing},
		"parent Admin, own":                  {w.Clinic.Admin.Actor, clinic, nil, nil},
		"parent Admin, a sub-account's":      {w.Clinic.Admin.Actor, ward, nil, nil},
		"parent Admin, another tenant's":     {w.Clinic.Admin.Actor, harbor, gone, gone},
		"parent Admin, in another tenant":    {w.Clinic.Admin.Actor.In(harbor.ID), harbor, gone, gone},
		"parent Admin, the operator's":       {w.Clinic.Admin.Actor, operator, gone, gone},
		"parent User, own":                   {member(w.Clinic.Admin, "user@clinic.example"), clinic, missing, missing},
		"parent User, a sub-account's":       {w.session("user@clinic.example").Actor, ward, nil, missing},
		"sub-account Admin, own":             {w.Clinic.Own.Actor, ward, nil, nil},
		"sub-account Admin, its parent's":    {w.Clinic.Own.Actor, clinic, gone, gone},
		"sub-account Admin, a sibling's":     {w.Clinic.Own.Actor, w.Clinic.Shared.Account, gone, gone},
		"sub-account User, own":              {member(w.Clinic.Own, "user@ward.example"), ward, missing, missing},
		"staff in the parent, its":           {w.inside(w.Sam, clinic), clinic, inside, inside},
		"staff in the parent, a sub's":       {w.inside(w.Sam, clinic), ward, nil, nil},
		"staff in the sub-account":           {w.inside(w.Sam, ward), ward, inside, inside},
		"parent in the sub-account":          {w.inside(w.Clinic.Admin, ward), ward, inside, inside},
		"parent in the sub-account, its own": {w.inside(w.Clinic.Admin, ward), clinic, gone, gone},
		"the installation":                   {models.System(clinic.ID), clinic, missing, missing},
		"nobody":                             {models.Actor{}, clinic, gone, gone},
	} {
		t.Run(name, func(t *testing.T) {
			w := &team{w.World, t}
			_, err := w.Identity.Users(ctx, c.actor, c.account.ID, models.UserQuery{})
			w.refused(err, c.see, "")
			if c.change == nil {
				return
			}
			owner := models.NewID() // of an account that the actor cannot see, any id will do
			if list, err := w.Identity.Users(ctx, c.actor, c.account.ID, models.UserQuery{}); err == nil {
				owner = list.Rows[0].ID
			}
			w.unchanged(func() {
				_, err := w.Identity.InviteUser(ctx, c.actor, identity.InviteOrder{Account: c.account.ID, Name: "Eve", Email: "eve@evil.example", Role: models.Admin})
				w.refused(err, c.change, "")
				w.refused(w.Identity.InviteAgain(ctx, c.actor, c.account.ID, owner), c.change, "")
				w.refused(w.Identity.ChangeUser(ctx, c.actor, identity.UserChange{Account: c.account.ID, User: owner, Version: 1, Name: "Eve", Role: models.Admin}), c.change, "")
				w.refused(w.Identity.DisableUser(ctx, c.actor, c.account.ID, owner), c.change, "")
				w.refused(w.Identity.EnableUser(ctx, c.actor, c.account.ID, owner), c.change, "")
			})
		})
	}
}

// ACC-10, bad input: an id of a user of another account names nobody, whoever asks.
func TestUsersOfOtherAccountsAreNobody(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	for what, u := range map[string]models.ID{"a sibling's": w.Clinic.Shared.Actor.User, "the parent's": w.Clinic.Admin.Actor.User,
		"another tenant's": w.Harbor.Own.Actor.User, "nobody": models.NewID(), "no id": models.NoID} {
		w.unchanged(func() {
			ward := w.Clinic.Own.Account.ID
			_, _, err := w.Identity.UserOf(ctx, w.Clinic.Admin.Actor, ward, u)
			w.refused(err, identity.ErrNoSuchUser, "")
			w.refused(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, ward, u), identity.ErrNoSuchUser, "")
			w.refused(w.Identity.EnableUser(ctx, w.Clinic.Admin.Actor, ward, u), identity.ErrNoSuchUser, "")
			w.refused(w.Identity.InviteAgain(ctx, w.Clinic.Admin.Actor, ward, u), identity.ErrNoSuchUser, "")
			w.refused(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, identity.UserChange{Account: ward, User: u, Version: 1, Name: "Eve", Role: models.Member}), identity.ErrNoSuchUser, "")
			_, err = w.Identity.HandOverPassword(ctx, w.Clinic.Admin.Actor, identity.HandoverOrder{Account: ward, User: u})
			w.refused(err, identity.ErrNoSuchUser, "")
		})
		if t.Failed() {
			t.Fatal(what)
		}
	}
}

// ACC-10, bad input: each wrong field gets its sentence, all at once, and nothing is written.
func TestInviteBadInput(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	good := identity.InviteOrder{Account: w.Clinic.ID, Name: "Kim Lee", Email: "kim@clinic.example", Role: models.Member, TimeZone: "Asia/Tokyo"}
	for _, c := range []struct {
		field string
		spoil func(*identity.InviteOrder)
	}{
		{"name", func(o *identity.InviteOrder) { o.Name = " " }},
		{"name", func(o *identity.InviteOrder) { o.Name = "…!" }},
		{"name", func(o *identity.InviteOrder) { o.Name = "Kim\u202eeeL" }},
		{"name", func(o *identity.InviteOrder) { o.Name = "Kim\x00" }},
		{"name", func(o *identity.InviteOrder) { o.Name = strings.Repeat("k", 61) }},
		{"name", func(o *identity.InviteOrder) { o.Name = strings.Repeat("k", 1<<20) }},
		{"email", func(o *identity.InviteOrder) { o.Email = "" }},
		{"email", func(o *identity.InviteOrder) { o.Email = "kim@clinic.example\r\nBcc: x@y.example" }},
		{"email", func(o *identity.InviteOrder) { o.Email = "Kim <kim@clinic.example>" }},
		{"role", func(o *identity.InviteOrder) { o.Role = "" }},
		{"role", func(o *identity.InviteOrder) { o.Role = "owner" }},
		{"time_zone", func(o *identity.InviteOrder) { o.TimeZone = "Local" }},
		{"time_zone", func(o *identity.InviteOrder) { o.TimeZone = "../etc/passwd" }},
	} {
		o := good
		c.spoil(&o)
		w.unchanged(func() {
			_, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, o)
			w.refused(err, models.ErrCheckFields, c.field)
		})
	}
	_, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, identity.InviteOrder{Account: w.Clinic.ID, TimeZone: "x"})
	for _, field := range []string{"name", "email", "role", "time_zone"} {
		w.refused(err, models.ErrCheckFields, field)
	}
	for _, taken := range []string{w.Clinic.Admin.Email, w.Harbor.Own.Email, " SAM@offshoot.example "} {
		o := good
		o.Email = taken
		w.unchanged(func() {
			_, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, o)
			w.refused(err, identity.ErrEmailTaken, "email")
		})
	}
	pending := w.AddPending(t, w.Clinic, "Pending Ward", "pending@clinic.example")
	o := good
	o.Account = pending.ID
	w.unchanged(func() {
		_, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, o)
		w.refused(err, identity.ErrAccountNotActive, "")
	})
}

// ACC-10: an invited user comes in through the link, once, with role and time zone; the token is in no table and no log.
func TestInvite(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	order := identity.InviteOrder{Account: w.Clinic.ID, Name: " Kim  Lee ", Email: " Kim@Clinic.example", Role: models.Member, TimeZone: "Asia/Tokyo", Key: "form"}
	u, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, order)
	w.ok(err)
	if again, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, order); err != nil || again.ID != u.ID {
		t.Errorf("sent twice: %+v, %v", again, err)
	}
	if n := w.Count(t, "outbox WHERE recipient = 'kim@clinic.example'"); n != 1 {
		t.Errorf("%d mails", n)
	}
	got := w.listed(w.Clinic.Admin.Actor, w.Clinic.Account, "kim@clinic")
	if got.Status != models.InvitedUser || got.InvitedUntil == nil || got.Name != "Kim Lee" || got.Role != models.Member || got.TimeZone != "Asia/Tokyo" || got.Owner {
		t.Errorf("listed as %+v", got)
	}
	if _, err := w.signIn(u.Email, storetest.Passphrase); !errors.Is(err, identity.ErrWrongSignIn) {
		t.Errorf("signs in without a password: %v", err)
	}
	token := w.token(u.Email)
	if n := w.Count(t, "user_invitations i WHERE i::text LIKE '%'||$1||'%'", string(token)) + w.Count(t, "action_log l WHERE l::text LIKE '%'||$1||'%'", string(token)); n != 0 {
		t.Error("the token is kept")
	}
	if fmt.Sprint(token.LogValue()) == string(token) {
		t.Error("the token shows itself in logs")
	}
	for range 3 { // mail scanners
		if shown, err := w.Identity.Invitation(ctx, token); err != nil || shown != (models.Invitation{Account: "North Clinic Group", Name: "Kim Lee", Email: u.Email}) {
			t.Fatalf("shown %+v, %v", shown, err)
		}
	}
	for password, why := range map[string]string{"": "nothing", "short": "short", "kim@clinic.example!": "the e-mail", "North Clinic Group": "the account's name"} {
		w.unchanged(func() {
			_, err := w.Identity.AcceptInvitation(ctx, token, password, identity.Origin{})
			w.refused(err, models.ErrCheckFields, "password")
			if err == nil {
				t.Error(why)
			}
		})
	}
	in, err := w.Identity.AcceptInvitation(ctx, token, storetest.Passphrase, identity.Origin{IP: "192.0.2.1"})
	w.ok(err)
	session, err := w.Identity.Resolve(ctx, in)
	w.ok(err)
	if session.User.ID != u.ID || session.Stage != identity.StageFull || session.Actor.Can(models.ManageSubAccounts) || session.User.ZoneIn(session.Account).String() != "Asia/Tokyo" {
		t.Errorf("came in as %+v", session.Actor)
	}
	w.session(u.Email)
	if got := w.listed(w.Clinic.Admin.Actor, w.Clinic.Account, "KIM LEE"); got.Status != models.ActiveUser || got.InvitedUntil != nil {
		t.Errorf("listed as %+v", got)
	}
	w.unchanged(func() {
		_, err := w.Identity.AcceptInvitation(ctx, token, "another four words or so", identity.Origin{})
		w.refused(err, identity.ErrInvitationOver, "")
		_, err = w.Identity.Invitation(ctx, token)
		w.refused(err, identity.ErrInvitationOver, "")
		w.refused(w.Identity.InviteAgain(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, u.ID), identity.ErrNotInvited, "")
	})
}

// ACC-10, attack: of fifty who hold a link one gets in, and the password is that one's.
func TestInvitationFiftyAtOnce(t *testing.T) {
	w := newTeam(t)
	u, err := w.Identity.InviteUser(t.Context(), w.Clinic.Admin.Actor, identity.InviteOrder{Account: w.Clinic.ID, Name: "Kim", Email: "kim@clinic.example", Role: models.Admin})
	w.ok(err)
	token := w.token(u.Email)
	var mu sync.Mutex
	var in []string
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			password := fmt.Sprintf("the %d. of fifty passphrases", i)
			_, err := w.Identity.AcceptInvitation(context.Background(), token, password, identity.Origin{})
			if err != nil && !errors.Is(err, identity.ErrInvitationOver) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				in = append(in, password)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(in) != 1 {
		t.Fatalf("%d came in", len(in))
	}
	if _, err := w.signIn(u.Email, in[0]); err != nil {
		t.Errorf("the one who came in cannot sign in: %v", err)
	}
	if n := w.Count(t, "sessions WHERE user_id = $1", u.ID); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// ACC-10: a link dies with its time, with a newer one, with the user, with the account's being stopped, and what is no link
// never was one.
func TestInvitationOver(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	over := func(what string, token identity.Token) {
		t.Helper()
		_, err := w.Identity.Invitation(ctx, token)
		_, err2 := w.Identity.AcceptInvitation(ctx, token, storetest.Passphrase, identity.Origin{})
		if !errors.Is(err, identity.ErrInvitationOver) || !errors.Is(err2, identity.ErrInvitationOver) {
			t.Errorf("%s: %v, %v", what, err, err2)
		}
	}
	ward := w.Clinic.Own.Account
	u, err := w.Identity.InviteUser(ctx, w.Clinic.Own.Actor, identity.InviteOrder{Account: ward.ID, Name: "Kim", Email: "kim@clinic.example", Role: models.Member})
	w.ok(err)
	first := w.token(u.Email)
	for _, made := range []identity.Token{"", "x", identity.Token(strings.Repeat("A", 64)), first + "A", first[:63], identity.Token(strings.ToLower(string(first)))} {
		over("made up", made)
	}
	w.refused(w.Identity.InviteAgain(ctx, w.Clinic.Own.Actor, ward.ID, u.ID), identity.ErrInvitedJustNow, "")
	w.Clock.Add(time.Minute)
	w.ok(w.Identity.InviteAgain(ctx, w.Clinic.Own.Actor, ward.ID, u.ID))
	over("replaced", first)
	second := w.token(u.Email)
	if second == first {
		t.Fatal("the same link again")
	}
	_, err = w.Accounts.Deactivate(ctx, w.Clinic.Admin.Actor, ward.ID, "test")
	w.ok(err)
	over("of a deactivated account", second)
	w.ok(w.Accounts.Reactivate(ctx, w.Clinic.Admin.Actor, ward.ID))
	w.ok(w.Accounts.DeactivateParent(ctx, w.Sam.Actor, w.Clinic.ID, "test"))
	over("of a deactivated parent", second)
	w.ok(w.Accounts.ReactivateParent(ctx, w.Sam.Actor, w.Clinic.ID))
	w.Clock.Add(identity.InvitationTTL - time.Second)
	_, err = w.Identity.Invitation(ctx, second)
	w.ok(err)
	w.Clock.Add(time.Second)
	over("expired", second)
	if n, err := w.Identity.SweepInvitations(ctx); err != nil || n != 2 || w.Count(t, "user_invitations") != 0 {
		t.Errorf("swept %d of them, %v", n, err)
	}
	for range 5 {
		w.Clock.Add(time.Minute)
		w.ok(w.Identity.InviteAgain(ctx, w.Clinic.Own.Actor, ward.ID, u.ID))
	}
	w.Clock.Add(time.Minute)
	w.refused(w.Identity.InviteAgain(ctx, w.Clinic.Own.Actor, ward.ID, u.ID), identity.ErrInvitedTooOften, "")
	last := w.token(u.Email)
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Own.Actor, ward.ID, u.ID))
	over("withdrawn", last)
	w.refused(w.Identity.InviteAgain(ctx, w.Clinic.Own.Actor, ward.ID, u.ID), identity.ErrUserDisabled, "")
	w.ok(w.Identity.EnableUser(ctx, w.Clinic.Own.Actor, ward.ID, u.ID))
	over("withdrawn, and the user enabled again", last)
}

// ACC-10: who never came in leaves their e-mail free when they are disabled, and gets it back unless it is taken by then.
func TestDisabledInvitationFreesTheEmail(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	u, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, identity.InviteOrder{Account: w.Clinic.ID, Name: "Kim", Email: "kim@harbor.example", Role: models.Admin})
	w.ok(err)
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, u.ID))
	w.ok(w.Identity.EnableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, u.ID))
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, u.ID))
	w.invite(w.Harbor.Admin, w.Harbor.Account, "kim@harbor.example", models.Admin)
	w.unchanged(func() {
		w.refused(w.Identity.EnableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, u.ID), identity.ErrEmailTaken, "")
	})
	known := w.invite(w.Clinic.Admin, w.Clinic.Account, "came@clinic.example", models.Admin)
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, known.ID))
	_, err = w.Identity.InviteUser(ctx, w.Harbor.Admin.Actor, identity.InviteOrder{Account: w.Harbor.ID, Name: "Kim", Email: known.Email, Role: models.Admin})
	w.refused(err, identity.ErrEmailTaken, "email") // of one who came in, it stays theirs
}

// ACC-10: name, role and zone are changed, a role with the next request of an open session; a stale form is refused, and
// what changes nothing is not logged.
func TestChangeUser(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	u := w.invite(w.Clinic.Admin, w.Clinic.Account, "kim@clinic.example", models.Admin)
	in, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: u.Email, Password: storetest.Passphrase})
	w.ok(err)
	now := w.listed(w.Clinic.Admin.Actor, w.Clinic.Account, u.Email)
	change := identity.UserChange{Account: w.Clinic.ID, User: u.ID, Version: now.Version, Name: "Kim B. Lee", Role: models.Member, TimeZone: "America/New_York"}
	w.ok(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, change))
	session, err := w.Identity.Resolve(ctx, in.Token)
	w.ok(err)
	if session.Actor.Can(models.ManageSubAccounts) || session.Actor.Can(models.ManageUsers) || session.User.Name != "Kim B. Lee" || session.User.TimeZone != "America/New_York" {
		t.Errorf("the open session: %+v, %v", session.User, session.Actor.Privileges)
	}
	w.unchanged(func() { // what another Admin's old form would do is promote them again
		change.Role = models.Admin
		w.refused(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, change), identity.ErrStaleUser, "")
		change.Role, change.Version = models.Member, change.Version+1
		w.ok(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, change))
	})
	if n := w.Count(t, `action_log WHERE action = 'user.changed' AND subject_id = $1 AND details->>'role' = 'Admin → User' AND user_email = $2`, u.ID, w.Clinic.Admin.Email); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// ACC-10: nobody disables or demotes themselves, nobody the last Admin; of an invited Admin there is nothing to lose.
func TestLastAdmin(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	nora := w.userOf(w.Clinic.Admin)
	demote := func(u models.ListedUser) identity.UserChange {
		return identity.UserChange{Account: u.AccountID, User: u.ID, Version: u.Version, Name: u.Name, Role: models.Member}
	}
	ward := w.userOf(w.Clinic.Own)
	w.unchanged(func() {
		w.refused(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, nora.ID), identity.ErrNotOneself, "")
		w.refused(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, demote(nora)), identity.ErrNotOneself, "")
		for _, by := range []models.Actor{w.Sam.Actor.In(w.Clinic.ID)} {
			w.refused(w.Identity.DisableUser(ctx, by, w.Clinic.ID, nora.ID), identity.ErrLastAdmin, "")
			w.refused(w.Identity.ChangeUser(ctx, by, demote(nora)), identity.ErrLastAdmin, "")
		}
		w.refused(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, ward.AccountID, ward.ID), identity.ErrLastAdmin, "")
		w.refused(w.Identity.ChangeUser(ctx, w.Clinic.Admin.Actor, demote(ward)), identity.ErrLastAdmin, "")
	})
	invited, err := w.Identity.InviteUser(ctx, w.Clinic.Admin.Actor, identity.InviteOrder{Account: w.Clinic.ID, Name: "Kim", Email: "kim@clinic.example", Role: models.Admin})
	w.ok(err)
	w.AddUser(t, w.Clinic.Account, "user@clinic.example", models.Member)
	w.refused(w.Identity.DisableUser(ctx, w.Sam.Actor.In(w.Clinic.ID), w.Clinic.ID, nora.ID), identity.ErrLastAdmin, "") // Kim has not come in
	w.ok(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, invited.ID))
	pending := w.AddPending(t, w.Clinic, "Pending Ward", "pending@clinic.example")
	w.refused(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, pending.ID, w.listed(w.Clinic.Admin.Actor, pending, pending.Email).ID), identity.ErrLastAdmin, "")

	second := w.invite(w.Clinic.Admin, w.Clinic.Account, "second@clinic.example", models.Admin)
	bySecond := w.session(second.Email).Actor
	w.ok(w.Identity.DisableUser(ctx, bySecond, w.Clinic.ID, nora.ID)) // the owner, too, may leave when somebody else is there
	w.unchanged(func() {                                              // who was disabled within the same moment does nothing more
		w.refused(w.Identity.DisableUser(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, second.ID), models.ErrMissingPrivilege, "")
	})
}

// ACC-10, race: two Admins who disable or demote each other at once: one stays, always.
func TestTwoAdminsAtEachOther(t *testing.T) {
	w := newTeam(t)
	second := w.invite(w.Clinic.Admin, w.Clinic.Account, "second@clinic.example", models.Admin)
	third := w.invite(w.Clinic.Admin, w.Clinic.Account, "third@clinic.example", models.Admin)
	actors := map[models.ID]models.Actor{second.ID: w.session(second.Email).Actor, third.ID: w.session(third.Email).Actor, w.Clinic.Admin.Actor.User: w.Clinic.Admin.Actor}
	w.ok(w.Identity.DisableUser(t.Context(), w.Clinic.Admin.Actor, w.Clinic.ID, third.ID))
	for round := range 20 {
		var wait sync.WaitGroup
		for who, by := range map[models.ID]models.ID{second.ID: w.Clinic.Admin.Actor.User, w.Clinic.Admin.Actor.User: second.ID} {
			version := w.Count(t, "generate_series(1, (SELECT version FROM users WHERE id = $1))", who)
			wait.Go(func() {
				if round%2 == 0 {
					_ = w.Identity.DisableUser(context.Background(), actors[by], w.Clinic.ID, who)
				} else {
					_ = w.Identity.ChangeUser(context.Background(), actors[by], identity.UserChange{Account: w.Clinic.ID, User: who, Version: version, Name: "X", Role: models.Member})
				}
			})
		}
		wait.Wait()
		if n := w.Count(t, "users WHERE account_id = $1 AND role = 'admin' AND disabled_at IS NULL", w.Clinic.ID); n != 1 {
			t.Fatalf("round %d: %d Admins are left", round, n)
		}
		if _, err := w.Raw.Exec(context.Background(), `UPDATE users SET role = 'admin', disabled_at = NULL WHERE account_id = $1 AND id <> $2`, w.Clinic.ID, third.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// ACC-10, ACC-12: disabling ends sessions at once, also the one that is in another account, and that access; enabling gives
// the sign-in back, not the sessions.
func TestDisableUser(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	kim := w.invite(w.Clinic.Admin, w.Clinic.Account, "kim@clinic.example", models.Admin)
	staff := w.invite(w.Sam, w.Sam.Account, "staff@offshoot.example", models.Admin)
	for _, c := range []struct {
		u       models.User
		by      models.Actor
		entered models.Account
	}{{kim, w.Clinic.Admin.Actor, w.Clinic.Own.Account}, {staff, w.Sam.Actor, w.Harbor.Account}} {
		at, err := w.Identity.SignIn(ctx, identity.SignInOrder{Email: c.u.Email, Password: storetest.Passphrase})
		w.ok(err)
		there, err := w.Identity.StartAccess(ctx, w.session(c.u.Email), identity.AccessOrder{Tenant: c.entered.TenantID, Account: c.entered.ID, Reason: "test"})
		w.ok(err)
		w.ok(w.Identity.DisableUser(ctx, c.by, c.u.AccountID, c.u.ID))
		for _, token := range []identity.Token{at.Token, there} {
			_, err := w.Identity.Resolve(ctx, token)
			w.refused(err, identity.ErrNoSession, "")
		}
		if n := w.Count(t, `accesses WHERE helper_user_id = $1 AND ended_at IS NOT NULL`, c.u.ID); n != 1 {
			t.Error("the access goes on")
		}
		if n := w.Count(t, `action_log WHERE action = 'access.ended' AND account_id = $1 AND details->>'how' = 'helper_disabled' AND user_id = $2`, c.entered.ID, c.u.ID); n != 1 {
			t.Errorf("%d lines about its end", n)
		}
		_, err = w.signIn(c.u.Email, storetest.Passphrase)
		w.refused(err, identity.ErrWrongSignIn, "")
		w.unchanged(func() { w.ok(w.Identity.DisableUser(ctx, c.by, c.u.AccountID, c.u.ID)) })
		w.ok(w.Identity.EnableUser(ctx, c.by, c.u.AccountID, c.u.ID))
		w.unchanged(func() { w.ok(w.Identity.EnableUser(ctx, c.by, c.u.AccountID, c.u.ID)) })
		_, err = w.Identity.Resolve(ctx, at.Token)
		w.refused(err, identity.ErrNoSession, "")
		w.session(c.u.Email)
	}
}

// ACC-10: staff, or a parent, who add an Admin to somebody else's account do not go unseen.
func TestAdminAddedFromOutside(t *testing.T) {
	w := newTeam(t)
	w.invite(w.Sam, w.Clinic.Account, "by-staff@clinic.example", models.Admin)
	w.invite(w.Clinic.Admin, w.Clinic.Own.Account, "by-parent@clinic.example", models.Admin)
	w.invite(w.Clinic.Admin, w.Clinic.Account, "by-colleague@clinic.example", models.Admin)
	w.invite(w.Sam, w.Clinic.Account, "user@clinic.example", models.Member)
	for to, want := range map[string]int{w.Clinic.Admin.Email: 1, w.Clinic.Own.Email: 1} {
		if n := w.Count(t, "outbox WHERE recipient = $1 AND subject LIKE 'A new Admin of %'", to); n != want {
			t.Errorf("%s got %d mails", to, n)
		}
	}
}

// ACC-10: a long list has pages, each user on one of them, and is searched by name and e-mail, whatever is typed.
func TestUsersByPage(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	_, err := w.Raw.Exec(ctx, `INSERT INTO users (tenant_id, id, account_id, name, email, role, created_at)
		SELECT $1, gen_random_uuid(), $1, 'Äda ' || n, 'u' || n || '@clinic.example', 'user', now() FROM generate_series(1, 120) n`, w.Clinic.ID)
	w.ok(err)
	seen := map[models.ID]bool{}
	pages := 0
	for q := (models.UserQuery{}); ; pages++ {
		list, err := w.Identity.Users(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, q)
		w.ok(err)
		for _, u := range list.Rows {
			if seen[u.ID] {
				t.Fatal("twice")
			}
			seen[u.ID] = true
		}
		if q.After = list.Next; q.After == models.NoID {
			break
		}
	}
	if len(seen) != 121 || pages != 2 {
		t.Errorf("%d users on %d pages", len(seen), pages+1)
	}
	for search, want := range map[string]int{"äDA 7": 11, "U120@": 1, "%": 0, "_": 0, "'; --": 0, "\x00äda 120\xff": 1, " nora ": 1} {
		list, err := w.Identity.Users(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, models.UserQuery{Search: search})
		if err != nil || len(list.Rows) != want {
			t.Errorf("%q finds %d, %v", search, len(list.Rows), err)
		}
	}
	if list, err := w.Identity.Users(ctx, w.Clinic.Admin.Actor, w.Clinic.ID, models.UserQuery{After: w.Harbor.Admin.Actor.User}); err != nil || len(list.Rows) != 0 {
		t.Errorf("a cursor of another tenant: %d, %v", len(list.Rows), err)
	}
}

// ACC-10: everybody changes their own name and zone, nobody while they are in another account.
func TestChangeProfile(t *testing.T) {
	w := newTeam(t)
	ctx := t.Context()
	session := w.session(w.Clinic.Own.Email)
	w.unchanged(func() {
		w.refused(w.Identity.ChangeProfile(ctx, session, " ", "UTC"), models.ErrCheckFields, "name")
		w.refused(w.Identity.ChangeProfile(ctx, session, "Wanda", "Local"), models.ErrCheckFields, "time_zone")
		w.ok(w.Identity.ChangeProfile(ctx, session, session.User.Name, ""))
	})
	token, err := w.Identity.StartAccess(ctx, w.session(w.Clinic.Admin.Email), identity.AccessOrder{Tenant: w.Clinic.ID, Account: session.Account.ID, Reason: "test"})
	w.ok(err)
	inside, err := w.Identity.Resolve(ctx, token)
	w.ok(err)
	w.unchanged(func() {
		w.refused(w.Identity.ChangeProfile(ctx, inside, "Eve", "UTC"), models.ErrMissingPrivilege, "")
	})
	w.ok(w.Identity.ChangeProfile(ctx, session, "Wanda Ward", "Asia/Tokyo"))
	if got := w.session(w.Clinic.Own.Email); got.User.Name != "Wanda Ward" || got.User.ZoneIn(got.Account).String() != "Asia/Tokyo" || got.Account.TimeZone != "Europe/Berlin" {
		t.Errorf("%+v", got.User)
	}
	w.ok(w.Identity.ChangeProfile(ctx, session, "Wanda Ward", ""))
	if got := w.session(w.Clinic.Own.Email); got.User.ZoneIn(got.Account).String() != "Europe/Berlin" {
		t.Errorf("%+v", got.User)
	}
}

// Seed B's alphanumeric rule is about names only: a password may be of anything that can be typed.
func TestPasswordsNeedNoLetters(t *testing.T) {
	for _, password := range []string{"!!! ??? ... --- ;;; ", "密码 密码 密码 一二三四五 六七", "( ͡° ͜ʖ ͡°) ( ͡° ͜ʖ ͡°)"} {
		if err := identity.CheckNewPassword(password, "kim@clinic.example", "Kim"); err != nil {
			t.Errorf("%s: %v", password, err)
		}
		var p models.Problems
		identity.CheckName(&p, "name", "", "!!! ??? ...")
		if p.Err() == nil {
			t.Error("a name of signs alone is taken")
		}
	}
}
