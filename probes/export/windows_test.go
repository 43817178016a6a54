package export

import (
	"cmp"
	"encoding/csv"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"mynaprobe/probes"
)

func jstAt(day, hour, minute, second int) time.Time {
	return time.Date(2025, 10, day, hour, minute, second, 0, jst)
}

func ptr[T any](value T) *T { return &value }

// sampleWindows are those of the two days of 2025-10-30 and 31, as a prober might have seen them.
func sampleWindows() []probes.Window {
	return []probes.Window{
		{
			ID: "5f1c0a9e2b7d4c31", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Start: jstAt(30, 8, 50, 12), StartNotBefore: ptr(jstAt(30, 8, 49, 2)),
			End: ptr(jstAt(31, 18, 50, 40)), EndNotBefore: ptr(jstAt(31, 18, 49, 31)), Reason: probes.ReasonContent, Message: `the text "申請を受け付けました" did not appear within 10 s`,
			Probes: []string{"apply-form", "apply-api"}, RunsDown: 2041, Flaps: 1, Unobserved: sec(90 * time.Second), Opened: jstAt(30, 8, 52, 15),
		},
		{
			ID: "a1", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Start: jstAt(30, 8, 50, 0), End: ptr(jstAt(31, 18, 50, 0)), Approximate: true,
			Message: "iPhoneのマイナンバーカードの新規発行申請ができない事象について", Opened: jstAt(30, 9, 31, 0), Notice: ptr("https://www.digital.go.jp/news/6ed25fa0"),
		},
		{
			ID: "p1", Source: probes.Foretold, Scope: probes.ScopeFlow, Name: "android-certificate", Start: jstAt(31, 2, 0, 0), End: ptr(jstAt(31, 6, 0, 0)), Opened: jstAt(20, 2, 0, 0),
		},
		{
			ID: "b1", Source: probes.Blind, Scope: probes.ScopeAll, Name: "", Start: jstAt(30, 14, 0, 0), End: ptr(jstAt(30, 15, 30, 0)), Reason: probes.ReasonNetwork, Message: "no reference probe was up",
		},
		{
			ID: "o2", Source: probes.Observed, Scope: probes.ScopeProbe, Name: "android-apply", Flow: "android-certificate", Stage: "apply", Location: "osaka", Start: jstAt(31, 7, 30, 5), Reason: probes.ReasonTimeout,
			Message: "no answer within 10 s; it hung in tls", Probes: []string{"android-apply"}, RunsDown: 3, Opened: jstAt(31, 7, 32, 0),
			Marks: []probes.Mark{{As: "maintenance", Note: "予定作業だった", By: "ops", At: jstAt(31, 9, 0, 0)}},
		},
	}
}

// renderer is any of the writers of windows.
type renderer func(*strings.Builder) error

