package notice

import (
	"strings"
	"unicode/utf8"
)

// A survey is what the words of one sentence say.
type survey struct {
	outage, maintenance   int
	sureOutage, sureMaint bool
	trouble, maint        bool
	cant, stop, happen    bool
	recovered, about      bool
	mark                  bool // in brackets: 【障害】
	attacked              bool // it was stopped because somebody broke in
	tender, quiet, cond   bool
	maintCond             bool // maintenance is spoken of as something that may be
}

// signs are what the words of a sentence say one by one, before they are taken together.
type signs struct {
	survey
	mended, learnt  bool // trouble is named as something that was mended, or learnt from
	cantNow, ahead  bool // what cannot be done is so now, or only in time to come
	weak            bool // a word that may mean trouble: 遅延
	work, do, plan  bool // a word that may mean work, that something is done, that it is to come
	finish, resumed bool
	ongoing, now    bool
}

// survey reads the words of one sentence.
func (p *parser) survey(from, to int) survey {
	text := strings.ReplaceAll(p.text(from, to), "にともな", "に伴")
	s := p.signs(from, to, text)
	if muted, ok := p.muted(from, to, text, &s); ok {
		return muted
	}
	p.conclude(from, to, text, &s)
	return s.survey
}

// signs reads the words of a sentence one by one.
func (p *parser) signs(from, to int, text string) signs {
	var s signs
	for k := from; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		if t.is(cFriend) {
			continue
		}
		cond := p.conditional(k, to)
		s.cond = s.cond || cond
		bracket := p.kindAt(k-1) == kOpen && p.kindAt(k+1) == kClose
		switch {
		case t.is(cQuiet):
			s.quiet = true
		case t.is(cTender|cMeeting) && (s.tender || p.served(k)):
			// what is out may serve tenders
		case t.is(cTender):
			s.tender = true
		case t.is(cMeeting) && p.find(k, to, cMaint|cStop) && containsAny(p.text(k, min(k+8, to)), "に伴", "のため"):
			// イベント開催に伴うメンテナンス
		case t.is(cMeeting):
			if !p.find(from, to, cHappen|cCant|cRecover) && !containsAny(p.text(k, to), "停止して", "停止しま", "停止いた", "中断して", "に関する不具合", "の不具合") && !(online(text) && containsAny(p.text(k, to), "の一時停止", "の停止", "の休止")) {
				s.tender = true
			}
		case t.is(cTrouble):
			if t.tail == tailNot || cond {
				s.mended = s.mended || hasPrefix(p.src.runes, t.to, "を修正", "の修正", "修正", "を改善", "の改善") > 0
				continue
			}
			if !p.hasClock(from, to) && hasPrefix(p.src.runes, t.to, "を踏まえ", "の検証", "の教訓", "を教訓", "を機に", "をきっかけ", "の反省", "の経験", "を受けたもの", "を受けた取", "を受けての") > 0 {
				s.learnt = true // what is told is what was made of it
				continue
			}
			if isLatin(p.rune(k)) && p.willBe(k, from) {
				s.stop, s.plan = true, true
				continue
			}
			if p.plannedBefore(from, k) {
				s.maint = true
				s.maintenance += 2
				continue
			}
			if p.gapText(k, "不通", "停電", "通信断") && (p.find(from, to, cMaint|cMaintW) || p.willStop(from, to) || p.hasCell(labelEndPlan)) && containsAny(p.text(from, to), "に伴", "のため", "により") {
				s.stop = true // by work that was planned
				continue
			}
			if t.tail == tailFuture && !isLatin(p.rune(k)) { // 停電します
				s.stop, s.plan = true, true
				continue
			}
			s.trouble = true
			s.outage += 2
			if bracket {
				s.mark = true
			}
		case t.is(cTroubleW):
			s.weak = s.weak || t.tail != tailNot && !cond && hasPrefix(p.src.runes, t.to, "ください", "下さい", "いただ", "頂") == 0 // 登校を見合わせてください
		case t.is(cMaint):
			if t.tail == tailNot && (!p.hasTime(k, to) && !containsAny(p.text(k, to), "以下の日", "次の日", "下記の日", "以下の期間", "次の期間", "下記の期間") || p.excepted(k)) || cond {
				s.maintCond = s.maintCond || cond
				continue
			}
			if p.text(k, k+1) == "保守" { // a trade, too
				s.work = s.work || p.online
				continue
			}
			s.maint = true
			s.maintenance += 2
			s.plan = s.plan || t.tail == tailFuture // 計画停止します
			if bracket || p.particle(k+1, '中') && p.kindAt(k+2) == kClose {
				s.mark = true
			}
			if p.underWay(k) {
				s.sureMaint = true
			}
		case t.is(cMaintW):
			s.work = s.work || !cond && !p.supposes(from, k, to) && p.online && hasPrefix(p.src.runes, t.to, "後の", "後は") == 0
		case t.is(cStop):
			if p.gapText(k, "お休み") && !online(p.text(from, to)) || p.supposes(from, k, to) || cond && !p.hasTime(from, to) || containsAny(text, "ことのないよう", "ことがないよう") && !p.hasTime(from, to) || hasPrefix(p.src.runes, t.to, "することなく", "せず", "なく") > 0 || p.unpaid(from, k) || p.retires(from, k) || containsAny(p.text(max(from, k-4), k), "支給", "給付", "手当", "年金の", "操業を") || containsAny(p.clause(from, k), "配送を", "発送を", "配達を", "面会を", "面会は", "お渡しを", "交付を一時", "図書館の業務を", "窓口の業務を", "患者の受け入れを", "患者の受入れを") {
				continue
			}
			s.stop = true
			if t.tail == tailFuture || t.tail == tailHope || p.gapText(k, "止め", "お休みをいただ", "お休みします", "お休みいた", "お休みとさ") {
				s.plan = true
			}
		case t.is(cHappen):
			// 瞬断が発生します is what s.work will s.do
			if t.tail != tailNot && t.tail != tailFuture && t.tail != tailNoun && !cond && hasPrefix(p.src.runes, t.to, "のご連絡", "の連絡", "のお知らせ", "通知", "のご案内", "した月", "した時", "したとき", "した地震", "した余震", "した津波", "ります", "る予定", "ているか", "ているのか", "いるか", "いるのか") == 0 && !p.quake(k) {
				s.happen = true
			}
		case t.is(cRecover):
			if p.gapText(k, "改善") && (k == from && k+1 == to || containsAny(p.text(max(from, k-6), k), "表示を", "画面を", "操作性を", "精度を", "デザインを", "文言を", "使い勝手を", "視認性を")) {
				continue // 改善, as the name of an update, 表示を改善しました
			}
			if cond || hasPrefix(p.src.runes, t.to, "してくだ") > 0 || p.gapText(k, "改善") && p.particle(k-1, 'を') && !p.find(from, to, cTrouble|cTroubleW|cCant) {
				continue // 表示速度を改善しました
			}
			switch t.tail {
			case tailDone:
				s.outage += 2
				s.recovered = s.recovered || p.inTitle(k) || hasPrefix(p.src.runes, t.to, "報告", "のお知らせ", "について", "に関す", "のご報告", "のご案内", "のご連絡", "通知") == 0
			case tailHope, tailNoun:
				s.outage++
			case tailNot, tailFuture:
			default:
				s.outage++
			}
		case t.is(cResume):
			s.resumed = s.resumed || t.tail == tailDone
		case t.is(cCant):
			if cond && (!p.hasClock(from, to) || isLatin(p.rune(k))) && !p.dayIn(from, to) {
				continue
			}
			if isLatin(p.rune(k)) && p.willBe(k, from) {
				s.stop, s.plan = true, true
				continue
			}
			if hasPrefix(p.src.runes, t.to, "状態で", "い状態で") > 0 && containsAny(p.text(k, to), "確かめられ", "確かめる", "試せ", "試す", "体験", "練習") {
				continue // 消防につながらない状態で流れを確かめられる
			}
			if hasPrefix(p.src.runes, t.to, "た者", "た方", "た人", "た場合") > 0 && len(p.lines[t.line].cells) > 1 {
				continue // 受診できなかった者, in a table
			}
			if rest := p.text(k+1, to); containsAny(rest, "お客様へ", "お客さまへ", "の方へ", "た方へ", "い方へ") && utf8.RuneCountInString(rest) < 10 && !p.hasClock(from, to) {
				continue // 使えなくなったお客様へ
			}
			s.ahead = s.ahead || strings.HasSuffix(p.text(k, k+1), "なく") && hasPrefix(p.src.runes, t.to, "なります") > 0
			if p.latin(k-2, "that", "who", "which") && !p.hasClock(from, to) {
				continue // a device that can't make calls
			}
			if containsAny(p.text(k, k+1), " lost", " cut", " severed") && !containsAny(strings.ToLower(text), "link", "connect", "cable", "fibre", "fiber", "line", "signal", "network", "access") {
				continue // the suitcase was lost
			}
			s.cant = true
			s.cantNow = s.cantNow || p.cantNow(k) || hasPrefix(p.src.runes, t.to, "、または", "、もしくは", "または", "もしくは", "、あるいは") > 0 && containsAny(p.text(k, to), "状態とな", "状態にな", "状況とな", "状況にな", "事象が")
		case t.is(cDo):
			s.do = s.do || t.tail != tailNot
		case t.is(cPlan | cMove | cExtend):
			s.plan = s.plan || !cond && t.tail != tailNot
		case t.is(cFinish):
			s.finish = s.finish || t.tail == tailDone
		case t.is(cOngoing):
			if p.during(k) && p.gapText(k, "メンテナンス中", "実施中", "停止中", "作業中", "工事中") {
				continue
			}
			s.ongoing = true
			s.now = s.now || p.gapText(k, "ただいま", "只今")
			if p.gapText(k, "復旧", "障害", "未復旧") {
				s.outage++
			}
			if p.gapText(k, "メンテナンス中", "停止中", "工事中") && !p.during(k) && !cond {
				s.maint = true
				s.maintenance += 2
				s.sureMaint = true
			}
		case t.is(cUnknown):
			s.ongoing = true
		case t.is(cNow):
			s.now = true
		case t.is(cAbout):
			s.about = true
		case t.is(cInfo):
			if !p.gapText(k, "障害") {
				s.maintenance++
			}
		}
	}
	return s
}

