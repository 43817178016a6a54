package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/export"
	"mynaprobe/probes/outage"
	"mynaprobe/probes/sqlite"
)

// Kept is what a state directory holds, read beside a running server or without one.
type Kept struct {
	dir    string
	reader *sqlite.Reader
}

// OpenKept opens the state directory of a server for reading. The error says so when there is none.
func OpenKept(dir string) (*Kept, error) {
	reader, err := sqlite.OpenReadOnly(filepath.Join(dir, StateFile))
	if err != nil {
		return nil, err
	}
	return &Kept{dir, reader}, nil
}

// Close closes the state directory.
func (k *Kept) Close() error { return k.reader.Close() }

// Windows returns the windows that the filter picks, by start.
func (k *Kept) Windows(ctx context.Context, f probes.WindowFilter) ([]probes.Window, error) {
	return k.reader.Windows(ctx, f)
}

// Availability returns how much of a span each probe and flow was available.
func (k *Kept) Availability(ctx context.Context, from, to time.Time) ([]export.Availability, error) {
	coverage, err := k.reader.Coverage(ctx, "", "", from, to)
	if err != nil {
		return nil, err
	}
	windows, err := k.reader.Windows(ctx, probes.WindowFilter{Since: from, Until: to})
	if err != nil {
		return nil, err
	}
	var rows []export.Availability
	for _, a := range outage.Availabilities(coverage, windows, from, to) {
		rows = append(rows, export.Availability{
			Scope: a.Scope, Name: a.Name, Available: a.Available, OutsideMaintenance: a.AvailableOutsideMaintenance,
			Coverage: a.Coverage, Observed: a.Observed.Duration(), Outage: a.Outage.Duration(), Maintenance: a.Maintenance.Duration(),
			Announced: a.AvailableAnnounced,
		})
	}
	return rows, nil
}

// reportMargin is how long before and after a window runs and windows belong to its report.
const reportMargin = time.Hour

// Report gathers everything that is kept of one window. The ID may be cut short, as long as one window alone begins so.
func (k *Kept) Report(ctx context.Context, id string) (export.ReportData, error) {
	all, err := k.reader.Windows(ctx, probes.WindowFilter{})
	if err != nil {
		return export.ReportData{}, err
	}
	w, err := findWindow(all, id)
	if err != nil {
		return export.ReportData{}, err
	}
	from, to := w.Earliest().Add(-reportMargin), time.Now()
	if w.End != nil {
		to = w.End.Add(reportMargin)
	}
	data := export.ReportData{Window: w, Now: time.Now()}
	for _, other := range all {
		if other.ID != w.ID && other.Earliest().Before(to) && (other.End == nil || other.End.After(from)) &&
			(other.FlowName() == w.FlowName() || other.Source == probes.Blind) {
			data.Related = append(data.Related, other)
		}
	}
	revisions, err := k.reader.Revisions(ctx, probes.WindowFilter{Since: from, Until: to})
	if err != nil {
		return export.ReportData{}, err
	}
	for _, r := range revisions {
		if len(r.Item.Announcements) > 0 {
			data.Revisions = append(data.Revisions, r)
		}
	}
	if err := k.addRuns(&data, from, to); err != nil {
		return export.ReportData{}, err
	}
	if w.Evidence != "" {
		data.Evidence, err = readFiles(filepath.Join(k.evidenceDir(), filepath.FromSlash(w.Evidence)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return export.ReportData{}, fmt.Errorf("the evidence of the window: %w", err)
		}
	}
	return data, nil
}

func (k *Kept) evidenceDir() string { return filepath.Join(k.dir, EvidenceFolder) }

// addRuns adds the results that were kept as evidence in a span: those of the window's probes, and those of references.
func (k *Kept) addRuns(data *export.ReportData, from, to time.Time) error {
	kept, err := filepath.Glob(filepath.Join(k.evidenceDir(), "*", "*", resultFile))
	if err != nil {
		return err
	}
	for _, file := range kept {
		body, err := os.ReadFile(file)
		if err != nil {
			continue // removed meanwhile
		}
		var r probes.Result
		if json.Unmarshal(body, &r) != nil || r.Start.Before(from) || r.Start.After(to) {
			continue
		}
		switch {
		case r.Trigger == probes.TriggerReference:
			data.References = append(data.References, r)
		case r.Probe == data.Window.Name || slices.Contains(data.Window.Probes, r.Probe):
			data.Results = append(data.Results, r)
		}
	}
	return nil
}

func readFiles(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// findWindow finds the window of an ID, or of the beginning of one.
func findWindow(windows []probes.Window, id string) (found probes.Window, err error) {
	n := 0
	for _, w := range windows {
		if w.ID == id {
			return w, nil
		}
		if id != "" && strings.HasPrefix(w.ID, id) {
			found = w
			n++
		}
	}
	switch n {
	case 1:
		return found, nil
	case 0:
		return found, fmt.Errorf(`there is no window %q; "probe outages" shows those there are`, id)
	}
	return found, fmt.Errorf("%d windows have IDs that begin with %q; give more of it", n, id)
}

// ErrInUse is wrapped by the error for a state directory that a server is using.
var ErrInUse = sqlite.ErrInUse

// Marks are what a window can be corrected to be.
func Marks() []string { return []string{"maintenance", "false-alarm", "outage"} }

// Mark corrects a window of a state directory that no server is using; the error wraps ErrInUse when one is.
func Mark(ctx context.Context, dir, id string, mark probes.Mark) (err error) {
	store, _, err := sqlite.Open(filepath.Join(dir, StateFile), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	windows, err := store.Windows(ctx, probes.WindowFilter{})
	if err != nil {
		return err
	}
	w, err := findWindow(windows, id)
	if err != nil {
		return err
	}
	w.Marks = append(slices.Clip(w.Marks), mark)
	return store.Apply(ctx, sqlite.Change{Windows: []probes.Window{w}})
}

// Mark corrects a window of a running server; it implements web.Source.
func (s source) Mark(_ context.Context, id string, mark probes.Mark) error {
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	w, err := findWindow(s.core.tracker.Windows(), id)
	if err != nil {
		return err
	}
	change, err := s.core.tracker.Mark(w.ID, mark)
	if err != nil {
		return err
	}
	s.core.apply(change)
	return nil
}
