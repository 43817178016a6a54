package export

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// ReportData is everything that is known of one window. Only Window and Now must be given; what is missing is said to be
// missing.
type ReportData struct {
	Window probes.Window
	// Title is what people call the flow or the probe; Window.Name where there is none.
	Title string
	// Related are other windows of the same time: the operator's, those of the flow's probes, planned ones, blind spells.
	// What does not overlap the window is left out.
	Related []probes.Window
	// Results are runs from shortly before the window to shortly after it, of the probes concerned, in any order.
	Results []probes.Result
	// References are runs of the reference probes in that time.
	References []probes.Result
	// Evidence are the files of the run that opened the window by name; those of the last good run have the prefix
	// "last-good-".
	Evidence map[string][]byte
	// Revisions are what notices said, and when it was seen. Those of notices from which neither the window nor a related one
	// comes are left out.
	Revisions []probes.NoticeRevision
	// Now is when the report is made, Version which program made it.
	Now     time.Time
	Version string
	// Location is the zone of the times; nil means time.Local.
	Location *time.Location
	Lang     Lang
}

//go:embed report.html
var reportSource string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	// t picks a text by language; the template sets the language through the view.
	"t": func(lang Lang, english, japanese string) string { return lang.of(english, japanese) },
}).Parse(reportSource))

// Report writes one window as a single HTML file: without a script, without anything loaded from elsewhere, fit for A4. Its error
// is that of the writer.
func Report(w io.Writer, data ReportData) error {
	r := newReporter(data)
	return reportTemplate.Execute(w, r.view())
}

// reporter turns ReportData into what the template shows.
type reporter struct {
	ReportData
	table   windowTable // for the sentences that the terminal shows too
	related []probes.Window
	results []probes.Result // by start
}

func newReporter(data ReportData) *reporter {
	if data.Location == nil {
		data.Location = time.Local
	}
	if data.Title == "" {
		data.Title = data.Window.Name
	}
	r := &reporter{ReportData: data}
	for _, w := range byStart(data.Related) {
		if w.ID != data.Window.ID && overlap(w, data.Window) {
			r.related = append(r.related, w)
		}
	}
	r.results = slices.SortedStableFunc(slices.Values(data.Results), func(a, b probes.Result) int { return a.Start.Compare(b.Start) })
	r.References = slices.SortedStableFunc(slices.Values(data.References), func(a, b probes.Result) int { return a.Start.Compare(b.Start) })
	addresses := map[string]bool{}
	for _, w := range append(slices.Clone(r.related), data.Window) {
		if w.Notice != nil {
			addresses[*w.Notice] = true
		}
	}
	r.Revisions = slices.DeleteFunc(slices.Clone(data.Revisions), func(v probes.NoticeRevision) bool { return !addresses[v.Item.Address] })
	slices.SortStableFunc(r.Revisions, func(a, b probes.NoticeRevision) int { return a.Seen.Compare(b.Seen) })
	r.Revisions = onceEach(r.Revisions)
	r.table = windowTable{opts: Options{Lang: data.Lang, Location: data.Location, To: data.Now, Width: 80}, windows: append(slices.Clone(r.related), data.Window)}
	return r
}

// onceEach leaves one of revisions that tell the same, as two probes of one notice see them: the one that was seen first.
func onceEach(revisions []probes.NoticeRevision) []probes.NoticeRevision {
	seen := map[string]bool{}
	return slices.DeleteFunc(revisions, func(v probes.NoticeRevision) bool {
		claims := ""
		for _, a := range v.Item.Announcements {
			for _, w := range a.Windows {
				claims += stamp(w.Start) + "/" + stamp(w.End) + " "
			}
		}
		key := strings.Join([]string{v.Item.Address, string(v.Change), clean(v.Item.Title), claims}, "\x00")
		if seen[key] {
			return true
		}
		seen[key] = true
		return false
	})
}