// conclude takes the words of a sentence together.
func (p *parser) conclude(from, to int, text string, s *signs) {
	if s.work && (p.hasTime(from, to) || s.cant) && containsAny(text, "のため", "するため", "に伴", "により") {
		s.do = true
	}
	if s.work && s.cant && containsAny(strings.ReplaceAll(text, "この間", ""), "の間、", "の間は", "期間中は", "作業中は") && !s.cond {
		s.maint, s.sureMaint = true, true // 切り替えの間、申請はできません
		s.maintenance += 2
	}
	if s.work && (s.do || s.plan || s.stop || s.finish) {
		s.maintenance += 2
		s.sureMaint = s.sureMaint || s.stop || s.do && p.hasTime(from, to)
		s.maint = true
	}
	if s.stop {
		if !s.trouble && !s.happen && !s.cond && p.hasClock(from, to) && p.find(from, to, cUntil) && p.find(from, to, cFrom) && strings.HasSuffix(text, "停止") {
			s.plan = true // 5月27日19時から28日7時まで停止
		}
		if strings.Contains(text, "offline") && !p.find(from, to, cTrouble|cCant) {
			s.plan, s.sureMaint = true, s.sureMaint || p.hasClock(from, to) // goes offline at 8 p.m.
		}
		if s.plan || s.do || s.maint {
			s.maintenance++
			if s.plan {
				s.maintenance++
			}
		} else if s.trouble || s.now || s.ongoing {
			s.outage++
		}
	}
	if !s.cond && !s.maint && !s.plan && (containsAny(text, "went down", " are down", " is down", "has gone down", "have gone down") && online(text) || containsAny(text, "out of order") && containsAny(text, "icket", "ATM", "kiosk", "terminal", "phone", "system")) {
		s.outage += 2
		s.sureOutage = true
	}
	if s.cant && s.ahead && s.plan && !s.trouble && !s.cond && p.hasClock(from, to) {
		s.stop, s.sureMaint = true, true // 12時30分から16時の間(予定)は、つながらなくなります
		s.maintenance += 2
	}
	if takesDown(text) {
		s.stop, s.plan, s.sureMaint = true, true, true
		s.maintenance += 2
	}
	if s.stop && !s.trouble && !s.happen && !s.cond && containsAny(text, "on the following dates", "on the following days", "during the following") ||
		containsAny(text, "site will be closed", "portal will be closed", "service will be closed", "system will be closed") && p.hasClock(from, to) {
		s.stop, s.plan, s.sureMaint = true, true, true
		s.maintenance += 2
	}
	if s.maint && containsAny(text, "メンテナンスに入り", "保守に入り", "点検に入り") {
		s.plan = true
	}
	if s.maint && p.hasTime(from, min(len(p.toks), to+12)) && containsAny(text, "メンテナンスがあ", "メンテナンスがご", "保守があ", "点検があ") {
		s.plan = true
	}
	if s.trouble && !s.maint && p.hasTime(from, to) && (s.cant || containsAny(text, "までの不具合", "までの障害", "までのトラブル", "間の不具合", "間の障害")) {
		s.happen = true
	}
	if (s.stop || s.cant) && !s.maint && !s.work && !s.plan && !s.cond && p.hasClock(from, to) && containsAny(text, "なくなりました", "なくなった") {
		s.outage += 3
		s.sureOutage = true
	}
	if s.stop && !s.maint && !s.work && !s.plan && !s.do && p.hasClock(from, to) && containsAny(text, "止まり", "止まった", "止まって", "停止した", "停止しました", "停止していた", "停止しておりました") {
		s.outage++
		s.sureOutage = true
	}
	if s.stop && !s.maint && !s.work && !s.plan && !s.do && !s.cond && containsAny(text, "が停止して", "が止まって", "がストップして") && online(text) {
		s.outage += 2 // by itself
		s.sureOutage = true
	}
	if s.trouble && !s.maint && !s.cond && p.online && containsAny(text, "次の不具合を確認し", "以下の不具合を確認し", "下記の不具合を確認し", "次の障害を確認し", "以下の障害を確認し", "下記の障害を確認し", "次の事象を確認し", "以下の事象を確認し") {
		s.happen = true
	}
	if s.trouble && !s.maint && p.hasClock(from, to) && strings.HasSuffix(text, "なっている") {
		s.happen = true // 電話が不通となっている
	}
	if s.trouble && p.hasTime(from, to) && (containsAny(text, "を確認した", "を確認しました", "を検知した", "を検知しました") || strings.HasSuffix(text, "を確認") || strings.HasSuffix(text, "を検知")) {
		s.happen = true
	}
	if s.trouble && containsAny(text, "still working", "are working to", "working to resolve", "working to restore", "working on a fix") {
		s.sureOutage = true
		s.outage++
	}
	if s.weak && p.hasClock(from, to) && p.dayIn(from, to) && containsAny(text, " failed") && !containsAny(text, " a failed", "the failed") {
		s.happen = true
	}
	if s.weak && p.hasTime(from, to) && containsAny(text, "had difficult", "had problem", "had issue", "had trouble") {
		s.happen = true
	}
	if s.weak && p.hasTime(from, to) && containsAny(text, "has been", "have been") && containsAny(text, "very slow", "extremely slow", "since") {
		s.happen = true
	}
	if s.weak && containsAny(text, "が見られました", "が見られています", "が見られております") {
		s.happen = true
	}
	if s.cant && !s.maint && (containsAny(text, "がありました", "がございました") || !s.work && p.hasTime(from, to) && strings.HasSuffix(text, "ませんでした")) {
		s.sureOutage = true
		s.outage++
	}
	if s.trouble && containsAny(text, "がありました", "がございました", "があり、", "が続いて", "が続き", "が出て", "があった") {
		s.happen = true
	}
	if containsAny(text, "見合わせています", "見合わせております", "見合わせていました", "見合わせておりました") && !s.cond {
		s.sureOutage = true
		s.outage += 5
	}
	if s.mended || s.learnt {
		s.cant = false
	}
	if s.learnt {
		s.happen = false
	}
	if s.cant && !s.trouble && !s.cond && containsAny(text, "is being installed", "are being installed", "is being upgraded", "are being upgraded", "is being replaced", "are being replaced", "is being moved", "are being moved", "is being updated", "are being updated") {
		s.maint, s.sureMaint = true, true // cannot take payments, because new software is being installed
		s.maintenance += 2
	}
	if s.stop && s.plan && !s.trouble && !s.cond && p.hasClock(from, to) && p.dayIn(from, to) && containsAny(text, "will be ", "will have no ") {
		s.sureMaint = true // will be unavailable effective 6:00 p.m. on Friday
	}
	if s.stop && !s.trouble && !s.cant && containsAny(text, "completed as planned", "completed as scheduled", "was completed", "has been completed") {
		s.maint, s.sureMaint = true, true
		s.maintenance += 2
	}
	if s.stop && !s.maint && !s.work && !s.plan && !s.cond && containsAny(text, "攻撃を受け", "攻撃により", "不正アクセスを受け", "改ざんされ", "に感染", "から切り離し", "を遮断し") {
		s.outage += 4
		s.sureOutage, s.attacked = true, true
	}
	if s.happen && s.stop && !s.maint && !s.work && p.hasTime(from, to) { // 発生したシステム停止
		s.outage += 2
		s.sureOutage = true
	}
	if s.happen && (s.trouble || s.weak || s.cant) {
		s.outage += 2
		s.sureOutage = true
	}
	if !s.cant && !s.cond && (p.hasClock(from, to) && p.find(from, to, cFrom) || s.now && containsAny(text, "ない状態", "ない状況", "ない事象", "なくなって")) && p.fails(from, to) {
		s.cant, s.cantNow = true, true
	}
	if s.happen && !s.trouble && !s.weak && !s.cant && !s.maint && containsAny(text, "から発生して", "より発生して") && p.hasClock(from, to) {
		s.outage += 2 // what does was said before
		s.sureOutage = true
	}
	if s.happen && !s.trouble && !s.maint && !s.work && !s.cond && containsAny(text, "瞬断", "通信断", "回線断") {
		s.outage += 2
		s.sureOutage = true
	}
	if s.cant && !s.maint && (!s.stop || s.now && !s.plan && p.state(from, to)) && !s.work && (s.cantNow || s.now || p.hasClock(from, to) && !s.ahead && !p.dailyHours(from, to) || s.ongoing && p.state(from, to)) {
		s.sureOutage = true
		s.outage++
	}
	if (s.ongoing || s.now) && (s.trouble || s.weak) && !s.maint {
		s.sureOutage = true
		s.outage++
	}
	if s.weak && !s.maint && !s.cond && (p.stateOf(from, to) || s.now && s.outage > 0) {
		s.sureOutage = true
		s.outage++
	}
	if s.recovered && (s.trouble || s.weak || s.cant || s.finish || p.hasTime(from, to) || s.about || s.now) {
		s.sureOutage = true
	}
	if s.recovered && containsAny(text, "been restored", "been resolved", "been fixed", "was restored", "was resolved", "were restored") {
		s.sureOutage = true
	}
	if s.trouble && (p.causes(from, to)) {
		s.sureOutage = true
	}
	if s.maint && (s.do || s.plan || p.hasClock(from, to) || s.stop || s.finish || s.cant && (p.hasTime(from, to) || containsAny(text, "のため", "に伴", "により", "現在", "due to", "because of")) || s.resumed) || s.stop && p.online && (p.titled || online(text) || p.hasClock(from, to)) && (s.plan || s.do) && !s.cond {
		s.sureMaint = true
	}
}

