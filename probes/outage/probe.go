package outage

import (
	"fmt"
	"net/http"
	"time"

	"mynaprobe/probes"
)

const (
	// maxRetryAfter caps how long a target can put off its confirmation.
	maxRetryAfter = 10 * time.Minute
	// lapseRuns is the number of intervals without knowledge after which a suspicion lapses.
	lapseRuns = 3
	// settled is how long a closed window is kept at hand beyond the merge time.
	settled = 24 * time.Hour
	// maxGaps bounds the unobserved spans remembered of a window.
	maxGaps = 256
)

// probe is the state of one probe.
type probe struct {
	def     probes.Probe
	confirm probes.Confirm
	spread  time.Duration
	flow    *flow
	stage   *stage
	class   class
	dropped bool
	dirty   bool
	told    time.Time

	// start is that of the latest run in this process, outcome its outcome, effective the one in which planned and
	// unplanned maintenance are told apart. acc is the moment up to which time is accounted for.
	start     time.Time
	outcome   probes.Outcome
	effective probes.Outcome
	acc       time.Time
	// end is that of the latest run, of whichever process.
	end time.Time
	// known is the start of the latest run that was not unknown, knownEnd its end.
	known, knownEnd time.Time
	// calm is the end of the last run that was good or inside planned maintenance.
	calm time.Time

	// downs are the runs of a suspicion, and goods counts good runs, to tell which of them still count.
	downs []downRun
	goods int
	// row counts good runs in a row while a window is open, the first of which began at firstGood.
	row         int
	firstGood   time.Time
	lastDownEnd time.Time
	open        *record
	// gaps are spans without knowledge, as far back as a window may need them.
	gaps     []span
	flapping bool

	ledger   ledger
	coverage probes.Coverage
}

// downRun is a run of a suspicion.
type downRun struct {
	Start time.Time `json:"start"`
	// Calm is the end of the last good run before it; nil when there was none.
	Calm *time.Time `json:"calm,omitempty"`
	// Goods is the number of good runs when it happened.
	Goods    int           `json:"goods"`
	Reason   probes.Reason `json:"reason,omitempty"`
	Message  string        `json:"message,omitempty"`
	Evidence string        `json:"evidence,omitempty"`
}

// define takes the probe's definition, with defaults for what it leaves open.
func (p *probe) define(def probes.Probe) {
	p.def, p.confirm = def, def.Confirm
	c := &p.confirm
	if c.Down <= 0 {
		c.Down = 3
	}
	c.Of = max(c.Of, c.Down)
	if c.Good <= 0 {
		c.Good = 2
	}
	if c.Merge <= 0 {
		c.Merge = max(5*time.Minute, 2*def.Every)
	}
	p.spread = c.Spread
	if p.spread <= 0 {
		p.spread = max(30*time.Second, def.Every/5)
	}
	p.coverage.Scope, p.coverage.Name = probes.ScopeProbe, def.Name
	p.ledger.keep = 1
}

// observe takes a result of the probe.
func (t *Tracker) observe(p *probe, r probes.Result) {
	outcome := r.Outcome
	if outcome == probes.Maintenance {
		if _, planned := t.PlannedAt(p.def.Name, r.Start); !planned {
			outcome = probes.Down
		}
	}
	if !p.start.IsZero() && !r.Start.After(p.start) {
		t.observeLate(p, r, outcome)
		return
	}
	t.lapse(p, r.Start)
	t.account(p, r.Start)
	p.start, p.end, p.outcome, p.effective = r.Start, latest(p.end, r.End()), r.Outcome, outcome
	if outcome != probes.Unknown {
		p.known, p.knownEnd = r.Start, r.End()
	}
	switch outcome {
	case probes.Unknown:
		t.observeUnknown(p, r)
	case probes.Down:
		t.observeDown(p, r)
	default:
		t.observeGood(p, r)
	}
	if t.reclass(p, r.Start) && p.flow != nil {
		t.touchFlow(p.flow, r.Start)
	}
	p.prune()
	if r.Start.Sub(p.told) >= often(p.def.Every, time.Minute, 10) {
		t.touchStatus(p)
	}
}

