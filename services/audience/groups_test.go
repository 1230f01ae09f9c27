package audience_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// world is the cast with the service.
func world(t testing.TB) (*storetest.World, *audience.Service) {
	t.Helper()
	w := storetest.NewWorld(t)
	t.Cleanup(func() { checkCounters(t, w) })
	return w, audience.New(w.Store)
}

// checkCounters holds what groups count against their members, and contacts against groups.
func checkCounters(t testing.TB, w *storetest.World) {
	t.Helper()
	if n := w.Count(t, `groups g WHERE deleted_at IS NULL AND members <> (SELECT count(*) FROM group_members m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id)`); n != 0 {
		t.Errorf("%d groups count wrong", n)
	}
	if n := w.Count(t, `contacts c WHERE NOT EXISTS (SELECT FROM group_members m WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id)`); n != 0 {
		t.Errorf("%d contacts are in no group", n)
	}
}

func addGroup(t testing.TB, s *audience.Service, actor models.Actor, name string, fields ...string) models.ID {
	t.Helper()
	id, err := s.AddGroup(ctx, actor, audience.GroupOrder{Name: name, Fields: fields})
	must(t, err)
	return id
}

func addContact(t testing.TB, s *audience.Service, actor models.Actor, group models.ID, number, name string) models.Contact {
	t.Helper()
	c, err := s.AddContact(ctx, actor, group, audience.ContactOrder{Number: number, Name: name})
	must(t, err)
	return c
}

// MSG-5, PRV-1: who may not, may not, and sees nothing of others.
func TestAudienceOfOthers(t *testing.T) {
	w, s := world(t)
	nora, ward, night, haru := w.Clinic.Admin.Actor, w.Clinic.Own.Actor, w.Clinic.Shared.Actor, w.Harbor.Admin.Actor
	groups := map[string]models.ID{"parent's": addGroup(t, s, nora, "Patients"), "sub-account's": addGroup(t, s, ward, "Ward")}
	contacts := map[string]models.Contact{"parent's": addContact(t, s, nora, groups["parent's"], "015112345671", "Ada"),
		"sub-account's": addContact(t, s, ward, groups["sub-account's"], "015112345671", "Ada")}
	for of, group := range groups {
		for who, c := range map[string]struct {
			actor        models.Actor
			sees, change error
		}{
			"another company":        {haru, audience.ErrNoSuchGroup, audience.ErrNoSuchGroup},
			"sibling":                {w.AddActive(t, w.Clinic, "Sibling "+of, strings.ReplaceAll(of, "'", "")+"@clinic.example", models.ManageAudience).Actor, audience.ErrNoSuchGroup, audience.ErrNoSuchGroup},
			"without the privilege":  {night, audience.ErrNoSuchGroup, models.ErrMissingPrivilege},
			"parent of another's":    {nora, nil, audience.ErrNotYourGroup},
			"staff at home":          {w.Sam.Actor, models.ErrMissingPrivilege, models.ErrMissingPrivilege},
			"nobody":                 {models.Actor{}, models.ErrMissingPrivilege, models.ErrMissingPrivilege},
			"sub-account of another": {ward, audience.ErrNoSuchGroup, audience.ErrNoSuchGroup},
		} {
			if who == "parent of another's" && of == "parent's" || who == "sub-account of another" && of == "sub-account's" {
				continue
			}
			contact := contacts[of].ID
			_, _, seen := s.Contacts(ctx, c.actor, group, models.ContactQuery{})
			if !errors.Is(seen, c.sees) && !(seen == nil && c.sees == nil) {
				t.Errorf("%s, %s: seen: %v", of, who, seen)
			}
			_, added := s.AddContact(ctx, c.actor, group, audience.ContactOrder{Number: "015112345672"})
			_, read := s.ReadImport(ctx, c.actor, group, "a.csv", strings.NewReader("number\n015112345672\n"))
			for what, err := range map[string]error{
				"add": added, "import": read,
				"rename": s.ChangeGroup(ctx, c.actor, group, audience.GroupOrder{Name: "Mine", Version: 1}),
				"delete": s.DeleteGroup(ctx, c.actor, group),
				"remove": s.RemoveContact(ctx, c.actor, group, contact),
				"change": s.ChangeContact(ctx, c.actor, group, contact, audience.ContactOrder{Number: "015112345679", Version: 1}),
				"start":  s.StartImport(ctx, c.actor, group, models.NewID()),
			} {
				if !errors.Is(err, c.change) {
					t.Errorf("%s, %s: %s: %v", of, who, what, err)
				}
			}
		}
	}
	if w.Count(t, `contacts`) != 2 || w.Count(t, `groups WHERE deleted_at IS NULL`) != 2 {
		t.Error("something changed")
	}
	must(t, w.Store.Read(ctx, nora, func(ctx context.Context, tx *store.Tx) error {
		if g, err := audience.Usable(ctx, tx, groups["sub-account's"]); !errors.Is(err, audience.ErrNoSuchGroup) {
			t.Errorf("a parent sends to the group of its sub-account: %v, %v", g.Name, err)
		}
		if all, err := audience.UsableGroups(ctx, tx); err != nil || len(all) != 1 {
			t.Errorf("a parent may send to %d groups, %v", len(all), err)
		}
		return nil
	}))
}

