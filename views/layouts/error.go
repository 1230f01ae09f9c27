package layouts

import (
	"context"
	"io"

	"offshoot/views/ui"
)

// ErrorPage says that something could not be shown or done. Inside says whether Frame is that of a signed-in person, so
// that the menu stays; otherwise the page is a small one.
type ErrorPage struct {
	Frame     Frame
	Inside    bool
	Title     string // "Not found"
	Text      string // what the person can do
	RequestID string // shown so that it can be quoted; "" leaves it out
	Action    *ui.Action
}

func (e ErrorPage) Render(ctx context.Context, w io.Writer) error { return e.view().Render(ctx, w) }

func (e ErrorPage) frame() Frame {
	frame := e.Frame
	frame.Title = e.Title
	return frame
}
