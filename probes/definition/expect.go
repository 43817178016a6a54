package definition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// status is a code, a class (2xx) or a span (200-299).
var status = reads("a status code", fixed(js{"anyOf": []any{
	js{"type": "integer", "minimum": 100, "maximum": 599}, js{"type": "string", "pattern": statusPattern},
}}), func(d *document, n *yaml.Node) (probes.StatusRange, bool) {
	const hint = "write a code (200), a class (2xx) or a span (200-299)"
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!str" && n.Tag != "!!float" {
		d.wrong(n, "this must be a status code, not "+kindOf(n), hint)
		return probes.StatusRange{}, false
	}
	if n.Tag != "!!str" {
		code, ok := statusCode.decode(d, n)
		return probes.StatusRange{From: code, To: code}, ok
	}
	if !statusText.MatchString(n.Value) {
		d.wrong(n, fmt.Sprintf("%q is not a status code", n.Value), hint)
		return probes.StatusRange{}, false
	}
	if n.Value[1] == 'x' {
		from := int(n.Value[0]-'0') * 100
		return probes.StatusRange{From: from, To: from + 99}, true
	}
	from, _ := strconv.Atoi(n.Value[:3])
	to := from
	if len(n.Value) > 3 {
		to, _ = strconv.Atoi(strings.TrimSpace(strings.TrimLeft(n.Value[3:], " -")))
	}
	if from > to {
		d.problem(n, fmt.Sprintf("the span %s ends before it begins", n.Value), fmt.Sprintf("write %d-%d", to, from))
		return probes.StatusRange{}, false
	}
	return probes.StatusRange{From: from, To: to}, true
})

const statusPattern = `^([1-5]xx|[1-5][0-9][0-9]( ?- ?[1-5][0-9][0-9])?)$`

var (
	statusCode = integer(100, 599)
	statusText = regexp.MustCompile(statusPattern)
	statuses   = oneOrMany(status)
)

// texts expects texts: one, a list, or the long form with must.
func texts(what string, s shape[string]) shape[[]probes.TextExpect] {
	return oneOrMany(either(as(s, func(v string) probes.TextExpect { return probes.TextExpect{Value: v} }), object[probes.TextExpect]{
		name: what, what: "a " + strings.TrimSuffix(what, "_expectation") + " expectation", doc: "A text to be found, in its long form.",
		fields: []field[probes.TextExpect]{
			key("text", s, func(v *probes.TextExpect) *string { return &v.Value }, "The text, or the expression.").must(),
			key("must", boolean, func(v *probes.TextExpect) *bool { return &v.Must }, "Keeps a failure down, where a text alone that went missing might be a redesign."),
		},
	}.shape()))
}

var patterns = object[probes.Patterns]{
	name: "patterns", what: "maintenance", doc: "What the target's own maintenance page shows; one match is enough.",
	fields: []field[probes.Patterns]{
		key("text", oneOrMany(text), func(p *probes.Patterns) *[]string { return &p.Text }, "Texts on the page."),
		key("title", oneOrMany(text), func(p *probes.Patterns) *[]string { return &p.Title }, "Texts in its title."),
		key("selector", oneOrMany(selector), func(p *probes.Patterns) *[]string { return &p.Selector }, "CSS selectors of elements on it."),
		key("status", statuses, func(p *probes.Patterns) *[]probes.StatusRange { return &p.Status }, "Status codes it comes with."),
	},
	rules: []rule{some("text", "title", "selector", "status")},
}.shape()

// anyJSON is any JSON value, nothing (null) included.
var anyJSON = func() shape[any] {
	s := reads("a value", fixed(js{}), func(d *document, n *yaml.Node) (any, bool) {
		var v any
		if err := n.Decode(&v); err != nil {
			d.problem(n, "this cannot become JSON", strings.TrimPrefix(err.Error(), "yaml: "))
			return nil, false
		}
		return v, true
	})
	s.null = true
	return s
}()

