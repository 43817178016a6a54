package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"mynaprobe/probes"
)

// A journey is the way of one visit through the steps of a definition.
type journey struct {
	visit *visit
	// ctx ends when the journey must; outer, when the run must, a little later.
	ctx, outer context.Context
	// patience is when the step under way has waited long enough, grace how much later a page that does not answer at all
	// counts as hanging.
	patience time.Time
	// limit is how long the step may wait in all, for its message.
	limit  time.Duration
	grace  time.Duration
	secret func(probes.Value) (string, error)
	tab    *tab
	// scopes are the frames that the journey went into, outermost first.
	scopes []scope
	// seenTabs is the number of tabs that were open when the step before began.
	seenTabs int
	pictures map[string][]byte
}

// A scope is a frame inside of a page, and the element in the frame around it that shows it.
type scope struct {
	frame   cdp.FrameID
	session *session
	element runtime.RemoteObjectID
}

// An answer is what a function of the library says of the page.
type answer struct {
	OK      bool     `json:"ok"`
	Near    []string `json:"near"`
	Invalid string   `json:"invalid"`
	Problem string   `json:"problem"`
	Found   string   `json:"found"`
	URL     string   `json:"url"`
	Title   string   `json:"title"`
	Count   int      `json:"count"`
	Options []string `json:"options"`
	X, Y    float64
}

// begin opens the journey's page.
func (j *journey) begin() *fault {
	tab, err := j.visit.begin(j.ctx)
	if err == nil {
		j.tab = tab
		return nil
	}
	var f *fault
	if !errors.As(cause(j.ctx, err), &f) {
		f = &fault{restart: RestartStuck, text: "the browser could not open a page: " + err.Error()}
	}
	return f
}

// in returns the frame that steps look at.
func (j *journey) in() cdp.FrameID {
	if n := len(j.scopes); n > 0 {
		return j.scopes[n-1].frame
	}
	return j.tab.frame
}

// look calls a function of the library that waits by itself until the deadline of ctx; its last argument is the time
// that it has, in milliseconds.
func (j *journey) look(ctx context.Context, function string, args ...any) (answer, error) {
	var a answer
	err := j.visit.call(ctx, j.in(), function, func() []any {
		return append(args[:len(args):len(args)], max(time.Until(j.patience).Milliseconds(), 1))
	}, &a)
	return a, j.explain(err)
}

// explain turns the error of a call in a page into what it says of the page.
func (j *journey) explain(err error) error {
	if err == nil {
		return nil
	}
	if known := cause(j.ctx, err); !errors.Is(known, err) {
		return known
	}
	var answer *cdproto.Error
	switch {
	case errors.Is(err, errNoWorld):
		return j.stillLoading("")
	case errors.Is(err, context.DeadlineExceeded):
		return j.hanging()
	case errors.Is(err, errDetached):
		return &failure{reason: reasonContent, text: "the page closed its own window"}
	case errors.As(err, &answer):
		return &fault{restart: RestartStuck, text: "the browser refused a command: " + answer.Message}
	}
	return err
}

// hanging is the failure of a page that does not answer, unless the browser itself is as slow.
func (j *journey) hanging() error {
	ctx, cancel := context.WithTimeout(j.outer, j.grace)
	defer cancel()
	began := time.Now()
	if _, err := cdp.Call(ctx, j.visit.chrome.conn, browser.GetVersion, cdp.Empty{}); err != nil || time.Since(began) > j.grace/2 {
		return &failure{reason: probes.ReasonOverload, text: fmt.Sprintf("the browser itself needs more than %s to answer; this machine is too busy", round(time.Since(began)))}
	}
	return &failure{reason: reasonScript, text: "the page does not respond: one of its scripts runs without a pause" + j.at("")}
}

// at says where the journey is, and what the server had answered.
func (j *journey) at(address string) string {
	j.visit.mu.Lock()
	defer j.visit.mu.Unlock()
	if address == "" {
		address = j.tab.url
	}
	text := "; at " + shownURL(address)
	if doc := j.visit.traffic.document(string(j.tab.loader)); doc != nil && doc.response != nil {
		text += fmt.Sprintf(", where %s answered %d", hostOf(doc.response.URL), doc.response.Status)
	}
	return text
}

