package export

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mynaprobe/probes"
)

// An event is a moment that the report's timeline numbers.
type event struct {
	at           time.Time
	N            int
	When, What   string
	Since, Class string
}

// events are the moments that tell the story of the window, in order.
func (r *reporter) events() []event {
	w, lang := r.Window, r.Lang
	var all []event
	add := func(at *time.Time, class, english, japanese string) {
		if at != nil && !at.IsZero() {
			all = append(all, event{at: *at, What: lang.of(english, japanese), Class: class})
		}
	}
	switch w.Source {
	case probes.Observed:
		add(w.StartNotBefore, "up", "The last good run before it ended", "直前の正常な観測が終了")
		add(&w.Start, "down", "The first failed run began", "最初の失敗が始まる")
		add(&w.Opened, "known", "Confirmed: we knew", "停止を確定（当方が把握）")
		add(w.EndNotBefore, "down", "The last failed run ended", "最後の失敗が終了")
		add(w.End, "up", "The first good run began", "最初の正常な観測が始まる")
	default:
		add(&w.Start, "down", "It begins", "開始")
		add(w.End, "up", "It ends", "終了")
	}
	for _, other := range r.related {
		if other.Source == probes.Blind {
			add(&other.Start, "unknown", "The prober went blind", "監視側が判定不能に")
			add(other.End, "unknown", "The prober saw again", "監視側が回復")
		}
	}
	for _, revision := range r.Revisions {
		title := cut(clean(revision.Item.Title), 80)
		switch revision.Change {
		case probes.NoticeNew:
			if published := revision.Item.Published; !published.IsZero() && !published.Equal(revision.Seen) {
				add(&published, "notice", "Date on the notice: "+title, "告知の日付: "+title)
			}
			add(&revision.Seen, "notice", "Notice first seen: "+title, "告知を初めて確認: "+title)
		case probes.NoticeEdited:
			add(&revision.Seen, "notice", "Notice edited: "+title, "告知が更新: "+title)
		case probes.NoticeWithdrawn:
			add(&revision.Seen, "notice", "Notice taken back: "+title, "告知が取り下げ: "+title)
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
	for i := range all {
		e := &all[i]
		e.N, e.When = i+1, r.moment(e.at)
		switch d := e.at.Sub(w.Start); {
		case d > 0:
			e.Since = "+" + length(d, lang)
		case d < 0:
			e.Since = "−" + length(-d, lang)
		}
	}
	return all
}

// A timeline is the drawing of a window, in the user units of its SVG.
type timeline struct {
	Width, Height, Left, Right, Bottom int
	Ticks                              []timelineTick
	Rows                               []timelineRow
	Marks                              []timelineMark
	Alt                                string
}

type (
	timelineTick struct {
		X     int
		Label string
	}
	timelineRow struct {
		Y, Middle int
		Label     string
		Spans     []timelineSpan
	}
	timelineSpan struct {
		X, W, Y, H int
		Class      string
		Title      string
	}
	timelineMark struct {
		X, Y, N int
		Class   string
	}
)

// The measures of the drawing: as wide as an A4 page at 96 pixels an inch.
const (
	timelineWidth  = 760
	timelineLeft   = 190
	timelineRowGap = 24
	timelineTop    = 24
	eventLane      = 20
)

// timeline draws the window, those related to it, and the runs of each probe below each other.
func (r *reporter) timeline(events []event) timeline {
	w := r.Window
	from, to := w.Earliest(), until(w, r.Now)
	for _, e := range events {
		// A notice from long before is in the list; it must not squeeze the window.
		if to.Sub(from) > 0 && e.at.Before(from) && from.Sub(e.at) < to.Sub(from)/2 {
			from = e.at
		}
		if e.at.After(to) && e.at.Sub(to) < to.Sub(from)/2 {
			to = e.at
		}
	}
	margin := max(to.Sub(from)*6/100, 30*time.Second)
	b := bar{from.Add(-margin).In(r.Location), to.Add(margin).In(r.Location), timelineWidth - timelineLeft}
	t := timeline{Width: timelineWidth, Left: timelineLeft, Right: timelineWidth, Alt: r.headline()}
	for _, tick := range ticks(b.from, b.to, 8) {
		if x := timelineLeft + b.column(tick.at); x < timelineWidth-30 {
			t.Ticks = append(t.Ticks, timelineTick{x, tick.label})
		}
	}
	y := timelineTop
	y = t.events(b, events, y)
	row := func(label string, spans []timelineSpan) {
		for i := range spans {
			spans[i].X += timelineLeft
			spans[i].Y, spans[i].H = y, 14
		}
		t.Rows = append(t.Rows, timelineRow{Y: y, Middle: y + 11, Label: cut(label, 28), Spans: spans})
		y += timelineRowGap
	}
	row(SourceWord(w.Source, r.Lang), r.windowSpans(b, w))
	for _, other := range r.related[:min(len(r.related), 10)] {
		label := SourceWord(other.Source, r.Lang)
		if other.Source != probes.Blind {
			label += " " + r.table.label(other)
		}
		row(label, r.windowSpans(b, other))
	}
	for _, name := range r.probeNames() {
		row(name, r.runSpans(b, name))
	}
	t.Bottom = y
	t.Height = y + 6
	return t
}

// events places the numbers of the events, in as many lanes as they need, and returns where the rows begin.
func (t *timeline) events(b bar, events []event, y int) int {
	var lanes []int // where each is free
	for _, e := range events {
		if e.at.Before(b.from) || e.at.After(b.to) {
			continue
		}
		x := timelineLeft + b.column(e.at)
		lane := slices.IndexFunc(lanes, func(free int) bool { return x >= free })
		if lane < 0 {
			lane = len(lanes)
			lanes = append(lanes, 0)
		}
		lanes[lane] = x + eventLane
		t.Marks = append(t.Marks, timelineMark{X: x, Y: y + lane*eventLane + 8, N: e.N, Class: e.Class})
	}
	return y + max(1, len(lanes))*eventLane + 6
}

// clip returns a span of time in columns, at least one wide, and whether any of it is on the bar.
func (b bar) clip(from, to time.Time) (x, w int, ok bool) {
	if to.Before(b.from) || from.After(b.to) {
		return 0, 0, false
	}
	x = max(b.column(from), 0)
	return x, max(2, min(b.column(to), b.columns)-x), true
}

func (r *reporter) windowSpans(b bar, w probes.Window) []timelineSpan {
	class := map[probes.WindowSource]string{probes.Observed: "down", probes.Announced: "notice", probes.Foretold: "maintenance", probes.Blind: "unknown"}[w.Source]
	end := until(w, r.Now)
	sure := surelyUntil(w, r.Now)
	if w.Lapsed {
		sure = w.Start
	}
	var spans []timelineSpan
	add := func(from, to time.Time, class string) {
		if x, width, ok := b.clip(from, to); ok && to.After(from) {
			title := r.moment(from) + " – " + r.moment(to)
			spans = append(spans, timelineSpan{X: x, W: width, Class: class, Title: title})
		}
	}
	add(w.Earliest(), w.Start, class+" perhaps")
	add(sure, end, class+" perhaps")
	add(w.Start, sure, class)
	return spans
}

// probeNames are the probes whose runs are drawn: first those of the window, in the order in which they failed.
func (r *reporter) probeNames() []string {
	const most = 14
	var names []string
	for _, name := range r.Window.Probes {
		if slices.ContainsFunc(r.results, func(result probes.Result) bool { return result.Probe == name }) {
			names = append(names, name)
		}
	}
	for _, result := range slices.Concat(r.results, r.References) {
		if !slices.Contains(names, result.Probe) {
			names = append(names, result.Probe)
		}
	}
	return names[:min(len(names), most)]
}

// runSpans draws the runs of a probe: where several share a column, the worst of them.
func (r *reporter) runSpans(b bar, name string) []timelineSpan {
	worst := map[int]probes.Result{}
	for _, result := range slices.Concat(r.results, r.References) {
		if result.Probe != name {
			continue
		}
		if x, _, ok := b.clip(result.Start, result.End()); ok {
			x = x / 3 * 3
			if seen, there := worst[x]; !there || severity(result.Outcome) > severity(seen.Outcome) {
				worst[x] = result
			}
		}
	}
	var spans []timelineSpan
	for x, result := range worst {
		title := fmt.Sprintf("%s %s %s", r.moment(result.Start), OutcomeWord(result.Outcome, r.Lang), Words(result.Reason, r.Lang))
		spans = append(spans, timelineSpan{X: x, W: 3, Class: result.Outcome.String(), Title: title})
	}
	slices.SortFunc(spans, func(a, b timelineSpan) int { return cmp.Compare(a.X, b.X) })
	return spans
}

// severity orders outcomes by how much a reader must not miss them.
func severity(o probes.Outcome) int {
	return slices.Index([]probes.Outcome{probes.Up, probes.Degraded, probes.Maintenance, probes.Unknown, probes.Down}, o)
}
