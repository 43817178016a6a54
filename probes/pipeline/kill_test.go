package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/outage"
)

// A server is killed at chosen points, again and again, while its targets come and go. What it had exported, what the
// state file holds, and what the target itself wrote down of the runs it answered are held against each other.

func init() {
	roles["killed"] = func(target string, n int) error { return killedServe(target, n) }
}

// The points at which a server is killed. Where the point is a kind of change, every other kill is inside its commit.
const (
	pointBefore  = "before a commit"
	pointAfter   = "after a commit and before its export"
	pointClosing = "while a window closes"
	pointMerging = "while it merges"
)

// killMerge is the merge time of the definitions: a pause of two good runs merges, a longer one does not.
const killMerge = 1500 * time.Millisecond

const killSpread = 200 * time.Millisecond

// killDefinitions has two probes of one critical stage whose windows open and close within seconds.
func killDefinitions(target string) string {
	return fmt.Sprintf(`
flow: { name: shop, critical: [front] }
defaults: { every: 1s, timeout: 1s, confirm: { spread: %s, merge: %s } }
probes:
  - { name: first, stage: front, http: %s/first }
  - { name: second, stage: front, http: %s/second }
`, killSpread, killMerge, target, target)
}

// tale is a line that the server writes for each change, once it is exported.
type tale struct {
	Listen   string                `json:"listen,omitempty"`
	Windows  []probes.Window       `json:"windows,omitempty"`
	Removed  []string              `json:"removed,omitempty"`
	Statuses []probes.OutageStatus `json:"statuses,omitempty"`
}

// killedServe is the server. It kills itself at the n-th change that fits the point.
func killedServe(target string, n int) error {
	set, err := definition.Parse("kill.yaml", []byte(killDefinitions(target)))
	if err != nil {
		return err
	}
	p, err := New(set, Options{StateDir: os.Getenv("KILL_DIR")})
	if err != nil {
		return err
	}
	defer p.Close()
	var armed atomic.Bool
	driver.RegisterConnectionHook(func(c driver.ExecQuerierContext, _ string) error {
		c.(driver.HookRegisterer).RegisterCommitHook(func() int32 {
			if armed.Load() {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return 0
		})
		return nil
	})
	known := map[string]probes.Window{}
	if kept, err := OpenKept(os.Getenv("KILL_DIR")); err == nil { // none in the first life
		windows, err := kept.Windows(context.Background(), probes.WindowFilter{})
		if err != nil {
			return err
		}
		for _, w := range windows {
			known[w.ID] = w
		}
		if err := kept.Close(); err != nil {
			return err
		}
	}
	p.core.between = func(inner journal) journal {
		return &killer{inner: inner, point: os.Getenv("KILL_POINT"), left: n, armed: &armed, known: known}
	}
	out := json.NewEncoder(os.Stdout)
	p.core.changed = func(c outage.Change) {
		_ = out.Encode(tale{Windows: c.Windows, Removed: c.Removed, Statuses: c.Statuses})
	}
	return p.Serve(untilTerm(), ServeOptions{
		Listen: []string{"127.0.0.1:0"}, Listening: func(addr string) { _ = out.Encode(tale{Listen: "http://" + addr}) },
	})
}

// killer is the state file's journal, up to the point.
type killer struct {
	inner journal
	point string
	left  int
	armed *atomic.Bool
	known map[string]probes.Window
}

func (k *killer) Keep(change outage.Change) {
	if k.fits(change) {
		k.left--
	}
	for _, w := range change.Windows {
		k.known[w.ID] = w
	}
	due := k.point != "" && k.left <= 0
	inside := k.point == pointBefore || k.point != pointAfter && os.Getpid()%2 == 0
	k.armed.Store(due && inside)
	k.inner.Keep(change)
	if due {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

func (k *killer) fits(change outage.Change) bool {
	closing, merging := false, len(change.Removed) > 0
	for _, w := range change.Windows {
		before, there := k.known[w.ID]
		closing = closing || there && before.End == nil && w.End != nil
		merging = merging || there && before.End != nil && w.End == nil
	}
	switch k.point {
	case pointClosing:
		return closing
	case pointMerging:
		return merging
	}
	return len(change.Windows) > 0
}

// answered is a run as the target saw it.
type answered struct {
	at   time.Time
	down bool
	life int
}

// comingAndGoing is a target each page of which is down for some runs and then good for some.
type comingAndGoing struct {
	URL    string
	mu     sync.Mutex
	pages  map[string]*page
	life   int
	settle bool // nothing goes down any more
}

type page struct {
	down bool
	left int
	log  []answered
	rand *rand.Rand
}

func newComingAndGoing(t *testing.T, seed uint64) *comingAndGoing {
	g := &comingAndGoing{pages: map[string]*page{}}
	for i, name := range []string{"first", "second"} {
		g.pages[name] = &page{left: 2, rand: rand.New(rand.NewPCG(seed, uint64(i)))}
	}
	g.URL = newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.answer(strings.TrimPrefix(r.URL.Path, "/")) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "<title>試験</title>")
	}))
	return g
}

