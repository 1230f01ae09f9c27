package funding

import (
	"strconv"
	"strings"

	"offshoot/models"
)

// Terms are how a sub-account is to be funded, read from what was typed. Of the amounts only those of its way are there.
type Terms struct {
	Funding          models.Funding
	Start            *models.Money // with own balance: what it begins with
	Limit            models.Money
	Priority         int
	CapDay, CapMonth *models.Money
}

// usualPriority is that of a limit of which nobody said whether it is important.
const usualPriority = 100

// Check reads terms that somebody typed, in a currency. It tells p what is wrong, at the fields funding, starting_amount,
// limit, priority, cap_day and cap_month; fields of another way than the chosen one are not looked at.
func Check(p *models.Problems, typed models.FundingTerms, currency string) Terms {
	t := Terms{Funding: typed.Funding}
	switch typed.Funding {
	case models.OwnBalance:
		t.Start = optional(p, "starting_amount", typed.Start, currency, "")
	case models.SharedBalance:
		t.CapDay = optional(p, "cap_day", typed.CapDay, currency, noCap)
		t.CapMonth = optional(p, "cap_month", typed.CapMonth, currency, noCap)
	case models.MonthlyLimit:
		t.Limit = amount(p, "limit", typed.Limit, currency)
		t.Priority = priority(p, typed.Priority)
	case models.ClientPays:
	default:
		p.Add("funding", "Choose how the sub-account is funded.")
	}
	return t
}

// noCap is for who types a zero where nothing is meant.
const noCap = " Leave it empty for no cap."

func optional(p *models.Problems, field, typed, currency, hint string) *models.Money {
	if strings.TrimSpace(typed) == "" {
		return nil
	}
	m, err := models.ParseAmount(typed, currency)
	if err != nil {
		p.Add(field, sentence(err)+hint)
		return nil
	}
	return &m
}

func amount(p *models.Problems, field, typed, currency string) models.Money {
	m, err := models.ParseAmount(typed, currency)
	if err != nil {
		p.Add(field, sentence(err))
	}
	return m
}

func priority(p *models.Problems, typed string) int {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return usualPriority
	}
	n, err := strconv.ParseUint(typed, 10, 14)
	if err != nil || n < 1 || n > 9999 {
		p.Add("priority", "Enter a whole number from 1 to 9999. Who has the lowest comes first.")
		return usualPriority
	}
	return int(n)
}

// sentence is the message of one of our refusals.
func sentence(err error) string {
	if e, ok := err.(*models.Error); ok {
		return e.Message
	}
	return err.Error()
}

// atField moves the sentence that the ledger has for the amount to the field of a form.
func atField(err error, field string) error {
	e, ok := err.(*models.Error)
	if !ok || e.Fields["amount"] == "" {
		return err
	}
	moved := *e
	moved.Fields = map[string]string{field: e.Fields["amount"]}
	return &moved
}
