package notice

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// A kind tells tokens apart by their form.
type kind uint8

const (
	kText   kind = iota // one character that means nothing by itself
	kWord               // a word of the vocabulary
	kDate               // a date, or part of one
	kClock              // a time of day
	kVague              // 朝, 夕方: a part of the day, which is no bound
	kLength             // a duration
	kNumber             // a bare number
	kRange              // ~ - →
	kApprox             // 頃, 約
	kComma              // 、, and the like
	kStop               // 。 ! ?
	kOpen               // an opening bracket
	kClose              // a closing bracket
	kColon
	kSpace
	kTab     // a tab or a bar: the edge of a table's cell
	kNewline // the end of a line
)

// A token is a piece of the folded text.
type token struct {
	kind     kind
	from, to int // in runes
	class    class
	tail     tail
	date     date
	clock    clock
	num      int
	line     int
}

func (t token) is(c class) bool { return t.class&c != 0 }

// A tail is what the ending of a word makes of it: 復旧しました, 復旧次第, 復旧していません.
type tail uint8

const (
	tailNone   tail = iota
	tailDone        // it is over: しました, 済み
	tailFuture      // it is to come: します, 予定
	tailHope        // it is hoped for: 見込み, 目指し
	tailNot         // it is not so, or only a condition: していません, した場合
	tailNoun        // it names something: 復旧作業, 復旧日時
)

// A base is what a relative date is relative to.
type base uint8

const (
	baseNone    base = iota
	baseReport       // 本日: the day of the report
	baseContext      // 同日, 翌日: the date before it in the text
	baseWeekday      // this Saturday: the nearest such day
)

// A date is as much of a date as the text gives.
type date struct {
	year, month, day int
	base             base
	dayOff           int
	monthOff         int
	yearOff          int
	monthRel         bool // monthOff is given (今月, 来月, 同月)
	yearRel          bool // yearOff is given (本年, 昨年, 同年)
	weekday          int  // 1 Sunday to 7 Saturday, 0 not given
	partOfDay        bool // 今朝, 昨夜: without a time of day no bound
	evening          bool // 今夜, 昨夜: an hour up to 11 is after noon
	english          bool
	same             bool // 同10時: the half of the day is that of the time before it, too
}

func (d date) dayKnown() bool { return d.day > 0 || d.base != baseNone && !d.monthRel && !d.yearRel }

// A half is the half of the day that a clock time is marked with.
type half uint8

const (
	halfNone half = iota
	halfAM
	halfPM
	halfEvening // 夜, 夕方: after noon if the hour is one up to 11
	halfNight   // 深夜: before midnight if the hour is one from 9 to 11
)

// A clock is a time of day as the text gives it.
type clock struct {
	hour, minute, second int
	half                 half
	latin                bool // AM or PM, where 12 AM is midnight
	minuteOnly           bool // 同45分: the hour is that of the time before it
	bare                 bool // a number that only a unit further on makes an hour: 22～24時
	zone                 *time.Location
	approx               bool // 8時台
	fourDigits           bool // 1430
}

// A lexer cuts a folded text into tokens.
type lexer struct {
	src    *source
	rs     []rune
	tokens []token
	// ordered: whether the day stands before the month in numbers alone has been found out; dayBefore says so.
	ordered, dayBefore bool
}

func lex(src *source) []token {
	l := &lexer{src: src, rs: src.runes, tokens: make([]token, 0, len(src.runes)/2)}
	for i := 0; i < len(l.rs); {
		i = l.next(i)
	}
	line := 0
	for i := len(l.tokens) - 3; i >= 0; i-- { // 停電、通信障害等はなく
		if t, next := &l.tokens[i], l.tokens[i+2]; t.is(cTrouble) && l.tokens[i+1].kind == kComma && next.is(cTrouble) && next.tail == tailNot {
			t.tail = tailNot
		}
	}
	for i := range l.tokens {
		l.tokens[i].line = line
		if l.tokens[i].kind == kNewline {
			line++
		}
	}
	return l.tokens
}

func (l *lexer) emit(t token) int {
	l.tokens = append(l.tokens, t)
	return t.to
}

func (l *lexer) simple(k kind, i, j int) int { return l.emit(token{kind: k, from: i, to: j}) }

