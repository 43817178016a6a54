package notice

import (
	"sort"
	"strings"
	"unicode"
)

// A class is what a word of the vocabulary means to the parser; a word may have several.
type class uint64

const (
	cFrom      class = 1 << iota // から, より, 以降
	cUntil                       // まで, にかけて
	cNow                         // 現在
	cAsOf                        // 時点
	cTrouble                     // a failure, by name: 障害, 不具合
	cTroubleW                    // a word that is a failure in the company of others: 事象, エラー, 遅延
	cMaint                       // maintenance, by name
	cMaintW                      // work that may be maintenance: 作業, 工事, 点検
	cStop                        // 停止, 休止
	cCant                        // cannot be used, hard to reach
	cCan                         // can be used (again)
	cHappen                      // 発生
	cNotice                      // 検知, 確認: found, which is weaker than happened
	cRecover                     // 復旧, 解消
	cResume                      // 再開
	cFinish                      // 終了, 完了
	cNormal                      // 正常, 通常どおり
	cBegin                       // 開始
	cDo                          // 実施, 行い
	cPlan                        // 予定
	cHope                        // 見込み, 目標
	cUnknown                     // 未定, 調査中
	cOngoing                     // 継続中, 対応中
	cCancel                      // 中止
	cMove                        // 延期, 変更
	cExtend                      // 延長
	cOld                         // 当初, 変更前
	cPossible                    // 場合があります, 可能性
	cCond                        // 場合は, 際は
	cPublish                     // 掲載, 更新, 追記
	cMeeting                     // 会見, 説明会
	cDeadline                    // 締切, 期限
	cHours                       // 受付時間, 平日
	cPerson                      // 方, お客様
	cApply                       // 申請, 購入
	cReapply                     // 再申請, やり直し
	cReserve                     // 予備日
	cWhen                        // 日時, 期間: makes a label of the word before it
	cTender                      // 入札, 募集, 訓練: what is spoken of is business, not an event
	cOther                       // 提供開始, 発売: an event that is not ours
	cBulk                        // 各日, 両日: the times hold on each of the dates
	cPart                        // 一部, 順次: a recovery that is not whole
	cAgain                       // 再度, 再び
	cNoEffect                    // 影響はありません
	cMode                        // メンテナンスモード
	cRecurring                   // 毎月, 毎週, 定期
	cPast                        // ました, でした
	cFriend                      // 障害者: looks like one of the others and is not
	cAbout                       // について, お知らせ: what stands before it is the notice's subject
	cNext                        // 次回, 次報
	cQuiet                       // なし: 障害情報はありません
	cInfo                        // 情報, 一覧: a heading of a list of notices
)

