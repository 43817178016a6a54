package browserprobe

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"golang.org/x/net/publicsuffix"

	"mynaprobe/probes"
)

// A command is one of the DevTools protocol.
type command struct {
	method string
	params any
}

// A setup is what every page of a visit gets before it loads anything.
type setup struct {
	width, height int64
	page          []command
	frame         []command
	worker        []command
	// parties are the registrable domains, or hosts, of the first party.
	parties []string
	further []string
	// gated: the target is public, so no document may come from a private address.
	gated bool
	// maxBytes is how much a visit may receive.
	maxBytes int64
	allowed  func(context.Context, string) bool
}

// A device is what a page is told of the machine that shows it.
type device struct {
	width, height int64
	scale         float64
	mobile        bool
	// agent is the User-Agent's part before our name; empty for Chrome's own.
	agent    string
	platform string
}

var devices = map[string]device{
	"desktop": {width: 1366, height: 768, scale: 1},
	"iphone": {width: 393, height: 852, scale: 3, mobile: true, platform: "iPhone",
		agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"},
	"android": {width: 412, height: 915, scale: 2.625, mobile: true, platform: "Linux armv81"},
}

// newSetup resolves what the definition says of the browser. Errors are those of missing secrets.
func newSetup(b *probes.Browser, agent, version, suffix string, secret func(probes.Value) (string, error)) (*setup, error) {
	d := devices[or(b.Device, "desktop")]
	s := &setup{width: d.width, height: d.height, further: b.FirstParty}
	if b.Width > 0 {
		s.width = int64(b.Width)
	}
	if b.Height > 0 {
		s.height = int64(b.Height)
	}
	locale, zone := or(b.Locale, "ja-JP"), or(b.TimeZone, "Asia/Tokyo")
	headers := network.Headers{}
	for _, h := range b.Headers {
		value, err := secret(h.Value)
		if err != nil {
			return nil, err
		}
		headers[http.CanonicalHeaderKey(h.Name)] = value
	}
	cookies, err := cookieParams(b, secret)
	if err != nil {
		return nil, err
	}

	buffer := int64(64 << 10) // bodies are not asked for
	net := []command{{network.CommandEnable, network.EnableParams{MaxTotalBufferSize: &buffer, MaxResourceBufferSize: &buffer}}}
	if len(headers) > 0 {
		net = append(net, command{network.CommandSetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers}})
	}
	attach := command{target.CommandSetAutoAttach, target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: ptr(true)}}
	ua := command{emulation.CommandSetUserAgentOverride, userAgent(d, agent, version, suffix, locale)}
	s.worker = append(net, attach, ua)
	s.frame = append([]command{
		{runtime.CommandEnable, nil},
		{runtime.CommandAddBinding, runtime.AddBindingParams{Name: bindingName, ExecutionContextName: worldName}},
		{page.CommandEnable, page.EnableParams{}},
		{page.CommandAddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: library, WorldName: worldName, RunImmediately: ptr(true)}},
		{log.CommandEnable, nil},
		attach, ua,
		{emulation.CommandSetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: strings.ReplaceAll(locale, "-", "_")}},
		{emulation.CommandSetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone}},
		{emulation.CommandSetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}},
	}, net...)
	s.page = append([]command{
		{emulation.CommandSetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: d.scale, Mobile: d.mobile}},
	}, s.frame...)
	if d.mobile {
		s.page = append(s.page, command{emulation.CommandSetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5}})
	}
	if len(cookies) > 0 {
		s.page = append(s.page, command{network.CommandSetCookies, network.SetCookiesParams{Cookies: cookies}})
	}
	return s, nil
}

func cookieParams(b *probes.Browser, secret func(probes.Value) (string, error)) ([]*network.CookieParam, error) {
	var cookies []*network.CookieParam
	for _, c := range b.Cookies {
		value, err := secret(c.Value)
		if err != nil {
			return nil, err
		}
		param := &network.CookieParam{Name: c.Name, Value: value, Domain: c.Domain, Path: c.Path}
		if param.Domain == "" && len(b.Steps) > 0 {
			param.URL = b.Steps[0].Value.Text
		}
		cookies = append(cookies, param)
	}
	return cookies, nil
}

// userAgent is Chrome's own, or the device's, with our name and contact added.
func userAgent(d device, agent, version, suffix, locale string) emulation.SetUserAgentOverrideParams {
	_, number, _ := strings.Cut(version, "/")
	major, _, _ := strings.Cut(number, ".")
	brands := []*emulation.UserAgentBrandVersion{{Brand: "Chromium", Version: major}}
	system := "Linux"
	if strings.Contains(agent, "Macintosh") {
		system = "macOS"
	}
	switch {
	case d.agent != "":
		agent, brands, system = d.agent, nil, ""
	case d.mobile:
		agent = fmt.Sprintf("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Mobile Safari/537.36", major)
		system = "Android"
	}
	language, _, _ := strings.Cut(locale, "-")
	accept := locale
	if language != locale {
		accept += "," + language
	}
	params := emulation.SetUserAgentOverrideParams{UserAgent: strings.TrimSpace(agent + " " + suffix), AcceptLanguage: accept, Platform: d.platform}
	if brands != nil {
		params.UserAgentMetadata = &emulation.UserAgentMetadata{Brands: brands, Platform: system, Mobile: d.mobile}
	}
	return params
}

// commands are those for a new session of the type that DevTools gives it.
func (s *setup) commands(kind string) []command {
	switch kind {
	case "page":
		if s.gated {
			return append([]command{{fetch.CommandEnable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*", ResourceType: network.ResourceTypeDocument}}}}}, s.page...)
		}
		return s.page
	case "iframe":
		return s.frame
	case "worker", "shared_worker", "service_worker":
		return s.worker
	}
	return nil
}

// opened makes the host of an address that a step opens part of the first party.
func (s *setup) opened(address string) {
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		s.parties = append(s.parties, registrable(u.Hostname()))
	}
}

// party says whose host it is: the first party is whoever shares a registrable domain (https://publicsuffix.org) with
// an address that a step opens, and who the definition names.
func (s *setup) party(host string) probes.Party {
	own := registrable(host)
	for _, p := range s.parties {
		if p == own {
			return probes.FirstParty
		}
	}
	for _, f := range s.further {
		if hostMatches(host, f) {
			return probes.FirstParty
		}
	}
	return probes.ThirdParty
}

func registrable(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// hostMatches: "example.jp" is that host, ".example.jp" all below it.
func hostMatches(host, pattern string) bool {
	host, pattern = strings.ToLower(host), strings.ToLower(pattern)
	if strings.HasPrefix(pattern, ".") {
		return strings.HasSuffix(host, pattern) || host == pattern[1:]
	}
	return host == pattern
}

// gate lets a paused request for a document go on unless it leads from a public target to a private address.
func (s *setup) gate(v *visit, session *session, e *fetch.EventRequestPaused) {
	u, err := url.Parse(e.Request.URL)
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && !s.allowed(ctx, u.Hostname()) {
		v.end(&failure{reason: probes.ReasonRedirect, text: "the page led to " + shownURL(e.Request.URL) + ", a private address, which a public target may not; it was not followed"})
		session.post(fetch.CommandFailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonBlockedByClient})
		return
	}
	session.post(fetch.CommandContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
}

// private reports whether the address is one that only our own network can reach.
func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() ||
		netip.MustParsePrefix("100.64.0.0/10").Contains(a) // RFC 6598
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
