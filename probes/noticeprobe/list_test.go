package noticeprobe_test

import (
	"strings"
	"testing"

	"mynaprobe/probes"
)

// frame is what stands around lists on real sites, dates and links of its own included.
func frame(content string) string {
	return `<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>お知らせ</title></head><body>
<header><a href="/">市のページ</a> <span>2025年11月5日（水）</span></header>
<nav><ul><li><a href="/a">手続きのお知らせについての案内</a></li><li><a href="/b">窓口の一覧とご案内のお知らせ</a></li></ul></nav>
<main><h1>お知らせ一覧</h1>` + content + `</main>
<footer><p>最終更新日：2025年11月4日</p><ul><li><a href="/p">個人情報保護方針についてのお知らせ</a></li></ul></footer></body></html>`
}

// The same three notices, laid out in all the ways that lists are.
var layouts = map[string]string{
	"dl of dt and dd": `<dl>
<dt>2025年10月31日</dt><dd><a href="n3">申請の受付を再開しました</a></dd>
<dt>2025年10月30日</dt><dd><a href="n2">【障害】申請ができない事象について</a></dd>
<dt>2025年9月1日</dt><dd><a href="n1">システムメンテナンスのお知らせ</a></dd></dl>`,
	"dl in divs": `<dl>
<div><dt>2025.10.31</dt><dd><a href="n3">申請の受付を再開しました</a></dd></div>
<div><dt>2025.10.30</dt><dd><a href="n2">【障害】申請ができない事象について</a></dd></div>
<div><dt>2025.09.01</dt><dd><a href="n1">システムメンテナンスのお知らせ</a></dd></div></dl>`,
	"ul with spans": `<ul class="news">
<li><span class="date">2025/10/31</span><span class="cat">その他</span><a href="n3">申請の受付を再開しました</a></li>
<li><span class="date">2025/10/30</span><span class="cat">障害</span><a href="n2">【障害】申請ができない事象について</a></li>
<li><span class="date">2025/9/1</span><span class="cat">保守</span><a href="n1">システムメンテナンスのお知らせ</a></li></ul>`,
	"ul with text": `<ul>
<li>令和7年10月31日　<a href="n3">申請の受付を再開しました</a></li>
<li>令和7年10月30日　<a href="n2">【障害】申請ができない事象について</a></li>
<li>令和7年9月1日　<a href="n1">システムメンテナンスのお知らせ</a></li></ul>`,
	"date inside of the link": `<ul>
<li><a href="n3">2025年10月31日 申請の受付を再開しました</a></li>
<li><a href="n2">2025年10月30日 【障害】申請ができない事象について</a></li>
<li><a href="n1">2025年9月1日 システムメンテナンスのお知らせ</a></li></ul>`,
	"table": `<table><thead><tr><th>掲載日</th><th>件名</th></tr></thead><tbody>
<tr><td>2025-10-31</td><td><a href="n3">申請の受付を再開しました</a></td></tr>
<tr><td>2025-10-30</td><td><a href="n2">【障害】申請ができない事象について</a></td></tr>
<tr><td>2025-09-01</td><td><a href="n1">システムメンテナンスのお知らせ</a></td></tr></tbody></table>`,
	"table with the date last": `<table>
<tr><td><a href="n3">申請の受付を再開しました</a></td><td>R7.10.31</td></tr>
<tr><td><a href="n2">【障害】申請ができない事象について</a></td><td>R7.10.30</td></tr>
<tr><td><a href="n1">システムメンテナンスのお知らせ</a></td><td>R7.9.1</td></tr></table>`,
	"articles": `<article><header><time datetime="2025-10-31">10月31日</time><h2><a href="n3">申請の受付を再開しました</a></h2></header><p>再開しました。</p></article>
<article><header><time datetime="2025-10-30">10月30日</time><h2><a href="n2">【障害】申請ができない事象について</a></h2></header><p>調査しています。</p></article>
<article><header><time datetime="2025-09-01">9月1日</time><h2><a href="n1">システムメンテナンスのお知らせ</a></h2></header><p>停止します。</p></article>`,
	"links that are cards": `<section>
<a href="n3"><h3>申請の受付を再開しました</h3><time>2025年10月31日</time></a>
<a href="n2"><h3>【障害】申請ができない事象について</h3><time>2025年10月30日</time></a>
<a href="n1"><h3>システムメンテナンスのお知らせ</h3><time>2025年9月1日</time></a></section>`,
	"flat, date before title": `<div>
<p class="day">2025年10月31日（金）</p><p><a href="n3">申請の受付を再開しました</a></p>
<p class="day">2025年10月30日（木）</p><p><a href="n2">【障害】申請ができない事象について</a></p>
<p class="day">2025年9月1日（月）</p><p><a href="n1">システムメンテナンスのお知らせ</a></p></div>`,
	"flat, title before date": `<div>
<h3><a href="n3">申請の受付を再開しました</a></h3><p>2025年10月31日</p>
<h3><a href="n2">【障害】申請ができない事象について</a></h3><p>2025年10月30日</p>
<h3><a href="n1">システムメンテナンスのお知らせ</a></h3><p>2025年9月1日</p></div>`,
	"short dates": `<ul>
<li>10月31日 <a href="n3">申請の受付を再開しました</a></li>
<li>10月30日 <a href="n2">【障害】申請ができない事象について</a></li>
<li>9月1日 <a href="n1">システムメンテナンスのお知らせ</a></li></ul>`,
	"published and updated": `<ul>
<li><span>掲載日</span><time datetime="2025-10-31">2025年10月31日</time> <span>更新日</span><time datetime="2025-11-01">2025年11月1日</time><a href="n3">申請の受付を再開しました</a></li>
<li><span>掲載日</span><time datetime="2025-10-30">2025年10月30日</time> <span>更新日</span><time datetime="2025-11-01">2025年11月1日</time><a href="n2">【障害】申請ができない事象について</a></li>
<li><span>掲載日</span><time datetime="2025-09-01">2025年9月1日</time> <span>更新日</span><time datetime="2025-11-01">2025年11月1日</time><a href="n1">システムメンテナンスのお知らせ</a></li></ul>`,
	"two lists": `<section><h2>重要</h2><ul class="important"><li><time>2025年10月31日</time><a href="n3">申請の受付を再開しました</a></li>
<li><time>2025年10月30日</time><a href="n2">【障害】申請ができない事象について</a></li></ul></section>
<section><h2>その他</h2><div class="rest"><p><time>2025年9月1日</time><a href="n1">システムメンテナンスのお知らせ</a></p></div></section>`,
	"divs": `<div class="list"><div class="row"><div class="d">2025年10月31日</div><div class="t"><a href="n3">申請の受付を再開しました</a></div></div>
<div class="row"><div class="d">2025年10月30日</div><div class="t"><a href="n2">【障害】申請ができない事象について</a></div></div>
<div class="row"><div class="d">2025年9月1日</div><div class="t"><a href="n1">システムメンテナンスのお知らせ</a></div></div></div>`,
	"lines with breaks": `<p>2025/10/31 <a href="n3">申請の受付を再開しました</a><br>
2025/10/30 [重要] <a href="n2">【障害】申請ができない事象について</a><br>
2025/9/1 <a href="n1">システムメンテナンスのお知らせ</a></p>`,
	"headings with text below": `<h3>2025年10月31日 <a href="n3">申請の受付を再開しました</a></h3><p>再開しました。</p>
<h3>2025年10月30日 <a href="n2">【障害】申請ができない事象について</a></h3><p>日時：<br>2025年10月30日（木） 終日</p>
<h3>2025年9月1日 <a href="n1">システムメンテナンスのお知らせ</a></h3><p>停止します。</p>`,
	"labels before dates": `<p>更新日：2025年11月1日</p><ul>
<li><a href="n3">申請の受付を再開しました</a> <span>更新日：2025年10月31日</span></li>
<li><a href="n2">【障害】申請ができない事象について</a> <span>更新日：2025年10月30日</span></li>
<li><a href="n1">システムメンテナンスのお知らせ</a> <span>更新日：2025年9月1日</span></li></ul>`,
	"dates at the end": `<ul>
<li><a href="n3">申請の受付を再開しました</a>（2025年10月31日）</li>
<li><a href="n2">【障害】申請ができない事象について</a>（2025年10月30日）</li>
<li><a href="n1">システムメンテナンスのお知らせ</a>（2025年9月1日）</li></ul>`,
	"nested blocks in links": `<div class="news"><a href="n3"><div class="meta"><span class="label">お知らせ</span><span class="date">2025.10.31</span></div><div class="ttl">申請の受付を再開しました</div></a>
<a href="n2"><div class="meta"><span class="label">障害</span><span class="date">2025.10.30</span></div><div class="ttl">【障害】申請ができない事象について</div></a>
<a href="n1"><div class="meta"><span class="label">保守</span><span class="date">2025.9.1</span></div><div class="ttl">システムメンテナンスのお知らせ</div></a></div>`,
	"rows with a heading cell": `<table><tr><th>2025年10月31日</th><td>その他</td><td><a href="n3">申請の受付を再開しました</a></td></tr>
<tr><th>2025年10月30日</th><td>障害</td><td><a href="n2">【障害】申請ができない事象について</a></td></tr>
<tr><th>2025年9月1日</th><td>保守</td><td><a href="n1">システムメンテナンスのお知らせ</a></td></tr></table>`,
	"accordions": `<details><summary>2025年10月31日　<a href="n3">申請の受付を再開しました</a></summary><p>再開しました。</p></details>
<details><summary>2025年10月30日　<a href="n2">【障害】申請ができない事象について</a></summary><p>停止しています。</p></details>
<details><summary>2025年9月1日　<a href="n1">システムメンテナンスのお知らせ</a></summary><p>停止します。</p></details>`,
	"months as headings": `<h2>2025年10月</h2><ul><li><span>10月31日</span> <a href="n3">申請の受付を再開しました</a></li>
<li><span>10月30日</span> <a href="n2">【障害】申請ができない事象について</a></li></ul><h2>2025年9月</h2><ul><li><span>9月1日</span> <a href="n1">システムメンテナンスのお知らせ</a></li></ul>`,
	"body texts with dates of their own": `<ul>
<li><time>2025年10月31日</time><h3><a href="n3">申請の受付を再開しました</a></h3><p>2025年10月31日18時50分頃に再開しました。</p></li>
<li><time>2025年10月30日</time><h3><a href="n2">【障害】申請ができない事象について</a></h3><p>2025年10月30日8時50分頃から申請ができません。</p></li>
<li><time>2025年9月1日</time><h3><a href="n1">システムメンテナンスのお知らせ</a></h3><p>9月10日（水）0時から6時まで停止します。</p></li></ul>`,
}

