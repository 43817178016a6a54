package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestKilledProber kills the prober while all is well and while a flow is out, and holds the messages to what happened:
// its absence is told, and of the flow one page and, when it works again, one recovery.
func TestKilledProber(t *testing.T) {
	t.Parallel()
	p := &portal{}
	at, state := address(t), t.TempDir()
	file := definitions(t, p.gate(t, ""))
	serve := func() *process { return start(t, probe, "serve", "-f", file, "--listen", at, "--state-dir", state) }
	s := newStack(t, at)
	prober := serve()
	s.until("the flow is up", func() bool { return s.holds(`flow_outcome{flow="card"} == 1`) })

	prober.kill()
	s.until("the absence is told", func() bool { return len(s.messages("page", "No prober is left")) > 0 })
	if targets := s.messages("page", "(critical)"); len(targets) != len(s.messages("page", "MynaprobeProberAbsent")) {
		t.Errorf("a prober that died while all was well paged for a target:\n%s", s.all())
	}
	if state := s.state("MynaprobeFlowDown"); state != "" {
		t.Errorf("MynaprobeFlowDown is %s, though nothing was down", state)
	}

	prober = serve()
	s.until("it is there again", func() bool { return s.state("MynaprobeProberAbsent") == "" && s.holds(`flow_outcome == 1`) })
	p.set(func(p *portal) { p.out = true })
	s.until("a page", func() bool { return len(s.messages("page", "card down at 1 of 1 locations since")) == 1 })
	page := s.messages("page", "card down")[0]
	for _, want := range []string{" JST (±1 m), last good ", ", stage apply, announced: no"} {
		if !strings.Contains(page.First, want) {
			t.Errorf("the first line is %q, without %q", page.First, want)
		}
	}
	if !strings.HasPrefix(page.FirstJa, "カード申請 (card) 1拠点中1拠点で停止、") || !strings.HasSuffix(page.FirstJa, "、段階 apply、告知: なし") {
		t.Errorf("the first line in Japanese is %q", page.FirstJa)
	}
	for _, want := range []string{"deploy/runbooks.md#mynaprobeflowdown", "/d/mynaprobe-flow?var-flow=card"} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the page does not lead to %s:\n%s", want, page.Text)
		}
	}
	s.until("the probe's own alert is held back", func() bool { return s.state("MynaprobeProbeDown") == "suppressed" })
	if tickets := s.messages("ticket", "MynaprobeProbeDown"); len(tickets) > 0 {
		t.Errorf("a ticket for a probe of a flow that is out: %v", tickets)
	}

	absences := len(s.messages("page", "No prober is left"))
	prober.kill()
	s.until("the absence is told again", func() bool { return len(s.messages("page", "No prober is left")) > absences })
	s.until("the absence has lasted for longer than any alert is kept", func() bool {
		return s.holds(fmt.Sprintf("count_over_time(prober:absent:max[1h]) * %f > %f", scaled(15*time.Second).Seconds(), scaled(8*time.Minute).Seconds()))
	})
	if got := s.state("MynaprobeFlowDown"); got != "suppressed" {
		t.Errorf("with nobody to look, MynaprobeFlowDown is %q, want suppressed", got)
	}
	serve()
	s.until("it is there again", func() bool { return s.state("MynaprobeProberAbsent") == "" && s.holds(`flow_outcome == 4`) })
	s.until("the page goes on", func() bool { return s.state("MynaprobeFlowDown") == "active" })
	s.until("some time for what must not be told", func() bool {
		return s.holds(`count_over_time((flow_outcome == 4)[5s:500ms]) == 10`)
	})
	if got := s.messages("page", "MynaprobeFlowDown"); len(got) != 1 {
		t.Errorf("%d messages about the flow before it worked again, want the one page:\n%s", len(got), s.all())
	}

	p.set(func(p *portal) { p.out = false })
	s.until("the recovery is told", func() bool { return len(s.messages("page", "card works again since")) == 1 })
	over := s.messages("page", "card works again")[0]
	for _, want := range []string{" JST (±1 m), was down for ", "s since ", ", announced: no"} {
		if !strings.Contains(over.First, want) {
			t.Errorf("the first line of the recovery is %q, without %q", over.First, want)
		}
	}
	if strings.Contains(over.First, "unobserved 0s") {
		t.Errorf("the recovery does not tell the time in which nobody looked: %q", over.First)
	}
	if !strings.Contains(over.FirstJa, " に復旧(±1分)、停止 ") {
		t.Errorf("the first line of the recovery in Japanese is %q", over.FirstJa)
	}
	if got := s.messages("page", "MynaprobeFlowDown"); len(got) != 2 {
		t.Errorf("%d messages about the flow, want a page and a recovery:\n%s", len(got), s.all())
	}
	if len(s.messages("heartbeat", "")) == 0 {
		t.Error("no heartbeat was sent")
	}
	t.Logf("told:\n%s", s.all())
}
