package outage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// Keys of states. The prefixes keep probes and flows of one name apart.
func probeKey(name string) string { return "probe/" + name }
func flowKey(name string) string  { return "flow/" + name }

// savedProbe is the state of a probe as it is kept.
type savedProbe struct {
	// End is that of the latest run: from then on nothing is known after a restart.
	End         time.Time       `json:"end,omitzero"`
	KnownEnd    time.Time       `json:"known_end,omitzero"`
	Calm        time.Time       `json:"calm,omitzero"`
	Downs       []downRun       `json:"downs,omitempty"`
	Goods       int             `json:"goods,omitempty"`
	Row         int             `json:"row,omitempty"`
	FirstGood   time.Time       `json:"first_good,omitzero"`
	LastDownEnd time.Time       `json:"last_down_end,omitzero"`
	Gaps        []span          `json:"gaps,omitempty"`
	Ledger      savedLedger     `json:"ledger"`
	Coverage    probes.Coverage `json:"coverage"`
}

// savedLedger is a ledger as it is kept; windows by their IDs.
type savedLedger struct {
	Live    []savedWindow  `json:"live,omitempty"`
	Slots   map[string]int `json:"slots,omitempty"`
	Outages uint64         `json:"outages,omitempty"`
	Base    time.Duration  `json:"base,omitempty"`
	Told    time.Duration  `json:"told,omitempty"`
}

// savedWindow is what is kept of a window beside the window itself.
type savedWindow struct {
	ID   string    `json:"id"`
	Seen time.Time `json:"seen,omitzero"`
	Gaps []span    `json:"gaps,omitempty"`
	// Probe is the source of the notice that a window comes from.
	Probe  string `json:"probe,omitempty"`
	Filled bool   `json:"filled,omitempty"`
}

// savedFlow is the state of a flow as it is kept.
type savedFlow struct {
	Ledgers  map[probes.WindowSource]savedLedger `json:"ledgers"`
	Coverage probes.Coverage                     `json:"coverage"`
}

func (p *probe) save() []byte {
	return encode(savedProbe{
		End: p.end, KnownEnd: p.knownEnd, Calm: p.calm, Downs: p.downs, Goods: p.goods, Row: p.row, FirstGood: p.firstGood,
		LastDownEnd: p.lastDownEnd, Gaps: p.gaps, Ledger: p.ledger.save(), Coverage: p.coverage,
	})
}

func (f *flow) save() []byte {
	s := savedFlow{Ledgers: map[probes.WindowSource]savedLedger{}, Coverage: f.coverage}
	for _, source := range flowSources {
		s.Ledgers[source] = f.ledgers[source].save()
	}
	return encode(s)
}

func (l *ledger) save() savedLedger {
	s := savedLedger{Outages: l.outages, Base: l.base, Told: l.told}
	for _, rec := range l.live {
		w := savedWindow{ID: rec.ID, Seen: rec.seen, Gaps: rec.gaps}
		if rec.claim != nil {
			w.Probe, w.Filled = rec.claim.key.probe, rec.claim.filled
		}
		s.Live = append(s.Live, w)
	}
	for _, r := range l.recent {
		if s.Slots == nil {
			s.Slots = map[string]int{}
		}
		s.Slots[r.rec.ID] = r.slot
	}
	return s
}

// Restore takes back what earlier processes stored: the windows, the latest state of each key, and all revisions of
// notices. It must be called once, before the first result. The time from the last run that was stored up to the first
// new one counts as unobserved. It returns the status of everything, so that open windows are exported again, and a
// window for each one that was open of a probe that is defined no more: closed where it was last seen, and lapsed. Problem
// names states that could not be read; their probes go on from their windows alone.
func (t *Tracker) Restore(windows []probes.Window, states map[string][]byte, revisions []probes.NoticeRevision, now time.Time) Change {
	t.now = latest(t.now, now)
	for _, w := range windows {
		if w.Location == t.location {
			t.add(w)
		}
	}
	var failed []string
	t.restoreNotices(revisions)
	for _, p := range t.order {
		var s savedProbe
		data := states[probeKey(p.def.Name)]
		if data != nil && json.Unmarshal(data, &s) != nil {
			failed = append(failed, p.def.Name)
			s, data = savedProbe{}, nil
		}
		t.restoreProbe(p, s, data != nil)
	}
	for _, f := range t.flowOrder {
		var s savedFlow
		data := states[flowKey(f.def.Name)]
		if data != nil && json.Unmarshal(data, &s) != nil {
			failed = append(failed, f.def.Name)
			s, data = savedFlow{}, nil
		}
		t.restoreFlow(f, s, data != nil)
	}
	t.blind.restore(t, t.ours(probes.Blind, probes.ScopeAll, ""), savedLedger{}, false)
	t.closeOrphans(states)
	for _, p := range t.order {
		t.account(p, now)
		if p.open != nil {
			t.refresh(p, p.open, true)
		}
		t.touchStatus(p)
	}
	for _, f := range t.flowOrder {
		t.rejoin(f)
		t.reflow(f)
		f.acc, f.outcome = now, t.flowOutcome(f, now)
		t.touchFlowStatus(f)
	}
	t.advanceNotices(now)
	for key := range states {
		kind, name, _ := strings.Cut(key, "/")
		if kind == "probe" && t.probes[name] == nil || kind == "flow" && t.flows[name] == nil {
			t.out.state(key, nil)
		}
	}
	t.out.blind = true
	c := t.flush()
	if len(failed) > 0 {
		slices.Sort(failed)
		c.Problem = fmt.Errorf("the stored state of %s cannot be read: their windows are kept, their suspicions are lost", strings.Join(failed, ", "))
	}
	return c
}

