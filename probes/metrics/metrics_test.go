package metrics

import (
	"bytes"
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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

func TestOutcomes(t *testing.T) {
	for _, reason := range append([]probes.Reason{""}, probes.Reasons()...) {
		t.Run(string(reason), func(t *testing.T) {
			m := New(Options{Now: (&clock{t0}).Now})
			p := httpProbe("top")
			m.Configure(set(p))
			m.Observe(failed(p, reason))
			outcome := reason.Outcome()
			wantValue(t, m, float64(outcome), "probe_outcome", "probe=top")
			wantValue(t, m, 1, "probe_runs_total")
			switch outcome {
			case probes.Unknown:
				wantAbsent(t, m, "probe_success")
				wantAbsent(t, m, "probe_first_attempt_success")
				wantValue(t, m, 0, "probe_failed_runs_total")
				wantValue(t, m, 1, "probe_unknown_runs_total")
				wantValue(t, m, 1, "stage_unknown_total", "reason="+string(reason))
				wantAbsent(t, m, "stage_failures_total", "reason="+string(reason))
			case probes.Up, probes.Degraded:
				wantValue(t, m, 1, "probe_success")
				wantValue(t, m, 1, "probe_first_attempt_success")
				wantValue(t, m, 0, "probe_failed_runs_total")
				wantValue(t, m, 0, "probe_unknown_runs_total")
			default:
				wantValue(t, m, 0, "probe_success")
				wantValue(t, m, 0, "probe_first_attempt_success")
				wantValue(t, m, 1, "probe_failed_runs_total")
				wantValue(t, m, 0, "probe_unknown_runs_total")
			}
			if reason == "" {
				wantAbsent(t, m, "probe_failure")
				return
			}
			wantValue(t, m, 1, "probe_failure")
			wantValue(t, m, 1, "probe_failure", "reason="+string(reason))
			if outcome != probes.Unknown {
				wantValue(t, m, 1, "stage_failures_total", "flow=card", "stage=portal", "kind=http", "reason="+string(reason))
			}
		})
	}
}

func TestReasonCount(t *testing.T) {
	if len(probes.Reasons()) != reasonCount {
		t.Fatalf("there are %d reasons, reasonCount is %d", len(probes.Reasons()), reasonCount)
	}
}

// TestFromTheStart: every counter is there at 0 before anything ran, and nothing is claimed of the target.
func TestFromTheStart(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now, MissedReasons: []string{"late"}})
	m.Configure(set(httpProbe("top"), noticeProbe("news")))
	for _, name := range []string{
		"probe_runs_total", "probe_failed_runs_total", "probe_unknown_runs_total", "probe_missed_runs_total", "probe_extra_runs_total",
		"probe_outages_total", "probe_outage_seconds_total", "probe_outage_active", "probe_outcome",
	} {
		wantValue(t, m, 0, name, "probe=top")
	}
	for _, reason := range probes.Reasons() {
		name := "stage_failures_total"
		if reason.Outcome() == probes.Unknown {
			name = "stage_unknown_total"
		}
		wantValue(t, m, 0, name, "stage=portal", "reason="+string(reason))
	}
	for _, source := range []string{"observed", "announced", "planned"} {
		wantValue(t, m, 0, "flow_outages_total", "source="+source)
		wantValue(t, m, 0, "flow_outage_seconds_total", "source="+source)
		wantValue(t, m, 0, "flow_outage_active", "source="+source)
	}
	for _, change := range []string{"new", "edited", "withdrawn"} {
		wantValue(t, m, 0, "probe_notice_changes_total", "change="+change)
	}
	wantValue(t, m, 0, "prober_runs_missed_total", "reason=late")
	wantValue(t, m, 0, "prober_runs_missed_total", "reason=other")
	wantValue(t, m, 60, "probe_interval_seconds", "probe=top")
	wantValue(t, m, 1, "probe_info", "probe=top", "target=https://myna.example/top", "reference=false")
	for _, name := range []string{
		"probe_success", "probe_duration_seconds", "probe_last_run_timestamp_seconds", "probe_outage_start_timestamp_seconds",
		"probe_outage_end_timestamp_seconds", "probe_http_status_code", "probe_notice_items", "probe_failure",
	} {
		wantAbsent(t, m, name, "probe=top")
	}
}

