package httpprobe

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/http2"

	"mynaprobe/probes"
)

func TestRetriesAreTold(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		showing("ok")(w, r)
	})
	p := get(s.URL)
	p.HTTP.Retry = probes.Retry{Attempts: 3, Wait: time.Millisecond}
	runner := prepare(t, Options{}, p)
	r := runner.Run(t.Context())
	check(t, r, "")
	if len(r.Attempts) != 2 || r.Attempts[0].Status != 502 || r.Attempts[0].Message != "502 Bad Gateway" || r.Attempts[1].Status != 200 {
		t.Errorf("attempts are %+v", r.Attempts)
	}
	if r.HTTP.Phases != r.Attempts[1].Phases || r.Attempts[1].Start.Sub(r.Attempts[0].Start) < time.Millisecond {
		t.Errorf("phases %+v, attempts %+v", r.HTTP.Phases, r.Attempts)
	}
}

func TestRetriesEnd(t *testing.T) {
	for _, test := range []struct {
		name   string
		header string
		status int
		wait   time.Duration
		reason probes.Reason
		want   int32
	}{
		{"all are used", "", 500, time.Millisecond, probes.ReasonStatus, 3},
		{"a longer Retry-After is obeyed by asking no more", "3600", 503, time.Millisecond, probes.ReasonStatus, 1},
		{"a refusal is not asked again", "", 429, time.Millisecond, probes.ReasonBlocked, 1},
		{"the time is up before the next try", "", 500, time.Hour, probes.ReasonStatus, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int32
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				w.WriteHeader(test.status)
			})
			p := get(s.URL, within(300*time.Millisecond))
			p.HTTP.Retry = probes.Retry{Attempts: 3, Wait: test.wait}
			r := prepare(t, Options{}, p).Run(t.Context())
			check(t, r, test.reason, fmt.Sprint(test.status))
			if calls.Load() != test.want || len(r.Attempts) != int(test.want) {
				t.Errorf("%d requests, attempts %+v", calls.Load(), r.Attempts)
			}
		})
	}
}

func TestNoRetryUnlessAsked(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	})
	check(t, prepare(t, Options{}, get(s.URL)).Run(t.Context()), probes.ReasonStatus)
	if calls.Load() != 1 {
		t.Errorf("%d requests", calls.Load())
	}
}

func TestRetryAfterBrokenConnection(t *testing.T) {
	var calls atomic.Int32
	l := serveTCP(t, func(conn net.Conn) {
		http.ReadRequest(newReader(conn))
		if calls.Add(1) == 2 {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	p := get("http://" + l.Addr().String())
	p.HTTP.Retry = probes.Retry{Attempts: 2}
	p.HTTP.Requests[0].Method, p.HTTP.Requests[0].Body.Text = "POST", "body"
	r := prepare(t, Options{}, p).Run(t.Context())
	check(t, r, "")
	if r.Attempts[0].Reason != probes.ReasonProtocol || r.Attempts[1].Status != 200 {
		t.Errorf("attempts are %+v", r.Attempts)
	}
}

func TestHTTP2(t *testing.T) {
	ca := newAuthority(t, "ours")
	cert := ca.issue(t, "127.0.0.1").Certificate
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }, &tls.Config{Certificates: []tls.Certificate{cert}})
	old := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	for _, keep := range []bool{false, true} {
		for _, test := range []struct {
			url, version string
			want         float64
			reason       probes.Reason
		}{
			{s.URL, "", 2, ""}, {s.URL, "2", 2, ""}, {s.URL, "1.1", 1.1, ""}, {old.URL, "", 1.1, ""}, {old.URL, "2", 0, "refused"},
		} {
			p := get(test.url, trusting(ca))
			p.HTTP.Version, p.HTTP.KeepConnection = test.version, keep
			r := prepare(t, Options{}, p).Run(t.Context())
			if test.reason == "refused" {
				// The server ends the handshake when no protocol is common (RFC 7301), or goes on without.
				if r.Reason != probes.ReasonTLS && r.Reason != probes.ReasonProtocol {
					t.Errorf("got %q %q", r.Reason, r.Message)
				}
				continue
			}
			check(t, r, test.reason)
			if r.HTTP.Version != test.want || r.HTTP.Phases.TLS <= 0 || r.HTTP.Phases.Processing <= 0 || r.HTTP.TLS == nil || r.HTTP.IP != "127.0.0.1" {
				t.Errorf("%q kept %v: %+v", test.version, keep, r.HTTP)
			}
		}
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	p := get(s.URL, expecting(probes.Expect{Text: texts("HTTP/2.0")}))
	p.HTTP.Version = "2"
	check(t, prepare(t, Options{}, p).Run(t.Context()), "")
}

// TestHTTP2RefusedStreams holds that streams which a server refuses are tried again and counted.
func TestHTTP2RefusedStreams(t *testing.T) {
	ca := newAuthority(t, "ours")
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}, NextProtos: []string{"h2"}}
	refusals := 2
	l := serveTCP(t, func(raw net.Conn) {
		conn := tls.Server(raw, config)
		if conn.HandshakeContext(t.Context()) != nil {
			return
		}
		io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface)))
		framer := http2.NewFramer(conn, conn)
		framer.WriteSettings()
		for refused := 0; ; {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if f, ok := frame.(*http2.HeadersFrame); ok {
				if refused < refusals {
					refused++
					framer.WriteRSTStream(f.StreamID, http2.ErrCodeRefusedStream)
					continue
				}
				framer.WriteHeaders(http2.HeadersFrameParam{StreamID: f.StreamID, BlockFragment: []byte{0x88}, EndHeaders: true, EndStream: true})
			}
		}
	})
	runner := prepare(t, Options{}, get("https://"+l.Addr().String(), trusting(ca)))
	r := runner.Run(t.Context())
	check(t, r, "")
	if r.HTTP.StreamRetries != 2 || r.HTTP.Status != 200 {
		t.Errorf("%+v", r.HTTP)
	}
	refusals = 100
	check(t, runner.Run(t.Context()), probes.ReasonProtocol, "REFUSED_STREAM")
}

