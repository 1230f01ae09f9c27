package models

// ActionGroup is a choice of the action log's filter: actions that people look for together.
type ActionGroup struct {
	Key     string // in addresses
	Label   string
	Actions []Action
}

// ActionGroups hold every action once, in the order in which the filter shows them.
var ActionGroups = []ActionGroup{
	{"balance", "Balance", []Action{TransferPosted, TransferredBack, MoneyReceived, PurchasePaid, PackageUnitsIssued, PackageUnitsExpired, CreditLineChanged,
		LimitChanged, CapsChanged, MonthStarted, RechargeSet, RechargeStopped, RechargePaused, RechargeResumed, LowNoticeSet}},
	{"usage", "Usage", []Action{UsageCharged, UsageRefunded}},
	{"accounts", "Accounts", []Action{Installed, ParentCreated, AccountActivated, ParentDeactivated, ParentReactivated, SubAccountAdded, SubAccountEdited,
		SubAccountActivated, SubAccountDeactivated, SubAccountReactivated, SubAccountDeleted, FundingChanged}},
	{"privileges", "Privileges and users", []Action{PrivilegesChanged, FeatureAccessDrafted, FeatureAccessChanged, FeatureAccessDropped, UserAdded, UserChanged, UserDisabled, UserEnabled, InvitationSent,
		InvitationAccepted, PasswordHandedOver, ProfileChanged}},
	{"messages", "Messages", []Action{SendComposed, SendingStarted, SendingPaused, SendingContinued, SendingBlocked, SendingCancelled, SendingDone}},
	{"catalogue", "Rates and packages", []Action{RateSet, RateDropped, RatesImported, OfferAdded, OfferChanged, PackageBought, PackageGranted, PackageExpired, PackageShared}},
	{"features", "Features", []Action{FeatureEnabled, FeatureRequested, FeatureApproved, FeatureRefused, FeatureModeChanged}},
	{"sharing", "Sharing and Sender IDs", []Action{SharingChanged, SenderIDRequested, SenderIDDescribed, SenderIDApproved, SenderIDRefused, SenderIDWithdrawn}},
	{"access", "Account access", []Action{AccessStarted, AccessEnded, StaffAccessTurnedOff, StaffAccessTurnedOn, ConsentRequested,
		ConsentGiven, ConsentRefused, ConsentWithdrawn}},
	{"sign_in", "Sign-in", []Action{SignedIn, SignInRefused, SignedOut, SessionsEnded, PasswordSet, PasswordRefused, PasswordLinkAsked,
		PasswordLinkSent, SecondFactorTurnedOn, SecondFactorTurnedOff, SecondFactorReset, SecondFactorRefused, RecoveryCodesMade}},
	{"activation", "Activation", []Action{ActivationSent, ActivationOpened, CodeSent, CodeRefused, CodeAccepted}},
	{"audience", "Audience", []Action{GroupAdded, GroupChanged, GroupDeleted, ContactAdded, ContactChanged, ContactRemoved, ImportStarted,
		ContactsImported, OptOutAdded, OptOutRemoved}},
	{"interactive", "Interactive", []Action{RuleAdded, RuleChanged, RuleDeleted, NumberAssigned, NumberReleased}},
	{"background", "Mail and background work", []Action{MailSent, MailFailed, TextSent, TextFailed, JobRetried, JobGivenUp}},
}

// ActionGroupOf returns the group of a key.
func ActionGroupOf(key string) (ActionGroup, bool) {
	for _, group := range ActionGroups {
		if group.Key == key {
			return group, true
		}
	}
	return ActionGroup{}, false
}
