package notice

import (
	"slices"
	"strings"
	"unicode"
)

// findTitle takes the first line that says something as the headline; where that is only the name of the site or of the
// page's kind, one right below it that tells of an event.
func (p *parser) findTitle() {
	const events = cTrouble | cTroubleW | cMaint | cMaintW | cStop | cCant | cRecover | cResume | cMeeting | cTender
	p.title = -1
	seen, item := 0, -1
	for i, ln := range p.lines {
		if ln.blank {
			continue
		}
		letters := 0
		for k := ln.value; k < ln.last; k++ {
			switch p.toks[k].kind {
			case kText, kWord:
				letters += p.toks[k].to - p.toks[k].from
			}
		}
		if strings.IndexFunc(p.text(ln.first, ln.last), unicode.IsLetter) < 0 {
			continue
		}
		words := letters > 0 && (letters > 4 || !p.hasTime(ln.first, ln.last) && letters > 1)
		if ln.heads && ln.role == labelPublish || !words && !ln.heads {
			continue
		}
		s := strings.TrimSpace(p.text(ln.first, ln.last))
		if strings.Contains(s, " > ") && p.find(ln.first, ln.last, cTender|cMeeting) && !strings.Contains(s, "よくある") {
			p.business = true
		}
		if strings.HasSuffix(s, "へ戻る") || strings.HasSuffix(s, "に戻る") {
			continue
		}
		if p.hasTime(ln.first, ln.last) && p.find(ln.first, ln.last, cPublish) && !p.find(ln.first, ln.last, events&^cTender|cAbout) {
			continue // ※12月6日更新(…を追記)
		}
		if slices.Contains(menuItems, strings.TrimLeftFunc(s, func(r rune) bool { return isMarker(r) || r == ' ' })) || s == "本文" || s == "お知らせ" || strings.HasSuffix(s, "からのお知らせ") && len([]rune(s)) <= maxSiteName || s == "重要なお知らせ" || len([]rune(s)) <= maxSiteName && containsAny(s, "FAQ・", "・お問い合わせ", "・お問合せ") && !p.find(ln.first, ln.last, cAbout) || len([]rune(s)) <= maxSiteName && (strings.HasSuffix(s, " お知らせ") || strings.HasSuffix(s, "お知らせ詳細") || strings.HasSuffix(s, "お知らせ一覧")) || s == "新着情報" || p.navigation(ln, s) && len(p.lines) > i+1 {
			continue
		}
		if p.title < 0 && p.menuItem(ln, s) {
			if item < 0 {
				item = i
			}
			continue
		}
		if p.title < 0 {
			if p.greets(ln, s) {
				continue
			}
			p.title = i
			if n := len([]rune(s)); n > maxSiteName && !(isLatin(p.rune(ln.text)) && n <= maxSiteName+maxMenuItem && !strings.HasPrefix(s, "How ")) || p.find(ln.first, ln.last, events&^cTender|cAbout) && !organisation(s) || len([]rune(s)) > maxMenuItem && p.find(ln.first, ln.last, cTender) && !organisation(s) && !procurement(s) || p.find(ln.first, ln.last, cFriend) && !procurement(s) {
				break
			}
			continue
		}
		if p.greets(ln, s) {
			continue
		}
		if p.kindAt(ln.last-1) == kStop {
			break
		}
		if p.menuItem(ln, s) || len([]rune(s)) <= maxMenuItem && !p.find(ln.first, ln.last, events) {
			continue
		}
		if seen++; seen > 3 && !(seen < 10 && p.find(ln.first, ln.last, events) && p.find(ln.first, ln.last, cAbout)) {
			if seen > 9 {
				break
			}
			continue
		}
		if title := p.lines[p.title]; (p.find(ln.first, ln.last, cAbout) || p.toks[title.last-1].to-p.toks[title.first].from <= maxColumn && p.find(ln.first, ln.last, cTrouble|cMaint) || isLatin(p.rune(ln.text)) && p.find(ln.first, ln.last, cTrouble|cMaint|cStop|cCant)) && (p.toks[title.last-1].to-p.toks[title.first].from <= maxMenuItem || isLatin(p.rune(ln.text)) && p.toks[title.last-1].to-p.toks[title.first].from <= maxSiteName+maxMenuItem) {
			p.title = i
			break
		}
		if p.find(ln.first, ln.last, events) && (p.find(ln.first, ln.last, cAbout|cTender) || strings.HasSuffix(s, "報告") || len([]rune(s)) > maxSiteName && p.find(ln.first, ln.last, cMeeting)) {
			p.title = i
			break
		}
	}
	if p.title < 0 {
		p.title = item
	}
	if p.title >= 0 {
		ln := p.lines[p.title]
		p.titleMeeting = p.find(ln.first, ln.last, cMeeting)
	}
}

// greets reports whether a line only thanks the readers.
func (p *parser) greets(ln line, s string) bool {
	if containsAny(s, "ブラウザ", "JavaScript") && containsAny(s, "推奨", "有効に", "無効", "未対応", "対応していません", "対応しておりません", "含まれていません", "含まれておりません") && !p.find(ln.first, ln.last, cTrouble|cMaint|cStop) {
		return true // what the site says to old browsers
	}
	return containsAny(s, "ありがとうござい", "有難うござい", "有り難うござい", "御礼申し上げ", "厚く御礼", "Thank you for using") && containsAny(s, "平素", "日頃", "日ごろ", "いつも", "毎度", "格別", "Thank you") &&
		!p.find(ln.first, ln.last, eventWords) && !p.hasTime(ln.first, ln.last)
}

