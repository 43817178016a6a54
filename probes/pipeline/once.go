package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/judge"
)

// onceParallel is how many probes that need no browser run at the same time in a one-shot run.
const onceParallel = 16

// Progress is told of each probe of a one-shot run when it starts (result nil) and when its result is final. It may be
// called from several goroutines, one at a time.
type Progress func(p probes.Probe, result *probes.Result)

// RunOnce runs the probes once each, now: the named ones, or all that are enabled and no references. Where something
// seems down, the reference probes run too, and take part in the judgement and in the results. Results are in the order
// of the definitions; when ctx is done early, those that were cut off are missing.
func (p *Pipeline) RunOnce(ctx context.Context, chosen []probes.Probe, progress Progress) []probes.Result {
	if progress == nil {
		progress = func(probes.Probe, *probes.Result) {}
	}
	p.readCalendars(ctx)
	var mu sync.Mutex
	verdicts := judge.New(p.Set())
	byName := map[string]probes.Result{}
	settle := func(final []probes.Result) {
		for _, r := range final {
			r = p.core.keepEvidence(r)
			byName[r.Probe] = r
			progress(p.now.Load().prepared[r.Probe].probe, &r)
		}
	}
	run := func(these []probes.Probe, trigger probes.Trigger) (referencesWanted bool) {
		p.eachOnce(ctx, these, func(one probes.Probe) {
			mu.Lock()
			progress(one, nil)
			mu.Unlock()
			r := p.run(ctx, one.Name, trigger, time.Time{})
			mu.Lock()
			defer mu.Unlock()
			if ctx.Err() != nil {
				return // cut off: it says nothing of the target
			}
			final, wanted := verdicts.Observe(r, p.core.tracker.PlannedAt)
			settle(final)
			referencesWanted = referencesWanted || wanted
		})
		return referencesWanted
	}
	if run(chosen, probes.TriggerDemand) {
		run(p.Set().References(), probes.TriggerReference)
	}
	settle(verdicts.Advance(p.opts.Clock.Now().Add(24 * time.Hour)))
	blindReferences(p.Set().References(), byName)
	if p.core.evidence != nil {
		done, cancel := context.WithCancel(ctx)
		cancel()
		p.core.evidence.Run(done)
	}

	var results []probes.Result
	for _, one := range p.Set().Probes {
		if r, ok := byName[one.Name]; ok {
			results = append(results, r)
		}
	}
	return results
}

// blindReferences makes the references' own failures unknown when none of them is up: it is our network that fails then.
func blindReferences(references []probes.Probe, byName map[string]probes.Result) {
	for _, reference := range references {
		if byName[reference.Name].Outcome.Good() {
			return
		}
	}
	for _, reference := range references {
		if r, ok := byName[reference.Name]; ok && r.Outcome == probes.Down {
			r.Rejudge(probes.ReasonNetwork, "no reference probe is up, so our own network may be out")
			byName[reference.Name] = r
		}
	}
}

// eachOnce calls do for each probe, side by side within the limits: one at a time and one a second for a host that is
// not ours, and no more browser runs than slots.
func (p *Pipeline) eachOnce(ctx context.Context, these []probes.Probe, do func(probes.Probe)) {
	queues := map[string][]probes.Probe{}
	var order []string
	for _, one := range these {
		key := p.manners(one)
		if key == "" {
			key = "probe " + one.Name
		}
		if _, ok := queues[key]; !ok {
			order = append(order, key)
		}
		queues[key] = append(queues[key], one)
	}
	rooms := map[string]chan struct{}{poolBrowser: make(chan struct{}, p.browserSlots()), poolHTTP: make(chan struct{}, onceParallel)}
	var wait sync.WaitGroup
	for _, key := range order {
		wait.Go(func() {
			for i, one := range queues[key] {
				if i > 0 && p.opts.Clock.Sleep(ctx, p.spacing()) != nil {
					return
				}
				room := rooms[pool(one)]
				room <- struct{}{}
				do(one)
				<-room
			}
		})
	}
	wait.Wait()
}

// Select returns the probes of the given names, or all that are enabled and no references when there is no name. The
// names that no probe has come back too.
func (p *Pipeline) Select(names []string) (chosen []probes.Probe, unknown []string) {
	for _, one := range p.Set().Probes {
		if len(names) == 0 && !one.Reference && !one.Disabled || slices.Contains(names, one.Name) {
			chosen = append(chosen, one)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(chosen, func(one probes.Probe) bool { return one.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	return chosen, unknown
}
