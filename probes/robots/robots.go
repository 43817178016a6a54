// Package robots reads the robots.txt of the hosts we visit and says what it allows us (RFC 9309).
// It fetches and remembers those files and nothing else; whether an answer is obeyed is decided by whoever asks.
package robots

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/temoto/robotstxt"
)

// Token is the product token under which robots.txt speaks to us (RFC 9309, section 2.2.1).
const Token = "mynaprobe"

const (
	// keep is how long an answer is used: RFC 9309, section 2.4, advises no more than 24 hours.
	keep = 24 * time.Hour
	// keepUnreachable is how long we go without one before we ask again.
	keepUnreachable = time.Hour
	// maxBytes is how much of a file is read; RFC 9309, section 2.5, asks for at least 500 KiB.
	maxBytes = 512 << 10
	timeout  = 10 * time.Second
)

// A Verdict is what a host's robots.txt says of an address.
type Verdict struct {
	Allowed bool
	// Why says it in words: the file was read, there was none, or it could not be had.
	Why string
}

// A Checker asks hosts for their robots.txt, each at most once a day. It may be used from any goroutine.
type Checker struct {
	client    *http.Client
	userAgent string
	now       func() time.Time

	mu    sync.Mutex
	hosts map[string]*entry
}

type entry struct {
	once    sync.Mutex
	expires time.Time
	group   *robotstxt.Group
	why     string
}

// New returns a checker that fetches through transport (http.DefaultTransport when nil).
func New(userAgent string, transport http.RoundTripper, now func() time.Time) *Checker {
	return &Checker{
		client: &http.Client{Transport: transport, Timeout: timeout}, userAgent: userAgent, now: now,
		hosts: map[string]*entry{},
	}
}

// Check says whether the address may be fetched. A host whose robots.txt cannot be had is not forbidden to us: telling
// that it is out is what we are for, and RFC 9309's "assume complete disallow" would blind us exactly then.
func (c *Checker) Check(ctx context.Context, address string) Verdict {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return Verdict{true, "not a web address"}
	}
	origin := u.Scheme + "://" + u.Host
	c.mu.Lock()
	e, ok := c.hosts[origin]
	if !ok {
		e = &entry{}
		c.hosts[origin] = e
	}
	c.mu.Unlock()

	e.once.Lock()
	defer e.once.Unlock()
	if now := c.now(); !now.Before(e.expires) {
		c.fetch(ctx, origin, e)
	}
	if e.group == nil || e.group.Test(u.RequestURI()) {
		return Verdict{true, e.why}
	}
	return Verdict{false, fmt.Sprintf("%s/robots.txt forbids %s to %s", origin, u.Path, Token)}
}

func (c *Checker) fetch(ctx context.Context, origin string, e *entry) {
	e.group, e.expires = nil, c.now().Add(keepUnreachable)
	data, status, err := c.get(ctx, origin+"/robots.txt")
	switch {
	case err != nil:
		e.why = fmt.Sprintf("%s/robots.txt could not be read: %v", origin, err)
	case status >= 500:
		e.why = fmt.Sprintf("%s/robots.txt could not be read: status %d", origin, status)
	case status >= 400:
		e.why, e.expires = origin+" has no robots.txt", c.now().Add(keep)
	default:
		e.expires = c.now().Add(keep)
		parsed, err := robotstxt.FromBytes(data)
		if err != nil {
			e.why = fmt.Sprintf("%s/robots.txt makes no sense: %v", origin, err)
			return
		}
		e.why, e.group = origin+"/robots.txt allows it", parsed.FindGroup(Token)
	}
}

func (c *Checker) get(ctx context.Context, address string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("User-Agent", c.userAgent)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxBytes))
	if err != nil {
		return nil, 0, err
	}
	// A page that is served for every address is no robots.txt.
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		return nil, http.StatusNotFound, nil
	}
	return data, response.StatusCode, nil
}
