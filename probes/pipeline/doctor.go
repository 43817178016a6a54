package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// A Finding is what the doctor found of one thing that the prober needs.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail says what is there, or what to do about it.
	Detail string `json:"detail"`
}

// Doctor looks whether this machine is fit to probe: browser, sandbox, fonts, clock, name servers, permissions.
func (p *Pipeline) Doctor(ctx context.Context) []Finding {
	return append(p.checkBrowser(ctx), checkClock(time.Now()), checkResolver("/etc/resolv.conf"), checkStateDir(p.opts.StateDir))
}

// checkBrowser starts the browser that browser probes would use, and looks at what it can do.
func (p *Pipeline) checkBrowser(ctx context.Context) []Finding {
	report, err := p.browser.Check(ctx)
	browser := Finding{Name: "browser", OK: err == nil, Detail: fmt.Sprintf("%s (%s)", report.Version, cmp.Or(report.Path, "remote"))}
	if err != nil {
		browser.Detail = err.Error()
		return []Finding{browser}
	}
	sandbox := Finding{Name: "sandbox", OK: report.Renderers == report.Sandboxed && !report.SandboxOff, Detail: "on: namespaces and a seccomp filter"}
	switch {
	case report.Remote:
		sandbox.OK, sandbox.Detail = true, "that of the remote browser, which cannot be looked at from here"
	case report.SandboxOff:
		sandbox.Detail = "off, because the definitions say so (browser.sandbox: off)"
	case !sandbox.OK:
		sandbox.Detail = fmt.Sprintf("only %d of %d renderers are sandboxed", report.Sandboxed, report.Renderers)
	}
	fonts := Finding{Name: "Japanese fonts", OK: report.Japanese, Detail: "there"}
	if !fonts.OK {
		fonts.Detail = "missing: screenshots will show boxes; install fonts-noto-cjk (Debian) or another Japanese font"
	}
	return []Finding{browser, sandbox, fonts}
}

// built is a moment before this program was written: a clock that is behind it is wrong for certain.
var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func checkClock(now time.Time) Finding {
	f := Finding{Name: "clock", OK: now.After(built), Detail: now.Format(time.RFC3339)}
	if !f.OK {
		f.Detail += ": this is before the program was written; set the clock, or windows and certificates will be judged wrongly"
	}
	return f
}

// checkResolver looks for name servers, without asking any.
func checkResolver(path string) Finding {
	f := Finding{Name: "network"}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Detail = fmt.Sprintf("no name servers are configured: %v", err)
		return f
	}
	var servers []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "nameserver" {
			servers = append(servers, fields[1])
		}
	}
	f.OK = len(servers) > 0
	f.Detail = "name servers: " + strings.Join(servers, ", ")
	if !f.OK {
		f.Detail = "no name servers are configured in " + path
	}
	return f
}

func checkStateDir(dir string) Finding {
	f := Finding{Name: "state directory", OK: true, Detail: "none given (--state-dir): windows and evidence are lost with the process"}
	if dir == "" {
		return f
	}
	file, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	if err != nil {
		return Finding{Name: f.Name, Detail: fmt.Sprintf("cannot be written: %v", err)}
	}
	f.Detail = dir + " can be written"
	return f
}

// TestAlertName is the name of the alert that TestPage sends.
const TestAlertName = "MynaprobePagingTest"

// TestPage sends a marked alert to an Alertmanager, to prove that a page reaches a person. It resolves by itself after
// five minutes (https://prometheus.io/docs/alerting/latest/alerts_api/).
func TestPage(ctx context.Context, alertmanager, location string, now time.Time) error {
	address, err := url.JoinPath(alertmanager, "api/v2/alerts")
	if err != nil {
		return fmt.Errorf("the Alertmanager's address %q: %w", alertmanager, err)
	}
	labels := map[string]string{"alertname": TestAlertName, "severity": "critical"}
	if location != "" {
		labels["location"] = location
	}
	body, err := json.Marshal([]map[string]any{{
		"labels": labels, "startsAt": now.Format(time.RFC3339), "endsAt": now.Add(5 * time.Minute).Format(time.RFC3339),
		"annotations": map[string]string{
			"summary":     "TEST: a person asked mynaprobe to prove that paging works",
			"description": "Nothing is broken. Whoever reads this was reached. Sent by \"probe doctor --page\". / テスト通知です。障害ではありません。",
		},
	}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the Alertmanager's address %q: %w", alertmanager, err)
	}
	request.Header.Set("Content-Type", "application/json")
	return send(request, "Alertmanager")
}

// send sends a request and turns any answer but a good one into an error.
func send(request *http.Request, who string) error {
	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // only to be shown
	return fmt.Errorf("%s answered %s: %s", who, response.Status, bytes.TrimSpace(text))
}
