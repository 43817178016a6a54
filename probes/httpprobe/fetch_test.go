package httpprobe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mynaprobe/probes"
)

func TestFetchReturnsTheAnswerItself(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/old":
			http.Redirect(w, r, "/new", http.StatusFound)
		case "/new":
			w.Header().Set("Etag", `"1"`)
			w.Header().Set("Content-Type", "text/plain; charset=Shift_JIS")
			_, _ = io.WriteString(w, "\x8f\xe1\x8aQ") // 障害
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	p := New(Options{})
	defer p.Close()
	probe := func(path string) probes.Probe {
		return probes.Probe{Name: "n", HTTP: &probes.HTTP{Requests: []probes.Request{{URL: server.URL + path, MaxRedirects: 3}}}}
	}
	got, result := p.Fetch(t.Context(), probe("/old"))
	if result.Outcome != probes.Up || got.URL != server.URL+"/new" || got.Status != 200 || got.Header.Get("Etag") != `"1"` || string(got.Body) != "\x8f\xe1\x8aQ" {
		t.Errorf("%+v\n%+v", got, result)
	}
	got, result = p.Fetch(t.Context(), probe("/else"))
	if result.Reason != probes.ReasonStatus || got.Status != 503 {
		t.Errorf("%+v\n%+v", got, result)
	}
	_, result = p.Fetch(t.Context(), probes.Probe{Name: "n", HTTP: &probes.HTTP{Requests: []probes.Request{{URL: "://"}}}})
	if result.Reason != probes.ReasonDefinition || !strings.Contains(result.Message, "://") {
		t.Errorf("%+v", result)
	}
}
