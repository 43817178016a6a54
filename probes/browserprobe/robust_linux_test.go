package browserprobe

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"golang.org/x/sys/unix"

	"mynaprobe/probes"
)

// long asks for the long variants of tests: MYNAPROBE_LONG=1.
var long = os.Getenv("MYNAPROBE_LONG") != ""

// times is how often a test repeats itself: n, or many for the long variant.
func times(n, many int) int {
	if long {
		return many
	}
	return n
}

// chromeOf returns the browser that the prober uses now.
func chromeOf(t testing.TB, p *Prober) *chrome {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		t.Fatal("no browser is running")
	}
	return p.current
}

// processesOf returns the living processes of the group of one type of Chrome's; "" is the main one.
func processesOf(group int, kind string) []int {
	var found []int
	for _, p := range groupMembers(group) {
		cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "cmdline"))
		if err != nil || p.zombie {
			continue
		}
		if kind == "" && p.pid == group || kind != "" && bytes.Contains(cmdline, []byte("--type="+kind)) {
			found = append(found, p.pid)
		}
	}
	return found
}

// groupAlive counts the living processes of the group.
func groupAlive(group int) int {
	n := 0
	for _, p := range groupMembers(group) {
		if !p.zombie {
			n++
		}
	}
	return n
}

// children returns our child processes, zombies included.
func children(t testing.TB) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			if p, ok := readStat(pid); ok && p.parent == os.Getpid() {
				found = append(found, pid)
			}
		}
	}
	return found
}

// adoptOrphans makes processes whose parents died our children, as they are those of PID 1 in a container. So each one that
// outlives its browser, dead or alive, can be seen.
func adoptOrphans(t testing.TB) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
}

// standing is what must not grow.
type standing struct{ processes, profiles, goroutines, files int }

