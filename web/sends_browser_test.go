package web_test

import (
	"os"
	"testing"

	"offshoot/web/webtest"
)

// MSG-1: in a browser: the parts are counted while typing, as the server then counts them; the preview, and the progress that
// follows by itself until all is delivered. Each of the pages looks right, in light and in the dark on a phone.
func TestSendInABrowser(t *testing.T) {
	p := webtest.Open(t)
	own := p.Clinic.Own
	give(t, p, own.Account, "10.00")
	b := p.Chromium(t).Person().SignIn(own)
	looks := func(name string) {
		t.Helper()
		for _, dark := range []bool{false, true} {
			width := int64(1280)
			if dark {
				width = 375
			}
			if over := b.Look(width, dark).Axe().Sideways(); over > 0 {
				t.Errorf("%s is %d px wider than %d", b.Path(), over, width)
			}
			if dir := os.Getenv("SEND_PICTURES"); dir != "" {
				b.Picture(dir + "/" + name + map[bool]string{false: "-light", true: "-dark"}[dark] + ".png")
			}
		}
		b.Look(1280, false)
	}
	b.Open("/messages/new")
	for text, says := range map[string]string{"Hello": "GSM-7 · 5 characters · 1 part · room for 155 more in the last",
		"€ ж": "UCS-2 · 3 UTF-16 units · 1 part · room for 67 more in the last"} {
		b.Type("Text", text).Sees(says)
	}
	b.Press("Preview").Sees("Say whom this goes to")
	looks("compose")
	b.Type("Text", "See you tomorrow at 9:15").Type("Numbers", "+4915112505000, +436641234567; nobody").Press("Preview").
		Sees("Send 2 messages", "Austria", "Germany", "1 row is no number", "0,135 EUR")
	looks("preview")
	path := b.Path()
	b.Press("Send 2 messages").Sees("0 of 2 recipients handled")
	id := sendAt(t, &webtest.Visitor{Path: b.Path()})
	accept(t, p, own.Account.TenantID, id)
	b.Sees("2 of 2 recipients handled. 2 accepted messages wait to be handed over.")
	looks("progress")
	handOverAll(t, p, own.Account.TenantID)
	accept(t, p, own.Account.TenantID, id)
	b.Sees("Done", "Delivered")
	looks("done")
	looks2 := func(path, name string) { b.Open(path); looks(name) }
	looks2("/messages/sends", "sends")
	looks2(path+"/skipped", "skipped")
	looks2("/messages/why-blocked?to=%2B4915112505000&parts=200", "why-refused")
	looks2("/messages/why-blocked?to=%2B919812345678&parts=2", "why")
}
