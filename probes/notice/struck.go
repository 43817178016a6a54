package notice

import "strings"

// struck reports whether the words of the sentence take the mention out of account: a window that was cancelled or
// moved away, the hours of a service desk, the span of those who must apply again, an extension that may be.
func (p *parser) struck(m *mention, from, to, next int) bool {
	// (12月6日…は中止), 【中止】
	for k := m.to; k < to; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		if t.is(cCancel) && strings.HasSuffix(p.text(max(0, k-3), k), "受付を") {
			continue // メンテナンスのため受付を中止します
		}
		if t.is(cCancel) && isLatin(p.rune(k)) && (p.find(m.to, k, cCant) || p.find(from, m.from, cHappen|cTrouble|cTroubleW)) {
			continue // could not be placed or cancelled, a failure occurred at 7:24 and flights were cancelled
		}
		if t.is(cCancel) && (k < next || !p.hasMove(k, to)) && !p.isWord(p.over(k+1, kSpace, kText), cPossible) && t.tail != tailNot {
			if k < next || p.onlyGlue(next, k) {
				return true
			}
		}
	}
	// (例:メンテナンスを行う2:00~4:00は通知しない)
	if containsAny(p.text(max(from, m.from-12), m.from), "例:", "例)", "例えば、") {
		return true
	}
	// 10月30日にご案内しましたメンテナンスは
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "にご案内し", "にご案内いた", "にお知らせし", "にお知らせいた", "付でご案内", "付けでご案内", "にご連絡し") > 0 {
		return true
	}
	// 6時30分から23時まで(メンテナンス等により停止する場合があります)
	if m.isRange && !m.a.hasDate && p.kindAt(p.over(m.to, kSpace)) == kOpen && p.possible(m.to, to) {
		return true
	}
	// 13:22 Incident declared
	if hasPrefix(p.src.runes, p.toks[p.over(m.to, kSpace, kTab, kRange, kColon)%len(p.toks)].from, "Incident declared", "Incident closed", "Incident opened", "incident declared", "incident closed") > 0 {
		return true
	}
	// 前回の停止 5月17日
	if s := p.text(max(from, m.from-6), m.from); strings.Contains(s, "前回の") && !p.find(from, to, cExtend|cMove|cOngoing) {
		return true
	}
	// 19時05分頃に予定されているアップグレードに伴い, beside the hours of the stop
	if !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "に予定され", "に予定して", "に行われる", "に実施される") > 0 && containsAny(p.text(m.to, to), "に伴い", "に伴う", "のため") && (p.hasLabel(labelStart) || p.hasLabel(labelSpan)) {
		return true
	}
	// 本日は…の手続きができません
	if m.a.dateOnly() && m.a.date.base == baseReport && !m.isRange && !m.since && !m.until && (p.particle(m.to, 'は') || p.particle(m.to, 'が')) && !strings.Contains(p.text(m.to, to), "終日") {
		return true
	}
	// 翌日の単価が表示されない
	if p.ofNextDay(m) {
		return true
	}
	// midnight, November 18, had been announced as the start
	if p.inEnglish() && containsAny(p.text(m.to, min(m.to+12, to)), "had been announced", "had been planned", "had been scheduled", "was originally") {
		return true
	}
	// Monday, September 19 (before 12:00 p.m.)
	if k := p.over(m.to, kSpace); !m.isRange && p.kindAt(k) == kOpen && p.latin(k+1, "Before", "before", "By", "by") {
		return true
	}
	// 11:00頃~0:21 (メールの遅れは13:15頃から発生)
	if n := len(p.readings); n > 0 && !m.isRange && m.since && p.readings[n-1].isRange && p.readings[n-1].line == m.line {
		if open := p.over(p.readings[n-1].to, kSpace); p.kindAt(open) == kOpen && open < m.from && strings.HasSuffix(p.text(open+1, m.from), "は") {
			return true
		}
	}
	// the team began at 06:30 to go back to the older version
	if p.english(m) && !m.isRange && containsAny(p.text(max(from, m.from-8), m.from), "team began ", "engineers began ", "technicians began ", "staff began ", "we began ", "We began ", "crews began ") {
		return true
	}
	// 9月21日に行うとしていた更改を先に延ばす
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "に行うとしていた", "に予定していた", "に予定しておりました", "に実施するとしていた", "に実施予定だった", "に実施予定でした") > 0 && containsAny(p.text(m.to, to), "延ば", "延期", "見送") && !p.hasTime(m.to, to) {
		return true
	}
	// items due between Sep. 28 and Oct. 2
	if m.isRange && m.a.dateOnly() && containsAny(p.text(max(from, m.from-6), m.from), "due between ", "due from ", "due on ") {
		return true
	}
	// 再開するのは2月27日より後です
	if m.since && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "後です", "後に", "後と", "後、") > 0 {
		return true
	}
	// 2月12日~14日に検針した約18万件
	if after := p.text(m.to, min(m.to+10, to)); m.isRange && m.a.dateOnly() && strings.HasPrefix(after, "に") && containsAny(after, "した約", "した分", "した件", "したデータ", "したもの", "された約", "された分", "された件", "されたデータ", "されたもの") {
		return true
	}
	// (1)授業について 4月11日(月)から始めます
	if m.since && m.a.dateOnly() && !p.find(from, to, eventWords&^cHappen) && containsAny(p.text(m.to, to), "始めます", "始まります") {
		return true
	}
	// 補償は、5月24日18:45に終わりました; 点検は、午前10時すぎに終わった
	if s := p.text(from, m.from); !m.isRange && (containsAny(s, "補償は", "補填は", "返金は", "進呈は") || containsAny(s, "点検は") && p.find(max(0, m.from-4*maxLook), m.from, cTrouble)) {
		return true
	}
	// 6月5日の送信の際に
	if after := p.text(m.to, min(m.to+10, to)); m.a.dateOnly() && !m.isRange && strings.HasPrefix(after, "の") && strings.Contains(after, "の際に") {
		return true
	}
	// 1月13日より案内しておりました
	if m.since && m.a.dateOnly() && containsAny(p.text(m.to, min(next, m.to+12)), "案内しており", "案内してい", "お知らせしており", "お知らせしてい", "告知しており", "告知してい") {
		return true
	}
	// 本日の会計ができない場合は
	if m.a.dateOnly() && m.a.date.base == baseReport && !m.isRange && !m.since && !m.until && p.particle(m.to, 'の') && p.find(m.to, to, cCond) {
		return true
	}
	// 7月18日~8月31日出航分)のご予約, 本日の運航 13:30発
	if after := p.text(m.to, min(m.to+4, to)); m.isRange && m.a.dateOnly() && containsAny(after, "分)", "分の") && !strings.HasPrefix(after, "分") || m.a.hasClock && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "発)", "発 ", "発の便", "出航)", "出発)", "着)") > 0 {
		return true
	}
	// 2026年3月3日 マイページの不具合について(復旧済み), in a list of headlines
	if ln := p.lines[m.line]; m.a.dateOnly() && m.a.date.year > 0 && !m.isRange && !m.since && !m.until && m.from == p.over(ln.first, kSpace) && p.kindAt(m.to) == kSpace && p.find(m.to, ln.last, cAbout) && p.kindAt(ln.last-1) != kStop {
		return true
	}
	// 14時からのオンラインセミナーは
	if k := p.firstOf(m.to, min(m.to+12, to), cMeeting); m.since && !m.isRange && p.particle(m.to, 'の') && k > 0 && p.particle(k+1, 'は') {
		return true
	}
	// 5:00に切替の可否を判定し
	if s := p.text(m.to, min(next, m.to+20)); !m.isRange && containsAny(s, "可否を判定", "可否を判断") {
		return true
	}
	// 9:00-12:00 ● ● ● 休
	if s := p.text(m.to, min(to, m.to+14)); m.isRange && !m.a.hasDate && (strings.Count(s, "●") > 1 || strings.Count(s, "○") > 1 || strings.Count(s, "〇") > 1) {
		return true
	}
	// 12時30分頃に、障害の原因が新しい機能にあると推定し
	if s := p.text(m.to, min(next, m.to+60)); !m.isRange && !m.since && strings.Contains(s, "原因") && containsAny(s, "推定し", "特定し", "突き止め", "判明し") {
		return true
	}
	// 8時56分に、障害の原因となったルーターを停止しました
	if s := p.text(m.to, min(next, m.to+40)); !m.isRange && containsAny(s, "原因となった", "原因となって", "原因であった") && containsAny(s, "切り離", "遮断", "停止", "隔離", "再起動", "交換") {
		return true
	}
	// 10月12日以降指定分の振込
	if m.since && hasPrefix(p.src.runes, p.toks[m.to-1].to, "指定分", "受付分", "申込分", "発送分", "出荷分", "請求分", "ご利用分", "のご利用分", "のお申込", "のお取引") > 0 {
		return true
	}
	// 16時以降に止まっているご注文は、もう一度
	if m.since && p.find(m.to, to, cReapply) && containsAny(p.text(m.to, to), "ご注文", "お申込", "お申し込み", "ご予約", "お取引", "データ") && !p.find(m.to, to, cHappen|cTrouble) {
		return true
	}
	// 9:00に暫定対応として
	if !m.isRange && containsAny(p.text(m.to, min(m.to+4, to)), "暫定", "応急") && !containsAny(p.text(m.to, to), "応急復旧", "により復旧", "により回復", "により解消", "で復旧しました") {
		return true
	}
	// 令和5年度（令和5年4月1日～令和6年3月31日）
	if m.isRange && m.a.dateOnly() && p.kindAt(m.from-1) == kOpen && containsAny(p.text(max(from, m.from-4), m.from), "年度(", "月期(", "期(") {
		return true
	}
	// 停電日時, beside システム停止
	if _, name := p.roleAt(m.from); p.stopLabelled && strings.HasPrefix(name, "停電") {
		return true
	}
	// 出願期間(1月4日から1月22日まで)に変更はありません
	if m.isRange && m.a.dateOnly() && containsAny(p.text(m.to, to), "変更はありません", "変更はございません", "変更ありません", "変更ございません") {
		return true
	}
	// 乗車予定日の翌日から90日以内
	if m.since && m.a.dateOnly() && !m.isRange && containsAny(p.text(m.to, min(m.to+6, to)), "日以内", "月以内", "年以内") {
		return true
	}
	// 28日から30日に発送した払込票の
	if m.a.dateOnly() && hasPrefix(p.src.runes, p.toks[m.to-1].to, "に発送し", "に送った", "に送信し", "に送付し", "に郵送し", "に投函し") > 0 {
		return true
	}
	// 当日に、お渡しできたはずの
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.from].from, "当日") > 0 {
		return true
	}
	// 8月23日にも
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "にも") > 0 {
		return true
	}
	// 5日中の復旧は難しい, 2日いっぱい
	if m.a.dateOnly() && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "いっぱい", "中に", "中の", "中は", "中を", "中、", "中も") > 0 {
		return true
	}
	// 12時50分ごろ、委託先からシステム障害の連絡が入った
	if !m.isRange && !m.since && !m.until && containsAny(p.text(m.to, to), "連絡が入", "連絡があ", "問い合わせがあ", "との通報") && !p.find(m.to, to, cHappen|cRecover) {
		return true
	}
	// 3月23日~25日まで、下記のとおり限定開館いたします
	if after := p.text(m.to, min(m.to+20, to)); m.isRange && containsAny(after, "開館します", "開館いたします", "開室します", "開室いたします", "営業します", "営業いたします") && !p.find(m.to, to, cStop|cCant|cMaint|cTrouble) {
		return true
	}
	// (e.g., "unavailable on Aug 30, 2-2:30 AM UTC")
	if containsAny(p.text(max(0, m.from-24), m.from), "e.g.", "for example", "For example") {
		return true
	}
	// (うち17時45分頃から18時50分頃までは
	if m.isRange && strings.HasSuffix(p.text(max(from, m.from-4), m.from), "うち") {
		return true
	}
	// ※この時間帯のうち、停止が2回ございます | - 1回目 0時30分~2時30分
	for n, above := 0, p.above(m.line); m.isRange && !m.a.hasDate && above != nil && n < 4; n++ {
		last := min(above.last, above.first+maxLook)
		if containsAny(p.text(above.first, last), "時間帯のうち", "期間のうち", "時間のうち") {
			return true
		}
		if !p.hasTime(above.first, last) {
			break
		}
		above = p.above(p.toks[above.first].line)
	}
	// 作業中、同日13時12分~13時17分の間、一時停止がありました
	if m.isRange && p.hasLabel(labelSpan) && containsAny(p.text(from, m.from), "作業中、", "メンテナンス中、", "作業時間中、", "期間中、") {
		return true
	}
	// 面会は10:30~15:30まで停止します
	if s := p.clause(from, m.from); strings.HasPrefix(strings.TrimLeft(s, "●・※ "), "面会") || strings.HasPrefix(strings.TrimLeft(s, "●・※ "), "ご面会") {
		return true
	}
	// 通常は5:30~23:30
	if m.isRange && !m.a.hasDate && containsAny(p.text(max(from, m.from-3), m.from), "通常") && !p.find(from, m.from, cTrouble|cMaint) {
		return true
	}
	// サービス提供時間は4:00~翌2:00です。会員登録は5:00~23:45となります
	if m.isRange && !m.a.hasDate && p.find(p.lines[m.line].first, m.from, cHours) && !p.find(from, to, cStop|cMaint|cHappen|cTrouble|cCant) {
		return true
	}
	// お取扱時間 平日8:30~21:00 | ※12月31日~1月3日は9:00~17:00
	if m.isRange && m.dates != nil && !p.find(from, to, eventWords) && p.hoursAbove(m.line) {
		return true
	}
	// 2月14日10:00~なくなり次第終了
	if hasPrefix(p.src.runes, p.toks[p.over(m.to, kSpace)-1].to, "なくなり次第", "無くなり次第", "先着") > 0 {
		return true
	}
	// エレベーター点検 2月20日13:00~15:00
	if s := p.text(p.lines[m.line].first, p.lines[m.line].last); containsAny(s, "エレベーター", "エスカレーター", "空調設備", "消防設備") && !online(s) && p.titled {
		return true
	}
	// 終了日の午前9時以降
	if before := p.text(max(from, m.from-4), m.from); !m.a.hasDate && (strings.HasSuffix(before, "終了日の") || strings.HasSuffix(before, "営業日の")) {
		return true
	}
	// 6:00を過ぎても
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "を過ぎ", "をすぎ", "を経過", "を超え") > 0 && !m.since {
		return true
	}
	// 次回のお知らせは15時頃
	if p.find(max(from, m.from-8), m.from, cNext) && !p.hasTime(max(from, m.from-8), m.from) {
		return true
	}
	// 雨天の場合は10月25日に順延
	for k, n := m.from-1, 0; k >= from && n < 5; k, n = k-1, n+1 {
		if p.isWord(k, cCond) && containsAny(p.text(k, min(k+2, len(p.toks))), "場合は", "場合に", "場合、") {
			return true
		}
		if p.kindAt(k) == kDate || p.kindAt(k) == kClock {
			break
		}
	}
	if p.example(m.line) {
		return true
	}
	// 証明書の有効期限が2月6日16時51分だった
	if !m.isRange && containsAny(p.text(max(from, m.from-4), m.from), "期限が", "期限は", "期限:") {
		return true
	}
	// 月曜日から金曜日の9時~17時
	if before := p.text(max(from, m.from-8), m.from); m.isRange && !m.a.hasDate && containsAny(before, "曜日の", "曜の", "曜日", "曜:", "曜 ", "平日", "月~金", "月-金", "Monday to Friday", "Monday - Friday", "Monday-Friday", "Monday through Friday", "Mon-Fri", "Mon. - Fri.", "Weekdays", "weekdays", "Saturday and Sunday", "Saturdays", "Sundays", "(月)~(金)", "土日") {
		return true
	}
	// you can obtain certificates between 6:30 a.m. and 11 p.m.
	if before := p.text(from, m.from); m.isRange && !m.a.hasDate && !m.b.hasDate && containsAny(before, "you can ", "You can ", "can be ", "is available", "are available") && !containsAny(before, "not ", "cannot") {
		return true
	}
	// the counters will issue certificates from 1:00 p.m.
	if before := p.text(from, m.from); m.since && !m.isRange && containsAny(before, "will issue", "will open", "will reopen", "will accept", "will be open", "will be available", "is available", "are available") && !p.find(from, m.from, cStop|cCant) && !strings.Contains(before, "not ") {
		return true
	}
	// 8月12日~15日は学校閉庁日です
	if m.a.dateOnly() && containsAny(p.text(p.lines[m.line].first, m.from), "の休館日 ", "の休館日:", "の休業日 ", "の休業日:", "の休診日 ", "の休診日:") {
		return true // 1月の休館日 1日~4日、13日(火)
	}
	if m.isRange && m.a.dateOnly() && p.particle(m.to, 'は') && containsAny(p.text(m.to, min(m.to+12, to)), "閉庁日", "休業日", "定休日", "休館日", "休診日", "休校日") {
		return true
	}
	// 抽選申込は2月1日から10日までです
	if before := p.text(max(from, m.from-4), m.from); m.isRange && m.a.dateOnly() && (strings.HasSuffix(before, "申込は") || strings.HasSuffix(before, "申込みは") || strings.HasSuffix(before, "受付は") || strings.HasSuffix(before, "募集は") || strings.HasSuffix(before, "応募は") || strings.HasSuffix(before, "販売は")) && !p.find(m.to, to, eventWords) {
		return true
	}
	// 0:00~6:00も、停止せずご利用いただけます; 0時~6時 2件
	if m.isRange && (containsAny(p.text(m.to, to), "停止せず", "休まず", "止めず") || p.counts(m.to)) {
		return true
	}
	// 予約センター 0570-000-000(7:00~20:00), 実店舗は営業いたします(10:00~19:00), 収納係(8:45~17:30)
	if m.isRange && !m.a.hasDate && p.inBrackets(m) {
		return true
	}
	// 18時以降のWeb予約は, 6月末までのご注文
	if (m.since || m.until) && !m.isRange && p.particle(m.to, 'の') {
		if k := p.firstOf(m.to, min(m.to+8, to), cApply|cHappen|cCant|cStop|cTrouble|cMaint); k > 0 && p.isWord(k, cApply) && !p.find(k, min(k+4, to), cCant) {
			return true
		}
	}
	// 予約なしで16時30分まで受け付けます, 4日8時30分から受け付ける予定です
	if !p.find(from, to, eventWords) && hasPrefix(p.src.runes, p.toks[m.to-1].to, "受け付け", "受付けます", "承ります", "発送", "順次発送", "お送り", "配布", "臨時に開") > 0 {
		return true
	}
	// 5月27日から6月6日まで、専用窓口を設けています
	if m.isRange && !p.find(m.from, to, eventWords) && containsAny(p.text(m.to, to), "窓口を設", "窓口を開設", "コールセンターを設", "コールセンターを開設") {
		return true
	}
	// 制度が1日から始まりましたが、アクセスが集中して
	if before := p.text(max(from, m.from-6), m.from); m.since && !m.isRange && hasPrefix(p.src.runes, p.toks[m.to-1].to, "始ま", "運用が始ま", "開始され") > 0 && containsAny(before, "制度が", "制度は", "受付が", "運用が", "販売が", "募集が", "申請が", "登録が", "予約が") {
		return true
	}
	// お問い合わせには13日の10:00以降に順次お返事いたします
	if m.since && !m.isRange && containsAny(p.text(m.to, to), "反映", "返信", "お返事", "回答", "ご連絡", "発送", "振り込", "お振込", "返金") && !p.find(m.to, to, cStop|cCant|cMaint|cHappen|cTrouble|cTroubleW|cRecover) {
		return true
	}
	// 2月6日17:00からは、3月12日9時30分以降を指定した配信予約ができません
	if m.since && containsAny(p.text(m.to, to), "以降を指定した", "以降の日時を指定") {
		return true
	}
	// メンテナンスが終わる日の午前10時以降
	if before := p.text(max(from, m.from-6), m.from); !m.a.hasDate && containsAny(before, "わる日の", "了日の", "了する日の", "けた日の", "営業日の", "営業日") && !strings.Contains(before, "、") {
		return true
	}
	// 10時以降を指定した配信予約
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "の予約") > 0 && !p.find(m.to, to, cCant|cStop) {
		return true
	}
	// A desk's hours have no date
	if !m.a.hasDate && !(m.since && !m.isRange && p.find(m.to, to, cTroubleW)) && p.find(from, to, cHours) && !p.find(from, to, cStop|cMaint|cHappen|cTrouble|cCant) && !p.find(m.to, next, cRecover|cResume) {
		return true
	}
	// 7月17日~19日の間に…プレイヤー様, この間の精算は…午後2時の間に順次振り込まれます
	if hasPrefix(p.src.runes, p.toks[m.to-1].to, "の間に", "までの間に", "の期間に", "の期間中に", "にログイン", "に購入", "にご購入", "にご利用") > 0 && p.firstOf(m.to, to, cStop|cCant|cMaint|cHappen|cTrouble|cTroubleW|cDo) < 0 {
		return true
	}
	// 3月30日~4月6日に会議室を使う方は
	if p.particle(m.to, 'に') || p.particle(m.to, 'の') || p.particle(m.to, 'で') {
		if j := p.firstOf(m.to, next, cPerson|cHappen|cCant|cStop|cRecover|cTrouble|cMaint|cResume); j > 0 && p.isWord(j, cPerson) && p.gapText(j, "方") && (p.particle(j+1, 'は') || p.particle(j+1, 'へ')) && containsAny(p.text(m.to, j), "使う", "使用", "利用", "来", "受講", "予定", "更新", "迎え", "期限") {
			return true
		}
	}
	// ~に申請された方
	if m.isRange && p.particle(m.to, 'の') && p.isWord(m.to+1, cTrouble) {
		return false // 10月30日8時50分から10月31日18時50分までの不具合の間に申請された方
	}
	applied := false
	again := p.find(m.to, to, cReapply)
	for k := m.to; k < next && p.kindAt(k) != kTab; k++ {
		t := p.toks[k]
		if t.kind != kWord {
			continue
		}
		switch {
		case t.is(cReapply) && p.find(k+1, min(k+3, to), cCan|cCant): // 再発行ができません
		case t.is(cReapply):
			return true
		case t.is(cApply):
			applied = true
		case t.is(cPerson) && applied && p.gapText(k, "方", "お客", "皆", "人", "利用者", "申請者", "customers", "users"):
			if p.particle(k+1, 'に') && p.find(k, to, cCant|cTrouble|cHappen) {
				return false // 一部のお客様に届かない不具合が発生
			}
			return true
		case t.is(cCant) && applied && again:
			// 操作を行い、画面が表示されなかった方は
		case t.is(cHappen | cCant | cStop | cRecover | cTrouble | cMaint | cResume | cMode):
			if t.is(cMode) {
				return true
			}
			applied = false
			k = next
		}
	}
	// 予定しておりましたが、…に変更
	for k := m.to; k < next; k++ {
		if p.isWord(k, cPlan) && p.pastPlan(k) && !((m.since || m.isRange) && p.find(k, to, cExtend)) {
			return true
		}
		if p.isWord(k, cMove) && k+1 < len(p.toks) && p.particle(k+1, '前') {
			return true
		}
	}
	// 12月6日から13日に変更: the first of the two is the old one
	if m.since && !m.isRange || p.isWord(p.over(m.to, kSpace), cFrom) {
		for k := next; k < to && !p.find(m.to, next, cDo|cMaint|cMaintW|cStop|cCant); k++ {
			if p.isWord(k, cMove|cExtend) && !p.possible(k, to) {
				return true
			}
			if p.isWord(k, cHappen|cStop|cMaint|cDo|cRecover|cCant) {
				break
			}
		}
	}
	// 6月30日0時~5時のシステム停止は、7月7日0時~5時に変更となりました
	if before := strings.TrimRight(p.text(m.to, next), "、 "); m.isRange && strings.HasSuffix(before, "は") && p.timeFirst(next, to) && containsAny(p.text(next, to), "に変更", "へ変更", "に延期", "に繰り") && !p.find(m.to, next, cDo) {
		return true
	}
	// planned for June 18 has been postponed to June 25
	if j := p.firstOf(m.to, min(next, m.to+12), cMove); j > 0 && isLatin(p.rune(j)) && p.hasTime(j, to) && p.latin(p.over(j+1, kSpace), "to", "until", "for") {
		return true
	}
	// 最大で8時まで延長する可能性
	for k := m.to; k < next; k++ {
		if p.isWord(k, cExtend|cMove) && p.possible(k, to) {
			return true
		}
	}
	return false
}

