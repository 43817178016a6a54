package notice

import (
	"strings"
	"unicode"
)

// An anchor is what ties a time to the event that a notice announces.
type anchor uint8

const (
	adrift  anchor = iota // nothing: it counts only where no time is tied to the event
	foreign               // it is the time of something else: 接種期間, 受取期間
	tied                  // its label, its sentence, or its place in a list of nothing but times
)

const eventWords = cTrouble | cTroubleW | cMaint | cMaintW | cStop | cCant | cHappen | cRecover | cResume | cAgain

// spanNames are in the labels of spans for which a service is changed or away, whatever the rest of them says.
var spanNames = []string{"止ま", "止め", "使え", "移行", "更新", "更改", "切替", "切り替え", "入替", "入れ替え", "閉", "中断", "臨時", "できな", "いただけな", "なれな", "システム", "サービス", "サーバ", "機能", "サイト", "休", "停", "制限", "増強", "改修", "対応", "調整"}

// anchorOf says what ties a reading to the event.
func (p *parser) anchorOf(rd *reading) anchor {
	label, name := p.roleAt(rd.from)
	from, to := p.sentence(rd.from)
	ln := p.lines[rd.line]
	events := p.find(from, to, eventWords) || p.answersWhen(rd.mention, from) || p.lasts(rd.mention, from) || p.succeeds(rd.mention, from, to) || p.precedes(rd.mention, from, to) || rd.role == roleEnd && (p.find(rd.to, to, cNormal|cFinish) || p.english(rd.mention) && p.find(from, to, cNormal))
	if !events && containsAny(name, "キャンペーン", "セミナー", "説明会", "イベント", "募集", "特典", "ボーナス", "プレゼント", "まつり", "講座", "展示") {
		return foreign
	}
	if isTimeLabel(label) && len(ln.cells) > 1 && kindOfLabel(name) != noEvent {
		return tied
	}
	if !events && p.otherRow(rd) {
		return adrift
	}
	if !events && (p.aside || p.kindAt(to) == kStop && len(ln.cells) <= 1 && p.hasText(max(from, ln.value), rd.from)) {
		return adrift
	}
	if !events && p.otherItem(rd.line) {
		return adrift
	}
	if !events && !p.titled && p.sections[rd.line] == noEvent && kindOfLabel(name) == noEvent && !strings.Contains(name, "実施") && !p.eventNear(rd.line) {
		return adrift
	}
	if !events && (p.offered(rd.line) || rd.isRange && rd.a.dateOnly() && containsAny(p.text(ln.first, ln.last), "特設", "セール", "フェア", "キャンペーン", "ポイント", "SALE", "%OFF")) {
		return foreign
	}
	if above := p.above(rd.line); !events && rd.until && above != nil && containsAny(p.text(max(above.first, above.last-8), above.last), "締切は", "締め切りは", "〆切は", "期限は") {
		return foreign // 今年度の締切は | ・複写: 3月1日17時まで
	}
	if !events {
		if above := p.above(rd.line); above != nil && containsAny(p.text(above.first, above.last), "再送", "送り直", "再配信", "再処理", "返金", "補填") {
			return foreign
		}
	}
	switch label {
	case labelSpan:
		if kindOfLabel(name) == noEvent && !neutral(name) && !containsAny(name, spanNames...) && strings.HasSuffix(strings.TrimSpace(name), "期間") && p.alone(rd.mention, ln.value, ln.last) {
			return foreign
		}
		return tied
	case labelStart, labelEnd, labelEndPlan:
		return tied
	}
	if !events && label == labelNone && rd.isRange && rd.a.dateOnly() && rd.b.dateOnly() && containsAny(p.text(ln.first, rd.from), "抽選", "当選", "選考", "申込", "応募", "提出", "納付") {
		return foreign // 当選確認 4月11日~4月17日
	}
	if !events && label == labelNone && rd.role == roleEnd && rd.until && p.names(ln.value, rd.from) {
		return adrift
	}
	if !events && (label == labelOther && p.names(ln.value, rd.from) || len(ln.cells) <= 1 && p.kindAt(ln.last-1) == kStop) {
		return adrift
	}
	return tied
}

// otherRow reports whether a row of a table gives no span of hours and tells of no event, where one beside it does: the
// steps of a schedule, of which one is a stop.
func (p *parser) otherRow(rd *reading) bool {
	ln := p.lines[rd.line]
	if len(ln.cells) < 2 || rd.isRange && rd.a.hasClock && rd.b.hasClock || p.find(ln.first, ln.last, eventWords) {
		return false
	}
	for _, step := range []int{-1, 1} {
		for i := rd.line + step; i >= 0 && i < len(p.lines) && i-rd.line < 8 && rd.line-i < 8 && len(p.lines[i].cells) == len(ln.cells); i += step {
			if o := p.lines[i]; p.timeFirst(o.first, o.last) && p.find(o.first, o.last, cStop|cCant) {
				return true
			}
		}
	}
	return false
}

