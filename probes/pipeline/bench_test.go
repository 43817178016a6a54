package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

// The benchmark of the schedule under load: this binary plays three parts, each in a process of its own, so that the
// processor time and the memory of the prober are its own.
const roleVariable = "MYNAPROBE_BENCH_ROLE"

// roles are the parts; each gets the target's address and the number of probes, and ends at SIGTERM.
var roles = map[string]func(target string, n int) error{
	"target": func(string, int) error { return benchTarget() },
	"floor":  benchFloor,
	"prober": benchProber,
}

const benchEvery = 10 * time.Second

// benchPage is the 20 kB page that is probed.
var benchPage = []byte("<!doctype html><html lang=ja><head><meta charset=utf-8><title>試験ページ</title></head><body><p>手続きをさがす</p>" +
	strings.Repeat("<p>お知らせの本文です。</p>\n", 550) + "</body></html>")

// BenchmarkServe runs the server against a page on loopback, then a bare net/http loop with a timer a target, and
// reports the ratio of both. MYNAPROBE_BENCH_PROBES (default 1,000) and MYNAPROBE_BENCH_SECONDS (60) say how many probes, at
// 10 s, and for how long.
//
//	go test -run '^$' -bench Serve -benchtime 1x ./probes/pipeline
func BenchmarkServe(b *testing.B) {
	n, seconds := benchNumber("MYNAPROBE_BENCH_PROBES", 1000), benchNumber("MYNAPROBE_BENCH_SECONDS", 60)
	for b.Loop() {
		ours := benchPart(b, "prober", n, time.Duration(seconds)*time.Second)
		floor := benchPart(b, "floor", n, time.Duration(seconds)*time.Second)
		b.ReportMetric(ours.CPU/floor.CPU, "cpu-ratio")
		b.ReportMetric(1000*ours.CPU/float64(ours.Runs), "cpu-s/1000runs")
		b.ReportMetric(ours.CPU/float64(seconds), "cores")
		b.ReportMetric(ours.MiB, "peak-MiB")
		b.ReportMetric(floor.MiB, "floor-MiB")
		b.ReportMetric(ours.P99, "interval-p99-ms")
		b.ReportMetric(ours.Max, "interval-max-ms")
		b.ReportMetric(float64(ours.Busiest), "most-in-100ms")
		b.ReportMetric(float64(ours.Missed), "missed")
		b.ReportMetric(0, "ns/op")
	}
}

func benchNumber(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// benchFigures is what was measured of one part.
type benchFigures struct {
	CPU, MiB float64
	targetFigures
}

// targetFigures is what the target saw.
type targetFigures struct {
	Runs, Missed, Busiest int
	P99, Max              float64 // of the error of intervals, in ms
}

func benchPart(b *testing.B, role string, n int, d time.Duration) benchFigures {
	target, address := benchStart(b, "target", "", 0)
	defer benchStop(b, target)
	part, _ := benchStart(b, role, address, n)
	// The first interval is for starting up.
	<-time.After(benchEvery)
	before, err := cpuOf(part.Process.Pid)
	if err != nil {
		b.Fatal(err)
	}
	benchGet(b, address+"/reset")
	<-time.After(d)
	after, err := cpuOf(part.Process.Pid)
	if err != nil {
		b.Fatal(err)
	}
	var f benchFigures
	if err := json.Unmarshal(benchGet(b, fmt.Sprintf("%s/figures?probes=%d&seconds=%d", address, n, int(d.Seconds()))), &f.targetFigures); err != nil {
		b.Fatal(err)
	}
	benchStop(b, part)
	f.CPU = after - before
	f.MiB = float64(part.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	return f
}

// cpuOf is the user and system time of a process in seconds (proc(5): fields 14 and 15 of stat, in hundredths).
func cpuOf(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(data, []byte(") "))
	fields := strings.Fields(string(rest))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("stat of process %d: %q", pid, data)
	}
	return float64(user+system) / 100, nil
}

func benchStart(b *testing.B, role, target string, n int) (*exec.Cmd, string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "BENCH_TARGET="+target, "BENCH_PROBES="+strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s did not start: %v", role, err)
	}
	return cmd, strings.TrimSpace(line)
}

