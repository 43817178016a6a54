package notice

import (
	"slices"
	"strings"
)

// englishMonthAt returns the month whose name is at i and the name's end.
func (l *lexer) englishMonthAt(i int) (month, end int) {
	if i >= len(l.rs) || !isLatin(l.rs[i]) || isLatin(l.at(i-1)) {
		return 0, 0
	}
	for m, name := range englishMonths {
		if !hasPrefixFold(l.rs[i:], []rune(name[:3])) {
			continue
		}
		j := i
		for j < len(l.rs) && isLatin(l.rs[j]) {
			j++
		}
		word := strings.ToLower(string(l.rs[i:j]))
		if word == name || len(word) <= 4 && strings.HasPrefix(name, word) {
			if l.at(j) == '.' {
				j++
			}
			return m + 1, j
		}
	}
	return 0, 0
}

// englishDate reads "October 30, 2025", "Oct. 30" and a weekday's name before them.
func (l *lexer) englishDate(i int) int {
	if !isLatin(l.rs[i]) || isLatin(l.at(i-1)) {
		return 0
	}
	start, weekday := i, 0
	for n, name := range englishDays {
		if hasPrefixFold(l.rs[i:], []rune(name[:3])) {
			j := i
			for j < len(l.rs) && isLatin(l.rs[j]) {
				j++
			}
			word := strings.ToLower(string(l.rs[i:j]))
			if !strings.HasPrefix(name, word) && word != "tues" && word != "thurs" {
				continue
			}
			weekday = n + 1
			if l.at(j) == '.' {
				j++
			}
			if l.at(j) == ',' {
				j++
			}
			i = l.skip(j)
		}
	}
	if weekday > 0 {
		if d, e := l.number(i); d >= 1 && d <= 31 && e-i <= 2 || d >= 1990 && d < 2200 && e-i == 4 {
			return l.dayMonth(start, i, weekday)
		}
	}
	m, j := l.englishMonthAt(i)
	if m == 0 {
		if weekday > 0 && l.namesDay(start) {
			return l.emit(token{kind: kDate, from: start, to: start + len(englishDays[weekday-1]), date: date{base: baseWeekday, weekday: weekday, english: true}})
		}
		return 0
	}
	j = l.skip(j)
	d, e := l.number(j)
	if d < 1 || d > 31 || e-j > 2 {
		return 0
	}
	e += l.ordinal(e)
	dt := date{month: m, day: d, weekday: weekday, english: true}
	e = l.englishYear(e, &dt)
	if e = l.englishWeekday(e, &dt); dt.year == 0 {
		e = l.englishYear(e, &dt) // Nov. 25 (Mon), 2024
	}
	if k := l.skip(e); dt.year == 0 && hasPrefix(l.rs, k, "&", "and ") > 0 { // March 2 & 3, 2018
		if d, e2 := l.number(l.skip(k + hasPrefix(l.rs, k, "&", "and "))); d >= 1 && d <= 31 {
			l.englishYear(e2+l.ordinal(e2), &dt)
		}
	}
	return l.emit(token{kind: kDate, from: start, to: e, date: dt})
}

// sharedMonth reads the month, and the year, of the later of two days of which the earlier one ends at i: 20 - 25 May 2025.
func (l *lexer) sharedMonth(i int) (date, bool) {
	i = l.skip(i + l.ordinal(i))
	switch n := hasPrefix(l.rs, i, "to ", "until ", "through ", "and ", "& "); {
	case n > 0:
		i += n
	case l.at(i) == '-' || l.at(i) == '~':
		i = l.skip(i + 1)
	default:
		return date{}, false
	}
	d, e := l.number(i)
	if d < 1 || d > 31 || e-i > 2 {
		return date{}, false
	}
	e = l.skip(e + l.ordinal(e))
	m, j := l.englishMonthAt(e + hasPrefix(l.rs, e, "of "))
	if m == 0 {
		return date{}, false
	}
	dt := date{month: m, english: true}
	l.englishYear(j, &dt)
	return dt, true
}

