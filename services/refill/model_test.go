package refill_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"offshoot/models"
	"offshoot/services/ledger"
)

// modelled is what a parent, a sub-account and its rule are, in cents and a few lines.
type modelled struct {
	parent, sub   int64
	closed        bool
	on            bool
	below, amount int64
	upTo          bool
	times, most   int64
	paused        models.PauseReason
	pausedOn      models.Day
	fall          bool
	made, spent   int64 // today
	today         models.Day
	all           int // recharges
}

func (m *modelled) need() int64 {
	if m.upTo {
		return m.amount - m.sub
	}
	return m.amount
}

func (m *modelled) why() models.PauseReason {
	switch {
	case m.made >= m.times:
		return models.PausedTimes
	case m.spent+m.need() > m.most:
		return models.PausedAmount
	case m.parent < m.need():
		return models.PausedShort
	}
	return ""
}

// follow is the whole of auto-recharge.
func (m *modelled) follow() {
	if !m.fall || m.closed || m.paused == models.PausedByPerson {
		return
	}
	if why := m.why(); why != "" {
		if m.paused != why {
			m.paused, m.pausedOn = why, m.today
		}
		return
	}
	need := m.need()
	m.paused, m.fall = "", false
	m.parent, m.sub, m.made, m.spent, m.all = m.parent-need, m.sub+need, m.made+1, m.spent+need, m.all+1
}

// credited is money that came to the parent.
func (m *modelled) credited() {
	if m.paused != models.PausedShort {
		return
	}
	if m.fall {
		m.follow()
	} else if m.parent >= m.need() {
		m.paused = ""
	}
}

func (m *modelled) watch() {
	m.fall = m.on && !m.closed && m.sub < m.below
	m.follow()
}

func (m *modelled) turn() {
	if (m.paused == models.PausedTimes || m.paused == models.PausedAmount) && m.pausedOn.Before(m.today) {
		if m.fall {
			m.follow()
		} else {
			m.paused = ""
		}
	}
}

