package probes

import (
	"time"
)

// Trigger says what made a run happen.
type Trigger string

// The triggers of a run.
const (
	TriggerSchedule  Trigger = "schedule"
	TriggerConfirm   Trigger = "confirm"   // brought forward by a suspicion or a first good run
	TriggerReference Trigger = "reference" // a reference probe run because of a suspicion
	TriggerDemand    Trigger = "demand"    // asked for by a person: `probe run`, /probe
)

// A Result is everything known of one run, with its times. It is a value: cheap to copy, safe to keep; what its
// pointers and slices lead to is never changed after the run returned.
type Result struct {
	Probe    string `json:"probe"`
	Flow     string `json:"flow"`
	Stage    string `json:"stage"`
	Kind     Kind   `json:"kind"`
	Location string `json:"location,omitempty"`

	Trigger Trigger `json:"trigger"`
	// Scheduled is when the run should have started, Start when it did.
	Scheduled time.Time `json:"scheduled,omitzero"`
	Start     time.Time `json:"start"`
	Duration  Seconds   `json:"duration_seconds"`

	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	// Message says in words what is wrong, for the person who is woken by it; empty when all is well.
	Message string `json:"message,omitempty"`
	// Seen is what the run itself concluded, where judging changed it (reference probes, planned windows, redesign).
	Seen *Verdict `json:"seen,omitempty"`

	// Target is the configured address without userinfo and query; Host the host it names.
	Target string `json:"target"`
	Host   string `json:"host"`
	// RetryAfter is how long the target asked to be left alone, 0 when it did not.
	RetryAfter Seconds `json:"retry_after_seconds,omitempty"`

	// Looks holds only what failed by its looks, for judging a redesign; nil when nothing, or more than that, failed.
	Looks *Looks `json:"-"`
	// TextLength is the length in runes of the visible text of the last page; 0 where there was none.
	TextLength int `json:"text_length,omitempty"`

	// Attempts are the tries of the (last) request, first one first; more than one only after retries.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Steps are the parts of a run that has several: requests in a row, or the steps of a browser journey.
	Steps   []StepResult   `json:"steps,omitempty"`
	HTTP    *HTTPResult    `json:"http,omitempty"`
	Browser *BrowserResult `json:"browser,omitempty"`
	Notice  *NoticeResult  `json:"notice,omitempty"`
	// Evidence is what a failed run kept for a person to look at.
	Evidence *Evidence `json:"evidence,omitempty"`
}

// A Verdict is an outcome with its reason.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Message string  `json:"message,omitempty"`
}

// End is when the run ended.
func (r Result) End() time.Time { return r.Start.Add(r.Duration.Duration()) }

// Fail gives the result a reason, and the outcome that goes with it.
func (r *Result) Fail(reason Reason, message string) {
	r.Outcome, r.Reason, r.Message = reason.Outcome(), reason, message
}

// Rejudge replaces the run's own conclusion and keeps it in Seen.
func (r *Result) Rejudge(reason Reason, message string) {
	if r.Seen == nil {
		r.Seen = &Verdict{Outcome: r.Outcome, Reason: r.Reason, Message: r.Message}
	}
	r.Fail(reason, message)
}

// Failed is a result that failed before anything was tried.
func Failed(p Probe, start time.Time, reason Reason, message string) Result {
	r := Result{Probe: p.Name, Flow: p.Flow, Stage: p.Stage, Kind: p.Kind, Start: start}
	r.Fail(reason, message)
	return r
}

// Looks describes a failure of which only the looks of a page are the cause: a text, title or selector is not there,
// on the expected host with the expected status, with no phrase of trouble, before any click or fill, and none of
// what failed is marked must. Whether it is a redesign depends on earlier runs, and is judged outside of the run.
type Looks struct {
	// Failed names what is missing, for the message.
	Failed []string
}

