package notice

import (
	"slices"
	"time"
)

// A resolver turns what the text gives of dates and times into points in time, with what it read before as context.
type resolver struct {
	published time.Time // in Japan's time; zero if unknown
	report    time.Time // the day of the report that is being read: its own date, or that of publication
	context   time.Time // the nearest date before
	ofReport  bool      // context is a report's date, and not one of the event
	lastHour  int       // the hour before, for 同45分
	kind      eventKind
	past      bool // what is announced is over or under way
}

const day = 24 * time.Hour

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, japan)
}

// makeDay returns the date if the calendar has it.
func makeDay(y, m, d int) (time.Time, bool) {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, japan)
	return t, t.Day() == d && int(t.Month()) == m && y >= 1900 && y < 2200
}

// A direction says on which side of the context an incomplete date is looked for.
type direction uint8

const (
	either direction = iota
	forward
	near // the date of a report, which may be later than that of publication
)

// day resolves a date. dir is forward for the end of a range and for later members of a list.
func (r *resolver) day(d date, dir direction) (time.Time, bool) {
	ref := r.context
	if d.base == baseReport || ref.IsZero() {
		ref = r.report
	}
	if d.base == baseWeekday && !ref.IsZero() {
		return r.inferWeek(ref, d, dir)
	}
	if d.base != baseNone {
		if ref.IsZero() {
			return time.Time{}, false
		}
		switch {
		case d.monthRel:
			m := ref.AddDate(0, 0, 1-ref.Day()).AddDate(0, d.monthOff, 0)
			return makeDay(m.Year(), int(m.Month()), d.day)
		case d.yearRel:
			return makeDay(ref.Year()+d.yearOff, d.month, d.day)
		case d.day > 0 && d.dayOff > 0: // 翌31日
			return r.nextDay(ref, d)
		case d.day > 0: // 同31日
			return makeDay(ref.Year(), int(ref.Month()), d.day)
		}
		return ref.AddDate(0, 0, d.dayOff), true
	}
	switch {
	case d.day == 0:
		return time.Time{}, false
	case d.year > 0 && d.month > 0:
		return makeDay(d.year, d.month, d.day)
	case d.month > 0:
		return r.inferYear(d, dir)
	case ref.IsZero():
		return time.Time{}, false
	}
	return r.inferMonth(d, dir)
}

func (r *resolver) nextDay(ref time.Time, d date) (time.Time, bool) {
	for n := 1; n <= 62; n++ {
		if t := ref.AddDate(0, 0, n); t.Day() == d.day {
			return t, true
		}
	}
	return time.Time{}, false
}

func (d date) fits(t time.Time) bool { return d.weekday == 0 || int(t.Weekday())+1 == d.weekday }

// choose returns the best of the candidates by cost, with those whose weekday is right before all others.
func choose(cands []time.Time, d date, cost func(time.Time) time.Duration) (time.Time, bool) {
	var best time.Time
	bestCost := time.Duration(-1)
	fits := false
	for _, c := range cands {
		f, v := d.fits(c), cost(c)
		if bestCost < 0 || f && !fits || f == fits && v < bestCost {
			best, bestCost, fits = c, v, f
		}
	}
	return best, bestCost >= 0
}

// never is the cost of a candidate that is taken only when there is no other.
const never = 100 * 366 * day

// cost says how far a candidate is from where an incomplete date is expected.
func (r *resolver) cost(dir direction) func(time.Time) time.Duration {
	ref := r.context
	fromReport := r.ofReport
	if ref.IsZero() {
		ref, fromReport = r.report, true
	}
	return func(t time.Time) time.Duration {
		dist := t.Sub(ref)
		switch {
		case dir == near:
			return max(dist, -dist)
		case dir == forward:
			if dist < 0 {
				return never - dist
			}
			return dist
		case !fromReport:
			if r.kind == outage && !r.published.IsZero() && t.After(r.published.Add(36*time.Hour)) {
				return never + max(dist, -dist)
			}
			return max(dist, -dist)
		case r.kind == outage || r.past:
			if dist > 0 {
				return never + dist
			}
			return -dist
		}
		if dist < -45*day {
			return never - dist
		}
		if dist < 0 { // an announcement that was dated or edited after the fact; nobody announces most of a year ahead
			return 300*day - dist
		}
		return dist
	}
}

