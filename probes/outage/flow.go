package outage

import (
	"slices"
	"time"

	"mynaprobe/probes"
)

// flow is the state of one flow.
type flow struct {
	def    probes.Flow
	stages []*stage
	// ledgers hold the flow's windows by source.
	ledgers map[probes.WindowSource]*ledger
	// outcome is that from acc on, as far as is known.
	outcome probes.Outcome
	acc     time.Time
	// looked: at least one critical probe's latest run is still knowledge or was at least a run.
	looked   bool
	coverage probes.Coverage
	// wasActive are the sources that were active when last told.
	wasActive map[probes.WindowSource]bool
	dropped   bool
	dirty     bool
	told      time.Time
}

// stage is a stage of a flow with the probes that exercise it.
type stage struct {
	name     string
	critical bool
	allOut   bool
	probes   []*probe
}

func (t *Tracker) configureFlows(set probes.Set) {
	next := make(map[string]*flow, len(set.Flows))
	order := make([]*flow, 0, len(set.Flows))
	for _, def := range set.Flows {
		f := t.flows[def.Name]
		if f == nil {
			f = &flow{ledgers: map[probes.WindowSource]*ledger{}, wasActive: map[probes.WindowSource]bool{}}
			for _, source := range flowSources {
				f.ledgers[source] = &ledger{keep: probes.RecentWindows}
			}
		}
		f.def, f.stages = def, nil
		f.coverage.Scope, f.coverage.Name = probes.ScopeFlow, def.Name
		next[def.Name] = f
		order = append(order, f)
	}
	for name, f := range t.flows {
		if next[name] == nil {
			t.dropFlow(f)
		}
	}
	t.flows, t.flowOrder = next, order
	for _, p := range t.order {
		p.flow = t.flows[p.def.Flow]
		if p.flow != nil {
			s := p.flow.stage(p.def.Stage)
			s.probes = append(s.probes, p)
		}
	}
	for _, f := range order {
		// A critical stage that nobody probes is one of which nothing is known.
		for _, name := range f.def.Critical {
			f.stage(name)
		}
	}
}

func (t *Tracker) dropFlow(f *flow) {
	for _, source := range flowSources {
		for _, rec := range f.ledgers[source].live {
			if rec.Open() && source == probes.Observed {
				t.lapseRecord(rec, rec.seen)
			}
		}
	}
	f.dropped = true
	t.out.state(flowKey(f.def.Name), nil)
}

// stage returns the flow's stage of that name. A flow that names no critical stage has only critical ones, those of
// notices excepted, because a source of notices is no part of a journey.
func (f *flow) stage(name string) *stage {
	for _, s := range f.stages {
		if s.name == name {
			return s
		}
	}
	s := &stage{name: name, critical: slices.Contains(f.def.Critical, name)}
	for _, def := range f.def.Stages {
		if def.Name == name {
			s.allOut = def.AllOut
		}
	}
	f.stages = append(f.stages, s)
	return s
}

func (f *flow) isCritical(s *stage) bool {
	if len(f.def.Critical) > 0 {
		return s.critical
	}
	return slices.ContainsFunc(s.probes, func(p *probe) bool { return p.def.Kind != probes.KindNotice })
}

// critical are the probes of the critical stages.
func (f *flow) critical() []*probe {
	var all []*probe
	for _, s := range f.stages {
		if f.isCritical(s) {
			all = append(all, s.probes...)
		}
	}
	return all
}

// FlowOutcome is where a flow stands: down when the window of a critical stage is open and freshly known, or an active
// announced outage names the flow; else unknown when a critical stage is; else its worst stage. A failure that is not
// confirmed yet, and one of a stage that is not critical, make the flow no worse than degraded.
func (t *Tracker) FlowOutcome(name string, now time.Time) probes.Outcome {
	f := t.flows[name]
	if f == nil {
		return probes.Unknown
	}
	return t.flowOutcome(f, now)
}

func (t *Tracker) flowOutcome(f *flow, now time.Time) probes.Outcome {
	if f.active(probes.Announced, now) {
		return probes.Down
	}
	worst, unknown := probes.Up, false
	critical := false
	for _, s := range f.stages {
		if !f.isCritical(s) {
			if o := t.stageOutcome(s, now); o != probes.Unknown {
				worst = max(worst, min(o, probes.Degraded))
			}
			continue
		}
		critical = true
		if t.stageOut(s, now) {
			return probes.Down
		}
		switch o := t.stageOutcome(s, now); o {
		case probes.Unknown:
			unknown = true
		case probes.Down:
			worst = max(worst, probes.Degraded)
		default:
			worst = max(worst, o)
		}
	}
	if unknown || !critical {
		return probes.Unknown
	}
	return worst
}

