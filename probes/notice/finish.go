package notice

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// finish drops what better bounds have made needless and puts the rest in order.
func (a *assembler) finish(main eventKind) []window {
	ws := a.windows
	if slices.ContainsFunc(ws, func(w window) bool { return !w.loose }) {
		ws = slices.DeleteFunc(ws, func(w window) bool { return w.loose })
	}
	if main == outage && slices.ContainsFunc(ws, func(w window) bool { return w.hasStart && !w.startDate && !a.p.timeline[w.line] }) {
		// what the notice says of the whole counts for more than an account of what happened when
		for _, t := range ws {
			if n := len(ws); a.p.timeline[t.line] && t.hasEnd && !t.endDate {
				for i := range ws[:n] {
					if w := &ws[i]; !a.p.timeline[w.line] && w.hasStart && !w.startDate && !w.hasEnd && t.end.After(w.start) {
						w.end, w.hasEnd, w.endRole, w.endFrom, w.endTo = t.end, true, t.endRole, t.endFrom, t.endTo
					}
				}
			}
		}
		ws = slices.DeleteFunc(ws, func(w window) bool { return a.p.timeline[w.line] })
	}
	ws = a.withoutParts(ws)
	precise := func(w window) bool { return !(w.startDate || !w.hasStart) || !(w.endDate || !w.hasEnd) }
	strong := false
	for _, w := range ws {
		strong = strong || w.hasStart && !w.weak && precise(w)
	}
	var out []window
	for i, w := range ws {
		if w.hasStart && w.hasEnd && w.end.Before(w.start) {
			continue
		}
		drop := w.startDate && !w.hasEnd && !w.labelled && slices.ContainsFunc(ws, func(o window) bool {
			return o.hasStart && !o.startDate && o.kind == w.kind && (o.hasEnd || !w.start.Before(o.start))
		})
		drop = drop || w.kind == outage && w.startDate && !w.labelled && slices.ContainsFunc(ws[:i], func(o window) bool {
			return o.kind == outage && o.hasStart && o.hasEnd && o.line < w.line && w.start.After(o.start) && w.start.Before(o.end) && (!w.hasEnd || !w.end.After(o.end))
		}) // its phases, day by day
		drop = drop || w.kind == outage && w.startDate && !w.labelled && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.labelled && o.ranged && o.hasStart && o.hasEnd && !o.startDate && o.line < w.line
		}) // what it did to data of other days
		drop = drop || w.kind == outage && w.startDate && w.hasEnd && !w.labelled && a.labelledWithin(w) > 1 // what its spans lie in
		drop = drop || w.endDate && w.hasStart && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == w.kind && o.hasStart && o.hasEnd && !o.endDate && o.start.Equal(w.start) && midnight(o.end).AddDate(0, 0, 1).Equal(w.end)
		}) // the day on which it ended, told once more
		drop = drop || w.startDate && w.hasEnd && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == w.kind && o.hasStart && !o.startDate && o.hasEnd && o.end.Equal(w.end) && midnight(o.start).Equal(w.start)
		}) // the day of it, told once more
		drop = drop || w.wholeDay && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == w.kind && o.ranged && !o.startDate && !w.start.Before(o.start) && !w.end.After(o.end) && !(o.line != w.line && (a.row(w) && a.row(o) || a.under(w) && a.under(o) || a.headed(w) && a.headed(o) || a.p.lines[w.line].heads && a.p.lines[o.line].heads))
		}) // a day in the midst of it
		drop = drop || w.kind == maintenance && w.hasEnd && slices.ContainsFunc(ws, func(o window) bool {
			return o.line < w.line && o.kind == maintenance && o.hasStart && o.hasEnd && !o.start.Before(w.start) && !o.end.After(w.end) && !w.start.Equal(o.start) && a.p.ruled(o.line, w.line) && a.r.past
		}) // what was planned, below what came of it
		drop = drop || w.ranged && slices.ContainsFunc(ws, func(o window) bool {
			return o.ranged && o.hasStart && o.hasEnd && o.line > w.line && o.line <= w.line+2 && !o.start.Before(w.start) && !o.end.After(w.end) && a.p.lines[o.line].label != a.p.lines[w.line].label && containsAny(a.p.lines[o.line].label, "停電時間", "停止時間", "影響発生", "影響時間", "影響のある時間", "切断時間")
		}) // 作業時間 1:00~5:30 | 影響発生時間帯 2:00~4:00
		drop = drop || w.kind == maintenance && !w.hasStart && slices.ContainsFunc(ws, func(o window) bool { return o.hasStart && o.hasEnd && o.kind == w.kind })
		drop = drop || w.kind == maintenance && w.hasStart && !w.hasEnd && !w.labelled && slices.ContainsFunc(ws, func(o window) bool {
			return o.labelled && o.kind == maintenance && o.hasStart && o.hasEnd && w.start.Before(o.start)
		}) // what is not possible in the days before
		drop = drop || w.kind == outage && slices.ContainsFunc(ws, func(o window) bool {
			return o.labelled && o.kind == outage && o.hasEnd && w.hasStart && w.hasEnd && !w.labelled && w.line > o.line &&
				!w.start.Before(o.start) && !w.end.After(o.end) && w.end.Sub(w.start) < o.end.Sub(o.start)
		}) && !(w.ranged && a.p.member(w.line, a.p.tokenAt(a.p.lines[w.line], w.startFrom))) // its phases
		drop = drop || w.kind == outage && !w.hasStart && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.hasStart && o.hasEnd && !w.end.Before(o.start) && (!w.end.After(o.end) || w.endDate && midnight(o.end).AddDate(0, 0, 1).Equal(w.end))
		}) // a part was back earlier, or the day of the end was told once more
		drop = drop || w.kind == outage && !w.hasStart && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.hasStart && o.hasEnd && w.end.After(o.end) && w.end.Sub(o.end) < day
		}) // when it was reported to be over, or all ran on time again
		drop = drop || w.kind == outage && w.hasStart && !w.hasEnd && !w.labelled && !a.p.find(a.p.lines[w.line].first, a.p.lines[w.line].last, cHappen) && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.labelled && o.hasStart && o.hasEnd && !o.endDate && o.line < w.line && !w.start.Before(o.end) && w.start.Sub(o.end) < day && a.p.inEnglish() && !w.startDate
		}) // 11:55 The service is available again
		drop = drop || w.kind == outage && w.hasStart && !w.hasEnd && !a.row(w) && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.ranged && o.hasStart && o.hasEnd && o.line < w.line && w.start.After(o.start) && w.start.Before(o.end)
		}) // a step of it
		drop = drop || w.kind == outage && w.hasStart && w.hasEnd && !w.ranged && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.labelled && o.ranged && o.hasEnd && o.start.Equal(w.start) && o.end.Before(w.end)
		}) // when it was reported to be over
		drop = drop || w.kind == outage && w.ranged && strings.HasPrefix(startText(a.p, w), "本日") && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && (o.labelled || o.line == a.p.title) && o.hasEnd && o.start.Equal(w.start.Add(-day)) && o.end.Equal(w.end.Add(-day))
		}) // 本日, in a text that was written on the day and published on the next
		drop = drop || w.kind == outage && w.approx && w.hasStart && w.hasEnd && w.start.Minute() == 0 && w.end.Minute() == 0 && !w.startDate && slices.ContainsFunc(ws, func(o window) bool {
			return o.kind == outage && o.hasStart && o.hasEnd && o.start.Minute() > 0 && o.end.Minute() > 0 && w.start.Sub(o.start).Abs() < time.Hour && w.end.Sub(o.end).Abs() < time.Hour
		}) // the hours of it, where the minutes are told, too
		if w.weak && !w.hasEnd && strong {
			drop = true
		}
		if w.weak && w.hasEnd && strong {
			// noticed later than begun: the end belongs to the start
			for j := range ws {
				o := &ws[j]
				if j != i && o.hasStart && !o.weak && !o.hasEnd && !o.start.After(w.start) {
					o.end, o.hasEnd, o.endDate, o.endRole = w.end, true, w.endDate, w.endRole
					o.endFrom, o.endTo = w.endFrom, w.endTo
					o.approx = o.approx || w.approx
					for n := range out {
						if out[n].start.Equal(o.start) && !out[n].hasEnd {
							out[n] = *o
						}
					}
					drop = true
					break
				}
			}
		}
		if !precise(w) || w.startDate && !w.hasEnd || !w.hasStart && w.endDate {
			for j, o := range ws {
				if j == i || !precise(o) || w.kind != o.kind {
					continue
				}
				if (w.labelled || a.p.named(w.line, a.p.tokenAt(a.p.lines[w.line], w.startFrom))) && w.ranged && w.hasStart && w.hasEnd && o.ranged && o.hasStart && o.hasEnd && w.line != o.line && !midnight(o.start).Equal(w.start) && !midnight(o.end.Add(-1)).AddDate(0, 0, 1).Equal(w.end) {
					continue // another service, for other days
				}
				if a.headed(w) && a.headed(o) && w.line != o.line {
					continue // each under a name of its own
				}
				if overlapsDays(w, o) && !(w.hasStart && w.hasEnd && o.ranged && a.listed(w, o)) {
					drop = true
				}
			}
		}
		if !drop {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(x, y window) int {
		return cmp.Or(bound(x).Compare(bound(y)), x.end.Compare(y.end))
	})
	return joinPhases(joinEnds(out))
}

