package notice

import (
	"slices"
	"strings"
	"time"
)

// A role is what a mention of time is to the event.
type role uint8

const (
	roleNone   role = iota // nothing says what it is
	roleStart              // the event began, or begins
	roleWeak               // it was noticed: a start if no better one is given
	roleEnd                // it ended
	rolePlan               // it is planned to end
	roleHope               // its end is hoped for
	roleReport             // when something was said
	roleIgnore             // something else
	roleExtend             // the end was moved here
)

// A reading is a mention with what the words around it make of it.
type reading struct {
	*mention
	role role
	kind eventKind
	// asOf: the end is only known to have been before (18時50分時点で復旧).
	asOf bool
	// dayEnd: a date alone ends at its last moment (まで), and not at its first (から利用できます).
	dayEnd bool
	// work: all that is said is that something was done then.
	work bool
	// named: the event is only named behind it (10月30日の障害).
	named bool
	// at: for the time of a report, that time.
	at time.Time
	// starts, ends: the log-odds of the second reader that it is such a bound.
	starts, ends float64
	// loose: a date of a list.
	loose bool
}

const maxLook = 60

// maxClause is the number of tokens behind a time that are believed to be of its clause.
const maxClause = 20

// read decides the role of every mention.
func (p *parser) read() {
	p.stopLabelled = slices.ContainsFunc(p.lines, func(ln line) bool {
		return ln.heads && containsAny(ln.label, "システム停止", "サービス停止", "ネットワーク停止") && p.hasTime(ln.value, ln.last)
	})
	for i := range p.mentions {
		m := &p.mentions[i]
		p.takeNew(m)
		next := len(p.toks)
		for j := i + 1; j < len(p.mentions); j++ {
			if o := &p.mentions[j]; o.to != m.to && !(j == i+1 && p.ofNextDay(o)) { // else the same hour, for another day
				next = o.from
				break
			}
		}
		prev := 0
		if i > 0 {
			prev = p.mentions[i-1].to
		}
		r := reading{mention: m}
		if from, to := p.sentence(m.from); m.contextOnly || p.turns(i) || p.inAnswer(from, to) || p.lines[m.line].desk {
			r.role = roleIgnore
		} else {
			p.roleOf(&r, prev, next)
		}
		p.readings = append(p.readings, r)
	}
	p.dropCoarse()
}

// dropCoarse leaves out the hour of a headline where the text below gives the minute: 午後1時すぎに復旧.
func (p *parser) dropCoarse() {
	for i := range p.readings {
		h := &p.readings[i]
		if h.role != roleStart && h.role != roleEnd || h.isRange || !h.a.approx || !h.a.hasClock || h.a.clock.minute > 0 || h.line > p.title+1 {
			continue
		}
		for _, rd := range p.readings[i+1:] {
			if rd.role == h.role && rd.line > h.line && rd.a.hasClock && rd.a.clock.minute > 0 && rd.a.clock.hours(rd.a.date) == h.a.clock.hours(h.a.date) {
				h.role = roleIgnore
			}
		}
	}
}

// turns reports whether mention i is the last moment before something that the next mention dates by the same hour:
// ~10月16日 22:00 | 10月16日 22:00~.
func (p *parser) turns(i int) bool {
	if i+1 >= len(p.mentions) {
		return false
	}
	m, next := p.mentions[i], p.mentions[i+1]
	return m.until && !m.since && !m.isRange && p.kindAt(m.from) == kRange && !next.until && (next.since || next.open || next.isRange) && m.a.hasClock && m.a.date == next.a.date && m.a.clock == next.a.clock && next.line <= m.line+2
}

