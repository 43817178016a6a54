package noticeprobe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/notice"
)

// A runner is a prepared notice probe. Between runs it keeps what it fetched, for conditional requests.
type runner struct {
	probe   probes.Probe
	source  source
	fetch   Fetch
	options Options

	mu   sync.Mutex // one run at a time: runs share what is kept
	kept map[string]*kept
	list *keptList
	// watched: a run has read the list before, so that an item which is not kept has just appeared.
	watched bool
	// guessed is the best that a guess of the list stood on so far.
	guessed evidence
}

// keptList is the list as it was last read.
type keptList struct {
	etag, modified string
	listing        listing
	base           string
}

// kept is what is known of one notice, by its address.
type kept struct {
	etag, modified string
	page           *pageText // nil while its page has not been read
	fetched        time.Time
	firstSeen      time.Time // zero when it was there before we watched
	item           probes.NoticeItem
	source         string // what item was made from
	gone           bool   // no longer listed
}

// pageText is what was read from the page behind an item.
type pageText struct {
	text      string
	published time.Time
}

// Run implements probes.Runner. The items are always those of the whole source, also where it answered that nothing
// changed, so that no observer depends on having seen the run before.
func (r *runner) Run(ctx context.Context) (result probes.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := r.options.Clock.Now()
	defer func() {
		if p := recover(); p != nil {
			result = probes.Failed(r.probe, start, probes.ReasonInternal, fmt.Sprintf("a bug of the prober: %v", p))
			result.Evidence = &probes.Evidence{Files: map[string][]byte{"panic.txt": debug.Stack()}}
		}
		result.Probe, result.Flow, result.Stage, result.Kind = r.probe.Name, r.probe.Flow, r.probe.Stage, probes.KindNotice
		result.Target, result.Host = r.probe.Target(), r.probe.Host()
		result.Start, result.Duration = start, probes.Seconds(r.options.Clock.Now().Sub(start))
	}()
	timeout := r.probe.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := probes.WithTimeout(ctx, r.options.Clock, timeout)
	defer cancel()
	return r.run(ctx, start, start.Add(timeout))
}

func (r *runner) run(ctx context.Context, now, deadline time.Time) probes.Result {
	request := Request{URL: r.source.URL}
	if r.list != nil {
		request.ETag, request.LastModified = r.list.etag, r.list.modified
	}
	page, result := r.fetch(ctx, request)
	result.Looks = nil // a list that cannot be read is no matter of looks
	result.Notice = &probes.NoticeResult{Status: page.Status}
	if !result.Outcome.Good() {
		return result
	}
	if page.Status != http.StatusNotModified || r.list == nil {
		list, err := r.read(page, now)
		if err == nil && list.guessed < r.guessed {
			err = errors.New("the list that was read before is gone from the page: it is empty, or its layout has changed")
		}
		if err != nil {
			r.list = nil
			return r.unhealthy(result, page, reasonOf(err), err.Error())
		}
		r.guessed = list.guessed
		r.list = &keptList{page.Header.Get("ETag"), page.Header.Get("Last-Modified"), list, page.URL}
	}
	list := r.list.listing
	entries := list.entries
	result.Notice.Format, result.Notice.List = list.format, list.whole
	result.Notice.Warnings = slices.Clone(list.warnings)
	if len(entries) > r.source.MaxItems {
		entries = entries[:r.source.MaxItems]
		result.Notice.List = false
	}
	addresses := addressesOf(entries, r.list.base)
	r.remember(addresses, now)
	pages := followed{}
	if r.source.Follow {
		pages = r.follow(ctx, entries, addresses, deadline, &result)
	}
	for i, e := range entries {
		k := r.kept[addresses[i]]
		k.item = r.item(k, e, addresses[i], now)
		result.Notice.Items = append(result.Notice.Items, k.item)
	}
	r.watched = true
	if reason, message := r.health(entries, pages, now); reason != "" {
		return r.unhealthy(result, page, reason, message)
	}
	return result
}

