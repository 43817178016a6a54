package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	codes "modernc.org/sqlite/lib"
)

// Options say how a state file is kept. The zero value is right for a server.
type Options struct {
	// Pending bounds how many windows, revisions and hours of coverage are each kept in memory while the disk refuses;
	// 0 means 200,000. The oldest are dropped first, open windows and states never.
	Pending int
	// Now tells the time for the name of a damaged file that is moved aside; nil means time.Now.
	Now func() time.Time
}

// A Store is the state file of one server, which is its only writer. What the disk refuses is kept in memory and written
// with the next change, or by Retry. Its methods may be called from several goroutines.
type Store struct {
	path string
	opts Options

	// writing is held by whoever changes the file; it guards files.
	writing sync.Mutex
	files   *files

	// mu guards the rest. It is held over a commit, so that a reader sees a change either as pending or in the file.
	mu      sync.RWMutex
	reader  *Reader
	pending *pending
	dropped int
	refusal error
}

// Open opens the state file at a path, and makes it, with its directory, when there is none; the notes are for the log.
// When the disk does not let it be opened or written, the Store is returned all the same: it is not Writable, keeps what
// it is given in memory, has what could be read, and Retry tries again. The error is for what a person has to decide: the file
// was written by a newer version (ErrNewer), is another program's (ErrForeign), or another process is using it (ErrInUse).
func Open(path string, opts Options) (*Store, []string, error) {
	if path == "" {
		return nil, nil, errors.New("state file: no path was given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("state file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("state file %s is not a regular file: name a file, which is made when there is none", path)
	}
	if opts.Pending <= 0 {
		opts.Pending = 200_000
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{path: path, opts: opts, pending: newPending()}
	notes, err := s.open(context.Background())
	if err == nil {
		return s, notes, nil
	}
	for _, fatal := range []error{ErrNewer, ErrForeign, ErrInUse} {
		if errors.Is(err, fatal) {
			return nil, notes, errors.Join(err, s.Close())
		}
	}
	s.refusal = explain(path, err)
	notes = append(notes, s.refusal.Error()+"; what happens is kept in memory until it can be written")
	return s, notes, nil
}

// open opens the file for writing, or for reading alone where that is all that can be had.
func (s *Store) open(ctx context.Context) (notes []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		// The connections of a process share what they know of a file: one that may only read keeps others from writing.
		s.reader.Close()
		s.reader = nil
	}
	files, notes, err := openFiles(ctx, s.path, s.opts.Now)
	if err != nil {
		if reader, readErr := OpenReadOnly(s.path); readErr == nil {
			s.reader = reader
		}
		return notes, err
	}
	s.files, s.reader, s.refusal = files, &Reader{path: s.path, db: files.read}, nil
	return notes, nil
}

// Writable reports whether the last attempt to write succeeded.
func (s *Store) Writable() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.refusal == nil
}

// Pending returns how many values wait to be written, and how many had to be dropped because too many waited.
func (s *Store) Pending() (waiting, dropped int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pending.len(), s.dropped
}

// Apply writes a change, with everything that waits, in one transaction; when it returns nil, the change is on disk. When it
// returns an error of the disk, the change is kept in memory and will be written later. A change that cannot be encoded
// is refused and not kept.
func (s *Store) Apply(ctx context.Context, c Change) error {
	if err := s.Defer(c); err != nil {
		return err
	}
	return s.flush(ctx)
}

// Defer keeps a change to be written with the next Apply or Flush: for what may be lost with the process, such as the
// time of a last heartbeat. Reads see it at once. Its error is of a change that cannot be encoded, which is not kept.
func (s *Store) Defer(c Change) error {
	if c.empty() {
		return nil
	}
	added, err := pendingOf(c)
	if err != nil {
		return fmt.Errorf("state file %s: %w", s.path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.add(added)
	s.dropped += s.pending.bound(s.opts.Pending)
	return nil
}

// Flush writes what was deferred.
func (s *Store) Flush(ctx context.Context) error { return s.flush(ctx) }

// Retry writes what the disk refused, and finds out whether the disk is writable again when nothing waits. Its notes are
// those of Open, when the file had to be opened anew.
func (s *Store) Retry(ctx context.Context) (notes []string, err error) {
	if notes, err = s.reopen(ctx); err != nil {
		return notes, s.refuse(err)
	}
	return notes, s.flush(ctx)
}

// reopen opens the file when that failed before, or when an open one turned out to be damaged, moved or read-only.
func (s *Store) reopen(ctx context.Context) (notes []string, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.files != nil && slices.Contains([]int{codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_READONLY}, code(s.refusal)) {
		s.files.close()
		s.files, s.reader = nil, nil
	}
	s.mu.Unlock()
	if s.files != nil {
		return nil, nil
	}
	return s.open(ctx)
}

// refuse remembers why the disk refused.
func (s *Store) refuse(err error) error {
	err = explain(s.path, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = err
	return err
}

// errClosed is what a store says after Close.
var errClosed = errors.New("the state file is closed")

func (s *Store) flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.RLock()
	work, refused := s.pending.clone(), s.refusal
	s.mu.RUnlock()
	switch {
	case s.files == nil && refused != nil:
		return refused
	case s.files == nil:
		return errClosed
	case work.len() == 0 && refused == nil:
		return nil
	}
	if err := s.transact(ctx, work); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("state file %s: %w", s.path, err)
		}
		return s.refuse(err)
	}
	return nil
}

// transact writes what was pending, and forgets it if nothing newer came in the meantime.
func (s *Store) transact(ctx context.Context, work *pending) error {
	tx, err := s.files.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work.write(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if work.len() == 0 {
		// Only a write tells whether the disk takes one: this is the same value again.
		if err := execute(ctx, tx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations))); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := tx.Commit(); err != nil {
		return err
	}
	s.refusal = nil
	s.pending.subtract(work)
	return nil
}

// Prune deletes what ended before a moment: windows that are not open, revisions of notices but the first and the latest of
// each, hours of coverage, and rows that were set aside.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.files == nil {
		return errClosed
	}
	if err := prune(ctx, s.files.write, before); err != nil {
		return explain(s.path, err)
	}
	return nil
}

// Close writes what was deferred and closes the file. Its error tells what could not be written.
func (s *Store) Close() error {
	var err error
	if waiting, _ := s.Pending(); waiting > 0 {
		err = s.flush(context.Background())
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files != nil {
		err = errors.Join(err, s.files.close())
	} else if s.reader != nil {
		err = errors.Join(err, s.reader.Close())
	}
	s.files, s.reader = nil, nil
	return err
}
