package notice

import "unicode"

// A point is a place in time as the text writes it: a date, a time of day, or both.
type point struct {
	hasDate, hasClock bool
	date              date
	clock             clock
	approx            bool
	vague             bool // 朝, 夕方 and no time of day
	allDay            bool // 終日
	from, to          int  // tokens
}

func (pt point) dateOnly() bool { return pt.hasDate && !pt.hasClock }

// A mention is a point in time, or a range between two, where the text speaks of it.
type mention struct {
	a, b     point
	isRange  bool
	columns  bool // its ends stand in two columns whose header names them
	open     bool // a range sign without a second point
	since    bool // から, より, 以降 behind it
	until    bool // まで behind it, or a range sign before it
	deadline bool // までに
	from, to int  // tokens, particles included
	line     int
	dates    []date // further dates on which a range of clock times holds
	// contextOnly mentions give a year or month for those behind them.
	contextOnly bool
}

// mentions finds all mentions in order.
func (p *parser) findMentions() {
	for k := 0; k < len(p.toks); {
		m, next, ok := p.mention(k)
		if !ok {
			k++
			continue
		}
		m.line = p.toks[m.from].line
		p.mentions = append(p.mentions, m)
		k = next
	}
	p.distribute()
}

func (p *parser) kindAt(k int) kind {
	if k < 0 || k >= len(p.toks) {
		return kNewline
	}
	return p.toks[k].kind
}

func (p *parser) isWord(k int, c class) bool {
	return k >= 0 && k < len(p.toks) && p.toks[k].kind == kWord && p.toks[k].is(c)
}

// over skips tokens of the given kinds, at most six.
func (p *parser) over(k int, kinds ...kind) int {
	for n := 0; n < 6 && k < len(p.toks); n++ {
		found := false
		for _, x := range kinds {
			if p.toks[k].kind == x {
				found = true
			}
		}
		if !found {
			break
		}
		k++
	}
	return k
}

// backOver goes back over spaces from token k.
func (p *parser) backOver(k int) int {
	for k > 0 && (p.kindAt(k) == kSpace || p.kindAt(k) == kNewline) {
		k--
	}
	return k
}

// particle reports whether the token at k is the single character r.
func (p *parser) particle(k int, r rune) bool {
	return p.kindAt(k) == kText && p.toks[k].to-p.toks[k].from == 1 && p.rune(k) == r
}

// latin reports whether the token at k is one of the words.
func (p *parser) latin(k int, words ...string) bool {
	if k < 0 || k >= len(p.toks) {
		return false
	}
	s := p.text(k, k+1)
	for _, w := range words {
		if s == w {
			return true
		}
	}
	return false
}

func (p *parser) point(k int) (pt point, next int, ok bool) {
	pt.from = k
	if p.kindAt(k) == kApprox && p.rune(k) != '前' {
		j := p.over(k+1, kSpace)
		if p.kindAt(j) == kDate || p.kindAt(j) == kClock {
			pt.approx = true
			k = j
		}
	}
	switch p.kindAt(k) {
	case kDate:
		pt.hasDate, pt.date = true, p.toks[k].date
		pt.to = k + 1
		p.moreDate(&pt)
		p.clockOf(&pt)
	case kClock:
		if p.toks[k].clock.bare && p.kindAt(p.over(k+1, kSpace)) != kRange {
			return pt, 0, false
		}
		pt.hasClock, pt.clock = true, p.toks[k].clock
		pt.to = k + 1
		p.approxOf(&pt)
		p.dateBehind(&pt)
	default:
		return pt, 0, false
	}
	p.approxOf(&pt)
	if pt.hasClock {
		p.sayAgain(&pt)
	}
	if pt.hasClock && pt.clock.approx {
		pt.approx = true
	}
	if pt.dateOnly() {
		if k := p.allDayBefore(pt.from); k < pt.from {
			pt.allDay, pt.from = true, k
		}
		pt.vague = pt.date.partOfDay
		j := p.over(pt.to, kSpace, kOpen)
		if p.particle(j, 'の') && p.kindAt(j+1) == kVague {
			j++
		}
		if p.kindAt(j) == kVague {
			pt.vague, pt.to = true, j+1
			p.approxOf(&pt)
			if p.kindAt(pt.to) == kClose && p.kindAt(j-1) == kOpen {
				pt.to++
			}
		}
		if j := p.over(pt.to+1, kSpace); p.kindAt(pt.to) == kComma && p.latin(j, "all", "All") && p.latin(j+2, "day") {
			pt.allDay, pt.to = true, j+3
		}
		j = p.over(pt.to, kSpace, kTab, kOpen)
		if j < len(p.toks) && (p.particle(j, '終') && p.particle(j+1, '日') || p.text(j, min(j+2, len(p.toks))) == "全日") {
			pt.allDay, pt.to = true, j+2
			if p.kindAt(pt.to) == kClose && p.kindAt(j-1) == kOpen {
				pt.to++
			}
		}
	}
	return pt, pt.to, true
}

