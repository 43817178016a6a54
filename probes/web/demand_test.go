package web

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mynaprobe/probes"
)

// runner counts runs; each takes a while.
type runner struct {
	runs, cancelled atomic.Int32
	takes           time.Duration
}

func (r *runner) run(ctx context.Context, name string) (probes.Result, bool) {
	r.runs.Add(1)
	select {
	case <-time.After(r.takes):
		return probes.Result{Probe: name, Outcome: probes.Down}, true
	case <-ctx.Done():
		r.cancelled.Add(1)
		return probes.Result{}, false
	}
}

// demandServer runs on the clock of the bubble.
func demandServer(r *runner) *Server {
	source := incident()
	source.runNow = r.run
	return newServer(source, func(o *Options) { o.Now = time.Now })
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := demandServer(&runner{takes: 3 * time.Second})
		start := time.Now()
		r := ask(s, "GET", "/probe?probe=apply-form").want(t, 200, `probe_outcome{probe="apply-form"} 4`)
		if got := r.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
			t.Errorf("type %q", got)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestProbeRunsOnlyWhatIsConfigured(t *testing.T) {
	r := &runner{}
	s := demandServer(r)
	ask(s, "GET", "/probe").want(t, 400, "/api/v1/probes")
	ask(s, "GET", "/probe?target=http://169.254.169.254/").want(t, 400)
	ask(s, "GET", "/probe?probe=nobody&target=http://169.254.169.254/").want(t, 404, "nobody")
	ask(s, "GET", "/probe?probe=switched-off").want(t, 404)
	ask(s, "POST", "/probe?probe=apply-form").want(t, 405)
	if r.runs.Load() != 0 {
		t.Error("something ran")
	}
}

func TestProbeSharesRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &runner{takes: 3 * time.Second}
		s := demandServer(r)
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				<-time.After(time.Duration(i) * 100 * time.Millisecond) // all within the first one's run
				ask(s, "GET", "/probe?probe=apply-form").want(t, 200)
			})
		}
		group.Wait()
		if got := r.runs.Load(); got != 1 {
			t.Errorf("20 who asked at once made %d runs", got)
		}
		<-time.After(demandSpacing - time.Millisecond)
		ask(s, "GET", "/probe?probe=apply-form").want(t, 200)
		if got := r.runs.Load(); got != 1 {
			t.Errorf("who asked right after made another run: %d", got)
		}
		<-time.After(time.Millisecond)
		ask(s, "GET", "/probe?probe=apply-form").want(t, 200)
		ask(s, "GET", "/probe?probe=portal-top").want(t, 200)
		if got := r.runs.Load(); got != 3 {
			t.Errorf("%d runs, want 3: one more of the same, one of another", got)
		}
	})
}

// TestProbeKeepsToTheScrape: who asks gets an answer within its own limit, and the run goes on for the others.
func TestProbeKeepsToTheScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &runner{takes: 9 * time.Second}
		s := demandServer(r)
		var group sync.WaitGroup
		group.Go(func() { ask(s, "GET", "/probe?probe=apply-form").want(t, 200) })
		start := time.Now()
		ask(s, "GET", "/probe?probe=apply-form", "X-Prometheus-Scrape-Timeout-Seconds", "5").want(t, 503, "goes on past the time")
		if took := time.Since(start); took != 5*time.Second-answerMargin {
			t.Errorf("answered after %s", took)
		}
		group.Wait()
		if r.runs.Load() != 1 || r.cancelled.Load() != 0 {
			t.Errorf("%d runs, %d cancelled", r.runs.Load(), r.cancelled.Load())
		}
	})
}

func TestProbeThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &runner{takes: time.Hour}
		s := demandServer(r)
		start := time.Now()
		ask(s, "GET", "/probe?probe=portal-top").want(t, 503)
		if took := time.Since(start); took > 10*time.Second+demandSlack {
			t.Errorf("answered after %s", took)
		}
		synctest.Wait()
		if r.cancelled.Load() != 1 {
			t.Error("the run was not cancelled")
		}
	})
}
