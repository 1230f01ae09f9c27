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
		return "You had too little. It goes on by itself when money comes."
	case "times":
		return "It was recharged as often as it may be in a day. It goes on tomorrow."
	case "amount":
		return "It was recharged with as much as it may be in a day. It goes on tomorrow."
	}
	return "It goes on when somebody resumes it."
}

func trialTitle(t models.TrialAtEnd) string {
	if t.Ended {
		return "The trial of " + t.Name + " has ended"
	}
	return "The trial of " + t.Name + " ends soon"
}

// trialButton gives it credit, which ends the trial, where credit can be given; otherwise it leads to the trial's date.
func (p ParentHome) trialButton(t models.TrialAtEnd) templ.Component {
	if t.Ended && (t.Funding == models.OwnBalance || t.Funding == models.ClientPays) {
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
