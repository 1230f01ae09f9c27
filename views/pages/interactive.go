package pages

import (
	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// Interactive is what people wrote to the account's numbers (MSG-6).
type Interactive struct {
	Frame   layouts.Frame
	Page    models.InboundPage
	Query   models.InboundQuery
	Refused *models.Error
}

func interactiveTabs(rules bool) ui.Tabs {
	return ui.Tabs{Label: "Interactive", Tabs: []ui.Tab{{Label: "Incoming messages", Href: paths.Interactive(), Current: !rules}, {Label: "Keywords and rules", Href: paths.ReplyRules(), Current: rules}}}
}

func (p Interactive) files() []ui.Action {
	if p.Refused != nil {
		return nil
	}
	return []ui.Action{{Label: "Export CSV", Href: paths.InteractiveFile(p.Query), Icon: "download", Download: true}}
}

func (p Interactive) pager() ui.Pager {
	pager := ui.Pager{Onward: "Older"}
	q := p.Query
	if q.Older != "" {
		q.Older = ""
		pager.First = paths.InteractiveFound(q)
	}
	if p.Page.Older != models.NoID {
		q.Older = p.Page.Older.String()
		pager.Older = paths.InteractiveFound(q)
	}
	return pager
}

func (p Interactive) empty() ui.Empty {
	if p.Query != (models.InboundQuery{}) {
		return ui.Empty{Icon: "search", Title: "No message matches", Text: "Nobody wrote to you like this on these days.", Action: &ui.Action{Label: "Clear all", Href: paths.Interactive()}}
	}
	return ui.Empty{Icon: "messages", Title: "No message came in yet", Text: "What people write to your numbers stands here. Ask the support for a number of your own."}
}

// ReplyRules are an account's keywords and rules, and what they make of a text.
type ReplyRules struct {
	Frame   layouts.Frame
	Rules   []models.ReplyRule
	Numbers []string
	Manage  bool
	Text    string // to try
	To      string // the number that it is written to
	Verdict *models.ReplyVerdict
	Refused *models.Error
}

func (p ReplyRules) head() ui.PageHead {
	head := ui.PageHead{Title: "Interactive", Text: "What people write to your numbers, and what is answered by itself."}
	if p.Manage {
		head.Primary = &ui.Action{Label: "Add keyword or rule", Href: paths.NewReplyRule(), Icon: "plus"}
	}
	return head
}

func (p ReplyRules) actions(i int) []ui.Action {
	r := p.Rules[i]
	actions := []ui.Action{{Label: "Edit", Href: paths.ReplyRule(r.ID), Icon: "edit"}}
	if i > 0 {
		actions = append(actions, ui.Action{Label: "Move up", Href: paths.ReplyRuleMove(r.ID), Icon: "arrow-up", Post: true, Hidden: []ui.Hidden{{Name: "to", Value: "up"}}})
	}
	if i+1 < len(p.Rules) {
		actions = append(actions, ui.Action{Label: "Move down", Href: paths.ReplyRuleMove(r.ID), Icon: "arrow-down", Post: true, Hidden: []ui.Hidden{{Name: "to", Value: "down"}}})
	}
	if r.Paused {
		actions = append(actions, ui.Action{Label: "Resume", Href: paths.ReplyRuleResume(r.ID), Icon: "player-play", Post: true})
	} else {
		actions = append(actions, ui.Action{Label: "Pause", Href: paths.ReplyRulePause(r.ID), Icon: "player-pause", Post: true})
	}
	return append(actions, ui.Action{Label: "Delete", Href: paths.ReplyRuleRemoval(r.ID), Icon: "trash", Post: true, Danger: true,
		Confirm: "Delete “" + ruleName(r) + "”? It answers no more. What it answered stays."})
}

func ruleName(r models.ReplyRule) string {
	if r.Kind == models.DefaultRule {
		return "Everything else"
	}
	return r.Keyword
}

func anyNumber(number string) string {
	if number == "" {
		return "Any of your numbers"
	}
	return number
}

func numberOptions(numbers []string) []ui.Option {
	var options []ui.Option
	for _, n := range numbers {
		options = append(options, ui.Option{Value: n, Label: n})
	}
	return options
}

// RuleForm is what the form of a rule holds, as typed.
type RuleForm struct {
	Number, Kind, Keyword, Reply, Key string
	Version                           int
}

// EditRule is the form of a keyword or rule, new when ID is NoID.
type EditRule struct {
	Frame   layouts.Frame
	ID      models.ID
	Numbers []string
	Form    RuleForm
	Refused *models.Error
}

func (p EditRule) title() string {
	if p.ID == models.NoID {
		return "Add keyword or rule"
	}
	return "Edit keyword or rule"
}

func (p EditRule) action() string {
	if p.ID == models.NoID {
		return paths.ReplyRules()
	}
	return paths.ReplyRule(p.ID)
}

func ruleKinds() []ui.RadioCard {
	return []ui.RadioCard{
		{Value: string(models.ExactRule), Label: models.ExactRule.Label(), Icon: "check", Help: "The whole message is the keyword. Comes first."},
		{Value: string(models.PrefixRule), Label: models.PrefixRule.Label(), Icon: "arrow-right", Help: "The message begins with it: JOIN answers JOIN ANNA, and JOINED too. The longest that fits comes first."},
		{Value: string(models.DefaultRule), Label: models.DefaultRule.Label(), Icon: "messages", Help: "Everything that no keyword fits."},
	}
}

// StaffNumbers are the numbers of all accounts.
type StaffNumbers struct {
	Frame         layouts.Frame
	List          models.AssignedNumbers
	Search, After string
	Manage        bool
	Number, Email string // as typed
	Refused       *models.Error
}

func (p StaffNumbers) pager() ui.Pager {
	var pager ui.Pager
	if p.After != "" {
		pager.First = paths.StaffNumbersFound(p.Search, "")
	}
	if p.List.Next != "" {
		pager.Older = paths.StaffNumbersFound(p.Search, p.List.Next)
	}
	return pager
}

func (p StaffNumbers) release(n models.AssignedNumber) []ui.Action {
	return []ui.Action{{Label: "Release", Href: paths.StaffNumberRelease(n.Tenant), Icon: "x", Post: true, Danger: true, Hidden: []ui.Hidden{{Name: "number", Value: n.Number}},
		Confirm: "Take " + n.Number + " from " + n.AccountName + "? What is written to it from then on reaches nobody. Messages that came stay."}}
}

func (p StaffNumbers) parent(n models.AssignedNumber) string {
	if n.Account == n.Tenant {
		return ""
	}
	return "of " + n.ParentName
}
