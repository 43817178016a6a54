package httpprobe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"mynaprobe/probes"
)

// prepare makes a runner of a definition, or ends the test.
func prepare(t testing.TB, options Options, p probes.Probe) probes.Runner {
	t.Helper()
	return prepareWith(t, newProber(t, options), p)
}

func newProber(t testing.TB, options Options) *Prober {
	t.Helper()
	prober := New(options)
	t.Cleanup(prober.Close)
	return prober
}

func prepareWith(t testing.TB, prober *Prober, p probes.Probe) probes.Runner {
	t.Helper()
	if p.Name == "" {
		p.Name = "test"
	}
	if p.Timeout == 0 {
		p.Timeout = 5 * time.Second
	}
	runner, err := prober.Prepare(p)
	if err != nil {
		t.Fatal(err)
	}
	return runner
}

// get is the definition of a probe with one GET.
func get(url string, change ...func(*probes.Probe)) probes.Probe {
	p := probes.Probe{HTTP: &probes.HTTP{Requests: []probes.Request{{URL: url, MaxRedirects: 10}}}}
	for _, c := range change {
		c(&p)
	}
	return p
}

func expecting(e probes.Expect) func(*probes.Probe) {
	return func(p *probes.Probe) { p.HTTP.Requests[0].Expect = e }
}

func within(d time.Duration) func(*probes.Probe) {
	return func(p *probes.Probe) { p.Timeout = d }
}

// check holds a result to an outcome's reason and to parts of its message.
func check(t testing.TB, r probes.Result, reason probes.Reason, parts ...string) {
	t.Helper()
	if r.Reason != reason || r.Outcome != reason.Outcome() {
		t.Fatalf("got %s %q %q, want reason %q", r.Outcome, r.Reason, r.Message, reason)
	}
	for _, part := range parts {
		if !strings.Contains(r.Message, part) {
			t.Errorf("the message %q does not say %q", r.Message, part)
		}
	}
}

// serve answers with a handler on loopback.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// showing answers with HTML in UTF-8.
func showing(html string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, html)
	}
}

// serveTCP gives each connection to a function, which runs in a goroutine of its own; the connection is closed after it.
func serveTCP(t testing.TB, each func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				each(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l
}

// silent reads until the other side is gone.
func silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// dnsServer answers queries over UDP by a function; nil answers nothing at all.
func dnsServer(t testing.TB, answer func(dnsmessage.Question) []dnsmessage.Resource) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer == nil {
				continue
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			m.Answers = answer(m.Questions[0])
			if m.Answers == nil {
				m.RCode = dnsmessage.RCodeNameError
			}
			reply, err := m.Pack()
			if err != nil {
				panic(err)
			}
			conn.WriteTo(reply, from)
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// named resolves every name to an IPv4 address.
func named(t testing.TB, ip string) *net.Resolver {
	return dnsServer(t, func(q dnsmessage.Question) []dnsmessage.Resource {
		if q.Type != dnsmessage.TypeA {
			return []dnsmessage.Resource{}
		}
		return []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(ip).To4())},
		}}
	})
}

