package export

import (
	"fmt"
	"strings"

	"mynaprobe/probes"
)

// RunSummary counts results by outcome.
type RunSummary struct {
	Total       int `json:"total"`
	Up          int `json:"up"`
	Degraded    int `json:"degraded"`
	Maintenance int `json:"maintenance"`
	Down        int `json:"down"`
	Unknown     int `json:"unknown"`
}

// Summarize counts results by outcome.
func Summarize(results []probes.Result) RunSummary {
	s := RunSummary{Total: len(results)}
	for _, r := range results {
		switch r.Outcome {
		case probes.Up:
			s.Up++
		case probes.Degraded:
			s.Degraded++
		case probes.Maintenance:
			s.Maintenance++
		case probes.Down:
			s.Down++
		default:
			s.Unknown++
		}
	}
	return s
}

// summary writes what the results mean together.
func (t *runTable) summary(results []probes.Result) {
	var lines []summaryLine
	if t.opts.Lang == Japanese {
		lines = summaryJapanese(results)
	} else {
		lines = summaryEnglish(results)
	}
	for _, l := range lines {
		for i, line := range wrap(clean(l.text), t.opts.Width) {
			if i == 0 {
				line = styleOf(l.outcome).paint(line, t.opts.Color)
			}
			fmt.Fprintln(t.w, line)
		}
	}
}

type summaryLine struct {
	outcome probes.Outcome
	text    string
}

// named lists the probes with an outcome, the first few by name.
func named(results []probes.Result, outcome probes.Outcome, lang Lang) string {
	const most = 5
	var names []string
	more := 0
	for _, r := range results {
		if r.Outcome != outcome {
			continue
		}
		if len(names) == most {
			more++
			continue
		}
		names = append(names, r.Probe)
	}
	list := strings.Join(names, lang.of(", ", "、"))
	if more > 0 {
		list += fmt.Sprintf(lang.of(" and %d more", " ほか%d件"), more)
	}
	return list
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}

// isAre is the verb for a number of things.
func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func summaryEnglish(results []probes.Result) []summaryLine {
	s := Summarize(results)
	var lines []summaryLine
	add := func(o probes.Outcome, format string, args ...any) {
		lines = append(lines, summaryLine{o, fmt.Sprintf(format, args...)})
	}
	switch {
	case s.Total == 0:
		add(probes.Unknown, "No probe ran, so nothing is known.")
	case s.Up == s.Total && s.Total == 1:
		add(probes.Up, "The probe is up.")
	case s.Up == s.Total:
		add(probes.Up, "All %d probes are up.", s.Total)
	}
	if s.Down > 0 {
		add(probes.Down, "%d of %s %s down: %s.", s.Down, plural(s.Total, "probe", "probes"), isAre(s.Down), named(results, probes.Down, English))
	}
	if s.Maintenance > 0 {
		add(probes.Maintenance, "%d under maintenance: %s.", s.Maintenance, named(results, probes.Maintenance, English))
	}
	if s.Degraded > 0 {
		add(probes.Degraded, "%d %s, but not as well as it must: %s.", s.Degraded, map[bool]string{true: "works", false: "work"}[s.Degraded == 1], named(results, probes.Degraded, English))
	}
	if s.Unknown > 0 {
		add(probes.Unknown, "%d unknown: %s. %s", s.Unknown, named(results, probes.Unknown, English), unknownMeans(results, English))
	}
	if s.Up > 0 && s.Up < s.Total {
		add(probes.Up, "%d up.", s.Up)
	}
	return lines
}

func summaryJapanese(results []probes.Result) []summaryLine {
	s := Summarize(results)
	var lines []summaryLine
	add := func(o probes.Outcome, format string, args ...any) {
		lines = append(lines, summaryLine{o, fmt.Sprintf(format, args...)})
	}
	switch {
	case s.Total == 0:
		add(probes.Unknown, "実行されたプローブがないため、状態は分かりません。")
	case s.Up == s.Total:
		add(probes.Up, "%d件すべて正常です。", s.Total)
	}
	if s.Down > 0 {
		add(probes.Down, "%d件中%d件が障害: %s。", s.Total, s.Down, named(results, probes.Down, Japanese))
	}
	if s.Maintenance > 0 {
		add(probes.Maintenance, "%d件がメンテナンス: %s。", s.Maintenance, named(results, probes.Maintenance, Japanese))
	}
	if s.Degraded > 0 {
		add(probes.Degraded, "%d件が低下（動作しているが不十分）: %s。", s.Degraded, named(results, probes.Degraded, Japanese))
	}
	if s.Unknown > 0 {
		add(probes.Unknown, "%d件が判定不能: %s。%s", s.Unknown, named(results, probes.Unknown, Japanese), unknownMeans(results, Japanese))
	}
	if s.Up > 0 && s.Up < s.Total {
		add(probes.Up, "%d件は正常です。", s.Up)
	}
	return lines
}

// unknownMeans says whose side unknown results are on, and what can be done.
func unknownMeans(results []probes.Result, lang Lang) string {
	blocked, network, other := 0, 0, 0
	for _, r := range results {
		switch {
		case r.Outcome != probes.Unknown:
		case r.Reason == probes.ReasonBlocked:
			blocked++
		case r.Reason == probes.ReasonNetwork:
			network++
		default:
			other++
		}
	}
	switch {
	case network > 0 && blocked+other == 0:
		return lang.of("The prober itself has no network: this is on our side, and says nothing of the targets.",
			"プローバー自身のネットワークが使えません。こちら側の問題であり、対象の状態については何も言えません。")
	case blocked > 0 && network+other == 0:
		return lang.of("Robots were turned away; whether people are, cannot be told from here.",
			"自動アクセスが拒否されました。一般の利用者が使えるかどうかは、ここからは判断できません。")
	case blocked > 0:
		return lang.of("We were turned away as a robot or failed on our own side; neither says that a target is down.",
			"自動アクセスの拒否、またはこちら側の問題です。いずれも対象の障害を意味しません。")
	}
	return lang.of("The prober could not tell: this is on our side, and says nothing of the targets.",
		"プローバーが判定できませんでした。こちら側の問題であり、対象の状態については何も言えません。")
}
