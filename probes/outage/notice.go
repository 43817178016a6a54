package outage

import (
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

const (
	// oldNews is the age at which a notice that is seen for the first time informs and never alerts.
	oldNews = 24 * time.Hour
	// believed is how long an announcement without an end is believed after its last revision.
	believed = probes.Believed
	// sameEvent is how far the starts may lie apart that two notices give for one event.
	sameEvent = 30 * time.Minute
)

// noticeKey identifies a notice: its address, as one source gives it.
type noticeKey struct{ probe, address string }

// notice is what is known of a notice.
type notice struct {
	key  noticeKey
	item probes.NoticeItem
	// first is when it was first seen, revised when its latest revision was.
	first, revised time.Time
	change         probes.NoticeChange
	backlog        bool
}

// claim ties a window to the notice it comes from.
type claim struct {
	key noticeKey
	// filled: the end comes from another notice on the same event.
	filled bool
}

// read takes the notices that a run of a notice probe found.
func (t *Tracker) read(def probes.Probe, r probes.Result) {
	if r.Notice.NotModified {
		return
	}
	listed := make(map[string]bool, len(r.Notice.Items))
	for _, item := range r.Notice.Items {
		listed[item.Address] = true
		if !item.About {
			continue
		}
		key := noticeKey{def.Name, item.Address}
		n := t.notices[key]
		switch {
		case n == nil:
			n = &notice{key: key, first: r.Start, backlog: old(item, r.Start)}
			t.notices[key] = n
			t.revise(n, item, probes.NoticeNew, r.Start)
		case n.change == probes.NoticeWithdrawn:
			t.revise(n, item, probes.NoticeNew, r.Start)
		case n.item.Hash != item.Hash:
			t.revise(n, item, probes.NoticeEdited, r.Start)
		}
	}
	if !r.Notice.List {
		return
	}
	var gone []*notice
	for key, n := range t.notices {
		if key.probe == def.Name && n.change != probes.NoticeWithdrawn && !listed[key.address] && !rolledOff(n.item, r.Notice.Items) {
			gone = append(gone, n)
		}
	}
	slices.SortFunc(gone, func(a, b *notice) int { return strings.Compare(a.key.address, b.key.address) })
	for _, n := range gone {
		t.revise(n, n.item, probes.NoticeWithdrawn, r.Start)
	}
}

// rolledOff reports whether an item is older than everything that is still listed: a list that shows only its newest
// entries has let go of it, and nobody took it back.
func rolledOff(item probes.NoticeItem, listed []probes.NoticeItem) bool {
	if item.Published.IsZero() {
		return false
	}
	dated := false
	for _, other := range listed {
		if other.Published.IsZero() {
			continue
		}
		if dated = true; !item.Published.Before(other.Published) {
			return false
		}
	}
	return dated
}

// old reports whether an item seen for the first time is old news. Where the source gives no date, that of the latest
// window it announces is taken.
func old(item probes.NoticeItem, seen time.Time) bool {
	date := item.Published
	if date.IsZero() {
		for _, a := range item.Announcements {
			for _, w := range a.Windows {
				for _, bound := range []*time.Time{w.Start, w.End} {
					if bound != nil {
						date = latest(date, *bound)
					}
				}
			}
		}
	}
	return !date.IsZero() && seen.Sub(date) > oldNews
}

// revise takes a revision of a notice and brings the windows in line with it.
func (t *Tracker) revise(n *notice, item probes.NoticeItem, change probes.NoticeChange, seen time.Time) {
	n.item, n.change, n.revised = item, change, seen
	t.out.revisions = append(t.out.revisions, probes.NoticeRevision{Probe: n.key.probe, Change: change, Seen: seen, Backlog: n.backlog, Item: item})
	for _, f := range t.flowOrder {
		t.join(f, n, true)
	}
}

// rejoin gives a flow the windows of notices that name it, after its services may have changed.
func (t *Tracker) rejoin(f *flow) {
	all := make([]*notice, 0, len(t.notices))
	for _, n := range t.notices {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *notice) int {
		if c := a.first.Compare(b.first); c != 0 {
			return c
		}
		return strings.Compare(a.key.address, b.key.address)
	})
	for _, n := range all {
		t.join(f, n, false)
	}
}

// wanted is a window that a notice claims for a flow.
type wanted struct {
	source     probes.WindowSource
	start, end *time.Time
	approx     bool
	title      string
	// over: the notice says that the event is.
	over bool
}

