package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"mynaprobe/probes"
)

// Options are what a Prober needs of the world.
type Options struct {
	// Clock gives the times in results; the system's when nil. Timeouts are those of the machine in any case.
	Clock    probes.Clock
	Secrets  probes.Secrets
	Settings probes.BrowserSettings
	// UserAgentSuffix is our name and contact; it is added to the User-Agent of Chrome, or of the device.
	UserAgentSuffix string
	// StateDir is the folder for Chrome's profiles, the system's temporary folder when empty, or where the
	// given one does not do: as root other users must be able to pass through all of its path, since Chrome runs as one, and
	// its path may not be longer than about 35 characters.
	StateDir string
	// Headed shows the windows; SlowMotion is a pause after each step, for people to follow.
	Headed     bool
	SlowMotion time.Duration
	// KeepGood says whether a good run of the probe should bring its screenshot and text as evidence; never when nil.
	KeepGood func(probe string) bool
	// Logf logs what an operator must know of the browser itself; nothing when nil.
	Logf func(format string, args ...any)
	// OwnHosts are hosts of whoever runs the prober, which any page may lead to ("example.jp", ".example.jp" for all below it).
	OwnHosts []string

	extraFlags []string
	maxBytes   int64
	lookup     func(context.Context, string) ([]netip.Addr, error)
	// onStep is told of the step, by its index, that begins or has ended.
	onStep func(index int, began bool)
}

const (
	defaultSlots        = 4
	defaultRecycleAfter = 200
	defaultMaxMemory    = 1500 << 20
	// memoryEvery is the number of runs between two looks at Chrome's memory.
	memoryEvery = 5
)

// A Prober runs browser probes in one Chrome that all of them share, each run in a browser context of its own. Its methods
// may be called from several goroutines.
type Prober struct {
	o     Options
	slots chan struct{}
	// starting is held by whoever starts a Chrome.
	starting chan struct{}
	// work counts what must end before Close returns.
	work sync.WaitGroup

	mu       sync.Mutex
	current  *chrome
	restarts map[Restart]int
	closed   bool
	cleaned  bool
}

// Stats are the state of the browser, for metrics.
type Stats struct {
	// Slots and Busy are the runs that the browser may and does carry out at once.
	Slots, Busy int
	// Restarts counts replaced browsers; every reason is there, also when it is 0.
	Restarts map[Restart]int
	// SandboxOff: Chrome runs without its sandbox, because it was told to.
	SandboxOff bool
	// Running: a browser is up; Memory its resident bytes, 0 when that cannot be known.
	Running bool
	Memory  int64
}

// New returns a Prober. Chrome is started by the first run that needs it, so that a missing one shows in results.
func New(o Options) *Prober {
	if o.Clock == nil {
		o.Clock = probes.SystemClock{}
	}
	if o.Secrets == nil {
		o.Secrets = literal
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.lookup == nil {
		o.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.onStep == nil {
		o.onStep = func(int, bool) {}
	}
	if o.maxBytes == 0 {
		o.maxBytes = maxBytes
	}
	s := &o.Settings
	if s.Slots <= 0 {
		s.Slots = defaultSlots
	}
	if s.RecycleAfter <= 0 {
		s.RecycleAfter = defaultRecycleAfter
	}
	if s.MaxMemory <= 0 {
		s.MaxMemory = defaultMaxMemory
	}
	if s.SandboxOff {
		o.Logf("browser.sandbox is off: a hostile page that breaks out of Chrome acts with the rights of Chrome's user")
	}
	p := &Prober{o: o, slots: make(chan struct{}, s.Slots), starting: make(chan struct{}, 1), restarts: map[Restart]int{}}
	for _, reason := range Restarts() {
		p.restarts[reason] = 0
	}
	return p
}

// literal is the Secrets of somebody who gave none.
func literal(v probes.Value) (string, error) {
	if v.IsSecret() {
		return "", fmt.Errorf("nothing can resolve %s", v)
	}
	return v.Text, nil
}

// Stats returns the state of the browser.
func (p *Prober) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Slots: cap(p.slots), Busy: len(p.slots), Restarts: maps.Clone(p.restarts), SandboxOff: p.o.Settings.SandboxOff}
	if p.current != nil && p.current.alive() {
		s.Running, s.Memory = true, p.current.memory()
	}
	return s
}