// next emits the token at i and returns where the next one starts.
func (l *lexer) next(i int) int {
	r := l.rs[i]
	switch r {
	case '\n':
		return l.simple(kNewline, i, i+1)
	case '\t', '|':
		return l.simple(kTab, i, i+1)
	case ' ':
		j := i + 1
		for j < len(l.rs) && l.rs[j] == ' ' {
			j++
		}
		if strings.ContainsRune("■◆▼", l.at(j)) && j < len(l.rs) && !slices.Contains(l.rs[max(0, i-maxTitle):i], '\n') && i > maxTitle {
			return l.simple(kNewline, i, j) // a page whose lines ran together
		}
		return l.simple(kSpace, i, j)
	case '、', ',', ';', '､', '・':
		return l.simple(kComma, i, i+1)
	case '。', '!', '?', '.':
		if r == '.' && i+1 < len(l.rs) && (isLatin(l.rs[i+1]) || isDigit(l.rs[i+1])) {
			return l.simple(kText, i, i+1)
		}
		if r == '?' && (l.at(i-1) == ' ' && l.at(i+1) == ' ' && i > 1 && l.timeAt(i+2) > 0 || (isDigit(l.at(i-1)) || strings.ContainsRune("頃時分)", l.at(i-1)) && i > 0) && l.timeAt(i+1) > 0) {
			return l.simple(kRange, i, i+1) // a wave dash that a conversion of charsets lost
		}
		if before := string(l.rs[max(0, i-3):i]); r == '.' && (before == "i.e" || before == "e.g") {
			return l.simple(kText, i, i+1)
		}
		return l.simple(kStop, i, i+1)
	case '(', '[', '【', '「', '『', '<', '《', '〔', '〈', '{':
		return l.simple(kOpen, i, i+1)
	case ')', ']', '】', '」', '』', '>', '》', '〕', '〉', '}':
		return l.simple(kClose, i, i+1)
	case ':':
		return l.simple(kColon, i, i+1)
	case '~', '→':
		return l.simple(kRange, i, i+1)
	case '-', 'ー':
		j := i + 1
		for j < len(l.rs) && l.rs[j] == r {
			j++
		}
		afterClock := len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].kind == kClock // 2:00AM-3:30AM
		if j-i <= 2 && (i == 0 || afterClock || !isLatin(l.rs[i-1]) && !unicode.Is(unicode.Katakana, l.rs[i-1])) {
			return l.simple(kRange, i, j)
		}
		return l.simple(kText, i, j)
	}
	if j := l.date(i); j > 0 {
		return j
	}
	if j := l.clock(i); j > 0 {
		return j
	}
	if j := l.length(i); j > 0 {
		return j
	}
	if j := l.vague(i); j > 0 {
		return j
	}
	if j := l.approx(i); j > 0 {
		return j
	}
	if j := l.potential(i); j > 0 {
		return j
	}
	if e, ok := lookUp(l.rs, i); ok {
		j := i + len(e.word)
		t := token{kind: kWord, from: i, to: j, class: e.class}
		if e.class&(cRecover|cResume|cFinish|cHappen|cNotice|cTrouble|cTroubleW|cMaint|cMaintW|cStop|cDo|cBegin|cNormal|cCancel|cMove|cExtend|cPlan) != 0 {
			if isLatin(r) {
				if t.tail = l.englishTail(t.is(cRecover)); hasPrefix(e.word, 0, "will ") > 0 {
					t.tail = tailFuture
				}
			} else {
				t.tail = l.tail(j)
			}
		}
		return l.emit(t)
	}
	if isDigit(r) {
		n, j := l.number(i)
		return l.emit(token{kind: kNumber, from: i, to: j, num: n})
	}
	j := i + 1
	if isLatin(r) {
		for j < len(l.rs) && isLatin(l.rs[j]) {
			j++
		}
	}
	return l.simple(kText, i, j)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// number reads the digits at i. More than eight are no date or time, and count as -1.
func (l *lexer) number(i int) (n, end int) {
	j := i
	for j < len(l.rs) && isDigit(l.rs[j]) {
		if j-i < 8 {
			n = n*10 + int(l.rs[j]-'0')
		}
		j++
	}
	if j-i > 8 || j == i {
		n = -1
	}
	return n, j
}

const kanjiDigits = "〇一二三四五六七八九"