func (p *parser) roleOf(r *reading, prev, next int) {
	m := r.mention
	from, to := p.sentence(m.from)
	if to < m.to {
		_, to = p.sentence(m.to)
	}
	prev, next = max(prev, from), min(next, to)
	if next < m.to {
		next = m.to
	}
	label, _ := p.roleAt(m.from)
	if (isTimeLabel(label) && m.isRange || label == labelEnd || label == labelEndPlan) && len(p.lines[m.line].cells) > 1 { // what the next cells say is of other things
		for to = m.to; to < next && p.kindAt(to) != kTab; to++ {
		}
		next = to
	}
	if r.kind = p.kindAround(prev, next, m); r.kind == noEvent || r.kind == anyEvent {
		r.kind = p.kindAround(from, to, m)
	}
	if k := p.sectionOf(m.line); k != noEvent {
		r.kind = k
	}
	if p.entersMaintenance(m, next) {
		r.role, r.kind = roleStart, maintenance
		return
	}
	if r.kind == maintenance && containsAny(p.text(from, m.from), "行いましたが", "実施しましたが", "いたしましたが", "行ったところ", "実施したところ", "行った際", "実施した際") {
		r.kind = anyEvent // 入替作業を行いましたが、設定に誤りがあり、7時5分より
	}

	switch label {
	case labelIgnore:
		r.role = roleIgnore
		if _, name := p.roleAt(m.from); strings.HasPrefix(name, "次回") && m.isRange && m.a.hasDate && m.a.hasClock && p.find(0, m.from, cMaint) {
			r.role = roleStart // メンテナンスの予告 次回:5月19日午前2:00~午前8:00
		}
		return
	case labelPublish:
		r.role = roleReport
		return
	case labelSpan:
		if _, name := p.roleAt(m.from); strings.EqualFold(strings.TrimSpace(name), "date") && !m.isRange && m.a.hasDate && m.a.hasClock && p.isPublished(m) {
			r.role = roleReport // Date: 2025/07/22 17:30
			return
		}
	case labelHope:
		r.role = roleHope
		return
	}
	if m.columns {
		r.role = roleStart
		return
	}
	if role := p.swaps(m); role != roleNone {
		r.role, r.kind = role, maintenance
		p.swapped = p.swapped || role == roleStart
		return
	}
	if p.justAfter(m, next) {
		r.role = roleStart
		m.a.approx = true
		return
	}
	if s := strings.TrimSpace(p.text(max(from, m.from-8), m.from)); !m.isRange && (strings.HasSuffix(s, "End Date:") || strings.HasSuffix(s, "End Time:") || strings.HasSuffix(s, "End:")) {
		r.role = roleEnd // Start: 10 May 13:00 End: 10 May 18:00
		return
	}
	if s := p.text(max(from, m.from-6), m.from); !m.isRange && !m.until && m.a.hasClock && (strings.HasSuffix(s, " at ") || strings.HasSuffix(s, " on ")) && takesDown(p.text(from, m.from)) {
		r.role, r.kind = roleStart, maintenance // we will take the cluster down at 9 p.m.
		return
	}
	if role := p.status(m); role != roleNone {
		r.role = role
		return
	}
	if p.reportedBefore(m) || p.headsReport(m) || p.logs(m) || p.stamp(m) || p.posted(m) || p.quotes(m, to) || p.toldOn(m, to) {
		r.role = roleReport
		return
	}
	if n := len(p.readings); m.isRange && n > 0 && p.readings[n-1].isRange && p.readings[n-1].role == roleStart {
		switch p.text(p.readings[n-1].to, m.from) {
		case "と", "の間と", "、", "及び", "および":
			r.role = roleStart // 12:37~12:54の間と13:25~16:24の間
			return
		}
	}
	if p.answersWhen(m, from) {
		r.role = roleStart
		return
	}
	if role, ok := p.adjacent(r, prev, to); ok {
		r.role = role
		return
	}
	if label == labelSpan && m.since && p.kindAt(m.to) == kLength {
		r.role = roleStart // 閉鎖期間:2月24日から10日間程度(再開した際はご連絡します)
		return
	}
	if p.struck(m, from, to, next) {
		r.role = roleIgnore
		return
	}
	if m.deadline {
		if m.a.dateOnly() && p.find(m.to, to, cPublish) {
			r.role = roleReport // 11月1日までに、…復旧したと発表した
			return
		}
		if role, _ := p.decide(m.to, next, r); role == roleEnd {
			r.role, r.asOf = roleEnd, true
		} else if p.english(m) && p.find(from, m.from, cNormal) && containsAny(p.text(from, m.from), "expect", "should be", "will be") {
			r.role = rolePlan // we expect to be back in normal operation by midnight
		} else if p.english(m) && m.a.hasClock && p.lookBack(prev, m) == roleEnd && !p.find(from, m.from, cPart) {
			r.role = roleEnd // was fully resolved by 10:05
		} else {
			r.role = roleIgnore
		}
		return
	}
	fwd, strong := p.decide(m.to, next, r)
	if fwd == roleExtend && m.line == p.title && m.a.dateOnly() && !m.until && p.kindAt(m.to) == kSpace {
		r.role = roleReport // 2024年12月5日 メンテナンス延長のお知らせ
		return
	}
	if !m.isRange && !m.until && hasPrefix(p.src.runes, p.toks[m.to-1].to, "に約", "から約") > 0 && p.lengthSoon(m.to) {
		r.role = roleStart // 21時30分ごろに約5分間
		return
	}
	if fwd == roleStart && p.datesBanner(m) {
		r.role = roleReport
		return
	}
	if fwd == roleStart && p.datesHeadline(m) {
		r.role = roleWeak
		return
	}
	if m.open && label == labelNone && fwd == roleEnd {
		fwd = roleStart
	}
	if m.since && m.a.hasClock && r.kind != maintenance && (fwd == roleNone || fwd == roleEnd && p.find(m.to, next, cRecover|cResume|cFinish)) && label != labelEnd {
		end := p.firstOf(m.to, next, cRecover|cResume|cFinish)
		if end < 0 {
			end = next
		}
		if p.fails(m.to, end) {
			r.role = roleStart
			return
		}
	}
	switch {
	case fwd == roleIgnore || fwd == roleReport || fwd == roleHope && !m.isRange:
		r.role = fwd
	case m.isRange:
		r.role = p.rangeRole(r, fwd, label, from, to, prev)
	case m.a.hasClock && p.precedes(m, from, next):
		r.role = roleStart
	case m.until && !m.since && r.kind != outage && p.usable(m, to) && !p.find(from, m.from, cMaint|cStop|cCant|cTrouble):
		r.role = roleIgnore // until then it can be used
	case m.until:
		r.role, r.dayEnd = roleEnd, true
		if fwd == roleExtend || p.find(max(prev, m.from-4), m.from, cExtend) && !p.possible(max(prev, m.from-4), m.from) {
			r.role = roleExtend
		}
	case fwd == roleExtend:
		r.role = roleExtend
	case m.since && p.find(m.to, to, cResume) && containsAny(p.text(m.to, to), "限定", "制限", "縮小", "一部") && !p.find(m.to, to, cTrouble|cCant|cHappen):
		r.role = roleIgnore // 10月21日より、受付時間を限定して再開
	case m.since && m.a.hasClock && p.succeeds(m, from, next):
		r.role = rolePlan
	case m.since && m.a.dateOnly() && p.switched(m.to, next):
		r.role = roleIgnore // 3月1日より新システムに移行しました
	case m.since && p.hopedAgain(m, from, to):
		r.role = roleHope
	case m.since && r.kind != maintenance && containsAny(p.text(from, to), "仮設", "仮の", "暫定", "代替") && containsAny(p.text(m.to, min(m.to+maxClause, to)), "放送して", "配信して", "運転して", "運行して", "提供して", "お届けして", "稼働して"):
		r.role = roleIgnore // 仮設のアンテナを立て、2月22日より放送しています
	case m.since && p.english(m) && p.lookBack(prev, m) == roleEnd:
		r.role = roleIgnore // was gradually restored from 2:30 p.m.
	case m.since:
		r.role = roleStart
		if (fwd == roleEnd || fwd == rolePlan) && !(p.english(m) && p.find(from, m.from, cMaint|cStop|cCant|cTrouble|cTroubleW)) && (label != labelSpan || !p.lines[m.line].heads && p.kindAt(to) == kStop) && label != labelStart {
			r.role = fwd
		} else if fwd == roleNone && (label == labelEnd || label == labelEndPlan) {
			r.role = roleEnd
		} else if fwd == roleNone && label == labelNone && p.kindAround(m.to, next, m) == noEvent && p.lookBack(prev, m) == roleNone && !p.alone(m, from, to) && (!p.english(m) || r.kind == noEvent) {
			r.work = true
		}
	case label == labelEnd && fwd != roleStart:
		r.role, r.dayEnd = roleEnd, true
	case label == labelEndPlan && fwd != roleStart:
		r.role, r.dayEnd = rolePlan, true
	case label == labelStart && fwd != roleEnd:
		r.role = roleStart
		if _, name := p.roleAt(m.from); containsAny(name, "検知", "発覚", "認知") {
			r.role = roleWeak // found later than begun
		}
	case m.a.hasClock && m.a.hasDate && r.kind != maintenance && fwd == roleNone && p.kindAt(m.to) == kComma && p.gaveWay(m.to, to):
		r.role = roleStart // 2月14日21:10、処理が追いつかなくなった
	case m.a.hasClock && p.closesLine(m, to):
		r.role = roleEnd
	case strong && (!p.english(m) || p.opensClause(m)):
		r.role, r.dayEnd = fwd, fwd == roleEnd
	case p.changedTo(m) != roleNone:
		r.role = p.changedTo(m)
	default:
		back := p.lookBack(prev, m)
		switch {
		case back != roleNone:
			r.role, r.dayEnd = back, back == roleEnd || back == roleHope && p.inEnglish()
		case fwd != roleNone:
			r.role, r.dayEnd = fwd, fwd == roleEnd
			r.named = true
		case label == labelSpan:
			r.role = roleStart
		case p.english(m) && m.a.hasClock && p.brokeBefore(from, m.from):
			r.role = roleStart // the cable was cut between Ashburn and Pelorus at 9.52am
		case r.kind == maintenance && m.a.hasClock && (p.english(m) || p.latin(p.backOverSpace(m.from)-1, "of")) && p.willWork(from, m.from):
			r.role = roleStart // maintenance will be performed on Friday, April 21, at 11:00 a.m.
		}
	}
	if r.role == roleEnd && r.kind != maintenance && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "の予定", "を予定", "の見込", "頃の予定", "ごろの予定") > 0 {
		r.role = roleHope // 修理完了は6月12日の予定です
	}
	if (r.role == roleEnd || r.role == rolePlan) && p.pointAsOf(m) {
		r.asOf = true
	}
	if m.open && r.role == roleNone && (label == labelSpan || label == labelService || r.kind != noEvent) {
		r.role = roleStart
	}
}

