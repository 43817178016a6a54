package browserprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"mynaprobe/probes"
)

// A summary is what the last page of a journey showed.
type summary struct {
	URL     string     `json:"url"`
	Title   string     `json:"title"`
	Text    string     `json:"text"`
	Length  int        `json:"length"`
	Matched []string   `json:"matched"`
	Vitals  pageVitals `json:"vitals"`
}

// loadOut gives the last page a moment to finish loading, so that its requests and vitals are whole. A page that never
// does costs no more than that.
func (j *journey) loadOut() {
	limit := 2 * time.Second
	if deadline, ok := j.ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/4)
	}
	ctx, cancel := context.WithTimeout(j.ctx, limit)
	defer cancel()
	_ = j.visit.wait(ctx, func() bool { return j.tab.loaded || j.tab.closed })
}

// summarize reads the page as it is at the end. What a page that hangs does not give is left empty.
func (j *journey) summarize(ctx context.Context, selectors []string) summary {
	var s summary
	if selectors == nil {
		selectors = []string{}
	}
	ctx, cancel := context.WithTimeout(ctx, max(j.grace, 100*time.Millisecond))
	defer cancel()
	_ = j.visit.call(ctx, j.tab.frame, "summary", func() []any { return []any{selectors, maxText} }, &s)
	if strings.HasPrefix(s.URL, "chrome-error:") {
		return summary{} // the browser's words, not the target's
	}
	return s
}

// measure writes what was counted into the result.
func (j *journey) measure(b *probes.BrowserResult, s summary) {
	v := j.visit
	v.mu.Lock()
	defer v.mu.Unlock()
	v.vitals.add(s.Vitals)
	b.Vitals, b.LayoutShift, b.Phases = v.vitals.seconds(), v.vitals.shift, v.vitals.phases
	b.FinalURL, b.Title = shownURL(j.tab.url), clip(s.Title, 200)
	if doc := v.traffic.document(string(j.tab.loader)); doc != nil && doc.response != nil {
		b.Status = int(doc.response.Status)
	}
	b.Requests = v.traffic.counts()
	b.FailedRequests = v.traffic.failed(10)
	b.TransferBytes = v.traffic.bytes
	b.ConsoleErrors, b.PageErrors = v.consoleErrors, v.pageErrors
}

// judge concludes from the journey: err is why a step failed, nil when none did.
func (r *runner) judge(j *journey, result *probes.Result, s summary, err error) {
	result.TextLength = s.Length
	status, header := j.lastAnswer()
	if at, ok := retryAfter(header, result.Start); ok {
		result.RetryAfter = probes.Seconds(at)
	}
	if why, ok := matches(r.probe.Browser.Maintenance, status, s); ok {
		result.Fail(probes.ReasonMaintenance, "the target says that it is under maintenance: "+why+" at "+shownURL(or(s.URL, r.target)))
		return
	}
	if err == nil {
		err = r.afterwards(j)
	}
	if err == nil {
		if r.probe.Slow > 0 && result.Duration.Duration() > r.probe.Slow {
			result.Fail(probes.ReasonSlow, fmt.Sprintf("the journey took %s, more than %s", round(result.Duration.Duration()), r.probe.Slow))
			return
		}
		result.Outcome = probes.Up
		return
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{reason: probes.ReasonInternal, text: err.Error()}
	}
	text := f.text
	var at *stepError
	index := 0
	if errors.As(err, &at) {
		index = at.index
		step := r.probe.Browser.Steps[index]
		text = fmt.Sprintf("step %d of %d, %s: %s", index+1, len(r.probe.Browser.Steps), step.Name, text)
	}
	if f.reason == probes.ReasonTLS {
		text += certificate(r.host, j.tab.url, r.probe.Browser.Steps[index].Value.Text)
	}
	if f.reason.Outcome() == probes.Down {
		if mark, refused := probes.Refusal(status, header, s.Title, s.Text); refused {
			result.Fail(probes.ReasonBlocked, fmt.Sprintf("%s turned us away as a robot (%s): %s", result.Host, mark, text))
			return
		}
	}
	phrase, trouble := probes.Trouble(probes.Fold(s.Text))
	if trouble {
		text += fmt.Sprintf("; the page says %q", phrase)
	}
	result.Fail(f.reason, text)
	if f.looks && !trouble && r.onlyLooked(index) && status >= 200 && status < 300 && r.expectedHost(j, s.URL) {
		result.Looks = &probes.Looks{Failed: []string{f.missing}}
	}
}

// onlyLooked reports whether no step acted on the page before the one that failed, and that one may be forgiven.
func (r *runner) onlyLooked(failed int) bool {
	for i, s := range r.probe.Browser.Steps[:failed+1] {
		if i < failed && s.Interacts() || i == failed && s.Must {
			return false
		}
	}
	return true
}

func (r *runner) expectedHost(j *journey, at string) bool {
	u, err := url.Parse(at)
	return err == nil && (u.Hostname() == r.host || j.visit.setup.party(u.Hostname()) == probes.FirstParty)
}

