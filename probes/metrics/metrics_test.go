package metrics

import (
	"bytes"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"mynaprobe/probes"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// t0 is when everything in these tests happens.
var t0 = time.Date(2025, 10, 30, 8, 50, 0, 0, time.FixedZone("JST", 9*3600))

var _ prometheus.Gatherer = (*Metrics)(nil)

func after(d time.Duration) *time.Time {
	t := t0.Add(d)
	return &t
}

func httpProbe(name string) probes.Probe {
	return probes.Probe{
		Name: name, Flow: "card", Stage: "portal", Kind: probes.KindHTTP, Every: time.Minute, Timeout: 10 * time.Second,
		HTTP: &probes.HTTP{Requests: []probes.Request{{URL: "https://user:word@myna.example/top?key=1#part"}}},
	}
}

func browserProbe(name string) probes.Probe {
	return probes.Probe{
		Name: name, Flow: "card", Stage: "apply", Kind: probes.KindBrowser, Every: time.Minute, Timeout: 10 * time.Second,
		Browser: &probes.Browser{Steps: []probes.Step{{Action: probes.ActionOpen, Value: probes.Value{Text: "https://apply.example/?q=1"}}}},
	}
}

func noticeProbe(name string) probes.Probe {
	return probes.Probe{
		Name: name, Flow: "card", Stage: "notices", Kind: probes.KindNotice, Every: 5 * time.Minute, Timeout: 10 * time.Second,
		Notice: &probes.Notice{URL: "https://news.example/rss"},
	}
}

func referenceProbe(name string) probes.Probe {
	p := httpProbe(name)
	p.Flow, p.Stage, p.Reference = "", "", true
	return p
}

func set(all ...probes.Probe) probes.Set {
	return probes.Set{
		Flows: []probes.Flow{{
			Name: "card", Title: "マイナンバーカード", Critical: []string{"apply"}, Objective: 0.999,
			Stages: []probes.Stage{{Name: "apply", Title: "申請"}, {Name: "portal", AllOut: true}},
		}},
		Probes: all,
	}
}

// result is a good scheduled run of a probe at t0.
func result(p probes.Probe) probes.Result {
	r := probes.Result{
		Probe: p.Name, Flow: p.Flow, Stage: p.Stage, Kind: p.Kind, Trigger: probes.TriggerSchedule, Start: t0,
		Duration: probes.Seconds(1500 * time.Millisecond), Outcome: probes.Up,
	}
	switch p.Kind {
	case probes.KindHTTP:
		r.Attempts = []probes.Attempt{{Start: t0, Status: 200}}
		r.HTTP = &probes.HTTPResult{
			Status: 200, Version: 2, Redirects: 1, IP: "127.0.0.1", IPVersion: 4, ContentLength: -1, BodyBytes: 20000,
			LastModified: t0.Add(-time.Hour),
			Phases: probes.Phases{
				Resolve: probes.Seconds(time.Millisecond), Connect: probes.Seconds(2 * time.Millisecond), TLS: probes.Seconds(3 * time.Millisecond),
				Processing: probes.Seconds(4 * time.Millisecond), Transfer: probes.Seconds(5 * time.Millisecond),
			},
			TLS: &probes.TLSResult{Version: "TLS 1.3", EarliestExpiry: t0.Add(time.Hour), ChainExpiry: t0.Add(2 * time.Hour)},
		}
	case probes.KindBrowser:
		shift := 0.25
		r.Steps = []probes.StepResult{
			{Name: "open", State: probes.StepPassed, Duration: probes.Seconds(time.Second)},
			{Name: "see", State: probes.StepPassed, Duration: probes.Seconds(time.Second / 2)},
		}
		r.Browser = &probes.BrowserResult{
			Status: 200, Vitals: map[string]probes.Seconds{"ttfb": probes.Seconds(time.Millisecond), "lcp": probes.Seconds(time.Second)},
			LayoutShift: &shift, TransferBytes: 1234, ConsoleErrors: 2, PageErrors: 1,
			Requests: []probes.RequestCount{{Party: probes.FirstParty, State: probes.RequestOK, Count: 7}, {Party: probes.ThirdParty, State: probes.RequestFailed, Count: 1}},
		}
	case probes.KindNotice:
		r.Notice = &probes.NoticeResult{Status: 200, Items: []probes.NoticeItem{
			{Address: "a", Published: t0.Add(-time.Hour)}, {Address: "b", Published: t0.Add(-2 * time.Hour), Unparsed: true},
		}}
	}
	return r
}

func failed(p probes.Probe, reason probes.Reason) probes.Result {
	r := result(p)
	r.Fail(reason, "it broke")
	return r
}

// clock is a time that a test moves by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// text is what a person sees with curl.
func text(t *testing.T, m *Metrics) string {
	t.Helper()
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// series finds the one series of a metric whose labels hold all that is asked for ("name=value").
func series(t *testing.T, m *Metrics, name string, labels ...string) (*dto.Metric, bool) {
	t.Helper()
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var found []*dto.Metric
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, metric := range f.Metric {
			if hasAll(metric, labels) {
				found = append(found, metric)
			}
		}
	}
	if len(found) > 1 {
		t.Fatalf("%s%v: %d series, want one at most", name, labels, len(found))
	}
	if len(found) == 0 {
		return nil, false
	}
	return found[0], true
}

func hasAll(metric *dto.Metric, labels []string) bool {
	for _, label := range labels {
		name, value, _ := strings.Cut(label, "=")
		if !slices.ContainsFunc(metric.Label, func(l *dto.LabelPair) bool { return l.GetName() == name && l.GetValue() == value }) {
			return false
		}
	}
	return true
}

func wantValue(t *testing.T, m *Metrics, want float64, name string, labels ...string) {
	t.Helper()
	metric, ok := series(t, m, name, labels...)
	if !ok {
		t.Errorf("%s%v is absent, want %v", name, labels, want)
		return
	}
	if got := metric.GetGauge().GetValue() + metric.GetCounter().GetValue(); got != want {
		t.Errorf("%s%v = %v, want %v", name, labels, got, want)
	}
}

func wantAbsent(t *testing.T, m *Metrics, name string, labels ...string) {
	t.Helper()
	if metric, ok := series(t, m, name, labels...); ok {
		t.Errorf("%s%v is there (%v), want it absent", name, labels, metric)
	}
}

func TestFirstScrape(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	p := httpProbe("top")
	m.Configure(set(p))
	m.Observe(result(p))
	out := text(t, m)
	problems, err := promlint.New(strings.NewReader(out)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}

}
