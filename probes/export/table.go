package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"mynaprobe/probes"
)

// Options say how windows are shown to people.
type Options struct {
	// From and To bound the time that is shown; a zero From is the earliest window's start, a zero To the latest moment that
	// any window knows of. To is also what open windows are measured to, so it should be the present where that is meant.
	From, To time.Time
	// Width is the number of columns there are; 0 means 80.
	Width int
	// Color uses ANSI colours; meant for terminals only. No meaning is carried by colour alone.
	Color bool
	// ASCII draws bars without block characters, for terminals that show those two columns wide or not at all.
	ASCII bool
	// Location is the zone of the times; nil means time.Local.
	Location *time.Location
	Lang     Lang
}

// fill sets what the caller left to us.
func (o Options) fill(windows []probes.Window) Options {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	var first, last time.Time
	for _, w := range windows {
		if first.IsZero() || w.Earliest().Before(first) {
			first = w.Earliest()
		}
		last = later(last, later(later(w.Start, w.Opened), until(w, w.Start)))
	}
	if o.To.IsZero() {
		o.To = last
	}
	if o.From.IsZero() {
		o.From = first
	}
	if !o.To.After(o.From) {
		o.To = o.From.Add(time.Minute)
	}
	o.From, o.To = o.From.In(o.Location), o.To.In(o.Location)
	return o
}

// sourceStyles are the ANSI colours of windows by source.
var sourceStyles = map[probes.WindowSource]style{
	probes.Observed:  {sgr: "31"},
	probes.Announced: {sgr: "33"},
	probes.Foretold:  {sgr: "34"},
	probes.Blind:     {sgr: "35"},
}

// Table writes windows for a terminal: first a bar over time for each probe or flow and source, then each window with
// both of its ends and how sure they are. Its error is that of the writer.
func Table(w io.Writer, windows []probes.Window, opts Options) error {
	opts = opts.fill(windows)
	out := bufio.NewWriter(w)
	t := windowTable{w: out, opts: opts, windows: byStart(windows)}
	if len(windows) == 0 {
		t.nothing()
	} else {
		t.bars()
		fmt.Fprintln(out)
		t.list()
	}
	return out.Flush()
}

type windowTable struct {
	w       io.Writer
	opts    Options
	windows []probes.Window
}

func (t *windowTable) line(text string) { fmt.Fprintln(t.w, strings.TrimRight(text, " ")) }

func (t *windowTable) minute(at time.Time) string {
	return at.In(t.opts.Location).Format("2006-01-02 15:04")
}

// second shows a moment to the second, with its date where that is not the one before.
func (t *windowTable) second(at, after time.Time) string {
	at, after = at.In(t.opts.Location), after.In(t.opts.Location)
	if at.Format(time.DateOnly) == after.Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}

func (t *windowTable) nothing() {
	text := t.opts.Lang.of("No windows are known", "停止期間の記録はありません")
	if !t.opts.From.IsZero() && t.opts.From.Year() > 1 {
		text += fmt.Sprintf(t.opts.Lang.of(" between %s and %s", "（%s ～ %s）"), t.minute(t.opts.From), t.minute(t.opts.To))
	}
	t.line(text + t.opts.Lang.of(".", "。"))
	for _, line := range wrap(t.opts.Lang.of("Time in which nothing was observed may have had some all the same.",
		"観測していない時間に停止があった可能性は残ります。"), t.opts.Width) {
		t.line(line)
	}
}

// barRow is one row of bars: all windows of one name, source and location.
type barRow struct {
	name   string
	source probes.WindowSource
}

func (t *windowTable) bars() {
	lang := t.opts.Lang
	rows, order := map[barRow][]probes.Window{}, []barRow{}
	for _, w := range t.windows {
		row := barRow{name: t.label(w), source: w.Source}
		if rows[row] == nil {
			order = append(order, row)
		}
		rows[row] = append(rows[row], w)
	}
	nameWidth, sourceWidth := 0, 0
	for _, row := range order {
		nameWidth = max(nameWidth, width(row.name))
		sourceWidth = max(sourceWidth, width(SourceWord(row.source, lang)))
	}
	nameWidth = min(nameWidth, max(8, t.opts.Width*3/10))
	b := bar{t.opts.From, t.opts.To, max(20, t.opts.Width-nameWidth-sourceWidth-2)}
	t.line(fmt.Sprintf(lang.of("%s to %s (%s); %s", "%s ～ %s（%s）、%s"), t.minute(b.from), t.minute(b.to), b.from.Format("MST"), b.scale(lang)))
	t.line(strings.Repeat(" ", nameWidth+sourceWidth+2) + b.axis())
	marks := blockMarks
	if t.opts.ASCII {
		marks = asciiMarks
	}
	used := ""
	last := ""
	for _, row := range order {
		name := row.name
		if name == last {
			name = ""
		}
		last = row.name
		drawn := b.draw(rows[row], marks)
		used += drawn
		if t.opts.Color {
			drawn = colored(drawn, marks.none, sourceStyles[row.source])
		}
		t.line(pad(cut(name, nameWidth), nameWidth) + " " + pad(SourceWord(row.source, lang), sourceWidth) + " " + drawn)
	}
	t.legend(marks, used)
}

