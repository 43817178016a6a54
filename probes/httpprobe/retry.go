package httpprobe

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"mynaprobe/probes"
)

// retry makes up to the definition's number of attempts. The library drives them: each of its tries is one attempt of
// ours, redirects, body and judgement included, so that nothing it would do with an answer hides what was seen. It waits
// by our clock, never by Retry-After, and where that asks for more than the definition's wait no more is tried.
func (r *run) retry(q *request, o outgoing) *fault {
	var last *fault
	try := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		last = r.attempt(q, o)
		if last != nil {
			return nil, last
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	})
	client := retryablehttp.Client{
		HTTPClient: &http.Client{Transport: try},
		RetryMax:   r.http.Retry.Attempts - 1,
		CheckRetry: func(ctx context.Context, _ *http.Response, err error) (bool, error) {
			return err != nil && ctx.Err() == nil && !last.final && !r.asksForMore(), nil
		},
		Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(req *http.Request) error {
			return r.prober.clock.Sleep(req.Context(), r.http.Retry.Wait)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	req, err := retryablehttp.NewRequestWithContext(r.ctx, http.MethodGet, o.url.String(), nil)
	if err != nil {
		return faultf(probes.ReasonDefinition, "%v", err)
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
		return nil
	}
	if last == nil {
		return classify(r.ctx, err, r.prober.late(r.ctx), "", 0, r.probe.Timeout, r.host)
	}
	return last
}

// asksForMore reports whether the target asked to be left alone for longer than the wait between two attempts.
func (r *run) asksForMore() bool {
	return r.last != nil && r.last.retryAfter(r.prober.clock.Now()) > r.http.Retry.Wait
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
