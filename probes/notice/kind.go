package notice

import "strings"

// An eventKind is what a piece of text speaks of.
type eventKind uint8

const (
	noEvent     eventKind = iota
	anyEvent              // something cannot be used, for whatever reason
	outage                // a failure
	maintenance           // work that was planned
)

// A verdict is what the words of a notice, or of a part of it, say as a whole.
type verdict struct {
	outage, maintenance   int  // how much is said of each
	sureOutage, sureMaint bool // it is said to be so, and not only named
	bodySure              bool // a sentence of the body says of a failure that it happened or is over
	titleTender           bool
	bodyNotice            bool // below a headline on something else another one announces work, and its time stands there
	titleMaint            bool // the headline announces work
	bodyMaint             bool // the body speaks of it too
	bodyCond              bool // the body speaks of work as something that may be
	plainNow              bool // a sentence of the body says in so many words what fails now
	plainOutage           bool // a sentence of the body says in so many words what failed and when
	plainMaint            bool // a sentence of the body says in so many words what will stop, from when until when
}

// maxSentence bounds a sentence, in tokens: what is longer is cut, so that no text takes more than linear time.
const maxSentence = 400

// sentences calls f with the bounds of every sentence, in order.
func (p *parser) sentences(f func(from, to int)) {
	from := 0
	for k := 0; k <= len(p.toks); k++ {
		if k < len(p.toks) && k-from < maxSentence && p.toks[k].kind != kStop && (p.toks[k].kind != kNewline || p.soft(k)) {
			continue
		}
		if k > from {
			f(from, k)
		}
		from = k + 1
		if k < len(p.toks) && p.toks[k].kind != kStop && p.toks[k].kind != kNewline {
			from = k
		}
	}
}

