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
	// text is the runes as a string, and at where each of them begins in it, and the end.
	text string
	at   []int
}

// slice returns the folded runes i to j.
func (s *source) slice(i, j int) string { return s.text[s.at[i]:s.at[j]] }

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
		if end == i+size && (r < utf8.RuneSelf || r >= 0x3041 && r <= 0x3096 || r >= 0x30A1 && r <= 0x30FE || r >= 0x4E00 && r <= 0x9FFF) {
			src.add(r, i, end) // NFKC leaves these as they are
		} else {
			src.addCluster(r, text[i:end], i, end)
		}
		i = end
	}
	src.joinSpaced()
	src.respell()
	src.text = string(src.runes)
	src.at = make([]int, 0, len(src.runes)+1)
	for i := range src.text {
		src.at = append(src.at, i)
	}
	src.at = append(src.at, len(src.text))
	return src
}

// joinSpaced takes out the spaces of words that are set with a space between all their characters: 発 生 日 時.
func (s *source) joinSpaced() {
	rs := s.runes
	out := 0
	keep := func(i int) {
		s.runes[out], s.from[out], s.to[out] = rs[i], s.from[i], s.to[i]
		out++
	}
	for i := 0; i < len(rs); {
		// a single Kanji, a space, a single Kanji, and so on, with an edge on both sides
		j, n := i, 0
		if unicode.Is(unicode.Han, rs[i]) && (i == 0 || rs[i-1] == ' ' || rs[i-1] == '\n' || isMarker(rs[i-1]) || rs[i-1] == '【') {
			for j < len(rs) && unicode.Is(unicode.Han, rs[j]) {
				if n++; n > 12 {
					break
				}
				if j+2 < len(rs) && rs[j+1] == ' ' && unicode.Is(unicode.Han, rs[j+2]) {
					j += 2
					continue
				}
				j++
				break
			}
		}
		edge := n <= 12 && (j >= len(rs) || rs[j] == ' ' || rs[j] == ':' || rs[j] == '\n' || rs[j] == '】')
		if n >= 3 && edge || n == 2 && edge && (j >= len(rs) || rs[j] != ' ' || j+1 < len(rs) && (rs[j+1] == ':' || isDigit(rs[j+1]))) {
			for k := i; k < j; k += 2 {
				keep(k)
			}
			i = j
			continue
		}
		keep(i)
		i++
	}
	s.runes, s.from, s.to = s.runes[:out], s.from[:out], s.to[:out]
}

// respell gives メインテナンス the spelling that most use.
func (s *source) respell() {
	if !strings.Contains(s.orig, "イン") && !strings.Contains(s.orig, "ｲﾝ") {
		return
	}
	out := 0
	for i, r := range s.runes {
		if r == 'イ' && i > 0 && s.runes[out-1] == 'メ' && hasPrefix(s.runes, i+1, "ンテナンス") > 0 {
			continue
		}
		s.runes[out], s.from[out], s.to[out] = r, s.from[i], s.to[i]
		out++
	}
	s.runes, s.from, s.to = s.runes[:out], s.from[:out], s.to[:out]
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