func TestKeptConnections(t *testing.T) {
	ca := newAuthority(t, "ours")
	for _, scheme := range []string{"http", "https", "h2"} {
		t.Run(scheme, func(t *testing.T) {
			var connections atomic.Int32
			s := httptest.NewUnstartedServer(showing("ok"))
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			s.EnableHTTP2 = scheme == "h2"
			if scheme == "http" {
				s.Start()
			} else {
				s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}}
				s.StartTLS()
			}
			defer s.Close()
			p := get(s.URL, trusting(ca))
			p.HTTP.KeepConnection = true
			runner := prepare(t, Options{}, p)
			for i := range 3 {
				r := runner.Run(t.Context())
				check(t, r, "")
				if fresh := r.HTTP.Phases.Connect > 0; fresh != (i == 0) || r.HTTP.IP != "127.0.0.1" || r.HTTP.Phases.Processing <= 0 {
					t.Errorf("run %d: %+v", i, r.HTTP)
				}
				if (r.HTTP.TLS != nil) != (scheme != "http") || r.HTTP.StreamRetries != 0 {
					t.Errorf("run %d: %+v", i, r.HTTP)
				}
			}
			if connections.Load() != 1 {
				t.Errorf("%d connections", connections.Load())
			}
			p.HTTP.KeepConnection = false
			runner = prepare(t, Options{}, p)
			for range 2 {
				runner.Run(t.Context())
			}
			if connections.Load() != 3 {
				t.Errorf("%d connections, where each run was to make its own", connections.Load())
			}
		})
	}
}

// httpProxy forwards plain requests and tunnels, with basic authentication; seen counts what went through.
func httpProxy(t testing.TB, seen *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
		if user != "us" || password != "pass/word" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		seen.Add(1)
		if r.Method != http.MethodConnect {
			if !r.URL.IsAbs() {
				t.Errorf("the proxy was asked for %s", r.URL)
			}
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			io.Copy(w, resp.Body)
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			return
		}
		target, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer target.Close()
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			defer target.Close()
			io.Copy(target, buffered)
		}()
		io.Copy(conn, target)
	}
}