// The parts of the page.
type (
	reportView struct {
		Lang              Lang
		Title, Source     string
		Status, Class     string
		Headline          string
		Facts             []fact
		Summary           []string
		Marks             []string
		Timeline          timeline
		Events            []event
		First             *firstFailure
		Shots             []shot
		Texts             []textFile
		OtherFiles        []string
		Certificate       []fact
		CertificateWrong  string
		ReferenceSentence string
		References        []runGroup
		Notices           []noticeView
		Related           []relatedView
		Runs              []runGroup
		RunsKnown         bool
		RunsNote          string
		ID, Made, Zone    string
		Version           string
	}
	fact         struct{ Label, Value, Note string }
	firstFailure struct {
		Probe, Stage, Kind, When, Took, Words, Message, Target, Seen string
		Attempts                                                     []string
		Steps                                                        []stepView
		Phases                                                       []fact
	}
	stepView    struct{ Mark, Class, Name, Took, Message string }
	relatedView struct{ Source, What, Start, End, Length, Note string }
	noticeView  struct {
		Seen, Published, Change, Title, Address string
		Link                                    bool
		Claims                                  []string
	}
	runGroup struct {
		Probe, Class, Mark, Outcome, When, Words, Message string
		Count                                             int
	}
)

func (r *reporter) view() reportView {
	w, lang := r.Window, r.Lang
	v := reportView{
		Lang: lang, Title: clean(r.Title), Source: SourceWord(w.Source, lang), Events: r.events(), ID: clean(w.ID), Version: clean(r.Version),
		Made: r.moment(r.Now), Zone: r.Now.In(r.Location).Format("MST (-07:00)"),
	}
	v.Status, v.Class = r.status()
	v.Headline = r.headline()
	v.Facts = r.facts()
	v.Summary = r.summary()
	for _, m := range w.Marks {
		v.Marks = append(v.Marks, r.table.mark(m))
	}
	v.Timeline = r.timeline(v.Events)
	v.First = r.firstFailure()
	v.Shots, v.Texts, v.OtherFiles = evidenceOf(r.Evidence, lang)
	v.Certificate, v.CertificateWrong = r.certificate()
	v.References = r.groups(r.References)
	v.ReferenceSentence = r.referenceSentence()
	v.Notices = r.notices()
	for _, other := range r.related {
		v.Related = append(v.Related, relatedView{
			Source: SourceWord(other.Source, lang), What: r.table.label(other), Start: r.moment(other.Start), End: r.endOf(other),
			Length: r.table.length(other), Note: cut(clean(other.Message), 160),
		})
	}
	v.Runs, v.RunsKnown, v.RunsNote = r.groups(r.results), len(r.results) > 0, r.runsNote()
	return v
}

func (r *reporter) moment(at time.Time) string {
	return at.In(r.Location).Format("2006-01-02 15:04:05")
}

func (r *reporter) endOf(w probes.Window) string {
	if w.End == nil {
		return strings.Trim(r.table.end(w), "()（）")
	}
	return r.moment(*w.End)
}

// status is one word for the window, with the class that colours it.
func (r *reporter) status() (word, class string) {
	w, lang := r.Window, r.Lang
	switch {
	case w.Withdrawn:
		return lang.of("withdrawn", "取り下げ"), "unknown"
	case w.MarkedAs() == "false-alarm":
		return lang.of("false alarm", "誤検知"), "unknown"
	case w.MarkedAs() == "maintenance", w.Source == probes.Foretold:
		return lang.of("maintenance", "メンテナンス"), "maintenance"
	case w.Source == probes.Blind:
		return lang.of("prober was blind", "監視側の問題"), "unknown"
	case w.Open():
		return lang.of("not over", "継続中"), "down"
	case w.Lapsed:
		return lang.of("end not told", "終了不明"), "unknown"
	}
	return lang.of("over", "終了"), "up"
}

