package browserprobe

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
)

//go:embed lib.js
var library string

const (
	worldName   = "mynaprobe"
	bindingName = "__probeVitals"

	// maxDialogs, maxNavigations and maxBytes bound what a page may do to us in one visit.
	maxDialogs     = 20
	maxNavigations = 10
	maxBytes       = 100 << 20
	maxTabs        = 10
	maxConsole     = 200
)

// wantedEvents are decoded; all others are dropped unread.
var wantedEvents = map[cdproto.MethodType]bool{
	cdproto.EventTargetAttachedToTarget: true, cdproto.EventTargetDetachedFromTarget: true, cdproto.EventTargetTargetCrashed: true,
	cdproto.EventBrowserDownloadWillBegin:       true,
	cdproto.EventRuntimeExecutionContextCreated: true, cdproto.EventRuntimeExecutionContextDestroyed: true,
	cdproto.EventRuntimeExecutionContextsCleared: true, cdproto.EventRuntimeBindingCalled: true,
	cdproto.EventRuntimeConsoleAPICalled: true, cdproto.EventRuntimeExceptionThrown: true, cdproto.EventLogEntryAdded: true,
	cdproto.EventPageFrameNavigated: true, cdproto.EventPageFrameStartedNavigating: true, cdproto.EventPageFrameRequestedNavigation: true,
	cdproto.EventPageNavigatedWithinDocument: true, cdproto.EventPageDomContentEventFired: true, cdproto.EventPageLoadEventFired: true,
	cdproto.EventPageJavascriptDialogOpening:       true,
	cdproto.EventNetworkRequestWillBeSent:          true,
	cdproto.EventNetworkRequestWillBeSentExtraInfo: true, cdproto.EventNetworkResponseReceived: true,
	cdproto.EventNetworkDataReceived: true, cdproto.EventNetworkLoadingFinished: true, cdproto.EventNetworkLoadingFailed: true,
	cdproto.EventNetworkRequestServedFromCache: true, cdproto.EventNetworkWebSocketCreated: true,
	cdproto.EventNetworkWebSocketHandshakeResponseReceived: true, cdproto.EventNetworkWebSocketFrameError: true,
	cdproto.EventNetworkWebSocketClosed: true,
	cdproto.EventFetchRequestPaused:     true, cdproto.EventFetchAuthRequired: true,
}

// A visit is one attempt of a journey: a browser context of its own, its pages, and all that they reported.
type visit struct {
	chrome  *chrome
	context cdp.BrowserContextID
	setup   *setup
	// end cancels the visit's context with what went wrong.
	end context.CancelCauseFunc

	mu sync.Mutex
	// changed is closed and replaced whenever something is reported.
	changed chan struct{}
	tabs    []*tab
	// ownTabs are those of tabs that the journey opened, not the page.
	ownTabs  int
	frames   map[cdp.FrameID]*frame
	sessions map[*session]bool
	traffic  traffic
	console  []string
	// consoleErrors and pageErrors count; pageError is the first of the latter.
	consoleErrors, pageErrors int
	pageError                 string
	dialogs                   int
	downloads                 []string
	vitals                    vitals
}

// A tab is a page with a window: the one that the visit opened, or a popup.
type tab struct {
	session *session
	frame   cdp.FrameID
	url     string
	// loader is the document that is shown, starting the one that is on its way.
	loader, starting cdp.LoaderID
	// requested is when the page asked for a navigation that has not started yet.
	requested time.Time
	// interactive and loaded are DOMContentLoaded and load of the shown document.
	interactive, loaded bool
	// commits counts documents since the last step.
	commits int
	failed  string
	closed  bool
}

// A frame is where scripts of a frame run: its session, the page's own world, and ours.
type frame struct {
	session   *session
	page, own string
}

// notify must be called with mu held.
func (v *visit) notify() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// wait returns when done, which is called with mu held, says so.
func (v *visit) wait(ctx context.Context, done func() bool) error {
	for {
		v.mu.Lock()
		ok, changed := done(), v.changed
		v.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-v.chrome.conn.lost:
			return v.chrome.conn.lostErr()
		}
	}
}

// newVisit makes a browser context with a blank page in it. The caller must dispose of the visit also when this fails.
func newVisit(c *chrome, s *setup, end context.CancelCauseFunc) *visit {
	v := &visit{chrome: c, setup: s, end: end, changed: make(chan struct{}), frames: map[cdp.FrameID]*frame{}, sessions: map[*session]bool{}}
	v.traffic.start(s)
	return v
}

