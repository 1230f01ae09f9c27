package background_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"offshoot/models"
	"offshoot/services/background"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type fragile struct {
	N int `json:"n"`
}

func (fragile) Kind() string { return "test.fragile" }

type worker struct {
	river.WorkerDefaults[fragile]
	fails *atomic.Bool
}

func (w *worker) Work(_ context.Context, job *river.Job[fragile]) error {
	if w.fails.Load() {
		return errors.New("could not reach postgres://ann:hunter2@db.example/x,\n token=4f1d90aa password: hunter2 and Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5")
	}
	return nil
}

// NextRetry is so far away that the job is seen waiting.
func (*worker) NextRetry(*river.Job[fragile]) time.Time { return time.Now().Add(time.Hour) }

// world has jobs that really failed.
type world struct {
	*storetest.World
	work *background.Service
	jobs *river.Client[pgx.Tx]
	done <-chan *river.Event
}

func (w *world) job(t *testing.T, tries int) int64 {
	t.Helper()
	made, err := w.jobs.Insert(t.Context(), fragile{}, &river.InsertOpts{MaxAttempts: tries})
	if err != nil {
		t.Fatal(err)
	}
	return made.Job.ID
}

func (w *world) state(t *testing.T, id int64) (state string) {
	t.Helper()
	if err := w.Raw.QueryRow(t.Context(), `SELECT state::text FROM river_job WHERE id = $1`, id).Scan(&state); err != nil {
		t.Fatal(err)
	}
	return state
}

func open(t *testing.T, fails *atomic.Bool) *world {
	t.Helper()
	w := &world{World: storetest.NewWorld(t)}
	w.work = background.New(w.Store)
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{fails: fails})
	var err error
	if w.jobs, err = river.NewClient(riverpgxv5.New(w.Raw), &river.Config{Logger: slog.New(slog.DiscardHandler), TestOnly: true,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}, Workers: workers}); err != nil {
		t.Fatal(err)
	}
	done, cancel := w.jobs.Subscribe(river.EventKindJobFailed, river.EventKindJobCompleted, river.EventKindJobCancelled)
	w.done = done
	if err := w.jobs.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := w.jobs.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// ACC-15: staff see what failed, without what may be a secret in it; Admins among them have it done again, or give it up;
// each is in the operator's log.
func TestFailedWork(t *testing.T) {
	var fails atomic.Bool
	fails.Store(true)
	w := open(t, &fails)
	ctx, sam := t.Context(), w.Sam.Actor
	again, never := w.job(t, 25), w.job(t, 1)
	<-w.done
	<-w.done
	user := sam
	user.Privileges = models.PrivilegesOf(models.Operator, models.Member, nil)
	for _, actor := range []models.Actor{w.Clinic.Admin.Actor, w.Clinic.Own.Actor, {}} {
		_, err := w.work.Failed(ctx, actor, "")
		if !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("listed for %s: %v", actor.Email, err)
		}
	}
	for _, actor := range []models.Actor{w.Clinic.Admin.Actor, user} {
		for _, decide := range []func(context.Context, models.Actor, int64) error{w.work.Retry, w.work.GiveUp} {
			if err := decide(ctx, actor, never); !errors.Is(err, models.ErrMissingPrivilege) {
				t.Errorf("decided by %s: %v", actor.Email, err)
			}
		}
	}
	page, err := w.work.Failed(ctx, user, "")
	if err != nil || len(page.Jobs) != 2 || page.Next != "" || page.Jobs[0].ID != never || page.Jobs[1].ID != again {
		t.Fatalf("%+v, %v", page, err)
	}
	for _, j := range page.Jobs {
		if j.Kind != "test.fragile" || j.Tries != 1 || (j.NextAt != nil) != (j.ID == again) || !strings.Contains(j.Error, "could not reach postgres") {
			t.Errorf("listed %+v", j)
		}
		for _, secret := range []string{"hunter2", "4f1d90aa", "Zm9vYmFy", "\n"} {
			if strings.Contains(j.Error, secret) {
				t.Errorf("%q tells %q", j.Error, secret)
			}
		}
	}
	if page, err := w.work.Failed(ctx, user, "1"); err != nil || len(page.Jobs) != 0 {
		t.Errorf("before the first: %+v, %v", page, err)
	}
	fails.Store(false)
	if err := w.work.Retry(ctx, sam, never); err != nil {
		t.Fatal(err)
	}
	if <-w.done; w.state(t, never) != "completed" {
		t.Errorf("it is %s", w.state(t, never))
	}
	for _, id := range []int64{never, 0, -1, 1 << 62} {
		want := store.ErrNoSuchJob
		if id == never {
			want = store.ErrJobGoesOn
		}
		if err := w.work.Retry(ctx, sam, id); !errors.Is(err, want) {
			t.Errorf("job %d tried again: %v", id, err)
		}
		if err := w.work.GiveUp(ctx, sam, id); !errors.Is(err, want) {
			t.Errorf("job %d given up: %v", id, err)
		}
	}
	var gone atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := w.work.GiveUp(ctx, sam, again); err == nil {
				gone.Add(1)
			} else if !errors.Is(err, store.ErrNoSuchJob) {
				t.Error(err)
			}
		})
	}
	if wg.Wait(); gone.Load() != 1 || w.Count(t, "river_job WHERE id = $1", again) != 0 {
		t.Errorf("given up %d times", gone.Load())
	}
	for action, id := range map[models.Action]int64{models.JobRetried: never, models.JobGivenUp: again} {
		if n := w.Count(t, `action_log WHERE action = $1 AND tenant_id = $2 AND user_email = $3 AND (details->>'job')::bigint = $4 AND details->>'kind' = 'test.fragile'
			AND details::text NOT LIKE '%hunter2%'`, string(action), sam.Tenant, sam.Email, id); n != 1 {
			t.Errorf("%s logged %d times", action, n)
		}
	}
}

// ACC-15: page by page, newest first, nothing twice and nothing missing.
func TestFailedWorkPages(t *testing.T) {
	w := storetest.NewWorld(t)
	if _, err := w.Raw.Exec(t.Context(), `INSERT INTO river_job (kind, args, max_attempts, state, finalized_at, attempt, errors, created_at)
		SELECT 'test.old', '{}', 1, 'discarded', now(), 1, ARRAY['{"at":"2026-11-20T09:00:00Z","attempt":1,"error":"no","trace":""}'::jsonb], now() FROM generate_series(1, 120)`); err != nil {
		t.Fatal(err)
	}
	work := background.New(w.Store)
	seen, before := 0, ""
	last := int64(1 << 62)
	for {
		page, err := work.Failed(t.Context(), w.Sam.Actor, before)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range page.Jobs {
			if j.ID >= last {
				t.Errorf("job %d after %d", j.ID, last)
			}
			last, seen = j.ID, seen+1
		}
		if before = page.Next; before == "" {
			break
		}
	}
	if seen != 120 {
		t.Errorf("%d jobs", seen)
	}
	for _, odd := range []string{"x", "-5", "99999999999999999999", "\x00"} {
		if page, err := work.Failed(t.Context(), w.Sam.Actor, odd); err != nil || len(page.Jobs) != 50 {
			t.Errorf("before %q: %d jobs, %v", odd, len(page.Jobs), err)
		}
	}
}
