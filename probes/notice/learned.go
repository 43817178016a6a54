package notice

import (
	_ "embed"
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// The second reader. The rules say what each phrase means; beside them stands a reader that weighs all that is written
// around a question at once. It is a linear model over runs of characters (logistic regression, hashed features), trained
// on the texts of testdata: see train_test.go. It is asked whether a page announces anything, whether a failure is over,
// and of each time whether it is a bound; where it is sure enough, it overrules the rules.

// A question is one that the second reader was trained to answer.
type question int

const (
	announcesEvent question = iota // of a page: does it announce an outage or maintenance at all?
	announcesWork                  // of a page that announces one of them: is it maintenance?
	eventOver                      // of a page that announces one outage: is it over?
	boundStart                     // of a time: does a window start with it?
	boundEnd                       // of a time: does a window end with it?
	questions
)

// How sure the second reader has to be, in log-odds: 0 is one to one, 2 is seven to one. The figures were chosen on texts
// that the model was not trained on; the results change little from half to twice of each.
const (
	// minEvent is needed for any announcement: a false alarm is the worst error.
	minEvent = 0.5
	// minDoubt is needed for a notice that a person should look at.
	minDoubt = -1.5
	// sureEvent makes an announcement of what the rules take for none.
	sureEvent = 2
	// sureOver decides whether a failure is over.
	sureOver = 1.5
	// sureBound makes a bound of a time of which the rules make none.
	sureBound = 0
	// sureDrop, against both questions, drops what the rules take for a bound.
	sureDrop = 0.5
	// sureAlone does so where no time of the notice is a clear bound, that is, has at least clearBound, and behind labels
	// that say what a time is.
	sureAlone  = 3
	clearBound = 1
)

// bucketBits is the number of bits of a feature's hash; features share a weight where their hashes agree.
const bucketBits = 17

const buckets = 1 << bucketBits

// A model holds the weights for each question.
type model [questions]struct {
	bias    float32
	scale   float32 // of the weights
	weights [buckets]int8
}

//go:embed weights.bin
var weightsFile []byte

var learned = readModel(weightsFile)

// readModel reads the weights as train_test.go writes them: for each question its bias, its scale and a byte for each
// bucket. What a file that is too short lacks is left at zero.
func readModel(data []byte) *model {
	m := new(model)
	for q := range m {
		if len(data) < 8+buckets {
			break
		}
		m[q].bias = math.Float32frombits(binary.LittleEndian.Uint32(data))
		m[q].scale = math.Float32frombits(binary.LittleEndian.Uint32(data[4:]))
		for i, b := range data[8 : 8+buckets] {
			m[q].weights[i] = int8(b)
		}
		data = data[8+buckets:]
	}
	return m
}

// logOdds is the answer to a question: the logarithm of the odds that it is yes.
func (m *model) logOdds(q question, vector []feature) float64 {
	sum := float32(0)
	for _, f := range vector {
		sum += float32(m[q].weights[f.bucket]) * f.value
	}
	return float64(m[q].bias + sum*m[q].scale)
}

// A feature is something that a text has, with the value it counts with.
type feature struct {
	bucket uint32
	value  float32
}

// factValue is what a fact counts beside the runs, which together are a vector of length 1.
const factValue = 0.15

// features gathers what a question is answered by, as buckets.
type features struct {
	runs  []uint32 // runs of characters, as often as they occur
	facts []uint32 // what is known besides
}

// FNV-1a, over characters and not bytes.
const (
	hashSeed  = 2166136261
	hashPrime = 16777619
)

func hash(s string) uint32 {
	h := uint32(hashSeed)
	for _, r := range s {
		h = hashRune(h, r)
	}
	return h
}

// hashRune adds a character to a hash. Digits are all the same.
func hashRune(h uint32, r rune) uint32 {
	if r >= '0' && r <= '9' {
		r = '0'
	}
	return (h ^ uint32(r)) * hashPrime
}

func bucketOf(h uint32) uint32 { return (h ^ h>>bucketBits) % buckets }

// add adds the runs of up to n characters of a part of the text, told apart from those of other parts by its name.
func (f *features) add(part string, text []rune, n int) {
	seed := hash(part)
	for i := range text {
		h := seed
		for _, r := range text[i:min(len(text), i+n)] {
			h = hashRune(h, r)
			f.runs = append(f.runs, bucketOf(h))
		}
	}
}

// addFirst adds the runs with which a part begins.
func (f *features) addFirst(part string, text []rune) {
	h := hash(part)
	for _, r := range text {
		h = hashRune(h, r)
		f.runs = append(f.runs, bucketOf(h))
	}
}

func (f *features) fact(s string) {
	h := uint32(hashSeed)
	for _, r := range s {
		h = (h ^ uint32(r)) * hashPrime
	}
	f.facts = append(f.facts, bucketOf(h))
}

// vector returns the features: each run with the logarithm of how often it occurs.
func (f *features) vector() []feature {
	slices.Sort(f.runs)
	out := make([]feature, 0, len(f.runs)+len(f.facts))
	squares := 0.0
	for i := 0; i < len(f.runs); {
		j := i
		for j < len(f.runs) && f.runs[j] == f.runs[i] {
			j++
		}
		x := 1 + math.Log(float64(j-i))
		squares += float64(x * x)
		out = append(out, feature{f.runs[i], float32(x)})
		i = j
	}
	length := float32(math.Sqrt(squares))
	for i := range out {
		out[i].value /= length
	}
	for _, b := range f.facts {
		out = append(out, feature{b, factValue})
	}
	return out
}

const (
	// maxRun is the length of the longest run of a page, in characters.
	maxRun = 4
	// maxPage is how much of a page the second reader reads, in characters.
	maxPage = 20000
	// maxAround is how much of a line it reads on each side of a time, and of the lines above and below.
	maxAround = 120
	// maxWeighed is the number of times of a notice that it looks at. Real ones have a few dozen at most.
	maxWeighed = 200
)

// pageFeatures returns what the questions about a page are answered by.
func (p *parser) pageFeatures() []feature {
	var f features
	f.add("title ", cut([]rune(p.headline()), maxPage), maxRun)
	f.add("page ", squeezed(cut(p.src.runes, maxPage)), maxRun)
	return f.vector()
}

func cut(text []rune, n int) []rune { return text[:min(len(text), n)] }

// squeezed returns a text with one space, or line end, for each run of white space, and none at its start.
func squeezed(text []rune) []rune {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		switch {
		case r != ' ' && r != '\t' && r != '\n':
			out = append(out, r)
		case len(out) == 0:
		case out[len(out)-1] == '\n':
		case out[len(out)-1] != ' ' && out[len(out)-1] != '\t':
			out = append(out, r)
		case r == '\n':
			out[len(out)-1] = r
		}
	}
	return out
}

