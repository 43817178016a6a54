package browserprobe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/recorder"
)

// TestParties: requests of a third party's iframe, of workers and of popups are counted, each where it belongs.
func TestParties(t *testing.T) {
	var third string
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		other := strings.Replace(third, "127.0.0.1", "localhost", 1)
		switch r.URL.Path {
		case "/":
			writePage(w, `<h1>申請</h1><iframe src="`+other+`/frame"></iframe><img src="`+other+`/missing.png"><button onclick="window.open('/popup')">開く</button>
<script>new Worker('/worker.js'); fetch('/data')</script>`)
		case "/frame":
			writePage(w, `<script src="/missing.js"></script><script>fetch('/missing.json')</script>`)
		case "/popup":
			writePage(w, `<h1>窓</h1><img src="/missing-in-popup.png">`)
		case "/worker.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `fetch('/missing-in-worker')`)
		case "/data":
			fmt.Fprint(w, "{}")
		default:
			http.NotFound(w, r)
		}
	})
	third = url
	probe := browserProbe(open(url+"/"), step("open window", probes.ActionClick, byText("開く"), ""), step("go", probes.ActionTab, probes.Target{}, ""),
		step("see", probes.ActionSee, byText("窓"), ""), await("quiet", probes.Wait{Quiet: 300 * time.Millisecond}))
	probe.Browser.FailOnFirstParty = false
	r := run(t, shared(), probe)
	wantOutcome(t, r, probes.Up, "")
	got := map[string]int{}
	for _, c := range r.Browser.Requests {
		got[string(c.Party)+" "+string(c.State)] = c.Count
	}
	// first: the page, its data, the worker's script and the popup; failing are the worker's and the popup's.
	// third: the frame's document; failing are the image, the frame's script and its data.
	want := map[string]int{"first ok": 4, "first failed": 2, "first blocked": 0, "first pending": 0, "third ok": 1, "third failed": 3, "third blocked": 0, "third pending": 0}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests are\n%v, want\n%v\nfailed: %+v", got, want, r.Browser.FailedRequests)
	}
	var failed []string
	for _, f := range r.Browser.FailedRequests {
		failed = append(failed, fmt.Sprintf("%s %d %s", f.Party, f.Status, f.URL))
	}
	if len(failed) < 2 || !strings.HasPrefix(failed[0], "first") || !strings.HasPrefix(failed[1], "first") {
		t.Errorf("the first party's failed requests do not come first: %q", failed)
	}
	slices.Sort(failed)
	other := strings.Replace(url, "127.0.0.1", "localhost", 1)
	if want := []string{"first 404 " + url + "/missing-in-popup.png", "first 404 " + url + "/missing-in-worker",
		"third 0 " + other + "/missing.png", // a browser hides what is no picture from a page of another site
		"third 404 " + other + "/missing.js", "third 404 " + other + "/missing.json"}; !slices.Equal(failed, want) {
		t.Errorf("failed requests are\n%q, want\n%q", failed, want)
	}

	probe.Browser.FailOnFirstParty = true
	r = run(t, shared(), probe)
	wantOutcome(t, r, probes.Down, probes.ReasonStatus)
	if want := "all steps passed, but a request for data of the first party failed: " + url + "/missing-in-worker answered 404 Not Found"; r.Message != want {
		t.Errorf("message is %q, want %q", r.Message, want)
	}
	probe.Browser.FailOnFirstParty, probe.Browser.FailOnThirdParty = false, true
	if r := run(t, shared(), probe); r.Outcome != probes.Down || !strings.HasPrefix(r.Message, "all steps passed, but an image of the third party failed: ") && !strings.HasPrefix(r.Message, "all steps passed, but a ") {
		t.Errorf("got %s (%s) %q", r.Outcome, r.Reason, r.Message)
	}
	probe.Browser.FirstParty = []string{"localhost"}
	wantOutcome(t, run(t, shared(), probe), probes.Up, "")
}

