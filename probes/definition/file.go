package definition

import (
	"strings"
	"time"

	"github.com/teambition/rrule-go"
	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// fileDef is a whole definition file.
type fileDef struct {
	flows       []flowDef
	defaults    defaultsDef
	probes      []probeDef
	references  []probeDef
	maintenance []plannedDef
	ownHosts    []string
	browser     located[probes.BrowserSettings]
	contact     located[string]
}

// flowDef is a flow with the places of the names that others refer to.
type flowDef struct {
	name      located[string]
	title     string
	critical  []located[string]
	services  []string
	stages    []located[probes.Stage]
	objective float64
}

// timing is what says when and how long a probe runs.
type timing struct {
	every, timeout, slow located[time.Duration]
}

// confirmDef is what a definition says of confirmation; what it leaves out is filled in later.
type confirmDef struct {
	down, of, good located[int]
	spread, merge  located[time.Duration]
}

// defaultsDef holds for the probes of its file.
type defaultsDef struct {
	timing
	http, browser, notice timing
	confirm               located[confirmDef]
	maintenance           probes.Patterns
}

// probeDef is a probe before it is joined with the defaults and its flow.
type probeDef struct {
	timing
	node              *yaml.Node
	name, stage, flow located[string]
	disabled          bool
	confirm           located[confirmDef]
	robots            bool
	http              *httpDef
	browser           *browserDef
	notice            *noticeDef
}

// plannedDef is a maintenance window before its references are checked.
type plannedDef struct {
	node              *yaml.Node
	name, flow        located[string]
	stages, probes    []located[string]
	start, end        located[string]
	repeat, zone, ics located[string]
}

func timingFields[T any](in func(*T) *timing) []field[T] {
	return []field[T]{
		key("every", at(atLeast(time.Second, "a probe is a guest on its host")), func(v *T) *located[time.Duration] { return &in(v).every }, "The time from the start of one run to the start of the next; 1m where nothing is given."),
		key("timeout", at(atLeast(10*time.Millisecond, "no answer is faster")), func(v *T) *located[time.Duration] { return &in(v).timeout }, "The longest that a run may take; 10s, for a browser probe 30s, where nothing is given."),
		key("slow", at(atLeast(time.Millisecond, "no answer is faster")), func(v *T) *located[time.Duration] { return &in(v).slow }, "The duration past which a good run is degraded."),
	}
}

func timingOf(name string) shape[timing] {
	return object[timing]{
		name: name + "_defaults", what: "the defaults of " + name, doc: "Defaults of " + name + " probes.",
		fields: timingFields(func(t *timing) *timing { return t }),
	}.shape()
}

var confirm = object[confirmDef]{
	name: "confirm", what: "confirm", doc: "How many runs open and close an outage window.",
	fields: []field[confirmDef]{
		key("down", at(integer(1, 100)), func(c *confirmDef) *located[int] { return &c.down }, "So many runs that are down open a window; 3 where nothing is given."),
		key("of", at(integer(1, 100)), func(c *confirmDef) *located[int] { return &c.of }, "Out of the last so many; as many as down where nothing is given."),
		key("good", at(integer(1, 100)), func(c *confirmDef) *located[int] { return &c.good }, "So many good runs in a row close it; 2 where nothing is given."),
		key("spread", at(duration), func(c *confirmDef) *located[time.Duration] { return &c.spread }, "The least time over which the runs that open a window are spread; 30s or a fifth of the interval where nothing is given."),
		key("merge", at(duration), func(c *confirmDef) *located[time.Duration] { return &c.merge }, "A further outage within this time continues the window; 5m or two intervals where nothing is given."),
	},
	check: func(d *document, _ *yaml.Node, c *confirmDef) bool {
		if c.down.given() && c.of.given() && c.down.value > c.of.value {
			d.problem(c.down.node, "down is greater than of, so no window would ever open", "down: 3, of: 5 means three out of the last five")
			return false
		}
		return true
	},
}.shape()

var defaults = object[defaultsDef]{
	name: "defaults", what: "defaults", doc: "What holds for the probes of this file that do not say otherwise.",
	fields: append(timingFields(func(v *defaultsDef) *timing { return &v.timing }),
		key("confirm", at(confirm), func(v *defaultsDef) *located[confirmDef] { return &v.confirm }, "How many runs open and close an outage window."),
		key("maintenance", patterns, func(v *defaultsDef) *probes.Patterns { return &v.maintenance }, "What a target's own maintenance page shows."),
		key("http", timingOf("http"), func(v *defaultsDef) *timing { return &v.http }, "Times of http probes."),
		key("browser", timingOf("browser"), func(v *defaultsDef) *timing { return &v.browser }, "Times of browser probes."),
		key("notice", timingOf("notice"), func(v *defaultsDef) *timing { return &v.notice }, "Times of notice probes."),
	),
}.shape()

var stage = func() shape[probes.Stage] {
	long := object[probes.Stage]{
		name: "stage", what: "a stage", doc: "A part of a flow.",
		fields: []field[probes.Stage]{
			key("name", name, func(s *probes.Stage) *string { return &s.Name }, "The stage's name.").must(),
			key("title", text, func(s *probes.Stage) *string { return &s.Title }, "What people call it."),
			key("out", as(enum("any", "all"), func(s string) bool { return s == "all" }), func(s *probes.Stage) *bool { return &s.AllOut }, "any (the default): the stage is out when one of its probes is; all: when all are."),
		},
	}.shape()
	return either(as(name, func(s string) probes.Stage { return probes.Stage{Name: s} }), long)
}()

var flow = object[flowDef]{
	name: "flow", what: "a flow", doc: "The journey of a user through several stages.",
	fields: []field[flowDef]{
		key("name", at(name), func(f *flowDef) *located[string] { return &f.name }, "The flow's name.").must(),
		key("title", text, func(f *flowDef) *string { return &f.title }, "What people call it."),
		key("critical", oneOrMany(at(name)), func(f *flowDef) *[]located[string] { return &f.critical }, "Stages without which the flow is out; all that have http or browser probes where nothing is given."),
		key("services", oneOrMany(text), func(f *flowDef) *[]string { return &f.services }, "Names under which notices speak of it."),
		key("stages", list(at(stage), 1), func(f *flowDef) *[]located[probes.Stage] { return &f.stages }, "Its stages in order; those of its probes where nothing is given."),
		key("objective", percent, func(f *flowDef) *float64 { return &f.objective }, "The share of time that it is meant to be available: 99.9%."),
	},
}.shape()

// probeFields are the keys of a probe and of a reference probe; the latter belongs to no flow.
func probeFields(reference bool) []field[probeDef] {
	fields := []field[probeDef]{
		key("name", at(name), func(p *probeDef) *located[string] { return &p.name }, "The probe's name, unique among all.").must(),
	}
	if !reference {
		fields = append(fields,
			key("stage", at(name), func(p *probeDef) *located[string] { return &p.stage }, "The stage that it exercises."),
			key("flow", at(name), func(p *probeDef) *located[string] { return &p.flow }, "Its flow, where there are several."))
	}
	fields = append(fields, timingFields(func(p *probeDef) *timing { return &p.timing })...)
	return append(fields,
		key("disabled", boolean, func(p *probeDef) *bool { return &p.disabled }, "Keeps the probe from running."),
		key("confirm", at(confirm), func(p *probeDef) *located[confirmDef] { return &p.confirm }, "How many runs open and close an outage window."),
		key("robots", as(enum("obey", "agreed"), func(s string) bool { return s == "agreed" }), func(p *probeDef) *bool { return &p.robots }, "obey (the default), or agreed: the operator has agreed to be probed whatever robots.txt says."),
		key("http", as(httpShape, pointer), func(p *probeDef) **httpDef { return &p.http }, "Looks by HTTP requests."),
		key("browser", as(browserShape, pointer), func(p *probeDef) **browserDef { return &p.browser }, "Looks by a journey in a real browser."),
		key("notice", as(noticeShape, pointer), func(p *probeDef) **noticeDef { return &p.notice }, "Reads what the operator announces."),
	)
}

func probeShape(name, what, doc string, reference bool) shape[probeDef] {
	s := object[probeDef]{
		name: name, what: what, doc: doc,
		fields: probeFields(reference),
		rules:  []rule{one("http", "browser", "notice").because("the key says how the probe looks; exactly one of them")},
		check: func(d *document, _ *yaml.Node, p *probeDef) bool {
			var inner located[time.Duration]
			switch {
			case p.http != nil:
				inner = p.http.slow
			case p.browser != nil:
				inner = p.browser.slow
			case p.notice != nil:
				inner = p.notice.slow
			}
			if inner.given() && p.slow.given() {
				d.problem(inner.node, "slow is given twice", "keep one of them")
				return false
			}
			if inner.given() {
				p.slow = inner
			}
			return true
		},
	}.shape()
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) (probeDef, bool) {
		p, ok := decode(d, n)
		p.node = n
		// A probe with errors goes on: its name is still taken, and others may refer to it.
		return p, ok
	}
	return s
}

