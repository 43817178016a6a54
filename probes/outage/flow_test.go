package outage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// down, up: the runs that open and close a window of a probe, from a second on.
func down(probe string, from int) string {
	return fmt.Sprintf("%[1]s@%[2]d:d %[1]s@%[3]d:d %[1]s@%[4]d:d ", probe, from, from+15, from+30)
}

func up(probe string, from int) string {
	return fmt.Sprintf("%[1]s@%[2]d:u %[1]s@%[3]d:u ", probe, from, from+15)
}

func TestFlowWindows(t *testing.T) {
	tests := []struct {
		name   string
		script string
		want   string
	}{
		{"a critical stage is out with one of its probes", "a@0:u " + down("a", 60), "60(1)..-(-)"},
		{"and ends with it", "a@0:u " + down("a", 60) + up("a", 120), "60(1)..120(91)"},
		{"a stage that is not critical puts no flow out", down("e", 60), ""},
		{"out: all needs all", down("c", 60), ""},
		{"and is out once all are", "c@0:u d@0:u " + down("c", 60) + down("d", 100), "100(1)..-(-)"},
		{"until one is back", "c@0:u d@0:u " + down("c", 60) + down("d", 100) + up("c", 200), "100(1)..200(100)"},
		{"two probes that overlap are one window", "a@0:u b@0:u " + down("a", 60) + down("b", 100) + up("a", 150) + up("b", 200), "60(1)..200(131)"},
		{"two that do not are two", "a@0:u b@0:u " + down("a", 60) + up("a", 120) + down("b", 200) + up("b", 260), "60(1)..120(91); 200(1)..260(231)"},
		{"the earlier of two suspicions is the start, whichever is confirmed first", "a@0:u b@0:u b@50:d " + down("a", 60) + "b@95:d b@100:d", "50(1)..-(-)"},
		{"where one was not seen good before, the bound is open", "a@0:u " + down("a", 60) + down("b", 61), "60(-)..-(-)"},
		{"a suspicion that lapsed leaves the bound open", "a@0:u b@0:u b@70:d " + down("a", 60) + up("a", 120) + down("b", 3000) + up("b", 3060), "60(1)..120(91); 3000(1)..3060(3031)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
			play(t, tr, s, test.script)
			if got := list(tr.Windows(), probes.Observed, "f"); got != test.want {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
			if got := list(s.all(), probes.Observed, "f"); got != test.want {
				t.Errorf("stored\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

// A window of one probe that goes on, within its merge time, can fill the gap between two windows of the flow.
func TestFlowWindowsMerge(t *testing.T) {
	tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
	play(t, tr, s, down("a", 0)+up("a", 60)+down("b", 100))
	if got := list(tr.Windows(), probes.Observed, "f"); got != "0(-)..60(31); 100(-)..-(-)" {
		t.Fatal(got)
	}
	before := s.statuses["flow/f/observed"]
	play(t, tr, s, down("a", 150))
	if got := list(s.all(), probes.Observed, "f"); got != "0(-)..-(-) flaps=1" {
		t.Errorf("stored: %s", got)
	}
	after := s.statuses["flow/f/observed"]
	if after.Outages < before.Outages || after.Seconds < before.Seconds || len(after.Recent) != 1 || !after.Active {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

func TestFlowUnobserved(t *testing.T) {
	tests := []struct {
		name, script, want string
	}{
		{"of one probe", down("a", 0) + "a@400:d", "0(-)..-(-) unobserved=240"},
		{"filled by another that saw it", down("a", 0) + down("b", 0) + "b@150:d b@270:d b@390:d a@400:d", "0(-)..-(-)"},
		{"in part", down("a", 0) + down("b", 0) + "b@150:d a@400:d", "0(-)..-(-) unobserved=120"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
			play(t, tr, s, test.script)
			if got := list(tr.Windows(), probes.Observed, "f"); got != test.want {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestFlowOutcome(t *testing.T) {
	fine := "a@0:u b@0:u c@0:u d@0:u e@0:u "
	tests := []struct {
		name, script string
		second       float64
		want         probes.Outcome
	}{
		{"nothing is known at first", "", 0, probes.Unknown},
		{"a critical stage is unknown", "a@0:u c@0:u d@0:u", 1, probes.Unknown},
		{"all is well", fine, 1, probes.Up},
		{"a stale stage is unknown", fine, 130, probes.Unknown},
		{"one is slow", fine + "b@10:s", 11, probes.Degraded},
		{"a suspicion is no outage", fine + "a@60:d", 61, probes.Degraded},
		{"a confirmed one is", fine + down("a", 60), 91, probes.Down},
		{"also when another stage is unknown", fine + down("a", 60), 140, probes.Down},
		{"until that is no knowledge any more", fine + down("a", 60), 220, probes.Unknown},
		{"a last unknown run leaves what is known", fine + down("a", 60) + "a@100:?", 101, probes.Down},
		{"one of two that both must be out", fine + down("c", 60), 91, probes.Degraded},
		{"both", fine + down("c", 60) + down("d", 60), 91, probes.Down},
		{"one of them unknown, one good", fine + "c@10:?", 11, probes.Up},
		{"one of them unknown, one down", fine + "c@10:? d@10:d", 12, probes.Unknown},
		{"a stage beside the critical ones is out", fine + down("e", 60), 91, probes.Degraded},
		{"or unknown", fine + "e@10:?", 11, probes.Up},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
			play(t, tr, s, test.script)
			if got := tr.FlowOutcome("f", at(test.second)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if got := New(probes.Set{}, "").FlowOutcome("g", at(0)); got != probes.Unknown {
		t.Errorf("of a flow that is not there: %s", got)
	}
}

func TestCriticalStageWithoutProbes(t *testing.T) {
	set := flowSet(probes.Confirm{})
	set.Flows[0].Critical = append(set.Flows[0].Critical, "nobody looks")
	tr, s := New(set, ""), newStore()
	play(t, tr, s, "a@0:u b@0:u c@0:u d@0:u")
	if got := tr.FlowOutcome("f", at(1)); got != probes.Unknown {
		t.Errorf("a flow with a critical stage that nobody probes is %s", got)
	}
}

func TestFlowCoverage(t *testing.T) {
	tr, s := New(flowSet(probes.Confirm{Down: 1, Good: 1}), ""), newStore()
	play(t, tr, s, "a@0:u b@0:u c@0:u d@0:u 60:. a@60:d b@60:u c@60:u d@60:u a@100:s b@100:u c@100:u d@100:u 120:. 400:.")
	for _, c := range s.coverage {
		if c.Scope != probes.ScopeFlow {
			continue
		}
		// Known up to 230 s: fresh for 130 s from the last runs.
		if c.Up.Duration() != 60*time.Second || c.Down.Duration() != 40*time.Second || c.Degraded.Duration() != 130*time.Second || c.Unknown != 0 {
			t.Errorf("%+v", c)
		}
	}
}

func TestSlots(t *testing.T) {
	set := flowSet(probes.Confirm{Down: 1, Good: 1, Merge: time.Second})
	tr, s := New(set, ""), newStore()
	slotOf := map[string]int{}
	check := func(want int) {
		t.Helper()
		recent := s.statuses["flow/f/observed"].Recent
		if len(recent) != want {
			t.Fatalf("%d windows, want %d", len(recent), want)
		}
		used := map[int]bool{}
		for i, w := range recent {
			if used[w.Slot] || w.Slot < 0 || w.Slot >= probes.RecentWindows {
				t.Fatalf("slot %d is used twice, or none", w.Slot)
			}
			used[w.Slot] = true
			if before, ok := slotOf[w.Window.ID]; ok && before != w.Slot {
				t.Fatalf("a window moved from slot %d to %d", before, w.Slot)
			}
			slotOf[w.Window.ID] = w.Slot
			if i > 0 && w.Window.Start.Before(recent[i-1].Window.Start) {
				t.Fatal("out of order")
			}
		}
	}
	for i := range 25 {
		play(t, tr, s, fmt.Sprintf("a@%d:d a@%d:u", 100*i, 100*i+50))
		check(min(i+1, probes.RecentWindows))
		if i == 10 {
			tr = s.restart(t, set, at(float64(100*i+60)))
		}
	}
	if first := s.statuses["flow/f/observed"].Recent[0].Window.Start; !first.Equal(at(500)) {
		t.Errorf("the oldest begins at %s", secs(first))
	}
	if got := s.statuses["flow/f/observed"].Outages; got != 25 {
		t.Errorf("%d outages", got)
	}
}

func TestRemovedFlow(t *testing.T) {
	tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
	play(t, tr, s, down("a", 0))
	c := tr.Configure(probes.Set{})
	s.apply(c)
	for _, w := range s.all() {
		if w.Open() || !w.Lapsed {
			t.Errorf("%s %s is still open", w.Scope, show(w))
		}
	}
	if len(s.states) != 0 {
		t.Errorf("states are left: %v", s.states)
	}
}

func TestRemovedWhileDead(t *testing.T) {
	tr, s := New(flowSet(probes.Confirm{}), ""), newStore()
	play(t, tr, s, down("a", 0)+"a@60:d")
	without := flowSet(probes.Confirm{})
	without.Probes = without.Probes[1:]
	tr = s.restart(t, without, at(100))
	for _, w := range tr.Windows() {
		if w.Open() || !w.Lapsed || !w.End.Equal(at(61)) {
			t.Errorf("%s %s", w.Scope, show(w))
		}
	}
	if _, ok := s.states["probe/a"]; ok {
		t.Error("the state of a removed probe is left")
	}
}

func TestDamagedState(t *testing.T) {
	set := flowSet(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, "a@0:u "+down("a", 60))
	want := shape(tr.Windows())
	s.states["probe/a"], s.states["flow/f"] = []byte("{"), []byte("nonsense")
	again := New(set, "")
	c := again.Restore(s.all(), s.states, s.revisions, at(200))
	if c.Problem == nil || !strings.Contains(c.Problem.Error(), "a, f") {
		t.Errorf("problem: %v", c.Problem)
	}
	if got := shape(again.Windows()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	again.Observe(result("a", 210, 'u'))
	again.Observe(result("a", 225, 'u'))
	if got := list(again.Windows(), probes.Observed, "f"); !strings.HasPrefix(got, "60(1)..210(") {
		t.Error(got)
	}
}

func TestForget(t *testing.T) {
	set := flowSet(probes.Confirm{Down: 1, Good: 1, Merge: time.Second})
	tr, s := New(set, ""), newStore()
	for i := range 60 {
		play(t, tr, s, fmt.Sprintf("a@%[1]d:d a@%[2]d:u", 10000*i, 10000*i+50))
	}
	seconds := s.statuses["probe/a/observed"].Seconds
	tr.Forget(at(1e6))
	n := len(tr.Windows())
	if n >= 120 || n < probes.RecentWindows {
		t.Errorf("%d windows are left", n)
	}
	if !slices.ContainsFunc(tr.Windows(), func(w probes.Window) bool { return w.Start.Equal(at(590000)) }) {
		t.Error("the latest is gone")
	}
	play(t, tr, s, "a@700000:d a@700050:u")
	if got := s.statuses["probe/a/observed"].Seconds; got <= seconds {
		t.Errorf("the counter fell from %g to %g", seconds, got)
	}
}

// In a crowd the union is worked out now and then; what it comes to is the same.
func TestCrowd(t *testing.T) {
	set := crowdedSet(crowd + 1)
	tr, s := New(set, ""), newStore()
	now := 0.0
	step := func(verdict byte, seconds float64) {
		for i, p := range set.Probes {
			s.apply(tr.Observe(result(p.Name, now+float64(i)/1000, verdict)))
		}
		now += seconds
		s.apply(tr.Advance(at(now)))
	}
	step('u', 60)
	for range 3 {
		step('d', 15)
	}
	w := tr.ours(probes.Observed, probes.ScopeFlow, "f")
	if len(w) != 1 || show(w[0].Window) != "60(1)..-(-)" {
		t.Fatalf("%d windows, first %s", len(w), show(w[0].Window))
	}
	step('d', 15)
	if got := w[0].Window; len(got.Probes) != crowd+1 || got.RunsDown < 3*(crowd+1) {
		t.Errorf("%d probes, %d runs", len(got.Probes), got.RunsDown)
	}
	// All but the last come back, then the last.
	last := set.Probes[crowd]
	set.Probes = set.Probes[:crowd]
	step('u', 15)
	step('u', 15)
	if w[0].End != nil {
		t.Errorf("it ended while %s was down: %s", last.Name, show(w[0].Window))
	}
	set.Probes = []probes.Probe{last}
	step('u', 15)
	step('u', 15)
	if got := show(w[0].Window); got != "60(1)..150(106.1)" {
		t.Errorf("at the end: %s", got)
	}
	if got := list(s.all(), probes.Observed, "f"); got != show(w[0].Window) {
		t.Errorf("stored %s", got)
	}
}

// The end of what two probes have in common rests on the last run of both, also after a kill.
func TestJointEndOutlivesTheProcess(t *testing.T) {
	set := flowSet(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, down("c", 60)+down("d", 60)+"d@93:d c@95:d "+up("d", 100))
	const want = "60(-)..100(94)"
	if got := list(s.all(), probes.Observed, "f"); got != want {
		t.Fatal(got)
	}
	s.restart(t, set, at(120))
	if got := list(s.all(), probes.Observed, "f"); got != want {
		t.Errorf("after a restart: %s", got)
	}
}

// A probe that comes back to the definitions does not go on with a window whose end nobody saw.
func TestProbeThatComesBack(t *testing.T) {
	set := flowSet(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, down("a", 0))
	without := flowSet(probes.Confirm{})
	without.Probes = without.Probes[1:]
	s.restart(t, without, at(60))
	tr = s.restart(t, set, at(90))
	play(t, tr, s, down("a", 100))
	if got := list(s.all(), probes.Observed, "a"); got != "0(-)..31(31) lapsed; 100(-)..-(-)" {
		t.Error(got)
	}
}
