package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/portal"
)

// DemoOptions say how the demo is played.
type DemoOptions struct {
	// Script is the name of a bundled script, or a file; "demo" when empty.
	Script string
	// Speed is how much faster than the script the incident goes by; the probes keep their intervals.
	Speed float64
	// Listen is the address of the prober's own pages.
	Listen string
	// Once ends the demo when the script is over; otherwise it goes on until ctx is done.
	Once bool
	// NoBrowser leaves out the browser probes.
	NoBrowser bool
	// Out is told what happens, in lines.
	Out io.Writer
}

// Japan is the time zone of what the demo and the replay show.
var Japan = time.FixedZone("JST", 9*60*60)

// Demo plays an incident on a stand-in portal on loopback and watches it with a server, telling what happens on both
// sides until the end.
func Demo(ctx context.Context, opts Options, demo DemoOptions) (err error) {
	script, err := loadScript(demo.Script)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The script begins once everything is ready to watch it.
	stand := portal.New(script, portal.Options{Start: time.Now().Add(demoWarmUp), Speed: demo.Speed})
	site, err := stand.Serve(ctx)
	if err != nil {
		return fmt.Errorf("starting the stand-in portal: %w", err)
	}
	defer func() { err = errors.Join(err, site.Close()) }()
	set, err := definition.Parse("demo.yaml", script.Definitions(portal.DefinitionOptions{BaseURL: site.URL, Browser: !demo.NoBrowser}))
	if err != nil {
		return fmt.Errorf("the demo's own definitions, which is a bug: %w", err)
	}
	if opts.StateDir == "" {
		if opts.StateDir, err = os.MkdirTemp("", "mynaprobe-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(opts.StateDir)) }()
	}
	p, err := New(set, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()

	teller := &teller{out: demo.Out, last: map[string]probes.Outcome{}, told: map[string]bool{}}
	var goroutines sync.WaitGroup
	defer goroutines.Wait()
	defer stop()
	listening := make(chan string, 1)
	goroutines.Go(func() {
		select {
		case addr := <-listening:
			teller.welcome(addr, site.URL, script.Title, demo.Once)
		case <-ctx.Done():
			return
		}
		for _, event := range stand.Timeline() {
			if (probes.SystemClock{}).Sleep(ctx, time.Until(event.At)) != nil {
				return
			}
			teller.say("portal", event.Say)
		}
		if (probes.SystemClock{}).Sleep(ctx, time.Until(stand.End())) != nil {
			return
		}
		if demo.Once {
			teller.say("demo", "the script is over")
			stop()
			return
		}
		teller.say("demo", "the script is over; the portal stays as it is. Press Ctrl-C to end.")
	})
	return p.Serve(ctx, ServeOptions{
		Listen: []string{demo.Listen}, Listening: func(addr string) { listening <- addr }, Final: teller.result, Changed: teller.windows,
	})
}

// demoWarmUp is how long the portal is healthy before its script begins: time for the first runs, a browser's start
// among them.
const demoWarmUp = 5 * time.Second

// Scripts returns the names of the bundled scripts.
func Scripts() []string { return portal.BundledNames() }

// loadScript reads a script: a bundled one by its name, or a file.
func loadScript(name string) (*portal.Script, error) {
	if name == "" {
		name = "demo"
	}
	script, err := portal.Bundled(name)
	if err == nil {
		return script, nil
	}
	data, readErr := os.ReadFile(name)
	if errors.Is(readErr, os.ErrNotExist) {
		return nil, fmt.Errorf("%w; and no file is called that", err)
	}
	if readErr != nil {
		return nil, fmt.Errorf("reading the script: %w", readErr)
	}
	return portal.LoadScript(name, data)
}

// teller prints what happens in the demo, a line each, and only what is new.
type teller struct {
	mu   sync.Mutex
	out  io.Writer
	last map[string]probes.Outcome
	told map[string]bool
}

func (t *teller) say(who, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line(who, what)
}

func (t *teller) line(who, what string) {
	fmt.Fprintf(t.out, "%s  %-7s %s\n", time.Now().In(Japan).Format("15:04:05"), who, what)
}

func (t *teller) welcome(addr, portal, title string, once bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, `
The portal (stand-in)  %s/
Status page            http://%s/
Metrics                http://%s/metrics      e.g. curl -s http://%s/metrics | grep probe_outcome
Windows                http://%s/api/v1/outages

Playing: %s
`, portal, addr, addr, addr, addr, title)
	if !once {
		fmt.Fprintln(t.out, "Press Ctrl-C to end.")
	}
	fmt.Fprintln(t.out)
}

// result tells of an outcome that changed.
func (t *teller) result(r probes.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before, seen := t.last[r.Probe]; !seen || before != r.Outcome {
		t.last[r.Probe] = r.Outcome
		what := fmt.Sprintf("%-12s %s", r.Probe, r.Outcome)
		if r.Message != "" {
			what += ": " + r.Message
		}
		t.line("probe", what)
	}
}

// windows tells of windows that opened or closed.
func (t *teller) windows(windows []probes.Window) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range windows {
		key := fmt.Sprint(w.ID, w.Open())
		if t.told[key] {
			continue
		}
		t.told[key] = true
		what := fmt.Sprintf("%s %s: %s since %s", w.Scope, w.Name, w.Source, w.Start.In(Japan).Format("15:04:05"))
		if w.End != nil {
			what += " until " + w.End.In(Japan).Format("15:04:05")
		}
		t.line("window", what)
	}
}
