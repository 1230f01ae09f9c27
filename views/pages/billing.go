package pages

import (
	"net/url"

	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (p Billing) pager() ui.Pager {
	at := func(name, cursor string) string { return paths.With(paths.Billing(), url.Values{name: {cursor}}) }
	pager := ui.Pager{Back: "Newer", Onward: "Older"}
	if p.Payments.Newer != "" {
		pager.First, pager.Newer = paths.Billing(), at("newer", p.Payments.Newer)
	}
	if p.Payments.Older != "" {
		pager.Older = at("older", p.Payments.Older)
	}
	return pager
}
