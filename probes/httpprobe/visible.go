package httpprobe

import (
	"bytes"
	"html"
	"strings"
)

// A scanner walks over HTML and takes its title and the text that a person without JavaScript would read, styles aside.
// It knows of HTML what is needed to tell text from all else (WHATWG HTML, section 13.2.5), builds nothing, and costs a
// tenth of a parser: every changed page of every run goes through it.
type scanner struct {
	html  []byte
	text  []byte
	title []byte
	// hidden is the element whose text is not seen, depth how often it is open within itself.
	hidden string
	depth  int
	titled bool
}

// visibleText returns the title and the visible text of HTML in UTF-8, neither of them folded.
func visibleText(content []byte) (title, text string) {
	buffer := bodies.Get().(*[]byte)
	s := scanner{html: content, text: (*buffer)[:0]}
	for len(s.html) > 0 {
		s.step()
	}
	text = string(s.text)
	*buffer = s.text
	giveBack(buffer)
	return string(s.title), text
}

// step takes the text up to the next tag, and the tag.
func (s *scanner) step() {
	at := bytes.IndexByte(s.html, '<')
	if at < 0 || at == len(s.html)-1 {
		s.show(s.html)
		s.html = nil
		return
	}
	s.show(s.html[:at])
	switch next := s.html[at+1]; {
	case isLetter(next):
		s.html = s.html[at+1:]
		s.open(s.tag())
	case next == '/' && at+2 < len(s.html) && isLetter(s.html[at+2]):
		s.html = s.html[at+2:]
		s.close(s.tag())
	case next == '!' && bytes.HasPrefix(s.html[at:], []byte("<!--")):
		s.html = s.html[at+4:]
		s.comment()
	case next == '!' || next == '?' || next == '/':
		s.html = s.html[at+2:]
		s.skipPast([]byte(">"))
	default:
		s.show(s.html[at : at+1])
		s.html = s.html[at+1:]
	}
}

// show adds text to what is seen.
func (s *scanner) show(text []byte) {
	if s.hidden == "" {
		s.text = appendUnescaped(s.text, text)
	}
}

func appendUnescaped(to, text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return append(to, text...)
	}
	return append(to, html.UnescapeString(string(text))...)
}

// longestName is that of the longest element name known here; of a longer one only the beginning matters.
const longestName = 12

// tag reads a tag from its name on, and returns its element.
func (s *scanner) tag() element {
	var name [longestName]byte
	n, i := 0, 0
	for ; i < len(s.html) && !endsName(s.html[i]); i++ {
		if n < len(name) {
			name[n] = lower(s.html[i])
			n++
		}
	}
	var quote byte
	for assigned := false; i < len(s.html); i++ {
		switch c := s.html[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			assigned = false
		case c == '>':
			s.html = s.html[i+1:]
			return elements[string(name[:n])]
		case c == '=':
			assigned = true
		case (c == '"' || c == '\'') && assigned:
			quote = c
		case !isSpace(c):
			assigned = false
		}
	}
	s.html = nil
	return elements[string(name[:n])]
}

// An element is what an element does with text. One that is not known parts words.
type element struct {
	name string
	kind elementKind
}

type elementKind int

const (
	block elementKind = iota
	inline
	raw       // holds anything up to its end tag, and shows none of it
	plainText // holds text up to its end tag
	title     // the same, and it is the page's title
	hiding    // holds elements that are not shown
	reading   // the reading of a ruby, which would tear the word apart
)

var elements = func() map[string]element {
	known := map[string]element{}
	for kind, names := range map[elementKind]string{
		inline: "a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q rb ruby s samp small span strong sub sup time u var wbr",
		raw:    "script style noscript iframe noembed noframes xmp", plainText: "textarea", title: "title",
		hiding: "template svg", reading: "rt rp",
	} {
		for name := range strings.FieldsSeq(names) {
			known[name] = element{name, kind}
		}
	}
	return known
}()

func (s *scanner) open(e element) {
	if s.hidden == "rt" || s.hidden == "rp" {
		s.hidden = "" // its end tag may be left out
	}
	if s.hidden != "" {
		if e.name == s.hidden {
			s.depth++
		}
		if e.kind == raw || e.kind == plainText || e.kind == title {
			s.content(e.name)
		}
		return
	}
	switch e.kind {
	case block:
		s.text = append(s.text, ' ')
	case raw:
		s.content(e.name)
	case plainText:
		s.text = append(appendUnescaped(append(s.text, ' '), s.content(e.name)), ' ')
	case title:
		text := s.content(e.name)
		if !s.titled {
			s.title, s.titled = appendUnescaped(nil, text), true
		}
		s.text = append(s.text, ' ')
	case hiding, reading:
		s.hidden, s.depth = e.name, 1
	}
}

func (s *scanner) close(e element) {
	switch {
	case s.hidden == "rt" || s.hidden == "rp":
		s.hidden = ""
	case s.hidden != "" && e.name == s.hidden:
		if s.depth--; s.depth == 0 {
			s.hidden = ""
		}
	case s.hidden == "" && e.kind == block:
		s.text = append(s.text, ' ')
	}
}

// content takes everything up to the end tag of the element, and the tag.
func (s *scanner) content(name string) []byte {
	for at := 0; ; {
		next := bytes.Index(s.html[at:], []byte("</"))
		if next < 0 {
			content := s.html
			s.html = nil
			return content
		}
		at += next + 2
		rest := s.html[at:]
		if len(rest) >= len(name) && bytes.EqualFold(rest[:len(name)], []byte(name)) && (len(rest) == len(name) || endsName(rest[len(name)])) {
			content := s.html[:at-2]
			s.html = rest
			s.tag()
			return content
		}
	}
}

// comment leaves a comment behind, from after its "<!--".
func (s *scanner) comment() {
	if bytes.HasPrefix(s.html, []byte(">")) || bytes.HasPrefix(s.html, []byte("->")) {
		s.skipPast([]byte(">"))
		return
	}
	end, other := bytes.Index(s.html, []byte("-->")), -1
	if end >= 0 {
		other = bytes.Index(s.html[:end], []byte("--!>"))
	}
	switch {
	case other >= 0:
		s.html = s.html[other+4:]
	case end >= 0:
		s.html = s.html[end+3:]
	default:
		s.skipPast([]byte("--!>"))
	}
}

func (s *scanner) skipPast(mark []byte) {
	at := bytes.Index(s.html, mark)
	if at < 0 {
		s.html = nil
		return
	}
	s.html = s.html[at+len(mark):]
}

func isLetter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }
func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }
func endsName(c byte) bool { return isSpace(c) || c == '/' || c == '>' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
