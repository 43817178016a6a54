package notice

// sentence returns the bounds of the sentence that holds token k: from stop to stop, or within a line; a line that
// plainly breaks off in mid-sentence goes on in the next.
func (p *parser) sentence(k int) (from, to int) {
	from, to = k, k
	for n := 0; from > 0 && n < 2*maxLook; n++ {
		t := p.toks[from-1]
		if t.kind == kStop || t.kind == kNewline && !p.soft(from-1) {
			break
		}
		from--
	}
	for n := 0; to < len(p.toks) && n < 2*maxLook; n++ {
		t := p.toks[to]
		if t.kind == kStop || t.kind == kNewline && !p.soft(to) {
			break
		}
		to++
	}
	return from, to
}

// soft reports whether the line's end at token k was made by a wrap and not by the writer.
func (p *parser) soft(k int) bool {
	if k == 0 || k+1 >= len(p.toks) {
		return false
	}
	if p.toks[k].line == p.title {
		return false
	}
	if ln := p.lines[p.toks[k].line]; p.isWord(k-1, cUntil) && (ln.heads || ln.bullet) {
		return false // 日時:12月6日0時から6時まで
	}
	if p.isWord(k-1, cUntil) && p.timeFirst(p.lines[p.toks[k].line].text, k) && !p.find(p.lines[p.toks[k].line].first, k, ^(cUntil|cFrom|cPlan)) && (p.find(k, p.lines[p.toks[k+1].line].last, cPossible) || !p.find(k, p.lines[p.toks[k+1].line].last, eventWords)) {
		return false // 12月6日0時から6時まで, alone on its line
	}
	last := p.src.runes[p.toks[k-1].to-1]
	next := p.lines[p.toks[k+1].line]
	if len(next.cells) > 1 || len(p.lines[p.toks[k].line].cells) > 1 {
		return false // the rows of a table
	}
	if next.blank || next.bullet || next.heads {
		return false
	}
	if p.lines[p.toks[k].line].wraps {
		return true
	}
	switch last {
	case '、', ',', 'は', 'が', 'を', 'に', 'の', 'で', 'と', 'へ', 'り', 'も':
		return true
	}
	return p.isWord(k-1, cFrom) && p.kindAt(p.over(k+1, kSpace)) != kDate
}

// firstOf returns the first word of the classes between two tokens, -1 when there is none.
func (p *parser) firstOf(from, to int, c class) int {
	for k := from; k < to; k++ {
		if p.isWord(k, c) {
			return k
		}
	}
	return -1
}

func (p *parser) find(from, to int, c class) bool {
	for k := from; k < to; k++ {
		if p.isWord(k, c) {
			return true
		}
	}
	return false
}

// alone reports whether the sentence holds nothing but the mention and marks.
func (p *parser) alone(m *mention, from, to int) bool {
	for k := from; k < to; k++ {
		if k >= m.from && k < m.to {
			continue
		}
		if t := p.toks[k]; t.kind == kWord {
			return false
		} else if t.kind == kText && t.to-t.from == 1 && !isMarker(p.rune(k)) {
			return false
		}
	}
	return true
}
