package web

import (
	"net/http"
	"net/url"
	"regexp"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/views/layouts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// listOutbox is for the demo alone: there is no such route otherwise, and the service refuses besides.
func (s *Server) listOutbox(v *visit) error {
	before := v.QueryParam("before")
	found, err := s.Notify.Outbox(v.ctx(), messagesPerPage, before)
	if err != nil {
		return err
	}
	frame, err := v.frame("Outbox")
	if err != nil {
		return err
	}
	if v.session.ID == models.NoID || v.session.Stage != "full" {
		frame.Menu = []layouts.MenuEntry{{Label: "Sign in", Href: paths.SignIn(), Icon: "login"}, {Label: "Outbox", Href: paths.DevOutbox(), Icon: "mail", Current: true}}
	}
	page := pages.Outbox{Frame: frame}
	for _, m := range found.Messages {
		page.Messages = append(page.Messages, outboxMessage(m))
	}
	if before != "" {
		page.First = paths.DevOutbox()
	}
	if found.Next != "" {
		page.Older = paths.With(paths.DevOutbox(), url.Values{"before": {found.Next}})
	}
	return v.page(http.StatusOK, page.View())
}

var statusLabels = map[notify.Status]string{notify.Waiting: "Waiting", notify.Sent: "Sent", notify.Failed: "Failed"}

func outboxMessage(m notify.Kept) pages.OutboxMessage {
	shown := pages.OutboxMessage{Channel: channelLabel(m.Channel), Icon: "mail", Account: m.AccountName, To: m.To, Subject: m.Subject, Body: linked(m.Body),
		Status: statusLabels[m.Status], Error: m.LastError, CreatedAt: m.CreatedAt}
	if m.Channel == notify.ByText {
		shown.Icon = "device-mobile"
	}
	for _, s := range secrets {
		if found := s.pattern.FindStringSubmatch(m.Body); found != nil {
			shown.Secrets = append(shown.Secrets, pages.OutboxSecret{Label: s.label, Value: found[1]})
		}
	}
	return shown
}

// secrets are what people copy out of our messages, by the words around them.
var secrets = []struct {
	label   string
	pattern *regexp.Regexp
}{
	{"Code", regexp.MustCompile(`^([0-9]{6}) is your`)},
	{"Password", regexp.MustCompile(`(?m)^One-time password: (\S+)$`)},
}

var address = regexp.MustCompile(`https?://\S+`)

// linked cuts a text at the addresses in it.
func linked(text string) []pages.OutboxPart {
	var parts []pages.OutboxPart
	for {
		at := address.FindStringIndex(text)
		if at == nil {
			return append(parts, pages.OutboxPart{Text: text})
		}
		found := text[at[0]:at[1]]
		parts = append(parts, pages.OutboxPart{Text: text[:at[0]]}, pages.OutboxPart{Text: found, Href: found})
		text = text[at[1]:]
	}
}
