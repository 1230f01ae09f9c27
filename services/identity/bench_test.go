package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"offshoot/services/identity"
	"offshoot/services/storetest"
)

// ACC-11: the time of a refused sign-in for an e-mail that exists and for one that does not, in turn, hashing as production
// does: the medians, and their ratio, which should be 1.
func BenchmarkRefusedSignIn(b *testing.B) {
	w := storetest.NewWorld(b)
	people := identity.New(w.Store, identity.Options{})
	hash, err := people.HashPassword(b.Context(), storetest.Passphrase)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Raw.Exec(b.Context(), `UPDATE users SET password_hash = $1`, hash); err != nil {
		b.Fatal(err)
	}
	took := map[string][]time.Duration{}
	for n := 0; b.Loop(); n++ {
		order := []string{"known", "unknown"}
		if n%2 == 1 { // who comes second pays for the other's garbage
			slices.Reverse(order)
		}
		for _, who := range order {
			email := w.Clinic.Own.Email
			if who == "unknown" {
				email = fmt.Sprintf("u%d@evil.example", n)
			}
			w.Clock.Add(31 * 24 * time.Hour)
			began := time.Now()
			_, err := people.SignIn(b.Context(), identity.SignInOrder{Email: email, Password: "wrong"})
			took[who] = append(took[who], time.Since(began))
			if !errors.Is(err, identity.ErrWrongSignIn) {
				b.Fatal(err)
			}
		}
	}
	median := func(who string) float64 {
		slices.Sort(took[who])
		return float64(took[who][len(took[who])/2].Microseconds()) / 1000
	}
	b.ReportMetric(median("known"), "ms/known")
	b.ReportMetric(median("unknown"), "ms/unknown")
	b.ReportMetric(median("known")/median("unknown"), "ratio")
}
