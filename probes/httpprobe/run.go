package httpprobe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"mynaprobe/probes"
)

// A run is one execution of a runner.
type run struct {
	*runner
	ctx    context.Context
	start  time.Time
	route  *route
	mask   mask
	values map[string]string
	// jar holds the cookies of this run alone; nil until the target sets one.
	jar *cookiejar.Jar
	// base is where the last request ended, for addresses relative to it.
	base *url.URL
	// public: this run has been on a public address, and may not be led to a private one.
	public bool

	attempts []probes.Attempt
	last     *answer
}

// Run implements probes.Runner.
func (r *runner) Run(ctx context.Context) probes.Result { return r.do(ctx, nil) }

// do runs the probe, and shows the last answer to inspect before it is let go of.
func (r *runner) do(ctx context.Context, inspect func(*answer)) (result probes.Result) {
	clock := r.prober.clock
	start := clock.Now()
	result = probes.Result{
		Probe: r.probe.Name, Flow: r.probe.Flow, Stage: r.probe.Stage, Kind: probes.KindHTTP,
		Start: start, Outcome: probes.Up, Target: r.target, Host: r.host,
	}
	run := &run{runner: r, start: start, route: &r.route}
	defer func() {
		if v := recover(); v != nil {
			message := fmt.Sprintf("a bug of the prober: panic: %v", v)
			result.Fail(probes.ReasonInternal, run.mask.text(message))
			result.Looks = nil
			result.Evidence = &probes.Evidence{Files: map[string][]byte{"panic.txt": []byte(run.mask.text(message + "\n\n" + string(debug.Stack())))}}
			result.Duration = probes.Seconds(clock.Now().Sub(start))
		}
	}()
	defer run.release()

	ctx, cancel := r.prober.deadline(ctx, start, r.probe.Timeout)
	defer cancel()
	run.ctx = ctx
	fault := run.resolveProxy()
	for i, q := range r.requests {
		if fault == nil {
			began := clock.Now()
			fault = run.request(q)
			run.addStep(&result, q, fault, clock.Now().Sub(began))
			if fault != nil && len(r.requests) > 1 {
				fault.message = fmt.Sprintf("step %d of %d %q: %s", i+1, len(r.requests), q.name, fault.message)
			}
			continue
		}
		if len(r.requests) > 1 {
			result.Steps = append(result.Steps, probes.StepResult{Name: q.name, State: probes.StepSkipped})
		}
	}
	run.finish(&result, fault)
	if inspect != nil && run.last != nil {
		inspect(run.last)
	}
	return result
}

func (r *run) addStep(result *probes.Result, q *request, fault *fault, took time.Duration) {
	if len(r.requests) == 1 {
		return
	}
	step := probes.StepResult{Name: q.name, State: probes.StepPassed, Duration: probes.Seconds(took)}
	if fault != nil {
		step.State, step.Message = probes.StepFailed, r.mask.text(fault.message)
	}
	result.Steps = append(result.Steps, step)
}

// finish writes the verdict and all that was learnt into the result.
func (r *run) finish(result *probes.Result, fault *fault) {
	result.Duration = probes.Seconds(r.prober.clock.Now().Sub(r.start))
	result.Attempts = r.attempts
	for i := range result.Attempts {
		result.Attempts[i].Message = r.mask.text(result.Attempts[i].Message)
	}
	if a := r.last; a != nil {
		result.HTTP = a.result(&r.mask)
		result.TextLength = a.length
		result.RetryAfter = probes.Seconds(a.retryAfter(r.prober.clock.Now()))
	}
	switch {
	case fault != nil:
		result.Fail(fault.reason, r.mask.text(fault.message))
		if fault.looks != nil {
			result.Looks = &probes.Looks{Failed: fault.looks}
		}
	case r.probe.Slow > 0 && result.Duration.Duration() > r.probe.Slow:
		result.Fail(probes.ReasonSlow, r.slowMessage(result))
	}
	if result.Reason != "" || r.prober.options.KeepGood != nil && r.prober.options.KeepGood(r.probe.Name) {
		result.Evidence = r.evidence(result)
	}
}

