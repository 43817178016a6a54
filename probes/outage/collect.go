package outage

import (
	"time"

	"mynaprobe/probes"
)

// collector gathers what one step changed. It is empty between steps.
type collector struct {
	records   []*record
	removed   []string
	probes    []*probe
	flows     []*flow
	blind     bool
	runs      []probes.RunRequest
	revisions []probes.NoticeRevision
	states    map[string][]byte
	coverage  []probes.Coverage
}

func (c *collector) state(key string, data []byte) {
	if c.states == nil {
		c.states = map[string][]byte{}
	}
	c.states[key] = data
}

// touchRecord has the window handed out at the end of the step.
func (t *Tracker) touchRecord(rec *record) {
	if !rec.dirty {
		rec.dirty = true
		t.out.records = append(t.out.records, rec)
	}
}

// touchStatus has the probe's status, state and coverage handed out at the end of the step.
func (t *Tracker) touchStatus(p *probe) {
	if !p.dirty {
		p.dirty = true
		t.out.probes = append(t.out.probes, p)
	}
}

// touchFlowStatus does so for a flow.
func (t *Tracker) touchFlowStatus(f *flow) {
	if !f.dirty {
		f.dirty = true
		t.out.flows = append(t.out.flows, f)
	}
}

// flush makes a Change of what was gathered. Counters are taken at the same moment for the status and for the state, so
// that what was exported is never more than what a restart restores.
func (t *Tracker) flush() Change {
	o := &t.out
	if len(o.records)+len(o.removed)+len(o.probes)+len(o.flows)+len(o.runs)+len(o.revisions)+len(o.states)+len(o.coverage) == 0 && !o.blind {
		return Change{}
	}
	c := Change{Removed: o.removed, Runs: o.runs, Revisions: o.revisions}
	for _, p := range o.probes {
		p.dirty = false
		if p.dropped {
			continue
		}
		p.told = p.acc
		c.Statuses = append(c.Statuses, t.probeStatus(p))
		o.state(probeKey(p.def.Name), p.save())
		if !p.coverage.Hour.IsZero() {
			o.coverage = append(o.coverage, p.coverage)
		}
	}
	for _, f := range o.flows {
		f.dirty = false
		if f.dropped {
			continue
		}
		f.told = t.now
		c.Statuses = append(c.Statuses, t.flowStatuses(f)...)
		o.state(flowKey(f.def.Name), f.save())
		if !f.coverage.Hour.IsZero() {
			o.coverage = append(o.coverage, f.coverage)
		}
	}
	if o.blind {
		c.Statuses = append(c.Statuses, t.blindStatus())
	}
	for _, rec := range o.records {
		rec.dirty = false
		if t.records[rec.ID] != rec {
			continue // it became part of another one in the same step
		}
		rec.told = t.now
		c.Windows = append(c.Windows, rec.Window)
	}
	c.States, c.Coverage = o.states, o.coverage
	t.out = collector{}
	return c
}

// often is how much may pass between two times that something is handed out which changes with every run: the most that
// a kill can lose of it.
func often(every, most time.Duration, runs int) time.Duration {
	return min(most, time.Duration(runs)*every)
}
