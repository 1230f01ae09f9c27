package messaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"offshoot/models"
	"offshoot/services/gateways"
	"offshoot/services/store"
)

// HandOver is the job that hands over the queued messages of one send whose ids lie between two, both included.
type HandOver struct {
	Tenant models.ID `json:"tenant"`
	Send   models.ID `json:"send"` // NoID: replies, which belong to none
	First  models.ID `json:"first"`
	Last   models.ID `json:"last"`
	Since  time.Time `json:"since"` // validity counts from here
}

// HandOverQueue is the job queue of hand-overs, apart from others because a gateway may be slow. HandOverWorkers is how many
// of them one process makes at a time, and offersAtOnce how many messages all of them together offer to the gateway.
const (
	HandOverQueue   = "messages"
	HandOverWorkers = 4
	offersAtOnce    = 32
)

func (HandOver) Kind() string                 { return "messages.hand_over" }
func (HandOver) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: HandOverQueue} }

const (
	setSize      = 100              // messages claimed at once, and lost sight of at once when a process dies
	offerTimeout = 20 * time.Second // for one answer of the gateway
	// validity is how long a message is tried to be handed over; then it fails, and is refunded.
	validity = 24 * time.Hour
	// abandoned is after what time a message that was being handed over must have been by a process that died. Nobody can
	// tell how far it came.
	abandoned = 10 * time.Minute
	// doubt is how long an unconfirmed message waits for the gateway's report. Then it fails, and is refunded.
	doubt = 72 * time.Hour
	// turn is how long one job works before it lets others have theirs.
	turn = 2 * time.Minute
)

// What a message's log says of a failure of ours.
const (
	notHandedOver  = "The gateway could not be reached within 24 hours."
	neverConfirmed = "The gateway never said whether it took the message."
)

// Carrier hands messages over to the gateway, and hears from it what became of them.
//
// A message is offered to a gateway again only where the gateway certainly does not have it. It is claimed, queued → sending,
// in a transaction that has committed before the gateway is asked. Whoever dies after that leaves it as sending; Reconcile
// makes it unconfirmed, and so does an answer that does not come: such a message waits for the gateway's report, and is
// never offered again.
type Carrier struct {
	store   *store.Store
	gateway gateways.Gateway
	circuit circuit
	slots   chan struct{} // one for each message that is being offered
	heard   *store.Together[gateways.Report, struct{}]
}

// NewCarrier returns a carrier that uses the gateway.
func NewCarrier(s *store.Store, g gateways.Gateway) *Carrier {
	c := &Carrier{store: s, gateway: g, slots: make(chan struct{}, offersAtOnce)}
	c.heard = store.NewTogether(s, reportsAtOnce, c.hear)
	c.heard.Quiet()
	return c
}

// Gateway is what the carrier uses.
func (c *Carrier) Gateway() gateways.Gateway { return c.gateway }

// Postponed is the answer of a hand-over that wants to go on later.
type Postponed struct{ After time.Duration }

func (p *Postponed) Error() string { return fmt.Sprintf("postponed by %s", p.After) }

// enqueueHandOver has messages handed over that the transaction accepts. They are of one send, or of none. Jobs of a lower
// priority number go first.
func enqueueHandOver(ctx context.Context, tx *store.Tx, send models.ID, ids []models.ID, priority int) error {
	if len(ids) == 0 {
		return nil
	}
	byID := func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) }
	job := HandOver{Tenant: tx.Actor.Tenant, Send: send, First: slices.MinFunc(ids, byID), Last: slices.MaxFunc(ids, byID), Since: tx.Now}
	return tx.Enqueue(ctx, job, &river.InsertOpts{Priority: priority})
}

// resumeHandOver has all that is queued of a send handed over, when it is no longer held.
func resumeHandOver(ctx context.Context, tx *store.Tx, send models.ID, priority int) error {
	for after := models.NoID; ; {
		var ids []models.ID
		err := tx.Rows(ctx, func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[models.ID])
			return err
		}, `SELECT id FROM messages WHERE tenant_id = $1 AND send_id = $2 AND id > $3 AND status = 'queued' ORDER BY id LIMIT $4`,
			tx.Actor.Tenant, send, after, sliceSize)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := enqueueHandOver(ctx, tx, send, ids, priority); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

const sliceSize = 500

// HandOver hands over what is queued of a slice. For: the job queue.
//
// It returns nil when nothing of the slice is queued any more, or when its send is held: whoever lets it go on makes new
// jobs. It returns a *Postponed when the gateway is not to be asked now, or did not take some of the messages. Any other
// error is of the database.
func (c *Carrier) HandOver(ctx context.Context, job HandOver) error {
	return c.handOver(ctx, job, c.enqueueSteps)
}

