package schedule

import (
	"hash/fnv"
	"slices"
	"time"
)

// phases gives each name its place within the interval. Hashes alone bunch (the busiest tenth of a second gets half
// as much again as the average), so names are ranked by their hash and spread evenly: the same names always get the
// same phases. Phases in kept stay; names without one go into the widest gaps that are left.
func phases(names []string, every time.Duration, kept map[string]time.Duration) map[string]time.Duration {
	placed := make(map[string]time.Duration, len(names))
	var taken []time.Duration
	var fresh []string
	for _, name := range names {
		if phase, ok := kept[name]; ok {
			placed[name] = phase
			taken = append(taken, phase)
		} else {
			fresh = append(fresh, name)
		}
	}
	slices.SortFunc(fresh, func(a, b string) int {
		ha, hb := hash(a), hash(b)
		switch {
		case ha < hb:
			return -1
		case ha > hb:
			return 1
		}
		return 0
	})
	if len(fresh) == 0 {
		return placed
	}
	if len(taken) == 0 {
		for rank, name := range fresh {
			placed[name] = every * time.Duration(2*rank+1) / time.Duration(2*len(fresh))
		}
		return placed
	}
	for i, phase := range gaps(taken, every, len(fresh)) {
		placed[fresh[i]] = phase
	}
	return placed
}

// gaps returns n phases that lie evenly in the widest gaps between those taken on the circle of the interval.
func gaps(taken []time.Duration, every time.Duration, n int) []time.Duration {
	slices.Sort(taken)
	type gap struct {
		from, width time.Duration
		parts       int
	}
	circle := make([]gap, len(taken))
	for i, from := range taken {
		to := taken[0] + every
		if i+1 < len(taken) {
			to = taken[i+1]
		}
		circle[i] = gap{from, to - from, 1}
	}
	byWidth := func(a, b *gap) bool { return a.width*time.Duration(b.parts) > b.width*time.Duration(a.parts) }
	heap := make([]*gap, len(circle))
	for i := range circle {
		heap[i] = &circle[i]
	}
	sift := func(i int) {
		for {
			widest := i
			for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
				if byWidth(heap[child], heap[widest]) {
					widest = child
				}
			}
			if widest == i {
				return
			}
			heap[i], heap[widest] = heap[widest], heap[i]
			i = widest
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		sift(i)
	}
	for range n {
		heap[0].parts++
		sift(0)
	}
	phases := make([]time.Duration, 0, n)
	for _, g := range circle {
		for part := 1; part < g.parts; part++ {
			phases = append(phases, (g.from+g.width*time.Duration(part)/time.Duration(g.parts))%every)
		}
	}
	return phases
}

func hash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	// FNV alone keeps names that differ in their last letter close together; the finalizer of MurmurHash3 spreads them.
	v := h.Sum64()
	v ^= v >> 33
	v *= 0xff51afd7ed558ccd
	v ^= v >> 33
	v *= 0xc4ceb9fe1a85ec53
	return v ^ v>>33
}
