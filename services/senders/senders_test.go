package senders_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/senders"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// request asks for a Sender ID; approved has staff approve it too.
func request(t testing.TB, w *storetest.World, who models.Actor, name string) models.ID {
	t.Helper()
	id, err := w.Senders.Request(ctx, who, senders.Request{Name: name, Purpose: "Reminders of appointments"})
	must(t, err)
	return id
}

func approved(t testing.TB, w *storetest.World, who models.Actor, name string) models.ID {
	t.Helper()
	id := request(t, w, who, name)
	must(t, w.Senders.Approve(ctx, w.Sam.Actor, who.Tenant, id))
	return id
}

// from is what an account may send from, as a list would offer it.
func from(t testing.TB, w *storetest.World, a models.Account) string {
	t.Helper()
	var names []string
	must(t, w.Store.Read(ctx, models.System(a.TenantID), func(_ context.Context, tx *store.Tx) error {
		found, err := senders.Usable(tx, a.ID)
		for _, s := range found {
			if s.Shared {
				s.Name += "*"
			}
			names = append(names, s.Name)
		}
		return err
	}))
	return strings.Join(names, " ")
}

func mayUse(t testing.TB, w *storetest.World, a models.Account, id models.ID) error {
	t.Helper()
	var refused error
	must(t, w.Store.Read(ctx, models.System(a.TenantID), func(_ context.Context, tx *store.Tx) error {
		s, err := senders.MayUse(tx, a.ID, id)
		if err == nil && (s.ID != id || s.Name == "") {
			t.Errorf("%s may use %+v", a.Name, s)
		}
		refused = err
		return nil
	}))
	return refused
}

// grant gives a sub-account exactly these privileges.
func grant(t testing.TB, w *storetest.World, c storetest.Company, p *storetest.Person, granted ...models.Privilege) {
	t.Helper()
	shown, err := w.Accounts.Show(ctx, c.Admin.Actor, p.Account.ID)
	must(t, err)
	must(t, w.Accounts.SetPrivileges(ctx, c.Admin.Actor, p.Account.ID, shown.Version, granted))
	p.Actor.Privileges = models.PrivilegesOf(models.Sub, models.Admin, granted)
}

