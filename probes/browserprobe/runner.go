package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// A runner is a prepared browser probe.
type runner struct {
	prober *Prober
	probe  probes.Probe
	target string
	host   string
}

// Prepare implements probes.Prober. It checks what can be known without a browser; whether a selector is valid is the
// browser's to say, at the run.
func (p *Prober) Prepare(probe probes.Probe) (probes.Runner, error) {
	b := probe.Browser
	if b == nil {
		return nil, fmt.Errorf("%s: probe %s is no browser probe", probe.Source, probe.Name)
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: probe %s: %w", probe.Source, probe.Name, fmt.Errorf(format, args...))
	}
	if len(b.Steps) == 0 || b.Steps[0].Action != probes.ActionOpen {
		return nil, bad("the first step must open an address")
	}
	if _, ok := devices[or(b.Device, "desktop")]; !ok {
		return nil, bad("there is no device %q (want desktop, iphone or android)", b.Device)
	}
	if probe.Timeout <= 0 {
		return nil, bad("the timeout must be more than 0")
	}
	copied := *b
	copied.Steps = slices.Clone(b.Steps)
	probe.Browser = &copied
	for i := range copied.Steps {
		s := &copied.Steps[i]
		if s.Name == "" {
			s.Name = fmt.Sprintf("%d-%s", i+1, s.Action)
		}
		if s.Action == probes.ActionPress {
			if _, err := keyEvents(s.Value.Text); err != nil {
				return nil, bad("step %s: %w", s.Name, err)
			}
		}
	}
	r := &runner{prober: p, probe: probe}
	if first := b.Steps[0].Value; !first.IsSecret() {
		u, err := url.Parse(first.Text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, bad("step %s: %q is no http or https address", copied.Steps[0].Name, first.Text)
		}
		r.host = u.Hostname()
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		r.target = u.String()
	}
	return r, nil
}

// An attempt is one try of the journey and what came of it.
type attempt struct {
	result   probes.Result
	fault    *fault
	startErr error
}

// Run implements probes.Runner.
func (r *runner) Run(ctx context.Context) (result probes.Result) {
	p := r.prober
	start := p.o.Clock.Now()
	base := probes.Result{Probe: r.probe.Name, Flow: r.probe.Flow, Stage: r.probe.Stage, Kind: probes.KindBrowser,
		Target: r.target, Host: r.host, Start: start}
	secrets := &vault{resolve: p.o.Secrets}
	fail := func(reason probes.Reason, text string) probes.Result {
		failed := base
		failed.Duration = probes.Seconds(p.o.Clock.Now().Sub(start))
		failed.Fail(reason, secrets.masker().mask(text))
		return failed
	}
	defer func() {
		if bug := recover(); bug != nil {
			result = fail(probes.ReasonInternal, fmt.Sprintf("a bug in the prober: %v", bug))
		}
	}()
	// whoever cancels the run cuts it off, also by a deadline of his own; only the probe's timeout is the target's to keep
	whole := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(whole), r.probe.Timeout)
	defer cancel()
	defer context.AfterFunc(whole, cancel)()

	for _, s := range r.probe.Browser.Steps {
		if _, err := secrets.get(s.Value); err != nil {
			return fail(probes.ReasonDefinition, err.Error())
		}
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		if whole.Err() != nil {
			return fail(probes.ReasonInternal, "the run was cancelled before it began")
		}
		return fail(probes.ReasonOverload, fmt.Sprintf("none of the browser's %d slots became free within %s", cap(p.slots), r.probe.Timeout))
	}
	// each attempt cleans up behind itself; the slot is free when the last has
	var cleaning []<-chan struct{}
	defer func() {
		p.work.Go(func() {
			for _, done := range cleaning {
				<-done
			}
			<-p.slots
		})
	}()

	var attempts []probes.Attempt
	for {
		began := p.o.Clock.Now()
		a, cleaned := r.try(ctx, base, secrets, len(attempts) > 0)
		if cleaned != nil {
			cleaning = append(cleaning, cleaned)
		}
		took := p.o.Clock.Now().Sub(began)
		if whole.Err() != nil && a.result.Outcome != probes.Up {
			return fail(probes.ReasonInternal, "the run was cancelled before it ended")
		}
		m := secrets.masker()
		switch {
		case a.startErr != nil:
			failed := fail(probes.ReasonBrowser, startText(a.startErr))
			var mistake *secretError
			if errors.As(a.startErr, &mistake) {
				failed.Fail(probes.ReasonDefinition, m.mask(a.startErr.Error()))
			}
			failed.Attempts = attempts
			return failed
		case a.fault == nil:
			if len(attempts) > 0 {
				a.result.Attempts = append(attempts, probes.Attempt{Start: began, Duration: probes.Seconds(took), Reason: a.result.Reason, Message: a.result.Message})
				a.result.Browser.Restarted = true
			}
			return a.result
		}
		attempts = append(attempts, probes.Attempt{Start: began, Duration: probes.Seconds(took), Reason: probes.ReasonBrowser, Message: m.mask(a.fault.text)})
		if len(attempts) == 1 && r.timeFor(ctx, took) {
			continue
		}
		failed := a.result
		failed.Start, failed.Duration = start, probes.Seconds(p.o.Clock.Now().Sub(start))
		failed.Fail(probes.ReasonBrowser, m.mask(faultText(attempts)))
		failed.Attempts = attempts
		if failed.Browser != nil {
			failed.Browser.Restarted = len(attempts) > 1
		}
		return failed
	}
}

