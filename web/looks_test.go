package web_test

import (
	"context"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/storetest"
	"offshoot/web"
	"offshoot/web/webtest"
)

// Always: every page there is, as those see it who may: accessible by axe, wide in light and 375 px in dark, no wider than
// the window, with no script failing, nothing loaded from outside and no breach of the content security policy.
func TestEveryPageLooksRight(t *testing.T) {
	p := webtest.Open(t)
	sender := furnish(t, p)
	message := text(t, p, p.Clinic.Own, "+4915112345678", "Your appointment is at nine. "+strings.Repeat("Please be there in time. ", 8), models.MessageDelivered)
	pending := p.AddPending(t, p.Clinic, "Pending Ward", "pending@clinic.example")
	chromium := p.Chromium(t)
	staff, parent, sub := chromium.Person().SignIn(p.Sam), chromium.Person().SignIn(p.Clinic.Admin), chromium.Person().SignIn(p.Clinic.Own)
	shared, nobody, activating := chromium.Person().SignIn(p.Clinic.Shared), chromium.Person(), chromium.Person()
	activating.Open("/sign-in").Type("Email", pending.Email).Type("Password", p.OneTimePassword(t, pending.Email)).Press("Sign in")

	halfway, handed := chromium.Person(), chromium.Person()
	coder, given := p.AddActive(t, p.Clinic, "Coded Ward", "coded@clinic.example"), p.AddActive(t, p.Clinic, "Given Ward", "given@clinic.example")
	setUpApp(t, p, p.As(t, coder))
	halfway.Open("/sign-in").Type("Email", coder.Email).Type("Password", storetest.Passphrase).Press("Sign in")
	handOver(t, p, given, "abcde-fghij-kmnpq-rstuv")
	handed.Open("/sign-in").Type("Email", given.Email).Type("Password", "abcde-fghij-kmnpq-rstuv").Press("Sign in")

	transfer := p.NewestTransfer(t, p.Clinic.Own.Account)
	catalogue := strings.NewReplacer(":package", furnishCatalogue(t, p).String(), ":offer", addOffer(t, p).String(), ":currency", "EUR", ":country", "DE")
	send := sentBy(t, p, p.Clinic.Own)
	checked := 0
	for _, r := range web.Routes() {
		if r.Method != "GET" || strings.HasSuffix(r.Path, ".csv") || strings.HasSuffix(r.Path, ".png") || strings.HasSuffix(r.Path, "z") || strings.HasPrefix(r.Path, "/gateways/") {
			continue
		}
		id := p.Clinic.Own.Account.ID
		if strings.HasPrefix(r.Path, "/transfers/") {
			id = transfer
		}
		if strings.HasPrefix(r.Path, "/messages/") {
			id = message
		}
		if strings.HasPrefix(r.Path, "/messages/sends/") {
			id = send
		}
		if strings.HasPrefix(r.Path, "/sender-ids/") {
			id = sender
		}
		for _, person := range []struct {
			name string
			*webtest.Browser
			actor models.Actor
		}{
			{"staff", staff, p.Sam.Actor}, {"parent", parent, p.Clinic.Admin.Actor}, {"sub-account", sub, p.Clinic.Own.Actor},
			{"sub-account that spends its parent's", shared, p.Clinic.Shared.Actor}, {"nobody", nobody, models.Actor{}},
			{"new account's user", activating, models.Actor{Privileges: map[models.Privilege]bool{models.ActivateAccount: true}}},
			{"user who has to show a code", halfway, models.Actor{Privileges: map[models.Privilege]bool{models.EnterSecondFactor: true}}},
			{"user with a handed-over password", handed, models.Actor{Privileges: map[models.Privilege]bool{models.ChoosePassword: true}}},
		} {
			if r.Needs != "" && !person.actor.Can(r.Needs) || r.Needs == "" && person.name != "nobody" {
				continue
			}
			user := p.Clinic.Own.Actor.User
			if strings.HasPrefix(r.Path, "/settings") {
				user = person.actor.User
			}
			path := strings.NewReplacer(":tenant", p.Clinic.ID.String(), ":id", id.String(), ":user", user.String()).Replace(r.Path)
			if strings.HasPrefix(r.Path, "/staff") && strings.Contains(r.Path, "/users/") { // staff manage those of parents
				path = strings.NewReplacer(":tenant", p.Clinic.ID.String(), ":id", p.Clinic.ID.String(), ":user", p.Clinic.Admin.Actor.User.String()).Replace(r.Path)
			}
			path = catalogue.Replace(path)
			checked++
			person.Look(1280, false).Open(path).Axe()
			if over := person.Sideways(); over > 0 {
				t.Errorf("%s as %s is %d px wider than 1280", path, person.name, over)
			}
			// the same page, as when somebody turns a device: loading it again shows nothing more
			if over := person.Look(375, true).Axe().Sideways(); over > 0 {
				t.Errorf("%s as %s is %d px wider than 375", path, person.name, over)
			}
		}
	}
	limitedWard(t, p, "Day Ward", "day@clinic.example", "300", "1")
	limitedWard(t, p, "Late Ward", "late@clinic.example", "500", "2")
	for _, path := range []string{"/month-start", "/month-start?month=this", "/month-start?show=short"} { // with somebody on them
		for _, dark := range []bool{false, true} {
			if over := parent.Look(map[bool]int64{false: 1280, true: 375}[dark], dark).Open(path).Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px too wide", path, over)
			}
		}
	}
	// a page that opens only for the holder of a mail
	nobody.Open("/forgotten-password").Type("Email", p.Harbor.Own.Email).Press("Send link")
	mailed := p.PasswordLink(t, p.Harbor.Own.Email)
	for _, dark := range []bool{false, true} {
		for _, path := range []string{mailed, "/forgotten-password?sent=yes", "/sign-in?password=changed"} {
			if over := nobody.Look(map[bool]int64{false: 1280, true: 375}[dark], dark).Open(path).Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px too wide", path, over)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d pages", checked)
	}
	t.Logf("%d pages", checked)
}

