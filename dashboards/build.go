package dashboards

import (
	"fmt"
	"strings"
)

// object is a JSON object. Keys are Grafana's; schemaVersion 38 is that of Grafana 9.4.
type object = map[string]any

type dashboard struct {
	uid, title, about string
	perInstance       bool // job and instance can be chosen: the dashboard looks at processes, not at what they watch
	panels            []panel
}

// panel is what differs from one panel to the next.
type panel struct {
	kind       string // Grafana's type of panel, or row
	title      string
	about      string // what it shows and how to read it
	unit       string
	width      int // of 24 columns
	height     int
	none       string // shown where there is no data, for which that is a good or an expected sign
	min, max   any
	decimals   any
	runbook    string // alert whose section of the runbooks helps
	queries    []query
	words      []word
	levels     []level
	overrides  []object
	custom     object
	options    object
	transforms []object
	links      []object // of data points
	coarse     bool     // at most 240 steps, so that the shortest state is wide enough to be seen
}

type query struct {
	expr   string
	legend string
	form   string // time_series when empty, or table: an instant query
}

// word is the text and the colour of a value.
type word struct {
	value any // a number, or a span as [2]any with nil for no bound
	text  string
	color string
}

// level is a threshold: from is nil for the lowest. Its meaning is added to the panel's description, so that colour is never
// the only sign.
type level struct {
	from  any
	color string
	means string
}

var (
	outcomes = []word{
		{0, "unknown", "purple"}, {1, "up", "green"}, {2, "degraded", "yellow"}, {3, "maintenance", "blue"}, {4, "down", "red"},
	}
	outcomeWords = "unknown (purple): we could not tell; up (green); degraded (yellow): works, but poorly; maintenance (blue); down (red)."
)

const (
	dataSource = "${datasource}"
	// runbooks is where they are published, which is set in one place for alerts and dashboards: deploy/prometheus/rules/settings.yml.
	runbooks = "${runbooks:raw}"
	// inFlow, inStage and ofProbe are the matchers that follow the variables.
	inFlow  = `flow=~"$flow", location=~"$location"`
	inStage = inFlow + `, stage=~"$stage"`
	ofProbe = inStage + `, probe=~"$probe"`
	here    = `job=~"$job", instance=~"$instance", location=~"$location"`
)

func (d dashboard) json() object {
	var links []object
	for _, other := range [][2]string{{FlowUID, "Flow overview"}, {ProbeUID, "Probe detail"}, {NoticesUID, "Notices"}, {ProberUID, "Prober health"}} {
		if other[0] != d.uid {
			links = append(links, object{
				"type": "link", "title": other[1], "url": "/d/" + other[0], "icon": "dashboard", "tags": []string{}, "tooltip": "",
				"includeVars": true, "keepTime": true, "targetBlank": false, "asDropdown": false,
			})
		}
	}
	links = append(links, object{
		"type": "link", "title": "Runbooks", "url": runbooks, "icon": "doc", "tags": []string{}, "tooltip": "What each alert means and what to do",
		"includeVars": false, "keepTime": false, "targetBlank": true, "asDropdown": false,
	})
	return object{
		"uid": d.uid, "title": d.title, "description": d.about, "tags": []string{"mynaprobe"}, "schemaVersion": 38, "version": 1,
		"editable": false, "graphTooltip": 1, "liveNow": false, "timezone": "", "weekStart": "", "refresh": "1m", "fiscalYearStartMonth": 0,
		"time": object{"from": "now-24h", "to": "now"}, "timepicker": object{}, "links": links,
		"annotations": object{"list": annotations()}, "templating": object{"list": variables(d.perInstance)}, "panels": layOut(d.panels),
	}
}

// variables are the same everywhere, so that a link to another dashboard keeps what was chosen.
func variables(perInstance bool) []object {
	list := []object{{
		"type": "datasource", "name": "datasource", "label": "Data Source", "query": "prometheus", "regex": "", "hide": 0,
		"includeAll": false, "multi": false, "options": []object{}, "refresh": 1, "skipUrlSync": false, "current": object{},
	}}
	add := func(name, label, text, regex, all string) {
		list = append(list, object{
			"type": "query", "name": name, "label": label, "datasource": object{"type": "prometheus", "uid": dataSource},
			"definition": text, "query": object{"query": text, "refId": "StandardVariableQuery"}, "regex": regex,
			"includeAll": true, "allValue": all, "multi": true, "refresh": 2, "sort": 5, "hide": 0, "skipUrlSync": false,
			"options": []object{}, "current": object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
		})
	}
	if perInstance {
		add("job", "Job", "label_values(prober_build_info, job)", "", ".+")
		add("instance", "Instance", `label_values(prober_build_info{job=~"$job"}, instance)`, "", ".+")
	}
	// A flow is chosen by its title. A label that was not configured is empty, and ".*" matches it too.
	add("flow", "Flow", "query_result(max by (flow, title) (last_over_time(flow_info[$__range])))", `/flow="(?<value>[^"]+)".*title="(?<text>[^"]+)"/`, ".*")
	add("stage", "Stage", `label_values(stage_info{flow=~"$flow"}, stage)`, "", ".*")
	add("probe", "Probe", `label_values(probe_info{flow=~"$flow", stage=~"$stage"}, probe)`, "", ".*")
	add("location", "Location", "label_values(prober_build_info, location)", "", ".*")
	const published = "label_values(mynaprobe:settings:info, runbooks)"
	return append(list, object{
		"type": "query", "name": "runbooks", "label": "Runbooks", "datasource": object{"type": "prometheus", "uid": dataSource},
		"definition": published, "query": object{"query": published, "refId": "StandardVariableQuery"}, "regex": "", "includeAll": false,
		"multi": false, "refresh": 2, "sort": 0, "hide": 2, "skipUrlSync": true, "options": []object{}, "current": object{},
	})
}

