package outage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mynaprobe/probes"
)

// flowSet is a flow of two critical stages: "any" of a and b, "all" of c and d; and e, which is in none.
func flowSet(confirm probes.Confirm) probes.Set {
	set := probes.Set{Flows: []probes.Flow{{
		Name: "f", Critical: []string{"any", "all"}, Stages: []probes.Stage{{Name: "any"}, {Name: "all", AllOut: true}},
	}}}
	for name, stage := range map[string]string{"a": "any", "b": "any", "c": "all", "d": "all", "e": "guide"} {
		p := httpProbe(name, "f", stage)
		p.Confirm = confirm
		set.Probes = append(set.Probes, p)
	}
	slices.SortFunc(set.Probes, func(a, b probes.Probe) int { return strings.Compare(a.Name, b.Name) })
	return set
}

func drawConfirm(t *rapid.T) probes.Confirm {
	return probes.Confirm{
		Down: rapid.IntRange(1, 3).Draw(t, "down"), Of: rapid.IntRange(0, 5).Draw(t, "of"), Good: rapid.IntRange(1, 3).Draw(t, "good"),
		Spread: time.Duration(rapid.IntRange(1, 60).Draw(t, "spread")) * time.Second,
		Merge:  time.Duration(rapid.IntRange(1, 300).Draw(t, "merge")) * time.Second,
	}
}

// drawResults makes results in the order of their starts, of several probes, some of them at the same moment.
func drawResults(t *rapid.T, names string, most int) []probes.Result {
	var all []probes.Result
	now := 0
	started := map[byte]int{}
	for range rapid.IntRange(1, most).Draw(t, "results") {
		name := names[rapid.IntRange(0, len(names)-1).Draw(t, "probe")]
		now += rapid.SampledFrom([]int{0, 1, 15, 30, 60, 120, 400}).Draw(t, "gap")
		if last, ok := started[name]; ok && last >= now {
			now = last + 2
		}
		started[name] = now
		// Failures come in stretches, or nothing would ever open.
		verdicts := "ddddduus?m"
		if len(all)/12%2 == 0 {
			verdicts = "uuuuds?"
		}
		all = append(all, result(string(name), float64(now), verdicts[rapid.IntRange(0, len(verdicts)-1).Draw(t, "verdict")]))
	}
	return all
}

// checkWindows holds windows to what must be true of them at any time.
func checkWindows(t *rapid.T, windows []probes.Window) {
	byName := map[string][]probes.Window{}
	for _, w := range windows {
		byName[string(w.Scope)+"/"+w.Name] = append(byName[string(w.Scope)+"/"+w.Name], w)
		if w.StartNotBefore != nil && w.StartNotBefore.After(w.Start) {
			t.Fatalf("%s %s: the bound of its start comes after it", w.Name, show(w))
		}
		if (w.End == nil) != (w.EndNotBefore == nil) {
			t.Fatalf("%s %s: one bound of its end is missing", w.Name, show(w))
		}
		if w.End != nil && (!w.End.After(w.Start) || w.EndNotBefore.After(*w.End) || w.EndNotBefore.Before(w.Start)) {
			t.Fatalf("%s %s: its end is out of order", w.Name, show(w))
		}
		if w.Unobserved < 0 || w.End != nil && w.Unobserved.Duration() > w.End.Sub(w.Start) {
			t.Fatalf("%s %s: more unobserved than there is", w.Name, show(w))
		}
	}
	for name, list := range byName {
		for i, w := range list[1:] {
			if before := list[i]; before.End == nil || w.Start.Before(*before.End) {
				t.Fatalf("%s: %s and %s overlap", name, show(before), show(w))
			}
		}
	}
}

