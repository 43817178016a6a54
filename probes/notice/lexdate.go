package notice

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

var eras = []struct {
	name string
	zero int // the year before the era's first
}{{"令和", 2018}, {"平成", 1988}, {"昭和", 1925}, {"R", 2018}, {"H", 1988}}

var relativeDays = []struct {
	word string
	date date
}{
	{"本日", date{base: baseReport}}, {"今日", date{base: baseReport}}, {"きょう", date{base: baseReport}},
	{"今朝", date{base: baseReport, partOfDay: true}}, {"けさ", date{base: baseReport, partOfDay: true}}, {"今夜", date{base: baseReport, evening: true, partOfDay: true}}, {"今晩", date{base: baseReport, evening: true, partOfDay: true}}, {"今夕", date{base: baseReport, evening: true, partOfDay: true}},
	{"昨日", date{base: baseReport, dayOff: -1}}, {"きのう", date{base: baseReport, dayOff: -1}}, {"昨夜", date{base: baseReport, dayOff: -1, evening: true, partOfDay: true}}, {"昨晩", date{base: baseReport, dayOff: -1, evening: true, partOfDay: true}},
	{"一昨日", date{base: baseReport, dayOff: -2}}, {"おととい", date{base: baseReport, dayOff: -2}},
	{"明日", date{base: baseReport, dayOff: 1}}, {"あす", date{base: baseReport, dayOff: 1}}, {"明朝", date{base: baseReport, dayOff: 1}}, {"明晩", date{base: baseReport, dayOff: 1, evening: true, partOfDay: true}},
	{"明後日", date{base: baseReport, dayOff: 2}}, {"あさって", date{base: baseReport, dayOff: 2}},
	{"同日", date{base: baseContext}}, {"当日", date{base: baseContext}}, {"即日", date{base: baseContext}},
	{"翌日", date{base: baseContext, dayOff: 1}}, {"翌朝", date{base: baseContext, dayOff: 1}}, {"翌未明", date{base: baseContext, dayOff: 1}}, {"翌々日", date{base: baseContext, dayOff: 2}},
	{"前日", date{base: baseContext, dayOff: -1}}, {"前夜", date{base: baseContext, dayOff: -1, evening: true, partOfDay: true}}, {"前々日", date{base: baseContext, dayOff: -2}},
	{"yesterday", date{base: baseReport, dayOff: -1, english: true}}, {"today", date{base: baseReport, english: true}}, {"tomorrow", date{base: baseReport, dayOff: 1, english: true}},
}

var englishMonths = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
var englishDays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// date emits the date, or the part of one, that starts at i; 0 when there is none.
func (l *lexer) date(i int) int {
	j := l.dateAt(i)
	if j > 0 && hasPrefix(l.rs, j, "以来") > 0 { // the last time that it was so
		last := &l.tokens[len(l.tokens)-1]
		*last = token{kind: kText, from: last.from, to: last.to}
	}
	return j
}

func (l *lexer) dateAt(i int) int {
	if j := l.eraDate(i); j > 0 {
		return j
	}
	r := l.rs[i]
	if isDigit(r) || strings.ContainsRune(kanjiDigits+"十", r) {
		if isDigit(r) && (isDigit(l.at(i-1)) || isLatin(l.at(i-1)) && !isWordEdge(l.rs, i) || l.at(i-1) == '.' && isDigit(l.at(i-2))) {
			return 0
		}
		if j := l.numericDate(i); j > 0 {
			return j
		}
		if j := l.headingYear(i); j > 0 {
			return j
		}
		return l.englishDayFirst(i)
	}
	if j := l.relativeDate(i); j > 0 {
		return j
	}
	return l.englishDate(i)
}

// headingYear reads the year at the end of an English heading, for the dates below it: <Maintenance planned in 2024>.
func (l *lexer) headingYear(i int) int {
	year, j := l.number(i)
	if j-i != 4 || year < 1990 || year >= 2100 || i < 4 || !(strings.HasSuffix(string(l.rs[i-4:i]), " in ") || string(l.rs[i-4:i]) == "for ") {
		return 0
	}
	end := j
	for strings.ContainsRune(">)]: ", l.at(end)) && l.at(end) != 0 {
		end++
	}
	if l.at(end) != '\n' {
		return 0
	}
	return l.emit(token{kind: kDate, from: i, to: j, date: date{year: year, english: true}})
}

