package paths

import "offshoot/models"

func MonthStart() string              { return "/month-start" }
func ShowRecharge(id models.ID) string { return SubAccountBalance(id) + "#auto-recharge" }