// layOut places the panels from left to right and from top to bottom.
func layOut(panels []panel) []object {
	var list []object
	x, y, high := 0, 0, 0
	for i, p := range panels {
		if p.kind == "row" {
			p.width, p.height = 24, 1
		}
		if x+p.width > 24 {
			x, y, high = 0, y+high, 0
		}
		o := p.json()
		o["id"], o["gridPos"] = i+1, object{"x": x, "y": y, "w": p.width, "h": p.height}
		list = append(list, o)
		x, high = x+p.width, max(high, p.height)
	}
	return list
}

func (p panel) json() object {
	if p.kind == "row" {
		return object{"type": "row", "title": p.title, "collapsed": false, "panels": []object{}}
	}
	source := object{"type": "prometheus", "uid": dataSource}
	var targets []object
	for i, q := range p.queries {
		t := object{
			"datasource": source, "refId": string(rune('A' + i)), "expr": q.expr, "legendFormat": q.legend, "editorMode": "code",
			"format": "time_series", "instant": false, "range": true,
		}
		if q.form == "table" {
			t["format"] = "table"
		}
		if q.form == "table" || p.kind == "stat" {
			t["instant"], t["range"] = true, false
		}
		targets = append(targets, t)
	}
	defaults := object{
		"unit": p.unit, "mappings": mappings(p.words), "thresholds": thresholds(p.levels), "custom": p.custom,
		"color": object{"mode": p.colorMode()}, "noValue": p.none, "links": orEmpty(p.links),
	}
	for key, value := range map[string]any{"min": p.min, "max": p.max, "decimals": p.decimals} {
		if value != nil {
			defaults[key] = value
		}
	}
	o := object{
		"type": p.kind, "title": p.title, "description": p.describe(), "datasource": source, "targets": targets,
		"fieldConfig": object{"defaults": defaults, "overrides": orEmpty(p.overrides)}, "options": p.options,
		"transformations": orEmpty(p.transforms), "links": []object{},
		// Four scrapes: the least step in which a sample is never missing by chance.
		"interval": "1m",
	}
	if p.custom == nil {
		defaults["custom"] = object{}
	}
	if p.runbook != "" {
		o["links"] = []object{{"title": "Runbook: " + p.runbook, "url": runbooks + "#" + strings.ToLower(p.runbook), "targetBlank": true}}
	}
	if p.coarse {
		o["maxDataPoints"] = 240
	}
	return o
}

// colorMode is palette-based for a state timeline: Grafana 9.4 merges its values by thresholds otherwise, and ignores the
// words.
func (p panel) colorMode() string {
	if len(p.levels) > 0 && p.kind != "timeseries" {
		return "thresholds"
	}
	return "palette-classic"
}

func (p panel) describe() string {
	text := p.about
	for i, l := range p.levels {
		if i == 0 {
			text += "\n\n"
		} else {
			text += "; "
		}
		text += l.color
		if l.from != nil {
			text += fmt.Sprintf(" from %v", l.from)
		}
		text += ": " + l.means
	}
	return text
}

func mappings(words []word) []object {
	list := []object{}
	for i, w := range words {
		result := object{"color": w.color, "index": i}
		if w.text != "" { // with an empty text Grafana would show no value at all
			result["text"] = w.text
		}
		if span, ok := w.value.([2]any); ok {
			list = append(list, object{"type": "range", "options": object{"from": span[0], "to": span[1], "result": result}})
		} else {
			list = append(list, object{"type": "value", "options": object{fmt.Sprint(w.value): result}})
		}
	}
	return list
}

