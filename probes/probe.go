package probes

import (
	"context"
	"time"
)

// Kind says how a probe looks.
type Kind string

// The kinds of probe.
const (
	KindHTTP    Kind = "http"
	KindBrowser Kind = "browser"
	KindNotice  Kind = "notice"
)

// A Set is everything that one load of definitions gives.
type Set struct {
	Flows []Flow
	// Probes are in the order of their definitions, reference probes included.
	Probes []Probe
	// Planned are the declared maintenance windows.
	Planned []Planned
	// OwnHosts are host names, or suffixes that begin with a dot, that belong to whoever runs the prober: the limits of
	// politeness do not hold for them.
	OwnHosts []string
	Browser  BrowserSettings
	// Contact is how the operators of probed hosts reach whoever runs the prober, a mail or web address; it stands in the
	// User-Agent.
	Contact string
}

// References returns the reference probes of the set.
func (s Set) References() []Probe {
	var references []Probe
	for _, p := range s.Probes {
		if p.Reference && !p.Disabled {
			references = append(references, p)
		}
	}
	return references
}

// A Flow is the journey of a user through several stages.
type Flow struct {
	Name string
	// Title is what people call it; Name where the definition gives none.
	Title string
	// Critical are the stages without which the flow is out.
	Critical []string
	// Services are the names under which notices speak of this flow.
	Services []string
	Stages   []Stage
	// Objective is the share of time (0 to 1) that the flow is meant to be available; 0 when there is none.
	Objective float64
}

// A Stage is a part of a flow.
type Stage struct {
	Name  string
	Title string
	// AllOut: the stage is out only when all of its probes are; otherwise when one of them is.
	AllOut bool
}

// Planned is declared maintenance: one span, a recurring one, or those of a calendar.
type Planned struct {
	Name string
	// Flow limits the maintenance to one flow, Stages and Probes to some of its stages or probes; all empty means everything.
	Flow   string
	Stages []string
	Probes []string
	// Start and End bound the (first) window.
	Start, End time.Time
	// RRule is an RFC 5545 recurrence rule of Start ("FREQ=MONTHLY;BYDAY=2SA"), evaluated in the time zone of Start.
	RRule string
	// Calendar is the address or the file of an iCalendar whose events are windows; then the fields above are empty.
	Calendar string
}

// A Probe is a named, scheduled check as its definition says.
type Probe struct {
	Name  string
	Flow  string
	Stage string
	Kind  Kind
	// Source is where the definition stands, as file:line.
	Source   string
	Disabled bool
	// Reference probes tell "the target is out" from "we are out".
	Reference bool
	// Every is the time from the start of one run to the start of the next, Timeout the longest a run may take.
	Every   time.Duration
	Timeout time.Duration
	// Slow is the duration past which a good run is degraded; 0 for no limit.
	Slow    time.Duration
	Confirm Confirm
	// RobotsAgreed: the operator has agreed to be probed whatever robots.txt says.
	RobotsAgreed bool

	// Exactly one of these is set, by Kind.
	HTTP    *HTTP
	Browser *Browser
	Notice  *Notice
}

// FreshFor is how long a result of the probe is knowledge, counted from the start of its run: two intervals and a timeout.
func (p Probe) FreshFor() time.Duration { return 2*p.Every + p.Timeout }

// Confirm says how many runs open and close an outage window.
type Confirm struct {
	// Down runs out of the last Of open a window. Of equal to Down asks for Down in a row.
	Down, Of int
	// Spread is the least time from the start of the first of the Down runs to that of the last; 0 for the default,
	// max(30 s, a fifth of the interval). Shorter ones are for demonstrations against a target of one's own.
	Spread time.Duration
	// Good runs in a row close it.
	Good int
	// Merge is the time after a window's end within which a further outage continues that window.
	Merge time.Duration
}

// Value is a text of a definition that may be a secret: given literally, or by the name of an environment variable or
// of a file. At most one field is set. Formatting a Value shows the name, never a secret.
type Value struct {
	Text string
	Env  string
	File string
}

// IsSecret reports whether the value comes from outside of the definition.
func (v Value) IsSecret() bool { return v.Env != "" || v.File != "" }

// String returns the text itself, or the place that the secret comes from.
func (v Value) String() string {
	switch {
	case v.Env != "":
		return "(secret from environment variable " + v.Env + ")"
	case v.File != "":
		return "(secret from file " + v.File + ")"
	}
	return v.Text
}

// Secrets resolves a Value at the time of a run. Its error says which variable or file is missing; the run is then
// Unknown with ReasonDefinition.
type Secrets func(Value) (string, error)

// A Prober compiles definitions of one kind.
type Prober interface {
	// Prepare compiles a definition once; its error names what in the definition cannot work.
	Prepare(Probe) (Runner, error)
}

// A Runner is a prepared probe.
type Runner interface {
	// Run runs the probe once, within its timeout, and tells all that was learnt. It never panics, touches no metric,
	// log or store, and leaves Result.Trigger and Result.Scheduled to the caller.
	Run(ctx context.Context) Result
}

// RunnerFunc makes a Runner of a function.
type RunnerFunc func(context.Context) Result

// Run implements Runner.
func (f RunnerFunc) Run(ctx context.Context) Result { return f(ctx) }
