// Package prometheus holds the tests of the scrape configuration, the rules and the alerts beside it, with Prometheus' own
// tools. It holds no code.
package prometheus

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"mynaprobe/deploy/parts"
)

func TestRules(t *testing.T) {
	promtool := parts.Need(t, parts.Prometheus, "promtool")
	run := func(t *testing.T, args ...string) {
		t.Helper()
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		run(t, "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml")
		run(t, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files(t, "rules/*.yml")...)...)
	})
	for _, file := range files(t, "tests/*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			run(t, "test", "rules", file)
		})
	}
}

// A rule of a rule file.
type rule struct {
	Alert         string
	Expr          string
	For           string
	KeepFiringFor string `yaml:"keep_firing_for"`
	Labels        map[string]string
	Annotations   map[string]string
}

// alerts reads all alerts that are shipped.
func alerts(t *testing.T) []rule {
	t.Helper()
	data, err := os.ReadFile("rules/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, group := range content.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("rules/alerts.yml holds no alert")
	}
	return all
}

// TestAlertsAreComplete holds each alert to what a person who is woken by it needs, and to when it may fire.
func TestAlertsAreComplete(t *testing.T) {
	tests := ""
	for _, file := range files(t, "tests/*.yml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests += string(data)
	}
	for _, a := range alerts(t) {
		if !regexp.MustCompile(`^Mynaprobe([A-Z][a-z]+)+$`).MatchString(a.Alert) {
			t.Errorf("%s: an alert's name begins with Mynaprobe and is in CamelCase", a.Alert)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s: severity %q", a.Alert, a.Labels["severity"])
		}
		if !slices.Contains([]string{"", "30s", "1m"}, a.For) {
			t.Errorf("%s waits for %s: confirming has been done, so more than 1m is too long", a.Alert, a.For)
		}
		for _, name := range []string{"summary", "summary_ja", "description", "runbook_url", "dashboard_url"} {
			if a.Annotations[name] == "" {
				t.Errorf("%s has no %s", a.Alert, name)
			}
		}
		if strings.Contains(a.Annotations["summary"]+a.Annotations["summary_ja"], "{{") {
			t.Errorf("%s: a summary holds values", a.Alert)
		}
		if !strings.Contains(a.Annotations["description"], "{{") && a.Alert != "MynaprobeDeadMansSwitch" {
			t.Errorf("%s: its description does not say of what", a.Alert)
		}
		if strings.Contains(a.Expr, "probe_success") {
			t.Errorf("%s reads probe_success: windows and the quorum have the confirmed truth", a.Alert)
		}
		// What is said of a target must outlast the moment between the end of its series and MynaprobeProberAbsent.
		if a.Labels["scope"] == "target" && a.KeepFiringFor != "5m" && a.Alert != "MynaprobeFlowDownForetold" {
			t.Errorf("%s is of a target and kept for %q", a.Alert, a.KeepFiringFor)
		}
		if !strings.Contains(tests, a.Alert) && !strings.HasPrefix(a.Alert, "MynaprobeCert") {
			t.Errorf("%s has no test", a.Alert)
		}
	}
}

// TestRunbooks: each alert leads to a section of its own, and each section is of an alert that exists.
func TestRunbooks(t *testing.T) {
	data, err := os.ReadFile("../runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^## (Mynaprobe\w+)$`).FindAllStringSubmatch(string(data), -1) {
		sections[match[1]] = true
	}
	wanted := map[string]bool{}
	for _, a := range alerts(t) {
		wanted[a.Alert] = true
		if !sections[a.Alert] {
			t.Errorf("runbooks.md has no section ## %s", a.Alert)
		}
		if _, section, _ := strings.Cut(a.Annotations["runbook_url"], "#"); section != strings.ToLower(a.Alert) {
			t.Errorf("%s: its runbook_url leads to #%s", a.Alert, section)
		}
	}
	for name := range sections {
		if !wanted[name] {
			t.Errorf("runbooks.md tells of %s, which is no alert", name)
		}
	}
	for _, part := range strings.Split(string(data), "\n## ")[1:] {
		for _, want := range []string{"**Means:**", "**Look first:**", "**Do:**"} {
			if !strings.Contains(part, want) {
				t.Errorf("runbooks.md: %s lacks %s", strings.SplitN(part, "\n", 2)[0], want)
			}
		}
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %d files", pattern, err, len(found))
	}
	return found
}