// hoursAbove reports whether the line right above gives opening hours, or a line of notes on such.
func (p *parser) hoursAbove(line int) bool {
	for i := line - 1; i >= 0 && i > line-4; i-- {
		ln := p.lines[i]
		if ln.blank || ln.event {
			return false
		}
		if p.find(ln.first, ln.last, cHours) {
			return p.hasClock(ln.first, ln.last)
		}
	}
	return false
}

// counts reports whether a number of cases stands at token k.
func (p *parser) counts(k int) bool {
	k = p.over(k, kSpace, kTab, kColon)
	s := p.text(k, min(k+2, len(p.toks)))
	return (p.kindAt(k) == kNumber || p.kindAt(k) == kLength) && strings.Contains(s, "件")
}

// inBrackets reports whether a range of hours stands in brackets behind words that speak neither of a day nor of an event,
// as the hours of a shop or a desk do.
func (p *parser) inBrackets(m *mention) bool {
	k := m.from - 1
	for ; k >= 0 && p.kindAt(k) != kOpen; k-- {
		switch p.kindAt(k) {
		case kNewline, kStop, kClose, kDate, kClock, kTab:
			return false
		}
		if p.isWord(k, eventWords) {
			return false
		}
	}
	first := p.lines[m.line].first
	j := p.backOverSpace(k)
	if k <= first || j <= first || p.kindAt(k-1) == kDate || p.hasTime(max(first, k-3), k) {
		return false
	}
	for n := 0; j > first && n < 9; j, n = j-1, n+1 {
		if p.isWord(j-1, eventWords|cDo|cPlan) {
			return false
		}
		if p.kindAt(j-1) == kStop || p.kindAt(j-1) == kComma {
			break
		}
	}
	return true
}

