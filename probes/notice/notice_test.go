package notice

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
)

// An example is one entry of a table under testdata: a text and what a person reads in it.
//
//	=== name | date of publication
//	text
//	---
//	outage resolved
//	2025-10-30 08:50 .. 2025-10-31 18:50 ~
//	services: A, B
//
// The windows are in Japan's time; "-" is a bound that is not given, "~" marks an approximate window, "none" a text that
// announces nothing. Several announcements follow each other. "services:", "title:" and "recurs:" are checked where given.
type example struct {
	name, published, text string
	want                  []string
	other                 [][]string // second readings, after lines ---or, in the corpus
	file                  string
}

func readExamples(t testing.TB) []example {
	t.Helper()
	return examplesOf(t, "testdata/*.txt")
}

func examplesOf(t testing.TB, pattern string) []example {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables %s: %v", pattern, err)
	}
	var out []example
	names := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(data), "\n=== ")[1:] {
			head, rest, _ := strings.Cut(part, "\n")
			text, want, ok := strings.Cut(rest, "\n---\n")
			if !ok {
				t.Fatalf("%s: %q has no --- line", f, head)
			}
			name, published, _ := strings.Cut(head, "|")
			e := example{name: strings.TrimSpace(name), published: strings.TrimSpace(published), text: text, file: filepath.Base(f)}
			if names[e.name] {
				t.Fatalf("%s: the name %q is used twice", f, e.name)
			}
			names[e.name] = true
			for i, reading := range strings.Split(want, "\n---or\n") {
				var lines []string
				for _, w := range strings.Split(reading, "\n") {
					if w = strings.TrimSpace(w); w != "" {
						lines = append(lines, w)
					}
				}
				if i == 0 {
					e.want = lines
				} else {
					e.other = append(e.other, lines)
				}
			}
			out = append(out, e)
		}
	}
	return out
}

func publishedTime(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04"} {
		if p, err := time.ParseInLocation(layout, s, japan); err == nil {
			return p
		}
	}
	t.Fatalf("bad date of publication %q", s)
	return time.Time{}
}

func boundText(b *time.Time) string {
	if b == nil {
		return "-"
	}
	if b.Second() != 0 {
		return b.In(japan).Format("2006-01-02 15:04:05")
	}
	return b.In(japan).Format("2006-01-02 15:04")
}

// render writes announcements as the tables do, with those of the optional lines that want has.
func render(as []probes.Announcement, want []string) []string {
	if len(as) == 0 {
		return []string{"none"}
	}
	has := func(prefix string) bool {
		for _, w := range want {
			if strings.HasPrefix(w, prefix) {
				return true
			}
		}
		return false
	}
	var out []string
	for _, a := range as {
		out = append(out, fmt.Sprintf("%s %s", a.Kind, a.State))
		for _, w := range a.Windows {
			s := boundText(w.Start) + " .. " + boundText(w.End)
			if w.Approximate {
				s += " ~"
			}
			if has("2") && strings.Contains(strings.Join(want, "\n"), " @ ") && len(w.Services) > 0 {
				s += " @ " + strings.Join(w.Services, ", ")
			}
			out = append(out, s)
		}
		if has("services:") {
			out = append(out, "services: "+strings.Join(a.Services, ", "))
		}
		if has("title:") {
			out = append(out, "title: "+a.Title)
		}
		if has("recurs:") && a.Recurs != "" {
			out = append(out, "recurs: "+a.Recurs)
		}
	}
	return out
}

func TestParseReadsNotices(t *testing.T) {
	examples := readExamples(t)
	wrong := map[string]int{}
	total := map[string]int{}
	for _, e := range examples {
		total[e.file]++
		t.Run(e.name, func(t *testing.T) {
			got := render(Parse(e.text, publishedTime(t, e.published)), e.want)
			if strings.Join(got, "\n") != strings.Join(e.want, "\n") {
				wrong[e.file]++
				t.Errorf("published %s\n%s\n--- got\n%s\n--- want\n%s", e.published, e.text, strings.Join(got, "\n"), strings.Join(e.want, "\n"))
			}
		})
	}
	for f, n := range total {
		t.Logf("%s: %d of %d right", f, n-wrong[f], n)
	}
}