// stillLoading is the failure of a document that does not arrive.
func (j *journey) stillLoading(address string) error {
	j.visit.mu.Lock()
	list := j.visit.traffic.underWay(3)
	j.visit.mu.Unlock()
	text := "the page was still loading"
	if address != "" {
		text = shownURL(address) + " was still loading"
	}
	if len(list) > 0 {
		text += ", with requests unanswered: " + strings.Join(list, ", ")
	}
	return &failure{reason: probes.ReasonTimeout, text: text}
}

// open goes to an address and returns once its document can be used (DOMContentLoaded).
func (j *journey) open(ctx context.Context, address string) error {
	j.scopes = nil
	j.visit.mu.Lock()
	j.tab.commits, j.tab.failed = 0, ""
	downloads := len(j.visit.downloads)
	j.visit.mu.Unlock()

	patient, cancel := j.patient(ctx)
	defer cancel()
	var res page.NavigateResult
	if err := j.tab.session.Call(patient, page.CommandNavigate, page.NavigateParams{URL: address}, &res); err != nil {
		if known := cause(j.ctx, err); !errors.Is(known, err) {
			return known
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return j.noAnswer(address)
		}
		var refused *cdproto.Error
		if errors.As(err, &refused) {
			return &failure{reason: probes.ReasonDefinition, text: "the browser cannot open " + shownURL(address) + ": " + refused.Message}
		}
		return j.explain(err)
	}
	if res.ErrorText != "" {
		if known := context.Cause(j.ctx); known != nil && j.ctx.Err() != nil {
			return cause(j.ctx, known)
		}
		if status := j.statusFailure(res.LoaderID); status != nil {
			return status
		}
		if res.IsDownload || strings.HasSuffix(res.ErrorText, "ERR_ABORTED") {
			soon, cancel := context.WithTimeout(ctx, min(j.grace, 300*time.Millisecond))
			_ = j.visit.wait(soon, func() bool { return len(j.visit.downloads) > downloads })
			cancel()
		}
		j.visit.mu.Lock()
		refused := j.visit.downloads[min(downloads, len(j.visit.downloads)):]
		j.visit.mu.Unlock()
		if len(refused) > 0 || res.IsDownload {
			return &failure{reason: reasonContent, text: shownURL(address) + " is a download" + quoted(refused) + ", no page; it was refused"}
		}
		return netFailure(res.ErrorText, address)
	}
	if res.LoaderID == "" {
		return nil // the same document
	}
	return j.arrive(ctx, address)
}

func quoted(names []string) string {
	if len(names) == 0 || names[0] == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", names[0])
}

