package metrics

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// Options say what the metrics need from outside.
type Options struct {
	// Location is a constant label of every series; none when empty.
	Location string
	// Version and Revision are those of the build, for prober_build_info.
	Version, Revision string
	// Now is the time at a scrape, against which the age of a result is taken; time.Now when nil.
	Now func() time.Time
	// FlowOutcome tells where a flow stands at a moment; flow_outcome is absent without it. It is called while a scrape is
	// answered, never while a lock of this package is held.
	FlowOutcome func(flow string, now time.Time) probes.Outcome
	// Browser tells how the shared browser is doing at a scrape; its metrics are absent without it.
	Browser func() BrowserStats
	// MissedReasons are the reasons why the schedule drops a run, so that each is exported at 0 from the start. Missed
	// counts a reason that is not listed as "other".
	MissedReasons []string
}

// BrowserStats is the state of the browser that browser probes share.
type BrowserStats struct {
	// Busy, Free and Waiting count the slots in use, the slots at rest, and the runs that wait for one.
	Busy, Free, Waiting int
	// Restarts counts how often the browser was replaced since the process started, by reason (a closed list, every
	// reason present from the start).
	Restarts map[string]uint64
	// Sandboxed: the browser runs with its sandbox.
	Sandboxed bool
	// MemoryBytes is the resident memory of the browser's process tree; 0 when it is not known.
	MemoryBytes int64
}

// ActiveNotice is one window, or one event without any, that the operator announces and that is still believed.
type ActiveNotice struct {
	Kind  probes.AnnouncementKind
	State probes.AnnouncementState
	// Start and End are nil where the notice gives no bound.
	Start, End *time.Time
}

// Metrics keeps what is exported. All methods may be called at any time from any goroutine; none waits for a scrape.
type Metrics struct {
	options  Options
	location []*dto.LabelPair // the constant label, or nothing
	own      *prometheus.Registry
	lateness prometheus.Histogram
	scratch  sync.Pool

	// mu guards all below, and is only held for moments: a scrape copies what it needs and formats it afterwards.
	mu     sync.Mutex
	probes map[string]*probeState
	flows  map[string]*flowState
	stages map[stageKey]*stageState
	// probeOrder, flowOrder and stageOrder are the order of export.
	probeOrder []*probeState
	flowOrder  []*flowState
	stageOrder []*stageState
	parts      []*flowPart
	prober     proberState
}

// probeState is what is known of one probe.
type probeState struct {
	probe  probes.Probe
	labels []*dto.LabelPair
	info   []*dto.LabelPair
	stage  *stageState
	live   probeLive
}

// probeLive is the part of a probe's state that changes; a scrape copies it.
type probeLive struct {
	runs, failed, unknown, missed, extra float64
	// last is the newest result, and never changed once it is here.
	last *probes.Result
	// tls is what the newest connection that got as far as certificates showed.
	tls    *probes.TLSResult
	outage outageLive
	notice *noticeLive
}

// noticeLive is what a notice probe read; a changed copy replaces it, so that a scrape may keep it.
type noticeLive struct {
	read            bool
	items, unparsed int
	newest          time.Time
	// told: active was set, if only to nothing.
	told    bool
	active  []ActiveNotice
	changes [3]float64 // by index in noticeChanges
}

// outageLive is where a probe or a flow stands with its windows of one source.
type outageLive struct {
	active, suspected, flapping bool
	outages, seconds            float64
	// recent are the latest windows that are worth showing, oldest first.
	recent []probes.SlottedWindow
}

type flowState struct {
	flow    probes.Flow
	labels  []*dto.LabelPair
	outages [len(flowSources)]outageLive
}

// stageKey is what the counters and the histogram of a stage are kept by.
type stageKey struct {
	flow, stage string
	kind        probes.Kind
}

type stageState struct {
	key    stageKey
	labels []*dto.LabelPair
	// reasons counts runs by index in reasons.
	reasons  [reasonCount]float64
	duration prometheus.Histogram
}

// flowPart is a stage of a flow with its probes of all kinds.
type flowPart struct {
	flow, title  string
	labels, info []*dto.LabelPair
	allOut       bool
	members      []*probeState
}

// covered reports whether planned maintenance of the flow covers the whole stage at a moment: declared maintenance names
// the probes that it concerns, that of a notice (origin "notice") is about the flow as such.
func (p *flowPart) covered(planned []probes.SlottedWindow, origin string, now time.Time) bool {
	return slices.ContainsFunc(planned, func(s probes.SlottedWindow) bool {
		w := s.Window
		if w.Withdrawn || w.Lapsed || !w.Covers(now) || (w.Notice != nil) != (origin == originNotice) {
			return false
		}
		return w.Notice != nil || !slices.ContainsFunc(p.members, func(m *probeState) bool {
			return !slices.Contains(w.Probes, m.probe.Name)
		})
	})
}