func (v *visit) begin(ctx context.Context) (*tab, error) {
	if err := v.chrome.newContext(ctx, v); err != nil {
		return nil, fmt.Errorf("making a browser context: %w", err)
	}
	deny := true
	v.chrome.conn.forget(v.chrome.conn.start(nil, browser.CommandSetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: v.context, EventsEnabled: &deny}).id)
	if err := v.newTab(ctx); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.tabs[len(v.tabs)-1], nil
}

// newTab opens a blank page and sets it up.
func (v *visit) newTab(ctx context.Context) error {
	v.mu.Lock()
	v.ownTabs++
	v.mu.Unlock()
	window := true
	created, err := bounded(ctx, v.chrome, target.CreateTarget, target.CreateTargetParams{URL: "about:blank", BrowserContextID: v.context, NewWindow: &window,
		Width: v.setup.width, Height: v.setup.height})
	if err != nil {
		return fmt.Errorf("opening a page: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	id := cdp.FrameID(created.TargetID)
	if err := v.wait(ctx, func() bool { return v.frames[id] != nil && v.frames[id].own != "" }); err != nil {
		return fmt.Errorf("setting up the page: %w", err)
	}
	return nil
}

// attached registers a new session; it runs on the reading goroutine.
func (v *visit) attached(parent *session, e *target.EventAttachedToTarget) {
	v.mu.Lock()
	isPage := e.TargetInfo.Type == "page"
	if isPage && len(v.tabs) >= maxTabs+v.ownTabs {
		// a Chrome with windows blocks these by itself, one without does not
		v.log("window", "closed, it is one too many: "+shownURL(e.TargetInfo.URL))
		v.mu.Unlock()
		s := v.chrome.conn.attach(e.SessionID, e.TargetInfo, func(*session, any) {})
		s.post(runtime.CommandRunIfWaitingForDebugger, nil)
		v.chrome.conn.forget(v.chrome.conn.start(nil, target.CommandCloseTarget, target.CloseTargetParams{TargetID: e.TargetInfo.TargetID}).id)
		return
	}
	s := v.chrome.conn.attach(e.SessionID, e.TargetInfo, v.handle)
	v.sessions[s] = true
	if isPage {
		v.tabs = append(v.tabs, &tab{session: s, frame: cdp.FrameID(e.TargetInfo.TargetID), url: e.TargetInfo.URL})
	}
	v.notify()
	v.mu.Unlock()
	for _, c := range v.setup.commands(e.TargetInfo.Type) {
		s.post(c.method, c.params)
	}
	if e.WaitingForDebugger {
		s.post(runtime.CommandRunIfWaitingForDebugger, nil)
	}
}

func (v *visit) detached(s *session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.sessions, s)
	for id, f := range v.frames {
		if f.session == s {
			delete(v.frames, id)
		}
	}
	for _, t := range v.tabs {
		if t.session == s {
			t.closed = true
		}
	}
	v.notify()
}

func (v *visit) detachAll() {
	v.mu.Lock()
	sessions := v.sessions
	v.sessions = map[*session]bool{}
	v.mu.Unlock()
	for s := range sessions {
		v.chrome.conn.detach(s)
	}
}

func (v *visit) targetCrashed(e *target.EventTargetCrashed) {
	v.mu.Lock()
	var crashed *session
	for s := range v.sessions {
		if s.info.TargetID == e.TargetID {
			crashed = s
		}
	}
	v.mu.Unlock()
	if crashed == nil {
		return
	}
	what := "the page"
	if crashed.info.Type != "page" {
		what = "a frame of the page"
	}
	how := map[string]string{"crashed": "crashed", "killed": "was killed", "oom": "ran out of memory"}[e.Status]
	if how == "" {
		how = "ended (" + e.Status + ")"
	}
	v.end(&fault{restart: RestartCrash, crashed: e.Status == "crashed", text: what + " " + how})
}

func (v *visit) downloadBegan(e *browser.EventDownloadWillBegin) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range v.tabs {
		if v.frames[e.FrameID] == nil && t.frame != e.FrameID {
			continue
		}
		v.downloads = append(v.downloads, e.SuggestedFilename)
		v.log("download", "refused: "+e.SuggestedFilename)
		if t.frame == e.FrameID {
			t.starting, t.requested = "", time.Time{}
		}
		v.notify()
		return
	}
}

