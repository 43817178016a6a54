package outage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

var jst = time.FixedZone("JST", 9*60*60)

// t0 is a round hour, so that seconds from it read well.
var t0 = time.Date(2025, 10, 30, 8, 0, 0, 0, jst)

func at(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

func secs(t time.Time) string { return strconv.FormatFloat(t.Sub(t0).Seconds(), 'f', -1, 64) }

func secsOf(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return secs(*t)
}

// httpProbe is a probe with an interval of a minute and a timeout of 10 s: knowledge for 130 s, confirmed over 30 s.
func httpProbe(name, flow, stage string) probes.Probe {
	return probes.Probe{Name: name, Flow: flow, Stage: stage, Kind: probes.KindHTTP, Every: time.Minute, Timeout: 10 * time.Second}
}

// oneProbe is a set of one probe "a" in no flow.
func oneProbe(confirm probes.Confirm) probes.Set {
	p := httpProbe("a", "", "")
	p.Confirm = confirm
	return probes.Set{Probes: []probes.Probe{p}}
}

// result makes a result of one second's length from a letter: u up, s slow, d down, m maintenance, ? unknown, b blocked.
func result(probe string, start float64, verdict byte) probes.Result {
	r := probes.Result{Probe: probe, Kind: probes.KindHTTP, Trigger: probes.TriggerSchedule, Start: at(start), Duration: probes.Seconds(time.Second)}
	reason, ok := map[byte]probes.Reason{'u': "", 's': probes.ReasonSlow, 'd': probes.ReasonTimeout, 'm': probes.ReasonMaintenance, '?': probes.ReasonOverload, 'b': probes.ReasonBlocked}[verdict]
	if !ok {
		panic("no such verdict: " + string(verdict))
	}
	r.Fail(reason, string(reason))
	return r
}

// store applies Changes as the durable store does.
type store struct {
	windows   map[string]probes.Window
	states    map[string][]byte
	revisions []probes.NoticeRevision
	coverage  map[string]probes.Coverage
	statuses  map[string]probes.OutageStatus
	runs      []probes.RunRequest
}

func newStore() *store {
	return &store{windows: map[string]probes.Window{}, states: map[string][]byte{}, coverage: map[string]probes.Coverage{}, statuses: map[string]probes.OutageStatus{}}
}

func (s *store) apply(c Change) {
	for _, w := range c.Windows {
		s.windows[w.ID] = w
	}
	for _, id := range c.Removed {
		delete(s.windows, id)
	}
	for key, data := range c.States {
		if data == nil {
			delete(s.states, key)
		} else {
			s.states[key] = data
		}
	}
	for _, row := range c.Coverage {
		s.coverage[string(row.Scope)+row.Name+row.Hour.String()] = row
	}
	for _, st := range c.Statuses {
		s.statuses[string(st.Scope)+"/"+st.Name+"/"+string(st.Source)] = st
	}
	s.revisions = append(s.revisions, c.Revisions...)
	s.runs = append(s.runs, c.Runs...)
}

// all are the windows stored, by start.
func (s *store) all() []probes.Window {
	return slices.SortedFunc(maps.Values(s.windows), func(a, b probes.Window) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// restart makes a tracker from what is stored.
func (s *store) restart(t interface{ Fatal(...any) }, set probes.Set, now time.Time) *Tracker {
	tr := New(set, "")
	c := tr.Restore(s.all(), s.states, s.revisions, now)
	if c.Problem != nil {
		t.Fatal(c.Problem)
	}
	s.apply(c)
	return tr
}

// show writes a window as "start(not before)..end(not before)".
func show(w probes.Window) string {
	s := fmt.Sprintf("%s(%s)..%s(%s)", secs(w.Start), secsOf(w.StartNotBefore), secsOf(w.End), secsOf(w.EndNotBefore))
	if w.Flaps > 0 {
		s += fmt.Sprintf(" flaps=%d", w.Flaps)
	}
	if w.Unobserved > 0 {
		s += fmt.Sprintf(" unobserved=%g", w.Unobserved.Duration().Seconds())
	}
	for name, set := range map[string]bool{" lapsed": w.Lapsed, " withdrawn": w.Withdrawn, " backlog": w.Backlog, " about": w.Approximate} {
		if set {
			s += name
		}
	}
	return s
}

// list shows the windows of a name and a source.
func list(windows []probes.Window, source probes.WindowSource, name string) string {
	var all []string
	for _, w := range windows {
		if w.Source == source && w.Name == name {
			all = append(all, show(w))
		}
	}
	return strings.Join(all, "; ")
}

// play feeds a script of "second:verdict" of probe a, or "probe@second:verdict"; "second:." is Advance.
func play(t *testing.T, tr *Tracker, s *store, script string) {
	t.Helper()
	for token := range strings.FieldsSeq(script) {
		name, rest, found := strings.Cut(token, "@")
		if !found {
			name, rest = "a", token
		}
		second, verdict, _ := strings.Cut(rest, ":")
		n, err := strconv.ParseFloat(second, 64)
		if err != nil || len(verdict) != 1 {
			t.Fatalf("bad token %q", token)
		}
		if verdict == "." {
			s.apply(tr.Advance(at(n)))
		} else {
			s.apply(tr.Observe(result(name, n, verdict[0])))
		}
	}
}