var vocabulary = map[class]string{
	cFrom:  `から より 以降 以後`,
	cUntil: `まで にかけて にかけ 迄 にわたり`,
	cNow:   `現在 currently at\ present`,
	cAsOf:  `時点 段階で`,
	cTrouble: `fibre\ damage fiber\ damage cable\ damage 停止事故 放送事故 technical\ difficulties technical\ problems technical\ issues technical\ fault technical\ faults loss\ of\ service loss\ of\ connectivity loss\ of\ connection 機器の不調 機械の不調 システムの不調 回線の不調 サーバーの不調 サーバの不調 fiber\ cut fibre\ cut 技術的な問題 技術的問題 システム上の問題 障害 システム障害 通信障害 接続障害 不具合 トラブル 故障 輻輳 システムダウン サーバーダウン サーバダウン ネットワーク障害 機器障害 設備障害 回線障害
		停電 断線 通信断 不通 アクセス障害 電波障害 大規模障害 緊急停止 アクセス集中 アクセスが集中 アクセスの集中 ダウンしています ダウンしており ダウンしました ダウンしていた ダウンした 閲覧障害
		system\ failure system\ failures network\ failure network\ failures communication\ failure communications\ failure communication\ failures equipment\ failure hardware\ failure service\ failure power\ failure blackout malfunction malfunctions malfunctioned malfunctioning glitch system\ trouble network\ trouble technical\ trouble system\ error system\ errors breakdown
		outage outages incident interruption interruptions disruption disruptions degraded downtime`,
	cTroubleW: `誤って表示 誤った表示 誤った価格 誤った金額 誤った残高 誤ったレート 誤った内容 負荷が急に高ま 負荷が高ま 負荷が急増 動作が重く 動きが重く サイトが重く システムが重く 画面が重く アクセスが重く 安定せず 安定しない 安定しておら 安定していません 不安定です 不安定だった 不安定でした 極端に遅く 著しく遅く 動作が遅く 表示が遅く 応答が遅く 反応が遅く 処理が遅く fault faults slow\ to been\ slow 現象 不安定に 不安定と 不安定な状 very\ slow extremely\ slow 不都合 性能低下 性能劣化 速度低下 品質低下 パフォーマンスの低下 パフォーマンス低下 事象 エラー 異常 遅延 遅れ 混雑 誤表示 誤作動 文字化け 支障 時間がかか 時間を要し 時間を要す 負荷がかかった 負荷がかかり 高負荷 タイムアウト パケットロス 断続的な 接続の問題 壊れ 失敗 運転見合わせ 運転を見合わせ 見合わせて issue issues error errors problem problems failure failures failed failing fails difficulties difficulty trouble latency slowness unstable congested congestion sluggish intermittent intermittently delay delays delayed`,
	cMaint: `停電点検 停電作業 停電工事 scheduled\ unavailability planned\ unavailability service\ window extended\ downtime scheduled\ downtime planned\ downtime downtime\ notification downtime\ window downtime\ period extended\ maintenance メンテナンス システムメンテナンス 定期メンテナンス 臨時メンテナンス 緊急メンテナンス サーバーメンテナンス サーバメンテナンス メンテ 保守 保守作業 保守点検 システム保守
		定期点検 システム点検 設備点検 電気設備点検 計画停止 計画停電 法定停電 定期停止 臨時停止 システム更改 システム改修 更改 システム移行 移行作業 切替作業 切り替え作業 システム切替 システム切り替え
		システム更新 更新作業 サーバ更新 サーバー更新 機器更新 機器更改 機器交換 機器入替 機器入れ替え サーバ移行 サーバー移行 サーバー切替 バージョンアップ作業 アップデート作業 データ移行 停止作業 設備更新 増強工事 更新工事 交換工事 切替工事 ネットワーク工事 通信工事 回線工事 設備工事
		計画メンテナンス 年次点検 法定点検 サーバー増強 サーバ増強 リプレース 切替え作業 入替作業 入れ替え作業 システム入替 システム入れ替え サーバー移転 サーバ移転 システム作業 回線切替 機器更新作業 システム機器
		maintenance upgrade upgrades upgrading planned\ outage scheduled\ outage planned\ downtime scheduled\ downtime planned\ interruption scheduled\ interruption planned\ work planned\ works scheduled\ work scheduled\ works planned\ shutdown`,
	cMaintW:  `入れかえ replacement replacing replace migration relocation 作業 工事 点検 改修 切替 切り替え 移行 アップデート バージョンアップ 入替 入れ替え リニューアル 増強 整備`,
	cStop:    `will\ be\ without\ power will\ have\ no\ power 止まる予定 を休みます を休ませ サイトを閉鎖 お休みをいただ お休みします お休みいたします お休みとさせて お休みしています お休みしております goes\ offline go\ offline taken\ offline take\ offline 止めます 止めて 止めさせ 一時閉鎖 閉鎖期間 停止 休止 中断 一時停止 サービス停止 システム停止 閉塞 運休 ストップ 止まり 止まっ 取扱停止 全面停止 利用停止 suspended suspend suspends suspending suspension shutdown shut\ down stopped halted halt system\ stop service\ stop will\ stop services\ stop service\ stops services\ stopped systems\ stop stop\ of stops\ during stop\ during`,
	cCant:    `動作していなかった 動作していませんでした 動作しておらず 動いていなかった 動いていませんでした サーバーが落ち サーバが落ち サイトが落ち システムが落ち went\ dead went\ dark went\ silent stopped\ answering stopped\ responding 予約がとれない 予約がとれません 予約がとれなく 予約が取れない 予約が取れません 予約が取れなく not\ coming\ through not\ getting\ through not\ going\ through was\ lost were\ lost was\ cut were\ cut was\ severed were\ severed was\ cut\ off were\ cut\ off been\ cut\ off not\ accepted つかえな つかえま つかえず can't couldn't isn't\ working aren't\ working isn't\ available aren't\ available not\ been\ working not\ been\ able\ to not\ going\ out not\ sent not\ being\ sent not\ delivered not\ being\ delivered 進めない 進めません 進めなく 進まない 進みません 通じなく 通じない 通じません 通じず 流れておりません 流れていません 流れません 流れなく 映らな 映りません 聞こえな 聞こえません 鳴らな 鳴りません lost\ access lost\ connectivity 不可 利用不可 不能 利用不能 使用不可 unavailable inaccessible cannot could\ not can\ not not\ available not\ be\ available not\ working not\ be\ accessible not\ accessible not\ reachable not\ able\ to not\ be\ able\ to not\ responding timed\ out timing\ out declined is\ offline are\ offline was\ offline were\ offline be\ offline been\ offline went\ offline unable unreachable was\ down were\ down be\ down been\ down did\ not\ work stopped\ working out\ of\ service unresponsive not\ function not\ functioning unusable inoperable unserviceable difficult\ to hard\ to\ access hard\ to\ connect hard\ to\ use hard\ to\ reach difficulty\ accessing difficulty\ in\ accessing difficulty\ connecting difficulty\ in\ connecting difficulty\ logging did\ not\ connect do\ not\ connect does\ not\ work do\ not\ work not\ usable not\ possible not\ accept not\ displayed not\ open not\ load`,
	cHappen:  `begun went\ down 途絶え 発生 生じ 起きて 起きた 起きま 起こっ 起こり 始ま occurred began started experiencing experienced having affected affecting`,
	cNotice:  `monitoring\ detected 検知 検出 判明 発覚 確認 認知 detected`,
	cRecover: `安定しました 落ち着きました 落ち着いております 落ち着いています full\ restoration 復旧 回復 解消 正常化 復帰 収束 復活 終息 改善 元に直しました 戻してあります 戻しております 状態に戻りました 状態に戻っています 状態に戻っております 元に戻りました 元に戻っています 元に戻っております 全面復旧 完全復旧 障害復旧 解決 解除 全面解消 全復旧 修正いたしました 修正しました 修正致しました 直りました 直っております 直っています recovery\ complete restored recovered resolved fixed mitigated came\ back rectified can\ be\ made\ again can\ be\ used\ again`,
	cResume:  `再び始め 再び開始 reopened lifted 再開 全面再開 運転再開 サービス再開 営業再開 resumed resume resumes`,
	cFinish:  `is\ complete are\ complete 終了 完了 終え 終わり 終わっ completed finished concluded ended`,
	cNormal:  `normal\ operation normal\ operations full\ function full\ functionality full\ service full\ operation flowing\ again working\ again running\ again online\ again started\ successfully back\ online is\ back\ up are\ back\ up was\ back\ up were\ back\ up works\ normally work\ normally up\ and\ running 通常の状態に 元の状態に 元どおり 元通り 正しく動いて 正しく動作 正しく稼働 正しく働 通常稼働 正常稼働 通常動作 as\ normal back\ to\ normal returned\ to\ normal return\ to\ normal 正常 通常どおり 通常通り 通常運転 平常 平常どおり 平常通り 通常運用 平常運転 問題なく normally operational`,
	cBegin:   `開始 着手 スタート begin begins starts commence commences`,
	cDo:      `実施 行い 行って 行う 行われ 執り行 おこない おこなって おこなう`,
	cPlan:    `予定 計画 scheduled planned upcoming`,
	cHope:    `見込み 見込 見込まれ 目標 めど メド 目途 目処 見通し 見通 目指 予想 目安 expected estimated estimate ETA target anticipate aim aiming hope hoping expect\ to\ be`,
	cUnknown: `未定 調査中 不明 確認中 原因調査中 究明中 unknown TBD`,
	cOngoing: `継続中 継続して 継続し 続いて 続けて 続く 作業中 対応中 対応を進め 対応を行って 調査を行って 調査を進め 調査して 発生中 障害中 メンテナンス中 実施中 停止中 工事中
		復旧作業中 復旧対応中 復旧中 対処中 引き続き ただいま 只今 作業を行って 作業を進め 復旧作業を行って 復旧を進め 復旧を急い 復旧に努め 復旧に取り組 復旧に当た 復旧にあた 復旧に向け 復旧に全力 未復旧 未解消
		ongoing investigating identified monitoring progress`,
	cCancel:    `中止 メンテナンス中止 作業中止 工事中止 実施中止 停止中止 取りやめ 取り止め 取止め 見送り 見送る 見送ら キャンセル 取消 取り消し 実施しません 実施いたしません 実施致しません 行いません 行わない cancelled canceled`,
	cMove:      `延期 変更 順延 繰り下げ 繰り上げ 前倒し postponed rescheduled moved`,
	cExtend:    `延長 延伸 長引 extended extend`,
	cOld:       `当初 変更前 延長前 訂正前 修正前 旧日程 誤) 誤: originally previously`,
	cPossible:  `場合があ 場合がご 場合もあ 場合もご 可能性 恐れ おそれ ことがあ ことがご こともあ 場合がある may might could`,
	cCond:      `場合 場合は 場合に 場合、 場合を 場合の 際は 際に 際、 際の 時は 時には 備え 万一 万が一 防ぐ 防止 もし たら たとき ない場合 等により と考えられ 考えられます ときは ときに いつでも if whenever`,
	cPublish:   `更新 追記 掲載 公開 公表 発表 投稿 配信 発信 発行 発出 作成 訂正 改訂 付け 付で 付の 告知 記載 お知らせした 知らせた 知らせて 周知し 明らかに 公示 update updated posted published`,
	cMeeting:   `会見 記者会見 ぶら下がり 閣議 セミナー 説明会 研修 講座 イベント 開催 講演 訓練 委員会 相談会 開会 閉会 演習 ウェビナー workshop workshops seminar seminars webinar lecture symposium 内覧会 展示会 教室を開 教室の開 教室開催 教室のご案内 教室のお知らせ 教室参加 教室の参加 教室の募集 教室募集 講習 議事概要 議事録 議事要旨 部会 審議会`,
	cDeadline:  `締切 締め切り 締切り 〆切 期限 必着 消印 申込期間 応募期間 募集期間 までに`,
	cHours:     `ナビダイヤル フリーダイヤル 受付時間 営業時間 取引時間 開庁時間 窓口時間 受付 営業 開庁 平日 土日祝 問い合わせ 問合せ お問合せ 電話 TEL コールセンター ヘルプデスク 年中無休 利用時間 運用時間 開館 開館時間 診療時間 稼働時間 サービス提供時間 提供時間 開所 サービス時間 取扱時間 運転時間 利用可能時間 祝日を除く 年末年始を除く 通常の利用時間 通常の受付 hotline support weekdays weekday mon-fri hours`,
	cPerson:    `方 お客様 お客さま 皆様 皆さま 利用者 ユーザー 申請者 人たち 人は customers users`,
	cApply:     `申請 申込 申し込み 申込み お申込 手続 手続き 登録 送信 購入 決済 予約 注文 振込 操作 入力 支払 送金 取引 アップロード 請求 届出 提出 受検 受信 依頼 更新された 利用された ご利用になった 提出された`,
	cReapply:   `再申請 再度申請 やり直し やり直 再登録 再送信 再送 もう一度 再手続 再度手続 再度お手続 再度お申 改めて申請 改めてお 再度ご 再度操作 再発行 apply\ again re-apply reapply register\ again`,
	cReserve:   `reserve\ date backup\ date 予備日 予備日程 予備 予備期間`,
	cWhen:      `日時 時刻 期間 時間帯 時間 日程 年月日 予定日 スケジュール 日時分`,
	cTender:    `急募 入札 公告 調達 業務委託 委託業務 企画競争 仕様書 公募 募集 求人 採用 契約結果 見積 プロポーザル 落札 装った 装う 騙る かたる 詐欺 不審な フィッシング 訓練 体験会 選挙 投票 提供開始について 議員 利用規約 利用規定 約款 ガイドライン 手引 マニュアル アンケート メンテナンス業務 保守業務 キャンペーン 用語集 報告書 リコール 自主回収 回収の 第三者委員会 有識者 文例 例文 テンプレート 書き方 よくある質問 よくあるご質問 FAQ 免責`,
	cOther:     `調査 提供開始 提供を開始 サービス開始 サービスを開始 発売 受付開始 受付を開始 リリース 施行 公布 開業 開店 運用開始 運用を開始 申込開始 閣議決定 公開しました launched`,
	cBulk:      `各日 毎日 両日 連日 いずれも とも それぞれ 各回 の間 共に 共通 各日とも`,
	cPart:      `少しずつ 一度は 一旦 いったん 大部分 大半の largely mostly 一部復旧 一部回復 一部再開 順次復旧 順次回復 順次再開 徐々に 一部解消 部分的に 部分復旧 一部の復旧 概ね おおむね ほぼ 順次 暫定 仮復旧 段階的 partially partial`,
	cAgain:     `再び 再度発生 再発し 再度、 again`,
	cMode:      `メンテナンスモード メンテナンス画面 メンテナンス用 maintenance\ mode`,
	cRecurring: `毎営業日 毎月 毎週 毎日 毎年 毎朝 毎晩 毎夜 毎回 隔週 weekly monthly every daily`,
	cFriend: `受信対策工事 受信障害 勝馬投票 車券投票 舟券投票 実施・解除 実施または解除 発生・復旧をお知らせ 売建停止 買建停止 現引き停止 免疫の機能に障害 呼吸器の機能に障害 腎臓の機能に障害 心臓の機能に障害 身体の機能に障害 トラブルシュー トラブルシューティング 支払報告書 故障修理 修理料金 two\ hours three\ hours four\ hours five\ hours six\ hours several\ hours few\ hours couple\ of\ hours fixed\ and fixed\ line fixed-line 避難の障害 通行の障害 障害等の程度 障害の程度 障害等のため 負傷や障害 病気や障害 病気・障害 疾病や障害 けがや障害 障害や病気 障害や疾病 移行可能 本格移行 移行支援 申請不可 受付不可 返品不可 転載不可 図書点検 蔵書点検 電子入札 入札手続 起こりう 起こり得 ご不都合 御不都合 障害の程度 障害の等級 障害の状態にある 障害者 障害児 障害福祉 障害年金 障害基礎年金 障害厚生年金 障害手帳 障害物 障害支援 障害のある 障害がある 障害をお持ち 障害を持つ 障害を有する 身体障害 精神障害 知的障害 発達障害 聴覚障害 視覚障害 内部障害
		障害学生 障害特性 障害理解 障害等級 障害認定 障害共済 障害給付 障害程度 障害区分 障害時 障害発生時 障害情報通知 障害訓練 障害報告 障害対策 障害対応訓練 障害対応 学習障害 睡眠障害 意識障害 機能障害 記憶障害 摂食障害 電子調達 調達システム 入札システム 電子公告 告知端末 告知放送 就業不能 障害状態 障害復旧訓練 障害予兆 障害を想定 障害を事前
		嚥下障害 健康障害 後遺障害 適応障害 運動障害 言語障害 障害の有無 障害のない 障害に強い 障害復旧手順 障害切り分け 障害解析 障害共生 障害平等 障害名 障害種別 重度障害 障害差別 障害当事者 障害課 障害係 障害スポーツ 障害受付 障害窓口 障害連絡 耐障害 障害検知 障害試験 障害発生報 障害発生メール 障害発生通知 障害メンテナンス通知
		メンテナンスフリー メンテナンス費 ビルメンテナンス メンテナンス会社 メンテナンス契約 メンテナンス委託 メンテナンススタッフ メンテナンス講座 メンテナンス方法 メンテナンスパック メンテナンス料 メンテナンス用品 メンテナンス技術 メンテナンス性 肌のメンテナンス 自転車メンテナンス セルフメンテナンス
		保守業者 保守会社 保守契約 保守管理 保守派 保守的 保守政党 保守委託 保守費 保守要員 保守員 保守サポート 保守部品 保守性 保守党 自動停止 自動配信停止 自動的に停止 指名停止 業務停止 資格停止 営業停止 出場停止 販売停止 発売停止 生産停止 操業停止 活動停止 執行停止 停止処分 一時利用停止 停止手続 停止措置 利用停止手続 事故防止 交通障害 交通事故 人身事故対策 故障かな 故障受付 故障診断 故障修理受付
		より多く より良い より一層 よりよい より安全 より便利 によりお によりご によりまして により によれ による によると につき いつから どこから だれから これから それから ことから 作業服 作業所 作業療法 作業部会 農作業
		可能性調査 不明な点 ご不明 お手続きの期限 有効期限 使用期限 消費期限 賞味期限 回復期 景気回復 健康回復 疲労回復 名誉回復 開始年月日 工事費 工事店 工事請負 工事写真 道路工事 住宅改修 改修費 終了証 修了 中止命令 点検商法 健康点検 自己点検 点検結果 点検表
		一時的 一時金 十分 同時 臨時 当時 随時 即時 常時 一日も早い 一日も早く 一部 生活保護停止 駐停車 停止線 免許停止 支給停止 停止条件 通行止 時間外 時間外受付 労働時間 作業時間外 トラブル防止 消費者トラブル トラブル相談 契約トラブル 近隣トラブル 解消法 差別解消 差別の解消 障害を理由 格差解消 ストレス解消 再開発 見込み額 見込額 改善策 改善命令 改善計画 業務改善 改善点 更新手続 更新申請 免許更新 更新料 運転免許
		地震発生 災害復旧 復旧費 復旧支援 復旧・復興 震災復旧 アンケート調査中 確認番号 確認方法 確認書 ご確認 本人確認 エラーコード エラーメッセージ エラー番号 エラー画面 予防保全 事故報告 事故件数 対象となる障害 障害(しょうがい) 解決策 解決方法 問題解決 課題解決 紛争解決 解除方法 解除手続 警報解除 警報の解除 注意報の解除 宣言の解除 宣言解除 指示の解除 規制の解除 契約解除 契約の解除 ロック解除`,
	cAbout: `に関して について お知らせ ご案内 お詫び おわび ご報告 続報 notice announcement`,
	cNext:  `次回 次報 次の更新 次のお知らせ 続報は next\ update`,
	cQuiet: `取りまとめ とりまとめ 障害はありません 障害はございません 障害は発生しておりません 障害は発生していません 障害情報はありません 障害情報はございません 不具合はありません メンテナンスの予定はありません メンテナンスの予定はございません メンテナンスはありません メンテナンス情報はありません メンテナンス予定はありません
		現在発生している障害はありません 現在お知らせする障害 お知らせはありません 障害等はありません 障害・メンテナンス情報はありません no\ incidents all\ systems\ operational`,
	cNoEffect: `影響はありません 影響はございません 影響ございません 支障はありません 支障はございません 影響はなく 影響がなく 影響なく 影響がありません 影響ありません`,
	cInfo:     `障害情報 メンテナンス情報 障害・メンテナンス情報 障害・メンテナンス 障害/メンテナンス メンテナンス・障害情報 メンテナンス・障害 障害履歴 障害報告書 障害・工事情報 工事・障害情報`,
}

