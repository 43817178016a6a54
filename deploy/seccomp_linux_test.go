package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	filter "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
	"mynaprobe/probes/browserprobe"
)

// filterVariable names the file with the filter under which this test binary shall try what a prober does.
const filterVariable = "MYNAPROBE_TEST_FILTER"

// namespaces are those that clone and unshare can make, clone(2). Chrome's sandbox needs user, pid and net.
var namespaces = map[string]uint64{
	"user": unix.CLONE_NEWUSER, "pid": unix.CLONE_NEWPID, "net": unix.CLONE_NEWNET,
	"mnt": unix.CLONE_NEWNS, "uts": unix.CLONE_NEWUTS, "ipc": unix.CLONE_NEWIPC, "cgroup": unix.CLONE_NEWCGROUP,
}

var chromeNamespaces = []string{"net", "pid", "user"}

// A trial is what was possible under a filter.
type trial struct {
	// Namespaces could be made, beside a user namespace.
	Namespaces []string
	// Filters is how many seccomp filters a renderer has beyond ours; one of its own makes it a sandbox.
	Filters int
	// Browser is what the prober's own check of Chrome found, Error its error.
	Browser browserprobe.Report
	Error   string
}

func TestMain(m *testing.M) {
	if path := os.Getenv(filterVariable); path != "" {
		if err := try(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// try becomes the container's user under the filter, and prints what is possible then.
func try(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var profile specs.LinuxSeccomp
	if err := json.Unmarshal(text, &profile); err != nil {
		return err
	}
	policy, err := policyOf(profile)
	if err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(65532, 65532, 65532), syscall.Setresuid(65532, 65532, 65532)); err != nil {
			return fmt.Errorf("becoming the container's user: %w", err)
		}
	}
	if err := filter.LoadFilter(filter.Filter{NoNewPrivs: true, Flag: filter.FilterFlagTSync, Policy: policy}); err != nil {
		return err
	}
	var result trial
	for name, flag := range namespaces {
		cmd := exec.Command("true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | uintptr(flag)}
		if err := cmd.Run(); err == nil {
			result.Namespaces = append(result.Namespaces, name)
		}
	}
	slices.Sort(result.Namespaces)
	prober := browserprobe.New(browserprobe.Options{
		StateDir: filepath.Dir(path), Secrets: func(probes.Value) (string, error) { return "", nil },
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result.Browser, err = prober.Check(ctx)
	if err == nil {
		result.Filters, err = filtersOfRenderers(ctx, prober)
	}
	if err != nil {
		result.Error = err.Error()
	}
	if err := prober.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// filtersOfRenderers has a page loaded, looks at the renderers while it waits for a script of its own, and returns how many
// filters the renderer with the most has beyond ours.
func filtersOfRenderers(ctx context.Context, prober *browserprobe.Prober) (int, error) {
	var most atomic.Int64
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<title>page</title><script src=/script.js></script>")
		case "/script.js":
			commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range commands {
				text, err := os.ReadFile(path)
				if err == nil && bytes.Contains(text, []byte("--type=renderer")) && descends(filepath.Dir(path)) {
					most.Store(max(most.Load(), int64(filters(filepath.Dir(path)))))
				}
			}
		}
	}))
	defer site.Close()
	run, err := prober.Prepare(probes.Probe{
		Name: "page", Kind: probes.KindBrowser, Every: time.Minute, Timeout: 30 * time.Second,
		Browser: &probes.Browser{Steps: []probes.Step{{Name: "open", Action: probes.ActionOpen, Value: probes.Value{Text: site.URL}}}},
	})
	if err != nil {
		return 0, err
	}
	if r := run.Run(ctx); r.Outcome != probes.Up {
		return 0, fmt.Errorf("the page: %s %s", r.Reason, r.Message)
	}
	return int(most.Load()) - filters("/proc/self"), nil
}

// descends reports whether the process behind a folder of /proc is a descendant of ours.
func descends(dir string) bool {
	for range 10 {
		parent := statusField(dir, "PPid")
		if parent == os.Getpid() {
			return true
		}
		dir = filepath.Join("/proc", strconv.Itoa(parent))
	}
	return false
}

// filters is how many seccomp filters the process has, proc_pid_status(5).
func filters(dir string) int { return statusField(dir, "Seccomp_filters") }

// statusField is a number of a process's status; 0 when the process is gone.
func statusField(dir, name string) int {
	text, _ := os.ReadFile(filepath.Join(dir, "status"))
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}

// policyOf translates a profile for the loader, on this machine's architecture. Names of others are left out, as
// container runtimes do.
func policyOf(profile specs.LinuxSeccomp) (filter.Policy, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return filter.Policy{}, err
	}
	var refused []filter.SyscallGroup
	allowed := filter.SyscallGroup{Action: filter.ActionAllow}
	for _, rule := range profile.Syscalls {
		names := slices.DeleteFunc(slices.Clone(rule.Names), func(n string) bool { _, ok := info.SyscallNames[n]; return !ok })
		var conditions filter.ArgumentConditions
		for _, a := range rule.Args {
			c := filter.Condition{Argument: uint32(a.Index), Value: a.Value}
			switch {
			case a.Op == specs.OpEqualTo:
				c.Operation = filter.Equal
			case a.Op == specs.OpLessThan:
				c.Operation = filter.LessThan
			case a.Op == specs.OpMaskedEqual && a.ValueTwo == 0:
				c.Operation = filter.BitsNotSet
			default:
				return filter.Policy{}, fmt.Errorf("no translation for %v of %v", a, rule.Names)
			}
			conditions = append(conditions, c)
		}
		switch {
		case len(names) == 0:
		case rule.Action == specs.ActErrno && rule.Args == nil && rule.ErrnoRet != nil:
			refused = append(refused, filter.SyscallGroup{Names: names, Action: filter.ActionErrno | filter.Action(*rule.ErrnoRet)})
		case rule.Action != specs.ActAllow:
			return filter.Policy{}, fmt.Errorf("no translation for %s of %v", rule.Action, rule.Names)
		case rule.Args == nil:
			for _, n := range names {
				if !slices.Contains(allowed.Names, n) {
					allowed.Names = append(allowed.Names, n)
				}
			}
		default:
			for _, n := range names {
				allowed.NamesWithCondtions = append(allowed.NamesWithCondtions, filter.NameWithConditions{Name: n, Conditions: conditions})
			}
		}
	}
	return filter.Policy{DefaultAction: filter.ActionErrno, Syscalls: append(refused, allowed)}, nil
}

