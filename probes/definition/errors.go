package definition

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// Error is one thing that is wrong with a definition, and where.
type Error struct {
	// File is the file's name as it was given to Load.
	File string
	// Line and Column count from 1, Column in characters; both are 0 when the error is of the file as a whole.
	Line, Column int
	Message      string
	// SourceLine is the offending line, with everything that looks like a secret replaced by stars; a long one is cut.
	SourceLine string
	// Suggestion says what would be right; empty when the message says it all.
	Suggestion string

	// caret is the column of the offence in SourceLine, counted from 0.
	caret int
	// structural errors are those that the JSON Schema sees too.
	structural bool
}

// Error returns position, message, the offending line with a caret below the offence, and the suggestion, on lines of
// their own.
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": " + e.Message)
	if e.Line > 0 {
		number := fmt.Sprintf("%5d", e.Line)
		fmt.Fprintf(&b, "\n%s | %s\n%s | %s^", number, e.SourceLine, strings.Repeat(" ", len(number)), pad(e.SourceLine, e.caret))
	}
	if e.Suggestion != "" {
		b.WriteString("\n  hint: " + e.Suggestion)
	}
	return b.String()
}

// pad returns white space as wide on a terminal as the first n characters of line.
func pad(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i == n {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", runewidth.RuneWidth(r)))
	}
	return b.String()
}

// Errors is everything that is wrong with the definitions of one load, in the order of the files and of the positions
// in them.
type Errors []Error

// Error returns all errors, one after the other.
func (e Errors) Error() string {
	all := make([]string, len(e))
	for i := range e {
		all[i] = e[i].Error()
	}
	return strings.Join(all, "\n")
}

// Unwrap gives errors.As the single errors.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

// sorted orders the errors of one file by position and drops repetitions, as an anchor used twice makes them.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(e, func(a, b Error) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
}

// asError returns nil, and not an empty list, when nothing is wrong.
func (e Errors) asError() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// longLine is the number of characters of an offending line that are shown.
const longLine = 120

// span is a part of a line, in characters counted from 0.
type span struct{ from, to int }

// secretish finds values that look like secrets by the word before the colon, wherever on a line they stand. A
// reference in braces is none.
var secretish = regexp.MustCompile(`(?i)(?:password|passwd|passphrase|パスワード|暗証番号|token|secret|authorization|bearer|cookie|credential|api[_-]?key)[\w-]*["']?\s*:\s*([^\s{\[].*)`)

// printable replaces what could disturb a terminal, tabs excepted.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) && r != '\u3000' {
			return '\ufffd'
		}
		return r
	}, s)
}

// disjoint joins spans that overlap and returns them from the last to the first.
func disjoint(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return b.from - a.from })
	var all []span
	for _, s := range spans {
		if last := len(all) - 1; last >= 0 && all[last].from < s.to {
			all[last] = span{s.from, max(s.to, all[last].to)}
			continue
		}
		all = append(all, s)
	}
	return all
}

// looksSecret returns the parts of a line that look like secrets.
func looksSecret(line string) []span {
	var spans []span
	add := func(from, to int) {
		before := len([]rune(line[:from]))
		spans = append(spans, span{before, before + len([]rune(line[from:to]))})
	}
	for rest := 0; ; {
		m := secretish.FindStringSubmatchIndex(line[rest:])
		if m == nil {
			break
		}
		from, to := rest+m[2], rest+m[3]
		if before := line[:from]; strings.Count(before, "{") > strings.Count(before, "}") {
			to = from + len(flowValue.FindString(line[from:to]))
		}
		add(from, to)
		rest = to
	}
	for _, m := range userinfo.FindAllStringSubmatchIndex(line, -1) {
		add(m[2], m[3])
	}
	return spans
}

// flowValue is a value inside of braces, which ends at a comma or brace unless it is quoted.
var flowValue = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[^,}\]]*)`)

// userinfo finds the user and password of an address.
var userinfo = regexp.MustCompile(`://([^/\s@"']+)@`)

// excerpt returns the line with its secrets starred out, cut around the column (from 1), and where the column is in it.
func excerpt(line string, column int, secrets []span) (string, int) {
	runes := []rune(strings.TrimRight(line, "\r\n"))
	secrets = append(slices.Clip(secrets), looksSecret(string(runes))...)
	caret := min(max(column-1, 0), len(runes))
	for _, s := range disjoint(secrets) {
		from, to := min(s.from, len(runes)), min(s.to, len(runes))
		if from >= to {
			continue
		}
		// A fixed number of stars, so that not even the length is told.
		const stars = "****"
		runes = slices.Replace(runes, from, to, []rune(stars)...)
		switch {
		case caret >= to:
			caret += len(stars) - (to - from)
		case caret > from:
			caret = from
		}
	}
	runes = []rune(printable(string(runes)))
	if len(runes) > longLine {
		from := max(0, min(caret-longLine/2, len(runes)-longLine))
		to := from + longLine
		cut := slices.Clone(runes[from:to])
		if from > 0 {
			cut[0] = '…'
		}
		if to < len(runes) {
			cut[len(cut)-1] = '…'
		}
		runes, caret = cut, caret-from
	}
	return string(runes), caret
}