// isWordEdge reports whether the Latin letters before i are a word that may stand before a date without a space.
func isWordEdge(rs []rune, i int) bool { return rs[i-1] == 'T' || rs[i-1] == 'R' }

func (l *lexer) eraDate(i int) int {
	if isLatin(l.at(i - 1)) {
		return 0
	}
	for _, e := range eras {
		n := hasPrefix(l.rs, i, e.name)
		if n == 0 {
			continue
		}
		j := l.skip(i + n)
		num, k := l.numeral(j)
		if l.at(j) == '元' {
			num, k = 1, j+1
		}
		if k == j || num < 1 || num > 64 {
			continue
		}
		year := e.zero + num
		k2 := l.skip(k)
		if l.at(k2) == '年' {
			if hasPrefix(l.rs, k2, "年度") > 0 {
				return l.simple(kText, i, k2+2)
			}
			return l.afterYear(i, k2+1, year)
		}
		if len(e.name) > 1 || strings.ContainsRune("./-", l.at(k)) {
			if m, d, end, ok := l.slashed(k, l.at(k)); ok {
				return l.finishDate(i, end, date{year: year, month: m, day: d})
			}
		}
	}
	return 0
}

// slashed reads "/10/30" at i, with sep for "/".
func (l *lexer) slashed(i int, sep rune) (m, d, end int, ok bool) {
	if l.at(i) != sep || !strings.ContainsRune("./-", sep) {
		return 0, 0, 0, false
	}
	j := l.skip(i + 1)
	m, k := l.number(j)
	if m < 1 || m > 12 || l.at(k) != sep {
		return 0, 0, 0, false
	}
	j = l.skip(k + 1)
	d, k = l.number(j)
	if d < 1 || d > 31 {
		return 0, 0, 0, false
	}
	return m, d, k, true
}

// afterYear reads what follows "2025年".
func (l *lexer) afterYear(i, j, year int) int {
	k := l.skip(j)
	m, e := l.numeral(k)
	if e > k && m >= 1 && m <= 12 {
		e2 := l.skip(e)
		if l.at(e2) == '月' && hasPrefix(l.rs, e2, "月号", "月期", "月分") == 0 {
			return l.afterMonth(i, e2+1, date{year: year, month: m})
		}
		if sep := l.at(e); sep == '/' {
			if d, e3 := l.number(e + 1); d >= 1 && d <= 31 {
				return l.finishDate(i, e3, date{year: year, month: m, day: d})
			}
		}
	}
	if hasPrefix(l.rs, j, "分", "度分", "産", "製", "比") > 0 {
		return l.simple(kText, i, j) // 2021年分の確定申告
	}
	return l.emit(token{kind: kDate, from: i, to: j, date: date{year: year}})
}

// afterMonth reads what follows "10月".
func (l *lexer) afterMonth(i, j int, d date) int {
	k := l.skip(j)
	day, e := l.numeral(k)
	if e > k && day >= 1 && day <= 31 {
		e2 := l.skip(e)
		if l.at(e2) == '日' && l.dayEnds(e2+1) {
			d.day = day
			return l.finishDate(i, e2+1, d)
		}
		if l.at(e) == ',' { // 11月 25, 2025
			if y, e3 := l.number(l.skip(e + 1)); y > 1990 && y < 2200 && e3-l.skip(e+1) == 4 {
				d.day, d.year, d.english = day, y, true
				return l.finishDate(i, e3, d)
			}
		}
		// 12月6、7日 and 12月6～8日 give their unit at the end; 12月6(土) gives none
		if l.sharesDay(e) || l.weekdayAt(e) > 0 {
			d.day = day
			return l.finishDate(i, e, d)
		}
	}
	return l.emit(token{kind: kDate, from: i, to: j, date: d})
}

