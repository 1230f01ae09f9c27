package refill

import (
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// currencyOf is that of a sub-account of the actor's tenant, which never changes. Refuses with ErrNoSuchAccount.
func currencyOf(tx *store.Tx, sub models.ID) (string, error) {
	var currency string
	err := tx.Raw(`SELECT currency FROM accounts WHERE tenant_id = ? AND id = ? AND kind = 'sub' AND status <> 'deleted'`, tx.Actor.Tenant, sub).Scan(&currency).Error
	if err == nil && currency == "" {
		err = ErrNoSuchAccount
	}
	return currency, err
}

// parentOf is the tenant's parent account: what of it decides about recharges and is told in mails.
func parentOf(tx *store.Tx) (models.Account, error) {
	var row struct {
		Name, TimeZone string
		Status         models.AccountStatus
	}
	tenant := tx.Actor.Tenant
	err := tx.Raw(`SELECT name, time_zone, status FROM accounts WHERE tenant_id = ? AND id = ? AND kind = 'parent'`, tenant, tenant).Scan(&row).Error
	return models.Account{TenantID: tenant, ID: tenant, Kind: models.Parent, Name: row.Name, TimeZone: row.TimeZone, Status: row.Status}, err
}

// fundingHeld is a sub-account's funding, which stays so until the transaction ends.
func fundingHeld(tx *store.Tx, sub models.ID) (models.Funding, error) {
	var funding models.Funding
	err := tx.Raw(`SELECT funding FROM accounts WHERE tenant_id = ? AND id = ? FOR SHARE`, tx.Actor.Tenant, sub).Scan(&funding).Error
	return funding, err
}

// ruleRow is a rule as the table has it.
type ruleRow struct {
	AccountID    models.ID
	Asset        string
	Below        int64
	Amount       int64
	UpTo         bool
	MostTimes    int
	MostAmount   int64
	PausedAt     *time.Time
	PausedReason models.PauseReason
	Version      int
	SetAt        time.Time
	StoppedAt    *time.Time
}

const ruleColumns = `r.account_id, r.asset, r.below, r.amount, r.up_to, r.most_times, r.most_amount, r.paused_at, r.paused_reason, r.version, r.set_at, r.stopped_at`

func (r ruleRow) rule() models.RechargeRule {
	money := func(micros int64) models.Money { return models.FromMicros(micros, r.Asset) }
	return models.RechargeRule{Below: money(r.Below), Amount: money(r.Amount), UpTo: r.UpTo, MostTimes: r.MostTimes, MostAmount: money(r.MostAmount),
		Paused: r.PausedReason, PausedAt: r.PausedAt, SetAt: r.SetAt, StoppedAt: r.StoppedAt, Version: r.Version}
}

// ruleHeld is a sub-account's rule, nil where there never was one. Nobody else changes it until the transaction ends.
func ruleHeld(tx *store.Tx, sub models.ID) (*models.RechargeRule, error) {
	return ruleOf(tx, sub, ` FOR NO KEY UPDATE`)
}

func ruleOf(tx *store.Tx, sub models.ID, lock string) (*models.RechargeRule, error) {
	var rows []ruleRow
	err := tx.Raw(`SELECT `+ruleColumns+` FROM recharge_rules r WHERE r.tenant_id = ? AND r.account_id = ?`+lock, tx.Actor.Tenant, sub).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	rule := rows[0].rule()
	return &rule, nil
}

// day is a day as a date column takes it.
func day(d models.Day) string { return d.String() }
