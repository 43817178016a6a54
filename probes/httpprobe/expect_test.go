package httpprobe

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"mynaprobe/probes"
)

func texts(values ...string) (all []probes.TextExpect) {
	for _, v := range values {
		all = append(all, probes.TextExpect{Value: v})
	}
	return all
}

func codes(from, to int) []probes.StatusRange { return []probes.StatusRange{{From: from, To: to}} }

// expectPage shows a bit of everything that can be expected.
const expectPage = `<!doctype html><html><head><title>マイナポータル ｜ お知らせ</title>
<style>.hidden { content: "スタイル" }</style><script>var x = "スクリプト<p>";</script></head><body>
<noscript>JavaScriptを有効に</noscript><!-- コメント -->
<h1 class="main">iPhone<b>の</b>マイナ<ruby>番号<rt>ばんごう</rt></ruby>カード</h1>
<ul><li class="n" data-id="7">一つ目</li><li class="n">二つ目</li><li class="n">三つ目 &amp; ＡＢＣ</li></ul>
<a href="/inside">内</a> <a href="https://www.digital.test/x?secret=1">外</a> <a href="mailto:a@b.test">手紙</a>
<p>障害は
ありません</p></body></html>`

const expectJSON = `{"status":"ok","count":3,"big":9007199254740993,"items":[{"id":"a"},{"id":"b"}],"none":null,"名":"値"}`

func expectServer(t testing.TB) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, expectJSON)
		case "/from":
			http.Redirect(w, r, "/middle", http.StatusFound)
		case "/middle":
			http.Redirect(w, r, "/to/?q=1", http.StatusMovedPermanently)
		case "/empty":
		case "/sjis", "/euc", "/meta":
			encode := japanese.ShiftJIS.NewEncoder()
			w.Header().Set("Content-Type", "text/html; charset=Shift_JIS")
			if r.URL.Path == "/euc" {
				encode = japanese.EUCJP.NewEncoder()
				w.Header().Set("Content-Type", "text/html; charset=EUC-JP")
			}
			if r.URL.Path == "/meta" {
				w.Header().Set("Content-Type", "text/html")
			}
			text, err := encode.String(`<meta charset="Shift_JIS"><title>表題ﾃｽﾄ</title><p>障害情報ソ能</p>`)
			if err != nil {
				panic(err)
			}
			io.WriteString(w, text)
		default:
			w.Header().Set("X-Portal", "stand-in 1.0")
			w.Header().Add("Vary", "Accept")
			w.Header().Add("Vary", "Cookie")
			showing(expectPage)(w, r)
		}
	}).URL
}

