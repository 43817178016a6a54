package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mynaprobe/probes"
)

// write puts everything pending into the transaction, in the order of the keys, so that neighbours share pages.
func (p *pending) write(ctx context.Context, tx *sql.Tx) error {
	for _, write := range []func(context.Context, *sql.Tx) error{p.writeWindows, p.writeRevisions, p.writeStates, p.writeCoverage} {
		if err := write(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (p *pending) writeWindows(ctx context.Context, tx *sql.Tx) error {
	put := prepare(ctx, tx, `INSERT INTO windows (id, source, scope, name, flow, first, last, open, body, sum) VALUES (?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET source=excluded.source, scope=excluded.scope, name=excluded.name, flow=excluded.flow,
			first=excluded.first, last=excluded.last, open=excluded.open, body=excluded.body, sum=excluded.sum`)
	defer put.close()
	remove := prepare(ctx, tx, "DELETE FROM windows WHERE id = ?")
	defer remove.close()
	for _, id := range slices.Sorted(maps.Keys(p.windows)) {
		r := p.windows[id]
		var err error
		if r.body == nil {
			err = remove.exec(id)
		} else {
			w := r.value
			first, last := bounds(w)
			err = put.exec(id, string(w.Source), string(w.Scope), w.Name, w.FlowName(), first, last, w.Open(), r.body, sum(r.body))
		}
		if err != nil {
			return fmt.Errorf("window %s: %w", id, err)
		}
	}
	return nil
}

func (p *pending) writeRevisions(ctx context.Context, tx *sql.Tx) error {
	put := prepare(ctx, tx, `INSERT INTO revisions (probe, address, hash, change, seen, body, sum) VALUES (?,?,?,?,?,?,?)
		ON CONFLICT (probe, address, hash, change, seen) DO UPDATE SET body=excluded.body, sum=excluded.sum`)
	defer put.close()
	// Rows are numbered as they are written, so revisions are in the order in which they were seen.
	for _, key := range slices.SortedFunc(maps.Keys(p.revisions), func(a, b revisionKey) int { return cmp.Compare(a.seen, b.seen) }) {
		body := p.revisions[key].body
		if err := put.exec(key.probe, key.address, key.hash, string(key.change), key.seen, body, sum(body)); err != nil {
			return fmt.Errorf("revision of notice %s: %w", key.address, err)
		}
	}
	return nil
}

func (p *pending) writeStates(ctx context.Context, tx *sql.Tx) error {
	put := prepare(ctx, tx, "INSERT INTO states (key, value, sum) VALUES (?,?,?) ON CONFLICT (key) DO UPDATE SET value=excluded.value, sum=excluded.sum")
	defer put.close()
	remove := prepare(ctx, tx, "DELETE FROM states WHERE key = ?")
	defer remove.close()
	for _, key := range slices.Sorted(maps.Keys(p.states)) {
		state := p.states[key]
		var err error
		if state == nil {
			err = remove.exec(key)
		} else {
			err = put.exec(key, state, sum(state))
		}
		if err != nil {
			return fmt.Errorf("state %s: %w", key, err)
		}
	}
	return nil
}

func (p *pending) writeCoverage(ctx context.Context, tx *sql.Tx) error {
	put := prepare(ctx, tx, `INSERT INTO coverage (scope, name, hour, up, degraded, maintenance, down, unknown) VALUES (?,?,?,?,?,?,?,?)
		ON CONFLICT (scope, name, hour) DO UPDATE SET up=excluded.up, degraded=excluded.degraded,
			maintenance=excluded.maintenance, down=excluded.down, unknown=excluded.unknown`)
	defer put.close()
	keys := slices.SortedFunc(maps.Keys(p.coverage), func(a, b coverageKey) int {
		return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.name, b.name), cmp.Compare(a.hour, b.hour))
	})
	for _, key := range keys {
		c := p.coverage[key]
		if err := put.exec(string(key.scope), key.name, key.hour, c.Up.Duration().Seconds(), c.Degraded.Duration().Seconds(),
			c.Maintenance.Duration().Seconds(), c.Down.Duration().Seconds(), c.Unknown.Duration().Seconds()); err != nil {
			return fmt.Errorf("coverage of %s: %w", key.name, err)
		}
	}
	return nil
}

// A statement is prepared when it is first needed, and once for all rows of a transaction.
type statement struct {
	ctx      context.Context
	tx       *sql.Tx
	query    string
	prepared *sql.Stmt
}

func prepare(ctx context.Context, tx *sql.Tx, query string) *statement {
	return &statement{ctx: ctx, tx: tx, query: query}
}

func (s *statement) exec(args ...any) (err error) {
	if s.prepared == nil {
		if s.prepared, err = s.tx.PrepareContext(s.ctx, s.query); err != nil {
			return err
		}
	}
	_, err = s.prepared.ExecContext(s.ctx, args...)
	return err
}

func (s *statement) close() {
	if s.prepared != nil {
		s.prepared.Close()
	}
}

func execute(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// bounds returns the widest span of a window in Unix milliseconds; last is nil when it has no end.
func bounds(w probes.Window) (first int64, last any) {
	first = w.Earliest().UnixMilli()
	if w.End != nil {
		last = w.End.UnixMilli()
	}
	return first, last
}

// summed are the tables whose rows carry a sum, with the name of a row and its content.
var summed = []struct{ table, what, key, body string }{
	{"windows", "outage window", "id", "body"},
	{"revisions", "notice revision", "seq", "body"},
	{"states", "observer state", "key", "value"},
}

// setDamagedRowsAside moves rows whose content does not match its sum to the table damaged, and tells of each kind.
func setDamagedRowsAside(ctx context.Context, db *sql.DB, now time.Time) (notes []string, err error) {
	for _, t := range summed {
		bad, err := damagedRows(ctx, db, "SELECT "+t.key+", "+t.body+", sum FROM "+t.table)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.table, err)
		}
		if len(bad) == 0 {
			continue
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		for _, key := range bad {
			err = errors.Join(
				execute(ctx, tx, "INSERT INTO damaged (found, kind, key, body) SELECT ?, ?, "+t.key+", "+t.body+" FROM "+t.table+" WHERE "+t.key+" = ?", now.UnixMilli(), t.table, key),
				execute(ctx, tx, "DELETE FROM "+t.table+" WHERE "+t.key+" = ?", key))
			if err != nil {
				return nil, errors.Join(err, tx.Rollback())
			}
		}
		if err := tx.Commit(); err != nil {
			return nil, err
		}
		notes = append(notes, fmt.Sprintf("%d damaged %s(s) in the state file could not be read and were set aside in its table damaged: %v", len(bad), t.what, bad))
	}
	return notes, nil
}

func damagedRows(ctx context.Context, db *sql.DB, query string) (keys []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var body []byte
		var want int64
		if err := rows.Scan(&key, &body, &want); err != nil {
			return nil, err
		}
		if sum(body) != want {
			keys = append(keys, key)
		}
	}
	return keys, rows.Err()
}

// prune deletes what ended before a moment, and gives the room back to the file system.
func prune(ctx context.Context, db *sql.DB, before time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM windows WHERE NOT open AND coalesce(last, first) < ?",
		`DELETE FROM revisions WHERE seen < ? AND seq NOT IN (SELECT min(seq) FROM revisions GROUP BY probe, address)
			AND seq NOT IN (SELECT max(seq) FROM revisions GROUP BY probe, address)`,
		"DELETE FROM coverage WHERE hour < ? / 1000",
		"DELETE FROM damaged WHERE found < ?",
	} {
		if err := execute(ctx, tx, query, before.UnixMilli()); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA incremental_vacuum")
	return err
}
