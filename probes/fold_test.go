package probes

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plainFold says what Fold is, without its short cuts.
func plainFold(text string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(strings.ToValidUTF8(text, "\uFFFD"))), " ")
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		" \t\n　":               "",
		"ＡＢＣ　１２３":              "ABC 123",
		"ﾒﾝﾃﾅﾝｽ中":              "メンテナンス中",
		"カ\u3099イド":            "ガイド",
		"e\u0301":              "é",
		"a \u0308b":            "a \u0308b",
		" 改行\r\nと　全角\u00a0空白 ": "改行 と 全角 空白",
		"㈱①…™":                 "(株)1...TM",
		"\xff壊":                "\uFFFD壊",
		"line\u2028separator":  "line separator",
	} {
		if got := Fold(text); got != want || got != plainFold(text) {
			t.Errorf("Fold(%q) is %q, want %q", text, got, want)
		}
	}
}

// TestSimple holds that what is called simple is: NFKC makes that of it, and joins it to nothing before it.
func TestSimple(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		s := string(r)
		folded, size := simple(s)
		if size == 0 {
			continue
		}
		want := norm.NFKC.String(s)
		if strings.TrimSpace(want) == "" {
			want = " "
		}
		if string(folded) != want || size != len(s) || !norm.NFKC.PropertiesString(s).BoundaryBefore() {
			t.Errorf("U+%04X is not simple", r)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"か\u3099 ｶﾞ", "\u1100\u1161\u11a8 ㍻", "a\u0300\u0301 \u00a8", "\xe3\x80", "…。 Ⅳ\u2003x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		if got, want := Fold(text), plainFold(text); got != want {
			t.Errorf("Fold(%q) is %q, want %q", text, got, want)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	text := strings.Repeat("お知らせ：マイナンバーカードの手続について、please read\n", 200)
	b.Run("fold", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			Fold(text)
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			plainFold(text)
		}
	})
}