func TestUpTellsAllThatWasLearnt(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Last-Modified", "Thu, 30 Oct 2025 00:00:00 GMT")
		showing("<title>マイナ ポータル</title><p>こんにちは</p>")(w, r)
	})
	p := get(strings.Replace(s.URL, "127.0.0.1", "portal.test", 1)+"/path?q=1", expecting(probes.Expect{Text: []probes.TextExpect{{Value: "こんにちは"}}}))
	p.Name, p.Flow, p.Stage = "top", "flow", "stage"
	before := time.Now()
	r := prepare(t, Options{Resolver: named(t, "127.0.0.1")}, p).Run(t.Context())
	check(t, r, "")
	if r.Outcome != probes.Up || r.Message != "" || r.Evidence != nil || r.Looks != nil {
		t.Errorf("a good run says %+v", r)
	}
	if r.Probe != "top" || r.Flow != "flow" || r.Stage != "stage" || r.Kind != probes.KindHTTP || r.Host != "portal.test" {
		t.Errorf("wrong base: %+v", r)
	}
	if !strings.HasPrefix(r.Target, "http://portal.test:") || !strings.HasSuffix(r.Target, "/path") {
		t.Errorf("target is %q", r.Target)
	}
	if r.Start.Before(before) || r.Duration <= 0 || r.TextLength != 5 || len(r.Attempts) != 1 {
		t.Errorf("start %v, duration %v, text length %d, attempts %v", r.Start, r.Duration, r.TextLength, r.Attempts)
	}
	h := r.HTTP
	if h.Status != 200 || h.Version != 1.1 || h.IP != "127.0.0.1" || h.IPVersion != 4 || h.Title != "マイナ ポータル" ||
		h.BodyBytes != h.ContentLength || h.BodyBytes == 0 || !h.LastModified.Equal(time.Date(2025, 10, 30, 0, 0, 0, 0, time.UTC)) ||
		!strings.HasSuffix(h.FinalURL, "/path?q=1") {
		t.Errorf("wrong facts: %+v", h)
	}
	var sum probes.Seconds
	for _, phase := range probes.AllPhases() {
		if took := h.Phases.Of(phase); took <= 0 && phase != probes.PhaseTLS {
			t.Errorf("phase %s took %v", phase, took)
		}
		sum += h.Phases.Of(phase)
	}
	if h.Phases.TLS != 0 || sum > r.Duration {
		t.Errorf("phases %+v in %v", h.Phases, r.Duration)
	}
}

func TestDNS(t *testing.T) {
	resolver := dnsServer(t, func(dnsmessage.Question) []dnsmessage.Resource { return nil })
	r := prepare(t, Options{Resolver: resolver}, get("http://gone.test/")).Run(t.Context())
	check(t, r, probes.ReasonDNS, "DNS knows no address of gone.test")
	if r.Attempts[0].Reason != probes.ReasonDNS || r.HTTP.Phases.Resolve <= 0 || r.HTTP.Phases.Connect != 0 {
		t.Errorf("attempt %+v", r.Attempts[0])
	}
}

func TestConnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	r := prepare(t, Options{}, get("http://"+addr)).Run(t.Context())
	check(t, r, probes.ReasonConnect, "127.0.0.1 refuses connections", addr)
}

// TestTLS holds that a certificate that is not accepted is told of all the same.
func TestTLS(t *testing.T) {
	ca, stranger := newAuthority(t, "ours"), newAuthority(t, "strange")
	yesterday := time.Now().Add(-24 * time.Hour)
	self := (&authority{}).selfSigned(t, "127.0.0.1")
	for _, test := range []struct {
		name    string
		cert    *leaf
		problem string
	}{
		{"expired", ca.issue(t, "127.0.0.1", func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = yesterday.Add(-time.Hour), yesterday
		}), "the certificate expired on " + day(yesterday)},
		{"not yet", ca.issue(t, "127.0.0.1", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), "the certificate is not valid before"},
		{"wrong name", ca.issue(t, "other.example"), "the certificate is not for 127.0.0.1"},
		{"unknown issuer", stranger.issue(t, "127.0.0.1"), "the certificate's issuer is not trusted"},
		{"self-signed", self, "the certificate is self-signed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serveTLS(t, showing("ok"), &tls.Config{Certificates: []tls.Certificate{test.cert.Certificate}})
			r := prepare(t, Options{}, get(s.URL, trusting(ca))).Run(t.Context())
			check(t, r, probes.ReasonTLS, test.problem, "names ", "issuer ", day(test.cert.Leaf.NotAfter))
			facts := r.HTTP.TLS
			if facts == nil {
				t.Fatal("nothing is told of the certificate")
			}
			if facts.Problem != test.problem && !strings.HasPrefix(facts.Problem, test.problem) {
				t.Errorf("the problem is %q", facts.Problem)
			}
			if !facts.EarliestExpiry.Equal(test.cert.Leaf.NotAfter) || len(facts.Names) != 1 || facts.Issuer == "" ||
				facts.Subject != "CN="+test.cert.Leaf.Subject.CommonName || len(facts.Fingerprint) != 64 || !facts.ChainExpiry.IsZero() {
				t.Errorf("facts are %+v", facts)
			}
			if r.HTTP.Phases.TLS <= 0 || r.HTTP.Phases.Processing != 0 {
				t.Errorf("phases are %+v", r.HTTP.Phases)
			}
		})
	}
}

