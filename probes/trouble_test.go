package probes

import "testing"

func TestTroubleFindsWhatBrokenPagesSay(t *testing.T) {
	for _, text := range []string{
		"ただいまメンテナンス中です",
		"システムメンテナンスのため、サービスを停止しております。",
		"現在、マイナポータルはメンテナンス中です。 [メンテナンス期間] 1月5日から",
		"現在、アクセスが集中しております",
		"アクセスが集中していることが原因で、つながりにくい状態です",
		"サイトにアクセスしづらい状況が続いています",
		"しばらくたってから再度お試しください",
		"しばらく時間をおいてアクセスしてください",
		"接続しづらい状況です",
		"メンテナンスのためご利用いただけません。",
		"申請の受付に障害が発生しています",
		"システム障害のため受付できません",
		"現在復旧作業中です",
		"予期せぬエラー(503)",
		"予期しないエラーが発生しました",
		"現在、ホームページが閲覧できない状態となっています。原因を調査中です。",
		"認証局のメンテナンス等で遅延しています。しばらくたってからやり直してください",
		"読み込みに失敗しました", "ネットワーク接続エラー", "http500内部サーバーエラー",
		"504 Gateway Time-out", "503 Service Unavailable", "502 Bad Gateway", "Internal Server Error",
		"Access Denied", "The requested URL was rejected. Request Rejected", "The site is down for scheduled maintenance.",
		"お探しのページは見つかりませんでした", "ただいまサーバが大変混み合っております",
		"ﾒﾝﾃﾅﾝｽ中です",
	} {
		if _, found := Trouble(Fold(text)); !found {
			t.Errorf("no trouble seen in %q", text)
		}
	}
}

func TestTroubleLeavesHealthyPagesAlone(t *testing.T) {
	for _, text := range []string{
		"",
		"障害者手帳をお持ちの方へ 障害のため外出が困難な方の手続き",
		"マイナポータルの現在の障害情報と、メンテナンス中の情報や今後の予定を確認できます。",
		"メンテナンス・重要なお知らせ",
		"ビル設備機器のメンテナンス業務一式の入札公告",
		"障害情報通知連絡先登録フォーム",
		"マイナポータルは、24時間365日いつでもお使いいただくことができます。ただし、メンテナンス等の理由によりシステム停止を行っている場合を除きます。",
		"なお、システムのメンテナンス中で、ご利用いただけない場合がありますのでご了承ください",
		"障害が発生した場合の連絡先", "エラーが発生した場合は、こちらをご覧ください",
		"サービスの停止に関する規約", "令和6年12月15日(日) 3:00 ~ 4:00 一部機能の停止について",
		"お問い合わせは0503-111-2222まで", "How to read error messages", "All services available",
		"年末年始のメンテナンスのお知らせ",
	} {
		if phrase, found := Trouble(Fold(text)); found {
			t.Errorf("%q is called trouble by %q", text, phrase)
		}
	}
}

func TestTroubleReturnsThePhrase(t *testing.T) {
	phrase, _ := Trouble("お知らせ 予期せぬエラー(503) 戻る")
	if phrase != "予期せぬエラー" {
		t.Errorf("phrase is %q", phrase)
	}
}
