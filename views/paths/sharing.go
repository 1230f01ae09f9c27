package paths

import (
	"net/url"

	"offshoot/models"
)

func SenderIDs() string { return "/sender-ids" }

// SenderIDList is the list as a query finds it; SenderIDsFile is all of it.
func SenderIDList(q models.SenderQuery) string {
	values := url.Values{"status": {string(q.Status)}}
	if q.After != models.NoID {
		values.Set("after", q.After.String())
	}
	return With(SenderIDs(), values)
}
func SenderIDsFile(q models.SenderQuery) string {
	return CSV(SenderIDs(), url.Values{"status": {string(q.Status)}})
}

// ParseSenderQuery is the query that an address of the list holds. What it does not know narrows nothing.
func ParseSenderQuery(from url.Values) models.SenderQuery {
	var q models.SenderQuery
	q.After, _ = models.ParseID(from.Get("after"))
	for _, status := range models.SenderStatuses {
		if from.Get("status") == string(status) {
			q.Status = status
		}
	}
	return q
}

func NewSenderID() string                    { return "/sender-ids/new" }
func SenderID(id models.ID) string           { return "/sender-ids/" + id.String() }
func SenderIDWithdrawal(id models.ID) string { return SenderID(id) + "/withdrawal" }

// Sharing is where it is said who else may use a resource; Shared is the page that the resource is on.
func Sharing(kind models.ShareKind, id models.ID) string {
	switch kind {
	case models.SharedGroup:
		return "/audience/groups/" + id.String() + "/sharing"
	case models.SharedPackage:
		return Package(id)
	}
	return SenderID(id) + "/sharing"
}
func Shared(kind models.ShareKind, id models.ID) string {
	switch kind {
	case models.SharedGroup:
		return "/audience/groups/" + id.String()
	case models.SharedPackage:
		return "/usage"
	}
	return SenderID(id)
}

func FeatureAccess(sub models.ID) string            { return SubAccount(sub) + "/features" }
func FeatureAccessPublication(sub models.ID) string { return FeatureAccess(sub) + "/publication" }
func FeatureAccessDiscarding(sub models.ID) string  { return FeatureAccess(sub) + "/discarding" }

// StaffSenderApproval and StaffSenderRefusal decide on a Sender ID of any account; StaffRequestsAfter is the page of
// requests that begins there.
func StaffSenderApproval(tenant, id models.ID) string {
	return StaffRequests() + "/sender-ids/" + tenant.String() + "/" + id.String() + "/approval"
}
func StaffSenderRefusal(tenant, id models.ID) string {
	return StaffRequests() + "/sender-ids/" + tenant.String() + "/" + id.String() + "/refusal"
}
func StaffRequestsAfter(after string) string {
	return With(StaffRequests(), url.Values{"after": {after}})
}
