// Package outage turns results, announcements and declared maintenance into outage windows, and says where probes and
// flows stand. It is a pure state machine: it does no I/O and reads no clock, all time comes from results and from
// Advance, and what must outlive the process leaves in Changes and comes back through Restore.
package outage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// A Tracker keeps the windows of one location. It is for the use of one goroutine at a time. The windows it hands out
// are values whose pointers and slices are never changed afterwards.
type Tracker struct {
	location string
	// now is the latest moment heard of.
	now time.Time

	set    probes.Set
	probes map[string]*probe
	// order holds the probes in the order of their definitions.
	order []*probe
	flows map[string]*flow
	// flowOrder holds the flows in the order of their definitions.
	flowOrder []*flow
	records   map[string]*record
	notices   map[noticeKey]*notice
	plans     []*plan
	calendars map[string][]*event
	blind     ledger

	out collector
}

// A Change is what one step changed. It is stored as a whole, in one transaction, and exported after that.
type Change struct {
	// Windows are new or changed; Removed are the IDs of windows of a flow that became part of another one.
	Windows []probes.Window
	Removed []string
	// Statuses are new or changed.
	Statuses []probes.OutageStatus
	// Runs are to be brought forward; a later request for a probe takes the place of an earlier one.
	Runs []probes.RunRequest
	// Revisions are notices that are new, edited or withdrawn.
	Revisions []probes.NoticeRevision
	// States must outlive the process; nil deletes. Keys and contents are opaque.
	States map[string][]byte
	// Coverage holds the hours that changed, with the values accumulated so far.
	Coverage []probes.Coverage
	// Problem is set by Restore alone: what of the stored states could not be read.
	Problem error
}

// Empty reports whether nothing changed.
func (c Change) Empty() bool {
	return len(c.Windows)+len(c.Removed)+len(c.Statuses)+len(c.Runs)+len(c.Revisions)+len(c.States)+len(c.Coverage) == 0
}

// record is a window with what is needed to keep it up to date.
type record struct {
	probes.Window
	// gaps are spans in which nothing was known, of a probe's observed window.
	gaps []span
	// seen is until when an observed window that is open is known to have lasted.
	seen time.Time
	// claim tells of which notice a window comes; nil for others.
	claim *claim
	dirty bool
	// told is when the window was last handed out.
	told time.Time
}

// New returns a Tracker for the probes of a set. The location may be empty; it becomes part of the windows' IDs. What
// there is to export before anything changed comes from Restore, or from Statuses where nothing is stored.
func New(set probes.Set, location string) *Tracker {
	t := &Tracker{
		location: location, probes: map[string]*probe{}, flows: map[string]*flow{}, records: map[string]*record{},
		notices: map[noticeKey]*notice{}, calendars: map[string][]*event{},
	}
	t.blind.keep = probes.RecentWindows
	t.configure(set)
	t.flush()
	return t
}

// Configure takes the definitions of a reload. Probes keep their state as long as their name and kind stay. A probe that
// was removed leaves its windows in the store; one that was open is closed where it was last seen and marked as lapsed,
// because nobody will ever see its end. Its state is deleted.
func (t *Tracker) Configure(set probes.Set) Change {
	t.configure(set)
	return t.flush()
}

func (t *Tracker) configure(set probes.Set) {
	t.set = set
	next := make(map[string]*probe, len(set.Probes))
	order := make([]*probe, 0, len(set.Probes))
	for _, def := range set.Probes {
		if def.Disabled {
			continue
		}
		p := t.probes[def.Name]
		if p == nil || p.def.Kind != def.Kind || p.def.Flow != def.Flow {
			if p != nil {
				t.drop(p)
			}
			p = &probe{}
		}
		p.define(def)
		next[def.Name] = p
		order = append(order, p)
	}
	for _, p := range t.order {
		if next[p.def.Name] == nil {
			t.drop(p)
		}
	}
	t.probes, t.order = next, order
	t.configureFlows(set)
	t.plans = compile(set.Planned)
	for _, p := range t.order {
		t.touchStatus(p)
	}
	for _, f := range t.flowOrder {
		t.rejoin(f)
		t.reflow(f)
		t.touchFlow(f, t.now)
		t.touchFlowStatus(f)
	}
}

// drop ends the life of a probe that is not defined any more.
func (t *Tracker) drop(p *probe) {
	if rec := p.open; rec != nil {
		t.lapseRecord(rec, p.lastDownEnd)
		p.open = nil
		if f := p.flow; f != nil {
			t.reflow(f)
		}
	}
	t.out.state(probeKey(p.def.Name), nil)
	p.dropped = true
}