// isPublished reports whether the mention is the very hour of publication.
func (p *parser) isPublished(m *mention) bool {
	d, c := m.a.date, m.a.clock
	return (d.year == 0 || d.year == p.published.Year()) && d.month == int(p.published.Month()) && d.day == p.published.Day() && c.hour == p.published.Hour() && c.minute == p.published.Minute()
}

// answersWhen reports whether the words before a range say that it answers when something was so: 発生したのは8時半から9時10分.
func (p *parser) answersWhen(m *mention, from int) bool {
	before := strings.TrimRight(p.text(max(from, m.from-8), m.from), "、 ")
	return m.isRange && strings.HasSuffix(before, "たのは") && !containsAny(before, "できた", "けたのは")
}

// closesLine reports whether the line of a mention goes on, behind the mention's sentence, to say no more than that it is over:
// 16:48 全ての機器で通電を確認。障害復旧。
func (p *parser) closesLine(m *mention, to int) bool {
	ln := p.lines[m.line]
	if p.kindAt(to) != kStop || to+1 >= ln.last || p.hasText(ln.first, m.from) {
		return false
	}
	k := p.firstOf(to+1, ln.last, cRecover)
	return k >= 0 && k <= to+3 && p.sentenceEnds(k+1)
}

// lengthSoon reports whether a length of time stands right behind token k.
func (p *parser) lengthSoon(k int) bool {
	for n := k; n < k+4; n++ {
		if p.kindAt(n) == kLength {
			return true
		}
	}
	return false
}