// An Attempt is one try of a request.
type Attempt struct {
	Start    time.Time `json:"start"`
	Duration Seconds   `json:"duration_seconds"`
	// Reason is empty for a try that got an answer; Message tells its fate either way ("503 Service Unavailable").
	Reason  Reason `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status,omitempty"`
	Phases  Phases `json:"phases"`
	// Hung is the phase that was running when the try was cut off, and the time it had taken; empty otherwise.
	Hung    Phase   `json:"hung,omitempty"`
	HungFor Seconds `json:"hung_for_seconds,omitempty"`
}

// Phase is a part of an HTTP request, by the names that blackbox_exporter gave them.
type Phase string

// The phases of an HTTP request, in order.
const (
	PhaseResolve    Phase = "resolve"
	PhaseConnect    Phase = "connect"
	PhaseTLS        Phase = "tls"
	PhaseProcessing Phase = "processing" // from the request written to the first byte of the answer
	PhaseTransfer   Phase = "transfer"   // from the first byte to the last
)

// AllPhases returns the phases in order.
func AllPhases() []Phase {
	return []Phase{PhaseResolve, PhaseConnect, PhaseTLS, PhaseProcessing, PhaseTransfer}
}

// Phases is how long each phase took, summed over redirects. A phase that did not happen is 0; one that hung holds
// the time until it was cut off.
type Phases struct {
	Resolve    Seconds `json:"resolve"`
	Connect    Seconds `json:"connect"`
	TLS        Seconds `json:"tls"`
	Processing Seconds `json:"processing"`
	Transfer   Seconds `json:"transfer"`
}

// Of returns the time of one phase.
func (p Phases) Of(phase Phase) Seconds {
	switch phase {
	case PhaseResolve:
		return p.Resolve
	case PhaseConnect:
		return p.Connect
	case PhaseTLS:
		return p.TLS
	case PhaseProcessing:
		return p.Processing
	case PhaseTransfer:
		return p.Transfer
	}
	return 0
}

// Add returns the sum of both, phase by phase.
func (p Phases) Add(q Phases) Phases {
	return Phases{
		Resolve: p.Resolve + q.Resolve, Connect: p.Connect + q.Connect, TLS: p.TLS + q.TLS,
		Processing: p.Processing + q.Processing, Transfer: p.Transfer + q.Transfer,
	}
}

// StepState is what became of a step.
type StepState string

// The states of a step.
const (
	StepPassed  StepState = "passed"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped" // an earlier step failed, so this one was not tried
)

// StepResult is one step of a run.
type StepResult struct {
	Name     string    `json:"name"`
	State    StepState `json:"state"`
	Duration Seconds   `json:"duration_seconds"`
	Message  string    `json:"message,omitempty"`
}

// HTTPResult is what was learnt of the last answer of an HTTP run.
type HTTPResult struct {
	Status int `json:"status,omitempty"`
	// Version is the HTTP version of the answer: 1.0, 1.1 or 2.
	Version float64 `json:"version,omitempty"`
	// Phases sums the phases of all requests of the last attempt, redirects included.
	Phases    Phases `json:"phases"`
	Redirects int    `json:"redirects"`
	FinalURL  string `json:"final_url,omitempty"`
	// IP is the address that was connected to, IPVersion 4 or 6.
	IP        string `json:"ip,omitempty"`
	IPVersion int    `json:"ip_version,omitempty"`
	// ContentLength is that of the header (-1 when it gave none), BodyBytes the size of the decoded body that was read.
	ContentLength int64 `json:"content_length"`
	BodyBytes     int64 `json:"body_bytes"`
	// LastModified is the header's time; zero when there was none.
	LastModified time.Time  `json:"last_modified,omitzero"`
	Title        string     `json:"title,omitempty"`
	TLS          *TLSResult `json:"tls,omitempty"`
	// StreamRetries counts requests that HTTP/2 repeated by itself after a refused stream.
	StreamRetries int `json:"stream_retries,omitempty"`
}

