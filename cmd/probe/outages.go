package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
	"mynaprobe/probes/export"
	"mynaprobe/probes/pipeline"
)

var outageOutputs = []string{"table", "json", "csv", "ics", "openmetrics"}

// kept is the flag that says whose windows are meant.
type kept struct{ dir string }

func (k *kept) addFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&k.dir, "state-dir", os.Getenv("MYNAPROBE_STATE_DIR"), "the state directory of the server that kept the windows ($MYNAPROBE_STATE_DIR)")
}

func (k *kept) open() (*pipeline.Kept, error) {
	if k.dir == "" {
		return nil, exitError{exitUsage, errors.New(`say whose windows: --state-dir, the same folder that "probe serve" was given`)}
	}
	opened, err := pipeline.OpenKept(k.dir)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return opened, nil
}

func newOutages() *cobra.Command {
	var k kept
	var output, since, at string
	var filter probes.WindowFilter
	var bom, availability bool
	cmd := &cobra.Command{
		Use:   "outages",
		Short: "Show the outage windows that a server has kept",
		Long: `Show the outage windows that a server has kept: observed by its own runs, announced by the operator, planned, and the
prober's own blind spells. It may be run beside the server.

With --at, say which windows cover a moment; exit code 1 when one does, 0 when none does.`,
		Example: `  probe outages --state-dir /var/lib/mynaprobe --since 30d
  probe outages --flow iphone-mynumber-card --at "2025-10-30 09:15"
  probe outages -o csv --bom > outages.csv
  probe outages report 20251030T0850`,
		Args: cobra.NoArgs,
	}
	k.addFlag(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&output, "output", "o", "table", strings.Join(outageOutputs, ", "))
	flags.StringVar(&since, "since", "", "leave out what ended before: a time, a date, or a span such as 30d or 12h")
	flags.StringVar(&filter.Flow, "flow", "", "only this flow and its probes")
	flags.StringVar(&filter.Probe, "probe", "", "only this probe")
	flags.StringVar(&at, "at", "", "only what covers this moment")
	flags.BoolVar(&bom, "bom", false, "begin CSV with a byte order mark, for spreadsheets that misread Japanese without one")
	flags.BoolVar(&availability, "availability", false, "show how much of the time since --since (default 30d) each flow and probe was available")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !slices.Contains(outageOutputs, output) {
			return exitError{exitUsage, fmt.Errorf("--output %q is none of %s", output, strings.Join(outageOutputs, ", "))}
		}
		now := time.Now()
		var err error
		if filter.Since, err = parseSince(since, now); err != nil {
			return exitError{exitUsage, fmt.Errorf("--since: %w", err)}
		}
		if at != "" {
			if filter.At, err = parseTime(at); err != nil {
				return exitError{exitUsage, fmt.Errorf("--at: %w", err)}
			}
		}
		store, err := k.open()
		if err != nil {
			return err
		}
		defer store.Close()
		opts := tableOptions(cmd.OutOrStdout())
		if availability {
			opts.From, opts.To = filter.Since, now
			if opts.From.IsZero() {
				opts.From = now.Add(-30 * 24 * time.Hour)
			}
			rows, err := store.Availability(cmd.Context(), opts.From, opts.To)
			if err != nil {
				return exitError{exitUnknown, err}
			}
			return export.AvailabilityTable(cmd.OutOrStdout(), rows, opts)
		}
		windows, err := store.Windows(cmd.Context(), filter)
		if err != nil {
			return exitError{exitUnknown, err}
		}
		if at == "" {
			opts.From, opts.To = filter.Since, now
			return printWindows(cmd.OutOrStdout(), windows, output, opts, bom)
		}
		return printAt(cmd.OutOrStdout(), windows, filter.At, output, opts)
	}
	cmd.AddCommand(newReport(&k), newMark(&k))
	return cmd
}

func printWindows(w io.Writer, windows []probes.Window, output string, opts export.Options, bom bool) error {
	switch output {
	case "json":
		return export.JSON(w, export.In(windows, opts.Location))
	case "csv":
		return export.CSV(w, export.In(windows, opts.Location), bom)
	case "ics":
		return export.ICalendar(w, windows, export.ICalendarOptions{Name: "mynaprobe", Now: time.Now(), Location: opts.Location, Lang: opts.Lang})
	case "openmetrics":
		return export.OpenMetrics(w, windows, export.OpenMetricsOptions{Now: time.Now()})
	}
	return export.Table(w, windows, opts)
}

