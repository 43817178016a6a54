package pipeline

import (
	"sync/atomic"
	"time"

	"mynaprobe/probes"
)

// standingFor is how long what is known of flows counts as knowledge after the observers last moved. They move every
// second; a disk that hangs may hold them up for longer, and a scrape must neither wait for it nor show a frozen light.
const standingFor = 30 * time.Second

// standing is where the flows stand, to be read while the observers work.
type standing struct {
	outcomes map[string]*atomic.Uint32
	moved    atomic.Int64 // Unix nanoseconds
}

func newStanding(set probes.Set) *standing {
	s := &standing{outcomes: make(map[string]*atomic.Uint32, len(set.Flows))}
	for _, f := range set.Flows {
		s.outcomes[f.Name] = &atomic.Uint32{}
	}
	return s
}

// of returns where a flow stands at a moment; unknown when the observers have not moved for long.
func (s *standing) of(flow string, now time.Time) probes.Outcome {
	outcome := s.outcomes[flow]
	if outcome == nil || now.Sub(time.Unix(0, s.moved.Load())) > standingFor {
		return probes.Unknown
	}
	return probes.Outcome(outcome.Load())
}

// refresh takes the outcome of a flow, or of all when the name is empty, from the tracker; c.mu is held.
func (c *core) refresh(flow string, now time.Time) {
	s := c.standing.Load()
	if outcome := s.outcomes[flow]; outcome != nil {
		outcome.Store(uint32(c.tracker.FlowOutcome(flow, now)))
	} else if flow == "" {
		for name, outcome := range s.outcomes {
			outcome.Store(uint32(c.tracker.FlowOutcome(name, now)))
		}
	}
	s.moved.Store(now.UnixNano())
}
