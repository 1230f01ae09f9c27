package web

import (
	"errors"
	"net/http"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/inbound"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listInbound(v *visit) error {
	page := pages.Interactive{Query: paths.ParseInboundQuery(v.QueryParams())}
	filter, err := v.inboundFilter(page.Query)
	status := http.StatusOK
	if refused, ok := refusalOf(err); ok {
		page.Refused, status = refused, formStatus(refused)
	} else if err != nil {
		return err
	} else if page.Page, err = s.Interactive.Messages(v.ctx(), v.actor, filter); err != nil {
		return err
	}
	if page.Frame, err = v.frame("Interactive"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) exportInbound(v *visit) error {
	filter, err := v.inboundFilter(paths.ParseInboundQuery(v.QueryParams()))
	if err != nil {
		return err
	}
	sheet := func() *exports.Sheet[models.InboundMessage] { return exports.InboundCSV(v.Response(), v.zone()) }
	return download(v, exports.FileName("incoming-messages", v.session.Account.Name, filter.Days), sheet, func(each func(models.InboundMessage) error) error {
		return s.Interactive.ExportMessages(v.ctx(), v.actor, filter, each)
	})
}

// inboundFilter reads the filter of incoming messages; what is wrong in it has a sentence at its field.
func (v *visit) inboundFilter(q models.InboundQuery) (models.InboundFilter, error) {
	var p models.Problems
	f := models.InboundFilter{Days: v.days(&p, q.From, q.To)}
	if q.Sender != "" {
		number, problem := audience.ReadNumber(q.Sender, v.session.Account.Country)
		if f.Sender = number.E164; problem != "" {
			p.Add("sender", problem)
		}
	}
	f.Before, _ = models.ParseID(q.Older)
	return f, p.Err()
}

func (s *Server) listReplyRules(v *visit) error { return v.replyRules(http.StatusOK, nil) }

func (v *visit) replyRules(status int, refused *models.Error) error {
	rules, numbers, err := v.server.Interactive.Rules(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	page := pages.ReplyRules{Rules: rules, Numbers: numbers, Manage: v.actor.Can(models.InteractiveMessages), Text: clipped(v.QueryParam("text")), To: clipped(v.QueryParam("to")), Refused: refused}
	if page.To == "" && len(numbers) > 0 {
		page.To = numbers[0]
	}
	if page.Text != "" {
		verdict, err := v.server.Interactive.Try(v.ctx(), v.actor, page.To, page.Text)
		if err != nil {
			return err
		}
		page.Verdict = &verdict
	}
	if page.Frame, err = v.frame("Keywords and rules"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) newReplyRule(v *visit) error {
	return v.ruleForm(http.StatusOK, models.NoID, pages.RuleForm{Kind: string(models.ExactRule), Key: newKey()}, nil)
}

func (s *Server) createReplyRule(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	order, form := v.typedRule()
	order.Key = key
	err = s.Interactive.AddRule(v.ctx(), v.actor, order)
	if refused, ok := refusalOf(err); ok {
		form.Key = keyAfter(refused, key)
		return v.ruleForm(formStatus(refused), models.NoID, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.ReplyRules(), "It is added at the end of the list.")
}

func (s *Server) editReplyRule(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.ruleForm(http.StatusOK, id, pages.RuleForm{}, nil)
}

func (s *Server) updateReplyRule(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	order, form := v.typedRule()
	order.Version, form.Version = v.version(), v.version()
	err = s.Interactive.ChangeRule(v.ctx(), v.actor, id, order)
	if refused, ok := refusalOf(err); ok {
		return v.ruleForm(formStatus(refused), id, form, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.ReplyRules(), "It is saved.")
}

func (v *visit) typedRule() (inbound.RuleOrder, pages.RuleForm) {
	form := pages.RuleForm{Number: v.field("number"), Kind: v.field("kind"), Keyword: v.field("keyword"), Reply: v.field("reply")}
	return inbound.RuleOrder{Number: form.Number, Kind: models.RuleKind(form.Kind), Keyword: form.Keyword, Reply: form.Reply}, form
}

// ruleForm is the form of a new rule, or of one that is there: as it is now, or what was typed and refused.
func (v *visit) ruleForm(status int, id models.ID, form pages.RuleForm, refused *models.Error) error {
	rules, numbers, err := v.server.Interactive.Rules(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	if id != models.NoID && (refused == nil || errors.Is(refused, inbound.ErrStale)) {
		found := false
		for _, r := range rules {
			if r.ID == id {
				form, found = pages.RuleForm{Number: r.Number, Kind: string(r.Kind), Keyword: r.Keyword, Reply: r.Reply, Version: r.Version}, true
			}
		}
		if !found {
			return inbound.ErrNoSuchRule
		}
	}
	frame, err := v.frame("Keyword or rule")
	if err != nil {
		return err
	}
	return v.page(status, pages.EditRule{Frame: frame, ID: id, Numbers: numbers, Form: form, Refused: refused}.View())
}

func (s *Server) createRulePause(v *visit) error {
	return v.onRule(func(id models.ID) error { return s.Interactive.PauseRule(v.ctx(), v.actor, id, true) }, "It is paused and answers nothing.")
}

func (s *Server) createRuleResumption(v *visit) error {
	return v.onRule(func(id models.ID) error { return s.Interactive.PauseRule(v.ctx(), v.actor, id, false) }, "It answers again.")
}

func (s *Server) createRuleMove(v *visit) error {
	by := 1
	if v.field("to") == "up" {
		by = -1
	}
	return v.onRule(func(id models.ID) error { return s.Interactive.MoveRule(v.ctx(), v.actor, id, by) }, "The order is saved.")
}

func (s *Server) deleteReplyRule(v *visit) error {
	return v.onRule(func(id models.ID) error { return s.Interactive.DeleteRule(v.ctx(), v.actor, id) }, "It is deleted.")
}

// onRule does one thing to the rule in the path and says so on the list.
func (v *visit) onRule(do func(models.ID) error, said string) error {
	id, err := v.id("id")
	if err == nil {
		err = do(id)
	}
	if refused, ok := refusalOf(err); ok {
		return v.replyRules(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.ReplyRules(), said)
}

func (s *Server) listNumbers(v *visit) error { return v.numbers(http.StatusOK, nil) }

func (s *Server) createNumber(v *visit) error {
	assigned, err := s.Interactive.AssignNumber(v.ctx(), v.actor, inbound.NumberOrder{Number: v.field("number"), Email: v.field("email")})
	if refused, ok := refusalOf(err); ok {
		return v.numbers(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffNumbers(), assigned.Number+" belongs to "+assigned.AccountName+" now.")
}

func (s *Server) deleteNumber(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	number := v.field("number")
	if err := s.Interactive.ReleaseNumber(v.ctx(), v.actor, tenant, number); err != nil {
		return err
	}
	return v.done(paths.StaffNumbers(), number+" is released.")
}

// numbers is the list, also when an order in it comes back refused.
func (v *visit) numbers(status int, refused *models.Error) error {
	page := pages.StaffNumbers{Search: clipped(v.QueryParam("q")), After: clipped(v.QueryParam("after")), Manage: v.actor.Can(models.ManageParents),
		Number: v.field("number"), Email: v.field("email"), Refused: refused}
	var err error
	if page.List, err = v.server.Interactive.Numbers(v.ctx(), v.actor, page.Search, page.After); err != nil {
		return err
	}
	if page.Frame, err = v.frame("Numbers"); err != nil {
		return err
	}
	return v.page(status, page.View())
}