func reasonOf(err error) probes.Reason {
	if selector := selectorError(""); errors.As(err, &selector) {
		return probes.ReasonSelector
	}
	return probes.ReasonContent
}

// maxExcerpt bounds what evidence keeps of a page, in bytes.
const maxExcerpt = 64 << 10

// unhealthy fails the run for what the source shows, and keeps that as evidence.
func (r *runner) unhealthy(result probes.Result, page Page, reason probes.Reason, message string) probes.Result {
	result.Fail(reason, message)
	result.Notice.List = false // nothing is withdrawn because its list cannot be trusted
	if len(page.Body) > 0 {
		files := map[string][]byte{}
		if result.Evidence != nil {
			for name, data := range result.Evidence.Files {
				files[name] = data
			}
		}
		name := "response.txt"
		if strings.Contains(page.Header.Get("Content-Type"), "html") {
			name = "page.html"
		}
		files[name] = bytes.Clone(page.Body[:min(len(page.Body), maxExcerpt)])
		result.Evidence = &probes.Evidence{Files: files}
	}
	return result
}

// read reads a page as the definition or the answer says it is to be read.
func (r *runner) read(page Page, now time.Time) (listing, error) {
	base, err := url.Parse(cmp.Or(page.URL, r.source.URL))
	if err != nil {
		return listing{}, fmt.Errorf("the page's address %q cannot be read: %w", page.URL, err)
	}
	contentType := page.Header.Get("Content-Type")
	format := r.source.Format
	if format == "" {
		format = detect(page.Body, contentType, r.source)
	}
	if format == "json" {
		return r.source.readJSON(bytes.TrimPrefix(page.Body, []byte("\ufeff")), base, now)
	}
	body := toUTF8(page.Body, contentType)
	if format == "feed" {
		if !isFeed(body) {
			return listing{}, errors.New("the answer is no feed: neither RSS nor Atom begins in it")
		}
		return readFeed(body, base, now)
	}
	return r.source.readHTML(body, base, now)
}

// detect tells the format by the answer.
func detect(body []byte, contentType string, s source) string {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.TrimLeft(bytes.TrimPrefix(body[:min(len(body), 256)], []byte("\ufeff")), " \t\r\n")
	switch {
	case byJSONPath(s.Notice), media == "application/json", strings.HasSuffix(media, "+json"),
		bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return "json"
	case isFeed(body) && media != "application/xhtml+xml",
		strings.HasSuffix(media, "xml") && media != "application/xhtml+xml":
		return "feed"
	}
	return "html"
}

// addressesOf gives each entry its address: its link, or the page's address with a fragment of its title and date. Of
// several with the same link only the first keeps it alone.
func addressesOf(entries []entry, base string) []string {
	base, _, _ = strings.Cut(base, "#")
	addresses := make([]string, len(entries))
	taken := map[string]bool{}
	for i, e := range entries {
		address := e.link
		if address == "" || taken[address] {
			date := ""
			if !e.published.IsZero() {
				date = e.published.Format(time.DateOnly)
			}
			bare, _, _ := strings.Cut(cmp.Or(e.link, base), "#")
			address = bare + "#" + hash(e.title, date)[:16]
			for n := 2; taken[address]; n++ {
				address = fmt.Sprintf("%s#%s-%d", bare, hash(e.title, date)[:16], n)
			}
		}
		taken[address] = true
		addresses[i] = address
	}
	return addresses
}

func hash(title, text string) string {
	sum := sha256.Sum256([]byte(notice.Fold(title) + "\n" + notice.Fold(text)))
	return hex.EncodeToString(sum[:16])
}

// maxKept bounds how many notices that are no longer listed are remembered.
const maxKept = 500

// remember makes a place for each address and forgets those that have long been gone.
func (r *runner) remember(addresses []string, now time.Time) {
	for _, k := range r.kept {
		k.gone = true
	}
	for _, address := range addresses {
		k := r.kept[address]
		if k == nil {
			k = &kept{}
			if r.watched {
				k.firstSeen = now
			}
			r.kept[address] = k
		}
		k.gone = false
	}
	if len(r.kept) > len(addresses)+maxKept {
		for address, k := range r.kept {
			if k.gone {
				delete(r.kept, address)
			}
		}
	}
}