// namesDay reports whether the whole name of a day of the week at i is that of one day: this Saturday, 8 pm on Friday, and
// not 9 am Monday to Friday.
func (l *lexer) namesDay(i int) bool {
	end := i
	for isLatin(l.at(end)) {
		end++
	}
	name := strings.ToLower(string(l.rs[i:end]))
	next := l.skip(end)
	if !slices.Contains(englishDays, name) || strings.ContainsRune("-~/&", l.at(next)) && l.at(next) != 0 || hasPrefix(l.rs, next, "to ", "through ", "and ") > 0 {
		return false
	}
	before := l.rs[max(0, i-5):i]
	if hasPrefixFold(before, []rune("this ")) || hasPrefixFold(before, []rune("last ")) {
		return true
	}
	n := len(l.tokens)
	for n > 0 && (l.tokens[n-1].kind == kSpace || l.tokens[n-1].kind == kText && string(l.rs[l.tokens[n-1].from:l.tokens[n-1].to]) == "on") {
		n--
	}
	return n > 0 && l.tokens[n-1].kind == kClock
}

func (l *lexer) ordinal(i int) int {
	n := hasPrefix(l.rs, i, "st", "nd", "rd", "th")
	if n > 0 && isLatin(l.at(i+n)) {
		return 0
	}
	return n
}

func (l *lexer) englishYear(e int, d *date) int {
	k := e
	if l.at(k) == ',' {
		k++
	}
	k = l.skip(k)
	if y, e2 := l.number(k); y >= 1900 && y < 2200 && e2-k == 4 && (l.at(e2) != ':' || !isDigit(l.at(e2+1))) {
		d.year = y
		return e2
	}
	return e
}

// englishWeekday reads a weekday in brackets at e, as in "Jan. 20 (Tue)", and returns its end; e when there is none.
func (l *lexer) englishWeekday(e int, d *date) int {
	k := l.skip(e)
	if l.at(k) != '(' {
		return e
	}
	j := k + 1
	for isLatin(l.at(j)) || l.at(j) == '.' {
		j++
	}
	if n := weekdayNumber(l.rs, k+1); n > 0 && l.at(j) == ')' {
		d.weekday = n
		return j + 1
	}
	return e
}

// englishDayFirst reads "30 October 2025".
func (l *lexer) englishDayFirst(i int) int { return l.dayMonth(i, i, 0) }

func (l *lexer) dayMonth(start, i, weekday int) int {
	d, e := l.number(i)
	if d >= 1990 && d < 2200 && e-i == 4 { // 2024 December 5
		if m, j := l.englishMonthAt(l.skip(e)); m > 0 {
			if n, end := l.number(l.skip(j)); n >= 1 && n <= 31 && end-l.skip(j) <= 2 && l.at(end) != ':' {
				return l.emit(token{kind: kDate, from: start, to: end, date: date{year: d, month: m, day: n, english: true}})
			}
		}
	}
	if d < 1 || d > 31 || e-i > 2 {
		return 0
	}
	if dt, ok := l.sharedMonth(e); ok { // 20 - 25 May 2025
		dt.day, dt.weekday = d, weekday
		return l.emit(token{kind: kDate, from: start, to: e + l.ordinal(e), date: dt})
	}
	if n := l.ordinal(e); n > 0 && weekday > 0 { // Saturday 14th
		if m, _ := l.englishMonthAt(l.skip(l.skip(e+n) + hasPrefix(l.rs, l.skip(e+n), "of "))); m == 0 {
			return l.emit(token{kind: kDate, from: start, to: e + n, date: date{day: d, weekday: weekday, english: true}})
		}
	}
	if n := l.ordinal(e); n > 0 {
		e = l.skip(e + n)
		e += hasPrefix(l.rs, e, "of ")
	}
	dashed := l.at(e) == '-' // 10-May-2019
	if dashed {
		e++
	}
	m, j := l.englishMonthAt(l.skip(e))
	if m == 0 {
		return 0
	}
	if dashed && l.at(j) == '-' {
		j++
	}
	dt := date{month: m, day: d, weekday: weekday, english: true}
	j = l.englishYear(j, &dt)
	j = l.englishWeekday(j, &dt)
	return l.emit(token{kind: kDate, from: start, to: j, date: dt})
}
