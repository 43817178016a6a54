package probes

import (
	"regexp"
	"strings"
	"sync"
)

// troublePhrases are what pages say when they do not work, in folded text. Each is a whole claim: the words 障害,
// メンテナンス or error alone stand on healthy pages as well (障害者, "メンテナンス中の情報や今後の予定", the terms of use),
// and so do conditions ("障害が発生した場合は", "ご利用いただけない場合があります").
var troublePhrases = []string{
	// Maintenance that goes on now.
	`メンテナンス中(?:です|でござい|のため|につき|により|となって|。|$)`,
	`(?:ただいま|ただ今|只今|現在)[^。]{0,40}(?:メンテナンス(?:中(?:[^の]|$)|(?:作業)?を(?:行って|おこなって|実施して))|停止(?:中|して[いお]|させて))`,
	`メンテナンス(?:作業)?(?:実施)?(?:中)?(?:の(?:ため|為)|により|に伴い)[^。]{0,60}(?:停止(?:中|して[いお]|させて|いたし)|休止|(?:いただ|頂)けません|(?:でき|出来)ません|(?:でき|出来|いただけ)ない状態)`,
	`サービス(?:の提供)?を[^。]{0,12}(?:停止|休止|中断)(?:中|して[いお]|いたしてお|させて)`,
	// Overload.
	`アクセスが(?:大変|非常に|一時的に)?(?:集中|殺到)`,
	`(?:大変|非常に|現在)[^。]{0,8}(?:混雑して|混み合って|込み合って)`,
	`(?:つなが|繋が)り(?:にく|づら)`,
	`(?:接続|アクセス|利用|閲覧|表示)(?:が)?(?:し|され)(?:にく|づら)(?:い|く)`,
	`しばらく(?:の間)?(?:時間を)?(?:し|たっ|経っ|待っ|お待ち|おい|置い|お時間)`,
	`時間を(?:おい|置い|あけ|空け)て`,
	// It cannot be used, something broke.
	`(?:ご利用|ご覧|閲覧|お使い)(?:に|を)?(?:いただ|頂)けません`,
	`(?:現在|ただいま|只今|一時的に)[^。]{0,40}(?:(?:でき|出来|いただけ)ません|(?:でき|出来|いただけ)ない状態)`,
	`(?:表示|接続|アクセス)(?:することが)?(?:でき|出来)ません`,
	`(?:障害|不具合|トラブル|問題)が(?:発生|生じ|起き)(?:中|し?て[いお]|しました|いたしました|した(?:ため|影響))`,
	`(?:システム|通信|サーバー?|ネットワーク|サービス|回線)(?:の)?障害(?:が発生し(?:ま|て)|の(?:ため|影響で)|により|発生中|中です)`,
	`復旧(?:作業(?:中|を|に)|に(?:向け|努め)|の?(?:見込み|めど|目処|見通し)は)`,
	`原因(?:を|は|について)[^。]{0,10}調査(?:中|して)`,
	`予期(?:せぬ|しない)(?:エラー|障害|問題)`,
	`エラーが発生(?:し(?:ま|て[いお])|いたしま)`,
	`(?:システム|内部(?:サーバー?)?|サーバー?|通信|接続|ネットワーク(?:接続)?)エラー`,
	`(?:読み込み|取得|処理)に失敗し`,
	`タイムアウト(?:し(?:ま|て)|になりました|エラー)`,
	`(?:お探しの|指定された|ご指定の)?ページ(?:が|は)(?:存在しません|見つかりません|見つかりませんでした)`,
	// English, as servers and frameworks write it by default.
	`service (?:temporarily )?unavailable`, `temporarily (?:unavailable|down|out of service)`, `internal server error`,
	`bad gateway`, `gateway time-?out`, `(?:under|down for|undergoing)(?: \w+)? maintenance`, `we(?:'|’)(?:ll|re) (?:be right back|be back soon|currently down)`,
	`access denied`, `request rejected`, `(?:an|unexpected|unknown|application|server|database) error (?:has )?occurred`,
	`application error`, `error establishing a database connection`, `something went wrong`, `too many requests`,
	`404 not found`, `page not found`, `(?:over capacity|experiencing (?:heavy|high) (?:traffic|load|demand))`,
	`(?:error|エラー)(?: ?(?:code|コード))?[ :(]*50[0-9]\b`, `\bhttp(?: error)? ?50[0-9]\b`,
}

var trouble = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join(troublePhrases, "|"))
})

// Trouble looks for words by which a page says of itself that it does not work: maintenance that goes on, overload, an
// error page with a good status. It returns the phrase that it found. The text is the page's visible text, folded (see
// Fold). Not to find one proves nothing; a page must also show what the definition expects of it.
func Trouble(foldedText string) (phrase string, found bool) {
	at := trouble().FindStringIndex(foldedText)
	if at == nil {
		return "", false
	}
	return foldedText[at[0]:at[1]], true
}
