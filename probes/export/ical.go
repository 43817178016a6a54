package export

import (
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"mynaprobe/probes"
)

// ICalendarOptions say how windows become a calendar.
type ICalendarOptions struct {
	// Name is the calendar's, shown by the programs that subscribe to it.
	Name string
	// Now is the present: the stamp of the events, and how far open ones reach so far.
	Now time.Time
	// Location is the zone of times in descriptions; nil means time.Local. Those of the events are in UTC.
	Location *time.Location
	Lang     Lang
}

// ICalendar writes windows as an RFC 5545 calendar, an event each. A window's UID stays the same for ever, and its SEQUENCE grows
// when it goes on, ends or is corrected. An event of an open window reaches up to now and is tentative; windows that were
// withdrawn or marked as a false alarm are cancelled events.
func ICalendar(w io.Writer, windows []probes.Window, opts ICalendarOptions) error {
	calendar := ics.NewCalendar()
	calendar.SetProductId("-//mynaprobe//outage windows//EN")
	calendar.SetMethod(ics.MethodPublish)
	if name := clean(opts.Name); name != "" {
		calendar.SetName(name)
	}
	calendar.SetRefreshInterval("PT5M")
	calendar.SetXPublishedTTL("PT5M")
	for _, v := range byStart(windows) {
		addEvent(calendar, v, opts)
	}
	return calendar.SerializeTo(w, ics.WithNewLine("\r\n")) // the library's default is that of the system
}

func addEvent(calendar *ics.Calendar, w probes.Window, opts ICalendarOptions) {
	event := calendar.AddEvent(clean(w.ID) + "@mynaprobe")
	// DTEND must be later than DTSTART, to the second (RFC 5545 3.8.2.2).
	start := w.Start.Truncate(time.Second)
	end := until(w, opts.Now)
	if whole := end.Truncate(time.Second); whole.Before(end) {
		end = whole.Add(time.Second)
	}
	if w.End == nil && !w.Open() {
		end = start.Add(time.Second) // it never said when it ended
	}
	event.SetDtStampTime(opts.Now)
	event.SetStartAt(start)
	event.SetEndAt(later(end, start.Add(time.Second)))
	event.SetSequence(revision(w))
	event.SetSummary(summaryOf(w, opts.Lang))
	event.SetDescription(descriptionOf(w, opts))
	event.SetTimeTransparency(ics.TransparencyTransparent)
	event.AddCategory(string(w.Source))
	switch {
	case refuted(w):
		event.SetStatus(ics.ObjectStatusCancelled)
	case w.End == nil:
		event.SetStatus(ics.ObjectStatusTentative)
	default:
		event.SetStatus(ics.ObjectStatusConfirmed)
	}
	if w.Notice != nil && strings.HasPrefix(*w.Notice, "http") && clean(*w.Notice) == *w.Notice && !strings.Contains(*w.Notice, " ") {
		event.SetURL(*w.Notice)
	}
}

// revision is a number that grows with what happens to a window after it was first seen: a flap reopens it, so that the
// end that follows is another one.
func revision(w probes.Window) int {
	n := 2*w.Flaps + len(w.Marks)
	for _, happened := range []bool{w.End != nil, w.Lapsed, w.Withdrawn} {
		if happened {
			n++
		}
	}
	return n
}

func summaryOf(w probes.Window, lang Lang) string {
	name := clean(w.Name)
	what := lang.of("outage", "停止")
	switch {
	case w.Source == probes.Foretold, w.MarkedAs() == "maintenance":
		what = lang.of("maintenance", "メンテナンス")
	case w.Source == probes.Blind:
		name, what = "mynaprobe", lang.of("blind", "監視不能")
	}
	summary := fmt.Sprintf(lang.of("%s: %s (%s)", "%s: %s（%s）"), name, what, SourceWord(w.Source, lang))
	if w.Open() && w.Source != probes.Foretold {
		summary += lang.of(", not over", "・継続中")
	}
	return summary
}

func descriptionOf(w probes.Window, opts ICalendarOptions) string {
	t := windowTable{opts: Options{Lang: opts.Lang, Location: opts.Location, To: opts.Now}.fill(nil)}
	details := append(t.details(w), w.Start.In(t.opts.Location).Format(opts.Lang.of("times in MST (-07:00)", "時刻は MST（-07:00）")))
	return strings.Join(details, "\n")
}
