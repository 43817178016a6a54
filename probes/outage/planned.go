package outage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"mynaprobe/probes"
)

// plan is declared maintenance.
type plan struct {
	def   probes.Planned
	event *event // nil for a calendar
}

// event is one span, or one that recurs.
type event struct {
	title  string
	start  time.Time
	length time.Duration
	rule   *rrule.Set // nil for one span
	// The last answer: between from and until the latest start is from.
	from, until time.Time
}

// CheckPlanned tells what in declared maintenance cannot work: its recurrence rule, or its bounds.
func CheckPlanned(def probes.Planned) error {
	if def.Calendar != "" {
		return nil
	}
	if !def.End.After(def.Start) {
		return errors.New("planned maintenance must end after it starts")
	}
	_, err := newEvent(def.Name, def.Start, def.End.Sub(def.Start), def.RRule)
	return err
}

func newEvent(title string, start time.Time, length time.Duration, rule string) (*event, error) {
	e := &event{title: title, start: start, length: length}
	if rule == "" {
		return e, nil
	}
	option, err := rrule.StrToROptionInLocation(strings.TrimPrefix(rule, "RRULE:"), start.Location())
	if err != nil {
		return nil, fmt.Errorf("recurrence rule %q: %w", rule, err)
	}
	option.Dtstart = start
	r, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("recurrence rule %q: %w", rule, err)
	}
	e.rule = &rrule.Set{}
	e.rule.RRule(r)
	return e, nil
}

// compile prepares declared maintenance. What cannot work was rejected with the definition (see CheckPlanned) and is
// left out.
func compile(list []probes.Planned) []*plan {
	var plans []*plan
	for _, def := range list {
		if def.Calendar != "" {
			plans = append(plans, &plan{def: def})
		} else if e, err := newEvent(def.Name, def.Start, def.End.Sub(def.Start), def.RRule); err == nil && def.End.After(def.Start) {
			plans = append(plans, &plan{def: def, event: e})
		}
	}
	return plans
}

// covering returns the occurrence that a moment lies in.
func (e *event) covering(at time.Time) (span, bool) {
	from := e.start
	if e.rule != nil {
		if e.until.IsZero() || at.Before(e.from) || !at.Before(e.until) {
			e.from, e.until = e.rule.Before(at, true), e.rule.After(at, false)
			if e.from.IsZero() { // none so far
				return span{}, false
			}
			if e.until.IsZero() { // no more
				e.until = at.AddDate(100, 0, 0)
			}
		}
		from = e.from
	}
	s := span{from, from.Add(e.length)}
	return s, !at.Before(s.From) && at.Before(s.To)
}

// events are those of a plan, or of its calendar.
func (t *Tracker) events(p *plan) []*event {
	if p.event != nil {
		return []*event{p.event}
	}
	return t.calendars[p.def.Calendar]
}

// concerns reports whether the plan is about a probe.
func (p *plan) concerns(def probes.Probe) bool {
	if p.def.Flow != "" && p.def.Flow != def.Flow {
		return false
	}
	if len(p.def.Stages)+len(p.def.Probes) == 0 {
		return true
	}
	return slices.Contains(p.def.Stages, def.Stage) || slices.Contains(p.def.Probes, def.Name)
}

// PlannedAt returns the planned maintenance of a probe that a moment lies in: declared by definition or calendar, or
// foretold by a notice on the probe's flow.
func (t *Tracker) PlannedAt(name string, at time.Time) (probes.Window, bool) {
	p := t.probes[name]
	if p == nil {
		return probes.Window{}, false
	}
	for _, plan := range t.plans {
		if !plan.concerns(p.def) {
			continue
		}
		for _, e := range t.events(plan) {
			if s, ok := e.covering(at); ok {
				return t.plannedWindow(probes.ScopeProbe, p.def.Name, p.def.Flow, plan, e, s), true
			}
		}
	}
	if p.flow != nil {
		for _, rec := range p.flow.ledgers[probes.Foretold].live {
			if rec.claim != nil && !rec.Withdrawn && !rec.Lapsed && rec.Covers(at) {
				return rec.Window, true
			}
		}
	}
	return probes.Window{}, false
}

func (t *Tracker) plannedWindow(scope probes.WindowScope, name, flow string, p *plan, e *event, s span) probes.Window {
	title := e.title
	if title == "" {
		title = p.def.Name
	}
	w := probes.Window{
		Source: probes.Foretold, Scope: scope, Name: name, Flow: flow, Location: t.location,
		Start: s.From, End: &s.To, Reason: probes.ReasonMaintenance, Message: title,
	}
	w.ID = windowID(w, "declared", p.def.Name, title)
	return w
}

// advancePlans makes windows of declared maintenance as it begins, of the flows that it concerns in a critical stage. One
// that the definitions or the calendar do not hold any more is withdrawn.
func (t *Tracker) advancePlans(now time.Time) {
	current, complete := map[string]bool{}, true
	for _, p := range t.plans {
		if p.event == nil && t.calendars[p.def.Calendar] == nil {
			complete = false // not known yet: nothing can be told of what it holds
			continue
		}
		for _, e := range t.events(p) {
			s, ok := e.covering(now)
			if !ok {
				continue
			}
			for _, f := range t.flowOrder {
				var names []string
				for _, c := range f.crit {
					if p.concerns(c.def) {
						names = append(names, c.def.Name)
					}
				}
				if len(names) == 0 {
					continue
				}
				w := t.plannedWindow(probes.ScopeFlow, f.def.Name, f.def.Name, p, e, s)
				w.Opened, w.Probes = now, names
				current[w.ID] = true
				if t.records[w.ID] == nil {
					rec := t.add(w)
					f.ledgers[probes.Foretold].open(rec)
					t.touchRecord(rec)
					t.touchFlowStatus(f)
				}
			}
		}
	}
	for _, f := range t.flowOrder {
		l := f.ledgers[probes.Foretold]
		for _, rec := range l.live {
			if complete && rec.claim == nil && !current[rec.ID] && !rec.Withdrawn && rec.Covers(now) {
				rec.Withdrawn = true
				t.touchRecord(rec)
				t.touchFlowStatus(f)
			}
		}
		l.freeze(now.Add(-settled))
	}
}
