package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
)

// A server whose disk refuses: in a process of its own, which can be given limits and another user.

func init() { roles["refused"] = refusedServe }

// refusedServe serves, and for each line that it reads takes away the room for files, or gives it back.
func refusedServe(target string, _ int) error {
	signal.Ignore(syscall.SIGXFSZ) // the signal would end the process; without it the write fails
	set, err := parsed(quick(target))()
	if err != nil {
		return err
	}
	p, err := New(set, Options{StateDir: os.Getenv("REFUSED_DIR"), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer p.Close()
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		return err
	}
	out := make(chan tale, 100)
	go func() {
		encoder := json.NewEncoder(os.Stdout)
		for t := range out {
			_ = encoder.Encode(t)
		}
	}()
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			limit := usual
			if in.Text() == "full" {
				limit.Cur = 1
			}
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			out <- tale{Listen: in.Text()}
		}
	}()
	return p.Serve(untilTerm(), ServeOptions{
		Listen: []string{"127.0.0.1:0"}, Listening: func(addr string) { out <- tale{Listen: "http://" + addr} },
		Changed: func(windows []probes.Window) { out <- tale{Windows: windows} },
	})
}

// refused is the running server.
type refused struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	stdin io.Writer
	log   *lines
	url   string
}

func serveRefused(t *testing.T, target, dir string, prepare func(*exec.Cmd)) *refused {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	r := &refused{t: t, cmd: exec.CommandContext(ctx, "/proc/self/exe"), log: &lines{}}
	r.cmd.Env = append(os.Environ(), roleVariable+"=refused", "BENCH_TARGET="+target, "REFUSED_DIR="+dir)
	r.cmd.Stderr = r.log
	prepare(r.cmd)
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	})
	r.lines = bufio.NewScanner(out)
	r.url = r.until("its address", func(l tale) bool { return l.Listen != "" }).Listen
	return r
}

// until waits for a line.
func (r *refused) until(what string, fits func(tale) bool) tale {
	r.t.Helper()
	for r.lines.Scan() {
		var l tale
		if err := json.Unmarshal(r.lines.Bytes(), &l); err != nil {
			r.t.Fatalf("%v: %s", err, r.lines.Text())
		}
		if fits(l) {
			return l
		}
	}
	r.t.Fatalf("it ended without %s:\n%s", what, r.log)
	return tale{}
}

func (r *refused) order(word string) {
	r.t.Helper()
	fmt.Fprintln(r.stdin, word)
	r.until(word, func(l tale) bool { return l.Listen == word })
}

// shows waits until the metrics have all of the lines.
func (r *refused) shows(want ...string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	for {
		response, err := http.Get(r.url + "/metrics")
		if err != nil {
			r.t.Fatal(err)
		}
		data, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			r.t.Fatal(err)
		}
		missing := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return strings.Contains(string(data), line) })
		if len(missing) == 0 {
			return
		}
		if (probes.SystemClock{}).Sleep(ctx, 100*time.Millisecond) != nil {
			r.t.Fatalf("the metrics never showed %q\n%s", missing, r.log)
		}
	}
}

// recovers has an outage seen while the disk refuses, gives the disk back, and finds the window on it.
func (r *refused) recovers(page *target, dir string, heal func()) {
	t := r.t
	t.Helper()
	const labels = `{flow="shop",kind="http",probe="front-page",stage="front"} `
	r.shows("probe_outcome" + labels + "1")
	page.set(http.StatusServiceUnavailable)
	opened := r.until("a window", func(l tale) bool {
		return slices.ContainsFunc(l.Windows, func(w probes.Window) bool { return w.Scope == probes.ScopeProbe && w.Open() })
	})
	r.shows("prober_store_writable 0", "probe_outage_active"+labels+"1", "probe_outcome"+labels+"4")
	page.set(http.StatusOK)
	r.until("its end", func(l tale) bool {
		return slices.ContainsFunc(l.Windows, func(w probes.Window) bool { return w.Scope == probes.ScopeProbe && !w.Open() })
	})
	r.shows("prober_store_writable 0", "probe_outage_active"+labels+"0")
	heal()
	r.shows("prober_store_writable 1")
	kept, err := OpenKept(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	windows, err := kept.Windows(t.Context(), probes.WindowFilter{Probe: "front-page"})
	if err != nil || len(windows) != 1 || windows[0].Open() {
		t.Errorf("after it recovered the file holds %+v, %v; it was told %+v", windows, err, opened)
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for r.lines.Scan() { // until it has ended
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, r.log)
	}
	for _, once := range []string{"windows cannot be written", "windows are written again"} {
		if n := strings.Count(r.log.String(), once); n != 1 {
			t.Errorf("the log says %d times that %s:\n%s", n, once, r.log)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	page, dir := newTarget(t), filepath.Join(t.TempDir(), "state")
	r := serveRefused(t, page.URL, dir, func(*exec.Cmd) {})
	r.shows("prober_store_writable 1")
	r.order("full")
	r.recovers(page, dir, func() { r.order("room") })
}

func TestReadOnlyStateDirectory(t *testing.T) {
	t.Parallel()
	page, dir := newTarget(t), filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	r := serveRefused(t, page.URL, dir, func(cmd *exec.Cmd) {
		if os.Geteuid() != 0 {
			return
		}
		const nobody = 65534                                                                  // root may write everywhere, so the server runs as somebody else
		for _, parent := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} { // of the test alone
			if err := os.Chmod(parent, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
	})
	r.recovers(page, dir, func() {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	})
}
