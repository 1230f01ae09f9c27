package usage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"offshoot/models"
	"offshoot/services/store"
	"offshoot/services/storetest"
	"offshoot/services/usage"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

type world struct {
	*storetest.World
	usage *usage.Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := storetest.NewWorld(t)
	return &world{World: w, usage: usage.New(w.Store)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count counts as a change of a service would.
func (w *world) count(t testing.TB, tenant models.ID, changes ...usage.Change) {
	t.Helper()
	must(t, w.Store.Settle(ctx, tenant, func(_ context.Context, tx *store.Tx) error {
		usage.Count(tx, changes)
		return nil
	}))
}

// level is all rows of a level as text: period, account, kind, country, status and figures.
func (w *world) level(t testing.TB, tenant models.ID, level usage.Level) []string {
	t.Helper()
	rows, err := w.Raw.Query(ctx, `SELECT concat_ws(' ', s.period, a.name, nullif(s.kind, ''), nullif(s.country, ''), nullif(s.status, ''),
			messages, delivered, failed, others, parts, units, cost, own_cost)
		FROM usage_sums s LEFT JOIN accounts a ON a.id = s.account_id WHERE s.tenant_id = $1 AND level = $2 ORDER BY 1`, tenant, int(level))
	must(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return all
}

func (w *world) changes(t testing.TB, tenant models.ID) int {
	t.Helper()
	return w.Count(t, "usage_changes WHERE tenant_id = $1", tenant)
}

func (w *world) roll(t testing.TB) int64 {
	t.Helper()
	n, err := w.usage.Roll(ctx)
	must(t, err)
	return n
}

func at(text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return moment
}

func equal(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s:\n%q\nnot\n%q", what, got, want)
	}
}
