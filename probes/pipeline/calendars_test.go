package pipeline

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// calendarOfNow has one event, from an hour ago to in an hour.
func calendarOfNow() string {
	stamp := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("20060102T150405Z") }
	return strings.Join([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:work", "SUMMARY:work",
		"DTSTAMP:" + stamp(0), "DTSTART:" + stamp(-time.Hour), "DTEND:" + stamp(time.Hour), "END:VEVENT", "END:VCALENDAR", ""}, "\r\n")
}

func TestCalendarsOfPlannedMaintenance(t *testing.T) {
	page, dir := newTarget(t), t.TempDir()
	page.set(http.StatusServiceUnavailable)
	answers := make(chan string, 1) // the calendar, or nothing for an error
	asked := make(chan struct{}, 100)
	address := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		content := <-answers
		answers <- content
		if content == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		fmt.Fprint(w, content)
		asked <- struct{}{}
	}))
	answer := func(content string) {
		<-answers
		answers <- content
	}
	answers <- calendarOfNow()
	file := filepath.Join(t.TempDir(), "work.ics")
	if err := os.WriteFile(file, []byte(calendarOfNow()), 0o666); err != nil {
		t.Fatal(err)
	}
	definition := func(calendar string) string {
		return quick(page.URL) + fmt.Sprintf("maintenance: [ { name: work, calendar: %q } ]\n", calendar)
	}
	maintained := func(r *running) {
		t.Helper()
		r.until(t, "planned maintenance", func() bool { return r.last("front-page").Outcome == probes.Maintenance })
	}

	t.Run("file", func(t *testing.T) { maintained(serve(t, Options{}, parsed(definition(file)))) })
	said := make(chan string, 10)
	warned := &lines{found: map[string]chan string{"calendar of planned maintenance": said}}
	t.Run("address", func(t *testing.T) {
		r := serve(t, Options{StateDir: dir, Log: slog.New(slog.NewTextHandler(warned, nil))}, parsed(definition(address+"/work.ics")))
		maintained(r)
		for len(asked) > 0 {
			<-asked
		}
		answer("")
		if response, err := http.Post(r.url+"/-/reload", "", nil); err != nil {
			t.Fatal(err)
		} else {
			response.Body.Close()
		}
		<-asked
		if line := <-said; !strings.Contains(line, "work.ics") || !strings.Contains(line, "500") {
			t.Errorf("the log says %q", line)
		}
		r.mu.Lock()
		seen := len(r.results)
		r.mu.Unlock()
		r.until(t, "a run after the failure", func() bool { return len(r.results) > seen+1 })
		maintained(r)
	})
	t.Run("kept copy", func(t *testing.T) {
		maintained(serve(t, Options{StateDir: dir}, parsed(definition(address+"/work.ics"))))
	})
	t.Run("too large", func(t *testing.T) {
		answer(calendarOfNow() + strings.Repeat(" ", maxCalendar))
		said := make(chan string, 10)
		warned := &lines{found: map[string]chan string{"calendar of planned maintenance": said}}
		r := serve(t, Options{Log: slog.New(slog.NewTextHandler(warned, nil))}, parsed(definition(address+"/work.ics")))
		<-said
		r.until(t, "a run", func() bool { return r.last("front-page").Outcome == probes.Down })
	})
	if _, err := readBounded(file, 10); err == nil {
		t.Error("a file over the bound was read")
	}
}

func TestOnceKnowsCalendars(t *testing.T) {
	page := newTarget(t)
	page.set(http.StatusServiceUnavailable)
	file := filepath.Join(t.TempDir(), "work.ics")
	if err := os.WriteFile(file, []byte(calendarOfNow()), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := parsed(quick(page.URL) + fmt.Sprintf("maintenance: [ { name: work, calendar: %q } ]\n", file))()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if results := p.RunOnce(t.Context(), set.Probes, nil); len(results) != 1 || results[0].Outcome != probes.Maintenance {
		t.Errorf("%+v", results)
	}
}
