package pipeline

import (
	"bytes"
	"context"
	"errors"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/export"
)

// source is what the web pages see of a server.
type source struct{ *server }

// Last implements web.Source.
func (s source) Last(probe string) (last, trouble *probes.Result) {
	newest, bad, any := s.core.recent.of(probe)
	if any {
		last = &newest
	}
	if !bad.Start.IsZero() {
		trouble = &bad
	}
	return last, trouble
}

// Trouble implements web.Source.
func (s source) Trouble() []probes.Result { return s.core.recent.latest() }

// FlowOutcome implements web.Source.
func (s source) FlowOutcome(flow string, now time.Time) probes.Outcome {
	return s.flowOutcome(flow, now)
}

// Windows implements web.Source: those of the state file, or, without one, those in memory.
func (s source) Windows(ctx context.Context, f probes.WindowFilter) ([]probes.Window, error) {
	if s.store != nil {
		return s.store.Windows(ctx, f)
	}
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	var found []probes.Window
	for _, w := range s.core.tracker.Windows() {
		if f.Matches(w) {
			found = append(found, w)
		}
	}
	return found, nil
}

// Revisions implements web.Source.
func (s source) Revisions(ctx context.Context, f probes.WindowFilter) ([]probes.NoticeRevision, error) {
	if s.store != nil {
		return s.store.Revisions(ctx, f)
	}
	return nil, nil
}

// Calendar implements web.Source.
func (s source) Calendar(ctx context.Context, f probes.WindowFilter) ([]byte, error) {
	windows, err := s.Windows(ctx, f)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = export.ICalendar(&b, windows, export.ICalendarOptions{Name: "mynaprobe", Now: time.Now(), Location: Japan})
	return b.Bytes(), err
}

// Reload implements web.Source.
func (s source) Reload() error { return s.reload() }

// Ready implements web.Source.
func (s source) Ready() error {
	if s.Set().Probes == nil {
		return errors.New("there are no probes")
	}
	return nil
}
