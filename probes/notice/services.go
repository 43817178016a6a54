package notice

import (
	"slices"
	"strings"
	"unicode"
)

// maxService is the longest name of a service that is believed, in characters.
const maxService = 40

// maxServices bounds the names of one notice.
const maxServices = 60

// services names what the notice says is affected: the values of labels like 対象サービス, names in quotation marks beside
// words of trouble, the noun before の障害 or が利用できない, and the cells of a table beside its windows.
func (p *parser) services(windows []window) []string {
	c := &collector{p: p, at: map[string]int{}}
	for i := range windows {
		c.ofWindow(&windows[i])
	}
	for i := range p.lines {
		c.ofLabel(&p.lines[i])
	}
	p.sentences(func(from, to int) {
		if p.find(from, to, cTrouble|cTroubleW|cMaint|cStop|cCant|cRecover|cHappen) {
			c.ofSentence(from, to)
		}
	})
	return c.names()
}

// A collector gathers names with the place where each was first seen.
type collector struct {
	p     *parser
	at    map[string]int
	order []string
}

func (c *collector) add(name string, at int) string { return c.addClean(cleanService(name), at) }

func (c *collector) addClean(name string, at int) string {
	if len(c.order) >= maxServices || !serviceLike(name) {
		return ""
	}
	if old, ok := c.at[name]; !ok {
		c.order = append(c.order, name)
		c.at[name] = at
	} else if at < old {
		c.at[name] = at
	}
	return name
}

// names returns the names in order of appearance, without those that only say another one at greater length.
func (c *collector) names() []string {
	slices.SortStableFunc(c.order, func(a, b string) int { return c.at[a] - c.at[b] })
	out := []string{}
	for _, n := range c.order {
		drop := false
		for _, o := range c.order {
			if o == n {
				continue
			}
			rest, prefixed := strings.CutPrefix(n, o)
			if prefixed && (strings.HasPrefix(rest, "の") || strings.HasPrefix(rest, "へ") || strings.HasPrefix(rest, "で")) {
				drop = true
			}
			if !prefixed && strings.HasSuffix(o, n) || strings.HasPrefix(o, n) && !strings.HasPrefix(o[len(n):], "の") && !strings.HasPrefix(o[len(n):], "へ") && !strings.HasPrefix(o[len(n):], "で") {
				drop = true
			}
		}
		if !drop {
			out = append(out, n)
		}
	}
	return out
}

// ofWindow finds the service that a row or a bullet names beside its window.
func (c *collector) ofWindow(w *window) {
	p := c.p
	if w.line >= len(p.lines) {
		return
	}
	ln := &p.lines[w.line]
	if len(ln.cells) > 1 {
		for _, cl := range ln.cells {
			if p.hasTime(cl.first, cl.last) || cl.role != labelService && cl.role != labelNone {
				continue
			}
			if n := c.add(p.src.folded(p.toks[cl.first].from, p.toks[cl.last-1].to), p.toks[cl.first].from); n != "" {
				w.services = append(w.services, n)
			}
		}
		return
	}
	if ln.heads {
		return
	}
	for k := ln.value; k < ln.last; k++ {
		switch p.toks[k].kind {
		case kDate, kClock:
			return
		case kColon:
			if k == ln.value {
				return
			}
			name := p.src.folded(p.toks[ln.value].from, p.toks[k-1].to)
			if roleOfLabel(name) == labelNone && !p.find(ln.value, k, cTrouble|cMaint|cRecover|cHappen|cFinish|cBegin|cPublish|cStop) {
				if n := c.add(name, p.toks[ln.value].from); n != "" {
					w.services = append(w.services, n)
				}
			}
			return
		}
	}
}

