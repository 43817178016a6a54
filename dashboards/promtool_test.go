package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mynaprobe/deploy/parts"
)

// TestWindowsOfAnyPast puts series to the windows' queries that no short incident shows: a slot that is used again, a window
// that goes on, one that was taken back, a prober that was moved, no location.
func TestWindowsOfAnyPast(t *testing.T) {
	const flow = `flow="f", source="observed", slot="0"`
	at := func(metric, labels, values string) map[string]string {
		return map[string]string{"series": metric + "{" + labels + "}", "values": values}
	}
	const start, end = "flow_outage_window_start_timestamp_seconds", "flow_outage_window_end_timestamp_seconds"
	alive := at("flow_outcome", `flow="f", instance="a"`, "1x100")
	tests := []struct {
		name       string
		series     []map[string]string
		start, end string // in milliseconds, empty for none
	}{
		{"closed", []map[string]string{alive, at(start, flow+`, instance="a"`, "60x100"), at(end, flow+`, instance="a"`, "_x5 300x94")}, "60000", "300000"},
		{"open", []map[string]string{alive, at(start, flow+`, instance="a"`, "60x100")}, "60000", ""},
		{
			"slot used again by an open window", []map[string]string{
				alive, at(start, flow+`, instance="a"`, "60x50 3000x50"), at(end, flow+`, instance="a"`, "300x50 stale"),
			}, "3000000", "",
		},
		{
			"slot used again by an open window, and the prober gone", []map[string]string{
				at("flow_outcome", `flow="f", instance="a"`, "1x60 stale"),
				at(start, flow+`, instance="a"`, "60x50 3000x10 stale"), at(end, flow+`, instance="a"`, "300x50 stale"),
			}, "3000000", "",
		},
		{
			"goes on after it was closed", []map[string]string{
				alive, at(start, flow+`, instance="a"`, "60x100"), at(end, flow+`, instance="a"`, "300x50 stale"),
			}, "60000", "",
		},
		{
			"taken back", []map[string]string{
				alive, at(start, flow+`, instance="a"`, "60x50 stale"), at(end, flow+`, instance="a"`, "300x50 stale"),
			}, "", "",
		},
		{
			"start found to be earlier", []map[string]string{alive, at(start, flow+`, instance="a"`, "90x50 60x50")}, "60000", "",
		},
		{
			"prober gone", []map[string]string{
				at("flow_outcome", `flow="f", instance="a"`, "1x50 stale"),
				at(start, flow+`, instance="a"`, "60x50 stale"), at(end, flow+`, instance="a"`, "300x50 stale"),
			}, "60000", "300000",
		},
		{
			"prober moved, and scraped twice", []map[string]string{
				at("flow_outcome", `flow="f", instance="a"`, "1x50 stale"), at("flow_outcome", `flow="f", instance="b"`, "_x50 1x50"), at("flow_outcome", `flow="f", instance="b", job="twice"`, "_x50 1x50"),
				at(start, flow+`, instance="a"`, "60x50 stale"), at(start, flow+`, instance="b"`, "_x50 60x50"), at(start, flow+`, instance="b", job="twice"`, "_x50 60x50"),
				at(end, flow+`, instance="b"`, "_x60 3600x40"), at(end, flow+`, instance="b", job="twice"`, "_x60 3600x40"),
			}, "60000", "3600000",
		},
	}
	overview := boards(t)[0]
	if overview.UID != "mynaprobe-flow" {
		t.Fatalf("the first dashboard is %s", overview.UID)
	}
	queries := map[string]string{} // by what they give
	for _, p := range overview.Panels {
		if p.Title == "Windows" {
			queries["start in the table"], queries["end in the table"] = p.Targets[0].Expr, p.Targets[1].Expr
		}
	}
	for _, a := range overview.Annotations.List {
		switch a.Name {
		case "Exact starts":
			queries["start marked"] = a.Expr
		case "Exact ends":
			queries["end marked"] = a.Expr
		}
	}
	if len(queries) != 4 {
		t.Fatalf("not all queries were found: %v", queries)
	}
	var cases []any
	for _, test := range tests {
		var checks []any
		for what, expr := range queries {
			// Titles are of no matter here.
			expr, _, _ = strings.Cut(expr, ") * on (flow) group_left (title)")
			if strings.HasSuffix(what, "table") {
				expr = strings.TrimPrefix(expr, "(")
			}
			value := test.start
			if strings.HasPrefix(what, "end") {
				value = test.end
			}
			samples := []any{}
			if value != "" {
				samples = append(samples, map[string]any{"labels": `{flow="f", source="observed", slot="0"}`, "value": json.Number(value)})
			}
			checks = append(checks, map[string]any{"expr": unscaled(expr), "eval_time": "100m", "exp_samples": samples})
		}
		cases = append(cases, map[string]any{"name": test.name, "interval": "1m", "input_series": append(test.series, at("flow_info", `flow="f", title="題"`, "1x100")), "promql_expr_test": checks})
	}
	data, err := json.Marshal(map[string]any{"tests": cases}) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "windows.yml")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(parts.Need(t, parts.Prometheus, "promtool"), "test", "rules", file).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// unscaled fills in Grafana's variables as for a range of 100 minutes with a scrape a minute.
func unscaled(expr string) string {
	return strings.NewReplacer(
		"$__rate_interval", "4m", "$__interval", "1m", "$__range", fmt.Sprint(100*60, "s"), "$flow", ".*", "$location", ".*",
	).Replace(expr)
}
