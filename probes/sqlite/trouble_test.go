package sqlite

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"mynaprobe/probes"
)

// The roles in which the test binary is started again, as a process that can be killed or that has other rights.
func runRole(role string) {
	path := os.Getenv("MYNAPROBE_SQLITE_PATH")
	switch role {
	case "transitions":
		transitions(path)
	case "before-commit", "after-commit":
		dieAt(path, role)
	case "limited":
		limited(path)
	case "read-only":
		readOnly(path)
	}
}

// start runs the test binary again in a role.
func start(t *testing.T, role, path string, prepare ...func(*exec.Cmd)) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	if exe, err := os.Executable(); err == nil && len(prepare) == 0 {
		cmd = exec.Command(exe)
	}
	cmd.Env = append(os.Environ(), "MYNAPROBE_SQLITE_ROLE="+role, "MYNAPROBE_SQLITE_PATH="+path)
	cmd.Stderr = os.Stderr
	for _, p := range prepare {
		p(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// step is the n-th transition: a window opens, goes on, closes; a state tells how far we are, in the same transaction.
func step(n int) Change {
	i := n / 3
	w := window(fmt.Sprintf("w%05d", i), i*10, nil)
	w.RunsDown = 3 + n%3
	if n%3 == 2 {
		w.End, w.EndNotBefore = ptr(at(i*10+8)), ptr(at(i*10+7))
	}
	return Change{Windows: []probes.Window{w}, States: map[string][]byte{"step": strconv.AppendInt(nil, int64(n), 10)}}
}

// next returns the step after the last one that is kept.
func next(s *Store) (int, error) {
	_, states, _, err := s.Load(ctx)
	if err != nil || states["step"] == nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(states["step"]))
	return n + 1, err
}

// transitions writes step after step and prints each that Apply says is on disk, until it is killed.
func transitions(path string) {
	s, _, err := Open(path, Options{})
	check(err)
	n, err := next(s)
	check(err)
	for ; ; n++ {
		check(s.Apply(ctx, step(n)))
		fmt.Println(n)
	}
}

// dieAt writes one step and kills itself before its commit, or right after it.
func dieAt(path, when string) {
	armed := false
	driver.RegisterConnectionHook(func(c driver.ExecQuerierContext, _ string) error {
		c.(driver.HookRegisterer).RegisterCommitHook(func() int32 {
			if armed {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return 0
		})
		return nil
	})
	s, _, err := Open(path, Options{})
	check(err)
	n, err := next(s)
	check(err)
	armed = when == "before-commit"
	check(s.Apply(ctx, step(n)))
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// holdsTheFirst checks that a file holds exactly the first n steps.
func holdsTheFirst(t *testing.T, path string, n int) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	all, states, _ := load(t, s)
	if n == 0 {
		if len(all) != 0 || len(states) != 0 {
			t.Fatalf("a file without steps holds %v %v", all, states)
		}
		return
	}
	if string(states["step"]) != strconv.Itoa(n-1) {
		t.Fatalf("the state says %s, want %d", states["step"], n-1)
	}
	if want := (n + 2) / 3; len(all) != want {
		t.Fatalf("%d windows after %d steps, want %d", len(all), n, want)
	}
	for i := range (n + 2) / 3 {
		want := step(min(3*i+2, n-1)).Windows[0]
		got := all[want.ID]
		if !got.Start.Equal(want.Start) || got.RunsDown != want.RunsDown || got.Open() != want.Open() {
			t.Fatalf("window %s is %+v, want %+v", want.ID, got, want)
		}
	}
}

func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	random := rand.New(rand.NewPCG(1, 2))
	done := 0
	for range 8 {
		cmd, lines := start(t, "transitions", path)
		// Killed after some steps, at whatever point of a later one it then is.
		for left := 1 + random.IntN(30); left > 0 && lines.Scan(); left-- {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(lines.Text())
			}
			done = n + 1
		}
		cmd.Process.Kill()
		for lines.Scan() { // what it still said before it died
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				done = n + 1
			}
		}
		cmd.Wait()
		s := open(t, path)
		n, err := next(s)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		// The commit may have happened and its line not; never the other way round.
		if n != done && n != done+1 {
			t.Fatalf("%d steps were said to be on disk, %d are", done, n)
		}
		holdsTheFirst(t, path, n)
	}
}

func TestKilledAtACommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	for n := range 7 {
		for _, point := range []struct {
			role string
			want int
		}{{"before-commit", n}, {"after-commit", n + 1}} {
			cmd, lines := start(t, point.role, path)
			for lines.Scan() {
				t.Error(lines.Text())
			}
			err := cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it did not die as it should: %v", err)
			}
			holdsTheFirst(t, path, point.want)
		}
	}
}

func TestDamagedFileIsMovedAside(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func([]byte) []byte
		// saved is the least number of the 40 windows that must still be there.
		saved int
	}{
		{"truncated", func(b []byte) []byte { return b[:len(b)*9/10] }, 30},
		{"garbage header", func(b []byte) []byte { copy(b, "not a database at all"); return b }, 0},
		{"only garbage", func([]byte) []byte { return []byte(strings.Repeat("garbage ", 1000)) }, 0},
		{"broken page", func(b []byte) []byte {
			for i := 4096; i < 4096+64; i++ { // the header of the second page, which says where others belong
				b[i] ^= 0xff
			}
			return b
		}, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "probe.db")
			fill(t, path)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content = test.damage(content)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			moment := time.Date(2025, 11, 1, 2, 3, 4, 0, time.UTC)
			s, notes, err := Open(path, Options{Now: func() time.Time { return moment }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			aside := path + ".damaged-20251101T020304Z"
			if len(notes) != 1 || !strings.Contains(notes[0], "is damaged") || !strings.Contains(notes[0], aside) {
				t.Errorf("notes: %q", notes)
			}
			if kept, err := os.ReadFile(aside); err != nil || string(kept) != string(content) {
				t.Errorf("the damaged file was not kept as it was: %v", err)
			}
			all, _, _ := load(t, s)
			if len(all) < test.saved || len(all) > 40 {
				t.Errorf("%d windows were saved, want at least %d", len(all), test.saved)
			}
			for id, w := range all {
				if !strings.HasPrefix(w.Message, "message "+strings.TrimPrefix(id, "w")) {
					t.Errorf("window %s was saved wrongly: %.40q", id, w.Message)
				}
			}
			apply(t, s, Change{Windows: []probes.Window{window("new", 0, nil)}})
			if !s.Writable() {
				t.Error("the new file is not writable")
			}
		})
	}
}

// fill makes a file of several pages, everything in the main file and nothing in the log.
func fill(t *testing.T, path string) {
	t.Helper()
	s := open(t, path)
	for i := range 40 {
		w := window(fmt.Sprintf("w%02d", i), i, nil)
		w.Message = strings.Repeat(fmt.Sprintf("message %02d ", i), 40)
		apply(t, s, Change{Windows: []probes.Window{w}, Revisions: []probes.NoticeRevision{revision("news", "n", fmt.Sprintf("hash%02d", i), i)}, States: map[string][]byte{fmt.Sprint(i): []byte("state")}})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFlippedBitInARowCostsThatRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	fill(t, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(content), "message 07 message")
	if i < 0 {
		t.Fatal("the row is not in the file")
	}
	content[i] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, notes, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(notes) != 1 || !strings.Contains(notes[0], "w07") {
		t.Errorf("notes: %q", notes)
	}
	all, _, seen := load(t, s)
	if _, there := all["w07"]; there || len(all) != 39 || len(seen) != 40 {
		t.Errorf("%d windows and %d revisions left, the damaged one among them: %v", len(all), len(seen), there)
	}
	var kept string
	if err := s.files.read.QueryRow("SELECT body FROM damaged WHERE kind = 'windows' AND key = 'w07'").Scan(&kept); err != nil || !strings.Contains(kept, "lessage 07") {
		t.Errorf("what was found is not kept: %v %.80s", err, kept)
	}
}

func TestSalvageLeavesDamagedRowsBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	fill(t, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[strings.Index(string(content), "message 07 message")] ^= 1
	content[4096] ^= 0xff
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, notes, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(notes) != 1 || !strings.Contains(notes[0], "39 outage windows, 40 notice revisions, 40 observer states") {
		t.Errorf("notes: %q", notes)
	}
	if all, _, _ := load(t, s); len(all) != 39 || all["w07"].ID != "" {
		t.Errorf("%d windows, the damaged one is %v", len(all), all["w07"])
	}
}

func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	s := open(t, path)
	apply(t, s, step(0))
	limit := func(pages int) {
		t.Helper()
		if _, err := s.files.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	var used int
	if err := s.files.write.QueryRow("PRAGMA page_count").Scan(&used); err != nil {
		t.Fatal(err)
	}
	limit(used)
	big := step(1)
	big.Windows[0].Message = strings.Repeat("長い", 20_000)
	err := s.Apply(t.Context(), big)
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("got %v", err)
	}
	if s.Writable() {
		t.Error("said to be writable")
	}
	// What could not be written is seen, merged with what comes later, and no part of it is in the file.
	if err := s.Apply(t.Context(), Change{States: map[string][]byte{"step": []byte("1 again")}}); err == nil {
		t.Error("the disk is full and takes what waits")
	}
	all, states, _ := load(t, s)
	if all["w00000"].Message != big.Windows[0].Message || string(states["step"]) != "1 again" {
		t.Error("what waits is not seen")
	}
	if got := inFile(t, path); got != "0" {
		t.Errorf("a part of the change is in the file: %q", got)
	}
	if notes, err := s.Retry(t.Context()); err == nil || len(notes) > 0 || s.Writable() {
		t.Errorf("the disk is still full: %v %v", notes, err)
	}
	limit(1 << 20)
	if _, err := s.Retry(t.Context()); err != nil || !s.Writable() {
		t.Fatalf("does not recover: %v", err)
	}
	if waiting, dropped := s.Pending(); waiting != 0 || dropped != 0 {
		t.Errorf("%d wait, %d dropped", waiting, dropped)
	}
	if got := inFile(t, path); got != "1 again" {
		t.Errorf("the file says %q", got)
	}
}

