package notice

import (
	"slices"
	"strings"
	"unicode"
)

// A labelRole is what the label of a line ("■発生日時：…") makes of the times behind it.
type labelRole uint8

const (
	labelNone    labelRole = iota
	labelStart             // 発生日時
	labelEnd               // 復旧日時
	labelHope              // 復旧見込み, 復旧予定
	labelEndPlan           // 終了予定, 再開予定
	labelSpan              // 日時, 期間
	labelIgnore            // 受付時間, 予備日
	labelPublish           // 掲載日, 更新日時
	labelService           // 対象サービス
	labelState             // 状況
	labelOther             // 原因, 内容: free text
)

const maxLabel = 26

// labelWords give labels their role. The first match wins, so what is more telling comes first.
var labelWords = []struct {
	role  labelRole
	words []string
}{
	{labelNone, []string{"障害者"}},
	{labelEndPlan, []string{"新システムの利用開始", "新システム開始", "新サイト公開"}},
	{labelIgnore, []string{"予備日", "予備", "受付", "窓口", "問い合わせ", "問合せ", "お問合", "連絡先", "開庁", "営業", "締切", "期限", "再申請", "払い戻し", "払戻", "申請期間", "申込期間", "対象者", "対象となる方", "次回", "次報", "募集", "応募", "履歴", "変更前", "訂正前", "誤", "旧日程", "電話番号", "会見", "開催", "当初", "前回", "実施済", "終了済", "過去の", "利用時間", "取引時間", "利用可能時間", "利用できる時間", "使える時間", "使用できる時間", "運用時間", "運転時間", "サービス時間", "提供時間", "受取", "適用開始", "稼働開始", "運用開始", "稼働終了", "サービス終了", "提供終了", "販売終了", "サポート終了", "利用終了", "補填", "補償", "進呈", "お渡し日", "返金", "振込日", "配布", "開札", "ログインボーナス", "年末年始休業", "夏季休業", "夏期休業", "冬季休業", "休業期間", "contact", "expiration", "expires", "eligible", "effective"}},
	{labelOther, []string{"発生状況", "発生原因", "発生の原因", "発生内容", "発生場所", "発生箇所", "発生事象", "発生した現象", "発生した事象", "発生した問題", "発生した不具合", "発生した障害", "復旧状況", "復旧作業", "復旧内容", "復旧方法"}},
	{labelHope, []string{"一部復旧", "一部回復", "一部再開", "一部解消", "暫定", "仮復旧", "復旧見込", "復旧予定", "復旧目標", "復旧の目標", "回復の目標", "再開の目標", "再開目標", "復旧の見込", "復旧の見通", "復旧見通", "復旧のめど", "復旧目途", "回復見込", "回復予定", "解消見込", "解消予定", "再開見込", "復旧時期", "復旧の目途", "見込み", "見通し", "estimated", "eta"}},
	{labelEndPlan, []string{"終了予定", "再開予定", "完了予定", "終了見込"}},
	{labelSpan, []string{"開始・終了", "開始~終了", "開始-終了", "発生・回復", "発生と復旧", "発生および復旧", "発生及び復旧", "発生/復旧", "発生・解消", "発生・復旧", "発生~復旧", "発生から復旧", "発生期間", "発生時間帯", "変更後", "訂正後"}},
	{labelEnd, []string{"いつまで", "復旧日", "復旧時", "復旧した", "復旧年月", "復旧", "回復日", "回復時", "回復", "解消日", "解消時", "解消", "再開日", "再開時", "再開", "終了日", "終了時", "終了", "完了日", "完了時", "解決日", "解決時", "収束日", "収束時", "終息", "resolved", "recovery", "restoration", "end", "ended", "restored"}},
	{labelPublish, []string{"掲載", "掲示日", "掲示期間", "更新日", "更新時", "最終更新", "最終確認", "送信日", "更新", "公開日", "公開", "発表", "発信日", "発行", "作成", "登録日", "配信", "投稿", "報告日", "発出", "posted", "updated", "published"}},
	{labelStart, []string{"いつから", "発生日", "発生時", "発生", "開始日", "開始時", "開始", "検知日", "検知時", "検知", "確認日時", "発覚", "停止時刻", "休止時刻", "occurrence", "occurred", "start", "started", "began"}},
	{labelSpan, []string{"日時", "期間", "時間帯", "日程", "時間", "時刻", "スケジュール", "実施日", "作業日", "停止日", "年月日", "予定日", "date", "time", "period", "schedule", "window", "duration", "when", "unavailable", "時期", "休止日", "工事日", "点検日", "日付", "対象日", "停止予定", "実施予定", "メンテナンス予定", "メンテナンス日", "メンテ日", "休業日", "休館日", "予定"}},
	{labelService, []string{"対象サービス", "対象システム", "影響サービス", "サービス名", "システム名", "対象機能", "停止サービス", "停止システム", "停止するサービス", "停止するシステム", "影響を受けるサービス", "影響のあるサービス", "停止対象", "対象業務", "休止するサービス", "利用できないサービス", "利用できなくなるサービス", "ご利用いただけないサービス", "停止する機能", "停止業務", "対象手続", "対象サイト", "対象アプリ", "対象製品", "影響範囲", "影響するサービス", "影響システム", "サービス", "システム", "対象", "services", "service", "affected", "components", "component"}},
	{labelSpan, []string{"メンテナンス", "maintenance"}},
	{labelState, []string{"状況", "状態", "ステータス", "現状", "進捗", "status"}},
	{labelOther, []string{"原因", "影響", "内容", "理由", "概要", "経緯", "対応", "お願い", "備考", "注意", "補足", "件名", "事象", "現象", "地域", "範囲", "場所", "エリア", "目的", "その他", "代替", "経過", "詳細", "記", "題名", "タイトル", "お客様", "cause", "impact", "description", "summary", "details", "subject", "title"}},
}

