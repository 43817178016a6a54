package outage

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

const card = "iPhoneのマイナンバーカード"

// noticeSet is a flow that notices call by a name, with an HTTP probe that is critical and two sources of notices.
func noticeSet() probes.Set {
	set := probes.Set{Flows: []probes.Flow{{Name: "iphone", Critical: []string{"portal"}, Services: []string{card}}}}
	set.Probes = []probes.Probe{httpProbe("a", "iphone", "portal")}
	for _, name := range []string{"news", "other"} {
		p := httpProbe(name, "iphone", "notices")
		p.Kind, p.HTTP, p.Notice = probes.KindNotice, nil, &probes.Notice{}
		set.Probes = append(set.Probes, p)
	}
	return set
}

// hour is a moment of 2025-10-30, in hours of Japan's time.
func hour(h float64) time.Time { return at((h - 8) * 3600) }

// says is an announcement on the card; a bound of 0 is not given.
func says(kind probes.AnnouncementKind, state probes.AnnouncementState, from, to float64) probes.Announcement {
	w := probes.AnnouncedWindow{}
	if from != 0 {
		w.Start = ptr(hour(from))
	}
	if to != 0 {
		w.End = ptr(hour(to))
	}
	a := probes.Announcement{Kind: kind, State: state, Title: string(state), Services: []string{card}}
	if from != 0 || to != 0 {
		a.Windows = []probes.AnnouncedWindow{w}
	}
	return a
}

func outageSaid(state probes.AnnouncementState, from, to float64) probes.Announcement {
	return says(probes.AnnouncedOutage, state, from, to)
}

// item is a notice published at an hour; 0 for no date. Its hash is made of what it says.
func item(address string, published float64, announcements ...probes.Announcement) probes.NoticeItem {
	i := probes.NoticeItem{Address: address, About: true, Announcements: announcements, Hash: "empty"}
	if published != 0 {
		i.Published = hour(published)
	}
	for _, a := range announcements {
		i.Hash += string(a.State)
		for _, w := range a.Windows {
			i.Hash += secsOf(w.Start) + secsOf(w.End)
		}
	}
	return i
}

// look is a run of a notice probe that finds these items.
func look(probe string, when float64, list bool, items ...probes.NoticeItem) probes.Result {
	r := probes.Result{Probe: probe, Kind: probes.KindNotice, Start: hour(when), Duration: probes.Seconds(time.Second)}
	r.Fail("", "")
	r.Notice = &probes.NoticeResult{Items: items, List: list}
	return r
}

