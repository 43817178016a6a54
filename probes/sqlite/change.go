package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"mynaprobe/probes"
)

// A Change is what one step of an observer alters. It is written whole or not at all.
type Change struct {
	// Windows replace those of the same ID.
	Windows []probes.Window
	// Removed are the IDs of windows that are no more: they became part of another one.
	Removed []string
	// Revisions are added; one that is already kept stays single.
	Revisions []probes.NoticeRevision
	// States replace those of the same key; nil deletes one.
	States map[string][]byte
	// Coverage replaces that of the same scope, name and hour.
	Coverage []probes.Coverage
}

func (c Change) empty() bool {
	return len(c.Windows)+len(c.Removed)+len(c.Revisions)+len(c.States)+len(c.Coverage) == 0
}

// record is a value as a row keeps it; without a body it is removed.
type record[T any] struct {
	value T
	body  []byte
}

// sum tells a body that was damaged on the disk from one that was not; SQLite itself checks structure, not content.
func sum(body []byte) int64 { return int64(crc32.ChecksumIEEE(body)) }

type coverageKey struct {
	scope probes.WindowScope
	name  string
	hour  int64 // Unix seconds
}

type revisionKey struct {
	probe, address, hash string
	change               probes.NoticeChange
	seen                 int64 // Unix milliseconds
}

func keyOfCoverage(c probes.Coverage) coverageKey {
	return coverageKey{c.Scope, c.Name, c.Hour.Unix()}
}

func keyOfRevision(r probes.NoticeRevision) revisionKey {
	return revisionKey{r.Probe, r.Item.Address, r.Item.Hash, r.Change, r.Seen.UnixMilli()}
}

// pending is what is still to be written, merged by key: only the last value of each counts.
type pending struct {
	windows   map[string]record[probes.Window]
	revisions map[revisionKey]record[probes.NoticeRevision]
	states    map[string][]byte
	coverage  map[coverageKey]probes.Coverage
}

func newPending() *pending {
	return &pending{
		windows:   map[string]record[probes.Window]{},
		revisions: map[revisionKey]record[probes.NoticeRevision]{},
		states:    map[string][]byte{},
		coverage:  map[coverageKey]probes.Coverage{},
	}
}

func (p *pending) clone() *pending {
	return &pending{maps.Clone(p.windows), maps.Clone(p.revisions), maps.Clone(p.states), maps.Clone(p.coverage)}
}

func (p *pending) len() int {
	return len(p.windows) + len(p.revisions) + len(p.states) + len(p.coverage)
}

// pendingOf encodes a change. A change that cannot be encoded is refused as a whole, before anything is written.
func pendingOf(c Change) (*pending, error) {
	p := newPending()
	for _, w := range c.Windows {
		if w.ID == "" {
			return nil, fmt.Errorf("window of %s %s has no ID", w.Scope, w.Name)
		}
		body, err := json.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("window %s: %w", w.ID, err)
		}
		p.windows[w.ID] = record[probes.Window]{w, body}
	}
	for _, id := range c.Removed {
		p.windows[id] = record[probes.Window]{}
	}
	for _, r := range c.Revisions {
		body, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("revision of notice %s: %w", r.Item.Address, err)
		}
		p.revisions[keyOfRevision(r)] = record[probes.NoticeRevision]{r, body}
	}
	for key, state := range c.States {
		p.states[key] = bytes.Clone(state)
	}
	for _, c := range c.Coverage {
		p.coverage[keyOfCoverage(c)] = c
	}
	return p, nil
}

// add puts newer values over older ones.
func (p *pending) add(newer *pending) {
	maps.Copy(p.windows, newer.windows)
	maps.Copy(p.revisions, newer.revisions)
	maps.Copy(p.states, newer.states)
	maps.Copy(p.coverage, newer.coverage)
}

// bound drops what is over the limit of each kind, the oldest first, and returns how much that was. Open windows and states are
// never dropped: there are as many as there are probes.
func (p *pending) bound(limit int) int {
	return dropOldest(p.windows, limit, func(r record[probes.Window]) (time.Time, bool) {
		return r.value.Start, r.body != nil && !r.value.Open()
	}) +
		dropOldest(p.revisions, limit, func(r record[probes.NoticeRevision]) (time.Time, bool) { return r.value.Seen, true }) +
		dropOldest(p.coverage, limit, func(c probes.Coverage) (time.Time, bool) { return c.Hour, true })
}

func dropOldest[K comparable, V any](values map[K]V, limit int, age func(V) (at time.Time, droppable bool)) int {
	if len(values) <= limit {
		return 0
	}
	keys := make([]K, 0, len(values))
	for key, value := range values {
		if _, droppable := age(value); droppable {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b K) int {
		first, _ := age(values[a])
		second, _ := age(values[b])
		return first.Compare(second)
	})
	keys = keys[:min(len(keys), len(values)-limit)]
	for _, key := range keys {
		delete(values, key)
	}
	return len(keys)
}

// subtract takes out what was written, unless it has changed since.
func (p *pending) subtract(written *pending) {
	for id, r := range written.windows {
		if now := p.windows[id].body; (now == nil) == (r.body == nil) && bytes.Equal(now, r.body) {
			delete(p.windows, id)
		}
	}
	for key, r := range written.revisions {
		if bytes.Equal(p.revisions[key].body, r.body) {
			delete(p.revisions, key)
		}
	}
	for key, state := range written.states {
		now, ok := p.states[key]
		if ok && (now == nil) == (state == nil) && bytes.Equal(now, state) {
			delete(p.states, key)
		}
	}
	for key, c := range written.coverage {
		if p.coverage[key] == c {
			delete(p.coverage, key)
		}
	}
}
