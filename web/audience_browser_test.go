package web_test

import (
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/gateways"
	"offshoot/services/inbound"
	"offshoot/web/webtest"
)

// MSG-5, MSG-6: the pages of audience and interactive messages with something in them: accessible, and no wider than the window.
func TestAudienceLooksRight(t *testing.T) {
	p := webtest.Open(t)
	nora, ctx := p.Clinic.Admin.Actor, t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	group, err := p.Audience.AddGroup(ctx, nora, audience.GroupOrder{Name: "Patients", Fields: []string{"City"}})
	check(err)
	contact, err := p.Audience.AddContact(ctx, nora, group, audience.ContactOrder{Number: "015112340001", Name: "Ada", Fields: map[string]string{"City": "Bonn"}})
	check(err)
	_, err = p.Audience.AddOptOut(ctx, nora, "015112340001")
	check(err)
	file, err := p.Audience.ReadImport(ctx, nora, group, "list.csv", strings.NewReader("number,name,City\n015112340002,Bob,Ulm\nx,y,z\n"))
	check(err)
	_, err = p.Inbound.AssignNumber(ctx, p.Sam.Actor, inbound.NumberOrder{Number: "+4915155500002", Email: p.Clinic.Admin.Email})
	check(err)
	check(p.Inbound.AddRule(ctx, nora, inbound.RuleOrder{Kind: models.ExactRule, Keyword: "INFO", Reply: "Open 8 to 18"}))
	rules, _, err := p.Inbound.Rules(ctx, nora)
	check(err)
	_, err = p.Inbound.Receive(ctx, gateways.Inbound{ID: "1", From: "+4915112340002", To: "+4915155500002", Body: "info", At: p.Clock.Now()}, "simulator")
	check(err)
	at := "/audience/groups/" + group.String()
	chromium := p.Chromium(t)
	parent, staff := chromium.Person().SignIn(p.Clinic.Admin), chromium.Person().SignIn(p.Sam)
	for path, person := range map[string]*webtest.Browser{"/audience": parent, at: parent, at + "/edit": parent, at + "/deletion": parent, at + "/contacts/new": parent,
		at + "/contacts/" + contact.ID.String(): parent, at + "/imports/new": parent, at + "/imports/" + file.String(): parent, "/audience/opt-outs": parent,
		"/interactive": parent, "/interactive/rules?text=info": parent, "/interactive/rules/" + rules[0].ID.String(): parent, "/staff/numbers": staff} {
		if over := person.Look(1280, false).Open(path).Axe().Sideways(); over > 0 {
			t.Errorf("%s is %d px wider than 1280", path, over)
		}
		if over := person.Look(375, true).Axe().Sideways(); over > 0 {
			t.Errorf("%s is %d px wider than 375", path, over)
		}
	}
}
