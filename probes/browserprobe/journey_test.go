package browserprobe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// serve starts a server of one page; "#" in other paths is that page too.
func serve(t testing.TB, html string) string {
	t.Helper()
	return serveFunc(t, func(w http.ResponseWriter, r *http.Request) { writePage(w, html) })
}

func serveFunc(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s.URL
}

func writePage(w http.ResponseWriter, html string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, html)
}

const formPage = `<!DOCTYPE html><html lang=ja><title>申請フォーム</title>
<style>#menu:hover #hint{display:block} #hint{display:none} .veil{position:fixed;inset:0;background:#0003} .tall{height:1800px}</style>
<h1>iPhoneのマイナンバーカードの申請</h1>
<nav id=menu><a href="/next">次へ進む</a> <a href="/new" target=_blank>別の窓で開く</a><div id=hint>案内が出ました</div></nav>
<form action="/sent" method=get>
<label for=name>氏名</label><input id=name name=name placeholder="山田太郎">
<label>生年月日<input type=date name=birth></label>
<label>都道府県<select name=pref><option value="">選択<option value=13>東京都<option value=27>大阪府</select></label>
<label><input type=checkbox name=agree> 同意する</label>
<label><input type=radio name=kind value=new> 新規</label>
<input type=text name=locked value=x readonly aria-label="変更できない欄">
<input type=text name=short maxlength=3 aria-label="短い欄">
<input type=file name=photo aria-label="顔写真"><span id=photo></span>
<button>申請する</button> <button type=button disabled>後で送る</button>
</form>
<ul><li>一</li><li>二</li><li>三</li></ul>
<iframe id=inner src="/frame"></iframe>
<iframe id=other></iframe>
<div id=box></div>
<my-card></my-card>
<div class=tall></div><p id=end>最後の行</p>
<script>
customElements.define('my-card', class extends HTMLElement { constructor() { super(); this.attachShadow({mode:'open'}).innerHTML = '<button>影の中のボタン</button>'; this.shadowRoot.querySelector('button').onclick = () => { document.title = '影' } } });
document.querySelector('[type=file]').onchange = (e) => { document.getElementById('photo').textContent = e.target.files[0].name };
document.getElementById('other').src = location.origin.replace('127.0.0.1', 'localhost') + '/frame';
setTimeout(() => { document.getElementById('box').innerHTML = '<b>遅れて出る文</b>' }, 150);
document.addEventListener('keydown', (e) => { if (e.key === 'F2') document.title = 'F2が押された' });
</script>`

func site(t testing.TB) string {
	return serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			writePage(w, formPage)
		case "/frame":
			writePage(w, `<p>枠の中の文</p><button onclick="document.body.append('押されました')">枠のボタン</button><label>枠の欄<input></label>`)
		case "/sent":
			writePage(w, "<title>受付</title><h1>申請を受け付けました</h1><p>"+r.URL.Query().Get("name")+" "+r.URL.Query().Get("birth")+" "+r.URL.Query().Get("pref")+" "+r.URL.Query().Get("agree")+"</p>")
		case "/next", "/new":
			writePage(w, "<title>次</title><h1>次のページ</h1><a href=/ >戻る</a>"+r.Header.Get("X-Extra")+" "+r.Header.Get("Cookie"))
		case "/error":
			w.WriteHeader(http.StatusInternalServerError)
			writePage(w, "<h1>内部エラー</h1>")
		case "/veil":
			writePage(w, `<style>.veil{position:fixed;inset:0}</style><button>申請する</button><div class=veil id=veil></div>`)
		case "/polls":
			writePage(w, `<p>待っています</p><script>fetch('/hang')</script>`)
		case "/hang":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	})
}

func step(name string, action probes.Action, target probes.Target, value string) probes.Step {
	return probes.Step{Name: name, Action: action, Target: target, Value: probes.Value{Text: value}, Timeout: 5 * time.Second}
}

func byText(text string) probes.Target       { return probes.Target{Text: text} }
func bySelector(css string) probes.Target    { return probes.Target{Selector: css} }
func byLabel(text string) probes.Target      { return probes.Target{Label: text} }
func byRole(role, name string) probes.Target { return probes.Target{Role: role, Name: name} }