// expecting is told which reports will come by themselves of the messages that its transaction claims.
type expecting func(ctx context.Context, tx *store.Tx, tenant models.ID, steps []gateways.Step) error

func (c *Carrier) handOver(ctx context.Context, job HandOver, expect expecting) error {
	began := time.Now()
	var results []change
	var again time.Duration // what came back to the queue may be offered after this
	for after := models.NoID; ; {
		limit := setSize
		if !c.circuit.closed() {
			limit = 1
		}
		wait := c.circuit.wait(c.store.Now())
		if ctx.Err() != nil || time.Since(began) > turn {
			limit = 0
			again = max(again, time.Millisecond)
		} else if wait > 0 && !c.expired(job) {
			limit = 0
			again = max(again, spread(wait))
		}
		set, err := c.settleAndClaim(ctx, job, after, results, limit, expect)
		if err != nil {
			return err
		}
		if len(set) == 0 {
			break
		}
		after = set[len(set)-1].ID
		var later time.Duration
		results, later = c.offer(ctx, set, job.Tenant)
		again = max(again, later)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if again > 0 {
		return &Postponed{again}
	}
	return nil
}

func (c *Carrier) expired(job HandOver) bool { return !c.store.Now().Before(job.Since.Add(validity)) }

// claimed is a message that was queued and is being handed over.
type claimed struct {
	ID                      models.ID
	Sender, Recipient, Body string
	Encoding                models.Encoding
	Tries                   int
}

func (m claimed) message(tenant models.ID) gateways.Message {
	return gateways.Message{Tenant: tenant, ID: m.ID, From: m.Sender, To: m.Recipient, Body: m.Body, Encoding: m.Encoding, Tries: m.Tries}
}

// settleAndClaim writes what came of one set and claims the next one, in one transaction. Whatever happens to the claim, the
// results are written as long as there is a database.
func (c *Carrier) settleAndClaim(ctx context.Context, job HandOver, after models.ID, results []change, limit int, expect expecting) ([]claimed, error) {
	if limit == 0 && len(results) == 0 {
		return nil, nil
	}
	var set []claimed
	both := func(ctx context.Context, tx *store.Tx) (err error) {
		set = nil
		if _, err = move(ctx, tx, results); err != nil || limit == 0 {
			return err
		}
		if set, err = c.claim(ctx, tx, job, after, limit); err != nil {
			return err
		}
		return expect(ctx, tx, job.Tenant, c.steps(job.Tenant, set))
	}
	err := c.store.Settle(context.WithoutCancel(ctx), job.Tenant, both)
	if err == nil || len(results) == 0 {
		return set, err
	}
	return nil, errors.Join(err, c.settle(ctx, job.Tenant, results))
}

// settle writes what came of a set of messages. What is not written is not known: twelve seconds of patience.
func (c *Carrier) settle(ctx context.Context, tenant models.ID, results []change) (err error) {
	ctx = context.WithoutCancel(ctx)
	for again := range 7 {
		time.Sleep(100 * time.Millisecond << again)
		err = c.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
			_, err := move(ctx, tx, results)
			return err
		})
		if err == nil {
			return nil
		}
	}
	return err
}

// claim makes queued messages of a slice ones that are being handed over, unless their send is held. Those that nobody took
// in time fail instead, all of the slice's; there is nothing to offer then.
func (c *Carrier) claim(ctx context.Context, tx *store.Tx, job HandOver, after models.ID, limit int) ([]claimed, error) {
	which, send := `send_id IS NULL`, []any{}
	if job.Send != models.NoID {
		which, send = `send_id = ?`, []any{job.Send}
		var held bool
		if err := tx.Raw(`SELECT held FROM sends WHERE tenant_id = ? AND id = ? FOR KEY SHARE`, job.Tenant, job.Send).Scan(&held).Error; err != nil || held {
			return nil, err
		}
	}
	queued := `SELECT id, sender, recipient, body, encoding, tries FROM messages
		WHERE tenant_id = ? AND ` + which + ` AND id BETWEEN ? AND ? AND id > ? AND status = 'queued' ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED`
	next := func(limit int) (set []claimed, err error) {
		args := append(append([]any{job.Tenant}, send...), job.First, job.Last, after, limit)
		err = tx.Raw(queued, args...).Scan(&set).Error
		return set, err
	}
	if !tx.Now.Before(job.Since.Add(validity)) {
		late, err := next(sliceSize)
		for err == nil && len(late) > 0 {
			if _, err = move(ctx, tx, becoming(late, models.MessageFailed, notHandedOver)); err == nil {
				late, err = next(sliceSize)
			}
		}
		return nil, err
	}
	set, err := next(limit)
	if err != nil {
		return nil, err
	}
	_, err = move(ctx, tx, becoming(set, models.MessageSending, ""))
	return set, err
}