func TestHTTPSProxy(t *testing.T) {
	ca := newAuthority(t, "ours")
	var seen atomic.Int32
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}, NextProtos: []string{"http/1.1"}}
	proxy := serveTLS(t, httpProxy(t, &seen), config)
	for _, u := range []string{serve(t, showing("plain")).URL, serveTLS(t, showing("secure"), config).URL} {
		p := get(u, trusting(ca))
		p.HTTP.Proxy.Text = strings.Replace(proxy.URL, "https://", "https://us:pass%2Fword@", 1)
		check(t, prepare(t, Options{}, p).Run(t.Context()), "")
		p.HTTP.TLS.CAFile = ""
		check(t, prepare(t, Options{}, p).Run(t.Context()), probes.ReasonNetwork, "TLS with the proxy")
	}
	if seen.Load() != 2 {
		t.Errorf("%d requests went through the proxy", seen.Load())
	}
}

func TestHTTPProxy(t *testing.T) {
	ca := newAuthority(t, "ours")
	plainTarget := serve(t, showing("plain"))
	target := serveTLS(t, showing("secure"), &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}})
	var seen atomic.Int32
	address := strings.Replace(serve(t, httpProxy(t, &seen)).URL, "http://", "http://us:pass%2Fword@", 1)
	secrets := func(v probes.Value) (string, error) {
		if v.IsSecret() {
			return address + "\n", nil
		}
		return v.Text, nil
	}
	for i, u := range []string{plainTarget.URL, target.URL} {
		for _, proxy := range []probes.Value{{Text: address}, {File: "proxy"}} {
			seen.Store(0)
			p := get(u, trusting(ca))
			p.HTTP.Proxy = proxy
			check(t, prepare(t, Options{Secrets: secrets}, p).Run(t.Context()), "")
			if seen.Load() != 1 {
				t.Errorf("request %d went past the proxy", i)
			}
		}
	}
	stranger := get(target.URL, trusting(ca))
	stranger.HTTP.Proxy.Text = strings.Replace(address, "us:", "them:", 1)
	check(t, prepare(t, Options{}, stranger).Run(t.Context()), probes.ReasonDefinition, "does not accept our credentials: 407")

	l, _ := net.Listen("tcp", "127.0.0.1:0")
	l.Close()
	dead := get("https://"+l.Addr().String(), trusting(ca))
	dead.HTTP.Proxy.Text = address
	check(t, prepare(t, Options{}, dead).Run(t.Context()), probes.ReasonConnect, "made no connection to "+l.Addr().String(), "502")

	noProxy := get(target.URL, trusting(ca))
	noProxy.HTTP.Proxy.Text = "http://" + l.Addr().String()
	check(t, prepare(t, Options{}, noProxy).Run(t.Context()), probes.ReasonNetwork, "the proxy", "cannot be reached")
}

func TestSOCKS5Proxy(t *testing.T) {
	ca := newAuthority(t, "ours")
	target := serveTLS(t, showing("secure"), &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "portal.test").Certificate}})
	var asked atomic.Value
	var reply atomic.Uint32
	// RFC 1928: version, methods; then version, command, reserved, address type 3, length, name, port.
	l := serveTCP(t, func(conn net.Conn) {
		head := make([]byte, 3)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		conn.Write([]byte{5, 0})
		request := make([]byte, 5)
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		name := make([]byte, int(request[4])+2)
		io.ReadFull(conn, name)
		asked.Store(string(name[:len(name)-2]))
		conn.Write([]byte{5, byte(reply.Load()), 0, 1, 0, 0, 0, 0, 0, 0})
		if reply.Load() != 0 {
			return
		}
		to, err := net.Dial("tcp", target.Listener.Addr().String())
		if err != nil {
			return
		}
		defer to.Close()
		go func() {
			defer to.Close()
			io.Copy(to, conn)
		}()
		io.Copy(conn, to)
	})
	p := get("https://portal.test/", trusting(ca))
	p.HTTP.Proxy.Text = "socks5://" + l.Addr().String()
	runner := prepare(t, Options{}, p)
	r := runner.Run(t.Context())
	check(t, r, "")
	if asked.Load() != "portal.test" {
		t.Errorf("the proxy was asked for %v", asked.Load())
	}
	reply.Store(5)
	check(t, runner.Run(t.Context()), probes.ReasonConnect, "made no connection to portal.test:443", "connection refused")
}

func TestClientCertificate(t *testing.T) {
	ca := newAuthority(t, "ours")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		}, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: version, NextProtos: []string{"http/1.1"}})
		client := ca.issue(t, "the prober")
		p := get(s.URL, trusting(ca), expecting(probes.Expect{Text: texts("the prober")}))
		check(t, prepare(t, Options{}, p).Run(t.Context()), probes.ReasonTLS, "127.0.0.1 refused the TLS connection")
		p.HTTP.TLS.CertFile, p.HTTP.TLS.KeyFile = client.certFile, client.keyFile
		check(t, prepare(t, Options{}, p).Run(t.Context()), "")
	}
}

