// Package paths holds every URL of the portal as a function, so that a page cannot name one that does not exist. The
// routes of package web are checked against it.
package paths

import (
	"net/url"
	"strconv"

	"offshoot/models"
)

func Home() string    { return "/" }
func SignIn() string  { return "/sign-in" }
func SignOut() string { return "/sign-out" }

func ForgottenPassword() string { return "/forgotten-password" }
func PasswordByLink() string    { return "/forgotten-password/link" }

// PasswordLinkSent and PasswordChanged are the pages that say so.
func PasswordLinkSent() string { return With(ForgottenPassword(), url.Values{"sent": {"yes"}}) }
func PasswordChanged() string  { return With(SignIn(), url.Values{"password": {"changed"}}) }

// SignInCode and NewPassword are stations between the password and the page where the person wanted to go.
func SignInCode(next string) string { return With("/sign-in/code", url.Values{"next": {next}}) }
func SignInRecovery(next string) string {
	return With("/sign-in/code", url.Values{"by": {"recovery"}, "next": {next}})
}
func NewPassword(next string) string { return With("/new-password", url.Values{"next": {next}}) }
func ConfirmPassword(next string) string {
	return With("/confirm-password", url.Values{"next": {next}})
}

func Security() string                   { return "/settings/security" }
func OwnPassword() string                { return "/settings/security/password" }
func SecondFactor() string               { return "/settings/security/second-factor" }
func SecondFactorQR() string             { return "/settings/security/second-factor/qr.png" }
func SecondFactorConfirmation() string   { return "/settings/security/second-factor/confirmation" }
func SecondFactorRemoval() string        { return "/settings/security/second-factor/removal" }
func RecoveryCodes() string              { return "/settings/security/recovery-codes" }
func Sessions() string                   { return "/settings/sessions" }
func SignOutElsewhere() string           { return "/settings/sessions/sign-out" }
func SignOutSession(id models.ID) string { return "/settings/sessions/" + id.String() + "/sign-out" }

func Activate() string         { return "/activate" }
func ActivateCode() string     { return "/activate/code" }
func ActivateResend() string   { return "/activate/resend" }
func ActivatePassword() string { return "/activate/password" }
func ActivateByLink() string   { return "/activate/link" }

func Store() string                { return "/store" }
func StoreSubAccounts() string     { return "/store/sub-accounts" }
func Billing() string              { return "/billing" }
func Statement() string            { return "/statement" }
func UsageReport() string          { return "/reports/usage" }
func ActionLog() string            { return "/action-log" }
func AccessLog() string            { return "/access-log" }
func Settings() string             { return "/settings" }
func StaffAccessSetting() string   { return "/settings/staff-access" }
func ReturnFromAccess() string     { return "/access/end" }
func Transfer(id models.ID) string { return "/transfers/" + id.String() }

func ConsentApproval(id models.ID) string   { return "/consents/" + id.String() + "/approval" }
func ConsentRefusal(id models.ID) string    { return "/consents/" + id.String() + "/refusal" }
func ConsentWithdrawal(id models.ID) string { return "/consents/" + id.String() + "/withdrawal" }

func SubAccounts() string                         { return "/sub-accounts" }
func NewSubAccount() string                       { return "/sub-accounts/new" }
func SubAccount(id models.ID) string              { return "/sub-accounts/" + id.String() }
func EditSubAccount(id models.ID) string          { return SubAccount(id) + "/edit" }
func SubAccountBalance(id models.ID) string       { return SubAccount(id) + "/balance" }
func SubAccountFunding(id models.ID) string       { return SubAccount(id) + "/funding" }
func SubAccountPrivileges(id models.ID) string    { return SubAccount(id) + "/privileges" }
func SubAccountActivity(id models.ID) string      { return SubAccount(id) + "/activity" }
func SubAccountTransfers(id models.ID) string     { return SubAccount(id) + "/transfers" }
func NewTransfer(id models.ID) string             { return SubAccount(id) + "/transfers/new" }
func SubAccountTransfersBack(id models.ID) string { return SubAccount(id) + "/transfers-back" }
func NewTransferBack(id models.ID) string         { return SubAccount(id) + "/transfers-back/new" }
func SubAccountActivation(id models.ID) string    { return SubAccount(id) + "/activation" }
func SubAccountResend(id models.ID) string        { return SubAccount(id) + "/activation/resend" }
func SubAccountDeactivation(id models.ID) string  { return SubAccount(id) + "/deactivation" }
func SubAccountDeletion(id models.ID) string      { return SubAccount(id) + "/deletion" }
func SubAccountAccessLog(id models.ID) string     { return SubAccount(id) + "/access-log" }
func SubAccountAccess(id models.ID) string        { return SubAccount(id) + "/access" }

func StaffAccounts() string { return "/staff/accounts" }
func StaffAccountList(q models.FindQuery) string {
	return With(StaffAccounts(), url.Values{"q": {q.Text}, "status": {string(q.Status)}, "after": {q.After}, "people": {q.People}})
}
func StaffNewParent() string { return "/staff/accounts/new" }
func StaffAccount(tenant, id models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/" + id.String()
}
func StaffConsent(tenant, id models.ID) string  { return StaffAccount(tenant, id) + "/consent" }
func StaffAccess(tenant, id models.ID) string   { return StaffAccount(tenant, id) + "/access" }
func NewStaffPayment(tenant models.ID) string   { return StaffPayments(tenant) + "/new" }
func NewStaffUsage(tenant, id models.ID) string { return StaffUsage(tenant, id) + "/new" }
func StaffResend(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/activation/resend"
}
func StaffPayments(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/payments"
}
func StaffUsage(tenant, id models.ID) string { return StaffAccount(tenant, id) + "/usage" }
func StaffCreditLine(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/credit-line"
}
func StaffDeactivation(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/deactivation"
}
func StaffActivation(tenant models.ID) string {
	return "/staff/accounts/" + tenant.String() + "/activation"
}
func StaffRequests() string { return "/staff/requests" }
func StaffApproval(tenant, id models.ID) string {
	return "/staff/requests/" + tenant.String() + "/" + id.String() + "/approval"
}
func StaffRefusal(tenant, id models.ID) string {
	return "/staff/requests/" + tenant.String() + "/" + id.String() + "/refusal"
}
func StaffWork() string { return "/staff/background-work" }
func StaffRetry(tenant, id models.ID) string {
	return "/staff/background-work/" + tenant.String() + "/" + id.String() + "/retry"
}
func StaffJobRetry(job int64) string { return "/staff/jobs/" + strconv.FormatInt(job, 10) + "/retry" }
func StaffJobRemoval(job int64) string {
	return "/staff/jobs/" + strconv.FormatInt(job, 10) + "/removal"
}
func StaffActionLog() string { return "/staff/action-log" }
func StaffSettings() string  { return "/staff/settings" }

func DevOutbox() string { return "/dev/outbox" }

// CSV is the file of a list: the list's own URL with .csv, with the same filter.
func CSV(list string, filter url.Values) string { return With(list+".csv", filter) }

// With adds the query to a path, leaving out what is empty.
func With(path string, query url.Values) string {
	kept := url.Values{}
	for name, values := range query {
		for _, v := range values {
			if v != "" {
				kept.Add(name, v)
			}
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + kept.Encode()
}
