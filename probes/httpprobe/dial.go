package httpprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/net/proxy"

	"mynaprobe/probes"
)

// A route is how a probe reaches its target.
type route struct {
	// network is tcp, tcp4 or tcp6.
	network string
	// version is "", "1.1" or "2".
	version string
	// proxy is nil for a direct connection.
	proxy *url.URL
	tls   *tls.Config
	// hosts are those that the definition names: the name it gives for TLS, and its client certificate, are for them and
	// not for wherever they redirect to.
	hosts []string
}

// connect makes a connection to the address's host, all the way through a proxy and TLS, and times its phases. Like
// everything it calls it is bound to the context: when that ends, nothing of the attempt is left.
func (p *Prober) connect(ctx context.Context, m *meter, r *route, target *url.URL) (net.Conn, error) {
	addr := hostPort(target)
	var conn net.Conn
	var err error
	if r.proxy == nil {
		conn, err = p.dial(ctx, m, r.network, addr)
	} else {
		conn, err = p.dialProxy(ctx, m, r, target, addr)
	}
	if err != nil || target.Scheme != "https" {
		return conn, err
	}
	m.enterDial(probes.PhaseTLS)
	secure := tls.Client(conn, r.configFor(target.Hostname()))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	if got := secure.ConnectionState().NegotiatedProtocol; r.version == "2" && got != "h2" {
		conn.Close()
		return nil, faultf(probes.ReasonProtocol, "expected HTTP/2, but %s does not offer it", target.Host)
	}
	return secure, nil
}

// configFor is the configuration of TLS for a host.
func (r *route) configFor(host string) *tls.Config {
	named := slices.Contains(r.hosts, host)
	if named && r.tls.ServerName != "" {
		return r.tls
	}
	config := r.tls.Clone()
	config.ServerName = host
	if !named {
		config.Certificates = nil
	}
	return config
}

// dial makes a TCP connection, the lookup timed apart.
func (p *Prober) dial(ctx context.Context, m *meter, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		m.enterDial(probes.PhaseConnect)
		return p.dialer.DialContext(ctx, network, addr)
	}
	m.enterDial(probes.PhaseResolve)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{DNSDone: func(info httptrace.DNSDoneInfo) {
		if info.Err == nil {
			m.enterDial(probes.PhaseConnect)
		}
	}})
	return p.dialer.DialContext(ctx, network, addr)
}

// boundResolver looks up as the given resolver does, and leaves no query behind when nobody waits for it any more: Go's
// own goes on reading for its five seconds, and the C library's cannot be stopped at all.
func boundResolver(like *net.Resolver) *net.Resolver {
	dial := (&net.Dialer{}).DialContext
	bound := &net.Resolver{PreferGo: true}
	if like != nil {
		bound.PreferGo, bound.StrictErrors = like.PreferGo, like.StrictErrors
		if like.Dial != nil {
			dial = like.Dial
		}
	}
	bound.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	return bound
}

