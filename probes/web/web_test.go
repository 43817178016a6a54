package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/probes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var jst = time.FixedZone("JST", 9*3600)

// t0 is when everything in these tests happens.
var t0 = time.Date(2025, 10, 31, 9, 0, 0, 0, jst)

func before(d time.Duration) time.Time { return t0.Add(-d) }

func ptr[T any](v T) *T { return &v }

// fakeSource is a prober in the middle of an incident.
type fakeSource struct {
	set       probes.Set
	last      map[string]*probes.Result
	trouble   map[string]*probes.Result
	ring      []probes.Result
	flows     map[string]probes.Outcome
	windows   []probes.Window
	revisions []probes.NoticeRevision
	broken    error // what the store answers
	reload    error
	ready     error
	runNow    func(ctx context.Context, name string) (probes.Result, bool)

	mu      sync.Mutex
	reloads int
	marks   []probes.Mark
	filter  probes.WindowFilter // the last one that was asked for
}

func (f *fakeSource) Set() probes.Set                                  { return f.set }
func (f *fakeSource) Last(name string) (_, _ *probes.Result)           { return f.last[name], f.trouble[name] }
func (f *fakeSource) Trouble() []probes.Result                         { return f.ring }
func (f *fakeSource) FlowOutcome(n string, _ time.Time) probes.Outcome { return f.flows[n] }
func (f *fakeSource) Ready() error                                     { return f.ready }

func (f *fakeSource) Windows(_ context.Context, filter probes.WindowFilter) ([]probes.Window, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	var found []probes.Window
	for _, w := range f.windows {
		if filter.Matches(w) {
			found = append(found, w)
		}
	}
	return found, f.broken
}

func (f *fakeSource) Revisions(_ context.Context, filter probes.WindowFilter) ([]probes.NoticeRevision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	return f.revisions, f.broken
}

func (f *fakeSource) Calendar(_ context.Context, filter probes.WindowFilter) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	return []byte("BEGIN:VCALENDAR\r\n"), f.broken
}

func (f *fakeSource) RunNow(ctx context.Context, name string) (probes.Result, bool) {
	return f.runNow(ctx, name)
}

func (f *fakeSource) Mark(_ context.Context, id string, mark probes.Mark) error {
	if id != "w1" {
		return errors.New("there is no window " + id)
	}
	f.marks = append(f.marks, mark)
	return nil
}

func (f *fakeSource) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reloads++
	return f.reload
}

