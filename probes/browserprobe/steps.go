package browserprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"

	"mynaprobe/probes"
)

// defaultStepTimeout bounds a step whose definition does not.
const defaultStepTimeout = 10 * time.Second

// do carries out one step, which may take so long. Its error is a *failure or a *fault, or a mistake of ours.
func (j *journey) do(timeout time.Duration, step probes.Step) error {
	j.patience, j.limit = time.Now().Add(timeout), timeout
	if deadline, ok := j.ctx.Deadline(); ok && deadline.Before(j.patience) {
		j.patience, j.limit = deadline, time.Until(deadline).Round(10*time.Millisecond)
	}
	// what a page answers at once it may still answer a little later, on a busy machine
	ctx, cancel := context.WithDeadline(j.outer, j.patience.Add(j.grace))
	defer cancel()
	stop := context.AfterFunc(j.ctx, func() {
		if context.Cause(j.ctx) != context.DeadlineExceeded {
			cancel()
		}
	})
	defer stop()
	j.visit.mu.Lock()
	if step.Action != probes.ActionTab {
		j.seenTabs = len(j.visit.tabs)
	}
	j.tab.commits = 0
	j.visit.mu.Unlock()
	t := wire(step.Target)
	switch step.Action {
	case probes.ActionOpen:
		address, err := j.value(step)
		if err != nil {
			return err
		}
		return j.open(ctx, address)
	case probes.ActionClick:
		return j.click(ctx, step, "click")
	case probes.ActionCheck, probes.ActionUncheck:
		return j.check(ctx, step, step.Action == probes.ActionCheck)
	case probes.ActionFill:
		return j.fill(ctx, step)
	case probes.ActionSelect:
		value, err := j.value(step)
		if err != nil {
			return err
		}
		return j.choose(ctx, step, value)
	case probes.ActionPress:
		return j.press(ctx, step)
	case probes.ActionUpload:
		return j.upload(ctx, step)
	case probes.ActionHover:
		return j.click(ctx, step, "hover")
	case probes.ActionScroll:
		return j.scroll(ctx, step)
	case probes.ActionWait:
		return j.await(ctx, step)
	case probes.ActionSee:
		a, err := j.look(ctx, "see", t)
		if err != nil {
			return err
		}
		return j.looks(a, step.Target)
	case probes.ActionDontSee:
		return j.dontSee(ctx, step.Target)
	case probes.ActionEvaluate:
		return j.evaluate(ctx, step)
	case probes.ActionFrame:
		if step.Target == (probes.Target{}) {
			j.scopes = nil
			return nil
		}
		a, err := j.look(ctx, "ready", t, "frame")
		if err != nil {
			return err
		}
		if err := j.missing(a, step.Target); err != nil {
			return err
		}
		return j.enter(ctx, step.Target)
	case probes.ActionTab:
		return j.changeTab(ctx, step)
	case probes.ActionBack:
		return j.back(ctx)
	case probes.ActionScreenshot:
		return j.picture(ctx, step.Name)
	}
	return &failure{reason: probes.ReasonDefinition, text: fmt.Sprintf("there is no step %q", step.Action)}
}

// value resolves the step's value.
func (j *journey) value(step probes.Step) (string, error) {
	value, err := j.secret(step.Value)
	if err != nil {
		return "", &failure{reason: probes.ReasonDefinition, text: err.Error()}
	}
	return value, nil
}

// wire is the target as the library takes it.
func wire(t probes.Target) map[string]any {
	return map[string]any{"selector": t.Selector, "text": t.Text, "role": t.Role, "name": t.Name, "label": t.Label, "nth": t.Nth}
}

