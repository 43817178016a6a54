package noticeprobe

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// toUTF8 decodes a body by the charset that the header, the document itself or its bytes tell.
func toUTF8(body []byte, contentType string) []byte {
	encoding, name, _ := charset.DetermineEncoding(body, contentType)
	if declared := declaredEncoding(body); declared != "" {
		// XML says it in its first line, which DetermineEncoding does not read; the header has precedence (RFC 7303, 3).
		if _, params, err := mime.ParseMediaType(contentType); err != nil || params["charset"] == "" {
			if e, n := charset.Lookup(declared); e != nil {
				encoding, name = e, n
			}
		}
	} else if name == "windows-1252" && utf8.Valid(body) {
		name = "utf-8" // the guess for what nothing is known of
	}
	if name != "utf-8" {
		if text, err := encoding.NewDecoder().Bytes(body); err == nil {
			body = text
		}
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return body
}

// declaredEncoding is that of an XML declaration.
func declaredEncoding(body []byte) string {
	head, _, found := bytes.Cut(bytes.TrimSpace(body[:min(len(body), 512)]), []byte("?>"))
	if !found || !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	_, value, found := bytes.Cut(head, []byte("encoding"))
	value = bytes.TrimLeft(value, " \t\r\n=")
	if !found || len(value) < 2 {
		return ""
	}
	name, _, _ := bytes.Cut(value[1:], value[:1])
	return string(name)
}

// unseen elements hold no text of the page; struck ones hold what no longer is so; the readings of ruby tear words apart.
var unseen = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Title: true, atom.Head: true,
	atom.Rt: true, atom.Rp: true, atom.Iframe: true, atom.Svg: true, atom.Select: true, atom.Button: true,
	atom.Del: true, atom.S: true, atom.Strike: true, atom.Textarea: true,
}

// lines are elements that stand on a line of their own.
var lines = map[atom.Atom]bool{
	atom.Address: true, atom.Article: true, atom.Aside: true, atom.Blockquote: true, atom.Body: true, atom.Br: true, atom.Dd: true,
	atom.Details: true, atom.Div: true, atom.Dl: true, atom.Dt: true, atom.Fieldset: true, atom.Figcaption: true, atom.Figure: true,
	atom.Footer: true, atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
	atom.Header: true, atom.Hr: true, atom.Li: true, atom.Main: true, atom.Nav: true, atom.Ol: true, atom.P: true, atom.Pre: true,
	atom.Section: true, atom.Summary: true, atom.Table: true, atom.Tbody: true, atom.Thead: true, atom.Tfoot: true, atom.Tr: true,
	atom.Ul: true, atom.Caption: true,
}

// blockText is the text of nodes as a person reads it: one line a block, the cells of a table's row parted by tabs, a
// dot before list entries. Nodes for which skip is true are left out.
func blockText(nodes []*html.Node, skip func(*html.Node) bool) string {
	w := textWriter{skip: skip}
	for _, n := range nodes {
		w.node(n)
		w.line()
	}
	return strings.Trim(w.b.String(), "\n")
}

type textWriter struct {
	b    strings.Builder
	skip func(*html.Node) bool
	// space: white space is due before the next word. used: something stands on the line. tabbed: the last is a tab.
	space, used, tabbed bool
	prefix              string
}

func (w *textWriter) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		if n.Parent != nil && n.Parent.DataAtom == atom.Pre {
			for line := range strings.SplitSeq(n.Data, "\n") {
				w.words(line)
				w.line()
			}
			return
		}
		w.words(n.Data)
		return
	case html.ElementNode:
		if unseen[n.DataAtom] || hidden(n) || w.skip != nil && w.skip(n) {
			return
		}
	case html.DocumentNode:
	default:
		return
	}
	block := lines[n.DataAtom]
	if block {
		w.line()
	}
	switch n.DataAtom {
	case atom.Li:
		w.prefix = "・"
	case atom.Td, atom.Th:
		if w.used {
			w.b.WriteByte('\t')
			w.tabbed = true
		}
	case atom.Img:
		w.words(attribute(n, "alt"))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		// Inside of a cell everything is one line, or the row would fall apart.
		if inCell(n) && c.Type == html.ElementNode && lines[c.DataAtom] {
			w.space = true
			w.inline(c)
			continue
		}
		w.node(c)
	}
	if block {
		w.line()
	}
}

func inCell(n *html.Node) bool { return n.DataAtom == atom.Td || n.DataAtom == atom.Th }

// inline writes a block on the line that is begun.
func (w *textWriter) inline(n *html.Node) {
	if n.Type == html.TextNode {
		w.words(n.Data)
		return
	}
	if n.Type != html.ElementNode || unseen[n.DataAtom] || hidden(n) || w.skip != nil && w.skip(n) {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && lines[c.DataAtom] {
			w.space = true
		}
		w.inline(c)
	}
	w.space = true
}

func (w *textWriter) words(text string) {
	if text == "" {
		return
	}
	first, last := rune(text[0]), rune(text[len(text)-1])
	w.space = w.space || isSpace(first)
	for i, word := range strings.Fields(text) {
		if w.used && (w.space || i > 0) && !w.tabbed {
			w.b.WriteByte(' ')
		}
		if !w.used {
			w.b.WriteString(w.prefix)
			w.prefix = ""
		}
		w.b.WriteString(word)
		w.used, w.space, w.tabbed = true, false, false
	}
	w.space = w.space || isSpace(last)
}

func isSpace(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }

func (w *textWriter) line() {
	if w.used {
		w.b.WriteByte('\n')
	}
	w.used, w.space, w.tabbed, w.prefix = false, false, false, ""
}

func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "style":
			style := strings.ReplaceAll(strings.ToLower(a.Val), " ", "")
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// oneLine is the text of nodes on one line.
func oneLine(nodes []*html.Node, skip func(*html.Node) bool) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(blockText(nodes, skip), "・")), " ")
}