// join brings a flow's announced and foretold windows in line with one notice. Unless the notice was just revised, windows
// that are there already stay as they are.
func (t *Tracker) join(f *flow, n *notice, revised bool) {
	var list []wanted
	if n.change != probes.NoticeWithdrawn {
		list = n.wants(f.def.Services)
	}
	for _, source := range []probes.WindowSource{probes.Announced, probes.Foretold} {
		mine := f.claimedBy(source, n.key)
		var rest []wanted
		for _, w := range list {
			if w.source != source {
				continue
			}
			if rec := take(&mine, w, true); rec != nil {
				t.amend(f, rec, n, w, revised)
				continue
			}
			rest = append(rest, w)
		}
		for _, w := range rest {
			if rec := take(&mine, w, false); rec != nil {
				t.amend(f, rec, n, w, revised)
				continue
			}
			t.announce(f, n, w)
		}
		if !revised {
			continue
		}
		// What the notice does not say any more. What is over has happened, whatever becomes of its notice.
		for _, rec := range mine {
			if !rec.Withdrawn && (rec.End == nil || rec.End.After(t.now)) {
				rec.Withdrawn = true
				t.touchAnnounced(f, rec)
			}
		}
	}
}

// take removes and returns the window that a claim is about: the one with the same start, or, unless that is asked for,
// the first.
func take(list *[]*record, w wanted, exact bool) *record {
	for i, rec := range *list {
		if !exact || w.start != nil && rec.Start.Equal(*w.start) {
			*list = slices.Delete(slices.Clone(*list), i, i+1)
			return rec
		}
	}
	return nil
}

// claimedBy are the flow's windows of a source that come from a notice.
func (f *flow) claimedBy(source probes.WindowSource, key noticeKey) []*record {
	var all []*record
	for _, rec := range f.ledgers[source].live {
		if rec.claim != nil && rec.claim.key == key {
			all = append(all, rec)
		}
	}
	return all
}

// wants lists the windows that the notice claims for a flow of the given services.
func (n *notice) wants(services []string) []wanted {
	var list []wanted
	for _, a := range n.item.Announcements {
		windows := a.Windows
		if len(windows) == 0 && a.State != probes.Scheduled {
			windows = []probes.AnnouncedWindow{{Approximate: true}}
		}
		for _, aw := range windows {
			named := aw.Services
			if len(named) == 0 {
				named = a.Services
			}
			if !speaksOf(named, services) {
				continue
			}
			w := wanted{source: probes.Announced, start: aw.Start, end: aw.End, approx: aw.Approximate, title: a.Title, over: a.State == probes.Resolved}
			if a.Kind == probes.AnnouncedMaintenance && n.foretold(aw.Start) {
				w.source = probes.Foretold
			}
			if w.over && w.end == nil {
				// It is over, and nobody said since when: at the latest when the notice said so.
				w.end, w.approx = ptr(n.dated()), true
			}
			if !slices.ContainsFunc(list, func(x wanted) bool {
				return x.source == w.source && sameTime(x.start, w.start) && sameTime(x.end, w.end)
			}) {
				list = append(list, w)
			}
		}
	}
	return list
}

// foretold reports whether the notice was there before the maintenance began. Work announced afterwards is an outage by
// another name.
func (n *notice) foretold(start *time.Time) bool {
	if start == nil {
		return false
	}
	return !n.first.After(*start) || !n.item.Published.IsZero() && !n.item.Published.After(*start)
}

// dated is when the latest revision was made, as far as is known.
func (n *notice) dated() time.Time {
	if n.change == probes.NoticeNew && n.revised.Equal(n.first) && !n.item.Published.IsZero() {
		return earliest(n.item.Published, n.revised)
	}
	return n.revised
}

// speaksOf reports whether one of the services that a notice names is one of the flow's. Names are the same when nothing
// but width, case, spaces, quotation marks and a remark in parentheses at the end tells them apart: a longer name is
// another service.
func speaksOf(named, services []string) bool {
	for _, name := range named {
		for _, service := range services {
			if serviceName(name) == serviceName(service) {
				return true
			}
		}
	}
	return false
}

