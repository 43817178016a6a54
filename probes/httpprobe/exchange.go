package httpprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"mynaprobe/probes"
)

// An exchange is a request with the head of its answer; the body is read from resp.Body. close gives everything back
// and must be called.
type exchange struct {
	resp          *http.Response
	remote        net.Addr
	tls           *tls.ConnectionState
	streamRetries int
	close         func()
}

// exchange sends one request by whatever way the probe asks for.
func (p *Prober) exchange(ctx context.Context, m *meter, r *route, kept *http.Transport, req *http.Request, guarded bool) (*exchange, error) {
	switch {
	case p.options.Transport != nil:
		return p.exchangeGiven(ctx, m, req)
	case kept != nil && !guarded:
		// What a guarded request connects to has to be looked at, so it never rides on a connection of others.
		return p.exchangeKept(ctx, m, r, kept, req)
	}
	if guarded {
		ctx = context.WithValue(ctx, guardKey{}, true)
	}
	conn, err := p.connect(ctx, m, r, req.URL)
	if err != nil {
		return nil, err
	}
	m.enter(probes.PhaseProcessing)
	var x *exchange
	secure, isTLS := conn.(*tls.Conn)
	switch {
	case isTLS && req.URL.Scheme == "https" && secure.ConnectionState().NegotiatedProtocol == "h2",
		r.version == "2" && req.URL.Scheme == "http":
		x, err = p.exchangeHTTP2(ctx, m, conn, req)
	default:
		x, err = p.exchangeHTTP1(ctx, m, r, conn, req)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	x.remote = conn.RemoteAddr()
	if isTLS && req.URL.Scheme == "https" {
		state := secure.ConnectionState()
		x.tls = &state
	}
	return x, nil
}

// exchangeGiven asks the transport from outside.
func (p *Prober) exchangeGiven(ctx context.Context, m *meter, req *http.Request) (*exchange, error) {
	m.enter(probes.PhaseProcessing)
	resp, err := p.options.Transport.RoundTrip(req)
	if err == nil && p.virtual && p.late(ctx) {
		resp.Body.Close()
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		return nil, err
	}
	m.enter(probes.PhaseTransfer)
	return &exchange{resp: resp, tls: resp.TLS, close: func() { resp.Body.Close() }}, nil
}

// late reports whether the clock has passed the run's deadline.
func (p *Prober) late(ctx context.Context) bool {
	at, ok := ctx.Deadline()
	return ok && !p.clock.Now().Before(at)
}

// A wire is what a connection is read and written with. They are lent from a pool: a run has one for some milliseconds.
type wire struct {
	limit io.LimitedReader
	br    *bufio.Reader
	bw    *bufio.Writer
}

var wires = sync.Pool{New: func() any {
	return &wire{br: bufio.NewReaderSize(nil, 4<<10), bw: bufio.NewWriterSize(nil, 2<<10)}
}}

// maxInterim bounds the 1xx answers before the real one.
const maxInterim = 8

// exchangeHTTP1 speaks HTTP/1.1 on a connection that serves this one request. Nothing runs beside it: no goroutine reads
// ahead or waits, which is what makes a run cheap and its times true.
func (p *Prober) exchangeHTTP1(ctx context.Context, m *meter, r *route, conn net.Conn, req *http.Request) (*exchange, error) {
	w := wires.Get().(*wire)
	w.limit = io.LimitedReader{R: conn, N: p.options.MaxHeader}
	w.br.Reset(&w.limit)
	w.bw.Reset(conn)
	stop := closeWith(ctx, conn)
	x := &exchange{close: func() {
		stop()
		conn.Close()
		w.limit.R = nil
		w.br.Reset(nil)
		w.bw.Reset(nil)
		wires.Put(w)
	}}
	resp, err := p.roundTripHTTP1(m, r, w, req)
	if err != nil {
		x.close()
		return nil, err
	}
	w.limit.N = math.MaxInt64
	x.resp = resp
	return x, nil
}

func (p *Prober) roundTripHTTP1(m *meter, r *route, w *wire, req *http.Request) (*http.Response, error) {
	var err error
	if r.proxy != nil && req.URL.Scheme == "http" && (r.proxy.Scheme == "http" || r.proxy.Scheme == "https") {
		for name, values := range proxyHeader(r.proxy) {
			req.Header = req.Header.Clone()
			req.Header[name] = values
		}
		err = req.WriteProxy(w.bw)
	} else {
		err = req.Write(w.bw)
	}
	if err == nil {
		err = w.bw.Flush()
	}
	// A server may answer, or say why it will not, and close before it has read all of a request: what it says tells more
	// than a failed write.
	if _, peekErr := w.br.Peek(1); peekErr != nil {
		if err == nil || peekErr != io.EOF {
			err = peekErr
		}
		return nil, err
	}
	m.enter(probes.PhaseTransfer)
	for range maxInterim {
		resp, err := http.ReadResponse(w.br, req)
		if err != nil {
			if w.limit.N <= 0 {
				err = faultf(probes.ReasonProtocol, "the head of the answer is longer than %d bytes", p.options.MaxHeader)
			}
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
	return nil, faultf(probes.ReasonProtocol, "more than %d interim (1xx) answers", maxInterim)
}

// closeWith ends all waiting on a connection when the context ends. The returned function must be called before the
// connection is given up.
func closeWith(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}

type connKey struct{}

// newHTTP2 returns a transport that speaks HTTP/2 on the connection it finds in the context.
func (p *Prober) newHTTP2() *http.Transport {
	given := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, ok := ctx.Value(connKey{}).(net.Conn)
		if !ok {
			return nil, errors.New("no connection was given")
		}
		return conn, nil
	}
	t := &http.Transport{
		DialContext: given, DialTLSContext: given, DisableCompression: true, MaxResponseHeaderBytes: p.options.MaxHeader,
		Protocols: new(http.Protocols),
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// maxStreams is how often a request is repeated on its connection when the server refuses the stream, which promises
// that it did nothing with it (RFC 9113, section 8.7).
const maxStreams = 4

func (p *Prober) exchangeHTTP2(ctx context.Context, m *meter, conn net.Conn, req *http.Request) (*exchange, error) {
	client, err := p.h2.NewClientConn(context.WithValue(ctx, connKey{}, conn), req.URL.Scheme, hostPort(req.URL))
	if err != nil {
		return nil, err
	}
	traced := req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { m.enter(probes.PhaseTransfer) },
	}))
	traced.Close = false
	for try := 0; ; try++ {
		resp, err := client.RoundTrip(traced)
		if err == nil {
			return &exchange{resp: resp, streamRetries: try, close: func() {
				resp.Body.Close()
				client.Close()
				conn.Close()
			}}, nil
		}
		var stream http2.StreamError
		if !errors.As(err, &stream) || stream.Code != http2.ErrCodeRefusedStream || try+1 == maxStreams {
			client.Close()
			return nil, err
		}
		if traced.GetBody != nil {
			if traced.Body, err = traced.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}
