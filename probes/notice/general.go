package notice

import (
	"slices"
	"strings"
)

// teaches reports whether the text explains things to readers in general, as the answers to common questions and
// articles on how to do something do, and so tells of no event of its own.
func (p *parser) teaches() bool {
	if p.instructs() {
		return true
	}
	for i, n := max(p.title, 0), 0; i < len(p.lines) && n < 2; i++ {
		if ln := p.lines[i]; !ln.blank {
			if n++; p.rune(ln.last-1) == '?' && !ln.heads {
				return true // …する機能はありますか?
			}
		}
	}
	if !p.dayIn(0, len(p.toks)) && containsAny(p.body, "解決方法", "対処方法") {
		return true
	}
	if containsAny(p.src.slice(0, min(len(p.src.runes), 800)), "Status Definitions", "status definitions", "Incident Lifecycle", "Legend", "凡例") {
		return true
	}
	if containsAny(strings.ReplaceAll(p.src.slice(0, min(len(p.src.runes), 800)), "この記事は役に立", ""), "この記事", "本記事", "当記事", "本稿では", "今回の記事", "In this article", "This article") {
		return true
	}
	asked := 0
	for _, ln := range p.lines {
		if s := strings.TrimSpace(p.text(ln.first, ln.last)); !ln.blank && (strings.HasPrefix(s, "Q.") || strings.HasPrefix(s, "Q:") || strings.HasPrefix(s, "Q ")) {
			asked++
		}
	}
	if asked > 2 {
		return true
	}
	questions, n := 0, 0
	p.sentences(func(from, to int) {
		n++
		if p.question(to) {
			questions++
		}
	})
	head := ""
	if p.title >= 0 {
		ln := p.lines[p.title]
		head = p.text(ln.first, ln.last)
		if s := p.survey(ln.first, ln.last); !s.trouble && !s.maint || !s.about {
			for n, i := 0, p.title; i < len(p.lines) && n < 120; i++ {
				if ln, s := p.lines[i], ""; !ln.blank {
					if s = p.text(ln.first, ln.last); i == p.title || !p.navigation(ln, strings.TrimSpace(s)) {
						n += len([]rune(s))
						head += s + "\n"
					}
				}
			}
		}
		head = strings.NewReplacer("ヘルプデスク", "").Replace(head + "\n")
	}
	return containsAny(head, "よくある質問", "よくあるご質問", "よくあるトラブル", "FAQ", "Q&A", "Q.", "ヘルプ", "テンプレート", "書き方", "解説", "Learn how", "How to", "how to", "What is", "規約", "規定", "第1条", "免責", "マニュアル", "ご利用にあたって", "とは、", "注意事項", "通知について", "通知方法", "復旧手順", "でわかる", "がわかる", "事例", "初動", "チェックリスト", "する方法", "のまとめ", "まとめ】", "まとめ記事", "まとめ\n", "前年度比", "前年比", "取りまとめました") || questions > 1 && questions*4 >= n
}

// recordsOther reports whether one of the first lines says that the page is the minutes of a meeting, a company's results, a
// list of rebuilding, the recall of a product, statistics, or what a school or a hospital closes, and not about a service for them.
func (p *parser) recordsOther() bool {
	if containsAny(p.body, "取組状況", "取り組み状況", "県の考え方", "市の考え方", "区の考え方", "町の考え方", "回答内容") {
		for _, ln := range p.lines[:min(len(p.lines), max(p.title+1, 0))] {
			if s := p.text(ln.first, ln.last); strings.Contains(s, " > ") && containsAny(s, "県民の声", "市民の声", "区民の声", "町民の声", "住民の声") {
				return true // the trail says so, and not a menu
			}
		}
	}
	for _, i := range p.firstLines(6) {
		if i < p.title {
			continue // a menu
		}
		if s := p.text(p.lines[i].first, p.lines[i].last); containsAny(s, "議事録", "定例会が開かれ", "本会議が開かれ", "議会の定例会", "決算短信", "災害復旧事業", "回収・返金", "回収と返金", "製品回収", "回収のお願い", "業績予想", "連結業績", "学級閉鎖", "学年閉鎖", "面会制限", "面会禁止", "面会について", "面会の", "無償交換", "無料交換") && !online(s) ||
			strings.Contains(s, "発生状況") && containsAny(s, "年度", "統計", "集計") {
			return true
		}
	}
	return false
}

