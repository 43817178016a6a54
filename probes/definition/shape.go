package definition

import (
	"fmt"

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
