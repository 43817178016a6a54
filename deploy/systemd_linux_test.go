package deploy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"mynaprobe/deploy/parts"
)

const unit = "systemd/mynaprobe.service"

// maxExposure is the worst score that systemd-analyze security may give, of 10.
const maxExposure = 2.0

func TestUnitIsValid(t *testing.T) {
	analyze := parts.Need(t, parts.Systemd, "systemd-analyze")
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	const program = "ExecStart=/usr/local/bin/probe "
	if !bytes.Contains(text, []byte(program)) {
		t.Fatalf("the unit holds no %q", program)
	}
	// The program is not installed here; this test's own file stands in for it.
	text = bytes.Replace(text, []byte(program), []byte("ExecStart="+os.Args[0]+" "), 1)
	path := filepath.Join(t.TempDir(), "mynaprobe.service")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", path).CombinedOutput()
	// An unknown setting is only a warning.
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestUnitIsHardened(t *testing.T) {
	analyze := parts.Need(t, parts.Systemd, "systemd-analyze")
	out, err := exec.Command(analyze, "security", "--offline=true", unit).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`Overall exposure level for mynaprobe\.service: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no score in:\n%s", out)
	}
	score, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil || score > maxExposure {
		t.Errorf("exposure %s, want at most %.1f (%v)", found[1], maxExposure, err)
	}
}

func TestUnitStartsTheProberAsItExpects(t *testing.T) {
	s := settings(t)
	checkArguments(t, strings.Fields(s.last("ExecStart"))[1:])
	if s.last("DynamicUser") != "yes" {
		t.Error("the service has no user of its own")
	}
	// systemd leaves /etc/mynaprobe to root, so that others must be able to read it.
	if mode := s.last("ConfigurationDirectoryMode"); mode != "" && mode != "0755" {
		t.Errorf("the service's user cannot read its definitions with mode %s", mode)
	}
}

// TestChromeKeepsItsSandboxUnderTheUnitsFilter applies what the unit allows to a real Chrome. The filter is put together here as
// systemd.exec(5) says; systemd's own loading of it needs systemd as the machine's init.
func TestChromeKeepsItsSandboxUnderTheUnitsFilter(t *testing.T) {
	s := settings(t)
	if got := strings.Fields(s.last("RestrictNamespaces")); !slices.Equal(sorted(got), chromeNamespaces) {
		t.Errorf("RestrictNamespaces=%q", got)
	}
	if s.last("SystemCallErrorNumber") != "EPERM" {
		t.Error("the filter below answers EPERM")
	}
	var calls []string
	for _, name := range append(strings.Fields(s.last("SystemCallFilter")), "@default") {
		calls = append(calls, systemCalls(t, name)...)
	}
	var denied uint64
	for name, flag := range namespaces {
		if !strings.Contains(s.last("RestrictNamespaces"), name) {
			denied |= flag
		}
	}
	conditional := []string{"clone", "clone3", "unshare", "socket"}
	calls = slices.DeleteFunc(calls, func(c string) bool { return slices.Contains(conditional, c) })
	noSuchCall := uint(unix.ENOSYS)
	p := specs.LinuxSeccomp{Syscalls: []specs.LinuxSyscall{
		{Names: calls, Action: specs.ActAllow},
		{Names: []string{"clone3"}, Action: specs.ActErrno, ErrnoRet: &noSuchCall},
	}}
	masked := specs.LinuxSeccompArg{Value: denied, Op: specs.OpMaskedEqual}
	p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: []string{"clone", "unshare"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{masked}})
	families := map[string]uint64{"AF_UNIX": unix.AF_UNIX, "AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_NETLINK": unix.AF_NETLINK}
	for _, family := range strings.Fields(s.last("RestrictAddressFamilies")) {
		number, ok := families[family]
		if !ok {
			t.Fatalf("the prober needs no %s", family)
		}
		one := specs.LinuxSeccompArg{Value: number, Op: specs.OpEqualTo}
		p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: []string{"socket"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{one}})
	}
	wantSandbox(t, under(t, p))
}

// systemCalls resolves a system call or a group of them.
func systemCalls(t *testing.T, name string) []string {
	t.Helper()
	if !strings.HasPrefix(name, "@") {
		return []string{name}
	}
	out, err := exec.Command(parts.Need(t, parts.Systemd, "systemd-analyze"), "syscall-filter", name).Output()
	if err != nil {
		t.Fatalf("systemd-analyze syscall-filter %s: %v", name, err)
	}
	var calls []string
	for line := range strings.Lines(string(out)) {
		if one := strings.TrimSpace(line); strings.HasPrefix(line, " ") && one != "" && !strings.HasPrefix(one, "#") {
			calls = append(calls, systemCalls(t, one)...)
		}
	}
	return calls
}

// unitSettings are the settings of [Service], in order.
type unitSettings map[string][]string

func (s unitSettings) last(name string) string {
	if values := s[name]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

func settings(t *testing.T) unitSettings {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	_, service, _ := strings.Cut(string(text), "\n[Service]\n")
	service, _, _ = strings.Cut(service, "\n[")
	s := unitSettings{}
	for line := range strings.Lines(service) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			s[name] = append(s[name], value)
		}
	}
	return s
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
