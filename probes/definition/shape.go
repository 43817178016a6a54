package definition

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A shape is what a value may look like: how it is read, and how the JSON Schema describes it. Both come from the one
// place that makes the shape, so that they cannot drift apart.
type shape[T any] struct {
	// want is what the shape is called in messages, with its article.
	want   string
	schema func(*schemas) any
	// decode reads the node; false after it has reported an error.
	decode func(*document, *yaml.Node) (T, bool)
	// partial: what a decode with errors could read is worth keeping, so that one error does not hide others.
	partial bool
	// null: nothing is a value too.
	null bool
}

// schemas collects the definitions of named objects.
type schemas struct{ defs map[string]any }

// js is a piece of JSON Schema.
type js = map[string]any

// reads makes a shape.
func reads[T any](want string, schema func(*schemas) any, decode func(*document, *yaml.Node) (T, bool)) shape[T] {
	return shape[T]{want: want, schema: schema, decode: decode}
}

// partly keeps what could be read of a value with errors.
func (s shape[T]) partly() shape[T] {
	s.partial = true
	return s
}

func fixed(schema js) func(*schemas) any { return func(*schemas) any { return schema } }

// located is a value with the node it came from, for what can only be checked later.
type located[T any] struct {
	value T
	node  *yaml.Node
}

func (l located[T]) given() bool { return l.node != nil }

// or returns the value, or other when none was given.
func (l located[T]) or(other T) T {
	if l.given() {
		return l.value
	}
	return other
}

// at keeps the node with the value.
func at[T any](s shape[T]) shape[located[T]] {
	return shape[located[T]]{want: s.want, schema: s.schema, partial: s.partial, null: s.null, decode: func(d *document, n *yaml.Node) (located[T], bool) {
		v, ok := s.decode(d, n)
		return located[T]{v, n}, ok
	}}
}

// checked adds a check that the JSON Schema cannot express; it returns what is wrong and what would be right.
func checked[T any](s shape[T], check func(T) (message, suggestion string)) shape[T] {
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) (T, bool) {
		v, ok := decode(d, n)
		if ok {
			if message, suggestion := check(v); message != "" {
				d.problem(n, message, suggestion)
				return v, false
			}
		}
		return v, ok
	}
	return s
}

// as turns the values of a shape into others.
func as[T, V any](s shape[T], turn func(T) V) shape[V] {
	return shape[V]{want: s.want, schema: s.schema, partial: s.partial, null: s.null, decode: func(d *document, n *yaml.Node) (V, bool) {
		v, ok := s.decode(d, n)
		return turn(v), ok
	}}
}

// list is a sequence of values, none of them empty.
func list[T any](s shape[T], least int) shape[[]T] {
	return reads("a list", func(b *schemas) any {
		schema := js{"type": "array", "items": s.schema(b)}
		if least > 0 {
			schema["minItems"] = least
		}
		return schema
	}, func(d *document, n *yaml.Node) ([]T, bool) {
		if n.Kind != yaml.SequenceNode {
			d.wrong(n, "this must be a list, not "+kindOf(n), "put \"- \" before each entry, or write [a, b]")
			return nil, false
		}
		if len(n.Content) < least {
			d.wrong(n, "the list is empty", "give it an entry, or take the key out")
			return nil, false
		}
		values := make([]T, 0, len(n.Content))
		good := true
		for _, child := range n.Content {
			if isNull(child) {
				d.wrong(child, "an empty entry in a list", "give it a value, or take the dash out")
				good = false
				continue
			}
			v, ok := s.decode(d, child)
			good = good && ok
			if ok || s.partial {
				values = append(values, v)
			}
		}
		return values, good
	}).partly()
}

// oneOrMany is a single value or a list of them.
func oneOrMany[T any](s shape[T]) shape[[]T] {
	many := list(s, 1)
	return reads(s.want, func(b *schemas) any {
		return js{"anyOf": []any{s.schema(b), many.schema(b)}}
	}, func(d *document, n *yaml.Node) ([]T, bool) {
		if n.Kind == yaml.SequenceNode {
			return many.decode(d, n)
		}
		v, ok := s.decode(d, n)
		if !ok && !s.partial {
			return nil, false
		}
		return []T{v}, ok
	}).partly()
}

// either is a short form on one line or the long form of a mapping.
func either[T any](short, long shape[T]) shape[T] {
	return shape[T]{want: short.want, partial: long.partial, schema: func(b *schemas) any {
		return js{"anyOf": []any{short.schema(b), long.schema(b)}}
	}, decode: func(d *document, n *yaml.Node) (T, bool) {
		if n.Kind == yaml.MappingNode {
			return long.decode(d, n)
		}
		return short.decode(d, n)
	}}
}

// pair is an entry of a mapping whose keys the definition chooses.
type pair[V any] struct {
	key   string
	node  *yaml.Node
	value V
}

// mapOf is a mapping with free keys.
func mapOf[V any](key shape[string], value shape[V]) shape[[]pair[V]] {
	return reads("a mapping", func(b *schemas) any {
		names := key.schema(b)
		return js{"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": value.schema(b)}
	}, func(d *document, n *yaml.Node) ([]pair[V], bool) {
		if n.Kind != yaml.MappingNode {
			d.wrong(n, "this must be a mapping, not "+kindOf(n), "write each entry as \"name: value\" on a line of its own")
			return nil, false
		}
		if len(n.Content) == 0 {
			d.wrong(n, "the mapping is empty", "give it an entry, or take the key out")
			return nil, false
		}
		var pairs []pair[V]
		good := true
		for name, child := range d.entries(n) {
			k, named := key.decode(d, name)
			good = good && named
			if isNull(child) && !value.null {
				d.wrong(name, fmt.Sprintf("%q has no value", name.Value), "give it one, or take it out (\"\" is an empty text)")
				good = false
				continue
			}
			v, ok := value.decode(d, child)
			good = good && ok
			if named && (ok || value.partial) {
				pairs = append(pairs, pair[V]{k, name, v})
			}
		}
		return pairs, good
	}).partly()
}

// entries yields the keys and values of a mapping: its own, and those that a merge key (<<) brings and that it does not
// have itself. Keys that stand twice are reported and yielded once.
func (d *document) entries(n *yaml.Node) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		d.eachEntry(n, map[string]*yaml.Node{}, yield, 0)
	}
}

func (d *document) eachEntry(n *yaml.Node, seen map[string]*yaml.Node, yield func(k, v *yaml.Node) bool, merged int) bool {
	type merge struct{ key, value *yaml.Node }
	var merges []merge
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			d.wrong(k, "a key must be a text, not "+kindOf(k), "")
			continue
		}
		if k.Tag == "!!merge" || k.Value == "<<" && k.Style == 0 {
			merges = append(merges, merge{k, v})
			continue
		}
		if first, ok := seen[k.Value]; ok {
			if merged == 0 {
				d.problem(k, fmt.Sprintf("%q stands twice in the same mapping; the first is on line %d", k.Value, first.Line), "take one of them out")
			}
			continue
		}
		seen[k.Value] = k
		if !yield(k, v) {
			return false
		}
	}
	for _, m := range merges {
		sources := []*yaml.Node{m.value}
		if m.value.Kind == yaml.SequenceNode {
			sources = m.value.Content
		}
		for _, s := range sources {
			if s.Kind != yaml.MappingNode || merged > 50 {
				d.problem(m.key, "a merge key (<<) needs a mapping", "write <<: *name, where &name stands before a mapping")
				break
			}
			if !d.eachEntry(s, seen, yield, merged+1) {
				return false
			}
		}
	}
	return true
}

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

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "a text"
}
