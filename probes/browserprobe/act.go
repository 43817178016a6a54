package browserprobe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"

	"mynaprobe/probes"
)

// aim makes the target ready and returns where in the window it can be hit.
func (j *journey) aim(ctx context.Context, t probes.Target, kind string) (x, y float64, err error) {
	a, err := j.look(ctx, "ready", wire(t), kind)
	if err != nil {
		return 0, 0, err
	}
	if err := j.missing(a, t); err != nil {
		return 0, 0, err
	}
	x, y, err = j.offset(ctx)
	return x + a.X, y + a.Y, err
}

// click moves the mouse to the target and, unless it only hovers, presses its left button.
func (j *journey) click(ctx context.Context, step probes.Step, kind string) error {
	x, y, err := j.aim(ctx, step.Target, kind)
	if err != nil {
		return err
	}
	if kind == "hover" {
		return j.finish(ctx, []*pendingCall{j.mouseTo(x, y)})
	}
	if err := j.pressMouse(ctx, step.Target, kind, x, y); err != nil {
		return err
	}
	return j.settle(ctx)
}

func (j *journey) mouseTo(x, y float64) *pendingCall {
	return j.tab.session.start(input.CommandDispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
}

// pressMouse moves the mouse to the target, which was ready at x, y, and presses its left button. Menus that open or close
// under the mouse may have moved the target, so it is looked for again once the mouse is there.
func (j *journey) pressMouse(ctx context.Context, t probes.Target, kind string, x, y float64) error {
	for range 3 {
		if err := j.finish(ctx, []*pendingCall{j.mouseTo(x, y)}); err != nil {
			return err
		}
		var now answer
		if err := j.visit.call(ctx, j.in(), "still", nil, &now); err != nil {
			return j.explain(err)
		}
		dx, dy, err := j.offset(ctx)
		if err != nil {
			return err
		}
		if now.OK && now.X+dx == x && now.Y+dy == y {
			break
		}
		if x, y, err = j.aim(ctx, t, kind); err != nil {
			return err
		}
	}
	var calls []*pendingCall
	for _, e := range []input.DispatchMouseEventParams{
		{Type: input.DispatchMouseEventTypeMousePressed, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1},
		{Type: input.DispatchMouseEventTypeMouseReleased, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1},
	} {
		calls = append(calls, j.tab.session.start(input.CommandDispatchMouseEvent, e))
	}
	return j.finish(ctx, calls)
}

// finish waits for commands of input. That a page goes away while it handles one is no mistake.
func (j *journey) finish(ctx context.Context, calls []*pendingCall) error {
	for _, c := range calls {
		if err := c.wait(ctx, nil); err != nil && !worldGone(err) {
			return j.explain(err)
		}
	}
	return nil
}

func (j *journey) check(ctx context.Context, step probes.Step, want bool) error {
	x, y, err := j.aim(ctx, step.Target, "check")
	if err != nil {
		return err
	}
	var checked bool
	if err := j.visit.call(ctx, j.in(), "checked", nil, &checked); err != nil {
		return j.explain(err)
	}
	if checked == want {
		return nil
	}
	if err := j.pressMouse(ctx, step.Target, "check", x, y); err != nil {
		return err
	}
	if err := j.settle(ctx); err != nil {
		return err
	}
	if err := j.visit.call(ctx, j.in(), "checked", nil, &checked); err == nil && checked != want {
		state := map[bool]string{true: "is not checked", false: "is still checked"}[want]
		return selectorFailure(fmt.Sprintf("clicked %s, but it %s%s", describe(step.Target), state, j.at("")))
	}
	return nil
}

func (j *journey) fill(ctx context.Context, step probes.Step) error {
	value, err := j.value(step)
	if err != nil {
		return err
	}
	if _, _, err := j.aim(ctx, step.Target, "field"); err != nil {
		return err
	}
	var field struct{ Typed, IsSelect bool }
	if err := j.visit.call(ctx, j.in(), "focus", nil, &field); err != nil {
		return j.explain(err)
	}
	if field.IsSelect {
		return j.choose(ctx, step, value)
	}
	switch {
	case !field.Typed:
		err = j.visit.call(ctx, j.in(), "set", func() []any { return []any{value} }, nil)
	case value == "":
		err = j.visit.call(ctx, j.in(), "clear", nil, nil)
	default:
		err = j.finish(ctx, []*pendingCall{j.tab.session.start(input.CommandInsertText, input.InsertTextParams{Text: value})})
	}
	if err != nil {
		return j.explain(err)
	}
	var held string
	if err := j.visit.call(ctx, j.in(), "value", nil, &held); err != nil {
		return j.explain(err)
	}
	if probes.Fold(held) != probes.Fold(value) {
		held = fmt.Sprintf("%q", clip(held, 60))
		if step.Value.IsSecret() {
			held = "something else"
		}
		// fields that format what is typed, as telephone numbers, keep the letters and digits
		if bare(held) != bare(value) {
			return selectorFailure(fmt.Sprintf("filled %s, but it then held %s%s", describe(step.Target), held, j.at("")))
		}
	}
	return j.settle(ctx)
}

// choose selects an option of a list.
func (j *journey) choose(ctx context.Context, step probes.Step, value string) error {
	a, err := j.look(ctx, "select", wire(step.Target), value)
	if err != nil {
		return err
	}
	if len(a.Options) > 0 {
		if step.Value.IsSecret() {
			value = "(secret)"
		}
		return selectorFailure(fmt.Sprintf("found %s, but it has no option %q; its options: %s%s", a.Found, value, strings.Join(a.Options, ", "), j.at(a.URL)))
	}
	if err := j.missing(a, step.Target); err != nil {
		return err
	}
	return j.settle(ctx)
}

// bare is what of a text is letters and digits, folded.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()/,.:\"", r) {
			return -1
		}
		return r
	}, strings.ToLower(probes.Fold(text)))
}

func (j *journey) press(ctx context.Context, step probes.Step) error {
	if step.Target != (probes.Target{}) {
		if _, _, err := j.aim(ctx, step.Target, "press"); err != nil {
			return err
		}
		if err := j.visit.call(ctx, j.in(), "focus", nil, nil); err != nil {
			return j.explain(err)
		}
	}
	events, err := keyEvents(step.Value.Text)
	if err != nil {
		return &failure{reason: probes.ReasonDefinition, text: err.Error()}
	}
	var calls []*pendingCall
	for _, e := range events {
		calls = append(calls, j.tab.session.start(input.CommandDispatchKeyEvent, e))
	}
	if err := j.finish(ctx, calls); err != nil {
		return err
	}
	return j.settle(ctx)
}

func (j *journey) upload(ctx context.Context, step probes.Step) error {
	file, err := j.value(step)
	if err != nil {
		return err
	}
	if file, err = filepath.Abs(file); err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		return &failure{reason: probes.ReasonDefinition, text: fmt.Sprintf("cannot read the file to upload: %v", err)}
	}
	if _, _, err := j.aim(ctx, step.Target, "upload"); err != nil {
		return err
	}
	s, object, err := j.element(ctx)
	if err != nil {
		return err
	}
	if err := s.Call(ctx, dom.CommandSetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, ObjectID: object}, nil); err != nil {
		return j.explain(err)
	}
	return j.settle(ctx)
}