// numeral reads a number in digits or in Kanji (十二, 三十一, 二〇二五) at i; end is i when there is none.
func (l *lexer) numeral(i int) (n, end int) {
	if i < len(l.rs) && isDigit(l.rs[i]) {
		return l.number(i)
	}
	j, sum, cur := i, 0, 0
	seen := false
	for j < len(l.rs) && j-i < 5 {
		r := l.rs[j]
		if r == '十' {
			if !seen {
				cur = 1
			}
			sum += cur * 10
			cur, seen = 0, true
			j++
			continue
		}
		d := -1
		if r == '零' {
			d = 0
		} else if k := strings.IndexRune(kanjiDigits, r); k >= 0 {
			d = k / len("一")
		}
		if d < 0 {
			break
		}
		cur, seen = cur*10+d, true
		j++
	}
	return sum + cur, j
}

func (l *lexer) at(i int) rune {
	if i < 0 || i >= len(l.rs) {
		return 0
	}
	return l.rs[i]
}

// skip returns i after at most two spaces.
func (l *lexer) skip(i int) int {
	for n := 0; n < 2 && l.at(i) == ' '; n++ {
		i++
	}
	return i
}

// length recognises durations, which are never bounds: 2時間半, 約30分間, 3日間, 24時間365日.
func (l *lexer) length(i int) int {
	n, j := l.numeral(i)
	if j == i || n < 0 {
		return 0
	}
	j = l.skip(j)
	for _, unit := range []string{"時間", "分間", "日間", "週間", "秒間", "か月", "ヶ月", "カ月", "ヵ月", "ケ月", "箇月", "営業日", "年間", "泊", "秒", "分", "日以内", "日後", "日前", "日程度", "日ほど", "回", "件", "人", "名", "台", "円", "歳", "%", "年度", "年前", "年後", "年連続", "倍", "割", "万", "個", "本", "階", "番", "号", "条", "項", "章", "か所", "箇所", "カ所", "社", "局", "区", "市", "店", "世帯", "便", "路線", "hours", "hour", "minutes", "minute", "days", "day", "mins", "hrs", "weeks"} {
		k := hasPrefix(l.rs, j, unit)
		if k == 0 {
			continue
		}
		j += k
		if l.at(j) == '半' {
			j++
		}
		j += hasPrefix(l.rs, j, "以内", "程度", "ほど", "弱", "強", "以上", "前後", "くらい", "ぐらい")
		return l.emit(token{kind: kLength, from: i, to: j, num: n})
	}
	return 0
}

// vague recognises parts of the day without a clock time.
func (l *lexer) vague(i int) int {
	if !starts(l.rs[i], startVague) {
		return 0
	}
	n := hasPrefix(l.rs, i, vagueWords...)
	if n == 0 {
		last := len(l.tokens) - 1
		if last > 0 && l.tokens[last].kind == kText && l.rs[l.tokens[last].from] == 'の' && !unicode.Is(unicode.Han, l.at(i+1)) {
			last-- // 6月2日の朝に, and not 6月2日の朝刊に
		}
		if r := l.at(i); (r == '朝' || r == '昼' || r == '夜' || r == '夕') && last >= 0 && l.tokens[last].kind == kDate {
			n = 1
		}
	}
	if n == 0 {
		return 0
	}
	return l.simple(kVague, i, i+n)
}

func (l *lexer) approx(i int) int {
	if !starts(l.rs[i], startApprox) {
		return 0
	}
	n := hasPrefix(l.rs, i, approxWords...)
	if n == 0 {
		return 0
	}
	prev := kText
	if len(l.tokens) > 0 {
		prev = l.tokens[len(l.tokens)-1].kind
		if prev == kSpace && len(l.tokens) > 1 {
			prev = l.tokens[len(l.tokens)-2].kind
		}
	}
	switch l.rs[i] {
	case 'お', '概', '約':
		// 約 and おおむね are of a time only right before one
		j := l.skip(i + n)
		if l.timeAt(j) == 0 {
			return 0
		}
	case '前', 'す', '過', 'く', 'ぐ', '付', 'こ', 'ご':
		if prev != kClock && prev != kDate && prev != kVague && prev != kClose {
			return 0
		}
		if l.rs[i] == '前' && prev != kClock {
			return 0
		}
	case 'a', 'r':
		if isLatin(l.at(i-1)) || isLatin(l.at(i+n)) {
			return 0
		}
	}
	return l.simple(kApprox, i, i+n)
}