// opening returns the text of the first lines of the notice.
func (p *parser) opening() string {
	var b strings.Builder
	for _, i := range p.firstLines(5) {
		b.WriteString(p.text(p.lines[i].first, p.lines[i].last) + "\n")
	}
	return b.String()
}

// firstLines returns the first lines of the notice, without what belongs to the site around it.
func (p *parser) firstLines(n int) []int {
	for i := p.headRead; i < len(p.lines) && len(p.head) < n; i++ {
		p.headRead = i + 1
		ln := p.lines[i]
		if s := strings.TrimSpace(p.text(ln.first, ln.last)); !ln.blank && (i == p.title || !p.navigation(ln, s) && !p.greets(ln, s) && !slices.Contains(menuItems, s)) {
			p.head = append(p.head, i)
		}
	}
	return p.head[:min(n, len(p.head))]
}

// instructs reports whether the text's very head says that it explains, so that even the times in it are examples.
func (p *parser) instructs() bool {
	if p.title < 0 {
		return false
	}
	ln := p.lines[p.title]
	head := p.text(ln.first, ln.last)
	if containsAny(head, "例文", "文例", "テンプレ", "書き方", "徹底解説", "対処法", "導入事例", "活用事例", "インタビュー", "調べ方", "した際の", "した場合の", "考えてみる", "を振り返", "から学ぶ", "に学ぶ", "発生した場合", "障害に思う", "停止に思う", "トラブルに思う", "障害時の対応", "障害時の取", "故障時の", "トラブル時の", "不具合時の", "障害時のお取", "発生時の対応", "場合の対応", "場合における", "発表時の", "発令時の", "運休時の", "警報時の", "場合の取", "場合のお取", "ときの対応", "ときの取扱", "ときの取り扱い", "ときの基本的", "に備え", "ポリシー", "とは何か", "についての考え", "に関する考え", "お知らせ方法", "お知らせの方法", "お知らせの時期", "メンテナンスの種類", "メンテナンスの区分", "報告を受けた今後") {
		return true
	}
	if strings.TrimSpace(head) == "コラム" {
		return true
	}
	if strings.Contains(head, "発生時における") && !p.tellsWhen() {
		return true
	}
	if s := strings.TrimSpace(head); !p.hasTime(ln.first, ln.last) && (strings.HasSuffix(s, "れたとき") || strings.HasSuffix(s, "したとき") || strings.HasSuffix(s, "たときは")) {
		return true // カードをなくされたとき
	}
	if containsAny(head, "大会", "まつり", "祭り", "公演", "コンサート", "試合", "マラソン") && p.find(ln.first, ln.last, cCancel|cMove) && !online(head) {
		return true // 花火大会中止のお知らせ
	}
	if containsAny(head, "ウェビナー", "セミナー", "勉強会") && !online(head) && containsAny(p.body, "開催日時", "お申し込み", "お申込み", "アジェンダ") {
		return true
	}
	if containsAny(head, "調査結果", "調査の結果") && !p.find(ln.first, ln.last, cStop) && !containsAny(head, "障害", "不具合", "メンテ") {
		return true
	}
	for _, i := range p.firstLines(3) {
		if s := strings.TrimSpace(p.text(p.lines[i].first, p.lines[i].last)); (i == p.title && (strings.HasSuffix(s, "の使い方") || strings.HasSuffix(s, "の登録方法") || strings.HasSuffix(s, "の設定方法")) || strings.HasSuffix(s, "ないときは") || strings.HasSuffix(s, "ない場合は") || strings.HasSuffix(s, "ないとき")) && !p.hasTime(p.lines[i].first, p.lines[i].last) {
			return true // インターネットにつながらないときは
		}
	}
	if containsAny(p.body, "研究グループ", "研究チーム") && containsAny(p.body, "論文", "学術誌", "学会誌") {
		return true
	}
	if containsAny(p.src.slice(0, min(len(p.src.runes), 800)), "この記事では", "本記事では", "当記事では", "この記事を読") || !p.find(ln.first, ln.last, cTrouble|cMaint|cStop) && containsAny(string(p.src.runes), "悪い例", "良い例", "架空の", "内容例:", "メール例:", "通知例:", "文面例:", "送信例:") {
		return true
	}
	if !p.inEnglish() {
		return false
	}
	from := p.toks[ln.first].from
	head = strings.ToLower(p.src.slice(from, min(len(p.src.runes), from+200)))
	if p.find(ln.first, ln.last, cMaint|cTrouble|cStop) && containsAny(head, "what is happening", "what is going on", "what is changing", "what is affected") {
		return false
	}
	if p.kindAt(p.backOverSpace(ln.last)-1) == kStop && p.rune(p.backOverSpace(ln.last)-1) == '?' || p.helpPage() {
		return true
	}
	if text := string(p.src.runes); !p.anyTime() && containsAny(text, "from time to time", "From time to time") || !p.tellsWhen() && containsAny(text, "Troubleshooting", "Recommended Customer Message", "Possible causes", "Common causes") {
		return true
	}
	if containsAny(strings.ToLower(p.src.slice(0, min(len(p.src.runes), 800))), "your status", "will endeavor", "will endeavour") {
		return true
	}
	for _, i := range p.firstLines(2) {
		s := p.text(p.lines[i].first, p.lines[i].last)
		if words := strings.Fields(s); len(words) > 3 && !p.tellsWhen() && !containsAny(s, " is ", " are ") && strings.Trim(words[0], "0123456789") == "" && strings.Trim(words[1], "abcdefghijklmnopqrstuvwxyz") == "" && containsAny(s, " that ", " which ", " who ", " whose ", " ways", " things", " reasons", " tips") {
			return true // 8 hospitals whose records went down
		}
	}
	if text := string(p.src.runes); containsAny(text, "Sample Incident", "Sample Notice", "Sample notice", "Example Incident") || strings.Contains(text, "As a general rule,") && !slices.ContainsFunc(p.toks, func(t token) bool { return t.kind == kDate && t.date.day > 0 }) {
		return true
	}
	return strings.Contains(head, "how to ") && !p.tellsWhen() || strings.HasPrefix(strings.TrimSpace(head), "understanding ") || strings.HasSuffix(strings.ToLower(strings.TrimSpace(p.headline())), "documentation") || containsAny(head, "what should i do", "how do i", "learn about", "learn how", "what is ", "what are ", "manage incidents", "api endpoint", "document and track", "user guide", "frequently asked questions", "service level agreement", "terms of service", "terms of use", "terms and conditions", "glossary")
}

