package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
)

// prometheus starts a real Prometheus that scrapes an address every second, and returns its own.
func prometheus(t *testing.T, target string) string {
	t.Helper()
	program := parts.Need(t, parts.Prometheus, "prometheus")
	dir := t.TempDir()
	config := fmt.Sprintf("global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n  - job_name: mynaprobe\n    static_configs: [ { targets: [ %q ] } ]\n", strings.TrimPrefix(target, "http://"))
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
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
	return "http://" + address
}

// query asks Prometheus for an instant vector, as values by the given label.
func query(t *testing.T, prometheus, promql, label string) map[string]string {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(prometheus + "/api/v1/query?query=" + url.QueryEscape(promql))
	if err != nil {
		return nil // not up yet
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil
	}
	values := map[string]string{}
	for _, r := range answer.Data.Result {
		values[r.Metric[label]] = fmt.Sprint(r.Value[1])
	}
	return values
}

func TestRealPrometheusScrapes(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	r := serve(t, Options{}, parsed(quick(page.URL)+fmt.Sprintf("  - { name: dead-page, stage: front, http: %s/ }\n", deadAddress(t))))
	address := prometheus(t, r.url)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got := query(t, address, "probe_outcome", "probe")
		if got["front-page"] == "1" && got["dead-page"] == "4" {
			break
		}
		if (probes.SystemClock{}).Sleep(ctx, 200*time.Millisecond) != nil {
			t.Fatalf("Prometheus has %v", got)
		}
	}
	if got := query(t, address, "count by (flow) (probe_runs_total)", "flow"); got["shop"] != "2" {
		t.Errorf("probe_runs_total: %v", got)
	}
	if got := query(t, address, "count(stage_run_duration_seconds_bucket) > 5", ""); len(got) != 1 {
		t.Errorf("no buckets of stage_run_duration_seconds: %v", got)
	}

	promtool := parts.Need(t, parts.Prometheus, "promtool")
	text, _ := r.get(t, "/metrics")
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func deadAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// TestDemo plays the demo's incident, sped up, with a real browser, and holds what Prometheus would see against the
// script: the stage that fails goes to 4 and back, all others stay green.
func TestDemo(t *testing.T) {
	t.Parallel()
	parts.NeedBrowser(t)
	dir := t.TempDir()
	pages := make(chan string, 1)
	out := &lines{found: map[string]chan string{"Status page": pages}}
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	go func() {
		done <- Demo(ctx, Options{StateDir: dir}, DemoOptions{Once: true, Speed: 2, Listen: "127.0.0.1:0", Out: out})
	}()
	page := strings.TrimSuffix(strings.Fields(<-pages)[2], "/")
	worst, last := map[string]string{}, map[string]string{}
	kinds := map[string]bool{}
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		case <-time.After(500 * time.Millisecond):
			for probe, sample := range outcomes(page) {
				kinds[sample.kind] = true
				last[probe] = sample.value
				worst[probe] = max(worst[probe], sample.value)
			}
		}
	}
	for _, kind := range []string{"http", "browser", "notice"} {
		if !kinds[kind] {
			t.Errorf("no %s probe ran", kind)
		}
	}
	for probe, value := range worst {
		want := "1"
		if probe == "login-door" {
			want = "4"
		}
		if value != want {
			t.Errorf("%s was at %s at worst, want %s\n%s", probe, value, want, out)
		}
		if last[probe] != "1" {
			t.Errorf("%s is at %s in the end, want 1", probe, last[probe])
		}
	}
	for _, want := range []string{"probe login-door: observed since", "flow mirai-card: announced since"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo did not tell of %q:\n%s", want, out)
		}
	}
}

type sample struct{ kind, value string }

// outcomes reads probe_outcome off a metrics page; nothing when it cannot be read.
func outcomes(page string) map[string]sample {
	client := http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(page + "/metrics")
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(response.Body)
	found := map[string]sample{}
	for line := range strings.Lines(string(data)) {
		labels, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if ok && strings.HasPrefix(labels, "probe_outcome{") {
			found[between(labels, `probe="`)] = sample{between(labels, `kind="`), value}
		}
	}
	return found
}

func between(text, before string) string {
	_, rest, _ := strings.Cut(text, before)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
