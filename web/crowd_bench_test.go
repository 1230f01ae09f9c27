package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offshoot/services/identity"
	"offshoot/services/storetest"
	"offshoot/web/webtest"
)

// ACC-11: fifty people sign in at once, hashed as in production: how long that takes, what memory it needs, and how long
// somebody else waits for a page meanwhile, against the same page before.
func BenchmarkFiftySignInsAtOnce(b *testing.B) {
	w := storetest.NewWorld(b)
	w.Identity = identity.New(w.Store, identity.Options{})
	hash, err := w.Identity.HashPassword(b.Context(), storetest.Passphrase)
	if err != nil {
		b.Fatal(err)
	}
	for n := range 50 {
		w.AddActive(b, w.Clinic, fmt.Sprint("Ward ", n), fmt.Sprintf("ward%d@clinic.example", n))
	}
	if _, err := w.Raw.Exec(b.Context(), `UPDATE users SET password_hash = $1`, hash); err != nil {
		b.Fatal(err)
	}
	p := webtest.Serve(b, w)
	in, err := w.Identity.SignIn(b.Context(), identity.SignInOrder{Email: w.Clinic.Admin.Email, Password: storetest.Passphrase})
	if err != nil {
		b.Fatal(err)
	}
	page := func() time.Duration {
		request, _ := http.NewRequest(http.MethodGet, p.URL+"/sub-accounts", nil)
		request.AddCookie(&http.Cookie{Name: "session", Value: string(in.Token)})
		began := time.Now()
		answer, err := noRedirects.Do(request)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatal(answer, err)
		}
		_ = answer.Body.Close()
		return time.Since(began)
	}
	var alone, meanwhile []time.Duration
	for range 100 {
		alone = append(alone, page())
	}
	before := residentMiB()
	most := before
	var crowd sync.WaitGroup
	began := time.Now()
	refused := make(chan int, 50)
	for n := range 50 {
		crowd.Go(func() {
			answer, err := noRedirects.PostForm(p.URL+"/sign-in", url.Values{"email": {fmt.Sprintf("ward%d@clinic.example", n)}, "password": {storetest.Passphrase}})
			if err != nil || answer.StatusCode != http.StatusSeeOther {
				refused <- n
				return
			}
			_ = answer.Body.Close()
		})
	}
	done := make(chan struct{})
	go func() { crowd.Wait(); close(done) }()
	for open := true; open; {
		meanwhile = append(meanwhile, page())
		most = max(most, residentMiB())
		select {
		case <-done:
			open = false
		default:
		}
	}
	all := time.Since(began)
	if len(refused) > 0 {
		b.Fatalf("%d were refused", len(refused))
	}
	slices.Sort(alone)
	slices.Sort(meanwhile)
	b.ReportMetric(all.Seconds(), "s/fifty")
	b.ReportMetric(most-before, "MiB-more")
	b.ReportMetric(float64(alone[50].Microseconds())/1000, "ms/page-alone")
	b.ReportMetric(float64(meanwhile[len(meanwhile)/2].Microseconds())/1000, "ms/page-meanwhile")
	b.ReportMetric(float64(meanwhile[len(meanwhile)/2])/float64(alone[50]), "ratio")
	b.ReportMetric(0, "ns/op")
}

// residentMiB is the memory that this process has from the system.
func residentMiB() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); n == 1 {
			return kilobytes / 1024
		}
	}
	return 0
}