// MSG-7: names and numbers that no phone would show, no network carry, or somebody could mistake, each with a sentence at its field.
func TestRequestRefusesBadNames(t *testing.T) {
	w := storetest.NewWorld(t)
	before := w.Fingerprint(t)
	for _, name := range []string{"", "   ", "Clinic-North", "North_Clinic", "Clínica", "Сlinic" /* Cyrillic С */, "Clin\u200bic", "Cli\x00nic", "Cli\nnic", "Clinic\t1", "A  B",
		"TwelveLetter", "<b>Clinic", "Clinic&Co", "Ｃlinic", "\u202eClinic", "\xff\xfe", "€uro", "[Clinic]", "Clinic~", "123", "12 34", "+", "()", "+49", "+49151", "0000000000", "+4915112345671234567",
		"+49 151 1234567x", "١٢٣٤٥٦٧٨", "0151 12345671 ext 4", strings.Repeat("9", 10_000), strings.Repeat("a", 1_000_000)} {
		_, err := w.Senders.Request(ctx, w.Clinic.Admin.Actor, senders.Request{Name: name, Purpose: "x"})
		var rule *models.Error
		if !errors.As(err, &rule) || rule.Fields["name"] == "" {
			t.Errorf("%.40q: %v", name, err)
		}
	}
	for _, purpose := range []string{"", " \t ", strings.Repeat("a", 301), strings.Repeat("a", 1_000_000), "a\x00b", "a\nb", "a\u202eb", "a\xffb"} {
		_, err := w.Senders.Request(ctx, w.Clinic.Admin.Actor, senders.Request{Name: "Clinic", Purpose: purpose})
		var rule *models.Error
		if !errors.As(err, &rule) || rule.Fields["purpose"] == "" {
			t.Errorf("purpose %.40q: %v", purpose, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	for typed, want := range map[string]string{"Clinic": "Clinic", "  North 24 ": "North 24", "ELEVENCHARS": "ELEVENCHARS", "1a": "1a", "0151 2345 6789": "+4915123456789",
		"+44 20 7946 0018": "+442079460018", "(030) 901820": "+4930901820"} {
		id := request(t, w, w.Clinic.Admin.Actor, typed)
		if shown, err := w.Senders.Show(ctx, w.Clinic.Admin.Actor, id); err != nil || shown.Name != want || shown.Status != models.SenderRequested {
			t.Errorf("%q is kept as %+v, %v", typed, shown, err)
		}
	}
}

// MSG-7: what an account has, has asked for or sends from anyway it does not ask for again, whatever its capitals; of fifty
// who ask at once one does; twenty open requests are enough.
func TestRequestOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	nora := w.Clinic.Admin.Actor
	request(t, w, nora, "Clinic")
	for _, name := range []string{"Clinic", "CLINIC", "0151 12345671"} {
		_, err := w.Senders.Request(ctx, nora, senders.Request{Name: name, Purpose: "x"})
		var rule *models.Error
		if !errors.As(err, &rule) || rule.Fields["name"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	key := models.NewID().String()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := w.Senders.Request(ctx, nora, senders.Request{Name: "Twice", Purpose: "x", Key: key}); err != nil {
				t.Error(err)
			}
			if _, err := w.Senders.Request(ctx, nora, senders.Request{Name: "Again", Purpose: "x"}); err != nil && !errors.Is(err, models.ErrCheckFields) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.Count(t, "sender_ids"); n != 3 {
		t.Errorf("%d Sender IDs", n)
	}
	for i := range 17 {
		request(t, w, nora, fmt.Sprint("Name ", i))
	}
	if _, err := w.Senders.Request(ctx, nora, senders.Request{Name: "Too many", Purpose: "x"}); !errors.Is(err, senders.ErrTooManyOpen) {
		t.Error(err)
	}
	request(t, w, w.Harbor.Admin.Actor, "Clinic") // another company may have the name; staff see that
}

// MSG-7: staff approve or refuse, once, with both identities in the log; the account gets a mail and reads why.
func TestDecisions(t *testing.T) {
	w := storetest.NewWorld(t)
	nora := w.Clinic.Admin.Actor
	good, bad := request(t, w, nora, "Clinic"), request(t, w, nora, "BankOfAll")
	helper := w.Sam.Actor
	helper.Privileges = models.PrivilegesOf(models.Operator, models.Member, nil)
	for name, err := range map[string]error{
		"a parent approves":      w.Senders.Approve(ctx, nora, w.Clinic.ID, good),
		"a helper approves":      w.Senders.Approve(ctx, helper, w.Clinic.ID, good),
		"a helper refuses":       w.Senders.Refuse(ctx, helper, w.Clinic.ID, good, "no"),
		"a sub-account approves": w.Senders.Approve(ctx, w.Clinic.Own.Actor, w.Clinic.ID, good),
	} {
		if !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, reason := range []string{"", "  ", "a\x00", strings.Repeat("é", 301)} {
		if err := w.Senders.Refuse(ctx, w.Sam.Actor, w.Clinic.ID, bad, reason); !errors.Is(err, models.ErrCheckFields) {
			t.Errorf("reason %.10q: %v", reason, err)
		}
	}
	for _, tenant := range []models.ID{w.Harbor.ID, w.Sam.Account.ID, models.NewID()} {
		if err := w.Senders.Approve(ctx, w.Sam.Actor, tenant, good); !errors.Is(err, senders.ErrDecided) {
			t.Error("in the wrong books:", err)
		}
	}
	must(t, w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, good))
	must(t, w.Senders.Refuse(ctx, w.Sam.Actor, w.Clinic.ID, bad, "It is the name of a <b>bank</b>"))
	for name, err := range map[string]error{
		"approved twice":       w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, good),
		"refused twice":        w.Senders.Refuse(ctx, w.Sam.Actor, w.Clinic.ID, bad, "no"),
		"refused once it is":   w.Senders.Refuse(ctx, w.Sam.Actor, w.Clinic.ID, good, "no"),
		"approved once it not": w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, bad),
		"nothing":              w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, models.NewID()),
	} {
		if !errors.Is(err, senders.ErrDecided) {
			t.Errorf("%s: %v", name, err)
		}
	}
	withdrawn := request(t, w, nora, "Gone")
	must(t, w.Senders.Withdraw(ctx, nora, withdrawn))
	if err := w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, withdrawn); !errors.Is(err, senders.ErrDecided) {
		t.Error("approved after it was withdrawn:", err)
	}
	if got := from(t, w, w.Clinic.Account); got != "+4915112345671 Clinic" {
		t.Error(got)
	}
	if w.Sent(t, w.Clinic.Admin.Email, "Clinic of your account North Clinic Group at Offshoot is approved") != 1 || w.Sent(t, w.Clinic.Admin.Email, "<b>bank</b>") != 1 {
		t.Error("the account was not told")
	}
	if n := w.Count(t, `action_log WHERE action IN ('sender_id.approved', 'sender_id.refused') AND user_email = $1 AND account_id = $2`, w.Sam.Email, w.Clinic.ID); n != 2 {
		t.Errorf("%d lines", n)
	}
	again := request(t, w, nora, "BankOfAll") // what was refused can be asked for anew
	if page, err := w.Senders.Requests(ctx, helper, ""); err != nil || len(page.Rows) != 1 || page.Rows[0].ID != again || page.Rows[0].AlsoOf != "" {
		t.Errorf("open: %+v, %v", page, err)
	}
}

