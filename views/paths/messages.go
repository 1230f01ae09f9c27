package paths

import (
	"net/url"

	"offshoot/models"
)

func MessageLog() string          { return "/messages" }
func Message(id models.ID) string { return MessageLog() + "/" + id.String() }

// Messages is the message log as a query finds it; MessagesFile is its file.
func Messages(q models.MessageQuery) string { return With(MessageLog(), messageQuery(q)) }
func MessagesFile(q models.MessageQuery) string {
	q.Older, q.Newer = "", ""
	return CSV(MessageLog(), messageQuery(q))
}

// SentMessages is the log of one send.
func SentMessages(send models.ID) string {
	return Messages(models.MessageQuery{Send: send.String()})
}

// ParseMessageQuery is the query that an address of the message log holds.
func ParseMessageQuery(from url.Values) models.MessageQuery {
	return models.MessageQuery{From: clip(from.Get("from")), To: clip(from.Get("to")), Account: clip(from.Get("account")), Status: clip(from.Get("status")),
		Number: clip(from.Get("number")), Send: clip(from.Get("send")), Older: clip(from.Get("older")), Newer: clip(from.Get("newer"))}
}

func messageQuery(q models.MessageQuery) url.Values {
	return url.Values{"from": {q.From}, "to": {q.To}, "account": {q.Account}, "status": {q.Status}, "number": {q.Number}, "send": {q.Send},
		"older": {q.Older}, "newer": {q.Newer}}
}