func roleOfLabel(label string) labelRole {
	label = strings.ToLower(strings.TrimFunc(strings.ReplaceAll(label, "日本時間", ""), func(r rune) bool { return !unicode.IsLetter(r) }))
	if n := len([]rune(label)); label == "" || n > maxLabel && !(n <= 2*maxLabel && label[0] < 0x80) {
		return labelNone
	}
	if ja, en, ok := strings.Cut(label, " / "); ok && en != "" && isLatin([]rune(en)[0]) && !isLatin([]rune(ja)[0]) {
		label = ja // 予備日 / Reserve
	}
	core, _, _ := strings.Cut(label, "(")
	if containsAny(label, "中止とな", "中止にな", "中止した", "取りやめた", "仕様変更日", "効力発生", "施行日", "変更前", "訂正前") {
		return labelIgnore
	}
	if containsAny(label, "次期", "新") && containsAny(label, "稼働開始", "利用開始", "運用開始", "サービス開始") {
		return labelEndPlan // of the system that takes the place of the one that stops
	}
	fields := strings.FieldsFunc(label, func(r rune) bool { return !unicode.IsLetter(r) })
	if slices.Contains(fields, "estimated") && slices.Contains(fields, "end") {
		return labelEndPlan
	}
	for _, l := range labelWords {
		if l.role == labelPublish && containsAny(label, "サービス", "システム", "サイト", "アプリ", "機能", "サーバ") && !strings.HasSuffix(label, "日") && !strings.HasSuffix(label, "日時") {
			continue // 給与明細配信サービス
		}
		for _, w := range l.words {
			if w[0] < 0x80 {
				if slices.Contains(fields, w) {
					return l.role
				}
			} else if strings.Contains(label, w) && (l.role != labelIgnore || strings.Contains(core, w) && ignorable(core) && !containsAny(core, "停止", "休止", "中断")) {
				return l.role
			}
		}
	}
	return labelNone
}

// ignorable reports whether a label that names a desk, a term or the like is about nothing else.
func ignorable(label string) bool {
	if strings.HasSuffix(label, "受付サービス") || strings.HasSuffix(label, "受付システム") {
		return false // the name of one
	}
	if strings.Contains(label, "履歴") && !strings.HasSuffix(label, "履歴") {
		return false // 注文履歴の閲覧
	}
	if strings.Contains(label, "窓口での") || strings.Contains(label, "受付での") {
		return false // 窓口での貸出・返却
	}
	if len([]rune(label)) <= 12 {
		return true
	}
	for _, e := range []string{"時間", "先", "期間", "期限", "窓口", "番号", "締切", "日", "日時", "日程", "者", "方", "予定", "開始", "休業"} {
		if strings.HasSuffix(label, e) {
			return true
		}
	}
	return false
}

