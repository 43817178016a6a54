package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/pipeline"
	"mynaprobe/probes/portal"
)

// scale is how much faster everything goes here than where the dashboards are used: a scrape a second, not every 15.
const scale = 15

// gone is the phase in which the prober is.
const gone = "gone"

// world is a portal with an incident, a prober that watches it, and a Prometheus that scrapes the prober.
type world struct {
	start              time.Time
	clock              *probes.VirtualClock // the portal's
	prober, prometheus string
	stopProber         func()
}

// newWorld starts everything. What the incident does not show by itself is there beside it: TLS, a retry, a hanging page, a
// refusal meant for robots, declared maintenance.
func newWorld(t *testing.T) *world {
	t.Helper()
	parts.NeedBrowser(t)
	w := &world{start: time.Now()}
	data, err := os.ReadFile("testdata/incident.yaml")
	if err != nil {
		t.Fatal(err)
	}
	script, err := portal.LoadScript("incident", data)
	if err != nil {
		t.Fatal(err)
	}
	w.clock = probes.NewVirtualClock(w.start)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	stand := portal.New(script, portal.Options{Start: w.start, Clock: w.clock})
	site, err := stand.Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { site.Close() })
	var asked atomic.Int64
	trouble := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/second":
			if asked.Add(1)%2 == 1 {
				rw.WriteHeader(http.StatusBadGateway)
			}
		case "/hang":
			<-r.Context().Done()
		case "/robots":
			rw.Header().Set("Cf-Mitigated", "challenge")
			rw.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(trouble.Close)

	ca, err := stand.CA()
	if err != nil {
		t.Fatal(err)
	}
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, ca, 0o666); err != nil {
		t.Fatal(err)
	}
	text := string(script.Definitions(portal.DefinitionOptions{BaseURL: site.URL, Browser: true}))
	text = strings.Replace(text, "flow:\n", "flow:\n  objective: 99.9%\n", 1)
	text = strings.Replace(text, "defaults: {", "defaults: { confirm: { spread: 1s },", 1)
	text += fmt.Sprintf(`
  - { name: secure-page, stage: secure, http: { url: %s/html/, tls: { ca: %s } } }
  - { name: second-try, stage: trouble, http: { url: %[3]s/second, retry: { attempts: 2, wait: 10ms } } }
  - { name: hanging-page, stage: trouble, http: %[3]s/hang }
  - { name: refused-page, stage: trouble, http: %[3]s/robots }
maintenance:
  - { name: work, flow: mirai-card, start: %[4]q, end: %[5]q }
`, site.TLSURL, authority, trouble.URL, time.Now().Add(4*time.Second).Format(time.RFC3339), time.Now().Add(10*time.Second).Format(time.RFC3339))
	set, err := definition.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, set)
	w.scrape(t)
	return w
}

