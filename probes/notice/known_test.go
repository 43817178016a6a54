package notice

import (
	"strings"
	"testing"
	"time"
)

func TestKnownServicesAreFoundWhereTheyAreAffected(t *testing.T) {
	names := []string{"iPhoneのマイナンバーカード", "マイナポータル"}
	for text, want := range map[string]string{
		"【障害】iPhoneのマイナンバーカードの新規発行申請について\n2025年10月30日（木）8時50分頃から、新規発行申請が完了しない障害が発生しております。":                "iPhoneのマイナンバーカード",
		"お知らせ\n10月30日8時50分頃から、ｉＰｈｏｎｅのマイナンバーカードの新規発行申請が完了しない障害が発生しております。":                                  "iPhoneのマイナンバーカード",
		"【障害】Androidスマホ用電子証明書の新規申請について\n10月31日7時30分から、新規申請ができない障害が発生しております。\niPhoneのマイナンバーカードには影響はありません。": "",
		"システムメンテナンスのお知らせ\n12月6日22時から12月8日6時まで、システムメンテナンスのため、マイナポータルをご利用いただけません。":                          "マイナポータル",
		"iPhoneのマイナンバーカードの対応機種を追加しました": "",
	} {
		got := map[string]bool{}
		for _, a := range ParseFor(text, time.Date(2025, 11, 4, 12, 0, 0, 0, japan), names) {
			for _, s := range a.Services {
				for _, name := range names {
					if s == name {
						got[s] = true
					}
				}
			}
		}
		var found []string
		for _, name := range names {
			if got[name] {
				found = append(found, name)
			}
		}
		if strings.Join(found, ",") != want {
			t.Errorf("%s\n  names %v, want %q", text, found, want)
		}
	}
}
