package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"mynaprobe/probes"
)

const (
	// shownSpan is how far back windows are shown, barSpan how far the bar of a flow reaches.
	shownSpan = 30 * 24 * time.Hour
	barSpan   = 7 * 24 * time.Hour
	// shownProbes is how many probes of a flow that are up are listed; of more only the others are.
	shownProbes  = 40
	shownWindows = 50
	// shownNames is how many flows the headline names.
	shownNames   = 8
	shownNotices = 20
	// refreshSeconds is when the page asks for itself again.
	refreshSeconds = 30
)

// statusPage is what the status page shows.
type statusPage struct {
	Lang, Other string // the language, and the one to change to
	Refresh     int
	Now         time.Time
	Version     string
	Location    string
	Overall     probes.Outcome
	// Flows and Out count the flows there are and those that are out; without flows, probes.
	Flows     []flowView
	Out       int
	Counted   int
	Names     []string // of the flows that are out
	OfProbes  bool
	Blind     *windowView
	Groups    []groupView
	Windows   []windowView
	Upcoming  []windowView
	Notices   []noticeView
	WindowErr bool
	NoticeErr bool
}

type flowView struct {
	Name, Title string
	Outcome     probes.Outcome
	// Open is the window that makes the flow out; nil when there is none.
	Open *windowView
	// Claimed is the open window that the operator announces.
	Claimed *windowView
	Stages  []stageView
	Bar     bar
	Probes  groupView
}

type stageView struct {
	Title    string
	Critical bool
	Outcome  probes.Outcome
}

// groupView is a table of probes.
type groupView struct {
	Reference bool
	Rows      []probeView
	// Hidden is how many probes that are up are not listed.
	Hidden int
}

// Trouble reports whether a probe is not up, so that the table must be seen.
func (g groupView) Trouble() bool { return len(g.Rows) > 0 && g.Rows[0].Outcome != probes.Up }

type probeView struct {
	Name, Stage, Target string
	Kind                probes.Kind
	Outcome             probes.Outcome
	Reason              probes.Reason
	Message             string
	Ran                 bool
	Ago, Took           time.Duration
	// Stale: there is a result, and it is too old to be knowledge.
	Stale bool
	// Trouble is the newest run that was not up, when the newest is; zero when there was none.
	TroubleReason probes.Reason
	TroubleAgo    time.Duration
	Evidence      string
}

type windowView struct {
	probes.Window
	Title string
	// From and To are in the page's time zone; To is zero while it is open.
	From, To time.Time
	// Before is how much earlier than From it may have begun; Early how much earlier than To it may have ended.
	Before, Early time.Duration
	Length        time.Duration
	Coming        bool
}

type noticeView struct {
	probes.NoticeRevision
	Seen      time.Time
	Published time.Time
	Link      string
}

// bar shows the windows of a flow over time, in a picture of barWidth units.
type bar struct {
	Pieces []barPiece
	Days   []barDay
}

type barPiece struct {
	X, Width float64
	Source   probes.WindowSource
	From, To time.Time
}

type barDay struct {
	X   float64
	Day time.Time
}

const barWidth = 1000

// Percent is where the day begins, of the width of the bar.
func (d barDay) Percent() float64 { return d.X / barWidth * 100 }

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	page := s.statusPage(r.Context())
	page.Lang = language(r)
	page.Other = pick(page.Lang, japanese, english)
	if err := s.render(w, r, "status.html", page); err != nil {
		s.failed(w, r, err)
	}
}

func (s *Server) statusPage(ctx context.Context) statusPage {
	now := s.options.Now().In(s.options.TimeZone)
	set := s.options.Source.Set()
	page := statusPage{
		Refresh: refreshSeconds, Now: now, Version: s.options.Version, Location: s.options.Location,
	}
	windows, err := s.options.Source.Windows(ctx, probes.WindowFilter{Since: now.Add(-shownSpan)})
	if err != nil {
		// The page is of most use when something is broken: it says so, and shows the rest.
		s.options.Log.Error("windows could not be read for the status page", "error", err)
		page.WindowErr = true
	}
	titles := map[string]string{}
	for _, f := range set.Flows {
		titles[f.Name] = cmp.Or(f.Title, f.Name)
	}
	for _, f := range set.Flows {
		page.Flows = append(page.Flows, s.flowView(f, set, windows, now))
	}
	page.groups(s, set, titles, now)
	page.sum(s, set, now)
	page.windows(windows, titles, now, s.options.TimeZone)
	page.notices(ctx, s, now)
	return page
}