// sharesDay reports whether at i a list or range of days goes on that ends in 日.
func (l *lexer) sharesDay(i int) bool {
	for n := 0; n < 6; n++ {
		i = l.skip(i)
		if !strings.ContainsRune("~-・、,", l.at(i)) || l.at(i) == 0 {
			return false
		}
		i = l.skip(i + 1)
		d, e := l.number(i)
		if d < 1 || d > 31 {
			return false
		}
		e = l.skip(e)
		if l.at(e) == '日' {
			return l.dayEnds(e + 1)
		}
		i = e
	}
	return false
}

// dayEnds reports whether the 日 before i ends a day of the month and not a number of days.
func (l *lexer) dayEnds(i int) bool {
	return hasPrefix(l.rs, i, "間", "連続", "以内", "後", "前", "程度", "ほど", "分", "目", "以上", "当たり", "あたり", "本", "常", "曜", "も早", "乗車", "券", "フリー", "パス", "乗り", "1回", "約", "平均", "数回", "に1回", "につき") == 0
}

// countBefore reports whether what stands before i makes a number of days of one that follows: 期間のうち1日, 合計3日.
func (l *lexer) countBefore(i int) bool {
	s := string(l.rs[max(0, i-5):i])
	for _, w := range []string{"第", "うちの", "うち", "いずれか", "いずれかの", "計", "最大", "最長", "丸", "まる", "たった", "わずか"} {
		if strings.HasSuffix(s, w) {
			return true
		}
	}
	return false
}

func (l *lexer) numericDate(i int) int {
	n, j := l.numeral(i)
	if j == i || n < 0 {
		return 0
	}
	digits := isDigit(l.rs[i])
	k := l.skip(j)
	switch {
	case l.at(k) == '年' && (n >= 1900 && n < 2200 || n >= 20 && n < 60 || n < 20 && digits && strings.ContainsRune("0123456789", l.at(k+1))):
		if hasPrefix(l.rs, k, "年間", "年度", "年前", "年後", "年以", "年目", "年連", "年ぶり", "年生", "年保") > 0 {
			return 0
		}
		if n < 20 {
			n += 2018
		} else if n < 100 {
			n += 2000
		}
		return l.afterYear(i, k+1, n)
	case l.at(k) == '月' && n >= 1 && n <= 12:
		if hasPrefix(l.rs, k, "月号", "月期", "月分", "月間", "月生", "月曜") > 0 {
			return 0
		}
		return l.afterMonth(i, k+1, date{month: n})
	case !digits && l.at(k) == '日' && (l.at(k+1) == '市' || l.at(k+1) == '町'):
		return 0 // 五日市線
	case l.at(k) == '日' && k > j && l.at(l.skip(k+1)) == '時':
		return 0 // 1 日時 令和5年10月1日
	case l.at(k) == '日' && n >= 1 && n <= 31 && l.dayEnds(k+1) && !l.countBefore(i):
		return l.finishDate(i, k+1, date{day: n})
	}
	if !digits {
		return 0
	}
	if n >= 1900 && n < 2200 && j-i == 4 {
		if m, d, end, ok := l.slashed(j, l.at(j)); ok {
			if l.at(end) == 'T' && isDigit(l.at(end+1)) {
				end++
			}
			return l.finishDate(i, end, date{year: n, month: m, day: d})
		}
	}
	if n >= 1 && n <= 12 && l.at(j) == '/' && !isDigit(l.at(i-1)) && l.at(i-1) != '/' {
		d, e := l.number(j + 1)
		if d >= 1 && d <= 31 && e-j <= 3 && l.at(e) != '/' && !isLatin(l.at(e)) && hasPrefix(l.rs, e, "の確率", "の割合", "の速度", "以下に", "程度に") == 0 {
			return l.finishDate(i, e, date{month: n, day: d})
		}
	}
	if n >= 1 && n <= 12 && l.at(j) == '.' {
		if d, e := l.number(j + 1); d >= 1 && d <= 31 && l.weekdayAt(e) > 0 {
			return l.finishDate(i, e, date{month: n, day: d})
		}
	}
	if m, d, y, end, ok := l.yearLast(n, j); ok {
		return l.finishDate(i, end, date{year: y, month: m, day: d})
	}
	if k := len(l.tokens); n >= 1 && n <= 31 && j-i <= 2 && k > 1 && l.tokens[k-1].kind == kRange && l.tokens[k-2].kind == kDate && l.tokens[k-2].date.english && !isLatin(l.at(j)) && l.at(j) != ':' && l.at(j) != '.' {
		return l.emit(token{kind: kDate, from: i, to: j, date: date{day: n, english: true}}) // Aug. 4-5
	}
	// 12/6(土)・7(日), 6、7日
	if n >= 1 && n <= 31 && j-i <= 2 && len(l.tokens) > 0 && (l.weekdayAt(j) > 0 || (l.followsDate() || n >= 10 && l.at(l.skip(j)) == '~') && l.sharesDay(j)) {
		return l.finishDate(i, j, date{day: n})
	}
	return 0
}

