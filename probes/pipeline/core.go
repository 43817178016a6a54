package pipeline

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/evidence"
	"mynaprobe/probes/judge"
	"mynaprobe/probes/metrics"
	"mynaprobe/probes/outage"
)

// A journal keeps changes where they outlive the process. It returns once they are safe, or once it has given up for now.
type journal interface {
	Keep(outage.Change)
}

// The keys of states begin with the room that they belong to.
const (
	statesOfJudge  = "judge/"
	statesOfOutage = "outage/"
)

// core is the way of a result behind the probers: judge, evidence, windows, journal, metrics, recent results. One
// goroutine feeds it; readers may come from any.
type core struct {
	evidence *evidence.Keeper // nil to keep none
	metrics  *metrics.Metrics // nil in a one-shot run
	journal  journal          // nil to keep nothing
	// between lets a test stand between the observers and the disk; nil otherwise.
	between func(journal) journal
	recent  *recent
	clock   probes.Clock
	// soon asks for a run besides the schedule; nil where there is none.
	soon func(probes.RunRequest)
	// final is told every judged result, changed every change of windows once it is safe; nil for nobody.
	final   func(probes.Result)
	changed func(outage.Change)

	standing atomic.Pointer[standing]

	mu      sync.Mutex
	set     probes.Set
	judge   *judge.Judge
	tracker *outage.Tracker
}

func newCore(set probes.Set, opts Options) *core {
	c := &core{
		recent: newRecent(), clock: opts.Clock, set: set,
		judge: judge.New(set), tracker: outage.New(set, opts.Location),
	}
	c.standing.Store(newStanding(set))
	dir := opts.EvidenceDir
	if dir != "" {
		c.evidence = evidence.New(evidence.Options{Dir: dir, Problem: func(err error) { opts.Log.Warn("evidence", "problem", err) }})
	}
	return c
}

func (c *core) wantGood(probe string) bool {
	return c.evidence != nil && c.evidence.WantGood(probe, c.clock.Now())
}

// observe takes a raw result and lets everyone know what became of it.
func (c *core) observe(raw probes.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if raw.Trigger == probes.TriggerDemand {
		// Asked for by a person: it tells, and moves nothing.
		c.publish(c.keepEvidence(raw))
		return
	}
	final, runReferences := c.judge.Observe(raw, c.tracker.PlannedAt)
	for _, r := range final {
		c.settle(r)
	}
	if runReferences {
		for _, reference := range c.set.References() {
			c.request(probes.RunRequest{Probe: reference.Name, At: raw.End(), Trigger: probes.TriggerReference})
		}
	}
	c.afterJudging()
}

// advance lets time pass for those who wait for something that may never come.
func (c *core) advance(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.judge.Advance(now) {
		c.settle(r)
	}
	c.afterJudging()
	c.apply(c.tracker.Advance(now))
	c.tellNotices(now)
	c.refresh("", now)
}

// tellNotices exports what is announced now.
func (c *core) tellNotices(now time.Time) {
	if c.metrics == nil {
		return
	}
	active := c.tracker.Active(now)
	for _, p := range c.set.Probes {
		if p.Kind != probes.KindNotice {
			continue
		}
		var told []metrics.ActiveNotice
		for _, a := range active[p.Name] {
			told = append(told, metrics.ActiveNotice{Kind: a.Kind, State: a.State, Start: a.Start, End: a.End})
		}
		c.metrics.SetNotices(p.Name, told)
	}
}

// settle carries a judged result to every observer. What it changes is safe before it is exported.
func (c *core) settle(r probes.Result) {
	r = c.keepEvidence(r)
	change := c.tracker.Observe(r)
	c.keep(change)
	switch {
	case len(change.Revisions) > 0:
		c.refresh("", c.clock.Now()) // a notice may be about any flow
	case len(change.Statuses) > 0:
		c.refresh(r.Flow, c.clock.Now())
	}
	c.export(change)
	c.publish(r)
}

// resultFile is the name under which a result itself is kept as evidence, for reports.
const resultFile = "result.json"

// keepEvidence hands over what the run brought, with the result itself where it tells something of an outage.
func (c *core) keepEvidence(r probes.Result) probes.Result {
	if c.evidence == nil {
		r.Evidence = nil
		return r
	}
	if !r.Outcome.Good() || r.Trigger == probes.TriggerReference {
		files := map[string][]byte{}
		if r.Evidence != nil {
			maps.Copy(files, r.Evidence.Files)
		}
		if data, err := json.MarshalIndent(r, "", "  "); err == nil {
			files[resultFile] = data
		}
		r.Evidence = &probes.Evidence{Files: files}
	}
	return c.evidence.Keep(r)
}

func (c *core) publish(r probes.Result) {
	if c.metrics != nil {
		c.metrics.Observe(r)
	}
	c.recent.add(r)
	if c.final != nil {
		c.final(r)
	}
}

// afterJudging passes on what the judge noticed beside the results.
func (c *core) afterJudging() {
	for _, spell := range c.judge.Spells() {
		c.apply(c.tracker.Blind(spell))
	}
	if states := c.judge.States(); len(states) > 0 && c.journal != nil {
		c.journal.Keep(outage.Change{States: prefixed(statesOfJudge, states)})
	}
	if c.metrics != nil {
		_, blind := c.judge.Blind()
		c.metrics.Blind(blind)
	}
}

// apply makes a change safe, and exports it.
func (c *core) apply(change outage.Change) {
	c.keep(change)
	c.export(change)
}

func (c *core) keep(change outage.Change) {
	if c.journal != nil && !change.Empty() {
		change.States = prefixed(statesOfOutage, change.States)
		c.journal.Keep(change)
	}
}

// export lets everyone know of a change, and asks for the runs that it wants.
func (c *core) export(change outage.Change) {
	if c.metrics != nil {
		for _, status := range change.Statuses {
			c.metrics.SetStatus(status)
		}
		for _, revision := range change.Revisions {
			c.metrics.NoticeChanged(revision.Probe, revision.Change)
		}
	}
	for _, request := range change.Runs {
		c.request(request)
	}
	if c.changed != nil && !change.Empty() {
		c.changed(change)
	}
}

func (c *core) request(r probes.RunRequest) {
	if c.soon != nil {
		c.soon(r)
	}
}

// configure takes the definitions of a reload.
func (c *core) configure(set probes.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set = set
	c.judge.Configure(set)
	if c.metrics != nil {
		c.metrics.Configure(set)
	}
	c.recent.keep(set)
	c.standing.Store(newStanding(set))
	c.apply(c.tracker.Configure(set))
	c.refresh("", c.clock.Now())
}

// forget drops from memory what the store has deleted.
func (c *core) forget(before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tracker.Forget(before)
}

func prefixed(prefix string, states map[string][]byte) map[string][]byte {
	if len(states) == 0 {
		return nil
	}
	out := make(map[string][]byte, len(states))
	for key, data := range states {
		out[prefix+key] = data
	}
	return out
}

// unprefixed returns the states of one room.
func unprefixed(prefix string, states map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for key, data := range states {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			out[name] = data
		}
	}
	return out
}
