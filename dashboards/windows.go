package dashboards

import "strings"

// bySlot are the labels that tell one window of the exporter's series from another.
const bySlot = "by (flow, location, source, slot)"

// window is a value of each flow's latest windows. What is exported at the end of the time range holds; where a flow is not
// exported there any more (the prober is gone), what was last seen in the range does. at is " @ end()" in a range query.
func window(value, matchers, at string) string {
	live := "max " + bySlot + " (flow_outage_window_" + value + "{" + matchers + "}" + at + ")"
	last := "max " + bySlot + " (last_over_time(flow_outage_window_" + value + "{" + matchers + "}[$__range]" + at + "))"
	gone := "unless on (flow, location) flow_outcome{" + inFlow + "}" + at
	if value == windowEnd {
		// A slot that is used again keeps the end of its former window in the past.
		last = "(" + last + " >= max " + bySlot + " (last_over_time(flow_outage_window_" + windowStart + "{" + matchers + "}[$__range]" + at + ")))"
	}
	return "(" + live + " or (" + last + " " + gone + "))"
}

const (
	windowStart = "start_timestamp_seconds"
	windowEnd   = "end_timestamp_seconds"
	windowKnown = "known_timestamp_seconds"
)

func sources(names string) string { return inFlow + `, source=~"` + names + `"` }

// annotations shade the windows in every panel that has a time axis: as they were scraped, to one step, and with the exact
// bounds of the latest ones.
func annotations() []object {
	var list []object
	add := func(name, color, expr, text string, exact bool) {
		list = append(list, object{
			"name": name, "datasource": object{"type": "prometheus", "uid": dataSource}, "enable": true, "hide": false, "iconColor": color,
			"expr": expr, "step": "1m", "titleFormat": "{{flow}}: {{source}} window", "textFormat": text, "tagKeys": "flow,source", "useValueForTime": exact,
		})
	}
	for _, s := range [][2]string{{"observed", "red"}, {"announced", "orange"}, {"planned", "blue"}} {
		add(strings.ToUpper(s[0][:1])+s[0][1:], s[1], worst("flow, source", "flow_outage_active", sources(s[0])), "", false)
	}
	// Each step's value is the moment itself, held between start and end: Grafana joins those into one region whose bounds are
	// exact. Outside the window it is the nearer bound.
	all := sources("observed|announced|planned")
	start, end := window(windowStart, all, " @ end()"), window(windowEnd, all, " @ end()")
	add("Exact bounds", "purple", "1000 * (("+start+" > time()) or ("+end+" < time()) or ("+start+" * 0 + time()))", "{{location}}", true)
	return list
}

// windowTable lists the latest windows with their exact bounds.
func windowTable(title, names string) panel {
	m := sources(names)
	start, end, known := window(windowStart, m, ""), window(windowEnd, m, ""), window(windowKnown, m, "")
	ahead := `(` +
		`(max by (flow, location) (flow_outage_window_known_timestamp_seconds{` + sources("announced") + `})` +
		` - on (flow, location) group_right () max ` + bySlot + ` (flow_outage_window_known_timestamp_seconds{` + sources("observed") + `}))` +
		` unless on (flow, location, slot) (max ` + bySlot + ` (flow_outage_window_end_timestamp_seconds{` + sources("observed") + `})` +
		` < on (flow, location) group_left () max by (flow, location) (flow_outage_start_timestamp_seconds{` + sources("announced") + `}))` +
		` unless on (flow, location, slot) (max ` + bySlot + ` (flow_outage_window_start_timestamp_seconds{` + sources("observed") + `})` +
		` > on (flow, location) group_left () max by (flow, location) (flow_outage_end_timestamp_seconds{` + sources("announced") + `})))`
	p := panel{
		title: title, width: 24, height: 10, unit: "short", runbook: "MynaprobeFlowDown", none: "no window: no outage was observed, announced or planned",
		about: "The latest windows of each flow, to the second, whatever the time range: observed (we saw it), announced (the operator says so) and planned. " +
			"Without an end it is still open; its length is then counted to the end of the time range. " +
			"Who knew first compares an observed window with the operator's latest announcement, where the two overlap: the moment at which the outage was confirmed, and the one at which the notice was first read.",
		queries: []query{
			{expr: titled("1000 * " + start), form: "table"},
			{expr: titled("1000 * " + end), form: "table"},
			{expr: titled("(" + end + " - " + start + ") or (time() - " + start + ")"), form: "table"},
			{expr: titled("1000 * " + known), form: "table"},
			{expr: titled(window("unobserved_seconds", m, "")), form: "table"},
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
		p.queries = append(p.queries, query{expr: titled("sgn(" + ahead + ")"), form: "table"}, query{expr: titled("abs(" + ahead + ")"), form: "table"})
		columns = append(columns,
			column{field: "Value #F", title: "Who knew first", width: 130, always: "–", words: []word{{1, "prober", "green"}, {-1, "operator", "orange"}, {0, "both at once", "text"}}},
			column{field: "Value #G", title: "By", unit: "dtdurations", width: 130, always: "–"})
	}
	p = table(p, columns)
	p.options["sortBy"] = []object{{"displayName": "Start", "desc": true}}
	return p
}
