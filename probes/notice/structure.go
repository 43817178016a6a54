package notice

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A line is a line of the notice with what governs it.
type line struct {
	first, last int // tokens, last exclusive, without the line's end
	role        labelRole
	label       string
	text        int  // the first token behind marks and numbers
	value       int  // the first token of the value
	heads       bool // the label stands on this line, and not on one before it
	blank       bool
	bullet      bool
	section     int
	cells       []cell
	event       bool // a word of it speaks of an event
	wraps       bool // its end was made by a wrap in a paragraph, as in mails
	desk        bool // it belongs to the address of a desk
	asked       bool // it is a question or an answer
	rules       int  // how many rules are drawn across the page down to this line
}

// A cell is one cell of a table's row.
type cell struct {
	first, last int
	role        labelRole
	label       string
}

// maxCells is the largest number of cells that a row of a table is believed to have.
const maxCells = 40

// structure cuts the tokens into lines and finds what governs each.
func (p *parser) structure() {
	p.joinCells()
	p.joinBrackets()
	p.quote()
	p.endSentences()
	p.joinWraps()
	first := 0
	for i := 0; i <= len(p.toks); i++ {
		if i < len(p.toks) && p.toks[i].kind != kNewline {
			continue
		}
		for k := first; k < min(i+1, len(p.toks)); k++ {
			p.toks[k].line = len(p.lines)
		}
		p.lines = append(p.lines, p.readLine(first, i))
		first = i + 1
	}
	rules := 0
	for i := range p.lines {
		ln := &p.lines[i]
		ln.event = p.find(ln.first, ln.last, eventWords) || p.goesOn(ln)
		if p.isRule(ln) {
			rules++
		}
		ln.rules = rules
	}
	p.findWraps()
	p.findDesks()
	p.govern()
}

// maxDesk is the number of lines that are believed to belong to a desk below its name or its telephone number.
const maxDesk = 4

// findDesks finds the lines that give the address and the hours of a desk: its telephone number, or in English its name,
// and the lines right below as long as they speak of no event.
func (p *parser) findDesks() {
	left := 0
	for i := range p.lines {
		ln := &p.lines[i]
		if ln.blank {
			continue
		}
		switch {
		case ln.event || ln.heads && isTimeLabel(ln.role) || len(ln.cells) > 1 || p.hasClock(ln.first, ln.last) && p.datedFirst(ln):
			left = 0
		case p.phone(ln) || isLatin(p.rune(ln.text)) && containsAny(strings.ReplaceAll(p.text(ln.first, ln.last), "of Contact", ""), "Contact", "Inquiries", "inquiries", "Customer Center", "Call Center", "Help Desk", "Service Desk", "Questions", "Telephone", "Toll-Free", "toll free"):
			left = maxDesk
		}
		ln.desk = left > 0
		left--
	}
}

// datedFirst reports whether the first time in the line is a day of a month.
func (p *parser) datedFirst(ln *line) bool {
	for k := ln.first; k < ln.last; k++ {
		if t := p.toks[k]; t.kind == kClock || t.kind == kDate {
			return t.kind == kDate && (t.date.month > 0 || t.date.day > 0)
		}
	}
	return false
}

// phone reports whether a telephone number stands in the line.
func (p *parser) phone(ln *line) bool {
	digits, dashes := 0, 0
	for k := ln.first; k < ln.last; k++ {
		for _, r := range p.src.runes[p.toks[k].from:p.toks[k].to] {
			switch {
			case isDigit(r):
				digits++
			case r == '-' && digits > 0:
				dashes++
			default:
				digits, dashes = 0, 0
			}
			if dashes == 2 && digits > 8 {
				return true
			}
		}
	}
	return false
}