// MSG-7: of fifty who decide at once, half this way and half that, one does.
func TestDecisionsAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	id := request(t, w, w.Clinic.Admin.Actor, "Clinic")
	var done int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				err = w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, id)
			} else {
				err = w.Senders.Refuse(ctx, w.Sam.Actor, w.Clinic.ID, id, "no")
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if !errors.Is(err, senders.ErrDecided) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done != 1 || w.Sent(t, w.Clinic.Admin.Email, "Sender ID") != 1 {
		t.Errorf("%d decided", done)
	}
}

// PRV-2: without Add Sender IDs a sub-account neither asks for one nor sends from one of its own, only from its registered
// mobile and from what is shared with it. Taken away and given back, that holds at once.
func TestWithoutAddSenderIDs(t *testing.T) {
	w := storetest.NewWorld(t)
	own := &w.Clinic.Own
	if _, err := w.Senders.Request(ctx, own.Actor, senders.Request{Name: "Ward", Purpose: "x"}); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error("asked without the privilege:", err)
	}
	if got := from(t, w, own.Account); got != "+4915112345672" {
		t.Error("at first:", got)
	}
	grant(t, w, w.Clinic, own, models.AddSenderIDs)
	id := approved(t, w, own.Actor, "Ward")
	shared := approved(t, w, w.Clinic.Admin.Actor, "Clinic")
	must(t, w.Sharing.Share(ctx, w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedSenderID, ID: shared, Setting: models.Public}))
	if got := from(t, w, own.Account); got != "+4915112345672 Ward Clinic*" {
		t.Error("with it:", got)
	}
	grant(t, w, w.Clinic, own)
	if got := from(t, w, own.Account); got != "+4915112345672 Clinic*" {
		t.Error("taken away:", got)
	}
	if err := mayUse(t, w, own.Account, id); !errors.Is(err, senders.ErrSenderNotUsable) || !strings.Contains(err.Error(), "Add Sender IDs") {
		t.Error("the refusal names the rule:", err)
	}
	if err := w.Senders.Withdraw(ctx, own.Actor, id); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error("withdrew without it:", err)
	}
	grant(t, w, w.Clinic, own, models.AddSenderIDs)
	must(t, mayUse(t, w, own.Account, id))
}

