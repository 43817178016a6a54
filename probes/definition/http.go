package definition

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/net/http/httpguts"

	"mynaprobe/probes"
)

const (
	// defaultRedirects is how many redirects are followed where the definition says nothing.
	defaultRedirects = 10
	// defaultMaxBody bounds a body where the definition says nothing: pages are well below, and a hostile one stays harmless.
	defaultMaxBody = 4 << 20
)

// httpDef is the http block of a probe: settings of the connection, and one request or several.
type httpDef struct {
	probes.HTTP
	single   requestDef
	requests []requestDef
	slow     located[time.Duration]
}

// requestDef is a request with the places of what is checked against the requests before it.
type requestDef struct {
	probes.Request
	url        located[string]
	method     located[string]
	headers    []pair[probes.Value]
	body       located[probes.Value]
	json, form located[string]
	extract    []pair[probes.Extract]
}

var headerName = checked(text, func(s string) (string, string) {
	if !httpguts.ValidHeaderFieldName(s) {
		return fmt.Sprintf("%q is not a header name", s), "a name is letters, digits and hyphens"
	}
	return "", ""
})

// headers are request headers. Those that carry credentials must be secrets, and the User-Agent is not for a definition
// to choose: it names the prober.
var headers = func() shape[[]pair[probes.Value]] {
	all := mapOf(headerName, value)
	decode := all.decode
	all.decode = func(d *document, n *yaml.Node) ([]pair[probes.Value], bool) {
		pairs, good := decode(d, n)
		for _, h := range pairs {
			child := valueOf(n, h.node)
			switch {
			case strings.EqualFold(h.key, "User-Agent"):
				d.problem(h.node, "the User-Agent cannot be changed", "it names the prober, so that operators know who asks; give them a way to reach you with contact: at the top of the file")
				good = false
			case credential(h.key) && !h.value.IsSecret():
				if child != nil {
					d.hide(child)
				}
				d.problem(cmpNode(child, h.node), "the value of "+h.key+" is a secret and cannot stand in a definition", "write {env: NAME} for an environment variable or {file: PATH} for a file")
				good = false
			case !httpguts.ValidHeaderFieldValue(h.value.Text):
				d.problem(cmpNode(child, h.node), "the value of "+h.key+" has a line break or a control character in it", "write it on one line")
				good = false
			}
		}
		return pairs, good
	}
	return all
}()

// credential tells the headers whose values are secrets.
func credential(header string) bool {
	h := strings.ToLower(header)
	for _, word := range []string{"authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "credential"} {
		if strings.Contains(h, word) {
			return true
		}
	}
	return false
}

// valueOf returns the value that stands beside the key in the mapping, or nil when it came by a merge.
func valueOf(mapping, key *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i] == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func cmpNode(n, other *yaml.Node) *yaml.Node {
	if n != nil {
		return n
	}
	return other
}

func toHeaders(pairs []pair[probes.Value]) []probes.Header {
	var all []probes.Header
	for _, p := range pairs {
		all = append(all, probes.Header{Name: p.key, Value: p.value})
	}
	return all
}

var jsonText = func() shape[string] {
	s := reads(anyJSON.want, anyJSON.schema, func(d *document, n *yaml.Node) (string, bool) {
		v, ok := anyJSON.decode(d, n)
		if !ok {
			return "", false
		}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			d.problem(n, "this cannot become JSON", strings.TrimPrefix(err.Error(), "json: "))
			return "", false
		}
		return strings.TrimSuffix(b.String(), "\n"), true
	})
	s.null = true
	return s
}()

// formFields refuses literal passwords: a form has no place for secrets by name, and a body has.
var formFields = func() shape[[]pair[string]] {
	s := mapOf(text, anyText)
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) ([]pair[string], bool) {
		pairs, good := decode(d, n)
		for _, p := range pairs {
			if !passwordField.MatchString(p.key) || p.value == "" || placeholder.FindString(p.value) == p.value {
				continue
			}
			at := cmpNode(valueOf(n, p.node), p.node)
			d.hide(at)
			d.problem(at, "the value of "+p.key+" is a secret and cannot stand in a definition",
				"put the whole form, encoded, into an environment variable or a file: body: {env: NAME}, with the header Content-Type: application/x-www-form-urlencoded")
			good = false
		}
		return pairs, good
	}
	return s
}()

