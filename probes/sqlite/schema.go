package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// applicationID marks our files in SQLite's header ("MYNP"), so that another program's database is never touched.
const applicationID = 0x4d594e50

// migrations lead from each schema version to the next: the file's user_version is the number of those done. One that
// has been released is never changed.
//
// Times are Unix milliseconds, hours of coverage Unix seconds. A row's body is the JSON of the API; the columns beside it
// are there to find it. first and last bound a window with the uncertainty of both of its ends; last is null when there is
// no end.
var migrations = []string{
	`CREATE TABLE windows (
		id TEXT PRIMARY KEY, source TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, flow TEXT NOT NULL,
		first INTEGER NOT NULL, last INTEGER, open INTEGER NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX windows_first ON windows (first);
	CREATE TABLE revisions (
		seq INTEGER PRIMARY KEY, probe TEXT NOT NULL, address TEXT NOT NULL, hash TEXT NOT NULL, change TEXT NOT NULL,
		seen INTEGER NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL,
		UNIQUE (probe, address, hash, change, seen)
	);
	CREATE TABLE states (key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE coverage (
		scope TEXT NOT NULL, name TEXT NOT NULL, hour INTEGER NOT NULL, up REAL NOT NULL, degraded REAL NOT NULL,
		maintenance REAL NOT NULL, down REAL NOT NULL, unknown REAL NOT NULL, PRIMARY KEY (scope, name, hour)
	) WITHOUT ROWID;`,
	// Rows whose content does not match its sum are put here, so that one flipped bit costs one row and not the file.
	`CREATE TABLE damaged (seq INTEGER PRIMARY KEY, found INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB);
	CREATE INDEX revisions_seen ON revisions (seen);
	CREATE INDEX coverage_hour ON coverage (hour);`,
}

// ErrNewer is wrapped by the error of a file that a newer version of the program wrote.
var ErrNewer = errors.New("written by a newer version")

// ErrForeign is wrapped by the error of a file that is another program's database.
var ErrForeign = errors.New("the database of another program")

// header reads who wrote a file, and its schema version. An empty file has no owner.
func header(ctx context.Context, db *sql.DB) (owner, version int, err error) {
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&owner); err != nil {
		return 0, 0, err
	}
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return owner, version, err
}

// checkHeader refuses files that are not ours to change.
func checkHeader(ctx context.Context, db *sql.DB, path string) (version int, err error) {
	owner, version, err := header(ctx, db)
	if err != nil {
		return 0, err
	}
	if owner != applicationID {
		var tables int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return 0, err
		}
		if owner != 0 || tables > 0 {
			return 0, fmt.Errorf("state file %s is %w: choose another path", path, ErrForeign)
		}
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("state file %s was %w (its schema is %d, this one knows up to %d): use that version again, or choose another path",
			path, ErrNewer, version, len(migrations))
	}
	return version, nil
}

// migrate brings the schema up to date, each version in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB, version int) error {
	for ; version < len(migrations); version++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		statements := fmt.Sprintf("%s\nPRAGMA application_id = %d; PRAGMA user_version = %d;", migrations[version], applicationID, version+1)
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return errors.Join(fmt.Errorf("migration to schema %d: %w", version+1, err), tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("migration to schema %d: %w", version+1, err)
		}
	}
	return nil
}
