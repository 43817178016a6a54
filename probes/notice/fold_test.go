package notice

import "testing"

func TestFoldJoinsLookAlikes(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"full-width digits", "１２月６日", "12月6日"},
		{"half-width kana with voicing", "ｻｰﾋﾞｽ", "サービス"},
		{"standing dakuten", "か\u309b は\u309c", "が ぱ"},
		{"combining dakuten", "か\u3099", "が"},
		{"wave dashes", "〜～∼", "~~~"},
		{"dashes", "―–—−－", "-----"},
		{"spaces and line ends", " a　b\r\n\tc ", "a b c"},
		{"invisible characters", "復\u200b旧\ufeff", "復旧"},
		{"Kangxi radicals of a PDF", "⽇時", "日時"},
		{"weekday in one character", "6日㈯", "6日(土)"},
		{"letter spacing", "発 生 日 時 : 8:50", "発生日時 : 8:50"},
		{"western comma of Japanese text", "6日，7日", "6日、7日"},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("%s: Fold(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestFoldIsIdempotentOnNotices(t *testing.T) {
	for _, e := range readExamples(t) {
		if once := Fold(e.text); Fold(once) != once {
			t.Errorf("%s: folding twice differs from folding once", e.name)
		}
	}
}