// SHR-1, MSG-7: who may send from what: never what another company has, what a sub-account has is its own alone, and what was
// withdrawn or is shared no more is used no more, with the rule that says so.
func TestWhoMayUse(t *testing.T) {
	w := storetest.NewWorld(t)
	nora := w.Clinic.Admin.Actor
	grant(t, w, w.Clinic, &w.Clinic.Own, models.AddSenderIDs)
	waits, mine, subs := request(t, w, nora, "Waits"), approved(t, w, nora, "Clinic"), approved(t, w, w.Clinic.Own.Actor, "Ward")
	foreign := approved(t, w, w.Harbor.Admin.Actor, "Harbor")
	share := func(o sharing.Order) {
		t.Helper()
		shown, err := w.Sharing.Show(ctx, nora, models.SharedSenderID, mine)
		must(t, err)
		o.Kind, o.ID, o.Version = models.SharedSenderID, mine, shown.Version
		must(t, w.Sharing.Share(ctx, nora, o))
	}
	parent, own, night := w.Clinic.Account, w.Clinic.Own.Account, w.Clinic.Shared.Account
	for name, c := range map[string]struct {
		who  models.Account
		id   models.ID
		says string
	}{
		"another company's":       {parent, foreign, "not shared"},
		"its sub-account's":       {parent, subs, "not shared"},
		"its parent's, only me":   {own, mine, "not shared"},
		"another sub-account's":   {night, subs, "not shared"},
		"what staff have not yet": {parent, waits, "waits for approval"},
		"nothing":                 {own, models.NewID(), "not shared"},
	} {
		if err := mayUse(t, w, c.who, c.id); !errors.Is(err, senders.ErrSenderNotUsable) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, a := range []models.Account{parent, own, night} {
		must(t, mayUse(t, w, a, models.NoID))
	}
	share(sharing.Order{Setting: models.Custom, Shares: []models.Share{{Account: own.ID, May: models.MayUse}}})
	must(t, mayUse(t, w, own, mine))
	if mayUse(t, w, night, mine) == nil {
		t.Error("one that was not named uses it")
	}
	if err := w.Senders.Describe(ctx, w.Clinic.Own.Actor, mine, 2, "Mine now"); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error("who may use it edits it:", err)
	}
	share(sharing.Order{Setting: models.Custom, Shares: []models.Share{{Account: own.ID, May: models.MayEdit}}})
	must(t, w.Senders.Describe(ctx, w.Clinic.Own.Actor, mine, 2, "Ours now"))
	if err := w.Senders.Describe(ctx, nora, mine, 2, "From an old form"); !errors.Is(err, senders.ErrStale) {
		t.Error("an old form:", err)
	}
	for name, err := range map[string]error{
		"one that may edit withdraws it":    w.Senders.Withdraw(ctx, w.Clinic.Own.Actor, mine),
		"a parent withdraws a sub's":        w.Senders.Withdraw(ctx, nora, subs),
		"another company withdraws it":      w.Senders.Withdraw(ctx, w.Harbor.Admin.Actor, mine),
		"another company describes it":      w.Senders.Describe(ctx, w.Harbor.Admin.Actor, mine, 3, "x"),
		"withdrawn, what was never there":   w.Senders.Withdraw(ctx, nora, models.NewID()),
		"described, what was never there":   w.Senders.Describe(ctx, nora, models.NewID(), 1, "x"),
		"shared, what a sub-account has":    w.Sharing.Share(ctx, nora, sharing.Order{Kind: models.SharedSenderID, ID: subs, Setting: models.Public}),
		"shared, what another company has":  w.Sharing.Share(ctx, nora, sharing.Order{Kind: models.SharedSenderID, ID: foreign, Setting: models.Public}),
		"shared as what it is not: a group": w.Sharing.Share(ctx, nora, sharing.Order{Kind: models.SharedGroup, ID: mine, Setting: models.Public}),
	} {
		if !errors.Is(err, senders.ErrNoSuchSender) && !errors.Is(err, sharing.ErrNoSuchResource) {
			t.Errorf("%s: %v", name, err)
		}
	}
	share(sharing.Order{Setting: models.Public})
	must(t, mayUse(t, w, night, mine))
	must(t, w.Senders.Withdraw(ctx, nora, mine))
	for _, a := range []models.Account{own, night} {
		if err := mayUse(t, w, a, mine); !errors.Is(err, senders.ErrSenderNotUsable) || !strings.Contains(err.Error(), "shared") {
			t.Error("withdrawn, for those it was shared with:", err)
		}
	}
	if err := mayUse(t, w, parent, mine); !errors.Is(err, senders.ErrSenderNotUsable) || !strings.Contains(err.Error(), "withdrawn") {
		t.Error("withdrawn, for its owner:", err)
	}
	if w.Count(t, "sharings WHERE id = $1", mine) != 0 {
		t.Error("what is withdrawn is still shared")
	}
}

