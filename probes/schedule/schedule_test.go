package schedule

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A book writes down what a scheduler does.
type book struct {
	mu     sync.Mutex
	starts map[string][]time.Time
	slots  map[string][]Slot
	missed map[MissReason]int
	late   time.Duration
}

func newBook() *book {
	return &book{starts: map[string][]time.Time{}, slots: map[string][]Slot{}, missed: map[MissReason]int{}}
}

func (b *book) options() Options {
	return Options{
		Late: func(d time.Duration) { b.late = max(b.late, d) },
		Missed: func(_ string, _ time.Time, reason MissReason, n int) {
			b.missed[reason] += n
		},
	}
}

func (b *book) job(name string, every, takes time.Duration) Job {
	return Job{Timing: Timing{Name: name, Every: every}, Run: func(ctx context.Context, slot Slot) Rest {
		b.mu.Lock()
		b.starts[name] = append(b.starts[name], time.Now())
		b.slots[name] = append(b.slots[name], slot)
		b.mu.Unlock()
		_ = probes.SystemClock{}.Sleep(ctx, takes)
		return Rest{}
	}}
}

// play runs the scheduler for a while in virtual time.
func play(s *Scheduler, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	s.Run(ctx)
}

// pass lets virtual time pass; only in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestSlotsDoNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		s.Set([]Job{b.job("a", 7*time.Second, 2*time.Second), b.job("b", 7*time.Second, time.Second)})
		play(s, time.Hour)
		for name, starts := range b.starts {
			if n := len(starts); n < 513 || n > 515 {
				t.Errorf("%s ran %d times in an hour at 7 s", name, n)
			}
			for i := 1; i < len(starts); i++ {
				if gap := starts[i].Sub(starts[i-1]); gap != 7*time.Second {
					t.Fatalf("%s: run %d came %v after the one before", name, i, gap)
				}
			}
		}
		if b.late != 0 || len(b.missed) != 0 {
			t.Errorf("late %v, missed %v", b.late, b.missed)
		}
	})
}

func TestFirstRunsOfLongIntervalsComeWithinTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		begin := time.Now()
		var jobs []Job
		for i := range 20 {
			jobs = append(jobs, b.job(fmt.Sprint("p", i), 15*time.Minute, time.Second))
		}
		s.Set(jobs)
		play(s, time.Hour)
		for name, starts := range b.starts {
			if first := starts[0].Sub(begin); first > 10*time.Second {
				t.Errorf("%s: first run after %v", name, first)
			}
			for i := 1; i < len(starts); i++ {
				gap := starts[i].Sub(starts[i-1])
				if gap < 7*time.Minute || gap > 23*time.Minute || i > 1 && gap != 15*time.Minute {
					t.Errorf("%s: run %d came %v after the one before", name, i, gap)
				}
			}
		}
	})
}

func TestPhasesAreEvenAndStable(t *testing.T) {
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("probe-%05d", i))
	}
	first := phases(names, 10*time.Second, nil)
	counts := map[time.Duration]int{}
	for _, phase := range first {
		counts[phase/(100*time.Millisecond)]++
	}
	for bucket, n := range counts {
		if n != 100 {
			t.Fatalf("%d of 10,000 start in tenth %d, want 100", n, bucket)
		}
	}
	slices.Reverse(names)
	for name, phase := range phases(names, 10*time.Second, nil) {
		if first[name] != phase {
			t.Fatalf("%s: phase %v, then %v with the same names in another order", name, first[name], phase)
		}
	}
	more := phases(append(names, "x", "y", "z"), 10*time.Second, first)
	for name, phase := range first {
		if more[name] != phase {
			t.Fatalf("%s moved from %v to %v when others came", name, phase, more[name])
		}
	}
	few := phases([]string{"a", "b"}, time.Minute, map[string]time.Duration{"a": 10 * time.Second})
	if few["b"] != 40*time.Second {
		t.Errorf("a second probe was put at %v, want the far side at 40s", few["b"])
	}
}

