package web

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"mynaprobe/probes"
)

func page(t *testing.T, r reply) *goquery.Document {
	t.Helper()
	r.want(t, 200)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(r.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// folded is the text of elements with a space between any two of them.
func folded(s *goquery.Selection) string {
	var words []string
	for _, node := range s.Nodes {
		for inner := range node.Descendants() {
			if inner.Type == html.TextNode {
				words = append(words, strings.Fields(inner.Data)...)
			}
		}
	}
	return strings.Join(words, " ")
}

func TestStatusPage(t *testing.T) {
	r := ask(newServer(incident()), "GET", "/").lacks(t, "<script>", "javascript:", "user:word", "secret", "<b>", "ZgotmplZ", "%!")
	doc := page(t, r)
	for selector, want := range map[string]string{
		".banner.is-down h1":                           "down: 1 of 2 flows",
		"#iphone-card header":                          "iPhoneのマイナンバーカード down iphone-card",
		"#iphone-card .note.is-down":                   "Out since 2025-10-30 08:54:00 or up to 5 min earlier (1 d) — the answer does not hold what it must apply-form: 受付を完了しました is not on the page",
		"#iphone-card .note.is-degraded":               "Announced outage since 2025-10-30 08:50:00 about — iPhoneのマイナンバーカードの申請ができない事象について",
		"#iphone-card .stages li:nth-child(1)":         "マイナポータル unknown", // one of its probes is stale
		"#iphone-card .stages li:nth-child(2)":         "申請 down",
		"#android-card .stages li":                     "guide up",
		"#iphone-card tr:nth-child(2) td .pill":        "down",
		"#iphone-card tr:nth-child(2) td a":            "evidence",
		"#iphone-card tr:nth-child(3) td:nth-child(4)": "the last result is too old to say anything",
		".bar-top .right a":                            "日本語",
	} {
		if got := folded(doc.Find(selector)); !strings.HasPrefix(got, want) {
			t.Errorf("%s says %q, want %q", selector, got, want)
		}
	}
	if href, _ := doc.Find("#iphone-card tr:nth-child(2) td a").Attr("href"); href != "evidence/apply-form/20251030T235900Z/" {
		t.Errorf("evidence is at %q", href)
	}
	if got := doc.Find("#iphone-card svg.time rect.observed").Length(); got != 2 {
		t.Errorf("%d observed windows in the bar, want 2", got)
	}
	if got := doc.Find("#iphone-card li.critical").Length(); got != 2 {
		t.Errorf("%d critical stages, want 2", got)
	}
	if got := folded(doc.Find("details").Last()); strings.Contains(got, "switched-off") {
		t.Error("a disabled probe is shown")
	}
	if open, closed := doc.Find("#iphone-card details[open]").Length(), doc.Find("#android-card details:not([open])").Length(); open != 1 || closed != 1 {
		t.Errorf("%d tables of probes in trouble are open, %d of others are closed", open, closed)
	}
	text := folded(doc.Find("main"))
	for _, want := range []string{
		"References: is our own network fine?", "reference-a", "loner", "lasts", "planned maintenance 2025-11-01 21:00:00 2025-11-02 01:00:00",
		"observed by us 2025-10-26 09:00:00 or up to 1 min earlier 2025-10-26 12:00:00 or up to 2 min earlier 3 h", "corrected: maintenance",
		"not observed for 11 min", "edited", "speaks of trouble, but no window could be read", "last trouble: it works, but slower than it must (5 h ago)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "調達情報") {
		t.Error("a notice is shown that does not concern us")
	}
	if got := doc.Find(`main a[href^="https://news.example"]`).Length(); got != 2 {
		t.Errorf("%d links to notices, want 2", got)
	}
}

func TestStatusPageInJapanese(t *testing.T) {
	s := newServer(incident())
	for _, how := range [][]string{{"/", "Accept-Language", "ja,en-US;q=0.7"}, {"/?lang=ja", "Accept-Language", "en"}} {
		r := ask(s, "GET", how[0], how[1:]...)
		doc := page(t, r)
		if lang, _ := doc.Find("html").Attr("lang"); lang != "ja" || r.Header().Get("Content-Language") != "ja" {
			t.Errorf("%v: lang %q", how, lang)
		}
		if got := folded(doc.Find("h1")); got != "障害: 1 / 2 フロー" {
			t.Errorf("%v: %q", how, got)
		}
		for _, word := range []string{" or up to", "observed by us", "Last run", "ago", "None"} {
			if strings.Contains(folded(doc.Find("main")), word) {
				t.Errorf("English is left over: %q", word)
			}
		}
	}
	for _, accept := range []string{"", "fr", "en,ja;q=0.5", "*"} {
		if lang, _ := page(t, ask(s, "GET", "/", "Accept-Language", accept)).Find("html").Attr("lang"); lang != "en" {
			t.Errorf("Accept-Language %q gives %q", accept, lang)
		}
	}
}

func TestStatusPageWhen(t *testing.T) {
	headline := func(change func(*fakeSource)) string {
		t.Helper()
		source := incident()
		change(source)
		return folded(page(t, ask(newServer(source), "GET", "/")).Find(".banner"))
	}
	both := func(iphone, android probes.Outcome) func(*fakeSource) {
		return func(f *fakeSource) {
			f.flows = map[string]probes.Outcome{"iphone-card": iphone, "android-card": android}
		}
	}
	for want, change := range map[string]func(*fakeSource){
		"All flows are up":          both(probes.Up, probes.Up),
		"degraded: 1 of 2 flows":    both(probes.Up, probes.Degraded),
		"maintenance: 2 of 2 flows": both(probes.Maintenance, probes.Maintenance),
		"unknown: 1 of 2 flows iPhoneのマイナンバーカード The prober": both(probes.Unknown, probes.Maintenance),
		"down: 1 of 2 flows":     both(probes.Unknown, probes.Down),
		"No probe is configured": func(f *fakeSource) { f.set = probes.Set{} },
		"down: 1 of 6 probes":    func(f *fakeSource) { f.set.Flows = nil },
		"All probes are up":      func(f *fakeSource) { f.set = probes.Set{Probes: f.set.Probes[4:5]} },
	} {
		if got := headline(change); !strings.HasPrefix(got, want) {
			t.Errorf("the headline is %q, want %q", got, want)
		}
	}
}

func TestStatusPageWhenTheStoreIsBroken(t *testing.T) {
	source := incident()
	source.broken = errors.New("/secret/disk is broken")
	source.windows = append(source.windows, probes.Window{Source: probes.Blind, Scope: probes.ScopeAll, Name: "prober", Start: before(time.Minute)})
	r := ask(newServer(source), "GET", "/").lacks(t, "/secret")
	text := folded(page(t, r).Find("main"))
	for _, want := range []string{"Windows are missing", "Notices could not be read", "No reference probe is up", "down: 1 of 2 flows"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestStatusPageOfManyProbes(t *testing.T) {
	source := incident()
	for i := range 500 {
		p := source.set.Probes[0]
		p.Name = fmt.Sprintf("many-%d", i)
		source.set.Probes = append(source.set.Probes, p)
		source.last[p.Name] = source.last["portal-top"]
	}
	doc := page(t, ask(newServer(source), "GET", "/"))
	if rows := doc.Find("#iphone-card tr").Length(); rows > shownProbes+5 {
		t.Errorf("%d rows", rows)
	}
	if got := folded(doc.Find("#iphone-card .empty")); got != "and more that are up: 462" {
		t.Errorf("%q", got)
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		en, ja string
	}{
		{0, "0 s", "0秒"}, {59 * time.Second, "59 s", "59秒"}, {time.Minute, "1 min", "1分"}, {61 * time.Second, "1 min 1 s", "1分1秒"},
		{34 * time.Hour, "1 d 10 h", "1日10時間"}, {24*time.Hour + time.Minute, "1 d", "1日"}, {3*time.Hour + 59*time.Minute, "3 h 59 min", "3時間59分"},
	} {
		if en, ja := length("en", c.d), length("ja", c.d); en != c.en || ja != c.ja {
			t.Errorf("%v: %q, %q", c.d, en, ja)
		}
	}
}

func TestBar(t *testing.T) {
	week := 7 * 24 * time.Hour
	b := newBar([]probes.Window{
		{Source: probes.Observed, Start: before(2 * week), End: ptr(before(week / 2))}, // began before the bar
		{Source: probes.Observed, Start: before(week / 4)},                             // lasts
		{Source: probes.Observed, Start: before(time.Second), End: ptr(t0)},            // too short to see
		{Source: probes.Observed, Start: before(3 * week), End: ptr(before(2 * week))}, // over before the bar
		{Source: probes.Foretold, Start: t0.Add(time.Hour)},                            // still to come
		{Source: probes.Announced, Start: before(time.Hour), Lapsed: true},
		{Source: probes.Observed, Start: before(time.Hour), Marks: []probes.Mark{{As: "false-alarm"}}},
	}, t0)
	var got []string
	for _, piece := range b.Pieces {
		got = append(got, fmt.Sprintf("%.0f+%.0f", piece.X, piece.Width))
	}
	if want := "0+500 750+250 1000+2"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if len(b.Days) != 7 || b.Days[0].Day.Format(time.DateTime) != "2025-10-31 00:00:00" {
		t.Errorf("%v", b.Days)
	}
}
