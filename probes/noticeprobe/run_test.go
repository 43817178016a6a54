package noticeprobe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/noticeprobe"
)

const outageText = `<article><h1>【障害】カードの申請について</h1><p>掲載日：2025年10月30日</p>
<p>10月30日8時50分頃から、カードの申請ができない障害が発生しております。現在、復旧作業中です。</p></article>`

// list is a page that lists notices about cards, numbered from n down to 1.
func list(n int) string {
	var b strings.Builder
	b.WriteString("<main><ul>")
	for ; n > 0; n-- {
		fmt.Fprintf(&b, `<li>2025年10月%d日 <a href="%d">カードの申請についてのお知らせ %d</a></li>`, n, n, n)
	}
	return b.String() + "</ul></main>"
}

func (w *web) addresses() string {
	var asked []string
	for _, request := range w.asked {
		asked = append(asked, strings.TrimPrefix(request.URL, listURL))
	}
	w.asked = nil
	return strings.Join(asked, " ")
}

func TestPagesBehindItemsAreRead(t *testing.T) {
	w := newWeb(map[string]answer{
		listURL: {body: `<main><ul>
<li>2025年10月30日 <a href="1">【障害】カードの申請について</a></li>
<li>2025年10月29日 <a href="2">庁舎の工事のお知らせ</a></li>
<li>2025年10月28日 <a href="3">一部のサービスの停止について</a></li>
<li>2025年10月27日 <a href="4.pdf">カードのご案内（PDF）</a></li></ul></main>`},
		listURL + "1": {body: "<nav>戻る</nav>" + outageText},
		listURL + "3": {body: `<div id="content"><p>11月10日（月）0時から6時まで、カードの申請のシステムメンテナンスを行います。</p><p>ご迷惑をおかけします。ご了承ください。よろしくお願いいたします。ご了承ください。</p></div>`},
	})
	runner := w.prepare(t, probes.Notice{Follow: true, About: []string{"カード"}})
	result := runner.Run(t.Context())
	if result.Outcome != probes.Up || len(result.Notice.Items) != 4 {
		t.Fatalf("%+v", result)
	}
	// Those that concern us by their title, and those that speak of trouble without saying whose.
	if got := w.addresses(); got != " 1 3" {
		t.Errorf("asked for %q", got)
	}
	first, third := result.Notice.Items[0], result.Notice.Items[2]
	if !strings.Contains(first.Text, "8時50分頃から") || strings.Contains(first.Text, "戻る") || !first.About {
		t.Errorf("%+v", first)
	}
	if len(first.Announcements) != 1 || first.Announcements[0].State != probes.Ongoing || len(first.Announcements[0].Windows) != 1 ||
		!first.Announcements[0].Windows[0].Start.Equal(time.Date(2025, 10, 30, 8, 50, 0, 0, jst)) {
		t.Errorf("%+v", first.Announcements)
	}
	if !third.About || len(third.Announcements) != 1 || third.Announcements[0].Kind != probes.AnnouncedMaintenance {
		t.Errorf("%+v", third)
	}
	if second := result.Notice.Items[1]; second.About || second.Announcements != nil {
		t.Errorf("%+v", second)
	}
	if len(result.Steps) != 2 || result.Steps[0].State != probes.StepPassed {
		t.Errorf("steps %+v", result.Steps)
	}
	if took := result.Duration.Duration(); took < 2*time.Second {
		t.Errorf("three requests to a public host within %v", took)
	}
}

