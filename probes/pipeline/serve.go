package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"sync"
	"syscall"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/metrics"
	"mynaprobe/probes/outage"
	"mynaprobe/probes/schedule"
	"mynaprobe/probes/sqlite"
	"mynaprobe/probes/web"
)

// ServeOptions are what the server needs besides the pipeline's own options.
type ServeOptions struct {
	// Listen are the addresses to listen on, WebConfig the exporter-toolkit file for TLS and basic auth (may be empty).
	Listen    []string
	WebConfig string
	// Load reads the definitions again, for a reload; nil when there is nothing to read again.
	Load func() (probes.Set, error)
	// Listening is told each address once it is listened on; may be nil.
	Listening func(addr string)
	// Final is told every judged result, Changed the windows that changed; both may be nil.
	Final   func(probes.Result)
	Changed func([]probes.Window)
}

// resultQueue is how many results may wait for the observers: a second's worth at full load, and a slow disk's.
const resultQueue = 4096

// server is a pipeline on schedule.
type server struct {
	*Pipeline
	options   ServeOptions
	metrics   *metrics.Metrics
	store     *sqlite.Store // nil without a state directory
	journal   *storeJournal // of the store
	scheduler *schedule.Scheduler
	results   chan probes.Result
	reloading sync.Mutex
	reloaded  chan struct{} // tells that other definitions are in force
	demands   demands
	started   time.Time
}

// Serve runs the set on schedule until ctx is done: results are judged, windows kept, metrics exported, and the status
// page served. It returns nil after a clean stop; runs under way are cancelled and say nothing.
func (p *Pipeline) Serve(ctx context.Context, options ServeOptions) (err error) {
	s := &server{Pipeline: p, options: options, results: make(chan probes.Result, resultQueue), reloaded: make(chan struct{}, 1), started: time.Now()}
	var missed []string
	for _, reason := range schedule.MissReasons() {
		missed = append(missed, string(reason))
	}
	s.metrics = metrics.New(metrics.Options{
		Location: p.opts.Location, Version: p.opts.Version, Revision: p.opts.Revision, MissedReasons: missed,
		FlowOutcome: s.flowOutcome, Browser: s.browserStats,
	})
	s.metrics.Configure(p.Set())
	s.metrics.Reloaded(true, time.Now())
	p.core.metrics = s.metrics
	if err := s.restore(); err != nil {
		return err
	}
	if s.store != nil {
		defer func() { err = errors.Join(err, s.store.Close()) }()
	}
	s.scheduler = schedule.New(schedule.Options{
		Pools:       map[string]int{poolHTTP: defaultHTTPRuns, poolBrowser: p.browserSlots()},
		HostSpacing: p.spacing(), Late: s.metrics.Late, Missed: s.missed,
	})
	p.core.soon = func(r probes.RunRequest) { s.scheduler.Soon(r) }
	p.core.final = s.final
	if options.Changed != nil {
		p.core.changed = func(change outage.Change) { options.Changed(change.Windows) }
	}
	s.scheduler.Set(s.jobs())
	return s.run(ctx)
}

// run owns every goroutine of the server and waits for them all.
func (s *server) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// What feeds on results outlives what makes them.
	observing, stopObserving := context.WithCancel(context.Background())
	var makers, observers sync.WaitGroup
	makers.Go(func() { s.scheduler.Run(ctx) })
	makers.Go(func() { s.reloadOnHangup(ctx) })
	makers.Go(func() { s.followCalendars(ctx) })
	observers.Go(func() { s.observe(observing) })
	if s.core.evidence != nil {
		observers.Go(func() { s.core.evidence.Run(observing) })
	}
	if s.store != nil {
		observers.Go(func() { s.journal.run(observing) })
	}
	pages := web.New(web.Options{
		Source: source{s}, Metrics: s.metrics.Handler(), EvidenceDir: s.opts.EvidenceDir, Log: s.opts.Log,
		Version: s.opts.Version, Location: s.opts.Location, OneShot: metrics.OneShot,
	})
	err := pages.Serve(ctx, web.ServeOptions{Listen: s.options.Listen, ConfigFile: s.options.WebConfig, Listening: s.options.Listening})
	stop()
	makers.Wait()
	stopObserving()
	observers.Wait()
	return err
}

// restore opens the state file and takes up where the process before left off. Without one everything starts anew.
func (s *server) restore() error {
	if s.opts.StateDir == "" {
		s.tellStatuses()
		return nil
	}
	store, notes, err := sqlite.Open(filepath.Join(s.opts.StateDir, StateFile), sqlite.Options{})
	for _, note := range notes {
		s.opts.Log.Warn(note)
	}
	if err != nil {
		return err
	}
	s.store = store
	windows, states, revisions, err := store.Load(context.Background())
	if err != nil {
		s.opts.Log.Error("old windows cannot be read; going on without them", "error", err)
	}
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	s.journal = &storeJournal{store: store, metrics: s.metrics, log: s.opts.Log, pruned: c.forget}
	c.journal = s.journal
	if c.between != nil {
		c.journal = c.between(s.journal)
	}
	if err := c.judge.Restore(unprefixed(statesOfJudge, states)); err != nil {
		s.opts.Log.Warn("some state cannot be read; going on without it", "error", err)
	}
	if err := c.restoreCalendars(unprefixed(statesOfCalendars, states)); err != nil {
		s.opts.Log.Warn("a kept calendar of planned maintenance cannot be read", "error", err)
	}
	change := c.tracker.Restore(windows, unprefixed(statesOfOutage, states), revisions, time.Now())
	if change.Problem != nil {
		s.opts.Log.Warn("some state cannot be read; going on without it", "error", change.Problem)
	}
	c.apply(change)
	s.tellStatuses()
	c.afterJudging()
	c.refresh("", time.Now())
	return nil
}