func benchStop(b *testing.B, cmd *exec.Cmd) {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Error(err)
	}
}

func benchGet(b *testing.B, address string) []byte {
	response, err := http.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// runRole plays a part and ends the process.
func runRole(role string) {
	n, _ := strconv.Atoi(os.Getenv("BENCH_PROBES"))
	if err := roles[role](os.Getenv("BENCH_TARGET"), n); err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func untilTerm() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	return ctx
}

// benchTarget serves the page and writes down when each path was asked for.
func benchTarget() error {
	var mu sync.Mutex
	seen := map[string][]time.Time{}
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		clear(seen)
	})
	mux.HandleFunc("/figures", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		probes, _ := strconv.Atoi(r.FormValue("probes"))
		seconds, _ := strconv.Atoi(r.FormValue("seconds"))
		_ = json.NewEncoder(w).Encode(figuresOf(seen, probes*seconds/int(benchEvery.Seconds())))
	})
	mux.HandleFunc("/p/", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		mu.Lock()
		seen[r.URL.Path] = append(seen[r.URL.Path], now)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(benchPage)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := &http.Server{Handler: mux}
	go func() {
		<-untilTerm().Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func figuresOf(seen map[string][]time.Time, want int) (f targetFigures) {
	var all []time.Time
	var errors []float64
	for _, times := range seen {
		all = append(all, times...)
		for i := 1; i < len(times); i++ {
			errors = append(errors, abs(times[i].Sub(times[i-1])-benchEvery).Seconds()*1000)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	slices.Sort(errors)
	f.Runs, f.Missed = len(all), max(0, want-len(all))
	if len(errors) > 0 {
		f.P99, f.Max = errors[len(errors)*99/100], errors[len(errors)-1]
	}
	for i, j := 0, 0; j < len(all); j++ {
		for all[j].Sub(all[i]) > 100*time.Millisecond {
			i++
		}
		f.Busiest = max(f.Busiest, j-i+1)
	}
	return f
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// benchFloor is the least that can be done with net/http: a timer a target, spread evenly, nothing judged or kept.
func benchFloor(target string, n int) error {
	ctx := untilTerm()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			timer := time.NewTimer(benchEvery * time.Duration(i) / time.Duration(n))
			defer timer.Stop()
			next := time.Now().Add(benchEvery * time.Duration(i) / time.Duration(n))
			for {
				select {
				case <-ctx.Done():
					return
				case <-timer.C:
				}
				if response, err := client.Get(fmt.Sprintf("%s/p/%d", target, i)); err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
				next = next.Add(benchEvery)
				timer.Reset(time.Until(next))
			}
		})
	}
	fmt.Println("ready")
	wait.Wait()
	return nil
}

// benchProber is the whole server with everything on: judging, windows, metrics, the state file.
func benchProber(target string, n int) error {
	var yaml strings.Builder
	yaml.WriteString("flow: { name: bench, critical: [page] }\ndefaults: { every: 10s, timeout: 5s }\nprobes:\n")
	for i := range n {
		fmt.Fprintf(&yaml, "  - { name: probe-%d, stage: page, http: { url: %s/p/%d, expect: { status: 200, title: 試験ページ, text: 手続きをさがす } } }\n", i, target, i)
	}
	set, err := definition.Parse("bench.yaml", []byte(yaml.String()))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mynaprobe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := New(set, Options{StateDir: dir})
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Serve(untilTerm(), ServeOptions{
		Listen: []string{"127.0.0.1:0"}, Listening: func(string) { fmt.Println("ready") },
		Final: func(r probes.Result) {
			if r.Outcome != probes.Up {
				fmt.Fprintln(os.Stderr, r.Probe, r.Outcome, r.Reason, r.Message)
			}
		},
	})
}
