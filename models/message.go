package models

// MessageStatus is how far a message has come.
type MessageStatus string

const (
	MessageQueued      MessageStatus = "queued"      // accepted and paid, not handed over
	MessageSending     MessageStatus = "sending"     // being handed over
	MessageUnconfirmed MessageStatus = "unconfirmed" // handed over, but the gateway did not answer
	MessageSent        MessageStatus = "sent"        // the gateway has it
	MessageDelivered   MessageStatus = "delivered"
	MessageFailed      MessageStatus = "failed"
	MessageCancelled   MessageStatus = "cancelled" // before it was handed over
)

// MessageStatuses are all of them, in the order in which a message goes through them.
var MessageStatuses = []MessageStatus{MessageQueued, MessageSending, MessageUnconfirmed, MessageSent, MessageDelivered, MessageFailed, MessageCancelled}

// Label is the word on screen.
func (s MessageStatus) Label() string {
	switch s {
	case MessageQueued:
		return "Queued"
	case MessageSending:
		return "Sending"
	case MessageUnconfirmed:
		return "Unconfirmed"
	case MessageSent:
		return "Sent"
	case MessageDelivered:
		return "Delivered"
	case MessageFailed:
		return "Failed"
	case MessageCancelled:
		return "Cancelled"
	}
	return string(s)
}

// IsFinal says whether nothing changes any more.
func (s MessageStatus) IsFinal() bool {
	return s == MessageDelivered || s == MessageFailed || s == MessageCancelled
}

// Encoding is how a text travels: in the GSM 7-bit alphabet, or in UCS-2.
type Encoding string

const (
	GSM7 Encoding = "gsm7"
	UCS2 Encoding = "ucs2"
)

// Label is the word on screen.
func (e Encoding) Label() string {
	if e == GSM7 {
		return "GSM-7"
	}
	return "UCS-2"
}
