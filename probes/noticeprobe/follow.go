package noticeprobe

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"mynaprobe/probes"
	"mynaprobe/probes/notice"
)

// followed tells how the pages behind the items went in one run.
type followed struct {
	read, failed int
	unmatched    int // pages in which the content selector matches nothing
	unread       int // pages that failed and of which no copy is kept
	reason       probes.Reason
	message      string
	retryAfter   probes.Seconds
}

// follow reads pages behind the items, as many as one run may: first those never read, then those that announce
// something which is not over, then those that were not looked at for longest, because notices are edited in place.
func (r *runner) follow(ctx context.Context, entries []entry, addresses []string, deadline time.Time, result *probes.Result) followed {
	type candidate struct {
		k      *kept
		entry  entry
		urgent int
	}
	var candidates []candidate
	for i, e := range entries {
		listed := e.title + "\n" + e.text
		if e.link == "" || isDocument(e.link) || !r.mayFollow(e.link) || !r.source.concerns(listed) && !notice.Troubled(listed) {
			continue
		}
		k := r.kept[addresses[i]]
		c := candidate{k, e, 2}
		switch {
		case k.page == nil:
			c.urgent = 0
		case pending(k.item):
			c.urgent = 1
		}
		candidates = append(candidates, c)
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		if a.urgent != b.urgent {
			return a.urgent - b.urgent
		}
		return a.k.fetched.Compare(b.k.fetched)
	})
	var f followed
	for i, c := range candidates[:min(len(candidates), r.source.MaxPages)] {
		if probes.Polite(hostOf(c.entry.link), r.options.OwnHosts) {
			if r.options.Clock.Now().Add(pause).After(deadline) || r.options.Clock.Sleep(ctx, pause) != nil {
				result.Notice.Warnings = append(result.Notice.Warnings,
					fmt.Sprintf("there was no time left to read %d of the pages behind the list", min(len(candidates), r.source.MaxPages)-i))
				break
			}
		}
		step := probes.StepResult{Name: fmt.Sprintf("page %d", i+1), State: probes.StepPassed}
		begun := r.options.Clock.Now()
		reason, problem := r.readPage(ctx, c.k, c.entry, &f)
		if problem != "" {
			step.State, step.Message = probes.StepFailed, c.entry.link+": "+problem
			result.Notice.Warnings = append(result.Notice.Warnings, "the page "+c.entry.link+" could not be read: "+problem)
			if f.failed++; c.k.page == nil {
				f.unread++
			}
			if f.reason == "" {
				f.reason, f.message = reason, problem
			}
		} else {
			f.read++
		}
		step.Duration = probes.Seconds(r.options.Clock.Now().Sub(begun))
		result.Steps = append(result.Steps, step)
		if reason == probes.ReasonBlocked {
			break // who turns us away is not asked again
		}
	}
	result.RetryAfter = max(result.RetryAfter, f.retryAfter)
	return f
}

// pending reports whether a notice announces something that is not over, or that could not be read.
func pending(item probes.NoticeItem) bool {
	return item.Unparsed || slices.ContainsFunc(item.Announcements, func(a probes.Announcement) bool { return a.State != probes.Resolved })
}

