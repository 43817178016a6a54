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
	for at := jstAt(30, 6, 50, 12); at.Before(jstAt(31, 21, 0, 0)); at = at.Add(10 * time.Minute) {
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