func TestConditionalRequests(t *testing.T) {
	w := newWeb(map[string]answer{
		listURL:       {body: list(1), etag: `"l1"`},
		listURL + "1": {body: outageText, etag: `"p1"`},
	})
	runner := w.prepare(t, probes.Notice{Follow: true})
	first := runner.Run(t.Context())
	w.asked = nil
	w.clock.Advance(5 * time.Minute)
	second := runner.Run(t.Context())
	if len(w.asked) != 2 || w.asked[0].ETag != `"l1"` || w.asked[1].ETag != `"p1"` || !w.asked[1].Linked || w.asked[0].Linked {
		t.Errorf("asked %+v", w.asked)
	}
	if second.Notice.Status != 304 || len(second.Notice.Items) != 1 || second.Notice.Items[0].Hash != first.Notice.Items[0].Hash ||
		len(second.Notice.Items[0].Announcements) != 1 {
		t.Errorf("after a 304: %+v", second.Notice)
	}
	// A page is edited in place while its list stays.
	w.pages[listURL+"1"] = answer{etag: `"p2"`, body: `<article><h1>【復旧】カードの申請について</h1><p>10月30日8時50分頃から10月31日18時50分頃まで、カードの申請ができない障害が発生しておりましたが、復旧しました。</p></article>`}
	w.clock.Advance(5 * time.Minute)
	third := runner.Run(t.Context())
	item := third.Notice.Items[0]
	if item.Hash == first.Notice.Items[0].Hash || len(item.Announcements) != 1 || item.Announcements[0].State != probes.Resolved {
		t.Errorf("after the edit: %+v", item)
	}
}

func TestPagesAreReadInTurn(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: list(5)}})
	for n := 1; n <= 5; n++ {
		w.pages[fmt.Sprint(listURL, n)] = answer{body: "<article><p>窓口のご案内です。詳しくはお問い合わせください。ご案内の内容は変わることがあります。</p></article>"}
	}
	w.pages[listURL+"2"] = answer{body: outageText}
	runner := w.prepare(t, probes.Notice{Follow: true, MaxPages: 2})
	for i, want := range []string{" 5 4", " 3 2", " 1 2", " 2 5", " 2 4", " 2 3"} {
		runner.Run(t.Context())
		// What was never read comes first, then the one that announces something, then whichever waited longest.
		if got := w.addresses(); got != want {
			t.Errorf("run %d asked for %q, want %q", i+1, got, want)
		}
		w.clock.Advance(5 * time.Minute)
	}
}

func TestPagesThatFail(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: list(2)}, listURL + "2": {body: outageText}, listURL + "1": {status: 503, fail: probes.ReasonStatus}})
	runner := w.prepare(t, probes.Notice{Follow: true})
	result := runner.Run(t.Context())
	if result.Outcome != probes.Up || len(result.Notice.Warnings) != 1 || !strings.Contains(result.Notice.Warnings[0], "/info/1 could not be read: the server said no") {
		t.Errorf("one of two: %v %s %v", result.Outcome, result.Message, result.Notice.Warnings)
	}
	hash := result.Notice.Items[0].Hash
	w.pages[listURL+"2"] = answer{status: 503, fail: probes.ReasonStatus}
	if result = runner.Run(t.Context()); result.Notice.Items[0].Hash != hash {
		t.Error("a page that cannot be read for a while became a new revision")
	}
	fresh := w.prepare(t, probes.Notice{Follow: true})
	if result = fresh.Run(t.Context()); result.Outcome != probes.Down || result.Reason != probes.ReasonStatus || !strings.Contains(result.Message, "none of the 2 pages") {
		t.Errorf("all of them: %v %s %s", result.Outcome, result.Reason, result.Message)
	}
	w.addresses()
	w.pages[listURL+"2"] = answer{status: 429, fail: probes.ReasonBlocked}
	w.prepare(t, probes.Notice{Follow: true}).Run(t.Context())
	if got := w.addresses(); got != " 2" {
		t.Errorf("turned away, and asked for %q", got)
	}
	w.pages[listURL+"2"] = answer{after: 12 * time.Second, body: outageText}
	w.pages[listURL+"1"] = answer{after: 17 * time.Second, body: outageText}
	result = w.prepare(t, probes.Notice{Follow: true}).Run(t.Context())
	if result.Outcome != probes.Up || result.Duration.Duration() > 30*time.Second || len(result.Notice.Warnings) != 1 {
		t.Errorf("no time left: %v in %v, %v", result.Outcome, result.Duration.Duration(), result.Notice.Warnings)
	}
}