func (w *world) serve(t *testing.T, set probes.Set) {
	t.Helper()
	p, err := pipeline.New(set, pipeline.Options{StateDir: t.TempDir(), Location: "tokyo", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	listening, done := make(chan string, 1), make(chan error, 1)
	go func() {
		err := p.Serve(ctx, pipeline.ServeOptions{Listen: []string{"127.0.0.1:0"}, Listening: func(addr string) { listening <- addr }})
		if closeErr := p.Close(); err == nil {
			err = closeErr
		}
		done <- err
		close(done)
	}()
	w.stopProber = func() {
		cancel()
		if err := <-done; err != nil { // nil once it is closed
			t.Error(err)
		}
	}
	t.Cleanup(w.stopProber)
	select {
	case w.prober = <-listening:
	case err := <-done:
		t.Fatalf("the prober did not start: %v", err)
	}
}

// scrape starts a Prometheus with the shipped rules, evaluated as often as it scrapes.
func (w *world) scrape(t *testing.T) {
	t.Helper()
	program := parts.Need(t, parts.Prometheus, "prometheus")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o777); err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Glob("../deploy/prometheus/rules/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range rules {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`(?m)^    interval: .*$`).ReplaceAll(data, []byte("    interval: 1s"))
		if err := os.WriteFile(filepath.Join(dir, "rules", filepath.Base(file)), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [ "rules/*.yml" ]
scrape_configs: [ { job_name: mynaprobe, static_configs: [ { targets: [ %q ] } ] } ]
`, w.prober), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("prometheus said:\n%s", log.String())
		}
	})
	w.prometheus = "http://" + address
}

// step makes the portal stand as at a second of the script.
func (w *world) step(second int) { w.clock.Set(w.start.Add(time.Duration(second) * time.Second)) }

// sample is a series as Prometheus answers it.
type sample struct {
	Metric map[string]string
	Value  [2]any   // of an instant query
	Values [][2]any // of a range query
}

// points are the values of either kind, by time.
func (s sample) points() (times, values []float64) {
	all := s.Values
	if all == nil {
		all = [][2]any{s.Value}
	}
	for _, p := range all {
		v, _ := strconv.ParseFloat(p[1].(string), 64)
		times, values = append(times, p[0].(float64)), append(values, v)
	}
	return times, values
}

// ask puts a query to Prometheus as Grafana does.
func (w *world) ask(path string, form url.Values) ([]sample, error) {
	response, err := http.PostForm(w.prometheus+"/api/v1/"+path, form)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct{ Result []sample }
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s", answer.Error)
	}
	return answer.Data.Result, nil
}

// span is a time range of a dashboard.
type span struct{ from, to time.Time }

func (s span) seconds() int { return int(math.Ceil(s.to.Sub(s.from).Seconds())) }

// step is Grafana's: as many points as there is room for, and no less than the panel's or the annotation's least step.
func (s span) step(least string, points int) int {
	d, err := time.ParseDuration(least)
	if err != nil {
		panic(err)
	}
	if points == 0 {
		points = 1000
	}
	return max(int(d.Seconds())/scale, s.seconds()/points)
}

// filled replaces Grafana's variables, with all chosen.
func (s span) filled(expr string, step int) string {
	return strings.NewReplacer(
		"$__rate_interval", fmt.Sprint(max(step+1, 4), "s"), "$__interval", fmt.Sprint(step, "s"), "$__range_s", fmt.Sprint(s.seconds()), "$__range", fmt.Sprint(s.seconds(), "s"),
		"$datasource", "", "$job", ".+", "$instance", ".+", "$flow", ".*", "$stage", ".*", "$probe", ".*", "$location", ".*",
	).Replace(expr)
}

func (w *world) instant(expr string, s span) ([]sample, error) {
	return w.ask("query", url.Values{"query": {s.filled(expr, s.step("1m", 0))}, "time": {fmt.Sprint(s.to.Unix())}})
}

func (w *world) ranged(expr string, s span, step int) ([]sample, error) {
	// Both ends are rounded down to whole steps.
	align := func(at time.Time) string { return fmt.Sprint(at.Unix() / int64(step) * int64(step)) }
	return w.ask("query_range", url.Values{"query": {s.filled(expr, step)}, "start": {align(s.from)}, "end": {align(s.to)}, "step": {fmt.Sprint(step)}})
}

// until waits until every query has an answer.
func (w *world) until(t *testing.T, what string, queries ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, q := range queries {
		for {
			got, err := w.ask("query", url.Values{"query": {q}})
			if err == nil && len(got) > 0 {
				break
			}
			if (probes.SystemClock{}).Sleep(ctx, 200*time.Millisecond) != nil {
				outcomes, _ := w.ask("query", url.Values{"query": {`{__name__=~"(flow|probe)_outcome|probe_failure"}`}})
				t.Fatalf("%s: nothing for %s (%v); there is %v", what, q, err, outcomes)
			}
		}
	}
}

// TestEveryPanelHasData plays an incident to real parts, and puts every query of every panel to Prometheus during and after
// it.
func TestEveryPanelHasData(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	all := boards(t)
	w := newWorld(t)
	w.until(t, "before", `flow_outcome == 1`, `probe_outcome{probe="notice-list"} == 1`, `probe_browser_step_success`, `probe_http_hung_seconds`, `probe_ssl_earliest_cert_expiry`, `time() > flow_outage_window_end_timestamp_seconds{source="planned"}`, `flow_outage_active{source="planned"} == 0`)
	w.step(1)
	w.until(t, "the outage", `flow_outage_active{source="observed"} == 1`)
	// Grafana looks at whole steps: so wait until what is waited for is a step old.
	w.step(2)
	w.until(t, "the notice", `flow_outage_active{source="announced"} offset 5s == 1`, `probe_notice_window_end_timestamp_seconds offset 5s`, `flow:out:quorum offset 5s`, `flow:unavailability:ratio3d > 0`, `flow:down_votes:count offset 5s`)
	seen := map[string]bool{} // queries that had data, by their place
	w.holds(t, all, "during", seen)
	w.says(t, all, "during", map[string]string{
		"Flow overview/Now":                        "title=スマホ用みらいカード 4",
		"Flow overview/Stages out":                 "stage=login 1",
		"Flow overview/Locations that see it down": "flow=mirai-card 1",
		"Flow overview/Observed":                   "flow=mirai-card 1",
		"Probe detail/Now":                         "probe=login-door 4",
		"Probe detail/Reason":                      "probe=login-door reason=status 1",
		"Probe detail/Good at the first attempt":   "probe=second-try 0",
		"Probe detail/Attempts":                    "probe=second-try 2",
		"Probe detail/HTTP status":                 "probe=login-door 503",
		"Probe detail/Observed outage":             "probe=login-door 1",
		"Probe detail/Steps passed":                "probe=guide-visit 1",
		"Notices/Announced now":                    "source=announced 1",
		"Notices/Unreadable":                       "probe=notice-list 0",
		"Notices/Announcements":                    "probe=notice-list announcement=outage state=ongoing 1",
		"Prober health/Blind":                      "location=tokyo 0",
		"Prober health/Scraped":                    "instance=" + w.prober + " 1",
		"Prober health/Store":                      "location=tokyo 1",
	})
	w.windows(t, all, "during", span{w.start.Add(-10 * time.Second), time.Now()}, w.known(t))
	w.step(3)
	w.until(t, "the recovery", `flow_outage_active{source="observed"} offset 5s == 0`)
	w.step(4)
	w.until(t, "the notice of the recovery", `increase(probe_notice_changes_total{change="edited"}[1m]) > 0`, `flow_outage_window_end_timestamp_seconds{source="announced"} offset 2s`, `probe_notice_unparsed offset 2s > 0`)
	w.holds(t, all, "after", seen)
	w.says(t, all, "after", map[string]string{
		"Flow overview/Now":            "title=スマホ用みらいカード 4", // the operator has another announcement out
		"Flow overview/Stages out":     "stage=login absent",
		"Flow overview/Stages":         "stage=login 1",
		"Probe detail/Now":             "probe=login-door 1",
		"Probe detail/Reason":          "probe=hanging-page reason=timeout 1",
		"Probe detail/HTTP status":     "probe=login-door 200",
		"Probe detail/Observed outage": "probe=login-door 0",
		"Notices/Unreadable":           "probe=notice-list 1",
	})
	for _, long := range []time.Duration{time.Since(w.start) + 10*time.Second, 24 * time.Hour, 90 * 24 * time.Hour} {
		now := time.Now()
		w.windows(t, all, "after", span{now.Add(-long), now}, w.known(t))
	}
	want := w.known(t)
	w.stopProber()
	w.until(t, "the end of the prober", `up offset 2s == 0`)
	w.windows(t, all, gone, span{w.start, time.Now()}, want)
	for _, b := range all {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				if where := b.Title + "/" + p.Title + " " + q.RefID; !seen[where] {
					t.Errorf("%s had no data, neither during nor after the incident: %s", where, q.Expr)
				}
			}
		}
	}
}

// holds puts every query of every panel to Prometheus and looks at the shape of what comes back.
func (w *world) holds(t *testing.T, all []board, phase string, seen map[string]bool) {
	t.Helper()
	s := span{w.start, time.Now()}
	for _, b := range all {
		for _, v := range b.Templating.List {
			if m := variableQuery.FindStringSubmatch(v.Definition); v.Type == "query" && m[1] == "query_result" {
				query := strings.TrimSuffix(strings.TrimPrefix(v.Definition, "query_result("), ")")
				if got, err := w.instant(query, s); err != nil || len(got) == 0 {
					t.Errorf("%s, %s, variable %s: %v %v", phase, b.Title, v.Name, got, err)
				}
			}
		}
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				where := b.Title + "/" + p.Title + " " + q.RefID
				got, err := w.instant(q.Expr, s)
				if q.Range {
					got, err = w.ranged(q.Expr, s, s.step(p.Interval, p.MaxDataPoints))
				}
				if err != nil {
					t.Errorf("%s, %s: %v", phase, where, err)
				}
				for _, series := range got {
					if w.fits(t, phase+", "+where, p, q, series) {
						seen[where] = true
					}
				}
			}
		}
	}
}

// says holds what panels show in the end against the script: labels and a value, as "label=value … number", or absent.
func (w *world) says(t *testing.T, all []board, phase string, want map[string]string) {
	t.Helper()
	s := span{w.start, time.Now()}
	for place, text := range want {
		title, name, _ := strings.Cut(place, "/")
		b := all[slices.IndexFunc(all, func(b board) bool { return b.Title == title })]
		p := b.Panels[slices.IndexFunc(b.Panels, func(p boardPanel) bool { return p.Title == name })]
		q := p.Targets[0]
		got, err := w.instant(q.Expr, s)
		if q.Range {
			got, err = w.ranged(q.Expr, s, s.step(p.Interval, p.MaxDataPoints))
		}
		if err != nil {
			t.Fatalf("%s, %s: %v", phase, place, err)
		}
		fields := strings.Fields(text)
		last := len(fields) - 1
		met := fields[last] == "absent"
		for _, series := range got {
			matches := true
			for _, f := range fields[:last] {
				label, value, _ := strings.Cut(f, "=")
				matches = matches && series.Metric[label] == value
			}
			if _, values := series.points(); matches {
				met = strconv.FormatFloat(values[len(values)-1], 'f', -1, 64) == fields[last]
			}
		}
		if !met {
			t.Errorf("%s, %s does not say %q but %v", phase, place, text, got)
		}
	}
}

// fits looks at one series of an answer, and reports whether it holds a value at all.
func (w *world) fits(t *testing.T, where string, p boardPanel, q target, series sample) bool {
	for _, m := range labelInText.FindAllStringSubmatch(q.LegendFormat, -1) {
		if series.Metric[m[1]] == "" {
			t.Errorf("%s: a series without the label %s of its legend: %v", where, m[1], series.Metric)
		}
	}
	_, values := series.points()
	any := false
	for _, v := range values {
		if math.IsNaN(v) {
			continue // no run in the step
		}
		any = true
		if p.FieldConfig.Defaults.Unit == "percentunit" && p.Type == "stat" && v > 1 {
			t.Errorf("%s: a share of %v", where, v)
		}
		if p.Type == "state-timeline" && !worded(p.FieldConfig.Defaults.Mappings, v) {
			t.Errorf("%s: the state %v has no word or colour", where, v)
		}
	}
	return any
}

func worded(mappings []mapping, v float64) bool {
	return slices.ContainsFunc(mappings, func(m mapping) bool {
		if m.Type == "range" {
			from, bounded := m.Options["from"].(float64)
			to, limited := m.Options["to"].(float64)
			return (!bounded || v >= from) && (!limited || v <= to)
		}
		_, ok := m.Options[strconv.FormatFloat(v, 'f', -1, 64)]
		return ok
	})
}
