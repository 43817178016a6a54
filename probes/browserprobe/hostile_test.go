package browserprobe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// TestHostilePages: whatever a page does, the run ends within the probe's timeout with the outcome that fits, and the
// next run in the same browser is good.
func TestHostilePages(t *testing.T) {
	good := serve(t, "<h1>正常</h1>")
	big := []byte(strings.Repeat("<!-- "+strings.Repeat("x", 1014)+" -->\n", 1<<10)) // 1 MiB
	mux := http.NewServeMux()
	pages := map[string]string{
		"/endless": `<h1>申請</h1><script>setTimeout(() => { for (;;); }, 50)</script>`,
		"/crash":   ``,
		"/alert":   `<script>alert('お知らせ'); confirm('よろしいですか'); prompt('氏名'); document.title = 'ok'</script><h1>申請</h1>`,
		"/alerts":  `<h1>申請</h1><script>for (;;) alert('また')</script>`,
		"/unload":  `<h1>申請</h1><a href="/alert">次へ</a><script>addEventListener('beforeunload', (e) => { e.preventDefault(); e.returnValue = 'x' })</script>`,
		"/print":   `<h1>申請</h1><script>print()</script>`,
		"/popup":   `<h1>申請</h1><button onclick="window.open('/print')">開く</button>`,
		"/popups":  `<h1>申請</h1><button onclick="for (let i = 0; i < 30; i++) window.open('/good?' + i)">開く</button><script>onclick = () => 0</script>`,
		"/hangs":   `<h1>申請</h1><img src="/never">`,
		"/blocked": `<script src="/never"></script><h1>申請</h1>`,
		"/loop":    `<script>location.href = '/loop?' + Math.random()</script>`,
		"/refresh": `<meta http-equiv=refresh content="0;url=/refresh">`,
		"/dl":      `<h1>申請</h1><a href="/file">様式</a>`,
		"/close":   `<h1>申請</h1><script>setTimeout(() => { document.body.innerHTML = '<h1>申請</h1>'; window.close() }, 20)</script>`,
		"/memory":  `<h1>申請</h1>`,
		"/throws":  `<h1>申請</h1><script>throw new Error('壊れた')</script>`,
		"/fetches": `<h1>申請</h1><script>fetch('/huge').then((r) => r.arrayBuffer())</script>`,
		"/good":    `<h1>申請</h1>`,
	}
	for path, html := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { writePage(w, html) })
	}
	mux.HandleFunc("/never", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/redirect?"+r.URL.RawQuery+"x", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=form.bin")
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, "x")
	})
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "認証が必要です")
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for range 500 {
			if _, err := w.Write(big); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<h1>申")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	})
	mux.HandleFunc("/nocontent", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	url := serveFunc(t, mux.ServeHTTP)
	expired := expiredServer(t)

	see := step("see", probes.ActionSee, byText("申請"), "")
	click := func(text string) probes.Step { return step("click", probes.ActionClick, byText(text), "") }
	restarts := shared().Stats().Restarts
	t.Run("pages", func(t *testing.T) {
		for _, c := range []struct {
			name    string
			steps   []probes.Step
			outcome probes.Outcome
			reason  probes.Reason
			message string
			// waits: the verdict is that of a timeout; all others come from what the page does, however slow the machine is.
			waits bool
		}{
			{"endless script", []probes.Step{open(url + "/endless"), step("never", probes.ActionSee, byText("無い"), "")}, probes.Down, probes.ReasonScript, "does not respond: one of its scripts runs without a pause", true},
			{"alert boxes", []probes.Step{open(url + "/alert"), see}, probes.Up, "", "", false},
			{"endless alerts", []probes.Step{open(url + "/alerts"), see}, probes.Down, probes.ReasonScript, `opened more than 20 dialogs, last "また"`, false},
			{"beforeunload", []probes.Step{open(url + "/unload"), click("次へ"), await("at", probes.Wait{URL: "/alert"}), see}, probes.Up, "", "", false},
			{"beforeunload on the way out", []probes.Step{open(url + "/unload"), click("申請"), see}, probes.Up, "", "", false},
			{"print dialog", []probes.Step{open(url + "/print"), see}, probes.Up, "", "", false},
			{"popup", []probes.Step{open(url + "/popup"), click("開く"), see}, probes.Up, "", "", false},
			{"many popups", []probes.Step{open(url + "/popups"), click("開く"), see}, probes.Up, "", "", false},
			{"never stops loading", []probes.Step{open(url + "/hangs"), see}, probes.Up, "", "", false},
			{"blocked by a script that does not come", []probes.Step{open(url + "/blocked"), see}, probes.Down, probes.ReasonTimeout, "was still loading, with requests unanswered: GET ", true},
			{"document that does not end", []probes.Step{open(url + "/drip"), see}, probes.Down, probes.ReasonTimeout, "was still loading", true},
			{"no answer", []probes.Step{open(url + "/silent"), see}, probes.Down, probes.ReasonTimeout, "connected, but no answer after ", true},
			{"endless redirect", []probes.Step{open(url + "/redirect"), see}, probes.Down, probes.ReasonRedirect, "redirects without end (ERR_TOO_MANY_REDIRECTS)", false},
			{"endless redirect by script", []probes.Step{open(url + "/loop"), see}, probes.Down, probes.ReasonRedirect, "went on to another more than 10 times by itself", false},
			{"endless refresh", []probes.Step{open(url + "/refresh"), see}, probes.Down, probes.ReasonRedirect, "went on to another more than 10 times by itself", false},
			{"download", []probes.Step{open(url + "/file"), see}, probes.Down, probes.ReasonContent, `/file is a download ("form.bin"), no page; it was refused`, false},
			{"download by a click", []probes.Step{open(url + "/dl"), click("様式"), see}, probes.Up, "", "", false},
			{"basic-auth prompt", []probes.Step{open(url + "/auth"), see}, probes.Down, probes.ReasonStatus, "/auth answered 401 Unauthorized", false},
			{"certificate interstitial", []probes.Step{open(expired), see}, probes.Down, probes.ReasonTLS, "(ERR_CERT_AUTHORITY_INVALID); its certificate is for expired.example.jp, 127.0.0.1, by test CA, valid from 2020-01-01 until 2021-01-01", false},
			{"500 MB", []probes.Step{open(url + "/huge"), see}, probes.Down, probes.ReasonContent, "sent more than 16 MiB", false},
			{"500 MB of data", []probes.Step{open(url + "/fetches"), step("never", probes.ActionSee, byText("無い"), "")}, probes.Down, probes.ReasonContent, "sent more than 16 MiB", false},
			{"connection reset", []probes.Step{open(url + "/reset"), see}, probes.Down, probes.ReasonProtocol, "closed the connection without an answer (ERR_EMPTY_RESPONSE)", false},
			{"no content", []probes.Step{open(url + "/nocontent"), see}, probes.Down, probes.ReasonStatus, "/nocontent answered 204 No Content", false},
			{"closes itself", []probes.Step{open(url + "/close"), step("later", probes.ActionEvaluate, probes.Target{}, "new Promise(r => setTimeout(() => r(true), 300))"), see}, probes.Up, "", "", false},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				probe := browserProbe(c.steps...)
				probe.Timeout = 30 * time.Second
				limits := []time.Duration{20 * time.Second, 20 * time.Second}
				if c.waits {
					probe.Timeout, limits = 8*time.Second, []time.Duration{2 * time.Second, time.Second}
				}
				for i := range probe.Browser.Steps {
					probe.Browser.Steps[i].Timeout = limits[min(i, 1)]
				}
				began := time.Now()
				r := run(t, shared(), probe)
				if took := time.Since(began); took > probe.Timeout+2*time.Second {
					t.Errorf("took %s, with a timeout of %s", took, probe.Timeout)
				}
				if r.Outcome != c.outcome || r.Reason != c.reason || !strings.Contains(r.Message, c.message) {
					t.Errorf("got %s (%s) %q\nwant %s (%s) %q\nattempts %+v", r.Outcome, r.Reason, r.Message, c.outcome, c.reason, c.message, r.Attempts)
				}
				t.Logf("%s in %s: %s", r.Outcome, time.Since(began).Round(time.Millisecond), r.Message)
				next := run(t, shared(), browserProbe(open(good), step("see", probes.ActionSee, byText("正常"), "")))
				wantOutcome(t, next, probes.Up, "")
			})
		}
	})
	if now := shared().Stats().Restarts; !maps.Equal(now, restarts) {
		t.Errorf("a page cost us the browser: restarts were %v, are %v", restarts, now)
	}
}