// tellsWhen reports whether a sentence tells of an hour of a day.
func (p *parser) tellsWhen() bool {
	told := false
	p.sentences(func(from, to int) { told = told || p.hasClock(from, to) && p.dayIn(from, to) })
	return told
}

// helpPage reports whether one of the first lines says that an English page belongs to a site's help.
func (p *parser) helpPage() bool {
	if p.tellsWhen() {
		return false
	}
	for i := max(0, p.title-3); i < len(p.lines) && i < p.title+4; i++ {
		if ln := p.lines[i]; !ln.blank {
			if s := strings.TrimSpace(p.text(ln.first, ln.last)); strings.HasSuffix(s, " Help") || strings.HasPrefix(s, "Help ") || strings.HasSuffix(s, "Help Center") || strings.HasPrefix(s, "Error Code") || strings.HasPrefix(s, "Support >") && strings.Contains(s, "Error") || strings.Contains(s, "FAQ") && strings.Contains(s, " > ") {
				return true
			}
		}
	}
	return false
}

// weather reports whether the headline says that the weather or an earthquake keeps things from being delivered or shops from
// being open, and speaks of no service on line.
func (p *parser) weather() bool {
	h := p.headline()
	const text = 1000
	if s := p.src.slice(0, min(len(p.src.runes), text)); !p.online && containsAny(s, "積雪", "凍結", "大雪", "台風", "強風", "濃霧", "雷", "降雪") && containsAny(s, "バス", "道路", "フェリー", "運航", "欠航", "競技", "試合") {
		return true
	}
	return containsAny(h, "運転計画", "運行計画", "計画運休", "運休", "欠航", "列車", "届け", "配送", "配達", "荷物", "集荷", "郵便", "宅配", "営業", "休業", "休館", "出荷") &&
		containsAny(h, "津波", "大雪", "降雪", "積雪", "台風", "寒波", "寒気", "地震", "豪雨", "大雨", "荒天", "悪天候", "暴風", "強風", "噴火") &&
		!containsAny(h, "システム", "サーバ", "通信", "回線", "電話", "ネットワーク", "サイト", "アプリ", "ATM", "ホームページ", "障害", "不具合", "メンテナンス", "ログイン", "オンライン")
}

