package models

import "time"

// Action is what happened, in the past tense. Together with the account and the details it becomes a sentence on the
// action log's page.
type Action string

const (
	TransferPosted        Action = "transfer.posted"
	TransferredBack       Action = "transfer.returned"
	MoneyReceived         Action = "money.received"
	UsageCharged          Action = "usage.charged"
	UsageRefunded         Action = "usage.refunded"
	PurchasePaid          Action = "purchase.paid"
	PackageUnitsIssued    Action = "units.issued"
	PackageUnitsExpired   Action = "units.expired"
	CreditLineChanged     Action = "credit_line.changed"
	Installed             Action = "operator.installed"
	ParentCreated         Action = "parent.created"
	FeatureEnabled        Action = "feature.enabled"
	FeatureRequested      Action = "feature.requested"
	FeatureApproved       Action = "feature.approved"
	FeatureRefused        Action = "feature.refused"
	FeatureModeChanged    Action = "feature_mode.changed"
	SubAccountAdded       Action = "sub_account.added"
	SubAccountEdited      Action = "sub_account.edited"
	SubAccountActivated   Action = "sub_account.activated"
	AccountActivated      Action = "account.activated" // of a parent
	SubAccountDeactivated Action = "sub_account.deactivated"
	SubAccountReactivated Action = "sub_account.reactivated"
	SubAccountDeleted     Action = "sub_account.deleted"
	PrivilegesChanged     Action = "privileges.changed"
	FundingChanged        Action = "funding.changed"
	LimitChanged          Action = "limit.changed"
	CapsChanged           Action = "caps.changed"
	MonthStarted          Action = "month.started" // of a parent's sub-accounts with a monthly limit
	ParentDeactivated     Action = "parent.deactivated"
	ParentReactivated     Action = "parent.reactivated"
	ActivationSent        Action = "activation.sent"
	ActivationOpened      Action = "activation.opened"
	CodeSent              Action = "code.sent"
	CodeRefused           Action = "code.refused"
	CodeAccepted          Action = "code.accepted"
	PasswordSet           Action = "password.set"
	PasswordRefused       Action = "password.refused"
	SecondFactorTurnedOn  Action = "second_factor.turned_on"
	SecondFactorTurnedOff Action = "second_factor.turned_off"
	SecondFactorReset     Action = "second_factor.reset"
	SecondFactorRefused   Action = "second_factor.refused"
	RecoveryCodesMade     Action = "recovery_codes.made"
	SessionsEnded         Action = "sessions.ended"
	PasswordLinkAsked     Action = "password_link.asked"
	PasswordLinkSent      Action = "password_link.sent"
	SignedIn              Action = "session.started"
	SignInRefused         Action = "session.refused"
	SignedOut             Action = "session.ended"
	AccessStarted         Action = "access.started"
	AccessEnded           Action = "access.ended"
	StaffAccessTurnedOff  Action = "staff_access.turned_off"
	StaffAccessTurnedOn   Action = "staff_access.turned_on"
	ConsentRequested      Action = "consent.requested"
	ConsentGiven          Action = "consent.given"
	ConsentRefused        Action = "consent.refused"
	ConsentWithdrawn      Action = "consent.withdrawn"
	UserAdded             Action = "user.added"
	UserChanged           Action = "user.changed"
	UserDisabled          Action = "user.disabled"
	UserEnabled           Action = "user.enabled"
	InvitationSent        Action = "invitation.sent"
	InvitationAccepted    Action = "invitation.accepted"
	PasswordHandedOver    Action = "password.handed_over"
	ProfileChanged        Action = "profile.changed"
	MailSent              Action = "mail.sent"
	MailFailed            Action = "mail.failed"
	TextSent              Action = "text.sent"
	TextFailed            Action = "text.failed"
	JobRetried            Action = "job.retried"
	JobGivenUp            Action = "job.given_up"
	RateSet               Action = "rate.set"
	RateDropped           Action = "rate.dropped"
	RatesImported         Action = "rates.imported"
	OfferAdded            Action = "package_offer.added"
	OfferChanged          Action = "package_offer.changed"
	PackageBought         Action = "package.bought"
	PackageGranted        Action = "package.granted"
	PackageExpired        Action = "package.expired"
	SharingChanged        Action = "sharing.changed"
	SenderIDRequested     Action = "sender_id.requested"
	SenderIDDescribed     Action = "sender_id.described"
	SenderIDApproved      Action = "sender_id.approved"
	SenderIDRefused       Action = "sender_id.refused"
	SenderIDWithdrawn     Action = "sender_id.withdrawn"
	FeatureAccessDrafted  Action = "feature_access.drafted"
	FeatureAccessChanged  Action = "feature_access.changed"
	FeatureAccessDropped  Action = "feature_access.discarded"
	SendComposed          Action = "send.composed"
	SendingStarted        Action = "send.started"
	SendingPaused         Action = "send.paused"
	SendingContinued      Action = "send.continued"
	SendingBlocked        Action = "send.blocked"
	SendingCancelled      Action = "send.cancelled"
	SendingDone           Action = "send.done"
	GroupAdded            Action = "group.added"
	GroupChanged          Action = "group.changed"
	GroupDeleted          Action = "group.deleted"
	ContactAdded          Action = "contact.added"
	ContactChanged        Action = "contact.changed"
	ContactRemoved        Action = "contact.removed"
	ImportStarted         Action = "contact_import.started"
	ContactsImported      Action = "contact_import.done"
	OptOutAdded           Action = "opt_out.added"
	OptOutRemoved         Action = "opt_out.removed"
	RuleAdded             Action = "reply_rule.added"
	RuleChanged           Action = "reply_rule.changed"
	RuleDeleted           Action = "reply_rule.deleted"
	NumberAssigned        Action = "number.assigned"
	NumberReleased        Action = "number.released"
	PackageShared         Action = "package.shared"
	RechargeSet           Action = "recharge.set"
	RechargeStopped       Action = "recharge.stopped"
	RechargePaused        Action = "recharge.paused"
	RechargeResumed       Action = "recharge.resumed"
	LowNoticeSet          Action = "low_notice.set"
)

// Event is the line that a change writes into the action log. Account is the account it happened to; who did it comes
// from the actor.
type Event struct {
	Action       Action
	Account      ID
	Other        ID // the other account of a movement
	Amount       *Money
	BalanceAfter *Money // of Account
	Transfer     ID
	Subject      ID // what was made or changed, when it is no account
	Reference    string
	Details      map[string]string
}

// LogLine is an Event as the action log keeps it.
type LogLine struct {
	Tenant       ID
	TenantName   string // the parent in whose books the line stands, where staff read those of all
	ID           ID
	At           time.Time
	ActorEmail   string
	ActingAs     string // name of the entered account while somebody was in it
	Action       Action
	Account      ID
	AccountName  string
	Other        ID
	OtherName    string
	Amount       *Money
	BalanceAfter *Money
	Transfer     ID
	Reference    string
	Details      map[string]string
}
