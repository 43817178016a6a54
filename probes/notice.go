package probes

import "time"

// AnnouncementKind says what a notice announces.
type AnnouncementKind string

// The kinds of announcement.
const (
	AnnouncedOutage      AnnouncementKind = "outage"
	AnnouncedMaintenance AnnouncementKind = "maintenance"
)

// AnnouncementState says how far along the announced event is, by the notice's own words.
type AnnouncementState string

// The states of an announcement.
const (
	Scheduled AnnouncementState = "scheduled"
	Ongoing   AnnouncementState = "ongoing"
	Resolved  AnnouncementState = "resolved"
)

// An Announcement is what one notice says of one outage or one piece of maintenance.
type Announcement struct {
	Kind  AnnouncementKind  `json:"kind"`
	State AnnouncementState `json:"state"`
	// Title is the notice's own headline, or its first meaningful line.
	Title string `json:"title"`
	// Services are the names of the affected services as the notice writes them, NFKC-folded, in order of appearance.
	Services []string `json:"services"`
	// Windows are in order of their start; none when the notice gives no bound that could be read.
	Windows []AnnouncedWindow `json:"windows"`
	// Recurs is the recurrence as the notice words it ("毎月第2土曜日 0:00～6:00"); empty for a one-time event.
	Recurs string `json:"recurs,omitempty"`
}

// An AnnouncedWindow is one span that a notice claims. A nil bound was not given: a nil End means that the event lasts,
// or that its end has not been said.
type AnnouncedWindow struct {
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
	// Approximate is set when the text marks either bound as inexact (頃, ごろ, a date without a time, …).
	Approximate bool `json:"approximate"`
	// StartText and EndText are the pieces of the notice from which the bounds were read, for a person to check.
	StartText string `json:"start_text,omitempty"`
	EndText   string `json:"end_text,omitempty"`
	// Services are those named for this window alone, where the notice lists windows per service.
	Services []string `json:"services,omitempty"`
}

// A NoticeItem is one notice as a run found it: an entry of a list or a feed, with the page behind it where that was read.
type NoticeItem struct {
	// Address identifies the notice. For an item without an address of its own it is the page's address with a
	// fragment made from the item's title and date.
	Address string `json:"address"`
	Title   string `json:"title"`
	// Published is the date that the source gives, zero when it gives none. A source that gives a date alone means
	// midnight in Japan.
	Published time.Time `json:"published,omitzero"`
	// Text is the whole text that was handed to the parser, title included, one line a block.
	Text string `json:"text"`
	// Hash identifies the revision: a hash of title and text after folding.
	Hash string `json:"hash"`
	// About says whether the notice names one of the words the definition asks for.
	About bool `json:"about"`
	// Announcements are what the parser read from Text.
	Announcements []Announcement `json:"announcements"`
	// Unparsed is set when the notice speaks of trouble or maintenance of ours but no window could be read from it.
	Unparsed bool `json:"unparsed"`
}

// NoticeChange is what became of a notice between two looks at its source.
type NoticeChange string

// The changes of a notice.
const (
	NoticeNew       NoticeChange = "new"
	NoticeEdited    NoticeChange = "edited"
	NoticeWithdrawn NoticeChange = "withdrawn"
)

// A NoticeRevision is one version of a notice as it was seen, kept for ever: notices are edited in place, and what
// stood there before matters.
type NoticeRevision struct {
	Probe  string       `json:"probe"`
	Change NoticeChange `json:"change"`
	// Seen is the start of the run that saw the change.
	Seen time.Time `json:"seen"`
	// Backlog is set when the notice was over 24 hours old when first seen: it informs and never alerts.
	Backlog bool       `json:"backlog"`
	Item    NoticeItem `json:"item"`
}
