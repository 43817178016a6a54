package probes

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which texts of pages and definitions are compared: NFKC (so that full-width and half-width forms
// are one), with every run of white space as one space and none at the ends.
func Fold(text string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(text)), " ")
}

// ContainsFolded reports whether text contains part, both folded.
func ContainsFolded(text, part string) bool {
	return strings.Contains(Fold(text), Fold(part))
}