// mainVerdict weighs the words of the whole notice.
func (p *parser) mainVerdict() verdict {
	var v verdict
	cant, titled := 0, 0
	blamed, broke := false, false
	price, failed := false, false // what the headline speaks of, and what the body tells
	p.sentences(func(from, to int) {
		if p.question(to) || p.inAnswer(from, to) || p.denied(to) {
			return
		}
		inTitle := p.inTitle(from)
		if !inTitle && !p.hasTime(from, to) && strings.Count(p.text(from, to), " | ") > 1 {
			return // a menu
		}
		weight := 1
		if inTitle {
			weight = 3
		}
		s := p.survey(from, to)
		if inTitle && (s.tender && p.kindAt(p.lines[p.title].last-1) != kComma || p.business && !(s.about && (s.stop || s.maint || s.trouble)) || p.hoursOnly(from, to)) {
			v.titleTender = true
		}
		price = price || inTitle && containsAny(p.text(from, to), "料金", "価格", "手数料", "調整費", "値上げ", "料率") && !containsAny(p.text(from, to), "止める") && !p.find(from, to, cTroubleW) && !s.maint && !s.trouble && !s.stop && !s.cant
		failed = failed || s.trouble && s.happen
		if !inTitle && !s.cond {
			v.plainOutage = v.plainOutage || p.plainFailure(from, to, &s)
			v.plainNow = v.plainNow || s.trouble && s.cant && (p.find(from, to, cNow) || containsAny(p.text(from, to), "ただいま", "只今")) && online(p.text(from, to)) && p.causes(from, to) && !strings.Contains(p.text(from, to), "「")
			v.plainMaint = v.plainMaint || p.plainWork(from, to, &s)
		}
		if s.quiet || s.tender && !s.happen {
			return
		}
		v.bodySure = v.bodySure || !inTitle && s.sureOutage && (s.happen || s.recovered || s.cant && (s.trouble || containsAny(p.text(from, to), "ております", "ています", "ました", "なった", "状態", "状況"))) && (p.hasTime(from, to) || p.find(from, to, cNow))
		if inTitle && s.stop && s.about && !s.trouble && !s.maint && containsAny(p.text(from, to), "停止の経緯", "停止した経緯", "停止の原因", "停止に関する経緯", "停止のお詫び", "停止に関するお詫び", "休止の経緯", "中断の経緯") {
			s.outage += 3
			s.sureOutage = true
		} else if inTitle && s.stop && (s.about || online(p.text(from, to)) && containsAny(p.text(from, to), "休止日", "停止日", "休止期間", "停止期間", "休止予定", "停止予定", "休止のスケジュール") || strings.HasSuffix(p.text(from, to), "休止") && online(p.text(from, to)) && p.rangeBelow(to)) && !s.trouble && !s.happen && p.online {
			s.maintenance += 2
			s.sureMaint = true
			titled = weight * s.maintenance
		}
		if inTitle && s.trouble && s.maint && p.causesWork(from, to) {
			s.outage = 0
		}
		blamed = blamed || s.attacked || !inTitle && s.trouble && p.causes(from, to) || broke && s.stop && containsAny(p.text(from, to), "これに伴い、", "これにより、", "このため、", "そのため、", "この影響で")
		broke = !inTitle && s.trouble && s.happen
		if inTitle && s == (survey{about: true}) && p.find(from, to, cMaintW) && online(p.text(from, to)) && p.find(to, len(p.toks), cCant|cStop) && p.rangeBelow(to) {
			v.maintenance, v.sureMaint, v.titleMaint = v.maintenance+weight, true, true // サーバー移設作業のお知らせ
		}
		v.outage += weight * s.outage
		v.maintenance += weight * s.maintenance
		v.sureOutage = v.sureOutage || s.sureOutage || inTitle && s.trouble && (s.about || s.mark || s.recovered || p.namesTrouble(from, to, &s))
		v.bodyNotice = v.bodyNotice || !inTitle && s.about && (s.maint || s.stop) && !s.cond && p.kindAt(to) == kNewline && p.rangeBelow(to) ||
			!inTitle && s.sureMaint && s.stop && containsAny(p.text(from, to), "下記の期間", "下記の日時", "下記期間", "次の期間", "次の日時", "以下の期間", "以下の日時") && p.rangeBelow(to)
		v.bodyMaint = v.bodyMaint || !inTitle && !s.cond && (s.maint || s.stop || s.cant || s.sureMaint || p.find(from, to, cMaintW|cUnknown|cInfo))
		if inTitle && s.maint && p.find(from, to, cWhen) && p.find(to, len(p.toks), cRecurring) {
			s.sureMaint = true // 3月のメンテナンス日程
		}
		if !inTitle && s.maint && !s.cond && containsAny(p.text(from, to), "次のとおりです", "以下のとおりです", "下記のとおりです", "次の通りです", "以下の通りです", "下記の通りです") && p.rangeBelow(to) {
			s.sureMaint = true
		}
		v.titleMaint = v.titleMaint || inTitle && (s.maint || s.stop) && (s.about || s.mark || s.sureMaint)
		v.bodyCond = v.bodyCond || !inTitle && s.maintCond && !s.sureMaint
		v.sureMaint = v.sureMaint || s.sureMaint || inTitle && s.maint && (s.about || s.mark)
		if s.cant {
			cant++
		}
	})
	if p.title >= 0 && containsAny(p.text(p.lines[p.title].first, p.lines[p.title].last), "お詫び", "おわび") && v.sureOutage && v.bodySure && !v.titleMaint && p.find(p.lines[p.title].first, p.lines[p.title].last, cCant) {
		v.outage += 4 // 【お詫び】動作していなかった件について
	}
	stopped := titled > 0 && v.maintenance == titled && v.sureOutage && blamed
	if stopped {
		v.maintenance, v.sureMaint, v.titleMaint = 0, false, false // 中断について, by a failure
	}
	troubled := false // 発生日時 of a fee is no failure
	for _, t := range p.toks {
		troubled = troubled || t.kind == kWord && t.tail != tailNot && t.is(cTrouble|cTroubleW|cCant|cRecover|cStop) && !t.is(cFriend)
	}
	for k, t := range p.toks {
		// 発生日時:2025年10月30日, anywhere
		if troubled && t.kind == kWord && t.is(cHappen|cRecover) && p.isWord(k+1, cWhen) && p.timeFirst(k+2, min(k+6, len(p.toks))) {
			v.outage += 4
			v.sureOutage = true
		}
	}
	for _, ln := range p.lines {
		for _, c := range ln.cells {
			if c.role != labelStart && c.role != labelEnd && c.role != labelSpan || !p.hasTime(c.first, c.last) {
				continue
			}
			switch kindOfLabel(c.label) {
			case outage:
				if troubled {
					v.outage += 4
					v.sureOutage = true
				}
			case maintenance:
				v.maintenance += 4
				v.sureMaint = true
			}
		}
		if !ln.heads || !p.hasTimeSoon(ln) || p.none(ln.first, ln.last) {
			continue
		}
		switch k := kindOfLabel(ln.label); {
		case k == outage && troubled:
			v.outage += 4
			v.sureOutage = true
			failed = failed || ln.role == labelEnd // 復旧日時, which no fee has
		case k == maintenance && stopped && !containsAny(ln.label, "メンテ", "作業", "工事", "点検", "保守"): // 停止日時, by a failure
		case k == maintenance:
			v.maintenance += 4
			v.sureMaint = true
		}
	}
	v.titleTender = v.titleTender || price && !failed
	if v.outage > 1 && v.maintenance == 0 && p.hasLabel(labelStart) && (p.hasLabel(labelEnd) || p.title >= 0 && p.find(p.lines[p.title].first, p.lines[p.title].last, cTrouble)) {
		v.sureOutage = true // both ends of it are told
	}
	if v.maintenance > 0 && (v.outage == 0 || v.outage < v.maintenance && p.inEnglish()) && p.hasLabel(labelStart) && (p.hasLabel(labelEnd) || p.hasLabel(labelEndPlan)) {
		v.sureMaint = true
	}
	if p.parted {
		v.outage, v.maintenance = v.outage+4, v.maintenance+4
		v.sureOutage, v.sureMaint = true, true
	}
	// what cannot be used is a failure where nobody speaks of work
	if v.outage == 0 && v.maintenance == 0 && cant > 0 && v.sureOutage {
		v.outage++
	}
	return v
}

