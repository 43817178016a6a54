package outage

import (
	"fmt"
	"testing"
	"time"

	"mynaprobe/probes"
)

func hours(n float64) probes.Seconds { return probes.Seconds(n * float64(time.Hour)) }

func TestAvailabilities(t *testing.T) {
	cover := func(name string, scope probes.WindowScope, hour int, up, maintenance, down, unknown float64) probes.Coverage {
		return probes.Coverage{Scope: scope, Name: name, Hour: at(float64(hour) * 3600), Up: hours(up), Maintenance: hours(maintenance), Down: hours(down), Unknown: hours(unknown)}
	}
	window := func(source probes.WindowSource, from, to, unobserved float64, marks ...string) probes.Window {
		w := probes.Window{Source: source, Scope: probes.ScopeFlow, Name: "f", Start: at(from * 3600), Unobserved: hours(unobserved)}
		if to != 0 {
			w.End = ptr(at(to * 3600))
		}
		for _, as := range marks {
			w.Marks = append(w.Marks, probes.Mark{As: as})
		}
		return w
	}
	flow := probes.ScopeFlow
	four := []probes.Coverage{cover("f", flow, 0, 1, 0, 0, 0), cover("f", flow, 1, 0.5, 0, 0.5, 0), cover("f", flow, 2, 0, 0, 1, 0), cover("f", flow, 3, 0.5, 0.5, 0, 0)}
	lapsed, withdrawn := window(probes.Announced, 0, 0, 0), window(probes.Announced, 0, 4, 0)
	lapsed.Lapsed, withdrawn.Withdrawn = true, true
	tests := []struct {
		name     string
		coverage []probes.Coverage
		windows  []probes.Window
		from, to float64 // hours
		want     string  // coverage, available, available outside maintenance, available by the notices
	}{
		{"an outage of 1.5 hours and half an hour of work in four", four, []probes.Window{window(probes.Observed, 1.5, 3, 0)}, 0, 4, "1 0.5 0.571 1"},
		{"an open one lasts until the end", four, []probes.Window{window(probes.Observed, 2, 0, 0)}, 0, 4, "1 0.375 0.429 1"},
		{"unobserved time in it is not counted", four[:3], []probes.Window{window(probes.Observed, 1, 3, 1)}, 0, 3, "1 0.667 0.667 1"},
		{"only what lies in the span", four, []probes.Window{window(probes.Observed, 1.5, 3, 0)}, 0, 2, "1 0.75 0.75 1"},
		{"half of the time nobody looked", four[:2], nil, 0, 4, "0.5 1 1 1"},
		{"unknown is not observed", []probes.Coverage{cover("f", flow, 0, 0.5, 0, 0, 0.5)}, nil, 0, 1, "0.5 1 1 1"},
		{"a false alarm is none", four, []probes.Window{window(probes.Observed, 1.5, 3, 0, MarkFalseAlarm)}, 0, 4, "1 0.875 1 1"},
		{"marked as maintenance", four, []probes.Window{window(probes.Observed, 1.5, 3, 0, MarkMaintenance)}, 0, 4, "1 0.5 1 1"},
		{"the last mark holds", four, []probes.Window{window(probes.Observed, 1.5, 3, 0, MarkFalseAlarm, MarkOutage)}, 0, 4, "1 0.5 0.571 1"},
		{"what notices say is told apart", four[:1], []probes.Window{window(probes.Announced, 0, 2, 0), window(probes.Announced, 1, 3, 0)}, 0, 4, "0.25 1 1 0.25"},
		{"nobody knows how long one that lapsed has lasted", four[:1], []probes.Window{lapsed, withdrawn}, 0, 1, "1 1 1 1"},
		{"nothing was observed", nil, []probes.Window{window(probes.Observed, 0, 1, 1)}, 0, 1, "0 - - 1"},
		{"planned maintenance is no outage", []probes.Coverage{cover("f", flow, 0, 0.5, 0.5, 0, 0)}, []probes.Window{window(probes.Foretold, 0.5, 1, 0)}, 0, 1, "1 0.5 1 1"},
	}
	number := func(x *float64) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.3g", *x)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := Availabilities(test.coverage, test.windows, at(test.from*3600), at(test.to*3600))
			if len(all) != 1 {
				t.Fatalf("%d availabilities", len(all))
			}
			a := all[0]
			got := fmt.Sprintf("%.3g %s %s %s", a.Coverage, number(a.Available), number(a.AvailableOutsideMaintenance), number(a.AvailableAnnounced))
			if got != test.want {
				t.Errorf("got %s, want %s: %+v", got, test.want, a)
			}
		})
	}
	mixed := Availabilities([]probes.Coverage{cover("b", probes.ScopeProbe, 0, 1, 0, 0, 0), cover("f", flow, 0, 1, 0, 0, 0), cover("a", probes.ScopeProbe, 0, 1, 0, 0, 0)},
		[]probes.Window{{Source: probes.Blind, Scope: probes.ScopeAll, Name: "prober", Start: at(0)}}, at(0), at(3600))
	names := ""
	for _, a := range mixed {
		names += string(a.Scope) + "/" + a.Name + " "
	}
	if names != "flow/f probe/a probe/b " || mixed[1].AvailableAnnounced != nil {
		t.Errorf("%q", names)
	}
	if Availabilities(four, nil, at(5), at(5)) != nil {
		t.Error("an empty span has an availability")
	}
}