// clause returns the words from the last comma before token k to it.
func (p *parser) clause(from, k int) string {
	j := k
	for j > from && p.kindAt(j-1) != kComma {
		j--
	}
	return p.text(j, k)
}

// plannedBefore reports whether the English outage at k is named as planned, a few words before it: planned payment system outage.
func (p *parser) plannedBefore(from, k int) bool {
	if !p.latin(k, "outage", "Outage", "interruption", "Interruption", "disruption", "Disruption", "downtime", "Downtime", "shutdown", "Shutdown") {
		return false
	}
	for j, n := k-1, 0; j >= from && n < 10; j, n = j-1, n+1 {
		if p.latin(j, "any", "Any", "every", "all", "All", "each") {
			return false
		}
		if p.latin(j, "planned", "Planned", "scheduled", "Scheduled", "PLANNED", "SCHEDULED") {
			return true
		}
		if p.kindAt(j) == kComma || p.kindAt(j) == kColon {
			return false
		}
	}
	return false
}

// none reports whether a line only says that there is nothing of what it names: 発生中の障害:なし.
func (p *parser) none(from, to int) bool {
	s := strings.TrimSpace(p.text(from, to))
	return !p.hasTime(from, to) && (strings.HasSuffix(s, ":なし") || strings.HasSuffix(s, ":特になし") || strings.HasSuffix(s, ":ありません") || strings.HasSuffix(s, ":ございません"))
}

