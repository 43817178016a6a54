package outage

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"mynaprobe/probes"
)

// japan is the time zone of calendars that name none (RFC 5545 section 3.3.5, "floating" times): the services we watch
// are Japan's, and its time has no summer.
var japan = time.FixedZone("JST", 9*60*60)

// zoneNames are names that Windows and Outlook give to time zones, by IANA's.
var zoneNames = map[string]string{
	"Tokyo Standard Time": "Asia/Tokyo", "UTC": "UTC", "Korea Standard Time": "Asia/Seoul",
	"GMT Standard Time": "Europe/London", "W. Europe Standard Time": "Europe/Berlin", "Pacific Standard Time": "America/Los_Angeles",
	"Eastern Standard Time": "America/New_York",
}

// SetCalendar takes the content of a calendar (RFC 5545) that planned maintenance refers to by its address. Its error
// says what could not be read; events that could are taken all the same, and an unreadable calendar changes nothing.
func (t *Tracker) SetCalendar(name string, content []byte) error {
	calendar, err := ics.ParseCalendar(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("calendar %s: %w", name, err)
	}
	zone := zones(calendar)
	masters := map[string]*event{}
	events := []*event{}
	var replaced []*ics.VEvent
	var failed []error
	for _, v := range calendar.Events() {
		if v.GetProperty(ics.ComponentPropertyRecurrenceId) != nil {
			replaced = append(replaced, v)
		}
		e, err := readEvent(v, zone)
		if err != nil {
			failed = append(failed, fmt.Errorf("calendar %s: event %q: %w", name, v.Id(), err))
			continue
		}
		if e == nil {
			continue
		}
		events = append(events, e)
		if e.rule != nil {
			masters[v.Id()] = e
		}
	}
	// A single occurrence that was moved or cancelled stands as an event of its own, and no more in its series.
	for _, v := range replaced {
		at, err := zone.read(v.GetProperty(ics.ComponentPropertyRecurrenceId))
		if master := masters[v.Id()]; master != nil && err == nil {
			master.rule.ExDate(at)
		}
	}
	t.calendars[name] = events
	return errors.Join(failed...)
}

// readEvent reads an event; nil for one that is cancelled.
func readEvent(v *ics.VEvent, zone zoneTable) (*event, error) {
	if p := v.GetProperty(ics.ComponentPropertyStatus); p != nil && strings.EqualFold(p.Value, "CANCELLED") {
		return nil, nil
	}
	started := v.GetProperty(ics.ComponentPropertyDtStart)
	if started == nil {
		return nil, errors.New("it has no DTSTART")
	}
	start, err := zone.read(started)
	if err != nil {
		return nil, err
	}
	length, err := eventLength(v, start, len(started.Value) == len("20060102"), zone)
	if err != nil {
		return nil, err
	}
	var title, rule string
	if p := v.GetProperty(ics.ComponentPropertySummary); p != nil {
		title = p.Value
	}
	if p := v.GetProperty(ics.ComponentPropertyRrule); p != nil {
		rule = p.Value
	}
	e, err := newEvent(title, start, length, rule)
	if err != nil || e.rule == nil {
		return e, err
	}
	for _, p := range v.GetProperties(ics.ComponentPropertyExdate) {
		for value := range strings.SplitSeq(p.Value, ",") {
			at, err := zone.parse(value, p.ICalParameters["TZID"])
			if err != nil {
				return nil, err
			}
			e.rule.ExDate(at)
		}
	}
	return e, nil
}

// eventLength is that of DTEND or DURATION; a day for an event of whole days that gives neither.
func eventLength(v *ics.VEvent, start time.Time, wholeDays bool, zone zoneTable) (time.Duration, error) {
	if p := v.GetProperty(ics.ComponentPropertyDtEnd); p != nil {
		end, err := zone.read(p)
		if err != nil {
			return 0, err
		}
		if !end.After(start) {
			return 0, fmt.Errorf("it ends at %s, before it starts", end.Format(time.RFC3339))
		}
		return end.Sub(start), nil
	}
	if p := v.GetProperty(ics.ComponentPropertyDuration); p != nil {
		return icsDuration(p.Value)
	}
	if wholeDays {
		return 24 * time.Hour, nil
	}
	return 0, errors.New("it has neither DTEND nor DURATION")
}

// icsDuration reads a DURATION (RFC 5545 section 3.3.6): "P1W", "P1DT2H30M".
func icsDuration(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	var sum, n time.Duration
	rest, found := strings.CutPrefix(strings.TrimPrefix(text, "+"), "P")
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + time.Duration(c-'0')
		case c == 'T':
		case units[c] > 0:
			sum, n = sum+n*units[c], 0
		default:
			found = false
		}
	}
	if !found || n != 0 || sum <= 0 {
		return 0, fmt.Errorf("DURATION %q cannot be read", text)
	}
	return sum, nil
}

// zoneTable holds the time zones of a calendar by their TZID; the empty one is that of times without.
type zoneTable map[string]*time.Location

// zones reads the time zones that a calendar defines. IANA's definition is preferred to the calendar's own, of which only
// zones with a single offset are understood.
func zones(calendar *ics.Calendar) zoneTable {
	table := zoneTable{"": japan}
	for _, p := range calendar.CalendarProperties {
		if p.IANAToken == "X-WR-TIMEZONE" {
			if loc, err := time.LoadLocation(p.Value); err == nil {
				table[""] = loc
			}
		}
	}
	for _, z := range calendar.Timezones() {
		p := z.GetProperty(ics.ComponentProperty(ics.PropertyTzid))
		if p == nil {
			continue
		}
		offsets := map[string]bool{}
		for _, c := range z.Components {
			if s, ok := c.(*ics.Standard); ok {
				if o := s.GetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto)); o != nil {
					offsets[o.Value] = true
				}
			} else {
				offsets["summer"] = true
			}
		}
		for offset := range offsets {
			if at, err := time.Parse("-0700", offset); err == nil && len(offsets) == 1 {
				_, seconds := at.Zone()
				table[p.Value] = time.FixedZone(p.Value, seconds)
			}
		}
	}
	return table
}

// find returns the time zone of a TZID.
func (table zoneTable) find(id string) (*time.Location, error) {
	if id == "" {
		return table[""], nil
	}
	name := id
	if known, ok := zoneNames[id]; ok {
		name = known
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		return loc, nil
	}
	if own := table[id]; own != nil {
		return own, nil
	}
	return nil, fmt.Errorf("time zone %q is not known here: %w", id, err)
}

// read reads the time of a property.
func (table zoneTable) read(p *ics.IANAProperty) (time.Time, error) {
	return table.parse(p.Value, p.ICalParameters["TZID"])
}

// parse reads a DATE or a DATE-TIME.
func (table zoneTable) parse(value string, ids []string) (time.Time, error) {
	id := ""
	if len(ids) > 0 {
		id = ids[0]
	}
	loc, err := table.find(id)
	if err != nil {
		return time.Time{}, err
	}
	layout := "20060102T150405"
	switch {
	case len(value) == len("20060102"):
		layout = "20060102"
	case strings.HasSuffix(value, "Z"):
		layout, loc = layout+"Z", time.UTC
	}
	at, err := time.ParseInLocation(layout, value, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q cannot be read", value)
	}
	return at, nil
}

// Calendars lists the addresses of the calendars that the definitions refer to.
func Calendars(set probes.Set) []string {
	var names []string
	for _, p := range set.Planned {
		if p.Calendar != "" {
			names = append(names, p.Calendar)
		}
	}
	return names
}