// readLabel finds the label with which the line begins.
func (p *parser) readLabel(ln *line, k int) {
	set := func(from, to, value int) bool {
		label := p.text(from, to)
		role := roleOfLabel(label)
		if role == labelNone {
			return false
		}
		ln.label, ln.role, ln.value, ln.heads = label, role, value, true
		return true
	}
	begin := p.toks[k].from
	if p.toks[k].kind == kOpen && p.rune(k) != '「' {
		for j := k + 1; j < ln.last && p.toks[j].from-begin < maxLabel+2; j++ {
			if p.toks[j].kind == kClose {
				if !p.hasTime(k, j) {
					v := j + 1
					if v < ln.last && p.toks[v].kind == kColon {
						v++
					}
					// 【復旧】システム障害について is a headline with a mark of its state, 【復旧】10月31日 a label
					if role := roleOfLabel(p.text(k+1, j)); role == labelEnd || role == labelStart || role == labelPublish || role == labelOther {
						if v < ln.last && !p.timeFirst(v, ln.last) && p.toks[v-1].kind != kColon {
							return
						}
					} else if role == labelSpan && p.find(v, ln.last, cAbout) {
						return
					}
					if p.kindAt(v) == kOpen && p.kindAt(ln.last-1) == kClose && !p.hasTime(v, ln.last) {
						v = ln.last // <変更前>(実施いたしません)
					}
					set(k+1, j, v)
				}
				return
			}
		}
		return
	}
	longest := maxLabel
	if isLatin(p.rune(k)) {
		longest *= 2 // words are longer in English
	}
	for j := k; j < ln.last && p.toks[j].from-begin <= longest; j++ {
		t := p.toks[j]
		if j > k && (t.kind == kDate || t.kind == kClock) {
			// 日時 12月6日, 期間12月6日から
			if end := p.backOverSpace(j); end > k && t.from-begin <= 12 && p.endsLikeLabel(k, end) {
				set(k, end, j)
			}
			return
		}
		switch t.kind {
		case kColon, kTab:
			if j > k {
				set(k, j, j+1)
			}
			return
		case kStop, kComma:
			if t.kind == kComma && p.rune(j) == '・' {
				continue
			}
			return
		case kDate, kClock:
			return
		case kSpace:
			if t.to-t.from >= 2 || j+1 < ln.last && (p.timeFirst(j, ln.last) || p.isWord(j+1, cUnknown)) && p.endsLikeLabel(k, j) {
				if j > k && p.endsLikeLabel(k, j) && set(k, j, j+1) {
					return
				}
			}
		}
	}
	// a short line of its own that ends like a label is the heading of the lines below it
	if p.toks[ln.last-1].to-begin <= longest && !p.hasTime(k, ln.last) && p.headingLike(k, ln.last) {
		set(k, ln.last, ln.last)
	}
}

func (p *parser) backOverSpace(j int) int {
	for j > 0 && p.toks[j-1].kind == kSpace {
		j--
	}
	return j
}

