package pages

import (
	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p Transfer) title() string {
	switch p.Transfer.Kind {
	case models.Payment:
		return "Money received"
	case models.GivenOut:
		return "Transfer to " + p.Transfer.To.Name
	case models.GivenBack:
		return "Transfer back from " + p.Transfer.From.Name
	case models.UsageCharge:
		return "Usage of " + p.Transfer.To.Name
	case models.Refund:
		return "Refund to " + p.Transfer.To.Name
	case models.Purchase:
		return "Purchase of " + p.Transfer.From.Name
	case models.UnitsIssued:
		return "Units for " + p.Transfer.To.Name
	case models.UnitsExpired:
		return "Units of " + p.Transfer.From.Name + " that expired"
	}
	return "Reversal"
}

// kind is the word for what sort of transfer it is.
func (p Transfer) kind() string {
	switch p.Transfer.Kind {
	case models.Payment:
		return "Money received"
	case models.GivenOut:
		return "Transfer"
	case models.GivenBack:
		return "Transfer back"
	case models.UsageCharge:
		return "Usage"
	case models.Refund:
		return "Refund"
	case models.Purchase:
		return "Purchase"
	case models.UnitsIssued:
		return "Units added"
	case models.UnitsExpired:
		return "Units expired"
	}
	return "Reversal"
}

func (p Transfer) direction() string {
	if p.Transfer.From.Wallet == models.OutsideWallet {
		return "to " + p.name(p.Transfer.To)
	}
	return "from " + p.name(p.Transfer.From) + " to " + p.name(p.Transfer.To)
}

// name is what a side is called: an account, or what that account has spent.
func (p Transfer) name(side models.Side) string {
	if side.Wallet == models.SpentWallet || side.Wallet == models.UsedWallet {
		return "usage of " + side.Name
	}
	return side.Name
}

// sides are the balances that the reader may see.
func (p Transfer) sides() []models.Side {
	var sides []models.Side
	for _, side := range []models.Side{p.Transfer.From, p.Transfer.To} {
		if side.Wallet == models.BalanceWallet && !side.Untold {
			sides = append(sides, side)
		}
	}
	return sides
}

func (p Transfer) isLinked(side models.Side) bool { return p.Links && side.Account != p.Reader }

// back leads to the statement in which the transfer stands: that of the sub-account for its parent, else one's own.
func (p Transfer) back() *ui.Action {
	for _, side := range []models.Side{p.Transfer.To, p.Transfer.From} {
		if p.isLinked(side) && side.Wallet != models.OutsideWallet {
			return &ui.Action{Label: side.Name, Href: paths.SubAccountBalance(side.Account)}
		}
	}
	return &ui.Action{Label: "Statement", Href: paths.Statement()}
}