func TestListsAreFoundHoweverTheyAreLaidOut(t *testing.T) {
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			result := run(t, probes.Notice{}, frame(layout), "text/html; charset=utf-8")
			compare(t, result,
				"2025-10-31 00:00 | /info/n3 | 申請の受付を再開しました",
				"2025-10-30 00:00 | /info/n2 | 【障害】申請ができない事象について",
				"2025-09-01 00:00 | /info/n1 | システムメンテナンスのお知らせ")
			if !result.Notice.List || result.Notice.Format != "html" {
				t.Errorf("list %v, format %q", result.Notice.List, result.Notice.Format)
			}
		})
	}
}

func TestListsOfOne(t *testing.T) {
	for name, layout := range map[string]string{
		"ul":      `<ul><li><span>2025年10月30日</span><a href="n2">【障害】申請ができない事象について</a></li></ul>`,
		"dl":      `<dl><dt>2025年10月30日</dt><dd><a href="n2">【障害】申請ができない事象について</a></dd></dl>`,
		"table":   `<table><tr><td>2025年10月30日</td><td><a href="n2">【障害】申請ができない事象について</a></td></tr></table>`,
		"article": `<article><time>2025年10月30日</time><h2><a href="n2">【障害】申請ができない事象について</a></h2><p>本文</p></article>`,
		"card":    `<section><a href="n2"><h3>【障害】申請ができない事象について</h3><time>2025年10月30日</time></a></section>`,
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, run(t, probes.Notice{}, frame(layout), ""), "2025-10-30 00:00 | /info/n2 | 【障害】申請ができない事象について")
		})
	}
}

