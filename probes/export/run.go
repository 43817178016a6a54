package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"mynaprobe/probes"
)

// RunOptions say how a table of results is shown.
type RunOptions struct {
	Lang Lang
	// Width is the number of columns there are; 0 means 80.
	Width int
	// Color uses ANSI colours; meant for terminals only. Each outcome also has a mark and a word.
	Color bool
	// Quiet leaves out details of results that are up: durations of steps, tries before the one that worked.
	Quiet bool
}

// style is how an outcome looks: a mark, and an ANSI colour (SGR parameters of ECMA-48).
type style struct{ mark, sgr string }

var styles = [...]style{
	probes.Unknown:     {"?", "1;35"},
	probes.Up:          {"✓", "32"},
	probes.Degraded:    {"!", "33"},
	probes.Maintenance: {"=", "34"},
	probes.Down:        {"✗", "1;31"},
}

func styleOf(o probes.Outcome) style {
	if int(o) < len(styles) {
		return styles[o]
	}
	return styles[probes.Unknown]
}

func (s style) paint(text string, color bool) string {
	if !color {
		return text
	}
	return "\x1b[" + s.sgr + "m" + text + "\x1b[0m"
}

func faint(text string, color bool) string { return style{sgr: "2"}.paint(text, color) }

// RunTable writes results as a person at a terminal wants them: one line a result in the given order, grouped by flow
// where there are several, below each that is not up what is wrong with it, and at the end what it all means. Its error is
// that of the writer.
func RunTable(w io.Writer, results []probes.Result, opts RunOptions) error {
	if opts.Width <= 0 {
		opts.Width = 80
	}
	out := bufio.NewWriter(w)
	t := runTable{w: out, opts: opts}
	t.measure(results)
	if len(results) > 0 {
		t.header()
	}
	groups := byFlow(results)
	for i, group := range groups {
		if len(groups) > 1 {
			if i > 0 {
				fmt.Fprintln(out)
			}
			name := clean(group[0].Flow)
			if name == "" {
				name = opts.Lang.of("(no flow)", "（フローなし）")
			}
			fmt.Fprintln(out, style{sgr: "1"}.paint(cut(name, opts.Width), opts.Color))
		}
		for _, r := range group {
			t.row(r)
		}
	}
	if len(results) > 0 {
		fmt.Fprintln(out)
	}
	t.summary(results)
	return out.Flush()
}

