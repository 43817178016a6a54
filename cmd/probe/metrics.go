package main

import (
	"github.com/spf13/cobra"

	"mynaprobe/probes/metrics"
)

func newMetrics() *cobra.Command {
	return &cobra.Command{
		Use:     "metrics",
		Short:   "Print every metric there is, with type, labels and help",
		Example: "  probe metrics | grep outage",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return metrics.WriteCatalogue(cmd.OutOrStdout()) },
	}
}
