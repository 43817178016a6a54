package browserprobe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/runtime"

	"mynaprobe/probes"
)

const (
	reasonContent  = probes.ReasonContent
	reasonRedirect = probes.ReasonRedirect
	reasonScript   = probes.ReasonScript
)

// A failure is what the page did wrong.
type failure struct {
	reason probes.Reason
	text   string
	// looks: only the looks of the page failed; missing is what, for the message of a redesign.
	looks   bool
	missing string
}

func (f *failure) Error() string { return f.text }

// Restart says why a browser was replaced. The list is closed: it is a label of a metric.
type Restart string

// The reasons for a restart.
const (
	RestartRuns   Restart = "runs"   // it had made as many runs as it may
	RestartMemory Restart = "memory" // it held more memory than it may
	RestartCrash  Restart = "crash"  // a page crashed or was killed
	RestartLost   Restart = "lost"   // it ended, or the connection to it did
	RestartStuck  Restart = "stuck"  // it did not carry out a command in time
	RestartHelper Restart = "helper" // its GPU or network process died
)

// Restarts returns every reason for a restart.
func Restarts() []Restart {
	return []Restart{RestartRuns, RestartMemory, RestartCrash, RestartLost, RestartStuck, RestartHelper}
}

// A fault is what the browser did wrong, as against the page.
type fault struct {
	restart Restart
	// crashed: the page itself crashed; doing so again in another browser is its own fault.
	crashed bool
	text    string
}

func (f *fault) Error() string { return f.text }

// cause finds out what an error of a visit is about: a fault or a failure that ended it, a lost connection, or else the
// error itself.
func cause(ctx context.Context, err error) error {
	ended := context.Cause(ctx)
	var f *fault
	var g *failure
	if errors.As(ended, &f) {
		return f
	}
	if errors.Is(err, errLost) || errors.Is(ended, errLost) {
		return &fault{restart: RestartLost, text: "the browser ended, or the connection to it was lost"}
	}
	if errors.As(ended, &g) {
		return g
	}
	return err
}

// netFailure tells what a net error of Chrome means. https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h
func netFailure(text, address string) error {
	code := strings.TrimPrefix(text, "net::")
	host := hostOf(address)
	reason, words := probes.ReasonProtocol, "the answer of "+host+" could not be understood"
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(code, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INSUFFICIENT_RESOURCES", "OUT_OF_MEMORY", "FILE_NO_SPACE", "DISK_FULL"):
		return &fault{restart: RestartStuck, text: "the browser ran out of memory or disk space (" + code + ")"}
	case has("INTERNET_DISCONNECTED", "NETWORK_CHANGED", "NETWORK_IO_SUSPENDED", "PROXY_CONNECTION_FAILED", "TUNNEL_CONNECTION_FAILED"):
		return &failure{reason: probes.ReasonNetwork, text: "our own network failed (" + code + ")"}
	case has("NAME_NOT_RESOLVED", "NAME_RESOLUTION_FAILED", "DNS_"):
		reason, words = probes.ReasonDNS, "the name "+host+" could not be resolved"
	case has("CERT_", "SSL_", "ECH_"):
		reason, words = probes.ReasonTLS, "no trusted connection to "+host
	case has("CONNECTION_TIMED_OUT", "ERR_TIMED_OUT"):
		reason, words = probes.ReasonTimeout, host+" did not answer in time"
	case has("CONNECTION_REFUSED", "ADDRESS_UNREACHABLE", "CONNECTION_FAILED", "ADDRESS_INVALID", "SOCKET_NOT_CONNECTED", "NETWORK_ACCESS_DENIED"):
		reason, words = probes.ReasonConnect, "could not connect to "+host
	case has("TOO_MANY_REDIRECTS"):
		reason, words = probes.ReasonRedirect, host+" redirects without end"
	case has("UNSAFE_REDIRECT", "INVALID_REDIRECT", "BLOCKED_BY_CLIENT", "BLOCKED_BY_LOCAL_NETWORK", "BLOCKED_BY_PRIVATE_NETWORK"):
		reason, words = probes.ReasonRedirect, host+" led where a page may not lead"
	case has("INVALID_URL", "UNKNOWN_URL_SCHEME", "UNSAFE_PORT", "DISALLOWED_URL_SCHEME"):
		reason, words = probes.ReasonDefinition, "the browser cannot open "+shownURL(address)
	case has("BLOCKED_BY_ORB"):
		words = host + " answered with something else than was asked for"
	case has("CONNECTION_RESET", "CONNECTION_CLOSED", "CONNECTION_ABORTED"):
		words = "the connection to " + host + " broke off"
	case has("EMPTY_RESPONSE"):
		words = host + " closed the connection without an answer"
	case has("ABORTED"):
		words = "the browser gave up opening " + shownURL(address)
	}
	return &failure{reason: reason, text: words + " (" + code + ")"}
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

// shownURL is an address without what might be secret: userinfo, query and fragment.
func shownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		before, _, _ := strings.Cut(address, "?")
		return clip(before, 200)
	}
	query := u.RawQuery != ""
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	shown := u.String()
	if decoded, err := url.PathUnescape(shown); err == nil && !strings.ContainsAny(decoded, "\n\r\t") {
		shown = decoded
	}
	if query {
		shown += "?…"
	}
	return clip(shown, 200)
}

// clip shortens a text to n runes.
func clip(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n]) + "…"
}

func consoleText(args []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		switch {
		case len(a.Value) > 0:
			var text string
			if json.Unmarshal(a.Value, &text) == nil {
				parts = append(parts, text)
			} else {
				parts = append(parts, string(a.Value))
			}
		case a.UnserializableValue != "":
			parts = append(parts, string(a.UnserializableValue))
		default:
			parts = append(parts, a.Description)
		}
	}
	return strings.Join(parts, " ")
}

func exceptionText(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		text, _, _ = strings.Cut(d.Exception.Description, "\n")
	} else if d.Exception != nil && len(d.Exception.Value) > 0 {
		text += " " + string(d.Exception.Value)
	}
	if d.URL != "" {
		text += fmt.Sprintf(" (%s:%d)", shownURL(d.URL), d.LineNumber+1)
	}
	return text
}
