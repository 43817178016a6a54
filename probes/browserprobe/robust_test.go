package browserprobe

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

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

// kind returns the processes of the group of one type of Chrome's; "" is the main one.
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

// standing is what must not grow.
type standing struct{ profiles, goroutines, files int }

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
	return standing{len(profiles), runtime.NumGoroutine(), len(files)}
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
	p := New(Options{StateDir: dir})
	probe := browserProbe(open(url+"/"),
		step("see", probes.ActionSee, byText("遅れて出る文"), ""),
		step("fill", probes.ActionFill, byLabel("氏名"), "山田"),
		step("submit", probes.ActionClick, byText("申請する"), ""),
		step("at", probes.ActionSee, byText("受け付けました"), ""))
	runner, err := p.Prepare(probe)
	if err != nil {
		t.Fatal(err)
	}
	before := takeStanding(t, dir)
	wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
	n := times(8, 100)
	outcomes := map[string]int{}
	groups := map[int]bool{}
	var middle int
	for i := range n {
		kind := []string{"", "renderer", "gpu-process", "utility"}[i%4]
		wantOutcome(t, runner.Run(t.Context()), probes.Up, "") // a browser is there, and works
		group := chromeOf(t, p).proc.cmd.Process.Pid
		groups[group] = true
		done := make(chan probes.Result, 1)
		began := time.Now()
		go func() { done <- runner.Run(context.Background()) }()
		timer := time.NewTimer(time.Duration(rand.IntN(350)) * time.Millisecond)
		var r probes.Result
		ended := false
		select {
		case <-timer.C:
		case r = <-done:
			ended = true
		}
		if victims := processesOf(group, kind); len(victims) > 0 {
			syscall.Kill(victims[rand.IntN(len(victims))], syscall.SIGKILL)
		}
		if !ended {
			middle++
			r = <-done
		}
		outcomes[fmt.Sprintf("%s: %s restarted=%v", or(kind, "main"), r.Outcome, r.Browser != nil && r.Browser.Restarted)]++
		if r.Outcome == probes.Down {
			t.Errorf("run %d, %s killed: down (%s) %s; attempts %+v", i, kind, r.Reason, r.Message, r.Attempts)
		}
		if took := time.Since(began); took > probe.Timeout+time.Second {
			t.Errorf("run %d took %s", i, took)
		}
		if r.Outcome == probes.Up {
			for _, s := range r.Steps {
				if s.State != probes.StepPassed {
					t.Errorf("run %d is up, but its step %s is %s", i, s.Name, s.State)
				}
			}
			if r.Browser.FinalURL == "" || !strings.Contains(r.Browser.FinalURL, "/sent") {
				t.Errorf("run %d is up at %q, which is not the journey's end", i, r.Browser.FinalURL)
			}
		}
	}
	t.Logf("%d of %d killed in the middle: %v; restarts %v", middle, n, outcomes, p.Stats().Restarts)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for group := range groups {
		if n := groupAlive(group); n > 0 {
			t.Errorf("%d processes are left of browser %d", n, group)
		}
	}
	var after standing
	for range 100 { // what the kernel and net/http tidy up after themselves
		if after = takeStanding(t, dir); after.profiles == before.profiles && after.goroutines <= before.goroutines+4 && after.files <= before.files+2 {
			return
		}
		runtime.Gosched()
		<-time.After(20 * time.Millisecond)
	}
	t.Errorf("left behind: before %+v, after %+v", before, after)
}

// TestCancelled cancels runs at every moment of their life: every browser context is disposed of.
func TestCancelled(t *testing.T) {
	url := site(t)
	p := New(Options{})
	defer p.Close()
	runner, err := p.Prepare(browserProbe(open(url+"/"), step("see", probes.ActionSee, byText("遅れて出る文"), ""), step("click", probes.ActionClick, byText("次へ進む"), "")))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
	whole := time.Since(began)
	c := chromeOf(t, p)
	n := times(40, 200)
	work := make(chan int)
	var wg sync.WaitGroup
	var cut atomic.Int64
	for range 4 {
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

// TestLastingMemory runs journeys one after the other: the memory of the process tree stays, and no process is left.
func TestLastingMemory(t *testing.T) {
	url := site(t)
	p := New(Options{})
	defer p.Close()
	runner, err := p.Prepare(browserProbe(open(url+"/"), step("see", probes.ActionSee, byText("申請"), ""), step("fill", probes.ActionFill, byLabel("氏名"), "山田")))
	if err != nil {
		t.Fatal(err)
	}
	first, n := times(6, 50), times(18, 300)
	var early, processes int64
	for i := range n {
		wantOutcome(t, runner.Run(t.Context()), probes.Up, "")
		if i == first-1 {
			early, processes = settledMemory(t, p)
		}
	}
	late, now := settledMemory(t, p)
	t.Logf("after %d journeys %d MiB in %d processes, after %d: %d MiB in %d; restarts %v", first, early>>20, processes, n, late>>20, now, p.Stats().Restarts)
	if float64(late) > 1.2*float64(early) {
		t.Errorf("memory grew from %d to %d MiB", early>>20, late>>20)
	}
	if now > processes+1 {
		t.Errorf("there were %d processes, now there are %d", processes, now)
	}
	for _, s := range groupMembers(chromeOf(t, p).proc.cmd.Process.Pid) {
		if s.zombie && s.parent == os.Getpid() {
			t.Errorf("process %d is a zombie of ours", s.pid)
		}
	}
}

func settledMemory(t testing.TB, p *Prober) (memory, processes int64) {
	t.Helper()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	group := chromeOf(t, p).proc.cmd.Process.Pid
	for range 100 { // a renderer takes a moment to end
		if len(processesOf(group, "renderer")) <= 1 {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	for range cap(p.slots) {
		<-p.slots
	}
	return groupMemory(group), int64(groupAlive(group))
}