// out reports whether the stage is out: one of its probes has an open window, or all where the definition asks for all.
func (p *flowPart) out() bool {
	active := 0
	for _, member := range p.members {
		if member.live.outage.active {
			active++
		}
	}
	if p.allOut {
		return active == len(p.members)
	}
	return active > 0
}

type proberState struct {
	missed        map[string]float64
	blind         bool
	blindSpells   float64
	storeWritable bool
	reloadOK      bool
	reloadedAt    time.Time
	probesByKind  map[probes.Kind]int
}

// flowSources are the sources of a flow's windows that are exported, in the order of export.
var flowSources = [...]probes.WindowSource{probes.Announced, probes.Observed, probes.Foretold}

// Who planned maintenance: we ourselves, in a definition or a calendar, or the operator, in a notice.
const (
	originDeclared = "declared"
	originNotice   = "notice"
)

// noticeChanges are the changes of a notice that are counted.
var noticeChanges = [...]probes.NoticeChange{probes.NoticeNew, probes.NoticeEdited, probes.NoticeWithdrawn}

// New returns metrics of no probe yet; Configure names them.
func New(options Options) *Metrics {
	if options.Now == nil {
		options.Now = time.Now
	}
	m := &Metrics{
		options: options,
		own:     prometheus.NewRegistry(),
		probes:  map[string]*probeState{},
		flows:   map[string]*flowState{},
		stages:  map[stageKey]*stageState{},
		prober:  proberState{missed: map[string]float64{}, storeWritable: true},
	}
	m.scratch.New = func() any { return new(scratch) }
	constant := prometheus.Labels{}
	if options.Location != "" {
		constant["location"] = options.Location
		m.location = []*dto.LabelPair{pair("location", options.Location)}
	}
	for _, reason := range append([]string{otherReason}, options.MissedReasons...) {
		m.prober.missed[reason] = 0
	}
	m.lateness = newHistogram(latenessBuckets)
	prometheus.WrapRegistererWith(constant, m.own).MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// otherReason counts runs that were missed for a reason that nobody declared.
const otherReason = "other"

// Classic buckets, in seconds. Those of a run reach past the longest timeout that a definition may sensibly have; those
// of lateness are fine where the schedule's budget lies.
var (
	durationBuckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}
	latenessBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.1, 0.25, 1, 5, 30}
)

// newHistogram returns a histogram that is classic in text and native, too, in protobuf. Its name is given by the family
// that exports it.
func newHistogram(buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                            "unnamed",
		Help:                            "Named by its family.",
		Buckets:                         buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	})
}

// Configure makes the metrics those of the set. A probe, flow or stage that was there before keeps its counts; one that
// is gone takes its series with it; a new one starts with every counter at 0. Disabled probes are not exported.
func (m *Metrics) Configure(set probes.Set) {
	m.mu.Lock()
	defer m.mu.Unlock()
	oldProbes, oldFlows, oldStages := m.probes, m.flows, m.stages
	m.probes, m.flows, m.stages = map[string]*probeState{}, map[string]*flowState{}, map[stageKey]*stageState{}
	m.probeOrder, m.flowOrder, m.stageOrder = nil, nil, nil
	m.prober.probesByKind = map[probes.Kind]int{}
	intern := interner{}
	for _, p := range set.Probes {
		if p.Disabled {
			continue
		}
		m.prober.probesByKind[p.Kind]++
		state := &probeState{probe: p, labels: m.probeLabels(intern, p.Name, p.Flow, p.Stage, p.Kind)}
		state.info = merge(state.labels, intern.pair("reference", truth(p.Reference)), pair("target", p.Target()))
		state.probe.HTTP, state.probe.Browser, state.probe.Notice = nil, nil, nil // only what is exported is kept
		if p.Kind == probes.KindNotice {
			state.live.notice = &noticeLive{}
		}
		if old := oldProbes[p.Name]; old != nil && old.probe.Flow == p.Flow && old.probe.Stage == p.Stage && old.probe.Kind == p.Kind {
			state.live = old.live
		}
		state.stage = m.configureStage(intern, oldStages, p)
		m.probes[p.Name] = state
	}
	for _, f := range set.Flows {
		state := &flowState{flow: f, labels: merge(m.location, pair("flow", f.Name))}
		if old := oldFlows[f.Name]; old != nil {
			state.outages = old.outages
		}
		m.flows[f.Name] = state
	}
	m.probeOrder = inOrder(m.probes)
	m.flowOrder = inOrder(m.flows)
	m.parts = m.flowParts(set)
	m.stageOrder = slices.SortedFunc(maps.Values(m.stages), func(a, b *stageState) int { return compareStages(a.key, b.key) })
}

