package browserprobe

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"mynaprobe/probes"
)

func serve(t testing.TB, html string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(html))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/"
}

func TestSmoke(t *testing.T) {
	url := serve(t, `<title>試験</title><h1>申請の受付</h1><form><label>氏名<input name=n></label><button>送信する</button></form>`)
	r := run(t, shared(), browserProbe(open(url),
		probes.Step{Name: "see", Action: probes.ActionSee, Target: probes.Target{Text: "申請の受付"}},
		probes.Step{Name: "fill", Action: probes.ActionFill, Target: probes.Target{Label: "氏名"}, Value: probes.Value{Text: "山田"}},
		probes.Step{Name: "click", Action: probes.ActionClick, Target: probes.Target{Role: "button", Name: "送信"}},
		probes.Step{Name: "at", Action: probes.ActionWait, Wait: probes.Wait{URL: "n=山田"}},
	))
	t.Logf("%+v\n%+v", r, r.Browser)
	wantOutcome(t, r, probes.Up, "")
}
