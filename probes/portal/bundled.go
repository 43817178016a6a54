package portal

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed scripts/*.yaml
var scripts embed.FS

// BundledNames returns the names of the scripts that ship, in alphabetical order.
func BundledNames() []string {
	entries, err := scripts.ReadDir("scripts")
	if err != nil {
		panic(err) // embedded, so it is there
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Bundled returns a script that ships. Its error lists the names there are.
func Bundled(name string) (*Script, error) {
	data, err := scripts.ReadFile("scripts/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no script %q; those that ship are %s", name, strings.Join(BundledNames(), ", "))
	}
	return LoadScript("scripts/"+name+".yaml", data)
}
