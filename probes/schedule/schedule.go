// Package schedule decides when each probe runs: a grid of slots that does not drift, spread evenly, within the limits
// that hosts and our own machine set, with every slot that could not be kept counted.
// It knows nothing of what a run does or finds; it calls a function and is told what came of the target's patience.
package schedule

import (
	"context"
	"sync"
	"time"

	"mynaprobe/probes"
)

// MissReason says why a slot was not kept. The list is closed: it is a label of prober_runs_missed_total.
type MissReason string

// The reasons for a missed slot.
const (
	MissRunning  MissReason = "running"  // the run before was still under way
	MissHost     MissReason = "host"     // the host's turn did not come in time
	MissOverload MissReason = "overload" // no slot of our own was free in time
	MissLate     MissReason = "late"     // the process did not get to it: suspended, or starved
	MissBackoff  MissReason = "backoff"  // the target asked, or showed, that it wants to be left alone
)

// MissReasons returns every reason there is.
func MissReasons() []MissReason {
	return []MissReason{MissRunning, MissHost, MissOverload, MissLate, MissBackoff}
}

// A Job is a probe as the schedule sees it.
type Job struct {
	Timing
	// Host is the host whose patience counts; empty for a target without limit.
	Host string
	// Pool is the limit of our own that the job runs under.
	Pool string
	// Run does the work. It is called in a goroutine of its own and must return soon after ctx is done.
	Run func(ctx context.Context, slot Slot) Rest
}

// Rest is what a run learnt of the patience of its target.
type Rest struct {
	// Host is how long the whole host asked to be left alone (Retry-After).
	Host time.Duration
	// Refused: the run was turned away, so that this job backs off, doubling from its interval up to an hour.
	Refused bool
}

// maxRest is the longest that anyone's wish or refusal keeps us away.
const maxRest = time.Hour

// Options are the limits and the listeners of a Scheduler.
type Options struct {
	// Pools are the numbers of runs at once, by pool. A pool that is not named has no limit.
	Pools map[string]int
	// HostSpacing is the least time between the starts of two runs against one host; one second when 0.
	HostSpacing time.Duration
	// Late is told how late a scheduled run started, Missed of n slots that were not kept. Both are called under the
	// scheduler's lock: they must return at once and not call back.
	Late   func(time.Duration)
	Missed func(name string, at time.Time, reason MissReason, n int)
}

// A Scheduler runs jobs in real time.
type Scheduler struct {
	opts Options
	wake chan struct{}

	mu    sync.Mutex
	plan  *Plan
	jobs  map[string]*job
	hosts map[string]*host
	lined map[*host]bool // those with a queue
	pools map[string]*pool
	ctx   context.Context
	runs  sync.WaitGroup
}

type job struct {
	Job
	running bool
	cancel  context.CancelFunc
	// waiting is the slot that waits for its host or pool; nil when none does.
	waiting *waiting
	// again is a request that came while the job was running.
	again   *Slot
	refused int
	until   time.Time // of the back-off
}

type waiting struct {
	job   *job
	slot  Slot
	host  *host // admitted by, so to be released; nil before and without
	stage MissReason
	gone  bool
}

type host struct {
	busy  bool
	next  time.Time // no start before
	queue []*waiting
}

type pool struct {
	size, running int
	queue         []*waiting
}

// New returns a scheduler without jobs.
func New(opts Options) *Scheduler {
	if opts.HostSpacing == 0 {
		opts.HostSpacing = time.Second
	}
	if opts.Late == nil {
		opts.Late = func(time.Duration) {}
	}
	if opts.Missed == nil {
		opts.Missed = func(string, time.Time, MissReason, int) {}
	}
	return &Scheduler{
		opts: opts, wake: make(chan struct{}, 1), plan: NewPlan(time.Now()),
		jobs: map[string]*job{}, hosts: map[string]*host{}, lined: map[*host]bool{},
		pools: map[string]*pool{},
	}
}

