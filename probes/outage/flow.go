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
	// crit are the probes of the critical stages.
	crit []*probe
	// stale: the windows have yet to be brought in line with those of the probes; reflowed is when they last were.
	stale    bool
	reflowed time.Time
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
	// counts are the probes by class: outcomes, those that are out, those that ran not long ago.
	outcomes    [probes.Down + 1]int
	out, looked int
}

// class is where a probe stands, as far as its flow cares.
type class struct {
	outcome     probes.Outcome
	out, looked bool
}

func (t *Tracker) classOf(p *probe, now time.Time) class {
	return class{
		outcome: p.outcomeAt(now, p.effective), out: p.open != nil && t.knownFresh(p, now),
		looked: !p.start.IsZero() && now.Before(p.start.Add(p.def.FreshFor())),
	}
}

func (s *stage) count(c class, n int) {
	s.outcomes[c.outcome] += n
	if c.out {
		s.out += n
	}
	if c.looked {
		s.looked += n
	}
}

// reclass notes where a probe stands, and reports whether that changed.
func (t *Tracker) reclass(p *probe, now time.Time) bool {
	c := t.classOf(p, now)
	if c == p.class {
		return false
	}
	if p.stage != nil {
		p.stage.count(p.class, -1)
		p.stage.count(c, 1)
	}
	p.class = c
	return true
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
		p.flow, p.stage = t.flows[p.def.Flow], nil
		if p.flow != nil {
			p.stage = p.flow.stage(p.def.Stage)
			p.stage.probes = append(p.stage.probes, p)
			p.stage.count(p.class, 1)
		}
	}
	for _, f := range order {
		// A critical stage that nobody probes is one of which nothing is known.
		for _, name := range f.def.Critical {
			f.stage(name)
		}
		f.crit = nil
		for _, s := range f.stages {
			if f.isCritical(s) {
				f.crit = append(f.crit, s.probes...)
			}
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
	fresh := make(map[*stage]*stage, len(f.stages))
	for _, s := range f.stages {
		fresh[s] = &stage{name: s.name, critical: s.critical, allOut: s.allOut, probes: s.probes}
		for _, p := range s.probes {
			fresh[s].count(t.classOf(p, now), 1)
		}
	}
	return f.verdict(now, func(s *stage) *stage { return fresh[s] })
}

// verdict joins the stages, each as counted by the function given.
func (f *flow) verdict(now time.Time, counted func(*stage) *stage) probes.Outcome {
	if f.active(probes.Announced, now) {
		return probes.Down
	}
	worst, unknown, critical := probes.Up, false, false
	for _, s := range f.stages {
		c := counted(s)
		o := c.outcome()
		if !f.isCritical(s) {
			worst = max(worst, min(o, probes.Degraded)) // unknown is the least there is
			continue
		}
		critical = true
		switch {
		case c.isOut():
			return probes.Down
		case o == probes.Unknown:
			unknown = true
		case o == probes.Down:
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

// isOut reports whether the stage's window is open and freshly known.
func (s *stage) isOut() bool {
	if s.allOut {
		return len(s.probes) > 0 && s.out == len(s.probes)
	}
	return s.out > 0
}

// outcome is the worst outcome of the stage's probes, unknown when one of them is. Of a stage that is out only when all
// of its probes are, one good probe is enough for no worse than degraded.
func (s *stage) outcome() probes.Outcome {
	worst := probes.Unknown
	for o, n := range s.outcomes {
		if n > 0 {
			worst = probes.Outcome(o)
		}
	}
	if s.allOut && s.outcomes[probes.Up]+s.outcomes[probes.Degraded] > 0 {
		return min(worst, probes.Degraded)
	}
	if s.outcomes[probes.Unknown] > 0 {
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
	f.outcome = f.verdict(f.acc, func(s *stage) *stage { return s })
	f.looked = slices.ContainsFunc(f.stages, func(s *stage) bool { return s.looked > 0 && f.isCritical(s) })
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
	if f.stale && now.Sub(f.reflowed) >= crowdEvery {
		t.reflow(f)
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

// absorb joins a span that begins no sooner, where one of both is enough. The slices of c are its own.
func (c *claimed) absorb(d claimed) {
	// The outage may have begun with either: at the earlier of the bounds, where the second may have come first.
	if c.startNotBefore != nil && (d.startNotBefore == nil || d.startNotBefore.Before(*c.startNotBefore)) {
		c.startNotBefore = d.startNotBefore
	}
	switch {
	case c.end.IsZero() || d.end.IsZero():
		c.end, c.lapsed = time.Time{}, false
	case d.end.After(c.end):
		c.end, c.lapsed = d.end, d.lapsed
	case d.end.Equal(c.end):
		c.lapsed = c.lapsed || d.lapsed
	}
	c.edge, c.endNotBefore, c.opened = latest(c.edge, d.edge), latest(c.endNotBefore, d.endNotBefore), earliest(c.opened, d.opened)
	c.seen = append(c.seen, d.seen...)
	c.records = append(c.records, d.records...)
	c.joint = append(c.joint, d.joint...)
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
			joined[n-1].absorb(c)
			continue
		}
		c.seen, c.records, c.joint = slices.Clone(c.seen), slices.Clone(c.records), slices.Clone(c.joint)
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

const (
	// crowd is the number of critical probes past which a flow's window that stays open anyway is brought in line with
	// theirs only every crowdEvery: an outage of thousands must not cost a look at all of them for each.
	crowd      = 100
	crowdEvery = 5 * time.Second
)

// reflowFor brings the windows of a probe's flow in line with a window of the probe, at once where it may move theirs.
func (t *Tracker) reflowFor(p *probe, rec *record, transition bool) {
	f := p.flow
	if len(f.crit) > crowd && (!transition || f.covers(rec)) {
		f.stale = true
		return
	}
	t.reflow(f)
}

// covers reports whether the flow's window is open and stays so, whatever becomes of a probe's window inside of it.
func (f *flow) covers(rec *record) bool {
	window := f.ledgers[probes.Observed].newest()
	return window != nil && window.End == nil && !rec.Start.Before(window.Start) && slices.ContainsFunc(f.crit, func(p *probe) bool {
		return p.open != nil && p.open != rec && p.firstGood.IsZero() && !p.stage.allOut
	})
}

// reflow brings the observed windows of a flow in line with those of its critical stages: their union.
func (t *Tracker) reflow(f *flow) {
	f.stale, f.reflowed = false, t.now
	merge := time.Duration(0)
	for _, p := range f.crit {
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
	named := make(map[string]bool, len(c.records))
	for _, r := range c.records {
		w.RunsDown += r.RunsDown
		w.Flaps += r.Flaps
		if !named[r.Name] {
			named[r.Name] = true
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