// A boundReader finds what the questions about the times of a notice are answered by.
type boundReader struct {
	p                   *parser
	kind                string
	title               []rune
	line                int // the one that those below are of
	above, below, label []rune
}

func (p *parser) boundReader(main eventKind) *boundReader {
	b := &boundReader{p: p, kind: "outage", line: -1, title: cut([]rune(p.headline()), maxAround)}
	if main == maintenance {
		b.kind = "maintenance"
	}
	return b
}

// features returns the features of mention i.
func (b *boundReader) features(i int) []feature {
	p, m := b.p, &b.p.mentions[i]
	ln := p.lines[m.line]
	if m.line != b.line {
		b.line, b.above, b.below, b.label = m.line, nil, nil, cut([]rune(ln.label), maxAround)
		if l := p.above(m.line); l != nil {
			b.above = p.tailOf(l.first, l.last)
		}
		if l := p.below(m.line); l != nil {
			b.below = p.headOf(l.first, l.last)
		}
	}
	form := "point"
	if m.isRange {
		form = "range"
	}
	shape, when := form, p.sincePublication(m)
	for _, x := range []struct {
		is   bool
		name string
	}{{m.a.hasDate, "d"}, {m.a.hasClock, "c"}, {m.since, "s"}, {m.until, "u"}, {m.open, "o"}, {m.deadline, "l"}} {
		if x.is {
			shape += x.name
		}
	}
	var f features
	f.fact("shape " + shape)
	f.fact("when " + when)
	f.fact("number " + string(rune('0'+min(i, 5))))
	f.fact("kind " + b.kind)
	f.fact("shape when " + shape + when)
	f.fact("kind shape when " + b.kind + shape + when)

	rs := p.src.runes
	from, to := p.toks[m.from].from, p.toks[m.to-1].to
	left, right := squeezed(rs[max(0, from-12):from]), squeezed(cut(rs[to:], 14))
	f.add("left ", left, 4)
	f.add("right ", right, 4)
	slices.Reverse(left)
	f.addFirst(form+" left ", left)
	f.addFirst(form+" right ", right)
	f.add("time ", cut(rs[from:to], maxAround), 3)
	f.add("before ", p.tailOf(ln.first, m.from), 3)
	f.add("behind ", p.headOf(m.to, ln.last), 3)
	f.add("above ", b.above, 3)
	f.add("below ", b.below, 3)
	f.add("label "+form, b.label, 3)
	f.add("headline ", b.title, 2)
	return f.vector()
}

