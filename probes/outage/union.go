package outage

import (
	"slices"
	"time"

	"mynaprobe/probes"
)

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
	if rec.End != nil && sameTime(rec.End, w.End) && rec.Start.Equal(w.Start) {
		// What is over was seen as it was seen: a restart, which knows less of the other probes, takes nothing back.
		w.Unobserved = min(w.Unobserved, rec.Unobserved)
	}
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
