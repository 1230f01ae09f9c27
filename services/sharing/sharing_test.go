package sharing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"offshoot/models"
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

// group makes a group past the service that has them.
func group(t testing.TB, w *storetest.World, a models.Account) models.ID {
	t.Helper()
	id := models.NewID()
	put(func(sql string, args ...any) {
		_, err := w.Raw.Exec(ctx, sql, args...)
		must(t, err)
	}, w, a.TenantID, a.ID, id, models.SharedGroup)
	return id
}

func may(t testing.TB, w *storetest.World, a models.Account, kind models.ShareKind, id models.ID) (found models.May) {
	t.Helper()
	must(t, w.Store.Read(ctx, models.System(a.TenantID), func(_ context.Context, tx *store.Tx) (err error) {
		found, err = store.MayOf(tx, store.Viewer{Tenant: a.TenantID, Account: a.ID}, kind, id)
		return err
	}))
	return found
}

// SHR-1: what can't be shared so is refused, each with the sentence next to its field, and changes nothing.
func TestSharingRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	id, subs, foreign := group(t, w, w.Clinic.Account), group(t, w, w.Clinic.Own.Account), group(t, w, w.Harbor.Account)
	gone := w.AddActive(t, w.Clinic, "Gone", "gone@clinic.example").Account
	_, err := w.Accounts.Delete(ctx, w.Clinic.Admin.Actor, gone.ID, "Gone")
	must(t, err)
	member := w.Clinic.Admin.Actor
	member.Privileges = models.PrivilegesOf(models.Parent, models.Member, nil)
	custom := func(shares ...models.Share) sharing.Order {
		return sharing.Order{Kind: models.SharedGroup, ID: id, Setting: models.Custom, Shares: shares}
	}
	public := func(id models.ID) sharing.Order {
		return sharing.Order{Kind: models.SharedGroup, ID: id, Setting: models.Public}
	}
	own := w.Clinic.Own.Account.ID
	before := w.Fingerprint(t)
	for name, c := range map[string]struct {
		actor models.Actor
		order sharing.Order
		want  *models.Error
		field string
	}{
		"a parent's User":                       {member, public(id), models.ErrMissingPrivilege, ""},
		"a sub-account":                         {w.Clinic.Own.Actor, public(subs), models.ErrMissingPrivilege, ""},
		"staff who are not in it":               {w.Sam.Actor.In(w.Clinic.ID), public(id), models.ErrMissingPrivilege, ""},
		"another company's":                     {w.Clinic.Admin.Actor, public(foreign), sharing.ErrNoSuchResource, ""},
		"its sub-account's":                     {w.Clinic.Admin.Actor, public(subs), sharing.ErrNoSuchResource, ""},
		"nothing at all":                        {w.Clinic.Admin.Actor, public(models.NewID()), sharing.ErrNoSuchResource, ""},
		"as another kind":                       {w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedPackage, ID: id, Setting: models.Public}, sharing.ErrNoSuchResource, ""},
		"no setting":                            {w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedGroup, ID: id}, models.ErrCheckFields, "setting"},
		"a made-up setting":                     {w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedGroup, ID: id, Setting: "all"}, models.ErrCheckFields, "setting"},
		"custom with nobody":                    {w.Clinic.Admin.Actor, custom(), models.ErrCheckFields, "shares"},
		"another company's sub-account":         {w.Clinic.Admin.Actor, custom(models.Share{Account: w.Harbor.Own.Account.ID, May: models.MayUse}), models.ErrCheckFields, "shares"},
		"the parent itself":                     {w.Clinic.Admin.Actor, custom(models.Share{Account: w.Clinic.ID, May: models.MayUse}), models.ErrCheckFields, "shares"},
		"a deleted sub-account":                 {w.Clinic.Admin.Actor, custom(models.Share{Account: gone.ID, May: models.MayUse}), models.ErrCheckFields, "shares"},
		"one that is there and one that is not": {w.Clinic.Admin.Actor, custom(models.Share{Account: own, May: models.MayUse}, models.Share{Account: models.NewID(), May: models.MayUse}), models.ErrCheckFields, "shares"},
		"the same twice":                        {w.Clinic.Admin.Actor, custom(models.Share{Account: own, May: models.MayUse}, models.Share{Account: own, May: models.MayEdit}), models.ErrCheckFields, "shares"},
		"to do nothing":                         {w.Clinic.Admin.Actor, custom(models.Share{Account: own}), models.ErrCheckFields, "shares"},
		"to see only":                           {w.Clinic.Admin.Actor, custom(models.Share{Account: own, May: models.MaySee}), models.ErrCheckFields, "shares"},
		"too many":                              {w.Clinic.Admin.Actor, custom(many(sharing.Most + 1)...), models.ErrCheckFields, "shares"},
		"a version that is not there yet":       {w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedGroup, ID: id, Setting: models.Public, Version: 3}, sharing.ErrStale, ""},
	} {
		err := w.Sharing.Share(ctx, c.actor, c.order)
		var rule *models.Error
		if !errors.Is(err, c.want) || c.field != "" && (!errors.As(err, &rule) || rule.Fields[c.field] == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
}

func many(n int) (shares []models.Share) {
	for range n {
		shares = append(shares, models.Share{Account: models.NewID(), May: models.MayUse})
	}
	return shares
}

// SHR-1: only me is the default; Public lets every sub-account use it, those that come later too; Custom those named, as
// they were named; going back takes it away at once. Each is a line of the log.
func TestSharingSettings(t *testing.T) {
	w := storetest.NewWorld(t)
	id := group(t, w, w.Clinic.Account)
	set := func(o sharing.Order) {
		t.Helper()
		shown, err := w.Sharing.Show(ctx, w.Clinic.Admin.Actor, models.SharedGroup, id)
		must(t, err)
		o.Kind, o.ID, o.Version = models.SharedGroup, id, shown.Version
		must(t, w.Sharing.Share(ctx, w.Clinic.Admin.Actor, o))
	}
	own, night := w.Clinic.Own.Account, w.Clinic.Shared.Account
	check := func(what string, wantOwn, wantNight models.May) {
		t.Helper()
		if a, b := may(t, w, own, models.SharedGroup, id), may(t, w, night, models.SharedGroup, id); a != wantOwn || b != wantNight {
			t.Errorf("%s: %d and %d, want %d and %d", what, a, b, wantOwn, wantNight)
		}
		if may(t, w, w.Clinic.Account, models.SharedGroup, id) != models.MayEdit || may(t, w, w.Harbor.Own.Account, models.SharedGroup, id) != models.MayNothing {
			t.Errorf("%s: its owner and strangers", what)
		}
	}
	check("at first", models.MayNothing, models.MayNothing)
	set(sharing.Order{Setting: models.Public})
	check("public", models.MayUse, models.MayUse)
	if later := w.AddActive(t, w.Clinic, "Later", "later@clinic.example").Account; may(t, w, later, models.SharedGroup, id) != models.MayUse {
		t.Error("a sub-account that came later does not use what is public")
	}
	set(sharing.Order{Setting: models.Custom, Shares: []models.Share{{Account: own.ID, May: models.MayEdit}}})
	check("custom", models.MayEdit, models.MayNothing)
	set(sharing.Order{Setting: models.Custom, Shares: []models.Share{{Account: own.ID, May: models.MayUse}, {Account: night.ID, May: models.MayEdit}}})
	check("custom, others", models.MayUse, models.MayEdit)
	shown, err := w.Sharing.Show(ctx, w.Clinic.Admin.Actor, models.SharedGroup, id)
	must(t, err)
	if !strings.HasPrefix(shown.Name, "A group") || shown.Setting != models.Custom || len(shown.Shares) != 2 || shown.Shares[0].AccountName != "Night Ward" {
		t.Errorf("shown: %+v", shown)
	}
	set(sharing.Order{Setting: models.OnlyMe})
	check("only me again", models.MayNothing, models.MayNothing)
	if w.Count(t, "shares") != 0 || w.Count(t, "action_log WHERE action = 'sharing.changed' AND subject_id = $1", id) != 4 {
		t.Error("shares are left, or lines are missing")
	}
}

// SHR-1: of fifty who change one sharing from the same form, one does; of fifty who add an account each, all do.
func TestSharingAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	id := group(t, w, w.Clinic.Account)
	for _, version := range []int{0, 1} {
		var done, stale int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				err := w.Sharing.Share(ctx, w.Clinic.Admin.Actor, sharing.Order{Kind: models.SharedGroup, ID: id, Setting: models.Custom, Version: version,
					Shares: []models.Share{{Account: w.Clinic.Own.Account.ID, May: models.MayUse}}})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case errors.Is(err, sharing.ErrStale):
					stale++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 || stale != 49 {
			t.Errorf("from version %d: %d did it, %d were told", version, done, stale)
		}
	}
}

