package sharing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/sharing"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// oracle says by the words of SHR-1 who may what. It knows nothing of tables.
type oracle struct {
	parentOf map[models.ID]models.ID // of every account; a parent's is itself
	deleted  map[models.ID]bool
	things   map[models.ID]*thing
}

type thing struct {
	kind    models.ShareKind
	owner   models.ID
	gone    bool
	setting models.ShareSetting
	named   map[models.ID]models.May
}

func (o *oracle) may(viewer models.ID, x *thing) models.May {
	parent := o.parentOf[viewer]
	switch {
	case x.gone, o.deleted[viewer], o.parentOf[x.owner] != parent:
		return models.MayNothing
	case x.owner == viewer:
		return models.MayEdit
	case viewer == parent && !o.deleted[x.owner]:
		return models.MaySee
	case x.owner != parent || viewer == parent:
		return models.MayNothing
	case x.setting == models.Public:
		return models.MayUse
	case x.setting == models.Custom:
		return x.named[viewer]
	}
	return models.MayNothing
}

// SHR-1: whatever was shared, taken back, deleted and deactivated in whatever order: for every account, every resource and
// every right, the rule in SQL, for lists and for one, says what the words say. Refusals too.
func TestVisibilityAgainstItsOracle(t *testing.T) {
	w := storetest.NewWorld(t)
	companies := []storetest.Company{w.Clinic, w.Harbor}
	subs := map[models.ID][]models.ID{w.Harbor.ID: {w.Harbor.Own.Account.ID, w.Harbor.Shared.Account.ID},
		w.Clinic.ID: {w.Clinic.Own.Account.ID, w.Clinic.Shared.Account.ID}}
	for i := range 3 {
		more := w.AddActive(t, w.Clinic, fmt.Sprint("Ward ", i), fmt.Sprintf("ward%d@clinic.example", i))
		subs[w.Clinic.ID] = append(subs[w.Clinic.ID], more.Account.ID)
	}
	// it says deleted of accounts without closing them
	t.Cleanup(func() {
		_, _ = w.Raw.Exec(ctx, `UPDATE accounts SET status = 'active', status_before = '' WHERE kind = 'sub'`)
	})
	compared := 0
	rapid.Check(t, func(r *rapid.T) {
		exec := func(sql string, args ...any) {
			if _, err := w.Raw.Exec(ctx, sql, args...); err != nil {
				r.Fatal(err)
			}
		}
		for _, table := range []string{"sharings", "sender_ids", "groups", "packages"} {
			exec("DELETE FROM " + table)
		}
		exec(`UPDATE accounts SET status = 'active', status_before = '' WHERE kind = 'sub'`)
		o := &oracle{parentOf: map[models.ID]models.ID{}, deleted: map[models.ID]bool{}, things: map[models.ID]*thing{}}
		var accounts []models.ID
		for _, c := range companies {
			accounts = append(append(accounts, c.ID), subs[c.ID]...)
			o.parentOf[c.ID] = c.ID
			for _, sub := range subs[c.ID] {
				o.parentOf[sub] = c.ID
			}
		}
		var ids []models.ID
		account := func(r *rapid.T) models.ID { return rapid.SampledFrom(accounts).Draw(r, "account") }
		some := func(r *rapid.T) models.ID {
			if len(ids) == 0 {
				r.Skip("nothing yet")
			}
			return rapid.SampledFrom(ids).Draw(r, "resource")
		}
		r.Repeat(map[string]func(*rapid.T){
			"made": func(r *rapid.T) {
				x := &thing{kind: rapid.SampledFrom(models.ShareKinds).Draw(r, "kind"), owner: account(r), setting: models.OnlyMe}
				if o.deleted[x.owner] {
					r.Skip("nobody makes it")
				}
				id := models.NewID()
				put(exec, w, o.parentOf[x.owner], x.owner, id, x.kind)
				o.things[id], ids = x, append(ids, id)
			},
			"shared": func(r *rapid.T) {
				id := some(r)
				x := o.things[id]
				c := rapid.SampledFrom(companies).Draw(r, "by")
				order := sharing.Order{Kind: x.kind, ID: id, Setting: rapid.SampledFrom(models.ShareSettings).Draw(r, "setting")}
				named := map[models.ID]models.May{}
				fine := x.owner == c.ID && !x.gone
				if order.Setting == models.Custom {
					for _, whom := range rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 0, 3, rapid.ID).Draw(r, "with") {
						may := rapid.SampledFrom([]models.May{models.MayUse, models.MayEdit}).Draw(r, "may")
						order.Shares = append(order.Shares, models.Share{Account: whom, May: may})
						named[whom] = may
						fine = fine && o.parentOf[whom] == c.ID && whom != c.ID && !o.deleted[whom] && (may == models.MayUse || x.kind != models.SharedPackage)
					}
					fine = fine && len(named) > 0
				}
				if shown, err := w.Sharing.Show(ctx, c.Admin.Actor, x.kind, id); err == nil {
					order.Version = shown.Version
				}
				if err := w.Sharing.Share(ctx, c.Admin.Actor, order); (err == nil) != fine {
					r.Fatalf("shared: %v, in words: %v", err, fine)
				}
				if fine {
					x.setting, x.named = order.Setting, named
				}
			},
			"one more": func(r *rapid.T) {
				id := some(r)
				x := o.things[id]
				parent := o.parentOf[x.owner]
				whom := rapid.SampledFrom(subs[parent]).Draw(r, "whom")
				if x.owner != parent || x.gone || o.deleted[whom] {
					r.Skip("nobody asks for it")
				}
				change(r, w, parent, func(tx *store.Tx) error { return sharing.Add(ctx, tx, x.kind, id, whom, models.MayUse) })
				if x.setting == models.Public {
					return
				}
				if x.setting != models.Custom {
					x.setting, x.named = models.Custom, map[models.ID]models.May{}
				}
				x.named[whom] = models.MayUse
			},
			"forgotten": func(r *rapid.T) {
				id := some(r)
				x := o.things[id]
				change(r, w, o.parentOf[x.owner], func(tx *store.Tx) error { sharing.Forget(tx, x.kind, id); return nil })
				x.setting, x.named = models.OnlyMe, nil
			},
			"gone": func(r *rapid.T) {
				id := some(r)
				x := o.things[id]
				switch x.kind {
				case models.SharedSenderID:
					exec(`UPDATE sender_ids SET status = 'withdrawn' WHERE id = $1`, id)
				case models.SharedGroup:
					exec(`UPDATE groups SET deleted_at = now() WHERE id = $1`, id)
				default:
					r.Skip("packages stay")
				}
				x.gone = true
			},
			"deactivated": func(r *rapid.T) {
				exec(`UPDATE accounts SET status = 'deactivated', status_before = 'active' WHERE id = $1 AND kind = 'sub' AND status = 'active'`, account(r))
			},
			"deleted": func(r *rapid.T) {
				whom := account(r)
				if o.parentOf[whom] != whom {
					exec(`UPDATE accounts SET status = 'deleted', status_before = '' WHERE id = $1`, whom)
					o.deleted[whom] = true
				}
			},
		})
		for _, viewer := range accounts {
			compared += agree(r, w, o, viewer)
		}
	})
	t.Logf("%d answers compared", compared)
	if compared < 1000 {
		t.Error("so few show nothing")
	}
}

