package export

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
)

// TestPrometheusShowsOldWindows loads the export into a real Prometheus and asks it for every minute of the windows.
func TestPrometheusShowsOldWindows(t *testing.T) {
	promtool, prometheus := parts.Need(t, parts.Prometheus, "promtool"), parts.Need(t, parts.Prometheus, "prometheus")
	dir := t.TempDir()
	now := jstAt(33, 12, 0, 0)
	of := func(scope probes.WindowScope, source probes.WindowSource, name string, start time.Time, end *time.Time) probes.Window {
		w := probes.Window{ID: name + start.String(), Source: source, Scope: scope, Name: name, Start: start, End: end, Opened: start}
		if scope == probes.ScopeProbe {
			w.Flow, w.Stage = "flow of "+name, "apply"
		}
		return w
	}
	odd := `名前 "quoted" \ and`
	lapsed := of(probes.ScopeFlow, probes.Announced, "lapsed", jstAt(30, 1, 0, 0), nil)
	lapsed.Lapsed, lapsed.Opened = true, jstAt(30, 3, 20, 0)
	windows := []probes.Window{
		of(probes.ScopeFlow, probes.Observed, odd, jstAt(30, 8, 50, 12).Add(123456789), ptr(jstAt(31, 18, 50, 40).Add(987654321))), // 34 h
		of(probes.ScopeFlow, probes.Observed, odd, jstAt(31, 20, 0, 0), ptr(jstAt(31, 21, 0, 0))),                                  // on the minute, and
		of(probes.ScopeFlow, probes.Observed, odd, jstAt(31, 21, 0, 0), ptr(jstAt(31, 22, 0, 0))),                                  // adjacent
		of(probes.ScopeFlow, probes.Observed, odd, jstAt(31, 22, 1, 30), ptr(jstAt(31, 22, 1, 50))),                                // between two steps
		of(probes.ScopeFlow, probes.Observed, odd, jstAt(31, 22, 2, 59), ptr(jstAt(31, 22, 3, 1))),                                 // about one step
		of(probes.ScopeFlow, probes.Announced, odd, jstAt(30, 8, 50, 0), ptr(jstAt(31, 18, 50, 0))),
		of(probes.ScopeFlow, probes.Foretold, odd, jstAt(31, 0, 0, 0), ptr(jstAt(32, 0, 0, 0))),
		of(probes.ScopeProbe, probes.Observed, "open", jstAt(32, 9, 0, 30), nil),
		of(probes.ScopeProbe, probes.Observed, "open", jstAt(30, 9, 0, 30), ptr(jstAt(30, 9, 3, 0))),
		of(probes.ScopeAll, probes.Blind, "prober", jstAt(30, 14, 0, 0), ptr(jstAt(30, 15, 30, 0))),
		lapsed,
	}
	text := render(t, func(out *strings.Builder) error { return OpenMetrics(out, windows, OpenMetricsOptions{Now: now}) })
	file, blocks := filepath.Join(dir, "windows.om"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, blocks).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := startPrometheus(t, prometheus, blocks)
	from, to := jstAt(30, 0, 0, 0), now
	query := url.Values{
		"query": {`{__name__=~"flow_outage_active|probe_outage_active|prober_blind"} == 1`}, "step": {"60"},
		"start": {strconv.FormatInt(from.Unix(), 10)}, "end": {strconv.FormatInt(to.Unix(), 10)},
	}
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(address + "/api/v1/query_range?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	// The points of each series, by what its windows are of.
	type subject struct {
		name   string
		source probes.WindowSource
	}
	seen := map[subject]map[int64]bool{}
	for _, series := range answer.Data.Result {
		key := subject{series.Metric["flow"], probes.WindowSource(series.Metric["source"])}
		switch series.Metric["__name__"] {
		case "probe_outage_active":
			key = subject{series.Metric["probe"], probes.Observed}
		case "prober_blind":
			key = subject{"prober", probes.Blind}
		}
		seen[key] = map[int64]bool{}
		for _, v := range series.Values {
			seen[key][int64(v[0].(float64))] = true
		}
	}
	want := map[subject][]probes.Window{}
	for _, w := range windows {
		key := subject{w.Name, w.Source}
		want[key] = append(want[key], w)
	}
	if len(seen) != len(want) {
		t.Errorf("%d series, want %d", len(seen), len(want))
	}
	for key, windows := range want {
		inside := 0
		for at := from; !at.After(to); at = at.Add(time.Minute) {
			covered := slices.ContainsFunc(windows, func(w probes.Window) bool { return w.Covers(at) })
			if seen[key][at.Unix()] != covered {
				t.Fatalf("%v at %s: Prometheus says %v, the windows %v", key, at, seen[key][at.Unix()], covered)
			}
			if covered {
				inside++
			}
		}
		t.Logf("%v: %d points, none missing", key, inside)
	}
}

// startPrometheus starts a Prometheus that scrapes nothing over a directory of blocks, and returns its address.
func startPrometheus(t *testing.T, program, blocks string) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+blocks, "--storage.tsdb.retention.time=100y", "--web.listen-address="+address)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Server is ready to receive web requests") {
			go func() { // it would stop when nobody read on
				for lines.Scan() {
				}
			}()
			return "http://" + address
		}
	}
	t.Fatal("Prometheus ended")
	return ""
}
