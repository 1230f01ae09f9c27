package ui_test

import (
	"slices"
	"testing"

	"github.com/a-h/templ"

	"offshoot/views/ui"
)

// Always: bad input gets the form back with what was typed and a sentence next to the field.
func TestAFieldThatWasRefused(t *testing.T) {
	page := render(t, t.Context(), ui.Field{Name: "amount", Label: "Amount", Value: `1e9"><script>`, Help: "Up to 25.00 EUR.", Problem: "Write the amount in digits."})
	field := page.Find("input")
	if attribute(field, "value") != `1e9"><script>` || attribute(field, "aria-invalid") != "true" || attribute(field, "aria-describedby") != "field-amount-error field-amount-help" {
		t.Errorf("value %q, invalid %q, described by %q", attribute(field, "value"), attribute(field, "aria-invalid"), attribute(field, "aria-describedby"))
	}
	if text(page.Find("#field-amount-error")) != "Write the amount in digits." || text(page.Find("#field-amount-help")) != "Up to 25.00 EUR." {
		t.Errorf("error %q, help %q", text(page.Find("#field-amount-error")), text(page.Find("#field-amount-help")))
	}
	if attribute(page.Find("label"), "for") != attribute(field, "id") || text(page.Find("label")) != "Amount" {
		t.Error("the label is another field's")
	}
}

func TestAFieldWithNothingToSay(t *testing.T) {
	field := render(t, t.Context(), ui.Field{Name: "name", Label: "Account name"}).Find("input")
	for _, name := range []string{"aria-invalid", "aria-describedby", "placeholder", "list", "autocomplete"} {
		if _, has := field.Attr(name); has {
			t.Errorf("has %s", name)
		}
	}
	if _, required := field.Attr("required"); !required || attribute(field, "type") != "text" {
		t.Error("not required, or no text")
	}
	if _, required := render(t, t.Context(), ui.Field{Name: "note", Label: "Note", Optional: true}).Find("input").Attr("required"); required {
		t.Error("an optional field is required")
	}
}

// Help and error of every kind of input are read out with it, and the label is its own.
func TestEveryInputIsDescribed(t *testing.T) {
	const help, problem = "The help.", "The problem."
	for name, c := range map[string]struct {
		component templ.Component
		input     string
	}{
		"field":    {ui.Field{Name: "x", Label: "Label", Help: help, Problem: problem}, "input"},
		"textarea": {ui.Textarea{Name: "x", Label: "Label", Help: help, Problem: problem}, "textarea"},
		"select":   {ui.Select{Name: "x", Label: "Label", Help: help, Problem: problem}, "select"},
		"checkbox": {ui.Checkbox{Name: "x", Label: "Label", Help: help, Problem: problem}, "input"},
	} {
		page := render(t, t.Context(), c.component)
		input := page.Find(c.input)
		if attribute(input, "id") != ui.FieldID("x") || attribute(page.Find("label"), "for") != ui.FieldID("x") || text(page.Find("label")) != "Label" {
			t.Errorf("%s: id %q, label for %q", name, attribute(input, "id"), attribute(page.Find("label"), "for"))
		}
		if attribute(input, "aria-describedby") != "field-x-error field-x-help" || text(page.Find("#field-x-error")) != problem || text(page.Find("#field-x-help")) != help {
			t.Errorf("%s: described by %q", name, attribute(input, "aria-describedby"))
		}
	}
}

func TestSelectKeepsWhatWasChosen(t *testing.T) {
	page := render(t, t.Context(), ui.Select{Name: "zone", Label: "Time zone", Value: "Asia/Amman", Empty: "Choose one", Searchable: true, Options: []ui.Option{
		{Value: "Europe/Berlin", Label: "Berlin", Group: "Europe"}, {Value: "Europe/Paris", Label: "Paris", Group: "Europe"}, {Value: "Asia/Amman", Label: "Amman", Group: "Asia"},
	}})
	if chosen := page.Find("option[selected]"); chosen.Length() != 1 || attribute(chosen, "value") != "Asia/Amman" {
		t.Errorf("%d chosen", chosen.Length())
	}
	if page.Find("optgroup").Length() != 2 || page.Find("optgroup[label=Europe] option").Length() != 2 || page.Find("select > option").Length() != 1 {
		t.Error("the groups are wrong")
	}
}