// observeUnknown asks again, unless we were turned away: it says nothing of the target.
func (t *Tracker) observeUnknown(p *probe, r probes.Result) {
	if p.open != nil {
		t.refresh(p, p.open, false)
	}
	if len(p.downs) > 0 && p.open == nil && r.Reason != probes.ReasonBlocked && r.Reason != probes.ReasonDefinition {
		t.ask(p, r, r.Start.Add(p.step()))
	}
}

// observeDown takes a run that was down, or that met maintenance nobody had planned.
func (t *Tracker) observeDown(p *probe, r probes.Result) {
	p.lastDownEnd = latest(p.lastDownEnd, r.End())
	if rec := p.open; rec != nil {
		flap := p.row > 0
		if flap {
			rec.Flaps++
		}
		p.row, p.firstGood = 0, time.Time{}
		rec.RunsDown++
		t.refresh(p, rec, flap)
		return
	}
	d := downRun{Start: r.Start, Goods: p.goods, Reason: r.Reason, Message: t.describe(p, r)}
	if !p.calm.IsZero() {
		d.Calm = ptr(earliest(p.calm, r.Start))
	}
	if r.Evidence != nil {
		d.Evidence = r.Evidence.Path
	}
	p.downs = append(p.downs, d)
	if t.confirmed(p, r) {
		t.openWindow(p, r)
		return
	}
	t.touchStatus(p)
	first := p.downs[0].Start
	t.ask(p, r, earliest(first.Add(time.Duration(len(p.downs))*p.step()), latest(first.Add(p.spread), r.End())))
}

// describe is the message of a run that was down; of maintenance it says that nobody planned it, or that it overran.
func (t *Tracker) describe(p *probe, r probes.Result) string {
	if r.Outcome != probes.Maintenance {
		return r.Message
	}
	if w, ok := t.PlannedAt(p.def.Name, p.calm); ok && !p.calm.IsZero() && w.End != nil {
		return fmt.Sprintf("maintenance goes on though it was planned to end at %s: %s", w.End.Format(time.RFC3339), r.Message)
	}
	return "maintenance that was not planned: " + r.Message
}

// confirmed reports whether the suspicion is one no more. A 503 whose Retry-After forbids to look again before the next
// confirmation would be due confirms itself.
func (t *Tracker) confirmed(p *probe, r probes.Result) bool {
	first := p.downs[0].Start
	if len(p.downs) >= p.confirm.Down && (p.confirm.Down == 1 || r.Start.Sub(first) >= p.spread) {
		return true
	}
	status := 0
	switch {
	case r.HTTP != nil:
		status = r.HTTP.Status
	case r.Browser != nil:
		status = r.Browser.Status
	}
	due := latest(first.Add(time.Duration(len(p.downs))*p.step()), r.End())
	return status == http.StatusServiceUnavailable && r.RetryAfter > 0 && r.End().Add(r.RetryAfter.Duration()).After(due)
}

// step is the time between two confirmation runs.
func (p *probe) step() time.Duration { return p.spread / time.Duration(max(1, p.confirm.Down-1)) }

// ask brings a run forward, no sooner than the target allows.
func (t *Tracker) ask(p *probe, r probes.Result, at time.Time) {
	at = latest(at, r.End().Add(min(r.RetryAfter.Duration(), maxRetryAfter)))
	t.out.runs = append(t.out.runs, probes.RunRequest{Probe: p.def.Name, At: at, Trigger: probes.TriggerConfirm})
}

