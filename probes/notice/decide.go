package notice

import (
	"strings"
	"unicode"
)

// kanjiBehind reports whether the word at k is only the first half of a compound: 発行申請, 更新業務.
func (p *parser) kanjiBehind(k int) bool {
	i := p.toks[k].to
	return i < len(p.src.runes) && (unicode.Is(unicode.Han, p.src.runes[i]) || unicode.Is(unicode.Katakana, p.src.runes[i]))
}

// decide looks forward from a mention for the first word that says what happened then.
func (p *parser) decide(from, next int, r *reading) (role, bool) {
	m := r.mention
	fallback := roleNone
	for k := from; k < next && k < from+maxLook; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		if p.isWord(k+1, cWhen) && t.is(cHappen|cRecover|cResume|cFinish|cBegin|cStop|cNotice) {
			break // the label of the next time
		}
		if r.kind != maintenance && fallback == roleNone && isLatin(p.rune(k)) && p.repairStep(m.to, k) {
			return roleIgnore, true // at 8:56 we isolated the router that was causing the disruption
		}
		switch {
		case t.is(cFriend):
		case t.is(cMode):
			return roleIgnore, true
		case t.is(cAgain):
			if !isLatin(p.rune(k)) { // available again
				fallback = roleStart
			}
		case t.is(cMeeting) && fallback == roleNone && hasPrefix(p.src.runes, t.to, "を開", "を行", "を開催", "で") > 0:
			return roleIgnore, true
		case t.is(cTender|cMeeting) && (p.served(k) || p.particle(k+1, 'の') && p.find(k, next, cTrouble|cCant|cStop)):
			// イベントの予約ができない不具合が発生
		case t.is(cTender | cMeeting | cOther):
			if t.is(cOther) && (p.causeOf(k, next) || p.particle(k+1, '時') || hasPrefix(p.src.runes, t.to, "・", "を行う") > 0 && p.find(k, next, cTrouble|cCant|cStop) || hasPrefix(p.src.runes, t.to, "を再開し", "を再開いた", "が再開") > 0) {
				continue // 9時の開店時より, 発売を行うシステムに障害が
			}
			if fallback == roleNone && (k <= from+3 && p.kindAt(from) != kComma || !p.find(k, next, cHappen|cCant|cStop|cTrouble|cMaint|cRecover)) {
				return roleIgnore, true
			}
		case t.is(cNext):
			return roleIgnore, true
		case t.is(cOngoing):
			if t.is(cUnknown) || fallback != roleNone {
				return fallback, false
			}
			if p.toks[k].to-p.toks[k].from >= 3 && p.gapText(k, "復旧") {
				return roleIgnore, true
			}
			fallback = roleStart
		case t.is(cRecover|cResume) && hasPrefix(p.src.runes, t.to, "しか", "せず", "しなかっ", "はしな", "には至ら") > 0:
			return roleIgnore, true // 一時的な改善しか見られなかった
		case t.is(cRecover | cResume):
			if p.particle(k+1, 'の') || p.particle(k+1, 'を') {
				if p.find(k+1, min(k+6, next), cHope) {
					return roleHope, true
				}
			}
			switch t.tail {
			case tailDone, tailNone:
				if _, end := p.sentence(k); p.otherPart(k) || p.conditional(k, min(k+14, end)) {
					return roleIgnore, true
				}
				if t.is(cRecover) && p.workOf(k) || p.partOf(max(from, k-6), k) || t.is(cResume) && containsAny(p.text(m.to, k), "制限したうえで", "制限した上で", "制限しながら") {
					return roleIgnore, true
				}
				return roleEnd, true
			case tailFuture:
				return rolePlan, true
			case tailHope:
				return p.hope(k), true
			case tailNoun:
				if p.find(k+1, min(k+8, next), cFinish) || containsAny(p.text(k, next), "可能となる", "可能になる", "可能となり", "可能になり") && !p.partOf(k, min(k+14, next)-1) {
					return roleEnd, true
				}
				if p.kindAt(k+1) == kNewline && p.particle(k-1, 'が') && r.kind != maintenance && !p.partOf(max(from, k-6), k) {
					return roleEnd, true // 13時25分 全ての電話が復旧
				}
				return roleIgnore, true
			case tailNot:
				if _, end := p.sentence(k); hasPrefix(p.src.runes, t.to, "するまで", "されるまで") > 0 && containsAny(p.text(k, end), "続いた", "続きました", "かった", "ました", "なった") {
					return roleEnd, true // 復旧するまで続いた
				}
				if fallback != roleNone && (m.since || hasPrefix(p.src.runes, t.to, "しておりません", "していません") == 0) {
					return fallback, true
				}
				return roleIgnore, true
			}
		case t.is(cFinish):
			if t.tail == tailNot {
				continue
			}
			if _, end := p.sentence(k); r.kind != maintenance && hasPrefix(p.src.runes, t.to, "た後", "たあと", "後に", "後、", "したところ", "たところ") > 0 && p.find(k, end, cTrouble|cCant|cHappen) {
				continue // 点検を終えた後、サーバーが立ち上がらなくなるトラブルがあった
			}
			if p.gapText(k, "終え") && p.particle(from, 'で') {
				return roleStart, true // 16時で発行を終え
			}
			if t.tail == tailFuture && (p.particle(m.from-1, 'を') || p.particle(from, 'で')) && !p.find(max(0, m.from-8), m.from, cMaint|cMaintW) {
				return roleStart, true // 受付を15時で終了します
			}
			if t.tail == tailFuture || t.tail == tailHope || containsAny(p.text(k, min(k+8, next)), "ことを目標", "ことを目指", "よう目指") {
				return p.hope(k), true // 26日中に終えることを目標に
			}
			if containsAny(p.text(max(from, k-8), k), "失敗", "復元", "駆除", "隔離", "調査", "検証", "洗い出し", "インシデントを", "監視を") {
				return roleIgnore, true // a step of the repair
			}
			if m.a.dateOnly() && hasPrefix(p.src.runes, p.toks[m.to-1].to, "をもって", "をもちまして", "を以て", "を持って") > 0 {
				return roleIgnore, true // the end of a service for good
			}
			if m.a.dateOnly() && !m.until && hasPrefix(p.src.runes, t.to, "のお知らせ", "のご案内", "のご報告", "について") > 0 {
				return roleIgnore, true // 3月17日 臨時メンテナンス終了のお知らせ
			}
			return roleEnd, true
		case t.is(cNormal):
			if m.a.dateOnly() && (p.particle(m.to, 'は') || hasPrefix(p.src.runes, p.toks[m.to-1].to, "の運行状況", "の運航状況", "の運転状況", "の外来", "の診療", "の開館") > 0) {
				return roleIgnore, true // 同日は通常どおり業務を行った, 本日の運行状況:平常通り
			}
			if !p.find(k+1, min(k+8, next), cCant) && !containsAny(p.text(k, min(k+10, next)), "なくなり", "なくなっ", "なかっ", "ておらず", "ていない") {
				if p.find(k+1, min(k+14, next), cHope|cPlan) || t.tail == tailNot {
					return roleHope, true
				}
				if containsAny(p.text(k, min(k+14, next)), "できるよう", "れるよう") {
					return roleHope, true
				}
				if containsAny(p.text(k, min(k+14, next)), "行います", "再開します", "いたします") {
					return rolePlan, true
				}
				return roleEnd, true
			}
			return roleStart, true
		case t.is(cCan):
			if p.gapText(k, "見られ") && p.find(m.to, k, cTrouble|cTroubleW|cCant) {
				return roleStart, true // エラーが見られました
			}
			if p.kanjiBehind(k) && hasPrefix(p.src.runes, t.to, "状態に") == 0 || p.kindAt(k+1) == kOpen || p.kindAt(k+1) == kClose {
				continue // 支払いに使用できるアプリ, 「もっとつながる」
			}
			if m.since && hasPrefix(p.src.runes, t.to, "まで", "るまで") > 0 {
				return roleStart, true // 17時頃より、安全が確認できるまで
			}
			if hasPrefix(p.src.runes, t.to, "よう") > 0 && hasPrefix(p.src.runes, t.to, "ようになり", "ようになっ") == 0 {
				return roleHope, true // 30日は診療ができるよう
			}
			if r.kind != maintenance && hasPrefix(p.src.runes, t.to, "になります", "となります", "ようになります") > 0 {
				return rolePlan, true
			}
			if a, b := p.sentence(k); m.since && m.a.dateOnly() && r.kind == noEvent && !p.find(a, b, eventWords|cNormal) {
				return roleIgnore, true // 令和6年3月1日から窓口で交付できます
			}
			if m.since && p.particle(m.to, 'も') {
				return roleIgnore, true // 4月1日以降も閲覧可能
			}
			if m.since || m.isRange || fallback == roleNone {
				if p.possible(k, min(k+4, next)) {
					continue
				}
				if containsAny(p.text(m.to, k), "応急", "暫定", "代替", "臨時", "代わり", "廃止") || r.kind != maintenance && strings.HasSuffix(p.text(m.to, k), "一部が") {
					return roleIgnore, true
				}
				return roleEnd, true
			}
		case t.is(cHappen):
			if s := p.text(k, min(k+10, next)); p.particle(k+1, 'は') && containsAny(s, "ておりません", "ていません", "ありません", "ございません") {
				return roleIgnore, true // 20:52以降、エラーの発生は確認されていません
			}
			if t.tail == tailNot {
				continue
			}
			if p.gapText(k, "始ま") && containsAny(p.text(max(m.to, k-4), k), "販売が", "受付が", "利用が", "運行が", "発売が") {
				return roleIgnore, true // 28日、一部を除ききっぷの販売が始まりました
			}
			if a, b := p.sentence(k); p.gapText(k, "始ま") && !p.find(a, b, cTrouble|cTroubleW|cCant|cStop|cMaint|cMaintW|cRecover) {
				return roleIgnore, true // 登録は6月24日から始まり
			}
			if hasPrefix(p.src.runes, t.to, "した地震", "した余震", "した津波") > 0 || p.quake(k) {
				return roleIgnore, true
			}
			if _, to := p.sentence(k); containsAny(p.text(k, to), "との報告", "との連絡", "との通報", "旨の報告", "旨の連絡", "との申告", "との一報") {
				return roleWeak, true // 3時4分に障害が発生したとの報告を受け
			}
			return roleStart, true
		case t.is(cCant):
			if j := p.firstOf(k+1, min(k+9, next), cRecover); j > 0 && containsAny(p.text(k, j), "状態は", "状況は", "事象は", "症状は") && p.toks[j].tail == tailDone {
				continue // つながりづらい状態は改善されました
			}
			return roleStart, true
		case t.is(cStop):
			if p.liftsStop(k, next) {
				continue
			}
			if containsAny(p.text(max(m.to, k-6), k), "の受け入れを", "の受入れを") {
				return roleIgnore, true // 13日から新たな患者の受け入れを停止
			}
			return roleStart, true
		case t.is(cExtend):
			return roleExtend, true
		case t.is(cNotice):
			if hasPrefix(p.src.runes, t.to, "したところ", "した範囲") > 0 {
				return roleIgnore, true
			}
			if fallback == roleNone {
				fallback = roleWeak
			}
			if r.kind != maintenance && containsAny(p.text(m.to, k), "ようになった", "ようになりました") {
				return roleEnd, true // 記録されるようになったことを確認
			}
			if t.is(cNotice) && p.gapText(k, "確認") {
				continue
			}
			return fallback, true
		case t.is(cBegin):
			if p.causeOf(k, next) {
				continue
			}
			if m.a.hasClock && t.tail != tailDone && p.find(max(0, m.from-4*maxLook), m.from, cStop|cCant) && containsAny(p.text(m.to, k), "新システム", "新しいシステム", "新サイト", "新しいサイト", "新ホームページ", "新しいホームページ") {
				return rolePlan, true // 10月2日10:00に新システムの利用を開始します
			}
			if p.workOf(k) || r.kind != maintenance && strings.HasSuffix(p.text(max(from, k-3), k), "作業を") {
				return roleIgnore, true
			}
			r.work = fallback == roleNone
			return roleStart, true
		case t.is(cDo) && hasPrefix(p.src.runes, t.to, "システム", "サービス", "サーバ", "装置", "設備", "機器", "端末", "機能", "サイト", "アプリ", "ソフト", "処理", "業務", "ための") > 0:
			// 搭乗手続きを行うシステム
		case t.is(cDo) && containsAny(p.text(max(m.to, k-4), k), "対策", "対応", "対処", "増強", "復旧", "再起動", "交換", "切替", "切り替え", "設定", "修正") && p.find(k+1, next, cNormal|cRecover|cResume):
		case t.is(cDo) && m.a.dateOnly() && !m.since && !m.until && hasPrefix(p.src.runes, t.to, "した", "いたしました") > 0 && p.find(k+1, min(k+6, next), cMaint) && containsAny(p.text(k+3, min(k+9, next)), "に伴", "により"):
			return roleIgnore, true // 10月28日に実施したメンテナンスに伴い、機能を追加しました
		case t.is(cDo) && m.a.dateOnly() && hasPrefix(p.src.runes, t.to, "ましたが", "しましたが", "いたしましたが") > 0 && (p.find(k+1, min(k+maxLook, len(p.toks)), cTrouble) || containsAny(p.text(k, next), "誤り", "ミスが")):
			return roleIgnore, true // 8月2日に作業を行いましたが、不具合があり
		case t.is(cDo) && r.kind != maintenance && m.a.dateOnly() && containsAny(p.text(k, min(k+14, next)), "際から", "際より", "時から", "ときから"):
			return roleStart, true // 10月18日に行われた改修の際から
		case t.is(cDo):
			r.work = fallback == roleNone
			return roleStart, true
		case t.is(cPublish) && !t.is(cMaint):
			if p.gapText(k, "知らせ", "周知し", "発表", "公表", "告知", "明らか") && !m.since && !m.until && !m.isRange {
				return roleReport, true // 9時ごろに通信障害を知らせた
			}
			if fallback == roleNone && (k <= from+2 && !m.isRange && (!m.since && !m.until || hasPrefix(p.src.runes, t.to, "し", "され", "いた") > 0) && !p.kanjiBehind(k) || p.gapText(k, "発表", "公表", "お知らせした", "告知", "明らか")) {
				return roleReport, true
			}
		case t.is(cPart) && len([]rune(p.text(k, k+1))) > 2:
			if p.gapText(k, "大部分", "大半", "一部復", "一部回", "一部再", "一部解", "順次", "部分復", "仮復") {
				return roleIgnore, true
			}
		case t.is(cHope):
			if r.kind == maintenance {
				return roleNone, false
			}
			return roleHope, true
		case t.is(cTrouble | cTroubleW | cMaint | cMaintW | cPlan):
			if fallback == roleNone || fallback == roleWeak {
				fallback = roleStart
			}
		case t.is(cMove):
			if t.tail != tailNot {
				if a, _ := p.sentence(m.from); p.find(max(a, m.from-14), m.from, cFinish|cResume) {
					return roleExtend, true
				}
				return roleStart, true
			}
		}
	}
	return fallback, false
}