// SHR-1: what is shared is used, and edited where that was given; never deleted.
func TestSharedGroups(t *testing.T) {
	w, s := world(t)
	nora, ward := w.Clinic.Admin.Actor, w.Clinic.Own.Actor
	group := addGroup(t, s, nora, "Patients")
	contact := addContact(t, s, nora, group, "015112345671", "Ada")
	usable := func() (found bool) {
		must(t, w.Store.Read(ctx, ward, func(ctx context.Context, tx *store.Tx) error {
			all, err := audience.UsableGroups(ctx, tx)
			must(t, err)
			g, err := audience.Usable(ctx, tx, group)
			if found = err == nil; found != (len(all) == 1) || found && (g.Account != w.Clinic.ID || g.Name != "Patients" || g.Members != 1) {
				t.Error(g, all, err)
			}
			return nil
		}))
		return found
	}
	if usable() {
		t.Error("usable without being shared")
	}
	share := func(setting models.ShareSetting, may models.May, version int) {
		order := sharing.Order{Kind: models.SharedGroup, ID: group, Setting: setting, Version: version}
		if setting == models.Custom {
			order.Shares = []models.Share{{Account: ward.Account, May: may}}
		}
		must(t, sharing.New(w.Store).Share(ctx, nora, order))
	}
	share(models.Public, models.MayUse, 0)
	if !usable() {
		t.Error("public, and not usable")
	}
	_, err := s.AddContact(ctx, ward, group, audience.ContactOrder{Number: "015112345672"})
	refused(t, err, audience.ErrNotYourGroup, "")
	share(models.Custom, models.MayEdit, 1)
	added, err := s.AddContact(ctx, ward, group, audience.ContactOrder{Number: "015112345672"})
	must(t, err)
	if w.Count(t, `contacts WHERE id = $1 AND account_id = $2`, added.ID, w.Clinic.ID) != 1 {
		t.Error("the contact is not the group's account's")
	}
	refused(t, s.DeleteGroup(ctx, ward, group), audience.ErrNotYourGroup, "")
	must(t, s.DeleteGroup(ctx, nora, group))
	if usable() || w.Count(t, `sharings WHERE id = $1`, group) != 0 {
		t.Error("a deleted group is shared")
	}
	must(t, s.Purge(ctx, audience.PurgeGroup{Tenant: w.Clinic.ID, Group: group}))
	if w.Count(t, `contacts WHERE id = $1`, contact.ID) != 0 {
		t.Error("contacts of a deleted group stay")
	}
}

