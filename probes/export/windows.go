package export

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// JSON writes windows as a JSON array of what the API shows of each.
func JSON(w io.Writer, windows []probes.Window) error {
	if windows == nil {
		windows = []probes.Window{}
	}
	return writeJSON(w, windows)
}

// In returns the windows with all their times in one location, for formats that show the offset.
func In(windows []probes.Window, location *time.Location) []probes.Window {
	moved := slices.Clone(windows)
	move := func(t *time.Time) *time.Time {
		if t == nil {
			return nil
		}
		local := t.In(location)
		return &local
	}
	for i := range moved {
		w := &moved[i]
		w.Start, w.StartNotBefore, w.End, w.EndNotBefore = w.Start.In(location), move(w.StartNotBefore), move(w.End), move(w.EndNotBefore)
		if !w.Opened.IsZero() {
			w.Opened = w.Opened.In(location)
		}
		w.Marks = slices.Clone(w.Marks)
		for j := range w.Marks {
			w.Marks[j].At = w.Marks[j].At.In(location)
		}
	}
	return moved
}

// SourceWord returns the word for a window's source in the language.
func SourceWord(source probes.WindowSource, lang Lang) string {
	if lang != Japanese {
		return string(source)
	}
	switch source {
	case probes.Observed:
		return "観測"
	case probes.Announced:
		return "告知"
	case probes.Foretold:
		return "計画"
	case probes.Blind:
		return "監視側"
	}
	return string(source)
}

func scopeWord(scope probes.WindowScope, lang Lang) string {
	if lang != Japanese {
		return string(scope)
	}
	switch scope {
	case probes.ScopeProbe:
		return "プローブ"
	case probes.ScopeFlow:
		return "フロー"
	}
	return "監視側"
}

// length shows how long something lasted, in the two units that matter.
func length(d time.Duration, lang Lang) string {
	d = max(d, 0).Round(time.Second)
	days, hours, minutes, secs := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days >= 2:
		return fmt.Sprintf(lang.of("%d d %d h", "%d日%d時間"), days, hours)
	case d >= time.Hour:
		return fmt.Sprintf(lang.of("%d h %02d min", "%d時間%02d分"), 24*days+hours, minutes)
	case d >= time.Minute:
		return fmt.Sprintf(lang.of("%d min %02d s", "%d分%02d秒"), minutes, secs)
	}
	return fmt.Sprintf(lang.of("%d s", "%d秒"), secs)
}

// brief is length for a column of a table.
func brief(d time.Duration, lang Lang) string {
	if lang == Japanese {
		return length(d, lang)
	}
	return strings.NewReplacer(" min", "m", " h", "h", " d", "d", " s", "s", " ", "").Replace(length(d, lang))
}

// markWord is what a correction says that a window was.
func markWord(as string, lang Lang) string {
	if lang == Japanese {
		switch as {
		case "maintenance":
			return "メンテナンス"
		case "false-alarm":
			return "誤検知"
		case "outage":
			return "障害"
		}
	}
	return clean(as)
}

// surelyUntil is the moment up to which the window surely lasted.
func surelyUntil(w probes.Window, now time.Time) time.Time {
	switch {
	case w.End == nil:
		return now
	case w.EndNotBefore != nil && w.EndNotBefore.Before(*w.End) && w.EndNotBefore.After(w.Start):
		return *w.EndNotBefore
	}
	return *w.End
}

// until is when the window ended, or now while it has no end.
func until(w probes.Window, now time.Time) time.Time {
	if w.End != nil {
		return *w.End
	}
	return later(now, w.Start)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// overlap reports whether two windows have a moment in common, the uncertainty of their starts included.
func overlap(a, b probes.Window) bool {
	return (b.End == nil || a.Earliest().Before(*b.End)) && (a.End == nil || b.Earliest().Before(*a.End))
}

// refuted reports whether a person or the operator took the window back.
func refuted(w probes.Window) bool { return w.Withdrawn || w.MarkedAs() == "false-alarm" }

// A Cover is a window that covers a moment, surely or perhaps.
type Cover struct {
	Window probes.Window `json:"window"`
	// Certain is false in the time between the last good run and the first that was down, between the last that was down and
	// the first good one, and in a window that lapsed without an end, which covers nothing when it is believed no more.
	Certain bool `json:"certain"`
}

// At returns the windows that cover a moment, by start, the certain ones first. Windows that were withdrawn or marked as a false
// alarm cover nothing, and neither do our own blind spells: they say only that we could not see.
func At(windows []probes.Window, at time.Time) []Cover {
	var covers []Cover
	for _, w := range windows {
		if w.Source == probes.Blind || refuted(w) || !w.MayCover(at) {
			continue
		}
		certain := !at.Before(w.Start) && !w.Lapsed && (w.End == nil || at.Before(surelyUntil(w, at)))
		covers = append(covers, Cover{w, certain})
	}
	slices.SortStableFunc(covers, func(a, b Cover) int {
		if a.Certain != b.Certain {
			if a.Certain {
				return -1
			}
			return 1
		}
		return a.Window.Start.Compare(b.Window.Start)
	})
	return covers
}

// byStart returns the windows in the order of their starts.
func byStart(windows []probes.Window) []probes.Window {
	return slices.SortedStableFunc(slices.Values(windows), func(a, b probes.Window) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
}

// FirstToKnow compares when we knew of an observed window with when the operator's announcement of it was there. The lead is
// positive when we knew first. published is the time on the notice, if it gave one; otherwise the time at which we first saw
// it counts. known is false when either moment is missing.
func FirstToKnow(observed, announced probes.Window, published time.Time) (lead time.Duration, known bool) {
	told := announced.Opened
	if !published.IsZero() && published.Before(told) {
		told = published
	}
	if observed.Opened.IsZero() || told.IsZero() {
		return 0, false
	}
	return told.Sub(observed.Opened), true
}
