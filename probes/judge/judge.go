// Package judge decides what one run cannot know by itself: whether our own network is out (the reference probes),
// whether a page was redesigned, whether maintenance was planned, and whether a result is still knowledge.
// It is pure: time comes from results and from Advance, and what it remembers leaves and enters by States and Restore.
package judge

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"mynaprobe/probes"
)

// enoughGood is the number of good runs after which a failure of looks alone is taken for a redesign.
const enoughGood = 20

// PlannedFunc tells whether a moment lies inside planned maintenance of a probe, and in which.
type PlannedFunc func(probe string, at time.Time) (probes.Window, bool)

// A Judge turns raw results into final ones. Its results of one probe leave it in the order in which they entered. It is
// for the use of one goroutine at a time.
type Judge struct {
	probes map[string]*memory
	refs   references
	// waiting are results held until the reference probes have answered, by probe, first one first. Results that follow a
	// held one of the same probe wait behind it.
	waiting map[string][]held
	// dirty are the memories that States has yet to hand out.
	dirty []*memory
}

// memory is what is remembered of one probe.
type memory struct {
	probe probes.Probe
	// good counts good runs, up to enoughGood; text is the length of the text of the last of them, in runes.
	good int
	text int
	// saved is what States last handed out of good and text.
	savedGood, savedText int
	dirty                bool
	print                string
}

// held is a result that waits.
type held struct {
	result  probes.Result
	planned *probes.Window
	// final: it needs no reference itself and only waits for its turn.
	final bool
}

// New returns a Judge for the probes of a set.
func New(set probes.Set) *Judge {
	j := &Judge{probes: map[string]*memory{}, waiting: map[string][]held{}}
	j.Configure(set)
	return j
}

// Configure takes the definitions of a reload. Probes whose definition did not change keep what is remembered of them;
// one that looks for something else begins anew. Results held of probes that are gone are dropped with them.
func (j *Judge) Configure(set probes.Set) {
	next := make(map[string]*memory, len(set.Probes))
	for _, p := range set.Probes {
		if p.Disabled {
			continue
		}
		m := j.probes[p.Name]
		if m == nil || !sameChecks(m.probe, p) {
			m = &memory{}
		}
		m.probe = p
		next[p.Name] = m
	}
	j.probes = next
	for name := range j.waiting {
		if next[name] == nil {
			delete(j.waiting, name)
		}
	}
	j.refs.configure(set.References())
}

// sameChecks reports whether two definitions look for the same things, whatever their schedule.
func sameChecks(a, b probes.Probe) bool {
	return a.Kind == b.Kind && reflect.DeepEqual(a.HTTP, b.HTTP) && reflect.DeepEqual(a.Browser, b.Browser) &&
		reflect.DeepEqual(a.Notice, b.Notice)
}

// Observe takes a raw result. It returns the results that are final now, earlier held ones among them or none at all, and
// whether the reference probes must run at once. planned may be nil when no maintenance is known.
func (j *Judge) Observe(r probes.Result, planned PlannedFunc) (final []probes.Result, runReferences bool) {
	if j.refs.has(r.Probe) {
		r = j.settle(r, plannedAt(r, planned))
		j.refs.answer(r)
		final = append(j.release(time.Time{}), r)
		return final, j.askAgain(r.End())
	}
	h := held{result: r, planned: plannedAt(r, planned)}
	h.final = !j.needsReference(h)
	queue := j.waiting[r.Probe]
	if len(queue) == 0 && (h.final || j.refs.verdict(r.Start) == someUp) {
		return []probes.Result{j.settle(r, h.planned)}, false
	}
	j.waiting[r.Probe] = append(queue, h)
	return nil, !h.final && j.refs.ask(r.Start, r.End())
}

// Advance gives up on reference probes that have had time to answer and did not: they count as not up. It returns the
// results that became final by this, in the order of their starts.
func (j *Judge) Advance(now time.Time) (final []probes.Result) {
	if len(j.waiting) == 0 {
		return nil
	}
	return j.release(now)
}

