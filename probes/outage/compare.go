package outage

import (
	"time"

	"mynaprobe/probes"
)

// A Comparison lays an observed window of a flow and an announced one of the same flow against each other.
type Comparison struct {
	Flow      string        `json:"flow"`
	Observed  probes.Window `json:"observed"`
	Announced probes.Window `json:"announced"`
	// First is who knew first: "observed" when our windows were open before the notice was seen, "announced" otherwise,
	// and empty when both came at the same moment. By is the time between.
	First probes.WindowSource `json:"first,omitempty"`
	By    probes.Seconds      `json:"by_seconds"`
	// StartLater is how much later than announced the outage was seen to start (negative: earlier), EndLater the same of
	// its end; nil while either is open.
	StartLater probes.Seconds  `json:"start_later_seconds"`
	EndLater   *probes.Seconds `json:"end_later_seconds"`
}

// Compare lays an observed and an announced window against each other. It reports false unless they are of the same flow
// and overlap. Who knew first is told by when the confirming run opened the one, and when a run first saw the
// notice of the other.
func Compare(observed, announced probes.Window) (Comparison, bool) {
	if observed.Source != probes.Observed || announced.Source != probes.Announced || observed.Flow != announced.Flow || !overlap(observed, announced) {
		return Comparison{}, false
	}
	c := Comparison{Flow: observed.Flow, Observed: observed, Announced: announced}
	switch d := observed.Opened.Sub(announced.Opened); {
	case d < 0:
		c.First, c.By = probes.Observed, probes.Seconds(-d)
	case d > 0:
		c.First, c.By = probes.Announced, probes.Seconds(d)
	}
	c.StartLater = probes.Seconds(observed.Start.Sub(announced.Start))
	if observed.End != nil && announced.End != nil {
		later := probes.Seconds(observed.End.Sub(*announced.End))
		c.EndLater = &later
	}
	return c, true
}

// Compared lays every observed window of a flow against every announced one that overlaps it. Withdrawn announcements are
// left out.
func Compared(windows []probes.Window) []Comparison {
	var all []Comparison
	for _, o := range windows {
		if o.Scope != probes.ScopeFlow || o.Source != probes.Observed {
			continue
		}
		for _, a := range windows {
			if a.Withdrawn {
				continue
			}
			if c, ok := Compare(o, a); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// overlap reports whether two windows have a moment in common. One that lapsed without an end is taken to have lasted
// for as long as it was believed.
func overlap(a, b probes.Window) bool {
	end := func(w probes.Window) (time.Time, bool) {
		switch {
		case w.End != nil:
			return *w.End, true
		case w.Lapsed:
			return latest(w.Start, w.Opened).Add(believed), true
		}
		return time.Time{}, false
	}
	before := func(w, v probes.Window) bool {
		e, ended := end(w)
		return ended && !v.Start.Before(e)
	}
	return !before(a, b) && !before(b, a)
}
