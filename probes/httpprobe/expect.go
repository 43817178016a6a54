package httpprobe

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/ohler55/ojg/jp"

	"mynaprobe/probes"
)

// An expect is a compiled probes.Expect.
type expect struct {
	*probes.Expect
	status              []probes.StatusRange
	headers             []*regexp.Regexp
	title, text, noText []folded
	regexps, noRegexps  []compiled
	selectors           []selector
	json                []jsonPath
	// onPage: something is expected of the page itself.
	onPage bool
}

type folded struct {
	text string
	must bool
}

type compiled struct {
	*regexp.Regexp
	must bool
}

type selector struct {
	probes.SelectorExpect
	match cascadia.Selector
	text  string
}

type jsonPath struct {
	probes.JSONExpect
	path   jp.Expr
	regexp *regexp.Regexp
	equals string
}

// success is what is expected where a definition names no status.
var success = []probes.StatusRange{{From: 200, To: 299}}

func prepareExpect(e *probes.Expect) (expect, error) {
	x := expect{Expect: e, status: e.Status}
	if len(e.Status) == 0 {
		x.status = success
	}
	for _, h := range e.Headers {
		if h.Name == "" {
			return x, errors.New("an expected header has no name")
		}
		var r *regexp.Regexp
		if h.Regexp != "" {
			var err error
			if r, err = regexp.Compile(h.Regexp); err != nil {
				return x, fmt.Errorf("header %s: %w", h.Name, err)
			}
		}
		x.headers = append(x.headers, r)
	}
	var err error
	if x.title, err = foldAll("title", e.Title); err != nil {
		return x, err
	}
	if x.text, err = foldAll("text", e.Text); err != nil {
		return x, err
	}
	if x.noText, err = foldAll("unwanted text", e.NoText); err != nil {
		return x, err
	}
	if x.regexps, err = compileAll(e.Regexp); err != nil {
		return x, err
	}
	if x.noRegexps, err = compileAll(e.NoRegexp); err != nil {
		return x, err
	}
	for _, s := range e.Selector {
		match, err := cascadia.Compile(s.Selector)
		if err != nil {
			return x, fmt.Errorf("the CSS selector %q: %w", s.Selector, err)
		}
		x.selectors = append(x.selectors, selector{s, match, probes.Fold(s.Text)})
	}
	for _, j := range e.JSON {
		path, err := jp.ParseString(j.Path)
		if err != nil {
			return x, fmt.Errorf("the JSON path %q: %w", j.Path, err)
		}
		prepared := jsonPath{JSONExpect: j, path: path}
		if j.Regexp != "" {
			if prepared.regexp, err = regexp.Compile(j.Regexp); err != nil {
				return x, fmt.Errorf("JSON path %q: %w", j.Path, err)
			}
		}
		if j.HasEquals {
			equals, err := json.Marshal(j.Equals)
			if err != nil {
				return x, fmt.Errorf("JSON path %q: the expected value: %w", j.Path, err)
			}
			prepared.equals = string(equals)
		}
		x.json = append(x.json, prepared)
	}
	if e.MinTLS != "" && tlsVersions[e.MinTLS] == 0 {
		return x, fmt.Errorf("there is no TLS version %q: want 1.0, 1.1, 1.2 or 1.3", e.MinTLS)
	}
	x.onPage = len(x.title)+len(x.text)+len(x.noText)+len(x.regexps)+len(x.noRegexps)+len(x.selectors)+len(x.json)+len(x.LinkHosts) > 0
	return x, nil
}

func foldAll(what string, texts []probes.TextExpect) ([]folded, error) {
	var all []folded
	for _, t := range texts {
		text := probes.Fold(t.Value)
		if text == "" {
			return nil, fmt.Errorf("an expected %s is empty", what)
		}
		all = append(all, folded{text, t.Must})
	}
	return all, nil
}

func compileAll(expressions []probes.TextExpect) ([]compiled, error) {
	var all []compiled
	for _, e := range expressions {
		r, err := regexp.Compile(e.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, compiled{r, e.Must})
	}
	return all, nil
}

// patterns are compiled probes.Patterns.
type patterns struct {
	probes.Patterns
	text, title []string
	selectors   []cascadia.Selector
	// onPage: some pattern is of the page itself.
	onPage bool
}

