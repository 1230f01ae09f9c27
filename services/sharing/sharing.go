// Package sharing says who else may use what a parent account has: its Sender IDs, groups and packages (SHR-1). It alone
// writes sharings and shares. Who may do what by them is the rule in services/store/visibility.go.
package sharing

import (
	"context"
	"fmt"
	"slices"

	"offshoot/models"
	"offshoot/services/store"
)

// Service is what pages ask.
type Service struct{ store *store.Store }

// New returns the service.
func New(s *store.Store) *Service { return &Service{store: s} }

var (
	// ErrNoSuchResource is the answer to whatever is not there to be shared: of another account, deleted, or nothing at all.
	ErrNoSuchResource = &models.Error{Kind: models.NotFound, Code: "no_such_resource", Message: "There is nothing here to share."}
	// ErrStale is the refusal of a form that was opened before somebody else changed the sharing.
	ErrStale = &models.Error{Kind: models.Conflict, Code: "stale",
		Message: "Somebody else has changed the sharing in the meantime. What you see now is how it is; make your change again."}
)

// Most is how many sub-accounts a resource can be shared with by name. Beyond it, Public is meant.
const Most = 1000

// Order is how a resource is to be shared.
type Order struct {
	Kind    models.ShareKind
	ID      models.ID
	Setting models.ShareSetting
	Shares  []models.Share // of Custom: Account and May
	Version int            // of the sharing that the order was made from
}

// Share sets who else may use a resource of the parent's account.
//
// For: a parent's Admins. Refuses with ErrMissingPrivilege, ErrNoSuchResource, ErrCheckFields (setting, shares), ErrStale.
func (s *Service) Share(ctx context.Context, actor models.Actor, order Order) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		return Set(ctx, tx, order)
	})
	return err
}

// Show returns a resource of the parent's account with how it is shared. For: as Share. Refuses with ErrNoSuchResource.
func (s *Service) Show(ctx context.Context, actor models.Actor, kind models.ShareKind, id models.ID) (models.SharedResource, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.SharedResource{}, err
	}
	found := models.SharedResource{Kind: kind, ID: id}
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if found.Name, err = nameOf(tx, kind, id); err != nil {
			return err
		}
		found.Sharing, err = Of(tx, kind, id)
		return err
	})
	return found, err
}

// Set is Share within a change. The resource must be the actor's own, and the actor be in a parent account.
func Set(ctx context.Context, tx *store.Tx, order Order) (models.Event, error) {
	if tx.Actor.Kind != models.Parent {
		return models.Event{}, models.ErrMissingPrivilege
	}
	name, err := nameOf(tx, order.Kind, order.ID)
	if err != nil {
		return models.Event{}, err
	}
	if err := order.check(); err != nil {
		return models.Event{}, err
	}
	if err := claim(tx, order); err != nil {
		return models.Event{}, err
	}
	before, err := Of(tx, order.Kind, order.ID)
	if err != nil {
		return models.Event{}, err
	}
	if order.Setting != models.Custom {
		order.Shares = nil
	}
	if err := writeShares(ctx, tx, order, before.Shares); err != nil {
		return models.Event{}, err
	}
	return models.Event{Action: models.SharingChanged, Account: tx.Actor.Account, Subject: order.ID, Details: map[string]string{
		"kind": string(order.Kind), "name": name, "setting": string(order.Setting), "accounts": fmt.Sprint(len(order.Shares))}}, nil
}

func (o Order) check() error {
	var problems models.Problems
	if !slices.Contains(models.ShareSettings, o.Setting) {
		problems.Add("setting", "Choose who may use it.")
	}
	if o.Setting == models.Custom {
		switch {
		case len(o.Shares) == 0:
			problems.Add("shares", "Name at least one sub-account, or choose Only me.")
		case len(o.Shares) > Most:
			problems.Add("shares", fmt.Sprintf("These are more than %d sub-accounts. Choose Public, or share it with fewer.", Most))
		}
		named := map[models.ID]bool{}
		for _, share := range o.Shares {
			if named[share.Account] {
				problems.Add("shares", "A sub-account is named twice.")
			}
			named[share.Account] = true
			if share.May != models.MayUse && share.May != models.MayEdit || share.May == models.MayEdit && !CanBeEdited(o.Kind) {
				problems.Add("shares", "Choose what each sub-account may do.")
			}
		}
	}
	return problems.Err()
}

// CanBeEdited says whether there is anything to edit in a kind of resource. A package is only used.
func CanBeEdited(kind models.ShareKind) bool { return kind != models.SharedPackage }

// claim writes the setting unless somebody was faster; it holds the row, so that others wait.
func claim(tx *store.Tx, o Order) error {
	done := tx.Exec(`INSERT INTO sharings AS s (tenant_id, kind, id, setting, changed_at) SELECT ?, ?, ?, ?, ? WHERE ? = 0
		ON CONFLICT DO NOTHING`, tx.Actor.Tenant, o.Kind, o.ID, o.Setting, tx.Now, o.Version)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.Error
	}
	done = tx.Exec(`UPDATE sharings SET setting = ?, version = version + 1, changed_at = ?
		WHERE tenant_id = ? AND kind = ? AND id = ? AND version = ?`, o.Setting, tx.Now, tx.Actor.Tenant, o.Kind, o.ID, o.Version)
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrStale
	}
	return done.Error
}

// writeShares makes the named sub-accounts those that the resource is shared with. One that it was shared with before
// keeps since when.
func writeShares(ctx context.Context, tx *store.Tx, o Order, before []models.Share) error {
	var accounts []models.ID
	for _, share := range o.Shares {
		accounts = append(accounts, share.Account)
	}
	if len(accounts) > 0 {
		var living int
		// held, so that none of them is deleted before this is done
		err := tx.Raw(`SELECT count(*) FROM (SELECT FROM accounts WHERE tenant_id = ? AND kind = 'sub' AND status <> 'deleted' AND id IN ?
			ORDER BY id FOR SHARE) living`, tx.Actor.Tenant, accounts).Scan(&living).Error
		if err != nil {
			return err
		}
		if living != len(accounts) {
			return models.ErrCheckFields.At("shares", "One of these sub-accounts is not there any more. Take it out of the list.")
		}
	}
	since := map[models.ID]models.Share{}
	for _, share := range before {
		since[share.Account] = share
	}
	if err := tx.Exec(`DELETE FROM shares WHERE tenant_id = ? AND kind = ? AND resource_id = ?`, tx.Actor.Tenant, o.Kind, o.ID).Error; err != nil {
		return err
	}
	for _, share := range o.Shares {
		at := tx.Now
		if was, known := since[share.Account]; known {
			at = was.Since
		}
		tx.Queue(insertShare, tx.Actor.Tenant, string(o.Kind), o.ID, share.Account, words[share.May], at)
	}
	return nil
}

const insertShare = `INSERT INTO shares (tenant_id, kind, resource_id, account_id, may, since) VALUES ($1,$2,$3,$4,$5,$6)
	ON CONFLICT (tenant_id, kind, resource_id, account_id) DO UPDATE SET may = excluded.may`

var words = map[models.May]string{models.MayUse: "use", models.MayEdit: "edit"}

// nameOf returns the name of a resource that the actor's account itself has. It refuses with ErrNoSuchResource.
func nameOf(tx *store.Tx, kind models.ShareKind, id models.ID) (string, error) {
	name, err := store.NameOf(tx, tx.Viewer(), kind, id)
	if err == nil && name == "" {
		err = ErrNoSuchResource
	}
	return name, err
}