// allDayBefore returns the first token of "all day" right before token k: All day on Saturday, December 27; k without it.
func (p *parser) allDayBefore(k int) int {
	j := p.backOverSpace(k) - 1
	if p.latin(j, "on") {
		j = p.backOverSpace(j) - 1
	}
	if p.latin(j, "day") && p.latin(j-2, "All", "all") {
		return j - 2
	}
	return k
}

// sayAgain passes over brackets that give the same time in another way: 24:00（3月9日0:00）, 13:00 UTC (22:00 JST).
func (p *parser) sayAgain(pt *point) {
	j := p.over(pt.to, kSpace)
	if p.kindAt(j) != kOpen {
		return
	}
	clock := false
	for n := j + 1; n < j+7; n++ {
		switch p.kindAt(n) {
		case kClock:
			clock = true
		case kDate, kSpace:
		case kClose:
			if clock {
				pt.to = n + 1
			}
			return
		default:
			return
		}
	}
}

// moreDate joins dates that say the same: 本日10月30日, 昨日の30日(木), 2025年 12月6日, 本日(31日).
func (p *parser) moreDate(pt *point) {
	for n := 0; n < 2; n++ {
		j := p.over(pt.to, kSpace)
		if p.particle(j, 'の') {
			j = p.over(j+1, kSpace)
		}
		open := p.kindAt(j) == kOpen
		if open {
			j++
		} else if p.kindAt(j) == kComma && (pt.date.base == baseReport || pt.date.english) && p.kindAt(p.over(j+1, kSpace)) == kDate {
			j = p.over(j+1, kSpace)
		}
		if p.kindAt(j) != kDate {
			return
		}
		d, e := pt.date, p.toks[j].date
		switch {
		case d.day == 0 && d.month == 0 && d.year > 0 && e.year == 0 && (e.month > 0 || e.day > 0):
			e.year = d.year
		case d.day == 0 && d.month > 0 && e.month == 0 && e.day > 0:
			e.month, e.year = d.month, d.year
		case d.base != baseNone && d.day == 0 && e.day > 0 && e.base == baseNone:
		case e.base != baseNone && open && p.kindAt(j+1) == kClose: // 10月31日(本日)
			e = d
		default:
			return
		}
		end := j + 1
		if open {
			if p.kindAt(end) != kClose {
				return
			}
			end++
		}
		e.evening = e.evening || d.evening
		pt.date, pt.to = e, end
	}
}

// clockOf finds the time of day that belongs to a date.
func (p *parser) clockOf(pt *point) {
	if !pt.date.dayKnown() {
		return
	}
	p.approxOf(pt)
	j := p.over(pt.to, kSpace, kTab)
	if p.particle(j, 'の') || p.latin(j, "at", "T", "from") {
		j = p.over(j+1, kSpace)
	}
	if p.kindAt(j) == kComma && p.rune(j) != '・' {
		if j = p.over(j+1, kSpace); p.latin(j, "at") {
			j = p.over(j+1, kSpace)
		}
	}
	if p.kindAt(j) == kNewline && p.dateAlone(pt) {
		j = p.over(j+1, kSpace)
		if k := p.over(j, kOpen); k == j+1 && p.kindAt(k) == kClock {
			j = k
		}
	}
	// Aug 21, 2025 - 16:32 JST
	if k := p.over(j+1, kSpace); p.kindAt(j) == kRange && p.rune(j) == '-' && pt.date.english && pt.date.year > 0 && p.kindAt(k) == kClock && p.kindAt(p.over(k+1, kSpace)) == kNewline {
		j = k
	}
	// 12月7日(日) 翌7:00 says the next day twice
	if p.kindAt(j) == kDate && p.toks[j].to-p.toks[j].from == 1 && p.rune(j) == '翌' && p.kindAt(p.over(j+1, kSpace)) == kClock && pt.date.base == baseNone && p.kindAt(p.backOver(pt.from-1)) == kRange {
		j = p.over(j+1, kSpace)
	}
	approx := false
	if p.kindAt(j) == kApprox && p.rune(j) != '前' {
		approx = true
		j = p.over(j+1, kSpace)
	}
	if p.kindAt(j) == kVague && p.kindAt(p.over(j+1, kSpace, kText)) == kClock && p.over(j+1, kSpace, kText)-j <= 2 {
		j = p.over(j+1, kSpace, kText)
	}
	if p.kindAt(j) != kClock || p.toks[j].clock.bare && p.kindAt(p.over(j+1, kSpace)) != kRange {
		return
	}
	pt.hasClock, pt.clock, pt.to = true, p.toks[j].clock, j+1
	pt.approx = pt.approx || approx
}