// MSG-5: what is typed into the form of a group.
func TestGroupForms(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	addGroup(t, s, nora, "Patients")
	for name, c := range map[string]struct {
		order audience.GroupOrder
		field string
	}{
		"no name":            {audience.GroupOrder{}, "name"},
		"spaces":             {audience.GroupOrder{Name: " \u00a0"}, "name"},
		"signs":              {audience.GroupOrder{Name: "--"}, "name"},
		"long":               {audience.GroupOrder{Name: strings.Repeat("x", 121)}, "name"},
		"huge":               {audience.GroupOrder{Name: strings.Repeat("x", 1<<20)}, "name"},
		"unseen":             {audience.GroupOrder{Name: "Pat\u202eients"}, "name"},
		"invalid":            {audience.GroupOrder{Name: "Pat\xff"}, "name"},
		"taken":              {audience.GroupOrder{Name: "patients"}, "name"},
		"taken, spaces":      {audience.GroupOrder{Name: "  Patients "}, "name"},
		"field called name":  {audience.GroupOrder{Name: "A", Fields: []string{"Name"}}, "fields"},
		"field called phone": {audience.GroupOrder{Name: "A", Fields: []string{"City", "Phone"}}, "fields"},
		"field twice":        {audience.GroupOrder{Name: "A", Fields: []string{"City", "city"}}, "fields"},
		"long field":         {audience.GroupOrder{Name: "A", Fields: []string{strings.Repeat("x", 41)}}, "fields"},
		"many fields":        {audience.GroupOrder{Name: "A", Fields: strings.Fields(strings.Join(slices.Collect(numbered(21)), " "))}, "fields"},
	} {
		_, err := s.AddGroup(ctx, nora, c.order)
		if !t.Run(name, func(t *testing.T) { refused(t, err, models.ErrCheckFields, c.field) }) {
			t.Error(err)
		}
	}
	id := addGroup(t, s, nora, "Übersee 海外", "City", "", "a \"quoted\", {braced} \\ field")
	g, err := s.Group(ctx, nora, id)
	must(t, err)
	if g.Name != "Übersee 海外" || !slices.Equal(g.Fields, []string{"City", `a "quoted", {braced} \ field`}) {
		t.Errorf("%q %q", g.Name, g.Fields)
	}
	refused(t, s.ChangeGroup(ctx, nora, id, audience.GroupOrder{Name: "Other", Version: 7}), audience.ErrStale, "")
	refused(t, s.ChangeGroup(ctx, nora, id, audience.GroupOrder{Name: "PATIENTS", Version: 1}), models.ErrCheckFields, "name")
	must(t, s.ChangeGroup(ctx, nora, id, audience.GroupOrder{Name: "Other", Version: 1}))
	refused(t, s.ChangeGroup(ctx, nora, id, audience.GroupOrder{Name: "Later", Version: 1}), audience.ErrStale, "")
}

func numbered(n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprint("field", i)) {
				return
			}
		}
	}
}

