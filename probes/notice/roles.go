package notice

import (
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
	// loose: a date of a list.
	loose bool
}

const maxLook = 60

// sentence returns the bounds of the sentence that holds token k: from stop to stop, or within a line; a line that
// plainly breaks off in mid-sentence goes on in the next.
func (p *parser) sentence(k int) (from, to int) {
	from, to = k, k
	for n := 0; from > 0 && n < 2*maxLook; n++ {
		t := p.toks[from-1]
		if t.kind == kStop || t.kind == kNewline && !p.soft(from-1) {
			break
		}
		from--
	}
	for n := 0; to < len(p.toks) && n < 2*maxLook; n++ {
		t := p.toks[to]
		if t.kind == kStop || t.kind == kNewline && !p.soft(to) {
			break
		}
		to++
	}
	return from, to
}

// soft reports whether the line's end at token k was made by a wrap and not by the writer.
func (p *parser) soft(k int) bool {
	if k == 0 || k+1 >= len(p.toks) {
		return false
	}
	if p.toks[k].line == p.title {
		return false
	}
	if ln := p.lines[p.toks[k].line]; p.isWord(k-1, cUntil) && (ln.heads || ln.bullet) {
		return false // 日時:12月6日0時から6時まで
	}
	last := p.src.runes[p.toks[k-1].to-1]
	next := p.lines[p.toks[k+1].line]
	if next.blank || next.bullet || next.heads {
		return false
	}
	switch last {
	case '、', ',', 'は', 'が', 'を', 'に', 'の', 'で', 'と', 'へ', 'り', 'も':
		return true
	}
	return p.isWord(k-1, cFrom) && p.kindAt(p.over(k+1, kSpace)) != kDate
}

// firstOf returns the first word of the classes between two tokens, -1 when there is none.
func (p *parser) firstOf(from, to int, c class) int {
	for k := from; k < to; k++ {
		if p.isWord(k, c) {
			return k
		}
	}
	return -1
}

func (p *parser) find(from, to int, c class) bool {
	for k := from; k < to; k++ {
		if p.isWord(k, c) {
			return true
		}
	}
	return false
}

// read decides the role of every mention.
func (p *parser) read() {
	for i := range p.mentions {
		m := &p.mentions[i]
		next := len(p.toks)
		if i+1 < len(p.mentions) {
			next = p.mentions[i+1].from
		}
		prev := 0
		if i > 0 {
			prev = p.mentions[i-1].to
		}
		r := reading{mention: m}
		if m.contextOnly {
			r.role = roleIgnore
		} else {
			p.roleOf(&r, prev, next)
		}
		p.readings = append(p.readings, r)
	}
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
	label, labelText := p.roleAt(m.from)
	if r.kind = p.kindAround(prev, next, m); r.kind == noEvent || r.kind == anyEvent {
		r.kind = p.kindAround(from, to, m)
	}
	if k := p.sectionOf(m.line); k != noEvent {
		r.kind = k
	}

	switch label {
	case labelIgnore:
		r.role = roleIgnore
		return
	case labelPublish:
		r.role = roleReport
		return
	case labelHope:
		r.role = roleHope
		return
	}
	if p.justAfter(m, next) {
		r.role = roleStart
		m.a.approx = true
		return
	}
	if role := p.status(m); role != roleNone {
		r.role = role
		return
	}
	if p.headsReport(m) || p.stamp(m) || p.posted(m) || p.quotes(m, to) || p.toldOn(m, to) {
		r.role = roleReport
		return
	}
	if role, ok := p.adjacent(r, prev, to); ok {
		r.role = role
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
		} else {
			r.role = roleIgnore
		}
		return
	}
	fwd, strong := p.decide(m.to, next, r)
	if m.open && label == labelNone && fwd == roleEnd {
		fwd = roleStart
	}
	switch {
	case fwd == roleIgnore || fwd == roleReport || fwd == roleHope && !m.isRange:
		r.role = fwd
	case m.isRange:
		r.role = p.rangeRole(r, fwd, label, from, to, prev)
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
	case m.since && m.a.dateOnly() && p.switched(m.to, next):
		r.role = roleIgnore // 3月1日より新システムに移行しました
	case m.since && p.english(m) && p.lookBack(prev, m) == roleEnd:
		r.role = roleIgnore // was gradually restored from 2:30 p.m.
	case m.since:
		r.role = roleStart
		if (fwd == roleEnd || fwd == rolePlan) && label != labelSpan && label != labelStart {
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
	case strong && !p.english(m):
		r.role, r.dayEnd = fwd, fwd == roleEnd
	default:
		back := p.lookBack(prev, m)
		switch {
		case back != roleNone:
			r.role, r.dayEnd = back, back == roleEnd
		case fwd != roleNone:
			r.role, r.dayEnd = fwd, fwd == roleEnd
			r.named = true
		case label == labelSpan:
			r.role = roleStart
		}
	}
	if (r.role == roleEnd || r.role == rolePlan) && p.pointAsOf(m) {
		r.asOf = true
	}
	if m.open && r.role == roleNone && (label == labelSpan || label == labelService || r.kind != noEvent) {
		r.role = roleStart
	}
	_ = labelText
}