// agree compares everything that an account may with what the oracle says.
func agree(r *rapid.T, w *storetest.World, o *oracle, viewer models.ID) (compared int) {
	v := store.Viewer{Tenant: o.parentOf[viewer], Account: viewer}
	err := w.Store.Read(ctx, models.System(v.Tenant), func(_ context.Context, tx *store.Tx) error {
		for kind, table := range tables {
			for _, least := range []models.May{models.MaySee, models.MayUse, models.MayEdit} {
				var got, want []string
				visible := store.Visible(v, kind, "x", least)
				if err := tx.Raw(`SELECT x.id::text FROM `+table+` x WHERE `+visible.SQL+` ORDER BY x.id`, visible.Args...).Scan(&got).Error; err != nil {
					return err
				}
				for id, x := range o.things {
					if x.kind == kind && o.may(viewer, x) >= least {
						want = append(want, id.String())
					}
				}
				slices.Sort(want)
				if !slices.Equal(got, want) {
					r.Fatalf("%s of right %d for %s: %v, in words %v", table, least, viewer, got, want)
				}
				compared++
			}
		}
		for id, x := range o.things {
			got, err := store.MayOf(tx, v, x.kind, id)
			if err != nil {
				return err
			}
			if want := o.may(viewer, x); got != want {
				r.Fatalf("%s %s for %s: %d, in words %d", x.kind, id, viewer, got, want)
			}
			compared++
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return compared
}

var tables = map[models.ShareKind]string{models.SharedSenderID: "sender_ids", models.SharedGroup: "groups", models.SharedPackage: "packages"}

// put writes a resource past the services that have them.
func put(exec func(string, ...any), w *storetest.World, tenant, owner, id models.ID, kind models.ShareKind) {
	at := w.Clock.Now()
	switch kind {
	case models.SharedSenderID:
		exec(`INSERT INTO sender_ids (tenant_id, id, account_id, name, status, requested_by, requested_at) VALUES ($1,$2,$3,$4,'approved','x',$5)`,
			tenant, id, owner, id.String()[24:35], at)
	case models.SharedGroup:
		exec(`INSERT INTO groups (tenant_id, id, account_id, name, created_at) VALUES ($1,$2,$3,'A group ' || gen_random_uuid(),$4)`, tenant, id, owner, at)
	case models.SharedPackage:
		exec(`INSERT INTO packages (tenant_id, id, account_id, name, units, countries, source, currency, price, acquired_at, expires_at)
			VALUES ($1,$2,$3,'A package',5,'{}','granted','EUR',0,$4,$5)`, tenant, id, owner, at, at.AddDate(1, 0, 0))
	}
}

func change(r *rapid.T, w *storetest.World, tenant models.ID, work func(*store.Tx) error) {
	_, err := w.Store.Change(ctx, models.System(tenant), func(_ context.Context, tx *store.Tx) (models.Event, error) {
		return models.Event{Action: models.SharingChanged, Account: tenant}, work(tx)
	})
	if err != nil {
		r.Fatal(errors.Unwrap(err), err)
	}
}
