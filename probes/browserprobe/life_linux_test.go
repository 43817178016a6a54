package browserprobe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
)

// Tests run themselves as another process, in the part that this variable names.
const partVariable = "BROWSERPROBE_TEST_PART"

func init() {
	switch os.Getenv(partVariable) {
	case "sandbox":
		p := New(Options{})
		r, err := p.Check(context.Background())
		fmt.Printf("uid=%d some=%v all=%v japanese=%v err=%v closed=%v\n", os.Getuid(), r.Renderers > 0, r.Sandboxed == r.Renderers, r.Japanese, err, p.Close())
		os.Exit(0)
	case "victim":
		p := New(Options{StateDir: os.Getenv("BROWSERPROBE_TEST_STATE")})
		runner, err := p.Prepare(browserProbe(open(os.Getenv("BROWSERPROBE_TEST_URL")), step("never", probes.ActionSee, byText("無い"), "")))
		if err != nil {
			panic(err)
		}
		go runner.Run(context.Background())
		for {
			p.mu.Lock()
			c := p.current
			up := c != nil && c.runs == 0 && len(c.all()) > 0
			p.mu.Unlock()
			if up {
				fmt.Println(c.proc.cmd.Process.Pid)
				break
			}
			<-time.After(10 * time.Millisecond)
		}
		select {}
	}
}

