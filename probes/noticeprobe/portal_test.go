package noticeprobe_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/httpprobe"
	"mynaprobe/probes/noticeprobe"
	"mynaprobe/probes/portal"
)

// watch makes the runner of a notice probe that reads a portal in process through the real HTTP prober.
func watch(t *testing.T, p *portal.Portal, clock *probes.VirtualClock, n probes.Notice) probes.Runner {
	t.Helper()
	h := httpprobe.New(httpprobe.Options{Clock: clock, Transport: p.RoundTripper(clock)})
	t.Cleanup(h.Close)
	fetcher := func(probe probes.Probe) (noticeprobe.Fetch, error) {
		return func(ctx context.Context, request noticeprobe.Request) (noticeprobe.Page, probes.Result) {
			q := probes.Request{
				Method: http.MethodGet, URL: request.URL, MaxRedirects: 5,
				Expect: probes.Expect{Status: []probes.StatusRange{{From: 200, To: 299}, {From: 304, To: 304}}},
			}
			if request.ETag != "" {
				q.Headers = append(q.Headers, probes.Header{Name: "If-None-Match", Value: probes.Value{Text: request.ETag}})
			}
			probe.HTTP = &probes.HTTP{Requests: []probes.Request{q}, Maintenance: probe.Notice.Maintenance}
			fetched, result := h.Fetch(ctx, probe)
			return noticeprobe.Page{URL: fetched.URL, Status: fetched.Status, Header: fetched.Header, Body: fetched.Body}, result
		}, nil
	}
	runner, err := noticeprobe.New(noticeprobe.Options{Clock: clock, Fetcher: fetcher, Services: func() []string { return n.About }}).Prepare(
		probes.Probe{Name: "notices", Kind: probes.KindNotice, Timeout: 30 * time.Second, Notice: &n})
	if err != nil {
		t.Fatal(err)
	}
	return runner
}

const base = "https://portal.example"

// step is what a look at the portal should show.
type step struct {
	after time.Duration
	// reason of the run; empty when it is up.
	reason probes.Reason
	words  string // in the message
	// items that are listed, and what the notice about the outage announces; "" when it is not there.
	items int
	state probes.AnnouncementState
	ended bool
}

func follow(t *testing.T, p *portal.Portal, n probes.Notice, steps []step) {
	t.Helper()
	clock := probes.NewVirtualClock(p.Start())
	runner := watch(t, p, clock, n)
	for _, s := range steps {
		clock.Set(p.Start().Add(s.after))
		result := runner.Run(t.Context())
		if result.Reason != s.reason || !strings.Contains(result.Message, s.words) {
			t.Errorf("%s after %v: %v %s %q, want %q %q", n.URL, s.after, result.Outcome, result.Reason, result.Message, s.reason, s.words)
			continue
		}
		if s.reason != "" {
			continue
		}
		if len(result.Notice.Items) != s.items {
			t.Errorf("%s after %v: %d items, want %d", n.URL, s.after, len(result.Notice.Items), s.items)
		}
		var found *probes.NoticeItem
		for _, item := range result.Notice.Items {
			if item.Unparsed {
				t.Errorf("%s after %v: unparsed: %q", n.URL, s.after, item.Text)
			}
			if strings.HasSuffix(item.Address, "/info/outage/") {
				found = &item
			}
		}
		if (found == nil) != (s.state == "") {
			t.Errorf("%s after %v: the notice is %v, want %q", n.URL, s.after, found, s.state)
			continue
		}
		if found == nil {
			continue
		}
		if len(found.Announcements) != 1 || found.Announcements[0].State != s.state || len(found.Announcements[0].Windows) != 1 {
			t.Errorf("%s after %v: %+v from %q, want %s", n.URL, s.after, found.Announcements, found.Text, s.state)
			continue
		}
		window := found.Announcements[0].Windows[0]
		if begin := p.Start().Add(time.Minute); window.Start == nil || !window.Start.Equal(begin) || (window.End != nil) != s.ended {
			t.Errorf("%s after %v: window %+v", n.URL, s.after, window)
		}
	}
}