// hoursPage reports whether one of the text's first lines says that it gives the hours of a service.
func (p *parser) hoursPage() bool {
	for _, i := range p.firstLines(6) {
		ln := p.lines[i]
		s := strings.TrimSpace(p.text(ln.first, ln.last))
		for _, end := range []string{"", "について", "のご案内", "のお知らせ"} {
			if name, ok := strings.CutSuffix(s, "時間"+end); ok && containsAny(name, "利用", "提供", "運用", "稼働", "サービス") && !containsAny(name, "変更", "停止", "休止", "延長", "短縮") && !p.hasTime(ln.first, ln.last) {
				return true
			}
		}
		if p.find(ln.first, ln.last, cStop|cCant|cMaint) {
			return false
		}
	}
	return false
}

// crime reports whether one of the first lines speaks of data that got out, of a fraud or of a penalty, and of nothing that
// failed or stopped.
func (p *parser) crime() bool {
	if containsAny(p.src.slice(0, min(len(p.src.runes), 200)), "自主回収", "リコール", "指名停止", "業務停止処分", "業務停止命令", "業務禁止命令", "営業停止") {
		return true
	}
	if strings.Contains(p.body, "BCC") && containsAny(p.body, "見える状態", "見られる状態", "閲覧できる状態", "流出", "漏え", "漏洩", "漏れ") && !containsAny(p.body, "障害", "不具合", "復旧", "遅延") {
		return true // a mail that showed its receivers to each other
	}
	warned := containsAny(p.src.slice(0, min(len(p.src.runes), 800)), "不審", "詐欺", "名乗", "かたって", "よそお", "を装", "偽", "なりすま", "フィッシング", "fake", "phishing", "fraud", "scam", "Scam", "pretending", "impersonat")
	for _, i := range p.firstLines(6) {
		ln := p.lines[i]
		if n := p.toks[ln.last-1].to - p.toks[ln.first].from; n > maxTitle && !(isLatin(p.rune(ln.text)) && n <= 2*maxTitle) {
			continue
		}
		h := p.text(ln.first, ln.last)
		if warned && containsAny(h, "にご注意", "ご注意ください", "に注意", "よそお", "fake", "Fake", "phishing", "Phishing", "fraudulent", "scam", "Beware of", "Stay alert", "Be alert", "Be careful") {
			return true
		}
		if strings.Contains(h, "アカウント") && containsAny(h, "停止", "凍結", "利用制限") && containsAny(p.body, "違反", "妨害", "不正", "迷惑行為", "迷惑になる", "迷惑となる", "悪質") {
			return true // a penalty
		}
		if i == p.title && containsAny(h, "漏えい", "漏洩", "流出", "紛失", "誤送信", "誤配信", "不正利用", "不審な", "装った", "装う", "かたる", "騙る", "なりすまし", "フィッシング", "詐欺", "偽の", "偽サイト", "偽メール") &&
			!containsAny(h, "障害", "不具合", "停止", "休止", "メンテナンス", "復旧", "再開", "閲覧でき", "利用でき") {
			return true
		}
	}
	return false
}

