package httpprobe

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/idna"

	"mynaprobe/probes"
)

// A runner is a prepared HTTP probe. It is safe for concurrent runs.
type runner struct {
	prober   *Prober
	probe    probes.Probe
	http     *probes.HTTP
	requests []*request
	route    route
	kept     *http.Transport
	// maintenance tells the target's own maintenance page.
	maintenance patterns
	maxBody     int64
	target      string
	host        string
}

// A request is a prepared request of a probe.
type request struct {
	// Request is the definition itself, which is not changed and not copied: there may be ten thousands.
	*probes.Request
	// name and method are those of the definition, or what stands for them where it gives none.
	name, method string
	// url is set where the address holds no ${name}.
	url *url.URL
	// header is set where no header holds a secret or a ${name}; it is shared by runs and must not be changed.
	header  http.Header
	expect  expect
	extract []extract
	maxBody int64
	// memory is of the last body that showed all that is expected of a page.
	memory memory
}

// Prepare implements probes.Prober. Its error names the probe and what in its definition cannot work; files of
// certificates are read here.
func (p *Prober) Prepare(probe probes.Probe) (probes.Runner, error) {
	r, err := p.prepare(probe)
	if err != nil {
		return nil, fmt.Errorf("probe %q: %w", probe.Name, err)
	}
	return r, nil
}

func (p *Prober) prepare(probe probes.Probe) (*runner, error) {
	h := probe.HTTP
	if h == nil || len(h.Requests) == 0 {
		return nil, errors.New("it is no HTTP probe: there is no request")
	}
	if probe.Timeout <= 0 {
		probe.Timeout = defaultTimeout
	}
	r := &runner{prober: p, probe: probe, http: h, maxBody: cmp.Or(h.MaxBody, p.options.MaxBody)}
	var err error
	if r.route, err = p.prepareRoute(h); err != nil {
		return nil, err
	}
	if h.KeepConnection {
		if h.Proxy != (probes.Value{}) {
			return nil, errors.New("connections through a proxy cannot be kept: leave out connection: keep, or the proxy")
		}
		r.kept = p.keepTransport(keptKey{r.route.network, r.route.version, h.TLS})
	}
	if r.maintenance, err = preparePatterns(h.Maintenance); err != nil {
		return nil, fmt.Errorf("maintenance: %w", err)
	}
	known := map[string]bool{}
	for i := range h.Requests {
		q := &h.Requests[i]
		prepared, err := p.prepareRequest(q, i, known)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cmp.Or(q.Name, fmt.Sprintf("request %d", i+1)), err)
		}
		prepared.maxBody = max(r.maxBody, q.Expect.MaxBody+1, q.Expect.MinBody)
		r.requests = append(r.requests, prepared)
		if u := prepared.url; u != nil && !slices.Contains(r.route.hosts, u.Hostname()) {
			r.route.hosts = append(r.route.hosts, u.Hostname())
		}
	}
	first := r.requests[0]
	if first.url == nil {
		return nil, errors.New("the first request's address needs a value that no earlier request carries")
	}
	r.target, r.host = showURL(first.url), first.url.Hostname()
	if a, err := netip.ParseAddr(r.host); err == nil && (h.IPVersion == 4 && !a.Is4() || h.IPVersion == 6 && !a.Is6()) {
		return nil, fmt.Errorf("%s is no IPv%d address", r.host, h.IPVersion)
	}
	return r, nil
}

