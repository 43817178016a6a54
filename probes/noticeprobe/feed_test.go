package noticeprobe_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"

	"mynaprobe/probes"
)

const rss = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>お知らせ</title><link>https://example.jp/</link><description>x</description>
<item><title>申請の受付を再開しました</title><link>https://example.jp/n/3</link><pubDate>Fri, 31 Oct 2025 19:10:00 +0900</pubDate><description>再開しました。</description></item>
<item><title><![CDATA[【障害】申請ができない事象について]]></title><link>/n/2</link><pubDate>2025年10月30日</pubDate><description>&lt;p&gt;短い文&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>10月30日8時50分頃から、申請ができません。</p><ul><li>復旧は未定です。</li></ul>]]></content:encoded></item>
<item><title>メンテナンス&amp;点検</title><guid>https://example.jp/n/1</guid><pubDate>Mon, 01 Sep 2025 00:00:00 GMT</pubDate></item>
</channel></rss>`

func TestRSS(t *testing.T) {
	result := run(t, probes.Notice{}, rss, "application/rss+xml")
	compare(t, result,
		"2025-10-31 19:10 | /n/3 | 申請の受付を再開しました",
		"2025-10-30 00:00 | /n/2 | 【障害】申請ができない事象について",
		"2025-09-01 09:00 | /n/1 | メンテナンス&点検")
	if got := result.Notice.Items[1].Text; got != "【障害】申請ができない事象について\n10月30日8時50分頃から、申請ができません。\n・復旧は未定です。" {
		t.Errorf("text %q", got)
	}
	if result.Notice.Format != "rss" || result.Notice.List {
		t.Errorf("format %q; a feed is never the whole list, and here it is: %v", result.Notice.Format, result.Notice.List)
	}
	if a := result.Notice.Items[1].Announcements; len(a) != 1 || len(a[0].Windows) != 1 || a[0].State != probes.Ongoing {
		t.Errorf("announcements %+v", a)
	}
}

func TestRDFAndAtom(t *testing.T) {
	rdf := `<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://example.jp/rss"><title>新着</title><link>https://example.jp/</link><description>x</description>
<items><rdf:Seq><rdf:li rdf:resource="https://example.jp/n/2"/></rdf:Seq></items></channel>
<item rdf:about="https://example.jp/n/2"><title>【障害】申請について</title><link>https://example.jp/n/2</link><dc:date>2025-10-30T13:00:00+09:00</dc:date></item></rdf:RDF>`
	result := run(t, probes.Notice{}, rdf, "text/xml")
	compare(t, result, "2025-10-30 13:00 | /n/2 | 【障害】申請について")
	if result.Notice.Format != "rdf" {
		t.Errorf("format %q", result.Notice.Format)
	}
	atom := `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>新着</title><id>x</id><updated>2025-10-30T04:00:00Z</updated>
<entry><title type="html">【障害】申請に&lt;b&gt;ついて&lt;/b&gt;</title><id>tag:1</id><link rel="alternate" href="https://example.jp/n/2"/><updated>2025-10-30T04:00:00Z</updated><content type="html">&lt;p&gt;調査中です。&lt;/p&gt;</content></entry></feed>`
	result = run(t, probes.Notice{}, atom, "application/atom+xml")
	compare(t, result, "2025-10-30 13:00 | /n/2 | 【障害】申請について")
	if result.Notice.Format != "atom" {
		t.Errorf("format %q", result.Notice.Format)
	}
}

func TestBrokenFeedsAreReadAsFarAsTheyGo(t *testing.T) {
	item := func(n int) string {
		return fmt.Sprintf("<item><title>お知らせ%d番</title><link>https://example.jp/n/%d</link><pubDate>Thu, 30 Oct 2025 10:00:00 +0900</pubDate></item>\n", n, n)
	}
	want := func(numbers ...int) (lines []string) {
		for _, n := range numbers {
			lines = append(lines, fmt.Sprintf("2025-10-30 10:00 | /n/%d | お知らせ%d番", n, n))
		}
		return lines
	}
	const open = `<?xml version="1.0"?><rss version="2.0"><channel><title>お知らせ</title>`
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"cut off in an item":     {open + item(1) + item(2) + "<item><title>お知", want(1, 2)},
		"cut off behind an item": {open + item(1), want(1)},
		"an unclosed tag":        {open + item(1) + "<item><title>お知らせ<b></title></item>" + item(3) + "</channel></rss>", nil},
		"a bare ampersand":       {open + item(1) + strings.Replace(item(2), "2番", "2番", 1) + strings.Replace(item(3), "/n/3", "/n/3?a&b", 1) + "</channel></rss>", nil},
		"control characters":     {open + strings.Replace(item(1), "お知らせ", "お\x01知\x0bらせ", 1) + "</channel></rss>", want(1)},
		"leading blank lines":    {"\n\n  " + open + item(1) + "</channel></rss>", want(1)},
		"HTML entities":          {open + strings.Replace(item(1), "</title>", "&nbsp;</title>", 1) + "</channel></rss>", want(1)},
		"two roots":              {open + item(1) + "</channel></rss><rss/>", want(1)},
		"no channel end":         {open + item(1) + "</rss>", want(1)},
	} {
		t.Run(name, func(t *testing.T) {
			result := run(t, probes.Notice{}, c.body, "application/rss+xml")
			if c.want != nil {
				compare(t, result, c.want...)
				return
			}
			if result.Outcome != probes.Up || len(result.Notice.Items) < 2 {
				t.Errorf("%v: %s; %d items; %v", result.Outcome, result.Message, len(result.Notice.Items), result.Notice.Warnings)
			}
		})
	}
	// An ampersand that begins no entity spoils its own entry only where it cannot be mended.
	mended := run(t, probes.Notice{}, open+item(1)+strings.Replace(item(2), "お知らせ", "窓口 & お知らせ", 1)+"<item><title>お知", "")
	compare(t, mended, want(1)[0], "2025-10-30 10:00 | /n/2 | 窓口 & お知らせ2番")
	result := run(t, probes.Notice{}, open+item(1)+"<item><title>お知", "")
	if len(result.Notice.Warnings) == 0 || !strings.Contains(result.Notice.Warnings[0], "not well-formed") {
		t.Errorf("warnings %v", result.Notice.Warnings)
	}
}

