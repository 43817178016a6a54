package notice

import (
	"strings"
	"unicode"
)

// A stand is what a stretch of a notice says of how far the event is.
type stand struct {
	done, still, ongoing, planned, again, extended bool
	// moved: the extension has been made (延長しました), and is not only to come (延長します).
	moved bool
	// present: trouble is told of as present.
	present bool
	// hoped: after a recovery another one is hoped for.
	hoped bool
	// recovered: done is told by a word of recovery, and not only by what works.
	recovered, stillAny bool
	hopes               bool // of a recovery to come
	// lasts: the trouble is said to go on after some time: 午後7時半現在も続いている.
	lasts bool
	// finished: the words are those of an end (終了しました), and not only of something done (実施しました).
	finished bool
	// doneTitle: the headline says that it is over.
	doneTitle bool
}

// standOf reads the words of state between two tokens for one kind of event.
func (p *parser) standOf(from, to int, k eventKind) stand {
	var st stand
	p.sentences(func(a, b int) {
		if b <= from || a >= to || p.pastReport(a) || p.inAnswer(a, b) || p.denied(b) {
			return
		}
		if p.lines[p.toks[a].line].role == labelHope {
			st.ongoing = true // 【復旧の目標】 9月5日 18:00 システム復旧
			return
		}
		if k == outage {
			p.outageStand(max(a, from), min(b, to), &st)
		} else {
			p.maintenanceStand(max(a, from), min(b, to), &st)
		}
	})
	return st
}

// pastReport reports whether the line at token k only lists a report: 12:40 第1報 ….
func (p *parser) pastReport(k int) bool {
	k = p.over(k, kSpace)
	_, next, ok := p.point(k)
	next = p.over(next, kSpace)
	return ok && p.particle(next, '第') && p.kindAt(next+1) == kNumber && p.particle(next+2, '報')
}

