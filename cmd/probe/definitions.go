package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"mynaprobe/probes"
	"mynaprobe/probes/bundled"
	"mynaprobe/probes/definition"
)

// definitions is the flag that says which definitions are meant.
type definitions struct{ paths []string }

func (d *definitions) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&d.paths, "file", "f", nil, "a definition file or a folder of them; may be repeated (default: the bundled definitions)")
}

// read reads the definitions.
func (d *definitions) read() (probes.Set, error) {
	if len(d.paths) == 0 {
		return definition.LoadFS(bundled.Files, bundled.Pattern)
	}
	return definition.Load(d.paths...)
}

// load reads the definitions for a command; what is wrong with them is printed, and its error ends the command.
func (d *definitions) load() (probes.Set, error) {
	set, err := d.read()
	if err != nil {
		return set, explain(err)
	}
	return set, nil
}

// explain prints errors of definitions, which have a layout of their own, and turns them into an exit code.
func explain(err error) error {
	var list definition.Errors
	if !errors.As(err, &list) {
		return exitError{exitUsage, err}
	}
	fmt.Fprintln(os.Stderr, list.Error())
	return exitError{exitUsage, fmt.Errorf("%s in the definitions; nothing was run", counted(len(list), "error"))}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
