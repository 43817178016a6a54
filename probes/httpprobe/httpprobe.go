// Package httpprobe runs HTTP probes: it compiles their definitions and turns each run into one Result, with every phase
// measured, every attempt told and whatever the answer shows judged against what the definition expects.
// It schedules nothing, keeps no windows, and touches no metric, log or store; what one run cannot know (a reference
// that fails as well, a planned window, a redesign) is judged elsewhere.
package httpprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"mynaprobe/probes"
)

// Options are what a Prober gets from outside. The zero value probes real hosts with the machine's clock and resolver.
type Options struct {
	// Clock tells the time; SystemClock when nil.
	Clock probes.Clock
	// Secrets resolves values that come from outside of a definition; when nil, a definition that needs one cannot run.
	Secrets probes.Secrets
	// UserAgent names the tool and a contact.
	UserAgent string
	// Transport, when set, answers every request in place of real connections. There are no connection phases then: the
	// time by Clock until it returns is the processing, and reading the body the transfer.
	Transport http.RoundTripper
	// Resolver says how names are looked up; Go's own resolver with the machine's configuration when nil.
	Resolver *net.Resolver
	// OwnHosts are host names, or suffixes that begin with a dot, that belong to whoever runs the prober: a public target
	// may redirect to them wherever they are.
	OwnHosts []string
	// MaxBody bounds the decoded body, in bytes, where a definition does not; 4 MiB when 0.
	MaxBody int64
	// MaxHeader bounds the head of an answer in bytes; 256 KiB when 0.
	MaxHeader int64
	// KeepGood says whether a good run of the named probe should bring evidence too, to be kept as "the last good one".
	KeepGood func(probe string) bool
}

const (
	defaultMaxBody   = 4 << 20
	defaultMaxHeader = 256 << 10
	defaultTimeout   = 10 * time.Second
	defaultUserAgent = "mynaprobe (synthetic availability prober)"
)

// A Prober prepares and runs HTTP probes. It is safe for concurrent use.
type Prober struct {
	options Options
	clock   probes.Clock
	// virtual: the clock is not the machine's, so that deadlines are counted by it.
	virtual bool
	dialer  net.Dialer
	// private tells addresses that a public target must not lead us to; tests replace it.
	private func(netip.Addr) bool
	// h2 speaks HTTP/2 on connections that were made here.
	h2 *http.Transport

	// header is that of requests whose definition gives none; it is never changed.
	header http.Header

	mu   sync.Mutex
	kept map[keptKey]*http.Transport
	tls  map[keptKey]*tls.Config
}

// New returns a Prober.
func New(options Options) *Prober {
	if options.MaxBody == 0 {
		options.MaxBody = defaultMaxBody
	}
	if options.MaxHeader == 0 {
		options.MaxHeader = defaultMaxHeader
	}
	if options.UserAgent == "" {
		options.UserAgent = defaultUserAgent
	}
	if options.Secrets == nil {
		options.Secrets = func(v probes.Value) (string, error) {
			if v.IsSecret() {
				return "", errors.New("this prober was given no source of secrets: " + v.String())
			}
			return v.Text, nil
		}
	}
	p := &Prober{
		options: options, clock: options.Clock, private: privateAddress, header: plainHeader(options.UserAgent),
		kept: map[keptKey]*http.Transport{}, tls: map[keptKey]*tls.Config{},
	}
	if p.clock == nil {
		p.clock = probes.SystemClock{}
	}
	_, system := p.clock.(probes.SystemClock)
	p.virtual = !system
	p.dialer = net.Dialer{Resolver: boundResolver(options.Resolver), ControlContext: p.guard, KeepAlive: -1}
	p.h2 = p.newHTTP2()
	return p
}

// Close closes the connections that were kept between runs.
func (p *Prober) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.kept {
		t.CloseIdleConnections()
	}
	p.h2.CloseIdleConnections()
}

// deadline bounds the context by the timeout. A virtual clock's deadline is only told by the context, for whoever
// sleeps on that clock; the machine's timers know nothing of it.
func (p *Prober) deadline(ctx context.Context, start time.Time, timeout time.Duration) (context.Context, context.CancelFunc) {
	if p.virtual {
		return virtualDeadline{ctx, start.Add(timeout)}, func() {}
	}
	return context.WithDeadline(ctx, start.Add(timeout))
}

type virtualDeadline struct {
	context.Context
	at time.Time
}

// Deadline implements context.Context.
func (d virtualDeadline) Deadline() (time.Time, bool) { return d.at, true }
