package outage

import (
	"slices"
	"time"
)

// span is a stretch of time, from and to; the moment To is outside.
type span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (s span) length() time.Duration { return max(0, s.To.Sub(s.From)) }

// clip returns the parts of the spans that lie in s.
func (s span) clip(spans []span) []span {
	var in []span
	for _, x := range spans {
		x = span{latest(x.From, s.From), earliest(x.To, s.To)}
		if x.To.After(x.From) {
			in = append(in, x)
		}
	}
	return in
}

// without returns what is left of s outside of the spans.
func (s span) without(spans []span) []span {
	var left []span
	at := s.From
	for _, x := range union(s.clip(spans)) {
		if x.From.After(at) {
			left = append(left, span{at, x.From})
		}
		at = x.To
	}
	if s.To.After(at) {
		left = append(left, span{at, s.To})
	}
	return left
}

// union returns the spans in order, those that touch or overlap as one.
func union(spans []span) []span {
	if len(spans) < 2 {
		return spans
	}
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int { return a.From.Compare(b.From) })
	joined := sorted[:1]
	for _, x := range sorted[1:] {
		last := &joined[len(joined)-1]
		if x.From.After(last.To) {
			joined = append(joined, x)
			continue
		}
		last.To = latest(last.To, x.To)
	}
	return joined
}

// intersect returns the spans that lie in both.
func intersect(a, b []span) []span {
	var both []span
	for _, x := range a {
		both = append(both, x.clip(b)...)
	}
	return union(both)
}

// measure is the length of all the spans together, counting overlaps once.
func measure(spans []span) time.Duration {
	var sum time.Duration
	for _, x := range union(spans) {
		sum += x.length()
	}
	return sum
}
