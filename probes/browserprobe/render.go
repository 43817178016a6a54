package browserprobe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mynaprobe/probes"
)

// renderQuiet is how long no request may have been under way until a page counts as rendered, renderWait the longest to
// wait for that.
const (
	renderQuiet = 500 * time.Millisecond
	renderWait  = 5 * time.Second
)

// A RenderError says why a page could not be rendered, with the reason that a result of it would have.
type RenderError struct {
	Reason probes.Reason
	err    error
}

func (e *RenderError) Error() string { return e.err.Error() }
func (e *RenderError) Unwrap() error { return e.err }

// Render opens the address in a browser context of its own and returns the page as it is once its scripts have built it,
// where it ended up, and the status of its document (0 when there was none). ctx should have a deadline. An answer of 400
// and more is no error here. Errors are *RenderError.
func (p *Prober) Render(ctx context.Context, address string) (html, finalURL string, status int, err error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startTimeout)
		defer cancel()
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return "", "", 0, &RenderError{probes.ReasonOverload, fmt.Errorf("none of the browser's %d slots became free: %w", cap(p.slots), ctx.Err())}
	}
	probe := probes.Probe{Name: "render", Timeout: time.Minute, Browser: &probes.Browser{
		Steps: []probes.Step{{Name: "open", Action: probes.ActionOpen, Value: probes.Value{Text: address}}}}}
	prepared, err := p.Prepare(probe)
	if err != nil {
		<-p.slots
		return "", "", 0, &RenderError{probes.ReasonDefinition, err}
	}
	var failed error
	cleaned, startErr := prepared.(*runner).visiting(ctx, &vault{resolve: p.o.Secrets}, func(j *journey) *fault {
		if f := j.begin(); f != nil {
			failed = f
			return f
		}
		html, finalURL, status, failed = j.render(probe.Browser.Steps[0])
		var f *fault
		errors.As(failed, &f)
		return f
	})
	p.work.Go(func() {
		if cleaned != nil {
			<-cleaned
		}
		<-p.slots
	})
	if failed == nil {
		failed = startErr
	}
	if failed == nil {
		return html, finalURL, status, nil
	}
	reason := probes.ReasonBrowser
	var f *failure
	if errors.As(failed, &f) {
		reason = f.reason
	}
	return "", "", status, &RenderError{reason, fmt.Errorf("rendering %s: %w", shownURL(address), failed)}
}

// render opens the page and waits until it is built.
func (j *journey) render(open probes.Step) (html, finalURL string, status int, err error) {
	var f *failure
	err = j.do(time.Until(deadline(j.ctx)), open)
	if status, _ = j.lastAnswer(); err != nil && !(errors.As(err, &f) && f.reason == probes.ReasonStatus) {
		return "", "", status, err
	}
	j.patience = time.Now().Add(min(renderWait, time.Until(deadline(j.ctx))/2))
	if err := j.quiet(j.ctx, renderQuiet); err != nil && !errors.As(err, &f) {
		return "", "", status, err
	}
	if err := j.visit.call(j.outer, j.tab.frame, "html", func() []any { return []any{maxHTML} }, &html); err != nil {
		return "", "", status, j.explain(err)
	}
	j.visit.mu.Lock()
	defer j.visit.mu.Unlock()
	return html, j.tab.url, status, nil
}

func deadline(ctx context.Context) time.Time {
	d, _ := ctx.Deadline()
	return d
}