func TestMissedSlotsAreCounted(t *testing.T) {
	for _, test := range []struct {
		reason MissReason
		change func(*Options, []Job)
		want   int
	}{
		// Each takes 2.5 intervals, so that two of three slots find the run before still there.
		{MissRunning, func(_ *Options, jobs []Job) {}, 2},
		{MissHost, func(_ *Options, jobs []Job) {
			for i := range jobs {
				jobs[i].Host = "example.jp"
			}
		}, 1},
		{MissOverload, func(o *Options, jobs []Job) {
			o.Pools = map[string]int{"browser": 1}
			for i := range jobs {
				jobs[i].Pool = "browser"
			}
		}, 1},
	} {
		t.Run(string(test.reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBook()
				opts := b.options()
				jobs := []Job{b.job("a", 10*time.Second, 25*time.Second), b.job("b", 10*time.Second, 25*time.Second)}
				test.change(&opts, jobs)
				s := New(opts)
				s.Set(jobs)
				play(s, 10*time.Minute)
				slots := len(b.starts["a"]) + len(b.starts["b"]) + b.missed[MissRunning] + b.missed[MissHost] + b.missed[MissOverload]
				if slots < 116 || slots > 120 {
					t.Errorf("%d of 120 slots are accounted for: %d and %d ran, missed %v", slots, len(b.starts["a"]), len(b.starts["b"]), b.missed)
				}
				if b.missed[test.reason] < test.want {
					t.Errorf("missed %v, want some for %s", b.missed, test.reason)
				}
			})
		})
	}
}

func TestHostIsAskedOnceASecondByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		var jobs []Job
		for i := range 8 {
			j := b.job(fmt.Sprint("p", i), 10*time.Second, 300*time.Millisecond)
			j.Host = "example.jp"
			jobs = append(jobs, j)
		}
		s.Set(jobs)
		// Requests on top of the schedule may not break the manners either.
		for i := range 8 {
			s.Soon(probes.RunRequest{Probe: fmt.Sprint("p", i), At: time.Now().Add(15 * time.Second), Trigger: probes.TriggerConfirm})
		}
		play(s, 10*time.Minute)
		var all []time.Time
		for _, starts := range b.starts {
			all = append(all, starts...)
		}
		slices.SortFunc(all, time.Time.Compare)
		if len(all) < 480 {
			t.Errorf("%d runs, want nearly 488", len(all))
		}
		for i := 1; i < len(all); i++ {
			if gap := all[i].Sub(all[i-1]); gap < time.Second {
				t.Fatalf("two runs against one host within %v", gap)
			}
		}
	})
}

func TestRetryAfterRestsTheHostAndRefusalTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		refused, other := b.job("refused", 10*time.Second, 0), b.job("other", 10*time.Second, 0)
		refused.Host, other.Host = "example.jp", "example.jp"
		calm := other.Run
		other.Run = func(ctx context.Context, slot Slot) Rest {
			calm(ctx, slot)
			return Rest{Host: 45 * time.Second}
		}
		angry := refused.Run
		refused.Run = func(ctx context.Context, slot Slot) Rest {
			angry(ctx, slot)
			return Rest{Refused: true}
		}
		s.Set([]Job{refused, other})
		play(s, 5*time.Hour)
		starts := b.starts["refused"]
		last := starts[len(starts)-1].Sub(starts[len(starts)-2])
		if len(starts) > 16 || last < 59*time.Minute || last > 62*time.Minute {
			t.Errorf("a refused probe ran %d times in 5 h, the last two %v apart; want a back-off that doubles up to 1 h", len(starts), last)
		}
		for i := 1; i < len(b.starts["other"]); i++ {
			if gap := b.starts["other"][i].Sub(b.starts["other"][i-1]); gap < 45*time.Second {
				t.Fatalf("asked again after %v, though the host wanted 45 s of rest", gap)
			}
		}
		if b.missed[MissBackoff] == 0 || b.missed[MissHost] == 0 {
			t.Errorf("missed %v: slots given up for back-off and for the host are not counted", b.missed)
		}
	})
}

func TestRequestedRunsComeBesidesTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		s.Set([]Job{b.job("a", time.Minute, 5*time.Second)})
		begin := time.Now()
		s.Soon(probes.RunRequest{Probe: "a", At: begin.Add(90 * time.Second), Trigger: probes.TriggerReference})
		s.Soon(probes.RunRequest{Probe: "a", At: begin.Add(80 * time.Second), Trigger: probes.TriggerConfirm})
		s.Soon(probes.RunRequest{Probe: "a", At: begin.Add(85 * time.Second), Trigger: probes.TriggerReference})
		if s.Soon(probes.RunRequest{Probe: "nobody"}) {
			t.Error("a run of an unknown probe was accepted")
		}
		play(s, 3*time.Minute)
		var extra []Slot
		for _, slot := range b.slots["a"] {
			if slot.Trigger != probes.TriggerSchedule {
				extra = append(extra, slot)
			}
		}
		if len(extra) != 1 || extra[0].Trigger != probes.TriggerConfirm || !extra[0].At.Equal(begin.Add(80*time.Second)) {
			t.Errorf("runs besides the schedule: %v, want the earliest request alone", extra)
		}
	})
}

func TestRequestDuringARunFollowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		s.Set([]Job{b.job("a", 10*time.Minute, 20*time.Second)})
		s.Soon(probes.RunRequest{Probe: "a", At: time.Now().Add(11 * time.Second), Trigger: probes.TriggerConfirm})
		play(s, time.Minute)
		if n := len(b.starts["a"]); n != 2 {
			t.Fatalf("%d runs, want the scheduled one and the one asked for meanwhile", n)
		}
		if gap := b.starts["a"][1].Sub(b.starts["a"][0]); gap != 20*time.Second {
			t.Errorf("the second run began after %v, want it right after the first", gap)
		}
	})
}

func TestNowStartsOnlyWhatMayRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		j := b.job("a", time.Hour, 5*time.Second)
		j.Host = "example.jp"
		s.Set([]Job{j})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		pass(time.Minute)
		if !s.Now("a", probes.TriggerDemand) {
			t.Error("a free probe was not started")
		}
		if s.Now("a", probes.TriggerDemand) {
			t.Error("a running probe was started again")
		}
		if s.Now("b", probes.TriggerDemand) {
			t.Error("an unknown probe was started")
		}
		cancel()
		<-done
		if len(b.starts["a"]) != 2 {
			t.Errorf("%d runs, want the scheduled and the demanded one", len(b.starts["a"]))
		}
	})
}

func TestSetKeepsWhatDidNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		stays, goes := b.job("stays", 10*time.Second, time.Second), b.job("goes", 10*time.Second, time.Hour)
		s.Set([]Job{stays, goes})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		pass(55 * time.Second)
		s.Set([]Job{stays, b.job("new", 10*time.Second, time.Second)})
		<-done
		for i := 1; i < len(b.starts["stays"]); i++ {
			if gap := b.starts["stays"][i].Sub(b.starts["stays"][i-1]); gap != 10*time.Second {
				t.Errorf("the unchanged probe was moved: %v between two runs", gap)
			}
		}
		if len(b.starts["goes"]) != 1 || len(b.starts["new"]) < 6 {
			t.Errorf("removed: %d runs, new: %d runs", len(b.starts["goes"]), len(b.starts["new"]))
		}
	})
}

func TestLateProcessSkipsAndCounts(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := NewPlan(now)
	p.Set([]Timing{{Name: "a", Every: 10 * time.Second}}, now)
	first, _ := p.Next()
	slot, skipped, ok := p.Pop(first.Add(35 * time.Second))
	if !ok || skipped != 3 || !slot.At.Equal(first.Add(30*time.Second)) {
		t.Errorf("after 35 s of sleep: slot %v, %d skipped", slot.At.Sub(first), skipped)
	}
	if next, _ := p.Next(); !next.Equal(first.Add(40 * time.Second)) {
		t.Errorf("next slot at +%v, want it on the grid at +40s", next.Sub(first))
	}
}

func TestStopCancelsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		s := New(b.options())
		s.Set([]Job{b.job("a", time.Minute, 24*time.Hour)})
		begin := time.Now()
		play(s, 30*time.Second)
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("stopped after %v, want the run under way to be cancelled at once", took)
		}
		if len(b.starts["a"]) != 1 {
			t.Errorf("%d runs", len(b.starts["a"]))
		}
	})
}
