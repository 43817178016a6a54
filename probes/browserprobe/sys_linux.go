package browserprobe

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// chromeUID is the user and group that Chrome runs as when we are root: Chrome refuses its sandbox to root. No account has to exist
// for it; the number is out of the way of those that distributions give.
const chromeUID = 64321

// chromeOwner returns the user that Chrome's files must belong to, and whether that is another than ours.
func chromeOwner() (uid int, other bool) {
	if os.Getuid() != 0 {
		return os.Getuid(), false
	}
	return chromeUID, true
}

// confine gives the command a process group of its own, lets it die with us, and makes it an ordinary user.
func confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid, other := chromeOwner(); other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	}
}

// A procStat is a line of the process table, see proc_pid_stat(5).
type procStat struct {
	pid, parent, group int
	zombie             bool
}

func readStat(pid int) (procStat, bool) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return procStat{}, false
	}
	// the name in parentheses may hold anything
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 3 {
		return procStat{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	group, _ := strconv.Atoi(fields[2])
	return procStat{pid: pid, parent: parent, group: group, zombie: fields[0] == "Z"}, true
}

// groupMembers returns the processes of a process group, zombies included.
func groupMembers(group int) []procStat {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var members []procStat
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if stat, ok := readStat(pid); ok && stat.group == group {
			members = append(members, stat)
		}
	}
	return members
}

// reapOrphans waits for dead members of the group that became our children when their parents died, as they do when we
// are PID 1 of a container. The group's leader is left to the exec.Cmd that started it. Other children are not touched.
// It returns how many of the group live or may yet have to be waited for.
func reapOrphans(group int) (left int) {
	members := groupMembers(group)
	inGroup := map[int]bool{}
	for _, p := range members {
		inGroup[p.pid] = true
	}
	for _, p := range members {
		switch {
		case p.pid == group:
			left++
		case p.zombie && p.parent == os.Getpid():
			// one whose main thread has ended before the others shows as a zombie too, and cannot be waited for yet
			var status syscall.WaitStatus
			if reaped, err := syscall.Wait4(p.pid, &status, syscall.WNOHANG, nil); reaped == 0 && err == nil {
				left++
			}
		case !p.zombie, inGroup[p.parent]: // a zombie is ours once its parent has ended as well
			left++
		}
	}
	return left
}

// groupMemory returns the bytes that the processes of the group hold resident, what they share counted once.
func groupMemory(group int) int64 {
	var private, shared int64
	for _, p := range groupMembers(group) {
		data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "statm"))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data))
		if len(fields) < 3 {
			continue
		}
		resident, _ := strconv.ParseInt(fields[1], 10, 64)
		common, _ := strconv.ParseInt(fields[2], 10, 64)
		private += resident - common
		shared = max(shared, common)
	}
	return (private + shared) * int64(os.Getpagesize())
}

// smallSharedMemory reports whether /dev/shm is too small for Chrome, as it is in containers by default (64 MB).
func smallSharedMemory() bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err != nil {
		return true
	}
	return int64(fs.Bavail)*fs.Bsize < 512<<20
}

// namespaceProblem says which setting of the kernel forbids user namespaces; empty when none that we know of does.
func namespaceProblem() string {
	for _, setting := range []struct{ file, bad, name string }{
		{"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns is 1"},
	} {
		if data, err := os.ReadFile(setting.file); err == nil && strings.TrimSpace(string(data)) == setting.bad {
			return setting.name
		}
	}
	return ""
}

// sandboxed counts the renderers of the group, and those of them that run in a PID namespace of their own under a seccomp
// filter (proc_pid_status(5): NSpid, Seccomp).
func sandboxed(group int) (renderers, confined int) {
	for _, p := range groupMembers(group) {
		dir := filepath.Join("/proc", strconv.Itoa(p.pid))
		cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !bytes.Contains(cmdline, []byte("--type=renderer")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(dir, "status"))
		if err != nil {
			continue
		}
		renderers++
		filter, spaces := false, 0
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "Seccomp":
				filter = strings.TrimSpace(value) == "2"
			case "NSpid":
				spaces = len(strings.Fields(value))
			}
		}
		if own := ownNamespaces(); filter && spaces > own {
			confined++
		}
	}
	return renderers, confined
}

// ownNamespaces is the depth of PID namespaces that we see ourselves in.
func ownNamespaces() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 1
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return len(strings.Fields(value))
		}
	}
	return 1
}

// helperProcesses returns the GPU process and the network and storage services of the group.
func helperProcesses(group int) []int {
	var helpers []int
	for _, p := range groupMembers(group) {
		cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "cmdline"))
		if err != nil {
			continue
		}
		for _, mark := range []string{"--type=gpu-process", "--utility-sub-type=network.mojom.NetworkService", "--utility-sub-type=storage.mojom.StorageService"} {
			if bytes.Contains(cmdline, []byte(mark)) {
				helpers = append(helpers, p.pid)
			}
		}
	}
	return helpers
}

// anyDead reports whether one of the processes has ended.
func anyDead(pids []int) bool {
	for _, pid := range pids {
		if p, ok := readStat(pid); !ok || p.zombie {
			return true
		}
	}
	return false
}