// describe names a target in words.
func describe(t probes.Target) string {
	var text string
	switch {
	case t.Label != "":
		text = fmt.Sprintf("the field labelled %q", t.Label)
	case t.Role != "" && t.Name != "":
		text = fmt.Sprintf("the %s %q", t.Role, t.Name)
	case t.Role != "":
		text = "a " + t.Role
	case t.Selector != "":
		text = fmt.Sprintf("the element %s", t.Selector)
	case t.Text != "":
		return nth(fmt.Sprintf("the text %q", t.Text), t.Nth)
	default:
		return "the page"
	}
	if t.Selector != "" && (t.Label != "" || t.Role != "") {
		text += " (" + t.Selector + ")"
	}
	if t.Text != "" {
		text += fmt.Sprintf(" with the text %q", t.Text)
	}
	return nth(text, t.Nth)
}

func nth(text string, n int) string {
	if n > 1 {
		return fmt.Sprintf("number %d of %s", n, text)
	}
	return text
}

// patient is ctx until the step's timeout, without the grace after it.
func (j *journey) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, j.patience)
}

func selectorFailure(text string) error {
	return &failure{reason: probes.ReasonSelector, text: text}
}

// missing is the failure of an element that an action needs and that is not there, or cannot be used; nil when it can.
func (j *journey) missing(a answer, t probes.Target) error {
	switch {
	case a.OK:
		return nil
	case a.Invalid != "":
		return &failure{reason: probes.ReasonDefinition, text: fmt.Sprintf("%s is no CSS selector", a.Invalid)}
	case a.Problem != "":
		return selectorFailure(fmt.Sprintf("found %s, but %s (waited %s)%s", a.Found, a.Problem, j.limit, j.at(a.URL)))
	}
	return selectorFailure(fmt.Sprintf("did not find %s within %s%s%s", describe(t), j.limit, nearest(a.Near), j.at(a.URL)))
}

func nearest(near []string) string {
	if len(near) == 0 {
		return "; nothing like it is there"
	}
	return "; nearest: " + strings.Join(near, ", ")
}

// looks is missing for steps that only look.
func (j *journey) looks(a answer, t probes.Target) error {
	err := j.missing(a, t)
	var f *failure
	if errors.As(err, &f) && f.reason == probes.ReasonSelector {
		f.looks, f.missing = true, describe(t)
		if t.Text != "" {
			f.reason = probes.ReasonContent
		}
	}
	return err
}

// dontSee waits until the target is not to be seen.
func (j *journey) dontSee(ctx context.Context, t probes.Target) error {
	a, err := j.look(ctx, "gone", wire(t))
	if err != nil {
		return err
	}
	if a.OK || a.Invalid != "" {
		return j.missing(a, t)
	}
	return &failure{reason: reasonContent, looks: true, missing: "the absence of " + describe(t),
		text: fmt.Sprintf("%s is still there after %s (%s)%s", describe(t), j.limit, strings.Join(a.Near, ", "), j.at(a.URL))}
}

func (j *journey) scroll(ctx context.Context, step probes.Step) error {
	if step.Target != (probes.Target{}) {
		_, _, err := j.aim(ctx, step.Target, "scroll")
		return err
	}
	return j.explain(j.visit.call(ctx, j.in(), "scroll", func() []any { return []any{or(step.Value.Text, "bottom")} }, nil))
}

