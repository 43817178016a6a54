package dashboards_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

type labelSet map[string]bool

func setOf(names ...string) labelSet {
	s := labelSet{}
	for _, n := range names {
		s[n] = true
	}
	return s
}

// with is the union of both.
func (s labelSet) with(other labelSet) labelSet {
	all := maps.Clone(s)
	maps.Copy(all, other)
	return all
}

func (s labelSet) without(names []string) labelSet {
	rest := maps.Clone(s)
	for _, n := range names {
		delete(rest, n)
	}
	return rest
}

// catalogue holds the labels of every series there can be: the exporter's by its golden list, with those that a scrape adds,
// and the recorded ones.
type catalogue map[string]labelSet

var goldenLine = regexp.MustCompile(`(?m)^(\w+) (\w+) \{([^}]*)\}$`)

func loadCatalogue(t *testing.T) catalogue {
	t.Helper()
	data, err := os.ReadFile("../probes/metrics/testdata/metrics.golden")
	if err != nil {
		t.Fatal(err)
	}
	target := setOf("job", "instance")
	c := catalogue{"up": target, "ALERTS": target.with(setOf("alertname", "alertstate", "severity", "scope", "flow", "location"))}
	for _, m := range goldenLine.FindAllStringSubmatch(string(data), -1) {
		own := target
		if m[3] != "" {
			own = own.with(setOf(strings.Split(m[3], ", ")...))
		}
		switch m[2] {
		case "histogram":
			c[m[1]+"_bucket"] = own.with(setOf("le"))
			fallthrough
		case "summary":
			c[m[1]+"_sum"], c[m[1]+"_count"] = own, own
		}
		c[m[1]] = own
	}
	if len(c) < 100 {
		t.Fatalf("the golden list was not understood: %d metrics", len(c))
	}
	return c
}

// A rule of a rule file.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func loadRules(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob("../deploy/prometheus/rules/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rule files: %v", err)
	}
	var all []rule
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups struct{ Groups []struct{ Rules []rule } }
		if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&groups); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, g := range groups.Groups {
			all = append(all, g.Rules...)
		}
	}
	return all
}

// record adds what the rules record. A rule may use what another one records, in whatever order the files come.
func (c catalogue) record(rules []rule) {
	for range rules {
		for _, r := range rules {
			if r.Record == "" {
				continue
			}
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
			if err != nil {
				continue // told by the test of the rules
			}
			found, _ := c.labels(expr)
			c[r.Record] = found.with(setOf(slices.Collect(maps.Keys(r.Labels))...))
		}
	}
}

// labels returns the labels that the series of an expression can have, and what of it cannot be: a metric that nobody
// exports, or a label that its series do not have.
func (c catalogue) labels(node parser.Expr) (labelSet, []string) {
	var wrong []string
	need := func(have labelSet, what string, names []string) {
		for _, n := range names {
			if !have[n] {
				wrong = append(wrong, fmt.Sprintf("%s: no label %s in %s", what, n, node))
			}
		}
	}
	inner := func(e parser.Expr) labelSet {
		found, trouble := c.labels(e)
		wrong = append(wrong, trouble...)
		return found
	}
	switch n := node.(type) {
	case *parser.VectorSelector:
		own, ok := c[n.Name]
		if !ok {
			return setOf(), []string{fmt.Sprintf("no metric is called %q", n.Name)}
		}
		for _, m := range n.LabelMatchers {
			if m.Name != model.MetricNameLabel {
				need(own, "matcher", []string{m.Name})
			}
		}
		return own, wrong
	case *parser.MatrixSelector:
		return inner(n.VectorSelector), wrong
	case *parser.SubqueryExpr:
		return inner(n.Expr), wrong
	case *parser.ParenExpr:
		return inner(n.Expr), wrong
	case *parser.UnaryExpr:
		return inner(n.Expr), wrong
	case *parser.AggregateExpr:
		have := inner(n.Expr)
		keeps := n.Op == parser.TOPK || n.Op == parser.BOTTOMK
		if !n.Without {
			need(have, n.Op.String(), n.Grouping)
		}
		switch {
		case keeps:
			return have, wrong
		case n.Without:
			return have.without(n.Grouping), wrong
		}
		return setOf(n.Grouping...), wrong
	case *parser.Call:
		all := setOf()
		for _, a := range n.Args {
			all = all.with(inner(a))
		}
		switch n.Func.Name {
		case "histogram_quantile":
			need(all, n.Func.Name, []string{"le"})
			all = all.without([]string{"le"})
		case "label_replace", "label_join":
			all = all.with(setOf(n.Args[1].(*parser.StringLiteral).Val))
		}
		return all, wrong
	case *parser.BinaryExpr:
		left, right := inner(n.LHS), inner(n.RHS)
		switch {
		case n.VectorMatching == nil:
			return left.with(right), wrong // one of them is a number
		case n.Op == parser.LOR:
			return left.with(right), wrong
		}
		if n.VectorMatching.On {
			need(left, "left of "+n.Op.String(), n.VectorMatching.MatchingLabels)
			need(right, "right of "+n.Op.String(), n.VectorMatching.MatchingLabels)
		}
		switch n.VectorMatching.Card {
		case parser.CardManyToMany:
			return left, wrong
		case parser.CardManyToOne:
			need(right, "group_left", n.VectorMatching.Include)
			return left.with(setOf(n.VectorMatching.Include...)), wrong
		case parser.CardOneToMany:
			need(left, "group_right", n.VectorMatching.Include)
			return right.with(setOf(n.VectorMatching.Include...)), wrong
		}
		if n.VectorMatching.On {
			return setOf(n.VectorMatching.MatchingLabels...), wrong
		}
		return left.without(n.VectorMatching.MatchingLabels), wrong
	}
	return setOf(), wrong // numbers and strings
}

