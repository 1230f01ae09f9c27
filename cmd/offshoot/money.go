package main

import (
	"context"

	"github.com/riverqueue/river"

	"offshoot/services/ledger"
)

// moneyArrived gives those who wait for a parent's money what is there now.
type moneyArrived struct {
	river.WorkerDefaults[ledger.MoneyArrived]
	house *house
}

func (w *moneyArrived) Work(ctx context.Context, job *river.Job[ledger.MoneyArrived]) error {
	return w.house.funding.MoneyArrived(ctx, job.Args.Tenant)
}
