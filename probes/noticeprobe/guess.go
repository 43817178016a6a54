package noticeprobe

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"mynaprobe/probes"
)

// Lists of notices look different everywhere, but nearly all of them date their items. So items are found by their
// dates: each short text that is, or begins with, a date belongs to one item, and the item is the largest piece of the
// page that holds this date and no other item's.

// A mark is a date that an item begins with or stands beside.
type mark struct {
	node *html.Node // the element that is the date, or the text node that begins with it
	at   time.Time
}

// maxMarks bounds the items that are guessed from one page.
const maxMarks = 1000

// evidence is on what the guess of a list stands, the weakest first.
type evidence int

const (
	byNothing evidence = iota
	bySections
	byWords
	byDates
)

// guessItems finds the items of a page; none when nothing looks like a list of notices.
func guessItems(doc *goquery.Document, now time.Time) ([]*goquery.Selection, evidence) {
	for _, part := range []*goquery.Selection{doc.Find("main, [role=main]").First(), doc.Selection} {
		if marks := findMarks(part.Nodes, now, aside, maxMarks); len(marks) > 0 {
			if items := itemsAround(marks); len(items) > 0 {
				return items, byDates
			}
		}
	}
	if items := guessLinks(doc); len(items) > 0 {
		return items, byWords
	}
	if items := guessSections(doc); len(items) > 0 {
		return items, bySections
	}
	return nil, byNothing
}

// aside reports whether a part of a page is beside its content: menus, footers, the site's own header.
func aside(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Nav, atom.Footer, atom.Aside, atom.Form, atom.Head:
		return true
	case atom.Header:
		for up := n.Parent; up != nil; up = up.Parent {
			if up.DataAtom == atom.Article || up.DataAtom == atom.Main || up.DataAtom == atom.Li || up.DataAtom == atom.Section {
				return false
			}
		}
		return true
	}
	switch attribute(n, "role") {
	case "navigation", "banner", "contentinfo", "search", "complementary":
		return true
	}
	return false
}

// findMarks returns the marks below the nodes, in order, up to a limit.
func findMarks(nodes []*html.Node, now time.Time, skip func(*html.Node) bool, limit int) []mark {
	var marks []mark
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if len(marks) >= limit {
			return
		}
		switch n.Type {
		case html.ElementNode:
			if unseen[n.DataAtom] || hidden(n) || skip != nil && skip(n) {
				return
			}
			if isDateElement(n) && !ofThePage(n) {
				if at, ok := dateOfNode(n, now); ok {
					marks = append(marks, mark{n, at})
					return
				}
			}
		case html.TextNode:
			at, ok := leadingMark(n.Data, now)
			if !ok && insideItem(n) {
				at, ok = labelledMark(n.Data, now)
			}
			if ok && !continues(n) {
				marks = append(marks, mark{n, at})
			}
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range nodes {
		walk(n)
	}
	return marks
}

func firstMark(nodes []*html.Node, now time.Time) (mark, bool) {
	marks := findMarks(nodes, now, nil, 1)
	if len(marks) == 0 {
		return mark{}, false
	}
	return marks[0], true
}

// isDateElement reports whether an element says of itself that it is a date.
func isDateElement(n *html.Node) bool {
	if n.DataAtom == atom.Time {
		return true
	}
	class := strings.ToLower(attribute(n, "class"))
	if !strings.Contains(class, "date") && !strings.Contains(class, "day") && !strings.Contains(class, "time") {
		return false
	}
	return n.DataAtom != atom.Body && utf8.RuneCountInString(oneLine([]*html.Node{n}, nil)) <= maxDateText
}

// maxDateText is the length in characters of the longest date with what stands around it.
const maxDateText = 40

// dateOfNode reads the date of an element: what it says to machines, or to people.
func dateOfNode(n *html.Node, now time.Time) (time.Time, bool) {
	if at, ok := readDate(attribute(n, "datetime"), now); ok {
		return at, true
	}
	if n.Type == html.TextNode {
		return leadingMark(n.Data, now)
	}
	return readDate(oneLine([]*html.Node{n}, nil), now)
}

// dateAlone reports whether an element holds a date and hardly anything else.
func dateAlone(n *html.Node, now time.Time) bool {
	text := oneLine([]*html.Node{n}, nil)
	_, ok := readDate(text, now)
	return ok && utf8.RuneCountInString(text) <= maxDateText
}

// leadingMark reads the date with which a text begins, where it dates what follows and is no part of a sentence.
func leadingMark(text string, now time.Time) (time.Time, bool) {
	text = probes.Fold(text)
	if m := leadingDate.FindStringSubmatchIndex(text); m != nil {
		if !standsAlone(text[m[1]:]) {
			return time.Time{}, false
		}
		return readDate(text[:m[1]], now)
	}
	if len(text) <= maxDateText && (shortDate.MatchString(text) || englishDate.MatchString(text)) {
		return readDate(text, now)
	}
	return time.Time{}, false
}

// standsAlone reports whether what follows a date begins something new, where "から", "に" or another date would make
// the date a part of a sentence.
func standsAlone(after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	rest := strings.TrimLeft(after, " ")
	first, _ := utf8.DecodeRuneInString(rest)
	switch {
	case rest == "":
		return true
	case unicode.IsDigit(first), strings.ContainsRune("~〜-–—、。,/", first):
		return false
	case next == ' ', strings.ContainsRune("【[「『(<|:・】])》:", first):
		for _, particle := range []string{"から", "より", "まで", "に", "は", "の", "頃", "ごろ", "以降", "時点", "現在"} {
			if strings.HasPrefix(rest, particle) {
				return false
			}
		}
		return true
	case strings.HasPrefix(rest, "更新"), strings.HasPrefix(rest, "掲載"), strings.HasPrefix(rest, "公開"), strings.HasPrefix(rest, "発表"):
		return true
	}
	return false
}

// dateLabel is what lists write before the date of an item.
var dateLabel = regexp.MustCompile(`^(?:掲載|公開|更新|発表|公表|登録|作成|配信)(?:年月)?日?時? ?[:】\])]? ?`)

// labelledMark is leadingMark of a text in which a label stands before the date.
func labelledMark(text string, now time.Time) (time.Time, bool) {
	text = probes.Fold(text)
	label := dateLabel.FindString(strings.TrimLeft(text, "[(【"))
	if label == "" {
		return time.Time{}, false
	}
	return leadingMark(strings.TrimLeft(text, "[(【")[len(label):], now)
}

// insideItem reports whether a node is in an element that lists are made of.
func insideItem(n *html.Node) bool {
	for up := n.Parent; up != nil; up = up.Parent {
		switch up.DataAtom {
		case atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Article, atom.A:
			return true
		}
	}
	return false
}

// ofThePage reports whether a date is that of the page itself, which has a label before it and is in no item.
func ofThePage(n *html.Node) bool {
	return n.Parent != nil && !insideItem(n) && pageLabel.MatchString(probes.Fold(beginning(n.Parent)))
}

// beginning is the text with which a node begins, as far as a label could reach.
func beginning(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			text := strings.TrimSpace(n.Data)
			b.WriteString(text[:min(len(text), 4*maxDateText)])
		}
		for c := n.FirstChild; c != nil && b.Len() < maxDateText; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return b.String()
}

