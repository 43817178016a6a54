package outage

import (
	"cmp"
	"slices"
	"time"

	"mynaprobe/probes"
)

// Active is a window that a notice announces, or an event of which it gives none, that is believed and not over.
type Active struct {
	Kind  probes.AnnouncementKind
	State probes.AnnouncementState
	// Start and End are nil where the notice gives no bound.
	Start, End *time.Time
}

// Active returns what the notices of each source announce that is still believed at a moment, by probe; notices that
// were withdrawn, or that were old news when first seen, announce nothing.
func (t *Tracker) Active(now time.Time) map[string][]Active {
	all := map[string][]Active{}
	for key, n := range t.notices {
		if n.change == probes.NoticeWithdrawn || n.backlog {
			continue
		}
		for _, a := range n.item.Announcements {
			all[key.probe] = append(all[key.probe], activeOf(a, n.revised.Add(believed), now)...)
		}
	}
	for _, active := range all {
		slices.SortFunc(active, func(a, b Active) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), compareBounds(a.Start, b.Start), compareBounds(a.End, b.End))
		})
	}
	return all
}

// activeOf returns the windows of an announcement that are not over. One without an end is believed until a moment.
func activeOf(a probes.Announcement, until, now time.Time) (active []Active) {
	if a.State == probes.Resolved {
		return nil
	}
	for _, w := range a.Windows {
		if w.End != nil && now.Before(*w.End) || w.End == nil && now.Before(until) {
			active = append(active, Active{a.Kind, a.State, w.Start, w.End})
		}
	}
	if len(a.Windows) == 0 && a.Recurs == "" && now.Before(until) {
		active = append(active, Active{Kind: a.Kind, State: a.State})
	}
	return active
}

// compareBounds orders bounds by time; one that is not given comes last.
func compareBounds(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}
