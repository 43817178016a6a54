package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mynaprobe/probes"
)

// A Filter picks windows and revisions.
type Filter = probes.WindowFilter

// A Reader reads a state file, also while a server writes to it.
type Reader struct {
	path string
	db   *sql.DB
}

// OpenReadOnly opens a state file for reading alone. It never changes it; the error says so when there is none, when it is
// damaged, or when a newer version wrote it (ErrNewer).
func OpenReadOnly(path string) (*Reader, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("state file %s does not exist: no server has kept its windows there yet: %w", path, err)
	} else if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	options := [][]string{{"mode=ro"}}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		// Beside a file in a directory that cannot be written, SQLite cannot make what it needs to share it; with
		// nothing in the log the file alone is complete.
		options = append(options, []string{"mode=ro", "immutable=1"})
	}
	var last error
	for _, o := range options {
		db, err := sql.Open("sqlite", name(path, o...))
		if err != nil {
			return nil, explain(path, err)
		}
		db.SetMaxOpenConns(4)
		version, err := checkHeader(context.Background(), db, path)
		if err == nil && version == 0 {
			err = fmt.Errorf("state file %s is empty: no server has kept its windows there yet", path)
		}
		if err == nil {
			return &Reader{path: path, db: db}, nil
		}
		last = errors.Join(err, db.Close())
	}
	if errors.Is(last, ErrNewer) || errors.Is(last, ErrForeign) {
		return nil, last
	}
	return nil, explain(path, last)
}

// Close closes the file.
func (r *Reader) Close() error { return r.db.Close() }

// Windows returns the windows that the filter picks, by start.
func (r *Reader) Windows(ctx context.Context, f Filter) ([]probes.Window, error) {
	return read(ctx, r, nil, func(tx *sql.Tx, none *pending) ([]probes.Window, error) { return windows(ctx, tx, none, f) })
}

// Revisions returns the revisions of notices that the filter picks, in the order in which they were seen.
func (r *Reader) Revisions(ctx context.Context, f Filter) ([]probes.NoticeRevision, error) {
	return read(ctx, r, nil, func(tx *sql.Tx, none *pending) ([]probes.NoticeRevision, error) {
		return revisions(ctx, tx, none, f)
	})
}

// Coverage returns the hours of a probe or a flow that start from one moment up to another, in order; those of all when
// scope or name is empty.
func (r *Reader) Coverage(ctx context.Context, scope probes.WindowScope, name string, from, to time.Time) ([]probes.Coverage, error) {
	return read(ctx, r, nil, func(tx *sql.Tx, none *pending) ([]probes.Coverage, error) {
		return coverage(ctx, tx, none, scope, name, from, to)
	})
}

// Windows returns the windows that the filter picks, by start; those that wait to be written included.
func (s *Store) Windows(ctx context.Context, f Filter) ([]probes.Window, error) {
	return read(ctx, nil, s, func(tx *sql.Tx, p *pending) ([]probes.Window, error) { return windows(ctx, tx, p, f) })
}

// Revisions returns the revisions of notices that the filter picks, in the order in which they were seen; those that wait to
// be written included.
func (s *Store) Revisions(ctx context.Context, f Filter) ([]probes.NoticeRevision, error) {
	return read(ctx, nil, s, func(tx *sql.Tx, p *pending) ([]probes.NoticeRevision, error) { return revisions(ctx, tx, p, f) })
}

// Coverage returns the hours of a probe or a flow that start from one moment up to another, in order; those that wait to be
// written included.
func (s *Store) Coverage(ctx context.Context, scope probes.WindowScope, name string, from, to time.Time) ([]probes.Coverage, error) {
	return read(ctx, nil, s, func(tx *sql.Tx, p *pending) ([]probes.Coverage, error) {
		return coverage(ctx, tx, p, scope, name, from, to)
	})
}

// Load returns all that is kept and of use at a start: windows by start, the states of observers by key, and revisions in
// the order in which they were seen. From a file that could not be opened it returns nothing, and no error: Writable is false then.
func (s *Store) Load(ctx context.Context) (all []probes.Window, states map[string][]byte, seen []probes.NoticeRevision, err error) {
	type loaded struct {
		windows   []probes.Window
		states    map[string][]byte
		revisions []probes.NoticeRevision
	}
	l, err := read(ctx, nil, s, func(tx *sql.Tx, p *pending) (l loaded, err error) {
		if l.windows, err = windows(ctx, tx, p, Filter{}); err != nil {
			return l, err
		}
		if l.revisions, err = revisions(ctx, tx, p, Filter{}); err != nil {
			return l, err
		}
		l.states, err = statesOf(ctx, tx, p)
		return l, err
	})
	return l.windows, l.states, l.revisions, err
}

// read runs a query on one snapshot of the file, and on what a store has pending at that same moment.
func read[T any](ctx context.Context, r *Reader, s *Store, query func(*sql.Tx, *pending) (T, error)) (result T, err error) {
	waiting := newPending()
	if s != nil {
		s.mu.RLock()
		r, waiting = s.reader, s.pending.clone()
		if r == nil {
			s.mu.RUnlock()
			return query(nil, waiting)
		}
	}
	tx, err := snapshot(ctx, r.db)
	if s != nil {
		s.mu.RUnlock()
	}
	if err != nil {
		return result, explain(r.path, err)
	}
	defer tx.Rollback()
	if result, err = query(tx, waiting); err != nil {
		return result, explain(r.path, err)
	}
	return result, nil
}

