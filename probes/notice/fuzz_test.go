package notice

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzParse holds for any bytes: no panic, windows whose bounds are in order, and pieces that are of the text.
func FuzzParse(f *testing.F) {
	for _, e := range readExamples(f) {
		f.Add(e.text, publishedTime(f, e.published).Unix())
	}
	f.Add("12月6日22時～\xff\xfe25時", int64(0))
	f.Fuzz(func(t *testing.T, text string, published int64) {
		var pub time.Time
		if published > 0 && published < 4e9 {
			pub = time.Unix(published, 0)
		}
		r := Read(text, pub)
		if r.Announcements == nil {
			t.Fatal("the list is nil")
		}
		if _, err := json.Marshal(r.Announcements); err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Announcements {
			if a.Services == nil || a.Windows == nil {
				t.Fatal("a nil list inside an announcement")
			}
			for _, s := range a.Services {
				if !utf8.ValidString(s) {
					t.Fatalf("the service %q is no text", s)
				}
			}
			for _, w := range a.Windows {
				if w.Start == nil && w.End == nil {
					t.Fatal("a window without bounds")
				}
				if w.Start != nil && w.End != nil && w.End.Before(*w.Start) {
					t.Fatalf("a window ends %v before it starts %v", w.End, w.Start)
				}
				if !strings.Contains(text, w.StartText) || !strings.Contains(text, w.EndText) {
					t.Fatalf("%q or %q is not of the text", w.StartText, w.EndText)
				}
				if (w.Start != nil) != (w.StartText != "") || (w.End != nil) != (w.EndText != "") {
					t.Fatalf("a bound without its text, or a text without its bound: %+v", w)
				}
			}
		}
		last := 0
		for _, s := range r.Spans {
			if s.From < last || s.To <= s.From || s.To > len(text) {
				t.Fatalf("span %+v after %d in %d bytes", s, last, len(text))
			}
			last = s.To
		}
		if pub.IsZero() && len(r.Announcements) > 0 && !Troubled(text) {
			t.Fatal("what is announced is no trouble")
		}
	})
}