// headline says in one sentence what happened.
func (r *reporter) headline() string {
	w, lang := r.Window, r.Lang
	subject := clean(r.Title)
	lasted := length(until(w, r.Now).Sub(w.Start), lang)
	start := r.moment(w.Start)
	switch {
	case w.Source == probes.Blind && w.End != nil:
		return fmt.Sprintf(lang.of("The prober could judge nothing for %s, from %s to %s.", "%[2]s から %[3]s まで %[1]s の間、プローバーは何も判定できませんでした。"), lasted, start, r.moment(*w.End))
	case w.Source == probes.Announced && w.End != nil:
		return fmt.Sprintf(lang.of("By its operator's word %s was out for %s, from %s to %s.", "運営者の告知によれば、%[1]s は %[3]s から %[4]s まで %[2]s 停止しました。"), subject, lasted, start, r.moment(*w.End))
	case w.Source == probes.Foretold && w.End != nil:
		return fmt.Sprintf(lang.of("Maintenance of %s was planned for %s, from %s to %s.", "%[1]s のメンテナンス（%[2]s）が %[3]s から %[4]s まで計画されていました。"), subject, lasted, start, r.moment(*w.End))
	case w.End != nil:
		return fmt.Sprintf(lang.of("%s was out for %s, from %s to %s.", "%[1]s は %[3]s から %[4]s まで %[2]s 停止しました。"), subject, lasted, start, r.moment(*w.End))
	case w.Open():
		return fmt.Sprintf(lang.of("%s has been out for %s, since %s.", "%[1]s は %[3]s から %[2]s 停止しています。"), subject, lasted, start)
	}
	return fmt.Sprintf(lang.of("%s went out at %s; when it came back was not told.", "%[1]s は %[2]s に停止しました。復旧の時刻は分かっていません。"), subject, start)
}

func (r *reporter) facts() []fact {
	w, lang := r.Window, r.Lang
	facts := []fact{
		{lang.of("Began", "開始"), r.moment(w.Start), r.margin(w.StartNotBefore, &w.Start, lang.of("up to %s earlier: the last good run ended %s", "最大 %s 早い可能性（最後の正常終了 %s）"))},
		{lang.of("Ended", "終了"), r.endOf(w), r.margin(w.EndNotBefore, w.End, lang.of("up to %s earlier: the last failed run ended %s", "最大 %s 早い可能性（最後の失敗終了 %s）"))},
		{lang.of("Length", "長さ"), length(until(w, r.Now).Sub(w.Start), lang), ""},
	}
	if w.Source == probes.Observed && w.StartNotBefore == nil {
		facts[0].Note = lang.of("no good run is known before it", "それより前の正常な観測はありません")
	}
	if w.Approximate {
		facts[0].Note = lang.of("as announced, given as approximate", "告知による（おおよその時刻）")
	}
	switch {
	case w.End == nil && !w.Open():
		facts[2].Value = lang.of("not known", "不明")
	case w.End == nil:
		facts[2].Note = lang.of("so far", "現時点まで")
	case w.StartNotBefore != nil && w.EndNotBefore != nil:
		facts[2].Note = fmt.Sprintf(lang.of("at least %s, at most %s", "最短 %s、最長 %s"),
			length(surelyUntil(w, r.Now).Sub(w.Start), lang), length(w.End.Sub(w.Earliest()), lang))
	}
	if w.Source == probes.Observed || w.Source == probes.Blind {
		unobserved := fact{Label: lang.of("Not observed", "観測できなかった時間"), Value: length(w.Unobserved.Duration(), lang)}
		if w.Unobserved == 0 {
			unobserved.Value, unobserved.Note = lang.of("none", "なし"), lang.of("the whole of it was watched", "全期間を観測")
		} else if total := until(w, r.Now).Sub(w.Start); total > 0 {
			unobserved.Note = fmt.Sprintf(lang.of("%.1f %% of the window", "停止期間の %.1f %%"), 100*w.Unobserved.Duration().Seconds()/total.Seconds())
		}
		facts = append(facts, unobserved)
	}
	return facts
}

// margin words the uncertainty of one end.
func (r *reporter) margin(notBefore, at *time.Time, format string) string {
	if notBefore == nil || at == nil || !notBefore.Before(*at) {
		return ""
	}
	return fmt.Sprintf(format, length(at.Sub(*notBefore), r.Lang), notBefore.In(r.Location).Format(time.TimeOnly))
}

