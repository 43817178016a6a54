package httpprobe

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"mynaprobe/probes"
)

// keptKey is all that must be equal for two probes to share connections.
type keptKey struct {
	network, version string
	tls              probes.TLS
}

// keepTransport returns the transport that keeps connections between runs of probes with the same settings.
func (p *Prober) keepTransport(key keptKey) *http.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.kept[key]; t != nil {
		return t
	}
	// The dial is bound to the run that asked for it: net/http would let it go on without anybody waiting.
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		d, ok := ctx.Value(dialKey{}).(*keptDial)
		if !ok {
			return nil, net.ErrClosed
		}
		return p.connect(d.ctx, d.meter, d.route, d.url)
	}
	t := &http.Transport{
		DialContext:            dial,
		DialTLSContext:         dial,
		DisableCompression:     true,
		MaxResponseHeaderBytes: p.options.MaxHeader,
		// Ten thousand kept connections have these two buffers each.
		ReadBufferSize:      2 << 10,
		WriteBufferSize:     1 << 10,
		MaxIdleConnsPerHost: 1 << 20,
		IdleConnTimeout:     30 * time.Minute,
		Protocols:           new(http.Protocols),
	}
	t.Protocols.SetHTTP1(key.version != "2")
	t.Protocols.SetHTTP2(key.version != "1.1")
	t.Protocols.SetUnencryptedHTTP2(key.version == "2")
	p.kept[key] = t
	return t
}

type dialKey struct{}

type keptDial struct {
	ctx   context.Context
	meter *meter
	route *route
	url   *url.URL
}

// exchangeKept sends a request on a connection of an earlier run, or on a new one that is kept afterwards.
func (p *Prober) exchangeKept(ctx context.Context, m *meter, r *route, t *http.Transport, req *http.Request) (*exchange, error) {
	m.unconnected()
	var remote atomic.Value
	var connections atomic.Int32
	traced := context.WithValue(ctx, dialKey{}, &keptDial{ctx: ctx, meter: m, route: r, url: req.URL})
	traced = httptrace.WithClientTrace(traced, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			connections.Add(1)
			remote.Store(info.Conn.RemoteAddr())
			m.connected()
		},
		GotFirstResponseByte: func() { m.enter(probes.PhaseTransfer) },
	})
	req = req.WithContext(traced)
	req.Close = false
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x := &exchange{resp: resp, tls: resp.TLS, close: func() { resp.Body.Close() }}
	x.remote, _ = remote.Load().(net.Addr)
	if resp.ProtoMajor == 2 {
		x.streamRetries = int(connections.Load()) - 1
	}
	return x, nil
}