// joinEnds makes one window of two where one has but a start and the other but an end, as in notices that tell the end first.
func joinEnds(ws []window) []window {
	if len(ws) != 2 || ws[0].kind != ws[1].kind {
		return ws
	}
	w, o := ws[0], ws[1]
	if !w.hasStart {
		w, o = o, w
	}
	if !w.hasStart || w.hasEnd || o.hasStart || !o.hasEnd || !o.end.After(w.start) {
		return ws
	}
	w.end, w.hasEnd, w.endDate, w.endRole, w.endApprox, w.endFrom, w.endTo = o.end, true, o.endDate, o.endRole, o.endApprox, o.endFrom, o.endTo
	w.approx = w.approx || o.approx
	return []window{w}
}

// withoutParts leaves out the spans of single services or servers that a notice lists below the labelled span of the whole
// failure, where the whole begins with the first of them and ends with the last.
func (a *assembler) withoutParts(ws []window) []window {
	for _, whole := range ws {
		if whole.kind != outage || !whole.labelled || !whole.hasStart || !whole.hasEnd || whole.startDate || whole.endDate {
			continue
		}
		part := func(w window) bool {
			return w.kind == outage && w.ranged && w.line > whole.line && !w.start.Before(whole.start) && !w.end.After(whole.end) && w.end.Sub(w.start) < whole.end.Sub(whole.start)
		}
		parts, first, last := 0, false, false
		for _, w := range ws {
			if part(w) {
				parts++
				first, last = first || w.start.Equal(whole.start), last || w.end.Equal(whole.end)
			}
		}
		if parts > 1 && first && last {
			return slices.DeleteFunc(ws, part)
		}
	}
	return ws
}