// repairStep reports whether an English word between two tokens tells of a step of the repair.
func (p *parser) repairStep(from, to int) bool {
	if j := p.over(from+1, kSpace); p.kindAt(from) == kComma && p.latin(j, "while", "when", "as", "after", "during") {
		for from++; from < to && p.kindAt(from) != kComma; from++ { // on 8 March, while a release was being rolled out, it became degraded
		}
	}
	for k := from; k < to; k++ {
		if p.latin(k, "isolated", "rebooted", "restarted", "replaced", "disconnected", "switched", "rolled", "rerouted", "engaged", "applied", "deployed", "escalated") {
			return true
		}
	}
	return false
}

// causeOf reports whether the word at k only names the cause of what cannot be done: 発売の開始に伴い、接続しづらい.
func (p *parser) causeOf(k, next int) bool {
	return p.find(k, next, cCant|cTrouble) && containsAny(p.text(k, min(k+8, next)), "に伴", "により", "のため")
}

// otherPart reports whether the sentence that tells of the recovery at k goes on to say what has not recovered.
func (p *parser) otherPart(k int) bool {
	_, to := p.sentence(k)
	if p.find(k, to, cAgain) || containsAny(p.text(k, to), "原因", "監視", "経過", "調査", "詳細", "ご利用の") {
		return false
	}
	// 国内線は7時15分に復旧しました。国際線は引き続きご利用いただけません。
	if p.kindAt(to) == kStop {
		next := p.over(to+1, kNewline, kSpace)
		if a, b := p.sentence(next); a <= next && !containsAny(p.text(a, b), "原因", "監視", "経過", "調査", "お詫び") {
			for j := a; j < b; j++ {
				if p.isWord(j, cOngoing) && (p.gapText(j, "引き続き") || p.find(a, j, cNow)) && (p.find(j, b, cCant) || containsAny(p.text(a, b), "復旧作業", "対応中", "作業中")) {
					return true
				}
			}
		}
	}
	for j := k + 1; j < to && j < k+maxLook; j++ {
		if p.isWord(j, cOngoing) && (p.find(j, min(j+12, to), cCant|cTrouble|cTroubleW) || p.gapText(j, "引き続き") && containsAny(p.text(j, to), "作業中", "対応中") || p.gapText(j, "継続") && !p.find(j, to, cCan|cNormal)) {
			return true
		}
	}
	return false
}