// timeAt reports whether a date or a time of day starts at i, as a number above 0.
func (l *lexer) timeAt(i int) int {
	if l.clockAt(i) > 0 {
		return 1
	}
	_, j := l.numeral(i)
	if j > i && (l.at(j) == '月' || l.at(j) == '日' && l.dayEnds(j+1) || l.at(j) == '年' || l.at(j) == '/') {
		return 1
	}
	return 0
}

// potential recognises the potential verbs by which notices say what can and cannot be done, with any ending:
// ご利用いただけません, つながりにくい, できない; ご利用いただけます, できるようになりました.
func (l *lexer) potential(i int) int {
	if !starts(l.rs[i], startPotential) {
		return 0
	}
	if n := hasPrefix(l.rs, i, "づらい", "づらく", "にくい", "にくく", "しがたい"); n > 0 {
		return l.emit(token{kind: kWord, from: i, to: i + n, class: cCant})
	}
	if n := hasPrefix(l.rs, i, "分かりにく", "わかりにく", "分かりづら", "わかりづら"); n > 0 {
		return l.simple(kText, i, i+n)
	}
	n := hasPrefix(l.rs, i, potentialStems...)
	if n == 0 {
		return 0
	}
	j := i + n
	stem := string(l.rs[i:j])
	if stem == "可能" || stem == "利用可能" {
		if hasPrefix(l.rs, j, "性", "な限り") > 0 {
			return 0
		}
		if k := hasPrefix(l.rs, j, "では", "でな"); k > 0 {
			return l.emit(token{kind: kWord, from: i, to: j + k, class: cCant})
		}
		return l.emit(token{kind: kWord, from: i, to: j, class: cCan})
	}
	// godan verbs and the te-form stand between the stem and what matters
	k := j + hasPrefix(l.rs, j, "らな", "りませ", "らず", "りに", "りづ", "って")
	if hasPrefix(l.rs, j, "らな", "りませ", "らず", "りにく", "りづら") > 0 {
		return l.emit(token{kind: kWord, from: i, to: k, class: cCant})
	}
	k += hasPrefix(l.rs, k, "て")
	k += hasPrefix(l.rs, k, "お", "い")
	k += hasPrefix(l.rs, k, "り")
	if m := hasPrefix(l.rs, k, "ない", "なく", "なかっ", "なくな", "ませ", "ず", "らず", "ぬ"); m > 0 {
		return l.emit(token{kind: kWord, from: i, to: k + m, class: cCant})
	}
	switch stem {
	case "表示され", "配信され", "送信され", "反映され", "動作し", "稼働し", "動か", "届か", "入れ", "開け":
		return 0
	}
	if m := hasPrefix(l.rs, k, "ます", "まし", "る", "た"); m > 0 {
		return l.emit(token{kind: kWord, from: i, to: k + m, class: cCan})
	}
	return 0
}