// stageOut reports whether the stage's window is open and freshly known.
func (t *Tracker) stageOut(s *stage, now time.Time) bool {
	out := func(p *probe) bool { return p.open != nil && t.knownFresh(p, now) }
	if s.allOut {
		return len(s.probes) > 0 && !slices.ContainsFunc(s.probes, func(p *probe) bool { return !out(p) })
	}
	return slices.ContainsFunc(s.probes, out)
}

// stageOutcome is the worst outcome of the stage's probes, unknown when one of them is. Of a stage that is out only when
// all of its probes are, one good probe is enough for no worse than degraded.
func (t *Tracker) stageOutcome(s *stage, now time.Time) probes.Outcome {
	worst, best, unknown := probes.Unknown, probes.Down, len(s.probes) == 0
	for _, p := range s.probes {
		o := p.outcomeAt(now, p.effective)
		if o == probes.Unknown {
			unknown = true
			continue
		}
		worst, best = max(worst, o), min(best, o)
	}
	if s.allOut && best.Good() && worst != probes.Unknown {
		return min(worst, probes.Degraded)
	}
	if unknown {
		return probes.Unknown
	}
	return worst
}

// active reports whether a window of the source is going on. A backlog notice informs and is never active.
func (f *flow) active(source probes.WindowSource, now time.Time) bool {
	for _, rec := range f.ledgers[source].live {
		if rec.Withdrawn || rec.Lapsed || rec.Backlog || !rec.Covers(now) && (source != probes.Observed || !rec.Open()) {
			continue
		}
		return true
	}
	return false
}

// touchFlow accounts the flow's time up to the moment and looks where it stands from then on.
func (t *Tracker) touchFlow(f *flow, at time.Time) {
	if at.IsZero() {
		return
	}
	if !f.acc.IsZero() && at.After(f.acc) && (f.outcome != probes.Unknown || f.looked) {
		t.spend(&f.coverage, f.outcome, f.acc, at)
	}
	f.acc = latest(f.acc, at)
	before := f.outcome
	f.outcome = t.flowOutcome(f, f.acc)
	f.looked = slices.ContainsFunc(f.critical(), func(p *probe) bool {
		return !p.start.IsZero() && f.acc.Before(p.start.Add(p.def.FreshFor()))
	})
	if before != f.outcome {
		t.touchFlowStatus(f)
	}
}

// advanceFlow hands out what time alone has changed.
func (t *Tracker) advanceFlow(f *flow, now time.Time) {
	changed := false
	for _, source := range flowSources {
		if active := f.active(source, now); active != f.wasActive[source] {
			f.wasActive[source], changed = active, true
		}
	}
	if changed || now.Sub(f.told) >= time.Minute {
		t.touchFlow(f, now)
		t.touchFlowStatus(f)
	}
}

// claimed is what probes say of a span in which a stage was out.
type claimed struct {
	start, end     time.Time // end is zero while it lasts
	startNotBefore *time.Time
	endNotBefore   time.Time
	seen           []span // in which it was seen to be out
	edge           time.Time
	opened         time.Time
	doubt          time.Time // of an open one, from when on it may be over; zero when it is not in doubt
	records        []*record
	joint          []*record // those of which all were needed
	lapsed         bool
}

// claims are the spans of the probe's windows that ended after the horizon. What a run saw holds for as long as it is
// knowledge, though no later than now.
func (p *probe) claims(horizon, now time.Time) []claimed {
	var all []claimed
	for _, rec := range p.ledger.live {
		if rec.End != nil && rec.End.Before(horizon) {
			continue
		}
		c := claimed{start: rec.Start, startNotBefore: rec.StartNotBefore, edge: rec.seen, opened: rec.Opened, records: []*record{rec}, lapsed: rec.Lapsed}
		c.endNotBefore = latest(p.lastDownEnd, rec.Start)
		if rec == p.open {
			c.doubt = p.firstGood
			if p.outcome != probes.Unknown && c.doubt.IsZero() {
				c.edge = latest(c.edge, earliest(now, p.known.Add(p.def.FreshFor())))
			}
		}
		if rec.End != nil {
			c.end, c.edge = *rec.End, *rec.End
			if rec.EndNotBefore != nil {
				c.endNotBefore = *rec.EndNotBefore
			}
		}
		c.seen = span{c.start, c.edge}.without(rec.gaps)
		all = append(all, c)
	}
	return all
}