// snapshot begins a transaction and reads once, which is what fixes the state that it sees.
func snapshot(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	var ignored int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&ignored); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// collect runs a query and scans each of its rows; without a file there are none.
func collect(ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) error {
	if tx == nil {
		return nil
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func windows(ctx context.Context, tx *sql.Tx, waiting *pending, f Filter) ([]probes.Window, error) {
	query, args := "SELECT id, body FROM windows WHERE 1", []any{}
	where := func(set bool, condition string, values ...any) {
		if set {
			query += " AND " + condition
			args = append(args, values...)
		}
	}
	// The milliseconds of the columns find; Filter.Matches decides.
	where(f.Flow != "", "flow = ?", f.Flow)
	where(f.Probe != "", "name = ?", f.Probe)
	where(f.Source != "", "source = ?", string(f.Source))
	where(f.Open, "open")
	where(!f.Until.IsZero(), "first <= ?", f.Until.UnixMilli())
	where(!f.Since.IsZero(), "(last IS NULL OR last >= ?)", f.Since.UnixMilli())
	where(!f.At.IsZero(), "first <= ? AND (last IS NULL OR last >= ?)", f.At.UnixMilli(), f.At.UnixMilli())
	var found []probes.Window
	err := collect(ctx, tx, func(rows *sql.Rows) error {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if _, newer := waiting.windows[id]; newer {
			return nil
		}
		var w probes.Window
		if err := json.Unmarshal(body, &w); err != nil {
			return fmt.Errorf("window %s: %w", id, err)
		}
		if f.Matches(w) {
			found = append(found, w)
		}
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting.windows {
		if r.body != nil && f.Matches(r.value) {
			found = append(found, r.value)
		}
	}
	slices.SortFunc(found, func(a, b probes.Window) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func revisions(ctx context.Context, tx *sql.Tx, waiting *pending, f Filter) ([]probes.NoticeRevision, error) {
	var found []probes.NoticeRevision
	err := collect(ctx, tx, func(rows *sql.Rows) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		var r probes.NoticeRevision
		if err := json.Unmarshal(body, &r); err != nil {
			return fmt.Errorf("notice revision: %w", err)
		}
		if _, newer := waiting.revisions[keyOfRevision(r)]; !newer && f.MatchesRevision(r) {
			found = append(found, r)
		}
		return nil
	}, "SELECT body FROM revisions WHERE ? IN ('', probe) ORDER BY seen, seq", f.Probe)
	if err != nil {
		return nil, err
	}
	for _, r := range waiting.revisions {
		if f.MatchesRevision(r.value) {
			found = append(found, r.value)
		}
	}
	slices.SortStableFunc(found, func(a, b probes.NoticeRevision) int {
		return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.Probe, b.Probe), cmp.Compare(a.Item.Address, b.Item.Address))
	})
	return found, nil
}

func statesOf(ctx context.Context, tx *sql.Tx, waiting *pending) (map[string][]byte, error) {
	states := map[string][]byte{}
	err := collect(ctx, tx, func(rows *sql.Rows) error {
		var key string
		value := []byte{}
		if err := rows.Scan(&key, &value); err != nil {
			return err
		}
		states[key] = value
		return nil
	}, "SELECT key, value FROM states")
	if err != nil {
		return nil, err
	}
	for key, state := range waiting.states {
		if state == nil {
			delete(states, key)
		} else {
			states[key] = slices.Clone(state)
		}
	}
	return states, nil
}

func coverage(ctx context.Context, tx *sql.Tx, waiting *pending, scope probes.WindowScope, name string, from, to time.Time) ([]probes.Coverage, error) {
	var found []probes.Coverage
	err := collect(ctx, tx, func(rows *sql.Rows) error {
		var c probes.Coverage
		var hour int64
		var up, degraded, maintenance, down, unknown float64
		if err := rows.Scan(&c.Scope, &c.Name, &hour, &up, &degraded, &maintenance, &down, &unknown); err != nil {
			return err
		}
		c.Hour, c.Up, c.Degraded = time.Unix(hour, 0).UTC(), toSeconds(up), toSeconds(degraded)
		c.Maintenance, c.Down, c.Unknown = toSeconds(maintenance), toSeconds(down), toSeconds(unknown)
		if _, newer := waiting.coverage[keyOfCoverage(c)]; !newer {
			found = append(found, c)
		}
		return nil
	}, "SELECT scope, name, hour, up, degraded, maintenance, down, unknown FROM coverage WHERE (?1 = '' OR scope = ?1) AND (?2 = '' OR name = ?2) AND hour >= ?3 AND hour < ?4",
		string(scope), name, from.Unix(), to.Unix())
	if err != nil {
		return nil, err
	}
	for key, c := range waiting.coverage {
		if (scope == "" || key.scope == scope) && (name == "" || key.name == name) && key.hour >= from.Unix() && key.hour < to.Unix() {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b probes.Coverage) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), a.Hour.Compare(b.Hour))
	})
	return found, nil
}

func toSeconds(s float64) probes.Seconds { return probes.Seconds(s * float64(time.Second)) }
