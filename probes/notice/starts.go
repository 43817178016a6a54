package notice

import "unicode/utf8"

var (
	vagueWords     = []string{"始発", "終電", "未明", "明け方", "早朝", "深夜", "夕方", "夕刻", "夜間", "午前中", "午前", "午後", "日中", "朝方", "昼前", "昼過ぎ", "昼すぎ", "昼ごろ", "昼頃", "お昼", "夜遅く"}
	approxWords    = []string{"頃", "ごろ", "ころ", "すぎ", "過ぎ", "前後", "くらい", "ぐらい", "付近", "およそ", "おおよそ", "おおむね", "概ね", "約", "前", "approximately", "approx.", "around", "about", "roughly"}
	potentialStems = []string{"でき", "出来", "いただけ", "頂け", "になれ", "使え", "行え", "つなが", "繋が", "入れ", "届か", "開け", "見られ", "受け付けられ", "動か", "表示され", "配信され", "送信され", "反映され", "動作し", "稼働し", "利用可能", "可能", "出せ", "受け取れ", "引き出せ", "買え", "払え", "送れ", "読み取れ"}
)

// Kinds of words, by which characters can begin them.
const (
	startVague uint8 = 1 << iota
	startApprox
	startPotential
	startRelative
	startHalf
)

// startTable tells for each character which kinds of words begin with it, so that most characters are passed over at once.
var startTable = buildStarts()

func buildStarts() *[1 << 16]uint8 {
	t := new([1 << 16]uint8)
	mark := func(kind uint8, words ...string) {
		for _, w := range words {
			r, _ := utf8.DecodeRuneInString(w)
			t[r] |= kind
			if r >= 'a' && r <= 'z' {
				t[r-'a'+'A'] |= kind
			}
		}
	}
	mark(startVague, vagueWords...)
	mark(startVague, "朝", "昼", "夜", "夕")
	mark(startApprox, approxWords...)
	mark(startPotential, potentialStems...)
	mark(startPotential, "づらい", "にくい", "しがたい", "分かり", "わかり")
	for _, r := range relativeDays {
		mark(startRelative, r.word)
	}
	mark(startRelative, "翌", "同", "今", "本", "来", "先", "昨")
	for _, h := range halves {
		mark(startHalf, h.word)
	}
	return t
}

func starts(r rune, kind uint8) bool { return r < 1<<16 && startTable[r]&kind != 0 }
