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