// example reports whether the line gives an example, or what follows from one: ※例:…, →….
func (p *parser) example(n int) bool {
	ln := p.lines[n]
	if p.rune(p.over(ln.first, kSpace)) == '→' {
		return !p.find(ln.first, ln.last, cTrouble|cMaint|cRecover|cStop)
	}
	s := strings.TrimLeftFunc(p.text(ln.first, min(ln.last, ln.first+8)), func(r rune) bool { return r == ' ' || r == '(' || isMarker(r) })
	return strings.HasPrefix(s, "例:") || strings.HasPrefix(s, "例)") || strings.HasPrefix(s, "(例)") || strings.HasPrefix(s, "例えば")
}

func (p *parser) possible(from, to int) bool {
	for k := from; k < to && k < from+14; k++ {
		if p.isWord(k, cPossible|cCond) {
			return true
		}
	}
	return false
}

func (p *parser) pastPlan(k int) bool {
	i := p.toks[k].to
	rs := p.src.runes
	for n := 0; n < 4 && i+n < len(rs); n++ {
		if hasPrefix(rs, i+n, "しておりました", "していました", "していた", "しておりましたが", "されていた", "されておりました", "でした", "だった", "いたしておりました") > 0 {
			return true
		}
	}
	return false
}

func (p *parser) hasMove(from, to int) bool { return p.find(from, to, cMove) }

