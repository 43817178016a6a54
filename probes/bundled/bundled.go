// Package bundled holds the probe definitions that ship with mynaprobe, and an example to start one's own from.
// It is data alone: reading it is the business of package definition.
package bundled

import "embed"

// Files holds the definitions that are used where none are given, as *.yaml.
//
//go:embed *.yaml
var Files embed.FS

// Pattern matches the definitions in Files.
const Pattern = "*.yaml"

// Example is a commented definition file for a new user to start from.
//
//go:embed example/example.yaml
var Example []byte
