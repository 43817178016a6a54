package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  probe version",
		Args:    cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			v, r := build()
			fmt.Fprintf(cmd.OutOrStdout(), "probe %s", v)
			if r != "" {
				fmt.Fprintf(cmd.OutOrStdout(), " (%s)", r)
			}
			fmt.Fprintf(cmd.OutOrStdout(), " %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}

// build returns version and revision: the linker's, or those that go build recorded.
func build() (string, string) {
	if revision != "" {
		return version, revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return version, setting.Value
		}
	}
	return version, ""
}
