package pages

import (
	"context"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p NewTransfer) title() string {
	if p.Back {
		return "Transfer back"
	}
	return "Transfer balance"
}

func (p NewTransfer) direction() string {
	if p.Back {
		return "From " + p.Account.Name + " to " + p.Account.Parent.Name
	}
	return "From " + p.Account.Parent.Name + " to " + p.Account.Name
}

func (p NewTransfer) action() string {
	if p.Back {
		return paths.SubAccountTransfersBack(p.Account.ID)
	}
	return paths.SubAccountTransfers(p.Account.ID)
}

// limit says beside the amount how much there is.
func (p NewTransfer) limit(ctx context.Context) string {
	if p.Back {
		return "It has " + ui.MoneyText(ctx, p.Account.Balance.Balance) + "."
	}
	return "You have " + ui.MoneyText(ctx, p.Account.ParentBalance.Available()) + " available."
}

// why says why there is nothing to be filled in; "" when there is.
func (p NewTransfer) why() string {
	switch {
	case p.Account.Status == models.Deactivated && p.Back:
		return p.Account.Name + " is deactivated, and has returned its whole balance."
	case p.Account.Status == models.Deactivated:
		return p.Account.Name + " is deactivated: nothing can be moved in or out. Activate it first."
	case p.limited():
		return p.Account.Name + " gets its monthly limit from you, and returns what is unused. Raise or lower the limit, or give it a balance of its own."
	case p.Back && p.Account.Balance.Balance.IsPositive():
		return ""
	case p.Account.Draws():
		return p.Account.Name + " spends your balance. Give it a balance of its own before you transfer one."
	case p.Back:
		return p.Account.Name + " has nothing to transfer back."
	}
	return ""
}

// limited says whether its monthly limit is moved to it, so that nothing else is.
func (p NewTransfer) limited() bool {
	return p.Account.Funding == models.MonthlyLimit && !p.Account.Draws()
}

// remedy is the one button that changes why.
func (p NewTransfer) remedy() *ui.Action {
	switch {
	case p.Account.Status == models.Deactivated && !p.Back:
		return &ui.Action{Label: "Activate", Href: paths.SubAccountActivation(p.Account.ID), Post: true, Icon: "player-play"}
	case p.Account.Status != models.Deactivated && p.limited():
		return &ui.Action{Label: "Change the limit", Href: paths.ShowFunding(p.Account.ID)}
	case p.Account.Status != models.Deactivated && p.Account.Draws():
		return &ui.Action{Label: "Change funding", Href: paths.ShowFunding(p.Account.ID)}
	}
	return nil
}
