package robots

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const file = `
User-agent: *
Disallow: /private/

User-agent: mynaprobe
Disallow: /form
Allow: /form/help

User-agent: other
Disallow: /
`

type site struct {
	*httptest.Server
	asked  atomic.Int32
	status int
	kind   string
	agent  atomic.Value
}

func serve(t *testing.T, status int, kind, body string) *site {
	s := &site{status: status, kind: kind}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.agent.Store(r.UserAgent())
		w.Header().Set("Content-Type", s.kind)
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func checker(s *site, now *time.Time) *Checker {
	return New("mynaprobe/1 (+https://example.org)", s.Client().Transport, func() time.Time { return *now })
}

func TestRules(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := serve(t, 200, "text/plain", file)
	c := checker(s, &now)
	for path, want := range map[string]bool{
		"/": true, "/private/x": true, "/form": false, "/form?a=b": false, "/form/help": true,
	} {
		if got := c.Check(t.Context(), s.URL+path); got.Allowed != want {
			t.Errorf("%s: allowed %v (%s)", path, got.Allowed, got.Why)
		}
	}
	if got := c.Check(t.Context(), s.URL+"/form?token=x").Why; !strings.HasSuffix(got, "/robots.txt forbids /form to mynaprobe") {
		t.Errorf("why: %q", got)
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	if agent := s.agent.Load(); agent != "mynaprobe/1 (+https://example.org)" {
		t.Errorf("asked as %q", agent)
	}
	now = now.Add(keep)
	c.Check(t.Context(), s.URL)
	if n := s.asked.Load(); n != 2 {
		t.Errorf("asked %d times after a day, want twice", n)
	}
}

func TestHostsWithoutRules(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		kind   string
		why    string
		again  time.Duration
	}{
		"missing":   {404, "text/plain", "has no robots.txt", keep},
		"forbidden": {403, "text/plain", "has no robots.txt", keep},
		"a page":    {200, "text/html; charset=utf-8", "has no robots.txt", keep},
		"trouble":   {503, "text/plain", "status 503", keepUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1e9, 0)
			s := serve(t, test.status, test.kind, "User-agent: *\nDisallow: /")
			c := checker(s, &now)
			if got := c.Check(t.Context(), s.URL+"/x"); !got.Allowed || !strings.Contains(got.Why, test.why) {
				t.Errorf("%+v", got)
			}
			now = now.Add(test.again - time.Second)
			c.Check(t.Context(), s.URL+"/x")
			if n := s.asked.Load(); n != 1 {
				t.Errorf("asked again before %v", test.again)
			}
			now = now.Add(time.Second)
			c.Check(t.Context(), s.URL+"/x")
			if n := s.asked.Load(); n != 2 {
				t.Errorf("not asked again after %v", test.again)
			}
		})
	}
}

func TestUnreachableHostIsNotForbidden(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := serve(t, 200, "text/plain", file)
	s.Close()
	if got := checker(s, &now).Check(t.Context(), s.URL+"/form"); !got.Allowed || !strings.Contains(got.Why, "could not be read") {
		t.Errorf("%+v", got)
	}
}