// relative are words whose meaning depends on the day on which they were written.
var relative = regexp.MustCompile(`本日|今日|今朝|今夜|今晩|昨日|昨夜|昨晩|前日|明日|明朝|翌|今週|来週|今月|来月|\b(?i:today|yesterday|tomorrow|tonight)\b`)

// item makes the notice of an entry, or returns the one from before where nothing of it changed.
func (r *runner) item(k *kept, e entry, address string, now time.Time) probes.NoticeItem {
	text, published := e.text, e.published
	if k.page != nil {
		text = k.page.text
		if published.IsZero() {
			published = k.page.published
		}
	}
	text = withoutTitle(text, e.title)
	whole := strings.TrimSpace(e.title + "\n" + text)
	if len(whole) > maxText {
		whole = strings.ToValidUTF8(whole[:maxText], "")
	}
	made := published.String() + "\n" + whole
	if k.source == made {
		return k.item
	}
	item := probes.NoticeItem{
		Address: address, Title: e.title, Published: published, Text: whole, Hash: hash(e.title, whole), About: r.source.concerns(whole),
	}
	if item.About {
		// A source that does not date its notices leaves only the day on which we saw one appear. For one that was there
		// already, that is good enough for a missing year, and not for "today".
		reference := published
		if reference.IsZero() {
			reference = k.firstSeen
		}
		if reference.IsZero() && !relative.MatchString(whole) {
			reference = now
		}
		item.Announcements = notice.ParseFor(whole, reference, r.options.Services())
		item.Unparsed = !readable(item.Announcements) && notice.Troubled(whole)
	}
	k.source = made
	return item
}

// readable reports whether a window, or the pattern of recurring ones, could be read.
func readable(announcements []probes.Announcement) bool {
	return slices.ContainsFunc(announcements, func(a probes.Announcement) bool { return len(a.Windows) > 0 || a.Recurs != "" })
}

// concerns reports whether a text names one of the words that the definition asks for.
func (s source) concerns(text string) bool {
	if len(s.about) == 0 {
		return true
	}
	text = strings.ToLower(notice.Fold(text))
	return slices.ContainsFunc(s.about, func(word string) bool { return strings.Contains(text, word) })
}

// health judges the source itself.
func (r *runner) health(entries []entry, pages followed, now time.Time) (probes.Reason, string) {
	switch {
	case len(entries) == 0 && r.source.MinItems > 0:
		return probes.ReasonContent, "no notice was found in the source: the list is empty, or its layout is no longer understood"
	case len(entries) < r.source.MinItems:
		return probes.ReasonContent, fmt.Sprintf("only %d notices were found where at least %d are expected", len(entries), r.source.MinItems)
	case pages.read > 0 && pages.unmatched == pages.read && r.source.css.content != nil:
		return probes.ReasonSelector, fmt.Sprintf("the content selector %q matches in none of the %d pages behind the list: their layout has changed", r.source.Content, pages.read)
	case pages.failed > 0 && pages.read == 0 && pages.unread > 0:
		return pages.reason, fmt.Sprintf("none of the %d pages behind the list could be read: %s", pages.failed, pages.message)
	}
	if within := r.source.NewestWithin; within > 0 && len(entries) > 0 {
		var newest time.Time
		for _, e := range entries {
			if e.published.After(newest) {
				newest = e.published
			}
		}
		if newest.IsZero() {
			return probes.ReasonContent, "none of the notices has a date that could be read, so their age is not known"
		}
		if age := now.Sub(newest); age > within {
			return probes.ReasonContent, fmt.Sprintf("the newest notice is of %s, %s ago, and one of the last %s is expected: the source is stale",
				newest.In(japan).Format("2006-01-02 15:04"), age.Round(time.Minute), within)
		}
	}
	return "", ""
}