// onlyGlue reports whether between two tokens only further mentions and the glue of a list stand.
func (p *parser) onlyGlue(from, to int) bool {
	for k := from; k < to; k++ {
		if p.isWord(k, cHappen|cStop|cDo|cRecover|cCant) || p.kindAt(k) == kComma && p.rune(k) == '、' && p.kindAt(k-1) == kText {
			return false
		}
	}
	return true
}

// usable reports whether the range is one in which the service works.
func (p *parser) usable(m *mention, to int) bool {
	for k := m.to; k < to && k < m.to+20; k++ {
		if p.particle(k, '除') {
			return false
		}
		if p.isWord(k, cCan|cNormal) && p.kindAt(k+1) != kOpen && p.kindAt(k+1) != kClose {
			return true
		}
		if p.isWord(k, cHappen|cCant|cStop|cTrouble|cMaint|cDo|cRecover) {
			return false
		}
	}
	return false
}

// except reports whether the range is one that something does not hold in: (12月29日~1月3日を除く).
func (p *parser) except(m *mention) bool {
	return hasPrefix(p.src.runes, p.toks[p.over(m.to, kSpace, kClose)-1].to, "を除", "は除", "除く") > 0
}

// otherSpan reports whether the words before the range, in its sentence, say that it is the term of something else:
// 出願期間に変更はありません(12月2日~12月16日).
func (p *parser) otherSpan(m *mention, from int) bool {
	before := p.text(max(from, m.from-24), m.from)
	name := strings.TrimRight(before, "(: ")
	for _, t := range otherTerms {
		if strings.HasSuffix(name, t) {
			return true
		}
	}
	if p.find(m.from, min(m.to+maxLook, len(p.toks)), cStop|cCant|cMaint|cHappen|cTrouble) && !p.sentenceEnds(m.to) {
		return false
	}
	return containsAny(before, otherTerms...)
}

// otherTerms are the terms of something else than an outage or work.
var otherTerms = []string{"出願期間", "申込期間", "申込み期間", "申請期間", "登録期間", "申告期間", "納付期間", "試験期間", "受付期間", "募集期間", "提出期間", "応募期間", "開催期間", "運用期間", "試行期間", "テスト期間", "利用時間は", "利用時間:", "開館時間", "会期", "販売期間", "キャンペーン期間", "投票", "受付時間", "サポート時間", "営業時間"}

// sentenceEnds reports whether nothing but marks stands between token k and the end of its sentence.
func (p *parser) sentenceEnds(k int) bool {
	for ; k < len(p.toks); k++ {
		switch p.kindAt(k) {
		case kSpace, kClose:
		case kStop, kNewline:
			return true
		default:
			return false
		}
	}
	return true
}