// BAL-8: auto-recharge against a model of it, through uses, credits, rules that change, days that turn, a parent that runs dry, and
// a sub-account that is deactivated and back: both agree on every balance, on every pause and on the number of recharges.
func TestRechargeAgainstItsModel(t *testing.T) {
	w := newWorld(t)
	berlin := w.Clinic.Zone()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		c := w.AddCompany(t, n)
		own, admin := c.Own, c.Admin.Actor
		m := &modelled{today: models.DayOf(w.Clock.Now(), berlin)}
		small, large := rapid.Int64Range(1, 1500), rapid.Int64Range(500, 6000)
		cents := func(n int64) models.Money { return models.FromMicros(n*10_000, "EUR") }
		version := 0
		agree := func(r *rapid.T, what string, err error, ok bool) {
			if (err == nil) != ok {
				r.Fatalf("%s: %v, the model says it works: %v", what, err, ok)
			}
			w.work()
		}
		r.Repeat(map[string]func(*rapid.T){
			"money received": func(r *rapid.T) {
				a := large.Draw(r, "amount")
				_, err := w.Ledger.RecordMoney(ctx, w.Sam.Actor, ledger.PaymentOrder{Parent: c.ID, Amount: cents(a), Reference: fmt.Sprint(w.used.Add(1))})
				m.parent += a
				m.credited()
				agree(r, "payment", err, true)
			},
			"parent spends": func(r *rapid.T) {
				a := large.Draw(r, "amount")
				ok := m.parent >= a
				if ok {
					m.parent -= a
				}
				agree(r, "parent's use", w.charge(c.Shared, cents(a)), ok)
			},
			"use": func(r *rapid.T) {
				a := small.Draw(r, "amount")
				ok := !m.closed && m.sub >= a
				if ok {
					m.sub -= a
					if m.on && !m.fall && m.sub < m.below { // of a fall that is open already nobody is told again
						m.fall = true
						m.follow()
					}
				}
				agree(r, "use", w.charge(own, cents(a)), ok)
			},
			"transfer": func(r *rapid.T) {
				a := small.Draw(r, "amount")
				_, err := w.Ledger.Transfer(ctx, admin, ledger.TransferOrder{SubAccount: own.Account.ID, Amount: cents(a)})
				ok := !m.closed && m.parent >= a
				if ok {
					m.parent, m.sub = m.parent-a, m.sub+a
					m.fall = m.fall && m.sub < m.below
				}
				agree(r, "transfer", err, ok)
			},
			"transfer back": func(r *rapid.T) {
				a := small.Draw(r, "amount")
				_, err := w.Ledger.TransferBack(ctx, admin, ledger.TransferOrder{SubAccount: own.Account.ID, Amount: cents(a)})
				ok := !m.closed && m.sub >= a
				if ok {
					m.parent, m.sub = m.parent+a, m.sub-a
					m.credited()
				}
				agree(r, "transfer back", err, ok)
			},
			"set rule": func(r *rapid.T) {
				below := small.Draw(r, "below")
				amount := below + rapid.Int64Range(0, 1000).Draw(r, "more")
				times := rapid.Int64Range(1, 4).Draw(r, "times")
				most := amount + rapid.Int64Range(0, 3000).Draw(r, "most")
				form := models.RechargeForm{Below: cents(below).Text(), Amount: cents(amount).Text(), Way: models.WayAmount, MostTimes: strconv.FormatInt(times, 10),
					MostAmount: cents(most).Text(), Version: version}
				if rapid.Bool().Draw(r, "up to") {
					form.Way = models.WayUpTo
				}
				if m.on && m.below == below && m.amount == amount && m.upTo == (form.Way == models.WayUpTo) && m.times == times && m.most == most {
					return
				}
				err := w.Refill.SetRule(ctx, admin, own.Account.ID, form)
				version++
				m.on, m.below, m.amount, m.upTo, m.times, m.most = true, below, amount, form.Way == models.WayUpTo, times, most
				if m.paused != models.PausedByPerson {
					m.paused = ""
				}
				m.watch()
				agree(r, "rule", err, true)
			},
			"stop": func(r *rapid.T) {
				err := w.Refill.StopRule(ctx, admin, own.Account.ID)
				if m.on {
					version++
				}
				m.on, m.fall, m.paused = false, false, ""
				agree(r, "stop", err, true)
			},
			"pause": func(r *rapid.T) {
				err := w.Refill.Pause(ctx, admin, own.Account.ID)
				if m.on {
					m.paused = models.PausedByPerson
				}
				agree(r, "pause", err, m.on)
			},
			"resume": func(r *rapid.T) {
				err := w.Refill.Resume(ctx, admin, own.Account.ID)
				ok := m.on && (m.paused == "" || !m.fall || m.paused == models.PausedByPerson || m.why() != m.paused)
				if ok && m.paused != "" {
					m.paused = ""
					m.follow()
				}
				agree(r, "resume", err, ok)
			},
			"hours pass": func(r *rapid.T) {
				w.Clock.Add(time.Duration(rapid.IntRange(1, 30).Draw(r, "hours")) * time.Hour)
				if today := models.DayOf(w.Clock.Now(), berlin); m.today.Before(today) {
					m.today, m.made, m.spent = today, 0, 0
				}
				m.turn()
				agree(r, "turn", w.Refill.Turn(ctx), true)
			},
			"deactivate or activate": func(r *rapid.T) {
				if m.closed {
					m.closed = false
					m.watch()
					agree(r, "activate", w.Accounts.Reactivate(ctx, admin, own.Account.ID), true)
					return
				}
				back := m.sub
				m.parent, m.sub, m.closed, m.fall = m.parent+back, 0, true, false
				if back > 0 {
					m.credited()
				}
				_, err := w.Accounts.Deactivate(ctx, admin, own.Account.ID, "Unpaid")
				agree(r, "deactivate", err, true)
			},
			"": func(r *rapid.T) {
				shown, err := w.Refill.Shown(ctx, admin, own.Account.ID)
				if err != nil {
					r.Fatal(err)
				}
				var paused models.PauseReason
				if shown.Rule != nil {
					paused = shown.Rule.Paused
				}
				got := fmt.Sprintln(w.BalanceOf(t, c.Account).Text(), w.BalanceOf(t, own.Account).Text(), shown.Rule != nil && shown.Rule.StoppedAt == nil, paused, shown.Waits,
					shown.Times, w.Count(t, "recharges WHERE account_id = $1", own.Account.ID))
				made := m.made
				if !m.on && shown.Rule == nil {
					made = 0
				}
				want := fmt.Sprintln(cents(m.parent).Text(), cents(m.sub).Text(), m.on, m.paused, m.fall, made, m.all)
				if got != want {
					r.Fatalf("it is   %sit should be %s", got, want)
				}
			},
		})
	})
}
