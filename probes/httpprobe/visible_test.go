package httpprobe

import (
	"testing"
	"unicode/utf8"

	"mynaprobe/probes"
)

func TestVisibleText(t *testing.T) {
	for _, test := range []struct{ html, title, text string }{
		{"", "", ""},
		{"plain", "", "plain"},
		{"<p>a<p>b<br>c", "", "a b c"},
		{"a<b>b</b>c<SPAN>d</SPAN>", "", "abcd"},
		{"<title>t &amp; u</title><title>second</title>x", "t & u", "x"},
		{"<TITLE>t</TITLE >x", "t", "x"},
		{"<title>never ends <p>x", "never ends <p>x", ""},
		{"<svg><title>icon</title><text>x</text></svg><title>page</title>", "page", ""},
		{"a<script>if (a</b) '<p>x</p>'</script>b", "", "ab"},
		{"a<script>x</scripty></script>b", "", "ab"},
		{"a<style>p{}</style><noscript>n</noscript><iframe>i</iframe>b", "", "ab"},
		{"<template>a<template>b</template>c</template>d", "", "d"},
		{"<template><script></template></script>a</template>b", "", "b"},
		{"<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を", "", "漢字を"},
		{"<ruby>漢<rt>かん<rb>字<rt>じ</ruby>を", "", "漢字を"},
		{"a<!-- <p>c --><!-->b<!--->c<!-- x --!>d<!-- never ends", "", "abcd"},
		{"<!DOCTYPE html><?xml x?></ x>a</>b", "", "ab"},
		{"<p title='a > b' x=\"</p>\">c<a href=it's>d</a>", "", "cd"},
		{"<p title=\"never ends>x</p>", "", ""},
		{"1 < 2 <3 &lt;p&gt; &#x3042; &nbsp;&unknown;<", "", "1 < 2 <3 <p> あ &unknown;<"},
		{"<textarea><p>typed</textarea>x", "", "<p>typed x"},
		{"<a_very_long_element_name>x<script", "", "x"},
		{"<img alt=a/>b<br/>c", "", "b c"},
	} {
		title, text := visibleText([]byte(test.html))
		if title, text = probes.Fold(title), probes.Fold(text); title != test.title || text != test.text {
			t.Errorf("%q: got %q, %q; want %q, %q", test.html, title, text, test.title, test.text)
		}
	}
}

// FuzzVisibleText holds that any page is read to its end, and gives text that is UTF-8.
func FuzzVisibleText(f *testing.F) {
	for _, seed := range []string{expectPage, "<svg><title></svg><!--", "<p a='\"", "</title", "<rt><template><textarea></rt", "<!---->&#xD800;&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if !utf8.ValidString(page) {
			return
		}
		if title, text := visibleText([]byte(page)); !utf8.ValidString(title + text) {
			t.Errorf("%q gives %q, %q", page, title, text)
		}
	})
}