// dialProxy makes a connection through a proxy. A proxy that does not answer or does not know us is our own trouble.
func (p *Prober) dialProxy(ctx context.Context, m *meter, r *route, target *url.URL, addr string) (net.Conn, error) {
	switch r.proxy.Scheme {
	case "socks5", "socks5h":
		var auth *proxy.Auth
		if user := r.proxy.User; user != nil {
			password, _ := user.Password()
			auth = &proxy.Auth{User: user.Username(), Password: password}
		}
		reached := false
		forward := dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := p.dial(ctx, m, network, addr)
			reached = err == nil
			return conn, err
		})
		socks, err := proxy.SOCKS5(r.network, hostPort(r.proxy), auth, forward)
		if err != nil {
			return nil, err
		}
		conn, err := socks.(proxy.ContextDialer).DialContext(ctx, "tcp", addr)
		if err != nil && ctx.Err() == nil {
			if !reached {
				return nil, faultf(probes.ReasonNetwork, "the proxy %s cannot be reached: %s", r.proxy.Host, plain(err))
			}
			return nil, socksFault(r.proxy.Host, addr, err)
		}
		return conn, err
	}

	conn, err := p.dial(ctx, m, r.network, hostPort(r.proxy))
	if err != nil {
		if ctx.Err() == nil {
			err = faultf(probes.ReasonNetwork, "the proxy %s cannot be reached: %s", r.proxy.Host, plain(err))
		}
		return nil, err
	}
	if r.proxy.Scheme == "https" {
		config := r.tls.Clone()
		config.ServerName, config.Certificates = r.proxy.Hostname(), nil
		config.NextProtos = nil
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			if ctx.Err() == nil {
				err = faultf(probes.ReasonNetwork, "TLS with the proxy %s failed: %s", r.proxy.Host, plain(err))
			}
			return nil, err
		}
		conn = secure
	}
	if target.Scheme != "https" {
		return conn, nil
	}
	if err := p.tunnel(ctx, conn, r.proxy, addr); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// socksFault tells the proxy's word on the target from its word on us, by the texts of golang.org/x/net/internal/socks.
func socksFault(proxyHost, addr string, err error) *fault {
	reason := probes.ReasonConnect
	if text := err.Error(); strings.Contains(text, "authentication") || strings.Contains(text, "not allowed") {
		reason = probes.ReasonDefinition
	}
	return faultf(reason, "the proxy %s made no connection to %s: %s", proxyHost, addr, plain(err))
}

// tunnel asks an HTTP proxy for a connection to addr (RFC 9110, section 9.3.6).
func (p *Prober) tunnel(ctx context.Context, conn net.Conn, proxy *url.URL, addr string) error {
	stop := closeWith(ctx, conn)
	defer stop()
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: proxyHeader(proxy)}
	request.Header.Set("User-Agent", p.options.UserAgent)
	if err := request.Write(conn); err != nil {
		return err
	}
	// A tunnel says nothing by itself before we do, so what is read ahead is the proxy's head alone.
	answer, err := http.ReadResponse(bufio.NewReader(&io.LimitedReader{R: conn, N: p.options.MaxHeader}), request)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return faultf(probes.ReasonNetwork, "the proxy %s gave no valid answer: %s", proxy.Host, protocolMessage(err))
	case answer.StatusCode == http.StatusProxyAuthRequired:
		return faultf(probes.ReasonDefinition, "the proxy %s does not accept our credentials: %s", proxy.Host, answer.Status)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return faultf(probes.ReasonConnect, "the proxy %s made no connection to %s: %s", proxy.Host, addr, answer.Status)
	}
	return nil
}

// proxyHeader holds the credentials of the proxy's address, if it has any.
func proxyHeader(proxy *url.URL) http.Header {
	header := http.Header{}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		header.Set("Proxy-Authorization", "Basic "+basic)
	}
	return header
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) Dial(network, addr string) (net.Conn, error) {
	return f(context.Background(), network, addr)
}

func (f dialFunc) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}

// hostPort is the address to dial for a URL.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		switch u.Scheme {
		case "https":
			port = "443"
		case "socks5", "socks5h":
			port = "1080"
		default:
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

type guardKey struct{}

var errPrivate = errors.New("a private address")

// guard refuses to connect to a private address on behalf of a public target; see guardKey.
func (p *Prober) guard(ctx context.Context, _, address string, _ syscall.RawConn) error {
	if ctx.Value(guardKey{}) == nil {
		return nil
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if p.private(at.Addr()) {
		return fmt.Errorf("%s is %w", at.Addr(), errPrivate)
	}
	return nil
}

// specialNetworks are not for public servers (https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6
// sibling); net/netip knows the rest.
var specialNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("fec0::/10"),
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// privateAddress reports whether an address is on this machine, this link, or a network of its own.
func privateAddress(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return true
	}
	for _, network := range specialNetworks {
		if network.Contains(a) {
			return true
		}
	}
	return false
}