// limited writes with a limit on the size of files until that refuses, and then without one.
func limited(path string) {
	signal.Ignore(syscall.SIGXFSZ) // the signal would end the process; without it the write fails
	s, _, err := Open(path, Options{})
	check(err)
	var before syscall.Rlimit
	check(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 256 << 10, Max: before.Max}))
	n := 0
	for ; n < 1000; n++ {
		if err = s.Apply(ctx, step(n)); err != nil {
			break
		}
	}
	fmt.Printf("refused=%v writable=%v\n", err != nil, s.Writable())
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	_, err = s.Retry(ctx)
	fmt.Printf("error=%v writable=%v\n", err, s.Writable())
	check(s.Close())
	fmt.Println(n + 1)
}

func TestADiskThatRefusesInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	cmd, lines := start(t, "limited", path)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
	}
	if err := cmd.Wait(); err != nil || len(said) != 3 || said[0] != "refused=true writable=false" || said[1] != "error=<nil> writable=true" {
		t.Fatalf("%v %q", err, said)
	}
	n, err := strconv.Atoi(said[2])
	if err != nil {
		t.Fatal(err)
	}
	holdsTheFirst(t, path, n)
}

// inFile returns the state "step" as another process sees it.
func inFile(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", name(path, "mode=ro"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var value string
	if err := db.QueryRow("SELECT value FROM states WHERE key = 'step'").Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// readOnly opens a store in a directory that it may not write, says what it finds, and tries again for each line that it reads.
func readOnly(path string) {
	s, notes, err := Open(path, Options{})
	check(err)
	all, _, _, err := s.Load(ctx)
	check(err)
	err = s.Apply(ctx, step(1))
	fmt.Printf("windows=%d writable=%v notes=%d applied=%v\n", len(all), s.Writable(), len(notes), err == nil)
	fmt.Println(strings.Join(notes, " "))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		_, err := s.Retry(ctx)
		all, _, _, loadErr := s.Load(ctx)
		check(loadErr)
		fmt.Printf("retried=%v writable=%v windows=%d\n", err == nil, s.Writable(), len(all))
	}
	check(s.Close())
}

func TestReadOnlyDirectory(t *testing.T) {
	t.Run("closed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "probe.db")
		s := open(t, path)
		apply(t, s, step(0))
		s.Close()
		inReadOnlyDirectory(t, path)
	})
	t.Run("killed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "probe.db")
		cmd, _ := start(t, "after-commit", path) // what it wrote is in the log still
		cmd.Wait()
		inReadOnlyDirectory(t, path)
	})
}

