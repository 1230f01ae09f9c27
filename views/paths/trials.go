package paths

import "offshoot/models"

func TrialEnded() string                   { return "/trial-ended" }
func CreditRequests() string               { return "/credit-requests" }
func NewCreditRequest() string             { return "/credit-requests/new" }
func CreditRequestOf(sub models.ID) string { return SubAccount(sub) + "/credit-request" }
func CreditDismissal(sub models.ID) string { return CreditRequestOf(sub) + "/dismissal" }
func StaffPlan(tenant models.ID) string    { return "/staff/accounts/" + tenant.String() + "/plan" }
