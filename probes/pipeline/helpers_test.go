package pipeline

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// newServer starts an HTTP server for the length of a test and returns its address.
func newServer(t *testing.T, handler http.Handler) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	// Kept connections of the test's own client would look like leaked goroutines.
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server.URL
}
