package httpprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"mynaprobe/probes"
)

// A fault is why an attempt is not good: a reason of the closed list and words for a person.
type fault struct {
	reason  probes.Reason
	message string
	// looks names what of the page's looks is missing, where nothing else failed.
	looks []string
	// final: a further attempt would not help, or must not be made.
	final bool
}

// Error implements error.
func (f *fault) Error() string { return f.message }

func faultf(reason probes.Reason, format string, args ...any) *fault {
	return &fault{reason: reason, message: fmt.Sprintf(format, args...)}
}

// classify tells what an error of the network means, by the phase in which it came; late is whether the time was up.
func classify(ctx context.Context, err error, late bool, phase probes.Phase, took, timeout time.Duration, host string) *fault {
	var known *fault
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		f := faultf(probes.ReasonOverload, "the prober cancelled the run in the phase %s, before it could tell", orStart(phase))
		f.final = true
		return f
	}
	if late || ctx.Err() != nil {
		return timeoutFault(phase, took, timeout)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return faultf(probes.ReasonDNS, "%s", dnsMessage(dns))
	}
	var addr *net.AddrError
	if errors.As(err, &addr) {
		return faultf(probes.ReasonDNS, "%s has no address of the IP version that is asked for", addr.Addr)
	}
	if problem := tlsProblem(err, host); problem != "" {
		return faultf(probes.ReasonTLS, "%s", problem)
	}
	switch phase {
	case probes.PhaseResolve:
		return faultf(probes.ReasonDNS, "looking up %s: %s", host, plain(err))
	case probes.PhaseConnect:
		return faultf(probes.ReasonConnect, "%s", connectMessage(err, host))
	case probes.PhaseTLS:
		return faultf(probes.ReasonTLS, "TLS handshake with %s: %s", host, handshakeMessage(err))
	case probes.PhaseProcessing:
		return faultf(probes.ReasonProtocol, "no valid answer from %s: %s", host, protocolMessage(err))
	case probes.PhaseTransfer:
		return faultf(probes.ReasonProtocol, "the answer of %s broke off: %s", host, protocolMessage(err))
	}
	return faultf(probes.ReasonProtocol, "request to %s: %s", host, plain(err))
}

func orStart(phase probes.Phase) string {
	if phase == "" {
		return "start"
	}
	return string(phase)
}

func timeoutFault(phase probes.Phase, took, timeout time.Duration) *fault {
	doing := map[probes.Phase]string{
		probes.PhaseResolve:    "no answer from DNS",
		probes.PhaseConnect:    "no TCP connection",
		probes.PhaseTLS:        "the TLS handshake did not end",
		probes.PhaseProcessing: "the request was sent and no answer began",
		probes.PhaseTransfer:   "the answer began and did not end",
	}[phase]
	if doing == "" {
		doing = "no time was left to begin"
	}
	return faultf(probes.ReasonTimeout, "timed out after %s: %s (phase %s, for %s)", round(timeout), doing, orStart(phase), round(took))
}

func dnsMessage(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return fmt.Sprintf("DNS knows no address of %s (%s)", err.Name, err.Err)
	case err.IsTimeout:
		return fmt.Sprintf("the DNS server did not answer for %s (%s)", err.Name, err.Err)
	}
	return fmt.Sprintf("looking up %s failed: %s", err.Name, err.Err)
}

func connectMessage(err error, host string) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s refuses connections (%s)", host, plain(err))
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Sprintf("no route to %s (%s)", host, plain(err))
	}
	return fmt.Sprintf("connecting to %s: %s", host, plain(err))
}

func handshakeMessage(err error) string {
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return "the server does not speak TLS on this port (" + record.Msg + ")"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection"
	}
	return plain(err)
}

func protocolMessage(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection ended before the answer did"
	case errors.Is(err, io.EOF):
		return "the server closed the connection without an answer"
	case errors.Is(err, syscall.ECONNRESET):
		return "the server reset the connection"
	case errors.Is(err, syscall.EPIPE):
		return "the server closed the connection while the request was sent"
	}
	return plain(err)
}

// plain is an error without the addresses and calls that net puts before it.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		what := op.Err.Error()
		if op.Addr != nil && op.Op == "dial" {
			return op.Addr.String() + ": " + strings.TrimPrefix(what, "connect: ")
		}
		return what
	}
	return err.Error()
}

// round shortens a duration for reading.
func round(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d
}