// noAnswer says how far a request for a document came.
func (j *journey) noAnswer(address string) error {
	j.visit.mu.Lock()
	defer j.visit.mu.Unlock()
	for i := len(j.visit.traffic.requests) - 1; i >= 0; i-- {
		r := j.visit.traffic.requests[i]
		if j.visit.traffic.open[r.id] != r || r.kind != "Document" {
			continue
		}
		phase := "no connection"
		switch {
		case r.response != nil:
			phase = "the answer began and did not go on"
		case r.onWire:
			phase = "connected, but no answer"
		}
		return &failure{reason: probes.ReasonTimeout, text: fmt.Sprintf("%s after %s from %s", phase, round(time.Since(r.start)), shownURL(r.sent.URL))}
	}
	return &failure{reason: probes.ReasonTimeout, text: "no answer in time from " + shownURL(address)}
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// arrive waits until the tab shows a document that can be used, and judges its status.
func (j *journey) arrive(ctx context.Context, address string) error {
	ctx, cancel := j.patient(ctx)
	defer cancel()
	err := j.visit.wait(ctx, func() bool {
		t := j.tab
		return t.closed || t.failed != "" || t.starting == "" && t.interactive
	})
	if err != nil {
		if known := cause(j.ctx, err); !errors.Is(known, err) {
			return known
		}
		return j.stillLoading(address)
	}
	j.visit.mu.Lock()
	closed, failed, loader, at := j.tab.closed, j.tab.failed, j.tab.loader, j.tab.url
	j.visit.mu.Unlock()
	if status := j.statusFailure(loader); status != nil {
		return status
	}
	if failed != "" {
		return netFailure(failed, at)
	}
	if closed {
		return &failure{reason: reasonContent, text: "the page closed its own window"}
	}
	return nil
}

// statusFailure is the failure of a document that the server answered with an error; nil when it did not.
func (j *journey) statusFailure(loader cdp.LoaderID) error {
	j.visit.mu.Lock()
	defer j.visit.mu.Unlock()
	doc := j.visit.traffic.document(string(loader))
	if doc == nil || doc.response == nil || doc.response.Status < 400 && doc.response.Status != http.StatusNoContent {
		return nil
	}
	return &failure{reason: probes.ReasonStatus, text: fmt.Sprintf("%s answered %s", shownURL(doc.response.URL), statusLine(doc.response.Status, doc.response.StatusText))}
}

// settle waits for what an action started: a navigation that the page asked for, until its document can be used.
func (j *journey) settle(ctx context.Context) error {
	t := j.tab
	short, cancel := context.WithTimeout(ctx, j.grace)
	defer cancel()
	// two turns of the page's event loop bring a submitted form or a followed link to light
	var refused *cdproto.Error
	if err := j.visit.turn(short, t.frame); errors.Is(err, errLost) || j.ctx.Err() != nil {
		return j.explain(err)
	} else if errors.As(err, &refused) && !worldGone(err) {
		return j.explain(err)
	}
	wait, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	_ = j.visit.wait(wait, func() bool { return t.requested.IsZero() || t.closed })
	j.visit.mu.Lock()
	t.requested = time.Time{}
	moving := t.commits > 0 || t.starting != "" || t.failed != ""
	closed := t.closed
	j.visit.mu.Unlock()
	if closed {
		return nil // a later step says whether that matters
	}
	if !moving {
		return cause(j.ctx, context.Cause(j.ctx))
	}
	j.scopes = nil
	return j.arrive(ctx, "")
}

// turn lets the page's event loop turn, once, in the document that is there.
func (v *visit) turn(ctx context.Context, id cdp.FrameID) error {
	s, world, err := v.world(ctx, id, true)
	if err != nil {
		return err
	}
	return s.Call(ctx, runtime.CommandCallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: "() => __probe.turn()", UniqueContextID: world, AwaitPromise: ptr(true)}, nil)
}

// offset is where the frame that steps look at lies in the window.
func (j *journey) offset(ctx context.Context) (x, y float64, err error) {
	for _, s := range j.scopes {
		var res runtime.CallFunctionOnResult
		err := s.session.Call(ctx, runtime.CommandCallFunctionOn, runtime.CallFunctionOnParams{
			FunctionDeclaration: "function() { return __probe.box(this) }", ObjectID: s.element, ReturnByValue: ptr(true)}, &res)
		if err != nil {
			return 0, 0, j.explain(err)
		}
		var box struct{ X, Y float64 }
		if err := unmarshal(res.Result.Value, &box); err != nil {
			return 0, 0, err
		}
		x, y = x+box.X, y+box.Y
	}
	return x, y, nil
}

// element returns a handle on the element that the library last made ready.
func (j *journey) element(ctx context.Context) (*session, runtime.RemoteObjectID, error) {
	s, world, err := j.visit.world(ctx, j.in(), true)
	if err != nil {
		return nil, "", j.explain(err)
	}
	var res runtime.CallFunctionOnResult
	if err := s.Call(ctx, runtime.CommandCallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: "() => __probe.element()", UniqueContextID: world}, &res); err != nil {
		return nil, "", j.explain(err)
	}
	if res.Result == nil || res.Result.ObjectID == "" {
		return nil, "", &failure{reason: probes.ReasonSelector, text: "the element went away while it was used" + j.at("")}
	}
	return s, res.Result.ObjectID, nil
}

// enter goes into the iframe that the library last made ready.
func (j *journey) enter(ctx context.Context, target probes.Target) error {
	s, object, err := j.element(ctx)
	if err != nil {
		return err
	}
	var node dom.DescribeNodeResult
	if err := s.Call(ctx, dom.CommandDescribeNode, dom.DescribeNodeParams{ObjectID: object}, &node); err != nil {
		return j.explain(err)
	}
	if node.Node.FrameID == "" {
		return &failure{reason: probes.ReasonSelector, text: fmt.Sprintf("found %s, but it is no iframe (it is a <%s>)%s", describe(target), node.Node.LocalName, j.at(""))}
	}
	j.scopes = append(j.scopes, scope{frame: node.Node.FrameID, session: s, element: object})
	return nil
}
