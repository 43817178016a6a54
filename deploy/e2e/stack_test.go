// Package e2e holds the tests of everything together: the prober as a process, Debian's Prometheus and Alertmanager with
// the shipped rules and routes, and a receiver of what a person would read. It holds no code.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
)

var probe string // the prober, built once

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mynaprobe-e2e-")
	if err != nil {
		panic(err)
	}
	probe = filepath.Join(dir, "probe")
	if out, err := exec.Command("go", "build", "-o", probe, "mynaprobe/cmd/probe").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// address returns a free address on loopback.
func address(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A process that a test started.
type process struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log := p.log.String()
			t.Logf("%s said:\n%s", filepath.Base(program), log[max(0, len(log)-4000):])
		}
	})
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	_ = p.cmd.Wait()
}

// A stack is Prometheus and Alertmanager with the shipped files, sped up, and what people would have been told.
type stack struct {
	t                        *testing.T
	prometheus, alertmanager string

	mu   sync.Mutex
	told []message
}

// A message is what a receiver was sent.
type message struct {
	// To is page or ticket.
	To   string
	At   time.Time
	Text string
	// First is the first line in English, FirstJa that in Japanese.
	First, FirstJa string
}

// newStack starts the stack for probers at addresses.
func newStack(t *testing.T, probers ...string) *stack {
	t.Helper()
	s := &stack{t: t}
	receiver := httptest.NewServer(http.HandlerFunc(s.receive))
	t.Cleanup(receiver.Close)

	dir := t.TempDir()
	alertmanagerAddress, prometheusAddress := address(t), address(t)
	s.alertmanager, s.prometheus = "http://"+alertmanagerAddress, "http://"+prometheusAddress
	ship(t, dir, strings.NewReplacer(
		"http://pages.invalid/", receiver.URL+"/page", "http://tickets.invalid/", receiver.URL+"/ticket", "http://heartbeat.invalid/", receiver.URL+"/heartbeat",
	), "alertmanager/alertmanager.yml", "alertmanager/templates/*.tmpl")
	ship(t, dir, strings.NewReplacer("alertmanager:9093", alertmanagerAddress, "mynaprobe:9815", strings.Join(probers, ", ")),
		"prometheus/prometheus.yml", "prometheus/rules/*.yml")
	start(t, parts.Need(t, parts.Alertmanager, "prometheus-alertmanager"), "--config.file="+filepath.Join(dir, "alertmanager.yml"),
		"--storage.path="+filepath.Join(dir, "alertmanager"), "--web.listen-address="+alertmanagerAddress, "--cluster.listen-address=")
	start(t, parts.Need(t, parts.Prometheus, "prometheus"), "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "prometheus"), "--web.listen-address="+prometheusAddress,
		"--query.lookback-delta="+scaled(5*time.Minute).String(), "--rules.alert.resend-delay="+scaled(time.Minute).String())
	return s
}

// receive takes a message in the form of Slack's incoming webhooks; heartbeats are kept without text.
func (s *stack) receive(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Attachments []struct{ Title, Text, Fallback string }
	}
	data, _ := io.ReadAll(r.Body)
	m := message{To: strings.Trim(r.URL.Path, "/"), At: time.Now()}
	if json.Unmarshal(data, &body) == nil && len(body.Attachments) > 0 {
		a := body.Attachments[0]
		m.Text, m.First, m.FirstJa = a.Text, a.Fallback, a.Title
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, m)
	_, _ = io.WriteString(w, "ok")
}

// messages returns what was told to a receiver about something.
func (s *stack) messages(to, about string) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []message
	for _, m := range s.told {
		if m.To == to && strings.Contains(m.Text+m.First, about) {
			found = append(found, m)
		}
	}
	return found
}

// until waits for a condition, and fails the test after a minute and a half.
func (s *stack) until(what string, holds func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 90*time.Second)
	defer cancel()
	for !holds() {
		if (probes.SystemClock{}).Sleep(ctx, 200*time.Millisecond) != nil {
			s.t.Fatalf("not within 90 s: %s\nalerts: %v\ntold:\n%s", what, s.alerts(), s.all())
		}
	}
}

func (s *stack) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, m := range s.told {
		if m.To != "heartbeat" {
			fmt.Fprintf(&b, "%s %s: %s | %s\n", m.At.Format("15:04:05"), m.To, m.First, m.FirstJa)
		}
	}
	return b.String()
}

// get decodes a JSON answer, and reports whether there was one.
func get(address string, into any) bool {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(address)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into) == nil
}

// holds reports whether a PromQL expression has any result now.
func (s *stack) holds(promql string) bool {
	var answer struct{ Data struct{ Result []any } }
	return get(s.prometheus+"/api/v1/query?query="+url.QueryEscape(promql), &answer) && len(answer.Data.Result) > 0
}

// An alert as Alertmanager has it.
type alert struct {
	Labels      map[string]string
	Annotations map[string]string
	Status      struct{ State string }
}

func (a alert) String() string { return fmt.Sprint(a.Labels, " ", a.Status.State) }

func (s *stack) alerts() []alert {
	var all []alert
	get(s.alertmanager+"/api/v2/alerts", &all)
	return all
}

// state returns the state of an alert in Alertmanager: active, suppressed, or "" when it is not there.
func (s *stack) state(name string, labels ...string) string {
	for _, a := range s.alerts() {
		matches := a.Labels["alertname"] == name
		for _, label := range labels {
			key, value, _ := strings.Cut(label, "=")
			matches = matches && a.Labels[key] == value
		}
		if matches {
			return a.Status.State
		}
	}
	return ""
}

// A portal is what probers look at: a page that is out or not, and references, behind a gate of their own for each
// location that can be shut.
type portal struct {
	mu   sync.Mutex
	out  bool
	shut map[string]bool
}

func (p *portal) set(change func(*portal)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// gate starts the gate of a location.
func (p *portal) gate(t *testing.T, location string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		out, shut := p.out, p.shut[location]
		p.mu.Unlock()
		switch {
		case shut:
			panic(http.ErrAbortHandler) // the connection is cut off without an answer
		case out && !strings.HasPrefix(r.URL.Path, "/reference"):
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, "<title>申請</title>手続きをさがす")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// definitions writes definitions for a prober behind a gate.
func definitions(t *testing.T, gate string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flow.yaml")
	text := fmt.Sprintf(`
flow: { name: card, title: カード申請, critical: [apply] }
defaults: { every: 2s, timeout: 2s, confirm: { spread: 1s } }
probes:
  - { name: form, stage: apply, http: %[1]s/apply }
reference:
  - { name: one, every: 2s, http: %[1]s/reference/one }
  - { name: two, every: 2s, http: %[1]s/reference/two }
`, gate)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}