// menuItems are lines that name a part of a site.
var menuItems = []string{"よくあるご質問", "よくある質問", "サイトマップ", "お問い合わせ", "お問合せ", "会社概要", "企業情報", "採用情報", "ログイン", "マイページ", "ホーム", "トップ", "トップページ", "利用規約", "プライバシーポリシー", "アクセス", "検索", "メニュー", "文字サイズ", "推奨環境", "ご利用ガイド", "法人のお客さま", "法人のお客様", "個人のお客さま", "個人のお客様", "サービス一覧", "料金", "ニュース", "ニュースリリース", "プレスリリース", "報道発表", "報道発表資料", "お知らせ詳細", "トピックス", "インフォメーション", "NEWS", "News", "Information"}

// organisation reports whether a line is the name of a body, as that above a notice: …協会 …部会.
func organisation(s string) bool {
	for _, end := range []string{"部会", "委員会", "審議会", "協会", "事務局"} {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// procurement reports whether a line is the name of a site for tenders: 調達ポータル, 電子入札システム.
func procurement(s string) bool {
	for _, end := range []string{"ポータル", "サイト", "システム"} {
		if strings.HasSuffix(s, end) && containsAny(s, "入札", "調達") && !strings.Contains(s, "の") {
			return true
		}
	}
	return false
}

// menuItem reports whether a line may be an item of a site's menu that names a kind of notice: メンテナンス, 障害情報.
func (p *parser) menuItem(ln line, s string) bool {
	words := 0
	for k := ln.first; k < ln.last; k++ {
		if p.toks[k].kind == kWord {
			words++
		}
	}
	return words == 1 && p.kindAt(p.over(ln.first, kSpace)) == kWord && len([]rune(s)) <= maxMenuItem && !p.hasTime(ln.first, ln.last) && !p.find(ln.first, ln.last, cAbout|cRecover|cFinish) &&
		!strings.ContainsAny(s, "【[中") && (p.kindAt(ln.last-1) == kWord || strings.HasSuffix(s, "情報"))
}

// navigation reports whether a line is a site's menu, its trail of headings, or what a page says of itself.
func (p *parser) navigation(ln line, s string) bool {
	const events = cTrouble | cMaint | cStop | cRecover
	quiet := !p.hasTime(ln.first, ln.last) && !p.find(ln.first, ln.last, events)
	items := strings.Fields(s)
	if len(items) == 3 && quiet && p.kindAt(ln.last-1) != kStop && !slices.ContainsFunc(items, func(item string) bool {
		return len([]rune(item)) > 6 || isLatin([]rune(item)[0]) || strings.ContainsAny(item, "【】:■第")
	}) {
		return true // お客さまの声 局長のご挨拶 入札・契約
	}
	if len(items) > 3 && !strings.HasPrefix(items[1], "第") && !p.hasTime(ln.first, ln.last) && p.kindAt(ln.last-1) != kStop && !slices.ContainsFunc(items, func(item string) bool {
		n := len([]rune(item))
		return n > maxMenuItem || isLatin([]rune(item)[0]) && !slices.Contains([]string{"HOME", "TOP", "FAQ", "MENU", "Q&A", "NEWS"}, item) || strings.HasSuffix(item, "について") || strings.HasSuffix(item, "のお知らせ") || strings.ContainsAny(item, "【】:・■")
	}) {
		return true
	}
	if len(items) > 3 && quiet && containsAny(s, "Home", "FAQ", "Contact", "About", "Login", "Sign in") && p.kindAt(ln.last-1) != kStop {
		return true
	}
	if len(items) > 3 && quiet && p.kindAt(ln.last-1) != kStop && slices.ContainsFunc(items, func(item string) bool { return slices.Contains(menuItems, item) }) {
		return true
	}
	menu := len(items) > 2 && len([]rune(s)) > 12 && quiet && !isLatin([]rune(strings.TrimLeft(items[0]+"x", "[(<0123456789"))[0])
	if menu && containsAny(s, "FAQ", "よくある", "ホーム", "トップ", "お問い合わせ") {
		return true
	}
	if strings.Count(s, "/") > 2 && len(items) == 1 && quiet && p.kindAt(ln.last-1) != kStop {
		return true // 患者さん・ご家族の方へ/病院のご案内/採用情報
	}
	if strings.Count(s, " > ") > 1 && !p.hasTime(ln.first, ln.last) && !p.find(ln.first, ln.last, events) {
		return true
	}
	if p.find(ln.first, ln.last, cAbout) {
		return false
	}
	for _, start := range []string{"本文へ", "ページの先頭です", "メニューを飛ばして", "閲覧補助", "音声読み上げ", "文字サイズ", "メインコンテンツへ", "コンテンツへ", "Skip to", "ホーム >", "トップ >", "HOME >", "Home >", "ページ番号", "ページID", "印刷"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	if strings.Contains(s, " > ") || strings.Contains(s, " » ") || strings.Count(s, " / ") > 1 || strings.Count(s, "|") > 1 || strings.Contains(s, " | ") && quiet {
		return true
	}
	return menu && !p.find(ln.first, ln.last, cTender|cMeeting)
}

func (p *parser) inTitle(k int) bool {
	if k >= len(p.toks) || p.title < 0 || p.toks[k].line != p.title {
		return false
	}
	ln := p.lines[p.title]
	return p.toks[ln.last-1].to-p.toks[ln.first].from <= maxTitle
}

func (p *parser) headline() string {
	if p.title < 0 {
		return ""
	}
	ln := p.lines[p.title]
	s := p.src.piece(p.toks[ln.first].from, p.toks[ln.last-1].to)
	return strings.Join(strings.Fields(s), " ")
}