// ours are the windows of a source and a scope, by start; of all names when none is given.
func (t *Tracker) ours(source probes.WindowSource, scope probes.WindowScope, name string) []*record {
	var all []*record
	for _, rec := range t.records {
		if rec.Source == source && rec.Scope == scope && (name == "" || rec.Name == name) {
			all = append(all, rec)
		}
	}
	slices.SortFunc(all, func(a, b *record) int { return a.Start.Compare(b.Start) })
	return all
}

func (t *Tracker) restoreProbe(p *probe, s savedProbe, found bool) {
	p.end, p.acc, p.knownEnd, p.calm = s.End, s.End, s.KnownEnd, s.Calm
	p.downs, p.goods, p.row, p.firstGood, p.lastDownEnd, p.gaps = s.Downs, s.Goods, s.Row, s.FirstGood, s.LastDownEnd, s.Gaps
	if found {
		p.coverage = s.Coverage
		p.coverage.Scope, p.coverage.Name = probes.ScopeProbe, p.def.Name
	}
	windows := t.ours(probes.Observed, probes.ScopeProbe, p.def.Name)
	p.ledger.restore(t, windows, s.Ledger, found)
	if rec := p.ledger.newest(); rec != nil && rec.Open() {
		p.open = rec
		if p.acc.IsZero() { // the state was lost: it was last known to be told of when it opened
			p.acc = latest(rec.Opened, rec.Start)
			p.lastDownEnd = p.acc
		}
		if rec.seen.IsZero() {
			rec.seen = p.acc
		}
	}
}

func (t *Tracker) restoreFlow(f *flow, s savedFlow, found bool) {
	f.coverage = s.Coverage
	f.coverage.Scope, f.coverage.Name = probes.ScopeFlow, f.def.Name
	for _, source := range flowSources {
		f.ledgers[source].restore(t, t.ours(source, probes.ScopeFlow, f.def.Name), s.Ledgers[source], found)
	}
}

// restore fills a ledger: with the windows that the state names, or, where no state was found, with all that may still
// change.
func (l *ledger) restore(t *Tracker, windows []*record, s savedLedger, found bool) {
	l.outages, l.base, l.told = max(s.Outages, uint64(len(windows))), s.Base, s.Told
	saved := make(map[string]savedWindow, len(s.Live))
	for _, w := range s.Live {
		saved[w.ID] = w
	}
	for i, rec := range windows {
		w, ok := saved[rec.ID]
		rec.seen, rec.gaps = w.Seen, w.Gaps
		if rec.seen.IsZero() && rec.End != nil && rec.Source == probes.Observed {
			rec.seen = *rec.End
		}
		if rec.Notice != nil {
			rec.claim = t.claimOf(rec, w)
		}
		if ok || rec.End == nil || !found && (i == len(windows)-1 || t.now.Sub(*rec.End) < 3*settled) {
			l.insert(rec)
		} else if !found {
			l.base += observed(rec)
		}
		if slot, ok := s.Slots[rec.ID]; ok {
			l.recent = append(l.recent, slotted{slot, rec})
		} else if !found {
			l.slot(rec)
		}
	}
}

// claimOf finds the notice that a stored window comes from.
func (t *Tracker) claimOf(rec *record, w savedWindow) *claim {
	key := noticeKey{w.Probe, *rec.Notice}
	for other, n := range t.notices {
		if w.Probe == "" && other.address == key.address && n.first.Equal(rec.Opened) {
			key = other
		}
	}
	return &claim{key: key, filled: w.Filled}
}

func (t *Tracker) restoreNotices(revisions []probes.NoticeRevision) {
	sorted := slices.Clone(revisions)
	slices.SortStableFunc(sorted, func(a, b probes.NoticeRevision) int { return a.Seen.Compare(b.Seen) })
	for _, r := range sorted {
		key := noticeKey{r.Probe, r.Item.Address}
		n := t.notices[key]
		if n == nil {
			n = &notice{key: key, first: r.Seen, backlog: r.Backlog}
			t.notices[key] = n
		}
		n.item, n.revised, n.change = r.Item, r.Seen, r.Change
	}
}

// closeOrphans closes windows that are open though what they are of is not defined any more: where they were last seen.
func (t *Tracker) closeOrphans(states map[string][]byte) {
	for _, rec := range t.records {
		if rec.Source != probes.Observed || !rec.Open() {
			continue
		}
		var s savedProbe
		switch {
		case rec.Scope == probes.ScopeProbe && t.probes[rec.Name] == nil:
			_ = json.Unmarshal(states[probeKey(rec.Name)], &s) // without it the window ends where it opened
		case rec.Scope == probes.ScopeFlow && t.flows[rec.Name] == nil:
			for _, name := range rec.Probes {
				var of savedProbe
				_ = json.Unmarshal(states[probeKey(name)], &of)
				s.LastDownEnd = latest(s.LastDownEnd, of.LastDownEnd)
			}
		default:
			continue
		}
		t.lapseRecord(rec, latest(rec.Opened, s.LastDownEnd))
	}
}

// encode encodes values of our own types, which always encode.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("outage: encoding state: %v", err))
	}
	return data
}
