package export

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"mynaprobe/probes"
)

// picturePNG is a small screenshot in one colour.
func picturePNG(t *testing.T, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			img.Set(x, y, color.White)
			if y < 60 || x < 8 || y > 392 || x > 632 {
				img.Set(x, y, c)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sampleReport is a report with everything in it.
func sampleReport(t *testing.T, lang Lang) ReportData {
	windows := sampleWindows()
	w := windows[0]
	w.Probes = []string{"apply-form", "apply-api"}
	data := ReportData{
		Window: w, Title: "iPhoneのマイナンバーカード", Related: windows, Now: jstAt(32, 9, 0, 0), Version: "1.2.3", Location: jst, Lang: lang,
		Evidence: map[string][]byte{
			"screenshot.png": picturePNG(t, color.RGBA{179, 32, 26, 255}), "last-good-screenshot.png": picturePNG(t, color.RGBA{15, 123, 63, 255}),
			"console.txt": []byte("error: 申請APIが応答しません\nSet-Cookie: session=s3cr3t\nauthorization: Bearer t0k3n\n"), "page.html": []byte("<html>"), "steps.txt": nil,
		},
		Revisions: []probes.NoticeRevision{
			{Probe: "news", Change: probes.NoticeNew, Seen: jstAt(30, 9, 31, 0), Item: probes.NoticeItem{Address: "https://www.digital.go.jp/news/6ed25fa0", Title: "iPhoneのマイナンバーカードの新規発行申請ができない事象について", Published: jstAt(30, 9, 20, 0),
				Announcements: []probes.Announcement{{Windows: []probes.AnnouncedWindow{{Start: ptr(jstAt(30, 8, 50, 0)), Approximate: true}}}}}},
			{Probe: "news", Change: probes.NoticeEdited, Seen: jstAt(31, 19, 5, 0), Item: probes.NoticeItem{Address: "https://www.digital.go.jp/news/6ed25fa0", Title: "【復旧】iPhoneのマイナンバーカードの新規発行申請ができない事象について", Published: jstAt(30, 9, 20, 0),
				Announcements: []probes.Announcement{{Windows: []probes.AnnouncedWindow{{Start: ptr(jstAt(30, 8, 50, 0)), End: ptr(jstAt(31, 18, 50, 0)), Approximate: true}}}}}},
		},
	}
	run := func(name, stage string, at time.Time, reason probes.Reason, message string) probes.Result {
		r := probes.Result{Probe: name, Flow: "iphone-mynumber-card", Stage: stage, Kind: probes.KindHTTP, Start: at, Duration: sec(900 * time.Millisecond), Target: "https://portal.example/" + name}
		r.Fail(reason, message)
		return r
	}
	for at := jstAt(30, 6, 50, 12); at.Before(jstAt(31, 21, 0, 0)); at = at.Add(30 * time.Minute) {
		reason, message := probes.Reason(""), ""
		if !at.Before(w.Start) && at.Before(*w.End) {
			reason, message = probes.ReasonContent, `the text "申請を受け付けました" did not appear within 10 s`
		}
		form := run("apply-form", "apply", at, reason, message)
		form.Kind = probes.KindBrowser
		if at.Equal(w.Start) {
			form.Steps = []probes.StepResult{
				{Name: "open /apply", State: probes.StepPassed, Duration: sec(420 * time.Millisecond)},
				{Name: "click 申請する", State: probes.StepPassed, Duration: sec(90 * time.Millisecond)},
				{Name: "see 申請を受け付けました", State: probes.StepFailed, Duration: sec(10 * time.Second), Message: "it shows ただいま処理中です"},
				{Name: "screenshot", State: probes.StepSkipped},
			}
			form.HTTP = &probes.HTTPResult{Status: 200, Phases: probes.Phases{Connect: sec(2 * time.Millisecond), TLS: sec(11 * time.Millisecond), Processing: sec(700 * time.Millisecond)},
				TLS: &probes.TLSResult{Version: "TLS 1.3", Names: []string{"portal.example", "www.portal.example"}, Issuer: "CN=Test CA", EarliestExpiry: jstAt(31, 0, 0, 0).AddDate(0, 2, 0), Fingerprint: "ab12"}}
		}
		data.Results = append(data.Results, form, run("apply-api", "apply", at.Add(5*time.Second), reason, message), run("guide", "guide", at.Add(7*time.Second), "", ""))
		data.References = append(data.References, run("ref-a", "", at, "", ""), run("ref-b", "", at, "", ""))
	}
	data.Results[40] = run("apply-api", "apply", data.Results[40].Start, probes.ReasonBrowser, "chrome would not start")
	return data
}

func reportOf(t *testing.T, data ReportData) string {
	t.Helper()
	return render(t, func(out *strings.Builder) error { return Report(out, data) })
}

// visible returns the text of the page as a reader sees it.
func visible(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "style" || n.Data == "script" || n.Data == "title") {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(root)
	return clean(b.String())
}

func TestReportAnswersTheQuestions(t *testing.T) {
	for lang, wants := range map[Lang][]string{
		English: {
			"iPhoneのマイナンバーカード was out for 34 h 00 min, from 2025-10-30 08:50:12 to 2025-10-31 18:50:40.",
			"up to 1 min 10 s earlier: the last good run ended 08:49:02", "up to 1 min 09 s earlier: the last failed run ended 18:49:31",
			"at least 33 h 59 min, at most 34 h 01 min", "1 min 30 s 0.1 % of the window",
			"First to fail was apply-form (stage apply), in the step “see 申請を受け付けました”: the answer does not hold what it must.",
			"It was confirmed at 2025-10-30 08:52:15, 2 min 03 s after the first failed run began.",
			"We knew first: 27 min 45 s before the date on its announcement.",
			"Reference probes up at its start: 2 of 2. Our own network was working.",
			"Names portal.example, www.portal.example", "61 days after the start",
			"2025-10-30 08:50 – end not told (about)", "2025-10-30 08:50 – 2025-10-31 18:50 (about)",
			"✗ down 2025-10-30 08:50:12 – 2025-10-31 18:50:12 69", "? unknown 2025-10-30 13:20:17 1 our browser failed",
			"Kept beside it : page.html, steps.txt", "The window was made from 2041 failed runs; 137 of them are kept.",
		},
		Japanese: {
			"iPhoneのマイナンバーカード は 2025-10-30 08:50:12 から 2025-10-31 18:50:40 まで 34時間00分 停止しました。",
			"最大 1分10秒 早い可能性（最後の正常終了 08:49:02）", "先に把握したのは当方です（告知の日付より 27分45秒 早い）。",
			"開始時に正常だった参照プローブ: 2 件中 2 件。", "最初に失敗したのは apply-form（段階 apply）のステップ「see 申請を受け付けました」: あるべき内容がありません。",
		},
	} {
		text := visible(t, reportOf(t, sampleReport(t, lang)))
		for _, want := range wants {
			if !strings.Contains(strings.ReplaceAll(text, " :", ":"), strings.ReplaceAll(want, " :", ":")) {
				t.Errorf("%s: the report does not say %q", lang, want)
			}
		}
	}
}

func TestReportIsSelfContainedAndSafe(t *testing.T) {
	data := sampleReport(t, English)
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(2)>'; javascript:alert(3)`
	data.Window.Message, data.Window.Name, data.Title = hostile, hostile, hostile
	data.Window.Marks = []probes.Mark{{As: hostile, Note: hostile, By: hostile}}
	data.Window.Probes = append(data.Window.Probes, hostile)
	data.Related[1].Name, data.Related[1].Message = hostile, hostile
	for i := range data.Results {
		data.Results[i].Message, data.Results[i].Target = hostile, hostile
		for j := range data.Results[i].Steps {
			data.Results[i].Steps[j].Name = hostile
		}
	}
	data.Revisions[0].Item.Title, data.Revisions[0].Item.Address = hostile, "javascript:alert(1)"
	data.Related[1].Notice = &data.Revisions[0].Item.Address
	data.Evidence["text.txt"] = []byte(hostile)
	data.Evidence["evil.png"] = []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	page := reportOf(t, data)
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	pictures := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "iframe", "link", "object", "embed", "form":
			t.Errorf("a <%s> in the report", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s %s>", n.Data, a.Key)
			case n.Data == "img" && a.Key == "src":
				pictures++
				if !strings.HasPrefix(a.Val, "data:image/png;base64,") {
					t.Errorf("a picture from elsewhere: %.60s", a.Val)
				}
			case a.Key == "href" && !strings.HasPrefix(a.Val, "https://"):
				t.Errorf("a link to %s", a.Val)
			case a.Key == "src" && n.Data != "img":
				t.Errorf("<%s src>", n.Data)
			}
		}
	}
	if pictures != 2 {
		t.Errorf("%d pictures, want that of the failure and that of the last good run", pictures)
	}
	for _, secret := range []string{"s3cr3t", "t0k3n"} {
		if strings.Contains(page, secret) {
			t.Errorf("the secret %s is in the report", secret)
		}
	}
	if strings.Index(page, "At the failure") > strings.Index(page, "Last good run") {
		t.Error("the last good run stands before the failure")
	}
}

