package httpprobe

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"mynaprobe/probes"
)

// A finding is one thing that is not as expected.
type finding struct {
	reason  probes.Reason
	message string
	// looks is what is missing, when a redesign of the page could be the cause; empty otherwise.
	looks string
}

// judge tells what of an answer is not as expected; nil when all is.
func (r *runner) judge(q *request, a *answer, now time.Time) *fault {
	head := q.expect.judgeHead(q, a, now)
	// Only what looks at the page is worth remembering.
	looks := q.expect.onPage || r.maintenance.onPage
	var sum [2]uint64
	if looks && len(head) == 0 {
		sum = q.memory.sum(a)
		if last := q.memory.last.Load(); last != nil && last.sum == sum {
			a.length, a.title = last.length, last.title
			return nil
		}
	}
	if what := r.maintenance.match(a.status, &a.page); what != "" {
		f := faultf(probes.ReasonMaintenance, "the target says that it is under maintenance (%s, status %d)", what, a.status)
		f.final = true
		return f
	}
	looked := q.expect.judgePage(a)
	if looks {
		a.length, a.title = utf8.RuneCountInString(a.page.visible()), a.page.pageTitle()
	}
	findings := append(head, looked...)
	if len(findings) == 0 {
		if looks {
			q.memory.remember(sum, a)
		}
		return nil
	}
	a.length, a.title = utf8.RuneCountInString(a.page.visible()), a.page.pageTitle()
	if mark, refused := probes.Refusal(a.status, a.header, a.page.pageTitle(), a.page.visible()); refused {
		f := faultf(probes.ReasonBlocked, "refused as a robot (%s, status %s); people may still get through", mark, a.statusText())
		f.final = true
		return f
	}
	f := join(findings)
	if a.cut {
		f.message += fmt.Sprintf(" (of a body that is longer, the first %d bytes were read)", len(a.page.body))
	}
	if encoding := a.header.Get("Content-Encoding"); !canDecode(encoding) {
		f.message += fmt.Sprintf(" (the body is encoded as %q, which was not asked for and is not decoded here)", encoding)
		f.looks = nil
	}
	if f.looks != nil && !r.mayBeRedesign(q, a) {
		f.looks = nil
	}
	return f
}

// mayBeRedesign holds what one run can tell: a plain look at one page, on the expected host, that speaks of no trouble.
func (r *runner) mayBeRedesign(q *request, a *answer) bool {
	if len(r.requests) > 1 || q.method != http.MethodGet || !a.page.isHTML() || a.cut {
		return false
	}
	if host := a.url.Hostname(); len(q.expect.FinalHost) == 0 && !strings.EqualFold(host, q.url.Hostname()) {
		return false
	}
	_, trouble := probes.Trouble(a.page.pageTitle() + "\n" + a.page.visible())
	return !trouble
}

// join makes one fault of findings: the first one's reason, everybody's words.
func join(findings []finding) *fault {
	f := &fault{reason: findings[0].reason}
	const most = 5
	var messages []string
	for _, one := range findings {
		messages = append(messages, one.message)
		if one.looks != "" {
			f.looks = append(f.looks, one.looks)
		}
	}
	if len(f.looks) < len(findings) {
		f.looks = nil
	}
	if more := len(messages) - most; more > 0 {
		messages = append(messages[:most], fmt.Sprintf("and %d more", more))
	}
	f.message = strings.Join(messages, "; ")
	return f
}

