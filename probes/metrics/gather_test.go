package metrics

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"mynaprobe/probes"
)

func get(t *testing.T, h http.Handler, accept, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHandlerNegotiatesTheFormat(t *testing.T) {
	h := rich(Options{}).Handler()

	plain := get(t, h, "", "")
	if got := plain.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("without Accept: %s", got)
	}
	if text := body(t, plain.Body); !strings.Contains(text, "\nprobe_runs_total{") || strings.Contains(text, "# EOF") {
		t.Error("the text format is wrong")
	}

	open := get(t, h, acceptOpenMetrics, "")
	if got := open.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0") {
		t.Errorf("asked for OpenMetrics: %s", got)
	}
	text := body(t, open.Body)
	for _, want := range []string{"# TYPE probe_runs counter\n", "# UNIT probe_duration_seconds seconds\n", "\nprobe_runs_total{", "# EOF\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("OpenMetrics lacks %q", want)
		}
	}
}

func TestNativeHistogramsTravelInProtobuf(t *testing.T) {
	r := get(t, rich(Options{}).Handler(), acceptProtobuf, "")
	decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
	native := map[string]bool{}
	families := 0
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		families++
		for _, metric := range f.Metric {
			if h := metric.GetHistogram(); h != nil && h.Schema != nil && len(h.Bucket) > 0 {
				native[f.GetName()] = true
			}
		}
	}
	if want := len(Catalogue()); families != want {
		t.Errorf("%d families arrived, want the %d of the catalogue", families, want)
	}
	for _, name := range []string{"stage_run_duration_seconds", "prober_schedule_lateness_seconds"} {
		if !native[name] {
			t.Errorf("%s is not both a native and a classic histogram", name)
		}
	}
}

func TestHandlerCompresses(t *testing.T) {
	h := rich(Options{}).Handler()
	want := body(t, get(t, h, acceptText, "").Body)
	for encoding, reader := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	} {
		for _, accept := range []string{encoding, "gzip, zstd"} {
			r := get(t, h, acceptText, accept)
			got := r.Header.Get("Content-Encoding")
			if accept == encoding && got != encoding {
				t.Errorf("Accept-Encoding %q: answered with %q", accept, got)
				continue
			}
			if got != encoding {
				continue
			}
			unpacked, err := reader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if text := body(t, unpacked); lines(text) != lines(want) {
				t.Errorf("%s: %d lines came out, want %d", encoding, lines(text), lines(want))
			}
		}
	}
	if got := get(t, h, acceptText, "gzip, zstd").Header.Get("Content-Encoding"); got != "zstd" {
		t.Errorf("a client that takes both got %q, want zstd", got)
	}
}

func lines(text string) int { return strings.Count(text, "\n") }

// TestScrapesAtOnce: what one scrape reuses, another one never sees.
func TestScrapesAtOnce(t *testing.T) {
	m := New(Options{Now: (&clock{t0}).Now})
	all := []probes.Probe{httpProbe("a"), httpProbe("b"), browserProbe("c"), noticeProbe("d")}
	m.Configure(set(all...))
	h := m.Handler()
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			for n := range 20 {
				for _, p := range all {
					r := failed(p, probes.ReasonStatus)
					r.Start = t0.Add(time.Duration(n) * time.Second)
					m.Observe(r)
					m.SetStatus(probes.OutageStatus{Scope: probes.ScopeProbe, Source: probes.Observed, Name: p.Name, Outages: uint64(n)})
				}
				m.SetNotices("d", []ActiveNotice{{Kind: probes.AnnouncedOutage, State: probes.Ongoing}})
				m.NoticeChanged("d", probes.NoticeNew)
				m.Missed("a", "late")
				m.Late(time.Millisecond)
				if n%5 == 0 {
					m.Configure(set(all...))
				}
			}
		})
		group.Go(func() {
			for range 20 {
				accept := []string{acceptText, acceptOpenMetrics, acceptProtobuf}[i]
				if r := get(t, h, accept, ""); r.StatusCode != http.StatusOK {
					t.Errorf("a scrape ended with %s", r.Status)
				}
				if _, err := m.Gather(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	wantValue(t, m, 60, "probe_runs_total", "probe=a")
}

// slowWriter is a client that does not read on until it is let.
type slowWriter struct {
	*httptest.ResponseRecorder
	started, goOn chan struct{}
	once          sync.Once
}

func (w *slowWriter) Write(data []byte) (int, error) {
	w.once.Do(func() { close(w.started) })
	<-w.goOn
	return w.ResponseRecorder.Write(data)
}

// TestSlowClient: results are taken in while clients hang, and too many clients are turned away.
func TestSlowClient(t *testing.T) {
	m := rich(Options{})
	h := m.Handler()
	goOn := make(chan struct{})
	var group sync.WaitGroup
	for range maxScrapes {
		w := &slowWriter{ResponseRecorder: httptest.NewRecorder(), started: make(chan struct{}), goOn: goOn}
		group.Go(func() { h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil)) })
		<-w.started
	}
	m.Observe(result(httpProbe("top")))
	wantValue(t, m, 2, "probe_runs_total", "probe=top")
	if r := get(t, h, "", ""); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one scrape too many was answered with %s", r.Status)
	}
	close(goOn)
	group.Wait()
	if r := get(t, h, "", ""); r.StatusCode != http.StatusOK {
		t.Errorf("after that a scrape was answered with %s", r.Status)
	}
}

// brokenWriter is a client that went away.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestHalfAScrapeIsCutOff(t *testing.T) {
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("the handler ended with %v, want http.ErrAbortHandler", got)
		}
	}()
	rich(Options{}).Handler().ServeHTTP(brokenWriter{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
}

func TestOneShot(t *testing.T) {
	top, news := result(httpProbe("top")), result(noticeProbe("news"))
	top.Location, top.Trigger = "tokyo", probes.TriggerDemand
	dead := failed(httpProbe("dead"), probes.ReasonConnect)
	dead.Start = t0.AddDate(-1, 0, 0) // one run has no age
	got, err := OneShot([]probes.Result{top, dead, news, result(browserProbe("form"))})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`probe_success{flow="card",kind="http",location="tokyo",probe="top",stage="portal"} 1` + "\n",
		`probe_success{flow="card",kind="http",probe="dead",stage="portal"} 0` + "\n",
		`probe_outcome{flow="card",kind="http",probe="dead",stage="portal"} 4` + "\n",
		`probe_failure{flow="card",kind="http",probe="dead",reason="connect",stage="portal"} 1` + "\n",
		`probe_http_status_code{flow="card",kind="http",location="tokyo",probe="top",stage="portal"} 200` + "\n",
		`probe_ssl_earliest_cert_expiry{flow="card",kind="http",location="tokyo",probe="top",stage="portal"} 1.7617854e+09` + "\n",
		`probe_notice_items{flow="card",kind="notice",probe="news",stage="notices"} 2` + "\n",
		`probe_browser_step_success{flow="card",kind="browser",probe="form",stage="apply",step="see"} 1` + "\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("lacks %s", want)
		}
	}
	for _, not := range []string{"_total", "probe_outage", "flow_", "stage_", "prober_"} {
		if strings.Contains(string(got), "\n"+not) || not == "_total" && strings.Contains(string(got), not) {
			t.Errorf("a single run says something of %s", not)
		}
	}
	problems, err := promlint.New(strings.NewReader(string(got))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
