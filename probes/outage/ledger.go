package outage

import (
	"slices"
	"time"

	"mynaprobe/probes"
)

// ledger keeps the windows of one source of a probe or a flow, with their counters and slots.
type ledger struct {
	// keep is how many of the latest windows are exported.
	keep int
	// live are the windows that may still change, by start.
	live   []*record
	recent []slotted
	// outages counts windows, base is the observed time in those that are not live any more, told the most that was ever
	// handed out as observed time.
	outages    uint64
	base, told time.Duration
}

// slotted is one of the latest windows in its slot.
type slotted struct {
	slot int
	rec  *record
}

// open takes in a new window.
func (l *ledger) open(rec *record) {
	l.outages++
	l.insert(rec)
	l.slot(rec)
}

func (l *ledger) insert(rec *record) {
	l.live = append(l.live, rec)
	slices.SortStableFunc(l.live, func(a, b *record) int { return a.Start.Compare(b.Start) })
}

// slot gives a window a slot: a free one, or that of the oldest window there, unless it is older itself.
func (l *ledger) slot(rec *record) {
	used := make([]bool, l.keep)
	oldest := 0
	for i, s := range l.recent {
		used[s.slot] = true
		if s.rec.Start.Before(l.recent[oldest].rec.Start) {
			oldest = i
		}
	}
	if len(l.recent) < l.keep {
		l.recent = append(l.recent, slotted{slices.Index(used, false), rec})
	} else if !rec.Start.Before(l.recent[oldest].rec.Start) {
		l.recent[oldest].rec = rec
	}
}

// remove takes a window out for good.
func (l *ledger) remove(rec *record) {
	l.live = slices.DeleteFunc(l.live, func(r *record) bool { return r == rec })
	l.recent = slices.DeleteFunc(l.recent, func(s slotted) bool { return s.rec == rec })
}

// newest is the live window that began last; nil when there is none.
func (l *ledger) newest() *record {
	if len(l.live) == 0 {
		return nil
	}
	return l.live[len(l.live)-1]
}

// freeze lets go of windows that ended before the moment, the newest excepted.
func (l *ledger) freeze(before time.Time) {
	if len(l.live) < 2 {
		return
	}
	newest := l.newest()
	l.live = slices.DeleteFunc(l.live, func(rec *record) bool {
		if rec == newest || rec.End == nil || !rec.End.Before(before) {
			return false
		}
		l.base += observed(rec)
		return true
	})
}

// seconds is the observed time in all windows. It never falls, whatever is learnt later.
func (l *ledger) seconds() time.Duration {
	sum := l.base
	for _, rec := range l.live {
		sum += observed(rec)
	}
	l.told = max(l.told, sum)
	return l.told
}

// observed is the time in a window in which it was seen to last.
func observed(rec *record) time.Duration {
	if rec.seen.IsZero() {
		return 0
	}
	return max(0, rec.seen.Sub(rec.Start)-rec.Unobserved.Duration())
}

// slottedWindows are the latest windows as they are exported, oldest first.
func (l *ledger) slottedWindows() []probes.SlottedWindow {
	windows := make([]probes.SlottedWindow, 0, len(l.recent))
	for _, s := range l.recent {
		windows = append(windows, probes.SlottedWindow{Slot: s.slot, Window: s.rec.Window})
	}
	slices.SortFunc(windows, func(a, b probes.SlottedWindow) int { return a.Window.Start.Compare(b.Window.Start) })
	return windows
}

// freezeAll lets go of every window that ended before the moment.
func (l *ledger) freezeAll(before time.Time) {
	l.live = slices.DeleteFunc(l.live, func(rec *record) bool {
		if rec.End == nil || !rec.End.Before(before) {
			return false
		}
		l.base += observed(rec)
		return true
	})
}
