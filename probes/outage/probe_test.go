package outage

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

func TestProbeWindows(t *testing.T) {
	usual := probes.Confirm{}
	tests := []struct {
		name    string
		confirm probes.Confirm
		script  string
		want    string
	}{
		{"all is well", usual, "0:u 60:u 120:s", ""},
		{"one failure is a suspicion", usual, "0:u 60:d", ""},
		{"two are not enough", usual, "0:u 60:d 75:d", ""},
		{"three over 30 s open", usual, "0:u 60:d 75:d 90:d", "60(1)..-(-)"},
		{"three in less than 30 s do not", usual, "0:u 60:d 70:d 89:d", ""},
		{"a fourth at 30 s does", usual, "0:u 60:d 70:d 80:d 90:d", "60(1)..-(-)"},
		{"there was no good run before", usual, "60:d 75:d 90:d", "60(-)..-(-)"},
		{"a good run breaks the row", usual, "0:u 60:d 75:d 90:u 105:d 120:d", ""},
		{"and the next row begins anew", usual, "60:d 75:d 90:u 105:d 120:d 135:d", "105(91)..-(-)"},
		{"a slow run is good", usual, "60:d 75:d 90:s 105:d 120:d", ""},
		{"two good runs close", usual, "0:u 60:d 75:d 90:d 120:u 135:u", "60(1)..120(91)"},
		{"one does not", usual, "0:u 60:d 75:d 90:d 120:u", "60(1)..-(-)"},
		{"a slow one counts", usual, "0:u 60:d 75:d 90:d 120:s 135:u", "60(1)..120(91)"},
		{"a failure in between keeps it open and is a flap", usual, "0:u 60:d 75:d 90:d 120:u 135:d 150:u 165:u", "60(1)..150(136) flaps=1"},
		{"unknown moves nothing", usual, "0:u 30:? 60:d 70:? 75:d 80:b 90:d 100:? 120:u 130:? 135:u", "60(1)..120(91) unobserved=35"},
		{"a suspicion lapses after 3 intervals without knowledge", usual, "0:u 60:d 75:d 256:d 270:d", ""},
		{"but not sooner", usual, "0:u 60:d 75:d 255:d", "60(1)..-(-) unobserved=50"},
		{"it lapses by the clock too", usual, "0:u 60:d 75:d 256:. 257:d", ""},
		{"unknown results are no knowledge", usual, "0:u 60:d 75:d 135:? 195:? 256:? 258:d", ""},
		{"down again within the merge time: the same window", usual, "0:u 60:d 75:d 90:d 120:u 135:u 180:u 240:u 300:u 360:u 420:d 435:d 450:d", "60(1)..-(-) flaps=1"},
		{"and it closes again", usual, "0:u 60:d 75:d 90:d 120:u 135:u 180:d 195:d 210:d 240:u 255:u", "60(1)..240(211) flaps=1"},
		{"after the merge time: another window", usual, "0:u 60:d 75:d 90:d 120:u 135:u 200:u 260:u 320:u 380:u 421:d 436:d 451:d", "60(1)..120(91); 421(381)..-(-)"},
		{"a blip within the merge time is no flap", usual, "0:u 60:d 75:d 90:d 120:u 135:u 180:d 195:u 240:u", "60(1)..120(91)"},
		{"time between runs past freshness is unobserved", usual, "0:u 60:d 75:d 90:d 400:d", "60(1)..-(-) unobserved=180"},
		{"so is it from the first good run on when the window goes on", usual, "60:d 75:d 90:d 120:u 300:d 360:u 420:u", "60(-)..360(301) flaps=1 unobserved=50"},
		{"not what comes after the end", usual, "60:d 75:d 90:d 120:u 300:u", "60(-)..120(91)"},
		{"maintenance that nobody planned is an outage", usual, "0:u 60:m 75:m 90:m", "60(1)..-(-)"},
		{"and goes on with one", usual, "0:u 60:d 75:m 90:d 150:m 210:m 270:u 285:u", "60(1)..270(211)"},
		{"one of one", probes.Confirm{Down: 1, Good: 1}, "0:u 60:d 120:u", "60(1)..120(61)"},
		{"three of five", probes.Confirm{Down: 3, Of: 5}, "0:u 60:d 75:u 90:d 105:u 120:d", "60(1)..-(-)"},
		{"three of six is not three of five", probes.Confirm{Down: 3, Of: 5}, "0:u 60:d 75:u 90:d 105:u 120:u 135:d", ""},
		{"the start is that of the first that counts", probes.Confirm{Down: 3, Of: 5}, "0:u 60:d 75:u 90:d 105:u 120:u 135:d 150:d", "90(76)..-(-)"},
		{"four good runs close", probes.Confirm{Good: 4}, "60:d 75:d 90:d 120:u 135:u 150:u 165:u", "60(-)..120(91)"},
		{"an own spread", probes.Confirm{Spread: 4 * time.Second}, "60:d 62:d 64:d", "60(-)..-(-)"},
		{"a late run moves the start earlier", usual, "0:u 60:d 75:d 90:d 40:d", "40(1)..-(-)"},
		{"never beyond the last good run", usual, "0:u 60:u 70:d 85:d 100:d 40:d", "70(61)..-(-)"},
		{"a late good run changes nothing", usual, "0:u 60:d 75:d 90:d 80:u 85:u", "60(1)..-(-)"},
		{"the same result twice counts once", usual, "0:u 60:d 60:d 60:d 90:d 90:d", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, s := New(oneProbe(test.confirm), ""), newStore()
			play(t, tr, s, test.script)
			if got := list(tr.Windows(), probes.Observed, "a"); got != test.want {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestWindowTellsWhatFailed(t *testing.T) {
	set := probes.Set{Probes: []probes.Probe{httpProbe("a", "f", "portal")}, Flows: []probes.Flow{{Name: "f", Critical: []string{"portal"}}}}
	tr := New(set, "osaka")
	tr.Observe(result("a", 0, 'u'))
	first := result("a", 60, 'd')
	first.Message = "hung in tls for 10 s"
	first.Evidence = &probes.Evidence{Path: "a/60"}
	tr.Observe(first)
	tr.Observe(result("a", 75, 'd'))
	c := tr.Observe(result("a", 90, 'd'))
	if len(c.Windows) != 2 {
		t.Fatalf("%d windows changed, want that of the probe and that of the flow", len(c.Windows))
	}
	for _, w := range c.Windows {
		if w.Reason != probes.ReasonTimeout || w.Message != "hung in tls for 10 s" || w.Evidence != "a/60" || w.RunsDown != 3 ||
			!w.Opened.Equal(at(91)) || w.Location != "osaka" || w.Flow != "f" || w.Stage != "portal" || len(w.Probes) != 1 || w.Probes[0] != "a" {
			t.Errorf("%+v", w)
		}
		if !strings.HasPrefix(w.ID, "20251029T230100Z-") {
			t.Errorf("ID %q", w.ID)
		}
	}
	if c.Windows[0].ID == c.Windows[1].ID {
		t.Error("probe and flow share an ID")
	}
}

func TestConfirmationRuns(t *testing.T) {
	run := func(c Change) string {
		var all []string
		for _, r := range c.Runs {
			all = append(all, r.Probe+"@"+secs(r.At)+"/"+string(r.Trigger))
		}
		return strings.Join(all, " ")
	}
	tr := New(oneProbe(probes.Confirm{}), "")
	for _, step := range []struct {
		second  float64
		verdict byte
		want    string
	}{
		{0, 'u', ""},
		{60, 'd', "a@75/confirm"},
		{75, 'd', "a@90/confirm"},
		{80, 'd', "a@90/confirm"}, // a scheduled run came in between: not over 30 s yet
		{90, 'd', ""},
		{150, 'd', ""},
		{210, 'u', "a@225/confirm"},
		{225, '?', ""},
		{270, 'u', ""},
		{330, 'd', "a@345/confirm"},
		{345, '?', "a@360/confirm"},
		{360, 'b', ""}, // we were turned away: no insisting
		{420, 'u', ""},
	} {
		if got := run(tr.Observe(result("a", step.second, step.verdict))); got != step.want {
			t.Errorf("at %g: %q, want %q", step.second, got, step.want)
		}
	}
	hourly := oneProbe(probes.Confirm{})
	hourly.Probes[0].Every = time.Hour
	if got := run(New(hourly, "").Observe(result("a", 0, 'd'))); got != "a@360/confirm" {
		t.Errorf("an hourly probe: %q, want a spread of a fifth of the interval", got)
	}
	slow := result("a", 0, 'd')
	slow.Duration = probes.Seconds(20 * time.Second)
	if got := run(New(oneProbe(probes.Confirm{}), "").Observe(slow)); got != "a@20/confirm" {
		t.Errorf("a run of 20 s: %q, want no run before it ended", got)
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name   string
		status int
		after  time.Duration
		opens  bool
		ask    string
	}{
		{"a 503 that forbids to look again confirms itself", 503, time.Minute, true, ""},
		{"one that lets us does not", 503, 5 * time.Second, false, "75"},
		{"nor does one that says nothing", 503, 0, false, "75"},
		{"another status asks for time and gets it", 500, time.Minute, false, "121"},
		{"but no more than 10 minutes", 500, time.Hour, false, "661"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := New(oneProbe(probes.Confirm{}), "")
			tr.Observe(result("a", 0, 'u'))
			r := result("a", 60, 'd')
			r.HTTP, r.RetryAfter = &probes.HTTPResult{Status: test.status}, probes.Seconds(test.after)
			c := tr.Observe(r)
			if opens := len(c.Windows) > 0; opens != test.opens {
				t.Errorf("opens: %v", opens)
			}
			ask := ""
			if len(c.Runs) > 0 {
				ask = secs(c.Runs[0].At)
			}
			if ask != test.ask {
				t.Errorf("asks for a run at %q, want %q", ask, test.ask)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	tr, s := New(oneProbe(probes.Confirm{}), ""), newStore()
	const key = "probe/a/observed"
	check := func(script string, active, suspected, flapping bool, outages uint64, seconds float64) {
		t.Helper()
		play(t, tr, s, script)
		st := s.statuses[key]
		if st.Active != active || st.Suspected != suspected || st.Flapping != flapping || st.Outages != outages || st.Seconds != seconds {
			t.Errorf("after %q: %+v", script, st)
		}
	}
	for _, st := range tr.Statuses() {
		if st.Active || st.Outages != 0 || len(st.Recent) != 0 {
			t.Errorf("at first: %+v", st)
		}
	}
	check("0:u 60:d", false, true, false, 0, 0)
	check("75:d 90:d", true, false, false, 1, 30)
	check("150:d", true, false, false, 1, 90)
	check("210:u 225:u", false, false, false, 1, 150)
	check("270:d 285:d 300:d", true, false, false, 1, 240)
	check("360:u 375:d", true, false, true, 1, 315)
	check("435:u 450:u", false, false, true, 1, 375)
	check("700:.", false, false, true, 1, 375)
	check("736:.", false, false, false, 1, 375)
	check("800:d 815:d 830:d", true, false, false, 2, 405)
	if w := s.statuses[key].Recent; len(w) != 1 || !w[0].Window.Start.Equal(at(800)) {
		t.Errorf("recent: %+v", w)
	}
}

// What the counters say must be on disk with it: else a restart takes it back.
func TestCountersAreStoredWithWhatIsExported(t *testing.T) {
	set := oneProbe(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, "0:u 60:d 75:d 90:d 150:d 210:d 270:u 285:u 2000:d 2015:d 2030:d 2090:d")
	before := s.statuses["probe/a/observed"]
	s.restart(t, set, at(2500))
	after := s.statuses["probe/a/observed"]
	if after.Seconds < before.Seconds || after.Outages != before.Outages || !after.Active {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

func TestDemandFeedsNoWindow(t *testing.T) {
	tr := New(oneProbe(probes.Confirm{Down: 1}), "")
	r := result("a", 0, 'd')
	r.Trigger = probes.TriggerDemand
	if c := tr.Observe(r); !c.Empty() {
		t.Errorf("%+v", c)
	}
}

func TestProbeOutcome(t *testing.T) {
	tr := New(oneProbe(probes.Confirm{}), "")
	if got := tr.ProbeOutcome("a", at(0)); got != probes.Unknown {
		t.Errorf("before any run: %s", got)
	}
	tr.Observe(result("a", 0, 's'))
	if got := tr.ProbeOutcome("a", at(129)); got != probes.Degraded {
		t.Errorf("while fresh: %s", got)
	}
	if got := tr.ProbeOutcome("a", at(130)); got != probes.Unknown {
		t.Errorf("when stale: %s", got)
	}
	if got := tr.ProbeOutcome("b", at(0)); got != probes.Unknown {
		t.Errorf("of a probe that is not there: %s", got)
	}
}

func TestCoverage(t *testing.T) {
	tr, s := New(oneProbe(probes.Confirm{}), ""), newStore()
	// Up for 100 s, slow for 60, unknown for 40, down for 130 (then stale), and up past the hour.
	play(t, tr, s, "3000:u 3100:s 3160:? 3200:d 3500:u 3620:u")
	hours := map[string]probes.Coverage{}
	for _, c := range s.coverage {
		hours[secs(c.Hour)] = c
	}
	first, second := hours["0"], hours["3600"]
	sec := func(s probes.Seconds) float64 { return s.Duration().Seconds() }
	if sec(first.Up) != 200 || sec(first.Degraded) != 60 || sec(first.Unknown) != 40 || sec(first.Down) != 130 || sec(second.Up) != 20 {
		t.Errorf("first hour %+v\nsecond %+v", first, second)
	}
	// It is accumulated across a restart; the time we were dead is lost.
	tr = s.restart(t, oneProbe(probes.Confirm{}), at(3700))
	play(t, tr, s, "3750:u 3810:u")
	for _, c := range s.coverage {
		if secs(c.Hour) == "3600" && sec(c.Up) != 80 {
			t.Errorf("after a restart: %+v", c)
		}
	}
}

func TestConfigure(t *testing.T) {
	set := oneProbe(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, "0:u 60:d 75:d 90:d 150:d")
	other := oneProbe(probes.Confirm{})
	other.Probes[0].Every = 30 * time.Second
	other.Probes = append(other.Probes, httpProbe("b", "", ""))
	s.apply(tr.Configure(other))
	if got := list(tr.Windows(), probes.Observed, "a"); got != "60(1)..-(-)" {
		t.Errorf("a reload moved the window: %q", got)
	}
	c := tr.Configure(probes.Set{Probes: other.Probes[1:]})
	if data, deleted := c.States["probe/a"]; !deleted || data != nil {
		t.Error("the state of a removed probe is kept")
	}
	if got := list(c.Windows, probes.Observed, "a"); got != "60(1)..151(151) lapsed" {
		t.Errorf("the window of a removed probe: %q", got)
	}
	if c := tr.Observe(result("a", 300, 'd')); !c.Empty() {
		t.Error("a removed probe is still observed")
	}
}

func TestMark(t *testing.T) {
	tr, s := New(oneProbe(probes.Confirm{}), ""), newStore()
	play(t, tr, s, "0:u 60:d 75:d 90:d")
	id := tr.Windows()[0].ID
	seconds := s.statuses["probe/a/observed"].Seconds
	c, err := tr.Mark(id, probes.Mark{As: MarkFalseAlarm, Note: "our proxy", By: "me", At: at(100)})
	if err != nil || len(c.Windows) != 1 || c.Windows[0].MarkedAs() != MarkFalseAlarm {
		t.Fatalf("%v %+v", err, c)
	}
	s.apply(c)
	play(t, tr, s, "150:d 210:u 225:u")
	w := tr.Windows()[0]
	if show(w) != "60(1)..210(151)" || w.MarkedAs() != MarkFalseAlarm {
		t.Errorf("the window after a correction: %s %+v", show(w), w.Marks)
	}
	if now := s.statuses["probe/a/observed"].Seconds; now < seconds || s.statuses["probe/a/observed"].Outages != 1 {
		t.Errorf("a correction took back what was counted: %g, before %g", now, seconds)
	}
	if _, err := tr.Mark(id, probes.Mark{As: "nonsense"}); err == nil {
		t.Error("marked as nonsense")
	}
	if _, err := tr.Mark("nobody", probes.Mark{As: MarkOutage}); err == nil {
		t.Error("marked a window that is not there")
	}
}

func TestBlind(t *testing.T) {
	tr, s := New(oneProbe(probes.Confirm{}), "osaka"), newStore()
	spell := probes.Window{Start: at(10), StartNotBefore: ptr(at(5)), Opened: at(20)}
	s.apply(tr.Blind(spell))
	if st := s.statuses["prober/prober/prober"]; !st.Active || st.Outages != 1 {
		t.Errorf("%+v", st)
	}
	spell.End, spell.EndNotBefore = ptr(at(60)), ptr(at(50))
	s.apply(tr.Blind(spell))
	s.apply(tr.Blind(probes.Window{Start: at(100), Opened: at(110)}))
	s.apply(tr.Blind(probes.Window{Start: at(200), Opened: at(210)}))
	if got := list(s.all(), probes.Blind, "prober"); got != "10(5)..60(50); 100(-)..110(110) lapsed; 200(-)..-(-)" {
		t.Error(got)
	}
	if w := s.all()[0]; w.Location != "osaka" || w.Scope != probes.ScopeAll || w.ID == "" {
		t.Errorf("%+v", w)
	}
}

func TestBlindOutlivesTheProcess(t *testing.T) {
	set := oneProbe(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	spell := probes.Window{Start: at(10), Opened: at(20)}
	s.apply(tr.Blind(spell))
	tr = s.restart(t, set, at(100))
	if st := s.statuses["prober/prober/prober"]; !st.Active || st.Outages != 1 || len(st.Recent) != 1 {
		t.Errorf("%+v", st)
	}
	spell.End, spell.EndNotBefore = ptr(at(120)), ptr(at(90))
	s.apply(tr.Blind(spell))
	if got := list(s.all(), probes.Blind, "prober"); got != "10(-)..120(90)" {
		t.Error(got)
	}
	if st := s.statuses["prober/prober/prober"]; st.Active || st.Outages != 1 {
		t.Errorf("%+v", st)
	}
}

// What a kill cannot take: the time we were dead is unobserved in a window that is open, and lost coverage outside of one.
func TestDeadTime(t *testing.T) {
	set := oneProbe(probes.Confirm{})
	tr, s := New(set, ""), newStore()
	play(t, tr, s, "0:u 60:d 75:d 90:d 150:d")
	tr = s.restart(t, set, at(300))
	if got := list(s.all(), probes.Observed, "a"); got != "60(1)..-(-) unobserved=149" {
		t.Errorf("on start: %s", got)
	}
	if got := tr.ProbeOutcome("a", at(301)); got != probes.Unknown {
		t.Errorf("before the first run: %s", got)
	}
	tr = s.restart(t, set, at(310))
	play(t, tr, s, "320:d 380:d")
	if got := list(s.all(), probes.Observed, "a"); got != "60(1)..-(-) unobserved=169" {
		t.Errorf("after the first run: %s", got)
	}
	// A suspicion and a first good run survive too.
	play(t, tr, s, "440:u")
	tr = s.restart(t, set, at(445))
	play(t, tr, s, "455:u")
	if got := list(s.all(), probes.Observed, "a"); got != "60(1)..440(381) unobserved=169" {
		t.Errorf("after the end: %s", got)
	}
	play(t, tr, s, "1000:u 1060:d 1075:d")
	tr = s.restart(t, set, at(1080))
	play(t, tr, s, "1090:d")
	if got := list(s.all(), probes.Observed, "a"); got != "60(1)..440(381) unobserved=169; 1060(1001)..-(-) unobserved=14" {
		t.Errorf("a suspicion: %s", got)
	}
}