// hope tells a planned end of maintenance from the hoped-for end of a failure.
func (p *parser) hope(k int) role {
	if p.toks[k].is(cFinish | cResume) {
		return rolePlan
	}
	return roleHope
}

// workOf reports whether the word at k belongs to work on the failure: 調査を開始, 復旧作業に着手.
func (p *parser) workOf(k int) bool {
	for j := k - 1; j >= 0 && j >= k-4; j-- {
		switch p.kindAt(j) {
		case kComma, kClock, kDate:
			return false
		}
		if p.kindAt(j) == kWord && (p.toks[j].is(cRecover) && p.toks[j].tail == tailNoun || p.toks[j].is(cOther|cOngoing)) {
			return true
		}
	}
	return false
}

// liftsStop reports whether the stop at k is mentioned only to say that it ends: 停止していたサービスを再開.
func (p *parser) liftsStop(k, next int) bool {
	i := p.toks[k].to
	if hasPrefix(p.src.runes, i, "していた", "しておりました", "中の", "中であ", "中でし", "の解除", "を解除", "させていただいておりました") == 0 {
		return false
	}
	return p.find(k+1, next, cResume|cRecover|cCan)
}

// maxGlue is the number of words that may stand between a time and its subject.
const maxGlue = 3

// lookBack looks for the subject of a time: 復旧時刻は18時50分, 発生は8時50分頃, 【復旧】10月31日.
func (p *parser) lookBack(prev int, m *mention) role {
	glue := 0
	for k, n := m.from-1, 0; k >= prev && n < 12; k, n = k-1, n+1 {
		t := p.toks[k]
		switch t.kind {
		case kSpace, kColon, kTab, kOpen, kClose:
			continue
		case kWord:
		case kComma, kRange:
			glue++
			continue
		default:
			if p.latin(k, "opens", "reopens") {
				if from, _ := p.sentence(k); p.find(from, k, cStop|cMaint) {
					return roleEnd // goes offline at 8 p.m., and the new one opens at 10 a.m.
				}
			}
			if !p.particle(k, 'は') && !p.particle(k, 'が') {
				glue++
			}
			continue
		}
		if t.is(cWhen | cFriend | cPlan) {
			continue
		}
		if glue > maxGlue && !(p.english(m) && glue <= 2*maxGlue) && !(p.particle(k+1, 'は') && containsAny(p.text(m.to, min(m.to+6, len(p.toks))), "となった", "となりま", "になった", "になりま", "だった", "でした")) {
			return roleNone
		}
		switch {
		case t.is(cRecover | cResume | cFinish):
			switch {
			case t.tail == tailHope || p.isWord(k+1, cHope) || t.tail == tailFuture && p.english(m):
				return p.hope(k)
			case t.tail == tailNot:
				return roleNone
			case !m.a.hasClock && (t.is(cRecover) || p.kindAt(k+1) == kClose):
				return roleNone // 【終了】9月25日のメンテナンス
			}
			return roleEnd
		case t.is(cHope):
			return roleHope
		case t.is(cNormal) && isLatin(p.rune(k)) && t.tail != tailNot && (p.find(max(prev, k-10), k, cHope) || p.willBe(k, prev)):
			return roleHope // aim to resume normal operation at around 3 p.m.
		case t.is(cNormal) && isLatin(p.rune(k)) && t.tail != tailNot:
			return roleEnd // were back to normal at 4.47am
		case t.is(cHappen | cBegin | cStop):
			if t.tail == tailNot {
				return roleNone
			}
			if isLatin(p.rune(k)) && containsAny(p.text(max(prev, k-12), k), "operation ", "operations ") {
				return roleEnd // operation of the new system started at 9:00
			}
			return roleStart
		case t.is(cNotice):
			return roleWeak
		case t.is(cCant) && strings.HasSuffix(p.text(k, m.from), "なった"):
			return roleStart // 閲覧ができなくなった3日午後2時20分ごろから
		case t.is(cCant) && m.a.hasClock && (p.gapText(k, "was ", "were ", "went ", "lost ") || p.english(m) && p.willBe(k, prev)):
			return roleStart // the cable was cut at 9.52am
		case t.is(cMaint|cDo|cPlan) && m.a.hasClock:
			return roleStart
		case t.is(cPublish):
			return roleReport
		case p.latin(k, "failed"):
			return roleStart
		case t.is(cTrouble | cTroubleW | cMaint | cAbout):
			return roleNone
		}
	}
	return roleNone
}

// fails reports whether words say in any verb that something is not done that should be: 更新されない状態, 送られていません.
func (p *parser) fails(from, to int) bool {
	s := p.text(from, to)
	return containsAny(s, "ない状態", "ない状況", "ない事象", "ない現象", "ない症状", "なくなっ", "ていません", "ておりません", "ない不具合") &&
		!containsAny(s, "影響", "確認されて", "確認して", "発生しておりま", "発生していま", "判明して", "問題は", "支障", "漏", "含まれて", "変更", "流出", "決まって", "予定して")
}