// colored paints the marks of a bar, and its empty columns faintly.
func colored(drawn string, none rune, s style) string {
	var b strings.Builder
	for drawn != "" {
		end := strings.IndexFunc(drawn, func(r rune) bool { return r != none })
		if end < 0 {
			end = len(drawn)
		}
		if end > 0 {
			b.WriteString(faint(drawn[:end], true))
			drawn = drawn[end:]
			continue
		}
		if end = strings.IndexRune(drawn, none); end < 0 {
			end = len(drawn)
		}
		b.WriteString(s.paint(drawn[:end], true))
		drawn = drawn[end:]
	}
	return b.String()
}

// label is what a window is about, in one short text.
func (t *windowTable) label(w probes.Window) string {
	name := clean(w.Name)
	if name == "" {
		name = scopeWord(w.Scope, t.opts.Lang)
	}
	if w.Location != "" && w.Location != "default" {
		name += " @" + clean(w.Location)
	}
	return name
}

func (t *windowTable) legend(marks barMarks, used string) {
	lang := t.opts.Lang
	var parts []string
	for _, m := range []struct {
		mark              rune
		english, japanese string
	}{
		{marks.sure, "out", "停止"},
		{marks.perhaps, "perhaps out", "停止の可能性"},
		{marks.planned, "planned", "計画された停止"},
		{marks.blind, "prober blind", "監視側の問題で不明"},
		{marks.ongoing, "not over", "継続中"},
	} {
		if strings.ContainsRune(used, m.mark) {
			parts = append(parts, string(m.mark)+" "+lang.of(m.english, m.japanese))
		}
	}
	for _, line := range wrap(strings.Join(parts, "   "), t.opts.Width) {
		t.line(faint(line, t.opts.Color))
	}
}

func (t *windowTable) list() {
	lang := t.opts.Lang
	headings := []string{lang.of("SOURCE", "出所"), lang.of("WHAT", "対象"), lang.of("START", "開始"), lang.of("END", "終了"), lang.of("LENGTH", "長さ")}
	widths := []int{width(headings[0]), width(headings[1]), 16, 16, width(headings[4])}
	for _, w := range t.windows {
		widths[0] = max(widths[0], width(SourceWord(w.Source, lang)))
		widths[1] = max(widths[1], width(t.label(w)))
		widths[4] = max(widths[4], width(t.length(w)))
	}
	widths[1] = min(widths[1], max(8, t.opts.Width-widths[0]-widths[2]-widths[3]-widths[4]-8))
	row := func(cells ...string) string {
		var b strings.Builder
		for i, cell := range cells {
			if i > 0 {
				b.WriteString("  ")
			}
			if i == len(cells)-1 {
				b.WriteString(padLeft(cell, widths[i]))
			} else {
				b.WriteString(pad(cut(cell, widths[i]), widths[i]))
			}
		}
		return b.String()
	}
	t.line(faint(row(headings...), t.opts.Color))
	for _, w := range t.windows {
		source := row(SourceWord(w.Source, lang), t.label(w), t.minute(w.Start), t.end(w), t.length(w))
		if t.opts.Color {
			word := SourceWord(w.Source, lang)
			source = sourceStyles[w.Source].paint(word, true) + strings.TrimPrefix(source, word)
		}
		t.line(source)
		for _, detail := range t.details(w) {
			for i, line := range wrap(detail, t.opts.Width-6) {
				if i > 0 {
					line = "  " + line
				}
				t.line("    " + line)
			}
		}
	}
}

func (t *windowTable) end(w probes.Window) string {
	switch {
	case w.End != nil:
		return t.minute(*w.End)
	case w.Lapsed, w.Withdrawn:
		return t.opts.Lang.of("(not told)", "（不明）")
	}
	return t.opts.Lang.of("(not over)", "（継続中）")
}

func (t *windowTable) length(w probes.Window) string {
	switch {
	case w.End == nil && !w.Open():
		return "?"
	case w.End == nil:
		return brief(until(w, t.opts.To).Sub(w.Start), t.opts.Lang) + "+"
	}
	return brief(w.End.Sub(w.Start), t.opts.Lang)
}

