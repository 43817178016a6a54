package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"mynaprobe/probes"
)

// blindKey is the key of the state of the reference probes together. It is no probe's name.
const blindKey = "*references"

// savedProbe is the state of a probe as it is kept.
type savedProbe struct {
	Good int `json:"good"`
	Text int `json:"text"`
	// Print identifies what the definition looked for: good runs of another definition prove nothing.
	Print string `json:"print"`
}

// savedReferences is the state of the reference probes as it is kept.
type savedReferences struct {
	LastGood      time.Time      `json:"last_good,omitzero"`
	LastGoodStart time.Time      `json:"last_good_start,omitzero"`
	LastBad       time.Time      `json:"last_bad,omitzero"`
	Spell         *probes.Window `json:"spell,omitempty"`
}

// Blind returns the current blind spell, or the latest when we can see, and whether one is open. The window is zero when
// there was none. It has no ID and no location: whoever keeps windows gives it both.
func (j *Judge) Blind() (w probes.Window, blind bool) {
	if j.refs.spell != nil {
		w = *j.refs.spell
	}
	return w, j.refs.blind()
}

// Spells returns the blind spells that began or ended since the last call, each as it was after that.
func (j *Judge) Spells() []probes.Window {
	spells := j.refs.spells
	j.refs.spells = nil
	return spells
}

// States returns what must outlive the process, as far as it changed since the last call: opaque, by a key that is the
// probe's name or one of its own. Losing some of it makes a redesign look like an outage for 20 runs, and nothing worse.
func (j *Judge) States() map[string][]byte {
	if len(j.dirty) == 0 && !j.refs.dirty {
		return nil
	}
	states := map[string][]byte{}
	for _, m := range j.dirty {
		m.dirty = false
		if j.probes[m.probe.Name] != m {
			continue // it left the definitions since
		}
		if m.print == "" {
			m.print = fingerprint(m.probe)
		}
		m.savedGood, m.savedText = m.good, m.text
		states[m.probe.Name] = mustJSON(savedProbe{Good: m.good, Text: m.text, Print: m.print})
	}
	j.dirty = nil
	if j.refs.dirty {
		j.refs.dirty = false
		states[blindKey] = mustJSON(savedReferences{
			LastGood: j.refs.lastGood, LastGoodStart: j.refs.lastGoodStart, LastBad: j.refs.lastBad, Spell: j.refs.spell,
		})
	}
	return states
}

// differs reports whether a text's length moved enough to be worth keeping: pages with a clock on them change every time.
func differs(a, b int) bool {
	return 8*max(a-b, b-a) > b
}

// Restore takes back what States returned in an earlier process. States of probes that are gone, or that look for
// something else now, are ignored. Its error names states that could not be read; all others were taken.
func (j *Judge) Restore(states map[string][]byte) error {
	var failed error
	for name, data := range states {
		if name == blindKey {
			var s savedReferences
			if err := json.Unmarshal(data, &s); err != nil {
				failed = fmt.Errorf("state of the reference probes: %w", err)
				continue
			}
			j.refs.lastGood, j.refs.lastGoodStart, j.refs.lastBad, j.refs.spell = s.LastGood, s.LastGoodStart, s.LastBad, s.Spell
			// References may have left the definitions while we were dead.
			if j.refs.none() && j.refs.blind() {
				j.refs.end(later(s.LastBad, s.Spell.Start), s.LastBad)
			}
			continue
		}
		m := j.probes[name]
		if m == nil {
			continue
		}
		var s savedProbe
		if err := json.Unmarshal(data, &s); err != nil {
			failed = fmt.Errorf("judge's state of probe %q: %w", name, err)
			continue
		}
		if m.print == "" {
			m.print = fingerprint(m.probe)
		}
		if s.Print == m.print {
			m.good, m.text, m.savedGood, m.savedText = s.Good, s.Text, s.Good, s.Text
		}
	}
	return failed
}

// fingerprint identifies what a definition looks for.
func fingerprint(p probes.Probe) string {
	data, err := json.Marshal([]any{p.Kind, p.HTTP, p.Browser, p.Notice})
	if err != nil { // an expected JSON value that JSON cannot hold, such as .nan
		data = []byte(p.Source)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// mustJSON encodes values of our own types, which always encode.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("judge: encoding state: %v", err))
	}
	return data
}