var headerExpect = either(as(text, func(s string) probes.HeaderExpect { return probes.HeaderExpect{Contains: s} }), object[probes.HeaderExpect]{
	name: "header_expectation", what: "a header expectation", doc: "What a response header must be.",
	fields: []field[probes.HeaderExpect]{
		key("contains", text, func(v *probes.HeaderExpect) *string { return &v.Contains }, "A text that the value contains."),
		key("regexp", expression, func(v *probes.HeaderExpect) *string { return &v.Regexp }, "A regular expression that the value matches."),
		key("present", yes, func(*probes.HeaderExpect) *bool { return new(bool) }, "The header is there, whatever its value."),
		key("absent", yes, func(v *probes.HeaderExpect) *bool { return &v.Absent }, "The header is not there."),
	},
	rules: []rule{one("contains", "regexp", "present", "absent")},
}.shape())

var selectorExpect = oneOrMany(either(as(selector, func(s string) probes.SelectorExpect { return probes.SelectorExpect{Selector: s} }), object[probes.SelectorExpect]{
	name: "selector_expectation", what: "a selector expectation", doc: "Elements that the page must have.",
	fields: []field[probes.SelectorExpect]{
		key("selector", selector, func(v *probes.SelectorExpect) *string { return &v.Selector }, "A CSS selector.").must(),
		key("text", text, func(v *probes.SelectorExpect) *string { return &v.Text }, "A text in one of the elements."),
		key("min", integer(1, 1_000_000), func(v *probes.SelectorExpect) *int { return &v.Min }, "The least number of elements."),
		key("max", integer(1, 1_000_000), func(v *probes.SelectorExpect) *int { return &v.Max }, "The greatest number of elements."),
		key("absent", yes, func(v *probes.SelectorExpect) *bool { return &v.Absent }, "There is no such element."),
		key("must", boolean, func(v *probes.SelectorExpect) *bool { return &v.Must }, "Keeps a failure down, where a redesign might explain it."),
	},
	rules: []rule{excludes("absent", "text", "min", "max")},
	check: func(d *document, n *yaml.Node, v *probes.SelectorExpect) bool {
		return ordered(d, n, "min", "max", int64(v.Min), int64(v.Max))
	},
}.shape()))

// ordered reports bounds that exclude each other; 0 is no bound.
func ordered(d *document, n *yaml.Node, lower, upper string, from, to int64) bool {
	if to == 0 || from <= to {
		return true
	}
	at := n
	for k, v := range d.entries(n) {
		if k.Value == upper {
			at = v
		}
	}
	d.problem(at, fmt.Sprintf("%s is less than %s", upper, lower), "nothing could ever match: check both")
	return false
}

// jsonExpect is a mapping of paths to the values they must have, or the long form.
var jsonExpect = func() shape[[]probes.JSONExpect] {
	short := as(mapOf(jsonPath, anyJSON), func(pairs []pair[any]) []probes.JSONExpect {
		var all []probes.JSONExpect
		for _, p := range pairs {
			all = append(all, probes.JSONExpect{Path: p.key, Equals: p.value, HasEquals: true})
		}
		return all
	})
	long := list(object[probes.JSONExpect]{
		name: "json_expectation", what: "a JSON expectation", doc: "A value that a JSON body must have.",
		fields: []field[probes.JSONExpect]{
			key("path", jsonPath, func(v *probes.JSONExpect) *string { return &v.Path }, "A JSONPath (RFC 9535).").must(),
			{name: "equals", doc: "The value, compared as JSON.", null: true, schema: anyJSON.schema, set: func(d *document, v *probes.JSONExpect, n *yaml.Node) (ok bool) {
				v.Equals, ok = anyJSON.decode(d, n)
				v.HasEquals = ok
				return ok
			}},
			key("regexp", expression, func(v *probes.JSONExpect) *string { return &v.Regexp }, "A regular expression that its text matches."),
			key("absent", yes, func(v *probes.JSONExpect) *bool { return &v.Absent }, "The path leads nowhere."),
		},
		rules: []rule{mostOne("equals", "regexp", "absent")},
	}.shape(), 1)
	return reads("a mapping of paths to values", func(b *schemas) any {
		return js{"anyOf": []any{short.schema(b), long.schema(b)}}
	}, func(d *document, n *yaml.Node) ([]probes.JSONExpect, bool) {
		if n.Kind == yaml.SequenceNode {
			return long.decode(d, n)
		}
		return short.decode(d, n)
	})
}()