// incident is 2025-10-31 at nine: pages are up, the application form is not, and a notice says so.
func incident() *fakeSource {
	httpProbe := func(name, stage string) probes.Probe {
		return probes.Probe{
			Name: name, Flow: "iphone-card", Stage: stage, Kind: probes.KindHTTP, Every: time.Minute, Timeout: 10 * time.Second,
			HTTP: &probes.HTTP{Requests: []probes.Request{{URL: "https://user:word@myna.example/" + name + "?key=secret"}}},
		}
	}
	form := probes.Probe{
		Name: "apply-form", Flow: "iphone-card", Stage: "apply", Kind: probes.KindBrowser, Every: 5 * time.Minute, Timeout: time.Minute,
		Browser: &probes.Browser{Steps: []probes.Step{{Action: probes.ActionOpen, Value: probes.Value{Text: "https://apply.example/form"}}}},
	}
	news := probes.Probe{
		Name: "agency-news", Flow: "iphone-card", Stage: "notices", Kind: probes.KindNotice, Every: 5 * time.Minute, Timeout: 10 * time.Second,
		Notice: &probes.Notice{URL: "https://news.example/rss"},
	}
	reference := httpProbe("reference-a", "")
	reference.Flow, reference.Reference = "", true
	loner := httpProbe("loner", "")
	loner.Flow = ""
	off := httpProbe("switched-off", "portal")
	off.Disabled = true
	android := httpProbe("android-guide", "guide")
	android.Flow = "android-card"
	f := &fakeSource{
		set: probes.Set{
			Flows: []probes.Flow{
				{
					Name: "iphone-card", Title: "iPhoneのマイナンバーカード", Critical: []string{"portal", "apply"}, Services: []string{"iPhoneのマイナンバーカード"},
					Stages: []probes.Stage{{Name: "portal", Title: "マイナポータル"}, {Name: "apply", Title: "申請"}, {Name: "notices", Title: "お知らせ"}},
				},
				{Name: "android-card", Title: "Androidのマイナンバーカード"},
			},
			Probes: []probes.Probe{httpProbe("portal-top", "portal"), httpProbe("portal-stale", "portal"), form, news, android, loner, reference, off},
		},
		last: map[string]*probes.Result{}, trouble: map[string]*probes.Result{},
		flows: map[string]probes.Outcome{"iphone-card": probes.Down, "android-card": probes.Up},
	}
	result := func(name string, ago time.Duration) *probes.Result {
		i := slices.IndexFunc(f.set.Probes, func(p probes.Probe) bool { return p.Name == name })
		p := f.set.Probes[i]
		return &probes.Result{
			Probe: p.Name, Flow: p.Flow, Stage: p.Stage, Kind: p.Kind, Trigger: probes.TriggerSchedule, Start: before(ago),
			Duration: probes.Seconds(420 * time.Millisecond), Outcome: probes.Up, Target: p.Target(),
		}
	}
	for _, name := range []string{"portal-top", "agency-news", "android-guide", "loner", "reference-a"} {
		f.last[name] = result(name, 20*time.Second)
	}
	f.last["portal-stale"] = result("portal-stale", 3*time.Hour)
	down := result("apply-form", time.Minute)
	down.Fail(probes.ReasonContent, `step "submit" failed: "受付を完了しました" is not on the page <script>alert(1)</script>`)
	down.Evidence = &probes.Evidence{Path: "apply-form/20251030T235900Z"}
	f.last["apply-form"], f.trouble["apply-form"] = down, down
	slow := result("portal-top", 5*time.Hour)
	slow.Fail(probes.ReasonSlow, "took 4.1 s, the limit is 3 s")
	f.trouble["portal-top"] = slow
	f.ring = []probes.Result{*slow, *down}

	start := time.Date(2025, 10, 30, 8, 50, 0, 0, jst)
	notice := "https://news.example/notices/1"
	f.windows = []probes.Window{
		{
			ID: "w1", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone-card", Start: before(5 * 24 * time.Hour), StartNotBefore: ptr(before(5*24*time.Hour + time.Minute)),
			End: ptr(before(5*24*time.Hour - 3*time.Hour)), EndNotBefore: ptr(before(5*24*time.Hour - 3*time.Hour + 2*time.Minute)), Reason: probes.ReasonStatus,
			Marks: []probes.Mark{{As: "maintenance", Note: "they told us", By: "ops", At: t0}},
		},
		{
			ID: "w2", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "iphone-card", Start: start, Approximate: true,
			Message: "iPhoneのマイナンバーカードの申請ができない事象について", Notice: &notice,
		},
		{
			ID: "w3", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone-card", Start: start.Add(4 * time.Minute), StartNotBefore: ptr(start.Add(-time.Minute)),
			Reason: probes.ReasonContent, Message: "apply-form: 受付を完了しました is not on the page", Probes: []string{"apply-form"}, RunsDown: 280, Unobserved: probes.Seconds(11 * time.Minute),
		},
		{
			ID: "w4", Source: probes.Foretold, Scope: probes.ScopeFlow, Name: "android-card", Start: t0.Add(36 * time.Hour), End: ptr(t0.Add(40 * time.Hour)), Message: "定期メンテナンス",
		},
	}
	item := probes.NoticeItem{
		Address: notice, Title: "iPhoneのマイナンバーカードの申請ができない事象について", Published: before(24 * time.Hour), About: true,
		Announcements: []probes.Announcement{{Kind: probes.AnnouncedOutage, State: probes.Ongoing}},
	}
	other := item
	other.About, other.Title = false, "調達情報"
	hostile := probes.NoticeItem{Address: "javascript:alert(1)", Title: "障害のお知らせ <b>重要</b>", About: true, Unparsed: true}
	f.revisions = []probes.NoticeRevision{
		{Probe: "agency-news", Change: probes.NoticeNew, Seen: before(20 * time.Hour), Item: item},
		{Probe: "agency-news", Change: probes.NoticeNew, Seen: before(10 * time.Hour), Item: other},
		{Probe: "agency-news", Change: probes.NoticeEdited, Seen: before(2 * time.Hour), Item: item},
		{Probe: "agency-news", Change: probes.NoticeNew, Seen: before(time.Hour), Item: hostile},
	}
	return f
}