// touches reports whether two spans overlap or meet.
func (c claimed) touches(d claimed) bool {
	return (c.end.IsZero() || !d.start.After(c.end)) && (d.end.IsZero() || !c.start.After(d.end))
}

// either joins two spans of which one is enough.
func (c claimed) either(d claimed) claimed {
	if d.start.Before(c.start) {
		c, d = d, c
	}
	j := claimed{start: c.start, startNotBefore: c.startNotBefore, edge: latest(c.edge, d.edge), endNotBefore: latest(c.endNotBefore, d.endNotBefore)}
	// The outage may have begun with either: at the earlier of the bounds, where the second may have come first.
	if j.startNotBefore != nil && (d.startNotBefore == nil || d.startNotBefore.Before(*j.startNotBefore)) {
		j.startNotBefore = d.startNotBefore
	}
	if !c.end.IsZero() && !d.end.IsZero() {
		j.end = latest(c.end, d.end)
		j.lapsed = c.end.Equal(j.end) && c.lapsed || d.end.Equal(j.end) && d.lapsed
	}
	j.opened = earliest(c.opened, d.opened)
	j.seen = union(append(slices.Clone(c.seen), d.seen...))
	j.records = append(slices.Clone(c.records), d.records...)
	j.joint = append(slices.Clone(c.joint), d.joint...)
	return j
}

// both is what two spans have in common, of which both are needed.
func (c claimed) both(d claimed) (claimed, bool) {
	j := claimed{start: latest(c.start, d.start), startNotBefore: c.startNotBefore}
	if d.startNotBefore != nil && (j.startNotBefore == nil || d.startNotBefore.After(*j.startNotBefore)) {
		j.startNotBefore = d.startNotBefore
	}
	j.endNotBefore = earliest(c.endNotBefore, d.endNotBefore)
	j.edge = earliest(c.edge, d.edge)
	switch {
	case c.end.IsZero():
		j.end, j.lapsed = d.end, d.lapsed
	case d.end.IsZero() || c.end.Before(d.end):
		j.end, j.lapsed = c.end, c.lapsed
	default:
		j.end, j.lapsed = d.end, d.lapsed
	}
	if !j.end.IsZero() {
		if !j.start.Before(j.end) {
			return j, false
		}
		j.edge = j.end
	}
	for _, doubt := range []time.Time{c.doubt, d.doubt} {
		if !doubt.IsZero() && !j.start.Before(doubt) {
			return j, false // perhaps one was over before the other began
		}
	}
	j.endNotBefore = latest(j.endNotBefore, j.start)
	j.opened = latest(c.opened, d.opened)
	j.seen = intersect(c.seen, d.seen)
	j.records = append(slices.Clone(c.records), d.records...)
	j.joint = j.records
	return j, true
}

// unite joins spans that overlap or meet.
func unite(all []claimed) []claimed {
	slices.SortStableFunc(all, func(a, b claimed) int {
		if c := a.start.Compare(b.start); c != 0 {
			return c
		}
		if a.records[0].Name < b.records[0].Name {
			return -1
		}
		return 1
	})
	var joined []claimed
	for _, c := range all {
		if n := len(joined); n > 0 && joined[n-1].touches(c) {
			joined[n-1] = joined[n-1].either(c)
			continue
		}
		joined = append(joined, c)
	}
	return joined
}

// claims are the spans in which the stage was out.
func (s *stage) claims(horizon, now time.Time) []claimed {
	var all []claimed
	for i, p := range s.probes {
		of := p.claims(horizon, now)
		if !s.allOut || i == 0 {
			all = append(all, of...)
			continue
		}
		var common []claimed
		for _, c := range all {
			for _, d := range of {
				if j, ok := c.both(d); ok {
					common = append(common, j)
				}
			}
		}
		all = common
	}
	return all
}

// reflow brings the observed windows of a flow in line with those of its critical stages: their union.
func (t *Tracker) reflow(f *flow) {
	merge := time.Duration(0)
	for _, p := range f.critical() {
		merge = max(merge, p.confirm.Merge)
	}
	l := f.ledgers[probes.Observed]
	horizon := t.now.Add(-merge - 2*settled)
	l.freezeAll(horizon)
	var all []claimed
	for _, s := range f.stages {
		if f.isCritical(s) {
			all = append(all, s.claims(horizon, t.now)...)
		}
	}
	matched := map[*record]bool{}
	for _, c := range unite(all) {
		t.fit(f, l, c, matched)
	}
	for _, rec := range slices.Clone(l.live) {
		if rec.End != nil || matched[rec] {
			continue
		}
		if slices.ContainsFunc(rec.Probes, func(name string) bool { return t.probes[name] == nil }) {
			t.lapseRecord(rec, t.lastSeen(rec)) // nobody will see its end
		} else {
			// A late result showed that the probes were never out at the same time.
			t.removeRecord(l, rec)
		}
		t.touchFlowStatus(f)
	}
}

