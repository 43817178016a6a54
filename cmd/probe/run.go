package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mynaprobe/probes"
	"mynaprobe/probes/export"
	"mynaprobe/probes/pipeline"
)

var runOutputs = []string{"table", "json", "junit", "tap", "prometheus"}

func newRun() *cobra.Command {
	var defs definitions
	var output, push, evidence string
	var opts pipeline.Options
	cmd := &cobra.Command{
		Use:   "run [NAME...]",
		Short: "Run probes now, once",
		Long: `Run probes now, once: those that are named, or all. Where something seems down, the reference probes run too, to tell an
outage of the target from one of our own network.

Exit codes: 0 up, degraded or in maintenance; 1 something is down (also when something else is unknown); 2 bad usage or
definition, nothing ran; 3 the prober could not tell.`,
		Example: `  probe run
  probe run -f flow.yaml iphone-guide --evidence /tmp/evidence
  probe run -f flow.yaml -o junit > results.xml
  probe run -f flow.yaml --push http://pushgateway:9091/metrics/job/mynaprobe`,
	}
	defs.addFlag(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&output, "output", "o", "table", strings.Join(runOutputs, ", "))
	flags.StringVar(&push, "push", "", "also push the results to a Pushgateway at this URL (…/metrics/job/NAME)")
	flags.StringVar(&evidence, "evidence", "", "keep screenshots, pages and requests of failed runs in this folder")
	flags.BoolVar(&opts.Headed, "headed", false, "show the browser")
	flags.DurationVar(&opts.SlowMotion, "slow-motion", 0, "wait this long before each browser step")
	addIdentity(cmd, &opts)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if !slices.Contains(runOutputs, output) {
			return exitError{exitUsage, fmt.Errorf("--output %q is none of %s", output, strings.Join(runOutputs, ", "))}
		}
		set, err := defs.load()
		if err != nil {
			return err
		}
		opts.EvidenceDir = evidence
		p, err := pipeline.New(set, opts)
		if err != nil {
			return exitError{exitUsage, err}
		}
		defer p.Close()
		chosen, unknown := p.Select(names)
		if len(unknown) > 0 {
			return exitError{exitUsage, fmt.Errorf("no probe is called %s; \"probe list\" shows those there are", strings.Join(unknown, ", "))}
		}
		if len(chosen) == 0 {
			return exitError{exitUsage, errors.New("there is no probe to run: all are disabled or references")}
		}
		results := p.RunOnce(cmd.Context(), chosen, liveLine(os.Stderr, len(chosen)))
		if err := printResults(cmd.OutOrStdout(), results, output); err != nil {
			return exitError{exitUnknown, fmt.Errorf("printing the results: %w", err)}
		}
		if evidence != "" {
			tellEvidence(os.Stderr, evidence, results)
		}
		if push != "" {
			if err := pipeline.Push(cmd.Context(), push, results); err != nil {
				return exitError{exitUnknown, fmt.Errorf("pushing the results: %w", err)}
			}
		}
		if errors.Is(cmd.Context().Err(), context.Canceled) {
			return exitError{exitUnknown, errors.New("interrupted before every probe had run")}
		}
		if code := exitCode(results); code != exitFine {
			return exitError{code: code}
		}
		return nil
	}
	return cmd
}

// exitCode is that of a set of results: down wins over unknown, unknown over all that is fine. References do not count:
// they only tell whether the others can be believed.
func exitCode(results []probes.Result) int {
	code := exitFine
	for _, r := range results {
		switch {
		case r.Trigger == probes.TriggerReference:
		case r.Outcome == probes.Down:
			return exitDown
		case r.Outcome == probes.Unknown:
			code = exitUnknown
		}
	}
	return code
}

func printResults(w io.Writer, results []probes.Result, output string) error {
	switch output {
	case "json":
		return export.RunJSON(w, results)
	case "junit":
		return export.RunJUnit(w, results)
	case "tap":
		return export.RunTAP(w, results)
	case "prometheus":
		text, err := pipeline.PrometheusText(results)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	width, terminal := terminalWidth(w)
	return export.RunTable(w, results, export.RunOptions{Lang: language(), Width: width, Color: terminal && os.Getenv("NO_COLOR") == ""})
}

// liveLine shows on a terminal what is running; elsewhere nothing, so that logs stay clean.
func liveLine(w *os.File, total int) pipeline.Progress {
	width, terminal := terminalWidth(w)
	if !terminal {
		return nil
	}
	var running []string
	done := 0
	return func(p probes.Probe, result *probes.Result) {
		if result == nil {
			running = append(running, p.Name)
		} else {
			done++
			running = slices.DeleteFunc(running, func(name string) bool { return name == p.Name })
		}
		line := ""
		if len(running) > 0 {
			line = fmt.Sprintf("%d of %d done, running %s", done, max(total, done+len(running)), strings.Join(running, ", "))
			if len(line) >= width {
				line = line[:width-2] + "…"
			}
		}
		fmt.Fprintf(w, "\r\x1b[K%s", line)
	}
}

func tellEvidence(w io.Writer, dir string, results []probes.Result) {
	for _, r := range results {
		if r.Evidence != nil && r.Evidence.Path != "" {
			fmt.Fprintf(w, "evidence of %s: %s\n", r.Probe, filepath.Join(dir, filepath.FromSlash(r.Evidence.Path)))
		}
	}
}

// addIdentity adds the flags that say who is probing, and from where.
func addIdentity(cmd *cobra.Command, opts *pipeline.Options) {
	opts.Version, opts.Revision = build()
	cmd.Flags().StringVar(&opts.Location, "location", os.Getenv("MYNAPROBE_LOCATION"), "where this prober runs; a label of all metrics ($MYNAPROBE_LOCATION)")
	cmd.Flags().StringVar(&opts.Contact, "contact", os.Getenv("MYNAPROBE_CONTACT"), "a mail address or a page, told to the probed hosts in the User-Agent ($MYNAPROBE_CONTACT)")
}

// terminalWidth returns the columns of a terminal, and false for anything else.
func terminalWidth(w io.Writer) (int, bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 20 {
		return 80, true
	}
	return width, true
}

// language is that of the person at the terminal, by the environment as setlocale(3) reads it.
func language() export.Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			return export.LangOf(value)
		}
	}
	return export.LangOf("")
}

// short writes a duration without the zeros that time.Duration appends.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
