package web_test

import (
	"testing"

	"offshoot/models"
	"offshoot/web/webtest"
)

// ACC-8: with scripts the list follows the typing: rows, count, file and address alike, and the focus stays in the box.
func TestSubAccountSearchInABrowser(t *testing.T) {
	p := webtest.Open(t)
	addSub(t, p, "East Pharmacy", models.OwnBalance)
	b := p.Chromium(t).Person().SignIn(p.Clinic.Admin)
	b.Open("/sub-accounts?funding=own&sort=-balance").Sees("East Pharmacy", "North Clinic")
	typing := `(text => { const box = document.querySelector('main [data-search]'); box.focus(); box.value = text; box.dispatchEvent(new Event('input', {bubbles: true})); return true })`
	b.Until(typing + `('pharm')`).Until(`document.querySelectorAll('#sub-accounts tbody tr').length === 1`).
		Until(`document.querySelector('.page-head__count').textContent.trim() === '1'`).
		Until(`location.search.includes('q=pharm') && location.search.includes('funding=own') && location.search.includes('sort=-balance')`).
		Until(`[...document.querySelectorAll('a[download]')].some(a => a.href.includes('q=pharm') && a.href.includes('funding=own'))`).
		Until(`document.activeElement === document.querySelector('main [data-search]')`)
	b.Until(typing + `('nobody')`).Sees("No sub-account matches").Click("Clear all").Sees("Night Ward")
}

// BAL-1: with scripts both sides' balances follow the typing, exactly, and follow Everything too.
func TestTransferInABrowser(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own.Account
	give(t, p, own, "40.10")
	after := func(row, figure string) string {
		return `document.querySelector('.before-after tbody tr:nth-child(` + row + `) [data-after]').textContent.replace(/\s/g, ' ') === '` + figure + `'`
	}
	b := p.Chromium(t).Person().SignIn(p.Clinic.Admin)
	b.Open(newTransfer(own)).Type("Amount", "0.30").Until(after("1", "959,60 EUR")).Until(after("2", "40,40 EUR"))
	b.Type("Amount", "1e3").Until(after("1", "—"))
	b.Open(newTransferBack(own)).Tick("Everything, 40,10 EUR").Until(after("1", "1.000,00 EUR")).Until(after("2", "0,00 EUR"))
	b.Press("Transfer back").Sees("40,10 EUR transferred back from North Clinic.")
	if got := balances(t, p, p.Clinic.Account, own); got != "1000.00 EUR, 0.00 EUR" {
		t.Error(got)
	}
}

// Always: states of these pages that the walk through all pages does not come by, in the dark on a phone.
func TestSubAccountStatesInABrowser(t *testing.T) {
	p := webtest.Open(t)
	pending := addSub(t, p, "<b>Lakeside</b> Physiotherapy and Rehabilitation Centre", models.OwnBalance)
	b := p.Chromium(t).Person().SignIn(p.Clinic.Admin).Look(375, true)
	for _, path := range []string{"/sub-accounts?q=zebra&status=active", pageOf(pending), newTransfer(p.Clinic.Shared.Account), pageOf(pending) + "/deletion"} {
		b.Open(path).Axe()
		if over := b.Sideways(); over > 0 {
			t.Errorf("%s is %d px too wide", path, over)
		}
	}
	b.Open("/sub-accounts/new").Press("Add sub-account").Sees("Please check the fields marked below.").Axe()
}