var tails = []struct {
	tail  tail
	words []string
}{
	{tailNot, []string{"しておりません", "しておらず", "が見られず", "が見られません", "が見られない", "は見られず", "は見られません", "は見られない", "が確認できず", "が確認できません", "していません", "していない", "しておりませ", "しません", "いたしません", "せず", "されていません", "されておりません", "されていない", "できていません", "できておりません", "できていない", "できない", "しなかっ",
		"には至って", "に至って", "しない", "した場合", "する場合", "していた場合", "する可能性", "する恐れ", "するおそれ", "することがあ", "する時", "した際", "した時", "したとき", "するとき", "する際", "の場合は", "の場合、", "の際は", "時は", "時には", "時に", "時の", "時、", "日を除", "を除", "時を除", "時間を除", "の時間を除", "時間帯を除", "日等を除", "日以外", "以外", "日（不定", "日(不定", "を防", "防止", "しやすい", "してしまうこと", "することも", "の有無", "等はなく", "などはなく", "等はありません", "などはありません", "等はございません", "などはございません", "などにより", "等により", "等の理由", "などの理由", "後に", "後、", "後は", "した後", "したのち", "次第", "し次第", "しましたら", "いたしましたら", "するまで", "されるまで", "までは", "までの", "まで、", "までお", "までしばらく", "までに", "の際に", "した方", "の可能性", "のおそれ", "の恐れ", "に備え", "はありません", "はございません", "はなく", "は発生しておりません", "は発生していません", "は発生しておらず", "は発生していない", "は発生せず", "は確認されておらず", "は確認されておりません", "は確認されていません", "は見つかって", "はしていません", "とは関係", "とは別", "ではありません", "ではなく", "ではございません", "した暁", "となった暁", "を修正", "の修正", "修正", "を改善", "の改善", "等発生時", "等の発生時", "発生時の", "発生時に", "発生時は", "発生時、", "のない", "への対応訓練", "対応訓練", "復旧訓練", "になり次第", "すれば", "を確認してから", "を確認のうえ", "を確認の上", "を確認次第"}},
	{tailHope, []string{"したい", "させたい", "いたしたいと", "見込", "の見込", "予定", "の予定", "目標", "見通", "の見通", "の目", "目途", "めど", "のめど", "目処", "を目指", "を目標", "に向け", "へ向け", "に努め", "に全力", "を急", "時期", "予想", "の時期", "すると見", "する見", "する予定", "に時間", "には時間", "までに時間", "に数", "までには", "は未定", "については", "につきましては", "に関しては", "については未定", "につきましては未定"}},
	{tailNoun, []string{"件数", "率", "原因", "頻度", "作業", "対応", "日時", "時刻", "時間", "期間", "状況", "方法", "対策", "手順", "年月日", "に係る作業", "予告", "要員", "支援", "計画", "措置"}},
	{tailDone, []string{"しました", "ました", "ています", "ております", "ていました", "致しました", "いたしました", "しています", "しております", "しており", "していた", "しておりました", "した", "し、", "し,", "し。", "し\n", "しまし", "している", "してい", "して", "済", "ずみ", "完了", "が完了", "を完了", "を確認", "が確認", "のお知らせ", "のご報告", "のご連絡", "のご案内", "について", "に関する", "につきまして", "済み", "され", "できました", "させました", "いたしており", "報告", "に至り", "へ至り", "となりました", "となり", "。", "、", "】", ")", "]", ">", "\n", "」", "宣言", "に成功", "が発生", "を検知", "により", "のため", "によって", "に伴", "の影響", "による", "の原因", "お知らせ", "が起き", "が起こ", "が生じ", "が続", "が判明", "状態", "中", "られ"}},
	{tailFuture, []string{"してまいります", "して参ります", "していきます", "します", "いたします", "致します", "する", "させていただき", "を予定", "が予定", "を行い", "を実施", "される", "されます", "となります", "とさせ", "いたしたく"}},
}

// tail reads the ending behind a word.
func (l *lexer) tail(i int) tail {
	if i >= len(l.rs) {
		return tailDone
	}
	i = l.skip(i)
	best, bestLen := tailNone, 0
	for _, t := range tails {
		for _, w := range t.words {
			if n := hasPrefix(l.rs, i, w); n > bestLen {
				best, bestLen = t.tail, n
			}
		}
	}
	return best
}

// englishTail reads the words before an English one: has been resolved, will be resolved, not resolved.
func (l *lexer) englishTail(recovery bool) tail {
	past := false
	for k, n := len(l.tokens)-1, 0; k >= 0 && n < 6; k-- {
		t := l.tokens[k]
		if t.kind != kSpace {
			n++
		}
		switch t.kind {
		case kNewline, kStop, kComma, kColon:
			return tailDone
		case kText, kWord:
			switch strings.ToLower(string(l.rs[t.from:t.to])) {
			case "will", "to", "expected", "estimated", "expect", "aim", "hope":
				if n <= 3 && !(k > 1 && strings.EqualFold(string(l.rs[l.tokens[k-2].from:l.tokens[k-2].to]), "due")) {
					return tailFuture
				}
			case "was", "were":
				past = true
			case "when", "after", "once":
				if past {
					return tailDone // when all services were restored
				}
				return tailNot
			case "newly", "recently":
				if n == 1 {
					return tailNot // the newly restored website
				}
			case "being":
				if n == 1 && recovery {
					return tailNot // are being restored
				}
			case "not", "until", "if", "no", "as":
				return tailNot
			}
		}
	}
	return tailDone
}

// trimmed returns the bounds of runes i to j without white space at their ends.
func trimmed(rs []rune, i, j int) (int, int) {
	for i < j && unicode.IsSpace(rs[i]) {
		i++
	}
	for i < j && unicode.IsSpace(rs[j-1]) {
		j--
	}
	return i, j
}
