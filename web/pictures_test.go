//go:build pictures

package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"offshoot/services/demo"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/secrets"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

const pictures = "../.screenshots"

// heaviest is what a picture may weigh: a README that shows six of them must still open at once.
const heaviest = 180 << 10

// Pictures are taken on this day, so that they change when the pages do, and not with the calendar.
var pictureDay = time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)

// Pictures shows the demo world as the README does: `make screenshots`.
func TestPictures(t *testing.T) {
	p := demoPortal(t)
	staff, parent, sub := signIn(demo.SignIns()[0]), signIn(demo.SignIns()[1]), "Berlin Ward 3"
	chromium := p.Chromium(t)

	b := parent(chromium.Person())
	chart := `!!document.querySelector('[data-chart-picture] canvas')`
	b.Look(1280, false).Open("/").Until(chart)
	take(t, b, "dashboard", 800)
	b.Open("/reports/usage").Until(chart)
	take(t, b, "usage-report", 800)
	b.Open("/sub-accounts").Click(sub).Click("Balance").Click("Transfer balance").Type("Amount", "75.50").Type("Note", "For December").
		Until(`!document.querySelector('.before-after [data-after]').textContent.includes('—')`)
	take(t, b, "transfer", 800)

	b.Look(1280, true).Open("/sub-accounts")
	take(t, b, "sub-accounts-dark", 800)
	b.Look(375, true).Open("/sub-accounts").Click(sub)
	take(t, b, "phone-dark", 800)

	s := staff(chromium.Person())
	s.Open("/staff/accounts?q=Berlin+Ward").Click(sub).Click("Access account").Type("Reason", "Ticket 4711").Press("Access account").Until(chart)
	take(t, s, "access-account", 800)
}

// demoPortal is the portal with the demo world.
func demoPortal(t *testing.T) *webtest.Portal {
	t.Helper()
	dsn := storetest.Database(t)
	_, err := demo.Load(context.Background(), demo.Options{
		Open: func(ctx context.Context, now func() time.Time) (*store.Store, error) {
			st, err := store.Open(ctx, dsn, now)
			if err == nil {
				st.UseKeys(secrets.ForTests())
			}
			return st, err
		},
		Installation: notify.Installation{Name: "Offshoot", PublicURL: "http://127.0.0.1:8080"},
		Hashing:      identity.Hashing{MemoryKiB: 64, Passes: 1, Lanes: 1},
		Now:          pictureDay,
	})
	if err != nil {
		t.Fatal(err)
	}
	services := storetest.On(t, dsn)
	services.Clock.Set(pictureDay)
	return webtest.Serve(t, &storetest.World{Services: services})
}

func signIn(as demo.SignIn) func(*webtest.Browser) *webtest.Browser {
	return func(b *webtest.Browser) *webtest.Browser {
		return b.Open("/sign-in").Type("Email", as.Email).Type("Password", as.Password).Press("Sign in").SeesNot("Password")
	}
}

// take takes a picture of the window's upper part, and fails the test when it is too wide or too heavy.
func take(t *testing.T, b *webtest.Browser, name string, height int64) {
	t.Helper()
	file := filepath.Join(pictures, name+".png")
	if over := b.Window(file, height).Sideways(); over > 0 {
		t.Errorf("%s is %d px wider than the window", name, over)
	}
	made, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if made.Size() > heaviest {
		t.Errorf("%s weighs %s, more than %s", name, kilobytes(made.Size()), kilobytes(heaviest))
	}
}

func kilobytes(size int64) string { return fmt.Sprintf("%d KB", size>>10) }
