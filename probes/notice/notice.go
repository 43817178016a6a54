// Package notice reads the outage and maintenance notices of Japanese (and English) operators: text and a date of
// publication in, announcements with their windows out. It is pure: fetching pages, keeping revisions and judging what
// an announcement means for a flow live in other rooms.
package notice

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"mynaprobe/probes"
)

// maxTitle is the longest line that is believed to be a headline and not the text itself, in characters.
const maxTitle = 80

// maxText bounds how much of a text is read, in bytes. No notice comes near it.
const maxText = 1 << 20

// A Span is a piece of a notice that was understood, in bytes of the text that was given.
type Span struct {
	From, To int
	// Role is "start", "end" (bounds of a window), "ignored" (a time that is no bound) or "state" (words that tell the
	// kind and state).
	Role string
}

// A Reading is what a notice says, and where it says it.
type Reading struct {
	Announcements []probes.Announcement
	// Spans are in order and do not overlap.
	Spans []Span
}

// Parse reads a notice. published is the day (a midnight in any zone), or the time if known, of its publication; zero if
// unknown, and then dates without a year cannot be read unless the text itself gives one. The list is empty for a text that announces
// neither an outage nor maintenance.
func Parse(text string, published time.Time) []probes.Announcement {
	return Read(text, published).Announcements
}

// Read is Parse, with the pieces of text that were understood.
func Read(text string, published time.Time) Reading {
	p := newParser(text, published)
	if p == nil {
		return Reading{Announcements: []probes.Announcement{}}
	}
	return p.run()
}

// Troubled reports whether a text speaks of an outage or of maintenance, as something that is, was or will be. It is true of
// some texts from which Parse reads no window, and of some of which it reads nothing because the rules find an announcement
// that the second reader doubts: those want a person's eye.
func Troubled(text string) bool {
	p := newParser(text, time.Time{})
	if p == nil {
		return false
	}
	p.doubtful = true
	return len(p.run().Announcements) > 0
}

type parser struct {
	src          *source
	toks         []token
	lines        []line
	title        int // the line that is the headline
	titleMeeting bool
	business     bool // the page stands among tenders, jobs or the like
	published    time.Time
	mentions     []mention
	readings     []reading
	body         string          // the text without what belongs to the site
	head         []int           // the first lines of the notice, as far as they have been asked for
	headRead     int             // how many lines were read for them
	online       bool            // the notice speaks of a service at all, and not of roads
	allDay       bool            // 終日 is said somewhere
	listed       bool            // dates follow: 下記の日程
	sections     []eventKind     // by line, of what the heading above it speaks
	parted       bool            // the page has parts for failures and for work
	worksToo     bool            // the notice announces work for sure, whatever else it tells
	failsToo     bool            // the notice announces a failure for sure, whatever else it tells
	stamps       bool            // lines begin with the times of reports
	timeline     map[int]bool    // lines of an account of what happened when
	firstEvent   int             // the first token that names an event
	stopLabelled bool            // a label names the hours of the stop: システム停止：
	swapped      bool            // a step of a schedule is the stop of the old system
	titled       bool            // the headline, or a line right below it, speaks of an event
	newsletter   bool            // one of several items of the page is headed by an event
	doubtful     bool            // what the second reader only doubts counts, too
	sure         bool            // the second reader is sure that the page announces something
	overOdds     float64         // its log-odds that the failure is over
	clearest     float64         // the highest log-odds that a time is a bound
	datedClocks  map[[2]int]bool // the hours and minutes that are told with their day
	aside        bool            // the page is about something else, and tells of the event in passing
}