// checkUnion holds the windows of the flow to those of its critical stages. While c or d may be over, both need not count
// as out together.
func checkUnion(t *rapid.T, tr *Tracker) {
	windows := tr.Windows()
	doubt := !tr.probes["c"].firstGood.IsZero() || !tr.probes["d"].firstGood.IsZero()
	covers := func(scope probes.WindowScope, name string, at time.Time) bool {
		return slices.ContainsFunc(windows, func(w probes.Window) bool { return w.Scope == scope && w.Name == name && w.Covers(at) })
	}
	for _, w := range windows {
		moments := []time.Time{w.Start.Add(-1), w.Start}
		if w.End != nil {
			moments = append(moments, w.End.Add(-1), *w.End)
		}
		for _, m := range moments {
			out := covers(probes.ScopeProbe, "a", m) || covers(probes.ScopeProbe, "b", m)
			all := covers(probes.ScopeProbe, "c", m) && covers(probes.ScopeProbe, "d", m)
			if got := covers(probes.ScopeFlow, "f", m); got != (out || all) && !(doubt && all) {
				var there []string
				for _, w := range windows {
					there = append(there, w.Name+" "+show(w))
				}
				t.Fatalf("at %s the flow is out: %v, its stages: %v\n%s", secs(m), got, out || all, strings.Join(there, "\n"))
			}
		}
	}
}

// shape writes what of windows must not depend on the order of equal results, or on unknown ones.
func shape(windows []probes.Window) string {
	var all []string
	for _, w := range windows {
		w.Unobserved = 0
		all = append(all, fmt.Sprint(w.Name, " ", show(w), " ", w.Probes))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestPropertyWindowsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, s := New(flowSet(drawConfirm(t)), ""), newStore()
		outages, seconds := map[string]uint64{}, map[string]float64{}
		for _, r := range drawResults(t, "abcde", 80) {
			s.apply(tr.Observe(r))
			if rapid.IntRange(0, 5).Draw(t, "advance") == 0 {
				s.apply(tr.Advance(r.End()))
			}
			checkWindows(t, tr.Windows())
			checkUnion(t, tr)
			for key, st := range s.statuses {
				if st.Outages < outages[key] || st.Seconds < seconds[key] {
					t.Fatalf("%s: a counter fell: %+v, before %d and %g", key, st, outages[key], seconds[key])
				}
				outages[key], seconds[key] = st.Outages, st.Seconds
			}
			if got, want := shape(s.all()), shape(tr.Windows()); got != want {
				t.Fatalf("what was handed out:\n%s\nis not what is:\n%s", got, want)
			}
		}
	})
}

func TestPropertyReplayGivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := flowSet(drawConfirm(t))
		results := drawResults(t, "abcde", 80)
		first, again := New(set, ""), New(set, "")
		for _, r := range results {
			first.Observe(r)
			again.Observe(r)
			again.Observe(r) // delivered twice
		}
		if a, b := shape(first.Windows()), shape(again.Windows()); a != b {
			t.Fatalf("%s\nthen\n%s", a, b)
		}
	})
}

func TestPropertyUnknownMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := flowSet(drawConfirm(t))
		with, without := New(set, ""), New(set, "")
		for _, r := range drawResults(t, "abcde", 80) {
			with.Observe(r)
			if r.Outcome != probes.Unknown {
				without.Observe(r)
			}
		}
		if a, b := shape(with.Windows()), shape(without.Windows()); a != b {
			t.Fatalf("with unknown results\n%s\nwithout\n%s", a, b)
		}
	})
}

func TestPropertyOrderOfEqualResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := flowSet(drawConfirm(t))
		results := drawResults(t, "abcde", 80)
		tr, shuffled := New(set, ""), New(set, "")
		for i := 0; i < len(results); {
			n := i + 1
			for n < len(results) && results[n].Start.Equal(results[i].Start) {
				n++
			}
			for _, r := range results[i:n] {
				tr.Observe(r)
			}
			for _, r := range rapid.Permutation(results[i:n]).Draw(t, "order") {
				shuffled.Observe(r)
			}
			i = n
		}
		if a, b := shape(tr.Windows()), shape(shuffled.Windows()); a != b {
			t.Fatalf("%s\nin another order\n%s", a, b)
		}
	})
}