// eventPage reports whether the page invites to a seminar or to a job: it has fields for the place, the speaker, the pay.
func (p *parser) eventPage() bool {
	fields := 0
	for _, ln := range p.lines {
		if ln.blank {
			continue
		}
		s := p.text(ln.value, min(ln.last, ln.value+4))
		for _, f := range []string{"会場", "定員", "講師", "参加費", "受講料", "申込締切", "プログラム", "開催日時", "登壇", "主催", "参加方法", "対象者", "質疑応答", "Agenda", "Speaker", "Keynote", "Venue", "Registration", "Q&A", "Panel", "Welcome", "仕事内容", "勤務時間", "勤務地", "給与", "休日", "待遇", "応募", "雇用形態", "Salary", "Requirements", "Responsibilities", "Qualifications", "Benefits"} {
			if strings.HasPrefix(strings.TrimLeft(s, "【[(<■●○◆ "), f) || len(ln.cells) > 1 && strings.HasPrefix(strings.TrimSpace(p.text(ln.cells[1].first, ln.cells[1].last)), f) || ln.heads && strings.HasPrefix(ln.label, f) {
				fields++
				break
			}
		}
	}
	return fields > 2
}

// press reports whether the page is a company's release on something new: it says so, and that it is offered from now on.
func (p *parser) press() bool {
	if p.titleAbout() && p.find(p.lines[p.title].first, p.lines[p.title].last, cTrouble|cTroubleW|cCant) && !containsAny(p.headline(), "提供", "開始", "発売", "販売") {
		return false // お申込みいただけなかった事象について
	}
	text := string(p.src.runes)
	head := p.src.slice(0, min(len(p.src.runes), 300))
	return containsAny(head, "プレスリリース", "報道関係者", "報道関係各位", "報道機関各位", "NEWS RELEASE", "News Release", "PRESS RELEASE", "Press Release", "ニュースリリース", "リリース情報") &&
		containsAny(text, "提供開始", "提供を開始", "サービスを開始", "運用を開始", "稼働を開始", "より提供", "から提供", "発売", "新機能", "販売を開始", "販売開始")
}

// discontinued reports whether the text tells of a service or a product that ends for good, and of nothing that fails or is
// worked on.
func (p *parser) discontinued() bool {
	if p.inEnglish() {
		for _, i := range p.firstLines(6) {
			if containsAny(strings.ToLower(p.text(p.lines[i].first, p.lines[i].last)), "termination of", "end of service", "end of the service", "discontinu", "will end", "end of sale", "end of support", "deprecat") {
				return true
			}
		}
	}
	if h := p.headline(); p.title >= 0 && !p.find(p.lines[p.title].first, p.lines[p.title].last, eventWords) && !containsAny(h, "一時", "終了時") && (strings.Contains(h, "廃止") || strings.Contains(h, "終了") && containsAny(h, "サービス終了", "サービスの終了", "提供終了", "提供の終了", "アプリの終了", "運用を終了", "運用終了", "販売終了", "サポート終了", "取扱終了", "取扱いの終了", "配信終了", "受付終了", "発行終了", "利用終了", "利用の終了")) {
		return true
	}
	return containsAny(p.body, "サービス終了", "提供を終了", "提供終了", "販売停止", "販売終了", "サポートを終了", "サポート終了", "取扱いを終了", "取り扱いを終了", "受付を停止", "受付停止", "開設の停止", "発行を停止") &&
		!p.find(0, len(p.toks), cTrouble|cTroubleW|cMaint|cRecover|cResume|cUnknown) && !containsAny(p.body, "一時", "臨時", "当面", "メンテ", "まで停止", "システム")
}

// holidays reports whether the headline is that of the days on which a company or a shop is closed.
func (p *parser) holidays() bool {
	h := p.headline()
	if s := p.opening(); containsAny(s, "連休中のお取扱", "連休中のお取り扱い", "連休中の営業", "連休期間中の営業", "年末年始のお取扱", "年末年始のお取り扱い", "連休について", "連休のお知らせ", "連休に関する") && !containsAny(s, "システム", "メンテナンス", "オンライン") {
		return true
	}
	if containsAny(strings.ToLower(p.opening()), "holiday calendar", "holiday closure", "holiday schedule", "holiday hours", "list of holidays") {
		return true
	}
	return containsAny(h, "休業", "お休み", "サポート体制", "お問い合わせ対応", "業務休止", "年末年始の営業", "営業時間", "営業日", "休館", "休診", "休校", "休暇") && containsAny(h, "夏季", "夏期", "冬季", "年末年始", "ゴールデンウィーク", "GW", "お盆", "休業日", "に関する", "について", "のお知らせ", "のご案内") &&
		!online(h) && !containsAny(h, "障害", "不具合", "停止", "メンテナンス", "臨時")
}