// Fresh reports whether a result of the probe is still knowledge: it is for two intervals and a timeout from its start.
func Fresh(r probes.Result, p probes.Probe, now time.Time) bool {
	return now.Before(r.Start.Add(p.FreshFor()))
}

func plannedAt(r probes.Result, planned PlannedFunc) *probes.Window {
	if planned == nil || r.Outcome != probes.Down {
		return nil
	}
	if w, ok := planned(r.Probe, r.Start); ok {
		return &w
	}
	return nil
}

// needsReference reports whether the result is a failure that could be our own network's. A page that came from the
// expected host with the expected status is none, whatever it looks like.
func (j *Judge) needsReference(h held) bool {
	if h.result.Outcome != probes.Down || j.refs.none() {
		return false
	}
	return h.planned != nil || !j.changed(h.result)
}

// askAgain reports whether the reference probes must run once more, for results that came in while they ran.
func (j *Judge) askAgain(now time.Time) bool {
	for _, queue := range j.waiting {
		for _, h := range queue {
			if !h.final && j.refs.ask(h.result.Start, now) {
				return true
			}
		}
	}
	return false
}

// release lets go of every held result that can be judged. With a time given, references that did not answer up to it
// count as not up.
func (j *Judge) release(now time.Time) (final []probes.Result) {
	for name, queue := range j.waiting {
		n := 0
		for _, h := range queue {
			r, ok := j.judge(h, now)
			if !ok {
				break
			}
			final = append(final, r)
			n++
		}
		if n == len(queue) {
			delete(j.waiting, name)
		} else if n > 0 {
			j.waiting[name] = slices.Clone(queue[n:])
		}
	}
	slices.SortStableFunc(final, func(a, b probes.Result) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		if a.Probe < b.Probe {
			return -1
		}
		return 1
	})
	return final
}

// judge makes a held result final, if that can be done by now.
func (j *Judge) judge(h held, now time.Time) (probes.Result, bool) {
	if h.final {
		return j.settle(h.result, h.planned), true
	}
	switch j.refs.verdict(h.result.Start) {
	case someUp:
		return j.settle(h.result, h.planned), true
	case open:
		if now.IsZero() || now.Before(h.result.End().Add(j.refs.patience())) {
			return h.result, false
		}
	}
	j.refs.blindFrom(h.result)
	r := h.result
	r.Rejudge(probes.ReasonNetwork, fmt.Sprintf("no reference probe is up either, so our own network may be out (the run itself saw: %s)", r.Message))
	return r, true
}

// settle applies what needs no reference: planned maintenance and redesign; and remembers good runs.
func (j *Judge) settle(r probes.Result, planned *probes.Window) probes.Result {
	switch {
	case r.Outcome == probes.Down && planned != nil:
		what := planned.Message
		if what == "" {
			what = "maintenance"
		}
		r.Rejudge(probes.ReasonMaintenance, fmt.Sprintf("planned: %s (the run itself saw: %s)", what, r.Message))
	case j.changed(r):
		r.Rejudge(probes.ReasonChanged, fmt.Sprintf("the page seems to have been redesigned: %s", r.Message))
	case r.Outcome.Good():
		if m := j.probes[r.Probe]; m != nil {
			m.good = min(m.good+1, enoughGood)
			m.text = r.TextLength
			if !m.dirty && (m.good != m.savedGood || differs(m.text, m.savedText)) {
				m.dirty = true
				j.dirty = append(j.dirty, m)
			}
		}
	}
	return r
}

// changed reports whether a failure is that of a redesigned page: only its looks fail, after enough good runs, and there
// is at least half as much text as in the last good one.
func (j *Judge) changed(r probes.Result) bool {
	m := j.probes[r.Probe]
	return m != nil && r.Outcome == probes.Down && r.Looks != nil && m.good >= enoughGood && 2*r.TextLength >= m.text
}
