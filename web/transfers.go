package web

import (
	"context"
	"net/http"

	"offshoot/models"
	"offshoot/services/ledger"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// way is one of the two ways between a parent and its sub-account.
type way struct {
	back          bool
	move, preview func(context.Context, models.Actor, ledger.TransferOrder) (models.Transfer, error)
	done          func(amount, sub string) string
}

func (s *Server) out() way {
	return way{move: s.Ledger.Transfer, preview: s.Ledger.PreviewTransfer,
		done: func(amount, sub string) string { return amount + " transferred to " + sub + "." }}
}

func (s *Server) back() way {
	return way{back: true, move: s.Ledger.TransferBack, preview: s.Ledger.PreviewTransferBack,
		done: func(amount, sub string) string { return amount + " transferred back from " + sub + "." }}
}

func (s *Server) newTransfer(v *visit) error { return v.newTransfer(s.out()) }

func (s *Server) createTransfer(v *visit) error { return v.createTransfer(s.out()) }

func (s *Server) newTransferBack(v *visit) error { return v.newTransfer(s.back()) }

func (s *Server) createTransferBack(v *visit) error { return v.createTransfer(s.back()) }

func (v *visit) newTransfer(w way) error {
	return v.transferForm(http.StatusOK, pages.NewTransfer{Back: w.back, Form: pages.TransferForm{Amount: v.QueryParam("amount"), Note: v.QueryParam("note"), Key: newKey()}})
}

func (v *visit) createTransfer(w way) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	page := pages.NewTransfer{Back: w.back, Form: pages.TransferForm{Amount: v.field("amount"), All: w.back && v.isTicked("all"), Note: v.field("note"), Key: key}}
	order := ledger.TransferOrder{SubAccount: id, All: page.Form.All, Note: v.trimmed("note"), Key: key}
	if !order.All {
		order.Amount, err = v.amount("amount")
	}
	var posted models.Transfer
	switch {
	case err != nil:
	case v.isTicked("preview"):
		if posted, err = w.preview(v.ctx(), v.actor, order); err == nil {
			page.Preview = &posted
			return v.transferForm(http.StatusOK, page)
		}
	default:
		posted, err = w.move(v.ctx(), v.actor, order)
	}
	if refused, ok := refusalOf(err); ok {
		page.Refused, page.Form.Key = refused, keyAfter(refused, key)
		return v.transferForm(formStatus(refused), page)
	}
	if err != nil {
		return err
	}
	sub, err := v.server.Reports.AccountName(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	return v.done(paths.SubAccountBalance(id), w.done(v.moneyText(posted.Amount), sub))
}

func (v *visit) transferForm(status int, page pages.NewTransfer) (err error) {
	if page.Account, err = v.subAccountAsked(); err != nil {
		return err
	}
	title := "Transfer balance"
	if page.Back {
		title = "Transfer back"
	}
	if page.Frame, err = v.frame(title); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) showTransfer(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	posted, err := s.Ledger.Posted(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	frame, err := v.frame("Transfer")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.Transfer{Frame: frame, Transfer: posted, Reader: v.actor.Account, Links: v.actor.Can(models.ViewSubAccounts)}.View())
}

// moneyText is an amount within a sentence, written as the reader's country writes it.
func (v *visit) moneyText(m models.Money) string {
	return ui.MoneyText(ui.WithReader(v.ctx(), ui.Reader{Country: v.session.Account.Country}), m)
}
