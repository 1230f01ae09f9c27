package web

import (
	"context"
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// usersAt is whose users a request is about: by its path those of a sub-account, those of any account for staff, or those
// of one's own account.
type usersAt struct {
	actor   models.Actor
	account models.ID
	paths   paths.Users
	back    ui.Action // from the list
	isSub   bool      // the list is a tab of the sub-account in the path
}

func (v *visit) usersAt() (usersAt, error) {
	switch {
	case v.Param("tenant") != "":
		tenant, id, err := v.tenantAndID()
		return usersAt{v.actor.In(tenant), id, paths.StaffUsers(tenant, id), ui.Action{Label: "Account", Href: paths.StaffAccount(tenant, id)}, false}, err
	case v.Param("id") != "":
		found, err := v.subAccountAsked()
		return usersAt{v.actor, found.ID, paths.SubAccountUsers(found.ID), ui.Action{Label: found.Name, Href: paths.SubAccount(found.ID)}, true}, err
	}
	return usersAt{v.actor, v.actor.Account, paths.OwnUsers(), ui.Action{Label: "Settings", Href: v.settingsPath()}, false}, nil
}

// place is what the pages of these users stand in.
func (v *visit) place(at usersAt, account models.Account, title string) (pages.UsersPlace, error) {
	place := pages.UsersPlace{Account: account, Paths: at.paths, Back: at.back, Reader: v.actor.User, Passwords: at.isSub && v.actor.Can(models.ManageSubAccounts)}
	var err error
	place.Frame, err = v.frame(title)
	return place, err
}

func (s *Server) listUsers(v *visit) error { return v.users(http.StatusOK, nil) }

// users is the list, also when an action in it comes back refused.
func (v *visit) users(status int, refused *models.Error) error {
	at, err := v.usersAt()
	if err != nil {
		return err
	}
	query := paths.ParseUserQuery(v.QueryParams())
	list, err := v.server.Identity.Users(v.ctx(), at.actor, at.account, query)
	if err != nil {
		return err
	}
	page := pages.Users{List: list, Query: query, Refused: refused}
	if at.isSub {
		head, err := v.subAccountHead()
		if err != nil {
			return err
		}
		page.UsersPlace = pages.UsersPlace{Frame: head.Frame, Account: list.Account, Paths: at.paths, Sub: &head, Reader: v.actor.User, Passwords: list.Manage}
		return v.page(status, page.View())
	}
	if page.UsersPlace, err = v.place(at, list.Account, "Users"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) newUser(v *visit) error {
	return v.userForm(http.StatusOK, models.NoID, pages.UserForm{Role: string(models.Member), Key: newKey()}, nil)
}

func (s *Server) createUser(v *visit) error {
	at, err := v.usersAt()
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := v.typedUser()
	form.Key = key
	user, err := s.Identity.InviteUser(v.ctx(), at.actor, identity.InviteOrder{Account: at.account, Name: form.Name, Email: form.Email,
		Role: models.Role(form.Role), TimeZone: form.TimeZone, Key: key})
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.userForm(formStatus(refused), models.NoID, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(at.paths.All(), user.Name+" is added. "+invitedText(user.Email))
}

func (s *Server) editUser(v *visit) error {
	user, err := v.id("user")
	if err != nil {
		return err
	}
	return v.userForm(http.StatusOK, user, pages.UserForm{}, nil)
}

func (s *Server) updateUser(v *visit) error {
	at, user, err := v.userAsked()
	if err != nil {
		return err
	}
	form := v.typedUser()
	err = s.Identity.ChangeUser(v.ctx(), at.actor, identity.UserChange{Account: at.account, User: user, Version: v.version(), Name: form.Name,
		Role: models.Role(form.Role), TimeZone: form.TimeZone})
	if refused, ok := refusalOf(err); ok {
		return v.userForm(formStatus(refused), user, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(at.paths.All(), "The user is saved.")
}

// userForm is the form of a new user, or of one that is there: as they are now, or what was typed and refused. When somebody
// else has changed the user it holds what they are now.
func (v *visit) userForm(status int, user models.ID, form pages.UserForm, refused *models.Error) error {
	at, err := v.usersAt()
	if err != nil {
		return err
	}
	page := pages.EditUser{Refused: refused}
	var account models.Account
	if user == models.NoID {
		list, err := v.server.Identity.Users(v.ctx(), at.actor, at.account, models.UserQuery{})
		if err != nil {
			return err
		}
		if !list.Manage {
			return models.ErrMissingPrivilege
		}
		account = list.Account
	} else {
		found, listed, err := v.server.Identity.UserOf(v.ctx(), at.actor, at.account, user)
		if err != nil {
			return err
		}
		account, page.User = found, &listed
		if refused == nil || errors.Is(refused, identity.ErrStaleUser) {
			form = pages.UserForm{Name: listed.Name, Role: string(listed.Role), TimeZone: listed.TimeZone}
		}
		form.Version = listed.Version
	}
	page.Form = form
	if page.UsersPlace, err = v.place(at, account, "Users"); err != nil {
		return err
	}
	page.Back = ui.Action{Label: "Users", Href: at.paths.All()}
	return v.page(status, page.View())
}

func (v *visit) typedUser() pages.UserForm {
	return pages.UserForm{Name: v.field("name"), Email: v.field("email"), Role: v.field("role"), TimeZone: v.field("time_zone")}
}

// userAsked is the user that the path names, and where.
func (v *visit) userAsked() (usersAt, models.ID, error) {
	at, err := v.usersAt()
	if err != nil {
		return at, models.NoID, err
	}
	user, err := v.id("user")
	return at, user, err
}

func (s *Server) createInvitation(v *visit) error {
	return v.userAction(s.Identity.InviteAgain, func(u models.ListedUser) string {
		return invitedText(u.Email) + " The one sent before no longer works."
	})
}

func (s *Server) createDisabling(v *visit) error {
	return v.userAction(s.Identity.DisableUser, func(u models.ListedUser) string {
		return u.Name + " is disabled and signed out everywhere."
	})
}

func (s *Server) createEnabling(v *visit) error {
	return v.userAction(s.Identity.EnableUser, func(u models.ListedUser) string {
		if u.Status == models.InvitedUser {
			return u.Name + " is enabled. Send the invitation again, so that they can set a password."
		}
		return u.Name + " is enabled and can sign in again."
	})
}

func (s *Server) createSecondFactorReset(v *visit) error {
	reset := func(ctx context.Context, actor models.Actor, account, user models.ID) error {
		if _, _, err := s.Identity.UserOf(ctx, actor, account, user); err != nil {
			return err
		}
		return s.Identity.ResetSecondFactor(ctx, actor, user)
	}
	return v.userAction(reset, func(u models.ListedUser) string {
		return u.Name + " signs in by password alone until they set up an authenticator app again. A mail tells them."
	})
}

// userAction does one thing to the user in the path and says so on the list; refused, the list says why.
func (v *visit) userAction(do func(ctx context.Context, actor models.Actor, account, user models.ID) error, said func(models.ListedUser) string) error {
	at, user, err := v.userAsked()
	if err != nil {
		return err
	}
	err = do(v.ctx(), at.actor, at.account, user)
	if refused, ok := refusalOf(err); ok {
		return v.users(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	_, listed, err := v.server.Identity.UserOf(v.ctx(), at.actor, at.account, user)
	if err != nil {
		return err
	}
	return v.done(at.paths.All(), said(listed))
}

func invitedText(email string) string {
	return "A link to set a password went to " + email + ". It works once, for seven days."
}
