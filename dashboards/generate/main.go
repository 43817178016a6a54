// Command generate writes the dashboards' JSON files into the folder it is run in. It is run by "go generate".
package main

import (
	"fmt"
	"os"

	"mynaprobe/dashboards"
)

func main() {
	files, err := dashboards.Files()
	if err == nil {
		for name, text := range files {
			if err = os.WriteFile(name, text, 0o644); err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "writing dashboards: %v\n", err)
		os.Exit(1)
	}
}
