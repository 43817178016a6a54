package export

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

func TestAvailabilityTable(t *testing.T) {
	rows := []Availability{
		{Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Available: ptr(0.7083), OutsideMaintenance: ptr(0.75), Coverage: 0.98, Observed: 47 * time.Hour, Outage: 34 * time.Hour, Maintenance: time.Hour, Announced: ptr(0.29), Objective: 0.999},
		{Scope: probes.ScopeProbe, Name: "guide", Available: ptr(0.9999999), Coverage: 0.5, Observed: 24 * time.Hour, Outage: 10 * time.Second, Objective: 0.99},
		{Scope: probes.ScopeProbe, Name: "perfect", Available: ptr(1.0), Coverage: 1, Observed: 48 * time.Hour},
		{Scope: probes.ScopeProbe, Name: "unseen", Coverage: 0},
	}
	got := render(t, func(out *strings.Builder) error { return AvailabilityTable(out, rows, twoDays(English)) })
	want := strings.TrimPrefix(`
2025-10-30 00:00 to 2025-11-01 00:00 (JST)
                      AVAILABLE  OF OBSERVED  OUTAGE  MAINTENANCE
iphone-mynumber-card    70.83 %         98 %  34h00m        1h00m
    outside of maintenance 75 %
    by the operator's notices 29 %
    objective 99.9 % missed: 34 h 00 min of 2 min 49 s used
guide                  99.999 %         50 %     10s           0s
    objective 99 % kept: 10 s of 14 min 24 s used
    a good part of the time was not observed
perfect                   100 %        100 %      0s           0s
unseen                not known          0 %      0s           0s
`, "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for line := range strings.Lines(render(t, func(out *strings.Builder) error { return AvailabilityTable(out, rows, twoDays(Japanese)) })) {
		if width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("too wide: %q", line)
		}
	}
}

func TestPercentNeverRoundsUpToPerfection(t *testing.T) {
	for share, want := range map[float64]string{1: "100 %", 0.9999999: "99.999 %", 0.999: "99.9 %", 0.99995: "99.995 %", 0: "0 %", 0.5: "50 %", 0.1: "10 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v is shown as %s, want %s", share, got, want)
		}
	}
}