// SHR-1: the list: a parent sees what its sub-accounts have, a sub-account its own and what is shared with it; newest first,
// page by page; the file holds the same.
func TestSenderLists(t *testing.T) {
	w := storetest.NewWorld(t)
	nora := w.Clinic.Admin.Actor
	grant(t, w, w.Clinic, &w.Clinic.Own, models.AddSenderIDs)
	names := func(who models.Actor, q models.SenderQuery) string {
		t.Helper()
		list, err := w.Senders.List(ctx, who, q)
		must(t, err)
		var said, filed []string
		for _, row := range list.Rows {
			said = append(said, fmt.Sprintf("%s(%s,%d,%s)", row.Name, row.AccountName, row.May, row.Setting))
		}
		must(t, w.Senders.Export(ctx, who, q, func(r models.SenderID) error { filed = append(filed, r.Name); return nil }))
		if len(filed) != len(list.Rows) && list.Next == models.NoID && q.After == models.NoID {
			t.Errorf("the file has %v", filed)
		}
		return strings.Join(said, " ")
	}
	request(t, w, w.Clinic.Own.Actor, "Ward")
	w.Clock.Add(1e9)
	clinic := approved(t, w, nora, "Clinic")
	w.Clock.Add(1e9)
	plain := approved(t, w, nora, "Plain")
	approved(t, w, w.Harbor.Admin.Actor, "Harbor")
	must(t, w.Sharing.Share(ctx, nora, sharing.Order{Kind: models.SharedSenderID, ID: clinic, Setting: models.Custom,
		Shares: []models.Share{{Account: w.Clinic.Own.Account.ID, May: models.MayEdit}}}))
	must(t, w.Sharing.Share(ctx, nora, sharing.Order{Kind: models.SharedSenderID, ID: plain, Setting: models.Public}))
	for name, c := range map[string]struct {
		who  models.Actor
		q    models.SenderQuery
		want string
	}{
		"the parent":         {nora, models.SenderQuery{}, "Plain(North Clinic Group,3,public) Clinic(North Clinic Group,3,custom) Ward(North Clinic,1,only_me)"},
		"the one named":      {w.Clinic.Own.Actor, models.SenderQuery{}, "Plain(North Clinic Group,2,only_me) Clinic(North Clinic Group,3,only_me) Ward(North Clinic,3,only_me)"},
		"another":            {w.Clinic.Shared.Actor, models.SenderQuery{}, "Plain(North Clinic Group,2,only_me)"},
		"only requested":     {nora, models.SenderQuery{Status: models.SenderRequested}, "Ward(North Clinic,1,only_me)"},
		"those after Clinic": {nora, models.SenderQuery{After: clinic}, "Ward(North Clinic,1,only_me)"},
		"made up":            {nora, models.SenderQuery{Status: "' OR true --"}, ""},
	} {
		if got := names(c.who, c.q); got != c.want {
			t.Errorf("%s sees %s", name, got)
		}
	}
	blind := w.Clinic.Own.Actor
	blind.Privileges = map[models.Privilege]bool{}
	if _, err := w.Senders.List(ctx, blind, models.SenderQuery{}); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error(err)
	}
	if _, err := w.Senders.Show(ctx, w.Clinic.Shared.Actor, clinic); !errors.Is(err, senders.ErrNoSuchSender) {
		t.Error("one that is not shared with it is shown:", err)
	}
	for i := range 60 {
		w.Clock.Add(1e9)
		approved(t, w, nora, fmt.Sprint("More ", i))
	}
	first, err := w.Senders.List(ctx, nora, models.SenderQuery{})
	must(t, err)
	next, err := w.Senders.List(ctx, nora, models.SenderQuery{After: first.Next})
	must(t, err)
	if len(first.Rows) != 50 || len(next.Rows) != 13 || next.Next != models.NoID {
		t.Errorf("pages of %d and %d", len(first.Rows), len(next.Rows))
	}
}