// TestEvidence looks at what a failed run and a good one leave behind.
func TestEvidence(t *testing.T) {
	const secret = "himitsu&no<kotoba>"
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "abc123"})
		writePage(w, `<title>iPhoneのマイナンバーカード</title><style>body{font:16px sans-serif}.tall{height:1500px}</style><h1>iPhoneのマイナンバーカードの申請</h1><p>ただいまアクセスが集中しています。</p>
<label>暗証番号 <input id=pin></label><p id=echo></p><button>申請する</button><div class=tall></div><p>最後の行</p>
<script>console.error('送信に失敗しました', 42); pin.oninput = () => { echo.textContent = pin.value; console.log('typed', pin.value); fetch('/log?pin=' + encodeURIComponent(pin.value)) }</script>`)
	})
	p := New(Options{Secrets: func(v probes.Value) (string, error) {
		if v.Env == "PIN" {
			return secret, nil
		}
		return literal(v)
	}, KeepGood: func(string) bool { return true }})
	defer p.Close()
	probe := browserProbe(open(url+"/"),
		probes.Step{Name: "pin", Action: probes.ActionFill, Target: bySelector("#pin"), Value: probes.Value{Env: "PIN"}},
		step("see", probes.ActionSee, byText("受け付けました"), ""))
	probe.Browser.Steps[2].Timeout = 300 * time.Millisecond
	probe.Browser.Headers = []probes.Header{{Name: "X-Key", Value: probes.Value{Env: "PIN"}}}
	r := run(t, p, probe)
	wantOutcome(t, r, probes.Down, probes.ReasonContent)
	all, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"screenshot.png", "page.html", "text.txt", "console.txt", "requests.har", "steps.txt"} {
		data := r.Evidence.Files[name]
		if len(data) < 50 {
			t.Errorf("%s is missing or too short: %q", name, data)
		}
		if name != "screenshot.png" {
			all = append(all, data...)
		}
	}
	for _, form := range []string{secret, "himitsu", "abc123"} {
		if bytes.Contains(all, []byte(form)) {
			t.Errorf("the secret is there, as %q:\n%s", form, all)
		}
	}
	for name, want := range map[string]string{
		"page.html": "最後の行", "text.txt": "アクセスが集中しています", "console.txt": "error: 送信に失敗しました 42", "steps.txt": " 2. passed",
	} {
		if !bytes.Contains(r.Evidence.Files[name], []byte(want)) {
			t.Errorf("%s does not have %q:\n%s", name, want, r.Evidence.Files[name])
		}
	}
	var har struct {
		Log struct {
			Version string
			Entries []struct {
				Request  struct{ Method, URL string }
				Response struct{ Status int }
				Time     float64
			}
		}
	}
	if err := json.Unmarshal(r.Evidence.Files["requests.har"], &har); err != nil || har.Log.Version != "1.2" || len(har.Log.Entries) != 2 ||
		har.Log.Entries[0].Request.URL != url+"/" || har.Log.Entries[0].Response.Status != 200 || har.Log.Entries[1].Response.Status != 404 {
		t.Errorf("the HAR is %v %+v", err, har)
	}
	picture, err := png.Decode(bytes.NewReader(r.Evidence.Files["screenshot.png"]))
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() < 1300 || b.Dy() < 1600 {
		t.Errorf("the screenshot is %v, not the whole page", b)
	}
	if dir := os.Getenv("MYNAPROBE_KEEP_EVIDENCE"); dir != "" { // to look at it
		for name, data := range r.Evidence.Files {
			if err := os.WriteFile(dir+"/"+name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}

	probe.Browser.Steps = probe.Browser.Steps[:2]
	probe.Browser.FailOnFirstParty = false
	r = run(t, p, probe)
	wantOutcome(t, r, probes.Up, "")
	if r.Evidence == nil || len(r.Evidence.Files["screenshot.png"]) < 1000 || !bytes.Contains(r.Evidence.Files["text.txt"], []byte("申請する")) {
		t.Error("the good run's screenshot or text is missing")
	}
}

// TestJudging: pages that say what is wrong with them.
func TestJudging(t *testing.T) {
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/maintenance":
			w.WriteHeader(http.StatusServiceUnavailable)
			writePage(w, "<title>お知らせ</title><h1>ただいまメンテナンス中です</h1>")
		case "/limited":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
			writePage(w, "<h1>Too many requests</h1>")
		case "/busy":
			writePage(w, "<h1>マイナポータル</h1><p>ただいまアクセスが集中しております</p>")
		case "/throws":
			writePage(w, "<h1>申請</h1><script>throw new Error('壊れた')</script>")
		default:
			writePage(w, "<title>マイナポータル</title><h1>マイナポータル</h1><p>新しいデザインのページ</p><a href=/ >次へ</a>")
		}
	})
	see := step("see", probes.ActionSee, byText("iPhoneのマイナンバーカード"), "")
	see.Timeout = 300 * time.Millisecond
	must := see
	must.Must = true
	for _, c := range []struct {
		name    string
		steps   []probes.Step
		change  func(*probes.Probe)
		outcome probes.Outcome
		reason  probes.Reason
		looks   string
		message string
	}{
		{"maintenance", []probes.Step{open(url + "/maintenance")}, func(p *probes.Probe) { p.Browser.Maintenance.Text = []string{"メンテナンス中"} }, probes.Maintenance, probes.ReasonMaintenance, "", `the target says that it is under maintenance: the text "メンテナンス中" at ` + url + "/maintenance"},
		{"maintenance by status", []probes.Step{open(url + "/maintenance")}, func(p *probes.Probe) { p.Browser.Maintenance.Status = []probes.StatusRange{{From: 503, To: 503}} }, probes.Maintenance, probes.ReasonMaintenance, "", "status 503"},
		{"no pattern", []probes.Step{open(url + "/maintenance")}, nil, probes.Down, probes.ReasonStatus, "", "503 Service Unavailable"},
		{"turned away", []probes.Step{open(url + "/limited")}, nil, probes.Unknown, probes.ReasonBlocked, "", "turned us away as a robot"},
		{"redesign", []probes.Step{open(url + "/"), see}, nil, probes.Down, probes.ReasonContent, `the text "iPhoneのマイナンバーカード"`, ""},
		{"redesign, must", []probes.Step{open(url + "/"), must}, nil, probes.Down, probes.ReasonContent, "", ""},
		{"redesign after a click", []probes.Step{open(url + "/"), step("click", probes.ActionClick, byText("次へ"), ""), see}, nil, probes.Down, probes.ReasonContent, "", ""},
		{"trouble", []probes.Step{open(url + "/busy"), see}, nil, probes.Down, probes.ReasonContent, "", "; the page says "},
		{"script errors", []probes.Step{open(url + "/throws")}, nil, probes.Up, "", "", ""},
		{"script errors matter", []probes.Step{open(url + "/throws")}, func(p *probes.Probe) { p.Browser.FailOnScriptError = true }, probes.Down, probes.ReasonScript, "", "1 uncaught errors in the page's scripts, first: Error: 壊れた"},
		{"slow", []probes.Step{open(url + "/")}, func(p *probes.Probe) { p.Slow = time.Nanosecond }, probes.Degraded, probes.ReasonSlow, "", "more than 1ns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			probe := browserProbe(c.steps...)
			if c.change != nil {
				c.change(&probe)
			}
			r := run(t, shared(), probe)
			wantOutcome(t, r, c.outcome, c.reason)
			if !strings.Contains(r.Message, c.message) {
				t.Errorf("message is %q, want %q in it", r.Message, c.message)
			}
			looks := ""
			if r.Looks != nil {
				looks = strings.Join(r.Looks.Failed, ", ")
			}
			if looks != c.looks {
				t.Errorf("looks is %q, want %q", looks, c.looks)
			}
			if c.name == "turned away" && r.RetryAfter.Duration() != 2*time.Minute {
				t.Errorf("Retry-After is %v", r.RetryAfter.Duration())
			}
		})
	}
}

