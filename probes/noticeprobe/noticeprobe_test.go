package noticeprobe_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/noticeprobe"
)

var jst = time.FixedZone("JST", 9*3600)

// now is when the tests' runs take place, unless they move their clock.
var now = time.Date(2025, 11, 5, 12, 0, 0, 0, jst)

// A web answers requests from a map of addresses to answers.
type web struct {
	clock *probes.VirtualClock
	pages map[string]answer
	// asked are the requests in order.
	asked []noticeprobe.Request
}

type answer struct {
	body, contentType, etag string
	status                  int
	fail                    probes.Reason
	after, retryAfter       time.Duration
}

func newWeb(pages map[string]answer) *web {
	return &web{clock: probes.NewVirtualClock(now), pages: pages}
}

func (w *web) fetch(ctx context.Context, request noticeprobe.Request) (noticeprobe.Page, probes.Result) {
	w.asked = append(w.asked, request)
	a, ok := w.pages[request.URL]
	if !ok {
		a = answer{status: 404, fail: probes.ReasonStatus}
	}
	result := probes.Result{Outcome: probes.Up, RetryAfter: probes.Seconds(a.retryAfter), Looks: &probes.Looks{}}
	if err := w.clock.Sleep(ctx, a.after); err != nil {
		result.Fail(probes.ReasonTimeout, "it took too long")
		return noticeprobe.Page{}, result
	}
	page := noticeprobe.Page{URL: request.URL, Status: a.status, Body: []byte(a.body), Header: http.Header{}}
	if page.Status == 0 {
		page.Status = 200
	}
	if a.contentType != "" {
		page.Header.Set("Content-Type", a.contentType)
	}
	if a.etag != "" {
		page.Header.Set("ETag", a.etag)
		if request.ETag == a.etag {
			page.Status, page.Body = http.StatusNotModified, nil
		}
	}
	if a.fail != "" {
		result.Fail(a.fail, "the server said no")
	}
	return page, result
}

const listURL = "https://example.jp/info/"

// prepare makes a runner of a definition; fields that are not set get the usual values.
func (w *web) prepare(t *testing.T, n probes.Notice) probes.Runner {
	t.Helper()
	if n.URL == "" {
		n.URL = listURL
	}
	if n.MinItems == 0 {
		n.MinItems = 1
	}
	p := noticeprobe.New(noticeprobe.Options{
		Clock: w.clock, Fetcher: func(probes.Probe) (noticeprobe.Fetch, error) { return w.fetch, nil },
	})
	runner, err := p.Prepare(probes.Probe{Name: "news", Flow: "card", Stage: "notices", Kind: probes.KindNotice, Timeout: 30 * time.Second, Notice: &n})
	if err != nil {
		t.Fatal(err)
	}
	return runner
}

// run runs a definition once over one body.
func run(t *testing.T, n probes.Notice, body, contentType string) probes.Result {
	t.Helper()
	w := newWeb(map[string]answer{})
	if n.URL == "" {
		n.URL = listURL
	}
	w.pages[n.URL] = answer{body: body, contentType: contentType}
	return w.prepare(t, n).Run(t.Context())
}

// shown is what a test compares of an item.
func shown(item probes.NoticeItem) string {
	date := "-"
	if !item.Published.IsZero() {
		date = item.Published.In(jst).Format("2006-01-02 15:04")
	}
	address := strings.TrimPrefix(item.Address, "https://example.jp")
	if u, err := url.Parse(address); err == nil && u.Fragment != "" {
		u.Fragment = "*"
		address = u.String()
	}
	return date + " | " + address + " | " + item.Title
}

func compare(t *testing.T, result probes.Result, want ...string) {
	t.Helper()
	if result.Looks != nil {
		t.Error("a list is no matter of looks")
	}
	if result.Outcome != probes.Up {
		t.Errorf("outcome %v (%s): %s", result.Outcome, result.Reason, result.Message)
	}
	if result.Notice == nil {
		t.Fatal("no notice result")
	}
	var got []string
	for _, item := range result.Notice.Items {
		got = append(got, shown(item))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
