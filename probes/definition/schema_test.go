package definition_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"mynaprobe/probes/definition"
)

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(definition.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("definitions.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is the document as an editor's schema check sees it.
func asJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = asJSON(v[k])
		}
	case map[any]any:
		named := map[string]any{}
		for k, child := range v {
			named[fmt.Sprint(k)] = asJSON(child)
		}
		return named
	case []any:
		for i := range v {
			v[i] = asJSON(v[i])
		}
	case time.Time:
		return v.Format(time.RFC3339)
	case int:
		return json.Number(fmt.Sprint(v))
	}
	return v
}

// The schema refuses exactly those files in which the decoder finds an error that a schema can express.
func TestSchemaAgreesWithDecoder(t *testing.T) {
	s := schema(t)
	good, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	bundled, err := filepath.Glob("../bundled/*.yaml")
	if err != nil || len(bundled) == 0 {
		t.Fatal(bundled, err)
	}
	files := append(append(good, bundled...), "../bundled/example/example.yaml")
	for _, name := range bad(t) {
		files = append(files, name+".yaml")
	}
	checked := 0
	for _, name := range files {
		data := read(t, name)
		var doc any
		if !utf8.Valid(data) || yaml.Unmarshal(data, &doc) != nil {
			continue // not text, not YAML, or keys that stand twice: no schema sees it
		}
		checked++
		structural := definition.Structural(name, data)
		err := s.Validate(asJSON(doc))
		if (err != nil) != (len(structural) > 0) {
			t.Errorf("%s: the decoder says %v, the schema %v", name, structural, err)
		}
	}
	if checked < 60 {
		t.Errorf("only %d files were compared", checked)
	}
}

// junk is put in the place of every value of a good definition.
const junk = `[~, "", x, 1, 2, -1, 1.5, true, false, 1m, 5MB, "4", "200-299", [], {}, [x], [~], [1, x], {x: y}, {env: A}, {text: x}, {selector: x}, {selector: x, text: y, absent: true}]`

// The same holds of every good definition in which one value was replaced by junk, one key taken out, or one added.
func TestSchemaAgreesOnMutations(t *testing.T) {
	s := schema(t)
	var whole, replacements yaml.Node
	if err := yaml.Unmarshal([]byte(junk), &replacements); err != nil {
		t.Fatal(err)
	}
	count, refused, turn := 0, 0, 0
	compare := func(root *yaml.Node, what string) {
		text, err := yaml.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if yaml.Unmarshal(text, &doc) != nil {
			return
		}
		count++
		structural := definition.Structural("mutated.yaml", text)
		err = s.Validate(asJSON(doc))
		if err != nil {
			refused++
		}
		if (err != nil) != (len(structural) > 0) {
			t.Errorf("%s: the decoder says %v, the schema %v", what, structural, err)
		}
	}
	var mutate func(root, n *yaml.Node)
	mutate = func(root, n *yaml.Node) {
		for i := range n.Content {
			child := n.Content[i]
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				content := n.Content
				n.Content = append(append([]*yaml.Node{}, content[:i]...), content[i+2:]...)
				compare(root, "without "+child.Value)
				n.Content = content
				n.Content = append(append([]*yaml.Node{}, content...), &yaml.Node{Kind: yaml.ScalarNode, Value: "surplus"}, content[i+1])
				compare(root, "surplus key beside "+child.Value)
				n.Content = content
				continue
			}
			// Each value meets a third of the junk, the next one another third.
			turn++
			for k, r := range replacements.Content[0].Content {
				if (k+turn)%3 != 0 {
					continue
				}
				n.Content[i] = r
				compare(root, fmt.Sprintf("line %d: %q in the place of %q", child.Line, r.Value, child.Value))
			}
			n.Content[i] = child
			mutate(root, child)
		}
	}
	if err := yaml.Unmarshal(bytes.ReplaceAll(bytes.ReplaceAll(read(t, "testdata/good/every-key.yaml"),
		[]byte("<<: *pages"), nil), []byte("<<: *expected"), nil), &whole); err != nil {
		t.Fatal(err)
	}
	// One top-level entry at a time, and of lists one element at a time, so that each mutation is cheap.
	top := whole.Content[0].Content
	for i := 0; i < len(top); i += 2 {
		entries := []*yaml.Node{top[i+1]}
		if top[i+1].Kind == yaml.SequenceNode {
			entries = nil
			for _, child := range top[i+1].Content {
				entries = append(entries, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{child}})
			}
		}
		for _, entry := range entries {
			root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{top[i], entry}}
			compare(root, top[i].Value)
			mutate(root, root)
		}
	}
	if count < 3000 || refused < count/10 || refused > count*9/10 {
		t.Errorf("%d mutations, of which %d were refused", count, refused)
	}
	t.Logf("%d mutations, of which %d were refused", count, refused)
}