var planned = func() shape[plannedDef] {
	s := object[plannedDef]{
		name: "maintenance", what: "a maintenance window", doc: "Declared maintenance: one span, a recurring one, or those of a calendar.",
		fields: []field[plannedDef]{
			key("name", at(label), func(p *plannedDef) *located[string] { return &p.name }, "What it is called."),
			key("flow", at(name), func(p *plannedDef) *located[string] { return &p.flow }, "Limits it to a flow."),
			key("stages", oneOrMany(at(name)), func(p *plannedDef) *[]located[string] { return &p.stages }, "Limits it to stages."),
			key("probes", oneOrMany(at(name)), func(p *plannedDef) *[]located[string] { return &p.probes }, "Limits it to probes."),
			key("start", at(text), func(p *plannedDef) *located[string] { return &p.start }, "Its start: 2026-12-05T02:00:00+09:00, or 2026-12-05 02:00 with a timezone."),
			key("end", at(text), func(p *plannedDef) *located[string] { return &p.end }, "Its end, in the same form."),
			key("repeat", at(checked(text, checkRule)), func(p *plannedDef) *located[string] { return &p.repeat }, "A recurrence rule (RFC 5545): FREQ=MONTHLY;BYDAY=2SA."),
			key("timezone", at(zone), func(p *plannedDef) *located[string] { return &p.zone }, "Time zone of start, end and repeat: Asia/Tokyo."),
			key("calendar", at(text), func(p *plannedDef) *located[string] { return &p.ics }, "Address or file of an iCalendar whose events are windows."),
		},
		rules: []rule{
			one("start", "calendar").because("start: and end: for one span, calendar: for those of an iCalendar"),
			excludes("calendar", "end", "repeat", "timezone").because("a calendar brings its own times"),
			needs("start", "end"), needs("end", "start"), needs("repeat", "start"),
		},
	}.shape()
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) (plannedDef, bool) {
		p, ok := decode(d, n)
		p.node = n
		return p, ok
	}
	return s
}()

