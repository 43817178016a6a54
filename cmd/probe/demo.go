package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"mynaprobe/probes/pipeline"
)

func newDemo() *cobra.Command {
	var demo pipeline.DemoOptions
	var opts pipeline.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play an incident on a stand-in portal, and watch it",
		Long: `Start a small stand-in portal on loopback, let an incident happen to it, and watch it with HTTP, browser and notice
probes. Nothing outside of this machine is touched, and nothing else is needed but a browser.`,
		Example: `  probe demo
  probe demo --once --script iphone-2025-10-30 --speed 2000`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&demo.Script, "script", "demo", "a bundled script, or a file")
	flags.Float64Var(&demo.Speed, "speed", 1, "how much faster than written the script is played")
	flags.StringVar(&demo.Listen, "listen", defaultListen, "address of the status page and the metrics")
	flags.StringVar(&opts.StateDir, "state-dir", "", "folder to keep windows and evidence in (default: a temporary one)")
	flags.BoolVar(&demo.Once, "once", false, "end when the script is over")
	flags.BoolVar(&demo.NoBrowser, "no-browser", false, "leave out the browser probes")
	addIdentity(cmd, &opts)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opts.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		demo.Out = cmd.OutOrStdout()
		if err := pipeline.Demo(cmd.Context(), opts, demo); err != nil {
			return exitError{exitUnknown, err}
		}
		return nil
	}
	return cmd
}