func TestOldResultIsNoKnowledge(t *testing.T) {
	c := &clock{t0}
	m := New(Options{Now: c.Now})
	p := httpProbe("top")
	m.Configure(set(p))
	m.Observe(failed(p, probes.ReasonStatus))

	c.now = t0.Add(p.FreshFor())
	wantValue(t, m, 4, "probe_outcome")
	wantValue(t, m, 0, "probe_success")
	wantValue(t, m, 1, "probe_failure", "reason=status")

	c.now = t0.Add(p.FreshFor() + time.Nanosecond)
	wantValue(t, m, 0, "probe_outcome")
	for _, name := range []string{"probe_success", "probe_failure", "probe_duration_seconds", "probe_http_status_code", "probe_first_attempt_success"} {
		wantAbsent(t, m, name)
	}
	wantValue(t, m, float64(t0.Unix()), "probe_last_run_timestamp_seconds")
	wantValue(t, m, float64(t0.Add(time.Hour).Unix()), "probe_ssl_earliest_cert_expiry")
	wantValue(t, m, 1, "probe_runs_total")
}

func TestFlowOutcomeIsAskedWithTheTimeOfTheScrape(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now, FlowOutcome: func(flow string, now time.Time) probes.Outcome {
		if flow != "card" || !now.Equal(t0) {
			t.Errorf("asked for %q at %s", flow, now)
		}
		return probes.Maintenance
	}})
	m.Configure(set(httpProbe("top")))
	wantValue(t, m, 3, "flow_outcome", "flow=card")
	wantAbsent(t, New(Options{}), "flow_outcome")
}

func TestTriggers(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	p := httpProbe("top")
	m.Configure(set(p))
	observe := func(trigger probes.Trigger, reason probes.Reason, at time.Duration) {
		r := failed(p, reason)
		r.Trigger, r.Start = trigger, t0.Add(at)
		m.Observe(r)
	}
	observe(probes.TriggerSchedule, "", 0)
	observe(probes.TriggerConfirm, probes.ReasonStatus, time.Second)
	wantValue(t, m, 4, "probe_outcome")
	wantValue(t, m, 1, "probe_runs_total")
	wantValue(t, m, 0, "probe_failed_runs_total")
	wantValue(t, m, 1, "probe_extra_runs_total")
	wantValue(t, m, 0, "stage_failures_total", "reason=status")

	observe(probes.TriggerDemand, "", 2*time.Second) // feeds no window, and so no gauge that stands beside one
	wantValue(t, m, 4, "probe_outcome")
	wantValue(t, m, 2, "probe_extra_runs_total")

	observe(probes.TriggerSchedule, "", -time.Minute) // came late: an older run than the newest
	wantValue(t, m, 4, "probe_outcome")
	wantValue(t, m, 2, "probe_runs_total")

	metric, _ := series(t, m, "stage_run_duration_seconds", "stage=portal")
	if got := metric.GetHistogram().GetSampleCount(); got != 2 {
		t.Errorf("stage_run_duration_seconds counts %d runs, want the 2 scheduled ones", got)
	}
}

func TestRetriesAreSeen(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	p := httpProbe("top")
	m.Configure(set(p))
	r := result(p)
	r.Attempts = []probes.Attempt{{Status: 503, Reason: probes.ReasonStatus}, {Status: 200}}
	m.Observe(r)
	wantValue(t, m, 1, "probe_success")
	wantValue(t, m, 0, "probe_first_attempt_success")
	wantValue(t, m, 2, "probe_attempts")
}

