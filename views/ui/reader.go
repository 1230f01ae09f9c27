// Package ui holds the components that all pages are made of. They take plain values and models, know no service, and
// write no style attribute and no inline script: the content security policy forbids both.
//
// What wraps other elements is a function (`@ui.Card("Users") { … }`); everything else is a struct whose fields are its
// options (`@ui.Button{Label: "Save", Primary: true}`).
package ui

import (
	"context"
	"time"
)

// Reader is the person who looks at the page, as far as figures and times depend on it.
type Reader struct {
	Zone    *time.Location // nil: UTC
	Country string         // ISO 3166-1 alpha-2; its figures' separators are used. "": a comma groups, a point divides
	Account string         // id of the account they are in; forms carry it, see Posted
	Now     time.Time      // the moment of the request; relative times are counted from it. Zero: no relative times
}

type readerKey struct{}

// WithReader returns a context whose pages are written for that reader.
func WithReader(ctx context.Context, reader Reader) context.Context {
	return context.WithValue(ctx, readerKey{}, reader)
}

// ReaderOf returns the reader that WithReader set; its Zone is never nil.
func ReaderOf(ctx context.Context) Reader {
	reader, _ := ctx.Value(readerKey{}).(Reader)
	if reader.Zone == nil {
		reader.Zone = time.UTC
	}
	return reader
}
