package dashboards_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// finding is a breach of one of the linter's rules.
type finding struct{ rule, dashboard, panel, what string }

// lint applies the rules of Grafana's dashboard-linter (https://github.com/grafana/dashboard-linter/tree/main/docs/rules).
func lint(b board) []finding {
	var all []finding
	add := func(rule, panel, format string, args ...any) {
		all = append(all, finding{rule, b.Title, panel, fmt.Sprintf(format, args...)})
	}
	variables := map[string]variable{}
	for _, v := range b.Templating.List {
		variables[v.Name] = v
		if v.Type != "query" {
			continue
		}
		if v.Refresh != 2 {
			add("template-on-time-change-reload-rule", "", "variable %s is not read again when the time range changes", v.Name)
		}
		if v.Datasource.UID != "${datasource}" {
			add("template-datasource-rule", "", "variable %s does not use the data source variable", v.Name)
		}
		if m := variableQuery.FindStringSubmatch(v.Definition); m == nil {
			add("template-label-promql-rule", "", "variable %s: %s", v.Name, v.Definition)
		}
	}
	if d := variables["datasource"]; d.Type != "datasource" || d.Query != "prometheus" || d.Label != "Data Source" {
		add("template-datasource-rule", "", "no variable datasource for Prometheus with the label Data Source")
	}
	for _, name := range []string{"job", "instance"} {
		v, ok := variables[name]
		if !ok || v.Type != "query" || !v.Multi || !v.IncludeAll || v.AllValue != ".+" || !strings.EqualFold(v.Label, name) {
			add("template-"+name+"-rule", "", "no variable %s of several values, of which all is .+", name)
		}
	}
	if b.Editable {
		add("uneditable-dashboard", "", "the dashboard can be edited in place")
	}
	for _, p := range b.Panels {
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" {
			add("panel-datasource-rule", p.Title, "data source %q", p.Datasource.UID)
		}
		if p.Title == "" || p.Description == "" {
			add("panel-title-description-rule", p.Title, "no title or no description")
		}
		if !slices.Contains([]string{"none", "short", "s", "bytes", "percentunit", "dateTimeAsIso", "dtdurations"}, p.FieldConfig.Defaults.Unit) {
			add("panel-units-rule", p.Title, "unit %q", p.FieldConfig.Defaults.Unit)
		}
		if len(p.Targets) == 0 {
			add("panel-no-targets-rule", p.Title, "no query")
		}
		for _, q := range p.Targets {
			if q.Datasource.UID != "${datasource}" {
				add("panel-datasource-rule", p.Title, "data source %q of query %s", q.Datasource.UID, q.RefID)
			}
			lintQuery(q, func(rule, format string, args ...any) { add(rule, p.Title, "query "+q.RefID+": "+format, args...) })
		}
	}
	return all
}

func lintQuery(q target, add func(rule, format string, args ...any)) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(fixed(q.Expr))
	if err != nil {
		add("target-promql-rule", "%v", err)
		return
	}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.Call:
			// 4m is what stands for $__rate_interval here, and for nothing else.
			if slices.Contains([]string{"rate", "irate", "increase"}, n.Func.Name) && n.Args[0].(*parser.MatrixSelector).Range.Minutes() != 4 {
				add("target-rate-interval-rule", "%s over another span than $__rate_interval", n.Func.Name)
			}
		case *parser.VectorSelector:
			for _, name := range []string{"job", "instance"} {
				if !slices.ContainsFunc(n.LabelMatchers, func(m *labels.Matcher) bool {
					return m.Name == name && m.Type == labels.MatchRegexp && m.Value == "$"+name
				}) {
					add("target-"+name+"-rule", "%s is not matched by %s", n.Name, name)
				}
			}
			if strings.HasSuffix(n.Name, "_total") || strings.HasSuffix(n.Name, "_bucket") {
				var call *parser.Call
				if len(path) > 1 {
					call, _ = path[len(path)-2].(*parser.Call)
				}
				if call == nil || !slices.Contains([]string{"rate", "irate", "increase"}, call.Func.Name) {
					add("target-counter-agg-rule", "the counter %s is not in a rate, irate or increase", n.Name)
				}
			}
		}
		return nil
	})
}

// TestLint holds the dashboards to the linter's rules, and .lint to being no longer than needed.
func TestLint(t *testing.T) {
	data, err := os.ReadFile(".lint")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Exclusions map[string]struct {
			Reason  string
			Entries []struct{ Dashboard, Panel string }
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, b := range boards(t) {
		for _, f := range lint(b) {
			excused := false
			for _, e := range file.Exclusions[f.rule].Entries {
				if e.Dashboard == f.dashboard && (e.Panel == "" || e.Panel == f.panel) {
					excused = true
					used[fmt.Sprint(f.rule, e)] = true
				}
			}
			if !excused {
				t.Errorf("%s: %s/%s: %s", f.rule, f.dashboard, f.panel, f.what)
			}
		}
	}
	for rule, x := range file.Exclusions {
		if x.Reason == "" || len(x.Entries) == 0 {
			t.Errorf(".lint excuses %s without a reason, or everywhere", rule)
		}
		for _, e := range x.Entries {
			if !used[fmt.Sprint(rule, e)] {
				t.Errorf(".lint excuses %s in %s, where nothing breaks it", rule, e.Dashboard)
			}
		}
	}
}
