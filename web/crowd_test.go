package web_test

import (
	"sync"
	"testing"

	"offshoot/models"
	"offshoot/web/webtest"
)

// atOnce does something n times at the same moment and waits for all of them.
func atOnce(n int, do func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// idOf is the id of the account of that name.
func idOf(t *testing.T, p *webtest.Portal, name string) models.ID {
	t.Helper()
	var id models.ID
	if err := p.Raw.QueryRow(t.Context(), `SELECT id FROM accounts WHERE name = $1`, name).Scan(&id); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return id
}
