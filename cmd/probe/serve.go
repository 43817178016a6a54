package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
	"mynaprobe/probes/pipeline"
)

// defaultListen is the prober's address: loopback, because whoever reaches it can make it probe.
const defaultListen = "127.0.0.1:9815"

func newServe() *cobra.Command {
	var defs definitions
	var opts pipeline.Options
	var serve pipeline.ServeOptions
	var shard string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run on schedule: export metrics, keep windows, show the status page",
		Long: `Run the probes on schedule, keep outage windows, and serve the status page, /metrics and a JSON API. SIGHUP, or a POST
to /-/reload, reads the definitions again; a bad file leaves the old ones in force and says so.`,
		Example: `  probe serve -f flow.yaml --state-dir /var/lib/mynaprobe
  probe serve -f definitions/ --listen :9815 --web.config.file web.yaml --location tokyo`,
		Args: cobra.NoArgs,
	}
	defs.addFlag(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&serve.Listen, "listen", []string{defaultListen}, "addresses to listen on")
	flags.StringVar(&serve.WebConfig, "web.config.file", "", "exporter-toolkit file with TLS and basic auth for what is served")
	flags.StringVar(&opts.StateDir, "state-dir", "", "folder for windows and evidence; without it they are lost with the process")
	flags.StringVar(&shard, "shard", "", "run share i of n of the flows, as i/n, counted from 0")
	addIdentity(cmd, &opts)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := defs.load()
		if err != nil {
			return err
		}
		if opts.Shard, opts.Shards, err = parseShard(shard); err != nil {
			return exitError{exitUsage, err}
		}
		if set, err = pipeline.Shard(set, opts.Shard, opts.Shards); err != nil {
			return exitError{exitUsage, err}
		}
		opts.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		if opts.StateDir != "" {
			if err := os.MkdirAll(opts.StateDir, 0o700); err != nil {
				opts.Log.Error("the state directory cannot be made; windows are kept in memory", "error", err)
			}
		}
		p, err := pipeline.New(set, opts)
		if err != nil {
			return exitError{exitUsage, err}
		}
		if len(defs.paths) > 0 {
			serve.Load = func() (probes.Set, error) { return defs.read() }
		}
		serve.Listening = func(addr string) { opts.Log.Info("listening", "address", addr, "probes", len(set.Probes)) }
		err = p.Serve(cmd.Context(), serve)
		if closeErr := p.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return exitError{exitUnknown, err}
		}
		return nil
	}
	return cmd
}

// parseShard reads "i/n"; nothing means all.
func parseShard(text string) (shard, shards int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	i, n, ok := strings.Cut(text, "/")
	shard, iErr := strconv.Atoi(i)
	shards, nErr := strconv.Atoi(n)
	if !ok || iErr != nil || nErr != nil || shards < 1 {
		return 0, 0, fmt.Errorf(`--shard %q is not of the form i/n, such as 0/3 for the first of three`, text)
	}
	return shard, shards, nil
}
