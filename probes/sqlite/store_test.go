package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/probes"
)

func TestMain(m *testing.M) {
	if role := os.Getenv("MYNAPROBE_SQLITE_ROLE"); role != "" {
		runRole(role)
		return
	}
	goleak.VerifyTestMain(m)
}

var (
	jst  = time.FixedZone("", 9*3600)
	noon = time.Date(2025, 10, 30, 12, 0, 0, 0, jst)
	ctx  = context.Background()
)

func at(minutes int) time.Time      { return noon.Add(time.Duration(minutes) * time.Minute) }
func ptr(t time.Time) *time.Time    { return &t }
func secs(n float64) probes.Seconds { return probes.Seconds(n * float64(time.Second)) }

func window(id string, start int, end *time.Time) probes.Window {
	w := probes.Window{
		ID: id, Source: probes.Observed, Scope: probes.ScopeProbe, Name: "apply", Flow: "iphone", Stage: "apply",
		Start: at(start), StartNotBefore: ptr(at(start - 1)), End: end, Reason: probes.ReasonContent, Message: "申請できません",
		Probes: []string{"apply"}, RunsDown: 3, Opened: at(start + 1), Unobserved: secs(90),
	}
	if end != nil {
		w.EndNotBefore = ptr(end.Add(-time.Minute))
	}
	return w
}

func revision(probe, address, hash string, seen int) probes.NoticeRevision {
	return probes.NoticeRevision{
		Probe: probe, Change: probes.NoticeEdited, Seen: at(seen),
		Item: probes.NoticeItem{Address: address, Title: "障害のお知らせ", Text: "本文 " + hash, Hash: hash, About: true,
			Announcements: []probes.Announcement{{Kind: probes.AnnouncedOutage, State: probes.Ongoing, Title: "t", Services: []string{"iPhone"}, Windows: []probes.AnnouncedWindow{{Start: ptr(at(0))}}}}},
	}
}

func hour(name string, n int, up float64) probes.Coverage {
	return probes.Coverage{Scope: probes.ScopeProbe, Name: name, Hour: at(0).UTC().Add(time.Duration(n) * time.Hour), Up: secs(up), Down: secs(1.5), Unknown: secs(2), Degraded: secs(3), Maintenance: secs(4)}
}

// open opens the store at a path and closes it at the end of the test. It fails on any note.
func open(t *testing.T, path string) *Store {
	t.Helper()
	s, notes, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		t.Errorf("notes: %q", notes)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func apply(t *testing.T, s *Store, c Change) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, s *Store) (map[string]probes.Window, map[string][]byte, []probes.NoticeRevision) {
	t.Helper()
	all, states, seen, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]probes.Window{}
	for _, w := range all {
		byID[w.ID] = w
	}
	if len(byID) != len(all) {
		t.Errorf("%d windows with %d IDs", len(all), len(byID))
	}
	return byID, states, seen
}

func ids(all []probes.Window) string {
	var names []string
	for _, w := range all {
		names = append(names, w.ID)
	}
	return strings.Join(names, " ")
}

func TestEverythingOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "deep", "probe.db")
	s := open(t, path)
	w := window("w1", 0, ptr(at(60)))
	w.Marks = []probes.Mark{{As: "maintenance", Note: "予定作業", By: "ops", At: at(90)}}
	notice := "https://example.jp/n/1"
	announced := probes.Window{ID: "w2", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "iphone", Start: at(-10), Notice: &notice, Approximate: true, Lapsed: true, Backlog: true}
	want := Change{
		Windows:   []probes.Window{announced, w},
		Revisions: []probes.NoticeRevision{revision("news", notice, "h1", 1), revision("news", notice, "h2", 2)},
		States:    map[string][]byte{"probe/apply": []byte(`{"row":2}`), "gone": []byte("x"), "empty": {}},
		Coverage:  []probes.Coverage{hour("apply", 0, 3500), hour("apply", 1, 3600.25), hour("other", 0, 1)},
	}
	apply(t, s, want)
	apply(t, s, Change{States: map[string][]byte{"gone": nil}})
	apply(t, s, Change{Revisions: want.Revisions[:1], Coverage: []probes.Coverage{hour("apply", 0, 3550)}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, path)
	all, states, seen, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(all, want.Windows) {
		t.Errorf("windows:\ngot  %+v\nwant %+v", all, want.Windows)
	}
	if !reflect.DeepEqual(seen, want.Revisions) {
		t.Errorf("revisions:\ngot  %+v\nwant %+v", seen, want.Revisions)
	}
	if !maps.EqualFunc(states, map[string][]byte{"probe/apply": []byte(`{"row":2}`), "empty": {}}, slices.Equal) {
		t.Errorf("states: %q", states)
	}
	hours, err := s.Coverage(t.Context(), probes.ScopeProbe, "apply", at(-60), at(120))
	if err != nil {
		t.Fatal(err)
	}
	if want := []probes.Coverage{hour("apply", 0, 3550), hour("apply", 1, 3600.25)}; !reflect.DeepEqual(hours, want) {
		t.Errorf("coverage:\ngot  %+v\nwant %+v", hours, want)
	}
}

func TestTheFileIsForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, filepath.Join(dir, "probe.db"))
	apply(t, s, Change{Windows: []probes.Window{window("w", 0, nil)}})
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 3 {
		t.Errorf("expected a database, its log and its lock: %v", entries)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
}

func TestFilters(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "probe.db"))
	flow := window("flow", 5, ptr(at(65)))
	flow.Scope, flow.Name, flow.Flow = probes.ScopeFlow, "iphone", ""
	other := window("other", 100, nil)
	other.Name, other.Flow, other.Source = "android-apply", "android", probes.Announced
	apply(t, s, Change{Windows: []probes.Window{window("early", 0, ptr(at(60))), flow}})
	// What is only pending is found in the same way.
	if err := s.Defer(Change{Windows: []probes.Window{other}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		filter Filter
		want   string
	}{
		{"all", Filter{}, "early flow other"},
		{"flow and its probes", Filter{Flow: "iphone"}, "early flow"},
		{"probe", Filter{Probe: "apply"}, "early"},
		{"scope", Filter{Scope: probes.ScopeFlow}, "flow"},
		{"source", Filter{Source: probes.Announced}, "other"},
		{"open", Filter{Open: true}, "other"},
		{"since the end", Filter{Since: at(60)}, "flow other"},
		{"just before the end", Filter{Since: at(60).Add(-time.Nanosecond)}, "early flow other"},
		{"until the start", Filter{Until: at(99)}, "early flow"},
		{"until after the start", Filter{Until: at(99).Add(time.Nanosecond)}, "early flow other"},
		{"at the margin", Filter{At: at(-1)}, "early"},
		{"before the margin", Filter{At: at(-1).Add(-time.Nanosecond)}, ""},
		{"at the end", Filter{At: at(60)}, "flow"},
		{"much later", Filter{At: at(100000)}, "other"},
		{"nothing", Filter{Flow: "iphone", Open: true}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := s.Windows(t.Context(), test.filter)
			if err != nil {
				t.Fatal(err)
			}
			if ids(got) != test.want {
				t.Errorf("got %q, want %q", ids(got), test.want)
			}
		})
	}
}

func TestDeferredIsSeenAtOnceAndWrittenWithTheNextChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	s := open(t, path)
	if err := s.Defer(Change{States: map[string][]byte{"k": []byte("1")}, Coverage: []probes.Coverage{hour("apply", 0, 10)}}); err != nil {
		t.Fatal(err)
	}
	_, states, _ := load(t, s)
	hours, err := s.Coverage(t.Context(), probes.ScopeProbe, "apply", at(0), at(60))
	if err != nil || len(hours) != 1 || string(states["k"]) != "1" {
		t.Errorf("what was deferred is not seen: %v %v %v", hours, states, err)
	}
	inFile := func() int {
		r, err := OpenReadOnly(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		hours, err := r.Coverage(t.Context(), probes.ScopeProbe, "apply", at(0), at(60))
		if err != nil {
			t.Fatal(err)
		}
		return len(hours)
	}
	if inFile() != 0 {
		t.Error("what was deferred is in the file already")
	}
	apply(t, s, Change{Windows: []probes.Window{window("w", 0, nil)}})
	if waiting, _ := s.Pending(); inFile() != 1 || waiting != 0 {
		t.Errorf("what was deferred was not written: %d still wait", waiting)
	}
}

func TestWindowsThatBecamePartOfAnotherAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	s := open(t, path)
	apply(t, s, Change{Windows: []probes.Window{window("a", 0, ptr(at(5))), window("b", 7, ptr(at(9))), window("c", 20, nil)}})
	if err := s.Defer(Change{Windows: []probes.Window{window("a", 0, ptr(at(9)))}, Removed: []string{"b", "never there"}}); err != nil {
		t.Fatal(err)
	}
	seen := func(s *Store) string {
		all, err := s.Windows(t.Context(), Filter{})
		if err != nil {
			t.Fatal(err)
		}
		return ids(all)
	}
	if got := seen(s); got != "a c" {
		t.Errorf("pending: %q", got)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waiting, _ := s.Pending(); waiting != 0 {
		t.Errorf("%d still wait", waiting)
	}
	s.Close()
	if got := seen(open(t, path)); got != "a c" {
		t.Errorf("in the file: %q", got)
	}
}

func TestAChangeThatCannotBeEncodedIsRefusedWhole(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "probe.db"))
	bad := window("bad", 0, nil)
	bad.Start = time.Date(12025, 1, 1, 0, 0, 0, 0, time.UTC) // JSON knows years up to 9999
	for _, c := range []Change{
		{Windows: []probes.Window{window("good", 0, nil), bad}},
		{Windows: []probes.Window{{Name: "no ID"}}},
	} {
		if err := s.Apply(t.Context(), c); err == nil {
			t.Error("accepted")
		}
	}
	if all, _, _ := load(t, s); len(all) != 0 || !s.Writable() {
		t.Errorf("kept %v, writable %v", all, s.Writable())
	}
}

func TestPruneKeepsWhatStillMatters(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "probe.db"))
	lapsed := window("lapsed", -500, nil)
	lapsed.Lapsed = true
	apply(t, s, Change{
		Windows:   []probes.Window{window("old", -300, ptr(at(-200))), lapsed, window("old-open", -400, nil), window("spans", -300, ptr(at(10))), window("new", 20, ptr(at(30)))},
		Revisions: []probes.NoticeRevision{revision("news", "a", "1", -300), revision("news", "a", "2", -200), revision("news", "a", "3", -100), revision("news", "b", "1", -300), revision("news", "c", "1", 5)},
		Coverage:  []probes.Coverage{hour("apply", -3, 1), hour("apply", 0, 1)},
		States:    map[string][]byte{"k": []byte("v")},
	})
	if err := s.Prune(t.Context(), at(0)); err != nil {
		t.Fatal(err)
	}
	all, states, seen := load(t, s)
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"new", "old-open", "spans"}) {
		t.Errorf("windows left: %v", got)
	}
	var left []string
	for _, r := range seen {
		left = append(left, r.Item.Address+r.Item.Hash)
	}
	if !slices.Equal(left, []string{"a1", "b1", "a3", "c1"}) {
		t.Errorf("revisions left: %v", left)
	}
	hours, err := s.Coverage(t.Context(), probes.ScopeProbe, "apply", at(-1000), at(1000))
	if err != nil || len(hours) != 1 || len(states) != 1 {
		t.Errorf("coverage %v, states %v, %v", hours, states, err)
	}
}

func TestReadersBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	s := open(t, path)
	apply(t, s, Change{Windows: []probes.Window{window("w000", 0, nil)}})
	var readers sync.WaitGroup
	running, stop := context.WithCancel(t.Context())
	problems := make(chan error, 8)
	for range 2 {
		readers.Go(func() {
			r, err := OpenReadOnly(path)
			if err != nil {
				problems <- err
				return
			}
			defer r.Close()
			last := 0
			for running.Err() == nil {
				own, err := s.Windows(ctx, Filter{})
				if err != nil {
					problems <- err
					return
				}
				others, err := r.Windows(ctx, Filter{})
				if err != nil {
					problems <- err
					return
				}
				if len(others) < last || len(own) == 0 {
					problems <- fmt.Errorf("windows went missing: %d after %d, own %d", len(others), last, len(own))
					return
				}
				last = len(others)
			}
		})
	}
	for i := 1; i <= 30; i++ {
		apply(t, s, Change{Windows: []probes.Window{window(fmt.Sprintf("w%03d", i), i, nil)}, States: map[string][]byte{"n": fmt.Append(nil, i)}})
	}
	stop()
	readers.Wait()
	select {
	case err := <-problems:
		t.Error(err)
	default:
	}
}

func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	s := open(t, path)
	if _, _, err := Open(path, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second writer got %v", err)
	}
	s.Close()
	open(t, path)
}

func TestAStoreThatWasClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "probe.db"))
	if err := s.Defer(Change{States: map[string][]byte{"k": []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if waiting, _ := s.Pending(); waiting != 0 {
		t.Error("closing did not write what was deferred")
	}
	if err := s.Apply(t.Context(), Change{States: map[string][]byte{"k": []byte("w")}}); err == nil {
		t.Error("a closed store takes changes")
	}
}

func TestPendingIsBounded(t *testing.T) {
	p := newPending()
	for i := range 10 {
		c := Change{Windows: []probes.Window{window(fmt.Sprintf("closed%d", i), i, ptr(at(i+1))), window(fmt.Sprintf("open%d", i), i-100, nil)}, Coverage: []probes.Coverage{hour("a", i, 1)}}
		added, err := pendingOf(c)
		if err != nil {
			t.Fatal(err)
		}
		p.add(added)
	}
	if dropped := p.bound(14); dropped != 6 {
		t.Errorf("dropped %d", dropped)
	}
	for i := range 10 {
		_, closed := p.windows[fmt.Sprintf("closed%d", i)]
		_, open := p.windows[fmt.Sprintf("open%d", i)]
		if closed != (i >= 6) || !open {
			t.Errorf("%d: closed kept %v, open kept %v", i, closed, open)
		}
	}
	if dropped := p.bound(4); dropped != 4+6 || len(p.windows) != 10 || len(p.coverage) != 4 {
		t.Errorf("dropped %d, %d windows and %d hours left", dropped, len(p.windows), len(p.coverage))
	}
}

func TestRemovedWindowsAreGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	apply(t, s, Change{Windows: []probes.Window{window("a", 0, nil), window("b", 5, nil)}})
	if err := s.Defer(Change{Removed: []string{"b"}}); err != nil {
		t.Fatal(err)
	}
	left := func() (ids []string) {
		found, err := s.Windows(t.Context(), Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range found {
			ids = append(ids, w.ID)
		}
		return ids
	}
	if got := left(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("before it is written: %v", got)
	}
	apply(t, s, Change{Removed: []string{"never there"}})
	if waiting, _ := s.Pending(); waiting != 0 {
		t.Errorf("%d values still wait", waiting)
	}
	if got := left(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after it is written: %v", got)
	}
	apply(t, s, Change{Windows: []probes.Window{window("b", 6, nil)}})
	if got := left(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("written again: %v", got)
	}
}

func TestCoverageOfAll(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	apply(t, s, Change{Coverage: []probes.Coverage{hour("b", 1, 10), hour("a", 2, 20)}})
	if err := s.Defer(Change{Coverage: []probes.Coverage{hour("a", 1, 30), hour("c", 1, 40)}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		scope probes.WindowScope
		name  string
		want  string
	}{{"", "", "a/30 a/20 b/10 c/40"}, {probes.ScopeProbe, "a", "a/30 a/20"}, {"", "b", "b/10"}, {probes.ScopeFlow, "", ""}} {
		found, err := s.Coverage(t.Context(), test.scope, test.name, at(0), at(600))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range found {
			got = append(got, fmt.Sprintf("%s/%g", c.Name, c.Up.Duration().Seconds()))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("scope %q, name %q: %v, want %q", test.scope, test.name, got, test.want)
		}
	}
}

func TestWhatChangedWhileItWasWrittenStillWaits(t *testing.T) {
	encode := func(c Change) *pending {
		t.Helper()
		p, err := pendingOf(c)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	longer := window("b", 0, nil)
	longer.RunsDown++
	written := encode(Change{Windows: []probes.Window{window("a", 0, nil), window("b", 0, nil)}, States: map[string][]byte{"a": []byte("1"), "b": []byte("1"), "c": nil}, Coverage: []probes.Coverage{hour("a", 0, 1), hour("b", 0, 1)}})
	p := written.clone()
	p.add(encode(Change{Windows: []probes.Window{longer}, States: map[string][]byte{"b": []byte("2"), "c": {}}, Coverage: []probes.Coverage{hour("b", 0, 2)}}))
	p.subtract(written)
	if len(p.windows) != 1 || p.windows["b"].value.RunsDown != longer.RunsDown || len(p.states) != 2 || string(p.states["b"]) != "2" || p.states["c"] == nil || len(p.coverage) != 1 {
		t.Errorf("waiting: %+v", p)
	}
}
