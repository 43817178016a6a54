package outage

import (
	"time"

	"mynaprobe/probes"
)

// flowSources are the sources of a flow's windows, in the order in which their statuses are given.
var flowSources = []probes.WindowSource{probes.Observed, probes.Announced, probes.Foretold}

// Statuses returns where every probe and every flow stands: what is exported from the start, before anything changes.
func (t *Tracker) Statuses() []probes.OutageStatus {
	var all []probes.OutageStatus
	for _, p := range t.order {
		all = append(all, t.probeStatus(p))
	}
	for _, f := range t.flowOrder {
		all = append(all, t.flowStatuses(f)...)
	}
	return append(all, t.blindStatus())
}

func (t *Tracker) probeStatus(p *probe) probes.OutageStatus {
	p.flapping = p.flaps(t.now)
	return probes.OutageStatus{
		Scope: probes.ScopeProbe, Source: probes.Observed, Name: p.def.Name, Flow: p.def.Flow, Stage: p.def.Stage,
		Active: p.open != nil, Suspected: p.open == nil && len(p.downs) > 0, Flapping: p.flapping,
		Outages: p.ledger.outages, Seconds: p.ledger.seconds().Seconds(), Recent: p.ledger.slottedWindows(),
	}
}

func (t *Tracker) flowStatuses(f *flow) []probes.OutageStatus {
	var all []probes.OutageStatus
	for _, source := range flowSources {
		l := f.ledgers[source]
		s := probes.OutageStatus{
			Scope: probes.ScopeFlow, Source: source, Name: f.def.Name, Flow: f.def.Name,
			Active: f.active(source, t.now), Outages: l.outages, Recent: l.slottedWindows(),
		}
		if source == probes.Observed {
			s.Seconds = l.seconds().Seconds()
			for _, p := range f.crit {
				s.Suspected = s.Suspected || !s.Active && p.open == nil && len(p.downs) > 0
				s.Flapping = s.Flapping || p.flaps(t.now)
			}
		}
		all = append(all, s)
	}
	return all
}

func (t *Tracker) blindStatus() probes.OutageStatus {
	s := probes.OutageStatus{Scope: probes.ScopeAll, Source: probes.Blind, Name: "prober", Outages: t.blind.outages, Recent: t.blind.slottedWindows()}
	if rec := t.blind.newest(); rec != nil {
		s.Active = rec.Open()
	}
	return s
}

// spend adds a span to the hours it lies in; an hour that is over is handed out.
func (t *Tracker) spend(c *probes.Coverage, outcome probes.Outcome, from, to time.Time) {
	for from.Before(to) {
		hour := from.UTC().Truncate(time.Hour)
		if !c.Hour.Equal(hour) {
			if !c.Hour.IsZero() {
				t.out.coverage = append(t.out.coverage, *c)
			}
			*c = probes.Coverage{Scope: c.Scope, Name: c.Name, Hour: hour}
		}
		until := earliest(to, hour.Add(time.Hour))
		d := probes.Seconds(until.Sub(from))
		switch outcome {
		case probes.Up:
			c.Up += d
		case probes.Degraded:
			c.Degraded += d
		case probes.Maintenance:
			c.Maintenance += d
		case probes.Down:
			c.Down += d
		default:
			c.Unknown += d
		}
		from = until
	}
}
