package pages

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p ParentHome) shortTitle() string {
	if p.Attention.ShortCount == 1 {
		return "1 sub-account is short this month"
	}
	return strconv.Itoa(p.Attention.ShortCount) + " sub-accounts are short this month"
}

func (p ParentHome) shortMissing() string {
	if p.Attention.ShortCount == 1 {
		return " is missing. It is funded by itself as soon as you have it."
	}
	return " is missing. They are funded by themselves as soon as you have it."
}

func (p ParentHome) shortBeing() string {
	if p.Attention.ShortCount == 1 {
		return "It is being funded now."
	}
	return "They are being funded now."
}

// creditText is how much is asked for, since when, and what for.
func creditText(ctx context.Context, r models.CreditAsked) string {
	said := ui.DateText(ctx, r.Since)
	if r.Amount != nil {
		said = ui.MoneyText(ctx, *r.Amount) + ", " + said
	}
	if r.Note != "" {
		said += ": " + r.Note
	}
	return said
}

func toMonth(label, href string) templ.Component {
	return ui.LinkButton{Label: label, Href: href, Small: true}
}

// managed is a button for those who manage sub-accounts, and nothing for others.
func (p ParentHome) managed(label, href, name string) templ.Component {
	if !p.MayManage {
		return templ.NopComponent
	}
	return ui.LinkButton{Label: label, Href: href, Small: true, Attributes: labelled(name)}
}

// toRequest leads to the request, which everybody of the parent may read.
func toRequest(r models.CreditAsked) templ.Component {
	return ui.LinkButton{Label: "Answer", Href: paths.CreditRequestOf(r.Account), Small: true, Attributes: labelled("Answer " + r.Name)}
}

func monthName(first models.Day) string { return first.Month.String() + " " + strconv.Itoa(first.Year) }

func pausedText(reason string) string {
	switch reason {
	case "short":
		return "Your balance was not enough. It goes on by itself when money comes in."
	case "times":
		return "It was recharged as often as it may be in a day. It goes on by itself tomorrow."
	case "amount":
		return "It was recharged with as much as it may be in a day. It goes on by itself tomorrow."
	}
	return "It goes on when somebody resumes it."
}

func trialTitle(t models.TrialAtEnd) string {
	if t.Ended {
		return "The trial of " + t.Name + " has ended"
	}
	return "The trial of " + t.Name + " ends soon"
}

// trialText names the last day, as the badge of the sub-account does.
func trialText(t models.TrialAtEnd) string {
	switch {
	case t.Ended && hasOwnBalance(t.Funding):
		return "Its last day was " + dayText(t.LastDay) + ". It can do nothing until credit comes."
	case t.Ended:
		return "Its last day was " + dayText(t.LastDay) + ". It can do nothing until you extend or end its trial."
	}
	return "Its last day is " + dayText(t.LastDay) + "."
}

// trialButton gives it credit, which ends the trial, where credit can be given; otherwise it leads to the trial's date.
func (p ParentHome) trialButton(t models.TrialAtEnd) templ.Component {
	if t.Ended && hasOwnBalance(t.Funding) {
		return p.managed("Transfer balance", paths.NewTransfer(t.Account), "Transfer balance to "+t.Name)
	}
	return p.managed("Edit", paths.EditSubAccount(t.Account), "Edit "+t.Name)
}

// limitHelp says what is left of a limit.
func limitHelp(ctx context.Context, l models.ShownLimit, hidden bool) string {
	switch {
	case l.Percent() == 100 && l.Daily:
		return "Reached. It begins anew tomorrow."
	case l.Percent() == 100:
		return "Reached. It begins anew next month."
	case l.Short:
		return "Your parent account could not fund this month yet."
	case hidden:
		return ""
	}
	return ui.MoneyText(ctx, l.Left()) + " left."
}
