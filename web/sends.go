package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"offshoot/models"
	"offshoot/services/messaging"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) newSend(v *visit) error {
	return v.sendForm(http.StatusOK, pages.NewSend{Form: pages.SendForm{Group: v.QueryParam("group")}})
}

func (s *Server) createSend(v *visit) error {
	page := pages.NewSend{Form: pages.SendForm{From: v.field("from"), Numbers: v.field("numbers"), Group: v.field("group"), Text: v.field("text"), HadFile: v.file != nil}}
	draft := messaging.Draft{Numbers: v.field("numbers"), Text: v.typed.Get("text")}
	var p models.Problems
	draft.Sender = idTyped(&p, "from", page.Form.From, "Choose what this comes from.")
	draft.Group = idTyped(&p, "group", page.Form.Group, "Choose a group.")
	if v.file != nil {
		draft.File = v.file
	}
	err := p.Err()
	var id models.ID
	if err == nil {
		id, err = s.Messaging.Compose(v.ctx(), v.actor, draft)
	}
	if refused, ok := refusalOf(err); ok {
		v.drain()
		page.Refused = refused
		if size, err := messaging.Measure(messaging.Tidy(draft.Text)); err == nil {
			page.Size = &size
		}
		return v.sendForm(formStatus(refused), page)
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.Send(id))
}

// idTyped is the ID that a choice posted, NoID for none. What is no ID was not a choice.
func idTyped(p *models.Problems, field, text, sentence string) models.ID {
	if text == "" {
		return models.NoID
	}
	id, ok := models.ParseID(text)
	if !ok {
		p.Add(field, sentence)
	}
	return id
}

func (v *visit) sendForm(status int, page pages.NewSend) (err error) {
	if page.Senders, page.Groups, err = v.server.Messaging.Choices(v.ctx(), v.actor); err != nil {
		return err
	}
	if page.Frame, err = v.frame("Send messages"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) listSends(v *visit) error {
	older := v.QueryParam("older")
	list, err := s.Messaging.Sends(v.ctx(), v.actor, older)
	if err != nil {
		return err
	}
	frame, err := v.frame("Messages")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.Sends{Frame: frame, Sends: list.Sends, Older: list.Older, First: older == "",
		MaySend: v.actor.Can(models.SendMessages), Accounts: v.actor.Can(models.ViewSubAccounts)}.View())
}

func (s *Server) showSend(v *visit) error {
	return v.sendPage(http.StatusOK, pages.Send{Key: newKey()})
}

// sendPage shows a send: what it would cost, until it is started, and then how far it has come.
func (v *visit) sendPage(status int, page pages.Send) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if page.Send, err = v.server.Messaging.Progress(v.ctx(), v.actor, id); err != nil {
		return err
	}
	if page.Send.Status == models.SendReady {
		preview, err := v.server.Messaging.Quote(v.ctx(), v.actor, id)
		switch {
		case err == nil:
			page.Quote, page.Quoted = &preview.Quote, preview.Quoted
		case !errors.Is(err, messaging.ErrStarted) && !errors.Is(err, messaging.ErrOver): // somebody was faster
			return err
		}
	}
	page.Own, page.MaySend, page.Prices = page.Send.Account == v.actor.Account, v.actor.Can(models.SendMessages), v.showsBalance()
	title := "Messages from " + page.Send.Sender
	if page.Quote != nil {
		title = "Preview"
	}
	if page.Frame, err = v.frame(title); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) createStart(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	changes, err := s.Messaging.Start(v.ctx(), v.actor, messaging.StartOrder{Send: id, Quoted: v.typed.Get("quoted"), Key: key})
	if refused, ok := refusalOf(err); ok {
		status := formStatus(refused)
		if errors.Is(refused, messaging.ErrPricesChanged) {
			status = http.StatusConflict
		}
		return v.sendPage(status, pages.Send{Key: keyAfter(refused, key), Changes: changes, Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.redirect(paths.Send(id))
}

func (s *Server) createPause(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.controlled(id, s.Messaging.Pause(v.ctx(), v.actor, id), "Paused. Nothing more of it is sent until you continue.")
}

func (s *Server) createContinuation(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.controlled(id, s.Messaging.Continue(v.ctx(), v.actor, id), "It goes on.")
}

func (v *visit) controlled(id models.ID, err error, sentence string) error {
	if refused, ok := refusalOf(err); ok {
		return v.sendPage(formStatus(refused), pages.Send{Key: newKey(), Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.Send(id), sentence)
}

func (s *Server) newCancellation(v *visit) error { return v.cancellation(http.StatusOK, nil) }

func (s *Server) createCancellation(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	err = s.Messaging.Cancel(v.ctx(), v.actor, id)
	if refused, ok := refusalOf(err); ok {
		return v.cancellation(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.Send(id), "Cancelled. What was not handed over is given back.")
}

func (v *visit) cancellation(status int, refused *models.Error) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	page := pages.SendCancellation{Refused: refused}
	if page.Send, err = v.server.Messaging.Progress(v.ctx(), v.actor, id); err != nil {
		return err
	}
	if page.Frame, err = v.frame("Cancel"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) listSkipped(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	after, _ := strconv.ParseInt(v.QueryParam("after"), 10, 64)
	list, err := s.Messaging.Skipped(v.ctx(), v.actor, id, after)
	if err != nil {
		return err
	}
	frame, err := v.frame("Not written to")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.SendSkipped{Frame: frame, Send: list.Send, Skips: list.Skips, After: after, Next: list.Next}.View())
}

func (s *Server) exportSkipped(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return download(v, exports.FileName("not-written-to", v.session.Account.Name, models.Days{}), func() *exports.Sheet[models.Skip] {
		return exports.SkippedCSV(v.Response())
	}, func(each func(models.Skip) error) error {
		return s.Messaging.ExportSkipped(v.ctx(), v.actor, id, each)
	})
}

func (s *Server) showWhyBlocked(v *visit) error { return v.whyBlocked(v.actor.Account) }

func (s *Server) showSubAccountWhyBlocked(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.whyBlocked(id)
}

func (v *visit) whyBlocked(account models.ID) error {
	form := pages.WhyForm{From: v.QueryParam("from"), To: strings.TrimSpace(v.QueryParam("to")), Parts: v.QueryParam("parts")}
	var p models.Problems
	asked := messaging.Asked{Account: account, To: form.To, Sender: idTyped(&p, "from", form.From, "Choose what this comes from.")}
	var err error
	if asked.Parts, err = strconv.ParseInt(form.Parts, 10, 64); err != nil && form.To != "" {
		p.Add("parts", "Enter a number from 1 to "+strconv.Itoa(messaging.MaxParts)+".")
	}
	status := http.StatusOK
	found, err := v.server.Messaging.Why(v.ctx(), v.actor, asked)
	page := pages.WhyBlocked{Own: account == v.actor.Account, Account: found.Account, Senders: found.Senders, Form: form, Number: found.Number, Verdict: found.Verdict}
	refused, ok := refusalOf(err)
	if wrong, is := refusalOf(p.Err()); is {
		refused, ok, page.Verdict = wrong, true, nil
	}
	switch {
	case ok:
		page.Refused, status = refused, formStatus(refused)
	case err != nil:
		return err
	case form.To == "":
		page.Form = pages.WhyForm{To: found.Asked.To, Parts: pages.PartsText(found.Asked.Parts)}
		if found.Asked.Sender != models.NoID {
			page.Form.From = found.Asked.Sender.String()
		}
	}
	if page.Frame, err = v.frame("Why was this blocked?"); err != nil {
		return err
	}
	return v.page(status, page.View())
}