func TestContentSelector(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: list(1)}, listURL + "1": {body: `<div class="t"><p>11月10日0時から6時まで停止します。</p></div><div>関係のない文</div>`}})
	result := w.prepare(t, probes.Notice{Follow: true, Content: ".t"}).Run(t.Context())
	if got := result.Notice.Items[0].Text; got != "カードの申請についてのお知らせ 1\n11月10日0時から6時まで停止します。" {
		t.Errorf("text %q", got)
	}
	result = w.prepare(t, probes.Notice{Follow: true, Content: ".gone"}).Run(t.Context())
	if result.Outcome != probes.Down || result.Reason != probes.ReasonSelector || !strings.Contains(result.Message, `the content selector ".gone" matches in none of the 1 pages`) {
		t.Errorf("%v %s %s", result.Outcome, result.Reason, result.Message)
	}
}

func TestFetchFailuresKeepTheirReason(t *testing.T) {
	for _, reason := range []probes.Reason{probes.ReasonDNS, probes.ReasonStatus, probes.ReasonMaintenance, probes.ReasonBlocked, probes.ReasonTLS} {
		w := newWeb(map[string]answer{listURL: {status: 503, fail: reason}})
		result := w.prepare(t, probes.Notice{}).Run(t.Context())
		if result.Reason != reason || result.Outcome != reason.Outcome() || result.Message != "the server said no" ||
			result.Probe != "news" || result.Stage != "notices" || result.Kind != probes.KindNotice || !result.Start.Equal(now) || result.Target != listURL {
			t.Errorf("%s: %+v", reason, result)
		}
	}
	w := newWeb(map[string]answer{listURL: {after: time.Minute}})
	result := w.prepare(t, probes.Notice{}).Run(t.Context())
	if result.Reason != probes.ReasonTimeout || result.Duration.Duration() != 30*time.Second {
		t.Errorf("%s after %v", result.Reason, result.Duration.Duration())
	}
}

func TestHealthOfTheSource(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      probes.Notice
		body   string
		reason probes.Reason
		want   string
	}{
		{"enough", probes.Notice{MinItems: 3}, list(3), "", ""},
		{"too few", probes.Notice{MinItems: 4}, list(3), probes.ReasonContent, "only 3 notices were found where at least 4 are expected"},
		{"emptied", probes.Notice{}, "<main><p>現在、お知らせはありません。</p></main>", probes.ReasonContent, "the list is empty"},
		{"another page", probes.Notice{}, "<p>ようこそ</p>", probes.ReasonContent, "the list is empty"},
		{"fresh", probes.Notice{NewestWithin: 30 * 24 * time.Hour}, list(20), "", ""},
		{"stale", probes.Notice{NewestWithin: 7 * 24 * time.Hour}, list(20), probes.ReasonContent, "the newest notice is of 2025-10-20 00:00, 396h0m0s ago"},
		{"undated", probes.Notice{NewestWithin: time.Hour}, `<ul><li><a href="1">システムメンテナンスを実施します</a></li></ul>`, probes.ReasonContent, "none of the notices has a date"},
		{"nothing", probes.Notice{}, "", probes.ReasonContent, "the list is empty"},
	} {
		result := run(t, c.n, c.body, "text/html")
		if result.Reason != c.reason || result.Outcome != c.reason.Outcome() || !strings.Contains(result.Message, c.want) {
			t.Errorf("%s: %v %s %q, want %s %q", c.name, result.Outcome, result.Reason, result.Message, c.reason, c.want)
		}
		if c.reason != "" && result.Notice.List {
			t.Errorf("%s: items could seem withdrawn", c.name)
		}
	}
}