// launch reports whether the headline is that of a new product, and names a failure or work at most in the product's name.
func (p *parser) launch() bool {
	h := unquoted(p.headline())
	if p.releaseNotes() {
		return true
	}
	if containsAny(strings.ToLower(h), "to launch", "launches", "launch of", "begins offering", "to begin offering", "introduces", "to introduce", "new service", "new feature", "now available") && !p.find(p.lines[p.title].first, p.lines[p.title].last, cStop|cMaint|cCant) {
		return true
	}
	if containsAny(h, "取扱いが変わ", "取り扱いが変わ", "制度が変わ", "ルールが変わ", "ダイヤ改正", "時刻改正") || containsAny(h, "経路の一部変更", "経路変更", "路線変更", "運行経路", "仕様変更", "仕様の変更", "新電話番号", "電話番号の変更", "電話番号が変わ", "電話番号変更", "住所変更", "URL変更", "URLの変更", "名称変更", "名称の変更", "社名変更") && !p.find(p.lines[p.title].first, p.lines[p.title].last, eventWords) {
		return true
	}
	return containsAny(h, "提供開始", "提供を開始", "新機能", "機能を追加", "機能追加", "新サービス", "販売開始", "発売について", "発売開始", "を発売", "新発売", "推奨環境", "動作環境", "対応OS", "アップデート情報", "リリースノート") &&
		!containsAny(strings.ReplaceAll(h, "メンテナンスウィンドウ", ""), "障害", "不具合", "停止", "休止", "メンテナンス", "復旧", "延期", "遅延", "できない", "できません", "いただけ", "追加作業")
}

// releaseNotes reports whether lines of the page head the lists of what a version brings: 新機能, 不具合修正.
func (p *parser) releaseNotes() bool {
	lists := 0
	for _, i := range p.firstLines(3) {
		if p.find(p.lines[i].first, p.lines[i].last, cStop|cMaint|cTrouble|cCant) {
			return false
		}
	}
	for _, ln := range p.lines {
		if ln.blank {
			continue
		}
		switch strings.Trim(p.text(ln.text, ln.last), " []【】<>「」:") {
		case "新機能", "新しい機能", "改善点", "変更点", "主な変更点", "機能追加", "機能改善", "改善", "不具合修正", "不具合の修正", "修正内容", "修正", "New", "Fixed", "Improved", "New features", "Bug fixes", "Improvements":
			lists++
		}
	}
	return lists > 1 || strings.Contains(string(p.src.runes), "バージョン履歴")
}