// yearLast reads a date with its year at the end, of which n is the first number and goes on at j: 15/09/2025 and 15.09.2025
// begin with the day, 09/15/2025 with the month; where both could be, it is the month, as in the United States.
func (l *lexer) yearLast(n, j int) (month, day, year, end int, ok bool) {
	sep := l.at(j)
	if n < 1 || n > 31 || sep != '/' && sep != '.' {
		return 0, 0, 0, 0, false
	}
	second, k := l.number(j + 1)
	if second < 1 || second > 31 || l.at(k) != sep || !isDigit(l.at(k+1)) {
		return 0, 0, 0, 0, false
	}
	year, end = l.number(k + 1)
	if end-k == 3 && sep == '/' && l.english(j) && l.at(end) != '/' {
		year += 2000 // 10/7/08
	} else if end-k != 5 {
		return 0, 0, 0, 0, false
	}
	if year < 1990 || year > 2199 {
		return 0, 0, 0, 0, false
	}
	month, day = n, second
	if n > 12 || second <= 12 && (sep == '.' || l.dayFirst(n, second)) {
		month, day = second, n
	}
	return month, day, year, end, month <= 12
}

// dayFirst reports whether the text names the day and the month in words, too, so that 09/05/2018 is no day in September: the 9th
// May.
func (l *lexer) dayFirst(day, month int) bool {
	if l.ordered {
		return l.dayBefore
	}
	l.ordered = true
	name := englishMonths[month-1][:3]
	text := strings.ToLower(string(l.rs))
	for n := 0; n < maxSearch; n++ {
		i := strings.Index(text, name)
		if i < 0 {
			break
		}
		before, after := strings.Fields(text[max(0, i-8):i]), strings.Fields(text[i:min(len(text), i+len(englishMonths[month-1])+5)])
		for _, word := range append(before, after[1:]...) {
			if d, err := strconv.Atoi(strings.Trim(word, "stndrh,.:")); err == nil && d == day {
				l.dayBefore = true
				return true
			}
		}
		text = text[i+len(name):]
	}
	return false
}

// maxSearch bounds the mentions of a month that are looked at.
const maxSearch = 20

// english reports whether no Japanese is in the line of rune i.
func (l *lexer) english(i int) bool {
	from, to := i, i
	for from > 0 && l.rs[from-1] != '\n' && to-from < 200 {
		from--
	}
	for to < len(l.rs) && l.rs[to] != '\n' && to-from < 400 {
		to++
	}
	return !slices.ContainsFunc(l.rs[from:to], japanese)
}

// followsDate reports whether the tokens so far end in a date and a separator.
func (l *lexer) followsDate() bool {
	for k := len(l.tokens) - 1; k >= 0 && k >= len(l.tokens)-3; k-- {
		if l.tokens[k].kind == kDate {
			return true
		}
	}
	return false
}

const weekdayKanji = "日月火水木金土"