// newServer is a server over a source at t0.
func newServer(source *fakeSource, change ...func(*Options)) *Server {
	options := Options{
		Source: source, Now: func() time.Time { return t0 }, TimeZone: jst, Version: "1.2.3", Location: "tokyo",
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "probe_outcome 4") }),
		OneShot: func(results []probes.Result) ([]byte, error) {
			return fmt.Appendf(nil, "probe_outcome{probe=%q} %d\n", results[0].Probe, results[0].Outcome), nil
		},
	}
	for _, c := range change {
		c(&options)
	}
	return New(options)
}

type reply struct {
	*httptest.ResponseRecorder
}

// ask sends a request; header holds names and values by turns.
func ask(s *Server, method, target string, header ...string) reply {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return reply{w}
}

func (r reply) want(t *testing.T, status int, texts ...string) reply {
	t.Helper()
	if r.Code != status {
		t.Errorf("answered with %d, want %d: %s", r.Code, status, r.Body)
	}
	for _, text := range texts {
		if !strings.Contains(r.Body.String(), text) {
			t.Errorf("the answer lacks %q:\n%s", text, r.Body)
		}
	}
	return r
}

func (r reply) lacks(t *testing.T, texts ...string) reply {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.Body.String(), text) {
			t.Errorf("the answer holds %q:\n%s", text, r.Body)
		}
	}
	return r
}

func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var value T
	if got := r.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("the answer is %q, want JSON", got)
	}
	if err := json.Unmarshal(r.Body.Bytes(), &value); err != nil {
		t.Fatalf("%v:\n%s", err, r.Body)
	}
	return value
}

func TestAPIProbes(t *testing.T) {
	s := newServer(incident())
	r := ask(s, "GET", "/api/v1/probes").want(t, 200).lacks(t, "word", "secret")
	all := decode[struct {
		Flows  []apiFlow
		Probes []struct {
			Name, Target, Outcome, Reason string
			Every                         float64    `json:"every_seconds"`
			LastRun                       *time.Time `json:"last_run"`
			Fresh, Disabled, Reference    bool
		}
	}](t, r)
	if len(all.Flows) != 2 || all.Flows[0].Outcome != probes.Down || len(all.Probes) != 8 {
		t.Fatalf("%+v", all)
	}
	for _, p := range all.Probes {
		want := map[string]string{"apply-form": "down", "portal-stale": "unknown", "switched-off": "unknown"}[p.Name]
		if p.Outcome != cmp.Or(want, "up") {
			t.Errorf("%s is %s", p.Name, p.Outcome)
		}
		if (p.Name == "portal-stale" || p.Name == "switched-off") == p.Fresh || p.Disabled != (p.Name == "switched-off") {
			t.Errorf("%s: fresh %v, disabled %v", p.Name, p.Fresh, p.Disabled)
		}
		if p.Name == "portal-top" && (p.Target != "https://myna.example/portal-top" || p.Every != 60 || !p.LastRun.Equal(before(20*time.Second))) {
			t.Errorf("%+v", p)
		}
	}
	one := decode[struct {
		Flows  []apiFlow
		Probes []apiProbe
	}](t, ask(s, "GET", "/api/v1/probes?flow=android-card").want(t, 200))
	if len(one.Flows) != 1 || len(one.Probes) != 1 {
		t.Errorf("of one flow: %+v", one)
	}
}