func TestAnnouncedWindows(t *testing.T) {
	const (
		sec850  = "3000"   // 08:50 in seconds from 08:00
		sec1850 = "125400" // 18:50 on the next day
	)
	start, end := 8+50./60, 24+18+50./60
	later := func(r probes.Result, d time.Duration) probes.Result { r.Start = r.Start.Add(d); return r }
	neighbour := outageSaid(probes.Ongoing, start, 0)
	neighbour.Services = []string{"Androidスマホ用電子証明書搭載サービス"}
	widened := outageSaid(probes.Ongoing, start, 0)
	widened.Services = []string{"「ｉＰｈｏｎｅのマイナンバーカード」（新規発行申請）"}
	perWindow := outageSaid(probes.Resolved, start, end)
	perWindow.Services = append(perWindow.Services, "別のサービス")
	perWindow.Windows = append(perWindow.Windows, probes.AnnouncedWindow{Start: ptr(hour(31.5)), End: ptr(hour(37)), Services: []string{"別のサービス"}})
	unrelated := item("n1", 9, outageSaid(probes.Ongoing, start, 0))
	unrelated.About = false
	tests := []struct {
		name string
		runs []probes.Result
		want string
		revs string
	}{
		{"no end while it lasts", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new"},
		{"both ends once it was edited", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 11, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 43, false, item("n1", 9, outageSaid(probes.Resolved, start, end))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new edited"},
		{"a start that the operator corrects", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 9, 0))),
			look("news", 11, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new edited"},
		{"an end without the start again", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 43, false, item("n1", 9, outageSaid(probes.Resolved, 0, end))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new edited"},
		{"over, and nobody says since when: about when the notice said so", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 43, false, item("n1", 9, outageSaid(probes.Resolved, 0, 0))),
		}, sec850 + "(-)..126000(-) about", "new edited"},
		{"down, and nobody says since when: about when the notice came", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 0, 0))),
		}, "3600(-)..-(-) about", "new"},
		{"a neighbour's outage is not ours", []probes.Result{
			look("news", 10, false, item("n1", 9, neighbour)),
		}, "", "new"},
		{"width, quotation marks and a remark make no other service", []probes.Result{
			look("news", 10, false, item("n1", 9, widened)),
		}, sec850 + "(-)..-(-)", "new"},
		{"windows have services of their own", []probes.Result{
			look("news", 43, false, item("n1", 40, perWindow)),
		}, sec850 + "(-).." + sec1850 + "(-)", "new"},
		{"a notice about something else is no notice", []probes.Result{look("news", 10, false, unrelated)}, "", ""},
		{"rolling off a feed is no withdrawal", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 11, false, item("n2", 11)),
		}, sec850 + "(-)..-(-)", "new new"},
		{"missing from a whole list is", []probes.Result{
			look("news", 10, true, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 11, true),
			look("news", 12, true),
		}, sec850 + "(-)..-(-) withdrawn", "new withdrawn"},
		{"and it may come back", []probes.Result{
			look("news", 10, true, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 11, true),
			look("news", 12, true, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new withdrawn new"},
		{"what is over has happened, though its notice goes", []probes.Result{
			look("news", 43, true, item("n1", 40, outageSaid(probes.Resolved, start, end))),
			look("news", 44, true),
		}, sec850 + "(-).." + sec1850 + "(-)", "new withdrawn"},
		{"edited so that nothing is announced any more", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 11, false, item("n1", 9)),
		}, sec850 + "(-)..-(-) withdrawn", "new edited"},
		{"a source that says nothing changed changes nothing", []probes.Result{
			look("news", 10, true, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			func() probes.Result { r := look("news", 11, true); r.Notice.NotModified = true; return r }(),
		}, sec850 + "(-)..-(-)", "new"},
		{"it lapses 72 h after its last revision, with no end", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 9.5, 0))),
			look("news", 12, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 83.9, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			later(look("news", 84, false), time.Second),
		}, sec850 + "(-)..-(-) lapsed", "new edited"},
		{"and not before", []probes.Result{
			look("news", 12, false, item("n1", 12, outageSaid(probes.Ongoing, start, 0))),
			look("news", 83.9, false, item("n1", 12, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new"},
		{"an edit makes it believed again", []probes.Result{
			look("news", 10, false, item("n1", 10, outageSaid(probes.Ongoing, 9.5, 0))),
			look("news", 90, false, item("n1", 10, outageSaid(probes.Ongoing, 9.5, 0))),
			look("news", 91, false, item("n1", 10, outageSaid(probes.Resolved, start, end))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new edited"},
		{"old news informs", []probes.Result{
			look("news", 43, false, item("n1", 18.9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-) backlog", "new"},
		{"news of yesterday are news", []probes.Result{
			look("news", 43, false, item("n1", 19.1, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new"},
		{"without a date the window's tells", []probes.Result{
			look("news", 43, false, item("n1", 0, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-) backlog", "new"},
		{"a recovery in a notice of its own ends the first one's window", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("news", 43, false, item("n2", 42.9, outageSaid(probes.Resolved, start, end)), item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new new"},
		{"also where both are seen at once", []probes.Result{
			look("news", 43, false, item("n2", 42.9, outageSaid(probes.Resolved, start, end)), item("n1", 30, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new new"},
		{"and a later word of the first does not take it back", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 9, 0))),
			look("news", 43, false, item("n2", 42.9, outageSaid(probes.Resolved, start, end))),
			look("news", 44, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-).." + sec1850 + "(-)", "new new edited"},
		{"two sources with the same notice make one window", []probes.Result{
			look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
			look("other", 10, false, item("n1", 9, outageSaid(probes.Ongoing, start, 0))),
		}, sec850 + "(-)..-(-)", "new new"},
		{"two outages are two windows", []probes.Result{
			look("news", 43, false, item("n1", 40, outageSaid(probes.Resolved, start, 12)), item("n2", 40, outageSaid(probes.Resolved, 20, 22))),
		}, sec850 + "(-)..14400(-); 43200(-)..50400(-)", "new new"},
		{"a recovery from something unheard of makes no window", []probes.Result{
			look("news", 43, false, item("n1", 42, outageSaid(probes.Resolved, 0, 0))),
		}, "", "new"},
		{"work announced after it began is an outage", []probes.Result{
			look("news", 22.5, false, item("n1", 22.4, says(probes.AnnouncedMaintenance, probes.Ongoing, 22, 0))),
		}, "50400(-)..-(-)", "new"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := noticeSet()
			tr, s := New(set, ""), newStore()
			for _, r := range test.runs {
				s.apply(tr.Advance(r.Start))
				s.apply(tr.Observe(r))
			}
			check := func(when string) {
				t.Helper()
				if got := list(tr.Windows(), probes.Announced, "iphone"); got != test.want {
					t.Errorf("%s\n got %q\nwant %q", when, got, test.want)
				}
				if got := list(s.all(), probes.Announced, "iphone"); got != test.want {
					t.Errorf("%s, stored\n got %q\nwant %q", when, got, test.want)
				}
				var revs []string
				for _, r := range s.revisions {
					revs = append(revs, string(r.Change))
				}
				if got := strings.Join(revs, " "); got != test.revs {
					t.Errorf("%s: revisions %q, want %q", when, got, test.revs)
				}
			}
			check("at the end")
			// Killed and started again, it knows all that it knew; a reload changes nothing either.
			last := test.runs[len(test.runs)-1]
			tr = s.restart(t, set, last.End())
			check("after a restart")
			last.Start = last.Start.Add(time.Second)
			s.apply(tr.Observe(last))
			check("after the same look again")
			s.apply(tr.Configure(set))
			check("after a reload")
		})
	}
}

func TestAnnouncedMovesTheFlow(t *testing.T) {
	set := noticeSet()
	tr, s := New(set, ""), newStore()
	const key = "flow/iphone/announced"
	fine := func(h float64) { r := result("a", (h-8)*3600, 'u'); s.apply(tr.Observe(r)) }
	fine(10)
	if got := tr.FlowOutcome("iphone", hour(10)); got != probes.Up {
		t.Fatalf("before: %s", got)
	}
	s.apply(tr.Observe(look("news", 10.01, false, item("n1", 9, outageSaid(probes.Ongoing, 8.9, 0)))))
	fine(10.02)
	if got := tr.FlowOutcome("iphone", hour(10.02)); got != probes.Down {
		t.Errorf("while every page is green and a notice says that it is out: %s", got)
	}
	if st := s.statuses[key]; !st.Active || len(st.Recent) != 1 || st.Outages != 1 {
		t.Errorf("%+v", st)
	}
	if st := s.statuses["flow/iphone/observed"]; st.Active {
		t.Error("observed, though nothing was")
	}
	s.apply(tr.Observe(look("news", 11, false, item("n1", 9, outageSaid(probes.Resolved, 8.9, 10.5)))))
	fine(11.01)
	if got := tr.FlowOutcome("iphone", hour(11.01)); got != probes.Up {
		t.Errorf("after: %s", got)
	}
	if s.statuses[key].Active {
		t.Error("still active")
	}
	// An end in the future is an end when it comes.
	s.apply(tr.Observe(look("news", 12, false, item("n2", 12, outageSaid(probes.Ongoing, 11.9, 13)))))
	fine(12.99)
	if got := tr.FlowOutcome("iphone", hour(12.99)); got != probes.Down {
		t.Errorf("up to the announced end: %s", got)
	}
	fine(13)
	s.apply(tr.Advance(hour(13)))
	if got := tr.FlowOutcome("iphone", hour(13)); got != probes.Up || s.statuses[key].Active {
		t.Errorf("from the announced end on: %s, active %v", got, s.statuses[key].Active)
	}
}

func TestBacklogNeverAlerts(t *testing.T) {
	tr, s := New(noticeSet(), ""), newStore()
	s.apply(tr.Observe(look("news", 60, false, item("n1", 30, outageSaid(probes.Ongoing, 29, 0)))))
	s.apply(tr.Observe(result("a", 52*3600+1, 'u')))
	if got := tr.FlowOutcome("iphone", hour(60.001)); got != probes.Up {
		t.Errorf("the flow is %s", got)
	}
	if st := s.statuses["flow/iphone/announced"]; st.Active || len(st.Recent) != 1 {
		t.Errorf("%+v", st)
	}
	if !s.revisions[0].Backlog {
		t.Error("the revision does not say so")
	}
	// A new outage in an old notice is news.
	s.apply(tr.Observe(look("news", 61, false, item("n1", 30, outageSaid(probes.Ongoing, 29, 31), outageSaid(probes.Ongoing, 60.5, 0)))))
	if st := s.statuses["flow/iphone/announced"]; !st.Active {
		t.Errorf("%+v", st)
	}
}

func TestRenamedServiceJoins(t *testing.T) {
	set := noticeSet()
	set.Flows[0].Services = []string{"something else"}
	tr, s := New(set, ""), newStore()
	s.apply(tr.Observe(look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 8.9, 0)))))
	if n := len(tr.Windows()); n != 0 {
		t.Fatalf("%d windows", n)
	}
	s.apply(tr.Configure(noticeSet()))
	if got := list(s.all(), probes.Announced, "iphone"); got != "3240(-)..-(-)" {
		t.Errorf("after the definitions learnt the name: %q", got)
	}
}

func TestForetoldByNotice(t *testing.T) {
	set := noticeSet()
	tr, s := New(set, ""), newStore()
	s.apply(tr.Observe(look("news", 10, false, item("n1", 9, says(probes.AnnouncedMaintenance, probes.Scheduled, 22, 30)))))
	if got := list(s.all(), probes.Foretold, "iphone"); got != "50400(-)..79200(-)" {
		t.Fatal(got)
	}
	for h, want := range map[float64]bool{21.99: false, 22: true, 29.99: true, 30: false} {
		if _, got := tr.PlannedAt("a", hour(h)); got != want {
			t.Errorf("planned at %g: %v", h, got)
		}
	}
	active := func() bool { return s.statuses["flow/iphone/planned"].Active }
	s.apply(tr.Advance(hour(21.99)))
	if active() {
		t.Error("active before it begins")
	}
	s.apply(tr.Advance(hour(22)))
	if !active() {
		t.Error("not active when it begins")
	}
	tr = s.restart(t, set, hour(23))
	if _, got := tr.PlannedAt("a", hour(23)); !got {
		t.Error("forgotten by a restart")
	}
	s.apply(tr.Advance(hour(30)))
	if active() {
		t.Error("active after it ended")
	}
	// One that is moved.
	s.apply(tr.Observe(look("news", 31, false, item("n2", 31, says(probes.AnnouncedMaintenance, probes.Scheduled, 40, 41)))))
	s.apply(tr.Observe(look("news", 32, false, item("n2", 31, says(probes.AnnouncedMaintenance, probes.Scheduled, 50, 51)))))
	if _, got := tr.PlannedAt("a", hour(40.5)); got {
		t.Error("planned where it was before it was moved")
	}
	if _, got := tr.PlannedAt("a", hour(50.5)); !got {
		t.Error("not planned where it was moved to")
	}
	// One without an end is believed for 72 h from its start.
	s.apply(tr.Observe(look("news", 60, false, item("n3", 60, says(probes.AnnouncedMaintenance, probes.Scheduled, 200, 0)))))
	s.apply(tr.Advance(hour(271)))
	if _, got := tr.PlannedAt("a", hour(271)); !got {
		t.Error("not believed before 72 h are over")
	}
	s.apply(tr.Advance(hour(272)))
	if _, got := tr.PlannedAt("a", hour(272)); got {
		t.Error("believed after 72 h")
	}
}

func TestCompare(t *testing.T) {
	flow := func(source probes.WindowSource, from, to, known float64) probes.Window {
		w := probes.Window{Source: source, Scope: probes.ScopeFlow, Name: "f", Flow: "f", Start: at(from), Opened: at(known)}
		if to != 0 {
			w.End = ptr(at(to))
		}
		return w
	}
	c, ok := Compare(flow(probes.Observed, 100, 500, 130), flow(probes.Announced, 80, 520, 1000))
	if !ok || c.First != probes.Observed || c.By.Duration() != 870*time.Second || c.StartLater.Duration() != 20*time.Second || c.EndLater.Duration() != -20*time.Second {
		t.Errorf("%v %+v", ok, c)
	}
	c, ok = Compare(flow(probes.Observed, 100, 0, 130), flow(probes.Announced, 80, 520, 90))
	if !ok || c.First != probes.Announced || c.By.Duration() != 40*time.Second || c.EndLater != nil {
		t.Errorf("%v %+v", ok, c)
	}
	other := flow(probes.Announced, 80, 520, 90)
	other.Flow, other.Name = "g", "g"
	lapsed := flow(probes.Announced, 0, 0, 0)
	lapsed.Lapsed = true
	withdrawn := flow(probes.Announced, 80, 520, 90)
	withdrawn.Withdrawn = true
	for name, w := range map[string]probes.Window{
		"before": flow(probes.Announced, 10, 100, 20), "after": flow(probes.Announced, 500, 600, 20), "of another flow": other,
	} {
		if _, ok := Compare(flow(probes.Observed, 100, 500, 130), w); ok {
			t.Errorf("compared with a window %s", name)
		}
	}
	if _, ok := Compare(flow(probes.Observed, 80*3600, 0, 130), lapsed); ok {
		t.Error("compared with one that lapsed long before")
	}
	if all := Compared([]probes.Window{flow(probes.Observed, 100, 500, 130), flow(probes.Announced, 80, 520, 1000), withdrawn, other}); len(all) != 1 {
		t.Errorf("%d comparisons", len(all))
	}
}

// An end that another notice gave is remembered as that, also by the next process.
func TestFilledEndOutlivesTheProcess(t *testing.T) {
	set := noticeSet()
	tr, s := New(set, ""), newStore()
	s.apply(tr.Observe(look("news", 10, false, item("n1", 9, outageSaid(probes.Ongoing, 9, 0)))))
	s.apply(tr.Observe(look("news", 43, false, item("n2", 42.9, outageSaid(probes.Resolved, 9, 42)))))
	tr = s.restart(t, set, hour(43.5))
	s.apply(tr.Observe(look("news", 44, false, item("n1", 9, outageSaid(probes.Ongoing, 8.9, 0)))))
	if got := list(s.all(), probes.Announced, "iphone"); got != "3240(-)..122400(-)" {
		t.Error(got)
	}
}
