package portal

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"syscall"
	"time"

	"mynaprobe/probes"
)

// address is what the in-process portal says it was reached at.
var address = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}

// RoundTripper answers requests in process and at once, whatever host they name: the time that an answer takes passes on
// the clock alone. It calls the request's httptrace hooks as a connection would, so that phases can be measured on that
// clock. Past the deadline of the request's context, by that clock, the clock stops at the deadline and the error is
// context.DeadlineExceeded; a request without any deadline to a portal that hangs fails at once, because nothing would
// ever end it. The deadline is that of probes.WithVirtualDeadline, or else the context's own.
func (p *Portal) RoundTripper(clock *probes.VirtualClock) http.RoundTripper {
	return &roundTripper{portal: p, clock: clock}
}

type roundTripper struct {
	portal *Portal
	clock  *probes.VirtualClock
}

// RoundTrip implements http.RoundTripper.
func (t *roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Body != nil {
		defer r.Body.Close()
	}
	deadline, bounded := probes.VirtualDeadline(ctx)
	if !bounded {
		if deadline, bounded = ctx.Deadline(); bounded {
			ctx = probes.WithVirtualDeadline(ctx, deadline)
		}
	}
	resp := t.portal.Respond(r, t.clock.Now())
	trace := hooks(ctx)
	host := r.URL.Host
	trace.GetConn(host)
	trace.DNSStart(httptrace.DNSStartInfo{Host: r.URL.Hostname()})
	trace.DNSDone(httptrace.DNSDoneInfo{Addrs: []net.IPAddr{{IP: address.IP}}})
	trace.ConnectStart("tcp", address.String())
	if resp.Fault == FaultRefused {
		err := &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		trace.ConnectDone("tcp", address.String(), err)
		return nil, err
	}
	trace.ConnectDone("tcp", address.String(), nil)
	var state *tls.ConnectionState
	if r.URL.Scheme == "https" {
		trace.TLSHandshakeStart()
		var err error
		state, err = t.handshake(r.URL.Hostname(), resp.Fault == FaultCertificate)
		trace.TLSHandshakeDone(*state, err)
		if err != nil {
			return nil, err
		}
	}
	trace.WroteHeaders()
	trace.WroteRequest(httptrace.WroteRequestInfo{})
	switch resp.Fault {
	case FaultReset:
		return nil, &net.OpError{Op: "read", Net: "tcp", Addr: address, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	case FaultHang:
		if !bounded {
			return nil, fmt.Errorf("the portal hangs and the request to %s has no deadline", host)
		}
		resp.Delay = deadline.Sub(t.clock.Now()) + time.Nanosecond
	}
	if err := t.clock.Sleep(ctx, resp.Delay); err != nil {
		return nil, err
	}
	trace.GotFirstResponseByte()
	body := resp.Body
	if r.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status: fmt.Sprint(resp.Status, " ", http.StatusText(resp.Status)), StatusCode: resp.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Request: r, TLS: state,
	}, nil
}

// handshake makes the state and the error of a TLS handshake by the time of the clock, as crypto/tls would.
func (t *roundTripper) handshake(host string, expired bool) (*tls.ConnectionState, error) {
	now := t.clock.Now()
	certificate, err := t.portal.keys.leaf(now, expired, host)
	if err != nil {
		return &tls.ConnectionState{}, err
	}
	state := &tls.ConnectionState{
		Version: tls.VersionTLS13, HandshakeComplete: true, CipherSuite: tls.TLS_AES_128_GCM_SHA256, ServerName: host,
		PeerCertificates: []*x509.Certificate{certificate.Leaf, t.portal.keys.ca},
	}
	roots := x509.NewCertPool()
	roots.AddCert(t.portal.keys.ca)
	state.VerifiedChains, err = certificate.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now})
	if err != nil {
		state.HandshakeComplete = false
		return state, &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return state, nil
}

// hooks returns the trace of the context with every hook set that is called here.
func hooks(ctx context.Context) httptrace.ClientTrace {
	var t httptrace.ClientTrace
	if given := httptrace.ContextClientTrace(ctx); given != nil {
		t = *given
	}
	if t.GetConn == nil {
		t.GetConn = func(string) {}
	}
	if t.DNSStart == nil {
		t.DNSStart = func(httptrace.DNSStartInfo) {}
	}
	if t.DNSDone == nil {
		t.DNSDone = func(httptrace.DNSDoneInfo) {}
	}
	if t.ConnectStart == nil {
		t.ConnectStart = func(string, string) {}
	}
	if t.ConnectDone == nil {
		t.ConnectDone = func(string, string, error) {}
	}
	if t.TLSHandshakeStart == nil {
		t.TLSHandshakeStart = func() {}
	}
	if t.TLSHandshakeDone == nil {
		t.TLSHandshakeDone = func(tls.ConnectionState, error) {}
	}
	if t.WroteHeaders == nil {
		t.WroteHeaders = func() {}
	}
	if t.WroteRequest == nil {
		t.WroteRequest = func(httptrace.WroteRequestInfo) {}
	}
	if t.GotFirstResponseByte == nil {
		t.GotFirstResponseByte = func() {}
	}
	return t
}
