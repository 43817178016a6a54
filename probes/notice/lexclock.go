package notice

import (
	"strings"
	"time"
	_ "time/tzdata" // for the zones with daylight saving time, wherever we run
	"unicode"
	"unicode/utf8"
)

// japan is the zone of every time that names no other. Japan has had no daylight saving time since 1951.
var japan = time.FixedZone("JST", 9*60*60)

// zones are the names of zones that notices state. Where a name is used of two, the one is taken in which Internet
// services state their times: IST is India's.
var zones = []struct {
	name string
	zone *time.Location
}{
	{"JST", japan}, {"日本時間", japan}, {"協定世界時", time.UTC}, {"世界標準時", time.UTC},
	{"US/Pacific", located("America/Los_Angeles")}, {"Pacific Time", located("America/Los_Angeles")}, {"Pacific time", located("America/Los_Angeles")}, {"Pacific", located("America/Los_Angeles")}, {"PT", located("America/Los_Angeles")},
	{"Eastern Time", located("America/New_York")}, {"Eastern time", located("America/New_York")}, {"Eastern", located("America/New_York")}, {"ET", located("America/New_York")}, {"Central Time", located("America/Chicago")}, {"Central time", located("America/Chicago")}, {"Central", located("America/Chicago")}, {"CT", located("America/Chicago")}, {"MT", located("America/Denver")},
	{"PST", hours(-8)}, {"PDT", hours(-7)}, {"MST", hours(-7)}, {"MDT", hours(-6)}, {"CDT", hours(-5)}, {"CST", hours(-6)}, {"EST", hours(-5)}, {"EDT", hours(-4)},
	{"UTC", time.UTC}, {"GMT", time.UTC}, {"BST", hours(1)}, {"CEST", hours(2)}, {"CET", hours(1)}, {"EEST", hours(3)}, {"EET", hours(2)},
	{"SGT", hours(8)}, {"Singapore time", hours(8)}, {"Singapore Time", hours(8)}, {"Hong Kong time", hours(8)}, {"Japan time", japan}, {"Japan Time", japan}, {"UK time", located("Europe/London")}, {"London time", located("Europe/London")}, {"HKT", hours(8)}, {"PHT", hours(8)}, {"KST", hours(9)}, {"ICT", hours(7)}, {"WIB", hours(7)}, {"IST", time.FixedZone("IST", 5*3600+1800)},
	{"Australian Eastern", hours(10)}, {"AEST", hours(10)}, {"AEDT", hours(11)}, {"NZST", hours(12)}, {"NZDT", hours(13)},
}

func hours(n int) *time.Location { return time.FixedZone("", n*3600) }

func located(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // time/tzdata holds it
	}
	return zone
}

// statedZone returns the zone that the text states for all its times, as in "all times are UTC" and 時刻はすべてUTC; nil when
// it states none. No time stands between: 発生時刻は14:20(05:20 UTC) is that of one.
func statedZone(text string) *time.Location {
	for _, said := range []string{"times are", "times in", "times shown", "Times are", "Times in", "Times shown", "All times", "all times", "Timeline (", "timeline (", "時刻は", "時間はすべて", "時刻表示は"} {
		_, after, found := strings.Cut(text, said)
		if !found {
			continue
		}
		nearest, zone := 40, (*time.Location)(nil)
		for _, z := range zones {
			between, rest, named := strings.Cut(after, z.name)
			if !named || len(between) >= nearest || strings.ContainsAny(between, "0123456789\n") {
				continue
			}
			before, _ := utf8.DecodeLastRuneInString(between)
			behind, _ := utf8.DecodeRuneInString(rest)
			if !isLatin(before) && !isLatin(behind) {
				nearest, zone = len(between), z.zone
			}
		}
		if zone != nil {
			return zone
		}
	}
	return nil
}