func TestServerNameAndClientCertificateAreForTheNamedHost(t *testing.T) {
	ca := newAuthority(t, "ours")
	shown := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "asked for %q, shown %d certificates", r.TLS.ServerName, len(r.TLS.PeerCertificates))
	}
	config := func(name string) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{ca.issue(t, name).Certificate}, ClientAuth: tls.RequestClientCert}
	}
	other := serveTLS(t, shown, config("other.test"))
	s := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "other.test", 1), http.StatusFound)
			return
		}
		shown(w, r)
	}, config("portal.test"))
	client := ca.issue(t, "the prober")
	p := get(s.URL, trusting(ca), func(p *probes.Probe) {
		p.HTTP.TLS.CertFile, p.HTTP.TLS.KeyFile = client.certFile, client.keyFile
	})
	options := Options{Resolver: named(t, "127.0.0.1")}
	check(t, prepare(t, options, p).Run(t.Context()), probes.ReasonTLS, "not for 127.0.0.1")
	p.HTTP.TLS.ServerName = "portal.test"
	for _, keep := range []bool{false, true} {
		for path, want := range map[string]string{"": `asked for "portal.test", shown 1`, "/away": `asked for "other.test", shown 0`} {
			p := get(s.URL+path, expecting(probes.Expect{Text: texts(want)}))
			p.HTTP.KeepConnection = keep
			p.HTTP.TLS = probes.TLS{CAFile: ca.certFile, CertFile: client.certFile, KeyFile: client.keyFile, ServerName: "portal.test"}
			check(t, prepare(t, options, p).Run(t.Context()), "")
		}
	}
}

func TestIPVersion(t *testing.T) {
	loopback := dnsServer(t, func(q dnsmessage.Question) []dnsmessage.Resource {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}}
		switch q.Type {
		case dnsmessage.TypeA:
			r.Body = &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}
		case dnsmessage.TypeAAAA:
			r.Body = &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}}
		}
		return []dnsmessage.Resource{r}
	})
	for version, address := range map[int]string{4: "127.0.0.1:0", 6: "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewUnstartedServer(showing("ok"))
		s.Listener.Close()
		s.Listener = l
		s.Start()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		for asked, works := range map[int]bool{0: true, version: true, 10 - version: false} {
			p := get("http://portal.test:" + port)
			p.HTTP.IPVersion = asked
			r := prepare(t, Options{Resolver: loopback}, p).Run(t.Context())
			if good := r.Outcome == probes.Up; good != works {
				t.Errorf("listening on IPv%d, asked for %d: %s %s", version, asked, r.Outcome, r.Message)
			}
			if works && r.HTTP.IPVersion != version {
				t.Errorf("IP version is %d", r.HTTP.IPVersion)
			}
		}
		s.Close()
	}
	p := get("http://portal.test/")
	p.HTTP.IPVersion = 6
	check(t, prepare(t, Options{Resolver: named(t, "127.0.0.1")}, p).Run(t.Context()), probes.ReasonDNS, "portal.test")
}

func TestBodiesAndHeadsAreBounded(t *testing.T) {
	bomb := func(w io.Writer) {
		zip := gzip.NewWriter(w)
		zeros := make([]byte, 1<<20)
		for range 4 {
			if _, err := zip.Write(zeros); err != nil {
				return
			}
		}
		zip.Close()
	}
	var small bytes.Buffer
	bomb(&small)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(small.Bytes())
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 300<<10))
		}
	})
	for _, keep := range []bool{false, true} {
		for _, path := range []string{"/bomb", "/endless"} {
			p := get(s.URL + path)
			p.HTTP.MaxBody, p.HTTP.KeepConnection = 1000, keep
			r := prepare(t, Options{}, p).Run(t.Context())
			check(t, r, "")
			if r.HTTP.BodyBytes != 1000 {
				t.Errorf("%s: %d bytes", path, r.HTTP.BodyBytes)
			}
			p.HTTP.Requests[0].Expect = probes.Expect{MaxBody: 2000, Text: texts("gone")}
			check(t, prepare(t, Options{}, p).Run(t.Context()), probes.ReasonContent, "a body of 2000 bytes or less, got at least 2001", "the first 2001 bytes were read")
		}
		p := get(s.URL + "/header")
		p.HTTP.KeepConnection = keep
		check(t, prepare(t, Options{}, p).Run(t.Context()), probes.ReasonProtocol, "262144 bytes")
	}
}

