package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"
)

// A process is a Chrome that we started, with its profile.
type process struct {
	cmd     *exec.Cmd
	profile *profile
	output  *tail
	pipe    *chromedp.PipeConn
	// exited is closed once Chrome's main process has ended and was waited for.
	exited chan struct{}
}

// startProcess starts Chrome with a pipe to speak through. The process lives until stop, or until we die.
func startProcess(path, stateDir string, args []string, env []string) (*process, error) {
	profile, err := newProfile(profileBase(stateDir))
	if err != nil {
		return nil, err
	}
	p := &process{profile: profile, output: &tail{}, exited: make(chan struct{})}
	if err := p.start(path, args, env); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", path, err), profile.remove())
	}
	return p, nil
}

// profileBase is the folder for profiles: the given one where that is fit, else the system's temporary folder.
func profileBase(stateDir string) string {
	if stateDir == "" || !fit(stateDir) {
		return os.TempDir()
	}
	return stateDir
}

func (p *process) start(path string, args, env []string) error {
	toChrome, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer toChrome.Close()
	answers, fromChrome, err := os.Pipe()
	if err != nil {
		ours.Close()
		return err
	}
	defer fromChrome.Close()
	p.pipe = chromedp.NewPipeConn(answers, ours)

	p.cmd = exec.Command(path, append(args, "--user-data-dir="+p.profile.dir)...)
	p.cmd.ExtraFiles = []*os.File{toChrome, fromChrome} // descriptors 3 and 4, where --remote-debugging-pipe expects them
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.WaitDelay = time.Second // a process that outlives Chrome may hold its output open
	p.cmd.Dir = p.profile.dir
	p.cmd.Env = append(env, "HOME="+p.profile.dir, "TMPDIR="+p.profile.dir)
	confine(p.cmd)

	started := make(chan error)
	go func() {
		// The kernel sends the parent-death signal when the thread that started the process ends, so it has to stay.
		// https://go.dev/issue/27505
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		p.pipe.Close()
		return err
	}
	return nil
}

// stop ends Chrome and everything it started, waits for it, and removes the profile.
func (p *process) stop() error {
	group := p.cmd.Process.Pid
	deadline := time.Now().Add(5 * time.Second)
	_ = syscall.Kill(-group, syscall.SIGKILL)
	<-p.exited
	for reapOrphans(group) > 0 && time.Now().Before(deadline) {
		_ = syscall.Kill(-group, syscall.SIGKILL)
		time.Sleep(5 * time.Millisecond)
	}
	p.pipe.Close()
	return p.profile.remove()
}

// ended says how the process ended, for an error about it; empty while it runs.
func (p *process) ended(ctx context.Context) string {
	select {
	case <-p.exited:
		return p.cmd.ProcessState.String()
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	return ""
}

// environment is all of ours that Chrome needs; the rest may hold secrets.
func environment() []string {
	env := []string{"LANG=ja_JP.UTF-8"}
	for _, name := range []string{
		"PATH", "LD_LIBRARY_PATH", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
		"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if excess := len(t.data) - tailBytes; excess > 0 {
		t.data = append(t.data[:0], t.data[excess:]...)
	}
	return len(p), nil
}

// lines returns the last n lines that say something, or the one by which Chrome gave up.
func (t *tail) lines(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(t.data)) {
		if strings.Contains(line, "FATAL:") {
			return strings.TrimSpace(line)
		}
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

func (t *tail) contains(part string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(string(t.data), part)
}