func render(t *testing.T, write renderer) string {
	t.Helper()
	var out strings.Builder
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func twoDays(lang Lang) Options {
	return Options{Lang: lang, Location: jst, From: jstAt(30, 0, 0, 0), To: jstAt(32, 0, 0, 0)}
}

func TestTable(t *testing.T) {
	want := strings.TrimPrefix(`
2025-10-30 00:00 to 2025-11-01 00:00 (JST); one column is 58 min 47 s
                               |10-30      |12:00      |10-31      |12:00
iphone-mynumber-card announced ·········███████████████████████████████████·····
                     observed  ·········███████████████████████████████████·····
prober               prober    ··············??·································
android-certificate  planned   ··························▒▒▒▒▒··················
android-apply @osaka observed  ································▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒>
█ out   ▒ planned   ? prober blind   > not over

SOURCE     WHAT                  START             END                LENGTH
announced  iphone-mynumber-card  2025-10-30 08:50  2025-10-31 18:50   34h00m
    times as announced, given as approximate
    iPhoneのマイナンバーカードの新規発行申請ができない事象について
    notice: https://www.digital.go.jp/news/6ed25fa0
    id a1
observed   iphone-mynumber-card  2025-10-30 08:50  2025-10-31 18:50   34h00m
    began between 2025-10-30 08:49:02 and 08:50:12; ended between 2025-10-31
      18:49:31 and 18:50:40
    the answer does not hold what it must: the text "申請を受け付けました" did
      not appear within 10 s
    probes in the order in which they failed: apply-form, apply-api
    1 min 30 s of it were not observed
    came back for a moment, 1×
    known here 2025-10-30 08:52, 38 min 45 s before its announcement was seen
    id 5f1c0a9e2b7d4c31
prober     prober                2025-10-30 14:00  2025-10-30 15:30    1h30m
    our own network is out; the target was not judged: no reference probe was
      up
    id b1
planned    android-certificate   2025-10-31 02:00  2025-10-31 06:00    4h00m
    id p1
observed   android-apply @osaka  2025-10-31 07:30  (not over)        16h29m+
    corrected: maintenance, 2025-10-31 09:00, ops: 予定作業だった
    began by 2025-10-31 07:30:05, no good run is known before
    no complete answer came in time: no answer within 10 s; it hung in tls
    id o2
`, "\n")
	got := render(t, func(out *strings.Builder) error { return Table(out, sampleWindows(), twoDays(English)) })
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTableKeepsToItsWidth(t *testing.T) {
	windows := sampleWindows()
	windows[0].Name = strings.Repeat("とても長い名前", 12)
	windows[1].Message = "\x1b[31m" + strings.Repeat("とても長い説明", 30)
	for _, lang := range []Lang{English, Japanese} {
		for _, columns := range []int{80, 100, 160} {
			opts := twoDays(lang)
			opts.Width = columns
			got := render(t, func(out *strings.Builder) error { return Table(out, windows, opts) })
			for line := range strings.Lines(got) {
				if w := width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Errorf("%s: %d of %d columns: %q", lang, w, columns, line)
				}
			}
			if strings.Contains(got, "\x1b") {
				t.Error("escape sequences without colour")
			}
			opts.Color = true
			colored := render(t, func(out *strings.Builder) error { return Table(out, sampleWindows(), opts) })
			opts.Color = false
			bare := render(t, func(out *strings.Builder) error { return Table(out, sampleWindows(), opts) })
			if stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored, ""); stripped != bare || colored == bare {
				t.Error("colour changes the text, or there is none")
			}
		}
	}
}

func TestTableOfNothingSaysWhatThatMeans(t *testing.T) {
	got := render(t, func(out *strings.Builder) error { return Table(out, nil, twoDays(English)) })
	want := "No windows are known between 2025-10-30 00:00 and 2025-11-01 00:00.\nTime in which nothing was observed may have had some all the same.\n"
	if got != want {
		t.Errorf("got %q", got)
	}
}

