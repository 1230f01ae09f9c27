package paths

import (
	"net/url"

	"offshoot/models"
)

// Users is where the users of one account are: one's own, those of a sub-account, or as staff see those of any account.
type Users string

func OwnUsers() Users                       { return "/settings/users" }
func SubAccountUsers(id models.ID) Users    { return Users(SubAccount(id) + "/users") }
func StaffUsers(tenant, id models.ID) Users { return Users(StaffAccount(tenant, id) + "/users") }

// All is the list from its beginning; Found is the list as a query finds it.
func (u Users) All() string { return string(u) }
func (u Users) Found(q models.UserQuery) string {
	values := url.Values{"q": {q.Search}}
	if q.After != models.NoID {
		values.Set("after", q.After.String())
	}
	return With(u.All(), values)
}
func (u Users) New() string                           { return u.All() + "/new" }
func (u Users) User(id models.ID) string              { return u.All() + "/" + id.String() }
func (u Users) Invitation(id models.ID) string        { return u.User(id) + "/invitation" }
func (u Users) Disabling(id models.ID) string         { return u.User(id) + "/disabling" }
func (u Users) Enabling(id models.ID) string          { return u.User(id) + "/enabling" }
func (u Users) SecondFactorReset(id models.ID) string { return u.User(id) + "/second-factor-reset" }
func (u Users) Password(id models.ID) string          { return u.User(id) + "/password" }

// PrivilegeOverview is the table of sub-accounts and their privileges, as a query finds it.
func PrivilegeOverview(q models.AccountQuery) string {
	return With(SubAccounts()+"/privileges", url.Values{"q": {q.Search}, "after": {q.After}, "before": {q.Before}})
}

// ParseUserQuery is the query that an address of a list of users holds.
func ParseUserQuery(from url.Values) models.UserQuery {
	after, _ := models.ParseID(from.Get("after"))
	return models.UserQuery{Search: clip(from.Get("q")), After: after}
}

// Invitation is where the link of an invitation leads; Profile is one's own name and time zone.
func Invitation() string { return "/invitation" }
func Profile() string    { return "/settings/profile" }