func (c *collector) ofLabel(ln *line) {
	p := c.p
	if ln.role != labelService || len(ln.cells) > 1 || ln.blank {
		return
	}
	if strings.Contains(ln.label, "範囲") && !strings.Contains(ln.label, "サービス") && !strings.Contains(ln.label, "影響") {
		return
	}
	start := ln.value
	for k := ln.value; k <= ln.last; k++ {
		if k < ln.last && p.toks[k].kind != kComma && p.toks[k].kind != kStop && !p.conjunction(k) {
			continue
		}
		if k < ln.last && p.rune(k) == '・' && k > start {
			continue
		}
		if k > start && !p.hasTime(start, k) {
			c.add(p.src.folded(p.toks[start].from, p.toks[k-1].to), p.toks[start].from)
		}
		start = k + 1
	}
}

func (p *parser) conjunction(k int) bool {
	if p.kindAt(k) != kText {
		return false
	}
	i := p.toks[k].from
	return hasPrefix(p.src.runes, i, "及び", "および", "並びに", "ならびに") > 0
}

func (c *collector) ofSentence(from, to int) {
	p := c.p
	for k := from; k < to; k++ {
		t := p.toks[k]
		switch {
		case t.kind == kOpen && (p.rune(k) == '「' || p.rune(k) == '『'):
			for j := k + 1; j < to && j < k+maxService; j++ {
				if p.toks[j].kind != kClose {
					continue
				}
				if (p.rune(j) == '」' || p.rune(j) == '』') && j > k+1 && !p.quotedWords(k+1, j) {
					c.addClean(p.src.folded(t.to, p.toks[j].from), t.to)
				}
				break
			}
		case t.kind == kWord && t.is(cTrouble|cMaint|cStop|cCant|cTroubleW) && !t.is(cFriend):
			if a, b := p.nounBefore(from, k); a < b {
				c.add(p.src.folded(a, b), a)
			}
		}
	}
}

// quotedWords reports whether what is quoted is something said or shown, and no name.
func (p *parser) quotedWords(from, to int) bool {
	if p.find(from, to, cTrouble|cTroubleW|cMaint|cMode|cCant|cStop|cAbout|cInfo) {
		return true
	}
	i := p.toks[to].to
	return hasPrefix(p.src.runes, i, "と表示", "という", "画面", "ボタン", "と", "ページ", "メニュー", "を押", "をクリック", "を選択", "をご覧", "をご確認", "欄", "にお問") > 0
}

var linkWords = []string{"における", "において", "に係る", "に関する", "への", "にて", "での", "からの", "より", "の", "が", "を", "は", "に", "で", "へ", "も", "等", "など", "を利用した", "が一時的に", "一時的に", "が全て", "がすべて", "全ての", "すべての", "一部の", "新規", "一時"}

// nounBefore returns the runes of the noun phrase that the word at k speaks of.
func (p *parser) nounBefore(from, k int) (int, int) {
	rs := p.src.runes
	low := p.toks[from].from
	end := p.toks[k].from
	low = max(low, end-2*maxService)
	// the particles between the noun and the word
	for n := 0; n < 4; n++ {
		cut := false
		for _, w := range linkWords {
			if l := len([]rune(w)); end-l >= low && string(rs[end-l:end]) == w {
				end -= l
				cut = true
				break
			}
		}
		if !cut {
			break
		}
	}
	start := end
	for start > low {
		r := rs[start-1]
		if unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Han, r) || isLatin(r) || isDigit(r) || r == 'ー' || r == '・' || r == '-' || r == '々' {
			start--
			continue
		}
		if r == 'の' && start-1 > low && start < end {
			start--
			continue
		}
		break
	}
	// a noun does not reach back over a time
	for j := k - 1; j >= from; j-- {
		t := p.toks[j]
		if t.to <= start {
			break
		}
		if t.kind == kDate || t.kind == kClock || t.kind == kRange && t.to-t.from == 1 && p.rune(j) == '~' || t.kind == kLength || t.kind == kWord && t.is(cNow|cTrouble|cHappen|cMaint|cStop|cCant|cFrom|cRecover|cNormal|cNotice|cPlan) {
			start = max(start, t.to)
			break
		}
	}
	if start > low && start < end && rs[start-1] == ' ' && end-start < 3 {
		return end, end
	}
	return min(start, end), end
}

