package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What the checks of the books found, for all processes. An alert on frozen tenants above zero, and one on a last check that is
// older than a quarter of an hour, are all there is to watch.
var (
	booksFrozen = prometheus.NewDesc("offshoot_books_frozen_tenants", "Tenants whose money is frozen because a check of their books found a fault.", nil, nil)
	booksFaults = prometheus.NewDesc("offshoot_books_faults", "Rules that the books of some tenant break, of all tenants together.", nil, nil)
	booksLast   = prometheus.NewDesc("offshoot_books_last_check_timestamp_seconds", "When books were last checked.", nil, nil)
	booksOldest = prometheus.NewDesc("offshoot_books_oldest_check_timestamp_seconds", "When the tenant was last checked whose check is the oldest, of those that are not frozen.", nil, nil)
	booksWhole  = prometheus.NewDesc("offshoot_books_oldest_whole_check_timestamp_seconds", "The same, of whole checks.", nil, nil)
)

func describeBooks(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{booksFrozen, booksFaults, booksLast, booksOldest, booksWhole} {
		to <- d
	}
}

func collectBooks(ctx context.Context, h *house, to chan<- prometheus.Metric) {
	counted, err := h.proof.Count(ctx)
	send(to, err, booksFrozen, float64(counted.Frozen))
	send(to, err, booksFaults, float64(counted.Faults))
	for what, at := range map[*prometheus.Desc]*time.Time{booksLast: counted.Last, booksOldest: counted.Oldest, booksWhole: counted.OldestWhole} {
		if err == nil && at == nil { // nothing was checked yet
			continue
		}
		if at == nil {
			at = &time.Time{}
		}
		send(to, err, what, float64(at.UnixMilli())/1000)
	}
}
