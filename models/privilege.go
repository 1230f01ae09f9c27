package models

// Privilege is something an actor may do. Those of a sub-account are granted by its parent; the others follow from the
// kind of account and the person's role in it.
type Privilege string

// What a parent grants its sub-accounts (PRV-1).
const (
	AddSenderIDs        Privilege = "sender_ids.add"
	APIApps             Privilege = "api_apps.edit"
	ManageAudience      Privilege = "audience.manage"
	InteractiveMessages Privilege = "interactive.use"
	BillingPayments     Privilege = "billing.use"
)

// What the pages of a part of the menu ask for beside those five. Everybody who is signed in to an account has them by
// their kind and role; from a sub-account its parent can take them away part by part (PRV-4, features.go).
const (
	ViewMessages    Privilege = "messages.view"    // the log, sends and their progress
	SendMessages    Privilege = "messages.send"    // compose, start, pause, cancel
	ViewAudience    Privilege = "audience.view"    // groups, contacts, opt-outs; ManageAudience changes them
	ViewSenderIDs   Privilege = "sender_ids.view"  // AddSenderIDs requests and withdraws
	ViewInteractive Privilege = "interactive.view" // inbound messages, keywords, reply rules; InteractiveMessages changes them
	ViewUnits       Privilege = "units.view"       // Account usage: packages and units
	ViewReports     Privilege = "reports.view"
	ViewStatement   Privilege = "statement.view"
	ViewStore       Privilege = "store.view"
	ShopInStore     Privilege = "store.shop" // a parent's Admins, and those of a sub-account with Billing & Payments on its behalf
)

// What follows from the kind of account and the role.
const (
	RequestCredit     Privilege = "credit.request"      // users of a sub-account that does not spend its parent's balance; all that an ended trial leaves
	ViewAccount       Privilege = "account.view"        // one's own dashboard and settings
	ViewSubAccounts   Privilege = "sub_accounts.view"   // a parent's users
	ManageSubAccounts Privilege = "sub_accounts.manage" // a parent's Admins
	ViewActionLog     Privilege = "action_log.view"     // a parent's users
	BuyInStore        Privilege = "store.buy"           // a parent's Admins: features of the account itself
	AccessSubAccounts Privilege = "sub_accounts.access" // a parent's Admins
	DecideStaffAccess Privilege = "staff_access.decide" // a parent's Admins
	ActivateAccount   Privilege = "account.activate"    // the user of a new account, until the code and a password are entered
	ManageUsers       Privilege = "users.manage"        // Admins: the users of their own account
	EnterSecondFactor Privilege = "second_factor.enter" // whoever has given the right password and must show a code yet
	ChoosePassword    Privilege = "password.choose"     // whoever came in with a password that somebody else chose
	SignedInAtAll     Privilege = "session.own"         // everyone who is signed in
	ManageOwnSignIn   Privilege = "sign_in.own"         // everyone in their own account: password, second factor, sessions
	EndAccess         Privilege = "access.end"          // whoever is in an account that is not theirs
	SupportAccounts   Privilege = "accounts.support"    // staff: find, open, access
	ManageParents     Privilege = "parents.manage"      // staff Admins: create, deactivate, approve
	RecordMoney       Privilege = "money.record"        // staff Admins
	RecordUsage       Privilege = "usage.record"        // staff Admins
	ManageOperator    Privilege = "operator.manage"     // staff Admins: settings, background work
)

// HomeOnly are the privileges that nobody has in an account that is not theirs, whatever its Admins may (ACC-12).
var HomeOnly = []Privilege{AccessSubAccounts, DecideStaffAccess, ManageUsers, ManageOwnSignIn, APIApps}

// Grantable is one checkbox on the forms that add and edit a sub-account.
type Grantable struct {
	Privilege   Privilege
	Label       string
	Explanation string
}

// GrantablePrivileges are the five checkboxes in the order in which forms show them.
var GrantablePrivileges = []Grantable{
	{AddSenderIDs, "Add Sender IDs", "May ask for new Sender IDs. Without it, the sub-account sends from its registered mobile number and from what you share with it."},
	{APIApps, "API Apps", "May create and edit API applications and their keys."},
	{ManageAudience, "Manage Audience", "May add groups and contacts."},
	{InteractiveMessages, "Interactive Messages", "May read incoming messages and manage keywords and reply rules."},
	{BillingPayments, "Billing & Payments", "May see your payment history and monthly invoices, and buy in the Store on your behalf."},
}

// IsGrantable says whether a parent can grant p to a sub-account.
func IsGrantable(p Privilege) bool {
	for _, g := range GrantablePrivileges {
		if g.Privilege == p {
			return true
		}
	}
	return false
}
