package prometheus

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"mynaprobe/probes/metrics"
)

// TestAnnotationsFitTheMetrics resolves every metric and every matched label of the queries in annotations against what the
// prober exports and what the rules record. A message would silently lack what cannot be resolved. The rules' own
// expressions are held to the same by the test of the dashboards' queries.
func TestAnnotationsFitTheMetrics(t *testing.T) {
	type named struct{ where, expr string }
	var queries []named
	recorded := map[string]bool{}
	for _, file := range files(t, "rules/*.yml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Groups []struct {
				Rules []struct {
					rule   `yaml:",inline"`
					Record string
				}
			}
		}
		if err := yaml.Unmarshal(data, &content); err != nil {
			t.Fatal(err)
		}
		for _, group := range content.Groups {
			for _, r := range group.Rules {
				recorded[r.Record] = true
				for name, text := range r.Annotations {
					for _, query := range annotationQueries(t, text) {
						queries = append(queries, named{r.Alert + ", " + name, query})
					}
				}
			}
		}
	}
	catalogue := map[string][]string{"up": nil, "ALERTS": {"alertname", "alertstate", "flow"}}
	for _, m := range metrics.Catalogue() {
		catalogue[m.Name] = m.Labels
		if m.Type == "histogram" {
			catalogue[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
		}
	}
	for _, q := range queries {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(q.expr)
		if err != nil {
			t.Errorf("%s: %v\n%s", q.where, err, q.expr)
			continue
		}
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			selector, ok := node.(*parser.VectorSelector)
			if !ok || recorded[selector.Name] {
				return nil
			}
			labels, known := catalogue[selector.Name]
			if !known {
				t.Errorf("%s reads %s, which nothing exports or records", q.where, selector.Name)
			}
			for _, matcher := range selector.LabelMatchers {
				if !slices.Contains(append([]string{"__name__", "job", "instance"}, labels...), matcher.Name) {
					t.Errorf("%s: %s has no label %s", q.where, selector.Name, matcher.Name)
				}
			}
			return nil
		})
	}
}

// annotationQueries returns the queries that a template makes, with a name in the place of each value.
func annotationQueries(t *testing.T, text string) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile(`(?:printf|query) ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(text, -1) {
		query, err := strconv.Unquote(match[1])
		if err != nil {
			t.Fatalf("%s: %v", match[1], err)
		}
		found = append(found, strings.NewReplacer("%[1]q", `"x"`, "%q", `"x"`).Replace(query))
	}
	if len(found) < strings.Count(text, "query")-strings.Count(text, "urlquery") {
		t.Errorf("not every query was found in %s", text)
	}
	return found
}