func TestAListThatIsGoneIsToldFromOneThatWasNeverThere(t *testing.T) {
	const sections = `<main><h2>障害情報</h2><p>現在、障害は発生しておりません。</p><h2>お問い合わせ</h2><p>電話でお問い合わせください。</p></main>`
	w := newWeb(map[string]answer{listURL: {body: sections}})
	if result := w.prepare(t, probes.Notice{}).Run(t.Context()); result.Outcome != probes.Up {
		t.Errorf("a page of sections: %v %s", result.Outcome, result.Message)
	}
	w.pages[listURL] = answer{body: list(3)}
	runner := w.prepare(t, probes.Notice{})
	runner.Run(t.Context())
	w.pages[listURL] = answer{body: sections}
	for range 2 {
		if result := runner.Run(t.Context()); result.Reason != probes.ReasonContent || !strings.Contains(result.Message, "the list that was read before is gone") {
			t.Errorf("%v %s %s", result.Outcome, result.Reason, result.Message)
		}
	}
}

func TestUnparsedNotices(t *testing.T) {
	about := []string{"カード"}
	for text, want := range map[string]bool{
		"カードの申請に障害が発生しております。":                true,
		"10月30日8時50分頃から、カードの申請に障害が発生しております。": false,
		"カードの申請の受付を始めました。":                   false,
		"別のサービスに障害が発生しております。":                false,
	} {
		result := run(t, probes.Notice{About: about}, "<main><ul><li>2025年10月30日 <a href='1'>"+text+"</a></li></ul></main>", "")
		if got := result.Notice.Items[0]; got.Unparsed != want {
			t.Errorf("%s: unparsed %v; %+v", text, got.Unparsed, got.Announcements)
		}
	}
}

func TestRevisions(t *testing.T) {
	item := func(text string) probes.NoticeItem {
		return run(t, probes.Notice{}, "<main><ul><li>2025年10月30日 <a href='1'>カードのお知らせ</a><p>"+text+"</p></li></ul></main>", "").Notice.Items[0]
	}
	first := item("8時50分から停止")
	if same := item("８時５０分から停止"); same.Hash != first.Hash {
		t.Error("another width of the same letters is another revision")
	}
	if other := item("8時55分から停止"); other.Hash == first.Hash || other.Address != first.Address {
		t.Error("an edit is not the same notice in another revision")
	}
}

func TestUndatedNoticesTakeTheDayOnWhichTheyAppear(t *testing.T) {
	page := func(items string) answer { return answer{body: "<main><ul>" + items + "</ul></main>"} }
	const old = `<li><a href="1">カードの保守の予定について</a></li>`
	const fresh = `<li><a href="2">本日8時50分頃からカードの申請に障害が発生しております</a></li>`
	w := newWeb(map[string]answer{listURL: page(old)})
	runner := w.prepare(t, probes.Notice{})
	runner.Run(t.Context())
	w.pages[listURL] = page(fresh + old)
	w.clock.Advance(time.Hour)
	item := runner.Run(t.Context()).Notice.Items[0]
	if len(item.Announcements) != 1 || len(item.Announcements[0].Windows) != 1 || !item.Announcements[0].Windows[0].Start.Equal(time.Date(2025, 11, 5, 8, 50, 0, 0, jst)) {
		t.Errorf("appeared while we watched: %+v", item)
	}
	// Whoever finds it there cannot know which day "today" was.
	found := w.prepare(t, probes.Notice{}).Run(t.Context()).Notice.Items[0]
	for _, a := range found.Announcements {
		if len(a.Windows) > 0 {
			t.Errorf("found there: %+v", found)
		}
	}
}

func TestPrepareRefusesWhatCannotWork(t *testing.T) {
	fetcher := func(probes.Probe) (noticeprobe.Fetch, error) { return newWeb(nil).fetch, nil }
	for _, c := range []struct {
		n    *probes.Notice
		f    func(probes.Probe) (noticeprobe.Fetch, error)
		want string
	}{
		{nil, fetcher, "no notice probe"},
		{&probes.Notice{URL: "news"}, fetcher, `"news" is no address`},
		{&probes.Notice{URL: listURL, Item: "li["}, fetcher, `item: "li[" is no CSS selector`},
		{&probes.Notice{URL: listURL, Content: ">"}, fetcher, `content: ">" is no CSS selector`},
		{&probes.Notice{URL: listURL, Format: "json", Date: "$["}, fetcher, `date: "$[" is no JSONPath`},
		{&probes.Notice{URL: listURL}, nil, "nothing is there to fetch its page with"},
	} {
		_, err := noticeprobe.New(noticeprobe.Options{Fetcher: c.f}).Prepare(probes.Probe{Name: "news", Notice: c.n})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "probe news") {
			t.Errorf("%+v: %v, want %s", c.n, err, c.want)
		}
	}
}