// findZones gives the times of a line the zone that stands in brackets or behind a comma after its last one:
// (Singapore time, GMT+8).
func (p *parser) findZones() {
	l := &lexer{src: p.src, rs: p.src.runes}
	for k, t := range p.toks { // 3 p.m., Friday, November 17 ET
		var c clock
		if t.kind != kDate || !t.date.english || l.at(t.to) != ' ' || !unicode.IsUpper(l.at(t.to+1)) || l.zoneAt(t.to, &c) == t.to {
			continue
		}
		from, _ := p.sentence(k)
		for j := from; j < k; j++ {
			if o := &p.toks[j].clock; p.toks[j].kind == kClock && o.zone == nil {
				o.zone = c.zone
			}
		}
	}
	for k, t := range p.toks {
		if before := p.backOverSpace(k) - 1; t.kind != kOpen && t.kind != kComma || p.kindAt(before) != kDate && p.kindAt(before) != kClock {
			continue
		}
		var zone *time.Location
		ln := p.lines[t.line]
		if j := p.over(k+1, kSpace); t.kind == kComma {
			ln.last = min(ln.last, j+1) // 04:00 on 15 March 2025, Japan time
		}
		for j := k + 1; j < ln.last && p.toks[j].kind != kClose && zone == nil; j++ {
			var c clock
			if p.toks[j].kind == kClock {
				break
			}
			if isLatin(p.rune(j)) {
				l.zoneAt(p.toks[j].from, &c)
			}
			zone = c.zone
		}
		for j := ln.first; j < k && zone != nil; j++ {
			if c := &p.toks[j].clock; p.toks[j].kind == kClock && c.zone == nil {
				c.zone = zone
			}
		}
	}
}

// shareZone gives all times of an English text the zone that those have which name one, where it is the same for all.
func (p *parser) shareZone() {
	var zone *time.Location
	shared, someDay := 0, time.Date(2025, 1, 1, 0, 0, 0, 0, japan)
	for _, t := range p.toks {
		if t.kind != kClock || t.clock.zone == nil || t.clock.second > 0 {
			continue // 10:37:02 is when a mail was sent
		}
		_, offset := someDay.In(t.clock.zone).Zone()
		if zone != nil && offset != shared {
			return
		}
		zone, shared = t.clock.zone, offset
	}
	for k := range p.toks {
		if c := &p.toks[k].clock; p.toks[k].kind == kClock && c.zone == nil {
			c.zone = zone
		}
	}
}

var halves = []struct {
	word string
	half half
}{
	{"午前", halfAM}, {"午後", halfPM}, {"AM", halfAM}, {"PM", halfPM}, {"am", halfAM}, {"pm", halfPM}, {"A.M.", halfAM}, {"P.M.", halfPM}, {"a.m.", halfAM}, {"p.m.", halfPM}, {"Am", halfAM}, {"Pm", halfPM}, {"a.m", halfAM}, {"p.m", halfPM},
	{"未明の", halfNone}, {"未明", halfNone}, {"早朝", halfNone}, {"朝の", halfNone}, {"朝", halfNone}, {"明け方", halfNone},
	{"深夜の", halfNight}, {"深夜", halfNight}, {"夜間", halfEvening}, {"夜の", halfEvening}, {"夜", halfEvening}, {"夕方", halfEvening}, {"夕刻", halfEvening}, {"昼の", halfPM}, {"昼", halfPM}, {"晩", halfEvening},
}

func (l *lexer) halfAt(i int) (h half, end int) {
	if i >= len(l.rs) || !starts(l.rs[i], startHalf) {
		return halfNone, i
	}
	for _, x := range halves {
		if n := hasPrefix(l.rs, i, x.word); n > 0 {
			return x.half, i + n
		}
	}
	return halfNone, i
}

// clock emits the time of day that starts at i; 0 when there is none.
func (l *lexer) clock(i int) int {
	c, j, ok := l.readClock(i)
	if !ok {
		return 0
	}
	return l.emit(token{kind: kClock, from: i, to: j, clock: c})
}

// clockAt returns the end of a time of day at i, 0 when there is none.
func (l *lexer) clockAt(i int) int {
	if i >= len(l.rs) {
		return 0
	}
	_, j, ok := l.readClock(i)
	if !ok {
		return 0
	}
	return j
}

