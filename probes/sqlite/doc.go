// Package sqlite keeps outage windows, the revisions of notices, the state of observers and the coverage of time in one
// SQLite file, so that they outlive the process.
// It decides nothing about windows: what a result changes is worked out elsewhere and handed over as a Change, and what the
// state of an observer means is known to that observer alone.
package sqlite
