package portal_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/portal"

	"context"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, time.FixedZone("JST", 9*3600))

// play loads a script made of the given events.
func play(t *testing.T, events string) *portal.Portal {
	t.Helper()
	script, err := portal.LoadScript("test.yaml", []byte(`title: test
length: 1h
site: { name: 試験ポータル, service: 試験カード }
flow: { name: test, title: 試験, services: [試験カード], critical: [portal] }
notices:
  - { id: old-1, at: -24h, title: 古いお知らせ, text: 本文 }
events:
`+events))
	if err != nil {
		t.Fatal(err)
	}
	return portal.New(script, portal.Options{Start: start})
}

func get(p *portal.Portal, path string, after time.Duration) portal.Response {
	return p.Respond(httptest.NewRequest(http.MethodGet, path, nil), start.Add(after))
}

func TestEveryBundledScriptLoadsAndItsPagesStand(t *testing.T) {
	names := portal.BundledNames()
	if len(names) < 10 {
		t.Errorf("only %d scripts ship: %v", len(names), names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			script, err := portal.Bundled(name)
			if err != nil {
				t.Fatal(err)
			}
			p := portal.New(script, portal.Options{Start: start})
			for _, path := range []string{"/", "/login/", "/guide/", "/guide/requirements/", "/apply/", "/apply/apply.js",
				"/info/", "/rss/news.xml", "/api/notices.json", "/faq/", "/html/", "/style.css", "/robots.txt"} {
				if r := get(p, path, 0); r.Status != http.StatusOK || r.Fault != "" || len(r.Body) == 0 {
					t.Errorf("%s at the start: %d %s", path, r.Status, r.Fault)
				}
			}
			for _, spell := range p.Spells() {
				if spell.To.IsZero() && !spell.Harmless {
					t.Errorf("%s is still %s at the end", spell.Stage, spell.Condition.State)
				}
			}
		})
	}
}

func TestConditionsShowInAnswers(t *testing.T) {
	p := play(t, `
  - { at: 0s, say: ok }
  - { at: 1m, say: s, stages: { login: { state: status, status: 503, retry_after: 90s } } }
  - { at: 2m, say: s, stages: { login: { state: slow, delay: 4s } } }
  - { at: 3m, say: s, stages: { login: maintenance } }
  - { at: 4m, say: s, stages: { login: blocked } }
  - { at: 5m, say: s, stages: { login: { state: blocked, status: 429, retry_after: 1s } } }
  - { at: 6m, say: s, stages: { login: script } }
  - { at: 7m, say: s, stages: { login: redesign } }
  - { at: 8m, say: s, stages: { login: moved } }
  - { at: 9m, say: s, stages: { login: reset } }
  - { at: 10m, say: s, stages: { login: hang } }
  - { at: 11m, say: s, stages: { all: refused } }
  - { at: 12m, say: s, stages: { all: certificate } }
  - { at: 13m, say: s, stages: { all: normal } }
`)
	const phrase = "カードを読み取ってログインします"
	for _, c := range []struct {
		after  time.Duration
		status int
		fault  portal.Fault
		has    string
		hasNot string
	}{
		{0, 200, "", phrase, ""},
		{time.Minute, 503, "", "503", phrase},
		{2 * time.Minute, 200, "", phrase, ""},
		{3 * time.Minute, 200, "", "ただいまメンテナンス中です", phrase},
		{4 * time.Minute, 403, "", "Access Denied", phrase},
		{5 * time.Minute, 429, "", "Access Denied", phrase},
		{6 * time.Minute, 200, "", "portalSettings", phrase},
		{7 * time.Minute, 200, "", "サインイン", phrase},
		{8 * time.Minute, 301, "", "", phrase},
		{9 * time.Minute, 200, portal.FaultReset, "", phrase},
		{10 * time.Minute, 200, portal.FaultHang, "", phrase},
		{11 * time.Minute, 200, portal.FaultRefused, "", phrase},
		{12 * time.Minute, 200, portal.FaultCertificate, phrase, ""},
		{13 * time.Minute, 200, "", phrase, ""},
	} {
		r := get(p, "/login/", c.after)
		body := string(r.Body)
		if r.Status != c.status || r.Fault != c.fault || !strings.Contains(body, c.has) ||
			c.hasNot != "" && strings.Contains(body, c.hasNot) {
			t.Errorf("after %v: %d %q, want %d %q with %q and without %q; body:\n%s", c.after, r.Status, r.Fault, c.status, c.fault, c.has, c.hasNot, body)
		}
		if c.after < 11*time.Minute {
			if other := get(p, "/guide/", c.after); other.Status != 200 || other.Fault != "" {
				t.Errorf("after %v the guide is no longer normal: %d %s", c.after, other.Status, other.Fault)
			}
		}
	}
	if got := get(p, "/login/", time.Minute).Header.Get("Retry-After"); got != "90" {
		t.Errorf("Retry-After %q, want 90", got)
	}
	if got := get(p, "/login/", 2*time.Minute).Delay; got < 4*time.Second {
		t.Errorf("slow took %v, want 4s and the usual time", got)
	}
	if got := get(p, "/login/", 8*time.Minute).Header.Get("Location"); got != "/new/login/" {
		t.Errorf("moved to %q", got)
	} else if r := get(p, got, 8*time.Minute); r.Status != 200 || !strings.Contains(string(r.Body), phrase) {
		t.Errorf("the new address answers %d:\n%s", r.Status, r.Body)
	}
	if mark, refused := probes.Refusal(403, nil, "Access Denied", string(get(p, "/login/", 4*time.Minute).Body)); !refused {
		t.Errorf("the refusal is not known as one: %q", mark)
	}
}