func TestListsWithoutLinksGiveTheirText(t *testing.T) {
	result := run(t, probes.Notice{}, frame(`<dl>
<dt>2025年10月30日</dt><dd>2025年10月30日8時50分頃から、カードの申請ができない障害が発生しております。現在復旧作業中です。</dd>
<dt>2025年9月1日</dt><dd>窓口の場所が変わりました。</dd></dl>`), "")
	if len(result.Notice.Items) != 2 {
		t.Fatalf("%+v", result)
	}
	item := result.Notice.Items[0]
	if len(item.Announcements) != 1 || len(item.Announcements[0].Windows) != 1 || item.Unparsed {
		t.Errorf("read %+v from %q", item.Announcements, item.Text)
	}
	if again := run(t, probes.Notice{}, frame(`<dl><dt>2025年9月1日</dt><dd>窓口の場所が変わりました。</dd></dl>`), ""); again.Notice.Items[0].Address != result.Notice.Items[1].Address {
		t.Errorf("the address of a notice without a link changes: %s, %s", again.Notice.Items[0].Address, result.Notice.Items[1].Address)
	}
}

func TestUndatedListsAreFoundByTheirWords(t *testing.T) {
	result := run(t, probes.Notice{}, frame(`<ul><li><a href="n2">申請ができない事象についてのお知らせ</a></li>
<li><a href="n1">システムメンテナンスを実施します</a></li><li><a href="x">戻る</a></li></ul>`), "")
	compare(t, result, "- | /info/n2 | 申請ができない事象についてのお知らせ", "- | /info/n1 | システムメンテナンスを実施します")
}

