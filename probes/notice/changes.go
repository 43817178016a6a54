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