func (r *resolver) inferYear(d date, dir direction) (time.Time, bool) {
	ref := r.context
	if ref.IsZero() {
		ref = r.report
	}
	if ref.IsZero() {
		return time.Time{}, false
	}
	var cands []time.Time
	for y := ref.Year() - 1; y <= ref.Year()+1; y++ {
		if t, ok := makeDay(y, d.month, d.day); ok {
			if dist := t.Sub(ref); dir == forward && dist >= 0 && dist < 14*day {
				return t, true // the end of what began then, whatever weekday is written beside it
			}
			cands = append(cands, t)
		}
	}
	if d.weekday > 0 && !r.published.IsZero() && !slices.ContainsFunc(cands, d.fits) {
		// the year of another date in the text may be far from that of this one
		for y := r.published.Year() - 1; y <= r.published.Year()+1; y++ {
			if t, ok := makeDay(y, d.month, d.day); ok && d.fits(t) {
				return t, true
			}
		}
	}
	return choose(cands, d, r.cost(dir))
}

// inferWeek finds the day of a week of which only the name is given, at most six days from ref.
func (r *resolver) inferWeek(ref time.Time, d date, dir direction) (time.Time, bool) {
	var cands []time.Time
	for n := -6; n <= 6; n++ {
		if t := ref.AddDate(0, 0, n); d.fits(t) {
			cands = append(cands, t)
		}
	}
	return choose(cands, d, r.cost(dir))
}

func (r *resolver) inferMonth(d date, dir direction) (time.Time, bool) {
	ref := r.context
	if ref.IsZero() {
		ref = r.report
	}
	first := ref.AddDate(0, 0, 1-ref.Day())
	var cands []time.Time
	for n := -2; n <= 2; n++ {
		m := first.AddDate(0, n, 0)
		if t, ok := makeDay(m.Year(), int(m.Month()), d.day); ok {
			cands = append(cands, t)
		}
	}
	cost := r.cost(dir)
	if dir == either && !r.ofReport && !r.context.IsZero() {
		// beside a date of the event a day alone is one of the same month
		c := cost
		cost = func(t time.Time) time.Duration {
			if v := c(t); t.Month() != ref.Month() || t.Year() != ref.Year() || v >= never {
				return v
			}
			return min(c(t), day)
		}
	}
	return choose(cands, d, cost)
}

// hours returns the time of day as hours from midnight, which may be 24 and more.
func (c clock) hours(d date) int {
	h := c.hour
	switch c.half {
	case halfPM:
		if h < 12 {
			h += 12
		}
	case halfEvening:
		if h >= 4 && h < 12 {
			h += 12
		}
	case halfNight:
		if h >= 9 && h < 12 {
			h += 12
		}
	case halfAM:
		if h == 12 && c.latin {
			h = 0
		}
	case halfNone:
		if d.evening && h >= 4 && h < 12 {
			h += 12
		}
	}
	return h
}

func (c clock) on(dayStart time.Time, hours int) time.Time {
	t := dayStart.Add(time.Duration(hours)*time.Hour + time.Duration(c.minute)*time.Minute + time.Duration(c.second)*time.Second)
	if c.zone != nil {
		_, offset := t.In(japan).Zone()
		_, zoneOffset := t.In(c.zone).Zone()
		t = t.Add(time.Duration(offset-zoneOffset) * time.Second)
	}
	return t.In(japan)
}

// when resolves a single point. A date alone is its midnight.
func (r *resolver) when(pt point, dir direction) (t time.Time, ok bool) {
	var d time.Time
	switch {
	case pt.hasDate:
		if d, ok = r.day(pt.date, dir); !ok {
			return time.Time{}, false
		}
	case !r.context.IsZero():
		d = r.context
	case !r.report.IsZero():
		d = r.report
		if r.kind == outage && pt.hasClock && midnight(r.published) != r.published {
			if t := pt.clock.on(d, r.hourOf(pt)); t.After(r.published) {
				d = d.AddDate(0, 0, -1)
			}
		}
	default:
		return time.Time{}, false
	}
	r.context, r.ofReport = d, false
	if !pt.hasClock {
		return d, true
	}
	h := r.hourOf(pt)
	r.lastHour = h
	return pt.clock.on(d, h), true
}