// findAnswers finds the lines of questions and of their answers, Q.…, A.…, where no heading above says that they are
// about an event.
func (p *parser) findAnswers() {
	in := false
	for i := range p.lines {
		ln := &p.lines[i]
		if ln.blank {
			next := p.below(i)
			in = in && next != nil && p.marks(next, 'A')
			continue
		}
		if p.find(ln.first, ln.last, cAbout) && p.find(ln.first, ln.last, cTrouble|cMaint|cStop) && p.kindAt(ln.last-1) != kStop && !strings.Contains(p.text(ln.first, ln.last), "よくある") {
			return
		}
		in = p.marks(ln, 'Q') || in && (p.marks(ln, 'A') || !ln.heads && !ln.bullet && p.kindAt(ln.text) != kOpen)
		ln.asked = in
	}
}

// inAnswer reports whether a sentence stands in a question or an answer, and does not tell what was on some day.
func (p *parser) inAnswer(from, to int) bool {
	return p.lines[p.toks[from].line].asked && !(p.dayIn(from, to) && p.find(from, to, eventWords))
}

// marks reports whether a line begins with a letter that marks a question or an answer: Q1., A:.
func (p *parser) marks(ln *line, letter rune) bool {
	k := ln.text
	if p.kindAt(k) == kOpen {
		k++
	}
	if p.rune(k) != letter {
		return false
	}
	i := p.toks[k].from + 1
	for i < len(p.src.runes) && isDigit(p.src.runes[i]) {
		i++
	}
	return hasPrefix(p.src.runes, i, ".", ":", " ", "、", ")", "]", "】", "\t") > 0
}

// minWrapped and maxWrapped bound the lines of a paragraph that was wrapped, in characters.
const minWrapped, maxWrapped = 16, 48

// findWraps finds the lines of paragraphs that were wrapped: the sentence that they begin ends in one of the next lines.
func (p *parser) findWraps() {
	for i := len(p.lines) - 2; i >= 0; i-- {
		ln, next := &p.lines[i], &p.lines[i+1]
		if ln.blank || next.blank || ln.heads || next.heads || next.bullet || len(ln.cells) > 0 || len(next.cells) > 0 {
			continue
		}
		last := p.toks[ln.last-1]
		n := last.to - p.toks[ln.first].from
		if n < minWrapped || n > maxWrapped || last.kind != kText && last.kind != kWord || last.is(cAbout|cUntil|cFrom) {
			continue
		}
		r, first := p.src.runes[last.to-1], p.rune(next.text)
		if japanese(r) && japanese(first) {
			ln.wraps = next.wraps || p.hasStop(next)
		}
	}
}

