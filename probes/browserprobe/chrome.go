package browserprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp/remote"
)

const (
	// startTimeout bounds the start of Chrome, callTimeout a command that Chrome itself carries out; after the death of one
	// of its processes such a command may never be answered.
	startTimeout = 30 * time.Second
	callTimeout  = 10 * time.Second
)

// errSandbox is wrapped by the error of a Chrome that could not make its sandbox.
var errSandbox = errors.New("the browser could not make its sandbox")

// A chrome is a running browser, ours or a remote one, that visits share.
type chrome struct {
	conn    *conn
	proc    *process // nil for a remote one
	version string
	agent   string

	mu     sync.Mutex
	visits map[cdp.BrowserContextID]*visit
	// helpers are the processes without which all pages suffer, by their ids.
	helpers []int

	// These belong to the pool.
	users   int
	runs    int
	retired bool
}

// launch starts a Chrome of our own.
func launch(ctx context.Context, path, stateDir string, args []string) (*chrome, error) {
	proc, err := startProcess(path, stateDir, args, environment())
	if err != nil {
		return nil, err
	}
	c := &chrome{proc: proc, visits: map[cdp.BrowserContextID]*visit{}}
	c.conn = newConn(proc.pipe, c.onEvent)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.greet(ctx); err != nil {
		how := proc.ended(ctx)
		err = startError(proc, how, err)
		return nil, errors.Join(err, c.close())
	}
	reapOrphans(proc.cmd.Process.Pid)
	return c, nil
}

// startError explains why Chrome did not start, from what it printed.
func startError(proc *process, how string, err error) error {
	if proc.output.contains("No usable sandbox") || proc.output.contains("Failed to move to new namespace") ||
		proc.output.contains("Running as root without --no-sandbox") || proc.output.contains("sandbox_host_linux") && proc.output.contains("FATAL") {
		problem := namespaceProblem()
		if problem == "" {
			problem = "a seccomp profile, a container's settings or a security module may be the cause"
		}
		return fmt.Errorf("%w: the kernel does not let it use user namespaces (%s). Allow them, or use a browser elsewhere (browser.url), "+
			"or run without the sandbox (browser.sandbox: off), which lets a hostile page act with the rights of Chrome's user", errSandbox, problem)
	}
	if how == "" {
		how = "it runs but does not answer"
	}
	if printed := proc.output.lines(3); printed != "" {
		how += "; it printed: " + printed
	}
	return fmt.Errorf("the browser did not start (%s): %w", how, err)
}

// connect uses the browser behind a DevTools endpoint. Its errors do not tell the address, which may hold a token.
func connect(ctx context.Context, endpoint string) (*chrome, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	socket, err := socketURL(ctx, endpoint)
	if err != nil {
		return nil, fmt.Errorf("asking the remote browser (browser.url) for its DevTools address: %w", withoutURL(err))
	}
	tr, err := remote.DialContext(ctx, socket)
	if err != nil {
		return nil, fmt.Errorf("connecting to the remote browser (browser.url): %w", withoutURL(err))
	}
	c := &chrome{visits: map[cdp.BrowserContextID]*visit{}}
	c.conn = newConn(tr, c.onEvent)
	if err := c.greet(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("greeting the remote browser (browser.url): %w", err), c.close())
	}
	return c, nil
}

func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}

// socketURL finds the browser's WebSocket behind an http address, as the DevTools protocol documents it:
// https://chromedevtools.github.io/devtools-protocol/#endpoints
func socketURL(ctx context.Context, endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", errors.New("it is not an address")
	}
	if strings.HasPrefix(u.Scheme, "ws") && strings.Trim(u.Path, "/") != "" {
		return endpoint, nil
	}
	host := u.Host
	// Chrome answers only to IP addresses and localhost
	if net.ParseIP(u.Hostname()) == nil && u.Hostname() != "localhost" && u.Port() != "" {
		if found, err := net.DefaultResolver.LookupHost(ctx, u.Hostname()); err == nil {
			host = net.JoinHostPort(found[0], u.Port())
		}
	}
	ask := *u
	ask.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	if ask.Scheme == "" {
		ask.Scheme = u.Scheme
	}
	ask.Host, ask.Path = host, strings.TrimSuffix(u.Path, "/")+"/json/version"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ask.String(), nil)
	if err != nil {
		return "", errors.New("it is not an address")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var version struct {
		Socket string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&version); err != nil || version.Socket == "" {
		return "", fmt.Errorf("%s is no answer of a DevTools endpoint", resp.Status)
	}
	socket, err := url.Parse(version.Socket)
	if err != nil {
		return "", errors.New("the endpoint named no usable address")
	}
	socket.Host, socket.RawQuery = host, u.RawQuery
	if ask.Scheme == "https" {
		socket.Scheme = "wss"
	}
	return socket.String(), nil
}