func (g *comingAndGoing) answer(name string) (down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pages[name]
	if p.left == 0 {
		p.down = !p.down && !g.settle
		switch {
		case p.down:
			p.left = 3 + p.rand.IntN(2)
		case p.rand.IntN(2) == 0:
			p.left = 2
		default:
			p.left = 5
		}
	}
	p.left--
	p.log = append(p.log, answered{time.Now(), p.down, g.life})
	return p.down
}

// reborn tells that the server begins another life, to which nothing is known but what it kept: what is going on goes on
// for long enough to be seen again.
func (g *comingAndGoing) reborn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.life++
	for _, p := range g.pages {
		if len(p.log) > 0 {
			p.left = max(p.left, 4)
		}
	}
}

func (g *comingAndGoing) calm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settle = true
}

func (g *comingAndGoing) log(name string) []answered {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.pages[name].log)
}

// mortal is the server through all of its lives.
type mortal struct {
	t      *testing.T
	target *comingAndGoing
	dir    string
	died   []time.Time // the ends of all lives but the last
	// starts are the windows' starts as they were first exported or stored.
	starts   map[string]time.Time
	exported map[string]probes.Window
	counters map[string]float64
	kept     []probes.Window // as the state file held them when it last died
}

// live starts the server; lines are what it tells, until it has died.
func (m *mortal) live(point string, n int) (cmd *exec.Cmd, lines *bufio.Scanner) {
	m.t.Helper()
	m.target.reborn()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // a life that goes on for longer is none
	m.t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=killed", "BENCH_TARGET="+m.target.URL, "BENCH_PROBES="+strconv.Itoa(n),
		"KILL_DIR="+m.dir, "KILL_POINT="+point)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines = bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return cmd, lines
}

// hear takes one line of what the server tells.
func (m *mortal) hear(line []byte) {
	m.t.Helper()
	var l tale
	if err := json.Unmarshal(line, &l); err != nil {
		m.t.Fatalf("%v: %s", err, line)
	}
	if l.Listen != "" {
		m.scrape(l.Listen)
	}
	for _, id := range l.Removed {
		delete(m.exported, id)
	}
	for _, w := range l.Windows {
		m.start(w)
		m.goesOn(m.exported[w.ID], w)
		m.exported[w.ID] = w
	}
	for _, s := range l.Statuses {
		if s.Scope != probes.ScopeAll {
			key := fmt.Sprint(s.Scope, " ", s.Name, " ", s.Source)
			m.count(key+" outages", float64(s.Outages))
			m.count(key+" seconds", s.Seconds)
		}
	}
}

func (m *mortal) count(name string, value float64) {
	m.t.Helper()
	if value < m.counters[name]-1e-6 {
		m.t.Errorf("the counter %s fell from %g to %g", name, m.counters[name], value)
	}
	m.counters[name] = value
}