// switched reports whether the words from token k say that something was changed over for good then.
func (p *parser) switched(k, next int) bool {
	for ; k < next; k++ {
		if p.isWord(k, cMaintW) && hasPrefix(p.src.runes, p.toks[k].to, "しました", "いたしました", "致しました", "しております", "しています") > 0 && !p.find(k, next, cStop|cCant) {
			return true
		}
	}
	return false
}

// justAfter reports whether the event began right after what happened at the time: 10時の受付開始直後より.
func (p *parser) justAfter(m *mention, next int) bool {
	for k := m.to; k+2 < next && k < m.to+16; k++ {
		if p.particle(k, '直') && p.particle(k+1, '後') && (p.isWord(k+2, cFrom) || p.particle(k+2, 'に')) {
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
		case t.is(cMeeting | cDeadline | cReserve | cTender | cNext):
			return roleIgnore, true
		case t.is(cHours) && !m.a.hasDate && !p.kanjiBehind(j) && !p.find(j, to, cCant|cHappen|cTrouble|cStop):
			return roleIgnore, true
		case t.is(cCancel) && inBracket:
			return roleIgnore, true
		}
	}
	if p.particle(j, '付') || p.particle(j, '版') || p.particle(j, '締') || p.particle(j, '発') && (p.particle(j+1, '信') || p.particle(j+1, '出')) {
		return roleReport, true
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
		case kText:
			switch p.text(k, k+1) {
			case "は", "の", "を", "日", "時", "報", "第", "●", "○", "※", "も":
				if p.text(k, k+1) == "報" && k > 0 && (p.kindAt(k-1) == kNumber || p.kindAt(k-1) == kLength || p.particle(k-1, '続') || p.particle(k-1, '速')) {
					if m.since || m.until || m.isRange {
						return roleNone, false
					}
					if _, strong := p.decide(m.to, to, r); strong {
						return roleNone, false
					}
					return roleReport, true
				}
				continue
			case "of":
				if p.latin(k-2, "as", "As") {
					if p.find(max(prev, k-14), k, cRecover|cResume|cNormal) {
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
			case t.is(cMeeting | cDeadline | cReserve | cTender | cNext | cOld):
				return roleIgnore, true
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

// struck reports whether the words of the sentence take the mention out of account: a window that was cancelled or
// moved away, the hours of a service desk, the span of those who must apply again, an extension that may be.
func (p *parser) struck(m *mention, from, to, next int) bool {
	// (12月6日…は中止), 【中止】
	for k := m.to; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		if t.is(cCancel) && (k < next || !p.hasMove(k, to)) && !p.isWord(p.over(k+1, kSpace, kText), cPossible) && t.tail != tailNot {
			if k < next || p.onlyGlue(next, k) {
				return true
			}
		}
	}
	// 8月23日にも
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "にも") > 0 {
		return true
	}
	// 5日中の復旧は難しい, 2日いっぱい
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "いっぱい", "中に", "中の", "中は", "中を", "中、", "中も") > 0 {
		return true
	}
	// 終了日の午前9時以降
	if before := p.text(max(from, m.from-4), m.from); !m.a.hasDate && (strings.HasSuffix(before, "終了日の") || strings.HasSuffix(before, "営業日の")) {
		return true
	}
	// 6:00を過ぎても
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "を過ぎ", "をすぎ", "を経過", "を超え") > 0 && !m.since {
		return true
	}
	// 次回のお知らせは15時頃
	if p.find(max(from, m.from-8), m.from, cNext) && !p.hasTime(max(from, m.from-8), m.from) {
		return true
	}
	// 雨天の場合は10月25日に順延
	for k, n := m.from-1, 0; k >= from && n < 5; k, n = k-1, n+1 {
		if p.isWord(k, cCond) && containsAny(p.text(k, min(k+2, len(p.toks))), "場合は", "場合に", "場合、") {
			return true
		}
		if p.kindAt(k) == kDate || p.kindAt(k) == kClock {
			break
		}
	}
	if p.example(m.line) {
		return true
	}
	// 証明書の有効期限が2月6日16時51分だった
	if !m.isRange && containsAny(p.text(max(from, m.from-4), m.from), "期限が", "期限は", "期限:") {
		return true
	}
	// 月曜日から金曜日の9時~17時
	if before := p.text(max(from, m.from-8), m.from); m.isRange && !m.a.hasDate && containsAny(before, "曜日の", "曜の", "平日", "月~金", "月-金", "(月)~(金)", "土日") {
		return true
	}
	// A desk's hours have no date
	if !m.a.hasDate && p.find(from, to, cHours) && !p.find(from, to, cStop|cMaint|cHappen|cTrouble|cCant) {
		return true
	}
	// 7月17日~19日の間に…プレイヤー様, この間の精算は…午後2時の間に順次振り込まれます
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "の間に", "までの間に", "の期間に", "の期間中に", "にログイン", "に購入", "にご購入", "にご利用") > 0 && p.firstOf(m.to, to, cStop|cCant|cMaint|cHappen|cTrouble|cDo) < 0 {
		return true
	}
	// 3月30日~4月6日に会議室を使う方は
	if p.particle(m.to, 'に') || p.particle(m.to, 'の') || p.particle(m.to, 'で') {
		if j := p.firstOf(m.to, next, cPerson|cHappen|cCant|cStop|cRecover|cTrouble|cMaint|cResume); j > 0 && p.isWord(j, cPerson) && p.gapText(j, "方") && (p.particle(j+1, 'は') || p.particle(j+1, 'へ')) && containsAny(p.text(m.to, j), "使う", "使用", "利用", "来", "受講", "予定", "更新", "迎え", "期限") {
			return true
		}
	}
	// ~に申請された方
	applied := false
	again := p.find(m.to, to, cReapply)
	for k := m.to; k < next; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		switch {
		case t.is(cReapply):
			return true
		case t.is(cApply):
			applied = true
		case t.is(cPerson) && applied && p.gapText(k, "方", "お客", "皆", "人", "利用者", "申請者", "customers", "users"):
			return true
		case t.is(cCant) && applied && again:
			// 操作を行い、画面が表示されなかった方は
		case t.is(cHappen | cCant | cStop | cRecover | cTrouble | cMaint | cResume | cMode):
			if t.is(cMode) {
				return true
			}
			applied = false
			k = next
		}
	}
	// 予定しておりましたが、…に変更
	for k := m.to; k < next; k++ {
		if p.isWord(k, cPlan) && p.pastPlan(k) {
			return true
		}
		if p.isWord(k, cMove) && k+1 < len(p.toks) && p.particle(k+1, '前') {
			return true
		}
	}
	// 12月6日から13日に変更: the first of the two is the old one
	if m.since && !m.isRange || p.isWord(p.over(m.to, kSpace), cFrom) {
		for k := next; k < to; k++ {
			if p.isWord(k, cMove|cExtend) && !p.possible(k, to) {
				return true
			}
			if p.isWord(k, cHappen|cStop|cMaint|cDo|cRecover|cCant) {
				break
			}
		}
	}
	// 最大で8時まで延長する可能性
	for k := m.to; k < next; k++ {
		if p.isWord(k, cExtend|cMove) && p.possible(k, to) {
			return true
		}
	}
	return false
}

