package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/browserprobe"
	"mynaprobe/probes/noticeprobe"
)

// maxNoticeRedirects is how many redirects lead to a notice at most.
const maxNoticeRedirects = 5

// fetcher gives a notice probe its way to pages: as an HTTP run of its own, or through the browser.
func (p *Pipeline) fetcher(one probes.Probe) (noticeprobe.Fetch, error) {
	if one.Notice.ThroughBrowser {
		return p.renderer(one), nil
	}
	return func(ctx context.Context, request noticeprobe.Request) (noticeprobe.Page, probes.Result) {
		if leadsInside(one, request) {
			return noticeprobe.Page{}, p.refused(one, request)
		}
		fetched, result := p.http.Fetch(ctx, asHTTP(one, request))
		return noticeprobe.Page{URL: fetched.URL, Status: fetched.Status, Header: fetched.Header, Body: fetched.Body}, result
	}, nil
}

// asHTTP is the HTTP run that fetches one page of a notice probe.
func asHTTP(one probes.Probe, request noticeprobe.Request) probes.Probe {
	n := one.Notice
	headers := n.Headers
	if request.ETag != "" {
		headers = append(headers[:len(headers):len(headers)], probes.Header{Name: "If-None-Match", Value: probes.Value{Text: request.ETag}})
	}
	if request.LastModified != "" {
		headers = append(headers[:len(headers):len(headers)], probes.Header{Name: "If-Modified-Since", Value: probes.Value{Text: request.LastModified}})
	}
	one.Kind, one.Notice, one.Slow = probes.KindHTTP, nil, 0
	one.HTTP = &probes.HTTP{
		Requests: []probes.Request{{
			Name: "fetch", Method: http.MethodGet, URL: request.URL, Headers: headers, MaxRedirects: maxNoticeRedirects,
			Expect: probes.Expect{Status: []probes.StatusRange{{From: 200, To: 299}, {From: http.StatusNotModified, To: http.StatusNotModified}}},
		}},
		TLS: n.TLS, Maintenance: n.Maintenance, MaxBody: n.MaxBody,
	}
	return one
}

// renderer fetches pages that scripts build.
func (p *Pipeline) renderer(one probes.Probe) noticeprobe.Fetch {
	return func(ctx context.Context, request noticeprobe.Request) (noticeprobe.Page, probes.Result) {
		if leadsInside(one, request) {
			return noticeprobe.Page{}, p.refused(one, request)
		}
		start := p.opts.Clock.Now()
		html, final, status, err := p.browser.Render(ctx, request.URL)
		result := probes.Result{Start: start, Duration: probes.Seconds(p.opts.Clock.Now().Sub(start)), Outcome: probes.Up}
		var failed *browserprobe.RenderError
		switch {
		case errors.As(err, &failed):
			result.Fail(failed.Reason, err.Error())
		case err != nil:
			result.Fail(probes.ReasonInternal, err.Error())
		case status >= 400:
			result.Fail(probes.ReasonStatus, fmt.Sprintf("expected status 200 to 299, got %d", status))
		}
		header := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
		return noticeprobe.Page{URL: final, Status: status, Header: header, Body: []byte(html)}, result
	}
}

// leadsInside reports whether a public source links to an address inside of our own network.
func leadsInside(one probes.Probe, request noticeprobe.Request) bool {
	return request.Linked && probes.Polite(one.Host(), nil) && !probes.Polite(hostOf(request.URL), nil)
}

func (p *Pipeline) refused(one probes.Probe, request noticeprobe.Request) probes.Result {
	return probes.Failed(one, p.opts.Clock.Now(), probes.ReasonRedirect,
		fmt.Sprintf("the notice list links to %s, which is inside of our own network; it was not followed", hostOf(request.URL)))
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// PageText fetches the page of a notice and returns its text, a block a line, and the day on which it says it was
// published (zero where it does not say).
func PageText(ctx context.Context, address string) (text string, published time.Time, err error) {
	p, err := New(probes.Set{}, Options{})
	if err != nil {
		return "", published, err
	}
	defer p.Close()
	one := probes.Probe{Name: "notice", Kind: probes.KindNotice, Timeout: 30 * time.Second, Notice: &probes.Notice{URL: address}}
	fetched, result := p.http.Fetch(ctx, asHTTP(one, noticeprobe.Request{URL: address}))
	if !result.Outcome.Good() {
		return "", published, fmt.Errorf("%s could not be read: %s", address, result.Message)
	}
	_, text, published = noticeprobe.PageText(fetched.Body, fetched.Header.Get("Content-Type"), time.Now())
	return text, published, nil
}