func (r *run) slowMessage(result *probes.Result) string {
	message := fmt.Sprintf("took %s, the limit is %s", round(result.Duration.Duration()), r.probe.Slow)
	if result.HTTP == nil {
		return message
	}
	var longest probes.Phase
	for _, phase := range probes.AllPhases() {
		if longest == "" || result.HTTP.Phases.Of(phase) > result.HTTP.Phases.Of(longest) {
			longest = phase
		}
	}
	return message + fmt.Sprintf(" (longest phase %s: %s)", longest, round(result.HTTP.Phases.Of(longest).Duration()))
}

func (r *run) release() {
	if r.last != nil {
		r.last.release()
	}
}

// value resolves a value of the definition, and remembers a secret so that it can be masked.
func (r *run) value(v probes.Value) (string, error) {
	if v == (probes.Value{}) {
		return "", nil
	}
	if !v.IsSecret() {
		return r.fill(v.Text, false), nil
	}
	text, err := r.prober.options.Secrets(v)
	if err != nil {
		return "", err
	}
	r.mask.add(text)
	return text, nil
}

func (r *run) resolveProxy() *fault {
	v := r.http.Proxy
	if v == (probes.Value{}) {
		return nil
	}
	proxy := r.runner.route.proxy
	if v.IsSecret() {
		text, err := r.value(v)
		if err != nil {
			return faultf(probes.ReasonDefinition, "proxy: %v", err)
		}
		if proxy, err = parseProxy(strings.TrimSpace(text)); err != nil {
			return faultf(probes.ReasonDefinition, "%v", err)
		}
	}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		r.mask.addBasic(user.Username(), password)
	}
	route := r.runner.route
	route.proxy = proxy
	r.route = &route
	return nil
}

