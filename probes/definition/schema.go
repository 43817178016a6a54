package definition

import "encoding/json"

// Schema returns the JSON Schema (draft 2020-12) of a definition file.
func Schema() []byte {
	b := &schemas{defs: js{}}
	root := fileShape.schema(b).(js)
	schema := js{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "mynaprobe definitions",
		"$defs":   b.defs,
	}
	for k, v := range root {
		schema[k] = v
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("definition: the schema cannot be written: " + err.Error())
	}
	return append(text, '\n')
}
