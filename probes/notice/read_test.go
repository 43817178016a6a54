package notice

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// The span of those who had to apply again is no outage, however the incident is told.
func TestIncidentIsNeverTheWindowOfReapplication(t *testing.T) {
	n := 0
	for _, e := range readExamples(t) {
		if e.file != "incident.txt" {
			continue
		}
		n++
		for _, a := range Parse(e.text, publishedTime(t, e.published)) {
			for _, w := range a.Windows {
				if w.End != nil && w.End.In(japan).Hour() == 22 {
					t.Errorf("%s: a window ends at 22:00", e.name)
				}
			}
		}
	}
	if n < 5 {
		t.Fatalf("the incident is told in %d ways, want 5", n)
	}
}

func TestBoundsAreExactPiecesOfTheText(t *testing.T) {
	text := "１０月３０日（木）　午前８時５０分頃から、ｱﾌﾟﾘに障害が発生しましたが、同日１１時半に復旧しました。"
	as := Parse(text, time.Date(2025, 10, 31, 0, 0, 0, 0, japan))
	if len(as) != 1 || len(as[0].Windows) != 1 {
		t.Fatalf("got %+v", as)
	}
	w := as[0].Windows[0]
	if w.StartText != "１０月３０日（木）　午前８時５０分頃" || w.EndText != "同日１１時半" {
		t.Errorf("pieces %q and %q", w.StartText, w.EndText)
	}
	if !strings.Contains(text, w.StartText) || !strings.Contains(text, w.EndText) {
		t.Error("a piece is not of the text")
	}
}

func TestTitleIsTheHeadline(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2025年10月30日\nシステム障害について\n10時から障害が発生しています。", "システム障害について"},
		{"掲載日：2025年10月30日\n\n【復旧】 システム障害について\n復旧しました。", "【復旧】 システム障害について"},
		{"お知らせ\nサーバーメンテナンスのお知らせ\n12月6日0時から1時まで", "サーバーメンテナンスのお知らせ"},
	} {
		as := Parse(c.text, time.Date(2025, 10, 30, 0, 0, 0, 0, japan))
		if len(as) == 0 || as[0].Title != c.want {
			t.Errorf("%q: got %+v, want the title %q", c.text, as, c.want)
		}
	}
}

func TestServicesOfEachWindow(t *testing.T) {
	text := "メンテナンス予定\n対象サービス\t日時\n施設予約\t12/6 22:00～12/7 6:00\n電子申請\t12/13 20:00～23:00\n"
	as := Parse(text, time.Date(2025, 12, 1, 0, 0, 0, 0, japan))
	if len(as) != 1 || len(as[0].Windows) != 2 {
		t.Fatalf("got %+v", as)
	}
	for i, want := range []string{"施設予約", "電子申請"} {
		if got := as[0].Windows[i].Services; len(got) != 1 || got[0] != want {
			t.Errorf("window %d is of %q, want %q", i, got, want)
		}
	}
	if got := strings.Join(as[0].Services, ","); got != "施設予約,電子申請" {
		t.Errorf("services %q", got)
	}
}

func TestTroubled(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"現在、ログインできない障害が発生しています。", true},
		{"システムメンテナンスのお知らせ\n日程は追ってご連絡します。", true},
		{"毎月第2土曜日 0:00～6:00は定期メンテナンスのためご利用いただけません。", true},
		{"昨夜からの障害は復旧しました。", true},
		{"ホーム お知らせ FAQ お問い合わせ\nシステム障害について\n現在、ログインができない状況です。", true},
		{"アクセスが集中しているため、表示に時間がかかっています。", true},
		{"ただいまシステムメンテナンスのため、ご利用いただけません。", true},
		{"We are aware of an issue affecting logins.", true},
		{"障害者週間のお知らせ", false},
		{"よくあるご質問\nQ. 「現在メンテナンス中です」と表示されます。\nA. しばらくたってからお試しください。", false},
		{"地震などのときは通話が集中し、電話がつながりにくくなります。", false},
		{"メンテナンスとは、機械やシステムが正常な状態を保つよう手入れをすることです。", false},
		{"現在、障害は発生しておりません。", false},
		{"6月5日に予定しておりましたシステムメンテナンスは中止となりました。", false},
		{"メンテナンス等により、予告なく停止する場合があります。", false},
		{"", false},
	} {
		if got := Troubled(c.text); got != c.want {
			t.Errorf("Troubled(%q) = %v, want %v", c.text, got, c.want)
		}
	}
}

