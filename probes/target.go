package probes

import (
	"net/netip"
	"net/url"
	"strings"
)

// URL is the first address that the probe opens, as its definition says; empty when it has none.
func (p Probe) URL() string {
	switch {
	case p.HTTP != nil && len(p.HTTP.Requests) > 0:
		return p.HTTP.Requests[0].URL
	case p.Notice != nil:
		return p.Notice.URL
	case p.Browser != nil:
		for _, step := range p.Browser.Steps {
			if step.Action == ActionOpen {
				return step.Value.Text
			}
		}
	}
	return ""
}

// Target is URL without userinfo, query and fragment: fit to be shown and to be a label.
func (p Probe) Target() string {
	u, err := url.Parse(p.URL())
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// Host is the host name of URL in lower case, without a port.
func (p Probe) Host() string {
	u, err := url.Parse(p.URL())
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// HostMatches reports whether a host is one of a list of names, of which those that begin with a dot stand for all
// hosts below them.
func HostMatches(host string, names []string) bool {
	for _, name := range names {
		if host == name || strings.HasPrefix(name, ".") && (strings.HasSuffix(host, name) || host == name[1:]) {
			return true
		}
	}
	return false
}

// Polite reports whether a host belongs to somebody else, so that the limits of politeness hold for it. Loopback and
// private addresses (RFC 1918, RFC 4193), link-local ones, localhost (RFC 6761) and the prober's own hosts do not.
func Polite(host string, ownHosts []string) bool {
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || HostMatches(host, ownHosts) {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast()
	}
	return true
}