func TestPagesOfSectionsWithoutDates(t *testing.T) {
	result := run(t, probes.Notice{}, frame(`<h2>障害情報</h2>
<h3>カードの申請について</h3><p>2025年10月30日8時50分頃から、カードの申請ができない障害が発生しております。現在復旧作業中です。</p>
<h3>窓口の混雑について</h3><p>月曜日の午前中は大変混み合います。</p>`), "")
	if len(result.Notice.Items) != 2 || result.Notice.Items[0].Title != "カードの申請について" || len(result.Notice.Items[0].Announcements) != 1 {
		t.Errorf("%+v", result.Notice.Items)
	}
}

func TestSelectorsOfTheDefinition(t *testing.T) {
	page := frame(`<div class="x"><p class="h">申請の障害</p><p class="w">掲載 2025年10月30日</p><p class="b">8時50分頃から申請ができません。</p><p><a class="more" href="/d/1?a=1&amp;b=2">詳しく</a> <a href="/print">印刷</a></p></div>
<div class="x"><p class="h">保守の予定</p><p class="w">掲載 2025年10月1日</p><p class="b">停止します。</p><p><a class="more" href="/d/2">詳しく</a></p></div>`)
	n := probes.Notice{Item: "div.x", Title: ".h", Date: ".w", Link: ".more", Body: ".b"}
	result := run(t, n, page, "")
	compare(t, result, "2025-10-30 00:00 | /d/1?a=1&b=2 | 申請の障害", "2025-10-01 00:00 | /d/2 | 保守の予定")
	if got := result.Notice.Items[0].Text; got != "申請の障害\n8時50分頃から申請ができません。" {
		t.Errorf("text %q", got)
	}

	compare(t, run(t, probes.Notice{Item: "dt"}, frame(layouts["dl of dt and dd"]), ""),
		"2025-10-31 00:00 | /info/n3 | 申請の受付を再開しました",
		"2025-10-30 00:00 | /info/n2 | 【障害】申請ができない事象について",
		"2025-09-01 00:00 | /info/n1 | システムメンテナンスのお知らせ")

	for _, c := range []struct {
		name string
		n    probes.Notice
		want string
	}{
		{"item", probes.Notice{Item: ".gone"}, `the item selector ".gone" matches nothing`},
		{"title", probes.Notice{Item: "div.x", Title: ".gone"}, `the title selector ".gone" matches in none of the 2 items`},
		{"date", probes.Notice{Item: "div.x", Date: ".gone"}, `the date selector ".gone" matches in none`},
		{"link", probes.Notice{Item: "div.x", Link: ".gone"}, `the link selector ".gone" matches in none`},
		{"body", probes.Notice{Item: "div.x", Body: ".gone"}, `the body selector ".gone" matches in none`},
	} {
		result := run(t, c.n, page, "text/html")
		if result.Outcome != probes.Down || result.Reason != probes.ReasonSelector || !strings.Contains(result.Message, c.want) {
			t.Errorf("%s: %v %s %q, want selector and %q", c.name, result.Outcome, result.Reason, result.Message, c.want)
		}
		if result.Evidence == nil || len(result.Evidence.Files["page.html"]) == 0 {
			t.Errorf("%s: no evidence", c.name)
		}
	}
	partly := run(t, probes.Notice{Item: "div.x", Link: "a[href='/print']"}, page, "")
	if partly.Outcome != probes.Up || len(partly.Notice.Warnings) != 1 || !strings.Contains(partly.Notice.Warnings[0], "in 1 of 2 items") {
		t.Errorf("a link in one of two: %v %v", partly.Outcome, partly.Notice.Warnings)
	}
}

