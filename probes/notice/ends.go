package notice

import (
	"slices"
	"time"
)

// otherTerm reports whether what is extended or moved is the term of something else: 受付期間を2月28日まで延長.
func (p *parser) otherTerm(rd *reading) bool {
	return containsAny(p.text(max(0, rd.from-14), rd.from), "期限", "受付", "申込", "募集", "販売", "提出", "締切", "有効", "応募", "納期")
}

func (a *assembler) end(rd *reading, kind eventKind, role role) {
	if rd.a.vague {
		a.contextOf(rd, false)
		return
	}
	dir := either
	var t time.Time
	var ok bool
	if a.open >= 0 && rd.a.hasDate && rd.a.date.month == 0 && rd.a.date.day > 0 && rd.a.date.base == baseNone {
		dir = forward
	}
	if pending := a.pending(); pending != nil {
		probe := mention{a: point{hasClock: true}, b: rd.a}
		if rd.a.hasClock && !rd.a.hasDate {
			probe.a.clock = pending.clock
			shareHalf(&probe.a, &rd.a)
		}
	}
	if dir == forward && a.windows[a.open].hasStart {
		a.r.context = midnight(a.windows[a.open].start)
	}
	t, ok = a.r.when(rd.a, dir)
	if !ok {
		return
	}
	if rd.a.dateOnly() && rd.dayEnd || a.open < 0 && a.night && !rd.a.hasDate && t.Hour() < 12 {
		t = t.AddDate(0, 0, 1)
	}
	if role == roleExtend {
		if a.extend(rd, t) {
			return
		}
	}
	if a.open < 0 && a.again >= 0 {
		w := a.windows[a.again]
		a.again = -1
		if t.After(w.start) && !t.Equal(w.end) {
			w.line, w.services, w.approx = rd.line, nil, vagueText(startText(a.p, w))
			a.setEnd(&w, rd, rd.a, t, true)
			a.windows = append(a.windows, w)
			return
		}
	}
	if a.open >= 0 {
		w := &a.windows[a.open]
		if !rd.a.hasDate && !t.After(w.start) && w.start.Sub(t) < day {
			t = t.AddDate(0, 0, 1)
			a.r.context = a.r.context.AddDate(0, 0, 1)
		}
		if !t.Before(w.start) {
			a.setEnd(w, rd, rd.a, t, true)
			w.endRole = roleEnd
			a.open = -1
			return
		}
	}
	for i := range a.windows {
		w := &a.windows[i]
		if kind == outage && !rd.a.dateOnly() && w.hasStart && w.endDate && midnight(t).AddDate(0, 0, 1).Equal(w.end) && t.After(w.start) {
			w.approx = w.approx && (w.startDate || vagueText(startText(a.p, *w)))
			a.setEnd(w, rd, rd.a, t, true) // the hour of the day that was given before
			w.endRole = roleEnd
			return
		}
		if kind == outage && rd.a.dateOnly() && w.hasStart && w.hasEnd {
			return // from the next day on all was as usual
		}
		if w.hasEnd && w.end.Equal(t) {
			w.approx = w.approx || rd.a.approx && !(w.labelled && w.ranged)
			return
		}
	}
	// a second end for what has ended already says less than the first
	if kind == outage && (rd.until || rd.asOf || rd.since) {
		for i := range a.windows {
			if a.windows[i].hasEnd {
				return
			}
		}
	}
	if n := len(a.windows); kind == outage && n > 0 && a.p.timeline[rd.line] {
		if w := &a.windows[n-1]; a.p.timeline[w.line] && w.hasStart && w.endRole == roleEnd && w.end.Before(t) {
			a.setEnd(w, rd, rd.a, t, true) // step by step
			return
		}
	}
	for i := len(a.windows) - 1; i >= 0 && !rd.until; i-- {
		w := &a.windows[i]
		if !w.hasStart || !w.hasEnd || w.end.After(t) || t.Sub(w.end) > 3*day {
			continue
		}
		// the power came back first and the service last; reopening follows the last day of a stop given in dates
		if kind == outage && speaksOfAll(a.p, rd) && !(w.ranged && len(a.p.lines[rd.line].cells) > 1) || w.endDate && t.Sub(w.end) < day && !a.p.desk(rd) {
			a.setEnd(w, rd, rd.a, t, true)
			w.endRole = roleEnd
			return
		}
	}
	if kind == maintenance && slices.ContainsFunc(a.windows, func(o window) bool {
		return o.hasEnd && !t.Before(o.end) && t.Sub(o.end) < day
	}) {
		return // what is open again in the morning after the work
	}
	if kind == outage && slices.ContainsFunc(a.windows, func(o window) bool { return o.ranged && !t.Before(o.end) && t.Sub(o.end) < 2*day }) {
		return // what was done once the spans that the notice gives were over
	}
	from, to := a.p.sentence(rd.from)
	if kind == outage && !a.p.find(from, to, cRecover|cResume) && slices.ContainsFunc(a.windows, func(o window) bool { return o.hasStart && o.hasEnd && !t.Before(o.end) }) {
		return // that all is as usual
	}
	w := window{kind: kind, line: rd.line, sentence: from}
	a.setEnd(&w, rd, rd.a, t, true)
	w.endRole = roleEnd
	a.windows = append(a.windows, w)
}

