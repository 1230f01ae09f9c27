package web

import (
	"net/http"

	"offshoot/models"
)

// route is one line of the list below: what is asked for, what the person must be permitted, and who answers.
type route struct {
	method, path string
	needs        models.Privilege // "": anyone
	handle       func(*visit) error
	fresh        bool // asks for the password again when it was given a while ago
	upload       bool // brings a file
}

// public is for anyone, signed in or not.
func public(method, path string, handle func(*visit) error) route {
	return route{method: method, path: path, handle: handle}
}

// needs is for those who are signed in and have the privilege.
func needs(p models.Privilege, method, path string, handle func(*visit) error) route {
	return route{method: method, path: path, needs: p, handle: handle}
}

// fresh marks a sensitive act and the page that leads to it: whoever did not prove lately that they are there is asked for
// their password first.
func fresh(r route) route {
	r.fresh = true
	return r
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes is everything the portal answers, public pages first. testdata/access.golden holds it against every persona.
func (s *Server) routes() []route {
	list := []route{
		public(get, "/livez", s.showLive),
		public(get, "/readyz", s.showReady),
		public(get, "/gateways/:gateway/reports/:tenant/:message", s.hearReport),
		public(post, "/gateways/:gateway/reports/:tenant/:message", s.hearReport),
		public(get, "/gateways/:gateway/inbound", s.hearInbound),
		public(post, "/gateways/:gateway/inbound", s.hearInbound),
		public(get, "/sign-in", s.newSession),
		public(post, "/sign-in", s.createSession),
		public(post, "/sign-out", s.deleteSession),
		public(get, "/forgotten-password", s.newPasswordLink),
		public(post, "/forgotten-password", s.createPasswordLink),
		public(get, "/forgotten-password/link", s.newForgottenPassword),
		public(post, "/forgotten-password/link", s.createForgottenPassword),
		public(get, "/activate/link", s.newActivationByLink),
		public(post, "/activate/link", s.createActivationByLink),
		public(get, "/invitation", s.newInvitationAcceptance),
		public(post, "/invitation", s.createInvitationAcceptance),

		needs(models.ActivateAccount, get, "/activate", s.showActivation),
		needs(models.ActivateAccount, post, "/activate/code", s.createCodeEntry),
		needs(models.ActivateAccount, post, "/activate/resend", s.createCode),
		needs(models.ActivateAccount, post, "/activate/password", s.createFirstPassword),

		needs(models.EnterSecondFactor, get, "/sign-in/code", s.newCodeEntry),
		needs(models.EnterSecondFactor, post, "/sign-in/code", s.createSecondFactorEntry),
		needs(models.ChoosePassword, get, "/new-password", s.newOwnPassword),
		needs(models.ChoosePassword, post, "/new-password", s.createOwnPassword),
		needs(models.SignedInAtAll, get, "/confirm-password", s.newConfirmation),
		needs(models.SignedInAtAll, post, "/confirm-password", s.createConfirmation),

		needs(models.ManageOwnSignIn, get, "/settings/security", s.showSecurity),
		needs(models.ManageOwnSignIn, get, "/settings/security/password", s.editPassword),
		needs(models.ManageOwnSignIn, post, "/settings/security/password", s.updatePassword),
		fresh(needs(models.ManageOwnSignIn, get, "/settings/security/second-factor", s.newSecondFactor)),
		fresh(needs(models.ManageOwnSignIn, post, "/settings/security/second-factor", s.createSecondFactor)),
		fresh(needs(models.ManageOwnSignIn, get, "/settings/security/second-factor/qr.png", s.showSecondFactorQR)),
		fresh(needs(models.ManageOwnSignIn, post, "/settings/security/second-factor/confirmation", s.confirmSecondFactor)),
		fresh(needs(models.ManageOwnSignIn, get, "/settings/security/second-factor/removal", s.newSecondFactorRemoval)),
		fresh(needs(models.ManageOwnSignIn, post, "/settings/security/second-factor/removal", s.deleteSecondFactor)),
		fresh(needs(models.ManageOwnSignIn, get, "/settings/security/recovery-codes", s.newRecoveryCodes)),
		fresh(needs(models.ManageOwnSignIn, post, "/settings/security/recovery-codes", s.createRecoveryCodes)),
		needs(models.ManageOwnSignIn, get, "/settings/sessions", s.listSessions),
		needs(models.ManageOwnSignIn, post, "/settings/sessions/sign-out", s.deleteOtherSessions),
		needs(models.ManageOwnSignIn, post, "/settings/sessions/:id/sign-out", s.deleteOneSession),

		needs(models.SignedInAtAll, get, "/", s.showHome),
		needs(models.SignedInAtAll, get, "/settings", s.showSettings),
		needs(models.ManageOwnSignIn, get, "/settings/profile", s.editProfile),
		needs(models.ManageOwnSignIn, post, "/settings/profile", s.updateProfile),
		needs(models.ManageUsers, get, "/settings/users", s.listUsers),
		fresh(needs(models.ManageUsers, get, "/settings/users/new", s.newUser)),
		fresh(needs(models.ManageUsers, post, "/settings/users", s.createUser)),
		fresh(needs(models.ManageUsers, get, "/settings/users/:user", s.editUser)),
		fresh(needs(models.ManageUsers, post, "/settings/users/:user", s.updateUser)),
		needs(models.ManageUsers, post, "/settings/users/:user/invitation", s.createInvitation),
		fresh(needs(models.ManageUsers, post, "/settings/users/:user/disabling", s.createDisabling)),
		fresh(needs(models.ManageUsers, post, "/settings/users/:user/second-factor-reset", s.createSecondFactorReset)),
		needs(models.ManageUsers, post, "/settings/users/:user/enabling", s.createEnabling),
		needs(models.EndAccess, post, "/access/end", s.deleteAccess),

		needs(models.ViewStatement, get, "/statement", s.showStatement),
		needs(models.ViewStatement, get, "/statement.csv", s.exportStatement),
		needs(models.ViewMessages, get, "/messages", s.listMessages),
		needs(models.ViewMessages, get, "/messages.csv", s.exportMessages),
		needs(models.ViewMessages, get, "/messages/:id", s.showMessage),
		needs(models.ViewSenderIDs, get, "/sender-ids", s.listSenderIDs),
		needs(models.ViewSenderIDs, get, "/sender-ids.csv", s.exportSenderIDs),
		needs(models.AddSenderIDs, get, "/sender-ids/new", s.newSenderID),
		needs(models.AddSenderIDs, post, "/sender-ids", s.createSenderID),
		needs(models.ViewSenderIDs, get, "/sender-ids/:id", s.showSenderID),
		needs(models.AddSenderIDs, post, "/sender-ids/:id", s.updateSenderID),
		needs(models.AddSenderIDs, post, "/sender-ids/:id/withdrawal", s.deleteSenderID),
		needs(models.ManageSubAccounts, get, "/sender-ids/:id/sharing", s.editSharing(models.SharedSenderID)),
		needs(models.ManageSubAccounts, post, "/sender-ids/:id/sharing", s.updateSharing(models.SharedSenderID)),
		needs(models.SendMessages, get, "/messages/new", s.newSend),
		upload(needs(models.SendMessages, post, "/messages", s.createSend)),
		needs(models.ViewMessages, get, "/messages/sends", s.listSends),
		needs(models.ViewMessages, get, "/messages/sends/:id", s.showSend),
		needs(models.ViewMessages, get, "/messages/sends/:id/skipped", s.listSkipped),
		needs(models.ViewMessages, get, "/messages/sends/:id/skipped.csv", s.exportSkipped),
		needs(models.SendMessages, post, "/messages/sends/:id/start", s.createStart),
		needs(models.SendMessages, post, "/messages/sends/:id/pause", s.createPause),
		needs(models.SendMessages, post, "/messages/sends/:id/continuation", s.createContinuation),
		needs(models.SendMessages, get, "/messages/sends/:id/cancellation", s.newCancellation),
		needs(models.SendMessages, post, "/messages/sends/:id/cancellation", s.createCancellation),
		needs(models.ViewMessages, get, "/messages/why-blocked", s.showWhyBlocked),
		needs(models.ViewAudience, get, "/audience", s.listGroups),
		needs(models.ManageAudience, get, "/audience/groups/new", s.newGroup),
		needs(models.ManageAudience, post, "/audience/groups", s.createGroup),
		needs(models.ViewAudience, get, "/audience/groups/:id", s.showGroup),
		needs(models.ManageAudience, post, "/audience/groups/:id", s.updateGroup),
		needs(models.ManageAudience, get, "/audience/groups/:id/edit", s.editGroup),
		needs(models.ManageAudience, get, "/audience/groups/:id/deletion", s.newGroupDeletion),
		needs(models.ManageAudience, post, "/audience/groups/:id/deletion", s.deleteGroup),
		needs(models.ManageSubAccounts, get, "/audience/groups/:id/sharing", s.editSharing(models.SharedGroup)),
		needs(models.ManageSubAccounts, post, "/audience/groups/:id/sharing", s.updateSharing(models.SharedGroup)),
		needs(models.ViewAudience, get, "/audience/groups/:id/contacts.csv", s.exportContacts),
		needs(models.ManageAudience, get, "/audience/groups/:id/contacts/new", s.newContact),
		needs(models.ManageAudience, post, "/audience/groups/:id/contacts", s.createContact),
		needs(models.ManageAudience, get, "/audience/groups/:id/contacts/:contact", s.editContact),
		needs(models.ManageAudience, post, "/audience/groups/:id/contacts/:contact", s.updateContact),
		needs(models.ManageAudience, post, "/audience/groups/:id/contacts/:contact/removal", s.deleteContact),
		needs(models.ManageAudience, get, "/audience/groups/:id/imports/new", s.newImport),
		upload(needs(models.ManageAudience, post, "/audience/groups/:id/imports", s.createImport)),
		needs(models.ViewAudience, get, "/audience/groups/:id/imports/:import", s.showImport),
		needs(models.ManageAudience, post, "/audience/groups/:id/imports/:import/start", s.createImportStart),
		needs(models.ViewAudience, get, "/audience/groups/:id/imports/:import/refused.csv", s.exportRefusedRows),
		needs(models.ViewAudience, get, "/audience/opt-outs", s.listOptOuts),
		needs(models.ViewAudience, get, "/audience/opt-outs.csv", s.exportOptOuts),
		needs(models.ManageAudience, post, "/audience/opt-outs", s.createOptOut),
		needs(models.ManageAudience, post, "/audience/opt-outs/removal", s.deleteOptOut),
		needs(models.ViewInteractive, get, "/interactive", s.listInbound),
		needs(models.ViewInteractive, get, "/interactive.csv", s.exportInbound),
		needs(models.ViewInteractive, get, "/interactive/rules", s.listReplyRules),
		needs(models.InteractiveMessages, get, "/interactive/rules/new", s.newReplyRule),
		needs(models.InteractiveMessages, post, "/interactive/rules", s.createReplyRule),
		needs(models.InteractiveMessages, get, "/interactive/rules/:id", s.editReplyRule),
		needs(models.InteractiveMessages, post, "/interactive/rules/:id", s.updateReplyRule),
		needs(models.InteractiveMessages, post, "/interactive/rules/:id/pause", s.createRulePause),
		needs(models.InteractiveMessages, post, "/interactive/rules/:id/resumption", s.createRuleResumption),
		needs(models.InteractiveMessages, post, "/interactive/rules/:id/move", s.createRuleMove),
		needs(models.InteractiveMessages, post, "/interactive/rules/:id/removal", s.deleteReplyRule),
		needs(models.ViewReports, get, "/reports/usage", s.showUsage),
		needs(models.ViewReports, get, "/reports/usage.csv", s.exportUsage),
		needs(models.ViewStatement, get, "/transfers/:id", s.showTransfer),
		needs(models.ViewAccount, get, "/access-log", s.listAccesses),
		needs(models.DecideStaffAccess, get, "/settings/staff-access", s.showStaffAccess),
		fresh(needs(models.DecideStaffAccess, post, "/settings/staff-access", s.updateStaffAccess)),
		fresh(needs(models.DecideStaffAccess, post, "/consents/:id/approval", s.createConsent)),
		needs(models.DecideStaffAccess, post, "/consents/:id/refusal", s.createConsentRefusal),
		needs(models.DecideStaffAccess, post, "/consents/:id/withdrawal", s.deleteConsent),
		needs(models.BillingPayments, get, "/billing", s.showBilling),
		needs(models.ManageSubAccounts, post, "/billing/low-notice", s.updateOwnLowNotice),
		needs(models.ViewActionLog, get, "/action-log", s.listActions),
		needs(models.ViewActionLog, get, "/action-log.csv", s.exportActions),
		needs(models.ViewUnits, get, "/usage", s.listPackages),
		needs(models.ManageSubAccounts, get, "/usage/packages/:package", s.showPackage),
		needs(models.ManageSubAccounts, post, "/usage/packages/:package/sharing", s.updatePackageSetting),
		needs(models.ManageSubAccounts, post, "/usage/packages/:package/units", s.createUnits),
		needs(models.ManageSubAccounts, post, "/usage/packages/:package/units-back", s.createUnitsBack),
		needs(models.ViewStore, get, "/store", s.showStore),
		needs(models.ShopInStore, get, "/store/packages/:offer", s.newPurchase),
		needs(models.ShopInStore, post, "/store/packages/:offer/purchases", s.createPurchase),
		needs(models.BuyInStore, post, "/store/sub-accounts", s.createFeature),

		needs(models.ViewSubAccounts, get, "/sub-accounts", s.listSubAccounts),
		needs(models.ViewSubAccounts, get, "/sub-accounts.csv", s.exportSubAccounts),
		needs(models.ViewSubAccounts, get, "/sub-accounts/privileges", s.listPrivileges),
		needs(models.ManageSubAccounts, get, "/sub-accounts/new", s.newSubAccount),
		needs(models.ManageSubAccounts, post, "/sub-accounts", s.createSubAccount),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id", s.showSubAccount),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/balance", s.showSubAccountBalance),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/balance.csv", s.exportSubAccountStatement),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/privileges", s.showPrivileges),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/activity", s.showSubAccountActivity),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/why-blocked", s.showSubAccountWhyBlocked),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/access-log", s.listSubAccountAccesses),
		needs(models.ViewSubAccounts, get, "/sub-accounts/:id/users", s.listUsers),
		fresh(needs(models.ManageSubAccounts, get, "/sub-accounts/:id/users/new", s.newUser)),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users", s.createUser)),
		fresh(needs(models.ManageSubAccounts, get, "/sub-accounts/:id/users/:user", s.editUser)),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user", s.updateUser)),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user/invitation", s.createInvitation),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user/disabling", s.createDisabling)),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user/second-factor-reset", s.createSecondFactorReset)),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user/enabling", s.createEnabling),
		fresh(needs(models.ManageSubAccounts, get, "/sub-accounts/:id/users/:user/password", s.newHandover)),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/users/:user/password", s.createHandover)),
		needs(models.ManageSubAccounts, get, "/sub-accounts/:id/edit", s.editSubAccount),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id", s.updateSubAccount),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/privileges", s.updatePrivileges),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/features", s.updateFeatureAccess),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/features/publication", s.publishFeatureAccess),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/features/discarding", s.discardFeatureAccess),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/funding", s.updateFunding),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/recharge", s.updateRecharge),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/recharge/removal", s.deleteRecharge),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/recharge/pause", s.createRechargePause),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/recharge/resumption", s.createRechargeResumption),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/low-notice", s.updateLowNotice),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/units", s.createSubAccountUnits),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/units-back", s.createSubAccountUnitsBack),
		needs(models.ManageSubAccounts, get, "/sub-accounts/:id/transfers/new", s.newTransfer),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/transfers", s.createTransfer),
		needs(models.ManageSubAccounts, get, "/sub-accounts/:id/transfers-back/new", s.newTransferBack),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/transfers-back", s.createTransferBack),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/activation/resend", s.createActivation),
		needs(models.ManageSubAccounts, get, "/sub-accounts/:id/deactivation", s.newDeactivation),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/deactivation", s.createDeactivation),
		needs(models.ManageSubAccounts, post, "/sub-accounts/:id/activation", s.deleteDeactivation),
		fresh(needs(models.ManageSubAccounts, get, "/sub-accounts/:id/deletion", s.newDeletion)),
		fresh(needs(models.ManageSubAccounts, post, "/sub-accounts/:id/deletion", s.createDeletion)),
		needs(models.AccessSubAccounts, get, "/sub-accounts/:id/access", s.newAccess),
		needs(models.AccessSubAccounts, post, "/sub-accounts/:id/access", s.createAccess),

		needs(models.SupportAccounts, get, "/staff/accounts", s.listParents),
		needs(models.ManageParents, get, "/staff/accounts/new", s.newParent),
		needs(models.ManageParents, post, "/staff/accounts", s.createParent),
		needs(models.SupportAccounts, get, "/staff/accounts/:tenant/:id", s.showAccount),
		needs(models.SupportAccounts, get, "/staff/accounts/:tenant/:id/users", s.listUsers),
		fresh(needs(models.ManageParents, get, "/staff/accounts/:tenant/:id/users/new", s.newUser)),
		fresh(needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users", s.createUser)),
		fresh(needs(models.ManageParents, get, "/staff/accounts/:tenant/:id/users/:user", s.editUser)),
		fresh(needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users/:user", s.updateUser)),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users/:user/invitation", s.createInvitation),
		fresh(needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users/:user/disabling", s.createDisabling)),
		fresh(needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users/:user/second-factor-reset", s.createSecondFactorReset)),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/:id/users/:user/enabling", s.createEnabling),
		needs(models.SupportAccounts, get, "/staff/accounts/:tenant/:id/access", s.newStaffAccess),
		needs(models.SupportAccounts, post, "/staff/accounts/:tenant/:id/access", s.createStaffAccess),
		needs(models.SupportAccounts, post, "/staff/accounts/:tenant/:id/consent", s.createConsentRequest),
		needs(models.RecordMoney, get, "/staff/accounts/:tenant/payments/new", s.newPayment),
		needs(models.RecordMoney, post, "/staff/accounts/:tenant/payments", s.createPayment),
		needs(models.RecordUsage, get, "/staff/accounts/:tenant/:id/usage/new", s.newUsage),
		needs(models.RecordUsage, post, "/staff/accounts/:tenant/:id/usage", s.createUsage),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/credit-line", s.updateCreditLine),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/activation/resend", s.createParentActivation),
		needs(models.ManageParents, get, "/staff/accounts/:tenant/deactivation", s.newParentDeactivation),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/deactivation", s.createParentDeactivation),
		needs(models.ManageParents, post, "/staff/accounts/:tenant/activation", s.deleteParentDeactivation),
		needs(models.SupportAccounts, get, "/staff/requests", s.listRequests),
		needs(models.ManageParents, post, "/staff/requests/:tenant/:id/approval", s.createApproval),
		needs(models.ManageParents, post, "/staff/requests/:tenant/:id/refusal", s.createRefusal),
		needs(models.SupportAccounts, get, "/staff/rates", s.listRates),
		needs(models.SupportAccounts, get, "/staff/rates.csv", s.exportRates),
		needs(models.ManageOperator, get, "/staff/rates/new", s.newRate),
		needs(models.ManageOperator, post, "/staff/rates", s.createRate),
		needs(models.ManageOperator, get, "/staff/rates/import", s.newRateImport),
		upload(needs(models.ManageOperator, post, "/staff/rates/import", s.previewRateImport)),
		needs(models.ManageOperator, post, "/staff/rates/import/application", s.createRateImport),
		needs(models.SupportAccounts, get, "/staff/rates/:currency/:country", s.showRate),
		needs(models.ManageOperator, post, "/staff/rates/:currency/:country/removal", s.deleteRate),
		needs(models.SupportAccounts, get, "/staff/rates/packages", s.listOffers),
		needs(models.ManageOperator, get, "/staff/rates/packages/new", s.newOffer),
		needs(models.ManageOperator, post, "/staff/rates/packages", s.createOffer),
		needs(models.ManageOperator, get, "/staff/rates/packages/:offer", s.editOffer),
		needs(models.ManageOperator, post, "/staff/rates/packages/:offer", s.updateOffer),
		needs(models.RecordMoney, get, "/staff/accounts/:tenant/packages/new", s.newGrant),
		needs(models.RecordMoney, post, "/staff/accounts/:tenant/packages", s.createGrant),
		needs(models.ManageParents, post, "/staff/requests/sender-ids/:tenant/:id/approval", s.createSenderApproval),
		needs(models.ManageParents, post, "/staff/requests/sender-ids/:tenant/:id/refusal", s.createSenderRefusal),
		needs(models.SupportAccounts, get, "/staff/numbers", s.listNumbers),
		needs(models.ManageParents, post, "/staff/numbers", s.createNumber),
		needs(models.ManageParents, post, "/staff/numbers/:tenant/release", s.deleteNumber),
		needs(models.SupportAccounts, get, "/staff/background-work", s.listFailedWork),
		needs(models.ManageOperator, post, "/staff/background-work/:tenant/:id/retry", s.createRetry),
		needs(models.ManageOperator, post, "/staff/jobs/:job/retry", s.createJobRetry),
		needs(models.ManageOperator, post, "/staff/jobs/:job/removal", s.createJobRemoval),
		needs(models.SupportAccounts, get, "/staff/action-log", s.listAllActions),
		needs(models.SupportAccounts, get, "/staff/action-log.csv", s.exportAllActions),
		needs(models.SupportAccounts, get, "/staff/settings", s.showOperatorSettings),
		needs(models.ManageOperator, post, "/staff/settings", s.updateOperatorSettings),
	}
	if s.Demo {
		list = append(list, public(get, "/dev/outbox", s.listOutbox))
	}
	return list
}

// Route is a line of the list of routes, for those who check it.
type Route struct {
	Method, Path string
	Needs        models.Privilege // "": anyone
	Fresh        bool             // asks for the password again when it was given a while ago
}

// Routes returns everything that the portal answers, demo pages included.
func Routes() []Route {
	var all []Route
	for _, r := range (&Server{Config: Config{Demo: true}}).routes() {
		all = append(all, Route{r.method, r.path, r.needs, r.fresh})
	}
	return all
}
