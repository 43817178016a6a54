package portal_test

import (
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/browserprobe"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/portal"
)

// What the browser definitions see in a real Chromium: the form that works, the one that hangs half-way, and the one
// whose script throws.
func TestTheFormInABrowser(t *testing.T) {
	prober := browserprobe.New(browserprobe.Options{})
	defer func() {
		if err := prober.Close(); err != nil {
			t.Error(err)
		}
	}()
	for state, want := range map[portal.State]probes.Reason{
		portal.Normal: "", portal.Provisional: probes.ReasonContent, portal.ScriptError: probes.ReasonSelector,
	} {
		script, err := portal.LoadScript("test.yaml", []byte(`{title: test, length: 1h, every: 30s, site: {name: 試験ポータル, service: 試験カード},
flow: {name: test, title: 試験, services: [試験カード], critical: [portal]}, events: [{at: 0s, say: s, stages: {apply: `+string(state)+`}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		server, err := portal.New(script, portal.Options{Start: time.Now().Add(-time.Minute)}).Serve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		set, err := definition.Parse("portal.yaml", script.Definitions(portal.DefinitionOptions{BaseURL: server.URL, Browser: true}))
		if err != nil {
			t.Fatal(err)
		}
		for _, probe := range set.Probes {
			if probe.Kind != probes.KindBrowser || probe.Name == "guide-visit" && state != portal.Normal {
				continue
			}
			if want != "" {
				// What never comes need not be waited for in full: the field to fill, or the good news at the end.
				waits := map[portal.State]int{portal.Provisional: len(probe.Browser.Steps) - 1, portal.ScriptError: 1}
				probe.Browser.Steps[waits[state]].Timeout = 1500 * time.Millisecond
			}
			runner, err := prober.Prepare(probe)
			if err != nil {
				t.Fatal(err)
			}
			result := runner.Run(t.Context())
			t.Logf("%s while the form is %s: %v in %v", probe.Name, state, result.Outcome, result.Duration.Duration().Round(time.Millisecond))
			if result.Reason != want {
				t.Errorf("%s while the form is %s: %v %s: %s, want %q", probe.Name, state, result.Outcome, result.Reason, result.Message, want)
			}
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}