// offered reports whether the heading of the line is that of a sale or the like: 【セール期間延長のお知らせ】.
func (p *parser) offered(line int) bool {
	for i, n := line-1, 0; i >= 0 && n < 4; i, n = i-1, n+1 {
		ln := p.lines[i]
		s := p.text(ln.first, ln.last)
		if containsAny(s, "期限を", "期間を", "締切を", "締め切りを", "受付を") && containsAny(s, "延長", "変更") && !containsAny(s, "停止期間", "メンテナンス期間", "作業期間", "休止期間") {
			return true // 申込期限を次の通り延長します
		}
		if ln.event {
			return false
		}
		if p.kindAt(ln.text) == kOpen && p.kindAt(ln.last-1) == kClose && i != p.title {
			return containsAny(s, "セール", "キャンペーン", "クーポン", "イベント", "説明会", "募集")
		}
		if !ln.blank && !p.hasClock(ln.first, ln.last) && containsAny(s, "変更はありません", "変更ありません", "not changed", "unchanged", "not affected", "Filing period", "Application period", "Registration period", "Exam") {
			return true
		}
	}
	return false
}

// maxRows is the number of lines around a time that are searched for what it belongs to.
const maxRows = 40

// eventNear reports whether one of the lines right above or below speaks of an event, within the line's part of the page.
func (p *parser) eventNear(line int) bool {
	for i, n := line-1, 0; i >= max(0, line-maxRows) && n < 5; i-- {
		ln := p.lines[i]
		if ln.event {
			return true
		}
		if ln.blank || p.hasTime(ln.first, min(ln.last, ln.first+maxLook)) {
			continue
		}
		n++
		if p.heads(ln) {
			break
		}
	}
	for i, n := line+1, 0; i < min(len(p.lines), line+maxRows) && n < 3; i++ {
		ln := p.lines[i]
		if ln.blank || p.heads(ln) {
			return false
		}
		if ln.event {
			return true
		}
		if !p.hasTime(ln.first, min(ln.last, ln.first+maxLook)) {
			n++
		}
	}
	return false
}

// namesEvent reports whether the headline, or one of the two lines below it, speaks of an event.
func (p *parser) namesEvent() bool {
	for i, n := max(p.title, 0), 0; i < len(p.lines) && n < 3; i++ {
		if ln := p.lines[i]; !ln.blank {
			if n++; ln.event {
				return true
			}
		}
	}
	return false
}

// pointsAhead reports whether a sentence says that a service stops at times that it goes on to list: 下記の日時に停止します.
func (p *parser) pointsAhead() bool {
	found := false
	p.sentences(func(from, to int) {
		found = found || p.find(from, to, cMaintW) && !p.find(from, to, cCond|cPossible) && containsAny(p.text(from, to), "次の日時", "下記の日時", "以下の日時", "次の日程", "下記の日程", "以下の日程", "下記日時", "下記日程") ||
			p.find(from, to, cStop|cCant|cMaint) && !p.find(from, to, cCond|cPossible) &&
				containsAny(p.text(from, to), "下記の", "以下の", "次の", "下記日", "以下のとおり", "下記のとおり", "次のとおり", "下記の通り", "以下の通り", "次の通り", "下表", "下記、", "下記時間", "as follows", "below", "following")
	})
	return found
}

// otherItem reports whether the line stands below the heading of an item that is about something else, where another
// item of the page, as of a newsletter, is headed by the event.
func (p *parser) otherItem(line int) bool {
	const near = 12
	if !p.newsletter {
		return false
	}
	for i := line; i >= 0 && i > line-near; i-- {
		if ln := p.lines[i]; p.heads(ln) || ln.heads && ln.event {
			return !ln.event
		}
	}
	return false
}

// hasItems reports whether one of several items of the page is headed by an event.
func (p *parser) hasItems() bool {
	for i, ln := range p.lines {
		if i != p.title && p.heads(ln) && p.find(ln.first, ln.last, cAbout) && p.find(ln.first, ln.last, cStop|cMaint|cTrouble|cRecover) {
			return true
		}
	}
	return false
}

// heads reports whether a line is the heading of an item: it has a number or a mark, is short, and gives no time.
func (p *parser) heads(ln line) bool {
	if ln.blank || ln.heads || !ln.bullet && !(p.kindAt(ln.text) == kOpen && p.kindAt(ln.last-1) == kClose) && !(p.kindAt(ln.text) == kNumber && p.kindAt(ln.text+1) == kSpace) {
		return false
	}
	return p.toks[ln.last-1].to-p.toks[ln.first].from <= 2*maxHeading && p.kindAt(ln.last-1) != kStop && !p.hasTime(ln.first, ln.last)
}

// names reports whether words outside brackets stand between two tokens.
func (p *parser) names(from, to int) bool {
	depth := 0
	for k := max(from, to-maxLook); k < to; k++ {
		switch p.kindAt(k) {
		case kOpen:
			depth++
		case kClose:
			depth--
		case kText, kWord:
			if depth <= 0 {
				return true
			}
		}
	}
	return false
}

// neutral reports whether a label names no more than a time, or a service: 日時, 対象期間, 変更後の日程.
func neutral(label string) bool {
	for _, w := range []string{"変更後", "訂正後", "年月日", "時間帯", "スケジュール", "日時", "日程", "期間", "時間", "時刻", "対象", "影響", "あった", "受けた", "予定", "上記", "下記", "と同じ", "実施", "適用", "開始", "終了", "再開", "利用", "不可", "の", "日", "時", "お", "ご"} {
		label = strings.ReplaceAll(label, w, "")
	}
	return strings.TrimLeft(strings.TrimFunc(label, func(r rune) bool { return !unicode.IsLetter(r) }), "一二三四五六七八九十") == ""
}