// factual reports whether a text that gives no window tells of an event that is, was or will be, and not of what may
// happen, or does in general.
func (p *parser) factual(k eventKind) bool {
	found := false
	timeless := p.inEnglish() && !p.anyTime()
	concerned := containsAny(unquoted(p.body), "お詫び", "おわび", "迷惑", "不便", "申し訳", "お知らせ", "ご報告", "次第", "復旧作業", "復旧の", "復旧を", "復旧見込", "調査中", "対応中", "了承")
	p.sentences(func(from, to int) {
		if found || p.question(to) {
			return
		}
		s := p.survey(from, to)
		text := p.text(from, to)
		event := s.trouble || s.cant || s.recovered || s.happen || p.find(from, to, cTroubleW)
		if k == maintenance {
			event = s.maint || s.stop || p.find(from, to, cMaintW)
		}
		switch {
		case s.quiet || s.tender || !event && !s.sureOutage && !s.sureMaint:
		case containsAny(text, "報道が", "報道も", "昨年の", "近年", "このところ", "同じ年", "年に何"): // how the world goes
		case containsAny(p.text(max(0, from-6), to), "e.g.", "for example", "For example"):
		case !p.inEnglish() && !p.find(from, to, cNow) && (s.cond && !p.inTitle(from) && !(s.trouble && s.happen) || !p.hasTime(from, to) && containsAny(text, "ときは", "時は", "際は", "場合は")):
		case p.inTitle(from):
			found = p.namesTrouble(from, to, &s) || s.about || s.mark || s.recovered || s.sureOutage || s.sureMaint
		case timeless && !containsAny(strings.ToLower(text), "current", "now", "still", "today", "this morning", "experiencing", "we are", "we're"): // a page that names no time at all
		case p.inEnglish():
			found = s.sureOutage && s.cant && containsAny(text, "because of", "due to") || containsAny(strings.ToLower(text), "currently", "we are", "we're", "we have", "we've", "has been", "have been", " was ", " were ", "is now", "are now", "is having", "are having", " again", " will ", "experiencing", "is unavailable", "is down", "still working", "are working", "does not work", "do not work", "is not working", "are not working")
		default:
			found = p.find(from, to, cNow|cPlan) || p.hasTime(from, to) || (concerned || s.sureOutage && (s.trouble || s.happen) && containsAny(text, "ています", "ております")) &&
				containsAny(text, "ております", "ています", "ておりま", "ていま", "ました", "した", "ただいま", "只今", "中です", "中でございます", "昨夜", "昨晩", "今朝", "いたします", "ている", "ません")
		}
	})
	return found
}

// anyTime reports whether the page names a day or an hour that is not one of a desk.
func (p *parser) anyTime() bool {
	for _, ln := range p.lines {
		if (p.dayIn(ln.first, ln.last) || p.hasClock(ln.first, ln.last)) && !p.find(ln.first, ln.last, cHours) {
			return true
		}
	}
	return false
}

// unquoted returns the text without what stands in 「」.
func unquoted(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "「")
		out.WriteString(before)
		_, after, closed := strings.Cut(rest, "」")
		if !found || !closed {
			out.WriteString(rest)
			return out.String()
		}
		text = after
	}
}

// drill reports whether the headline is that of an exercise, in which everything that fails does so on paper.
func (p *parser) drill() bool {
	if p.title < 0 {
		return false
	}
	for n, i := range p.firstLines(6) {
		if s := " " + strings.ToLower(p.text(p.lines[i].first, p.lines[i].last)) + " "; n < 4 && containsAny(s, " drill ", " drills ", "tabletop exercise", "training exercise") {
			return true
		}
		if ln := p.lines[i]; containsAny(p.text(ln.first, ln.last), "訓練を実施", "訓練を行", "訓練の実施", "演習を実施", "演習を行") {
			return true
		}
	}
	h := p.headline()
	return containsAny(p.opening(), "対応訓練", "想定訓練", "復旧訓練", "伝達試験", "試験放送") || containsAny(h, "訓練", "演習") && (!containsAny(h, "システム障害", "メンテナンス") || containsAny(h, "想定", "訓練を"))
}

// facility reports whether the headline, or one of the first lines where the headline announces no work, says that a part of
// a building or a street is closed or repaired.
func (p *parser) facility(titleMaint bool) bool {
	if h := p.headline(); containsAny(h, "電気設備", "受変電", "電気工作物") && !online(h) && containsAny(p.body, "影響はありません", "影響ありません", "影響はございません") {
		return true
	}
	if s := p.opening(); containsAny(s, "臨時休館", "全館休館", "臨時休園", "臨時休所", "休館しておりました", "休館していました", "休園しておりました", "休園していました") && !containsAny(s, "システム", "サイト", "サーバ", "ホームページ", "メンテナンス") {
		return true
	}
	for _, i := range p.firstLines(5) {
		ln := p.lines[i]
		if s := p.text(ln.first, ln.last); containsAny(s, "Elevator", "elevator", "escalator", "Escalator", "浄化槽", "火災警報器", "空調", "冷房", "暖房", "エレベーター", "照明", "プール", "トイレ", "給湯", "駐車場", "道路", "交通規制", "舗装", "市道", "県道", "国道", "通行止", "断水", "水道管", "橋梁", "トレーニング室", "体育室", "テニスコート", "野球場", "グラウンド", "体育館", "外壁", "足場", "閉館", "騒音", "消防設備", "ごみ収集", "ごみの収集", "ごみ・", "クリーンセンター", "防火設備", "消防点検", "耐震工事", "解体工事") &&
			!online(s) && (i == p.title || !titleMaint && containsAny(s, "休", "停止", "工事", "点検", "メンテナンス", "閉")) {
			return true
		}
	}
	return false
}