var pageLabel = regexp.MustCompile(`^(?:最終)?(?:更新|掲載|公開|作成)日?`)

// continues reports whether a text goes on with what stands before it in its element. Behind a line break it does not
// when a link follows, as in lists that are nothing but lines.
func continues(n *html.Node) bool {
	before := n.PrevSibling
	if before == nil {
		return false
	}
	for after := n.NextSibling; before.DataAtom == atom.Br && after != nil && after.DataAtom != atom.Br; after = after.NextSibling {
		if after.DataAtom == atom.A {
			return false
		}
	}
	for ; before != nil; before = before.PrevSibling {
		if before.DataAtom == atom.Br || before.Type == html.TextNode && strings.TrimSpace(before.Data) != "" {
			return true
		}
	}
	return false
}

// itemsAround returns the item of each mark.
func itemsAround(marks []mark) []*goquery.Selection {
	marks = firstOfEach(marks)
	count := map[*html.Node]int{} // marks at and below a node
	for _, m := range marks {
		for n := m.node; n != nil; n = n.Parent {
			count[n]++
		}
	}
	var items []*goquery.Selection
	titleFirst := titlesBefore(marks, count)
	for _, m := range marks {
		n := m.node
		for n.Parent != nil && count[n.Parent] == 1 && !tooFar(n, m.node) {
			n = n.Parent
		}
		nodes := []*html.Node{n}
		if !titled(n, m.node) || goesOn(n) && !titleFirst {
			nodes = append(nodes, neighbours(n, count, titleFirst)...)
			if titleFirst {
				slices.Reverse(nodes)
			}
		}
		if slices.ContainsFunc(nodes, func(n *html.Node) bool { return titled(n, m.node) }) {
			nodes = slices.DeleteFunc(nodes, func(n *html.Node) bool { return n.Type != html.ElementNode && n.Type != html.TextNode })
			items = append(items, selection(nodes))
		}
	}
	return items
}

// goesOn reports whether what follows an item's title among its siblings belongs to the item.
func goesOn(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dt:
		return true
	}
	return n.Type == html.TextNode
}

func selection(nodes []*html.Node) *goquery.Selection {
	return goquery.NewDocumentFromNode(nodes[0]).Selection.AddNodes(nodes[1:]...)
}

