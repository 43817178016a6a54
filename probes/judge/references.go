package judge

import (
	"slices"
	"time"

	"mynaprobe/probes"
)

// grace is the time beyond the longest timeout that reference probes may take to answer, for the schedule's manners.
const grace = 10 * time.Second

// verdict is what the reference probes say of a moment.
type verdict uint8

const (
	open   verdict = iota // not all have answered, and none is up
	someUp                // at least one is up
	noneUp                // all have answered and none is up
)

// references are the reference probes and the spell, if any, in which none of them is up.
type references struct {
	probes map[string]probes.Probe
	last   map[string]answer
	// asked is when they were last asked to run at once.
	asked time.Time
	// lastGood is the end of the last run of any of them that was good, lastGoodStart its start.
	lastGood, lastGoodStart time.Time
	// lastBad is the end of the last one that was not.
	lastBad time.Time
	// spell is the current blind spell, or the one before; nil when there was none.
	spell *probes.Window
	// spells are transitions that nobody has taken yet.
	spells []probes.Window
	dirty  bool
}

// answer is the latest result of a reference probe, reduced to what is asked of it.
type answer struct {
	start time.Time
	good  bool
}

func (f *references) configure(list []probes.Probe) {
	next := make(map[string]probes.Probe, len(list))
	last := make(map[string]answer, len(list))
	for _, p := range list {
		next[p.Name] = p
		if a, ok := f.last[p.Name]; ok {
			last[p.Name] = a
		}
	}
	f.probes, f.last = next, last
	// A spell nobody could ever end again: without references nothing is inferred, so it ends with its last evidence.
	if f.none() && f.blind() {
		f.end(later(f.lastBad, f.spell.Start), f.lastBad)
	}
}

func (f *references) none() bool { return len(f.probes) == 0 }

func (f *references) has(probe string) bool {
	_, ok := f.probes[probe]
	return ok
}

// answer takes the final result of a reference probe.
func (f *references) answer(r probes.Result) {
	if before, ok := f.last[r.Probe]; ok && r.Start.Before(before.start) {
		return
	}
	good := r.Outcome.Good()
	f.last[r.Probe] = answer{start: r.Start, good: good}
	f.dirty = true
	if good {
		f.lastGood, f.lastGoodStart = later(f.lastGood, r.End()), later(f.lastGoodStart, r.Start)
		if f.blind() {
			f.end(later(r.Start, f.spell.Start), f.lastBad)
		}
		return
	}
	f.lastBad = later(f.lastBad, r.End())
	if len(f.last) < len(f.probes) {
		return
	}
	for _, a := range f.last {
		if a.good {
			return
		}
	}
	f.blindFrom(r)
}

// verdict says whether a reference probe that started at the moment or later was up.
func (f *references) verdict(at time.Time) verdict {
	if f.none() {
		return someUp
	}
	answered := 0
	for _, a := range f.last {
		if a.start.Before(at) {
			continue
		}
		if a.good {
			return someUp
		}
		answered++
	}
	// A good run may have been followed by a bad one of the same probe.
	if !f.lastGoodStart.IsZero() && !f.lastGoodStart.Before(at) {
		return someUp
	}
	if answered == len(f.probes) {
		return noneUp
	}
	return open
}

// ask reports whether the reference probes must run for a failure that began at start: they need not when they were
// asked after it began, nor while they still have time to answer an earlier request.
func (f *references) ask(start, now time.Time) bool {
	if !f.asked.IsZero() {
		if !f.asked.Before(start) {
			return false
		}
		if f.verdict(f.asked) == open && now.Before(f.asked.Add(f.patience())) {
			return false
		}
	}
	f.asked = now
	return true
}

// patience is how long an answer is waited for.
func (f *references) patience() time.Duration {
	longest := time.Duration(0)
	for _, p := range f.probes {
		longest = max(longest, p.Timeout)
	}
	return longest + grace
}

func (f *references) blind() bool { return f.spell != nil && f.spell.End == nil }

// blindFrom begins a blind spell, unless there is one: it goes back to the references' last good run, or to the failure
// that showed it when there was none.
func (f *references) blindFrom(r probes.Result) {
	if f.blind() {
		return
	}
	w := probes.Window{
		Source: probes.Blind, Scope: probes.ScopeAll, Name: "prober",
		Start: r.Start, Reason: probes.ReasonNetwork, Opened: r.End(),
		Message: "no reference probe was up: our own network may have been out",
	}
	if !f.lastGood.IsZero() {
		w.Start = f.lastGood
		w.StartNotBefore = ptr(f.lastGoodStart)
	}
	for name := range f.probes {
		w.Probes = append(w.Probes, name)
	}
	slices.Sort(w.Probes)
	f.put(w)
}

func (f *references) end(end, lastBad time.Time) {
	w := *f.spell
	w.End = ptr(end)
	if lastBad.IsZero() || lastBad.After(end) {
		lastBad = end
	}
	w.EndNotBefore = ptr(later(lastBad, w.Start))
	f.put(w)
}

func (f *references) put(w probes.Window) {
	f.spell = &w
	f.spells = append(f.spells, w)
	f.dirty = true
}

func ptr(t time.Time) *time.Time { return &t }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