func TestBar(t *testing.T) {
	b := bar{from: jstAt(30, 0, 0, 0), to: jstAt(30, 10, 0, 0), columns: 10} // an hour a column
	window := func(start, end time.Time) probes.Window {
		return probes.Window{Source: probes.Observed, Start: start, End: &end}
	}
	open := probes.Window{Source: probes.Observed, Start: jstAt(30, 8, 30, 0)}
	unsure := window(jstAt(30, 4, 0, 0), jstAt(30, 8, 0, 0))
	unsure.StartNotBefore, unsure.EndNotBefore = ptr(jstAt(30, 2, 0, 0)), ptr(jstAt(30, 6, 0, 0))
	wrong := window(jstAt(30, 1, 0, 0), jstAt(30, 9, 0, 0))
	wrong.Marks = []probes.Mark{{As: "false-alarm"}}
	planned := window(jstAt(30, 1, 0, 0), jstAt(30, 5, 0, 0))
	planned.Source = probes.Foretold
	lapsed := probes.Window{Source: probes.Announced, Start: jstAt(30, 7, 0, 0), Lapsed: true}
	for _, test := range []struct {
		name    string
		windows []probes.Window
		want    string
	}{
		{"none", nil, ".........."},
		{"whole hours", []probes.Window{window(jstAt(30, 2, 0, 0), jstAt(30, 5, 0, 0))}, "..###....."},
		{"a second still shows", []probes.Window{window(jstAt(30, 2, 30, 0), jstAt(30, 2, 30, 1))}, "..#......."},
		{"across a column", []probes.Window{window(jstAt(30, 2, 59, 0), jstAt(30, 3, 1, 0))}, "..##......"},
		{"beyond both ends", []probes.Window{window(jstAt(29, 0, 0, 0), jstAt(31, 0, 0, 0))}, "##########"},
		{"before", []probes.Window{window(jstAt(29, 0, 0, 0), jstAt(30, 0, 0, 0))}, ".........."},
		{"after", []probes.Window{window(jstAt(30, 10, 0, 0), jstAt(31, 0, 0, 0))}, ".........."},
		{"open", []probes.Window{open}, "........#>"},
		{"margins", []probes.Window{unsure}, "..~~##~~.."},
		{"false alarm", []probes.Window{wrong}, ".........."},
		{"an outage shows over a plan", []probes.Window{planned, window(jstAt(30, 2, 0, 0), jstAt(30, 3, 0, 0))}, ".=#==....."},
		{"lapsed", []probes.Window{lapsed}, ".......~~~"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := b.draw(test.windows, asciiMarks); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTicksAreOnRoundLocalTimes(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to time.Time
		want     string
	}{
		{jstAt(30, 8, 50, 0), jstAt(30, 9, 20, 0), "08:50 08:55 09:00 09:05 09:10 09:15"},
		{jstAt(30, 8, 50, 0), jstAt(31, 18, 50, 0), "12:00 18:00 10-31 06:00 12:00 18:00"},
		{time.Date(2025, 10, 31, 12, 0, 0, 0, newYork), time.Date(2025, 11, 5, 12, 0, 0, 0, newYork), "11-01 11-02 11-03 11-04 11-05"}, // the clocks go back on the 2nd
	} {
		var labels []string
		for _, tick := range ticks(test.from, test.to, 7) {
			labels = append(labels, tick.label)
		}
		if got := strings.Join(labels, " "); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestAt(t *testing.T) {
	windows := sampleWindows()
	windows = append(windows,
		probes.Window{ID: "withdrawn", Source: probes.Announced, Start: jstAt(30, 0, 0, 0), Withdrawn: true},
		probes.Window{ID: "lapsed", Source: probes.Announced, Start: jstAt(29, 0, 0, 0), End: nil, Lapsed: true})
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{jstAt(28, 0, 0, 0), ""},
		{jstAt(30, 8, 49, 1), "lapsed?"},
		{jstAt(30, 8, 49, 2), "lapsed? 5f1c0a9e2b7d4c31?"},
		{jstAt(30, 8, 50, 0), "a1 lapsed? 5f1c0a9e2b7d4c31?"},
		{jstAt(30, 8, 50, 12), "a1 5f1c0a9e2b7d4c31 lapsed?"},
		{jstAt(30, 14, 30, 0), "a1 5f1c0a9e2b7d4c31 lapsed?"},
		{jstAt(31, 18, 49, 31), "a1 o2 lapsed? 5f1c0a9e2b7d4c31?"},
		{jstAt(31, 18, 50, 40), "o2 lapsed?"},
	} {
		var names []string
		for _, c := range At(windows, test.at) {
			name := c.Window.ID
			if !c.Certain {
				name += "?"
			}
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.at.Format(time.DateTime), got, test.want)
		}
	}
}

func TestAtTextAnswers(t *testing.T) {
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{jstAt(28, 0, 0, 0), "No known window covers 2025-10-28 00:00:00 JST.\n"},
		{jstAt(30, 8, 49, 30), "Perhaps: 2025-10-30 08:49:30 JST lies within the uncertainty of an outage"},
		{jstAt(30, 21, 10, 0), "Yes: 2025-10-30 21:10:00 JST lies inside an outage window.\n\nSOURCE"},
	} {
		got := render(t, func(out *strings.Builder) error {
			return AtText(out, At(sampleWindows(), test.at), test.at, twoDays(English))
		})
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestFirstToKnow(t *testing.T) {
	observed, announced := sampleWindows()[0], sampleWindows()[1]
	if lead, known := FirstToKnow(observed, announced, time.Time{}); !known || lead != 38*time.Minute+45*time.Second {
		t.Errorf("%v %v", lead, known)
	}
	if lead, known := FirstToKnow(observed, announced, jstAt(30, 8, 52, 0)); !known || lead != -15*time.Second {
		t.Errorf("the notice's own date: %v %v", lead, known)
	}
	observed.Opened = time.Time{}
	if _, known := FirstToKnow(observed, announced, time.Time{}); known {
		t.Error("known without a time")
	}
}

func TestJSONHasTheShapeOfTheAPI(t *testing.T) {
	got := render(t, func(out *strings.Builder) error { return JSON(out, In(sampleWindows()[:1], time.UTC)) })
	want := `[
  {
    "id": "5f1c0a9e2b7d4c31",
    "source": "observed",
    "scope": "flow",
    "name": "iphone-mynumber-card",
    "start": "2025-10-29T23:50:12Z",
    "start_not_before": "2025-10-29T23:49:02Z",
    "end": "2025-10-31T09:50:40Z",
    "end_not_before": "2025-10-31T09:49:31Z",
    "reason": "content",
    "message": "the text \"申請を受け付けました\" did not appear within 10 s",
    "probes": [
      "apply-form",
      "apply-api"
    ],
    "runs_down": 2041,
    "flaps": 1,
    "unobserved_seconds": 90,
    "opened": "2025-10-29T23:52:15Z",
    "notice": null
  }
]
`
	if got != want {
		t.Errorf("got %s", got)
	}
	if got := render(t, func(out *strings.Builder) error { return JSON(out, nil) }); got != "[]\n" {
		t.Errorf("nothing: %q", got)
	}
}

func TestCSV(t *testing.T) {
	windows := sampleWindows()
	windows[0].Message = "=HYPERLINK(\"http://evil\")\r\n+1"
	windows[1].Message = "＝１＋１"
	got := render(t, func(out *strings.Builder) error { return CSV(out, windows, true) })
	if !strings.HasPrefix(got, "\ufeffid,source,") || strings.Count(got, "\r\n") != strings.Count(got, "\n") {
		t.Error("no byte order mark, or lines that do not end in CRLF")
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6 {
		t.Fatalf("%d rows", len(rows))
	}
	column := func(row int, name string) string { return rows[row][slices.Index(rows[0], name)] }
	for _, test := range []struct {
		row        int
		name, want string
	}{
		{1, "message", "'＝１＋１"},
		{2, "message", `'=HYPERLINK("http://evil") +1`},
		{2, "start", "2025-10-30T08:50:12+09:00"},
		{2, "duration_seconds", "122428.000"},
		{2, "probes", "apply-form apply-api"},
		{5, "mark_note", "予定作業だった"},
		{5, "end", ""},
		{5, "open", "true"},
	} {
		if got := column(test.row, test.name); got != test.want {
			t.Errorf("row %d, %s: %q, want %q", test.row, test.name, got, test.want)
		}
	}
	bare := render(t, func(out *strings.Builder) error { return CSV(out, windows, false) })
	if "\ufeff"+bare != got {
		t.Error("the byte order mark is not the only difference")
	}
}

// checkICalendar checks what RFC 5545 asks of every line and every event, more strictly than the library reads it.
func checkICalendar(t *testing.T, text string) (events []map[string]string) {
	t.Helper()
	if !strings.HasSuffix(text, "\r\n") {
		t.Error("the last line has no end")
	}
	var logical []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d octets: %q", len(line), line)
		}
		if !utf8.ValidString(line) {
			t.Errorf("a character is cut in two: %q", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			t.Errorf("control characters: %q", line)
		}
		if rest, folded := strings.CutPrefix(line, " "); folded && len(logical) > 0 {
			logical[len(logical)-1] += rest
		} else {
			logical = append(logical, line)
		}
	}
	content := regexp.MustCompile(`^([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$`)
	var stack []string
	var event map[string]string
	for _, line := range logical {
		m := content.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a content line: %q", line)
		}
		params := map[string]bool{}
		for _, p := range regexp.MustCompile(`;([A-Z0-9-]+)=`).FindAllStringSubmatch(m[2], -1) {
			if params[p[1]] {
				t.Errorf("parameter twice: %q", line)
			}
			params[p[1]] = true
		}
		switch m[1] {
		case "BEGIN":
			stack = append(stack, m[3])
			if m[3] == "VEVENT" {
				event = map[string]string{}
			}
		case "END":
			if len(stack) == 0 || stack[len(stack)-1] != m[3] {
				t.Fatalf("END:%s does not fit %v", m[3], stack)
			}
			stack = stack[:len(stack)-1]
			if m[3] == "VEVENT" {
				events = append(events, event)
				event = nil
			}
		default:
			if event == nil {
				continue
			}
			if _, twice := event[m[1]]; twice {
				t.Errorf("%s twice in an event", m[1])
			}
			event[m[1]] = m[3]
		}
	}
	if len(stack) > 0 {
		t.Errorf("not closed: %v", stack)
	}
	for _, e := range events {
		for name, pattern := range map[string]string{
			"UID": `.+@mynaprobe`, "DTSTAMP": `\d{8}T\d{6}Z`, "DTSTART": `\d{8}T\d{6}Z`, "DTEND": `\d{8}T\d{6}Z`, "SEQUENCE": `\d+`,
			"STATUS": `TENTATIVE|CONFIRMED|CANCELLED`, "SUMMARY": `(?:[^\\,;]|\\[\\,;nN])+`, "DESCRIPTION": `(?:[^\\,;]|\\[\\,;nN])+`,
		} {
			if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(e[name]) {
				t.Errorf("%s is %q", name, e[name])
			}
		}
		if e["DTEND"] <= e["DTSTART"] {
			t.Errorf("%s ends at %s, before it starts at %s", e["UID"], e["DTEND"], e["DTSTART"])
		}
	}
	return events
}

func TestICalendar(t *testing.T) {
	windows := sampleWindows()
	windows[0].Message = strings.Repeat("申請、受付; 停止\\中, ", 30) + "\r\nEND:VEVENT\x00"
	windows[2].Marks = []probes.Mark{{As: "false-alarm", At: jstAt(31, 0, 0, 0)}}
	windows = append(windows, probes.Window{ID: "instant", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "f", Start: jstAt(31, 20, 0, 0), End: ptr(jstAt(31, 20, 0, 0))})
	opts := ICalendarOptions{Name: "停止期間; iPhone, Android", Now: jstAt(32, 0, 0, 0), Location: jst, Lang: Japanese}
	text := render(t, func(out *strings.Builder) error { return ICalendar(out, windows, opts) })
	events := checkICalendar(t, text)
	if len(events) != len(windows) {
		t.Fatalf("%d events of %d windows", len(events), len(windows))
	}
	byUID := map[string]map[string]string{}
	for _, e := range events {
		byUID[strings.TrimSuffix(e["UID"], "@mynaprobe")] = e
	}
	for _, test := range []struct{ uid, name, want string }{
		{"5f1c0a9e2b7d4c31", "DTSTART", "20251029T235012Z"},
		{"5f1c0a9e2b7d4c31", "DTEND", "20251031T095040Z"},
		{"5f1c0a9e2b7d4c31", "SEQUENCE", "3"},
		{"5f1c0a9e2b7d4c31", "STATUS", "CONFIRMED"},
		{"a1", "URL", "https://www.digital.go.jp/news/6ed25fa0"},
		{"a1", "SUMMARY", "iphone-mynumber-card: 停止（告知）"},
		{"o2", "STATUS", "TENTATIVE"},
		{"o2", "DTEND", "20251031T150000Z"},
		{"p1", "STATUS", "CANCELLED"},
	} {
		if got := byUID[test.uid][test.name]; got != test.want {
			t.Errorf("%s of %s is %q, want %q", test.name, test.uid, got, test.want)
		}
	}
	parsed, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil || len(parsed.Events()) != len(windows) {
		t.Errorf("the library reads %v", err)
	}
	again := render(t, func(out *strings.Builder) error { return ICalendar(out, windows, opts) })
	if again != text {
		t.Error("the same windows give another calendar")
	}
}

func TestSequenceGrowsWithWhatHappens(t *testing.T) {
	end := ptr(jstAt(30, 10, 0, 0))
	life := []probes.Window{
		{},
		{End: end},
		{Flaps: 1},
		{Flaps: 1, End: end},
		{Flaps: 1, End: end, Marks: []probes.Mark{{As: "outage"}}},
		{Flaps: 2, Marks: []probes.Mark{{As: "outage"}}},
	}
	for i := 1; i < len(life); i++ {
		if revision(life[i]) <= revision(life[i-1]) {
			t.Errorf("%d: %d after %d", i, revision(life[i]), revision(life[i-1]))
		}
	}
}

// point is one sample of an OpenMetrics text.
type point struct {
	at    float64
	value float64
}

func parseOpenMetrics(t *testing.T, text string) map[string][]point {
	t.Helper()
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("no end mark")
	}
	form := regexp.MustCompile(`^([a-z_]+)(\{[^ ]*\})? (\S+) (\d+\.\d{3})$`)
	series := map[string][]point{}
	var family string
	done := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			family = strings.Fields(rest)[0]
			if done[family] {
				t.Errorf("family %s comes twice", family)
			}
			done[family] = true
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := form.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("not a sample: %q", line)
		}
		if m[1] != family {
			t.Errorf("%s stands in the family %s", m[1], family)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		at, err := strconv.ParseFloat(m[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		own := series[m[1]+m[2]]
		if len(own) > 0 && own[len(own)-1].at >= at {
			t.Fatalf("%s%s: %v comes after %v", m[1], m[2], at, own[len(own)-1].at)
		}
		series[m[1]+m[2]] = append(own, point{at, value})
	}
	return series
}

// instant is what a query at a moment returns: the last sample of the five minutes before it.
func instant(points []point, at float64) (float64, bool) {
	i, found := slices.BinarySearchFunc(points, at, func(p point, at float64) int { return cmp.Compare(p.at, at) })
	if !found {
		i--
	}
	if i < 0 {
		return 0, false
	}
	return points[i].value, at-points[i].at < 300
}

func TestOpenMetricsCoversAWindowAndNothingElse(t *testing.T) {
	windows := sampleWindows()
	start, end := windows[0].Start.Add(123456*time.Microsecond), windows[0].End.Add(7*time.Second)
	windows[0].Start, windows[0].End = start, &end
	// A second window of the flow, and notices that overlap.
	windows = append(windows,
		probes.Window{ID: "second", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Start: jstAt(31, 20, 0, 0), End: ptr(jstAt(31, 20, 0, 30))},
		probes.Window{ID: "a2", Source: probes.Announced, Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Start: jstAt(31, 7, 0, 0), End: ptr(jstAt(31, 19, 0, 0))},
		probes.Window{ID: "wrong", Source: probes.Observed, Scope: probes.ScopeFlow, Name: "iphone-mynumber-card", Start: jstAt(29, 0, 0, 0), End: ptr(jstAt(29, 1, 0, 0)), Marks: []probes.Mark{{As: "false-alarm"}}})
	now := jstAt(32, 0, 0, 0)
	text := render(t, func(out *strings.Builder) error {
		return OpenMetrics(out, windows, OpenMetricsOptions{Now: now, Kinds: map[string]probes.Kind{"android-apply": probes.KindBrowser}})
	})
	series := parseOpenMetrics(t, text)
	seconds := func(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
	inside := func(at time.Time, spans ...[2]time.Time) bool {
		for _, s := range spans {
			if !at.Before(s[0]) && at.Before(s[1]) {
				return true
			}
		}
		return false
	}
	for name, spans := range map[string][][2]time.Time{
		`flow_outage_active{flow="iphone-mynumber-card",source="observed"}`:                                                   {{start, end}, {jstAt(31, 20, 0, 0), jstAt(31, 20, 0, 30)}},
		`flow_outage_active{flow="iphone-mynumber-card",source="announced"}`:                                                  {{jstAt(30, 8, 50, 0), jstAt(31, 19, 0, 0)}},
		`probe_outage_active{flow="android-certificate",kind="browser",location="osaka",probe="android-apply",stage="apply"}`: {{jstAt(31, 7, 30, 5), now.Add(5 * time.Minute)}},
		`prober_blind`: {{jstAt(30, 14, 0, 0), jstAt(30, 15, 30, 0)}},
	} {
		points := series[name]
		if len(points) == 0 {
			t.Errorf("no series %s", name)
			continue
		}
		for at := jstAt(29, 0, 0, 0); at.Before(now); at = at.Add(time.Minute) {
			value, there := instant(points, seconds(at))
			if want := inside(at, spans...); (there && value == 1) != want {
				t.Fatalf("%s at %s is %v (%v), want %v", name, at, value, there, want)
			}
		}
		for _, p := range points {
			at := time.UnixMilli(int64(math.Round(p.at * 1000)))
			if p.value == 1 && !inside(at, spans...) {
				t.Errorf("%s has a 1 at %s", name, at)
			}
		}
	}
	ends := series[`flow_outage_window_end_timestamp_seconds{flow="iphone-mynumber-card",source="observed",slot="1"}`]
	if len(ends) != 1 || ends[0].value != seconds(jstAt(31, 20, 0, 30)) {
		t.Errorf("the second window's end: %v", ends)
	}
	if strings.Contains(text, `e+`) {
		t.Error("a timestamp in exponent form loses digits")
	}
}