func TestRunWithoutAnAnswer(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	p := httpProbe("top")
	m.Configure(set(p))
	m.Observe(result(p))
	r := failed(p, probes.ReasonTimeout)
	r.Start = t0.Add(time.Minute)
	r.HTTP = nil
	r.Attempts = []probes.Attempt{{Hung: probes.PhaseConnect, HungFor: probes.Seconds(9 * time.Second), Phases: probes.Phases{Connect: probes.Seconds(9 * time.Second)}}}
	m.Observe(r)
	wantValue(t, m, 0, "probe_http_status_code")
	wantValue(t, m, 9, "probe_http_duration_seconds", "phase=connect")
	wantValue(t, m, 0, "probe_http_duration_seconds", "phase=transfer")
	wantValue(t, m, 9, "probe_http_hung_seconds")
	wantValue(t, m, 9, "probe_http_hung_seconds", "phase=connect")
	wantAbsent(t, m, "probe_http_version")
	// The certificate is as old as it was; that nobody answers now must not end its alert.
	wantValue(t, m, float64(t0.Add(time.Hour).Unix()), "probe_ssl_earliest_cert_expiry")
}

func TestReload(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	stays, goes, moves := httpProbe("stays"), httpProbe("goes"), httpProbe("moves")
	m.Configure(set(stays, goes, moves))
	for _, p := range []probes.Probe{stays, goes, moves} {
		m.Observe(result(p))
		m.SetStatus(probes.OutageStatus{Scope: probes.ScopeProbe, Source: probes.Observed, Name: p.Name, Outages: 3, Seconds: 9})
	}
	m.SetStatus(probes.OutageStatus{Scope: probes.ScopeFlow, Source: probes.Observed, Name: "card", Outages: 2})

	stays.Every = 2 * time.Minute
	moves.Stage = "apply"
	off := httpProbe("off")
	off.Disabled = true
	m.Configure(set(stays, moves, httpProbe("new"), off))

	wantValue(t, m, 1, "probe_runs_total", "probe=stays")
	wantValue(t, m, 1, "probe_outcome", "probe=stays")
	wantValue(t, m, 3, "probe_outages_total", "probe=stays")
	wantValue(t, m, 120, "probe_interval_seconds", "probe=stays")
	wantValue(t, m, 2, "flow_outages_total", "source=observed")
	wantValue(t, m, 0, "probe_runs_total", "probe=new")
	wantValue(t, m, 0, "probe_runs_total", "probe=moves")
	for _, gone := range []string{"goes", "off"} {
		if strings.Contains(text(t, m), `probe="`+gone+`"`) {
			t.Errorf("probe %q still has series", gone)
		}
	}
	m.Observe(result(goes)) // a run that was under way when its definition went
	wantAbsent(t, m, "probe_runs_total", "probe=goes")

	m.Configure(probes.Set{})
	for _, name := range []string{"probe_outcome", "flow_outage_active", "stage_run_duration_seconds", "stage_info", "flow_info"} {
		wantAbsent(t, m, name)
	}
}

