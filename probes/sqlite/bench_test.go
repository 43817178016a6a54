package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"mynaprobe/probes"
)

// BenchmarkTransition is what one window costs until it is safe on the disk.
func BenchmarkTransition(b *testing.B) {
	s := benchStore(b)
	for n := 0; b.Loop(); n++ {
		if err := s.Apply(ctx, step(n)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFlush is what the deferred states and hours of 10,000 probes cost, divided by their number.
func BenchmarkFlush(b *testing.B) {
	const probesInAll = 10_000
	s := benchStore(b)
	state := []byte(`{"last":"2025-10-30T08:50:12.123456789+09:00","row":2,"since":"2025-10-30T08:49:12.123456789+09:00","outcomes":"uuuuuudduu"}`)
	for n := 0; b.Loop(); n++ {
		for i := range probesInAll {
			name := fmt.Sprintf("probe-%05d", i)
			change := Change{States: map[string][]byte{"outage/" + name: fmt.Append(state, n)}, Coverage: []probes.Coverage{hour(name, n, float64(n))}}
			if err := s.Defer(change); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Flush(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/probesInAll, "µs/probe")
}

func benchStore(b *testing.B) *Store {
	b.Helper()
	s, _, err := Open(filepath.Join(b.TempDir(), "probe.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}
