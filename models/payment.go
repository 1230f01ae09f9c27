package models

import "time"

// ReceivedPayment is money that a parent paid in from outside.
type ReceivedPayment struct {
	Transfer     ID
	At           time.Time
	Amount       Money
	BalanceAfter Money // of the parent
	Reference    string
	Note         string
}

// PaymentQuery asks for one page of a payment history. Cursors are those of a PaymentPage; with neither it is the newest
// page. Size is how many lines, 50 when 0, at most 200.
type PaymentQuery struct {
	Older, Newer string
	Size         int
}

// PaymentPage is a page of a payment history, newest first. A cursor is "" where there is nothing more.
type PaymentPage struct {
	Lines        []ReceivedPayment
	Newer, Older string
}