// dateAlone reports whether the point's line holds nothing but it and a label that is no label of a date of publication.
func (p *parser) dateAlone(pt *point) bool {
	role, _ := p.roleAt(pt.from)
	ln := p.lines[p.toks[pt.from].line]
	if role == labelIgnore || role == labelPublish || role == labelNone && ln.heads {
		return false
	}
	return !p.hasText(ln.value, pt.from) && (role == labelSpan || role == labelStart || role == labelEnd || role == labelEndPlan || ln.bullet)
}

func (p *parser) approxOf(pt *point) {
	j := p.over(pt.to, kSpace)
	if p.kindAt(j) == kApprox {
		switch p.text(j, j+1) {
		case "約", "およそ", "おおよそ", "おおむね", "概ね", "around", "about", "approximately", "approx.", "roughly":
			return
		}
		pt.approx, pt.to = true, j+1
	} else if p.kindAt(j) == kOpen && p.kindAt(j+1) == kApprox && p.kindAt(j+2) == kClose {
		pt.approx, pt.to = true, j+3
	}
}

// maxAgain bounds what stands in brackets behind a time to say it in another zone, in tokens.
const maxAgain = 12

// dateBehind finds a date that follows its time: 8:50 a.m. on October 30, 22:00(12月6日).
func (p *parser) dateBehind(pt *point) {
	j := p.over(pt.to, kSpace)
	if p.kindAt(j) == kOpen { // 18:00 UTC (2 p.m. US Eastern time) on Tuesday, 15 October
		clock := false
		for k := j + 1; k < j+maxAgain && p.kindAt(k) != kNewline; k++ {
			clock = clock || p.kindAt(k) == kClock
			if next := p.over(k+1, kSpace); clock && p.kindAt(k) == kClose && p.latin(next, "on") && p.kindAt(p.over(next+1, kSpace)) == kDate {
				pt.to, j = k+1, next
				break
			}
		}
	}
	if p.latin(j, "on", "of", "On") {
		if j = p.over(j+1, kSpace); p.latin(j, "the") {
			j = p.over(j+1, kSpace) // at 19:45 on the 6th of February
		}
	} else if p.kindAt(j) == kComma {
		j = p.over(j+1, kSpace)
	}
	if p.kindAt(j) == kDate && p.toks[j].date.english && p.toks[j].date.dayKnown() {
		pt.hasDate, pt.date, pt.to = true, p.toks[j].date, j+1
		p.dateSaidAgain(pt)
		return
	}
	if p.latin(p.over(pt.to, kSpace), "on", "On", "of") && p.kindAt(j) == kDate && p.toks[j].date.dayKnown() {
		pt.hasDate, pt.date, pt.to = true, p.toks[j].date, j+1
		return
	}
	j = p.over(pt.to, kSpace)
	if p.kindAt(j) == kOpen && p.kindAt(j+1) == kDate && p.kindAt(j+2) == kClose {
		pt.hasDate, pt.date, pt.to = true, p.toks[j+1].date, j+3
	}
}

// dateSaidAgain passes over a date in brackets that says an English one again: yesterday (Sunday 26th January 2025).
func (p *parser) dateSaidAgain(pt *point) {
	j := p.over(pt.to, kSpace)
	if pt.date.base == baseReport && pt.date.english && p.kindAt(j) == kOpen && p.kindAt(j+1) == kDate && p.kindAt(j+2) == kClose && p.toks[j+1].date.dayKnown() {
		pt.date, pt.to = p.toks[j+1].date, j+3
	}
}

