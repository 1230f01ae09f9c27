package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"offshoot/models"
)

// The refusals of jobs that failed.
var (
	ErrNoSuchJob = &models.Error{Kind: models.NotFound, Code: "job_not_found", Message: "There is no such work."}
	ErrJobGoesOn = &models.Error{Kind: models.Conflict, Code: "job_not_failed",
		Message: "This work has not failed: it was done, or is being tried again."}
	ErrJobWaits = &models.Error{Kind: models.Conflict, Code: "job_waits",
		Message: "The same work is waiting to be done already. Give this one up."}
)

// failed are the states of a job that went wrong: to be tried again later, tried for the last time, or given up by its
// worker. A job has errors in each of them, but for one that somebody cancelled before it began.
var failed = []rivertype.JobState{rivertype.JobStateRetryable, rivertype.JobStateDiscarded, rivertype.JobStateCancelled}

// FailedJobs returns the jobs that went wrong and were not done since, newest first: up to limit of them with an ID below
// before, or from the newest when before is 0. Jobs are the installation's, of no tenant.
func (tx *Tx) FailedJobs(ctx context.Context, limit int, before int64) (jobs []models.FailedJob, err error) {
	which := river.NewJobListParams().States(failed...).OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(limit).
		Where("cardinality(errors) > 0")
	if before > 0 {
		which = which.Where("id < @before", river.NamedArgs{"before": before})
	}
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	err = tx.pgx(func(conn *pgx.Conn) error {
		found, err := tx.store.jobs.JobListTx(ctx, lentTx{conn}, which)
		if err != nil {
			return err
		}
		for _, job := range found.Jobs {
			jobs = append(jobs, failedJob(job))
		}
		return nil
	})
	return jobs, err
}

func failedJob(job *rivertype.JobRow) models.FailedJob {
	last := job.Errors[len(job.Errors)-1]
	f := models.FailedJob{ID: job.ID, Kind: job.Kind, Tries: len(job.Errors), Error: last.Error, FailedAt: last.At.UTC(), CreatedAt: job.CreatedAt.UTC()}
	if job.State == rivertype.JobStateRetryable {
		next := job.ScheduledAt.UTC()
		f.NextAt = &next
	}
	return f
}

// RetryJob has a failed job done again, now. Refuses with ErrNoSuchJob, ErrJobGoesOn, ErrJobWaits.
func (tx *Tx) RetryJob(ctx context.Context, id int64) (models.FailedJob, error) {
	job, err := tx.lockFailed(ctx, id)
	if err != nil {
		return job, err
	}
	err = tx.pgx(func(conn *pgx.Conn) error {
		_, err := tx.store.jobs.JobRetryTx(ctx, lentTx{conn}, id)
		return err
	})
	if Violates(err, "river_job_unique_idx") {
		err = ErrJobWaits
	}
	return job, err
}

// DropJob removes a failed job, which is not tried again then. Refuses with ErrNoSuchJob, ErrJobGoesOn.
func (tx *Tx) DropJob(ctx context.Context, id int64) (models.FailedJob, error) {
	job, err := tx.lockFailed(ctx, id)
	if err != nil {
		return job, err
	}
	return job, tx.pgx(func(conn *pgx.Conn) error {
		_, err := tx.store.jobs.JobDeleteTx(ctx, lentTx{conn}, id)
		return err
	})
}

// lockFailed takes a job's row, so that of two who press at once one finds it failed.
func (tx *Tx) lockFailed(ctx context.Context, id int64) (models.FailedJob, error) {
	if !tx.writable {
		return models.FailedJob{}, ErrReadOnly
	}
	if err := tx.Exec(`SELECT FROM river_job WHERE id = ? FOR UPDATE`, id).Error; err != nil {
		return models.FailedJob{}, err
	}
	var job *rivertype.JobRow
	err := tx.pgx(func(conn *pgx.Conn) (err error) {
		job, err = tx.store.jobs.JobGetTx(ctx, lentTx{conn}, id)
		return err
	})
	switch {
	case errors.Is(err, river.ErrNotFound):
		return models.FailedJob{}, ErrNoSuchJob
	case err != nil:
		return models.FailedJob{}, err
	}
	for _, state := range failed {
		if job.State == state && len(job.Errors) > 0 {
			return failedJob(job), nil
		}
	}
	return models.FailedJob{}, ErrJobGoesOn
}

// FailedJobsKept is how long a job that failed is kept for somebody to look at.
const FailedJobsKept = 90 * 24 * time.Hour
