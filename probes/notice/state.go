package notice

import (
	"math"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// A report is one of several that a notice stacks: 第2報, 【10月31日 19時更新】.
type report struct {
	line   int
	number int
	at     time.Time
}

// maxHeader is the longest line that is believed to be the header of a report, in characters.
const maxHeader = 56

// maxFresh is the age up to which a failure is believed to go on where the notice does not say so.
const maxFresh = 14 * day

// maxNews is the number of lines below its times that a page of other business is believed to speak of the event.
const maxNews = 4

// reports finds the headers of the reports.
func (p *parser) reports() []report {
	var out []report
	if containsAny(p.headline(), "終報", "最終報") {
		out = append(out, report{line: p.title, number: math.MaxInt})
	}
	for i, ln := range p.lines {
		for k := ln.first; k+2 < ln.last; k++ {
			if (k < ln.first+12 || i == p.title || p.kindAt(k-1) == kOpen && p.isWord(p.backOverSpace(k-1)-1, cAbout)) && p.particle(k, '第') && p.kindAt(k+1) == kNumber && p.particle(k+2, '報') && !(p.kindAt(k+3) == kColon && k > ln.text+1) {
				out = append(out, report{line: i, number: p.toks[k+1].num})
				break
			}
		}
	}
	if len(out) > 0 {
		listed := slices.Clone(out)
		return slices.DeleteFunc(out, func(r report) bool { // a list of what has been reported
			return slices.ContainsFunc(listed, func(o report) bool { return o.line == r.line+1 || o.line == r.line-1 })
		})
	}
	last := -1
	for i := range p.readings {
		rd := &p.readings[i]
		ln := p.lines[rd.line]
		if rd.role != roleReport || rd.at.IsZero() || rd.line == last || p.toks[ln.last-1].to-p.toks[ln.first].from > maxHeader || ln.role == labelPublish {
			continue
		}
		if p.hasText(ln.first, rd.from) && p.kindAt(p.over(ln.first, kSpace)) != kOpen && !ln.bullet && !p.find(ln.first, rd.from, cPublish) {
			continue
		}
		last = rd.line
		out = append(out, report{line: rd.line, at: rd.at})
	}
	return out
}

// newest returns the tokens of the newest report, where a notice stacks several; all of them otherwise.
func (p *parser) newest() (from, to int) {
	reports := p.reports()
	if len(reports) < 2 {
		return 0, len(p.toks)
	}
	if above := p.above(reports[0].line); above != nil && p.title >= 0 && above.first > p.lines[p.title].last && containsAny(p.text(above.first, above.last), "これまでの", "以前の", "過去の") && p.find(p.lines[p.title].last, above.first, cRecover|cResume|cOngoing) {
		return p.lines[p.title].last, above.first // これまでのお知らせ
	}
	best := 0
	for i, r := range reports {
		if r.number > reports[best].number || r.at.After(reports[best].at) {
			best = i
		}
	}
	if p.footed(reports) {
		from = p.lines[p.title].last
		if best > 0 {
			from = p.lines[reports[best-1].line].last
		}
		return from, p.lines[reports[best].line].first
	}
	from = p.lines[reports[best].line].first
	to = len(p.toks)
	if best+1 < len(reports) {
		to = p.lines[reports[best+1].line].first
	}
	return from, to
}

// footed reports whether the times of the reports stand below them, as on many status pages, and not above.
func (p *parser) footed(reports []report) bool {
	first, last := reports[0].line, reports[len(reports)-1].line
	above := 0
	for i, ln := range p.lines {
		if ln.blank || i <= p.title {
			continue
		}
		if i > last {
			return false // the last one would have no text
		}
		if i < first && p.kindAt(ln.last-1) == kStop {
			above++
		}
	}
	return p.title >= 0 && above > 0
}

// stateOf decides how far the event is.
// listsResolved reports whether the first entry of a status page that lists them says that it is over: Resolved - This incident ….
func (p *parser) listsResolved() bool {
	for _, ln := range p.lines {
		s := strings.TrimSpace(p.text(ln.first, ln.last))
		for _, entry := range []string{"Resolved - ", "Completed - ", "Investigating - ", "Identified - ", "Monitoring - ", "Update - ", "In progress - ", "Verifying - ", "Scheduled - "} {
			if strings.HasPrefix(s, entry) {
				return entry == "Resolved - " || entry == "Completed - "
			}
		}
	}
	return false
}

func (p *parser) stateOfEvent(k eventKind, windows []window) probes.AnnouncementState {
	if p.listsResolved() {
		return probes.Resolved
	}
	from, to := p.newest()
	st := p.standOf(from, to, k)
	whole := from == 0 && to == len(p.toks)
	if !whole && !st.done && !st.ongoing {
		st = p.standOf(0, len(p.toks), k)
	}
	if p.aside && len(windows) > 0 { // what the rest of the page says is about something else
		lines := make([]int, len(windows))
		for i, w := range windows {
			lines[i] = w.line
		}
		from, to = p.lines[slices.Min(lines)].first, p.lines[min(slices.Max(lines)+maxNews, len(p.lines)-1)].last
		st = p.standOf(from, to, k)
	}
	if p.closedOnPage() {
		return probes.Resolved
	}
	if k == outage {
		switch {
		case p.overOdds > sureOver && !st.still && !st.lasts:
			return probes.Resolved
		case p.overOdds < -sureOver:
			return probes.Ongoing
		}
		if p.endUnknown() {
			return probes.Ongoing
		}
		if h := p.headline(); containsAny(h, "復旧済", "解消済", "解決済", "対応済", "対応完了", "復旧完了") || strings.HasSuffix(h, "・復旧)") || strings.HasSuffix(h, "(復旧)") {
			return probes.Resolved
		}
		closed := len(windows) > 0
		past := closed && !p.published.IsZero()
		ranged := closed
		sure, some := false, false
		for _, w := range windows {
			closed = closed && (w.hasEnd || w.over)
			some = some || w.hasEnd
			ranged = ranged && w.ranged && w.hasEnd
			past = past && w.ranged && w.hasEnd && (!w.end.After(p.published) || p.overToday(w))
			sure = sure || w.hasEnd && w.endRole == roleEnd
		}
		switch {
		case past && !st.again && !st.lasts:
			return probes.Resolved // spans that were over when the notice came out
		case ranged && st.done && st.recovered && !st.again:
			return probes.Resolved
		case st.done && !st.recovered && st.present && !sure:
			return probes.Ongoing // what else works as usual is no recovery
		case st.still || st.lasts || st.again && !closed || st.done && st.hoped && whole && !sure || st.done && !st.recovered && st.stillAny && !sure:
			return probes.Ongoing
		case st.done && !closed && st.ongoing && (some || whole && !st.recovered && st.hopes):
			return probes.Ongoing // one of several services is back, or what never failed is as usual
		case st.done:
			return probes.Resolved
		case closed && (sure || !st.ongoing && !st.present):
			return probes.Resolved
		case !st.ongoing && p.toldAsOver(from, to):
			return probes.Resolved
		case !st.ongoing && !st.present && !p.published.IsZero() && len(windows) > 0 && !slices.ContainsFunc(windows, func(w window) bool { return w.start.After(p.published.Add(-maxFresh)) }):
			return probes.Resolved // nobody calls it present
		}
		return probes.Ongoing
	}
	if len(windows) == 0 && p.recurrence() != "" {
		return probes.Scheduled
	}
	var first time.Time
	for _, w := range windows {
		if w.hasStart && (first.IsZero() || w.start.Before(first)) {
			first = w.start
		}
	}
	if len(windows) > 0 && !p.published.IsZero() && !st.done && !slices.ContainsFunc(windows, func(w window) bool { return !w.hasStart || w.hasEnd || !w.start.Before(p.published) }) {
		return probes.Ongoing // it has begun, and nobody says when it ends
	}
	if len(windows) == 1 && windows[0].startDate && !windows[0].hasEnd && windows[0].start.Equal(p.published) {
		return probes.Ongoing // 本日よりメンテナンスを行います
	}
	if len(windows) == 1 && !windows[0].hasEnd && windows[0].hasStart {
		if from, to := p.sentence(p.tokenAt(p.lines[windows[0].line], windows[0].startFrom)); containsAny(p.text(from, to), "実施しており", "実施しています", "行っており", "行っています", "停止しており", "停止しています") && !st.finished {
			return probes.Ongoing
		}
	}
	switch {
	case !p.published.Equal(midnightOf(p.published)) && first.After(p.published) && !st.extended:
		return probes.Scheduled // whatever else is over
	case st.done && (st.doneTitle || st.finished && !p.moreToCome(windows) || !p.ahead(first, windows)):
		return probes.Resolved
	case st.ongoing && !p.ahead(first, windows):
		return probes.Ongoing
	case !p.published.Equal(midnightOf(p.published)) && slices.ContainsFunc(windows, func(w window) bool {
		return w.hasStart && w.hasEnd && !w.startDate && !w.endDate && w.start.Before(p.published) && w.end.After(p.published)
	}):
		return probes.Ongoing
	case p.published.Equal(midnightOf(p.published)) && len(windows) > 0 && !slices.ContainsFunc(windows, func(w window) bool { return !p.workedToday(w) }):
		return probes.Resolved
	case p.published.Equal(midnightOf(p.published)) && slices.ContainsFunc(windows, func(w window) bool {
		return w.hasStart && w.hasEnd && w.start.Before(p.published) && w.end.After(p.published.Add(day))
	}):
		return probes.Ongoing // days that the day of publication is in the midst of
	case st.extended && st.moved:
		return probes.Ongoing
	case !p.published.IsZero() && len(windows) > 0 && !slices.ContainsFunc(windows, func(w window) bool { return !w.hasEnd || w.end.After(p.published) }):
		return probes.Resolved
	case st.extended && !p.published.IsZero() && len(windows) > 0 && first.Before(p.published.Add(day)) && !first.Equal(p.published):
		return probes.Ongoing
	}
	return probes.Scheduled
}

// overToday reports whether a window ended on the day of publication, and its sentence tells of it as past: 発生しました.
func (p *parser) overToday(w window) bool {
	if w.endDate || !p.published.Equal(midnight(p.published)) || !w.end.Before(p.published.Add(day)) {
		return false
	}
	ln := p.lines[w.line]
	from, to := p.sentence(p.tokenAt(ln, w.startFrom))
	s := p.text(from, to)
	return strings.HasSuffix(s, "ました") && !containsAny(s, "ており", "ている") || p.inEnglish() && containsAny(s, " was ", " were ", " had ", " experienced ")
}

// workedToday reports whether work ended on the day of publication, and the lines right below tell of it as past:
// 20日9時まで、| ができなくなっておりました.
func (p *parser) workedToday(w window) bool {
	if !w.hasEnd || w.endDate || !w.end.Before(p.published.Add(day)) {
		return false
	}
	below := p.lines[min(w.line+maxNews, len(p.lines)-1)]
	return containsAny(p.text(p.lines[w.line].first, below.last), "なくなっておりました", "なくなっていました", "停止しておりました", "停止していました", "実施しておりました", "実施していました", "実施しました", "実施いたしました")
}

// endUnknown reports whether the notice has a field for the end that says that it is to come: 復旧日時:未定.
func (p *parser) endUnknown() bool {
	if slices.ContainsFunc(p.readings, func(r reading) bool {
		return r.open && r.role == roleStart && p.isWord(p.over(r.to, kSpace), cOngoing|cUnknown)
	}) {
		return true // 期間:9月11日05:30頃~継続中
	}
	for i, ln := range p.lines {
		if s := strings.TrimRight(p.text(ln.first, ln.last), " 。"); strings.HasSuffix(s, ":継続中") || strings.HasSuffix(s, ":復旧作業中") || strings.HasSuffix(s, ":未復旧") {
			return true // 高知県の一部:継続中
		}
		k := p.over(ln.value, kSpace, kOpen)
		if p.isWord(k, cNow) {
			k = p.over(k+1, kSpace)
		}
		above := p.above(i)
		if headed := above != nil && above.heads && above.role == labelEnd; ln.role == labelEnd && k < ln.last && (ln.heads && p.isWord(k, cUnknown|cOngoing) || headed && p.isWord(k, cUnknown)) {
			return true
		}
	}
	return false
}

// closedOnPage reports whether one of the lines of a status page that hold nothing but a state says that it is over.
func (p *parser) closedOnPage() bool {
	states, closed := 0, false
	for _, ln := range p.lines {
		if s := p.text(ln.first, min(ln.last, ln.first+maxLook)); containsAny(s, "status message has been closed", "incident has been closed", "notice has been closed", "ticket has been closed", "case has been closed") {
			return true
		}
		switch strings.TrimSpace(p.text(ln.first, ln.last)) {
		case "Resolved", "Completed", "解決済み", "解決済", "復旧済み", "復旧済":
			states, closed = states+1, true
		case "Monitoring", "Identified", "Investigating", "Update", "In progress", "Scheduled", "Verifying", "監視中", "経過観察中", "原因特定", "特定済み", "調査中", "対応中":
			states++
		}
	}
	return closed && states > 1
}

// moreToCome reports whether some windows were over when the notice was published and others had not begun.
func (p *parser) moreToCome(windows []window) bool {
	over, ahead := false, false
	for _, w := range windows {
		over = over || w.hasEnd && !w.end.After(p.published)
		ahead = ahead || w.hasStart && w.start.After(p.published.Add(day))
	}
	return !p.published.IsZero() && over && ahead
}

// ahead reports whether the notice was published clearly before the first of its windows.
func (p *parser) ahead(first time.Time, windows []window) bool {
	return !p.published.IsZero() && len(windows) > 0 && !first.Before(p.published.Add(day))
}

// toldAsOver reports whether trouble is told of as past: 発生しておりました, 不具合がありました.
func (p *parser) toldAsOver(from, to int) bool {
	s := strings.NewReplacer("ましたら", "", "連絡がありました", "", "報告がありました", "", "問い合わせがありました", "").Replace(p.text(from, to))
	if strings.Contains(s, "since") && containsAny(s, "has been", "have been") {
		return false
	}
	return containsAny(s, "ご不便をおかけしました", "ご不便をおかけいたしました", "しておりました", "していました", "状態でした", "状況でした", "なっておりました", "なっていました", "にくくなっていた", "なっていたと", "なくなっていた", "がございました", "がありました", "されませんでした", "できませんでした", "ていませんでした", "ておりませんでした", "were not", "was not", "could not", "failed", "were un", "was un") && !containsAny(s, "現在も", "調査中", "復旧作業")
}