func await(name string, w probes.Wait) probes.Step {
	return probes.Step{Name: name, Action: probes.ActionWait, Wait: w, Timeout: 5 * time.Second}
}

func photo(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestEveryStep goes through every kind of step and every way to name an element.
func TestEveryStep(t *testing.T) {
	url := site(t)
	probe := browserProbe(
		open(url+"/"),
		step("see heading", probes.ActionSee, byRole("heading", "マイナンバーカード"), ""),
		step("see folded", probes.ActionSee, byText("ｉＰｈｏｎｅのマイナンバーカード"), ""),
		step("wait text", probes.ActionSee, byText("遅れて出る文"), ""),
		await("wait visible", probes.Wait{Visible: &probes.Target{Selector: "#box b"}}),
		await("wait hidden", probes.Wait{Hidden: &probes.Target{Selector: "#hint"}}),
		await("wait count", probes.Wait{Count: &probes.WaitCount{Selector: "ul li", Min: 3, Max: 3}}),
		await("wait quiet", probes.Wait{Quiet: 100 * time.Millisecond}),
		step("dont see", probes.ActionDontSee, byText("メンテナンス中"), ""),
		step("hover", probes.ActionHover, bySelector("#menu"), ""),
		step("see hint", probes.ActionSee, byText("案内が出ました"), ""),
		step("fill", probes.ActionFill, byLabel("氏名"), "山田花子"),
		step("fill date", probes.ActionFill, byLabel("生年月日"), "2000-01-23"),
		step("select", probes.ActionSelect, byLabel("都道府県"), "大阪府"),
		step("check", probes.ActionCheck, byLabel("同意する"), ""),
		step("uncheck", probes.ActionUncheck, byLabel("同意する"), ""),
		step("check again", probes.ActionCheck, byRole("checkbox", "同意する"), ""),
		step("radio", probes.ActionCheck, byLabel("新規"), ""),
		step("upload", probes.ActionUpload, bySelector("[type=file]"), photo(t)),
		step("see photo", probes.ActionSee, probes.Target{Selector: "#photo", Text: "photo.png"}, ""),
		step("press", probes.ActionPress, probes.Target{}, "F2"),
		step("evaluate", probes.ActionEvaluate, probes.Target{}, "document.title === 'F2が押された'"),
		step("shadow", probes.ActionClick, byText("影の中のボタン"), ""),
		step("evaluate promise", probes.ActionEvaluate, probes.Target{}, "Promise.resolve(document.title === '影')"),
		step("scroll", probes.ActionScroll, probes.Target{}, "bottom"),
		step("scrolled", probes.ActionEvaluate, probes.Target{}, "scrollY > 700"),
		step("scroll to", probes.ActionScroll, bySelector("#menu"), ""),
		step("frame", probes.ActionFrame, bySelector("#inner"), ""),
		step("in frame", probes.ActionClick, byText("枠のボタン"), ""),
		step("see in frame", probes.ActionSee, byText("押されました"), ""),
		step("page", probes.ActionFrame, probes.Target{}, ""),
		step("frame of another site", probes.ActionFrame, bySelector("#other"), ""),
		step("in it", probes.ActionClick, byRole("button", "枠のボタン"), ""),
		step("see in it", probes.ActionSee, byText("押されました"), ""),
		step("fill in it", probes.ActionFill, byLabel("枠の欄"), "枠"),
		step("out of it", probes.ActionFrame, probes.Target{}, ""),
		step("new window", probes.ActionClick, byText("別の窓で開く"), ""),
		step("go there", probes.ActionTab, probes.Target{}, ""),
		step("see it", probes.ActionSee, byText("次のページ"), ""),
		step("see headers", probes.ActionSee, byText("mark c=1"), ""),
		step("tab", probes.ActionTab, probes.Target{}, url+"/"),
		step("next", probes.ActionClick, byRole("link", "次へ進む"), ""),
		step("back", probes.ActionBack, probes.Target{}, ""),
		step("second", probes.ActionFill, probes.Target{Selector: "form input[type=text]", Nth: 2}, "abc"),
		step("enter", probes.ActionPress, byLabel("氏名"), "Enter"),
		await("wait url", probes.Wait{URL: "/sent?name="}),
		await("wait text 2", probes.Wait{Text: "申請を受け付けました"}),
		step("picture", probes.ActionScreenshot, probes.Target{}, ""),
	)
	probe.Timeout = 40 * time.Second
	probe.Browser.Headers = []probes.Header{{Name: "X-Extra", Value: probes.Value{Text: "mark"}}}
	probe.Browser.Cookies = []probes.Cookie{{Name: "c", Value: probes.Value{Text: "1"}}}
	r := run(t, shared(), probe)
	wantOutcome(t, r, probes.Up, "")
	if got := r.Evidence; got == nil || len(got.Files["screenshot-picture.png"]) < 1000 {
		t.Errorf("the step's screenshot is missing: %v", got)
	}
	if r.Browser.Vitals["fcp"] <= 0 || r.Browser.Vitals["ttfb"] <= 0 || r.Browser.Vitals["lcp"] <= 0 || r.Browser.Vitals["inp"] <= 0 {
		t.Errorf("vitals are missing: %v", r.Browser.Vitals)
	}
	if r.Browser.LayoutShift == nil {
		t.Error("the layout shift is missing")
	}
	for _, s := range r.Steps {
		t.Logf("%-22s %v", s.Name, s.Duration.Duration().Round(time.Millisecond))
	}
}

// closedPort is an address on which nobody listens.
func closedPort(t testing.TB) string {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	return s.URL + "/"
}

// TestFailingSteps holds every step's message when it fails, word for word.
func TestFailingSteps(t *testing.T) {
	url, refused := site(t), closedPort(t)
	const limit = 300 * time.Millisecond
	for _, c := range []struct {
		name   string
		page   string
		step   probes.Step
		reason probes.Reason
		want   string
	}{
		{"open status", "", open(url + "/error"), probes.ReasonStatus, "SITE/error answered 500 Internal Server Error; the page says \"内部エラー\""},
		{"open bad port", "", open("http://127.0.0.1:1/"), probes.ReasonDefinition, "the browser cannot open http://127.0.0.1:1/ (ERR_UNSAFE_PORT)"},
		{"open refused", "", open(refused), probes.ReasonConnect, "could not connect to CLOSED (ERR_CONNECTION_REFUSED)"},
		{"see", "/", step("s", probes.ActionSee, byText("申込を受け付けました"), ""), probes.ReasonContent, "did not find the text \"申込を受け付けました\" within 300ms; nothing like it is there; at SITE/, where HOST answered 200"},
		{"see selector", "/", step("s", probes.ActionSee, bySelector("#nam"), ""), probes.ReasonSelector, "did not find the element #nam within 300ms; nearest: textbox \"氏名\"; at SITE/, where HOST answered 200"},
		{"dont see", "/", step("s", probes.ActionDontSee, byText("次へ進む"), ""), probes.ReasonContent, "the text \"次へ進む\" is still there after 300ms (link \"次へ進む\"); at SITE/, where HOST answered 200"},
		{"click text", "/", step("s", probes.ActionClick, byText("申請を送る"), ""), probes.ReasonSelector, "did not find the text \"申請を送る\" within 300ms; nearest: button \"申請する\", button \"後で送る\"; at SITE/, where HOST answered 200"},
		{"click role", "/", step("s", probes.ActionClick, byRole("button", "申し込む"), ""), probes.ReasonSelector, "did not find the button \"申し込む\" within 300ms; nearest: button \"申請する\", button \"後で送る\", button \"影の中のボタン\"; at SITE/, where HOST answered 200"},
		{"click disabled", "/", step("s", probes.ActionClick, byText("後で送る"), ""), probes.ReasonSelector, "found button \"後で送る\", but it is disabled (waited 300ms); at SITE/, where HOST answered 200"},
		{"click covered", "/veil", step("s", probes.ActionClick, byText("申請する"), ""), probes.ReasonSelector, "found button \"申請する\", but it is covered by <div id=\"veil\"> (waited 300ms); at SITE/veil, where HOST answered 200"},
		{"click nth", "/", step("s", probes.ActionClick, probes.Target{Selector: "li", Nth: 5}, ""), probes.ReasonSelector, "did not find number 5 of the element li within 300ms; nearest: 3 such elements; at SITE/, where HOST answered 200"},
		{"hover", "/", step("s", probes.ActionHover, bySelector("#menue"), ""), probes.ReasonSelector, "did not find the element #menue within 300ms; nearest: navigation \"次へ進む 別の窓で開く\"; at SITE/, where HOST answered 200"},
		{"fill", "/", step("s", probes.ActionFill, byLabel("お名前"), "x"), probes.ReasonSelector, "did not find the field labelled \"お名前\" within 300ms; nearest: textbox \"氏名\", textbox \"生年月日\", combobox \"都道府県\"; at SITE/, where HOST answered 200"},
		{"fill read-only", "/", step("s", probes.ActionFill, byLabel("変更できない欄"), "x"), probes.ReasonSelector, "found textbox \"変更できない欄\", but it is read-only (waited 300ms); at SITE/, where HOST answered 200"},
		{"fill cut", "/", step("s", probes.ActionFill, byLabel("短い欄"), "12345"), probes.ReasonSelector, "filled the field labelled \"短い欄\", but it then held \"123\"; at SITE/, where HOST answered 200"},
		{"fill list", "/", step("s", probes.ActionFill, byLabel("都道府県"), "京都府"), probes.ReasonSelector, "found combobox \"都道府県\", but it has no option \"京都府\"; its options: 選択, 東京都, 大阪府; at SITE/, where HOST answered 200"},
		{"select option", "/", step("s", probes.ActionSelect, byLabel("都道府県"), "京都府"), probes.ReasonSelector, "found combobox \"都道府県\", but it has no option \"京都府\"; its options: 選択, 東京都, 大阪府; at SITE/, where HOST answered 200"},
		{"select missing", "/", step("s", probes.ActionSelect, byLabel("市区町村"), "京都府"), probes.ReasonSelector, "did not find the field labelled \"市区町村\" within 300ms; nearest: textbox \"氏名\", textbox \"生年月日\", combobox \"都道府県\"; at SITE/, where HOST answered 200"},
		{"check", "/", step("s", probes.ActionCheck, byLabel("同意しない"), ""), probes.ReasonSelector, "did not find the field labelled \"同意しない\" within 300ms; nearest: checkbox \"同意する\"; at SITE/, where HOST answered 200"},
		{"press target", "/", step("s", probes.ActionPress, bySelector("#nowhere"), "Enter"), probes.ReasonSelector, "did not find the element #nowhere within 300ms; nothing like it is there; at SITE/, where HOST answered 200"},
		{"upload missing file", "/", step("s", probes.ActionUpload, bySelector("[type=file]"), "/no/such/file.png"), probes.ReasonDefinition, "cannot read the file to upload: stat /no/such/file.png: no such file or directory"},
		{"upload no file field", "/", step("s", probes.ActionUpload, bySelector("#name"), "/dev/null"), probes.ReasonSelector, "found textbox \"氏名\", but it is no file field (waited 300ms); at SITE/, where HOST answered 200"},
		{"scroll", "/", step("s", probes.ActionScroll, bySelector("#nowhere"), ""), probes.ReasonSelector, "did not find the element #nowhere within 300ms; nothing like it is there; at SITE/, where HOST answered 200"},
		{"wait visible", "/", await("s", probes.Wait{Visible: &probes.Target{Selector: "#hint"}}), probes.ReasonSelector, "did not find the element #hint within 300ms; nearest: <div id=\"hint\"> \"案内が出ました\" (not visible); at SITE/, where HOST answered 200"},
		{"wait hidden", "/", await("s", probes.Wait{Hidden: &probes.Target{Selector: "#menu"}}), probes.ReasonContent, "the element #menu is still there after 300ms (navigation \"次へ進む 別の窓で開く\"); at SITE/, where HOST answered 200"},
		{"wait text", "/", await("s", probes.Wait{Text: "遅れて出ない文"}), probes.ReasonContent, "did not find the text \"遅れて出ない文\" within 300ms; nearest: <div id=\"box\"> \"遅れて出る文\"; at SITE/, where HOST answered 200"},
		{"wait count", "/", await("s", probes.Wait{Count: &probes.WaitCount{Selector: "ul li", Min: 5, Max: 9}}), probes.ReasonSelector, "found 3 of ul li, not 5 to 9, within 300ms; at SITE/, where HOST answered 200"},
		{"wait url", "/", await("s", probes.Wait{URL: "/sent"}), probes.ReasonRedirect, "the address did not come to contain \"/sent\" within 300ms; at SITE/, where HOST answered 200"},
		{"wait quiet", "/polls", await("s", probes.Wait{Quiet: 300 * time.Millisecond}), probes.ReasonTimeout, "the network was not quiet for 300ms within 300ms; requests were still under way: GET SITE/hang; at SITE/polls, where HOST answered 200"},
		{"evaluate", "/", step("s", probes.ActionEvaluate, probes.Target{}, "document.title"+` === "x"`), probes.ReasonContent, "the expression \"document.title === \\\"x\\\"\" did not become true within 300ms; it was false; at SITE/, where HOST answered 200"},
		{"evaluate throws", "/", step("s", probes.ActionEvaluate, probes.Target{}, "nothing.there"), probes.ReasonContent, "the expression \"nothing.there\" did not become true within 300ms; it threw ReferenceError: nothing is not defined; at SITE/, where HOST answered 200"},
		{"evaluate syntax", "/", step("s", probes.ActionEvaluate, probes.Target{}, "1 +"), probes.ReasonDefinition, "\"1 +\" is no JavaScript expression: SyntaxError: Unexpected end of input"},
		{"frame missing", "/", step("s", probes.ActionFrame, bySelector("iframe#inne"), ""), probes.ReasonSelector, "did not find the element iframe#inne within 300ms; nearest: iframe <iframe id=\"inner\">; at SITE/, where HOST answered 200"},
		{"frame none", "/", step("s", probes.ActionFrame, bySelector("#menu"), ""), probes.ReasonSelector, "found the element #menu, but it is no iframe (it is a <nav>); at SITE/, where HOST answered 200"},
		{"tab", "/", step("s", probes.ActionTab, probes.Target{}, ""), probes.ReasonContent, "no new tab was opened within 300ms; at SITE/, where HOST answered 200"},
		{"tab status", "/", step("s", probes.ActionTab, probes.Target{}, url+"/error"), probes.ReasonStatus, "SITE/error answered 500 Internal Server Error; the page says \"内部エラー\""},
		{"back", "/", step("s", probes.ActionBack, probes.Target{}, ""), probes.ReasonContent, "there is no page to go back to; at SITE/, where HOST answered 200"},
		{"bad selector", "/", step("s", probes.ActionClick, bySelector("li["), ""), probes.ReasonDefinition, "li[ is no CSS selector"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps := []probes.Step{c.step}
			if c.page != "" {
				steps = append([]probes.Step{open(url + c.page)}, c.step, step("after", probes.ActionSee, byText("x"), ""))
			}
			steps[len(steps)-max(len(steps)-1, 1)].Timeout = limit
			if c.step.Action == probes.ActionOpen || c.name == "tab status" {
				steps[len(steps)-max(len(steps)-1, 1)].Timeout = 5 * time.Second
			}
			r := run(t, shared(), browserProbe(steps...))
			if r.Reason != c.reason {
				t.Errorf("reason is %s, want %s", r.Reason, c.reason)
			}
			place, text, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(r.Message, url, "SITE"), strings.Trim(strings.TrimPrefix(refused, "http://"), "/"), "CLOSED"), ": ")
			text = strings.ReplaceAll(text, strings.TrimPrefix(url, "http://"), "HOST")
			if text != c.want {
				t.Errorf("message is\n%q\nwant\n%q\n(%s)", text, c.want, place)
			}
			if n := len(r.Steps); n == 3 && r.Steps[2].State != probes.StepSkipped {
				t.Errorf("the step after the failing one is %s, want skipped", r.Steps[2].State)
			}
		})
	}
}