// announcement is the operator's window that goes with this one, and when it was published, if that is known.
func (r *reporter) announcement() (w probes.Window, published time.Time, ok bool) {
	for _, other := range r.related {
		if other.Source != probes.Announced || refuted(other) || other.FlowName() != r.Window.FlowName() {
			continue
		}
		for _, revision := range r.Revisions {
			if other.Notice != nil && revision.Item.Address == *other.Notice && !revision.Item.Published.IsZero() {
				return other, revision.Item.Published, true
			}
		}
		return other, time.Time{}, true
	}
	return probes.Window{}, time.Time{}, false
}

// summary answers the questions that a reader has, a sentence each.
func (r *reporter) summary() []string {
	w, lang := r.Window, r.Lang
	var all []string
	add := func(english, japanese string, args ...any) {
		all = append(all, fmt.Sprintf(lang.of(english, japanese), args...))
	}
	if first := r.firstFailed(); first != nil {
		stage := clean(first.Stage)
		if step := failedStep(*first); step != "" {
			add("First to fail was %s (stage %s), in the step “%s”: %s.", "最初に失敗したのは %s（段階 %s）のステップ「%s」: %s。", clean(first.Probe), stage, step, Words(first.Reason, lang))
		} else {
			add("First to fail was %s (stage %s): %s.", "最初に失敗したのは %s（段階 %s）: %s。", clean(first.Probe), stage, Words(first.Reason, lang))
		}
	} else if len(w.Probes) > 0 {
		add("First to fail was %s: %s.", "最初に失敗したのは %s: %s。", clean(w.Probes[0]), cmp.Or(Words(w.Reason, lang), clean(w.Message)))
	}
	if len(w.Probes) > 1 {
		add("After it failed: %s.", "続いて失敗: %s。", clean(strings.Join(w.Probes[1:], lang.of(", ", "、"))))
	}
	if !w.Opened.IsZero() && w.Source == probes.Observed {
		add("It was confirmed at %s, %s after the first failed run began.", "%s に確定しました（最初の失敗から %s 後）。", r.moment(w.Opened), length(w.Opened.Sub(w.Start), lang))
	}
	if w.Source == probes.Observed {
		all = append(all, r.whoKnewFirst())
	}
	if w.Flaps > 0 {
		add("It came back for a moment and failed again, %d×.", "途中で一時的に回復し、再び停止しました（%d 回）。", w.Flaps)
	}
	if sentence := r.referenceSentence(); sentence != "" {
		all = append(all, sentence)
	}
	return all
}

func (r *reporter) whoKnewFirst() string {
	lang := r.Lang
	announced, published, ok := r.announcement()
	if !ok {
		return lang.of("No announcement of it is known here.", "これに対応する告知は確認されていません。")
	}
	lead, known := FirstToKnow(r.Window, announced, published)
	source := lang.of("its announcement was seen", "告知の確認")
	if !published.IsZero() && published.Before(announced.Opened) {
		source = lang.of("the date on its announcement", "告知の日付")
	}
	switch {
	case !known:
		return lang.of("It was announced; who knew first is not recorded.", "告知がありました。どちらが早いかの記録はありません。")
	case lead >= 0:
		return fmt.Sprintf(lang.of("We knew first: %s before %s.", "先に把握したのは当方です（%[2]sより %[1]s 早い）。"), length(lead, lang), source)
	}
	return fmt.Sprintf(lang.of("The operator knew first: we did %s after %s.", "先に把握したのは運営者です（当方は%[2]sより %[1]s 遅い）。"), length(-lead, lang), source)
}

// failedStep is the name of the step at which a run failed.
func failedStep(result probes.Result) string {
	for _, s := range result.Steps {
		if s.State == probes.StepFailed {
			return clean(s.Name)
		}
	}
	return ""
}

// firstFailed is the run that began the window: the earliest that was down, of one of its probes if they are known.
func (r *reporter) firstFailed() *probes.Result {
	for i, result := range r.results {
		if result.Outcome == probes.Down && !result.Start.Before(r.Window.Start) && result.Start.Before(until(r.Window, r.Now)) &&
			(len(r.Window.Probes) == 0 || slices.Contains(r.Window.Probes, result.Probe)) {
			return &r.results[i]
		}
	}
	return nil
}

