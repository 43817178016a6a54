package notice

import "strings"

// changedTo says which bound it is that a line gives anew: 終了 (変更前)6:00 → (変更後)9:00.
func (p *parser) changedTo(m *mention) role {
	ln := p.lines[m.line]
	if !containsAny(p.text(max(ln.first, m.from-6), m.from), "変更後", "訂正後", "延長後") {
		return roleNone
	}
	switch k := ln.text; {
	case p.isWord(k, cFinish):
		return roleEnd
	case p.isWord(k, cBegin|cStop):
		return roleStart
	}
	return roleNone
}

// ofNextDay reports whether the mention only says of which day something is: 翌日の単価.
func (p *parser) ofNextDay(m *mention) bool {
	d := m.a.date
	return m.a.dateOnly() && d.base == baseContext && d.dayOff > 0 && d.day == 0 && !m.isRange && !m.since && !m.until && p.particle(m.to, 'の')
}

// takeNew makes a mention of two hours of which one takes the place of the other the mention of the new one: 終了時刻 18:00 → 20:30.
func (p *parser) takeNew(m *mention) {
	label, _ := p.roleAt(m.from)
	if !m.isRange || len(m.dates) > 0 || label != labelStart && label != labelEnd && label != labelEndPlan || !strings.Contains(p.text(m.a.to, m.b.from), "→") {
		return
	}
	m.a, m.b, m.isRange, m.from = m.b, point{}, false, m.b.from
}

// succeeds reports whether what takes the place of the service that stops is to run from then on: 新システムは…から稼働します.
func (p *parser) succeeds(m *mention, from, next int) bool {
	return containsAny(p.text(max(from, m.from-maxLook), m.from), "新システムは", "新サイトは", "新サービスは", "新サーバーは", "新サーバは", "新ホームページは", "新しいシステムは", "新しいサイトは", "更新後のシステムは", "移行後のシステムは") &&
		containsAny(p.text(m.to, next), "稼働", "運用", "利用", "公開", "開始", "使え")
}

// precedes reports whether what is to be replaced ends then: これまでのシステムは…で終了し.
func (p *parser) precedes(m *mention, from, next int) bool {
	return containsAny(p.text(max(from, m.from-maxLook), m.from), "現行システムは", "現システムは", "旧システムは", "旧サイトは", "これまでのシステムは", "現在のシステムは", "これまでのサイトは", "現在のサイトは", "現行サイトは") &&
		containsAny(p.text(m.to, next), "終了", "停止")
}

// switched reports whether the words from token k say that something was changed over for good then.
func (p *parser) switched(k, next int) bool {
	s := p.text(k, next)
	for ; k < next; k++ {
		if p.isWord(k, cMaintW) && hasPrefix(p.src.runes, p.toks[k].to, "しました", "いたしました", "致しました", "しております", "しています") > 0 && !p.find(k, next, cStop|cCant) {
			return true
		}
	}
	return containsAny(s, "便利になりました", "が始まりました", "を始めました")
}

// maxSchedule bounds the part of a page that is searched for what a schedule of steps does to its users, in tokens.
const maxSchedule = 2000

// swaps tells the step of a schedule at which the old system stops, a start, from that at which the new one takes its place, an
// end: 10/23 6:00 旧システムの取引を終了 | 10/25 7:00 新システムの取引を開始.
func (p *parser) swaps(m *mention) role {
	ln := p.lines[m.line]
	if m.isRange || m.since || m.until || !m.a.hasDate || p.hasText(ln.value, m.from) || p.kindAt(ln.last-1) == kStop || !p.find(0, min(len(p.toks), maxSchedule), cStop|cCant) {
		return roleNone
	}
	switch s := p.text(m.to, ln.last); {
	case containsAny(s, "旧システム", "現システム", "現行システム", "旧サイト", "現行サイト", "旧サービス", "旧ホームページ") && p.find(m.to, ln.last, cFinish|cStop):
		return roleStart
	case containsAny(s, "新システム", "新サイト", "新サービス", "新ホームページ") && containsAny(s, "開始", "稼働", "公開", "再開", "オープン", "リリース") && !strings.Contains(s, "申込"):
		return rolePlan
	}
	return roleNone
}

// entersMaintenance reports whether a failure led to emergency maintenance at a time, which is not told to be over: 18時31分頃に緊急
// メンテナンスに入りました.
func (p *parser) entersMaintenance(m *mention, next int) bool {
	s := p.text(m.to, min(m.to+maxClause, next))
	if m.isRange || m.until || !m.a.hasClock || !containsAny(s, "緊急メンテナンスに入", "緊急メンテナンスを開始", "臨時メンテナンスに入") || !p.find(max(0, m.from-maxSchedule), m.from, cTrouble) {
		return false
	}
	for k := next; k < len(p.toks) && k < next+maxSchedule; k++ {
		if t := p.toks[k]; t.is(cRecover|cResume|cFinish) && t.tail == tailDone {
			return false
		}
	}
	return true
}

// hopedAgain reports whether a time is the earliest at which something may go on: 運転の再開は午後3時以降になる.
func (p *parser) hopedAgain(m *mention, from, to int) bool {
	before := p.text(max(from, m.from-6), m.from)
	return (strings.HasSuffix(before, "再開は") || strings.HasSuffix(before, "復旧は") || strings.HasSuffix(before, "回復は")) && containsAny(p.text(m.to, min(m.to+6, to)), "になる", "となる", "になり", "となり") && !containsAny(p.text(m.to, to), "なった", "なりました")
}

// gaveWay reports whether what stands behind a time in its sentence, or the next sentence, says that something could not be
// done any more.
func (p *parser) gaveWay(from, to int) bool {
	s := p.text(from, to)
	if p.kindAt(to) == kStop {
		if a, b := p.sentence(to + 1); a > to && !p.hasTime(a, b) {
			s += p.text(a, b)
		}
	}
	return containsAny(s, "なくなった", "なくなりました")
}

// brokeBefore reports whether English words between two tokens say that something was lost or broke, and no other time stands there.
func (p *parser) brokeBefore(from, to int) bool {
	for k := max(from, to-maxLook); k < to; k++ {
		if p.isWord(k, cCant) && p.gapText(k, "was ", "were ", "went ", "lost ") {
			return !p.hasTime(k, to)
		}
	}
	return false
}

// takesDown reports whether an English sentence says that somebody is going to stop something.
func takesDown(text string) bool {
	return containsAny(text, " down at ", " down on ", " down from ") && containsAny(text, "will take ", "will bring ", "will be taken ", "will be brought ", "will shut ") ||
		containsAny(text, " at ", " on ", " from ") && containsAny(text, "we will stop ", "We will stop ", "we will suspend ", "We will suspend ", "will power off ", "will switch off ", "will turn off ", "will be powered off ", "will be switched off ", "will be turned off ", "will be stopped ")
}

// willWork reports whether the English words between two tokens say that work will be done.
func (p *parser) willWork(from, to int) bool {
	for k := from; k < to; k++ {
		if p.latin(k, "will") && p.find(from, to, cMaint|cStop|cCant) {
			return true
		}
	}
	return false
}

// lasts reports whether the English words before a range of hours say that it is how long something takes: It will last from.
func (p *parser) lasts(m *mention, from int) bool {
	return p.english(m) && m.isRange && m.a.hasClock && containsAny(p.text(from, m.from), "will last", "will take", "is being ", "are being ")
}
