package pages

import (
	"strconv"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// SharingForm says who else may use a Sender ID, a group or a package. Sub-accounts are named one after another; each
// comes back into the form, and nothing counts until it is saved.
type SharingForm struct {
	Frame    layouts.Frame
	Resource models.SharedResource
	Setting  string
	Rows     []SharingRow
	Add      string // the name being looked for
	AddMay   string
	Matches  []models.NamedAccount // sub-accounts that have it in their name
	Looked   bool                  // for Add: no Matches means that there are none
	Unsaved  bool                  // the form says something else than what counts
	Editable bool                  // there is something to edit in it, not only to use
	Refused  *models.Error
}

// SharingRow is a sub-account that is named in the form.
type SharingRow struct {
	ID   string
	Name string
	May  string
}

// What is chosen for a sub-account in the form.
const (
	ShareUse  = "use"
	ShareEdit = "edit"
	ShareNone = "none"
)

// ShareMayField is the name of the field that says what a sub-account may.
func ShareMayField(account string) string { return "may-" + account }

func (p SharingForm) action() string { return paths.Sharing(p.Resource.Kind, p.Resource.ID) }

func (p SharingForm) back() *ui.Action {
	return &ui.Action{Label: p.what(), Href: paths.Shared(p.Resource.Kind, p.Resource.ID)}
}

// what is shared, in a word.
func (p SharingForm) what() string {
	switch p.Resource.Kind {
	case models.SharedGroup:
		return "Group"
	case models.SharedPackage:
		return "Account usage"
	}
	return "Sender ID"
}

func (p SharingForm) version() string { return strconv.Itoa(p.Resource.Version) }

func (p SharingForm) cards() []ui.RadioCard {
	return []ui.RadioCard{
		{Value: string(models.OnlyMe), Label: models.OnlyMe.Label(), Icon: "lock", Help: "No sub-account sees it."},
		{Value: string(models.Public), Label: models.Public.Label(), Icon: "world", Help: "Every sub-account may view and use it, those you add later too."},
		{Value: string(models.Custom), Label: models.Custom.Label(), Icon: "users-group", Help: "The sub-accounts that you name.", Detail: p.named()},
	}
}

// mays are the choices for a sub-account; one that is named already can be taken out.
func (p SharingForm) mays(named bool) []ui.Option {
	options := []ui.Option{{Value: ShareUse, Label: models.MayUse.Label()}}
	if p.Editable {
		options = append(options, ui.Option{Value: ShareEdit, Label: models.MayEdit.Label()})
	}
	if named {
		options = append(options, ui.Option{Value: ShareNone, Label: "Not any more"})
	}
	return options
}

// showsAddMay says whether there is a choice to make for who is added.
func (p SharingForm) showsAddMay() bool { return p.Editable }