// byFlow groups results by flow; flows are in order of first appearance, results keep their order.
func byFlow(results []probes.Result) [][]probes.Result {
	var groups [][]probes.Result
	place := map[string]int{}
	for _, r := range results {
		i, ok := place[r.Flow]
		if !ok {
			i = len(groups)
			place[r.Flow] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

type runTable struct {
	w    io.Writer
	opts RunOptions
	// Columns of the fields.
	outcome, probe, stage, time int
}

// detailIndent is where the explanation of a result starts.
const detailIndent = 5

func (t *runTable) measure(results []probes.Result) {
	lang := t.opts.Lang
	t.outcome, t.probe = width(t.heading(0)), width(t.heading(1))
	t.stage, t.time = width(t.heading(2)), width(t.heading(3))
	for _, r := range results {
		t.outcome = max(t.outcome, width(OutcomeWord(r.Outcome, lang)))
		t.probe = max(t.probe, width(clean(r.Probe)))
		t.stage = max(t.stage, width(clean(r.Stage)))
		t.time = max(t.time, width(seconds(r.Duration.Duration())))
	}
	// What is left for names after mark, outcome, time and the gaps is shared by probe and stage.
	left := max(12, t.opts.Width-(3+t.outcome+2+2+2+t.time))
	if t.probe+t.stage > left {
		t.stage = min(t.stage, max(4, left/3))
		t.probe = min(t.probe, left-t.stage)
	}
}

func (t *runTable) heading(i int) string {
	if t.opts.Lang == Japanese {
		return [...]string{"結果", "プローブ", "段階", "所要時間"}[i]
	}
	return [...]string{"OUTCOME", "PROBE", "STAGE", "TIME"}[i]
}

func (t *runTable) header() {
	line := "   " + pad(t.heading(0), t.outcome) + "  " + pad(t.heading(1), t.probe) + "  " +
		pad(t.heading(2), t.stage) + "  " + padLeft(t.heading(3), t.time)
	fmt.Fprintln(t.w, faint(line, t.opts.Color))
}

func (t *runTable) row(r probes.Result) {
	s := styleOf(r.Outcome)
	word := OutcomeWord(r.Outcome, t.opts.Lang)
	fmt.Fprintf(t.w, " %s  %s  %s  %s\n",
		s.paint(s.mark+" "+pad(word, t.outcome), t.opts.Color),
		pad(cut(clean(r.Probe), t.probe), t.probe),
		pad(cut(clean(r.Stage), t.stage), t.stage),
		padLeft(seconds(r.Duration.Duration()), t.time))
	if r.Outcome == probes.Up && t.opts.Quiet {
		return
	}
	t.details(r)
}

// detail writes one paragraph below a result, wrapped, with a hanging indent as wide as its lead.
func (t *runTable) detail(lead, text string, paint func(string) string) {
	t.marked(lead, plain, text, paint)
}

// marked is detail with a lead that has a colour of its own.
func (t *runTable) marked(lead string, paintLead func(string) string, text string, paint func(string) string) {
	indent := strings.Repeat(" ", detailIndent)
	for i, line := range wrap(clean(text), t.opts.Width-detailIndent-width(lead)) {
		first := paintLead(lead)
		if i > 0 {
			first = strings.Repeat(" ", width(lead))
		}
		fmt.Fprintln(t.w, indent+first+paint(line))
	}
}

func plain(text string) string { return text }

func (t *runTable) details(r probes.Result) {
	lang, color := t.opts.Lang, t.opts.Color
	dim := func(text string) string { return faint(text, color) }
	if r.Outcome != probes.Up {
		if words := Words(r.Reason, lang); words != "" {
			t.detail("", fmt.Sprintf("%s (%s)", words, r.Reason), t.painter(r.Outcome))
		}
		message := r.Message
		if r.Seen != nil {
			// The judge puts it into the message, for alerts; here it has a line of its own below.
			message = strings.TrimSuffix(message, " (the run itself saw: "+r.Seen.Message+")")
		}
		if message = clean(message); message != "" {
			t.detail("", message, plain)
		}
		if r.Target != "" {
			t.detail("", r.Target, dim)
		}
	}
	if r.Seen != nil && r.Seen.Outcome != r.Outcome {
		seen := OutcomeWord(r.Seen.Outcome, lang)
		if words := Words(r.Seen.Reason, lang); words != "" {
			seen += ": " + words
		}
		if r.Seen.Message != "" {
			seen += ": " + r.Seen.Message
		}
		t.detail(lang.of("the run itself saw ", "実行時の判定 "), seen, plain)
	}
	t.attempts(r)
	t.steps(r)
	if r.Evidence != nil && r.Evidence.Path != "" && r.Outcome != probes.Up {
		t.detail(lang.of("evidence ", "証跡 "), r.Evidence.Path, dim)
	}
}

// attempts tells how earlier tries went, which a result after retries would otherwise hide.
func (t *runTable) attempts(r probes.Result) {
	if len(r.Attempts) < 2 {
		return
	}
	for i, a := range r.Attempts {
		text := a.Message
		if text == "" {
			text = Words(a.Reason, t.opts.Lang)
		}
		if text == "" && a.Status != 0 {
			text = fmt.Sprint(a.Status)
		}
		t.detail(fmt.Sprintf("%s %d ", t.opts.Lang.of("try", "試行"), i+1), "("+seconds(a.Duration.Duration())+") "+text, plain)
	}
}

// steps shows the journey of a result in which something failed.
func (t *runTable) steps(r probes.Result) {
	if r.Outcome == probes.Up || len(r.Steps) < 2 {
		return
	}
	skipped := t.opts.Lang.of("skipped", "未実行")
	for _, s := range r.Steps {
		took := "(" + seconds(s.Duration.Duration()) + ")"
		switch s.State {
		case probes.StepPassed:
			t.marked("✓ ", t.painter(probes.Up), s.Name+" "+took, plain)
		case probes.StepFailed:
			text := s.Name + " " + took
			if s.Message != "" && clean(s.Message) != clean(r.Message) {
				text += ": " + s.Message
			}
			t.marked("✗ ", t.painter(probes.Down), text, plain)
		default:
			t.detail("- ", s.Name+" ("+skipped+")", func(text string) string { return faint(text, t.opts.Color) })
		}
	}
}

// painter paints in the colour of an outcome.
func (t *runTable) painter(o probes.Outcome) func(string) string {
	return func(text string) string { return styleOf(o).paint(text, t.opts.Color) }
}
