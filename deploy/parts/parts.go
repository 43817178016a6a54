// Package parts gives tests the real programs that they need: Chromium, Prometheus, Alertmanager, systemd-analyze.
// What is missing is installed by deploy/setup.sh; a test never goes without. Nothing but tests imports this.
package parts

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A Part is something that deploy/setup.sh can install.
type Part string

// The parts.
const (
	Browser      Part = "browser"
	Prometheus   Part = "prometheus"
	Alertmanager Part = "alertmanager"
	Systemd      Part = "systemd"
)

// Need makes sure that the part is there, installing it if need be, and returns the path of one of its programs.
func Need(t testing.TB, part Part, program string) string {
	t.Helper()
	setup := filepath.Join(Root(), "deploy", "setup.sh")
	out, err := exec.Command(setup, "bin").Output()
	if err != nil {
		t.Fatalf("%s bin: %v", setup, err)
	}
	bin := strings.TrimSpace(string(out))
	if path := look(bin, program); path != "" && complete(bin, path) {
		return path
	}
	if out, err := exec.Command(setup, string(part)).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", setup, part, err, out)
	}
	path := look(bin, program)
	if path == "" {
		t.Fatalf("%s %s did not bring %s", setup, part, program)
	}
	return path
}

// NeedBrowser makes sure that there is a browser, of whichever kind, and the fonts for Japanese pages, installing them if
// need be. browserprobe.Find finds it.
func NeedBrowser(t testing.TB) {
	t.Helper()
	setup := filepath.Join(Root(), "deploy", "setup.sh")
	if out, err := exec.Command(setup, string(Browser)).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", setup, Browser, err, out)
	}
}

// defaultTemplates are what Debian's Alertmanager does not load any configuration without.
const defaultTemplates = "/usr/share/prometheus/alertmanager/default.tmpl"

// complete reports whether a program that setup.sh unpacked has what it needs beside itself.
func complete(bin, path string) bool {
	if path != filepath.Join(bin, "prometheus-alertmanager") {
		return true
	}
	_, err := os.Stat(defaultTemplates)
	return err == nil
}

// Root is the folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

func look(bin, program string) string {
	path := filepath.Join(bin, program)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	return path
}
