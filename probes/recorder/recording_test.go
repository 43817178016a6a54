package recorder

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

// everyStep has every type of step of the format.
const everyStep = `{
  "title": "申請の記録", "timeout": 5000,
  "steps": [
    {"type": "setViewport", "width": 1280, "height": 800, "deviceScaleFactor": 1, "isMobile": false, "hasTouch": false, "isLandscape": false},
    {"type": "emulateNetworkConditions", "download": 1000, "upload": 1000, "latency": 100},
    {"type": "navigate", "url": "chrome://new-tab-page/", "assertedEvents": [{"type": "navigation", "url": "chrome://new-tab-page/", "title": "New Tab"}]},
    {"type": "navigate", "url": "https://example.jp/", "assertedEvents": [{"type": "navigation", "url": "https://example.jp/", "title": "申請"}]},
    {"type": "click", "target": "main", "selectors": [["aria/申請する[role=\"button\"]"], ["#apply"], ["xpath///*[@id='apply']"], ["text/申請する"]], "offsetX": 1, "offsetY": 1},
    {"type": "doubleClick", "selectors": [["#row"]], "offsetX": 1, "offsetY": 1},
    {"type": "hover", "selectors": [["text/案内"]]},
    {"type": "click", "selectors": [["aria/料金", "aria/[role=\"generic\"]"], ["xpath///*[@id=\"list\"]/ul/li[2]/a"]], "offsetX": 1, "offsetY": 1, "deviceType": "touch", "button": "primary", "duration": 90},
    {"type": "change", "value": "山田", "selectors": [["aria/氏名"], ["#name"]]},
    {"type": "change", "value": "himitsu", "selectors": [["#password"]]},
    {"type": "keyDown", "target": "main", "key": "Control"},
    {"type": "keyDown", "target": "main", "key": "a"},
    {"type": "keyUp", "key": "a", "target": "main"},
    {"type": "keyUp", "key": "Control", "target": "main"},
    {"type": "keyDown", "key": "Enter"},
    {"type": "keyUp", "key": "Enter"},
    {"type": "scroll", "x": 0, "y": 400},
    {"type": "scroll", "selectors": ["#end"]},
    {"type": "scroll", "selectors": [["my-card", "#inner"]], "x": 3, "y": 40},
    {"type": "customStep", "name": "lighthouse", "parameters": {}},
    {"type": "waitForElement", "selectors": ["li"], "operator": ">=", "count": 3},
    {"type": "waitForElement", "selectors": [["my-card", "button"]], "visible": true, "attributes": {"type": "submit"}, "properties": {"disabled": false}},
    {"type": "waitForElement", "selectors": ["#gone"], "operator": "==", "count": 0},
    {"type": "waitForExpression", "expression": "document.readyState === 'complete'", "timeout": 900},
    {"type": "click", "frame": [0, 1], "selectors": ["button"], "offsetX": 1, "offsetY": 1},
    {"type": "click", "selectors": [["pierce/#out"]], "offsetX": 1, "offsetY": 1},
    {"type": "click", "target": "https://map.example/frame?x=1", "selectors": [["text/拡大"]], "offsetX": 1, "offsetY": 1, "assertedEvents": [{"type": "navigation", "url": "https://map.example/large"}]},
    {"type": "click", "target": "main", "selectors": [["text/開く"]], "offsetX": 1, "offsetY": 1},
    {"type": "click", "target": "https://example.jp/popup", "selectors": ["#ok"], "offsetX": 1, "offsetY": 1},
    {"type": "close"}
  ]
}`

// text shows a step in one line.
func text(s probes.Step) string {
	w := ""
	switch {
	case s.Wait.Visible != nil:
		w = fmt.Sprintf(" visible%+v", *s.Wait.Visible)
	case s.Wait.Hidden != nil:
		w = fmt.Sprintf(" hidden%+v", *s.Wait.Hidden)
	case s.Wait.Count != nil:
		w = fmt.Sprintf(" count%+v", *s.Wait.Count)
	case s.Wait.URL != "":
		w = " url " + s.Wait.URL
	}
	t := ""
	if s.Target != (probes.Target{}) {
		t = fmt.Sprintf(" %+v", s.Target)
	}
	if s.Value.String() != "" {
		t += " " + s.Value.String()
	}
	return fmt.Sprintf("%s%s%s (%s)", s.Action, t, w, s.Timeout)
}