var functionNouns = []string{"新規発行申請", "新規申請", "新規登録", "ログイン", "利用", "ご利用", "接続", "アクセス", "申請", "手続き", "手続", "閲覧", "表示", "一部機能", "全機能", "機能の一部", "機能", "一部", "提供", "使用", "全サービス", "全て", "すべて", "すべての機能", "すべてのサービス", "受付", "登録", "発行", "画面", "起動", "操作", "処理", "稼働", "運用", "取扱い", "取扱", "取り扱い"}

// cleanService strips from a name what is not part of it.
func cleanService(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("■◆●○□◇▼▽▲△◎★☆※*・#>+、。,.:;|「」『』【】()[]<>の", r)
	})
	for n := 0; n < 4; n++ {
		for _, f := range functionNouns {
			for _, link := range []string{"への", "の", "における", "での"} {
				if base, ok := strings.CutSuffix(s, link+f); ok && base != "" {
					s = base
				}
			}
		}
		for _, tail := range []string{"等", "など", "の全機能", "にて", "において", "各種"} {
			s = strings.TrimSuffix(s, tail)
		}
	}
	for _, head := range []string{"当行の", "弊社の", "当社の", "当社", "弊社", "一部の", "一部", "以下の", "下記の", "上記の", "全ての", "すべての", "現在", "本日", "なお", "また", "今回の", "各種"} {
		s = strings.TrimPrefix(s, head)
	}
	s = strings.TrimSpace(s)
	if strings.Count(s, "(") > strings.Count(s, ")") {
		s += ")"
	}
	return s
}

var noService = map[string]bool{}

func init() {
	for _, w := range strings.Fields(`システム サービス 本サービス 当サービス 当サイト 本サイト サーバー サーバ 全サービス 各サービス ネットワーク 通信 機器 設備 原因 一部 以下 下記 上記 定期 臨時 緊急 電気設備 大規模 回線 現在
		今回 信号機 アプリ 利用 ログイン 接続 登録 申請 アクセス データ 情報 画面 機能 全機能 対象 影響 事象 状態 状況 時間帯 期間中 期間 時間 同日 当日 各日 通信回線 ソフトウェア プログラム ハードウェア 一時 全国 全域 全て すべて お客様 皆様 利用者 手続 手続き
		全面 完全 復旧 発生 問題 内容 作業 定期的 原因不明 詳細 次回 本件 同様 部 電源 通常 正常 設定 なし あり その他 未定 同上 メール 電話 全システム 各システム 全業務 基幹 複数 同社 同サービス 検証 年末年始 夜間 深夜 早朝 終日 下記日時 下記期間 以下期間 上記期間 上記時間帯 上記日時 以下日時 下記時間帯 以下時間帯 期間内 時間中 ご利用 ご不便 大変 重要 日時 年次 法定 当該 大型 設備機器`) {
		noService[w] = true
	}
}

// serviceLike reports whether a cleaned text can be a name.
func serviceLike(s string) bool {
	n := len([]rune(s))
	if n < 2 || n > maxService || noService[s] {
		return false
	}
	for _, e := range []string{"ます", "です", "ました", "ません", "ください", "下さい", "設備", "装置", "機器", "サーバ", "サーバー", "こと", "ため", "より", "まで", "から", "後", "中", "時", "日", "分"} {
		if strings.HasSuffix(s, e) {
			return false
		}
	}
	letters := false
	for _, r := range s {
		if unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Han, r) || isLatin(r) {
			letters = true
		}
	}
	for _, head := range []string{"下記", "以下", "上記", "各", "全", "当該", "本", "当"} {
		if rest, ok := strings.CutPrefix(s, head); ok && (noService[rest] || rest == "サイト") {
			return false
		}
	}
	for _, f := range functionNouns {
		if s == f {
			return false
		}
	}
	return letters && !containsAny(s, "障害", "メンテナンス", "不具合", "復旧", "お知らせ", "お客", "、")
}