// served reports whether the word at k is a part of the name of a system: 入札システム, 議事録検索.
func (p *parser) served(k int) bool {
	return hasPrefix(p.src.runes, p.toks[k].to, "システム", "サイト", "アプリ", "サービス", "機能", "フォーム", "情報サービス", "情報システム", "ポータル", "室予約", "予約", "・求職", "検索", "情報検索", "情報の検索", "情報の閲覧", "中継", "動画配信", "録画", "申込システム", "申込サイト", "管理システム") > 0
}

// quake reports whether what the word at k says happened is an earthquake: 最大震度6弱の地震が発生.
func (p *parser) quake(k int) bool {
	before := p.text(max(0, k-4), k)
	return strings.HasSuffix(before, "地震が") || strings.HasSuffix(before, "余震が") || strings.HasSuffix(before, "津波が")
}

// nonePlanned reports whether a sentence says that no work is planned: 現在、メンテナンス等は予定されていません.
func (p *parser) nonePlanned(from, to int) bool {
	return p.find(from, to, cMaint) && !p.hasTime(from, to) && containsAny(p.text(from, to), "予定されていません", "予定されておりません", "予定しておりません", "予定していません")
}

// willStop reports whether the words say that something is going to stop.
func (p *parser) willStop(from, to int) bool {
	for k := from; k < to; k++ {
		if t := p.toks[k]; t.kind == kWord && t.is(cStop) && t.tail == tailFuture {
			return true
		}
	}
	return false
}