func TestAPanicIsOurFault(t *testing.T) {
	p := noticeprobe.New(noticeprobe.Options{Fetcher: func(probes.Probe) (noticeprobe.Fetch, error) { return nil, nil }})
	runner, err := p.Prepare(probes.Probe{Name: "news", Notice: &probes.Notice{URL: listURL}})
	if err != nil {
		t.Fatal(err)
	}
	if result := runner.Run(t.Context()); result.Outcome != probes.Unknown || result.Reason != probes.ReasonInternal || result.Probe != "news" {
		t.Errorf("%+v", result)
	}
}

func TestTextOfOnePage(t *testing.T) {
	for name, c := range map[string]struct{ body, contentType, title, text, published string }{
		"page": {`<html><head><title>障害のお知らせ｜市</title></head><body><nav>目次</nav><main><h1>障害のお知らせ</h1><p>掲載日 2025年10月30日</p><p>8時50分頃から申請ができません。現在、復旧作業を行っております。ご迷惑をおかけします。ご了承ください。</p></main></body></html>`,
			"text/html", "障害のお知らせ", "障害のお知らせ\n掲載日 2025年10月30日\n8時50分頃から申請ができません。現在、復旧作業を行っております。ご迷惑をおかけします。ご了承ください。", "2025-10-30"},
		"no heading": {`<title>停止のお知らせ</title><body><p>停止します。</p></body>`, "text/html", "停止のお知らせ", "停止のお知らせ\n停止します。", "0001-01-01"},
		"plain text": {"障害のお知らせ\r\n\r\n8時50分頃から", "text/plain; charset=utf-8", "障害のお知らせ", "障害のお知らせ\n8時50分頃から", "0001-01-01"},
	} {
		title, text, published := noticeprobe.PageText([]byte(c.body), c.contentType, now)
		if title != c.title || text != c.text || published.Format(time.DateOnly) != c.published {
			t.Errorf("%s: %q %q %v", name, title, text, published)
		}
	}
}

func TestThePageTellsTheDateThatItsListDoesNot(t *testing.T) {
	for name, page := range map[string]string{
		"label": `<article><p>掲載日：2025年10月30日</p>%s</article>`,
		"meta":  `<meta property="article:published_time" content="2025-10-30T00:00:00+09:00"><article>%s</article>`,
		"time":  `<article><time datetime="2025-10-30">木曜日</time>%s</article>`,
	} {
		w := newWeb(map[string]answer{
			listURL:       {body: `<main><ul><li><a href="1">カードの申請の障害についてのお知らせ</a></li></ul></main>`},
			listURL + "1": {body: fmt.Sprintf(page, `<p>本日8時50分頃から、カードの申請ができない障害が発生しております。現在、復旧作業中です。ご迷惑をおかけします。</p>`)},
		})
		item := w.prepare(t, probes.Notice{Follow: true}).Run(t.Context()).Notice.Items[0]
		if len(item.Announcements) != 1 || len(item.Announcements[0].Windows) != 1 || !item.Announcements[0].Windows[0].Start.Equal(time.Date(2025, 10, 30, 8, 50, 0, 0, jst)) {
			t.Errorf("%s: %v %+v", name, item.Published, item.Announcements)
		}
	}
}

