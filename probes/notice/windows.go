package notice

import (
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// maxWindows bounds the windows of one notice; real ones have a few dozen at most.
const maxWindows = 200

// A window is a span that is being put together from what the notice says of its ends.
type window struct {
	start, end         time.Time
	hasStart, hasEnd   bool
	startDate, endDate bool // given as a date alone
	approx, endApprox  bool // any of the ends, and the end
	startFrom, startTo int  // runes of the text that gave it
	endFrom, endTo     int
	endRole            role
	weak               bool
	labelled           bool // its start stands behind a label
	ranged             bool // both ends stand in one range
	wholeDay           bool // one day, 終日
	over               bool // it has an end, which is not told as a time
	loose              bool // a date of a list, which counts only where nothing more precise is given
	kind               eventKind
	services           []string
	line               int
	sentence           int // where the sentence begins that gave it
}

// An assembler puts bounds together to windows, in the order in which the text gives them.
type assembler struct {
	p       *parser
	r       *resolver
	windows []window
	open    int         // the window that waits for its end, -1 for none
	again   int         // a window that has ended and whose start was given once more, for another service; -1 for none
	steps   []time.Time // when what had begun went on to something worse, which may be told again
	night   bool        // what began did so in the evening, nobody says when
}

func (p *parser) assemble(main eventKind) []window {
	r := &resolver{published: p.published, report: midnightOf(p.published), kind: main}
	r.past = main == maintenance && p.toldAsPast()
	a := &assembler{p: p, r: r, open: -1, again: -1}
	for i := range p.readings {
		if len(a.windows) >= maxWindows {
			break
		}
		a.take(&p.readings[i], main)
	}
	return a.finish(main)
}

func midnightOf(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return midnight(t)
}

func (p *parser) toldAsPast() bool {
	st := p.standOf(0, len(p.toks), maintenance)
	return st.done || st.ongoing
}

func (a *assembler) take(rd *reading, main eventKind) {
	p, r := a.p, a.r
	if rd.contextOnly {
		if !p.inTrail(rd.mention) {
			a.context(rd.a.date)
		}
		return
	}
	kind := rd.kind
	label, name := p.roleAt(rd.from)
	if kind == noEvent || kind == anyEvent || main == maintenance && rd.isRange && p.inTitle(rd.from) {
		kind = main
	}
	role := rd.role
	step := rd.a.dateOnly() && label == labelOther && containsAny(name, "経過", "経緯") // 2 経過 | (2) 7月6日~7日 | 上限を拡大
	if rd.isRange && role == roleNone && !step && (main == maintenance || p.aloneInSentence(rd.mention) || p.member(rd.line, rd.from)) && !p.titleMeeting && (p.eventBefore(rd.from) || p.sections[rd.line] == main) {
		role = roleStart
	}
	if role == roleNone && rd.isRange && main == outage && p.listedBelow(rd) {
		role = roleStart // 以下の時間帯に…発生しておりました, above (1) 10:05~11:40 閲覧画面
	}
	if from, to := p.sentence(rd.from); role == roleNone && rd.isRange && main == outage && (rd.a.hasDate || rd.b.hasDate) && rd.a.hasClock && p.toldAsOver(from, to) {
		role, rd.loose = roleStart, true // 20時頃から21時頃まで、…するケースがありました
	}
	if role == roleNone && main == maintenance && rd.a.allDay && len(p.lines[rd.line].cells) > 1 {
		role = roleStart // 12月3日 | 終日 | すべての証明書
	}
	if role == roleNone && main == maintenance && !rd.isRange && rd.a.dateOnly() && hasPrefix(p.src.runes, p.toks[rd.to-1].to, "は終日", "は、終日") > 0 {
		role, rd.a.allDay = roleStart, true // 4月4日は終日、現金のみ
	}
	if role == roleNone && !rd.isRange && rd.a.hasDate && p.alone(rd.mention, p.lines[rd.line].first, p.lines[rd.line].last) {
		switch {
		case main == outage && rd.a.hasClock:
			role, rd.role = roleReport, roleReport // the header of a report
		case main == maintenance && rd.a.allDay:
			role = roleStart
		case main == maintenance && rd.a.dateOnly() && p.listed && p.firstEvent < rd.from && !p.isPublicationDay(rd):
			role, rd.loose = roleStart, true
			rd.a.allDay = p.allDay
		}
	}
	if role == roleExtend && (main == outage || p.otherTerm(rd)) || role == roleEnd && rd.until && containsAny(p.text(max(0, rd.from-6), rd.from), "期限", "締切", "受付期間", "申込期間", "募集期間") {
		role = roleIgnore
	}
	if role == roleHope || role == rolePlan {
		if main == maintenance && (role == rolePlan || rd.dayEnd) {
			role = roleEnd
		} else if main == maintenance && role == roleHope {
			role = roleEnd
		} else {
			role = roleIgnore
		}
	}
	if main == maintenance && !rd.isRange && rd.a.dateOnly() && p.particle(rd.to, 'の') && p.find(rd.to, min(len(p.toks), rd.to+10), cTrouble) {
		role = roleIgnore // 昨日の障害を受け
	}
	if main == outage && role == roleStart && !rd.isRange && label == labelOther && containsAny(name, "対応", "対策", "処置", "措置") && slices.ContainsFunc(a.windows, func(w window) bool { return w.hasStart && w.start.Before(a.r.published) }) {
		role = roleIgnore // ■対応 11月7日10時52分に接続を遮断しました
	}
	from, to := p.sentence(rd.from)
	repair := p.planned(rd) && p.find(from, to, cDo|cMaint|cMaintW) && !p.find(from, to, cHappen) // 11月8日9:00~12:00に交換を実施します
	if main == outage && (rd.work && rd.kind != maintenance && !(rd.isRange && repair) || rd.named && !rd.isRange && rd.a.dateOnly() && !rd.a.allDay) {
		role = roleIgnore
	}
	if main == maintenance && role == roleEnd && rd.role == rolePlan && rd.a.dateOnly() && rd.a.date.base == baseReport && !rd.until {
		role = roleIgnore // 本日、負荷を解消するため
	}
	if p.recurring(rd.mention) || main == outage && strings.Contains(name, "変更後") {
		role = roleIgnore // what the failure put off
	}
	if label, _ := p.roleAt(rd.from); label == labelNone && rd.kind == noEvent && !rd.a.hasDate && !rd.b.hasDate && r.context.IsZero() {
		role = roleIgnore // the hours of anything
	}
	if main == maintenance && role == roleStart && p.inEnglish() && !rd.isRange && !rd.since && !rd.until && !rd.a.hasDate && r.context.IsZero() {
		role = roleIgnore // maintenance Sat 02:00 UTC, on a page that names no day
	}
	r.kind = kind
	if main == outage && !p.planned(rd) && p.sectionOf(rd.line) != maintenance {
		r.kind = outage
	}
	unsaid := rd.isRange && (rd.kind == noEvent || rd.kind == anyEvent) && main == outage && (p.worksToo || repair)
	if unsaid {
		r.kind = anyEvent
	}
	if (role == roleStart || role == roleEnd || role == roleWeak) && !(repair && main == outage) {
		switch p.anchorOf(rd) {
		case foreign:
			role = roleIgnore
		case adrift:
			rd.loose = true
			if role == roleEnd && (a.open < 0 && (rd.until || main == maintenance) || main == outage && rd.until && hasPrefix(p.src.runes, p.toks[rd.to-1].to, "続") == 0) {
				role = roleIgnore
			}
		}
	}
	role = p.overrule(rd, role)
	switch {
	case role == roleIgnore || role == roleReport || role == roleNone:
		a.contextOf(rd, role == roleReport)
	case rd.isRange && len(rd.dates) == 2:
		a.daily(rd, kind)
	case rd.isRange:
		start, end, okStart, okEnd := r.span(rd.mention)
		if unsaid && okStart && !p.published.IsZero() && (!start.Before(midnight(p.published).Add(day)) || !p.published.Equal(midnight(p.published)) && start.After(p.published)) {
			kind = maintenance // what is still to come is no failure
		}
		if main == maintenance && p.failsToo && rd.kind == anyEvent && okEnd && !p.published.IsZero() && end.Before(p.published.Add(day)) && p.toldAsOver(from, to) {
			kind = outage // what was over is no work to come
		}
		if main == outage && kind == maintenance && okEnd && !p.published.IsZero() && !end.After(p.published) && isTimeLabel(label) && containsAny(name, "停止", "休止", "中断") && !containsAny(name, "メンテ", "作業", "工事", "計画", "点検") {
			kind = outage // 停止時間 of what had failed
		}
		w := window{kind: kind, line: rd.line, endRole: roleNone, ranged: true, loose: rd.loose}
		if rd.a.dateOnly() && !rd.a.allDay && !rd.b.allDay && !p.wholeDays(rd.mention) && (strings.Contains(p.text(from, to), "年末年始") || rd.a.date.month == 12 && rd.a.date.day > 27 && rd.b.date.month == 1 && rd.b.date.day < 6 && p.amongHours(rd)) && !strings.Contains(p.headline(), "年末年始") {
			w.loose = true // hours of service say so every year
		}
		w.labelled = label == labelStart || label == labelSpan
		if label != labelSpan && label != labelStart && rd.role == roleNone && rd.kind == noEvent && main == maintenance && containsAny(p.text(rd.to, min(rd.to+3, p.lines[rd.line].last)), "の間", "に開催", "に実施") {
			w.loose = true // what else goes on in those days
		}
		w.loose = w.loose || containsAny(name, "休館", "休室", "閉館", "休業") && !containsAny(name, "システム", "サービス") // a building's
		a.setStart(&w, rd, start, okStart && !rd.a.vague)
		a.setEnd(&w, rd, rd.b, end, okEnd && !rd.b.vague)
		if rd.a.dateOnly() && rd.b.dateOnly() && (rd.b.allDay || rd.a.allDay || p.wholeDays(rd.mention)) {
			w.approx, w.startDate, w.endDate = rd.a.approx || rd.b.approx, false, false
		}
		if rd.b.vague && !okEnd || rd.a.vague {
			w.approx = true
		}
		w.over = rd.b.vague // until some hour of that day
		if !w.hasEnd && w.hasStart {
			a.begin(w)
			return
		}
		a.add(w)
	case role == roleStart || role == roleWeak:
		a.start(rd, kind, role)
	case role == roleEnd || role == roleExtend:
		a.end(rd, kind, role)
	}
}

// inTrail reports whether a year or a month is a step of the way to the page: ホーム > お知らせ > 2024年 > ….
func (p *parser) inTrail(m *mention) bool {
	k := p.backOverSpace(m.from) - 1
	return k > p.lines[m.line].first && strings.ContainsRune(">≫»›", p.rune(k))
}

func (p *parser) aloneInSentence(m *mention) bool {
	from, to := p.sentence(m.from)
	return p.alone(m, from, max(to, m.to))
}

// planned reports whether the sentence of a reading speaks of what is to come.
func (p *parser) planned(rd *reading) bool {
	from, to := p.sentence(rd.from)
	for k := from; k < to; k++ {
		if t := p.toks[k]; t.kind == kWord && (t.is(cPlan) || t.tail == tailFuture || t.tail == tailHope) {
			return true
		}
	}
	return false
}

// wholeDays reports whether 終日 stands behind a range of dates.
func (p *parser) wholeDays(m *mention) bool {
	j := p.over(m.to, kSpace, kTab, kOpen)
	if p.particle(j, 'の') || p.particle(j, '※') {
		j = p.over(j+1, kSpace)
	}
	s := p.text(j, min(j+3, len(p.toks)))
	if p.kindAt(m.to) == kComma && strings.HasPrefix(strings.ToLower(strings.TrimLeft(p.text(m.to+1, min(m.to+5, len(p.toks))), " ")), "all day") {
		return true
	}
	return hasPrefix([]rune(s), 0, "終日", "全日", "(終日", "両日終日") > 0
}

func (a *assembler) context(d date) {
	if d.year > 0 {
		m, dd := 1, 1
		if d.month > 0 {
			m = d.month
		}
		if t, ok := makeDay(d.year, m, dd); ok && (a.r.context.IsZero() || a.r.context.Year() != d.year || d.month > 0) {
			a.r.context, a.r.ofReport = t, false
		}
		return
	}
	if d.month > 0 {
		if t, ok := a.r.inferYear(date{month: d.month, day: 1}, either); ok && a.r.context.IsZero() && a.r.kind == maintenance {
			a.r.context, a.r.ofReport = t, false
		}
	}
}

// contextOf lets a date that is no bound still be the one that later dates refer to.
func (a *assembler) contextOf(rd *reading, report bool) {
	for _, pt := range []point{rd.a, rd.b} {
		if !pt.hasDate || a.p.ofNextDay(rd.mention) {
			continue
		}
		dir := either
		if report || rd.role == roleIgnore || rd.isRange {
			dir = near
		}
		if t, ok := a.r.day(pt.date, dir); ok {
			a.r.context = t
			a.r.ofReport = report
			if report && pt.date.base == baseNone && !a.p.particle(rd.to, 'に') { // 9月16日に発表した does not make it today
				a.r.report = t
			}
			if report && rd.at.IsZero() {
				rd.at = t
				if pt.hasClock && !pt.clock.minuteOnly {
					rd.at = pt.clock.on(t, pt.clock.hours(pt.date))
				}
			}
		}
	}
	if report && rd.at.IsZero() && rd.a.hasClock && !rd.a.clock.minuteOnly && !a.r.report.IsZero() {
		rd.at = rd.a.clock.on(a.r.report, rd.a.clock.hours(rd.a.date)) // 【午前11時現在】
	}
	if rd.a.hasClock && !rd.a.clock.minuteOnly {
		a.r.lastHour = rd.a.clock.hours(rd.a.date)
	}
}

func (a *assembler) setStart(w *window, rd *reading, t time.Time, ok bool) {
	if !ok {
		return
	}
	p := a.p
	w.start, w.hasStart = t, true
	w.startDate = !rd.a.hasClock
	w.approx = w.approx || rd.a.approx || w.startDate && !rd.a.allDay
	w.startFrom, w.startTo = p.toks[rd.a.from].from, p.toks[rd.a.to-1].to
}

func (a *assembler) setEnd(w *window, rd *reading, pt point, t time.Time, ok bool) {
	if !ok {
		return
	}
	p := a.p
	if w.endApprox { // that of the end that is replaced
		w.approx = w.startDate || vagueText(startText(p, *w))
	}
	w.end, w.hasEnd = t, true
	w.endDate = !pt.hasClock
	w.endApprox = pt.approx || rd.asOf || w.endDate && !pt.allDay
	w.approx = w.approx || w.endApprox
	w.endFrom, w.endTo = p.toks[pt.from].from, p.toks[pt.to-1].to
	if rd.role == roleEnd {
		w.endRole = roleEnd
	}
}

func (a *assembler) daily(rd *reading, kind eventKind) {
	r := a.r
	first, ok := r.day(rd.dates[0], either)
	if !ok {
		return
	}
	r.context, r.ofReport = first, false
	last, ok := r.day(rd.dates[1], forward)
	if !ok || last.Before(first) || last.Sub(first) > 62*day {
		return
	}
	probe := *rd.mention
	probe.a.hasDate, probe.b.hasDate = false, rd.b.hasDate
	r.context = first
	start, end, _, okEnd := r.span(&probe)
	if !okEnd {
		return
	}
	overnight := end.Sub(midnight(start)) > day && midnight(end) != end
	if overnight && rd.b.date.base == baseNone && last.Sub(first) <= 2*day && !a.p.bulkAround(rd.mention) {
		// 12月6日～7日 22:00～6:00 is one night
		w := window{kind: kind, line: rd.line}
		a.setStart(&w, rd, start, true)
		a.setEnd(&w, rd, rd.b, end.Add(last.Sub(midnight(end))), true)
		a.add(w)
		r.context = last
		return
	}
	for d := first; !d.After(last) && len(a.windows) < maxWindows; d = d.AddDate(0, 0, 1) {
		w := window{kind: kind, line: rd.line}
		a.setStart(&w, rd, start.Add(d.Sub(first)), true)
		a.setEnd(&w, rd, rd.b, end.Add(d.Sub(first)), true)
		a.add(w)
	}
	r.context = last
}

func (p *parser) bulkAround(m *mention) bool {
	from, to := p.sentence(m.from)
	return p.find(from, to, cBulk)
}

func (a *assembler) start(rd *reading, kind eventKind, role role) {
	if rd.a.vague {
		a.night = rd.since && containsAny(a.p.text(rd.from, rd.to), "夜", "晩", "夕")
		a.contextOf(rd, false)
		return
	}
	if rd.a.dateOnly() && (rd.a.date.base == baseContext && rd.a.date.dayOff == 0 && rd.a.date.day == 0 || a.p.isPublicationDay(rd) && !rd.since) {
		a.contextOf(rd, true)
		return
	}
	t, ok := a.r.when(rd.a, either)
	if !ok {
		return
	}
	w := window{kind: kind, line: rd.line, weak: role == roleWeak, loose: rd.loose}
	var to int
	if w.sentence, to = a.p.sentence(rd.from); rd.a.dateOnly() && a.p.allDay && kind == maintenance && !a.p.hasTime(rd.to, to) && containsAny(a.p.text(rd.to, to), "終日") {
		rd.a.allDay = true
	}
	if label, _ := a.p.roleAt(rd.from); label == labelStart || label == labelSpan && (rd.open || rd.a.allDay || len(a.p.lines[rd.line].cells) > 1) {
		w.labelled = true
	}
	a.setStart(&w, rd, t, true)
	if rd.a.allDay {
		w.startDate, w.wholeDay = false, true
		w.end, w.hasEnd = t.AddDate(0, 0, 1), true
		w.endFrom, w.endTo = w.startFrom, w.startTo
		a.add(w)
		return
	}
	a.begin(w)
}

// begin adds a window whose end is to come.
func (a *assembler) begin(w window) {
	if w.startDate && !a.p.published.IsZero() && w.start.Equal(midnight(a.p.published)) && a.open >= 0 && a.windows[a.open].kind == maintenance && !a.windows[a.open].startDate && a.p.inEnglish() {
		return // we will take it down at 9 p.m. The queues are being drained from today
	}
	if slices.ContainsFunc(a.steps, w.start.Equal) || a.p.swapped && w.kind == maintenance && w.startDate && a.open >= 0 && !a.windows[a.open].startDate {
		return
	}
	if a.open >= 0 && a.p.escalates(&w, &a.windows[a.open]) {
		if len(a.steps) < maxWindows {
			a.steps = append(a.steps, w.start)
		}
		return
	}
	for i := range a.windows {
		o := &a.windows[i]
		if o.hasEnd && o.end.Equal(w.start) && !w.labelled {
			return // 6:00以降に
		}
		if w.kind == outage && o.hasStart && o.endDate && w.start.After(o.start) && w.start.Before(o.end) && a.p.timeline[w.line] && !o.startDate {
			return // a step of what had begun
		}
		if o.hasStart && o.start.Equal(w.start) {
			o.approx = o.approx || w.approx && !w.startDate
			if !o.hasEnd {
				a.open = i
			} else if w.labelled && o.labelled || w.line != o.line && len(a.p.lines[w.line].cells) > 1 && len(a.p.lines[o.line].cells) > 1 || a.p.tellsBoth(&w) && w.line > o.line+3 {
				a.again, a.open = i, -1
			}
			return
		}
		// a date alone says less than a time on that day
		if o.hasStart && w.startDate && !w.hasEnd && midnight(o.start).Equal(w.start) {
			return
		}
		if o.hasStart && o.startDate && !w.startDate && len(a.p.lines[w.line].cells) < 2 && o.hasEnd && midnight(w.start).Equal(o.start) && w.start.Before(o.end) {
			o.start, o.startDate = w.start, false
			o.approx = w.approx || o.endApprox
			o.startFrom, o.startTo = w.startFrom, w.startTo
			return
		}
		// newest first: the end was told before the start
		if !o.hasStart && o.hasEnd && o.sentence != w.sentence && !w.start.After(o.end) && o.end.Sub(w.start) < 40*day && !w.startDate {
			o.start, o.hasStart, o.startDate = w.start, true, w.startDate
			o.startFrom, o.startTo = w.startFrom, w.startTo
			o.approx = o.approx || w.approx
			return
		}
	}
	a.windows = append(a.windows, w)
	a.open = len(a.windows) - 1
}

// escalates reports whether the start of a window is told as the next step of what had begun: 19時30分頃には全体が,
// 7時15分からは受付も.
func (p *parser) escalates(w, begun *window) bool {
	if begun.sentence == w.sentence && begun.startTo < w.startFrom && w.kind == outage && containsAny(p.src.slice(begun.startTo, w.startFrom), "に始まり", "から始まり") {
		return true // 10日からの途切れがちな状態に始まり、13日午前9時頃から完全に停止
	}
	if w.kind != outage || w.start.Before(begun.start) || w.start.Sub(begun.start) > 7*day || begun.startDate && !w.startDate {
		return false
	}
	if p.timeline[w.line] && (p.timeline[begun.line] || w.weak) && !p.find(p.lines[w.line].first, p.lines[w.line].last, cAgain) {
		return true // a step of what had begun
	}
	if w.start.Sub(begun.start) > day {
		return false
	}
	if from, to := p.sentence(p.tokenAt(p.lines[w.line], w.startFrom)); w.line == begun.line && from != begun.sentence && p.find(from, to, cStop) && !p.find(from, to, cHappen|cAgain) && !w.startDate {
		return true // 8時56分に発券を止めました
	}
	return begun.sentence == w.sentence && hasPrefix(p.src.runes, w.startTo, "には") > 0 || hasPrefix(p.src.runes, w.startTo, "からは") > 0
}

// tellsBoth reports whether the sentence of a window's start tells of its end, too: 7月3日9:00発生~7月5日15時解消.
func (p *parser) tellsBoth(w *window) bool {
	from, to := p.sentence(p.tokenAt(p.lines[w.line], w.startFrom))
	return p.find(from, to, cHappen) && p.find(from, to, cRecover)
}

func (a *assembler) add(w window) {
	if !w.hasStart && !w.hasEnd {
		return
	}
	if w.hasStart && w.hasEnd && w.end.Before(w.start) {
		return
	}
	for i := range a.windows {
		o := &a.windows[i]
		if o.hasStart == w.hasStart && o.hasEnd == w.hasEnd && o.start.Equal(w.start) && o.end.Equal(w.end) {
			o.approx = o.approx || w.approx && !w.startDate // days told again, without 終日
			return
		}
		if o.hasStart && w.hasStart && w.hasEnd && o.start.Equal(w.start) && !o.hasEnd {
			services := o.services
			*o = w
			o.services = services
			if a.open == i {
				a.open = -1
			}
			return
		}
		if !o.hasStart && w.hasEnd && o.end.Equal(w.end) {
			*o = w
			return
		}
	}
	a.windows = append(a.windows, w)
	a.open = -1
}

// listedBelow reports whether a range begins its line, below a sentence that says that a failure was at the following hours.
func (p *parser) listedBelow(rd *reading) bool {
	ln := p.lines[rd.line]
	if p.hasText(ln.text, rd.from) {
		return false
	}
	for i, n := rd.line-1, 0; i >= 0 && n < 4; i-- {
		above := p.lines[i]
		if above.blank {
			continue
		}
		n++
		if s := p.text(above.first, above.last); containsAny(s, "以下の", "次の", "下記の") && containsAny(s, "時間帯", "時間に", "日時") && p.find(above.first, above.last, cTrouble|cTroubleW|cCant|cHappen) && containsAny(s, "ました", "おります") {
			return true
		}
	}
	return false
}

// amongHours reports whether days are followed by others, as those are on which a service is never open: 12月31日~1月3日、5月3日~5日は.
func (p *parser) amongHours(rd *reading) bool {
	return p.kindAt(rd.to) == kComma && p.kindAt(p.over(rd.to+1, kSpace)) == kDate || hasPrefix(p.src.runes, p.toks[rd.to-1].to, "及び", "および", "並びに") > 0
}

// named reports whether the time at token k of a line stands behind a colon and the name of what it holds for.
func (p *parser) named(line, k int) bool {
	return p.hasText(p.lines[line].first, k) && p.kindAt(p.backOverSpace(k)-1) == kColon
}

// member reports whether it does so in a list: ・サーバー1:7時7分~7時17分.
func (p *parser) member(line, k int) bool { return p.lines[line].bullet && p.named(line, k) }

// tokenAt returns the token of the line that holds a rune.
func (p *parser) tokenAt(ln line, i int) int {
	k := ln.first
	for k < ln.last && p.toks[k].to <= i {
		k++
	}
	return k
}

func (p *parser) announced(w window) probes.AnnouncedWindow {
	out := probes.AnnouncedWindow{Approximate: w.approx, Services: w.services}
	if w.hasStart {
		t := w.start
		out.Start = &t
		out.StartText = p.src.piece(trimmed(p.src.runes, w.startFrom, w.startTo))
	}
	if w.hasEnd {
		t := w.end
		out.End = &t
		out.EndText = p.src.piece(trimmed(p.src.runes, w.endFrom, w.endTo))
	}
	return out
}
