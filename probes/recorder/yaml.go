package recorder

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// Definition returns the text of a definition file with the recording as its only probe. What was left out stands above
// it as comments.
func (r Recording) Definition(name string) ([]byte, error) {
	var steps []any
	for _, s := range r.Browser.Steps {
		steps = append(steps, stepNode(s))
	}
	browser := &yaml.Node{Kind: yaml.MappingNode}
	if r.Browser.Device != "" {
		browser.Content = append(browser.Content, mapping("device", r.Browser.Device).Content...)
	}
	if r.Browser.Width > 0 && r.Browser.Height > 0 {
		browser.Content = append(browser.Content, mapping("viewport", fmt.Sprintf("%dx%d", r.Browser.Width, r.Browser.Height)).Content...)
	}
	browser.Content = append(browser.Content, mapping("steps", steps).Content...)
	title := r.Title
	if title == "" {
		title = name
	}
	document := mapping("flow", mapping("name", name, "title", title), "probes", []any{
		mapping("name", name, "stage", name, "every", "5m", "timeout", "60s", "browser", browser),
	})
	for _, note := range r.Notes {
		document.HeadComment += "# " + strings.ReplaceAll(note, "\n", " ") + "\n"
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

func stepNode(s probes.Step) *yaml.Node {
	var what any
	switch s.Action {
	case probes.ActionOpen, probes.ActionEvaluate:
		what = s.Value.Text
	case probes.ActionPress:
		what = s.Value.Text
	case probes.ActionFill:
		node := targetNode(s.Target)
		var value any = s.Value.Text
		if s.Value.Env != "" {
			value = mapping("env", s.Value.Env)
		}
		node.Content = append(node.Content, mapping("value", value).Content...)
		what = node
	case probes.ActionTab:
		what = "opened"
	case probes.ActionFrame:
		what = "page"
		if s.Target != (probes.Target{}) {
			what = targetNode(s.Target)
		}
	case probes.ActionScroll:
		what = s.Value.Text
		if s.Target != (probes.Target{}) {
			what = targetNode(s.Target)
		}
	case probes.ActionWait:
		what = waitNode(s.Wait)
	default:
		what = targetNode(s.Target)
	}
	node := mapping(string(s.Action), what)
	if s.Timeout > 0 {
		node.Content = append(node.Content, mapping("timeout", s.Timeout.String()).Content...)
	}
	return node
}

func waitNode(w probes.Wait) *yaml.Node {
	switch {
	case w.Visible != nil:
		return mapping("visible", targetNode(*w.Visible))
	case w.Hidden != nil:
		return mapping("hidden", targetNode(*w.Hidden))
	case w.Count != nil:
		count := mapping("selector", w.Count.Selector)
		if w.Count.Min > 0 || w.Count.Max == 0 {
			count.Content = append(count.Content, mapping("min", w.Count.Min).Content...)
		}
		if w.Count.Max > 0 {
			count.Content = append(count.Content, mapping("max", w.Count.Max).Content...)
		}
		return mapping("count", count)
	}
	return mapping("url", w.URL)
}

func targetNode(t probes.Target) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	for _, f := range []struct{ name, value string }{{"selector", t.Selector}, {"text", t.Text}, {"role", t.Role}, {"name", t.Name}, {"label", t.Label}} {
		if f.value != "" {
			node.Content = append(node.Content, mapping(f.name, f.value).Content...)
		}
	}
	if t.Nth > 0 {
		node.Content = append(node.Content, mapping("nth", t.Nth).Content...)
	}
	return node
}

// mapping makes a node of keys and values in their order.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		key, value := &yaml.Node{}, &yaml.Node{}
		_ = key.Encode(pairs[i])
		switch v := pairs[i+1].(type) {
		case *yaml.Node:
			value = v
		case []any:
			value.Kind = yaml.SequenceNode
			for _, item := range v {
				value.Content = append(value.Content, item.(*yaml.Node))
			}
		default:
			_ = value.Encode(v)
		}
		node.Content = append(node.Content, key, value)
	}
	return node
}

func asAny(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
