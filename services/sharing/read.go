package sharing

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"offshoot/models"
	"offshoot/services/store"
)

// Of returns how a resource is shared. Sub-accounts that were deleted since are left out. The caller has seen to it that
// the reader may know.
func Of(tx *store.Tx, kind models.ShareKind, id models.ID) (models.Sharing, error) {
	found := models.Sharing{Setting: models.OnlyMe}
	var row struct {
		Setting models.ShareSetting
		Version int
	}
	err := tx.Raw(`SELECT setting, version FROM sharings WHERE tenant_id = ? AND kind = ? AND id = ?`, tx.Actor.Tenant, kind, id).Scan(&row).Error
	if err != nil || row.Version == 0 {
		return found, err
	}
	found.Setting, found.Version = row.Setting, row.Version
	err = tx.Raw(`SELECT s.account_id AS account, a.name AS account_name, CASE s.may WHEN 'edit' THEN ?::integer ELSE ?::integer END AS may, s.since
		FROM shares s JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.status <> 'deleted'
		WHERE s.tenant_id = ? AND s.kind = ? AND s.resource_id = ? ORDER BY a.name_key, a.id`,
		int(models.MayEdit), int(models.MayUse), tx.Actor.Tenant, kind, id).Scan(&found.Shares).Error
	return found, err
}

// Settings returns how those of the resources are shared that anybody else may use; the others are for their account only.
func Settings(tx *store.Tx, kind models.ShareKind, ids []models.ID) (map[models.ID]models.ShareSetting, error) {
	found := map[models.ID]models.ShareSetting{}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []struct {
		ID      models.ID
		Setting models.ShareSetting
	}
	err := tx.Raw(`SELECT id, setting FROM sharings WHERE tenant_id = ? AND kind = ? AND id IN ?`, tx.Actor.Tenant, kind, ids).Scan(&rows).Error
	for _, row := range rows {
		found[row.ID] = row.Setting
	}
	return found, err
}

// Add lets one more sub-account use a resource, as when units of a package are given to it: Only me becomes Custom, and
// what is Public stays so. The caller has seen to it that both are of the tenant, and logs it.
func Add(ctx context.Context, tx *store.Tx, kind models.ShareKind, id, account models.ID, may models.May) error {
	var setting models.ShareSetting
	err := tx.Raw(`INSERT INTO sharings AS s (tenant_id, kind, id, setting, changed_at) VALUES (?, ?, ?, 'custom', ?)
		ON CONFLICT (tenant_id, kind, id) DO UPDATE SET version = s.version + 1, changed_at = excluded.changed_at,
			setting = CASE s.setting WHEN 'public' THEN 'public' ELSE 'custom' END
		RETURNING setting`, tx.Actor.Tenant, kind, id, tx.Now).Scan(&setting).Error
	if err == nil && setting == models.Custom {
		tx.Queue(insertShare, tx.Actor.Tenant, string(kind), id, account, words[may], tx.Now)
	}
	return err
}

// Forget takes back all sharing of a resource that is no more.
func Forget(tx *store.Tx, kind models.ShareKind, id models.ID) {
	tx.Queue(`DELETE FROM sharings WHERE tenant_id = $1 AND kind = $2 AND id = $3`, tx.Actor.Tenant, string(kind), id)
}

// Offered is how many sub-accounts Complete returns at most.
const Offered = 20

// Complete returns the sub-accounts whose name, contact, e-mail or mobile has the text in it, in order of name, at most
// Offered; with no text the first ones. For: a parent's Admins, who choose whom to share with.
func (s *Service) Complete(ctx context.Context, actor models.Actor, text string) ([]models.NamedAccount, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return nil, err
	}
	var found []models.NamedAccount
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		const query = `SELECT a.id, a.name FROM accounts a WHERE a.tenant_id = ? AND a.kind = 'sub' AND a.status <> 'deleted'`
		pattern := likePattern(text)
		if pattern == "" {
			return tx.Raw(query+` ORDER BY a.name_key, a.id LIMIT ?`, tx.Actor.Tenant, Offered).Scan(&found).Error
		}
		return tx.Raw(query+` AND a.id = ANY (ARRAY(SELECT sub_accounts_like(lower(? COLLATE "und-x-icu") COLLATE "default", 1000)))
			ORDER BY a.name_key, a.id LIMIT ?`, tx.Actor.Tenant, pattern, Offered).Scan(&found).Error
	})
	return found, err
}

// Named returns the sub-account of a name, whatever its capitals. Refuses with ErrNoSuchSubAccount.
// For: as Complete.
func (s *Service) Named(ctx context.Context, actor models.Actor, name string) (models.NamedAccount, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return models.NamedAccount{}, err
	}
	var found models.NamedAccount
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`WITH typed AS MATERIALIZED (SELECT lower(? COLLATE "und-x-icu") AS key)
			SELECT a.id, a.name FROM accounts a WHERE a.tenant_id = ? AND a.kind = 'sub' AND a.status <> 'deleted' AND a.name_key = (SELECT key FROM typed)`,
			clean(name), tx.Actor.Tenant).Scan(&found).Error
	})
	if err == nil && found.ID == models.NoID {
		err = ErrNoSuchSubAccount
	}
	return found, err
}

// ErrNoSuchSubAccount is the answer to a name that no sub-account has.
var ErrNoSuchSubAccount = &models.Error{Kind: models.NotFound, Code: "no_such_sub_account", Message: "No sub-account has this name."}

// likePattern finds text anywhere; % and _ are themselves.
func likePattern(text string) string {
	if text = clean(text); text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// clean leaves out of text from outside what PostgreSQL would fail on, and more than a name can have.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), 1000)], ""), "\x00", "")
	runes := []rune(strings.TrimSpace(norm.NFC.String(text)))
	return string(runes[:min(len(runes), 120)])
}

// Accounts returns those of the sub-accounts that are there, in order of name: what a form named comes back with names.
// For: as Complete.
func (s *Service) Accounts(ctx context.Context, actor models.Actor, ids []models.ID) ([]models.NamedAccount, error) {
	if err := actor.Require(models.ManageSubAccounts); err != nil || len(ids) == 0 {
		return nil, err
	}
	var found []models.NamedAccount
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT a.id, a.name FROM accounts a WHERE a.tenant_id = ? AND a.kind = 'sub' AND a.status <> 'deleted' AND a.id IN ?
			ORDER BY a.name_key, a.id`, tx.Actor.Tenant, ids[:min(len(ids), Most+1)]).Scan(&found).Error
	})
	return found, err
}
