package web

import (
	"errors"
	"net/http"
	"slices"

	"offshoot/models"
	"offshoot/services/sharing"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// editSharing shows how a resource of that kind is shared. It finds sub-accounts by ?add=, so that a browser offers them
// while their name is typed.
func (s *Server) editSharing(kind models.ShareKind) func(*visit) error {
	return func(v *visit) error {
		page, err := v.sharingNow(kind)
		if err != nil {
			return err
		}
		if page.Add = clipped(v.QueryParam("add")); page.Add != "" {
			if err := v.look(&page); err != nil {
				return err
			}
		}
		return v.sharingPage(http.StatusOK, page)
	}
}

// updateSharing saves the form, or, where a button in it adds a sub-account, gives it back with one more.
func (s *Server) updateSharing(kind models.ShareKind) func(*visit) error {
	return func(v *visit) error {
		page, order, err := v.typedSharing(kind)
		if err != nil {
			return err
		}
		adding := v.field("more") != "" || v.field("pick") != ""
		if adding || order.Setting == models.Custom {
			if added, err := v.addShare(&page, &order); err != nil {
				return err
			} else if !added {
				page.Refused = models.ErrCheckFields.At("add", "No sub-account has exactly this name. Choose one of those below, or clear the field.")
				return v.sharingPage(formStatus(page.Refused), page)
			}
		}
		if adding {
			page.Unsaved = true
			return v.sharingPage(http.StatusOK, page)
		}
		err = s.Sharing.Share(v.ctx(), v.actor, order)
		if errors.Is(err, sharing.ErrStale) {
			if page, err = v.sharingNow(kind); err == nil {
				page.Refused = sharing.ErrStale
				err = v.sharingPage(http.StatusConflict, page)
			}
			return err
		}
		if refused, ok := refusalOf(err); ok && refused.Fields != nil {
			page.Refused = refused
			return v.sharingPage(formStatus(refused), page)
		}
		if err != nil {
			return err
		}
		return v.done(paths.Shared(kind, order.ID), "The sharing is saved: "+order.Setting.Label()+".")
	}
}

// sharingNow is the form as things are.
func (v *visit) sharingNow(kind models.ShareKind) (pages.SharingForm, error) {
	id, err := v.id("id")
	if err != nil {
		return pages.SharingForm{}, err
	}
	found, err := v.server.Sharing.Show(v.ctx(), v.actor, kind, id)
	page := pages.SharingForm{Resource: found, Setting: string(found.Setting), AddMay: pages.ShareUse, Editable: sharing.CanBeEdited(kind)}
	for _, share := range found.Shares {
		page.Rows = append(page.Rows, pages.SharingRow{ID: share.Account.String(), Name: share.AccountName, May: mayWord(share.May)})
	}
	return page, err
}

// typedSharing is the form as it was sent, and the order in it. Sub-accounts that are not there any more are left out.
func (v *visit) typedSharing(kind models.ShareKind) (pages.SharingForm, sharing.Order, error) {
	page, err := v.sharingNow(kind)
	if err != nil {
		return page, sharing.Order{}, err
	}
	order := sharing.Order{Kind: kind, ID: page.Resource.ID, Setting: models.ShareSetting(v.field("setting")), Version: v.version()}
	page.Setting, page.Rows, page.Add, page.AddMay = string(order.Setting), nil, clipped(v.field("add")), v.field("add_may")
	page.Resource.Version = order.Version
	var ids []models.ID
	for _, text := range v.ticked("account") {
		if id, ok := models.ParseID(text); ok && v.field(pages.ShareMayField(text)) != pages.ShareNone && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	named, err := v.server.Sharing.Accounts(v.ctx(), v.actor, ids)
	for _, a := range named {
		may := v.field(pages.ShareMayField(a.ID.String()))
		page.Rows = append(page.Rows, pages.SharingRow{ID: a.ID.String(), Name: a.Name, May: may})
		order.Shares = append(order.Shares, models.Share{Account: a.ID, May: mayOf(may)})
	}
	return page, order, err
}

// addShare adds the sub-account that a button or the field names, and says whether it is known. Whoever names one means
// Custom.
func (v *visit) addShare(page *pages.SharingForm, order *sharing.Order) (bool, error) {
	pick, picked := models.ParseID(v.field("pick"))
	if !picked && page.Add == "" {
		return true, nil
	}
	var found models.NamedAccount
	if picked {
		known, err := v.server.Sharing.Accounts(v.ctx(), v.actor, []models.ID{pick})
		if err != nil || len(known) == 0 {
			return false, err
		}
		found = known[0]
	} else {
		var err error
		if found, err = v.server.Sharing.Named(v.ctx(), v.actor, page.Add); errors.Is(err, sharing.ErrNoSuchSubAccount) {
			return false, v.look(page)
		}
		if err != nil {
			return false, err
		}
	}
	page.Add, page.Setting, order.Setting = "", string(models.Custom), models.Custom
	if slices.ContainsFunc(order.Shares, func(s models.Share) bool { return s.Account == found.ID }) {
		return true, nil
	}
	may := page.AddMay
	if mayOf(may) == models.MayNothing {
		may = pages.ShareUse
	}
	page.Rows = append(page.Rows, pages.SharingRow{ID: found.ID.String(), Name: found.Name, May: may})
	order.Shares = append(order.Shares, models.Share{Account: found.ID, May: mayOf(may)})
	return true, nil
}

// look finds the sub-accounts with the typed text in their name that the form does not name yet.
func (v *visit) look(page *pages.SharingForm) error {
	found, err := v.server.Sharing.Complete(v.ctx(), v.actor, page.Add)
	page.Matches = slices.DeleteFunc(found, func(a models.NamedAccount) bool {
		return slices.ContainsFunc(page.Rows, func(row pages.SharingRow) bool { return row.ID == a.ID.String() })
	})
	page.Looked = true
	return err
}

func (v *visit) sharingPage(status int, page pages.SharingForm) (err error) {
	if page.Frame, err = v.frame("Sharing of " + page.Resource.Name); err != nil {
		return err
	}
	return v.page(status, page.View())
}

// mayWord and mayOf are what a sub-account may, as the form says it.
func mayWord(m models.May) string {
	if m == models.MayEdit {
		return pages.ShareEdit
	}
	return pages.ShareUse
}

func mayOf(word string) models.May {
	switch word {
	case pages.ShareUse:
		return models.MayUse
	case pages.ShareEdit:
		return models.MayEdit
	}
	return models.MayNothing
}

// clipped is as much of a text as a name can have.
func clipped(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), 120)])
}
