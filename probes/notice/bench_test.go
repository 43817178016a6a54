package notice

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

func BenchmarkParse(b *testing.B) {
	examples := readExamples(b)
	bytes := 0
	for _, e := range examples {
		bytes += len(e.text)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range examples {
			Parse(e.text, time.Time{})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(float64(bytes)/1024), "ns/KB")
}

// hostile are texts made to provoke work that grows faster than the text.
var hostile = map[string]func(n int) string{
	"dates":            func(n int) string { return strings.Repeat("12月6日、", n/13) },
	"dates and range":  func(n int) string { return "メンテナンス" + strings.Repeat("12月6日、", n/13) + "0:00～6:00" },
	"ranges":           func(n int) string { return "障害が発生 " + strings.Repeat("12月6日22:00～", n/17) },
	"different starts": func(n int) string { return manyStarts(n) },
	"digits":           func(n int) string { return strings.Repeat("1", n) },
	"spaces":           func(n int) string { return strings.Repeat(" ", n) },
	"newlines":         func(n int) string { return "障害" + strings.Repeat("\n", n) },
	"brackets":         func(n int) string { return strings.Repeat("(", n) + "8:00" },
	"clock in brackets": func(n int) string {
		return strings.Repeat("8:00(", n/5)
	},
	"spaced Kanji":   func(n int) string { return strings.Repeat("障 ", n/4) + "x" },
	"marks":          func(n int) string { return "か" + strings.Repeat("\u3099", n/3) },
	"one sentence":   func(n int) string { return strings.Repeat("障害が発生し復旧作業中", n/33) },
	"meetings":       func(n int) string { return strings.Repeat("会見、", n/9) },
	"conditions":     func(n int) string { return strings.Repeat("障害、メンテナンス、", n/30) },
	"recurring":      func(n int) string { return "メンテナンス" + strings.Repeat("毎月第2", n/10) },
	"table cells":    func(n int) string { return "障害\n" + strings.Repeat("12/6 8:00\t", n/10) },
	"labels":         func(n int) string { return strings.Repeat("■発生日時\n", n/16) },
	"reports":        func(n int) string { return "障害が発生\n" + strings.Repeat("【12/6 8:00更新】復旧\n", n/27) },
	"quotes":         func(n int) string { return "障害" + strings.Repeat("「", n/3) },
	"services":       func(n int) string { return manyServices(n) },
	"Latin letters":  func(n int) string { return strings.Repeat("maintenance outage ", n/19) },
	"invalid bytes":  func(n int) string { return strings.Repeat("\xe6\x9c", n/2) },
	"soft line ends": func(n int) string { return strings.Repeat("障害が、\n", n/13) },
	"Kanji numerals": func(n int) string { return strings.Repeat("二〇", n/6) },
	"dashes":         func(n int) string { return "障害" + strings.Repeat("8:00-", n/5) },
	"starts alone": func(n int) string {
		return "お知らせ\n" + strings.Repeat("12/6 8:00から\n", n/17) + "メンテナンス"
	},
	"open brackets": func(n int) string { return "メンテナンス\n内容:" + strings.Repeat("(12/6 8:00~9:00", n/16) },
	"items": func(n int) string {
		return "1 停止のお知らせ\n" + strings.Repeat("2 催し\n12/6 8:00~9:00\n", n/26)
	},
	"rules":           func(n int) string { return "メンテナンス\n" + strings.Repeat("12/6 8:00~9:00\n------\n", n/23) },
	"relative months": func(n int) string { return strings.Repeat("翌月", n/6) },
}

func manyStarts(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d月%d日%d:%02d頃から障害が発生。\n", i%12+1, i%28+1, i%24, i%60)
	}
	return b.String()
}

func manyServices(n int) string {
	var b strings.Builder
	b.WriteString("対象サービス：")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "サービス%dの障害、", i)
	}
	return b.String()
}

// cost is the processor time of reading the text so many times, on average. One reading can be shorter than the clock's tick.
func cost(t *testing.T, text string, times int) time.Duration {
	start := cpu(t)
	for range times {
		Read(text, time.Date(2025, 12, 1, 10, 0, 0, 0, japan))
	}
	return (cpu(t) - start) / time.Duration(times)
}

// cpu is the processor time that the test has taken so far.
func cpu(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestParseTakesLinearTime compares texts of 2.5 kB and 20 kB in the same run: work that grew with the square of the
// text would take 64 times as long, and the limit lies between. A machine that is busy with other things gets more tries.
func TestParseTakesLinearTime(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			var ratio float64
			for range 4 {
				small, large := cost(t, text(2_500), 64), cost(t, text(20_000), 8)
				if ratio = float64(large) / float64(max(small, time.Microsecond)); ratio < 32 {
					return
				}
			}
			t.Errorf("eight times the text took %.0f times as long", ratio)
		})
	}
}
