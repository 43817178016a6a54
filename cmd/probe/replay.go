package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mynaprobe/probes/export"
	"mynaprobe/probes/pipeline"
)

var replayOutputs = []string{"table", "json", "openmetrics", "markdown"}

func newReplay() *cobra.Command {
	var options pipeline.ReplayOptions
	var output string
	cmd := &cobra.Command{
		Use:   "replay SCRIPT...",
		Short: "Play an incident through the whole pipeline: when would we have known?",
		Long: `Play incidents through the whole pipeline in virtual time: the probes' own code against the stand-in portal, days in
seconds. It prints the windows, and how long after each fault it would have been suspected, confirmed and alerted.

Bundled scripts: ` + strings.Join(pipeline.Scripts(), ", ") + `.`,
		Example: `  probe replay iphone-2025-10-30
  probe replay my-incident.yaml --every 1m
  probe replay iphone-2025-10-30 -o openmetrics > windows.om
  promtool tsdb create-blocks-from openmetrics windows.om data/`,
		Args:      cobra.MinimumNArgs(1),
		ValidArgs: pipeline.Scripts(),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", strings.Join(replayOutputs, ", "))
	cmd.Flags().DurationVar(&options.Every, "every", 0, "the interval of the probes (default: the script's own)")
	cmd.RunE = func(cmd *cobra.Command, scripts []string) error {
		if !slices.Contains(replayOutputs, output) {
			return exitError{exitUsage, fmt.Errorf("--output %q is none of %s", output, strings.Join(replayOutputs, ", "))}
		}
		var replays []pipeline.Replay
		for _, script := range scripts {
			options.Script, options.Progress = script, progressBar(os.Stderr, script)
			replay, err := pipeline.RunReplay(cmd.Context(), pipeline.Options{}, options)
			if err != nil {
				return exitError{exitUsage, err}
			}
			replays = append(replays, replay)
		}
		return printReplays(cmd.OutOrStdout(), replays, output)
	}
	return cmd
}

func printReplays(w io.Writer, replays []pipeline.Replay, output string) error {
	switch output {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(replays)
	case "markdown":
		return delays(w, replays, "| ", " | ", " |")
	case "openmetrics":
		if len(replays) > 1 {
			return exitError{exitUsage, fmt.Errorf("-o openmetrics takes one script: the windows of several would overlap")}
		}
		return export.OpenMetrics(w, replays[0].Windows, export.OpenMetricsOptions{Now: replays[0].End})
	}
	for i, r := range replays {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s\n%s to %s JST, %d runs, %.1f %% of the time observed\n\n", r.Script, r.Title,
			japanTime(r.Start), japanTime(r.End), r.Runs, 100*r.Covered)
		opts := tableOptions(w)
		opts.From, opts.To, opts.Location = r.Start, r.End, pipeline.Japan
		if err := export.Table(w, r.Windows, opts); err != nil {
			return err
		}
		fmt.Fprintln(w, "\nWhere the flow stood:")
		for _, change := range r.FlowOutcomes {
			fmt.Fprintf(w, "  %s  %s %s\n", japanTime(change.At), change.Flow, change.Outcome)
		}
	}
	fmt.Fprintln(w, "\nWhen it would have been known:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := delays(table, replays, "", "\t", ""); err != nil {
		return err
	}
	return table.Flush()
}

// delays writes the table of detection delays, a row for each spell of trouble.
func delays(w io.Writer, replays []pipeline.Replay, left, between, right string) error {
	row := func(cells ...string) {
		fmt.Fprintln(w, left+strings.Join(cells, between)+right)
	}
	header := []string{"script", "stage", "fault", "from (JST)", "suspected", "confirmed", "alerted", "announced", "false alarms", "changed"}
	row(header...)
	if left != "" {
		row(slices.Repeat([]string{"---"}, len(header))...)
	}
	for _, r := range replays {
		rest := []string{fmt.Sprint(len(r.FalseAlarms)), fmt.Sprint(r.Changed)}
		if len(r.Detections) == 0 {
			row(append([]string{r.Script, "–", "none", "–", "–", "–", "–", "–"}, rest...)...)
		}
		for _, d := range r.Detections {
			cells := []string{r.Script, d.Stage, d.What, japanTime(d.From)}
			for _, at := range []*time.Time{d.Suspected, d.Confirmed, d.Alerted} {
				cells = append(cells, after(at, d))
			}
			cells = append(cells, announced(d))
			row(append(cells, rest...)...)
		}
	}
	return nil
}

// after says how long after the fault something came.
func after(at *time.Time, d pipeline.Detection) string {
	switch {
	case at != nil && at.Before(d.From):
		return "before"
	case at != nil:
		return "+" + at.Sub(d.From).Round(time.Second).String()
	case !d.Visible:
		return "cannot be seen"
	case d.Planned:
		return "as planned"
	}
	return "never"
}

// announced says how long after the fault a notice of it was read.
func announced(d pipeline.Detection) string {
	switch {
	case d.Planned:
		return "beforehand"
	case d.Announced == nil:
		return "never"
	}
	return "+" + d.Announced.Sub(d.From).Round(time.Second).String()
}

func japanTime(t time.Time) string { return t.In(pipeline.Japan).Format("2006-01-02 15:04") }

// progressBar shows on a terminal how far a replay is.
func progressBar(w *os.File, name string) func(float64) {
	width, terminal := terminalWidth(w)
	if !terminal {
		return nil
	}
	size := max(10, min(40, width-len(name)-10))
	last := -1
	return func(done float64) {
		if filled := int(done * float64(size)); filled != last {
			last = filled
			fmt.Fprintf(w, "\r\x1b[K%s [%s%s] %3.0f %%", name, strings.Repeat("#", filled), strings.Repeat(".", size-filled), 100*done)
			if done >= 0.999 {
				fmt.Fprint(w, "\r\x1b[K")
			}
		}
	}
}
