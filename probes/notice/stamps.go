package notice

import "strings"

// headsReport reports whether the mention stands in brackets at the start of a line whose text has times of its own or
// tells of the present: （9月17日 9:00）本日8時35分頃から….
func (p *parser) headsReport(m *mention) bool {
	if m.isRange || !m.a.hasDate || !m.a.hasClock || p.kindAt(m.from-1) != kOpen || p.kindAt(m.to) != kClose {
		return false
	}
	ln := p.lines[m.line]
	for k := ln.first; k < m.from-1; k++ {
		if t := p.toks[k]; t.kind == kWord || t.kind == kText && !isMarker(p.rune(k)) {
			return false
		}
	}
	return p.hasTime(m.to, ln.last) || p.find(m.to, ln.last, cOngoing|cNow) || p.inEnglish() && !p.published.IsZero() && m.a.hasClock
}

// reportedBefore reports whether the mention heads a line below a heading like これまでのお知らせ.
func (p *parser) reportedBefore(m *mention) bool {
	ln := p.lines[m.line]
	if m.isRange || !m.a.hasDate || m.from != p.over(ln.first, kSpace, kOpen) {
		return false
	}
	for i, n := m.line-1, 0; i >= 0 && n < maxReports; i-- {
		above := p.lines[i]
		if above.blank {
			continue
		}
		n++
		if s := p.text(above.first, above.last); containsAny(s, "これまでのお知らせ", "過去のお知らせ", "以前のお知らせ", "これまでの報告", "過去の報告", "これまでの掲載") && !strings.Contains(s, " > ") && !p.hasTime(above.first, above.last) && p.kindAt(above.last-1) != kStop {
			return true
		}
	}
	return false
}

// maxReports is the number of lines below such a heading that are believed to belong to it.
const maxReports = 12

// logs reports whether the mention heads an entry of a log in English: 12:58 AM PDT We are investigating ….
func (p *parser) logs(m *mention) bool {
	k := p.over(m.to, kSpace, kRange, kColon)
	return !m.isRange && m.a.hasClock && !p.hasText(p.lines[m.line].first, m.from) && p.latin(k, "We", "Our", "Between")
}

// quotes reports whether the mention is when somebody said what is quoted behind it: 9時25分に「…が止まっています」と投稿した.
func (p *parser) quotes(m *mention, to int) bool {
	k := m.to
	for p.particle(k, 'に') || p.particle(k, '、') || p.kindAt(k) == kComma || p.kindAt(k) == kSpace {
		k++
	}
	if p.rune(k) != '「' {
		return false
	}
	for ; k+2 < to; k++ {
		if p.rune(k) == '」' {
			return p.particle(k+1, 'と') && (p.find(k+2, to, cPublish) || containsAny(p.text(k+2, to), "連絡があ", "説明", "コメント", "述べ", "話し", "ツイート", "通知", "案内"))
		}
	}
	return false
}

// maxWrote is the number of tokens between the word for telling and the hour of it.
const maxWrote = 14

// toldOn reports whether the mention is the day on which somebody told of the event: 市は4日、…が復旧したと発表した.
func (p *parser) toldOn(m *mention, to int) bool {
	if from, _ := p.sentence(m.from); m.a.hasClock && !m.isRange && !m.since && !m.until && p.english(m) && containsAny(p.text(max(from, m.from-maxWrote), m.from), " wrote on ", " wrote at ", " tweeted at ", " tweeted around ", " posted on X at ", " said on ", " said at ") && strings.HasPrefix(strings.TrimLeft(p.text(m.to, to), " "), "that ") {
		return true // the operator wrote on X at 7.40am that trains were not running
	}
	if before := strings.TrimRight(p.text(max(0, m.from-4), m.from), " "); m.a.dateOnly() && !m.isRange && !m.since && !m.until && (strings.HasSuffix(before, "ことが") || strings.HasSuffix(before, "ことも")) &&
		containsAny(p.text(m.to, min(m.to+6, to)), "分かった", "わかった", "判明した", "明らかにな") {
		return true // 使えない状態になっていることが13日、分かった
	}
	return m.a.dateOnly() && !m.isRange && !m.since && !m.until && p.kindAt(m.to) == kComma && (containsAny(p.text(m.to, to), "取材で", "取材に") || p.particle(m.from-1, 'は')) &&
		containsAny(p.text(m.to, to), "と発表", "を発表", "で発表した", "取材で", "取材に", "ことを明らかに", "と明らかに", "と公表", "を公表")
}

