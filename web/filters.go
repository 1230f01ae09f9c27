package web

import (
	"errors"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
)

// days reads the two days of a filter in the reader's zone. What is no day gets a sentence at its field.
func (v *visit) days(p *models.Problems, from, to string) models.Days {
	read := func(field, text string) models.Day {
		if text == "" {
			return models.Day{}
		}
		day, ok := models.ParseDay(text)
		if !ok {
			p.Add(field, "Write the day like "+models.DayOf(v.server.Store.Now(), v.zone()).String()+".")
		}
		return day
	}
	return models.Days{From: read("from", from), To: read("to", to), Zone: v.zone()}
}

// accountNamed reads the account of a filter: a name or an ID, or nothing. One that does not exist gets a sentence.
func (v *visit) accountNamed(p *models.Problems, text string) (models.ID, string, error) {
	text = strings.TrimSpace(text)
	if text == "" || !v.actor.Can(models.ViewSubAccounts) {
		return models.NoID, text, nil
	}
	a, err := v.server.Accounts.Named(v.ctx(), v.actor, text)
	if errors.Is(err, accounts.ErrNoSuchAccount) {
		p.Add("account", "You have no account of this name.")
		return models.NoID, text, nil
	}
	return a.ID, a.Name, err
}

// clockTyped reads a date and time as a browser's field gives it: what a clock on the wall showed. The reader's zone says
// when that was, see models.ShownAt.
func clockTyped(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if wall, err := time.Parse(layout, text); err == nil && wall.Year() >= 1970 && wall.Year() < 9999 {
			return wall, true
		}
	}
	return time.Time{}, false
}
