package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mynaprobe/deploy/parts"
)

// TestIncident plays the demo's incident, sped up, and holds what people are told to its script: the login door fails, the
// operator says so, it works again.
func TestIncident(t *testing.T) {
	t.Parallel()
	at := address(t)
	s := newStack(t, at)
	start(t, probe, "demo", "--no-browser", "--script", script(t), "--speed", "2", "--listen", at)
	s.until("a page", func() bool { return len(s.messages("page", "MynaprobeFlowDown")) > 0 })
	page := s.messages("page", "MynaprobeFlowDown")[0]
	// At this speed the operator's notice is there before the failure is confirmed.
	if !strings.HasPrefix(page.First, "mirai-card down at 1 of 1 locations since ") || !strings.HasSuffix(page.First, "announced: yes") {
		t.Errorf("the first line is %q", page.First)
	}
	s.until("the announcement is told", func() bool { return len(s.messages("ticket", "The operator announces an outage")) > 0 })
	if got := s.state("MynaprobeOutageAnnounced", "flow=mirai-card", "severity=warning"); got != "active" {
		t.Errorf("MynaprobeOutageAnnounced is %q", got)
	}
	if got := s.state("MynaprobeProbeDown", "probe=login-door", "stage=login"); got == "active" {
		t.Error("the probe's own alert is not held back")
	}
	s.until("the recovery is told", func() bool { return len(s.messages("page", "mirai-card works again since")) == 1 })
	if got := s.messages("page", ""); len(got) != 2 {
		t.Errorf("%d messages, want a page and a recovery:\n%s", len(got), s.all())
	}
	s.until("the announcement is over", func() bool { return s.state("MynaprobeOutageAnnounced") == "" && s.state("MynaprobeFlowDown") == "" })
	t.Logf("told:\n%s", s.all())
}

// script writes the demo's script with a notice that names an earlier start: notices tell minutes, and at this speed start
// and end might fall into one.
func script(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts.Root(), "probes", "portal", "scripts", "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), `{{at "20s" `, `{{at "-40s" `)
	if text == string(data) {
		t.Fatal("the demo's notice does not tell its start as it used to")
	}
	file := filepath.Join(t.TempDir(), "demo.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}