// fill puts carried values in the place of their ${name}; in the query of an address they are escaped.
func (r *run) fill(text string, address bool) string {
	if len(r.values) == 0 {
		return text
	}
	var b strings.Builder
	for {
		at, name, found := nextName(text)
		if !found {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		value := r.values[name]
		if address && strings.Contains(b.String(), "?") {
			value = url.QueryEscape(value)
		}
		b.WriteString(value)
		text = text[at+len(name)+3:]
	}
}

// request makes one request of the probe, with the further attempts that its definition asks for, and takes the values
// to be carried from its answer.
func (r *run) request(q *request) *fault {
	r.attempts = nil
	first, fault := r.build(q)
	if fault != nil {
		return fault
	}
	if r.http.Retry.Attempts > 1 {
		fault = r.retry(q, first)
	} else {
		fault = r.attempt(q, first)
	}
	if fault != nil {
		return fault
	}
	r.base = r.last.url
	for i := range q.extract {
		value, err := q.extract[i].from(r.last)
		if err != nil {
			reason := probes.ReasonContent
			if q.extract[i].selector != nil {
				reason = probes.ReasonSelector
			}
			return faultf(reason, "%v", err)
		}
		if r.values == nil {
			r.values = map[string]string{}
		}
		r.values[q.extract[i].Name] = value
	}
	return nil
}

// An outgoing request, before the redirects that may follow it.
type outgoing struct {
	method string
	url    *url.URL
	header http.Header
	body   string
	// carried: the address depends on what the target answered before.
	carried bool
	// confidential: the body holds a secret.
	confidential bool
}

func (r *run) build(q *request) (outgoing, *fault) {
	o := outgoing{method: q.method, url: q.url, header: q.header, confidential: q.Body.IsSecret()}
	var err error
	if o.url == nil {
		o.carried = true
		if o.url, err = parseTarget(r.fill(q.URL, true), r.base); err != nil {
			return o, faultf(probes.ReasonContent, "with the carried values %v", err)
		}
	}
	if o.header == nil {
		if o.header, err = q.buildHeader(r.value, r.prober.options.UserAgent); err != nil {
			return o, faultf(probes.ReasonDefinition, "%v", err)
		}
		if user, password, ok := (&http.Request{Header: o.header}).BasicAuth(); ok && q.BasicPassword.IsSecret() {
			r.mask.addBasic(user, password)
		}
	}
	if o.body, err = r.value(q.Body); err != nil {
		return o, faultf(probes.ReasonDefinition, "body: %v", err)
	}
	if user := o.url.User; user != nil {
		password, _ := user.Password()
		r.mask.addBasic(user.Username(), password)
	}
	return o, nil
}

// attempt makes one try, records it, and judges its answer, which becomes the last one.
func (r *run) attempt(q *request, o outgoing) *fault {
	clock := r.prober.clock
	m := &meter{clock: clock}
	start := clock.Now()
	r.release()
	a := &answer{url: o.url, contentLength: -1}
	r.last = a
	err := r.follow(m, q, o, a)
	phases, running, took := m.stop()
	a.phases = phases
	end := clock.Now()
	record := probes.Attempt{Start: start, Duration: probes.Seconds(end.Sub(start)), Status: a.status, Phases: phases}
	var f *fault
	if err != nil {
		f = classify(r.ctx, err, r.prober.late(r.ctx), running, took, r.probe.Timeout, a.url.Hostname())
		if bad := tlsOfError(err, a.url.Hostname()); bad != nil {
			a.tls = bad
		}
		if f.reason == probes.ReasonTimeout {
			record.Hung, record.HungFor = running, probes.Seconds(took)
		}
		record.Reason, record.Message = f.reason, f.message
		if a.redirects > 0 && f.reason != probes.ReasonRedirect {
			f.message += a.way()
		}
	} else {
		record.Message = a.statusText()
		f = r.judge(q, a, end)
	}
	r.attempts = append(r.attempts, record)
	return f
}

// follow sends the request, follows redirects, and reads the body of the last answer.
func (r *run) follow(m *meter, q *request, o outgoing, a *answer) error {
	for {
		guarded := r.public && (a.redirects > 0 || o.carried) && !r.ownHost(o.url.Hostname())
		if guarded && r.literalPrivate(o.url.Hostname()) {
			return r.privateFault(o.url, "")
		}
		req := r.newRequest(&o)
		x, err := r.prober.exchange(r.ctx, m, r.route, r.kept, req, guarded)
		if err != nil {
			if isPrivate(err) {
				return r.privateFault(o.url, plain(err))
			}
			return err
		}
		a.head(x)
		if addr := a.addr; addr.IsValid() && !r.prober.private(addr) && r.route.proxy == nil || a.redirects == 0 && r.publicName(o.url) {
			r.public = true
		}
		next := redirectOf(x.resp)
		if len(r.requests) > 1 || next != "" {
			r.keepCookies(o.url, x.resp)
		}
		if next == "" || q.MaxRedirects == 0 {
			defer x.close()
			return r.read(x, q.maxBody, a)
		}
		x.close()
		if a.redirects++; a.redirects > q.MaxRedirects {
			return a.tooMany(q.MaxRedirects, next)
		}
		if err := r.redirect(&o, a, x.resp.StatusCode, next); err != nil {
			return err
		}
	}
}

// read reads the body of the last answer, up to limit bytes.
func (r *run) read(x *exchange, limit int64, a *answer) (err error) {
	a.buffer, a.cut, err = readBody(x.resp, limit)
	a.page = page{contentType: a.header.Get("Content-Type"), body: *a.buffer}
	if err == nil && r.prober.virtual && r.prober.late(r.ctx) {
		err = os.ErrDeadlineExceeded
	}
	return err
}

// newRequest builds the request to send.
func (r *run) newRequest(o *outgoing) *http.Request {
	req := (&http.Request{
		Method: o.method, URL: o.url, Header: o.header, Host: o.url.Host, Close: true,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(r.ctx)
	if host := o.header.Get("Host"); host != "" {
		req.Host = host
	}
	if o.body != "" {
		req.Body = io.NopCloser(strings.NewReader(o.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(o.body)), nil }
		req.ContentLength = int64(len(o.body))
	} else if o.method == http.MethodPost || o.method == http.MethodPut || o.method == http.MethodPatch {
		req.Body = http.NoBody
	}
	user := o.url.User
	if r.jar == nil && user == nil {
		return req
	}
	req.Header = req.Header.Clone()
	if user != nil && req.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		req.Header.Set("Authorization", basic(user.Username(), password))
	}
	if r.jar != nil {
		for _, c := range r.jar.Cookies(o.url) {
			req.AddCookie(c)
		}
	}
	return req
}

// keepCookies keeps cookies for the rest of the run, so that a journey of several answers holds together.
func (r *run) keepCookies(at *url.URL, resp *http.Response) {
	if resp.Header["Set-Cookie"] == nil {
		return
	}
	if r.jar == nil {
		r.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	}
	r.jar.SetCookies(at, resp.Cookies())
}

// redirect turns the request into the one that a redirect asks for (RFC 9110, section 15.4).
func (r *run) redirect(o *outgoing, a *answer, status int, location string) error {
	next, err := o.url.Parse(location)
	if err != nil {
		return faultf(probes.ReasonRedirect, "redirected to %q, which cannot be read as an address", location)
	}
	if next.Scheme != "http" && next.Scheme != "https" {
		return faultf(probes.ReasonRedirect, "redirected to %q, which is no web address", excerpt(location))
	}
	if next, err = normalize(next); err != nil {
		return faultf(probes.ReasonRedirect, "redirected to %q: %v", location, err)
	}
	a.chain = append(a.chain, hopLine{o.url, status})
	elsewhere := !strings.EqualFold(next.Host, o.url.Host) || o.url.Scheme == "https" && next.Scheme == "http"
	switch {
	case status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect:
		if elsewhere && o.confidential {
			return faultf(probes.ReasonRedirect, "redirected with %d to %s: the secret body is not sent to another place", status, showURL(next))
		}
	case status == http.StatusSeeOther && o.method != http.MethodHead || o.method == http.MethodPost:
		o.method, o.body = http.MethodGet, ""
		o.header = without(o.header, "Content-Type")
	}
	if elsewhere {
		// What was meant for one host is not for another.
		o.header = without(o.header, "Authorization", "Cookie", "Host")
		for _, h := range r.secretHeaders() {
			o.header = without(o.header, h)
		}
	}
	o.url, a.url = next, next
	return nil
}

func (r *run) secretHeaders() (names []string) {
	for _, q := range r.requests {
		for _, h := range q.Headers {
			if h.Value.IsSecret() {
				names = append(names, h.Name)
			}
		}
	}
	return names
}

func without(header http.Header, names ...string) http.Header {
	header = header.Clone()
	for _, name := range names {
		header.Del(name)
	}
	return header
}

// redirectOf returns where an answer redirects to; empty when it does not.
func redirectOf(resp *http.Response) string {
	switch resp.StatusCode {
	case 301, 302, 303, 307, 308:
		return resp.Header.Get("Location")
	}
	return ""
}

func (r *run) ownHost(host string) bool {
	for _, own := range r.prober.options.OwnHosts {
		if onHost(host, own) {
			return true
		}
	}
	return false
}

// literalPrivate reports whether a host names a private address without a lookup; through a proxy nothing else is seen.
func (r *run) literalPrivate(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return r.prober.private(a)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// publicName reports whether a target counts as public though its address is not seen: behind a proxy, or a transport.
func (r *run) publicName(u *url.URL) bool {
	return (r.route.proxy != nil || r.prober.options.Transport != nil) && strings.Contains(u.Hostname(), ".") && !r.literalPrivate(u.Hostname()) && !r.ownHost(u.Hostname())
}

func (r *run) privateFault(to *url.URL, detail string) *fault {
	if detail != "" {
		detail = " (" + detail + ")"
	}
	f := faultf(probes.ReasonRedirect, "a public target leads to %s, a private address, which is not followed%s", showURL(to), detail)
	f.final = true
	return f
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110, section 10.2.3).
func (a *answer) retryAfter(now time.Time) time.Duration {
	text := strings.TrimSpace(a.header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<32)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

func basic(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}