// firstOfEach keeps the first of marks that follow each other with no title between them, as "掲載日 … 更新日 …" do.
func firstOfEach(marks []mark) []mark {
	var kept []mark
	for i, m := range marks {
		if i > 0 && sameItem(marks[i-1].node, m.node) {
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// sameItem reports whether two dates stand beside each other with hardly a word between.
func sameItem(a, b *html.Node) bool {
	parent := a.Parent
	if parent == nil || parent != b.Parent || a.Type == html.TextNode {
		return false
	}
	words := 0
	for n := a.NextSibling; n != nil && n != b; n = n.NextSibling {
		words += utf8.RuneCountInString(oneLine([]*html.Node{n}, nil))
	}
	return words <= 8
}

// tooFar reports whether the parent of an item that has its title is no longer the item alone.
func tooFar(n, date *html.Node) bool {
	switch n.DataAtom {
	case atom.Li, atom.Tr, atom.Article:
		return titled(n, date)
	}
	switch n.Parent.DataAtom {
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Tbody, atom.Main, atom.Body, atom.Html:
		return true
	case atom.Section:
		return titled(n, date)
	}
	return false
}

// titled reports whether a node holds words besides the date that can be a title. It looks no further than it must,
// because it is asked of ever larger pieces of the page.
func titled(n, date *html.Node) bool {
	letters := 0
	var walk func(*html.Node) bool
	walk = func(n *html.Node) bool {
		switch {
		case n.Type == html.TextNode:
			text := n.Data
			if n == date {
				text = withoutLeadingDate(text)
			}
			for _, r := range text {
				if unicode.IsLetter(r) {
					if letters++; letters >= 4 {
						return true
					}
				}
			}
			return false
		case n == date, n.Type == html.ElementNode && (unseen[n.DataAtom] || hidden(n)):
			return false
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if walk(c) {
				return true
			}
		}
		return false
	}
	return walk(n)
}

// neighbours are the siblings that belong to a date which stands alone among them: those up to the next date.
func neighbours(n *html.Node, count map[*html.Node]int, before bool) []*html.Node {
	step := func(n *html.Node) *html.Node {
		if before {
			return n.PrevSibling
		}
		return n.NextSibling
	}
	var nodes []*html.Node
	for s := step(n); s != nil && count[s] == 0; s = step(s) {
		nodes = append(nodes, s)
	}
	return nodes
}

// titlesBefore reports whether titles stand before their dates, where both are siblings: then something stands before
// the first date and nothing behind the last.
func titlesBefore(marks []mark, count map[*html.Node]int) bool {
	climb := func(m mark) *html.Node {
		n := m.node
		for n.Parent != nil && count[n.Parent] == 1 {
			n = n.Parent
		}
		return n
	}
	first, last := climb(marks[0]), climb(marks[len(marks)-1])
	return elementBeside(first, true) && !elementBeside(last, false)
}

func elementBeside(n *html.Node, before bool) bool {
	for {
		if before {
			n = n.PrevSibling
		} else {
			n = n.NextSibling
		}
		if n == nil {
			return false
		}
		if n.Type == html.ElementNode && n.DataAtom != atom.Br && n.DataAtom != atom.Hr {
			return true
		}
	}
}

// noticeWords are words of which the titles of an undated list of notices hold one.
var noticeWords = []string{"お知らせ", "障害", "不具合", "メンテナンス", "停止", "休止", "復旧", "再開", "について", "しました", "します", "のご案内", "予定"}

// guessLinks finds the items of a list without dates: links whose titles read like those of notices.
func guessLinks(doc *goquery.Document) []*goquery.Selection {
	var items []*goquery.Selection
	doc.Find("main a[href], article a[href], li a[href], dd a[href], td a[href]").Each(func(_ int, a *goquery.Selection) {
		for up := a.Get(0).Parent; up != nil; up = up.Parent {
			if up.Type == html.ElementNode && aside(up) {
				return
			}
		}
		title := probes.Fold(a.Text())
		if usable(attribute(a.Get(0), "href")) && utf8.RuneCountInString(title) >= 12 &&
			slices.ContainsFunc(noticeWords, func(w string) bool { return strings.Contains(title, w) }) {
			items = append(items, a)
		}
	})
	return items
}

// guessSections finds the items of a page that is no list at all: headings, each with what stands below it.
func guessSections(doc *goquery.Document) []*goquery.Selection {
	const headings = "h1, h2, h3, h4"
	var items []*goquery.Selection
	for _, level := range []string{"h4", "h3", "h2"} {
		doc.Find(level).Each(func(_ int, heading *goquery.Selection) {
			for up := heading.Get(0); up != nil; up = up.Parent {
				if up.Type == html.ElementNode && (aside(up) || hidden(up)) {
					return
				}
			}
			below := heading.NextUntil(headings)
			if utf8.RuneCountInString(probes.Fold(below.Text())) >= 10 {
				items = append(items, heading.AddSelection(below))
			}
		})
		if len(items) > 0 {
			return items
		}
	}
	return nil
}
