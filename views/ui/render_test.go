package ui_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/ui"
)

var now = time.Date(2026, 3, 1, 12, 5, 9, 0, time.UTC)

// reader is the context of a person of that country in that zone.
func reader(t testing.TB, country, zone string) context.Context {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return ui.WithReader(t.Context(), ui.Reader{Zone: location, Country: country, Now: now})
}

func render(t testing.TB, ctx context.Context, component templ.Component) *goquery.Document {
	t.Helper()
	var page strings.Builder
	if err := component.Render(ctx, &page); err != nil {
		t.Fatal(err)
	}
	document, err := goquery.NewDocumentFromReader(strings.NewReader(page.String()))
	if err != nil {
		t.Fatal(err)
	}
	if document.Find("[style]").Length() > 0 || document.Find("script, style").Length() > 0 {
		t.Errorf("the content security policy forbids: %s", page.String())
	}
	return document
}

// with renders a component that wraps children.
func with(children, component templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return component.Render(templ.WithChildren(ctx, children), w)
	})
}

func money(text, asset string) models.Money {
	return models.Money{Amount: decimal.RequireFromString(text), Asset: asset}
}

func text(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// soft is a text with ordinary spaces in place of those that don't break.
func soft(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func attribute(s *goquery.Selection, name string) string { return s.AttrOr(name, "") }

// inTable puts a cell where the parser of HTML keeps it.
func inTable(cell templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "<table><thead><tr>"); err != nil {
			return err
		}
		if err := cell.Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, "</tr></thead></table>")
		return err
	})
}