// mayFollow refuses links from a public page to private places.
func (r *runner) mayFollow(link string) bool {
	return !probes.Polite(r.probe.Host(), nil) || probes.Polite(hostOf(link), nil)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// readPage reads one page; problem says why that failed, and then the copy from before stays.
func (r *runner) readPage(ctx context.Context, k *kept, e entry, f *followed) (reason probes.Reason, problem string) {
	address, _, _ := strings.Cut(e.link, "#")
	request := Request{URL: address, Linked: true}
	if k.page != nil {
		request.ETag, request.LastModified = k.etag, k.modified
	}
	page, result := r.fetch(ctx, request)
	k.fetched = r.options.Clock.Now()
	f.retryAfter = max(f.retryAfter, result.RetryAfter)
	if !result.Outcome.Good() {
		return result.Reason, result.Message
	}
	if page.Status == http.StatusNotModified && k.page != nil {
		return "", ""
	}
	contentType := page.Header.Get("Content-Type")
	if contentType != "" && !strings.Contains(contentType, "html") && !strings.HasPrefix(contentType, "text/") {
		return probes.ReasonContent, "it is no page but " + contentType
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(toUTF8(page.Body, contentType)))
	if err != nil {
		return probes.ReasonContent, fmt.Sprintf("it cannot be read as HTML: %v", err)
	}
	content, matched := r.source.contentOf(doc)
	if !matched {
		f.unmatched++
	}
	text := blockText(content, aside)
	if text == "" {
		return probes.ReasonContent, "there is no text in it"
	}
	k.page = &pageText{text: text, published: datePublished(doc, content, k.fetched)}
	k.etag, k.modified = page.Header.Get("ETag"), page.Header.Get("Last-Modified")
	return "", ""
}

// contentOf finds the part of a page that is the notice. matched is false where the definition's selector finds nothing.
func (s source) contentOf(doc *goquery.Document) (nodes []*html.Node, matched bool) {
	matched = true
	if s.css.content != nil {
		if found := doc.FindMatcher(s.css.content); found.Length() > 0 {
			return found.Nodes, true
		}
		matched = false
	}
	for _, selector := range []string{"article", "main", "[role=main]", "#main, #content, #contents, #main-content, .main, .content, .contents, .entry-content"} {
		// Several articles are a list, of related notices for instance.
		if found := doc.Find(selector); found.Length() == 1 && len(strings.TrimSpace(found.Text())) > 60 {
			return found.Nodes, matched
		}
	}
	return doc.Find("body").Nodes, matched
}

// PageText returns the notice that a single page or text file holds: its title, its whole text with the title as its
// first line, and the day on which it says it was published, zero where it does not. The body is in the page's charset;
// now gives the year to dates that name none.
func PageText(body []byte, contentType string, now time.Time) (title, text string, published time.Time) {
	content := toUTF8(body, contentType)
	if !strings.Contains(contentType, "html") && !strings.Contains(http.DetectContentType(content), "html") {
		text = plainText(string(content))
		title, _, _ = strings.Cut(text, "\n")
		return title, text, published
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(content))
	if err != nil {
		return "", plainText(string(content)), published
	}
	nodes, _ := source{}.contentOf(doc)
	title = oneLine(doc.FindNodes(nodes...).Find("h1").First().Nodes, nil)
	if title == "" {
		title = strings.Join(strings.Fields(doc.Find("title").First().Text()), " ")
	}
	text = strings.TrimSpace(title + "\n" + withoutTitle(blockText(nodes, aside), title))
	return title, text, datePublished(doc, nodes, now)
}

// publishedLabel is what pages write before the day of publication.
var publishedLabel = regexp.MustCompile(`(?:掲載|公開|発表|公表|投稿|配信|登録|作成)(?:年月)?(?:日時|日)?|(?i:published|posted)(?: on)?`)

// datePublished finds the day on which a page says it was published; zero where it does not say.
func datePublished(doc *goquery.Document, content []*html.Node, now time.Time) time.Time {
	for _, selector := range []string{`meta[property="article:published_time"]`, `meta[name="date"]`, `meta[itemprop="datePublished"]`} {
		if value, ok := doc.Find(selector).First().Attr("content"); ok {
			if at, ok := readDate(value, now); ok {
				return at
			}
		}
	}
	text := probes.Fold(blockText(content, nil))
	for _, at := range publishedLabel.FindAllStringIndex(text, 5) {
		rest := strings.TrimLeft(text[at[1]:], " :]】)")
		if m := leadingDate.FindStringIndex(rest); m != nil {
			if published, ok := readDate(rest[:m[1]], now); ok {
				return published
			}
		}
	}
	var found time.Time
	doc.FindNodes(content...).Find("time[datetime]").EachWithBreak(func(_ int, t *goquery.Selection) bool {
		value, _ := t.Attr("datetime")
		at, ok := readDate(value, now)
		if ok {
			found = at
		}
		return !ok
	})
	return found
}
