// Command probe checks the public entry points of an application flow, on schedule or once, and says whether it works,
// since when it does not, and whose fault that is.
// Each file holds the flags, the output and the exit codes of one subcommand; what they do is in package pipeline.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every subcommand.
const (
	exitFine    = 0
	exitDown    = 1 // something is down
	exitUsage   = 2 // bad usage or definition, before anything ran
	exitUnknown = 3 // the prober could not tell
)

// version and revision are set by the linker.
var (
	version  = "dev"
	revision = ""
)

// An exitError ends the command with a code. What is to be said of it has been said when err is nil.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

func main() { os.Exit(run()) }

// run is main without the exit, so that tests can call it.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRoot().ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, "probe:", exit.err)
		}
		return exit.code
	}
	fmt.Fprintln(os.Stderr, "probe:", err)
	fmt.Fprintln(os.Stderr, `Run "probe --help", or "probe COMMAND --help", for what there is.`)
	return exitUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "probe",
		Short: "Check the public entry points of a flow, and say since when and whose fault",
		Long: `probe checks the public entry points of an application flow with HTTP requests, a real browser and the
operator's own notices. Without definitions of your own (-f) it uses those that ship with it.

Exit codes: 0 fine, 1 something is down, 2 bad usage or definition (nothing ran), 3 the prober could not tell.`,
		Example: `  probe run                      check everything once, now
  probe run -f flow.yaml top     check one probe of a file
  probe serve -f flow.yaml       check on schedule, export metrics, show the status page
  probe demo                     see it at work on a portal of its own, with an incident`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newRun(), newServe(), newCheck(), newList(), newOutages(), newNotice(), newReplay(), newDemo(), newDoctor(), newMetrics(),
		newSchema(), newImport(), newVersion(),
	)
	return root
}