// lapseRecord closes an observed window whose end nobody saw: it was last seen at the moment given.
func (t *Tracker) lapseRecord(rec *record, last time.Time) {
	last = latest(last, rec.Start)
	rec.End, rec.EndNotBefore, rec.Lapsed = &last, &last, true
	t.touchRecord(rec)
}

// Observe takes a final result. Results of one probe must come in the order of their starts: a late one can only move a
// window's start earlier, and one that came before is ignored. Results on demand feed no window.
func (t *Tracker) Observe(r probes.Result) Change {
	p := t.probes[r.Probe]
	if p == nil || r.Trigger == probes.TriggerDemand {
		return Change{}
	}
	t.now = latest(t.now, r.End())
	if r.Notice != nil {
		t.read(p.def, r)
	}
	t.observe(p, r)
	return t.flush()
}

// Advance tells the time when no result does: suspicions lapse, knowledge goes stale, announcements lapse, planned
// windows begin and end. Once a second is often enough.
func (t *Tracker) Advance(now time.Time) Change {
	t.now = latest(t.now, now)
	for _, p := range t.order {
		t.advanceProbe(p, now)
	}
	t.advancePlans(now)
	t.advanceNotices(now)
	for _, f := range t.flowOrder {
		t.advanceFlow(f, now)
	}
	return t.flush()
}

// Blind takes a blind spell of the prober, when it begins and when it ends. A spell that was still open when a later one
// begins ends where it began to be known: nobody saw its end.
func (t *Tracker) Blind(w probes.Window) Change {
	w.Source, w.Scope, w.Location = probes.Blind, probes.ScopeAll, t.location
	if w.Name == "" {
		w.Name = "prober"
	}
	w.ID = windowID(w)
	for _, rec := range t.blind.live {
		if rec.ID != w.ID && rec.End == nil {
			t.lapseRecord(rec, rec.Opened)
		}
	}
	rec := t.records[w.ID]
	if rec == nil {
		rec = t.add(w)
		t.blind.open(rec)
	} else {
		w.Marks = rec.Marks
		rec.Window = w
	}
	t.touchRecord(rec)
	t.out.blind = true
	return t.flush()
}

// Mark corrects a window by hand; the correction stands beside what was recorded, and the last one holds. Its error says
// that there is no such window, or that the mark's As is none of "maintenance", "false-alarm" and "outage".
func (t *Tracker) Mark(id string, m probes.Mark) (Change, error) {
	rec := t.records[id]
	if rec == nil {
		return Change{}, fmt.Errorf("no window has the ID %q: `probe outages` lists those there are", id)
	}
	if !slices.Contains([]string{MarkMaintenance, MarkFalseAlarm, MarkOutage}, m.As) {
		return Change{}, fmt.Errorf("a window cannot be marked as %q: use %s, %s or %s", m.As, MarkMaintenance, MarkFalseAlarm, MarkOutage)
	}
	rec.Marks = append(slices.Clip(rec.Marks), m)
	t.touchRecord(rec)
	return t.flush(), nil
}

// What a window can be marked as.
const (
	MarkMaintenance = "maintenance"
	MarkFalseAlarm  = "false-alarm"
	MarkOutage      = "outage"
)

// Windows returns every window known, by start, then ID.
func (t *Tracker) Windows() []probes.Window {
	windows := make([]probes.Window, 0, len(t.records))
	for _, rec := range t.records {
		windows = append(windows, rec.Window)
	}
	slices.SortFunc(windows, func(a, b probes.Window) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return windows
}

// Forget drops windows that ended before the moment and are not among a flow's latest, so that memory follows the
// store's retention. Their shares of the counters stay.
func (t *Tracker) Forget(before time.Time) {
	kept := map[*record]bool{}
	keep := func(l *ledger) {
		for _, rec := range l.live {
			kept[rec] = true
		}
		for _, s := range l.recent {
			kept[s.rec] = true
		}
	}
	keep(&t.blind)
	for _, p := range t.order {
		keep(&p.ledger)
	}
	for _, f := range t.flowOrder {
		for _, source := range flowSources {
			keep(f.ledgers[source])
		}
	}
	for id, rec := range t.records {
		if !kept[rec] && rec.End != nil && rec.End.Before(before) {
			delete(t.records, id)
		}
	}
}

// add begins to keep a window.
func (t *Tracker) add(w probes.Window) *record {
	rec := &record{Window: w}
	t.records[w.ID] = rec
	return rec
}

// windowID is the same whenever the same window is found again: it holds the first start, to the second and readable, and
// a hash of all that tells windows apart.
func windowID(w probes.Window, more ...string) string {
	parts := append([]string{string(w.Source), string(w.Scope), w.Name, w.Location, w.Start.UTC().Format(time.RFC3339Nano)}, more...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return w.Start.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:5])
}

func ptr(t time.Time) *time.Time { return &t }

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
