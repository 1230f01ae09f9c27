package main

import (
	"context"
	"fmt"
	"time"
)

type faultKind string

const (
	portalKilled      faultKind = "portal killed"
	workerKilled      faultKind = "worker killed"
	databaseKilled    faultKind = "PostgreSQL killed"
	backendKilled     faultKind = "backend killed"
	backendTerminated faultKind = "backend terminated"
	dataSlow          faultKind = "data: latency"
	dataCut           faultKind = "data: cut in an answer"
	dataSilent        faultKind = "data: no answer"
	dataReset         faultKind = "data: reset"
	pagesSlow         faultKind = "pages: latency"
	pagesCut          faultKind = "pages: cut in an answer"
	pagesSilent       faultKind = "pages: no answer"
	pagesReset        faultKind = "pages: reset"
)

// faultKinds are all. Those that come often are cheap.
var faultKinds = []faultKind{portalKilled, portalKilled, workerKilled, workerKilled, workerKilled, databaseKilled, backendKilled, backendTerminated, backendTerminated, backendTerminated,
	dataSlow, dataCut, dataCut, dataSilent, dataReset, dataReset, pagesSlow, pagesCut, pagesCut, pagesSilent, pagesReset, pagesReset}

// strike does one fault and mends what it broke. It returns when all is as before, but for those who were in the middle of something.
func (b *bank) strike(ctx context.Context, t trouble) error {
	m := b.machine
	data, pages := m.toData[int(t.where)%len(m.toData)], m.toPages[int(t.where)%len(m.toPages)]
	switch t.of {
	case portalKilled:
		p := m.portals[int(t.where)%len(m.portals)]
		p.kill()
		time.Sleep(t.lasts)
		return p.revive(time.Minute)
	case workerKilled:
		if err := m.killWorker(ctx); err != nil {
			return err
		}
		if err := m.turn(ctx); err != nil {
			return err
		}
		if err := m.worker.revive(time.Minute); err != nil || t.size < 0.4 {
			return err
		}
		time.Sleep(t.lasts * 2) // and once more, in the middle of what it does first
		if err := m.killWorker(ctx); err != nil {
			return err
		}
		return m.worker.revive(time.Minute)
	case databaseKilled:
		if err := m.killDatabase(ctx, t.lasts); err != nil {
			return err
		}
		return b.raise(ctx)
	case backendKilled:
		if err := m.killBackend(ctx); err != nil {
			return err
		}
		return b.raise(ctx)
	case backendTerminated:
		return m.terminateBackend(ctx)
	case dataSlow, pagesSlow:
		return onWire(t, data, pages, toxic{Type: "latency", Stream: "downstream", Attributes: map[string]int64{"latency": 20 + int64(t.size*150), "jitter": 15}})
	case dataCut:
		return onWire(t, data, pages, toxic{Type: "limit_data", Stream: "downstream", Attributes: map[string]int64{"bytes": 1 + int64(t.size*6000)}})
	case pagesCut:
		return onWire(t, data, pages, toxic{Type: "limit_data", Stream: "downstream", Attributes: map[string]int64{"bytes": 1 + int64(t.size*3000)}})
	case dataSilent, pagesSilent: // what is asked arrives, what is answered does not
		return onWire(t, data, pages, toxic{Type: "timeout", Stream: "downstream", Attributes: map[string]int64{"timeout": 0}})
	case dataReset, pagesReset:
		return onWire(t, data, pages, toxic{Type: "reset_peer", Stream: "downstream", Attributes: map[string]int64{"timeout": int64(t.size * 20)}})
	}
	return fmt.Errorf("nobody knows how to do: %s", t.of)
}

func onWire(t trouble, data, pages *wire, what toxic) error {
	w := pages
	if t.of == dataSlow || t.of == dataCut || t.of == dataSilent || t.of == dataReset {
		w = data
	}
	if err := w.disturb(what); err != nil {
		return err
	}
	time.Sleep(t.lasts)
	w.mend()
	return nil
}

// raise waits until PostgreSQL answers, and starts what ended meanwhile: a worker that lost its database may end, and then
// whoever runs it starts it again.
func (b *bank) raise(ctx context.Context) error {
	if err := b.machine.asAdmin(ctx, `SELECT 1`); err != nil {
		return err
	}
	for _, p := range b.machine.processes() {
		if p.ended() {
			b.ended.add(p.name)
			if p == b.machine.worker {
				if err := b.machine.forgetWorker(ctx); err != nil {
					return err
				}
			}
		}
		if err := p.revive(time.Minute); err != nil {
			return err
		}
	}
	return nil
}