// Close ends Chrome, waits for it and for what was cleaning up after runs, and removes its profile. Runs that have not
// ended fail; no run may begin afterwards.
func (p *Prober) Close() error {
	p.mu.Lock()
	p.closed = true
	c := p.current
	p.current = nil
	p.mu.Unlock()
	var err error
	if c != nil {
		err = c.close()
	}
	p.work.Wait()
	return err
}

// acquire returns a running browser; the caller must release it.
func (p *Prober) acquire(ctx context.Context) (*chrome, error) {
	select {
	case p.starting <- struct{}{}:
		defer func() { <-p.starting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errors.New("the prober is stopping")
	}
	if c := p.current; c != nil && !c.alive() {
		p.retire(c, RestartLost)
	}
	if c := p.current; c != nil {
		c.users++
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := p.start(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.work.Go(func() { c.close() })
		return nil, errors.New("the prober is stopping")
	}
	c.users++
	p.current = c
	return c, nil
}

// start launches or connects to a browser.
func (p *Prober) start(ctx context.Context) (*chrome, error) {
	endpoint, err := p.o.Secrets(p.o.Settings.URL)
	if err != nil {
		return nil, err
	}
	if endpoint != "" {
		return connect(ctx, endpoint)
	}
	path, err := find(p.o.Settings.Path, p.o.Headed)
	if err != nil {
		return nil, err
	}
	if !p.cleaned {
		removeLeftovers(profileBase(p.o.StateDir))
		p.cleaned = true
	}
	return launch(ctx, path, p.o.StateDir, flags(p.o))
}

// release gives a browser back after a run, and replaces it when it is due.
func (p *Prober) release(c *chrome) {
	p.mu.Lock()
	c.users--
	c.runs++
	look := !c.retired && c.runs%memoryEvery == 0
	p.mu.Unlock()
	heavy := look && c.memory() > p.o.Settings.MaxMemory
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.retired:
		p.closeIdle(c)
	case !c.alive() && !p.closed:
		p.retire(c, RestartLost)
	case heavy:
		p.retire(c, RestartMemory)
	case c.runs >= p.o.Settings.RecycleAfter && c.proc != nil:
		p.retire(c, RestartRuns)
	}
}

// retire takes a browser out of use; runs that use it go on. It must be called with mu held.
func (p *Prober) retire(c *chrome, why Restart) {
	if c.retired || p.closed {
		return
	}
	c.retired = true
	p.restarts[why]++
	if p.current == c {
		p.current = nil
	}
	p.closeIdle(c)
}

// closeIdle ends a retired browser once nobody uses it. It must be called with mu held.
func (p *Prober) closeIdle(c *chrome) {
	if c.users > 0 {
		return
	}
	p.work.Go(func() {
		if err := c.close(); err != nil {
			p.o.Logf("cleaning up after a browser: %v", err)
		}
	})
}

// allowed reports whether a page of a public target may lead to the host.
func (p *Prober) allowed(ctx context.Context, host string) bool {
	for _, own := range p.o.OwnHosts {
		if hostMatches(host, own) {
			return true
		}
	}
	addresses, err := p.addresses(ctx, host)
	if err != nil {
		return true // Chrome finds that it cannot be reached, or has a proxy that can
	}
	for _, a := range addresses {
		if private(a) {
			return false
		}
	}
	return true
}

// public reports whether the host is somebody else's, out in the open.
func (p *Prober) public(ctx context.Context, host string) bool {
	for _, own := range p.o.OwnHosts {
		if hostMatches(host, own) {
			return false
		}
	}
	addresses, err := p.addresses(ctx, host)
	if err != nil || len(addresses) == 0 {
		return err != nil && strings.Contains(host, ".") // not known to be private
	}
	for _, a := range addresses {
		if private(a) {
			return false
		}
	}
	return true
}

func (p *Prober) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.Addr{a}, nil
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return []netip.Addr{netip.IPv6Loopback()}, nil // RFC 6761, section 6.3
	}
	return p.o.lookup(ctx, host)
}