func TestReportOfLittle(t *testing.T) {
	end := jstAt(31, 0, 0, 0)
	open := probes.Window{ID: "x", Source: probes.Observed, Scope: probes.ScopeProbe, Name: "apply", Start: jstAt(30, 8, 0, 0), Probes: []string{"apply"}, Reason: probes.ReasonTLS, Message: "certificate expired"}
	lapsed := probes.Window{ID: "x", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "flow", Start: jstAt(30, 8, 0, 0), Lapsed: true}
	blind := probes.Window{ID: "x", Source: probes.Blind, Scope: probes.ScopeAll, Start: jstAt(30, 8, 0, 0), End: &end}
	wrong := probes.Window{ID: "x", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "flow", Start: end, End: &end, Marks: []probes.Mark{{As: "false-alarm", Note: "試験", By: "ops", At: end}}}
	for _, test := range []struct {
		window probes.Window
		wants  []string
	}{
		{open, []string{"apply not over", "apply has been out for 24 h 00 min, since 2025-10-30 08:00:00.", "no good run is known before it", "so far", "What failed first apply · 2025-10-30 08:00:00 the secure connection or its certificate is not valid certificate expired", "not ruled out by this report", "Single runs of that time are not kept", "No announcement of it is known here."}},
		{lapsed, []string{"end not told", "when it came back was not told", "Length not known"}},
		{blind, []string{"The prober could judge nothing for 16 h 00 min"}},
		{wrong, []string{"false alarm", "Corrected by hand : false-alarm, 2025-10-31 00:00, ops: 試験"}},
	} {
		text := visible(t, reportOf(t, ReportData{Window: test.window, Now: jstAt(31, 8, 0, 0), Location: jst}))
		for _, want := range test.wants {
			if !strings.Contains(strings.ReplaceAll(text, " :", ":"), strings.ReplaceAll(want, " :", ":")) {
				t.Errorf("the report does not say %q:\n%s", want, text)
			}
		}
	}
}

