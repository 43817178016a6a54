package browserprobe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"

	"mynaprobe/probes"
)

const (
	// maxPicture bounds the height of a screenshot in CSS pixels, maxHTML and maxText what is kept of a page in characters.
	maxPicture = 6000
	maxHTML    = 2 << 20
	maxText    = 200_000
)

// screenshot takes a picture of the whole page, as far as maxPicture. Secrets in it are hidden; with text also those
// outside of fields, which changes the page and is for the end of a journey.
func (v *visit) screenshot(ctx context.Context, t *tab, secrets []string, text bool) ([]byte, error) {
	if len(secrets) > 0 {
		if err := v.call(ctx, t.frame, "hide", func() []any { return []any{secrets, text} }, nil); err != nil {
			return nil, err
		}
	}
	params := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: ptr(true)}
	var size struct{ Width, Height float64 }
	if err := v.call(ctx, t.frame, "size", nil, &size); err == nil && size.Height > 0 {
		params.CaptureBeyondViewport = ptr(true)
		params.Clip = &page.Viewport{Width: max(size.Width, float64(v.setup.width)), Height: min(max(size.Height, float64(v.setup.height)), maxPicture), Scale: 1}
	}
	var shot page.CaptureScreenshotResult
	if err := t.session.Call(ctx, page.CommandCaptureScreenshot, params, &shot); err != nil {
		return nil, err
	}
	return shot.Data, nil
}

// evidence collects what a person needs to see what happened. What cannot be had in time is left out and said so in
// steps.txt; nothing here changes the result.
func (j *journey) evidence(ctx context.Context, result *probes.Result, m masker) *probes.Evidence {
	files := map[string][]byte{}
	var lacking []string
	for name, png := range j.pictures {
		files[name] = png
	}
	v := j.visit
	take := func(name string, within time.Duration, get func(context.Context) ([]byte, error)) {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		data, err := get(ctx)
		if err != nil {
			lacking = append(lacking, name)
			return
		}
		files[name] = data
	}
	left := maxEvidence
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	if j.tab != nil && left > 0 {
		take("page.html", left/3, func(ctx context.Context) ([]byte, error) {
			var html string
			err := v.call(ctx, j.tab.frame, "html", func() []any { return []any{maxHTML} }, &html)
			return []byte(m.mask(html)), err
		})
		take("text.txt", left/4, func(ctx context.Context) ([]byte, error) {
			var text string
			err := v.call(ctx, j.tab.frame, "text", nil, &text)
			return []byte(m.mask(clip(text, maxText))), err
		})
		take("screenshot.png", left, func(ctx context.Context) ([]byte, error) {
			return v.screenshot(ctx, j.tab, m.secrets, true)
		})
	}
	v.mu.Lock()
	console := strings.Join(v.console, "\n")
	har, err := v.traffic.har(m)
	v.mu.Unlock()
	files["console.txt"] = []byte(m.mask(console) + "\n")
	if err == nil {
		files["requests.har"] = har
	}
	files["steps.txt"] = []byte(m.mask(stepList(result, lacking)))
	return &probes.Evidence{Files: files}
}

// lastGood is what of a good run is laid beside a failed one.
func (j *journey) lastGood(ctx context.Context, text string, m masker) *probes.Evidence {
	files := map[string][]byte{"text.txt": []byte(m.mask(text))}
	for name, png := range j.pictures {
		files[name] = png
	}
	if png, err := j.visit.screenshot(ctx, j.tab, m.secrets, true); err == nil {
		files["screenshot.png"] = png
	}
	return &probes.Evidence{Files: files}
}

func stepList(r *probes.Result, lacking []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.Probe, r.Outcome)
	if r.Reason != "" {
		fmt.Fprintf(&b, " (%s): %s", r.Reason, r.Message)
	}
	fmt.Fprintf(&b, "\n%s, %s\n\n", r.Start.Format(time.RFC3339), r.Duration.Duration().Round(time.Millisecond))
	for i, s := range r.Steps {
		fmt.Fprintf(&b, "%2d. %-8s %8s  %s", i+1, s.State, s.Duration.Duration().Round(time.Millisecond), s.Name)
		if s.Message != "" {
			fmt.Fprintf(&b, "\n      %s", s.Message)
		}
		b.WriteByte('\n')
	}
	if len(lacking) > 0 {
		fmt.Fprintf(&b, "\nThe page did not give in time: %s\n", strings.Join(lacking, ", "))
	}
	return b.String()
}
