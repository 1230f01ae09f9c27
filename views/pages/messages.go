package pages

import (
	"context"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/paths"
	"offshoot/views/ui"
	"offshoot/views/wording"
)

func (p Messages) files() []ui.Action {
	if p.Refused != nil {
		return nil
	}
	return []ui.Action{{Label: "Export CSV", Href: paths.MessagesFile(p.Query), Icon: "download", Download: true}}
}

func messageStatuses() []ui.Option {
	var options []ui.Option
	for _, s := range models.MessageStatuses {
		options = append(options, ui.Option{Value: string(s), Label: s.Label()})
	}
	return options
}

func (p Messages) isFiltered() bool {
	q := p.Query
	return q.From != "" || q.To != "" || q.Account != "" || q.Status != "" || q.Number != "" || q.Send != ""
}

// filters are the filters in force as pills, each with the list that it leaves when removed.
func (p Messages) filters() []ui.Filter {
	var pills []ui.Filter
	add := func(label, chosen string, clear func(*models.MessageQuery)) {
		if chosen == "" {
			return
		}
		q := p.Query
		q.Older, q.Newer = "", ""
		clear(&q)
		pills = append(pills, ui.Filter{ID: "pill-" + label, Label: label, Chosen: chosen, Remove: paths.Messages(q)})
	}
	add("From", p.Query.From, func(q *models.MessageQuery) { q.From = "" })
	add("To", p.Query.To, func(q *models.MessageQuery) { q.To = "" })
	add("Account", p.Query.Account, func(q *models.MessageQuery) { q.Account = "" })
	add("Status", models.MessageStatus(p.Query.Status).Label(), func(q *models.MessageQuery) { q.Status = "" })
	add("Number", p.Query.Number, func(q *models.MessageQuery) { q.Number = "" })
	if p.Query.Send != "" {
		add("Send", "one", func(q *models.MessageQuery) { q.Send = "" })
	}
	return pills
}

func (p Messages) pager() templ.Component {
	q := p.Query
	q.Older, q.Newer = "", ""
	pager := ui.Pager{Back: "Newer", Onward: "Older"}
	if p.Newer != "" {
		pager.First = paths.Messages(q)
		q.Newer = p.Newer
		pager.Newer, q.Newer = paths.Messages(q), ""
	}
	if p.Older != "" {
		q.Older = p.Older
		pager.Older = paths.Messages(q)
	}
	return pager
}

func (p Messages) empty() templ.Component {
	if p.isFiltered() || p.Query.Older != "" || p.Query.Newer != "" {
		return ui.Empty{Icon: "search", Title: "No message matches", Text: "No message has the filters that are set.",
			Action: &ui.Action{Label: "Clear all", Href: paths.MessageLog()}}
	}
	return ui.Empty{Icon: "message", Title: "No message was sent yet", Text: "Every message will stand here, with what became of it and what it cost."}
}

// excerpt is as much of a text as a row has room for.
func excerpt(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// messageBadge is a status with the colour of what it means: a message is good when it has arrived.
func messageBadge(s models.MessageStatus) ui.Badge {
	tones := map[models.MessageStatus]ui.Tone{models.MessageQueued: ui.Info, models.MessageSending: ui.Info, models.MessageSent: ui.Info,
		models.MessageUnconfirmed: ui.Warning, models.MessageDelivered: ui.Good, models.MessageFailed: ui.Bad}
	return ui.Badge{Label: s.Label(), Tone: tones[s]}
}

// statusSentence says what a status means for the one message.
func (p Message) statusSentence(ctx context.Context) string {
	return wording.MessageStatus(p.Message.Status)
}

func (p Message) isPaid() bool { return p.Message.Paid != nil && !p.Message.Paid.IsZero() }