// timeFor reports whether a second attempt is sound: there must be as much time left as the first took, and enough to
// start a browser.
func (r *runner) timeFor(ctx context.Context, took time.Duration) bool {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline) > max(took, time.Second)
}

func startText(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "the browser did not start in time"
	}
	return err.Error()
}

func faultText(attempts []probes.Attempt) string {
	last := attempts[len(attempts)-1].Message
	if len(attempts) == 1 {
		return last + "; there was no time left to try again in a fresh browser"
	}
	return last + "; in the try before, in another browser: " + attempts[0].Message
}

// try makes one attempt. The channel is closed when everything behind it is cleaned up; it is nil when there is nothing.
func (r *runner) try(ctx context.Context, base probes.Result, secrets *vault, second bool) (a attempt, cleaned <-chan struct{}) {
	cleaned, a.startErr = r.visiting(ctx, secrets, func(j *journey) *fault {
		a = r.travel(ctx, j, base, secrets, second)
		return a.fault
	})
	return a, cleaned
}

// visiting lets travel make a journey in a browser context of its own, and cleans up behind it whatever happens: the
// channel is closed when that is done, and nil when there is nothing to clean up. The error says why no journey could
// begin. A browser with a fault, which travel returns, is replaced.
func (r *runner) visiting(ctx context.Context, secrets *vault, travel func(*journey) *fault) (<-chan struct{}, error) {
	p := r.prober
	c, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	reserve := min(max(time.Until(deadline)/4, 400*time.Millisecond), 4*time.Second)
	limited, stop := context.WithDeadline(ctx, deadline.Add(-reserve))
	visitCtx, end := context.WithCancelCause(limited)
	v := (*visit)(nil)
	cleaned := make(chan struct{})
	clean := func() {
		end(nil)
		stop()
		p.work.Go(func() {
			defer close(cleaned)
			if v != nil {
				if err := c.dispose(v); err != nil {
					p.mu.Lock()
					if c.alive() {
						p.retire(c, RestartStuck)
					}
					p.mu.Unlock()
				}
			}
			p.release(c)
		})
	}
	defer clean()

	setup, err := r.newSetup(ctx, c, secrets)
	if err != nil {
		return cleaned, &secretError{err}
	}
	v = newVisit(c, setup, end)
	j := &journey{visit: v, ctx: visitCtx, outer: ctx, grace: reserve / 2, secret: secrets.get}
	if f := travel(j); f != nil && ctx.Err() != context.Canceled {
		p.mu.Lock()
		p.retire(c, f.restart)
		p.mu.Unlock()
	}
	return cleaned, nil
}

