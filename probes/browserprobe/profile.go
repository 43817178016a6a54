package browserprobe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Profiles are folders with this prefix, each with a lock file beside it that its owner holds for life: a profile whose
// lock is free belongs to nobody who lives.
const profilePrefix = "mynaprobe-"

// socketPath is the longest path that Chrome appends to its TMPDIR for a socket, and maxSocketPath what the system allows
// for one in all (unix(7)); past it Chrome aborts.
const (
	socketPath    = "/org.chromium.Chromium.XXXXXX/SingletonSocket"
	maxSocketPath = 103
)

// A profile is the folder that one Chrome writes to: it is its user data, its HOME and its TMPDIR.
type profile struct {
	dir  string
	lock *os.File
}

// newProfile makes a profile below base, owned by the user that Chrome runs as.
func newProfile(base string) (*profile, error) {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for Chrome's profiles: %w", err)
	}
	lock, err := lockedFile(base)
	if err != nil {
		return nil, fmt.Errorf("making Chrome's profile: %w", err)
	}
	p := &profile{dir: strings.TrimSuffix(lock.Name(), ".lock"), lock: lock}
	err = os.Mkdir(p.dir, 0o700)
	if uid, other := chromeOwner(); err == nil && other {
		err = os.Chown(p.dir, uid, uid)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making Chrome's profile: %w", err), p.remove())
	}
	return p, nil
}

func lockedFile(base string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(base, profilePrefix+"*.lock")
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			if ours, err := f.Stat(); err == nil {
				if there, err := os.Stat(f.Name()); err == nil && os.SameFile(ours, there) {
					return f, nil
				}
			}
		}
		f.Close() // another process took it for a leftover in the moment before it was locked
	}
}

// remove deletes the profile. Processes that die may still write to it for a moment.
func (p *profile) remove() error {
	var err error
	for range 100 {
		if err = os.RemoveAll(p.dir); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	os.Remove(p.lock.Name())
	return errors.Join(err, p.lock.Close())
}

// removeLeftovers deletes the profiles of processes that ended without doing so.
func removeLeftovers(base string) {
	locks, err := filepath.Glob(filepath.Join(base, profilePrefix+"*.lock"))
	if err != nil {
		return
	}
	for _, name := range locks {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			(&profile{dir: strings.TrimSuffix(name, ".lock"), lock: f}).remove()
			continue
		}
		f.Close()
	}
}

// fit reports whether profiles can live in the folder: Chrome's user may pass through to it, and sockets in them have paths
// that are short enough.
func fit(base string) bool {
	if len(base)+len("/")+len(profilePrefix)+10+len(socketPath) > maxSocketPath {
		return false
	}
	_, other := chromeOwner()
	return !other || reachable(base)
}

// reachable reports whether other users may pass through every folder of the path.
func reachable(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}
