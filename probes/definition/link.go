package definition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// What holds where neither the probe nor the defaults of its file say anything.
const (
	defaultEvery          = time.Minute
	defaultTimeout        = 10 * time.Second
	defaultBrowserTimeout = 30 * time.Second
	defaultDown           = 3
	defaultGood           = 2
	defaultMerge          = 5 * time.Minute
	// defaultFlow and defaultStage are those of probes that name none.
	defaultFlow  = "default"
	defaultStage = "default"
)

// parsedFile is a file whose own errors are known.
type parsedFile struct {
	*document
	def fileDef
}

// linker joins files into one set and finds what is wrong between them.
type linker struct {
	set    probes.Set
	flows  map[string]*linkedFlow
	places map[string]string // of probe names
	names  []string
	from   struct{ browser, contact string }
}

// linkedFlow is a flow with what its probes add to it.
type linkedFlow struct {
	probes.Flow
	where string
	// declared: the definition lists the stages, so that others are mistakes.
	declared bool
	order    int
}

func link(files []*parsedFile) probes.Set {
	l := &linker{flows: map[string]*linkedFlow{}, places: map[string]string{}}
	for _, f := range files {
		for _, def := range f.def.flows {
			l.flow(f, def)
		}
	}
	count := 0
	for _, f := range files {
		count += len(f.def.probes) + len(f.def.references)
	}
	l.set.Probes = make([]probes.Probe, 0, count)
	for _, f := range files {
		for i := range f.def.probes {
			l.probe(f, &f.def.probes[i], false)
		}
		for i := range f.def.references {
			l.probe(f, &f.def.references[i], true)
		}
		l.settings(f)
	}
	for _, f := range files {
		for _, def := range f.def.flows {
			l.critical(f, def)
		}
		for i, def := range f.def.maintenance {
			l.planned(f, def, i)
		}
	}
	for _, flow := range l.flows {
		if len(flow.Critical) == 0 {
			flow.Critical = l.observed(flow.Name)
		}
		l.set.Flows = append(l.set.Flows, flow.Flow)
	}
	slices.SortFunc(l.set.Flows, func(a, b probes.Flow) int {
		return cmp.Compare(l.flows[a.Name].order, l.flows[b.Name].order)
	})
	return l.set
}

func (l *linker) flow(f *parsedFile, def flowDef) {
	if !def.name.given() {
		return
	}
	name := def.name.value
	if first := l.flows[name]; first != nil {
		f.problem(def.name.node, fmt.Sprintf("two flows are called %q; the first is at %s", name, first.where), "give each a name of its own")
		return
	}
	flow := &linkedFlow{where: f.where(def.name.node), declared: def.stages != nil, order: len(l.flows), Flow: probes.Flow{
		Name: name, Title: cmp.Or(def.title, name), Services: def.services, Objective: def.objective,
	}}
	lines := map[string]int{}
	for _, s := range def.stages {
		stage := s.value
		if line, ok := lines[stage.Name]; ok && stage.Name != "" {
			f.problem(s.node, fmt.Sprintf("two stages are called %q; the first is on line %d", stage.Name, line), "give each a name of its own")
			continue
		}
		lines[stage.Name] = s.node.Line
		stage.Title = cmp.Or(stage.Title, stage.Name)
		flow.Stages = append(flow.Stages, stage)
	}
	l.flows[name] = flow
}

// critical checks that the critical stages exist; all probes are known by then.
func (l *linker) critical(f *parsedFile, def flowDef) {
	flow := l.flows[def.name.value]
	if flow == nil || flow.where != f.where(def.name.node) {
		return
	}
	for _, c := range def.critical {
		if !slices.ContainsFunc(flow.Stages, func(s probes.Stage) bool { return s.Name == c.value }) {
			f.problem(c.node, fmt.Sprintf("the critical stage %q is no stage of the flow %q", c.value, flow.Name), meant(c.value, stageNames(flow)))
			continue
		}
		flow.Critical = append(flow.Critical, c.value)
	}
}

// observed are the stages of a flow that something other than a notice looks at: a notice page that is out is no outage
// of what it gives notice of.
func (l *linker) observed(flow string) []string {
	var stages []string
	for _, p := range l.set.Probes {
		if p.Flow == flow && !p.Reference && !p.Disabled && p.Kind != probes.KindNotice && !slices.Contains(stages, p.Stage) {
			stages = append(stages, p.Stage)
		}
	}
	return stages
}

func stageNames(flow *linkedFlow) []string {
	var names []string
	for _, s := range flow.Stages {
		names = append(names, s.Name)
	}
	return names
}

