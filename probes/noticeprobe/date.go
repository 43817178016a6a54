package noticeprobe

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"mynaprobe/probes"
)

// Japan is the time zone of sources that name none.
var japan = time.FixedZone("JST", 9*60*60)

// Dates as sources write them, in folded text. Groups: era, era year, year, month, day; then half of the day, hour,
// minute, second, zone.
const (
	dayPattern  = `(?:(明治|大正|昭和|平成|令和|[MTSHR]\.?) ?(元|\d{1,2})|((?:19|20)\d{2})) ?(?:年|[./\-]) ?(\d{1,2}) ?(?:月|[./\-]) ?(\d{1,2})(?: ?日|\b|T)`
	weekPattern = `(?: ?\( ?[月火水木金土日](?:曜日?)?(?:[・,]? ?祝日?)? ?\)| ?[月火水木金土日]曜日?)?`
	hourPattern = `(?:[T ,]* ?(午前|午後|AM|PM|am|pm)? ?(\d{1,2})(?::|時)(?: ?(\d{1,2})(?::(\d{2})(?:\.\d+)?)?分?)? ?(Z|JST|[+\-]\d{2}:?\d{2})?)?`
)

var (
	fullDate     = regexp.MustCompile(dayPattern + weekPattern + hourPattern)
	leadingDate  = regexp.MustCompile(`^[\[(【]?` + dayPattern + `[\])】]?` + weekPattern + hourPattern)
	trailingDate = regexp.MustCompile(`[\[(]((?:19|20)\d{2}[^()\[\]]{5,12})[\])]$`)
	shortDate    = regexp.MustCompile(`^(\d{1,2}) ?(?:月|/) ?(\d{1,2}) ?日?` + weekPattern + `$`)
	englishDate  = regexp.MustCompile(`(?i)\b(?:(\d{1,2}) )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (?:(\d{1,2})(?:st|nd|rd|th)?,? )?((?:19|20)\d{2})\b`)
)

// eras by their first year less one.
var eras = map[string]int{"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}

// zoned are the layouts that name their zone.
var zoned = []string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", time.RFC1123Z, time.RFC1123, time.RFC850, time.RFC822Z, time.RFC822, time.UnixDate,
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700",
}

// readDate finds a date in a text: one that a machine wrote, or the first that a person did. A date without a time is
// midnight in Japan, and one without a year is the last such day before now. False when there is none.
func readDate(text string, now time.Time) (time.Time, bool) {
	text = probes.Fold(text)
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			if name, offset := t.Zone(); name == "JST" && offset == 0 {
				// time.Parse knows only the machine's own abbreviations.
				t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, japan)
			}
			return plausible(t)
		}
	}
	if m := fullDate.FindStringSubmatch(text); m != nil {
		return dateOf(m)
	}
	if m := shortDate.FindStringSubmatch(text); m != nil {
		month, day := number(m[1]), number(m[2])
		for year := now.In(japan).Year(); year >= now.Year()-1; year-- {
			if t, ok := exact(year, month, day); ok && !t.After(now.Add(24*time.Hour)) {
				return t, true
			}
		}
	}
	if m := englishDate.FindStringSubmatch(text); m != nil && (m[1] == "") != (m[3] == "") {
		month, err := time.Parse("Jan", strings.ToUpper(m[2][:1])+strings.ToLower(m[2][1:3]))
		if err == nil {
			return exact(number(m[4]), int(month.Month()), number(m[1]+m[3]))
		}
	}
	return time.Time{}, false
}

func dateOf(m []string) (time.Time, bool) {
	year := number(m[3])
	if m[1] != "" {
		year = eras[strings.TrimSuffix(m[1], ".")] + max(number(m[2]), 1)
	}
	t, ok := exact(year, number(m[4]), number(m[5]))
	if !ok || m[7] == "" {
		return t, ok
	}
	hour, minute, second := number(m[7]), number(m[8]), number(m[9])
	if (m[6] == "午後" || strings.EqualFold(m[6], "PM")) && hour < 12 {
		hour += 12
	}
	if hour > 24 || minute > 59 || second > 60 {
		return t, true
	}
	zone := japan
	switch {
	case m[10] == "Z":
		zone = time.UTC
	case m[10] != "" && m[10] != "JST":
		if offset, err := time.Parse("Z0700", strings.ReplaceAll(m[10], ":", "")); err == nil {
			_, seconds := offset.Zone()
			zone = time.FixedZone("", seconds)
		}
	}
	return time.Date(year, t.Month(), t.Day(), hour, minute, second, 0, zone).In(japan), true
}

func exact(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, japan)
	if t.Month() != time.Month(month) || t.Day() != day {
		return time.Time{}, false
	}
	return plausible(t)
}

// plausible refuses what no notice on the web can be from.
func plausible(t time.Time) (time.Time, bool) {
	if t.Year() < 1990 || t.Year() > 2200 {
		return time.Time{}, false
	}
	return t.In(japan), true
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // 0 where it is none
	return n
}
