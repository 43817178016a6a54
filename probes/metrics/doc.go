// Package metrics turns judged results, outage windows and announcements into Prometheus metrics: it keeps what the last
// runs of each probe said, and writes it as metric families when somebody scrapes.
// It decides nothing about outcomes or windows, runs nothing, and serves no address of its own; its one view of the
// clock is the age of a result at the moment of a scrape.
package metrics