func newParser(original string, published time.Time) *parser {
	if len(original) > maxText {
		original = strings.ToValidUTF8(original[:maxText], "")
	}
	p := &parser{src: fold(original), firstEvent: -1}
	p.published = inJapan(published)
	p.toks = lex(p.src)
	if len(p.toks) == 0 {
		return nil
	}
	p.toks = p.toks[:p.noticeEnd()]
	p.shareYears()
	p.structure()
	p.findTitle()
	p.findAnswers()
	p.findSections()
	p.newsletter, p.titled = p.hasItems(), p.namesEvent() || p.pointsAhead()
	text := string(p.src.runes)
	if zone := statedZone(text); zone != nil {
		for k := range p.toks {
			if c := &p.toks[k].clock; p.toks[k].kind == kClock && c.zone == nil {
				c.zone = zone
			}
		}
	}
	p.findZones()
	p.allDay = strings.Contains(text, "終日")
	p.listed = p.allDay || containsAny(text, "次の", "下記", "以下")
	p.body = p.ownText()
	p.online = online(p.body)
	if p.inEnglish() {
		p.shareZone()
	}
	for k, t := range p.toks {
		if t.kind == kWord && t.is(cTrouble|cMaint|cMaintW|cStop|cCant|cHappen|cTroubleW) && !t.is(cFriend) {
			p.firstEvent = k
			break
		}
	}
	return p
}

// inJapan returns the publication in Japan's time. A day, which is a midnight in whatever zone, stays the day that it is.
func inJapan(published time.Time) time.Time {
	if published.IsZero() {
		return published
	}
	if y, m, d := published.Date(); published.Equal(time.Date(y, m, d, 0, 0, 0, 0, published.Location())) {
		return time.Date(y, m, d, 0, 0, 0, 0, japan)
	}
	return published.In(japan)
}

// shareYears gives a date without a year that of the same day elsewhere in the text, where all that name one agree.
func (p *parser) shareYears() {
	years := map[[2]int]int{}
	for _, t := range p.toks {
		if d := t.date; t.kind == kDate && d.base == baseNone && d.year > 0 && d.month > 0 && d.day > 0 {
			if y, seen := years[[2]int{d.month, d.day}]; seen && y != d.year {
				d.year = 0
			}
			years[[2]int{d.month, d.day}] = d.year
		}
	}
	for k := range p.toks {
		if d := &p.toks[k].date; p.toks[k].kind == kDate && d.base == baseNone && d.year == 0 && d.day > 0 {
			d.year = years[[2]int{d.month, d.day}]
		}
	}
}