func TestOnlyTheNoticeOfAPageIsRead(t *testing.T) {
	const notice = `<p>8時50分頃から、カードの申請ができない障害が発生しております。現在、復旧作業中です。ご迷惑をおかけします。ご了承ください。</p>`
	for name, page := range map[string]string{
		"beside an aside":         `<main>` + notice + `<aside>関連：9月の障害</aside><nav>前へ</nav><form>検索</form></main>`,
		"before related articles": `<main>` + notice + `</main><article>関連：9月の障害</article><article>関連：8月の障害</article>`,
		"in one of two articles":  `<main><article>` + notice + `</article><article></article></main>`,
	} {
		w := newWeb(map[string]answer{listURL: {body: list(1)}, listURL + "1": {body: page}})
		item := w.prepare(t, probes.Notice{Follow: true}).Run(t.Context()).Notice.Items[0]
		if strings.Contains(item.Text, "関連") || strings.Contains(item.Text, "前へ") || !strings.Contains(item.Text, "8時50分頃から") {
			t.Errorf("%s: %q", name, item.Text)
		}
	}
}

func TestPublicListsDoNotLeadInside(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: `<main><ul>
<li>2025年10月30日 <a href="http://127.0.0.1/admin">カードの申請の障害について</a></li>
<li>2025年10月29日 <a href="http://169.254.169.254/latest">カードの申請の障害について</a></li>
<li>2025年10月28日 <a href="http://localhost:8080/">カードの申請の障害について</a></li>
<li>2025年10月27日 <a href="https://user:password@other.example.jp/a">カードの申請の障害について</a></li></ul></main>`},
		"https://other.example.jp/a": {body: outageText}})
	result := w.prepare(t, probes.Notice{Follow: true}).Run(t.Context())
	if got := w.addresses(); got != " https://other.example.jp/a" || len(result.Notice.Items) != 4 {
		t.Errorf("asked for %q", got)
	}
}

func TestRetryAfterOfAPage(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: list(1)}, listURL + "1": {status: 429, fail: probes.ReasonBlocked, retryAfter: time.Minute}})
	if result := w.prepare(t, probes.Notice{Follow: true}).Run(t.Context()); result.RetryAfter.Duration() != time.Minute || result.Reason != probes.ReasonBlocked {
		t.Errorf("%s, retry after %v", result.Reason, result.RetryAfter.Duration())
	}
}

func TestAfterATroubledRunTheWholeListIsReadAgain(t *testing.T) {
	w := newWeb(map[string]answer{listURL: {body: "<p>x</p>", etag: `"empty"`}})
	runner := w.prepare(t, probes.Notice{})
	runner.Run(t.Context())
	w.pages[listURL] = answer{body: list(2), etag: `"full"`}
	runner.Run(t.Context())
	w.pages[listURL] = answer{body: "<p>x</p>", etag: `"empty"`}
	runner.Run(t.Context())
	w.asked = nil
	if result := runner.Run(t.Context()); w.asked[0].ETag != "" || result.Outcome != probes.Down {
		t.Errorf("asked %+v: %v; an unchanged page without a list is no list", w.asked, result.Outcome)
	}
}

func TestLongGoneNoticesAreForgotten(t *testing.T) {
	w := newWeb(map[string]answer{})
	runner := w.prepare(t, probes.Notice{MaxItems: 1000, Follow: true, MaxPages: 1})
	seen := func(from int) {
		var b strings.Builder
		for n := from; n < from+600; n++ {
			fmt.Fprintf(&b, `<li>2025年10月1日 <a href="n%d">カードの申請についてのお知らせ</a></li>`, n)
		}
		w.pages[listURL] = answer{body: "<main><ul>" + b.String() + "</ul></main>"}
		w.pages[fmt.Sprintf("%sn%d", listURL, from)] = answer{body: outageText, etag: `"x"`}
		w.asked = nil
		runner.Run(t.Context())
	}
	seen(0)
	seen(1000)
	seen(2000)
	seen(0)
	if w.asked[1].ETag != "" {
		t.Errorf("a notice that was gone for long is still kept: %+v", w.asked[1])
	}
}
