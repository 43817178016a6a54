package notice

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestOverrule(t *testing.T) {
	dated := func(starts, ends float64) *reading {
		return &reading{mention: &mention{a: point{hasDate: true, hasClock: true}}, starts: starts, ends: ends}
	}
	span := func(starts, ends float64) *reading {
		rd := dated(starts, ends)
		rd.isRange = true
		return rd
	}
	clock := func(starts float64) *reading {
		return &reading{mention: &mention{a: point{hasClock: true, clock: clock{hour: 8}}}, starts: starts, ends: -3}
	}
	hoped := dated(-3, 3)
	hoped.role = roleHope
	vague := dated(-5, -5)
	vague.a.vague = true
	for _, c := range []struct {
		name     string
		rd       *reading
		role     role
		clearest float64
		want     role
	}{
		{"a start that is none", dated(-1, -1), roleStart, 3, roleIgnore},
		{"an end that is none", dated(-1, -1), roleEnd, 3, roleIgnore},
		{"a span that is none", span(-1, -1), roleStart, 3, roleIgnore},
		{"half of a span", span(-1, 0), roleStart, 3, roleStart},
		{"a start that is doubted where nothing is clear", dated(-2, -2), roleStart, 0, roleStart},
		{"a start that is none where nothing is clear", dated(-4, -4), roleStart, 0, roleIgnore},
		{"an hour without a time of day", vague, roleStart, 3, roleStart},
		{"a time that is a start", dated(1, -1), roleNone, 3, roleStart},
		{"a time that is an end", dated(-1, 1), roleReport, 3, roleEnd},
		{"a start that is an end", dated(-1, 1), roleStart, 3, roleEnd},
		{"an end that is a start", dated(1, -1), roleEnd, 3, roleStart},
		{"a time that may be either", dated(1, 1), roleNone, 3, roleNone},
		{"a span that is a window", span(1, 1), roleNone, 3, roleStart},
		{"a span of which one end is clear", span(1, -1), roleNone, 3, roleNone},
		{"an end that is hoped for", hoped, roleIgnore, 3, roleIgnore},
		{"an hour without a day", clock(1), roleNone, 3, roleStart},
	} {
		p := newParser("障害", time.Time{})
		p.clearest = c.clearest
		p.datedClocks = map[[2]int]bool{}
		if got := p.overrule(c.rd, c.role); got != c.want {
			t.Errorf("%s: role %d, want %d", c.name, got, c.want)
		}
	}
	p := newParser("障害", time.Time{})
	p.clearest, p.datedClocks = 3, map[[2]int]bool{{8, 0}: true}
	if got := p.overrule(clock(1), roleNone); got != roleNone {
		t.Errorf("an hour that is told with its day elsewhere: role %d", got)
	}
	p = newParser("10月30日8時50分頃から22時頃までの間に申請された方は、再申請が必要です。", time.Time{})
	p.clearest, p.datedClocks = 3, map[[2]int]bool{}
	if got := p.overrule(span(3, 3), roleIgnore); got != roleIgnore {
		t.Errorf("the days of those who have to apply again: role %d", got)
	}
}

func TestFeaturesDoNotDependOnNotation(t *testing.T) {
	vector := func(text string) []feature {
		return newParser(text, time.Time{}).pageFeatures()
	}
	want := vector("障害のお知らせ\n10月30日 8:50に発生")
	for _, text := range []string{"　障害のお知らせ\r\n　１０月３０日　８：５０に発生", "障害のお知らせ\n\n10月30日  8:50に発生", "障害のお知らせ\n12月11日 9:12に発生"} {
		if got := vector(text); !slices.Equal(got, want) {
			t.Errorf("%q has other features", text)
		}
	}
	if slices.Equal(vector("障害のお知らせ\n10月30日 8:50に復旧"), want) {
		t.Error("another word gives the same features")
	}
}

func TestReadModel(t *testing.T) {
	data := make([]byte, 8+buckets)
	data[3], data[2] = 0x3f, 0x80 // 1.0
	data[7] = 0x40                // 2.0
	data[8+5] = 0xff              // -1
	m := readModel(data)
	if got := m.logOdds(announcesEvent, []feature{{5, 0.5}}); math.Abs(got-0) > 1e-6 {
		t.Errorf("log-odds %v, want 1 - 2*0.5", got)
	}
	if got := m.logOdds(boundEnd, []feature{{5, 0.5}}); got != 0 {
		t.Errorf("a question that the file lacks has log-odds %v", got)
	}
}
