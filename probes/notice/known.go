package notice

import (
	"slices"
	"strings"
	"time"

	"mynaprobe/probes"
)

// ParseFor is Parse for a reader who knows some services by name: those that the notice says are affected are among the
// announcement's services, also where the sentence is not built so that a name could be told from the words around it.
// A name in a sentence that only says it is not affected does not count.
func ParseFor(text string, published time.Time, names []string) []probes.Announcement {
	p := newParser(text, published)
	if p == nil {
		return []probes.Announcement{}
	}
	announcements := p.run().Announcements
	for _, name := range names {
		name = Fold(name)
		if name == "" || !p.affected(name) {
			continue
		}
		for i := range announcements {
			if !slices.Contains(announcements[i].Services, name) {
				announcements[i].Services = append(announcements[i].Services, name)
			}
		}
	}
	return announcements
}

// affected reports whether the headline, or a sentence about trouble or maintenance, speaks of the name.
func (p *parser) affected(name string) bool {
	found := false
	p.sentences(func(from, to int) {
		if found || !strings.Contains(p.src.folded(p.toks[from].from, p.toks[to-1].to), name) {
			return
		}
		found = p.inTitle(from) ||
			!p.survey(from, to).quiet && p.find(from, to, cTrouble|cTroubleW|cMaint|cStop|cCant|cRecover|cHappen)
	})
	return found
}