func (a *authority) selfSigned(t testing.TB, host string) *leaf {
	other := newAuthority(t, "self")
	l := other.issue(t, host)
	template := &x509.Certificate{SerialNumber: l.Leaf.SerialNumber, Subject: pkix.Name{CommonName: host},
		NotBefore: l.Leaf.NotBefore, NotAfter: l.Leaf.NotAfter, IPAddresses: l.Leaf.IPAddresses}
	der, key := sign(t, template, nil)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &leaf{Certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: cert}}
}

func trusting(ca *authority) func(*probes.Probe) {
	return func(p *probes.Probe) { p.HTTP.TLS.CAFile = ca.certFile }
}

// serveTLS answers over TLS as the configuration says.
func serveTLS(t testing.TB, handler http.HandlerFunc, config *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = config
	s.Config.ErrorLog = quiet
	s.EnableHTTP2 = len(config.NextProtos) == 0 || config.NextProtos[0] == "h2"
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTLSOld(t *testing.T) {
	ca := newAuthority(t, "ours")
	s := serveTLS(t, showing("ok"), &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"},
	})
	r := prepare(t, Options{}, get(s.URL, trusting(ca))).Run(t.Context())
	check(t, r, probes.ReasonTLS, "127.0.0.1", "protocol version")

	r = prepare(t, Options{}, get(s.URL, trusting(ca), func(p *probes.Probe) { p.HTTP.TLS.MinVersion = "1.0" })).Run(t.Context())
	check(t, r, "")
	if r.HTTP.TLS.Version != "TLS 1.0" {
		t.Errorf("version is %q", r.HTTP.TLS.Version)
	}
}

func TestTLSNotSpoken(t *testing.T) {
	s := serve(t, showing("ok"))
	r := prepare(t, Options{}, get("https"+strings.TrimPrefix(s.URL, "http"))).Run(t.Context())
	check(t, r, probes.ReasonTLS, "does not speak TLS")
}

