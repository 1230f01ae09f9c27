package notify

import (
	"time"

	"offshoot/models"
)

// BooksFrozen tells staff that a check found a fault in the books of a tenant, so that nothing moves there any more. page is
// where they see what was found.
func BooksFrozen(in Installation, staff models.User, zone *time.Location, tenant, fault, page string, at time.Time) Message {
	return letter(in, models.Account{ID: staff.AccountID, ContactName: staff.Name, Email: staff.Email}, "Fault in the books of "+tenant,
		"The check of the books found a fault at "+tenant+" on "+momentIn(zone, at)+". Its money stands still since then: nothing is transferred, charged or "+
			"recharged there. No other account is affected, and everything can still be read.",
		"What was found: "+fault,
		"See all of it here, and have the books checked once more when it is cleared up:",
		in.Link(page),
		"offshoot verify tells the same on the command line.")
}
