package pages

import (
	"strings"
	"sync"

	"offshoot/models"
	"offshoot/views/ui"
)

// countryOptions are all countries, in order of name.
var countryOptions = sync.OnceValue(func() []ui.Option {
	var options []ui.Option
	for _, place := range models.Countries() {
		options = append(options, ui.Option{Value: place.Code, Label: place.Name})
	}
	return options
})

// zoneOptions are all time zones, by continent.
var zoneOptions = sync.OnceValue(func() []ui.Option {
	var options []ui.Option
	for _, name := range models.TimeZones() {
		group, _, hasGroup := strings.Cut(name, "/")
		if !hasGroup {
			group = ""
		}
		options = append(options, ui.Option{Value: name, Label: strings.ReplaceAll(name, "_", " "), Group: group})
	}
	return options
})