// openWindow opens a window from the suspicion, or goes on with the last one when that ended not long ago.
func (t *Tracker) openWindow(p *probe, r probes.Result) {
	first := p.downs[0]
	rec := p.ledger.newest()
	if rec != nil && !rec.Lapsed && first.Start.Sub(*rec.End) <= p.confirm.Merge {
		rec.End, rec.EndNotBefore = nil, nil
		rec.Flaps++
	} else {
		w := probes.Window{
			Source: probes.Observed, Scope: probes.ScopeProbe, Name: p.def.Name, Flow: p.def.Flow, Stage: p.def.Stage,
			Location: t.location, Start: first.Start, StartNotBefore: first.Calm, Reason: first.Reason, Message: first.Message,
			Probes: []string{p.def.Name}, Opened: r.End(),
		}
		w.ID = windowID(w)
		rec = t.add(w)
		p.ledger.open(rec)
	}
	for _, d := range p.downs {
		if rec.Evidence == "" {
			rec.Evidence = d.Evidence
		}
	}
	rec.RunsDown += len(p.downs)
	p.open, p.downs, p.row, p.firstGood = rec, nil, 0, time.Time{}
	t.refresh(p, rec, true)
}

// observeGood takes a run that was good, or that met planned maintenance.
func (t *Tracker) observeGood(p *probe, r probes.Result) {
	p.calm = latest(p.calm, r.End())
	if rec := p.open; rec != nil {
		p.row++
		if p.row == 1 {
			p.firstGood = r.Start
		}
		if p.row >= p.confirm.Good {
			t.closeWindow(p, rec)
			return
		}
		t.refresh(p, rec, true)
		t.ask(p, r, latest(r.Start.Add(p.step()), r.End()))
		return
	}
	if len(p.downs) == 0 {
		return
	}
	p.goods++
	n := 0
	for n < len(p.downs) && p.goods-p.downs[n].Goods > p.confirm.Of-p.confirm.Down {
		n++
	}
	p.downs = p.downs[n:]
	if len(p.downs) > 0 {
		t.ask(p, r, latest(r.Start.Add(p.step()), r.End()))
	} else {
		p.downs, p.goods = nil, 0
	}
	t.touchStatus(p)
}

func (t *Tracker) closeWindow(p *probe, rec *record) {
	rec.End, rec.EndNotBefore = ptr(p.firstGood), ptr(earliest(p.lastDownEnd, p.firstGood))
	p.open, p.row, p.goods = nil, 0, 0
	t.refresh(p, rec, true)
	p.firstGood = time.Time{}
}

// observeLate takes a run that started before, or with, the latest one: it can only show that an outage began earlier.
func (t *Tracker) observeLate(p *probe, r probes.Result, outcome probes.Outcome) {
	if outcome != probes.Down || !r.Start.Before(p.start) {
		return
	}
	if rec := p.open; rec != nil && r.Start.Before(rec.Start) && (rec.StartNotBefore == nil || !r.Start.Before(*rec.StartNotBefore)) {
		rec.Start = r.Start
		rec.RunsDown++
		t.refresh(p, rec, true)
		return
	}
	if len(p.downs) > 0 && r.Start.Before(p.downs[0].Start) && (p.downs[0].Calm == nil || !r.Start.Before(*p.downs[0].Calm)) {
		first := p.downs[0]
		first.Start, first.Reason, first.Message = r.Start, r.Reason, t.describe(p, r)
		p.downs = append([]downRun{first}, p.downs...)
		t.touchStatus(p)
	}
}

// refresh brings the numbers of a window up to date, and has it handed out on a transition or when that is due.
func (t *Tracker) refresh(p *probe, rec *record, transition bool) {
	switch {
	case rec.End != nil:
		rec.seen = *rec.End
	case !p.firstGood.IsZero():
		rec.seen = p.firstGood
	default:
		rec.seen = latest(rec.seen, p.acc)
	}
	rec.gaps = span{rec.Start, rec.seen}.clip(p.gaps)
	rec.Unobserved = probes.Seconds(measure(rec.gaps))
	if !transition && p.acc.Sub(p.told) < often(p.def.Every, 30*time.Second, 5) {
		return
	}
	t.touchRecord(rec)
	t.touchStatus(p)
	if p.flow != nil {
		t.reflowFor(p, rec, transition)
	}
}

