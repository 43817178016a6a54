package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"mynaprobe/deploy/parts"
)

// factor is by how much every duration of the shipped files is divided.
const factor = 30

func scaled(d time.Duration) time.Duration { return d / factor }

// ship writes shipped configuration into a folder, every duration in it divided by the factor and texts replaced.
func ship(t *testing.T, dir string, replace *strings.Replacer, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(parts.Root(), "deploy", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(found))
		}
		for _, file := range found {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			data = []byte(replace.Replace(string(data)))
			if filepath.Ext(file) == ".yml" {
				data = scaledYAML(t, file, data)
			}
			name, _ := filepath.Rel(filepath.Join(parts.Root(), "deploy"), file)
			_, name, _ = strings.Cut(name, string(filepath.Separator))
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// durations are the keys whose values are durations, in the files of Prometheus and of Alertmanager.
var durations = map[string]bool{
	"for": true, "keep_firing_for": true, "interval": true, "scrape_interval": true, "evaluation_interval": true,
	"group_wait": true, "group_interval": true, "repeat_interval": true,
}

func scaledYAML(t *testing.T, file string, data []byte) []byte {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i < len(n.Content); i += 2 {
				key, value := n.Content[i].Value, n.Content[i+1]
				switch {
				case value.Kind != yaml.ScalarNode:
				case durations[key]:
					d, err := model.ParseDuration(value.Value)
					if err != nil {
						t.Fatalf("%s:%d: %v", file, value.Line, err)
					}
					value.Value = model.Duration(scaled(time.Duration(d))).String()
				case key == "expr":
					value.Value, value.Style = scaledExpr(t, value.Value), 0
				}
			}
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&root)
	var out bytes.Buffer
	if err := yaml.NewEncoder(&out).Encode(&root); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func scaledExpr(t *testing.T, text string) string {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.MatrixSelector:
			n.Range = scaled(n.Range)
		case *parser.VectorSelector:
			n.OriginalOffset = scaled(n.OriginalOffset)
		case *parser.SubqueryExpr:
			n.Range, n.Step, n.OriginalOffset = scaled(n.Range), scaled(n.Step), scaled(n.OriginalOffset)
		}
		return nil
	})
	return expr.String()
}

func TestDurationsAreDivided(t *testing.T) {
	got := string(scaledYAML(t, "test", []byte("for: 30s\nexpr: rate(a[1h] offset 5m) + sum_over_time((b)[30m:1m]) > 60\nother: 30s\n")))
	if want := "for: 1s\nexpr: rate(a[2m] offset 10s) + sum_over_time((b)[1m:2s]) > 60\nother: 30s\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