func takeStanding(t testing.TB, stateDir string) standing {
	t.Helper()
	profiles, err := os.ReadDir(stateDir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return standing{len(children(t)), len(profiles), runtime.NumGoroutine(), len(files)}
}

// idle waits until no run is under way and all cleaning up after runs is done.
func idle(p *Prober) {
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for range cap(p.slots) {
		<-p.slots
	}
}

// openState is a folder for profiles that Chrome's user can reach, which t.TempDir is not for root.
func openState(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browserprobe-state-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestKilled kills Chrome's processes at random moments of journeys. None may come out down, none that was cut off up,
// and nothing may be left behind.
func TestKilled(t *testing.T) {
	url := site(t)
	dir := openState(t)
	adoptOrphans(t)
	probe := browserProbe(open(url+"/"),
		step("see", probes.ActionSee, byText("遅れて出る文"), ""),
		step("fill", probes.ActionFill, byLabel("氏名"), "山田"),
		step("submit", probes.ActionClick, byText("申請する"), ""),
		step("at", probes.ActionSee, byText("受け付けました"), ""))
	// what a process has only once is there before the count begins: the poller of the network, threads of the runtime
	first := New(Options{StateDir: dir})
	wantOutcome(t, run(t, first, probe), probes.Up, "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// sites and other browsers of this process are at rest
	before := settled(t, dir, func(standing) bool { return false })

	var under atomic.Int64 // the step under way, from 1; 0 between steps
	p := New(Options{StateDir: dir, onStep: func(i int, began bool) {
		if began {
			under.Store(int64(i) + 1)
		} else {
			under.Store(0)
		}
	}})
	runner, err := p.Prepare(probe)
	if err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
	kinds := map[string][]string{"main": {""}, "renderer": {"renderer"}, "helper": {"gpu-process", "utility"}}
	names := slices.Sorted(maps.Keys(kinds))
	// In so many tries, at least so many of each kind must have hit a journey in the middle of a step.
	tries, least := times(6, 100), times(2, 20)
	hits, outcomes := map[string]int{}, map[string]int{}
	i := 0
	for ; ; i++ {
		kind := slices.MinFunc(names, func(a, b string) int { return cmp.Compare(hits[a], hits[b]) })
		if i >= tries && hits[kind] >= least {
			break
		}
		if i == tries+10*least {
			t.Errorf("%d tries hit only %v journeys in the middle of a step, want %d of each kind", i, hits, least)
			break
		}
		var began time.Time
		for warm := false; !warm; { // a browser is there, and works
			warm = p.Stats().Running
			began = time.Now()
			wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
		}
		length := time.Since(began)
		idle(p) // the next journey's page is the only one
		group := chromeOf(t, p).proc.cmd.Process.Pid
		old := processesOf(group, "renderer")
		began = time.Now()
		done := make(chan probes.Result, 1)
		go func() { done <- runner.Run(context.Background()) }()
		<-time.After(rand.N(length))
		var victims []int
		for _, process := range kinds[kind] {
			victims = append(victims, processesOf(group, process)...)
		}
		if kind == "renderer" { // that of the journey, not one that is about to end
			victims = slices.DeleteFunc(victims, func(pid int) bool { return slices.Contains(old, pid) })
		}
		middle := false
		if len(victims) > 0 {
			victim := victims[rand.IntN(len(victims))]
			during := under.Load()
			killed := syscall.Kill(victim, syscall.SIGKILL) == nil
			middle = killed && during > 0 && under.Load() == during
		}
		r := <-done
		restarted := r.Browser != nil && r.Browser.Restarted
		if middle {
			hits[kind]++
			outcomes[fmt.Sprintf("%s: %s (%s) restarted=%v", kind, r.Outcome, r.Reason, restarted)]++
		}
		switch took := time.Since(began); {
		case r.Outcome != probes.Up && (r.Outcome != probes.Unknown || r.Reason != probes.ReasonBrowser):
			t.Errorf("try %d, %s killed: %s (%s) %s; attempts %+v", i, kind, r.Outcome, r.Reason, r.Message, r.Attempts)
		case took > probe.Timeout+time.Second:
			t.Errorf("try %d took %s", i, took)
		case r.Outcome == probes.Up && middle && kind != "helper" && !restarted:
			t.Errorf("try %d is up, though its %s process was killed in the middle of a step", i, kind)
		}
		if r.Outcome == probes.Unknown {
			t.Logf("try %d, %s killed: %s; attempts %+v", i, kind, r.Message, r.Attempts)
		}
		if r.Outcome == probes.Up {
			for _, s := range r.Steps {
				if s.State != probes.StepPassed {
					t.Errorf("try %d is up, but its step %s is %s", i, s.Name, s.State)
				}
			}
			if !strings.Contains(r.Browser.FinalURL, "/sent") {
				t.Errorf("try %d is up at %q, which is not the journey's end", i, r.Browser.FinalURL)
			}
		}
	}
	t.Logf("%d tries; in the middle of a step %v: %v; restarts %v", i, hits, outcomes, p.Stats().Restarts)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if after := settled(t, dir, func(s standing) bool { return s == before }); after != before {
		t.Errorf("left behind: before %+v, after %+v", before, after)
		for _, pid := range children(t) {
			stat, _ := readStat(pid)
			t.Logf("process %+v", stat)
		}
	}
}

// settled returns what there is once it is as wanted, or does not change for a while.
func settled(t testing.TB, stateDir string, wanted func(standing) bool) standing {
	t.Helper()
	now := takeStanding(t, stateDir)
	for same := 0; same < 25 && !wanted(now); same++ {
		<-time.After(20 * time.Millisecond)
		if again := takeStanding(t, stateDir); again != now {
			now, same = again, 0
		}
	}
	return now
}

// TestCancelled cancels runs at every moment of their life: every browser context is disposed of.
func TestCancelled(t *testing.T) {
	url := site(t)
	p := New(Options{Settings: probes.BrowserSettings{RecycleAfter: 1 << 30}}) // one browser must tell of all contexts
	defer p.Close()
	runner, err := p.Prepare(browserProbe(open(url+"/"), step("see", probes.ActionSee, byText("遅れて出る文"), ""), step("click", probes.ActionClick, byText("次へ進む"), "")))
	if err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
	c := chromeOf(t, p)
	var running sync.WaitGroup
	began := time.Now()
	for range cap(p.slots) { // as many at once as below
		running.Go(func() { runner.Run(t.Context()) })
	}
	running.Wait()
	whole := time.Since(began) * 6 / 5 // so that some get to their end, and all of a run's life is covered
	n := times(40, 200)
	work := make(chan int)
	var wg sync.WaitGroup
	var cut atomic.Int64
	for range cap(p.slots) {
		wg.Go(func() {
			for i := range work {
				ctx, cancel := context.WithTimeout(t.Context(), whole*time.Duration(i)/time.Duration(n))
				r := runner.Run(ctx)
				cancel()
				if r.Outcome == probes.Down {
					t.Errorf("cancelled after %d/%d: down (%s) %s", i, n, r.Reason, r.Message)
				}
				if r.Outcome == probes.Unknown {
					cut.Add(1)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	if chromeOf(t, p) != c {
		t.Errorf("the browser was replaced: %v", p.Stats().Restarts)
	}
	for range cap(p.slots) { // all slots free means that all cleaning is done
		p.slots <- struct{}{}
	}
	contexts, err := cdp.Call(t.Context(), c.conn, target.GetBrowserContexts, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if len(contexts.BrowserContextIDs) != 0 {
		t.Errorf("%d of %d contexts were not disposed of", len(contexts.BrowserContextIDs), n)
	}
	t.Logf("%d of %d were cut off", cut.Load(), n)
	for range cap(p.slots) {
		<-p.slots
	}
}

// TestLastingMemory runs journeys one after the other in one Chrome, which is not replaced: the memory of the process tree,
// which we belong to, stays, and no process is left.
func TestLastingMemory(t *testing.T) {
	url := site(t)
	adoptOrphans(t)
	p := New(Options{Settings: probes.BrowserSettings{RecycleAfter: 1 << 30}})
	defer p.Close()
	runner, err := p.Prepare(browserProbe(open(url+"/"), step("see", probes.ActionSee, byText("申請"), ""), step("fill", probes.ActionFill, byLabel("氏名"), "山田")))
	if err != nil {
		t.Fatal(err)
	}
	first, n := times(6, 50), times(18, 300)
	var early tree
	for i := range n {
		wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
		if i == first-1 {
			early = settledTree(t, p)
		}
	}
	late := settledTree(t, p)
	t.Logf("after %d journeys %+v, after %d %+v; restarts %v", first, early, n, late, p.Stats().Restarts)
	if was, is := early.chrome+early.ours, late.chrome+late.ours; float64(is) > 1.2*float64(was) {
		t.Errorf("memory grew from %d to %d MiB", was, is)
	}
	if late.processes > early.processes {
		t.Errorf("there were %d processes, now there are %d", early.processes, late.processes)
	}
	if late.zombies > 0 {
		t.Errorf("%d zombies are left", late.zombies)
	}
}

// A tree is what Chrome and we hold, in MiB resident, and its processes.
type tree struct {
	chrome, ours       int64
	processes, zombies int
}

func settledTree(t testing.TB, p *Prober) tree {
	t.Helper()
	idle(p)
	group := chromeOf(t, p).proc.cmd.Process.Pid
	zombies := func() (n int) {
		for _, m := range groupMembers(group) {
			if m.zombie {
				n++
			}
		}
		for _, pid := range children(t) {
			if m, ok := readStat(pid); ok && m.zombie && m.group != group {
				n++
			}
		}
		return n
	}
	for range 100 { // a renderer takes a moment to end, and to be waited for
		if len(processesOf(group, "renderer")) <= 1 && zombies() == 0 {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	now := tree{chrome: groupMemory(group) >> 20, processes: groupAlive(group), zombies: zombies()}
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		t.Fatal(err)
	}
	now.ours = resident * int64(os.Getpagesize()) >> 20
	return now
}