// TestPropertyBoundsHoldTheTruth plays a target that is really up and down by turns. Each window's start lies at or after
// a moment in which the target really went down, with nothing but the bound between; the same of its end.
func TestPropertyBoundsHoldTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := New(oneProbe(drawConfirm(t)), "")
		turns := []int{0} // seconds at which the target turns, from down to up first
		for range rapid.IntRange(1, 8).Draw(t, "turns") {
			turns = append(turns, turns[len(turns)-1]+rapid.IntRange(1, 900).Draw(t, "length"))
		}
		up := func(second int) bool {
			n := 0
			for _, turn := range turns {
				if turn <= second {
					n++
				}
			}
			return n%2 == 1
		}
		for now := 0; now < turns[len(turns)-1]+600; now += rapid.IntRange(5, 90).Draw(t, "gap") {
			verdict := byte('d')
			if up(now) {
				verdict = 'u'
			}
			if rapid.IntRange(0, 9).Draw(t, "blind") == 0 {
				verdict = '?'
			}
			r := result("a", float64(now), verdict)
			r.Duration = 0
			tr.Observe(r)
		}
		for _, w := range tr.Windows() {
			turned := func(from, to time.Time, toUp bool) bool {
				for i, turn := range turns {
					if (i%2 == 0) == toUp && at(float64(turn)).After(from) && !at(float64(turn)).After(to) {
						return true
					}
				}
				return false
			}
			if w.StartNotBefore != nil && !turned(*w.StartNotBefore, w.Start, false) {
				t.Fatalf("%s: the target did not go down there (turns %v)", show(w), turns)
			}
			if w.End != nil && !turned(*w.EndNotBefore, *w.End, true) {
				t.Fatalf("%s: the target did not come back there (turns %v)", show(w), turns)
			}
		}
	})
}

// TestPropertyKill ends the process after any change, with or without that change on disk, and starts it again on what
// is stored, as often as it likes. Changes without windows may wait for the next one that has some, and die waiting; one
// with windows is on disk before it is exported.
func TestPropertyKill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := flowSet(drawConfirm(t))
		disk, exported := newStore(), newStore()
		tr := disk.restart(t, set, at(-1))
		outages, seconds := map[string]uint64{}, map[string]float64{}
		var waiting []Change
		for _, r := range drawResults(t, "abcde", 80) {
			change := tr.Observe(r)
			kill := rapid.IntRange(0, 9).Draw(t, "kill")
			if kill != 0 { // else it died before the change was on disk
				waiting = append(waiting, change)
				if len(change.Windows)+len(change.Removed) > 0 || rapid.Bool().Draw(t, "flush") {
					for _, c := range waiting {
						disk.apply(c)
					}
					waiting = nil
				}
				exported.apply(change)
			}
			if kill <= 1 {
				waiting = nil
				before := disk.all()
				dead := r.End().Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "dead")) * 10 * time.Millisecond)
				if rapid.Bool().Draw(t, "twice") {
					disk.restart(t, set, dead)
				}
				tr = disk.restart(t, set, dead)
				exported.statuses = maps.Clone(disk.statuses)
				checkRestored(t, before, tr.Windows())
			}
			checkWindows(t, tr.Windows())
			checkUnion(t, tr)
			if got, want := shape(disk.all()), shape(tr.Windows()); got != want {
				t.Fatalf("what is stored:\n%s\nis not what is:\n%s", got, want)
			}
			for key, st := range exported.statuses {
				if st.Outages < outages[key] || st.Seconds < seconds[key] {
					t.Fatalf("%s: a counter fell: %+v, before %d and %g", key, st, outages[key], seconds[key])
				}
				outages[key], seconds[key] = st.Outages, st.Seconds
			}
		}
	})
}

// checkRestored: no window is lost, doubled, reopened or has another start.
func checkRestored(t *rapid.T, before, after []probes.Window) {
	if a, b := shape(before), shape(after); a != b {
		t.Fatalf("stored:\n%s\nrestored:\n%s", a, b)
	}
	for i, w := range after {
		if w.Scope == probes.ScopeProbe && w.Unobserved < before[i].Unobserved {
			t.Fatalf("%s %s: less unobserved than before (%s)", w.Scope, w.Name, show(before[i]))
		}
	}
}
