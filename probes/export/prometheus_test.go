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
	"strconv"
	"strings"
	"testing"
	"time"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
)

// TestPrometheusShowsOldWindows loads the export into a real Prometheus and asks it for every minute of a window.
func TestPrometheusShowsOldWindows(t *testing.T) {
	promtool, prometheus := parts.Need(t, parts.Prometheus, "promtool"), parts.Need(t, parts.Prometheus, "prometheus")
	dir := t.TempDir()
	w := sampleWindows()[0]
	w.Name = `名前 "quoted" \ and`
	text := render(t, func(out *strings.Builder) error { return OpenMetrics(out, []probes.Window{w}, OpenMetricsOptions{}) })
	file, blocks := filepath.Join(dir, "windows.om"), filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", file, blocks).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address := startPrometheus(t, prometheus, blocks)
	from, to := w.Start.Add(-time.Hour).Truncate(time.Minute), w.End.Add(time.Hour)
	query := url.Values{
		"query": {"flow_outage_active == 1"}, "step": {"60"},
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
	if len(answer.Data.Result) != 1 || answer.Data.Result[0].Metric["flow"] != w.Name {
		t.Fatalf("series: %+v", answer.Data.Result)
	}
	seen := map[int64]bool{}
	for _, v := range answer.Data.Result[0].Values {
		seen[int64(v[0].(float64))] = true
	}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if inside := w.Covers(at); seen[at.Unix()] != inside {
			t.Fatalf("at %s Prometheus says %v, want %v", at, seen[at.Unix()], inside)
		}
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