// datesHeadline reports whether the mention only dates a headline: 2025/04/07 09:35 アプリの不具合について.
func (p *parser) datesHeadline(m *mention) bool {
	return m.line == p.title && m.a.hasDate && m.a.hasClock && !m.isRange && !m.since && !m.until && p.kindAt(m.to) == kSpace && p.find(m.to, p.lines[m.line].last, cAbout)
}

// datesBanner reports whether the mention stands in brackets before the first words of a notice: 【7/3 11:10】つながりにくくなっています.
func (p *parser) datesBanner(m *mention) bool {
	ln := p.lines[m.line]
	return (m.from == p.mentions[0].from || (m.a.date.year > 0 || p.isPublished(m)) && p.find(m.to, ln.last, cAbout)) && m.a.hasDate && m.a.hasClock && !m.isRange && !m.since && !m.until &&
		strings.ContainsRune("【[", p.rune(m.from-1)) && strings.ContainsRune("】]", p.rune(m.to)) && !p.hasText(ln.first, m.from-1)
}

// justAfter reports whether the event began right after what happened at the time: 10時の受付開始直後より.
func (p *parser) justAfter(m *mention, next int) bool {
	if !p.find(m.to, next, cTrouble|cTroubleW|cCant|cHappen|cStop) && !p.fails(m.to, next) {
		return false
	}
	for k := m.to; k+2 < next && k < m.to+16; k++ {
		if p.particle(k, '直') && p.particle(k+1, '後') && (p.isWord(k+2, cFrom) || p.particle(k+2, 'に') || p.kindAt(k+2) == kComma) {
			return true
		}
		if p.kindAt(k) == kComma {
			return false
		}
	}
	return false
}

