package portal_test

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes/portal"
)

const head = `title: test
length: 10m
site: { name: 試験ポータル, service: 試験カード }
flow: { name: test, services: [試験カード], critical: [portal] }
`

func TestBadScriptsAreRefusedWithTheirLine(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"empty", "", "x.yaml: the script is empty"},
		{"no YAML", "title: [", "x.yaml:1: did not find expected node content"},
		{"two documents", head + "---\n" + head, "a script is one YAML document"},
		{"unknown key", head + "event: []", `x.yaml:5: unknown key "event"`},
		{"unknown key of an event", head + "events:\n  - { at: 1m, say: s, stage: { } }", `x.yaml:6: unknown key "stage"`},
		{"wrong type", head + "hidden: apply", "x.yaml:5: value `apply` is of the wrong type here"},
		{"no title", strings.Replace(head, "title: test", "about: x", 1), "title is missing"},
		{"no site", strings.Replace(head, "service", "name2", 1), `unknown key "name2"`},
		{"empty site", strings.Replace(head, "試験ポータル", `""`, 1), "site needs a name and a service"},
		{"no services", strings.Replace(head, "services: [試験カード], ", "", 1), "flow needs a name, services and critical stages"},
		{"unknown critical stage", strings.Replace(head, "[portal]", "[portals]", 1), `unknown stage "portals" (there are [portal login`},
		{"no length", strings.Replace(head, "length: 10m\n", "", 1), "length and every must be longer than nothing"},
		{"bad length", strings.Replace(head, "10m", "10 minutes", 1), `x.yaml:2: length: "10 minutes" is no duration`},
		{"bad start", head + "start: yesterday", `x.yaml:5: start "yesterday" is no time`},
		{"absolute without start", head + "events:\n  - { at: 2025-10-30T08:50:00+09:00, say: s }", "x.yaml:6: 2025-10-30T08:50:00+09:00 is absolute, and the script has no start"},
		{"no moment", head + "events:\n  - { say: s }", "event 1 has no at"},
		{"nothing said", head + "events:\n  - { at: 1m }", "x.yaml:6: say is missing"},
		{"out of order", head + "events:\n  - { at: 2m, say: s }\n  - { at: 1m, say: s }", "x.yaml:7: this event comes before the one above it"},
		{"too late", head + "events:\n  - { at: 20m, say: s }", "x.yaml:6: this event is outside of the script"},
		{"unknown stage", head + "events:\n  - { at: 1m, say: s, stages: { aply: hang } }", `x.yaml:6: unknown stage "aply"`},
		{"unknown state", head + "events:\n  - at: 1m\n    say: s\n    stages:\n      apply: hung", `x.yaml:9: unknown state "hung" (there are [blocked`},
		{"state of another stage", head + "events:\n  - { at: 1m, say: s, stages: { faq: provisional } }", `state "provisional" is for [apply], not for "faq"`},
		{"refused in part", head + "events:\n  - { at: 1m, say: s, stages: { faq: refused } }", `state "refused" is for [all], not for "faq"`},
		{"unknown key of a condition", head + "events:\n  - { at: 1m, say: s, stages: { faq: { state: hang, delai: 1s } } }", `"delai" does not go with the state "hang"`},
		{"key of another state", head + "events:\n  - { at: 1m, say: s, stages: { faq: { state: hang, delay: 1s } } }", `"delay" does not go with the state "hang"`},
		{"no delay", head + "events:\n  - { at: 1m, say: s, stages: { faq: slow } }", "slow needs a delay"},
		{"good status", head + "events:\n  - { at: 1m, say: s, stages: { faq: { state: status, status: 200 } } }", `"200" is no status of an error`},
		{"notice without text", head + "notices:\n  - { id: a, title: b }", `x.yaml:6: notice "a" needs a title and a text`},
		{"notice with a bad id", head + "notices:\n  - { id: a/b, title: b, text: c }", "x.yaml:6: a notice needs an id that can stand in an address"},
		{"notice twice", head + "notices:\n  - { id: a, title: b, text: c }\n  - { id: a, title: b, text: c }", `x.yaml:7: there is a notice "a" already`},
		{"edit of nothing", head + "events:\n  - { at: 1m, say: s, edit: [{ id: a, title: b, text: c }] }", `x.yaml:6: there is no notice "a" to edit at this moment`},
		{"edit with a date", head + "notices:\n  - { id: a, title: b, text: c }\nevents:\n  - { at: 1m, say: s, edit: [{ id: a, at: 0s, title: b, text: c }] }", "an edited notice keeps its date"},
		{"withdrawal of nothing", head + "events:\n  - { at: 1m, say: s, withdraw: [a] }", `x.yaml:6: there is no notice "a" to withdraw at this moment`},
		{"bad template", head + "notices:\n  - { id: a, title: b, text: '{{at 5}}' }", `notice "a": template`},
		{"bad template moment", head + "notices:\n  - { id: a, title: b, text: '{{at \"soon\" \"15時\"}}' }", `"soon" is no duration`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := portal.LoadScript("x.yaml", []byte(c.script))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAllErrorsAreToldAtOnce(t *testing.T) {
	_, err := portal.LoadScript("x.yaml", []byte(head+"events:\n  - { at: 1x, say: s }\n  - { at: 2m, stages: { aply: hang } }"))
	for _, want := range []string{`x.yaml:6: at: "1x"`, "x.yaml:7: say is missing", `x.yaml:7: unknown stage "aply"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
}

func TestUnknownBundledScriptNamesThoseThereAre(t *testing.T) {
	if _, err := portal.Bundled("nothing"); err == nil || !strings.Contains(err.Error(), "iphone-2025-10-30") {
		t.Error(err)
	}
}

func TestReplaysKeepTheirOwnTimes(t *testing.T) {
	script, err := portal.Bundled("iphone-2025-10-30")
	if err != nil {
		t.Fatal(err)
	}
	p := portal.New(script, portal.Options{})
	begin := time.Date(2025, 10, 30, 8, 50, 0, 0, start.Location())
	if got := p.Phase(begin.Add(-time.Second)); got != "before" {
		t.Errorf("just before: %q", got)
	}
	if got := p.Phase(begin); got != "P0" {
		t.Errorf("at 08:50: %q", got)
	}
	spells := p.Spells()
	end := time.Date(2025, 10, 31, 18, 50, 0, 0, start.Location())
	if len(spells) != 2 || !spells[0].From.Equal(begin) || !spells[1].To.Equal(end) || !spells[0].Hidden || !spells[1].Hidden {
		t.Errorf("spells: %+v", spells)
	}
}