func TestDeflate(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "deflate")
		zip := zlib.NewWriter(w)
		io.WriteString(zip, "deflated")
		zip.Close()
	})
	p := get(s.URL, expecting(probes.Expect{Text: texts("deflated")}))
	check(t, prepare(t, Options{}, p).Run(t.Context()), "")
	p = get(s.URL, func(p *probes.Probe) { p.HTTP.Requests[0].Method = "HEAD" })
	check(t, prepare(t, Options{}, p).Run(t.Context()), "")
}

func TestCompression(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("we accept %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		zip := gzip.NewWriter(w)
		io.WriteString(zip, "<title>圧縮</title>")
		zip.Close()
	})
	r := prepare(t, Options{}, get(s.URL, expecting(probes.Expect{Title: texts("圧縮")}))).Run(t.Context())
	check(t, r, "")
	if r.HTTP.BodyBytes != int64(len("<title>圧縮</title>")) {
		t.Errorf("%d bytes", r.HTTP.BodyBytes)
	}
}

func TestUnknownCompressionIsNamed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		showing("\x0b\x02\x80")(w, r)
	})
	r := prepare(t, Options{}, get(s.URL, expecting(probes.Expect{Text: texts("x")}))).Run(t.Context())
	check(t, r, probes.ReasonContent, `encoded as "br"`)
	if r.Looks != nil {
		t.Error("an unreadable body is no redesign")
	}
}

func TestRedirects(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop2", http.StatusFound)
		case "/loop2":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/long":
			http.Redirect(w, r, "/long?"+r.URL.RawQuery+"x", http.StatusFound)
		case "/app":
			w.Header().Set("Location", "mynaapp://open")
			w.WriteHeader(http.StatusFound)
		case "/bad":
			w.Header().Set("Location", "http://[bad")
			w.WriteHeader(http.StatusFound)
		case "/nowhere":
			w.WriteHeader(http.StatusFound)
		case "/cookie":
			if _, err := r.Cookie("seen"); err != nil {
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
				http.Redirect(w, r, "/cookie", http.StatusFound)
			}
		case "/303", "/307":
			status := http.StatusSeeOther
			if r.URL.Path == "/307" {
				status = http.StatusTemporaryRedirect
			}
			http.Redirect(w, r, "/echo", status)
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %q %q", r.Method, body, r.Header.Get("Content-Type"))
		}
	})
	run := func(path string, change ...func(*probes.Probe)) probes.Result {
		return prepare(t, Options{}, get(s.URL+path, change...)).Run(t.Context())
	}
	check(t, run("/loop"), probes.ReasonRedirect, "a redirect loop: more than 10 redirects", "/loop", "/loop2")
	check(t, run("/long"), probes.ReasonRedirect, "more than 10 redirects, the next one to /long?xxxxx")
	check(t, run("/app"), probes.ReasonRedirect, `redirected to "mynaapp://open", which is no web address`)
	check(t, run("/bad"), probes.ReasonRedirect, "cannot be read as an address")
	check(t, run("/nowhere"), probes.ReasonStatus, "got 302 Found")
	check(t, run("/cookie"), "")
	none := func(p *probes.Probe) { p.HTTP.Requests[0].MaxRedirects = 0 }
	check(t, run("/loop", none), probes.ReasonStatus, "got 302 Found to /loop2")
	check(t, run("/app", none, expecting(probes.Expect{Status: codes(302, 302), Headers: []probes.HeaderExpect{{Name: "Location", Contains: "mynaapp:"}}})), "")
	post := func(p *probes.Probe) {
		q := &p.HTTP.Requests[0]
		q.Method, q.Body.Text, q.Headers = "POST", "a=1", []probes.Header{{Name: "Content-Type", Value: probes.Value{Text: "text/x"}}}
	}
	check(t, run("/303", post, expecting(probes.Expect{Text: texts(`GET "" ""`)})), "")
	check(t, run("/307", post, expecting(probes.Expect{Text: texts(`POST "a=1" "text/x"`)})), "")
}

