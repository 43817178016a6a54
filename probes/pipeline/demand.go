package pipeline

import (
	"context"
	"sync"

	"mynaprobe/probes"
)

// demands are those who wait for the result of a run that they asked for.
type demands struct {
	mu      sync.Mutex
	waiting map[string][]chan probes.Result
}

// wait returns a channel that gets the next result on demand of a probe; cancel stops waiting.
func (d *demands) wait(probe string) (result <-chan probes.Result, cancel func()) {
	ch := make(chan probes.Result, 1)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[string][]chan probes.Result{}
	}
	d.waiting[probe] = append(d.waiting[probe], ch)
	return ch, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for i, other := range d.waiting[probe] {
			if other == ch {
				d.waiting[probe] = append(d.waiting[probe][:i:i], d.waiting[probe][i+1:]...)
				return
			}
		}
	}
}

func (d *demands) answer(r probes.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ch := range d.waiting[r.Probe] {
		ch <- r
	}
	delete(d.waiting, r.Probe)
}

// RunNow runs a probe on demand and returns its result. Where the manners of its host, or our own limits, forbid a run
// now, the last result comes back. It is false for a name that no enabled probe has, and for one without any result yet.
func (s *server) RunNow(ctx context.Context, name string) (probes.Result, bool) {
	if _, ok := s.now.Load().prepared[name]; !ok {
		return probes.Result{}, false
	}
	result, cancel := s.demands.wait(name)
	defer cancel()
	if s.scheduler.Now(name, probes.TriggerDemand) {
		select {
		case r := <-result:
			return r, true
		case <-ctx.Done():
		}
	}
	last, _, any := s.core.recent.of(name)
	return last, any
}
