package portal

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"mynaprobe/probes"
)

// Japan is the time zone of the portal's pages.
var japan = time.FixedZone("JST", 9*60*60)

// Options say when and how fast a script is played.
type Options struct {
	// Start is the moment at which the script begins; by default the script's own start, and without one the clock's now.
	Start time.Time
	// Speed is how much script time passes in a unit of the clock's; 1 by default. Delays of answers are not sped up.
	Speed float64
	// Clock tells the servers of Serve the time; the machine's by default.
	Clock probes.Clock
}

// A Portal is a script being played. It keeps no state: how it stands follows from the moment alone. So it may be used
// from several goroutines, and asked about any moment in any order.
type Portal struct {
	script *Script
	start  time.Time
	speed  float64
	clock  probes.Clock
	keys   *keys
}

// New makes a portal that plays the script.
func New(script *Script, opts Options) *Portal {
	p := &Portal{script: script, start: opts.Start, speed: opts.Speed, clock: opts.Clock, keys: new(keys)}
	if p.clock == nil {
		p.clock = probes.SystemClock{}
	}
	if p.speed <= 0 {
		p.speed = 1
	}
	if p.start.IsZero() {
		p.start = script.Start
	}
	if p.start.IsZero() {
		p.start = p.clock.Now()
	}
	return p
}

// Script returns the script that is played.
func (p *Portal) Script() *Script { return p.script }

// Start returns the moment at which the script begins, End the one at which it is over; the portal stays as it then is.
func (p *Portal) Start() time.Time { return p.start }

// End returns the moment at which the script is over.
func (p *Portal) End() time.Time { return p.when(p.script.Length) }

// offset is the script time at a moment, when the moment of a script time.
func (p *Portal) offset(at time.Time) time.Duration {
	return time.Duration(float64(at.Sub(p.start)) * p.speed)
}

func (p *Portal) when(offset time.Duration) time.Time {
	return p.start.Add(time.Duration(float64(offset) / p.speed))
}

// notice is a notice as it stands at a moment.
type notice struct {
	ID        string
	Published time.Time
	Updated   time.Time // zero when it was never edited
	Title     string
	Text      string
}

// Paragraphs are the text's paragraphs, which the script separates by empty lines.
func (n notice) Paragraphs() []string {
	return strings.Split(n.Text, "\n\n")
}

// standing is how the portal stands at a moment.
type standing struct {
	phase   string
	site    Site
	stages  map[Stage]Condition
	notices []notice // newest first
	changed time.Time
}

func (p *Portal) standing(at time.Time) standing {
	now := p.offset(at)
	st := standing{site: p.script.site, stages: map[Stage]Condition{}, changed: p.start}
	for _, n := range p.script.notices {
		st.notices = append(st.notices, p.notice(n))
	}
	for _, e := range p.script.events {
		if e.at > now {
			break
		}
		if e.phase != "" {
			st.phase = e.phase
		}
		if e.site != nil {
			st.site = *e.site
		}
		for stage, condition := range e.stages {
			st.stages[stage] = condition
		}
		for _, n := range e.publish {
			st.notices = append(st.notices, p.notice(n))
		}
		for _, n := range e.edit {
			i := slices.IndexFunc(st.notices, func(old notice) bool { return old.ID == n.id })
			edited := p.notice(n)
			edited.Published, edited.Updated = st.notices[i].Published, p.when(e.at)
			st.notices[i] = edited
		}
		for _, id := range e.withdraw {
			st.notices = slices.DeleteFunc(st.notices, func(old notice) bool { return old.ID == id })
		}
		st.changed = p.when(e.at)
	}
	slices.SortStableFunc(st.notices, func(a, b notice) int { return b.Published.Compare(a.Published) })
	return st
}

func (st standing) condition(stage Stage) Condition {
	if c, ok := st.stages[stage]; ok {
		return c
	}
	return Condition{State: Normal}
}

func (p *Portal) notice(n noticeEdit) notice {
	when := func(d time.Duration) time.Time { return p.when(d) }
	title, _ := fill(n.title, when) // tried when the script was loaded
	text, _ := fill(n.text, when)
	return notice{ID: n.id, Published: p.when(n.at).In(japan), Title: title, Text: text}
}

// fill fills a notice's template: {{at "90s" "1月2日15時04分"}} is the wall time at that moment of the script.
func fill(text string, when func(time.Duration) time.Time) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("text").Funcs(template.FuncMap{
		"at": func(offset, layout string) (string, error) {
			d, err := time.ParseDuration(offset)
			if err != nil {
				return "", fmt.Errorf("%q is no duration", offset)
			}
			return when(d).In(japan).Format(layout), nil
		},
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Phase returns the name of the phase that holds at the moment, and "" before the first.
func (p *Portal) Phase(at time.Time) string { return p.standing(at).phase }

// An Event is something that happens to the portal, for people to read.
type Event struct {
	At     time.Time
	Offset time.Duration // in script time, from its start
	Phase  string        // set where a new phase begins
	Say    string
}

// Timeline returns what happens, in order.
func (p *Portal) Timeline() []Event {
	var events []Event
	for _, e := range p.script.events {
		events = append(events, Event{At: p.when(e.at), Offset: e.at, Phase: e.phase, Say: e.say})
	}
	return events
}

// A Spell is a span in which a stage is not normal: the truth that observed windows are held against.
type Spell struct {
	Stage     Stage
	Condition Condition
	From      time.Time
	// To is zero for a spell that lasts beyond the end of the script.
	To time.Time
	// Harmless spells are changes of looks, not outages.
	Harmless bool
	// Hidden spells cannot be seen from outside by the definitions that fit the script.
	Hidden bool
}

// Spells returns the spells of all stages, by their start.
func (p *Portal) Spells() []Spell {
	var spells []Spell
	open := map[Stage]int{} // index of the open spell
	for _, e := range p.script.events {
		for _, stage := range Stages() {
			condition, ok := e.stages[stage]
			if !ok {
				continue
			}
			if i, is := open[stage]; is {
				if spells[i].Condition == condition {
					continue
				}
				spells[i].To = p.when(e.at)
				delete(open, stage)
			}
			if condition.State == Normal {
				continue
			}
			open[stage] = len(spells)
			spells = append(spells, Spell{
				Stage: stage, Condition: condition, From: p.when(e.at),
				Harmless: condition.State == Redesign || condition.State == Moved,
				Hidden:   (condition.State == Provisional || condition.State == Closed) && slices.Contains(p.script.Hidden, stage),
			})
		}
	}
	return spells
}