func TestApplicationsStayHalfWay(t *testing.T) {
	p := play(t, `
  - { at: 1m, say: s, stages: { apply: provisional } }
  - { at: 2m, say: s, stages: { apply: closed } }
  - { at: 3m, say: s, stages: { apply: normal } }
`)
	post := func(after time.Duration, body string) (int, map[string]string) {
		t.Helper()
		r := p.Respond(httptest.NewRequest(http.MethodPost, "/api/applications", strings.NewReader(body)), start.Add(after))
		var answer map[string]string
		if err := json.Unmarshal(r.Body, &answer); err != nil {
			t.Fatalf("%v in %s", err, r.Body)
		}
		return r.Status, answer
	}
	state := func(number string, after time.Duration) string {
		var answer map[string]string
		if err := json.Unmarshal(get(p, "/api/applications/"+number, after).Body, &answer); err != nil {
			t.Fatal(err)
		}
		return answer["state"]
	}
	const good = `{"name": "試験 花子", "agree": true}`
	status, answer := post(0, good)
	if status != 202 || state(answer["number"], time.Second) != "issued" {
		t.Errorf("in normal times: %d %v", status, answer)
	}
	status, stuck := post(time.Minute, good)
	if status != 202 || state(stuck["number"], time.Minute+time.Second) != "provisional" {
		t.Errorf("in the incident: %d %v", status, stuck)
	}
	for _, after := range []time.Duration{time.Minute, 2 * time.Minute} {
		if page := get(p, "/apply/", after); page.Status != 200 || !strings.Contains(string(page.Body), "申請する") {
			t.Errorf("the page is not green after %v: %d", after, page.Status)
		}
	}
	if status, answer := post(2*time.Minute, good); status != 503 {
		t.Errorf("turned away: %d %v", status, answer)
	}
	if got := state(stuck["number"], 3*time.Minute); got != "provisional" {
		t.Errorf("after the recovery the stuck application is %q", got)
	}
	for body, want := range map[string]int{`{"name": "試験"}`: 422, `{"agree": true}`: 422, `nonsense`: 400, ``: 400} {
		if status, _ := post(0, body); status != want {
			t.Errorf("application %q: %d, want %d", body, status, want)
		}
	}
}