// expiredServer speaks TLS with a certificate that nobody trusts and that has expired.
func expiredServer(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "expired"}, NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), DNSNames: []string{"expired.example.jp"}, IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL + "/"
}

// TestPrivateRedirect: a public target may not lead us to a private address.
func TestPrivateRedirect(t *testing.T) {
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		switch {
		case strings.HasPrefix(host, "secret"):
			writePage(w, "<h1>内部の情報</h1>")
		case r.URL.Path == "/script":
			writePage(w, "<script>location = '"+strings.Replace("http://"+host, "public", "secret", 1)+"'</script>")
		case r.URL.Path == "/here":
			http.Redirect(w, r, "/", http.StatusFound)
		case r.URL.Path == "/":
			writePage(w, "<h1>公開</h1>")
		default:
			http.Redirect(w, r, strings.Replace("http://"+host, "public", "secret", 1)+"/", http.StatusFound)
		}
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	p := New(Options{extraFlags: []string{"--host-resolver-rules=MAP *.test 127.0.0.1"}, lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
		if strings.HasPrefix(host, "public") {
			return []netip.Addr{netip.MustParseAddr("203.0.113.7")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil
	}})
	defer p.Close()
	for _, path := range []string{"/go", "/script"} {
		r := run(t, p, browserProbe(open("http://public.test:"+port+path), step("see", probes.ActionSee, byText("内部の情報"), "")))
		wantOutcome(t, r, probes.Down, probes.ReasonRedirect)
		if want := "the page led to http://secret.test:" + port + "/, a private address, which a public target may not; it was not followed"; !strings.Contains(r.Message, want) {
			t.Errorf("%s: message is %q, want %q", path, r.Message, want)
		}
	}
	wantOutcome(t, run(t, p, browserProbe(open("http://public.test:"+port+"/here"), step("see", probes.ActionSee, byText("公開"), ""))), probes.Up, "")
}