// flowParts groups the probes of flows, references aside, by stage.
func (m *Metrics) flowParts(set probes.Set) []*flowPart {
	flows := map[string]probes.Flow{}
	for _, f := range set.Flows {
		flows[f.Name] = f
	}
	parts := map[[2]string]*flowPart{}
	var ordered []*flowPart
	for _, state := range m.probeOrder {
		p := state.probe
		flow, known := flows[p.Flow]
		if p.Reference || !known || p.Stage == "" {
			continue
		}
		key := [2]string{p.Flow, p.Stage}
		part := parts[key]
		if part == nil {
			stage := probes.Stage{Name: p.Stage}
			if i := slices.IndexFunc(flow.Stages, func(s probes.Stage) bool { return s.Name == p.Stage }); i >= 0 {
				stage = flow.Stages[i]
			}
			part = &flowPart{flow: p.Flow, allOut: stage.AllOut, title: cmp.Or(stage.Title, stage.Name), labels: merge(m.location, pair("flow", p.Flow), pair("stage", p.Stage))}
			parts[key] = part
			ordered = append(ordered, part)
		}
		part.members = append(part.members, state)
		part.info = merge(part.labels, pair("critical", truth(part.isCritical(flow, p.Stage))), pair("title", part.title))
	}
	return ordered
}

// isCritical reports whether the flow is out when the stage is. A flow that names no critical stage has only critical ones,
// those of notices excepted.
func (p *flowPart) isCritical(flow probes.Flow, stage string) bool {
	if len(flow.Critical) > 0 {
		return slices.Contains(flow.Critical, stage)
	}
	return slices.ContainsFunc(p.members, func(m *probeState) bool { return m.probe.Kind != probes.KindNotice })
}

func (m *Metrics) configureStage(intern interner, old map[stageKey]*stageState, p probes.Probe) *stageState {
	key := stageKey{p.Flow, p.Stage, p.Kind}
	if state := m.stages[key]; state != nil {
		return state
	}
	state := old[key]
	if state == nil {
		state = &stageState{
			key: key,
			labels: merge(m.location, intern.pair("flow", p.Flow), intern.pair("kind", string(p.Kind)),
				intern.pair("stage", p.Stage)),
			duration: newHistogram(durationBuckets),
		}
	}
	m.stages[key] = state
	return state
}

func (m *Metrics) probeLabels(intern interner, name, flow, stage string, kind probes.Kind) []*dto.LabelPair {
	return merge(m.location, intern.pair("flow", flow), intern.pair("kind", string(kind)), pair("probe", name),
		intern.pair("stage", stage))
}