// MSG-7: staff read the open requests of all accounts page by page, oldest first, and see who else sends from such a name.
func TestOpenRequests(t *testing.T) {
	w := storetest.NewWorld(t)
	approved(t, w, w.Harbor.Admin.Actor, "CLINIC")
	for i := range 19 {
		w.Clock.Add(1e9)
		request(t, w, w.Clinic.Admin.Actor, fmt.Sprint("Name ", i))
	}
	w.Clock.Add(1e9)
	grant(t, w, w.Clinic, &w.Clinic.Own, models.AddSenderIDs)
	request(t, w, w.Clinic.Own.Actor, "Clinic")
	request(t, w, w.Clinic.Own.Actor, "Last one")
	first, err := w.Senders.Requests(ctx, w.Sam.Actor, "")
	must(t, err)
	last, err := w.Senders.Requests(ctx, w.Sam.Actor, first.Next)
	must(t, err)
	if len(first.Rows) != 20 || first.Rows[0].Name != "Name 0" || len(last.Rows) != 1 || last.Next != "" {
		t.Errorf("pages of %d and %d", len(first.Rows), len(last.Rows))
	}
	all := append(first.Rows, last.Rows...)
	if at := all[19]; at.AccountName != "North Clinic" || at.ParentName != "North Clinic Group" || at.Name == "Clinic" && at.AlsoOf != "Harbor Media" {
		t.Errorf("%+v", at)
	}
	for _, after := range []string{"_", "x_y", "2026-11-20T09:30:00Z_", strings.Repeat("9", 1000), "0000-00-00T00:00:00Z_" + w.Clinic.ID.String()} {
		if page, err := w.Senders.Requests(ctx, w.Sam.Actor, after); err != nil || len(page.Rows) != 20 {
			t.Errorf("%q: %d, %v", after, len(page.Rows), err)
		}
	}
	if _, err := w.Senders.Requests(ctx, w.Clinic.Admin.Actor, ""); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error(err)
	}
	_, err = w.Accounts.Delete(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, "North Clinic")
	must(t, err)
	if page, err := w.Senders.Requests(ctx, w.Sam.Actor, first.Next); err != nil || len(page.Rows) != 0 {
		t.Errorf("of a deleted account: %+v, %v", page, err)
	}
	if err := w.Senders.Approve(ctx, w.Sam.Actor, w.Clinic.ID, last.Rows[0].ID); !errors.Is(err, senders.ErrDecided) {
		t.Error("approved for a deleted account:", err)
	}
}