func TestProtocol(t *testing.T) {
	answer := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			http.ReadRequest(newReader(conn))
			io.WriteString(conn, text)
		}
	}
	reset := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			answer(text)(conn)
			conn.(*net.TCPConn).SetLinger(0)
		}
	}
	for _, test := range []struct {
		name  string
		serve func(net.Conn)
		part  string
	}{
		{"not HTTP", answer("SSH-2.0-OpenSSH_9.2\r\n"), "malformed HTTP"},
		{"bad status", answer("HTTP/1.1 abc Oops\r\n\r\n"), "malformed HTTP status code"},
		{"no answer", answer(""), "closed the connection without an answer"},
		{"head cut off", answer("HTTP/1.1 200 OK\r\nContent-Ty"), "broke off"},
		{"body cut off", answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "the connection ended before the answer did"},
		{"chunks cut off", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"), "the connection ended before the answer did"},
		{"bad chunks", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "the answer of 127.0.0.1 broke off"},
		{"bad header", answer("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "malformed MIME header"},
		{"bad gzip", answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnogzi"), "broke off"},
		{"reset", reset("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "broke off"},
		{"interim for ever", answer(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)), "interim"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := serveTCP(t, test.serve)
			r := prepare(t, Options{}, get("http://"+l.Addr().String())).Run(t.Context())
			check(t, r, probes.ReasonProtocol, test.part)
			if r.Evidence == nil || !strings.Contains(string(r.Evidence.Files["response.txt"]), r.Attempts[0].Message) {
				t.Errorf("evidence is %v", r.Evidence)
			}
		})
	}
}

func TestInterimAnswersArePassedOver(t *testing.T) {
	l := serveTCP(t, func(conn net.Conn) {
		http.ReadRequest(newReader(conn))
		io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
	})
	r := prepare(t, Options{}, get("http://"+l.Addr().String())).Run(t.Context())
	check(t, r, "")
	if r.HTTP.Status != 204 {
		t.Errorf("status is %d", r.HTTP.Status)
	}
}

func TestStatus(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		http.Error(w, "サービスを停止しています", http.StatusServiceUnavailable)
	})
	r := prepare(t, Options{}, get(s.URL)).Run(t.Context())
	check(t, r, probes.ReasonStatus, "expected status 200-299, got 503 Service Unavailable")
	if r.RetryAfter.Duration() != 2*time.Minute {
		t.Errorf("retry after %v", r.RetryAfter.Duration())
	}
	if a := r.Attempts[0]; a.Status != 503 || a.Message != "503 Service Unavailable" || a.Reason != "" {
		t.Errorf("attempt is %+v", a)
	}
	response := string(r.Evidence.Files["response.txt"])
	if !strings.Contains(response, "HTTP/1.1 503 Service Unavailable\n") || !strings.Contains(response, "Retry-After: 120") || !strings.Contains(response, "サービスを停止") {
		t.Errorf("evidence is %s", response)
	}
	if text := string(r.Evidence.Files["text.txt"]); text != "サービスを停止しています" {
		t.Errorf("text.txt is %q", text)
	}
}

func TestStatusPlain403IsNoRefusal(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	check(t, prepare(t, Options{}, get(s.URL)).Run(t.Context()), probes.ReasonStatus, "got 403 Forbidden")
}

func TestRetryAfterDate(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	r := prepare(t, Options{}, get(s.URL)).Run(t.Context())
	if got := r.RetryAfter.Duration(); got < 59*time.Minute || got > time.Hour {
		t.Errorf("retry after %v", got)
	}
}

func TestBlocked(t *testing.T) {
	status, header := 429, ""
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			w.Header().Set(header, "challenge")
		}
		w.WriteHeader(status)
	})
	runner := prepare(t, Options{}, get(s.URL))
	check(t, runner.Run(t.Context()), probes.ReasonBlocked, "refused as a robot", "429 Too Many Requests")
	status, header = 403, "Cf-Mitigated"
	check(t, runner.Run(t.Context()), probes.ReasonBlocked, "Cloudflare challenge", "403 Forbidden")
	rejected := serve(t, showing("<title>Request Rejected</title>The requested URL was rejected. Your support ID is: 1"))
	check(t, prepare(t, Options{}, get(rejected.URL, expecting(probes.Expect{Text: []probes.TextExpect{{Value: "マイナ"}}}))).Run(t.Context()),
		probes.ReasonBlocked, "F5")
}

func TestMaintenance(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/503" {
			w.WriteHeader(503)
		}
		showing("<title>マイナポータル</title><div id=mente>只今ﾒﾝﾃﾅﾝｽ中です</div>")(w, r)
	})
	for _, patterns := range []probes.Patterns{
		{Text: []string{"メンテナンス中"}}, {Title: []string{"マイナ"}}, {Selector: []string{"#mente"}}, {Status: []probes.StatusRange{{From: 200, To: 200}, {From: 503, To: 503}}},
	} {
		for _, path := range []string{"/", "/503"} {
			p := get(s.URL+path, expecting(probes.Expect{Title: []probes.TextExpect{{Value: "マイナポータル"}}}))
			p.HTTP.Maintenance = patterns
			runner := prepare(t, Options{}, p)
			for range 2 {
				check(t, runner.Run(t.Context()), probes.ReasonMaintenance, "says that it is under maintenance")
			}
		}
	}
	p := get(s.URL)
	p.HTTP.Maintenance = probes.Patterns{Text: []string{"ありません"}, Selector: []string{"#gone"}}
	check(t, prepare(t, Options{}, p).Run(t.Context()), "")
}

