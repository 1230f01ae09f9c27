package web

import (
	"strings"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// frame is what stands around a page of somebody who is signed in.
func (v *visit) frame(title string) (layouts.Frame, error) {
	f := v.bareFrame(title)
	if v.session.ID == models.NoID || v.session.Stage != "full" {
		return f, nil
	}
	if v.showsBalance() {
		b, err := v.server.Ledger.Balance(v.ctx(), v.actor)
		if err != nil {
			return f, err
		}
		f.Balance = &layouts.Balance{Label: "Available", Amount: b.Available()}
		if v.actor.Can(models.ViewStatement) {
			f.Balance.Href = paths.Statement()
		}
	}
	if err := v.frozenNotice(&f); err != nil {
		return f, err
	}
	flash, err := v.server.Identity.TakeFlash(v.ctx(), v.session)
	if flash != "" {
		f.Flash = &ui.Flash{Tone: ui.Good, Text: flash}
	}
	return f, err
}

// bareFrame needs no question to the database, so that an error page can have it.
func (v *visit) bareFrame(title string) layouts.Frame {
	f := layouts.Frame{Title: title, Installation: v.server.Installation, Accent: v.server.Accent, Home: paths.Home()}
	if v.session.ID == models.NoID || v.session.Stage != "full" {
		return f
	}
	f.Account = v.session.Account.Name
	f.Menu = v.menu()
	f.Person = &layouts.Person{Name: v.session.User.Name, Email: v.session.User.Email, Role: v.role(), SignOut: paths.SignOut(),
		Links: []ui.Action{{Label: "Settings", Href: v.settingsPath(), Icon: "settings"}}}
	if v.actor.Can(models.ViewSubAccounts) {
		f.Search = &ui.Search{Action: paths.SubAccounts(), Name: "q", Label: "Search sub-accounts"}
	}
	if v.actor.Can(models.SupportAccounts) {
		f.Search = &ui.Search{Action: paths.StaffAccounts(), Name: "q", Label: "Search accounts"}
	}
	if v.actor.IsStaff() && !v.session.SecondFactor && !v.isUnder(paths.Security()) {
		f.Notices = append(f.Notices, ui.Flash{Tone: ui.Warning, Text: "You can enter every account here. Protect your sign-in with an authenticator app.",
			Action: &ui.Action{Label: "Set it up", Href: paths.Security()}})
	}
	if v.session.TrialEnded && v.actor.Access != nil {
		f.Notices = append(f.Notices, ui.Flash{Tone: ui.Warning, Text: "The trial of " + v.session.Account.Name + " has ended: its own people see only that, and nothing is sent for it until credit comes."})
	}
	if a := v.actor.Access; a != nil {
		as := "Admin of " + v.session.Home.Name
		if v.session.Home.Kind == models.Operator {
			as = "support"
		}
		f.Access = &layouts.Access{Who: v.session.User.Email, Account: v.session.Account.Name, As: as, Reason: a.Reason,
			Left: a.EndsAt.Sub(v.server.Store.Now()), Until: a.EndsAt, Return: paths.ReturnFromAccess()}
	}
	return f
}

// showsBalance says whether the account sees one: not staff, and not a sub-account that spends its parent's (BAL-2).
func (v *visit) showsBalance() bool {
	return v.actor.Can(models.ViewAccount) && !v.session.Account.Funding.DrawsFrom(v.session.Parent.Plan)
}

func (v *visit) role() string {
	if v.session.Home.Kind == models.Operator {
		return "Staff"
	}
	return v.session.User.Role.Label()
}

func (v *visit) settingsPath() string {
	if v.actor.Can(models.SupportAccounts) {
		return paths.StaffSettings()
	}
	return paths.Settings()
}

// menu is the entries that the person's privileges allow, in the order of the house.
func (v *visit) menu() []layouts.MenuEntry {
	var entries []layouts.MenuEntry
	add := func(p models.Privilege, label, href, icon string) {
		if v.actor.Can(p) {
			entries = append(entries, layouts.MenuEntry{Label: label, Href: href, Icon: icon, Current: v.isUnder(href)})
		}
	}
	add(models.ViewAccount, "Dashboard", paths.Home(), "layout-dashboard")
	add(models.ViewSubAccounts, "Sub-accounts", paths.SubAccounts(), "users")
	add(models.ViewMessages, "Messages", paths.MessageLog(), "message")
	add(models.ViewAudience, "Audience", paths.Audience(), "users-group")
	add(models.ViewSenderIDs, "Sender IDs", paths.SenderIDs(), "id")
	add(models.ViewUnits, "Account usage", paths.AccountUsage(), "package")
	add(models.ViewInteractive, "Interactive", paths.Interactive(), "messages")
	add(models.ViewReports, "Reports", paths.UsageReport(), "chart-bar")
	add(models.ViewActionLog, "Action log", paths.ActionLog(), "history")
	if v.showsBalance() {
		add(models.ViewStatement, "Statement", paths.Statement(), "receipt")
	}
	add(models.RequestCredit, "Add credit", paths.NewCreditRequest(), "coin")
	add(models.BillingPayments, "Billing", paths.Billing(), "credit-card")
	add(models.ViewStore, "Store", paths.Store(), "building-store")
	add(models.ViewAccount, "Settings", paths.Settings(), "settings")
	add(models.SupportAccounts, "Accounts", paths.StaffAccounts(), "building")
	add(models.SupportAccounts, "Requests", paths.StaffRequests(), "inbox")
	add(models.SupportAccounts, "Rates & packages", paths.StaffRates(), "tag")
	add(models.SupportAccounts, "Numbers", paths.StaffNumbers(), "phone")
	add(models.SupportAccounts, "Background work", paths.StaffWork(), "activity")
	add(models.SupportAccounts, "Books", paths.StaffBooks(), "shield-lock")
	add(models.SupportAccounts, "Action log", paths.StaffActionLog(), "history")
	add(models.SupportAccounts, "Settings", paths.StaffSettings(), "settings")
	return entries
}

func (v *visit) isUnder(href string) bool {
	path := v.Request().URL.Path
	return path == href || href != paths.Home() && strings.HasPrefix(path, href+"/")
}