func (l *lexer) readClock(i int) (c clock, end int, ok bool) {
	if n := hasPrefix(l.rs, i, "正午"); n > 0 {
		return clock{hour: 12}, i + n, true
	}
	if !isLatin(l.at(i - 1)) {
		if n := hasPrefix(l.rs, i, "noon", "Noon"); n > 0 && !isLatin(l.at(i+n)) {
			return clock{hour: 12}, l.zoneAt(i+n, &c), true
		}
		if n := hasPrefix(l.rs, i, "midnight", "Midnight"); n > 0 && !isLatin(l.at(i+n)) {
			return clock{hour: 24}, i + n, true
		}
	}
	h, j := l.halfAt(i)
	if j > i && isLatin(l.rs[i]) && isLatin(l.at(i-1)) {
		return c, 0, false
	}
	prefixed := j > i
	if c, end, ok := l.fourDigits(i); ok {
		return c, end, true
	}
	k := l.skip(j)
	if !prefixed && (isDigit(l.at(i-1)) || l.at(i-1) == ':' && isDigit(l.at(i-2)) || l.at(i-1) == '.' && isDigit(l.at(i-2))) {
		return c, 0, false
	}
	n, e := l.numeral(k)
	if e == k || n < 0 || n > 36 || e-k > 3 {
		return c, 0, false
	}
	c.half, c.hour = h, n
	c.latin = prefixed && isLatin(l.rs[i])
	u := l.skip(e)
	switch {
	case l.at(u) == '時' && l.at(u+1) != '間' && l.at(u+1) != '期' && l.at(u+1) != '的' && l.at(u+1) != '限' && l.at(u+1) != '短':
		if !prefixed && !isDigit(l.rs[k]) && !l.kanjiHour() {
			return c, 0, false
		}
		return l.afterHour(u+1, c)
	case l.at(e) == ':' && isDigit(l.rs[k]) || l.at(u) == ':' && isDigit(l.at(u+1)) && e-k <= 2:
		m, e2 := l.number(l.skip(u + 1))
		if m < 0 || m > 59 || e2-l.skip(u+1) != 2 {
			return c, 0, false
		}
		c.minute = m
		if l.at(e2) == ':' {
			if s, e3 := l.number(e2 + 1); s >= 0 && s < 60 && e3-e2 == 3 {
				c.second, e2 = s, e3
				if l.at(e2) == '.' && isDigit(l.at(e2+1)) {
					_, e2 = l.number(e2 + 1)
				}
			}
		}
		return l.afterDigits(e2, c)
	case !prefixed && isDigit(l.rs[k]) && n <= 24 && l.at(e) == '.' && isDigit(l.at(e+1)) && isDigit(l.at(e+2)) && hasPrefix(l.rs, e+3, " hours", " hrs", " Uhr") > 0:
		c.minute, _ = l.number(e + 1)
		return c, e + 3 + hasPrefix(l.rs, e+3, " hours", " hrs", " Uhr"), c.minute < 60 // 22.00 hours
	case !prefixed && isDigit(l.rs[k]) && n <= 12 && l.at(e) == '.' && isDigit(l.at(e+1)) && isDigit(l.at(e+2)) && !isDigit(l.at(e+3)):
		h2, e2 := l.halfAt(l.skip(e + 3)) // 11.30pm
		if e2 == l.skip(e+3) || isLatin(l.at(e2)) {
			return c, 0, false
		}
		c.minute, _ = l.number(e + 1)
		c.half, c.latin = h2, true
		return c, l.zoneAt(e2, &c), c.minute < 60
	case prefixed && isDigit(l.rs[k]) && (h == halfAM || h == halfPM) && n <= 12:
		c.bare = l.at(u) != '時'
		return c, e, isLatin(l.rs[i]) // "AM 8"
	}
	// 8 a.m., 8am
	if isDigit(l.rs[k]) && n <= 12 && !prefixed {
		if h2, e2 := l.halfAt(u); e2 > u && isLatin(l.rs[u]) && !isLatin(l.at(e2)) {
			c.half, c.latin = h2, true
			return c, l.zoneAt(e2, &c), true
		}
		// 22～24時, 7–10pm
		if l.bareHour(e) || l.bareEnglishHour(i, e) {
			c.bare = true
			return c, e, true
		}
	} else if isDigit(l.rs[k]) && l.bareHour(e) {
		c.bare = true
		return c, e, true
	}
	return c, 0, false
}