// MSG-5: one contact of a number in an account, in any number of its groups.
func TestContacts(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	one, two := addGroup(t, s, nora, "One", "City"), addGroup(t, s, nora, "Two")
	for name, c := range map[string]struct {
		order audience.ContactOrder
		field string
	}{
		"no number":    {audience.ContactOrder{Name: "Ada"}, "number"},
		"letters":      {audience.ContactOrder{Number: "Ada"}, "number"},
		"long name":    {audience.ContactOrder{Number: "015112345671", Name: strings.Repeat("x", 121)}, "name"},
		"long field":   {audience.ContactOrder{Number: "015112345671", Fields: map[string]string{"City": strings.Repeat("x", 501)}}, "field_0"},
		"unseen field": {audience.ContactOrder{Number: "015112345671", Fields: map[string]string{"City": "Ber\u0000lin"}}, "field_0"},
	} {
		_, err := s.AddContact(ctx, nora, one, c.order)
		t.Run(name, func(t *testing.T) { refused(t, err, models.ErrCheckFields, c.field) })
	}
	ada, err := s.AddContact(ctx, nora, one, audience.ContactOrder{Number: "0151 12345671", Name: "Ada", Fields: map[string]string{"City": "Bonn", "Other": "not a field"}})
	must(t, err)
	_, err = s.AddContact(ctx, nora, one, audience.ContactOrder{Number: "+4915112345671"})
	refused(t, err, models.ErrCheckFields, "number")
	again := addContact(t, s, nora, two, "+49 151 12345671", "")
	if again.ID != ada.ID {
		t.Error("two contacts of one number")
	}
	_, found, err := s.Contact(ctx, nora, two, ada.ID)
	must(t, err)
	if found.Name != "Ada" || found.Fields["City"] != "Bonn" || found.Fields["Other"] != "" || found.Country != "DE" {
		t.Error(found)
	}
	bob := addContact(t, s, nora, one, "015112345672", "Bob")
	refused(t, s.ChangeContact(ctx, nora, one, bob.ID, audience.ContactOrder{Number: "015112345671", Version: 1}), models.ErrCheckFields, "number")
	refused(t, s.ChangeContact(ctx, nora, one, bob.ID, audience.ContactOrder{Number: "015112345673", Version: 9}), audience.ErrStale, "")
	refused(t, s.ChangeContact(ctx, nora, two, bob.ID, audience.ContactOrder{Number: "015112345673", Version: 1}), audience.ErrNoSuchContact, "")
	must(t, s.ChangeContact(ctx, nora, one, bob.ID, audience.ContactOrder{Number: "015112345673", Name: "Bobby", Version: 1}))
	must(t, s.RemoveContact(ctx, nora, one, ada.ID))
	refused(t, s.RemoveContact(ctx, nora, one, ada.ID), audience.ErrNoSuchContact, "")
	if w.Count(t, `contacts WHERE id = $1`, ada.ID) != 1 {
		t.Error("removed from one group, gone from another")
	}
	must(t, s.RemoveContact(ctx, nora, two, ada.ID))
	if w.Count(t, `contacts WHERE id = $1`, ada.ID) != 0 {
		t.Error("a contact of no group stays")
	}
}