// willBe reports whether the English word at k stands behind "will": will be unavailable.
func (p *parser) willBe(k, from int) bool {
	for j, n := k-1, 0; j >= from && n < 6; j, n = j-1, n+1 {
		if p.latin(j, "will", "Will") {
			return true
		}
	}
	return strings.HasPrefix(p.text(k, k+1), "will")
}

// excepted reports whether the maintenance at k is only what some rule does not cover: メンテナンス日を除く.
func (p *parser) excepted(k int) bool {
	s := string(p.src.runes[p.toks[k].to:min(len(p.src.runes), p.toks[k].to+6)])
	return containsAny(s, "除", "以外", "不定")
}

func (p *parser) hasClock(from, to int) bool {
	for k := from; k < to; k++ {
		if p.toks[k].kind == kClock {
			return true
		}
	}
	return false
}

// dailyHours reports whether the only times of the sentence are a span of hours without a date, as rules give them.
func (p *parser) dailyHours(from, to int) bool {
	for k := from; k < to; k++ {
		if p.kindAt(k) == kDate && p.toks[k].date.base == baseNone {
			return false
		}
	}
	return p.find(from, to, cUntil) || containsAny(p.text(from, to), "~")
}

// conditional reports whether the word at k is spoken of only as something that may be.
func (p *parser) conditional(k, to int) bool {
	for j, n := k-1, 0; j >= 0 && n < 30; j, n = j-1, n+1 {
		if p.kindAt(j) == kStop || p.kindAt(j) == kNewline || n > 10 && (p.kindAt(j) == kComma || !isLatin(p.rune(k))) {
			break
		}
		if p.isWord(j, cCond) && p.latin(j, "if", "If", "when", "When", "whenever", "Whenever") {
			return true
		}
	}
	for j := k + 1; j < to && j < k+48; j++ {
		t := p.toks[j]
		if t.kind == kWord && t.is(cCond|cPossible) && !(t.is(cPossible) && hasPrefix(p.src.runes, t.to, "りました", "ざいました", "った") > 0) && !(p.gapText(j, "等により") && containsAny(p.text(j, to), "以下の", "次の", "下記")) {
			return true
		}
		if t.kind == kComma && (p.rune(j) == '、' && p.clauseEnds(j) && !p.supposed(j, to) || isLatin(p.rune(k)) && p.latin(p.over(j+1, kSpace), "and", "but", "so")) {
			return false
		}
	}
	return false
}