// lastSeen is when a flow's window was last seen to be open, by the windows of its probes.
func (t *Tracker) lastSeen(rec *record) time.Time {
	last := rec.seen
	for _, r := range t.records {
		if r.Scope == probes.ScopeProbe && r.Lapsed && r.End != nil && r.Start.Compare(rec.Start) >= 0 && slices.Contains(rec.Probes, r.Name) {
			last = latest(last, *r.End)
		}
	}
	return last
}

// removeRecord takes a window of a flow out for good: it is part of another, or was none.
func (t *Tracker) removeRecord(l *ledger, rec *record) {
	l.remove(rec)
	delete(t.records, rec.ID)
	t.out.removed = append(t.out.removed, rec.ID)
}

// fit makes one window of a flow say what a span says.
func (t *Tracker) fit(f *flow, l *ledger, c claimed, matched map[*record]bool) {
	var rec *record
	for _, r := range slices.Clone(l.live) {
		window := claimed{start: r.Start}
		if r.End != nil {
			window.end = *r.End
		}
		if !window.touches(c) || matched[r] {
			continue
		}
		if rec == nil {
			rec = r
			continue
		}
		// Two windows turned out to be one.
		if r.Start.Before(c.start) {
			c.start, c.startNotBefore = r.Start, r.StartNotBefore
		}
		rec.Marks = append(slices.Clip(rec.Marks), r.Marks...)
		t.removeRecord(l, r)
	}
	w := probes.Window{
		Source: probes.Observed, Scope: probes.ScopeFlow, Name: f.def.Name, Flow: f.def.Name, Location: t.location,
		Start: c.start, StartNotBefore: c.startNotBefore,
	}
	if rec == nil {
		w.ID = windowID(w)
		rec = t.add(w)
		l.open(rec)
	}
	matched[rec] = true
	w.ID, w.Marks = rec.ID, rec.Marks
	if rec.Start.Before(w.Start) {
		w.Start, w.StartNotBefore = rec.Start, rec.StartNotBefore
	}
	slices.SortStableFunc(c.records, func(a, b *record) int { return a.Start.Compare(b.Start) })
	root := c.records[0]
	w.Reason, w.Message, w.Evidence, w.Opened, w.Stage = root.Reason, root.Message, root.Evidence, c.opened, root.Stage
	for _, r := range c.records {
		w.RunsDown += r.RunsDown
		w.Flaps += r.Flaps
		if !slices.Contains(w.Probes, r.Name) {
			w.Probes = append(w.Probes, r.Name)
		}
	}
	if !c.end.IsZero() {
		w.End, w.EndNotBefore, w.Lapsed = ptr(c.end), ptr(c.endNotBefore), c.lapsed
	}
	w.Unobserved = probes.Seconds(max(0, c.edge.Sub(c.start)-measure(c.seen)))
	if sameWindow(rec.Window, w) {
		return
	}
	rec.Window, rec.seen = w, c.edge
	t.touchRecord(rec)
	t.touchFlowStatus(f)
	// The end of what several have in common rests on the last run of each, which must be on disk with it.
	for _, r := range c.joint {
		if p := t.probes[r.Name]; p != nil && p.open == r {
			t.touchStatus(p)
		}
	}
}

// sameWindow compares what can change of a flow's window.
func sameWindow(a, b probes.Window) bool {
	same := func(x, y *time.Time) bool { return x == nil && y == nil || x != nil && y != nil && x.Equal(*y) }
	return a.Start.Equal(b.Start) && same(a.StartNotBefore, b.StartNotBefore) && same(a.End, b.End) &&
		same(a.EndNotBefore, b.EndNotBefore) && a.RunsDown == b.RunsDown && a.Flaps == b.Flaps && a.Unobserved == b.Unobserved &&
		a.Lapsed == b.Lapsed && a.Reason == b.Reason && a.Message == b.Message && a.Evidence == b.Evidence && slices.Equal(a.Probes, b.Probes)
}
