package pages

import (
	"net/url"
	"slices"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p StaffAccount) isParent() bool { return p.Shown.Kind == models.Parent }

func (p StaffAccount) self() string { return paths.StaffAccount(p.Shown.TenantID, p.Shown.ID) }

func (p StaffAccount) has(privilege models.Privilege) bool {
	return slices.Contains(p.Shown.Privileges, privilege)
}

func (p StaffAccount) head() ui.PageHead {
	head := ui.PageHead{Title: p.Shown.Name, Status: p.Shown.Status.Label(), Back: &ui.Action{Label: "Accounts", Href: paths.StaffAccounts()},
		Text:    "Parent account",
		Primary: &ui.Action{Label: "Access account", Href: p.Access.Action, Icon: "door-enter", Dialog: "access"}}
	if !p.isParent() {
		head.Text = "Sub-account of " + p.Shown.Parent.Name
		head.Back = &ui.Action{Label: p.Shown.Parent.Name, Href: paths.StaffAccount(p.Shown.TenantID, p.Shown.TenantID)}
	}
	if money := p.recordMoney(); money != nil {
		head.Others = append(head.Others, *money)
	}
	if p.May.Usage {
		head.Others = append(head.Others, ui.Action{Label: "Record usage", Href: paths.NewStaffUsage(p.Shown.TenantID, p.Shown.ID), Icon: "message"})
	}
	head.Menu = append(head.Menu, ui.Action{Label: "Users", Href: paths.StaffUsers(p.Shown.TenantID, p.Shown.ID).All(), Icon: "users"})
	if p.May.Money && p.isParent() {
		head.Menu = append(head.Menu, ui.Action{Label: "Grant package", Href: paths.NewStaffGrant(p.Shown.TenantID), Icon: "package"})
	}
	if p.May.Manage && p.isParent() && p.Shown.Status != models.Deactivated {
		head.Menu = append(head.Menu, ui.Action{Label: "Deactivate", Href: paths.StaffDeactivation(p.Shown.TenantID), Icon: "ban", Danger: true})
	}
	return head
}

// recordMoney is nil for a sub-account: money from outside goes to its parent.
func (p StaffAccount) recordMoney() *ui.Action {
	if !p.May.Money || !p.isParent() {
		return nil
	}
	return &ui.Action{Label: "Record money", Href: paths.NewStaffPayment(p.Shown.TenantID), Icon: "cash"}
}

// notices are what stops the account, each with what can be done about it here.
func (p StaffAccount) notices() []ui.Flash {
	var notices []ui.Flash
	if p.Shown.Status == models.Deactivated {
		notice := ui.Flash{Tone: ui.Warning, Text: p.Shown.Name + " is deactivated: " + p.Shown.StatusReason}
		if p.May.Manage && p.isParent() {
			notice.Action = &ui.Action{Label: "Activate", Href: paths.StaffActivation(p.Shown.TenantID), Icon: "power", Post: true,
				Confirm: "Activate " + p.Shown.Name + "? It and its sub-accounts get back the state that each had."}
		}
		notices = append(notices, notice)
	}
	if !p.isParent() && p.Shown.Parent.Status == models.Deactivated {
		notices = append(notices, ui.Flash{Tone: ui.Warning, Text: "Nobody can sign in here: " + p.Shown.Parent.Name + " is deactivated, and with it its sub-accounts."})
	}
	return notices
}

func (p StaffAccount) usedHelp() string {
	if p.Shown.Draws() {
		return "out of that balance"
	}
	if p.isParent() {
		return "by the account itself"
	}
	return ""
}

func (p StaffAccount) validity() string {
	if p.Shown.Activation.Expired {
		return "Expired"
	}
	return "Valid until"
}

func (p StaffAccount) pager() ui.Pager {
	at := func(name, cursor string) string {
		return paths.With(p.self(), url.Values{"sub": {p.Query.Search}, name: {cursor}})
	}
	var pager ui.Pager
	if p.SubAccounts.Newer != "" {
		pager.First, pager.Newer = at("after", ""), at("before", p.SubAccounts.Newer)
	}
	if p.SubAccounts.Older != "" {
		pager.Older = at("after", p.SubAccounts.Older)
	}
	return pager
}