// start checks that a window is still said to have started when it always was.
func (m *mortal) start(w probes.Window) {
	m.t.Helper()
	if first, ok := m.starts[w.ID]; ok && !first.Equal(w.Start) {
		m.t.Errorf("the start of window %s changed from %s to %s", w.ID, first, w.Start)
	}
	m.starts[w.ID] = w.Start
}

// goesOn checks that a later state of a window may follow an earlier one.
func (m *mortal) goesOn(before, after probes.Window) {
	m.t.Helper()
	switch {
	case before.ID == "":
	case after.Flaps < before.Flaps,
		// A flow counts the latest runs of all its probes, of which each is kept a little later.
		after.Scope == probes.ScopeProbe && (after.RunsDown < before.RunsDown || after.Unobserved.Duration() < before.Unobserved.Duration()-time.Microsecond):
		m.t.Errorf("window %s lost something:\n%+v\n%+v", before.ID, before, after)
	case before.End != nil && (after.End == nil || !after.End.Equal(*before.End)) && after.Flaps == before.Flaps && after.Scope == probes.ScopeProbe:
		m.t.Errorf("window %s was closed and is open again, though nothing went down again:\n%+v\n%+v", before.ID, before, after)
	}
}

// scrape holds the first scrape of a life against what was kept and exported before it.
func (m *mortal) scrape(address string) {
	m.t.Helper()
	before := map[string]bool{}
	state := func(name string) bool {
		log := m.target.log(name)
		return len(log) > 0 && log[len(log)-1].down
	}
	for _, name := range []string{"first", "second"} {
		before[name] = state(name)
	}
	response, err := http.Get(address + "/metrics")
	if err != nil {
		return // it died before it could answer
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return
	}
	for _, name := range []string{"first", "second"} {
		open := slices.ContainsFunc(m.kept, func(w probes.Window) bool { return w.Name == name && w.Open() })
		if before[name] != open || state(name) != open {
			continue // the window may have opened or closed before the scrape came
		}
		want := fmt.Sprintf(`probe_outage_active{flow="shop",kind="http",probe=%q,stage="front"} %d`, name, map[bool]int{true: 1}[open])
		if !strings.Contains(string(data), want) {
			m.t.Errorf("the first scrape has no %s", want)
		}
	}
	for line := range strings.Lines(string(data)) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		for metric, word := range map[string]string{"outages_total{": "outages", "outage_seconds_total{": "seconds"} {
			scope, labels, ok := strings.Cut(series+",", "_"+metric)
			if !ok || scope != "probe" && scope != "flow" {
				continue
			}
			source := between(labels, `source="`)
			if source == "" {
				source = string(probes.Observed)
			}
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				m.t.Fatal(err)
			}
			m.count(fmt.Sprint(scope, " ", between(labels, scope+`="`), " ", source, " ", word), number)
		}
	}
}