// formText is an encoded form; ${name} stays as it is.
var formText = as(formFields, func(pairs []pair[string]) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.key) + "=")
		end := 0
		for _, m := range placeholder.FindAllStringIndex(p.value, -1) {
			b.WriteString(url.QueryEscape(p.value[end:m[0]]) + p.value[m[0]:m[1]])
			end = m[1]
		}
		b.WriteString(url.QueryEscape(p.value[end:]))
	}
	return b.String()
})

var extract = object[probes.Extract]{
	name: "extract", what: "extract", doc: "Where the value to be carried on stands in the answer.",
	fields: []field[probes.Extract]{
		key("selector", selector, func(e *probes.Extract) *string { return &e.Selector }, "The text of the first element of a CSS selector."),
		key("attr", text, func(e *probes.Extract) *string { return &e.Attr }, "The attribute of that element, instead of its text."),
		key("json", jsonPath, func(e *probes.Extract) *string { return &e.JSON }, "A JSONPath (RFC 9535)."),
		key("regexp", expression, func(e *probes.Extract) *string { return &e.Regexp }, "A regular expression: its first group, or the whole match."),
		key("header", headerName, func(e *probes.Extract) *string { return &e.Header }, "A response header."),
	},
	rules: []rule{one("selector", "json", "regexp", "header"), needs("attr", "selector")},
}.shape()

var variable = pattern("a name for a value", `^[A-Za-z_][A-Za-z0-9_]*$`, "letters, digits and underscores: it is used as ${name}")

var basic = object[probes.Request]{
	name: "basic", what: "basic", doc: "HTTP basic authentication.",
	fields: []field[probes.Request]{
		key("user", value, func(r *probes.Request) *probes.Value { return &r.BasicUser }, "The user.").must(),
		key("password", onlySecret, func(r *probes.Request) *probes.Value { return &r.BasicPassword }, "The password, by name: {env: NAME} or {file: PATH}.").must(),
	},
}.shape()

// requestFields are the keys of a request; they stand in the http block itself where there is only one.
func requestFields[T any](in func(*T) *requestDef) []field[T] {
	return []field[T]{
		key("url", at(pageURL), func(v *T) *located[string] { return &in(v).url }, "The address to fetch."),
		key("method", at(enum("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")), func(v *T) *located[string] { return &in(v).method }, "The request's method; GET, or POST where a body is sent."),
		key("headers", headers, func(v *T) *[]pair[probes.Value] { return &in(v).headers }, "Request headers."),
		key("body", at(value), func(v *T) *located[probes.Value] { return &in(v).body }, "The request's body as it is."),
		key("json", at(jsonText), func(v *T) *located[string] { return &in(v).json }, "The request's body as JSON."),
		key("form", at(formText), func(v *T) *located[string] { return &in(v).form }, "The request's body as a form."),
		{name: "basic", doc: "HTTP basic authentication.", schema: basic.schema, set: func(d *document, v *T, n *yaml.Node) bool {
			auth, ok := basic.decode(d, n)
			in(v).BasicUser, in(v).BasicPassword = auth.BasicUser, auth.BasicPassword
			return ok
		}},
		key("bearer", onlySecret, func(v *T) *probes.Value { return &in(v).Bearer }, "A bearer token, by name: {env: NAME} or {file: PATH}."),
		key("redirects", redirects, func(v *T) *int { return &in(v).MaxRedirects }, "How many redirects are followed; with 0 the redirect itself is judged."),
		key("expect", expect, func(v *T) *probes.Expect { return &in(v).Expect }, "What the answer must show."),
		key("extract", mapOf(variable, extract), func(v *T) *[]pair[probes.Extract] { return &in(v).extract }, "Values to carry to later requests as ${name}."),
	}
}

var requestRules = []rule{mostOne("body", "json", "form"), mostOne("basic", "bearer")}

