package dashboards

import "strings"

// bySlot are the labels that tell one window of the exporter's series from another.
const bySlot = "by (flow, location, source, slot)"

// A moment says at which time a query of windows looks, and how.
type moment struct {
	at    string // modifier of every selector
	fresh bool   // what was seen within a step counts as being there: the moment may lie a little ahead of now
}

var (
	// now is the end of the time range, for an instant query.
	now = moment{}
	// last is the same for a range query, of which every step then gives the same. Grafana lets its range end at a whole step,
	// which may be long ago: so look a step ahead.
	last = moment{at: " @ end() offset -$__interval", fresh: true}
)

func (m moment) selector(metric, matchers string) string {
	if m.fresh {
		return "last_over_time(" + metric + "{" + matchers + "}[$__rate_interval]" + m.at + ")"
	}
	return metric + "{" + matchers + "}" + m.at
}

// window is a value of each flow's latest windows. What is exported at the moment holds; where a flow is not exported any
// more (the prober is gone), what was last seen in the range does.
func window(value, matchers string, m moment) string {
	pick := func(value string) string {
		metric := "flow_outage_window_" + value
		return "(max " + bySlot + " (" + m.selector(metric, matchers) + ")" +
			" or (max " + bySlot + " (last_over_time(" + metric + "{" + matchers + "}[$__range]" + m.at + "))" +
			" unless on (flow, location) " + m.selector("flow_outcome", inFlow) + "))"
	}
	if value == windowEnd {
		// A slot that was used again still has the end of its former window in the past.
		return "(" + pick(windowEnd) + " >= " + pick(windowStart) + ")"
	}
	return pick(value)
}

const (
	windowStart = "start_timestamp_seconds"
	windowEnd   = "end_timestamp_seconds"
	windowKnown = "known_timestamp_seconds"
)

func sources(names string) string { return inFlow + `, source=~"` + names + `"` }

// annotations shade the windows in every panel that has a time axis, to one step, and mark the bounds of the latest ones to
// the second.
func annotations() []object {
	var list []object
	add := func(name, color, expr, title, text string, exact bool) {
		list = append(list, object{
			"name": name, "datasource": object{"type": "prometheus", "uid": dataSource}, "enable": true, "hide": false, "iconColor": color,
			"expr": expr, "step": "1m", "titleFormat": title, "textFormat": text, "tagKeys": "flow,source", "useValueForTime": exact,
		})
	}
	for _, s := range [][2]string{{"observed", "red"}, {"announced", "orange"}, {"planned", "blue"}} {
		add(strings.ToUpper(s[0][:1])+s[0][1:], s[1], worst("flow, source", "flow_outage_active", sources(s[0])), "{{flow}}: {{source}} window", "", false)
	}
	// The value is the moment to mark, the same at every step: Grafana joins those into one.
	all := sources("observed|announced|planned")
	add("Exact starts", "purple", "1000 * "+window(windowStart, all, last), "{{flow}}: {{source}} window starts", "{{location}}", true)
	add("Exact ends", "green", "1000 * "+window(windowEnd, all, last), "{{flow}}: {{source}} window ends", "{{location}}", true)
	return list
}

// windowTable lists the latest windows with their exact bounds.
func windowTable(title, names string) panel {
	m := sources(names)
	start, end, known := window(windowStart, m, now), window(windowEnd, m, now), window(windowKnown, m, now)
	p := panel{
		title: title, width: 24, height: 10, unit: "short", runbook: "MynaprobeFlowDown", none: "no window: no outage was observed, announced or planned",
		about: "The latest windows of each flow, to the second, whatever the time range: observed (we saw it), announced (the operator says so) and planned. " +
			"Without an end it is still open; its length is then counted to the end of the time range. " +
			"Who knew first is told of the latest observed window, where announcements overlap it: the moment at which the outage was confirmed against the one at which the first of their notices was first read.",
		queries: []query{
			{expr: titled("1000 * " + start), form: "table"},
			{expr: titled("1000 * " + end), form: "table"},
			{expr: titled("(" + end + " - " + start + ") or (time() - " + start + ")"), form: "table"},
			{expr: titled("1000 * " + known), form: "table"},
			{expr: titled(window("unobserved_seconds", m, now)), form: "table"},
		},
	}
	columns := []column{
		{field: "title", title: "Flow"}, {field: "flow"}, {field: "slot"},
		{field: "source", title: "Source", width: 110}, {field: "location", title: "Location", width: 110},
		{field: "Value #A", title: "Start", unit: "dateTimeAsIso", width: 170},
		{field: "Value #B", title: "End", unit: "dateTimeAsIso", width: 170, always: "open"},
		{field: "Value #C", title: "Length", unit: "dtdurations"},
		{field: "Value #D", title: "Known since", unit: "dateTimeAsIso", width: 170},
		{field: "Value #E", title: "Of it unobserved", unit: "dtdurations"},
	}
	if strings.Contains(names, "observed") {
		p.queries = append(p.queries, query{expr: titled("sgn(" + ahead() + ")"), form: "table"}, query{expr: titled("abs(" + ahead() + ")"), form: "table"})
		columns = append(columns,
			column{field: "Value #F", title: "Who knew first", width: 130, always: "–", words: []word{{1, "prober", "green"}, {-1, "operator", "orange"}, {0, "both at once", "text"}}},
			column{field: "Value #G", title: "By", unit: "dtdurations", width: 130, always: "–"})
	}
	p = table(p, columns)
	p.options["sortBy"] = []object{{"displayName": "Start", "desc": true}}
	return p
}

// ahead is by how many seconds the prober knew of the latest observed window before the operator's first announcement that
// overlaps it; negative when the operator was first. PromQL cannot lay many windows against many, so it is the latest alone.
func ahead() string {
	live := func(value, source string) string {
		return "max " + bySlot + " (flow_outage_window_" + value + "{" + sources(source) + "})"
	}
	latest := func(bound string) string {
		return "on (flow, location) group_left () max by (flow, location) (flow_outage_" + bound + "{" + sources("observed") + "})"
	}
	announced := "min by (flow, location) (" + live(windowKnown, "announced") +
		" unless on (flow, location, slot) (" + live(windowEnd, "announced") + " < " + latest(windowStart) + ")" +
		" unless on (flow, location, slot) (" + live(windowStart, "announced") + " > " + latest(windowEnd) + "))"
	observed := "(" + live(windowKnown, "observed") + " and on (flow, location, slot) (" + live(windowStart, "observed") + " == " + latest(windowStart) + "))"
	return "(" + announced + " - on (flow, location) group_right () " + observed + ")"
}