type entry struct {
	word  []rune
	class class
}

// lexicon holds the vocabulary by first character, the longest words first, so that the first match is the longest.
var lexicon = buildLexicon(vocabulary)

func buildLexicon(words map[class]string) map[rune][]entry {
	classes := map[string]class{}
	for _, trouble := range []string{"遅れ", "遅延", "障害", "不具合", "事象", "エラー", "影響", "混雑"} {
		for _, gone := range []string{"はなくな", "がなくな", "もなくな", "は無くな", "は収ま", "が収ま", "は治ま", "が治ま"} {
			classes[trouble+gone+"り"] |= cRecover // 遅れはなくなりました
			classes[trouble+gone+"っ"] |= cRecover
		}
	}
	for c, list := range words {
		for _, w := range strings.Fields(strings.ReplaceAll(list, `\ `, "\x00")) {
			classes[strings.ToLower(strings.ReplaceAll(w, "\x00", " "))] |= c
		}
	}
	lex := map[rune][]entry{}
	for w, c := range classes {
		rs := []rune(w)
		lex[rs[0]] = append(lex[rs[0]], entry{rs, c})
	}
	for _, es := range lex {
		sort.Slice(es, func(i, j int) bool { return len(es[i].word) > len(es[j].word) })
	}
	return lex
}