func TestExpect(t *testing.T) {
	url := expectServer(t)
	one, two := 1, 2
	for _, test := range []struct {
		name   string
		path   string
		expect probes.Expect
		reason probes.Reason
		parts  []string
	}{
		{"status", "/", probes.Expect{Status: codes(200, 204)}, "", nil},
		{"status, another", "/", probes.Expect{Status: []probes.StatusRange{{From: 201, To: 204}, {From: 404, To: 404}}}, probes.ReasonStatus, []string{"expected status 201-204 or 404, got 200 OK"}},
		{"title", "/", probes.Expect{Title: texts("マイナポータル | お知らせ")}, "", nil},
		{"title, another", "/", probes.Expect{Title: texts("別の題")}, probes.ReasonContent, []string{`expected title "別の題", got "マイナポータル | お知らせ"`}},
		{"title, none", "/json", probes.Expect{Title: texts("題")}, probes.ReasonContent, []string{"the page has none"}},
		{"text, through inline elements", "/", probes.Expect{Text: texts("iPhoneのマイナ番号カード", "三つ目 & ABC", "障害は ありません")}, "", nil},
		{"text, missing", "/", probes.Expect{Text: texts("ログイン")}, probes.ReasonContent, []string{`expected text "ログイン", the page shows "iPhone`}},
		{"text of blocks is apart", "/", probes.Expect{Text: texts("一つ目二つ目")}, probes.ReasonContent, nil},
		{"text of a script", "/", probes.Expect{Text: texts("スクリプト")}, probes.ReasonContent, nil},
		{"text of a style", "/", probes.Expect{Text: texts("スタイル")}, probes.ReasonContent, nil},
		{"text of noscript", "/", probes.Expect{Text: texts("有効に")}, probes.ReasonContent, nil},
		{"text of a comment", "/", probes.Expect{Text: texts("コメント")}, probes.ReasonContent, nil},
		{"text of the title", "/", probes.Expect{Text: texts("お知らせ")}, probes.ReasonContent, nil},
		{"text on an empty page", "/empty", probes.Expect{Text: texts("x")}, probes.ReasonContent, []string{"the body is empty"}},
		{"text of JSON", "/json", probes.Expect{Text: texts(`"名":"値"`)}, "", nil},
		{"no text", "/", probes.Expect{NoText: texts("メンテナンス中")}, "", nil},
		{"no text, but it is there", "/", probes.Expect{NoText: texts("障害は ありません")}, probes.ReasonContent, []string{`unwanted text "障害は ありません" is on the page`}},
		{"regexp", "/", probes.Expect{Regexp: texts(`[一二]つ目`)}, "", nil},
		{"regexp, no match", "/", probes.Expect{Regexp: texts(`四つ[0-9]`)}, probes.ReasonContent, []string{"expected text matching"}},
		{"no regexp", "/", probes.Expect{NoRegexp: texts(`エラー\d`)}, "", nil},
		{"no regexp, but it matches", "/", probes.Expect{NoRegexp: texts(`障害.*ありません`)}, probes.ReasonContent, []string{"unwanted text matching"}},
		{"selector", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "li.n, h9"}, {Selector: "li", Min: 3, Max: 3}, {Selector: "h1.main", Text: "ﾏｲﾅ"}, {Selector: ".error", Absent: true}}}, "", nil},
		{"selector, missing", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: ".gone"}}}, probes.ReasonSelector, []string{`expected 1 element ".gone", found 0`}},
		{"selector, another text", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "h1", Text: "Android"}}}, probes.ReasonSelector, []string{`"h1" with text "Android"`, "iPhone"}},
		{"selector, no element for the text", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "h9", Text: "x"}}}, probes.ReasonSelector, []string{"there is no such element"}},
		{"selector, too few", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "li", Min: 4}}}, probes.ReasonSelector, []string{`expected 4 elements "li", found 3`}},
		{"selector, too many", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "li", Max: 2}}}, probes.ReasonSelector, []string{`expected at most 2 elements "li", found 3`}},
		{"selector, unwanted", "/", probes.Expect{Selector: []probes.SelectorExpect{{Selector: "h1", Absent: true}}}, probes.ReasonSelector, []string{`expected no element "h1", found 1`}},
		{"header", "/", probes.Expect{Headers: []probes.HeaderExpect{{Name: "x-portal"}, {Name: "X-Portal", Contains: "stand-in"}, {Name: "X-Portal", Regexp: `^stand-in \d`}, {Name: "Vary", Contains: "Cookie"}, {Name: "X-Gone", Absent: true}}}, "", nil},
		{"header, missing", "/", probes.Expect{Headers: []probes.HeaderExpect{{Name: "X-Gone"}}}, probes.ReasonContent, []string{"expected the header X-Gone, it is missing"}},
		{"header, another value", "/", probes.Expect{Headers: []probes.HeaderExpect{{Name: "X-Portal", Contains: "real"}}}, probes.ReasonContent, []string{`to contain "real", got "stand-in 1.0"`}},
		{"header, no match", "/", probes.Expect{Headers: []probes.HeaderExpect{{Name: "X-Portal", Regexp: "^real"}}}, probes.ReasonContent, []string{`to match "^real", got "stand-in 1.0"`}},
		{"header, unwanted", "/", probes.Expect{Headers: []probes.HeaderExpect{{Name: "X-Portal", Absent: true}}}, probes.ReasonContent, []string{"expected no header X-Portal"}},
		{"JSON", "/json", probes.Expect{JSON: []probes.JSONExpect{
			{Path: "$.status", Equals: "ok", HasEquals: true}, {Path: "$.count", Equals: 3, HasEquals: true}, {Path: "$.count", Equals: 3.0, HasEquals: true},
			{Path: "$.big", Equals: int64(9007199254740993), HasEquals: true}, {Path: "$.items[*].id", Equals: "b", HasEquals: true},
			{Path: "$.none", HasEquals: true}, {Path: "$.status", Regexp: "^o"}, {Path: "$['名']"}, {Path: "$.gone", Absent: true},
			{Path: "$.items[0]", Equals: map[string]any{"id": "a"}, HasEquals: true},
			{Path: "$.items[?(@.id == 'b')].id", Equals: "b", HasEquals: true}}}, "", nil},
		{"JSON, nothing there", "/json", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.gone"}}}, probes.ReasonContent, []string{"expected a value at JSON path $.gone, there is none"}},
		{"JSON, another value", "/json", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.status", Equals: "up", HasEquals: true}}}, probes.ReasonContent, []string{`expected "up" at JSON path $.status, got "ok"`}},
		{"JSON, another number", "/json", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.big", Equals: int64(9007199254740992), HasEquals: true}}}, probes.ReasonContent, nil},
		{"JSON, no match", "/json", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.status", Regexp: "^up"}}}, probes.ReasonContent, []string{`matching "^up"`, `got "ok"`}},
		{"JSON, unwanted", "/json", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.status", Absent: true}}}, probes.ReasonContent, []string{"expected nothing at JSON path"}},
		{"JSON that is none", "/", probes.Expect{JSON: []probes.JSONExpect{{Path: "$.status"}}}, probes.ReasonContent, []string{"the body is no valid JSON"}},
		{"body size", "/json", probes.Expect{MinBody: 10, MaxBody: 1000}, "", nil},
		{"body too small", "/empty", probes.Expect{MinBody: 10}, probes.ReasonContent, []string{"expected a body of 10 bytes or more, got 0"}},
		{"body too large", "/json", probes.Expect{MaxBody: 10}, probes.ReasonContent, []string{"expected a body of 10 bytes or less"}},
		{"no TLS", "/", probes.Expect{MinTLS: "1.2"}, probes.ReasonTLS, []string{"the connection is not encrypted"}},
		{"no certificate", "/", probes.Expect{CertDays: 3}, probes.ReasonTLS, []string{"the connection is not encrypted"}},
		{"redirects", "/from", probes.Expect{Redirects: &two, FinalHost: []string{"a.test", "127.0.0.1"}, FinalPath: []string{"/to"}}, "", nil},
		{"redirects, another number", "/from", probes.Expect{Redirects: &one}, probes.ReasonRedirect, []string{"expected 1 redirect, got 2", "/middle"}},
		{"final host", "/from", probes.Expect{FinalHost: []string{"myna.test"}}, probes.ReasonRedirect, []string{"expected to end on host myna.test, ended at http://127.0.0.1"}},
		{"final path", "/from", probes.Expect{FinalPath: []string{"/login"}}, probes.ReasonRedirect, []string{"expected to end at path /login", "/to/"}},
		{"links", "/", probes.Expect{LinkHosts: []string{"127.0.0.1", ".digital.test"}}, "", nil},
		{"links elsewhere", "/", probes.Expect{LinkHosts: []string{"127.0.0.1"}}, probes.ReasonContent, []string{"expected links to 127.0.0.1 only, found https://www.digital.test/x"}},
		{"Shift_JIS", "/sjis", probes.Expect{Title: texts("表題テスト"), Text: texts("障害情報ソ能")}, "", nil},
		{"EUC-JP", "/euc", probes.Expect{Title: texts("表題テスト"), Text: texts("障害情報ソ能")}, "", nil},
		{"charset by meta", "/meta", probes.Expect{Title: texts("表題テスト"), Selector: []probes.SelectorExpect{{Selector: "p", Text: "障害情報ソ能"}}}, "", nil},
		{"the first failure gives the reason, all are told", "/", probes.Expect{Status: codes(404, 404), Title: texts("別"), Selector: []probes.SelectorExpect{{Selector: "h9"}}}, probes.ReasonStatus, []string{"status 404", "title", "h9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			runner := prepare(t, Options{}, get(url+test.path, expecting(test.expect)))
			check(t, runner.Run(t.Context()), test.reason, test.parts...)
			check(t, runner.Run(t.Context()), test.reason, test.parts...) // what is remembered of the first run changes nothing
		})
	}
}

func TestExpectTLS(t *testing.T) {
	ca := newAuthority(t, "ours")
	s := serveTLS(t, showing("ok"), &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1").Certificate}, MaxVersion: tls.VersionTLS12})
	run := func(e probes.Expect) probes.Result {
		return prepare(t, Options{}, get(s.URL, trusting(ca), expecting(e))).Run(t.Context())
	}
	r := run(probes.Expect{MinTLS: "1.2", CertDays: 29})
	check(t, r, "")
	if f := r.HTTP.TLS; f.Version != "TLS 1.2" || f.Cipher == "" || f.Problem != "" || f.ChainExpiry.IsZero() || f.Names[0] != "127.0.0.1" {
		t.Errorf("facts are %+v", f)
	}
	check(t, run(probes.Expect{MinTLS: "1.3"}), probes.ReasonTLS, "expected TLS 1.3 or later, got TLS 1.2")
	check(t, run(probes.Expect{CertDays: 31}), probes.ReasonTLS, "valid for another 31 days", "in 30.0 days", "ours authority")
}

// TestLooks holds what may be a redesign, as far as one run can tell.
func TestLooks(t *testing.T) {
	trouble := serve(t, showing("<title>x</title>現在、アクセスが集中しております")).URL
	url := expectServer(t)
	away := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(url, "127.0.0.1", "localhost", 1), http.StatusFound)
	}).URL
	must := []probes.TextExpect{{Value: "gone", Must: true}}
	text := probes.Expect{Text: texts("gone")}
	for _, test := range []struct {
		name string
		p    probes.Probe
		want string
	}{
		{"text", get(url, expecting(text)), "text gone"},
		{"title and selector", get(url, expecting(probes.Expect{Title: texts("gone"), Selector: []probes.SelectorExpect{{Selector: ".gone"}}})), "title gone, element .gone"},
		{"regexp", get(url, expecting(probes.Expect{Regexp: texts("gone")})), "text matching gone"},
		{"must", get(url, expecting(probes.Expect{Text: must})), ""},
		{"one of two is a must", get(url, expecting(probes.Expect{Title: texts("gone"), Text: must})), ""},
		{"selector that must", get(url, expecting(probes.Expect{Selector: []probes.SelectorExpect{{Selector: ".gone", Must: true}}})), ""},
		{"unwanted text", get(url, expecting(probes.Expect{NoText: texts("二つ目")})), ""},
		{"unwanted element", get(url, expecting(probes.Expect{Selector: []probes.SelectorExpect{{Selector: "h1", Absent: true}}})), ""},
		{"status as well", get(url, expecting(probes.Expect{Status: codes(404, 404), Text: texts("gone")})), ""},
		{"header as well", get(url, expecting(probes.Expect{Headers: []probes.HeaderExpect{{Name: "X-Gone"}}, Text: texts("gone")})), ""},
		{"trouble on the page", get(trouble, expecting(text)), ""},
		{"another host", get(away, expecting(text)), ""},
		{"another host that is expected", get(away, expecting(probes.Expect{Text: texts("gone"), FinalHost: []string{"localhost"}})), "text gone"},
		{"no page", get(url+"/json", expecting(text)), ""},
		{"second request", get(url, func(p *probes.Probe) {
			p.HTTP.Requests = append(p.HTTP.Requests, probes.Request{URL: url, Expect: text})
		}), ""},
		{"a form was sent", get(url, expecting(text), func(p *probes.Probe) { p.HTTP.Requests[0].Method = "POST" }), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := prepare(t, Options{}, test.p).Run(t.Context())
			if r.Outcome != probes.Down {
				t.Fatalf("it is %s: %s", r.Outcome, r.Message)
			}
			got := ""
			if r.Looks != nil {
				got = strings.Join(r.Looks.Failed, ", ")
			}
			if got != test.want {
				t.Errorf("looks are %q, want %q", got, test.want)
			}
		})
	}
}