// SHR-1: the form finds sub-accounts by any part of their name, at most 20, of its own company, living ones.
func TestComplete(t *testing.T) {
	w := storetest.NewWorld(t)
	for i := range 25 {
		w.AddPending(t, w.Clinic, fmt.Sprintf("Ward %02d 100%%", i), fmt.Sprintf("w%d@clinic.example", i))
	}
	names := func(text string) string {
		t.Helper()
		found, err := w.Sharing.Complete(ctx, w.Clinic.Admin.Actor, text)
		must(t, err)
		var said []string
		for _, a := range found {
			said = append(said, a.Name)
		}
		return strings.Join(said, ",")
	}
	for text, want := range map[string]string{"NIGHT": "Night Ward", "d 07": "Ward 07 100%", "pier": "", "_": "", "\x00night\xff": "Night Ward", strings.Repeat("x", 5000): ""} {
		if got := names(text); got != want {
			t.Errorf("%.20q finds %s", text, got)
		}
	}
	for _, text := range []string{"", "ward", "%"} {
		if got := strings.Count(names(text), ",") + 1; got != sharing.Offered {
			t.Errorf("%q finds %d", text, got)
		}
	}
	if _, err := w.Sharing.Complete(ctx, w.Clinic.Own.Actor, "ward"); !errors.Is(err, models.ErrMissingPrivilege) {
		t.Error("a sub-account looks for others:", err)
	}
	if a, err := w.Sharing.Named(ctx, w.Clinic.Admin.Actor, " night WARD "); err != nil || a.ID != w.Clinic.Shared.Account.ID {
		t.Error(a, err)
	}
	for _, name := range []string{"", "Night", "Pier One", "North Clinic Group", "\x00\xff"} {
		if a, err := w.Sharing.Named(ctx, w.Clinic.Admin.Actor, name); !errors.Is(err, sharing.ErrNoSuchSubAccount) {
			t.Error(name, a, err)
		}
	}
}