func thresholds(levels []level) object {
	steps := []object{}
	for _, l := range levels {
		steps = append(steps, object{"value": l.from, "color": l.color})
	}
	if len(steps) == 0 {
		steps = append(steps, object{"value": nil, "color": "text"})
	}
	return object{"mode": "absolute", "steps": steps}
}

func orEmpty(list []object) []object {
	if list == nil {
		return []object{}
	}
	return list
}

// row begins a section.
func row(title string) panel { return panel{kind: "row", title: title} }

// stat shows one value a series, as it is at the end of the time range.
func stat(p panel) panel {
	p.kind, p.height = "stat", 5
	mode := "value"
	if len(p.words)+len(p.levels) > 0 {
		mode = "background"
	}
	p.options = object{
		"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}, "textMode": "value_and_name",
		"colorMode": mode, "graphMode": "none", "justifyMode": "center", "orientation": "auto", "text": object{},
	}
	return p
}

// series is a graph over time.
func series(p panel) panel {
	p.kind = "timeseries"
	p.height = max(p.height, 8)
	custom := object{
		"drawStyle": "line", "lineInterpolation": "stepAfter", "lineWidth": 1, "fillOpacity": 8, "showPoints": "auto", "spanNulls": false,
		"axisPlacement": "auto", "stacking": object{"mode": "none", "group": "A"}, "thresholdsStyle": object{"mode": "off"},
	}
	if len(p.levels) > 0 {
		custom["thresholdsStyle"] = object{"mode": "dashed"}
	}
	for key, value := range p.custom {
		custom[key] = value
	}
	p.custom = custom
	p.options = object{
		"legend":  object{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"max", "lastNotNull"}},
		"tooltip": object{"mode": "multi", "sort": "desc"},
	}
	return p
}

// timeline shows states as coloured bars with words.
func timeline(p panel) panel {
	p.kind, p.coarse = "state-timeline", true
	p.height = max(p.height, 6)
	p.custom = object{"fillOpacity": 80, "lineWidth": 0}
	p.options = object{
		"mergeValues": true, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85,
		"legend": object{"displayMode": "list", "placement": "bottom", "showLegend": true}, "tooltip": object{"mode": "single", "sort": "none"},
	}
	return p
}

// column says how a table shows the value of a query, or a label.
type column struct {
	field  string // "Value #A", or a label
	title  string // empty to hide it
	unit   string
	words  []word
	width  int
	links  []object
	always string // shown where there is no value
}

// table joins instant queries by their labels; columns come in the order given.
func table(p panel, columns []column) panel {
	p.kind = "table"
	p.height = max(p.height, 9)
	p.custom = object{"align": "auto", "filterable": true, "inspect": false}
	p.options = object{"showHeader": true, "cellHeight": "sm", "footer": object{"show": false, "reducer": []string{"sum"}, "fields": ""}}
	names, order, hidden := object{}, object{}, object{"Time": true}
	for i, c := range columns {
		order[c.field] = i
		if c.title == "" {
			hidden[c.field] = true
			continue
		}
		names[c.field] = c.title
		properties := []object{}
		add := func(id string, value any) { properties = append(properties, object{"id": id, "value": value}) }
		if c.unit != "" {
			add("unit", c.unit)
		}
		if c.words != nil {
			add("mappings", mappings(c.words))
		}
		if c.width > 0 {
			add("custom.width", c.width)
		}
		if c.links != nil {
			add("links", c.links)
		}
		if c.always != "" {
			add("noValue", c.always)
		}
		p.overrides = append(p.overrides, object{"matcher": object{"id": "byName", "options": c.title}, "properties": properties})
	}
	p.transforms = []object{
		{"id": "merge", "options": object{}},
		{"id": "organize", "options": object{"excludeByName": hidden, "indexByName": order, "renameByName": names}},
	}
	return p
}

// stacked piles series up.
var stacked = object{"stacking": object{"mode": "normal", "group": "A"}, "fillOpacity": 50}

// bars are for counts in a step.
var bars = object{"drawStyle": "bars", "fillOpacity": 70, "stacking": object{"mode": "normal", "group": "A"}, "lineInterpolation": "linear"}

// titled adds the flow's title, which is what people call it, to a vector with the label flow; also where the prober is gone.
func titled(expr string) string {
	return "(" + expr + ") * on (flow) group_left (title) topk by (flow) (1, max by (flow, title) (last_over_time(flow_info[$__range] @ end())))"
}

// worst is the highest value in each step, so that no short outage is averaged away.
func worst(by, metric, matchers string) string {
	return fmt.Sprintf("max by (%s) (max_over_time(%s{%s}[$__interval]))", by, metric, matchers)
}

// counted is how much a counter grew, each location once, however many scrape it.
func counted(by, metric, matchers string) string {
	return fmt.Sprintf("sum by (%s) (max without (instance, job) (increase(%s{%s}[$__rate_interval])))", by, metric, matchers)
}