func TestSecretsStayOnTheirHost(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s", r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("X-Open"))
	}
	other := serve(t, echo)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away", "/away-with-body":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/stay":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			echo(w, r)
		}
	})
	secrets := func(v probes.Value) (string, error) {
		if v.IsSecret() {
			return "hunter2 of " + v.Env, nil
		}
		return v.Text, nil
	}
	for path, want := range map[string]string{"/stay": "Bearer hunter2 of TOKEN|hunter2 of KEY|open", "/away": "||open"} {
		var got string
		p := get(s.URL+path, func(p *probes.Probe) {
			q := &p.HTTP.Requests[0]
			q.Bearer = probes.Value{Env: "TOKEN"}
			q.Headers = []probes.Header{{Name: "x-key", Value: probes.Value{Env: "KEY"}}, {Name: "X-Open", Value: probes.Value{Text: "open"}}}
			q.Extract = []probes.Extract{{Name: "all", Regexp: "(?s).*"}}
			p.HTTP.Requests = append(p.HTTP.Requests, probes.Request{URL: s.URL + "/", Method: "POST", Headers: []probes.Header{{Name: "X-Open", Value: probes.Value{Text: "${all}"}}},
				Expect: probes.Expect{Regexp: texts("^never$")}})
		})
		runner := prepare(t, Options{Secrets: secrets}, p)
		r := runner.Run(t.Context())
		check(t, r, probes.ReasonContent)
		got = string(r.Evidence.Files["text.txt"])
		if want := strings.NewReplacer("hunter2 of TOKEN", masked, "hunter2 of KEY", masked).Replace("||" + want); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	p := get(s.URL+"/away-with-body", func(p *probes.Probe) {
		p.HTTP.Requests[0].Method, p.HTTP.Requests[0].Body = "POST", probes.Value{Env: "BODY"}
	})
	check(t, prepare(t, Options{Secrets: secrets}, p).Run(t.Context()), probes.ReasonRedirect, "the secret body is not sent")
}

// TestSecretsAppearNowhere lets the target send every secret back, and looks for them in all that leaves the run.
func TestSecretsAppearNowhere(t *testing.T) {
	secrets := func(v probes.Value) (string, error) { return "p@ss wörd/" + v.Env, nil }
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next?p="+url.QueryEscape(password), http.StatusTemporaryRedirect)
			return
		}
		w.WriteHeader(500)
		fmt.Fprintf(w, "<title>%s</title>%s %s %s", password, password, body, r.Header.Get("X-Key"))
	})
	p := get(s.URL+"/", func(p *probes.Probe) {
		q := &p.HTTP.Requests[0]
		q.Method, q.Body = "POST", probes.Value{Env: "body"}
		q.BasicUser, q.BasicPassword = probes.Value{Text: "user"}, probes.Value{Env: "password"}
		q.Headers = []probes.Header{{Name: "X-Key", Value: probes.Value{File: "key"}}}
		q.Expect = probes.Expect{Title: texts("x"), Text: texts("y"), NoText: texts("p@ss")}
	})
	r := prepare(t, Options{Secrets: func(v probes.Value) (string, error) {
		if v.IsSecret() {
			return secrets(v)
		}
		return v.Text, nil
	}}, p).Run(t.Context())
	check(t, r, probes.ReasonStatus, "500", masked)
	all := fmt.Sprintf("%+v %+v %+v", r, *r.HTTP, r.Attempts)
	for _, file := range r.Evidence.Files {
		all += string(file)
	}
	for _, part := range []string{"wörd", "w%C3%B6rd", basic("user", "p@ss wörd/password")[6:]} {
		if at := strings.Index(all, part); at >= 0 {
			t.Errorf("%q leaked: …%s…", part, all[max(0, at-100):min(len(all), at+100)])
		}
	}
}

