package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

// A running server of a test, and what it told.
type running struct {
	url  string
	stop func() error

	mu      sync.Mutex
	changed *sync.Cond
	results []probes.Result
	windows map[string]probes.Window
}

// serve starts a server for definitions and stops it at the end of the test.
func serve(t *testing.T, opts Options, load func() (probes.Set, error)) *running {
	t.Helper()
	set, err := load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(set, opts)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{windows: map[string]probes.Window{}}
	r.changed = sync.NewCond(&r.mu)
	ctx, cancel := context.WithCancel(context.Background())
	listening, done := make(chan string, 1), make(chan error, 1)
	go func() {
		err := p.Serve(ctx, ServeOptions{
			Listen: []string{"127.0.0.1:0"}, Load: load, Listening: func(addr string) { listening <- addr },
			Final: func(result probes.Result) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.results = append(r.results, result)
				r.changed.Broadcast()
			},
			Changed: func(windows []probes.Window) {
				r.mu.Lock()
				defer r.mu.Unlock()
				for _, w := range windows {
					r.windows[w.ID] = w
				}
				r.changed.Broadcast()
			},
		})
		if closeErr := p.Close(); err == nil {
			err = closeErr
		}
		done <- err
	}()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case addr := <-listening:
		r.url = "http://" + addr
	case err := <-done:
		done <- err
		t.Fatalf("the server did not start: %v", err)
	}
	return r
}

// until waits until a condition holds of what was told, and fails the test after a minute.
func (r *running) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.AfterFunc(time.Minute, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer late.Stop()
	deadline := time.Now().Add(time.Minute)
	r.mu.Lock()
	defer r.mu.Unlock()
	for !holds() {
		if !time.Now().Before(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
		r.changed.Wait()
	}
}

// last is the newest result of a probe; r.mu is held.
func (r *running) last(probe string) (last probes.Result) {
	for _, result := range r.results {
		if result.Probe == probe {
			last = result
		}
	}
	return last
}

func (r *running) get(t *testing.T, path string) (string, int) {
	t.Helper()
	response, err := http.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), response.StatusCode
}

// target is a page whose health a test sets.
type target struct {
	URL    string
	mu     sync.Mutex
	status int
	hang   bool
}

func newTarget(t *testing.T) *target {
	s := &target{status: http.StatusOK}
	server := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		status, hang := s.status, s.hang
		s.mu.Unlock()
		if hang {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<title>試験</title>手続きをさがす")
	}))
	s.URL = server
	return s
}

func (s *target) set(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func parsed(text string) func() (probes.Set, error) {
	return func() (probes.Set, error) { return definition.Parse("test.yaml", []byte(text)) }
}

// quick is a definition whose windows open and close within seconds.
func quick(url string) string {
	return fmt.Sprintf(`
flow: { name: shop, critical: [front] }
defaults: { every: 1s, timeout: 1s, confirm: { spread: 1s } }
probes:
  - { name: front-page, stage: front, http: %s/ }
`, url)
}

func TestOutageIsSeenKeptAndServed(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	r := serve(t, Options{StateDir: t.TempDir(), Location: "tokyo"}, parsed(quick(page.URL)))
	r.until(t, "front-page up", func() bool { return r.last("front-page").Outcome == probes.Up })
	page.set(http.StatusServiceUnavailable)
	r.until(t, "a window of the flow", func() bool { return r.open(probes.ScopeFlow) })
	text, _ := r.get(t, "/metrics")
	for _, want := range []string{
		`probe_outcome{flow="shop",kind="http",location="tokyo",probe="front-page",stage="front"} 4`,
		`probe_success{flow="shop",kind="http",location="tokyo",probe="front-page",stage="front"} 0`,
		`probe_failure{flow="shop",kind="http",location="tokyo",probe="front-page",reason="status",stage="front"} 1`,
		`flow_outcome{flow="shop",location="tokyo"} 4`,
		`flow_outage_active{flow="shop",location="tokyo",source="observed"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("during the outage /metrics has no %s", want)
		}
	}
	page.set(http.StatusOK)
	r.until(t, "no window open", func() bool { return !r.open(probes.ScopeFlow) && !r.open(probes.ScopeProbe) })
	text, _ = r.get(t, "/metrics")
	for _, want := range []string{
		`probe_outcome{flow="shop",kind="http",location="tokyo",probe="front-page",stage="front"} 1`,
		`flow_outcome{flow="shop",location="tokyo"} 1`,
		`flow_outages_total{flow="shop",location="tokyo",source="observed"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("after the outage /metrics has no %s", want)
		}
	}
	body, status := r.get(t, "/api/v1/outages")
	if status != http.StatusOK || !strings.Contains(body, `"reason":"status"`) {
		t.Errorf("/api/v1/outages: %d %s", status, body)
	}
}

// open reports whether a window of the scope is open; r.mu is held.
func (r *running) open(scope probes.WindowScope) bool {
	for _, w := range r.windows {
		if w.Scope == scope && w.Source == probes.Observed && w.Open() {
			return true
		}
	}
	return false
}

func TestWindowsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	page, dir := newTarget(t), t.TempDir()
	first := serve(t, Options{StateDir: dir}, parsed(quick(page.URL)))
	first.until(t, "front-page up", func() bool { return first.last("front-page").Outcome == probes.Up })
	page.set(http.StatusServiceUnavailable)
	first.until(t, "a window", func() bool { return first.open(probes.ScopeProbe) })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := serve(t, Options{StateDir: dir}, parsed(quick(page.URL)))
	text, _ := second.get(t, "/metrics")
	if want := `probe_outage_active{flow="shop",kind="http",probe="front-page",stage="front"} 1`; !strings.Contains(text, want) {
		t.Errorf("the first scrape after a restart has no %s", want)
	}
	page.set(http.StatusOK)
	second.until(t, "the same window closed", func() bool {
		for id, w := range first.windows {
			if again, ok := second.windows[id]; w.Scope == probes.ScopeProbe && (!ok || again.Open() || !again.Start.Equal(w.Start)) {
				return false
			}
		}
		return true
	})
}