// joinPhases makes one of failures that are told in one breath and of which one begins when the other ends.
func joinPhases(ws []window) []window {
	for i := len(ws) - 1; i > 0; i-- {
		w, next := &ws[i-1], ws[i]
		if w.kind == outage && next.kind == outage && w.line == next.line && w.hasStart && w.hasEnd && next.hasStart && next.hasEnd && !w.endDate && w.end.Equal(next.start) {
			w.end, w.endFrom, w.endTo, w.endRole, w.endDate = next.end, next.endFrom, next.endTo, next.endRole, next.endDate
			w.approx = w.approx || next.approx
			ws = slices.Delete(ws, i, i+1)
		}
	}
	return ws
}

// labelledWithin counts the spans under a label that lie within a window.
func (a *assembler) labelledWithin(w window) int {
	n := 0
	for _, o := range a.windows {
		if o.kind == w.kind && o.labelled && o.ranged && o.hasStart && o.hasEnd && !o.startDate && !o.start.Before(w.start) && !o.end.After(w.end) {
			n++
		}
	}
	return n
}

// headed reports whether the window is a range that stands alone on its line, below a line that names what it holds for.
func (a *assembler) headed(w window) bool {
	p, ln := a.p, a.p.lines[w.line]
	above := p.above(w.line)
	if !w.ranged && !w.wholeDay || above == nil || p.hasText(ln.first, p.tokenAt(ln, w.startFrom)) {
		return false
	}
	return !p.hasTime(above.first, above.last) && p.kindAt(above.last-1) != kStop && p.toks[above.last-1].to-p.toks[above.first].from <= maxHeader && !p.find(above.first, above.last, cWhen)
}

// ruled reports whether a rule is drawn across the page between two lines.
func (p *parser) ruled(above, below int) bool { return p.lines[below].rules > p.lines[above].rules }

// row reports whether the window stands in a row of a table, behind the name of what it holds for.
func (a *assembler) row(w window) bool {
	p, ln := a.p, a.p.lines[w.line]
	k := p.tokenAt(ln, w.startFrom)
	if j := p.backOverSpace(k) - 1; p.latin(j, "From", "from") {
		k = j
	}
	return p.hasText(ln.first, k) && p.kindAt(p.backOverSpace(k)-1) == kTab
}

// under reports whether the window stands alone on its line, below a heading with a mark.
func (a *assembler) under(w window) bool {
	p, ln := a.p, a.p.lines[w.line]
	above := p.above(w.line)
	return above != nil && (p.heads(*above) || above.heads && !isTimeLabel(above.role) && !p.hasTime(above.first, above.last)) && !p.hasText(ln.first, p.tokenAt(ln, w.startFrom))
}

// listed reports whether two windows are members of a list, each with a subject of its own.
func (a *assembler) listed(w, o window) bool {
	p, x, y := a.p, a.p.lines[w.line], a.p.lines[o.line]
	return w.ranged && w.line != o.line && x.bullet && y.bullet && p.hasText(x.value, p.tokenAt(x, w.startFrom)) && p.hasText(y.value, p.tokenAt(y, o.startFrom))
}

func bound(w window) time.Time {
	if w.hasStart {
		return w.start
	}
	return w.end
}

// overlapsDays reports whether a window given in dates alone speaks of the same days as a precise one.
func overlapsDays(w, o window) bool {
	ws, we := bound(w), bound(w)
	if w.hasEnd {
		we = w.end
	}
	ws, we = midnight(ws), we.Add(day)
	os, oe := bound(o), bound(o)
	if o.hasEnd {
		oe = o.end
	}
	return !os.After(we) && !oe.Before(ws) && (w.hasEnd || !os.After(ws.Add(day-1)))
}