// inReadOnlyDirectory checks that a file with the first step is read where nothing can be written, and written to once
// that is possible.
func inReadOnlyDirectory(t *testing.T, path string) {
	dir := filepath.Dir(path)
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	// Root may write everywhere, so the process runs as somebody else.
	unprivileged := func(cmd *exec.Cmd) {
		if os.Geteuid() != 0 {
			return
		}
		const nobody = 65534
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // of the test alone
			t.Fatal(err)
		}
		for _, file := range append(files, dir) {
			if err := os.Chown(file, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
	}
	chmod := func(mode, fileMode os.FileMode) {
		t.Helper()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if err := os.Chmod(file, fileMode); err != nil && !errors.Is(err, os.ErrNotExist) { // the log goes when it is closed
				t.Fatal(err)
			}
		}
	}
	chmod(0o500, 0o400)
	t.Cleanup(func() { chmod(0o700, 0o600) })
	var stdin *os.File
	cmd, lines := start(t, "read-only", path, unprivileged, func(cmd *exec.Cmd) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin, stdin = r, w
	})
	expect := func(want string) string {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("it ended")
		}
		if !strings.Contains(lines.Text(), want) {
			t.Fatalf("got %q, want %q", lines.Text(), want)
		}
		return lines.Text()
	}
	expect("windows=1 writable=false notes=1 applied=false")
	expect("permission")
	fmt.Fprintln(stdin)
	expect("retried=false writable=false windows=1")
	chmod(0o700, 0o600)
	fmt.Fprintln(stdin)
	expect("retried=true writable=true windows=1")
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	holdsTheFirst(t, path, 2)
}

func TestMigrationFromTheFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "probe.db")
	db, err := sql.Open("sqlite", name(path))
	if err != nil {
		t.Fatal(err)
	}
	body := `{"id":"old","source":"observed","scope":"flow","name":"iphone","start":"2025-10-30T08:50:00+09:00","start_not_before":null,"end":null,"end_not_before":null,"runs_down":3,"flaps":0,"unobserved_seconds":0,"notice":null}`
	for _, query := range []string{
		migrations[0],
		fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1", applicationID),
		fmt.Sprintf("INSERT INTO windows VALUES ('old','observed','flow','iphone','iphone',0,NULL,1,'%s',%d)", body, sum([]byte(body))),
	} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	all, _, _ := load(t, s)
	if all["old"].RunsDown != 3 {
		t.Errorf("windows: %v", all)
	}
	apply(t, s, step(0))
	var version int
	if err := s.files.write.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != len(migrations) {
		t.Errorf("version %d, %v", version, err)
	}
	if err := s.Prune(t.Context(), at(0)); err != nil { // uses a table of the second version
		t.Error(err)
	}
}

func TestFilesThatAreNotOurs(t *testing.T) {
	make := func(statements string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "probe.db")
		db, err := sql.Open("sqlite", name(path))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statements); err != nil {
			t.Fatal(err)
		}
		return path
	}
	newer := make(fmt.Sprintf("CREATE TABLE future (x); PRAGMA application_id = %d; PRAGMA user_version = 99", applicationID))
	foreign := make("CREATE TABLE cookies (x)")
	marked := make("PRAGMA application_id = 12345")
	for _, test := range []struct {
		path string
		want error
		text string
	}{
		{newer, ErrNewer, "schema is 99, this one knows up to 2"},
		{foreign, ErrForeign, "choose another path"},
		{marked, ErrForeign, "choose another path"},
	} {
		before, err := os.ReadFile(test.path)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(test.path, Options{}); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("got %v, want %v", err, test.want)
		}
		if _, err := OpenReadOnly(test.path); !errors.Is(err, test.want) {
			t.Errorf("reading alone got %v, want %v", err, test.want)
		}
		if after, err := os.ReadFile(test.path); err != nil || string(after) != string(before) {
			t.Errorf("the file was changed: %v", err)
		}
	}
	if _, _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: %v", err)
	}
	if _, err := OpenReadOnly(filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(file, "state", "probe.db")
	s, notes, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Writable() || len(notes) != 1 {
		t.Errorf("writable %v, notes %q", s.Writable(), notes)
	}
	if err := s.Apply(t.Context(), step(0)); err == nil {
		t.Error("applied to nothing")
	}
	if all, _, _ := load(t, s); len(all) != 1 {
		t.Error("what waits is not seen")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Retry(t.Context()); err != nil || !s.Writable() {
		t.Fatalf("does not recover: %v", err)
	}
	s.Close()
	holdsTheFirst(t, path, 1)
}