// cancelled reports whether the notice says that the work will not be done.
func (p *parser) cancelled() bool {
	for k, t := range p.toks {
		if t.kind == kWord && (p.cancels(k) || t.is(cMove) && p.gapText(k, "延期")) && !p.possible(k, len(p.toks)) && t.tail != tailNot {
			return true
		}
	}
	return false
}

// cancels reports whether the word at token k calls something off, and is not the cancelling of an order or the name of a
// procedure (使用中止の受付).
func (p *parser) cancels(k int) bool {
	return p.isWord(k, cCancel) && hasPrefix(p.src.runes, p.toks[k].to, "の受付", "の手続", "のお手続", "の届", "の申", "・開始") == 0 && !p.find(k+1, min(k+4, len(p.toks)), cCant) && !containsAny(p.text(max(0, k-3), min(k+3, len(p.toks))), "注文", "訂正", "受付を中止", "受付中止")
}

// calledOff reports whether one of the first lines of an English notice marks it as cancelled: [CANCELLED] Planned outage.
func (p *parser) calledOff() bool {
	for _, i := range p.firstLines(5) {
		if s := strings.TrimSpace(strings.ToLower(p.text(p.lines[i].first, p.lines[i].last))); s == "cancelled" || s == "canceled" || containsAny(s, "[cancelled]", "[canceled]", "cancelled:", "canceled:", "(cancelled)", "(canceled)") {
			return true
		}
	}
	return false
}

// foretold reports whether the page expects a rush, and says no more of what comes of it than that it may happen:
// アクセスが多くなると見込まれます。つながりにくくなることがあります.
func (p *parser) foretold() bool {
	if !containsAny(p.body, "見込まれ", "予想され") {
		return false
	}
	plain, expected := false, false
	p.sentences(func(from, to int) {
		s, text := p.survey(from, to), p.text(from, to)
		rush := containsAny(text, "見込まれ", "予想され") && containsAny(text, "アクセス", "混雑", "混み合", "集中")
		expected = expected || rush
		plain = plain || (s.stop || s.cant || s.maint || s.trouble && s.happen) && !s.cond && !rush
	})
	return expected && !plain
}

// postponed reports whether the headline puts the work off, and a sentence says that the new day is not known yet.
func (p *parser) postponed() bool {
	if !containsAny(strings.ToLower(p.headline()), "延期", "見送り", "postponed") {
		return false
	}
	found := false
	p.sentences(func(from, to int) {
		s := p.text(from, to)
		found = found || containsAny(s, "日程", "日時", "実施日", "時期", "延期後", "new date", "new schedule", "later date") && !p.hasTime(from, to) &&
			containsAny(s, "a later date", "未定", "決まり次第", "決定次第", "確定次第", "改めて", "あらためて", "not been", "announce")
	})
	return found
}

// cancelledBelow reports whether a sentence says of all that is listed below it that it will not be done.
func (p *parser) cancelledBelow() bool {
	found := false
	p.sentences(func(from, to int) {
		if !containsAny(p.text(from, to), "下記", "以下", "次の") || p.find(from, to, cPossible|cCond) || p.find(from, to, cMove) && !containsAny(p.text(from, to), "変更に伴い", "変更により", "変更のため") {
			return
		}
		for k := from; k < to; k++ {
			found = found || p.cancels(k) && p.toks[k].tail != tailNot && !p.find(k, to, cDo|cPlan) && !containsAny(p.text(max(from, k-8), k), "サービスを", "受付を", "利用を")
		}
	})
	return found
}
