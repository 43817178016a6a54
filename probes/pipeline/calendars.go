package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/noticeprobe"
	"mynaprobe/probes/outage"
)

const (
	// calendarEvery is how often the calendars of planned maintenance are read, calendarAgain how soon again after a failure.
	calendarEvery = time.Hour
	calendarAgain = 5 * time.Minute
	// calendarTimeout and maxCalendar bound what one of them may cost.
	calendarTimeout = 30 * time.Second
	maxCalendar     = 4 << 20
)

// statesOfCalendars begins the keys of the last good copies, which are used while an address cannot be read.
const statesOfCalendars = "calendar/"

// followCalendars reads the calendars of planned maintenance at once, after each reload, and every so often, until ctx is
// done. One that cannot be read stays as it was.
func (s *server) followCalendars(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.reloaded:
		case <-next.C:
		}
		if s.readCalendars(ctx) {
			next.Reset(calendarEvery)
		} else {
			next.Reset(calendarAgain)
		}
	}
}

// readCalendars reads all calendars of the definitions in force, and reports whether that went well; what did not is in
// the log.
func (p *Pipeline) readCalendars(ctx context.Context) bool {
	good := true
	for _, name := range outage.Calendars(p.Set()) {
		content, err := p.calendar(ctx, name)
		if err == nil {
			err = p.core.setCalendar(name, content)
		}
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			good = false
			p.opts.Log.Warn("a calendar of planned maintenance cannot be read; what was read of it before stays in force", "error", err)
		}
	}
	return good
}

// calendar fetches the content of a calendar from its address, or reads its file.
func (p *Pipeline) calendar(ctx context.Context, name string) ([]byte, error) {
	if !strings.Contains(name, "://") {
		return readBounded(name, maxCalendar)
	}
	one := asHTTP(probes.Probe{Name: "calendar", Timeout: calendarTimeout, Notice: &probes.Notice{MaxBody: maxCalendar}},
		noticeprobe.Request{URL: name})
	one.HTTP.Requests[0].Expect.MaxBody = maxCalendar
	ctx, cancel := context.WithTimeout(ctx, calendarTimeout)
	defer cancel()
	fetched, result := p.http.Fetch(ctx, one)
	if !result.Outcome.Good() {
		return nil, fmt.Errorf("calendar %s: %s", name, result.Message)
	}
	return fetched.Body, nil
}

// readBounded reads a file that must not be larger than a bound.
func readBounded(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, nil
}

// setCalendar puts a calendar in force and keeps a copy of it.
func (c *core) setCalendar(name string, content []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.tracker.SetCalendar(name, content); err != nil {
		return err
	}
	if c.journal != nil {
		c.journal.Keep(outage.Change{States: map[string][]byte{statesOfCalendars + name: content}})
	}
	return nil
}

// restoreCalendars puts the copies in force that an earlier process kept, and lets go of those that nobody refers to any
// more. c.mu is held.
func (c *core) restoreCalendars(copies map[string][]byte) error {
	var failed []error
	for _, name := range outage.Calendars(c.set) {
		if content, ok := copies[name]; ok {
			failed = append(failed, c.tracker.SetCalendar(name, content))
			delete(copies, name)
		}
	}
	for name := range copies {
		c.journal.Keep(outage.Change{States: map[string][]byte{statesOfCalendars + name: nil}})
	}
	return errors.Join(failed...)
}
