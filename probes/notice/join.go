package notice

import (
	"slices"
	"strings"
	"unicode"
)

// maxColumns is the largest number of columns of a table that is told one cell a line.
const maxColumns = 6

// A tableLine is a line that may be a cell of such a table.
type tableLine struct {
	first, last int
	names, when bool // it may name a column, and one of times
	label       bool // it says in so many words that a time is to follow
	timed       bool // it holds a time, or says that there is none
}

// joinCells makes rows of the tables that came one cell a line: the names of the columns, one of them that of a time, and
// at least two rows with a time right there.
func (p *parser) joinCells() {
	var lines []tableLine
	first := 0
	for k := 0; k <= len(p.toks); k++ {
		if k < len(p.toks) && p.toks[k].kind != kNewline {
			continue
		}
		if s := strings.TrimSpace(p.text(first, k)); s != "" {
			lines = append(lines, p.tableLine(first, k, s))
		}
		first = k + 1
	}
	for i := 0; i < len(lines); i++ {
		for n := min(maxColumns, (len(lines)-i)/3); n > 1; n-- {
			rows := rowsBelow(lines[i:], n)
			if rows < 2 {
				continue
			}
			for r := range (rows + 1) * n {
				if (r+1)%n != 0 {
					for k := lines[i+r].last; k < lines[i+r+1].first; k++ {
						p.toks[k].kind = kSpace
					}
					p.toks[lines[i+r].last].kind = kTab
				}
			}
			i += (rows+1)*n - 1
			break
		}
	}
}

func (p *parser) tableLine(first, last int, s string) tableLine {
	c := tableLine{first: first, last: last}
	if len([]rune(s)) <= maxMenuItem && !p.hasTime(first, last) && !strings.ContainsAny(s, "。:\t!?") && !isMarker([]rune(s)[0]) {
		c.names, c.when = true, isTimeLabel(roleOfLabel(s))
		c.label = c.when && containsAny(s, "日", "時", "期間")
	}
	none := strings.Trim(s, "-~ー―(")
	c.timed = none == "" || s == "終日" || strings.HasPrefix(none, "未定") || p.timeFirst(first, last)
	return c
}

// rowsBelow counts the rows of n cells below n lines that name the columns; 0 where they do not.
func rowsBelow(lines []tableLine, n int) int {
	names := lines[:n]
	if slices.ContainsFunc(names, func(c tableLine) bool { return !c.names }) || !slices.ContainsFunc(names, func(c tableLine) bool { return c.when }) {
		return 0
	}
	rows := 0
	for ; (rows+2)*n <= len(lines); rows++ {
		for j, c := range lines[(rows+1)*n : (rows+2)*n] {
			if names[j].when != c.timed || !names[j].when && c.label {
				return rows
			}
		}
	}
	return rows
}

// minWrap and maxWrap bound the lines of an English paragraph that was wrapped, in characters.
const minWrap, maxWrap = 50, 100

// joinWraps makes one line of those into which a mail broke an English sentence: the next begins with a small letter, or
// with a number behind a word that needs one.
func (p *parser) joinWraps() {
	first := 0
	for k, t := range p.toks {
		if t.kind != kNewline {
			continue
		}
		next := p.over(k+1, kSpace)
		if n := t.from - p.toks[first].from; k > first && n >= minWrap && n <= maxWrap && p.kindAt(next) != kNewline && isLatin(p.src.runes[t.from-1]) {
			r := p.rune(next)
			if isLatin(r) && unicode.IsLower(r) || (p.kindAt(next) == kClock || p.kindAt(next) == kDate) && p.latin(k-1, "at", "about", "on", "from", "until", "to", "through", "and", "between", "around", "approximately", "since", "of") {
				p.toks[k].kind = kSpace
			}
		}
		first = k + 1
	}
}

// joinBrackets keeps what stands in brackets in the midst of a sentence from ending it: …システム(以下「全銀」といいます。)において.
func (p *parser) joinBrackets() {
	open := -1
	for k, t := range p.toks {
		switch t.kind {
		case kOpen:
			if p.rune(k) == '(' && k > 0 && p.kindAt(k-1) != kNewline && p.kindAt(k-1) != kStop {
				open = k
			}
		case kNewline:
			open = -1
		case kClose:
			if next := p.kindAt(k + 1); p.rune(k) == ')' && open >= 0 && p.kindAt(k-1) == kStop && (next == kText || next == kWord || next == kComma) && k-open <= maxLook {
				for j := open; j < k; j++ {
					if p.toks[j].kind == kStop {
						p.toks[j].kind = kText
					}
				}
			}
			if p.rune(k) == ')' {
				open = -1
			}
		}
	}
}

// quote keeps what a screen or a message says, in 「」 and behind it と表示 or の通知, from telling how far the event is:
// 「追加できるようになりました」の通知が届かない.
func (p *parser) quote() {
	open := -1
	for k, t := range p.toks {
		switch {
		case t.kind == kNewline:
			open = -1
		case t.kind == kOpen && p.rune(k) == '「':
			open = k
		case t.kind == kClose && p.rune(k) == '」' && open >= 0:
			if k-open <= maxLook && hasPrefix(p.src.runes, t.to, "と表示", "と出", "という表示", "という画面", "というエラー", "というメッセージ", "の通知", "の表示", "の画面", "のメッセージ", "のエラー", "のまま", "が表示") > 0 || k-open <= maxLook && saysScreen(p.text(k+1, min(k+maxClause, len(p.toks)))) {
				// 「500エラー」が表示されました tells of an error
				told := hasPrefix(p.src.runes, t.to, "と表示されて", "が表示されて", "と表示されま", "が表示されま") > 0
				for j := open + 1; j < k; j++ {
					if p.toks[j].kind == kWord && !(told && strings.Contains(p.text(j, j+1), "エラー")) {
						p.toks[j].kind = kText
					}
				}
			}
			open = -1
		}
	}
}

// saysScreen reports whether the words behind a quotation say that a screen or a message says so, maybe in the next line.
func saysScreen(behind string) bool {
	behind = strings.Join(strings.Fields(behind), "")
	for _, what := range []string{"との画面", "との表示", "とのメッセージ", "との案内", "という案内", "という画面", "という表示", "というメッセージ", "という文面", "という文言", "旨の画面", "旨の表示", "旨のメッセージ", "である旨の", "といった画面", "といった表示", "といったメッセージ"} {
		if strings.HasPrefix(behind, what) {
			return true
		}
	}
	return false
}

// endSentences ends an English sentence behind a time or a date whose full stop belongs to it, too: until 2:30 p.m. If the ….
func (p *parser) endSentences() {
	for k := range p.toks {
		if kind := p.kindAt(k); kind != kClock && kind != kDate || p.src.runes[p.toks[k].to-1] != '.' || p.kindAt(k+1) != kSpace {
			continue
		}
		if next := k + 2; unicode.IsUpper(p.rune(next)) && unicode.IsLower(p.src.runes[min(p.toks[next].from+1, len(p.src.runes)-1)]) && (p.kindAt(next) == kText || p.kindAt(next) == kWord) &&
			!p.latin(next, "Pacific", "Eastern", "Central", "Mountain", "Atlantic", "Japan", "Tokyo", "Singapore", "Local", "Coordinated", "Universal", "British", "Greenwich", "Indian", "India", "Australian", "Hong", "Korea", "China", "European", "Standard") {
			p.toks[k+1].kind = kStop
		}
	}
}