// mention reads the mention that starts at token k.
func (p *parser) mention(k int) (m mention, next int, ok bool) {
	m.from = k
	if p.kindAt(k) == kRange && p.kindAt(k-1) != kText && (p.rune(k) != '-' || !p.lineStart(k) && !p.dash(k) && p.kindAt(k-1) != kWord) {
		// ～6:00
		j := p.over(k+1, kSpace)
		if b, end, ok := p.point(j); ok && (b.hasClock || b.date.dayKnown()) {
			m.a, m.until, m.to = b, true, end
			p.particles(&m)
			m.until = true
			return m, m.to, true
		}
		return m, 0, false
	}
	a, end, ok := p.point(k)
	if !ok {
		return m, 0, false
	}
	m.a, m.to = a, end
	if a.hasDate && !a.date.dayKnown() && !a.hasClock {
		m.contextOnly = true
		return m, end, true
	}
	if p.rangeOf(&m) {
		return m, m.to, true
	}
	p.particles(&m)
	return m, m.to, true
}

// dash reports whether the token at k stands between a word and what it heads: Investigating - 14:42.
func (p *parser) dash(k int) bool {
	if p.kindAt(k-1) != kSpace || k < 2 {
		return false
	}
	before := p.toks[k-2]
	return isLatin(p.src.runes[before.to-1]) || p.kindAt(k+1) == kSpace && (before.kind == kText || before.kind == kWord) // 調査中 - 本日11:10頃より
}

// lineStart reports whether only space stands before token k on its line, so that a dash there is a bullet.
func (p *parser) lineStart(k int) bool {
	for k--; k >= 0 && p.kindAt(k) == kSpace; k-- {
	}
	return p.kindAt(k) == kNewline
}

func (p *parser) untilWord(m *mention) {
	j := p.over(m.to, kSpace)
	if p.isWord(j, cUntil) || p.isWord(j, cDeadline) && p.text(j, j+1) == "までに" {
		m.to = j + 1
	}
}

// maxOpening is the longest name of what opens at an hour, in characters.
const maxOpening = 12

// fromOpening returns the end of the words at rune i that name the hour at which an office or a shop opens, from which
// something held: 8時半の業務開始時から; 0 when they do not.
func (p *parser) fromOpening(i int) int {
	rs := p.src.runes
	n := hasPrefix(rs, i, "業務", "営業", "窓口", "受付", "開店", "開庁", "始業", "診療")
	if n == 0 { // 8時30分の全銀システム開始時より
		for ; n < maxOpening && i+n < len(rs) && hasPrefix(rs, i+n, "開始時", "稼働開始") == 0; n++ {
			if !unicode.In(rs[i+n], unicode.Han, unicode.Katakana) && rs[i+n] != 'ー' {
				return 0
			}
		}
		if n == maxOpening {
			return 0
		}
		n += hasPrefix(rs, i+n, "稼働")
	}
	i += n
	i += hasPrefix(rs, i, "開始")
	i += hasPrefix(rs, i, "時")
	if n = hasPrefix(rs, i, "から", "より"); n == 0 {
		return 0
	}
	return i + n
}

// particles reads what follows a point: から, まで, 以降.
func (p *parser) particles(m *mention) {
	j := p.over(m.to, kSpace)
	opening := 0
	if m.a.hasClock && p.particle(j, 'の') {
		opening = p.fromOpening(p.toks[j].to)
	}
	switch {
	case p.isWord(j, cUntil):
		m.until, m.to = true, j+1
		m.deadline = p.particle(j+1, 'に')
	case p.isWord(j, cDeadline) && p.text(j, j+1) == "までに":
		m.until, m.deadline, m.to = true, true, j+1
	case p.isWord(j, cFrom):
		m.since, m.to = true, j+1
	case opening > 0:
		m.since = true // 午前8時半の業務開始時から
		for m.to < len(p.toks) && p.toks[m.to].from < opening {
			m.to++
		}
	}
	for n := m.from - 1; n >= 0 && n >= m.from-8; n-- {
		switch {
		case p.latin(n, "at", "around", "about", "on", "than", "earlier", "least", "no"):
			continue
		case p.latin(n, "from", "From", "since", "Since", "after", "After", "starting", "Starting", "effective", "Effective", "beginning", "Beginning", "FROM"):
			m.since = true
		case p.latin(n, "until", "Until", "till", "to", "through"):
			m.until = true
		case p.latin(n, "by", "By", "before", "Before"):
			m.until, m.deadline = true, true
		}
		if p.kindAt(n) != kSpace {
			break
		}
	}
}
