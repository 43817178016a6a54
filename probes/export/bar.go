package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// A bar shows a span of time in a number of columns.
type bar struct {
	from, to time.Time
	columns  int
}

// moment returns the start of a column.
func (b bar) moment(column int) time.Time {
	return b.from.Add(time.Duration(float64(b.to.Sub(b.from)) * float64(column) / float64(b.columns)))
}

// column returns the column in which a moment lies; it may be outside of the bar.
func (b bar) column(t time.Time) int {
	share := float64(t.Sub(b.from)) / float64(b.to.Sub(b.from))
	if share < 0 {
		return -1
	}
	return int(share * float64(b.columns))
}

// The marks of a bar. A terminal shows each in one column; those of ASCII do so even where characters of ambiguous width
// are wide.
type barMarks struct{ none, sure, perhaps, planned, blind, ongoing rune }

var (
	blockMarks = barMarks{'·', '█', '░', '▒', '?', '>'}
	asciiMarks = barMarks{'.', '#', '~', '=', '?', '>'}
)

// draw returns one mark a column for the windows of one row. A window that is shorter than a column still shows.
func (b bar) draw(windows []probes.Window, marks barMarks) string {
	row := []rune(strings.Repeat(string(marks.none), b.columns))
	paint := func(from, to time.Time, mark rune, over string) {
		if !to.After(b.from) || !from.Before(b.to) || !to.After(from) {
			return
		}
		first, last := max(b.column(from), 0), b.column(to)
		if !b.moment(last).Before(to) {
			last-- // the end itself is not part of the window
		}
		for i := first; i <= min(max(last, first), b.columns-1); i++ {
			if strings.ContainsRune(over, row[i]) {
				row[i] = mark
			}
		}
	}
	windows = slices.DeleteFunc(slices.Clone(windows), refuted)
	for _, w := range windows {
		end := until(w, b.to)
		paint(w.Earliest(), w.Start, marks.perhaps, string(marks.none))
		paint(surelyUntil(w, b.to), end, marks.perhaps, string(marks.none))
	}
	for _, w := range windows {
		mark, over := marks.sure, string([]rune{marks.none, marks.perhaps, marks.planned, marks.blind})
		switch {
		case w.Source == probes.Foretold, w.MarkedAs() == "maintenance":
			mark = marks.planned
		case w.Source == probes.Blind:
			mark = marks.blind
		case w.Lapsed:
			mark, over = marks.perhaps, string(marks.none)
		}
		paint(w.Start, later(surelyUntil(w, b.to), w.Start.Add(1)), mark, over)
		if w.Open() && w.Start.Before(b.to) && w.Source != probes.Foretold {
			row[b.columns-1] = marks.ongoing
		}
	}
	return string(row)
}

// tickSteps are the distances between two labels of an axis that a person can count in.
var tickSteps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 28 * 24 * time.Hour, 91 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// A tick is a labelled moment of an axis.
type tick struct {
	at    time.Time
	label string
}

// ticks returns moments on round local times, at most so many.
func ticks(from, to time.Time, most int) []tick {
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if int(to.Sub(from)/s) < most {
			step = s
			break
		}
	}
	// Counted from local midnight, so that a step of hours falls on round hours in every zone.
	at := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	var all []tick
	for ; at.Before(to); at = nextTick(at, step) {
		if !at.Before(from) {
			all = append(all, tick{at, tickLabel(at, step)})
		}
	}
	return all
}

// nextTick steps by calendar days where a step is days long, because a day need not have 24 hours.
func nextTick(at time.Time, step time.Duration) time.Time {
	if days := int(step / (24 * time.Hour)); days > 0 {
		return at.AddDate(0, 0, days)
	}
	return at.Add(step)
}

func tickLabel(at time.Time, step time.Duration) string {
	midnight := at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0
	switch {
	case step >= 91*24*time.Hour:
		return at.Format("2006-01")
	case midnight:
		return at.Format("01-02")
	case step < time.Minute:
		return at.Format("15:04:05")
	}
	return at.Format("15:04")
}

// axis returns the line of labels above the bars.
func (b bar) axis() string {
	line := []rune(strings.Repeat(" ", b.columns))
	free := 0
	for _, t := range ticks(b.from, b.to, max(2, b.columns/9)) {
		column, label := b.column(t.at), "|"+t.label
		if column < free || column+len(label) > b.columns {
			continue
		}
		copy(line[column:], []rune(label))
		free = column + len(label) + 1
	}
	return strings.TrimRight(string(line), " ")
}

// scale says how much time a column stands for.
func (b bar) scale(lang Lang) string {
	each := b.to.Sub(b.from) / time.Duration(b.columns)
	return fmt.Sprintf(lang.of("one column is %s", "1文字 = %s"), length(each, lang))
}
