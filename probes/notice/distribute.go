package notice

// distribute gives a range of clock times to each of the dates that are listed before it:
// 12月6日、13日、20日の各日 0:00～6:00.
func (p *parser) distribute() {
	var out []mention
	for i := 0; i < len(p.mentions); i++ {
		m := p.mentions[i]
		own := m.a.hasDate
		// 7月16日、18日の22時30分から; but in 15日、13日22時30分から the first is the day of the report
		if m.since && !m.isRange && own && m.a.hasClock {
			for n := len(out) - 1; n >= 0 && p.listedDate(out[n]) && !out[n].isRange && p.listGap(out[n].to, m.from) && p.listSign(out[n].to, m.from) && earlier(out[n].a.date, m.a.date); n-- {
				d := out[n]
				out[n] = m
				out[n].a.date, out[n].from, out[n].line = d.a.date, d.from, d.line
			}
			out = append(out, m)
			continue
		}
		if !m.isRange || !m.a.hasClock || m.b.hasDate && m.b.date.base == baseNone {
			out = append(out, m)
			continue
		}
		first := len(out)
		next := m.from
		for first > 0 && p.listedDate(out[first-1]) && p.listGap(out[first-1].to, next) && (!own || p.listSign(out[first-1].to, next) && m.a.date.base == baseNone) {
			first--
			next = out[first].from
		}
		if first == len(out) && !own && containsAny(p.text(max(0, m.from-12), m.from), "各日", "下記の日程", "下記日程", "以下の日程", "次の日程") {
			// 下記の各日 22:00～翌6:00, above a list of days
			for i+1 < len(p.mentions) && p.listedDate(p.mentions[i+1]) && p.alone(&p.mentions[i+1], p.lines[p.mentions[i+1].line].value, p.lines[p.mentions[i+1].line].last) {
				i++
				d, g := p.mentions[i], m
				g.a.hasDate, g.a.date = true, d.a.date
				g.from, g.to, g.line = d.from, d.to, d.line
				out = append(out, g)
			}
			if first < len(out) {
				continue
			}
		}
		if first == len(out) {
			out = append(out, m)
			continue
		}
		dates := out[first:]
		group := make([]mention, 0, len(dates))
		for _, d := range dates {
			g := m
			g.a.hasDate, g.a.date = true, d.a.date
			g.a.approx = m.a.approx
			g.a.from = m.a.from
			g.from, g.line = d.from, d.line
			if d.isRange { // 12月6日～8日 0:00～6:00
				g.dates = []date{d.a.date, d.b.date}
			}
			group = append(group, g)
		}
		out = append(out[:first], group...)
		if own {
			out = append(out, m)
		}
	}
	p.mentions = out
}

// earlier reports whether one date of a year comes before another, where the second may leave out the month.
func earlier(a, b date) bool {
	if a.month > 0 && b.month > 0 && a.month != b.month {
		return a.month < b.month
	}
	return a.day < b.day
}

func (p *parser) listedDate(m mention) bool {
	if m.contextOnly || m.since && !m.isRange || m.until && !m.isRange {
		return false
	}
	if role, _ := p.roleAt(m.from); role == labelIgnore || role == labelPublish {
		return false
	}
	return m.a.dateOnly() && !m.a.vague && (!m.isRange || m.b.dateOnly())
}

// listSign reports whether a sign or word that joins the members of a list stands between two tokens.
func (p *parser) listSign(from, to int) bool {
	for k := from; k < to; k++ {
		if p.kindAt(k) == kNewline {
			return false
		}
		if p.kindAt(k) == kComma || p.particle(k, '及') || p.particle(k, '並') || p.particle(k, 'と') || p.particle(k, 'よ') {
			return true
		}
	}
	return false
}

// listGap reports whether nothing but the glue of a list stands between two mentions.
func (p *parser) listGap(from, to int) bool {
	if to-from > 24 {
		return false
	}
	newlines := 0
	for k := from; k < to; k++ {
		t := p.toks[k]
		switch t.kind {
		case kSpace, kTab, kComma, kColon, kOpen, kClose, kNumber, kLength:
		case kNewline:
			newlines++
		case kWord:
			if !t.is(cBulk|cWhen) && !p.gapText(k, "毎日") {
				return false
			}
		case kText:
			switch s := p.text(k, k+1); s {
			case "の", "と", "及", "び", "お", "よ", "並", "に", "も", "各", "ず", "れ", "い", "●", "○", "■", "※", "/", "&", "and", "または", "両", "日", "は", "間", "全", "て", "す", "べ", "実", "施", "曜":
			default:
				return false
			}
		default:
			return false
		}
	}
	return newlines <= 2
}
