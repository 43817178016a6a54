package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
	"mynaprobe/probes/pipeline"
)

func newDoctor() *cobra.Command {
	var defs definitions
	var opts pipeline.Options
	var page string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Is this machine fit: browser, sandbox, fonts, clock, network, permissions",
		Long: `Look whether this machine is fit to probe, and say what to do where it is not. With --page, send a marked test alert to an
Alertmanager instead, to prove that a page reaches a person.

Exit codes: 0 fit, 3 something is missing.`,
		Example: `  probe doctor --state-dir /var/lib/mynaprobe
  probe doctor --page http://alertmanager:9093`,
		Args: cobra.NoArgs,
	}
	defs.addFlag(cmd)
	cmd.Flags().StringVar(&opts.StateDir, "state-dir", "", "the folder that serve will keep its windows in")
	cmd.Flags().StringVar(&page, "page", "", "send a test alert to the Alertmanager at this URL")
	addIdentity(cmd, &opts)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out := cmd.OutOrStdout()
		if page != "" {
			if err := pipeline.TestPage(cmd.Context(), page, opts.Location, time.Now()); err != nil {
				return exitError{exitUnknown, fmt.Errorf("the test alert was not taken: %w", err)}
			}
			fmt.Fprintf(out, "The alert %s was sent. Whoever is on call should be paged within a minute or two; it resolves by itself after five.\n", pipeline.TestAlertName)
			return nil
		}
		var set probes.Set
		if len(defs.paths) > 0 {
			var err error
			if set, err = defs.load(); err != nil {
				return err
			}
		}
		p, err := pipeline.New(set, opts)
		if err != nil {
			return exitError{exitUsage, err}
		}
		defer p.Close()
		fit := true
		for _, f := range p.Doctor(cmd.Context()) {
			mark := "ok     "
			if !f.OK {
				mark, fit = "MISSING", false
			}
			fmt.Fprintf(out, "%s  %-16s %s\n", mark, f.Name, f.Detail)
		}
		if !fit {
			return exitError{exitUnknown, errors.New("this machine is not fit for every kind of probe; see above")}
		}
		return nil
	}
	return cmd
}
