package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}

// interner shares the label pairs of many probes: a flow's name is kept once, not once a probe.
type interner map[[2]string]*dto.LabelPair

func (i interner) pair(name, value string) *dto.LabelPair {
	key := [2]string{name, value}
	if i[key] == nil {
		i[key] = pair(name, value)
	}
	return i[key]
}

// merge returns the labels with more of them, sorted by name as every family has them.
func merge(labels []*dto.LabelPair, more ...*dto.LabelPair) []*dto.LabelPair {
	merged := slices.Concat(labels, more)
	slices.SortFunc(merged, compareLabels)
	return merged
}

func compareLabels(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) }

func compareStages(a, b stageKey) int {
	return cmp.Or(cmp.Compare(a.flow, b.flow), cmp.Compare(a.stage, b.stage), cmp.Compare(a.kind, b.kind))
}

// inOrder returns the values of a map in the order of its keys.
func inOrder[T any](states map[string]T) []T {
	ordered := make([]T, 0, len(states))
	for _, name := range slices.Sorted(maps.Keys(states)) {
		ordered = append(ordered, states[name])
	}
	return ordered
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unixSeconds is the form of a time in a metric, and false for the zero time.
func unixSeconds(t time.Time) (float64, bool) {
	if t.IsZero() {
		return 0, false
	}
	return float64(t.UnixMicro()) / 1e6, true
}

func unixSecondsOf(t *time.Time) (float64, bool) {
	if t == nil {
		return 0, false
	}
	return unixSeconds(*t)
}