func serviceName(name string) string {
	name = strings.ToLower(probes.Fold(name))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" 「」『』\"'“”", r) {
			return -1
		}
		return r
	}, name)
	if i := strings.IndexByte(name, '('); i > 0 && strings.HasSuffix(name, ")") {
		name = name[:i]
	}
	return name
}

// amend brings a window in line with a revision of its notice.
func (t *Tracker) amend(f *flow, rec *record, n *notice, w wanted, revised bool) {
	if !revised {
		return
	}
	before := rec.Window
	if w.start != nil {
		rec.Start = *w.start
	}
	switch {
	case w.end != nil:
		rec.End, rec.claim.filled = w.end, false
	case !rec.claim.filled:
		rec.End = nil
	}
	if rec.End != nil && rec.End.Before(rec.Start) {
		rec.End = ptr(rec.Start)
	}
	rec.Approximate, rec.Message, rec.Withdrawn, rec.Lapsed = w.approx, w.title, false, false
	if sameTime(before.End, rec.End) && before.Start.Equal(rec.Start) && before.Approximate == rec.Approximate &&
		before.Message == rec.Message && !before.Withdrawn && !before.Lapsed {
		return
	}
	t.touchAnnounced(f, rec)
}

// announce makes a window of a claim, unless another notice already announced the same event: then it can only add an end.
func (t *Tracker) announce(f *flow, n *notice, w wanted) {
	l := f.ledgers[w.source]
	for _, rec := range l.live {
		if rec.claim == nil || rec.claim.key == n.key || rec.Withdrawn || !w.sameEvent(rec) {
			continue
		}
		if rec.End == nil && w.end != nil && !w.end.Before(rec.Start) {
			rec.End, rec.claim.filled, rec.Lapsed = w.end, true, false
			t.touchAnnounced(f, rec)
		}
		return
	}
	if w.start == nil && w.over && len(n.item.Announcements) > 0 && w.end.Equal(n.dated()) {
		return // "it works again", of something that nothing is known of
	}
	start := n.dated()
	if w.start != nil {
		start = *w.start
	}
	if w.end != nil {
		start = earliest(start, *w.end)
	}
	win := probes.Window{
		Source: w.source, Scope: probes.ScopeFlow, Name: f.def.Name, Flow: f.def.Name, Location: t.location,
		Start: start, End: w.end, Approximate: w.approx || w.start == nil, Message: w.title, Opened: n.revised,
		Notice: &n.item.Address, Backlog: n.backlog && (n.change == probes.NoticeNew || n.revised.Sub(start) > oldNews),
	}
	if w.source == probes.Foretold {
		win.Reason = probes.ReasonMaintenance
	}
	win.ID = windowID(win, n.item.Address)
	address := n.item.Address
	win.Notice = &address
	if rec := t.records[win.ID]; rec != nil {
		return
	}
	rec := t.add(win)
	rec.claim = &claim{key: n.key}
	if rec.End == nil && !t.now.Before(n.lapses(start)) {
		rec.Lapsed = true
	}
	l.open(rec)
	t.touchAnnounced(f, rec)
}

// sameEvent reports whether a claim is about the event of another notice's window: it names about the same start, or
// names none while that window is open.
func (w wanted) sameEvent(rec *record) bool {
	if w.start == nil {
		return rec.End == nil && !rec.Lapsed && (w.end == nil || !w.end.Before(rec.Start))
	}
	d := w.start.Sub(rec.Start)
	return max(d, -d) <= sameEvent
}

// lapses is when an announcement without an end is believed no more.
func (n *notice) lapses(start time.Time) time.Time {
	return latest(n.dated(), start).Add(believed)
}

// touchAnnounced has a window of a notice handed out, and the flow looked at again.
func (t *Tracker) touchAnnounced(f *flow, rec *record) {
	t.touchRecord(rec)
	t.touchFlow(f, t.now)
	t.touchFlowStatus(f)
}

// advanceNotices lets announcements without an end lapse.
func (t *Tracker) advanceNotices(now time.Time) {
	for _, f := range t.flowOrder {
		for _, source := range []probes.WindowSource{probes.Announced, probes.Foretold} {
			l := f.ledgers[source]
			for _, rec := range l.live {
				if rec.claim == nil || !rec.Open() {
					continue
				}
				if n := t.notices[rec.claim.key]; n == nil || !now.Before(n.lapses(rec.Start)) {
					rec.Lapsed = true
					t.touchAnnounced(f, rec)
				}
			}
		}
	}
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