// A day of publication is that day in Japan, in whatever zone its midnight was written; a time is that moment.
func TestDayOfPublicationIsThatOfTheCalendar(t *testing.T) {
	const text = "予約サイトの障害について（復旧しました）\n11月4日13時から16時20分まで、予約サイトがご利用いただけない障害が発生しておりました。"
	for _, zone := range []*time.Location{time.UTC, japan, time.FixedZone("PST", -8*60*60)} {
		got := strings.Join(render(Parse(text, time.Date(2025, 11, 4, 0, 0, 0, 0, zone)), nil), "\n")
		if want := "outage resolved\n2025-11-04 13:00 .. 2025-11-04 16:20"; got != want {
			t.Errorf("published at midnight of %s: got\n%s\nwant\n%s", zone, got, want)
		}
	}
	if got, want := inJapan(time.Date(2025, 11, 3, 23, 30, 0, 0, time.UTC)), time.Date(2025, 11, 4, 8, 30, 0, 0, japan); !got.Equal(want) {
		t.Errorf("half past eleven at night in UTC is %s, want %s", got, want)
	}
}

// TestTroubledHasWhatIsDoubted gives the second reader one answer to all texts.
func TestTroubledHasWhatIsDoubted(t *testing.T) {
	before := learned
	defer func() { learned = before }()
	const text = "現在、ログインできない障害が発生しています。"
	for _, c := range []struct {
		odds                float32
		announces, troubled bool
	}{{1, true, true}, {0, false, true}, {-1, false, true}, {-2, false, false}} {
		learned = new(model)
		learned[announcesEvent].bias = c.odds
		if got := len(Parse(text, time.Time{})) > 0; got != c.announces {
			t.Errorf("at odds of %v Parse announces: %v, want %v", c.odds, got, c.announces)
		}
		if got := Troubled(text); got != c.troubled {
			t.Errorf("at odds of %v Troubled = %v, want %v", c.odds, got, c.troubled)
		}
	}
}

func TestSpansShowWhatWasUnderstood(t *testing.T) {
	text := "10月30日 13時現在。10月30日 8時50分頃から障害が発生し、11時に復旧しました。"
	got := map[string]string{}
	for _, s := range Read(text, time.Date(2025, 10, 30, 0, 0, 0, 0, japan)).Spans {
		got[text[s.From:s.To]] = s.Role
	}
	for piece, role := range map[string]string{
		"10月30日 13時": "ignored", "10月30日 8時50分頃": "start", "11時": "end", "障害": "state", "復旧": "state",
	} {
		if got[piece] != role {
			t.Errorf("%q has the role %q, want %q (all: %v)", piece, got[piece], role, got)
		}
	}
}

func TestSpansLeaveTheEndOfWhatGoesOn(t *testing.T) {
	text := "障害は2日午前1時半ごろに発生した。3日午後5時半に復旧作業が完了したが、利用しづらい状況が続いている。"
	r := Read(text, time.Date(2025, 7, 3, 0, 0, 0, 0, japan))
	if len(r.Announcements) != 1 || len(r.Announcements[0].Windows) != 1 || r.Announcements[0].Windows[0].End != nil {
		t.Fatalf("got %+v, want one window without an end", r.Announcements)
	}
	for _, s := range r.Spans {
		if piece := text[s.From:s.To]; piece == "3日午後5時半" && s.Role != "ignored" {
			t.Errorf("%q has the role %q, and is no end", piece, s.Role)
		}
	}
}

func TestTimeOfDayOfPublicationPlacesAClockTime(t *testing.T) {
	text := "22時10分頃から障害が発生しています。"
	as := Parse(text, time.Date(2025, 10, 31, 9, 0, 0, 0, japan))
	if len(as) != 1 || len(as[0].Windows) != 1 {
		t.Fatalf("got %+v", as)
	}
	if want := time.Date(2025, 10, 30, 22, 10, 0, 0, japan); !as[0].Windows[0].Start.Equal(want) {
		t.Errorf("start %v, want %v: a failure that has happened began before the notice", as[0].Windows[0].Start, want)
	}
}

func TestPublicationInAnotherZoneIsReadInJapan(t *testing.T) {
	as := Parse("本日8時50分から障害が発生しています。", time.Date(2025, 10, 29, 20, 0, 0, 0, time.UTC))
	if len(as) != 1 || len(as[0].Windows) != 1 {
		t.Fatalf("got %+v", as)
	}
	if want := time.Date(2025, 10, 30, 8, 50, 0, 0, japan); !as[0].Windows[0].Start.Equal(want) {
		t.Errorf("start %v, want %v", as[0].Windows[0].Start, want)
	}
}

func TestNoTextGivesAnEmptyList(t *testing.T) {
	for _, text := range []string{"", " \n", "\xff\xfe", "～", "8:00", strings.Repeat("\x00", 100)} {
		if got := Parse(text, time.Time{}); got == nil || len(got) != 0 {
			t.Errorf("Parse(%q) = %+v, want an empty list", text, got)
		}
	}
}

func TestTableHasEnoughTexts(t *testing.T) {
	kinds := map[string]int{}
	for _, e := range readExamples(t) {
		kinds[strings.Fields(e.want[0])[0]]++
	}
	if n := kinds["none"] + kinds[string(probes.AnnouncedOutage)] + kinds[string(probes.AnnouncedMaintenance)]; n < 250 || kinds["none"] < 40 {
		t.Errorf("the tables hold %v", kinds)
	}
}
