package definition_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"mynaprobe/probes/definition"
)

// Whatever the bytes, the decoder does not panic, and each error lies inside of the file and shows the line it names.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := definition.Parse("fuzz.yaml", data)
		if err == nil {
			for _, p := range set.Probes {
				if p.Name == "" || p.Every <= 0 || p.Timeout <= 0 || p.Timeout > p.Every || p.HTTP == nil && p.Browser == nil && p.Notice == nil {
					t.Errorf("accepted: %+v", p)
				}
			}
			return
		}
		var errs definition.Errors
		if !errors.As(err, &errs) {
			t.Fatalf("%T: %v", err, err)
		}
		lines := bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
		last := definition.Error{}
		for _, e := range errs {
			if e.Message == "" || e.File != "fuzz.yaml" || strings.ContainsAny(e.Message+e.Suggestion, "\n\x1b") {
				t.Errorf("%+v", e)
			}
			if e.Line == 0 {
				continue
			}
			if e.Line < 0 || e.Line > len(lines) || e.Column < 1 || e.Column > 1+utf8.RuneCount(lines[e.Line-1]) {
				t.Errorf("%d:%d is outside of the file: %s", e.Line, e.Column, e.Message)
			}
			if e.Line < last.Line || e.Line == last.Line && e.Column < last.Column {
				t.Errorf("%d:%d comes after %d:%d", e.Line, e.Column, last.Line, last.Column)
			}
			last = e
			if strings.ContainsAny(e.SourceLine, "\n\r\x1b") || utf8.RuneCountInString(e.SourceLine) > 200 {
				t.Errorf("source line %q", e.SourceLine)
			}
			_ = e.Error()
		}
	})
}