// tellStatuses exports where everything stands before anything has happened.
func (s *server) tellStatuses() {
	for _, status := range s.core.tracker.Statuses() {
		s.metrics.SetStatus(status)
	}
}

// observe carries results to the observers, one after the other, and lets time pass for them.
func (s *server) observe(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case r := <-s.results:
			s.core.observe(r)
		case now := <-tick.C:
			s.core.advance(now)
		case <-ctx.Done():
			for {
				select {
				case r := <-s.results:
					s.core.observe(r)
				default:
					return
				}
			}
		}
	}
}

// jobs makes the schedule's view of the definitions in force.
func (s *server) jobs() []schedule.Job {
	var jobs []schedule.Job
	for _, one := range s.Set().Probes {
		if one.Disabled {
			continue
		}
		name := one.Name
		jobs = append(jobs, schedule.Job{
			Timing: schedule.Timing{Name: name, Every: one.Every, Fingerprint: fingerprint(one)},
			Host:   s.manners(one), Pool: pool(one),
			Run: func(ctx context.Context, slot schedule.Slot) schedule.Rest {
				r := s.Pipeline.run(ctx, name, slot.Trigger, slot.At)
				if ctx.Err() != nil {
					return schedule.Rest{} // cut off by us: it says nothing of the target
				}
				s.results <- r
				return schedule.Rest{Host: r.RetryAfter.Duration(), Refused: r.Reason == probes.ReasonBlocked}
			},
		})
	}
	return jobs
}

// missed counts slots that were not kept. Where it was our own lack of room, a result says so too: the state of the
// target is unknown, not what it was.
func (s *server) missed(name string, at time.Time, reason schedule.MissReason, n int) {
	for range n {
		s.metrics.Missed(name, string(reason))
	}
	if reason != schedule.MissOverload {
		return
	}
	r := probes.Failed(s.now.Load().prepared[name].probe, time.Now(), probes.ReasonOverload,
		"no slot was free in time: too many runs for this machine, or for its browser slots")
	r.Trigger, r.Scheduled, r.Location = probes.TriggerSchedule, at, s.opts.Location
	select {
	case s.results <- r:
	default: // this is called by the schedule, which must not wait; the miss is counted
	}
}

// final tells those who wait for a result on demand, and whoever listens.
func (s *server) final(r probes.Result) {
	if r.Trigger == probes.TriggerDemand {
		s.demands.answer(r)
	}
	if s.options.Final != nil {
		s.options.Final(r)
	}
}

func (s *server) flowOutcome(flow string, now time.Time) probes.Outcome {
	return s.core.standing.Load().of(flow, now)
}

func (s *server) browserStats() metrics.BrowserStats {
	stats := s.browser.Stats()
	restarts := make(map[string]uint64, len(stats.Restarts))
	for reason, n := range stats.Restarts {
		restarts[string(reason)] = uint64(n)
	}
	return metrics.BrowserStats{
		Busy: stats.Busy, Free: stats.Slots - stats.Busy, Waiting: s.scheduler.Waiting(poolBrowser),
		Restarts: restarts, Sandboxed: !stats.SandboxOff, MemoryBytes: stats.Memory,
	}
}

// reloadOnHangup reloads the definitions at every SIGHUP.
func (s *server) reloadOnHangup(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if err := s.reload(); err != nil {
				s.opts.Log.Error("the definitions were not reloaded; the old ones stay in force", "error", err)
			}
		}
	}
}

// reload reads the definitions and, if they are good, puts them in force. Probes that did not change keep their place in
// the schedule and all that is known of them.
func (s *server) reload() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.options.Load == nil {
		return errors.New("there is no file to reload: the definitions are part of the program")
	}
	set, err := s.options.Load()
	if err == nil {
		set, err = Shard(set, s.opts.Shard, s.opts.Shards)
	}
	if err != nil {
		s.metrics.Reloaded(false, time.Now())
		return err
	}
	if !reflect.DeepEqual(set.Browser, s.Set().Browser) {
		s.opts.Log.Warn("the browser's settings changed; they take effect after a restart")
	}
	s.configure(set)
	s.core.configure(set)
	s.scheduler.Set(s.jobs())
	s.metrics.Reloaded(true, time.Now())
	select {
	case s.reloaded <- struct{}{}:
	default: // they will be looked at anyway
	}
	s.opts.Log.Info("definitions reloaded", "probes", len(set.Probes))
	return nil
}

// fingerprint is equal for as long as what a definition says is.
func fingerprint(one probes.Probe) string {
	one.Source = ""
	data, err := json.Marshal(one)
	if err != nil {
		// Definitions are plain data; a value that cannot be encoded only makes the probe look changed.
		return fmt.Sprint(one)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}
