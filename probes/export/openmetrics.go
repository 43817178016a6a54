package export

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mynaprobe/probes"
)

// OpenMetricsOptions say how windows become samples.
type OpenMetricsOptions struct {
	// Now is how far open windows reach; a zero Now gives them the sample of their start alone. Windows that lapsed without
	// an end reach as far as they were known of.
	Now time.Time
	// Step is the time between two samples of a window; 0 means a minute. It must stay below five minutes, or Prometheus
	// sees holes.
	Step time.Duration
	// Kinds are the kinds of the probes by name, for the label that their series carry in a scrape.
	Kinds map[string]probes.Kind
}

// OpenMetrics writes windows in the OpenMetrics text format with timestamps, for
// `promtool tsdb create-blocks-from openmetrics`: the series of a scrape as they would have been then. Inside a window
// there is a sample of 1 at each step, and at its end a single 0, so that a range query has no hole in the window and
// nothing but that 0 outside; time between windows is left empty, because they do not tell whether it was observed.
// Windows that were withdrawn or marked as a false alarm are left out, and blind spells become prober_blind.
func OpenMetrics(w io.Writer, windows []probes.Window, opts OpenMetricsOptions) error {
	if opts.Step <= 0 {
		opts.Step = time.Minute
	}
	out := bufio.NewWriter(w)
	series := map[labelled][]probes.Window{}
	for _, v := range byStart(windows) {
		if refuted(v) {
			continue
		}
		if key, ok := seriesOf(v, opts.Kinds); ok {
			series[key] = append(series[key], v)
		}
	}
	keys := slices.SortedFunc(maps.Keys(series), func(a, b labelled) int {
		return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.labels, b.labels))
	})
	for _, prefix := range []string{"flow_outage", "probe_outage", "prober_blind"} {
		own := slices.DeleteFunc(slices.Clone(keys), func(key labelled) bool { return key.prefix != prefix })
		if len(own) == 0 {
			continue
		}
		for _, f := range familiesOf(prefix) {
			fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", f.name, f.help, f.name)
			for _, key := range own {
				f.write(out, f.name, key.labels, merged(series[key], opts), opts.Step)
			}
		}
	}
	fmt.Fprintln(out, "# EOF")
	return out.Flush()
}

// labelled is the name that the metrics of a series begin with, and its labels.
type labelled struct{ prefix, labels string }

// seriesOf returns the series to which a window belongs.
func seriesOf(w probes.Window, kinds map[string]probes.Kind) (labelled, bool) {
	location := ""
	if w.Location != "default" {
		location = w.Location
	}
	switch {
	case w.Source == probes.Blind:
		return labelled{"prober_blind", labels("location", location)}, true
	case w.Scope == probes.ScopeFlow:
		return labelled{"flow_outage", labels("flow", w.Name, "location", location, "source", string(w.Source))}, true
	case w.Scope == probes.ScopeProbe && w.Source == probes.Observed:
		return labelled{"probe_outage", labels("flow", w.Flow, "kind", string(kinds[w.Name]), "location", location, "probe", w.Name, "stage", w.Stage)}, true
	}
	return labelled{}, false
}

// labels writes pairs of name and value; an empty value is no label.
func labels(pairs ...string) string {
	var parts []string
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			value := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(pair[1], "\ufffd"))
			parts = append(parts, pair[0]+`="`+value+`"`)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// span is a window as samples show it, in Unix milliseconds; Prometheus knows no finer time.
type span struct {
	start, end int64
	// open: it goes on; ended: its end is known. A window that lapsed without an end is neither.
	open, ended bool
}

