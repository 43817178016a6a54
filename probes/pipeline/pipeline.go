// Package pipeline puts the rooms together: it carries results from the probers through the judge to every observer, for
// the one-shot run, the server, the demo and the replay.
// It is the only place that knows all rooms; what a result means, when a probe runs and what is exported is decided in them.
package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/browserprobe"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/httpprobe"
	"mynaprobe/probes/noticeprobe"
	"mynaprobe/probes/robots"
)

// The pools of runs that share a limit of our own.
const (
	poolHTTP    = "http"
	poolBrowser = "browser"
)

const (
	// defaultHTTPRuns is how many runs without a browser may be under way at once.
	defaultHTTPRuns = 4000
	// hostSpacing is the least time between two runs against a host that is not ours.
	hostSpacing = time.Second
)

// Options are what a pipeline needs from outside.
type Options struct {
	// Version is the build's, for the User-Agent and prober_build_info; Revision its commit.
	Version, Revision string
	// Location is where this prober runs; it may be empty.
	Location string
	// Contact is a mail address or a page, put into the User-Agent so that the operator of a target can reach us.
	Contact string
	// StateDir is where windows, evidence and browser profiles live; empty to keep nothing.
	StateDir string
	// EvidenceDir is where evidence is kept; a folder of StateDir when empty.
	EvidenceDir string
	// Shard of Shards (from 0) runs its share of the flows; Shards 0 or 1 for all.
	Shard, Shards int
	// Headed and SlowMotion show the browser to a person.
	Headed     bool
	SlowMotion time.Duration
	Log        *slog.Logger
	// Clock and Transport replace time and network in a replay; the machine's when nil.
	Clock     probes.Clock
	Transport http.RoundTripper
}

// A Pipeline runs a set of definitions.
type Pipeline struct {
	opts    Options
	kit     kit
	now     atomic.Pointer[generation]
	http    *httpprobe.Prober
	browser *browserprobe.Prober
	robots  *robots.Checker
	core    *core
}

// A generation is what one load of definitions gave. It is never changed; a reload puts another in its place.
type generation struct {
	set      probes.Set
	prepared map[string]prepared
}

// New prepares a set. Definitions that cannot be prepared (a bad step, a missing secret) do not stop the others: their
// runs say what is wrong. The caller closes the pipeline.
func New(set probes.Set, opts Options) (*Pipeline, error) {
	if opts.Clock == nil {
		opts.Clock = probes.SystemClock{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Contact = cmp.Or(opts.Contact, set.Contact)
	if opts.EvidenceDir == "" && opts.StateDir != "" {
		opts.EvidenceDir = filepath.Join(opts.StateDir, EvidenceFolder)
	}
	p := &Pipeline{opts: opts}
	p.core = newCore(set, opts)
	p.http = httpprobe.New(httpprobe.Options{
		Clock: opts.Clock, Secrets: definition.ResolveSecret, UserAgent: p.userAgent(), Transport: opts.Transport,
		KeepGood: p.core.wantGood, OwnHosts: set.OwnHosts,
	})
	p.browser = browserprobe.New(browserprobe.Options{
		Clock: opts.Clock, Secrets: definition.ResolveSecret, Settings: set.Browser, UserAgentSuffix: p.userAgent(),
		StateDir: opts.StateDir, Headed: opts.Headed, SlowMotion: opts.SlowMotion, KeepGood: p.core.wantGood,
		Logf: func(format string, args ...any) { opts.Log.Warn(fmt.Sprintf(format, args...)) }, OwnHosts: set.OwnHosts,
	})
	if opts.Transport == nil {
		p.robots = robots.New(p.userAgent(), nil, opts.Clock.Now)
	}
	p.kit = kit{
		probes.KindHTTP:    p.http,
		probes.KindBrowser: p.browser,
		probes.KindNotice:  noticeprobe.New(noticeprobe.Options{Clock: opts.Clock, Fetcher: p.fetcher, Services: p.services, OwnHosts: set.OwnHosts}),
	}
	p.configure(set)
	return p, nil
}

// configure takes a set, the first or that of a reload.
func (p *Pipeline) configure(set probes.Set) {
	next := &generation{set: set, prepared: make(map[string]prepared, len(set.Probes))}
	for _, one := range set.Probes {
		if !one.Disabled {
			next.prepared[one.Name] = p.kit.prepare(one, p.opts.Clock, p.opts.Location)
		}
	}
	p.now.Store(next)
}

// services are the names by which notices speak of the flows.
func (p *Pipeline) services() []string {
	var names []string
	for _, f := range p.Set().Flows {
		names = append(names, f.Services...)
	}
	return names
}

// Set returns the definitions in force.
func (p *Pipeline) Set() probes.Set { return p.now.Load().set }

// Close ends the browser and closes connections.
func (p *Pipeline) Close() error {
	p.http.Close()
	return p.browser.Close()
}

// run runs one probe now.
func (p *Pipeline) run(ctx context.Context, name string, trigger probes.Trigger, scheduled time.Time) probes.Result {
	prep := p.now.Load().prepared[name]
	r, refused := p.refusedByRobots(ctx, prep.probe)
	if !refused {
		r = prep.runner.Run(ctx)
	}
	r.Trigger, r.Scheduled = trigger, scheduled
	return r
}

// refusedByRobots gives the result of a probe that its target's robots.txt forbids.
func (p *Pipeline) refusedByRobots(ctx context.Context, one probes.Probe) (probes.Result, bool) {
	if p.robots == nil || one.RobotsAgreed || p.manners(one) == "" {
		return probes.Result{}, false
	}
	verdict := p.robots.Check(ctx, one.URL())
	if verdict.Allowed {
		return probes.Result{}, false
	}
	r := probes.Failed(one, p.opts.Clock.Now(), probes.ReasonDefinition,
		verdict.Why+`; remove the probe, or ask the operator and then write "robots: agreed"`)
	r.Target, r.Host, r.Location = one.Target(), one.Host(), p.opts.Location
	return r, true
}

// userAgent names the tool and a contact, and never pretends to be anyone else.
func (p *Pipeline) userAgent() string {
	contact := "no contact configured"
	if p.opts.Contact != "" {
		contact = "+" + p.opts.Contact
	}
	return fmt.Sprintf("%s/%s (%s)", robots.Token, cmp.Or(p.opts.Version, "dev"), contact)
}

// manners is the host whose patience counts for the probe; empty when it is ours.
func (p *Pipeline) manners(one probes.Probe) string {
	if host := one.Host(); probes.Polite(host, p.Set().OwnHosts) {
		return host
	}
	return ""
}

// spacing is the least time between two runs of ours against one host: of n shards each takes its share.
func (p *Pipeline) spacing() time.Duration { return hostSpacing * time.Duration(max(1, p.opts.Shards)) }

func (p *Pipeline) browserSlots() int { return p.browser.Stats().Slots }

func pool(one probes.Probe) string {
	if one.Kind == probes.KindBrowser || one.Notice != nil && one.Notice.ThroughBrowser {
		return poolBrowser
	}
	return poolHTTP
}
