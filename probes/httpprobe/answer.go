package httpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"mynaprobe/probes"
)

// An answer is all that was learnt in one attempt, as far as it came.
type answer struct {
	// url is where the attempt got to, redirects the number of those on the way, chain the addresses that they left.
	url       *url.URL
	redirects int
	chain     []hopLine

	status        int
	statusLine    string
	proto         string
	major, minor  int
	header        http.Header
	contentLength int64
	addr          netip.Addr
	tls           *probes.TLSResult
	tlsVersion    uint16
	streamRetries int
	phases        probes.Phases

	page page
	cut  bool
	// length is that of the visible text in runes, title the folded title; once they were looked at.
	length int
	title  string
	buffer *[]byte
}

type hopLine struct {
	url    *url.URL
	status int
}

// head takes what the head of an answer and its connection tell. A redirect on the way is overwritten by the next.
func (a *answer) head(x *exchange) {
	resp := x.resp
	a.status, a.statusLine = resp.StatusCode, resp.Status
	a.proto, a.major, a.minor = resp.Proto, resp.ProtoMajor, resp.ProtoMinor
	a.header, a.contentLength = resp.Header, resp.ContentLength
	a.streamRetries += x.streamRetries
	a.addr, a.tls, a.tlsVersion = netip.Addr{}, nil, 0
	if tcp, ok := x.remote.(*net.TCPAddr); ok {
		a.addr = tcp.AddrPort().Addr().Unmap()
	}
	if x.tls != nil {
		a.tls, a.tlsVersion = tlsOf(x.tls), x.tls.Version
	}
}

// release gives the body's buffer back; nothing of the page may be used afterwards.
func (a *answer) release() {
	giveBack(a.buffer)
	a.buffer, a.page = nil, page{}
}

// statusText is a status with its words: "503 Service Unavailable".
func (a *answer) statusText() string {
	text := http.StatusText(a.status)
	if text == "" {
		text = strings.TrimSpace(strings.TrimPrefix(a.statusLine, fmt.Sprint(a.status)))
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, excerpt(text)))
}

// way tells the redirects of the attempt, for a message.
func (a *answer) way() string {
	if len(a.chain) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(" (")
	for i, hop := range a.chain {
		if i == 3 && len(a.chain) > 4 {
			fmt.Fprintf(&b, "… -> ")
			continue
		}
		if i > 3 && i < len(a.chain)-1 {
			continue
		}
		fmt.Fprintf(&b, "%s -> ", showURL(hop.url))
	}
	return b.String() + showURL(a.url) + ")"
}

// tooMany is the fault of a chain of redirects that is too long.
func (a *answer) tooMany(limit int, next string) *fault {
	for _, hop := range a.chain {
		if hop.url.String() == a.url.String() {
			return faultf(probes.ReasonRedirect, "a redirect loop: more than %s, %s again and again%s", plural(limit, "redirect"), showURL(a.url), a.way())
		}
	}
	return faultf(probes.ReasonRedirect, "more than %s, the next one to %s%s", plural(limit, "redirect"), excerpt(next), a.way())
}

// result is the part of the run's result that the last answer gives.
func (a *answer) result(m *mask) *probes.HTTPResult {
	r := &probes.HTTPResult{
		Status: a.status, Phases: a.phases, Redirects: a.redirects, FinalURL: m.text(finalURL(a.url)),
		ContentLength: a.contentLength, BodyBytes: int64(len(a.page.body)), Title: m.text(a.title), TLS: a.tls,
		StreamRetries: a.streamRetries,
	}
	if a.status != 0 {
		r.Version = float64(a.major)
		if a.major == 1 {
			r.Version += float64(a.minor) / 10
		}
	}
	if a.addr.IsValid() {
		r.IP, r.IPVersion = a.addr.String(), 4
		if a.addr.Is6() {
			r.IPVersion = 6
		}
	}
	if modified, err := http.ParseTime(a.header.Get("Last-Modified")); err == nil {
		r.LastModified = modified
	}
	return r
}

// finalURL is an address without userinfo; its query stays, because it tells how an answer came to be.
func finalURL(u *url.URL) string {
	if u.User == nil {
		return u.String()
	}
	clean := *u
	clean.User = nil
	return clean.String()
}

func isPrivate(err error) bool { return errors.Is(err, errPrivate) }