// lookUp finds the longest word of the vocabulary at i; Latin words only as whole words.
func lookUp(rs []rune, i int) (entry, bool) {
	for _, e := range lexicon[unicode.ToLower(rs[i])] {
		if !hasPrefixFold(rs[i:], e.word) {
			continue
		}
		if strings.HasPrefix(string(e.word), "修正") && i > 2 && hasPrefix(rs, i-3, "案内を", "記載を", "表記を", "文言を", "日程を", "内容を", "価格を") > 0 {
			continue // ご案内を修正しました
		}
		if e.word[0] == '付' && (i == 0 || rs[i-1] != '日' && rs[i-1] != ')') {
			continue // 交付できない
		}
		if string(e.word) == "キャンセル" && hasPrefix(rs, i+len(e.word), "し", "さ", "と", "い", "致", "】", ")", "。") == 0 {
			continue // 予約の変更・キャンセルができません
		}
		if w := string(e.word); (w == "取消" || w == "取り消し") && hasPrefix(rs, i+len(e.word), "となり", "とな", "とし", "とさ", "いた", "致し", "します", "しました", "ます", "ました", "にな", "】", ")", "。") == 0 {
			continue // 予約の確認・取消し
		}
		if e.word[0] < 0x80 && (i > 0 && isLatin(rs[i-1]) || i+len(e.word) < len(rs) && isLatin(rs[i+len(e.word)])) {
			continue
		}
		return e, true
	}
	return entry{}, false
}

func hasPrefixFold(rs, word []rune) bool {
	if len(rs) < len(word) {
		return false
	}
	for i, w := range word {
		if rs[i] != w && unicode.ToLower(rs[i]) != w {
			return false
		}
	}
	return true
}

func isLatin(r rune) bool { return r < 0x250 && unicode.IsLetter(r) }

func hasPrefix(rs []rune, i int, words ...string) int {
	for _, w := range words {
		n := 0
		for _, r := range w {
			if i+n >= len(rs) || rs[i+n] != r {
				n = -1
				break
			}
			n++
		}
		if n > 0 {
			return n
		}
	}
	return 0
}