// headOf returns the first characters of some tokens.
func (p *parser) headOf(from, to int) []rune {
	if from >= to {
		return nil
	}
	return squeezed(cut(p.src.runes[p.toks[from].from:p.toks[to-1].to], maxAround))
}

// tailOf returns the last characters of some tokens.
func (p *parser) tailOf(from, to int) []rune {
	if from >= to {
		return nil
	}
	end := p.toks[to-1].to
	return squeezed(p.src.runes[max(p.toks[from].from, end-maxAround):end])
}

// sincePublication says how far from the publication a time is that names its day.
func (p *parser) sincePublication(m *mention) string {
	if p.published.IsZero() || !m.a.hasDate {
		return "unknown"
	}
	r := &resolver{published: p.published, report: midnightOf(p.published), kind: outage}
	t, ok := r.when(m.a, either)
	if !ok {
		return "unknown"
	}
	for _, step := range []struct {
		before time.Duration
		name   string
	}{{-60 * day, "months ago"}, {-14 * day, "weeks ago"}, {-3 * day, "days ago"}, {-day, "the day before"}, {0, "before"},
		{day, "that day"}, {2 * day, "the next day"}, {14 * day, "days ahead"}, {60 * day, "weeks ahead"}} {
		if t.Sub(p.published) < step.before {
			return step.name
		}
	}
	return "months ahead"
}

// secondOpinion asks the second reader about the page, of which the rules make an event of some kind or none.
func (p *parser) secondOpinion(main eventKind) eventKind {
	page := p.pageFeatures()
	event := learned.logOdds(announcesEvent, page)
	p.sure = event > sureEvent && p.firstEvent >= 0
	p.overOdds = learned.logOdds(eventOver, page)
	least := minEvent
	if p.doubtful {
		least = minDoubt
	}
	switch {
	case event < least:
		return noEvent
	case main != noEvent || !p.sure:
		return main
	case learned.logOdds(announcesWork, page) > 0:
		return maintenance
	}
	return outage
}

// weigh asks the second reader about the times.
func (p *parser) weigh(main eventKind) {
	b := p.boundReader(main)
	p.clearest, p.datedClocks = math.Inf(-1), map[[2]int]bool{}
	for i := range p.readings[:min(len(p.readings), maxWeighed)] {
		rd := &p.readings[i]
		if rd.contextOnly {
			continue
		}
		vector := b.features(i)
		rd.starts, rd.ends = learned.logOdds(boundStart, vector), learned.logOdds(boundEnd, vector)
		if rd.a.hasDate && rd.a.hasClock {
			p.datedClocks[[2]int{rd.a.clock.hour, rd.a.clock.minute}] = true
		}
		p.clearest = max(p.clearest, rd.starts, rd.ends)
	}
}

// overrule returns the role of a time: that which the rules give it, or what the second reader is sure of.
func (p *parser) overrule(rd *reading, role role) role {
	bound := role == roleStart || role == roleWeak || role == roleEnd || role == roleExtend
	drop := sureDrop
	if label, _ := p.roleAt(rd.from); p.clearest < clearBound || label == labelStart || label == labelEnd || label == labelEndPlan {
		drop = sureAlone
	}
	if from, to := p.sentence(rd.from); role == roleIgnore && p.find(from, to, cReapply|cReserve|cCancel|cDeadline|cHours|cMeeting) {
		return role // who has to apply again, and the like, is no matter of weighing
	}
	if role == roleIgnore && rd.role == roleHope {
		return role // 復旧見込み
	}
	if role == roleReport && p.isWord(p.over(rd.to, kSpace), cNow|cAsOf) && rd.ends < sureBound {
		return role // 10時10分現在
	}
	switch {
	case bound && !rd.a.vague && rd.starts < -drop && rd.ends < -drop:
		return roleIgnore
	case rd.isRange:
		if !bound && rd.a.hasDate && rd.starts > sureBound && rd.ends > sureBound {
			return roleStart
		}
	case rd.a.dateOnly() && p.inTitle(rd.from):
	case role != roleStart && role != roleWeak && rd.starts > sureBound && rd.ends < 0 && (rd.a.hasDate || !p.datedClocks[[2]int{rd.a.clock.hour, rd.a.clock.minute}]):
		return roleStart
	case role != roleEnd && role != roleExtend && rd.ends > sureBound && rd.starts < 0:
		rd.dayEnd = rd.a.dateOnly()
		return roleEnd
	}
	return role
}
