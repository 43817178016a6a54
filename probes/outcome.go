package probes

import (
	"fmt"
	"slices"
)

// Outcome is the verdict on one run. Its numbers are those of the metric probe_outcome and never change.
type Outcome uint8

// The outcomes.
const (
	// Unknown: the prober could not tell. It is our fault, and says nothing of the target.
	Unknown Outcome = iota
	// Up: everything that the definition expects was seen.
	Up
	// Degraded: it works, but slower or poorer than it must be.
	Degraded
	// Maintenance: the target says so itself, or it was planned.
	Maintenance
	// Down: the target does not do what the definition expects.
	Down
)

var outcomeNames = [...]string{"unknown", "up", "degraded", "maintenance", "down"}

// String returns the word used in JSON, tables and documentation.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Good reports whether the outcome counts as working: up or degraded.
func (o Outcome) Good() bool { return o == Up || o == Degraded }

// MarshalText implements encoding.TextMarshaler.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomeNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown outcome %q (want one of %v)", text, outcomeNames)
	}
	*o = Outcome(i)
	return nil
}

// Reason says why a result is not up; it is empty for a result that is.
type Reason string

// The reasons. The list is closed: each is a label value of the metrics, and dashboards and alerts name them.
const (
	// The target's fault, by the phase that failed.
	ReasonDNS      Reason = "dns"
	ReasonConnect  Reason = "connect"
	ReasonTLS      Reason = "tls"
	ReasonTimeout  Reason = "timeout"
	ReasonProtocol Reason = "protocol"
	// The answer came and is not what the definition expects.
	ReasonStatus   Reason = "status"
	ReasonRedirect Reason = "redirect"
	ReasonContent  Reason = "content"
	ReasonSelector Reason = "selector"
	ReasonScript   Reason = "script"
	// We were turned away as a robot; the public perhaps was not.
	ReasonBlocked Reason = "blocked"
	// It works, but not as well as it must.
	ReasonSlow    Reason = "slow"
	ReasonChanged Reason = "changed"
	// It says so itself, or it was planned.
	ReasonMaintenance Reason = "maintenance"
	// The prober's fault.
	ReasonBrowser    Reason = "browser"
	ReasonNetwork    Reason = "network"
	ReasonOverload   Reason = "overload"
	ReasonDefinition Reason = "definition"
	ReasonInternal   Reason = "internal"
)

var reasons = []struct {
	reason  Reason
	outcome Outcome
}{
	{ReasonDNS, Down}, {ReasonConnect, Down}, {ReasonTLS, Down}, {ReasonTimeout, Down}, {ReasonProtocol, Down},
	{ReasonStatus, Down}, {ReasonRedirect, Down}, {ReasonContent, Down}, {ReasonSelector, Down}, {ReasonScript, Down},
	{ReasonBlocked, Unknown},
	{ReasonSlow, Degraded}, {ReasonChanged, Degraded},
	{ReasonMaintenance, Maintenance},
	{ReasonBrowser, Unknown}, {ReasonNetwork, Unknown}, {ReasonOverload, Unknown}, {ReasonDefinition, Unknown}, {ReasonInternal, Unknown},
}

// Reasons returns every reason there is, in the order in which they are documented.
func Reasons() []Reason {
	all := make([]Reason, len(reasons))
	for i, r := range reasons {
		all[i] = r.reason
	}
	return all
}

// Outcome returns the outcome that the reason stands for, and Up for the empty reason. A reason outside the list is a
// bug of ours and therefore Unknown.
func (r Reason) Outcome() Outcome {
	if r == "" {
		return Up
	}
	for _, known := range reasons {
		if known.reason == r {
			return known.outcome
		}
	}
	return Unknown
}
