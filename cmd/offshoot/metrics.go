package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"offshoot/models"
	"offshoot/services/messaging"
	"offshoot/web"
)

// metrics are the figures of this process, read at a listener of their own. Labels are routes' patterns, statuses and other
// words of ours: nothing that somebody sends can make a new one, and no person or account is in them.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	inFlight prometheus.Gauge
	actions  *prometheus.CounterVec
	stop     func()
}

var errOpenMetrics = errors.New("must be an address within this machine or a private network, with a port, such as 127.0.0.1:9090 or 10.1.2.3:9090: " +
	"metrics tell how the business goes")

// checkMetricsAddr refuses what everybody can reach. A name is checked when it is listened at.
func checkMetricsAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !isPort(port) || host == "" {
		return errOpenMetrics
	}
	if ip, err := netip.ParseAddr(host); err == nil && !isPrivate(ip) {
		return errOpenMetrics
	}
	return nil
}

func isPrivate(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

// startMetrics makes the figures, and lets them be read where that is configured.
func (c config) startMetrics(log *slog.Logger) (*metrics, error) {
	m := newMetrics()
	if c.MetricsAddr == "" {
		return m, nil
	}
	listener, err := listen(c.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !isPrivate(at.AddrPort().Addr()) {
		_ = listener.Close()
		return nil, fmt.Errorf("OFFSHOOT_METRICS_ADDR %w", errOpenMetrics)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second, MaxRequestsInFlight: 4,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError}))
	server := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics cannot be read any more", "error", err)
		}
	}()
	log.Info("metrics", "address", listener.Addr().String())
	m.stop = func() { _ = server.Close() }
	return m, nil
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "offshoot_request_duration_seconds", Help: "Answered requests, by the pattern of their route.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "offshoot_requests_in_flight", Help: "Requests being answered."}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "offshoot_actions_total",
			Help: "Lines of the action log that this process wrote: session.started and session.refused are sign-ins, mail.failed mails that could not be sent."}, []string{"action"}),
		stop: func() {},
	}
	m.registry.MustRegister(m.requests, m.inFlight, m.actions, build(), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// build tells which program this is.
func build() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "offshoot_build_info", Help: "Always 1; its labels tell which program this is.",
		ConstLabels: prometheus.Labels{"go": version, "revision": revision}}, func() float64 { return 1 })
}

// methods are those that a route may have; everything else that is sent is one.
var methods = map[string]bool{http.MethodGet: true, http.MethodHead: true, http.MethodPost: true}

// request counts one request, from its beginning to its answer.
func (m *metrics) request() func(web.Answered) {
	m.inFlight.Inc()
	began := time.Now()
	return func(a web.Answered) {
		m.inFlight.Dec()
		if !methods[a.Method] {
			a.Method = "other"
		}
		if a.Route == "" {
			a.Route = "none"
		}
		m.requests.WithLabelValues(a.Method, a.Route, strconv.Itoa(a.Status)).Observe(time.Since(began).Seconds())
	}
}

func (m *metrics) action(a models.Action) { m.actions.WithLabelValues(string(a)).Inc() }

// watchHouse adds the figures of a process's services and of the database's queues. Before the house is used.
func (m *metrics) watchHouse(h *house) {
	h.store.OnAction(m.action)
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	pool := h.store.Pool()
	gauge("offshoot_db_connections", "Connections to the database.", func() float64 { return float64(pool.Stat().TotalConns()) })
	gauge("offshoot_db_connections_busy", "Connections to the database in use.", func() float64 { return float64(pool.Stat().AcquiredConns()) })
	gauge("offshoot_db_connections_max", "Connections to the database at most.", func() float64 { return float64(pool.Stat().MaxConns()) })
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "offshoot_db_waits_total", Help: "How often a connection had to be waited for."},
		func() float64 { return float64(pool.Stat().EmptyAcquireCount()) }))
	gauge("offshoot_password_hashes_queued", "Passwords being hashed or waiting for their turn.", func() float64 { return float64(h.people.HashQueue()) })
	m.registry.MustRegister(&queues{house: h})
}

// queues are what waits in the database, for all processes: read when it is asked for.
type queues struct{ house *house }

var (
	jobsQueued  = prometheus.NewDesc("offshoot_jobs", "Jobs that are not done, by their state.", []string{"state"}, nil)
	mailsHeld   = prometheus.NewDesc("offshoot_outbox_messages", "Mails and texts that are not sent, by their status.", []string{"status"}, nil)
	usageQueued = prometheus.NewDesc("offshoot_usage_changes", "Changes of usage that are not added up yet, counted up to a million. Reports have them in.", nil, nil)
	usageAge    = prometheus.NewDesc("offshoot_usage_oldest_seconds", "Age of the oldest change of usage that is not added up yet.", nil, nil)
	stray       = prometheus.NewDesc("offshoot_messages_outside_parts", "Messages of a month that has no part of the table of its own.", nil, nil)
	mailsAge    = prometheus.NewDesc("offshoot_outbox_oldest_seconds", "Age of the oldest mail or text that is not sent, by its status.", []string{"status"}, nil)
)

// Describe and Collect make queues a prometheus.Collector.
func (q *queues) Describe(to chan<- *prometheus.Desc) {
	to <- jobsQueued
	to <- mailsHeld
	to <- mailsAge
	to <- usageQueued
	to <- usageAge
	to <- stray
	describeBooks(to)
}

func (q *queues) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	jobs, err := q.house.store.Jobs(ctx)
	for _, state := range []string{"available", "running", "retryable", "scheduled"} {
		send(to, err, jobsQueued, float64(jobs[state]), state)
	}
	held, err := q.house.notify.Held(ctx)
	for _, h := range held {
		send(to, err, mailsHeld, float64(h.Count), string(h.Status))
		send(to, err, mailsAge, h.Oldest.Seconds(), string(h.Status))
	}
	if err != nil {
		to <- prometheus.NewInvalidMetric(mailsHeld, err)
	}
	backlog, err := q.house.usage.Backlog(ctx)
	send(to, err, usageQueued, float64(backlog.Changes))
	send(to, err, usageAge, backlog.Oldest.Seconds())
	outside, err := messaging.OutsideParts(ctx, q.house.store)
	send(to, err, stray, float64(outside))
	collectBooks(ctx, q.house, to)
}

func send(to chan<- prometheus.Metric, err error, what *prometheus.Desc, value float64, labels ...string) {
	if err != nil {
		to <- prometheus.NewInvalidMetric(what, err)
		return
	}
	to <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, labels...)
}