var newRequest = requestDef{Request: probes.Request{MaxRedirects: defaultRedirects}}

var request = object[requestDef]{
	name: "request", what: "a request", doc: "One of several requests in a row.",
	fields: append([]field[requestDef]{
		key("name", label, func(r *requestDef) *string { return &r.Name }, "What the request is called in results."),
	}, requestFields(func(r *requestDef) *requestDef { return r })...),
	rules:   append([]rule{one("url")}, requestRules...),
	initial: newRequest,
}.shape()

var tlsSettings = object[probes.TLS]{
	name: "tls", what: "tls", doc: "How a connection is secured and trusted.",
	fields: []field[probes.TLS]{
		key("ca", file, func(t *probes.TLS) *string { return &t.CAFile }, "PEM file of the certificates to trust instead of the system's."),
		key("cert", file, func(t *probes.TLS) *string { return &t.CertFile }, "PEM file of the client certificate."),
		key("key", file, func(t *probes.TLS) *string { return &t.KeyFile }, "PEM file of its key."),
		key("server_name", host, func(t *probes.TLS) *string { return &t.ServerName }, "The name that is asked for and verified, instead of the address's."),
		key("min", tlsVersions, func(t *probes.TLS) *string { return &t.MinVersion }, "The lowest TLS version to offer."),
	},
	rules: []rule{needs("cert", "key"), needs("key", "cert")},
}.shape()

var retry = object[probes.Retry]{
	name: "retry", what: "retry", doc: "Further attempts after one that failed; every attempt is reported.",
	fields: []field[probes.Retry]{
		key("attempts", integer(1, 5), func(r *probes.Retry) *int { return &r.Attempts }, "The number of tries in all.").must(),
		key("wait", duration, func(r *probes.Retry) *time.Duration { return &r.Wait }, "The time between two tries."),
	},
	initial: probes.Retry{Wait: time.Second},
}.shape()

var proxy = reads("an address", value.schema, func(d *document, n *yaml.Node) (probes.Value, bool) {
	v, ok := value.decode(d, n)
	if !ok || v.IsSecret() {
		return v, ok
	}
	if message, suggestion := checkURL(v.Text, "http", "https", "socks5"); message != "" {
		if strings.Contains(message, "password") {
			suggestion = "put the whole address into an environment variable and write {env: NAME}"
		}
		d.problem(n, message, suggestion)
		return v, false
	}
	return v, true
})

var emptyHTTP = httpDef{HTTP: probes.HTTP{MaxBody: defaultMaxBody}, single: newRequest}

// httpShape is the block, or the address alone where there is no more to say.
var httpShape = either(reads(pageURL.want, pageURL.schema, func(d *document, n *yaml.Node) (httpDef, bool) {
	h := emptyHTTP
	address, ok := pageURL.decode(d, n)
	h.single.url = located[string]{address, n}
	return h, ok && finishHTTP(d, n, &h)
}), httpBlock)

var httpBlock = object[httpDef]{
	name: "http", what: "http", doc: "An HTTP probe: one request, or several in a row.",
	fields: append(requestFields(func(h *httpDef) *requestDef { return &h.single }),
		key("requests", list(request, 1), func(h *httpDef) *[]requestDef { return &h.requests }, "Several requests in a row, with values carried from one to the next."),
		key("connection", as(enum("fresh", "keep"), func(s string) bool { return s == "keep" }), func(h *httpDef) *bool { return &h.KeepConnection }, "fresh (the default) connects anew each run, so that DNS, connect and TLS are measured; keep reuses connections."),
		key("ip", as(enum("4", "6"), func(s string) int { n, _ := strconv.Atoi(s); return n }), func(h *httpDef) *int { return &h.IPVersion }, "IP version: 4 or 6."),
		key("version", enum("1.1", "2"), func(h *httpDef) *string { return &h.Version }, "HTTP version; negotiated where nothing is given."),
		key("proxy", proxy, func(h *httpDef) *probes.Value { return &h.Proxy }, "Address of an HTTP or SOCKS5 proxy."),
		key("tls", tlsSettings, func(h *httpDef) *probes.TLS { return &h.TLS }, "Certificates and TLS versions."),
		key("retry", retry, func(h *httpDef) *probes.Retry { return &h.Retry }, "Retries; none where nothing is given."),
		key("maintenance", patterns, func(h *httpDef) *probes.Patterns { return &h.Maintenance }, "What the target's own maintenance page shows."),
		key("max_body", size, func(h *httpDef) *int64 { return &h.MaxBody }, "How much of a body is read."),
		key("slow", at(duration), func(h *httpDef) *located[time.Duration] { return &h.slow }, "The duration past which a good run is degraded."),
	),
	rules: append([]rule{
		one("url", "requests").because("url: for one request, requests: for several in a row"),
		excludes("requests", "method", "headers", "body", "json", "form", "basic", "bearer", "redirects", "expect", "extract").because("write it in the request that it belongs to"),
	}, requestRules...),
	initial: emptyHTTP,
	check:   finishHTTP,
}.shape()

