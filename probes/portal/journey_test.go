package portal_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/browserprobe"
	"mynaprobe/probes/definition"
	"mynaprobe/probes/portal"
)

// stepKinds are all actions that a step of a definition may have, from its schema.
func stepKinds(t *testing.T) []string {
	t.Helper()
	var schema struct {
		Defs struct {
			Step struct {
				AllOf []struct {
					OneOf []struct{ Required []string }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(definition.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, rule := range schema.Defs.Step.AllOf {
		for _, choice := range rule.OneOf {
			kinds = append(kinds, choice.Required...)
		}
	}
	if len(kinds) < 18 {
		t.Fatalf("the schema names only the actions %v", kinds)
	}
	return kinds
}

// set marks the fields of a struct that have a value.
func set(used map[string]bool, v any) {
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		name := s.Type().Name() + "." + s.Type().Field(i).Name
		used[name] = used[name] || !s.Field(i).IsZero()
	}
}

// unused are the kinds of steps, the kinds of waits and the ways to name an element that no step has.
func unused(t *testing.T, steps []probes.Step) []string {
	t.Helper()
	used := map[string]bool{}
	for _, kind := range stepKinds(t) {
		used[kind] = false
	}
	for _, s := range steps {
		used[string(s.Action)] = true
		set(used, s.Target)
		set(used, s.Wait)
		for _, waited := range []*probes.Target{s.Wait.Visible, s.Wait.Hidden} {
			if waited != nil {
				set(used, *waited)
			}
		}
	}
	maps.DeleteFunc(used, func(_ string, is bool) bool { return is })
	return slices.Sorted(maps.Keys(used))
}

// aSite serves the portal, all of it well but its login, which hangs, and returns its address and a browser prober.
func aSite(t *testing.T) (string, *browserprobe.Prober) {
	t.Helper()
	script, err := portal.LoadScript("test.yaml", []byte(`{title: test, length: 1h, every: 30s, site: {name: 試験ポータル, service: 試験カード},
flow: {name: test, title: 試験, services: [試験カード], critical: [portal]}, events: [{at: 0s, say: s, stages: {login: hang}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	server, err := portal.New(script, portal.Options{Start: time.Now().Add(-time.Minute)}).Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prober := browserprobe.New(browserprobe.Options{Secrets: definition.ResolveSecret})
	t.Cleanup(func() {
		if err := prober.Close(); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, prober
}

func photo(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestJourneys goes through the portal with definitions that use all that a step can be.
func TestJourneys(t *testing.T) {
	t.Setenv("PORTAL_TEST_COOKIE", "yes")
	site, prober := aSite(t)
	text, err := os.ReadFile("testdata/journeys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	journeys, err := definition.Parse("journeys.yaml", []byte(strings.NewReplacer("SITE", site, "PHOTO", photo(t)).Replace(string(text))))
	if err != nil {
		t.Fatal(err)
	}
	var steps []probes.Step
	for _, probe := range journeys.Probes {
		steps = append(steps, probe.Browser.Steps...)
	}
	if missing := unused(t, steps); len(missing) > 0 {
		t.Errorf("no journey uses %s", strings.Join(missing, ", "))
	}
	t.Run("browser", func(t *testing.T) {
		for _, probe := range journeys.Probes {
			t.Run(probe.Name, func(t *testing.T) {
				t.Parallel()
				runner, err := prober.Prepare(probe)
				if err != nil {
					t.Fatal(err)
				}
				r := runner.Run(t.Context())
				if r.Outcome != probes.Up {
					t.Errorf("%s (%s) %s\n%+v", r.Outcome, r.Reason, r.Message, r.Steps)
				}
				for _, req := range r.Browser.FailedRequests {
					t.Errorf("the portal lacks %+v", req)
				}
				if probe.Name == "application" && r.Evidence == nil {
					t.Error("the screenshot is missing")
				}
			})
		}
	})
}

// TestFailingJourneys fails in every kind of step and every kind of wait, and holds the result's message, word for word.
func TestFailingJourneys(t *testing.T) {
	site, prober := aSite(t)
	host := strings.TrimPrefix(site, "http://")
	// before is an expression that is evaluated before the step: a page can fail some steps only by doing something by itself.
	cases := []struct{ at, before, step, reason, want string }{
		{"/", "", `open: SITE/nowhere/`, "status", `SITE/nowhere/ answered 404 Not Found; the page says "404 Not Found"`},
		{"/apply/", "", `click: { role: button, name: 送信する }`, "selector", `did not find the button "送信する" within 300ms; nearest: button "申請する", <p> "申請する"; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `click: 新規で申請`, "selector", `did not find the text "新規で申請" within 300ms; nearest: link "申請", <p> "窓口で申請する", link "窓口で申請する"; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `fill: { label: お名前, value: 山田 }`, "selector", `did not find the field labelled "お名前" within 300ms; nearest: textbox "氏名", textbox "生年月日(任意)", textbox "電話番号(任意)"; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `select: { label: 都道府県, value: 京都府 }`, "selector", `found combobox "都道府県(任意)", but it has no option "京都府"; its options: 選んでください, 北海道, 東京都, 大阪府, 沖縄県; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `check: { label: 個人情報の取扱いに同意する }`, "selector", `did not find the field labelled "個人情報の取扱いに同意する" within 300ms; nearest: checkbox "利用規約に同意する"; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `uncheck: { label: 結果を郵便で受け取る }`, "selector", `did not find the field labelled "結果を郵便で受け取る" within 300ms; nearest: checkbox "結果をメールで受け取る"; at SITE/apply/, where HOST answered 200`},
		{"/faq/", "", `press: { label: 質問をさがす, key: Enter }`, "selector", `did not find the field labelled "質問をさがす" within 300ms; nearest: <label> "ことばでさがす", textbox "ことばでさがす"; at SITE/faq/, where HOST answered 200`},
		{"/apply/", "", `upload: { label: 氏名, file: PHOTO }`, "selector", `found textbox "氏名", but it is no file field (waited 300ms); at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `upload: { label: 顔写真, file: PHOTO.gone }`, "definition", `cannot read the file to upload: stat PHOTO.gone: no such file or directory`},
		{"/apply/", "", `hover: 入力の手引き`, "selector", `did not find the text "入力の手引き" within 300ms; nothing like it is there; at SITE/apply/, where HOST answered 200`},
		{"/apply/terms/", "", `scroll: { selector: "#end" }`, "selector", `did not find the element #end within 300ms; nothing like it is there; at SITE/apply/terms/, where HOST answered 200`},
		{"/apply/", "", `wait: { visible: { selector: .tip } }`, "selector", `did not find the element .tip within 300ms; nearest: tooltip "氏名は、カードに記載されているとおりに入力してください。" (not visible); at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `wait: { hidden: { role: button, name: 申請する } }`, "content", `the button "申請する" is still there after 300ms (button "申請する"); at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `wait: { text: 申請が完了しました }`, "content", `did not find the text "申請が完了しました" within 300ms; nearest: link "申請"; at SITE/apply/, where HOST answered 200`},
		{"/faq/", "", `wait: { count: { selector: details, min: 5, max: 9 } }`, "selector", `found 4 of details, not 5 to 9, within 300ms; at SITE/faq/, where HOST answered 200`},
		{"/apply/", "", `wait: { url: /done/ }`, "redirect", `the address did not come to contain "/done/" within 300ms; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "fetch('/login/'), true", `wait: { quiet: 100ms }`, "timeout", `the network was not quiet for 100ms within 300ms; requests were still under way: GET SITE/login/; at SITE/apply/, where HOST answered 200`},
		{"/guide/", "", `see: ご利用の流れ`, "content", `did not find the text "ご利用の流れ" within 300ms; nearest: heading "ご利用までの流れ", link "ご利用の条件", listitem "ご利用の条件を確かめる"; at SITE/guide/, where HOST answered 200`},
		{"/guide/", "", `see: { selector: "#flow" }`, "selector", `did not find the element #flow within 300ms; nothing like it is there; at SITE/guide/, where HOST answered 200`},
		{"/guide/", "", `dont_see: ご利用までの流れ`, "content", `the text "ご利用までの流れ" is still there after 300ms (heading "ご利用までの流れ"); at SITE/guide/, where HOST answered 200`},
		{"/guide/", "", `evaluate: document.querySelectorAll(".steps li").length === 4`, "content", `the expression "document.querySelectorAll(\".steps li\").length === 4" did not become true within 300ms; it was false; at SITE/guide/, where HOST answered 200`},
		{"/apply/counters/", "", `frame: { selector: "#map" }`, "selector", `did not find the element #map within 300ms; nothing like it is there; at SITE/apply/counters/, where HOST answered 200`},
		{"/apply/counters/", "", `frame: { selector: h1 }`, "selector", `found the element h1, but it is no iframe (it is a <h1>); at SITE/apply/counters/, where HOST answered 200`},
		{"/apply/", "", `tab: opened`, "content", `no new tab was opened within 300ms; at SITE/apply/, where HOST answered 200`},
		{"/apply/", "", `tab: SITE/nowhere/`, "status", `SITE/nowhere/ answered 404 Not Found; the page says "404 Not Found"`},
		{"/guide/", "", `back: true`, "content", `there is no page to go back to; at SITE/guide/, where HOST answered 200`},
		{"/guide/", "setTimeout(() => { for (;;); }), true", `screenshot: true`, "script", `the page does not respond: one of its scripts runs without a pause; at SITE/guide/, where HOST answered 200`},
	}
	var text strings.Builder
	text.WriteString("flow: { name: portal, title: 試験ポータル }\nprobes:\n")
	for i, c := range cases {
		limit := "300ms"
		if strings.Contains(c.step, "SITE") { // the answer fails it, not the time
			limit = "10s"
		}
		fmt.Fprintf(&text, "  - name: case-%d\n    stage: apply\n    every: 1m\n    timeout: 12s\n    browser:\n      steps:\n        - open: SITE%s\n", i, c.at)
		if c.before != "" {
			fmt.Fprintf(&text, "        - evaluate: %q\n", c.before)
		}
		fmt.Fprintf(&text, "        - %s\n          name: failing\n          timeout: %s\n        - see: 後の手順\n", c.step, limit)
	}
	file := photo(t)
	journeys, err := definition.Parse("failing.yaml", []byte(strings.NewReplacer("SITE", site, "PHOTO", file).Replace(text.String())))
	if err != nil {
		t.Fatal(err)
	}
	var failing []probes.Step
	for _, probe := range journeys.Probes {
		failing = append(failing, probe.Browser.Steps[len(probe.Browser.Steps)-2])
	}
	for _, missing := range unused(t, failing) {
		if !strings.HasPrefix(missing, "Target.") {
			t.Errorf("no journey fails in %s", missing)
		}
	}
	t.Run("browser", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.step, func(t *testing.T) {
				t.Parallel()
				runner, err := prober.Prepare(journeys.Probes[i])
				if err != nil {
					t.Fatal(err)
				}
				r := runner.Run(t.Context())
				last := len(r.Steps) - 1
				message := strings.NewReplacer(site, "SITE", host, "HOST", file, "PHOTO").Replace(r.Message)
				place := fmt.Sprintf("step %d of %d, failing: ", last, last+1)
				if string(r.Reason) != c.reason || message != place+c.want {
					t.Errorf("got (%s)\n%s\nwant (%s)\n%s", r.Reason, message, c.reason, place+c.want)
				}
				if r.Steps[last-1].State != probes.StepFailed || r.Steps[last].State != probes.StepSkipped {
					t.Errorf("the steps are %+v, want one failed and one skipped", r.Steps)
				}
			})
		}
	})
}
