package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// benchProbes is a large prober: 10,000 plain HTTP probes in 100 flows of 5 stages.
const benchProbes = 10_000

func benchSet() probes.Set {
	var set probes.Set
	for i := range 100 {
		set.Flows = append(set.Flows, probes.Flow{Name: fmt.Sprintf("flow-%02d", i)})
	}
	for i := range benchProbes {
		p := httpProbe(fmt.Sprintf("probe-of-a-page-%05d", i))
		p.Flow, p.Stage = fmt.Sprintf("flow-%02d", i%100), fmt.Sprintf("stage-%d", i/100%5)
		set.Probes = append(set.Probes, p)
	}
	return set
}

func benchResult(p probes.Probe, n int) probes.Result {
	r := result(p)
	r.HTTP.TLS, r.HTTP.LastModified = nil, time.Time{}
	r.Duration += probes.Seconds(n)
	return r
}

func benchMetrics() (*Metrics, []probes.Probe) {
	set := benchSet()
	m := New(Options{Now: (&clock{t0}).Now, FlowOutcome: func(string, time.Time) probes.Outcome { return probes.Up }})
	m.Configure(set)
	for i, p := range set.Probes {
		m.Observe(benchResult(p, i))
	}
	return m, set.Probes
}

// sink is a ResponseWriter that counts.
type sink struct {
	header http.Header
	bytes  int
}

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(int)                {}
func (s *sink) Write(data []byte) (int, error) { s.bytes += len(data); return len(data), nil }

func scrapeOnce(h http.Handler, accept, encoding string) int {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	s := &sink{header: http.Header{}}
	h.ServeHTTP(s, r)
	return s.bytes
}

const (
	acceptText        = "text/plain;version=0.0.4"
	acceptOpenMetrics = "application/openmetrics-text;version=1.0.0"
	acceptProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// BenchmarkScrape measures a scrape of 10,000 probes, a series at a time. "collector" is the same series in the ordinary
// way, a Registry with a Collector of constant metrics, for the ratio in one run.
func BenchmarkScrape(b *testing.B) {
	m, _ := benchMetrics()
	families, err := m.Gather()
	if err != nil {
		b.Fatal(err)
	}
	series := 0
	for _, f := range families {
		series += len(f.Metric)
	}
	runs := []struct {
		name             string
		handler          http.Handler
		accept, encoding string
	}{
		{"text", m.Handler(), acceptText, ""},
		{"openmetrics", m.Handler(), acceptOpenMetrics, ""},
		{"protobuf", m.Handler(), acceptProtobuf, ""},
		{"text-zstd", m.Handler(), acceptText, "zstd"},
		{"text-gzip", m.Handler(), acceptText, "gzip"},
		{"collector", ordinary(families), acceptText, ""},
	}
	families = nil
	for _, run := range runs {
		b.Run(run.name, func(b *testing.B) {
			bytes := 0
			before := cpuTime()
			for b.Loop() {
				bytes = scrapeOnce(run.handler, run.accept, run.encoding)
			}
			b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N)/float64(series), "cpu-ns/series")
			b.ReportMetric(float64(bytes), "bytes")
			b.ReportMetric(float64(series)/benchProbes, "series/probe")
		})
	}
}

// ordinary exports the gauges and counters of the families by a Collector.
func ordinary(families []*dto.MetricFamily) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&constCollector{families})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

type constCollector struct{ families []*dto.MetricFamily }

func (c *constCollector) Describe(chan<- *prometheus.Desc) {}

func (c *constCollector) Collect(out chan<- prometheus.Metric) {
	for _, f := range c.families {
		var desc *prometheus.Desc
		for _, metric := range f.Metric {
			if desc == nil {
				var names []string
				for _, label := range metric.Label {
					names = append(names, label.GetName())
				}
				desc = prometheus.NewDesc(f.GetName(), f.GetHelp(), names, nil)
			}
			values := make([]string, len(metric.Label))
			for i, label := range metric.Label {
				values[i] = label.GetValue()
			}
			switch {
			case metric.Gauge != nil:
				out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, metric.Gauge.GetValue(), values...)
			case metric.Counter != nil:
				out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, metric.Counter.GetValue(), values...)
			}
		}
	}
}

// BenchmarkObserve is what a result costs the run that brings it.
func BenchmarkObserve(b *testing.B) {
	m, all := benchMetrics()
	results := make([]probes.Result, len(all))
	for i, p := range all {
		results[i] = benchResult(p, i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Observe(results[i%len(results)])
		i++
	}
}

// BenchmarkObserveDuringScrape is the longest that a result had to wait while scrapes go on.
func BenchmarkObserveDuringScrape(b *testing.B) {
	m, all := benchMetrics()
	h := m.Handler()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				scrapeOnce(h, acceptText, "")
			}
		}
	}()
	var longest time.Duration
	i := 0
	for b.Loop() {
		r := benchResult(all[i%len(all)], i)
		start := time.Now()
		m.Observe(r)
		longest = max(longest, time.Since(start))
		i++
	}
	close(stop)
	<-done
	b.ReportMetric(float64(longest.Microseconds()), "max-µs")
}

// BenchmarkMemory is the live heap that 10,000 observed and scraped probes hold, results included.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := liveHeap()
		m, _ := benchMetrics()
		scrapeOnce(m.Handler(), acceptText, "")
		b.ReportMetric(float64(liveHeap()-before)/(1<<20), "MiB")
		runtime.KeepAlive(m)
	}
}

// cpuTime is what the process has used so far, of user and system time: the machine may be busy with other things.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func liveHeap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
