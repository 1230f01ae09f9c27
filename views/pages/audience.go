package pages

import (
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// Audience is the list of groups (MSG-5).
type Audience struct {
	Frame   layouts.Frame
	List    models.GroupList
	Query   models.GroupQuery
	Manage  bool
	Account models.ID // the reader's
}

// audienceTabs are the parts of the audience.
func audienceTabs(optOuts bool) ui.Tabs {
	return ui.Tabs{Label: "Audience", Tabs: []ui.Tab{{Label: "Groups", Href: paths.Audience(), Current: !optOuts}, {Label: "Opt-outs", Href: paths.OptOuts(), Current: optOuts}}}
}

func (p Audience) head() ui.PageHead {
	head := ui.PageHead{Title: "Audience", Text: "Whom you write to, and who asked you not to."}
	if p.Manage {
		head.Primary = p.add()
	}
	return head
}

func (p Audience) add() *ui.Action {
	if !p.Manage {
		return nil
	}
	return &ui.Action{Label: "Add group", Href: paths.NewGroup(), Icon: "plus"}
}

func (p Audience) pager() ui.Pager {
	var pager ui.Pager
	if p.Query.After != "" {
		pager.First = paths.Audience()
	}
	if p.List.Next != "" {
		pager.Older = paths.GroupList(models.GroupQuery{After: p.List.Next})
	}
	return pager
}

// whose says below a group's name that it is another account's.
func (p Audience) whose(g models.ShownGroup) string {
	if g.Account == p.Account {
		return ""
	}
	return "of " + g.AccountName
}

// GroupForm is what the form of a group holds, as typed.
type GroupForm struct {
	Name, Key string
	Fields    string // one a line
	Version   int
}

// EditGroup is the form of a group, new when Group is nil.
type EditGroup struct {
	Frame   layouts.Frame
	Group   *models.ShownGroup
	Form    GroupForm
	Refused *models.Error
}

func (p EditGroup) title() string {
	if p.Group == nil {
		return "Add group"
	}
	return "Edit group"
}

func (p EditGroup) action() string {
	if p.Group == nil {
		return paths.Groups()
	}
	return paths.Group(p.Group.ID)
}

func (p EditGroup) back() *ui.Action {
	if p.Group == nil {
		return &ui.Action{Label: "Audience", Href: paths.Audience()}
	}
	return &ui.Action{Label: p.Group.Name, Href: paths.Group(p.Group.ID)}
}

// GroupPage is a group with its contacts.
type GroupPage struct {
	Frame   layouts.Frame
	Group   models.ShownGroup
	List    models.ContactList
	Query   models.ContactQuery
	Imports []models.ContactImport
	Manage  bool // may change contacts
	Own     bool // the group is the reader's account's
	Share   bool
}

func (p GroupPage) head() ui.PageHead {
	count := p.Group.Members
	head := ui.PageHead{Title: p.Group.Name, Count: &count, Back: &ui.Action{Label: "Audience", Href: paths.Audience()}}
	if !p.Own {
		head.Text = "A group of " + p.Group.AccountName
	}
	head.Others = append(head.Others, ui.Action{Label: "Export CSV", Href: paths.ContactsFile(p.Group.ID), Icon: "download", Download: true})
	if p.Manage {
		head.Primary = &ui.Action{Label: "Add contact", Href: paths.NewContact(p.Group.ID), Icon: "plus"}
		head.Others = append(head.Others, ui.Action{Label: "Import CSV", Href: paths.NewImport(p.Group.ID), Icon: "upload"})
		head.Menu = append(head.Menu, ui.Action{Label: "Edit group", Href: paths.EditGroup(p.Group.ID), Icon: "edit"})
	}
	if p.Share {
		head.Menu = append(head.Menu, ui.Action{Label: "Sharing", Href: paths.Sharing(models.SharedGroup, p.Group.ID), Icon: "share"})
	}
	if p.Manage && p.Own {
		head.Menu = append(head.Menu, ui.Action{Label: "Delete group", Href: paths.DeleteGroup(p.Group.ID), Icon: "trash", Danger: true})
	}
	return head
}

func (p GroupPage) pager() ui.Pager {
	var pager ui.Pager
	q := p.Query
	if q.After != "" {
		q.After = ""
		pager.First = paths.ContactsFound(p.Group.ID, q)
	}
	if p.List.Next != "" {
		q.After = p.List.Next
		pager.Older = paths.ContactsFound(p.Group.ID, q)
	}
	return pager
}

func (p GroupPage) linkTo(c models.Contact) string {
	if !p.Manage {
		return ""
	}
	return paths.Contact(p.Group.ID, c.ID)
}

func (p GroupPage) actions(c models.Contact) []ui.Action {
	return []ui.Action{{Label: "Edit", Href: paths.Contact(p.Group.ID, c.ID), Icon: "edit"},
		{Label: "Remove", Href: paths.ContactRemoval(p.Group.ID, c.ID), Icon: "trash", Post: true, Danger: true,
			Confirm: "Remove " + nameOr(c) + " from this group? A contact that is in no other group is deleted with it."}}
}

func nameOr(c models.Contact) string {
	if c.Name != "" {
		return c.Name
	}
	return c.Number
}

// ContactForm is what the form of a contact holds, as typed.
type ContactForm struct {
	Number, Name string
	Fields       []string // in the order of the group's
	Version      int
}

// EditContact is the form of a contact, new when Contact is nil.
type EditContact struct {
	Frame   layouts.Frame
	Group   models.ShownGroup
	Contact *models.Contact
	Form    ContactForm
	Refused *models.Error
}

func (p EditContact) title() string {
	if p.Contact == nil {
		return "Add contact"
	}
	return nameOr(*p.Contact)
}

func (p EditContact) action() string {
	if p.Contact == nil {
		return paths.Contacts(p.Group.ID)
	}
	return paths.Contact(p.Group.ID, p.Contact.ID)
}

func (p EditContact) value(i int) string {
	if i < len(p.Form.Fields) {
		return p.Form.Fields[i]
	}
	return ""
}

// ContactField is the field of a contact's form that holds the group's field of that place.
func ContactField(i int) string { return "field_" + strconv.Itoa(i) }

// order is that of the form's fields.
func (p EditContact) order() []string {
	names := []string{"number", "name"}
	for i := range p.Group.Fields {
		names = append(names, ContactField(i))
	}
	return names
}

// GroupDeletion says what deleting a group does.
type GroupDeletion struct {
	Frame layouts.Frame
	Group models.ShownGroup
}

// NewImport asks for a file of contacts.
type NewImport struct {
	Frame   layouts.Frame
	Group   models.ShownGroup
	Refused *models.Error
}

// ImportPage is a file of contacts: what it will do, or how far it is.
type ImportPage struct {
	Frame   layouts.Frame
	Group   models.ShownGroup
	Import  models.ContactImport
	Rows    []models.ImportRow
	Manage  bool
	Refused *models.Error
}

// becomes is what a column of the file is taken for.
func (p ImportPage) becomes(i int) string {
	switch {
	case i == p.Import.NumberColumn:
		return "Number"
	case i == p.Import.NameColumn:
		return "Name"
	case p.Import.Columns[i] == "", strings.HasPrefix(strings.ToLower(p.Import.Columns[i]), "opted out since"):
		return "Left out"
	}
	return "Field “" + p.Import.Columns[i] + "”"
}

// OptOuts is the list of who is not to be written to (MSG-5).
type OptOuts struct {
	Frame   layouts.Frame
	List    models.OptOutList
	Query   models.OptOutQuery
	Manage  bool
	Typed   string
	Refused *models.Error
}

func (p OptOuts) pager() ui.Pager {
	var pager ui.Pager
	q := p.Query
	if q.After != "" {
		q.After = ""
		pager.First = paths.OptOutsFound(q)
	}
	if p.List.Next != "" {
		q.After = p.List.Next
		pager.Older = paths.OptOutsFound(q)
	}
	return pager
}

func (p OptOuts) remove(o models.OptOut) []ui.Action {
	return []ui.Action{{Label: "Allow messages again", Href: paths.OptOutRemoval(), Icon: "arrow-back-up", Post: true, Danger: true, Hidden: []ui.Hidden{{Name: "number", Value: o.Number}},
		Confirm: "Write to " + o.Number + " again? Do this only when they have asked for it: writing to somebody who opted out is against the law in many countries."}}
}
