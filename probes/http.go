package probes

import "time"

// HTTP is the definition of an HTTP probe: one request, or several in a row.
type HTTP struct {
	Requests []Request
	// KeepConnection reuses connections between runs; by default each run makes fresh ones, so that DNS, connect and TLS
	// are measured each time.
	KeepConnection bool
	// IPVersion is 4 or 6, or 0 for whichever answers.
	IPVersion int
	// Version is "1.1" or "2", or empty for whichever is negotiated.
	Version string
	// Proxy is the address of an HTTP or SOCKS5 proxy; empty for a direct connection. The environment's proxy is not used.
	Proxy Value
	TLS   TLS
	Retry Retry
	// Maintenance tells the target's own maintenance page.
	Maintenance Patterns
	// MaxBody bounds the decoded body that is read, in bytes.
	MaxBody int64
}

// TLS is how a connection is secured and trusted.
type TLS struct {
	// CAFile holds the PEM certificates to trust instead of the system's.
	CAFile string
	// CertFile and KeyFile hold the client certificate.
	CertFile, KeyFile string
	// ServerName overrides the name that is asked for and verified.
	ServerName string
	// MinVersion is the lowest TLS version to offer ("1.0" to "1.3"); empty for Go's default.
	MinVersion string
}

// Retry asks for further attempts after one that failed. Each attempt is reported.
type Retry struct {
	// Attempts is the number of tries in all; 0 or 1 for no retry.
	Attempts int
	// Wait is the time between two tries.
	Wait time.Duration
}

// Patterns tell a page by what it shows: the page matches when one of them does.
type Patterns struct {
	Text     []string
	Title    []string
	Selector []string
	Status   []StatusRange
}

// Empty reports whether there is no pattern at all.
func (p Patterns) Empty() bool {
	return len(p.Text)+len(p.Title)+len(p.Selector)+len(p.Status) == 0
}

// A Request is one request of an HTTP probe. URL, header values and Body may hold ${name} for a value carried from an
// earlier request of the same run.
type Request struct {
	// Name is the step's name in results; "request N" where the definition gives none.
	Name    string
	Method  string
	URL     string
	Headers []Header
	Body    Value
	// BasicUser and BasicPassword, or Bearer, authenticate the request.
	BasicUser, BasicPassword Value
	Bearer                   Value
	// MaxRedirects is how many redirects are followed; 0 means that none is and the redirect itself is judged.
	MaxRedirects int
	Expect       Expect
	Extract      []Extract
}

// Header is a request header.
type Header struct {
	Name  string
	Value Value
}

// StatusRange is a span of HTTP status codes, both ends included.
type StatusRange struct{ From, To int }

// Contains reports whether the range holds the code.
func (r StatusRange) Contains(code int) bool { return r.From <= code && code <= r.To }

// Expect is what the answer must show. Everything given must hold.
type Expect struct {
	// Status holds the accepted codes; 200 to 299 when empty.
	Status  []StatusRange
	Headers []HeaderExpect
	// Title, Text and NoText are compared after folding (see Fold); Regexp and NoRegexp match the folded visible text.
	Title    []TextExpect
	Text     []TextExpect
	NoText   []TextExpect
	Regexp   []TextExpect
	NoRegexp []TextExpect
	Selector []SelectorExpect
	JSON     []JSONExpect
	// MinBody and MaxBody bound the decoded body's size in bytes; 0 for no bound.
	MinBody, MaxBody int64
	// MinTLS is the lowest acceptable TLS version ("1.2", "1.3"), CertDays the days for which the certificate must still be valid.
	MinTLS   string
	CertDays int
	// FinalHost and FinalPath are those at which redirects may end; a trailing slash of the path makes no difference.
	FinalHost []string
	FinalPath []string
	// Redirects is the exact number of redirects; nil for any.
	Redirects *int
	// LinkHosts are the hosts to which the page's links may lead ("example.jp", ".example.jp" for all below it).
	LinkHosts []string
}

// TextExpect is a text, or a regular expression, to be found or not to be found.
type TextExpect struct {
	Value string
	// Must keeps a failure "down", where a text that alone went missing might be a redesign.
	Must bool
}

// HeaderExpect expects a response header.
type HeaderExpect struct {
	Name string
	// Contains is a text the header's value contains, Regexp one it matches; with neither, the header must be present.
	Contains string
	Regexp   string
	Absent   bool
}

// SelectorExpect expects elements by CSS selector.
type SelectorExpect struct {
	Selector string
	// Text is found in one of the elements.
	Text string
	// Min and Max bound the number of elements; Max 0 means no bound. Absent asks for none.
	Min, Max int
	Absent   bool
	Must     bool
}

// JSONExpect expects a value in a JSON body by JSONPath (RFC 9535).
type JSONExpect struct {
	Path string
	// Equals is compared with the value as JSON; Regexp matches its text; with neither, the path must exist.
	Equals    any
	HasEquals bool
	Regexp    string
	Absent    bool
}

// Extract carries a value from an answer to later requests. Exactly one source is set.
type Extract struct {
	Name string
	// Selector takes the text of the first element, or its attribute Attr.
	Selector string
	Attr     string
	// JSON is a JSONPath; Regexp a regular expression whose first group, or whole match, is taken; Header a header's name.
	JSON   string
	Regexp string
	Header string
}
