package outage

import (
	"fmt"
	"testing"
	"time"

	"mynaprobe/probes"
)

func TestActiveAnnouncements(t *testing.T) {
	seen := time.Date(2025, 10, 30, 13, 0, 0, 0, time.UTC)
	at := func(hours int) *time.Time {
		moment := seen.Add(time.Duration(hours) * time.Hour)
		return &moment
	}
	of := func(kind probes.AnnouncementKind, state probes.AnnouncementState, windows ...probes.AnnouncedWindow) []probes.Announcement {
		return []probes.Announcement{{Kind: kind, State: state, Windows: windows}}
	}
	for name, test := range map[string]struct {
		announced []probes.Announcement
		change    probes.NoticeChange
		backlog   bool
		until     int // hours after it was seen for which it is active; 0 for never
	}{
		"an outage without an end":        {of(probes.AnnouncedOutage, probes.Ongoing, probes.AnnouncedWindow{Start: at(-4)}), probes.NoticeNew, false, 72},
		"an outage without any window":    {of(probes.AnnouncedOutage, probes.Ongoing), probes.NoticeNew, false, 72},
		"an outage that is over":          {of(probes.AnnouncedOutage, probes.Resolved, probes.AnnouncedWindow{Start: at(-4), End: at(-1)}), probes.NoticeNew, false, 0},
		"maintenance to come":             {of(probes.AnnouncedMaintenance, probes.Scheduled, probes.AnnouncedWindow{Start: at(24), End: at(30)}), probes.NoticeNew, false, 30},
		"maintenance to come, taken back": {of(probes.AnnouncedMaintenance, probes.Scheduled, probes.AnnouncedWindow{Start: at(24), End: at(30)}), probes.NoticeWithdrawn, false, 0},
		"old news":                        {of(probes.AnnouncedOutage, probes.Ongoing, probes.AnnouncedWindow{Start: at(-99)}), probes.NoticeNew, true, 0},
		"recurring maintenance":           {[]probes.Announcement{{Kind: probes.AnnouncedMaintenance, State: probes.Scheduled, Recurs: "毎月第2土曜日"}}, probes.NoticeNew, false, 0},
		"nothing announced":               {nil, probes.NoticeNew, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := New(probes.Set{}, "")
			key := noticeKey{"news", "https://example.jp/1"}
			tracker.notices[key] = &notice{key: key, item: probes.NoticeItem{Announcements: test.announced}, first: seen, revised: seen, change: test.change, backlog: test.backlog}
			for hour := range 80 {
				if got, want := len(tracker.Active(*at(hour))["news"]) > 0, hour < test.until; got != want {
					t.Fatalf("active %d h after it was seen: %v, want %v", hour, got, want)
				}
			}
		})
	}
}

func TestActiveIsInOrder(t *testing.T) {
	now := time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)
	tracker := New(probes.Set{}, "")
	for day := range 5 {
		start, end := now.AddDate(0, 0, 5-day), now.AddDate(0, 0, 6-day)
		key := noticeKey{"news", fmt.Sprint(day)}
		tracker.notices[key] = &notice{key: key, revised: now, item: probes.NoticeItem{Announcements: []probes.Announcement{{
			Kind: probes.AnnouncedMaintenance, State: probes.Scheduled, Windows: []probes.AnnouncedWindow{{Start: &start, End: &end}},
		}}}}
	}
	active := tracker.Active(now)["news"]
	for i := 1; i < len(active); i++ {
		if active[i].Start.Before(*active[i-1].Start) {
			t.Fatalf("out of order: %v after %v", active[i].Start, active[i-1].Start)
		}
	}
	if len(active) != 5 {
		t.Errorf("%d active, want 5", len(active))
	}
}

func TestRolledOffIsNotWithdrawn(t *testing.T) {
	on := func(day int) probes.NoticeItem {
		if day == 0 {
			return probes.NoticeItem{}
		}
		return probes.NoticeItem{Published: time.Date(2025, 10, day, 0, 0, 0, 0, time.UTC)}
	}
	for name, test := range map[string]struct {
		gone   int
		listed []int
		want   bool
	}{
		"older than all that is listed": {1, []int{5, 9}, true},
		"as old as the oldest":          {5, []int{5, 9}, false},
		"in the middle":                 {7, []int{5, 9}, false},
		"newest":                        {10, []int{5, 9}, false},
		"without a date":                {0, []int{5, 9}, false},
		"nothing listed has a date":     {1, []int{0, 0}, false},
		"some listed has a date":        {1, []int{0, 5}, true},
		"nothing is listed":             {1, nil, false},
	} {
		var listed []probes.NoticeItem
		for _, day := range test.listed {
			listed = append(listed, on(day))
		}
		if got := rolledOff(on(test.gone), listed); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
