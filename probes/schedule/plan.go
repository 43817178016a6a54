package schedule

import (
	"container/heap"
	"time"

	"mynaprobe/probes"
)

// firstRuns is the time over which the first runs of everything are spread, where intervals are longer than that.
const firstRuns = 10 * time.Second

// A Timing is what a plan knows of a probe.
type Timing struct {
	Name string
	// Every is the interval; it must be positive.
	Every time.Duration
	// Fingerprint is equal for as long as the definition is; a probe that keeps it keeps its slots.
	Fingerprint string
}

// A Slot is a moment at which a probe is to run.
type Slot struct {
	Name    string
	At      time.Time
	Trigger probes.Trigger
}

// A Plan says which probe runs next. It only counts: time comes in as an argument, so that a replay can run it as fast
// as it likes. It is not safe for concurrent use.
type Plan struct {
	base    time.Time
	entries map[string]*planned
	queue   slots
}

type planned struct {
	Timing
	phase time.Duration
	slot  *queued // the next scheduled slot
	extra *queued // a run asked for besides, or nil
}

// NewPlan returns a plan without probes. Slots are counted from now, so that a clock that is set later moves none.
func NewPlan(now time.Time) *Plan {
	// Slots lie on a grid of the wall clock, so that a restart keeps them.
	return &Plan{base: now.Add(-time.Duration(now.UnixNano() % int64(24*time.Hour))), entries: map[string]*planned{}}
}

// Set replaces the probes of the plan. Those that keep name and fingerprint keep their slots; the first runs of new
// ones are spread over the shorter of their interval and ten seconds.
func (p *Plan) Set(timings []Timing, now time.Time) {
	old := p.entries
	p.entries = make(map[string]*planned, len(timings))
	byInterval := map[time.Duration][]string{}
	kept := map[time.Duration]map[string]time.Duration{}
	for _, t := range timings {
		byInterval[t.Every] = append(byInterval[t.Every], t.Name)
		if e, ok := old[t.Name]; ok && e.Timing == t {
			if kept[t.Every] == nil {
				kept[t.Every] = map[string]time.Duration{}
			}
			kept[t.Every][t.Name] = e.phase
		}
	}
	spread := make(map[time.Duration]map[string]time.Duration, len(byInterval))
	for every, names := range byInterval {
		spread[every] = phases(names, every, kept[every])
	}
	p.queue = make(slots, 0, len(timings))
	for _, t := range timings {
		if e, ok := old[t.Name]; ok && e.Timing == t {
			p.entries[t.Name] = e
			p.queue = append(p.queue, e.slot)
			if e.extra != nil {
				p.queue = append(p.queue, e.extra)
			}
			continue
		}
		phase := spread[t.Every][t.Name]
		e := &planned{Timing: t, phase: phase}
		e.slot = &queued{entry: e, at: p.first(e, now), trigger: probes.TriggerSchedule}
		p.entries[t.Name] = e
		p.queue = append(p.queue, e.slot)
	}
	for i, q := range p.queue {
		q.index = i
	}
	heap.Init(&p.queue)
}

// Soon asks for a run at a moment besides the scheduled ones. Of several requests for one probe the earliest holds.
// It reports whether the probe is in the plan.
func (p *Plan) Soon(name string, at time.Time, trigger probes.Trigger) bool {
	e, ok := p.entries[name]
	switch {
	case !ok:
		return false
	case e.extra == nil:
		e.extra = &queued{entry: e, at: at, trigger: trigger}
		heap.Push(&p.queue, e.extra)
	case at.Before(e.extra.at):
		e.extra.at, e.extra.trigger = at, trigger
		heap.Fix(&p.queue, e.extra.index)
	}
	return true
}

// Next returns when the next slot is due; false when there is none.
func (p *Plan) Next() (time.Time, bool) {
	if len(p.queue) == 0 {
		return time.Time{}, false
	}
	return p.queue[0].at, true
}

// Pop takes the next slot, if it is due by now. Skipped counts the slots of the same probe between this one and now,
// which are gone: whoever is that late does not run them all at once.
func (p *Plan) Pop(now time.Time) (slot Slot, skipped int, ok bool) {
	if len(p.queue) == 0 || p.queue[0].at.After(now) {
		return Slot{}, 0, false
	}
	q := p.queue[0]
	e := q.entry
	slot = Slot{Name: e.Name, At: q.at, Trigger: q.trigger}
	if q == e.extra {
		heap.Pop(&p.queue)
		e.extra = nil
		return slot, 0, true
	}
	if late := now.Sub(q.at); late >= e.Every {
		skipped = int(late / e.Every)
		slot.At = q.at.Add(e.Every * time.Duration(skipped))
	}
	q.at = p.after(e, slot.At)
	heap.Fix(&p.queue, q.index)
	return slot, skipped, true
}

// first returns the first slot of e: on its grid, or off it where the grid would leave it blind for long.
func (p *Plan) first(e *planned, now time.Time) time.Time {
	if e.Every > firstRuns {
		return now.Add(time.Duration(float64(e.phase) * float64(firstRuns) / float64(e.Every)))
	}
	periods := (now.Sub(p.base) - e.phase + e.Every - 1) / e.Every
	return p.base.Add(e.phase + periods*e.Every)
}

// after returns the slot of e that follows at, on its grid. The first run of a long interval lies off the grid; the
// next one follows at half an interval or more.
func (p *Plan) after(e *planned, at time.Time) time.Time {
	since := at.Sub(p.base) - e.phase
	periods := (since + e.Every/2 + e.Every - 1) / e.Every
	return p.base.Add(e.phase + periods*e.Every)
}

type queued struct {
	entry   *planned
	at      time.Time
	trigger probes.Trigger
	index   int
}

// slots is a heap by time; equal times are in the order of names, so that a plan is the same each time.
type slots []*queued

func (s slots) Len() int { return len(s) }

func (s slots) Less(i, j int) bool {
	if c := s[i].at.Compare(s[j].at); c != 0 {
		return c < 0
	}
	return s[i].entry.Name < s[j].entry.Name
}

func (s slots) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *slots) Push(x any) {
	q := x.(*queued)
	q.index = len(*s)
	*s = append(*s, q)
}

func (s *slots) Pop() any {
	old := *s
	q := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return q
}
