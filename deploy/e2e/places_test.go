package e2e

import (
	"strings"
	"testing"
)

// TestThreePlaces has three locations look at one portal: one that is cut off is blind and pages nobody; all three that
// see it down page once; one that sees it down while the others are blind pages too, and says on how little it rests.
func TestThreePlaces(t *testing.T) {
	t.Parallel()
	p := &portal{shut: map[string]bool{}}
	var at []string
	for _, location := range []string{"tokyo", "osaka", "naha"} {
		listen := address(t)
		at = append(at, listen)
		start(t, probe, "serve", "-f", definitions(t, p.gate(t, location)), "--listen", listen, "--state-dir", t.TempDir(), "--location", location)
	}
	s := newStack(t, at...)
	s.until("all are up", func() bool { return s.holds(`count(flow_outcome == 1) == 3`) })

	if pages := s.messages("page", ""); len(pages) > 0 {
		t.Errorf("all is well, and somebody was paged:\n%s", s.all())
	}
	p.set(func(p *portal) { p.shut["osaka"] = true })
	s.until("the blind location is told", func() bool { return len(s.messages("ticket", "@osaka A prober is blind")) == 1 })
	if !s.holds(`flow_outcome{location="osaka"} == 0`) || !s.holds(`flow:unavailable:max == 0 and flow:voters:count == 2`) {
		t.Error("the quorum does not say that the flow is up, by the two that can tell")
	}
	if pages := s.messages("page", ""); len(pages) > 0 {
		t.Errorf("a location that is cut off paged:\n%s", s.all())
	}

	p.set(func(p *portal) { p.shut["osaka"] = false })
	s.until("all are up again", func() bool { return s.holds(`count(flow_outcome == 1) == 3`) && s.state("MynaprobeProberBlind") == "" })
	p.set(func(p *portal) { p.out = true })
	s.until("all see it down", func() bool {
		return s.holds(`count(flow_outcome == 4) == 3`) && len(s.messages("page", "card down at")) > 0
	})
	s.until("some time for what must not be told", func() bool { return s.holds(`count_over_time((flow:down_votes:count == 3)[5s:500ms]) == 10`) })
	if pages := s.messages("page", ""); len(pages) != 1 || !strings.Contains(pages[0].First, " of 3 locations since ") {
		t.Errorf("all three see it down, and the pages are:\n%s", s.all())
	}

	p.set(func(p *portal) { p.out = false })
	s.until("the recovery is told", func() bool { return len(s.messages("page", "card works again since")) == 1 })
	p.set(func(p *portal) { p.shut["tokyo"], p.shut["osaka"] = true, true })
	s.until("two are blind", func() bool { return s.holds(`sum(prober_blind) == 2`) && s.holds(`count(flow_outcome == 0) == 2`) })
	p.set(func(p *portal) { p.out = true })
	s.until("the third pages", func() bool { return len(s.messages("page", "card down at 1 of 3 locations")) == 1 })
	s.until("few eyes are told", func() bool { return len(s.messages("ticket", "Too few locations can tell")) > 0 })
	if pages := s.messages("page", ""); len(pages) != 3 {
		t.Errorf("want a page, a recovery, a page:\n%s", s.all())
	}
	t.Logf("told:\n%s", s.all())
}
