package definition

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A field is one key of an object.
type field[T any] struct {
	name, doc string
	required  bool
	null      bool
	schema    func(*schemas) any
	set       func(*document, *T, *yaml.Node) bool
}

// key makes a field of a shape and the place for its value.
func key[T, V any](name string, s shape[V], in func(*T) *V, doc string) field[T] {
	return field[T]{name: name, doc: doc, null: s.null, schema: s.schema, set: func(d *document, into *T, n *yaml.Node) bool {
		v, ok := s.decode(d, n)
		if ok || s.partial {
			*in(into) = v
		}
		return ok
	}}
}

// must makes the field required.
func (f field[T]) must() field[T] {
	f.required = true
	return f
}

// A rule says which keys of an object go together.
type rule struct {
	kind string // "one", "most one", "some", "excludes", "needs"
	keys []string
	// hint is added when the rule is broken.
	hint string
}

// one asks for exactly one of the keys, mostOne for no more than one, some for at least one; excludes forbids the later
// keys beside the first, needs asks for one of the later beside the first.
func one(keys ...string) rule      { return rule{kind: "one", keys: keys} }
func mostOne(keys ...string) rule  { return rule{kind: "most one", keys: keys} }
func some(keys ...string) rule     { return rule{kind: "some", keys: keys} }
func excludes(keys ...string) rule { return rule{kind: "excludes", keys: keys} }
func needs(keys ...string) rule    { return rule{kind: "needs", keys: keys} }

func (r rule) because(hint string) rule {
	r.hint = hint
	return r
}

func (r rule) schema() js {
	required := func(keys ...string) js { return js{"required": keys} }
	var each []any
	for _, k := range r.keys {
		each = append(each, required(k))
	}
	switch r.kind {
	case "one":
		return js{"oneOf": each}
	case "some":
		return js{"anyOf": each}
	case "most one":
		var pairs []any
		for i, a := range r.keys {
			for _, b := range r.keys[i+1:] {
				pairs = append(pairs, required(a, b))
			}
		}
		return js{"not": js{"anyOf": pairs}}
	case "needs":
		return js{"dependentSchemas": js{r.keys[0]: js{"anyOf": each[1:]}}}
	}
	never := js{}
	for _, k := range r.keys[1:] {
		never[k] = false
	}
	return js{"dependentSchemas": js{r.keys[0]: js{"properties": never}}}
}

