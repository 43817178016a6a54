package metrics

import (
	"maps"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// scrape is what one scrape sees: a copy that nothing changes while it is formatted, and one moment for every age.
type scrape struct {
	now     time.Time
	options Options
	probes  []probeView
	flows   []flowView
	stages  []stageView
	parts   []partView
	prober  proberState
	// bare are the labels of metrics about the prober itself.
	bare []*dto.LabelPair
	// lateness is the histogram of how late runs start.
	lateness writer
	browser  *BrowserStats

	out *scratch
}

// probeView is a probe at the moment of a scrape.
type probeView struct {
	state *probeState
	live  probeLive
	// run is the newest result while it is still knowledge, nil otherwise.
	run *probes.Result
}

type flowView struct {
	state   *flowState
	outages [len(flowSources)]outageLive
	outcome probes.Outcome
}

// by is where the flow stands by one source.
func (v *flowView) by(source probes.WindowSource) *outageLive {
	return &v.outages[slices.Index(flowSources[:], source)]
}

// overrun reports whether planned maintenance goes on past its planned end: the flow has been out since, and was not seen
// to work between the start of the plan and now.
func (v *flowView) overrun(now time.Time) bool {
	out, ok := v.by(probes.Observed).latest()
	if !ok || !v.by(probes.Observed).active {
		return false
	}
	return slices.ContainsFunc(v.by(probes.Foretold).recent, func(planned probes.SlottedWindow) bool {
		w := planned.Window
		return w.End != nil && !w.End.After(now) && !out.Start.Before(w.Start) &&
			(out.StartNotBefore == nil || !out.StartNotBefore.After(*w.End))
	})
}

type stageView struct {
	state   *stageState
	reasons [reasonCount]float64
}

// plannedSource is where planned maintenance stands among the sources.
var plannedSource = slices.Index(flowSources[:], probes.Foretold)

// partView is a stage of a flow, over all kinds of probes.
type partView struct {
	part   *flowPart
	active bool
	// planned are the latest windows of the flow's planned maintenance.
	planned []probes.SlottedWindow
}

// writer is the part of prometheus.Histogram that a scrape needs.
type writer interface{ Write(*dto.Metric) error }

// view copies what a scrape needs. The functions from outside are called without the lock.
func (m *Metrics) view(out *scratch) *scrape {
	s := &scrape{now: m.options.Now(), options: m.options, bare: m.location, lateness: m.lateness, out: out}
	s.probes, s.flows = out.probes[:0], out.flows[:0]
	m.copyProbes(s, m.copyRest(s))
	out.probes, out.flows = s.probes, s.flows
	for i := range s.flows {
		if m.options.FlowOutcome != nil {
			s.flows[i].outcome = m.options.FlowOutcome(s.flows[i].state.flow.Name, s.now)
		}
	}
	if m.options.Browser != nil {
		stats := m.options.Browser()
		s.browser = &stats
	}
	return s
}

// copyRest copies all but the probes, and returns those to copy.
func (m *Metrics) copyRest(s *scrape) []*probeState {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, state := range m.flowOrder {
		s.flows = append(s.flows, flowView{state: state, outages: state.outages})
	}
	for _, state := range m.stageOrder {
		s.stages = append(s.stages, stageView{state: state, reasons: state.reasons})
	}
	for _, part := range m.parts {
		s.parts = append(s.parts, partView{part: part, active: part.out(), planned: m.flows[part.flow].outages[plannedSource].recent})
	}
	s.prober = m.prober
	s.prober.missed = maps.Clone(m.prober.missed)
	return m.probeOrder // Configure makes another one, and never changes this
}

// lockedProbes is how many probes are copied under one lock: a result must not wait for all of them.
const lockedProbes = 256

func (m *Metrics) copyProbes(s *scrape, all []*probeState) {
	for some := range slices.Chunk(all, lockedProbes) {
		m.mu.Lock()
		for _, state := range some {
			v := probeView{state: state, live: state.live}
			if last := state.live.last; last != nil && s.now.Sub(last.Start) <= state.probe.FreshFor() {
				v.run = last
			}
			s.probes = append(s.probes, v)
		}
		m.mu.Unlock()
	}
}

// scratch is the memory in which a scrape formats one family after the other: the whole tree of 10,000 probes never
// exists at once.
type scratch struct {
	probes []probeView
	flows  []flowView
	// keep makes every family have memory of its own, for Gather.
	keep             bool
	gauges, counters []*dto.Metric
	histograms       []*dto.Metric
	n                int
	kind             dto.MetricType
	labels           []*dto.LabelPair
}

// block is the number of metrics that are allocated at once.
const block = 512

// begin starts a family.
func (s *scratch) begin(kind dto.MetricType) {
	s.n, s.kind = 0, kind
	s.histograms = s.histograms[:0]
	s.labels = s.labels[:0]
	if s.keep {
		s.gauges, s.counters, s.histograms, s.labels = nil, nil, nil, nil
	}
}

// family returns the metrics added since begin; they are good until the next begin.
func (s *scratch) family() []*dto.Metric {
	switch s.kind {
	case dto.MetricType_COUNTER:
		return s.counters[:s.n]
	case dto.MetricType_HISTOGRAM:
		return s.histograms
	}
	return s.gauges[:s.n]
}

// add adds a gauge or a counter. Labels are sorted and stay untouched; more are sorted, too, and are merged in.
func (s *scrape) add(value float64, labels []*dto.LabelPair, more ...*dto.LabelPair) {
	o := s.out
	var metric *dto.Metric
	if o.kind == dto.MetricType_COUNTER {
		if o.n == len(o.counters) {
			o.counters = append(o.counters, newCounters()...)
		}
		metric = o.counters[o.n]
		*metric.Counter.Value = value
	} else {
		if o.n == len(o.gauges) {
			o.gauges = append(o.gauges, newGauges()...)
		}
		metric = o.gauges[o.n]
		*metric.Gauge.Value = value
	}
	o.n++
	metric.Label = labels
	if len(more) > 0 {
		metric.Label = o.merge(labels, more)
	}
}

// addHistogram adds what a histogram holds.
func (s *scrape) addHistogram(h writer, labels []*dto.LabelPair) {
	metric := &dto.Metric{}
	if h.Write(metric) != nil {
		return // a histogram without exemplars has nothing to refuse
	}
	metric.Label = labels
	s.out.histograms = append(s.out.histograms, metric)
}

// merge is the sorted union, in memory that lasts as long as the family.
func (s *scratch) merge(labels, more []*dto.LabelPair) []*dto.LabelPair {
	need := len(labels) + len(more)
	if cap(s.labels)-len(s.labels) < need {
		s.labels = make([]*dto.LabelPair, 0, max(need, 2*cap(s.labels), block)) // what was handed out keeps the old memory
	}
	start := len(s.labels)
	for _, label := range labels {
		for len(more) > 0 && compareLabels(more[0], label) < 0 {
			s.labels, more = append(s.labels, more[0]), more[1:]
		}
		s.labels = append(s.labels, label)
	}
	s.labels = append(s.labels, more...)
	return slices.Clip(s.labels[start:])
}

func newGauges() []*dto.Metric {
	pointers := make([]*dto.Metric, block)
	metrics, gauges, values := make([]dto.Metric, block), make([]dto.Gauge, block), make([]float64, block)
	for i := range pointers {
		gauges[i].Value, metrics[i].Gauge, pointers[i] = &values[i], &gauges[i], &metrics[i]
	}
	return pointers
}

func newCounters() []*dto.Metric {
	pointers := make([]*dto.Metric, block)
	metrics, counters, values := make([]dto.Metric, block), make([]dto.Counter, block), make([]float64, block)
	for i := range pointers {
		counters[i].Value, metrics[i].Counter, pointers[i] = &values[i], &counters[i], &metrics[i]
	}
	return pointers
}