func japanese(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

// hasStop reports whether a sentence ends within the line.
func (p *parser) hasStop(ln *line) bool {
	for k := ln.first; k < ln.last; k++ {
		if p.kindAt(k) == kStop {
			return true
		}
	}
	return false
}

// goesOn reports whether a line says that a failure or work goes on: メンテナンス中.
func (p *parser) goesOn(ln *line) bool {
	for k := ln.first; k < ln.last; k++ {
		if p.isWord(k, cOngoing) && p.gapText(k, "メンテ", "停止", "障害", "工事", "復旧", "investigating", "Investigating") {
			return true
		}
	}
	return false
}

// minRule is the shortest line of marks that is believed to be a rule across the page, and maxRule the longest, in
// characters.
const minRule, maxRule = 5, 200

// isRule reports whether a line is a rule drawn across the page.
func (p *parser) isRule(ln *line) bool {
	if ln.last == ln.first {
		return false
	}
	if n := p.toks[ln.last-1].to - p.toks[ln.first].from; n < minRule || n > maxRule {
		return false
	}
	return strings.Trim(p.text(ln.first, ln.last), "-=*_~ ") == ""
}

// otherNotices are the headings of what stands below a notice on its page: links to others.
var otherNotices = []string{"前の記事", "次の記事", "前のページ", "次のページ", "前へ", "次へ", "関連記事", "関連リリース", "関連ニュース", "関連するお知らせ", "関連情報", "関連項目", "このページをシェア", "この記事をシェア", "このページの情報は役に立", "このページは役に立", "この記事は役に立", "関連ページ", "関連リンク", "過去の掲載", "過去のお知らせ", "最近の記事", "最近の投稿", "最近のお知らせ", "最新の記事", "新着記事", "人気記事", "人気の記事", "おすすめ記事", "他のお知らせ", "その他のお知らせ", "あわせて読みたい", "バックナンバー", "アーカイブ", "Related", "See also", "Recent posts", "Previous", "Next post"}

// noticeEnd returns the token at which the notice is over and links to others begin: a short line with such a heading,
// below at least one whole sentence.
func (p *parser) noticeEnd() int {
	first, sentences := 0, 0
	for i := 0; i <= len(p.toks); i++ {
		if i < len(p.toks) && p.toks[i].kind != kNewline {
			if k := p.toks[i].kind; k == kStop || k == kClock {
				sentences++
			}
			continue
		}
		s := strings.TrimLeftFunc(p.text(first, i), func(r rune) bool { return unicode.IsSpace(r) || isMarker(r) || r == '【' || r == '<' || r == '[' })
		if sentences > 0 {
			for _, h := range otherNotices {
				rest, found := strings.CutPrefix(s, h)
				if r, _ := utf8.DecodeRuneInString(rest); found && (len([]rune(rest)) <= 6 || !unicode.IsLetter(r)) {
					return first
				}
			}
		}
		first = i + 1
	}
	return len(p.toks)
}

func isMarker(r rune) bool {
	return r != 0 && strings.ContainsRune("■◆●○□◇▼▽▲△◎★☆※*・#>-+▶►◾▪◼❏✓✔•=_", r)
}

func (p *parser) readLine(first, last int) line {
	ln := line{first: first, last: last, value: first, blank: true}
	k := first
	marked := false
	for ; k < last; k++ {
		t := p.toks[k]
		if t.kind == kSpace || t.kind == kTab {
			continue
		}
		if t.to-t.from == 1 && isMarker(p.src.runes[t.from]) {
			marked = true
			continue
		}
		if t.kind == kNumber && k+1 < last && (p.rune(k+1) == '.' || p.rune(k+1) == ')' || p.toks[k+1].kind == kStop) {
			k++
			marked = true
			continue
		}
		if t.kind == kOpen && k+2 < last && p.toks[k+1].kind == kNumber && p.toks[k+2].kind == kClose {
			k += 2
			marked = true
			continue
		}
		if t.kind == kOpen && k+4 < last && p.text(k+1, k+3) == "参考" && p.toks[k+3].kind == kClose {
			k += 3
			continue
		}
		break
	}
	if k == last {
		return ln
	}
	ln.blank, ln.bullet, ln.text, ln.value = false, marked, k, k
	for j := k; j < last; j++ {
		if p.toks[j].kind == kTab {
			ln.cells = p.readCells(k, last)
			break
		}
	}
	p.readLabel(&ln, k)
	return ln
}

func (p *parser) readCells(first, last int) []cell {
	var cells []cell
	start := first
	for j := first; j <= last; j++ {
		if j == last || p.toks[j].kind == kTab {
			if strings.TrimSpace(p.text(start, j)) != "" {
				cells = append(cells, cell{first: start, last: j})
			}
			start = j + 1
			if len(cells) > maxCells {
				return nil
			}
		}
	}
	return cells
}

var labelEndings = []string{"日時", "期間", "時期", "時間", "時刻", "時間帯", "日程", "日", "予定", "年月日", "スケジュール", "見込み", "見込", "復旧", "発生", "開始", "終了", "再開", "解消", "回復", "完了", "システム", "サービス", "範囲", "対象", "名", "機能", "状況", "先", "date", "time", "period", "start", "end", "started", "ended", "began", "occurrence", "restoration", "recovery", "when", "検知", "目標", "予備", "掲載", "更新", "公開", "変更前", "変更後", "訂正前", "訂正後", "いつから", "いつまで"}

// headlineLike reports whether a line ends as a headline does: …の停止について, …のお知らせ.
func (p *parser) headlineLike(ln *line) bool {
	k := p.backOverSpace(ln.last) - 1
	for k > ln.first && isMarker(p.rune(k)) {
		k-- // ◆補填について◆
	}
	return k > ln.first && p.isWord(k, cAbout) && p.toks[k].to-p.toks[ln.first].from <= maxTitle && !p.hasTime(ln.first, ln.last)
}

// onlyTime reports whether a line gives a time and no more than a few words beside it.
func (p *parser) onlyTime(ln line) bool {
	if !p.timeFirst(ln.text, ln.last) || p.toks[ln.last-1].to-p.toks[ln.first].from > maxHeader {
		return false
	}
	for k := ln.first; k < ln.last; k++ {
		if kind := p.kindAt(k); kind == kStop || kind == kComma {
			return false
		}
	}
	return true
}

// below returns the next line that is not blank, nil when there is none soon.
func (p *parser) below(i int) *line {
	for n := i + 1; n < len(p.lines) && n < i+4; n++ {
		if !p.lines[n].blank {
			return &p.lines[n]
		}
	}
	return nil
}

// above returns the line before that is not blank, nil when there is none soon.
func (p *parser) above(i int) *line {
	for n := i - 1; n >= 0 && n > i-4; n-- {
		if !p.lines[n].blank {
			return &p.lines[n]
		}
	}
	return nil
}

// maxHeading is the longest line that is believed to be the heading of a part of a page, in characters.
const maxHeading = 20

// findSections finds the parts of a page that lists failures and maintenance apart.
func (p *parser) findSections() {
	sections := make([]eventKind, len(p.lines))
	cur, seen := noEvent, map[eventKind]bool{}
	for i, ln := range p.lines {
		if !ln.blank && i != p.title && p.toks[ln.last-1].to-p.toks[ln.text].from <= maxHeading && !p.hasTime(ln.first, ln.last) && !p.find(ln.first, ln.last, cQuiet) {
			s := strings.TrimRight(strings.TrimSpace(p.text(ln.first, ln.last)), ">]")
			switch strings.ToLower(strings.TrimSpace(p.text(ln.text, ln.last))) {
			case "trouble", "outage", "failure", "active incident", "active incidents", "current incident", "current incidents":
				cur = outage
			case "maintenance", "upcoming maintenance", "scheduled maintenance", "planned maintenance":
				cur = maintenance
			}
			for _, end := range []string{"情報", "お知らせ", "予定", "一覧", "】", "について", "障害", "メンテナンス", "工事", "事象", "不具合"} {
				if !strings.HasSuffix(s, end) {
					continue
				}
				fails, works := containsAny(s, "障害", "不具合", "事象") && !strings.Contains(s, "障害者"), containsAny(s, "メンテナンス", "工事", "計画停止", "交換作業", "更新作業")
				if fails != works {
					cur = maintenance
					if fails {
						cur = outage
					}
				}
				break
			}
		}
		sections[i] = cur
		if cur != noEvent && !ln.blank && p.hasTime(ln.first, ln.last) {
			seen[cur] = true
		}
	}
	p.sections, p.parted = sections, seen[outage] && seen[maintenance]
}

// sectionOf returns what the heading above the line speaks of, on a page that has such parts.
func (p *parser) sectionOf(line int) eventKind {
	if !p.parted {
		return noEvent
	}
	return p.sections[line]
}

func isTimeLabel(r labelRole) bool {
	return r == labelStart || r == labelEnd || r == labelSpan || r == labelEndPlan || r == labelHope
}

func allTimes(queue []line) bool {
	return !slices.ContainsFunc(queue, func(l line) bool { return !isTimeLabel(l.role) })
}

func (p *parser) separator(ln *line) bool { return ln.last > ln.first }

// tableHeader reports whether a row names the columns of a table, and gives its cells their roles.
func (p *parser) tableHeader(ln *line, n int) bool {
	if p.kindAt(ln.cells[0].last-1) == kColon {
		return false // Status: | Resolved
	}
	for i := n + 1; len(ln.cells) == 2 && i < min(len(p.lines), n+maxRows) && !p.lines[i].blank; i++ {
		if c := p.lines[i].cells; len(c) == 2 && p.timeFirst(c[1].first, c[1].last) && isTimeLabel(roleOfLabel(p.text(c[0].first, c[0].last))) {
			return false // Start | 9:10, in a table of names and values
		}
	}
	roles, times := 0, false
	for i := range ln.cells {
		c := &ln.cells[i]
		c.label = strings.TrimSpace(p.text(c.first, c.last))
		if name, _, _ := strings.Cut(c.label, "("); p.hasClock(c.first, c.last) || p.hasTime(c.first, c.last) && (name == c.label || !isTimeLabel(roleOfLabel(name))) {
			return false // else one like 停止時間(12月6日)
		}
		c.role = roleOfLabel(c.label)
		switch name, _, _ := strings.Cut(c.label, "("); strings.ToLower(strings.TrimSpace(name)) {
		case "from":
			c.role = labelStart
		case "to", "until":
			c.role = labelEnd
		}
		if i > 0 && (c.role == labelEnd || c.role == labelEndPlan) {
			if before := &ln.cells[i-1]; before.role == labelNone && containsAny(before.label, "停止", "休止") {
				before.role = labelStart // 停止 | 再開
			}
		}
		if c.role != labelNone {
			roles++
		}
		// one column of times is enough where the next row has them there
		if n+1 < len(p.lines) && (c.role == labelSpan || c.role == labelIgnore) && len(p.lines[n+1].cells) == len(ln.cells) {
			below := p.lines[n+1].cells[i]
			times = times || p.timeFirst(below.first, below.last)
		}
	}
	return roles >= 2 || times
}

// align returns the columns of a row, of which those at the end may be empty; nothing where they cannot be told.
func (p *parser) align(row, header []cell) []cell {
	if len(row) == len(header) {
		return header
	}
	if len(row) > len(header) || len(row) < 2 {
		return nil
	}
	for i, c := range row {
		if isTimeLabel(header[i].role) != p.timeFirst(c.first, c.last) {
			return nil
		}
	}
	if !slices.ContainsFunc(header[:len(row)], func(h cell) bool { return !isTimeLabel(h.role) }) {
		return nil
	}
	for _, h := range header[len(row):] {
		if isTimeLabel(h.role) {
			return nil
		}
	}
	return header[:len(row)]
}

func (p *parser) labelCells(ln *line, header []cell) {
	header = p.align(ln.cells, header)
	for i := range header {
		c := &ln.cells[i]
		c.role, c.label = header[i].role, header[i].label
		zone := statedZone("times in " + c.label) // From (IST)
		for k := c.first; zone != nil && k < c.last; k++ {
			if p.toks[k].kind == kClock && p.toks[k].clock.zone == nil {
				p.toks[k].clock.zone = zone
			}
		}
	}
	if len(header) > 0 {
		ln.role, ln.heads = labelNone, false
		ln.value = ln.first
	}
}

func (p *parser) text(from, to int) string {
	if from >= to {
		return ""
	}
	return p.src.slice(p.toks[from].from, p.toks[to-1].to)
}

func (p *parser) rune(k int) rune {
	if k < 0 || k >= len(p.toks) {
		return 0
	}
	return p.src.runes[p.toks[k].from]
}

func (p *parser) hasTime(from, to int) bool {
	for k := from; k < to; k++ {
		if p.toks[k].kind == kClock || p.toks[k].kind == kDate {
			return true
		}
	}
	return false
}

func (p *parser) hasText(from, to int) bool {
	for k := from; k < to; k++ {
		switch p.toks[k].kind {
		case kSpace, kTab, kColon:
		default:
			return true
		}
	}
	return false
}

// timeFirst reports whether the first thing at k is a time.
func (p *parser) timeFirst(k, last int) bool {
	for ; k < last; k++ {
		switch p.toks[k].kind {
		case kSpace, kTab, kOpen, kApprox, kColon:
		case kDate, kClock:
			return true
		default:
			return false
		}
	}
	return false
}