func TestNoticesAreEditedInPlaceAndWithdrawn(t *testing.T) {
	p := play(t, `
  - at: 1m
    say: s
    publish: [{ id: n-1, title: 障害のお知らせ, text: '{{at "30s" "15時04分05秒"}}から停止しています。' }]
  - { at: 2m, say: s, edit: [{ id: n-1, title: 復旧のお知らせ, text: 復旧しました。 }] }
  - { at: 3m, say: s, withdraw: [n-1] }
  - { at: 4m, say: s, stages: { notices: empty, feed: empty } }
  - { at: 5m, say: s, stages: { notices: layout, feed: broken } }
`)
	read := func(path string, after time.Duration) string { return string(get(p, path, after).Body) }
	for _, c := range []struct {
		after    time.Duration
		path     string
		has, not string
	}{
		{0, "/info/", "古いお知らせ", "障害のお知らせ"},
		{time.Minute, "/info/", "障害のお知らせ", "復旧のお知らせ"},
		{time.Minute, "/info/n-1/", "9時00分30秒から停止", ""},
		{time.Minute, "/rss/news.xml", "障害のお知らせ", ""},
		{time.Minute, "/api/notices.json", "障害のお知らせ", ""},
		{2 * time.Minute, "/info/", "復旧のお知らせ", "障害のお知らせ"},
		{2 * time.Minute, "/info/n-1/", "最終更新", "停止しています"},
		{3 * time.Minute, "/info/", "古いお知らせ", "復旧のお知らせ"},
		{4 * time.Minute, "/info/", "お知らせはありません", "古いお知らせ"},
		{4 * time.Minute, "/rss/news.xml", "<channel>", "<item>"},
		{5 * time.Minute, "/info/", `class="news-card"`, "<dl"},
	} {
		body := read(c.path, c.after)
		if !strings.Contains(body, c.has) || c.not != "" && strings.Contains(body, c.not) {
			t.Errorf("%s after %v: want %q and not %q in\n%s", c.path, c.after, c.has, c.not, body)
		}
	}
	if r := get(p, "/info/n-1/", 3*time.Minute); r.Status != http.StatusNotFound {
		t.Errorf("the withdrawn notice answers %d", r.Status)
	}
	for after, whole := range map[time.Duration]bool{0: true, 4 * time.Minute: true, 5 * time.Minute: false} {
		var v struct{}
		if err := xml.Unmarshal([]byte(read("/rss/news.xml", after)), &v); (err == nil) != whole {
			t.Errorf("the feed after %v: %v", after, err)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	p := play(t, `  - { at: 1m, say: s, publish: [{ id: n-1, title: 題, text: 文 }] }`)
	etag := get(p, "/info/", 0).Header.Get("ETag")
	for after, want := range map[time.Duration]int{30 * time.Second: 304, 2 * time.Minute: 200} {
		r := httptest.NewRequest(http.MethodGet, "/info/", nil)
		r.Header.Set("If-None-Match", etag)
		if got := p.Respond(r, start.Add(after)); got.Status != want {
			t.Errorf("after %v: %d, want %d", after, got.Status, want)
		}
	}
}

func TestPlansTellWhatHappened(t *testing.T) {
	p := play(t, `
  - { at: 1m, phase: P1, say: it stops, stages: { login: { state: status, status: 503 } } }
  - { at: 2m, say: it changes, stages: { login: hang, guide: redesign } }
  - { at: 3m, phase: P2, say: it works, stages: { login: normal } }
`)
	for after, want := range map[time.Duration]string{0: "", time.Minute: "P1", 150 * time.Second: "P1", time.Hour: "P2"} {
		if got := p.Phase(start.Add(after)); got != want {
			t.Errorf("phase after %v: %q, want %q", after, got, want)
		}
	}
	if events := p.Timeline(); len(events) != 3 || events[2].Say != "it works" || !events[2].At.Equal(start.Add(3*time.Minute)) {
		t.Errorf("timeline: %+v", events)
	}
	spells := p.Spells()
	if len(spells) != 3 || spells[0].To.Sub(spells[0].From) != time.Minute || spells[1].Condition.State != portal.Hang ||
		!spells[1].To.Equal(start.Add(3*time.Minute)) || !spells[2].Harmless || !spells[2].To.IsZero() {
		t.Errorf("spells: %+v", spells)
	}
}

func TestSpeedShortensTheScript(t *testing.T) {
	script, err := portal.Bundled("demo")
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(script, portal.Options{Start: start, Speed: 10})
	if got := p.End().Sub(start); got != script.Length/10 {
		t.Errorf("the script takes %v, want %v", got, script.Length/10)
	}
	if r := get(p, "/login/", 3*time.Second); r.Status != 503 {
		t.Errorf("30 s of script time: %d, want 503", r.Status)
	}
}

// In process

func TestRoundTripperTakesVirtualTime(t *testing.T) {
	p := play(t, `
  - { at: 1m, say: s, stages: { login: { state: slow, delay: 4s } } }
  - { at: 2m, say: s, stages: { login: hang } }
  - { at: 3m, say: s, stages: { login: reset } }
  - { at: 4m, say: s, stages: { all: refused } }
  - { at: 5m, say: s, stages: { all: certificate } }
`)
	try := func(after time.Duration) (took time.Duration, status int, err error) {
		t.Helper()
		clock := probes.NewVirtualClock(start.Add(after))
		ctx := probes.WithVirtualDeadline(t.Context(), start.Add(after+10*time.Second))
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://portal.example/login/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.RoundTripper(clock).RoundTrip(r)
		if err == nil {
			status = resp.StatusCode
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatal(err)
			}
			if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
				t.Error("no TLS state of an https request")
			}
		}
		return clock.Now().Sub(start.Add(after)), status, err
	}
	if took, status, err := try(0); err != nil || status != 200 || took <= 0 || took > time.Second {
		t.Errorf("normal: %d in %v: %v", status, took, err)
	}
	if took, status, err := try(time.Minute); err != nil || status != 200 || took < 4*time.Second {
		t.Errorf("slow: %d in %v: %v", status, took, err)
	}
	if took, _, err := try(2 * time.Minute); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
		t.Errorf("hanging: %v after %v, want the deadline's error after 10s", err, took)
	}
	if _, _, err := try(3 * time.Minute); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
	if _, _, err := try(4 * time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	_, _, err := try(5 * time.Minute)
	var bad *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &bad) || !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("certificate: %v, want an expired one", err)
	}
	r, _ := http.NewRequest(http.MethodGet, "https://portal.example/login/", nil)
	if _, err := p.RoundTripper(probes.NewVirtualClock(start.Add(2 * time.Minute))).RoundTrip(r); err == nil {
		t.Error("hanging without a deadline gave an answer")
	}
}