func (p *parser) pointAsOf(m *mention) bool {
	return p.isWord(p.over(m.to, kSpace), cAsOf)
}

// confirms reports whether a time stands alone in brackets behind a sentence that says of the whole that it was seen to work
// again: 正常に稼働していることを確認しました。(8月21日9時時点).
func (p *parser) confirms(m *mention) bool {
	open := m.from - 1
	if p.kindAt(open) != kOpen || p.kindAt(p.over(m.to+1, kSpace)) != kClose {
		return false
	}
	stop := p.backOverSpace(open) - 1
	if p.kindAt(stop) != kStop {
		return false
	}
	from, to := p.sentence(stop - 1)
	return containsAny(p.text(from, to), "確認しました", "確認いたしました", "確認できました", "確認しております") && p.find(from, to, cRecover|cNormal) && !p.find(from, to, cPart)
}

// adjacent reads the words right before and behind a mention that settle what it is.
func (p *parser) adjacent(r *reading, prev, to int) (role, bool) {
	m := r.mention
	j := p.over(m.to, kSpace, kClose)
	if p.particle(j, 'の') {
		j = p.over(j+1, kSpace)
	}
	if p.isWord(j, cAsOf) {
		if role, _ := p.decide(j+1, to, r); role == roleEnd {
			r.asOf = true
			return roleEnd, true
		}
		if p.confirms(m) {
			r.asOf = true
			return roleEnd, true
		}
		return roleReport, true
	}
	inBracket := p.kindAt(p.over(m.to, kSpace)) == kOpen
	if inBracket {
		j = p.over(m.to, kSpace) + 1
	}
	if p.kindAt(j) == kWord && j < to {
		t := p.toks[j]
		switch {
		case t.is(cNow):
			return roleReport, true
		case t.is(cPublish) && !t.is(cMaint) && !m.since && !m.until && !m.isRange && (!p.kanjiBehind(j) || p.gapText(j, "付")):
			return roleReport, true
		case t.is(cReserve) && inBracket && p.timeFirst(j+1, to):
			// 3月29日(予備日 4月5日)
		case t.is(cMeeting | cDeadline | cReserve | cTender | cNext):
			return roleIgnore, true
		case t.is(cHours) && !m.a.hasDate && !p.kanjiBehind(j) && !p.find(j, to, cCant|cHappen|cTrouble|cStop|cRecover|cResume):
			return roleIgnore, true
		case t.is(cCancel) && inBracket:
			return roleIgnore, true
		}
	}
	if p.particle(j, '第') && p.kindAt(j+1) == kNumber && p.particle(j+2, '報') && !m.since && !m.until && !m.isRange {
		return roleReport, true // 12:40 第1報
	}
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "付「", "付け「", "付『", "付けの「", "付で", "付けで") > 0 {
		return roleIgnore, true // 10月4日付「システム障害に関するお知らせ」以降: what was told then
	}
	if p.particle(j, '付') || p.particle(j, '版') || p.particle(j, '締') || p.particle(j, '発') && (p.particle(j+1, '信') || p.particle(j+1, '出')) {
		return roleReport, true
	}
	if !m.isRange && !m.since && containsAny(p.text(max(prev, m.from-7), m.from), "[Update ", "[UPDATE ", "(Update ", "Update #") {
		return roleReport, true // [Update 2, 10.45am SGT]
	}
	// before it: 最終更新 10月31日, (予備日:12月13日, 第2報 10月31日, as of
	for n, k := 0, m.from-1; k >= prev && n < 5; n, k = n+1, k-1 {
		t := p.toks[k]
		switch t.kind {
		case kTab:
			if label, _ := p.roleAt(m.from); label != labelNone {
				return roleNone, false // the cell before it
			}
			continue
		case kSpace, kColon, kOpen, kClose, kStop:
			continue
		case kComma:
			if k > prev && p.particle(k-1, 'は') {
				continue // 予備日は、2月9日
			}
			return roleNone, false
		case kText:
			switch p.text(k, k+1) {
			case "は", "の", "を", "日", "時", "報", "第", "●", "○", "※", "も":
				if p.text(k, k+1) == "報" && p.kindAt(m.from-1) == kOpen && p.kindAt(m.to) == kClose && p.kindAt(k-1) == kNumber {
					return roleReport, true // 第1報(4月3日 8時30分)
				}
				if p.text(k, k+1) == "報" && k > 0 && (p.kindAt(k-1) == kNumber || p.kindAt(k-1) == kLength || p.particle(k-1, '続') || p.particle(k-1, '速')) {
					if m.since || m.until || m.isRange {
						return roleNone, false
					}
					if _, strong := p.decide(m.to, to, r); strong && p.kindAt(m.to) != kSpace {
						return roleNone, false
					}
					return roleReport, true // 第1報 8:50 ご利用いただけません
				}
				continue
			case "of":
				if p.latin(k-2, "as", "As") {
					if p.find(max(prev, k-14), k, cRecover|cResume|cNormal) || p.find(m.to, to, cRecover|cResume|cNormal) && !p.find(m.to, to, cCant|cPart|cOngoing|cHope) {
						r.asOf = true
						return roleEnd, true
					}
					return roleReport, true
				}
			case "at":
				continue
			}
			return roleNone, false
		case kWord:
			switch {
			case t.is(cOld) && m.since && p.find(m.to, to, cExtend):
				return roleStart, true // 当初10月25日から2週間の予定でしたが、延長いたします
			case t.is(cMeeting) && m.isRange && p.find(m.to, to, cCant|cStop|cTrouble):
				return roleNone, false // 開会の10時から10時25分まで音声が配信されませんでした
			case t.is(cMeeting | cDeadline | cReserve | cTender | cNext | cOld):
				return roleIgnore, true
			case t.is(cPublish) && !t.is(cMaint) && (p.kindAt(k-1) == kClock || p.kindAt(k-1) == kSpace && p.kindAt(k-2) == kClock) && p.kindAt(k+1) == kClose:
				return roleNone, false // (13:15追記)12:48に復旧しました
			case t.is(cPublish) && !t.is(cMaint):
				return roleReport, true
			case t.is(cHours) && !m.a.hasDate:
				return roleIgnore, true
			case t.is(cCancel) && p.kindAt(k+1) == kClose:
				return roleIgnore, true
			case t.is(cNow) && !m.isRange && k != prev && (k != prev+1 || p.kindAt(prev) != kSpace):
				return roleReport, true
			case t.is(cWhen):
				continue
			}
			return roleNone, false
		default:
			return roleNone, false
		}
	}
	return roleNone, false
}

