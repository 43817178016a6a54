package outage

import (
	"cmp"
	"slices"
	"time"

	"mynaprobe/probes"
)

// Availability says how much of a span a probe or a flow was available, and how much of it was looked at. A ratio without
// the second number says nothing.
type Availability struct {
	Scope probes.WindowScope `json:"scope"`
	Name  string             `json:"name"`
	From  time.Time          `json:"from"`
	To    time.Time          `json:"to"`
	// Observed is the time of which something is known, Coverage its share of the span.
	Observed probes.Seconds `json:"observed_seconds"`
	Coverage float64        `json:"coverage"`
	// Outage is the observed time in outage windows, as corrected by hand; Maintenance that in maintenance, planned or
	// so marked.
	Outage      probes.Seconds `json:"outage_seconds"`
	Maintenance probes.Seconds `json:"maintenance_seconds"`
	// Available is the share of the observed time without outage and maintenance; AvailableOutsideMaintenance the share
	// without outage of the observed time outside of maintenance. Nil when nothing was observed.
	Available                   *float64 `json:"available"`
	AvailableOutsideMaintenance *float64 `json:"available_outside_maintenance"`
	// Announced is the time that operators' notices name as an outage, whether we saw it or not, and AvailableAnnounced
	// the share of the whole span without it; nil for a probe, because notices are about flows.
	Announced          probes.Seconds `json:"announced_seconds"`
	AvailableAnnounced *float64       `json:"available_announced"`
}

// Availabilities works out the availability of every probe and flow of which there is coverage or a window, between two
// moments, in order of scope and name. Of an hour that the span cuts, the share that lies in it counts; windows that are
// open last until the end of the span. Corrections hold: a false alarm is no outage, and what was marked as maintenance
// is that.
func Availabilities(coverage []probes.Coverage, windows []probes.Window, from, to time.Time) []Availability {
	within := span{from, to}
	if within.length() == 0 {
		return nil
	}
	sums := map[nameKey]*sum{}
	of := func(scope probes.WindowScope, name string) *sum {
		key := nameKey{scope, name}
		if sums[key] == nil {
			sums[key] = &sum{}
		}
		return sums[key]
	}
	for _, c := range coverage {
		share := float64(measure(within.clip([]span{{c.Hour, c.Hour.Add(time.Hour)}}))) / float64(time.Hour)
		if share == 0 {
			continue
		}
		s := of(c.Scope, c.Name)
		s.observed += share * float64(c.Up+c.Degraded+c.Maintenance+c.Down)
		s.maintenance += share * float64(c.Maintenance)
	}
	for _, w := range windows {
		if w.Withdrawn || w.Scope == probes.ScopeAll || w.MarkedAs() == MarkFalseAlarm {
			continue
		}
		whole := span{w.Start, to}
		if w.End != nil {
			whole.To = *w.End
		} else if w.Lapsed {
			continue // nobody knows how long it lasted
		}
		clipped := within.clip([]span{whole})
		if len(clipped) == 0 {
			continue
		}
		s := of(w.Scope, w.Name)
		switch {
		case w.Source == probes.Announced && w.MarkedAs() != MarkMaintenance:
			s.announced = append(s.announced, clipped...)
		case w.Source == probes.Observed:
			share := float64(measure(clipped)) / float64(whole.length())
			seen := max(0, float64(whole.length())-float64(w.Unobserved)) * share
			if w.MarkedAs() == MarkMaintenance {
				s.maintenance += seen
			} else {
				s.outage += seen
			}
		}
	}
	var all []Availability
	for key, s := range sums {
		all = append(all, s.availability(key, within))
	}
	slices.SortFunc(all, func(a, b Availability) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
	})
	return all
}

type nameKey struct {
	scope probes.WindowScope
	name  string
}

// sum adds up nanoseconds.
type sum struct {
	observed, maintenance, outage float64
	announced                     []span
}

func (s *sum) availability(key nameKey, within span) Availability {
	length := float64(within.length())
	s.observed = min(s.observed, length)
	// Hours that are cut make both parts inexact; together they are no more than what was observed.
	s.outage = min(s.outage, s.observed)
	s.maintenance = min(s.maintenance, s.observed-s.outage)
	announced := measure(s.announced)
	a := Availability{
		Scope: key.scope, Name: key.name, From: within.From, To: within.To,
		Observed: probes.Seconds(s.observed), Coverage: s.observed / length,
		Outage: probes.Seconds(s.outage), Maintenance: probes.Seconds(s.maintenance), Announced: probes.Seconds(announced),
		Available:                   ratio(s.observed-s.outage-s.maintenance, s.observed),
		AvailableOutsideMaintenance: ratio(s.observed-s.outage-s.maintenance, s.observed-s.maintenance),
	}
	if key.scope == probes.ScopeFlow {
		a.AvailableAnnounced = ratio(length-float64(announced), length)
	}
	return a
}

func ratio(part, whole float64) *float64 {
	if whole <= 0 {
		return nil
	}
	r := part / whole
	return &r
}