func becoming(set []claimed, status models.MessageStatus, problem string) []change {
	var changes []change
	for _, m := range set {
		changes = append(changes, change{message: m.ID, to: status, problem: problem})
	}
	return changes
}

// offer asks the gateway to take a set of messages, several at once, and returns what they become. What came back to the queue
// may be offered again after the time returned.
func (c *Carrier) offer(ctx context.Context, set []claimed, tenant models.ID) ([]change, time.Duration) {
	results := make([]change, len(set))
	waits := make([]time.Duration, len(set))
	var offers sync.WaitGroup
	for i, m := range set {
		c.slots <- struct{}{}
		offers.Go(func() {
			defer func() { <-c.slots }()
			results[i], waits[i] = c.offerOne(ctx, m, tenant)
		})
	}
	offers.Wait()
	return results, slices.Max(waits)
}

func (c *Carrier) offerOne(ctx context.Context, m claimed, tenant models.ID) (change, time.Duration) {
	may, probe := c.circuit.enter(c.store.Now())
	if !may || ctx.Err() != nil { // back as it was: nobody was asked
		return change{message: m.ID, to: models.MessageQueued}, max(spread(c.circuit.wait(c.store.Now())), time.Millisecond)
	}
	ctx, stop := context.WithTimeout(ctx, offerTimeout)
	defer stop()
	answer := c.gateway.Send(ctx, m.message(tenant))
	result := change{message: m.ID, gateway: c.gateway.Name(), gatewayID: answer.ID, problem: answer.Problem}
	switch answer.Outcome {
	case gateways.Accepted:
		c.circuit.answered()
		result.to = models.MessageSent
	case gateways.Refused:
		c.circuit.answered()
		result.to = models.MessageFailed
	case gateways.Later:
		c.circuit.missed(c.store.Now(), probe, answer.After)
		result.to = models.MessageQueued
		return result, spread(max(backoff(m.Tries), min(answer.After, longestBackoff)))
	default:
		c.circuit.missed(c.store.Now(), probe, 0)
		result.to = models.MessageUnconfirmed
	}
	return result, 0
}

const longestBackoff = 5 * time.Minute

// backoff is how long a message waits that was not taken after so many tries before.
func backoff(tries int) time.Duration { return min(5*time.Second<<min(tries, 10), longestBackoff) }

// Reconcile looks after messages that nobody works on any more: those whose process died while it handed them over become
// unconfirmed, those that stayed unconfirmed for too long fail. For: a periodic job.
func (c *Carrier) Reconcile(ctx context.Context) error {
	for _, left := range []struct {
		status models.MessageStatus
		after  time.Duration
		change change
	}{
		{models.MessageSending, abandoned, change{to: models.MessageUnconfirmed, gateway: c.gateway.Name()}},
		{models.MessageUnconfirmed, doubt, change{to: models.MessageFailed, problem: neverConfirmed}},
	} {
		tenants, err := c.tenantsLeaving(ctx, left.status, left.after)
		if err != nil {
			return err
		}
		for _, tenant := range tenants {
			for found := sliceSize; found == sliceSize; {
				err := c.store.Settle(ctx, tenant, func(ctx context.Context, tx *store.Tx) error {
					var ids []models.ID
					if err := tx.Raw(leftMessages, tenant, left.status, tx.Now.Add(-left.after), sliceSize).Scan(&ids).Error; err != nil {
						return err
					}
					found = len(ids)
					var changes []change
					for _, id := range ids {
						left.change.message = id
						changes = append(changes, left.change)
					}
					_, err := move(ctx, tx, changes)
					return err
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// The first condition names the index; the second says which of its two.
const leftMessages = `SELECT id FROM messages WHERE tenant_id = ? AND status IN ('sending', 'unconfirmed') AND status = ? AND status_at <= ?
	ORDER BY status_at LIMIT ? FOR UPDATE SKIP LOCKED`

func (c *Carrier) tenantsLeaving(ctx context.Context, status models.MessageStatus, after time.Duration) (tenants []models.ID, err error) {
	err = c.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT DISTINCT tenant_id FROM messages WHERE status IN ('sending', 'unconfirmed') AND status = ? AND status_at <= ?`,
			status, tx.Now.Add(-after)).Scan(&tenants).Error
	})
	return tenants, err
}