var redirects = integer(0, 20)

var tlsVersions = enum("1.0", "1.1", "1.2", "1.3")

var expect = object[probes.Expect]{
	name: "expect", what: "expect", doc: "What the answer must show; all of it must hold.",
	fields: []field[probes.Expect]{
		key("status", statuses, func(e *probes.Expect) *[]probes.StatusRange { return &e.Status }, "Accepted status codes: 200, 2xx, 200-299 or a list; 2xx where nothing is given."),
		key("headers", as(mapOf(headerName, headerExpect), func(pairs []pair[probes.HeaderExpect]) []probes.HeaderExpect {
			var all []probes.HeaderExpect
			for _, p := range pairs {
				p.value.Name = p.key
				all = append(all, p.value)
			}
			return all
		}), func(e *probes.Expect) *[]probes.HeaderExpect { return &e.Headers }, "Response headers and what they contain."),
		key("title", texts("title_expectation", text), func(e *probes.Expect) *[]probes.TextExpect { return &e.Title }, "Texts in the page's title."),
		key("text", texts("text_expectation", text), func(e *probes.Expect) *[]probes.TextExpect { return &e.Text }, "Texts on the page, all of them."),
		key("no_text", texts("text_expectation", text), func(e *probes.Expect) *[]probes.TextExpect { return &e.NoText }, "Texts of which none is on the page."),
		key("regexp", texts("regexp_expectation", expression), func(e *probes.Expect) *[]probes.TextExpect { return &e.Regexp }, "Regular expressions that the visible text matches."),
		key("no_regexp", texts("regexp_expectation", expression), func(e *probes.Expect) *[]probes.TextExpect { return &e.NoRegexp }, "Regular expressions of which none matches."),
		key("selector", selectorExpect, func(e *probes.Expect) *[]probes.SelectorExpect { return &e.Selector }, "CSS selectors of elements that are there."),
		key("json", jsonExpect, func(e *probes.Expect) *[]probes.JSONExpect { return &e.JSON }, "JSONPaths and the values they lead to."),
		key("min_body", size, func(e *probes.Expect) *int64 { return &e.MinBody }, "The least size of the decoded body."),
		key("max_body", size, func(e *probes.Expect) *int64 { return &e.MaxBody }, "The greatest size of the decoded body."),
		key("min_tls", tlsVersions, func(e *probes.Expect) *string { return &e.MinTLS }, "The lowest acceptable TLS version."),
		key("cert_days", integer(1, 3650), func(e *probes.Expect) *int { return &e.CertDays }, "Days for which the certificate must still be valid."),
		key("final_host", oneOrMany(host), func(e *probes.Expect) *[]string { return &e.FinalHost }, "Hosts at which redirects may end."),
		key("final_path", oneOrMany(urlPath), func(e *probes.Expect) *[]string { return &e.FinalPath }, "Paths at which redirects may end; a trailing slash makes no difference."),
		{name: "redirects", doc: "The exact number of redirects.", schema: redirects.schema, set: func(d *document, e *probes.Expect, n *yaml.Node) bool {
			count, ok := redirects.decode(d, n)
			e.Redirects = &count
			return ok
		}},
		key("link_hosts", oneOrMany(host), func(e *probes.Expect) *[]string { return &e.LinkHosts }, "Hosts to which the page's links may lead."),
	},
	check: func(d *document, n *yaml.Node, e *probes.Expect) bool {
		return ordered(d, n, "min_body", "max_body", e.MinBody, e.MaxBody)
	},
}.shape()

var urlPath = checked(text, func(s string) (string, string) {
	if !strings.HasPrefix(s, "/") {
		return fmt.Sprintf("%q is not a path", s), "it begins with /"
	}
	return "", ""
})
