package noticeprobe

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"mynaprobe/probes"
)

// An entry is a notice as its list or feed shows it.
type entry struct {
	title     string
	link      string // absolute; empty when it has none
	published time.Time
	text      string // what the list says of it besides title and date, one line a block
}

// A listing is what was read from a source.
type listing struct {
	format   string
	entries  []entry
	whole    bool // the entries are all that the source has
	guessed  evidence
	warnings []string
}

// A selectorError is a failure of a selector or path that the definition gave; other failures are of the content.
type selectorError string

// Error implements error.
func (e selectorError) Error() string { return string(e) }

func selectorErrorf(format string, args ...any) error {
	return selectorError(fmt.Sprintf(format, args...))
}

// readHTML reads the notices of a page. Nothing found is no error where nothing was asked for by selector.
func (s source) readHTML(body []byte, base *url.URL, now time.Time) (listing, error) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return listing{}, fmt.Errorf("the page cannot be read as HTML: %w", err)
	}
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		if u, err := base.Parse(strings.TrimSpace(href)); err == nil {
			base = u
		}
	}
	list := listing{format: "html", whole: true}
	var items []*goquery.Selection
	if s.css.item == nil {
		items, list.guessed = guessItems(doc, now)
	} else {
		doc.FindMatcher(s.css.item).Each(func(_ int, item *goquery.Selection) {
			if item.Is("dt") {
				item = item.AddSelection(item.NextUntil("dt").Filter("dd"))
			}
			items = append(items, item)
		})
		if len(items) == 0 && s.MinItems > 0 {
			return list, selectorErrorf("the item selector %q matches nothing: the list is empty, or its layout has changed", s.Item)
		}
	}
	missing := map[string]int{}
	for _, item := range items {
		e, ok := s.readItem(item, base, now, missing)
		if ok {
			list.entries = append(list.entries, e)
		}
	}
	for _, part := range []struct{ key, selector string }{{"title", s.Title}, {"link", s.Link}, {"date", s.Date}, {"body", s.Body}} {
		switch n := missing[part.key]; {
		case n == 0:
		case n == len(items):
			return list, selectorErrorf("the %s selector %q matches in none of the %d items: the layout has changed", part.key, part.selector, n)
		default:
			list.warnings = append(list.warnings, fmt.Sprintf("the %s selector %q matches nothing in %d of %d items", part.key, part.selector, n, len(items)))
		}
	}
	return list, nil
}

// readItem reads one item; it counts in missing the selectors of the definition that match nothing in it.
func (s source) readItem(item *goquery.Selection, base *url.URL, now time.Time, missing map[string]int) (entry, bool) {
	var e entry
	within := func(key string, m goquery.Matcher) *goquery.Selection {
		found := item.FindMatcher(m).AddSelection(item.FilterMatcher(m))
		if found.Length() == 0 {
			missing[key]++
		}
		return found.First()
	}

	var date *html.Node
	if s.css.date != nil {
		if found := within("date", s.css.date); found.Length() > 0 {
			date = found.Get(0)
			e.published, _ = dateOfNode(date, now)
		}
	} else if m, ok := firstMark(item.Nodes, now); ok {
		date, e.published = m.node, m.at
	}

	var link *html.Node
	if s.css.link != nil {
		if found := within("link", s.css.link); found.Length() > 0 {
			link = found.Get(0)
			if link.DataAtom != atom.A && found.Find("a[href]").Length() > 0 {
				link = found.Find("a[href]").Get(0)
			}
		}
	} else {
		link = titleLink(item)
	}
	if link != nil {
		e.link = absolute(base, attribute(link, "href"))
	}

	var title *goquery.Selection
	if s.css.title != nil {
		title = within("title", s.css.title)
	} else {
		title = guessTitle(item, link)
	}
	isDate := func(n *html.Node) bool { return n == date && n.Type == html.ElementNode && dateAlone(n, now) }
	if title.Length() > 0 {
		e.title = oneLine(title.Nodes, isDate)
	}

	var body []*html.Node
	if s.css.body != nil {
		body = within("body", s.css.body).Nodes
	} else {
		body = item.Nodes
	}
	e.text = strings.TrimPrefix(blockText(body, isDate), "・")
	if date != nil && date.Type == html.TextNode || e.title == "" {
		e.text = strings.TrimSpace(withoutLeadingDate(e.text))
	}
	if e.title == "" {
		e.title, _, _ = strings.Cut(e.text, "\n")
	}
	e.title = withoutLeadingDate(strings.TrimPrefix(strings.TrimSpace(e.title), "・"))
	if m := trailingDate.FindStringSubmatch(probes.Fold(e.title)); m != nil && e.published.IsZero() {
		e.published, _ = readDate(m[1], now)
	}
	if s.css.body == nil {
		e.text = withoutTitle(e.text, e.title)
	}
	return e, e.title != ""
}

