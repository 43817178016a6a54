package metrics

import (
	"iter"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// family is one metric: what the catalogue says of it, and how it is taken from a scrape.
type family struct {
	name, help string
	kind       dto.MetricType
	// labels are all of its labels, the constant one aside.
	labels []string
	// lastRun: it tells of the newest result alone, so that a single run can export it, too.
	lastRun bool
	collect func(*scrape)
}

// unit is the unit that the name ends in, and empty for a metric without one.
func (f family) unit() string {
	name := strings.TrimSuffix(f.name, "_total")
	for _, unit := range []string{"seconds", "bytes", "ratio"} {
		if strings.HasSuffix(name, "_"+unit) {
			return unit
		}
	}
	return ""
}

const (
	gauge     = dto.MetricType_GAUGE
	counter   = dto.MetricType_COUNTER
	histogram = dto.MetricType_HISTOGRAM
)

// reasons is the closed list; counts by reason are kept by its indices.
var reasons = probes.Reasons()

// reasonCount is len(reasons), which a test holds it to: an array's length must be a constant.
const reasonCount = 19

// families are all metrics of ours, sorted by name.
var families = slices.SortedFunc(
	concat(lastRunFamilies(), httpFamilies(), browserFamilies(), probeFamilies(), noticeFamilies(), stageFamilies(),
		flowFamilies(), windowFamilies(), proberFamilies()),
	func(a, b family) int { return strings.Compare(a.name, b.name) },
)

func concat(groups ...[]family) iter.Seq[family] {
	return slices.Values(slices.Concat(groups...))
}

// probeLabels are on every series of a probe; a metric may add more.
var probeLabels = []string{"flow", "kind", "probe", "stage"}

// ofRun is a gauge of the newest result, absent while there is none or it has grown too old. Its value says whether the
// result tells it.
func ofRun(name, help string, value func(*probes.Result) (float64, bool)) family {
	return family{name: name, help: help, kind: gauge, labels: probeLabels, lastRun: true, collect: func(s *scrape) {
		for i := range s.probes {
			v := &s.probes[i]
			if v.run == nil {
				continue
			}
			if x, ok := value(v.run); ok {
				s.add(x, v.state.labels)
			}
		}
	}}
}

// ofRunBy is the same with labels of its own, whose pairs each yields sorted by name.
func ofRunBy(name, help string, labels []string, each func(r *probes.Result, yield func(float64, ...*dto.LabelPair))) family {
	return family{
		name: name, help: help, kind: gauge, labels: sorted(probeLabels, labels), lastRun: true,
		collect: func(s *scrape) {
			for i := range s.probes {
				v := &s.probes[i]
				if v.run != nil {
					each(v.run, func(x float64, more ...*dto.LabelPair) { s.add(x, v.state.labels, more...) })
				}
			}
		},
	}
}

// ofProbe is a metric of a probe that does not age.
func ofProbe(kind dto.MetricType, name, help string, value func(*probeView) (float64, bool)) family {
	return family{name: name, help: help, kind: kind, labels: probeLabels, collect: func(s *scrape) {
		for i := range s.probes {
			if x, ok := value(&s.probes[i]); ok {
				s.add(x, s.probes[i].state.labels)
			}
		}
	}}
}

func sorted(labels, more []string) []string {
	all := slices.Concat(labels, more)
	slices.Sort(all)
	return all
}
