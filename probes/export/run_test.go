package export

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

var jst = time.FixedZone("JST", 9*3600)

func sec(d time.Duration) probes.Seconds { return probes.Seconds(d) }

// sampleResults has one result of every outcome, with retries, steps and a changed verdict.
func sampleResults() []probes.Result {
	at := time.Date(2025, 10, 30, 8, 50, 0, 0, jst)
	return []probes.Result{
		{Probe: "top", Flow: "iphone", Stage: "portal", Start: at, Duration: sec(213 * time.Millisecond), Outcome: probes.Up, Target: "https://portal.example/"},
		{Probe: "guide", Flow: "iphone", Stage: "guide", Start: at, Duration: sec(4213 * time.Millisecond), Outcome: probes.Degraded, Reason: probes.ReasonSlow, Message: "took 4.2 s, the limit is 3 s"},
		{
			Probe: "apply-form", Flow: "iphone", Stage: "apply", Start: at, Duration: sec(12345 * time.Millisecond), Outcome: probes.Down, Reason: probes.ReasonContent,
			Message: `the text "申請を受け付けました" did not appear within 10 s`,
			Steps: []probes.StepResult{
				{Name: "open /apply", State: probes.StepPassed, Duration: sec(420 * time.Millisecond)},
				{Name: "see 申請を受け付けました", State: probes.StepFailed, Duration: sec(10 * time.Second), Message: "not found"},
				{Name: "screenshot", State: probes.StepSkipped},
			},
			Evidence: &probes.Evidence{Path: "apply-form/1"},
		},
		{
			Probe: "faq", Flow: "iphone", Stage: "support", Start: at, Duration: sec(1200 * time.Millisecond), Outcome: probes.Down, Reason: probes.ReasonStatus, Message: "503 Service Unavailable",
			Attempts: []probes.Attempt{
				{Duration: sec(time.Second), Reason: probes.ReasonTimeout, Message: "no answer after 1 s"},
				{Duration: sec(200 * time.Millisecond), Status: 503, Message: "503 Service Unavailable"},
			},
		},
		{Probe: "news", Flow: "iphone", Stage: "notices", Start: at, Duration: sec(100 * time.Millisecond), Outcome: probes.Maintenance, Reason: probes.ReasonMaintenance, Message: "ただいまメンテナンス中です"},
		{
			Probe: "store", Flow: "iphone", Stage: "app", Start: at, Duration: sec(90 * time.Millisecond), Outcome: probes.Unknown, Reason: probes.ReasonNetwork, Message: "no reference probe is up",
			Seen: &probes.Verdict{Outcome: probes.Down, Reason: probes.ReasonConnect, Message: "connection refused"},
		},
	}
}