// account spends the time up to the start of a new run: it was as the latest run saw it, for as long as that is knowledge.
func (t *Tracker) account(p *probe, upTo time.Time) {
	from := p.acc
	p.acc = latest(p.acc, upTo)
	if from.IsZero() || !upTo.After(from) {
		return
	}
	until := from
	if !p.start.IsZero() {
		until = earliest(upTo, latest(from, p.start.Add(p.def.FreshFor())))
		t.spend(&p.coverage, p.effective, from, until)
	}
	if p.outcome == probes.Unknown {
		until = from
	}
	if upTo.After(until) {
		p.gap(span{until, upTo})
	}
}

// gap remembers a span without knowledge, as long as there is a window that may need it. Of too many the two oldest
// become one: rather too much is called unobserved than too little.
func (p *probe) gap(s span) {
	if p.open == nil && len(p.downs) == 0 && p.ledger.newest() == nil {
		return
	}
	if n := len(p.gaps); n > 0 && p.gaps[n-1].To.Equal(s.From) {
		p.gaps[n-1].To = s.To
		return
	}
	p.gaps = append(p.gaps, s)
	if len(p.gaps) > maxGaps {
		p.gaps[1].From = p.gaps[0].From
		p.gaps = p.gaps[1:]
	}
}

// prune lets go of what no window can need any more.
func (p *probe) prune() {
	if p.open != nil || len(p.downs) > 0 {
		return
	}
	rec := p.ledger.newest()
	if rec == nil || rec.End == nil || p.acc.Sub(*rec.End) > p.confirm.Merge {
		p.gaps = nil
	}
	p.ledger.freeze(p.acc.Add(-p.confirm.Merge - settled))
}

// lapse ends a suspicion that nothing was learnt of for too long.
func (t *Tracker) lapse(p *probe, now time.Time) {
	if len(p.downs) > 0 && p.open == nil && now.Sub(p.knownEnd) >= lapseRuns*p.def.Every {
		p.downs, p.goods = nil, 0
		t.touchStatus(p)
	}
}

func (t *Tracker) advanceProbe(p *probe, now time.Time) {
	t.lapse(p, now)
	if p.class != (class{}) && t.reclass(p, now) && p.flow != nil {
		stale := now
		for _, start := range []time.Time{p.start, p.known} {
			if !start.IsZero() {
				stale = earliest(stale, start.Add(p.def.FreshFor()))
			}
		}
		t.touchFlow(p.flow, stale)
	}
	if p.flapping && !p.flaps(now) {
		t.touchStatus(p)
	}
}

// knownFresh reports whether the latest run that could tell is still knowledge.
func (t *Tracker) knownFresh(p *probe, now time.Time) bool {
	return !p.known.IsZero() && now.Before(p.known.Add(p.def.FreshFor()))
}

// ProbeOutcome is the outcome of the latest run of a probe, and Unknown once that is no knowledge any more.
func (t *Tracker) ProbeOutcome(name string, now time.Time) probes.Outcome {
	p := t.probes[name]
	if p == nil {
		return probes.Unknown
	}
	return p.outcomeAt(now, p.outcome)
}

func (p *probe) outcomeAt(now time.Time, outcome probes.Outcome) probes.Outcome {
	if p.start.IsZero() || !now.Before(p.start.Add(p.def.FreshFor())) {
		return probes.Unknown
	}
	return outcome
}

// flaps reports whether the probe keeps coming and going: it came back for a second time or more, and not so long ago
// that the window is over for good.
func (p *probe) flaps(now time.Time) bool {
	rec := p.ledger.newest()
	return rec != nil && rec.Flaps >= 2 && (rec.End == nil || now.Sub(*rec.End) <= p.confirm.Merge)
}
