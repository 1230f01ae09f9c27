// Package pages holds one struct per screen: everything that it shows, filled in by web, and a View method that turns it
// into HTML. A page asks nothing, computes nothing and names addresses only through paths.
package pages

import "offshoot/models"

// message is the sentence of a refusal above its form. One that stands at a field is not said twice.
func message(refused *models.Error) string {
	if refused == nil {
		return ""
	}
	for _, sentence := range refused.Fields {
		if sentence == refused.Message {
			return models.ErrCheckFields.Message
		}
	}
	return refused.Message
}

// fields are the sentences next to the fields of a refused form.
func fields(refused *models.Error) map[string]string {
	if refused == nil {
		return nil
	}
	return refused.Fields
}