// newSetup resolves what of the definition every page of the visit gets.
func (r *runner) newSetup(ctx context.Context, c *chrome, secrets *vault) (*setup, error) {
	p := r.prober
	s, err := newSetup(r.probe.Browser, c.agent, c.version, p.o.UserAgentSuffix, secrets.get)
	if err != nil {
		return nil, err
	}
	s.maxBytes = p.o.maxBytes
	for _, step := range r.probe.Browser.Steps {
		if step.Action != probes.ActionOpen && step.Action != probes.ActionTab {
			continue
		}
		address, err := secrets.get(step.Value)
		if err != nil {
			return nil, err
		}
		s.opened(address)
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" && p.public(ctx, u.Hostname()) {
			s.gated, s.allowed = true, p.allowed
		}
	}
	return s, nil
}

// travel goes through the steps and judges what came of them.
func (r *runner) travel(ctx context.Context, j *journey, base probes.Result, secrets *vault, second bool) attempt {
	p := r.prober
	result := base
	result.Browser = &probes.BrowserResult{}
	helpers, died := j.visit.chrome.watchHelpers()
	if f := j.begin(); f != nil {
		result.Steps = r.skipped(0)
		return attempt{result: result, fault: f}
	}
	if len(helpers) < 2 || anyDead(helpers) { // a new browser starts them with its first page
		var again bool
		helpers, again = j.visit.chrome.watchHelpers()
		died = died || again
	}
	defer j.watch(helpers)()
	result.Start = p.o.Clock.Now()

	err := r.steps(j, &result)
	var seen summary
	if err == nil {
		j.loadOut()
	}
	// a page that crashed, or whose browser is gone, would only let us wait
	if broken := (*fault)(nil); !errors.As(cause(j.ctx, err), &broken) {
		seen = j.summarize(ctx, r.probe.Browser.Maintenance.Selector)
	}
	result.Duration = probes.Seconds(p.o.Clock.Now().Sub(result.Start))
	j.measure(result.Browser, seen)

	known := cause(j.ctx, err)
	if known == nil && !j.visit.chrome.alive() {
		known = cause(j.ctx, errLost)
	}
	if f := (*fault)(nil); !errors.As(known, &f) && (anyDead(helpers) || died && err != nil) {
		known = helperDied
	}
	var f *fault
	if errors.As(known, &f) {
		if !f.crashed || !second {
			return attempt{result: masked(result, secrets.masker()), fault: f}
		}
		known = &failure{reason: reasonScript, text: f.text + ", and did so again in a fresh browser"}
	}
	r.judge(j, &result, seen, known)
	result = masked(result, secrets.masker())
	m := secrets.masker()
	rest, cancel := r.rest(ctx)
	defer cancel()
	switch {
	case !result.Outcome.Good():
		result.Evidence = j.evidence(rest, &result, m)
	case p.o.KeepGood != nil && p.o.KeepGood(r.probe.Name):
		result.Evidence = j.lastGood(rest, seen.Text, m)
	case len(j.pictures) > 0:
		result.Evidence = &probes.Evidence{Files: j.pictures}
	}
	return attempt{result: result}
}

// helperDied is the fault of a browser that lost one of the processes that all pages depend on.
var helperDied = &fault{restart: RestartHelper, text: "a process of the browser's own died"}

// watchEvery is the time between two looks at the browser's own processes.
const watchEvery = 200 * time.Millisecond