// retires reports whether what stops at k is what something newer has taken the place of: 旧証明書の利用を停止します.
func (p *parser) retires(from, k int) bool {
	_, old, found := strings.Cut(p.text(max(from, k-14), k), "旧")
	return found && !strings.HasPrefix(old, "・") && !strings.ContainsAny(old, "、") && !containsAny(old, "システム", "サイト", "サーバ", "サービス")
}

// supposes reports whether what the word at k tells depends on a case named before it: 災害が発生した場合は、切り替えます.
func (p *parser) supposes(from, k, to int) bool {
	return !p.hasTime(from, to) && containsAny(p.text(from, k), "した場合は", "する場合は", "ある場合は", "したときは", "したとき、", "した場合、", "た際は")
}

// unpaid reports whether the stop at k is what comes of something left undone: お支払いがない場合、11月14日に停止します.
func (p *parser) unpaid(from, k int) bool {
	return containsAny(p.text(from, k), "がない場合", "のない場合", "がまだの場合", "がお済みでない場合", "支払いがないため", "されない場合", "できない場合", "未納の場合", "未払いの場合", "手続きもなかった", "手続きがなかった", "手続きのなかった", "手続きのない", "取れないお客", "取れない口座", "取れない方", "されていない方", "済んでいない方", "お済みでない方", "済みでないお客", "のない方は", "申請のなかった", "申込のなかった")
}