// furnish gives every list something to show. It returns a Sender ID that every account of the company sees.
func furnish(t *testing.T, p *webtest.Portal) (sender models.ID) {
	t.Helper()
	sender = approvedSender(t, p, p.Clinic.Admin.Actor, "North")
	share := sharing.Order{Kind: models.SharedSenderID, ID: sender, Setting: models.Custom, Shares: []models.Share{
		{Account: p.Clinic.Own.Account.ID, May: models.MayEdit}, {Account: p.Clinic.Shared.Account.ID, May: models.MayUse}}}
	if err := p.Sharing.Share(t.Context(), p.Clinic.Admin.Actor, share); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Senders.Request(t.Context(), p.Clinic.Admin.Actor, senders.Request{Name: "Night 24", Purpose: "Reminders"}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, err := p.Ledger.Transfer(ctx, p.Clinic.Admin.Actor, ledger.TransferOrder{SubAccount: p.Clinic.Own.Account.ID, Amount: storetest.Euros(t, "40"), Note: "For <b>July</b>"})
	if err != nil {
		t.Fatal(err)
	}
	for i, who := range []storetest.Person{p.Clinic.Own, p.Clinic.Shared} {
		_, err := p.Ledger.Charge(ctx, p.Sam.Actor.In(p.Clinic.ID), ledger.ChargeOrder{Account: who.Account.ID, Kind: ledger.MessageUsage, Country: "PL",
			Quantity: 12, Parts: 14, Amount: storetest.Euros(t, "1.25"), Reference: "sms-" + string(rune('a'+i))})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Accounts.Deactivate(ctx, p.Clinic.Admin.Actor, p.AddActive(t, p.Clinic, "Closed Ward", "closed@clinic.example").Account.ID, "Moved out"); err != nil {
		t.Fatal(err)
	}
	return sender
}
