package pages

import (
	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// rowActions are what the reader may do with a sub-account of the list.
func rowActions(a models.ListedAccount, may SubAccountRights) []ui.Action {
	var actions []ui.Action
	if may.Access {
		actions = append(actions, accessAction(a.ID))
	}
	if !may.Manage {
		return actions
	}
	return append(actions, manageActions(standing{a.ID, a.Status, a.Funding, a.Draws, a.Balance})...)
}

func accessAction(id models.ID) ui.Action {
	return ui.Action{Label: "Access account", Href: paths.SubAccountAccess(id), Icon: "door-enter"}
}

// standing is what decides which actions a sub-account is open to.
type standing struct {
	id      models.ID
	status  models.AccountStatus
	funding models.Funding
	draws   bool // it spends its parent's balance
	balance models.Money
}

func manageActions(s standing) []ui.Action {
	state := ui.Action{Label: "Deactivate", Href: paths.SubAccountDeactivation(s.id), Icon: "ban", Danger: true}
	if s.status == models.Deactivated {
		state = ui.Action{Label: "Activate", Href: paths.SubAccountActivation(s.id), Icon: "player-play", Post: true}
	}
	return []ui.Action{
		{Label: "Transfer balance", Href: paths.NewTransfer(s.id), Icon: "arrow-forward-up", Why: s.whyNotTransfer()},
		{Label: "Transfer back", Href: paths.NewTransferBack(s.id), Icon: "arrow-back-up", Why: s.whyNotTransferBack()},
		{Label: "Edit", Href: paths.EditSubAccount(s.id), Icon: "edit"},
		state,
		{Label: "Delete", Href: paths.SubAccountDeletion(s.id), Icon: "trash", Danger: true},
	}
}

// whyNotTransfer says why nothing can be transferred to it, in a few words; "" when it can.
func (s standing) whyNotTransfer() string {
	switch {
	case s.status == models.Deactivated:
		return "It is deactivated."
	case s.draws:
		return "It spends your balance."
	case s.funding == models.MonthlyLimit:
		return "Its monthly limit says what it has."
	}
	return ""
}

func (s standing) whyNotTransferBack() string {
	switch {
	case s.status == models.Deactivated:
		return "It is deactivated and has returned everything."
	case s.funding == models.MonthlyLimit && !s.draws:
		return "Its monthly limit says what it has."
	case s.balance.IsPositive():
		return ""
	case s.draws:
		return "It spends your balance."
	}
	return "It has nothing to transfer back."
}