// supposed reports whether the clause before the comma at j is part of a condition: 障害が発生し、復旧が難しいときは.
func (p *parser) supposed(j, to int) bool {
	if r := p.src.runes[p.toks[j].from-1]; r != 'し' {
		return false
	}
	for k := j + 1; k < to && k < j+48; k++ {
		if p.kindAt(k) == kDate || p.kindAt(k) == kClock || p.isWord(k, cNow) || p.kindAt(k) == kComma && p.rune(k) == '、' {
			return false
		}
		if p.isWord(k, cCond) && containsAny(p.text(k, min(k+2, to)), "ときは", "場合は", "場合に", "場合の", "際は", "際の") {
			return true
		}
	}
	return false
}

// clauseEnds reports whether the words before a comma say something of their own: …ており、, …ため、, …ますが、.
func (p *parser) clauseEnds(j int) bool {
	i := p.toks[j].from
	rs := p.src.runes
	switch s := string(rs[max(0, i-2):i]); {
	case s == "おり", s == "あり", s == "ため", s == "ので", s == "から", s == "まし", s == "して", s == "より":
		return true
	}
	return i > 0 && (rs[i-1] == 'が' || rs[i-1] == 'し')
}

// underWay reports whether the maintenance named at k is going on: メンテナンス中です, メンテナンス中のため; but
// メンテナンス中は is what will hold while it does.
func (p *parser) underWay(k int) bool {
	if !p.particle(k+1, '中') {
		return false
	}
	return !p.duringAt(p.toks[k+1].to)
}