// Observe takes in a final result. Only scheduled runs feed the counters of runs, of reasons and of durations, so that
// confirmations in an outage cannot bend a ratio; a run on demand is counted, and changes nothing else. A result of a probe
// that is not configured any more is ignored, and one that is older than the newest leaves the gauges as they are.
func (m *Metrics) Observe(r probes.Result) {
	kept := slim(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.probes[r.Probe]
	if state == nil {
		return
	}
	live := &state.live
	if r.Trigger == probes.TriggerSchedule {
		m.count(state, r)
	} else {
		live.extra++
	}
	if r.Trigger == probes.TriggerDemand || live.last != nil && r.Start.Before(live.last.Start) {
		return
	}
	live.last = kept
	if t := kept.HTTP; t != nil && t.TLS != nil && !t.TLS.EarliestExpiry.IsZero() {
		live.tls = t.TLS
	}
	if r.Notice != nil && !r.Notice.NotModified && r.Outcome.Good() {
		live.notice = live.notice.reading(r.Notice.Items)
	}
}

func (m *Metrics) count(state *probeState, r probes.Result) {
	state.live.runs++
	switch r.Outcome {
	case probes.Down, probes.Maintenance:
		state.live.failed++
	case probes.Unknown:
		state.live.unknown++
	}
	if i := slices.Index(reasons, r.Reason); i >= 0 {
		state.stage.reasons[i]++
	}
	if r.Outcome != probes.Unknown {
		state.stage.duration.Observe(r.Duration.Duration().Seconds())
	}
}

// slim returns a copy of the result without what is never exported, so that a scrape keeps no page or picture in memory.
func slim(r probes.Result) *probes.Result {
	r.Evidence, r.Looks, r.Seen = nil, nil, nil
	r.Message, r.Target, r.Host = "", "", ""
	if r.Notice != nil {
		r.Notice = &probes.NoticeResult{Status: r.Notice.Status}
	}
	return &r
}

// reading returns the state after a source was read, with what was known of announcements and changes before.
func (n *noticeLive) reading(items []probes.NoticeItem) *noticeLive {
	next := noticeLive{}
	if n != nil {
		next = *n
	}
	next.read, next.items, next.unparsed, next.newest = true, len(items), 0, time.Time{}
	for _, item := range items {
		if item.Unparsed {
			next.unparsed++
		}
		if item.Published.After(next.newest) {
			next.newest = item.Published
		}
	}
	return &next
}

// SetStatus says where a probe, a flow or the prober itself stands with its windows of one source. For one that is not
// configured it does nothing. Counters never fall, whatever it says.
func (m *Metrics) SetStatus(s probes.OutageStatus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch s.Scope {
	case probes.ScopeProbe:
		if state := m.probes[s.Name]; state != nil && s.Source == probes.Observed {
			state.live.outage.set(s)
		}
	case probes.ScopeFlow:
		state, i := m.flows[s.Name], slices.Index(flowSources[:], s.Source)
		if state != nil && i >= 0 {
			state.outages[i].set(s)
		}
	case probes.ScopeAll:
		m.prober.blindSpells = max(m.prober.blindSpells, float64(s.Outages))
	}
}

func (o *outageLive) set(s probes.OutageStatus) {
	o.active, o.suspected, o.flapping = s.Active, s.Suspected, s.Flapping
	o.outages = max(o.outages, float64(s.Outages))
	o.seconds = max(o.seconds, s.Seconds)
	o.recent = nil
	for _, slotted := range s.Recent {
		// A window that lapsed or was withdrawn has no end, and would look open for ever.
		if slotted.Window.End != nil || slotted.Window.Open() {
			o.recent = append(o.recent, slotted)
		}
	}
}

// latest returns the newest window, and whether there is one.
func (o *outageLive) latest() (probes.Window, bool) {
	if len(o.recent) == 0 {
		return probes.Window{}, false
	}
	return o.recent[len(o.recent)-1].Window, true
}

// SetNotices says what a notice probe's source announces that is still believed: a window each, or an event without one.
func (m *Metrics) SetNotices(probe string, active []ActiveNotice) {
	m.changeNotice(probe, func(n *noticeLive) { n.told, n.active = true, slices.Clone(active) })
}

// NoticeChanged counts a notice that is new, was edited or was withdrawn.
func (m *Metrics) NoticeChanged(probe string, change probes.NoticeChange) {
	m.changeNotice(probe, func(n *noticeLive) {
		if i := slices.Index(noticeChanges[:], change); i >= 0 {
			n.changes[i]++
		}
	})
}

func (m *Metrics) changeNotice(probe string, change func(*noticeLive)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.probes[probe]
	if state == nil || state.live.notice == nil {
		return
	}
	next := *state.live.notice
	change(&next)
	state.live.notice = &next
}

// Missed counts a scheduled run that never started. The reason is one of Options.MissedReasons; another counts as "other".
func (m *Metrics) Missed(probe, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.prober.missed[reason]; !known {
		reason = otherReason
	}
	m.prober.missed[reason]++
	if state := m.probes[probe]; state != nil {
		state.live.missed++
	}
}

// Late takes in by how much a scheduled run started later than it should have.
func (m *Metrics) Late(d time.Duration) { m.lateness.Observe(max(0, d.Seconds())) }

// Blind says whether all reference probes fail, so that failures of others are our own.
func (m *Metrics) Blind(blind bool) { m.set(func(p *proberState) { p.blind = blind }) }

// StoreWritable says whether the last write to the store of windows went through.
func (m *Metrics) StoreWritable(ok bool) { m.set(func(p *proberState) { p.storeWritable = ok }) }

// Reloaded says how the last load of the definitions went, the first load included.
func (m *Metrics) Reloaded(ok bool, at time.Time) {
	m.set(func(p *proberState) {
		p.reloadOK = ok
		if ok {
			p.reloadedAt = at
		}
	})
}

func (m *Metrics) set(change func(*proberState)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.prober)
}