// log must be called with mu held.
func (v *visit) log(kind, text string) {
	if len(v.console) < maxConsole {
		v.console = append(v.console, kind+": "+clip(text, 2000))
	}
}

// tabOf must be called with mu held.
func (v *visit) tabOf(s *session) *tab {
	for _, t := range v.tabs {
		if t.session == s {
			return t
		}
	}
	return nil
}

// handle takes an event of a session; it runs on the reading goroutine.
func (v *visit) handle(s *session, event any) {
	switch e := event.(type) {
	case *target.EventAttachedToTarget:
		v.attached(s, e)
		return
	case *target.EventDetachedFromTarget:
		v.chrome.detached(e)
		return
	case *page.EventJavascriptDialogOpening:
		v.dialog(s, e)
		return
	case *fetch.EventRequestPaused:
		go v.setup.gate(v, s, e)
		return
	case *fetch.EventAuthRequired:
		s.post(fetch.CommandContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID,
			AuthChallengeResponse: &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}})
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.notify()
	switch e := event.(type) {
	case *runtime.EventExecutionContextCreated:
		v.worldCreated(s, e.Context)
	case *runtime.EventExecutionContextDestroyed:
		for _, f := range v.frames {
			if f.own == e.ExecutionContextUniqueID {
				f.own = ""
			}
			if f.page == e.ExecutionContextUniqueID {
				f.page = ""
			}
		}
	case *runtime.EventExecutionContextsCleared:
		for id, f := range v.frames {
			if f.session == s {
				delete(v.frames, id)
			}
		}
	case *runtime.EventBindingCalled:
		var seen pageVitals
		if e.Name == bindingName && json.Unmarshal([]byte(e.Payload), &seen) == nil && v.tabOf(s) != nil {
			v.vitals.add(seen)
		}
	case *runtime.EventConsoleAPICalled:
		v.log(string(e.Type), consoleText(e.Args))
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			v.consoleErrors++
		}
	case *runtime.EventExceptionThrown:
		text := exceptionText(e.ExceptionDetails)
		v.log("uncaught", text)
		if v.pageErrors++; v.pageErrors == 1 {
			v.pageError = text
		}
	case *log.EventEntryAdded:
		v.log(string(e.Entry.Level), strings.TrimSpace(e.Entry.Text+" "+shownURL(e.Entry.URL)))
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			v.consoleErrors++
		}
	default:
		v.pageEvent(s, event)
		if v.traffic.event(event) > v.setup.maxBytes {
			v.end(&failure{reason: reasonContent, text: fmt.Sprintf("the page sent more than %d MiB", v.setup.maxBytes>>20)})
		}
	}
}

// worldCreated must be called with mu held.
func (v *visit) worldCreated(s *session, c *runtime.ExecutionContextDescription) {
	var aux struct {
		FrameID   cdp.FrameID `json:"frameId"`
		IsDefault bool        `json:"isDefault"`
	}
	if json.Unmarshal(c.AuxData, &aux) != nil || aux.FrameID == "" {
		return
	}
	f := v.frames[aux.FrameID]
	if f == nil || f.session != s {
		f = &frame{session: s}
		v.frames[aux.FrameID] = f
	}
	if aux.IsDefault {
		f.page = c.UniqueID
	} else if c.Name == worldName {
		f.own = c.UniqueID
	}
}

