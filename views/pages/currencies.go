package pages

import (
	"sync"

	"offshoot/models"
	"offshoot/views/ui"
)

// currencyOptions are all currencies by code.
var currencyOptions = sync.OnceValue(func() []ui.Option {
	var options []ui.Option
	for _, c := range models.Currencies() {
		label := c.Code
		if c.Name != "" && c.Name != c.Code {
			label += " – " + c.Name
		}
		options = append(options, ui.Option{Value: c.Code, Label: label})
	}
	return options
})