// weekdayAt returns the end of a weekday in brackets at i ("(木)", "（月・祝）"), 0 when there is none.
func (l *lexer) weekdayAt(i int) int {
	i = l.skip(i)
	if !strings.ContainsRune("([〔<【", l.at(i)) || l.at(i) == 0 {
		return 0
	}
	j := l.skip(i + 1)
	if strings.ContainsRune(weekdayKanji+"祝休", l.at(j)) && l.at(j) != 0 {
		for k := j + 1; k < j+9; k++ {
			if strings.ContainsRune(")]〕>】", l.at(k)) && l.at(k) != 0 {
				return k + 1
			}
			if l.at(k) == 0 || !strings.ContainsRune("曜日・祝休振替/、,. 振国民の", l.at(k)) {
				return 0
			}
		}
		return 0
	}
	for _, name := range englishDays {
		if !hasPrefixFold(l.rs[min(j, len(l.rs)):], []rune(name[:3])) {
			continue
		}
		for k := j + 3; k < j+10; k++ {
			if l.at(k) == ')' {
				return k + 1
			}
			if !isLatin(l.at(k)) && l.at(k) != '.' {
				break
			}
		}
	}
	return 0
}

// finishDate emits the date from i to j with the weekday that follows it.
func (l *lexer) finishDate(i, j int, d date) int {
	if e := l.weekdayAt(j); e > 0 {
		open := l.skip(j)
		d.weekday = weekdayNumber(l.rs, l.skip(open+1))
		j = e
	} else if k := l.skip(j); l.at(k) == 'の' && l.at(k+1) != 0 && strings.ContainsRune(weekdayKanji, l.at(k+1)) && l.at(k+2) == '曜' && l.at(k+3) == '日' {
		d.weekday = weekdayNumber(l.rs, k+1)
		j = k + 4 // 13日の土曜日
	} else if k := l.skip(j); strings.ContainsRune(weekdayKanji, l.at(k)) && l.at(k) != 0 && l.at(k+1) == '曜' {
		d.weekday = weekdayNumber(l.rs, k)
		j = k + 2
		if l.at(j) == '日' {
			j++
		}
	}
	return l.emit(token{kind: kDate, from: i, to: j, date: d})
}

func weekdayNumber(rs []rune, i int) int {
	if i >= len(rs) {
		return 0
	}
	if k := strings.IndexRune(weekdayKanji, rs[i]); k >= 0 {
		return k/len("日") + 1
	}
	for n, name := range englishDays {
		if hasPrefixFold(rs[i:], []rune(name[:3])) {
			return n + 1
		}
	}
	return 0
}