// itself is the test binary, where every user can run it.
func itself(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(openState(t), "part")
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSandbox: renderers are in namespaces of their own and under seccomp, as root and as an ordinary user.
func TestSandbox(t *testing.T) {
	file := itself(t)
	for _, uid := range []int{os.Getuid(), 64322} {
		if uid != os.Getuid() && os.Getuid() != 0 {
			continue // we are the ordinary user already
		}
		t.Run(fmt.Sprint("uid ", uid), func(t *testing.T) {
			cmd := exec.Command(file)
			cmd.Env = append(os.Environ(), partVariable+"=sandbox")
			if uid != os.Getuid() {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
			}
			out, err := cmd.CombinedOutput()
			if want := fmt.Sprintf("uid=%d some=true all=true japanese=true err=<nil> closed=<nil>\n", uid); err != nil || string(out) != want {
				t.Errorf("got %v %q, want %q", err, out, want)
			}
		})
	}
}

// script makes a program of a shell script that Chrome's user can run.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(openState(t), "chrome")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNoSandbox: where the kernel forbids user namespaces, the result says so and names the choices.
func TestNoSandbox(t *testing.T) {
	chrome, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	// a user namespace in which no other can be made
	path := script(t, `exec unshare --user --map-current-user --keep-caps sh -c 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all -- "$@"' sh '`+chrome+`' "$@"`)
	p := New(Options{Settings: probes.BrowserSettings{Path: path}})
	defer p.Close()
	r := run(t, p, browserProbe(open(serve(t, "x"))))
	wantOutcome(t, r, probes.Unknown, probes.ReasonBrowser)
	for _, want := range []string{"the browser could not make its sandbox: the kernel does not let it use user namespaces", "browser.url", "browser.sandbox: off"} {
		if !strings.Contains(r.Message, want) {
			t.Errorf("message is %q, want %q in it", r.Message, want)
		}
	}
	if _, err := p.Check(t.Context()); !errors.Is(err, errSandbox) {
		t.Errorf("Check: %v", err)
	}
	var logged []string
	off := New(Options{Settings: probes.BrowserSettings{Path: path, SandboxOff: true}, Logf: func(f string, a ...any) { logged = append(logged, fmt.Sprintf(f, a...)) }})
	defer off.Close()
	wantOutcome(t, run(t, off, browserProbe(open(serve(t, "x")))), probes.Up, "")
	if len(logged) != 1 || !strings.Contains(logged[0], "browser.sandbox is off") || !off.Stats().SandboxOff {
		t.Errorf("logged %q, stats %+v", logged, off.Stats())
	}
}

// TestOurDeath: Chrome dies with us also when we are killed, and the next life removes what was left.
func TestOurDeath(t *testing.T) {
	dir := openState(t)
	cmd := exec.Command(itself(t))
	cmd.Env = append(os.Environ(), partVariable+"=victim", "BROWSERPROBE_TEST_STATE="+dir, "BROWSERPROBE_TEST_URL="+site(t)+"/")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var group int
	if _, err := fmt.Fscan(out, &group); err != nil {
		t.Fatal(err)
	}
	if before := takeStanding(t, dir); groupAlive(group) < 3 || before.profiles != 2 {
		t.Fatalf("the victim has %d processes, %+v", groupAlive(group), before)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for range 500 {
		if groupAlive(group) == 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	if n := groupAlive(group); n != 0 {
		t.Errorf("%d processes outlived us", n)
	}
	p := New(Options{StateDir: dir})
	wantOutcome(t, run(t, p, browserProbe(open(serve(t, "x")))), probes.Up, "")
	if now := takeStanding(t, dir); now.profiles != 2 {
		t.Errorf("the next life left the profile of the former: %+v", now)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if now := takeStanding(t, dir); now.profiles != 0 {
		t.Errorf("after Close there are %+v", now)
	}
}

// TestReaping: where orphans become our children, as those of PID 1 do, none stays a zombie.
func TestReaping(t *testing.T) {
	adoptOrphans(t)
	p := New(Options{})
	wantOutcome(t, run(t, p, browserProbe(open(serve(t, "x")))), probes.Up, "")
	group := chromeOf(t, p).proc.cmd.Process.Pid
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, m := range groupMembers(group) {
		t.Errorf("left: %+v", m)
	}
}

// remoteChrome starts a Chrome that listens on the port, and returns how to end it.
func remoteChrome(t *testing.T, port string) (stop func()) {
	t.Helper()
	path, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := newProfile(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--disable-gpu", "--remote-debugging-port="+port, "--user-data-dir="+profile.dir)
	cmd.Env = append(environment(), "HOME="+profile.dir, "TMPDIR="+profile.dir)
	cmd.Dir = profile.dir
	confine(cmd)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "DevTools listening on") {
	}
	drained := make(chan struct{})
	go func() { defer close(drained); io.Copy(io.Discard, out) }()
	return func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-drained
		cmd.Wait()
		for groupAlive(cmd.Process.Pid) > 0 {
			<-time.After(5 * time.Millisecond)
		}
		profile.remove()
	}
}

// TestRemote: a remote browser is used, a lost one is our fault, and one that came back is found again.
func TestRemote(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	stop := remoteChrome(t, port)
	p := New(Options{Settings: probes.BrowserSettings{URL: probes.Value{Text: "http://127.0.0.1:" + port + "?token=himitsu"}}})
	defer p.Close()
	url := site(t)
	probe := browserProbe(open(url+"/"), step("window", probes.ActionClick, byText("別の窓で開く"), ""), step("go", probes.ActionTab, probes.Target{}, ""), step("see", probes.ActionSee, byText("次のページ"), ""))
	wantOutcome(t, run(t, p, probe), probes.Up, "")
	if r, err := p.Check(t.Context()); err != nil || !r.Remote || r.Version == "" || r.Path != "" {
		t.Errorf("Check: %+v %v", r, err)
	}
	stop()
	r := run(t, p, probe)
	wantOutcome(t, r, probes.Unknown, probes.ReasonBrowser)
	if !strings.Contains(r.Message, "the remote browser (browser.url)") || strings.Contains(r.Message, "himitsu") {
		t.Errorf("message is %q", r.Message)
	}
	stop = remoteChrome(t, port)
	defer stop()
	wantOutcome(t, run(t, p, probe), probes.Up, "")
}

// TestNoBrowser: a missing or broken browser is our fault, and says what to do.
func TestNoBrowser(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"missing", "/no/such/chrome", "no Chrome or Chromium was found: browser.path names /no/such/chrome: "},
		{"broken", script(t, "echo 'error while loading shared libraries: libnss3.so' >&2; exit 127"), "the browser did not start (exit status 127; it printed: error while loading shared libraries: libnss3.so)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(Options{Settings: probes.BrowserSettings{Path: c.path}})
			defer p.Close()
			r := run(t, p, browserProbe(open("http://127.0.0.1/")))
			wantOutcome(t, r, probes.Unknown, probes.ReasonBrowser)
			if !strings.HasPrefix(r.Message, c.want) {
				t.Errorf("message is %q, want %q", r.Message, c.want)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CHROME_PATH", "")
	if found, err := Find(""); err == nil {
		if _, err := os.Stat(found); err != nil {
			t.Errorf("Find gives %s: %v", found, err)
		}
	} else if !strings.Contains(err.Error(), "apt install chromium-headless-shell") || !errors.Is(err, errNoBrowser) {
		t.Errorf("Find: %v", err)
	}
	if found, err := find("", true); err == nil && isShell(found) || err != nil && !strings.Contains(err.Error(), "that can show its windows") {
		t.Errorf("for windows, find gives %q %v", found, err)
	}
	shell := filepath.Join(filepath.Dir(script(t, "")), "headless-shell")
	if err := os.Symlink("/bin/sh", shell); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHROME_PATH", shell)
	if _, err := find("", true); err == nil || !strings.Contains(err.Error(), "CHROME_PATH names "+shell+", which has no windows to show") {
		t.Errorf("for windows, find gives %v", err)
	}
	t.Setenv("CHROME_PATH", "/bin/sh")
	if found, err := Find(""); found != "/bin/sh" {
		t.Errorf("Find does not heed CHROME_PATH: %q %v", found, err)
	}
}

// TestSlots: a run that gets no slot in time is our fault, and says so; browsers are replaced after so many runs.
func TestSlots(t *testing.T) {
	url := site(t)
	p := New(Options{Settings: probes.BrowserSettings{Slots: 1, RecycleAfter: 2}})
	defer p.Close()
	p.slots <- struct{}{}
	probe := browserProbe(open(url + "/"))
	probe.Timeout = 50 * time.Millisecond
	r := run(t, p, probe)
	wantOutcome(t, r, probes.Unknown, probes.ReasonOverload)
	if want := "none of the browser's 1 slots became free within 50ms"; r.Message != want {
		t.Errorf("message is %q, want %q", r.Message, want)
	}
	if s := p.Stats(); s.Slots != 1 || s.Busy != 1 {
		t.Errorf("stats are %+v", s)
	}
	<-p.slots
	probe.Timeout = 15 * time.Second
	for range 3 {
		wantOutcome(t, run(t, p, probe), probes.Up, "")
	}
	if s := p.Stats(); s.Restarts[RestartRuns] != 1 || !s.Running {
		t.Errorf("stats are %+v", s)
	}
	p.slots <- struct{}{} // no run is under way that reads the settings
	p.o.Settings.MaxMemory = 1
	p.o.Settings.RecycleAfter = 100
	<-p.slots
	for range memoryEvery {
		wantOutcome(t, run(t, p, probe), probes.Up, "")
	}
	p.slots <- struct{}{} // the last run's cleaning is done
	if s := p.Stats(); s.Restarts[RestartMemory] != 1 {
		t.Errorf("stats are %+v", s)
	}
	<-p.slots
}

// TestCrashingPage: a page that crashes is tried again in a fresh browser, is at fault when it does so there too, and costs
// the runs after it nothing. One page is made to crash, another takes more memory than a page may have.
func TestCrashingPage(t *testing.T) {
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		writePage(w, "<h1>申請</h1>")
		if r.URL.Path == "/memory" {
			fmt.Fprint(w, "<script>const all = []; for (;;) all.push(new Array(1e5).fill(all.length))</script>")
		}
	})
	p := New(Options{extraFlags: []string{"--js-flags=--max-old-space-size=32"}})
	defer p.Close()
	good := browserProbe(open(url+"/"), step("see", probes.ActionSee, byText("申請"), ""))
	for name, address := range map[string]string{"crash": "chrome://crash", "memory": url + "/memory"} {
		t.Run(name, func(t *testing.T) {
			probe := browserProbe(open(url+"/"), open(address), step("see", probes.ActionSee, byText("x"), ""))
			probe.Browser.Steps[1].Name = "crash"
			began := time.Now()
			r := run(t, p, probe)
			if took := time.Since(began); took > probe.Timeout {
				t.Errorf("took %s, with a timeout of %s", took, probe.Timeout)
			}
			wantOutcome(t, r, probes.Down, probes.ReasonScript)
			if !strings.Contains(r.Message, "the page crashed, and did so again in a fresh browser") || len(r.Attempts) != 2 || !r.Browser.Restarted {
				t.Errorf("message is %q, attempts %+v", r.Message, r.Attempts)
			}
			chrome := chromeOf(t, p)
			wantOutcome(t, run(t, p, good), probes.Up, "")
			if chromeOf(t, p) != chrome {
				t.Error("the run after it needed another browser")
			}
		})
	}
}
