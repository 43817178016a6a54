package outage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// plannedSet is two flows, of which "f" has the stages "portal" (a) and "guide" (b).
func plannedSet(planned ...probes.Planned) probes.Set {
	return probes.Set{
		Flows:   []probes.Flow{{Name: "f", Critical: []string{"portal"}}, {Name: "g", Critical: []string{"portal"}}},
		Probes:  []probes.Probe{httpProbe("a", "f", "portal"), httpProbe("b", "f", "guide"), httpProbe("c", "g", "portal")},
		Planned: planned,
	}
}

func TestPlannedAt(t *testing.T) {
	tokyo := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", s, jst)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	once := probes.Planned{Name: "move", Start: tokyo("2025-12-06 22:00"), End: tokyo("2025-12-08 06:00")}
	monthly := probes.Planned{Name: "monthly", Start: tokyo("2025-01-11 00:00"), End: tokyo("2025-01-11 06:00"), RRule: "FREQ=MONTHLY;BYDAY=2SA"}
	night := probes.Planned{Name: "night", Start: tokyo("2025-01-01 23:30"), End: tokyo("2025-01-02 00:30"), RRule: "RRULE:FREQ=DAILY;COUNT=400"}
	summer := probes.Planned{Name: "summer", Start: time.Date(2025, 1, 1, 3, 0, 0, 0, berlin), End: time.Date(2025, 1, 1, 4, 0, 0, 0, berlin), RRule: "FREQ=DAILY"}
	tests := []struct {
		name string
		plan probes.Planned
		at   string // Japan's time
		want bool
	}{
		{"before", once, "2025-12-06 21:59", false},
		{"at the start", once, "2025-12-06 22:00", true},
		{"at the end", once, "2025-12-08 06:00", false},
		{"the second Saturday", monthly, "2025-11-08 03:00", true},
		{"the first", monthly, "2025-11-01 03:00", false},
		{"after it", monthly, "2025-11-08 06:00", false},
		{"before the first of them", monthly, "2024-12-14 03:00", false},
		{"over midnight", night, "2025-06-02 00:15", true},
		{"the last of a count", night, "2026-02-04 23:45", true},
		{"after the last", night, "2026-02-05 23:45", false},
		{"by the wall clock in winter", summer, "2025-01-15 11:30", true},
		{"and in summer", summer, "2025-07-15 10:30", true},
		{"not an hour later in summer", summer, "2025-07-15 11:30", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := New(plannedSet(test.plan), "")
			for range 2 { // the second answer comes from memory
				w, got := tr.PlannedAt("a", tokyo(test.at))
				if got != test.want {
					t.Fatalf("planned: %v", got)
				}
				if got && (w.Message != test.plan.Name || w.Source != probes.Foretold || !w.Covers(tokyo(test.at))) {
					t.Errorf("%+v", w)
				}
			}
		})
	}
	t.Run("in any order", func(t *testing.T) {
		tr := New(plannedSet(monthly), "")
		for _, s := range []string{"2025-11-08 03:00", "2025-03-08 01:00", "2024-01-13 01:00", "2025-04-01 00:00", "2025-12-13 05:59", "2025-11-08 05:00"} {
			_, got := tr.PlannedAt("a", tokyo(s))
			if want := !strings.HasPrefix(s, "2024") && !strings.HasSuffix(s, "00:00"); got != want {
				t.Errorf("%s: %v", s, got)
			}
		}
	})
}

