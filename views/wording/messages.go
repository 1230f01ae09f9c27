package wording

import (
	"strings"

	"offshoot/models"
)

// MessageStatus says what a message's status means.
func MessageStatus(s models.MessageStatus) string {
	switch s {
	case models.MessageQueued:
		return "It is accepted and paid, and waits to be handed over to the gateway."
	case models.MessageSending:
		return "It is being handed over to the gateway."
	case models.MessageUnconfirmed:
		return "It was handed over, but the gateway did not answer. It may have been sent; a delivery report will tell."
	case models.MessageSent:
		return "The gateway has it. It will be delivered when the phone can be reached."
	case models.MessageDelivered:
		return "It has arrived."
	case models.MessageFailed:
		return "It could not be delivered."
	case models.MessageCancelled:
		return "It was cancelled before it was handed over."
	}
	return string(s)
}

// UsageStatus is the status of a row of the usage report: calls, numbers and keywords have none, nor have messages that went
// out elsewhere and were recorded here.
func UsageStatus(s models.MessageStatus) string {
	if s == "" {
		return "Without status"
	}
	return s.Label()
}

// Reference is what a movement's reference tells a person. Those of slices of a send and of automatic replies are made of
// ids: files have them, pages say in words what was paid.
func Reference(text string) string {
	switch {
	case strings.HasPrefix(text, "send/"):
		return ""
	case strings.HasPrefix(text, "reply/"):
		return "Automatic reply"
	}
	return text
}
