package probes

import "time"

// A WindowFilter picks windows, and revisions of notices. Its zero value picks all; what is set must all hold.
type WindowFilter struct {
	// Flow picks the windows of a flow and of its probes, Probe those of a probe. Of revisions only Probe, Since and Until
	// pick.
	Flow, Probe string
	Scope       WindowScope
	Source      WindowSource
	// Since and Until pick what overlaps the time from Since up to Until, or was seen in it.
	Since, Until time.Time
	// At picks windows that may cover the moment, the uncertainty of their start included.
	At time.Time
	// Open picks windows that are open.
	Open bool
}

// Matches reports whether the filter picks the window.
func (f WindowFilter) Matches(w Window) bool {
	switch {
	case f.Flow != "" && w.FlowName() != f.Flow,
		f.Probe != "" && (w.Scope != ScopeProbe || w.Name != f.Probe),
		f.Scope != "" && w.Scope != f.Scope,
		f.Source != "" && w.Source != f.Source,
		f.Open && !w.Open(),
		!f.Until.IsZero() && !w.Earliest().Before(f.Until),
		!f.Since.IsZero() && w.End != nil && !w.End.After(f.Since),
		!f.At.IsZero() && !w.MayCover(f.At):
		return false
	}
	return true
}

// MatchesRevision reports whether the filter picks the revision.
func (f WindowFilter) MatchesRevision(r NoticeRevision) bool {
	return (f.Probe == "" || r.Probe == f.Probe) &&
		(f.Since.IsZero() || !r.Seen.Before(f.Since)) && (f.Until.IsZero() || r.Seen.Before(f.Until))
}

// FlowName is the flow that the window belongs to, whether it is the flow's own or one of its probes'.
func (w Window) FlowName() string {
	if w.Flow == "" && w.Scope == ScopeFlow {
		return w.Name
	}
	return w.Flow
}

// Earliest is the earliest moment at which the outage can have begun.
func (w Window) Earliest() time.Time {
	if w.StartNotBefore != nil && w.StartNotBefore.Before(w.Start) {
		return *w.StartNotBefore
	}
	return w.Start
}
