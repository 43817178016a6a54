package pipeline

import (
	"strings"
	"testing"
	"time"

	"mynaprobe/probes/metrics"
	"mynaprobe/probes/portal"
)

// A notice appears, is edited into a recovery, another is withdrawn; then the list is emptied, its layout changes, and the
// feed breaks. At each point metrics, windows and reasons are held against what the portal shows.
const noticeScript = `title: お知らせの一生
start: 2025-10-30T08:00:00+09:00
length: 3h
every: 1m
site: { name: 試験ポータル, service: 試験カード }
flow: { name: card, title: 試験, services: [試験カード], critical: [portal] }
notices:
  - { id: old-1, at: 2025-10-01T10:00:00+09:00, title: 試験カードの対応機種を追加しました, text: 対応機種を追加しました。 }
events:
  - at: 2025-10-30T08:20:00+09:00
    say: appears
    publish:
      - id: n-1
        title: 【障害】試験カードの発行について
        text: 2025年10月30日8時10分頃から、試験カードを発行できない障害が発生しております。現在、復旧作業中です。
  - at: 2025-10-30T09:00:00+09:00
    say: edited
    edit:
      - id: n-1
        title: 【復旧】試験カードの発行について
        text: 2025年10月30日8時10分頃から8時50分頃まで、試験カードを発行できない障害が発生しておりましたが、復旧いたしました。
  - at: 2025-10-30T09:20:00+09:00
    say: maintenance foretold
    publish:
      - id: n-2
        title: 試験カードのメンテナンスのお知らせ
        text: 2025年11月2日0時から6時まで、システムメンテナンスのため試験カードをご利用いただけません。
  - { at: "2025-10-30T09:40:00+09:00", say: withdrawn, withdraw: [n-2] }
  - { at: "2025-10-30T10:00:00+09:00", say: emptied, stages: { notices: empty } }
  - { at: "2025-10-30T10:20:00+09:00", say: layout, stages: { notices: layout } }
  - { at: "2025-10-30T10:40:00+09:00", say: feed, stages: { feed: broken } }
`

func TestTheLifeOfNotices(t *testing.T) {
	t.Parallel()
	script, err := portal.LoadScript("notices.yaml", []byte(noticeScript))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlayer(script, Options{}, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m := metrics.New(metrics.Options{Now: p.clock.Now, FlowOutcome: p.core.tracker.FlowOutcome})
	m.Configure(p.Set())
	p.core.metrics = m

	for _, test := range []struct {
		at     string
		want   []string
		absent []string
	}{
		{"08:15", []string{
			`flow_outcome{flow="card"} 1`, `flow_outage_active{flow="card",source="announced"} 0`,
			`probe_notice_unparsed{flow="card",kind="notice",probe="notice-list",stage="notices"} 0`,
			`probe_notice_active{announcement="outage",flow="card",kind="notice",probe="notice-list",stage="notices",state="ongoing"} 0`,
		}, nil},
		{"08:25", []string{
			`flow_outcome{flow="card"} 4`, `flow_outage_active{flow="card",source="announced"} 1`,
			`probe_notice_active{announcement="outage",flow="card",kind="notice",probe="notice-list",stage="notices",state="ongoing"} 1`,
			`probe_notice_window_start_timestamp_seconds{announcement="outage",flow="card",kind="notice",probe="notice-list",stage="notices",state="ongoing"} 1.7617794e+09`,
			`probe_notice_changes_total{change="new",flow="card",kind="notice",probe="notice-list",stage="notices"}`,
		}, []string{`flow_outage_end_timestamp_seconds{flow="card",source="announced"}`}},
		{"09:05", []string{
			`flow_outcome{flow="card"} 1`, `flow_outage_active{flow="card",source="announced"} 0`,
			`flow_outage_start_timestamp_seconds{flow="card",source="announced"} 1.7617794e+09`,
			`flow_outage_end_timestamp_seconds{flow="card",source="announced"} 1.7617818e+09`,
			`probe_notice_changes_total{change="edited",flow="card",kind="notice",probe="notice-list",stage="notices"} 1`,
			`probe_notice_active{announcement="outage",flow="card",kind="notice",probe="notice-list",stage="notices",state="ongoing"} 0`,
		}, nil},
		{"09:25", []string{
			`probe_notice_active{announcement="maintenance",flow="card",kind="notice",probe="notice-list",stage="notices",state="scheduled"} 1`,
			`probe_notice_window_start_timestamp_seconds{announcement="maintenance",flow="card",kind="notice",probe="notice-list",stage="notices",state="scheduled"} 1.7620092e+09`,
		}, nil},
		{"09:45", []string{
			`probe_notice_changes_total{change="withdrawn",flow="card",kind="notice",probe="notice-list",stage="notices"} 1`,
			`probe_notice_active{announcement="maintenance",flow="card",kind="notice",probe="notice-list",stage="notices",state="scheduled"} 0`,
		}, []string{`probe_notice_window_start_timestamp_seconds{announcement="maintenance",flow="card",kind="notice",probe="notice-list"`}},
		{"10:05", []string{
			`probe_failure{flow="card",kind="notice",probe="notice-list",reason="content",stage="notices"} 1`,
			`probe_outcome{flow="card",kind="notice",probe="notice-list",stage="notices"} 4`,
			`probe_notice_changes_total{change="withdrawn",flow="card",kind="notice",probe="notice-list",stage="notices"} 1`,
		}, nil},
		{"10:30", []string{
			`probe_notice_changes_total{change="withdrawn",flow="card",kind="notice",probe="notice-list",stage="notices"} 1`,
			`probe_outcome{flow="card",kind="notice",probe="notice-feed",stage="feed"} 1`,
		}, nil},
		{"10:45", []string{
			`probe_outcome{flow="card",kind="notice",probe="notice-feed",stage="feed"} 4`,
			`probe_failure{flow="card",kind="notice",probe="notice-feed",reason="content",stage="feed"} 1`,
		}, nil},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", "2025-10-30 "+test.at, Japan)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.play(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		text := scrape(t, m)
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s", test.at, want)
			}
		}
		for _, absent := range test.absent {
			if strings.Contains(text, absent) {
				t.Errorf("%s: there is %s", test.at, absent)
			}
		}
		if t.Failed() {
			for line := range strings.Lines(text) {
				if strings.Contains(line, "notice-") && (strings.Contains(line, "probe_notice") || strings.Contains(line, "probe_failure{") || strings.Contains(line, "probe_outcome")) || strings.HasPrefix(line, "flow_out") {
					t.Log(strings.TrimSpace(line))
				}
			}
			t.FailNow()
		}
	}
}
