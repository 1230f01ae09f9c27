package models

import "time"

// LoggedMessage is one line of the message log (MSG-4).
type LoggedMessage struct {
	ID          ID
	AcceptedAt  time.Time
	Account     ID
	AccountName string
	Send        ID // NoID: a reply
	Sender      string
	Recipient   string // E.164
	Country     string // ISO 3166-1 alpha-2 of the destination
	Body        string
	Encoding    Encoding
	Parts       int64
	Status      MessageStatus
	StatusAt    time.Time
	Problem     string // a sentence: why it failed
	Paid        *Money // price or units, as it was taken; nil where the reader is shown no price
	Refunded    bool
	GatewayID   string // what the gateway calls it
}

// ShownMessage is one message with everything that its page shows.
type ShownMessage struct {
	LoggedMessage
	ReplyTo     ID // the incoming message that it answers
	Gateway     string
	Tries       int
	Payer       ID
	PayerName   string
	PackageName string // of units
	Charge      ID     // the transfer that paid; NoID where it cost nothing, or is not the reader's to see
	Refund      ID
}

// MessageQuery is what the URL of the message log says, as typed.
type MessageQuery struct {
	From, To     string // days
	Account      string // an account's name, or its ID
	Status       string
	Number       string // whole, in any way that people write it
	Send         string // the messages of one send, by its ID
	Older, Newer string // cursors
}
