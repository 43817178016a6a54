package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// ErrInUse is wrapped by the error of a file that another process writes to.
var ErrInUse = errors.New("in use by another process")

// name returns a data source name for the driver.
func name(path string, options ...string) string {
	common := []string{"_pragma=busy_timeout(5000)", "_pragma=trusted_schema(0)", "_pragma=cell_size_check(1)", "_defensive=1", "_dqs=0", "_error_rc=1"}
	return address(path, append(common, options...))
}

func address(path string, options []string) string {
	u := url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: strings.Join(options, "&")}
	return u.String()
}

// files are the handles of an open state file.
type files struct {
	lock *os.File
	// write has one connection, read several.
	write, read *sql.DB
}

func (f *files) close() error {
	var err error
	if f.read != nil {
		err = errors.Join(err, f.read.Close())
	}
	if f.write != nil {
		err = errors.Join(err, f.write.Close())
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// openFiles opens the file for reading and writing, as its only writer, and makes it when there is none. A damaged file is
// moved aside, and its notes say so.
func openFiles(ctx context.Context, path string, now func() time.Time) (f *files, notes []string, err error) {
	f = &files{}
	defer func() {
		if err != nil {
			f.close()
			f = nil
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return f, nil, err
	}
	if f.lock, err = lock(path + ".lock"); err != nil {
		return f, nil, err
	}
	if err := f.openWriter(ctx, path); err != nil {
		if !damaged(err) {
			return f, nil, err
		}
		aside, moveErr := moveAside(path, now())
		if moveErr != nil {
			return f, nil, fmt.Errorf("damaged (%w), and it could not be moved aside: %w", err, moveErr)
		}
		saved, savedNote := salvage(ctx, aside)
		notes = append(notes, fmt.Sprintf("state file %s is damaged (%v): it was moved to %s and a new one begun, with what could still be read from it: %s", path, err, aside, savedNote))
		if err := f.openWriter(ctx, path); err != nil {
			return f, notes, err
		}
		if err := f.put(ctx, saved); err != nil {
			return f, notes, err
		}
	}
	lost, err := setDamagedRowsAside(ctx, f.write, now())
	if err != nil {
		return f, notes, err
	}
	notes = append(notes, lost...)
	f.read, err = sql.Open("sqlite", name(path, "mode=ro"))
	if err != nil {
		return f, notes, err
	}
	f.read.SetMaxOpenConns(4)
	return f, notes, nil
}

func (f *files) openWriter(ctx context.Context, path string) (err error) {
	// SQLite would make the file with the permissions of the umask; it gives those of the file to the ones beside it.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	// Transitions are few and must survive a loss of power, so every commit is synced.
	f.write, err = sql.Open("sqlite", name(path, "_pragma=journal_size_limit(16777216)", "_sync=full", "_txlock=immediate"))
	if err != nil {
		return err
	}
	f.write.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			f.write.Close()
			f.write = nil
		}
	}()
	version, err := checkHeader(ctx, f.write, path)
	if err != nil {
		return err
	}
	if err := quickCheck(ctx, f.write); err != nil {
		return err
	}
	settings := "PRAGMA journal_mode = WAL"
	if version == 0 { // a new file; later the setting would be a change
		settings = "PRAGMA auto_vacuum = incremental; " + settings
	}
	if _, err := f.write.ExecContext(ctx, settings); err != nil {
		return err
	}
	return migrate(ctx, f.write, version)
}

// lock takes the lock that marks the one writer. The kernel gives it back when the process ends, however it ends.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("state file %s is %w: stop that one, or give this one a path of its own", strings.TrimSuffix(path, ".lock"), ErrInUse)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

// moveAside renames a damaged file, with what belongs to it, to a name that is not taken.
func moveAside(path string, now time.Time) (string, error) {
	base := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	aside := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s-%d", base, i)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// errDamaged is wrapped by what the integrity check finds.
var errDamaged = errors.New("integrity check")

func quickCheck(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(1)")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var problem string
		if err := rows.Scan(&problem); err != nil {
			return err
		}
		if problem != "ok" {
			return fmt.Errorf("%w: %s", errDamaged, strings.Join(strings.Fields(problem), " "))
		}
	}
	return rows.Err()
}

// code returns SQLite's primary result code of an error, 0 when it has none (https://www.sqlite.org/rescode.html).
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// damaged reports whether the error means that the file's content is broken, as against not to be had.
func damaged(err error) bool {
	return errors.Is(err, errDamaged) || slices.Contains([]int{codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB}, code(err))
}

// explain adds to an error of the disk what a person can do about it.
func explain(path string, err error) error {
	advice := ""
	switch {
	case code(err) == codes.SQLITE_FULL || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT):
		advice = "the disk is full: make room"
	case code(err) == codes.SQLITE_READONLY || errors.Is(err, unix.EROFS):
		advice = "it is read-only: mount it writable"
	case errors.Is(err, fs.ErrPermission):
		advice = "permission is missing: give the directory to the user that the prober runs as"
	case code(err) == codes.SQLITE_CANTOPEN:
		advice = "its directory cannot be written: check its owner and permissions"
	case code(err) == codes.SQLITE_IOERR:
		advice = "the disk refuses: check its space and its health"
	case code(err) == codes.SQLITE_BUSY:
		advice = "another process holds it: wait for that one"
	case damaged(err):
		advice = "it is damaged: a restart moves it aside and begins a new one"
	}
	if advice == "" {
		return fmt.Errorf("state file %s: %w", path, err)
	}
	return fmt.Errorf("state file %s: %w (%s)", path, err, advice)
}