func (p *parser) during(k int) bool { return p.duringAt(p.toks[k].to) }

func (p *parser) duringAt(i int) bool {
	rs := p.src.runes
	if hasPrefix(rs, i, "のため", "のた", "につき", "です", "でござ", "となって", "により", "であ", "。", "】", ")", "]", "\n", "」", "の為", "ですので") > 0 || i >= len(rs) {
		return false
	}
	return true
}

// cantNow reports whether the words behind what cannot be done say that it is so, and do not only name it:
// できない状態です, できません, つながりにくくなって; but つながらないなどの.
func (p *parser) cantNow(k int) bool {
	if isLatin(p.rune(k)) {
		return true
	}
	rs, i := p.src.runes, p.toks[k].to
	s := string(rs[i:min(len(rs), i+14)])
	if containsAny(s, "になります", "となります", "になる", "となる", "なる状", "なること") || hasPrefix(rs, i, "なる", "なります") > 0 {
		return false
	}
	if hasPrefix(rs, i, "かった", "なって", "なり", "なっ") > 0 {
		return true
	}
	s = string(rs[i:min(len(rs), i+6)])
	return containsAny(s, "状態", "状況", "事象", "不具合", "障害", "トラブル", "なって", "なりま", "なった", "問題")
}

// state reports whether the sentence says that something is in a bad state now: 状態です, 状況となっております.
func (p *parser) state(from, to int) bool {
	s := p.text(from, to)
	return containsAny(s, "状態", "状況", "ております", "ています", "ておりま", "いませ", "いただけません", "できません", "事象", "なりました", "なっており", "なっていま", "まして", "でした", "した", "have been", "has been", " is ", " are ", " was ", " were ")
}

func (p *parser) stateOf(from, to int) bool {
	s := p.text(from, to)
	return containsAny(s, "不安定になって", "不安定となって", "不安定です", "事象が", "現象が", "事象を確認して", "現象を確認して", "が生じて", "are being", "is being", "状況となって", "状況になって", "重くなって", "が出て", "が表示されて", "」と表示されて", "状態となって", "見合わせて", "が続いて", "遅れが出", "遅延が出", "遅れが生", "遅延が生", "遅れがあ", "遅延があ", "遅れがご", "遅延がご", "遅れが続", "遅延が続")
}

// causes reports whether trouble is given as the cause of something that is so.
func (p *parser) causes(from, to int) bool {
	s := p.text(from, to)
	return containsAny(s, "により", "のため", "ため、", "の影響", "によって", "に伴い", "が続", "を起こ", "due to", "because of", "caused") && containsAny(s, "ております", "ています", "ました", "ません", "停止", "中止", "見合わせ", "休止", "is ", "are ", "was ", "were ", "have ", "has ")
}
