package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
	"mynaprobe/probes/portal"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"probe": main})
}

// TestScripts runs sessions at a terminal, with the real command against the stand-in portal on loopback.
func TestScripts(t *testing.T) {
	promtool := parts.Need(t, parts.Prometheus, "promtool")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+filepath.Dir(promtool))
			env.Setenv("DEAD", deadAddress(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"portal": startPortal, "windows": keepWindows, "server": startServer, "calendar": readCalendar, "spreadsheet": readSpreadsheet,
		},
	})
}

// startPortal starts a portal that stands still at a moment of a script, sets $PORTAL to its address, and writes the
// definitions that fit it: portal SCRIPT OFFSET FILE [browser].
func startPortal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: portal SCRIPT OFFSET FILE [browser]")
	}
	script, err := portal.Bundled(args[0])
	ts.Check(err)
	offset, err := time.ParseDuration(args[1])
	ts.Check(err)
	begin := time.Now()
	stand := portal.New(script, portal.Options{Start: begin, Clock: stopped(begin.Add(offset))})
	site, err := stand.Serve(context.Background())
	ts.Check(err)
	ts.Defer(func() { ts.Check(site.Close()) })
	ts.Setenv("PORTAL", site.URL)
	yaml := script.Definitions(portal.DefinitionOptions{BaseURL: site.URL, Browser: len(args) > 3})
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), yaml, 0o666))
}

// stopped is a clock that always shows the same time.
type stopped time.Time

func (s stopped) Now() time.Time { return time.Time(s) }

func (s stopped) Sleep(ctx context.Context, d time.Duration) error {
	return probes.SystemClock{}.Sleep(ctx, d)
}

// deadAddress is an address of this machine on which nobody listens.
func deadAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// TestBadDefinitions has the command check each of the bad definitions, and compares what it prints, letter by letter.
func TestBadDefinitions(t *testing.T) {
	from := filepath.Join(parts.Root(), "probes", "definition", "testdata", "bad")
	bad, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil || len(bad) < 40 {
		t.Fatalf("%d bad definitions, %v", len(bad), err)
	}
	scripts := t.TempDir()
	for _, file := range bad {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		script := fmt.Sprintf("! exec probe check %s.yaml\n! stdout .\ncmp stderr want\n", name)
		if err := os.WriteFile(filepath.Join(scripts, name+".txtar"), []byte(script), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{Dir: scripts, Setup: func(env *testscript.Env) error {
		name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
		definition, err := os.ReadFile(filepath.Join(from, name+".yaml"))
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(from, name+".want"))
		if err != nil {
			return err
		}
		found := 0
		for line := range strings.Lines(string(want)) {
			if strings.HasPrefix(line, name+".yaml:") {
				found++
			}
		}
		want = append(want, fmt.Sprintf("probe: %s in the definitions; nothing was run\n", counted(found, "error"))...)
		return errors.Join(os.WriteFile(filepath.Join(env.WorkDir, name+".yaml"), definition, 0o666),
			os.WriteFile(filepath.Join(env.WorkDir, "want"), want, 0o666))
	}})
}
