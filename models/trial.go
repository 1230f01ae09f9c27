package models

import "time"

// TrialOver says whether a trial has ended without money having come since: credited is when the account was last transferred
// to, or paid. An account that is not on trial has no end (ACC-13).
func TrialOver(now time.Time, ends, credited *time.Time) bool {
	return ends != nil && !now.Before(*ends) && (credited == nil || credited.Before(*ends))
}
