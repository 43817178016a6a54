package notice

// rangeOf finds the second point of a range.
func (p *parser) rangeOf(m *mention) bool {
	j := p.over(m.to, kSpace, kTab)
	if p.kindAt(j) == kOpen { // 22:00(予定)～, 22:00（土）～
		for n := j + 1; n < j+6; n++ {
			if p.kindAt(n) == kClose {
				if p.kindAt(p.over(n+1, kSpace)) == kRange || p.isWord(p.over(n+1, kSpace), cFrom) {
					j = p.over(n+1, kSpace)
				}
				break
			}
			if p.kindAt(n) == kNewline || p.kindAt(n) == kClock {
				break
			}
		}
	}
	if p.kindAt(j) == kNewline {
		if n := p.over(j, kNewline, kSpace); p.kindAt(n) == kRange || p.isWord(n, cFrom) {
			if b := p.over(n+1, kSpace, kNewline, kApprox); p.rune(n) != '-' || p.kindAt(b) == kDate || p.kindAt(b) == kClock {
				j = n
			}
		}
	}
	sign, from := p.kindAt(j) == kRange, p.isWord(j, cFrom)
	toWord := p.latin(j, "to", "until", "till", "through") || p.latin(j, "and") && p.between(m.from)
	after := 0
	ending := p.endingBehind(j)
	switch {
	case ending > 0:
		after = ending
	case sign, toWord:
		after = p.over(j+1, kSpace, kTab, kNewline)
		if p.kindAt(after) == kRange {
			after = p.over(after+1, kSpace, kTab, kNewline)
		}
	case from:
		if t := p.text(j, j+1); t == "以降" || t == "以後" {
			return false
		}
		after = p.over(j+1, kSpace, kTab, kNewline)
		if p.kindAt(after) == kComma || p.kindAt(after) == kRange {
			after = p.over(after+1, kSpace)
		}
	case j > m.to && m.a.hasClock && p.kindAt(j) == kClock && p.twoColumns(m, j):
		after, m.columns = j, true
	case j == m.to && m.a.hasClock && p.kindAt(j) == kClock && m.a.clock.half != halfNone && p.toks[j].clock.half != halfNone:
		after = j // 午後0:00午後2:00, where a conversion of charsets lost the wave dash
	default:
		// two cells of a table, one for each end
		if p.kindAt(p.over(m.to, kSpace)) == kTab && m.a.hasClock && p.twoCells(m, j) {
			after = j
			break
		}
		return false
	}
	if m.a.clock.hour == 24 && !m.a.hasDate && p.latin(m.to-1, "midnight", "Midnight") {
		m.a.clock.hour = 0 // midnight to 9 a.m. on Saturday
	}
	open := 0
	if p.kindAt(after) == kOpen && sign && p.toks[after].line == p.toks[j].line {
		open = 1
	}
	b, end, ok := p.point(after + open)
	if ok && open > 0 {
		if p.kindAt(end) != kClose {
			ok = false
		} else {
			end++
		}
	}
	if !ok || !b.hasClock && !b.date.dayKnown() {
		if sign && !p.sentenceBehind(j) {
			m.open, m.since, m.to = true, true, j+1
		}
		if !sign && from {
			m.since, m.to = true, j+1
		}
		if b2, end2, ok := p.minuteEnd(m, after); ok && (sign || from) {
			m.b, m.isRange, m.open, m.to = b2, true, false, end2
			p.untilWord(m)
			return true
		}
		return sign && m.open || from
	}
	if from {
		// without まで the second point may be one of its own
		j := p.over(end, kSpace)
		until := p.isWord(j, cUntil) || p.isWord(j, cDeadline) && p.text(j, j+1) == "までに" || p.text(j, min(j+1, len(p.toks))) == "の間" || p.particle(j, 'に') && p.isWord(j+1, cPlan|cDo) && p.kindAt(p.over(m.to, kSpace)+1) == kClock
		atEnd := p.kindAt(end) == kSpace && (p.toks[end].to-p.toks[end].from > 1 || isMarker(p.rune(j))) || p.kindAt(j) == kNewline || p.kindAt(j) == kTab || p.kindAt(j) == kClose || p.kindAt(j) == kStop || p.kindAt(j) == kComma && p.kindAt(p.over(m.to, kSpace)+1) != kComma || p.particle(j, 'の') || p.particle(j, 'と') || p.kindAt(j) == kOpen && p.isWord(j+1, cPlan) || p.text(j, min(j+2, len(p.toks))) == "です" || p.text(j, min(j+2, len(p.toks))) == "及び"
		if !until && (!atEnd || p.kindAt(p.over(m.to, kSpace)+1) == kComma) {
			return false
		}
	}
	if b.hasClock && b.clock.bare {
		return false
	}
	if k := p.over(end, kSpace); b.hasClock && k > end && p.kindAt(k) == kClock && p.kindAt(p.over(k+1, kSpace)) == kOpen && containsAny(p.text(k, min(k+10, len(p.toks))), "pdated", "更新", "変更", "訂正") {
		b.clock, end = p.toks[k].clock, k+1 // 9:00 - 15:00 16:00 (9/24 Updated), where the first end was struck through
		for j := end; j < k+12; j++ {
			if p.kindAt(j) == kClose {
				end = j + 1
				break
			}
		}
	}
	m.b, m.isRange, m.to = b, true, end
	p.untilWord(m)
	return true
}