func TestAPIResults(t *testing.T) {
	s := newServer(incident())
	type answer struct {
		Results []apiResult
		NotUp   []probes.Result `json:"not_up"`
	}
	all := decode[answer](t, ask(s, "GET", "/api/v1/results").want(t, 200))
	if len(all.Results) != 7 || len(all.NotUp) != 2 {
		t.Fatalf("%d results, %d not up", len(all.Results), len(all.NotUp))
	}
	one := decode[answer](t, ask(s, "GET", "/api/v1/results?probe=portal-top").want(t, 200))
	if len(one.Results) != 1 || one.Results[0].Last.Outcome != probes.Up || one.Results[0].LastNotUp.Reason != probes.ReasonSlow || len(one.NotUp) != 1 {
		t.Errorf("%+v", one)
	}
	never := decode[answer](t, ask(s, "GET", "/api/v1/results?probe=loner").want(t, 200, `"last_not_up":null`))
	if len(never.NotUp) != 0 {
		t.Errorf("%+v", never.NotUp)
	}
	ask(s, "GET", "/api/v1/results?probe=nobody").want(t, 404, "nobody")
}

func TestAPIOutages(t *testing.T) {
	source := incident()
	s := newServer(source)
	ids := func(query string) string {
		t.Helper()
		var found []string
		for _, w := range decode[struct{ Outages []probes.Window }](t, ask(s, "GET", "/api/v1/outages"+query).want(t, 200)).Outages {
			found = append(found, w.ID)
		}
		return strings.Join(found, " ")
	}
	for query, want := range map[string]string{
		"":                                "w1 w2 w3 w4",
		"?open=true":                      "w2 w3",
		"?flow=android-card":              "w4",
		"?source=observed":                "w1 w3",
		"?source=announced&open=1":        "w2",
		"?at=2025-10-30T08:52:00%2B09:00": "w2 w3",
		"?at=2025-10-30T08:52:00+09:00":   "w2 w3", // a plus sign as people write it
		"?at=2025-10-30T08:52":            "w2 w3", // in the zone of the pages
		"?at=2025-10-29":                  "",
		"?since=48h&until=2025-10-31":     "w2 w3",
		"?scope=probe":                    "",
	} {
		if got := ids(query); got != want {
			t.Errorf("%q gives %q, want %q", query, got, want)
		}
	}
	ask(s, "GET", "/api/v1/outages?scope=probe").want(t, 200, `{"outages":[]}`)
	ask(s, "GET", "/api/v1/outages").want(t, 200, `"start":"2025-10-30T08:54:00+09:00"`, `"end":null`)
	for query, want := range map[string]string{
		"?from=2025-10-30": `\"from\"`, "?since=yesterday": "since", "?source=rumour": "observed, announced, planned, prober",
		"?open=maybe": "open", "?a;b": "parameters",
	} {
		r := ask(s, "GET", "/api/v1/outages"+query).want(t, 400, want)
		decode[struct{ Error string }](t, r)
	}
	source.broken = errors.New("/var/lib/secret/path is broken")
	ask(s, "GET", "/api/v1/outages").want(t, 500, `"error"`).lacks(t, "secret")
	ask(s, "GET", "/api/v1/notices").want(t, 500, `"error"`).lacks(t, "secret")
	ask(s, "GET", "/api/v2/outages").want(t, 404, "/api/v1/outages")
}

