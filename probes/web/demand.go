package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"mynaprobe/probes"
)

const (
	// demandSpacing is the least time from the end of one run on demand of a probe to the start of its next: whoever asks
	// sooner gets the last result, so that nobody can make the prober hammer a target, or itself.
	demandSpacing = time.Second
	// demandSlack is how long a run on demand may wait for its turn, beyond its own timeout.
	demandSlack = 15 * time.Second
	// answerMargin is kept of a scrape's timeout for the answer to arrive.
	answerMargin = 500 * time.Millisecond
)

// lifetime is the key of the context that ends with the server, in the context of a request.
type lifetime struct{}

// demand shares runs: those who ask for the same probe at once get one run, and so does who asks right after it.
type demand struct {
	group   singleflight.Group
	running sync.WaitGroup
	mu      sync.Mutex
	last    map[string]answer
}

type answer struct {
	result probes.Result
	ended  time.Time
}

// run returns the result of a run on demand, waiting for it until ctx is done.
func (s *Server) run(ctx context.Context, p probes.Probe) (probes.Result, error) {
	d := &s.demand
	if recent, ok := d.recent(p.Name, s.options.Now()); ok {
		return recent, nil
	}
	life, ok := ctx.Value(lifetime{}).(context.Context)
	if !ok {
		life = context.WithoutCancel(ctx)
	}
	results := d.group.DoChan(p.Name, func() (any, error) {
		d.running.Add(1)
		defer d.running.Done()
		ctx, cancel := context.WithTimeout(life, p.Timeout+demandSlack)
		defer cancel()
		result, ok := s.options.Source.RunNow(ctx, p.Name)
		if !ok {
			return nil, fmt.Errorf("%q could not be run now, and has no result yet; try again later", p.Name)
		}
		d.keep(result, s.options.Now())
		return result, nil
	})
	select {
	case r := <-results:
		if r.Err != nil {
			return probes.Result{}, r.Err
		}
		return r.Val.(probes.Result), nil
	case <-ctx.Done():
		return probes.Result{}, fmt.Errorf("the run of %q goes on past the time that was given for it: %w", p.Name, context.Cause(ctx))
	}
}

func (d *demand) recent(probe string, now time.Time) (probes.Result, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, ok := d.last[probe]
	return last.result, ok && now.Sub(last.ended) < demandSpacing
}

func (d *demand) keep(r probes.Result, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil {
		d.last = map[string]answer{}
	}
	d.last[r.Probe] = answer{r, now}
}

// wait returns once no run on demand is under way.
func (d *demand) wait() { d.running.Wait() }

// probe answers /probe?probe=NAME with the result of a run in Prometheus' text format, as blackbox_exporter does for a
// target. Only configured probes can be named: the address never comes from the request.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("probe")
	if name == "" {
		http.Error(w, "name a probe: /probe?probe=NAME; /api/v1/probes lists them (targets cannot be given, only configured probes run)", http.StatusBadRequest)
		return
	}
	all := s.options.Source.Set().Probes
	i := slices.IndexFunc(all, func(p probes.Probe) bool { return p.Name == name && !p.Disabled })
	if i < 0 {
		http.Error(w, fmt.Sprintf("no probe is named %q; /api/v1/probes lists them", name), http.StatusNotFound)
		return
	}
	p := all[i]
	limit := p.Timeout + demandSlack
	if seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && seconds > 0 && seconds < limit.Seconds() {
		limit = max(time.Duration(seconds*float64(time.Second))-answerMargin, answerMargin)
	}
	// A run may take longer than any other answer of this server. Without a connection (in a test) there is no deadline to move.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit + writeTimeout))
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	result, err := s.run(ctx, p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	text, err := s.options.OneShot([]probes.Result{result})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.write(w, r, text)
}

// failed answers a request that failed through our own fault. The cause may name paths, so it goes to the log alone.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	s.options.Log.Error("request failed", "path", r.URL.Path, "error", err)
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.refuse(w, r, http.StatusInternalServerError, "something went wrong; the prober's log says what")
		return
	}
	http.Error(w, "something went wrong; the prober's log says what", http.StatusInternalServerError)
}

// write sends the rest of an answer. A client that went away is nobody's fault.
func (s *Server) write(w http.ResponseWriter, r *http.Request, data []byte) {
	if _, err := w.Write(data); err != nil {
		s.options.Log.Debug("answer was not read", "path", r.URL.Path, "error", err)
	}
}
