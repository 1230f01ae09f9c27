package store

import (
	"fmt"
	"strings"

	"offshoot/models"
)

// Who may see, use and edit what can be shared: Sender IDs, groups, packages (SHR-1). This is the one rule; every list and
// every change asks it.
//
//   - What an account has is its own to edit.
//   - A parent sees what its living sub-accounts have. To use or edit it, its people enter the account: the contacts of
//     a reseller's client are not the reseller's to write to.
//   - What the parent has, and nothing else, is shared: Public with every sub-account, to use; Custom with the sub-accounts
//     that shares names, to use or to use and edit.
//   - A deleted account may nothing, and what was deleted is there for nobody.
//
// Privileges come on top: editing one's own groups takes Manage Audience all the same.

// Viewer is the account that looks. It is a parent where the two are the same.
type Viewer struct{ Tenant, Account models.ID }

// Viewer is the account that the actor is in. Jobs make their own, of the account they work for.
func (tx *Tx) Viewer() Viewer { return Viewer{tx.Actor.Tenant, tx.Actor.Account} }

func (v Viewer) isParent() bool { return v.Tenant == v.Account }

// Condition is a part of a WHERE with its values, which stand in it as ?.
type Condition struct {
	SQL  string
	Args []any
}

// resource is where a kind is kept. Every such table has tenant_id, id, account_id and name.
type resource struct {
	table  string
	living string // of a row of it, named %s
}

var resources = map[models.ShareKind]resource{
	models.SharedSenderID: {"sender_ids", "%s.status <> 'withdrawn'"},
	models.SharedGroup:    {"groups", "%s.deleted_at IS NULL"},
	models.SharedPackage:  {"packages", "true"},
}

// resourceOf panics where there is no such kind: kinds are constants of the code, never input.
func resourceOf(kind models.ShareKind) resource {
	r, ok := resources[kind]
	if !ok {
		panic("store: no resources of kind " + string(kind))
	}
	return r
}

func (r resource) lives(alias string) string {
	if r.living == "true" {
		return r.living
	}
	return fmt.Sprintf(r.living, alias)
}

// reachable are the ids, and how far the right goes, of what a sub-account has or is shared with it. tenant and account are
// SQL expressions; each of the three branches is one range of an index.
func reachable(kind models.ShareKind, tenant, account string) string {
	r := resourceOf(kind)
	return fmt.Sprintf(`SELECT own.id, %[5]d AS may FROM %[1]s own WHERE own.tenant_id = %[3]s AND own.account_id = %[4]s AND %[2]s
		UNION ALL SELECT everyones.id, %[6]d FROM sharings everyones
			WHERE everyones.tenant_id = %[3]s AND everyones.kind = '%[7]s' AND everyones.setting = 'public'
		UNION ALL SELECT given.resource_id, CASE given.may WHEN 'edit' THEN %[5]d ELSE %[6]d END FROM shares given
			WHERE given.tenant_id = %[3]s AND given.account_id = %[4]s AND given.kind = '%[7]s'`,
		r.table, r.lives("own"), tenant, account, models.MayEdit, models.MayUse, kind)
}

func (v Viewer) reachable(kind models.ShareKind) Condition {
	return Condition{reachable(kind, "?", "?"), []any{v.Tenant, v.Account, v.Tenant, v.Tenant, v.Account}}
}

// Visible is the condition on the rows of a kind's table, under the alias that the query gives it, that the viewer may at
// least so much. It names the tenant, and leaves out what was deleted.
//
// For a sub-account the ids are collected first, from the indexes by account, and the rows are fetched by key: an OR of the
// three ways would look at every row of the tenant, which has a hundred thousand accounts.
func Visible(v Viewer, kind models.ShareKind, alias string, least models.May) Condition {
	lives := resourceOf(kind).lives(alias)
	switch {
	case v.isParent() && least <= models.MaySee:
		return Condition{fmt.Sprintf(`%[1]s.tenant_id = ? AND %[2]s AND NOT EXISTS (SELECT FROM accounts gone
			WHERE gone.tenant_id = %[1]s.tenant_id AND gone.id = %[1]s.account_id AND gone.status = 'deleted')`, alias, lives), []any{v.Tenant}}
	case v.isParent():
		return Condition{fmt.Sprintf(`%[1]s.tenant_id = ? AND %[1]s.account_id = ? AND %[2]s`, alias, lives), []any{v.Tenant, v.Account}}
	}
	reach := v.reachable(kind)
	return Condition{
		SQL: fmt.Sprintf(`%[1]s.tenant_id = ? AND %[2]s AND %[1]s.id = ANY (ARRAY(SELECT reach.id FROM (%[3]s) reach WHERE reach.may >= %[4]d))
			AND EXISTS (SELECT FROM accounts viewer WHERE viewer.tenant_id = ? AND viewer.id = ? AND viewer.status <> 'deleted')`,
			alias, lives, reach.SQL, least),
		Args: append(append([]any{v.Tenant}, reach.Args...), v.Tenant, v.Account),
	}
}

// MayOf is how far the viewer's right to one resource goes. MayNothing is answered as what does not exist.
func MayOf(tx *Tx, v Viewer, kind models.ShareKind, id models.ID) (models.May, error) {
	r := resourceOf(kind)
	var may models.May
	if v.isParent() {
		seen := Visible(v, kind, "x", models.MaySee)
		err := tx.Raw(fmt.Sprintf(`SELECT CASE WHEN x.account_id = x.tenant_id THEN %d ELSE %d END FROM %s x WHERE x.id = ? AND `,
			models.MayEdit, models.MaySee, r.table)+seen.SQL, append([]any{id}, seen.Args...)...).Scan(&may).Error
		return may, err
	}
	reach := v.reachable(kind)
	args := append(append([]any{}, reach.Args...), v.Tenant, v.Account, v.Tenant, id)
	err := tx.Raw(fmt.Sprintf(`SELECT coalesce(max(reach.may), 0) FROM %s x JOIN (%s) reach ON reach.id = x.id
		JOIN accounts viewer ON viewer.tenant_id = ? AND viewer.id = ? AND viewer.status <> 'deleted'
		WHERE x.tenant_id = ? AND x.id = ? AND %s`, r.table, reach.SQL, r.lives("x")), args...).Scan(&may).Error
	return may, err
}

// SomethingToSee is an SQL expression: whether a sub-account has anything of the kind or anything is shared with it. tenant
// and account are expressions too. It may say yes where all of it was deleted.
func SomethingToSee(kind models.ShareKind, tenant, account string) string {
	return `EXISTS (` + reachable(kind, tenant, account) + `)`
}

// NameOf returns the name of a living resource that the account itself has; "" where it has no such.
func NameOf(tx *Tx, v Viewer, kind models.ShareKind, id models.ID) (string, error) {
	r := resourceOf(kind)
	var name string
	err := tx.Raw(fmt.Sprintf(`SELECT x.name FROM %s x WHERE x.tenant_id = ? AND x.account_id = ? AND x.id = ? AND %s`, r.table, r.lives("x")),
		v.Tenant, v.Account, id).Scan(&name).Error
	return name, err
}

// Numbered turns the ? of a query into $1, $2 …, which is how Rows takes its values.
func Numbered(sql string) string {
	var b strings.Builder
	n := 0
	for _, r := range sql {
		if r == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
