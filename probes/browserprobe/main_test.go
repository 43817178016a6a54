package browserprobe

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/probes"
)

// shared is the Prober of most tests: one Chrome for the package.
var shared = sync.OnceValue(func() *Prober {
	return New(Options{UserAgentSuffix: "mynaprobe-test/1 (+https://example.jp/contact)", maxBytes: 16 << 20,
		Settings: probes.BrowserSettings{RecycleAfter: 1 << 30}})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared().Close(); err != nil {
		fmt.Fprintln(os.Stderr, "closing the shared browser:", err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// browserProbe is a probe with sensible values and the steps.
func browserProbe(steps ...probes.Step) probes.Probe {
	return probes.Probe{
		Name: "journey", Flow: "flow", Stage: "stage", Kind: probes.KindBrowser, Source: "test.yaml:1",
		Every: time.Minute, Timeout: 30 * time.Second,
		Browser: &probes.Browser{Steps: steps, FailOnFirstParty: true},
	}
}

func open(url string) probes.Step {
	return probes.Step{Name: "open", Action: probes.ActionOpen, Value: probes.Value{Text: url}}
}

// run prepares and runs a probe once.
func run(t testing.TB, p *Prober, probe probes.Probe) probes.Result {
	t.Helper()
	runner, err := p.Prepare(probe)
	if err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	return runner.Run(t.Context())
}

func wantOutcome(t testing.TB, r probes.Result, outcome probes.Outcome, reason probes.Reason) {
	t.Helper()
	if r.Outcome != outcome || r.Reason != reason {
		t.Fatalf("got %s (%s) %q, want %s (%s)\nsteps: %+v\nattempts: %+v", r.Outcome, r.Reason, r.Message, outcome, reason, r.Steps, r.Attempts)
	}
}