func (r *reporter) firstFailure() *firstFailure {
	result := r.firstFailed()
	if result == nil {
		return r.rememberedFailure()
	}
	f := &firstFailure{
		Probe: clean(result.Probe), Stage: clean(result.Stage), Kind: string(result.Kind), When: r.moment(result.Start),
		Took: seconds(result.Duration.Duration()), Words: Words(result.Reason, r.Lang), Message: clean(result.Message), Target: clean(result.Target),
	}
	if result.Seen != nil {
		f.Seen = Words(result.Seen.Reason, r.Lang) + ": " + clean(result.Seen.Message)
	}
	if len(result.Attempts) > 1 {
		for _, a := range result.Attempts {
			f.Attempts = append(f.Attempts, fmt.Sprintf("%s: %s", seconds(a.Duration.Duration()), clean(cmp.Or(a.Message, Words(a.Reason, r.Lang)))))
		}
	}
	for _, s := range result.Steps {
		step := stepView{Mark: "–", Class: "unknown", Name: clean(s.Name), Took: r.Lang.of("skipped", "未実行"), Message: clean(s.Message)}
		switch s.State {
		case probes.StepPassed:
			step.Mark, step.Class, step.Took = "✓", "up", seconds(s.Duration.Duration())
		case probes.StepFailed:
			step.Mark, step.Class, step.Took = "✗", "down", seconds(s.Duration.Duration())
		}
		f.Steps = append(f.Steps, step)
	}
	if result.HTTP != nil {
		for _, phase := range probes.AllPhases() {
			if d := result.HTTP.Phases.Of(phase); d > 0 {
				f.Phases = append(f.Phases, fact{Label: string(phase), Value: seconds(d.Duration())})
			}
		}
	}
	return f
}

// rememberedFailure is what the window itself tells of its first failure, where the run is not kept.
func (r *reporter) rememberedFailure() *firstFailure {
	w := r.Window
	if w.Source != probes.Observed || w.Message == "" || len(w.Probes) == 0 {
		return nil
	}
	return &firstFailure{Probe: clean(w.Probes[0]), Stage: clean(w.Stage), When: r.moment(w.Start), Words: Words(w.Reason, r.Lang), Message: clean(w.Message)}
}

// groups joins runs of a probe that follow each other with the same verdict.
func (r *reporter) groups(results []probes.Result) []runGroup {
	const most = 60
	type group struct {
		first, last probes.Result
		count       int
	}
	var all []group
	open := map[string]int{}
	for _, result := range results {
		i, ok := open[result.Probe]
		if ok && all[i].first.Outcome == result.Outcome && all[i].first.Reason == result.Reason {
			all[i].last = result
			all[i].count++
			continue
		}
		open[result.Probe] = len(all)
		all = append(all, group{result, result, 1})
	}
	var shown []runGroup
	for _, g := range all[:min(len(all), most)] {
		when := r.moment(g.first.Start)
		if g.count > 1 {
			when += " – " + r.table.second(g.last.Start, g.first.Start)
		}
		shown = append(shown, runGroup{
			Probe: clean(g.first.Probe), Class: g.first.Outcome.String(), Mark: styleOf(g.first.Outcome).mark, Outcome: OutcomeWord(g.first.Outcome, r.Lang),
			When: when, Words: Words(g.first.Reason, r.Lang), Message: cut(clean(g.first.Message), 240), Count: g.count,
		})
	}
	return shown
}

// runsNote says when fewer runs are known than the window was made from.
func (r *reporter) runsNote() string {
	down := 0
	for _, result := range r.results {
		if result.Outcome == probes.Down {
			down++
		}
	}
	if down >= r.Window.RunsDown {
		return ""
	}
	return fmt.Sprintf(r.Lang.of("The window was made from %d failed runs; %d of them are kept.", "この期間は %d 回の失敗から求めました。うち %d 回の記録が残っています。"), r.Window.RunsDown, down)
}

