package export

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"mynaprobe/probes"
)

// csvHeader names the columns of CSV; further ones are only ever added at the end.
var csvHeader = []string{
	"id", "source", "scope", "name", "flow", "stage", "location", "start", "start_not_before", "end", "end_not_before", "open",
	"duration_seconds", "unobserved_seconds", "approximate", "reason", "message", "probes", "runs_down", "flaps", "opened",
	"notice", "lapsed", "withdrawn", "marked_as", "mark_note",
}

// CSV writes windows as RFC 4180 has it, in UTF-8, with a header line; times are RFC 3339. With bom it begins with a byte
// order mark, without which some spreadsheets misread Japanese. A text that a spreadsheet would take for a formula is given
// an apostrophe in front.
func CSV(w io.Writer, windows []probes.Window, bom bool) error {
	if bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	out.Write(csvHeader)
	for _, v := range byStart(windows) {
		duration, notice, note := "", "", ""
		if v.End != nil {
			duration = decimalSeconds(v.End.Sub(v.Start))
		}
		if v.Notice != nil {
			notice = *v.Notice
		}
		if len(v.Marks) > 0 {
			note = v.Marks[len(v.Marks)-1].Note
		}
		var names []string
		for _, name := range v.Probes {
			names = append(names, clean(name))
		}
		out.Write([]string{
			cell(v.ID), cell(string(v.Source)), cell(string(v.Scope)), cell(v.Name), cell(v.FlowName()), cell(v.Stage), cell(v.Location),
			stamp(&v.Start), stamp(v.StartNotBefore), stamp(v.End), stamp(v.EndNotBefore), strconv.FormatBool(v.Open()),
			duration, decimalSeconds(v.Unobserved.Duration()), strconv.FormatBool(v.Approximate), cell(string(v.Reason)), cell(v.Message),
			cell(strings.Join(names, " ")), strconv.Itoa(v.RunsDown), strconv.Itoa(v.Flaps), stamp(&v.Opened),
			cell(notice), strconv.FormatBool(v.Lapsed), strconv.FormatBool(v.Withdrawn), cell(v.MarkedAs()), cell(note),
		})
	}
	out.Flush()
	return out.Error()
}

// cell makes a text safe for a spreadsheet (https://owasp.org/www-community/attacks/CSV_Injection). Full-width signs count,
// because Japanese spreadsheets read them as the narrow ones.
func cell(text string) string {
	text = clean(text)
	if text != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

func stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