func (l *lexer) relativeDate(i int) int {
	if !starts(l.rs[i], startRelative) {
		return 0
	}
	if l.rs[i] == '翌' && (l.at(i-1) == '月' || l.at(i-2) == '月' && l.at(i-1) == 'の') && l.at(i+1) == '月' && !isDigit(l.at(i-2)) {
		if n := l.afterRelativeMonth(i, i+2, date{monthRel: true}); n > 0 { // 解約月の翌月15日 is of any month
			l.tokens[len(l.tokens)-1] = token{kind: kText, from: i, to: n}
			return n
		}
		return l.simple(kText, i, i+2)
	}
	if l.rs[i] == '翌' && l.at(i+1) == '日' && l.at(i+2) == '曜' {
		return l.emit(token{kind: kDate, from: i, to: i + 3 + hasPrefix(l.rs, i+3, "日"), date: date{base: baseContext, dayOff: 1}})
	}
	for _, r := range relativeDays {
		w := []rune(r.word)
		if l.rs[i] != w[0] && unicode.ToLower(l.rs[i]) != w[0] || !hasPrefixFold(l.rs[i:], w) {
			continue
		}
		j := i + len(w)
		if isLatin(w[0]) && (isLatin(l.at(i-1)) || isLatin(l.at(j))) || l.at(j) == '中' || hasPrefix(l.rs, j, "券", "限り", "の出来", "発送", "の日程", "のご", "はご", "も", "だい") > 0 {
			continue
		}
		return l.finishDate(i, j, r.date)
	}
	rel := date{base: baseContext}
	switch l.rs[i] {
	case '翌':
		rel.dayOff = 1
	case '同':
	case '今', '本', '来', '先', '昨':
		return l.relativeMonth(i)
	default:
		return 0
	}
	next := l.rs[i] == '翌'
	j := i + 1
	if next && strings.ContainsRune(weekdayKanji, l.at(j)) && l.at(j) != 0 && l.at(j+1) == '曜' { // 翌日曜日, 翌月曜
		end := j + 2
		if l.at(end) == '日' {
			end++
		}
		return l.emit(token{kind: kDate, from: i, to: end, date: rel})
	}
	switch l.at(j) {
	case '月':
		m := date{base: baseContext, monthRel: true}
		if next {
			m.monthOff = 1
		}
		return l.afterRelativeMonth(i, j+1, m)
	case '年':
		y := date{base: baseContext, yearRel: true}
		if next {
			y.yearOff = 1
		}
		return l.afterRelativeYear(i, j+1, y)
	}
	k := l.skip(j)
	n, e := l.numeral(k)
	if e > k && l.at(l.skip(e)) == '日' && n >= 1 && n <= 31 && l.dayEnds(l.skip(e)+1) {
		// 翌31日 is the next 31st after the date before it, 同31日 the one of that month
		d := date{day: n, base: baseContext}
		if next {
			d.dayOff = 1
		}
		return l.finishDate(i, l.skip(e)+1, d)
	}
	if e > k && l.at(e) == '/' || e > k && l.at(l.skip(e)) == '月' { // 翌12/7, 翌12月7日
		if end := l.numericDate(k); end > 0 {
			l.tokens[len(l.tokens)-1].from = i
			return end
		}
		return l.simple(kText, i, j)
	}
	if l.clockAt(k) > 0 {
		rel.same = !next
		return l.emit(token{kind: kDate, from: i, to: j, date: rel})
	}
	if e > k && !next && l.at(l.skip(e)) == '分' && n < 60 { // 同45分
		end := l.skip(e) + 1
		return l.emit(token{kind: kClock, from: i, to: end, clock: clock{minute: n, minuteOnly: true}})
	}
	return 0
}

func (l *lexer) relativeMonth(i int) int {
	d := date{base: baseReport}
	switch {
	case hasPrefix(l.rs, i, "今月", "本月") > 0:
		d.monthRel = true
	case hasPrefix(l.rs, i, "来月") > 0:
		d.monthRel, d.monthOff = true, 1
	case hasPrefix(l.rs, i, "先月", "昨月") > 0:
		d.monthRel, d.monthOff = true, -1
	case hasPrefix(l.rs, i, "今年", "本年") > 0:
		d.yearRel = true
	case hasPrefix(l.rs, i, "来年") > 0:
		d.yearRel, d.yearOff = true, 1
	case hasPrefix(l.rs, i, "昨年") > 0:
		d.yearRel, d.yearOff = true, -1
	default:
		return 0
	}
	if d.monthRel {
		return l.afterRelativeMonth(i, i+2, d)
	}
	return l.afterRelativeYear(i, i+2, d)
}

func (l *lexer) afterRelativeMonth(i, j int, d date) int {
	j += hasPrefix(l.rs, j, "の")
	n, e := l.numeral(j)
	if e > j && l.at(e) == '日' && n >= 1 && n <= 31 && l.dayEnds(e+1) {
		d.day = n
		return l.finishDate(i, e+1, d)
	}
	return 0
}

func (l *lexer) afterRelativeYear(i, j int, d date) int {
	j += hasPrefix(l.rs, j, "の")
	m, e := l.numeral(j)
	if e == j || m < 1 || m > 12 || l.at(e) != '月' {
		return 0
	}
	n, e2 := l.numeral(e + 1)
	if e2 == e+1 || n < 1 || n > 31 || l.at(e2) != '日' {
		return 0
	}
	d.month, d.day = m, n
	return l.finishDate(i, e2+1, d)
}