func (p *parser) endsLikeLabel(k, end int) bool {
	switch p.text(k, min(k+3, end)) {
	case "Start of", "End of", "Time of", "Date of", "Beginning of":
		return true
	}
	s := strings.ToLower(strings.TrimRight(p.text(k, end), " ()◆■●▼★☆="))
	if i := strings.LastIndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	for _, e := range labelEndings {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}

// headingLike reports whether the tokens are a noun phrase that labels what follows, and no sentence or headline.
func (p *parser) headingLike(k, end int) bool {
	for j := k; j < end; j++ {
		if p.toks[j].kind == kStop || p.toks[j].is(cAbout) && !strings.Contains(p.text(k, end), "問い合わせ") && !strings.Contains(p.text(k, end), "問合せ") {
			return false
		}
	}
	s := strings.TrimSpace(p.text(k, end))
	for _, e := range []string{"ます", "です", "ました", "した", "ません", "ください"} {
		if strings.HasSuffix(s, e) {
			return false
		}
	}
	role := roleOfLabel(s)
	if role == labelOther || role == labelState || role == labelIgnore || role == labelService {
		return true
	}
	for j := k + 1; isTimeLabel(role) && j < end; j++ { // 停止時間および対象通貨
		if hasPrefix(p.src.runes, p.toks[j].from, "および", "及び", "と", "・", "、") > 0 && p.endsLikeLabel(k, j) {
			return true
		}
	}
	return p.endsLikeLabel(k, end)
}

// namesDesk reports whether a label names what takes applications or calls, and not the hours or the term in which it does.
func namesDesk(label string) bool {
	label = strings.TrimRight(label, " )」】]>")
	for _, end := range []string{"受付", "窓口", "電話"} {
		if strings.HasSuffix(label, end) {
			return true
		}
	}
	return false
}

// tells reports whether a line speaks of an event, which a heading like お問い合わせ can say nothing about.
func (p *parser) tells(ln *line, label string) bool {
	return p.find(ln.value, ln.last, cTrouble|cCant|cStop|cMaint|cRecover) && !p.timeFirst(ln.value, ln.last) && (p.kindAt(ln.last-1) == kStop || !p.find(ln.value, ln.last, cHours)) && containsAny(label, "受付", "窓口", "問", "連絡先")
}

// govern carries labels down to the lines that they govern, and gives the columns of tables theirs.
func (p *parser) govern() {
	var cur struct {
		role      labelRole
		label     string
		withValue bool
		used      bool
		bullet    bool
	}
	var header []cell
	var queue []line // labels without values that stand one below the other, for values that do the same
	section := 0
	for i := range p.lines {
		ln := &p.lines[i]
		if ln.blank {
			next := p.below(i)
			if cur.used && (cur.role != labelIgnore || cur.withValue) && !(!cur.withValue && next != nil && !next.heads && p.onlyTime(*next)) {
				cur.role, cur.label = labelNone, ""
			}
			if len(ln.cells) == 0 && !p.separator(ln) && !(header != nil && next != nil && len(next.cells) == len(header)) {
				header = nil
			}
			ln.section = section
			continue
		}
		if len(ln.cells) > 1 {
			if p.tableHeader(ln, i) {
				header = ln.cells
				ln.role, ln.heads = labelNone, false
				ln.section = section
				continue
			}
			if header != nil {
				p.labelCells(ln, header)
			} else {
				for c := range ln.cells {
					ln.cells[c].role = ln.role
				}
			}
		}
		if ln.heads && !cur.withValue && (cur.role == labelSpan || cur.role == labelStart || cur.role == labelEnd) && (ln.role == labelOther || ln.role == labelService) && p.timeFirst(ln.value, ln.last) {
			ln.role, ln.label, ln.section = cur.role, cur.label, section // 発生・回復日時 | 東日本エリア:7時10分~8時53分
			cur.used = true
			continue
		}
		if ln.heads {
			section++
			cur.role, cur.label, cur.withValue = ln.role, ln.label, p.hasText(ln.value, ln.last)
			cur.bullet = ln.bullet
			cur.used = cur.withValue
			if !cur.withValue {
				queue = append(queue, *ln)
			} else {
				queue = nil
			}
			ln.section = section
			continue
		}
		ln.section = section
		if len(queue) > 1 && i > 0 && p.timeFirst(ln.value, ln.last) && allTimes(queue) {
			ln.role, ln.label = queue[0].role, queue[0].label
			queue = queue[1:]
			if len(queue) == 1 {
				cur.role, cur.label, cur.used = queue[0].role, queue[0].label, false
				queue = nil
			}
			continue
		}
		queue = nil
		if cur.role != labelNone {
			switch {
			case !cur.withValue && cur.role == labelIgnore && namesDesk(cur.label) && (p.dated(*ln) || p.timeFirst(ln.value, ln.last) && p.find(ln.value, ln.last, cStop|cCant)):
				cur.role, cur.label = labelNone, "" // ■出願受付, of which the next line says when it stops
			case !cur.withValue && (p.headlineLike(ln) || cur.role == labelIgnore && p.tells(ln, cur.label)):
				cur.role, cur.label = labelNone, "" // システムの停止について, below the name of the page or an item of its menu
			case cur.role == labelIgnore && !cur.withValue && !containsAny(cur.label, "問", "連絡先", "窓口", "受付", "利用時間", "利用できる時間", "使える時間", "使用できる時間", "利用可能時間", "履歴", "予備", "過去", "変更前", "訂正前", "旧日程", "締切", "電話", "募集", "申請期間", "対象者", "開催", "補填", "補償", "配布", "ボーナス"):
				if p.timeFirst(ln.value, ln.last) {
					ln.role, ln.label = cur.role, cur.label
				}
				cur.role, cur.label = labelNone, ""
			case !cur.withValue && (cur.role == labelPublish || cur.role == labelHope) && (!p.timeFirst(ln.value, ln.last) || p.kindAt(ln.last-1) == kStop):
				cur.role, cur.label = labelNone, "" // 最終更新日時: with nothing behind it
			case !cur.withValue:
				ln.role, ln.label = cur.role, cur.label
			case (cur.role == labelSpan || cur.role == labelService || strings.Contains(cur.label, "予備") && (cur.bullet || !ln.bullet)) && (p.timeFirst(ln.value, ln.last) || p.toks[ln.value].kind == kRange || cur.role == labelService && ln.bullet):
				ln.role, ln.label = cur.role, cur.label
			default:
				cur.role, cur.label = labelNone, ""
			}
			cur.used = true
		}
	}
}

// roleAt returns the label that governs token k.
func (p *parser) roleAt(k int) (labelRole, string) {
	ln := &p.lines[p.toks[k].line]
	for _, c := range ln.cells {
		if k >= c.first && k < c.last && c.role != labelNone {
			return c.role, c.label
		}
	}
	if k < ln.value && ln.heads {
		return labelNone, ""
	}
	return ln.role, ln.label
}
