package metrics

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"mynaprobe/probes"
)

// rich makes every metric there is have a series.
func rich(options Options) *Metrics {
	options.Now = (&clock{t0.Add(time.Minute)}).Now
	options.FlowOutcome = func(string, time.Time) probes.Outcome { return probes.Down }
	options.Browser = func() BrowserStats {
		return BrowserStats{Restarts: map[string]uint64{"crash": 1}, MemoryBytes: 1}
	}
	m := New(options)
	all := []probes.Probe{httpProbe("top"), httpProbe("dead"), browserProbe("form"), noticeProbe("news"), referenceProbe("ref")}
	m.Configure(set(all...))
	for _, p := range all {
		m.Observe(result(p))
	}
	hung := failed(all[1], probes.ReasonTimeout)
	hung.Start = t0.Add(time.Second)
	hung.Attempts = []probes.Attempt{{Hung: probes.PhaseTLS, HungFor: probes.Seconds(time.Second)}}
	m.Observe(hung)
	window := probes.Window{Start: t0, StartNotBefore: after(-time.Minute), End: after(time.Minute), EndNotBefore: after(30 * time.Second), Opened: t0}
	for _, source := range flowSources {
		m.SetStatus(probes.OutageStatus{
			Scope: probes.ScopeFlow, Source: source, Name: "card", Outages: 1, Seconds: 1, Recent: []probes.SlottedWindow{{Slot: 3, Window: window}},
		})
	}
	m.SetStatus(probes.OutageStatus{
		Scope: probes.ScopeProbe, Source: probes.Observed, Name: "dead", Outages: 1, Recent: []probes.SlottedWindow{{Window: window}},
	})
	m.SetNotices("news", []ActiveNotice{{Kind: probes.AnnouncedOutage, State: probes.Ongoing, Start: after(0), End: after(time.Hour)}})
	m.Reloaded(true, t0)
	return m
}

// TestCatalogueIsGolden holds names, types, labels and help to what dashboards, alerts and people were told.
// Run it with -update after a change that is meant.
func TestCatalogueIsGolden(t *testing.T) {
	var got bytes.Buffer
	if err := WriteCatalogue(&got); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/metrics.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the metrics are not those of %s; if that is meant, run go test with -update.\n%s", golden, got.String())
	}
}

// TestCatalogueIsWhatIsExported: everything that is exported is in the catalogue with its type, help and labels, and
// everything in the catalogue, each label included, is exported.
func TestCatalogueIsWhatIsExported(t *testing.T) {
	families, err := rich(Options{Location: "tokyo"}).Gather()
	if err != nil {
		t.Fatal(err)
	}
	catalogue := map[string]Metric{}
	for _, metric := range Catalogue() {
		if _, twice := catalogue[metric.Name]; twice {
			t.Errorf("%s is in the catalogue twice", metric.Name)
		}
		catalogue[metric.Name] = metric
	}
	for _, f := range families {
		listed, ok := catalogue[f.GetName()]
		if !ok {
			t.Errorf("%s is exported and not in the catalogue", f.GetName())
			continue
		}
		delete(catalogue, f.GetName())
		if kind := strings.ToLower(f.GetType().String()); kind != listed.Type {
			t.Errorf("%s is a %s, the catalogue says %s", f.GetName(), kind, listed.Type)
		}
		if f.GetHelp() != listed.Help || f.GetUnit() != listed.Unit && !strings.HasPrefix(listed.Name, "go_") && !strings.HasPrefix(listed.Name, "process_") {
			t.Errorf("%s: help or unit differ from the catalogue", f.GetName())
		}
		if got := labelsOf(f); !slices.Equal(got, listed.Labels) {
			t.Errorf("%s has the labels %v, the catalogue says %v", f.GetName(), got, listed.Labels)
		}
	}
	for name := range catalogue {
		t.Errorf("%s is in the catalogue and was not exported", name)
	}
}

func labelsOf(f *dto.MetricFamily) []string {
	labels := map[string]bool{}
	for _, metric := range f.Metric {
		for _, label := range metric.Label {
			labels[label.GetName()] = true
		}
		if metric.Summary != nil {
			labels["quantile"] = true
		}
	}
	return slices.Sorted(maps.Keys(labels))
}

// TestWellFormed checks what Prometheus and its linter ask of a family.
func TestWellFormed(t *testing.T) {
	for _, location := range []string{"", "tokyo"} {
		families, err := rich(Options{Location: location}).Gather()
		if err != nil {
			t.Fatal(err)
		}
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		if !slices.IsSortedFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) }) {
			t.Error("the families are not sorted by name")
		}
		for _, f := range families {
			checkSeries(t, f, location)
		}
	}
}

func checkSeries(t *testing.T, f *dto.MetricFamily, location string) {
	t.Helper()
	seen := map[string]bool{}
	for _, metric := range f.Metric {
		var key strings.Builder
		previous := ""
		for _, label := range metric.Label {
			name := label.GetName()
			if !model.LegacyValidation.IsValidLabelName(name) || name == "instance" || name == "job" || name == "le" {
				t.Errorf("%s must not have a label %q", f.GetName(), name)
			}
			if name <= previous {
				t.Errorf("%s: label %q comes after %q, or twice", f.GetName(), name, previous)
			}
			previous = name
			key.WriteString(name + "=" + label.GetValue() + ";")
		}
		if seen[key.String()] {
			t.Errorf("%s{%s} is there twice", f.GetName(), key.String())
		}
		seen[key.String()] = true
		if location != "" && !strings.Contains(key.String(), "location="+location+";") {
			t.Errorf("%s{%s} does not say where it was seen", f.GetName(), key.String())
		}
	}
}

// TestSeriesOfAProbe bounds what one probe adds to a scrape.
func TestSeriesOfAProbe(t *testing.T) {
	families, err := rich(Options{}).Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range families {
		for _, metric := range f.Metric {
			for _, label := range metric.Label {
				if label.GetName() == "probe" {
					counts[label.GetValue()]++
				}
			}
		}
	}
	// "dead" has all that an HTTP probe can have: TLS, a failure, a phase that hung, a closed window.
	if counts["dead"] > 40 || counts["dead"] < counts["top"] {
		t.Errorf("an HTTP probe in trouble has %d series, one that is well %d; want 40 at most", counts["dead"], counts["top"])
	}
	t.Logf("series by probe: %v", counts)
}