func checkRule(s string) (string, string) {
	option, err := rrule.StrToROption(strings.TrimPrefix(s, "RRULE:"))
	if err == nil {
		_, err = rrule.NewRRule(*option)
	}
	if err != nil {
		return "this is not a recurrence rule: " + err.Error(), "write it as in RFC 5545: FREQ=WEEKLY;BYDAY=SU"
	}
	return "", ""
}

var browserSettings = object[probes.BrowserSettings]{
	name: "browser_settings", what: "the browser settings", doc: "Which browser is used, and how.",
	fields: []field[probes.BrowserSettings]{
		key("url", devtools, func(s *probes.BrowserSettings) *probes.Value { return &s.URL }, "A remote DevTools endpoint instead of a browser of our own."),
		key("path", program, func(s *probes.BrowserSettings) *string { return &s.Path }, "The browser's executable."),
		key("sandbox", as(enum("on", "off"), func(s string) bool { return s == "off" }), func(s *probes.BrowserSettings) *bool { return &s.SandboxOff }, "off runs it without its sandbox."),
		key("slots", integer(1, 64), func(s *probes.BrowserSettings) *int { return &s.Slots }, "How many runs may use it at once."),
		key("recycle_after", integer(1, 1_000_000), func(s *probes.BrowserSettings) *int { return &s.RecycleAfter }, "The number of runs after which it is replaced."),
		key("max_memory", size, func(s *probes.BrowserSettings) *int64 { return &s.MaxMemory }, "The memory past which it is replaced."),
	},
	rules: []rule{excludes("url", "path", "sandbox")},
}.shape()

// program is an executable: a path, or a name to be found as the shell finds it.
var program = reads(text.want, text.schema, func(d *document, n *yaml.Node) (string, bool) {
	s, ok := text.decode(d, n)
	if strings.ContainsAny(s, `/\`) {
		s = d.path(s)
	}
	return s, ok
})

var devtools = reads("an address", value.schema, func(d *document, n *yaml.Node) (probes.Value, bool) {
	v, ok := value.decode(d, n)
	if !ok || v.IsSecret() {
		return v, ok
	}
	if message, suggestion := checkURL(v.Text, "ws", "wss", "http", "https"); message != "" {
		d.problem(n, message, suggestion)
		return v, false
	}
	return v, true
})

var flows = list(flow, 1)

var fileShape = object[fileDef]{
	name: "file", what: "the file", doc: "A file of probe definitions.",
	fields: []field[fileDef]{
		{name: "flow", doc: "The flow that the probes of this file belong to.", schema: flow.schema, set: func(d *document, f *fileDef, n *yaml.Node) bool {
			v, ok := flow.decode(d, n)
			f.flows = append(f.flows, v)
			return ok
		}},
		{name: "flows", doc: "Several flows.", schema: flows.schema, set: func(d *document, f *fileDef, n *yaml.Node) bool {
			v, ok := flows.decode(d, n)
			f.flows = append(f.flows, v...)
			return ok
		}},
		key("defaults", defaults, func(f *fileDef) *defaultsDef { return &f.defaults }, "What holds for the probes of this file that do not say otherwise."),
		key("probes", list(probeShape("probe", "a probe", "A named, scheduled check.", false), 1), func(f *fileDef) *[]probeDef { return &f.probes }, "The probes."),
		key("reference", list(probeShape("reference", "a reference probe", "A probe that tells \"the target is out\" from \"we are out\".", true), 1), func(f *fileDef) *[]probeDef { return &f.references }, "Probes of independent networks that tell \"the target is out\" from \"we are out\"."),
		key("maintenance", list(planned, 1), func(f *fileDef) *[]plannedDef { return &f.maintenance }, "Declared maintenance windows."),
		key("own_hosts", oneOrMany(host), func(f *fileDef) *[]string { return &f.ownHosts }, "Hosts of whoever runs the prober, for which the limits of politeness do not hold."),
		key("browser", at(browserSettings), func(f *fileDef) *located[probes.BrowserSettings] { return &f.browser }, "Which browser is used, and how."),
		key("contact", at(text), func(f *fileDef) *located[string] { return &f.contact }, "Address (mail or web) of whoever runs the prober, for the User-Agent."),
	},
	rules: []rule{mostOne("flow", "flows")},
	free:  true,
}.shape()
