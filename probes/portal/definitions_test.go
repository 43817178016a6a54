package portal_test

import (
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/httpprobe"
	"mynaprobe/probes/portal"
)

func TestDefinitionsOfEveryScriptAreValid(t *testing.T) {
	for _, name := range portal.BundledNames() {
		script, err := portal.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, browser := range []bool{false, true} {
			text := script.Definitions(portal.DefinitionOptions{BaseURL: "http://127.0.0.1:8080/", Browser: browser})
			set, err := definition.Parse(name+".yaml", text)
			if err != nil {
				t.Errorf("%v\n%s", err, text)
				continue
			}
			if len(set.Flows) != 1 || set.Flows[0].Name != script.Flow.Name {
				t.Errorf("%s: flows %+v", name, set.Flows)
			}
			stages := map[string]bool{}
			for _, p := range set.Probes {
				stages[p.Stage] = true
				if p.Every < script.Every {
					t.Errorf("%s: %s runs every %v", name, p.Name, p.Every)
				}
			}
			if len(stages) != len(portal.Stages()) {
				t.Errorf("%s: only the stages %v are looked at", name, stages)
			}
		}
	}
}

// What the HTTP definitions see of the portal, in process and in virtual time.
func TestDefinitionsSeeTheIncident(t *testing.T) {
	for _, c := range []struct {
		script string
		at     time.Duration
		want   map[string]probes.Reason // of the probes that are not up
	}{
		{"demo", 5 * time.Second, nil},
		{"demo", 30 * time.Second, map[string]probes.Reason{"login-door": probes.ReasonStatus}},
		{"demo", 120 * time.Second, nil},
		{"iphone-2025-10-30", 4 * time.Hour, nil},
		{"iphone-2025-10-30", 20 * time.Hour, nil},
		{"myna-2024-10-02", 3*time.Hour + 30*time.Minute, map[string]probes.Reason{"portal-top": probes.ReasonTimeout, "login-door": probes.ReasonTimeout}},
		{"myna-2024-10-02", 5 * time.Hour, map[string]probes.Reason{"portal-top": probes.ReasonStatus, "login-door": probes.ReasonStatus}},
		{"myna-2024-10-02", 8 * time.Hour, map[string]probes.Reason{"portal-top": probes.ReasonSlow, "login-door": probes.ReasonStatus}},
		{"myna-backend-2025-12-06", 7 * time.Hour, map[string]probes.Reason{
			"portal-top": probes.ReasonMaintenance, "login-door": probes.ReasonMaintenance, "apply-page": probes.ReasonMaintenance, "apply-api": probes.ReasonStatus}},
		{"myna-backend-2026-01-01", 7 * time.Hour, nil},
	} {
		script, err := portal.Bundled(c.script)
		if err != nil {
			t.Fatal(err)
		}
		p := portal.New(script, portal.Options{Start: start})
		set, err := definition.Parse("portal.yaml", script.Definitions(portal.DefinitionOptions{BaseURL: "https://portal.example"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, probe := range set.Probes {
			if probe.Kind != probes.KindHTTP {
				continue
			}
			clock := probes.NewVirtualClock(start.Add(c.at))
			prober := httpprobe.New(httpprobe.Options{Clock: clock, Transport: p.RoundTripper(clock)})
			runner, err := prober.Prepare(probe)
			if err != nil {
				t.Fatal(err)
			}
			result := runner.Run(t.Context())
			if result.Reason != c.want[probe.Name] {
				t.Errorf("%s after %v: %s is %v %s: %s", c.script, c.at, probe.Name, result.Outcome, result.Reason, result.Message)
			}
			if took := clock.Now().Sub(start.Add(c.at)); result.Reason == probes.ReasonTimeout && took != probe.Timeout {
				t.Errorf("%s: the timeout of %s took %v, want %v", c.script, probe.Name, took, probe.Timeout)
			}
		}
	}
}

func TestHarmlessChangesAreAMatterOfLooks(t *testing.T) {
	for _, name := range []string{"myna-top-2024-03-24", "myna-backend-2026-01-01", "myna-app-2026-08-25", "android-card-2026-10-20"} {
		script, err := portal.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		p := portal.New(script, portal.Options{Start: start})
		set, err := definition.Parse("portal.yaml", script.Definitions(portal.DefinitionOptions{BaseURL: "https://portal.example"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, probe := range set.Probes {
			if probe.Kind != probes.KindHTTP {
				continue
			}
			run := func(after time.Duration) probes.Result {
				clock := probes.NewVirtualClock(start.Add(after))
				runner, err := httpprobe.New(httpprobe.Options{Clock: clock, Transport: p.RoundTripper(clock)}).Prepare(probe)
				if err != nil {
					t.Fatal(err)
				}
				return runner.Run(t.Context())
			}
			before, after := run(time.Hour), run(7*time.Hour)
			if before.Outcome != probes.Up {
				t.Errorf("%s: before, %s is %v: %s", name, probe.Name, before.Outcome, before.Message)
			}
			if after.Outcome != probes.Up && (after.Looks == nil || 2*after.TextLength < before.TextLength) {
				t.Errorf("%s: %s is %v %s (%s), text of %d after %d", name, probe.Name, after.Outcome, after.Reason, after.Message, after.TextLength, before.TextLength)
			}
		}
		for _, spell := range p.Spells() {
			if !spell.Harmless {
				t.Errorf("%s: %+v is no harmless spell", name, spell)
			}
		}
	}
}
