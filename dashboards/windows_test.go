package dashboards_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// A shown window: its source, and its bounds in seconds, 0 for the end of an open one.
type shown struct {
	source     string
	start, end int64
}

// known asks the prober for the windows of its flow.
func (w *world) known(t *testing.T) (list []shown) {
	t.Helper()
	response, err := http.Get("http://" + w.prober + "/api/v1/outages")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Outages []probes.Window }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	for _, o := range answer.Outages {
		if o.Scope != probes.ScopeFlow {
			continue
		}
		one := shown{source: string(o.Source), start: o.Start.Unix()}
		if o.End != nil {
			one.end = o.End.Unix()
		}
		list = append(list, one)
	}
	return sorted(list)
}

func sorted(list []shown) []shown {
	slices.SortFunc(list, func(a, b shown) int { return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.start, b.start)) })
	return list
}

// windows holds tables, markers and shading against what the prober's API says, to the second, or within one step.
func (w *world) windows(t *testing.T, all []board, phase string, s span, want []shown) {
	t.Helper()
	for _, source := range []string{"announced", "observed", "planned"} {
		if !slices.ContainsFunc(want, func(o shown) bool { return o.source == source }) {
			t.Fatalf("%s: no %s window: %v", phase, source, want)
		}
	}
	for _, b := range all {
		where := fmt.Sprintf("%s, %s of %v", phase, b.Title, s.to.Sub(s.from).Round(time.Second))
		for _, p := range b.Panels {
			if p.Type == "table" && strings.HasSuffix(strings.ToLower(p.Title), "windows") {
				w.table(t, where+"/"+p.Title, p, s, want)
			}
		}
		w.marks(t, where, b, s, want)
	}
}

// table reads a table of windows as Grafana joins it: by labels.
func (w *world) table(t *testing.T, where string, p boardPanel, s span, want []shown) {
	t.Helper()
	rows := map[[2]string]map[string]float64{} // by source and slot, then by column
	for _, q := range p.Targets {
		got, err := w.instant(q.Expr, s)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		column := p.Transformations[1].Options.RenameByName["Value #"+q.RefID]
		for _, series := range got {
			row := [2]string{series.Metric["source"], series.Metric["slot"]}
			if series.Metric["title"] != "スマホ用みらいカード" || series.Metric["location"] != "tokyo" {
				t.Errorf("%s: %v", where, series.Metric)
			}
			if rows[row] == nil {
				rows[row] = map[string]float64{}
			}
			if _, twice := rows[row][column]; twice {
				t.Errorf("%s has two rows for %v", where, row)
			}
			_, values := series.points()
			rows[row][column] = values[0]
		}
	}
	var got []shown
	since := map[string]float64{} // the earliest of each source
	for row, cells := range rows {
		start, end := cells["Start"]/1000, cells["End"]/1000
		got = append(got, shown{row[0], int64(start), int64(end)})
		if end == 0 {
			end = float64(s.to.Unix())
		}
		if math.Abs(cells["Length"]-(end-start)) > 0.002 {
			t.Errorf("%s: %v is %v s long, from %v to %v", where, row, cells["Length"], start, end)
		}
		known := cells["Known since"] / 1000
		if known == 0 {
			t.Errorf("%s does not tell since when %v is known", where, row)
		}
		if since[row[0]] == 0 || known < since[row[0]] {
			since[row[0]] = known
		}
	}
	if !slices.Equal(sorted(got), want) {
		t.Errorf("%s has the windows %v, the prober %v", where, got, want)
	}
	// The prober confirmed the outage before the notice came out.
	for row, cells := range rows {
		if row[0] != "observed" || strings.HasPrefix(where, gone) {
			continue // of a prober that is gone nobody compares
		}
		lead := since["announced"] - since["observed"]
		if first, by := cells["Who knew first"], cells["By"]; first != 1 || by <= 0 || math.Abs(by-lead) > 0.002 {
			t.Errorf("%s: who knew first %v, by %v s, want the prober by %v", where, first, by, lead)
		}
	}
}

// region is an annotation as Grafana makes it.
type region struct{ from, to int64 } // milliseconds

// regions makes what Grafana 9.4 makes of a series: of values above 0, those no further apart than a step are one region.
func regions(series sample, step int, exact bool) []region {
	var list []region
	times, values := series.points()
	for i, v := range values {
		if v <= 0 {
			continue
		}
		at := int64(times[i] * 1000)
		if exact {
			at = int64(v)
		}
		if n := len(list); n > 0 && list[n-1].to+int64(step)*1000 >= at {
			list[n-1].to = at
			continue
		}
		list = append(list, region{at, at})
	}
	return list
}

// marks holds the marked bounds to the second, and the shading to one step.
func (w *world) marks(t *testing.T, where string, b board, s span, want []shown) {
	t.Helper()
	starts, ends := map[[2]string]int64{}, map[[2]string]int64{} // by source and slot
	for _, a := range b.Annotations.List {
		step := s.step(a.Step, 0)
		series, err := w.ranged(a.Expr, s, step)
		if err != nil {
			t.Fatalf("%s, %s: %v", where, a.Name, err)
		}
		for _, one := range series {
			found, key := regions(one, step, a.UseValueForTime), [2]string{one.Metric["source"], one.Metric["slot"]}
			if !a.UseValueForTime {
				w.shades(t, where+", "+a.Name, found, key[0], want, s, int64(step))
				continue
			}
			if len(found) != 1 || found[0].from != found[0].to {
				t.Fatalf("%s, %s: not one mark: %v", where, a.Name, found)
			}
			if a.Name == "Exact starts" {
				starts[key] = found[0].from / 1000
			} else {
				ends[key] = found[0].from / 1000
			}
		}
	}
	var got []shown
	for key, start := range starts {
		got = append(got, shown{key[0], start, ends[key]})
	}
	if !slices.Equal(sorted(got), want) {
		t.Errorf("%s marks %v, the prober has %v", where, got, want)
	}
}

// shades holds shading against the windows, as far as they were there to be scraped: within one step, and what it takes to
// confirm and to scrape. A notice may speak of the past, and of the future.
func (w *world) shades(t *testing.T, where string, found []region, source string, want []shown, s span, step int64) {
	t.Helper()
	if step > s.to.Unix()-w.start.Unix() {
		return // the whole test lies in one step
	}
	const confirm = 4
	var windows []shown
	for _, o := range want {
		if o.source != source || o.start >= s.to.Unix() {
			continue
		}
		// Windows that overlap are shaded as one.
		if n := len(windows); n > 0 && (windows[n-1].end == 0 || windows[n-1].end >= o.start) {
			if last := &windows[n-1]; last.end == 0 || o.end == 0 {
				last.end = 0
			} else {
				last.end = max(last.end, o.end)
			}
			continue
		}
		windows = append(windows, o)
	}
	if len(found) != len(windows) {
		t.Errorf("%s: the shaded regions are %v, the windows %v", where, found, windows)
		return
	}
	for i, r := range found {
		o := windows[i]
		if late := r.from/1000 - o.start; source != "announced" && (late < 0 || late > step+confirm) {
			t.Errorf("%s: shaded from %d s after the start of %v", where, late, o)
		}
		if late := r.to/1000 - o.end; o.end != 0 && o.end < s.to.Unix() && (late < -step || late > step+confirm) {
			t.Errorf("%s: shaded until %d s after the end of %v", where, late, o)
		}
	}
}