// pageEvent follows the navigations of tabs. It must be called with mu held.
func (v *visit) pageEvent(s *session, event any) {
	t := v.tabOf(s)
	if t == nil {
		return
	}
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID == t.frame && e.Disposition == page.ClientNavigationDispositionCurrentTab && !strings.HasPrefix(e.URL, "javascript:") {
			t.requested = time.Now()
		}
	case *page.EventFrameStartedNavigating:
		if e.FrameID != t.frame {
			return
		}
		t.requested = time.Time{}
		if !strings.Contains(strings.ToLower(string(e.NavigationType)), "samedocument") {
			t.starting, t.failed = e.LoaderID, ""
		}
	case *page.EventFrameNavigated:
		if e.Frame.ID != t.frame {
			return
		}
		t.url, t.loader, t.requested = e.Frame.URL+e.Frame.URLFragment, e.Frame.LoaderID, time.Time{}
		if t.starting == t.loader || e.Frame.UnreachableURL != "" {
			t.starting = ""
		}
		t.interactive, t.loaded = false, false
		if e.Type == page.NavigationTypeBackForwardCacheRestore { // it comes back as it was
			t.interactive, t.loaded = true, true
		}
		if t.commits++; t.commits > maxNavigations {
			v.end(&failure{reason: reasonRedirect, text: fmt.Sprintf("the page went on to another more than %d times by itself, last to %s", maxNavigations, shownURL(t.url))})
		}
	case *page.EventNavigatedWithinDocument:
		if e.FrameID == t.frame {
			t.url, t.requested = e.URL, time.Time{}
		}
	case *page.EventDomContentEventFired:
		t.interactive = true
	case *page.EventLoadEventFired:
		t.interactive, t.loaded = true, true
	case *network.EventLoadingFailed:
		if t.starting != "" && string(e.RequestID) == string(t.starting) {
			t.starting = ""
			if e.ErrorText != "net::ERR_ABORTED" {
				t.failed = e.ErrorText
			}
		}
	}
}

// dialog answers a dialog as a person would who wants to go on. A page waits for the answer, so it comes at once.
func (v *visit) dialog(s *session, e *page.EventJavascriptDialogOpening) {
	v.mu.Lock()
	v.dialogs++
	v.log("dialog", string(e.Type)+" "+e.Message)
	many := v.dialogs > maxDialogs
	v.mu.Unlock()
	s.post(page.CommandHandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: e.Type != page.DialogTypePrompt})
	if many {
		v.end(&failure{reason: reasonScript, text: fmt.Sprintf("the page opened more than %d dialogs, last %q", maxDialogs, clip(e.Message, 80))})
	}
}

// world waits until scripts can run in the frame: in our world, or in the page's.
func (v *visit) world(ctx context.Context, id cdp.FrameID, own bool) (*session, string, error) {
	var s *session
	var world string
	err := v.wait(ctx, func() bool {
		f := v.frames[id]
		if f == nil {
			return false
		}
		s, world = f.session, f.page
		if own {
			world = f.own
		}
		return world != ""
	})
	return s, world, err
}

// errNoWorld: the document never came far enough to run a script in it.
var errNoWorld = errors.New("no document")

// call calls a function of the library in the frame and decodes what it returns into result. When the page goes on to
// another document meanwhile, the function is called again there, with arguments made anew.
func (v *visit) call(ctx context.Context, id cdp.FrameID, function string, args func() []any, result any) error {
	for {
		s, world, err := v.world(ctx, id, true)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%w: %w", errNoWorld, err)
			}
			return err
		}
		params := runtime.CallFunctionOnParams{
			FunctionDeclaration: "(a = []) => __probe." + function + "(...a)", UniqueContextID: world,
			AwaitPromise: ptr(true), ReturnByValue: ptr(true),
		}
		if args != nil {
			// as one array: an argument that is empty by itself would be left out of the message
			value, err := json.Marshal(args())
			if err != nil {
				return err
			}
			params.Arguments = []*runtime.CallArgument{{Value: value}}
		}
		var res runtime.CallFunctionOnResult
		err = s.Call(ctx, runtime.CommandCallFunctionOn, params, &res)
		if worldGone(err) && ctx.Err() == nil {
			if err := v.wait(ctx, func() bool { f := v.frames[id]; return f == nil || f.own != world || f.session != s }); err != nil {
				return fmt.Errorf("%w: %w", errNoWorld, err)
			}
			continue
		}
		if err != nil {
			return err
		}
		if res.ExceptionDetails != nil {
			return fmt.Errorf("our script failed in the page: %s", exceptionText(res.ExceptionDetails))
		}
		if result == nil || len(res.Result.Value) == 0 {
			return nil
		}
		return json.Unmarshal(res.Result.Value, result)
	}
}

// worldGone reports whether a call failed because the document that it was for is no longer there.
func worldGone(err error) bool {
	if errors.Is(err, errDetached) {
		return true
	}
	var answer *cdproto.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, text := range []string{"context was destroyed", "Cannot find context", "uniqueContextId not found", "Inspected target navigated", "Session with given id not found", "Promise was collected"} {
		if strings.Contains(answer.Message, text) {
			return true
		}
	}
	return false
}

func ptr[T any](v T) *T { return &v }