func TestWindows(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	m.Configure(set(httpProbe("top"), browserProbe("form")))
	open := probes.Window{
		Start: t0, StartNotBefore: after(-time.Minute), Opened: t0.Add(time.Minute), Unobserved: probes.Seconds(7 * time.Second),
	}
	status := probes.OutageStatus{
		Scope: probes.ScopeProbe, Source: probes.Observed, Name: "form", Active: true, Outages: 1, Seconds: 60,
		Recent: []probes.SlottedWindow{{Slot: 0, Window: open}},
	}
	m.SetStatus(status)
	status.Scope, status.Name = probes.ScopeFlow, "card"
	closed := probes.Window{Start: t0.Add(-2 * time.Hour), End: after(-time.Hour), EndNotBefore: after(-61 * time.Minute)}
	lapsed := probes.Window{Start: t0.Add(-100 * time.Hour), Lapsed: true}
	status.Recent = []probes.SlottedWindow{{Slot: 19, Window: lapsed}, {Slot: 4, Window: closed}, {Slot: 5, Window: open}}
	status.Suspected, status.Flapping = true, true
	m.SetStatus(status)

	wantValue(t, m, 1, "probe_outage_active", "probe=form")
	wantValue(t, m, float64(t0.Unix()), "probe_outage_start_timestamp_seconds")
	wantAbsent(t, m, "probe_outage_end_timestamp_seconds")
	wantValue(t, m, 1, "stage_outage_active", "stage=apply")
	wantValue(t, m, 0, "stage_outage_active", "stage=portal")
	wantValue(t, m, 1, "stage_info", "stage=apply", "title=申請", "critical=true")

	wantValue(t, m, 1, "flow_outage_active", "source=observed")
	wantValue(t, m, 0, "flow_outage_active", "source=announced")
	wantValue(t, m, 1, "flow_outage_suspected")
	wantValue(t, m, 1, "flow_outage_flapping")
	wantValue(t, m, 60, "flow_outage_seconds_total", "source=observed")
	wantValue(t, m, float64(t0.Unix()), "flow_outage_start_timestamp_seconds")
	wantValue(t, m, float64(t0.Add(-time.Minute).Unix()), "flow_outage_start_not_before_timestamp_seconds")
	wantValue(t, m, 7, "flow_outage_unobserved_seconds")
	wantAbsent(t, m, "flow_outage_end_timestamp_seconds")
	wantValue(t, m, float64(t0.Unix()), "flow_outage_window_start_timestamp_seconds", "slot=5")
	wantValue(t, m, float64(t0.Add(time.Minute).Unix()), "flow_outage_window_known_timestamp_seconds", "slot=5")
	wantAbsent(t, m, "flow_outage_window_end_timestamp_seconds", "slot=5")
	wantValue(t, m, float64(t0.Add(-2*time.Hour).Unix()), "flow_outage_window_start_timestamp_seconds", "slot=4")
	wantValue(t, m, float64(t0.Add(-time.Hour).Unix()), "flow_outage_window_end_timestamp_seconds", "slot=4")
	wantAbsent(t, m, "flow_outage_window_start_timestamp_seconds", "slot=19") // it would look open for ever

	// Closed, and counted less after a correction: gauges follow, counters never fall.
	open.End, open.EndNotBefore = after(time.Hour), after(50*time.Minute)
	m.SetStatus(probes.OutageStatus{
		Scope: probes.ScopeFlow, Source: probes.Observed, Name: "card", Outages: 0, Seconds: 1,
		Recent: []probes.SlottedWindow{{Slot: 5, Window: open}},
	})
	wantValue(t, m, 0, "flow_outage_active", "source=observed")
	wantValue(t, m, 1, "flow_outages_total", "source=observed")
	wantValue(t, m, 60, "flow_outage_seconds_total", "source=observed")
	wantValue(t, m, float64(t0.Add(time.Hour).Unix()), "flow_outage_end_timestamp_seconds")
	wantValue(t, m, float64(t0.Add(50*time.Minute).Unix()), "flow_outage_end_not_before_timestamp_seconds")
	wantAbsent(t, m, "flow_outage_window_start_timestamp_seconds", "slot=4")
}