// dies waits until the server has killed itself, and looks at what it leaves behind.
func (m *mortal) dies(cmd *exec.Cmd, lines *bufio.Scanner) {
	m.t.Helper()
	for lines.Scan() {
		m.hear(lines.Bytes())
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGKILL {
		m.t.Fatalf("it did not die as it should: %v", cmd.ProcessState)
	}
	m.died = append(m.died, time.Now())
	m.look()
}

// look checks the state file by itself and against what was exported.
func (m *mortal) look() {
	m.t.Helper()
	kept, err := OpenKept(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	defer kept.Close()
	if m.kept, err = kept.Windows(m.t.Context(), probes.WindowFilter{}); err != nil {
		m.t.Fatal(err)
	}
	byID, last := map[string]probes.Window{}, map[string]probes.Window{}
	for _, w := range m.kept {
		m.start(w)
		byID[w.ID] = w
		if before, ok := last[w.Name]; ok && (before.End == nil || before.End.After(w.Start)) {
			m.t.Errorf("windows of %s overlap:\n%+v\n%+v", w.Name, before, w)
		}
		last[w.Name] = w
	}
	for id, w := range m.exported {
		now, ok := byID[id]
		if !ok && w.Scope == probes.ScopeFlow && slices.ContainsFunc(m.kept, func(o probes.Window) bool { return o.Scope == w.Scope && o.Covers(w.Start) }) {
			continue // it became part of another, which was not exported yet
		}
		if !ok {
			m.t.Errorf("window %s was exported and is lost", id)
		}
		m.goesOn(w, now)
	}
	m.exported = byID // of the next life: it goes on from here
}

// ends lets the last life see everything come to rest, and stops it.
func (m *mortal) ends(cmd *exec.Cmd, lines *bufio.Scanner) {
	m.t.Helper()
	m.target.calm()
	rested := func() bool {
		for _, name := range []string{"first", "second"} {
			good := 0
			for _, a := range slices.Backward(m.target.log(name)) {
				if a.down {
					break
				}
				good++
			}
			if good < 2 {
				return false
			}
		}
		for _, w := range m.exported {
			if w.Open() {
				return false
			}
		}
		return true
	}
	for heard := false; !heard || !rested(); heard = true { // before it says anything, it does not heed signals
		if !lines.Scan() {
			m.t.Fatal("it ended by itself")
		}
		m.hear(lines.Bytes())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Fatal(err)
	}
	for lines.Scan() {
		m.hear(lines.Bytes())
	}
	if err := cmd.Wait(); err != nil {
		m.t.Error(err)
	}
	m.look()
	for _, name := range []string{"first", "second"} {
		m.compare(name)
	}
	m.flow()
}

// phase is a stretch of runs that the target answered badly.
type phase struct {
	runs          []answered
	before, after time.Time // the last good run before it, and the first one after it
}

func phasesOf(log []answered) (phases []phase) {
	for i, a := range log {
		switch {
		case a.down && (i == 0 || !log[i-1].down):
			p := phase{runs: []answered{a}}
			if i > 0 {
				p.before = log[i-1].at
			}
			phases = append(phases, p)
		case a.down:
			phases[len(phases)-1].runs = append(phases[len(phases)-1].runs, a)
		case i > 0 && log[i-1].down:
			phases[len(phases)-1].after = a.at
		}
	}
	return phases
}

// compare holds the windows of a probe against what the target wrote down. A run starts before the target hears of it.
func (m *mortal) compare(name string) {
	t := m.t
	t.Helper()
	log := m.target.log(name)
	phases := phasesOf(log)
	var windows []probes.Window
	for _, w := range m.kept {
		if w.Scope == probes.ScopeProbe && w.Name == name {
			windows = append(windows, w)
		}
	}
	for i, w := range windows {
		if i > 0 {
			if apart := w.Start.Sub(*windows[i-1].End); apart <= killMerge {
				t.Errorf("%s: window %s begins %v after the last one ended, and did not merge", name, w.ID, apart)
			}
		}
		var mine []phase
		for len(phases) > 0 && phases[0].runs[0].at.Before(*w.End) {
			mine, phases = append(mine, phases[0]), phases[1:]
		}
		if len(mine) == 0 {
			t.Errorf("%s: window %s is of no outage, or of one that another window has: %+v", name, w.ID, w)
			continue
		}
		first, last := mine[0], mine[len(mine)-1]
		runs := 0
		for _, p := range mine {
			runs += len(p.runs)
		}
		switch {
		case !w.Start.After(first.before), w.Start.After(first.runs[len(first.runs)-1].at),
			w.StartNotBefore != nil && w.StartNotBefore.After(first.runs[0].at):
			t.Errorf("%s: the outage began after %s and was seen from %s on; the window says %v to %s", name, first.before, first.runs[0].at, w.StartNotBefore, w.Start)
		case !w.End.After(last.runs[len(last.runs)-1].at), w.EndNotBefore.After(last.after):
			t.Errorf("%s: the outage ended before %s; the window says %s to %s", name, last.after, w.EndNotBefore, w.End)
		case w.RunsDown > runs:
			t.Errorf("%s: %d runs were down, the window counts %d", name, runs, w.RunsDown)
		case w.Flaps != len(mine)-1:
			t.Errorf("%s: %d outages merged, the window counts %d: %+v", name, len(mine), w.Flaps, w)
		}
		dead := m.dead(log, w.Start, *w.End)
		if got := w.Unobserved.Duration(); got < dead || got > w.End.Sub(w.Start) {
			t.Errorf("%s: dead for %v in window %s, which has %v unobserved", name, dead, w.ID, got)
		}
	}
	if len(phases) > 0 {
		t.Errorf("%s: %d outages are in no window: %+v", name, len(phases), phases)
	}
	m.coverage(name, log)
}

// dead is how much of a span lay between a death and the first run of the life after it.
func (m *mortal) dead(log []answered, from, to time.Time) (sum time.Duration) {
	for life, died := range m.died {
		i := slices.IndexFunc(log, func(a answered) bool { return a.life == life+2 })
		if i < 0 {
			continue
		}
		// The death was noticed a little late, and the run began a little before the target heard of it.
		reborn := log[i].at.Add(-100 * time.Millisecond)
		begin, end := later(died, from), reborn
		if to.Before(end) {
			end = to
		}
		sum += max(0, end.Sub(begin))
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// coverage checks that no time is said to be observed in which there was nobody to observe.
func (m *mortal) coverage(name string, log []answered) {
	t := m.t
	t.Helper()
	kept, err := OpenKept(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	from, to := log[0].at, log[len(log)-1].at
	hours, err := kept.reader.Coverage(t.Context(), probes.ScopeProbe, name, from.Add(-time.Hour), to.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var seen time.Duration
	for _, c := range hours {
		seen += (c.Up + c.Degraded + c.Maintenance + c.Down).Duration()
	}
	alive := to.Sub(from) - m.dead(log, from, to)
	// What was observed is kept every ten runs, so each life may lose as much.
	lost := 11 * time.Second * time.Duration(len(m.died)+1)
	if seen < alive-lost || seen > alive+time.Second {
		t.Errorf("%s: alive for %v, said to have observed %v", name, alive, seen)
	}
	t.Logf("%s: %d deaths, dead for %v of %v, %v observed", name, len(m.died), to.Sub(from)-alive, to.Sub(from), seen)
}

// flow checks that the flow's windows are those of its probes, joined.
func (m *mortal) flow() {
	m.t.Helper()
	var own []probes.Window
	for _, w := range m.kept {
		if w.Scope == probes.ScopeFlow {
			own = append(own, w)
		}
	}
	used := map[string]bool{}
	for _, w := range m.kept {
		if w.Scope != probes.ScopeProbe {
			continue
		}
		i := slices.IndexFunc(own, func(f probes.Window) bool { return !f.Start.After(w.Start) && !f.End.Before(*w.End) })
		if i < 0 {
			m.t.Errorf("no window of the flow holds %+v", w)
			continue
		}
		used[own[i].ID] = true
	}
	if len(used) != len(own) {
		m.t.Errorf("the flow has %d windows, its probes have those of %d", len(own), len(used))
	}
}

// killsAtEach is how often the server is killed at each point: 50 times, 200 in all, with MYNAPROBE_LONG=1.
func killsAtEach() int {
	if os.Getenv("MYNAPROBE_LONG") == "1" {
		return 50
	}
	return 3
}

func TestKilledAtAnyPoint(t *testing.T) {
	for i, point := range []string{pointBefore, pointAfter, pointClosing, pointMerging} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			m := &mortal{
				t: t, target: newComingAndGoing(t, seed), dir: filepath.Join(t.TempDir(), "state"),
				starts: map[string]time.Time{}, exported: map[string]probes.Window{}, counters: map[string]float64{},
			}
			for range killsAtEach() {
				m.dies(m.live(point, 1+random.IntN(2)))
			}
			m.ends(m.live("", 0))
		})
	}
}