// namesTrouble reports whether a headline names a failure and nothing else: オンライン講習に関する不具合.
func (p *parser) namesTrouble(from, to int, s *survey) bool {
	text := p.text(from, to)
	return !s.tender && !s.maint && s.trouble && (strings.HasSuffix(text, "不具合") || strings.HasSuffix(text, "障害"))
}

// denied reports whether the line that ends at token to is a heading below which stands that there is nothing of the kind:
// メンテナンス終了のお知らせ | 終了したメンテナンスはありません.
func (p *parser) denied(to int) bool {
	if to >= len(p.toks) || p.toks[to].kind != kNewline {
		return false
	}
	ln := p.below(p.toks[to].line)
	if ln == nil || p.hasTime(ln.first, ln.last) || p.toks[ln.last-1].to-p.toks[ln.first].from > maxTitle {
		return false
	}
	s := p.text(ln.first, ln.last)
	return containsAny(s, "情報はありません", "情報はございません", "お知らせはありません", "お知らせはございません", "メンテナンスはありません", "メンテナンスはございません", "障害はありません", "障害はございません", "予定はありません", "予定はございません", "該当はありません")
}

// causesWork reports whether a failure is named in a headline only as what made the work necessary: 障害に伴う緊急メンテナンス.
func (p *parser) causesWork(from, to int) bool {
	k := p.firstOf(from, to, cTrouble)
	work := p.firstOf(k+1, to, cMaint)
	return k >= 0 && work > k && containsAny(p.text(k, work), "に伴う", "による", "のための", "対応の", "復旧の")
}

// plainFailure reports whether a sentence says of a failure at what hour it was, as something that happened or goes on.
func (p *parser) plainFailure(from, to int, s *survey) bool {
	stopped := s.trouble && s.stop && containsAny(p.text(from, to), "停止しています", "停止しております", "停止中です")
	became := s.cant && containsAny(p.text(from, to), "状態となりました", "状態になりました")
	return (stopped || became || p.hasClock(from, to)) && p.dayIn(from, to) && (p.find(from, to, cTrouble|cTroubleW) || s.cant) && online(p.text(from, to)) &&
		containsAny(p.text(from, to), "ました", "ております", "ています", "ておりま", "なった", "していた", "であった", "でした", "続いて")
}

// plainWork reports whether a sentence says from when until when a service stops.
func (p *parser) plainWork(from, to int, s *survey) bool {
	if !(s.cant || s.stop || s.maint) || !p.online || containsAny(p.text(from, to), "せず", "は停止しません", "いつもと変わらず", "なくなりました", "なくなった") || containsAny(p.text(from, to), "実験を", "体験を", "業務休止", "休業", "通行", "歩行者", "迂回") || strings.HasSuffix(p.text(from, to), "こと") {
		return false
	}
	clocks, sign := 0, false
	for k := from; k < to; k++ {
		switch t := p.toks[k]; {
		case t.kind == kClock:
			clocks++
		case t.kind == kRange || t.kind == kWord && t.is(cUntil|cFinish):
			sign = true
		}
	}
	return clocks > 1 && sign && p.dayIn(from, to)
}

// dayIn reports whether a day is named between two tokens.
func (p *parser) dayIn(from, to int) bool {
	for k := from; k < to; k++ {
		if p.kindAt(k) == kDate && (p.toks[k].date.base != baseContext || p.toks[k].date.day > 0 || p.rune(k) == '同') {
			return true
		}
	}
	return false
}