// greet asks for the version, which proves that Chrome works, and for news of crashes.
func (c *chrome) greet(ctx context.Context) error {
	version, err := cdp.Call(ctx, c.conn, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	c.version, c.agent = version.Product, version.UserAgent
	_, err = cdp.Call(ctx, c.conn, target.SetDiscoverTargets, target.SetDiscoverTargetsParams{Discover: true, Filter: target.Filter{
		{Type: "page"}, {Type: "iframe"}, {Exclude: true},
	}})
	if err != nil {
		return err
	}
	// pages that others open, popups too, are held until they have got the setup of their visit
	return c.conn.Call(ctx, target.CommandSetAutoAttach, target.SetAutoAttachParams{AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: ptr(true),
		Filter: target.Filter{{Type: "page"}, {Exclude: true}}}, nil)
}

// watchHelpers returns the processes that all pages depend on, by their ids, and whether one of those known before has
// died: requests may fail for that a moment later still.
func (c *chrome) watchHelpers() (helpers []int, died bool) {
	if c.proc == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	died = anyDead(c.helpers)
	if len(c.helpers) < 2 || died {
		c.helpers = helperProcesses(c.proc.cmd.Process.Pid)
	}
	return c.helpers, died
}

// memory returns the resident bytes of Chrome's processes; 0 for a remote one.
func (c *chrome) memory() int64 {
	if c.proc == nil {
		return 0
	}
	return groupMemory(c.proc.cmd.Process.Pid)
}

// alive reports whether the connection stands.
func (c *chrome) alive() bool {
	select {
	case <-c.conn.lost:
		return false
	default:
		return true
	}
}

// close ends the browser if it is ours, the connection in any case, and waits for both.
func (c *chrome) close() error {
	var err error
	if c.proc != nil {
		err = c.proc.stop()
	}
	c.conn.close()
	return err
}

// onEvent takes the events of the browser itself to the visit that they concern.
func (c *chrome) onEvent(_ cdproto.MethodType, event any) {
	switch e := event.(type) {
	case *target.EventAttachedToTarget:
		c.attached(nil, e)
	case *target.EventDetachedFromTarget:
		c.detached(e)
	case *target.EventTargetCrashed:
		for _, v := range c.all() {
			v.targetCrashed(e)
		}
	case *browser.EventDownloadWillBegin:
		for _, v := range c.all() {
			v.downloadBegan(e)
		}
	}
}

func (c *chrome) all() []*visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	visits := make([]*visit, 0, len(c.visits))
	for _, v := range c.visits {
		visits = append(visits, v)
	}
	return visits
}

func (c *chrome) visit(id cdp.BrowserContextID) *visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.visits[id]
}

func (c *chrome) attached(parent *session, e *target.EventAttachedToTarget) {
	if v := c.visit(e.TargetInfo.BrowserContextID); v != nil {
		v.attached(parent, e)
		return
	}
	// somebody else's, in a browser that we share
	s := c.conn.attach(e.SessionID, e.TargetInfo, func(*session, any) {})
	if e.WaitingForDebugger {
		s.post(runtime.CommandRunIfWaitingForDebugger, nil)
	}
	c.conn.forget(c.conn.start(nil, target.CommandDetachFromTarget, target.DetachFromTargetParams{SessionID: e.SessionID}).id)
}

func (c *chrome) detached(e *target.EventDetachedFromTarget) {
	c.conn.mu.Lock()
	s := c.conn.sessions[e.SessionID]
	c.conn.mu.Unlock()
	if s != nil {
		c.conn.detach(s)
		if v := c.visit(s.info.BrowserContextID); v != nil {
			v.detached(s)
		}
	}
}

// newContext makes a browser context. It is made and registered whatever happens to ctx meanwhile, so that none is
// ever left without an owner.
func (c *chrome) newContext(ctx context.Context, v *visit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	dispose := true
	res, err := cdp.Call(ctx, c.conn, target.CreateBrowserContext, target.CreateBrowserContextParams{DisposeOnDetach: &dispose})
	if err != nil {
		return err
	}
	v.context = res.BrowserContextID
	c.mu.Lock()
	c.visits[v.context] = v
	c.mu.Unlock()
	return nil
}

// dispose ends the visit's browser context with all its pages.
func (c *chrome) dispose(v *visit) error {
	if v.context == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	_, err := cdp.Call(ctx, c.conn, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: v.context})
	c.mu.Lock()
	delete(c.visits, v.context)
	c.mu.Unlock()
	v.detachAll()
	return err
}

// bounded calls a command of the browser, for callTimeout at most.
func bounded[P, R any](ctx context.Context, c *chrome, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return cdp.Call(ctx, c.conn, command, params)
}