// referenceSentence says what the reference probes tell of our own network in the time of the first failures.
func (r *reporter) referenceSentence() string {
	from, to := r.Window.Earliest(), later(r.Window.Start, r.Window.Opened)
	up, other := map[string]bool{}, map[string]bool{}
	for _, result := range r.References {
		if result.End().Before(from) || result.Start.After(to.Add(time.Minute)) {
			continue
		}
		if result.Outcome == probes.Up {
			up[result.Probe] = true
		} else {
			other[result.Probe] = true
		}
	}
	for name := range up {
		delete(other, name)
	}
	lang := r.Lang
	switch {
	case len(up)+len(other) == 0:
		return ""
	case len(up) == 0:
		return fmt.Sprintf(lang.of("Reference probes up at its start: 0 of %d. Our own network may have been the cause.", "開始時に正常だった参照プローブ: %d 件中 0 件。こちら側のネットワークが原因の可能性があります。"), len(other))
	}
	return fmt.Sprintf(lang.of("Reference probes up at its start: %d of %d. Our own network was working.", "開始時に正常だった参照プローブ: %[2]d 件中 %[1]d 件。こちら側のネットワークは動作していました。"), len(up), len(up)+len(other))
}

// certificate shows the certificate that the window's runs saw: of the first failed run, or else the latest one.
func (r *reporter) certificate() (facts []fact, problem string) {
	var seen *probes.TLSResult
	if first := r.firstFailed(); first != nil && first.HTTP != nil && first.HTTP.TLS != nil {
		seen = first.HTTP.TLS
	}
	for _, result := range slices.Backward(r.results) {
		if seen == nil && result.HTTP != nil && result.HTTP.TLS != nil && slices.Contains(r.Window.Probes, result.Probe) {
			seen = result.HTTP.TLS
		}
	}
	if seen == nil {
		return nil, ""
	}
	lang := r.Lang
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, fact{Label: label, Value: value})
		}
	}
	names := seen.Names
	if len(names) > 8 {
		names = append(slices.Clone(names[:8]), "…")
	}
	add(lang.of("Names", "名前"), clean(strings.Join(names, ", ")))
	add(lang.of("Subject", "主体者"), clean(seen.Subject))
	add(lang.of("Issuer", "発行者"), clean(seen.Issuer))
	if !seen.EarliestExpiry.IsZero() {
		left := seen.EarliestExpiry.Sub(r.Window.Start)
		when := fmt.Sprintf(lang.of("%s, %d days after the start", "%s（開始から %d 日後）"), r.moment(seen.EarliestExpiry), int(left.Hours()/24))
		if left < 0 {
			when = fmt.Sprintf(lang.of("%s, before the start: it had expired", "%s（開始の時点で期限切れ）"), r.moment(seen.EarliestExpiry))
		}
		add(lang.of("Valid until", "有効期限"), when)
	}
	add(lang.of("Connection", "接続"), clean(strings.TrimSpace(seen.Version+" "+seen.Cipher)))
	add("SHA-256", clean(seen.Fingerprint))
	return facts, clean(seen.Problem)
}

func (r *reporter) notices() []noticeView {
	lang := r.Lang
	words := map[probes.NoticeChange]string{
		probes.NoticeNew: lang.of("first seen", "初めて確認"), probes.NoticeEdited: lang.of("edited", "更新"), probes.NoticeWithdrawn: lang.of("taken back", "取り下げ"),
	}
	var all []noticeView
	for _, revision := range r.Revisions {
		item := revision.Item
		n := noticeView{
			Seen: r.moment(revision.Seen), Change: words[revision.Change], Title: clean(item.Title), Address: clean(item.Address),
			Link: strings.HasPrefix(item.Address, "https://") || strings.HasPrefix(item.Address, "http://"),
		}
		if !item.Published.IsZero() {
			n.Published = r.moment(item.Published)
		}
		for _, a := range item.Announcements {
			for _, claim := range a.Windows {
				n.Claims = append(n.Claims, r.claim(claim))
			}
		}
		all = append(all, n)
	}
	return all
}

func (r *reporter) claim(w probes.AnnouncedWindow) string {
	lang := r.Lang
	bound := func(at *time.Time, none string) string {
		if at == nil {
			return none
		}
		return at.In(r.Location).Format("2006-01-02 15:04")
	}
	text := bound(w.Start, lang.of("start not told", "開始の記載なし")) + " – " + bound(w.End, lang.of("end not told", "終了の記載なし"))
	if w.Approximate {
		text += lang.of(" (about)", "（おおよそ）")
	}
	return text
}