// Set replaces the jobs. A job that keeps its timing keeps its slots, its place in queues and its back-off; the run of
// one that is gone is cancelled.
func (s *Scheduler) Set(jobs []Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.jobs
	s.jobs = make(map[string]*job, len(jobs))
	timings := make([]Timing, len(jobs))
	for i, next := range jobs {
		timings[i] = next.Timing
		j, ok := old[next.Name]
		if ok && j.Timing == next.Timing && j.Host == next.Host && j.Pool == next.Pool {
			j.Job = next
			delete(old, next.Name)
		} else {
			j = &job{Job: next}
		}
		s.jobs[next.Name] = j
	}
	for _, gone := range old {
		if gone.waiting != nil {
			s.drop(gone.waiting)
		}
		if gone.cancel != nil {
			gone.cancel()
		}
	}
	now := time.Now()
	s.plan.Set(timings, now)
	for name, h := range s.hosts {
		if !h.busy && len(h.queue) == 0 && now.After(h.next) {
			delete(s.hosts, name)
		}
	}
	s.poke()
}

// Soon asks for a run at a moment besides the scheduled ones. It reports whether there is such a job.
func (s *Scheduler) Soon(request probes.RunRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.plan.Soon(request.Probe, request.At, request.Trigger) {
		return false
	}
	s.poke()
	return true
}

// Now starts a run at once, if the job is not running and its host and pool allow; it reports whether it did.
func (s *Scheduler) Now(name string, trigger probes.Trigger) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.jobs[name]
	now := time.Now()
	if !ok || s.ctx == nil || s.ctx.Err() != nil || j.running || j.waiting != nil || now.Before(j.until) {
		return false
	}
	h, p := s.host(j.Host), s.pool(j.Pool)
	if h != nil && (h.busy || len(h.queue) > 0 || now.Before(h.next)) || p.full() {
		return false
	}
	s.enqueue(j, Slot{Name: name, At: now, Trigger: trigger}, now)
	return true
}

// Waiting returns how many runs wait for room in a pool.
func (s *Scheduler) Waiting(pool string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pool(pool).queue)
}

// Run keeps the schedule until ctx is done, then cancels the runs under way and waits for them.
func (s *Scheduler) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(s.tick())
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
		}
	}
	s.mu.Lock()
	cancel()
	s.mu.Unlock()
	s.runs.Wait()
}

// idle is how long to sleep when nothing is due: any change wakes the loop.
const idle = time.Minute

// tick starts what is due and returns the time until something will be.
func (s *Scheduler) tick() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for {
		slot, skipped, ok := s.plan.Pop(now)
		if !ok {
			break
		}
		j := s.jobs[slot.Name]
		if skipped > 0 {
			s.opts.Missed(slot.Name, slot.At, MissLate, skipped)
		}
		s.due(j, slot, now)
	}
	wait := idle
	if at, ok := s.plan.Next(); ok {
		wait = min(wait, at.Sub(now))
	}
	for h := range s.lined {
		s.admit(h, now)
		if len(h.queue) > 0 && !h.busy {
			wait = min(wait, h.next.Sub(now))
		}
	}
	return max(wait, 0)
}

// due deals with a slot whose time has come.
func (s *Scheduler) due(j *job, slot Slot, now time.Time) {
	scheduled := slot.Trigger == probes.TriggerSchedule
	switch {
	case now.Before(j.until):
		if scheduled {
			s.opts.Missed(j.Name, slot.At, MissBackoff, 1)
		}
	case j.waiting != nil:
		// The slot before never got its turn. The place in the queue goes to this one; a request is served by it too.
		if scheduled {
			if j.waiting.slot.Trigger == probes.TriggerSchedule {
				s.opts.Missed(j.Name, j.waiting.slot.At, j.waiting.stage, 1)
			}
			j.waiting.slot = slot
		}
	case j.running:
		if scheduled {
			s.opts.Missed(j.Name, slot.At, MissRunning, 1)
		} else {
			j.again = &slot
		}
	default:
		s.enqueue(j, slot, now)
	}
}

