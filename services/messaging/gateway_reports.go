package messaging

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/store"
)

// reportsAtOnce is how many reports one transaction takes at the most.
const reportsAtOnce = 500

// Report notes what a gateway says of a message, and returns when that is committed. A report that is not possible any more, of a
// message whose fate is known or that does not exist, changes nothing. For: callbacks whose sender is known.
//
// Reports that come while others of their tenant are being written are taken together: a thousand a second are some
// transactions, and a single one waits for nobody.
func (c *Carrier) Report(ctx context.Context, r gateways.Report) error {
	_, err := c.heard.Do(ctx, models.System(r.Tenant), models.NoID, r)
	return err
}

func (c *Carrier) hear(ctx context.Context, tx *store.Tx, asked []store.Asked[gateways.Report]) ([]store.Answer[struct{}], error) {
	var changes []change
	for _, a := range asked {
		changes = append(changes, c.reported(a.Order))
	}
	_, err := move(ctx, tx, changes)
	return make([]store.Answer[struct{}], len(asked)), err
}

func (c *Carrier) reported(r gateways.Report) change {
	return change{message: r.Message, to: r.Status, problem: r.Problem, gateway: c.gateway.Name(), gatewayID: r.ID, reported: true}
}

// Reports notes what a gateway says of messages of a tenant, in the order in which it said so.
func (c *Carrier) Reports(ctx context.Context, tenant models.ID, reports []gateways.Report) error {
	for set := range slices.Chunk(reports, reportsAtOnce) {
		var changes []change
		for _, r := range set {
			if r.Tenant == tenant {
				changes = append(changes, c.reported(r))
			}
		}
		err := c.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
			_, err := move(ctx, tx, changes)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// SimulatedReports is the job that lets the simulator report, as a gateway would by a callback.
type SimulatedReports struct {
	Tenant  models.ID         `json:"tenant"`
	Reports []gateways.Report `json:"reports"`
}

// ReportQueue is the job queue of what the simulator reports.
const (
	ReportQueue   = "reports"
	ReportWorkers = 2
)

func (SimulatedReports) Kind() string                 { return "messages.simulated_reports" }
func (SimulatedReports) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: ReportQueue} }

// steps are the reports that will come by themselves of messages, sooner ones first.
func (c *Carrier) steps(tenant models.ID, set []claimed) []gateways.Step {
	simulator, is := c.gateway.(gateways.Rehearsed)
	if !is {
		return nil
	}
	var steps []gateways.Step
	for _, m := range set {
		steps = append(steps, simulator.Course(m.message(tenant))...)
	}
	slices.SortStableFunc(steps, func(a, b gateways.Step) int { return int(a.After - b.After) })
	return steps
}

// enqueueSteps has reports come when their time is there, also when this process has ended by then.
func (c *Carrier) enqueueSteps(ctx context.Context, tx *store.Tx, tenant models.ID, steps []gateways.Step) error {
	for len(steps) > 0 {
		n := slices.IndexFunc(steps, func(s gateways.Step) bool { return s.After != steps[0].After })
		if n < 0 {
			n = len(steps)
		}
		job := SimulatedReports{Tenant: tenant}
		for _, s := range steps[:n] {
			job.Reports = append(job.Reports, s.Report)
		}
		if err := tx.Enqueue(ctx, job, &river.InsertOpts{ScheduledAt: tx.Now.Add(steps[0].After)}); err != nil {
			return err
		}
		steps = steps[n:]
	}
	return nil
}

// Drain hands over all that is queued in a tenant, once, and lets the simulator report of it at once, and again of what a
// Drain that was cut off within the last hour has left without a report. For: the demo world and tests, where no job queue works.
func (c *Carrier) Drain(ctx context.Context, tenant models.ID) error {
	var sends []*models.ID
	var left []claimed
	err := c.store.Read(ctx, models.System(tenant), func(_ context.Context, tx *store.Tx) error {
		if err := tx.Raw(`SELECT DISTINCT send_id FROM messages WHERE tenant_id = ? AND id >= ? AND status = 'queued'`,
			tenant, models.FirstIDAt(c.store.Now().Add(-validity))).Scan(&sends).Error; err != nil {
			return err
		}
		return tx.Raw(`SELECT id, sender, recipient, body, encoding, tries FROM messages WHERE tenant_id = ? AND id >= ? AND status IN ('sending', 'sent')`,
			tenant, models.FirstIDAt(c.store.Now().Add(-time.Hour))).Scan(&left).Error
	})
	if err != nil {
		return err
	}
	steps := c.steps(tenant, left)
	keep := func(_ context.Context, _ *store.Tx, _ models.ID, more []gateways.Step) error {
		steps = append(steps, more...)
		return nil
	}
	for _, send := range sends {
		job := HandOver{Tenant: tenant, Last: lastID, Since: c.store.Now()}
		if send != nil {
			job.Send = *send
		}
		var later *Postponed
		if err := c.handOver(ctx, job, keep); err != nil && !errors.As(err, &later) {
			return err
		}
	}
	slices.SortStableFunc(steps, func(a, b gateways.Step) int { return int(a.After - b.After) })
	var reports []gateways.Report
	for _, s := range steps {
		reports = append(reports, s.Report)
	}
	return c.Reports(ctx, tenant, reports)
}

var lastID = models.FirstIDAt(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