var variableInText = regexp.MustCompile(`\$\{?(__\w+|\w+)`)

// fixed puts something in place of Grafana's variables, so that a query can be parsed.
func fixed(expr string) string {
	for name, value := range map[string]string{"$__rate_interval": "4m", "$__interval": "1m", "$__range_s": "3600", "$__range": "1h"} {
		expr = regexp.MustCompile(regexp.QuoteMeta(name)+`\b`).ReplaceAllString(expr, value)
	}
	return expr
}

var (
	labelInText   = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	variableQuery = regexp.MustCompile(`^(label_values|query_result)\((.*?)(?:,\s*(\w+))?\)$`)
)

// TestQueriesFitTheMetrics resolves every metric and every label of every query against what is exported and recorded.
func TestQueriesFitTheMetrics(t *testing.T) {
	c, rules := loadCatalogue(t), loadRules(t)
	c.record(rules)
	check := func(where, expr string, texts ...string) labelSet {
		node, err := parser.NewParser(parser.Options{}).ParseExpr(fixed(expr))
		if err != nil {
			t.Errorf("%s: %v\n%s", where, err, expr)
			return nil
		}
		found, wrong := c.labels(node)
		for _, w := range wrong {
			t.Errorf("%s: %s", where, w)
		}
		for _, text := range texts {
			for _, m := range labelInText.FindAllStringSubmatch(text, -1) {
				if !found[m[1]] {
					t.Errorf("%s: the text %q has a label that the query has not", where, text)
				}
			}
		}
		return found
	}
	for _, r := range rules {
		check("rule "+r.Record+r.Alert, r.Expr)
	}
	for _, b := range boards(t) {
		names := map[string]bool{"__url_time_range": true, "__data": true, "__field": true, "__interval": true, "__rate_interval": true, "__range": true, "__range_s": true}
		for _, v := range b.Templating.List {
			names[v.Name] = true
		}
		known := func(where, text string) {
			for _, m := range variableInText.FindAllStringSubmatch(text, -1) {
				if !names[m[1]] {
					t.Errorf("%s: there is no variable %s: %s", where, m[0], text)
				}
			}
		}
		for _, v := range b.Templating.List {
			if v.Type != "query" {
				continue
			}
			where := b.Title + ", variable " + v.Name
			m := variableQuery.FindStringSubmatch(v.Definition)
			if m == nil {
				t.Errorf("%s: not understood: %s", where, v.Definition)
				continue
			}
			if m[1] == "query_result" {
				m[2], m[3] = strings.TrimSuffix(strings.TrimPrefix(v.Definition, "query_result("), ")"), ""
			}
			known(where, v.Definition)
			if found := check(where, m[2]); m[3] != "" && !found[m[3]] {
				t.Errorf("%s: no label %s", where, m[3])
			}
		}
		for _, a := range b.Annotations.List {
			known(b.Title+", annotation "+a.Name, a.Expr)
			check(b.Title+", annotation "+a.Name, a.Expr, a.TitleFormat, a.TextFormat)
		}
		for _, p := range b.Panels {
			columns := labelSet{}
			for _, q := range p.Targets {
				where := b.Title + "/" + p.Title + " " + q.RefID
				known(where, q.Expr)
				columns = columns.with(check(where, q.Expr, q.LegendFormat)).with(setOf("Value", "Time", "Value #"+q.RefID))
			}
			for _, tr := range p.Transformations {
				for field := range tr.Options.RenameByName {
					if !columns[field] {
						t.Errorf("%s/%s: the table has no column %q", b.Title, p.Title, field)
					}
				}
			}
		}
	}
}
