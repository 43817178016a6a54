package outage

import (
	"fmt"
	"testing"

	"mynaprobe/probes"
)

// crowdedSet is one flow of n probes, all of them critical.
func crowdedSet(n int) probes.Set {
	set := probes.Set{Flows: []probes.Flow{{Name: "f", Critical: []string{"s"}}}}
	for i := range n {
		set.Probes = append(set.Probes, httpProbe(fmt.Sprintf("p%05d", i), "f", "s"))
	}
	return set
}

// BenchmarkObserve is the cost of a run of one of 10,000 probes that are all up, and of one of 10,000 that are all down,
// each with the changes that it makes.
func BenchmarkObserve(b *testing.B) {
	for name, verdict := range map[string]byte{"up": 'u', "down": 'd'} {
		b.Run(name, func(b *testing.B) {
			const n = 10000
			set := crowdedSet(n)
			tr := New(set, "")
			tr.Advance(at(0))
			results := make([]probes.Result, n)
			for i, p := range set.Probes {
				results[i] = result(p.Name, 0, verdict)
			}
			i := 0
			for b.Loop() {
				r := results[i%n]
				r.Start = at(float64(i) * 60 / n)
				tr.Observe(r)
				i++
				if i%(n/60) == 0 {
					tr.Advance(r.Start)
				}
			}
		})
	}
}
