package pages

import (
	"context"
	"net/url"
	"time"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// TrialForm is what was typed about a trial: Trial is yes or no.
type TrialForm struct {
	Trial      string
	TrialUntil string
}

// TrialEnded is all that the people of an account see whose trial is over.
type TrialEnded struct {
	Frame   layouts.Frame
	Email   string
	Account models.Account
	Parent  models.Account
	Request *models.CreditRequest // the latest
	Form    CreditForm
	Refused *models.Error
}

// CreditForm is what was typed by somebody who asks for credit.
type CreditForm struct {
	Amount string
	Note   string
}

// NewCreditRequest is the form by which a sub-account asks its parent for credit.
type NewCreditRequest struct {
	Frame   layouts.Frame
	Account models.Account
	Parent  models.Account
	Request *models.CreditRequest // the latest
	Form    CreditForm
	Refused *models.Error
}

// CreditRequest is a sub-account's latest request as its parent sees it.
type CreditRequest struct {
	Frame   layouts.Frame
	Account models.ShownAccount
	Request *models.CreditRequest // nil: it never asked
	May     SubAccountRights
	Reason  string // as typed
	Refused *models.Error
}

// hasOwnBalance says whether there is a balance of its own that credit could come to.
func hasOwnBalance(f models.Funding) bool { return f == models.OwnBalance || f == models.ClientPays }

// transferOf leads to the transfer that answers the request, filled in.
func (p CreditRequest) transferOf() string {
	query := url.Values{"note": {p.Request.Note}}
	if p.Request.Amount != nil {
		query.Set("amount", p.Request.Amount.Text())
	}
	return paths.With(paths.NewTransfer(p.Account.ID), query)
}

// trialBadge says in a few words how far a trial is; nil where there is none, or where credit has made it an account like
// others.
func trialBadge(ctx context.Context, t models.Trial, zone *time.Location) *ui.Badge {
	now := ui.ReaderOf(ctx).Now
	switch {
	case t.Ended(now):
		return &ui.Badge{Label: "Trial ended", Tone: ui.Bad}
	case t.Running(now):
		last := t.LastDay(zone)
		if last.Year == models.DayOf(now, zone).Year {
			return &ui.Badge{Label: "Trial until " + shortDay(last), Tone: ui.Info}
		}
		return &ui.Badge{Label: "Trial until " + dayText(last), Tone: ui.Info}
	}
	return nil
}

// onTrial is trialBadge of a row of the list.
func onTrial(ctx context.Context, a models.ListedAccount) *ui.Badge {
	return trialBadge(ctx, a.Trial, models.Account{TimeZone: a.TimeZone}.Zone())
}

// trialNotice says above every tab of an account what its ended trial means, with the one thing to do; nil where it has not
// ended.
func (h SubAccountHead) trialNotice(ctx context.Context) *ui.Flash {
	a := h.Account
	if !a.Trial.Ended(ui.ReaderOf(ctx).Now) || a.Status == models.Deactivated {
		return nil
	}
	notice := &ui.Flash{Tone: ui.Warning, Text: "Its trial ended on " + dayText(a.Trial.LastDay(a.Zone())) +
		": its people see only a page that says so, and nothing is sent for it. Your first transfer of balance lets it go on."}
	if !hasOwnBalance(a.Funding) {
		notice.Text = "Its trial ended on " + dayText(a.Trial.LastDay(a.Zone())) +
			": its people see only a page that says so, and nothing is sent for it. A later last day, or no trial, lets it go on."
	}
	switch {
	case !h.May.Manage:
	case hasOwnBalance(a.Funding):
		notice.Action = &ui.Action{Label: "Transfer balance", Href: paths.NewTransfer(a.ID), Icon: "arrow-forward-up"}
	default:
		notice.Action = &ui.Action{Label: "Edit", Href: paths.EditSubAccount(a.ID), Icon: "edit"}
	}
	return notice
}

// requestNotice says what became of the latest request, to whoever made it; nil where there is nothing to say.
func requestNotice(ctx context.Context, r *models.CreditRequest, parent string) *ui.Flash {
	switch {
	case r == nil:
		return nil
	case r.Open():
		asked := "credit"
		if r.Amount != nil {
			asked = ui.MoneyText(ctx, *r.Amount)
		}
		return &ui.Flash{Tone: ui.Info, Text: "You asked " + parent + " for " + asked + " on " + ui.DateText(ctx, r.RequestedAt) + ". It is not answered yet."}
	case r.DismissedBecause != "":
		return &ui.Flash{Tone: ui.Warning, Text: "Your request of " + ui.DateText(ctx, r.RequestedAt) + " was declined: " + r.DismissedBecause}
	}
	return nil
}

func (p SubAccountBalance) asks(ctx context.Context) string {
	said := p.Account.Name + " asks for credit"
	if p.Request.Amount != nil {
		said = p.Account.Name + " asks for " + ui.MoneyText(ctx, *p.Request.Amount)
	}
	if p.Request.Note != "" {
		said += ": “" + p.Request.Note + "”"
	}
	return said + "."
}