// printAt says which windows cover a moment, and ends with 1 when one does.
func printAt(w io.Writer, windows []probes.Window, at time.Time, output string, opts export.Options) error {
	covers := export.At(windows, at)
	var err error
	switch output {
	case "table":
		err = export.AtText(w, covers, at, opts)
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if covers == nil {
			covers = []export.Cover{}
		}
		err = encoder.Encode(covers)
	default:
		return exitError{exitUsage, fmt.Errorf("--at is shown as table or json, not as %s", output)}
	}
	if err == nil && len(covers) > 0 {
		return exitError{code: exitDown}
	}
	return err
}

func tableOptions(w io.Writer) export.Options {
	width, terminal := terminalWidth(w)
	return export.Options{Width: width, Color: terminal && os.Getenv("NO_COLOR") == "", Lang: language(), Location: time.Local}
}

func newReport(k *kept) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "report ID",
		Short: "Write one self-contained HTML file on a window, with its evidence",
		Example: `  probe outages report 20251030T085000Z-cf81c612a3 --file outage.html
  LANG=ja_JP.UTF-8 probe outages report 20251030T0850 > outage.html`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&file, "file", "", "the file to write (default: standard output)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		store, err := k.open()
		if err != nil {
			return err
		}
		defer store.Close()
		data, err := store.Report(cmd.Context(), args[0])
		if err != nil {
			return exitError{exitUsage, err}
		}
		data.Version, _ = build()
		data.Location, data.Lang = time.Local, language()
		if file == "" {
			return export.Report(cmd.OutOrStdout(), data)
		}
		var b bytes.Buffer
		if err := export.Report(&b, data); err != nil {
			return err
		}
		return os.WriteFile(file, b.Bytes(), 0o644)
	}
	return cmd
}

func newMark(k *kept) *cobra.Command {
	var mark probes.Mark
	var server string
	cmd := &cobra.Command{
		Use:   "mark ID",
		Short: "Correct what a window was, beside what was recorded",
		Long: `Correct what a window was. The original stays; who corrected it, when and why is kept beside it. A running server is asked
to do it; without one the state directory is changed.`,
		Example: `  probe outages mark 20251030T0850 --as maintenance --note "announced by phone, ticket 123"`,
		Args:    cobra.ExactArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&mark.As, "as", "", "what it was: "+strings.Join(pipeline.Marks(), ", "))
	flags.StringVar(&mark.Note, "note", "", "why")
	flags.StringVar(&mark.By, "by", userName(), "who says so")
	flags.StringVar(&server, "server", "http://"+defaultListen, "the server to ask, if one runs")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(pipeline.Marks(), mark.As) {
			return exitError{exitUsage, fmt.Errorf("--as %q is none of %s", mark.As, strings.Join(pipeline.Marks(), ", "))}
		}
		if k.dir == "" {
			return exitError{exitUsage, errors.New("say whose windows: --state-dir")}
		}
		mark.At = time.Now()
		err := pipeline.Mark(cmd.Context(), k.dir, args[0], mark)
		if errors.Is(err, pipeline.ErrInUse) {
			err = askServer(server, args[0], mark)
		}
		if err != nil {
			return exitError{exitUsage, err}
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is marked as %s\n", args[0], mark.As)
		return nil
	}
	return cmd
}

// askServer has a running server make a correction.
func askServer(server, id string, mark probes.Mark) error {
	address, err := url.JoinPath(server, "api/v1/outages", id, "mark")
	if err != nil {
		return fmt.Errorf("--server %q: %w", server, err)
	}
	body, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("a server is using the state directory, and could not be asked (--server says where it is): %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // only to be shown
		var answer struct{ Error string }
		if json.Unmarshal(text, &answer) == nil && answer.Error != "" {
			return fmt.Errorf("the server answered: %s", answer.Error)
		}
		return fmt.Errorf("the server answered %s: %s", response.Status, bytes.TrimSpace(text))
	}
	return nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
