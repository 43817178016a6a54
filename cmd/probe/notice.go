package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
	"mynaprobe/probes/notice"
	"mynaprobe/probes/pipeline"
)

func newNotice() *cobra.Command {
	var output, published string
	cmd := &cobra.Command{
		Use:   "notice [FILE|URL]",
		Short: "Read a notice and print the windows it announces",
		Long: `Read a notice, in Japanese or English, from a file, a web page or standard input, and print the outages and the
maintenance that it announces. On a terminal the pieces of text that were understood are marked.

Exit codes: 0 nothing announced, or nothing that is going on; 1 an outage is going on; 2 bad usage.`,
		Example: `  probe notice notice.txt --published 2025-10-30
  probe notice https://www.example.jp/news/1.html
  pbpaste | probe notice -o json`,
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	cmd.Flags().StringVar(&published, "published", "", "when it was published, in Japan's time where no zone is given (default: what the page says, else now)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if output != "text" && output != "json" {
			return exitError{exitUsage, fmt.Errorf("--output %q is none of text, json", output)}
		}
		day := time.Now()
		if published != "" {
			var err error
			if day, err = parseTimeIn(published, pipeline.Japan); err != nil {
				return exitError{exitUsage, fmt.Errorf("--published: %w", err)}
			}
		}
		text, printed, err := readNotice(cmd, args)
		if err != nil {
			return exitError{exitUsage, err}
		}
		if published == "" && !printed.IsZero() {
			day = printed
		}
		reading := notice.Read(text, day)
		out := cmd.OutOrStdout()
		if output == "json" {
			encoder := json.NewEncoder(out)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			err = encoder.Encode(map[string]any{"announcements": reading.Announcements})
		} else {
			err = printReading(out, text, reading)
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(reading.Announcements, func(a probes.Announcement) bool {
			return a.Kind == probes.AnnouncedOutage && a.State == probes.Ongoing
		}) {
			return exitError{code: exitDown}
		}
		return nil
	}
	return cmd
}

// maxNotice bounds what is read of a notice.
const maxNotice = 4 << 20

// readNotice returns the text, and the day on which a page says it was published.
func readNotice(cmd *cobra.Command, args []string) (text string, published time.Time, err error) {
	if len(args) == 0 || args[0] == "-" {
		data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxNotice))
		return string(data), published, err
	}
	if strings.HasPrefix(args[0], "http://") || strings.HasPrefix(args[0], "https://") {
		return pipeline.PageText(cmd.Context(), args[0])
	}
	data, err := os.ReadFile(args[0])
	if errors.Is(err, os.ErrNotExist) {
		return "", published, fmt.Errorf("there is no file %s; give a file, a URL, or the text on standard input", args[0])
	}
	return string(data), published, err
}

// The colours of what was understood, by role (ECMA-48).
var spanColors = map[string]string{"start": "1;32", "end": "1;34", "state": "1;33", "ignored": "2"}

// printReading shows the text with what was understood of it, where it is a terminal, and then what it announces.
func printReading(w io.Writer, text string, reading notice.Reading) error {
	var b strings.Builder
	if _, terminal := terminalWidth(w); terminal && os.Getenv("NO_COLOR") == "" {
		last := 0
		for _, span := range reading.Spans {
			fmt.Fprintf(&b, "%s\x1b[%sm%s\x1b[0m", text[last:span.From], spanColors[span.Role], text[span.From:span.To])
			last = span.To
		}
		b.WriteString(strings.TrimRight(text[last:], "\n") + "\n\n")
	}
	if len(reading.Announcements) == 0 {
		b.WriteString("It announces neither an outage nor maintenance.\n")
	}
	for _, a := range reading.Announcements {
		fmt.Fprintf(&b, "%s, %s: %s\n", a.Kind, a.State, a.Title)
		if len(a.Services) > 0 {
			fmt.Fprintf(&b, "  of %s\n", strings.Join(a.Services, ", "))
		}
		if a.Recurs != "" {
			fmt.Fprintf(&b, "  recurs: %s\n", a.Recurs)
		}
		for _, window := range a.Windows {
			fmt.Fprintf(&b, "  from %s to %s", bound(window.Start, window.StartText), bound(window.End, window.EndText))
			if window.Approximate {
				b.WriteString(", approximately")
			}
			if len(window.Services) > 0 {
				fmt.Fprintf(&b, " (%s)", strings.Join(window.Services, ", "))
			}
			b.WriteString("\n")
		}
		if len(a.Windows) == 0 && a.Recurs == "" {
			b.WriteString("  no window could be read\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bound(t *time.Time, text string) string {
	if t == nil {
		return "(open)"
	}
	shown := t.Format("2006-01-02 15:04 MST")
	if text != "" {
		shown += fmt.Sprintf(" 「%s」", strings.Join(strings.Fields(text), " "))
	}
	return shown
}