func (p *parser) outageStand(from, to int, st *stand) {
	part := p.find(from, to, cPart)
	maint := p.find(from, to, cMaint)
	done, still := false, false
	for k := from; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		next := min(k+10, to)
		switch {
		case t.is(cRecover | cResume):
			switch t.tail {
			case tailDone:
				if hasPrefix(p.src.runes, t.to, "したあと", "した後") > 0 && containsAny(p.text(k, to), "見通し", "見込") {
					continue // 再開したあとも、遅れが続く見通しです
				}
				if p.partOf(from, k) || p.conditional(k, min(k+4, to)) || hasPrefix(p.src.runes, t.to, "された建物", "されたエリア", "された地域", "されたお客", "された方", "された回線", "された箇所", "された機器", "したエリア", "した地域", "した箇所") > 0 {
					st.ongoing = true
				} else if !p.workOf(k) || p.find(k, next, cFinish) {
					done = true
					st.recovered = true
				}
			case tailNoun:
				if p.isWord(k+1, cWhen) {
					continue
				}
				if p.find(k+1, min(k+8, to), cFinish) && p.finished(k+1, min(k+8, to)) {
					done = true
				} else {
					st.ongoing = true
				}
			case tailHope:
				st.ongoing = true
				st.hoped = st.hoped || st.done
				st.hopes = true
			case tailNot:
				if hasPrefix(p.src.runes, t.to, "次第", "し次第", "見通し") > 0 {
					st.hoped = st.hoped || st.done
				}
				if hasPrefix(p.src.runes, t.to, "して", "され", "でき", "には至", "に至") > 0 {
					still = true
				}
			}
		case t.is(cNormal):
			if isLatin(p.rune(k)) && (p.find(max(from, k-4), k, cCant) || p.find(max(from, k-10), k, cHope)) {
				continue // have not been working normally, aim to resume normal operation
			}
			if containsAny(p.text(from, k), "既に", "すでに", "済みの", "済の", "以外", "その他", "他の") {
				continue // what was never broken
			}
			if !p.find(k+1, next, cCant) && !p.find(k+1, to, cHope) && t.tail != tailNot && p.presentOrPast(k, to) {
				done = !part || done
			}
		case t.is(cCan):
			if (p.find(from, k, cNow) || p.find(from, k, cFrom) && p.hasTime(from, k)) && !p.find(from, k, cNoEffect) && (hasPrefix(p.src.runes, t.to, "よう") == 0 || hasPrefix(p.src.runes, t.to, "ようにな") > 0) && !p.find(k, next, cPossible|cHope|cPlan) && !p.find(from, to, cPerson) && !containsAny(p.text(from, k), "以降の", "有効期") {
				done = !part || done
			}
		case t.is(cFinish):
			if t.tail == tailDone && p.find(from, k, cTrouble) && !part {
				done = true
			}
		case t.is(cCant|cTrouble|cTroubleW) && t.tail != tailNot && p.find(from, to, cNow) && !p.find(from, to, cRecover|cResume|cNormal|cCan|cFinish) && !containsAny(p.text(from, to), "現在は"),
			t.is(cCant) && containsAny(p.text(k, to), "なっております", "なっています", "状態です", "状況です", "続いております", "続いています"),
			t.is(cStop) && hasPrefix(p.src.runes, t.to, "ております", "ています", "しております", "しています") > 0 && !p.find(from, to, cRecover|cResume|cFinish):
			st.present = true
		case p.gapText(k, "ダウンしています", "ダウンしており"):
			st.ongoing = true
		case t.is(cHappen):
			if hasPrefix(p.src.runes, t.to, "ております", "ています", "しております", "しています", "している", "しており") > 0 && hasPrefix(p.src.runes, t.to, "しておりました", "していました", "しておりましたが") == 0 {
				st.present = true
			}
		case t.is(cHope) && st.done && containsAny(p.text(k, min(k+8, to)), "立っていない", "立っていません", "立っておら", "立っておりません", "たっていない", "たっておりません"):
			st.still = true // what was back before that was a part
		case t.is(cOngoing | cUnknown):
			if strings.HasSuffix(p.text(k, k+1), "中") && p.during(k) {
				continue // 障害発生中に
			}
			if p.gapText(k, "引き続き", "続く") && p.conditional(k, to) {
				continue // 引き続きつながりにくい場合は
			}
			if p.gapText(k, "継続") && p.find(k, to, cCan|cNormal) {
				continue // 継続してご利用いただけます
			}
			if p.gapText(k, "続く") && p.kanjiBehind(k) && hasPrefix(p.src.runes, t.to, "見込", "見通", "模様", "恐れ", "予定", "可能") == 0 {
				continue // 続く自動起動が完了せず
			}
			if p.gapText(k, "不明", "確認中", "調査中") && containsAny(p.text(max(from, k-6), k), "日時", "時刻", "原因", "理由", "数", "有無") {
				continue // what is not known of it
			}
			if p.gapText(k, "続いて") && hasPrefix(p.src.runes, p.toks[k].to, "いた", "いました", "おりました") > 0 {
				continue // 朝から続いていた障害は
			}
			st.ongoing = true
			st.lasts = st.lasts || p.gapText(k, "続いて") && p.find(from, k, cTrouble|cCant) && strings.Contains(p.text(from, k), "現在も")
			if p.gapText(k, "引き続き") && containsAny(p.text(k, to), "作業中", "対応中", "復旧作業") && !maint {
				still = true
			}
			if p.gapText(k, "続けて", "続いて") && p.find(from, k, cNow) && containsAny(p.text(from, k), "復旧作業") {
				still = true // 南区では現在も復旧作業を続けております
			}
			if p.gapText(k, "継続") && p.find(from, k, cRecover) && !containsAny(p.text(from, to), "監視", "原因") {
				still = true // 県北は回復しておりますが、県南では継続しております
			}
			if (p.find(from, to, cTrouble|cCant|cHappen) || containsAny(p.text(from, to), "ない状態", "ない状況")) && (!containsAny(p.text(from, to), "原因", "詳細", "監視", "再発防止", "経過観察") || p.cantGoesOn(k)) && !maint {
				still = true
			}
		case t.is(cAgain):
			if p.find(k, next, cHappen|cCant|cTrouble) || p.gapText(k, "再度発", "再発") && p.kindAt(k+1) != kWord && !p.gapText(k, "再発防") {
				st.again = true
			}
		}
	}
	if containsAny(p.text(from, to), "残っており", "残っています", "残っている") && (p.find(from, to, cCant|cTrouble) || containsAny(p.text(from, to), "届かない", "使えない")) || containsAny(p.text(from, to), "なお停止", "なお使え", "なおご利用いただけ", "なお利用でき") {
		still = true
	}
	if (st.done || done) && containsAny(p.text(from, to), "依然") && p.find(from, to, cTrouble|cTroubleW|cCant) {
		still = true // 依然として障害が残っている
	}
	if containsAny(p.text(from, to), "still unable", "still cannot", "still can't", "still not able", "still experienc", "still down", "still affected", "still unavailable") {
		still = true
	}
	st.stillAny = st.stillAny || still
	if done {
		st.done = true
		if still && p.stillAfter(from, to) {
			st.still = true
		}
	} else if still && st.done {
		st.still = true
	}
}