// withoutLeadingDate drops a date with which a text begins, as lists do that write date and title in one.
func withoutLeadingDate(text string) string {
	head, rest, _ := strings.Cut(text, "\n")
	folded := probes.Fold(head)
	at := leadingDate.FindStringIndex(folded)
	if at == nil {
		return text
	}
	after := strings.TrimLeft(folded[at[1]:], " \t:|　")
	if !standsAlone(folded[at[1]:]) || after == "" && rest == "" {
		return text
	}
	if rest != "" {
		after += "\n" + rest
	}
	return strings.TrimLeft(after, "\n")
}

// withoutTitle drops the title from the lines of a text.
func withoutTitle(text, title string) string {
	var kept []string
	dropped := false
	for line := range strings.SplitSeq(text, "\n") {
		bare := strings.TrimSpace(strings.TrimPrefix(line, "・"))
		if !dropped && probes.Fold(bare) == probes.Fold(title) {
			dropped = true
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// titleLink is the link of an item: of several the one with the most text.
func titleLink(item *goquery.Selection) *html.Node {
	var best *html.Node
	length := -1
	item.Find("a[href]").AddSelection(item.Filter("a[href]")).Each(func(_ int, a *goquery.Selection) {
		if text := len(strings.TrimSpace(a.Text())); usable(attribute(a.Get(0), "href")) && text > length {
			best, length = a.Get(0), text
		}
	})
	if best == nil {
		// The whole item may stand inside of a link.
		if around := item.First().Closest("a[href]"); around.Length() > 0 && usable(attribute(around.Get(0), "href")) {
			best = around.Get(0)
		}
	}
	return best
}

func usable(href string) bool {
	href = strings.ToLower(strings.TrimSpace(href))
	return href != "" && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "javascript:") &&
		!strings.HasPrefix(href, "mailto:") && !strings.HasPrefix(href, "tel:")
}

// guessTitle is a heading, or else the link, or else an element that says of itself that it is the title.
func guessTitle(item *goquery.Selection, link *html.Node) *goquery.Selection {
	headings := "h1, h2, h3, h4, h5, h6"
	if found := item.Find(headings).AddSelection(item.Filter(headings)); found.Length() > 0 {
		return found.First()
	}
	for _, selector := range []string{"[class*=title i], [class*=ttl i], [class*=heading i], [class*=subject i]", "strong, b"} {
		found := item.Find(selector).First()
		if found.Length() > 0 && len([]rune(strings.TrimSpace(found.Text()))) >= 6 {
			return found
		}
	}
	if link != nil && goquery.NewDocumentFromNode(link).Find("p, div, dl, ul").Length() == 0 && len([]rune(strings.TrimSpace(goquery.NewDocumentFromNode(link).Text()))) >= 6 {
		return goquery.NewDocumentFromNode(link).Selection
	}
	return &goquery.Selection{}
}

// absolute resolves a link; empty where it leads to no page.
func absolute(base *url.URL, href string) string {
	if !usable(href) {
		return ""
	}
	u, err := base.Parse(strings.TrimSpace(href))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}

// isDocument reports whether an address is that of a file, not of a page with text.
func isDocument(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".csv", ".ics", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp",
		".mp3", ".mp4", ".mov", ".dmg", ".exe", ".msi", ".apk", ".epub", ".odt", ".ods":
		return true
	}
	return false
}