// SHR-1: among 100,000 groups of other sub-accounts an account's own and shared ones are found by keys, in lists and one by
// one, under the portal's own role.
func TestVisibilityUsesIndexes(t *testing.T) {
	w := storetest.NewWorld(t)
	for i := range 3 {
		id := group(t, w, w.Clinic.Account)
		order := sharing.Order{Kind: models.SharedGroup, ID: id, Setting: models.Public}
		if i == 0 {
			order.Setting, order.Shares = models.Custom, []models.Share{{Account: w.Clinic.Own.Account.ID, May: models.MayEdit}}
		}
		must(t, w.Sharing.Share(ctx, w.Clinic.Admin.Actor, order))
	}
	mine := group(t, w, w.Clinic.Own.Account)
	_, err := w.Raw.Exec(ctx, `INSERT INTO groups (tenant_id, id, account_id, name, created_at)
		SELECT $1, gen_random_uuid(), $2, 'Group ' || n, now() FROM generate_series(1, 100000) n`, w.Clinic.ID, w.Clinic.Shared.Account.ID)
	must(t, err)
	_, err = w.Raw.Exec(ctx, `ANALYZE groups, sharings, shares`)
	must(t, err)
	explain := func(actor models.Actor, query string, args ...any) (blocks int) {
		t.Helper()
		must(t, w.Store.Read(ctx, actor, func(_ context.Context, tx *store.Tx) error {
			var plan string
			if err := tx.Raw(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+query, args...).Row().Scan(&plan); err != nil {
				return err
			}
			var parsed []struct {
				Plan struct {
					Hit  int `json:"Shared Hit Blocks"`
					Read int `json:"Shared Read Blocks"`
				}
			}
			err := json.Unmarshal([]byte(plan), &parsed)
			blocks = parsed[0].Plan.Hit + parsed[0].Plan.Read
			return err
		}))
		return blocks
	}
	own := w.Clinic.Own.Actor
	v := store.Viewer{Tenant: own.Tenant, Account: own.Account}
	for _, least := range []models.May{models.MaySee, models.MayUse, models.MayEdit} {
		c := store.Visible(v, models.SharedGroup, "g", least)
		if blocks := explain(own, `SELECT * FROM groups g WHERE `+c.SQL+` ORDER BY g.id LIMIT 51`, c.Args...); blocks > 100 {
			t.Errorf("a list of right %d looks at %d blocks", least, blocks)
		}
		c = store.Visible(v, models.SharedGroup, "g", least)
		if blocks := explain(own, `SELECT * FROM groups g WHERE g.id = ? AND `+c.SQL, append([]any{mine}, c.Args...)...); blocks > 100 {
			t.Errorf("one of right %d looks at %d blocks", least, blocks)
		}
	}
	parent := w.Clinic.Admin.Actor
	c := store.Visible(store.Viewer{Tenant: parent.Tenant, Account: parent.Account}, models.SharedGroup, "g", models.MaySee)
	if blocks := explain(parent, `SELECT * FROM groups g WHERE `+c.SQL+` ORDER BY g.id LIMIT 51`, c.Args...); blocks > 500 {
		t.Errorf("a parent's list looks at %d blocks", blocks)
	}
}