// cantGoesOn reports whether what goes on at k is what cannot be done: 利用しづらい状況が続いて.
func (p *parser) cantGoesOn(k int) bool {
	return p.find(max(0, k-8), k, cCant) && !p.find(max(0, k-8), k, cRecover)
}

// stillAfter reports whether a sentence that tells of a recovery goes on to tell of what has not recovered.
func (p *parser) stillAfter(from, to int) bool {
	seen := false
	for k := from; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		if t.is(cRecover|cResume|cFinish) && t.tail == tailDone {
			seen = true
		} else if seen && (t.is(cRecover|cResume) && t.tail == tailNot || t.is(cCant) || t.is(cTrouble) && t.tail != tailNot || t.is(cOngoing)) {
			return true
		}
	}
	return false
}

func (p *parser) partOf(from, k int) bool {
	for j := max(from, k-16); j <= k; j++ {
		if p.isWord(j, cPart) {
			return true
		}
	}
	// 一部の地域では解除されました
	s := p.text(max(from, k-12), k)
	if i := strings.LastIndex(s, "一部の"); i >= 0 && (strings.HasSuffix(s, "では") || strings.HasSuffix(s, "で") || strings.Contains(s[i:], "については、")) && !containsAny(s[i:], "障害", "事象", "不具合", "、") {
		return true
	}
	return p.toks[k].is(cPart)
}

func (p *parser) finished(from, to int) bool {
	for k := from; k < to; k++ {
		if p.isWord(k, cFinish) {
			return p.toks[k].tail == tailDone
		}
	}
	return false
}

// presentOrPast reports whether what follows is told as a fact.
func (p *parser) presentOrPast(k, to int) bool {
	s := p.text(k, min(k+24, to))
	return containsAny(s, "ます", "ました", "です", "戻", "稼働", "動作", "運転", "した", "いただけ", "normal", "operational", "ている") && !containsAny(s, "ために", "よう努", "次第", "まで", "ますよう", "場合", "できるよう", "れるよう", "目指")
}

