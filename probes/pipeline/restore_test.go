package pipeline

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/metrics"
	"mynaprobe/probes/sqlite"
)

// keepIn fills the state file of a directory.
func keepIn(t *testing.T, dir string, change sqlite.Change) {
	t.Helper()
	store, _, err := sqlite.Open(filepath.Join(dir, StateFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStateThatCannotBeReadIsToldOf(t *testing.T) {
	page, dir := newTarget(t), t.TempDir()
	keepIn(t, dir, sqlite.Change{States: map[string][]byte{statesOfOutage + "probe/front-page": []byte("{damaged")}})
	log := &lines{}
	r := serve(t, Options{StateDir: dir, Log: slog.New(slog.NewTextHandler(log, nil))}, parsed(quick(page.URL)))
	r.until(t, "front-page up", func() bool { return r.last("front-page").Outcome == probes.Up })
	if !strings.Contains(log.String(), "the stored state of front-page cannot be read") {
		t.Errorf("the log says\n%s", log)
	}
}

func TestWhereEverythingStandsIsExportedFromTheStart(t *testing.T) {
	for name, dir := range map[string]string{"without a state directory": "", "with one": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, Options{StateDir: dir}, parsed(fmt.Sprintf(`
flow: { name: shop, critical: [front] }
probes: [ { name: idle, every: 24h, stage: front, notice: { url: %q } } ]
`, deadAddress(t))))
			text, _ := r.get(t, "/metrics")
			for _, want := range []string{
				`probe_outage_active{flow="shop",kind="notice",probe="idle",stage="front"} 0`,
				`probe_outages_total{flow="shop",kind="notice",probe="idle",stage="front"} 0`,
				`flow_outage_active{flow="shop",source="announced"} 0`,
			} {
				if !strings.Contains(text, want) {
					t.Errorf("/metrics has no %s", want)
				}
			}
		})
	}
}

func TestWhatTheStoreDeletesIsForgotten(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	var old []probes.Window
	for i := range 100 {
		start := now.Add(-time.Duration(1000+i) * 24 * time.Hour)
		end := start.Add(time.Hour)
		old = append(old, probes.Window{
			ID: fmt.Sprint("old", i), Source: probes.Observed, Scope: probes.ScopeProbe, Name: "front-page", Flow: "shop", Stage: "front", Start: start, End: &end,
		})
	}
	keepIn(t, dir, sqlite.Change{Windows: old})
	set, err := parsed(quick("http://127.0.0.1:9"))()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(set, Options{StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	s := &server{Pipeline: p, metrics: metrics.New(metrics.Options{})}
	if err := s.restore(); err != nil {
		t.Fatal(err)
	}
	defer s.store.Close()
	if n := len(p.core.tracker.Windows()); n != 100 {
		t.Fatalf("%d windows were restored", n)
	}
	before := now.Add(-1050 * 24 * time.Hour)
	s.journal.prune(t.Context(), before)
	kept := p.core.tracker.Windows()
	if len(kept) != 51 || slices.ContainsFunc(kept, func(w probes.Window) bool { return w.End.Before(before) }) {
		t.Errorf("%d windows are left in memory", len(kept))
	}
}
