package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
)

func newList() *cobra.Command {
	var defs definitions
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show what would run, how often, against what",
		Example: `  probe list
  probe list -f flow.yaml -o json`,
		Args: cobra.NoArgs,
	}
	defs.addFlag(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if output != "table" && output != "json" {
			return exitError{exitUsage, fmt.Errorf("--output %q is none of table, json", output)}
		}
		set, err := defs.load()
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		if output == "json" {
			type row struct {
				Probe     string         `json:"probe"`
				Flow      string         `json:"flow,omitempty"`
				Stage     string         `json:"stage,omitempty"`
				Kind      probes.Kind    `json:"kind"`
				Every     probes.Seconds `json:"every_seconds"`
				Timeout   probes.Seconds `json:"timeout_seconds"`
				Target    string         `json:"target"`
				Reference bool           `json:"reference"`
				Disabled  bool           `json:"disabled"`
				Source    string         `json:"source"`
			}
			rows := []row{}
			for _, p := range set.Probes {
				rows = append(rows, row{p.Name, p.Flow, p.Stage, p.Kind, probes.Seconds(p.Every), probes.Seconds(p.Timeout), p.Target(), p.Reference, p.Disabled, p.Source})
			}
			encoder := json.NewEncoder(out)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			return encoder.Encode(rows)
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PROBE\tFLOW\tSTAGE\tKIND\tEVERY\tTARGET\t")
		for _, p := range set.Probes {
			note := ""
			switch {
			case p.Disabled:
				note = "disabled"
			case p.Reference:
				note = "reference"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, p.Flow, p.Stage, p.Kind, short(p.Every), p.Target(), note)
		}
		return w.Flush()
	}
	return cmd
}
