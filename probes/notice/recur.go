package notice

import (
	"sort"
	"strings"
)

// recurring reports whether a mention is the time of something that recurs: 毎月第2土曜日 0:00～6:00.
func (p *parser) recurring(m *mention) bool {
	if !(m.a.hasDate && m.a.date.month > 0 && m.a.hasClock) && p.amongRecurring(m.line) {
		return true
	}
	if p.weeklyInEnglish(m) || p.weekly(m) {
		return true
	}
	if above := p.above(m.line); above != nil && !m.a.hasDate && above.last-above.first < 2*maxLook && p.find(above.first, above.last, cRecurring) && containsAny(p.text(above.first, above.last), "次の", "下記の", "以下の") {
		return true // 毎日、次の時間帯はご利用いただけません | 停止時間:AM4:00~AM5:30
	}
	if m.a.hasDate && m.a.date.month > 0 {
		return p.isWord(m.from-1, cRecurring) && p.gapText(m.from-1, "毎年")
	}
	if s := p.text(max(0, m.from-8), m.from); strings.Contains(s, "第") && strings.Contains(s, "曜") && !strings.Contains(s, "\n") {
		return true
	}
	if p.isWord(m.from-1, cRecurring) {
		return true
	}
	for k, n := m.from-1, 0; k >= 0 && n < 24; k, n = k-1, n+1 {
		t := p.toks[k]
		switch t.kind {
		case kNewline, kStop:
			if t.kind == kStop || n > 2 && !p.alone(m, k+1, m.from) {
				return false
			}
		case kDate:
			if t.date.month > 0 {
				return false
			}
		case kWord:
			if t.is(cRecurring) && !p.timeOnLine(k) {
				return true
			}
		}
	}
	return false
}

// amongRecurring reports whether the line is one of a list of which some say what recurs: ●毎月第2土曜日, ●祝日の前日.
func (p *parser) amongRecurring(n int) bool {
	if !p.lines[n].bullet {
		return false
	}
	for _, step := range []int{-1, 1} {
		for i := n; i >= 0 && i < len(p.lines) && i-n < 12 && n-i < 12 && p.lines[i].bullet; i += step {
			ln := p.lines[i]
			if k := p.firstOf(ln.first, min(ln.last, ln.first+6), cRecurring); k >= 0 && !p.hasTime(ln.first, k) && p.hasTime(k, ln.last) && !p.find(ln.first, ln.last, cHours) && i != n {
				return true
			}
		}
	}
	return false
}

// weeklyInEnglish reports whether an English sentence says of a time without a date that it holds every week or so: Mondays
// between 08:00 and 17:00, 8 times a year from 9:00pm on Sunday.
func (p *parser) weeklyInEnglish(m *mention) bool {
	if m.a.hasDate && (m.a.date.month > 0 || m.a.date.day > 0) {
		return false
	}
	from, to := p.sentence(m.from)
	s := p.text(from, min(to, m.to+8))
	return containsAny(s, "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays", " or Sunday", " or Saturday", "times a year", "times a month", "each Monday", "each Sunday", "each Saturday", "each day", "each week")
}

// maxDayName is the longest name of days of the week with which a line begins, in tokens: 第1・第3月曜日.
const maxDayName = 16

// weekly reports whether an hour without a date stands right behind the day of the week on which it holds, in a sentence
// that names no date: 日曜日21:00~月曜日7:00.
func (p *parser) weekly(m *mention) bool {
	from, to := p.sentence(m.from)
	if m.a.hasDate || p.dayIn(from, to) || containsAny(p.text(from, m.from), "今週", "来週", "今度", "次の") {
		return false
	}
	before := strings.TrimRight(p.text(max(from, m.from-6), m.from), " :の")
	return strings.HasSuffix(before, "曜日") || strings.HasSuffix(before, "曜")
}

// timeOnLine reports whether a time stands before token k on its line: 12月6日～8日の毎日.
func (p *parser) timeOnLine(k int) bool {
	ln := p.lines[p.toks[k].line]
	return p.hasTime(max(ln.first, k-12), k)
}

// recurrence returns the notice's words for when the event recurs, "" when it does not.
func (p *parser) recurrence() string {
	for k, t := range p.toks {
		if t.kind != kWord || !t.is(cRecurring) {
			continue
		}
		if containsAny(p.text(k, min(k+maxLook, len(p.toks))), "を避け", "をさけ") {
			continue // メンテナンス時間(毎日0:00~0:10)を避けて
		}
		next := sort.Search(len(p.readings), func(i int) bool { return p.readings[i].to > k })
		for i := next; i < len(p.readings) && i < next+4; i++ {
			m := p.readings[i].mention
			if m.to <= k || m.from > k+24 {
				continue
			}
			if m.from > k && !p.recurring(m) {
				continue
			}
			end := m.to
			// a day of the month comes before its time
			if i+1 < len(p.readings) && p.readings[i+1].from-end < 6 && p.recurring(p.readings[i+1].mention) {
				end = p.readings[i+1].to
			}
			return strings.Join(strings.Fields(p.src.piece(t.from, p.toks[end-1].to)), " ")
		}
	}
	for i := range p.readings { // 日曜日2:00~6:00
		m := p.readings[i].mention
		if k := p.lines[m.line].text; m.isRange && p.titled && p.weekly(m) && m.from-k < maxDayName && !p.find(k, m.from, cHours) {
			return strings.Join(strings.Fields(p.src.piece(p.toks[k].from, p.toks[m.to-1].to)), " ")
		}
	}
	return ""
}
