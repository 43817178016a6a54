package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// maxFile bounds a definition file, in bytes. 10,000 probes take about 2 MiB.
	maxFile = 16 << 20
	// maxExpanded bounds the nodes that aliases may add to a file.
	maxExpanded = 200_000
)

// A document is one definition file while it is read.
type document struct {
	file string
	// dir is what relative paths in the file are relative to.
	dir    string
	text   []byte
	errs   Errors
	hidden map[int][]span
}

// open parses the text of a file and returns its root, or nil after a syntax error.
func (d *document) open() *yaml.Node {
	if !d.readable() {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	var root yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		d.nothing()
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		d.place(second.Line, second.Column, false, "a second document begins here",
			"put it into a file of its own, or take the \"---\" out and put both under the same keys")
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return nil
	}
	top := root.Content[0]
	if isNull(top) {
		d.nothing()
		return nil
	}
	if exoticBreaks(d.text) {
		d.relocate(top, d.lineStarts(), map[*yaml.Node]bool{})
	}
	if !d.unalias(top) {
		return nil
	}
	return top
}

func (d *document) nothing() {
	d.place(1, 1, true, "the file holds no definition", "start with \"probes:\", or take `probe schema` or the example as a guide")
}

// exoticBreaks reports whether something ends a line for YAML 1.1 and not for an editor: a carriage return alone, or one
// of Unicode's own line ends.
func exoticBreaks(text []byte) bool {
	for _, lineEnd := range []string{"\u0085", "\u2028", "\u2029"} {
		if bytes.Contains(text, []byte(lineEnd)) {
			return true
		}
	}
	return bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n"))
}

// lineStarts returns the offsets at which lines begin as the YAML library counts them.
func (d *document) lineStarts() []int {
	starts := []int{0}
	for i, r := range string(d.text) {
		switch {
		case r == '\r' && (i+1 == len(d.text) || d.text[i+1] != '\n'), r == '\n', r == 0x85, r == 0x2028, r == 0x2029:
			starts = append(starts, i+utf8.RuneLen(r))
		}
	}
	return starts
}

// relocate turns the places of all nodes into those that an editor shows.
func (d *document) relocate(n *yaml.Node, starts []int, done map[*yaml.Node]bool) {
	if done[n] {
		return
	}
	done[n] = true
	if n.Line >= 1 && n.Line <= len(starts) {
		at := starts[n.Line-1]
		for range n.Column - 1 {
			_, size := utf8.DecodeRune(d.text[at:])
			at += size
		}
		n.Line, n.Column = d.lineColumn(at)
	}
	for _, child := range n.Content {
		d.relocate(child, starts, done)
	}
}

// lineColumn returns the place of a byte of the text, both counted from 1, the column in characters.
func (d *document) lineColumn(i int) (line, column int) {
	start := bytes.LastIndexByte(d.text[:i], '\n') + 1
	return 1 + bytes.Count(d.text[:i], []byte("\n")), 1 + utf8.RuneCount(d.text[start:i])
}