// posted reports whether the mention ends a line that only says when a report was published: Posted 2 days ago. Oct 30, ….
func (p *parser) posted(m *mention) bool {
	ln := p.lines[m.line]
	if k := p.over(m.to, kSpace); !m.isRange && m.a.hasDate && m.a.hasClock && m.from == p.over(ln.first, kSpace) && p.kindAt(k) == kOpen && p.rune(k) == '[' && k+2 < ln.last && p.kindAt(ln.last-1) == kClose && ln.last-k <= 5 {
		return true // 2025/03/25 18:30 [メンテナンス]
	}
	if !m.isRange && !m.since && !m.until && m.a.hasDate && m.a.hasClock && p.kindAt(m.from-1) == kSpace && p.hasText(ln.first, m.from) && p.over(m.to, kSpace) >= ln.last && p.isPublished(m) {
		return true // ただいま緊急メンテナンスを実施しています 2024年6月3日 11:00
	}
	if k := p.over(ln.first, kSpace); m.a.clock.second > 0 && p.latin(k, "Date") && p.kindAt(k+1) == kColon {
		return true // Date: Wed, 08 Jan 2025 12:47:10 -0500
	}
	k := p.over(ln.first, kSpace, kOpen)
	return !(len(ln.cells) > 1 && p.toks[ln.cells[0].last-1].to-p.toks[ln.cells[0].first].from > maxColumn*2) && p.isWord(k, cPublish) && !p.isWord(k, cMaint) && !p.hasText(m.to, ln.last) &&
		!p.find(k+1, ln.last, cHappen|cCant|cStop|cTrouble|cMaint|cRecover)
}

// stamp reports whether the mention is the time of an entry in a log of reports: at the start of its line, as those of
// other lines are, of which some tell times of their own.
func (p *parser) stamp(m *mention) bool {
	ln := p.lines[m.line]
	if !p.stamps || !p.stampLine(ln) || m.from > p.over(ln.first, kSpace, kOpen) || m.isRange || m.since || m.until {
		return false
	}
	// 10月30日 18:50 復旧 is an event of then, where the line tells no other time before it
	event := p.firstOf(m.to, ln.last, cHappen|cRecover|cResume|cStop)
	return event < 0 || p.hasClock(m.to, event) || hasPrefix(p.src.runes, p.toks[event].to, "しており", "している", "しています", "いたしております") > 0
}

// status reads the role of a line like "12:02 JST - Resolved" of an English status page; roleNone of others.
func (p *parser) status(m *mention) role {
	ln := p.lines[m.line]
	k := p.over(m.to, kSpace)
	if m.isRange && !m.open || !m.a.hasClock || m.from != p.over(ln.first, kSpace) || !m.open && p.kindAt(k) != kRange {
		return roleNone
	}
	if p.kindAt(k) == kRange {
		k = p.over(k+1, kSpace)
	}
	if k+1 != ln.last {
		return roleNone
	}
	switch p.text(k, k+1) {
	case "Resolved", "Completed":
		return roleEnd
	case "Monitoring", "Identified", "Investigating", "Update", "Scheduled":
		return roleReport
	}
	return roleNone
}

// stampLine reports whether the line begins with a date and a time, and goes on after a wide space or the like.
func (p *parser) stampLine(ln line) bool {
	if ln.blank || ln.heads {
		return false
	}
	k := p.over(ln.first, kSpace, kOpen)
	pt, next, ok := p.point(k)
	if !ok || !pt.hasDate || !pt.hasClock || pt.approx {
		return false
	}
	switch p.kindAt(next) {
	case kSpace, kTab, kClose, kColon:
		return next+1 < ln.last
	}
	return false
}

// minTimeline is the least number of lines that make an account of what happened when.
const minTimeline = 3

// findTimeline looks for an account of a failure, told line by line: each begins with a time of day.
func (p *parser) findTimeline() {
	lines := map[int]bool{}
	for i := range p.readings {
		m := p.readings[i].mention
		ln := p.lines[m.line]
		if m.contextOnly || m.isRange || !m.a.hasClock || ln.heads || p.hasText(ln.value, m.from) || p.find(ln.first, m.from, ^class(0)) || !p.hasText(m.to, ln.last) {
			continue
		}
		lines[m.line] = true
	}
	if len(lines) >= minTimeline {
		p.timeline = lines
	}
}

// findStamps looks for a log of reports: two lines or more that begin with a time, some of which tell another one.
func (p *parser) findStamps() {
	n, own := 0, false
	for _, ln := range p.lines {
		if !p.stampLine(ln) {
			continue
		}
		n++
		_, next, _ := p.point(p.over(ln.first, kSpace, kOpen))
		own = own || p.hasClock(next, ln.last)
	}
	p.stamps = n > 1 && own
}
