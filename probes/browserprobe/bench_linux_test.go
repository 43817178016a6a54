package browserprobe

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mynaprobe/probes"
)

// BenchmarkJourney measures a journey of ours against the same one in bare chromedp, with one Chrome kept and a new
// context each, in one run: CPU seconds of ourselves and Chrome, and the greatest PSS of Chrome. What counts is
// cpu-ratio, ours to bare; see that both ran on a machine with nothing else to do.
//
//	go test -run '^$' -bench Journey -benchtime 30x ./probes/browserprobe
func BenchmarkJourney(b *testing.B) {
	url := serveFunc(b, benchPages)
	var bare float64
	b.Run("bare-chromedp", func(b *testing.B) { bare = benchBare(b, url) })
	b.Run("ours", func(b *testing.B) {
		cpu := benchOurs(b, url, 1)
		if bare > 0 {
			b.ReportMetric(cpu/bare, "cpu-ratio")
		}
	})
	b.Run("ours-4-at-a-time", func(b *testing.B) { benchOurs(b, url, 4) })
}

func benchPages(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		writePage(w, `<!DOCTYPE html><title>申請</title><link rel=stylesheet href=/style.css><h1>iPhoneのマイナンバーカード</h1>`+strings.Repeat("<p>説明の文がここに入ります。</p>", 40)+`<button id=start>申請を始める</button>
<form id=form action=/sent hidden><input id=name name=name><button id=send>送信</button></form><script src=/app.js></script>`)
	case "/style.css":
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, "body{font-family:sans-serif;max-width:60em} p{margin:.5em} button{padding:1em}")
	case "/app.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, "start.onclick = () => { form.hidden = false }")
	case "/sent":
		writePage(w, "<title>受付</title><h1 id=done>申請を受け付けました</h1>")
	default:
		http.NotFound(w, r)
	}
}

// usage is the CPU time of a process group with all that ended in it, and of ourselves.
func usage(b testing.TB, group int) time.Duration {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		b.Fatal(err)
	}
	total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	for _, p := range groupMembers(group) {
		data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "stat"))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		for _, f := range fields[11:15] { // utime, stime, cutime, cstime, in hundredths of a second
			ticks, _ := strconv.Atoi(f)
			total += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return total
}

// pss is the memory of a process group, shared pages divided among those who share them.
func pss(group int) (bytes int64) {
	for _, p := range groupMembers(group) {
		data, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "smaps_rollup"))
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				bytes += kb << 10
			}
		}
	}
	return bytes
}

// report ends a benchmark: CPU seconds and PSS for a journey.
func report(b *testing.B, group int, before time.Duration, peak int64) float64 {
	cpu := (usage(b, group) - before).Seconds() / float64(b.N)
	b.ReportMetric(cpu, "cpu-s/op")
	b.ReportMetric(float64(peak>>20), "pss-MiB")
	return cpu
}

func benchBare(b *testing.B, url string) float64 {
	path, err := Find("")
	if err != nil {
		b.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	}))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	browser, quit := chromedp.NewContext(allocator)
	defer quit()
	if err := chromedp.Do(browser); err != nil {
		b.Fatal(err)
	}
	journey := func() {
		tab, done := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		defer done()
		tab, cancel := context.WithTimeout(tab, 30*time.Second)
		defer cancel()
		if err := chromedp.Do(tab, chromedp.Navigate(url+"/"), chromedp.WaitVisible(chromedp.CSS("#start")), chromedp.Click(chromedp.CSS("#start")), chromedp.WaitVisible(chromedp.CSS("#name")),
			chromedp.SendKeys(chromedp.CSS("#name"), "山田花子"), chromedp.Click(chromedp.CSS("#send")), chromedp.WaitVisible(chromedp.CSS("#done"))); err != nil {
			b.Fatal(err)
		}
		if got, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS("#done"))); err != nil || got != "申請を受け付けました" {
			b.Fatal(got, err)
		}
	}
	journey()
	journey()
	group := chromedp.FromContext(browser).Browser.Process().Pid
	before, peak := usage(b, group), int64(0)
	b.ResetTimer()
	for range b.N {
		journey()
		peak = max(peak, pss(group))
	}
	b.StopTimer()
	return report(b, group, before, peak)
}

func benchOurs(b *testing.B, url string, atOnce int) float64 {
	p := New(Options{Settings: probes.BrowserSettings{RecycleAfter: 1 << 30, MaxMemory: 1 << 40}})
	defer p.Close()
	runner, err := p.Prepare(browserProbe(open(url+"/"),
		step("wait", probes.ActionSee, bySelector("#start"), ""), step("click", probes.ActionClick, bySelector("#start"), ""),
		step("fill", probes.ActionFill, bySelector("#name"), "山田花子"), step("send", probes.ActionClick, bySelector("#send"), ""),
		step("done", probes.ActionSee, byText("申請を受け付けました"), "")))
	if err != nil {
		b.Fatal(err)
	}
	journey := func() {
		if r := runner.Run(context.Background()); r.Outcome != probes.Up {
			b.Errorf("%s (%s) %s", r.Outcome, r.Reason, r.Message)
		}
	}
	journey()
	journey()
	group := chromeOf(b, p).proc.cmd.Process.Pid
	before, peak := usage(b, group), int64(0)
	b.ResetTimer()
	var wg sync.WaitGroup
	work := make(chan struct{})
	for range atOnce {
		wg.Go(func() {
			for range work {
				journey()
			}
		})
	}
	for range b.N {
		work <- struct{}{}
		peak = max(peak, pss(group))
	}
	close(work)
	wg.Wait()
	b.StopTimer()
	return report(b, group, before, peak)
}