func preparePatterns(p probes.Patterns) (patterns, error) {
	x := patterns{Patterns: p, onPage: len(p.Text)+len(p.Title)+len(p.Selector) > 0}
	for _, t := range p.Text {
		if t = probes.Fold(t); t == "" {
			return x, errors.New("a text is empty")
		}
		x.text = append(x.text, t)
	}
	for _, t := range p.Title {
		if t = probes.Fold(t); t == "" {
			return x, errors.New("a title is empty")
		}
		x.title = append(x.title, t)
	}
	for _, s := range p.Selector {
		match, err := cascadia.Compile(s)
		if err != nil {
			return x, fmt.Errorf("the CSS selector %q: %w", s, err)
		}
		x.selectors = append(x.selectors, match)
	}
	return x, nil
}

// match returns what of the answer matched; empty when nothing did.
func (x *patterns) match(status int, p *page) string {
	for _, s := range x.Status {
		if s.Contains(status) {
			return fmt.Sprintf("status %d", status)
		}
	}
	for i, t := range x.title {
		if strings.Contains(p.pageTitle(), t) {
			return fmt.Sprintf("title %q", x.Title[i])
		}
	}
	for i, t := range x.text {
		if strings.Contains(p.visible(), t) {
			return fmt.Sprintf("text %q", x.Text[i])
		}
	}
	for i, s := range x.selectors {
		if doc, err := p.document(); err == nil && p.isHTML() && doc.FindMatcher(s).Length() > 0 {
			return fmt.Sprintf("element %q", x.Selector[i])
		}
	}
	return ""
}

// An extract is a compiled probes.Extract.
type extract struct {
	probes.Extract
	selector cascadia.Selector
	path     jp.Expr
	regexp   *regexp.Regexp
}

func prepareExtract(e probes.Extract) (extract, error) {
	x := extract{Extract: e}
	var err error
	switch {
	case e.Name == "" || strings.ContainsAny(e.Name, "${}"):
		err = errors.New("the name must not be empty or hold $, { or }")
	case e.Selector != "":
		x.selector, err = cascadia.Compile(e.Selector)
	case e.JSON != "":
		x.path, err = jp.ParseString(e.JSON)
	case e.Regexp != "":
		x.regexp, err = regexp.Compile(e.Regexp)
	case e.Header == "":
		err = errors.New("it has no source: want selector, json, regexp or header")
	}
	return x, err
}

// from takes the value out of an answer.
func (x *extract) from(a *answer) (string, error) {
	switch {
	case x.selector != nil:
		doc, err := a.page.document()
		if err != nil {
			return "", err
		}
		found := doc.FindMatcher(x.selector).First()
		if found.Length() == 0 {
			return "", fmt.Errorf("no element %q to take ${%s} from", x.Selector, x.Name)
		}
		if x.Attr == "" {
			return probes.Fold(found.Text()), nil
		}
		value, ok := found.Attr(x.Attr)
		if !ok {
			return "", fmt.Errorf("the element %q has no attribute %q to take ${%s} from", x.Selector, x.Attr, x.Name)
		}
		return value, nil
	case x.path != nil:
		value, err := a.page.value()
		if err != nil {
			return "", fmt.Errorf("cannot take ${%s} from JSON path %q: %w", x.Name, x.JSON, err)
		}
		found := x.path.Get(value)
		if len(found) == 0 {
			return "", fmt.Errorf("no value at JSON path %q to take ${%s} from", x.JSON, x.Name)
		}
		return jsonText(found[0]), nil
	case x.regexp != nil:
		match := x.regexp.FindSubmatch(a.page.content())
		switch len(match) {
		case 0:
			return "", fmt.Errorf("nothing matches %q to take ${%s} from", x.regexp, x.Name)
		case 1:
			return string(match[0]), nil
		}
		return string(match[1]), nil
	}
	value := a.header.Get(x.Header)
	if value == "" {
		return "", fmt.Errorf("no header %q to take ${%s} from", x.Header, x.Name)
	}
	return value, nil
}

// jsonText is a JSON value as text: a string as it is, anything else as JSON.
func jsonText(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return canonical(value)
}
