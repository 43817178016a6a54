package metrics

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Metric is what the catalogue says of one metric.
type Metric struct {
	Name string
	// Type is gauge, counter, histogram or summary.
	Type string
	// Unit is the unit in which it is given, empty where it has none.
	Unit string
	// Labels are all that its series may carry, sorted; "location" is there only when one is configured.
	Labels []string
	Help   string
}

// Catalogue returns every metric that the prober exports, sorted by name: its own, and those of the Go runtime and of the
// process.
func Catalogue() []Metric {
	var all []Metric
	for _, f := range families {
		all = append(all, Metric{
			Name: f.name, Type: strings.ToLower(f.kind.String()), Unit: f.unit(), Labels: sorted(f.labels, []string{"location"}), Help: f.help,
		})
	}
	runtime, err := New(Options{}).own.Gather()
	if err != nil {
		panic(err) // the collectors of a fresh registry cannot contradict each other
	}
	for _, f := range runtime {
		metric := Metric{Name: f.GetName(), Type: strings.ToLower(f.GetType().String()), Help: f.GetHelp(), Labels: []string{"location"}}
		metric.Unit = family{name: metric.Name}.unit()
		for _, label := range f.Metric[0].Label {
			metric.Labels = append(metric.Labels, label.GetName())
		}
		if f.Metric[0].Summary != nil {
			metric.Labels = append(metric.Labels, "quantile")
		}
		slices.Sort(metric.Labels)
		all = append(all, metric)
	}
	slices.SortFunc(all, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// WriteCatalogue writes the catalogue, a metric in two lines: name, type and labels; then what it is.
func WriteCatalogue(w io.Writer) error {
	for _, metric := range Catalogue() {
		if _, err := fmt.Fprintf(w, "%s %s {%s}\n    %s\n", metric.Name, metric.Type, strings.Join(metric.Labels, ", "), metric.Help); err != nil {
			return fmt.Errorf("write the list of metrics: %w", err)
		}
	}
	return nil
}