func (p *parser) maintenanceStand(from, to int, st *stand) {
	maint := p.find(from, to, cMaint|cMaintW|cStop) || p.inTitle(from)
	if maint && containsAny(p.text(from, to), "作業に入った", "作業に入りました", "メンテナンスに入った", "メンテナンスに入りました", "メンテナンスに入って") {
		st.ongoing = true
	}
	if maint && containsAny(p.text(from, to), "作業を続けて", "行わせていただいており", "延長しており", "お休みしています", "お休みしております", "お休み中") {
		st.ongoing = true
	}
	if maint && containsAny(p.text(from, to), "currently suspended", "currently unavailable", "is being carried out", "is being performed", "are being carried out", "is under way", "is underway", "now suspended", "are performing", "currently undergoing", "currently under maintenance", "under maintenance now", "is currently stopped", "window has started", "maintenance has started", "maintenance has begun", "work has started", "work has begun") && !p.conditional(from, to) {
		st.ongoing = true
	}
	for k := from; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		rs, i := p.src.runes, t.to
		switch {
		case t.is(cFinish) && (p.inLabel(k) || len(p.lines[t.line].cells) > 1 && (p.kindAt(k+1) == kTab || p.kindAt(k+1) == kNewline)): // 休止開始 | 休止終了
		case t.is(cFinish) && hasPrefix(rs, i, "した") > 0 && i+2 < len(rs) && unicode.Is(unicode.Han, rs[i+2]) && containsAny(p.text(max(from, k-6), k), "申込", "申請", "登録", "手続", "受付", "注文"):
			// 申込を完了した文献複写依頼
		case t.is(cFinish) && (p.gapText(k, "終え", "終わり") && p.kindAt(k+1) == kComma || isLatin(p.rune(k)) && p.find(max(from, k-4), k, cPossible) || containsAny(p.text(k, to), "はありません", "はございません") || p.before(p.lines[t.line])):
			// 16時で発行を終え、…再開します, may be finished earlier, 終了したメンテナンスはありません
		case t.is(cFinish):
			if s := p.text(max(from, k-3), k); strings.HasSuffix(s, "開始と") || strings.HasSuffix(s, "開始・") || strings.HasSuffix(s, "開始および") || strings.HasSuffix(s, "開始及び") {
				continue // 開始と終了のお知らせ
			}
			if hasPrefix(rs, i, "後") == 0 && (t.tail == tailDone || t.tail == tailNone && p.kindAt(k+1) == kClose) && (maint || p.find(from, to, cRecover|cResume) || len(p.lines) < 4 || containsAny(p.text(from, to), "予定通り", "予定どおり", "無事")) && !p.conditional(k, min(k+4, to)) && hasPrefix(rs, i, "に伴", "したと報告", "したとの報告", "した医療機関", "した施設", "したところから", "した店舗", "した地域から") == 0 && (hasPrefix(rs, i, "し、", "し,", "して", "している") == 0 || hasPrefix(rs, i, "しております", "しています") > 0) && (!p.find(from, k, cPerson) || p.inTitle(k)) {
				st.done = true
				st.finished = true
				st.doneTitle = st.doneTitle || p.inTitle(k)
			}
		case t.is(cResume | cRecover):
			if t.tail == tailDone && !(p.failsToo && t.is(cRecover)) && hasPrefix(rs, i, "し、", "して", "のお知らせ", "について") == 0 && (t.is(cResume) || p.gapText(k, "復旧", "全面復旧", "完全復旧") || isLatin(p.rune(k))) {
				st.done = true
				st.finished = st.finished || t.is(cResume) && containsAny(p.text(from, k), "全て", "すべて", "全サービス")
			}
		case t.is(cDo):
			end := p.toks[k].to
			if hasPrefix(rs, end, "しました", "いたしました", "致しました", "させていただきました") > 0 || p.text(k, k+1) == "行い" && hasPrefix(rs, end, "ました") > 0 {
				if !p.find(k, to, cCancel) {
					st.done = true
				}
			}
			if hasPrefix(rs, end, "しています", "しております", "いたしております", "おります", "います", "してい", "しており", "させていただいておりま", "わせていただいておりま") > 0 && maint {
				st.ongoing = true
			}
			if hasPrefix(rs, end, "中で", "中の", "中】", "中\n", "中。", "中)") > 0 {
				st.ongoing = true
			}
		case t.is(cStop):
			if (hasPrefix(rs, i, "しています", "しております", "いたしております", "させていただいております") > 0 || hasPrefix(rs, i, "中") > 0 && !p.duringAt(i+1)) && !p.liftsStop(k, to) {
				st.ongoing = true
			}
		case t.is(cMaint | cMaintW):
			if t.is(cMaint) && p.underWay(k) {
				st.ongoing = true
			}
		case t.is(cOngoing):
			if p.gapText(k, "実施中", "停止中", "メンテナンス中", "作業中", "工事中", "ただいま", "只今", "作業を行って", "作業を進め", "progress", "ongoing") && !p.during(k) || p.gapText(k, "ただいま", "只今", "progress", "ongoing") && maint {
				st.ongoing = true
			}
		case t.is(cBegin):
			if maint && t.tail == tailDone && hasPrefix(rs, i, "しました", "した", "いたしました", "致しました") > 0 {
				st.ongoing = true
			}
		case t.is(cExtend):
			if p.find(from, k, cHours) && !maint {
				continue // 平日午前8時30分から午後5時15分まで(木曜日は午後7時まで延長)
			}
			if containsAny(p.text(max(from, k-6), k), "期限", "貸出", "受付", "申込", "募集", "返却") || isLatin(p.rune(k)) && p.find(k+1, min(k+6, to), cMaint) {
				continue // an extended platform maintenance
			}
			if t.tail != tailNot && !p.possible(k, to) && !p.find(from, k, cPossible) {
				st.extended = true
				st.moved = st.moved || t.tail == tailDone
			}
		case t.is(cPlan):
			st.planned = true
		case t.is(cNormal):
			if p.find(from, k, cNow) && p.presentOrPast(k, to) && !p.find(k, min(k+8, to), cCant) {
				st.done = true
			}
		}
	}
}

// before reports whether a line begins with a date long before the publication, as one of a list of what was in the past.
func (p *parser) before(ln line) bool {
	k := p.over(ln.text, kSpace)
	if p.published.IsZero() || p.kindAt(k) != kDate {
		return false
	}
	d := p.toks[k].date
	t, ok := makeDay(d.year, d.month, d.day)
	return ok && t.Before(p.published.Add(-maxAside))
}

// inLabel reports whether the word at token k stands in the label of a line: 停止終了.
func (p *parser) inLabel(k int) bool {
	ln := p.lines[p.toks[k].line]
	return ln.heads && k < ln.value && ln.role == labelEnd && p.kindAt(ln.first) != kOpen
}
