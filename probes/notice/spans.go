package notice

import (
	"cmp"
	"slices"
)

// spans lists what was understood: the bounds of windows, other times, and the words that tell of the event.
func (p *parser) spans(windows []window) []Span {
	var out []Span
	add := func(from, to int, role string) {
		from, to = trimmed(p.src.runes, from, to)
		if from < to {
			out = append(out, Span{p.src.from[from], p.src.to[to-1], role})
		}
	}
	for _, w := range windows {
		if w.hasStart {
			add(w.startFrom, w.startTo, "start")
		}
		if w.hasEnd {
			add(w.endFrom, w.endTo, "end")
		}
	}
	for i := range p.readings {
		m := p.readings[i].mention
		add(p.toks[m.from].from, p.toks[m.to-1].to, "ignored")
	}
	for _, t := range p.toks {
		if t.kind == kWord && t.is(cTrouble|cMaint|cStop|cCant|cRecover|cResume|cFinish|cHappen|cOngoing|cUnknown|cCancel) {
			add(t.from, t.to, "state")
		}
	}
	slices.SortStableFunc(out, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return disjoint(out)
}

// rank orders roles by how much they say.
func rank(role string) int { return slices.Index([]string{"start", "end", "state", "ignored"}, role) }

// disjoint keeps of overlapping spans the one that says more.
func disjoint(in []Span) []Span {
	var out []Span
	for _, s := range in {
		for len(out) > 0 && s.From < out[len(out)-1].To && rank(s.Role) < rank(out[len(out)-1].Role) {
			out = out[:len(out)-1]
		}
		if len(out) > 0 && s.From < out[len(out)-1].To {
			continue
		}
		out = append(out, s)
	}
	return out
}