// readable finds what no YAML file may hold.
func (d *document) readable() bool {
	if len(d.text) > maxFile {
		d.errs = append(d.errs, Error{File: d.file, Message: fmt.Sprintf("the file is larger than %d MiB", maxFile>>20), Suggestion: "split it"})
		return false
	}
	for _, bom := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(d.text, []byte(bom)) {
			d.place(1, 1, false, "the file is UTF-16", "save it as UTF-8")
			return false
		}
	}
	d.text = bytes.TrimPrefix(d.text, []byte("\ufeff"))
	ok := true
	if i := bytes.IndexByte(d.text, 0); i >= 0 {
		d.offset(i, "a NUL byte", "definitions are plain UTF-8 text")
		ok = false
	}
	if !utf8.Valid(d.text) {
		i := 0
		for i < len(d.text) {
			r, size := utf8.DecodeRune(d.text[i:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			i += size
		}
		d.offset(i, "the file is not UTF-8 from here on", "save it as UTF-8 (iconv -f SHIFT_JIS -t UTF-8 turns Shift_JIS into it)")
		ok = false
	}
	return ok
}

// offset adds an error at a byte of the text.
func (d *document) offset(i int, message, suggestion string) {
	line, column := d.lineColumn(i)
	d.place(line, column, false, message, suggestion)
}

var yamlProblem = regexp.MustCompile(`^(?:go-)?yaml: (?:line (\d+): )?(?s)(.*)$`)

// syntax adds the error of the YAML library. Its line is often that of the enclosing block, and it knows no column; the
// place is therefore where the text stops being the beginning of a good file: just after its longest prefix that parses.
func (d *document) syntax(err error) {
	problem := err.Error()
	if m := yamlProblem.FindStringSubmatch(problem); m != nil {
		problem = m[2]
	}
	at := min(d.longestPrefix(), len(d.text))
	if strings.Contains(problem, "could not find expected ':'") {
		start := bytes.LastIndexByte(d.text[:at], '\n') + 1
		at = start + len(d.text[start:]) - len(bytes.TrimLeft(d.text[start:], " "))
	}
	message, suggestion := explain(problem, d.text[:at], d.text[at:])
	d.offset(at, message, suggestion)
}

// explain says in words what the YAML library found between the text before and the text after the offence.
func explain(problem string, before, after []byte) (message, suggestion string) {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	inside := len(bytes.TrimLeft(line, " -")) > 0
	has := func(part string) bool { return strings.Contains(problem, part) }
	switch {
	case bytes.HasPrefix(after, []byte("\t")) && !inside:
		return "a tab cannot indent YAML", "use spaces"
	case has("mapping values are not allowed"):
		return "a colon cannot stand here", "put the text in quotes, or check the indentation of this line and the one above"
	case has("unknown anchor"):
		return problem, "an alias (*name) needs an anchor (&name) earlier in the same file"
	case has("cannot start any token"):
		r, _ := utf8.DecodeRune(after)
		return fmt.Sprintf("a text cannot begin with %q", string(r)), "put the text in quotes"
	case has("unexpected end of stream"), has("unexpected document indicator"):
		return "a quote that begins here is never closed", "close it with the same quote"
	case has("unknown escape character"):
		return "a backslash in double quotes begins an escape, and this is none", "use single quotes, in which a backslash is a backslash"
	case has("could not find expected ':'"):
		return "a key without its colon", "write it as key: value, with a space after the colon"
	case has("block sequence entries are not allowed"):
		return "a list cannot begin on the line of its key", "put the dash on a line of its own, or write [a, b]"
	case has("control characters"):
		return "a control character", "take it out"
	case has("incompatible YAML document"):
		return "this version of YAML is not known here", "take the line out"
	case bytes.HasPrefix(after, []byte("[")), bytes.HasPrefix(after, []byte("{")):
		return "the bracket that opens here is not closed as it should be", bracketHint
	case has("expected ',' or"):
		return "a list or mapping in brackets is not right from here on", bracketHint
	case has("did not find expected") && inside:
		return "the value had already ended before this", "put the whole value into one pair of quotes, or check the brackets"
	case has("did not find expected"):
		return "this line does not fit the ones above", "check its indentation: keys of one mapping, and dashes of one list, stand in the same column"
	}
	return "this is not YAML: " + problem, "the text before this place is YAML, so the fault is here or just after"
}

const bracketHint = "separate its entries by commas, close the bracket, and put texts with commas, brackets or \": \" in quotes"

// longestPrefix returns the length in bytes of the longest beginning of the text that is YAML by itself: first by lines,
// then by characters of the line that breaks it. White space before the offence belongs to the prefix.
func (d *document) longestPrefix() int {
	// The search is bounded, for a file may be large or hostile; past the bound the place is where the scanner gave up.
	budget, tries := 8<<20, 120
	parses := func(text []byte) bool {
		budget, tries = budget-len(text), tries-1
		var node yaml.Node
		return budget < 0 || tries < 0 || yaml.Unmarshal(text, &node) == nil
	}
	// The scanner reads little more than it needs, so the offence lies before what it has consumed.
	counter := &countingReader{text: d.text}
	decoder := yaml.NewDecoder(counter)
	for {
		var node yaml.Node
		if decoder.Decode(&node) != nil {
			break
		}
	}
	end := counter.read
	if i := bytes.IndexByte(d.text[end:], '\n'); i >= 0 {
		end += i
	} else {
		end = len(d.text)
	}
	start := bytes.LastIndexByte(d.text[:end], '\n') + 1
	gaveUp := start
	for start > 0 && !parses(d.text[:start]) {
		end = start - 1
		start = bytes.LastIndexByte(d.text[:end], '\n') + 1
	}
	for n := end; n > start; n-- {
		if boundary(d.text, n) && parses(d.text[:n]) {
			start = n
			break
		}
	}
	for start < end && d.text[start] == ' ' {
		start++
	}
	// Inside of brackets every beginning is unfinished; there the offence is where closing them no longer helps. When
	// closing them at the line's end does, the bracket itself is what was left open.
	if start < end && (d.text[start] == '[' || d.text[start] == '{') {
		closes := func(n int) bool {
			return parses(append(bytes.Clone(d.text[:n]), closers(d.text[start:n])...))
		}
		bracket := start
		for n := end; n > bracket; n-- {
			if !boundary(d.text, n) || !closes(n) {
				continue
			}
			if n < end {
				start = n
			}
			break
		}
	}
	if budget < 0 || tries < 0 {
		return gaveUp + len(d.text[gaveUp:]) - len(bytes.TrimLeft(d.text[gaveUp:], " "))
	}
	return start
}

// boundary reports whether a word may end or begin at the byte: what is inside of a word breaks no YAML.
func boundary(text []byte, n int) bool {
	word := func(i int) bool {
		c := text[i]
		return c >= utf8.RuneSelf || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	return n <= 0 || n >= len(text) || !word(n-1) || !word(n)
}

// closers returns the brackets that close those left open in the text.
func closers(text []byte) []byte {
	var open []byte
	var quote byte
	for _, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			open = append(open, ']')
		case c == '{':
			open = append(open, '}')
		case (c == ']' || c == '}') && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	slices.Reverse(open)
	return open
}

// countingReader hands out one byte at a time and counts them.
type countingReader struct {
	text []byte
	read int
}

func (r *countingReader) Read(p []byte) (int, error) {
	if r.read >= len(r.text) {
		return 0, io.EOF
	}
	p[0] = r.text[r.read]
	r.read++
	return 1, nil
}

// unalias replaces every alias by what it stands for, and refuses those that contain themselves or grow without measure.
func (d *document) unalias(top *yaml.Node) bool {
	sizes := map[*yaml.Node]int{}
	ok, expanded := true, 0
	var walk func(n *yaml.Node) int
	walk = func(n *yaml.Node) int {
		if n.Anchor != "" {
			sizes[n] = -1
		}
		total := 1
		for i, child := range n.Content {
			if child.Kind == yaml.AliasNode {
				target := child.Alias
				size := sizes[target]
				if size < 0 {
					d.problem(child, "the alias *"+child.Value+" stands inside of what it names", "write out what is meant")
					ok = false
					continue
				}
				if expanded = min(expanded+size, 2*maxExpanded); expanded > maxExpanded && ok {
					d.problem(child, fmt.Sprintf("aliases make more than %d nodes of this file", maxExpanded), "write out what is meant")
					ok = false
				}
				total = min(total+size, 2*maxExpanded)
				n.Content[i] = target
				continue
			}
			if child.Tag != "" && !strings.HasPrefix(child.Tag, "!!") || child.Tag == "!!binary" {
				d.problem(child, "the tag "+child.Tag+" means nothing here", "take it out")
				child.Tag = "!!str"
			}
			total = min(total+walk(child), 2*maxExpanded)
		}
		if n.Anchor != "" {
			sizes[n] = total
		}
		return total
	}
	walk(top)
	return ok
}

// wrong adds an error that the JSON Schema sees too.
func (d *document) wrong(n *yaml.Node, message, suggestion string) {
	d.place(n.Line, n.Column, true, message, suggestion)
}

// problem adds an error that the JSON Schema cannot see.
func (d *document) problem(n *yaml.Node, message, suggestion string) {
	d.place(n.Line, n.Column, false, message, suggestion)
}

func (d *document) place(line, column int, structural bool, message, suggestion string) {
	message = printable(userinfo.ReplaceAllString(message, "://****@"))
	suggestion = printable(suggestion)
	d.errs = append(d.errs, Error{File: d.file, Line: line, Column: column, Message: message, Suggestion: suggestion, structural: structural})
}

// hide keeps the text of a scalar out of every error.
func (d *document) hide(n *yaml.Node) {
	if d.hidden == nil {
		d.hidden = map[int][]span{}
	}
	length := len([]rune(n.Value))
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		length += 2 * len(n.Value) // escapes and quotes; where the value ends early, more is hidden than must be
		if lines := strings.Split(string(d.text), "\n"); n.Line <= len(lines) {
			line := []rune(lines[n.Line-1])
			length = len([]rune(flowValue.FindString(string(line[min(n.Column-1, len(line)):]))))
		}
	}
	d.hidden[n.Line] = append(d.hidden[n.Line], span{n.Column - 1, n.Column - 1 + length})
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		for i := range strings.Count(n.Value, "\n") + 1 {
			d.hidden[n.Line+1+i] = []span{{0, longLine * 100}}
		}
	}
}

// finish returns the errors in order, with their lines.
func (d *document) finish() Errors {
	if len(d.errs) == 0 {
		return nil
	}
	lines := bytes.Split(d.text, []byte("\n"))
	d.errs = d.errs.sorted()
	for i := range d.errs {
		e := &d.errs[i]
		if e.Line < 1 {
			continue
		}
		// Nodes without text of their own may be placed after the last line.
		e.Line = min(e.Line, len(lines))
		line := strings.ToValidUTF8(string(lines[e.Line-1]), "\ufffd")
		e.Column = max(1, min(e.Column, 1+utf8.RuneCountInString(strings.TrimRight(line, "\r"))))
		e.SourceLine, e.caret = excerpt(line, e.Column, d.hidden[e.Line])
	}
	return d.errs
}

// where returns the place of a node as file:line.
func (d *document) where(n *yaml.Node) string { return fmt.Sprintf("%s:%d", d.file, n.Line) }

// path returns a file's path as the process sees it.
func (d *document) path(name string) string {
	if name == "" || filepath.IsAbs(name) || d.dir == "" {
		return name
	}
	return filepath.Join(d.dir, name)
}
