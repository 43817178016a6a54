package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Validate definitions",
		Long: `Validate definitions, files or folders of them, without running anything. All errors are shown at once, each with its
place. Without a file the bundled definitions are checked.`,
		Example: `  probe check flow.yaml
  probe check definitions/`,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := (&definitions{paths: args}).load()
		if err != nil {
			return err
		}
		disabled := 0
		for _, p := range set.Probes {
			if p.Disabled {
				disabled++
			}
		}
		out := cmd.OutOrStdout()
		fmt.Fprintf(out, "ok: %s in %s", counted(len(set.Probes)-disabled, "probe"), counted(len(set.Flows), "flow"))
		if disabled > 0 {
			fmt.Fprintf(out, ", %d more disabled", disabled)
		}
		fmt.Fprintln(out)
		switch n := len(set.References()); n {
		case 0:
			fmt.Fprintln(out, "note: there is no reference probe, so an outage of your own network will look like one of the target; see \"reference:\" in the README")
		case 1:
			fmt.Fprintln(out, "note: there is only one reference probe; when its host is out, every outage will look like one of your own network")
		}
		return nil
	}
	return cmd
}
