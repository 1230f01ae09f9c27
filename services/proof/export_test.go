package proof

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
)

// CheckSince is a check of what is new since a moment.
func CheckSince(ctx context.Context, tx *store.Tx, since time.Time) (Report, error) {
	return check(ctx, tx, &window{since})
}

// BeginWhole looks at all of a tenant's books now, and keeps what it found when the function that it returns is called.
func (s *Service) BeginWhole(t testing.TB, tenant models.ID) (end func()) {
	t.Helper()
	ctx := context.Background()
	seen, err := s.seen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r, findings, err := s.look(ctx, tenant, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := s.keepWhole(ctx, r, seen, findings); err != nil {
			t.Error(err)
		}
	}
}

// TellStaff does the job of that name.
func (s *Service) TellStaff(ctx context.Context, of TellStaff) error { return s.tellStaff(ctx, of) }

var WholeIsDue = wholeIsDue

// NewQueries are what a check of what is new asks, by the rules that it asks it for.
func NewQueries(tenant models.ID, since time.Time) (map[string]string, pgx.NamedArgs) {
	queries := map[string]string{}
	for _, p := range passes {
		if p.how != inWhole {
			queries[strings.Join(p.rules, " ")] = newSQL(p)
		}
	}
	return queries, window{since}.args(tenant)
}

// KnownQuery is how it finds those who have something new.
const KnownQuery = knownSQL
