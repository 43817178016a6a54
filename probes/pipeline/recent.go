package pipeline

import (
	"sync"

	"mynaprobe/probes"
)

// recentRuns is how many of the latest results that were not up are kept, over all probes.
const recentRuns = 500

// recent keeps the last result and the last that was not good of each probe, and the latest trouble over all, in memory.
type recent struct {
	mu      sync.Mutex
	last    map[string]probes.Result
	lastBad map[string]probes.Result
	trouble []probes.Result // a ring
	next    int
}

func newRecent() *recent {
	return &recent{last: map[string]probes.Result{}, lastBad: map[string]probes.Result{}}
}

func (r *recent) add(result probes.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last[result.Probe] = result
	if result.Outcome == probes.Up {
		return
	}
	r.lastBad[result.Probe] = result
	if len(r.trouble) < recentRuns {
		r.trouble = append(r.trouble, result)
		return
	}
	r.trouble[r.next] = result
	r.next = (r.next + 1) % recentRuns
}

// keep forgets the probes that are not in the set any more.
func (r *recent) keep(set probes.Set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	there := map[string]bool{}
	for _, p := range set.Probes {
		there[p.Name] = !p.Disabled
	}
	for name := range r.last {
		if !there[name] {
			delete(r.last, name)
			delete(r.lastBad, name)
		}
	}
}

// of returns the last result of a probe and the last that was not up.
func (r *recent) of(name string) (last, lastBad probes.Result, any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, any = r.last[name]
	return last, r.lastBad[name], any
}

// latest returns the latest results that were not up, oldest first.
func (r *recent) latest() []probes.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]probes.Result, 0, len(r.trouble))
	return append(append(out, r.trouble[r.next:]...), r.trouble[:r.next]...)
}