func TestChangedPageIsReadAgain(t *testing.T) {
	html := "<title>題</title>本文"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { showing(html)(w, r) })
	runner := prepare(t, Options{}, get(s.URL, expecting(probes.Expect{Title: texts("題"), Text: texts("本文")})))
	for range 2 {
		r := runner.Run(t.Context())
		check(t, r, "")
		if r.TextLength != 2 || r.HTTP.Title != "題" {
			t.Errorf("text length %d, title %q", r.TextLength, r.HTTP.Title)
		}
	}
	html = "<title>題</title>別文"
	check(t, runner.Run(t.Context()), probes.ReasonContent, "別文")
}

// FuzzJudge holds that no page, however broken, is more than a result.
func FuzzJudge(f *testing.F) {
	f.Add([]byte(expectPage), "text/html; charset=utf-8")
	f.Add([]byte(expectJSON), "application/json")
	f.Add([]byte("<title>\x83\x65<script></title><rt>"), "text/html; charset=Shift_JIS")
	f.Add([]byte("<!-- <![CDATA[ <a href='"), "")
	f.Add([]byte("\xff\xfe<\x00p\x00"), "text/html; charset=utf-16")
	f.Add([]byte("<table><svg><title><noscript><template>"), "application/xhtml+xml;charset=iso-2022-jp")
	var body []byte
	var contentType string
	prober := New(Options{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {contentType}},
			Body: io.NopCloser(strings.NewReader(string(body))), Request: req}, nil
	})})
	p := get("http://portal.test/", expecting(probes.Expect{
		Title: texts("マイナポータル"), Text: texts("カード"), NoText: texts("障害"), Regexp: texts("[一二]つ目"), LinkHosts: []string{"a.test"},
		Selector: []probes.SelectorExpect{{Selector: "li:nth-child(2) > a", Text: "x"}}, JSON: []probes.JSONExpect{{Path: "$..id"}},
	}))
	p.HTTP.Maintenance = probes.Patterns{Text: []string{"メンテナンス中"}, Selector: []string{"#m"}}
	p.HTTP.Requests[0].Extract = []probes.Extract{{Name: "x", Selector: "a", Attr: "href"}, {Name: "y", JSON: "$.items[0].id"}}
	runner := prepareWith(f, prober, p)
	f.Fuzz(func(t *testing.T, b []byte, ct string) {
		body, contentType = b, ct
		if r := runner.Run(t.Context()); r.Reason == probes.ReasonInternal {
			t.Fatal(r.Message, string(r.Evidence.Files["panic.txt"]))
		}
	})
}
