// Package noticeprobe runs notice probes: it fetches a page, feed or JSON document through a function it is given, finds
// the notices in it and the pages behind them, hands their text to the parser, and judges the health of the source.
// Whether a notice is new, edited or withdrawn is decided by an observer, and what its windows mean by the outage tracker.
package noticeprobe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"github.com/ohler55/ojg/jp"

	"mynaprobe/probes"
	"mynaprobe/probes/notice"
)

// A Request is a page that a notice run wants.
type Request struct {
	URL string
	// ETag and LastModified are the validators of the copy that the run has (RFC 9110, section 13.1), empty for none. They
	// go into If-None-Match and If-Modified-Since; a browser leaves them out.
	ETag, LastModified string
	// Linked: the address was found in a page. It must not lead from a public host to a private one.
	Linked bool
}

// A Page is the answer to a Request.
type Page struct {
	// URL is the address at which redirects ended.
	URL    string
	Status int
	Header http.Header
	// Body is decompressed, and in the charset of the page. It is never changed after it was returned.
	Body []byte
}

// Fetch gets a page for a notice probe. The Result is that of the fetch as a run of its own, judged by the status and by
// the maintenance patterns of the definition; the page counts only where its outcome is good. A 304 is good.
type Fetch func(ctx context.Context, request Request) (Page, probes.Result)

// Options are what a Prober gets from outside.
type Options struct {
	// Fetcher makes the Fetch of one probe, when the probe is prepared: through HTTP, or through a browser where the
	// definition asks for it.
	Fetcher func(probes.Probe) (Fetch, error)
	// Clock tells the time; SystemClock when nil.
	Clock probes.Clock
	// Services names the services that the definitions know; they are looked for in notices. None when nil.
	Services func() []string
	// OwnHosts are the hosts that need no pause between two requests.
	OwnHosts []string
}

// A Prober prepares notice probes. It is safe for concurrent use, and so is what it prepares.
type Prober struct {
	options Options
}

// New returns a Prober.
func New(options Options) *Prober {
	if options.Clock == nil {
		options.Clock = probes.SystemClock{}
	}
	if options.Services == nil {
		options.Services = func() []string { return nil }
	}
	return &Prober{options: options}
}

// Prepare implements probes.Prober. Its error names the selector, path or address that cannot work.
func (p *Prober) Prepare(probe probes.Probe) (probes.Runner, error) {
	if probe.Notice == nil {
		return nil, fmt.Errorf("probe %s: it is no notice probe", probe.Name)
	}
	source, err := compile(*probe.Notice)
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", probe.Name, err)
	}
	if p.options.Fetcher == nil {
		return nil, fmt.Errorf("probe %s: nothing is there to fetch its page with", probe.Name)
	}
	fetch, err := p.options.Fetcher(probe)
	if err != nil {
		return nil, err
	}
	return &runner{probe: probe, source: source, fetch: fetch, options: p.options, kept: map[string]*kept{}}, nil
}

// Limits where the definition sets none, and for what a page may make us do.
const (
	defaultMaxItems = 50
	defaultMaxPages = 5
	defaultTimeout  = 10 * time.Second
	// maxText bounds the text of one notice, in bytes.
	maxText = 64 << 10
	// pause is the time between two requests to a public host.
	pause = time.Second
)

// A source is a compiled definition.
type source struct {
	probes.Notice
	css   selectors
	paths paths
	about []string // folded
}

// selectors are compiled CSS selectors; nil ones are guessed.
type selectors struct {
	item, title, link, date, body, content goquery.Matcher
}

// paths are compiled JSONPaths; nil ones are guessed.
type paths struct {
	item, title, link, date, body jp.Expr
}

// byJSONPath reports whether the definition's selectors are JSONPaths.
func byJSONPath(n probes.Notice) bool {
	return n.Format == "json" || n.Format == "" && strings.HasPrefix(n.Item+n.Title+n.Link+n.Date+n.Body, "$")
}

func compile(n probes.Notice) (source, error) {
	if n.MaxItems <= 0 {
		n.MaxItems = defaultMaxItems
	}
	if n.MaxPages <= 0 {
		n.MaxPages = defaultMaxPages
	}
	s := source{Notice: n}
	if u, err := url.Parse(n.URL); err != nil || u.Host == "" {
		return s, fmt.Errorf("%q is no address that could be fetched", n.URL)
	}
	for _, word := range n.About {
		if word = notice.Fold(word); word != "" {
			s.about = append(s.about, strings.ToLower(word))
		}
	}
	var errs []error
	css := func(key, text string, into *goquery.Matcher) {
		if text == "" {
			return
		}
		group, err := cascadia.Compile(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is no CSS selector: %w", key, text, err))
			return
		}
		*into = group
	}
	path := func(key, text string, into *jp.Expr) {
		if text == "" {
			return
		}
		expr, err := jp.ParseString(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is no JSONPath: %w", key, text, err))
			return
		}
		*into = expr
	}
	if byJSONPath(n) {
		path("item", n.Item, &s.paths.item)
		path("title", n.Title, &s.paths.title)
		path("link", n.Link, &s.paths.link)
		path("date", n.Date, &s.paths.date)
		path("body", n.Body, &s.paths.body)
	} else {
		css("item", n.Item, &s.css.item)
		css("title", n.Title, &s.css.title)
		css("link", n.Link, &s.css.link)
		css("date", n.Date, &s.css.date)
		css("body", n.Body, &s.css.body)
	}
	css("content", n.Content, &s.css.content)
	return s, errors.Join(errs...)
}