// MSG-5: contacts are found by the beginning of number or name, page by page.
func TestContactsAreFound(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group, other := addGroup(t, s, nora, "All"), addGroup(t, s, nora, "Other")
	addContact(t, s, nora, other, "+33612345678", "Élodie")
	for i := range 120 {
		addContact(t, s, nora, group, fmt.Sprintf("01511234%04d", i), fmt.Sprintf("Élodie %03d", i))
	}
	for search, want := range map[string]int{"": 120, "+49151123400": 100, "01511234000": 10, "49151123400": 100, "élodie 01": 10, "ÉLODIE": 120, "lodie": 0, "+33": 0,
		"%": 0, "_": 0, "\x00": 120, "\xff": 120, "' OR 1=1": 0, strings.Repeat("é", 5000): 0} {
		seen := map[string]bool{}
		q := models.ContactQuery{Search: search}
		for pages := 0; pages < 10; pages++ {
			_, page, err := s.Contacts(ctx, nora, group, q)
			must(t, err)
			for _, c := range page.Rows {
				if seen[c.Number] {
					t.Fatal("twice:", c.Number)
				}
				seen[c.Number] = true
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%.20q: %d, want %d", search, len(seen), want)
		}
	}
	for _, cursor := range []string{"x", "e30", strings.Repeat("A", 5000)} {
		if _, _, err := s.Contacts(ctx, nora, group, models.ContactQuery{After: cursor}); err != nil {
			t.Error(cursor, err)
		}
	}
	must(t, w.Store.Read(ctx, nora, func(ctx context.Context, tx *store.Tx) error {
		seen, after := 0, models.NoID
		for {
			members, err := audience.Members(ctx, tx, group, after, 50)
			must(t, err)
			if len(members) == 0 {
				break
			}
			seen, after = seen+len(members), members[len(members)-1].Contact
		}
		if seen != 120 {
			t.Error(seen)
		}
		return nil
	}))
}

// MSG-5: fifty at once put the same contact into a group, take it out, and delete the group: the counts stay right.
func TestContactsAtOnce(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group, other := addGroup(t, s, nora, "One"), addGroup(t, s, nora, "Two")
	var wg sync.WaitGroup
	var mu sync.Mutex
	added := 0
	for range 50 {
		wg.Go(func() {
			if _, err := s.AddContact(ctx, nora, group, audience.ContactOrder{Number: "015112345671"}); err == nil {
				mu.Lock()
				added++
				mu.Unlock()
			} else if !errors.Is(err, models.ErrCheckFields) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if added != 1 {
		t.Errorf("added %d times", added)
	}
	checkCounters(t, w)
	for i := range 40 {
		wg.Go(func() {
			in := []models.ID{group, other}[i%2]
			c, err := s.AddContact(ctx, nora, in, audience.ContactOrder{Number: fmt.Sprintf("01511234567%d", i%4)})
			if err == nil && i%3 == 0 {
				err = s.RemoveContact(ctx, nora, in, c.ID)
			}
			if err != nil && !errors.Is(err, models.ErrCheckFields) && !errors.Is(err, audience.ErrNoSuchContact) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	checkCounters(t, w)
	must(t, s.DeleteGroup(ctx, nora, group))
	for range 10 {
		wg.Go(func() { must(t, s.Purge(ctx, audience.PurgeGroup{Tenant: w.Clinic.ID, Group: group})) })
		wg.Go(func() {
			if _, err := s.AddContact(ctx, nora, other, audience.ContactOrder{Number: "015112345671"}); err != nil && !errors.Is(err, models.ErrCheckFields) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// MSG-5: opt-outs by hand.
func TestOptOuts(t *testing.T) {
	w, s := world(t)
	nora, ward := w.Clinic.Admin.Actor, w.Clinic.Own.Actor
	_, err := s.AddOptOut(ctx, w.Clinic.Shared.Actor, "015112345671")
	refused(t, err, models.ErrMissingPrivilege, "")
	_, err = s.AddOptOut(ctx, nora, "nobody")
	refused(t, err, models.ErrCheckFields, "number")
	n, err := s.AddOptOut(ctx, nora, "0151 12345671")
	must(t, err)
	_, err = s.AddOptOut(ctx, nora, "+4915112345671")
	refused(t, err, models.ErrCheckFields, "number")
	_, err = s.AddOptOut(ctx, ward, "+4915112345672")
	must(t, err)
	refused(t, s.RemoveOptOut(ctx, ward, n.E164), audience.ErrNotOptedOut, "")
	must(t, w.Store.Read(ctx, nora, func(ctx context.Context, tx *store.Tx) error {
		for accounts, want := range map[*[]models.ID]int{{}: 0, {models.NoID}: 0, {nora.Account}: 1, {ward.Account}: 1, {nora.Account, ward.Account}: 2} {
			out, err := audience.OptedOut(ctx, tx, *accounts, []string{"+4915112345671", "+4915112345672", "+4915112345673"})
			if err != nil || len(out) != want {
				t.Error(*accounts, out, err)
			}
		}
		return nil
	}))
	page, err := s.OptOuts(ctx, nora, models.OptOutQuery{Search: "0151"})
	must(t, err)
	if len(page.Rows) != 1 || page.Rows[0].Source != models.OptOutPage || page.Rows[0].Country != "DE" {
		t.Error(page)
	}
	must(t, s.RemoveOptOut(ctx, nora, n.E164))
}
