package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMarks bounds the combining marks that are folded together with one base character.
const maxMarks = 6

// Fold is the form in which notices are compared and hashed: NFKC, with one wave dash (~), one dash (-), one colon and one
// middle dot for their many look-alikes, separate dakuten joined to their kana, invisible characters dropped, and every
// run of white space as one space with none at the ends.
func Fold(s string) string {
	src := fold(s)
	return strings.Join(strings.Fields(string(src.runes)), " ")
}

// A source is a folded text that remembers where each of its characters came from.
type source struct {
	orig  string
	runes []rune
	// from and to bound, in bytes of orig, what each rune was folded from.
	from, to []int
}

// piece returns the original text of the folded runes i to j.
func (s *source) piece(i, j int) string {
	if i >= j {
		return ""
	}
	return s.orig[s.from[i]:s.to[j-1]]
}

// folded returns the folded runes i to j with white space squeezed.
func (s *source) folded(i, j int) string {
	return strings.Join(strings.Fields(string(s.runes[i:j])), " ")
}

func fold(text string) *source {
	src := &source{
		orig:  text,
		runes: make([]rune, 0, len(text)/2),
		from:  make([]int, 0, len(text)/2),
		to:    make([]int, 0, len(text)/2),
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		end := i + size
		if r == '\r' {
			if end < len(text) && text[end] == '\n' {
				end++
			}
			src.add('\n', i, end)
			i = end
			continue
		}
		for n := 0; n < maxMarks && end < len(text); n++ {
			next, nextSize := utf8.DecodeRuneInString(text[end:])
			if !isMark(next) {
				break
			}
			end += nextSize
		}
		if r < utf8.RuneSelf && end == i+1 {
			src.add(r, i, end)
		} else {
			src.addCluster(r, text[i:end], i, end)
		}
		i = end
	}
	return src
}

// isMark reports whether r modifies the character before it: combining marks, and the voicing marks of kana that stand
// alone (U+309B, U+309C) or in half width (U+FF9E, U+FF9F).
func isMark(r rune) bool {
	switch r {
	case 0x309B, 0x309C, 0xFF9E, 0xFF9F:
		return true
	}
	return r >= 0x300 && unicode.Is(unicode.Mn, r)
}

var voicing = strings.NewReplacer("\u309b", "\u3099", "\u309c", "\u309a", "\uff9e", "\u3099", "\uff9f", "\u309a")

func (s *source) addCluster(first rune, cluster string, from, to int) {
	// Circled and parenthesised numbers are marks of a list here, not digits that would run into the date behind them.
	if first >= '①' && first <= '⒇' || first >= '⓪' && first <= '⓿' || first >= '❶' && first <= '➓' {
		s.add('●', from, to)
		return
	}
	for _, r := range norm.NFKC.String(voicing.Replace(cluster)) {
		if r >= 0x300 && unicode.Is(unicode.Mn, r) {
			continue
		}
		s.add(r, from, to)
	}
}

func (s *source) add(r rune, from, to int) {
	switch r {
	case '\v', '\f', 0x85, 0x2028, 0x2029:
		r = '\n'
	case '〜', '∼', '〰', '∿', '˜':
		r = '~'
	case '‐', '‑', '‒', '–', '—', '―', '−', '─', '━', '➖', '﹣':
		r = '-'
	case '⇒', '➡', '⇨', '➔', '➜', '➝':
		r = '→'
	case '∶', '︓', 'ː', '˸':
		r = ':'
	case '•', '‧', '∙', '·', '･', '⋅':
		r = '・'
	case '│', '┃', '¦':
		r = '|'
	case ',', '.':
		// the comma and full stop of horizontal writing
		if n := len(s.runes); n > 0 && s.runes[n-1] >= 0x2000 && !isDigit(s.runes[n-1]) {
			r = map[rune]rune{',': '、', '.': '。'}[r]
		}
	case utf8.RuneError:
		r = ' '
	}
	if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.IsSpace(r)) {
		r = ' '
	}
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
		return
	}
	s.runes = append(s.runes, r)
	s.from = append(s.from, from)
	s.to = append(s.to, to)
}
