package pipeline

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/outage"
	"mynaprobe/probes/portal"
	"mynaprobe/probes/schedule"
)

// ReplayOptions say how an incident is replayed.
type ReplayOptions struct {
	// Script is the name of a bundled script, or a file.
	Script string
	// Every is the interval of the probes; the script's own when 0.
	Every time.Duration
	// Progress is told how far the replay is, from 0 to 1; may be nil.
	Progress func(float64)
}

// A Replay is what the pipeline made of an incident.
type Replay struct {
	Script string    `json:"script"`
	Title  string    `json:"title"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	// Runs is how many there were.
	Runs int `json:"runs"`
	// Windows are all that were kept, by their start.
	Windows []probes.Window `json:"windows"`
	// Detections say, for each spell of trouble in the script, when we would have known.
	Detections []Detection `json:"detections"`
	// FalseAlarms are the observed windows that no trouble of the script explains.
	FalseAlarms []probes.Window `json:"false_alarms"`
	// Changed counts the results that took a page for redesigned.
	Changed int `json:"changed"`
	// Covered is the share of the time in which every flow was known.
	Covered float64 `json:"covered"`
	// FlowOutcomes are the moments at which a flow's outcome changed.
	FlowOutcomes []FlowChange `json:"flow_outcomes"`
}

// A Detection is when we would have known of one spell of trouble. A nil time never came.
type Detection struct {
	Stage string     `json:"stage"`
	What  string     `json:"what"`
	From  time.Time  `json:"from"`
	To    *time.Time `json:"to"`
	// Visible: it can be seen from outside at all.
	Visible   bool       `json:"visible"`
	Suspected *time.Time `json:"suspected"`
	Confirmed *time.Time `json:"confirmed"`
	// Alerted is when the shipped rules would have fired: after a scrape and an evaluation, and the rule's "for".
	Alerted *time.Time `json:"alerted"`
	// Planned: it had been foretold, so that no alert was wanted.
	Planned bool `json:"planned"`
	// Announced is when we would have read of it in a notice that names our flow.
	Announced *time.Time `json:"announced"`
}

// A FlowChange is a moment at which a flow's outcome changed.
type FlowChange struct {
	Flow    string         `json:"flow"`
	At      time.Time      `json:"at"`
	Outcome probes.Outcome `json:"outcome"`
}

const (
	// replayStep is how often waiting observers are told of the time.
	replayStep = 10 * time.Second
	// replayLead is how long the portal is watched before the script begins, so that there is a last good run.
	replayLead = 10 * time.Minute
	// alertDelay is what lies between a window and its alert at the most: one scrape and one evaluation, 15 s each in the
	// shipped configuration, and the "for" of the rule.
	alertDelay = 15*time.Second + 15*time.Second + time.Minute
)

// replayHost is the portal's address in a replay. Nothing listens there: the portal answers in process.
const replayHost = "http://portal.localhost"

// RunReplay plays a script through the pipeline in virtual time: the probes' own code, with clock and network replaced
// by the portal's. Days take seconds.
func RunReplay(ctx context.Context, opts Options, options ReplayOptions) (Replay, error) {
	script, err := loadScript(options.Script)
	if err != nil {
		return Replay{}, err
	}
	player, err := newPlayer(script, opts, options)
	if err != nil {
		return Replay{}, err
	}
	if err := player.play(ctx, player.stand.End()); err != nil {
		return Replay{}, err
	}
	return player.report(), player.Close()
}

func newPlayer(script *portal.Script, opts Options, options ReplayOptions) (*player, error) {
	stand := portal.New(script, portal.Options{})
	begin := stand.Start().Add(-replayLead)
	clock := probes.NewVirtualClock(begin)
	set, err := definition.Parse(script.Name+".yaml", script.Definitions(portal.DefinitionOptions{BaseURL: replayHost, Every: options.Every}))
	if err != nil {
		return nil, fmt.Errorf("the definitions of script %s: %w", script.Name, err)
	}
	opts.Clock, opts.Transport = clock, stand.RoundTripper(clock)
	pipeline, err := New(set, opts)
	if err != nil {
		return nil, err
	}
	p := &player{
		Pipeline: pipeline, stand: stand, clock: clock, plan: schedule.NewPlan(begin), begin: begin, next: begin,
		windows: map[string]probes.Window{}, busy: map[string]time.Time{}, flows: map[string]probes.Outcome{},
		suspected: map[string]time.Time{}, downSince: map[string]time.Time{}, progress: options.Progress,
		replay: Replay{Script: script.Name, Title: script.Title, Start: stand.Start(), End: stand.End()},
	}
	var timings []schedule.Timing
	for _, one := range set.Probes {
		timings = append(timings, schedule.Timing{Name: one.Name, Every: one.Every})
	}
	p.plan.Set(timings, begin)
	p.core.soon = func(r probes.RunRequest) { p.plan.Soon(r.Probe, r.At, r.Trigger) }
	p.core.final, p.core.changed = p.final, p.keep
	return p, nil
}

// player runs a plan in virtual time: the next slot, the next result, or the next step, whichever comes first.
type player struct {
	*Pipeline
	stand    *portal.Portal
	clock    *probes.VirtualClock
	plan     *schedule.Plan
	begin    time.Time
	next     time.Time // when the waiting observers are told of the time
	progress func(float64)

	finished  byEnd
	busy      map[string]time.Time // until when a probe's run lasts
	windows   map[string]probes.Window
	suspected map[string]time.Time // when the first failing run of a window was known, by window
	downSince map[string]time.Time // when the first failing run of a spell was known, by probe
	flows     map[string]probes.Outcome
	known     time.Duration
	replay    Replay
}

// play goes on until a virtual moment.
func (p *player) play(ctx context.Context, end time.Time) error {
	for now := p.begin; now.Before(end); {
		slot, ok := p.plan.Next()
		switch {
		case len(p.finished) > 0 && !p.finished[0].End().After(p.next) && (!ok || !p.finished[0].End().After(slot)):
			r := heap.Pop(&p.finished).(probes.Result)
			now = r.End()
			p.core.observe(r)
		case ok && !slot.After(p.next):
			now = slot
			p.run(ctx, now)
		default:
			now = p.next
			p.clock.Set(now)
			p.core.advance(now)
			p.step(now)
			p.next = p.next.Add(replayStep)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the replay was interrupted at %s: %w", now.In(Japan).Format(time.RFC3339), ctx.Err())
		}
	}
	return nil
}

// report is what came of the script.
func (p *player) report() Replay {
	for _, w := range p.windows {
		p.replay.Windows = append(p.replay.Windows, w)
	}
	slices.SortFunc(p.replay.Windows, func(a, b probes.Window) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.ID, b.ID))
	})
	p.detect(p.stand.Spells())
	return p.replay
}

// run starts the run that is due, whose result is known at its virtual end.
func (p *player) run(ctx context.Context, now time.Time) {
	slot, _, _ := p.plan.Pop(now)
	if until := p.busy[slot.Name]; now.Before(until) {
		if slot.Trigger != probes.TriggerSchedule {
			p.plan.Soon(slot.Name, until, slot.Trigger)
		}
		return
	}
	p.clock.Set(now)
	r := p.Pipeline.run(ctx, slot.Name, slot.Trigger, slot.At)
	p.busy[slot.Name] = r.End()
	heap.Push(&p.finished, r)
	p.replay.Runs++
}

// final follows the results: since when a probe fails, and where its flow stands.
func (p *player) final(r probes.Result) {
	if r.Reason == probes.ReasonChanged {
		p.replay.Changed++
	}
	switch {
	case r.Outcome.Good():
		delete(p.downSince, r.Probe)
	case r.Outcome != probes.Unknown:
		if _, ok := p.downSince[r.Probe]; !ok {
			p.downSince[r.Probe] = r.End()
		}
	}
	p.outcomes(r.End())
}

// keep follows the windows.
func (p *player) keep(change outage.Change) {
	for _, w := range change.Windows {
		if _, ok := p.windows[w.ID]; !ok && w.Source == probes.Observed && w.Scope == probes.ScopeProbe {
			p.suspected[w.ID] = p.downSince[w.Name]
		}
		p.windows[w.ID] = w
	}
	for _, id := range change.Removed {
		delete(p.windows, id)
	}
}

// outcomes notes each change of a flow's outcome.
func (p *player) outcomes(now time.Time) {
	for _, f := range p.Set().Flows {
		outcome := p.core.tracker.FlowOutcome(f.Name, now)
		if before, seen := p.flows[f.Name]; !seen || before != outcome {
			p.flows[f.Name] = outcome
			p.replay.FlowOutcomes = append(p.replay.FlowOutcomes, FlowChange{f.Name, now, outcome})
		}
	}
}

func (p *player) step(now time.Time) {
	p.outcomes(now)
	if now.Before(p.replay.Start) {
		return
	}
	known := true
	for _, outcome := range p.flows {
		known = known && outcome != probes.Unknown
	}
	if known {
		p.known += replayStep
	}
	if done := now.Sub(p.begin); p.progress != nil {
		p.progress(float64(done) / float64(p.stand.End().Sub(p.begin)))
	}
	p.replay.Covered = min(1, float64(p.known)/float64(now.Sub(p.replay.Start)+replayStep))
}

// detect holds what was seen against what the script says happened.
func (p *player) detect(spells []portal.Spell) {
	explained := map[string]bool{}
	for _, t := range troubles(spells) {
		for _, w := range p.replay.Windows {
			switch {
			case !overlaps(t, w):
			case w.Source == probes.Announced && (t.Announced == nil || w.Opened.Before(*t.Announced)):
				t.Announced = &w.Opened
			case w.Source == probes.Foretold && !w.Start.After(t.From):
				t.Planned = true
			case w.Source == probes.Observed && w.Scope == probes.ScopeProbe && w.Stage == t.Stage:
				explained[w.ID] = true
				if t.Confirmed == nil || w.Opened.Before(*t.Confirmed) {
					suspected, alerted := p.suspected[w.ID], w.Opened.Add(alertDelay)
					t.Suspected, t.Confirmed, t.Alerted = &suspected, &w.Opened, &alerted
				}
			}
		}
		p.replay.Detections = append(p.replay.Detections, t)
	}
	for _, w := range p.replay.Windows {
		if w.Source == probes.Observed && w.Scope == probes.ScopeProbe && !explained[w.ID] {
			p.replay.FalseAlarms = append(p.replay.FalseAlarms, w)
		}
	}
}

// troubles joins the spells of a stage that follow each other without a break: for a user that is one trouble, however
// it shows. Changes of looks are none.
func troubles(spells []portal.Spell) (all []Detection) {
	last := map[portal.Stage]int{}
	for _, spell := range spells {
		if spell.Harmless {
			continue
		}
		var to *time.Time
		if !spell.To.IsZero() {
			to = &spell.To
		}
		what := string(spell.Condition.State)
		if i, ok := last[spell.Stage]; ok && all[i].To != nil && all[i].To.Equal(spell.From) {
			d := &all[i]
			d.To, d.Visible = to, d.Visible || !spell.Hidden
			if !strings.HasSuffix(d.What, what) {
				d.What += ", " + what
			}
			continue
		}
		last[spell.Stage] = len(all)
		all = append(all, Detection{Stage: string(spell.Stage), What: what, From: spell.From, To: to, Visible: !spell.Hidden})
	}
	return all
}

func overlaps(d Detection, w probes.Window) bool {
	return (w.End == nil || w.End.After(d.From)) && (d.To == nil || w.Start.Before(*d.To))
}

// byEnd is a heap of results by their end; equal ends are in the order of the probes' names.
type byEnd []probes.Result

func (h byEnd) Len() int { return len(h) }

func (h byEnd) Less(i, j int) bool {
	return cmp.Or(h[i].End().Compare(h[j].End()), cmp.Compare(h[i].Probe, h[j].Probe)) < 0
}

func (h byEnd) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byEnd) Push(x any)   { *h = append(*h, x.(probes.Result)) }

func (h *byEnd) Pop() any {
	old := *h
	r := old[len(old)-1]
	*h = old[:len(old)-1]
	return r
}
