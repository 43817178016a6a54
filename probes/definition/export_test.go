package definition

import "errors"

// Structural returns those errors of a document that its JSON Schema must find too.
func Structural(name string, data []byte) Errors {
	_, err := Parse(name, data)
	var all, structural Errors
	errors.As(err, &all)
	for _, e := range all {
		if e.structural {
			structural = append(structural, e)
		}
	}
	return structural
}