// kanjiHour reports whether the tokens so far allow a Kanji number before 時 to be an hour: 一時 alone is "for a while".
func (l *lexer) kanjiHour() bool {
	for k := len(l.tokens) - 1; k >= 0 && k >= len(l.tokens)-2; k-- {
		switch l.tokens[k].kind {
		case kDate, kRange:
			return true
		case kWord:
			if l.tokens[k].is(cFrom) {
				return true
			}
		}
	}
	return false
}

// bareHour reports whether at i a range sign and an hour with its unit follow.
func (l *lexer) bareHour(i int) bool {
	i = l.skip(i)
	if !strings.ContainsRune("~-→", l.at(i)) || l.at(i) == 0 {
		return false
	}
	i = l.skip(i + 1)
	i += hasPrefix(l.rs, i, "翌日", "翌")
	_, i = l.halfAt(i)
	n, e := l.number(l.skip(i))
	return n >= 0 && n <= 36 && l.at(l.skip(e)) == '時' && l.at(l.skip(e)+1) != '間'
}

// fourDigits reads one of two hours of four digits each, behind a date in English: October 14, 2023, 1500-1900.
func (l *lexer) fourDigits(i int) (c clock, end int, ok bool) {
	n, e := l.number(i)
	if e-i != 4 || n/100 > 24 || n%100 > 59 || isDigit(l.at(i-1)) {
		return c, 0, false
	}
	last := len(l.tokens) - 1
	if j := l.skip(e); l.at(j) == '-' || l.at(j) == '~' {
		m, e2 := l.number(l.skip(j + 1))
		if e2-l.skip(j+1) != 4 || m/100 > 24 || m%100 > 59 || isDigit(l.at(e2)) || isLatin(l.at(e2)) {
			return c, 0, false
		}
		for last >= 0 && (l.tokens[last].kind == kSpace || l.tokens[last].kind == kComma || l.tokens[last].kind == kColon) {
			last--
		}
		ok = last >= 0 && l.tokens[last].kind == kDate && l.tokens[last].date.english
	} else {
		for last >= 0 && (l.tokens[last].kind == kSpace || l.tokens[last].kind == kRange) {
			last--
		}
		ok = last >= 0 && last < len(l.tokens)-1 && l.tokens[last].kind == kClock && l.tokens[last].clock.fourDigits
	}
	return clock{hour: n / 100, minute: n % 100, fourDigits: true}, l.zoneAt(e, &c), ok
}

// bareEnglishHour reports whether the number from i to e is the first of two hours of which the second is marked: 7-10pm.
func (l *lexer) bareEnglishHour(i, e int) bool {
	before := string(l.rs[max(0, i-8):i])
	if !strings.HasSuffix(before, "between ") && !strings.HasSuffix(before, "from ") && !strings.HasSuffix(before, ", ") && !strings.HasSuffix(before, "at ") {
		return false
	}
	k := l.skip(e)
	if l.at(k) != '-' && l.at(k) != '~' {
		return false
	}
	n, end := l.number(l.skip(k + 1))
	half, u := l.halfAt(l.skip(end))
	return n >= 1 && n <= 12 && half != halfNone && isLatin(l.at(l.skip(end))) && !isLatin(l.at(u))
}

func (l *lexer) afterHour(j int, c clock) (clock, int, bool) {
	if l.at(j) == '台' && l.at(j+1) != '\t' {
		c.approx = true
		return c, j + 1, true
	}
	if l.at(j) == '半' {
		c.minute = 30
		return c, l.zoneAt(j+1, &c), true
	}
	k := l.skip(j)
	if m, e := l.numeral(k); e > k && m >= 0 && m < 60 {
		u := l.skip(e)
		if e-k == 2 && hasPrefix(l.rs, u, "頃", "ごろ", "より", "から") > 0 {
			c.minute, j = m, e // 23時52ごろ
		} else if l.at(u) == '分' && l.at(u+1) != '間' {
			c.minute = m
			j = u + 1
			if l.at(j) == '半' {
				c.second = 30
				j++
			}
			if s, e := l.numeral(l.skip(j)); e > l.skip(j) && s >= 0 && s < 60 && l.at(l.skip(e)) == '秒' && l.at(l.skip(e)+1) != '間' {
				c.second = s
				j = l.skip(e) + 1
			}
		}
	}
	return c, l.zoneAt(j, &c), true
}