// TLSResult is what is known of a TLS connection, trusted or not.
type TLSResult struct {
	Version string `json:"version,omitempty"` // "TLS 1.3"
	Cipher  string `json:"cipher,omitempty"`
	// EarliestExpiry is the first to expire of the certificates that were presented.
	EarliestExpiry time.Time `json:"earliest_expiry,omitzero"`
	// ChainExpiry is when the last of the verified chains expires; zero when none verified.
	ChainExpiry time.Time `json:"chain_expiry,omitzero"`
	Names       []string  `json:"names,omitempty"`
	Subject     string    `json:"subject,omitempty"`
	Issuer      string    `json:"issuer,omitempty"`
	// Fingerprint is the SHA-256 of the leaf certificate in hexadecimal.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Problem says why the certificate was not accepted; empty when it was.
	Problem string `json:"problem,omitempty"`
}

// BrowserResult is what was measured in a browser run.
type BrowserResult struct {
	FinalURL string `json:"final_url,omitempty"`
	Title    string `json:"title,omitempty"`
	// Status is that of the main document of the last navigation; 0 when it had none.
	Status int `json:"status,omitempty"`
	// Vitals are web vitals by name: ttfb, fcp, lcp, inp (https://web.dev/articles/vitals); one that did not happen is absent.
	Vitals map[string]Seconds `json:"vitals_seconds,omitempty"`
	// LayoutShift is the cumulative layout shift, without unit; nil when it was not measured.
	LayoutShift *float64 `json:"cumulative_layout_shift,omitempty"`
	// Phases are the navigation timing of the last main document.
	Phases Phases `json:"phases"`
	// Requests counts requests by party and state.
	Requests      []RequestCount `json:"requests,omitempty"`
	TransferBytes int64          `json:"transfer_bytes"`
	ConsoleErrors int            `json:"console_errors"`
	PageErrors    int            `json:"page_errors"`
	// FailedRequests are the first few requests that failed, for the message and the API.
	FailedRequests []FailedRequest `json:"failed_requests,omitempty"`
	// Restarted: the run was tried again in a fresh browser; why is in its attempts.
	Restarted bool `json:"restarted,omitempty"`
}

// Party says whose host a request went to.
type Party string

// The parties.
const (
	FirstParty Party = "first"
	ThirdParty Party = "third"
)

// RequestState is what became of a request of a page.
type RequestState string

// The states of a request.
const (
	RequestOK      RequestState = "ok"
	RequestFailed  RequestState = "failed"  // no answer, or one of 400 and more
	RequestBlocked RequestState = "blocked" // held back by the browser or by us
	RequestPending RequestState = "pending" // still under way at the end
)

// RequestCount is the number of requests of one party in one state.
type RequestCount struct {
	Party Party        `json:"party"`
	State RequestState `json:"state"`
	Count int          `json:"count"`
}

// FailedRequest is a request of a page that failed.
type FailedRequest struct {
	URL    string `json:"url"`
	Party  Party  `json:"party"`
	Type   string `json:"type"` // document, script, stylesheet, image, fetch, …
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

// NoticeResult is what a notice run read.
type NoticeResult struct {
	// Items are the notices of the source, in its order; nil with NotModified.
	Items []NoticeItem `json:"items,omitempty"`
	// NotModified: the source answered that nothing changed since the last run, so the items are those of before.
	NotModified bool `json:"not_modified,omitempty"`
	// Format is that of the source: html, rss, rdf, atom or json.
	Format string `json:"format,omitempty"`
	// List says that Items is the whole list, so that an item which is missing was withdrawn; a feed only shows its newest.
	List bool `json:"list,omitempty"`
	// Warnings tell what of the source could not be read, though the rest could.
	Warnings []string `json:"warnings,omitempty"`
	Status   int      `json:"status,omitempty"`
}

// Evidence is what a run keeps for a person to look at. It is written by an observer, never by the run.
type Evidence struct {
	// Files by name: "screenshot.png", "page.html", "console.txt", "requests.har", "steps.txt", "response.txt", "text.txt".
	Files map[string][]byte `json:"-"`
	// Path is the folder of the files below the evidence address, once they are kept.
	Path string `json:"path,omitempty"`
}