// desk reports whether it is a desk that is open again then, and not the service: 窓口は1月5日8時30分から.
func (p *parser) desk(rd *reading) bool {
	from, _ := p.sentence(rd.from)
	return containsAny(p.text(from, rd.from), "窓口は", "庁舎は", "役所は", "店舗は", "電話受付は", "受付は")
}

// speaksOfAll reports whether the clause behind an end speaks of everything.
func speaksOfAll(p *parser, rd *reading) bool {
	if p.inEnglish() {
		from, to := p.sentence(rd.from)
		return containsAny(p.text(from, to), "all services", "all functions", "all systems", "All services", "All functions", "All systems", "fully", "completely", "remaining", "the rest", "returned to normal")
	}
	return containsAny(p.text(rd.to, min(len(p.toks), rd.to+12)), "全", "すべて", "完全", "最終", "残る", "残り")
}

// vagueText reports whether the text of a bound marks it as inexact.
func vagueText(s string) bool {
	return containsAny(s, "頃", "ごろ", "すぎ", "過ぎ", "approx", "Approx", "around", "Around", "about", "About")
}

// startText is the text of a window's start, folded.
func startText(p *parser, w window) string { return p.src.slice(w.startFrom, w.startTo) }

type pendingStart struct{ clock clock }

// pending returns the start that waits for its end, where it was given in halves of the day.
func (a *assembler) pending() *pendingStart {
	if a.open < 0 {
		return nil
	}
	w := &a.windows[a.open]
	if !w.hasStart || w.startDate {
		return nil
	}
	s := string(a.p.src.runes[w.startFrom:w.startTo])
	if !containsAny(s, "午後", "夜", "夕方") {
		return nil
	}
	h := w.start.Hour()
	if h < 12 {
		return nil
	}
	return &pendingStart{clock{hour: h - 12, minute: w.start.Minute(), half: halfPM}}
}

// extend moves the end of the window that was told last.
func (a *assembler) extend(rd *reading, t time.Time) bool {
	if from, to := a.p.sentence(rd.from); !containsAny(a.p.text(from, to), "短縮", "早め", "繰り上げ", "前倒し") && slices.ContainsFunc(a.windows, func(w window) bool {
		return (w.labelled || w.ranged) && w.hasEnd && w.end.After(t)
	}) {
		return true // what an older report had moved it to
	}
	for i := len(a.windows) - 1; i >= 0; i-- {
		w := &a.windows[i]
		if !w.hasEnd {
			continue
		}
		if !rd.a.hasDate {
			for !t.After(w.start) {
				t = t.AddDate(0, 0, 1)
			}
		}
		if t.Before(w.start) {
			continue
		}
		a.setEnd(w, rd, rd.a, t, true)
		a.open = -1
		return true
	}
	return false
}

// isPublicationDay reports whether a date alone is that on which the notice was published.
func (p *parser) isPublicationDay(rd *reading) bool {
	if p.published.IsZero() || rd.a.date.base != baseNone {
		return false
	}
	y, m, d := p.published.Date()
	return rd.a.date.year == y && rd.a.date.month == int(m) && rd.a.date.day == d && rd.role != roleEnd && rd.line <= p.title+2 && !p.hasEventIn(rd)
}

func (p *parser) hasEventIn(rd *reading) bool {
	from, to := p.sentence(rd.from)
	return p.find(from, to, cHappen|cDo|cStop)
}
