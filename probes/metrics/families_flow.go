package metrics

import (
	"cmp"

	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

var (
	flowLabels   = []string{"flow"}
	sourceLabels = []string{"flow", "source"}
	sourcePairs  = pairs("source", flowSources[:])
)

// flowFamilies tell where a flow stands.
func flowFamilies() []family {
	ofFlow := func(name, help string, value func(*scrape, *flowView) (float64, bool)) family {
		return family{name: name, help: help, kind: gauge, labels: flowLabels, collect: func(s *scrape) {
			for i := range s.flows {
				if x, ok := value(s, &s.flows[i]); ok {
					s.add(x, s.flows[i].state.labels)
				}
			}
		}}
	}
	return []family{
		ofFlow("flow_outcome", "Where the flow stands: 0 unknown, 1 up, 2 degraded, 3 maintenance, 4 down (a critical stage is out, or an outage is announced).",
			func(s *scrape, v *flowView) (float64, bool) {
				return float64(v.outcome), s.options.FlowOutcome != nil
			}),
		ofFlow("flow_objective_ratio", "Share of time that the flow is meant to be available; absent when its definition names none.",
			func(s *scrape, v *flowView) (float64, bool) {
				return v.state.flow.Objective, v.state.flow.Objective > 0
			}),
		ofFlow("flow_maintenance_overrun", "1 while planned maintenance of the flow goes on past its planned end.",
			func(s *scrape, v *flowView) (float64, bool) { return number(v.overrun(s.now)), true }),
		{
			name: "flow_info", kind: gauge, labels: []string{"flow", "title"}, help: "1 for each flow, with what people call it.",
			collect: func(s *scrape) {
				for i := range s.flows {
					f := s.flows[i].state.flow
					s.add(1, s.flows[i].state.labels, pair("title", cmp.Or(f.Title, f.Name)))
				}
			},
		},
		ofSource(gauge, "flow_outage_active", "1 while a window of the flow is open, by who says so: observed, announced or planned.",
			func(o *outageLive) (float64, bool) { return number(o.active), true }),
		ofFlow("flow_outage_suspected", "1 while a critical stage of the flow fails and the failure is being confirmed.",
			func(s *scrape, v *flowView) (float64, bool) { return number(v.by(probes.Observed).suspected), true }),
		ofFlow("flow_outage_flapping", "1 while the flow keeps going down and coming back.",
			func(s *scrape, v *flowView) (float64, bool) { return number(v.by(probes.Observed).flapping), true }),
		ofSource(counter, "flow_outages_total", "Windows of the flow, by who says so.",
			func(o *outageLive) (float64, bool) { return o.outages, true }),
		ofSource(counter, "flow_outage_seconds_total", "Time in windows of the flow, unobserved time left out, by who says so.",
			func(o *outageLive) (float64, bool) { return o.seconds, true }),
		ofLatest("flow_outage_start_timestamp_seconds", "Start of the flow's latest window; absent when there was none.",
			func(w probes.Window) (float64, bool) { return unixSeconds(w.Start) }),
		ofLatest("flow_outage_end_timestamp_seconds", "End of the flow's latest window; absent while it is open.",
			func(w probes.Window) (float64, bool) { return unixSecondsOf(w.End) }),
		ofLatest("flow_outage_start_not_before_timestamp_seconds", "End of the last good run before the flow's latest window; absent when there was none.",
			func(w probes.Window) (float64, bool) { return unixSecondsOf(w.StartNotBefore) }),
		ofLatest("flow_outage_end_not_before_timestamp_seconds", "End of the last failed run of the flow's latest window; absent while it is open.",
			func(w probes.Window) (float64, bool) { return unixSecondsOf(w.EndNotBefore) }),
		ofLatest("flow_outage_unobserved_seconds", "Time in the flow's latest window in which nothing was known.",
			func(w probes.Window) (float64, bool) { return w.Unobserved.Duration().Seconds(), true }),
	}
}

// windowFamilies show the latest windows of a flow; a window keeps its slot for as long as it is among them.
func windowFamilies() []family {
	return []family{
		ofWindow("flow_outage_window_start_timestamp_seconds", "Start of one of the flow's latest windows.",
			func(w probes.Window) (float64, bool) { return unixSeconds(w.Start) }),
		ofWindow("flow_outage_window_end_timestamp_seconds", "End of one of the flow's latest windows; absent while it is open.",
			func(w probes.Window) (float64, bool) { return unixSecondsOf(w.End) }),
		ofWindow("flow_outage_window_known_timestamp_seconds", "When the prober knew of one of the flow's latest windows: it was confirmed, or its notice first seen.",
			func(w probes.Window) (float64, bool) { return unixSeconds(w.Opened) }),
		ofWindow("flow_outage_window_unobserved_seconds", "Time in one of the flow's latest windows in which nothing was known.",
			func(w probes.Window) (float64, bool) { return w.Unobserved.Duration().Seconds(), true }),
	}
}

func ofSource(kind dto.MetricType, name, help string, value func(*outageLive) (float64, bool)) family {
	return family{name: name, help: help, kind: kind, labels: sourceLabels, collect: func(s *scrape) {
		for i := range s.flows {
			for j := range s.flows[i].outages {
				if x, ok := value(&s.flows[i].outages[j]); ok {
					s.add(x, s.flows[i].state.labels, sourcePairs[j])
				}
			}
		}
	}}
}

func ofLatest(name, help string, value func(probes.Window) (float64, bool)) family {
	return ofSource(gauge, name, help, func(o *outageLive) (float64, bool) {
		w, ok := o.latest()
		if !ok {
			return 0, false
		}
		return value(w)
	})
}

func ofWindow(name, help string, value func(probes.Window) (float64, bool)) family {
	return family{name: name, help: help, kind: gauge, labels: sorted(sourceLabels, []string{"slot"}), collect: func(s *scrape) {
		for i := range s.flows {
			for j, outage := range s.flows[i].outages {
				for _, slotted := range outage.recent {
					if x, ok := value(slotted.Window); ok && slotted.Slot >= 0 && slotted.Slot < len(slotPairs) {
						s.add(x, s.flows[i].state.labels, slotPairs[slotted.Slot], sourcePairs[j])
					}
				}
			}
		}
	}}
}