func TestFeedsOfWhichNothingIsLeftAreDown(t *testing.T) {
	for body, want := range map[string]string{
		`<?xml version="1.0"?><rss version="2.0"><channel><title>お`:                            "the feed cannot be read",
		`<?xml version="1.0"?><rss version="2.0"><channel><title>お知らせ</title></channel></rss>`: "the list is empty",
		`<rss><channel><item><title>お</titl`:                                                   "the feed cannot be read",
		`<html><body>ただいまメンテナンス中です</body></html>`:                                              "no feed",
		``: "no feed",
	} {
		result := run(t, probes.Notice{Format: "feed"}, body, "application/rss+xml")
		if result.Outcome != probes.Down || result.Reason != probes.ReasonContent || !strings.Contains(result.Message, want) {
			t.Errorf("%q: %v %s %q, want %q", body, result.Outcome, result.Reason, result.Message, want)
		}
	}
}

func TestCharsets(t *testing.T) {
	const page = `<meta charset="%s"><main><ul><li>2025年10月30日 <a href="n2">【障害】申請ができない事象について</a></li></ul></main>`
	const feed = `<?xml version="1.0" encoding="%s"?><rss version="2.0"><channel><title>お知らせ</title><item><title>【障害】申請ができない事象について</title><link>https://example.jp/info/n2</link><pubDate>2025年10月30日</pubDate></item></channel></rss>`
	for name, e := range map[string]encoding.Encoding{"Shift_JIS": japanese.ShiftJIS, "EUC-JP": japanese.EUCJP, "ISO-2022-JP": japanese.ISO2022JP, "UTF-8": encoding.Nop} {
		for _, c := range []struct{ body, contentType string }{
			{fmt.Sprintf(page, name), "text/html"},
			{fmt.Sprintf(page, "utf-8"), "text/html; charset=" + name}, // the header holds
			{fmt.Sprintf(feed, name), "application/xml"},
		} {
			body, err := e.NewEncoder().String(c.body)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, run(t, probes.Notice{}, body, c.contentType), "2025-10-30 00:00 | /info/n2 | 【障害】申請ができない事象について")
		}
	}
}

func TestJSON(t *testing.T) {
	const doc = `{"count": 2, "tags": [{"name": "a"}], "articles": [
{"id": 2, "title": "【障害】申請について", "html_url": "https://example.jp/n/2", "created_at": "2025-10-30T04:00:00Z", "body": "<p>10月30日8時50分頃から申請ができません。</p>"},
{"id": 1, "title": {"rendered": "保守の予定"}, "html_url": "/n/1", "created_at": 1756652400000, "body": null}]}`
	result := run(t, probes.Notice{}, doc, "application/json")
	compare(t, result, "2025-10-30 13:00 | /n/2 | 【障害】申請について", "2025-09-01 00:00 | /n/1 | 保守の予定")
	if got := result.Notice.Items[0].Text; got != "【障害】申請について\n10月30日8時50分頃から申請ができません。" || !result.Notice.List {
		t.Errorf("text %q, whole list: %v", got, result.Notice.List)
	}
	// Members of an object come in the order of their names, each time.
	for range 20 {
		compare(t, run(t, probes.Notice{Format: "json", Item: "$.*"}, `{"c": {"title": "三"}, "a": {"title": "一"}, "b": {"title": "二"}}`, ""),
			"- | /info/#* | 一", "- | /info/#* | 二", "- | /info/#* | 三")
	}
	own := `{"d": {"rows": [{"t": "障害", "m": {"u": "https://example.jp/1", "w": "2025/10/30 13:00"}, "x": "本文"}]}}`
	n := probes.Notice{Format: "json", Item: "$.d.rows", Title: "$.t", Link: "$.m.u", Date: "$.m.w", Body: "$.x"}
	compare(t, run(t, n, own, ""), "2025-10-30 13:00 | /1 | 障害")
	n.Item = "$.d.rows[*]"
	compare(t, run(t, n, own, ""), "2025-10-30 13:00 | /1 | 障害")

	for _, c := range []struct {
		n      probes.Notice
		body   string
		reason probes.Reason
		want   string
	}{
		{probes.Notice{}, `{"a": `, probes.ReasonContent, "no valid JSON"},
		{probes.Notice{}, `{"articles": []}`, probes.ReasonContent, "the list is empty"},
		{probes.Notice{Item: "$.gone[*]"}, doc, probes.ReasonSelector, "the item path $.gone[*] leads to nothing"},
		{probes.Notice{Item: "$.articles[*]", Title: "$.gone"}, doc, probes.ReasonSelector, "the title path $.gone leads to nothing in any of the 2"},
	} {
		result := run(t, c.n, c.body, "application/json")
		if result.Outcome != probes.Down || result.Reason != c.reason || !strings.Contains(result.Message, c.want) {
			t.Errorf("%q: %v %s %q, want %q", c.body, result.Outcome, result.Reason, result.Message, c.want)
		}
	}
}