// TestPublicTargetsDoNotLeadInside takes 127.0.0.2 for a public address, everything else for a private one.
func TestPublicTargetsDoNotLeadInside(t *testing.T) {
	var inside atomic.Int32
	private := serve(t, func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	_, port, _ := net.SplitHostPort(private.Listener.Addr().String())
	to := ""
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/link" {
			io.WriteString(w, to)
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	prober := newProber(t, Options{Resolver: named(t, "127.0.0.1"), OwnHosts: []string{".own.test"}})
	prober.private = func(a netip.Addr) bool { return a != netip.MustParseAddr("127.0.0.2") }
	for _, keep := range []bool{false, true} {
		for _, host := range []string{"127.0.0.1", "localhost", "inside.test", "[::1]"} {
			to = "http://" + host + ":" + port + "/"
			p := get(s.URL)
			p.HTTP.KeepConnection = keep
			check(t, prepareWith(t, prober, p).Run(t.Context()), probes.ReasonRedirect, "a public target leads to http://"+host, "a private address")
			p = get(s.URL + "/link")
			p.HTTP.KeepConnection = keep
			p.HTTP.Requests[0].Extract = []probes.Extract{{Name: "to", Regexp: ".*"}}
			p.HTTP.Requests = append(p.HTTP.Requests, probes.Request{URL: "${to}"})
			check(t, prepareWith(t, prober, p).Run(t.Context()), probes.ReasonRedirect, "step 2 of 2", "a private address")
		}
	}
	if inside.Load() > 0 {
		t.Error("a public target led us inside")
	}
	to = "http://host.own.test:" + port + "/"
	check(t, prepareWith(t, prober, get(s.URL)).Run(t.Context()), "")
	if inside.Load() != 1 {
		t.Error("an own host was not reached")
	}
}

func TestPublicTargetsDoNotLeadInsideUnseen(t *testing.T) {
	// Through a transport from outside, or a proxy, no address is seen: the names must do.
	transport := transportFunc(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != "portal.test" {
			t.Errorf("a request went to %s", req.URL)
		}
		w := httptest.NewRecorder()
		w.Header().Set("Location", "http://"+req.URL.RawQuery+"/")
		w.WriteHeader(http.StatusFound)
		return w.Result(), nil
	})
	for _, host := range []string{"169.254.169.254", "localhost", "[::1]"} {
		r := prepare(t, Options{Transport: transport}, get("http://portal.test/?"+host)).Run(t.Context())
		check(t, r, probes.ReasonRedirect, "a private address")
	}
}

func TestPrivateAddress(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0",
		"fc00::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "224.0.0.1", "255.255.255.255", "198.18.0.1",
	} {
		if !privateAddress(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "2606:4700::1111", "172.32.0.1", "64:ff9b::101:101", "203.0.112.1"} {
		if privateAddress(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as private", text)
		}
	}
}