func TestSlow(t *testing.T) {
	s := serve(t, showing("ok"))
	p := get(s.URL)
	p.Slow = time.Nanosecond
	r := prepare(t, Options{}, p).Run(t.Context())
	check(t, r, probes.ReasonSlow, "the limit is 1ns", "longest phase")
	if r.Outcome != probes.Degraded {
		t.Error("slow is not degraded")
	}
}

func TestDefinition(t *testing.T) {
	called := 0
	s := serve(t, func(http.ResponseWriter, *http.Request) { called++ })
	for name, change := range map[string]func(*probes.Request){
		"header": func(q *probes.Request) {
			q.Headers = []probes.Header{{Name: "X-Key", Value: probes.Value{Env: "GONE"}}}
		},
		"bearer token": func(q *probes.Request) { q.Bearer = probes.Value{File: "GONE"} },
		"password":     func(q *probes.Request) { q.BasicPassword = probes.Value{Env: "GONE"} },
		"body":         func(q *probes.Request) { q.Method, q.Body = "POST", probes.Value{Env: "GONE"} },
	} {
		p := get(s.URL, func(p *probes.Probe) { change(&p.HTTP.Requests[0]) })
		secrets := func(v probes.Value) (string, error) { return "", errors.New("GONE is not set") }
		r := prepare(t, Options{Secrets: secrets}, p).Run(t.Context())
		check(t, r, probes.ReasonDefinition, name, "GONE is not set")
	}
	p := get(s.URL)
	p.HTTP.Proxy = probes.Value{Env: "GONE"}
	check(t, prepare(t, Options{}, p).Run(t.Context()), probes.ReasonDefinition, "proxy", "GONE")
	if called > 0 {
		t.Error("a request went out without its secret")
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestInternal(t *testing.T) {
	secrets := func(probes.Value) (string, error) { return "hunter2", nil }
	p := get("http://portal.test/", func(p *probes.Probe) { p.HTTP.Requests[0].Bearer = probes.Value{Env: "TOKEN"} })
	p.Timeout = time.Minute
	r := prepare(t, Options{Secrets: secrets, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		panic("oops hunter2")
	})}, p).Run(t.Context())
	check(t, r, probes.ReasonInternal, "panic: oops [secret]")
	if trace := string(r.Evidence.Files["panic.txt"]); !strings.Contains(trace, "TestInternal") || strings.Contains(trace, "hunter2") {
		t.Errorf("the trace is %s", trace)
	}
}