// judgeHead looks at everything but the page.
func (x *expect) judgeHead(q *request, a *answer, now time.Time) (found []finding) {
	add := func(reason probes.Reason, format string, args ...any) {
		found = append(found, finding{reason: reason, message: fmt.Sprintf(format, args...)})
	}
	if !slices.ContainsFunc(x.status, func(s probes.StatusRange) bool { return s.Contains(a.status) }) {
		message := fmt.Sprintf("expected status %s, got %s", ranges(x.status), a.statusText())
		if location := a.header.Get("Location"); location != "" {
			message += " to " + location
		}
		found = append(found, finding{reason: probes.ReasonStatus, message: message})
	}
	if len(x.FinalHost) > 0 && !slices.ContainsFunc(x.FinalHost, func(h string) bool { return onHost(a.url.Hostname(), h) }) {
		add(probes.ReasonRedirect, "expected to end on host %s, ended at %s", strings.Join(x.FinalHost, " or "), showURL(a.url))
	}
	if len(x.FinalPath) > 0 && !slices.ContainsFunc(x.FinalPath, func(p string) bool { return samePath(a.url.Path, p) }) {
		add(probes.ReasonRedirect, "expected to end at path %s, ended at %s", strings.Join(x.FinalPath, " or "), showURL(a.url))
	}
	if x.Redirects != nil && *x.Redirects != a.redirects {
		add(probes.ReasonRedirect, "expected %s, got %d%s", plural(*x.Redirects, "redirect"), a.redirects, a.way())
	}
	if x.MinTLS != "" {
		switch {
		case a.tls == nil:
			add(probes.ReasonTLS, "expected TLS %s or later, the connection is not encrypted", x.MinTLS)
		case a.tlsVersion < tlsVersions[x.MinTLS]:
			add(probes.ReasonTLS, "expected TLS %s or later, got %s", x.MinTLS, a.tls.Version)
		}
	}
	if x.CertDays > 0 {
		if a.tls == nil {
			add(probes.ReasonTLS, "expected a certificate valid for %d days, the connection is not encrypted", x.CertDays)
		} else if left := a.tls.EarliestExpiry.Sub(now); left < time.Duration(x.CertDays)*24*time.Hour {
			add(probes.ReasonTLS, "expected a certificate valid for another %s, it expires in %.1f days, on %s (names %s, issuer %q)",
				plural(x.CertDays, "day"), left.Hours()/24, day(a.tls.EarliestExpiry), strings.Join(a.tls.Names, ", "), a.tls.Issuer)
		}
	}
	for i, h := range x.Headers {
		values := a.header.Values(h.Name)
		switch {
		case h.Absent && len(values) > 0:
			add(probes.ReasonContent, "expected no header %s, got %q", h.Name, strings.Join(values, ", "))
		case h.Absent:
		case len(values) == 0:
			add(probes.ReasonContent, "expected the header %s, it is missing", h.Name)
		case h.Contains != "" && !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, h.Contains) }):
			add(probes.ReasonContent, "expected header %s to contain %q, got %q", h.Name, h.Contains, strings.Join(values, ", "))
		case x.headers[i] != nil && !slices.ContainsFunc(values, x.headers[i].MatchString):
			add(probes.ReasonContent, "expected header %s to match %q, got %q", h.Name, h.Regexp, strings.Join(values, ", "))
		}
	}
	size := int64(len(a.page.body))
	if x.MinBody > 0 && size < x.MinBody {
		add(probes.ReasonContent, "expected a body of %d bytes or more, got %d", x.MinBody, size)
	}
	if x.MaxBody > 0 && size > x.MaxBody {
		add(probes.ReasonContent, "expected a body of %d bytes or less, got %s%d", x.MaxBody, map[bool]string{true: "at least "}[a.cut], size)
	}
	return found
}

// judgePage looks at what the page shows.
func (x *expect) judgePage(a *answer) (found []finding) {
	p := &a.page
	missing := func(reason probes.Reason, must bool, looks, message string) {
		if must {
			looks = ""
		}
		found = append(found, finding{reason, message, looks})
	}
	for i, t := range x.title {
		if !strings.Contains(p.pageTitle(), t.text) {
			message := fmt.Sprintf("expected title %q, got %q", x.Title[i].Value, excerpt(p.pageTitle()))
			if p.pageTitle() == "" {
				message = fmt.Sprintf("expected title %q, the page has none", x.Title[i].Value)
			}
			missing(probes.ReasonContent, t.must, "title "+x.Title[i].Value, message)
		}
	}
	for i, t := range x.text {
		if !strings.Contains(p.visible(), t.text) {
			missing(probes.ReasonContent, t.must, "text "+x.Text[i].Value, fmt.Sprintf("expected text %q, the page shows %s", x.Text[i].Value, shows(p)))
		}
	}
	for i, t := range x.noText {
		if at := strings.Index(p.visible(), t.text); at >= 0 {
			missing(probes.ReasonContent, true, "", fmt.Sprintf("unwanted text %q is on the page: %s", x.NoText[i].Value, around(p.visible(), at, len(t.text))))
		}
	}
	for _, e := range x.regexps {
		if !e.MatchString(p.visible()) {
			missing(probes.ReasonContent, e.must, "text matching "+e.String(), fmt.Sprintf("expected text matching %q, the page shows %s", e.String(), shows(p)))
		}
	}
	for _, e := range x.noRegexps {
		if at := e.FindStringIndex(p.visible()); at != nil {
			missing(probes.ReasonContent, true, "", fmt.Sprintf("unwanted text matching %q is on the page: %s", e.String(), around(p.visible(), at[0], at[1]-at[0])))
		}
	}
	for i := range x.selectors {
		if one, bad := x.selectors[i].judge(p); bad {
			found = append(found, one)
		}
	}
	for i := range x.json {
		if message := x.json[i].judge(p); message != "" {
			found = append(found, finding{reason: probes.ReasonContent, message: message})
		}
	}
	if len(x.LinkHosts) > 0 {
		found = append(found, x.judgeLinks(a)...)
	}
	return found
}