// finishHTTP puts the requests together and finds values that are used before they are known.
func finishHTTP(d *document, _ *yaml.Node, h *httpDef) bool {
	requests := h.requests
	if requests == nil {
		requests = []requestDef{h.single}
	}
	known := map[string]*yaml.Node{}
	var names []string
	good := true
	seen := map[string]bool{}
	for i := range requests {
		r := &requests[i]
		good = r.finish(d, i, names) && good
		if seen[r.Name] {
			d.problem(r.url.node, fmt.Sprintf("two requests are called %q", r.Name), "give each a name of its own")
			good = false
		}
		seen[r.Name] = true
		for _, e := range r.extract {
			if first := known[e.key]; first != nil {
				d.problem(e.node, fmt.Sprintf("%q is extracted twice; the first is on line %d", e.key, first.Line), "give each value a name of its own")
				good = false
				continue
			}
			known[e.key] = e.node
			names = append(names, e.key)
			e.value.Name = e.key
			r.Extract = append(r.Extract, e.value)
		}
		h.Requests = append(h.Requests, r.Request)
	}
	return good
}

// finish fills a request in; names are the values that are known before it.
func (r *requestDef) finish(d *document, i int, names []string) bool {
	r.URL = r.url.value
	if r.Name == "" {
		r.Name = fmt.Sprintf("request %d", i+1)
	}
	contentType := ""
	var body *yaml.Node
	switch {
	case r.body.given():
		r.Body, body = r.body.value, r.body.node
	case r.json.given():
		r.Body, body, contentType = probes.Value{Text: r.json.value}, r.json.node, "application/json"
	case r.form.given():
		r.Body, body, contentType = probes.Value{Text: r.form.value}, r.form.node, "application/x-www-form-urlencoded"
	}
	r.Method = r.method.value
	if r.Method == "" {
		r.Method = "GET"
		if body != nil {
			r.Method = "POST"
		}
	}
	r.Headers = toHeaders(r.headers)
	hasType := slices.ContainsFunc(r.Headers, func(h probes.Header) bool { return strings.EqualFold(h.Name, "Content-Type") })
	if contentType != "" && !hasType {
		r.Headers = append(r.Headers, probes.Header{Name: "Content-Type", Value: probes.Value{Text: contentType}})
	}
	good := true
	if body != nil && (r.Method == "GET" || r.Method == "HEAD") {
		d.problem(r.method.node, "a "+r.Method+" request has no body", "use POST, or take the body out")
		good = false
	}
	uses := func(n *yaml.Node, text string) {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if slices.Contains(names, m[1]) {
				continue
			}
			good = false
			hint := "no earlier request extracts anything: add extract: {" + m[1] + ": …} to one"
			if len(names) > 0 {
				hint = meant(m[1], names)
			}
			d.problem(n, fmt.Sprintf("${%s} is used before it is extracted", m[1]), hint)
		}
	}
	uses(r.url.node, r.URL)
	if body != nil {
		uses(body, r.Body.Text)
	}
	for _, h := range r.headers {
		uses(h.node, h.value.Text)
	}
	return good
}
