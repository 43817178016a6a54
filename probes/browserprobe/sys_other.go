//go:build unix && !linux

package browserprobe

import (
	"os"
	"os/exec"
	"syscall"
)

// Elsewhere Chrome ends with us because the pipe to it closes, its sandbox needs no user namespaces, and there is no
// process table to read.

func chromeOwner() (uid int, other bool) { return os.Getuid(), false }

func confine(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func reapOrphans(int) int { return 0 }

func groupMemory(int) int64 { return 0 }

func smallSharedMemory() bool { return false }

func namespaceProblem() string { return "" }

func sandboxed(int) (renderers, confined int) { return 0, 0 }

func helperProcesses(int) []int { return nil }

func anyDead([]int) bool { return false }
