package metrics

import (
	"testing"
	"time"

	"mynaprobe/probes"
)

func TestAStartThatIsGivenIsShown(t *testing.T) {
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	of := func(start *time.Time) ActiveNotice { return ActiveNotice{Kind: probes.AnnouncedOutage, Start: start} }
	for name, active := range map[string][]ActiveNotice{
		"the earlier one":          {of(&late), of(&early)},
		"before one without start": {of(nil), of(&early), of(nil)},
	} {
		if got := currentOrNext(active).Start; got != &early {
			t.Errorf("%s: %v, want %v", name, got, early)
		}
	}
	if got := currentOrNext([]ActiveNotice{of(nil)}).Start; got != nil {
		t.Errorf("a start was made up: %v", got)
	}
}