func TestPlannedConcerns(t *testing.T) {
	for name, test := range map[string]struct {
		plan probes.Planned
		want string
	}{
		"everything":         {probes.Planned{}, "abc"},
		"a flow":             {probes.Planned{Flow: "f"}, "ab"},
		"a stage":            {probes.Planned{Flow: "f", Stages: []string{"guide"}}, "b"},
		"a probe":            {probes.Planned{Probes: []string{"c"}}, "c"},
		"a stage or a probe": {probes.Planned{Stages: []string{"portal"}, Probes: []string{"b"}}, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			test.plan.Name, test.plan.Start, test.plan.End = "p", at(0), at(100)
			tr := New(plannedSet(test.plan), "")
			got := ""
			for _, probe := range []string{"a", "b", "c", "nobody"} {
				if _, ok := tr.PlannedAt(probe, at(50)); ok {
					got += probe
				}
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestMaintenanceInAndOutOfPlan(t *testing.T) {
	plan := probes.Planned{Name: "night work", Flow: "f", Start: at(1000), End: at(2000)}
	tests := []struct {
		name, script, want string
		message            string
	}{
		{"inside the plan it opens nothing", "900:u 1010:m 1025:m 1040:m 1100:m 1900:m 2010:u 2025:u", "", ""},
		{"good runs inside stay good", "1010:u 1100:u 1200:u", "", ""},
		{"work that overruns its plan is an outage", "900:u 1900:m 1990:m 2005:m 2020:m 2035:m", "2005(1991)..-(-)", "planned to end"},
		{"an outage does not go on into the plan", "0:u 60:d 75:d 90:d 1005:m 1020:m", "60(1)..1005(91) unobserved=785", "timeout"},
		{"one that the work does not explain does", "900:u 1010:d 1025:d 1040:d", "1010(901)..-(-)", "timeout"},
		{"without a plan", "0:u 60:m 75:m 90:m", "60(1)..-(-)", "not planned"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, s := New(plannedSet(plan), ""), newStore()
			play(t, tr, s, test.script)
			if got := list(tr.Windows(), probes.Observed, "a"); got != test.want {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
			for _, w := range tr.Windows() {
				if w.Source == probes.Observed && !strings.Contains(w.Message, test.message) {
					t.Errorf("message %q", w.Message)
				}
			}
		})
	}
	tr, s := New(plannedSet(plan), ""), newStore()
	play(t, tr, s, "1010:m")
	if got := tr.FlowOutcome("f", at(1011)); got != probes.Maintenance {
		t.Errorf("the flow in planned maintenance is %s", got)
	}
}

func TestDeclaredWindows(t *testing.T) {
	set := plannedSet(
		probes.Planned{Name: "daily", Flow: "f", Start: at(1000), End: at(2000), RRule: "FREQ=DAILY"},
		probes.Planned{Name: "beside", Flow: "g", Stages: []string{"guide"}, Start: at(0), End: at(9000)},
	)
	tr, s := New(set, ""), newStore()
	active := func() bool { return s.statuses["flow/f/planned"].Active }
	step := func(second float64, want bool, windows string) {
		t.Helper()
		s.apply(tr.Advance(at(second)))
		if active() != want {
			t.Errorf("at %g active: %v", second, active())
		}
		if got := list(s.all(), probes.Foretold, "f"); got != windows {
			t.Errorf("at %g: %q, want %q", second, got, windows)
		}
	}
	step(999, false, "")
	step(1000, true, "1000(-)..2000(-)")
	tr = s.restart(t, set, at(1500))
	step(1501, true, "1000(-)..2000(-)")
	step(2000, false, "1000(-)..2000(-)")
	step(87400, true, "1000(-)..2000(-); 87400(-)..88400(-)")
	// A plan that is taken back while it is on.
	s.apply(tr.Configure(plannedSet()))
	step(87500, false, "1000(-)..2000(-); 87400(-)..88400(-) withdrawn")
	if got := list(s.all(), probes.Foretold, "g"); got != "" {
		t.Errorf("work on a stage that is not critical is none of the flow: %q", got)
	}
}

func calendar(events ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.ReplaceAll(strings.Join(events, ""), "\n", "\r\n") + "END:VCALENDAR\r\n")
}

func event1(uid string, lines ...string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20250101T000000Z\nSUMMARY:" + uid + "\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\n"
}

func TestCalendar(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		in, out []string // UTC
	}{
		{"in UTC", calendar(event1("e", "DTSTART:20251206T130000Z", "DTEND:20251207T210000Z")),
			[]string{"2025-12-06T13:00", "2025-12-07T20:59"}, []string{"2025-12-06T12:59", "2025-12-07T21:00"}},
		{"in a time zone", calendar(event1("e", "DTSTART;TZID=Asia/Tokyo:20251206T220000", "DTEND;TZID=Asia/Tokyo:20251206T230000")),
			[]string{"2025-12-06T13:30"}, []string{"2025-12-06T22:30"}},
		{"in one that only Windows knows", calendar(event1("e", "DTSTART;TZID=Tokyo Standard Time:20251206T220000", "DURATION:PT1H30M")),
			[]string{"2025-12-06T14:29"}, []string{"2025-12-06T14:30"}},
		{"in one that the calendar defines", calendar("BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n",
			event1("e", "DTSTART;TZID=Here:20251206T220000", "DTEND;TZID=Here:20251206T230000")),
			[]string{"2025-12-06T13:30"}, []string{"2025-12-06T14:30"}},
		{"without a zone it is Japan's time", calendar(event1("e", "DTSTART:20251206T220000", "DTEND:20251206T230000")),
			[]string{"2025-12-06T13:30"}, []string{"2025-12-06T22:30"}},
		{"or the calendar's", calendar("X-WR-TIMEZONE:UTC\n", event1("e", "DTSTART:20251206T220000", "DTEND:20251206T230000")),
			[]string{"2025-12-06T22:30"}, []string{"2025-12-06T13:30"}},
		{"a whole day", calendar(event1("e", "DTSTART;VALUE=DATE:20251206")),
			[]string{"2025-12-05T15:00", "2025-12-06T14:59"}, []string{"2025-12-05T14:59", "2025-12-06T15:00"}},
		{"each week, but not that one", calendar(event1("e", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z", "RRULE:FREQ=WEEKLY", "EXDATE:20251213T130000Z,20251220T130000Z")),
			[]string{"2025-12-06T13:30", "2025-12-27T13:30"}, []string{"2025-12-13T13:30", "2025-12-20T13:30"}},
		{"one of them moved", calendar(event1("e", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z", "RRULE:FREQ=WEEKLY"),
			event1("e", "RECURRENCE-ID:20251213T130000Z", "DTSTART:20251214T130000Z", "DTEND:20251214T140000Z")),
			[]string{"2025-12-06T13:30", "2025-12-14T13:30", "2025-12-20T13:30"}, []string{"2025-12-13T13:30"}},
		{"one of them cancelled", calendar(event1("e", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z", "RRULE:FREQ=WEEKLY"),
			event1("e", "RECURRENCE-ID:20251213T130000Z", "DTSTART:20251213T130000Z", "DTEND:20251213T140000Z", "STATUS:CANCELLED")),
			[]string{"2025-12-06T13:30"}, []string{"2025-12-13T13:30"}},
		{"cancelled", calendar(event1("e", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z", "STATUS:CANCELLED")), nil, []string{"2025-12-06T13:30"}},
		{"of several, by any", calendar(event1("d", "DTSTART:20251201T130000Z", "DTEND:20251201T140000Z"), event1("e", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z")),
			[]string{"2025-12-01T13:30", "2025-12-06T13:30"}, []string{"2025-12-03T13:30"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := New(plannedSet(probes.Planned{Name: "cal", Calendar: "https://example.jp/x.ics"}), "")
			if err := tr.SetCalendar("https://example.jp/x.ics", test.content); err != nil {
				t.Fatal(err)
			}
			for want, moments := range map[bool][]string{true: test.in, false: test.out} {
				for _, m := range moments {
					at, err := time.Parse("2006-01-02T15:04", m)
					if err != nil {
						t.Fatal(err)
					}
					if _, got := tr.PlannedAt("a", at); got != want {
						t.Errorf("planned at %s: %v", m, got)
					}
				}
			}
		})
	}
}

func TestBadCalendar(t *testing.T) {
	const name = "cal.ics"
	moment := time.Date(2025, 12, 6, 13, 30, 0, 0, time.UTC)
	good := event1("good", "DTSTART:20251206T130000Z", "DTEND:20251206T140000Z")
	for what, bad := range map[string]string{
		"no end":         event1("bad", "DTSTART:20251206T130000Z"),
		"no start":       event1("bad", "DTEND:20251206T130000Z"),
		"ends before":    event1("bad", "DTSTART:20251206T130000Z", "DTEND:20251206T120000Z"),
		"unknown zone":   event1("bad", "DTSTART;TZID=Nowhere:20251206T130000", "DURATION:PT1H"),
		"bad duration":   event1("bad", "DTSTART:20251206T130000Z", "DURATION:1 hour"),
		"empty duration": event1("bad", "DTSTART:20251206T130000Z", "DURATION:PT0S"),
		"bad rule":       event1("bad", "DTSTART:20251206T130000Z", "DURATION:PT1H", "RRULE:FREQ=SOMETIMES"),
		"bad time":       event1("bad", "DTSTART:tomorrow", "DURATION:PT1H"),
		"bad exception":  event1("bad", "DTSTART:20251206T130000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", "EXDATE:never"),
		"bad end of it":  event1("bad", "DTSTART:20251206T130000Z", "DTEND:later"),
	} {
		t.Run(what, func(t *testing.T) {
			tr := New(plannedSet(probes.Planned{Name: "cal", Calendar: name}), "")
			err := tr.SetCalendar(name, calendar(bad, good))
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "bad") {
				t.Errorf("error: %v", err)
			}
			if _, ok := tr.PlannedAt("a", moment); !ok {
				t.Error("the good event was lost with the bad one")
			}
		})
	}
	tr := New(plannedSet(probes.Planned{Name: "cal", Calendar: name}), "")
	if err := tr.SetCalendar(name, calendar(good)); err != nil {
		t.Fatal(err)
	}
	if err := tr.SetCalendar(name, []byte("<html>")); err == nil {
		t.Error("a web page is taken for a calendar")
	}
	if _, ok := tr.PlannedAt("a", moment); !ok {
		t.Error("an unreadable calendar took the good one's place")
	}
}

func TestCheckPlanned(t *testing.T) {
	for want, plan := range map[string]probes.Planned{
		"":                {Start: at(0), End: at(1), RRule: "FREQ=MONTHLY;BYDAY=2SA"},
		"must end after":  {Start: at(1), End: at(1)},
		"recurrence rule": {Start: at(0), End: at(1), RRule: "FREQ=NEVER"},
	} {
		err := CheckPlanned(plan)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v", plan, err)
		}
	}
	if err := CheckPlanned(probes.Planned{Calendar: "x.ics"}); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(Calendars(plannedSet(probes.Planned{Calendar: "x.ics"}, probes.Planned{}))); got != "[x.ics]" {
		t.Error(got)
	}
}

func TestACalendarThatIsNotThereYetHoldsNothingElseUp(t *testing.T) {
	known := probes.Planned{Name: "work", Start: at(100), End: at(1000)}
	set := plannedSet(probes.Planned{Name: "cal", Calendar: "x.ics"}, known)
	s := newStore()
	tr := New(set, "")
	s.apply(tr.Advance(at(200)))
	if got := list(s.all(), probes.Foretold, "f"); got != "100(-)..1000(-)" {
		t.Errorf("declared work: %q", got)
	}
	// After a restart it is not known whether the calendar still holds what it held, until it has been read.
	set = plannedSet(probes.Planned{Name: "cal", Calendar: "x.ics"})
	tr = s.restart(t, set, at(300))
	s.apply(tr.Advance(at(301)))
	if got := list(s.all(), probes.Foretold, "f"); got != "100(-)..1000(-)" {
		t.Errorf("before the calendar is read: %q", got)
	}
	if err := tr.SetCalendar("x.ics", calendar()); err != nil {
		t.Fatal(err)
	}
	s.apply(tr.Advance(at(302)))
	if got := list(s.all(), probes.Foretold, "f"); got != "100(-)..1000(-) withdrawn" {
		t.Errorf("when the calendar does not hold it: %q", got)
	}
}