// check reports what breaks the rule; keys are those of the object at n, with their places.
func (r rule) check(d *document, n *yaml.Node, what string, keys map[string]*yaml.Node) bool {
	var given []string
	for _, k := range r.keys {
		if keys[k] != nil {
			given = append(given, k)
		}
	}
	second := func() *yaml.Node {
		nodes := make([]*yaml.Node, len(given))
		for i, k := range given {
			nodes[i] = keys[k]
		}
		slices.SortFunc(nodes, func(a, b *yaml.Node) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nodes[1]
	}
	switch {
	case (r.kind == "one" || r.kind == "some") && len(given) == 0:
		d.wrong(n, what+" needs "+orList(r.keys), r.hint)
	case (r.kind == "one" || r.kind == "most one") && len(given) > 1:
		d.wrong(second(), what+" cannot have both "+andList(given), cmpHint(r.hint, "keep one of them"))
	case r.kind == "excludes" && keys[r.keys[0]] != nil && len(given) > 1:
		for _, k := range given[1:] {
			d.wrong(keys[k], fmt.Sprintf("%q cannot stand beside %q", k, r.keys[0]), r.hint)
		}
	case r.kind == "needs" && keys[r.keys[0]] != nil && len(given) == 1:
		d.wrong(keys[r.keys[0]], fmt.Sprintf("%q needs %s beside it", r.keys[0], orList(r.keys[1:])), r.hint)
	default:
		return true
	}
	return false
}

// any reports whether one of the rule's keys is there.
func (r rule) any(keys map[string]*yaml.Node) bool {
	return slices.ContainsFunc(r.keys, func(k string) bool { return keys[k] != nil })
}

func cmpHint(hint, other string) string {
	if hint != "" {
		return hint
	}
	return other
}

// An object is a mapping with known keys.
type object[T any] struct {
	// name is that of its definition in the JSON Schema, what it is called in messages, with its article.
	name, what, doc string
	fields          []field[T]
	rules           []rule
	// initial is the value before any key is read.
	initial T
	// check finds what the JSON Schema cannot. It runs in spite of other errors, so v may lack what the definition meant.
	check func(d *document, n *yaml.Node, v *T) bool
	// free allows keys that begin with "x-", for anchors.
	free bool
}

// shape returns the object as a shape.
func (o object[T]) shape() shape[T] {
	index := make(map[string]int, len(o.fields))
	for i, f := range o.fields {
		index[f.name] = i
	}
	return reads(o.what, o.schema, func(d *document, n *yaml.Node) (T, bool) { return o.decode(d, n, index) }).partly()
}

func (o object[T]) decode(d *document, n *yaml.Node, index map[string]int) (T, bool) {
	v := o.initial
	if n.Kind != yaml.MappingNode {
		d.wrong(n, o.what+" must be a mapping of keys, not "+kindOf(n), "its keys are "+o.keys())
		return v, false
	}
	good := true
	keys := make(map[string]*yaml.Node, len(n.Content)/2)
	unknown := false
	meant := map[string]bool{}
	for k, child := range d.entries(n) {
		i, known := index[k.Value]
		switch {
		case !known && o.free && strings.HasPrefix(k.Value, "x-"):
			continue
		case !known:
			near := o.nearest(k.Value)
			hint := "its keys are " + o.keys()
			if near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			d.wrong(k, fmt.Sprintf("unknown key %q in %s", k.Value, o.what), hint)
			good, unknown = false, true
			meant[near] = true
			continue
		}
		keys[k.Value] = k
		if isNull(child) && !o.fields[i].null {
			d.wrong(k, fmt.Sprintf("%q has no value", k.Value), "give it one, or take the key out")
			good = false
			continue
		}
		if !o.fields[i].set(d, &v, child) {
			good = false
		}
	}
	for _, f := range o.fields {
		// What an unknown key was meant to be is not reported as missing too.
		if f.required && keys[f.name] == nil && !meant[f.name] {
			d.wrong(n, fmt.Sprintf("%s has no %q", o.what, f.name), "add "+f.name+": "+lowerFirst(f.doc))
			good = false
		}
	}
	for _, r := range o.rules {
		if unknown && (r.kind == "one" || r.kind == "some") && !r.any(keys) {
			continue
		}
		good = r.check(d, n, o.what, keys) && good
	}
	if o.check != nil {
		good = o.check(d, n, &v) && good
	}
	return v, good
}

func (o object[T]) schema(b *schemas) any {
	ref := js{"$ref": "#/$defs/" + o.name}
	if _, done := b.defs[o.name]; done {
		return ref
	}
	b.defs[o.name] = nil
	properties := js{}
	var required []string
	for _, f := range o.fields {
		// A description may stand beside $ref and anyOf since JSON Schema 2019-09.
		schema := js{"description": f.doc}
		for k, v := range f.schema(b).(js) {
			schema[k] = v
		}
		properties[f.name] = schema
		if f.required {
			required = append(required, f.name)
		}
	}
	def := js{"type": "object", "description": o.doc, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		def["required"] = required
	}
	if o.free {
		def["patternProperties"] = js{"^x-": true}
	}
	var rules []any
	for _, r := range o.rules {
		rules = append(rules, r.schema())
	}
	if rules != nil {
		def["allOf"] = rules
	}
	b.defs[o.name] = def
	return ref
}

func (o object[T]) keys() string {
	names := make([]string, len(o.fields))
	for i, f := range o.fields {
		names[i] = f.name
	}
	return andList(names)
}

func (o object[T]) nearest(name string) string {
	names := make([]string, len(o.fields))
	for i, f := range o.fields {
		names[i] = f.name
	}
	return nearest(name, names)
}