// example reports whether the line gives an example, or what follows from one: ※例:…, →….
func (p *parser) example(n int) bool {
	ln := p.lines[n]
	if p.rune(p.over(ln.first, kSpace)) == '→' {
		return !p.find(ln.first, ln.last, cTrouble|cMaint|cRecover|cStop)
	}
	s := strings.TrimLeftFunc(p.text(ln.first, min(ln.last, ln.first+8)), func(r rune) bool { return r == ' ' || r == '(' || isMarker(r) })
	return strings.HasPrefix(s, "例:") || strings.HasPrefix(s, "例)") || strings.HasPrefix(s, "(例)") || strings.HasPrefix(s, "例えば")
}

// english reports whether the mention is written as English does, where the verb comes first.
func (p *parser) english(m *mention) bool {
	for k, n := m.from-1, 0; k >= 0 && n < 4; k, n = k-1, n+1 {
		if p.latin(k, "at", "on", "around", "about", "approximately", "by", "since", "from", "until", "Since", "From") {
			return true
		}
	}
	return false
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

func (p *parser) possible(from, to int) bool {
	for k := from; k < to && k < from+14; k++ {
		if p.isWord(k, cPossible|cCond) {
			return true
		}
	}
	return false
}

func (p *parser) pastPlan(k int) bool {
	i := p.toks[k].to
	rs := p.src.runes
	for n := 0; n < 4 && i+n < len(rs); n++ {
		if hasPrefix(rs, i+n, "しておりました", "していました", "していた", "しておりましたが", "されていた", "されておりました", "でした", "だった", "いたしておりました") > 0 {
			return true
		}
	}
	return false
}

func (p *parser) hasMove(from, to int) bool { return p.find(from, to, cMove) }

// onlyGlue reports whether between two tokens only further mentions and the glue of a list stand.
func (p *parser) onlyGlue(from, to int) bool {
	for k := from; k < to; k++ {
		if p.isWord(k, cHappen|cStop|cDo|cRecover|cCant) || p.kindAt(k) == kComma && p.rune(k) == '、' && p.kindAt(k-1) == kText {
			return false
		}
	}
	return true
}

// rangeRole decides what a range is.
func (p *parser) rangeRole(r *reading, fwd role, label labelRole, from, to, prev int) role {
	m := r.mention
	switch {
	case fwd == roleEnd && p.usable(m, to), p.except(m), p.otherSpan(m, from):
		return roleIgnore
	case label == labelSpan || label == labelStart || label == labelService || label == labelEnd:
		return roleStart
	case fwd == roleHope:
		return roleHope
	}
	if p.find(from, to, cTender|cMeeting|cOther) && !p.find(m.to, to, cCant|cStop|cMaint|cHappen|cTrouble) {
		return roleIgnore
	}
	if r.kind != noEvent {
		return roleStart
	}
	if p.alone(m, from, to) || fwd == roleStart {
		return roleNone // the notice's kind decides
	}
	return roleNone
}

// usable reports whether the range is one in which the service works.
func (p *parser) usable(m *mention, to int) bool {
	for k := m.to; k < to && k < m.to+20; k++ {
		if p.particle(k, '除') {
			return false
		}
		if p.isWord(k, cCan|cNormal) {
			return true
		}
		if p.isWord(k, cHappen|cCant|cStop|cTrouble|cMaint|cDo|cRecover) {
			return false
		}
	}
	return false
}

// except reports whether the range is one that something does not hold in: (12月29日~1月3日を除く).
func (p *parser) except(m *mention) bool {
	return hasPrefix(p.src.runes, p.toks[p.over(m.to, kSpace, kClose)-1].to, "を除", "は除", "除く") > 0
}

// otherSpan reports whether the words before the range, in its sentence, say that it is the term of something else:
// 出願期間に変更はありません(12月2日~12月16日).
func (p *parser) otherSpan(m *mention, from int) bool {
	before := p.text(max(from, m.from-24), m.from)
	name := strings.TrimRight(before, "(: ")
	for _, t := range otherTerms {
		if strings.HasSuffix(name, t) {
			return true
		}
	}
	if p.find(m.from, min(m.to+maxLook, len(p.toks)), cStop|cCant|cMaint|cHappen|cTrouble) && !p.sentenceEnds(m.to) {
		return false
	}
	return containsAny(before, otherTerms...)
}

// otherTerms are the terms of something else than an outage or work.
var otherTerms = []string{"出願期間", "申込期間", "申込み期間", "申請期間", "受付期間", "募集期間", "提出期間", "応募期間", "開催期間", "運用期間", "試行期間", "テスト期間", "利用時間は", "利用時間:", "開館時間", "会期", "販売期間", "キャンペーン期間", "対象期間", "投票", "受付時間", "サポート時間", "営業時間"}

// sentenceEnds reports whether nothing but marks stands between token k and the end of its sentence.
func (p *parser) sentenceEnds(k int) bool {
	for ; k < len(p.toks); k++ {
		switch p.kindAt(k) {
		case kSpace, kClose:
		case kStop, kNewline:
			return true
		default:
			return false
		}
	}
	return true
}

// alone reports whether the sentence holds nothing but the mention and marks.
func (p *parser) alone(m *mention, from, to int) bool {
	for k := from; k < to; k++ {
		if k >= m.from && k < m.to {
			continue
		}
		if t := p.toks[k]; t.kind == kWord {
			return false
		} else if t.kind == kText && t.to-t.from == 1 && !isMarker(p.rune(k)) {
			return false
		}
	}
	return true
}
