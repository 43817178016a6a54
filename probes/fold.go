package probes

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which texts of pages and definitions are compared: NFKC (so that full-width and half-width forms
// are one), with every run of white space as one space and none at the ends. Bytes that are no UTF-8 become U+FFFD.
func Fold(text string) string {
	// Pages are folded in every run, and nearly all of their text is simple: only the rest is given to norm, each piece
	// with the character before it, to which its first one may be joined.
	out := make([]byte, 0, len(text))
	space := false                      // there was white space since the last character
	last, length, spaced := 0, 0, false // where the last character began, and out and space before it
	for i := 0; i < len(text); {
		folded, size := simple(text[i:])
		if size == 0 {
			end := i
			for end < len(text) {
				if _, size := simple(text[end:]); size > 0 {
					break
				}
				_, size := utf8.DecodeRuneInString(text[end:])
				end += size
			}
			out, space = appendFolded(out[:length], spaced, norm.NFKC.String(text[last:end]))
			last, length, spaced, i = end, len(out), space, end
			continue
		}
		last, length, spaced = i, len(out), space
		i += size
		switch {
		case folded == ' ':
			space = true
			continue
		case space && length > 0:
			out = append(out, ' ')
		}
		space = false
		if folded < utf8.RuneSelf {
			out = append(out, byte(folded))
		} else {
			out = append(out, text[last:i]...)
		}
	}
	return string(out)
}

// appendFolded adds text that norm has folded.
func appendFolded(out []byte, space bool, text string) ([]byte, bool) {
	for _, r := range text {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if space && len(out) > 0 {
			out = append(out, ' ')
		}
		space = false
		out = utf8.AppendRune(out, r)
	}
	return out, space
}

// simple returns the first character of a text in folded form, and its size in the text, where that needs no more than a
// look at it: it is folded already, or full-width, or white space (which becomes ' '), and is joined to nothing before
// it. Of any other the size is 0. The list is of what Japanese pages are made of, and not complete.
func simple(text string) (folded rune, size int) {
	c := text[0]
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		return ' ', 1
	case c < utf8.RuneSelf:
		return rune(c), 1
	case c < 0xE3 || c > 0xEF || len(text) < 3:
		return 0, 0
	}
	if text[1]&0xC0 != 0x80 || text[2]&0xC0 != 0x80 {
		return 0, 0
	}
	r := rune(c&0x0F)<<12 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F)
	switch {
	case r >= 0x3041 && r <= 0x3096, // hiragana
		r >= 0x30A1 && r <= 0x30FE, // katakana, middle dot, long vowel
		r >= 0x4E00 && r <= 0x9FFF, // ideographs
		r >= 0x3001 && r <= 0x3020: // punctuation, brackets, wave dash
		return r, 3
	case r >= 0xFF01 && r <= 0xFF5E: // full-width ASCII
		return r - 0xFF01 + '!', 3
	case r == 0x3000: // ideographic space
		return ' ', 3
	}
	return 0, 0
}

// ContainsFolded reports whether text contains part, both folded.
func ContainsFolded(text, part string) bool {
	return strings.Contains(Fold(text), Fold(part))
}
