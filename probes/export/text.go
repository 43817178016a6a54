package export

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// columns measures text as terminals show it. The condition is fixed, so that output does not depend on the locale of
// whoever runs the command: most terminals show characters of ambiguous width in one column.
var columns = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	return c
}()

// width returns the number of terminal columns that the text takes.
func width(text string) int { return columns.StringWidth(text) }

// clean makes a text from outside safe for a terminal and a single line: control characters, escape sequences and
// bidirectional overrides are taken out, white space becomes a space.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// pad fills the text with spaces on the right, up to a number of columns.
func pad(text string, to int) string {
	return text + strings.Repeat(" ", max(0, to-width(text)))
}

// padLeft fills the text with spaces on the left, up to a number of columns.
func padLeft(text string, to int) string {
	return strings.Repeat(" ", max(0, to-width(text))) + text
}

// cut shortens the text to a number of columns, with an ellipsis where something was taken away.
func cut(text string, to int) string {
	if width(text) <= to {
		return text
	}
	return columns.Truncate(text, to, "…")
}

// noLineStart are characters that Japanese typesetting does not put at the start of a line (JIS X 4051, 行頭禁則).
const noLineStart = "、。，．・：；？！）」』】〕〉》”’ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}…"

// wrap breaks a text into lines of at most so many columns: at spaces, between wide characters, and within a word only
// where it alone is longer than a line.
func wrap(text string, to int) []string {
	to = max(to, 4)
	var lines []string
	var line strings.Builder
	lineWidth := 0
	flush := func() {
		lines = append(lines, strings.TrimRight(line.String(), " "))
		line.Reset()
		lineWidth = 0
	}
	for _, piece := range pieces(text) {
		w := width(piece)
		if lineWidth > 0 && lineWidth+width(strings.TrimRight(piece, " ")) > to {
			flush()
		}
		for w > to && width(strings.TrimRight(piece, " ")) > to {
			head := columns.Truncate(piece, to, "")
			if head == "" { // one cluster that alone is wider than the line
				_, size := utf8.DecodeRuneInString(piece)
				head = piece[:size]
			}
			line.WriteString(head)
			flush()
			piece = piece[len(head):]
			w = width(piece)
		}
		line.WriteString(piece)
		lineWidth += w
	}
	if lineWidth > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// pieces splits a text into parts between which a line may break; trailing spaces stay with their part.
func pieces(text string) []string {
	var parts []string
	var part strings.Builder
	lastWide, lastSpace := false, false
	for _, r := range text {
		wide := columns.RuneWidth(r) == 2
		breakable := lastSpace && r != ' ' || (wide || lastWide) && r != ' ' && !strings.ContainsRune(noLineStart, r)
		if breakable && part.Len() > 0 && !endsOpening(part.String()) {
			parts = append(parts, part.String())
			part.Reset()
		}
		part.WriteRune(r)
		lastWide, lastSpace = wide, r == ' '
	}
	if part.Len() > 0 {
		parts = append(parts, part.String())
	}
	return parts
}

// endsOpening reports whether a text ends with an opening bracket, which does not stand at the end of a line.
func endsOpening(text string) bool {
	for _, opening := range []string{"（", "「", "『", "【", "〔", "〈", "《", "“", "("} {
		if strings.HasSuffix(text, opening) {
			return true
		}
	}
	return false
}

// seconds shows a run's duration with the digits that matter.
func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 99.5:
		return fmt.Sprintf("%.2f s", s)
	default:
		return fmt.Sprintf("%.0f s", s)
	}
}