func TestMaintenanceOverrun(t *testing.T) {
	for name, c := range map[string]struct {
		lastGood, out time.Duration // the end of the last good run, and the start of the outage; the plan is from 0 to 2 h
		noGood        bool
		over          bool // the outage, that is
		now           time.Duration
		want          float64
	}{
		"goes on past its end":                {lastGood: -time.Minute, out: 2*time.Hour + time.Minute, now: 3 * time.Hour, want: 1},
		"no good run is known":                {noGood: true, out: 2*time.Hour + time.Minute, now: 3 * time.Hour, want: 1},
		"it broke again later":                {lastGood: 150 * time.Minute, out: 151 * time.Minute, now: 3 * time.Hour},
		"it was broken before the plan began": {lastGood: -time.Hour, out: -30 * time.Minute, now: 3 * time.Hour},
		"the plan has not ended":              {lastGood: -time.Minute, out: time.Hour, now: 90 * time.Minute},
		"it was late, and is back now":        {lastGood: -time.Minute, out: 2*time.Hour + time.Minute, over: true, now: 3 * time.Hour},
	} {
		m := New(Options{Now: (&clock{t0.Add(c.now)}).Now})
		m.Configure(set(httpProbe("top")))
		out := probes.Window{Start: t0.Add(c.out), StartNotBefore: after(c.lastGood)}
		if c.noGood {
			out.StartNotBefore = nil
		}
		if c.over {
			out.End = after(c.now)
		}
		status := func(source probes.WindowSource, active bool, w probes.Window) {
			m.SetStatus(probes.OutageStatus{
				Scope: probes.ScopeFlow, Source: source, Name: "card", Active: active, Recent: []probes.SlottedWindow{{Window: w}},
			})
		}
		status(probes.Foretold, false, probes.Window{Start: t0, End: after(2 * time.Hour)})
		status(probes.Observed, !c.over, out)
		t.Log(name)
		wantValue(t, m, c.want, "flow_maintenance_overrun")
	}
}

// TestPlannedMaintenanceOfAStage: alerts are silenced by declared maintenance only, so a stage is told apart by who planned
// it, by how much of it the plan names, and to the second.
func TestPlannedMaintenanceOfAStage(t *testing.T) {
	c := &clock{t0}
	m := New(Options{Now: c.Now})
	m.Configure(set(httpProbe("one"), httpProbe("two"), browserProbe("form")))
	address := "https://myna.example/news/1"
	plan := func(w probes.Window) {
		w.Start, w.End = t0.Add(time.Hour), after(2*time.Hour)
		m.SetStatus(probes.OutageStatus{
			Scope: probes.ScopeFlow, Source: probes.Foretold, Name: "card", Recent: []probes.SlottedWindow{{Window: w}},
		})
	}
	want := func(portal, apply, byNotice float64) {
		t.Helper()
		wantValue(t, m, portal, "stage_maintenance_active", "stage=portal", "origin=declared")
		wantValue(t, m, apply, "stage_maintenance_active", "stage=apply", "origin=declared")
		wantValue(t, m, byNotice, "stage_maintenance_active", "stage=apply", "origin=notice")
	}
	plan(probes.Window{Probes: []string{"form"}})
	c.now = t0.Add(time.Hour - time.Second)
	want(0, 0, 0)
	c.now = t0.Add(time.Hour)
	want(0, 1, 0)
	plan(probes.Window{Probes: []string{"form", "one"}})
	want(0, 1, 0)
	plan(probes.Window{Probes: []string{"form", "one", "two"}})
	want(1, 1, 0)
	plan(probes.Window{Notice: &address})
	want(0, 0, 1)
	plan(probes.Window{Notice: &address, Withdrawn: true})
	want(0, 0, 0)
	plan(probes.Window{Probes: []string{"form", "one", "two"}})
	c.now = t0.Add(2 * time.Hour)
	want(0, 0, 0)
}

func TestCriticalStages(t *testing.T) {
	all := set(httpProbe("top"), browserProbe("form"), noticeProbe("news"))
	m := New(Options{Now: (&clock{t0}).Now})
	m.Configure(all)
	wantValue(t, m, 1, "stage_info", "stage=apply", "critical=true")
	wantValue(t, m, 1, "stage_info", "stage=portal", "critical=false")
	all.Flows[0].Critical = nil
	m.Configure(all)
	wantValue(t, m, 1, "stage_info", "stage=apply", "critical=true")
	wantValue(t, m, 1, "stage_info", "stage=portal", "critical=true")
	wantValue(t, m, 1, "stage_info", "stage="+noticeProbe("news").Stage, "critical=false")
}

