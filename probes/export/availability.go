package export

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"mynaprobe/probes"
)

// Availability is how much of a span a probe or a flow was available, as it is shown.
type Availability struct {
	Scope probes.WindowScope
	Name  string
	// Available is the share of the observed time without outage and maintenance, OutsideMaintenance the share without outage of
	// the observed time outside of maintenance (0 to 1); nil when nothing was observed.
	Available, OutsideMaintenance *float64
	// Coverage is the share of the span that was observed, Observed its length.
	Coverage float64
	Observed time.Duration
	// Outage and Maintenance are the observed time in each.
	Outage, Maintenance time.Duration
	// Announced is the share of the span that no notice names as an outage; nil where no notice can.
	Announced *float64
	// Objective is the share of time (0 to 1) that it is meant to be available; 0 when there is none.
	Objective float64
}

// AvailabilityTable writes availability for a terminal, with the share of the time that was observed beside every number: the one
// says nothing without the other. Options.From and To are the span. Its error is that of the writer.
func AvailabilityTable(w io.Writer, rows []Availability, opts Options) error {
	opts = opts.fill(nil)
	lang := opts.Lang
	out := bufio.NewWriter(w)
	t := windowTable{w: out, opts: opts}
	t.line(fmt.Sprintf(lang.of("%s to %s (%s)", "%s ～ %s（%s）"), t.minute(opts.From), t.minute(opts.To), opts.From.Format("MST")))
	headings := []string{"", lang.of("AVAILABLE", "稼働率"), lang.of("OF OBSERVED", "観測率"), lang.of("OUTAGE", "停止"), lang.of("MAINTENANCE", "メンテナンス")}
	cells := [][]string{headings}
	for _, a := range rows {
		cells = append(cells, []string{clean(a.Name), share(a.Available, lang), percent(a.Coverage), brief(a.Outage, lang), brief(a.Maintenance, lang)})
	}
	widths := make([]int, len(headings))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], width(cell))
		}
	}
	rest := 0
	for _, w := range widths[1:] {
		rest += w + 2
	}
	widths[0] = min(widths[0], max(8, opts.Width-rest))
	for i, line := range cells {
		text := pad(cut(line[0], widths[0]), widths[0])
		for j, cell := range line[1:] {
			text += "  " + padLeft(cell, widths[j+1])
		}
		if i == 0 {
			t.line(faint(text, opts.Color))
			continue
		}
		t.line(text)
		for _, detail := range availabilityDetails(rows[i-1], lang) {
			for _, line := range wrap(detail, opts.Width-4) {
				t.line("    " + line)
			}
		}
	}
	return out.Flush()
}

// availabilityDetails are what there is to say beyond the numbers of the row.
func availabilityDetails(a Availability, lang Lang) []string {
	var all []string
	if a.Maintenance > 0 && a.OutsideMaintenance != nil {
		all = append(all, fmt.Sprintf(lang.of("outside of maintenance %s", "メンテナンスを除くと %s"), share(a.OutsideMaintenance, lang)))
	}
	if a.Announced != nil && *a.Announced < 1 {
		all = append(all, fmt.Sprintf(lang.of("by the operator's notices %s", "運営者の告知によれば %s"), share(a.Announced, lang)))
	}
	if a.Objective > 0 && a.Objective < 1 && a.Available != nil {
		allowed := time.Duration((1 - a.Objective) * float64(a.Observed))
		verdict := lang.of("objective %s kept: %s of %s used", "目標 %s 達成（許容 %[3]s のうち %[2]s を使用）")
		if a.Outage > allowed {
			verdict = lang.of("objective %s missed: %s of %s used", "目標 %s 未達（許容 %[3]s に対し %[2]s を使用）")
		}
		all = append(all, fmt.Sprintf(verdict, percent(a.Objective), length(a.Outage, lang), length(allowed, lang)))
	}
	if a.Coverage < 0.95 && a.Available != nil {
		all = append(all, lang.of("a good part of the time was not observed", "観測していない時間が多く含まれます"))
	}
	return all
}

func share(value *float64, lang Lang) string {
	if value == nil {
		return lang.of("not known", "不明")
	}
	return percent(*value)
}

// percent shows a share with up to three decimals, rounded down, so that only what was never out is 100 %.
func percent(share float64) string {
	// A nudge keeps what binary fractions cannot hold (0.999) from falling a digit short.
	text := fmt.Sprintf("%.3f", math.Floor(share*100_000+1e-6)/1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " %"
}