func TestReloadKeepsTheOldSetWhenTheNewOneIsBad(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	file := filepath.Join(t.TempDir(), "flow.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(quick(page.URL))
	r := serve(t, Options{}, func() (probes.Set, error) { return definition.Load(file) })
	reload := func() (string, int) {
		response, err := http.Post(r.url+"/-/reload", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		data, _ := io.ReadAll(response.Body)
		return string(data), response.StatusCode
	}
	r.until(t, "front-page up", func() bool { return r.last("front-page").Outcome == probes.Up })

	write("probes: [ { name: x } ]")
	if body, status := reload(); status < 400 || !strings.Contains(body, "flow.yaml:1") {
		t.Errorf("a bad file: %d %s", status, body)
	}
	text, _ := r.get(t, "/metrics")
	if !strings.Contains(text, "prober_config_last_reload_successful 0") || !strings.Contains(text, `probe="front-page"`) {
		t.Error("after a bad reload the metrics do not say so, or the old set is gone")
	}

	write(quick(page.URL) + fmt.Sprintf("  - { name: second-page, stage: front, http: %s/second }\n", page.URL))
	if body, status := reload(); status != http.StatusOK {
		t.Errorf("a good file: %d %s", status, body)
	}
	r.until(t, "second-page up", func() bool { return r.last("second-page").Outcome == probes.Up })
	write(quick(page.URL))
	reload()
	text, _ = r.get(t, "/metrics")
	if strings.Contains(text, "second-page") || !strings.Contains(text, "prober_config_last_reload_successful 1") {
		t.Error("the series of a removed probe are still there, or the good reload is not told")
	}
}

func TestStopCancelsRunsAndCallsNothingDown(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	page.hang = true
	asked := make(chan struct{}, 100)
	slow := newServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	r := serve(t, Options{}, parsed(fmt.Sprintf("probes: [ { name: slow, every: 2m, timeout: 1m, http: %s/ } ]", slow)))
	<-asked
	begin := time.Now()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if len(r.results) != 0 {
		t.Errorf("a run that we cut off gave a result: %+v", r.results)
	}
}

func TestRunOnDemandFeedsNoWindow(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	page.set(http.StatusServiceUnavailable)
	r := serve(t, Options{}, parsed(fmt.Sprintf("probes: [ { name: front, every: 1h, http: %s/ } ]", page.URL)))
	r.until(t, "the first run", func() bool { return len(r.results) > 0 })
	for range 5 {
		body, status := r.get(t, "/probe?probe=front")
		if status != http.StatusOK || !strings.Contains(body, "probe_success") {
			t.Fatalf("/probe: %d %s", status, body)
		}
	}
	if _, status := r.get(t, "/probe?probe=other"); status < 400 {
		t.Errorf("an unknown probe gives %d", status)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.windows) != 0 {
		t.Errorf("runs on demand opened a window: %v", r.windows)
	}
}

func TestResultsAreServedAsJSON(t *testing.T) {
	t.Parallel()
	page := newTarget(t)
	r := serve(t, Options{}, parsed(quick(page.URL)))
	r.until(t, "front-page up", func() bool { return r.last("front-page").Outcome == probes.Up })
	body, _ := r.get(t, "/api/v1/results")
	var any map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &any); err != nil || !strings.Contains(body, `"outcome":"up"`) {
		t.Errorf("%v: %s", err, body)
	}
	for _, path := range []string{"/", "/-/healthy", "/-/ready", "/api/v1/probes", "/api/v1/notices", "/outages.ics"} {
		if _, status := r.get(t, path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}
