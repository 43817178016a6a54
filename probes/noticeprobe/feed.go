package noticeprobe

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"golang.org/x/net/html"
)

// feedRoot is the beginning of a feed: RSS 2.0, RDF (RSS 1.0) or Atom.
var feedRoot = regexp.MustCompile(`(?i)<(?:[a-z][\w.-]*:)?(rss|rdf|feed)[\s>]`)

// isFeed reports whether a body is a feed, by what its beginning shows.
func isFeed(body []byte) bool {
	head := body[:min(len(body), 2048)]
	if at := feedRoot.FindIndex(head); at != nil {
		doctype := bytes.Index(bytes.ToLower(head), []byte("<html"))
		return doctype < 0 || doctype > at[0]
	}
	return false
}

var xmlDeclaration = regexp.MustCompile(`^\s*<\?xml[^>]*\?>`)

// readFeed reads the entries of a feed. One that is not well-formed is read as far as it goes: each of its entries by
// itself, and those that cannot be read are told in the warnings.
func readFeed(body []byte, base *url.URL, now time.Time) (listing, error) {
	// The body is UTF-8 by now, whatever its declaration says.
	text := xmlDeclaration.ReplaceAll(withoutControls(body), nil)
	list := listing{}
	feed, err := parseFeed(text)
	if err != nil {
		var broken int
		feed, broken = salvage(text)
		if feed == nil {
			return list, fmt.Errorf("the feed cannot be read: %w", err)
		}
		warning := fmt.Sprintf("the feed is not well-formed (%v)", err)
		if broken > 0 {
			warning += fmt.Sprintf("; %d of its entries could not be read", broken)
		}
		list.warnings = append(list.warnings, warning)
	}
	list.format = formatOf(feed)
	for _, item := range feed.Items {
		if e := readFeedItem(item, base, now); e.title != "" {
			list.entries = append(list.entries, e)
		} else {
			list.warnings = append(list.warnings, "an entry of the feed has neither title nor text")
		}
	}
	return list, nil
}

// parseFeed keeps a panic of the parser from ending the run: feeds come from strangers.
func parseFeed(text []byte) (feed *gofeed.Feed, err error) {
	defer func() {
		if p := recover(); p != nil {
			feed, err = nil, fmt.Errorf("the parser failed: %v", p)
		}
	}()
	return gofeed.NewParser().Parse(bytes.NewReader(text))
}

func formatOf(feed *gofeed.Feed) string {
	if feed.FeedType == "rss" && strings.HasPrefix(feed.FeedVersion, "1") || feed.FeedVersion == "0.90" {
		return "rdf"
	}
	return feed.FeedType
}

// withoutControls drops characters that XML does not allow (XML 1.0, section 2.2).
func withoutControls(body []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, body)
}

var (
	entryStart = regexp.MustCompile(`(?i)<(item|entry)[\s>]`)
	entryEnd   = regexp.MustCompile(`(?i)</(item|entry)\s*>`)
	bareAmp    = regexp.MustCompile(`&([^;&\s]{0,12};?)`)
	goodEntity = regexp.MustCompile(`^(#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);$`)
)

// salvage reads the entries of a broken feed one by one; nil where there are none. broken counts those that were lost.
func salvage(text []byte) (feed *gofeed.Feed, broken int) {
	starts := entryStart.FindAllSubmatchIndex(text, -1)
	if len(starts) == 0 {
		return nil, 0
	}
	root, end := `<rss version="2.0"><channel>`, `</channel></rss>`
	head := text[:starts[0][0]]
	if open := feedRoot.FindSubmatchIndex(head); open != nil {
		if closing := bytes.IndexByte(head[open[0]:], '>'); closing > 0 {
			tag := string(head[open[0] : open[0]+closing+1])
			name := strings.TrimRight(strings.Fields(tag)[0][1:], ">")
			switch strings.ToLower(string(head[open[2]:open[3]])) {
			case "rss":
				root, end = tag+"<channel>", "</channel></"+name+">"
			default:
				root, end = tag, "</"+name+">"
			}
		}
	}
	for i, start := range starts {
		limit := len(text)
		if i+1 < len(starts) {
			limit = starts[i+1][0]
		}
		chunk := text[start[0]:limit]
		closing := entryEnd.FindIndex(chunk)
		if closing == nil {
			broken++
			continue
		}
		one, err := parseFeed(slices.Concat([]byte(root), escapeAmps(chunk[:closing[1]]), []byte(end)))
		if err != nil || len(one.Items) == 0 {
			broken++
			continue
		}
		if feed == nil {
			feed = one
		} else {
			feed.Items = append(feed.Items, one.Items...)
		}
	}
	return feed, broken
}

// escapeAmps escapes ampersands that begin no entity, the commonest fault of feeds written by hand.
func escapeAmps(chunk []byte) []byte {
	return bareAmp.ReplaceAllFunc(chunk, func(found []byte) []byte {
		if goodEntity.Match(found[1:]) {
			return found
		}
		return append([]byte("&amp;"), found[1:]...)
	})
}

func readFeedItem(item *gofeed.Item, base *url.URL, now time.Time) entry {
	e := entry{title: oneLineOf(item.Title)}
	for _, link := range append([]string{item.Link}, item.Links...) {
		if e.link = absolute(base, link); e.link != "" {
			break
		}
	}
	if e.link == "" && (strings.HasPrefix(item.GUID, "http://") || strings.HasPrefix(item.GUID, "https://")) {
		e.link = absolute(base, item.GUID)
	}
	dates := []string{item.Published, item.Updated}
	if dc := item.DublinCoreExt; dc != nil {
		dates = append(dates, dc.Date...)
	}
	for _, date := range dates {
		if at, ok := readDate(date, now); ok {
			e.published = at
			break
		}
	}
	for _, parsed := range []*time.Time{item.PublishedParsed, item.UpdatedParsed} {
		if e.published.IsZero() && parsed != nil {
			e.published, _ = plausible(*parsed)
		}
	}
	e.text = textOf(item.Content)
	if other := textOf(item.Description); len(other) > len(e.text) {
		e.text = other
	}
	e.text = withoutTitle(e.text, e.title)
	if e.title == "" {
		e.title, e.text, _ = strings.Cut(e.text, "\n")
	}
	return e
}

// textOf is the text of a piece of HTML, or of plain text with its lines.
func textOf(content string) string {
	if !strings.ContainsAny(content, "<&") {
		return plainText(content)
	}
	doc, err := html.Parse(strings.NewReader(content))
	if err != nil {
		return plainText(content)
	}
	if !strings.Contains(content, "<") {
		return plainText(html.UnescapeString(content))
	}
	return blockText([]*html.Node{doc}, nil)
}

func plainText(content string) string {
	var kept []string
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func oneLineOf(content string) string { return strings.Join(strings.Fields(textOf(content)), " ") }
