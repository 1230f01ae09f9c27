package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) editSubAccount(v *visit) error {
	return v.editForm(http.StatusOK, pages.DetailsForm{}, pages.TrialForm{}, nil)
}

func (s *Server) updateSubAccount(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	form, trial := v.details(), v.trialForm()
	_, err = s.Accounts.EditSubAccount(v.ctx(), v.actor, edited(id, v.version(), form, trial))
	if refused, ok := refusalOf(err); ok {
		return v.editForm(formStatus(refused), form, trial, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SubAccount(id), "The account details are saved.")
}

// editForm holds what the account is now, or what was typed and refused. When somebody else has changed the account it
// holds what it is now too, and says beside each field what was typed there.
func (v *visit) editForm(status int, typed pages.DetailsForm, trial pages.TrialForm, refused *models.Error) error {
	head, err := v.subAccountHead()
	if err != nil {
		return err
	}
	a := head.Account
	form := pages.DetailsForm{AccountName: a.Name, ContactName: a.ContactName, Email: a.Email, Mobile: a.Mobile, Country: a.Country, TimeZone: a.TimeZone}
	switch {
	case refused != nil && isStale(refused):
		refused = withTyped(refused, form, typed)
	case refused != nil:
		form = typed
	}
	if refused == nil || isStale(refused) {
		trial = trialOf(a)
	}
	return v.page(status, pages.EditSubAccount{SubAccountHead: head, Form: form, Trial: trial, Refused: refused}.View())
}

// withTyped adds to a refusal what was typed into the fields that hold something else now.
func withTyped(refused *models.Error, now, typed pages.DetailsForm) *models.Error {
	for _, f := range []struct{ field, now, typed string }{
		{"account_name", now.AccountName, typed.AccountName},
		{"contact_name", now.ContactName, typed.ContactName},
		{"country", now.Country, typed.Country},
		{"mobile", now.Mobile, typed.Mobile},
		{"time_zone", now.TimeZone, typed.TimeZone},
	} {
		if f.typed != "" && f.typed != f.now {
			refused = refused.At(f.field, "You entered “"+f.typed+"”.")
		}
	}
	return refused
}

// isStale says whether a form was refused because the account was changed after the form was made.
func isStale(refused *models.Error) bool { return errors.Is(refused, accounts.ErrStale) }