func TestEveryStepType(t *testing.T) {
	r, err := Parse([]byte(everyStep))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(`
open https://example.jp/ (5s)
wait url example.jp/ (5s)
evaluate document.title === "申請" (5s)
click {Selector: Text: Role:button Name:申請する Label: Nth:0} (5s)
click {Selector:#row Text: Role: Name: Label: Nth:0} (5s)
click {Selector:#row Text: Role: Name: Label: Nth:0} (5s)
evaluate document.querySelector("#row").dispatchEvent(new MouseEvent('dblclick', {bubbles: true, cancelable: true, detail: 2})) || true (5s)
hover {Selector: Text:案内 Role: Name: Label: Nth:0} (5s)
click {Selector:[id="list"] > ul > li:nth-of-type(2) > a Text: Role: Name: Label: Nth:0} (5s)
fill {Selector:#name Text: Role: Name: Label: Nth:0} 山田 (5s)
fill {Selector:#password Text: Role: Name: Label: Nth:0} (secret from environment variable PASSWORD) (5s)
press Control+a (5s)
press Enter (5s)
evaluate (scrollTo(0, 400), true) (5s)
scroll {Selector:#end Text: Role: Name: Label: Nth:0} (5s)
scroll {Selector:my-card >>> #inner Text: Role: Name: Label: Nth:0} (5s)
evaluate (["my-card","#inner"].reduce((e, s) => e && (e.shadowRoot || e).querySelector(s), document).scrollTo(3, 40), true) (5s)
wait count{Selector:li Min:3 Max:0} (5s)
wait visible{Selector:my-card >>> button Text: Role: Name: Label: Nth:0} (5s)
evaluate ["my-card","button"].reduce((e, s) => e && (e.shadowRoot || e).querySelector(s), document)?.getAttribute("type") === "submit" (5s)
evaluate ["my-card","button"].reduce((e, s) => e && (e.shadowRoot || e).querySelector(s), document)?.["disabled"] === false (5s)
wait hidden{Selector:#gone Text: Role: Name: Label: Nth:0} (5s)
evaluate document.readyState === 'complete' (900ms)
frame {Selector:iframe, frame Text: Role: Name: Label: Nth:1} (5s)
frame {Selector:iframe, frame Text: Role: Name: Label: Nth:2} (5s)
click {Selector:button Text: Role: Name: Label: Nth:0} (5s)
frame (5s)
click {Selector:#out Text: Role: Name: Label: Nth:0} (5s)
frame {Selector:iframe[src*="map.example/frame"] Text: Role: Name: Label: Nth:0} (5s)
click {Selector: Text:拡大 Role: Name: Label: Nth:0} (5s)
evaluate location.href.includes("map.example/large") (5s)
frame (5s)
click {Selector: Text:開く Role: Name: Label: Nth:0} (5s)
tab (5s)
click {Selector:#ok Text: Role: Name: Label: Nth:0} (5s)
`), "\n")
	for i, s := range r.Browser.Steps {
		if i >= len(want) || text(s) != want[i] {
			t.Fatalf("step %d is\n%s", i+1, text(s))
		}
	}
	if len(r.Browser.Steps) != len(want) {
		t.Errorf("%d steps, want %d", len(r.Browser.Steps), len(want))
	}
	if r.Title != "申請の記録" || r.Browser.Width != 1280 || r.Browser.Height != 800 || len(r.Notes) != 7 {
		t.Errorf("got %q %dx%d, notes %q", r.Title, r.Browser.Width, r.Browser.Height, r.Notes)
	}
}

// TestDefinition: the text of the definition reads back as the same steps.
func TestDefinition(t *testing.T) {
	r, err := Parse([]byte(everyStep))
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Definition("recorded")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "himitsu") {
		t.Error("the recorded password stands in the definition")
	}
	t.Setenv("PASSWORD", "x")
	set, err := definition.Parse("recorded.yaml", data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	got := set.Probes[0]
	if got.Name != "recorded" || got.Browser.Width != 1280 || got.Timeout != time.Minute {
		t.Errorf("got %+v", got)
	}
	if len(got.Browser.Steps) != len(r.Browser.Steps) {
		t.Fatalf("%d steps, want %d", len(got.Browser.Steps), len(r.Browser.Steps))
	}
	for i, s := range got.Browser.Steps {
		if text(s) != text(r.Browser.Steps[i]) {
			t.Errorf("step %d is\n%s\nwant\n%s", i+1, text(s), text(r.Browser.Steps[i]))
		}
	}
}

func TestUnusableRecordings(t *testing.T) {
	const start = `{"steps": [{"type": "navigate", "url": "https://example.jp/"}, `
	for _, c := range []struct{ name, recording, want string }{
		{"no JSON", "puppeteer", `this is no recording (the Recorder panel exports one with "Export as a JSON file")`},
		{"empty", `{"title": "x"}`, "the recording has no steps"},
		{"nowhere", `{"steps": [{"type": "click", "selectors": ["#a"]}]}`, "the recording goes nowhere: before anything else it must navigate to an address"},
		{"unknown", start + `{"type": "dance"}]}`, "step 2 of the recording, dance: there is no such type of step"},
		{"button", start + `{"type": "click", "button": "secondary", "selectors": ["#a"]}]}`, "step 2 of the recording, click: a probe does not press the secondary mouse button"},
		{"xpath", start + `{"type": "click", "selectors": [["xpath///a[contains(., 'x')]"], ["aria/[role=\"generic\"]"]]}]}`, "step 2 of the recording, click: no selector that a probe understands (CSS, aria/, text/, pierce/, simple xpath/)"},
		{"key", start + `{"type": "keyDown", "key": "VolumeUp"}]}`, `step 2 of the recording, keyDown: a probe cannot press the key "VolumeUp"`},
		{"two frames", start + `{"type": "click", "target": "https://a.example/", "frame": [0], "selectors": ["#a"]}, {"type": "click", "target": "https://a.example/", "selectors": ["#a"]}, {"type": "click", "selectors": ["#a"]}]}`,
			"step 3 of the recording, click: it leaves a frame inside of a frame of another site; record that part as a probe of its own"},
		{"back to a tab", start + `{"type": "click", "target": "https://example.jp/x", "selectors": ["#a"]}, {"type": "close", "target": "https://example.jp/x"}, {"type": "click", "target": "main", "selectors": ["#a"]}]}`,
			"step 4 of the recording, click: it goes back to a tab that was left; record each tab's part as a probe of its own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.recording))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