func TestReportSaysWhenTheOperatorKnewFirstOrOurNetworkMayBeOut(t *testing.T) {
	data := sampleReport(t, English)
	data.Revisions[0].Item.Published = jstAt(30, 8, 50, 15)
	data.Revisions = append(data.Revisions, probes.NoticeRevision{Change: probes.NoticeNew, Seen: jstAt(30, 8, 0, 0), Item: probes.NoticeItem{Address: "https://www.digital.go.jp/news/other", Title: "another service"}})
	for i := range data.References {
		data.References[i].Fail(probes.ReasonConnect, "refused")
	}
	text := visible(t, reportOf(t, data))
	for _, want := range []string{
		"The operator knew first: we did 2 min 00 s after the date on its announcement.",
		"Reference probes up at its start: 0 of 2. Our own network may have been the cause.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(text, "another service") {
		t.Error("a notice on something else is in the report")
	}
}

func TestANoticeThatTwoProbesReadIsToldOnce(t *testing.T) {
	data := sampleReport(t, English)
	for _, revision := range data.Revisions {
		revision.Probe, revision.Seen = "feed", revision.Seen.Add(time.Minute)
		data.Revisions = append(data.Revisions, revision)
	}
	r := newReporter(data)
	if len(r.Revisions) != 2 || r.Revisions[0].Probe != "news" || r.Revisions[1].Probe != "news" {
		t.Errorf("revisions: %+v", r.Revisions)
	}
}

func TestTimelineStaysInItsFrame(t *testing.T) {
	data := sampleReport(t, English)
	data.Revisions[0].Item.Published = jstAt(30, 9, 20, 0).AddDate(0, -3, 0) // long before: listed, not drawn
	r := newReporter(data)
	events := r.events()
	tl := r.timeline(events)
	if len(tl.Marks) != len(events)-1 {
		t.Errorf("%d of %d events are drawn", len(tl.Marks), len(events))
	}
	for _, row := range tl.Rows {
		for _, s := range row.Spans {
			if s.X < tl.Left || s.X+s.W > tl.Width+2 || s.Y+s.H > tl.Height {
				t.Errorf("%s: %+v is outside of %d × %d", row.Label, s, tl.Width, tl.Height)
			}
		}
		if len(row.Spans) == 0 {
			t.Errorf("row %s is empty", row.Label)
		}
	}
	taken := map[[2]int]bool{}
	for _, m := range tl.Marks {
		if taken[[2]int{m.X, m.Y}] {
			t.Error("two events on one another")
		}
		taken[[2]int{m.X, m.Y}] = true
	}
}