func runTableOf(t *testing.T, results []probes.Result, opts RunOptions) string {
	t.Helper()
	var out strings.Builder
	if err := RunTable(&out, results, opts); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRunTableEnglish(t *testing.T) {
	want := strings.TrimPrefix(`
   OUTCOME      PROBE       STAGE       TIME
 ✓ up           top         portal    0.21 s
 ! degraded     guide       guide     4.21 s
     it works, but slower than it must (slow)
     took 4.2 s, the limit is 3 s
 ✗ down         apply-form  apply    12.35 s
     the answer does not hold what it must (content)
     the text "申請を受け付けました" did not appear within 10 s
     ✓ open /apply (0.42 s)
     ✗ see 申請を受け付けました (10.00 s): not found
     - screenshot (skipped)
     evidence apply-form/1
 ✗ down         faq         support   1.20 s
     it answered with a status it must not have (status)
     503 Service Unavailable
     try 1 (1.00 s) no answer after 1 s
     try 2 (0.20 s) 503 Service Unavailable
 = maintenance  news        notices   0.10 s
     it says that it is under maintenance, or that was planned (maintenance)
     ただいまメンテナンス中です
 ? unknown      store       app        90 ms
     our own network is out; the target was not judged (network)
     no reference probe is up
     the run itself saw down: no connection could be made: connection refused

2 of 6 probes are down: apply-form, faq.
1 under maintenance: news.
1 works, but not as well as it must: guide.
1 unknown: store. The prober itself has no network: this is on our side, and
says nothing of the targets.
1 up.
`, "\n")
	if got := runTableOf(t, sampleResults(), RunOptions{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRunTableJapanese(t *testing.T) {
	want := strings.TrimPrefix(`
   結果      プローブ    段階    所要時間
 ✓ 正常      top         portal    0.21 s
 ✗ 障害      apply-form  apply    12.35 s
     あるべき内容がありません (content)
     the text "申請を受け付けました" did not appear within 10 s
     ✓ open /apply (0.42 s)
     ✗ see 申請を受け付けました (10.00 s): not found
     - screenshot (未実行)
     証跡 apply-form/1
 ? 判定不能  store       app        90 ms
     プローバー側のネットワークの問題です（対象の状態は不明） (network)
     no reference probe is up
     実行時の判定 障害: 接続できません: connection refused

3件中1件が障害: apply-form。
1件が判定不能: store。プローバー自身のネットワークが使えません。こちら側の問題で
あり、対象の状態については何も言えません。
1件は正常です。
`, "\n")
	all := sampleResults()
	got := runTableOf(t, []probes.Result{all[0], all[2], all[5]}, RunOptions{Lang: Japanese})
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRunTableColourIsOnlyOnRequestAndChangesNoText(t *testing.T) {
	bare := runTableOf(t, sampleResults(), RunOptions{})
	colored := runTableOf(t, sampleResults(), RunOptions{Color: true})
	if strings.Contains(bare, "\x1b") {
		t.Error("escape sequences without colour")
	}
	if !strings.Contains(colored, "\x1b[1;31m✗ down") {
		t.Error("down is not red")
	}
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored, ""); got != bare {
		t.Errorf("colour changes the text:\n%s\nwithout:\n%s", got, bare)
	}
}

func TestRunTableKeepsToItsWidthAndToOneTerminal(t *testing.T) {
	r := sampleResults()[2]
	r.Probe = strings.Repeat("とても長い名前の", 20)
	r.Stage = strings.Repeat("stage", 30)
	r.Message = "\x1b]0;owned\x07\x1b[2J red \u202egnp.exe\nnext\tline " + strings.Repeat("https://example.jp/very/long/", 12) + strings.Repeat("漢字", 100)
	r.Steps[1].Name = "\x1b[31m" + strings.Repeat("申請", 60)
	for _, columns := range []int{40, 80, 120} {
		got := runTableOf(t, []probes.Result{r, sampleResults()[0]}, RunOptions{Width: columns, Lang: Japanese})
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			if w := width(line); w > columns {
				t.Errorf("width %d: a line takes %d columns: %q", columns, w, line)
			}
			if strings.ContainsAny(line, "\x1b\x07\t\u202e") {
				t.Errorf("control characters of the target reach the terminal: %q", line)
			}
		}
	}
}

func TestRunTableGroupsSeveralFlows(t *testing.T) {
	results := sampleResults()[:3]
	results[1].Flow = "android"
	got := runTableOf(t, results, RunOptions{Quiet: true})
	iphone, android := strings.Index(got, "\niphone\n"), strings.Index(got, "\nandroid\n")
	apply, guide := strings.Index(got, "apply-form"), strings.Index(got, "guide")
	if iphone < 0 || android < 0 || !(iphone < apply && apply < android && android < guide) {
		t.Errorf("flows are not grouped:\n%s", got)
	}
}

func TestRunSummaryMeans(t *testing.T) {
	results := func(reasons ...probes.Reason) []probes.Result {
		var all []probes.Result
		for i, reason := range reasons {
			r := probes.Result{Probe: "p" + strconv.Itoa(i+1)}
			r.Fail(reason, "")
			all = append(all, r)
		}
		return all
	}
	many := results(slices.Repeat([]probes.Reason{probes.ReasonDNS}, 8)...)
	for _, test := range []struct {
		name    string
		results []probes.Result
		want    string
	}{
		{"nothing", nil, "No probe ran, so nothing is known.\n"},
		{"one up", results(""), "The probe is up.\n"},
		{"all up", results("", ""), "All 2 probes are up.\n"},
		{"one down", results("tls"), "1 of 1 probe is down: p1.\n"},
		{"many down", many, "8 of 8 probes are down: p1, p2, p3, p4, p5 and 3 more.\n"},
		{"blocked", results("blocked"), "1 unknown: p1. Robots were turned away; whether people are, cannot be told from\nhere.\n"},
		{"browser", results("browser"), "1 unknown: p1. The prober could not tell: this is on our side, and says nothing\nof the targets.\n"},
		{"mixed", results("browser", "blocked"), "2 unknown: p1, p2. We were turned away as a robot or failed on our own side;\nneither says that a target is down.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			table := runTable{w: &out, opts: RunOptions{Width: 80}}
			table.summary(test.results)
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, reason := range probes.Reasons() {
		for _, lang := range []Lang{English, Japanese} {
			if words := Words(reason, lang); words == "" || words == string(reason) {
				t.Errorf("no %s words for %s", lang, reason)
			}
		}
		if reason.Outcome() == probes.Unknown && reason != probes.ReasonBlocked && !strings.Contains(Words(reason, English), "not judged") {
			t.Errorf("%s does not say that the target was not judged", reason)
		}
	}
	if Words("", English) != "" {
		t.Error("no reason has words")
	}
	if len(reasonWords) != len(probes.Reasons()) {
		t.Error("words for reasons that do not exist")
	}
}

func TestRunJSON(t *testing.T) {
	var out bytes.Buffer
	if err := RunJSON(&out, sampleResults()); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Results []probes.Result
		Summary RunSummary
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := (RunSummary{Total: 6, Up: 1, Degraded: 1, Maintenance: 1, Down: 2, Unknown: 1}); back.Summary != want {
		t.Errorf("summary %+v, want %+v", back.Summary, want)
	}
	if len(back.Results) != 6 || back.Results[2].Probe != "apply-form" || back.Results[2].Outcome != probes.Down {
		t.Errorf("results are not those that went in: %+v", back.Results)
	}
	if !strings.Contains(out.String(), "申請を受け付けました") {
		t.Error("Japanese text is escaped")
	}
	out.Reset()
	if err := RunJSON(&out, nil); err != nil || !strings.Contains(out.String(), `"results": []`) {
		t.Errorf("no results: %v %s", err, &out)
	}
}

// A node is an XML element as it stands in the file.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

func (n node) attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// element is what the JUnit schemas say of one element: patterns of its attributes (a leading ? marks an optional one), and its
// children in order as a regular expression over their names.
type element struct {
	attrs    map[string]string
	children string
}

// junitSchema is the part that both Ant's schema (github.com/windyroad/JUnit-Schema, JUnit.xsd) and Jenkins' (xunit-plugin,
// junit-10.xsd) accept.
var junitSchema = map[string]element{
	"testsuites": {nil, `(testsuite )*`},
	"testsuite": {map[string]string{
		"name": `.+`, "package": `.*`, "id": `\d+`, "hostname": `.+`, "tests": `\d+`, "failures": `\d+`, "errors": `\d+`,
		"skipped": `\d+`, "time": `\d+\.\d+`, "timestamp": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`,
	}, `properties (testcase )*system-out system-err `},
	"properties": {nil, `(property )*`},
	"property":   {map[string]string{"name": `.+`, "value": `.*`}, ``},
	"testcase":   {map[string]string{"name": `.+`, "classname": `.+`, "time": `\d+\.\d+`}, `(skipped |error |failure )?`},
	"failure":    {map[string]string{"type": `.+`, "message": `.*`}, ``},
	"error":      {map[string]string{"type": `.+`, "message": `.*`}, ``},
	"skipped":    {map[string]string{"message": `.*`}, ``},
	"system-out": {nil, ``},
	"system-err": {nil, ``},
}

func checkJUnit(t *testing.T, n node) {
	t.Helper()
	name := n.XMLName.Local
	rule, ok := junitSchema[name]
	if !ok {
		t.Fatalf("element %s is not in the schema", name)
	}
	for _, a := range n.Attrs {
		if _, ok := rule.attrs[a.Name.Local]; !ok {
			t.Errorf("%s has an attribute %s that the schema does not know", name, a.Name.Local)
		}
	}
	for attr, pattern := range rule.attrs {
		value, ok := n.attr(attr)
		if !ok {
			t.Errorf("%s has no %s", name, attr)
		} else if !regexp.MustCompile("(?s)^(?:" + pattern + ")$").MatchString(value) {
			t.Errorf("%s: %s=%q does not match %s", name, attr, value, pattern)
		}
	}
	var children strings.Builder
	for _, child := range n.Children {
		children.WriteString(child.XMLName.Local + " ")
		checkJUnit(t, child)
	}
	if !regexp.MustCompile("^(?:" + rule.children + ")$").MatchString(children.String()) {
		t.Errorf("%s holds %q, want %s", name, children.String(), rule.children)
	}
}

func TestRunJUnit(t *testing.T) {
	results := sampleResults()
	results = append(results, probes.Result{Probe: "hostile", Flow: "b & <c>", Start: results[0].Start, Outcome: probes.Down, Reason: probes.ReasonContent, Message: "]]> \x00\x1b <script>"})
	var out bytes.Buffer
	if err := RunJUnit(&out, results); err != nil {
		t.Fatal(err)
	}
	var root node
	if err := xml.Unmarshal(out.Bytes(), &root); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if root.XMLName.Local != "testsuites" {
		t.Fatalf("the root is %s", root.XMLName.Local)
	}
	checkJUnit(t, root)
	if len(root.Children) != 2 {
		t.Fatalf("%d suites, want one a flow", len(root.Children))
	}
	suite := root.Children[0]
	for attr, want := range map[string]string{"name": "iphone", "tests": "6", "failures": "2", "errors": "1", "skipped": "1", "timestamp": "2025-10-29T23:50:00"} {
		if got, _ := suite.attr(attr); got != want {
			t.Errorf("suite's %s is %q, want %q", attr, got, want)
		}
	}
	var fates []string
	for _, c := range suite.Children {
		if c.XMLName.Local != "testcase" {
			continue
		}
		fate := "passed"
		if len(c.Children) > 0 {
			fate = c.Children[0].XMLName.Local
		}
		name, _ := c.attr("name")
		fates = append(fates, name+" "+fate)
	}
	if want := []string{"top passed", "guide passed", "apply-form failure", "faq failure", "news skipped", "store error"}; !slices.Equal(fates, want) {
		t.Errorf("got %q, want %q", fates, want)
	}
	for _, want := range []string{"step failed: see 申請を受け付けました", "try 1: 1.00 s timeout no answer after 1 s", "guide is degraded"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}

func TestRunTAP(t *testing.T) {
	results := sampleResults()
	results[0].Probe = `a # TODO \ b`
	var out bytes.Buffer
	if err := RunTAP(&out, results); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if lines[0] != "TAP version 13" || lines[1] != "1..6" {
		t.Fatalf("begins with %q", lines[:2])
	}
	var tests []string
	var blocks []tapDetail
	for i := 2; i < len(lines); i++ {
		if lines[i] != "  ---" {
			tests = append(tests, lines[i])
			continue
		}
		end := slices.Index(lines[i:], "  ...")
		if end < 0 {
			t.Fatal("a block has no end")
		}
		var detail tapDetail
		if err := yaml.Unmarshal([]byte(strings.Join(lines[i+1:i+end], "\n")), &detail); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, detail)
		i += end
	}
	want := []string{
		`ok 1 - a \# TODO \\ b (portal)`,
		"ok 2 - guide (guide)",
		"not ok 3 - apply-form (apply)",
		"not ok 4 - faq (support)",
		"ok 5 - news (notices) # SKIP it says that it is under maintenance, or that was planned: ただいまメンテナンス中です",
		"not ok 6 - store (app)",
	}
	if !slices.Equal(tests, want) {
		t.Errorf("got %q\nwant %q", tests, want)
	}
	if len(blocks) != 5 || blocks[1].Message != results[2].Message || blocks[1].Steps[2].State != "skipped" || blocks[1].Severity != "fail" || blocks[4].Severity != "error" || len(blocks[2].Tries) != 2 {
		t.Errorf("blocks: %+v", blocks)
	}
}

func FuzzWrap(f *testing.F) {
	for _, seed := range []string{"", " ", "the quick brown fox", "ただいま、メンテナンス中です。（至急）", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "👨‍👩‍👧‍👦 が é 한국어", "。。。。。。。。。。。。。。。。"} {
		f.Add(seed, 10)
	}
	f.Fuzz(func(t *testing.T, text string, to int) {
		text = clean(text)
		to = 4 + (to%100+100)%100
		lines := wrap(text, to)
		for _, line := range lines {
			if width(line) > to {
				t.Errorf("%q takes %d of %d columns", line, width(line), to)
			}
		}
		without := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := without(strings.Join(lines, "")); got != without(text) {
			t.Errorf("%q became %q", text, lines)
		}
	})
}

func TestWrapBreaksWhereJapaneseDoes(t *testing.T) {
	for _, test := range []struct {
		text string
		to   int
		want []string
	}{
		{"サービスを停止します。", 20, []string{"サービスを停止しま", "す。"}},
		{"停止（予定）です", 6, []string{"停止", "（予", "定）で", "す"}},
		{"see the page", 8, []string{"see the", "page"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
	} {
		if got := wrap(test.text, test.to); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.to, got, test.want)
		}
	}
}

func TestLangOf(t *testing.T) {
	for locale, want := range map[string]Lang{"ja_JP.UTF-8": Japanese, "ja": Japanese, "JA-jp": Japanese, "C.UTF-8": English, "": English, "jam_JM": English} {
		if got := LangOf(locale); got != want {
			t.Errorf("LangOf(%q) = %q", locale, got)
		}
	}
}
