package definition_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes/definition"
)

// many writes count probes into ten files and returns their directory.
func many(t testing.TB, count int) string {
	t.Helper()
	dir := t.TempDir()
	for f := range 10 {
		var b strings.Builder
		fmt.Fprintf(&b, "flow: { name: flow-%d, critical: [portal] }\ndefaults: { every: 10s, timeout: 5s }\nprobes:\n", f)
		for i := range count / 10 {
			fmt.Fprintf(&b, "  - name: probe-%d-%d\n    stage: portal\n    http:\n      url: http://127.0.0.1:8080/page/%d\n"+
				"      expect: { status: 200, title: マイナポータル, text: 申請 }\n      slow: 3s\n", f, i, i)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", f)), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// BenchmarkLoad is the budget's "probe check of 10,000 definitions in 10 files": compare it with BenchmarkYAML, which only
// parses the same files into nodes.
func BenchmarkLoad(b *testing.B) {
	dir := many(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		set, err := definition.Load(dir)
		if err != nil || len(set.Probes) != 10_000 {
			b.Fatal(err)
		}
	}
}

func BenchmarkYAML(b *testing.B) {
	dir := many(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		for f := range 10 {
			data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", f)))
			if err != nil {
				b.Fatal(err)
			}
			var root yaml.Node
			if err := yaml.Unmarshal(data, &root); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkSchema(b *testing.B) {
	for b.Loop() {
		definition.Schema()
	}
}