func TestCancelledRunIsUnknown(t *testing.T) {
	arrived := make(chan struct{})
	l := serveTCP(t, func(conn net.Conn) {
		http.ReadRequest(newReader(conn))
		close(arrived)
		silent(conn)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	r := prepare(t, Options{}, get("http://"+l.Addr().String())).Run(ctx)
	check(t, r, probes.ReasonOverload, "cancelled", "processing")
}

func TestTransportFromOutside(t *testing.T) {
	clock := &testClock{now: time.Date(2025, 10, 30, 0, 0, 0, 0, time.UTC)}
	delay := 40 * time.Millisecond
	transport := transportFunc(func(req *http.Request) (*http.Response, error) {
		if err := clock.Sleep(req.Context(), delay); err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		showing("<title>virtual</title>")(w, req)
		return w.Result(), nil
	})
	start := clock.now
	runner := prepare(t, Options{Transport: transport, Clock: clock}, get("https://portal.test/", expecting(probes.Expect{Title: []probes.TextExpect{{Value: "virtual"}}})))
	r := runner.Run(t.Context())
	check(t, r, "")
	if !r.Start.Equal(start) || r.Duration.Duration() != delay || r.HTTP.Phases.Processing.Duration() != delay || r.HTTP.Phases.Connect != 0 {
		t.Errorf("start %v, duration %v, phases %+v", r.Start, r.Duration.Duration(), r.HTTP.Phases)
	}
	delay = time.Hour
	r = runner.Run(t.Context())
	check(t, r, probes.ReasonTimeout, "timed out after 5s", "processing")
	if r.Duration.Duration() != 5*time.Second || r.Attempts[0].Hung != probes.PhaseProcessing || r.Attempts[0].HungFor.Duration() != 5*time.Second {
		t.Errorf("duration %v, attempt %+v", r.Duration.Duration(), r.Attempts[0])
	}
}

// A testClock is moved by sleeping on it, up to the deadline that the context tells.
type testClock struct{ now time.Time }

func (c *testClock) Now() time.Time { return c.now }

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	if at, ok := ctx.Deadline(); ok && c.now.Add(d).After(at) {
		c.now = at
		return context.DeadlineExceeded
	}
	c.now = c.now.Add(d)
	return nil
}

func TestPrepareErrors(t *testing.T) {
	for part, change := range map[string]func(*probes.Probe){
		"no HTTP probe":                  func(p *probes.Probe) { p.HTTP = nil },
		"no HTTP method":                 func(p *probes.Probe) { p.HTTP.Requests[0].Method = "GE T" },
		"does not begin with http":       func(p *probes.Probe) { p.HTTP.Requests[0].URL = "ftp://a.test/" },
		"names no host":                  func(p *probes.Probe) { p.HTTP.Requests[0].URL = "http:///" },
		"no name of a header":            func(p *probes.Probe) { p.HTTP.Requests[0].Headers = []probes.Header{{Name: "a b"}} },
		"carried by no earlier request":  func(p *probes.Probe) { p.HTTP.Requests[0].URL = "http://a.test/${x}" },
		"no HTTP version":                func(p *probes.Probe) { p.HTTP.Version = "3" },
		"no IP version":                  func(p *probes.Probe) { p.HTTP.IPVersion = 5 },
		"is no IPv6 address":             func(p *probes.Probe) { p.HTTP.IPVersion = 6 },
		"must begin with http://":        func(p *probes.Probe) { p.HTTP.Proxy.Text = "ftp://a" },
		"reading the trusted":            func(p *probes.Probe) { p.HTTP.TLS.CAFile = "/nowhere" },
		"holds no PEM":                   func(p *probes.Probe) { p.HTTP.TLS.CAFile = os.DevNull },
		"client certificate":             func(p *probes.Probe) { p.HTTP.TLS.CertFile = "/nowhere" },
		"no TLS version \"2\"":           func(p *probes.Probe) { p.HTTP.TLS.MinVersion = "2" },
		"no TLS version \"9\"":           expecting(probes.Expect{MinTLS: "9"}),
		"CSS selector":                   expecting(probes.Expect{Selector: []probes.SelectorExpect{{Selector: "<"}}}),
		"JSON path":                      expecting(probes.Expect{JSON: []probes.JSONExpect{{Path: "$["}}}),
		"error parsing regexp":           expecting(probes.Expect{Regexp: []probes.TextExpect{{Value: "("}}}),
		"an expected text is empty":      expecting(probes.Expect{Text: []probes.TextExpect{{Value: " "}}}),
		"maintenance: the CSS":           func(p *probes.Probe) { p.HTTP.Maintenance.Selector = []string{"<"} },
		"carrying \"x\": it has no":      func(p *probes.Probe) { p.HTTP.Requests[0].Extract = []probes.Extract{{Name: "x"}} },
		"through a proxy cannot be kept": func(p *probes.Probe) { p.HTTP.KeepConnection, p.HTTP.Proxy.Text = true, "http://a" },
	} {
		p := get("http://127.0.0.1/", change)
		p.Name = "bad"
		_, err := newProber(t, Options{}).Prepare(p)
		if err == nil || !strings.Contains(err.Error(), part) || !strings.HasPrefix(err.Error(), `probe "bad": `) {
			t.Errorf("want an error with %q, got %v", part, err)
		}
	}
}
