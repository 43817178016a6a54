package pipeline

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"mynaprobe/probes/metrics"
)

// newServer starts an HTTP server for the length of a test and returns its address.
func newServer(t *testing.T, handler http.Handler) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	// Kept connections of the test's own client would look like leaked goroutines.
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server.URL
}

// lines is a writer that keeps what is written, and hands out the first line with each text it looks for.
type lines struct {
	mu    sync.Mutex
	text  strings.Builder
	found map[string]chan string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	for part, ch := range l.found {
		for line := range strings.Lines(l.text.String()) {
			if strings.Contains(line, part) && strings.HasSuffix(line, "\n") {
				ch <- line
				delete(l.found, part)
				break
			}
		}
	}
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// scrape is what a scrape of the metrics gives, as text.
func scrape(t *testing.T, m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}
