package export

import (
	"strings"

	"mynaprobe/probes"
)

// Lang is the language of what people read. Machine formats do not depend on it.
type Lang string

// The languages. Anything else is treated as English.
const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// LangOf returns the language of a locale name such as the value of LC_MESSAGES or LANG ("ja_JP.UTF-8").
func LangOf(locale string) Lang {
	locale = strings.ToLower(locale)
	if locale == "ja" || strings.HasPrefix(locale, "ja_") || strings.HasPrefix(locale, "ja-") || strings.HasPrefix(locale, "ja.") {
		return Japanese
	}
	return English
}

// of picks the text in the language.
func (l Lang) of(english, japanese string) string {
	if l == Japanese {
		return japanese
	}
	return english
}

// OutcomeWord returns the word for an outcome in the language.
func OutcomeWord(o probes.Outcome, lang Lang) string {
	if lang != Japanese {
		return o.String()
	}
	switch o {
	case probes.Up:
		return "正常"
	case probes.Degraded:
		return "低下"
	case probes.Maintenance:
		return "メンテナンス"
	case probes.Down:
		return "障害"
	}
	return "判定不能"
}

// reasonWords hold, for each reason, what a person who does not know the list is told.
var reasonWords = map[probes.Reason][2]string{
	probes.ReasonDNS:         {"its name could not be looked up", "名前解決（DNS）ができません"},
	probes.ReasonConnect:     {"no connection could be made", "接続できません"},
	probes.ReasonTLS:         {"the secure connection or its certificate is not valid", "暗号化通信または証明書に問題があります"},
	probes.ReasonTimeout:     {"no complete answer came in time", "時間内に応答が完了しませんでした"},
	probes.ReasonProtocol:    {"the answer breaks the protocol", "応答が通信規約に反しています"},
	probes.ReasonStatus:      {"it answered with a status it must not have", "想定外のステータスコードが返りました"},
	probes.ReasonRedirect:    {"it led to an address where it must not lead", "想定外のアドレスへ転送されました"},
	probes.ReasonContent:     {"the answer does not hold what it must", "あるべき内容がありません"},
	probes.ReasonSelector:    {"an element of the page that must be there is missing", "ページ内のあるべき要素がありません"},
	probes.ReasonScript:      {"the page crashed or its script failed", "ページのスクリプトが失敗しました"},
	probes.ReasonBlocked:     {"we were turned away as a robot; other visitors perhaps were not", "自動アクセスとして拒否されました（一般の利用者は使えている可能性があります）"},
	probes.ReasonSlow:        {"it works, but slower than it must", "動作していますが、応答が遅くなっています"},
	probes.ReasonChanged:     {"the page seems to have been redesigned; the definition wants a look", "ページが改装されたようです。定義の見直しが必要です"},
	probes.ReasonMaintenance: {"it says that it is under maintenance, or that was planned", "メンテナンス中、または予定された停止です"},
	probes.ReasonBrowser:     {"our browser failed; the target was not judged", "プローバー側のブラウザーの問題です（対象の状態は不明）"},
	probes.ReasonNetwork:     {"our own network is out; the target was not judged", "プローバー側のネットワークの問題です（対象の状態は不明）"},
	probes.ReasonOverload:    {"the prober was too busy to run it; the target was not judged", "プローバーが過負荷で実行できませんでした（対象の状態は不明）"},
	probes.ReasonDefinition:  {"the definition cannot run; the target was not judged", "定義に問題があり実行できませんでした（対象の状態は不明）"},
	probes.ReasonInternal:    {"a fault inside the prober; the target was not judged", "プローバー内部の不具合です（対象の状態は不明）"},
}

// Words says in the language what a reason means, as a phrase that can follow "down: ". It is empty for the empty
// reason.
func Words(reason probes.Reason, lang Lang) string {
	if reason == "" {
		return ""
	}
	words, ok := reasonWords[reason]
	if !ok {
		return string(reason)
	}
	return lang.of(words[0], words[1])
}
