// Package evidence keeps what failed runs leave for a person to look at, beside the same of the last good run, within
// limits of number, bytes and age.
// It decides nothing about results: it is handed files, writes them in the background, and may lose them, but it never
// makes a run fail or wait.
package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mynaprobe/probes"
)

const (
	// goodEvery is how often the evidence of a good run is renewed.
	goodEvery = time.Hour
	// firstRuns is how many failed runs in a row leave evidence; later ones only when something changed, or once in
	// repeatEvery. A long outage would otherwise push out the evidence of its own beginning.
	firstRuns   = 3
	repeatEvery = time.Hour
)

// lastGood is the name of the folder of a probe's last good run, and what its files are called beside a failure.
const lastGood = "last-good"

// timeLayout names the folder of a run by its start in UTC, so that names sort by time.
const timeLayout = "20060102T150405.000Z"

// Options say where evidence is kept, and how much.
type Options struct {
	Dir string
	// MaxRuns, MaxBytes and MaxAge bound what is kept of failed runs; 500, 500 MB and 90 days when 0.
	MaxRuns  int
	MaxBytes int64
	MaxAge   time.Duration
	// Problem is told when something could not be written or removed; the evidence is then lost.
	Problem func(error)
}

// A Keeper keeps evidence in a folder. Its methods may be called from any goroutine.
type Keeper struct {
	opts  Options
	queue chan probes.Result

	mu   sync.Mutex
	good map[string]time.Time // when the evidence of the last good run of a probe is from
	bad  map[string]*streak   // the failed runs in a row of a probe
}

// streak is a row of failed runs.
type streak struct {
	kept   int
	reason probes.Reason
	last   time.Time
}

// New returns a keeper; nothing is written before Run is called.
func New(opts Options) *Keeper {
	opts.MaxRuns = cmp.Or(opts.MaxRuns, 500)
	opts.MaxBytes = cmp.Or(opts.MaxBytes, 500<<20)
	opts.MaxAge = cmp.Or(opts.MaxAge, 90*24*time.Hour)
	if opts.Problem == nil {
		opts.Problem = func(error) {}
	}
	return &Keeper{opts: opts, queue: make(chan probes.Result, 64), good: map[string]time.Time{}, bad: map[string]*streak{}}
}

// WantGood reports whether the probe's next good run should hand over evidence: at most once an hour.
func (k *Keeper) WantGood(probe string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return now.Sub(k.good[probe]) >= goodEvery
}

// Keep takes the files of a result and returns the result with the path at which they will be, relative to the folder.
// Where there are none, where they tell nothing new, or where too many wait to be written, it has no path.
func (k *Keeper) Keep(r probes.Result) probes.Result {
	if r.Evidence == nil || len(r.Evidence.Files) == 0 {
		return r
	}
	folder := r.Start.UTC().Format(timeLayout)
	if !k.worth(r) {
		r.Evidence = nil
		return r
	}
	if isGood(r) {
		folder = lastGood
	}
	kept := *r.Evidence
	kept.Path = filepath.ToSlash(filepath.Join(folderName(r.Probe), folder))
	queued := r
	queued.Evidence = &kept
	select {
	case k.queue <- queued:
	default:
		k.opts.Problem(fmt.Errorf("evidence of %s at %s is lost: too much waits to be written", r.Probe, r.Start.Format(time.RFC3339)))
		kept.Path = ""
	}
	// The bytes are the writer's from here on: results are kept in memory, and must not hold screenshots.
	r.Evidence = &probes.Evidence{Path: kept.Path}
	return r
}

// isGood reports whether the evidence is that of a last good run. What a reference probe said in a suspicion is kept
// for its own sake, good or bad.
func isGood(r probes.Result) bool {
	return r.Outcome.Good() && r.Trigger != probes.TriggerReference
}

// worth follows the rows of failed runs, and says whether the evidence of this one tells anything new.
func (k *Keeper) worth(r probes.Result) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if isGood(r) {
		k.good[r.Probe] = r.Start
		delete(k.bad, r.Probe)
		return true
	}
	s := k.bad[r.Probe]
	if s == nil {
		s = &streak{}
		k.bad[r.Probe] = s
	}
	if s.kept >= firstRuns && s.reason == r.Reason && r.Start.Sub(s.last) < repeatEvery {
		return false
	}
	s.kept, s.reason, s.last = s.kept+1, r.Reason, r.Start
	return true
}

// Run writes what is handed over until ctx is done, and then what still waits.
func (k *Keeper) Run(ctx context.Context) {
	for {
		select {
		case r := <-k.queue:
			k.write(r)
		case <-ctx.Done():
			for {
				select {
				case r := <-k.queue:
					k.write(r)
				default:
					return
				}
			}
		}
	}
}

func (k *Keeper) write(r probes.Result) {
	dir := filepath.Join(k.opts.Dir, filepath.FromSlash(r.Evidence.Path))
	if isGood(r) {
		if err := os.RemoveAll(dir); err != nil {
			k.opts.Problem(fmt.Errorf("old evidence of %s: %w", r.Probe, err))
		}
	}
	if err := writeFiles(dir, r.Evidence.Files); err != nil {
		k.opts.Problem(fmt.Errorf("evidence of %s at %s is lost: %w", r.Probe, r.Start.Format(time.RFC3339), err))
		return
	}
	if !isGood(r) {
		if err := linkGood(filepath.Join(filepath.Dir(dir), lastGood), dir); err != nil {
			k.opts.Problem(fmt.Errorf("last good evidence of %s: %w", r.Probe, err))
		}
	}
	k.prune(r.Start)
}

func writeFiles(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// linkGood puts the files of the last good run beside those of a failure, without copying them.
func linkGood(good, dir string) error {
	files, err := os.ReadDir(good)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Link(filepath.Join(good, file.Name()), filepath.Join(dir, lastGood+"-"+file.Name())); err != nil {
			return err
		}
	}
	return nil
}

// prune removes the oldest evidence of failed runs until the limits hold.
func (k *Keeper) prune(now time.Time) {
	type run struct {
		dir   string
		name  string
		bytes int64
	}
	var runs []run
	folders, err := filepath.Glob(filepath.Join(k.opts.Dir, "*", "*"))
	if err != nil {
		k.opts.Problem(err) // only a malformed pattern: a folder with brackets in its name
		return
	}
	var bytes int64
	for _, dir := range folders {
		name := filepath.Base(dir)
		if _, err := time.Parse(timeLayout, name); err != nil {
			continue
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		size := int64(0)
		for _, file := range files {
			if info, err := file.Info(); err == nil {
				size += info.Size()
			}
		}
		bytes += size
		runs = append(runs, run{dir, name, size})
	}
	slices.SortFunc(runs, func(a, b run) int { return strings.Compare(a.name, b.name) })
	oldest := now.Add(-k.opts.MaxAge).UTC().Format(timeLayout)
	for i, r := range runs {
		if len(runs)-i <= k.opts.MaxRuns && bytes <= k.opts.MaxBytes && r.name >= oldest {
			return
		}
		if err := os.RemoveAll(r.dir); err != nil {
			k.opts.Problem(fmt.Errorf("old evidence: %w", err))
			return
		}
		bytes -= r.bytes
	}
}

// folderName makes a folder's name of a probe's: definitions keep names tame, but a folder must not depend on that.
func folderName(probe string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == 0 {
			return '_'
		}
		return r
	}, strings.TrimLeft(probe, "."))
}