// details are what is known of a window beyond its row, a sentence each.
func (t *windowTable) details(w probes.Window) []string {
	lang := t.opts.Lang
	var all []string
	add := func(english, japanese string, args ...any) {
		all = append(all, fmt.Sprintf(lang.of(english, japanese), args...))
	}
	if len(w.Marks) > 0 {
		all = append(all, lang.of("corrected: ", "訂正: ")+t.mark(w.Marks[len(w.Marks)-1]))
	}
	if w.Withdrawn {
		add("the notice was taken back", "告知は取り下げられました")
	}
	if w.Lapsed {
		add("the notice gives no end and was not touched any more; no longer believed", "終了の告知がないまま更新が途絶えたため、継続中とは見なしていません")
	}
	if text := t.certainty(w); text != "" {
		all = append(all, text)
	}
	why := Words(w.Reason, lang)
	if why != "" && w.Message != "" {
		why += ": "
	}
	if why += clean(w.Message); why != "" {
		all = append(all, why)
	}
	if len(w.Probes) > 0 && !(len(w.Probes) == 1 && w.Probes[0] == w.Name) {
		add("probes in the order in which they failed: %s", "失敗したプローブ（順）: %s", clean(strings.Join(w.Probes, lang.of(", ", "、"))))
	}
	if w.Unobserved > 0 {
		add("%s of it were not observed", "うち %s は観測できていません", length(w.Unobserved.Duration(), lang))
	}
	if w.Flaps > 0 {
		add("came back for a moment, %d×", "途中で一時的に回復: %d 回", w.Flaps)
	}
	if w.Notice != nil && *w.Notice != "" {
		add("notice: %s", "告知: %s", clean(*w.Notice))
	}
	if text := t.firstToKnow(w); text != "" {
		all = append(all, text)
	}
	add("id %s", "ID %s", clean(w.ID))
	return all
}

// mark tells of a correction: what, by whom, when, and why.
func (t *windowTable) mark(m probes.Mark) string {
	text := markWord(m.As, t.opts.Lang) + ", " + t.minute(m.At)
	if by := clean(m.By); by != "" {
		text += ", " + by
	}
	if note := clean(m.Note); note != "" {
		text += ": " + note
	}
	return text
}

// certainty says between which moments the window began and ended.
func (t *windowTable) certainty(w probes.Window) string {
	lang := t.opts.Lang
	if w.Source == probes.Announced || w.Source == probes.Foretold {
		if w.Approximate {
			return lang.of("times as announced, given as approximate", "時刻は告知による（おおよその時刻）")
		}
		return ""
	}
	if w.Source == probes.Blind && w.StartNotBefore == nil {
		return ""
	}
	began := fmt.Sprintf(lang.of("began by %s, no good run is known before", "開始: %s 以前（それより前の正常な観測なし）"), t.second(w.Start, time.Time{}))
	if w.StartNotBefore != nil {
		began = fmt.Sprintf(lang.of("began between %s and %s", "開始: %s ～ %s の間"), t.second(*w.StartNotBefore, time.Time{}), t.second(w.Start, *w.StartNotBefore))
	}
	if w.End == nil || w.EndNotBefore == nil {
		return began
	}
	return began + fmt.Sprintf(lang.of("; ended between %s and %s", "、終了: %s ～ %s の間"), t.second(*w.EndNotBefore, w.Start), t.second(*w.End, *w.EndNotBefore))
}

// firstToKnow compares an observed window of a flow with the first announcement that overlaps it.
func (t *windowTable) firstToKnow(w probes.Window) string {
	lang := t.opts.Lang
	if w.Source != probes.Observed || w.Scope != probes.ScopeFlow {
		return ""
	}
	for _, a := range t.windows {
		if a.Source != probes.Announced || refuted(a) || a.FlowName() != w.Name || !overlap(a, w) {
			continue
		}
		lead, known := FirstToKnow(w, a, time.Time{})
		switch {
		case !known:
		case lead >= 0:
			return fmt.Sprintf(lang.of("known here %s, %s before its announcement was seen", "当方の検知は %s（告知の確認より %s 早い）"), t.minute(w.Opened), length(lead, lang))
		default:
			return fmt.Sprintf(lang.of("known here %s, %s after its announcement was seen", "当方の検知は %s（告知の確認より %s 遅い）"), t.minute(w.Opened), length(-lead, lang))
		}
	}
	return ""
}

// AtText writes the answer to "was this moment inside an outage?", for somebody who has a person on the telephone.
func AtText(w io.Writer, covers []Cover, at time.Time, opts Options) error {
	var windows []probes.Window
	for _, c := range covers {
		windows = append(windows, c.Window)
	}
	opts = opts.fill(windows)
	out := bufio.NewWriter(w)
	t := windowTable{w: out, opts: opts, windows: windows}
	moment := at.In(opts.Location).Format("2006-01-02 15:04:05 MST")
	certain := 0
	for _, c := range covers {
		if c.Certain {
			certain++
		}
	}
	answer := opts.Lang.of("No known window covers %s.", "%s を含む停止期間は記録されていません。")
	switch {
	case certain > 0:
		answer = opts.Lang.of("Yes: %s lies inside an outage window.", "はい。%s は停止期間に含まれます。")
	case len(covers) > 0:
		answer = opts.Lang.of("Perhaps: %s lies within the uncertainty of an outage window.", "可能性があります。%s は停止期間の開始または終了の不確かな時間帯に含まれます。")
	}
	for _, line := range wrap(fmt.Sprintf(answer, moment), opts.Width) {
		t.line(line)
	}
	if len(covers) > 0 {
		fmt.Fprintln(out)
		t.list()
	}
	return out.Flush()
}