func (l *linker) flowNames() []string {
	var names []string
	for name := range l.flows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *linker) probe(f *parsedFile, def *probeDef, reference bool) {
	p := probes.Probe{
		Name: def.name.value, Source: f.where(def.node), Disabled: def.disabled, Reference: reference, RobotsAgreed: def.robots,
	}
	if p.Name != "" {
		if first, taken := l.places[p.Name]; taken {
			f.problem(def.name.node, fmt.Sprintf("two probes are called %q; the first is at %s", p.Name, first), "give each a name of its own")
		} else {
			l.places[p.Name] = f.where(def.name.node)
			l.names = append(l.names, p.Name)
		}
	}
	var kind timing
	switch {
	case def.http != nil:
		h := def.http.HTTP
		p.Kind, p.HTTP, kind = probes.KindHTTP, &h, f.def.defaults.http
		fallback(&h.Maintenance, f.def.defaults.maintenance)
	case def.browser != nil:
		b := def.browser.Browser
		p.Kind, p.Browser, kind = probes.KindBrowser, &b, f.def.defaults.browser
		fallback(&b.Maintenance, f.def.defaults.maintenance)
	case def.notice != nil:
		n := def.notice.Notice
		p.Kind, p.Notice, kind = probes.KindNotice, &n, f.def.defaults.notice
		fallback(&n.Maintenance, f.def.defaults.maintenance)
	}
	l.times(f, def, &p, kind)
	if !reference {
		l.place(f, def, &p)
	}
	l.set.Probes = append(l.set.Probes, p)
}

func fallback(p *probes.Patterns, other probes.Patterns) {
	if p.Empty() {
		*p = other
	}
}

// place finds the flow and the stage of a probe.
func (l *linker) place(f *parsedFile, def *probeDef, p *probes.Probe) {
	p.Stage = def.stage.or(defaultStage)
	switch {
	case def.flow.given():
		p.Flow = def.flow.value
	case len(f.def.flows) == 1:
		p.Flow = f.def.flows[0].name.value
	case len(f.def.flows) > 1:
		f.problem(def.node, "the file has several flows, and the probe does not say which is its own", "add flow: "+orList(flowsOf(f)))
		return
	default:
		p.Flow = defaultFlow
		if l.flows[defaultFlow] == nil {
			l.flows[defaultFlow] = &linkedFlow{Flow: probes.Flow{Name: defaultFlow, Title: defaultFlow}, order: len(l.flows)}
		}
	}
	flow := l.flows[p.Flow]
	switch {
	case flow == nil && def.flow.given():
		f.problem(def.flow.node, fmt.Sprintf("there is no flow %q", p.Flow), cmp.Or(meant(p.Flow, l.flowNames()), "define it under flow: or flows:"))
	case flow == nil || slices.ContainsFunc(flow.Stages, func(s probes.Stage) bool { return s.Name == p.Stage }):
	case flow.declared && def.stage.given():
		f.problem(def.stage.node, fmt.Sprintf("%q is no stage of the flow %q", p.Stage, flow.Name), meant(p.Stage, stageNames(flow)))
	case flow.declared:
		f.problem(def.node, "the probe does not say which stage it exercises", "add stage: "+orList(stageNames(flow)))
	default:
		flow.Stages = append(flow.Stages, probes.Stage{Name: p.Stage, Title: p.Stage})
	}
}

func flowsOf(f *parsedFile) []string {
	var names []string
	for _, flow := range f.def.flows {
		if flow.name.given() {
			names = append(names, flow.name.value)
		}
	}
	return names
}

// first returns the first that was given.
func first[T any](all ...located[T]) located[T] {
	for _, l := range all {
		if l.given() {
			return l
		}
	}
	return located[T]{}
}

// times fills in when and how long the probe runs. What a definition leaves out adapts to what it says; what it says
// must fit together.
func (l *linker) times(f *parsedFile, def *probeDef, p *probes.Probe, kind timing) {
	d := f.def.defaults
	every, timeout, slow := first(def.every, kind.every, d.every), first(def.timeout, kind.timeout, d.timeout), first(def.slow, kind.slow, d.slow)
	p.Every = every.or(defaultEvery)
	usual := defaultTimeout
	if p.Kind == probes.KindBrowser {
		usual = defaultBrowserTimeout
	}
	p.Timeout = timeout.or(min(usual, p.Every))
	if p.Timeout > p.Every {
		at := first(def.timeout, def.every, kind.timeout, kind.every, timeout, every)
		f.problem(at.node, fmt.Sprintf("the timeout %s is longer than the interval %s", brief(p.Timeout), brief(p.Every)),
			"a run must end before the next one starts: shorten timeout or lengthen every")
	}
	p.Slow = slow.or(0)
	if p.Slow >= p.Timeout && def.slow.given() {
		f.problem(def.slow.node, fmt.Sprintf("slow is %s, and a run already ends at its timeout of %s", brief(p.Slow), brief(p.Timeout)), "make slow shorter than timeout")
	}
	steps(f, def, p)

	own, shared := def.confirm.value, d.confirm.value
	if own.down.given() || own.of.given() {
		shared.down, shared.of = located[int]{}, located[int]{}
	}
	down, of := first(own.down, shared.down), first(own.of, shared.of)
	p.Confirm.Down = down.or(min(defaultDown, of.or(defaultDown)))
	p.Confirm.Of = of.or(p.Confirm.Down)
	p.Confirm.Good = first(own.good, shared.good).or(defaultGood)
	p.Confirm.Spread = first(own.spread, shared.spread).or(0)
	p.Confirm.Merge = first(own.merge, shared.merge).or(max(defaultMerge, 2*p.Every))
}

