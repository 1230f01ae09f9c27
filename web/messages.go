package web

import (
	"net/http"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"offshoot/models"
	"offshoot/services/reports"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listMessages(v *visit) error {
	query, filter, refused, err := v.messagesAsked()
	if err != nil {
		return err
	}
	var found reports.MessagePage
	if refused == nil {
		found, err = s.Reports.Messages(v.ctx(), v.actor, filter, reports.Page{Older: query.Older, Newer: query.Newer})
	}
	status := http.StatusOK
	if refusal, ok := refusalOf(err); ok {
		refused, err = refusal, nil
	}
	if err != nil {
		return err
	}
	if refused != nil {
		status = formStatus(refused)
	}
	frame, err := v.frame("Messages")
	if err != nil {
		return err
	}
	page := pages.Messages{Frame: frame, Query: query, Refused: refused, Lines: found.Messages, Newer: found.Newer, Older: found.Older,
		ShowsPrice: found.ShowsPrice, ShowsAccounts: v.actor.Can(models.ViewSubAccounts), MaySend: v.actor.Can(models.SendMessages)}
	if page.ShowsAccounts {
		if page.Suggestions, err = v.accountSuggestions(); err != nil {
			return err
		}
	}
	return v.page(status, page.View())
}

func (s *Server) exportMessages(v *visit) error {
	_, filter, refused, err := v.messagesAsked()
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	name, err := s.Reports.AccountName(v.ctx(), v.actor, filter.Account)
	if err != nil {
		return err
	}
	return download(v, exports.FileName("messages", name, filter.Days), func() *exports.Sheet[models.LoggedMessage] {
		return exports.MessagesCSV(v.Response(), v.zone(), v.actor.Can(models.ViewSubAccounts))
	}, func(each func(models.LoggedMessage) error) error {
		return s.Reports.ExportMessages(v.ctx(), v.actor, filter, each)
	})
}

func (s *Server) showMessage(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	message, err := s.Reports.Message(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	frame, err := v.frame("Message")
	if err != nil {
		return err
	}
	return v.page(http.StatusOK, pages.Message{Frame: frame, Message: message, ShowsAccounts: v.actor.Can(models.ViewSubAccounts)}.View())
}

// messagesAsked reads the address: the query as the page shows it again, and the filter made of it.
func (v *visit) messagesAsked() (models.MessageQuery, reports.MessageFilter, *models.Error, error) {
	q := paths.ParseMessageQuery(v.QueryParams())
	var p models.Problems
	days := v.days(&p, q.From, q.To)
	account, name, err := v.accountNamed(&p, q.Account)
	q.Account = name
	number := v.numberTyped(q.Number)
	if q.Number != "" && number == "" {
		p.Add("number", "Write the whole number with its country, like +49 1511 2345678.")
	}
	if number != "" {
		q.Number = number
	}
	send, ok := models.ParseID(q.Send)
	if q.Send != "" && !ok {
		p.Add("send", "There is no such send.")
	}
	refused, _ := refusalOf(p.Err())
	return q, reports.MessageFilter{Account: account, Status: q.Status, Number: number, Send: send, Days: days}, refused, err
}

// numberTyped is a number in E.164, in whatever way it was written; nationally it is one of the account's country. What is
// none, too short or too long is "".
func (v *visit) numberTyped(text string) string {
	number, err := phonenumbers.Parse(strings.TrimSpace(text), v.session.Account.Country)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}
