package paths

import "offshoot/models"

// SubAccountRecharge is where a sub-account's auto-recharge is set; ShowRecharge leads to it on its tab Balance.
func SubAccountRecharge(id models.ID) string           { return SubAccount(id) + "/recharge" }
func SubAccountRechargeRemoval(id models.ID) string    { return SubAccountRecharge(id) + "/removal" }
func SubAccountRechargePause(id models.ID) string      { return SubAccountRecharge(id) + "/pause" }
func SubAccountRechargeResumption(id models.ID) string { return SubAccountRecharge(id) + "/resumption" }
func ShowRecharge(id models.ID) string                 { return SubAccountBalance(id) + "#" + RechargeCard }

// RechargeCard is the card on the tab.
const RechargeCard = "auto-recharge"

func SubAccountLowNotice(id models.ID) string { return SubAccount(id) + "/low-notice" }
func OwnLowNotice() string                    { return Billing() + "/low-notice" }