// merged returns the windows of a series as spans that neither overlap nor touch, because a series has one value at a time.
func merged(windows []probes.Window, opts OpenMetricsOptions) []span {
	var spans []span
	for _, w := range windows {
		s := span{start: ceilMilli(w.Start), open: w.End == nil && !w.Lapsed, ended: w.End != nil}
		switch {
		case w.End != nil:
			s.end = w.End.UnixMilli()
		case w.Lapsed:
			s.end = max(w.LastKnown().UnixMilli(), s.start) + 1 // the last moment lies in it
		default:
			s.end = max(opts.Now.UnixMilli(), s.start)
		}
		if s.end < s.start || s.end == s.start && !s.open {
			continue
		}
		if last := len(spans) - 1; last >= 0 && s.start <= spans[last].end {
			if s.end >= spans[last].end {
				spans[last].end, spans[last].open, spans[last].ended = s.end, s.open, s.ended
			}
			continue
		}
		spans = append(spans, s)
	}
	return spans
}

// ceilMilli rounds up, so that no sample lies before the window.
func ceilMilli(t time.Time) int64 {
	milli := t.UnixMilli()
	if t.After(time.UnixMilli(milli)) {
		milli++
	}
	return milli
}

// family is one metric of a series.
type family struct {
	name, help string
	write      func(out io.Writer, name, labels string, spans []span, step time.Duration)
}

func familiesOf(prefix string) []family {
	if prefix == "prober_blind" {
		return []family{{prefix, "1 while no reference probe is up and the prober can judge nothing.", writeActive}}
	}
	subject := strings.TrimSuffix(prefix, "_outage")
	families := []family{
		{prefix + "_active", "1 while a window of the " + subject + " is open.", writeActive},
		{prefix + "_start_timestamp_seconds", "Start of the " + subject + "'s latest window.", writeStart},
		{prefix + "_end_timestamp_seconds", "End of the " + subject + "'s latest window; absent while it is open.", writeEnd},
	}
	if prefix == "flow_outage" {
		families = append(families,
			family{prefix + "_window_start_timestamp_seconds", "Start of one of the flow's latest windows.", inSlots(writeStart)},
			family{prefix + "_window_end_timestamp_seconds", "End of one of the flow's latest windows; absent while it is open.", inSlots(writeEnd)})
	}
	return families
}

func sample(out io.Writer, name, labels, value string, milli int64) {
	fmt.Fprintf(out, "%s%s %s %s\n", name, labels, value, unix(milli))
}

// unix writes milliseconds as the seconds of OpenMetrics.
func unix(milli int64) string { return strconv.FormatFloat(float64(milli)/1000, 'f', 3, 64) }

// inside calls f for each moment inside a span at which there is a sample.
func (s span) inside(step time.Duration, f func(milli int64)) {
	f(s.start)
	for at := s.start + step.Milliseconds(); at < s.end; at += step.Milliseconds() {
		f(at)
	}
}

func writeActive(out io.Writer, name, labels string, spans []span, step time.Duration) {
	for _, s := range spans {
		s.inside(step, func(milli int64) { sample(out, name, labels, "1", milli) })
		if !s.open {
			sample(out, name, labels, "0", s.end)
		}
	}
}

func writeStart(out io.Writer, name, labels string, spans []span, step time.Duration) {
	for _, s := range spans {
		s.inside(step, func(milli int64) { sample(out, name, labels, unix(s.start), milli) })
	}
}

func writeEnd(out io.Writer, name, labels string, spans []span, _ time.Duration) {
	for _, s := range spans {
		if s.ended {
			sample(out, name, labels, unix(s.end), s.end)
		}
	}
}

// inSlots gives each of the latest windows a series of its own, as a scrape does.
func inSlots(write func(io.Writer, string, string, []span, time.Duration)) func(io.Writer, string, string, []span, time.Duration) {
	return func(out io.Writer, name, labels string, spans []span, step time.Duration) {
		for slot := range min(len(spans), probes.RecentWindows) {
			var own []span
			for i := slot; i < len(spans); i += probes.RecentWindows {
				own = append(own, spans[i])
			}
			slotted := fmt.Sprintf(`{slot="%d"}`, slot)
			if labels != "" {
				slotted = strings.TrimSuffix(labels, "}") + fmt.Sprintf(`,slot="%d"}`, slot)
			}
			write(out, name, slotted, own, step)
		}
	}
}