func (s *selector) judge(p *page) (finding, bool) {
	fail := func(isMissing bool, format string, args ...any) (finding, bool) {
		f := finding{reason: probes.ReasonSelector, message: fmt.Sprintf(format, args...)}
		if isMissing && !s.Must {
			f.looks = "element " + s.Selector
		}
		return f, true
	}
	doc, err := p.document()
	if err != nil {
		return fail(false, "the page cannot be read as HTML to find %q: %v", s.Selector, err)
	}
	elements := doc.FindMatcher(s.match)
	if s.text != "" {
		elements = elements.FilterFunction(func(_ int, e *goquery.Selection) bool {
			return strings.Contains(probes.Fold(e.Text()), s.text)
		})
	}
	what := fmt.Sprintf("%q", s.Selector)
	if s.Text != "" {
		what += fmt.Sprintf(" with text %q", s.Text)
	}
	n := elements.Length()
	switch least := max(s.Min, 1); {
	case s.Absent && n > 0:
		return fail(false, "expected no element %s, found %d: %q", what, n, excerpt(probes.Fold(elements.First().Text())))
	case s.Absent:
	case n < least && n == 0 && s.Text != "":
		others := doc.FindMatcher(s.match)
		if others.Length() == 0 {
			return fail(true, "expected an element %s, there is no such element", what)
		}
		return fail(true, "expected an element %s, the %s there with %q", what, areElements(others.Length()), excerpt(probes.Fold(others.First().Text())))
	case n < least:
		return fail(true, "expected %s %s, found %d", plural(least, "element"), what, n)
	case s.Max > 0 && n > s.Max:
		return fail(false, "expected at most %s %s, found %d", plural(s.Max, "element"), what, n)
	}
	return finding{}, false
}

func areElements(n int) string {
	if n == 1 {
		return "element is"
	}
	return fmt.Sprintf("first of %d is", n)
}

func (j *jsonPath) judge(p *page) string {
	value, err := p.value()
	if err != nil {
		return fmt.Sprintf("expected a value at JSON path %s: %v: it begins %q", j.Path, err, excerpt(string(p.content())))
	}
	values := j.path.Get(value)
	switch {
	case j.Absent && len(values) > 0:
		return fmt.Sprintf("expected nothing at JSON path %s, got %s", j.Path, excerpt(jsonText(values[0])))
	case j.Absent:
	case len(values) == 0:
		return fmt.Sprintf("expected a value at JSON path %s, there is none", j.Path)
	case j.HasEquals && !slices.ContainsFunc(values, func(v any) bool { return canonical(v) == j.equals }):
		return fmt.Sprintf("expected %s at JSON path %s, got %s", j.equals, j.Path, excerpt(canonical(values[0])))
	case j.regexp != nil && !slices.ContainsFunc(values, func(v any) bool { return j.regexp.MatchString(jsonText(v)) }):
		return fmt.Sprintf("expected a value matching %q at JSON path %s, got %q", j.Regexp, j.Path, excerpt(jsonText(values[0])))
	}
	return ""
}