// await waits for what a wait step names.
func (j *journey) await(ctx context.Context, step probes.Step) error {
	w := step.Wait
	switch {
	case w.Visible != nil:
		a, err := j.look(ctx, "see", wire(*w.Visible))
		if err != nil {
			return err
		}
		return j.looks(a, *w.Visible)
	case w.Hidden != nil:
		return j.dontSee(ctx, *w.Hidden)
	case w.Text != "":
		t := probes.Target{Text: w.Text}
		a, err := j.look(ctx, "see", wire(t))
		if err != nil {
			return err
		}
		return j.looks(a, t)
	case w.Count != nil:
		a, err := j.look(ctx, "count", w.Count.Selector, w.Count.Min, w.Count.Max)
		if err != nil || a.OK {
			return err
		}
		if a.Invalid != "" {
			return j.missing(a, probes.Target{Selector: w.Count.Selector})
		}
		want := fmt.Sprintf("%d or more", w.Count.Min)
		if w.Count.Max > 0 {
			want = fmt.Sprintf("%d to %d", w.Count.Min, w.Count.Max)
		}
		return &failure{reason: probes.ReasonSelector, looks: true, missing: want + " of " + w.Count.Selector,
			text: fmt.Sprintf("found %d of %s, not %s, within %s%s", a.Count, w.Count.Selector, want, j.limit, j.at(a.URL))}
	case w.URL != "":
		scopes := j.scopes
		j.scopes = nil
		a, err := j.look(ctx, "at", w.URL)
		if err != nil || a.OK {
			return err
		}
		j.scopes = scopes
		return &failure{reason: reasonRedirect, text: fmt.Sprintf("the address did not come to contain %q within %s%s", w.URL, j.limit, j.at(a.URL))}
	}
	return j.quiet(ctx, w.Quiet)
}

// quiet waits until no request has been under way for d.
func (j *journey) quiet(ctx context.Context, d time.Duration) error {
	v := j.visit
	ctx, cancel := j.patient(ctx)
	defer cancel()
	for {
		v.mu.Lock()
		since, changed := v.traffic.quietSince, v.changed
		v.mu.Unlock()
		var timer <-chan time.Time
		if !since.IsZero() {
			left := d - time.Since(since)
			if left <= 0 {
				return nil
			}
			timer = time.After(left)
		}
		select {
		case <-timer:
		case <-changed:
		case <-v.chrome.conn.lost:
			return cause(j.ctx, v.chrome.conn.lostErr())
		case <-ctx.Done():
			if known := cause(j.ctx, ctx.Err()); !errors.Is(known, ctx.Err()) {
				return known
			}
			v.mu.Lock()
			list := v.traffic.underWay(3)
			v.mu.Unlock()
			what := "requests kept coming"
			if len(list) > 0 {
				what = "requests were still under way: " + strings.Join(list, ", ")
			}
			return &failure{reason: probes.ReasonTimeout, text: fmt.Sprintf("the network was not quiet for %s within %s; %s%s", d, j.limit, what, j.at(""))}
		}
	}
}