func (r *resolver) hourOf(pt point) int {
	if pt.clock.minuteOnly {
		return r.lastHour
	}
	h := pt.clock.hours(pt.date)
	if pt.date.same && pt.clock.half == halfNone && h < 12 && h+12 >= r.lastHour && r.lastHour >= 12 {
		return h + 12 // 午後7時20分ごろに発生し、同10時7分に復旧
	}
	return h
}

// span resolves a range.
func (r *resolver) span(m *mention) (start, end time.Time, okStart, okEnd bool) {
	a, b := m.a, m.b
	shareHalf(&a, &b)
	if a.hasClock && b.hasClock && a.clock.zone == nil && b.clock.zone != nil {
		a.clock.zone = b.clock.zone
	}
	if a.hasClock && b.hasClock && b.clock.zone == nil && a.clock.zone != nil {
		b.clock.zone = a.clock.zone
	}
	if !a.hasDate && b.hasDate && b.date.english && (b.date.base == baseNone || b.date.base == baseReport) { // 8:50 to 9:40 a.m. on October 30
		a.hasDate, a.date = true, b.date
		if late := a.clock.hours(a.date)*60 + a.clock.minute; a.hasClock && b.hasClock && late > b.clock.hours(b.date)*60+b.clock.minute {
			if last, ok := r.day(b.date, either); ok { // 9:15pm and 2:00am on Thursday 19 April
				first := last.AddDate(0, 0, -1)
				a.date = date{year: first.Year(), month: int(first.Month()), day: first.Day(), english: true}
			}
		}
	}
	start, okStart = r.when(a, either)
	startDay := r.context
	if !b.hasDate && okStart {
		h := r.hourOf(b)
		r.lastHour = h
		end = b.clock.on(startDay, h)
		// A failure can begin and end within the minute that a notice names; work that does so lasts for a day.
		if end.Before(start) || end.Equal(start) && r.kind != outage {
			end = end.Add(day)
			r.context = startDay.AddDate(0, 0, 1)
		}
		return start, end, true, true
	}
	if !okStart {
		end, okEnd = r.when(b, either)
		return start, end, false, okEnd
	}
	end, okEnd = r.when(b, forward)
	if okEnd && !b.hasClock {
		end = end.AddDate(0, 0, 1)
	}
	return start, end, okStart, okEnd
}

// shareHalf carries 午後 from one end of a range to the other: 午後1時から5時, 1:00 to 3:30 p.m.
func shareHalf(a, b *point) {
	if !a.hasClock || !b.hasClock {
		return
	}
	if a.clock.half == halfPM && b.clock.half == halfPM && !b.clock.latin && b.clock.hour == 12 && b.clock.minute == 0 && a.clock.hour > 0 && a.clock.hour < 12 {
		b.clock.hour = 24 // 午後10時~午後12時
	}
	fresh := !b.hasDate || b.date.base == baseContext && b.date.dayOff == 0
	switch {
	case b.clock.half == halfNone && fresh && b.clock.hour <= 12 && !b.clock.minuteOnly:
		start := a.clock.hours(a.date)*60 + a.clock.minute
		end := b.clock.hour*60 + b.clock.minute
		if (a.clock.half == halfPM || a.clock.half == halfEvening || a.clock.half == halfAM) && end < start && end+12*60 > start {
			b.clock.hour += 12
		}
	case a.clock.half == halfNone && a.clock.hour <= 12 && a.clock.hour > 0 && b.clock.half != halfNone && b.clock.latin:
		a.clock.half = b.clock.half
		if !b.hasDate && b.clock.half == halfPM && a.clock.hours(a.date)*60+a.clock.minute > b.clock.hours(b.date)*60+b.clock.minute {
			a.clock.half = halfAM
		}
	}
}
