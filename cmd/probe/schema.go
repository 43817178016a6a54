package main

import (
	"github.com/spf13/cobra"

	"mynaprobe/probes/definition"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of definitions, for editors",
		Example: `  probe schema > mynaprobe.schema.json
  # then, as the first line of a definition file:
  # yaml-language-server: $schema=mynaprobe.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(definition.Schema())
			return err
		},
	}
}