// evaluate waits until a JavaScript expression is true in the page.
func (j *journey) evaluate(ctx context.Context, step probes.Step) error {
	expression, err := j.value(step)
	if err != nil {
		return err
	}
	deadline := j.patience
	gave := "nothing"
	for {
		s, world, err := j.visit.world(ctx, j.in(), false)
		if err != nil {
			return j.explain(fmt.Errorf("%w: %w", errNoWorld, err))
		}
		var res runtime.EvaluateResult
		err = s.Call(ctx, runtime.CommandEvaluate, runtime.EvaluateParams{Expression: expression, UniqueContextID: world,
			AwaitPromise: ptr(true), ReturnByValue: ptr(true), UserGesture: ptr(true)}, &res)
		switch {
		case worldGone(err):
		case err != nil:
			return j.explain(err)
		case res.ExceptionDetails != nil:
			gave = "threw " + exceptionText(res.ExceptionDetails)
			if e := res.ExceptionDetails.Exception; e != nil && e.ClassName == "SyntaxError" {
				return &failure{reason: probes.ReasonDefinition, text: fmt.Sprintf("%q is no JavaScript expression: %s", clip(expression, 80), exceptionText(res.ExceptionDetails))}
			}
		case truthy(res.Result):
			return nil
		default:
			gave = "was " + clip(consoleText([]*runtime.RemoteObject{res.Result}), 80)
			if res.Result.Type == runtime.RemoteObjectTypeUndefined {
				gave = "was undefined"
			}
		}
		if time.Until(deadline) <= 0 {
			return &failure{reason: reasonContent, text: fmt.Sprintf("the expression %q did not become true within %s; it %s%s", clip(expression, 80), j.limit, gave, j.at(""))}
		}
		pause := time.NewTimer(min(100*time.Millisecond, time.Until(deadline)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

func truthy(o *runtime.RemoteObject) bool {
	switch o.Type {
	case runtime.RemoteObjectTypeUndefined:
		return false
	case runtime.RemoteObjectTypeObject:
		return o.Subtype != runtime.RemoteObjectSubtypeNull
	}
	switch string(o.Value) {
	case "false", "0", `""`, "null", "":
		return o.UnserializableValue != "" && o.UnserializableValue != "NaN" && o.UnserializableValue != "-0" && !strings.HasPrefix(string(o.UnserializableValue), "0n")
	}
	return true
}

// changeTab goes on in the tab that the last step opened, or in a new one.
func (j *journey) changeTab(ctx context.Context, step probes.Step) error {
	v := j.visit
	address, err := j.value(step)
	if err != nil {
		return err
	}
	if address != "" {
		j.leaveTab(ctx)
		if err := v.newTab(ctx); err != nil {
			return j.explain(err)
		}
		v.mu.Lock()
		j.tab = v.tabs[len(v.tabs)-1]
		v.mu.Unlock()
		return j.open(ctx, address)
	}
	patient, cancel := j.patient(ctx)
	defer cancel()
	err = v.wait(patient, func() bool { return len(v.tabs) > j.seenTabs })
	if err != nil {
		if known := cause(j.ctx, err); !errors.Is(known, err) {
			return known
		}
		return &failure{reason: reasonContent, text: fmt.Sprintf("no new tab was opened within %s%s", j.limit, j.at(""))}
	}
	j.leaveTab(ctx)
	v.mu.Lock()
	j.tab = v.tabs[len(v.tabs)-1]
	v.mu.Unlock()
	j.scopes = nil
	return j.arrive(ctx, "")
}

// leaveTab takes the vitals of a tab that the journey does not look at again. Those of one that hangs are lost.
func (j *journey) leaveTab(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, j.grace)
	defer cancel()
	var left pageVitals
	if j.visit.call(ctx, j.tab.frame, "left", nil, &left) == nil {
		j.visit.mu.Lock()
		j.visit.vitals.add(left)
		j.visit.mu.Unlock()
	}
}

func (j *journey) back(ctx context.Context) error {
	var history page.GetNavigationHistoryResult
	if err := j.tab.session.Call(ctx, page.CommandGetNavigationHistory, nil, &history); err != nil {
		return j.explain(err)
	}
	// the first entry is the blank page that the visit began with
	i := history.CurrentIndex - 1
	if i < 0 || history.Entries[i].URL == "about:blank" {
		return &failure{reason: reasonContent, text: "there is no page to go back to" + j.at("")}
	}
	was := history.Entries[history.CurrentIndex].URL
	if err := j.tab.session.Call(ctx, page.CommandNavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[i].ID}, nil); err != nil {
		return j.explain(err)
	}
	j.scopes = nil
	patient, cancel := j.patient(ctx)
	defer cancel()
	err := j.visit.wait(patient, func() bool {
		return j.tab.commits > 0 || j.tab.failed != "" || j.tab.url != was && j.tab.starting == ""
	})
	if err != nil {
		if known := cause(j.ctx, err); !errors.Is(known, err) {
			return known
		}
		return j.stillLoading(history.Entries[i].URL)
	}
	return j.arrive(ctx, history.Entries[i].URL)
}

// picture takes a screenshot in the middle of a journey.
func (j *journey) picture(ctx context.Context, name string) error {
	png, err := j.visit.screenshot(ctx, j.tab, nil, false)
	if err != nil {
		return j.explain(err)
	}
	if j.pictures == nil {
		j.pictures = map[string][]byte{}
	}
	j.pictures["screenshot-"+fileName(name)+".png"] = png
	return nil
}

// fileName makes a name fit for a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127 && r != ' ' {
			return r
		}
		return '-'
	}, clip(name, 60))
}

func unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

var _ cdp.Session = (*session)(nil)