// under runs this test binary again, under the filter.
func under(t *testing.T, profile specs.LinuxSeccomp) trial {
	t.Helper()
	parts.NeedBrowser(t)
	text, err := json.Marshal(profile)
	if err != nil {
		t.Fatal(err)
	}
	// a short path, because Chrome keeps sockets there, and one that the container's user reaches
	dir, err := os.MkdirTemp("/tmp", "myna")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "filter.json")
	if err := errors.Join(os.Chmod(dir, 0o777), os.WriteFile(path, text, 0o644)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), filterVariable+"="+path, "HOME="+dir, "TMPDIR="+dir)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("under the filter: %v\n%s", err, stderr.Bytes())
	}
	var result trial
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return result
}

// wantSandbox wants Chrome's sandbox at work, and no other namespaces than it needs.
func wantSandbox(t *testing.T, got trial) {
	t.Helper()
	if got.Error != "" || got.Browser.Renderers == 0 || got.Browser.Sandboxed != got.Browser.Renderers {
		t.Errorf("Chrome: %d of %d renderers in the sandbox; %s", got.Browser.Sandboxed, got.Browser.Renderers, got.Error)
	}
	if got.Filters < 1 {
		t.Error("Chrome: the renderers have no seccomp filter of their own")
	}
	if !slices.Equal(got.Namespaces, chromeNamespaces) {
		t.Errorf("namespaces that can be made: %q, want %q", got.Namespaces, chromeNamespaces)
	}
}