// groups are the tables of probes that belong to no flow: others, and references.
func (p *statusPage) groups(s *Server, set probes.Set, flows map[string]string, now time.Time) {
	for _, reference := range []bool{false, true} {
		group := s.group(set, now, func(p probes.Probe) bool {
			_, known := flows[p.Flow]
			return p.Reference == reference && (reference || !known)
		})
		group.Reference = reference
		if len(group.Rows)+group.Hidden > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
}

// sum makes the one verdict at the top, of flows where there are any, else of probes.
func (p *statusPage) sum(s *Server, set probes.Set, now time.Time) {
	var outcomes []probes.Outcome
	for _, f := range p.Flows {
		outcomes = append(outcomes, f.Outcome)
	}
	if len(set.Flows) == 0 {
		p.OfProbes = true
		for _, one := range set.Probes {
			if !one.Reference && !one.Disabled {
				outcomes = append(outcomes, s.standing(one, now).outcome)
			}
		}
	}
	p.Overall = worst(outcomes)
	p.Counted = len(outcomes)
	for _, f := range p.Flows {
		if f.Outcome == p.Overall && f.Outcome != probes.Up && len(p.Names) < shownNames {
			p.Names = append(p.Names, f.Title)
		}
	}
	for _, o := range outcomes {
		if o == p.Overall {
			p.Out++
		}
	}
}

// worst is the outcome that a person must hear of first. Unknown comes right after down: it may hide one.
func worst(outcomes []probes.Outcome) probes.Outcome {
	if len(outcomes) == 0 {
		return probes.Unknown
	}
	rank := []probes.Outcome{probes.Up, probes.Degraded, probes.Maintenance, probes.Unknown, probes.Down}
	return slices.MaxFunc(outcomes, func(a, b probes.Outcome) int {
		return cmp.Compare(slices.Index(rank, a), slices.Index(rank, b))
	})
}

func (s *Server) flowView(f probes.Flow, set probes.Set, windows []probes.Window, now time.Time) flowView {
	v := flowView{
		Name: f.Name, Title: cmp.Or(f.Title, f.Name), Outcome: s.options.Source.FlowOutcome(f.Name, now),
		Probes: s.group(set, now, func(p probes.Probe) bool { return p.Flow == f.Name && !p.Reference }),
	}
	var ofFlow []probes.Window
	for _, w := range windows {
		if w.Scope != probes.ScopeFlow || w.Name != f.Name || w.Withdrawn {
			continue
		}
		ofFlow = append(ofFlow, w)
		if !w.Open() || w.Start.After(now) {
			continue
		}
		shown := viewWindow(w, v.Title, now, s.options.TimeZone)
		switch w.Source {
		case probes.Observed:
			v.Open = &shown
		case probes.Announced:
			v.Claimed = &shown
		}
	}
	v.Stages = s.stages(f, set, now)
	v.Bar = newBar(ofFlow, now)
	return v
}

// stages are those of a flow in the order in which definitions name them, each as bad as its worst probe (or, where all
// must be out for the stage to be, as good as its best).
func (s *Server) stages(f probes.Flow, set probes.Set, now time.Time) []stageView {
	var order []string
	byStage := map[string][]probes.Outcome{}
	for _, stage := range f.Stages {
		order = append(order, stage.Name)
	}
	for _, p := range set.Probes {
		if p.Flow != f.Name || p.Reference || p.Disabled || p.Stage == "" {
			continue
		}
		if !slices.Contains(order, p.Stage) {
			order = append(order, p.Stage)
		}
		byStage[p.Stage] = append(byStage[p.Stage], s.standing(p, now).outcome)
	}
	var views []stageView
	for _, name := range order {
		outcomes := byStage[name]
		if len(outcomes) == 0 {
			continue
		}
		stage := probes.Stage{Name: name}
		if i := slices.IndexFunc(f.Stages, func(s probes.Stage) bool { return s.Name == name }); i >= 0 {
			stage = f.Stages[i]
		}
		outcome := worst(outcomes)
		if stage.AllOut && slices.ContainsFunc(outcomes, probes.Outcome.Good) {
			outcome = worst(slices.DeleteFunc(outcomes, func(o probes.Outcome) bool { return !o.Good() }))
		}
		views = append(views, stageView{Title: cmp.Or(stage.Title, name), Critical: slices.Contains(f.Critical, name), Outcome: outcome})
	}
	return views
}

// group lists probes, those in trouble first.
func (s *Server) group(set probes.Set, now time.Time, picks func(probes.Probe) bool) groupView {
	var group groupView
	up := 0
	for _, p := range set.Probes {
		if p.Disabled || !picks(p) {
			continue
		}
		row := s.row(p, now)
		if row.Outcome == probes.Up {
			if up++; up > shownProbes {
				group.Hidden++
				continue
			}
		}
		group.Rows = append(group.Rows, row)
	}
	rank := []probes.Outcome{probes.Down, probes.Unknown, probes.Maintenance, probes.Degraded, probes.Up}
	slices.SortStableFunc(group.Rows, func(a, b probeView) int {
		return cmp.Compare(slices.Index(rank, a.Outcome), slices.Index(rank, b.Outcome))
	})
	return group
}

func (s *Server) row(p probes.Probe, now time.Time) probeView {
	st := s.standing(p, now)
	row := probeView{
		Name: p.Name, Stage: p.Stage, Target: p.Target(), Kind: p.Kind, Outcome: st.outcome, Reason: st.reason, Message: st.message,
	}
	if st.last != nil {
		row.Ran, row.Ago, row.Took, row.Stale = true, now.Sub(st.last.Start), st.last.Duration.Duration(), !st.fresh
	}
	if st.trouble != nil {
		if row.Outcome == probes.Up {
			row.TroubleReason, row.TroubleAgo = st.trouble.Reason, now.Sub(st.trouble.Start)
		}
		if e := st.trouble.Evidence; e != nil && e.Path != "" {
			row.Evidence = "evidence/" + evidenceAddress(e.Path)
		}
	}
	return row
}

func viewWindow(w probes.Window, title string, now time.Time, zone *time.Location) windowView {
	v := windowView{Window: w, Title: title, From: w.Start.In(zone), Coming: w.Start.After(now)}
	until := now
	if w.End != nil {
		v.To, until = w.End.In(zone), *w.End
		if w.EndNotBefore != nil {
			v.Early = w.End.Sub(*w.EndNotBefore)
		}
	}
	if w.StartNotBefore != nil {
		v.Before = w.Start.Sub(*w.StartNotBefore)
	}
	v.Length = max(0, until.Sub(w.Start))
	return v
}

// windows fills the tables: what is or was, newest first, and what is still to come, next first.
func (p *statusPage) windows(windows []probes.Window, titles map[string]string, now time.Time, zone *time.Location) {
	for _, w := range windows {
		title := cmp.Or(titles[w.Name], w.Name)
		v := viewWindow(w, title, now, zone)
		switch {
		case w.Source == probes.Blind:
			if w.Open() {
				p.Blind = &v
			}
			fallthrough
		case w.Scope == probes.ScopeFlow, w.Scope == probes.ScopeProbe && titles[w.Flow] == "":
			if v.Coming {
				p.Upcoming = append(p.Upcoming, v)
			} else {
				p.Windows = append(p.Windows, v)
			}
		}
	}
	slices.SortStableFunc(p.Windows, func(a, b windowView) int {
		if a.Open() != b.Open() {
			return cmp.Compare(boolRank(b.Open()), boolRank(a.Open()))
		}
		return b.Start.Compare(a.Start)
	})
	slices.SortStableFunc(p.Upcoming, func(a, b windowView) int { return a.Start.Compare(b.Start) })
	p.Windows = p.Windows[:min(len(p.Windows), shownWindows)]
	p.Upcoming = p.Upcoming[:min(len(p.Upcoming), shownWindows)]
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// notices fills the table of notices that concern us, newest first.
func (p *statusPage) notices(ctx context.Context, s *Server, now time.Time) {
	revisions, err := s.options.Source.Revisions(ctx, probes.WindowFilter{Since: now.Add(-shownSpan)})
	if err != nil {
		s.options.Log.Error("notices could not be read for the status page", "error", err)
		p.NoticeErr = true
		return
	}
	for _, revision := range slices.Backward(revisions) {
		if !revision.Item.About || len(revision.Item.Announcements) == 0 && !revision.Item.Unparsed {
			continue
		}
		v := noticeView{NoticeRevision: revision, Seen: revision.Seen.In(s.options.TimeZone), Link: webLink(revision.Item.Address)}
		if !revision.Item.Published.IsZero() {
			v.Published = revision.Item.Published.In(s.options.TimeZone)
		}
		p.Notices = append(p.Notices, v)
		if len(p.Notices) == shownNotices {
			return
		}
	}
}

// newBar draws windows as far back as barSpan.
func newBar(windows []probes.Window, now time.Time) bar {
	from := now.Add(-barSpan)
	at := func(t time.Time) float64 {
		share := float64(t.Sub(from)) / float64(barSpan)
		return min(max(share, 0), 1) * barWidth
	}
	var b bar
	for _, w := range windows {
		end := now
		if w.End != nil {
			end = *w.End
		} else if w.Lapsed {
			continue // nobody knows how long it was
		}
		if end.Before(from) || w.Start.After(now) || w.MarkedAs() == "false-alarm" {
			continue
		}
		x := at(w.Start)
		b.Pieces = append(b.Pieces, barPiece{X: x, Width: max(at(end)-x, 2), Source: w.Source, From: w.Start.In(now.Location()), To: end.In(now.Location())})
	}
	year, month, day := now.Date()
	for i := range 7 {
		midnight := time.Date(year, month, day-i, 0, 0, 0, 0, now.Location())
		if midnight.After(from) {
			b.Days = append(b.Days, barDay{X: at(midnight), Day: midnight})
		}
	}
	return b
}