// rangeBelow reports whether a line soon below token k gives a dated range of times and nothing else.
func (p *parser) rangeBelow(k int) bool {
	if k >= len(p.toks) {
		return false
	}
	for n, i := 0, p.toks[k].line+1; i < len(p.lines) && n < 6; i++ {
		if !p.lines[i].blank {
			n++
			if p.dated(p.lines[i]) {
				return true
			}
		}
	}
	return false
}

// hasCell reports whether a column of a table has the role, and a time in it.
func (p *parser) hasCell(role labelRole) bool {
	for _, ln := range p.lines {
		for _, c := range ln.cells {
			if c.role == role && p.hasTime(c.first, c.last) {
				return true
			}
		}
	}
	return false
}

// hasLabel reports whether a line has a label of the role, and a time behind it.
func (p *parser) hasLabel(role labelRole) bool {
	for _, ln := range p.lines {
		if ln.role == role && p.hasTime(ln.value, ln.last) {
			return true
		}
	}
	return false
}

// hoursOnly reports whether a headline speaks of opening hours, and of no event.
func (p *parser) hoursOnly(from, to int) bool {
	return containsAny(p.text(from, to), "開館時間", "営業時間", "開庁時間", "診療時間", "窓口時間", "開館日", "営業日", "診療日") && !p.find(from, to, cMaint|cTrouble|cStop|cCant)
}

func (p *parser) hasTimeSoon(ln line) bool {
	return p.hasTime(ln.value, min(len(p.toks), ln.last+12))
}

// kindOfLabel says what a label like 障害発生日時 or メンテナンス期間 speaks of.
func kindOfLabel(label string) eventKind {
	switch {
	case containsAny(label, "障害者", "蔵書点検", "図書点検", "資料点検", "場合", "とき", "停止した", "休止した", "停止していた"):
		return noEvent
	case containsAny(label, "発生", "復旧", "障害", "不具合", "回復", "解消", "Outage", "outage", "Incident", "incident"):
		return outage
	case containsAny(label, "メンテ", "作業", "停止", "工事", "点検", "保守", "休止", "Maintenance", "maintenance"):
		return maintenance
	}
	return noEvent
}

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// question reports whether the sentence that ends at token to asks something.
func (p *parser) question(to int) bool {
	if p.rune(to) == '?' {
		return true
	}
	i := len(p.src.runes)
	if to < len(p.toks) {
		i = p.toks[to].from
	}
	s := p.src.slice(max(0, i-3), i)
	return strings.HasSuffix(s, "ですか") || strings.HasSuffix(s, "ますか") || strings.HasSuffix(s, "うか")
}

// kindAround says of which kind of event the sentence of a mention speaks.
func (p *parser) kindAround(from, to int, m *mention) eventKind {
	var trouble, happen, maint, stop, cant, recover, do, move bool
	for k := from; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		switch {
		case t.is(cTrouble) && (t.tail == tailFuture && !isLatin(p.rune(k)) || p.gapText(k, "停電", "不通", "outage", "power") && p.willStop(k, to)):
			stop, move = true, true
		case t.is(cTrouble) && p.plannedBefore(from, k):
			maint = true
		case t.is(cTrouble | cTroubleW):
			trouble = trouble || t.tail != tailNot
			happen = happen || t.is(cTrouble) && hasPrefix(p.src.runes, t.to, "があった", "がありました", "がございました", "があり、") > 0
		case t.is(cHappen):
			happen = happen || t.tail != tailNot
		case t.is(cMaint):
			maint = true
		case t.is(cAgain):
			happen, trouble = true, true
		case t.is(cMaintW):
			do = true
		case t.is(cStop):
			stop = true
			move = move || t.tail == tailFuture || p.gapText(k, "止め")
		case t.is(cCant):
			cant = true
		case t.is(cRecover):
			recover = true
		case t.is(cDo | cMove | cExtend | cPlan):
			move = true
		}
	}
	switch {
	case maint && !(happen && trouble):
		return maintenance
	case happen && (trouble || cant), trouble, recover:
		return outage
	}
	_, label := p.roleAt(m.from)
	if k := kindOfLabel(label); k != noEvent {
		return k
	}
	if strings.Contains(label, "実施") {
		return maintenance
	}
	if stop && move || do && (stop || move) {
		return maintenance
	}
	if stop || cant || happen || do || move && p.hasTime(from, to) {
		return anyEvent
	}
	return noEvent
}