// judgeLinks finds links that leave the known hosts.
func (x *expect) judgeLinks(a *answer) []finding {
	doc, err := a.page.document()
	if err != nil {
		return []finding{{reason: probes.ReasonContent, message: fmt.Sprintf("the page cannot be read as HTML to find its links: %v", err)}}
	}
	base := a.url
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		if u, err := base.Parse(strings.TrimSpace(href)); err == nil {
			base = u
		}
	}
	var strange []string
	doc.Find("a[href], area[href]").Each(func(_ int, e *goquery.Selection) {
		href, _ := e.Attr("href")
		u, err := base.Parse(strings.TrimSpace(href))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return
		}
		known := slices.ContainsFunc(x.LinkHosts, func(h string) bool { return onHost(u.Hostname(), h) })
		if shown := showURL(u); !known && !slices.Contains(strange, shown) {
			strange = append(strange, shown)
		}
	})
	if len(strange) == 0 {
		return nil
	}
	more := ""
	if len(strange) > 3 {
		more = fmt.Sprintf(" and %d more", len(strange)-3)
		strange = strange[:3]
	}
	return []finding{{reason: probes.ReasonContent, message: fmt.Sprintf("expected links to %s only, found %s%s",
		strings.Join(x.LinkHosts, ", "), strings.Join(strange, ", "), more)}}
}

// onHost reports whether a host is the given one, or below it when that begins with a dot.
func onHost(host, pattern string) bool {
	if strings.HasPrefix(pattern, ".") {
		return len(host) > len(pattern) && strings.EqualFold(host[len(host)-len(pattern):], pattern) || strings.EqualFold(host, pattern[1:])
	}
	return strings.EqualFold(host, pattern)
}

// samePath compares paths; a slash at the end makes no difference.
func samePath(a, b string) bool {
	parsed, err := url.Parse(b)
	if err == nil {
		b = parsed.Path
	}
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

func ranges(all []probes.StatusRange) string {
	var texts []string
	for _, s := range all {
		if s.From == s.To {
			texts = append(texts, fmt.Sprint(s.From))
		} else {
			texts = append(texts, fmt.Sprintf("%d-%d", s.From, s.To))
		}
	}
	return strings.Join(texts, " or ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// canonical is a JSON value as JSON, in the one form in which values are compared.
func canonical(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// excerpt is the beginning of a text, for a message.
func excerpt(text string) string {
	const most = 80
	n := 0
	for i := range text {
		if n == most {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// around is the part of a text beside a place in it, quoted.
func around(text string, at, length int) string {
	from, to := at, min(at+length, at+200)
	for range 20 {
		if from > 0 {
			_, n := utf8.DecodeLastRuneInString(text[:from])
			from -= n
		}
		if to < len(text) {
			_, n := utf8.DecodeRuneInString(text[to:])
			to += n
		}
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return fmt.Sprintf("%q", text[from:to])
}

// shows tells how a page begins.
func shows(p *page) string {
	if len(p.body) == 0 {
		return "nothing: the body is empty"
	}
	if p.visible() == "" {
		return fmt.Sprintf("no text at all (%s of type %q)", plural(len(p.body), "byte"), p.contentType)
	}
	return fmt.Sprintf("%q", excerpt(p.visible()))
}

// A memory holds what the last good body showed. A page that is the same to the byte shows the same, so that it need
// not be read again: most pages are, from one run to the next.
type memory struct {
	last atomic.Pointer[remembered]
}

type remembered struct {
	sum    [2]uint64
	length int
	title  string
}

var sumSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// sum is of everything that what a page shows depends on. Its seeds are secret, so no page can be made to match.
func (m *memory) sum(a *answer) (sum [2]uint64) {
	for i, seed := range sumSeeds {
		var h maphash.Hash
		h.SetSeed(seed)
		h.WriteString(a.page.contentType)
		h.WriteByte(0)
		h.WriteString(a.url.Host)
		h.WriteByte(0)
		h.WriteString(a.url.Path)
		h.WriteByte(byte(a.status))
		h.WriteByte(byte(a.status >> 8))
		h.Write(a.page.body)
		sum[i] = h.Sum64()
	}
	return sum
}

func (m *memory) remember(sum [2]uint64, a *answer) {
	m.last.Store(&remembered{sum, a.length, a.title})
}
