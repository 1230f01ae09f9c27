package pages

import (
	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// UsersPlace is whose users a page is about, and what it stands in.
type UsersPlace struct {
	Frame     layouts.Frame
	Account   models.Account
	Paths     paths.Users
	Back      ui.Action
	Sub       *SubAccountHead // the list is a tab of this sub-account
	Reader    models.ID       // the user who reads
	Passwords bool            // the reader may set passwords of these users
}

// Users is the list of an account's users (ACC-10).
type Users struct {
	UsersPlace
	List    models.UserList
	Query   models.UserQuery
	Refused *models.Error // of an action in the list
}

func (p Users) head() ui.PageHead {
	head := ui.PageHead{Title: "Users", Text: p.Account.Name, Back: &p.Back}
	if p.List.Manage {
		head.Primary = p.add()
	}
	return head
}

func (p UsersPlace) add() *ui.Action {
	return &ui.Action{Label: "Add user", Href: p.Paths.New(), Icon: "user-plus"}
}

func (p Users) pager() ui.Pager {
	var pager ui.Pager
	if p.Query.After != models.NoID {
		pager.First = p.Paths.Found(models.UserQuery{Search: p.Query.Search})
	}
	if p.List.Next != models.NoID {
		pager.Older = p.Paths.Found(models.UserQuery{Search: p.Query.Search, After: p.List.Next})
	}
	return pager
}

// actions are what the reader may do with a user of the list.
func (p Users) actions(u models.ListedUser) []ui.Action {
	actions := []ui.Action{{Label: "Edit", Href: p.Paths.User(u.ID), Icon: "edit"}}
	if u.Status == models.InvitedUser && !p.isActivating(u) {
		actions = append(actions, ui.Action{Label: "Send the invitation again", Href: p.Paths.Invitation(u.ID), Icon: "send", Post: true})
	}
	if p.Passwords && u.Status != models.DisabledUser && p.Account.Status == models.Active {
		actions = append(actions, ui.Action{Label: "Set a new password", Href: p.Paths.Password(u.ID), Icon: "key"})
	}
	if u.SecondFactor && u.ID != p.Reader {
		actions = append(actions, ui.Action{Label: "Reset second factor", Href: p.Paths.SecondFactorReset(u.ID), Icon: "device-mobile", Post: true,
			Confirm: "Reset the second factor of " + u.Name + "? They have lost app and recovery codes, and you are sure that it is them who asks. " +
				"They are signed out everywhere, and a mail tells them."})
	}
	if u.Status == models.DisabledUser {
		return append(actions, ui.Action{Label: "Enable", Href: p.Paths.Enabling(u.ID), Icon: "user-check", Post: true})
	}
	disable := ui.Action{Label: "Disable", Href: p.Paths.Disabling(u.ID), Icon: "ban", Post: true, Danger: true,
		Confirm: "Disable " + u.Name + "? They are signed out everywhere at once, and cannot sign in until you enable them again."}
	if u.ID == p.Reader {
		disable.Why = "That is you. Another Admin can."
	}
	return append(actions, disable)
}

// isActivating says whether a user comes in by the account's own activation, which has its own page.
func (p UsersPlace) isActivating(u models.ListedUser) bool {
	return u.Owner && p.Account.Status == models.Pending
}

// standing says below a user's state what is still to come.
func (p UsersPlace) standing(u models.ListedUser) templ.Component {
	switch {
	case u.Status != models.InvitedUser:
		return templ.NopComponent
	case p.isActivating(u):
		return note("activates the account first")
	case u.InvitedUntil == nil:
		return note("the link has expired")
	}
	return validUntil(*u.InvitedUntil)
}

// UserForm is what the form of a user holds, as typed.
type UserForm struct {
	Name, Email, Role, TimeZone, Key string
	Version                          int
}

// EditUser is the form that adds a user, or changes one.
type EditUser struct {
	UsersPlace
	User    *models.ListedUser // nil: a new one
	Form    UserForm
	Refused *models.Error
}

func (p EditUser) title() string {
	if p.User == nil {
		return "Add user"
	}
	return p.User.Name
}

func (p EditUser) action() string {
	if p.User == nil {
		return p.Paths.All()
	}
	return p.Paths.User(p.User.ID)
}

// roles says what a role may do in an account of that kind.
func roles(kind models.AccountKind) []ui.RadioCard {
	admin, user := "Everything that the account may, its users included.", ""
	switch kind {
	case models.Operator:
		admin = "Everything: creates accounts, records money, changes settings and staff."
		user = "Finds and enters accounts to help. Changes nothing as staff."
	case models.Parent:
		user = "Sees sub-accounts, reports and the action log. Changes nothing."
	case models.Sub:
		user = "Works with what the account may. No billing, no API, no users."
	}
	return []ui.RadioCard{{Value: string(models.Admin), Label: models.Admin.Label(), Icon: "shield-lock", Help: admin},
		{Value: string(models.Member), Label: models.Member.Label(), Icon: "user", Help: user}}
}

func (p UsersPlace) accountZone() string { return "The account's: " + p.Account.TimeZone }

// SetPassword is the form by which a parent sets the password of a sub-account's user (ACC-11).
type SetPassword struct {
	UsersPlace
	User    models.ListedUser
	Key     string
	Refused *models.Error
}

// HandedOver shows once what is to be handed over (ACC-5, ACC-11): in the answer to the form itself, so that it stands at
// no address and nowhere in between.
type HandedOver struct {
	Frame    layouts.Frame
	Title    string
	Handover models.Handover
	Done     ui.Action // where to go from here
	Another  ui.Action // where to set another password
}

// together is what *Copy all* copies.
func (p HandedOver) together() string {
	return "Sign-in address: " + p.Handover.SignIn + "\nEmail: " + p.Handover.Email + "\nPassword: " + p.Handover.Password
}