func TestSeveralRequestsCarryValues(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/form":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1"})
			w.Header().Set("X-Request-Id", "id&1")
			showing(`<title>申請</title><form action="/apply/step 2"><input name=t value="tok&amp;en"></form><p class=n>受付番号：<b>42</b></p>`)(w, r)
		case "/apply/step 2":
			body, _ := io.ReadAll(r.Body)
			cookie, err := r.Cookie("session")
			if err != nil || cookie.Value != "s1" || r.Header.Get("Authorization") != "Bearer tok&en" || string(body) != `{"t":"tok&en"}` || r.URL.Query().Get("id") != "id&1" || r.Header.Get("X-N") != "42" {
				w.WriteHeader(400)
				fmt.Fprintf(w, "%v %s %s", err, body, r.URL)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"next":{"path":"/done"},"n":7}`)
		case "/done":
			io.WriteString(w, "done "+r.URL.RawQuery)
		}
	})
	p := get(s.URL + "/form")
	p.HTTP.Requests[0].Name = "form"
	p.HTTP.Requests[0].Extract = []probes.Extract{
		{Name: "action", Selector: "form", Attr: "action"}, {Name: "token", Selector: "input[name=t]", Attr: "value"},
		{Name: "n", Regexp: `<b>(\d+)</b>`}, {Name: "label", Selector: "p.n"}, {Name: "id", Header: "x-request-id"},
	}
	p.HTTP.Requests = append(p.HTTP.Requests, probes.Request{
		Name: "apply", Method: "POST", URL: "${action}?id=${id}", Body: probes.Value{Text: `{"t":"${token}"}`},
		Headers: []probes.Header{{Name: "X-N", Value: probes.Value{Text: "${n}"}}}, Bearer: probes.Value{Text: "${token}"},
		Extract: []probes.Extract{{Name: "path", JSON: "$.next.path"}, {Name: "seven", JSON: "$.n"}},
	}, probes.Request{URL: s.URL + "${path}?seven=${seven}", Expect: probes.Expect{Text: texts("done seven=7")}})
	r := prepare(t, Options{}, p).Run(t.Context())
	check(t, r, "")
	if len(r.Steps) != 3 || r.Steps[0].Name != "form" || r.Steps[2].Name != "request 3" || r.Steps[2].State != probes.StepPassed || r.Steps[0].Duration <= 0 {
		t.Errorf("steps are %+v", r.Steps)
	}

	p.HTTP.Requests[1].Headers = nil
	r = prepare(t, Options{}, p).Run(t.Context())
	check(t, r, probes.ReasonStatus, `step 2 of 3 "apply": expected status 200-299, got 400 Bad Request`)
	if s := r.Steps; s[0].State != probes.StepPassed || s[1].State != probes.StepFailed || !strings.Contains(s[1].Message, "400") || s[2].State != probes.StepSkipped {
		t.Errorf("steps are %+v", s)
	}

	for _, e := range []struct {
		extract probes.Extract
		reason  probes.Reason
		part    string
	}{
		{probes.Extract{Name: "x", Selector: ".gone"}, probes.ReasonSelector, `no element ".gone" to take ${x} from`},
		{probes.Extract{Name: "x", Selector: "form", Attr: "gone"}, probes.ReasonSelector, `has no attribute "gone"`},
		{probes.Extract{Name: "x", JSON: "$.gone"}, probes.ReasonContent, "the body is no valid JSON"},
		{probes.Extract{Name: "x", Regexp: "gone(.)"}, probes.ReasonContent, `nothing matches "gone(.)"`},
		{probes.Extract{Name: "x", Header: "X-Gone"}, probes.ReasonContent, `no header "X-Gone"`},
	} {
		p := get(s.URL + "/form")
		p.HTTP.Requests[0].Extract = []probes.Extract{e.extract}
		check(t, prepare(t, Options{}, p).Run(t.Context()), e.reason, e.part)
	}
}

func TestRequestIsAsDefined(t *testing.T) {
	var got *http.Request
	var body string
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
	})
	p := get(s.URL+"/a?b=c", func(p *probes.Probe) {
		q := &p.HTTP.Requests[0]
		q.Method, q.Body.Text = "put", "text"
		q.BasicUser.Text, q.BasicPassword.Text = "user", "pass"
		q.Headers = []probes.Header{{Name: "Accept", Value: probes.Value{Text: "a"}}, {Name: "accept", Value: probes.Value{Text: "b"}}, {Name: "Host", Value: probes.Value{Text: "other.test"}}}
	})
	check(t, prepare(t, Options{UserAgent: "tool (contact)"}, p).Run(t.Context()), "")
	user, password, _ := got.BasicAuth()
	if got.Method != "PUT" || body != "text" || got.URL.String() != "/a?b=c" || got.Host != "other.test" || user != "user" || password != "pass" ||
		fmt.Sprint(got.Header["Accept"]) != "[a b]" || got.UserAgent() != "tool (contact)" || got.ContentLength != 4 {
		t.Errorf("got %+v with %q", got, body)
	}
}

func TestEvidenceOfGoodRuns(t *testing.T) {
	s := serve(t, showing("<title>t</title>good"))
	keep := map[string]bool{}
	runner := prepare(t, Options{KeepGood: func(name string) bool { return keep[name] }}, get(s.URL))
	if r := runner.Run(t.Context()); r.Evidence != nil {
		t.Error("evidence that nobody asked for")
	}
	keep["test"] = true
	r := runner.Run(t.Context())
	if r.Evidence == nil || string(r.Evidence.Files["text.txt"]) != "t\n\ngood" || !strings.Contains(string(r.Evidence.Files["response.txt"]), "<title>t</title>good") {
		t.Errorf("evidence is %v", r.Evidence)
	}
}

func TestConcurrentRunsShareNothing(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		showing(fmt.Sprintf("<title>%d</title>%s", n.Add(1), strings.Repeat("x", 5000)))(w, r)
	})
	runner := prepare(t, Options{}, get(s.URL, expecting(probes.Expect{Regexp: texts("^x+$")})))
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			for range 20 {
				if r := runner.Run(context.Background()); r.Outcome != probes.Up {
					errs <- errors.New(r.Message)
					return
				}
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
