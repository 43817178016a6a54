package evidence

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

var start = time.Date(2025, 10, 30, 8, 50, 0, 0, time.UTC)

func result(probe string, at time.Time, reason probes.Reason, text string) probes.Result {
	r := probes.Result{Probe: probe, Start: at, Evidence: &probes.Evidence{Files: map[string][]byte{"text.txt": []byte(text)}}}
	r.Fail(reason, "")
	return r
}

// write hands results over and waits until they are written.
func write(k *Keeper, results ...probes.Result) (paths []string) {
	for _, r := range results {
		path := ""
		if kept := k.Keep(r); kept.Evidence != nil {
			path = kept.Evidence.Path
		}
		paths = append(paths, path)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k.Run(ctx)
	return paths
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestFailureLiesBesideTheLastGoodRun(t *testing.T) {
	dir := t.TempDir()
	k := New(Options{Dir: dir})
	paths := write(k, result("apply", start, "", "good"), result("apply", start.Add(time.Minute), probes.ReasonContent, "bad"))
	want := []string{"apply/20251030T085100.000Z/last-good-text.txt", "apply/20251030T085100.000Z/text.txt", "apply/last-good/text.txt"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	if paths[1] != "apply/20251030T085100.000Z" {
		t.Errorf("path %q", paths[1])
	}
	// The next good run replaces the last, and leaves the failure's copy alone.
	write(k, result("apply", start.Add(time.Hour), "", "better"))
	old, _ := os.ReadFile(filepath.Join(dir, want[0]))
	now, _ := os.ReadFile(filepath.Join(dir, want[2]))
	if string(old) != "good" || string(now) != "better" {
		t.Errorf("beside the failure: %q, last good: %q", old, now)
	}
}

func TestGoodRunsAreKeptOnceAnHour(t *testing.T) {
	k := New(Options{Dir: t.TempDir()})
	if !k.WantGood("apply", start) {
		t.Error("the first good run is not wanted")
	}
	k.Keep(result("apply", start, "", "good"))
	if k.WantGood("apply", start.Add(59*time.Minute)) {
		t.Error("wanted again within the hour")
	}
	if !k.WantGood("apply", start.Add(time.Hour)) || !k.WantGood("other", start) {
		t.Error("not wanted after an hour, or for another probe")
	}
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		opts Options
		want int
	}{
		"number": {Options{MaxRuns: 3}, 3},
		"bytes":  {Options{MaxBytes: 45}, 4},
		"age":    {Options{MaxAge: 150 * time.Second}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			test.opts.Dir = t.TempDir()
			k := New(test.opts)
			for i := range 6 {
				reason := []probes.Reason{probes.ReasonContent, probes.ReasonStatus}[i%2]
				write(k, result("apply", start.Add(time.Duration(i)*time.Minute), reason, "ten bytes."))
			}
			got := files(t, test.opts.Dir)
			if len(got) != test.want || !strings.Contains(got[len(got)-1], "T085500") {
				t.Errorf("kept %v, want the newest %d", got, test.want)
			}
		})
	}
}

func TestFullQueueAndBrokenDiskNeverStopARun(t *testing.T) {
	var problems []string
	k := New(Options{Dir: filepath.Join(t.TempDir(), "file"), Problem: func(err error) { problems = append(problems, err.Error()) }})
	if err := os.WriteFile(k.opts.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var last probes.Result
	for i := range cap(k.queue) + 1 {
		last = k.Keep(result(fmt.Sprint("probe-", i), start, probes.ReasonContent, "bad"))
	}
	if last.Evidence.Path != "" || len(problems) != 1 || !strings.Contains(problems[0], "too much waits") {
		t.Errorf("path %q, problems %v", last.Evidence.Path, problems)
	}
	write(k)
	if !strings.Contains(strings.Join(problems, "\n"), "is lost: mkdir") {
		t.Errorf("a disk that refuses is not told: %v", problems)
	}
}

func TestNoNameLeavesTheFolder(t *testing.T) {
	dir := t.TempDir()
	write(New(Options{Dir: filepath.Join(dir, "evidence")}), result("../../up", start, probes.ReasonContent, "x"))
	for _, name := range files(t, dir) {
		if !strings.HasPrefix(name, "evidence/") {
			t.Errorf("written outside: %s", name)
		}
	}
}

func TestResultsInMemoryHoldNoFiles(t *testing.T) {
	k := New(Options{Dir: t.TempDir()})
	if r := k.Keep(result("apply", start, probes.ReasonContent, "bad")); r.Evidence.Files != nil {
		t.Error("the files stay in the result")
	}
	if r := k.Keep(probes.Result{}); r.Evidence != nil {
		t.Error("evidence was made of nothing")
	}
}

func TestALongOutageKeepsItsBeginning(t *testing.T) {
	dir := t.TempDir()
	k := New(Options{Dir: dir})
	kept := func() (times []string) {
		for _, name := range files(t, dir) {
			if run := strings.Split(name, "/")[1]; run != lastGood && !strings.Contains(name, lastGood+"-") {
				times = append(times, run[9:13])
			}
		}
		return times
	}
	for minute := range 130 {
		reason := probes.ReasonContent
		if minute == 30 {
			reason = probes.ReasonTimeout
		}
		write(k, result("apply", start.Add(time.Duration(minute)*time.Minute), reason, "bad"))
	}
	if want := []string{"0850", "0851", "0852", "0920", "0921", "1021"}; !slices.Equal(kept(), want) {
		t.Errorf("kept %v, want %v", kept(), want)
	}
	write(k, result("apply", start.Add(3*time.Hour), "", "good"), result("apply", start.Add(4*time.Hour), probes.ReasonContent, "bad"))
	if !slices.Contains(kept(), "1250") {
		t.Errorf("kept %v, want the first failure of a new row", kept())
	}
}

func TestWhatReferencesSaidIsKept(t *testing.T) {
	dir := t.TempDir()
	r := result("reference", start, "", "up")
	r.Trigger = probes.TriggerReference
	write(New(Options{Dir: dir}), r)
	if got := files(t, dir); !slices.Equal(got, []string{"reference/20251030T085000.000Z/text.txt"}) {
		t.Errorf("kept %v", got)
	}
}
