package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/rogpeppe/go-internal/testscript"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/pipeline"
	"mynaprobe/probes/sqlite"
)

// keepWindows fills a state directory as a server would have in October 2025: windows DIR.
func keepWindows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: windows DIR")
	}
	dir := ts.MkAbs(args[0])
	at := func(text string) time.Time {
		t, err := time.Parse(time.RFC3339, text+"+09:00")
		ts.Check(err)
		return t
	}
	upTo := func(text string) *time.Time { t := at(text); return &t }
	notice := "https://www.example.jp/news/1"
	const evidence = "apply-form/20251029T235012Z"
	observed := probes.Window{
		ID: "20251029T235012Z-aaaaaaaaaa", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone", Flow: "iphone",
		Start: at("2025-10-30T08:50:12"), StartNotBefore: upTo("2025-10-30T08:49:02"), End: upTo("2025-10-31T18:50:40"), EndNotBefore: upTo("2025-10-31T18:49:31"),
		Reason: probes.ReasonContent, Message: `the text "申請を受け付けました" did not appear`, Probes: []string{"apply-form"},
		RunsDown: 2041, Opened: at("2025-10-30T08:52:15"), Evidence: evidence,
	}
	form := observed
	form.ID, form.Scope, form.Name, form.Stage = "20251029T235012Z-bbbbbbbbbb", probes.ScopeProbe, "apply-form", "apply"
	announced := probes.Window{
		ID: "20251029T235000Z-cccccccccc", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "iphone", Flow: "iphone",
		Start: at("2025-10-30T08:50:00"), End: upTo("2025-10-31T18:50:00"), Approximate: true, Message: "新規発行申請ができない事象について",
		Opened: at("2025-10-30T09:31:00"), Notice: &notice,
	}
	lapsed := announced
	lapsed.ID, lapsed.Start, lapsed.End, lapsed.Opened, lapsed.Lapsed = "20251001T000000Z-dddddddddd", at("2025-10-01T09:00:00"), nil, at("2025-10-01T09:30:00"), true
	other := probes.Window{
		ID: "20251119T230000Z-eeeeeeeeee", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "android", Flow: "android",
		Start: at("2025-11-20T08:00:00"), Reason: probes.ReasonTimeout, Message: "no answer within 10 s", Probes: []string{"login"},
		RunsDown: 3, Opened: at("2025-11-20T08:01:00"),
	}
	change := sqlite.Change{Windows: []probes.Window{observed, form, announced, lapsed, other}}
	for h := range 48 {
		c := probes.Coverage{Scope: probes.ScopeFlow, Name: "iphone", Hour: at("2025-10-30T00:00:00").Add(time.Duration(h) * time.Hour).UTC(), Up: probes.Seconds(time.Hour)}
		if c.Hour.After(observed.Start) && c.Hour.Before(*observed.End) {
			c.Up, c.Down = 0, probes.Seconds(time.Hour)
		}
		change.Coverage = append(change.Coverage, c)
	}
	store, _, err := sqlite.Open(filepath.Join(dir, pipeline.StateFile), sqlite.Options{})
	ts.Check(err)
	ts.Check(store.Apply(context.Background(), change))
	ts.Check(store.Close())

	result, err := json.Marshal(probes.Result{Probe: "apply-form", Flow: "iphone", Stage: "apply", Kind: probes.KindHTTP, Start: observed.Start, Outcome: probes.Down, Reason: probes.ReasonContent, Message: observed.Message})
	ts.Check(err)
	files := filepath.Join(dir, "evidence", filepath.FromSlash(evidence))
	ts.Check(os.MkdirAll(files, 0o700))
	ts.Check(os.WriteFile(filepath.Join(files, "result.json"), result, 0o600))
	ts.Check(os.WriteFile(filepath.Join(files, "body.html"), []byte(`<script src="https://evil.example/x.js"></script>ただいま`), 0o600))
}

// startServer starts a server of no probes over a state directory, and sets $SERVER to its address: server DIR.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: server DIR")
	}
	set, err := definition.Parse("none.yaml", []byte("flow: { name: iphone }\nprobes: [ { name: apply-form, disabled: true, http: http://127.0.0.1:9/ } ]\n"))
	ts.Check(err)
	p, err := pipeline.New(set, pipeline.Options{StateDir: ts.MkAbs(args[0])})
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	listening, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- p.Serve(ctx, pipeline.ServeOptions{Listen: []string{"127.0.0.1:0"}, Listening: func(addr string) { listening <- addr }})
	}()
	ts.Defer(func() {
		stop()
		ts.Check(<-done)
		ts.Check(p.Close())
	})
	select {
	case addr := <-listening:
		ts.Setenv("SERVER", "http://"+addr)
	case err := <-done:
		done <- nil
		ts.Fatalf("the server did not start: %v", err)
	}
}

// readCalendar parses an iCalendar and counts its events: calendar FILE EVENTS.
func readCalendar(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: calendar FILE EVENTS")
	}
	text := ts.ReadFile(args[0])
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\r\n") || len(line) > 77 {
			ts.Fatalf("RFC 5545 section 3.1: a line of %d octets: %q", len(line), line)
		}
	}
	calendar, err := ics.ParseCalendar(strings.NewReader(text))
	ts.Check(err)
	var ids []string
	for _, event := range calendar.Events() {
		start, err := event.GetStartAt()
		ts.Check(err)
		if end, err := event.GetEndAt(); err == nil && end.Before(start) {
			ts.Fatalf("event %s ends at %s, before it starts", event.Id(), end)
		}
		if _, err := event.GetDtStampTime(); err != nil || event.Id() == "" || slices.Contains(ids, event.Id()) {
			ts.Fatalf("event %q: its ID is missing or that of another, or it has no stamp: %v", event.Id(), err)
		}
		ids = append(ids, event.Id())
	}
	if strconv.Itoa(len(ids)) != args[1] {
		ts.Fatalf("%d events, want %s:\n%s", len(ids), args[1], text)
	}
}

// readSpreadsheet parses CSV with a byte order mark, and looks for a cell: spreadsheet FILE CELL.
func readSpreadsheet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: spreadsheet FILE CELL")
	}
	data, ok := bytes.CutPrefix([]byte(ts.ReadFile(args[0])), []byte("\ufeff"))
	if !ok {
		ts.Fatalf("no byte order mark: %.20q", data)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	ts.Check(err)
	for _, row := range rows {
		if slices.Contains(row, args[1]) {
			return
		}
	}
	ts.Fatalf("no cell is %q in %q", args[1], rows)
}