func TestLinksAreResolvedAndBounded(t *testing.T) {
	result := run(t, probes.Notice{}, `<base href="/sub/"><main><ul>
<li>2025年10月5日 <a href="a#part">一番目のお知らせ</a></li>
<li>2025年10月4日 <a href="//other.example.jp/b">二番目のお知らせ</a></li>
<li>2025年10月3日 <a href="javascript:open(3)">三番目のお知らせ</a></li>
<li>2025年10月2日 <a href="ftp://example.jp/x">四番目のお知らせ</a></li>
<li>2025年10月1日 <a href="a#part">五番目のお知らせ</a></li></ul></main>`, "")
	compare(t, result,
		"2025-10-05 00:00 | /sub/a#* | 一番目のお知らせ",
		"2025-10-04 00:00 | https://other.example.jp/b | 二番目のお知らせ",
		"2025-10-03 00:00 | /info/#* | 三番目のお知らせ",
		"2025-10-02 00:00 | /info/#* | 四番目のお知らせ",
		"2025-10-01 00:00 | /sub/a#* | 五番目のお知らせ")
	seen := map[string]bool{}
	for _, item := range result.Notice.Items {
		if seen[item.Address] {
			t.Errorf("two items share the address %s", item.Address)
		}
		seen[item.Address] = true
	}
}

func TestHiddenAndStruckTextIsLeftOut(t *testing.T) {
	result := run(t, probes.Notice{}, `<main><ul><li>2025年10月5日 <a href="a">停止の<ruby>時刻<rt>じこく</rt></ruby>について</a>
<p><del>22時まで</del>23時まで<span style="display: none">隠し</span><script>var x = 1</script><span hidden>秘</span><span aria-hidden="true">記号</span></p></li></ul></main>`, "")
	if got := result.Notice.Items[0].Text; got != "停止の時刻について\n23時まで" {
		t.Errorf("text %q", got)
	}
}

func TestTablesKeepTheirRows(t *testing.T) {
	result := run(t, probes.Notice{}, frame(`<dl><dt>2025年10月30日</dt><dd><a href="1">停止のお知らせ</a>
<table><tr><th>対象</th><td><p>カードの</p><p>申請</p></td></tr><tr><th>期間</th><td>11月10日0時から<br>6時まで</td></tr></table>
<ul><li>一つ目</li><li>二つ目</li></ul><pre>そのまま
二行</pre></dd></dl>`), "")
	if got, want := result.Notice.Items[0].Text, "停止のお知らせ\n対象\tカードの 申請\n期間\t11月10日0時から 6時まで\n・一つ目\n・二つ目\nそのまま\n二行"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

func TestMaxItems(t *testing.T) {
	result := run(t, probes.Notice{MaxItems: 2}, frame(layouts["table"]), "")
	if len(result.Notice.Items) != 2 || result.Notice.List {
		t.Errorf("%d items, whole list: %v", len(result.Notice.Items), result.Notice.List)
	}
}

func TestPagesMadeToBeSlow(t *testing.T) {
	const big = 1 << 18
	for name, page := range map[string]string{
		"deep":           strings.Repeat("<article>", 400) + "<time>2025年10月30日</time>" + strings.Repeat("文", big/3) + strings.Repeat("</article>", 400),
		"too deep":       strings.Repeat("<div>", big/5) + "2025年10月30日",
		"many dates":     strings.Repeat("<li>2025年10月30日 <a href=a>お知らせです</a>", big/50),
		"dates alone":    strings.Repeat("<p>2025年10月30日</p>", big/30),
		"one long line":  strings.Repeat("2025年10月30日 ", big/20),
		"digits":         strings.Repeat("20251030", big/8),
		"headings":       strings.Repeat("<h3>障害について</h3>", big/30),
		"open tags":      strings.Repeat("<a href=x><b><i>", big/20) + "システムメンテナンスのお知らせ",
		"dates in a row": "<div>" + strings.Repeat("<time>2025年10月30日</time>", big/40) + "</div>",
		"hidden":         strings.Repeat("<div hidden>", 300) + strings.Repeat("2025年10月30日 ", big/20),
		"broken feed":    "<rss><channel>" + strings.Repeat("<item><title>x</item>", big/20),
		"deep feed":      "<rss><channel><item>" + strings.Repeat("<a>", big/3),
		"deep JSON":      strings.Repeat("[", big),
		"ampersands":     "<rss><channel><item><title>" + strings.Repeat("&", big) + "</title></item>",
	} {
		t.Run(name, func(t *testing.T) {
			if result := run(t, probes.Notice{}, page, ""); result.Reason == probes.ReasonInternal {
				t.Errorf("%s\n%s", result.Message, result.Evidence.Files["panic.txt"])
			}
		})
	}
}
