package notice

import (
	"strings"
	"testing"
)

// onSite returns a text between the menus and the footer of a site.
func onSite(text string) string {
	return "本文へスキップ\nトップページ | サービス一覧 | よくある質問 | お問い合わせ | 会社情報\nホーム > お知らせ > 詳細\n文字サイズ 標準 拡大\nお知らせ\n" + text +
		"\n\nお問い合わせ先\n総務部 情報政策課 電話:03-0000-0000(平日8時30分~17時15分)\n\n関連情報\nマイナンバーカードの申請について\n▲ページの先頭へ\n\nこのページをシェアする\nX Facebook LINE\nCopyright (C) 2025 Example. All Rights Reserved.\n"
}

// quotesText reports whether an answer has lines that depend on the words of the text.
func quotesText(e example) bool {
	return containsAny(strings.Join(e.want, "\n"), "services:", "title:", "recurs:")
}

// wide is the notation of another editor.
var wide = strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９", ":", "：", "(", "（", ")", "）", "/", "／", "~", "～")

// forms are those in which a text of the tables may stand on a page.
var forms = []struct {
	name string
	page func(text string) string
}{
	{"site", onSite},
	{"notation", func(text string) string { return "　" + strings.ReplaceAll(wide.Replace(text), "\n", "\r\n　") }},
}

// TestParseReadsTheSameOnAPage reads every text of the tables once more as it may stand on a page: between the menus and the
// footer of a site, and in the notation of another editor. What it announces must stay what it was.
func TestParseReadsTheSameOnAPage(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			for _, e := range readExamples(t) {
				if quotesText(e) {
					continue
				}
				got := render(Parse(form.page(e.text), publishedTime(t, e.published)), e.want)
				if strings.Join(got, "\n") != strings.Join(e.want, "\n") {
					t.Errorf("%s: published %s\n%s\n--- got\n%s\n--- want\n%s", e.name, e.published, form.page(e.text), strings.Join(got, "\n"), strings.Join(e.want, "\n"))
				}
			}
		})
	}
}
