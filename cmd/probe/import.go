package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mynaprobe/probes/definition"
	"mynaprobe/probes/recorder"
)

func newImport() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Turn a recording of Chrome's Recorder panel into a definition",
		Long: `Turn a recording of the Recorder panel of Chrome's developer tools ("Export as a JSON file") into a definition with one
browser probe, and print it. FILE may be - for standard input. What the definition cannot hold stands above it as comments.`,
		Example: `  probe import application.json > application.yaml
  probe check application.yaml
  probe run -f application.yaml`,
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&name, "name", "", "the name of the probe, its stage and its flow (default: the file's)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := args[0]
		if name == "" {
			name = nameOf(file)
		}
		data, err := readFile(cmd.InOrStdin(), file)
		if err != nil {
			return exitError{exitUsage, err}
		}
		recording, err := recorder.Parse(data)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("%s: %w", file, err)}
		}
		text, err := recording.Definition(name)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("%s: %w", file, err)}
		}
		// a name that no probe can have, or a value out of range, is told here and not at the first run
		if _, err := definition.Parse(name+".yaml", text); err != nil {
			return explain(err)
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

func readFile(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

// nameOf makes a probe's name of a file's.
func nameOf(file string) string {
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	words := strings.FieldsFunc(base, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if len(words) == 0 {
		return "recorded"
	}
	return strings.Join(words, "-")
}
