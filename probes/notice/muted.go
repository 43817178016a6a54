package notice

import "strings"

// muted reports whether the sentence as a whole says that its words announce nothing, and what then is left of it.
func (p *parser) muted(from, to int, text string, s *signs) (survey, bool) {
	if containsAny(text, "作業はございません", "作業はありません", "停止はございません", "停止はありません", "停止はいたしません", "停止は伴いません", "停止を伴いません") && !p.hasTime(from, to) {
		return survey{quiet: true}, true
	}
	if p.none(from, to) {
		return survey{quiet: true}, true
	}
	if containsAny(text, "と当社が判断", "と弊社が判断", "状態をいい", "状態を指", "場合をいい", "場合を指", "をさします") {
		return survey{quiet: true}, true // what a word is to mean
	}
	if said := strings.TrimSpace(text); strings.HasSuffix(said, "とき") && !p.hasTime(from, to) {
		return survey{cond: true, maintCond: said != "" && p.find(from, to, cMaint)}, true // 定期メンテナンスを行うとき
	}
	if containsAny(text, "車両の通", "車両通行", "通行止", "通り抜け", "迂回", "う回路", "断水") && !online(text) {
		return survey{quiet: true}, true
	}
	if (s.stop || s.cant) && !p.hasClock(from, to) && containsAny(text, "することはありません", "することはございません", "なることはありません", "なることはございません", "時間帯はありません", "時間帯はございません") {
		return survey{quiet: true}, true
	}
	if s.stop && !p.dayIn(from, to) && containsAny(text, "受付を休止", "窓口を休止", "昼休み") {
		return survey{quiet: true}, true // 正午から午後1時までは受付を休止します
	}
	if containsAny(text, "新型コロナ", "感染症", "感染拡大", "インフルエンザ") && !online(text) {
		return survey{quiet: true}, true // 感染したため、受け入れを休止しておりました
	}
	if containsAny(text, "事例が全国", "事故につながる") {
		return survey{quiet: true}, true
	}
	if containsAny(text, "生産設備", "製造設備", "製造ライン") && !online(text) {
		return survey{quiet: true}, true // 生産設備のトラブルにより出荷を停止しております
	}
	if containsAny(text, "時間を避け", "時間帯を避け", ")を避け", "時間をさけ") {
		return survey{quiet: true}, true // メンテナンス時間(毎日0:00~0:10)を避ける
	}
	if containsAny(text, "は詐欺", "も詐欺", "が詐欺", "詐欺です", "詐欺の") {
		return survey{quiet: true}, true
	}
	if containsAny(text, "24時間365日", "365日24時間", "24時間体制", "年中無休で") {
		return survey{quiet: true}, true // what a service is sold with
	}
	return survey{}, false
}