// twoColumns reports whether two times end a row whose columns only spaces part, below a header that names both ends:
// システム 停止時刻 再開時刻.
func (p *parser) twoColumns(m *mention, k int) bool {
	line := p.toks[m.from].line
	if p.kindAt(p.over(k+1, kSpace)) != kNewline || !p.hasText(p.lines[line].first, m.from) {
		return false
	}
	const rows = 12
	for i := line - 1; i >= 0 && i > line-rows; i-- {
		if ln := p.lines[i]; !ln.blank && !p.hasTime(ln.first, ln.last) {
			s := p.text(ln.first, ln.last)
			return containsAny(s, "停止時刻", "停止日時", "開始時刻", "開始日時", "発生時刻", "発生日時") && containsAny(s, "再開時刻", "再開日時", "終了時刻", "終了日時", "復旧時刻", "復旧日時")
		}
	}
	return false
}

// endingBehind returns the token behind words like "and ends on" at token k, 0 when there are none.
func (p *parser) endingBehind(k int) int {
	if p.kindAt(k) == kComma {
		k = p.over(k+1, kSpace)
	}
	if p.latin(k, "and") {
		k = p.over(k+1, kSpace)
	}
	if p.latin(k, "continuing", "continues", "lasting", "lasts", "running", "runs") && p.latin(p.over(k+1, kSpace), "until", "till", "through", "to") {
		return p.over(p.over(k+1, kSpace)+1, kSpace)
	}
	if !p.latin(k, "end", "finish", "conclude", "ends", "ended", "ending", "concludes", "concluding", "finishes", "finishing") {
		return 0
	}
	for k = p.over(k+1, kSpace); p.latin(k, "on", "at"); {
		k = p.over(k+1, kSpace)
	}
	return k
}

// sentenceBehind reports whether the dash at token k only parts a time from what it says in English: 14:37 UTC - Impact began.
func (p *parser) sentenceBehind(k int) bool {
	j := p.over(k+1, kSpace)
	return p.kindAt(k-1) == kSpace && j > k+1 && isLatin(p.rune(j)) && !p.latin(j, "present", "Present", "ongoing", "Ongoing", "now", "TBD", "TBA", "unknown", "Unknown", "until", "Until") && !(p.isWord(j, cOngoing) && p.over(j+1, kSpace, kStop) >= p.lines[p.toks[k].line].last) &&
		!p.hasTime(j, p.lines[p.toks[k].line].last) && j+2 < p.lines[p.toks[k].line].last
}

// minuteEnd reads an end that gives its minutes alone: 11時30分から45分まで.
func (p *parser) minuteEnd(m *mention, k int) (b point, end int, ok bool) {
	if p.kindAt(k) != kLength || !m.a.hasClock || !p.isWord(p.over(k+1, kSpace, kApprox), cUntil) {
		return b, 0, false
	}
	rs := p.text(k, k+1)
	n := p.toks[k].num
	if n >= 60 || len(rs) < 4 || rs[len(rs)-len("分"):] != "分" {
		return b, 0, false
	}
	b = point{hasClock: true, clock: clock{minute: n, minuteOnly: true}, from: k, to: k + 1}
	p.approxOf(&b)
	return b, b.to, true
}

func (p *parser) twoCells(m *mention, j int) bool {
	if p.kindAt(j) != kDate && p.kindAt(j) != kClock {
		return false
	}
	b, _, ok := p.point(j)
	if !ok || !b.hasClock {
		return false
	}
	ra, _ := p.roleAt(m.from)
	rb, _ := p.roleAt(j)
	return ra == rb || ra == labelStart && (rb == labelEnd || rb == labelEndPlan)
}

func (p *parser) between(k int) bool {
	for j := k - 1; j >= 0 && j >= k-3; j-- {
		if p.latin(j, "between", "Between") {
			return true
		}
	}
	return false
}
