package noticeprobe_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/portal"
)

// The notices of the scripts that ship must say to our own reader what the scripts mean, and those of the harmless
// changes nothing.
func TestNoticesOfTheBundledScripts(t *testing.T) {
	iphone := []string{"outage ongoing 10-30 08:50 -", "outage resolved 10-30 08:50 10-31 18:50"}
	android := []string{"outage ongoing 10-31 07:30 -", "outage resolved 10-31 07:30 10-31 13:00"}
	want := map[string][]string{
		"demo":                    {"outage ongoing 04-01 09:00 -", "outage resolved 04-01 09:00 04-01 09:01"},
		"iphone-2025-10-30":       slices.Concat(iphone, android),
		"android-2025-10-31":      slices.Concat(iphone, android),
		"myna-backend-2025-12-06": {"maintenance scheduled 12-06 22:00 12-08 06:00"},
		"myna-backend-2025-12-31": {"maintenance scheduled 12-31 22:00 01-02 03:00"},
	}
	for _, name := range portal.BundledNames() {
		script, err := portal.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		begin := script.Start
		if begin.IsZero() {
			begin = time.Date(2026, 4, 1, 9, 0, 0, 0, jst)
		}
		p := portal.New(script, portal.Options{Start: begin})
		clock := probes.NewVirtualClock(p.Start())
		runner := watch(t, p, clock, probes.Notice{URL: base + "/info/", MinItems: 1, Follow: true, MaxPages: 20})
		var got []string
		for _, event := range p.Timeline() {
			clock.Set(event.At.Add(time.Second))
			for _, item := range runner.Run(t.Context()).Notice.Items {
				if item.Unparsed {
					t.Errorf("%s: unparsed: %s", name, item.Text)
				}
				for _, a := range item.Announcements {
					if len(a.Windows) == 0 {
						got = append(got, fmt.Sprint(a.Kind, " ", a.State))
					}
					for _, w := range a.Windows {
						end := "-"
						if w.End != nil {
							end = w.End.In(jst).Format("01-02 15:04")
						}
						got = append(got, fmt.Sprint(a.Kind, " ", a.State, " ", w.Start.In(jst).Format("01-02 15:04"), " ", end))
					}
				}
			}
		}
		slices.Sort(got)
		got = slices.Compact(got)
		expected := slices.Sorted(slices.Values(want[name]))
		if !slices.Equal(got, expected) {
			t.Errorf("%s: the notices say\n\t%s\nwant\n\t%s", name, strings.Join(got, "\n\t"), strings.Join(expected, "\n\t"))
		}
	}
}
