package web

import (
	"errors"
	"net/http"
	"strings"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listGroups(v *visit) error {
	query := paths.ParseGroupQuery(v.QueryParams())
	list, err := s.Audience.Groups(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Audience")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.Audience{Frame: frame, List: list, Query: query, Manage: v.actor.Can(models.ManageAudience), Account: v.actor.Account}.View())
}

func (s *Server) newGroup(v *visit) error {
	return v.groupForm(http.StatusOK, nil, pages.GroupForm{Key: newKey()}, nil)
}

func (s *Server) createGroup(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	form := v.typedGroup()
	id, err := s.Audience.AddGroup(v.ctx(), v.actor, audience.GroupOrder{Name: form.Name, Fields: strings.Split(form.Fields, "\n"), Key: key})
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.groupForm(formStatus(refused), nil, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Group(id), "The group is added. Import a file or add contacts.")
}

func (s *Server) editGroup(v *visit) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	return v.groupForm(http.StatusOK, &group, groupFormOf(group), nil)
}

func (s *Server) updateGroup(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	form := v.typedGroup()
	err = s.Audience.ChangeGroup(v.ctx(), v.actor, id, audience.GroupOrder{Name: form.Name, Fields: strings.Split(form.Fields, "\n"), Version: v.version()})
	if refused, ok := refusalOf(err); ok {
		group, err := v.groupAsked()
		if err != nil {
			return err
		}
		if form.Version = v.version(); errors.Is(refused, audience.ErrStale) {
			form = groupFormOf(group)
		}
		return v.groupForm(formStatus(refused), &group, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Group(id), "The group is saved.")
}

func groupFormOf(g models.ShownGroup) pages.GroupForm {
	return pages.GroupForm{Name: g.Name, Fields: strings.Join(g.Fields, "\n"), Version: g.Version}
}

func (v *visit) typedGroup() pages.GroupForm {
	return pages.GroupForm{Name: v.field("name"), Fields: strings.ReplaceAll(v.field("fields"), "\r\n", "\n")}
}

func (v *visit) groupForm(status int, group *models.ShownGroup, form pages.GroupForm, refused *models.Error) error {
	frame, err := v.frame("Group")
	if err != nil {
		return err
	}
	return v.page(status, pages.EditGroup{Frame: frame, Group: group, Form: form, Refused: refused}.View())
}

// groupAsked is the group in the path, as whoever opens one of its forms may change it.
func (v *visit) groupAsked() (models.ShownGroup, error) {
	id, err := v.id("id")
	if err != nil {
		return models.ShownGroup{}, err
	}
	group, err := v.server.Audience.Group(v.ctx(), v.actor, id)
	if err == nil && group.May < models.MayEdit {
		err = audience.ErrNotYourGroup
	}
	return group, err
}

func (s *Server) showGroup(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	query := paths.ParseContactQuery(v.QueryParams())
	group, list, err := s.Audience.Contacts(v.ctx(), v.actor, id, query)
	if err != nil {
		return err
	}
	imports, err := s.Audience.Imports(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	frame, err := v.frame(group.Name)
	if err != nil {
		return err
	}
	own := group.Account == v.actor.Account
	return v.page(http.StatusOK, pages.GroupPage{Frame: frame, Group: group, List: list, Query: query, Imports: imports, Own: own,
		Manage: v.actor.Can(models.ManageAudience) && group.May == models.MayEdit, Share: own && v.actor.Can(models.ManageSubAccounts)}.View())
}

func (s *Server) exportContacts(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	group, err := s.Audience.Group(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	sheet := func() *exports.Sheet[models.Contact] {
		return exports.ContactsCSV(v.Response(), group.Fields, v.zone())
	}
	return download(v, exports.FileName("contacts", group.Name, models.Days{Zone: v.zone()}), sheet, func(each func(models.Contact) error) error {
		return s.Audience.ExportContacts(v.ctx(), v.actor, id, each)
	})
}

func (s *Server) newGroupDeletion(v *visit) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	if group.Account != v.actor.Account {
		return audience.ErrNotYourGroup
	}
	frame, err := v.frame("Delete group")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.GroupDeletion{Frame: frame, Group: group}.View())
}

func (s *Server) deleteGroup(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := s.Audience.DeleteGroup(v.ctx(), v.actor, id); err != nil {
		return err
	}
	return v.done(paths.Audience(), "The group is deleted.")
}

func (s *Server) newContact(v *visit) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	return v.contactForm(http.StatusOK, group, nil, pages.ContactForm{}, nil)
}

func (s *Server) createContact(v *visit) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	order, form := v.typedContact(group)
	contact, err := s.Audience.AddContact(v.ctx(), v.actor, group.ID, order)
	if refused, ok := refusalOf(err); ok {
		return v.contactForm(formStatus(refused), group, nil, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Group(group.ID), contact.Number+" is added.")
}

func (s *Server) editContact(v *visit) error {
	group, contact, err := v.contactAsked()
	if err != nil {
		return err
	}
	return v.contactForm(http.StatusOK, group, &contact, contactFormOf(group, contact), nil)
}

func (s *Server) updateContact(v *visit) error {
	group, contact, err := v.contactAsked()
	if err != nil {
		return err
	}
	order, form := v.typedContact(group)
	err = s.Audience.ChangeContact(v.ctx(), v.actor, group.ID, contact.ID, order)
	if refused, ok := refusalOf(err); ok {
		if errors.Is(refused, audience.ErrStale) {
			form = contactFormOf(group, contact)
		}
		return v.contactForm(formStatus(refused), group, &contact, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Group(group.ID), "The contact is saved.")
}

func (s *Server) deleteContact(v *visit) error {
	group, contact, err := v.contactAsked()
	if err != nil {
		return err
	}
	if err := s.Audience.RemoveContact(v.ctx(), v.actor, group.ID, contact.ID); err != nil {
		return err
	}
	return v.done(paths.Group(group.ID), contact.Number+" is removed from the group.")
}

func (v *visit) contactAsked() (models.ShownGroup, models.Contact, error) {
	group, err := v.groupAsked()
	if err != nil {
		return group, models.Contact{}, err
	}
	id, err := v.id("contact")
	if err != nil {
		return group, models.Contact{}, err
	}
	return v.server.Audience.Contact(v.ctx(), v.actor, group.ID, id)
}

func contactFormOf(g models.ShownGroup, c models.Contact) pages.ContactForm {
	form := pages.ContactForm{Number: c.Number, Name: c.Name, Version: c.Version}
	for _, name := range g.Fields {
		form.Fields = append(form.Fields, c.Fields[name])
	}
	return form
}

func (v *visit) typedContact(g models.ShownGroup) (audience.ContactOrder, pages.ContactForm) {
	form := pages.ContactForm{Number: v.field("number"), Name: v.field("name"), Version: v.version()}
	order := audience.ContactOrder{Number: form.Number, Name: form.Name, Fields: map[string]string{}, Version: form.Version}
	for i, name := range g.Fields {
		value := v.field(pages.ContactField(i))
		form.Fields, order.Fields[name] = append(form.Fields, value), value
	}
	return order, form
}

func (v *visit) contactForm(status int, group models.ShownGroup, contact *models.Contact, form pages.ContactForm, refused *models.Error) error {
	frame, err := v.frame("Contact")
	if err != nil {
		return err
	}
	return v.page(status, pages.EditContact{Frame: frame, Group: group, Contact: contact, Form: form, Refused: refused}.View())
}

func (s *Server) newImport(v *visit) error { return v.importForm(http.StatusOK, nil) }

func (s *Server) createImport(v *visit) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	file, err := v.fileOf()
	var id models.ID
	if err == nil {
		id, err = s.Audience.ReadImport(v.ctx(), v.actor, group.ID, file.Name, file)
	}
	if refused, ok := refusalOf(err); ok {
		return v.importForm(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.Import(group.ID, id))
}

func (v *visit) importForm(status int, refused *models.Error) error {
	group, err := v.groupAsked()
	if err != nil {
		return err
	}
	frame, err := v.frame("Import contacts")
	if err != nil {
		return err
	}
	return v.page(status, pages.NewImport{Frame: frame, Group: group, Refused: refused}.View())
}

func (s *Server) showImport(v *visit) error { return v.importPage(http.StatusOK, nil) }

func (s *Server) createImportStart(v *visit) error {
	group, id, err := v.importAsked()
	if err != nil {
		return err
	}
	err = s.Audience.StartImport(v.ctx(), v.actor, group, id)
	if refused, ok := refusalOf(err); ok {
		return v.importPage(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.Import(group, id))
}

func (v *visit) importAsked() (group, id models.ID, err error) {
	if group, err = v.id("id"); err != nil {
		return group, id, err
	}
	id, err = v.id("import")
	return group, id, err
}

func (v *visit) importPage(status int, refused *models.Error) error {
	group, id, err := v.importAsked()
	if err != nil {
		return err
	}
	shown, found, rows, err := v.server.Audience.Import(v.ctx(), v.actor, group, id)
	if err != nil {
		return err
	}
	frame, err := v.frame("Import")
	if err != nil {
		return err
	}
	return v.page(status, pages.ImportPage{Frame: frame, Group: shown, Import: found, Rows: rows, Refused: refused,
		Manage: v.actor.Can(models.ManageAudience) && shown.May == models.MayEdit}.View())
}

func (s *Server) exportRefusedRows(v *visit) error {
	group, id, err := v.importAsked()
	if err != nil {
		return err
	}
	sheet := func() *exports.Sheet[models.ImportRow] { return exports.RefusedRowsCSV(v.Response()) }
	return download(v, exports.FileName("refused-rows", v.session.Account.Name, models.Days{}), sheet, func(each func(models.ImportRow) error) error {
		return s.Audience.ExportRefused(v.ctx(), v.actor, group, id, each)
	})
}

func (s *Server) listOptOuts(v *visit) error { return v.optOuts(http.StatusOK, "", nil) }

func (s *Server) createOptOut(v *visit) error {
	typed := v.field("number")
	number, err := s.Audience.AddOptOut(v.ctx(), v.actor, typed)
	if refused, ok := refusalOf(err); ok {
		return v.optOuts(formStatus(refused), typed, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.OptOuts(), number.E164+" gets no more messages.")
}

func (s *Server) deleteOptOut(v *visit) error {
	number := v.field("number")
	if err := s.Audience.RemoveOptOut(v.ctx(), v.actor, number); err != nil {
		return err
	}
	return v.done(paths.OptOuts(), number+" can get messages again.")
}

func (v *visit) optOuts(status int, typed string, refused *models.Error) error {
	query := paths.ParseOptOutQuery(v.QueryParams())
	list, err := v.server.Audience.OptOuts(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	frame, err := v.frame("Opt-outs")
	if err != nil {
		return err
	}
	return v.page(status, pages.OptOuts{Frame: frame, List: list, Query: query, Manage: v.actor.Can(models.ManageAudience), Typed: typed, Refused: refused}.View())
}

func (s *Server) exportOptOuts(v *visit) error {
	sheet := func() *exports.Sheet[models.OptOut] { return exports.OptOutsCSV(v.Response(), v.zone()) }
	return download(v, exports.FileName("opt-outs", v.session.Account.Name, models.Days{Zone: v.zone()}), sheet, func(each func(models.OptOut) error) error {
		return s.Audience.ExportOptOuts(v.ctx(), v.actor, each)
	})
}