func TestAgainstThePortal(t *testing.T) {
	script, err := portal.LoadScript("test.yaml", []byte(`title: test
length: 1h
site: { name: 試験ポータル, service: 試験カード }
flow: { name: test, services: [試験カード], critical: [portal] }
notices:
  - { id: old, at: -240h, title: 試験カードの対応機種を追加しました, text: 対応する機種を追加しました。 }
events:
  - at: 2m
    say: notice appears
    publish:
      - { id: outage, title: 【障害】試験カードの申請について, text: '{{at "1m" "2006年1月2日15時04分"}}から、試験カードの申請ができない障害が発生しております。現在、復旧作業中です。' }
  - at: 5m
    say: notice is edited
    edit:
      - { id: outage, title: 【復旧】試験カードの申請について, text: '{{at "1m" "2006年1月2日15時04分"}}から{{at "4m" "15時04分"}}まで、試験カードの申請ができない障害が発生しておりましたが、復旧しました。' }
  - { at: 10m, say: withdrawn, withdraw: [outage] }
  - { at: 15m, say: emptied, stages: { notices: empty, feed: empty } }
  - { at: 20m, say: other layout, stages: { notices: layout, feed: broken } }
  - { at: 25m, say: all is well, stages: { notices: normal, feed: normal } }
  - { at: 30m, say: out, stages: { notices: { state: status, status: 503 }, feed: hang } }
  - { at: 35m, say: maintenance, stages: { notices: maintenance, feed: blocked } }
  - { at: 40m, say: all is well, stages: { notices: normal, feed: normal } }
`))
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(script, portal.Options{Start: time.Date(2026, 4, 1, 9, 0, 0, 0, jst)})
	about := []string{"試験カード"}
	common := func(empty, layout, out, maintenance step) []step {
		empty.after, layout.after, out.after, maintenance.after = 16*time.Minute, 21*time.Minute, 31*time.Minute, 36*time.Minute
		return []step{
			{after: 0, items: 1},
			{after: time.Minute, items: 1},
			{after: 3 * time.Minute, items: 2, state: probes.Ongoing},
			{after: 4 * time.Minute, items: 2, state: probes.Ongoing},
			{after: 6 * time.Minute, items: 2, state: probes.Resolved, ended: true},
			{after: 11 * time.Minute, items: 1},
			empty, layout,
			{after: 26 * time.Minute, items: 1},
			out, maintenance,
			{after: 41 * time.Minute, items: 1},
		}
	}
	out, maintenance := step{reason: probes.ReasonStatus}, step{reason: probes.ReasonMaintenance}
	patterns := probes.Patterns{Title: []string{"メンテナンス中"}}
	emptied := step{reason: probes.ReasonContent, words: "is empty"}

	// A list that is guessed is found in the other layout too.
	follow(t, p, probes.Notice{URL: base + "/info/", MinItems: 1, Follow: true, About: about, Maintenance: patterns},
		common(emptied, step{items: 1}, out, maintenance))
	// One that is told by selectors is not, and says so.
	follow(t, p, probes.Notice{URL: base + "/info/", MinItems: 1, Follow: true, Item: "dl.notices .notice", Title: "dd a", Link: "dd a", Date: "time", Content: ".text", Maintenance: patterns},
		common(step{reason: probes.ReasonSelector, words: "matches nothing"}, step{reason: probes.ReasonSelector, words: `the item selector "dl.notices .notice" matches nothing`}, out, maintenance))
	follow(t, p, probes.Notice{URL: base + "/rss/news.xml", MinItems: 1, About: about},
		common(emptied, step{reason: probes.ReasonContent, words: "the feed cannot be read"}, step{reason: probes.ReasonTimeout}, step{reason: probes.ReasonBlocked}))
	follow(t, p, probes.Notice{URL: base + "/api/notices.json", MinItems: 1, Item: "$.notices[*]", About: about},
		common(step{reason: probes.ReasonSelector}, step{reason: probes.ReasonSelector, words: "the item path $.notices[*] leads to nothing"}, out, step{reason: probes.ReasonStatus}))
}

func TestTheIncidentOf20251030(t *testing.T) {
	script, err := portal.Bundled("iphone-2025-10-30")
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(script, portal.Options{})
	clock := probes.NewVirtualClock(p.Start())
	start := time.Date(2025, 10, 30, 8, 50, 0, 0, jst)
	end := time.Date(2025, 10, 31, 18, 50, 0, 0, jst)
	for _, source := range []string{"/info/", "/rss/news.xml"} {
		runner := watch(t, p, clock, probes.Notice{URL: base + source, MinItems: 1, Follow: source == "/info/", About: script.Flow.Services})
		for at := p.Start(); at.Before(p.End()); at = at.Add(30 * time.Minute) {
			clock.Set(at)
			result := runner.Run(t.Context())
			if result.Outcome != probes.Up {
				t.Fatalf("%s at %v: %v %s", source, at, result.Outcome, result.Message)
			}
			ongoing := 0
			for _, item := range result.Notice.Items {
				if item.Unparsed {
					t.Errorf("%s at %v: unparsed %q", source, at, item.Title)
				}
				for _, a := range item.Announcements {
					if !slices.Contains(a.Services, "iPhoneのマイナンバーカード") || slices.ContainsFunc(a.Services, func(s string) bool { return strings.Contains(s, "Android") }) {
						t.Errorf("%s at %v: %s is about %q", source, at, item.Title, a.Services)
					}
					if a.State == probes.Ongoing {
						ongoing++
					}
					for _, w := range a.Windows {
						if !w.Start.Equal(start) || !w.Approximate || w.End != nil && !w.End.Equal(end) || (w.End == nil) != (a.State == probes.Ongoing) {
							t.Errorf("%s at %v: %s %s gives %v to %v", source, at, item.Title, a.State, w.Start, w.End)
						}
					}
				}
			}
			want := 0
			if noticed := start.Add(4*time.Hour + 10*time.Minute); !at.Before(noticed) && at.Before(end.Add(20*time.Minute)) {
				want = 1
			}
			if ongoing != want {
				t.Errorf("%s at %v: %d ongoing outages of the card, want %d", source, at, ongoing, want)
			}
			if t.Failed() {
				return
			}
		}
	}
}
