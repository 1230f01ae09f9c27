package models

import "time"

// Actor is who acts in one request or job. It comes from the session, the key or the job, never from a parameter.
type Actor struct {
	Tenant     ID // whose rows are read and changed
	Account    ID // as which account
	Kind       AccountKind
	User       ID // the person; NoID for the installation itself
	Email      string
	Role       Role
	Home       ID // tenant of the person
	HomeAcct   ID // account of the person
	Privileges map[Privilege]bool
	Access     *Access // set while the person is in an account that is not theirs
	Request    string  // request id, kept in the action log
}

// Access is a person being in an account that is not theirs (ACC-12).
type Access struct {
	ID     ID
	Reason string
	EndsAt time.Time
}

// ErrMissingPrivilege is the refusal of something the actor may not do at all.
var ErrMissingPrivilege = &Error{Kind: Forbidden, Code: "missing_privilege", Message: "Your account does not permit this. Ask the person who manages it."}

// Can says whether the actor has the privilege.
func (a Actor) Can(p Privilege) bool { return a.Privileges[p] }

// Require refuses with ErrMissingPrivilege unless the actor has the privilege.
func (a Actor) Require(p Privilege) error {
	if a.Can(p) {
		return nil
	}
	return ErrMissingPrivilege
}

// IsStaff says whether the actor acts as the operator.
func (a Actor) IsStaff() bool { return a.Kind == Operator }

// In returns the staff actor at work in another tenant's books. Anyone else stays where they are.
func (a Actor) In(tenant ID) Actor {
	if a.IsStaff() {
		a.Tenant = tenant
	}
	return a
}

// Entered is the account that the actor has entered, nil while they are in their own: what stands beside their name
// wherever it is kept.
func (a Actor) Entered() *ID {
	if a.Access == nil {
		return nil
	}
	return &a.Account
}

// System is the installation itself acting in a tenant: jobs, sign-in, the demo world. It has no privileges; functions
// that it may call do not ask for any.
func System(tenant ID) Actor { return Actor{Tenant: tenant, Account: tenant, Kind: Parent} }

// PrivilegesOf returns what a person may do as a member of an account: by its kind and the person's role, and for a
// sub-account what its parent granted. Whoever is there through Access account never gets more than an Admin of it.
func PrivilegesOf(kind AccountKind, role Role, granted []Privilege) map[Privilege]bool {
	can := map[Privilege]bool{}
	add := func(ps ...Privilege) {
		for _, p := range ps {
			can[p] = true
		}
	}
	add(SignedInAtAll, ManageOwnSignIn)
	if role == Admin {
		add(ManageUsers)
	}
	switch kind {
	case Operator:
		add(SupportAccounts)
		if role == Admin {
			add(ManageParents, RecordMoney, RecordUsage, ManageOperator)
		}
	case Parent:
		add(ViewAccount, ViewSubAccounts, ViewActionLog, ViewMessages, SendMessages, ViewAudience, ViewSenderIDs, ViewInteractive, ViewUnits,
			ViewReports, ViewStatement, ViewStore)
		if role == Admin {
			add(ManageSubAccounts, BuyInStore, ShopInStore, AccessSubAccounts, DecideStaffAccess, BillingPayments, AddSenderIDs, APIApps,
				ManageAudience, InteractiveMessages)
		}
	case Sub:
		add(ViewAccount, ViewMessages, SendMessages, ViewAudience, ViewSenderIDs, ViewUnits, ViewReports, ViewStatement, RequestCredit)
		for _, p := range granted {
			if IsGrantable(p) && (role == Admin || !forAdmins[p]) {
				add(p)
				add(comesWith[p]...)
			}
		}
	}
	return can
}

// forAdmins are the granted privileges that a sub-account's Users do not have: they spend the parent's money, or open the
// account to programs. A parent's Users have them neither.
var forAdmins = map[Privilege]bool{BillingPayments: true, APIApps: true}

// comesWith is what a granted privilege brings along: the pages on which it is used.
var comesWith = map[Privilege][]Privilege{
	InteractiveMessages: {ViewInteractive},
	BillingPayments:     {ViewStore, ShopInStore},
}
