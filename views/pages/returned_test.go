package pages_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"offshoot/models"
	"offshoot/views/pages"
)

// ACC-9: deactivating and deleting say which units go back, by their package, also where no money does.
func TestReturnedUnitsAreSaid(t *testing.T) {
	returned := models.Returned{Units: []models.UnitsReturned{{Transfer: models.Transfer{Amount: models.Units(4, models.NewID())}, Package: "Europe <10>"}}}
	for _, page := range []templ.Component{pages.Deactivation{Returned: returned}.View(), pages.Deletion{Returned: returned}.View()} {
		var html bytes.Buffer
		if err := page.Render(t.Context(), &html); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(html.String(), "<b>4 units</b> of Europe &lt;10&gt; go back to you") || strings.Contains(html.String(), "nothing goes back") {
			t.Error(html.String())
		}
	}
}
