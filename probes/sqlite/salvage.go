package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"mynaprobe/probes"
)

// salvage reads what can still be read from a damaged file that was moved aside, without changing it, and says how much
// that was. A row counts only when its content matches its sum; hours of coverage have none, and are left behind.
func salvage(ctx context.Context, path string) (saved *pending, note string) {
	saved = newPending()
	// writable_schema makes SQLite go on where the file is shorter than its header says; it is opened for reading alone.
	if db, err := sql.Open("sqlite", address(path, []string{"mode=ro", "immutable=1", "_pragma=writable_schema(1)"})); err == nil {
		defer db.Close()
		// How a query ends makes no difference to what it gave.
		salvageRows(ctx, db, "SELECT id, body, sum FROM windows", func(_ string, body []byte) {
			var w probes.Window
			if json.Unmarshal(body, &w) == nil && w.ID != "" {
				saved.windows[w.ID] = record[probes.Window]{w, body}
			}
		})
		salvageRows(ctx, db, "SELECT seq, body, sum FROM revisions", func(_ string, body []byte) {
			var r probes.NoticeRevision
			if json.Unmarshal(body, &r) == nil {
				saved.revisions[keyOfRevision(r)] = record[probes.NoticeRevision]{r, body}
			}
		})
		salvageRows(ctx, db, "SELECT key, value, sum FROM states", func(key string, value []byte) { saved.states[key] = value })
	}
	return saved, fmt.Sprintf("%d outage windows, %d notice revisions, %d observer states, no coverage", len(saved.windows), len(saved.revisions), len(saved.states))
}

// salvageRows reads a table from both of its ends, each until it meets the damage.
func salvageRows(ctx context.Context, db *sql.DB, query string, keep func(key string, body []byte)) {
	for _, order := range []string{" ORDER BY 1", " ORDER BY 1 DESC"} {
		salvageEnd(ctx, db, query+order, keep)
	}
}

func salvageEnd(ctx context.Context, db *sql.DB, query string, keep func(key string, body []byte)) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		body := []byte{}
		var want int64
		if rows.Scan(&key, &body, &want) == nil && sum(body) == want {
			keep(key, body)
		}
	}
}

// put writes what was saved into a new file.
func (f *files) put(ctx context.Context, saved *pending) error {
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := saved.write(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
