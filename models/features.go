package models

// FeatureAccess is what a sub-account gets of one part of the menu (PRV-4).
type FeatureAccess string

const (
	FullAccess   FeatureAccess = "full"   // whatever its privileges allow
	ViewAccess   FeatureAccess = "view"   // nothing there can be changed
	HiddenAccess FeatureAccess = "hidden" // there is no such part
)

// FeatureAccesses are all of them, in the order in which forms show them.
var FeatureAccesses = []FeatureAccess{FullAccess, ViewAccess, HiddenAccess}

// Label is the word on screen.
func (a FeatureAccess) Label() string {
	switch a {
	case FullAccess:
		return "Full"
	case ViewAccess:
		return "View only"
	case HiddenAccess:
		return "Hidden"
	}
	return string(a)
}

// IsFeatureAccess says whether text is one of FeatureAccesses.
func IsFeatureAccess(text string) bool {
	a := FeatureAccess(text)
	return a == FullAccess || a == ViewAccess || a == HiddenAccess
}

// MenuFeature is a part of a sub-account's menu that its parent can narrow or hide. Every route of the part needs one of
// its privileges: View to see, Change to do.
type MenuFeature struct {
	Key         string // in the database and in forms
	Label       string // as in the menu
	Explanation string
	View        []Privilege
	Change      []Privilege // none: the part has nothing to change
}

// MenuFeatures are the parts in the order of the menu. One that comes later, such as Outbound calling, is a line here.
var MenuFeatures = []MenuFeature{
	{"messages", "Messages", "The message log and sending.", []Privilege{ViewMessages}, []Privilege{SendMessages}},
	{"audience", "Audience", "Groups, contacts and opt-outs.", []Privilege{ViewAudience}, []Privilege{ManageAudience}},
	{"sender_ids", "Sender IDs", "The Sender IDs it may use, and requests for new ones.", []Privilege{ViewSenderIDs}, []Privilege{AddSenderIDs}},
	{"interactive", "Interactive", "Incoming messages, keywords and reply rules.", []Privilege{ViewInteractive}, []Privilege{InteractiveMessages}},
	{"units", "Account usage", "Packages and what is left of them.", []Privilege{ViewUnits}, nil},
	{"reports", "Reports", "Usage by day, month and country.", []Privilege{ViewReports}, nil},
	{"statement", "Statement", "What came in and what was spent.", []Privilege{ViewStatement}, nil},
	{"billing", "Billing", "Your payment history and invoices.", []Privilege{BillingPayments}, nil},
	{"store", "Store", "Packages and balance to buy on your behalf.", []Privilege{ViewStore}, []Privilege{ShopInStore}},
}

// IsMenuFeature says whether key is the key of one of MenuFeatures.
func IsMenuFeature(key string) bool {
	for _, f := range MenuFeatures {
		if f.Key == key {
			return true
		}
	}
	return false
}

// Narrow takes away from what a person may do whatever the access to a part of the menu leaves out. It never adds.
func Narrow(can map[Privilege]bool, access map[string]FeatureAccess) {
	for _, f := range MenuFeatures {
		switch access[f.Key] {
		case HiddenAccess:
			for _, p := range f.View {
				delete(can, p)
			}
			fallthrough
		case ViewAccess:
			for _, p := range f.Change {
				delete(can, p)
			}
		}
	}
}

// FeatureSetting is what a sub-account gets of one part of the menu, and what it will get once the draft is published.
type FeatureSetting struct {
	MenuFeature
	Access FeatureAccess
	Draft  FeatureAccess // "" where the draft changes nothing
}

// Shown is what a form shows: the draft where there is one.
func (s FeatureSetting) Shown() FeatureAccess {
	if s.Draft != "" {
		return s.Draft
	}
	return s.Access
}