// TestRealism: what the page and the server see of us.
func TestRealism(t *testing.T) {
	agents := make(chan http.Header, 100)
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			agents <- r.Header.Clone()
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		}
		writePage(w, "<meta name=viewport content='width=device-width'><h1>見本</h1>")
	})
	for device, check := range map[string]string{
		"desktop": "innerWidth === 1366 && !('ontouchstart' in window) && !navigator.userAgent.includes('Mobile')",
		"iphone":  "innerWidth === 393 && devicePixelRatio === 3 && navigator.userAgent.includes('iPhone') && navigator.platform === 'iPhone' && navigator.maxTouchPoints > 0",
		"android": "innerWidth === 412 && navigator.userAgent.includes('Android') && navigator.userAgent.includes('Mobile')",
	} {
		t.Run(device, func(t *testing.T) {
			evaluate := func(expression string) probes.Step {
				s := step(expression, probes.ActionEvaluate, probes.Target{}, expression)
				s.Timeout = time.Second
				return s
			}
			probe := browserProbe(open(url+"/"), evaluate(check),
				evaluate("navigator.language === 'ja-JP' && navigator.languages.join() === 'ja-JP,ja'"),
				evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone === 'Asia/Tokyo' && Intl.DateTimeFormat().resolvedOptions().locale === 'ja-JP'"),
				evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches"),
				evaluate("navigator.userAgent.endsWith(' mynaprobe-test/1 (+https://example.jp/contact)')"),
				evaluate("typeof __probe === 'undefined' && typeof __probeVitals === 'undefined'"))
			probe.Browser.Device = device
			wantOutcome(t, run(t, shared(), probe), probes.Up, "")
			h := <-agents
			if got := h.Get("User-Agent"); !strings.HasSuffix(got, " mynaprobe-test/1 (+https://example.jp/contact)") {
				t.Errorf("the User-Agent is %q", got)
			}
			if got := h.Get("Accept-Language"); !strings.HasPrefix(got, "ja-JP,ja") {
				t.Errorf("Accept-Language is %q", got)
			}
			if got := h.Get("Cookie"); got != "" {
				t.Errorf("a cookie of an earlier run is there: %q", got)
			}
		})
	}
}

