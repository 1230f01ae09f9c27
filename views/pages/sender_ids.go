package pages

import (
	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// SenderRights are what the reader may do with Sender IDs.
type SenderRights struct {
	Account models.ID // the one they are in
	Add     bool      // request, describe, withdraw
	Share   bool      // those of the parent account
	Others  bool      // sees those of sub-accounts
}

// SenderIDs is the list of Sender IDs.
type SenderIDs struct {
	Frame layouts.Frame
	Query models.SenderQuery
	List  models.SenderList
	May   SenderRights
}

// NewSenderID is the form that asks for one.
type NewSenderID struct {
	Frame   layouts.Frame
	Name    string
	Purpose string
	Country string
	Key     string
	Refused *models.Error
}

// ShowSenderID is the page of one Sender ID.
type ShowSenderID struct {
	Frame   layouts.Frame
	Sender  models.SenderID
	May     SenderRights
	Purpose string // as it was typed
	Refused *models.Error
}

func requestSenderID() *ui.Action {
	return &ui.Action{Label: "Request Sender ID", Href: paths.NewSenderID(), Icon: "plus"}
}

func (p SenderIDs) head() templ.Component {
	head := ui.PageHead{Title: "Sender IDs", Text: "What your messages come from."}
	if len(p.List.Rows) > 0 || p.Query.Status != "" {
		head.Others = []ui.Action{{Label: "Export CSV", Href: paths.SenderIDsFile(p.Query), Icon: "download", Download: true}}
	}
	if p.May.Add {
		head.Primary = requestSenderID()
	}
	return head
}

// isFirst says whether this is the beginning of the whole list, where the registered mobile stands.
func (p SenderIDs) isFirst() bool { return p.Query.Status == "" && p.Query.After == models.NoID }

func (p SenderIDs) pills() templ.Component {
	status := ui.Filter{ID: "filter-status", Label: "Status", Chosen: p.Query.Status.Label(), Remove: paths.SenderIDs()}
	for _, s := range models.SenderStatuses {
		status.Options = append(status.Options, ui.FilterOption{Label: s.Label(), Current: s == p.Query.Status, Href: paths.SenderIDList(models.SenderQuery{Status: s})})
	}
	return ui.Pills{Filters: []ui.Filter{status}, Clear: paths.SenderIDs()}
}

func (p SenderIDs) pager() templ.Component {
	var pager ui.Pager
	if p.Query.After != models.NoID {
		pager.First = paths.SenderIDList(models.SenderQuery{Status: p.Query.Status})
	}
	if p.List.Next != models.NoID {
		pager.Older = paths.SenderIDList(models.SenderQuery{Status: p.Query.Status, After: p.List.Next})
	}
	return pager
}

func (p SenderIDs) empty() templ.Component {
	if p.Query.Status != "" || p.Query.After != models.NoID {
		return ui.Empty{Icon: "search", Title: "No Sender ID matches", Text: "There is none with this status, or the list has become shorter.",
			Action: &ui.Action{Label: "Clear all", Href: paths.SenderIDs()}}
	}
	e := ui.Empty{Icon: "id", Title: "Nothing to send from yet", Text: "Your account has no registered mobile number. Ask for a Sender ID: a name of up to 11 characters, or a number."}
	if p.May.Add {
		e.Action = requestSenderID()
	}
	return e
}

// isOwn says whether the Sender ID is of the reader's account.
func (r SenderRights) isOwn(s models.SenderID) bool { return s.AccountID == r.Account }

// access says beside a Sender ID of another account what the reader's may do with it.
func (r SenderRights) access(s models.SenderID) string {
	switch {
	case r.isOwn(s) || r.Others:
		return ""
	case s.May == models.MayEdit:
		return "Shared with you: use and edit"
	}
	return "Shared with you: use"
}

func (p ShowSenderID) head() templ.Component {
	s := p.Sender
	head := ui.PageHead{Title: senderText(s.Name), Status: s.Status.Label(), Back: &ui.Action{Label: "Sender IDs", Href: paths.SenderIDs()}}
	if p.May.isOwn(s) && p.May.Share && s.Status == models.SenderApproved {
		head.Primary = &ui.Action{Label: "Share", Href: paths.Sharing(models.SharedSenderID, s.ID), Icon: "share"}
	}
	if p.May.isOwn(s) && p.May.Add {
		head.Menu = []ui.Action{{Label: "Withdraw", Href: paths.SenderIDWithdrawal(s.ID), Icon: "trash", Post: true, Danger: true,
			Confirm: "Withdraw " + s.Name + "? Nothing is sent from it any more, here and wherever it is shared. To use it again it must be approved again."}}
	}
	return head
}

// mayDescribe says whether the reader may change what it is said to be for.
func (p ShowSenderID) mayDescribe() bool { return p.May.Add && p.Sender.May >= models.MayEdit }

// senderText is a Sender ID as people read it: numbers in groups.
func senderText(name string) string {
	if len(name) > 0 && name[0] == '+' {
		return ui.MobileText(name)
	}
	return name
}

// who asked for it, where the reader may know.
func requestedBy(s models.SenderID) string {
	if s.Entered {
		return s.RequestedBy + ", who had entered the account"
	}
	return s.RequestedBy
}
