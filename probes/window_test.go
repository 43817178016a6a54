package probes

import (
	"testing"
	"time"
)

func TestWindowCovers(t *testing.T) {
	start := time.Date(2025, 10, 30, 8, 50, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	end, known := at(60), at(20)
	for _, test := range []struct {
		name    string
		window  Window
		in, out []int // minutes from the start
	}{
		{"closed", Window{End: &end}, []int{0, 59}, []int{-1, 60, 1000}},
		{"open", Window{Opened: at(10)}, []int{0, 1_000_000}, []int{-1}},
		{"lapsed with an end", Window{End: &end, Lapsed: true}, []int{0, 59}, []int{60}},
		{"lapsed without one", Window{Opened: at(10), Lapsed: true}, []int{0, 10}, []int{-1, 11, 1_000_000}},
		{"lapsed, and known to have gone on", Window{Opened: at(10), EndNotBefore: &known, Lapsed: true}, []int{20}, []int{21}},
		{"lapsed, announced ahead", Window{Opened: at(-60), Lapsed: true}, []int{0}, []int{-1, 1}},
	} {
		test.window.Start = start
		may := map[int]bool{-1: false, 10: true, 1_000_000: test.window.End == nil && !test.window.Lapsed}
		for m, want := range may {
			if got := test.window.MayCover(at(m)); got != want {
				t.Errorf("%s: may cover %d minutes after its start: %v", test.name, m, got)
			}
		}
		for want, moments := range map[bool][]int{true: test.in, false: test.out} {
			for _, m := range moments {
				if got := test.window.Covers(at(m)); got != want {
					t.Errorf("%s: covers %d minutes after its start: %v", test.name, m, got)
				}
			}
		}
	}
}