// watch ends the journey when one of the helpers dies, until stop is called. No event tells of that, and what was under way
// may never be answered: without it the time for a second attempt would go by.
func (j *journey) watch(helpers []int) (stop func()) {
	ctx, cancel := context.WithCancel(j.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if anyDead(helpers) {
					j.visit.end(helperDied)
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// maxEvidence is the longest that evidence may take of a run's time.
const maxEvidence = 2 * time.Second

// rest is the time that is left for evidence.
func (r *runner) rest(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, _ := ctx.Deadline()
	return context.WithTimeout(ctx, min(time.Until(deadline)-50*time.Millisecond, maxEvidence))
}

// steps goes through the steps until one fails, and returns that one's error.
func (r *runner) steps(j *journey, result *probes.Result) error {
	clock := r.prober.o.Clock
	for i, step := range r.probe.Browser.Steps {
		timeout := step.Timeout
		if timeout <= 0 && step.Action == probes.ActionOpen {
			timeout = r.probe.Timeout
		} else if timeout <= 0 {
			timeout = defaultStepTimeout
		}
		began := clock.Now()
		r.prober.o.onStep(i, true)
		err := j.do(timeout, step)
		r.prober.o.onStep(i, false)
		if err == nil && j.ctx.Err() != nil {
			err = cause(j.ctx, context.Cause(j.ctx))
			if errors.Is(err, context.DeadlineExceeded) {
				err = nil // it was done in time; the next one will not be
			}
		}
		done := probes.StepResult{Name: step.Name, State: probes.StepPassed, Duration: probes.Seconds(clock.Now().Sub(began))}
		if err != nil {
			done.State, done.Message = probes.StepFailed, err.Error()
			result.Steps = append(append(result.Steps, done), r.skipped(i+1)...)
			return r.located(i, err)
		}
		result.Steps = append(result.Steps, done)
		if pause := r.prober.o.SlowMotion; pause > 0 {
			_ = clock.Sleep(j.ctx, pause)
		}
	}
	return nil
}

// A stepError is the error of a step, with its place.
type stepError struct {
	index int
	err   error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

func (r *runner) located(i int, err error) error { return &stepError{i, err} }

func (r *runner) skipped(from int) []probes.StepResult {
	var skipped []probes.StepResult
	for _, s := range r.probe.Browser.Steps[from:] {
		skipped = append(skipped, probes.StepResult{Name: s.Name, State: probes.StepSkipped})
	}
	return skipped
}

// masked returns the result without secrets in its texts.
func masked(r probes.Result, m masker) probes.Result {
	r.Message = m.mask(r.Message)
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Message = m.mask(r.Steps[i].Message)
	}
	if r.Browser != nil {
		b := *r.Browser
		b.FinalURL, b.Title = m.mask(b.FinalURL), m.mask(b.Title)
		b.FailedRequests = slices.Clone(b.FailedRequests)
		for i := range b.FailedRequests {
			b.FailedRequests[i].URL = m.mask(b.FailedRequests[i].URL)
			b.FailedRequests[i].Error = m.mask(b.FailedRequests[i].Error)
		}
		r.Browser = &b
	}
	return r
}

// A vault resolves the secrets of one run and remembers them for masking.
type vault struct {
	resolve probes.Secrets
	known   map[probes.Value]string
}

// A secretError says that a secret is missing.
type secretError struct{ err error }

func (e *secretError) Error() string { return e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

func (v *vault) get(value probes.Value) (string, error) {
	if !value.IsSecret() {
		return value.Text, nil
	}
	if text, ok := v.known[value]; ok {
		return text, nil
	}
	text, err := v.resolve(value)
	if err != nil {
		return "", err
	}
	if v.known == nil {
		v.known = map[probes.Value]string{}
	}
	v.known[value] = text
	return text, nil
}

func (v *vault) masker() masker {
	var secrets []string
	for _, text := range v.known {
		if strings.TrimSpace(text) != "" {
			secrets = append(secrets, text)
		}
	}
	return newMasker(secrets)
}
