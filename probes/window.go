package probes

import "time"

// WindowSource says on whose word a window stands.
type WindowSource string

// The sources of a window.
const (
	Observed  WindowSource = "observed"  // by our own runs
	Announced WindowSource = "announced" // by the operator's notice
	Foretold  WindowSource = "planned"   // maintenance foretold, by a notice or by a definition
	Blind     WindowSource = "prober"    // our own blind spell: no reference probe was up
)

// WindowScope says what a window is about.
type WindowScope string

// The scopes of a window.
const (
	ScopeProbe WindowScope = "probe"
	ScopeFlow  WindowScope = "flow"
	ScopeAll   WindowScope = "prober" // of a blind spell
)

// A Window is a span in which a probe or a flow was down, with the uncertainty of both of its ends.
type Window struct {
	// ID is made from source, scope, name, location and first start, so that it is the same after a replay.
	ID     string       `json:"id"`
	Source WindowSource `json:"source"`
	Scope  WindowScope  `json:"scope"`
	// Name is that of the probe or the flow.
	Name     string `json:"name"`
	Flow     string `json:"flow,omitempty"`
	Stage    string `json:"stage,omitempty"`
	Location string `json:"location,omitempty"`

	// Start is the start of the first run that was down; the outage began after StartNotBefore, the end of the last good
	// run before it (nil when there was none).
	Start          time.Time  `json:"start"`
	StartNotBefore *time.Time `json:"start_not_before"`
	// End is the start of the first good run; the outage ended after EndNotBefore, the end of the last run that was
	// down. Both are nil while the window is open.
	End          *time.Time `json:"end"`
	EndNotBefore *time.Time `json:"end_not_before"`
	// Approximate is set of an announced window whose bounds the notice marks as inexact.
	Approximate bool `json:"approximate,omitempty"`

	Reason  Reason `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Probes are those that were down in it, in the order in which they failed.
	Probes   []string `json:"probes,omitempty"`
	RunsDown int      `json:"runs_down"`
	// Flaps counts how often it was good in between, for less than the merge time.
	Flaps int `json:"flaps"`
	// Unobserved is the time inside the window in which nothing was known.
	Unobserved Seconds `json:"unobserved_seconds"`

	// Opened is when the prober knew (the end of the confirming run), or first saw the notice.
	Opened time.Time `json:"opened,omitzero"`
	// Notice is the address of the notice of an announced or foretold window.
	Notice *string `json:"notice"`
	// Lapsed: announced without an end, and not touched for so long that it is no longer believed; no end is invented.
	Lapsed bool `json:"lapsed,omitempty"`
	// Withdrawn: the notice that announced it was taken back.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Backlog: the notice was over 24 hours old when first seen: informs, never alerts.
	Backlog bool `json:"backlog,omitempty"`
	// Evidence is the path of the evidence of the run that opened it.
	Evidence string `json:"evidence,omitempty"`
	// Marks are corrections made by hand, oldest first; the last one holds.
	Marks []Mark `json:"marks,omitempty"`
}

// A Mark corrects a window afterwards, beside what was recorded.
type Mark struct {
	// As is what the window was: "maintenance", "false-alarm" or "outage".
	As   string    `json:"as"`
	Note string    `json:"note"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Open reports whether the window has no end yet and is still believed.
func (w Window) Open() bool { return w.End == nil && !w.Lapsed && !w.Withdrawn }

// Covers reports whether the moment lies in the window: from its start up to, but not including, its end. One that lapsed
// without an end covers nothing after it was last known of.
func (w Window) Covers(at time.Time) bool {
	switch {
	case at.Before(w.Start):
		return false
	case w.End != nil:
		return at.Before(*w.End)
	}
	return !w.Lapsed || !at.After(w.LastKnown())
}

// Believed is how long an outage that was announced without an end is believed to go on after its last news.
const Believed = 72 * time.Hour

// MayCover reports whether the moment may lie in the window: from the earliest moment at which it can have begun up to its
// end, and in one that lapsed without an end for as long as it was believed.
func (w Window) MayCover(at time.Time) bool {
	switch {
	case at.Before(w.Earliest()):
		return false
	case w.End != nil:
		return at.Before(*w.End)
	}
	return !w.Lapsed || at.Before(w.LastKnown().Add(Believed))
}

// LastKnown is the latest moment at which a window is known to have gone on, as far as the window itself tells: of one that
// lapsed without an end, nothing is known after it.
func (w Window) LastKnown() time.Time {
	last := w.Start
	for _, t := range []*time.Time{&w.Opened, w.EndNotBefore} {
		if t != nil && t.After(last) {
			last = *t
		}
	}
	return last
}

// MarkedAs returns what the last mark says the window was, and "" when nobody corrected it.
func (w Window) MarkedAs() string {
	if len(w.Marks) == 0 {
		return ""
	}
	return w.Marks[len(w.Marks)-1].As
}