// PRV-1: several checkboxes of one name have ids of their own.
func TestCheckboxesOfOneName(t *testing.T) {
	page := render(t, t.Context(), templ.Join(ui.Checkbox{Name: "privilege", Value: "a", Label: "A", Checked: true}, ui.Checkbox{Name: "privilege", Value: "b", Label: "B"}))
	if page.Find("#field-privilege-a[checked]").Length() != 1 || page.Find("#field-privilege-b:not([checked])").Length() != 1 {
		t.Error("wrong ids or states")
	}
	if value := attribute(render(t, t.Context(), ui.Checkbox{Name: "x", Label: "X"}).Find("input"), "value"); value != "yes" {
		t.Errorf("sends %q", value)
	}
}

// BAL-2: what is chosen, what can't be, and why.
func TestRadioCards(t *testing.T) {
	page := render(t, t.Context(), ui.RadioCards{Name: "funding", Legend: "Funding", Value: "own", Problem: "Choose one.", Cards: []ui.RadioCard{
		{Value: "own", Label: "Own balance", Help: "It spends what it has.", Detail: ui.Field{Name: "amount", Label: "Starting amount"}},
		{Value: "client", Label: "Client pays", Why: "Needs a payment processor."},
	}})
	if page.Find("input[type=radio][checked]").Length() != 1 || attribute(page.Find("input[checked]"), "value") != "own" {
		t.Error("not the one chosen")
	}
	off := page.Find("input[disabled]")
	if attribute(off, "value") != "client" || text(page.Find("#"+attribute(off, "aria-describedby"))) != "Needs a payment processor." {
		t.Error("the reason is missing")
	}
	if attribute(page.Find("fieldset"), "id") != "field-funding" || attribute(page.Find("fieldset"), "aria-describedby") != "field-funding-error" || page.Find(".radio-card__detail input").Length() != 1 {
		t.Error("the group is not described, or the detail is missing")
	}
}

// Always: the refused form lists its errors with links in the form's order; the first has the focus.
func TestErrorSummary(t *testing.T) {
	problems := ui.ProblemList(map[string]string{"zebra": "Z.", "email": "E.", "name": "N.", "apple": "A."}, "name", "country", "email")
	want := []ui.Problem{{Field: "name", Message: "N."}, {Field: "email", Message: "E."}, {Field: "apple", Message: "A."}, {Field: "zebra", Message: "Z."}}
	if !slices.Equal(problems, want) {
		t.Errorf("%v", problems)
	}
	page := render(t, t.Context(), ui.ErrorSummary{Problems: problems})
	if page.Find("[role=alert]").Length() != 1 || page.Find("a").Length() != 4 || attribute(page.Find("a[autofocus]"), "href") != "#field-name" {
		t.Errorf("%s", text(page.Selection))
	}
	alone := render(t, t.Context(), ui.ErrorSummary{Message: "You have 3.00 EUR."})
	if alone.Find("[autofocus]").Length() != 1 || text(alone.Find("[autofocus]")) != "You have 3.00 EUR." {
		t.Error("a sentence alone has no focus")
	}
	if nothing := render(t, t.Context(), ui.ErrorSummary{}); nothing.Find("[role=alert]").Length() != 0 {
		t.Error("an alert about nothing")
	}
}

// BAL-9: a money form carries its key, and is posted.
func TestMoneyForm(t *testing.T) {
	form := render(t, t.Context(), with(ui.Button{Label: "Transfer balance"}, ui.MoneyForm("/transfers", "k-1"))).Find("form")
	if attribute(form, "method") != "post" || attribute(form, "action") != "/transfers" || attribute(form.Find("input[type=hidden][name=key]"), "value") != "k-1" || form.Find("button").Length() != 1 {
		t.Error("no key, no button, or not posted")
	}
}

func TestSecretField(t *testing.T) {
	page := render(t, t.Context(), ui.SecretField{Label: "API key", Value: `a"b`, Help: "Shown once."})
	if text(page.Find("code")) != `a"b` || attribute(page.Find("[data-copy]"), "data-copy") != `a"b` || text(page.Find("[data-copy-label]")) != "Copy API key" {
		t.Error("not copied as shown")
	}
	if _, hidden := page.Find("[data-copy]").Attr("hidden"); !hidden {
		t.Error("offered without scripts")
	}
}
