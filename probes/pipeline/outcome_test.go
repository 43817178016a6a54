package pipeline

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/robots"
)

// once runs the probes of a definition once and returns their results by name.
func once(t *testing.T, yaml string) map[string]probes.Result {
	t.Helper()
	set, err := definition.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(set, Options{EvidenceDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	chosen, _ := p.Select(nil)
	byName := map[string]probes.Result{}
	for _, r := range p.RunOnce(t.Context(), chosen, nil) {
		byName[r.Probe] = r
	}
	return byName
}

func want(t *testing.T, r probes.Result, reason probes.Reason, message string) {
	t.Helper()
	if r.Reason != reason || r.Outcome != reason.Outcome() || !strings.Contains(r.Message, message) {
		t.Errorf("%s: %s %s %q, want %s with %q", r.Probe, r.Outcome, r.Reason, r.Message, reason, message)
	}
}

func TestReferencesDecideWhoseFaultItIs(t *testing.T) {
	page, dead := newTarget(t).URL, deadAddress(t)
	for name, test := range map[string]struct {
		target, reference string
		reason            probes.Reason
	}{
		"the target is out":            {dead, page, probes.ReasonConnect},
		"we are out":                   {dead, dead, probes.ReasonNetwork},
		"the references alone are out": {page, dead, ""},
	} {
		t.Run(name, func(t *testing.T) {
			results := once(t, "probes: [ { name: shop, http: "+test.target+"/ } ]\nreference: [ { name: r, http: "+test.reference+"/ }, { name: q, http: "+test.reference+"/q } ]")
			want(t, results["shop"], test.reason, "")
			if test.reason == probes.ReasonNetwork {
				want(t, results["r"], probes.ReasonNetwork, "our own network may be out")
			}
		})
	}
}

func TestNoBrowserOnTheMachine(t *testing.T) {
	t.Setenv("CHROME_PATH", filepath.Join(t.TempDir(), "chrome"))
	results := once(t, "probes: [ { name: visit, browser: { steps: [ { open: "+newTarget(t).URL+"/ } ] } } ]")
	want(t, results["visit"], probes.ReasonBrowser, "CHROME_PATH")
}

func TestMissingSecret(t *testing.T) {
	results := once(t, "probes: [ { name: api, http: { url: "+newTarget(t).URL+"/, bearer: { env: MYNAPROBE_TEST_MISSING } } } ]")
	want(t, results["api"], probes.ReasonDefinition, "MYNAPROBE_TEST_MISSING")
}

// panicky is a prober with a bug.
type panicky struct{ when string }

func (p panicky) Prepare(probes.Probe) (probes.Runner, error) {
	if p.when == "prepare" {
		panic("out of range")
	}
	return probes.RunnerFunc(func(context.Context) probes.Result { panic("nil map") }), nil
}

func TestPanicsBecomeResults(t *testing.T) {
	one := probes.Probe{Name: "p", Flow: "f", Stage: "s", Kind: probes.KindHTTP, HTTP: &probes.HTTP{Requests: []probes.Request{{URL: "https://example.jp/?token=x"}}}}
	for when, reason := range map[string]probes.Reason{"prepare": probes.ReasonDefinition, "run": probes.ReasonInternal} {
		r := kit{probes.KindHTTP: panicky{when}}.prepare(one, probes.SystemClock{}, "tokyo").runner.Run(t.Context())
		want(t, r, reason, map[string]string{"prepare": "out of range", "run": "nil map at "}[when])
		if r.Probe != "p" || r.Flow != "f" || r.Stage != "s" || r.Location != "tokyo" || r.Target != "https://example.jp/" || r.Start.IsZero() {
			t.Errorf("the result does not name its probe: %+v", r)
		}
	}
	want(t, kit{}.prepare(one, probes.SystemClock{}, "").runner.Run(t.Context()), probes.ReasonDefinition, "no prober for kind")
}

func TestNothingIsKnownBeforeTheFirstResult(t *testing.T) {
	page := newTarget(t)
	page.hang = true
	r := serve(t, Options{}, parsed(quick(page.URL)))
	text, _ := r.get(t, "/metrics")
	if !strings.Contains(text, `probe_outcome{flow="shop",kind="http",probe="front-page",stage="front"} 0`) || strings.Contains(text, "probe_success{") {
		t.Error("before the first result, the outcome is not 0 or there is a probe_success")
	}
}

// asked answers robots.txt for every host, and writes down what was asked for.
type asked struct{ paths []string }

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.paths = append(a.paths, r.URL.Path)
	body := "User-agent: *\nDisallow: /form\n"
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestRobotsAreObeyedUnlessTheOperatorAgreed(t *testing.T) {
	set, err := definition.Parse("test.yaml", []byte(`
probes:
  - { name: form, http: https://public.example/form }
  - { name: agreed, robots: agreed, http: https://public.example/form }
`))
	if err != nil {
		t.Fatal(err)
	}
	// No name resolves, so that what robots.txt does not stop ends there.
	transport := &asked{}
	p, err := New(set, Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.robots = robots.New("test", transport, time.Now)
	r := p.run(t.Context(), "form", probes.TriggerDemand, time.Time{})
	want(t, r, probes.ReasonDefinition, `forbids /form to mynaprobe; remove the probe, or ask the operator and then write "robots: agreed"`)
	if r := p.run(t.Context(), "agreed", probes.TriggerDemand, time.Time{}); r.Outcome != probes.Up {
		t.Errorf("agreed: %s %s", r.Outcome, r.Message)
	}
	if got := strings.Join(transport.paths, " "); got != "/robots.txt /form" {
		t.Errorf("asked for %s", got)
	}
}
