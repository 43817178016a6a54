package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mynaprobe/probes"
)

var t0 = time.Date(2025, 10, 30, 8, 0, 0, 0, time.FixedZone("JST", 9*3600))

func at(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

func set(references ...string) probes.Set {
	s := probes.Set{}
	for _, name := range []string{"a", "b"} {
		s.Probes = append(s.Probes, probes.Probe{Name: name, Kind: probes.KindHTTP, Every: time.Minute, Timeout: 10 * time.Second, HTTP: &probes.HTTP{Requests: []probes.Request{{URL: "https://example.jp/" + name}}}})
	}
	for _, name := range references {
		s.Probes = append(s.Probes, probes.Probe{Name: name, Kind: probes.KindHTTP, Every: time.Minute, Timeout: 5 * time.Second, Reference: true, HTTP: &probes.HTTP{}})
	}
	return s
}

// run makes a result of a second's length.
func run(probe string, start float64, reason probes.Reason) probes.Result {
	r := probes.Result{Probe: probe, Start: at(start), Duration: probes.Seconds(time.Second)}
	r.Fail(reason, strings.TrimSpace("saw "+string(reason)))
	return r
}

// show writes results as "a@0=down/timeout".
func show(results []probes.Result) string {
	var out []string
	for _, r := range results {
		s := fmt.Sprintf("%s@%g=%s", r.Probe, r.Start.Sub(t0).Seconds(), r.Outcome)
		if r.Reason != "" {
			s += "/" + string(r.Reason)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestReferences(t *testing.T) {
	type step struct {
		run     probes.Result
		advance float64 // when set, Advance instead
		want    string
		ask     bool
	}
	tests := []struct {
		name  string
		refs  []string
		steps []step
		blind bool
	}{
		{"without references nothing is inferred", nil, []step{
			{run: run("a", 0, "timeout"), want: "a@0=down/timeout"},
		}, false},
		{"a failure is down when a reference is up that started later", []string{"r", "q"}, []step{
			{run: run("a", 0, "timeout"), ask: true},
			{run: run("r", 2, ""), want: "a@0=down/timeout r@2=up"},
			{run: run("q", 2, "timeout"), want: "q@2=down/timeout"},
		}, false},
		{"a reference that started with the failed run answers for it", []string{"r"}, []step{
			{run: run("r", 0, ""), want: "r@0=up"},
			{run: run("a", 0, "connect"), want: "a@0=down/connect"},
		}, false},
		{"one that started before it does not", []string{"r"}, []step{
			{run: run("r", -0.5, ""), want: "r@-0.5=up"},
			{run: run("a", 0, "connect"), ask: true},
		}, false},
		{"a degraded reference is up", []string{"r"}, []step{
			{run: run("a", 0, "connect"), ask: true},
			{run: run("r", 1, "slow"), want: "a@0=down/connect r@1=degraded/slow"},
		}, false},
		{"no reference up for whatever reason is our network", []string{"r", "q", "s"}, []step{
			{run: run("r", -9, ""), want: "r@-9=up"},
			{run: run("a", 0, "dns"), ask: true},
			{run: run("r", 2, "overload"), want: "r@2=unknown/overload"},
			{run: run("q", 2, "maintenance"), want: "q@2=maintenance/maintenance"},
			{run: run("s", 3, "tls"), want: "a@0=unknown/network s@3=down/tls"},
		}, true},
		{"what is up stays up while references are dead", []string{"r"}, []step{
			{run: run("r", 0, "dns"), want: "r@0=down/dns"},
			{run: run("a", 1, ""), want: "a@1=up"},
			{run: run("b", 1, "blocked"), want: "b@1=unknown/blocked"},
			{run: run("b", 9, "maintenance"), want: "b@9=maintenance/maintenance"},
		}, true},
		{"references that never answer are not up", []string{"r"}, []step{
			{run: run("a", 0, "dns"), ask: true},
			{advance: 15.9},
			{advance: 16, want: "a@0=unknown/network"},
		}, true},
		{"results of one probe keep their order", []string{"r"}, []step{
			{run: run("a", 0, "dns"), ask: true},
			{run: run("a", 3, "")},
			{run: run("b", 3, ""), want: "b@3=up"},
			{run: run("r", 4, ""), want: "a@0=down/dns a@3=up r@4=up"},
		}, false},
		{"one request serves all that failed before it", []string{"r"}, []step{
			{run: run("a", 0, "dns"), ask: true},
			{run: run("b", 0.5, "dns")},
			{run: run("r", 1, ""), want: "a@0=down/dns b@0.5=down/dns r@1=up"},
		}, false},
		{"what failed after the references started asks again once they answered", []string{"r"}, []step{
			{run: run("a", 0, "dns"), ask: true},
			{run: run("b", 2, "dns")},
			{run: run("r", 1, ""), want: "a@0=down/dns r@1=up", ask: true},
			{run: run("r", 3, ""), want: "b@2=down/dns r@3=up"},
		}, false},
		{"a later bad run does not undo a good one", []string{"r"}, []step{
			{run: run("r", 5, ""), want: "r@5=up"},
			{run: run("r", 8, "dns"), want: "r@8=down/dns"},
			{run: run("a", 4, "dns"), want: "a@4=down/dns"},
			{run: run("a", 6, "dns"), ask: true},
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := New(set(test.refs...))
			for i, s := range test.steps {
				var final []probes.Result
				var ask bool
				if s.advance != 0 {
					final = j.Advance(at(s.advance))
				} else {
					final, ask = j.Observe(s.run, nil)
				}
				if got := show(final); got != s.want || ask != s.ask {
					t.Errorf("step %d: got %q, ask %v; want %q, ask %v", i, got, ask, s.want, s.ask)
				}
			}
			if _, blind := j.Blind(); blind != test.blind {
				t.Errorf("blind: %v, want %v", blind, test.blind)
			}
		})
	}
}

func TestRejudgedKeepsWhatTheRunSaw(t *testing.T) {
	j := New(set("r"))
	j.Observe(run("a", 0, probes.ReasonTimeout), nil)
	final, _ := j.Observe(run("r", 1, probes.ReasonDNS), nil)
	r := final[0]
	if r.Seen == nil || r.Seen.Outcome != probes.Down || r.Seen.Reason != probes.ReasonTimeout || r.Seen.Message != "saw timeout" {
		t.Errorf("seen: %+v", r.Seen)
	}
	if !strings.Contains(r.Message, "saw timeout") {
		t.Errorf("the message hides what was seen: %q", r.Message)
	}
}

func TestBlindSpell(t *testing.T) {
	j := New(set("r", "q"))
	j.Observe(run("r", 0, ""), nil)
	j.Observe(run("q", 10, ""), nil)
	j.Observe(run("r", 60, "dns"), nil)
	if _, blind := j.Blind(); blind {
		t.Fatal("blind though one reference was up at last")
	}
	j.Observe(run("q", 70, "dns"), nil)
	w, blind := j.Blind()
	if !blind || !w.Start.Equal(at(11)) || !w.StartNotBefore.Equal(at(10)) || w.End != nil || w.Source != probes.Blind || w.Scope != probes.ScopeAll {
		t.Fatalf("blind %v: %+v; want a spell from the end of the last good run", blind, w)
	}
	j.Observe(run("r", 120, "dns"), nil)
	j.Observe(run("q", 130, ""), nil)
	w, blind = j.Blind()
	if blind || !w.End.Equal(at(130)) || !w.EndNotBefore.Equal(at(121)) {
		t.Fatalf("blind %v: %+v; want the end at the first good run", blind, w)
	}
	if spells := j.Spells(); len(spells) != 2 || spells[0].End != nil || spells[1].End == nil {
		t.Errorf("transitions: %+v", spells)
	}
	if len(j.Spells()) != 0 {
		t.Error("transitions are handed out twice")
	}
}

func TestSpellEndsWithTheReferences(t *testing.T) {
	j := New(set("r"))
	j.Observe(run("r", 0, "dns"), nil)
	j.Configure(set())
	if w, blind := j.Blind(); blind || !w.End.Equal(at(1)) {
		t.Errorf("blind %v: %+v", blind, w)
	}
}

// looks is a run in which only the looks of the page failed.
func looks(probe string, start float64, text int) probes.Result {
	r := run(probe, start, probes.ReasonContent)
	r.Looks = &probes.Looks{Failed: []string{"title"}}
	r.TextLength = text
	return r
}

func goodRuns(j *Judge, probe string, n, text int) {
	for i := range n {
		r := run(probe, float64(i-n)*60, "")
		r.TextLength = text
		j.Observe(r, nil)
	}
}

func TestChanged(t *testing.T) {
	other := looks("a", 1, 100)
	other.Looks = nil
	tests := []struct {
		name string
		good int
		run  probes.Result
		want string
	}{
		{"a redesign", 20, looks("a", 1, 50), "a@1=degraded/changed"},
		{"too few good runs", 19, looks("a", 1, 100), "a@1=down/content"},
		{"too little text", 20, looks("a", 1, 49), "a@1=down/content"},
		{"more than looks failed", 20, other, "a@1=down/content"},
		{"of another probe", 20, looks("b", 1, 100), "b@1=down/content"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := New(set())
			goodRuns(j, "a", test.good, 100)
			final, _ := j.Observe(test.run, nil)
			if got := show(final); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestChangedStaysChanged(t *testing.T) {
	j := New(set())
	goodRuns(j, "a", 20, 100)
	for i, text := range []int{60, 50, 55} { // measured against the last good run, not against each other
		final, _ := j.Observe(looks("a", float64(i), text), nil)
		if final[0].Reason != probes.ReasonChanged {
			t.Errorf("run %d: %s", i, show(final))
		}
	}
	if final, _ := j.Observe(looks("a", 9, 30), nil); final[0].Outcome != probes.Down {
		t.Errorf("the page shrank below half: %s", show(final))
	}
}

func TestChangedNeedsNoReference(t *testing.T) {
	j := New(set("r"))
	goodRuns(j, "a", 20, 100)
	final, ask := j.Observe(looks("a", 1, 100), nil)
	if show(final) != "a@1=degraded/changed" || ask {
		t.Errorf("%s, ask %v", show(final), ask)
	}
}

func TestConfigure(t *testing.T) {
	same := set()
	same.Probes[0].Every = time.Hour
	other := set()
	other.Probes[0].HTTP = &probes.HTTP{Requests: []probes.Request{{URL: "https://example.jp/other"}}}
	for name, test := range map[string]struct {
		set  probes.Set
		want probes.Outcome
	}{
		"another schedule keeps what is known":  {same, probes.Degraded},
		"another target forgets it":             {other, probes.Down},
		"nothing changed keeps what is known":   {set(), probes.Degraded},
		"a probe that was gone begins all anew": {probes.Set{}, probes.Down},
	} {
		t.Run(name, func(t *testing.T) {
			j := New(set())
			goodRuns(j, "a", 20, 100)
			j.Configure(test.set)
			if len(test.set.Probes) == 0 {
				j.Configure(set())
			}
			if final, _ := j.Observe(looks("a", 1, 100), nil); final[0].Outcome != test.want {
				t.Error(show(final))
			}
		})
	}
}

func TestPlanned(t *testing.T) {
	planned := func(probe string, when time.Time) (probes.Window, bool) {
		return probes.Window{Message: "night work"}, probe == "a" && !when.Before(at(0)) && when.Before(at(100))
	}
	tests := []struct {
		run  probes.Result
		want string
	}{
		{run("a", 1, "timeout"), "a@1=maintenance/maintenance"},
		{run("a", 1, ""), "a@1=up"},
		{run("a", 1, "slow"), "a@1=degraded/slow"},
		{run("a", 1, "overload"), "a@1=unknown/overload"},
		{run("a", 100, "timeout"), "a@100=down/timeout"},
		{run("b", 1, "timeout"), "b@1=down/timeout"},
	}
	for _, test := range tests {
		final, _ := New(set()).Observe(test.run, planned)
		if got := show(final); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	final, _ := New(set()).Observe(run("a", 1, "timeout"), planned)
	if !strings.Contains(final[0].Message, "night work") || final[0].Seen.Reason != probes.ReasonTimeout {
		t.Errorf("message %q, seen %+v", final[0].Message, final[0].Seen)
	}
	// Work that is planned excuses the target, not our own network.
	j := New(set("r"))
	j.Observe(run("a", 1, "timeout"), planned)
	if final, _ := j.Observe(run("r", 2, "dns"), planned); show(final) != "a@1=unknown/network r@2=down/dns" {
		t.Error(show(final))
	}
}

func TestFresh(t *testing.T) {
	p := set().Probes[0]
	r := run("a", 0, "")
	if !Fresh(r, p, at(129.9)) || Fresh(r, p, at(130)) {
		t.Error("a result is knowledge for two intervals and a timeout")
	}
}

func TestRestore(t *testing.T) {
	j := New(set("r"))
	goodRuns(j, "a", 20, 100)
	j.Observe(run("r", 0, ""), nil)
	j.Observe(run("r", 60, "dns"), nil)
	states := j.States()
	if again := j.States(); len(again) != 0 {
		t.Errorf("unchanged states are handed out again: %v", again)
	}

	later := New(set("r"))
	if err := later.Restore(states); err != nil {
		t.Fatal(err)
	}
	if final, _ := later.Observe(looks("a", 61, 100), nil); final[0].Reason != probes.ReasonChanged {
		t.Error(show(final))
	}
	if w, blind := later.Blind(); !blind || !w.Start.Equal(at(1)) {
		t.Errorf("the spell was lost: %v %+v", blind, w)
	}
	later.Observe(run("r", 120, ""), nil)
	if w, blind := later.Blind(); blind || !w.End.Equal(at(120)) || !w.EndNotBefore.Equal(at(61)) {
		t.Errorf("the spell went on: %v %+v", blind, w)
	}

	changed := set("r")
	changed.Probes[0].HTTP = &probes.HTTP{}
	other := New(changed)
	if err := other.Restore(states); err != nil {
		t.Fatal(err)
	}
	if final, _ := other.Observe(looks("a", 130, 100), nil); len(final) != 0 {
		t.Errorf("good runs of another definition count: %s", show(final))
	}
	if err := New(set()).Restore(map[string][]byte{"a": []byte("{")}); err == nil {
		t.Error("a damaged state is taken without a word")
	}
}

// TestProperties: whatever comes in leaves exactly once, in the order of its probe, and never as worse than it was; and
// references that are up or absent leave failures alone.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		refs := rapid.SampledFrom([][]string{nil, {"r"}, {"r", "q"}}).Draw(t, "references")
		names := append([]string{"a", "b"}, refs...)
		j := New(set(refs...))
		var in, out []probes.Result
		now := 0.0
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			now += float64(rapid.IntRange(0, 8).Draw(t, "gap"))
			r := run(rapid.SampledFrom(names).Draw(t, "probe"), now, rapid.SampledFrom([]probes.Reason{"", "timeout", "blocked", "slow"}).Draw(t, "reason"))
			in = append(in, r)
			final, _ := j.Observe(r, nil)
			out = append(out, final...)
			if rapid.Bool().Draw(t, "advance") {
				out = append(out, j.Advance(at(now))...)
			}
		}
		out = append(out, j.Advance(at(now+1000))...)
		for _, name := range names {
			of := func(r probes.Result) bool { return r.Probe != name }
			before, after := slices.DeleteFunc(slices.Clone(in), of), slices.DeleteFunc(slices.Clone(out), of)
			if len(before) != len(after) {
				t.Fatalf("%s: %d results in, %d out", name, len(before), len(after))
			}
			for i := range before {
				if !before[i].Start.Equal(after[i].Start) {
					t.Fatalf("%s: order changed: %s became %s", name, show(before), show(after))
				}
				b, a := before[i].Outcome, after[i].Outcome
				if a != b && (b != probes.Down || a != probes.Unknown || len(refs) == 0) {
					t.Fatalf("%s became %s", show(before[i:i+1]), show(after[i:i+1]))
				}
			}
		}
	})
}