// afterDigits reads what may follow 8:50: a half of the day, a zone, a needless 時 or 分.
func (l *lexer) afterDigits(j int, c clock) (clock, int, bool) {
	k := l.skip(j)
	if h, e := l.halfAt(k); e > k && isLatin(l.rs[k]) && !isLatin(l.at(e)) && c.half == halfNone {
		c.half, c.latin = h, true
		j = e
	}
	if l.at(j) == '分' || l.at(j) == '時' && l.at(j+1) != '点' {
		j++
	}
	if l.at(j) == 'Z' && !isLatin(l.at(j+1)) {
		c.zone = time.UTC
		return c, j + 1, true
	}
	for _, w := range []string{" hrs", "hrs", " hours", " noon"} {
		if n := hasPrefix(l.rs, j, w); n > 0 && !isLatin(l.at(j+n)) && (w != " noon" || c.hour == 12) {
			j += n
			break
		}
	}
	// +09:00
	if l.at(j) == ' ' && l.at(j+1) == '+' && isDigit(l.at(j+2)) {
		j++
	}
	if (l.at(j) == '+' || l.at(j) == '-') && isDigit(l.at(j+1)) && isDigit(l.at(j+2)) {
		h, e := l.number(j + 1)
		m := 0
		if e-j == 3 && l.at(e) == ':' && isDigit(l.at(e+1)) && (l.at(j) == '+' || l.isoTime(j)) {
			m, e = l.number(e + 1)
		} else if e-j == 5 {
			h, m = h/100, h%100
		} else {
			return c, l.zoneAt(j, &c), true
		}
		if h <= 14 && m < 60 {
			offset := h*3600 + m*60
			if l.at(j) == '-' {
				offset = -offset
			}
			c.zone = time.FixedZone("", offset)
			return c, e, true
		}
	}
	return c, l.zoneAt(j, &c), true
}

// isoTime reports whether the time that ends at j stands behind the T of ISO 8601, so that no range begins with a dash there.
func (l *lexer) isoTime(j int) bool {
	for j--; isDigit(l.at(j)) || l.at(j) == ':' || l.at(j) == '.'; j-- {
	}
	return l.at(j) == 'T'
}

// offset reads what may follow the name of UTC, as in GMT+9 and UTC-03:30: seconds, and where it ends; j when there is none.
func (l *lexer) offset(j int) (seconds, end int) {
	sign := l.at(j)
	if sign != '+' && sign != '-' || !isDigit(l.at(j+1)) {
		return 0, j
	}
	h, e := l.number(j + 1)
	m := 0
	if l.at(e) == ':' && isDigit(l.at(e+1)) {
		m, e = l.number(e + 1)
	} else if h >= 100 {
		h, m = h/100, h%100
	}
	if h > 14 || m > 59 {
		return 0, j
	}
	if seconds = h*3600 + m*60; sign == '-' {
		seconds = -seconds
	}
	return seconds, e
}

// zoneAt reads the name of a zone at j, with or without brackets, and returns its end; j when there is none.
func (l *lexer) zoneAt(j int, c *clock) int {
	k := l.skip(j)
	bracket := l.at(k) == '('
	if bracket {
		k++
	}
	if offset, e := l.offset(k); bracket && e > k && l.at(e) == ')' {
		c.zone = time.FixedZone("", offset) // 23:00 (+0100)
		return e + 1
	}
	for _, z := range zones {
		n := hasPrefix(l.rs, k, z.name)
		if n == 0 || isLatin(rune(z.name[0])) && isLatin(l.at(k+n)) || z.name == "Central" && l.at(k+n) == ' ' && unicode.IsUpper(l.at(k+n+1)) {
			continue // 8 am Central Library
		}
		zone := z.zone
		if l.at(k+n) == ' ' && l.at(k+n+1) == '+' && zone == time.UTC {
			n++ // UTC +1
		}
		if offset, e := l.offset(k + n); zone == time.UTC && e > k+n {
			zone, n = time.FixedZone("", offset), e-k
		}
		if bracket {
			if l.at(k+n) != ')' {
				continue
			}
			n++
		}
		c.zone = zone
		return k + n
	}
	return j
}