// afterwards judges what all steps passed over: requests and scripts that failed, where the definition minds.
func (r *runner) afterwards(j *journey) error {
	b := r.probe.Browser
	v := j.visit
	v.mu.Lock()
	defer v.mu.Unlock()
	if b.FailOnScriptError && v.pageErrors > 0 {
		return &failure{reason: reasonScript, text: fmt.Sprintf("%d uncaught errors in the page's scripts, first: %s", v.pageErrors, clip(v.pageError, 200))}
	}
	for _, req := range v.traffic.requests {
		if req.state != probes.RequestFailed {
			continue
		}
		own := false
		switch req.kind {
		case network.ResourceTypeScript, network.ResourceTypeStylesheet, network.ResourceTypeXHR, network.ResourceTypeFetch:
			own = req.party == probes.FirstParty
		}
		if own && b.FailOnFirstParty || req.party == probes.ThirdParty && b.FailOnThirdParty {
			return req.asFailure()
		}
	}
	return nil
}

// asFailure is the failure of a part of a page.
func (r *request) asFailure() error {
	what := fmt.Sprintf("all steps passed, but %s of the %s party failed: %s", kindWords(r.kind), r.party, shownURL(r.sent.URL))
	if r.response != nil && r.response.Status >= 400 {
		return &failure{reason: probes.ReasonStatus, text: what + " answered " + statusLine(r.response.Status, r.response.StatusText)}
	}
	var net *failure
	if errors.As(netFailure(r.problem, r.sent.URL), &net) && net.reason.Outcome() == probes.Down {
		return &failure{reason: net.reason, text: what + ": " + net.text}
	}
	return &failure{reason: probes.ReasonProtocol, text: what + " (" + r.problem + ")"}
}

// kindWords names a kind of request.
func kindWords(kind network.ResourceType) string {
	switch kind {
	case network.ResourceTypeXHR, network.ResourceTypeFetch:
		return "a request for data"
	case network.ResourceTypeStylesheet:
		return "a style sheet"
	case network.ResourceTypeImage, network.ResourceTypeOther:
		return "an " + strings.ToLower(string(kind))
	}
	return "a " + strings.ToLower(string(kind))
}

// statusLine is a status with its usual words; HTTP/2 sends none (RFC 9113, section 8.3.2).
func statusLine(status int64, text string) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, or(text, http.StatusText(int(status)))))
}

// lastAnswer is the status and header of the last document that was answered, shown or not.
func (j *journey) lastAnswer() (int, http.Header) {
	v := j.visit
	v.mu.Lock()
	defer v.mu.Unlock()
	doc := v.traffic.document(string(j.tab.loader))
	for i := len(v.traffic.requests) - 1; (doc == nil || doc.response == nil) && i >= 0; i-- {
		if v.traffic.requests[i].kind == network.ResourceTypeDocument {
			doc = v.traffic.requests[i]
		}
	}
	if doc == nil || doc.response == nil {
		return 0, nil
	}
	header := http.Header{}
	for name, value := range doc.response.Headers {
		for line := range strings.SplitSeq(fmt.Sprint(value), "\n") {
			header.Add(name, line)
		}
	}
	return int(doc.response.Status), header
}

// retryAfter reads the header of RFC 9110, section 10.2.3.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now), true
	}
	return 0, false
}

// matches reports whether the page is one that the patterns tell, and by which.
func matches(p probes.Patterns, status int, s summary) (why string, ok bool) {
	for _, r := range p.Status {
		if r.Contains(status) {
			return fmt.Sprintf("status %d", status), true
		}
	}
	for _, t := range p.Title {
		if s.Title != "" && probes.ContainsFolded(s.Title, t) {
			return fmt.Sprintf("the title has %q", t), true
		}
	}
	for _, t := range p.Text {
		if s.Text != "" && probes.ContainsFolded(s.Text, t) {
			return fmt.Sprintf("the text %q", t), true
		}
	}
	if len(s.Matched) > 0 {
		return "the element " + s.Matched[0], true
	}
	return "", false
}

// certificate describes what the server shows for a certificate, since Chrome does not tell: on a failure its expiry,
// names and issuer are what one needs to know. Empty when it cannot be had.
func certificate(host string, addresses ...string) string {
	address := net.JoinHostPort(host, "443")
	for _, a := range addresses {
		if u, err := url.Parse(a); err == nil && u.Scheme == "https" {
			host, address = u.Hostname(), net.JoinHostPort(u.Hostname(), or(u.Port(), "443"))
		}
	}
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Second},
		Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}} //nolint:gosec // only to describe it; nothing is sent
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return ""
	}
	defer conn.Close()
	certs := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return ""
	}
	c := certs[0]
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return fmt.Sprintf("; its certificate is for %s, by %s, valid from %s until %s", strings.Join(names, ", "), or(c.Issuer.CommonName, c.Issuer.String()),
		c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateOnly))
}
