package ui

import (
	"context"
	"fmt"
	"io"

	"github.com/a-h/templ"

	"offshoot/static"
)

// Icon is a picture out of the sprite, by its name in static/icons.txt. It says nothing to a screen reader: words stand
// beside it, or in the aria-label of what holds it. An unknown name is an error of the page, so that a test of the page
// finds it.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if !static.HasIcon(name) {
			return fmt.Errorf("ui.Icon: static/icons.txt has no %q", name)
		}
		return picture(name).Render(ctx, w)
	})
}
