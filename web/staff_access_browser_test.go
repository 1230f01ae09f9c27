package web_test

import (
	"testing"
	"time"

	"offshoot/models"
	"offshoot/web/webtest"
)

// ACC-12, Always: every state of staff access, in both themes, on a desk and on a phone; and where scripts run the bar
// counts down and leads home when the time is over.
func TestStaffAccessInABrowser(t *testing.T) {
	p := webtest.Open(t)
	ctx := t.Context()
	if err := p.Accounts.SetStaffAccess(ctx, p.Clinic.Admin.Actor, false); err != nil {
		t.Fatal(err)
	}
	own, shared, group := p.Clinic.Own.Account, p.Clinic.Shared.Account, p.Clinic.Account
	for account, reason := range map[models.ID]string{own.ID: "A reason that is long enough to break the line on a phone, and then some", shared.ID: "Ticket 4711"} {
		if err := p.Identity.AskConsent(ctx, p.Sam.Actor, p.Clinic.ID, account, reason); err != nil {
			t.Fatal(err)
		}
		p.Clock.Add(time.Minute)
	}
	if _, err := p.Raw.Exec(ctx, `INSERT INTO river_job (kind, args, max_attempts, state, finalized_at, attempt, errors, created_at)
		VALUES ('sweep', '{}', 1, 'discarded', now(), 1, ARRAY['{"at":"2026-11-20T09:00:00Z","attempt":1,"error":"a_very_long_word_without_any_end_that_has_no_digits_in_it","trace":""}'::jsonb], now())`); err != nil {
		t.Fatal(err)
	}
	chromium := p.Chromium(t)
	staff, parent := chromium.Person().SignIn(p.Sam), chromium.Person().SignIn(p.Clinic.Admin)
	parent.Open("/settings/staff-access").Press("Give consent: sam@offshoot.example, " + shared.Name).Sees("You have given consent.")
	check := func(b *webtest.Browser) {
		t.Helper()
		for _, look := range []struct {
			width int64
			dark  bool
		}{{375, true}, {1280, false}} {
			if over := b.Look(look.width, look.dark).Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px too wide for %d", b.Path(), over, look.width)
			}
		}
	}
	check(parent.Open("/settings/staff-access").Sees("Waiting", "Consent given"))
	check(parent.Open("/").Sees("Support asks to enter"))
	check(staff.Open(staffPath(p.Clinic.ID, group.ID) + "/access").Press("Ask for consent").Sees("Say why"))
	check(staff.Open(staffPath(p.Clinic.ID, own.ID) + "/access").Sees("have not answered yet"))
	check(staff.Open("/staff/background-work").Sees("Clearing away what has expired", "Job"))
	check(staff.Open("/staff/accounts?q=clinic").Sees("People", "nora@clinic.example"))
	check(staff.Open(staffPath(p.Clinic.ID, shared.ID)).Click("Access account").Sees("gave you consent"))
	staff.Press("Access account").Sees("are in Night Ward as support", "left, until")
	p.Clock.Add(29*time.Minute + 57*time.Second)
	check(staff.Open("/settings").Sees("left, until"))
	staff.Open("/settings").Sees("· 0:0") // of three seconds; how many are left when it is read, the machine decides
	p.Clock.Add(4 * time.Second)
	staff.Sees("Your access to Night Ward has ended. You are in your own account again.").SeesNot("left, until")
}