// steps finds steps that may take longer than the whole run.
func steps(f *parsedFile, def *probeDef, p *probes.Probe) {
	if def.browser == nil {
		return
	}
	for _, s := range def.browser.steps {
		if s.Timeout > p.Timeout {
			f.problem(s.node, fmt.Sprintf("the step's timeout %s is longer than the probe's %s", brief(s.Timeout), brief(p.Timeout)), "shorten the one or lengthen the other")
		}
	}
}

// settings joins what holds for all files.
func (l *linker) settings(f *parsedFile) {
	for _, h := range f.def.ownHosts {
		if !slices.Contains(l.set.OwnHosts, h) {
			l.set.OwnHosts = append(l.set.OwnHosts, h)
		}
	}
	if b := f.def.browser; b.given() {
		if l.from.browser != "" {
			f.problem(b.node, "the browser is set up twice; the first is at "+l.from.browser, "keep one of them")
		} else {
			l.set.Browser, l.from.browser = b.value, f.where(b.node)
		}
	}
	if c := f.def.contact; c.given() {
		if l.from.contact != "" && l.set.Contact != c.value {
			f.problem(c.node, "two different contacts; the first is at "+l.from.contact, "keep one of them")
		} else {
			l.set.Contact, l.from.contact = c.value, f.where(c.node)
		}
	}
}

// planned checks a maintenance window; its times are read here because they need the time zone beside them.
func (l *linker) planned(f *parsedFile, def plannedDef, i int) {
	p := probes.Planned{Name: def.name.or(fmt.Sprintf("maintenance %d", i+1)), RRule: strings.TrimPrefix(def.repeat.value, "RRULE:")}
	var flows []*linkedFlow
	switch {
	case !def.flow.given():
		for _, flow := range l.flows {
			flows = append(flows, flow)
		}
		if len(f.def.flows) == 1 && len(def.stages) > 0 {
			flows = []*linkedFlow{l.flows[f.def.flows[0].name.value]}
			p.Flow = f.def.flows[0].name.value
		}
	case l.flows[def.flow.value] == nil:
		f.problem(def.flow.node, fmt.Sprintf("there is no flow %q", def.flow.value), meant(def.flow.value, l.flowNames()))
	default:
		p.Flow = def.flow.value
		flows = []*linkedFlow{l.flows[p.Flow]}
	}
	var stages []string
	for _, flow := range flows {
		if flow != nil {
			stages = append(stages, stageNames(flow)...)
		}
	}
	for _, s := range def.stages {
		if !slices.Contains(stages, s.value) && len(flows) > 0 {
			f.problem(s.node, fmt.Sprintf("there is no stage %q", s.value), meant(s.value, stages))
		}
		p.Stages = append(p.Stages, s.value)
	}
	for _, name := range def.probes {
		if _, known := l.places[name.value]; !known {
			f.problem(name.node, fmt.Sprintf("there is no probe %q", name.value), meant(name.value, l.names))
		}
		p.Probes = append(p.Probes, name.value)
	}
	if def.ics.given() {
		p.Calendar = def.ics.value
		if strings.Contains(p.Calendar, "://") {
			if message, hint := checkURL(p.Calendar, "http", "https"); message != "" {
				f.problem(def.ics.node, message, hint)
			}
		} else {
			p.Calendar = f.path(p.Calendar)
		}
	}
	var ok bool
	if p.Start, ok = moment(f, def.start, def.zone); ok {
		if p.End, ok = moment(f, def.end, def.zone); ok && !p.End.After(p.Start) {
			f.problem(def.end.node, "the end is not after the start", "check both")
		}
	}
	l.set.Planned = append(l.set.Planned, p)
}

// moment reads a time with an offset, or one of the wall clock with a time zone beside it.
func moment(f *parsedFile, text, zone located[string]) (time.Time, bool) {
	if !text.given() {
		return time.Time{}, false
	}
	var location *time.Location
	if zone.given() {
		location, _ = time.LoadLocation(zone.value)
	}
	if at, err := time.Parse(time.RFC3339, text.value); err == nil {
		if location != nil {
			at = at.In(location)
		}
		return at, true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02"} {
		at, err := time.ParseInLocation(layout, text.value, cmp.Or(location, time.UTC))
		if err != nil {
			continue
		}
		if location == nil {
			f.problem(text.node, fmt.Sprintf("%q says no time zone", text.value), "add timezone: Asia/Tokyo beside it, or write "+at.Format("2006-01-02T15:04:05")+"+09:00")
			return at, false
		}
		return at, true
	}
	f.problem(text.node, fmt.Sprintf("%q is not a time", text.value), "write 2026-12-05T02:00:00+09:00, or 2026-12-05 02:00 with a timezone")
	return time.Time{}, false
}