// showURL is an address without userinfo, query and fragment.
func showURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// prepareRoute compiles how a probe reaches its target. Those whose settings name no file share one configuration of
// TLS; where files are named they are read each time, because they may have changed since.
func (p *Prober) prepareRoute(h *probes.HTTP) (route, error) {
	r := route{version: h.Version}
	switch h.IPVersion {
	case 0:
		r.network = "tcp"
	case 4, 6:
		r.network = fmt.Sprintf("tcp%d", h.IPVersion)
	default:
		return r, fmt.Errorf("there is no IP version %d: want 4 or 6", h.IPVersion)
	}
	config := &tls.Config{ServerName: h.TLS.ServerName}
	switch h.Version {
	case "":
		config.NextProtos = []string{"h2", "http/1.1"}
	case "1.1":
		config.NextProtos = []string{"http/1.1"}
	case "2":
		config.NextProtos = []string{"h2"}
	default:
		return r, fmt.Errorf("there is no HTTP version %q here: want 1.1 or 2", h.Version)
	}
	if h.TLS.MinVersion != "" {
		version, ok := tlsVersions[h.TLS.MinVersion]
		if !ok {
			return r, fmt.Errorf("there is no TLS version %q: want 1.0, 1.1, 1.2 or 1.3", h.TLS.MinVersion)
		}
		config.MinVersion = version
	}
	if h.TLS.CAFile != "" {
		pem, err := os.ReadFile(h.TLS.CAFile)
		if err != nil {
			return r, fmt.Errorf("reading the trusted certificates: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return r, fmt.Errorf("%s holds no PEM certificate", h.TLS.CAFile)
		}
	}
	if h.TLS.CertFile != "" || h.TLS.KeyFile != "" {
		cert, err := tls.LoadX509KeyPair(h.TLS.CertFile, h.TLS.KeyFile)
		if err != nil {
			return r, fmt.Errorf("reading the client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	r.tls = config
	if h.TLS.CAFile == "" && h.TLS.CertFile == "" {
		r.tls = p.sharedTLS(keptKey{version: h.Version, tls: h.TLS}, config)
	}
	if !h.Proxy.IsSecret() && h.Proxy.Text != "" {
		var err error
		if r.proxy, err = parseProxy(h.Proxy.Text); err != nil {
			return r, err
		}
	}
	return r, nil
}

// sharedTLS returns the configuration that was first given for the key.
func (p *Prober) sharedTLS(key keptKey, config *tls.Config) *tls.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	if shared := p.tls[key]; shared != nil {
		return shared
	}
	p.tls[key] = config
	return config
}

var tlsVersions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// parseProxy reads a proxy's address; its errors do not show it, because it may hold a password.
func parseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the proxy's address cannot be read as a URL")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, errors.New("the proxy's address must begin with http://, https:// or socks5://")
	}
	if u.Hostname() == "" {
		return nil, errors.New("the proxy's address names no host")
	}
	return u, nil
}

// prepareRequest compiles the i-th request; known are the names that earlier requests carry, and gets its own.
func (p *Prober) prepareRequest(q *probes.Request, i int, known map[string]bool) (*request, error) {
	r := &request{Request: q, name: q.Name, method: cmp.Or(strings.ToUpper(q.Method), http.MethodGet)}
	if r.name == "" {
		r.name = fmt.Sprintf("request %d", i+1)
	}
	if !validToken(r.method) {
		return nil, fmt.Errorf("%q is no HTTP method", q.Method)
	}
	var err error
	if !hasName(q.URL) {
		if r.url, err = parseTarget(q.URL, nil); err != nil {
			return nil, err
		}
	}
	inHeader := []probes.Value{q.BasicUser, q.BasicPassword, q.Bearer}
	for _, h := range q.Headers {
		if !validToken(h.Name) {
			return nil, fmt.Errorf("%q is no name of a header", h.Name)
		}
		inHeader = append(inHeader, h.Value)
	}
	texts := []string{q.URL, q.Body.Text}
	fixed := true
	for _, v := range inHeader {
		fixed = fixed && !v.IsSecret() && !hasName(v.Text)
		texts = append(texts, v.Text)
	}
	for _, text := range texts {
		if name, missing := firstUnknown(text, known); missing {
			return nil, fmt.Errorf("${%s} is carried by no earlier request", name)
		}
	}
	if r.expect, err = prepareExpect(&q.Expect); err != nil {
		return nil, err
	}
	for _, e := range q.Extract {
		prepared, err := prepareExtract(e)
		if err != nil {
			return nil, fmt.Errorf("carrying %q: %w", e.Name, err)
		}
		r.extract = append(r.extract, prepared)
		known[e.Name] = true
	}
	switch {
	case !fixed:
	case len(q.Headers) == 0 && q.BasicUser.Text == "" && q.BasicPassword.Text == "" && q.Bearer.Text == "":
		r.header = p.header
	default:
		if r.header, err = r.buildHeader(literal, p.options.UserAgent); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// literal is the text of values that are no secrets.
func literal(v probes.Value) (string, error) { return v.Text, nil }

// parseTarget reads an address of a request, relative to base when there is one.
func parseTarget(text string, base *url.URL) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read as a URL", text)
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the address %q does not begin with http:// or https://", text)
	}
	return normalize(u)
}

// normalize gives an address the form in which it is asked for: its host in ASCII (RFC 5891), no fragment.
func normalize(u *url.URL) (*url.URL, error) {
	host := u.Hostname()
	if host == "" {
		return nil, fmt.Errorf("the address %q names no host", u.Redacted())
	}
	clean := *u
	clean.Fragment, clean.RawFragment = "", ""
	if clean.Path == "" {
		clean.Path = "/"
	}
	for i := range len(host) {
		if host[i] >= 0x80 {
			ascii, err := idna.Lookup.ToASCII(host)
			if err != nil {
				return nil, fmt.Errorf("the host %q is no valid name: %w", host, err)
			}
			clean.Host = ascii
			if port := u.Port(); port != "" {
				clean.Host += ":" + port
			}
			break
		}
	}
	return &clean, nil
}

// plainHeader is the header of a request whose definition gives none.
func plainHeader(userAgent string) http.Header {
	return http.Header{"User-Agent": {userAgent}, "Accept-Encoding": {"gzip"}}
}

// buildHeader builds the header of a request; value gives the text of a definition's value.
func (r *request) buildHeader(value func(probes.Value) (string, error), userAgent string) (http.Header, error) {
	header := plainHeader(userAgent)
	for _, h := range r.Headers {
		text, err := value(h.Value)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.Name, err)
		}
		if !httpguts.ValidHeaderFieldValue(text) {
			return nil, fmt.Errorf("header %s: its value has characters that no header may hold", h.Name)
		}
		name := http.CanonicalHeaderKey(h.Name)
		if name == "User-Agent" || name == "Accept-Encoding" {
			header.Set(name, text)
		} else {
			header.Add(name, text)
		}
	}
	if r.BasicUser != (probes.Value{}) || r.BasicPassword != (probes.Value{}) {
		user, err := value(r.BasicUser)
		if err != nil {
			return nil, fmt.Errorf("user: %w", err)
		}
		password, err := value(r.BasicPassword)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		header.Set("Authorization", basic(user, password))
	}
	if r.Bearer != (probes.Value{}) {
		token, err := value(r.Bearer)
		if err != nil {
			return nil, fmt.Errorf("bearer token: %w", err)
		}
		token = "Bearer " + strings.TrimSpace(token)
		if !httpguts.ValidHeaderFieldValue(token) {
			return nil, errors.New("bearer token: it has characters that no header may hold")
		}
		header.Set("Authorization", token)
	}
	return header, nil
}

func validToken(s string) bool { return httpguts.ValidHeaderFieldName(s) }

// hasName reports whether a text holds a ${name}.
func hasName(text string) bool {
	_, _, found := nextName(text)
	return found
}

// nextName finds the first ${name} of a text: where it begins, and the name.
func nextName(text string) (at int, name string, found bool) {
	for from := 0; ; {
		i := strings.Index(text[from:], "${")
		if i < 0 {
			return 0, "", false
		}
		i += from
		if end := strings.IndexByte(text[i:], '}'); end > 2 {
			return i, text[i+2 : i+end], true
		}
		from = i + 2
	}
}

func firstUnknown(text string, known map[string]bool) (string, bool) {
	for {
		at, name, found := nextName(text)
		if !found {
			return "", false
		}
		if !known[name] {
			return name, true
		}
		text = text[at+len(name)+3:]
	}
}