// english reports whether the mention is written as English does, where the verb comes first.
func (p *parser) english(m *mention) bool {
	for k, n := m.from-1, 0; k >= 0 && n < 4; k, n = k-1, n+1 {
		if p.latin(k, "at", "on", "around", "about", "approximately", "by", "since", "from", "until", "Since", "From", "effective", "Effective") {
			return true
		}
	}
	return false
}

// opensClause reports whether the mention is the first thing of an English clause: and at 1:20 p.m. all systems recovered.
func (p *parser) opensClause(m *mention) bool {
	k := p.backOverSpace(m.from) - 1
	for p.latin(k, "at", "At", "around", "about") {
		k = p.backOverSpace(k) - 1
	}
	return k < 0 || p.latin(k, "and") || p.kindAt(k) == kComma || p.kindAt(k) == kStop || p.kindAt(k) == kNewline
}

func (p *parser) gapText(k int, words ...string) bool {
	s := p.text(k, k+1)
	for _, w := range words {
		if hasPrefix([]rune(s), 0, w) > 0 {
			return true
		}
	}
	return false
}

// rangeRole decides what a range is.
func (p *parser) rangeRole(r *reading, fwd role, label labelRole, from, to, prev int) role {
	m := r.mention
	switch {
	case fwd == roleEnd && p.usable(m, to) && !strings.HasSuffix(p.text(max(from, m.from-3), m.from), "なった"), p.except(m), p.otherSpan(m, from):
		return roleIgnore
	case label == labelSpan || label == labelStart || label == labelService || label == labelEnd:
		return roleStart
	case fwd == roleHope:
		return roleHope
	}
	if p.find(from, to, cTender|cMeeting|cOther) && !p.find(m.to, to, cCant|cStop|cMaint|cHappen|cTrouble) {
		return roleIgnore
	}
	if r.kind != noEvent || p.lasts(m, from) {
		return roleStart
	}
	if p.alone(m, from, to) || fwd == roleStart {
		return roleNone // the notice's kind decides
	}
	return roleNone
}