func TestAPINotices(t *testing.T) {
	source := incident()
	s := newServer(source)
	all := decode[struct{ Notices []probes.NoticeRevision }](t, ask(s, "GET", "/api/v1/notices?probe=agency-news&since=24h").want(t, 200))
	if len(all.Notices) != 4 || all.Notices[2].Change != probes.NoticeEdited {
		t.Errorf("%+v", all)
	}
	if source.filter.Probe != "agency-news" || !source.filter.Since.Equal(before(24*time.Hour)) {
		t.Errorf("asked for %+v", source.filter)
	}
	source.revisions = nil
	ask(s, "GET", "/api/v1/notices").want(t, 200, `{"notices":[]}`)
}

func TestCalendar(t *testing.T) {
	source := incident()
	s := newServer(source)
	r := ask(s, "GET", "/outages.ics?flow=iphone-card").want(t, 200, "BEGIN:VCALENDAR")
	if got := r.Header().Get("Content-Type"); got != "text/calendar; charset=utf-8" || source.filter.Flow != "iphone-card" {
		t.Errorf("%s, %+v", got, source.filter)
	}
	ask(s, "GET", "/outages.ics?flaw=x").want(t, 400, "flaw")
	source.broken = errors.New("broken")
	ask(s, "GET", "/outages.ics").want(t, 500)
}

func TestHealthAndReload(t *testing.T) {
	source := incident()
	s := newServer(source)
	ask(s, "GET", "/metrics").want(t, 200, "probe_outcome 4")
	ask(s, "GET", "/-/healthy").want(t, 200)
	ask(s, "GET", "/-/ready").want(t, 200)
	source.ready = errors.New("old windows are being read")
	ask(s, "GET", "/-/ready").want(t, 503, "old windows are being read")
	ask(s, "GET", "/-/healthy").want(t, 200)

	ask(s, "GET", "/-/reload").want(t, 405)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		ask(s, "POST", "/-/reload", header...).want(t, 403)
	}
	if source.reloads != 0 {
		t.Fatal("another site made us reload")
	}
	ask(s, "POST", "/-/reload").want(t, 200) // curl
	ask(s, "POST", "/-/reload", "Sec-Fetch-Site", "same-origin").want(t, 200)
	source.reload = errors.New("a.yaml:3:5: unknown key")
	ask(s, "POST", "/-/reload").want(t, 500, "a.yaml:3:5: unknown key", "old ones stay in force")
	if source.reloads != 3 {
		t.Errorf("%d reloads, want 3", source.reloads)
	}
}

func TestMark(t *testing.T) {
	source := incident()
	s := newServer(source)
	post := func(path, body string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w
	}
	const mark = `{"as":"maintenance","note":"by phone","by":"sato","at":"2001-01-01T00:00:00Z"}`
	if w := post("/api/v1/outages/w1/mark", mark); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(source.marks) != 1 || source.marks[0].As != "maintenance" || source.marks[0].By != "sato" || source.marks[0].At.Year() < 2025 {
		t.Errorf("marks %+v", source.marks)
	}
	for path, body := range map[string]string{"/api/v1/outages/w9/mark": mark, "/api/v1/outages/w1/mark": `{"as":1}`} {
		if w := post(path, body); w.Code != 400 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := post("/api/v1/outages/w1/mark", mark, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("another site: %d", w.Code)
	}
	if len(source.marks) != 1 {
		t.Error("a refused correction was made")
	}
}

// TestEveryAnswerIsTame: nothing that this server sends can be run, framed or sniffed by another site.
func TestEveryAnswerIsTame(t *testing.T) {
	s := newServer(incident())
	for _, target := range []string{"/", "/metrics", "/api/v1/probes", "/nowhere", "/-/healthy", "/evidence/", "/outages.ics"} {
		h := ask(s, "GET", target).Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", target, h)
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: policy %q", target, policy)
		}
	}
	ask(s, "DELETE", "/api/v1/outages").want(t, 405)
	ask(s, "GET", "/nowhere").want(t, 404)
}