func TestRender(t *testing.T) {
	url := serve(t, `<ul></ul><script>setTimeout(() => { document.querySelector('ul').innerHTML = '<li>お知らせ</li>'; history.pushState(0, '', '/list') }, 100)</script>`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	html, final, status, err := shared().Render(ctx, url+"/")
	if err != nil || status != 200 || final != url+"/list" || !strings.Contains(html, "<li>お知らせ</li>") {
		t.Errorf("got %q %q %d %v", html, final, status, err)
	}
	_, _, _, err = shared().Render(ctx, closedPort(t))
	var failed *RenderError
	if !errors.As(err, &failed) || failed.Reason != probes.ReasonConnect {
		t.Errorf("got %v", err)
	}
}

const recordedPage = `<!DOCTYPE html><html lang=ja><title>申請フォーム</title><style>.tall{height:1500px} #list{height:3em;overflow:auto}</style>
<form action="/sent"><label>氏名<input id=name name=name></label><label>都道府県<select name=pref><option value=13>東京都<option value=27>大阪府</select></label>
<label>暗証番号<input id=pin type=password></label><label><input type=checkbox> 同意する</label><input type=date name=birth><button>申請する</button></form>
<p id=row ondblclick="this.textContent = '二度押されました'">行</p><p id=hover onmouseover="this.textContent = '案内が出ました'">案内</p>
<div id=list><ul><li>一<li><a href="#two">二</a><li>三<li>四</ul></div>
<my-card></my-card><iframe hidden src="/frame?hidden"></iframe><iframe src="/frame"></iframe><iframe src="OTHER/frame/other?x=1"></iframe>
<div class=tall></div><p id=end>最後の行</p>
<script>
customElements.define('my-card', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<button type=submit>影の中のボタン</button>'; this.shadowRoot.firstChild.onclick = () => { document.body.dataset.shadow = 'yes' } } });
let keys = [];
addEventListener('keydown', (e) => keys.push((e.ctrlKey ? '^' : '') + e.key));
</script>`

// TestRecording imports an export of the Recorder panel with every type of step, writes it as a definition, and runs that.
func TestRecording(t *testing.T) {
	url := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			writePage(w, strings.Replace(recordedPage, "OTHER", "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1), 1))
		case "/frame", "/frame/other":
			writePage(w, `<button onclick="this.textContent = '押されました'">枠のボタン</button>`)
		case "/sent":
			writePage(w, "<title>受付</title><p>"+r.URL.Query().Encode()+"</p><a href=/popup target=_blank>控えを開く</a>")
		case "/popup":
			writePage(w, `<button id=ok onclick="document.title = '済'">了解</button>`)
		default:
			http.NotFound(w, r)
		}
	})
	recording, err := recorder.Parse([]byte(strings.NewReplacer("SITE", url, "OTHER", strings.Replace(url, "127.0.0.1", "localhost", 1)).Replace(`{"title": "申請", "timeout": 8000, "steps": [
{"type": "setViewport", "width": 1000, "height": 700, "deviceScaleFactor": 1, "isMobile": false, "hasTouch": false, "isLandscape": false},
{"type": "emulateNetworkConditions", "download": 100000, "upload": 100000, "latency": 10, "target": "main"},
{"type": "navigate", "url": "chrome://new-tab-page/", "assertedEvents": [{"type": "navigation", "url": "chrome://new-tab-page/", "title": "New Tab"}]},
{"type": "navigate", "url": "SITE/", "assertedEvents": [{"type": "navigation", "url": "SITE/", "title": "申請フォーム"}]},
{"type": "waitForExpression", "expression": "innerWidth === 1000"},
{"type": "customStep", "name": "lighthouse", "parameters": {"mode": "snapshot"}, "target": "main"},
{"type": "change", "value": "山田", "selectors": [["aria/氏名"], ["#name"]], "target": "main"},
{"type": "keyDown", "key": "ControlLeft", "target": "main"}, {"type": "keyDown", "key": "KeyA", "target": "main"},
{"type": "keyUp", "key": "KeyA", "target": "main"}, {"type": "keyUp", "key": "ControlLeft", "target": "main"},
{"type": "keyDown", "key": "Slash", "target": "main"}, {"type": "keyUp", "key": "Slash", "target": "main"},
{"type": "keyDown", "key": "Tab", "target": "main"}, {"type": "keyUp", "key": "Tab", "target": "main"},
{"type": "waitForExpression", "expression": "keys.join(' ') === '^a / Tab' && document.querySelector('#name').value === '/'"},
{"type": "change", "value": "27", "selectors": [["aria/都道府県"], ["[name=pref]"]], "target": "main"},
{"type": "change", "value": "2000-01-23", "selectors": [["form > input"]], "target": "main"},
{"type": "change", "value": "himitsu", "selectors": [["#pin"], ["xpath///*[@id=\"pin\"]"], ["pierce/#pin"], ["aria/暗証番号"]], "target": "main"},
{"type": "click", "selectors": [["aria/同意する[role=\"checkbox\"]"], ["[type=checkbox]"]], "offsetX": 3, "offsetY": 3, "deviceType": "mouse", "button": "primary", "duration": 80},
{"type": "hover", "selectors": [["aria/案内", "aria/[role=\"generic\"]"], ["#hover"]], "target": "main"},
{"type": "waitForElement", "selectors": ["text/案内が出ました"]},
{"type": "doubleClick", "selectors": ["#row"], "offsetX": 3, "offsetY": 3},
{"type": "waitForExpression", "expression": "document.querySelector('#row').textContent === '二度押されました'", "timeout": 5000},
{"type": "click", "selectors": [["xpath///*[@id=\"list\"]/ul/li[2]/a"]], "offsetX": 3, "offsetY": 3, "assertedEvents": [{"type": "navigation", "url": "SITE/#two", "title": "申請フォーム"}]},
{"type": "scroll", "x": 0, "y": 200, "target": "main"},
{"type": "waitForExpression", "expression": "scrollY === 200"},
{"type": "scroll", "selectors": [["#list"]], "x": 0, "y": 20},
{"type": "waitForExpression", "expression": "document.querySelector('#list').scrollTop === 20"},
{"type": "waitForElement", "selectors": ["ul li"], "count": 4, "operator": "=="},
{"type": "waitForElement", "selectors": [["#list li"]], "count": 2, "operator": ">="},
{"type": "waitForElement", "selectors": [["pierce/#list li"]], "count": 9, "operator": "<="},
{"type": "waitForElement", "selectors": ["#nowhere"], "count": 0, "operator": "=="},
{"type": "waitForElement", "selectors": [["my-card", "button"]], "visible": true, "attributes": {"type": "submit"}, "properties": {"disabled": false}},
{"type": "click", "selectors": [["my-card", "button"], ["pierce/button[type=submit]"]], "offsetX": 3, "offsetY": 3},
{"type": "waitForExpression", "expression": "document.body.dataset.shadow === 'yes'"},
{"type": "click", "frame": [1], "selectors": [["text/枠のボタン"]], "offsetX": 3, "offsetY": 3},
{"type": "waitForElement", "frame": [1], "selectors": [["text/押されました"]]},
{"type": "click", "target": "OTHER/frame/other?x=1", "selectors": [["aria/枠のボタン[role=\"button\"]"]], "offsetX": 3, "offsetY": 3},
{"type": "waitForElement", "target": "OTHER/frame/other?x=1", "selectors": [["text/押されました"]]},
{"type": "click", "selectors": [["aria/申請する[role=\"button\"]"]], "target": "main", "offsetX": 3, "offsetY": 3, "assertedEvents": [{"type": "navigation", "url": "SITE/sent?name=x", "title": "受付"}]},
{"type": "waitForExpression", "expression": "location.search.includes('pref=27') && location.search.includes('birth=2000-01-23')"},
{"type": "click", "selectors": [["text/控えを開く"]], "target": "main", "offsetX": 3, "offsetY": 3},
{"type": "click", "selectors": [["#ok"]], "target": "SITE/popup", "offsetX": 3, "offsetY": 3},
{"type": "waitForExpression", "expression": "document.title === '済'", "target": "SITE/popup"},
{"type": "close", "target": "SITE/popup"}
]}`)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := recording.Definition("recorded")
	if err != nil {
		t.Fatal(err)
	}
	set, err := definition.Parse("recorded.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	t.Setenv("PASSWORD", "himitsu")
	p := New(Options{Secrets: definition.ResolveSecret})
	defer p.Close()
	if r := run(t, p, set.Probes[0]); r.Outcome != probes.Up {
		t.Errorf("%s (%s) %s\n%s", r.Outcome, r.Reason, r.Message, text)
	}
}

// TestRecordedKeys: what the import lets pass as a key can be pressed.
func TestRecordedKeys(t *testing.T) {
	for _, key := range strings.Fields(`0 9 Enter NumpadEnter Tab Escape Backspace Delete Insert Space ArrowUp ArrowDown ArrowLeft ArrowRight Home End PageUp PageDown
		F1 F9 F10 F12 Digit7 KeyQ Numpad5 NumpadAdd NumpadDecimal Semicolon Equal Comma Minus Period Slash Backquote BracketLeft Backslash BracketRight Quote
		a Z + - * / : _ ~ あ`) {
		r, err := recorder.Parse([]byte(`{"steps": [{"type": "navigate", "url": "http://x/"}, {"type": "keyDown", "key": "ShiftLeft"}, {"type": "keyDown", "key": "` + key + `"}]}`))
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if _, err := keyEvents(r.Browser.Steps[1].Value.Text); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}