func TestStageThatIsOutOnlyWhenAllOfItIs(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	m.Configure(set(httpProbe("one"), httpProbe("two"))) // stage portal says: all
	down := func(name string) {
		m.SetStatus(probes.OutageStatus{Scope: probes.ScopeProbe, Source: probes.Observed, Name: name, Active: true})
	}
	down("one")
	wantValue(t, m, 0, "stage_outage_active", "stage=portal")
	down("two")
	wantValue(t, m, 1, "stage_outage_active", "stage=portal")
}

func TestNotices(t *testing.T) {
	c := &clock{t0}
	m := New(Options{Now: c.Now})
	p := noticeProbe("news")
	m.Configure(set(p))
	m.Observe(result(p))
	unchanged := result(p)
	unchanged.Start, unchanged.Notice = t0.Add(time.Second), &probes.NoticeResult{NotModified: true, Status: 304}
	m.Observe(unchanged)
	wantValue(t, m, 2, "probe_notice_items")
	wantValue(t, m, 1, "probe_notice_unparsed")
	wantValue(t, m, float64(t0.Add(-time.Hour).Unix()), "probe_notice_newest_timestamp_seconds")
	wantValue(t, m, 304, "probe_http_status_code")
	broken := failed(p, probes.ReasonContent)
	broken.Start, broken.Notice = t0.Add(2*time.Second), &probes.NoticeResult{Status: 200}
	m.Observe(broken)
	wantValue(t, m, 2, "probe_notice_items") // of a source that could not be read nothing new is known

	wantAbsent(t, m, "probe_notice_active", "announcement=outage", "state=ongoing") // nobody said that there is none
	maintenance := func(start, end time.Duration) ActiveNotice {
		return ActiveNotice{Kind: probes.AnnouncedMaintenance, State: probes.Scheduled, Start: after(start), End: after(end)}
	}
	m.SetNotices("news", []ActiveNotice{
		maintenance(30*time.Hour, 31*time.Hour), maintenance(time.Hour, 2*time.Hour), maintenance(-2*time.Hour, -time.Hour),
		{Kind: probes.AnnouncedOutage, State: probes.Ongoing, Start: after(-time.Minute)},
	})
	m.NoticeChanged("news", probes.NoticeEdited)
	scheduled := []string{"announcement=maintenance", "state=scheduled"}
	ongoing := []string{"announcement=outage", "state=ongoing"}
	wantValue(t, m, 2, "probe_notice_active", scheduled...)
	wantValue(t, m, 1, "probe_notice_active", ongoing...)
	wantValue(t, m, 0, "probe_notice_active", "announcement=outage", "state=scheduled")
	wantValue(t, m, float64(t0.Add(time.Hour).Unix()), "probe_notice_window_start_timestamp_seconds", scheduled...)
	wantValue(t, m, float64(t0.Add(2*time.Hour).Unix()), "probe_notice_window_end_timestamp_seconds", scheduled...)
	wantValue(t, m, float64(t0.Add(-time.Minute).Unix()), "probe_notice_window_start_timestamp_seconds", ongoing...)
	wantAbsent(t, m, "probe_notice_window_end_timestamp_seconds", ongoing...)
	wantValue(t, m, 1, "probe_notice_changes_total", "change=edited")

	c.now = t0.Add(2 * time.Hour) // the first of the two is over
	wantValue(t, m, 1, "probe_notice_active", scheduled...)
	wantValue(t, m, float64(t0.Add(30*time.Hour).Unix()), "probe_notice_window_start_timestamp_seconds", scheduled...)
}

