// Package alertmanager holds the tests of the routes, the inhibition rules and the templates beside it, with Debian's
// Alertmanager and its tool. It holds no code.
package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
)

func amtool(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(parts.Need(t, parts.Alertmanager, "amtool"), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("amtool %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.TrimRight(string(out), "\n")
}

func TestConfig(t *testing.T) { amtool(t, "check-config", "alertmanager.yml") }

func TestRoutes(t *testing.T) {
	for labels, want := range map[string]string{
		"alertname=MynaprobeFlowDown flow=card severity=critical scope=target":              "page",
		"alertname=MynaprobeProbeDown flow=card severity=warning scope=target":              "ticket",
		"alertname=MynaprobeProberAbsent severity=critical scope=prober":                    "page",
		"alertname=MynaprobeProberAbsent severity=warning scope=prober location=tokyo":      "ticket",
		"alertname=MynaprobePlannedMaintenance flow=card severity=info scope=plan":          "nobody",
		"alertname=MynaprobeDeadMansSwitch severity=info scope=heartbeat":                   "heartbeat",
		"alertname=SomebodyElses severity=warning":                                          "ticket",
		"alertname=MynaprobeFlowDownForetold flow=card severity=warning scope=target":       "ticket",
		"alertname=MynaprobeRefusedEverywhere flow=card severity=critical scope=target p=1": "page",
	} {
		args := append([]string{"config", "routes", "test", "--config.file=alertmanager.yml"}, strings.Fields(labels)...)
		if got := amtool(t, args...); got != want {
			t.Errorf("%s goes to %s, want %s", labels, got, want)
		}
	}
}

// TestTemplates renders what a person reads first.
func TestTemplates(t *testing.T) {
	type texts map[string]string
	down := texts{
		"title": "カード申請", "down_locations": "2", "locations": "3", "since": "08:50", "since_uncertain_minutes": "1", "last_good": "08:49",
		"stages": "apply", "announced": "no", "zone": "JST", "runbook_url": "https://r.example/#down", "dashboard_url": "https://g.example/d/flow",
	}
	with := func(changes texts) texts {
		all := texts{}
		for k, v := range down {
			all[k] = v
		}
		for k, v := range changes {
			all[k] = v
		}
		return all
	}
	over := with(texts{
		"down_locations": "", "stages": "", "until": "2025-10-31 18:50", "until_uncertain_minutes": "2", "length": "1d 10h 0m 0s",
		"unobserved": "3m 0s", "announced": "yes", "since": "2025-10-30 08:50",
	})
	for name, c := range map[string]struct {
		alert, status string
		annotations   texts
		en, ja        string
	}{
		"down": {
			"MynaprobeFlowDown", "firing", down,
			"card down at 2 of 3 locations since 08:50 JST (±1 m), last good 08:49, stage apply, announced: no",
			"カード申請 (card) 3拠点中2拠点で停止、08:50 JST から(±1分)、最後の正常 08:49、段階 apply、告知: なし",
		},
		"announced before anything was seen": {
			"MynaprobeFlowDown", "firing", with(texts{"since_uncertain_minutes": "", "last_good": "", "stages": "", "announced": "yes"}),
			"card down at 2 of 3 locations since 08:50 JST, announced: yes",
			"カード申請 (card) 3拠点中2拠点で停止、08:50 JST から、告知: あり",
		},
		"nobody looks any more": {
			"MynaprobeFlowDown", "firing", with(texts{"down_locations": ""}),
			"card down when last seen since 08:50 JST (±1 m), last good 08:49, stage apply, announced: no",
			"カード申請 (card) 最後の確認時に停止、08:50 JST から(±1分)、最後の正常 08:49、段階 apply、告知: なし",
		},
		"recovery": {
			"MynaprobeFlowDown", "resolved", over,
			"card works again since 2025-10-31 18:50 JST (±2 m), was down for 1d 10h 0m 0s since 2025-10-30 08:50 (±1 m), unobserved 3m 0s, announced: yes",
			"カード申請 (card) 2025-10-31 18:50 JST に復旧(±2分)、停止 1日10時間0分0秒(2025-10-30 08:50 から ±1分)、うち未観測 3分0秒、告知: あり",
		},
		"over, and nobody knows how": {
			"MynaprobeFlowDown", "resolved", down,
			"card is no longer down at half of the locations; was down since 08:50 JST, announced: no",
			"カード申請 (card) 停止は半数未満の拠点になりました、08:50 JST から停止、告知: なし",
		},
		"another alert": {
			"MynaprobeBlockedHere", "firing", texts{"summary": "A prober is refused", "summary_ja": "プローブが拒否されています"},
			"form (card) @tokyo A prober is refused", "form (card) @tokyo プローブが拒否されています",
		},
		"another alert is over": {
			"MynaprobeBlockedHere", "resolved", texts{"summary": "A prober is refused", "summary_ja": "プローブが拒否されています"},
			"Over: form (card) @tokyo A prober is refused", "解消: form (card) @tokyo プローブが拒否されています",
		},
	} {
		t.Run(name, func(t *testing.T) {
			labels := texts{"alertname": c.alert, "flow": "card", "severity": "critical", "probe": "form", "location": "tokyo"}
			data, err := json.Marshal(map[string]any{
				"status": c.status, "alerts": []any{map[string]any{"status": c.status, "labels": labels, "annotations": c.annotations}},
			})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "data.json")
			if err := os.WriteFile(file, data, 0o666); err != nil {
				t.Fatal(err)
			}
			render := func(template string) string {
				return amtool(t, "template", "render", "--template.glob=templates/*.tmpl", "--template.data="+file, `--template.text={{ template "`+template+`" . }}`)
			}
			if got := render("mynaprobe.en.title"); got != c.en {
				t.Errorf("got  %s\nwant %s", got, c.en)
			}
			if got := render("mynaprobe.ja.title"); got != c.ja {
				t.Errorf("got  %s\nwant %s", got, c.ja)
			}
			for _, template := range []string{"mynaprobe.en.text", "mynaprobe.ja.text"} {
				if got := render(template); !strings.Contains(got, c.alert+" (critical)") || !strings.Contains(got, c.annotations["runbook_url"]) {
					t.Errorf("%s: %s", template, got)
				}
			}
		})
	}
}

// TestInhibition sends alerts to a real Alertmanager and asks which of them it holds back.
func TestInhibition(t *testing.T) {
	const (
		cardDown  = "MynaprobeFlowDown flow=card severity=critical scope=target"
		otherDown = "MynaprobeFlowDown flow=other severity=critical scope=target"
		formDown  = "MynaprobeProbeDown flow=card probe=form severity=warning scope=target"
		blocked   = "MynaprobeBlockedHere flow=card probe=form location=tokyo severity=warning scope=target"
		elsewhere = "MynaprobeBlockedHere flow=card probe=form location=osaka severity=warning scope=target"
		noPlace   = "MynaprobeBlockedHere flow=card probe=form severity=warning scope=target"
		fewEyes   = "MynaprobeTooFewEyes flow=card severity=warning scope=prober"
		announced = "MynaprobeOutageAnnounced flow=card severity=warning scope=target"
	)
	for name, c := range map[string]struct {
		source     string
		held, told []string
	}{
		"nobody is left": {
			"MynaprobeProberAbsent severity=critical scope=prober", []string{cardDown, formDown, blocked, noPlace}, []string{fewEyes},
		},
		"the last one had a location": {
			"MynaprobeProberAbsent location=tokyo severity=critical scope=prober", []string{cardDown, blocked, elsewhere}, []string{fewEyes},
		},
		"blind, without a location": {
			"MynaprobeProberBlind severity=critical scope=prober", []string{cardDown, noPlace}, []string{fewEyes},
		},
		"one of several is blind": {
			"MynaprobeProberBlind location=tokyo severity=warning scope=prober", []string{blocked}, []string{cardDown, elsewhere, fewEyes},
		},
		"a target that never answered": {
			"MynaprobeProberAbsent severity=warning scope=prober", nil, []string{cardDown, blocked, noPlace},
		},
		"declared maintenance": {
			"MynaprobePlannedMaintenance flow=card origin=declared severity=info scope=plan", []string{cardDown, announced}, []string{otherDown, fewEyes},
		},
		"maintenance by a notice": {
			"MynaprobePlannedMaintenance flow=card origin=notice severity=info scope=plan", nil, []string{cardDown, otherDown},
		},
		"out, as a notice foretold": {
			"MynaprobeFlowDownForetold flow=card severity=warning scope=target", []string{cardDown, formDown}, []string{otherDown},
		},
		"the flow is out": {
			cardDown, []string{formDown, "MynaprobeBudgetBurnFast flow=card severity=critical scope=target"},
			[]string{otherDown, announced, "MynaprobeProbeDown flow=third probe=x severity=warning scope=target"},
		},
		"refused everywhere": {
			"MynaprobeRefusedEverywhere flow=card probe=form severity=critical scope=target", []string{blocked, elsewhere},
			[]string{"MynaprobeBlockedHere flow=card probe=top location=tokyo severity=warning scope=target"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := serve(t) + "/api/v2/alerts"
			want := map[string]string{c.source: "active"}
			for _, a := range c.held {
				want[a] = "suppressed"
			}
			for _, a := range c.told {
				want[a] = "active"
			}
			send(t, api, c.source)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for len(states(t, api)) == 0 {
				if (probes.SystemClock{}).Sleep(ctx, 50*time.Millisecond) != nil {
					t.Fatal("the source never arrived")
				}
			}
			for a := range want {
				if a != c.source {
					send(t, api, a)
				}
			}
			for {
				wrong := ""
				got := states(t, api)
				for a, state := range want {
					if got[key(a)] != state {
						wrong += "\n" + a + " is " + got[key(a)] + ", want " + state
					}
				}
				if wrong == "" {
					return
				}
				if (probes.SystemClock{}).Sleep(ctx, 100*time.Millisecond) != nil {
					t.Fatal(wrong)
				}
			}
		})
	}
}

// serve starts an Alertmanager with the shipped configuration and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	program := parts.Need(t, parts.Alertmanager, "prometheus-alertmanager")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, "--config.file=alertmanager.yml", "--storage.path="+t.TempDir(), "--web.listen-address="+address, "--cluster.listen-address=")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone already
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Alertmanager said:\n%s", log.String())
		}
	})
	return "http://" + address
}

// labels makes labels of a name and "key=value" words.
func labels(text string) map[string]string {
	words := strings.Fields(text)
	all := map[string]string{"alertname": words[0]}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		all[key] = value
	}
	return all
}

// key is the same for the same labels.
func key(text string) string {
	data, _ := json.Marshal(labels(text)) // sorts its keys, and cannot fail on text
	return string(data)
}

// send sends an alert, waiting for an Alertmanager that is about to start.
func send(t *testing.T, api, text string) {
	t.Helper()
	body, err := json.Marshal([]any{map[string]any{"labels": labels(text)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		response, err := http.Post(api, "application/json", bytes.NewReader(body))
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if (probes.SystemClock{}).Sleep(ctx, 50*time.Millisecond) != nil {
			t.Fatalf("Alertmanager does not take alerts: %v", err)
		}
	}
}

// states returns what Alertmanager makes of each alert.
func states(t *testing.T, api string) map[string]string {
	t.Helper()
	response, err := http.Get(api)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []struct {
		Labels map[string]string
		Status struct{ State string }
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, a := range all {
		data, _ := json.Marshal(a.Labels) // sorts its keys, and cannot fail on text
		found[string(data)] = a.Status.State
	}
	return found
}