// ownText returns the text of the notice without the lines that belong to the site: menus, trails, desks and their hours.
func (p *parser) ownText() string {
	var b strings.Builder
	for _, ln := range p.lines {
		if ln.blank {
			continue
		}
		s := p.text(ln.first, ln.last)
		if !ln.event && (ln.role == labelIgnore || p.find(ln.first, ln.last, cHours) || p.navigation(ln, strings.TrimSpace(s)) || p.greets(ln, s) || strings.Contains(s, "Copyright") ||
			slices.Contains(menuItems, strings.TrimSpace(s)) || strings.TrimSpace(s) == "お知らせ") {
			continue
		}
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.String()
}

// online reports whether a text speaks of a service, and not only of streets and buildings.
func online(text string) bool {
	return containsAny(strings.ReplaceAll(text, "out of service", ""), "システム", "サービス", "サーバ", "防災行政無線", "通信", "ネットワーク", "サイト", "回線", "インターネット", "アプリ", "電話", "ホームページ", "ポータル", "オンライン", "ATM", "データ", "ウェブ", "Web", "WEB", "メール", "電子", "ソフト", "クラウド", "接続", "装置", "Wi-Fi", "口座", "カード", "証明書", "取引", "予約", "申請", "決済", "ログイン", "配信", "検索", "画面", "端末", "改札", "通話", "送信", "受信", "service", "Service", "server", "Server", "system", "System", "phone", "network", "internet", "Internet", "website", "portal", "app ", "login", "API", "banking", "Banking", "バンキング")
}

// maxColumn is the longest line that is believed to be no more than the part of a newspaper, in characters: 社会.
const maxColumn = 3

// maxMenuItem is the longest line that is believed to be an item of a menu, in characters.
const maxMenuItem = 12

// maxSiteName is the longest line that is believed to be the name of a site, in characters.
const maxSiteName = 24

func (p *parser) eventBefore(k int) bool { return p.firstEvent >= 0 && p.firstEvent < k+40 }

// announces decides which kind of event the notice announces, if any.
func (p *parser) announces(v verdict) eventKind {
	if p.drill() || p.instructs() || p.crime() || p.recordsOther() {
		return noEvent
	}
	tender := v.titleTender && !v.bodyNotice
	if tender && (v.plainOutage || !(v.sureOutage && v.bodySure)) || p.eventPage() || p.facility(v.titleMaint) || p.weather() || p.holidays() || p.launch() || p.discontinued() || !v.titleMaint && p.press() || !v.titleMaint && p.hoursPage() {
		return p.inPassing(v)
	}
	switch {
	case v.sureMaint && v.titleMaint && p.inEnglish() && containsAny(strings.ToLower(p.headline()), "planned", "scheduled", "upcoming", "maintenance -", "maintenance window") && !containsAny(strings.ToLower(p.headline()), "unplanned", "unscheduled"):
		return maintenance
	case v.sureOutage && (v.outage > v.maintenance || v.outage == v.maintenance && !v.titleMaint || !v.sureMaint):
		return outage
	case v.sureMaint, v.maintenance > 0 && v.outage == 0 && !v.titleTender && p.rangeAlone():
		return maintenance
	case p.teaches():
		return noEvent
	}
	return p.inPassing(v)
}

// inPassing decides which kind of event a page announces that is about something else.
func (p *parser) inPassing(v verdict) eventKind {
	p.aside = true
	switch {
	case v.plainOutage, v.plainNow:
		return outage
	case v.plainMaint:
		return maintenance
	}
	return noEvent
}

// rangeAlone reports whether a line or a row of the notice holds a range of dated times and little else.
func (p *parser) rangeAlone() bool {
	for _, ln := range p.lines {
		if ln.blank || ln.role == labelIgnore || ln.role == labelPublish || ln.role == labelHope {
			continue
		}
		if p.dated(ln) {
			return true
		}
	}
	return false
}

// dated reports whether a line holds a range of dated times and little else.
func (p *parser) dated(ln line) bool {
	dates, clocks, signs, words := 0, 0, 0, 0
	for k := ln.value; k < ln.last; k++ {
		switch p.toks[k].kind {
		case kDate:
			if p.toks[k].date.base != baseContext { // 翌日 says no day of its own
				dates++
			}
		case kClock:
			clocks++
		case kRange:
			signs++
		case kWord:
			if p.toks[k].is(cFrom | cUntil) {
				signs++
			} else if !p.toks[k].is(cPlan | cWhen) {
				words++
			}
		case kTab:
			signs++
		case kText:
			if p.latin(k, "to", "until") {
				signs++
			}
		}
	}
	return dates > 0 && clocks > 1 && signs > 0 && words == 0
}

func (p *parser) run() Reading {
	out := Reading{Announcements: []probes.Announcement{}}
	v := p.mainVerdict()
	main := p.secondOpinion(p.announces(v))
	if main == noEvent || main == outage && !p.sure && p.foretold() {
		return out
	}
	p.findMentions()
	p.findStamps()
	p.read()
	p.weigh(main)
	p.findTimeline()
	p.worksToo, p.failsToo = v.sureMaint, v.sureOutage
	windows := p.assemble(main)
	if p.aside {
		windows = slices.DeleteFunc(windows, func(w window) bool {
			return !p.published.IsZero() && w.hasStart && w.start.Before(p.published.Add(-maxAside))
		})
		if len(windows) == 0 && !v.plainNow && !p.sure {
			return out
		}
	}
	if main == maintenance && (p.cancelledBelow() || p.postponed() || p.calledOff()) {
		return out
	}
	if main == maintenance && p.cancelled() {
		windows = slices.DeleteFunc(windows, func(w window) bool { return !w.hasStart })
	}
	if main == outage && p.toCome(windows) {
		main = maintenance
		for i := range windows {
			windows[i].kind = maintenance
		}
	}
	if main == outage && !v.sureMaint && len(windows) > 1 {
		if v.maintenance == 0 { // what is to come beside a failure is something else
			windows = slices.DeleteFunc(windows, func(w window) bool { return w.kind == outage && p.toCome([]window{w}) })
		}
		for i, w := range windows {
			if w.kind == outage && p.toCome([]window{w}) {
				windows[i].kind = maintenance
			}
		}
	}
	recurs := p.recurrence()
	if main == outage && recurs != "" && len(windows) == 0 && !p.find(0, len(p.toks), cTrouble|cTroubleW) {
		main = maintenance // what cannot be used every month
	}
	if recurs != "" { // 変更日 2019年1月4日
		windows = slices.DeleteFunc(windows, func(w window) bool { return w.hasStart && w.startDate && !w.hasEnd })
	}
	if main == maintenance && !p.sure && !p.titled && recurs == "" && len(windows) > 0 && !slices.ContainsFunc(windows, func(w window) bool { return !w.loose }) {
		return out
	}
	if recurs == "" && !p.sure && p.incidental(v, main, windows) {
		return out
	}
	groups := map[eventKind][]window{}
	for _, w := range windows {
		k := w.kind
		if k == outage && !v.sureOutage || k == maintenance && !v.sureMaint && !(w.ranged && !p.published.IsZero() && w.start.After(p.published)) {
			if w.startDate && !w.hasEnd && k != main {
				continue // 昨日の障害を受け
			}
			k = main
		}
		groups[k] = append(groups[k], w)
	}
	if !p.sure && (len(windows) == 0 && p.silent(v, main, recurs) || !slices.ContainsFunc(windows, func(w window) bool { return !w.loose }) && p.teaches()) {
		return out
	}
	other := outage + maintenance - main
	if len(groups[main]) > 0 && len(groups[other]) > 0 {
		p.overOdds = 0 // it was asked about the one failure of a page
	}
	order := []eventKind{main, other}
	if len(groups[main]) > 0 && len(groups[other]) > 0 && groups[other][0].line < groups[main][0].line {
		order = []eventKind{other, main}
	}
	var shown []window
	for _, k := range order {
		ws := groups[k]
		if k == other && len(ws) == 0 || k == main && len(ws) == 0 && len(groups[other]) > 0 && recurs == "" && (k == maintenance || !v.bodySure) {
			continue
		}
		if k == other && !slices.ContainsFunc(ws, func(w window) bool {
			return w.hasStart && (w.hasEnd || k == outage || !w.startDate && strings.Contains(p.text(p.lines[w.line].first, p.lines[w.line].last), "メンテナンス") && p.standOf(0, len(p.toks), k).ongoing)
		}) {
			continue
		}
		for _, ws := range p.byTime(k, ws) {
			a, said := p.announcement(k, ws)
			if k == maintenance {
				a.Recurs = recurs
			}
			out.Announcements = append(out.Announcements, a)
			shown = append(shown, said...)
		}
	}
	out.Spans = p.spans(shown)
	return out
}

// byTime parts the windows of work that is to come from those of work that was over before the day of publication, as on a
// page that lists both.
func (p *parser) byTime(k eventKind, ws []window) [][]window {
	if k != maintenance || p.published.IsZero() {
		return [][]window{ws}
	}
	var over, other []window
	for _, w := range ws {
		if w.hasStart && w.hasEnd && !w.end.After(midnight(p.published)) {
			over = append(over, w)
		} else {
			other = append(other, w)
		}
	}
	if len(over) == 0 || len(other) == 0 || p.stateOfEvent(k, other) != probes.Scheduled {
		return [][]window{ws}
	}
	if over[0].line < other[0].line {
		return [][]window{over, other}
	}
	return [][]window{other, over}
}

// incidental reports whether what a page says of an event is beside its subject: its headline speaks of none, no sentence
// tells of one plainly or says that it goes on, and no window has an hour or both its ends.
func (p *parser) incidental(v verdict, main eventKind, windows []window) bool {
	if p.titled || p.inEnglish() || v.plainOutage || v.plainNow || v.plainMaint {
		return false
	}
	return !slices.ContainsFunc(windows, func(w window) bool {
		return w.hasStart && (!w.startDate || w.hasEnd) || w.hasEnd && !w.endDate
	}) && !p.standOf(0, len(p.toks), main).stillAny
}

// toCome reports whether all windows begin clearly after the publication: nobody announces a failure to come.
func (p *parser) toCome(windows []window) bool {
	if p.published.IsZero() || len(windows) == 0 {
		return false
	}
	from := p.published
	if p.published.Equal(midnight(p.published)) {
		from = from.Add(day)
	}
	return !slices.ContainsFunc(windows, func(w window) bool { return !w.hasStart || w.start.Before(from) })
}

// silent reports whether a notice that gives no window does not announce anything either.
func (p *parser) silent(v verdict, main eventKind, recurs string) bool {
	switch {
	case p.teaches():
		return true
	case recurs != "" && main == maintenance:
		return false
	case p.find(0, len(p.toks), cQuiet) || p.saysNone():
		return true // メンテナンスの予定はありません
	case !p.factual(main):
		return true
	case main == outage && !p.online && containsAny(p.body, "発売", "刊行", "出荷", "入荷", "納入", "在庫", "品薄", "欠品", "納期"):
		return true // goods that are late
	case main == outage:
		return !v.bodySure && !p.titleAbout() && p.explainsCases()
	}
	named := v.titleMaint && !v.bodyCond && (v.bodyMaint || len(p.lines) <= shortNotice)
	return p.cancelled() || !p.disturbs() || !named && !p.told()
}

// saysNone reports whether a sentence says that no work is planned.
func (p *parser) saysNone() bool {
	found := false
	p.sentences(func(from, to int) { found = found || p.nonePlanned(from, to) })
	return found
}

// maxAside is the age up to which a failure that a page tells of in passing is news, and not an example.
const maxAside = 31 * day

// titleAbout reports whether the headline is that of a notice: …について, …のお知らせ.
func (p *parser) titleAbout() bool {
	return p.title >= 0 && p.find(p.lines[p.title].first, p.lines[p.title].last, cAbout)
}

// explainsCases reports whether the text goes through what may be the case, as help on a trouble does.
func (p *parser) explainsCases() bool {
	cases := 0
	p.sentences(func(from, to int) {
		if !p.hasTime(from, to) && containsAny(p.text(from, to), "場合", "例えば", "たとえば") {
			cases++
		}
	})
	return cases > 2
}

// shortNotice is the number of lines up to which a headline alone is believed.
const shortNotice = 6

// announcement puts together what is said of one kind of event, and returns the windows as they are told.
func (p *parser) announcement(k eventKind, ws []window) (probes.Announcement, []window) {
	a := probes.Announcement{
		Kind:     kindName(k),
		Title:    p.headline(),
		Services: p.services(ws),
		State:    p.stateOfEvent(k, ws),
		Windows:  []probes.AnnouncedWindow{},
	}
	if k == outage && a.State == probes.Ongoing {
		if slices.ContainsFunc(ws, func(w window) bool { return w.hasStart }) {
			ws = slices.DeleteFunc(ws, func(w window) bool { return !w.hasStart }) // what was back is a part
		}
		if len(ws) == 1 && ws[0].hasStart && (ws[0].endRole == roleEnd || ws[0].endDate && !p.published.IsZero() && ws[0].end.After(p.published)) {
			w := &ws[0]
			w.hasEnd, w.approx = false, w.approx && !w.endApprox || containsAny(startText(p, *w), "頃", "ごろ") || w.startDate
		}
	}
	for _, w := range ws {
		a.Windows = append(a.Windows, p.announced(w))
	}
	return a, ws
}

func kindName(k eventKind) probes.AnnouncementKind {
	if k == maintenance {
		return probes.AnnouncedMaintenance
	}
	return probes.AnnouncedOutage
}

// told reports whether the notice gives a time of the work, or says that it goes on or is over.
func (p *parser) told() bool {
	st := p.standOf(0, len(p.toks), maintenance)
	promised := false // 以下の期間、ご利用いただけません
	p.sentences(func(from, to int) {
		promised = promised || p.find(from, to, cMaint) && p.find(from, to, cStop|cCant) && !p.find(from, to, cCond|cPossible) &&
			containsAny(p.text(from, to), "以下の期間", "下記の期間", "次の期間", "以下の日", "下記の日", "次の日", "下記日")
	})
	return promised || st.ongoing || st.done || slices.ContainsFunc(p.readings, func(r reading) bool {
		return r.role == roleStart || r.role == roleEnd || r.role == rolePlan
	})
}

// disturbs reports whether the work that the notice speaks of is one that keeps people from a service.
func (p *parser) disturbs() bool {
	return p.find(0, len(p.toks), cStop|cCant) || containsAny(string(p.src.runes), "メンテ", "保守", "点検") || p.find(0, len(p.toks), cMaint) && p.inEnglish()
}

// inEnglish reports whether the notice is written in English.
func (p *parser) inEnglish() bool {
	for n, r := range p.body {
		if n > 200 {
			break
		}
		if unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return true
}