func TestOfItself(t *testing.T) {
	m := New(Options{
		Now: (&clock{t0}).Now, Version: "1.2", Revision: "abc", MissedReasons: []string{"running"},
		Browser: func() BrowserStats {
			return BrowserStats{Busy: 1, Free: 2, Waiting: 3, Restarts: map[string]uint64{"crash": 4}, Sandboxed: true, MemoryBytes: 5}
		},
	})
	m.Configure(set(httpProbe("top")))
	m.Missed("top", "running")
	m.Missed("top", "running")
	m.Missed("top", "never heard of")
	m.Late(20 * time.Millisecond)
	m.Late(-time.Millisecond)
	m.Blind(true)
	m.SetStatus(probes.OutageStatus{Scope: probes.ScopeAll, Source: probes.Blind, Outages: 2})
	m.StoreWritable(false)
	m.Reloaded(true, t0)
	m.Reloaded(false, t0.Add(time.Hour))

	wantValue(t, m, 3, "probe_missed_runs_total")
	wantValue(t, m, 2, "prober_runs_missed_total", "reason=running")
	wantValue(t, m, 1, "prober_runs_missed_total", "reason=other")
	wantValue(t, m, 1, "prober_blind")
	wantValue(t, m, 2, "prober_blind_spells_total")
	wantValue(t, m, 0, "prober_store_writable")
	wantValue(t, m, 0, "prober_config_last_reload_successful")
	wantValue(t, m, float64(t0.Unix()), "prober_config_last_reload_success_timestamp_seconds")
	wantValue(t, m, 1, "prober_build_info", "version=1.2", "revision=abc")
	wantValue(t, m, 1, "prober_probes", "kind=http")
	wantValue(t, m, 2, "prober_browser_slots", "state=free")
	wantValue(t, m, 3, "prober_browser_slots", "state=waiting")
	wantValue(t, m, 4, "prober_browser_restarts_total", "reason=crash")
	wantValue(t, m, 1, "prober_browser_sandboxed")
	wantValue(t, m, 5, "prober_browser_resident_memory_bytes")
	metric, _ := series(t, m, "prober_schedule_lateness_seconds")
	if h := metric.GetHistogram(); h.GetSampleCount() != 2 || h.GetSampleSum() != 0.02 {
		t.Errorf("lateness: %v", h)
	}
}

func TestBrowser(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	p := browserProbe("form")
	m.Configure(set(p))
	r := failed(p, probes.ReasonSelector)
	r.Steps = []probes.StepResult{
		{Name: "open", State: probes.StepPassed, Duration: probes.Seconds(time.Second)},
		{Name: "open", State: probes.StepPassed, Duration: probes.Seconds(9 * time.Second)}, // a series exists once
		{Name: "see", State: probes.StepFailed, Duration: probes.Seconds(2 * time.Second)},
		{Name: "click", State: probes.StepSkipped},
	}
	m.Observe(r)
	wantValue(t, m, 1, "probe_browser_step_duration_seconds", "step=open")
	wantValue(t, m, 1, "probe_browser_step_success", "step=open")
	wantValue(t, m, 0, "probe_browser_step_success", "step=see")
	wantAbsent(t, m, "probe_browser_step_success", "step=click")
	wantValue(t, m, 1, "probe_browser_web_vital_seconds", "vital=lcp")
	wantAbsent(t, m, "probe_browser_web_vital_seconds", "vital=inp")
	wantValue(t, m, 0.25, "probe_browser_cumulative_layout_shift")
	wantValue(t, m, 7, "probe_browser_requests", "party=first", "state=ok")
	wantValue(t, m, 1, "probe_browser_requests", "party=third", "state=failed")
	wantValue(t, m, 0, "probe_browser_requests", "party=third", "state=pending")
	wantValue(t, m, 2, "probe_browser_console_errors")
	wantValue(t, m, 1, "probe_browser_page_errors")
	wantValue(t, m, 1234, "probe_browser_transfer_bytes")
	wantValue(t, m, 200, "probe_http_status_code")
	wantValue(t, m, 1, "probe_info", "target=https://apply.example/")
}