// profile reads seccomp.json as the OCI runtime specification has it. That is what containerd reads; Docker and CRI-O know
// more fields, which containerd passes over in silence.
func profile(t *testing.T) specs.LinuxSeccomp {
	t.Helper()
	text, err := os.ReadFile("seccomp.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p specs.LinuxSeccomp
	if err := decoder.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// plain is the profile that the container runtime makes of its own for an unprivileged container.
func plain(t *testing.T) specs.LinuxSeccomp {
	t.Helper()
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}}
	p, err := seccomp.GetDefaultProfile(spec)
	if err != nil {
		t.Fatal(err)
	}
	return *p
}

// unprivileged is the runtime's profile of all architectures, without the rules for containers with capabilities.
func unprivileged() specs.LinuxSeccomp {
	var p specs.LinuxSeccomp
	for _, rule := range seccomp.DefaultProfile().Syscalls {
		if rule.Includes == nil || len(rule.Includes.Caps) == 0 {
			p.Syscalls = append(p.Syscalls, rule.LinuxSyscall)
		}
	}
	return p
}

func TestSeccompProfileMeansTheSameEverywhere(t *testing.T) {
	text, err := os.ReadFile("seccomp.json")
	if err != nil {
		t.Fatal(err)
	}
	want := profile(t)
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: []string{"CAP_SYS_ADMIN"}}}}
	docker, err := seccomp.LoadProfile(string(text), spec)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(flat(want), flat(*docker)) || !slices.Equal(want.Architectures, docker.Architectures) {
		t.Error("Docker reads another profile than containerd")
	}
}

// TestSeccompProfileAddsLittle: what an unprivileged container may not do otherwise is named here, and nothing else.
func TestSeccompProfileAddsLittle(t *testing.T) {
	ours, theirs := flat(profile(t)), flat(unprivileged())
	var added []string
	for rule := range ours {
		if _, ok := theirs[rule]; !ok {
			added = append(added, rule)
		}
	}
	slices.Sort(added)
	var others uint64 // namespaces that stay forbidden
	for name, flag := range namespaces {
		if !slices.Contains(chromeNamespaces, name) {
			others |= flag
		}
	}
	want := []string{
		"chroot",
		fmt.Sprintf("clone [{0 %d 0 SCMP_CMP_MASKED_EQ}]", others),
		// families below 3 are one rule there, and two here: Unix and IPv4
		"socket [{0 1 0 SCMP_CMP_EQ}]", "socket [{0 2 0 SCMP_CMP_EQ}]",
		fmt.Sprintf("unshare [{0 %d 0 SCMP_CMP_MASKED_EQ}]", others|unix.CLONE_NEWTIME),
	}
	if !slices.Equal(added, want) {
		t.Errorf("it adds %q\nwant %q", added, want)
	}
}

// flat is the profile's rules, a system call each, with what they say beyond "allow".
func flat(p specs.LinuxSeccomp) map[string]bool {
	rules := map[string]bool{}
	for _, rule := range p.Syscalls {
		for _, name := range rule.Names {
			var more []string
			if rule.Action != specs.ActAllow {
				more = append(more, fmt.Sprint(rule.Action, *rule.ErrnoRet))
			}
			if len(rule.Args) > 0 {
				more = append(more, fmt.Sprint(rule.Args))
			}
			rules[strings.Join(append([]string{name}, more...), " ")] = true
		}
	}
	return rules
}

func TestChromeKeepsItsSandboxUnderTheSeccompProfile(t *testing.T) {
	wantSandbox(t, under(t, profile(t)))
}

// Were this to pass without our profile, nobody would need it.
func TestChromeHasNoSandboxUnderTheRuntimesProfile(t *testing.T) {
	got := under(t, plain(t))
	if len(got.Namespaces) > 0 || !strings.Contains(got.Error, "sandbox") {
		t.Errorf("namespaces %q, Chrome: %+v %s", got.Namespaces, got.Browser, got.Error)
	}
}