func (s *Scheduler) enqueue(j *job, slot Slot, now time.Time) {
	w := &waiting{job: j, slot: slot, stage: MissHost}
	j.waiting = w
	if h := s.host(j.Host); h != nil {
		h.queue = append(h.queue, w)
		s.admit(h, now)
		return
	}
	s.enter(w, now)
}

// admit lets the first in a host's queue pass, when it is the host's turn.
func (s *Scheduler) admit(h *host, now time.Time) {
	for !h.busy && len(h.queue) > 0 && !now.Before(h.next) {
		w := h.queue[0]
		h.queue = h.queue[1:]
		if w.gone {
			continue
		}
		h.busy, w.host = true, h
		s.enter(w, now)
	}
	if len(h.queue) > 0 {
		s.lined[h] = true
	} else {
		delete(s.lined, h)
	}
}

// enter puts what its host has admitted into its pool's queue, and starts it when there is room.
func (s *Scheduler) enter(w *waiting, now time.Time) {
	w.stage = MissOverload
	p := s.pool(w.job.Pool)
	p.queue = append(p.queue, w)
	s.fill(p, now)
}

func (s *Scheduler) fill(p *pool, now time.Time) {
	for len(p.queue) > 0 && (p.size == 0 || p.running < p.size) {
		w := p.queue[0]
		p.queue = p.queue[1:]
		if w.gone {
			s.leave(w.host, now, Rest{})
			continue
		}
		s.start(w, p, now)
	}
}

func (s *Scheduler) start(w *waiting, p *pool, now time.Time) {
	j := w.job
	ctx, cancel := context.WithCancel(s.ctx)
	j.waiting, j.running, j.cancel = nil, true, cancel
	p.running++
	if w.host != nil {
		w.host.next = now.Add(s.opts.HostSpacing)
	}
	if w.slot.Trigger == probes.TriggerSchedule {
		s.opts.Late(now.Sub(w.slot.At))
	}
	run := j.Run
	s.runs.Add(1)
	go func() {
		defer s.runs.Done()
		rest := run(ctx, w.slot)
		cancel()
		s.finish(w, p, rest)
	}()
}

func (s *Scheduler) finish(w *waiting, p *pool, rest Rest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, now := w.job, time.Now()
	j.running, j.cancel = false, nil
	p.running--
	if rest.Refused {
		// Doubling an interval more than 12 times passes any maximum.
		j.refused = min(j.refused+1, 12)
		j.until = now.Add(min(j.Every<<j.refused, maxRest))
	} else {
		j.refused, j.until = 0, time.Time{}
	}
	s.leave(w.host, now, rest)
	if again := j.again; again != nil && s.jobs[j.Name] == j && s.ctx.Err() == nil {
		j.again = nil
		s.due(j, *again, now)
	}
	s.fill(p, now)
}

// leave gives a host's turn back.
func (s *Scheduler) leave(h *host, now time.Time, rest Rest) {
	if h == nil {
		return
	}
	h.busy = false
	if until := now.Add(min(rest.Host, maxRest)); rest.Host > 0 && until.After(h.next) {
		h.next = until
	}
	s.admit(h, now)
	if len(h.queue) > 0 {
		s.poke() // the loop must wake at h.next
	}
}

// drop takes a waiting slot out of its queues. Who holds a host's turn gives it back when the pool comes to it.
func (s *Scheduler) drop(w *waiting) { w.gone = true }

func (s *Scheduler) host(name string) *host {
	if name == "" {
		return nil
	}
	h, ok := s.hosts[name]
	if !ok {
		h = &host{}
		s.hosts[name] = h
	}
	return h
}

func (s *Scheduler) pool(name string) *pool {
	p, ok := s.pools[name]
	if !ok {
		p = &pool{size: s.opts.Pools[name]}
		s.pools[name] = p
	}
	return p
}

func (p *pool) full() bool { return p.size > 0 && p.running >= p.size }

func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
