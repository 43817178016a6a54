package browserprobe

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func BenchmarkExp(b *testing.B) {
	url := serveFunc(b, benchPages)
	for _, line := range strings.Split(os.Getenv("EXP"), ";") {
		name, fl, _ := strings.Cut(line, "=")
		b.Run(name, func(b *testing.B) {
			if name == "bare" {
				benchBare(b, url)
				return
			}
			expFlags = strings.Fields(fl)
			var u1, u2 syscall.Rusage
			syscall.Getrusage(syscall.RUSAGE_SELF, &u1)
			benchOurs(b, url, 1)
			syscall.Getrusage(syscall.RUSAGE_SELF, &u2)
			b.ReportMetric(time.Duration(u2.Utime.Nano()+u2.Stime.Nano()-u1.Utime.Nano()-u1.Stime.Nano()).Seconds()/float64(b.N+2), "self-s")
		})
	}
}