// On loopback

// serve serves a portal that is so long into its script.
func serve(t *testing.T, events string, after time.Duration) (*portal.Server, *http.Client) {
	t.Helper()
	script, err := portal.LoadScript("test.yaml", []byte(`{title: test, length: 1h, site: {name: a, service: b},
flow: {name: test, services: [b], critical: [portal]}, events: [`+events+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(script, portal.Options{Start: time.Now().Add(-after)})
	server, err := p.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ca, err := p.CA()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, &http.Client{Transport: transport}
}

func TestServeOverHTTPAndHTTPS(t *testing.T) {
	server, client := serve(t, `{at: 0s, say: s}`, time.Minute)
	for _, base := range []string{server.URL, server.TLSURL} {
		resp, err := client.Get(base + "/rss/news.xml")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !bytes.Contains(body, []byte("<link>"+base+"/info/</link>")) {
			t.Errorf("%s: %d\n%s", base, resp.StatusCode, body)
		}
	}
}

func TestServeFaults(t *testing.T) {
	for events, check := range map[string]func(error) bool{
		`{at: 0s, say: s, stages: {all: refused}}`: func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
		`{at: 0s, say: s, stages: {all: reset}}`:   func(err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		`{at: 0s, say: s, stages: {all: certificate}}`: func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		},
		`{at: 0s, say: s, stages: {all: hang}}`: func(err error) bool { return errors.Is(err, context.DeadlineExceeded) },
	} {
		server, client := serve(t, events, time.Minute)
		patience := 30 * time.Second
		if strings.Contains(events, "hang") {
			patience = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.TLSURL+"/", nil)
		resp, err := client.Do(r)
		if err == nil {
			resp.Body.Close()
		}
		if !check(err) {
			t.Errorf("%s: %v", events, err)
		}
		cancel()
	}
}

func TestServeListensAgainAfterRefusing(t *testing.T) {
	server, client := serve(t, `{at: 0s, say: s, stages: {all: refused}}, {at: 100ms, say: s, stages: {all: normal}}`, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/", nil)
		resp, err := client.Do(r)
		if err == nil {
			resp.Body.Close()
			return
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
	}
}
