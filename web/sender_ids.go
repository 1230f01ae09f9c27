package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/senders"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listSenderIDs(v *visit) error {
	query := paths.ParseSenderQuery(v.QueryParams())
	list, err := s.Senders.List(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Sender IDs")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SenderIDs{Frame: frame, Query: query, List: list, May: v.senderRights()}.View())
}

func (s *Server) exportSenderIDs(v *visit) error {
	query := paths.ParseSenderQuery(v.QueryParams())
	today := models.LastDays(1, s.Store.Now(), v.zone())
	name := exports.FileName("sender-ids", v.session.Account.Name, models.Days{To: today.To, Zone: today.Zone})
	return download(v, name, func() *exports.Sheet[models.SenderID] { return exports.SenderIDsCSV(v.Response(), v.zone()) },
		func(each func(models.SenderID) error) error { return s.Senders.Export(v.ctx(), v.actor, query, each) })
}

func (v *visit) senderRights() pages.SenderRights {
	return pages.SenderRights{Account: v.actor.Account, Add: v.actor.Can(models.AddSenderIDs), Share: v.actor.Can(models.ManageSubAccounts),
		Others: v.actor.Can(models.ViewSubAccounts)}
}

func (s *Server) newSenderID(v *visit) error {
	return v.senderForm(http.StatusOK, pages.NewSenderID{Key: newKey()})
}

func (s *Server) createSenderID(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := pages.NewSenderID{Name: v.field("name"), Purpose: v.field("purpose"), Key: key}
	_, err = s.Senders.Request(v.ctx(), v.actor, senders.Request{Name: form.Name, Purpose: form.Purpose, Key: key})
	if refused, ok := refusalOf(err); ok {
		form.Refused, form.Key = refused, keyAfter(refused, key)
		return v.senderForm(formStatus(refused), form)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SenderIDs(), "The Sender ID is requested. You get an e-mail when support has decided.")
}

func (v *visit) senderForm(status int, page pages.NewSenderID) (err error) {
	if page.Frame, err = v.frame("Request Sender ID"); err != nil {
		return err
	}
	page.Country = v.session.Account.Country
	return v.page(status, page.View())
}

func (s *Server) showSenderID(v *visit) error { return v.senderID(http.StatusOK, "", nil) }

func (s *Server) updateSenderID(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	purpose := v.field("purpose")
	err = s.Senders.Describe(v.ctx(), v.actor, id, v.version(), purpose)
	if refused, ok := refusalOf(err); ok {
		return v.senderID(formStatus(refused), purpose, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.SenderID(id), "The purpose is saved.")
}

func (s *Server) deleteSenderID(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := s.Senders.Withdraw(v.ctx(), v.actor, id); err != nil {
		return err
	}
	return v.done(paths.SenderIDs(), "The Sender ID is withdrawn. Nothing is sent from it any more.")
}

// senderID is the page of one, with the purpose as it is, or as it was typed and refused.
func (v *visit) senderID(status int, purpose string, refused *models.Error) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	found, err := v.server.Senders.Show(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	if refused == nil || errors.Is(refused, senders.ErrStale) {
		purpose = found.Purpose
	}
	frame, err := v.frame(found.Name)
	if err != nil {
		return err
	}
	return v.page(status, pages.ShowSenderID{Frame: frame, Sender: found, May: v.senderRights(), Purpose: purpose, Refused: refused}.View())
}
