package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

func replayed(t *testing.T, script string) Replay {
	t.Helper()
	replay, err := RunReplay(t.Context(), Options{}, ReplayOptions{Script: script})
	if err != nil {
		t.Fatal(err)
	}
	if replay.Covered < 0.99 {
		t.Errorf("only %.1f %% of the time is covered", 100*replay.Covered)
	}
	return replay
}

// told writes windows as "source scope name start..end", in JST.
func told(windows []probes.Window) (all []string) {
	for _, w := range windows {
		end := "open"
		if w.End != nil {
			end = w.End.In(Japan).Format("01-02 15:04")
		}
		all = append(all, fmt.Sprintf("%s %s %s %s..%s", w.Source, w.Scope, w.Name, w.Start.In(Japan).Format("01-02 15:04"), end))
	}
	return all
}

func flowWas(replay Replay) (all []string) {
	for _, c := range replay.FlowOutcomes {
		if c.At.After(replay.Start) {
			all = append(all, c.At.In(Japan).Format("01-02 15:04 ")+c.Outcome.String())
		}
	}
	return all
}

func TestReplayOfTheIPhoneOutage(t *testing.T) {
	t.Parallel()
	replay := replayed(t, "iphone-2025-10-30")
	want := []string{"announced flow iphone-mynumber-card 10-30 08:50..10-31 18:50"}
	if got := told(replay.Windows); !slices.Equal(got, want) {
		t.Errorf("windows:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Every page was green; the flow is out from the notice on, until the notice said that it was over.
	if got := flowWas(replay); !slices.Equal(got, []string{"10-30 13:00 down", "10-31 19:10 up"}) {
		t.Errorf("the flow was %v", got)
	}
	if len(replay.Detections) != 1 || replay.Detections[0].Visible || replay.Detections[0].Announced == nil {
		t.Errorf("detections: %+v", replay.Detections)
	}
}

func TestReplayOfTheAndroidOutage(t *testing.T) {
	t.Parallel()
	replay := replayed(t, "android-2025-10-31")
	want := []string{"announced flow android-certificate 10-31 07:30..10-31 13:00"}
	if got := told(replay.Windows); !slices.Equal(got, want) {
		t.Errorf("windows: %v", got)
	}
}

func TestReplayOfAnOutageNobodyAnnounced(t *testing.T) {
	t.Parallel()
	replay := replayed(t, "myna-2024-10-02")
	for _, w := range replay.Windows {
		if w.Source != probes.Observed {
			t.Errorf("a window that nobody announced: %v", told([]probes.Window{w}))
		}
	}
	i := slices.IndexFunc(replay.Windows, func(w probes.Window) bool { return w.Scope == probes.ScopeFlow })
	if i < 0 {
		t.Fatal("no window of the flow")
	}
	w := replay.Windows[i]
	start, end := time.Date(2024, 10, 2, 8, 20, 0, 0, Japan), time.Date(2024, 10, 2, 16, 18, 0, 0, Japan)
	if w.StartNotBefore.After(start) || w.Start.Before(start) || w.EndNotBefore.After(end) || w.End.Before(end) {
		t.Errorf("the true bounds do not lie between those of %v, not before %v and %v", told([]probes.Window{w}), w.StartNotBefore, w.EndNotBefore)
	}
	if len(replay.FalseAlarms) != 0 {
		t.Errorf("false alarms: %v", told(replay.FalseAlarms))
	}
}

func TestReplayOfPlannedStopsOpensNoOutage(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"myna-backend-2025-12-06": "planned flow mynaportal 12-06 22:00..12-08 06:00",
		"myna-backend-2025-12-31": "planned flow mynaportal 12-31 22:00..01-02 03:00",
	} {
		replay := replayed(t, script)
		if got := told(replay.Windows); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, want %s", script, got, want)
		}
	}
}

func TestReplayOfHarmlessChangesOpensNothing(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"myna-top-2024-03-24", "myna-backend-2026-01-01", "myna-app-2026-08-25", "android-card-2026-10-20"} {
		replay := replayed(t, script)
		if len(replay.Windows) != 0 {
			t.Errorf("%s: %v", script, told(replay.Windows))
		}
		for _, c := range replay.FlowOutcomes {
			if c.Outcome == probes.Down {
				t.Errorf("%s: the flow was down at %v", script, c.At)
			}
		}
	}
}

// The same short script gives the same windows in virtual and in real time.
func TestReplayAgreesWithRealTime(t *testing.T) {
	t.Parallel()
	replay := replayed(t, "demo")
	var login probes.Window
	for _, w := range replay.Windows {
		if w.Source == probes.Observed && w.Name == "login-door" {
			login = w
		}
	}
	spell := replay.Detections[0]
	if login.Start.Before(spell.From) || login.Start.Sub(spell.From) > 5*time.Second || login.End.Before(*spell.To) || login.End.Sub(*spell.To) > 5*time.Second {
		t.Errorf("login-door was out from %v to %v, the script says %v to %v", login.Start, login.End, spell.From, spell.To)
	}
}

func TestReplayIsInterrupted(t *testing.T) {
	t.Parallel()
	if _, err := RunReplay(t.Context(), Options{}, ReplayOptions{Script: "no-such-script"}); err == nil || !strings.Contains(err.Error(), "no-such-script") {
		t.Errorf("error %v", err)
	}
}
